"""The networks of the site's page "Try it": trained by the chapters' recipes, two in each framework, and written small.

results/networks/*.safetensors have the canonical weights in float16, with the tokens of their vocabularies beside them.
All numbers here are those of the weights as they are in the file. "sha256" is the file's; "sentence" is what the page
says where no script runs.
"""

import hashlib
import importlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from course_utils import experiments, files
from course_utils.datasets import LanguageModelData, MusicData, TranslationData
from course_utils.metrics import exact_match, perplexity

FOLDER = Path(__file__).parents[1] / "results/networks"
SETTINGS = [
    {"framework": "tensorflow", "seed": 0, "network": "gru"},
    {"framework": "torch", "seed": 0, "network": "lstm"},
    {"framework": "tensorflow", "seed": 0, "network": "translator"},
    {"framework": "torch", "seed": 0, "network": "tunes"},
]
LINE = "alice was beginning to get very tired"
NAMES = ("red heart", "woman dancing dark skin tone", "green apple")


def layer(framework: str, kind: str, num_inputs: int, num_hiddens: int, **options):
    """The framework's own layer; `options` are for Keras."""
    if framework == "torch":
        from torch import nn

        return getattr(nn, kind)(num_inputs, num_hiddens, batch_first=True)
    import keras

    return getattr(keras.layers, kind)(num_hiddens, return_sequences=True, return_state=True, **options)


def gru(course, framework):
    """Chapter 03's GRU."""
    data = LanguageModelData("alice", batch_size=32, num_steps=32)
    V = len(data.vocab)
    model = course.RNNLM(layer(framework, "GRU", 32, 160, unroll=True), V, embed_size=32)
    course.Trainer(max_epochs=8, lr=0.008, decay=True).fit(model, data)
    shrink(course, model, "gru", tokens=data.vocab.tokens)
    written = course.generate(model, f"{LINE} ", 40, data.vocab)
    sentence = f"The GRU has read “{LINE}”, and so it goes on: “{written.removeprefix(LINE).strip()}”."
    return {"perplexity": perplexity(course.evaluate(model, data.heldout)), "sentence": sentence}


def lstm(course, framework):
    """Chapter 04's best LSTM."""
    data = LanguageModelData("alice", batch_size=32, num_steps=32)
    V = len(data.vocab)
    rnn = layer(framework, "LSTM", 32, 160, unroll=True)
    model = course.RNNLM(rnn, V, dropout=0.3, embed_size=32, token_dropout=0.06)
    course.Trainer(max_epochs=16, lr=0.014, decay=True).fit(model, data)
    params = shrink(course, model, "lstm", tokens=data.vocab.tokens)
    F = forget_gates(params, data.vocab[[*LINE]])  # (T, h)
    spaces = np.array([letter == " " for letter in LINE])  # (T,)
    sentence = (
        f"While the LSTM reads “{LINE}”, its forget gates are open by {F[~spaces].mean():.2f} at letters, on average, "
        f"and by {F[spaces].mean():.2f} at spaces."
    )
    return {"perplexity": perplexity(course.evaluate(model, data.heldout)), "sentence": sentence}


def forget_gates(p: dict[str, np.ndarray], ids: list[int]) -> np.ndarray:
    """F at each step (T, h), as in chapter 04."""

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    H = C = np.zeros(len(p["b_f"]))  # (h,)
    found = []
    for x in p["W_xe"][ids]:  # (e,)
        fed = {gate: x @ p[f"W_x{gate}"] + H @ p[f"W_h{gate}"] + p[f"b_{gate}"] for gate in "ifoc"}  # (h,) each
        found.append(sigmoid(fed["f"]))
        C = found[-1] * C + sigmoid(fed["i"]) * np.tanh(fed["c"])
        H = sigmoid(fed["o"]) * np.tanh(C)
    return np.array(found)


def translator(course, framework):
    """Chapter 12's translator, narrower, so that its file stays below 500 kB."""
    data = TranslationData(seed=0)
    encoder = course.Seq2SeqEncoder(len(data.source_vocab), 24, 48, dropout=0.2, bidirectional=True)
    decoder = course.AttentionDecoder(len(data.target_vocab), 24, 48, dropout=0.2, bidirectional=True)
    model = course.Seq2Seq(encoder, decoder)
    course.Trainer(max_epochs=14, lr=0.01, decay=True).fit(model, data.train)
    shrink(course, model, "translator", source=data.source_vocab.tokens, target=data.target_vocab.tokens)
    found = course.translate(model, NAMES, data)
    pairs = [f"“{name}” becomes “{french}”" for name, french in zip(NAMES, found, strict=True)]
    asked = list(dict.fromkeys(pair.source for pair in data.groups["new combinations"]))
    written = [found.tokens for found in course.translate(model, asked, data)]
    share = exact_match(written, [data.references(name) for name in asked])
    return {"exactly right": share, "sentence": f"In French {', '.join(pairs)}."}


def tunes(course, framework):
    """Chapter 10's maker of tunes."""
    data = MusicData(batch_size=8)
    model = course.RNNLM(layer(framework, "LSTM", 48, 128), len(data.vocab), embed_size=48)
    course.Trainer(max_epochs=4, lr=0.01, decay=True).fit(model, data)
    shrink(course, model, "tunes", tokens=data.vocab.tokens)
    [tune] = course.compose(model, data, "jig", "6/8", top_p=0.8)
    body = tune.abc.partition("K:C\n")[2]
    sentence = f"A jig that it has made, in ABC notation: {' '.join(body.split()[:24])} …"
    return {"perplexity": perplexity(course.evaluate(model, data.heldout)), "sentence": sentence}


def shrink(course, model, name: str, **vocabularies: list[str]) -> dict[str, np.ndarray]:
    """Round the model's weights to float16 and write them, with the vocabularies; the weights as they are now."""
    params = {key: value.astype(np.float16) for key, value in course.weights.dump(model).items()}
    about = {key: json.dumps(tokens, ensure_ascii=False) for key, tokens in vocabularies.items()}
    arrays = {key: np.asarray(value, order="C") for key, value in params.items()}
    files.write(FOLDER / f"{name}.safetensors", save(arrays, about))
    rounded = {key: value.astype(np.float32) for key, value in params.items()}
    course.weights.load(model, rounded)
    return rounded


NETWORKS: dict[str, Callable] = {"gru": gru, "lstm": lstm, "translator": translator, "tunes": tunes}


def run(framework, seed, network):
    course = importlib.import_module(f"course_utils.{framework}")
    found = NETWORKS[network](course, framework)
    content = (FOLDER / f"{network}.safetensors").read_bytes()
    return {**found, "kilobytes": round(len(content) / 1000), "sha256": hashlib.sha256(content).hexdigest()}


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
