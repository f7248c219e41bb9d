"""Gradient clipping by any norm, right and wrong."""

import numpy as np

from course_utils.assignments import Wrong, mutant


def size_of(grads, p):
    sizes = np.abs(np.concatenate([g.ravel() for g in grads]))  # (numbers,)
    return sizes.max() if p is None else (sizes**p).sum() ** (1 / p)


def clip(grads, theta, p):
    norm = size_of(grads, p)
    factor = min(1.0, theta / norm) if norm else 1.0
    return [factor * g for g in grads], norm


def each_array_alone(grads, theta, p):
    return [clip([g], theta, p)[0][0] for g in grads], size_of(grads, p)


def with_size(pieces):
    return mutant(clip, size_of=mutant(size_of, pieces))


FACTOR, LARGEST, POWERS = "min(1.0, theta / norm)", "sizes.max() if p is None else ", "(sizes**p).sum() ** (1 / p)"

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
    Wrong("always_the_root_of_squares", with_size({LARGEST + POWERS: "(sizes**2).sum() ** 0.5"}),
          "The norm is the root of the sum of the squares whatever p is: this is the chapter's clipping."),
    Wrong("no_root", with_size({" ** (1 / p)": ""}),
          "The powers are added up, but their p-th root is missing.", keeps=0.5),
    Wrong("always_the_square_root", with_size({"1 / p": "1 / 2"}),
          "The square root is taken whatever p is. It is the p-th root.", keeps=0.25),
    Wrong("with_their_signs", with_size({"np.abs(": "("}),
          "The numbers have kept their signs, so that some cancel where p is odd, and the largest is not found where "
          "it is negative.", keeps=0.25),
    Wrong("norms_added_up", mutant(clip, {"size_of(grads, p)": "sum(size_of([g], p) for g in grads)"}),
          "The arrays' norms are added up. The norm is one over all their numbers.", keeps=0.5),
    Wrong("largest_array", mutant(clip, {"size_of(grads, p)": "max(size_of([g], p) for g in grads)"}),
          "The norm is that of the largest array. It goes over all arrays together.", keeps=0.5),
    Wrong("mean_of_the_powers", with_size({".sum()": ".mean()"}),
          "The norm has the mean of the powers in it. Asked for is their sum.", keeps=0.5),
    Wrong("largest_never", with_size({LARGEST: "(p := p or 2) and "}),
          "Where p is None, the norm is the largest number's size.", keeps=0.5),
    Wrong("largest_with_its_sign",
          with_size({LARGEST: "np.concatenate([g.ravel() for g in grads]).max() if p is None else "}),
          "Where p is None, a number counts by its size: the largest one may be negative.", keeps=0.5),
    Wrong("norm_afterwards", {"], norm": "], factor * norm"},
          "The norm is that of the clipped gradient. What it was before says whether something exploded.", keeps=0.75),
    Wrong("first_array_only", {"[factor * g for g in grads]": "[factor * grads[0], *grads[1:]]"},
          "Only the first array is shortened, the others are handed back as they were.", keeps=0.25),
]
