"""Three ways to cut one long sequence of ids into batches for a language model.

Each class gives an epoch of batches `(X, Y)` whenever it is iterated: int64 arrays of shape (n, T), Y being X shifted
by one token; they are copies, which may be changed. Given a random generator, an epoch starts at a random offset, so
that the cuts fall elsewhere each time; without one, iterating is repeatable and starts at the first token.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Batch = tuple[np.ndarray, np.ndarray]


def _check(ids: np.ndarray, needed: int, batch_size: int, num_steps: int) -> None:
    if batch_size < 1 or num_steps < 1:
        raise ValueError(f"batch_size={batch_size} and num_steps={num_steps}: both must be 1 or more.")
    if len(ids) < needed:
        raise ValueError(
            f"The text has {len(ids)} tokens, but batch_size={batch_size} and num_steps={num_steps} need {needed}: "
            "give a longer text or make them smaller."
        )


class SequentialBatches:
    """Sequential partitioning: n streams of text read side by side, T tokens at a time.

    Row i of a batch goes on where row i of the batch before stopped. With a generator, batches that are not full are
    dropped; without one the last batch may have fewer steps, so that every token but the few beyond n equal streams
    is read, once.

    >>> [X.tolist() for X, Y in SequentialBatches(np.arange(11), 2, 3)]
    [[[0, 1, 2], [5, 6, 7]], [[3, 4], [8, 9]]]
    """

    carries_state = True

    def __init__(self, ids: np.ndarray, batch_size: int, num_steps: int, rng: np.random.Generator | None = None):
        needed = batch_size + 1 if rng is None else (batch_size + 1) * num_steps  # an offset costs up to T - 1 tokens
        _check(ids, needed, batch_size, num_steps)
        self.ids, self.batch_size, self.num_steps, self.rng = ids, batch_size, num_steps, rng

    def __len__(self) -> int:
        """The batches of an epoch; the offset may cost one."""
        length = (len(self.ids) - 1) // self.batch_size
        return length // self.num_steps if self.rng is not None else math.ceil(length / self.num_steps)

    def __iter__(self) -> Iterator[Batch]:
        offset = 0 if self.rng is None else int(self.rng.integers(self.num_steps))
        length = (len(self.ids) - offset - 1) // self.batch_size  # of one stream
        if self.rng is not None:
            length -= length % self.num_steps
        Xs, Ys = (
            self.ids[start : start + self.batch_size * length].reshape(self.batch_size, length)
            for start in (offset, offset + 1)
        )
        for t in range(0, length, self.num_steps):
            yield Xs[:, t : t + self.num_steps].copy(), Ys[:, t : t + self.num_steps].copy()


class RandomBatches:
    """Random sampling: non-overlapping sequences of T tokens in random order.

    Neighbours in a batch, and rows of batches that follow each other, have nothing to do with one another: a model
    starts each sequence from a zero state.

    >>> rng = np.random.default_rng(1)
    >>> [X.tolist() for X, Y in RandomBatches(np.arange(15), 2, 3, rng)]
    [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]]
    """

    carries_state = False

    def __init__(self, ids: np.ndarray, batch_size: int, num_steps: int, rng: np.random.Generator):
        _check(ids, (batch_size + 1) * num_steps, batch_size, num_steps)
        self.ids, self.batch_size, self.num_steps, self.rng = ids, batch_size, num_steps, rng

    def __len__(self) -> int:
        """The batches of an epoch; the offset may cost one."""
        return (len(self.ids) - 1) // self.num_steps // self.batch_size

    def __iter__(self) -> Iterator[Batch]:
        offset = int(self.rng.integers(self.num_steps))
        starts = np.arange(offset, len(self.ids) - self.num_steps, self.num_steps)
        self.rng.shuffle(starts)
        steps = np.arange(self.num_steps)
        for first in range(0, len(starts) - self.batch_size + 1, self.batch_size):
            rows = starts[first : first + self.batch_size, None] + steps  # (n, T)
            yield self.ids[rows], self.ids[rows + 1]


class WindowBatches:
    """Every window of T + 1 tokens, overlapping; in random order with a generator, in the text's order without.

    >>> [X.tolist() for X, Y in WindowBatches(np.arange(6), 2, 3)]
    [[[0, 1, 2], [1, 2, 3]], [[2, 3, 4]]]
    """

    carries_state = False

    def __init__(self, ids: np.ndarray, batch_size: int, num_steps: int, rng: np.random.Generator | None = None):
        _check(ids, num_steps + 1, batch_size, num_steps)
        self.windows = sliding_window_view(ids, num_steps + 1)  # (number of windows, T + 1)
        self.batch_size, self.rng = batch_size, rng

    def __len__(self) -> int:
        return math.ceil(len(self.windows) / self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        order = np.arange(len(self.windows))
        if self.rng is not None:
            self.rng.shuffle(order)
        for first in range(0, len(order), self.batch_size):
            window = self.windows[order[first : first + self.batch_size]]
            yield window[:, :-1].copy(), window[:, 1:].copy()


class ArrayBatches:
    """The rows of two arrays, batch by batch: `(X[rows], Y[rows])`.

    Args:
        X, Y: arrays with one row for each example; X may be a tuple of arrays.
        batch_size: n; the last batch may have fewer.
        rng: draws the order of the rows anew in each epoch; without it they come in their own.

    >>> [(X.tolist(), Y.tolist()) for X, Y in ArrayBatches(np.array([5, 6, 7]), np.array([0, 1, 0]), batch_size=2)]
    [([5, 6], [0, 1]), ([7], [0])]
    """

    carries_state = False

    def __init__(self, X, Y: np.ndarray, batch_size: int, rng: np.random.Generator | None = None):
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}, expected 1 or more.")
        self.X, self.Y, self.batch_size, self.rng = X, Y, batch_size, rng

    def __len__(self) -> int:
        return math.ceil(len(self.Y) / self.batch_size)

    def __iter__(self) -> Iterator[tuple]:
        order = np.arange(len(self.Y)) if self.rng is None else self.rng.permutation(len(self.Y))
        for start in range(0, len(order), self.batch_size):
            rows = order[start : start + self.batch_size]
            yield tuple(part[rows] for part in self.X) if isinstance(self.X, tuple) else self.X[rows], self.Y[rows]
