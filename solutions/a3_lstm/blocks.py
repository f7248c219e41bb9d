"""A layer's weights taken apart, counted, and its forget gate opened; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong

from .steps import sigmoid, transposed

# ---- the weights under the names of the course ----


def total(biases):
    return sum(biases)  # (4h,)


def unstack(stacked, order, bias=total, width=None):
    """The weights in parts: what one bias is made of the layer's, and how wide a block is."""
    h, found = width or len(stacked["W_h"]), {}
    wide = stacked | {"b": bias(stacked["biases"])}
    for place, gate in enumerate(order):
        block = slice(place * h, (place + 1) * h)
        found |= {f"{name}{gate}": wide[key][..., block] for name, key in (("W_x", "W_x"), ("W_h", "W_h"), ("b_", "b"))}
    return found


def canonical(stacked, order):
    return unstack(stacked, order)


def in_order(change):
    return lambda stacked, order: unstack(stacked, change(order))


def with_bias(bias):
    return lambda stacked, order: unstack(stacked, order, bias)


def strided(stacked, order):
    """Every fourth column instead of blocks of h columns."""
    h = len(stacked["W_h"])
    columns = np.arange(4 * h).reshape(h, 4).T.ravel()
    cut = {name: stacked[name][:, columns] for name in ("W_x", "W_h")}
    return unstack(cut | {"biases": [bias[columns] for bias in stacked["biases"]]}, order)


WRONG_BLOCKS = [
    Wrong(
        "frameworks_order_always",
        in_order(lambda order: "ifco"),
        "The blocks are taken in the frameworks' order whatever order says.",
    ),
    Wrong(
        "books_order_always",
        in_order(lambda order: "ifoc"),
        "The blocks are taken in the order of the books, whatever order says. No shape complains.",
    ),
    Wrong(
        "order_reversed",
        in_order(lambda order: order[::-1]),
        "The blocks are named from the last to the first.",
    ),
    Wrong(
        "o_and_c_exchanged",
        in_order(lambda order: order.translate(str.maketrans("oc", "co"))),
        "The output gate and the candidate have changed places.",
    ),
    Wrong(
        "i_and_f_exchanged",
        in_order(lambda order: order.translate(str.maketrans("if", "fi"))),
        "The input gate and the forget gate have changed places.",
    ),
    Wrong(
        "first_bias_only",
        with_bias(lambda biases: biases[0]),
        "Where the layer has two biases, the second is lost.",
        keeps=0.5,
    ),
    Wrong(
        "last_bias_only",
        with_bias(lambda biases: biases[-1]),
        "Where the layer has two biases, the first is lost.",
        keeps=0.5,
    ),
    Wrong(
        "mean_of_the_biases",
        with_bias(lambda biases: np.mean(biases, axis=0)),
        "Where the layer has two biases, you took their mean. What does the layer do with the two?",
        keeps=0.5,
    ),
    Wrong(
        "forget_bias_added",
        lambda stacked, order: (lambda found: found | {"b_f": found["b_f"] + 1})(unstack(stacked, order)),
        "The forget gate's bias is too large by 1. Where a layer starts it at 1, that is in the weights already.",
        keeps=0.5,
    ),
    Wrong(
        "every_fourth_column",
        strided,
        "You took every fourth column. A gate's columns lie side by side, in a block as wide as the state.",
    ),
    Wrong(
        "blocks_as_wide_as_the_input",
        lambda stacked, order: unstack(stacked, order, width=len(stacked["W_x"])),
        "The blocks are as wide as the input, d columns. How many columns has each gate?",
    ),
    Wrong(
        "recurrent_weights_transposed",
        lambda stacked, order: transposed(canonical(stacked, order)),
        "The recurrent matrices are transposed. They are square, so no shape complains.",
        keeps=0.5,
    ),
]

# ---- how many numbers ----


def size(d, h, q, biases, blocks=4, shown=1, output_bias=1, recurrent=None):
    """All weights: the blocks with their biases, and an output layer that is shown so many states."""
    block = d * h + h * h + biases * h
    return blocks * block + shown * h * q + output_bias * q


def num_parameters(d, h, q, biases):
    return size(d, h, q, biases)


