"""One step of a GRU, with a coupled reset or a normalised product, and the two meanings of Z."""

import numpy as np

from course_utils.assignments import Wrong, mutant

from ..shared import sigmoid, transposed


def gru_step(X_t, H, params):
    p = params
    Z = sigmoid(X_t @ p["W_xz"] + H @ p["W_hz"] + p["b_z"])  # (n, h)
    R = 1 - Z  # (n, h)
    H_tilde = np.tanh(X_t @ p["W_xh"] + (R * H) @ p["W_hh"] + p["b_h"])  # (n, h)
    return Z * H + (1 - Z) * H_tilde  # (n, h)


def normed(v):
    v = v - v.mean(axis=1, keepdims=True)  # (n, h)
    return v / np.sqrt((v**2).mean(axis=1, keepdims=True) + 1e-5)  # (n, h)


def gru_step_normed(X_t, H, params):
    p = params
    Z = sigmoid(X_t @ p["W_xz"] + H @ p["W_hz"] + p["b_z"])  # (n, h)
    R = sigmoid(X_t @ p["W_xr"] + H @ p["W_hr"] + p["b_r"])  # (n, h)
    from_H = p["g_hh"] * normed(H @ p["W_hh"]) + p["b_hh"]  # (n, h)
    H_tilde = np.tanh(X_t @ p["W_xh"] + p["b_h"] + R * from_H)  # (n, h)
    return Z * H + (1 - Z) * H_tilde  # (n, h)


def other_convention(params):
    return {name: -value if name in ("W_xz", "W_hz", "b_z") else value for name, value in params.items()}


def gate_and_candidate_exchanged(params):
    others = {"z": "h", "h": "z"}
    return {name[:-1] + others.get(name[-1], name[-1]): value for name, value in params.items()}


MIXED, FLIPPED_MIX = "Z * H + (1 - Z) * H_tilde", "(1 - Z) * H + Z * H_tilde"
CANDIDATE = 'X_t @ p["W_xh"] + (R * H) @ p["W_hh"] + p["b_h"]'
FROM_H, CANDIDATE_AFTER = 'p["g_hh"] * normed(H @ p["W_hh"]) + p["b_hh"]', 'X_t @ p["W_xh"] + p["b_h"] + R * from_H'
TURNED = '("W_xz", "W_hz", "b_z")'
FLIPPED = (
    "The update gate works the wrong way round: where it is 1 the state is replaced. In this course Z is the share of "
    "the old state."
)

