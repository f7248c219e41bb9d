"""Emoji names from English to French: how much of a name fits into one vector?

Encoder and decoder have 128 units, always. Between them the context has to pass through a vector of so many numbers
(128: nothing is squeezed). Eight epochs each, three seeds, scored on held-out names whose words are all known.
"""

import importlib
from itertools import product

from course_utils import experiments
from course_utils.datasets import TranslationData
from course_utils.metrics import corpus_bleu, exact_match

HIDDENS = 128

CONTEXTS = (8, 32, HIDDENS)

SETTINGS = [
    {"framework": framework, "seed": seed, "context": context}
    for seed, framework, context in product(range(3), ("torch", "tensorflow"), CONTEXTS)
]


def squeeze(framework, encoder, context):
    """Let the encoder's joined state pass through a vector of `context` numbers; no other weight changes."""
    if framework == "torch":
        from torch import nn

        layers = nn.Linear(2 * HIDDENS, context), nn.Linear(context, HIDDENS)
        for layer in layers:  # drawn as the encoder's own, and as Keras'
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        encoder.joins[0] = nn.Sequential(*layers)
    else:
        from keras import Sequential, layers

        encoder.joins[0][0] = Sequential([layers.Dense(context), layers.Dense(HIDDENS)])


def run(framework, seed, context):
    course = importlib.import_module(f"course_utils.{framework}")
    data = TranslationData(seed=0)  # the same split for all
    sizes = len(data.source_vocab), len(data.target_vocab)
    encoder = course.Seq2SeqEncoder(sizes[0], 64, HIDDENS, dropout=0.3, bidirectional=True)
    if context < HIDDENS:
        squeeze(framework, encoder, context)
    decoder = course.Seq2SeqDecoder(sizes[1], 64, HIDDENS, dropout=0.3)
    model = course.Seq2Seq(encoder, decoder)
    course.Trainer(max_epochs=8, lr=0.007, decay=True).fit(model, data.train)
    sources = list(dict.fromkeys(pair.source for pair in data.groups["new combinations"]))
    references = [data.references(source) for source in sources]
    candidates = [found.tokens for found in course.translate(model, sources, data)]
    scores = {"bleu": corpus_bleu(candidates, references), "exact": exact_match(candidates, references)}
    for name, low, high in (("short", 1, 4), ("middle", 5, 6), ("long", 7, 99)):
        rows = [i for i, source in enumerate(sources) if low <= len(source.split()) <= high]
        scores[f"exact_{name}"] = exact_match([candidates[i] for i in rows], [references[i] for i in rows])
    return scores


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
