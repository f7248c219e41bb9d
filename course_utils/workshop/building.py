"""The students' version of the assignments, made from the masters: notebooks by nbgrader, and cases to check with."""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

from course_utils import files
from course_utils.assignments import recording
from course_utils.assignments.errors import AssignmentError
from course_utils.assignments.loading import FRAMEWORKS, Assignment, load_assignment
from course_utils.assignments.released import HANDED_OUT

_KEPT_OF_NOTEBOOK = ("kernelspec", "language_info")
_KEPT_OF_CELL = ("nbgrader", "deletable", "editable", "tags")


def build(root: Path, out: Path) -> list[str]:
    """Write `out`/aN_topic for every master in `root`/solutions, as it is for students; older ones are replaced.

    Args:
        root: the folder with nbgrader_config.py and solutions/.
        out: the folder for the assignments; other files in it stay.

    The masters' notebooks are given the points that their tests.py has.

    Returns: the assignments' names.

    Raises:
        AssignmentError: a master is not in order, or nbgrader does not take it. `out` stays as it was.
    """
    masters = find_masters(root)
    for master in masters:
        _write_points(master)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".made-") as folder:
        made = Path(folder)
        _generate(root, made)
        for master in masters:
            _tidy(made / master.name)
            for question in master.questions:
                if question.declared is not None:
                    recording.write(recording.record(question.declared), made / master.name / "checks")
            for framework in FRAMEWORKS:  # students work in the notebook itself, and their check compares with it
                released = (made / master.name / f"{framework}.ipynb").read_bytes()
                (made / master.name / "checks" / HANDED_OUT.format(framework=framework)).write_bytes(released)
        for old in out.glob("a[0-9]*_*"):
            old.replace(made / f"old-{old.name}")  # goes with `made`; moving takes no time to be interrupted in
        for master in masters:
            (made / master.name).replace(out / master.name)
    return [master.name for master in masters]


def find_masters(root: Path) -> list[Assignment]:
    """All assignments in `root`/solutions."""
    folders = sorted(path.parent for path in (root / "solutions").glob("*/tests.py"))
    if not folders:
        raise AssignmentError(f"There are no masters in {root / 'solutions'}: only the instructors' copy has them.")
    return [load_assignment(folder) for folder in folders]


def _write_points(master: Assignment) -> None:
    """Have both notebooks say the points that tests.py gives: for nbgrader, in the headings and at the beginning."""
    points = {question.id: question.points for question in master.questions}
    for framework in FRAMEWORKS:
        path = master.notebook(framework)
        before = path.read_text(encoding="utf-8")
        notebook = json.loads(before)
        _say(notebook["cells"][0], r"(\*\*Points:\*\* )[\d.]+(\.)", sum(points.values()))
        heading, below = None, 0.0
        for cell in notebook["cells"]:
            if "".join(cell["source"]).startswith("## "):
                heading, below = cell, 0.0
            marks = cell["metadata"].get("nbgrader", {})
            if heading and (worth := points.get(marks.get("grade_id"))) is not None:
                below += worth
                marks["points"] = int(worth) if worth.is_integer() else worth
                _say(heading, r"^(## .*\()[\d.]+( points\))$", below)
        after = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
        if after != before:
            files.write(path, after)


def _say(cell: dict, pattern: str, points: float) -> None:
    """Put the points between the two groups of the pattern, at its first place in a text cell."""
    text = re.sub(
        pattern, lambda found: f"{found[1]}{points:g}{found[2]}", "".join(cell["source"]), count=1, flags=re.M
    )
    cell["source"] = text.splitlines(keepends=True)


def _generate(root: Path, made: Path) -> None:
    """Have nbgrader take solutions and mark schemes out of all masters."""
    options = ["--force", "--no-db", f"--CourseDirectory.root={root}", f"--CourseDirectory.release_directory={made}"]
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "*", *options]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode == 0:
        return
    if "No module named nbgrader" in done.stderr:
        raise AssignmentError("nbgrader is not installed: run `pip install nbgrader`, or `make setup`.")
    errors = [line.partition("ERROR] ")[2] for line in done.stderr.splitlines() if "ERROR] " in line]
    raise AssignmentError(f"nbgrader does not take a master: {' '.join(errors[:2]) or done.stderr[-300:]}")


def _tidy(folder: Path) -> None:
    """Leave in the notebooks what does not depend on who saved the master, and when."""
    for path in folder.glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        notebook.metadata = {key: notebook.metadata[key] for key in _KEPT_OF_NOTEBOOK if key in notebook.metadata}
        notebook.metadata["language_info"] = {"name": "python"}
        for cell in notebook.cells:
            cell.metadata = {key: cell.metadata[key] for key in _KEPT_OF_CELL if key in cell.metadata}
        path.write_text(nbformat.writes(nbformat.from_dict(notebook)) + "\n", encoding="utf-8")
