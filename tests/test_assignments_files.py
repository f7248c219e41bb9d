"""Masters that are not in order, making the students' version, and the copy of the course that students get."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from urllib.parse import unquote

import nbformat
import numpy as np
import pytest
from assignment_helpers import MASTERS, ROOT
from clocks import HANG_SECONDS
from data_helpers import says
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from typer.testing import CliRunner

from course_utils import cli
from course_utils.assignments import AssignmentError, LocalStudent, load_assignment
from course_utils.workshop.building import build
from course_utils.workshop.releasing import LEFT_OUT, release

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


def under_version_control(root):
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", "-c", "core.autocrlf=false", *command], cwd=root, check=True, capture_output=True)


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """What students get of the course as it is here, committed or not."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    root, folder = tmp_path_factory.mktemp("instructors"), tmp_path_factory.mktemp("release") / "for students"
    known = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(known, cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("the files are not in a git repository")
    for name in listed.stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    under_version_control(root)
    release(root, folder)
    return folder


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_students_get_nothing_of_the_solutions(released):
    names = [str(path.relative_to(released)) for path in files(released)]
    assert not [name for name in names if re.search(r"solutions|instructors|attacks|nbgrader_config|test_assign", name)]
    assert {"README.md", "Makefile", "chapters/03_gru.ipynb", "course_utils/assignments/checking.py"} <= {*names}
    assert {f"assignments/{name}/{side}.ipynb" for name in MASTERS for side in ("torch", "tensorflow")} <= {*names}
    secret = {hashlib.sha256(path.read_bytes()).digest() for path in files(ROOT / "solutions")}
    assert not [path for path in files(released) if hashlib.sha256(path.read_bytes()).digest() in secret]
    marks = re.compile(r"BEGIN SOLUTION|END SOLUTION|def check_\w+\(student, rng\)")
    assert not [path for path in files(released / "assignments") if marks.search(path.read_text("utf-8", "replace"))]
    assert all((ROOT / pattern).exists() for pattern in LEFT_OUT if "*" not in pattern and "grading" not in pattern)


@pytest.mark.parametrize("name", MASTERS)
def test_the_course_is_imported_before_tensorflow(name):
    """Else TensorFlow writes lines about the machine above the student's first cell: see course_utils/__init__.py."""
    cells = nbformat.read(ROOT / "assignments" / name / "tensorflow.ipynb", as_version=4).cells
    importing = [each.source for each in cells if each.cell_type == "code" and "import " in each.source]
    assert importing[0].startswith("from course_utils import") and "tensorflow" in importing[1]


LINK = re.compile(r"\]\(\s*<?(?!https?:|mailto:|#|attachment:)([^)\s>#]+)")


def test_its_links_lead_somewhere(released):
    broken = []
    for path in files(released):
        if path.suffix == ".md":
            text = path.read_text("utf-8")
        elif path.suffix == ".ipynb":
            text = "\n".join(c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "markdown")
        else:
            continue
        targets = (unquote(target) for target in LINK.findall(text))
        broken += [f"{path.relative_to(released)}: {t}" for t in targets if not (path.parent / t).exists()]
    assert broken == []


RUN = """
import sys
import course_utils
from pathlib import Path
from course_utils.workshop import chapters

assert Path(course_utils.__file__).parents[1] == Path.cwd(), course_utils.__file__
path = Path("assignments") / sys.argv[1] / (sys.argv[2] + ".ipynb")
notebook = chapters.read(path)
with chapters.kernel(notebook, path.parent, PYTHONPATH=str(Path.cwd())) as client:
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            chapters.execute_cell(client, index)
print(*(out.get("text", "") for cell in notebook.cells for out in cell.get("outputs", [])))
"""


def test_it_runs_from_a_clean_folder(released):
    """As a student opens it first: in a kernel of its own, nothing done yet."""
    pytest.importorskip("torch", reason="torch is not installed")
    name = next(iter(MASTERS))
    done = subprocess.run(
        [sys.executable, "-c", RUN, name, "torch"], cwd=released, capture_output=True, text=True, timeout=HANG_SECONDS
    )
    assert done.returncode == 0, done.stderr
    asked = [question for question in MASTERS[name].questions if not question.manual]
    assert done.stdout.count("not done yet") == len(asked)
    assert "Error" not in done.stdout


def test_students_makefile_has_no_command_that_needs_what_is_left_out(released):
    text = (released / "Makefile").read_text("utf-8")
    assert not re.search(r"course assignments|student-release|grading|instructors", text)
    alone = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}  # of a `make -j test`
    done = subprocess.run(["make", "help"], cwd=released, capture_output=True, text=True, env=alone)
    assert done.returncode == 0 and "make run CH=02" in done.stdout and not done.stderr, done.stderr


def test_what_is_for_instructors_is_left_out_and_nothing_is_overwritten(tmp_path):
    root = tmp_path / "course"
    root.mkdir()
    said = "for all\n<!-- instructors -->\n[how](docs/instructors.md)\n<!-- /instructors -->\nfor all too\n"
    tracked = ("README.md", "docs/instructors.md", "solutions/a0/tests.py", "kept/solutions.py", "grading/marks.csv")
    for name in tracked:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(said, "utf-8")
    with pytest.raises(AssignmentError, match="git does not know the files"):
        release(root, tmp_path / "out")
    with pytest.MonkeyPatch.context() as patch, pytest.raises(AssignmentError, match="git is not installed"):
        patch.setenv("PATH", "")
        release(root, tmp_path / "out")
    under_version_control(root)
    (root / "class_list.csv").write_text("a name")  # lies beside, and git does not know it
    assert release(root, tmp_path / "new/out.zip") == 2
    with zipfile.ZipFile(tmp_path / "new/out.zip") as stored:
        names = {name for name in stored.namelist() if not name.endswith("/")}
        assert names == {"README.md", "kept/solutions.py"}
        assert stored.read("README.md").decode() == "for all\nfor all too\n"
    for target in (tmp_path / "new/out.zip", root):
        with pytest.raises(AssignmentError) as error:
            release(root, target)
        says(error, f"{target} is there already")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["out.zip"]


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
