"""What an LSTM remembers, and how its forget bias matters: two tasks, two seeds, both frameworks' own layers.

"recall": a symbol is to be named after 10 to 200 steps of distraction; 64 units, 300 updates. "share" is the gradient
of the loss by the state after the first step, as a share of that by the state in front of the last one. "text": Alice,
as in chapter 03; 160 units (136 give an LSTM as many weights as the GRU has), 8 epochs.
"""

import importlib
import math
import time
from itertools import product

import numpy as np

from course_utils import experiments
from course_utils.datasets import LanguageModelData, RecallBatches
from course_utils.metrics import perplexity

DISTANCES = (10, 20, 50, 100, 200)
RECALL = ("RNN", "GRU", "LSTM, 0", "LSTM, 1", "LSTM, log T", "LSTM, log T, I shut")
TEXT = ("RNN", "GRU", "LSTM, 0", "LSTM, 1", "LSTM, 0, 136 units")

SETTINGS = [
    {"framework": framework, "seed": seed, "task": task, "distance": distance, "layer": layer}
    for framework, seed, (task, distance, layer) in product(
        ("torch", "tensorflow"), (0, 1), [*product(["recall"], DISTANCES, RECALL), *product(["text"], [0], TEXT)]
    )
]


def layer_torch(kind, num_inputs, num_hiddens, unroll):
    from torch import nn

    return getattr(nn, kind)(num_inputs, num_hiddens, batch_first=True)  # unrolled or not, as it likes


def layer_tensorflow(kind, num_inputs, num_hiddens, unroll):
    import keras

    make = {"RNN": keras.layers.SimpleRNN, "GRU": keras.layers.GRU, "LSTM": keras.layers.LSTM}[kind]
    return make(num_hiddens, return_sequences=True, return_state=True, unroll=unroll)


def logits_torch(model, X):
    import torch

    with torch.no_grad():
        return model(torch.as_tensor(X))[0].numpy()  # (n, T, V)


def logits_tensorflow(model, X):
    return np.asarray(model(X)[0])  # (n, T, V)


def share_torch(model, X, Y):
    import torch

    X, Y = torch.as_tensor(X), torch.as_tensor(Y)
    _, first = model(X[:, :1])
    _, last = model(X[:, 1:-1], first)
    logits, _ = model(X[:, -1:], last)
    loss = torch.nn.functional.cross_entropy(logits[:, -1], Y[:, -1])
    states = [state if isinstance(state, tuple) else (state,) for state in (first, last)]
    return norm(torch.autograd.grad(loss, states[0], retain_graph=True)) / norm(torch.autograd.grad(loss, states[1]))


def share_tensorflow(model, X, Y):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        _, first = model(X[:, :1])
        tape.watch(first)
        _, last = model(X[:, 1:-1], first)
        logits, _ = model(X[:, -1:], last)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(Y[:, -1], logits[:, -1]))
    far, near = tape.gradient(loss, (first, last))
    return norm(far) / norm(near)


def norm(gradients):
    return float(np.sqrt(sum(np.sum(np.square(np.asarray(gradient, np.float64))) for gradient in gradients)))


BY_FRAMEWORK = {
    "torch": (layer_torch, logits_torch, share_torch),
    "tensorflow": (layer_tensorflow, logits_tensorflow, share_tensorflow),
}


def with_biases(course, model, layer, distance):
    """The model, its LSTM's forget gates, and maybe its input gates, biased as the layer's name says."""
    if layer.startswith("LSTM"):
        params = course.weights.dump(model)
        bias = math.log(distance) if "log T" in layer else float(layer.split(", ")[1])
        params["b_f"], params["b_i"] = np.full_like(params["b_f"], bias), np.zeros_like(params["b_i"])
        if "I shut" in layer:
            params["b_i"] -= bias
        course.weights.load(model, params)
    return model


def recall(framework, seed, distance, layer):
    course = importlib.import_module(f"course_utils.{framework}")
    make, logits, share = BY_FRAMEWORK[framework]
    batches = RecallBatches(distance, 300, np.random.default_rng(seed), batch_size=32, num_symbols=4)
    V = batches.vocab_size
    model = course.RNNLM(make(layer.partition(",")[0], V, 64, unroll=False), V)
    X, Y = next(iter(RecallBatches(distance, 1, np.random.default_rng(99), 400, 4)))  # (400, T)
    X[:, 0] = Y[:, -1] = np.arange(400) % 4  # each symbol equally often: always the same answer scores 0.25
    logits(model, X[:1])  # Keras makes weights at the first call
    with_biases(course, model, layer, distance)
    metrics = {"share_untrained": share(model, X, Y)}
    course.Trainer(max_epochs=1, lr=0.01).fit(model, batches)
    accuracy = float(np.mean(logits(model, X)[:, -1].argmax(axis=-1) == Y[:, -1]))
    return metrics | {"share_trained": share(model, X, Y), "accuracy": accuracy}


def text(framework, layer):
    course = importlib.import_module(f"course_utils.{framework}")
    make, logits, _ = BY_FRAMEWORK[framework]
    data = LanguageModelData("alice", batch_size=32, num_steps=32)
    units = 136 if "136" in layer else 160
    model = course.RNNLM(make(layer.partition(",")[0], 32, units, unroll=True), len(data.vocab), embed_size=32)
    logits(model, next(iter(data.train))[0])
    with_biases(course, model, layer, 0)
    start = time.process_time()
    history = course.Trainer(max_epochs=8, lr=0.008, decay=True).fit(model, data)
    return {
        "perplexity": perplexity(history.heldout_loss[-1]),
        "parameters": sum(value.size for value in course.weights.dump(model).values()),
        "processor_seconds": time.process_time() - start,
    }


def run(framework, seed, task, distance, layer):
    return text(framework, layer) if task == "text" else recall(framework, seed, distance, layer)


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
