"""Where a network is asked, and which of its states answers; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong

from .eyes import NO_GRADIENT

# ---- where it is asked ----


def many_to_one(t, lengths):
    return t == lengths - 1


def many_to_many(t, lengths):
    return t < lengths


def mark(labels, lengths, T, everywhere, at_the_end=many_to_one, at_each=many_to_many, elsewhere=-1):
    t, lengths = np.arange(T), lengths[:, None]  # (T,), (n, 1)
    here = (at_each if everywhere else at_the_end)(t, lengths)  # (n, T)
    return np.where(here, labels[:, None], elsewhere)


def asked(labels, lengths, T, everywhere=False):
    return mark(labels, lengths, T, everywhere)


def asking(**parts):
    return lambda labels, lengths, T, everywhere=False: mark(labels, lengths, T, everywhere, **parts)


def opposite(condition):
    return lambda t, lengths: ~condition(t, lengths)


WRONG_TARGETS = [
    Wrong(
        "last_step_of_the_batch",
        asking(at_the_end=lambda t, lengths: (t == t[-1]) & (lengths > 0)),
        "All rows are asked at the last step. In a short row that is padding, and how much of it there is depends on "
        "its neighbours.",
        keeps=0.25,
    ),
    Wrong(
        "a_step_too_late",
        asking(at_the_end=lambda t, lengths: t == lengths),
        "Rows are asked a step too late, in the padding: steps are counted from 0.",
        keeps=0.5,
    ),
    Wrong(
        "a_step_too_early",
        asking(at_the_end=lambda t, lengths: t == np.maximum(lengths - 2, 0)),
        "Rows are asked a step too early, before the last word has been read.",
        keeps=0.5,
    ),
    Wrong(
        "asked_at_the_beginning",
        asking(at_the_end=lambda t, lengths: (t == 0) & (lengths > 0)),
        "Rows are asked after the first step, when nearly nothing has been read.",
    ),
    Wrong(
        "asked_from_the_end_on",
        asking(at_the_end=lambda t, lengths: t >= lengths - 1),
        "Rows are asked at their last valid step, and then in all the padding behind it.",
        keeps=0.5,
    ),
    Wrong(
        "all_but_the_last_in_the_padding",
        asking(at_each=lambda t, lengths: t < lengths - 1),
        "Where an answer is wanted at each step, the last valid step is not asked.",
        keeps=0.5,
    ),
    Wrong(
        "a_step_of_padding_asked",
        asking(at_each=lambda t, lengths: t <= lengths),
        "Where an answer is wanted at each step, one step of padding is asked, too: steps are counted from 0.",
        keeps=0.5,
    ),
    Wrong(
        "padding_asked",
        asking(at_each=lambda t, lengths: (t >= 0) & (lengths > 0)),
        "Where an answer is wanted at each step, the padding is asked as well.",
        keeps=0.25,
    ),
    Wrong(
        "zeros_where_nothing_is_asked",
        asking(elsewhere=0),
        "Steps without a target have 0, but 0 is a class like any other. What says that nothing is asked?",
        keeps=0.5,
    ),
    Wrong(
        "always_at_the_end_only",
        lambda labels, lengths, T, everywhere=False: asked(labels, lengths, T),
        "Only the last valid step is asked, also where an answer is wanted at each step: everywhere has no effect.",
    ),
    Wrong(
        "always_at_each_step",
        lambda labels, lengths, T, everywhere=False: asked(labels, lengths, T, True),
        "Each step is asked, also where one answer at the end is wanted: everywhere has no effect.",
    ),
    Wrong(
        "the_other_steps",
        asking(at_the_end=opposite(many_to_one), at_each=opposite(many_to_many)),
        "It is the wrong way round: the steps that should be asked have −1, and the others have the label.",
    ),
]

# ---- whose state answers ----


def pick(outputs, t):
    """The state of each row at its own step t (n,)."""
    return outputs[np.arange(len(outputs)), t]  # (n, h)


def forward(outputs, lengths):
    return pick(outputs, lengths - 1)


def backward(outputs, lengths):
    return outputs[:, 0]


def choose(outputs, lengths, both, there=forward, back=backward, halves=None):
    """The states after the last valid step; of both directions side by side."""
    if not both:
        return there(outputs, lengths)
    h = outputs.shape[2] // 2
    one, other = halves(outputs) if halves else (outputs[..., :h], outputs[..., h:])  # (n, T, h) each
    return np.concatenate([there(one, lengths), back(other, lengths)], axis=1)  # (n, 2h)


def last_states(outputs, lengths, both=False):
    return choose(outputs, lengths, both)


def choosing(**parts):
    return lambda outputs, lengths, both=False: choose(outputs, lengths, both, **parts)


def mean_of(outputs, lengths):
    valid = (np.arange(outputs.shape[1]) < lengths[:, None])[..., None]  # (n, T, 1)
    return (valid * outputs).sum(axis=1) / lengths[:, None]


WRONG_STATES = [
    Wrong(
        "last_step",
        choosing(there=lambda outputs, lengths: outputs[:, -1]),
        "This is the state at the last step of the batch. In a short row that is padding, and padding is read like a "
        "word.",
        keeps=0.25,
    ),
    Wrong(
        "end_of_the_longest_row",
        choosing(there=lambda outputs, lengths: outputs[:, lengths.max() - 1]),
        "All rows are asked where the longest one ends. Each row has its own last valid step.",
        keeps=0.25,
    ),
    Wrong(
        "end_of_the_shortest_row",
        choosing(there=lambda outputs, lengths: outputs[:, lengths.min() - 1]),
        "All rows are asked where the shortest one ends; of the others the rest is not read.",
        keeps=0.25,
    ),
    Wrong(
        "last_row_of_the_batch",
        lambda outputs, lengths, both=False: outputs[-1],
        "This is the last row of the batch, with all its steps: the first axis is not the time.",
    ),
    Wrong(
        "a_step_too_late",
        choosing(there=lambda outputs, lengths: pick(outputs, lengths)),
        "The states are a step too late, in the padding: steps are counted from 0.",
        keeps=0.5,
    ),
    Wrong(
        "a_step_too_early",
        choosing(there=lambda outputs, lengths: pick(outputs, lengths - 2)),
        "The states are a step too early: the last word has not been read.",
        keeps=0.5,
    ),
    Wrong(
        "mean_of_the_valid_states",
        choosing(there=mean_of),
        "This is the mean of all valid states, a reader of another kind; the last one is asked for.",
        keeps=0.25,
    ),
    Wrong(
        "mean_of_all_states",
        choosing(there=lambda outputs, lengths: outputs.mean(axis=1)),
        "This is the mean of all states, padding included; the last valid one is asked for.",
    ),
    Wrong(
        "both_at_the_end",
        choosing(back=forward),
        "The backward half is taken at the last valid step. There it has only begun: it reads from the end to the "
        "beginning.",
        keeps=0.4,
    ),
    Wrong(
        "backward_half_in_the_padding",
        choosing(back=lambda outputs, lengths: outputs[:, -1]),
        "The backward half is taken at the last step, where there may be padding, and where it has read nothing yet.",
        keeps=0.4,
    ),
    Wrong(
        "halves_exchanged",
        choosing(halves=lambda outputs: np.split(outputs, 2, axis=2)[::-1]),
        "The halves have changed places: the first h numbers are the forward direction's.",
        keeps=0.4,
    ),
    Wrong(
        "every_second_number",
        choosing(halves=lambda outputs: (outputs[..., ::2], outputs[..., 1::2])),
        "You took every second number for a direction. The directions lie side by side: h numbers, then h numbers.",
        keeps=0.4,
    ),
    Wrong("no_gradient", lambda outputs, lengths, both=False: last_states(outputs.real, lengths, both), NO_GRADIENT),
]
