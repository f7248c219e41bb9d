"""The control of 13_linear_rnn's blocks, which drop a fifth of what they add: its GRU with as much dropout.

The same training on Alice's letters, eight epochs, three seeds; a fifth of the GRU's outputs is dropped.
"""

import importlib
from itertools import product

from course_utils import experiments
from course_utils.datasets import LanguageModelData
from course_utils.metrics import perplexity

SETTINGS = [
    {"framework": framework, "seed": seed, "task": "alice", "network": "GRU with dropout"}
    for framework, seed in product(("torch", "tensorflow"), range(3))
]


def run(framework, seed, task, network):
    course = importlib.import_module(f"course_utils.{framework}")
    text = LanguageModelData("alice", batch_size=32, num_steps=32)
    model = course.RNNLM(course.GRU(32, 180), len(text.vocab), dropout=0.2, embed_size=32)
    history = course.Trainer(max_epochs=8, lr=0.008, decay=True).fit(model, text)
    return {
        "perplexity": perplexity(history.heldout_loss[-1]),
        "training": perplexity(history.train_loss[-1]),
        "parameters": sum(value.size for value in course.weights.dump(model).values()),
    }


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
