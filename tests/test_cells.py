"""The recurrent layer from scratch and the framework's own, in both frameworks, against NumPy."""

import random

import numpy as np
import oracle
import pytest
from frameworks import KINDS, SIZES, close
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import repro

each_kind = pytest.mark.parametrize("kind", KINDS)
seeds = st.integers(0, 2**32 - 1)


def compare_with_the_oracle(framework, kind, sizes, seed, dtype, of_values, of_gradients):
    """Outputs, last state, and the gradients of a sum of both with random weights, by every weight and input."""
    n, T, d, h = sizes
    rng = np.random.default_rng(seed)
    params, X, H = oracle.random_params(rng, d, h), rng.normal(size=(n, T, d)), rng.normal(size=(n, h))
    A, B = rng.normal(size=(n, T, h)), rng.normal(size=(n, h))
    rnn, tensors = framework.rnn(kind, d, h), [framework.tensor(a.astype(dtype)) for a in (X, H, A, B)]
    framework.course.weights.load(rnn, params)

    def loss(X, H):
        outputs, last = framework.call(rnn, X, H)
        parts = [outputs * tensors[2], last * tensors[3]]
        return sum(part.sum() if hasattr(part, "sum") else framework.tf.reduce_sum(part) for part in parts)

    outputs, last = (framework.array(tensor) for tensor in framework.call(rnn, *tensors[:2]))
    assert outputs.dtype == last.dtype == dtype
    expected = oracle.forward(params, X, H)
    close(outputs, expected, of_values)
    close(last, expected[:, -1], of_values)

    A[:, -1] += B
    expected, d_X, d_H = oracle.backward(params, X, H, A)
    found = framework.course.weights.gradients(rnn, lambda: loss(*tensors[:2]))
    assert found.keys() == expected.keys()
    for name, gradient in found.items():
        close(gradient, expected[name], of_gradients)
    found_X, found_H = framework.gradients(loss, X.astype(dtype), H.astype(dtype))
    close(found_X, d_X, of_gradients)
    close(found_H, d_H, of_gradients)


@each_kind
@settings(max_examples=12)
@given(sizes=SIZES, seed=seeds)
def test_all_four_implementations_compute_the_same(framework, kind, sizes, seed):
    # each within half of what two of them may differ by
    compare_with_the_oracle(framework, kind, sizes, seed, np.float32, of_values=5e-6, of_gradients=5e-5)


@each_kind
@settings(max_examples=4)
@given(sizes=SIZES, seed=seeds)
def test_they_are_equal_to_the_last_digits_in_float64(framework, kind, sizes, seed):
    with framework.double():
        compare_with_the_oracle(framework, kind, sizes, seed, np.float64, of_values=1e-10, of_gradients=1e-10)


@given(sizes=SIZES, seed=seeds)
def test_the_oracle_agrees_with_finite_differences(sizes, seed):
    n, T, d, h = sizes
    rng = np.random.default_rng(seed)
    params, X, H = oracle.random_params(rng, d, h), rng.normal(size=(n, T, d)), rng.normal(size=(n, h))
    A = rng.normal(size=(n, T, h))
    grads, d_X, d_H = oracle.backward(params, X, H, A)
    for array, gradient in [*((params[name], grads[name]) for name in params), (X, d_X), (H, d_H)]:
        where = tuple(rng.integers(array.shape))
        value, losses = array[where], []
        for step in (1e-5, -1e-5):
            array[where] = value + step
            losses.append((oracle.forward(params, X, H) * A).sum())
        array[where] = value
        close(gradient[where], (losses[0] - losses[1]) / 2e-5, 1e-6)


def test_the_models_oracle_agrees_with_finite_differences():
    n, T, V, h = 2, 4, 6, 5
    rng = np.random.default_rng(0)
    params, H = oracle.random_params(rng, V, h, V), rng.normal(size=(n, h))
    X, Y = rng.integers(V, size=(2, n, T))
    _, grads, _ = oracle.lm_loss(params, X, Y, H)
    for name, array in params.items():
        for where in np.ndindex(array.shape):
            value, losses = array[where], []
            for step in (1e-5, -1e-5):
                array[where] = value + step
                losses.append(oracle.lm_loss(params, X, Y, H)[0])
            array[where] = value
            close(grads[name][where], (losses[0] - losses[1]) / 2e-5, 1e-8)


