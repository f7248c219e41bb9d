"""One recurrent layer, and stacks of them with dropout between; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong


def rnn_layer(X, H, params):
    """The layer that the notebook gives: all states (n, T, h) and the last one (n, h)."""
    states = []
    for t in range(X.shape[1]):
        H = np.tanh(X[:, t] @ params["W_xh"] + H @ params["W_hh"] + params["b_h"])  # (n, h)
        states.append(H)
    return np.stack(states, axis=1), H


# ---- stacks ----


def no_drop(H, gap):
    return H


def stack(X, states, layers, drop=no_drop, read=None, begin=None, weights=None, up=None):
    """A stack in parts: what a layer reads, where it begins, its weights, and what it hands up.

    `drop` gets what goes up through a gap, and the gap's number; gap 0 is above the lowest layer.
    """
    inputs, last = X, []
    for i, params in enumerate(layers):
        start = begin(states, last, i) if begin else states[i]
        H, end = rnn_layer(read(X, inputs) if read else inputs, start, weights(layers, i) if weights else params)
        last.append(end)
        H = up(H, inputs) if up else H
        inputs = drop(H, i) if i < len(layers) - 1 else H
    return inputs, last


def deep(X, states, layers):
    return stack(X, states, layers)


def stacking(**parts):
    return lambda X, states, layers, drop=no_drop: stack(X, states, layers, drop, **parts)


def changed(change):
    """The right stack, with what it returns changed."""
    return lambda X, states, layers, drop=no_drop: change(states, *stack(X, states, layers, drop))


def handed_up(states, last, i):
    return last[-1] if last else states[0]


def lowest_only(X, states, layers, drop=no_drop):
    _, last = stack(X, states, layers, drop)
    return rnn_layer(X, states[0], layers[0])[0], last


def from_the_top(X, states, layers, drop=no_drop):
    outputs, last = stack(X, states[::-1], layers[::-1], drop)
    return outputs, last[::-1]


def uncoupled(states, outputs, last):
    return outputs.real, [H.real for H in last]


WRONG_STACKS = [
    Wrong(
        "every_layer_reads_the_input",
        stacking(read=lambda X, inputs: X),
        "Every layer reads X. A layer reads what the layer below it says.",
    ),
    Wrong(
        "lowest_outputs",
        lowest_only,
        "The outputs are those of the lowest layer. What comes out of a stack comes from its top.",
        keeps=0.25,
    ),
    Wrong(
        "one_set_of_weights",
        stacking(weights=lambda layers, i: layers[0]),
        "All layers have the weights of the lowest one: that is one layer, used again and again.",
        keeps=0.25,
    ),
    Wrong(
        "one_state_for_all",
        stacking(begin=lambda states, last, i: states[0]),
        "All layers start from the lowest layer's state. Each has one of its own.",
        keeps=0.5,
    ),
    Wrong(
        "starts_from_zeros",
        stacking(begin=lambda states, last, i: np.zeros_like(states[i])),
        "The layers start from zeros and not from the states that they are given.",
        keeps=0.5,
    ),
    Wrong(
        "state_handed_up",
        stacking(begin=handed_up),
        "An upper layer starts from the last state of the layer below. States go to the right, outputs go up.",
        keeps=0.25,
    ),
    Wrong(
        "last_step_handed_up",
        stacking(up=lambda H, inputs: np.repeat(H[:, -1:], H.shape[1], axis=1)),
        "What goes up is the last state, the same at every step. A layer hands up all its steps.",
        keeps=0.25,
    ),
    Wrong(
        "skip_connections",
        stacking(up=lambda H, inputs: H + inputs),
        "Each layer adds its inputs to its outputs. That is a skip connection, and was not asked for.",
        keeps=0.5,
    ),
    Wrong(
        "from_the_top",
        from_the_top,
        "The stack is built from the top: the last layer of the list reads X. The lowest comes first.",
        keeps=0.25,
    ),
    Wrong(
        "states_from_the_top",
        changed(lambda states, outputs, last: (outputs, last[::-1])),
        "The last states are in the order from the top to the bottom. The lowest comes first.",
        keeps=0.5,
    ),
    Wrong(
        "states_as_they_were",
        changed(lambda states, outputs, last: (outputs, states)),
        "The states returned are those that came in. They should be the ones after the last step.",
        keeps=0.5,
    ),
    Wrong(
        "cut_between_layers",
        lambda X, states, layers: stack(X, states, layers, up=lambda H, inputs: H.real),
        "The numbers are right, but no gradient comes down from one layer to the next: something is cut off between "
        "them.",
        keeps=0.25,
    ),
    Wrong(
        "no_gradient",
        changed(uncoupled),
        "The numbers are right, but no gradient comes back at all: somewhere the way leads through NumPy, or the "
        "result is cut off.",
    ),
]


# ---- dropout ----


def deep_dropout(X, states, layers, masks, p):
    return dropping(lambda H, masks, gap, p: H * masks[gap] / (1 - p))(X, states, layers, masks, p)


def dropping(drop, make=stack):
    """A stack with dropout: `drop` gets what goes up, all masks, the gap's number and p."""

    def answer(X, states, layers, masks, p):
        if masks is None:
            return make(X, states, layers)
        return make(X, states, layers, drop=lambda H, gap: drop(H, masks, gap, p))

    return answer


