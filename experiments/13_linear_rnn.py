"""What a linear recurrence can do and cannot: parity of bits, and Alice's letters, three seeds each.

Parity: trained on rows of 16 bits for 1,000 updates; "right at T": the share of 1,000 rows of T bits whose last answer,
whether the ones so far are odd, is right; 0.5 is chance. Alice: held-out perplexity after eight epochs, all networks
trained alike, but for the blocks' dropout; those with convolutions and the GRU have as many parameters.
"""

import importlib
from itertools import product

import numpy as np

from course_utils import experiments
from course_utils.datasets import LanguageModelData
from course_utils.metrics import perplexity


def between_minus_one_and_one(course):
    """A minimal GRU whose factors are 2 Z − 1, in (−1, 1), not Z. Source: Grazzi et al. (2024), arXiv 2411.12537."""

    class Signed(course.MinGRU):
        def coefficients(self, X):
            Z, b = super().coefficients(X)  # (n, T, h)
            return 2 * Z - 1, b  # (n, T, h)

    return Signed(32, 32)


def blocks(course, width, conv=False, dropout=0.0):
    """Two blocks of a minimal GRU, behind a convolution over four steps or not."""

    def layer():
        cell = course.MinGRU(width, width)
        return course.Deep([course.ShortConv(width), cell]) if conv else cell

    return course.Deep([course.Block(layer(), dropout) for _ in range(2)])


PARITY = {
    "RNN": lambda course: course.RNN(32, 32),
    "GRU": lambda course: course.GRU(32, 32),
    "minGRU": lambda course: course.MinGRU(32, 32),
    "two blocks": lambda course: blocks(course, 32),
    "minGRU, factors in (−1, 1)": between_minus_one_and_one,
}
ALICE = {
    "minGRU": lambda course: course.MinGRU(32, 160),
    "two blocks": lambda course: blocks(course, 96, dropout=0.2),
    "two blocks with convolutions": lambda course: blocks(course, 96, conv=True, dropout=0.2),
    "GRU": lambda course: course.GRU(32, 180),
}
SETTINGS = [
    {"framework": framework, "seed": seed, "task": task, "network": network}
    for framework, seed, (task, networks) in product(
        ("torch", "tensorflow"), range(3), {"parity": PARITY, "alice": ALICE}.items()
    )
    for network in networks
]


def bits(rng, n, T):
    X = rng.integers(2, size=(n, T))  # (n, T)
    return X, X.cumsum(axis=1) % 2  # (n, T), (n, T)


def parity(course, framework, seed, network):
    rng = np.random.default_rng(seed)
    model = course.RNNLM(PARITY[network](course), vocab_size=2, embed_size=32)
    course.Trainer(max_epochs=1, lr=0.003).fit(model, [bits(rng, 64, 16) for _ in range(1000)])
    found = {}
    for T in (16, 64, 256):
        X, Y = bits(rng, 1000, T)
        if framework == "torch":
            import torch

            with torch.no_grad():
                logits = model(torch.as_tensor(X))[0].numpy()  # (n, T, 2)
        else:
            logits = model(X)[0].numpy()  # (n, T, 2)
        found[f"right at {T}"] = (logits[:, -1].argmax(axis=-1) == Y[:, -1]).mean()
    return found


def alice(course, network):
    text = LanguageModelData("alice", batch_size=32, num_steps=32)
    rnn = ALICE[network](course)
    model = course.RNNLM(rnn, len(text.vocab), embed_size=rnn.num_inputs)
    history = course.Trainer(max_epochs=8, lr=0.008, decay=True).fit(model, text)
    return {
        "perplexity": perplexity(history.heldout_loss[-1]),
        "training": perplexity(history.train_loss[-1]),
        "parameters": sum(value.size for value in course.weights.dump(model).values()),
    }


def run(framework, seed, task, network):
    course = importlib.import_module(f"course_utils.{framework}")
    return parity(course, framework, seed, network) if task == "parity" else alice(course, network)


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
