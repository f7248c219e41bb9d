"""English sentences of Tatoeba into French, with the settings of Dive into Deep Learning, section 10.7; five seeds.

640 pairs, of which a fifth of the sentences is held out; the split is the same for all seeds, and three of the four
sentences that are scored one by one stand in the training part. Stored as text: what these three become, and each tenth
of the held-out ones. It asks for the file fra-eng.zip: `course data fetch fra_eng` brings it where it can be had.
"""

import importlib
from itertools import product

from course_utils import experiments
from course_utils.datasets import TranslationData
from course_utils.metrics import bleu, corpus_bleu, exact_match

FOUR = {
    "Go .": ["va", "!"],
    "I lost .": ["j'ai", "perdu", "."],
    "He's calm .": ["il", "est", "calme", "."],
    "I'm home .": ["je", "suis", "chez", "moi", "."],
}
SETTINGS = [{"framework": framework, "seed": seed} for framework, seed in product(("torch", "tensorflow"), range(5))]


def run(framework, seed):
    course = importlib.import_module(f"course_utils.{framework}")
    data = TranslationData("fra_eng", batch_size=128, num_steps=9, min_freq=2, heldout=0.2, max_pairs=640, seed=1)
    encoder = course.Seq2SeqEncoder(len(data.source_vocab), 256, 256, num_layers=2, dropout=0.2)
    decoder = course.Seq2SeqDecoder(len(data.target_vocab), 256, 256, num_layers=2, dropout=0.2)
    model = course.Seq2Seq(encoder, decoder)
    course.Trainer(max_epochs=30, lr=0.005, optimizer="adam").fit(model, data)
    found = [translation.tokens for translation in course.translate(model, list(FOUR), data)]
    scores = [bleu(f, [r], max_n=2, weights="halving") for f, r in zip(found, FOUR.values(), strict=True)]
    sources = list(dict.fromkeys(pair.source for pair in data.heldout_pairs))
    references = [data.references(source) for source in sources]
    heldout = [translation.tokens for translation in course.translate(model, sources, data)]
    names = ("go", "i_lost", "hes_calm", "im_home")
    return {
        **dict(zip(names, scores, strict=True)),
        "four": sum(scores) / 4,
        "heldout_bleu": corpus_bleu(heldout, references),
        "heldout_bleu_2": corpus_bleu(heldout, references, max_n=2),
        "heldout_exact": exact_match(heldout, references),
        "training_pairs": len(data.train_pairs),
        **{f"trained_{i}": f"{source} → {' '.join(found[i])}" for i, source in enumerate(FOUR) if i != 2},
        **{f"heldout_{i}": f"{source} → {' '.join(heldout[i])}" for i, source in enumerate(sources) if i % 10 == 0},
    }


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
