"""What the second direction buys and costs: blanks in Alice, and a memory task, with one direction and with both.

"networks": who fills a blank in the middle of 15 letters, two seeds; "context": pieces of other lengths; "every": each
letter of the text is a blank in turn, with a layer that mixes both sides and without, two seeds, and one for longer;
"counting": 5-grams from the left and from both sides; "recall": a task whose answer stands on the left, three seeds.
"""

import importlib
import time
from itertools import product
from types import SimpleNamespace

import numpy as np

from course_utils import experiments
from course_utils.datasets import BlankBatches, NGram, RandomBatches, RecallBatches, Vocab, load_corpus, tokenize
from course_utils.metrics import perplexity

FRAMEWORKS = ("torch", "tensorflow")
EMBED_SIZE, BATCH_SIZE = 32, 256
PASSES = {5: 3, 9: 5, 15: 8, 25: 14}  # letters in a piece → passes, about 250 updates each
NETWORKS = {  # directions, layers, cell, units in each direction; all but the narrow ones about equally large
    "both, LSTM": (2, 1, "LSTM", 96),
    "one, LSTM": (1, 1, "LSTM", 142),
    "one, LSTM, narrow": (1, 1, "LSTM", 96),
    "both, GRU": (2, 1, "GRU", 113),
    "both, RNN": (2, 1, "RNN", 197),
    "both, two layers": (2, 2, "LSTM", 52),
}
EVERY = {"mixed": (256, 6), "added": (0, 6), "mixed, long": (256, 20)}  # units of the mixing layer, passes
RECALL = {"both, GRU": (2, 1, "GRU", 64), "one, GRU": (1, 1, "GRU", 95), "one, GRU, narrow": (1, 1, "GRU", 64)}
DISTANCE, LEARNED = 20, 0.1  # steps from the symbol to the question; the loss that counts as learned


def settings():
    for framework, seed, network in product(FRAMEWORKS, (0, 1), NETWORKS):
        yield {"study": "networks", "framework": framework, "seed": seed, "network": network, "letters": 15}
    for framework, letters, network in product(FRAMEWORKS, (5, 9, 25), ("both, LSTM", "one, LSTM")):
        yield {"study": "context", "framework": framework, "seed": 0, "network": network, "letters": letters}
    for framework, (seed, network) in product(FRAMEWORKS, [*product((0, 1), ("mixed", "added")), (0, "mixed, long")]):
        yield {"study": "every", "framework": framework, "seed": seed, "network": network, "letters": 15}
    for letters, network in product(PASSES, ("5-gram, left", "5-gram, both sides")):
        yield {"study": "counting", "framework": "", "seed": 0, "network": network, "letters": letters}
    for framework, seed, network in product(FRAMEWORKS, (0, 1, 2), RECALL):
        yield {"study": "recall", "framework": framework, "seed": seed, "network": network, "letters": DISTANCE + 1}


