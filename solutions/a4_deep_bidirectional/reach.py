"""Which input a state has read: gradients of each step's outputs by each step's input, right and wrong."""

import numpy as np

from course_utils.assignments import Wrong

from .directions import WRONG_AROUND, WRONG_DIRECTIONS, around, bidirectional

STEP = 1e-30  # of the complex step, see course_utils.assignments.backends.numpy


def gradients(X, outputs_of, pick=lambda outputs: outputs.sum(axis=(0, 2))):
    """The gradients by X of what `pick` makes of the outputs, one for each step: (n, s, d, t)."""
    found = np.zeros((*X.shape, X.shape[1]))
    for index in np.ndindex(X.shape):
        moved = X.astype("complex128")
        moved[index] += 1j * STEP
        found[index] = np.imag(pick(outputs_of(moved))) / STEP  # (T,)
    return found


def norms_of(found):
    return np.sqrt((found**2).sum(axis=(0, 2)))  # (T, T)


def outputs_with(params, looking_around, both=bidirectional, move=around):
    return lambda X: (move if looking_around else np.asarray)(both(X, params)[0])


def influence(X, params, looking_around):
    return norms_of(gradients(X, outputs_with(params, looking_around)))


def measured(measure):
    """The right gradients, measured otherwise."""
    return lambda X, params, looking_around: measure(gradients(X, outputs_with(params, looking_around)))


def picking(pick):
    """Gradients of something else than the sum of each step's outputs."""
    return lambda X, params, looking_around: norms_of(gradients(X, outputs_with(params, looking_around), pick))


def half(first):
    def pick(outputs):
        h = outputs.shape[2] // 2
        return outputs[..., :h].sum(axis=(0, 2)) if first else outputs[..., h:].sum(axis=(0, 2))

    return pick


WRONG_INFLUENCE = [
    Wrong(
        "transposed",
        measured(lambda found: norms_of(found).T),
        "Rows and columns have changed places: a row belongs to an input, a column to an output.",
        keeps=0.5,
    ),
    Wrong(
        "squares",
        measured(lambda found: norms_of(found) ** 2),
        "These are squares: the root is missing in the norm.",
        keeps=0.5,
    ),
    Wrong(
        "sums",
        measured(lambda found: found.sum(axis=(0, 2))),
        "The gradient's entries are added up, so that positive and negative ones cancel. A norm does not cancel.",
        keeps=0.25,
    ),
    Wrong(
        "absolute_values",
        measured(lambda found: np.abs(found).sum(axis=(0, 2))),
        "You took the sum of the absolute values; the norm asked for is the root of the sum of the squares.",
        keeps=0.5,
    ),
    Wrong(
        "largest_entries",
        measured(lambda found: np.abs(found).max(axis=(0, 2))),
        "You took the largest entry; the norm asked for is the root of the sum of the squares.",
        keeps=0.5,
    ),
    Wrong(
        "norms_added_up",
        measured(lambda found: np.sqrt((found**2).sum(axis=2)).sum(axis=0)),
        "The sequences' norms are added up. The norm goes over all sequences at once.",
        keeps=0.5,
    ),
    Wrong(
        "yes_or_no",
        measured(lambda found: (norms_of(found) > 0).astype("float64")),
        "These are ones and zeros. How much is asked for, not only whether.",
        keeps=0.5,
    ),
    Wrong(
        "shares",
        measured(lambda found: norms_of(found) / norms_of(found).sum(axis=0)),
        "The numbers of each column add up to 1: you divided by the sum. Asked for are the norms themselves.",
        keeps=0.5,
    ),
    Wrong(
        "all_outputs_together",
        picking(lambda outputs: np.repeat(outputs.sum(), outputs.shape[1])),
        "All columns are alike: that is the gradient of all outputs together. Take one step's outputs at a time.",
        keeps=0.25,
    ),
    Wrong(
        "outputs_so_far",
        picking(lambda outputs: np.cumsum(outputs.sum(axis=(0, 2)))),
        "The gradients of the steps are added up on the way: each column holds those before it, too.",
        keeps=0.25,
    ),
    Wrong(
        "first_sequence_only",
        lambda X, params, looking_around: influence(X[:1], params, looking_around),
        "Only the first sequence counts: the norm goes over all sequences.",
        keeps=0.25,
    ),
    Wrong(
        "forward_half_only",
        picking(half(True)),
        "Only the forward half of the outputs is looked at.",
        keeps=0.25,
    ),
    Wrong(
        "backward_half_only",
        picking(half(False)),
        "Only the backward half of the outputs is looked at.",
        keeps=0.25,
    ),
    Wrong(
        "one_unit_only",
        picking(lambda outputs: outputs[..., 0].sum(axis=0)),
        "Only the first unit's outputs are looked at: add up all of a step's.",
        keeps=0.25,
    ),
    Wrong(
        "never_looking_around",
        lambda X, params, looking_around: influence(X, params, False),
        "looking_around has no effect.",
    ),
    Wrong(
        "always_looking_around",
        lambda X, params, looking_around: influence(X, params, True),
        "The outputs are always those that look around, even where they should not.",
    ),
]
WRONG_INFLUENCE += [
    Wrong(
        f"bidirectional_with_{each.id}",
        lambda X, params, looking_around, both=each.answer: norms_of(
            gradients(X, outputs_with(params, looking_around, both=both))
        ),
        "The measure is right, the two directions are not: see what the check of bidirectional says.",
        keeps=0.75,
    )
    for each in WRONG_DIRECTIONS
    if each.id in ("not_turned_back", "both_forwards", "weights_exchanged", "one_set_of_weights", "backwards_goes_on")
]
WRONG_INFLUENCE += [
    Wrong(
        f"around_with_{each.id}",
        lambda X, params, looking_around, move=each.answer: norms_of(
            gradients(X, outputs_with(params, looking_around, move=move))
        ),
        "The measure is right, what it looks around with is not: see what the check of around says.",
        keeps=0.75,
    )
    for each in WRONG_AROUND
    if each.id not in ("at_the_step", "halves_exchanged")  # the first is never_looking_around, the other adds up alike
]
