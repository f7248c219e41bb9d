"""What is asked of the students' functions; the right and the wrong answers are in the files beside."""

import numpy as np

from course_utils.assignments import question

from .attention import WRONG_ATTENTION, attend
from .scans import WRONG_COMBINATIONS, WRONG_SCANS, combine, stabiliser

BY_HAND = {"explain_stabiliser": 4, "which_network": 6}  # points of what people grade

READY_MADE_ATTENTION = (
    "torch.nn.functional.scaled_dot_product_attention",
    "torch.nn.MultiheadAttention",
    "keras.layers.Attention",
    "keras.layers.AdditiveAttention",
    "keras.layers.MultiHeadAttention",
    "keras.ops.dot_product_attention",
    "course_utils.torch.AttentionDecoder",
    "course_utils.tensorflow.AttentionDecoder",
)


@question(
    {"all is heard": 2, "one token more at each step": 2, "the gradient": 1, "padded sentences": 3},
    reference=attend,
    explained="chapter 12, “Nobody may look at the padding” and “The formulas”, and for the waiting the text above the "
    "exercise",
    forbids=READY_MADE_ATTENTION,
    wrong=WRONG_ATTENTION,
)
def check_attend(student, rng):
    def draw(n, T, S, h, k):
        return rng.normal(size=(n, T, h)), rng.normal(size=(n, S, k)), rng.normal(size=(k, h))

    states, H, W_k = draw(3, 4, 5, 2, 6)
    yield "all is heard", student.call("attend", states, H, np.full(3, 5), W_k, 5)
    states, H, W_k = draw(2, 4, 7, 3, 5)
    yield "one token more at each step", student.call("attend", states, H, np.full(2, 7), W_k, 3)
    states, H, W_k = draw(2, 3, 5, 2, 4)
    weights = 1.0, rng.normal(size=(2, 3, 5))
    yield "the gradient", student.gradient("attend", states, H, np.array([5, 3]), W_k, 2, wrt=1, weights=weights)
    states, H, W_k = draw(4, 3, 6, 5, 2)
    yield "padded sentences", student.call("attend", states, H, rng.permutation([1, 3, 4, 6]), W_k, 2)


@question(
    {"the pair": 2, "where one step wins everywhere": 2},
    reference=combine,
    explained="chapter 13, “Two steps are one step”, and for these steps the text above the exercise",
    wrong=WRONG_COMBINATIONS,
)
def check_combine(student, rng):
    def draw():
        return tuple(rng.normal(scale=3, size=(4, 5)) for _ in "ab")

    yield "the pair", student.call("combine", draw(), draw())
    (a1, b1), (a2, b2) = draw(), draw()
    for moved in (20.0, -20.0):  # the first step's number is the larger one, the second's
        yield "where one step wins everywhere", student.call("combine", (a1, b1), (a2 + moved, b2))


@question(
    {"eight steps": 3, "with a state before them": 2, "any number of steps": 3},
    reference=stabiliser,
    explained="chapter 13, “The scan” and “An exponential gate, and how it is kept finite”",
    needs=("combine",),
    wrong=WRONG_SCANS,
    for_nothing=0.1,  # where the first step does not count, the inputs come in each round
)
def check_stabiliser(student, rng):
    def draw(n, T, h):
        return -rng.gamma(1.0, 0.3, size=(n, T, h)), rng.normal(scale=3, size=(n, T, h))

    yield "eight steps", student.call("stabiliser", *draw(3, 8, 5), np.full((3, 5), -60.0))
    yield "with a state before them", student.call("stabiliser", *draw(4, 5, 3), rng.uniform(2, 8, size=(4, 3)))
    for T in (1, 3, 6, 13):
        yield "any number of steps", student.call("stabiliser", *draw(2, T, 4), rng.normal(2, 3, size=(2, 4)))
