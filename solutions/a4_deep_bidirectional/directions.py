"""Two directions, side by side, and what stands around each step; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong

from .layers import rnn_layer
from .turning import WRONG_TURNS, full, turn


def side_by_side(ahead, back):
    return np.concatenate([ahead, back], axis=-1)


def ends_of(ahead, back, after, lengths):
    """The last states of both directions: forwards at the last step that counts, backwards at the first."""
    return ahead[np.arange(len(ahead)), lengths - 1], back[:, 0]


def after_the_padding(ahead, back, after, lengths):
    return after


def read_both(
    X,
    params,
    lengths,
    turned=turn,
    back_again=True,
    weights=("forward", "backward"),
    goes_on=False,
    join=side_by_side,
    ends=ends_of,
    clear=True,
    bounds=None,
):
    """Both directions in parts: how X is turned, and back again, where the second begins, what is returned.

    `ends` gets both directions' states, the states after the last step of each walk, and the lengths.
    """
    real = full(X) if lengths is None else lengths
    zeros = np.zeros((len(X), len(params["forward"]["b_h"])))  # (n, h)
    ahead, after_ahead = rnn_layer(X, zeros, params[weights[0]])  # (n, T, h), (n, h)
    start = after_ahead if goes_on else zeros
    back, after_back = rnn_layer(turned(X, lengths), start, params[weights[1]])
    back = turned(back, lengths) if back_again else back  # (n, T, h)
    valid = (np.arange(X.shape[1]) < real[:, None])[..., None]  # (n, T, 1)
    outputs = join(ahead, back)  # (n, T, 2h)
    return np.where(valid, outputs, 0.0) if clear else outputs, ends(ahead, back, (after_ahead, after_back), real)


def bidirectional(X, params, lengths=None):
    return read_both(X, params, lengths)


def reading(**parts):
    return lambda X, params, lengths=None: read_both(X, params, lengths, **parts)


def last_column(ahead, back, after, lengths):
    rows = np.arange(len(ahead))
    return ahead[rows, lengths - 1], back[rows, lengths - 1]


def last_column_of_all(ahead, back, after, lengths):
    """The last column of the outputs, which is cleared where a sequence is shorter."""
    whole = (lengths == ahead.shape[1])[:, None]  # (n, 1)
    return whole * ahead[:, -1], whole * back[:, -1]


def first_column(ahead, back, after, lengths):
    return ahead[:, 0], back[:, 0]


def backwards_after_the_padding(ahead, back, after, lengths):
    return ends_of(ahead, back, after, lengths)[0], after[1]


def forwards_after_the_padding(ahead, back, after, lengths):
    return after[0], back[:, 0]


def exchanged(ahead, back, after, lengths):
    return ends_of(ahead, back, after, lengths)[::-1]


def uncoupled(X, params, lengths=None):
    outputs, (ahead, back) = bidirectional(X, params, lengths)
    return outputs.real, (ahead.real, back.real)


WRONG_DIRECTIONS = [
    Wrong(
        "not_turned_back",
        reading(
            back_again=False,
            ends=lambda ahead, back, after, lengths: (
                ends_of(ahead, back, after, lengths)[0],
                back[np.arange(len(back)), lengths - 1],
            ),
        ),
        "The backward states stand in the order in which they were read: step 1 has beside it what belongs to the "
        "last step.",
        keeps=0.25,
    ),
    Wrong(
        "both_forwards",
        reading(turned=lambda X, lengths: X, ends=last_column),
        "Both halves have read from the left: nothing is turned round.",
    ),
    Wrong(
        "halves_exchanged",
        reading(join=lambda ahead, back: side_by_side(back, ahead)),
        "The backward states stand first. In this course the forward half comes first.",
        keeps=0.5,
    ),
    Wrong(
        "weights_exchanged",
        reading(weights=("backward", "forward")),
        "The forward direction has the backward one's weights, and the other way round.",
        keeps=0.5,
    ),
    Wrong(
        "one_set_of_weights",
        reading(weights=("forward", "forward")),
        "Both directions have the forward one's weights.",
        keeps=0.25,
    ),
    Wrong(
        "backwards_goes_on",
        reading(goes_on=True),
        "The backward direction starts from the forward one's last state. Between the two there is no arrow: each "
        "starts from zeros.",
        keeps=0.25,
    ),
    Wrong(
        "last_column",
        reading(ends=last_column),
        "Both last states are taken at the last step. There the backward one has read a single step.",
        keeps=0.5,
    ),
    Wrong(
        "last_column_of_all",
        reading(ends=last_column_of_all),
        "Both last states are the last column of the outputs. There the backward one has read a single step, and for "
        "a shorter sequence there is padding.",
        keeps=0.25,
    ),
    Wrong(
        "first_column",
        reading(ends=first_column),
        "Both last states are taken at the first step. There the forward one has read a single step.",
        keeps=0.5,
    ),
    Wrong(
        "last_states_exchanged",
        reading(ends=exchanged),
        "The two last states have changed places: the forward one comes first.",
        keeps=0.5,
    ),
    Wrong(
        "no_gradient",
        uncoupled,
        "The numbers are right, but no gradient comes back at all: somewhere the way leads through NumPy, or the "
        "result is cut off.",
    ),
    Wrong(
        "padding_ignored",
        lambda X, params, lengths=None: bidirectional(X, params),
        "The padding is read like everything else: lengths has no effect.",
    ),
    Wrong(
        "outputs_not_cleared",
        reading(clear=False),
        "The states are right where something counts, but in the padding the outputs should be zero.",
        keeps=0.6,
    ),
    Wrong(
        "last_states_after_the_padding",
        reading(ends=after_the_padding),
        "The outputs are right, but both last states have gone on through the padding.",
        keeps=0.5,
    ),
    Wrong(
        "backwards_after_the_padding",
        reading(ends=backwards_after_the_padding),
        "The backward direction's last state has gone on through the padding. Where in the outputs does the one "
        "stand that has not?",
        keeps=0.6,
    ),
    Wrong(
        "forwards_after_the_padding",
        reading(ends=forwards_after_the_padding),
        "The forward direction's last state has gone on through the padding.",
        keeps=0.6,
    ),
]
WRONG_DIRECTIONS += [
    Wrong(
        f"turn_with_{each.id}",
        reading(turned=each.answer),
        "The two directions are right, the turning round is not: see what the check of turn says.",
        keeps=0.75,
    )
    for each in WRONG_TURNS
    if each.id not in ("not_turned", "padding_turned_too", "padding_cleared")  # not to be seen in the results
]


# ---- around each step ----


def halves(outputs):
    return np.split(outputs, 2, axis=-1)


def moved(half, by):
    """The half one step later (by 1) or earlier (by -1), with zeros where nothing comes from."""
    edge = 0.0 * half[:, :1]
    return np.concatenate([edge, half[:, :-1]] if by > 0 else [half[:, 1:], edge], axis=1)


def around(outputs):
    ahead, back = halves(outputs)
    return side_by_side(moved(ahead, 1), moved(back, -1))


def with_halves(change):
    return lambda outputs: side_by_side(*change(*halves(outputs)))


def repeated(ahead, back):
    first, last = (
        np.concatenate([ahead[:, :1], ahead[:, :-1]], axis=1),
        np.concatenate([back[:, 1:], back[:, -1:]], axis=1),
    )
    return first, last


def both_ends_empty(ahead, back):
    before, after = moved(ahead, 1), moved(back, -1)
    inner = np.arange(ahead.shape[1])
    inner = ((inner > 0) & (inner < ahead.shape[1] - 1))[None, :, None]  # (1, T, 1)
    return inner * before, inner * after


WRONG_AROUND = [
    Wrong(
        "at_the_step",
        with_halves(lambda ahead, back: (ahead, back)),
        "The outputs are as they were: both states have read the step itself.",
    ),
    Wrong(
        "wrong_way",
        with_halves(lambda ahead, back: (moved(ahead, -1), moved(back, 1))),
        "The two halves are moved the wrong way: now each has read even more than before.",
        keeps=0.25,
    ),
    Wrong(
        "forward_half_only",
        with_halves(lambda ahead, back: (moved(ahead, 1), back)),
        "Only the forward half is moved. The backward one has still read the step itself.",
        keeps=0.5,
    ),
    Wrong(
        "backward_half_only",
        with_halves(lambda ahead, back: (ahead, moved(back, -1))),
        "Only the backward half is moved. The forward one has still read the step itself.",
        keeps=0.5,
    ),
    Wrong(
        "both_later",
        with_halves(lambda ahead, back: (moved(ahead, 1), moved(back, 1))),
        "Both halves come from the step before. The backward one should come from the step after.",
        keeps=0.25,
    ),
    Wrong(
        "both_earlier",
        with_halves(lambda ahead, back: (moved(ahead, -1), moved(back, -1))),
        "Both halves come from the step after. The forward one should come from the step before.",
        keeps=0.25,
    ),
    Wrong(
        "rolled",
        with_halves(lambda ahead, back: (np.roll(ahead, 1, axis=1), np.roll(back, -1, axis=1))),
        "At the edges stands what was pushed out at the other end, and that has read everything.",
        keeps=0.5,
    ),
    Wrong(
        "edges_repeated",
        with_halves(repeated),
        "At the edges the state of the step itself is repeated, and that has read it. Where nothing stands before or "
        "after, there is nothing to say.",
        keeps=0.5,
    ),
    Wrong(
        "both_ends_empty",
        with_halves(both_ends_empty),
        "At the first and at the last step all is zero. Each of them has a neighbour on one side.",
        keeps=0.5,
    ),
    Wrong(
        "halves_exchanged",
        with_halves(lambda ahead, back: (moved(back, -1), moved(ahead, 1))),
        "The moving is right, but the halves have changed places: the forward half comes first.",
        keeps=0.5,
    ),
]
