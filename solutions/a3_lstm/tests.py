"""What is asked of the students' functions; the right and the wrong answers are in the files beside."""

import numpy as np

from course_utils.assignments import question

from ..shared import draw_normal, draw_state
from .blocks import WRONG_BIASES, WRONG_BLOCKS, WRONG_SIZES, canonical, num_parameters, remember
from .steps import WRONG_STEPS, lstm_step
from .walks import WRONG_READING, WRONG_WALKS, next_letter, unroll

BY_HAND = {"explain_memory": 5, "open_question": 10}  # points of what people grade

READY_MADE = (
    "torch.nn.LSTM",
    "torch.nn.LSTMCell",
    "torch.lstm",
    "torch.lstm_cell",
    "torch._VF.lstm",
    "torch._VF.lstm_cell",
    "keras.layers.LSTM",
    "keras.layers.LSTMCell",
    "course_utils.torch.LSTM",
    "course_utils.tensorflow.LSTM",
)
READY_MADE_WEIGHTS = (
    "course_utils.torch.weights.dump",
    "course_utils.torch.weights.load",
    "course_utils.tensorflow.weights.dump",
    "course_utils.tensorflow.weights.load",
)


def draw_params(rng, d, h, q=None):
    of_a_gate = {"W_x": (d, h), "W_h": (h, h), "b_": (h,)}
    shapes = {f"{kind}{gate}": shape for gate in "ifoc" for kind, shape in of_a_gate.items()}
    shapes |= {f"w_c{gate}": (h,) for gate in "ifo"}
    return draw_normal(rng, shapes | ({"W_hq": (h, q), "b_q": (q,)} if q else {}))


def draw_pair(rng, *shape):
    """H is between −1 and 1; C may be larger."""
    return draw_state(rng, *shape), rng.normal(scale=1.5, size=shape)


@question(
    {"the new pair": 5, "gates held open, held shut": 3},
    reference=lstm_step,
    explained="chapter 04, “The idea: a memory beside the state” and “Three gates and a candidate”, and for the "
    "peepholes the text above the exercise",
    forbids=READY_MADE,
    wrong=WRONG_STEPS,
)
def check_lstm_step(student, rng):
    X_t, state, params = rng.normal(size=(4, 3)), draw_pair(rng, 4, 5), draw_params(rng, 3, 5)
    yield "the new pair", student.call("lstm_step", X_t, state, params)
    for b_i, b_f, b_o in ((-60.0, 60.0, -60.0), (-60.0, 60.0, 60.0), (60.0, -60.0, 60.0), (60.0, 60.0, 0.0)):
        held = params | {"b_i": np.full(5, b_i), "b_f": np.full(5, b_f), "b_o": np.full(5, b_o)}
        yield "gates held open, held shut", student.call("lstm_step", X_t, state, held)


@question(
    {"all steps count": 4, "the gradient": 2, "a padded batch": 6},
    reference=unroll,
    explained="chapter 04, “From scratch: the loop”, and for the padding the text above the exercise",
    forbids=READY_MADE,
    needs=("lstm_step",),
    wrong=WRONG_WALKS,
)
def check_unroll(student, rng):
    X, state, params = rng.normal(size=(4, 6, 3)), draw_pair(rng, 4, 5), draw_params(rng, 3, 5)
    yield "all steps count", student.call("unroll", X, state, params)
    few, state_of_few = rng.normal(size=(2, 4, 3)), draw_pair(rng, 2, 5)  # a gradient of NumPy takes its time
    weights = rng.normal(size=(2, 4, 5)), (rng.normal(size=(2, 5)), rng.normal(size=(2, 5)))
    yield "the gradient", student.gradient("unroll", few, state_of_few, params, wrt=1, weights=weights)
    lengths = rng.permutation([1, 3, 4, 6])
    yield "a padded batch", student.call("unroll", X, state, params, lengths)


@question(
    {"equally long": 3, "a padded batch": 4},
    reference=next_letter,
    explained="chapter 04, “From scratch: parameters”, “The framework's layer” and, in the bug museum, “The wrong half "
    "of the pair”",
    forbids=READY_MADE,
    needs=("lstm_step", "unroll"),
    wrong=WRONG_READING,
)
def check_next_letter(student, rng):
    params = draw_params(rng, 7, 5, 7)
    yield "equally long", student.call("next_letter", rng.integers(7, size=(3, 4)), np.full(3, 4), params)
    ids, lengths = rng.integers(7, size=(4, 6)), rng.permutation([2, 3, 5, 6])
    yield "a padded batch", student.call("next_letter", ids, lengths, params)


def draw_stacked(rng, d, h, biases):
    weights = draw_normal(rng, {"W_x": (d, 4 * h), "W_h": (h, 4 * h)})
    return weights | {"biases": [rng.normal(size=4 * h) for _ in range(biases)]}


@question(
    {"one bias": 2, "two biases": 2, "another order": 3},
    reference=canonical,
    explained="chapter 04, “In which order do the gates stand?”, and for two biases “All implementations side by side”",
    forbids=READY_MADE_WEIGHTS,
    wrong=WRONG_BLOCKS,
)
def check_canonical(student, rng):
    yield "one bias", student.call("canonical", draw_stacked(rng, 4, 3, 1), "ifco")
    yield "two biases", student.call("canonical", draw_stacked(rng, 3, 5, 2), "ifco")
    yield "another order", student.call("canonical", draw_stacked(rng, 5, 2, 2), "iofc")


@question(
    {"one bias": 2, "two biases": 2},
    reference=num_parameters,
    explained="chapter 04, “From scratch: parameters”, and for two biases “All implementations side by side”",
    wrong=WRONG_SIZES,
)
def check_num_parameters(student, rng):
    for part, biases in (("one bias", 1), ("two biases", 2)):
        for sizes in ([3, 5, 2], rng.choice(np.arange(3, 12), size=3, replace=False).tolist()):
            yield part, student.call("num_parameters", *sizes, biases)


@question(
    {"one bias": 4, "two biases": 3},
    reference=remember,
    explained="chapter 04, “The question: how do you keep a thing for 200 steps?” and “How open is the forget gate at "
    "first?”",
    wrong=WRONG_BIASES,
)
def check_remember(student, rng):
    for part, number, order, h in (("one bias", 1, "ifco", 3), ("two biases", 2, "iofc", 5)):
        share, steps = float(rng.uniform(0.45, 0.8)), int(rng.integers(6, 30))
        yield part, student.call("remember", [rng.normal(size=4 * h) for _ in range(number)], order, share, steps)
