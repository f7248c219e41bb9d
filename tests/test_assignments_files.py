"""Masters that are not in order, making the students' version, and the copy of the course that students get."""

import json
import shutil

import nbformat
import numpy as np
import pytest
from assignment_helpers import MASTERS, ROOT, under_version_control
from data_helpers import says
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from typer.testing import CliRunner

from course_utils import cli
from course_utils.assignments import AssignmentError, LocalStudent, load_assignment
from course_utils.workshop.building import build

CHECKS = """
from course_utils.assignments import Wrong, question

BY_HAND = {"why": 2, "open": 4}

def twice(x):
    return 2 * x

@question({"value": 3}, reference=twice, explained="chapter 00", needs=("once",), forbids=("torch.add",),
          wrong=[Wrong("thrice", lambda x: 3 * x, "That is thrice.")])
def check_twice(student, rng):
    yield "value", student.call("twice", rng.normal(size=3))
"""
ROLES = {
    "locked": {"locked": True},
    "answer": {"solution": True},
    "check": {"grade": True, "locked": True, "points": 3},
    "manual": {"grade": True, "solution": True, "points": 2},
    "task": {"task": True, "locked": True, "points": 4},
}


def cell(kind, grade_id, source, **more):
    marks = {"grade_id": grade_id, "schema_version": 3, "grade": False, "solution": False, "locked": False}
    make = new_markdown_cell if kind in ("manual", "task") else new_code_cell
    return make(source, id=grade_id, metadata={"nbgrader": {**marks, "task": False, **ROLES[kind], **more}})


SOLUTION = "def twice(x):\n    ### BEGIN SOLUTION\n    return x + x\n    ### END SOLUTION"


def toy(root, checks=CHECKS, one=(), other=(), leave_out=()):
    """A small assignment in a folder like the project's; `one` and `other` replace cells of a notebook."""
    folder = root / "solutions/a0_toy"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    (folder / "tests.py").write_text(checks, "utf-8")
    for framework, changed in {"torch": one, "tensorflow": other}.items():
        cells = {
            "setup": cell("locked", "setup", "scale = 2"),
            "twice_answer": cell("answer", "twice_answer", SOLUTION),
            "twice": cell("check", "twice", "check('twice', twice)"),
            "why": cell("manual", "why", "Because. Two is the model's answer here."),
            "open": cell("task", "open", "Ask.\n### BEGIN MARK SCHEME\n- 4: all of it\n### END MARK SCHEME"),
            **dict(changed),
        }
        cells["setup"].outputs = [nbformat.v4.new_output("stream", text="a path")]
        cells["setup"].execution_count = 7
        cells["setup"].metadata["collapsed"] = True
        metadata = {"kernelspec": {"name": "python3", "display_name": "P", "language": "python"}, "authors": ["me"]}
        metadata["language_info"] = {"name": "python", "version": "3.99"}
        nbformat.write(
            new_notebook(cells=[*filter(None, cells.values())], metadata=metadata), folder / f"{framework}.ipynb"
        )
    for name in leave_out:
        (folder / name).unlink()
    return folder


def test_an_assignment_is_read(tmp_path):
    twice, why, task = load_assignment(toy(tmp_path)).questions
    assert (twice.id, twice.points, twice.answers, twice.provides) == ("twice", 3, ("twice_answer",), ("twice",))
    assert (twice.needs, twice.forbids, twice.manual) == (("once",), ("torch.add",), False)
    assert twice.check(LocalStudent({"twice": lambda x: x + x}, "numpy"), np.random.default_rng(0)).points == 3
    assert [(q.id, q.points, q.answers, q.manual) for q in (why, task)] == [
        ("why", 2, ("why",), True),
        ("open", 4, (), True),
    ]
    with pytest.raises(TypeError, match="why is graded by hand"):
        why.check(None, None)


DISORDER = {
    "different": ({"other": [("why", cell("task", "why", ""))]}, "do not ask the same: compare why and why"),
    "more": ({"other": [("open", None)], "one": []}, "do not ask the same: compare their last questions"),
    "no points": ({"one": [("more", cell("task", "more", ""))]}, "does not say how many points more has"),
    "points for nothing": (
        {"checks": CHECKS.replace('"open"', '"opened": 4, "open"')},
        "no cell has the grade id opened",
    ),
    "no check": ({"checks": CHECKS.replace("check_twice", "check_thrice")}, "tests.py has no check_twice"),
    "no cell": (
        {"one": [("twice", None)], "other": [("twice", None)]},
        "the answer twice_answer has no check below it",
    ),
    "no cell at all": (
        {side: [("twice", None), ("twice_answer", None)] for side in ("one", "other")},
        "no cell has the grade id of check_twice",
    ),
    "another name": (
        {"one": [("twice_answer", cell("answer", "twice_answer", "def double(x):\n    return 2 * x"))]},
        "no answer above the check twice defines twice",
    ),
    "no notebook": ({"leave_out": ["tensorflow.ipynb"]}, "tensorflow.ipynb is missing or no notebook"),
    "no tests": ({"leave_out": ["tests.py"]}, "tests.py cannot be read"),
}


