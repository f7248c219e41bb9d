"""The language model over the course's layers and the framework's own ones, in both frameworks, against NumPy."""

from itertools import product

import numpy as np
import oracle
import oracle_cells
import pytest
from frameworks import close
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import EVERY, largest, networks
from oracle_cells import Network, flat

# what a language model can be built over: layers that give their state
OVER = [(framework, name, cell) for framework, name, cell in EVERY if name in ("scratch", "layer", "cells")]
each_rnn = pytest.mark.parametrize(("framework", "implementation", "cell"), OVER, indirect=["framework"])
each_width = pytest.mark.parametrize("e", [None, 3])


def ids(framework, rng, V, *shape):
    array = rng.integers(V, size=shape)
    return array, framework.tensor(array)


def built(framework, implementation, network, V, e=None, **options):
    rnn = framework.implementations[implementation].build(network, e or V)
    return framework.course.RNNLM(rnn, V, embed_size=e, **options)


@each_rnn
@settings(max_examples=5)
@given(data=st.data())
def test_logits_state_and_gradients_are_the_oracles(framework, implementation, cell, data):
    way = framework.implementations[implementation]
    drawn, e = data.draw(networks(way)), data.draw(st.none() | st.integers(1, 4))
    n, T, V, network, rng = drawn.n, drawn.T, drawn.d, drawn.network(cell), np.random.default_rng(drawn.seed)
    params = oracle.random_lm(rng, network, V, e)
    start = oracle_cells.begin(params, lambda h: rng.normal(size=(n, h)))
    (X, Xs), (Y, Ys) = ids(framework, rng, V, n, T), ids(framework, rng, V, n, T)
    model = built(framework, implementation, network, V, e)
    framework.course.weights.load(model, params)
    state = way.state(network, [framework.tensor(array.astype(np.float32)) for array in flat(start)])

    logits, last = model(Xs, state)
    expected, expected_last = oracle.lm_logits(params, X, start)
    close(framework.array(logits), expected, 5e-6)
    for found, value in zip(way.flat(last), flat(expected_last), strict=True):
        close(framework.array(found), value, 5e-6)

    loss, expected, _ = oracle.lm_loss(params, X, Y, start)
    close(framework.array(framework.cross_entropy(logits, Ys)), loss, 5e-6)
    found = framework.course.weights.gradients(model, lambda: framework.cross_entropy(model(Xs, state)[0], Ys))
    assert found.keys() == expected.keys()
    for name, gradient in found.items():
        close(gradient, expected[name], 5e-5)


@each_rnn
def test_it_can_be_made_and_run_in_float64(framework, implementation, cell):
    n, T, V = 2, 4, 7
    network = largest(framework.implementations[implementation], cell)
    rng = np.random.default_rng(0)
    for e in (None, 3):
        params, (X, Xs) = oracle.random_lm(rng, network, V, e), ids(framework, rng, V, n, T)
        with framework.double():
            model = built(framework, implementation, network, V, e)
            framework.course.weights.load(model, params)
            logits, _ = model(Xs)
        close(framework.array(logits), oracle.lm_logits(params, X, oracle.zeros(params, n))[0], 1e-12)


@each_width
@each_rnn
def test_an_untrained_model_knows_about_as_little_as_a_uniform_guess(framework, implementation, cell, e):
    V = 28
    network = largest(framework.implementations[implementation], cell, 64, 48)
    model = built(framework, implementation, network, V, e)
    (_, X), (_, Y) = (ids(framework, np.random.default_rng(seed), V, 32, 8) for seed in (0, 1))
    logits, _ = model(X)
    assert framework.array(logits).shape == (32, 8, V)
    assert framework.array(framework.cross_entropy(logits, Y)) == pytest.approx(np.log(V), rel=0.1)


def assert_only_an_embedding_is_wide(params, network, e):
    """Whatever tokens pick rows of is drawn from N(0, 1): the lowest layer's input weights, or an embedding."""
    picked = [f"{prefix}W_x" for prefix in network.prefixes[0]] if e is None else ["W_xe"]
    for name, value in params.items():
        if name.startswith(tuple(picked)):
            assert value.mean() == pytest.approx(0, abs=0.1)
            assert value.std() == pytest.approx(1, abs=0.1)
        else:
            assert value.std() < 0.5
    assert {name.rpartition("W_x")[0] for name in params if name.startswith(tuple(picked))} == (
        {*network.prefixes[0]} if e is None else {""}
    )


