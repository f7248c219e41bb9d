"""How fast the layers train: the equations, step by step, and the framework's own layer, in one run.

Run by `make bench`, with one thread; writes results/cells.json: tokens per processor second of a whole training step
(forward, gradients, clipping, AdamW), and the rate of the equations as a share of the layer's. The two take turns, and
the best round of each counts, so that a busy moment of the machine does not fall on one of them only.
"""

import json
import os
import time
from pathlib import Path

os.environ["CI"] = "1"  # no progress bar

import numpy as np

from course_utils import repro

RESULT = Path(__file__).resolve().parents[1] / "results" / "cells.json"
ROUNDS, STEPS, V = 8, 4, 28
BATCH_SIZE, NUM_STEPS, SIZES = 32, 32, (128, 256)


def steps_torch(cell: str, num_hiddens: int) -> dict:
    import torch
    from torch import nn
    from torch.nn import functional

    import course_utils.torch as course

    X, Y = (torch.as_tensor(batch) for batch in batch_of_ids())
    layers = {
        "literal": getattr(course, cell)(V, num_hiddens),
        "layer": getattr(nn, cell)(V, num_hiddens, batch_first=True),
    }

    def step_of(layer):
        model = course.RNNLM(layer, V)
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)

        def step():
            optimizer.zero_grad()
            logits, _ = model(X)  # (n, T, V)
            functional.cross_entropy(logits.flatten(0, 1), Y.flatten()).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()

        return step

    return {name: step_of(layer) for name, layer in layers.items()}


def steps_tensorflow(cell: str, num_hiddens: int) -> dict:
    import keras
    import tensorflow as tf

    import course_utils.tensorflow as course

    X, Y = (tf.constant(batch) for batch in batch_of_ids())
    whole = {"return_sequences": True, "return_state": True, "unroll": True}
    layers = {
        "literal": getattr(course, cell)(V, num_hiddens),
        "layer": getattr(keras.layers, {"RNN": "SimpleRNN"}.get(cell, cell))(num_hiddens, **whole),
    }

    def step_of(layer):
        model = course.RNNLM(layer, V)
        model(X)
        optimizer = keras.optimizers.AdamW(0.01)
        optimizer.build(model.trainable_variables)

        @tf.function
        def step():
            with tf.GradientTape() as tape:
                logits, _ = model(X, training=True)  # (n, T, V)
                loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=Y, logits=logits))
            gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, model.trainable_variables), 1.0)
            optimizer.apply(gradients, model.trainable_variables)

        return step

    return {name: step_of(layer) for name, layer in layers.items()}


def batch_of_ids():
    rng = np.random.default_rng(0)
    return rng.integers(V, size=(2, BATCH_SIZE, NUM_STEPS))


def tokens_per_second(steps: dict) -> dict:
    """The best round of each step, all of them taking turns."""
    best = dict.fromkeys(steps, float("inf"))
    for step in steps.values():
        step()  # the first one makes graphs and buffers
    for _ in range(ROUNDS):
        for name, step in steps.items():
            start = time.process_time()
            for _ in range(STEPS):
                step()
            best[name] = min(best[name], (time.process_time() - start) / STEPS)
    rates = {name: round(BATCH_SIZE * NUM_STEPS / seconds) for name, seconds in best.items()}
    return {**rates, "literal / layer": round(rates["literal"] / rates["layer"], 2)}


def main() -> None:
    import tensorflow
    import torch

    torch.set_num_threads(1)
    repro.seed_everything(0)
    makers = {"torch": (torch.__version__, steps_torch), "tensorflow": (tensorflow.__version__, steps_tensorflow)}
    results = {"tokens per processor second": f"batches of {BATCH_SIZE} x {NUM_STEPS}, best of {ROUNDS} rounds"}
    for framework, (version, make) in makers.items():
        results[framework] = {"version": version.partition("+")[0]} | {
            f"{cell} {size}": tokens_per_second(make(cell, size)) for cell in ("RNN", "GRU", "LSTM") for size in SIZES
        }
    RESULT.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
