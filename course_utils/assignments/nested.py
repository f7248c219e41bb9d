"""Values made of arrays: a number, text, None, an array, or dicts, lists and tuples of such, as deep as you like."""

from collections.abc import Callable, Iterator, Sequence, ValuesView
from contextlib import suppress
from numbers import Integral, Real
from typing import Any

import numpy as np

from course_utils.assignments.errors import BadValue
from course_utils.comparing import compare

_FEW = 4  # numbers that could be learned one by one
_TOO_LARGE = "too large for a float32, such as exp of 89 or more, or divided by 0"
_NOT_FINITE = {
    "nan": "no number, such as 0 divided by 0, inf less inf, or the logarithm or root of a negative number",
    "inf": _TOO_LARGE,
    "-inf": f"{_TOO_LARGE}, or the logarithm of 0",
}


def plain(value: Any) -> Any:
    """A container of another kind that holds the same as a dict or a list; anything else as it is.

    These are what has names and values, such as `ChainMap` or `nn.ParameterDict`, and sequences that are no text, such
    as `deque` or `nn.ParameterList`, whose parts can be had by number.

    >>> from collections import ChainMap, deque
    >>> plain(ChainMap({"a": 1}, {"b": 2})) == {"a": 1, "b": 2}, plain(deque([1, 2]))
    (True, [1, 2])
    """
    kind = type(value)
    if isinstance(value, (dict, list, tuple, str, bytes)) or hasattr(kind, "__array__"):
        return value
    if all(hasattr(kind, name) for name in ("keys", "values", "__getitem__", "__len__")):
        return {name: value[name] for name in value}
    if isinstance(value, (Sequence, ValuesView)) or all(hasattr(kind, name) for name in ("append", "__getitem__")):
        return list(value)
    return value


def mapped(value: Any, function: Callable) -> Any:
    """The same structure with `function` of every leaf; a named tuple becomes a plain one.

    >>> mapped({"b": (1, [2, None])}, lambda leaf: leaf and 10 * leaf)
    {'b': (10, [20, None])}
    """
    value = plain(value)
    if isinstance(value, dict):
        return {name: mapped(part, function) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        parts = [mapped(part, function) for part in value]
        return tuple(parts) if isinstance(value, tuple) else parts
    return function(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real)


def plain_leaf(leaf: Any) -> Any:
    """An array, number or text of any kind as one that a check can use: at most 64 bits, and no class of its own.

    Raises:
        BadValue: it is something else.

    >>> plain_leaf(np.longdouble(1.5)), plain_leaf(np.str_("yes")), plain_leaf(np.array(["a", "b"]))
    (np.float64(1.5), 'yes', ['a', 'b'])
    """
    value = leaf
    if hasattr(type(leaf), "__array__"):
        with suppress(TypeError, ValueError, OverflowError):  # it may be none after all
            value = np.asarray(leaf)[()]
            if isinstance(value, np.ndarray) and value.dtype == object and all(map(_is_number, value.flat)):
                value = value.astype("float64")
    if isinstance(value, (np.ndarray, np.generic)):
        if value.dtype.kind in "fiub":
            return value.astype("float64") if value.dtype.itemsize > 8 else value
        if value.dtype.kind == "U":
            return value.tolist()
    elif value is None or type(value) in (bool, int, float, str):
        return value
    for kind, as_plain in ((str, str.__str__), (Integral, int), (Real, float)):  # an `Enum`'s, perhaps, or a fraction
        if isinstance(value, kind) and not isinstance(value, np.generic):
            return as_plain(value)
    raise BadValue(f"a {type(leaf).__name__} came, expected tensors, arrays, numbers or text")


def leaves(value: Any) -> Iterator[Any]:
    """All leaves, from left to right.

    >>> list(leaves({"b": (1, [2, None])}))
    [1, 2, None]
    """
    value = plain(value)
    if isinstance(value, (dict, list, tuple)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from leaves(part)
    else:
        yield value


def equal(one: Any, other: Any) -> bool:
    """Whether two values are the same in structure and in every entry; NaN equals NaN.

    >>> equal({"b": [1.0, np.nan]}, {"b": [1.0, np.nan]}), equal({"b": [1.0]}, {"b": [1.0], "c": None})
    (True, False)
    """
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[name], other[name]) for name in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(equal, one, other))
    if any(isinstance(each, (dict, list, tuple, str, type(None))) for each in (one, other)):
        return type(one) is type(other) and one == other
    return np.array_equal(one, other, equal_nan=True)


