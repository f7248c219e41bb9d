"""The language model over the course's layer and the framework's own ones, in both frameworks, against NumPy."""

import numpy as np
import oracle
import pytest
from frameworks import KINDS, SIZES, close
from hypothesis import given, settings
from hypothesis import strategies as st

each_kind = pytest.mark.parametrize("kind", KINDS)


def ids(framework, rng, V, *shape):
    array = rng.integers(V, size=shape)
    return array, framework.tensor(array)


@each_kind
@settings(max_examples=6)
@given(sizes=SIZES, seed=st.integers(0, 2**32 - 1))
def test_logits_state_and_gradients_are_the_oracles(framework, kind, sizes, seed):
    n, T, V, h = sizes
    rng = np.random.default_rng(seed)
    params, H = oracle.random_params(rng, V, h, V), rng.normal(size=(n, h))
    (X, Xs), (Y, Ys) = ids(framework, rng, V, n, T), ids(framework, rng, V, n, T)
    model = framework.lm(kind, V, h)
    framework.course.weights.load(model, params)
    start = framework.state_of(kind, H.astype(np.float32))

    logits, state = model(Xs, start)
    expected, last = oracle.lm_logits(params, X, H)
    close(framework.array(logits), expected, 5e-6)
    close(framework.array(state[0] if isinstance(state, tuple) else state).reshape(n, h), last, 5e-6)

    loss, expected, _ = oracle.lm_loss(params, X, Y, H)
    close(framework.array(framework.cross_entropy(logits, Ys)), loss, 5e-6)
    found = framework.course.weights.gradients(model, lambda: framework.cross_entropy(model(Xs, start)[0], Ys))
    assert found.keys() == expected.keys()
    for name, gradient in found.items():
        close(gradient, expected[name], 5e-5)


@each_kind
def test_it_can_be_made_and_run_in_float64(framework, kind):
    n, T, V, h = 2, 4, 7, 5
    rng = np.random.default_rng(0)
    params, (X, Xs) = oracle.random_params(rng, V, h, V), ids(framework, rng, V, n, T)
    with framework.double():
        model = framework.lm(kind, V, h)
        framework.course.weights.load(model, params)
        logits, _ = model(Xs)
    close(framework.array(logits), oracle.lm_logits(params, X, np.zeros((n, h)))[0], 1e-12)


@pytest.mark.parametrize("layer", ["scratch", "RNN", "GRU", "LSTM"])
def test_an_untrained_model_knows_about_as_little_as_a_uniform_guess(framework, layer):
    V, h = 28, 64
    rnn = framework.course.RNN(V, h) if layer == "scratch" else framework.layer(layer, V, h)
    model = framework.course.RNNLM(rnn, V)
    (_, X), (_, Y) = (ids(framework, np.random.default_rng(seed), V, 32, 16) for seed in (0, 1))
    logits, _ = model(X)
    assert framework.array(logits).shape == (32, 16, V)
    assert framework.array(framework.cross_entropy(logits, Y)) == pytest.approx(np.log(V), rel=0.1)


@pytest.mark.parametrize("layer", ["scratch", "RNN", "GRU", "LSTM"])
def test_its_input_weights_are_drawn_as_an_embeddings_and_only_they(framework, layer):
    V, h = 70, 50
    model = framework.course.RNNLM(
        framework.course.RNN(V, h) if layer == "scratch" else framework.layer(layer, V, h), V
    )
    model(framework.tensor(np.zeros((1, 1), np.int64)))
    wide = [value for value in framework.weights_of(model).values() if np.std(value) > 0.5]
    assert [value for value in framework.weights_of(model.rnn).values() if np.abs(value).mean() > 0.5], "none is"
    [embedding] = wide
    assert V in embedding.shape
    assert embedding.mean() == pytest.approx(0, abs=0.05)
    assert embedding.std() == pytest.approx(1, abs=0.05)


