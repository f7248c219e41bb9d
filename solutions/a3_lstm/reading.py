"""What comes after each prefix of a padded batch: only the hidden state is asked; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong

from .walks import WRONG_WALKS, unroll


def one_hot(ids, params):
    return np.eye(len(params["W_xi"]))[ids]  # (n, T, V)


def softmax(logits, axis=1):
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def last_hidden_state(states, last, lengths):
    return last[0]  # (n, h)


def read(ids, lengths, params, look=one_hot, walk=unroll, choose=last_hidden_state, say=softmax):
    """The reading in parts: the look-up, the walk, what of its results is asked, and how the answer is put."""
    zeros = np.zeros((len(ids), len(params["b_i"])))  # (n, h)
    H = choose(*walk(look(ids, params), (zeros, zeros), params, lengths), lengths)  # (n, h)
    return say(H @ params["W_hq"] + params["b_q"])  # (n, V)


def next_letter(ids, lengths, params):
    return read(ids, lengths, params)


def reading(**parts):
    return lambda ids, lengths, params: read(ids, lengths, params, **parts)


def choosing(choose):
    return lambda ids, lengths, params: read(ids, lengths, params, choose=choose)


def saying(say):
    return lambda ids, lengths, params: read(ids, lengths, params, say=say)


WRONG_READING = [
    Wrong(
        "memory_read",
        choosing(lambda states, last, lengths: last[1]),
        "The output layer gets the memory, the wrong half of the pair. Same shape, no error, another model.",
        keeps=0.5,
    ),
    Wrong(
        "memory_read_through_tanh",
        choosing(lambda states, last, lengths: np.tanh(last[1])),
        "The output layer gets tanh of the memory: what the output gate hides is told all the same.",
        keeps=0.5,
    ),
    Wrong(
        "both_halves_added",
        choosing(lambda states, last, lengths: last[0] + last[1]),
        "The output layer gets both halves of the pair, added up.",
        keeps=0.25,
    ),
    Wrong(
        "last_column",
        choosing(lambda states, last, lengths: states[:, -1]),
        "All short prefixes have the same answer: it was read off the last column, where there is padding and the "
        "states are zero.",
        keeps=0.25,
    ),
    Wrong(
        "padding_read",
        lambda ids, lengths, params: read(ids, None, params),
        "The padding is read too, so the answer depends on how much there is of it.",
        keeps=0.25,
    ),
    Wrong(
        "one_letter_too_early",
        lambda ids, lengths, params: read(ids, lengths - 1, params),
        "The last letter of each prefix is not read.",
        keeps=0.25,
    ),
    Wrong(
        "first_letter_only",
        choosing(lambda states, last, lengths: states[:, 0]),
        "The answer was read off the first step: only the first letter of each prefix counts.",
    ),
    Wrong(
        "mean_over_the_steps",
        choosing(lambda states, last, lengths: states.mean(axis=1)),
        "The output layer gets the mean over all steps, padding included. Asked for is what follows the last letter.",
        keeps=0.25,
    ),
    Wrong(
        "mean_over_the_letters",
        choosing(lambda states, last, lengths: states.sum(axis=1) / lengths[:, None]),
        "The output layer gets the mean over all letters of the prefix. The question is what follows the last one.",
        keeps=0.25,
    ),
    Wrong(
        "logits",
        saying(lambda logits: logits),
        "These are logits. Probabilities are positive and add up to 1.",
        keeps=0.5,
    ),
    Wrong(
        "logarithms",
        saying(lambda logits: np.log(softmax(logits))),
        "These are the logarithms of the probabilities.",
        keeps=0.5,
    ),
    Wrong(
        "softmax_over_the_prefixes",
        saying(lambda logits: softmax(logits, axis=0)),
        "The softmax goes over the prefixes. The probabilities of all letters after one prefix add up to 1.",
        keeps=0.5,
    ),
    Wrong(
        "sigmoids",
        saying(lambda logits: 1 / (1 + np.exp(-logits))),
        "Each letter has a sigmoid of its own, so that they do not add up to 1. One of them will come, and only one.",
        keeps=0.25,
    ),
    Wrong(
        "likeliest_letter",
        saying(lambda logits: logits.argmax(axis=1)),
        "This is the likeliest letter after each prefix; asked for are the probabilities of all.",
        keeps=0.25,
    ),
    Wrong(
        "no_output_bias",
        lambda ids, lengths, params: read(ids, lengths, params | {"b_q": 0.0}),
        "The output layer has no bias.",
        keeps=0.5,
    ),
    Wrong(
        "counted_from_one",
        reading(look=lambda ids, params: one_hot((ids - 1) % len(params["W_xi"]), params)),
        "Each letter is taken for the one with the id before: ids begin with 0, and a one-hot vector has its 1 at the "
        "id's place.",
        keeps=0.25,
    ),
]
WALKS_THAT_ARE_SEEN = (  # in the last hidden state, when the walk starts from zeros
    "state_not_carried",
    "hidden_state_not_carried",
    "walks_backwards",
    "mask_inverted",
    "one_step_too_many",
)
WRONG_READING += [
    Wrong(
        f"walk_with_{each.id}",
        reading(walk=each.answer),
        "The reading is right, the walk before it is not: see what the check of unroll says.",
        keeps=0.75,
    )
    for each in WRONG_WALKS
    if each.id in WALKS_THAT_ARE_SEEN
    or (each.id.startswith("step_with_") and each.id != "step_with_memory_first")  # that one is memory_read
]
