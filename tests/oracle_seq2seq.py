"""An encoder and a decoder in NumPy, forwards and backwards: what both frameworks are held to.

float64, and every product an einsum that names its axes: n sentences, s and t steps, h and k hidden units, b of both
directions, v tokens. The recurrent parts are `oracle_cells`; a state is a tuple of the layers' ones, as the course's.
With attention, which a decoder has that has a W_k, each sentence is looked at on its own, up to its end.
"""

import numpy as np
import oracle_cells as cells
from oracle_cells import flat


def random_params(rng, network, V, e, U, f):
    """Canonical weights: V tokens and an embedding of width e to read, U tokens and width f to write."""
    h, layers = network.widths[0], len(network.widths)
    encoder = {"W_xe": rng.normal(size=(V, e))} | cells.random_params(rng, network, e)
    if network.directions == 2:
        for number in [f"{i}." for i in range(layers)] if layers > 1 else [""]:
            for state in "hc" if network.cell == "LSTM" else "h":
                encoder[f"{number}W_{state}s"] = rng.normal(size=(2 * h, h)) / np.sqrt(2 * h)
                encoder[f"{number}b_{state}s"] = rng.normal(size=h)
    decoder = {"W_xe": rng.normal(size=(U, f))} | cells.random_params(rng, network._replace(directions=1), f + h)
    decoder |= {"W_hq": rng.normal(size=(h, U)), "b_q": rng.normal(size=U)}
    if network.attends:
        width = h * network.directions
        decoder |= {name: rng.normal(size=(width, h)) / np.sqrt(width) for name in ("W_k", "W_c")}
    return {
        f"{half}.{name}": value
        for half, part in zip(HALVES, (encoder, decoder), strict=True)
        for name, value in part.items()
    }


HALVES = ("encoder", "decoder")


def half(params, name):
    """The encoder's weights, or the decoder's."""
    return {key.removeprefix(f"{name}."): value for key, value in params.items() if key.startswith(f"{name}.")}


def encode(params, source, lengths):
    """The top layer's outputs (n, S, h or 2h), zeros in the padding, and the layers' last states, joined."""
    encoder = half(params, "encoder")
    rnn = _recurrent(encoder)
    start = cells.begin(rnn, lambda h: np.zeros((len(source), h)))
    outputs, last = cells.forward(rnn, encoder["W_xe"][source], start, lengths)
    return outputs, tuple(_join(encoder, number, part) for number, part in _layers(rnn, last))


def context(state):
    """The top layer's H."""
    return flat(state[-1])[0]


def decode(params, inputs, told, state, memory=None):
    """Logits (n, T, U) and the layers' last states, for ids (n, T), a context (n, h) and the layers' first states.

    `memory`: the encoder's outputs and the sentences' lengths, which are looked at with attention.
    """
    decoder = half(params, "decoder")
    rnn = _recurrent(decoder)
    outputs, last = cells.forward(rnn, _fed(decoder, inputs, told), _nested(rnn, state))
    if "W_k" in decoder:
        looked = [_look(decoder, *part)[1] for part in zip(outputs, *memory, strict=True)]
        outputs = outputs + np.einsum("ntb,bh->nth", looked, decoder["W_c"])
    logits = np.einsum("nth,hv->ntv", outputs, decoder["W_hq"]) + decoder["b_q"]
    return logits, tuple(part for _, part in _layers(rnn, last))


def logits(params, X):
    """Logits (n, T, U) for (source, lengths, inputs), and the decoder's last state."""
    source, lengths, inputs = X
    read, state = encode(params, source, lengths)
    return decode(params, inputs, context(state), state, (read, lengths))


def alignment(params, X):
    """How much each step looks at each token of the source (n, T, S), nothing in the padding."""
    source, lengths, inputs = X
    decoder = half(params, "decoder")
    read, state = encode(params, source, lengths)
    rnn = _recurrent(decoder)
    outputs, _ = cells.forward(rnn, _fed(decoder, inputs, context(state)), _nested(rnn, state))
    found = np.zeros((*inputs.shape, source.shape[1]))
    for i, length in enumerate(lengths):
        found[i, :, :length] = _look(decoder, outputs[i], read[i], length)[0]
    return found


