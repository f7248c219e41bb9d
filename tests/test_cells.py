"""What the course's layers promise beside their numbers, which `test_equality` compares, in both frameworks."""

import random
import sys

import numpy as np
import pytest
from frameworks import close
from hypothesis import given, settings
from hypothesis import strategies as st
from implementations import Scratch
from networks import CELLS, network_of
from oracle_cells import GATES, random_params

from course_utils import repro

n, T, d, h = 2, 6, 3, 5

# One direction, for inputs of width d, by a name for the test's id.
ONE_WAY = {cell: lambda course, cell=cell: Scratch(course).build(network_of(cell, h), d) for cell in CELLS} | {
    "Deep": lambda course: course.Deep([course.GRU(d, h), course.LSTM(h, 4)]),
    "ShortConv": lambda course: course.ShortConv(d),
    "Deep with ShortConv": lambda course: course.Deep(
        [course.ShortConv(d), course.MinGRU(d, h), course.ShortConv(h, 2), course.MinLSTM(h, 4, "scan")]
    ),
    "Block": lambda course: course.Block(course.Deep([course.ShortConv(d), course.MinGRU(d, d)])),
    "Deep of Block": lambda course: course.Deep([course.Block(course.MinLSTM(d, d)), course.Block(course.LSTM(d, d))]),
}
BOTH_WAYS = {
    "Bidirectional": lambda course: course.Bidirectional(course.LSTM(d, h), course.GRU(d, 4)),
    "Deep of Bidirectional": lambda course: course.Deep(
        [course.Bidirectional(course.RNN(d, h), course.RNN(d, 4)), course.LSTM(h + 4, 2)]
    ),
}
each_one_way = pytest.mark.parametrize("name", ONE_WAY)
each_layer = pytest.mark.parametrize("name", [*ONE_WAY, *BOTH_WAYS])


def test_every_layer_of_the_course_is_tested(framework):
    cells = sys.modules[f"{framework.course.__name__}.cells"].CELLS
    assert [cell.__name__ for cell in cells] == [*GATES], "GATES in oracle_cells has each, in this order"
    assert {network_of(name, h).cell for name in CELLS} == {*GATES}, "CELLS in networks has each"
    for cell in cells:
        assert getattr(framework.course, cell.__name__) is cell
        assert cell.__name__ in framework.course.__all__


def made(framework, name):
    return (ONE_WAY | BOTH_WAYS)[name](framework.course)


def inputs(framework, seed=0):
    return framework.tensor(np.random.default_rng(seed).normal(size=(n, T, d)).astype(np.float32))


def arrays(framework, result):
    """The outputs and all arrays of the state, as NumPy has them."""
    return [framework.array(part) for part in framework.flat(result)]


def assert_same(framework, result, expected, tolerance=0.0):
    for found, wanted in zip(arrays(framework, result), arrays(framework, expected), strict=True):
        close(found, wanted, tolerance)


@each_layer
def test_without_a_state_it_starts_from_zeros(framework, name):
    layer, X = made(framework, name), inputs(framework)
    zeros = layer.begin_state(n)
    assert not any(part.any() for part in arrays(framework, zeros))
    assert {part.shape for part in arrays(framework, zeros)} <= {(n, d), (n, h), (n, 4), (n, 2), (n, 3, d), (n, 1, h)}
    assert_same(framework, layer(X), layer(X, zeros))


@each_one_way
@settings(max_examples=3)
@given(data=st.data())
def test_reading_in_two_parts_is_reading_in_one_go(framework, name, data):
    cut = data.draw(st.integers(1, T - 1))
    layer, X = made(framework, name), inputs(framework)
    whole, last = layer(X)
    first, state = layer(X[:, :cut])
    second, state = layer(X[:, cut:], state)
    parts = np.concatenate([framework.array(first), framework.array(second)], axis=1)
    close(parts, framework.array(whole), 1e-6)
    assert_same(framework, state, last, 1e-6)


