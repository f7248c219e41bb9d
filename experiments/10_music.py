"""Tunes to order from LSTMs of four epochs, five ways of drawing a sign, three seeds; and from n-grams.

"order": of an n-gram; 0 for an LSTM. "loss" is that of the held-out tunes, nats per sign.
The rest is what `score_tunes` says of 50 made jigs and 50 made reels. "reel in 6/8", an order that training never had:
the share of full bars in the metre that was ordered, and in the reel's own.
"""

import importlib
from itertools import product

import numpy as np

from course_utils import experiments
from course_utils.datasets import MusicData, NGram, can_be_read, score_tunes, share_of_full_bars
from course_utils.decoding import write_tunes

WAYS = {
    "temperature 1": {},
    "temperature 0.6": {"temperature": 0.6},
    "top-k 5": {"top_k": 5},
    "top-p 0.9": {"top_p": 0.9},
    "top-p 0.8": {"top_p": 0.8},
}
EPOCHS = 4
ORDERED = (("jig", "6/8"), ("reel", "2/2"))
SETTINGS = [
    *(
        {"framework": framework, "seed": seed, "order": 0}
        for framework, seed in product(("torch", "tensorflow"), range(3))
    ),
    *({"framework": "", "seed": 0, "order": order} for order in (2, 5, 8, 12)),
]


def judged(way, tunes, data):
    scores = score_tunes(tunes, data.train_tunes)
    return {f"{way}: {name}": float(score) for name, score in scores.items() if np.isfinite(score)}


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
        ids = tuple(data.encode(tune))
        losses += [-np.log(model.prob(ids[t], ids[max(0, t - order + 1) : t])) for t in range(2, len(ids))]

    def step(read, history):
        history = read if history is None else np.hstack([history, read])  # (num, t)
        return np.log([model.probs(row[max(0, len(row) - order + 1) :]) for row in history]), history  # (num, V)

    tunes = [
        tune for dance, metre in ORDERED for tune in write_tunes(step, data, dance, metre, 50, 1.0, None, None, seed=0)
    ]
    return {"loss": np.mean(losses), **judged("temperature 1", tunes, data)}


def run(framework, seed, order):
    data = MusicData(batch_size=8)
    if not framework:
        return run_ngram(order, data)
    course = importlib.import_module(f"course_utils.{framework}")
    model = lstm(course, framework, data)
    history = course.Trainer(max_epochs=EPOCHS, lr=0.01, decay=True).fit(model, data)
    found = {"loss": history.heldout_loss[-1]}
    for way, settings in WAYS.items():
        tunes = [tune for ordered in ORDERED for tune in course.compose(model, data, *ordered, 50, **settings)]
        found |= judged(way, tunes, data)
    tunes = list(filter(can_be_read, course.compose(model, data, "reel", "6/8", 50, top_p=0.8)))
    for metre in ("6/8", "2/2"):
        shares = [share_of_full_bars(tune._replace(metre=metre)) for tune in tunes]
        found[f"reel in 6/8: full bars in {metre}"] = float(np.mean(shares))
    return found


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
