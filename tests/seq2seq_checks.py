"""What an encoder and a decoder must do: functions that raise AssertionError, so that mistakes are put to them too.

All sizes differ: n sentences of S tokens among V, with embeddings of width e; T tokens among U to write, of width f.
"""

import importlib
from functools import partial
from itertools import combinations, product
from types import MappingProxyType, SimpleNamespace

import numpy as np
import oracle_seq2seq as oracle
from frameworks import close
from oracle_cells import Network, flat

from course_utils.datasets import translation

n, S, T, V, U, e, f, h = 4, 6, 5, 11, 9, 3, 2, 7
LENGTHS = [6, 1, 3, 4]
NETWORKS = {
    f"{cell}, {layers} layers, {directions} directions{', attention' * attends}": Network(
        cell, (h,) * layers, directions, attends=attends
    )
    for attends, cell, layers, directions in product((False, True), ("GRU", "LSTM"), (1, 2), (1, 2))
}
BOTH_WAYS = Network("GRU", (h,), 2)
DEEP_LSTM = Network("LSTM", (h, h), 2)
ATTENTION = BOTH_WAYS._replace(attends=True)
PAIRS = [
    ("a dog", "un chien"),
    ("a cat", "un chat"),
    ("red dog", "chien rouge"),
    ("red cat", "chat rouge"),
    ("a big red dog", "un gros chien rouge"),
    ("bye", "salut"),
]


def course_of(framework, modules=MappingProxyType({})):
    """What the checks need of a framework's side of the course; `modules`: some of them loaded anew."""
    names = ("seq2seq", "attention", "evaluation", "training", "decoding", "weights")
    of = {name: modules.get(name) or importlib.import_module(f"{framework.course.__name__}.{name}") for name in names}
    seq2seq, evaluation = of["seq2seq"], of["evaluation"]
    return SimpleNamespace(
        Seq2Seq=seq2seq.Seq2Seq,
        Seq2SeqEncoder=seq2seq.Seq2SeqEncoder,
        Seq2SeqDecoder=seq2seq.Seq2SeqDecoder,
        AttentionDecoder=of["attention"].AttentionDecoder,
        Trainer=of["training"].Trainer,
        cross_entropy=evaluation.cross_entropy,
        evaluate=evaluation.evaluate,
        translate=of["decoding"].translate,
        weights=of["weights"],
    )


def small_data(folder, module=translation):
    """Five sentences to learn and one held out."""
    path = folder / "pairs.tsv"
    path.write_text("\n".join("\t".join(pair) for pair in PAIRS), encoding="utf-8")
    return module.TranslationData(path, batch_size=2, heldout=1)


def built(course, network, teacher_forcing=1.0, dropout=0.0, sizes=(V, e, U, f)):
    """A `Seq2Seq` that is this network."""
    V, e, U, f = sizes
    settings = {
        "num_hiddens": network.widths[0],
        "num_layers": len(network.widths),
        "cell": network.cell.lower(),
        "dropout": dropout,
    }
    directions = {"bidirectional": network.directions == 2}
    attending = partial(course.AttentionDecoder, **directions) if network.attends else course.Seq2SeqDecoder
    encoder = course.Seq2SeqEncoder(V, e, **directions, **settings)
    return course.Seq2Seq(encoder, attending(U, f, **settings), teacher_forcing)


def drawn(rng, lengths=LENGTHS, S=S, T=T):
    """A batch (X, Y): whatever stands in the source's padding, and two rows whose target has padding."""
    source, inputs = rng.integers(V, size=(len(lengths), S)), rng.integers(U, size=(len(lengths), T))
    Y = np.concatenate([inputs[:, 1:], rng.integers(U, size=(len(lengths), 1))], axis=1)
    Y[0, 1:] = Y[-1, -1] = -1
    return (source, np.array(lengths), inputs), Y


def tensors(framework, X):
    return tuple(framework.tensor(part) for part in X)


def made(framework, course, network, seed=0, **options):
    """A model and its weights, which are random, biases too."""
    params = oracle.random_params(np.random.default_rng(seed), network, V, e, U, f)
    model = built(course, network, **options)
    course.weights.load(model, params)
    return model, params