@each_layer
def test_what_is_in_the_padding_does_not_matter(framework, name):
    layer, X, other = made(framework, name), inputs(framework), inputs(framework, seed=1)
    lengths = np.array([2, 5])
    padding = np.arange(T)[None, :, None] >= lengths[:, None, None]  # (n, T, 1)
    changed = framework.tensor(np.where(padding, framework.array(other), framework.array(X)))
    outputs, state = layer(X, lengths=lengths)
    assert_same(framework, layer(changed, lengths=lengths), (outputs, state))
    assert not (framework.array(outputs) * padding).any()
    assert_same(framework, layer(X, lengths=[T] * n), layer(X), 1e-6)


@each_layer
def test_lengths_may_be_anything_that_holds_integers(framework, name):
    layer, X, lengths = made(framework, name), inputs(framework), [4, 0]
    expected = layer(X, lengths=lengths)
    for same in (tuple(lengths), np.array(lengths, np.int32), np.array(lengths), framework.tensor(np.array(lengths))):
        assert_same(framework, layer(X, lengths=same), expected)


@each_layer
def test_lengths_may_be_unknown_until_it_runs(framework, name):
    layer, X = made(framework, name), inputs(framework)
    compiled = framework.compiled(lambda X, lengths: layer(X, None, lengths))
    for lengths in ([4, 0], [1, 6]):
        found = compiled(X, framework.tensor(np.array(lengths)))
        assert_same(framework, found, layer(X, lengths=lengths), 1e-6)


@pytest.mark.parametrize("name", [name for name in (*ONE_WAY, *BOTH_WAYS) if "Block" not in name])  # in test_minimal
def test_weights_are_drawn_uniformly_within_one_over_the_root_of_h(framework, name):
    course = framework.course
    wide = {
        **{cell: lambda cell=cell: Scratch(course).build(network_of(cell, 25), 60) for cell in CELLS},
        "LSTM": lambda: course.LSTM(60, 25, forget_bias=0.0),
        "Deep": lambda: course.Deep([course.GRU(60, 25), course.RNN(25, 25)]),
        "ShortConv": lambda: course.ShortConv(60, width=25),
        "Deep with ShortConv": lambda: course.Deep([course.ShortConv(60, width=25), course.MinGRU(60, 25)]),
        "Bidirectional": lambda: course.Bidirectional(course.RNN(60, 25), course.RNN(60, 25)),
        "Deep of Bidirectional": lambda: course.Deep([course.Bidirectional(course.RNN(60, 25), course.RNN(60, 25))]),
    }
    params = course.weights.dump(wide[name]())
    for value in params.values():
        assert np.abs(value).max() <= 0.2
        assert value.std() == pytest.approx(0.2 / np.sqrt(3), rel=0.25)  # 25 biases: a rough estimate
    # no two weights are the same numbers, as they are where one seeded draw is used twice
    numbers = np.concatenate([value.ravel()[:25] for value in params.values()])
    assert len(np.unique(numbers)) == numbers.size


@pytest.mark.parametrize("name", CELLS)
def test_all_weights_are_there_and_trained(framework, name):
    layer, drawn = made(framework, name), random_params(np.random.default_rng(0), network_of(name, h), d)
    expected = {weight: value.shape for weight, value in drawn.items()}
    params = framework.course.weights.dump(layer)
    assert {weight: value.shape for weight, value in params.items()} == expected
    assert sorted(value.shape for value in framework.weights_of(layer).values()) == sorted(expected.values())


@pytest.mark.parametrize(("options", "bias"), [({}, 1), ({"forget_bias": 0.0}, 0), ({"forget_bias": -2.5}, -2.5)])
def test_only_the_forget_gate_has_a_bias_to_start_with(framework, options, bias):
    params = framework.course.weights.dump(framework.course.LSTM(d, 25, **options))
    for gate in "ifoc":
        assert np.abs(params[f"b_{gate}"] - (bias if gate == "f" else 0)).max() <= 0.2 + 1e-6


