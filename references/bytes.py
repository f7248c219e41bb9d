"""The Time Machine in bits per byte, on the bytes that the new edition of Dive into Deep Learning holds out.

That edition cuts the file into 1,024 tokens learned from all of it, trains on 50,000 windows and publishes 2.24 bits
per byte for its best model, a Mamba, on the 5,000 windows after them. Those windows' targets are the file's bytes from
135,756 to 149,741. Ours learns its tokens by byte pair encoding (Sennrich et al., 2016) from the bytes before them, and
predicts all of those held out once, its state carried along; "in_windows" is what it does where it has to start anew in
windows of 32 tokens, as theirs does. The recipe was chosen on the last bytes of the training part. It asks for the file
timemachine.txt: `course data fetch time_machine` brings it where it can be had.
"""

import hashlib
import importlib
import math
import re
from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
from _models import fit, lstm

from course_utils import experiments
from course_utils.datasets import SequentialBatches, Vocab, WindowBatches, load_corpus

BEGIN, END = 135_756, 149_741  # bytes; the file has no others than ASCII
SHA256 = "691006c1b10ee54eff19dcb5410cc88c7e815c3795ef452e039be97176bea37e"  # of the bytes held out
PIECES = re.compile(r" ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+")  # no token is in two of them
CHOSEN = {"merges": 400, "width": 224, "dropout": 0.5, "token_dropout": 0.2, "epochs": 18, "lr": 0.01}
CHANGES = {"chosen": {}, "characters": {"merges": 0, "epochs": 6}}  # about as many tokens a run
SETTINGS = [
    *({"framework": "torch", "who": "ours", "part": "validation", "recipe": recipe, "seed": 0} for recipe in CHANGES),
    *(
        {"framework": framework, "who": "ours", "part": "test", "recipe": "chosen", "seed": 0}
        for framework in ("torch", "tensorflow")
    ),
]


def parts_of(part):
    """The text to learn from and the text held out."""
    text = load_corpus("time_machine", "none")
    heldout = text[BEGIN:END]
    if hashlib.sha256(heldout.encode()).hexdigest() != SHA256:
        raise ValueError(f"The bytes from {BEGIN} to {END} are not those that are held out.")
    if part == "test":
        return text[:BEGIN], heldout
    return text[: BEGIN - len(heldout)], text[BEGIN - len(heldout) : BEGIN]


def merge(tokens, pair):
    """The tokens of a piece, with each such pair of neighbours made one."""
    merged = []
    for token in tokens:
        if merged and (merged[-1], token) == pair:
            merged[-1] += token
        else:
            merged.append(token)
    return merged


def learn(text, number):
    """So many pairs of tokens that are made one, the most frequent first, with their ranks."""
    counts, places, ranks = Counter(), defaultdict(set), {}
    pieces = Counter(PIECES.findall(text))
    tokens = {piece: list(piece) for piece in pieces}

    def count(piece, sign):
        for pair in pairwise(tokens[piece]):
            counts[pair] += sign * pieces[piece]
            places[pair].add(piece)

    for piece in pieces:
        count(piece, 1)
    while len(ranks) < number:
        pair = max(counts, key=lambda pair: (counts[pair], pair))
        ranks[pair] = len(ranks)
        for piece in [*places[pair]]:
            count(piece, -1)
            tokens[piece] = merge(tokens[piece], pair)
            count(piece, 1)
    return ranks


def cut(text, ranks):
    """A text as tokens: in each piece the pairs are merged in the order in which they were learned."""
    known = {}
    for piece in set(PIECES.findall(text)):
        tokens = list(piece)
        while found := [pair for pair in pairwise(tokens) if pair in ranks]:
            tokens = merge(tokens, min(found, key=ranks.get))
        known[piece] = tokens
    return [token for piece in PIECES.findall(text) for token in known[piece]]


def run(framework, who, part, recipe, seed):
    course = importlib.import_module(f"course_utils.{framework}")
    options, texts = CHOSEN | CHANGES[recipe], parts_of(part)
    ranks = learn(texts[0], options["merges"])
    parts = [cut(text, ranks) for text in texts]
    vocab = Vocab(parts[0])
    train, heldout = (np.array(vocab[tokens]) for tokens in parts)
    model = course.RNNLM(
        lstm(framework, 128, options["width"]),
        len(vocab),
        embed_size=128,
        dropout=options["dropout"],
        token_dropout=options["token_dropout"],
    )
    trainer = course.Trainer(max_epochs=options["epochs"], lr=options["lr"], decay=True)
    costs = fit(course, trainer, model, SequentialBatches(train, 32, 32, np.random.default_rng(seed)))
    bits = len(heldout) / len(texts[1]) / math.log(2)  # a byte, for each nat a token
    heldout = np.array([train[-1], *heldout])  # so that the first one is predicted, too
    return {
        "quality": course.evaluate(model, SequentialBatches(heldout, 1, 32)) * bits,
        "in_windows": course.evaluate(model, WindowBatches(heldout, 64, 32)) * bits,
        "tokens": len(vocab),
        **costs,
    }


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