WRONG_SIZES = [
    Wrong(
        "three_blocks",
        lambda d, h, q, biases: size(d, h, q, biases, blocks=3),
        "Three gates have been counted, or it is a GRU. What else has weights in an LSTM?",
    ),
    Wrong(
        "one_block",
        lambda d, h, q, biases: size(d, h, q, biases, blocks=1),
        "This is as many as a plain RNN has.",
    ),
    Wrong(
        "five_blocks",
        lambda d, h, q, biases: size(d, h, q, biases, blocks=5),
        "Five blocks have been counted. The memory itself has no weights: it is made of what the others compute.",
    ),
    Wrong(
        "output_layer_reads_both",
        lambda d, h, q, biases: size(d, h, q, biases, shown=2),
        "The output layer is counted as though it read the memory as well.",
        keeps=0.5,
    ),
    Wrong(
        "no_output_layer",
        lambda d, h, q, biases: size(d, h, q, biases, shown=0, output_bias=0),
        "The output layer is missing.",
        keeps=0.5,
    ),
    Wrong(
        "no_output_bias",
        lambda d, h, q, biases: size(d, h, q, biases, output_bias=0),
        "The output layer's bias is missing.",
        keeps=0.75,
    ),
    Wrong(
        "no_biases_at_all",
        lambda d, h, q, biases: size(d, h, q, 0, output_bias=0),
        "Only matrices have been counted. Biases are parameters too.",
        keeps=0.25,
    ),
    Wrong(
        "one_bias_always",
        lambda d, h, q, biases: size(d, h, q, 1),
        "Each gate is counted with one bias, whatever biases says.",
    ),
    Wrong(
        "two_biases_always",
        lambda d, h, q, biases: size(d, h, q, 2),
        "Each gate is counted with two biases, whatever biases says.",
    ),
    Wrong(
        "biases_not_per_gate",
        lambda d, h, q, biases: size(d, h, q, 0) + biases * h,
        "The biases are counted once for the whole layer. Each gate has its own, and so has the candidate.",
        keeps=0.5,
    ),
    Wrong(
        "biases_as_numbers",
        lambda d, h, q, biases: size(d, h, q, 0) + 4 * biases,
        "A bias is counted as one number. There is one for every unit.",
        keeps=0.5,
    ),
    Wrong(
        "recurrent_weights_missing",
        lambda d, h, q, biases: size(d, h, q, biases) - 4 * h * h,
        "The matrices that read the hidden state are missing.",
    ),
]

# ---- a forget gate that remembers ----


def logit(share):
    return np.log(share / (1 - share))


def bias_for(share, steps):
    return logit(share ** (1 / steps))


def spread(biases, order, value, gate="f", first=1.0, other=0.0):
    """Biases whose block of one gate is set: the first to `first` times the value, a second one to `other` times."""
    h = len(biases[0]) // 4
    block = np.repeat([each == gate for each in order], h)  # (4h,)
    factors = [first, *[other] * (len(biases) - 1)]
    return [
        bias if factor is None else np.where(block, factor * value, bias)
        for bias, factor in zip(biases, factors, strict=True)
    ]


def remember(biases, order, share, steps):
    return spread(biases, order, bias_for(share, steps))


def setting(value=bias_for, **places):
    return lambda biases, order, share, steps: spread(biases, order, value(share, steps), **places)


def added(biases, order, share, steps):
    new = spread([0 * bias for bias in biases], order, bias_for(share, steps))
    return [bias + more for bias, more in zip(biases, new, strict=True)]


WRONG_BIASES = [
    Wrong(
        "the_gate_itself",
        setting(lambda share, steps: share ** (1 / steps)),
        "This is what the gate should be. A bias stands inside the sigmoid.",
        keeps=0.5,
    ),
    Wrong(
        "sigmoid_of_the_gate",
        setting(lambda share, steps: sigmoid(share ** (1 / steps))),
        "You put the gate through the sigmoid once more. The way from a gate to its bias is back.",
        keeps=0.25,
    ),
    Wrong(
        "steps_ignored",
        setting(lambda share, steps: logit(share)),
        "With this bias the share is left after one step: steps has no effect.",
        keeps=0.25,
    ),
    Wrong(
        "share_by_steps",
        setting(lambda share, steps: logit(1 - (1 - share) / steps)),
        "Each step is to lose the same amount. But it loses a share of what is still there: shares multiply.",
        keeps=0.5,
    ),
    Wrong(
        "logarithm_of_the_steps",
        setting(lambda share, steps: np.log(steps)),
        "This is log T, which leaves about a third after T steps, whatever share says.",
        keeps=0.5,
    ),
    Wrong(
        "the_share_that_goes",
        setting(lambda share, steps: -bias_for(share, steps)),
        "The sign is wrong: with this bias the gate is shut. F is the share that stays.",
        keeps=0.25,
    ),
    Wrong(
        "logarithm_of_the_gate",
        setting(lambda share, steps: np.log(share) / steps),
        "This is the logarithm of what the gate should be. The gate is a sigmoid and not exp.",
        keeps=0.25,
    ),
    Wrong(
        "always_one",
        setting(lambda share, steps: 1.0),
        "The bias is 1, the habit. What would be left after so many steps?",
    ),
    Wrong(
        "another_gate",
        setting(gate="i"),
        "The input gate's block is set, not the forget gate's.",
        keeps=0.25,
    ),
    Wrong(
        "second_block_always",
        lambda biases, order, share, steps: spread(biases, "ifco", bias_for(share, steps)),
        "The second block is set, wherever the forget gate stands: see order.",
    ),
    Wrong(
        "every_block",
        lambda biases, order, share, steps: spread(biases, "ffff", bias_for(share, steps)),
        "The biases of all gates and of the candidate are set. Only the forget gate's should change.",
        keeps=0.25,
    ),
    Wrong(
        "both_biases_in_full",
        setting(other=1.0),
        "Where there are two biases, both have the whole value. The layer adds them up.",
    ),
    Wrong(
        "a_half_each",
        setting(first=0.5, other=0.5),
        "Half of the value is in the first bias. Where there are two that works as well, but the text asks for another "
        "way.",
        keeps=0.5,
    ),
    Wrong(
        "second_bias_left",
        setting(other=None),
        "Where there are two biases, the second is as it was drawn, and it is added to the value.",
    ),
    Wrong(
        "added_not_set",
        added,
        "The value is added to what was there before. The forget gate's bias should be the value.",
    ),
]
