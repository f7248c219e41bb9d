"""Every implementation of every cell, in both frameworks, stacked, in two directions and padded, against NumPy."""

import numpy as np
import oracle_cells as oracle
import pytest
from equality import compare, compare_layer
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import each, largest, networks


def compare_drawn(framework, name, cell, data, dtype):
    implementation = framework.implementations[name]
    drawn = data.draw(networks(implementation))
    begun, dumped = data.draw(st.booleans()) and implementation.keeps_state, data.draw(st.booleans())
    options = {"begun": begun, "dumped": dumped, "lengths": drawn.lengths, "seed": drawn.seed, "dtype": dtype}
    compare(framework, implementation, drawn.network(cell), drawn.n, drawn.T, drawn.d, **options)


@each
@settings(max_examples=6)
@given(data=st.data())
def test_all_implementations_compute_the_same(framework, implementation, cell, data):
    compare_drawn(framework, implementation, cell, data, np.float32)


@each
@settings(max_examples=3)
@given(data=st.data())
def test_they_are_equal_to_the_last_digits_in_float64(framework, implementation, cell, data):
    with framework.double():
        compare_drawn(framework, implementation, cell, data, np.float64)


@each
def test_they_are_equal_with_all_at_once(framework, implementation, cell):
    way = framework.implementations[implementation]
    network = largest(way, cell, h=5, k=6)  # stacked, and in both directions, where the implementation has it
    given = {"lengths": [4, 1, 2], "begun": way.keeps_state}
    compare(framework, way, network, 3, 4, 2, **given)
    with framework.double():
        compare(framework, way, network, 3, 4, 2, dumped=True, dtype=np.float64, **given)


class AsNested:
    """Stands for a network of which only the weights are known: its state is nested as theirs are."""

    def __init__(self, params):
        self.params = params

    def nest(self, arrays):
        rest = iter(arrays)
        return oracle.begin(self.params, lambda _: next(rest))


def mixed(course):
    """Two directions of different cells and widths, and on them two layers of other cells, as one direction of two."""
    lower = course.Bidirectional(course.GRU(3, 5), course.LSTM(3, 4))
    upper = course.Deep([course.RNN(9, 2), course.GRU(2, 6, reset_after=False)])
    return course.Deep([lower, course.Bidirectional(upper, course.RNN(9, 4))])


@pytest.mark.parametrize("lengths", [None, [4, 0]])
def test_any_layers_go_together(framework, lengths):
    layer, scratch = mixed(framework.course), framework.implementations["scratch"]
    rng, weights = np.random.default_rng(0), framework.course.weights
    params = {name: rng.normal(size=value.shape) / 2 for name, value in weights.dump(layer).items()}
    assert {"0.forward.b_hh", "0.backward.W_xi", "1.forward.0.W_xh", "1.forward.1.W_hz", "1.backward.b_h"} < {*params}
    weights.load(layer, params)
    sizes = {"n": 2, "T": 5, "d": 3, "lengths": lengths}
    compare_layer(framework, scratch, AsNested(params), layer, params, rng, weights, **sizes)
