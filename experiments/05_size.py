"""Size or depth: what overfits? One LSTM layer of 213 units has as many parameters as two of 128; few letters of Alice.

Three seeds each; with dropout, one.
"""

import importlib
from itertools import product
from types import SimpleNamespace

import numpy as np

from course_utils import experiments
from course_utils.datasets import LanguageModelData, SequentialBatches
from course_utils.metrics import perplexity

EMBED_SIZE, LETTERS, EPOCHS = 32, 30_000, 20
NETWORKS = [{"layers": layers, "width": width, "dropout": 0.0} for layers, width in ((1, 128), (1, 213), (2, 128))]
SETTINGS = [
    {"framework": framework, "seed": seed, **network}
    for seed, framework, network in product(range(3), ("torch", "tensorflow"), NETWORKS)
]
SETTINGS += [
    {"framework": framework, "seed": 0, "layers": 2, "width": 128, "dropout": 0.5}
    for framework in ("torch", "tensorflow")
]


def build(course, layers, width, vocab_size, dropout):
    below = [EMBED_SIZE] + [width] * (layers - 1)
    deep = course.Deep([course.LSTM(d, width) for d in below], dropout)
    model = course.RNNLM(deep, vocab_size, dropout, EMBED_SIZE)
    if not hasattr(model, "parameters"):
        return model
    from torch import nn  # whose layer computes the same in half the time

    layer = nn.LSTM(EMBED_SIZE, width, num_layers=layers, batch_first=True, dropout=dropout)
    faster = course.RNNLM(layer, vocab_size, dropout, EMBED_SIZE)
    course.weights.load(faster, course.weights.dump(model))
    return faster


def run(framework, seed, layers, width, dropout):
    course = importlib.import_module(f"course_utils.{framework}")
    text = LanguageModelData("alice", batch_size=32, num_steps=32)
    ids = text.train_ids[:LETTERS]
    data = SimpleNamespace(train=SequentialBatches(ids, 32, 32, np.random.default_rng(seed)), heldout=text.heldout)
    model = build(course, layers, width, len(text.vocab), dropout)
    history = course.Trainer(max_epochs=EPOCHS, lr=0.008, decay=True).fit(model, data)
    return {
        "parameters": sum(value.size for value in course.weights.dump(model).values()),
        **{f"heldout_{k}": perplexity(loss) for k, loss in enumerate(history.heldout_loss, start=1)},
        **{f"training_{k}": perplexity(loss) for k, loss in enumerate(history.train_loss, start=1)},
    }


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
