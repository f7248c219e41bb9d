"""Turning sequences round within their lengths, rightly and wrongly."""

import numpy as np

from course_utils.assignments import Wrong


def picked(X, positions):
    """X (n, T, d) with the step number positions[i, t] of sequence i at its step t."""
    return np.take_along_axis(X, positions[..., None], axis=1)  # (n, T, d)


def full(X):
    return np.full(len(X), X.shape[1])


def places(X, lengths, inside, outside=lambda t, lengths, T: t, until=lambda lengths: lengths):
    """Which step stands where: `inside` of the steps that count, `outside` of the padding."""
    lengths = (full(X) if lengths is None else lengths)[:, None]  # (n, 1)
    t, T = np.arange(X.shape[1])[None], X.shape[1]  # (1, T)
    return np.where(t < until(lengths), inside(t, lengths, T), outside(t, lengths, T))  # (n, T)


def mirrored(t, lengths, T):
    return lengths - 1 - t


def turn(X, lengths=None):
    return picked(X, places(X, lengths, mirrored))


def turning(inside=mirrored, **parts):
    return lambda X, lengths=None: picked(X, places(X, lengths, inside, **parts))


def by_one_length(choose):
    return lambda X, lengths=None: turn(X, lengths if lengths is None else np.full(len(X), choose(lengths)))


def cleared(X, lengths=None):
    valid = np.arange(X.shape[1]) < (full(X) if lengths is None else lengths)[:, None]  # (n, T)
    return np.where(valid[..., None], turn(X, lengths), 0.0)


WRONG_TURNS = [
    Wrong(
        "turned_as_a_whole",
        lambda X, lengths=None: X[:, ::-1],
        "Each row is turned round as a whole, so that its padding comes first. It should be turned within its length.",
        keeps=0.25,
    ),
    Wrong(
        "moved_to_the_end",
        turning(
            lambda t, lengths, T: t + lengths,
            until=lambda lengths: -1,
            outside=lambda t, lengths, T: (t - T + lengths) % T,
        ),
        "The sequences are moved to the end, behind their padding, but not turned round.",
    ),
    Wrong(
        "not_turned",
        lambda X, lengths=None: 1.0 * X,
        "Nothing is turned round.",
    ),
    Wrong(
        "padding_turned_too",
        turning(outside=lambda t, lengths, T: T - 1 - t + lengths),
        "The sequences are right, but the padding is turned round as well. It should stay as it is.",
        keeps=0.75,
    ),
    Wrong(
        "padding_cleared",
        cleared,
        "The sequences are right, but the padding is zero now. It should stay as it is.",
        keeps=0.75,
    ),
    Wrong(
        "last_step_stays",
        turning(lambda t, lengths, T: np.where(t < lengths - 1, lengths - 1 - t, t)),
        "The last step of each sequence stays where it was, and comes first as well. Steps are counted from 0.",
        keeps=0.5,
    ),
    Wrong(
        "first_step_stays",
        turning(lambda t, lengths, T: np.where(t > 0, lengths - t, 0)),
        "The first step of each sequence stays where it was. Steps are counted from 0.",
        keeps=0.5,
    ),
    Wrong(
        "longest_for_all",
        by_one_length(np.max),
        "All sequences are turned within the length of the longest.",
        keeps=0.25,
    ),
    Wrong(
        "shortest_for_all",
        by_one_length(np.min),
        "All sequences are turned within the length of the shortest.",
        keeps=0.25,
    ),
    Wrong(
        "first_length_for_all",
        by_one_length(lambda lengths: lengths[0]),
        "All sequences are turned within the length of the first one.",
        keeps=0.25,
    ),
    Wrong(
        "features_turned",
        lambda X, lengths=None: X[..., ::-1],
        "The last axis is turned round, that of the features. Time is the second one.",
    ),
    Wrong(
        "batch_turned",
        lambda X, lengths=None: X[::-1],
        "The first axis is turned round: the sequences have changed places. Time is the second one.",
    ),
]
