"""What `Trainer` costs over the shortest loop that does the same: a ratio of processor seconds, measured in one run.

Run by `make bench`, with one thread; writes results/trainer.json. The two take turns, and the best of each counts, so
that a busy moment of the machine does not fall on one of them only.
"""

import json
import os
import time
from pathlib import Path

os.environ["CI"] = "1"  # no progress bar

from course_utils import repro
from course_utils.datasets import LanguageModelData

RESULT = Path(__file__).resolve().parents[1] / "results" / "trainer.json"
ROUNDS, EPOCHS, NUM_HIDDENS = 10, 2, 128


class TrainOnly:
    """The training batches alone: a bare loop evaluates nothing either."""

    def __init__(self):
        self.data = LanguageModelData("alice", batch_size=32, num_steps=32)
        self.train = self.data.train


def bare_torch(model, batches):
    import torch
    from torch.nn import functional

    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    for _ in range(EPOCHS):
        state = None
        for X, Y in batches:
            state = None if state is None else state.detach()
            optimizer.zero_grad()
            logits, state = model(torch.as_tensor(X), state)  # (n, T, V)
            functional.cross_entropy(logits.flatten(0, 1), torch.as_tensor(Y).flatten()).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()


def bare_tensorflow(model, batches):
    import keras
    import tensorflow as tf

    optimizer = keras.optimizers.AdamW(0.01, weight_decay=0.01)

    @tf.function
    def step(X, Y, state):
        with tf.GradientTape() as tape:
            logits, state = model(X, state, training=True)  # (n, T, V)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, model.trainable_variables), 1.0)
        optimizer.apply(gradients, model.trainable_variables)
        return state

    for _ in range(EPOCHS):
        state = None
        for X, Y in batches:
            if state is None:
                model(X)
                optimizer.build(model.trainable_variables)
                state = model.begin_state(len(X))
            state = step(tf.constant(X), tf.constant(Y), state)


def seconds(run) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def measure(course, bare) -> dict:
    vocab_size = len(TrainOnly().data.vocab)
    best = {"bare": float("inf"), "trainer": float("inf")}
    for _ in range(ROUNDS):
        for name in best:
            repro.seed_everything(0)
            model, data = course.RNNLM(course.RNN(vocab_size, NUM_HIDDENS), vocab_size), TrainOnly()
            trainer = course.Trainer(max_epochs=EPOCHS, lr=0.01)
            run = (lambda: bare(model, data.train)) if name == "bare" else (lambda: trainer.fit(model, data))  # noqa: B023
            best[name] = min(best[name], seconds(run))
    return {**best, "ratio": best["trainer"] / best["bare"]}


def main() -> None:
    import tensorflow
    import torch

    import course_utils.tensorflow
    import course_utils.torch

    results = {
        "processor seconds for": f"{EPOCHS} epochs of Alice, RNN of {NUM_HIDDENS} units, best of {ROUNDS}",
        "torch": {"version": torch.__version__.partition("+")[0], **measure(course_utils.torch, bare_torch)},
        "tensorflow": {"version": tensorflow.__version__, **measure(course_utils.tensorflow, bare_tensorflow)},
    }
    RESULT.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
