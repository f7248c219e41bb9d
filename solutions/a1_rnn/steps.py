"""One step of a recurrent network, right and wrong."""

import numpy as np

from course_utils.assignments import Wrong, mutant

from ..shared import relu, sigmoid, softmax


def rnn_step(X_t, H, params):
    p = params
    H = np.tanh(X_t @ p["W_xh"] + H @ p["W_hh"] + p["b_h"])  # (n, h)
    return H, H @ p["W_hq"] + p["b_q"]  # (n, h), (n, q)


SQUEEZED = 'np.tanh(X_t @ p["W_xh"] + H @ p["W_hh"] + p["b_h"])'
LOGITS = 'H @ p["W_hq"] + p["b_q"]'

# fmt: off
WRONG_STEPS = [
    Wrong("state_not_used", {' + H @ p["W_hh"]': ""},
          "The old state has no effect: this is the network without memory."),
    Wrong("no_tanh", {"np.tanh": ""},
          "The new state can be of any size: it is not squeezed.", keeps=0.5),
    Wrong("sigmoid", mutant(rnn_step, {"np.tanh": "sigmoid"}, sigmoid=sigmoid),
          "The new state lies between 0 and 1: it went through the sigmoid. A state must be able to be negative.",
          keeps=0.5),
    Wrong("relu", mutant(rnn_step, {"np.tanh": "relu"}, relu=relu),
          "The new state is never negative and can be of any size: it went through ReLU.", keeps=0.5),
    Wrong("bias_of_the_state_lost", {' + p["b_h"]': ""},
          "The state has no bias.", keeps=0.5),
    Wrong("bias_of_the_output_lost", {' + p["b_q"]': ""},
          "The output has no bias.", keeps=0.5),
    Wrong("transposed_recurrent_weights", {'p["W_hh"]': 'p["W_hh"].T'},
          "W_hh is used transposed. It is square, so no shape complains.", keeps=0.5),
    Wrong("state_outside_tanh", {SQUEEZED: 'np.tanh(X_t @ p["W_xh"] + p["b_h"]) + H @ p["W_hh"]'},
          "The product with the old state is added behind tanh. All of the sum belongs inside.", keeps=0.25),
    Wrong("bias_outside_tanh", {' + p["b_h"])': ') + p["b_h"]'},
          "The bias is added behind tanh. All of the sum belongs inside.", keeps=0.5),
    Wrong("state_without_weights", {'H @ p["W_hh"]': "H"},
          "The old state is added as it is: its product with W_hh is missing.", keeps=0.25),
    Wrong("state_added_up", {"np.tanh(": "H + np.tanh("},
          "The new state is the old one plus something. Here it is replaced; the old one has its say inside tanh.",
          keeps=0.25),
    Wrong("output_of_the_old_state", {"H = np.tanh(": "H_new = np.tanh(", "return H,": "return H_new,"},
          "The logits are those of the old state: what the step has just read cannot be seen in them.", keeps=0.5),
    Wrong("probabilities", mutant(rnn_step, {LOGITS: f"softmax({LOGITS})"}, softmax=softmax),
          "The outputs are probabilities. Logits were asked for; the loss takes the softmax.", keeps=0.5),
    Wrong("squeezed_output", {LOGITS: f"np.tanh({LOGITS})"},
          "The outputs went through tanh. Logits are any real numbers.", keeps=0.5),
    Wrong("results_exchanged", {f"H, {LOGITS}": f"{LOGITS}, H"},
          "The two results have changed places: the state comes first here.", keeps=0.5),
]
