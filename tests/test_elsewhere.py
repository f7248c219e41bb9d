"""What runs the course elsewhere: Binder, Codespaces, a container, and the notebooks for Colab."""

import json
import os
import re
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from packaging.specifiers import SpecifierSet
from test_packaging import PROJECT
from typer.testing import CliRunner

from course_utils.assignments.cells import ON_COLAB
from course_utils.cli import app
from course_utils.files import ROOT
from course_utils.repro import THREAD_VARIABLES
from course_utils.workshop import chapters, colab

BINDER = ROOT / ".binder"
REPOSITORY = "https://github.com/a/b"
MEMORY_GB = 1.0


def statements(path):
    """A Dockerfile's statements, in order: (name, what follows)."""
    text = re.sub(r"^#.*\n", "", path.read_text("utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    return [tuple(line.split(maxsplit=1)) for line in text.splitlines() if line.strip()]


DOCKERFILE = statements(ROOT / "Dockerfile")
STAGES = {what.split()[2]: what.split()[0] for name, what in DOCKERFILE if name == "FROM"}
USERS = [what for name, what in DOCKERFILE if name == "USER"]


def test_binder_has_pytorch_alone_in_the_versions_of_the_lock():
    lines = [line for line in (BINDER / "requirements.txt").read_text("utf-8").splitlines() if line[:1] != "#"]
    assert lines == ["-c ../requirements.lock", "-e .[torch]"]
    assert [line.partition(">")[0] for line in PROJECT["optional-dependencies"]["torch"]] == ["torch"]


def test_the_pythons_are_those_of_the_course():
    [base] = [base for base in STAGES.values() if base not in STAGES]
    versions = [(BINDER / "runtime.txt").read_text("utf-8").strip().partition("-")[2], re.findall(r"[\d.]+", base)[0]]
    assert all(SpecifierSet(PROJECT["requires-python"]).contains(f"{version}.1") for version in versions)


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_binders_scripts_can_be_run(name):
    script = BINDER / name
    assert os.access(script, os.X_OK)
    assert script.read_text("utf-8").startswith("#!/bin/bash\n")
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


def test_binder_has_one_thread_and_what_it_was_told_to_run():
    names = [name for name in THREAD_VARIABLES if not name.startswith("TF_")]
    show = f"import os; print([os.environ[name] for name in {names}])"
    done = subprocess.run([BINDER / "start", sys.executable, "-c", show], capture_output=True, text=True, check=True)
    assert done.stdout == f"{['1'] * len(names)}\n"


def test_a_chapter_has_room_on_binder():
    measured = json.loads((ROOT / "results/memory.json").read_text("utf-8"))
    unmeasured = {path.stem for path in chapters.find_chapters()} ^ measured["chapters"].keys()
    assert unmeasured == set(), "measure them: .venv/bin/python benchmarks/memory.py NN"
    assert {name: most for name, most in measured["chapters"].items() if most > MEMORY_GB} == {}


def test_the_container_runs_as_an_ordinary_user():
    assert set(USERS) == {"reader"}
    last = [name for name, _ in DOCKERFILE][::-1]
    assert "USER" in last[last.index("FROM") :]  # already in the stage that the last one builds on
    assert all(what.startswith("--chown=reader") for name, what in DOCKERFILE if name == "COPY")
    [command], [port] = ([what for name, what in DOCKERFILE if name == each] for each in ("CMD", "EXPOSE"))
    assert json.loads(command) == ["make", "lab", f"ARGS=--ip=0.0.0.0 --port={port} --no-browser"]
    assert not re.search(r"https?:|--(?:extra-)?index-url|allow-root|TOKEN", (ROOT / "Dockerfile").read_text("utf-8"))


def test_what_git_leaves_alone_does_not_get_into_the_container():
    ignored, known = (
        {
            line.strip("/").removeprefix("**/")
            for line in (ROOT / name).read_text("utf-8").split("\n")
            if line[:1] != "#"
        }
        for name in (".dockerignore", ".gitignore")
    )
    assert ignored - known == {".git"}
    assert known <= ignored


def test_a_codespace_is_the_same_machine():
    whole = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text("utf-8"))
    assert (ROOT / ".devcontainer" / whole["build"]["dockerfile"]).resolve() == ROOT / "Dockerfile"
    assert (whole["build"]["target"], whole["remoteUser"]) == (next(iter(STAGES)), USERS[0])
    assert whole["forwardPorts"] == [int(what) for name, what in DOCKERFILE if name == "EXPOSE"]
    command, target = whole["postCreateCommand"].split()
    assert command == "make"
    assert f"\n{target}: " in (ROOT / "Makefile").read_text("utf-8")


# Colab


@pytest.fixture
def course(tmp_path):
    """A course of one chapter and one assignment."""
    cells = [
        new_markdown_cell("# Dots\n\n![A dot](figures/dot.svg)"),
        *(new_code_cell(f"import {side}", metadata={"tags": [side]}) for side in ("torch", "tensorflow")),
    ]
    root = tmp_path / "course"
    (root / "chapters").mkdir(parents=True)
    nbformat.write(new_notebook(cells=cells), root / "chapters/01_dots.ipynb")
    (root / "assignments/a9_toy").mkdir(parents=True)
    for side in ("torch", "tensorflow"):
        asked = new_markdown_cell("# Toy\n\nSee [chapter 01](../../chapters/01_dots.ipynb).")
        nbformat.write(new_notebook(cells=[asked]), root / f"assignments/a9_toy/{side}.ipynb")
    return root


def test_each_reading_is_written_for_colab(course, tmp_path):
    assert colab.write(course, f"{REPOSITORY}.git/", tmp_path / "out") == 5
    names = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.ipynb")}
    assert names == {f"{view}/chapters/01_dots.ipynb" for view in ("both", "torch", "tensorflow")} | {
        f"{side}/assignments/a9_toy.ipynb" for side in ("torch", "tensorflow")
    }
    first, title, code = nbformat.read(tmp_path / "out/torch/chapters/01_dots.ipynb", as_version=4).cells
    assert f"{REPOSITORY} rnn-course" in first.source
    assert "checks" not in first.source
    assert f"({REPOSITORY}/raw/HEAD/chapters/figures/dot.svg)" in title.source
    assert code.source == "import torch"
    notebook = nbformat.read(tmp_path / "out/torch/assignments/a9_toy.ipynb", as_version=4)
    handed_out = nbformat.read(course / "assignments/a9_toy/torch.ipynb", as_version=4)
    assert "rnn-course/assignments/a9_toy/checks" in notebook.cells[0].source
    assert notebook.cells[1:] == handed_out.cells


@pytest.mark.parametrize("address", ["", "me/course", "https://host", "https://host/a/b; rm x", "https://host/a/$(b)"])
def test_an_address_that_is_none_is_refused(course, tmp_path, address):
    with pytest.raises(chapters.ChapterError, match="give its address"):
        colab.write(course, address, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_command_writes_all_of_the_course(tmp_path):
    arguments = ["colab", "--repository", REPOSITORY, "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, arguments)
    count = 3 * len(chapters.find_chapters()) + len(list((ROOT / "assignments").glob("a*/*.ipynb")))
    assert (done.exit_code, done.stdout) == (0, f"{tmp_path / 'out'}: {count} notebooks\n")
    again = CliRunner().invoke(app, arguments)
    assert (again.exit_code, "name a new one by --out" in again.stderr) == (1, True)


RECORD = '#!/bin/sh\necho "$(basename "$0") $*" >> log\nif [ $1 = clone ]; then mkdir -p {checks}; fi\n'
RUN = """
import sys
from types import ModuleType

if {on_colab}:
    sys.modules["google.colab"] = ModuleType("google.colab")
from IPython.core.interactiveshell import InteractiveShell

for _ in range(2):  # as after a restart
    InteractiveShell.instance().run_cell(sys.argv[1]).raise_error()
print(sys.path[-1])
"""


@pytest.mark.parametrize("on_colab", [True, False])
def test_the_first_cell_brings_course_and_checks_on_colab_only(tmp_path, on_colab):
    cell = ON_COLAB.format(repository=REPOSITORY, assignment="a2_gru")
    for name in ("git", "course"):
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).write_text(RECORD.format(checks="rnn-course/assignments/a2_gru/checks"))
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip/__init__.py").touch()
    (tmp_path / "pip/__main__.py").write_text('import sys\nprint("pip", *sys.argv[1:], file=open("log", "a"))\n')
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(on_colab=on_colab), cell],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    log = tmp_path / "log"
    assert (tmp_path / "checks").is_dir() == log.exists() == on_colab
    if on_colab:
        assert done.stdout.endswith(f"{tmp_path / 'rnn-course'}\n")
        brought = ["pip install --quiet --no-deps --editable rnn-course", "course data fetch"]
        assert log.read_text().splitlines() == [
            f"git clone --quiet --depth 1 {REPOSITORY} rnn-course",
            *brought,
            *brought,
        ]
    else:
        assert done.stdout.splitlines()[0] != str(tmp_path / "rnn-course")
