"""What is asked of the students' functions; the right and the wrong answers are in the files beside."""

import numpy as np

from course_utils.assignments import question

from ..shared import draw_normal, draw_state
from .blocks import WRONG_BLOCKS, canonical
from .steps import WRONG_CONVENTIONS, WRONG_STEPS, WRONG_STEPS_AFTER, gru_step, gru_step_after, other_convention
from .walks import WRONG_REACHES, WRONG_WALKS, gradient_reach, unroll

BY_HAND = {"explain_reach": 4, "open_question": 8}  # points of what people grade

READY_MADE = (
    "torch.nn.GRU",
    "torch.nn.GRUCell",
    "torch.gru_cell",
    "torch._VF.gru",
    "keras.layers.GRU",
    "keras.layers.GRUCell",
    "course_utils.torch.GRU",
    "course_utils.tensorflow.GRU",
)
READY_MADE_WEIGHTS = (
    "course_utils.torch.weights.dump",
    "course_utils.torch.weights.load",
    "course_utils.tensorflow.weights.dump",
    "course_utils.tensorflow.weights.load",
)


def draw_params(rng, d, h, after=False):
    names = [f"{kind}{gate}" for gate in "zrh" for kind in ("W_x", "W_h", "b_")] + ["b_hh"] * after
    shapes = {"W_x": (d, h), "W_h": (h, h), "b_": (h,), "b_h": (h,)}
    return draw_normal(rng, {name: shapes[name[:-1]] for name in names})


@question(
    {"the new state": 4, "held open, held shut": 2},
    reference=gru_step,
    explained="chapter 03, “Two gates” and “The candidate”",
    forbids=READY_MADE,
    wrong=WRONG_STEPS,
)
def check_gru_step(student, rng):
    X_t, H, params = rng.normal(size=(4, 3)), draw_state(rng, 4, 5), draw_params(rng, 3, 5)
    yield "the new state", student.call("gru_step", X_t, H, params)
    for b_z, b_r in ((60.0, 0.0), (-60.0, 60.0), (-60.0, -60.0)):
        held = params | {"b_z": np.full(5, b_z), "b_r": np.full(5, b_r)}
        yield "held open, held shut", student.call("gru_step", X_t, H, held)


@question(
    {"the new state": 4},
    reference=gru_step_after,
    explained="chapter 03, “Reset before or after”",
    forbids=READY_MADE,
    wrong=WRONG_STEPS_AFTER,
)
def check_gru_step_after(student, rng):
    X_t, H, params = rng.normal(size=(5, 4)), draw_state(rng, 5, 3), draw_params(rng, 4, 3, after=True)
    yield "the new state", student.call("gru_step_after", X_t, H, params)


@question(
    {"the weights": 4},
    reference=other_convention,
    explained="chapter 03, “Two meanings of Z”",
    wrong=WRONG_CONVENTIONS,
)
def check_other_convention(student, rng):
    yield "the weights", student.call("other_convention", draw_params(rng, 4, 3))


@question(
    {"all steps count": 4, "the gradient": 2, "a padded batch": 5},
    reference=unroll,
    explained="chapter 03, “From scratch: the loop”, and for the padding the text above the exercise",
    forbids=READY_MADE,
    needs=("gru_step",),
    wrong=WRONG_WALKS,
)
def check_unroll(student, rng):
    X, H, params = rng.normal(size=(4, 6, 3)), draw_state(rng, 4, 5), draw_params(rng, 3, 5)
    yield "all steps count", student.call("unroll", X, H, params)
    weights = rng.normal(size=(4, 6, 5)), rng.normal(size=(4, 5))
    yield "the gradient", student.gradient("unroll", X, H, params, wrt=1, weights=weights)
    lengths = rng.permutation([1, 3, 4, 6])
    yield "a padded batch", student.call("unroll", X, H, params, lengths)


@question(
    {"order zrh": 3, "order rzh": 3},
    reference=canonical,
    explained="the text above the exercise",
    forbids=READY_MADE_WEIGHTS,
    wrong=WRONG_BLOCKS,
)
def check_canonical(student, rng):
    for part, order, d, h in (("order zrh", "zrh", 4, 3), ("order rzh", "rzh", 3, 5)):
        shapes = {"W_x": (d, 3 * h), "W_h": (h, 3 * h), "b_x": (3 * h,), "b_h": (3 * h,)}
        yield part, student.call("canonical", draw_normal(rng, shapes), order)


@question(
    {"untrained": 4, "a gate nearly open": 3},
    reference=gradient_reach,
    explained="chapter 03, “How far back does the gradient reach?”",
    forbids=READY_MADE,
    needs=("gru_step", "unroll"),
    tolerance=3e-4,
    wrong=WRONG_REACHES,
)
def check_gradient_reach(student, rng):
    X, params = rng.normal(size=(3, 6, 2)), draw_params(rng, 2, 4)
    yield "untrained", student.call("gradient_reach", X, params)
    yield "a gate nearly open", student.call("gradient_reach", X, params | {"b_z": params["b_z"] + 4})