def test_the_forget_bias_is_there_when_the_first_call_is_compiled(framework):
    layer = framework.course.LSTM(d, 25)
    compiled = framework.compiled(lambda X: layer(X)[0])
    first = framework.array(compiled(inputs(framework)))
    np.testing.assert_array_equal(framework.array(compiled(inputs(framework))), first)
    assert framework.course.weights.dump(layer)["b_f"].mean() == pytest.approx(1, abs=0.2)


def test_a_seed_decides_every_draw(framework):
    def draws(seed):
        repro.seed_everything(seed)
        layers = [framework.rnn(kind, d, h, cell) for kind in ("scratch", "layer") for cell in ("RNN", "GRU", "LSTM")]
        weights = [framework.course.weights.dump(layer) for layer in layers]
        hidden = [params.get("W_hh", params.get("W_hf")).tolist() for params in weights]
        return [random.random(), np.random.rand(), *hidden]  # noqa: NPY002

    first = draws(1)
    assert first == draws(1)
    assert all(one != other for one, other in zip(first, draws(2), strict=True))


@pytest.mark.parametrize("name", ["Deep", "Deep of Bidirectional"])
def test_dropout_is_between_the_layers_only_and_only_in_training(framework, name):
    layers = list(made(framework, name).layers)
    deep = framework.course.Deep(layers, dropout=0.9999999)  # of all
    X, width = inputs(framework), layers[1].num_inputs
    lower, below = layers[0](X)
    calm, calm_end = layers[1](lower)
    assert_same(framework, framework.evaluating(deep)(X), (calm, below, calm_end), 1e-6)
    blind, blind_end = layers[1](framework.tensor(np.zeros((n, T, width), np.float32)))
    assert_same(framework, framework.training(deep)(X), (blind, below, blind_end), 1e-6)
    assert np.abs(framework.array(blind) - framework.array(calm)).max() > 1e-3


def test_dropout_takes_its_share(framework):
    layers = [framework.course.RNN(d, 50), framework.course.RNN(50, h)]
    framework.course.weights.load(layers[1], {"W_xh": np.eye(50, h), "W_hh": np.zeros((h, h)), "b_h": np.zeros(h)})
    deep = framework.course.Deep([*layers], dropout=0.25)
    X = framework.tensor(np.random.default_rng(0).normal(size=(50, T, d)).astype(np.float32))
    lower = framework.array(layers[0](X)[0])[..., :h]
    outputs = framework.array(framework.training(deep)(X)[0])
    dropped = outputs == 0
    assert dropped.mean() == pytest.approx(0.25, abs=0.03)
    close(outputs, np.where(dropped, 0, np.tanh(lower / 0.75)), 1e-6)


ARRAY, PAIR = (n, h), ((n, h), (n, h))
STATES = [
    ("RNN", (4, h), ["shape (4, 5)", "(2, 5)"]),
    ("RNN", (n, 3), ["(2, 3)", "(2, 5)"]),
    ("RNN", (1, n, h), ["(1, 2, 5)", "(2, 5)"]),  # nn.RNN's state has an axis for the layers
    ("RNN", (h,), ["(5,)", "(2, 5)"]),
    ("RNN", (ARRAY,), ["a tuple of 1", "expected one array of shape (2, 5)"]),  # as Keras' layers have it
    ("GRU", PAIR, ["a tuple of 2", "expected one array of shape (2, 5)"]),
    ("LSTM", ARRAY, ["one array", "the pair (H, C), each of shape (2, 5)"]),
    ("LSTM", (ARRAY,), ["a tuple of 1", "the pair (H, C)"]),
    ("LSTM", (ARRAY, (n, 3)), ["(2, 3)", "(2, 5)"]),
    ("Deep", ARRAY, ["1 part", "a tuple of 2: one for each layer"]),
    ("Deep", (ARRAY,), ["1 part", "a tuple of 2: one for each layer"]),
    ("Deep", (ARRAY, ARRAY), ["one array", "the pair (H, C), each of shape (2, 4)"]),
    ("Bidirectional", (PAIR, ARRAY, ARRAY), ["3 parts", "a tuple of 2: one for each direction"]),
    ("Bidirectional", (ARRAY, (n, 4)), ["one array", "the pair (H, C), each of shape (2, 5)"]),
    ("Bidirectional", (PAIR, ARRAY), ["(2, 5)", "(2, 4)"]),
    ("MinGRU", PAIR, ["a tuple of 2", "expected one array of shape (2, 5)"]),
    ("MinLSTM, scan", (n, 3), ["(2, 3)", "(2, 5)", "5 hidden units"]),
    ("ShortConv", (n, d), ["(2, 3)", "(2, 3, 3)", "the last 3 inputs for each of the 2 sequences"]),
]


