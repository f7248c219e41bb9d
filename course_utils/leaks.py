"""Does a forecast know the future? Two ways to find out: change the future, and shuffle the past.

A leak gives a model, while it learns or forecasts, what nobody can know yet. Its scores are then
too good to be true, and nothing fails. So look for it on purpose.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from course_utils import arrays
from course_utils.datasets.batches import generator
from course_utils.errors import is_whole


class Known(NamedTuple):
    """Values with the day on which each of them is known: row i may depend on the prices up to day `days[i]`.

    Attributes:
        days: (rows,), whole numbers of days.
        values: (rows, ...); lists, Series, a DataFrame or tensors will do for both. NaN is as good as any number.
        is_target: row i is what is to be forecast for day `days[i]`, so it must depend on that day's price, too.
    """

    days: np.ndarray
    values: np.ndarray
    is_target: bool = False


def find_leaks(pipeline: Callable[[np.ndarray], dict[str, Known]], close: np.ndarray, days: Iterable[int]) -> list[str]:
    """Change every price after a day, and look what moves: nothing that was known by then may. Once for each day.

    Args:
        pipeline: from an array of prices (days,) to whatever is made of them, by name, such as `StockData.known` and
            forecasts.
        close: (days,), the true prices.
        days: after which the prices are changed, one after the other.

    Returns: a sentence for each thing that knows the future, or is no target of the day that it is said to be; none,
    where all is well.

    >>> def centred(close):
    ...     return {"the mean": Known(np.arange(1, 9), np.convolve(close, [1 / 3] * 3, "valid"))}
    >>> find_leaks(centred, np.arange(10.0, 20.0), [4])
    ['Later prices move the mean of day 4.']
    """
    rng, found = np.random.default_rng(0), {}
    [close], days = arrays.prices(close=close), list(days)
    if not days:
        raise ValueError("days is empty, so nothing would be looked at: give one day or more.")
    true = _run(pipeline, close.copy())
    for day in days:
        if not is_whole(day, 0) or day >= len(close) - 1:
            raise ValueError(f"day {day} has no later one, expected a whole number from 0 to {len(close) - 2}.")
        changed = close.copy()
        later = len(close) - day - 1
        changed[day + 1 :] *= np.exp(rng.choice([-1, 1], later) * rng.uniform(0.05, 0.5, later))  # float32 sees it
        other = _run(pipeline, changed)
        for name, (known, values, is_target) in true.items():
            moved = _moved(name, values, other)
            if (early := moved & (known <= day)).any():
                found.setdefault(name, f"Later prices move {name} of day {known[early][-1]}.")
            if is_target and not moved[known == day + 1].all():
                found.setdefault(name, f"The price of day {day + 1} does not move {name} of that day.")
    return list(found.values())


def _run(pipeline: Callable[[np.ndarray], dict[str, Known]], close: np.ndarray) -> dict[str, Known]:
    """What the pipeline makes of prices, checked, as arrays."""
    found = {}
    for name, known in pipeline(close).items():
        known = Known(*known)
        days, values = arrays.numbers(known.days, f"days of {name}"), arrays.numbers(known.values, f"values of {name}")
        if days.ndim != 1 or values.shape[:1] != days.shape or not len(days) or (days != np.floor(days)).any():
            raise ValueError(
                f"{name} has days of the shape {days.shape} and values of {values.shape}, expected (rows,) and "
                "(rows, ...), rows ≥ 1: the whole number of a day for each row."
            )
        found[name] = Known(days.astype(np.int64), values, known.is_target)
    return found


def _moved(name: str, values: np.ndarray, other: dict[str, Known]) -> np.ndarray:
    """(rows,) bool: which rows have other values once the prices are changed."""
    if name not in other or other[name].values.shape != values.shape:
        raise ValueError(
            f"With other prices the pipeline makes no {name} of the shape {values.shape}, as it did before."
        )
    changed = other[name].values
    moved = (changed != values) & ~(np.isnan(changed) & np.isnan(values))
    return moved.reshape(len(values), -1).any(axis=1)


def shuffle_returns(close: np.ndarray, seed: int = 0) -> np.ndarray:
    """Prices with the same daily returns in an order drawn by chance; the first and the last price stay.

    Whatever yesterday may say about today is gone, the average return is not. A model that still beats persistence on
    such prices has found a leak, or luck: shuffle several times.

    >>> shuffle_returns(np.array([100.0, 110.0, 99.0, 120.0]), seed=3).round(1).tolist()
    [100.0, 121.2, 109.1, 120.0]
    """
    log_prices = np.log(*arrays.prices(close=close))
    returns = generator(seed).permutation(np.diff(log_prices))
    return np.exp(log_prices[0] + np.concatenate([[0.0], np.cumsum(returns)]))
