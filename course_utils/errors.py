"""The root of all errors that say, in one sentence, what was wrong, what was expected and how to mend it."""

import math
from numbers import Integral


class CourseError(Exception):
    """Something that a user can mend; the command line prints its sentence, without a traceback."""


def is_whole(number: object, least: float) -> bool:
    """Whether it is an int, Python's or NumPy's, of at least so much; True and 2.0 are none.

    >>> is_whole(3, 1), is_whole(0, 1), is_whole(3.0, 1), is_whole(True, 1)
    (True, False, False, False)
    """
    return isinstance(number, Integral) and not isinstance(number, bool) and number >= least


def check_whole(least: int = 1, **numbers: int) -> None:
    """Refuse, with its name, a number that is not whole (TypeError) or below `least` (ValueError).

    >>> check_whole(seed=-1, least=0)
    Traceback (most recent call last):
    ValueError: seed is -1, expected 0 or more.
    """
    for name, number in numbers.items():
        if not is_whole(number, -math.inf):
            raise TypeError(f"{name} is {number!r}, expected a whole number, {least} or more.")
        if number < least:
            raise ValueError(f"{name} is {number}, expected {least} or more.")
