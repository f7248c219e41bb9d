"""Runs that are the same each time: seeds, the device by default, threads, and the versions that made a result.

A framework makes its own seeding known by `on_seed` when `course_utils.torch` or `course_utils.tensorflow` is
imported; this module knows no framework. Chapters also find here how they print, compare and time their results.
"""

import os
import platform
import random
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from course_utils.comparing import check_equal, largest_difference
from course_utils.errors import check_whole
from course_utils.printing import digits, show
from course_utils.timing import milliseconds

__all__ = [
    "THREAD_VARIABLES",
    "check_equal",
    "device_name",
    "digits",
    "largest_difference",
    "milliseconds",
    "on_seed",
    "seed_everything",
    "show",
    "versions",
]

LIBRARIES = ("keras", "numpy", "tensorflow", "tensorflow-cpu", "torch")
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
"""What tells NumPy, PyTorch and TensorFlow how many threads to use."""

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


def versions() -> dict[str, str]:
    """The versions of Python and of the libraries that compute, builds not told apart ("2.13.0", not "2.13.0+cpu").

    >>> "+" in versions()["numpy"]
    False
    """
    found = {"python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library).partition("+")[0]
        except PackageNotFoundError:
            continue
    return found
