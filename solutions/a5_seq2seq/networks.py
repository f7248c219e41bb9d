"""Encoder and decoder, and the loss of what they say; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong

# ---- two networks ----


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def advance(X_t, H, p):
    """A GRU's step that resets after the product, as chapter 07 has it."""
    keep, reset = (sigmoid(X_t @ p[f"W_x{g}"] + H @ p[f"W_h{g}"] + p[f"b_{g}"]) for g in "zr")  # (n, h) each
    new = np.tanh(X_t @ p["W_xh"] + reset * (H @ p["W_hh"] + p["b_hh"]) + p["b_h"])  # (n, h)
    return keep * H + (1 - keep) * new  # (n, h)


def encode(source, lengths, p, in_padding=lambda new, old: old, flip=False):
    """All states (n, S, h), and the last one, as it is after the padding."""
    valid = np.arange(source.shape[1]) < lengths[:, None]  # (n, S)
    H, states = np.zeros((len(source), len(p["b_z"]))), []  # (n, h)
    for t in range(source.shape[1]):
        new = advance(p["W_xe"][source[:, t]], H, p)  # (n, h)
        H = np.where(valid[:, t, None] != flip, new, in_padding(new, H))  # (n, h)
        states.append(H)
    return np.stack(states, axis=1), H


def last_state(states, H, lengths):
    return H


def beside(words, c, S, t):
    return [words, c]


def decode(inputs, c, p, first=None, reads=beside, table=None, speaks="after", ends=None, forced=True):
    """The logits of all steps and the last state; `reads` says what stands beside the words."""
    S, table, said = c if first is None else first, p["W_xe"] if table is None else table, []
    tokens = inputs[:, 0]  # (n,)
    for t in range(inputs.shape[1]):
        tokens = inputs[:, t] if forced or not t else said[-1].real.argmax(axis=1)  # (n,)
        new = advance(np.concatenate(reads(table[tokens], c, S, t), axis=1), S, p)  # (n, h)
        new = new if ends is None else np.where((t < ends)[:, None], new, S)
        said.append((new if speaks == "after" else S) @ p["W_hq"] + p["b_q"])  # (n, V)
        S = new
    return np.stack(said, axis=1), S  # (n, T, V), (n, h)


def seq2seq(source, lengths, inputs, encoder, decoder):
    return both(source, lengths, inputs, encoder, decoder)


def both(
    source, lengths, inputs, encoder, decoder, context=last_state, say=lambda logits: logits, to_encode=None, **parts
):
    """Both networks in parts: how the context is taken, what is done by the decoder, and how the answer is put."""
    c = context(*encode(source, lengths, encoder, **(to_encode or {})), lengths)  # (n, h)
    return say(decode(inputs, c, decoder, **parts)[0]), c


def networks(**parts):
    return lambda source, lengths, inputs, encoder, decoder: both(source, lengths, inputs, encoder, decoder, **parts)


def counting(change):
    """With other lengths than those given."""
    return lambda source, lengths, inputs, encoder, decoder: seq2seq(source, change(lengths), inputs, encoder, decoder)


def decoders_last_state(source, lengths, inputs, encoder, decoder):
    logits, c = seq2seq(source, lengths, inputs, encoder, decoder)
    return logits, decode(inputs, c, decoder)[1]


