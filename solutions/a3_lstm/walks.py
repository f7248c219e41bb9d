"""All steps of an LSTM, with padding or without, and what comes after each prefix; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong, mutant

from ..shared import log_softmax, sigmoid, softmax
from .steps import WRONG_STEPS, lstm_step


def unroll(X, state, params, lengths=None):
    lengths = np.full(len(X), X.shape[1]) if lengths is None else lengths  # (n,)
    states = []
    H, C = state  # (n, h) each
    for t in range(X.shape[1]):
        valid = (t < lengths)[:, None]  # (n, 1)
        H_new, C_new = lstm_step(X[:, t], (H, C), params)  # (n, h) each
        H, C = np.where(valid, H_new, H), np.where(valid, C_new, C)  # (n, h) each
        states.append(valid * H)  # (n, h)
    return np.stack(states, axis=1), (H, C)  # (n, T, h), (n, h) each


def next_letter(ids, lengths, params):
    X = np.eye(len(params["W_xi"]))[ids]  # (n, T, V)
    zeros = np.zeros((len(ids), len(params["b_i"])))  # (n, h)
    _, (H, _) = unroll(X, (zeros, zeros), params, lengths)  # (n, h)
    return softmax(H @ params["W_hq"] + params["b_q"])  # (n, V)


def before_each_step(line):
    return {"        valid =": f"        {line}\n        valid ="}


BEGIN, RESULTS = "H, C = state", "np.stack(states, axis=1), (H, C)"
NEW_H, NEW_C = "np.where(valid, H_new, H)", "np.where(valid, C_new, C)"

# fmt: off
WRONG_WALKS = [
    Wrong("state_not_carried", before_each_step("H, C = state"),
          "Each step starts from the first pair again: what a step makes must be handed to the next one."),
    Wrong("memory_not_carried", before_each_step("C = state[1]"),
          "The hidden state is handed on, but each step finds the first memory again. A pair goes from step to step."),
    Wrong("hidden_state_not_carried", before_each_step("H = state[0]"),
          "The memory is handed on, but each step finds the first hidden state again. A pair goes from step to step."),
    Wrong("starts_from_zeros", {BEGIN: "H, C = np.zeros_like(state)"},
          "The walk starts from zeros and not from the pair that it is given."),
    Wrong("memory_starts_from_zeros", {BEGIN: "H, C = state[0], np.zeros_like(state[1])"},
          "The memory starts from zeros; the pair that is given has one."),
    Wrong("hidden_state_for_both", {BEGIN: "H = C = state[0]"},
          "The memory starts as a copy of the hidden state. The pair that is given has two different parts."),
    Wrong("walks_backwards", {"X[:, t]": "X[:, -1 - t]", "np.stack(states": "np.stack(states[::-1]"},
          "The steps are walked from the last to the first."),
    Wrong("states_before_the_step", {"np.stack(states": "np.stack([state[0], *states[:-1]]"},
          "The states are those before each step: note the state after the step.", keeps=0.5),
    Wrong("memories_noted", {"valid * H": "valid * C"},
          "The first result has the memories C of all steps. What is an LSTM's output?", keeps=0.5),
    Wrong("last_pair_exchanged", {RESULTS: "np.stack(states, axis=1), (C, H)"},
          "The last pair comes back as (C, H); the hidden state comes first.", keeps=0.5),
    Wrong("hidden_state_twice", {RESULTS: "np.stack(states, axis=1), (H, H)"},
          "The last pair has the hidden state twice; the memory is lost, and nobody can go on from there.", keeps=0.5),
    Wrong("cut_between_steps", before_each_step("if t > 0: H, C = H.real, C.real"),
          "The numbers are right, but no gradient comes back over more than one step: the pair is cut off between "
          "steps."),
    Wrong("memory_cut", before_each_step("if t > 0: C = C.real"),
          "The numbers are right, but the gradient comes back through the hidden state only: the memory is cut off "
          "between steps, and with it the way that lasts."),
    Wrong("no_gradient", {RESULTS: "np.stack(states, axis=1).real, (H.real, C.real)"},
          "The numbers are right, but no gradient comes back at all: somewhere the way leads through NumPy, or the "
          "result is cut off."),
    Wrong("padding_ignored", {" if lengths is None else lengths": ""},
          "The padding is read like everything else: lengths has no effect."),
    Wrong("mask_inverted", {NEW_H: "np.where(valid, H, H_new)", NEW_C: "np.where(valid, C, C_new)"},
          "The mask is the wrong way round: the pair moves in the padding and stands still where there is something "
          "to read."),
    Wrong("one_step_too_many", {"else lengths": "else lengths + 1"},
          "Each sequence is read one step too far. Steps are counted from 0, so step number length is padding."),
    Wrong("one_step_too_few", {"else lengths": "else lengths - 1"}, "The last step of each sequence is not read."),
    Wrong("shortest_for_all", {"t < lengths": "t < 0 * lengths + lengths.min()"},
          "All sequences end where the shortest does. Each has a length of its own.", keeps=0.25),
    Wrong("inputs_cleared", {"X[:, t]": "valid * X[:, t]", NEW_H: "H_new", NEW_C: "C_new", "valid * H)": "H)"},
          "The inputs in the padding are set to zero, but the steps are made: a step without an input moves the pair, "
          "too.", keeps=0.25),
    Wrong("states_not_cleared", {"valid * H": "H"},
          "The pair stands still in the padding, as it should, but the states there should be zero in the first "
          "result.", keeps=0.6),
    Wrong("only_the_outputs_masked", {NEW_H: "H_new", NEW_C: "C_new"},
          "The states are right, but the last pair has gone on through the padding.", keeps=0.5),
    Wrong("memory_goes_on", {NEW_C: "C_new"},
          "In the padding the hidden state stands still, but the memory goes on: both parts of the pair must stand.",
          keeps=0.6),
    Wrong("hidden_state_goes_on", {NEW_H: "H_new"},
          "In the padding the memory stands still, but the hidden state goes on: both parts of the pair must stand.",
          keeps=0.6),
    Wrong("set_to_zero", {NEW_H: "valid * H_new", NEW_C: "valid * C_new"},
          "In the padding the pair itself becomes zero, so that short sequences end with nothing. It should stand "
          "still.", keeps=0.5),
    Wrong("last_step_for_last_valid_step", {RESULTS: "np.stack(states, axis=1), (states[-1], C)"},
          "For a short sequence the last hidden state is zero: it was taken from the last step, which is padding. It "
          "should be the one at the last valid step, as for the memory.", keeps=0.6),
]
WRONG_WALKS += [
    Wrong(f"step_with_{each.id}", mutant(unroll, lstm_step=each.of(lstm_step)),
          "The walk is right, the step inside it is not: see what the check of lstm_step says.", keeps=0.75)
    for each in WRONG_STEPS
]
WRONG_READING = [
    Wrong("memory_read", {"(H, _)": "(_, H)"},
          "The output layer gets the memory, the wrong half of the pair. Same shape, no error, another model.",
          keeps=0.5),
    Wrong("memory_read_through_tanh", {"(H, _)": "(_, C)", "H @": "np.tanh(C) @"},
          "The output layer gets tanh of the memory: what the output gate hides is told all the same.", keeps=0.5),
    Wrong("both_halves_added", {"(H, _)": "(H, C)", "H @": "(H + C) @"},
          "The output layer gets both halves of the pair, added up.", keeps=0.25),
    Wrong("last_column", {"_, (H, _)": "states, _", "H @": "states[:, -1] @"},
          "All short prefixes have the same answer: it was read off the last column, where there is padding and the "
          "states are zero.", keeps=0.25),
    Wrong("padding_read", {"params, lengths)": "params)"},
          "The padding is read too, so the answer depends on how much there is of it.", keeps=0.25),
    Wrong("one_letter_too_early", {"params, lengths)": "params, lengths - 1)"},
          "The last letter of each prefix is not read.", keeps=0.25),
    Wrong("first_letter_only", {"_, (H, _)": "states, _", "H @": "states[:, 0] @"},
          "The answer was read off the first step: only the first letter of each prefix counts."),
    Wrong("mean_over_the_steps", {"_, (H, _)": "states, _", "H @": "states.mean(axis=1) @"},
          "The output layer gets the mean over all steps, padding included. Asked for is what follows the last letter.",
          keeps=0.25),
    Wrong("mean_over_the_letters", {"_, (H, _)": "states, _", "H @": "states.sum(axis=1) / lengths[:, None] @"},
          "The output layer gets the mean over all letters of the prefix. The question is what follows the last one.",
          keeps=0.25),
    Wrong("logits", {"softmax": ""}, "These are logits. Probabilities are positive and add up to 1.", keeps=0.5),
    Wrong("logarithms", mutant(next_letter, softmax=log_softmax),
          "These are the logarithms of the probabilities.", keeps=0.5),
    Wrong("softmax_over_the_prefixes", {'["b_q"])': '["b_q"], axis=0)'},
          "The softmax goes over the prefixes. The probabilities of all letters after one prefix add up to 1.",
          keeps=0.5),
    Wrong("sigmoids", mutant(next_letter, softmax=sigmoid),
          "Each letter has a sigmoid of its own, so that they do not add up to 1. One of them will come, and only one.",
          keeps=0.25),
    Wrong("likeliest_letter", mutant(next_letter, softmax=lambda logits: logits.argmax(axis=1)),
          "This is the likeliest letter after each prefix; asked for are the probabilities of all.", keeps=0.25),
    Wrong("no_output_bias", {' + params["b_q"]': ""}, "The output layer has no bias.", keeps=0.5),
    Wrong("counted_from_one", {"[ids]": "[ids - 1]"},
          "Each letter is taken for the one with the id before: ids begin with 0, and a one-hot vector has its 1 at "
          "the id's place.", keeps=0.25),
]
WALKS_THAT_ARE_SEEN = (  # in the last hidden state, when the walk starts from zeros
    "state_not_carried", "hidden_state_not_carried", "walks_backwards", "mask_inverted", "one_step_too_many",
    *(f"step_with_{each.id}" for each in WRONG_STEPS if each.id != "memory_first"),  # that one is memory_read
)
WRONG_READING += [
    Wrong(f"walk_with_{each.id}", mutant(next_letter, unroll=each.of(unroll)),
          "The reading is right, the walk before it is not: see what the check of unroll says. If that finds nothing, "
          "look at the step that you pick.", keeps=0.75)
    for each in WRONG_WALKS if each.id in WALKS_THAT_ARE_SEEN
]