def check_oracle(framework, course, network=BOTH_WAYS, lengths=LENGTHS, seed=0):
    """Outputs, states, logits, the masked loss and all its gradients are the oracle's."""
    model, params = made(framework, course, network, seed)
    X, Y = drawn(np.random.default_rng(seed), lengths)
    Xs, Ys = tensors(framework, X), framework.tensor(Y)
    outputs, state = model.encoder(*Xs[:2])
    expected, expected_state = oracle.encode(params, *X[:2])
    logits, last = model(Xs)
    expected_logits, expected_last = oracle.logits(params, X)
    found = [outputs, *flat(state), model.encoder.context(state), logits, *flat(last)]
    values = [expected, *flat(expected_state), oracle.context(expected_state), expected_logits, *flat(expected_last)]
    for tensor, value in zip(found, values, strict=True):
        close(framework.array(tensor), value, 5e-6)

    def loss():
        return course.cross_entropy(model(Xs)[0], Ys)

    if network.attends:
        close(framework.array(model.alignment(Xs)), oracle.alignment(params, X), 5e-6)
    expected_loss, grads = oracle.loss(params, X, Y)
    close(framework.array(loss()), expected_loss, 5e-6)
    gradients = course.weights.gradients(model, loss)
    assert gradients.keys() == grads.keys()
    for name, gradient in gradients.items():
        close(gradient, grads[name], 5e-5)


def check_steps(framework, course, network=BOTH_WAYS):
    """Written token by token, with a context that stays, the logits are those of all at once."""
    model, params = made(framework, course, network)
    X, _ = drawn(np.random.default_rng(0))
    source, lengths, inputs = tensors(framework, X)
    (told, state), found = model.begin(source, lengths), []
    for t in range(T):
        logits, state = model.decoder(inputs[:, t : t + 1], told, state)
        found.append(framework.array(logits))
    close(np.concatenate(found, axis=1), oracle.logits(params, X)[0], 5e-6)


def check_forcing(framework, course, ratio, network=BOTH_WAYS):
    """While training each step is fed its input with this probability, or the likeliest token before; else always."""
    model, params = made(framework, course, network, teacher_forcing=ratio)
    X, _ = drawn(np.random.default_rng(0), [4] * 300, T=3)
    Xs = tensors(framework, X)
    expected = {
        steps: oracle.own(params, X, np.array([[True, *steps]] * 300)) for steps in product([False, True], repeat=2)
    }
    close(framework.array(framework.evaluating(model)(Xs)[0]), expected[True, True], 5e-6)
    found = framework.array(framework.training(model)(Xs)[0])
    shows = np.all([_far(*pair) for pair in combinations(expected.values(), 2)], axis=0)  # what was fed
    assert shows.sum() > 200
    near = {steps: ~_far(found, value)[shows] for steps, value in expected.items()}
    assert (sum(rows.astype(int) for rows in near.values()) == 1).all(), "each row was fed in one of these ways"
    for step in range(2):
        share = sum(rows.mean() for steps, rows in near.items() if steps[step])
        assert share == ratio if ratio in (0, 1) else abs(share - ratio) < 0.1
    together = near[True, True].mean() + near[False, False].mean()
    assert ratio in (0, 1) or abs(together - ratio**2 - (1 - ratio) ** 2) < 0.12, "each step is drawn on its own"


def _far(some, others):
    return np.abs(some - others).max(axis=(1, 2)) > 1e-4


def check_learning(framework, course, data, attends=False):
    """After training on five sentences it translates them: what it learned to write is the next token."""
    sizes = len(data.source_vocab), 16, len(data.target_vocab), 16
    model = built(course, Network("GRU", (24,), 2, attends=attends), sizes=sizes)
    course.Trainer(60, 0.02, decay=True).fit(model, SimpleNamespace(train=data.train))
    found = course.translate(model, [pair.source for pair in data.train_pairs], data)
    assert [str(translation) for translation in found] == [pair.target for pair in data.train_pairs]


def check_keeping(framework, course, keep_best):
    """At the end the weights are those of the epoch with the lowest held-out loss, or without `keep_best` the last."""
    model, _ = made(framework, course, Network("GRU", (h,)))
    (X, Y), other = drawn(np.random.default_rng(1)), drawn(np.random.default_rng(2))[1]
    heldout = [(X, np.where(np.arange(T) % 2, Y, other))]  # what is learned is true of every other target
    data, dumped = SimpleNamespace(train=[(X, Y)], heldout=heldout), []
    trainer = course.Trainer(5, 0.5, "sgd", clip_norm=None, keep_best=keep_best)
    history = trainer.fit(model, data, lambda _: dumped.append(course.weights.dump(model)))
    assert 1 < history.best_epoch < 5, "else it would not show"
    epoch = history.best_epoch if keep_best else 5
    for name, value in course.weights.dump(model).items():
        np.testing.assert_array_equal(value, dumped[epoch - 1][name])
    assert np.isclose(course.evaluate(model, heldout), history.heldout_loss[epoch - 1], rtol=1e-6)
