"""Near-copies belong on one side of a split: groups of what is alike, and a draw of whole groups."""

from collections.abc import Iterable
from numbers import Real

import numpy as np


def join(number: int, pairs: Iterable[tuple[int, int]]) -> np.ndarray:
    """For each of `number` things the number of its group, int64 (number,): the two of a pair are in one group.

    And so are all that are joined by a chain of pairs. Groups are numbered in the order of their first members.

    >>> join(5, [(3, 1), (1, 4)]).tolist()
    [0, 1, 2, 1, 1]
    """
    leader = list(range(number))

    def first(i):
        while leader[i] != i:
            i = leader[i]
        return i

    for pair in pairs:
        one, other = sorted(map(first, pair))
        leader[other] = one
    return np.unique(np.array([first(i) for i in range(number)], dtype=np.int64), return_inverse=True)[1]


def draw(groups: np.ndarray, heldout: float, rng: np.random.Generator) -> np.ndarray:
    """Which things are held out, bool (n,): whole groups, drawn one by one until the next does not fit into the share.

    Raises ValueError when nothing is left on one side, TypeError for a share that is no number.

    >>> draw(np.array([0, 0, 1, 2]), 0.5, np.random.default_rng(2)).tolist()
    [False, False, False, True]
    """
    if isinstance(heldout, bool) or not isinstance(heldout, Real):
        raise TypeError(f"heldout is {heldout!r}, expected a share between 0 and 1, such as 0.1.")
    sizes = np.bincount(groups)
    order = rng.permutation(len(sizes))
    chosen = order[sizes[order].cumsum() <= len(groups) * heldout]
    unseen = np.isin(groups, chosen)
    if unseen.all() or not unseen.any():
        raise ValueError(
            f"heldout={heldout} of {len(groups)} leaves nothing on one side: choose a share between 0 and 1."
        )
    return unseen
