"""Canonical weights into and out of every layer that has them."""

from types import SimpleNamespace

import numpy as np
import oracle
import oracle_cells
import pytest
from data_helpers import says
from frameworks import KINDS, close
from networks import CELLS, each, largest
from oracle_cells import Network

d, h, V = 3, 5, 7
each_kind = pytest.mark.parametrize("kind", KINDS)


def params_of(network, seed=0):
    """float32 values, so that a round trip is exact."""
    params = oracle_cells.random_params(np.random.default_rng(seed), network, d)
    return {name: value.astype(np.float32) for name, value in params.items()}


def of_model(network, e=None, seed=0):
    params = oracle.random_lm(np.random.default_rng(seed), network, V, e)
    return {name: value.astype(np.float32) for name, value in params.items()}


def built(framework, implementation, cell):
    """The largest layer of an implementation, and the network it is."""
    network = largest(framework.implementations[implementation], cell)
    return framework.implementations[implementation].build(network, d), network


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, value in found.items():
        assert type(value) is np.ndarray
        np.testing.assert_array_equal(value, expected[name])


@each
def test_what_was_loaded_is_dumped(framework, implementation, cell):
    weights, (layer, network) = framework.course.weights, built(framework, implementation, cell)
    drawn = weights.dump(layer)
    framework.draw_anew(layer, np.random.default_rng(1))  # the second biases too, where there are some
    weights.load(layer, params_of(network))
    assert_same(weights.dump(layer), params_of(network))
    weights.load(layer, drawn)
    assert_same(weights.dump(layer), drawn)


@pytest.mark.parametrize("cell", ["RNN", "GRU", "LSTM"])
def test_a_subclass_keeps_its_weights_where_the_frameworks_layer_does(framework, cell):
    weights, network = framework.course.weights, Network(cell, (h,))
    layer = framework.implementations["layer"].build(network, d)
    part = getattr(layer, "cell", layer)  # Keras keeps the weights in a cell
    part.__class__ = type("Own", (type(part),), {})
    weights.load(layer, params_of(network))
    assert_same(weights.dump(layer), params_of(network))


