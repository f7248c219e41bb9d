"""A small assignment that is graded in the tests, honest answers to it, and notebooks with them."""

import json
import textwrap
from pathlib import Path

POINTS = {"scale": 2.0, "softmax": 3.0, "weighted": 4.0}  # of the questions that are not graded by people

CHECKS = """
import numpy as np

from course_utils.assignments import Wrong, question

BY_HAND = {"explain": 1}


def scale(X, factor):
    return factor * X  # (n, d)


def softmax(X):
    E = np.exp(X - X.real.max(axis=1, keepdims=True))  # (n, d)
    return E / E.sum(axis=1, keepdims=True)  # (n, d)


def over_columns(X):
    return softmax(X.T).T  # (n, d)


def weighted(X, S):
    return (X * softmax(S)).sum(axis=1)  # (n,)


@question({"value": 1, "gradient": 1}, reference=scale, explained="chapter 00")
def check_scale(student, rng):
    X = rng.normal(size=(2, 3))
    yield "value", student.call("scale", X, 2.5)
    yield "gradient", student.gradient("scale", X, 2.5, wrt=0, weights=rng.normal(size=(2, 3)))


@question(
    {"rows": 2, "large": 1},
    reference=softmax,
    explained="chapter 00",
    wrong=[Wrong("columns", over_columns, "These are shares of a column, not of a row.", keeps=0.5)],
    forbids=("torch.softmax", "torch.nn.functional.softmax", "torch.nn.Softmax", "tensorflow.nn.softmax"),
)
def check_softmax(student, rng):
    yield "rows", student.call("softmax", rng.normal(size=(3, 4)))
    yield "large", student.call("softmax", 1000 + rng.normal(size=(2, 5)))


@question({"value": 4}, reference=weighted, explained="chapter 00", needs=("softmax",))
def check_weighted(student, rng):
    yield "value", student.call("weighted", rng.normal(size=(4, 3)), rng.normal(size=(4, 3)))
"""

SETUP = {
    name: f"import numpy as np\nimport {module}\n\n"
    f"from course_utils.assignments import Checker\n\ncheck = Checker('{name}')"
    for name, module in (("torch", "torch"), ("tensorflow", "tensorflow as tf"))
}
STUBS = {
    name: f'def {name}({arguments}):\n    """{text}"""\n    # YOUR CODE HERE\n    raise NotImplementedError()'
    for name, arguments, text in (
        ("scale", "X, factor", "X (n, d) times a number."),
        ("softmax", "X", "Shares of each row of X (n, d)."),
        ("weighted", "X, S", "Sums of the rows of X (n, d) by the shares of S (n, d)."),
    )
}
HONEST = {
    "torch": {
        "scale": "def scale(X, factor):\n    return factor * X  # (n, d)",
        "softmax": "def softmax(X):\n    E = torch.exp(X - X.max(1, keepdim=True).values)  # (n, d)\n"
        "    return E / E.sum(1, keepdim=True)  # (n, d)",
        "weighted": "def weighted(X, S):\n    return (X * softmax(S)).sum(1)  # (n,)",
    },
    "tensorflow": {
        "scale": "def scale(X, factor):\n    return factor * X  # (n, d)",
        "softmax": "def softmax(X):\n    E = tf.exp(X - tf.reduce_max(X, 1, keepdims=True))  # (n, d)\n"
        "    return E / tf.reduce_sum(E, 1, keepdims=True)  # (n, d)",
        "weighted": "def weighted(X, S):\n    return tf.reduce_sum(X * softmax(S), 1)  # (n,)",
    },
}


def cell(kind, source, cell_id, **marks):
    """A cell in the notebook format; `marks` are nbgrader's."""
    metadata = {"nbgrader": {"schema_version": 3, "locked": False, "solution": False, "grade": False, **marks}}
    whole = {"cell_type": kind, "id": cell_id, "metadata": metadata if marks else {}, "source": source}
    return whole | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def notebook(framework="torch", answers=None, words="Write here."):
    """A notebook of the assignment; answers that are not given are as handed out."""
    cells = [
        cell("markdown", f"# Toy, in {framework}", "title"),
        cell("code", SETUP[framework], "setup", grade_id="setup", locked=True),
    ]
    for name, stub in STUBS.items():
        source = (answers or {}).get(name, stub)
        cells += [
            cell("markdown", f"## Write {name}", f"{name}_text"),
            cell("code", source, f"{name}_answer", grade_id=f"{name}_answer", solution=True),
            cell("code", f'check("{name}", {name})', name, grade_id=name, grade=True, locked=True, points=POINTS[name]),
        ]
    cells.append(cell("markdown", words, "explain", grade_id="explain", grade=True, solution=True, points=1))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells}


def as_bytes(whole):
    """A notebook as it stands in a file."""
    return json.dumps(whole).encode()


def honest(framework="torch", **changed):
    """All answers right but for those given; their common indentation is taken off."""
    changed = {name: textwrap.dedent(source).strip() for name, source in changed.items()}
    return notebook(framework, HONEST[framework] | changed)


def write_assignment(root: Path):
    """Write the assignment, masters and students' version, below a folder; returns the masters' folder."""
    masters, handed_out = root / "solutions" / "toy", root / "assignments" / "toy"
    for folder in (masters, handed_out):
        folder.mkdir(parents=True)
    (masters / "tests.py").write_text(CHECKS, encoding="utf-8")
    for framework in SETUP:
        (masters / f"{framework}.ipynb").write_bytes(as_bytes(honest(framework)))
        (handed_out / f"{framework}.ipynb").write_bytes(as_bytes(notebook(framework)))
    return masters