def softmax(logits):
    powers = np.exp(logits - logits.real.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


WRONG_NETWORKS = [
    Wrong(
        "after_the_last_column",
        counting(lambda lengths: lengths + 99),
        "The context is the state after the last column, so it depends on how much padding there is.",
        keeps=0.25,
    ),
    Wrong(
        "cleared_by_the_padding",
        networks(to_encode={"in_padding": lambda new, old: 0 * new}),
        "The context of a short sentence is zero: at padding the state becomes zero, or is taken from where it was "
        "cleared. It should stand still.",
        keeps=0.25,
    ),
    Wrong(
        "one_step_too_many",
        counting(lambda lengths: lengths + 1),
        "Each sentence is read one step too far. Steps are counted from 0, so step number length is padding.",
        keeps=0.5,
    ),
    Wrong(
        "one_step_too_few",
        counting(lambda lengths: lengths - 1),
        "The last token of each sentence is not read.",
        keeps=0.5,
    ),
    Wrong(
        "mask_inverted",
        networks(to_encode={"flip": True}),
        "The mask is the wrong way round: the state moves in the padding and stands still where there is something to "
        "read.",
    ),
    Wrong(
        "mean_of_the_states",
        networks(context=lambda states, H, lengths: states.mean(axis=1)),
        "The context is the mean of all the encoder's states.",
        keeps=0.25,
    ),
    Wrong(
        "sources_backwards",
        lambda source, lengths, inputs, encoder, decoder: seq2seq(source[:, ::-1], lengths, inputs, encoder, decoder),
        "The sources are read from the last column to the first.",
    ),
    Wrong(
        "decoder_starts_from_zeros",
        lambda source, lengths, inputs, encoder, decoder: both(
            source, lengths, inputs, encoder, decoder, first=np.zeros((len(source), len(encoder["b_z"])))
        ),
        "The decoder's first state is zero. What is S_0 in the equations?",
        keeps=0.5,
    ),
    Wrong(
        "context_as_first_state_only",
        networks(reads=lambda words, c, S, t: [words, 0 * c]),
        "The decoder gets the context as its first state only; beside the words there are zeros.",
        keeps=0.25,
    ),
    Wrong(
        "context_at_the_first_step_only",
        networks(reads=lambda words, c, S, t: [words, 0 * c if t else c]),
        "The context stands beside the first word only, and then there are zeros.",
        keeps=0.25,
    ),
    Wrong(
        "state_beside_the_words",
        networks(reads=lambda words, c, S, t: [words, S]),
        "Beside the words stands the decoder's own state, which changes from step to step. The context does not.",
        keeps=0.5,
    ),
    Wrong(
        "context_in_front",
        networks(reads=lambda words, c, S, t: [c, words]),
        "The context stands in front of the words. Every shape fits, but the weights are those for another order.",
        keeps=0.5,
    ),
    Wrong(
        "words_of_the_other_language",
        lambda source, lengths, inputs, encoder, decoder: both(
            source, lengths, inputs, encoder, decoder, table=encoder["W_xe"]
        ),
        "The decoder's tokens are looked up in the encoder's embedding. They are tokens of another language.",
        keeps=0.25,
    ),
    Wrong(
        "own_tokens_read",
        networks(forced=False),
        "From the second step on the decoder reads what it has said itself. In training there is a teacher: it reads "
        "inputs, whatever it says.",
        keeps=0.25,
    ),
    Wrong(
        "decoder_stops_with_the_source",
        lambda source, lengths, inputs, encoder, decoder: both(source, lengths, inputs, encoder, decoder, ends=lengths),
        "The decoder's state stands still after so many steps as the source has tokens. lengths is about the source.",
        keeps=0.25,
    ),
    Wrong(
        "speaks_before_the_step",
        networks(speaks="before"),
        "The logits come from the state before each step; they should come from the one after it.",
        keeps=0.25,
    ),
    Wrong(
        "probabilities",
        networks(say=softmax),
        "These are probabilities. What is asked are the logits, before the softmax.",
        keeps=0.5,
    ),
    Wrong(
        "no_output_bias",
        lambda source, lengths, inputs, encoder, decoder: seq2seq(
            source, lengths, inputs, encoder, decoder | {"b_q": 0.0}
        ),
        "The output layer has no bias.",
        keeps=0.5,
    ),
    Wrong(
        "decoders_last_state",
        decoders_last_state,
        "The second result is the decoder's last state. It should be the context.",
        keeps=0.5,
    ),
    Wrong(
        "context_cut",
        networks(context=lambda states, H, lengths: H.real),
        "The numbers are right, but no gradient comes back to the encoder: it would never learn anything.",
    ),
]

# ---- the loss ----


def minus_log_p(logits, axis=-1):
    shifted = logits - logits.real.max(axis=axis, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=axis, keepdims=True)) - shifted  # (n, T, V)


def at(values, Y):
    """The values of the tokens Y, (n, T)."""
    return np.take_along_axis(values, Y[..., None], axis=-1)[..., 0]


def mean_of_asked(losses, asked):
    return np.sum(losses * asked) / asked.sum()


def loss(logits, Y, score=minus_log_p, unasked=0, average=mean_of_asked):
    """The loss in parts: what a token costs, which token is taken where none is asked, and what mean it is."""
    asked = Y >= 0  # (n, T)
    return average(at(score(logits), np.where(asked, Y, unasked)), asked)


