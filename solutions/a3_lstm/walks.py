"""All steps of an LSTM, with padding or without; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong

from .steps import WRONG_STEPS, lstm_step


def stand_still(valid, new, old):
    return tuple(np.where(valid, after, before) for after, before in zip(new, old, strict=True))  # (n, h) each


def cleared(valid, state):
    return valid * state[0]  # (n, h)


def walk(X, state, params, lengths, make=lstm_step, carried=None, next_state=stand_still, output=cleared, last=None):
    """The walk in parts: what is carried to the next step, what becomes of it there, what is returned."""
    first, states = state, []
    lengths = np.full(len(X), X.shape[1]) if lengths is None else lengths
    for t in range(X.shape[1]):
        valid = (t < lengths)[:, None]  # (n, 1)
        old = carried(state, first) if carried and t else state  # (n, h) each
        state = next_state(valid, make(X[:, t], old, params), old)  # (n, h) each
        states.append(output(valid, state))  # (n, h)
    states = np.stack(states, axis=1)  # (n, T, h)
    return states, last(states, state) if last else tuple(state)


def unroll(X, state, params, lengths=None):
    return walk(X, state, params, lengths)


def walking(**parts):
    return lambda X, state, params, lengths=None: walk(X, state, params, lengths, **parts)


def walk_backwards(X, state, params, lengths=None):
    states, last = walk(X[:, ::-1], state, params, lengths)
    return states[:, ::-1], last


def before_the_step(X, state, params, lengths=None):
    states, last = unroll(X, state, params, lengths)
    return np.concatenate([state[0][:, None], states[:, :-1]], axis=1), last


def starting_from(begin):
    """`begin` makes of the given pair the one that the walk starts from."""
    return lambda X, state, params, lengths=None: unroll(X, begin(*state), params, lengths)


def results(change):
    """`change` makes of the states and the last pair what is returned."""
    return lambda X, state, params, lengths=None: change(*unroll(X, state, params, lengths))


def with_lengths(change):
    return lambda X, state, params, lengths=None: unroll(X, state, params, None if lengths is None else change(lengths))


WRONG_WALKS = [
    Wrong(
        "state_not_carried",
        walking(carried=lambda state, first: first),
        "Each step starts from the first pair again: what a step makes must be handed to the next one.",
    ),
    Wrong(
        "memory_not_carried",
        walking(carried=lambda state, first: (state[0], first[1])),
        "The hidden state is handed on, but each step finds the first memory again. A pair goes from step to step.",
    ),
    Wrong(
        "hidden_state_not_carried",
        walking(carried=lambda state, first: (first[0], state[1])),
        "The memory is handed on, but each step finds the first hidden state again. A pair goes from step to step.",
    ),
    Wrong(
        "starts_from_zeros",
        starting_from(lambda H, C: (np.zeros_like(H), np.zeros_like(C))),
        "The walk starts from zeros and not from the pair that it is given.",
    ),
    Wrong(
        "memory_starts_from_zeros",
        starting_from(lambda H, C: (H, np.zeros_like(C))),
        "The memory starts from zeros; the pair that is given has one.",
    ),
    Wrong(
        "hidden_state_for_both",
        starting_from(lambda H, C: (H, H)),
        "The memory starts as a copy of the hidden state. The pair that is given has two different parts.",
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
        "memories_noted",
        walking(output=lambda valid, state: valid * state[1]),
        "The first result has the memories C of all steps. What is an LSTM's output?",
        keeps=0.5,
    ),
    Wrong(
        "last_pair_exchanged",
        results(lambda states, last: (states, last[::-1])),
        "The last pair comes back as (C, H); the hidden state comes first.",
        keeps=0.5,
    ),
    Wrong(
        "hidden_state_twice",
        results(lambda states, last: (states, (last[0], last[0]))),
        "The last pair has the hidden state twice; the memory is lost, and nobody can go on from there.",
        keeps=0.5,
    ),
    Wrong(
        "cut_between_steps",
        walking(carried=lambda state, first: tuple(part.real for part in state)),
        "The numbers are right, but no gradient comes back over more than one step: the pair is cut off between steps.",
    ),
    Wrong(
        "memory_cut",
        walking(carried=lambda state, first: (state[0], state[1].real)),
        "The numbers are right, but the gradient comes back through the hidden state only: the memory is cut off "
        "between steps, and with it the way that lasts.",
    ),
    Wrong(
        "no_gradient",
        results(lambda states, last: (states.real, tuple(part.real for part in last))),
        "The numbers are right, but no gradient comes back at all: somewhere the way leads through NumPy, or the "
        "result is cut off.",
    ),
    Wrong(
        "padding_ignored",
        lambda X, state, params, lengths=None: unroll(X, state, params),
        "The padding is read like everything else: lengths has no effect.",
    ),
    Wrong(
        "mask_inverted",
        walking(next_state=lambda valid, new, old: stand_still(valid, old, new)),
        "The mask is the wrong way round: the pair moves in the padding and stands still where there is something to "
        "read.",
    ),
    Wrong(
        "one_step_too_many",
        with_lengths(lambda lengths: lengths + 1),
        "Each sequence is read one step too far. Steps are counted from 0, so step number length is padding.",
    ),
    Wrong(
        "one_step_too_few",
        with_lengths(lambda lengths: lengths - 1),
        "The last step of each sequence is not read.",
    ),
    Wrong(
        "states_not_cleared",
        walking(output=lambda valid, state: state[0]),
        "The pair stands still in the padding, as it should, but the states there should be zero in the first result.",
        keeps=0.6,
    ),
    Wrong(
        "only_the_outputs_masked",
        walking(next_state=lambda valid, new, old: new),
        "The states are right, but the last pair has gone on through the padding.",
        keeps=0.5,
    ),
    Wrong(
        "memory_goes_on",
        walking(next_state=lambda valid, new, old: (stand_still(valid, new, old)[0], new[1])),
        "In the padding the hidden state stands still, but the memory goes on: both parts of the pair must stand.",
        keeps=0.6,
    ),
    Wrong(
        "hidden_state_goes_on",
        walking(next_state=lambda valid, new, old: (new[0], stand_still(valid, new, old)[1])),
        "In the padding the memory stands still, but the hidden state goes on: both parts of the pair must stand.",
        keeps=0.6,
    ),
    Wrong(
        "set_to_zero",
        walking(next_state=lambda valid, new, old: tuple(valid * part for part in new)),
        "In the padding the pair itself becomes zero, so that short sequences end with nothing. It should stand still.",
        keeps=0.5,
    ),
    Wrong(
        "last_step_for_last_valid_step",
        walking(last=lambda states, state: (states[:, -1], state[1])),
        "For a short sequence the last hidden state is zero: it was taken from the last step, which is padding. It "
        "should be the one at the last valid step, as for the memory.",
        keeps=0.6,
    ),
]
WRONG_WALKS += [
    Wrong(
        f"step_with_{each.id}",
        walking(make=each.answer),
        "The walk is right, the step inside it is not: see what the check of lstm_step says.",
        keeps=0.75,
    )
    for each in WRONG_STEPS
]
