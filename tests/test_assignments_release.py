"""The students' copy of the course, in one framework or both: what it lacks, and that what is left works."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from fnmatch import fnmatch
from typing import get_args
from urllib.parse import unquote

import nbformat
import pytest
from assignment_helpers import MASTERS, ROOT, under_version_control
from clocks import HANG_SECONDS
from data_helpers import says

from course_utils.assignments import AssignmentError
from course_utils.workshop import checks, reading, views
from course_utils.workshop.releasing import LEFT_OUT, OF_BOTH, release

OTHER = {"torch": "tensorflow", "tensorflow": "torch"}


@pytest.fixture(scope="module", params=get_args(views.View))
def view(request):
    return request.param


@pytest.fixture(scope="module")
def released(tmp_path_factory, view):
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
    release(root, folder, view)
    return folder


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_students_get_nothing_of_the_solutions(released, view):
    names = [str(path.relative_to(released)) for path in files(released)]
    assert not [name for name in names if re.search(r"solutions|instructors|attacks|nbgrader_config|test_assign", name)]
    assert {"README.md", "Makefile", "chapters/03_gru.ipynb", "course_utils/assignments/checking.py"} <= {*names}
    assert {f"assignments/{name}/{side}.ipynb" for name in MASTERS for side in views.sides(view)} <= {*names}
    secret = {hashlib.sha256(path.read_bytes()).digest() for path in files(ROOT / "solutions")}
    assert not [path for path in files(released) if hashlib.sha256(path.read_bytes()).digest() in secret]
    marks = re.compile(r"BEGIN SOLUTION|END SOLUTION|def check_\w+\(student, rng\)")
    assert not [path for path in files(released / "assignments") if marks.search(path.read_text("utf-8", "replace"))]
    assert all((ROOT / pattern).exists() for pattern in LEFT_OUT if "*" not in pattern and "grading" not in pattern)


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


def test_it_runs_from_a_clean_folder(released, view):
    """As a student opens it first: in a kernel of its own, nothing done yet."""
    [side, *_] = views.sides(view)
    pytest.importorskip(side, reason=f"{side} is not installed")
    name = next(iter(MASTERS))
    done = subprocess.run(
        [sys.executable, "-c", RUN, name, side], cwd=released, capture_output=True, text=True, timeout=HANG_SECONDS
    )
    assert done.returncode == 0, done.stderr
    asked = [question for question in MASTERS[name].questions if not question.manual]
    assert done.stdout.count("not done yet") == len(asked)
    assert "Error" not in done.stdout


def test_students_makefile_has_no_command_that_needs_what_is_left_out(released, view):
    text = (released / "Makefile").read_text("utf-8")
    assert not re.search(r"course assignments|student-release|grading|instructors", text)
    alone = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}  # of a `make -j test`
    done = subprocess.run(["make", "help"], cwd=released, capture_output=True, text=True, env=alone)
    assert done.returncode == 0 and "make run CH=02" in done.stdout and not done.stderr, done.stderr
    commands = {line.split()[0] for line in done.stdout.splitlines()[1:]}
    assert commands >= {"setup", "data", "lab", "run", "doctor", "clean"}
    assert ("test" in commands) == (view == "both")
    assert ("gpu" in commands) == (view != "torch")
    assert f"FRAMEWORK ?= {view}\n" in text
    others = {"torch": "tensorflow", "tensorflow": "torch"}
    assert view == "both" or others[view] not in done.stdout.lower()


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


def test_a_copy_in_one_framework_is_without_the_other(released, view):
    names = {str(path.relative_to(released)) for path in files(released)}
    assert {"course_utils/plotting.py", "pyproject.toml", "requirements.lock", "experiments/03_gru.py"} <= names
    if view == "both":
        assert {"tests/test_cells.py", "course_utils/torch/cells.py", "course_utils/tensorflow/cells.py"} <= names
        assert (released / "README.md").read_text("utf-8").count("<!-- both -->") > 0  # the source, as it is
        return
    other = OTHER[view]
    assert f"course_utils/{view}/cells.py" in names
    assert not [name for name in names if other in name or name.startswith("tests/")]
    readme = (released / "README.md").read_text("utf-8")
    assert not re.search({"torch": "PyTorch|torch", "tensorflow": "TensorFlow|tensorflow|Keras"}[other], readme)
    assert f"from course_utils.{view} import RNN, RNNLM, Trainer, generate" in readme
    assert not re.search(r"make test|both frameworks|<!-- /?(both|torch|tensorflow)", readme)
    assert (".binder/requirements.txt" in names) == (view == "torch")
    assert f"\nARG FRAMEWORK={view}\n" in (released / "Dockerfile").read_text("utf-8")
    assert f'"FRAMEWORK": "{view}"' in (released / ".devcontainer/devcontainer.json").read_text("utf-8")
    for path in released.glob("chapters/*.ipynb"):
        tags = {tag for cell in checks.read(path).notebook.cells for tag in cell.metadata.get("tags", [])}
        assert other not in tags, path.name


def test_each_pattern_of_what_is_left_out_is_needed(released, view):
    if view == "both":
        return
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.splitlines()
    assert [pattern for pattern in OF_BOTH if not any(fnmatch(name, pattern) for name in tracked)] == []


def test_in_a_copy_nobody_has_worked_yet(released, view, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    opened = reading.open_folder(view, root=released)
    shutil.rmtree(released / "my_course")
    assert (opened.left, opened.newer) == ([], [])


def test_both_programs_of_the_readme_are_the_same():
    readme = (ROOT / "README.md").read_text("utf-8")
    programs = [re.search(r"```py(?:thon)?\n(.*?)```", views.of_text(readme, side), re.DOTALL)[1] for side in OTHER]
    assert programs[0].replace("torch", "tensorflow") == programs[1]
