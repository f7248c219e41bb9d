"""The Time Machine in bits per byte, on the bytes that the new edition of Dive into Deep Learning holds out.

That edition cuts the file into 1,024 tokens learned from all of it, trains on 50,000 windows and publishes 2.24 bits
per byte for its best model, a Mamba, on the 5,000 windows after them. Those windows' targets are the file's bytes from
135,756 to 149,741. Ours reads bytes, learns from those before them, and predicts each of them once, its state carried
along; "in_windows" is what it does where it has to start anew in windows of 88 bytes, about as many as 32 tokens have.
The recipe was chosen on the last bytes of the training part. It asks for the file timemachine.txt: `course data fetch
time_machine` brings it where it can be had.
"""

import hashlib
import importlib
import math
import time

import numpy as np

from course_utils import experiments
from course_utils.datasets import SequentialBatches, Vocab, WindowBatches, load_corpus

BEGIN, END = 135_756, 149_741  # bytes; the file has no others than ASCII
SHA256 = "691006c1b10ee54eff19dcb5410cc88c7e815c3795ef452e039be97176bea37e"  # of the bytes held out
CHOSEN = {"width": 256, "dropout": 0.5, "token_dropout": 0.1, "epochs": 10, "lr": 0.006}
CHANGES = {"chosen": {}, "less dropout": {"dropout": 0.3, "token_dropout": 0.0}}
SETTINGS = [
    *({"framework": "torch", "who": "ours", "part": "validation", "recipe": recipe, "seed": 0} for recipe in CHANGES),
    *(
        {"framework": framework, "who": "ours", "part": "test", "recipe": "chosen", "seed": 0}
        for framework in ("torch", "tensorflow")
    ),
]


def parts_of(part):
    """The text to learn from and the text held out; the latter begins with the last character of the former."""
    text = load_corpus("time_machine", "none")
    heldout = text[BEGIN:END]
    if hashlib.sha256(heldout.encode()).hexdigest() != SHA256:
        raise ValueError(f"The bytes from {BEGIN} to {END} are not those that are held out.")
    end = BEGIN if part == "test" else BEGIN - len(heldout)
    return text[:end], text[end - 1 : end + len(heldout)]


def layer_of(framework, width):
    """The framework's own LSTM, on embedded characters."""
    if framework == "torch":
        from torch import nn

        return nn.LSTM(64, width, batch_first=True)
    import keras

    return keras.layers.LSTM(width, return_sequences=True, return_state=True, unroll=True)


def run(framework, who, part, recipe, seed):
    course = importlib.import_module(f"course_utils.{framework}")
    options, (train, heldout) = CHOSEN | CHANGES[recipe], parts_of(part)
    vocab = Vocab(list(train))
    train, heldout = (np.array(vocab[list(text)]) for text in (train, heldout))
    model = course.RNNLM(
        layer_of(framework, options["width"]),
        len(vocab),
        embed_size=64,
        dropout=options["dropout"],
        token_dropout=options["token_dropout"],
    )
    start = time.process_time()
    trainer = course.Trainer(max_epochs=options["epochs"], lr=options["lr"], decay=True)
    trainer.fit(model, SequentialBatches(train, 32, 64, np.random.default_rng(seed)))
    seconds = time.process_time() - start
    windows = WindowBatches(heldout, 64, 88)
    windows.windows = windows.windows[::8]
    return {
        "quality": course.evaluate(model, SequentialBatches(heldout, 1, 64)) / math.log(2),
        "in_windows": course.evaluate(model, windows) / math.log(2),
        "training_seconds": round(seconds, 2),
        "parameters": sum(weight.size for weight in course.weights.dump(model).values()),
    }


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
