"""Sentences of Tatoeba from English to French, with attention and without: BLEU by length, at equal size.

The sentences are of the kind that PyTorch's tutorial on translation chooses: at most nine tokens, and "I am", "he is"
or the like to begin with. "attention" has 96 units; "plain" so many that it has at least as many parameters. A tenth of
the sentences is held out, the same in all runs; a word that training has once only becomes <unk>. Stored as text: ten
held-out sentences and their translations. It asks for the file fra-eng.zip: `course data fetch fra_eng` brings it where
it can be had.
"""

import importlib
import re
import tempfile
import time
from itertools import product
from pathlib import Path

from course_utils import experiments
from course_utils.datasets import TranslationData, load_pairs, tokenize_sentence
from course_utils.metrics import corpus_bleu, exact_match

BEGINNING = re.compile(r"(i am|i'm|(he|she) is|(he|she)'s|(you|we|they) are|(you|we|they)'re)\b")
LONGEST, SHOWN = 9, 10
LENGTHS = {"short": (1, 4), "middle": (5, 6), "long": (7, LONGEST)}
WIDTHS = {"attention": 96, "plain": 102}
SETTINGS = [
    {"framework": framework, "study": study, "epochs": 8, "seed": 0}
    for framework, study in product(("torch", "tensorflow"), WIDTHS)
]


def chosen(pair):
    sides = map(tokenize_sentence, (pair.source, pair.target))
    return BEGINNING.match(pair.source.lower()) and max(map(len, sides)) <= LONGEST


def load():
    lines = (f"{pair.source}\t{pair.target}\n" for pair in filter(chosen, load_pairs("fra_eng")))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sentences.txt"
        path.write_text("".join(lines), encoding="utf-8")
        return TranslationData(path, batch_size=64, num_steps=LONGEST + 1, min_freq=2, seed=0)


def run(framework, study, epochs, seed):
    course = importlib.import_module(f"course_utils.{framework}")
    data, width = load(), WIDTHS[study]
    encoder = course.Seq2SeqEncoder(len(data.source_vocab), 96, width, dropout=0.3, bidirectional=True)
    if study == "attention":
        decoder = course.AttentionDecoder(len(data.target_vocab), 96, width, dropout=0.3, bidirectional=True)
    else:
        decoder = course.Seq2SeqDecoder(len(data.target_vocab), 96, width, dropout=0.3)
    model = course.Seq2Seq(encoder, decoder)
    start = time.process_time()
    course.Trainer(max_epochs=epochs, lr=0.005, decay=True).fit(model, data.train)
    seconds = time.process_time() - start
    sources = list(dict.fromkeys(pair.source for pair in data.heldout_pairs))
    references = [data.references(source) for source in sources]
    candidates = [found.tokens for found in course.translate(model, sources, data)]
    scores = {"bleu": corpus_bleu(candidates, references), "exact": exact_match(candidates, references)}
    for name, (low, high) in LENGTHS.items():
        rows = [i for i, source in enumerate(sources) if low <= len(tokenize_sentence(source)) <= high]
        scores[f"bleu_{name}"] = corpus_bleu([candidates[i] for i in rows], [references[i] for i in rows])
        scores[f"sentences_{name}"] = len(rows)
    longest = [i for i, source in enumerate(sources) if len(tokenize_sentence(source)) >= LENGTHS["long"][0]]
    shown = longest[:: len(longest) // SHOWN][:SHOWN]
    return {
        "parameters": sum(weight.size for weight in course.weights.dump(model).values()),
        "processor_seconds": seconds,
        "training_pairs": len(data.train_pairs),
        **scores,
        **{f"sentence_{n}": f"{sources[i]} → {' '.join(candidates[i])}" for n, i in enumerate(shown)},
    }


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
