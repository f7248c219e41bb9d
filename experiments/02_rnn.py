"""How far chapter 02's numbers differ between seeds: its long training, and its three kinds of short batches."""

import importlib
from itertools import product

import numpy as np

from course_utils import experiments
from course_utils.datasets import LanguageModelData
from course_utils.metrics import perplexity

NUM_LETTERS, NUM_HIDDENS, NUM_READ, EPOCHS = 28, 128, 4000, (0, 3, 8, 20)
TRAININGS = ("long", "sequential", "random", "stranger's state")
SETTINGS = [
    {"framework": framework, "training": training, "seed": seed}
    for framework, training, seed in product(("torch", "tensorflow"), TRAININGS, range(3))
]


def states_of(X, params):
    """The hidden states of an RNN that reads the ids X (n, T): T + 1 arrays (n, h), the first all zeros."""
    states = [np.zeros((len(X), len(params["b_h"])))]
    for t in range(X.shape[1]):
        states.append(np.tanh(params["W_xh"][X[:, t]] + states[-1] @ params["W_hh"] + params["b_h"]))
    return states


def share_left(X, Y, params, steps_back):
    """How strongly the last letter's loss depends on the state so many steps before, as a share of the last state."""
    states = states_of(X, params)
    odds = np.exp(states[-1] @ params["W_hq"] + params["b_q"])  # (n, V)
    G = (odds / odds.sum(axis=1, keepdims=True) - np.eye(NUM_LETTERS)[Y[:, -1]]) @ params["W_hq"].T  # (n, h)
    norm_at_the_end = np.linalg.norm(G)
    for H in reversed(states[-steps_back:]):
        G = (G * (1 - H**2)) @ params["W_hh"].T  # (n, h): one step further back
    return float(np.linalg.norm(G) / norm_at_the_end)


def strongest_contrast(ids, space, params):
    """The largest difference, among all units, of a unit's mean before a space and before another letter."""
    states = np.stack(states_of(ids[None, :-1], params)[1:], axis=1)[0]  # (T, h)
    before_space = ids[1:] == space  # (T,)
    return float(np.abs(states[before_space].mean(axis=0) - states[~before_space].mean(axis=0)).max())


def new_layer(framework):
    if framework == "torch":
        return importlib.import_module("torch.nn").RNN(NUM_LETTERS, NUM_HIDDENS, batch_first=True)
    layers = importlib.import_module("keras.layers")
    return layers.SimpleRNN(NUM_HIDDENS, return_sequences=True, return_state=True, unroll=True)


def run_long(framework):
    course = importlib.import_module(f"course_utils.{framework}")
    text = LanguageModelData("alice", batch_size=32, num_steps=32)
    model = course.RNNLM(new_layer(framework), NUM_LETTERS)
    course.evaluate(model, text.heldout)  # Keras makes weights at the first call
    snapshots = {0: course.weights.dump(model)}

    def keep(history):
        snapshots[len(history.heldout_loss)] = course.weights.dump(model)

    history = course.Trainer(max_epochs=EPOCHS[-1], lr=0.01, decay=True).fit(model, text, keep)
    X, Y = next(iter(text.heldout))
    found = {"perplexity": perplexity(history.heldout_loss[-1])}
    for epoch in EPOCHS:
        found[f"10 back, epoch {epoch}"] = share_left(X, Y, snapshots[epoch], 10)
        found[f"20 back, epoch {epoch}"] = share_left(X, Y, snapshots[epoch], 20)
        contrast = strongest_contrast(text.heldout_ids[:NUM_READ], text.vocab[" "], snapshots[epoch])
        found[f"contrast, epoch {epoch}"] = contrast
    return found


def run(framework, training, seed):
    if training == "long":
        return run_long(framework)
    course = importlib.import_module(f"course_utils.{framework}")
    sampling = "sequential" if training == "sequential" else "random"
    text = LanguageModelData("alice", batch_size=128, num_steps=4, sampling=sampling)
    text.train.carries_state = training != "random"
    model = course.RNNLM(course.RNN(NUM_LETTERS, NUM_HIDDENS), NUM_LETTERS)
    history = course.Trainer(max_epochs=3, lr=0.01).fit(model, text)
    return {"perplexity": perplexity(history.heldout_loss[-1])}


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
