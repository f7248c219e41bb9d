"""What the reference answers of several assignments need, and what their tests draw."""

from itertools import combinations

import numpy as np

from course_utils.assignments.nested import difference


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def relu(x):
    return np.where(x.real > 0, x, 0)  # real: the complex step differentiates it too


def softmax(logits, axis=-1):
    return np.exp(log_softmax(logits, axis))


def log_softmax(logits, axis=-1):
    shifted = logits - logits.real.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def transposed(params):
    """With the recurrent matrices transposed, which are square, so that no shape complains."""
    return {name: value.T if name.startswith("W_h") else value for name, value in params.items()}


def draw_normal(rng, shapes, **scales):
    """An array for each name, in the order of the shapes; standard deviation 1 but where `scales` has another."""
    return {name: rng.normal(scale=scales.get(name, 1), size=shape) for name, shape in shapes.items()}


def draw_state(rng, *shape):
    return rng.uniform(-0.9, 0.9, size=shape)


def gru_step(X_t, H, p):
    """One step of chapter 07's GRU, which resets after the product; assignment 5 hands it out."""
    Z = sigmoid(X_t @ p["W_xz"] + H @ p["W_hz"] + p["b_z"])  # (n, h)
    R = sigmoid(X_t @ p["W_xr"] + H @ p["W_hr"] + p["b_r"])  # (n, h)
    H_tilde = np.tanh(X_t @ p["W_xh"] + p["b_h"] + R * (H @ p["W_hh"] + p["b_hh"]))  # (n, h)
    return H_tilde + Z * (H - H_tilde)  # (n, h)


def told_apart(values):
    """Whether a draw tells answers apart, given what each of them makes of it."""
    return all(difference(one, other, 1e-3) for one, other in combinations(values, 2))