@pytest.mark.parametrize("e", [None, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_what_was_loaded_into_a_model_is_dumped(framework, cell, e):
    scratch = framework.implementations["scratch"]
    network = largest(scratch, cell)
    weights, model = framework.course.weights, framework.course.RNNLM(scratch.build(network, e or V), V, embed_size=e)
    weights.load(model, of_model(network, e))
    assert_same(weights.dump(model), of_model(network, e))


def test_weights_travel_between_the_frameworks(pytorch, tensorflow):
    stops = [(pytorch, "layer"), (tensorflow, "in turn"), (pytorch, "scratch"), (tensorflow, "scratch")]
    for cell in ("RNN", "GRU", "LSTM"):
        network, params = Network(cell, (h, h), 2), None
        for framework, implementation in [*stops, stops[0]]:
            layer = framework.implementations[implementation].build(network, d)
            if params is None:
                params = framework.course.weights.dump(layer)
            framework.course.weights.load(layer, params)
            assert_same(framework.course.weights.dump(layer), params)


def test_a_models_weights_travel_too(pytorch, tensorflow):
    scratch, network = "scratch", Network("LSTM", (h, h))
    there, abroad = (
        framework.course.RNNLM(framework.implementations[scratch].build(network, 4), V, embed_size=4)
        for framework in (pytorch, tensorflow)
    )
    params = pytorch.course.weights.dump(there)
    tensorflow.course.weights.load(abroad, params)
    assert_same(tensorflow.course.weights.dump(abroad), params)


@each
def test_what_is_dumped_and_loaded_is_a_copy(framework, implementation, cell):
    weights, (layer, network) = framework.course.weights, built(framework, implementation, cell)
    params = params_of(network)
    weights.load(layer, params)
    for value in [*params.values(), *weights.dump(layer).values()]:
        value += 1
    assert_same(weights.dump(layer), params_of(network))
    dumped = weights.dump(layer)
    weights.load(layer, params_of(network, seed=1))
    assert_same(dumped, params_of(network))


@pytest.mark.parametrize("e", [None, 4])
@pytest.mark.parametrize(
    "network",
    [Network("RNN", (h,)), Network("LSTM", (h, 4)), Network("GRU", (h,), 2)],
    ids=["one", "Deep", "both ways"],
)
def test_a_models_layer_keeps_what_is_loaded_before_the_models_first_call(framework, network, e):
    rnn = framework.implementations["scratch"].build(network, e or V)
    model, ids = framework.course.RNNLM(rnn, V, embed_size=e), framework.tensor(np.array([[1, 2, 3]]))
    params = {name: value for name, value in of_model(network, e).items() if name not in ("W_xe", "W_hq", "b_q")}
    framework.course.weights.load(model.rnn, params)
    model(ids)
    assert_same(framework.course.weights.dump(model.rnn), params)


def test_it_keeps_what_is_loaded_into_a_part_of_it_too(framework):
    network, part = Network("RNN", (h, h), 2), Network("RNN", (h,))
    rnn = framework.implementations["scratch"].build(network, V)
    model, ids = framework.course.RNNLM(rnn, V), framework.tensor(np.array([[1, 2, 3]]))
    params = {name: value for name, value in of_model(part).items() if name not in ("W_hq", "b_q")}
    framework.course.weights.load(rnn.layers[0].backward_layer, params)
    model(ids)
    assert_same(framework.course.weights.dump(rnn.layers[0].backward_layer), params)
    drawn = framework.course.weights.dump(rnn)["0.forward.W_xh"]
    assert drawn.std() == pytest.approx(1, abs=0.3), "the other direction's are an embedding's"


def test_the_two_biases_of_pytorchs_layers_are_one(pytorch):
    order = {"RNN": "h", "GRU": "rzh", "LSTM": "ifco"}
    for cell, gates in order.items():
        layer = pytorch.rnn("layer", d, h, cell)
        params = pytorch.course.weights.dump(layer)
        b_x, b_h = (np.split(pytorch.array(bias), len(gates)) for bias in (layer.bias_ih_l0, layer.bias_hh_l0))
        for i, gate in enumerate(gates):
            inside = cell == "GRU" and gate == "h"  # the reset, where the second bias is one of its own
            np.testing.assert_array_equal(params[f"b_{gate}"], b_x[i] if inside else b_x[i] + b_h[i])
            if inside:
                np.testing.assert_array_equal(params["b_hh"], b_h[i])


def test_the_two_biases_of_keras_gru_are_one(tensorflow):
    layer = tensorflow.rnn("layer", d, h, "GRU")
    tensorflow.draw_anew(layer, np.random.default_rng(0))
    params, bias = tensorflow.course.weights.dump(layer), tensorflow.array(layer.cell.bias)  # (2, 3h)
    z, r, candidate = np.split(bias, 3, axis=1)
    for name, value in {"b_z": z.sum(axis=0), "b_r": r.sum(axis=0), "b_h": candidate[0], "b_hh": candidate[1]}.items():
        np.testing.assert_array_equal(params[name], value)


def spoilt(params):
    """Weights that do not fit, each with what is to be said."""
    first, last = next(iter(params)), [*params][-1]
    names, shape = sorted(params), params[last].shape
    yield {name: params[name] for name in params if name != first}, [f"expected {names}"]
    yield params | {"W_hq": np.zeros((h, V))}, ["W_hq", f"expected {names}"]
    yield params | {last: np.zeros((7, 8))}, [f"{last} has shape (7, 8), expected {shape}"]
    yield params | {last: params[last][None]}, [f"{last} has shape {(1, *shape)}, expected {shape}"]
    yield params | {first: params[first].T}, [f"{first} has shape {params[first].shape[::-1]}"]
    yield params | {last: "no number"}, [f"{last} is no array of numbers", f"expected one of shape {shape}"]
    yield {}, [f"expected {names}"]


@each
def test_what_does_not_fit_is_named_and_nothing_is_written(framework, implementation, cell):
    weights, (layer, network) = framework.course.weights, built(framework, implementation, cell)
    weights.load(layer, params_of(network))
    for wrong, said in spoilt(params_of(network, seed=1)):
        with pytest.raises(ValueError) as error:
            weights.load(layer, wrong)
        says(error, *said)
        assert_same(weights.dump(layer), params_of(network))


def unknown(framework):
    """Things without canonical weights."""
    if hasattr(framework, "torch"):
        nn = framework.torch.nn
        return [
            nn.Linear(3, 5),
            nn.RNN(3, 5, nonlinearity="relu"),
            nn.GRU(3, 5, bias=False),
            nn.LSTM(3, 5, proj_size=2),
            nn.Sequential(nn.RNN(3, 5)),
        ]
    layers = framework.keras.layers
    return [
        layers.Dense(5),
        layers.SimpleRNN(5, activation="relu"),
        layers.GRU(5, use_bias=False),
        layers.LSTM(5, recurrent_activation="hard_sigmoid"),
        layers.LSTM(5, activation="relu"),
        layers.Bidirectional(layers.GRU(5, use_bias=False)),
        layers.RNN([layers.GRUCell(5, activation="relu"), layers.GRUCell(5)]),
        framework.keras.Sequential([layers.SimpleRNN(5, return_sequences=True), layers.Dense(5)]),
    ]


def test_layers_without_canonical_weights_are_refused(framework):
    weights = framework.course.weights
    for layer in [None, *unknown(framework)]:
        if hasattr(layer, "build") and layer is not None:
            layer.build((None, None, 3))
        for refused in (lambda layer=layer: weights.dump(layer), lambda layer=layer: weights.load(layer, {})):
            with pytest.raises(TypeError, match=r"canonical weights") as error:
                refused()
            says(error)


def test_a_keras_layer_without_weights_yet_says_how_to_make_them(tensorflow):
    layers = tensorflow.keras.layers
    cells = [layers.LSTMCell(5), layers.LSTMCell(5)]
    for layer in (layers.SimpleRNN(5), layers.GRU(5), layers.Bidirectional(layers.LSTM(5)), layers.RNN(cells)):
        with pytest.raises(ValueError) as error:
            tensorflow.course.weights.dump(layer)
        says(error, "has no weights yet", "call it once")


@pytest.mark.parametrize("e", [None, 4])
def test_a_model_of_ones_own_has_the_weights_of_its_parts(framework, e):
    """Such as a reader of reviews, whose output layer has fewer rows than there are words."""
    weights, params = framework.course.weights, of_model(Network("GRU", (h,)), e)
    model = framework.course.RNNLM(framework.rnn("scratch", e or V, h, "GRU"), V, embed_size=e)
    weights.load(model, params)
    names = "rnn", "embedding", "output_layer" if hasattr(model, "output_layer") else "output"
    own = SimpleNamespace(**{name: getattr(model, name) for name in names})
    assert_same(weights.dump(own), params)
    weights.load(own, {name: value + 1 for name, value in params.items()})
    assert_same(weights.dump(model), {name: value + 1 for name, value in params.items()})


@each_kind
@pytest.mark.parametrize("cell", ["RNN", "GRU", "LSTM"])
def test_a_weight_that_the_loss_does_not_depend_on_has_a_gradient_of_zeros(framework, kind, cell):
    model = framework.course.RNNLM(framework.rnn(kind, V, h, cell), V)
    ids, last = framework.tensor(np.array([[1, 2, 3]])), "W_hc" if cell == "LSTM" else "W_hh"
    gradients = framework.course.weights.gradients(model, lambda: framework.total(framework.flat(model(ids)[1])[0]))
    assert gradients[last].any()
    np.testing.assert_array_equal(gradients["W_hq"], np.zeros((h, V), np.float32))
    np.testing.assert_array_equal(gradients["b_q"], np.zeros(V, np.float32))


def test_what_was_dumped_from_one_layer_makes_another_compute_the_same(framework):
    X = framework.tensor(np.random.default_rng(0).normal(size=(2, 4, d)).astype(np.float32))
    for cell in ("RNN", "GRU", "LSTM"):
        network, outputs = Network(cell, (h,), 2), []
        params = None
        for implementation in ("layer", "scratch"):
            way = framework.implementations[implementation]
            layer = way.build(network, d)
            params = framework.course.weights.dump(layer) if params is None else params
            framework.course.weights.load(layer, params)
            outputs.append(framework.array(way.call(layer, network, X)[0]))
        close(*outputs, 1e-6)
