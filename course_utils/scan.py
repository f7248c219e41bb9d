"""A linear recurrence h_t = a_t h_{t-1} + b_t as a scan, in NumPy: how steps are combined, and each round's results.

`linear_scan` of the framework's package is the same on batches, and differentiable.
"""

import numpy as np

from course_utils.shapes import check_recurrence

Step = tuple[np.ndarray, np.ndarray]
"""The pair (a, b) of a step h → a h + b, or of several steps that have been made one."""


def combine(first: Step, second: Step) -> Step:
    """One step that does what two do, one after the other: a₂ (a₁ h + b₁) + b₂ = (a₁ a₂) h + (a₂ b₁ + b₂).

    It does not matter which of three steps are combined first, only that their order stays: the scan rests on that.

    >>> combine((2, 1), (3, 5))
    (6, 8)
    """
    (a1, b1), (a2, b2) = first, second
    return a1 * a2, a2 * b1 + b2


def scan_rounds(a, b) -> list[Step]:
    """The doubling scan of one sequence, round by round. Source: Hillis and Steele (1986), Data parallel algorithms.

    In each round every step t is combined with the one that is `reach` before it, and `reach` doubles: 1, 2, 4, …; so
    after ⌈log₂ T⌉ rounds each has all that were before it in it.

    Args:
        a, b: factors and summands of one sequence, of the same shape: (T,) or (T, h).

    Returns: the pair (a, b) at the beginning and after each round. The last b is h, from h = 0 on; the last a has the
        products a_1 … a_t.

    >>> rounds = scan_rounds([2.0, 2.0, 2.0], [1.0, 1.0, 1.0])
    >>> [b.tolist() for a, b in rounds]
    [[1.0, 1.0, 1.0], [1.0, 3.0, 3.0], [1.0, 3.0, 7.0]]
    """
    a, b = np.asarray(a), np.asarray(b)  # (T, …)
    check_recurrence(a[None].shape, b[None].shape)
    rounds, reach = [(a, b)], 1
    while reach < len(a):
        new_a, new_b = combine((a[:-reach], b[:-reach]), (a[reach:], b[reach:]))  # (T - reach, …)
        a, b = np.concatenate([a[:reach], new_a]), np.concatenate([b[:reach], new_b])  # (T, …)
        rounds.append((a, b))
        reach *= 2
    return rounds
