"""Canonical weights into and out of every layer that has them."""

import numpy as np
import oracle
import pytest
from data_helpers import says
from frameworks import KINDS, close

d, h, V = 3, 5, 7
each_kind = pytest.mark.parametrize("kind", KINDS)


def params_of(what, seed=0):
    """float32 values, so that a round trip is exact."""
    rng = np.random.default_rng(seed)
    params = oracle.random_params(rng, d, h) if what == "rnn" else oracle.random_params(rng, V, h, V)
    return {name: value.astype(np.float32) for name, value in params.items()}


def made(framework, what, kind):
    return framework.rnn(kind, d, h) if what == "rnn" else framework.lm(kind, V, h)


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, value in found.items():
        assert type(value) is np.ndarray
        np.testing.assert_array_equal(value, expected[name])


@each_kind
@pytest.mark.parametrize("what", ["rnn", "model"])
def test_what_was_loaded_is_dumped(framework, what, kind):
    weights, layer = framework.course.weights, made(framework, what, kind)
    drawn = weights.dump(layer)
    weights.load(layer, params_of(what))
    assert_same(weights.dump(layer), params_of(what))
    weights.load(layer, drawn)
    assert_same(weights.dump(layer), drawn)


@each_kind
def test_weights_travel_between_the_frameworks(pytorch, tensorflow, kind):
    there, back = pytorch.lm(kind, V, h), pytorch.lm(kind, V, h)
    abroad = tensorflow.lm(kind, V, h)
    tensorflow.course.weights.load(abroad, pytorch.course.weights.dump(there))
    pytorch.course.weights.load(back, tensorflow.course.weights.dump(abroad))
    assert_same(pytorch.course.weights.dump(back), pytorch.course.weights.dump(there))


@each_kind
def test_what_is_dumped_and_loaded_is_a_copy(framework, kind):
    weights, layer, params = framework.course.weights, framework.rnn(kind, d, h), params_of("rnn")
    weights.load(layer, params)
    for value in [*params.values(), *weights.dump(layer).values()]:
        value += 1
    assert_same(weights.dump(layer), params_of("rnn"))
    dumped = weights.dump(layer)
    weights.load(layer, params_of("rnn", seed=1))
    assert_same(dumped, params_of("rnn"))


@each_kind
def test_a_models_layer_keeps_what_is_loaded_before_the_models_first_call(framework, kind):
    model, ids = framework.lm(kind, V, h), framework.tensor(np.array([[1, 2, 3]]))
    params = {name: value for name, value in params_of("model").items() if name in ("W_xh", "W_hh", "b_h")}
    framework.course.weights.load(model.rnn, params)
    model(ids)
    assert_same(framework.course.weights.dump(model.rnn), params)


def test_the_two_biases_of_pytorchs_layer_are_one(pytorch):
    layer = pytorch.layer("RNN", d, h)
    params = pytorch.course.weights.dump(layer)
    np.testing.assert_allclose(params["b_h"], pytorch.array(layer.bias_ih_l0) + pytorch.array(layer.bias_hh_l0))
    scratch = pytorch.course.RNN(d, h)
    pytorch.course.weights.load(scratch, params)
    X = pytorch.tensor(np.random.default_rng(0).normal(size=(2, 4, d)).astype(np.float32))
    close(pytorch.array(pytorch.call(scratch, X)[0]), pytorch.array(pytorch.call(layer, X)[0]), 1e-6)


def without(name):
    return lambda params: params.pop(name)


def add(name, value):
    return lambda params: params.update({name: value})


@each_kind
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (without("b_h"), ["['W_hh', 'W_xh']", "['W_hh', 'W_xh', 'b_h']"]),
        (add("W_hq", np.zeros((h, V))), ["W_hq", "expected ['W_hh', 'W_xh', 'b_h']"]),
        (add("b_h", np.zeros(d)), ["b_h has shape (3,)", "(5,)"]),
        (add("b_h", np.zeros((1, h))), ["b_h has shape (1, 5)", "(5,)"]),
        (add("W_xh", np.zeros((h, d))), ["W_xh has shape (5, 3)", "(3, 5)"]),
        (add("b_h", ["not", "a", "number", "at", "all"]), ["b_h", "numbers"]),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_written(framework, kind, spoil, said):
    weights, layer = framework.course.weights, framework.rnn(kind, d, h)
    weights.load(layer, params_of("rnn"))
    params = params_of("rnn", seed=1)
    spoil(params)
    with pytest.raises(ValueError) as error:
        weights.load(layer, params)
    says(error, *said)
    assert_same(weights.dump(layer), params_of("rnn"))


def unknown(framework):
    """Things without canonical weights, by name."""
    if hasattr(framework, "torch"):
        nn = framework.torch.nn
        found = {
            "nothing at all": None,
            "dense": nn.Linear(3, 5),
            "relu": nn.RNN(3, 5, nonlinearity="relu"),
            "no bias": nn.GRU(3, 5, bias=False),
            "other gates": nn.LSTM(3, 5, proj_size=2),
        }
    else:
        layers = framework.keras.layers
        found = {
            "nothing at all": None,
            "dense": layers.Dense(5),
            "relu": layers.SimpleRNN(5, activation="relu"),
            "no bias": layers.GRU(5, use_bias=False),
            "other gates": layers.LSTM(5, recurrent_activation="hard_sigmoid"),
        }
    return found


@pytest.mark.parametrize("name", ["nothing at all", "dense", "relu", "no bias", "other gates"])
def test_layers_without_canonical_weights_are_refused(framework, name):
    weights, layer = framework.course.weights, unknown(framework)[name]
    for refused in (lambda: weights.dump(layer), lambda: weights.load(layer, params_of("rnn"))):
        with pytest.raises(TypeError, match=r"canonical weights") as error:
            refused()
        says(error)


def test_a_keras_layer_without_weights_yet_says_how_to_make_them(tensorflow):
    with pytest.raises(ValueError) as error:
        tensorflow.course.weights.dump(tensorflow.keras.layers.SimpleRNN(5))
    says(error, "has no weights yet", "call it once")


@each_kind
def test_a_weight_that_the_loss_does_not_depend_on_has_a_gradient_of_zeros(framework, kind):
    model, ids = framework.lm(kind, V, h), framework.tensor(np.array([[1, 2, 3]]))

    def loss():
        state = model(ids)[1]
        state = state[0] if isinstance(state, tuple) else state
        return state.sum() if hasattr(state, "sum") else framework.tf.reduce_sum(state)

    gradients = framework.course.weights.gradients(model, loss)
    assert gradients["W_hh"].any()
    np.testing.assert_array_equal(gradients["W_hq"], np.zeros((h, V), np.float32))
    np.testing.assert_array_equal(gradients["b_q"], np.zeros(V, np.float32))
