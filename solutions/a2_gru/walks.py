"""All steps of a GRU, with padding or without, and how far its gradient reaches; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong, mutant
from course_utils.assignments.backends.numpy import gradient

from ..shared import sigmoid
from .steps import WRONG_STEPS, gru_step


def unroll(X, H, params, lengths=None):
    lengths = np.full(len(X), X.shape[1]) if lengths is None else lengths  # (n,)
    states = []
    for t in range(X.shape[1]):
        valid = (t < lengths)[:, None]  # (n, 1)
        H = np.where(valid, gru_step(X[:, t], H, params), H)  # (n, h)
        states.append(valid * H)  # (n, h)
    return np.stack(states, axis=1), H  # (n, T, h), (n, h)


def last_state(H, X, params):
    return unroll(X, H, params)[1]  # (n, h)


def gradient_reach(X, params):
    H, gradients = np.zeros((len(X), len(params["b_z"]))), []
    for t in range(X.shape[1]):
        by_H = gradient(last_state, (H, X[:, t:], params), {}, 0, 1.0)  # (n, h)
        gradients.append(by_H)
        H = last_state(H, X[:, [t]], params)  # (n, h)
    norms = np.array([np.linalg.norm(each) for each in gradients[::-1]])  # (T,), for k = 1 … T steps back
    return norms / norms[0]


def by_the_inputs(X, params):
    H = np.zeros((len(X), len(params["b_z"])))  # (n, h)
    by_X = gradient(last_state, (H, X, params), {}, 1, 1.0)  # (n, T, d)
    norms = np.linalg.norm(by_X, axis=(0, 2))[::-1]  # (T,)
    return norms / norms[0]


def last_unit(H, X, params):
    return last_state(H, X, params)[:, -1]  # (n,)


def states_from_here(H, X, params):
    return unroll(X, H, params)[0]  # (n, T, h)


def of_all_states(X, params):
    H, norms = np.zeros((len(X), len(params["b_z"]))), []
    for t in range(X.shape[1]):
        by_H = gradient(states_from_here, (H, X[:, t:], params), {}, 0, 1.0)  # (n, h)
        norms.append(np.linalg.norm(by_H + (t > 0)))  # a state is among those added up, the zeros are not
        H = last_state(H, X[:, [t]], params)  # (n, h)
    return np.array(norms[::-1]) / norms[-1]


def reach_with(step):
    walk = mutant(unroll, gru_step=step)
    return mutant(gradient_reach, last_state=mutant(last_state, unroll=walk))


BEGIN, VALID, RESULTS = "states = []", "        valid =", "np.stack(states, axis=1), H"

# fmt: off
WRONG_WALKS = [
    Wrong("state_not_carried", {BEGIN: "states, first = [], H", VALID: f"        H = first\n{VALID}"},
          "Each step starts from the first state again: what a step makes must be handed to the next one."),
    Wrong("starts_from_zeros", {BEGIN: "states, H = [], np.zeros_like(H)"},
          "The walk starts from zeros and not from the state that it is given."),
    Wrong("walks_backwards", {"X[:, t]": "X[:, -1 - t]", "np.stack(states": "np.stack(states[::-1]"},
          "The steps are walked from the last to the first."),
    Wrong("states_before_the_step", {BEGIN: "states = [H]", "np.stack(states": "np.stack(states[:-1]"},
          "The states are those before each step: note the state after the step.", keeps=0.5),
    Wrong("cut_between_steps", {VALID: f"        H = H.real if t > 0 else H\n{VALID}"},
          "The numbers are right, but no gradient comes back over more than one step: the state is cut off between "
          "steps."),
    Wrong("no_gradient", {RESULTS: "np.stack(states, axis=1).real, H.real"},
          "The numbers are right, but no gradient comes back at all: somewhere the way leads through NumPy, or the "
          "result is cut off."),
    Wrong("padding_ignored", {" if lengths is None else lengths": ""},
          "The padding is read like everything else: lengths has no effect."),
    Wrong("mask_inverted", {"np.where(valid": "np.where(~valid"},
          "The mask is the wrong way round: the state moves in the padding and stands still where there is something "
          "to read."),
    Wrong("one_step_too_many", {"else lengths": "else lengths + 1"},
          "Each sequence is read one step too far. Steps are counted from 0, so step number length is padding."),
    Wrong("one_step_too_few", {"else lengths": "else lengths - 1"},
          "The last step of each sequence is not read."),
    Wrong("padding_in_front", {"t < lengths": "X.shape[1] - t <= lengths"},
          "The first steps are taken for padding; it is the last ones: a sequence's steps begin at 0."),
    Wrong("shortest_for_all", {"t < lengths": "t < 0 * lengths + lengths.min()"},
          "All sequences end where the shortest does. Each has a length of its own.", keeps=0.25),
    Wrong("inputs_cleared", {"X[:, t]": "valid * X[:, t]", "np.where(valid, ": "(", "params), H)": "params))",
                             "valid * H)": "H)"},
          "The inputs in the padding are set to zero, but the steps are made: a step without an input moves the state, "
          "too.", keeps=0.25),
    Wrong("states_not_cleared", {"valid * H": "H"},
          "The state stands still in the padding, as it should, but its copies there should be zero in the result.",
          keeps=0.6),
    Wrong("only_the_outputs_masked", {"np.where(valid, ": "(", "params), H)": "params))"},
          "The states are right, but the last state has gone on through the padding.", keeps=0.6),
    Wrong("last_step_for_last_valid_step", {RESULTS: "np.stack(states, axis=1), states[-1]"},
          "For a short sequence the last state is zero: it was taken from the last step, which is padding, or "
          "cleared there. It should be the state at the last valid step.", keeps=0.6),
    Wrong("mean_over_the_steps", {RESULTS: "np.stack(states, axis=1), np.mean(states, axis=0)"},
          "The second result is the mean of all states, padding included, and not the last state.", keeps=0.5),
]
WRONG_WALKS += [
    Wrong(f"step_with_{each.id}", mutant(unroll, gru_step=each.of(gru_step)),
          "The walk is right, the step inside it is not: see what the check of gru_step says.", keeps=0.75)
    for each in WRONG_STEPS
]

NORM, SHARES = "np.linalg.norm(each)", "norms / norms[0]"
BY_H = "gradient(last_state, (H, X[:, t:], params), {}, 0, 1.0)"
GATE = 'sigmoid(X[:, t] @ params["W_xz"] + H @ params["W_hz"] + params["b_z"])'
PRODUCTS = {"gradients[::-1]": "np.cumprod(gradients[::-1], axis=0)"}
BY_ITSELF = "np.sqrt(H.size)"  # the norm of the last state's gradient by itself, which is 1 everywhere
RUN_AWAY = ("tanh_gates", "candidate_not_weighed", "candidate_without_tanh")  # their states do, and rounding with them

WRONG_REACHES = [
    Wrong("from_the_beginning", {"gradients[::-1]": "gradients"},
          "The shares are in the order of time: the first entry should be one step back from the end.", keeps=0.5),
    Wrong("turned_after_dividing", {SHARES: "(norms / norms[0])[::-1]"},
          "The shares are right, but in the order of time: the first entry should be one step back from the end.",
          keeps=0.5),
    Wrong("not_a_share", {SHARES: "norms"},
          "These are the norms themselves, not shares: the first entry should be 1.", keeps=0.5),
    Wrong("share_of_all", {SHARES: "norms / norms.sum()"},
          "The shares add up to 1: you divided by the sum. What is asked is the share of what arrives one step back.",
          keeps=0.5),
    Wrong("squares", {NORM: "(each**2).sum()"},
          "These are shares of squares: the root is missing in the norm.", keeps=0.5),
    Wrong("sums", {NORM: "each.sum()"},
          "The gradient's entries are added up, so that positive and negative ones cancel. A norm does not cancel."),
    Wrong("absolute_values", {NORM: "np.abs(each).sum()"},
          "You took the sum or the mean of the absolute values; the norm asked for is the root of the sum of squares.",
          keeps=0.5),
    Wrong("largest_entries", {NORM: "np.abs(each).max()"},
          "You took the largest entry; the norm asked for is the root of the sum of the squares.", keeps=0.5),
    Wrong("norms_added_up", {NORM: "np.linalg.norm(each, axis=1).sum()"},
          "You took a norm for each sequence and added them up: there is one norm, over all sequences.", keeps=0.5),
    Wrong("share_of_the_end", {SHARES: f"norms / {BY_ITSELF}"},
          "You divided by the norm of the gradient of the last state by itself. The first number should be 1.",
          keeps=0.5),
    Wrong("of_all_states", of_all_states,
          "It is the gradient of the sum of all states. s is the sum of the last one's entries."),
    Wrong("share_of_the_last", {SHARES: "norms / norms[-1]"},
          "You divided by the norm at the start, k = T. What is asked is the share of what arrives one step back.",
          keeps=0.5),
    Wrong("the_gates_alone", mutant(gradient_reach, {BY_H: GATE} | PRODUCTS, sigmoid=sigmoid),
          "This is the product of the update gates: the way through the candidate and the gates is missing."),
    Wrong("by_the_inputs", by_the_inputs,
          "This is the gradient by the inputs. What is asked is the gradient by the states."),
    Wrong("one_step_off", {SHARES: f"np.array([{BY_ITSELF}, *norms[:-1]]) / {BY_ITSELF}"},
          "The first entry is the gradient of the last state by itself. One step back is the state before the last "
          "step.", keeps=0.5),
    Wrong("first_sequence_only", lambda X, params: gradient_reach(X[:1], params),
          "Only the first sequence counts: the norm goes over all sequences."),
    Wrong("one_unit_only", mutant(gradient_reach, {"gradient(last_state": "gradient(last_unit"}, last_unit=last_unit),
          "Only the last unit's gradient is measured: add up all units of the last state."),
]
WRONG_REACHES += [
    Wrong(f"step_with_{each.id}", reach_with(each.of(gru_step)),
          "The measure is right, the step that is measured is not: see what the check of gru_step says.", keeps=0.75)
    for each in WRONG_STEPS
    if each.id not in RUN_AWAY
]
