"""Implementations of one function side by side: that they compute the same, how large they are and how fast.

`course_utils.torch.compare` and `course_utils.tensorflow.compare` measure; this module knows no framework.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from course_utils.comparing import largest_difference, require_equal


class Measured(NamedTuple):
    """What an implementation computes from given inputs and weights.

    Attributes:
        outputs: an array.
        gradients: of the loss, by the weights' canonical names.
        parameters: how many numbers it is trained by.
        milliseconds: that a training step takes, forward and back.
    """

    outputs: np.ndarray
    gradients: dict[str, np.ndarray]
    parameters: int
    milliseconds: float


class Comparison:
    """Measured implementations, shown as a table: how far each is from the first one, its size and its time.

    Args:
        measured: name → what it computes; all are compared with the first.
        tolerance: the largest difference allowed, relative to 1 or to the largest value expected.
        framework: whose implementations they are; `|` tells two of one name apart by it.

    Raises:
        AssertionError: two implementations do not compute the same; it says which, what, how far and where.

    >>> scratch = Measured(np.ones((2, 3)), {"b_q": np.zeros(3)}, 3, 5.9)
    >>> layer = Measured(np.ones((2, 3)) + 1e-7, {"b_q": np.zeros(3)}, 6, 5.6)
    >>> Comparison({"from scratch": scratch, "nn.RNN": layer})
                 outputs gradients parameters    time
    from scratch       –         –          3  5.9 ms
    nn.RNN       1.0e-07   0.0e+00          6  5.6 ms
    """

    def __init__(self, measured: Mapping[str, Measured], tolerance: float = 1e-5, framework: str = ""):
        if not measured:
            raise ValueError("There is no implementation, expected one at least: give a dict of names and models.")
        self.measured, self.tolerance, self.framework = dict(measured), tolerance, framework
        first, *others = self.measured
        right = self.measured[first]
        for name in others:
            for what in ("outputs", "gradients"):
                actual, expected = getattr(self.measured[name], what), getattr(right, what)
                require_equal(f"{what} of {name} and of {first}", actual, expected, tolerance)

    @property
    def table(self) -> pd.DataFrame:
        """A row for each implementation."""
        first = next(iter(self.measured))
        rows = {
            name: {
                "outputs": _distance(found.outputs, None if name == first else self.measured[first].outputs),
                "gradients": _distance(found.gradients, None if name == first else self.measured[first].gradients),
                "parameters": f"{found.parameters:,}",
                "time": f"{found.milliseconds:.1f} ms",
            }
            for name, found in self.measured.items()
        }
        return pd.DataFrame(rows).T

    def __or__(self, other: "Comparison") -> "Comparison":
        """Both in one table, all compared with the first of this one, such as those of two frameworks."""
        twice = self.measured.keys() & other.measured.keys()
        both = {
            f"{name}, {each.framework}" if name in twice else name: found
            for each in (self, other)
            for name, found in each.measured.items()
        }
        return Comparison(both, max(self.tolerance, other.tolerance))

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return self.table.to_html(notebook=True)


def _distance(actual, expected) -> str:
    return "–" if expected is None else f"{largest_difference(actual, expected):.1e}"
