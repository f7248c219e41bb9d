"""Readers of film reviews: accuracy on held-out reviews by layer, by how the embedding begins, and by what is read.

All read from an embedding of 32 with 48 units, four epochs, dropout 0.5, weights kept from the epoch with the lowest
loss on an eighth of the training part; three seeds. Embeddings begin with a standard deviation of 0.1, "wide" ones of
1; other matrices begin by Xavier's rule, biases at zero. "after padding": trained and scored with the state after the
padding, every batch padded to the longest review of all.
"""

import importlib
from itertools import product
from types import SimpleNamespace

import numpy as np

from course_utils import experiments
from course_utils.datasets import SentimentData
from course_utils.datasets.sentiment import TextBatches

EMBED_SIZE, WIDTH, DROPOUT, PASSES = 32, 48, 0.5, 4
READERS = {
    "RNN": {"cell": "rnn"},
    "GRU": {"cell": "gru"},
    "LSTM": {"cell": "lstm"},
    "bidirectional LSTM": {"cell": "lstm", "bidirectional": True},
    "GRU, two layers": {"cell": "gru", "layers": 2},
    "GRU, wide embedding": {"cell": "gru", "deviation": 1.0},
    "GRU, after padding": {"cell": "gru"},
}
SETTINGS = [
    {"framework": framework, "seed": seed, "reader": reader}
    for framework, seed, reader in product(("torch", "tensorflow"), range(3), READERS)
]


def torch_reader(vocab_size, cell, layers=1, bidirectional=False, deviation=0.1):
    import torch
    from torch import nn
    from torch.nn.utils.rnn import pack_padded_sequence

    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.dropout = nn.Embedding(vocab_size, EMBED_SIZE), nn.Dropout(DROPOUT)
            kind, between = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[cell], DROPOUT if layers > 1 else 0.0
            self.rnn = kind(EMBED_SIZE, WIDTH, layers, batch_first=True, dropout=between, bidirectional=bidirectional)
            self.output = nn.Linear(WIDTH * (1 + bidirectional), 3)
            nn.init.normal_(self.embedding.weight, std=deviation)
            for name, parameter in (*self.rnn.named_parameters(), *self.output.named_parameters()):
                nn.init.zeros_(parameter) if "bias" in name else nn.init.xavier_uniform_(parameter)

        def forward(self, X, state=None):
            ids, lengths = X  # (n, T), (n,)
            packed = pack_padded_sequence(self.dropout(self.embedding(ids)), lengths.cpu(), True, enforce_sorted=False)
            last = self.rnn(packed)[1]
            H = last[0] if cell == "lstm" else last  # (layers and directions, n, h)
            H = torch.cat([H[-2], H[-1]], dim=-1) if bidirectional else H[-1]  # (n, h or 2h)
            return self.output(self.dropout(H)), None  # (n, 3)

    return Reader()


def tensorflow_reader(vocab_size, cell, layers=1, bidirectional=False, deviation=0.1):
    import keras
    import tensorflow as tf

    kind = {"rnn": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}[cell]
    settings = {"unit_forget_bias": False} if cell == "lstm" else {}
    rnns = [
        kind(WIDTH, return_sequences=i < layers - 1, recurrent_initializer="glorot_uniform", **settings)
        for i in range(layers)
    ]

    class Reader(keras.Model):
        any_length = True

        def __init__(self):
            super().__init__()
            normal = keras.initializers.RandomNormal(stddev=deviation)
            self.embedding = keras.layers.Embedding(vocab_size, EMBED_SIZE, normal)
            self.rnns = [keras.layers.Bidirectional(rnn) for rnn in rnns] if bidirectional else rnns
            self.dropout, self.output_layer = keras.layers.Dropout(DROPOUT), keras.layers.Dense(3)

        def build(self, input_shape=None):
            self.embedding.build()
            for i, rnn in enumerate(self.rnns):
                rnn.build((None, None, WIDTH if i else EMBED_SIZE))
            self.output_layer.build((None, WIDTH * (1 + bidirectional)))

        def call(self, X, state=None, training=False):
            ids, lengths = X  # (n, T), (n,)
            mask, H = tf.sequence_mask(lengths, tf.shape(ids)[1]), self.embedding(ids)  # (n, T), (n, T, e)
            for rnn in self.rnns:
                H = rnn(self.dropout(H, training=training), mask=mask)  # (n, T, h), the last one (n, h or 2h)
            return self.output_layer(self.dropout(H, training=training)), None  # (n, 3)

    return Reader()


class NoEnds:
    """The same batches, but the padding, up to `T` tokens, is read as though it were text."""

    carries_state = False

    def __init__(self, batches, T, pad):
        self.batches, self.T, self.pad = batches, T, pad

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        for (ids, _), Y in self.batches:
            behind = np.full((len(ids), self.T - ids.shape[1]), self.pad)
            yield (np.concatenate([ids, behind], axis=1), np.full(len(ids), self.T)), Y  # (n, T), (n,), (n,)


def shares(logits_of, batches):
    """The share that is right, of all, and of those that are not neutral when the model may not say neutral."""
    logits, Y = zip(*((logits_of(X), Y) for X, Y in batches), strict=True)
    logits, Y = np.concatenate(logits), np.concatenate(Y)  # (snippets, 3), (snippets,)
    told = Y != 1  # (snippets,)
    return {
        "accuracy": np.mean(logits.argmax(axis=1) == Y),
        "two_classes": np.mean(2 * (logits[:, 2] > logits[:, 0]) == Y, where=told),
    }


def run(framework, seed, reader):
    course = importlib.import_module(f"course_utils.{framework}")
    data = SentimentData()  # the same split for all
    rows = [ids[:length].tolist() for ids, length in zip(data.train.ids, data.train.lengths, strict=True)]
    order = np.random.default_rng(0).permutation(len(rows))
    choose, fit = order[: len(rows) // 8], order[len(rows) // 8 :]
    train, judge = (
        TextBatches([rows[i] for i in part], data.train.labels[part], 64, rng)
        for part, rng in ((fit, np.random.default_rng(seed)), (choose, None))
    )
    heldout = data.heldout
    if reader == "GRU, after padding":
        T = max(data.train.ids.shape[1], data.heldout.ids.shape[1])
        train, judge, heldout = (NoEnds(batches, T, data.vocab["<pad>"]) for batches in (train, judge, heldout))
    build = {"torch": torch_reader, "tensorflow": tensorflow_reader}[framework]
    model = build(len(data.vocab), **READERS[reader])
    trainer = course.Trainer(max_epochs=PASSES, lr=0.005, decay=True, keep_best=True)
    history = trainer.fit(model, SimpleNamespace(train=train, heldout=judge))
    return shares(answers(framework, model), heldout) | {
        "best_pass": history.best_epoch,
        "parameters": sum(int(np.prod(value.shape)) for value in parameters_of(model)),
    }


def answers(framework, model):
    """A function from (ids, lengths) to logits (n, 3), as arrays."""
    if framework == "torch":
        import torch

        model.eval()
        return torch.no_grad()(lambda X: model(tuple(torch.as_tensor(part) for part in X))[0].numpy())
    import tensorflow as tf

    graph = tf.function(lambda ids, lengths: model((ids, lengths))[0], reduce_retracing=True)
    return lambda X: graph(*(tf.convert_to_tensor(part) for part in X)).numpy()


def parameters_of(model):
    return model.trainable_variables if hasattr(model, "trainable_variables") else list(model.parameters())


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
