"""One step of an LSTM: the right answer, and the wrong ones."""

import numpy as np

from course_utils.assignments import Wrong


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def belt(F, C, I, new):
    return F * C + I * new  # (n, h)


def shown(O, C, old):
    return O * np.tanh(C)  # (n, h)


def step(
    X_t,
    state,
    p,
    gates="ifo",
    squash=sigmoid,
    candidate=np.tanh,
    read=None,
    read_new=None,
    forget=0.0,
    mix=belt,
    show=shown,
):
    """An LSTM's step in parts, so that each part can be exchanged for a wrong one.

    `gates` says whose weights I, F and O have; `read` and `read_new` choose of (H, C) what the gates and the candidate
    read; `forget` is added to the forget gate's sum.
    """
    H, C = state
    seen, seen_new = (choose(H, C) if choose else H for choose in (read, read_new or read))  # (n, h), (n, h)
    sums = [X_t @ p[f"W_x{g}"] + seen @ p[f"W_h{g}"] + p[f"b_{g}"] for g in gates]  # (n, h) each
    I, F, O = (squash(total) for total in (sums[0], sums[1] + forget, sums[2]))  # (n, h) each
    C_new = mix(F, C, I, candidate(X_t @ p["W_xc"] + seen_new @ p["W_hc"] + p["b_c"]))  # (n, h)
    return show(O, C_new, C), C_new  # (n, h), (n, h)


def lstm_step(X_t, state, params):
    return step(X_t, state, params)


def transposed(p):
    return {name: value.T if name.startswith("W_h") else value for name, value in p.items()}


def variant(**parts):
    return lambda X_t, state, params: step(X_t, state, params, **parts)


def the_memory(H, C):
    return C


WRONG_STEPS = [
    Wrong(
        "results_exchanged",
        lambda X_t, state, params: lstm_step(X_t, state, params)[::-1],
        "The pair comes back as (C, H). In this course the hidden state comes first, both going in and coming out.",
        keeps=0.5,
    ),
    Wrong(
        "state_exchanged",
        lambda X_t, state, params: lstm_step(X_t, state[::-1], params),
        "The pair that comes in is taken apart the wrong way round: H is its first part, C its second.",
    ),
    Wrong(
        "memory_first",
        lambda X_t, state, params: lstm_step(X_t, state[::-1], params)[::-1],
        "The pair is (C, H) for you, both going in and coming out. In this course the hidden state comes first.",
        keeps=0.5,
    ),
    Wrong(
        "gates_read_the_memory",
        variant(read=the_memory),
        "The gates and the candidate read the memory C. What do they read in the equations?",
    ),
    Wrong(
        "candidate_reads_the_memory",
        variant(read_new=the_memory),
        "The candidate reads the memory C, while the gates read H. It reads what they read.",
        keeps=0.25,
    ),
    Wrong(
        "forget_and_input_exchanged",
        variant(mix=lambda F, C, I, new: belt(I, C, F, new)),
        "The input gate says what stays of the old memory, and the forget gate how much is put there. Which is which?",
    ),
    Wrong(
        "flipped_forget_gate",
        variant(mix=lambda F, C, I, new: belt(1 - F, C, I, new)),
        "The forget gate works the wrong way round: where it is 1 the memory is emptied. In spite of its name, F "
        "says what stays.",
    ),
    Wrong(
        "tied_gates",
        variant(mix=lambda F, C, I, new: belt(F, C, 1 - F, new)),
        "The candidate's share is 1 − F, as in a GRU. The LSTM has a gate of its own for it.",
        keeps=0.25,
    ),
    Wrong(
        "candidate_not_weighed",
        variant(mix=lambda F, C, I, new: F * C + new),
        "The candidate is put into the memory whole: the input gate has no effect.",
        keeps=0.25,
    ),
    Wrong(
        "old_memory_dropped",
        variant(mix=lambda F, C, I, new: I * new),
        "The new memory has no part of the old one.",
    ),
    Wrong(
        "input_and_output_exchanged",
        variant(gates="ofi"),
        "The input gate and the output gate have changed places: one is computed with the other's weights.",
    ),
    Wrong(
        "memory_shown_as_it_is",
        variant(show=lambda O, C, old: O * C),
        "The memory is shown as it is. It may be as large as it likes, and a hidden state stays between −1 and 1: "
        "something is missing.",
        keeps=0.25,
    ),
    Wrong(
        "tanh_around_both",
        variant(show=lambda O, C, old: np.tanh(O * C)),
        "The tanh is taken of O times C: the output gate and the tanh come in the wrong order.",
        keeps=0.25,
    ),
    Wrong(
        "sigmoid_of_the_memory",
        variant(show=lambda O, C, old: O * sigmoid(C)),
        "The memory goes through the sigmoid on its way out, so no hidden state can be negative.",
        keeps=0.25,
    ),
    Wrong(
        "old_memory_shown",
        variant(show=lambda O, C, old: O * np.tanh(old)),
        "The hidden state shows the old memory. What was written in this step can already be read in it.",
        keeps=0.25,
    ),
    Wrong(
        "no_output_gate",
        variant(show=lambda O, C, old: np.tanh(C)),
        "The output gate has no effect: all of the memory is shown.",
        keeps=0.25,
    ),
    Wrong(
        "nought_for_an_o",
        variant(show=lambda O, C, old: 0 * np.tanh(C)),
        "The hidden state is zero everywhere. Is there a digit 0 in the place of the letter O?",
        keeps=0.25,
    ),
    Wrong(
        "sigmoid_candidate",
        variant(candidate=sigmoid),
        "The candidate lies between 0 and 1: it went through the sigmoid. So the memory could only grow.",
    ),
    Wrong(
        "tanh_gates",
        variant(squash=np.tanh),
        "The gates lie between −1 and 1: they went through tanh. A share lies between 0 and 1.",
    ),
    Wrong(
        "forget_bias_added",
        variant(forget=1.0),
        "1 is added to the forget gate's sum at each step. A forget bias is where b_f starts; params has it already.",
        keeps=0.5,
    ),
    Wrong(
        "transposed_recurrent_weights",
        lambda X_t, state, params: step(X_t, state, transposed(params)),
        "The recurrent matrices are used transposed. They are square, so no shape complains.",
    ),
    Wrong(
        "candidate_without_bias",
        lambda X_t, state, params: step(X_t, state, params | {"b_c": 0.0}),
        "The candidate has no bias.",
        keeps=0.5,
    ),
]
