"""One step of a GRU: both right answers, the wrong ones, and the two meanings of Z."""

import numpy as np

from course_utils.assignments import Wrong


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# ---- one step ----


def gate(X_t, H, p, z, squash=sigmoid):
    return squash(X_t @ p[f"W_x{z}"] + H @ p[f"W_h{z}"] + p[f"b_{z}"])  # (n, h)


def before(X_t, H, R, p):
    return X_t @ p["W_xh"] + (R * H) @ p["W_hh"] + p["b_h"]  # (n, h)


def after(X_t, H, R, p):
    return X_t @ p["W_xh"] + p["b_h"] + R * (H @ p["W_hh"] + p["b_hh"])  # (n, h)


def keep_old(Z, H, H_tilde):
    return Z * H + (1 - Z) * H_tilde  # (n, h)


def step(X_t, H, p, inner=before, mix=keep_old, gates="zr", squash=sigmoid, candidate=np.tanh):
    """A GRU's step in parts, so that each part can be exchanged for a wrong one."""
    Z, R = (gate(X_t, H, p, z, squash) for z in gates)  # (n, h), (n, h)
    return mix(Z, H, candidate(inner(X_t, H, R, p)))  # (n, h)


def gru_step(X_t, H, params):
    return step(X_t, H, params)


def transposed(p):
    return {name: value.T if name.startswith("W_h") else value for name, value in p.items()}


def variant(**parts):
    return lambda X_t, H, params: step(X_t, H, params, **parts)


FLIPPED = (
    "The update gate works the wrong way round: where it is 1 the state is replaced. In this course Z is the share of "
    "the old state."
)
WRONG_STEPS = [
    Wrong("flipped_update_gate", variant(mix=lambda Z, H, new: (1 - Z) * H + Z * new), FLIPPED),
    Wrong(
        "reset_after_the_product",
        variant(inner=lambda X_t, H, R, p: X_t @ p["W_xh"] + R * (H @ p["W_hh"]) + p["b_h"]),
        "The reset gate weakens the product with W_hh; here it is asked to choose what goes into the product.",
        keeps=0.5,
    ),
    Wrong(
        "candidate_without_reset",
        variant(inner=lambda X_t, H, R, p: before(X_t, H, 1, p)),
        "The candidate reads the whole old state: the reset gate has no effect.",
    ),
    Wrong(
        "reset_hides_the_input_too",
        variant(inner=lambda X_t, H, R, p: R * (X_t @ p["W_xh"] + H @ p["W_hh"]) + p["b_h"]),
        "The reset gate weakens the input as well; it is about the old state only.",
    ),
    Wrong(
        "flipped_reset_gate",
        variant(inner=lambda X_t, H, R, p: before(X_t, H, 1 - R, p)),
        "The reset gate works the wrong way round: where it is 1 the old state is hidden.",
    ),
    Wrong(
        "gates_exchanged",
        variant(gates="rz"),
        "The two gates have changed places: one is computed with the other's weights.",
    ),
    Wrong(
        "sigmoid_candidate",
        variant(candidate=sigmoid),
        "The candidate lies between 0 and 1: it went through the sigmoid. A state must be able to be negative.",
    ),
    Wrong(
        "candidate_without_tanh",
        variant(candidate=lambda values: values),
        "The candidate is not squashed: it is any number, and should lie between −1 and 1.",
    ),
    Wrong(
        "tanh_gates",
        variant(squash=np.tanh),
        "The gates lie between −1 and 1: they went through tanh. A share lies between 0 and 1.",
    ),
    Wrong(
        "old_state_dropped",
        variant(mix=lambda Z, H, new: (1 - Z) * new),
        "The new state has no part of the old one: only the candidate's share is there.",
    ),
    Wrong(
        "candidate_not_weighed",
        variant(mix=lambda Z, H, new: Z * H + new),
        "The candidate is added whole. The shares of the old state and of the candidate make 1 together.",
    ),
    Wrong(
        "transposed_recurrent_weights",
        lambda X_t, H, params: step(X_t, H, transposed(params)),
        "The recurrent matrices are used transposed. They are square, so no shape complains.",
    ),
    Wrong(
        "candidate_without_bias",
        variant(inner=lambda X_t, H, R, p: before(X_t, H, R, p | {"b_h": 0.0})),
        "The candidate has no bias.",
        keeps=0.5,
    ),
    Wrong(
        "update_gate_without_bias",
        lambda X_t, H, params: step(X_t, H, params | {"b_z": 0.0}),
        "The update gate has no bias.",
        keeps=0.5,
    ),
    Wrong(
        "reset_gate_without_bias",
        lambda X_t, H, params: step(X_t, H, params | {"b_r": 0.0}),
        "The reset gate has no bias.",
        keeps=0.5,
    ),
]


