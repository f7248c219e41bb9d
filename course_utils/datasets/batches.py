"""How batches are made: of one long sequence, of the rows of arrays, and of many sequences that differ in length.

Each class gives an epoch of batches `(X, Y)` whenever it is iterated; they are copies, which may be changed. Given a
random generator, each epoch is another; without one, iterating is repeatable.

`SequentialBatches`, `RandomBatches` and `WindowBatches` cut one long sequence of ids for a language model: int64 arrays
of shape (n, T), Y being X shifted by one token. With a generator, the first two start an epoch at a random offset, so
that the cuts fall elsewhere each time. The ids may be an array, a list or an iterator of whole numbers; errors call
them by the name `part`. `ArrayBatches` takes rows in random order, `LengthBatches` those of like length.
"""

import math
import reprlib
from collections.abc import Iterator, Sequence, Sized
from itertools import chain

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course_utils.errors import check_whole

Batch = tuple[np.ndarray, np.ndarray]


def generator(seed: int, *stream: int) -> np.random.Generator:
    """The random numbers of a seed, or one of several streams of them; TypeError or ValueError for what is no seed.

    >>> generator(-1)
    Traceback (most recent call last):
    ValueError: seed is -1, expected 0 or more.
    """
    check_whole(0, seed=seed)
    return np.random.default_rng([seed, *stream] if stream else seed)


def refuse_masked(name: str, values) -> None:
    """ValueError for a masked array that hides numbers: as an array it would give those that it hides."""
    if np.ma.is_masked(values):
        hidden = np.ma.count_masked(values)
        raise ValueError(
            f"{name} is a masked array that hides {hidden} of its {values.size} numbers, expected all of them: fill "
            "them in, a target that does not count with −1."
        )


def as_ids(ids: Sequence[int] | np.ndarray, name: str = "ids", in_one_row: bool = True) -> np.ndarray:
    """Ids as int64 (number of ids,), whatever holds them: an array, a list, an iterator, which is read to its end.

    `name` is what errors call them; labels are read alike.

    Raises TypeError for what holds no whole numbers, such as text, and ValueError for more than one dimension.

    >>> as_ids(iter([3, 1]))
    array([3, 1])
    """
    ids = list(ids) if isinstance(ids, Iterator) else ids
    refuse_masked(name, ids)
    try:
        array = np.asarray(ids)
    except ValueError:  # rows that differ in length
        array = np.empty(0, dtype=object)
    if array.dtype.kind not in "iu" and not (array.dtype.kind == "f" and array.size == 0):
        raise TypeError(
            f"The {name} are {reprlib.repr(ids)}, expected whole numbers: "
            + ("vocab[tokenize(text)] gives those of a text." if name == "ids" else "count the classes from 0.")
        )
    if in_one_row and array.ndim != 1:
        raise ValueError(f"The {name} have the shape {array.shape}, expected one row of them.")
    return array.astype(np.int64, copy=False)


def _check_sizes(batch_size: int, num_steps: int) -> None:
    try:
        check_whole(batch_size=batch_size, num_steps=num_steps)
    except ValueError as error:
        raise ValueError(f"batch_size={batch_size} and num_steps={num_steps}: both must be 1 or more.") from error


def _long_enough(ids: np.ndarray, needed: int, batch_size: int, num_steps: int, part: str) -> np.ndarray:
    ids = as_ids(ids)
    if len(ids) < needed:
        raise ValueError(
            f"The {part} has {len(ids)} tokens, but batch_size={batch_size} and num_steps={num_steps} need {needed}: "
            "give a longer text or make them smaller."
        )
    return ids


