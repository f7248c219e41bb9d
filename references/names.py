"""makemore's names: mean loss of a name's letters and its end, nats, on makemore's 1,000 test names.

makemore publishes about 1.92 for a Transformer of 200,000 parameters. The recipe was chosen on 1,000 other names, taken
out of the training part; the other rows with the part "validation" show what it owes to what.
It asks for the file names.txt: `course data fetch names` brings it where it can be had.
"""

import importlib

import numpy as np
from _models import fit, lstm

from course_utils import experiments
from course_utils.datasets import load_corpus
from course_utils.datasets.batches import LengthBatches, Padded
from course_utils.datasets.text import NO_TARGET

CHOSEN = {"width": 256, "dropout": 0.4, "epochs": 10, "lr": 0.01}
CHANGES = {
    "chosen": {},
    "half the rate": {"lr": 0.005},
    "no dropout": {"dropout": 0.0},
}
TEST = 1_000
SETTINGS = [
    *({"framework": "torch", "who": "ours", "part": "validation", "recipe": recipe, "seed": 0} for recipe in CHANGES),
    *(
        {"framework": framework, "who": "ours", "part": "test", "recipe": "chosen", "seed": 0}
        for framework in ("torch", "tensorflow")
    ),
]


def names_of(part):
    """The training names and the held-out ones; makemore's split, which PyTorch's random numbers draw."""
    import torch

    names = load_corpus("names", "none").split()
    generator = torch.Generator().manual_seed(3407)
    shuffled = [names[i] for i in torch.randperm(len(names), generator=generator).tolist()]
    train, test = shuffled[:-TEST], shuffled[-TEST:]
    return (train, test) if part == "test" else (train[:-TEST], train[-TEST:])


def batches(names, batch_size, rng=None):
    """Each name with the boundary, 0, before it as inputs, and after it as targets; letters are 1 to 26."""
    ids = [[ord(letter) - ord("a") + 1 for letter in name] for name in names]
    X = Padded([[0, *name] for name in ids], fill=0, multiple=4)
    Y = Padded([[*name, 0] for name in ids], fill=NO_TARGET, multiple=4)
    return LengthBatches(X, Y, [X.widths], batch_size, rng)


def run(framework, who, part, recipe, seed):
    course = importlib.import_module(f"course_utils.{framework}")
    options = CHOSEN | CHANGES[recipe]
    train, heldout = names_of(part)
    model = course.RNNLM(lstm(framework, 32, options["width"]), 27, embed_size=32, dropout=options["dropout"])
    trainer = course.Trainer(max_epochs=options["epochs"], lr=options["lr"], decay=True)
    costs = fit(course, trainer, model, batches(train, 128, np.random.default_rng(seed)))
    return {"quality": course.evaluate(model, batches(heldout, TEST)), **costs}


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
