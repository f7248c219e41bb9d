"""Handwritten digits: the 1,797 pictures that come with scikit-learn, 8 × 8 pixels each, by 13 writers."""

from functools import cache

import numpy as np

from course_utils.datasets.batches import ArrayBatches, generator

SIDE = 8  # pixels, of a digit
HELDOUT = 0.2  # of the pictures of each digit
Pictures = tuple[np.ndarray, np.ndarray]  # (n, 8, 8) and their digits (n,)


class DigitsData:
    """Pictures of digits: a training part, and a part that is held out and never trained on.

    `train` and `heldout` give batches `(X, Y)`: X (n, 8, 8) float32, from 0 (paper) to 1 (ink), the upper row first,
    and Y (n,) int64, the digits. The order of `train` is drawn anew in each epoch.

    Each digit has a fifth of its pictures held out. The collection does not say who wrote what, so the writers of
    held-out pictures are in training too. `SceneData` and `ClipData` hold out the same pictures, given the same `seed`:
    what was trained here may be used there.

    Args:
        batch_size: n; the last batch may have fewer.
        seed: of the split and of the order of the batches.

    Attributes: `train`, `heldout`.

    >>> X, Y = next(iter(DigitsData(batch_size=5).heldout))
    >>> X.shape, Y.tolist()
    ((5, 8, 8), [0, 0, 0, 0, 0])
    """

    def __init__(self, batch_size: int = 32, seed: int = 0):
        train, unseen = split_pictures(seed)
        self.train = ArrayBatches(*train, batch_size, generator(seed, 1))
        self.heldout = ArrayBatches(*unseen, batch_size)


@cache
def load_pictures() -> Pictures:
    """All pictures (1797, 8, 8), float32 from 0 (paper) to 1 (ink), and their digits (1797,), int64."""
    from sklearn.datasets import load_digits  # here, because it takes a second, which only these data need

    bunch = load_digits()
    return (bunch.images / 16).astype(np.float32), bunch.target.astype(np.int64)


def split_pictures(seed: int) -> tuple[Pictures, Pictures]:
    """The pictures to train on and those held out, each part sorted by digit."""
    rng = generator(seed, 0)
    X, Y = load_pictures()
    train, unseen = [], []
    for digit in range(10):
        rows = rng.permutation(np.flatnonzero(digit == Y))
        number = round(len(rows) * HELDOUT)
        unseen += [*rows[:number]]
        train += [*rows[number:]]
    return (X[train], Y[train]), (X[unseen], Y[unseen])