def right(H, masks, gap, p):
    return H * masks[gap] / (1 - p)


def one_arrow_too_low(X, states, layers, masks, p):
    """The inputs of all layers but the top one lose some."""
    if masks is None:
        return deep(X, states, layers)
    return stack(
        right(X, masks, 0, p),
        states,
        layers,
        drop=lambda H, gap: right(H, masks, gap + 1, p) if gap + 1 < len(masks) else H,
    )


def one_arrow_too_high(X, states, layers, masks, p):
    """The outputs of all layers but the lowest one lose some."""
    if masks is None:
        return deep(X, states, layers)
    outputs, last = stack(X, states, layers, drop=lambda H, gap: right(H, masks, gap - 1, p) if gap else H)
    return right(outputs, masks, len(masks) - 1, p), last


def after_the_top_too(X, states, layers, masks, p):
    outputs, last = deep_dropout(X, states, layers, masks, p)
    return outputs if masks is None else right(outputs, masks, -1, p), last


def states_lose_some(X, states, layers, masks, p):
    """The last states are taken from outputs that have lost some."""
    outputs, last = deep_dropout(X, states, layers, masks, p)
    if masks is None:
        return outputs, last
    return outputs, [H if i == len(masks) else H * masks[i][:, -1] / (1 - p) for i, H in enumerate(last)]


def shrunk_in_evaluation(X, states, layers, masks, p):
    if masks is None:
        return stack(X, states, layers, drop=lambda H, gap: H * (1 - p))
    return dropping(lambda H, masks, gap, p: H * masks[gap])(X, states, layers, masks, p)


WRONG_DROPOUT = [
    Wrong(
        "no_dropout",
        lambda X, states, layers, masks, p: deep(X, states, layers),
        "Nothing is dropped: the masks have no effect.",
    ),
    Wrong(
        "not_scaled",
        dropping(lambda H, masks, gap, p: H * masks[gap]),
        "The zeros are in the right places, but the others are not scaled up, so the layer above hears less than "
        "without dropout.",
        keeps=0.5,
    ),
    Wrong(
        "scaled_down",
        dropping(lambda H, masks, gap, p: H * masks[gap] * (1 - p)),
        "What is kept is made smaller. It should make up for what is dropped.",
        keeps=0.5,
    ),
    Wrong(
        "divided_by_p",
        dropping(lambda H, masks, gap, p: H * masks[gap] / p),
        "What is kept is divided by the share that is dropped. On average the sum should stay as it was.",
        keeps=0.5,
    ),
    Wrong(
        "mask_inverted",
        dropping(lambda H, masks, gap, p: H * (1 - masks[gap]) / (1 - p)),
        "The mask is the wrong way round: where it is 1 the number is kept.",
        keeps=0.5,
    ),
    Wrong(
        "shrunk_in_evaluation",
        shrunk_in_evaluation,
        "Training does not scale, and evaluation shrinks instead. Here training scales up, so evaluation has nothing "
        "to do.",
        keeps=0.5,
    ),
    Wrong(
        "scaled_in_evaluation_too",
        lambda X, states, layers, masks, p: (
            stack(X, states, layers, drop=lambda H, gap: H / (1 - p))
            if masks is None
            else deep_dropout(X, states, layers, masks, p)
        ),
        "Without masks the numbers are scaled up as well, though nothing was dropped.",
        keeps=0.5,
    ),
    Wrong(
        "inputs_of_each_layer",
        one_arrow_too_low,
        "X loses some, and the top layer's inputs do not: the masks are one arrow too low.",
        keeps=0.25,
    ),
    Wrong(
        "outputs_of_each_layer",
        one_arrow_too_high,
        "The outputs of the stack lose some, and those of the lowest layer do not: the masks are one arrow too high.",
        keeps=0.25,
    ),
    Wrong(
        "after_the_top_too",
        after_the_top_too,
        "The outputs of the top layer lose some as well. Only what goes from a layer to a layer should.",
        keeps=0.5,
    ),
    Wrong(
        "states_lose_some",
        states_lose_some,
        "The last states have lost some, too: perhaps they were taken from what had gone through the mask. What goes "
        "to the right is left alone.",
        keeps=0.5,
    ),
    Wrong(
        "first_mask_for_all",
        dropping(lambda H, masks, gap, p: right(H, masks, 0, p)),
        "All gaps have the first mask. Each gap has one of its own.",
        keeps=0.5,
    ),
    Wrong(
        "masks_from_the_top",
        dropping(lambda H, masks, gap, p: right(H, masks, -1 - gap, p)),
        "The masks are used from the top to the bottom. The lowest gap has the first one.",
        keeps=0.5,
    ),
    Wrong(
        "same_zeros_at_every_step",
        dropping(lambda H, masks, gap, p: H * masks[gap][:, :1] / (1 - p)),
        "The zeros of the first step are used at all steps.",
        keeps=0.5,
    ),
]
WRONG_DROPOUT += [
    Wrong(
        f"stack_with_{each.id}",
        dropping(right, make=each.answer),
        "The dropout is right, the stack around it is not: see what the check of deep says.",
        keeps=0.75,
    )
    for each in WRONG_STACKS
    if each.id not in ("lowest_outputs", "from_the_top", "cut_between_layers", "no_gradient")
]
