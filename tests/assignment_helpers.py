"""What the tests of the assignments share: the masters, their notebooks' cells, and running them in this process."""

import contextlib
import functools
import io
import os
import subprocess
from pathlib import Path

import nbformat

from course_utils.assignments import LocalStudent
from course_utils.assignments.loading import role
from course_utils.workshop.building import find_masters

ROOT = Path(os.environ.get("COURSE_MASTERS", Path(__file__).resolve().parent.parent))  # a folder of `course variant`
RELEASED = ROOT / "assignments"
MASTERS = {master.name: master for master in find_masters(ROOT)}
STUB = ("# YOUR CODE HERE", "raise NotImplementedError()")
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


def cells(path, *roles):
    """The notebook's cells of these roles, all without any."""
    notebook = nbformat.read(path, as_version=4)
    return [cell for cell in notebook.cells if not roles or role(cell) in roles]


def run(path):
    """Execute a notebook's code cells in its folder; the names they define, and what was printed."""
    namespace, printed = {"__name__": "__main__"}, io.StringIO()
    before = os.getcwd()
    os.chdir(path.parent)
    try:
        with contextlib.redirect_stdout(printed):
            for cell in cells(path):
                if cell.cell_type == "code":
                    exec(compile(cell.source, f"<{cell.id}>", "exec"), namespace)
    finally:
        os.chdir(before)
    return namespace, printed.getvalue()


@functools.cache
def solved(name, framework):
    """The master, executed."""
    return run(MASTERS[name].notebook(framework))


@functools.cache
def untouched(name, framework):
    """The students' version, executed as it is handed out."""
    return run(RELEASED / name / f"{framework}.ipynb")


def student(namespace, framework):
    return LocalStudent(namespace, framework)


def questions(manual=False):
    """Each (assignment, question) that is graded by a check, or by people."""
    return [(master, q) for master in MASTERS.values() for q in master.questions if q.manual == manual]


def solutions(source):
    """The lines of a cell that only the master has."""
    inside, found = False, []
    for line in source.splitlines():
        if line.strip() in (BEGIN, END):
            inside = line.strip() == BEGIN
        elif inside:
            found.append(line)
    return found


def under_version_control(root):
    """Have git know all files of a folder."""
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", "-c", "core.autocrlf=false", *command], cwd=root, check=True, capture_output=True)
