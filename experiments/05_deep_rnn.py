"""What depth buys: LSTMs of one to three layers on Alice, at equal width, equal size and equal time; and overfitting.

Studies, two seeds each: "width", 128 units in every layer; "size", as many parameters as one layer of 128 units has;
"skips", both with skip connections; "time", one layer for twice the passes. One seed each: "dropout", two layers with
it; "overfit", few letters and many passes, without and with dropout (the control of equal size is in 05_size).
"""

import importlib
import time
from itertools import product
from types import SimpleNamespace

import numpy as np

from course_utils import experiments
from course_utils.datasets import LanguageModelData, SequentialBatches
from course_utils.metrics import perplexity

FRAMEWORKS = ("torch", "tensorflow")
EMBED_SIZE, WIDTH, PASSES = 32, 128, 6
OVERFIT = {"study": "overfit", "seed": 0, "width": WIDTH, "passes": 24, "letters": 30_000}


def size(layers, width, vocab_size=28):
    """The parameters of the recurrent layers and of the output layer."""
    below = [EMBED_SIZE] + [width] * (layers - 1)
    return sum(4 * (d * width + width * width + width) for d in below) + (width + 1) * vocab_size


def equal_width(layers):
    """The largest width at which so many layers have no more parameters than one layer of WIDTH units."""
    return max(width for width in range(1, WIDTH + 1) if size(layers, width) <= size(1, WIDTH))


def settings():
    for framework, seed in product(FRAMEWORKS, (0, 1)):
        alike = {"framework": framework, "seed": seed, "dropout": 0.0, "letters": None}
        for layers in (1, 2, 3):
            yield {"study": "width", "layers": layers, "width": WIDTH, "passes": PASSES, **alike}
        for layers in (2, 3):
            yield {"study": "size", "layers": layers, "width": equal_width(layers), "passes": PASSES, **alike}
        for layers, width in ((2, WIDTH), (3, WIDTH), (3, equal_width(3))):
            yield {"study": "skips", "layers": layers, "width": width, "passes": PASSES, **alike}
        yield {"study": "time", "layers": 1, "width": WIDTH, "passes": 2 * PASSES, **alike}
        if seed == 0:
            yield {"study": "dropout", "layers": 2, "width": WIDTH, "passes": PASSES, **alike, "dropout": 0.3}
    for framework, (layers, dropout) in product(FRAMEWORKS, ((1, 0.0), (2, 0.0), (2, 0.5))):
        yield {"framework": framework, "layers": layers, "dropout": dropout, **OVERFIT}


def with_skip(lstm):
    """The class of an LSTM that adds its inputs to its outputs."""
    method = "forward" if hasattr(lstm, "forward") else "call"  # as the framework names it

    def walk(self, X, state=None, lengths=None):
        outputs, state = getattr(lstm, method)(self, X, state, lengths)
        return outputs + X, state

    return type("SkipLSTM", (lstm,), {method: walk})


def run(framework, seed, study, layers, width, passes, dropout, letters):
    course = importlib.import_module(f"course_utils.{framework}")
    text = LanguageModelData("alice", batch_size=32, num_steps=32)
    ids, V = text.train_ids[:letters], len(text.vocab)
    data = SimpleNamespace(train=SequentialBatches(ids, 32, 32, np.random.default_rng(seed)), heldout=text.heldout)
    upper = with_skip(course.LSTM) if study == "skips" else course.LSTM
    stack = [course.LSTM(EMBED_SIZE, width)] + [upper(width, width) for _ in range(1, layers)]
    unseen = 0.0 if study == "overfit" else 0.05
    model = course.RNNLM(course.Deep(stack, dropout), V, dropout, EMBED_SIZE, token_dropout=unseen)
    clock = []  # the processor's seconds after each pass: what else the machine does counts less in them
    trainer = course.Trainer(max_epochs=passes, lr=0.008, decay=True)
    history = trainer.fit(model, data, on_epoch=lambda _: clock.append(time.process_time()))
    return {
        "heldout": perplexity(history.heldout_loss[-1]),
        "training": perplexity(course.evaluate(model, SequentialBatches(ids, 32, 32))),
        "parameters": sum(value.size for value in course.weights.dump(model).values()),
        "updates": history.updates,
        "seconds_per_pass": (clock[-1] - clock[0]) / (passes - 1),  # the first pass compiles
        **{f"heldout_{k}": perplexity(loss) for k, loss in enumerate(history.heldout_loss, start=1)},
        **{f"training_{k}": perplexity(loss) for k, loss in enumerate(history.train_loss, start=1)},
    }


if __name__ == "__main__":
    experiments.main(__file__, list(settings()), run)
