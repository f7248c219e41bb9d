"""What a kernel has used: it imports this itself, since no system tells the like of another process everywhere."""

import os
import re
import resource
import sys
from pathlib import Path

ASKED = f"list(__import__({__name__!r}, fromlist=['used']).used())"
"""The expression that a kernel is asked for; `used` is what it gives."""


def used() -> tuple[float, float]:
    """What this process has used so far.

    Returns:
        Processor seconds, those of child processes that it has waited for among them, which neither sleep nor busy
        neighbours add to; and the most memory that the process itself ever held, in GB.

    >>> seconds, memory = used()
    >>> seconds > 0, 0.001 < memory < 100
    (True, True)
    """
    return sum(os.times()[:4]), _peak() / 1e9


def _peak() -> int:
    """In bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux: what `getrusage` tells there is not less than what the parent held at the start
        return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text("ascii"))[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