# fmt: off
WRONG_STEPS = [
    Wrong("flipped_update_gate", {MIXED: FLIPPED_MIX}, FLIPPED),
    Wrong("reset_after_the_product", {CANDIDATE: 'X_t @ p["W_xh"] + R * (H @ p["W_hh"]) + p["b_h"]'},
          "The reset gate weakens the product with W_hh; here it is asked to choose what goes into the product.",
          keeps=0.5),
    Wrong("candidate_without_reset", {"(R * H)": "H"},
          "The candidate reads the whole old state: the reset gate has no effect."),
    Wrong("reset_hides_the_input_too", {CANDIDATE: 'R * (X_t @ p["W_xh"] + H @ p["W_hh"]) + p["b_h"]'},
          "The reset gate weakens the input as well; it is about the old state only."),
    Wrong("flipped_reset_gate", {"(R * H)": "((1 - R) * H)"},
          "The reset gate works the wrong way round: where it is 1 the old state is hidden."),
    Wrong("gates_exchanged", {MIXED: "R * H + (1 - R) * H_tilde", "(R * H)": "(Z * H)"},
          "Both are the wrong way round: what Z says of the old state is done with 1 − Z, and the other way about."),
    Wrong("sigmoid_candidate", {"np.tanh": "sigmoid"},
          "The candidate lies between 0 and 1: it went through the sigmoid. A state must be able to be negative."),
    Wrong("candidate_without_tanh", {"np.tanh": ""},
          "The candidate is not squashed: it is any number, and should lie between −1 and 1."),
    Wrong("tanh_gates", mutant(gru_step, sigmoid=np.tanh),
          "The gates lie between −1 and 1: they went through tanh. A share lies between 0 and 1."),
    Wrong("reset_for_good", {"R = 1 - Z": "R = 1 - Z; H = R * H", "(R * H)": "H"},
          "The old state is weakened for good, and then kept as it is left. The reset is for what the candidate sees; "
          "what is kept is a share of the old state itself."),
    Wrong("old_state_dropped", {"Z * H + ": ""},
          "The new state has no part of the old one: only the candidate's share is there."),
    Wrong("candidate_not_weighed", {"(1 - Z) * H_tilde": "H_tilde"},
          "The candidate is added whole. The shares of the old state and of the candidate make 1 together."),
    Wrong("transposed_recurrent_weights", lambda X_t, H, params: gru_step(X_t, H, transposed(params)),
          "The recurrent matrices are used transposed. They are square, so no shape complains."),
    Wrong("candidate_without_bias", {' + p["b_h"]': ""}, "The candidate has no bias.", keeps=0.5),
    Wrong("update_gate_without_bias", {' + p["b_z"]': ""}, "The update gate has no bias.", keeps=0.5),
]
WRONG_STEPS_NORMED = [
    Wrong("reset_before_the_product", {"normed(H @": "normed((R * H) @", "R * from_H": "from_H"},
          "The reset gate chooses what goes into the product, as in the exercise before; here it comes after it.",
          keeps=0.25),
    Wrong("not_normed", mutant(gru_step_normed, normed=lambda v: v),
          "The product is not normalised: this is what the layer computes, but for the gain.", keeps=0.25),
    Wrong("over_the_sequences", mutant(gru_step_normed, normed=lambda v: normed(v.T).T),
          "Mean and variance go over the sequences of the batch, so that each depends on its neighbours. They go over "
          "the units of one sequence.", keeps=0.5),
    Wrong("over_the_whole_batch", mutant(gru_step_normed, normed=lambda v: (v - v.mean()) / np.sqrt(v.var() + 1e-5)),
          "There is one mean and one variance for the whole batch. Each sequence has its own.", keeps=0.5),
    Wrong("state_normed_before_the_product", {"normed(H @ p[\"W_hh\"])": "(normed(H) @ p[\"W_hh\"])"},
          "The old state is normalised, and then the product is taken. It is the product that is normalised.",
          keeps=0.5),
    Wrong("normed_after_the_reset", {FROM_H: 'normed(R * (H @ p["W_hh"]))',
                                     CANDIDATE_AFTER: 'X_t @ p["W_xh"] + p["b_h"] + p["g_hh"] * from_H + p["b_hh"]'},
          "The reset comes before the normalising, which takes it back in part. It comes last.", keeps=0.5),
    Wrong("bias_before_the_norm", {FROM_H: 'p["g_hh"] * normed(H @ p["W_hh"] + p["b_hh"])'},
          "The bias b_hh is added before the normalising. It comes after it.", keeps=0.5),
    Wrong("variance_without_root", mutant(gru_step_normed, normed=mutant(normed, {"np.sqrt": ""})),
          "It is divided by the variance: the root is missing.", keeps=0.5),
    Wrong("not_centred", mutant(gru_step_normed, normed=mutant(normed, {"v - v.mean(axis=1, keepdims=True)": "v"})),
          "The mean is not taken off before dividing.", keeps=0.5),
    Wrong("only_centred", mutant(gru_step_normed, normed=lambda v: v - v.mean(axis=1, keepdims=True)),
          "The mean is taken off, but nothing is divided by the root of the variance.", keeps=0.25),
    Wrong("divided_by_one_less", mutant(gru_step_normed, normed=lambda v: normed(v) * np.sqrt(1 - 1 / v.shape[1])),
          "The variance is divided by the number of units less 1; it is divided by the number.", keeps=0.75),
    Wrong("all_of_the_candidate_normed", {FROM_H: 'H @ p["W_hh"]',
                                          CANDIDATE_AFTER: 'p["g_hh"] * normed(X_t @ p["W_xh"] + p["b_h"] + R * '
                                                           'from_H) + p["b_hh"]'},
          "All of the candidate's sum is normalised; only the product with the old state is.", keeps=0.25),
    Wrong("normed_after_gain_and_bias", {FROM_H: 'normed(p["g_hh"] * (H @ p["W_hh"]) + p["b_hh"])'},
          "Gain and bias come before the normalising, which takes much of them back. They come after it.", keeps=0.5),
    Wrong("gain_missing", {'p["g_hh"] * ': ""}, "The gain g_hh is nowhere.", keeps=0.5),
    Wrong("inner_bias_missing", {' + p["b_hh"]': ""}, "The bias b_hh is nowhere.", keeps=0.5),
    Wrong("inner_bias_outside", {' + p["b_hh"]': "", "R * from_H": 'R * from_H + p["b_hh"]'},
          "The bias b_hh is added outside the reset, where b_h is already.", keeps=0.5),
    Wrong("both_biases_inside", {' + p["b_h"] +': " +", '+ p["b_hh"]': '+ p["b_hh"] + p["b_h"]'},
          "Both biases are inside the reset; only one of them is.", keeps=0.5),
    Wrong("biases_exchanged", {'p["b_hh"]': 'p["b_?"]', 'p["b_h"]': 'p["b_hh"]', 'p["b_?"]': 'p["b_h"]'},
          "The candidate's two biases have changed places.", keeps=0.5),
    Wrong("reset_coupled", {'R = sigmoid(X_t @ p["W_xr"] + H @ p["W_hr"] + p["b_r"])': "R = 1 - Z"},
          "The reset is coupled to the update gate, as in the exercise before; here it has weights of its own.",
          keeps=0.25),
    Wrong("flipped_update_gate", {MIXED: FLIPPED_MIX}, FLIPPED),
]
WRONG_CONVENTIONS = [
    Wrong("bias_forgotten", {TURNED: '("W_xz", "W_hz")'},
          "The gate's bias is as it was, but it stands inside the sigmoid too.", keeps=0.5),
    Wrong("only_the_bias", {TURNED: '("b_z",)'},
          "Only the gate's bias is changed, but the sigmoid is of a sum that has two other terms."),
    Wrong("one_minus_the_weights", {"-value": "1 - value"},
          "You took 1 minus each weight. It is the gate that becomes 1 − Z; the weights stand inside the sigmoid."),
    Wrong("inverse_weights", {"-value": "1 / value"},
          "You took 1 over each weight. Ask which x' makes σ(x') equal to 1 − σ(x)."),
    Wrong("both_gates", {'"b_z")': '"b_z", "W_xr", "W_hr", "b_r")'},
          "The reset gate's weights are changed too, though both conventions agree on R.", keeps=0.5),
    Wrong("all_weights", {TURNED: "params"},
          "All weights are changed, also those of the reset gate and of the candidate, on which both agree."),
    Wrong("states_weights_forgotten", {TURNED: '("W_xz", "b_z")'},
          "The gate reads the old state, too, and those weights are as they were.", keeps=0.5),
    Wrong("inputs_weights_forgotten", {TURNED: '("W_hz", "b_z")'},
          "The gate reads the input, too, and those weights are as they were.", keeps=0.5),
    Wrong("gate_and_candidate_exchanged", gate_and_candidate_exchanged,
          "The gate's weights and the candidate's have changed places. It is only their shares that do."),
    Wrong("the_candidate", {TURNED: '("W_xh", "W_hh", "b_h")'},
          "The candidate's weights are changed; the two conventions differ in the update gate."),
    Wrong("unchanged", {TURNED: "()"},
          "The weights are those that came in. With them the other convention keeps what it should replace."),
]
