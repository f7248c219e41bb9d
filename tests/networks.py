"""Networks, their sizes and the lengths of their sequences, drawn for the property tests."""

from typing import NamedTuple

import pytest
from hypothesis import strategies as st
from implementations import Implementation
from oracle_cells import READ_X_ONLY, Network

# By a name for the test's id: the kind of cell and its options.
CELLS = {
    "RNN": {"cell": "RNN"},
    "GRU": {"cell": "GRU"},
    "GRU, reset before": {"cell": "GRU", "reset_after": False},
    "LSTM": {"cell": "LSTM"},
    "MinGRU": {"cell": "MinGRU"},
    "MinGRU, scan": {"cell": "MinGRU", "mode": "scan"},
    "MinLSTM": {"cell": "MinLSTM"},
    "MinLSTM, scan": {"cell": "MinLSTM", "mode": "scan"},
}
# (framework, implementation, cell); nn.GRU resets after the product only, and nobody else has the minimal cells
EVERY = [
    (framework, implementation, cell)
    for framework, names in {
        "torch": ("scratch", "layer"),
        "tensorflow": ("scratch", "layer", "cells", "sequential", "in turn"),
    }.items()
    for implementation in names
    for cell in CELLS
    if (framework, implementation, cell) != ("torch", "layer", "GRU, reset before")
    and (implementation == "scratch" or CELLS[cell]["cell"] not in READ_X_ONLY)
]


def network_of(cell, *widths, directions=1):
    """Layers of such a cell, by its name in `CELLS`."""
    return Network(widths=widths, directions=directions, **CELLS[cell])


each = pytest.mark.parametrize(("framework", "implementation", "cell"), EVERY, indirect=["framework"])
seeds = st.integers(0, 2**32 - 1)


class Drawn(NamedTuple):
    """Sizes that are pairwise different: n sequences, T steps, d inputs, h and k hidden units."""

    n: int
    T: int
    d: int
    h: int
    k: int
    layers: int
    directions: int
    lengths: list[int] | None
    seed: int

    def network(self, cell):
        """A network of such cells."""
        return network_of(cell, *(self.h, self.k)[: self.layers], directions=self.directions)


def largest(implementation, cell, h=5, k=4):
    """The deepest network, in both directions, that an implementation can build."""
    widths = (h, h if implementation.one_width else k)[: implementation.depths[1]]
    return network_of(cell, *widths, directions=implementation.directions[1])


@st.composite
def networks(draw, can=Implementation):
    """One or two layers, one or two directions, with padding or without, as far as the implementation can."""
    n, T, d, h, k = draw(st.permutations(range(1, 7)))[:5]
    layers, directions = draw(st.integers(*can.depths)), draw(st.integers(*can.directions))
    lengths = draw(st.none() | st.lists(st.integers(can.shortest, T), min_size=n, max_size=n))
    return Drawn(n, T, d, h, h if can.one_width else k, layers, directions, lengths, draw(seeds))
