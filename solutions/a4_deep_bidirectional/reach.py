"""Which input a state has read: gradients of each step's outputs by each step's input, right and wrong."""

import numpy as np

from course_utils.assignments import Wrong, mutant

from .directions import WRONG_AROUND, WRONG_DIRECTIONS, around, bidirectional

STEP = 1e-30  # of the complex step, see course_utils.assignments.backends.numpy


def gradients(function, X):
    """The gradient of each of the function's T numbers by each number of X: (n, T, d, T)."""
    found = np.zeros((*X.shape, X.shape[1]))
    for index in np.ndindex(X.shape):
        moved = X.astype("complex128")
        moved[index] += 1j * STEP
        found[index] = np.imag(function(moved)) / STEP  # (T,)
    return found


def influence(X, params, looking_around):
    def sums(X):
        outputs, _ = bidirectional(X, params)
        outputs = around(outputs) if looking_around else outputs  # (n, T, 2h)
        return outputs.sum(axis=(0, 2))  # (T,)

    found = gradients(sums, X)  # (n, T, d, T): by each step's input, of each step's outputs
    return np.sqrt((found**2).sum(axis=(0, 2)))  # (T, T)


NORM, SUM = "np.sqrt((found**2).sum(axis=(0, 2)))", "outputs.sum(axis=(0, 2))"

# fmt: off
WRONG_INFLUENCE = [
    Wrong("transposed", {NORM: f"{NORM}.T"},
          "Rows and columns have changed places: a row belongs to an input, a column to an output.", keeps=0.5),
    Wrong("squares", {NORM: "(found**2).sum(axis=(0, 2))"},
          "These are squares: the root is missing in the norm.", keeps=0.5),
    Wrong("sums", {NORM: "found.sum(axis=(0, 2))"},
          "The gradient's entries are added up, so that positive and negative ones cancel. A norm does not cancel.",
          keeps=0.25),
    Wrong("absolute_values", {NORM: "np.abs(found).sum(axis=(0, 2))"},
          "You took the sum of the absolute values; the norm asked for is the root of the sum of the squares.",
          keeps=0.5),
    Wrong("largest_entries", {NORM: "np.abs(found).max(axis=(0, 2))"},
          "You took the largest entry; the norm asked for is the root of the sum of the squares.", keeps=0.5),
    Wrong("norms_added_up", {NORM: "np.sqrt((found**2).sum(axis=2)).sum(axis=0)"},
          "The sequences' norms are added up. The norm goes over all sequences at once.", keeps=0.5),
    Wrong("norms_averaged", {NORM: "np.sqrt((found**2).sum(axis=2)).mean(axis=0)"},
          "You took the mean of the sequences' norms. The norm goes over all sequences at once.", keeps=0.5),
    Wrong("mean_of_the_outputs", {SUM: "outputs.mean(axis=(0, 2))"},
          "It is the gradient of the outputs' mean. Asked for is that of their sum.", keeps=0.5),
    Wrong("yes_or_no", {NORM: f'({NORM} > 0).astype("float64")'},
          "These are ones and zeros. How much is asked for, not only whether."),  # ones are had for nothing
    Wrong("shares", {NORM: f"{NORM} / {NORM}.sum(axis=0)"},
          "The numbers of each column add up to 1: you divided by the sum. Asked for are the norms themselves.",
          keeps=0.5),
    Wrong("all_outputs_together", {SUM: "np.repeat(outputs.sum(), X.shape[1])"},
          "All columns are alike: that is the gradient of all outputs together. Take one step's outputs at a time.",
          keeps=0.25),
    Wrong("outputs_so_far", {SUM: f"np.cumsum({SUM})"},
          "The gradients of the steps are added up on the way: each column holds those before it, too.", keeps=0.25),
    Wrong("first_sequence_only", {"gradients(sums, X)": "gradients(sums, X[:1])"},
          "Only the first sequence counts: the norm goes over all sequences.", keeps=0.25),
    Wrong("forward_half_only", {SUM: "np.split(outputs, 2, axis=2)[0].sum(axis=(0, 2))"},
          "Only the forward half of the outputs is looked at.", keeps=0.25),
    Wrong("backward_half_only", {SUM: "np.split(outputs, 2, axis=2)[1].sum(axis=(0, 2))"},
          "Only the backward half of the outputs is looked at.", keeps=0.25),
    Wrong("one_unit_only", {SUM: "outputs[..., 0].sum(axis=0)"},
          "Only the first unit's outputs are looked at: add up all of a step's.", keeps=0.25),
    Wrong("never_looking_around", {"if looking_around": "if False"}, "looking_around has no effect."),
    Wrong("always_looking_around", {"if looking_around": "if True"},
          "The outputs are always those that look around, even where they should not."),
]
WRONG_INFLUENCE += [
    Wrong(f"bidirectional_with_{each.id}", mutant(influence, bidirectional=each.of(bidirectional)),
          "The measure is right, the two directions are not: see what the check of bidirectional says.", keeps=0.75)
    for each in WRONG_DIRECTIONS
    if each.id in ("not_turned_back", "both_forwards", "weights_exchanged", "one_set_of_weights", "backwards_goes_on")
]
WRONG_INFLUENCE += [
    Wrong(f"around_with_{each.id}", mutant(influence, around=each.of(around)),
          "The measure is right, what it looks around with is not: see what the check of around says.", keeps=0.75)
    for each in WRONG_AROUND
    # The first is never_looking_around, the next adds up alike, and in the others the gap is one step wide.
    if each.id not in ("at_the_step", "halves_exchanged", "always_one_letter", "both_as_far_away")
]
