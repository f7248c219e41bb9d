"""What people have as numbers and days, as NumPy arrays: lists, Series, columns of a DataFrame, tensors.

Where a function compares or fits, it takes all of these by their order; an index, as pandas has one, plays no part.
"""

import inspect
import re
import warnings

import numpy as np
import pandas as pd

_DAY_OR_MONTH = ("%d-%m-%Y", "%m-%d-%Y")
_WAYS = ("%Y-%m-%d", *_DAY_OR_MONTH, "%d-%b-%Y", "%b-%d-%Y")  # with dashes for what else stands between
_TIME = re.compile(r"[T\s]\s*\d{1,2}:.*$")
_PACKED = re.compile(r"(\d{4})(\d\d)(\d\d)")
_MONTH = re.compile(r"(?<=[A-Za-z]{3})[A-Za-z]+")  # what is left of a month's name after three letters


def numbers(values, name: str = "The array") -> np.ndarray:
    """An array of any shape, float64.

    Args:
        values: what NumPy takes, or a tensor, wherever it is and whether or not it has a gradient.
        name: what the errors call it.

    Raises `ValueError`, in one sentence, for text, dates, complex numbers, rows of different lengths and what is no
    array at all. What a masked array hides and what a Series lacks is NaN.

    >>> numbers([[1, 2], [3, 4]]).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    >>> numbers(["1,166.71"], "close")
    Traceback (most recent call last):
    ValueError: close holds the text '1,166.71', expected numbers: convert it first.
    """
    return _array(values, name).astype(np.float64, copy=False)


def number(value, name: str = "The value") -> float | int:
    """The one number that a value is or holds, such as a loss: a Python number, or an array of one element.

    >>> number(np.float32(0.5)), number([7])
    (0.5, 7)
    """
    array = _array(value, name)
    if array.size != 1:
        raise ValueError(f"{name} has the shape {array.shape}, expected a single number: take one, or their mean.")
    return array.item()


def series(**named) -> list[np.ndarray]:
    """Series by name as arrays of one and the same shape, (n,) with n ≥ 1, float64; else `ValueError`.

    So no column (n, 1) meets a flat series, with which it would make n × n numbers.

    >>> truth = pd.Series([1.0, 2.0, 4.0])
    >>> actual, forecast = series(actual=truth[1:], forecast=truth[:-1])
    >>> (actual - forecast).tolist()
    [1.0, 2.0]
    """
    arrays = [numbers(values, name) for name, values in named.items()]
    shapes = [array.shape for array in arrays]
    if len({*shapes}) > 1 or len(shapes[0]) != 1 or not shapes[0][0]:
        if len(arrays) == 1:
            raise ValueError(
                f"{' '.join(named)} has the shape {shapes[0]}, expected (n,), n ≥ 1: flatten it or take a column."
            )
        raise ValueError(
            f"{' and '.join(named)} have the shapes {shapes}, expected one and the same, (n,), n ≥ 1: flatten them."
        )
    return arrays


def prices(**named) -> list[np.ndarray]:
    """As `series`, of numbers above 0, whose logarithms and returns there are.

    >>> prices(close=[5, 0])
    Traceback (most recent call last):
    ValueError: close has the price 0.0 at place 1, expected numbers above 0: mend it or leave that day out.
    """
    arrays = series(**named)
    for name, array in zip(named, arrays, strict=True):
        wrong = np.flatnonzero(~(np.isfinite(array) & (array > 0)))
        if len(wrong):
            raise ValueError(
                f"{name} has the price {array[wrong[0]]} at place {wrong[0]}, expected numbers above 0: "
                "mend it or leave that day out."
            )
    return arrays