@each_width
@each_rnn
def test_its_input_weights_are_drawn_as_an_embeddings_and_only_they(framework, implementation, cell, e):
    network = largest(framework.implementations[implementation], cell, 40, 30)
    e = e and 20
    model = built(framework, implementation, network, 70, e)
    model(framework.tensor(np.zeros((1, 1), np.int64)))
    assert_only_an_embedding_is_wide(framework.course.weights.dump(model), network, e)


@each_width
def test_they_are_when_the_first_call_is_compiled(framework, e):
    network, V = Network("GRU", (40, 30), 2), 70
    e = e and 20
    model = built(framework, "scratch", network, V, e)
    _, X = ids(framework, np.random.default_rng(0), V, 2, 3)
    compiled = framework.compiled(lambda X: model(X)[0])
    first = framework.array(compiled(X))
    np.testing.assert_array_equal(framework.array(compiled(X)), first)
    assert_only_an_embedding_is_wide(framework.course.weights.dump(model), network, e)


@each_width
def test_those_of_a_keras_layer_without_weights_yet_too(tensorflow, e):
    layers, gives = tensorflow.keras.layers, {"return_sequences": True, "return_state": True}
    cells = [layers.LSTMCell(40), layers.LSTMCell(40)]
    for layer, network in [
        (layers.SimpleRNN(40, **gives), Network("RNN", (40,))),
        (layers.RNN(cells, **gives), Network("LSTM", (40, 40))),
        (layers.Bidirectional(layers.GRU(40, **gives)), Network("GRU", (40,), 2)),
    ]:
        model = tensorflow.course.RNNLM(layer, 70, embed_size=e and 20)
        model(tensorflow.tensor(np.zeros((1, 1), np.int64)))
        assert_only_an_embedding_is_wide(tensorflow.course.weights.dump(model), network, e)


def test_a_one_hot_product_is_a_row_lookup(framework):
    n, V, h = 4, 7, 5
    rng = np.random.default_rng(0)
    params, (X, Xs) = oracle.random_lm(rng, Network("RNN", (h,)), V), ids(framework, rng, V, n, 1)
    model = framework.lm("scratch", V, h)
    framework.course.weights.load(model, params)
    hidden = np.tanh(params["W_xh"][X[:, 0]] + params["b_h"])
    close(framework.array(model(Xs)[0])[:, 0], hidden @ params["W_hq"] + params["b_q"], 5e-6)


@each_rnn
def test_it_starts_from_zeros_in_the_shape_its_layer_wants(framework, implementation, cell):
    n, T, V = 2, 3, 7
    way = framework.implementations[implementation]
    network = largest(way, cell)
    model = built(framework, implementation, network, V)
    _, X = ids(framework, np.random.default_rng(0), V, n, T)
    logits, after = model(X)
    zeros = model.begin_state(n)
    assert [part.shape for part in framework.flat(zeros)] == [part.shape for part in framework.flat(after)]
    parts = way.flat(zeros)
    assert len(parts) == len(network.widths) * network.directions * (2 if network.cell == "LSTM" else 1)
    assert not any(framework.array(part).any() for part in parts)
    close(framework.array(model(X, zeros)[0]), framework.array(logits), 1e-6)


@each_rnn
def test_its_state_carries_on_where_it_stopped(framework, implementation, cell):
    n, T, V, cut = 2, 6, 7, 4
    network = largest(framework.implementations[implementation], cell)._replace(directions=1)
    model = built(framework, implementation, network, V)
    X, _ = ids(framework, np.random.default_rng(0), V, n, T)
    whole, _ = model(framework.tensor(X))
    first, state = model(framework.tensor(X[:, :cut]))
    second, _ = model(framework.tensor(X[:, cut:]), state)
    close(np.concatenate([framework.array(first), framework.array(second)], axis=1), framework.array(whole), 1e-5)


