"""NumPy's side of the border; the modules beside this one are the frameworks' sides.

Reference answers and wrong answers are NumPy functions; they are differentiated here by the complex step, which is
exact to the last digits and needs no step size. Source: Squire and Trapp (1998), Using complex variables to estimate
derivatives of real functions. A function must be made of analytic operations (`@`, `np.exp`, `np.tanh`, `np.where`,
…) and must not fill an array of zeros in place; `.real` cuts the gradient off, as `detach` does.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.assignments.nested import leaves, mapped

_STEP = 1e-30


def to_tensors(value: Any) -> Any:
    """Arrays of real numbers as float64, so that a reference is more exact than what it is compared with."""
    return mapped(value, lambda leaf: leaf.astype("float64") if _is_real(leaf) else leaf)


def to_arrays(value: Any) -> Any:
    """The value itself: NumPy functions return arrays."""
    return value


def gradient(function: Callable, args: tuple, kwargs: dict, wrt: int, weights: Any) -> Any:
    """The gradient of the sum of all outputs times their weights.

    Args:
        function: takes and returns arrays.
        args, kwargs: its arguments.
        wrt: the index in `args` of what to differentiate by: an array, or a nested value of arrays.
        weights: for each output an array of its shape or a number; None for an output that does not count.

    Returns: `args[wrt]` with gradients in the place of its arrays.

    >>> gradient(lambda x, y: x * x * y, (np.array([1.0, 2.0]), 3.0), {}, 0, np.array([1.0, 10.0]))
    array([  6., 120.])
    """
    args = list(to_tensors(args))
    source = args[wrt]

    def total(moved, array):
        args[wrt] = mapped(source, lambda leaf: moved if leaf is array else leaf)
        outputs, factors = list(leaves(function(*args, **kwargs))), list(leaves(weights))
        return sum(np.sum(out * w) for out, w in zip(outputs, factors, strict=True) if w is not None)

    def by(array):
        found = np.zeros(np.shape(array))
        for index in np.ndindex(found.shape):
            moved = np.array(array, dtype="complex128")
            moved[index] += 1j * _STEP
            found[index] = np.imag(total(moved, array)) / _STEP
        return found

    return mapped(source, by)


def _is_real(leaf: Any) -> bool:
    return isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"
