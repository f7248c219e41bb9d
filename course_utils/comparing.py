"""How far two results are apart: the largest difference between arrays, and where it is."""

import math
from typing import NamedTuple

import numpy as np


class LargestDifference(NamedTuple):
    """The largest difference between two arrays of one shape.

    Attributes:
        size: how large it is; NaN if there is a NaN in either array, 0 if they are empty.
        index: where it is.
        scale: 1, or the largest expected number if that is larger: what a tolerance is relative to.
    """

    size: float
    index: tuple[int, ...]
    scale: float

    def within(self, tolerance: float) -> bool:
        """Whether it is small enough; a NaN is not, nor is anything where infinity was expected."""
        return self.size <= tolerance * self.scale < math.inf


def compare(actual: np.ndarray, expected: np.ndarray) -> LargestDifference:
    """Where two arrays of real numbers or bool differ most; ValueError if their shapes differ.

    >>> compare(np.array([[1.0, 2.0], [3.0, 4.5]]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    LargestDifference(size=0.5, index=(1, 1), scale=4.0)
    """
    if actual.shape != expected.shape:
        raise ValueError(f"The shape is {actual.shape}, expected {expected.shape}.")
    expected = expected.astype("float64")
    gaps = np.abs(actual.astype("float64") - expected)
    if not gaps.size:
        return LargestDifference(0.0, (), 1.0)
    index = np.unravel_index(np.argmax(np.nan_to_num(gaps, nan=np.inf)), gaps.shape)
    scale = np.abs(expected).max(initial=1.0)
    return LargestDifference(float(gaps[index]), tuple(map(int, index)), float(scale))


def largest_difference(actual, expected) -> float:
    """The largest absolute difference between two results: arrays of one shape, or two dicts of such arrays.

    >>> largest_difference({"b": np.zeros(2)}, {"b": np.array([0.5, -2.0])})
    2.0
    """
    if isinstance(expected, dict):
        if actual.keys() != expected.keys():
            raise ValueError(f"The names are {sorted(actual)}, expected {sorted(expected)}.")
        sizes = [largest_difference(actual[name], expected[name]) for name in expected]
        return float(np.max(sizes, initial=0.0))  # unlike `max`, it hands a NaN on
    return compare(np.asarray(actual), np.asarray(expected)).size


def check_equal(what: str, actual, expected, tolerance: float = 1e-5) -> None:
    """Print that two results are equal, or raise AssertionError with the largest difference and where it is.

    Args:
        what: what is compared, for the message.
        actual, expected: arrays (anything `np.asarray` takes) of one shape, or two dicts of such arrays.
        tolerance: the largest difference allowed, relative to 1 or to the largest expected value, if that is larger.

    >>> check_equal("a sum", np.ones(3) + 1e-9, np.ones(3))
    a sum: equal within 1e-05
    >>> check_equal("a sum", np.array([1.0, 2.5]), np.array([1.0, 2.0]))
    Traceback (most recent call last):
    AssertionError: a sum: differs by 0.5 at (1,), where 2.5 came and 2.0 was expected.
    """
    require_equal(what, actual, expected, tolerance)
    print(f"{what}: equal within {tolerance:g}")


def require_equal(what: str, actual, expected, tolerance: float) -> None:
    """Raise AssertionError unless two results are equal, as `check_equal` does; nothing is printed."""
    if isinstance(expected, dict):
        if actual.keys() != expected.keys():
            raise AssertionError(f"{what}: the names are {sorted(actual)}, expected {sorted(expected)}.")
        for name in expected:
            _raise_if_different(f"{what}, {name}", actual[name], expected[name], tolerance)
    else:
        _raise_if_different(what, actual, expected, tolerance)


def _raise_if_different(what: str, actual, expected, tolerance: float) -> None:
    a, e = np.asarray(actual, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    if a.shape != e.shape:
        raise AssertionError(f"{what}: the shape is {a.shape}, expected {e.shape}.")
    found = compare(a, e)
    if not found.within(tolerance):
        where = found.index
        raise AssertionError(
            f"{what}: differs by {found.size:.3g} at {where}, where {a[where]} came and {e[where]} was expected."
        )