def difference(actual: Any, expected: Any, tolerance: float, where: str = "", tells: bool = True) -> str | None:
    """What is different between two values, as half a sentence, or None.

    Args:
        actual, expected: nested values. A tuple equals a list, a number an array without axes, and a list of numbers,
            or of such lists, the array that can be made of it.
        tolerance: the largest difference allowed, relative to 1 or to the largest expected number, if that is larger.
        where: what the values are called, for the message.
        tells: False keeps back an expected number that is one of a few, and an expected text: whoever has read it could
            return it the next time without computing anything.

    >>> difference((np.zeros((2, 3)), 1), (np.eye(2, 3), 1), 1e-4)
    'in result[0], at (0, 0) 0 came, 1 was expected (the largest difference)'
    >>> difference({"b": 1.0}, {"b": 1.00001}, 1e-4) is None
    True
    >>> difference(np.zeros((2, 3)), np.zeros((3, 2)), 1e-4)
    'the shape (2, 3) came, (3, 2) was expected'
    >>> difference(1.0, 2.0, 1e-4), difference(1.0, 2.0, 1e-4, tells=False)
    ('1 came, 2 was expected', '1 came, another number was expected')
    """
    at = f"in {where}, " if where else ""
    if hasattr(type(actual), "__array__") != hasattr(type(expected), "__array__"):
        actual, expected = _as_array(actual), _as_array(expected)
    if isinstance(expected, dict) and isinstance(actual, dict):
        if actual.keys() != expected.keys():
            return f"{at}the names {_listed(actual)} came, {_listed(expected)} were expected"
        pairs = [(f"{where}[{name!r}]" if where else name, actual[name], expected[name]) for name in expected]
    elif isinstance(expected, (list, tuple)) and isinstance(actual, (list, tuple)):
        if len(actual) != len(expected):
            return f"{at}{len(actual)} values came, {len(expected)} were expected"
        name = where or "result"
        pairs = [(f"{name}[{i}]", *both) for i, both in enumerate(zip(actual, expected, strict=True))]
    elif any(isinstance(each, (dict, list, tuple, str, type(None))) for each in (actual, expected)):
        same = type(actual) is type(expected) and actual == expected
        return None if same else f"{at}{kind_of(actual)} came, {kind_of(expected, tells)} was expected"
    else:
        return _array_difference(np.asarray(actual), np.asarray(expected), tolerance, at, tells)
    return next((found for name, a, e in pairs if (found := difference(a, e, tolerance, name, tells))), None)


def _as_array(value: Any) -> Any:
    """A list of numbers, or of lists of numbers of the same lengths, as an array; anything else as it is."""
    if not isinstance(value, (list, tuple)) or not all(
        isinstance(leaf, Real) or _no_axes(leaf) for leaf in leaves(value)
    ):
        return value
    try:
        return np.asarray(value)
    except ValueError:  # lists of different lengths
        return value


def _no_axes(leaf: Any) -> bool:
    return isinstance(leaf, (np.ndarray, np.generic)) and leaf.ndim == 0 and leaf.dtype.kind in "fiub"


def kind_of(value: Any, tells: bool = True) -> str:
    """What a value is, for messages; a number or a text itself only if it `tells`.

    >>> kind_of(None), kind_of((1, 2)), kind_of("yes"), kind_of(np.zeros((2, 3)))
    ('None', 'a tuple of 2', "the text 'yes'", 'an array of shape (2, 3)')
    """
    if value is None:
        return "None"
    if isinstance(value, str):
        return f"the text {value[:40]!r}" if tells else "another text"
    if isinstance(value, (dict, list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    if np.ndim(value):
        return f"an array of shape {tuple(np.shape(value))}"
    return f"the number {_number(value)}" if tells else "a number"


def _array_difference(actual: np.ndarray, expected: np.ndarray, tolerance: float, at: str, tells: bool) -> str | None:
    if actual.shape != expected.shape:
        return f"{at}the shape {actual.shape} came, {expected.shape} was expected"
    found = compare(actual, expected)
    if found.within(tolerance):
        return None
    came, was_expected = _number(actual[found.index]), _number(expected[found.index])
    if not tells and expected.size < _FEW:
        was_expected = "another number"
    said = f"{came} came, {was_expected} was expected"
    if named := _NOT_FINITE.get(came):
        return f"{at}{f'at {found.index} ' if found.index else ''}{said}: {named}"
    return f"{at}at {found.index} {said} (the largest difference)" if found.index else f"{at}{said}"


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, (float, np.floating)) else str(value)


def _listed(names: dict) -> str:
    return ", ".join(sorted(map(str, names))) or "(none)"
