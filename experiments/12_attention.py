"""Emoji names from English to French, with attention and without: what one vector had lost, at equal size and time.

"attention": 64 hidden units, a decoder that looks back at the encoder's outputs. Three of chapter 07's kind, with one
vector: "size", as many epochs, and so many units that it has at least as many parameters; "time", the same for so many
epochs that it has at least as much time; "double", twice the units. The processor seconds are those of the training.
Scored on held-out names: new combinations of known words, by their number of words, and new names.
"""

import importlib
import time
from itertools import product

from course_utils import experiments
from course_utils.datasets import TranslationData
from course_utils.metrics import chrf, corpus_bleu, exact_match

STUDIES = [
    {"study": "attention", "width": 64, "epochs": 12},
    {"study": "size", "width": 68, "epochs": 12},
    {"study": "time", "width": 68, "epochs": 16},
    {"study": "double", "width": 128, "epochs": 12},
]
SETTINGS = [
    {"framework": framework, "seed": seed, **study}
    for framework, seed, study in product(("torch", "tensorflow"), (0, 1, 2), STUDIES)
]
LENGTHS = {"short": (1, 4), "middle": (5, 6), "long": (7, 99)}


def run(framework, seed, study, width, epochs):
    course = importlib.import_module(f"course_utils.{framework}")
    data = TranslationData(seed=0)  # the same split for all
    encoder = course.Seq2SeqEncoder(len(data.source_vocab), 64, width, dropout=0.3, bidirectional=True)
    if study == "attention":
        decoder = course.AttentionDecoder(len(data.target_vocab), 64, width, dropout=0.3, bidirectional=True)
    else:
        decoder = course.Seq2SeqDecoder(len(data.target_vocab), 64, width, dropout=0.3)
    model = course.Seq2Seq(encoder, decoder)
    start = time.process_time()
    history = course.Trainer(max_epochs=epochs, lr=0.01, decay=True).fit(model, data.train)
    seconds = time.process_time() - start
    parameters = sum(weight.size for weight in course.weights.dump(model).values())
    scores = {"parameters": parameters, "processor_seconds": seconds, "train_loss": history.train_loss[-1]}
    for group, name in (("new combinations", "combinations"), ("new names", "names")):
        sources = list(dict.fromkeys(pair.source for pair in data.groups[group]))
        references = [data.references(source) for source in sources]
        candidates = [found.tokens for found in course.translate(model, sources, data)]
        scores[f"bleu_{name}"] = corpus_bleu(candidates, references)
        scores[f"chrf_{name}"] = chrf(candidates, references)
        scores[f"exact_{name}"] = exact_match(candidates, references)
        for length, (low, high) in LENGTHS.items() if name == "combinations" else ():  # nearly all new names are short
            rows = [i for i, source in enumerate(sources) if low <= len(source.split()) <= high]
            scores[f"exact_{length}"] = exact_match([candidates[i] for i in rows], [references[i] for i in rows])
    return scores


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