@pytest.mark.parametrize("disorder", DISORDER)
def test_what_is_not_in_order_is_said(tmp_path, disorder):
    changes, said = DISORDER[disorder]
    with pytest.raises(AssignmentError) as error:
        load_assignment(toy(tmp_path, **changes))
    says(error, said)


def test_students_get_no_answer_and_nothing_of_who_saved_it(tmp_path):
    toy(tmp_path)
    out = tmp_path / "assignments"
    (out / "a9_old").mkdir(parents=True)
    (out / "README.md").write_text("stays")
    assert build(tmp_path, out) == ["a0_toy"]
    assert {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()} == {
        "README.md",
        *(f"a0_toy/{name}" for name in ("torch.ipynb", "tensorflow.ipynb", "checks/twice.json", "checks/twice.npz")),
        *(f"a0_toy/checks/handed_out_{framework}.json" for framework in ("torch", "tensorflow")),
    }
    for framework in ("torch", "tensorflow"):
        kept = out / "a0_toy" / "checks" / f"handed_out_{framework}.json"
        assert kept.read_bytes() == (out / "a0_toy" / f"{framework}.ipynb").read_bytes()
    text = (out / "a0_toy/torch.ipynb").read_text("utf-8")
    for word in (
        "x + x",
        "model's answer",
        "all of it",
        "a path",
        "3.99",
        "authors",
        "collapsed",
        '"execution_count": 7',
    ):
        assert word not in text
    stored = json.loads((out / "a0_toy/checks/twice.json").read_text("utf-8"))
    assert "That is thrice." in str(stored)
    assert not (tmp_path / "grading").exists(), "no gradebook is made"


def test_points_stand_in_one_place(tmp_path):
    title = new_markdown_cell("# Toy\n\n**Time:** short. **Points:** 1. More.", id="title")
    text = new_markdown_cell("## 1. Twice (1 points)\n\nFor one point (1 points).", id="text")
    folder = toy(tmp_path)
    path = folder / "torch.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[:0] = [title, text]
    nbformat.write(notebook, path)
    (folder / "tests.py").write_text(
        CHECKS.replace('"value": 3', '"value": 3.5').replace('"why": 2', '"why": 1'), "utf-8"
    )
    build(tmp_path, tmp_path / "out")
    for made in (path, tmp_path / "out/a0_toy/torch.ipynb"):
        found = nbformat.read(made, as_version=4).cells
        assert "**Points:** 8.5. More" in found[0].source
        assert found[1].source == "## 1. Twice (8.5 points)\n\nFor one point (1 points)."
        assert {
            c.metadata.nbgrader.grade_id: c.metadata.nbgrader.points
            for c in found
            if "points" in c.metadata.get("nbgrader", {})
        } == {"twice": 3.5, "why": 1, "open": 4}
    before = path.read_bytes()
    build(tmp_path, tmp_path / "out")
    assert path.read_bytes() == before


def test_a_master_that_is_not_finished_stops_the_making(tmp_path):
    lost = cell("answer", "twice_answer", SOLUTION.replace("    ### END SOLUTION", ""))
    toy(tmp_path, one=[("twice_answer", lost)])
    out = tmp_path / "assignments"
    (out / "a0_toy").mkdir(parents=True)
    (out / "a0_toy/kept.txt").touch()
    with pytest.raises(AssignmentError, match="nbgrader does not take a master: No end solution statement found"):
        build(tmp_path, out)
    assert [path.name for path in out.rglob("*")] == ["a0_toy", "kept.txt"]
    with pytest.raises(AssignmentError, match="only the instructors' copy has them"):
        build(tmp_path / "nowhere", out)


@pytest.mark.parametrize("name", MASTERS)
def test_the_course_is_imported_before_tensorflow(name):
    """Else TensorFlow writes lines about the machine above the student's first cell: see course_utils/__init__.py."""
    cells = nbformat.read(ROOT / "assignments" / name / "tensorflow.ipynb", as_version=4).cells
    importing = [each.source for each in cells if each.cell_type == "code" and "import " in each.source]
    assert importing[0].startswith("from course_utils import") and "tensorflow" in importing[1]


def test_the_commands(tmp_path, monkeypatch):
    toy(tmp_path)
    monkeypatch.setattr(cli, "ROOT", tmp_path)
    done = CliRunner().invoke(cli.app, ["assignments"])
    assert (done.exit_code, done.output) == (0, "assignments/a0_toy\n")
    done = CliRunner().invoke(cli.app, ["student-release", str(tmp_path / "solutions")])
    assert (done.exit_code, done.output.count("\n")) == (1, 1)
    assert "[FAIL]" in done.output
    under_version_control(tmp_path)
    done = CliRunner().invoke(cli.app, ["student-release", str(tmp_path / "out")])
    assert done.output == f"{tmp_path / 'out'}: 6 files\n"
