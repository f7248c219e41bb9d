"""The weights of a layer, taken apart rightly and wrongly."""

from course_utils.assignments import Wrong


def canonical(stacked, order):
    h, found = len(stacked["W_h"]), {}
    for place, name in enumerate(order):
        block = slice(place * h, (place + 1) * h)
        W_x, W_h, b_x, b_h = (stacked[key][..., block] for key in ("W_x", "W_h", "b_x", "b_h"))  # (…, h) each
        found |= {f"W_x{name}": W_x, f"W_h{name}": W_h}
        found |= {"b_h": b_x, "b_hh": b_h} if name == "h" else {f"b_{name}": b_x + b_h}
    return found


CANDIDATE = '"b_h": b_x, "b_hh": b_h'

# fmt: off
WRONG_BLOCKS = [
    Wrong("order_ignored", {"enumerate(order)": 'enumerate("zrh")'},
          "The blocks are taken in the order zrh whatever order says."),
    Wrong("order_reversed", {"enumerate(order)": "enumerate(order[::-1])"},
          "The blocks are named from the last to the first."),
    Wrong("first_bias_only", {"b_x + b_h": "b_x"},
          "A gate has one bias here, and the layer has two: the second is lost.", keeps=0.5),
    Wrong("second_bias_only", {"b_x + b_h": "b_h"},
          "A gate has one bias here, and the layer has two: the first is lost.", keeps=0.5),
    Wrong("mean_of_the_biases", {"b_x + b_h": "(b_x + b_h) / 2"},
          "The gates' biases are the mean of the layer's two. What does the layer do with the two?", keeps=0.5),
    Wrong("inner_bias_merged", {CANDIDATE: '"b_h": b_x + b_h, "b_hh": 0 * b_h'},
          "The candidate's two biases are one now. But one of them stands inside the reset: they must stay apart.",
          keeps=0.5),
    Wrong("inner_bias_counted_twice", {CANDIDATE: '"b_h": b_x + b_h, "b_hh": b_h'},
          "The bias inside the reset is counted twice: it is in b_h as well.", keeps=0.5),
    Wrong("inner_bias_exchanged", {CANDIDATE: '"b_h": b_h, "b_hh": b_x'},
          "b_h and b_hh have changed places. Which of them stands beside the input, and which inside the reset?",
          keeps=0.5),
    Wrong("every_third_column", {"slice(place * h, (place + 1) * h)": "slice(place, None, 3)"},
          "You took every third column. A gate's columns lie side by side, in a block as wide as the state."),
    Wrong("recurrent_weights_transposed", {": W_h}": ": W_h.T}"},
          "The recurrent matrices are transposed. They are square, so no shape complains.", keeps=0.5),
]
