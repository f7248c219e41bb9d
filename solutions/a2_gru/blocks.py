"""The weights of a layer, taken apart rightly and wrongly."""

import numpy as np

from course_utils.assignments import Wrong

from ..shared import transposed


def canonical(stacked, order):
    return unstack(stacked, order)


def unstack(stacked, order, bias=lambda b_x, b_h: b_x + b_h, candidate=lambda b_x, b_h: (b_x, b_h)):
    """The weights in parts; `bias` and `candidate` say what becomes of a gate's and of the candidate's two biases."""
    found = {}
    for place, name in enumerate(order):
        h = stacked["W_h"].shape[0]
        W_x, W_h, b_x, b_h = (stacked[key][..., place * h : (place + 1) * h] for key in ("W_x", "W_h", "b_x", "b_h"))
        found |= {f"W_x{name}": W_x, f"W_h{name}": W_h}
        if name == "h":
            found["b_h"], found["b_hh"] = candidate(b_x, b_h)
        else:
            found[f"b_{name}"] = bias(b_x, b_h)
    return found


def strided(stacked, order):
    """Every third column instead of blocks of h columns."""
    h = stacked["W_h"].shape[0]
    columns = np.arange(3 * h).reshape(h, 3).T.ravel()
    return unstack({name: value[..., columns] for name, value in stacked.items()}, order)


WRONG_BLOCKS = [
    Wrong(
        "order_ignored",
        lambda stacked, order: unstack(stacked, "zrh"),
        "The blocks are taken in Keras' order whatever order says.",
    ),
    Wrong(
        "order_reversed",
        lambda stacked, order: unstack(stacked, order[::-1]),
        "The blocks are named from the last to the first.",
    ),
    Wrong(
        "first_bias_only",
        lambda stacked, order: unstack(stacked, order, bias=lambda b_x, b_h: b_x),
        "A gate has one bias here, and the layer has two: the second is lost.",
        keeps=0.5,
    ),
    Wrong(
        "second_bias_only",
        lambda stacked, order: unstack(stacked, order, bias=lambda b_x, b_h: b_h),
        "A gate has one bias here, and the layer has two: the first is lost.",
        keeps=0.5,
    ),
    Wrong(
        "mean_of_the_biases",
        lambda stacked, order: unstack(stacked, order, bias=lambda b_x, b_h: (b_x + b_h) / 2),
        "The gates' biases are the mean of the layer's two. What does the layer do with the two?",
        keeps=0.5,
    ),
    Wrong(
        "inner_bias_merged",
        lambda stacked, order: unstack(stacked, order, candidate=lambda b_x, b_h: (b_x + b_h, 0 * b_h)),
        "The candidate's two biases are one now. But one of them stands inside the reset: they must stay apart.",
        keeps=0.5,
    ),
    Wrong(
        "inner_bias_counted_twice",
        lambda stacked, order: unstack(stacked, order, candidate=lambda b_x, b_h: (b_x + b_h, b_h)),
        "The bias inside the reset is counted twice: it is in b_h as well.",
        keeps=0.5,
    ),
    Wrong(
        "inner_bias_exchanged",
        lambda stacked, order: unstack(stacked, order, candidate=lambda b_x, b_h: (b_h, b_x)),
        "b_h and b_hh have changed places. Which of them stands beside the input, and which inside the reset?",
        keeps=0.5,
    ),
    Wrong(
        "every_third_column",
        strided,
        "You took every third column. A gate's columns lie side by side, in a block as wide as the state.",
    ),
    Wrong(
        "recurrent_weights_transposed",
        lambda stacked, order: transposed(canonical(stacked, order)),
        "The recurrent matrices are transposed. They are square, so no shape complains.",
        keeps=0.5,
    ),
]
