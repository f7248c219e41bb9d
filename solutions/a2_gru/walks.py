"""All steps of a GRU, with padding or without, and how far its gradient reaches; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong
from course_utils.assignments.backends.numpy import gradient

from ..shared import sigmoid
from .steps import WRONG_STEPS, gru_step


def walk(X, H, params, lengths, make=gru_step, carried=None, next_state=np.where, output=np.multiply, last=None):
    """The walk in parts: what is carried to the next step, what becomes of it there, what is returned."""
    first, states = H, []
    lengths = np.full(len(X), X.shape[1]) if lengths is None else lengths
    for t in range(X.shape[1]):
        valid = (t < lengths)[:, None]  # (n, 1)
        old = carried(H, first) if carried else H  # (n, h)
        H = next_state(valid, make(X[:, t], old, params), old)  # (n, h)
        states.append(output(valid, H))  # (n, h)
    states = np.stack(states, axis=1)  # (n, T, h)
    return states, last(states) if last else H


def unroll(X, H, params, lengths=None):
    return walk(X, H, params, lengths)


def walking(**parts):
    return lambda X, H, params, lengths=None: walk(X, H, params, lengths, **parts)


def before_the_step(X, H, params, lengths=None):
    states, last = unroll(X, H, params, lengths)
    return np.concatenate([H[:, None], states[:, :-1]], axis=1), last


def uncoupled(X, H, params, lengths=None):
    states, last = unroll(X, H, params, lengths)
    return states.real, last.real


def walk_backwards(X, H, params, lengths=None):
    states, H = walk(X[:, ::-1], H, params, lengths)
    return states[:, ::-1], H


def padding_in_front(X, H, params, lengths=None):
    if lengths is None:
        return unroll(X, H, params)
    walks = [unroll(X[[i], -length:], H[[i]], params) for i, length in enumerate(lengths)]
    padded = [np.pad(states[0], ((X.shape[1] - len(states[0]), 0), (0, 0))) for states, _ in walks]
    return np.stack(padded), np.concatenate([last for _, last in walks])


WRONG_WALKS = [
    Wrong(
        "state_not_carried",
        walking(carried=lambda H, first: first),
        "Each step starts from the first state again: what a step makes must be handed to the next one.",
    ),
    Wrong(
        "starts_from_zeros",
        lambda X, H, params, lengths=None: unroll(X, np.zeros_like(H), params, lengths),
        "The walk starts from zeros and not from the state that it is given.",
    ),
    Wrong(
        "walks_backwards",
        walk_backwards,
        "The steps are walked from the last to the first.",
    ),
    Wrong(
        "states_before_the_step",
        before_the_step,
        "The states are those before each step: note the state after the step.",
        keeps=0.5,
    ),
    Wrong(
        "cut_between_steps",
        walking(carried=lambda H, first: H if H is first else H.real),
        "The numbers are right, but no gradient comes back over more than one step: the state is cut off between "
        "steps.",
    ),
    Wrong(
        "no_gradient",
        uncoupled,
        "The numbers are right, but no gradient comes back at all: somewhere the way leads through NumPy, or the "
        "result is cut off.",
    ),
    Wrong(
        "padding_ignored",
        lambda X, H, params, lengths=None: unroll(X, H, params),
        "The padding is read like everything else: lengths has no effect.",
    ),
    Wrong(
        "mask_inverted",
        walking(next_state=lambda valid, new, old: np.where(valid, old, new)),
        "The mask is the wrong way round: the state moves in the padding and stands still where there is something "
        "to read.",
    ),
    Wrong(
        "one_step_too_many",
        lambda X, H, params, lengths=None: unroll(X, H, params, None if lengths is None else lengths + 1),
        "Each sequence is read one step too far. Steps are counted from 0, so step number length is padding.",
    ),
    Wrong(
        "one_step_too_few",
        lambda X, H, params, lengths=None: unroll(X, H, params, None if lengths is None else lengths - 1),
        "The last step of each sequence is not read.",
    ),
    Wrong(
        "padding_in_front",
        padding_in_front,
        "The first steps are taken for padding; it is the last ones: a sequence's steps begin at 0.",
    ),
    Wrong(
        "states_not_cleared",
        walking(output=lambda valid, H: H),
        "The state stands still in the padding, as it should, but its copies there should be zero in the result.",
        keeps=0.6,
    ),
    Wrong(
        "only_the_outputs_masked",
        walking(next_state=lambda valid, new, old: new),
        "The states are right, but the last state has gone on through the padding.",
        keeps=0.6,
    ),
    Wrong(
        "last_step_for_last_valid_step",
        walking(last=lambda states: states[:, -1]),
        "For a short sequence the last state is zero: it was taken from the last step, which is padding, or "
        "cleared there. It should be the state at the last valid step.",
        keeps=0.6,
    ),
    Wrong(
        "mean_over_the_steps",
        walking(last=lambda states: states.mean(axis=1)),
        "The second result is the mean of all states, padding included, and not the last state.",
        keeps=0.5,
    ),
]
WRONG_WALKS += [
    Wrong(
        f"step_with_{each.id}",
        walking(make=each.of(gru_step)),
        "The walk is right, the step inside it is not: see what the check of gru_step says.",
        keeps=0.75,
    )
    for each in WRONG_STEPS
]


def state_gradients(X, params, targets=lambda last: last, make=gru_step):
    """For k = 1 … T the gradient, (n, h), of the sum of the last state's `targets` by the state k steps before."""
    n, T, h = len(X), X.shape[1], len(params["b_z"])
    states = [np.zeros((n, h))]
    for t in range(T):
        states.append(make(X[:, t], states[-1], params))  # (n, h)

    def rest(H, t):
        return targets(walk(X[:, t:], H, params, None, make)[1])

    return [gradient(rest, (states[t], t), {}, 0, 1.0) for t in reversed(range(T))]


