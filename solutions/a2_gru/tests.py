"""What is asked of the students' functions; the right and the wrong answers are in the files beside."""

import numpy as np

from course_utils.assignments import question

from ..shared import draw_normal, draw_state
from .blocks import WRONG_BLOCKS, canonical
from .steps import WRONG_CONVENTIONS, WRONG_STEPS, WRONG_STEPS_NORMED, gru_step, gru_step_normed, other_convention
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
NORMS = (
    "torch.nn.functional.layer_norm",
    "torch.layer_norm",
    "torch.nn.LayerNorm",
    "keras.ops.layer_normalization",
    "keras.layers.LayerNormalization",
    "torch.group_norm",  # which is the same if there is one group
    "torch.nn.functional.group_norm",
    "torch.nn.GroupNorm",
    "keras.layers.GroupNormalization",
)
READY_MADE_WEIGHTS = (
    "course_utils.torch.weights.dump",
    "course_utils.torch.weights.load",
    "course_utils.tensorflow.weights.dump",
    "course_utils.tensorflow.weights.load",
)


def draw_params(rng, d, h, gates="zh"):
    shapes = {"W_x": (d, h), "W_h": (h, h), "b_": (h,)}
    return draw_normal(rng, {f"{kind}{gate}": shapes[kind] for gate in gates for kind in shapes})


@question(
    {"the new state": 4, "held open, held shut": 2},
    reference=gru_step,
    explained="chapter 03, “Two gates” and “The candidate”, and for the coupling the text above the exercise",
    forbids=READY_MADE,
    wrong=WRONG_STEPS,
)
def check_gru_step(student, rng):
    X_t, H, params = rng.normal(size=(4, 3)), draw_state(rng, 4, 5), draw_params(rng, 3, 5)
    yield "the new state", student.call("gru_step", X_t, H, params)
    for b_z in (60.0, -60.0):
        yield "held open, held shut", student.call("gru_step", X_t, H, params | {"b_z": np.full(5, b_z)})


@question(
    {"the new state": 4},
    reference=gru_step_normed,
    explained="chapter 03, “Reset before or after”, and for the normalising the text above the exercise",
    forbids=READY_MADE + NORMS,
    wrong=WRONG_STEPS_NORMED,
)
def check_gru_step_normed(student, rng):
    X_t, H, params = rng.normal(size=(6, 3)), draw_state(rng, 6, 4), draw_params(rng, 3, 4, "zrh")
    params |= {"g_hh": rng.uniform(0.5, 2, size=4), "b_hh": rng.normal(size=4)}
    yield "the new state", student.call("gru_step_normed", X_t, H, params)


@question(
    {"the weights": 4},
    reference=other_convention,
    explained="chapter 03, “Two meanings of Z”",
    wrong=WRONG_CONVENTIONS,
)
def check_other_convention(student, rng):
    yield "the weights", student.call("other_convention", draw_params(rng, 4, 3, "zrh"))


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
