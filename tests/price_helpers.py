"""Prices made by chance, for the tests of stocks and forecasts."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from course_utils.datasets import stocks
from course_utils.datasets.stocks import FEATURES


def walk(n, seed=0):
    """A random walk: prices (n,)."""
    return 50 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0.001, 0.02, n)))


def made_prices(num_days=100, seed=0, module=stocks):
    """A random walk on weekdays, as `Prices` of `course_utils.datasets.stocks` or a mutant of it."""
    days = np.busday_offset("2001-01-01", np.arange(num_days), roll="forward")
    return module.Prices(days, walk(num_days, seed), "made.csv")


def heard(call):
    """What a call gives, and the sentences of its warnings, each of which points at a line of a test."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = call()
    assert all("test_" in Path(one.filename).name or "price_helpers" in one.filename for one in caught)
    return found, [str(one.message) for one in caught]


def near(found, expected):
    """The same numbers but for rounding."""
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


HOLDERS = {
    "a list": list,
    "a tuple": tuple,
    "a Series": lambda values: pd.Series(values, index=np.arange(len(values))[::-1]),
    "a column": lambda values: pd.DataFrame({"close": values}, index=np.arange(len(values)) + 3)["close"],
    "an index": pd.Index,
    "objects": lambda values: np.array(values, dtype=object),
    "numbers that may lack": lambda values: pd.Series(values, dtype="Float64"),
}  # ways to hold the same numbers (n,)

settings = st.fixed_dictionaries(
    {
        "window": st.integers(1, 6),
        "horizon": st.integers(1, 4),
        "test_days": st.integers(1, 8),
        "validation_days": st.integers(1, 9),
        "target": st.sampled_from(["return", "price"]),
        "features": st.none() | st.lists(st.sampled_from(list(FEATURES)), min_size=1, unique=True),
    }
)  # of StockData
