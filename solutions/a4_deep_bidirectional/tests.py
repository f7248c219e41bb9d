"""What is asked of the students' functions; the right and the wrong answers are in the files beside."""

import numpy as np

from course_utils.assignments import question

from ..shared import draw_normal, draw_state
from .directions import WRONG_AROUND, WRONG_DIRECTIONS, WRONG_TURNS, around, bidirectional, turn
from .layers import WRONG_DROPOUT, WRONG_STACKS, deep, deep_dropout
from .reach import WRONG_INFLUENCE, influence

BY_HAND = {"explain_reading": 5, "advice": 8}  # points of what people grade

READY_MADE = (
    "torch.nn.RNN",
    "torch.nn.RNNCell",
    "torch.rnn_tanh",
    "torch._VF.rnn_tanh",
    "keras.layers.RNN",
    "keras.layers.SimpleRNN",
    "keras.layers.SimpleRNNCell",
    "keras.layers.StackedRNNCells",
    "keras.layers.Bidirectional",
    "course_utils.torch.Deep",
    "course_utils.torch.Bidirectional",
    "course_utils.tensorflow.Deep",
    "course_utils.tensorflow.Bidirectional",
)
READY_MADE_TURNS = ("tensorflow.reverse_sequence",)


def draw_params(rng, d, h):
    return draw_normal(rng, {"W_xh": (d, h), "W_hh": (h, h), "b_h": (h,)}, W_hh=1.2 * h**-0.5, b_h=0.5)


def draw_stack(rng, n, T, h, count):
    """Inputs, states and layers, all of one width: so no shape complains when something is mixed up."""
    layers = [draw_params(rng, h if i == 0 else 2 * h, h) for i in range(count)]
    return rng.normal(size=(n, T, h)), [draw_state(rng, n, h) for _ in layers], layers


def draw_masks(rng, p, n, T, h, count):
    """Masks that drop a few numbers more than p says, as a draw may: whoever measures the share is found out."""
    dropped = round(p * n * T * h) + 4
    return [(rng.permutation(n * T * h) >= dropped).reshape(n, T, h).astype("float64") for _ in range(count)]


@question(
    {"two layers": 4, "three layers": 2, "the gradient": 2},
    reference=deep,
    explained="chapter 05, “Layers upon layers” and “From scratch: any layer on any layer”, and the text above the "
    "exercise",
    forbids=READY_MADE,
    wrong=WRONG_STACKS,
)
def check_deep(student, rng):
    X, states, layers = draw_stack(rng, 3, 5, 4, 2)
    yield "two layers", student.call("deep", X, states, layers)
    weights = rng.normal(size=(3, 5, 2 * 4)), [rng.normal(size=(3, 4)) for _ in layers]
    yield "three layers", student.call("deep", *draw_stack(rng, 5, 4, 3, 3))
    yield "the gradient", student.gradient("deep", X, states, layers, wrt=2, weights=weights)


@question(
    {"evaluation, without masks": 2, "two layers, one mask": 3, "three layers, two masks": 3},
    reference=deep_dropout,
    explained="chapter 05, “Dropout between layers”",
    forbids=READY_MADE,
    wrong=WRONG_DROPOUT,
)
def check_deep_dropout(student, rng):
    p = rng.choice([0.2, 0.25, 0.3, 0.4])
    yield "evaluation, without masks", student.call("deep_dropout", *draw_stack(rng, 3, 5, 4, 2), None, float(p))
    for part, (n, T, h, count) in {
        "two layers, one mask": (3, 5, 4, 2),
        "three layers, two masks": (5, 4, 3, 3),
    }.items():
        masks = draw_masks(rng, p, n, T, h, count - 1)
        yield part, student.call("deep_dropout", *draw_stack(rng, n, T, h, count), masks, float(p))


@question(
    {"sequences of one length": 1, "a padded batch": 5},
    reference=turn,
    explained="chapter 06, “Padding, and turning round”",
    forbids=READY_MADE + READY_MADE_TURNS,
    wrong=WRONG_TURNS,
    for_nothing=0.34,  # rows that are turned round as a whole are a part of the answer
)
def check_turn(student, rng):
    X = rng.normal(size=(4, 7, 3))
    yield "sequences of one length", student.call("turn", X)
    yield "a padded batch", student.call("turn", X, np.array([4, *rng.permutation([2, 3, 6])]))


@question(
    {"sequences of one length": 3, "the gradient": 2, "a padded batch": 7},
    reference=bidirectional,
    explained="chapter 06, “From scratch: turn round, run, turn back”, “The layers”, and “Padding, done right”",
    forbids=READY_MADE + READY_MADE_TURNS,
    needs=("turn",),
    wrong=WRONG_DIRECTIONS,
)
def check_bidirectional(student, rng):
    n, T, d, h = 4, 6, 3, 2
    X, params = rng.normal(size=(n, T, d)), {name: draw_params(rng, d, h) for name in ("forward", "backward")}
    weights = rng.normal(size=(n, T, 2 * h)), (rng.normal(size=(n, h)), rng.normal(size=(n, h)))
    yield "sequences of one length", student.call("bidirectional", X, params)
    yield "the gradient", student.gradient("bidirectional", X, params, wrt=1, weights=weights)
    yield "a padded batch", student.call("bidirectional", X, params, np.array([3, *rng.permutation([2, 4, 5])]))


@question(
    {"a gap of one letter": 2, "longer gaps": 2, "a gap beyond the end": 1},
    reference=around,
    explained="chapter 06, “Without the leak: look around, not at it”",
    wrong=WRONG_AROUND,
)
def check_around(student, rng):
    yield "a gap of one letter", student.call("around", draw_state(rng, 3, 5, 8))
    yield "a gap of one letter", student.call("around", draw_state(rng, 4, 1, 6))
    for width in (2, 3):
        yield "longer gaps", student.call("around", draw_state(rng, 2, 7, 6), width)
    yield "a gap beyond the end", student.call("around", draw_state(rng, 4, 3, 6), 5)
    yield "a gap beyond the end", student.call("around", draw_state(rng, 2, 6, 8), 4)  # so that zeros are no answer


@question(
    {"both directions": 5, "looking around": 3},
    reference=influence,
    explained="chapter 06, “No output before the last input” and “The proof”",
    forbids=READY_MADE + READY_MADE_TURNS,
    needs=("turn", "bidirectional", "around"),
    wrong=WRONG_INFLUENCE,
)
def check_influence(student, rng):
    for part, looking_around, (n, T, d, h) in (
        ("both directions", False, (3, 5, 2, 4)),
        ("looking around", True, (2, 6, 3, 4)),
    ):
        params = {name: draw_params(rng, d, h) for name in ("forward", "backward")}
        yield part, student.call("influence", rng.normal(size=(n, T, d)), params, looking_around)