def test_without_a_state_it_starts_from_zeros(framework):
    rnn, X = framework.course.RNN(3, 5), np.random.default_rng(0).normal(size=(2, 4, 3)).astype(np.float32)
    H = rnn.begin_state(2)
    assert framework.array(H).shape == (2, 5)
    assert not framework.array(H).any()
    for without, with_zeros in zip(rnn(framework.tensor(X)), rnn(framework.tensor(X), H), strict=True):
        np.testing.assert_array_equal(framework.array(without), framework.array(with_zeros))


@settings(max_examples=5)
@given(data=st.data())
def test_reading_in_two_parts_is_reading_in_one_go(framework, data):
    n, T, d, h = 2, 6, 3, 5
    cut = data.draw(st.integers(1, T - 1))
    rnn, X = framework.course.RNN(d, h), np.random.default_rng(0).normal(size=(n, T, d)).astype(np.float32)
    whole, last = rnn(framework.tensor(X))
    first, H = rnn(framework.tensor(X[:, :cut]))
    second, H = rnn(framework.tensor(X[:, cut:]), H)
    close(np.concatenate([framework.array(first), framework.array(second)], axis=1), framework.array(whole), 1e-6)
    close(framework.array(H), framework.array(last), 1e-6)


def test_weights_are_drawn_uniformly_within_one_over_the_root_of_h(framework):
    d, h = 60, 25
    params = framework.course.weights.dump(framework.course.RNN(d, h))
    assert {name: value.shape for name, value in params.items()} == {"W_xh": (d, h), "W_hh": (h, h), "b_h": (h,)}
    for value in params.values():
        assert np.abs(value).max() <= 0.2
        assert value.std() == pytest.approx(0.2 / np.sqrt(3), rel=0.25)  # 25 biases: a rough estimate


def test_a_seed_decides_every_draw(framework):
    def draws(seed):
        repro.seed_everything(seed)
        layers = framework.course.RNN(3, 5), framework.layer("RNN", 3, 5)
        weights = [framework.course.weights.dump(layer)["W_xh"].tolist() for layer in layers]
        return [random.random(), np.random.rand(), *weights]  # noqa: NPY002

    first = draws(1)
    assert first == draws(1)
    assert all(one != other for one, other in zip(first, draws(2), strict=True))


def test_all_weights_are_trained(framework):
    rnn = framework.course.RNN(3, 5)
    rnn(framework.tensor(np.zeros((2, 4, 3), np.float32)))
    assert sorted(value.shape for value in framework.weights_of(rnn).values()) == [(3, 5), (5,), (5, 5)]


@pytest.mark.parametrize(
    ("X", "H", "said"),
    [
        ((4, 3), None, ["(4, 3)", "(n, T, 3)"]),
        ((2, 4, 4), None, ["(2, 4, 4)", "(n, T, 3)"]),
        ((2, 3, 4), None, ["(2, 3, 4)", "then 3 inputs"]),
        ((2, 0, 3), None, ["(2, 0, 3)", "(n, T, 3)"]),
        ((2, 4, 3), (4, 5), ["(4, 5)", "(2, 5)"]),
        ((2, 4, 3), (2, 3), ["(2, 3)", "(2, 5)"]),
        ((2, 4, 3), (1, 2, 5), ["(1, 2, 5)", "(2, 5)"]),  # nn.RNN's state has an axis for the layers
        ((2, 4, 3), (5,), ["(5,)", "(2, 5)"]),
    ],
)
def test_wrong_shapes_are_named(framework, X, H, said):
    rnn = framework.course.RNN(num_inputs=3, num_hiddens=5)
    X, H = (shape if shape is None else framework.tensor(np.zeros(shape, np.float32)) for shape in (X, H))
    with pytest.raises(ValueError) as error:
        rnn(X, H)
    framework.says(error, *said)
