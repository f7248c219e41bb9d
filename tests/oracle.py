"""A recurrent language model in NumPy and its training: what both frameworks are held to.

float64, and every product an einsum that names its axes: n sequences, t steps, h hidden units, v tokens. The recurrent
part is `oracle_cells`.
"""

import numpy as np
import oracle_cells as cells


def random_lm(rng, network, V, e=None):
    """Canonical weights of a language model over V tokens; e: the width of its embedding, None for one-hot vectors."""
    embedding = {} if e is None else {"W_xe": rng.normal(size=(V, e))}
    params = embedding | cells.random_params(rng, network, e or V)
    width = network.widths[-1] * network.directions
    return params | {"W_hq": rng.normal(size=(width, V)), "b_q": rng.normal(size=V)}


def zeros(params, n):
    """The state that a model starts from."""
    return cells.begin(_recurrent(params), lambda h: np.zeros((n, h)))


def lm_logits(params, ids, state):
    """Logits (n, T, V) and the last state of a language model that reads ids (n, T)."""
    outputs, last = cells.forward(_recurrent(params), _inputs(params, ids), state)
    return np.einsum("nth,hv->ntv", outputs, params["W_hq"]) + params["b_q"], last


def lm_loss(params, X, Y, state):
    """The mean loss (nats per token) over the targets that are not −1, its gradients, and the last state."""
    inputs, rnn = _inputs(params, X), _recurrent(params)
    outputs, last = cells.forward(rnn, inputs, state)
    logits = np.einsum("nth,hv->ntv", outputs, params["W_hq"]) + params["b_q"]
    probs = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probs /= probs.sum(axis=-1, keepdims=True)
    asked = list(zip(*np.nonzero(Y != -1), strict=True))
    d_logits = np.zeros_like(logits)
    for i, t in asked:
        d_logits[i, t] = probs[i, t] / len(asked)
        d_logits[i, t, Y[i, t]] -= 1 / len(asked)
    d_outputs = np.einsum("ntv,hv->nth", d_logits, params["W_hq"])
    grads, d_inputs, _ = cells.backward(
        rnn, inputs, state, d_outputs, cells.begin(rnn, lambda h: np.zeros((len(X), h)))
    )
    grads |= {"W_hq": np.einsum("nth,ntv->hv", outputs, d_logits), "b_q": d_logits.sum(axis=(0, 1))}
    if "W_xe" in params:
        grads["W_xe"] = np.zeros_like(params["W_xe"])
        np.add.at(grads["W_xe"], X, d_inputs)
    return -np.mean([np.log(probs[i, t, Y[i, t]]) for i, t in asked]), grads, last


def train(params, batches, carries_state, epochs, lr, optimizer, clip_norm=None, decay=False):
    """A training run: the mean loss of each epoch, the norm of each gradient, and the trained weights."""
    params = {name: value.astype(np.float64) for name, value in params.items()}
    first, second = ({name: np.zeros_like(value) for name, value in params.items()} for _ in range(2))
    losses, norms, updates = [], [], 0
    for _ in range(epochs):
        state, of_epoch = None, []
        for X, Y in batches:
            rate = lr * (1 - updates / (epochs * len(batches))) if decay else lr
            start = zeros(params, len(X)) if state is None or not carries_state else state
            loss, grads, state = lm_loss(params, X, Y, start)
            norm = np.sqrt(sum((grad**2).sum() for grad in grads.values()))
            scale = 1 if clip_norm is None else min(1, clip_norm / norm)
            of_epoch.append(loss)
            norms.append(norm)
            updates += 1
            for name, grad in grads.items():
                grad = grad * scale
                if optimizer == "sgd":
                    params[name] -= rate * grad
                    continue
                if optimizer == "adamw":
                    params[name] *= 1 - rate * 0.01
                first[name] = 0.9 * first[name] + 0.1 * grad
                second[name] = 0.999 * second[name] + 0.001 * grad**2
                mean, square = first[name] / (1 - 0.9**updates), second[name] / (1 - 0.999**updates)
                params[name] -= rate * mean / (np.sqrt(square) + 1e-8)
        losses.append(np.mean(of_epoch))
    return losses, norms, params


def _recurrent(params):
    return {name: value for name, value in params.items() if name not in ("W_xe", "W_hq", "b_q")}


def _inputs(params, ids):
    """(n, T, d): a row of the embedding for each token, or its one-hot vector."""
    return params["W_xe"][ids] if "W_xe" in params else np.eye(len(params["b_q"]))[ids]
