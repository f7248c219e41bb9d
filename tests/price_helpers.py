"""Prices made by chance, for the tests of stocks and forecasts."""

import numpy as np

from course_utils.datasets import stocks


def walk(n, seed=0):
    """A random walk: prices (n,)."""
    return 50 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0.001, 0.02, n)))


def made_prices(num_days=100, seed=0, module=stocks):
    """A random walk on weekdays, as `Prices` of `course_utils.datasets.stocks` or a mutant of it."""
    days = np.busday_offset("2001-01-01", np.arange(num_days), roll="forward")
    return module.Prices(days, walk(num_days, seed), "made.csv")


def near(found, expected):
    """The same numbers but for rounding."""
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