def gru_step_after(X_t, H, params):
    return step(X_t, H, params, inner=after)


WRONG_STEPS_AFTER = [
    Wrong(
        "reset_before_the_product",
        variant(inner=lambda X_t, H, R, p: before(X_t, H, R, p) + p["b_hh"]),
        "The reset gate chooses what goes into the product, as in the exercise before; here it comes after it.",
    ),
    Wrong(
        "gru_step_again",
        gru_step,
        "This is what gru_step computes. Here the reset comes after the product, and b_hh is inside it.",
    ),
    Wrong(
        "inner_bias_missing",
        variant(inner=lambda X_t, H, R, p: after(X_t, H, R, p | {"b_hh": 0.0})),
        "The bias b_hh is nowhere.",
        keeps=0.5,
    ),
    Wrong(
        "inner_bias_outside",
        variant(inner=lambda X_t, H, R, p: X_t @ p["W_xh"] + p["b_h"] + R * (H @ p["W_hh"]) + p["b_hh"]),
        "The bias b_hh is added outside the reset, where b_h is already.",
        keeps=0.5,
    ),
    Wrong(
        "both_biases_inside",
        variant(inner=lambda X_t, H, R, p: X_t @ p["W_xh"] + R * (H @ p["W_hh"] + p["b_hh"] + p["b_h"])),
        "Both biases are inside the reset; only one of them is.",
        keeps=0.5,
    ),
    Wrong(
        "biases_exchanged",
        variant(inner=lambda X_t, H, R, p: after(X_t, H, R, p | {"b_h": p["b_hh"], "b_hh": p["b_h"]})),
        "The candidate's two biases have changed places.",
        keeps=0.5,
    ),
    Wrong(
        "input_inside_the_reset",
        variant(inner=lambda X_t, H, R, p: p["b_h"] + R * (X_t @ p["W_xh"] + H @ p["W_hh"] + p["b_hh"])),
        "The input's product is inside the reset; the reset is about the old state only.",
    ),
    Wrong(
        "flipped_update_gate",
        variant(inner=after, mix=lambda Z, H, new: (1 - Z) * H + Z * new),
        FLIPPED,
    ),
]


def other_convention(params):
    return turned(params, "W_xz", "W_hz", "b_z")


def turned(params, *names, by=lambda value: -value):
    return {name: by(value) if name in names else value for name, value in params.items()}


WRONG_CONVENTIONS = [
    Wrong(
        "bias_forgotten",
        lambda params: turned(params, "W_xz", "W_hz"),
        "The gate's bias is as it was, but it stands inside the sigmoid too.",
        keeps=0.5,
    ),
    Wrong(
        "only_the_bias",
        lambda params: turned(params, "b_z"),
        "Only the gate's bias is changed, but the sigmoid is of a sum that has two other terms.",
    ),
    Wrong(
        "one_minus_the_weights",
        lambda params: turned(params, "W_xz", "W_hz", "b_z", by=lambda value: 1 - value),
        "You took 1 minus each weight. It is the gate that becomes 1 − Z; the weights stand inside the sigmoid.",
    ),
    Wrong(
        "inverse_weights",
        lambda params: turned(params, "W_xz", "W_hz", "b_z", by=lambda value: 1 / value),
        "You took 1 over each weight. Ask which x' makes σ(x') equal to 1 − σ(x).",
    ),
    Wrong(
        "both_gates",
        lambda params: turned(params, "W_xz", "W_hz", "b_z", "W_xr", "W_hr", "b_r"),
        "The reset gate's weights are changed too, though both conventions agree on R.",
        keeps=0.5,
    ),
    Wrong(
        "all_weights",
        lambda params: turned(params, *params),
        "All weights are changed, also those of the reset gate and of the candidate, on which both agree.",
    ),
    Wrong(
        "the_candidate",
        lambda params: turned(params, "W_xh", "W_hh", "b_h"),
        "The candidate's weights are changed; the two conventions differ in the update gate.",
    ),
    Wrong(
        "unchanged",
        lambda params: turned(params),
        "The weights are those that came in. With them the other convention keeps what it should replace.",
    ),
]
