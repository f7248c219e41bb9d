"""What training, models and layers refuse, in the same words in both frameworks, and what they read rightly."""

import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from data_helpers import says
from frameworks import Batches
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


def squared(framework, flat=False):
    """The squared error, summed, of outputs (n, 1); `flat` takes them as (n,)."""
    return lambda outputs, Y: framework.total(((outputs[:, 0] if flat else outputs) - Y) ** 2)


@pytest.mark.parametrize("shape", [(4,), (4, 1, 1), (1, 4)])
def test_targets_that_meet_the_outputs_of_other_rows_are_refused(framework, shape):
    inputs, targets = np.arange(12, dtype="f").reshape(4, 3), np.arange(4, dtype="f").reshape(shape)
    model = framework.linear(np.ones((3, 1), "f"), np.zeros(1, "f"))
    refused(
        framework,
        [
            lambda: fit(framework, model, [(inputs, targets)], loss=squared(framework)),
            lambda: framework.course.evaluate(model, [(inputs, targets)], squared(framework)),
        ],
        f"Y has shape {shape}, but the outputs are (4, 1)",
        "each row with all others",
    )


@pytest.mark.parametrize(
    ("shape", "said"), [((4, 2), "each output with several targets"), ((1, 1), "all rows with the same one")]
)
@pytest.mark.parametrize("measure", ["total", "mean"])
def test_each_output_has_a_target_of_its_own(framework, shape, said, measure):
    inputs, targets = np.arange(12, dtype="f").reshape(4, 3), np.arange(np.prod(shape), dtype="f").reshape(shape)
    model = framework.linear(np.ones((3, 1), "f"), np.zeros(1, "f"))

    def loss(outputs, Y):
        return framework.total((outputs - Y) ** 2) / (
            np.prod(np.broadcast_shapes((4, 1), shape)) ** (measure == "mean")
        )

    calls = [
        lambda: fit(framework, model, [(inputs, targets)], loss=loss),
        lambda: framework.course.evaluate(model, [(inputs, targets)], loss),
    ]
    refused(framework, calls, f"Y has shape {shape}, but the outputs are (4, 1)", said)


def test_a_loss_may_read_more_than_targets_in_Y_and_have_several_outputs_for_one(framework):
    inputs, targets = np.arange(12, dtype="f").reshape(4, 3) / 9, np.arange(8, dtype="f").reshape(4, 2)
    one = framework.linear(np.ones((3, 1), "f"), np.zeros(1, "f"))
    two = framework.linear(np.ones((3, 2), "f"), np.zeros(2, "f"))
    for loss in (
        lambda outputs, Y: framework.total((outputs - Y[:, :1]) ** 2 * Y[:, 1:]),  # a weight beside each target
        lambda outputs, Y: framework.total((outputs[:, 0] - Y[:, 0]) ** 2 * Y[:, 1]),
    ):
        fit(framework, one, [(inputs, targets)], lr=0.0, loss=loss)
    fit(framework, two, [(inputs, targets[:, :1])], loss=squared(framework))


def test_a_loss_may_bring_outputs_and_targets_into_one_shape(framework):
    inputs, targets = np.arange(12, dtype="f").reshape(4, 3) / 9, np.arange(4, dtype="f")
    weights = np.ones((3, 1), "f"), np.zeros(1, "f")
    flat = fit(framework, framework.linear(*weights), [(inputs, targets)], 2, 0.01, loss=squared(framework, True))
    column = [(inputs, targets[:, None])]
    assert (
        flat.train_loss
        == fit(framework, framework.linear(*weights), column, 2, 0.01, loss=squared(framework)).train_loss
    )


@pytest.mark.parametrize("gives", [None, 1.0, 3, np.float32(2), (1, 2), "loss"])
def test_a_loss_that_gives_no_tensor_is_refused(framework, gives):
    model = framework.linear(np.ones((3, 1), "f"), np.zeros(1, "f"))
    data = [(np.ones((2, 3), "f"), np.ones((2, 1), "f"))]
    calls = [lambda: fit(framework, model, data, loss=lambda outputs, Y: gives)]
    refused(framework, calls, f"The loss is of type {type(gives).__name__}, expected a tensor")


def test_a_class_is_no_loss(framework):
    refused(framework, [lambda: framework.course.Trainer(1, 0.1, loss=dict)], "loss is <class 'dict'>")


def test_tables_and_arrays_of_any_layout_are_read_as_they_stand(framework):
    square = np.arange(V * V).reshape(V, V) % 5  # a table of V columns, whose names run from 0 to V − 1
    model = framework.lm("scratch", V, h)
    expected = framework.course.evaluate(model, [(square, (square + 1) % V)])
    still = square.copy()
    still.flags.writeable = False
    for held in (
        pd.DataFrame(square),
        square[::-1].copy()[::-1],
        square.astype(square.dtype.newbyteorder()),
        np.asfortranarray(square),
        still,
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert framework.course.evaluate(model, [(held, (held + 1) % V)]) == expected


def test_what_is_masked_is_refused(framework):
    model, hidden = framework.lm("scratch", V, h), np.ma.array(X, mask=X == 2)
    for data, name in (([(hidden, Y)], "X"), ([(X, hidden)], "Y")):
        calls = [lambda data=data: fit(framework, model, data)]
        refused(framework, calls, f"{name} is a masked array that hides 1 of its 6 numbers", "fill them in")


def test_two_pairs_are_no_batches(framework):
    calls = [lambda: fit(framework, framework.lm("scratch", V, h), ((X, Y), (X, Y)))]
    refused(
        framework,
        calls,
        "The data are a tuple of pairs",
        "two parts or two batches",
        "SimpleNamespace(train=…, heldout=…)",
    )


def test_ids_of_any_whole_type_are_read_and_complex_ones_refused(framework):
    model = framework.lm("scratch", V, h)
    expected = framework.array(model(framework.tensor(X))[0])
    for kind in ("int8", "int16", "int32", "uint8", "uint16", "uint32", "uint64"):
        np.testing.assert_array_equal(framework.array(model(framework.tensor(X.astype(kind)))[0]), expected)
    refused(framework, [lambda: model(framework.tensor(X + 0j))], "X has complex numbers, expected ids")


def test_data_that_give_nothing_may_be_used_up(framework):
    once = iter([(X, Y)])
    data = SimpleNamespace(train=[(X, Y)], heldout=Once(once))
    calls = [lambda: fit(framework, framework.lm("scratch", V, h), data, 2)]
    refused(framework, calls, "The data gave no batch", "a list of an iterator")


class Once:
    """Batches that are given once, though it is no iterator."""

    def __init__(self, batches):
        self.batches = batches

    def __iter__(self):
        return self.batches


def test_a_loss_that_depends_on_no_weight_is_refused(framework):
    model = framework.linear(np.ones((3, 1), "f"), np.zeros(1, "f"))
    data = [(np.ones((2, 3), "f"), np.ones((2, 1), "f"))]
    calls = [lambda: fit(framework, model, data, loss=lambda outputs, Y: framework.total(Y))]
    refused(framework, calls, "depends on no weight", "outputs")
