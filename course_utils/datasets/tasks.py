"""Small tasks that ask one thing of a recurrent network: to remember far back, and to use what comes after.

As with batches of text, each iteration gives batches `(X, Y)` of int64 arrays (n, T); Y is −1 at all steps but those
where an answer is asked for.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course_utils.datasets.batches import Batch, as_ids
from course_utils.datasets.text import NO_TARGET
from course_utils.errors import check_whole


class RecallBatches:
    """A symbol is shown, others distract, and `distance` steps later comes the question: which was it?

    The first step holds one of `num_symbols` symbols, ids 0 … K−1; the steps after it draw from as many others, ids
    K … 2K−1; the last one is the question mark, id 2K, and its target is the first symbol. After Hochreiter and
    Schmidhuber (1997), Long short-term memory, section 5.

    Args:
        distance: steps from the symbol to the question, 1 or more; the sequences have one step more.
        num_batches: batches in an epoch; each epoch draws new ones.
        rng: where they are drawn from.
        batch_size: n. num_symbols: K.

    Attributes: `vocab_size`, 2K + 1.

    >>> X, Y = next(iter(RecallBatches(3, 1, np.random.default_rng(0), batch_size=2, num_symbols=4)))
    >>> X.tolist(), Y.tolist()
    ([[3, 6, 5, 8], [2, 5, 4, 8]], [[-1, -1, -1, 3], [-1, -1, -1, 2]])
    """

    carries_state = False

    def __init__(
        self, distance: int, num_batches: int, rng: np.random.Generator, batch_size: int = 64, num_symbols: int = 8
    ):
        check_whole(distance=distance, batch_size=batch_size, num_symbols=num_symbols)
        check_whole(0, num_batches=num_batches)
        self.distance, self.num_batches, self.rng = distance, num_batches, rng
        self.batch_size, self.num_symbols, self.vocab_size = batch_size, num_symbols, 2 * num_symbols + 1

    def __len__(self) -> int:
        return self.num_batches

    def __iter__(self) -> Iterator[Batch]:
        n, K = self.batch_size, self.num_symbols
        for _ in range(self.num_batches):
            symbols = self.rng.integers(K, size=(n, 1))
            distractors = self.rng.integers(K, 2 * K, size=(n, self.distance - 1))
            X = np.concatenate([symbols, distractors, np.full((n, 1), 2 * K)], axis=1)  # (n, T)
            Y = np.full_like(X, NO_TARGET)
            Y[:, -1] = symbols[:, 0]
            yield X, Y


class BlankBatches:
    """Pieces of a text with one token in the middle blanked out, which is to be filled in.

    Args:
        ids: the text, int64, one-dimensional.
        num_steps: T; the blank stands at step T // 2.
        blank: the id that is put in the token's place.
        batch_size: n.
        rng: draws where the pieces begin, anew in each epoch, about one for each T tokens of the text; None takes them
            side by side, in order.

    >>> X, Y = next(iter(BlankBatches(np.arange(1, 11), num_steps=5, blank=0, batch_size=2)))
    >>> X.tolist(), Y.tolist()
    ([[1, 2, 0, 4, 5], [6, 7, 0, 9, 10]], [[-1, -1, 3, -1, -1], [-1, -1, 8, -1, -1]])
    """

    carries_state = False

    def __init__(
        self, ids: np.ndarray, num_steps: int, blank: int, batch_size: int, rng: np.random.Generator | None = None
    ):
        check_whole(num_steps=num_steps, batch_size=batch_size)
        ids = as_ids(ids)
        if len(ids) < num_steps * batch_size:
            raise ValueError(
                f"The text has {len(ids)} tokens, but {batch_size} pieces of {num_steps} need "
                f"{num_steps * batch_size}: give a longer text or make them smaller."
            )
        self.pieces = sliding_window_view(ids, num_steps)  # (number of pieces, T), overlapping
        self.num_steps, self.blank, self.batch_size, self.rng = num_steps, blank, batch_size, rng

    def __len__(self) -> int:
        return math.ceil(len(self.pieces) / self.num_steps) // self.batch_size

    def __iter__(self) -> Iterator[Batch]:
        starts = np.arange(0, len(self.pieces), self.num_steps)
        if self.rng is not None:
            starts = self.rng.integers(len(self.pieces), size=len(starts))
        middle = self.num_steps // 2
        for first in range(0, len(starts) - self.batch_size + 1, self.batch_size):
            X = self.pieces[starts[first : first + self.batch_size]].copy()  # (n, T)
            Y = np.full_like(X, NO_TARGET)
            Y[:, middle] = X[:, middle]
            X[:, middle] = self.blank
            yield X, Y
