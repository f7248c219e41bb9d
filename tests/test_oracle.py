"""The oracle's gradients agree with finite differences of what it computes."""

import numpy as np
import oracle
import oracle_cells as cells
import oracle_seq2seq
import pytest
from frameworks import close
from hypothesis import given, settings
from networks import CELLS, network_of, networks
from oracle_cells import Network, flat


def along(rng, arrays, gradients, loss):
    """The slope of `loss()` when all arrays move a little in one random direction: measured, and by the gradients."""
    directions = [rng.normal(size=array.shape) for array in arrays]
    losses = []
    for step in (1e-5, -2e-5, 1e-5):  # there, to the other side, and back
        for array, direction in zip(arrays, directions, strict=True):
            array += step * direction
        losses.append(loss())
    by_gradients = sum((grad * direction).sum() for grad, direction in zip(gradients, directions, strict=True))
    return (losses[0] - losses[1]) / 2e-5, by_gradients


@pytest.mark.parametrize("cell", CELLS)
@settings(max_examples=20)
@given(drawn=networks())
def test_gradients_of_the_cells(cell, drawn):
    network, rng = drawn.network(cell), np.random.default_rng(drawn.seed)
    n, T, d = drawn.n, drawn.T, drawn.d
    params, X = cells.random_params(rng, network, d), rng.normal(size=(n, T, d))
    state, d_last = (cells.begin(params, lambda h: rng.normal(size=(n, h))) for _ in range(2))
    d_outputs = rng.normal(size=(n, T, network.widths[-1] * network.directions))

    def loss():
        outputs, last = cells.forward(params, X, state, drawn.lengths)
        return (outputs * d_outputs).sum() + sum((a * b).sum() for a, b in zip(flat(last), flat(d_last), strict=True))

    grads, d_X, d_state = cells.backward(params, X, state, d_outputs, d_last, drawn.lengths)
    assert grads.keys() == params.keys()
    for arrays, gradients in [([X], [d_X]), (flat(state), flat(d_state)), *(([params[k]], [grads[k]]) for k in params)]:
        close(*along(rng, arrays, gradients, loss), 1e-6)


@pytest.mark.parametrize("e", [None, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_of_the_language_model(cell, e):
    n, T, V, h = 2, 4, 6, 5
    rng = np.random.default_rng(0)
    params = oracle.random_lm(rng, network_of(cell, h), V, e)
    state = cells.begin(params, lambda h: rng.normal(size=(n, h)))
    X, Y = rng.integers(V, size=(2, n, T))
    Y[0, 1] = Y[1, 3] = -1
    _, grads, _ = oracle.lm_loss(params, X, Y, state)
    assert grads.keys() == params.keys()
    for weight in params:
        close(*along(rng, [params[weight]], [grads[weight]], lambda: oracle.lm_loss(params, X, Y, state)[0]), 1e-8)


@pytest.mark.parametrize("attends", [False, True], ids=["plain", "attention"])
@pytest.mark.parametrize("network", [Network("GRU", (5,)), Network("LSTM", (5, 5), 2)], ids=["GRU", "deep, both ways"])
def test_gradients_of_encoder_and_decoder(network, attends):
    network = network._replace(attends=attends)
    n, S, T, V, U = 3, 4, 2, 8, 7
    rng = np.random.default_rng(0)
    params = oracle_seq2seq.random_params(rng, network, V, 6, U, 9)
    X, Y = (rng.integers(V, size=(n, S)), [4, 1, 2], rng.integers(U, size=(n, T))), rng.integers(U, size=(n, T))
    Y[1, 1] = -1
    _, grads = oracle_seq2seq.loss(params, X, Y)
    assert grads.keys() == params.keys()
    for weight in params:
        close(*along(rng, [params[weight]], [grads[weight]], lambda: oracle_seq2seq.loss(params, X, Y)[0]), 1e-8)


def test_a_padded_sequence_is_a_shorter_one():
    n, T, d, h = 3, 4, 2, 5
    network, rng = Network("LSTM", (h, h), 2), np.random.default_rng(0)
    params, X = cells.random_params(rng, network, d), rng.normal(size=(n, T, d))
    state = cells.begin(params, lambda h: rng.normal(size=(n, h)))
    outputs, last = cells.forward(params, X, state, [4, 2, 0])
    short, short_last = cells.forward(params, X[:, :2], state)
    np.testing.assert_array_equal(outputs[1, :2], short[1])
    assert not outputs[1, 2:].any()
    assert not outputs[2].any()
    for found, of_two, start in zip(*map(flat, (last, short_last, state)), strict=True):
        np.testing.assert_array_equal(found[1], of_two[1])
        np.testing.assert_array_equal(found[2], start[2])
