"""Tunes to order: four and eight passes, five ways of drawing a sign, two seeds; and n-grams, short ones and long ones.

"passes": of an LSTM; 0 for an n-gram, whose "order" it then is. "loss" is that of the held-out tunes, nats per sign.
The rest are shares of made jigs and reels: those that can be read, those whose bars add up, and of the readable ones
those with 16 notes in a row from a training tune; "longest run" is the median of the most notes shared in a row;
"accidentals": shares with a sharp, a flat or a natural. "reel in 6/8", an order that training never had: the shares
whose bars add up in the metre that was ordered, and in the reel's own.
"""

import importlib
from itertools import product

import numpy as np

from course_utils import experiments
from course_utils.datasets import MusicData, NGram, bars_add_up, longest_common_run, notes
from course_utils.datasets.music import COPY
from course_utils.decoding import write_tunes

WAYS = {
    "temperature 1": {},
    "temperature 0.6": {"temperature": 0.6},
    "top-k 5": {"top_k": 5},
    "top-p 0.9": {"top_p": 0.9},
    "top-p 0.8": {"top_p": 0.8},
}
ORDERED = (("jig", "6/8"), ("reel", "2/2"))
SETTINGS = [
    *(
        {"framework": framework, "seed": seed, "passes": passes, "order": 0}
        for framework, seed, passes in product(("torch", "tensorflow"), (0, 1), (4, 8))
    ),
    *({"framework": "", "seed": 0, "passes": 0, "order": order} for order in (2, 5, 8, 12)),
]


def can_be_read(tune):
    try:
        return bool(notes(tune))
    except ValueError:
        return False


def judged(way, tunes, data):
    known = [tune for tune in tunes if can_be_read(tune)]
    runs = np.array([longest_common_run(tune, data.train_tunes) for tune in known])
    return {
        f"{way}: can be read": len(known) / len(tunes),
        f"{way}: bars": np.mean([bars_add_up(tune) for tune in tunes]),
        f"{way}: accidentals": np.mean([any(sign[0] in "^_=" for sign in tune.signs) for tune in tunes]),
        f"{way}: copies": np.mean(runs >= COPY),
        f"{way}: longest run": np.median(runs),
    }


def lstm(course, framework, data):
    V = len(data.vocab)
    if framework == "torch":
        from torch import nn

        return course.RNNLM(nn.LSTM(48, 128, batch_first=True), V, embed_size=48)
    import keras

    return course.RNNLM(keras.layers.LSTM(128, return_sequences=True, return_state=True), V, embed_size=48)


def run_ngram(order, data):
    model = NGram(order, len(data.vocab))
    for tune in data.train_tunes:
        model.fit(data.encode(tune))
    losses = []
    for tune in data.heldout_tunes:
        ids = tuple(int(i) for i in data.encode(tune))
        losses += [-np.log(model.prob(ids[t], ids[max(0, t - order + 1) : t])) for t in range(2, len(ids))]

    def step(read, history):
        history = read if history is None else np.hstack([history, read])  # (num, t)
        return np.log([model.probs(row[max(0, len(row) - order + 1) :]) for row in history]), history  # (num, V)

    tunes = [
        tune for dance, metre in ORDERED for tune in write_tunes(step, data, dance, metre, 50, 1.0, None, None, seed=0)
    ]
    return {"loss": np.mean(losses), **judged("temperature 1", tunes, data)}


def run(framework, seed, passes, order):
    data = MusicData(batch_size=8)
    if not framework:
        return run_ngram(order, data)
    course = importlib.import_module(f"course_utils.{framework}")
    model = lstm(course, framework, data)
    history = course.Trainer(max_epochs=passes, lr=0.01, decay=True).fit(model, data)
    found = {"loss": history.heldout_loss[-1]}
    for way, settings in WAYS.items():
        tunes = [tune for ordered in ORDERED for tune in course.compose(model, data, *ordered, 50, **settings)]
        found |= judged(way, tunes, data)
    tunes = course.compose(model, data, "reel", "6/8", 50, top_p=0.8)
    for metre in ("6/8", "2/2"):
        found[f"reel in 6/8: adds up in {metre}"] = np.mean([bars_add_up(t._replace(metre=metre)) for t in tunes])
    return found


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
