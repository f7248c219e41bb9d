"""A layer's weights taken apart, counted, and its forget gate opened; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong


def canonical(stacked, order):
    h, params = len(stacked["W_h"]), {}
    for place, gate in enumerate(order):
        block = slice(place * h, (place + 1) * h)
        params[f"W_x{gate}"] = stacked["W_x"][:, block]  # (d, h)
        params[f"W_h{gate}"] = stacked["W_h"][:, block]  # (h, h)
        params[f"b_{gate}"] = sum(stacked["biases"])[block]  # (h,)
    return params


def num_parameters(d, h, q, biases):
    block = d * h + h * h + biases * h  # a gate's or the candidate's
    return 4 * block + 3 * h + h * q + q


def remember(biases, order, share, steps):
    gate = share ** (1 / steps)  # the share that is left after one step
    value = np.log(gate / (1 - gate))  # sigmoid(value) = gate
    forget = np.repeat([name == "f" for name in order], len(biases[0]) // 4)  # (4h,)
    first, *others = biases  # (4h,) each
    return [np.where(forget, value, first)] + [np.where(forget, 0, bias) for bias in others]


IN_ORDER, BIAS = "enumerate(order)", 'sum(stacked["biases"])'
GATE, VALUE = "share ** (1 / steps)", "np.log(gate / (1 - gate))"

# fmt: off
WRONG_BLOCKS = [
    Wrong("frameworks_order_always", {IN_ORDER: 'enumerate("ifco")'},
          "The blocks are taken in the layer's order whatever order says."),
    Wrong("books_order_always", {IN_ORDER: 'enumerate("ifoc")'},
          "The blocks are taken in the order of the books, whatever order says. No shape complains."),
    Wrong("order_reversed", {IN_ORDER: "enumerate(order[::-1])"}, "The blocks are named from the last to the first."),
    Wrong("o_and_c_exchanged", {IN_ORDER: 'enumerate(order.translate(str.maketrans("oc", "co")))'},
          "The output gate and the candidate have changed places."),
    Wrong("i_and_f_exchanged", {IN_ORDER: 'enumerate(order.translate(str.maketrans("if", "fi")))'},
          "The input gate and the forget gate have changed places."),
    Wrong("first_bias_only", {BIAS: 'stacked["biases"][0]'},
          "Where the layer has two biases, the second is lost.", keeps=0.5),
    Wrong("last_bias_only", {BIAS: 'stacked["biases"][-1]'},
          "Where the layer has two biases, the first is lost.", keeps=0.5),
    Wrong("mean_of_the_biases", {BIAS: 'np.mean(stacked["biases"], axis=0)'},
          "Where the layer has two biases, you took their mean. What does the layer do with the two?", keeps=0.5),
    Wrong("forget_bias_added", {"return params": 'return params | {"b_f": params["b_f"] + 1}'},
          "The forget gate's bias is too large by 1. Where a layer starts it at 1, that is in the weights already.",
          keeps=0.5),
    Wrong("every_fourth_column", {"slice(place * h, (place + 1) * h)": "slice(place, None, 4)"},
          "You took every fourth column. A gate's columns lie side by side, in a block as wide as the state."),
    Wrong("blocks_as_wide_as_the_input", {'len(stacked["W_h"])': 'len(stacked["W_x"])'},
          "The blocks are as wide as the input, d columns. How many columns has each gate?"),
    Wrong("recurrent_weights_transposed", {'["W_h"][:, block]': '["W_h"][:, block].T'},
          "The recurrent matrices are transposed. They are square, so no shape complains.", keeps=0.5),
]
WRONG_SIZES = [
    Wrong("three_blocks", {"4 * block": "3 * block"},
          "Three gates have been counted, or it is a GRU. What else has weights in an LSTM?"),
    Wrong("one_block", {"4 * block": "block"}, "This is as many as a plain RNN has."),
    Wrong("five_blocks", {"4 * block": "5 * block"},
          "Five blocks have been counted. The memory itself has no weights: it is made of what the others compute."),
    Wrong("no_peepholes", {" + 3 * h": ""}, "The peepholes are missing.", keeps=0.5),
    Wrong("peephole_matrices", {"3 * h +": "3 * h * h +"},
          "The peepholes are counted as matrices. Each unit looks at its own memory only.", keeps=0.5),
    Wrong("four_peepholes", {"3 * h +": "4 * h +"},
          "One peephole too many: the candidate has none.", keeps=0.5),
    Wrong("output_layer_reads_both", {"h * q": "2 * h * q"},
          "The output layer is counted as though it read the memory as well.", keeps=0.5),
    Wrong("no_output_layer", {" + h * q + q": ""}, "The output layer is missing.", keeps=0.5),
    Wrong("no_output_bias", {"h * q + q": "h * q"}, "The output layer's bias is missing.", keeps=0.75),
    Wrong("no_biases_at_all", {" + biases * h": "", "h * q + q": "h * q"},
          "Only matrices have been counted. Biases are parameters too.", keeps=0.25),
    Wrong("one_bias_always", {"biases * h": "1 * h"}, "Each gate is counted with one bias, whatever biases says."),
    Wrong("two_biases_always", {"biases * h": "2 * h"}, "Each gate is counted with two biases, whatever biases says."),
    Wrong("biases_of_the_output_layer", {"h * q + q": "h * q + biases * q"},
          "The output layer has as many biases as you gave the gates. It has one.", keeps=0.5),
    Wrong("biases_of_the_peepholes", {"3 * h +": "3 * h * biases +"},
          "The peepholes are counted once for each bias. They are there once.", keeps=0.5),
    Wrong("biases_not_per_gate", {" + biases * h": "", "4 * block": "4 * block + biases * h"},
          "The biases are counted once for the whole layer. Each gate has its own, and so has the candidate.",
          keeps=0.5),
    Wrong("biases_as_numbers", {"biases * h": "biases"},
          "A bias is counted as one number. There is one for every unit.", keeps=0.5),
    Wrong("recurrent_weights_missing", {" + h * h": ""}, "The matrices that read the hidden state are missing."),
]
WRONG_BIASES = [
    Wrong("the_gate_itself", {VALUE: "gate"},
          "This is what the gate should be. A bias stands inside the sigmoid.", keeps=0.5),
    Wrong("sigmoid_of_the_gate", {VALUE: "1 / (1 + np.exp(-gate))"},
          "You put the gate through the sigmoid once more. The way from a gate to its bias is back.", keeps=0.25),
    Wrong("steps_ignored", {GATE: "share"},
          "With this bias the share is left after one step: steps has no effect.", keeps=0.25),
    Wrong("share_by_steps", {GATE: "1 - (1 - share) / steps"},
          "Each step is to lose the same amount. But it loses a share of what is still there: shares multiply.",
          keeps=0.5),
    Wrong("share_over_steps", {GATE: "share / steps"},
          "The share is divided by the steps. Each step keeps a share of what the step before has kept: shares "
          "multiply.", keeps=0.5),
    Wrong("logarithm_of_the_steps", {VALUE: "np.log(steps)"},
          "This is log T, which leaves about a third after T steps, whatever share says.", keeps=0.5),
    Wrong("the_share_that_goes", {VALUE: "-np.log(gate / (1 - gate))"},
          "The sign is wrong: with this bias the gate is shut. F is the share that stays.", keeps=0.25),
    Wrong("logarithm_of_the_gate", {VALUE: "np.log(gate)"},
          "This is the logarithm of what the gate should be. The gate is a sigmoid and not exp.", keeps=0.25),
    Wrong("always_one", {VALUE: "1.0"}, "The bias is 1, the habit. What would be left after so many steps?"),
    Wrong("another_gate", {'name == "f"': 'name == "i"'},
          "The input gate's block is set, not the forget gate's.", keeps=0.25),
    Wrong("second_block_always", {"in order": 'in "ifco"'},
          "The second block is set, wherever the forget gate stands: see order."),
    Wrong("every_block", {'name == "f"': "True"},
          "The biases of all gates and of the candidate are set. Only the forget gate's should change.", keeps=0.25),
    Wrong("both_biases_in_full", {"forget, 0, bias": "forget, value, bias"},
          "Where there are two biases, both have the whole value. The layer adds them up."),
    Wrong("a_half_each", {"value, first": "value / 2, first", "0, bias": "value / 2, bias"},
          "Half of the value is in the first bias. Where there are two that works as well, but the text asks for "
          "another way.", keeps=0.5),
    Wrong("second_bias_left", {"np.where(forget, 0, bias) for": "bias for"},
          "Where there are two biases, the second is as it was drawn, and it is added to the value."),
    Wrong("added_not_set", {"value, first": "first + value, first", "0, bias": "bias, bias"},
          "The value is added to what was there before. The forget gate's bias should be the value."),
]