def zeros(framework, shape):
    """A state of zeros; `shape` is nested as it is."""
    if isinstance(shape[0], tuple):
        return tuple(zeros(framework, part) for part in shape)
    return framework.tensor(np.zeros(shape, np.float32))


@pytest.mark.parametrize(("name", "state", "said"), STATES)
def test_a_state_that_does_not_fit_is_named(framework, name, state, said):
    layer = made(framework, name)
    with pytest.raises(ValueError) as error:
        layer(inputs(framework), zeros(framework, state))
    framework.says(error, *said)


@each_layer
@pytest.mark.parametrize("shape", [(T, d), (n, T, 4), (n, d, T), (n, 0, d)])
def test_inputs_of_another_shape_are_named(framework, name, shape):
    with pytest.raises(ValueError) as error:
        made(framework, name)(framework.tensor(np.zeros(shape, np.float32)))
    framework.says(error, f"X has shape {shape}", "(n, T, 3)", "then 3 inputs")


@each_layer
@pytest.mark.parametrize(
    ("lengths", "said"),
    [
        ([4], ["shape (1,)", "expected (2,)"]),
        ([[4, 0]], ["shape (1, 2)", "expected (2,)"]),
        (4, ["shape ()", "expected (2,)"]),
        ([0, 7], ["from 0 to 7", "integers from 0 to 6", "steps in X"]),
        ([-1, 4], ["from -1 to 4", "integers from 0 to 6"]),
        ([1.0, 4.0], ["integers from 0 to 6"]),
        ([True, False], ["integers from 0 to 6"]),
    ],
)
def test_lengths_that_do_not_fit_are_named(framework, name, lengths, said):
    with pytest.raises(ValueError) as error:
        made(framework, name)(inputs(framework), lengths=lengths)
    framework.says(error, *said)


def test_layers_that_do_not_go_together_are_refused(framework):
    course = framework.course
    twice = course.GRU(d, h)
    for refused, said in [
        (lambda: course.Deep([]), ["no layer", "Deep([RNN(d, h)])"]),
        (lambda: course.Deep([course.RNN(3, 5), course.RNN(4, 5)]), ["Layer 1 reads 4 inputs", "expected 5"]),
        (
            lambda: course.Deep([course.RNN(3, 5), course.RNN(5, 4), course.LSTM(5, 4)]),
            ["Layer 2 reads 5", "expected 4", "layer 1"],
        ),
        (lambda: course.Deep([made(framework, "Bidirectional"), course.RNN(5, 4)]), ["reads 5", "expected 9"]),
        (lambda: course.Bidirectional(course.RNN(3, 5), course.RNN(4, 5)), ["reads 3", "the other 4"]),
        (lambda: course.Deep([course.RNN(d, d)] * 3), ["Layer 1", "already", "new one"]),
        (lambda: course.Deep([twice, course.Deep([course.Deep([twice])])]), ["Layer 1", "already", "new one"]),
        (lambda: course.Bidirectional(twice, twice), ["one and the same layer", "second one"]),
        (lambda: course.Bidirectional(course.Deep([twice]), twice), ["one and the same layer", "second one"]),
    ]:
        with pytest.raises(ValueError) as error:
            refused()
        framework.says(error, *said)