def days(values, name: str = "The series") -> np.ndarray:
    """Days (n,), datetime64[D]: the calendar days as they are written, whatever the time and the time zone beside them.

    Dates and time stamps of Python, NumPy and pandas will do, and text such as 2013-03-01, 20130301, "Mar 1, 2013" or
    01/03/2013. Of the last kind it is found out from all of them whether the day or the month comes first, and a
    warning says so; `ValueError` where both may be.

    >>> days(["28 Feb 2013", "1 Mar 2013"]).astype(str).tolist()
    ['2013-02-28', '2013-03-01']
    >>> days(["01/02/2013"], "prices.csv")
    Traceback (most recent call last):
    ValueError: prices.csv has the date '01/02/2013', which may be 2013-02-01 or 2013-01-02: write year, ...
    """
    if np.ndim(values) != 1:
        raise ValueError(f"{name} has dates of the shape {np.shape(values)}, expected (n,): flatten them.")
    if getattr(getattr(values, "dtype", None), "kind", "") == "M" and not hasattr(values.dtype, "tz"):
        found, cells = np.asarray(values).astype("datetime64[D]"), None
    else:
        cells = [str(cell).strip() for cell in pd.Series(values, dtype=object)]
        found = _read_days(cells, name)
    unread = np.flatnonzero(np.isnat(found))
    if len(unread):
        row = unread[0]
        raise ValueError(
            f"Row {row + 1} of {name} has the date {'NaT' if cells is None else cells[row]!r}, expected one such as "
            "2013-03-01: write year, month and day, in all rows alike."
        )
    return found


def say(sentence: str) -> None:
    """Warn how something was read, at the line outside the course that has asked for it."""
    frame, level = inspect.currentframe(), 1
    while frame.f_back and frame.f_globals["__name__"].startswith("course_utils."):
        frame, level = frame.f_back, level + 1
    warnings.warn(sentence, stacklevel=level)


def _array(values, name: str) -> np.ndarray:
    """The values as an array of numbers, of their own type if it is one of NumPy's."""
    if hasattr(values, "detach"):  # a tensor of PyTorch, whose gradient and device stay behind
        values = values.detach().cpu()
        values = values.double() if values.is_floating_point() else values  # NumPy has no bfloat16
    if isinstance(values, (list, tuple)):  # of losses, for example
        values = [_array(one, name) if hasattr(one, "detach") else one for one in values]
    if np.ma.isMaskedArray(values):
        values = values.astype(np.float64).filled(np.nan)
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(
            f"{name} has rows of different lengths, expected as many numbers in each: cut them."
        ) from error
    except (TypeError, RuntimeError) as error:
        raise _no_numbers(values, name) from error
    if array.dtype.kind in "biuf":
        return array
    if values is None:
        raise _no_numbers(values, name)
    text = [cell for cell in array.flat if isinstance(cell, (str, bytes))]
    if text:
        raise ValueError(f"{name} holds the text {str(text[0])!r}, expected numbers: convert it first.")
    if array.dtype.kind in "Mmc":
        raise ValueError(f"{name} is of the type {array.dtype}, expected numbers: convert it first.")
    try:
        return np.where(pd.isna(array), np.nan, array).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise _no_numbers(values, name) from error


def _no_numbers(values, name: str) -> ValueError:
    kind = type(values).__name__
    return ValueError(f"{name} is of the type {kind}, expected numbers: give an array, a list, a Series or a tensor.")


def _read_days(cells: list[str], name: str) -> np.ndarray:
    """Days of text, NaT where there is none; all are read in one way, the one that reads most of them."""
    plain = [re.sub(r"[\s/.,-]+", "-", _MONTH.sub("", _TIME.sub("", cell))) for cell in cells]
    plain = ["-".join(packed.groups()) if (packed := _PACKED.fullmatch(cell)) else cell for cell in plain]
    read = {way: pd.to_datetime(plain, format=way, errors="coerce").to_numpy("datetime64[D]") for way in _WAYS}
    way = max(_WAYS, key=lambda way: (~np.isnat(read[way])).sum())  # of several the first
    if way not in _DAY_OR_MONTH or np.isnat(read[way]).any():
        return read[way]
    other = read[next(one for one in _DAY_OR_MONTH if one != way)]
    different = np.flatnonzero(read[way] != other)  # NaT differs from any day
    if not len(different):
        return read[way]
    if not np.isnat(other).any():
        row = different[0]
        raise ValueError(
            f"{name} has the date {cells[row]!r}, which may be {read[way][row]} or {other[row]}: write year, month and "
            "day, in all rows alike."
        )
    row = np.flatnonzero(np.isnat(other))[0]
    first = "day" if way == _DAY_OR_MONTH[0] else "month"
    say(f"{name}: dates are read with the {first} first, {cells[row]!r} as {read[way][row]}.")
    return read[way]
