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
    said, last = [], []
    for H, params in zip(states, layers, strict=True):
        below = said[-1] if said else None  # (n, T, h)
        inputs = X if below is None else np.concatenate([below, X], axis=-1)  # (n, T, d), or (n, T, h + d)
        outputs, H = rnn_layer(inputs, H, params)  # (n, T, h), (n, h)
        said.append(outputs)
        last.append(H)
    return np.concatenate(said, axis=-1), last


def deep_dropout(X, states, layers, masks, p):
    said, last = [], []
    for i, (H, params) in enumerate(zip(states, layers, strict=True)):
        below = said[-1] if said else None  # (n, T, h)
        if said and masks is not None:
            below = below * masks[i - 1] / (1 - p)  # (n, T, h): what goes up, and that alone
        inputs = X if below is None else np.concatenate([below, X], axis=-1)  # (n, T, d), or (n, T, h + d)
        outputs, H = rnn_layer(inputs, H, params)  # (n, T, h), (n, h)
        said.append(outputs)
        last.append(H)
    return np.concatenate(said, axis=-1), last


ALL_STATES = "np.stack(states, axis=1)"
cut_layer = mutant(rnn_layer, {ALL_STATES: f"{ALL_STATES}.real"})
last_step_layer = mutant(rnn_layer, {ALL_STATES: "np.stack([H] * len(states), axis=1)"})

BELOW, BESIDE, READ = "said[-1] if said else None", "[below, X]", "inputs, H, params"
OUTPUTS, RETURNED, KEPT = "np.concatenate(said, axis=-1)", "np.concatenate(said, axis=-1), last", "said.append(outputs)"
MASK, DROPPED = "masks[i - 1]", "masks[i - 1] / (1 - p)"
TOP = "said[-1] * masks[-1] / (1 - p)"
TOP_DROPPED = f"np.concatenate(said if masks is None else [*said[:-1], {TOP}], axis=-1)"
LOWER = "*(each * mask / (1 - p) for each, mask in zip(said[:-1], masks, strict=True))"
LOWER_DROPPED = f"np.concatenate(said if masks is None else [{LOWER}, said[-1]], axis=-1)"

# fmt: off
WRONG_STACKS = [
    Wrong("input_twice", {BESIDE: "[X, X]"},
          "An upper layer reads X twice, and nothing of the layer below it."),
    Wrong("input_in_front", {BESIDE: "[X, below]"},
          "X stands in front of what the layer below says. Every shape fits here, but the weights are those for the "
          "other order.", keeps=0.5),
    Wrong("all_read_the_lowest", {BELOW: "said[0] if said else None"},
          "All upper layers read what the lowest one says. Each reads the one right below it.", keeps=0.5),
    Wrong("outputs_from_the_top", {OUTPUTS: "np.concatenate(said[::-1], axis=-1)"},
          "What comes out is in the order from the top to the bottom. The lowest layer comes first.", keeps=0.5),
    Wrong("two_layers_only", {"zip(states, layers, strict": "zip(states[:2], layers[:2], strict"},
          "There are two layers, however many are given.", keeps=0.25),
    Wrong("upper_layers_alike", {"layers, strict": "layers[:1] + layers[1:2] * (len(layers) - 1), strict"},
          "All upper layers have the weights of the second one. Each has weights of its own.", keeps=0.25),
    Wrong("one_state_for_all", {READ: "inputs, states[0], params"},
          "All layers start from the lowest layer's state. Each has one of its own.", keeps=0.5),
    Wrong("starts_from_zeros", {READ: "inputs, np.zeros_like(H), params"},
          "The layers start from zeros and not from the states that they are given.", keeps=0.5),
    Wrong("state_handed_up", {READ: "inputs, last[-1] if last else H, params"},
          "An upper layer starts from the last state of the layer below. States go to the right, outputs go up.",
          keeps=0.25),
    Wrong("last_step_handed_up", {"rnn_layer": "last_step_layer"},
          "What goes up is the last state, the same at every step. A layer hands up all its steps.", keeps=0.25),
    Wrong("skip_connections", {KEPT: "said.append(outputs if below is None else outputs + below)"},
          "Each layer adds what the layer below says to its own. That is a skip connection of chapter 05; here things "
          "stand side by side.", keeps=0.5),
    Wrong("states_from_the_top", {RETURNED: f"{RETURNED}[::-1]"},
          "The last states are in the order from the top to the bottom. The lowest comes first.", keeps=0.5),
    Wrong("states_as_they_were", {RETURNED: f"{OUTPUTS}, states"},
          "The states returned are those that came in. They should be the ones after the last step.", keeps=0.5),
    Wrong("cut_between_layers", {BESIDE: "[below.real, X]"},
          "The numbers are right, but no gradient comes down from one layer to the next: something is cut off between "
          "them.", keeps=0.25),
    Wrong("no_gradient", {RETURNED: f"{OUTPUTS}.real, [H.real for H in last]"},
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
    Wrong("scaled_by_this_draw", {"/ (1 - p)": f"/ {MASK}.mean()"},
          "What is kept is scaled by the share that this very mask keeps, which differs from draw to draw. On average "
          "over all draws the sum should stay as it was.", keeps=0.5),
    Wrong("mask_inverted", {MASK: f"(1 - {MASK})"},
          "The mask is the wrong way round: where it is 1 the number is kept.", keeps=0.5),
    Wrong("shrunk_in_evaluation", {" and masks is not None": "", DROPPED: f"((1 - p) if masks is None else {MASK})"},
          "Training does not scale, and evaluation shrinks instead. Here training scales up, so evaluation has nothing "
          "to do.", keeps=0.5),
    Wrong("scaled_in_evaluation_too", {" and masks is not None": "", MASK: f"(1 if masks is None else {MASK})"},
          "Without masks the numbers are scaled up as well, though nothing was dropped.", keeps=0.5),
    Wrong("input_dropped_too", {BESIDE: f"[below, X if masks is None else X * {DROPPED}]"},
          "X has lost some where an upper layer reads it. Only what the layer below says goes through a mask.",
          keeps=0.5),
    Wrong("outputs_with_holes", {RETURNED: f"{LOWER_DROPPED}, last"},
          "What comes out of the stack has lost some, too. A mask is on the way up to the next layer only.", keeps=0.5),
    Wrong("after_the_top_too", {RETURNED: f"{TOP_DROPPED}, last"},
          "What the top says has lost some as well. Only what goes from a layer to a layer should.", keeps=0.5),
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
    if each.id not in ("skip_connections", "cut_between_layers", "no_gradient")  # the first: before or after the mask?
]
