"""One step of a recurrent network, right and wrong."""

import numpy as np

from course_utils.assignments import Wrong


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def relu(x):
    return np.where(x.real > 0, x, 0)


def softmax(logits):
    odds = np.exp(logits)
    return odds / odds.sum(axis=1, keepdims=True)


def next_state(X_t, H, p, squash=np.tanh):
    return squash(X_t @ p["W_xh"] + H @ p["W_hh"] + p["b_h"])  # (n, h)


def logits_of(H, p):
    return H @ p["W_hq"] + p["b_q"]  # (n, q)


def rnn_step(X_t, H, params):
    H = next_state(X_t, H, params)  # (n, h)
    return H, logits_of(H, params)


def variant(state=next_state, output=logits_of):
    """A step with another new state, or another output: `output` gets the new state and the parameters."""

    def answer(X_t, H, params):
        new = state(X_t, H, params)
        return new, output(new, params)

    return answer


def squashed_by(squash):
    return variant(state=lambda X_t, H, p: next_state(X_t, H, p, squash))


def without(name):
    return lambda X_t, H, params: rnn_step(X_t, H, params | {name: 0.0 * params[name]})


def old_state_for_the_output(X_t, H, params):
    return next_state(X_t, H, params), logits_of(H, params)


def exchanged(X_t, H, params):
    return rnn_step(X_t, H, params)[::-1]


WRONG_STEPS = [
    Wrong(
        "state_not_used",
        variant(state=lambda X_t, H, p: np.tanh(X_t @ p["W_xh"] + p["b_h"])),
        "The old state has no effect: this is the network without memory.",
    ),
    Wrong(
        "no_tanh",
        squashed_by(lambda x: x),
        "The new state can be of any size: it is not squeezed.",
        keeps=0.5,
    ),
    Wrong(
        "sigmoid",
        squashed_by(sigmoid),
        "The new state lies between 0 and 1: it went through the sigmoid. A state must be able to be negative.",
        keeps=0.5,
    ),
    Wrong(
        "relu",
        squashed_by(relu),
        "The new state is never negative and can be of any size: it went through ReLU.",
        keeps=0.5,
    ),
    Wrong(
        "bias_of_the_state_lost",
        without("b_h"),
        "The state has no bias.",
        keeps=0.5,
    ),
    Wrong(
        "bias_of_the_output_lost",
        without("b_q"),
        "The output has no bias.",
        keeps=0.5,
    ),
    Wrong(
        "transposed_recurrent_weights",
        lambda X_t, H, params: rnn_step(X_t, H, params | {"W_hh": params["W_hh"].T}),
        "W_hh is used transposed. It is square, so no shape complains.",
        keeps=0.5,
    ),
    Wrong(
        "state_outside_tanh",
        variant(state=lambda X_t, H, p: np.tanh(X_t @ p["W_xh"] + p["b_h"]) + H @ p["W_hh"]),
        "The product with the old state is added behind tanh. All of the sum belongs inside.",
        keeps=0.25,
    ),
    Wrong(
        "bias_outside_tanh",
        variant(state=lambda X_t, H, p: np.tanh(X_t @ p["W_xh"] + H @ p["W_hh"]) + p["b_h"]),
        "The bias is added behind tanh. All of the sum belongs inside.",
        keeps=0.5,
    ),
    Wrong(
        "state_without_weights",
        variant(state=lambda X_t, H, p: np.tanh(X_t @ p["W_xh"] + H + p["b_h"])),
        "The old state is added as it is: its product with W_hh is missing.",
        keeps=0.25,
    ),
    Wrong(
        "state_added_up",
        variant(state=lambda X_t, H, p: H + next_state(X_t, H, p)),
        "The new state is the old one plus something. Here it is replaced; the old one has its say inside tanh.",
        keeps=0.25,
    ),
    Wrong(
        "output_of_the_old_state",
        old_state_for_the_output,
        "The logits are those of the old state: what the step has just read cannot be seen in them.",
        keeps=0.5,
    ),
    Wrong(
        "probabilities",
        variant(output=lambda H, p: softmax(logits_of(H, p))),
        "The outputs are probabilities. Logits were asked for; the loss takes the softmax.",
        keeps=0.5,
    ),
    Wrong(
        "squeezed_output",
        variant(output=lambda H, p: np.tanh(logits_of(H, p))),
        "The outputs went through tanh. Logits are any real numbers.",
        keeps=0.5,
    ),
    Wrong(
        "results_exchanged",
        exchanged,
        "The two results have changed places: the state comes first here.",
        keeps=0.5,
    ),
]
