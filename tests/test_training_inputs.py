"""What training, models and layers refuse, in the same words in both frameworks, and what they read rightly."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from data_helpers import says
from frameworks import Batches, close
from hypothesis import given
from hypothesis import strategies as st

from course_utils.datasets import SequentialBatches
from course_utils.history import History

n, T, V, h = 2, 3, 7, 5
X = np.arange(n * T).reshape(n, T) % V
Y = (X + 1) % V
NAN = float("nan")


def fit(framework, model, data, max_epochs=1, lr=0.1, **settings):
    return framework.course.Trainer(max_epochs, lr, "sgd", **settings).fit(model, data)


def refused(framework, calls, *parts, kinds=(TypeError, ValueError)):
    """Each of the calls is refused in one sentence with all the parts."""
    for call in calls:
        with pytest.raises(kinds) as error:
            call()
        framework.says(error, *parts)


# Settings


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"max_epochs": 2.5}, "max_epochs is 2.5"),
        ({"max_epochs": -1}, "max_epochs is -1"),
        ({"max_epochs": "3"}, "max_epochs is '3'"),
        ({"max_epochs": True}, "max_epochs is True"),
        ({"max_epochs": NAN}, "max_epochs is nan"),
        ({"lr": -1}, "lr is -1"),
        ({"lr": NAN}, "lr is nan"),
        ({"lr": float("inf")}, "lr is inf"),
        ({"lr": "0.1"}, "lr is '0.1'"),
        ({"lr": None}, "lr is None"),
        ({"clip_norm": NAN}, "clip_norm is nan"),
        ({"clip_norm": float("inf")}, "clip_norm is inf"),
        ({"clip_norm": "1"}, "clip_norm is '1'"),
        ({"optimizer": ["sgd"]}, "optimizer is ['sgd']"),
        ({"optimizer": None}, "optimizer is None"),
        ({"decay": "linear"}, "decay is 'linear'"),
        ({"decay": 0.5}, "decay is 0.5"),
        ({"keep_best": 3}, "keep_best is 3"),
    ],
)
def test_settings_are_refused(framework, settings, said):
    refused(framework, [lambda: framework.course.Trainer(**{"max_epochs": 1, "lr": 0.1} | settings)], said, "expected")


def test_settings_of_numpy_are_numbers(framework):
    run = framework.course.Trainer(np.int64(1), np.float32(0.1), clip_norm=np.float64(2), decay=np.True_)
    assert len(run.fit(framework.lm("scratch", V, h), [(X, Y)]).train_loss) == 1


@pytest.mark.parametrize("name", ["gpu", "cuda", "GPU:0", "cuda:3"])
def test_a_gpu_that_is_not_there_is_refused(framework, name):
    if "cpu" not in str(framework.course.try_gpu()).lower():
        pytest.skip("there is a GPU here")
    model = framework.lm("scratch", V, h)
    refused(
        framework, [lambda: fit(framework, model, [(X, Y)], device=name)], name, "cpu", kinds=(RuntimeError, ValueError)
    )


@pytest.mark.parametrize("name", ["fast", "", 0, "cpu:x"])
def test_what_is_no_device_is_refused(framework, name):
    refused(framework, [lambda: framework.find_device(name)], f"device is {name!r}", "cpu, cuda or auto")


# Data


def both(framework, model, batches, **settings):
    """Training and evaluation alike."""
    return (
        lambda: fit(framework, model, batches, **settings),
        lambda: framework.course.evaluate(model, batches, settings.get("loss")),
    )


ONE = (X, Y)
PAIRS = [ONE, ONE]
DATA = {
    "targets the other way round": ([(X, Y.T)], ["Y has shape (3, 2)", "(2, 3, 7)", "expected (2, 3)"]),
    "one target a row": ([(X, Y[:, 0])], ["Y has shape (2,)", "expected (2, 3)"]),
    "targets of -100": ([(X, np.where(Y == 1, -100, Y))], ["the id -100", "−1 where there is no target"]),
    "targets out of range": ([(X, np.where(Y == 1, V, Y))], ["Y has the id 7", "expected 0 to 6"]),
    "targets of floats": ([(X, Y.astype("f"))], ["Y is an array of float32", "expected ids"]),
    "targets of bools": ([(X, Y > 1)], ["Y is an array of bool", "expected ids"]),
    "ids out of range": ([(X + V, Y)], ["X has ids from 7 to 12", "expected 0 to 6"]),
    "an id of -1": ([(X - 1, Y)], ["X has ids from -1 to 4", "expected 0 to 6"]),
    "ids of floats": ([(X.astype("f"), Y)], ["X has floats", "expected ids"]),
    "ids of bools": ([(X > 1, Y)], ["X has True and False", "expected ids"]),
    "tokens": ([(np.array([["a", "b"]]), Y)], ["X is an array of <U1", "tokens into ids"]),
    "one sequence": ([(X[0], Y[0])], ["X has shape (3,)", "expected (n, T)"]),
    "no sequence": ([(X[:0], Y[:0])], ["X has shape (0, 3)", "empty"]),
    "no step": ([(X[:, :0], Y[:, :0])], ["X has shape (2, 0)", "empty"]),
    "rows of many lengths": ([([[1, 2], [3]], Y)], ["X is no array", "pad"]),
    "both parts as a pair": ((SequentialBatches(np.arange(9) % V, 1, 2), PAIRS), ["SequentialBatches", "heldout="]),
    "both parts as lists": ((PAIRS, PAIRS), ["Y is a tuple", "heldout="]),
    "the arrays themselves": (ONE, ["A batch is of type ndarray", "expected a pair (X, Y)"]),
    "three arrays": ([(X, Y, Y)], ["A batch is 3 values", "expected a pair (X, Y)"]),
    "a dict": ({"train": PAIRS}, ["of type dict", "heldout="]),
    "a word": ("alice", ["of type str", "an iterable of batches"]),
    "nothing": (None, ["of type NoneType", "an iterable of batches"]),
    "a number": (3, ["of type int", "an iterable of batches"]),
    "a smaller last batch": (Batches([ONE, (X[:1], Y[:1])], True), ["1 rows", "one before it 2", "carried"]),
}


@pytest.mark.parametrize("kind", ["scratch", "layer"])
@pytest.mark.parametrize("name", DATA)
def test_data_are_refused(framework, name, kind):
    batches, parts = DATA[name]
    refused(framework, both(framework, framework.lm(kind, V, h), batches), *parts)


@pytest.mark.parametrize("name", ["targets out of range", "ids out of range", "targets the other way round"])
def test_weights_stay_as_they_were_when_a_batch_is_refused(framework, name):
    model, (batches, _) = framework.lm("scratch", V, h), DATA[name]
    before = framework.course.weights.dump(model)
    with pytest.raises(ValueError):
        fit(framework, model, batches)
    np.testing.assert_equal(framework.course.weights.dump(model), before)


@given(
    dtype=st.sampled_from(["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]),
    of=st.integers(0, 2),
)
def test_ids_of_any_whole_numbers_are_read(framework, dtype, of):
    model = framework.lm("scratch", V, h)
    a, b = (X.astype(dtype) if of != 1 else X), (Y.astype(dtype) if of != 0 else Y)
    assert framework.course.evaluate(model, [(a, b)]) == framework.course.evaluate(model, [(X, Y)])
    if of == 2:
        found, expected = (framework.array(model(framework.tensor(ids))[0]) for ids in (X.astype("int32"), X))
        np.testing.assert_array_equal(found, expected)


def test_a_generator_lasts_for_one_epoch(framework):
    model = framework.lm("scratch", V, h)
    assert len(fit(framework, model, (pair for pair in PAIRS)).train_loss) == 1
    for once in ((pair for pair in PAIRS), iter(PAIRS), map(tuple, PAIRS)):
        refused(framework, [lambda once=once: fit(framework, model, once, 2)], "training data", "once", "give a list")
    data = SimpleNamespace(train=PAIRS, heldout=(pair for pair in PAIRS))
    refused(framework, [lambda: fit(framework, model, data, 2)], "held-out data", "once", "give a list")

    class UsedUp:
        def __init__(self):
            self.rest = iter(PAIRS)

        def __iter__(self):
            return self.rest

    refused(framework, [lambda: fit(framework, model, UsedUp(), 2)], "no batch in epoch 2", "give a list")


def test_x_must_be_finite(framework):
    def loss(outputs, Y):
        return framework.total((outputs - Y) ** 2)

    model = framework.linear(np.ones((3, 1), "f"), np.zeros(1, "f"))
    for bad in (NAN, np.inf):
        inputs = np.ones((2, 3), "f")
        inputs[1, 2] = bad
        refused(framework, both(framework, model, [(inputs, np.ones((2, 1), "f"))], loss=loss), f"X is {bad} at (1, 2)")


def test_floats_of_another_size_are_read(framework):
    def loss(outputs, Y):
        return framework.total((outputs - Y) ** 2)

    inputs, targets = np.ones((2, 3)), np.full((2, 1), 0.5)
    losses = []
    for dtype in ("float64", "float32"):
        model = framework.linear(np.ones((3, 1), "f"), np.zeros(1, "f"))
        losses.append(
            fit(framework, model, [(inputs.astype(dtype), targets.astype(dtype))], 2, 0.01, loss=loss).train_loss
        )
    assert losses[0] == losses[1]


def test_a_model_in_float64_trains(framework):
    with framework.double():
        model = framework.lm("scratch", V, h)
        history = fit(framework, model, [(X, Y)], 2)
    assert history.train_loss[1] < history.train_loss[0]


def test_a_loss_that_is_no_number_stops_the_run(framework):
    def loss(outputs, Y):
        return framework.total((outputs - Y) ** 2)

    model, seen = framework.linear(np.ones((3, 1), "f"), np.zeros(1, "f")), []
    good, bad = (np.ones((2, 3), "f"), np.ones((2, 1), "f")), (np.ones((2, 3), "f"), np.full((2, 1), NAN, "f"))
    with pytest.raises(ValueError) as error:
        framework.course.Trainer(3, 0.1, "sgd", loss=loss).fit(model, [good, bad], seen.append)
    says(error, "loss is nan at update 2 of epoch 1", "smaller lr")
    assert seen == []
    assert History(heldout_loss=[NAN, 2.0, 3.0]).best_epoch == 2
    with pytest.raises(ValueError, match="All held-out losses are nan"):
        _ = History(heldout_loss=[NAN]).best_epoch


def test_a_held_out_loss_that_is_no_number_stops_the_run(framework):
    def loss(outputs, Y):
        return framework.total((outputs - Y) ** 2)

    model = framework.linear(np.ones((3, 1), "f"), np.zeros(1, "f"))
    good, bad = np.ones((2, 1), "f"), np.full((2, 1), NAN, "f")
    data = SimpleNamespace(train=[(np.ones((2, 3), "f"), good)], heldout=[(np.ones((2, 3), "f"), bad)])
    refused(framework, [lambda: fit(framework, model, data, loss=loss)], "held-out loss is nan after epoch 1")


def test_a_model_that_sees_the_future_is_warned_of(framework):
    course = framework.course
    pair = course.RNNLM(course.Bidirectional(course.RNN(V, h), course.RNN(V, h)), V)
    ids = np.arange(40) % V
    assert pair.reads_both_ways
    for batches in (SequentialBatches(ids, n, T), Batches([ONE], True)):
        with pytest.warns(UserWarning, match="in both directions, so it sees the next token"):
            course.evaluate(pair, batches)
    gaps = Batches([(X, np.where(X == 2, Y, -1))], True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        course.evaluate(pair, gaps)
        course.evaluate(framework.lm("layer", V, h), SequentialBatches(ids, n, T))


# Models


def test_models_are_refused(framework, pytorch, tensorflow):
    other = {pytorch: tensorflow, tensorflow: pytorch}.get(framework) or (
        tensorflow if framework.course is pytorch.course else pytorch
    )
    for model, parts in [
        (other.lm("scratch", V, h), ["of type RNNLM", "the other framework's Trainer"]),
        (framework.course.RNNLM, ["the class RNNLM", "build one"]),
        ("RNN", ["of type str", "build one"]),
    ]:
        refused(framework, both(framework, model, [ONE]), *parts)


def test_a_model_without_a_state_is_refused(framework):
    for model, parts in framework.stateless(V):
        refused(framework, both(framework, model, [ONE]), *parts)


def test_a_model_of_ones_own_may_have_no_state_to_carry(framework):
    def loss(outputs, Y):
        return framework.total((outputs - Y) ** 2)

    model = framework.linear(np.ones((3, 1), "f"), np.zeros(1, "f"))
    batch = np.ones((2, 3), "f"), np.ones((2, 1), "f")
    assert len(fit(framework, model, Batches([batch] * 2, True), loss=loss).grad_norm) == 2
    assert framework.course.evaluate(model, Batches([batch], True), loss) >= 0


def test_a_model_that_is_frozen_is_refused_and_frozen_weights_stay(framework):
    model = framework.lm("scratch", V, h)
    model(framework.tensor(X))
    framework.freeze(model.rnn)
    before = framework.course.weights.dump(model)
    fit(framework, model, [ONE])
    after = framework.course.weights.dump(model)
    assert {name for name in after if np.array_equal(before[name], after[name])} == {"W_xh", "W_hh", "b_h"}
    framework.freeze(model)
    refused(framework, [lambda: fit(framework, model, [ONE])], "no weight to train", "freeze")


def test_a_model_in_evaluation_mode_trains_as_any_other(framework):
    models = [framework.lm("scratch", V, h, dropout=0.5) for _ in range(2)]
    framework.copy(*models)
    losses = []
    for model in (models[0], framework.evaluating(models[1])):
        fit(framework, model, [ONE], lr=0.0)
        losses.append(framework.course.evaluate(model, [ONE]))
    assert losses[0] == losses[1]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"dropout": -0.1}, "dropout is -0.1"),
        ({"dropout": NAN}, "dropout is nan"),
        ({"token_dropout": 1.5}, "token_dropout is 1.5"),
        ({"embed_size": 0}, "embed_size is 0"),
        ({"embed_size": 2.5}, "embed_size is 2.5"),
        ({"vocab_size": 0}, "vocab_size is 0"),
        ({"vocab_size": "ab"}, "vocab_size is 'ab'"),
        ({"vocab_size": {"a": 1}}, "vocab_size is of type dict"),
    ],
)
def test_sizes_and_shares_are_refused(framework, settings, said):
    course = framework.course
    refused(framework, [lambda: course.RNNLM(course.RNN(V, h), **{"vocab_size": V} | settings)], said, "expected")


def test_sizes_of_layers_are_refused(framework):
    course = framework.course
    refused(framework, [lambda: course.GRU(0, h), lambda: course.RNN(3.0, h)], "num_inputs is", "expected")
    refused(framework, [lambda: course.LSTM(3, -1)], "num_hiddens is -1", "expected")
    refused(framework, [lambda: course.Deep([course.RNN(3, h)], dropout=1.0)], "dropout is 1.0", "expected")
    for half in (course.Seq2SeqEncoder, course.Seq2SeqDecoder):
        refused(framework, [lambda half=half: half(V, 4, 5, dropout=1.0)], "dropout is 1.0", "expected")
        refused(framework, [lambda half=half: half(V, 0, 5)], "embed_size is 0", "expected")


def test_what_is_no_recurrent_layer_is_refused(framework):
    course = framework.course
    refused(framework, [lambda: course.RNNLM([course.RNN(V, h)] * 2, V)], "rnn is a list", "Deep([…])")
    refused(framework, [lambda: course.RNNLM(course.RNN, V)], "rnn is the class RNN", "build it")
    ids = framework.tensor(X)
    refused(framework, [lambda: course.RNNLM(framework.dense(V, h), V)(ids)], "The layer gave one", "(outputs, state)")
    theirs = framework.rnn("layer", V, h)
    refused(framework, [lambda: course.Deep([theirs])], "Layer 0 is a", "a layer of the course", "RNN(d, h)")
    refused(framework, [lambda: course.Bidirectional(theirs, course.RNN(V, h))], "A direction is a", "RNN(d, h)")
    refused(framework, [lambda: course.Deep(course.RNN(V, h))], "layers is of type RNN", "a list")


def test_a_framework_layer_of_another_width_is_refused(framework):
    layer = framework.rnn("layer", 3, h)
    refused(framework, [lambda: framework.course.RNNLM(layer, V)(framework.tensor(X))], "(1, 1, 7)", "(n, T, 3)")


@pytest.mark.parametrize("kind", ["scratch", "layer"])
def test_ids_and_states_are_refused_in_a_call(framework, kind):
    model = framework.lm(kind, V, h)
    for name in ("ids out of range", "an id of -1", "ids of floats", "ids of bools", "one sequence"):
        [[(ids, _)], parts] = DATA[name]
        refused(framework, [lambda ids=ids: model(framework.tensor(ids))], *parts)
    refused(framework, [lambda: model(framework.tensor(X), model.begin_state(n + 1))], "state has", "3", "expected")


def test_ids_of_sentences_are_refused(framework):
    course, lengths = framework.course, np.array([3, 2])
    model = course.Seq2Seq(course.Seq2SeqEncoder(V, 4, h), course.Seq2SeqDecoder(V + 1, 4, h))
    for sentences, parts in [
        ((X + V, lengths, X), ["The source has ids from 7 to 12", "0 to 6"]),
        ((X, lengths, X + V), ["inputs has ids from 7 to 12", "0 to 7"]),
        ((X.astype("f"), lengths, X), ["The source has floats"]),
    ]:
        calls = both(framework, model, [(sentences, Y)])
        refused(framework, calls, *parts)
        refused(framework, [lambda sentences=sentences: model(tuple(map(framework.tensor, sentences)))], *parts)
    refused(framework, both(framework, model, [(X, Y)]), "X is one ndarray", "(source, lengths, inputs)")


def test_inputs_of_a_layer_are_refused(framework):
    layer = framework.course.GRU(3, h)
    ids = framework.tensor(np.zeros((n, T, 3), "int64"))
    refused(framework, [lambda: layer(ids)], "X has int64", "expected float32")
    for shape in [(n, T), (n, 0, 3), (n, T, 4)]:
        refused(framework, [lambda shape=shape: layer(framework.tensor(np.zeros(shape, "f")))], str(shape), "(n, T, 3)")
    mask = np.ones((n, T), bool)
    inputs = framework.tensor(np.zeros((n, T, 3), "f"))
    refused(framework, [lambda: layer(inputs, lengths=mask)], "lengths has shape (2, 3)", "expected (2,)")


# What only one framework has


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
def test_pytorchs_own(pytorch):
    torch, course = pytorch.torch, pytorch.course
    packed = torch.nn.utils.rnn.pack_sequence([torch.zeros(3, V), torch.zeros(2, V)])
    for layer in (
        course.RNN(V, h),
        course.Deep([course.RNN(V, h)]),
        course.Bidirectional(*(course.RNN(V, h) for _ in "ab")),
    ):
        with pytest.raises(TypeError) as error:
            layer(packed)
        says(error, "PackedSequence", "lengths")
    with pytest.raises(TypeError) as error:
        course.RNN(V, h)(np.zeros((n, T, V), "f"))
    says(error, "ndarray", "torch.as_tensor")
    with pytest.raises(TypeError) as error:
        course.RNN(V, h)(torch.zeros(n, T, V, dtype=torch.float64))
    says(error, "X has float64", "expected float32")
    projected = course.RNNLM(torch.nn.LSTM(V, h, proj_size=2, num_layers=2, batch_first=True), V)
    zeros = projected.begin_state(n)
    assert [tuple(part.shape) for part in zeros] == [(2, n, 2), (2, n, h)]
    close(pytorch.array(projected(pytorch.tensor(X), zeros)[0]), pytorch.array(projected(pytorch.tensor(X))[0]), 1e-6)
    fit(pytorch, projected, Batches(PAIRS, True))


def test_keras_own(tensorflow):
    keras, course = tensorflow.keras, tensorflow.course
    gives = {"return_sequences": True, "return_state": True}
    layers = keras.layers
    for layer, parts in [
        (layers.GRU(h, stateful=True, **gives), ["stateful=True", "build it without"]),
        (layers.Bidirectional(layers.GRU(h, stateful=True, **gives)), ["stateful=True", "build it without"]),
        (layers.Bidirectional(layers.GRU(h, **gives), merge_mode=None), ["merge_mode=None", "'concat'"]),
        (layers.GRU(h, go_backwards=True, **gives), ["go_backwards=True", "build it without"]),
    ]:
        refused(tensorflow, [lambda layer=layer: course.RNNLM(layer, V)], *parts)

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.embedding, self.rnn = layers.Embedding(V, 4), layers.GRU(h, stateful=True, **gives)
            self.dense = layers.Dense(V)

        def call(self, X, state=None):
            return self.dense(self.rnn(self.embedding(X))[0]), None

    refused(tensorflow, both(tensorflow, Own(), PAIRS), "stateful=True", "carried where the batches say so")
    for layer in (
        course.RNN(3, h),
        course.Deep([course.GRU(3, h)]),
        course.Bidirectional(course.RNN(3, h), course.RNN(3, h)),
    ):
        refused(tensorflow, [lambda layer=layer: layer(keras.Input((4, 3)))], "keras.Input", "(None, 4, 3)")
    model = course.RNNLM(course.RNN(V, h), V)
    refused(tensorflow, [lambda: model(keras.Input((4,), dtype="int32"))], "keras.Input")
