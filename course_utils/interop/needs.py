"""Cells of a notebook that need what not every reader has: where it is missing they say so and do nothing.

Such a cell begins with a comment that names what it needs: "d2l", or a data set of `sources.SOURCES`.

>>> missing("x = 1")
''
"""

import re
from importlib.util import find_spec

from IPython import get_ipython

from course_utils.datasets import sources
from course_utils.interop.d2l import INSTALL

_COMMENT = re.compile(r"\s*# needs: (.+)")


def needs(source: str) -> list[str]:
    r"""The names that the first line of a cell asks for; none for most cells.

    >>> needs("# needs: d2l, time_machine\nx = 1")
    ['d2l', 'time_machine']
    """
    found = _COMMENT.match(source)
    return [name.strip() for name in found[1].split(",")] if found else []


def missing(source: str) -> str:
    """One sentence on the first thing that a cell needs and this machine lacks, with the command that brings it; or "".

    Raises:
        DataError: the cell asks for a data set that there is not.
    """
    for name in needs(source):
        if name == "d2l" and find_spec(name) is None:
            return f"Left out: this cell needs d2l, which is not installed here; it comes with: {INSTALL}"
        if name != "d2l" and (state := sources.status(name)) != "OK":
            return (
                f"Left out: this cell needs the data set {name}, which is {state} here; it comes with: "
                f"course data fetch {name}, or course data fetch --from FOLDER, where a folder has its file."
            )
    return ""


def leave_out_where_missing() -> None:
    """From the next cell on, have this notebook print `missing` in the place of each cell that lacks something."""
    transformers = get_ipython().input_transformers_cleanup
    if _left_out not in transformers:
        transformers.append(_left_out)


def _left_out(lines: list[str]) -> list[str]:
    sentence = missing("".join(lines))
    return [f"print({sentence!r})\n"] if sentence else lines
