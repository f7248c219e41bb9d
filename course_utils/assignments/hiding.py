"""Names that a question forbids: using one of them while it is checked raises `Forbidden`."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from course_utils.assignments.errors import Forbidden

_ENTRANCES = ("__init__", "__call__", "forward", "call", "step")


@contextmanager
def hidden(names: Iterable[str], namespace: dict[str, Any]) -> Iterator[None]:
    """Hide names of modules that are loaded. A class is closed from inside, so under every other name, too.

    Args:
        names: dotted names of classes or functions, such as "torch.nn.GRU"; those of modules that are not loaded
            are left out.
        namespace: the globals of the student's functions, into which a function may have been imported.

    >>> import math; from math import prod
    >>> with hidden(["math.prod"], globals()): prod([2, 3])
    Traceback (most recent call last):
    course_utils.assignments.errors.Forbidden: math.prod is hidden in this question: write it yourself.
    >>> prod([2, 3])
    6
    """
    with ExitStack() as stack:
        for name in names:
            module_name, _, last = name.rpartition(".")
            module = sys.modules.get(module_name)
            if hasattr(module, last):
                _hide(stack, name, module, last, namespace)
        yield


def _hide(stack: ExitStack, name: str, module: Any, last: str, namespace: dict[str, Any]) -> None:
    def refuse(self: Any = None, *args: Any, **kwargs: Any) -> Any:  # Keras looks for the first argument's name
        raise Forbidden(name)

    thing = getattr(module, last)
    if isinstance(thing, type):
        for entrance in _ENTRANCES:
            if hasattr(thing, entrance):
                stack.enter_context(mock.patch.object(thing, entrance, refuse))
        return
    stack.enter_context(mock.patch.object(module, last, refuse))
    for alias in [alias for alias, value in namespace.items() if value is thing]:
        namespace[alias] = refuse
        stack.callback(namespace.__setitem__, alias, thing)
