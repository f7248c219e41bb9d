"""How tests wait: the clock has a say only in what may hang, with a bound that no busy machine reaches."""

import time

HANG_SECONDS = 600


def wait_until(happened, what):
    """Ask again and again until `happened()` is true, and return what it gave; AssertionError if it never is."""
    deadline = time.monotonic() + HANG_SECONDS
    while not (found := happened()):
        assert time.monotonic() < deadline, f"{what}: not within {HANG_SECONDS} s"
        time.sleep(0.02)
    return found
