"""One step of a recurrent network whose units are leaky, right and wrong."""

import numpy as np

from course_utils.assignments import Wrong, mutant

from ..shared import relu, sigmoid, softmax


def leaky_step(X_t, H, params):
    p = params
    H = (1 - p["leak"]) * H + p["leak"] * np.tanh(X_t @ p["W_xh"] + H @ p["W_hh"] + p["b_h"])  # (n, h)
    return H, H @ p["W_hq"] + p["b_q"]  # (n, h), (n, q)


def output_of_what_is_new(X_t, H, params):
    new = np.tanh(X_t @ params["W_xh"] + H @ params["W_hh"] + params["b_h"])  # (n, h)
    return leaky_step(X_t, H, params)[0], new @ params["W_hq"] + params["b_q"]


SQUEEZED = 'np.tanh(X_t @ p["W_xh"] + H @ p["W_hh"] + p["b_h"])'
KEPT, TAKEN_IN = '(1 - p["leak"]) * H + ', 'p["leak"] * np.tanh'
LOGITS = 'H @ p["W_hq"] + p["b_q"]'

# fmt: off
WRONG_STEPS = [
    Wrong("state_not_used", {' + H @ p["W_hh"]': ""},
          "The old state has no say in what is taken in: its product with W_hh is missing.", keeps=0.25),
    Wrong("no_leak", {KEPT: "", TAKEN_IN: "np.tanh"},
          "This is the chapter's step: the old state is replaced, and leak has no effect."),
    Wrong("leak_the_wrong_way_round", {KEPT: 'p["leak"] * H + ', TAKEN_IN: '(1 - p["leak"]) * np.tanh'},
          "The shares have changed places: leak is the share of what is new.", keeps=0.25),
    Wrong("old_state_kept_whole", {KEPT: "H + "},
          "The old state is kept whole. What is taken in has its share, and the old state has the rest.", keeps=0.25),
    Wrong("old_state_dropped", {KEPT: ""},
          "What is taken in has its share, but nothing of the old state stays beside it.", keeps=0.25),
    Wrong("new_state_taken_in_whole", {TAKEN_IN: "np.tanh"},
          "The old state has its share, but the new one is taken in whole: the two shares make 1 together.",
          keeps=0.25),
    Wrong("leak_inside_tanh", {SQUEEZED: SQUEEZED.replace("tanh(", 'tanh(p["leak"] * (') + ")", TAKEN_IN: "np.tanh"},
          "leak stands inside tanh. It is a share of what comes out of it.", keeps=0.25),
    Wrong("one_leak_for_all", {KEPT: KEPT.replace('p["leak"]', 'p["leak"].mean()'),
                               TAKEN_IN: TAKEN_IN.replace('p["leak"]', 'p["leak"].mean()')},
          "All units leak alike. Each has a share of its own.", keeps=0.5),
    Wrong("no_tanh", {"np.tanh": ""},
          "What is taken in can be of any size: it is not squeezed.", keeps=0.5),
    Wrong("sigmoid", mutant(leaky_step, {"np.tanh": "sigmoid"}, sigmoid=sigmoid),
          "What is taken in lies between 0 and 1: it went through the sigmoid. A state must be able to be negative.",
          keeps=0.5),
    Wrong("relu", mutant(leaky_step, {"np.tanh": "relu"}, relu=relu),
          "What is taken in is never negative and can be of any size: it went through ReLU.", keeps=0.5),
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
    Wrong("state_added_up", {TAKEN_IN: f"H + {TAKEN_IN}"},
          "The old state is added once more, beside its share.", keeps=0.25),
    Wrong("output_of_the_old_state", {"    H = ": "    H_new = ", "return H,": "return H_new,"},
          "The logits are those of the old state: what the step has just read cannot be seen in them.", keeps=0.5),
    Wrong("output_of_what_is_new", output_of_what_is_new,
          "The logits are those of what is taken in. They belong to the state that comes of it.", keeps=0.5),
    Wrong("probabilities", mutant(leaky_step, {LOGITS: f"softmax({LOGITS})"}, softmax=softmax),
          "The outputs are probabilities. Logits were asked for; the loss takes the softmax.", keeps=0.5),
    Wrong("squeezed_output", {LOGITS: f"np.tanh({LOGITS})"},
          "The outputs went through tanh. Logits are any real numbers.", keeps=0.5),
    Wrong("results_exchanged", {f"H, {LOGITS}": f"{LOGITS}, H"},
          "The two results have changed places: the state comes first here.", keeps=0.5),
]
