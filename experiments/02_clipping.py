"""What clipping is for: an epoch from a start whose W_hh is 2.5 times too large, with it and without, three seeds."""

import importlib
from itertools import product

import numpy as np

from course_utils import experiments
from course_utils.datasets import LanguageModelData
from course_utils.metrics import perplexity

NUM_LETTERS, NUM_HIDDENS = 28, 128
SETTINGS = [
    {"framework": framework, "training": training, "seed": seed}
    for framework, training, seed in product(("torch", "tensorflow"), ("clipped", "not clipped"), range(3))
]


def run(framework, training, seed):
    course, rng = importlib.import_module(f"course_utils.{framework}"), np.random.default_rng(seed)
    start = {
        "W_xh": rng.normal(size=(NUM_LETTERS, NUM_HIDDENS)),
        "W_hh": 2.5 * rng.normal(scale=NUM_HIDDENS**-0.5, size=(NUM_HIDDENS, NUM_HIDDENS)),
        "b_h": np.zeros(NUM_HIDDENS),
        "W_hq": rng.normal(scale=0.01, size=(NUM_HIDDENS, NUM_LETTERS)),
        "b_q": np.zeros(NUM_LETTERS),
    }
    text = LanguageModelData("alice", batch_size=32, num_steps=32)
    model = course.RNNLM(course.RNN(NUM_LETTERS, NUM_HIDDENS), NUM_LETTERS)
    course.weights.load(model, {name: value.astype("float32") for name, value in start.items()})
    clip_norm = 1.0 if training == "clipped" else None
    trainer = course.Trainer(max_epochs=1, lr=1.0, optimizer="sgd", clip_norm=clip_norm)
    return {"perplexity": perplexity(trainer.fit(model, text).heldout_loss[-1])}


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
