"""Tiny Shakespeare, letter by letter, on nanoGPT's split: validation loss, nats, after three minutes of one core.

nanoGPT publishes 1.88 for what its recipe for a laptop's CPU reaches in about three minutes. Ours is measured on the
whole of its validation part, read once with the state carried along, after about as many processor seconds; PyTorch's
layer is faster than Keras', and gets one pass more through the text. The recipe was chosen on the last 100,000
characters of the training part: the rows with the part "validation", one pass each. It asks for the file
tinyshakespeare.txt: `course data fetch tinyshakespeare` brings it where it can be had.
"""

import importlib

import numpy as np
from _models import fit, lstm

from course_utils import experiments
from course_utils.datasets import SequentialBatches, Vocab, load_corpus

TRAIN, VALIDATION = 1_003_854, 100_000  # characters; nanoGPT's training part, and the last of those
CHOSEN = {"width": 256, "dropout": 0.1, "lr": 0.008, "batch_size": 32, "steps": 64}
CHANGES = {"chosen": {}, "half the rate": {"lr": 0.004}, "twice the rate": {"lr": 0.016}}
SETTINGS = [
    *(
        {"framework": "torch", "who": "ours", "part": "validation", "recipe": recipe, "epochs": 1, "seed": 0}
        for recipe in CHANGES
    ),
    *(
        {"framework": framework, "who": "ours", "part": "test", "recipe": "chosen", "epochs": epochs, "seed": 0}
        for framework, epochs in {"torch": 6, "tensorflow": 5}.items()
    ),
]


def run(framework, who, part, recipe, epochs, seed):
    course = importlib.import_module(f"course_utils.{framework}")
    options, text = CHOSEN | CHANGES[recipe], load_corpus("tinyshakespeare", "none")
    end = TRAIN if part == "test" else TRAIN - VALIDATION
    train, heldout = text[:end], text[end:] if part == "test" else text[end:TRAIN]
    vocab = Vocab(list(train))
    train, heldout = (np.array(vocab[list(part)]) for part in (train, heldout))
    layer = lstm(framework, 64, options["width"])
    model = course.RNNLM(layer, len(vocab), embed_size=64, dropout=options["dropout"])
    trainer = course.Trainer(max_epochs=epochs, lr=options["lr"], decay=True)
    batches = SequentialBatches(train, options["batch_size"], options["steps"], np.random.default_rng(seed))
    costs = fit(course, trainer, model, batches)
    return {"quality": course.evaluate(model, SequentialBatches(heldout, 16, 64)), **costs}


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
