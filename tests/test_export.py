"""`course export`: one framework's cells are left, they need nothing of the other, and they run where it is absent.

Chapter 01 runs here; `COURSE_EXPORTS=all pytest tests/test_export.py -k alone` runs every chapter that way, in this
environment with the other framework hidden. `make test-single` has real environments, with one framework each.
"""

import ast
import json
import os
import re
import subprocess
import sys

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from typer.testing import CliRunner

from course_utils.cli import app
from course_utils.workshop import chapters, checks
from course_utils.workshop.chapters import ChapterError
from course_utils.workshop.export import export

PATHS = chapters.find_chapters()
OTHER = {"torch": "tensorflow", "tensorflow": "torch"}
PACKAGES = {"torch": ["torch"], "tensorflow": ["tensorflow", "keras"]}
NAMES = {"torch": {"torch", "ct", "nn"}, "tensorflow": {"tensorflow", "keras", "ctf", "tf"}}
IN_HEADINGS = {"torch": r"PyTorch|\bnn\.", "tensorflow": r"TensorFlow|Keras|\btf\."}
EXECUTED = PATHS if os.environ.get("COURSE_EXPORTS") == "all" else PATHS[:1]

both_sides = pytest.mark.parametrize("framework", OTHER)


def text(name, *tags, source=""):
    return new_markdown_cell(source or name, id=name, metadata={"tags": [*tags]} if tags else {})


def code(name, *tags, count):
    result = new_output("execute_result", data={"text/plain": name}, execution_count=count)
    return new_code_cell(name, id=name, metadata={"tags": [*tags]}, execution_count=count, outputs=[result])


def small_chapter():
    cells = [
        text("shared", source="![a dot](figures/dot.svg) and ![a line](figures/line.png)"),
        text("torch-text", "torch", source='<img alt="1" src="figures/only_torch.svg">'),
        code("torch-code", "torch", "trained", count=1),
        text("tensorflow-text", "tensorflow"),
        code("tensorflow-code", "nbval-ignore-output", "reason=x", "tensorflow", count=2),
        code("equal", "torch", "tensorflow", count=3),
        text("equal-text", "tensorflow", "torch"),
        code("last", "hide-input", count=4),
    ]
    return new_notebook(cells=cells, metadata={"course": {"budget_seconds": 9}})


@pytest.fixture
def chapter(tmp_path):
    """A chapter with its figures, one of which nothing shows."""
    (tmp_path / "chapters" / "figures").mkdir(parents=True)
    for name in ("dot.svg", "line.png", "only_torch.svg", "unused.svg"):
        (tmp_path / "chapters" / "figures" / name).write_bytes(name.encode() + b"\x00\xff")
    (tmp_path / "chapters" / "ruff.toml").touch()
    path = tmp_path / "chapters" / "02_small.ipynb"
    nbformat.write(small_chapter(), path)
    return path


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@both_sides
def test_the_other_side_is_left_out_and_the_rest_stays(chapter, tmp_path, framework):
    out = tmp_path / "new" / "folder"
    export([chapter], framework, out)
    left = nbformat.read(out / "02_small.ipynb", as_version=4)
    names = ["shared", f"{framework}-text", f"{framework}-code", "last"]
    assert [cell.id for cell in left.cells] == names
    before = {cell.id: cell for cell in small_chapter().cells}
    for kept in left.cells:
        assert (kept.source, kept.metadata) == (before[kept.id].source, before[kept.id].metadata)
    runs = chapters.code_cells(left)
    assert [(cell.execution_count, cell.outputs[0].execution_count) for cell in runs] == [(1, 1), (2, 2)]
    assert [cell.outputs[0].data["text/plain"] for cell in runs] == names[2:]
    assert left.metadata.course == {"budget_seconds": 9}


@both_sides
def test_the_figures_that_are_shown_come_along(chapter, tmp_path, framework):
    out = tmp_path / "out"
    out.mkdir()  # an empty folder is taken
    export([chapter], framework, out)
    shown = ["dot.svg", "line.png"] + ["only_torch.svg"] * (framework == "torch")
    pictures = {f"figures/{name}": name.encode() + b"\x00\xff" for name in shown}
    assert files(out).items() - {"02_small.ipynb": files(out)["02_small.ipynb"]}.items() == pictures.items()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chapters", "out"]
    assert out.stat().st_mode == chapter.parent.stat().st_mode


