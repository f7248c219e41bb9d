"""The root of all errors that say, in one sentence, what was wrong, what was expected and how to mend it."""

from numbers import Integral


class CourseError(Exception):
    """Something that a user can mend; the command line prints its sentence, without a traceback."""


def is_whole(number: object, least: float) -> bool:
    """Whether it is an int, Python's or NumPy's, of at least so much; True and 2.0 are none.

    >>> is_whole(3, 1), is_whole(0, 1), is_whole(3.0, 1), is_whole(True, 1)
    (True, False, False, False)
    """
    return isinstance(number, Integral) and not isinstance(number, bool) and number >= least