def own(params, X, forced):
    """Logits where only the steps that are `forced` (n, T) are fed their input; others the likeliest token before."""
    source, lengths, inputs = X
    read, state = encode(params, source, lengths)
    told, fed, found = context(state), inputs[:, 0], []
    for t in range(inputs.shape[1]):
        if t > 0:
            fed = np.where(forced[:, t], inputs[:, t], found[-1].argmax(axis=-1))
        step, state = decode(params, fed[:, None], told, state, (read, lengths))
        found.append(step[:, 0])
    return np.stack(found, axis=1)


def loss(params, X, Y):
    """The mean loss (nats per token) over the targets that are not −1, and its gradients by all weights."""
    source, lengths, inputs = X
    encoder, decoder = (half(params, name) for name in HALVES)
    read, state = encode(params, source, lengths)
    told, found = context(state), logits(params, X)[0]
    probs = np.exp(found - found.max(axis=-1, keepdims=True))
    probs /= probs.sum(axis=-1, keepdims=True)
    asked = list(zip(*np.nonzero(Y != -1), strict=True))
    d_logits = np.zeros_like(found)
    for i, t in asked:
        d_logits[i, t] = probs[i, t] / len(asked)
        d_logits[i, t, Y[i, t]] -= 1 / len(asked)

    rnn, fed = _recurrent(decoder), _fed(decoder, inputs, told)
    outputs, _ = cells.forward(rnn, fed, _nested(rnn, state))
    d_outputs, d_read = np.einsum("ntv,hv->nth", d_logits, decoder["W_hq"]), np.zeros_like(read)
    of_attention = {name: np.zeros_like(decoder[name]) for name in ("W_k", "W_c") if name in decoder}
    for i, length in enumerate(lengths if of_attention else ()):
        looked = _look_back(decoder, outputs[i], read[i], length, d_outputs[i], of_attention)
        outputs[i], d_outputs[i], d_read[i, :length] = looked
    nothing = cells.begin(rnn, lambda h: np.zeros((len(source), h)))
    of_decoder, d_fed, d_state = cells.backward(rnn, fed, _nested(rnn, state), d_outputs, nothing)
    of_decoder |= {"W_hq": np.einsum("nth,ntv->hv", outputs, d_logits), "b_q": d_logits.sum(axis=(0, 1))} | of_attention
    width = decoder["W_xe"].shape[1]
    of_decoder["W_xe"] = np.zeros_like(decoder["W_xe"])
    np.add.at(of_decoder["W_xe"], inputs, d_fed[..., :width])
    d_layers = [flat(part) for _, part in _layers(rnn, d_state)]
    d_layers[-1][0] = d_layers[-1][0] + d_fed[..., width:].sum(axis=1)  # the context is the top layer's H

    rnn, X = _recurrent(encoder), encoder["W_xe"][source]
    start = cells.begin(rnn, lambda h: np.zeros((len(source), h)))
    _, last = cells.forward(rnn, X, start, lengths)
    of_joins, d_last = {}, []
    for (number, part), d_part in zip(_layers(rnn, last), d_layers, strict=True):
        grads, d_both = _join_back(encoder, number, part, d_part)
        of_joins |= grads
        d_last.append(d_both)
    of_encoder, d_X, _ = cells.backward(rnn, X, start, d_read, _nested(rnn, d_last), lengths)
    of_encoder |= of_joins | {"W_xe": np.zeros_like(encoder["W_xe"])}
    np.add.at(of_encoder["W_xe"], source, d_X)
    grads = {
        f"{name}.{key}": value
        for name, part in zip(HALVES, (of_encoder, of_decoder), strict=True)
        for key, value in part.items()
    }
    return -np.mean([np.log(probs[i, t, Y[i, t]]) for i, t in asked]), grads


