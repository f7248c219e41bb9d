"""Outputs that are the same at each run: seeds, the device by default, numbers rounded to what is stable.

A framework makes its own seeding known by `on_seed` when `course_utils.torch` or `course_utils.tensorflow` is
imported; this module knows no framework.
"""

import json
import os
import random
import time
from collections.abc import Callable

import numpy as np

_seeders: list[Callable[[int], None]] = []
_seed: int | None = None


def on_seed(seeder: Callable[[int], None]) -> None:
    """Have `seeder(seed)` called at each `seed_everything`, and at once if that was called before."""
    _seeders.append(seeder)
    if _seed is not None:
        seeder(_seed)


def seed_everything(seed: int = 0) -> None:
    """Seed Python, NumPy and each framework of the course, those imported later too.

    >>> seed_everything(1); a = np.random.rand(); seed_everything(1); a == np.random.rand()
    True
    """
    global _seed
    _seed = seed
    random.seed(seed)
    np.random.seed(seed)
    for seeder in _seeders:
        seeder(seed)


def device_name() -> str:
    """The device the course computes on: $DEVICE, "cpu" (the default), "cuda" or "auto" (a GPU where there is one)."""
    name = os.environ.get("DEVICE", "cpu").lower()
    if name not in ("cpu", "cuda", "auto"):
        raise ValueError(
            f"DEVICE is {name!r}, expected cpu, cuda or auto: set the environment variable to one of them."
        )
    return name


def digits(value: float, significant: int = 4) -> str:
    """`value` with so many significant digits at least, without an exponent where it is of everyday size.

    An int has no point and a float always has one, so that a reader, and the tests, can tell a count from a measure.

    >>> digits(4.15678), digits(0.000123456), digits(2_500_000), digits(12.0), digits(1234.56)
    ('4.157', '0.0001235', '2,500,000', '12.00', '1234.6')
    """
    if isinstance(value, (int, np.integer)):
        return f"{int(value):,}"
    if value != 0 and not 1e-4 <= abs(value) < 1e5:
        return f"{value:.{significant - 1}e}"
    return f"{value:.{max(1, significant - 4)}f}" if abs(value) >= 1000 else f"{value:#.{significant}g}"


def show(run: str, framework: str = "", **metrics: float) -> None:
    """Print one line of metrics, four significant digits each (a unit in the last place is within CI's tolerance).

    Args:
        run: a short name of what was run, such as "nn.RNN 128".
        framework: "torch", "tensorflow", or nothing for NumPy.
        metrics: name → float or int; underscores are printed as spaces.

    When the environment variable COURSE_METRICS names a file, the line is added to it as JSON, unrounded.

    >>> show("uniform guess", perplexity=28.0, tokens=1000)
    uniform guess | perplexity 28.00 | tokens 1,000
    """
    name = f"{framework}: {run}" if framework else run
    print(" | ".join([name, *(f"{key.replace('_', ' ')} {digits(value)}" for key, value in metrics.items())]))
    if path := os.environ.get("COURSE_METRICS"):
        record = {"run": run, "framework": framework, "metrics": {k: float(v) for k, v in metrics.items()}}
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


def check_equal(what: str, actual, expected, tolerance: float = 1e-5) -> None:
    """Print that two results are equal, or raise AssertionError with the largest difference and where it is.

    Args:
        what: what is compared, for the message.
        actual, expected: arrays (anything `np.asarray` takes) of one shape, or two dicts of such arrays.
        tolerance: the largest difference allowed, relative to 1 or to the largest expected value, if that is larger.

    >>> check_equal("a sum", np.ones(3) + 1e-9, np.ones(3))
    a sum: equal within 1e-05
    >>> check_equal("a sum", np.array([1.0, 2.5]), np.array([1.0, 2.0]))
    Traceback (most recent call last):
    AssertionError: a sum: differs by 0.5 at (1,), where 2.5 came and 2.0 was expected.
    """
    if isinstance(expected, dict):
        if actual.keys() != expected.keys():
            raise AssertionError(f"{what}: the names are {sorted(actual)}, expected {sorted(expected)}.")
        for name in expected:
            _raise_if_different(f"{what}, {name}", actual[name], expected[name], tolerance)
    else:
        _raise_if_different(what, actual, expected, tolerance)
    print(f"{what}: equal within {tolerance:g}")


def largest_difference(actual, expected) -> float:
    """The largest absolute difference between two results: arrays of one shape, or two dicts of such arrays.

    >>> largest_difference({"b": np.zeros(2)}, {"b": np.array([0.5, -2.0])})
    2.0
    """
    if isinstance(expected, dict):
        if actual.keys() != expected.keys():
            raise ValueError(f"The names are {sorted(actual)}, expected {sorted(expected)}.")
        return max(largest_difference(actual[name], expected[name]) for name in expected)
    a, e = np.asarray(actual, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    if a.shape != e.shape:
        raise ValueError(f"The shape is {a.shape}, expected {e.shape}.")
    return float(np.abs(a - e).max(initial=0))


def milliseconds(run: Callable[[], object], repeats: int = 10) -> float:
    """How long a call of `run()` takes on average, the first one, in which graphs are made, left out.

    >>> milliseconds(lambda: None) < 1000
    True
    """
    run()
    start = time.perf_counter()
    for _ in range(repeats):
        run()
    return 1000 * (time.perf_counter() - start) / repeats


def _raise_if_different(what: str, actual, expected, tolerance: float) -> None:
    a, e = np.asarray(actual, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    if a.shape != e.shape:
        raise AssertionError(f"{what}: the shape is {a.shape}, expected {e.shape}.")
    difference = np.abs(a - e)
    if a.size and not difference.max() <= tolerance * max(1.0, np.abs(e).max()):  # "not <=" lets no NaN pass
        where = tuple(int(i) for i in np.unravel_index(np.argmax(np.nan_to_num(difference, nan=np.inf)), a.shape))
        raise AssertionError(
            f"{what}: differs by {difference[where]:.3g} at {where}, where {a[where]} came and {e[where]} was expected."
        )
