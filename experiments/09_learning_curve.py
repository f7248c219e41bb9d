"""Film reviews: when does a network overtake the bag of words? Both learn from 500 to all 7,424 reviews, three seeds.

A seed draws the reviews to learn from, 1,060 others to choose by, and where the network begins. Both know the words
that the reviews to learn from have twice or more, and both are scored on the same 2,121 held-out reviews. The network
is the chapter's GRU: an embedding of 32, 48 units, dropout 0.5. For fewer reviews it has more epochs, so that it makes
about 464 updates each time. Both choose what is most accurate on the reviews to choose by: the network its epoch, the
bag how strongly large weights are punished.
"""

import importlib
from itertools import product
from types import SimpleNamespace

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from course_utils import experiments
from course_utils.datasets import SentimentData, Vocab, tokenize_sentence
from course_utils.datasets.sentiment import MIN_FREQ, TextBatches

EMBED_SIZE, WIDTH, DROPOUT, BATCH_SIZE, UPDATES, CHOOSE = 32, 48, 0.5, 64, 464, 1060
REVIEWS = (500, 1000, 2000, 4000, 7424)
SETTINGS = [
    {"framework": framework, "seed": seed, "reviews": reviews}
    for seed, framework, reviews in product(range(3), ("torch", "tensorflow"), REVIEWS)
]


def torch_reader(vocab_size):
    import torch
    from torch import nn
    from torch.nn.utils.rnn import pack_padded_sequence

    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.dropout = nn.Embedding(vocab_size, EMBED_SIZE), nn.Dropout(DROPOUT)
            self.rnn, self.output = nn.GRU(EMBED_SIZE, WIDTH, batch_first=True), nn.Linear(WIDTH, 3)
            nn.init.normal_(self.embedding.weight, std=0.1)
            for name, parameter in (*self.rnn.named_parameters(), *self.output.named_parameters()):
                nn.init.zeros_(parameter) if "bias" in name else nn.init.xavier_uniform_(parameter)

        def forward(self, X, state=None):
            ids, lengths = X  # (n, T), (n,)
            packed = pack_padded_sequence(self.dropout(self.embedding(ids)), lengths.cpu(), True, enforce_sorted=False)
            return self.output(self.dropout(self.rnn(packed)[1][0])), None  # (n, 3)

    model = Reader()

    def guess(ids, lengths):
        model.eval()
        with torch.no_grad():
            logits, _ = model((torch.as_tensor(ids), torch.as_tensor(lengths)))  # (n, 3)
        model.train()  # the training goes on
        return logits.argmax(dim=1).numpy()  # (n,)

    return model, guess


def tensorflow_reader(vocab_size):
    import keras
    import tensorflow as tf

    class Reader(keras.Model):
        any_length = True

        def __init__(self):
            super().__init__()
            normal = keras.initializers.RandomNormal(stddev=0.1)
            self.embedding = keras.layers.Embedding(vocab_size, EMBED_SIZE, normal)
            self.rnn = keras.layers.GRU(WIDTH, recurrent_initializer="glorot_uniform")
            self.dropout, self.output_layer = keras.layers.Dropout(DROPOUT), keras.layers.Dense(3)

        def build(self, input_shape=None):
            self.embedding.build()
            self.rnn.build((None, None, EMBED_SIZE))
            self.output_layer.build((None, WIDTH))

        def call(self, X, state=None, training=False):
            ids, lengths = X  # (n, T), (n,)
            mask = tf.sequence_mask(lengths, tf.shape(ids)[1])  # (n, T)
            H = self.rnn(self.dropout(self.embedding(ids), training=training), mask=mask)  # (n, h)
            return self.output_layer(self.dropout(H, training=training)), None  # (n, 3)

    model = Reader()

    @tf.function(reduce_retracing=True)
    def logits_of(ids, lengths):
        return model((ids, lengths))[0]  # (n, 3)

    def guess(ids, lengths):
        return logits_of(tf.constant(ids), tf.constant(lengths)).numpy().argmax(axis=1)  # (n,)

    return model, guess


def bag_of_words(fit, choose, heldout, Y_fit, Y_choose):
    """Texts to learn from, to choose by and to score, and the classes of the first two → the classes of the third."""
    settings = {"tokenizer": tokenize_sentence, "token_pattern": None, "lowercase": False}
    counter = CountVectorizer(binary=True, min_df=2, **settings)
    X, X_choose = counter.fit_transform(fit), counter.transform(choose)  # (reviews, V) each
    models = [LogisticRegression(C=C, max_iter=1000).fit(X, Y_fit) for C in (0.1, 0.3, 1)]
    best = max(models, key=lambda model: model.score(X_choose, Y_choose))
    return best.predict(counter.transform(heldout))


def run(framework, seed, reviews):
    course = importlib.import_module(f"course_utils.{framework}")
    data = SentimentData()  # the same split for all
    order = np.random.default_rng(seed).permutation(len(data.train_snippets))
    parts = order[CHOOSE : CHOOSE + reviews], order[:CHOOSE]
    texts = [[data.train_snippets[i].text for i in part] for part in parts]
    texts.append([snippet.text for snippet in data.heldout_snippets])
    labels = [*(data.train.labels[part] for part in parts), data.heldout.labels]
    vocab = Vocab([token for text in texts[0] for token in tokenize_sentence(text)], MIN_FREQ, reserved=["<pad>"])

    train, judge, heldout = (
        TextBatches([vocab[tokenize_sentence(text)] or [Vocab.unk] for text in part], Y, BATCH_SIZE, rng)
        for part, Y, rng in zip(texts, labels, (np.random.default_rng(seed), None, None), strict=True)
    )
    model, guess = {"torch": torch_reader, "tensorflow": tensorflow_reader}[framework](len(vocab))
    epochs, best, right = round(UPDATES / len(train)), {"chosen_by": -1.0}, {}

    def choose(history):
        """Score the network whenever it does better than before on the reviews to choose by."""
        accuracy = np.mean(guess(judge.ids, judge.lengths) == judge.labels)
        if accuracy > best["chosen_by"]:
            best.update(chosen_by=accuracy, best_epoch=len(history.train_loss))
            right["network"] = guess(heldout.ids, heldout.lengths) == heldout.labels  # (held-out reviews,)

    course.Trainer(max_epochs=epochs, lr=0.005, decay=True).fit(model, SimpleNamespace(train=train), choose)
    network, bag = right["network"], bag_of_words(*texts, *labels[:2]) == heldout.labels  # (held-out reviews,) each
    return {
        "network": network.mean(),
        "bag": bag.mean(),
        "network_only": int((network & ~bag).sum()),
        "bag_only": int((bag & ~network).sum()),
        "best_epoch": best["best_epoch"],
        "epochs": epochs,
        "words": len(vocab),
    }


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