def _recurrent(params):
    others = ("W_xe", "W_hq", "b_q", "W_k", "W_c")
    return {name: value for name, value in params.items() if name not in others and name[-2:] not in ("hs", "cs")}


def _look(decoder, H, read, length):
    """Where one sentence's decoder looks (T, S), and what it finds there (T, b)."""
    keys = np.einsum("sb,bh->sh", read[:length], decoder["W_k"])
    scores = np.einsum("th,sh->ts", H, keys) / np.sqrt(H.shape[1])
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights, np.einsum("ts,sb->tb", weights, read[:length])


def _look_back(decoder, H, read, length, d_seen, grads):
    """H + C W_c of one sentence, and of d_seen, the gradient by it, those by H and by what was read; grads grow."""
    read = read[:length]
    weights, found = _look(decoder, H, read, length)
    grads["W_c"] += np.einsum("tb,th->bh", found, d_seen)
    d_found = np.einsum("th,bh->tb", d_seen, decoder["W_c"])
    d_weights = np.einsum("tb,sb->ts", d_found, read)
    d_scores = weights * (d_weights - np.einsum("ts,ts->t", weights, d_weights)[:, None]) / np.sqrt(H.shape[1])
    keys, d_keys = np.einsum("sb,bh->sh", read, decoder["W_k"]), np.einsum("ts,th->sh", d_scores, H)
    grads["W_k"] += np.einsum("sb,sh->bh", read, d_keys)
    d_read = np.einsum("ts,tb->sb", weights, d_found) + np.einsum("sh,bh->sb", d_keys, decoder["W_k"])
    seen = H + np.einsum("tb,bh->th", found, decoder["W_c"])
    return seen, d_seen + np.einsum("ts,sh->th", d_scores, keys), d_read


def _fed(decoder, inputs, told):
    """(n, T, f + h): each token's embedding and the context."""
    at_each_step = np.stack([told] * inputs.shape[1], axis=1)
    return np.concatenate([decoder["W_xe"][inputs], at_each_step], axis=2)


def _is_deep(rnn):
    return any(name[0].isdigit() for name in rnn)


def _layers(rnn, state):
    """What stands in front of a layer's weights, and its state, for each layer."""
    return [(f"{i}.", part) for i, part in enumerate(state)] if _is_deep(rnn) else [("", state)]


def _nested(rnn, state):
    """The layers' states as `oracle_cells` has them."""
    return tuple(state) if _is_deep(rnn) else state[0]


def _join(encoder, number, last):
    """A layer's state, of which one with two directions has two."""
    if f"{number}W_hs" not in encoder:
        return last
    both = [np.concatenate(pair, axis=1) for pair in zip(*(flat(part) for part in last), strict=True)]  # H, maybe C
    one = [
        np.einsum("nb,bh->nh", pair, encoder[f"{number}W_{name}s"]) + encoder[f"{number}b_{name}s"]
        for name, pair in zip("hc", both, strict=False)
    ]
    return tuple(one) if len(one) > 1 else one[0]


def _join_back(encoder, number, last, d_one):
    """The gradients by the weights that join two directions, and by the state that each ended in."""
    if f"{number}W_hs" not in encoder:
        return {}, tuple(d_one) if len(d_one) > 1 else d_one[0]
    grads, d_ahead, d_back = {}, [], []
    both = [np.concatenate(pair, axis=1) for pair in zip(*(flat(part) for part in last), strict=True)]
    for name, pair, d_joined in zip("hc", both, d_one, strict=False):
        W = f"{number}W_{name}s"
        grads |= {W: np.einsum("nb,nh->bh", pair, d_joined), f"{number}b_{name}s": d_joined.sum(axis=0)}
        ahead, back = np.split(np.einsum("nh,bh->nb", d_joined, encoder[W]), 2, axis=1)
        d_ahead.append(ahead)
        d_back.append(back)
    pair = tuple(d_ahead), tuple(d_back)
    return grads, pair if len(d_ahead) > 1 else (d_ahead[0], d_back[0])
