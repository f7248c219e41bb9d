"""One recurrent layer, and stacks of them with dropout between; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong, mutant


def rnn_layer(X, H, params):
    """The layer that the notebook gives: all states (n, T, h) and the last one (n, h)."""
    states = []
    for t in range(X.shape[1]):
        H = np.tanh(X[:, t] @ params["W_xh"] + H @ params["W_hh"] + params["b_h"])  # (n, h)
        states.append(H)
    return np.stack(states, axis=1), H


def deep(X, states, layers):
    inputs, last = X, []  # (n, T, d)
    for H, params in zip(states, layers, strict=True):
        inputs, H = rnn_layer(inputs, H, params)  # (n, T, h), (n, h): what goes up, what is left on the right
        last.append(H)
    return inputs, last


def deep_dropout(X, states, layers, masks, p):
    inputs, last = X, []  # (n, T, d)
    for i, (H, params) in enumerate(zip(states, layers, strict=True)):
        if i > 0 and masks is not None:
            inputs = inputs * masks[i - 1] / (1 - p)  # (n, T, h)
        inputs, H = rnn_layer(inputs, H, params)  # (n, T, h), (n, h)
        last.append(H)
    return inputs, last


ALL_STATES = "np.stack(states, axis=1)"
skipping_layer = mutant(rnn_layer, {ALL_STATES: f"{ALL_STATES} + X"})
last_step_layer = mutant(rnn_layer, {ALL_STATES: "np.stack([H] * len(states), axis=1)"})
cut_layer = mutant(rnn_layer, {ALL_STATES: f"{ALL_STATES}.real"})

READ, RETURNED, MASK = "inputs, H, params", "return inputs, last", "masks[i - 1]"
TOP_DROPPED = "return (inputs if masks is None else inputs * masks[-1] / (1 - p)), last"

# fmt: off
WRONG_STACKS = [
    Wrong("every_layer_reads_the_input", {READ: "X, H, params"},
          "Every layer reads X. A layer reads what the layer below it says."),
    Wrong("lowest_outputs", {RETURNED: "return rnn_layer(X, states[0], layers[0])[0], last"},
          "The outputs are those of the lowest layer. What comes out of a stack comes from its top.", keeps=0.25),
    Wrong("one_set_of_weights", {READ: "inputs, H, layers[0]"},
          "All layers have the weights of the lowest one: that is one layer, used again and again.", keeps=0.25),
    Wrong("one_state_for_all", {READ: "inputs, states[0], params"},
          "All layers start from the lowest layer's state. Each has one of its own.", keeps=0.5),
    Wrong("starts_from_zeros", {READ: "inputs, np.zeros_like(H), params"},
          "The layers start from zeros and not from the states that they are given.", keeps=0.5),
    Wrong("state_handed_up", {READ: "inputs, last[-1] if last else H, params"},
          "An upper layer starts from the last state of the layer below. States go to the right, outputs go up.",
          keeps=0.25),
    Wrong("last_step_handed_up", {"rnn_layer": "last_step_layer"},
          "What goes up is the last state, the same at every step. A layer hands up all its steps.", keeps=0.25),
    Wrong("skip_connections", {"rnn_layer": "skipping_layer"},
          "Each layer adds its inputs to its outputs. That is a skip connection, and was not asked for.", keeps=0.5),
    Wrong("from_the_top",
          {"states, layers, strict": "states[::-1], layers[::-1], strict", RETURNED: f"{RETURNED}[::-1]"},
          "The stack is built from the top: the last layer of the list reads X. The lowest comes first.", keeps=0.25),
    Wrong("states_from_the_top", {RETURNED: f"{RETURNED}[::-1]"},
          "The last states are in the order from the top to the bottom. The lowest comes first.", keeps=0.5),
    Wrong("states_as_they_were", {RETURNED: "return inputs, states"},
          "The states returned are those that came in. They should be the ones after the last step.", keeps=0.5),
    Wrong("cut_between_layers", {"rnn_layer": "cut_layer"},
          "The numbers are right, but no gradient comes down from one layer to the next: something is cut off between "
          "them.", keeps=0.25),
    Wrong("no_gradient", {RETURNED: "return inputs.real, [H.real for H in last]"},
          "The numbers are right, but no gradient comes back at all: somewhere the way leads through NumPy, or the "
          "result is cut off."),
]
WRONG_DROPOUT = [
    Wrong("no_dropout", {"masks is not None": "False"}, "Nothing is dropped: the masks have no effect."),
    Wrong("not_scaled", {" / (1 - p)": ""},
          "The zeros are in the right places, but the others are not scaled up, so the layer above hears less than "
          "without dropout.", keeps=0.5),
    Wrong("scaled_down", {"/ (1 - p)": "* (1 - p)"},
          "What is kept is made smaller. It should make up for what is dropped.", keeps=0.5),
    Wrong("divided_by_p", {"/ (1 - p)": "/ p"},
          "What is kept is divided by the share that is dropped. On average the sum should stay as it was.", keeps=0.5),
    Wrong("mask_inverted", {MASK: f"(1 - {MASK})"},
          "The mask is the wrong way round: where it is 1 the number is kept.", keeps=0.5),
    Wrong("shrunk_in_evaluation", {" and masks is not None": "",
                                   f"{MASK} / (1 - p)": f"((1 - p) if masks is None else {MASK})"},
          "Training does not scale, and evaluation shrinks instead. Here training scales up, so evaluation has nothing "
          "to do.", keeps=0.5),
    Wrong("scaled_in_evaluation_too", {" and masks is not None": "", MASK: f"(1 if masks is None else {MASK})"},
          "Without masks the numbers are scaled up as well, though nothing was dropped.", keeps=0.5),
    Wrong("inputs_of_each_layer", {"i > 0 and masks is not None": "masks is not None and i < len(masks)",
                                   MASK: "masks[i]"},
          "X loses some, and the top layer's inputs do not: the masks are one arrow too low.", keeps=0.25),
    Wrong("outputs_of_each_layer", {"i > 0": "i > 1", MASK: "masks[i - 2]", RETURNED: TOP_DROPPED},
          "The outputs of the stack lose some, and those of the lowest layer do not: the masks are one arrow too high.",
          keeps=0.25),
    Wrong("after_the_top_too", {RETURNED: TOP_DROPPED},
          "The outputs of the top layer lose some as well. Only what goes from a layer to a layer should.", keeps=0.5),
    Wrong("states_lose_some",
          {"append(H)": "append(H if masks is None or i == len(masks) else H * masks[i][:, -1] / (1 - p))"},
          "The last states have lost some, too: perhaps they were taken from what had gone through the mask. What goes "
          "to the right is left alone.", keeps=0.5),
    Wrong("first_mask_for_all", {MASK: "masks[0]"},
          "All gaps have the first mask. Each gap has one of its own.", keeps=0.5),
    Wrong("masks_from_the_top", {MASK: "masks[-i]"},
          "The masks are used from the top to the bottom. The lowest gap has the first one.", keeps=0.5),
    Wrong("same_zeros_at_every_step", {MASK: f"{MASK}[:, :1]"},
          "The zeros of the first step are used at all steps.", keeps=0.5),
]
WRONG_DROPOUT += [
    Wrong(f"stack_with_{each.id}", each.of(deep_dropout),
          "The dropout is right, the stack around it is not: see what the check of deep says.", keeps=0.75)
    for each in WRONG_STACKS
    if each.id not in ("lowest_outputs", "from_the_top", "cut_between_layers", "no_gradient")
]
