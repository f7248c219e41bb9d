"""Gradient clipping, right and wrong."""

import numpy as np

from course_utils.assignments import Wrong


def clip(grads, theta):
    norm = np.sqrt(sum((g**2).sum() for g in grads))
    factor = min(1.0, theta / norm) if norm else 1.0
    return [factor * g for g in grads], norm


def each_array_alone(grads, theta):
    return [clip([g], theta)[0][0] for g in grads], clip(grads, theta)[1]


NORM, FACTOR = "np.sqrt(sum((g**2).sum() for g in grads))", "min(1.0, theta / norm)"

# fmt: off
WRONG_CLIPPING = [
    Wrong("each_array_alone", each_array_alone,
          "Each array is clipped by its own norm, so that the gradient turns. The norm is one over all parameters "
          "together.", keeps=0.5),
    Wrong("each_number_alone", {"factor * g": "np.clip(g, -theta, theta)"},
          "Each number is cut to between −theta and theta, so that the gradient turns. Its direction should stay.",
          keeps=0.25),
    Wrong("always_theta_long", {FACTOR: "theta / norm"},
          "The gradient always becomes theta long, even if it was shorter. Nothing is to be lengthened.", keeps=0.5),
    Wrong("short_ones_lengthened", {"min(": "max("},
          "It is the wrong way round: short gradients become theta long, long ones stay as they are."),
    Wrong("theta_times", {FACTOR: "(theta if norm > theta else 1.0)"},
          "A long gradient is multiplied by theta. It should become theta long.", keeps=0.5),
    Wrong("divided_upside_down", {"theta / norm": "norm / theta"},
          "The factor is the norm over theta: that shortens the gradients that are short already."),
    Wrong("one_long", {FACTOR: "(1 / norm if norm > theta else 1.0)"},
          "A long gradient becomes 1 long. It should become theta long.", keeps=0.5),
    Wrong("set_to_zero", {FACTOR: "(0.0 if norm > theta else 1.0)"},
          "A long gradient is thrown away. Its direction is still worth something.", keeps=0.25),
    Wrong("nothing_clipped", {FACTOR: "1.0"},
          "The gradients come back as they were: theta has no effect."),
    Wrong("no_root", {"np.sqrt": ""},
          "The norm is the sum of the squares: the root is missing.", keeps=0.5),
    Wrong("absolute_values", {NORM: "sum(np.abs(g).sum() for g in grads)"},
          "The norm is the sum of the absolute values. Asked for is the root of the sum of the squares.", keeps=0.5),
    Wrong("largest_entry", {NORM: "max(np.abs(g).max() for g in grads)"},
          "The norm is the largest entry. Asked for is the root of the sum of the squares.", keeps=0.5),
    Wrong("norms_added_up", {NORM: "sum(np.sqrt((g**2).sum()) for g in grads)"},
          "The arrays' norms are added up. Add up their squares, and take the root at the end.", keeps=0.5),
    Wrong("largest_array", {NORM: "max(np.sqrt((g**2).sum()) for g in grads)"},
          "The norm is that of the largest array. It goes over all arrays together.", keeps=0.5),
    Wrong("root_of_the_mean", {NORM: f"{NORM} / np.sqrt(sum(g.size for g in grads))"},
          "The norm is the root of the mean of the squares. Asked for is that of their sum.", keeps=0.5),
    Wrong("norm_afterwards", {"], norm": "], factor * norm"},
          "The norm is that of the clipped gradient. What it was before says whether something exploded.", keeps=0.75),
    Wrong("first_array_only", {"[factor * g for g in grads]": "[factor * grads[0], *grads[1:]]"},
          "Only the first array is shortened, the others are handed back as they were.", keeps=0.25),
]
