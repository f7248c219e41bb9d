"""Runs that are the same each time: seeds, and the device by default.

A framework makes its own seeding known by `on_seed` when `course_utils.torch` or `course_utils.tensorflow` is
imported; this module knows no framework. Chapters also find here how they print, compare and time their results.
"""

import os
import random
from collections.abc import Callable

import numpy as np

from course_utils.comparing import check_equal, largest_difference
from course_utils.errors import check_whole
from course_utils.printing import digits, show
from course_utils.timing import milliseconds

__all__ = [
    "check_equal",
    "device_name",
    "digits",
    "largest_difference",
    "milliseconds",
    "on_seed",
    "seed_everything",
    "show",
]

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
    check_whole(0, seed=seed)
    if seed >= 2**32:
        raise ValueError(f"seed is {seed}, expected 0 to {2**32 - 1}: NumPy's own generator takes no greater one.")
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