def test_only_the_first_of_two_stacked_layers_reads_one_hot_vectors(framework):
    V = h = 40  # the second layer's input weights have the shape of the first's
    model = framework.course.RNNLM(framework.stacked(V, h), V)
    logits, state = model(framework.tensor(np.zeros((2, 3), np.int64)))
    assert sum(np.std(value) > 0.5 for value in framework.weights_of(model).values()) == 1
    again, _ = model(framework.tensor(np.zeros((2, 3), np.int64)), state)
    assert np.abs(framework.array(again) - framework.array(logits)).max() > 1e-3


def test_a_one_hot_product_is_a_row_lookup(framework):
    n, V, h = 4, 7, 5
    rng = np.random.default_rng(0)
    params, (X, Xs) = oracle.random_params(rng, V, h, V), ids(framework, rng, V, n, 1)
    model = framework.lm("scratch", V, h)
    framework.course.weights.load(model, params)
    hidden = np.tanh(params["W_xh"][X[:, 0]] + params["b_h"])
    close(framework.array(model(Xs)[0])[:, 0], hidden @ params["W_hq"] + params["b_q"], 5e-6)


@pytest.mark.parametrize("layer", ["scratch", "RNN", "GRU", "LSTM", "stacked"])
def test_it_starts_from_zeros_in_the_shape_its_layer_wants(framework, layer):
    n, T, V, h = 2, 3, 7, 5
    makers = {"scratch": framework.course.RNN, "stacked": framework.stacked}
    rnn = makers[layer](V, h) if layer in makers else framework.layer(layer, V, h)
    model = framework.course.RNNLM(rnn, V)
    _, X = ids(framework, np.random.default_rng(0), V, n, T)
    logits, after = model(X)
    zeros = model.begin_state(n)
    parts, of_zeros = framework.flat(after), framework.flat(zeros)
    assert [part.shape for part in of_zeros] == [part.shape for part in parts]
    assert len(of_zeros) == (2 if layer == "LSTM" or len(parts) > 1 else 1)
    assert not any(framework.array(part).any() for part in of_zeros)
    close(framework.array(model(X, zeros)[0]), framework.array(logits), 1e-6)


@pytest.mark.parametrize("layer", ["scratch", "RNN", "GRU", "LSTM"])
def test_its_state_carries_on_where_it_stopped(framework, layer):
    n, T, V, h, cut = 2, 6, 7, 5, 4
    rnn = framework.course.RNN(V, h) if layer == "scratch" else framework.layer(layer, V, h)
    model = framework.course.RNNLM(rnn, V)
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


def test_two_directions_start_from_zeros_too(pytorch):
    V, h, n = 7, 5, 2
    model = pytorch.course.RNNLM(pytorch.torch.nn.GRU(V, h, 3, batch_first=True, bidirectional=True), V)
    assert model.begin_state(n).shape == (6, n, h)
    assert model(pytorch.tensor(np.zeros((n, 4), np.int64)), model.begin_state(n))[0].shape == (n, 4, V)


def test_a_pytorch_layer_that_walks_over_the_first_axis_is_refused(pytorch):
    for name in ("RNN", "GRU", "LSTM"):
        with pytest.raises(ValueError) as error:
            pytorch.course.RNNLM(pytorch.recurrent[name](7, 5), 7)
        pytorch.says(error, "first axis", "batch_first=True")


@pytest.mark.parametrize("gives", [{}, {"return_sequences": True}, {"return_state": True}])
def test_a_keras_layer_that_keeps_something_back_is_refused(tensorflow, gives):
    for layer in tensorflow.recurrent.values():
        with pytest.raises(ValueError) as error:
            tensorflow.course.RNNLM(layer(5, **gives), 7)
        tensorflow.says(error, "return_sequences=True, return_state=True")


def test_a_layer_of_another_width_is_refused(framework):
    with pytest.raises(ValueError) as error:
        framework.course.RNNLM(framework.course.RNN(3, 5), 7)(framework.tensor(np.array([[1, 2]])))
    framework.says(error, "(1, 1, 7)", "(n, T, 3)")