def test_dropout_is_for_training(framework):
    V, h = 7, 50
    model = framework.lm("scratch", V, h, dropout=0.5)
    _, X = ids(framework, np.random.default_rng(0), V, 2, 3)
    in_training = framework.training(model)
    noisy = [framework.array(in_training(X)[0]) for _ in range(2)]
    assert np.abs(noisy[0] - noisy[1]).max() > 0.01
    calm = [framework.array(framework.evaluating(model)(X)[0]) for _ in range(2)]
    np.testing.assert_array_equal(*calm)


def test_the_dropout_of_its_deep_layer_is_for_training_too(framework):
    course, V = framework.course, 7
    model = course.RNNLM(course.Deep([course.RNN(V, 50), course.RNN(50, 50)], dropout=0.5), V)
    _, X = ids(framework, np.random.default_rng(0), V, 2, 3)
    in_training = framework.training(model)
    noisy = [framework.array(in_training(X)[0]) for _ in range(2)]
    assert np.abs(noisy[0] - noisy[1]).max() > 0.01
    calm = [framework.array(framework.evaluating(model)(X)[0]) for _ in range(2)]
    np.testing.assert_array_equal(*calm)


@each_width
def test_token_dropout_hides_whole_tokens_and_only_in_training(framework, e):
    n, T, V, share = 200, 2, 6, 0.3
    network, rng = Network("GRU", (5,)), np.random.default_rng(0)
    params, (X, Xs) = oracle.random_lm(rng, network, V, e), ids(framework, rng, V, n, T)
    model = built(framework, "scratch", network, V, e, token_dropout=share)
    framework.course.weights.load(model, params)

    rnn = {name: value for name, value in params.items() if name not in ("W_xe", "W_hq", "b_q")}
    inputs = (params["W_xe"] if e else np.eye(V))[X]
    expected = {}
    for seen in product([0, 1], repeat=T):  # each sequence has seen all of a token or nothing
        outputs, _ = oracle_cells.forward(rnn, inputs * np.array(seen)[:, None], oracle.zeros(params, n))
        expected[seen] = outputs @ params["W_hq"] + params["b_q"]
    found = framework.array(framework.training(model)(Xs)[0])
    near = {seen: np.abs(found - value).max(axis=(1, 2)) < 1e-4 for seen, value in expected.items()}
    assert (sum(rows.astype(int) for rows in near.values()) == 1).all(), "each is one of them, and only one"
    hidden = sum(rows.mean() * (T - sum(seen)) / T for seen, rows in near.items())
    assert hidden == pytest.approx(share, abs=0.1)
    assert all(rows.any() for rows in near.values()), "each token is hidden or not on its own"
    close(framework.array(framework.evaluating(model)(Xs)[0]), expected[1, 1], 5e-6)


def test_a_pytorch_layer_that_walks_over_the_first_axis_is_refused(pytorch):
    for name in ("RNN", "GRU", "LSTM"):
        with pytest.raises(ValueError) as error:
            pytorch.course.RNNLM(getattr(pytorch.torch.nn, name)(7, 5), 7)
        pytorch.says(error, "first axis", "batch_first=True")


@pytest.mark.parametrize("gives", [{}, {"return_sequences": True}, {"return_state": True}])
def test_a_keras_layer_that_keeps_something_back_is_refused(tensorflow, gives):
    layers = tensorflow.keras.layers
    for layer in (
        layers.SimpleRNN(5, **gives),
        layers.GRU(5, **gives),
        layers.RNN([layers.LSTMCell(5)], **gives),
        layers.Bidirectional(layers.LSTM(5, **gives)),
    ):
        with pytest.raises(ValueError) as error:
            tensorflow.course.RNNLM(layer, 7)
        tensorflow.says(error, "return_sequences=True, return_state=True")


def test_a_layer_of_another_width_is_refused(framework):
    for e, shape in [(None, "(1, 1, 7)"), (4, "(1, 1, 4)")]:
        with pytest.raises(ValueError) as error:
            framework.course.RNNLM(framework.course.RNN(3, 5), 7, embed_size=e)(framework.tensor(np.array([[1, 2]])))
        framework.says(error, shape, "(n, T, 3)")