def input_gradients(X, params):
    def last(X):
        return unroll(X, np.zeros((len(X), len(params["b_z"]))), params)[1]

    return gradient(last, (X,), {}, 0, 1.0).swapaxes(0, 1)[::-1]  # (T, n, d)


def share(norms):
    return np.array(norms) / norms[0]


def norms_of(gradients):
    return [np.linalg.norm(each) for each in gradients]


def gradient_reach(X, params):
    return share(norms_of(state_gradients(X, params)))


def through_the_gates_alone(X, params):
    H, gates = np.zeros((len(X), len(params["b_z"]))), []
    for t in range(X.shape[1]):
        gates.append(sigmoid(X[:, t] @ params["W_xz"] + H @ params["W_hz"] + params["b_z"]))  # (n, h)
        H = gru_step(X[:, t], H, params)  # (n, h)
    return share(norms_of(np.cumprod(gates[::-1], axis=0)))


def norms_by_sequence(X, params):
    return share([np.linalg.norm(each, axis=1).sum() for each in state_gradients(X, params)])


def off_by_one(X, params):
    start = np.sqrt(len(X) * len(params["b_z"]))  # the gradient of the last state by itself is 1 everywhere
    return share([start, *norms_of(state_gradients(X, params))[:-1]])


WRONG_REACHES = [
    Wrong(
        "from_the_beginning",
        lambda X, params: share(norms_of(state_gradients(X, params))[::-1]),
        "The shares are in the order of time: the first entry should be one step back from the end.",
        keeps=0.5,
    ),
    Wrong(
        "turned_after_dividing",
        lambda X, params: gradient_reach(X, params)[::-1],
        "The shares are right, but in the order of time: the first entry should be one step back from the end.",
        keeps=0.5,
    ),
    Wrong(
        "not_a_share",
        lambda X, params: np.array(norms_of(state_gradients(X, params))),
        "These are the norms themselves, not shares: the first entry should be 1.",
        keeps=0.5,
    ),
    Wrong(
        "share_of_all",
        lambda X, params: (lambda norms: np.array(norms) / np.sum(norms))(norms_of(state_gradients(X, params))),
        "The shares add up to 1: you divided by the sum. What is asked is the share of what arrives one step back.",
        keeps=0.5,
    ),
    Wrong(
        "squares",
        lambda X, params: gradient_reach(X, params) ** 2,
        "These are shares of squares: the root is missing in the norm.",
        keeps=0.5,
    ),
    Wrong(
        "sums",
        lambda X, params: share([np.sum(each) for each in state_gradients(X, params)]),
        "The gradient's entries are added up, so that positive and negative ones cancel. A norm does not cancel.",
    ),
    Wrong(
        "absolute_values",
        lambda X, params: share([np.abs(each).sum() for each in state_gradients(X, params)]),
        "You took the sum or the mean of the absolute values; the norm asked for is the root of the sum of squares.",
        keeps=0.5,
    ),
    Wrong(
        "largest_entries",
        lambda X, params: share([np.abs(each).max() for each in state_gradients(X, params)]),
        "You took the largest entry; the norm asked for is the root of the sum of the squares.",
        keeps=0.5,
    ),
    Wrong(
        "norms_added_up",
        norms_by_sequence,
        "You took a norm for each sequence and added them up: there is one norm, over all sequences.",
        keeps=0.5,
    ),
    Wrong(
        "share_of_the_last",
        lambda X, params: (lambda norms: np.array(norms) / norms[-1])(norms_of(state_gradients(X, params))),
        "You divided by the norm at the start, k = T. What is asked is the share of what arrives one step back.",
        keeps=0.5,
    ),
    Wrong(
        "the_gates_alone",
        through_the_gates_alone,
        "This is the product of the update gates: the way through the candidate and the gates is missing.",
    ),
    Wrong(
        "by_the_inputs",
        lambda X, params: share(norms_of(input_gradients(X, params))),
        "This is the gradient by the inputs. What is asked is the gradient by the states.",
    ),
    Wrong(
        "one_step_off",
        off_by_one,
        "The first entry is the gradient of the last state by itself. One step back is the state before the last step.",
        keeps=0.5,
    ),
    Wrong(
        "first_sequence_only",
        lambda X, params: gradient_reach(X[:1], params),
        "Only the first sequence counts: the norm goes over all sequences.",
    ),
    Wrong(
        "one_unit_only",
        lambda X, params: share(norms_of(state_gradients(X, params, lambda last: last[:, -1]))),
        "Only the last unit's gradient is measured: add up all units of the last state.",
    ),
]
RUN_AWAY = ("tanh_gates", "candidate_not_weighed", "candidate_without_tanh")  # their states do, and rounding with them
WRONG_REACHES += [
    Wrong(
        f"step_with_{each.id}",
        lambda X, params, each=each: share(norms_of(state_gradients(X, params, make=each.of(gru_step)))),
        "The measure is right, the step that is measured is not: see what the check of gru_step says.",
        keeps=0.75,
    )
    for each in WRONG_STEPS
    if each.id not in RUN_AWAY
]