def read_alice(letters):
    """The vocabulary, the training text, and held-out batches with a blank in the middle of so many letters."""
    tokens = tokenize(load_corpus("alice"))
    split = len(tokens) - round(0.1 * len(tokens))
    vocab = Vocab(tokens[:split], reserved=["<pad>", "<blank>"])
    train_ids, heldout_ids = (np.array(vocab[part]) for part in (tokens[:split], tokens[split:]))
    thirds = [letters * i // 3 for i in range(3)]  # where the first piece begins: other letters are blanked each time
    heldout = [batch for i in thirds for batch in BlankBatches(heldout_ids[i:], letters, vocab["<blank>"], 64)]
    return vocab, train_ids, heldout


def recurrent(course, num_inputs, directions, layers, cell, width):
    stack = []
    for i in range(layers):
        d = directions * width if i else num_inputs
        pair = [getattr(course, cell)(d, width) for _ in range(directions)]
        stack.append(course.Bidirectional(*pair) if directions == 2 else pair[0])
    return course.Deep(stack) if layers > 1 else stack[0]


def accuracy(framework, model, heldout):
    """The share of blanks for which the likeliest letter is the right one."""
    X, Y = (np.concatenate(arrays) for arrays in zip(*heldout, strict=True))
    middle = X.shape[1] // 2
    if framework == "torch":
        torch = importlib.import_module("torch")
        with torch.no_grad():
            logits = model(torch.as_tensor(X))[0].numpy()
    else:
        logits = model(X)[0].numpy()
    return np.mean(logits[:, middle].argmax(axis=1) == Y[:, middle])


def fill_blanks(framework, seed, network, letters):
    course = importlib.import_module(f"course_utils.{framework}")
    vocab, train_ids, heldout = read_alice(letters)
    train = BlankBatches(train_ids, letters, vocab["<blank>"], BATCH_SIZE, np.random.default_rng(seed))
    rnn = recurrent(course, EMBED_SIZE, *NETWORKS[network])
    model = course.RNNLM(rnn, len(vocab), embed_size=EMBED_SIZE)
    clock = []  # the processor's seconds after each pass: what else the machine does counts less in them
    trainer = course.Trainer(max_epochs=PASSES[letters], lr=0.02, decay=True)
    data = SimpleNamespace(train=train, heldout=heldout)
    history = trainer.fit(model, data, on_epoch=lambda _: clock.append(time.process_time()))
    later_updates = history.updates - len(train)  # the first pass compiles
    return {
        "accuracy": accuracy(framework, model, heldout),
        "perplexity": perplexity(history.heldout_loss[-1]),
        "training": perplexity(history.train_loss[-1]),
        "parameters": sum(value.size for value in course.weights.dump(model).values()),
        "updates": history.updates,
        "ms_per_update": 1000 * (clock[-1] - clock[0]) / later_updates,
        **{f"heldout_{k}": perplexity(loss) for k, loss in enumerate(history.heldout_loss, start=1)},
    }


def around_torch(both, width):
    """What stands on either side of each step, and not at it: (n, T, h) of the chapter's class `Around`."""
    import torch
    from torch import nn

    class Around(nn.Module):
        def __init__(self):
            super().__init__()
            self.both, self.hidden = both, nn.Linear(both.num_hiddens, width) if width else None

        def forward(self, X, state=None):
            ahead, back = self.both(X)[0].chunk(2, dim=-1)
            edge = torch.zeros_like(ahead[:, :1])
            H = torch.cat([torch.cat([edge, ahead[:, :-1]], dim=1), torch.cat([back[:, 1:], edge], dim=1)], dim=-1)
            return torch.relu(self.hidden(H)) if self.hidden else H, state

    return Around()


def around_tensorflow(both, width):
    """The same as `around_torch`."""
    import keras
    import tensorflow as tf

    class Around(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.both, self.hidden = both, keras.layers.Dense(width, activation="relu") if width else None

        def call(self, X, state=None):
            ahead, back = tf.split(self.both(X)[0], 2, axis=-1)
            edge = tf.zeros_like(ahead[:, :1])
            H = tf.concat([tf.concat([edge, ahead[:, :-1]], 1), tf.concat([back[:, 1:], edge], 1)], axis=-1)
            return self.hidden(H) if self.hidden else H, state

    return Around()


def every_letter(framework, seed, network, letters):
    course = importlib.import_module(f"course_utils.{framework}")
    vocab, train_ids, heldout = read_alice(letters)
    windows = RandomBatches(train_ids, 64, 25, np.random.default_rng(seed))
    width, passes = EVERY[network]
    train = [(X, X) for _ in range(passes) for X, _ in windows]
    around = around_torch if framework == "torch" else around_tensorflow
    both = recurrent(course, EMBED_SIZE, 2, 1, "LSTM", 96)
    model = course.RNNLM(around(both, width), len(vocab), embed_size=EMBED_SIZE)
    course.Trainer(max_epochs=1, lr=0.015, decay=True).fit(model, train)
    loss = course.evaluate(model, heldout)
    return {"accuracy": accuracy(framework, model, heldout), "perplexity": perplexity(loss), "updates": len(train)}


def count(network, letters):
    """A 5-gram's guesses, from the letters before the blank, or weighed by those after it as well."""
    vocab, train_ids, heldout = read_alice(letters)
    ngram, V, middle = NGram(5, len(vocab)).fit(train_ids), len(vocab), letters // 2
    X, Y = (np.concatenate(arrays) for arrays in zip(*heldout, strict=True))
    hits, losses = [], []
    for piece, answer in zip(X.tolist(), Y[:, middle], strict=True):
        left, right = tuple(piece[:middle]), piece[middle + 1 : middle + ngram.order]
        scores = ngram.probs(left)
        for letter in range(V if network == "5-gram, both sides" else 0):
            history = (*left, letter)
            for after in right:
                scores[letter] *= ngram.prob(after, history)
                history += (after,)
        hits.append(scores.argmax() == answer)
        losses.append(-np.log(scores[answer] / scores.sum()))
    return {"accuracy": np.mean(hits), "perplexity": perplexity(np.mean(losses))}


def recall(framework, seed, network):
    """How many updates, to ten, until the symbol at the start is remembered."""
    course = importlib.import_module(f"course_utils.{framework}")
    batches = RecallBatches(DISTANCE, 10, np.random.default_rng(seed), num_symbols=4)
    model = course.RNNLM(recurrent(course, batches.vocab_size, *RECALL[network]), batches.vocab_size)
    clock = []
    trainer = course.Trainer(max_epochs=15, lr=0.01)  # an epoch is 10 updates on new sequences
    history = trainer.fit(model, batches, on_epoch=lambda _: clock.append(time.process_time()))
    learned = [k for k, loss in enumerate(history.train_loss, start=1) if loss < LEARNED]
    return {
        "updates_until_learned": 10 * learned[0] if learned else -1,
        "ms_per_update": 1000 * (clock[-1] - clock[0]) / (history.updates - 10),
        "parameters": sum(value.size for value in course.weights.dump(model).values()),
    }


def run(study, framework, seed, network, letters):
    if study == "counting":
        return count(network, letters)
    if study == "recall":
        return recall(framework, seed, network)
    return (every_letter if study == "every" else fill_blanks)(framework, seed, network, letters)


if __name__ == "__main__":
    experiments.main(__file__, list(settings()), run)
