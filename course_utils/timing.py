"""How long something takes."""

import time
from collections.abc import Callable


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