def masked_loss(logits, Y):
    return loss(logits, Y)


def losing(**parts):
    return lambda logits, Y: loss(logits, Y, **parts)


def everything(losses, asked):
    return losses.mean()


WRONG_LOSSES = [
    Wrong(
        "padding_counts_as_token_0",
        losing(average=everything),
        "Padding counts, as though the token 0 were asked there.",
        keeps=0.25,
    ),
    Wrong(
        "padding_counts_as_the_last_token",
        losing(average=everything, unasked=-1),
        "Padding counts, as though the last token of the vocabulary were asked there: that is −1 as an index.",
        keeps=0.25,
    ),
    Wrong(
        "divided_by_all_places",
        losing(average=lambda losses, asked: np.sum(losses * asked) / asked.size),
        "Padding is left out of the sum, but not of what you divide by: the more padding, the better the score.",
        keeps=0.5,
    ),
    Wrong(
        "sum",
        losing(average=lambda losses, asked: np.sum(losses * asked)),
        "This is the sum. By what is it to be divided?",
        keeps=0.5,
    ),
    Wrong(
        "divided_by_the_sentences",
        losing(average=lambda losses, asked: np.sum(losses * asked) / len(losses)),
        "This is the loss per sentence: the sum is divided by how many sentences there are.",
        keeps=0.5,
    ),
    Wrong(
        "divided_by_the_steps",
        losing(average=lambda losses, asked: np.sum(losses * asked) / losses.shape[1]),
        "The sum is divided by the number of steps. How many tokens are asked?",
        keeps=0.5,
    ),
    Wrong(
        "mean_of_the_sentences_means",
        losing(average=lambda losses, asked: (np.sum(losses * asked, axis=1) / asked.sum(axis=1)).mean()),
        "This is the mean of the sentences' means, in which a token of a short sentence counts more than one of a long "
        "one.",
        keeps=0.5,
    ),
    Wrong(
        "mean_of_the_steps_means",
        losing(average=lambda losses, asked: (np.sum(losses * asked, axis=0) / asked.sum(axis=0)).mean()),
        "This is the mean of the steps' means. Late steps have few tokens, and all tokens should count alike.",
        keeps=0.5,
    ),
    Wrong(
        "mask_inverted",
        losing(average=lambda losses, asked: np.sum(losses * ~asked) / np.maximum(asked.size - asked.sum(), 1)),
        "Only the padding counts.",
    ),
    Wrong(
        "first_token_left_out",
        losing(average=lambda losses, asked: mean_of_asked(losses[:, 1:], asked[:, 1:])),
        "The first token of each sentence does not count. Y has no <bos>: its first token is the sentence's first.",
        keeps=0.25,
    ),
    Wrong(
        "token_0_left_out",
        lambda logits, Y: loss(logits, np.where(Y == 0, -1, Y)),
        "Where the token 0 is asked, it does not count. Padding is −1.",
        keeps=0.5,
    ),
    Wrong(
        "sign",
        losing(score=lambda logits: -minus_log_p(logits)),
        "This is the mean of the logarithms, which are negative; a loss is to become smaller.",
        keeps=0.5,
    ),
    Wrong(
        "no_softmax",
        losing(score=lambda logits: -logits),
        "The logits are taken for logarithms of probabilities. They have to go through the softmax first.",
        keeps=0.25,
    ),
    Wrong(
        "probabilities_without_logarithm",
        losing(score=lambda logits: 1 - softmax(logits)),
        "The logarithm is missing: this is how much probability is missing, in the mean.",
        keeps=0.25,
    ),
    Wrong(
        "softmax_over_the_steps",
        losing(score=lambda logits: minus_log_p(logits, axis=1)),
        "The softmax goes over the steps. The probabilities of all tokens at one step add up to 1.",
        keeps=0.25,
    ),
    Wrong(
        "perplexity",
        losing(average=lambda losses, asked: np.exp(mean_of_asked(losses, asked))),
        "This is the perplexity, exp of the loss.",
        keeps=0.5,
    ),
    Wrong(
        "bits",
        losing(score=lambda logits: minus_log_p(logits) / np.log(2)),
        "This is the loss in bits, with logarithms to the base 2. This course has natural ones.",
        keeps=0.5,
    ),
]
