"""Dive into Deep Learning's windows of The Time Machine: its GRU and ours, held-out perplexity, in one run.

The windows are the book's: 10,000 overlapping ones of 32 letters to train on, the 5,000 after them held out. The book's
GRU, with its own classes and settings, is trained by its own trainer. Ours learns from the same letters, cut into
sequences that do not overlap. Neither evaluates while it trains. The recipe was chosen on as many letters from a later
part of the book, which neither trains on nor is measured on: the rows with the part "validation". "quick" is smaller,
with fewer epochs. It asks for the file timemachine.txt: `course data fetch time_machine` brings it where it can be had.
"""

import importlib
import math
import tempfile
import time
from itertools import product
from pathlib import Path

import numpy as np
from _models import fit, lstm

from course_utils import experiments
from course_utils.datasets import LanguageModelData, RandomBatches, WindowBatches, load_corpus, sources

TRAIN, HELDOUT, STEPS = 10_032, 5_032, 32  # letters, in windows of STEPS + 1
BEGINS = {"test": 0, "validation": 30_000}
CHOSEN = {
    "width": 128,
    "dropout": 0.5,
    "token_dropout": 0.2,
    "epochs": 66,
    "batch_size": 32,
    "lr": 0.025,
    "overlap": False,
}
CHANGES = {
    "chosen": {},
    "quick": {"width": 96, "epochs": 14, "dropout": 0.2, "token_dropout": 0.1, "lr": 0.04},
    "half the rate": {"lr": 0.0125},
    "no dropout": {"dropout": 0.0, "token_dropout": 0.0},
    "overlapping windows": {"overlap": True, "epochs": 2, "batch_size": 128},
}
SEEDS = range(3)
SETTINGS = [
    *({"framework": "torch", "who": "theirs", "part": "test", "recipe": "", "seed": seed} for seed in SEEDS),
    *({"framework": "torch", "who": "ours", "part": "validation", "recipe": recipe, "seed": 0} for recipe in CHANGES),
    *(
        {"framework": framework, "who": "ours", "part": "test", "recipe": recipe, "seed": seed}
        for framework, recipe, seed in product(("torch", "tensorflow"), ("chosen", "quick"), SEEDS)
    ),
]


def run(framework, who, part, recipe, seed):
    if who == "theirs":
        return theirs()
    course = importlib.import_module(f"course_utils.{framework}")
    options, (train, heldout, V) = CHOSEN | CHANGES[recipe], data_of(part)
    model = course.RNNLM(
        lstm(framework, 32, options["width"]),
        V,
        embed_size=32,
        dropout=options["dropout"],
        token_dropout=options["token_dropout"],
    )
    cut = WindowBatches if options["overlap"] else RandomBatches
    trainer = course.Trainer(max_epochs=options["epochs"], lr=options["lr"], decay=True)
    costs = fit(course, trainer, model, cut(train, options["batch_size"], STEPS, np.random.default_rng(seed)))
    return {"quality": math.exp(course.evaluate(model, WindowBatches(heldout, 1024, STEPS))), **costs}


def data_of(part):
    """The ids to train on, those held out, and how many tokens there are."""
    begin = BEGINS[part]
    letters = load_corpus("time_machine")[begin : begin + TRAIN + HELDOUT]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "letters.txt"
        path.write_text(letters, encoding="utf-8")
        data = LanguageModelData(path, heldout=HELDOUT)
    return data.train_ids, data.heldout_ids, len(data.vocab)


def theirs():
    """The book's section 10.2, "Concise Implementation", on its own data."""
    import torch

    from course_utils.interop.d2l import load

    d2l = load()

    class TimeMachine(d2l.TimeMachine):
        def _download(self):
            return sources.path("time_machine").read_text(encoding="utf-8")

        def val_dataloader(self):
            return None  # ours is not evaluated while it trains either

    data = TimeMachine(batch_size=1024, num_steps=STEPS)
    model = d2l.RNNLM(d2l.GRU(len(data.vocab), 32, num_layers=1), vocab_size=len(data.vocab), lr=4)
    model.board.display = False
    trainer = d2l.Trainer(max_epochs=50, gradient_clip_val=1)
    start = time.process_time()
    trainer.fit(model, data)
    seconds = time.process_time() - start
    model.eval()
    with torch.no_grad():
        losses = [(model.loss(model(X), Y).item(), len(X)) for X, Y in data.get_dataloader(train=False)]
    return {
        "quality": math.exp(sum(loss * n for loss, n in losses) / sum(n for _, n in losses)),
        "training_seconds": round(seconds, 2),
        "parameters": sum(weight.numel() for weight in model.parameters()),
    }


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
