"""One step of an LSTM with peepholes: the right answer, and the wrong ones."""

import numpy as np

from course_utils.assignments import Wrong, mutant

from ..shared import sigmoid, transposed


def lstm_step(X_t, state, params):
    p = params
    H, C = state  # (n, h) each
    I = sigmoid(X_t @ p["W_xi"] + H @ p["W_hi"] + p["w_ci"] * C + p["b_i"])  # (n, h)
    F = sigmoid(X_t @ p["W_xf"] + H @ p["W_hf"] + p["w_cf"] * C + p["b_f"])  # (n, h)
    C_tilde = np.tanh(X_t @ p["W_xc"] + H @ p["W_hc"] + p["b_c"])  # (n, h)
    C = F * C + I * C_tilde  # (n, h)
    O = sigmoid(X_t @ p["W_xo"] + H @ p["W_ho"] + p["w_co"] * C + p["b_o"])  # (n, h)
    return O * np.tanh(C), C  # (n, h) each


def input_and_output_exchanged(X_t, state, params):
    others = {"i": "o", "o": "i"}
    return lstm_step(X_t, state, {name[:-1] + others.get(name[-1], name[-1]): w for name, w in params.items()})


PEEPHOLES = {f'p["w_c{gate}"] * C': gate for gate in "ifo"}
BELT, SHOWN = "F * C + I * C_tilde", "O * np.tanh(C)"  # what the new memory is, and what of it is shown

# fmt: off
WRONG_STEPS = [
    Wrong("results_exchanged", {f"{SHOWN}, C": f"C, {SHOWN}"},
          "The pair comes back as (C, H). In this course the hidden state comes first, both going in and coming out.",
          keeps=0.5),
    Wrong("state_exchanged", {"H, C = state": "C, H = state"},
          "The pair that comes in is taken apart the wrong way round: H is its first part, C its second."),
    Wrong("memory_first", {"H, C = state": "C, H = state", f"{SHOWN}, C": f"C, {SHOWN}"},
          "The pair is (C, H) for you, both going in and coming out. In this course the hidden state comes first.",
          keeps=0.5),
    Wrong("gates_read_the_memory", {"H, C = state": "H = C = state[1]"},
          "The gates and the candidate read the memory C. What do they read in the equations?"),
    Wrong("candidate_reads_the_memory", {'H @ p["W_hc"]': 'C @ p["W_hc"]'},
          "The candidate reads the memory C, while the gates read H. It reads what they read.", keeps=0.25),
    Wrong("forget_and_input_exchanged", {BELT: "I * C + F * C_tilde"},
          "The input gate says what stays of the old memory, and the forget gate how much is put there. Which is "
          "which?"),
    Wrong("flipped_forget_gate", {BELT: "(1 - F) * C + I * C_tilde"},
          "The forget gate works the wrong way round: where it is 1 the memory is emptied. In spite of its name, F "
          "says what stays."),
    Wrong("output_gate_sees_tanh", {'p["w_co"] * C': 'p["w_co"] * np.tanh(C)'},
          "The output gate looks at tanh of the memory. A peephole sees the memory itself.", keeps=0.5),
    Wrong("no_biases", {' + p["b_i"]': "", ' + p["b_f"]': "", ' + p["b_o"]': "", ' + p["b_c"]': ""},
          "There are no biases, neither in the gates nor in the candidate.", keeps=0.25),
    Wrong("tied_gates", {BELT: "F * C + (1 - F) * C_tilde"},
          "The candidate's share is 1 − F, as in a GRU. The LSTM has a gate of its own for it.", keeps=0.25),
    Wrong("candidate_not_weighed", {BELT: "F * C + C_tilde"},
          "The candidate is put into the memory whole: the input gate has no effect.", keeps=0.25),
    Wrong("old_memory_dropped", {BELT: "I * C_tilde"}, "The new memory has no part of the old one."),
    Wrong("no_peepholes", {f" + {hole}": "" for hole in PEEPHOLES},
          "The gates do not look at the memory: this is the chapter's step, and the weights w_c have no effect."),
    Wrong("output_gate_without_peephole", {' + p["w_co"] * C': ""},
          "The output gate does not look at the memory.", keeps=0.5),
    Wrong("output_gate_looks_at_the_old_memory", {'p["w_co"] * C': 'p["w_co"] * state[1]'},
          "The output gate looks at the memory that came in. It decides what is shown of the new one, so it looks at "
          "that.", keeps=0.5),
    Wrong("peepholes_read_the_hidden_state", {hole: hole[:-1] + "H" for hole in PEEPHOLES},
          "The peepholes look at the hidden state, which the gates read already. They look at the memory.", keeps=0.25),
    Wrong("peepholes_through_tanh", {hole: hole[:-1] + "np.tanh(C)" for hole in PEEPHOLES},
          "The peepholes look at tanh of the memory. They look at the memory itself.", keeps=0.25),
    Wrong("peepholes_of_input_and_forget_exchanged", {'"w_ci"': '"w_c?"', '"w_cf"': '"w_ci"', '"w_c?"': '"w_cf"'},
          "The peepholes of the input gate and of the forget gate have changed places.", keeps=0.5),
    Wrong("input_and_output_exchanged", input_and_output_exchanged,
          "The input gate and the output gate have changed places: one is computed with the other's weights."),
    Wrong("memory_shown_as_it_is", {SHOWN: "O * C"},
          "The memory is shown as it is. It may be as large as it likes, and a hidden state stays between −1 and 1: "
          "something is missing.", keeps=0.25),
    Wrong("tanh_around_both", {SHOWN: "np.tanh(O * C)"},
          "The tanh is taken of O times C: the output gate and the tanh come in the wrong order.", keeps=0.25),
    Wrong("sigmoid_of_the_memory", {SHOWN: "O * sigmoid(C)"},
          "The memory goes through the sigmoid on its way out, so no hidden state can be negative.", keeps=0.25),
    Wrong("old_memory_shown", {SHOWN: "O * np.tanh(state[1])"},
          "The hidden state shows the old memory. What was written in this step can already be read in it.",
          keeps=0.25),
    Wrong("no_output_gate", {SHOWN: "np.tanh(C)"},
          "The output gate has no effect: all of the memory is shown.", keeps=0.25),
    Wrong("nought_for_an_o", {SHOWN: "0 * np.tanh(C)"},
          "The hidden state is zero everywhere. Is there a digit 0 in the place of the letter O?", keeps=0.25),
    Wrong("sigmoid_candidate", {"C_tilde = np.tanh": "C_tilde = sigmoid"},
          "The candidate lies between 0 and 1: it went through the sigmoid. So the memory could only grow."),
    Wrong("tanh_gates", mutant(lstm_step, sigmoid=np.tanh),
          "The gates lie between −1 and 1: they went through tanh. A share lies between 0 and 1."),
    Wrong("forget_bias_added", {'p["b_f"]': 'p["b_f"] + 1'},
          "1 is added to the forget gate's sum at each step. A forget bias is where b_f starts; params has it already.",
          keeps=0.5),
    Wrong("transposed_recurrent_weights", lambda X_t, state, params: lstm_step(X_t, state, transposed(params)),
          "The recurrent matrices are used transposed. They are square, so no shape complains."),
    Wrong("candidate_without_bias", {' + p["b_c"]': ""}, "The candidate has no bias.", keeps=0.5),
]