def test_a_second_export_gives_the_same(chapter, tmp_path):
    export([chapter], "torch", tmp_path / "a")
    export([tmp_path / "a" / chapter.name], "torch", tmp_path / "b")
    assert files(tmp_path / "a") == files(tmp_path / "b")


def refused(chapter, out, expected):
    before = files(out.parent)
    with pytest.raises(ChapterError, match=expected):
        export([chapter], "torch", out)
    assert files(out.parent) == before


def test_what_cannot_be_written_or_read_leaves_nothing(chapter, tmp_path):
    refused(chapter, chapter.parent, "chapters is there and not an empty folder: name a new one by --out")
    refused(chapter, chapter, "02_small.ipynb is there and not an empty folder")
    refused(chapter, chapter / "below", "below cannot be written: .*; name another folder by --out")
    (chapter.parent / "figures" / "line.png").unlink()
    refused(chapter, tmp_path / "out", "02_small.ipynb shows figures/line.png, which is not there")
    chapter.write_text("{")
    refused(chapter, tmp_path / "out", "no valid notebook")
    assert not (tmp_path / "out").exists()


def test_the_command(chapter, tmp_path, monkeypatch):
    find = chapters.find_chapters
    monkeypatch.setattr(chapters, "find_chapters", lambda names=None, folder=None: find(names, chapter.parent))

    def run(*arguments):
        return CliRunner().invoke(app, ["export", "--out", str(tmp_path / "out"), *arguments])

    assert run("--framework", "jax").exit_code == 2
    unknown = run("--framework", "torch", "7")
    assert (unknown.exit_code, unknown.stderr) == (
        1,
        "[FAIL] There is no chapter '7': the chapters are 02_small.\n",
    )
    assert not (tmp_path / "out").exists()
    done = run("--framework", "torch", "2")
    assert (done.exit_code, done.stdout) == (0, f"{tmp_path / 'out'}: 02_small.ipynb\n")
    assert "torch-code" in (tmp_path / "out" / "02_small.ipynb").read_text("utf-8")
    assert run("--framework", "torch").exit_code == 1


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Framework → the folder of its chapters."""
    folders = {framework: tmp_path_factory.mktemp("exported") / framework for framework in OTHER}
    for framework, folder in folders.items():
        export(PATHS, framework, folder)
    return folders


def undefined_names(*paths):
    """What ruff says of names that are used and defined nowhere, not even in an earlier cell."""
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", "F821"]
    done = subprocess.run([*command, "--output-format", "json", *map(str, paths)], capture_output=True, text=True)
    return [f"{found['filename']}, cell {found['cell']}: {found['message']}" for found in json.loads(done.stdout)]


def mentions(notebook, framework):
    """Where the code of a notebook imports a framework or speaks of it by one of its usual names."""
    found = []
    for cell in chapters.code_cells(notebook):
        for node in ast.walk(ast.parse(TransformerManager().transform_cell(cell.source))):
            names = [node.id] if isinstance(node, ast.Name) else []
            names += [part for alias in node.names for part in alias.name.split(".")] if is_import(node) else []
            names += node.module.split(".") if isinstance(node, ast.ImportFrom) and node.module else []
            found += [f"{cell.id}: {name}" for name in names if name in NAMES[framework]]
    return found


def is_import(node):
    return isinstance(node, (ast.Import, ast.ImportFrom))


def headings(notebook, framework):
    """The headings that name this framework and not the other one."""
    lines = [line for cell in notebook.cells if cell.cell_type == "markdown" for line in cell.source.splitlines()]
    return [
        line
        for line in lines
        if line.startswith("#")
        and re.search(IN_HEADINGS[framework], line)
        and not re.search(IN_HEADINGS[OTHER[framework]], line)
    ]


@both_sides
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_nothing_that_is_left_needs_the_other_framework(exported, path, framework):
    notebook = nbformat.read(exported[framework] / path.name, as_version=4)
    assert undefined_names(exported[framework] / path.name) == []
    assert mentions(notebook, OTHER[framework]) == []
    assert headings(notebook, OTHER[framework]) == []


@both_sides
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_what_is_left_is_still_a_good_chapter(exported, path, framework):
    chapter = checks.read(exported[framework] / path.name)
    names = "valid_format executed seeds_first images_in_text".split()
    assert [problem for name in names for problem in getattr(checks, name)(chapter)] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import keras", ["x: keras"]),
        ("import course_utils.tensorflow as mine", ["x: tensorflow"]),
        ("from course_utils.tensorflow import RNN", ["x: tensorflow"]),
        ("from course_utils import tensorflow as mine", ["x: tensorflow"]),
        ("%matplotlib inline\nX = ctf.RNN(7, 5)", ["x: ctf"]),
        ("def late():\n    return tf.zeros(3)", ["x: tf"]),
        ("import torch\nX = torch.tensor(X_tf)  # as tf does", []),
    ],
)
def test_a_mention_in_code_is_found(source, found):
    assert mentions(new_notebook(cells=[new_code_cell(source, id="x")]), "tensorflow") == found


def test_an_undefined_name_and_a_one_sided_heading_are_found(tmp_path):
    cells = [new_code_cell("a = 1"), new_code_cell("print(a, rnn_torch)")]
    cells += [new_markdown_cell(f"Text.\n## {title}") for title in ("`nn.RNN`", "PyTorch and TensorFlow", "Both")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "x.ipynb")
    [problem] = undefined_names(tmp_path / "x.ipynb")
    assert "cell 2: Undefined name `rnn_torch`" in problem
    assert headings(new_notebook(cells=cells), "torch") == ["## `nn.RNN`"]
    assert headings(new_notebook(cells=cells), "tensorflow") == []


HIDING = """
from importlib.machinery import PathFinder