class SequentialBatches:
    """Sequential partitioning: n streams of text read side by side, T tokens at a time.

    Row i of a batch goes on where row i of the batch before stopped. With a generator, batches that are not full are
    dropped; without one the last batch may have fewer steps, so that every token but the few beyond n equal streams
    is read, once.

    >>> [X.tolist() for X, Y in SequentialBatches(np.arange(11), 2, 3)]
    [[[0, 1, 2], [5, 6, 7]], [[3, 4], [8, 9]]]
    """

    carries_state = True

    def __init__(
        self,
        ids: np.ndarray,
        batch_size: int,
        num_steps: int,
        rng: np.random.Generator | None = None,
        part: str = "text",
    ):
        _check_sizes(batch_size, num_steps)
        needed = batch_size + 1 if rng is None else (batch_size + 1) * num_steps  # an offset costs up to T - 1 tokens
        self.ids = _long_enough(ids, needed, batch_size, num_steps, part)
        self.batch_size, self.num_steps, self.rng = batch_size, num_steps, rng

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

    def __init__(self, ids: np.ndarray, batch_size: int, num_steps: int, rng: np.random.Generator, part: str = "text"):
        _check_sizes(batch_size, num_steps)
        self.ids = _long_enough(ids, (batch_size + 1) * num_steps, batch_size, num_steps, part)
        self.batch_size, self.num_steps, self.rng = batch_size, num_steps, rng

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

    def __init__(
        self,
        ids: np.ndarray,
        batch_size: int,
        num_steps: int,
        rng: np.random.Generator | None = None,
        part: str = "text",
    ):
        _check_sizes(batch_size, num_steps)
        ids = _long_enough(ids, num_steps + 1, batch_size, num_steps, part)
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
        X, Y: arrays with one row for each example, or what NumPy makes arrays of; X may be a tuple of them.
        batch_size: n; the last batch may have fewer.
        rng: draws the order of the rows anew in each epoch; without it they come in their own.

    Raises ValueError where X and Y have not as many rows.

    >>> [(X.tolist(), Y.tolist()) for X, Y in ArrayBatches(np.array([5, 6, 7]), np.array([0, 1, 0]), batch_size=2)]
    [([5, 6], [0, 1]), ([7], [0])]
    """

    carries_state = False

    def __init__(self, X, Y: np.ndarray, batch_size: int, rng: np.random.Generator | None = None):
        check_whole(batch_size=batch_size)
        self.X = tuple(map(_as_rows, X)) if isinstance(X, tuple) else _as_rows(X)
        self.Y, self.batch_size, self.rng = _as_rows(Y), batch_size, rng
        for part in self.X if isinstance(X, tuple) else [self.X]:
            if len(part) != len(self.Y):
                raise ValueError(f"X has {len(part)} rows and Y has {len(self.Y)}, expected as many of each.")

    def __len__(self) -> int:
        return math.ceil(len(self.Y) / self.batch_size)

    def __iter__(self) -> Iterator[tuple]:
        for rows in self._rows():
            yield tuple(part[rows] for part in self.X) if isinstance(self.X, tuple) else self.X[rows], self.Y[rows]

    def _rows(self) -> Iterator[np.ndarray]:
        """Which rows each batch of an epoch has, (n,)."""
        order = np.arange(len(self.Y)) if self.rng is None else self.rng.permutation(len(self.Y))
        for start in range(0, len(order), self.batch_size):
            yield order[start : start + self.batch_size]


def _as_rows(part):
    """An array with a row for each example; `Padded` is one already."""
    if isinstance(part, Padded):
        return part
    refuse_masked("A part of the examples", part)
    try:
        array = np.asarray(part)
    except ValueError as error:
        raise ValueError("The rows of an array differ in shape, expected rows that are alike: pad them.") from error
    if array.ndim == 0:
        raise TypeError(f"X and Y are arrays with a row for each example, but {reprlib.repr(part)} is none.")
    return array


class Padded:
    """Sequences of ids that differ in length, as the rows of one array; `padded[rows]` has only the steps they need.

    Their steps are rounded up to a multiple, because TensorFlow compiles a training step anew for each shape: fewer
    shapes are worth some padding.

    Args:
        sequences: a list of ids for each row, one list or more.
        fill: what stands behind the end of a sequence.
        multiple: of what number the steps of a batch are a multiple.

    Attributes: `ids` (rows, T), `lengths` (rows,) without the padding, `widths` (rows,), the lengths rounded up; all
    int64.

    >>> padded = Padded([[7, 8, 9, 4, 5], [6, 5]], fill=1, multiple=4)
    >>> padded.ids.tolist(), padded.lengths.tolist()
    ([[7, 8, 9, 4, 5, 1, 1, 1], [6, 5, 1, 1, 1, 1, 1, 1]], [5, 2])
    >>> padded[np.array([1])].tolist()
    [[6, 5, 1, 1]]
    """

    def __init__(self, sequences: Sequence[Sequence[int]], fill: int, multiple: int):
        try:
            sequences = [each if isinstance(each, Sized) else [*each] for each in sequences]
        except TypeError as error:
            raise TypeError(f"The rows are {reprlib.repr(sequences)}, expected a list of ids for each.") from error
        if len(sequences) == 0:
            raise ValueError("There is no sequence to make a batch of, expected one or more.")
        self.lengths = np.array([len(each) for each in sequences], dtype=np.int64)
        self.widths = -(-self.lengths // multiple) * multiple
        self.ids = np.full((len(sequences), self.widths.max()), fill, dtype=np.int64)
        inside = np.arange(self.ids.shape[1]) < self.lengths[:, None]  # (rows, T)
        self.ids[inside] = as_ids(chain.from_iterable(sequences))

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        return self.ids[rows, : self.widths[rows].max()]


class LengthBatches(ArrayBatches):
    """Rows of like length, batch by batch, so that little of a batch is padding: `(X[rows], Y[rows])`.

    Args:
        X, Y: as for `ArrayBatches`; each array may be `Padded`.
        widths: what is to be alike in a batch, (rows,) each; the first counts most.
        batch_size: n; one batch of an epoch may have fewer.
        rng: draws which rows meet, and the order of the batches, anew in each epoch; without it short ones come first,
            and each epoch is the same.

    >>> X = Padded([[4, 5, 6], [7], [8, 9]], fill=1, multiple=1)
    >>> [(X.tolist(), Y.tolist()) for X, Y in LengthBatches(X, np.array([3, 1, 2]), [X.widths], batch_size=2)]
    [([[7, 1], [8, 9]], [1, 2]), ([[4, 5, 6]], [3])]
    """

    def __init__(
        self,
        X,
        Y: np.ndarray | Padded,
        widths: Sequence[np.ndarray],
        batch_size: int,
        rng: np.random.Generator | None = None,
    ):
        super().__init__(X, Y, batch_size, rng)
        self.widths = widths

    def _rows(self) -> Iterator[np.ndarray]:
        chance = np.zeros(len(self.Y)) if self.rng is None else self.rng.random(len(self.Y))
        order = np.lexsort([chance, *reversed(self.widths)])  # by the last of these first
        starts = np.arange(0, len(order), self.batch_size)
        if self.rng is not None:
            self.rng.shuffle(starts)
        for start in starts:
            yield order[start : start + self.batch_size]
