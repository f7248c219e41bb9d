"""Emoji names from English to French: how much of a sentence fits into one vector, and what the decoder is fed.

"width": hidden units of both encoder and decoder. "forcing": with which probability a step is fed the teacher's token.
"unmasked": padding counts in the loss, as a token to be predicted. Ten passes each, two seeds, scored on held-out names
whose words are all known.
"""

import importlib
from itertools import product

import numpy as np

from course_utils import experiments
from course_utils.datasets import TranslationData
from course_utils.metrics import corpus_bleu, exact_match

WIDTHS = (16, 32, 64, 128, 256)
FORCING = (0.75, 0.5)

STUDIES = [
    *({"study": "width", "width": width, "forcing": 1.0} for width in WIDTHS),
    *({"study": "forcing", "width": 128, "forcing": forcing} for forcing in FORCING),
    {"study": "unmasked", "width": 128, "forcing": 1.0},
]
SETTINGS = [
    {"framework": framework, "seed": seed, **study}
    for framework, seed, study in product(("torch", "tensorflow"), (0, 1), STUDIES)
]


class PaddingCounts:
    """The same batches, but where no token is asked for, the decoder is to say <pad>."""

    carries_state = False

    def __init__(self, batches, pad):
        self.batches, self.pad = batches, pad

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        for X, Y in self.batches:
            yield X, np.where(Y == -1, self.pad, Y)  # (n, T)


def run(framework, seed, study, width, forcing):
    course = importlib.import_module(f"course_utils.{framework}")
    data = TranslationData(seed=0)  # the same split for all
    sizes = len(data.source_vocab), len(data.target_vocab)
    encoder = course.Seq2SeqEncoder(sizes[0], 64, width, dropout=0.3, bidirectional=True)
    decoder = course.Seq2SeqDecoder(sizes[1], 64, width, dropout=0.3)
    model = course.Seq2Seq(encoder, decoder, teacher_forcing=forcing)
    batches = PaddingCounts(data.train, data.target_vocab["<pad>"]) if study == "unmasked" else data.train
    history = course.Trainer(max_epochs=10, lr=0.007, decay=True).fit(model, batches)
    sources = list(dict.fromkeys(pair.source for pair in data.groups["new combinations"]))
    references = [data.references(source) for source in sources]
    candidates = [found.tokens for found in course.translate(model, sources, data)]
    scores = {"bleu": corpus_bleu(candidates, references), "exact": exact_match(candidates, references)}
    for name, low, high in (("short", 1, 4), ("middle", 5, 6), ("long", 7, 99)):
        rows = [i for i, source in enumerate(sources) if low <= len(source.split()) <= high]
        scores[f"exact_{name}"] = exact_match([candidates[i] for i in rows], [references[i] for i in rows])
    return {**scores, "train_loss": history.train_loss[-1], "length": float(np.mean([len(c) for c in candidates]))}


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