find_spec = PathFinder.find_spec
PathFinder.find_spec = classmethod(
    lambda cls, name, *rest: None if name.partition(".")[0] in {hidden} else find_spec(name, *rest)
)
"""


@pytest.fixture
def hidden(tmp_path):
    """A function: a notebook and packages → pytest's exit code and report where no Python finds them, nor kernels."""

    def hide(notebook, *packages):
        (tmp_path / "sitecustomize.py").write_text(HIDING.format(hidden=packages), "utf-8")
        plugin = ["-p", "course_utils.workshop.nbval_plugin", "-p", "no:cacheprovider", "--nb-budget-factor=0"]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "--nbval", "-q", *plugin, notebook],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    return hide


@both_sides
@pytest.mark.parametrize("path", EXECUTED, ids=lambda path: path.stem)
def test_a_chapter_runs_alone_and_shows_what_is_stored(exported, hidden, path, framework):
    pytest.importorskip(framework, reason=f"{framework} is not installed")
    code, report = hidden(exported[framework] / path.name, *PACKAGES[OTHER[framework]])
    assert code == 0, report


@both_sides
def test_what_a_chapter_needs_may_be_missing(exported, hidden, monkeypatch, tmp_path, framework):
    pytest.importorskip(framework, reason=f"{framework} is not installed")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "no data"))
    code, report = hidden(exported[framework] / "14_from_d2l.ipynb", "d2l", *PACKAGES[OTHER[framework]])
    assert code == 0, report
    assert "skipped" in report


def test_alone_means_that_the_other_is_not_there(tmp_path, hidden):
    def run(source, said):
        outputs = [new_output("stream", name="stdout", text=said)]
        nbformat.write(new_notebook(cells=[new_code_cell(source, outputs=outputs)]), tmp_path / "a.ipynb")
        return hidden(tmp_path / "a.ipynb", "keras")

    code, report = run("try:\n    import keras\nexcept ImportError as no:\n    print(no)", "No module named 'keras'\n")
    assert code == 0, report
    code, report = run("import keras.layers", "")
    assert (code, "No module named 'keras'" in report) == (1, True)
