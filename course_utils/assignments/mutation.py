"""Functions with a mistake in them: a piece of the source, which must be there exactly once, is replaced by another."""

import inspect
import itertools
import linecache
import textwrap
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

_numbers = itertools.count()


def replaced_once(source: str, old: str, new: str, where: str) -> str:
    """The source with `new` in the place of `old`.

    Args:
        source: any text.
        old, new: the piece and what takes its place.
        where: what the source is called, for the message.

    Raises:
        ValueError: `old` is not there, or more than once.

    >>> replaced_once("a + b", "a", "2 * a", "the sum")
    '2 * a + b'
    >>> replaced_once("a + a", "a", "2 * a", "the sum")
    Traceback (most recent call last):
    ValueError: 'a' is 2 times in the sum, expected once: choose a longer piece.
    """
    if (found := source.count(old)) != 1:
        mend = "choose a longer piece" if found else "write the piece as it stands there"
        raise ValueError(f"{old!r} is {found} times in {where}, expected once: {mend}.")
    return source.replace(old, new)


def mutant(function: Callable, pieces: Mapping[str, str] = {}, /, **names: Any) -> Callable:
    """The same function with pieces of its source replaced, and some of its global names bound to something else.

    Args:
        function: defined by `def` in a file; it may be a mutant itself.
        pieces: old → new, replaced one after the other; each must be there exactly once.
        names: what the function finds instead of its module's globals, such as a helper with a mistake.

    Raises:
        ValueError: a piece is not there exactly once.

    >>> from course_utils.metrics import bits_per_character as bits
    >>> nats = mutant(bits, {" / math.log(2)": ""})
    >>> bits(1.0) > nats(1.0), nats(1.0)
    (True, 1.0)
    """
    source = _source(function)
    for old, new in pieces.items():
        source = replaced_once(source, old, new, function.__name__)
    # Under a file name of its own, so that the source can be looked up: by tracebacks, and for the next mutant.
    file = f"<mutant {next(_numbers)} of {function.__name__}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    namespace = {**function.__globals__, **names}
    exec(compile(source, file, "exec"), namespace)
    return namespace[function.__name__]


@lru_cache(maxsize=64)  # a function is often made into a dozen mutants, and its source is slow to find
def _source(function: Callable) -> str:
    return textwrap.dedent(inspect.getsource(function))
