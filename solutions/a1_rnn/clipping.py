"""Gradient clipping, right and wrong."""

import numpy as np

from course_utils.assignments import Wrong


def norm_of(grads):
    return np.sqrt(sum((g**2).sum() for g in grads))


def shortened(grads, theta, norm):
    """All arrays times the same factor, so that something of length `norm` gets the length theta at most."""
    factor = min(1.0, theta / norm) if norm else 1.0
    return [factor * g for g in grads]


def clip(grads, theta):
    norm = norm_of(grads)
    return shortened(grads, theta, norm), norm


def measured_by(measure):
    """Clipped, with another measure of how long the gradient is."""
    return lambda grads, theta: (shortened(grads, theta, measure(grads)), measure(grads))


def times(factor):
    """Multiplied by what `factor` makes of theta and the norm, where there is a norm at all."""

    def answer(grads, theta):
        norm = norm_of(grads)
        return [(factor(theta, norm) if norm else 1.0) * g for g in grads], norm

    return answer


def norm_afterwards(grads, theta):
    clipped, _ = clip(grads, theta)
    return clipped, norm_of(clipped)


def first_only(grads, theta):
    clipped, norm = clip(grads, theta)
    return [clipped[0], *grads[1:]], norm


WRONG_CLIPPING = [
    Wrong(
        "each_array_alone",
        lambda grads, theta: ([shortened([g], theta, norm_of([g]))[0] for g in grads], norm_of(grads)),
        "Each array is clipped by its own norm, so that the gradient turns. The norm is one over all parameters "
        "together.",
        keeps=0.5,
    ),
    Wrong(
        "each_number_alone",
        lambda grads, theta: ([np.clip(g, -theta, theta) for g in grads], norm_of(grads)),
        "Each number is cut to between −theta and theta, so that the gradient turns. Its direction should stay.",
        keeps=0.25,
    ),
    Wrong(
        "always_theta_long",
        times(lambda theta, norm: theta / norm),
        "The gradient always becomes theta long, even if it was shorter. Nothing is to be lengthened.",
        keeps=0.5,
    ),
    Wrong(
        "short_ones_lengthened",
        times(lambda theta, norm: max(1.0, theta / norm)),
        "It is the wrong way round: short gradients become theta long, long ones stay as they are.",
    ),
    Wrong(
        "theta_times",
        times(lambda theta, norm: theta if norm > theta else 1.0),
        "A long gradient is multiplied by theta. It should become theta long.",
        keeps=0.5,
    ),
    Wrong(
        "divided_upside_down",
        times(lambda theta, norm: min(1.0, norm / theta)),
        "The factor is the norm over theta: that shortens the gradients that are short already.",
    ),
    Wrong(
        "one_long",
        times(lambda theta, norm: 1 / norm if norm > theta else 1.0),
        "A long gradient becomes 1 long. It should become theta long.",
        keeps=0.5,
    ),
    Wrong(
        "set_to_zero",
        times(lambda theta, norm: 0.0 if norm > theta else 1.0),
        "A long gradient is thrown away. Its direction is still worth something.",
        keeps=0.25,
    ),
    Wrong(
        "nothing_clipped",
        times(lambda theta, norm: 1.0),
        "The gradients come back as they were: theta has no effect.",
    ),
    Wrong(
        "no_root",
        measured_by(lambda grads: norm_of(grads) ** 2),
        "The norm is the sum of the squares: the root is missing.",
        keeps=0.5,
    ),
    Wrong(
        "absolute_values",
        measured_by(lambda grads: sum(np.abs(g).sum() for g in grads)),
        "The norm is the sum of the absolute values. Asked for is the root of the sum of the squares.",
        keeps=0.5,
    ),
    Wrong(
        "largest_entry",
        measured_by(lambda grads: max(np.abs(g).max() for g in grads)),
        "The norm is the largest entry. Asked for is the root of the sum of the squares.",
        keeps=0.5,
    ),
    Wrong(
        "norms_added_up",
        measured_by(lambda grads: sum(norm_of([g]) for g in grads)),
        "The arrays' norms are added up. Add up their squares, and take the root at the end.",
        keeps=0.5,
    ),
    Wrong(
        "largest_array",
        measured_by(lambda grads: max(norm_of([g]) for g in grads)),
        "The norm is that of the largest array. It goes over all arrays together.",
        keeps=0.5,
    ),
    Wrong(
        "root_of_the_mean",
        measured_by(lambda grads: norm_of(grads) / np.sqrt(sum(g.size for g in grads))),
        "The norm is the root of the mean of the squares. Asked for is that of their sum.",
        keeps=0.5,
    ),
    Wrong(
        "norm_afterwards",
        norm_afterwards,
        "The norm is that of the clipped gradient. What it was before says whether something exploded.",
        keeps=0.75,
    ),
    Wrong(
        "first_array_only",
        first_only,
        "Only the first array is shortened, the others are handed back as they were.",
        keeps=0.25,
    ),
]
