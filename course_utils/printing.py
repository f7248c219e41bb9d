"""Numbers as they are printed: rounded to what is stable from run to run, a line for each run."""

import json
import os

import numpy as np


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
