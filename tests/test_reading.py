"""The folder that a reader works in: of one framework, made once, never written over, and told of what is newer."""

import json
import re
import shutil
from contextlib import closing

import nbformat
import pytest
from nbformat.sign import NotebookNotary
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from typer.testing import CliRunner

from course_utils import cli
from course_utils.errors import CourseError
from course_utils.workshop import chapters, lab, reading, results
from course_utils.workshop.reading import Opened, open_folder
from course_utils.workshop.refresh import code_hash, normalised

STUB = "def f():\n    # YOUR CODE HERE\n    raise NotImplementedError()"


def chapter(said):
    cells = [
        new_markdown_cell(f"{said} ![a dot](figures/dot.svg)<!-- tensorflow --> as in Keras<!-- /tensorflow -->"),
        *(new_code_cell(f"{tag} = 1", metadata={"tags": [tag]}) for tag in ("torch", "tensorflow")),
    ]
    return normalised(new_notebook(cells=cells))


def question(source):
    return new_notebook(cells=[new_code_cell(source, id="q", metadata={"nbgrader": {"solution": True, "points": 3}})])


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A small course."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    root = tmp_path / "course"
    for name in ("chapters/figures", "chapters/.ipynb_checkpoints", "assignments/a1_x/checks", "results"):
        (root / name).mkdir(parents=True)
    for name in ("chapters/figures/dot.svg", "assignments/a1_x/checks/q.json", "chapters/ruff.toml"):
        (root / name).write_text("a file")
    (root / "assignments/README.md").write_text("one<!-- both --> of two<!-- /both -->\n")
    nbformat.write(chapter("first"), root / "chapters/01_x.ipynb")
    nbformat.write(chapter("kept"), root / "chapters/.ipynb_checkpoints/01_x.ipynb")
    for side in ("torch", "tensorflow"):
        nbformat.write(question(STUB), root / f"assignments/a1_x/{side}.ipynb")
    (root / "results/chapters.json").write_text(json.dumps({"01_x": {"sources": code_hash(chapter("first"))}}))
    return root


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def sources(path):
    return [cell.source for cell in chapters.read(path).cells]


def test_a_folder_holds_one_framework(root):
    opened = open_folder("torch", root=root)
    assert opened == Opened(root / "my_course/torch", True, [], [])
    assert {*files(opened.folder)} == {
        ".as_made.json",
        "chapters/01_x.ipynb",
        "chapters/figures/dot.svg",
        "assignments/README.md",
        "assignments/a1_x/torch.ipynb",
        "assignments/a1_x/checks/q.json",
    }
    assert sources(opened.folder / "chapters/01_x.ipynb") == ["first ![a dot](figures/dot.svg)", "torch = 1"]
    assert (opened.folder / "assignments/README.md").read_text() == "one\n"
    asked = chapters.read(opened.folder / "assignments/a1_x/torch.ipynb")
    assert asked.cells == question(STUB).cells, "the grader's marks must stay"
    assert [path.name for path in (root / "my_course").iterdir()] == ["torch"]


def test_both_is_the_whole_course(root):
    folder = open_folder("both", root=root).folder
    assert {path.name for path in (folder / "assignments/a1_x").glob("*.ipynb")} == {"torch.ipynb", "tensorflow.ipynb"}
    assert sources(folder / "chapters/01_x.ipynb")[0] == "first ![a dot](figures/dot.svg) as in Keras"


def test_outputs_are_trusted_and_the_kernel_has_nothing_to_add(root):
    folder = open_folder("tensorflow", root=root).folder
    notary = NotebookNotary()
    with closing(notary.store):
        for path in folder.rglob("*.ipynb"):
            notebook = chapters.read(path)
            assert notary.check_signature(notebook)
            assert re.fullmatch(r"3\.\d+\.\d+.*", notebook.metadata.language_info.version)
        assert not notary.check_signature(chapter("somebody else's"))


def test_nothing_is_ever_written_over(root):
    folder = open_folder("torch", root=root).folder
    (folder / "chapters/01_x.ipynb").write_text("my own")
    (folder / "assignments/README.md").unlink()
    nbformat.write(chapter("second"), root / "chapters/01_x.ipynb")
    before = files(folder)
    assert open_folder("torch", root=root) == Opened(folder, False, ["chapters/01_x.ipynb"], [])
    newer = open_folder("torch", new=True, root=root)
    assert newer == Opened(root / "my_course/torch_2", True, [], [])
    assert sources(newer.folder / "chapters/01_x.ipynb")[0].startswith("second")
    assert files(folder) == before
    for new in (False, True):  # from now on the newer folder is opened, and no third one is made for nothing
        assert open_folder("torch", new=new, root=root) == Opened(newer.folder, False, [], [])
    assert open_folder("both", root=root).folder.name == "both"


def test_what_counts_as_newer(root):
    folder = open_folder("torch", root=root).folder
    notebook = chapter("first")
    notebook.cells[1].execution_count = 5
    notebook.cells[2].source = "another tensorflow"
    nbformat.write(notebook, root / "chapters/01_x.ipynb")
    nbformat.write(chapter("new"), root / "chapters/02_y.ipynb")
    nbformat.write(question(STUB + "# better"), root / "assignments/a1_x/tensorflow.ipynb")
    assert open_folder("torch", root=root).newer == ["chapters/02_y.ipynb"]
    (folder / ".as_made.json").unlink()
    assert open_folder("torch", root=root).newer == []


def test_work_in_the_course_itself_is_named_and_left(root):
    notebook = chapter("first")
    notebook.cells[1].source += " + 1"
    nbformat.write(notebook, root / "chapters/01_x.ipynb")
    nbformat.write(question("def f():\n    return 1"), root / "assignments/a1_x/torch.ipynb")
    before = files(root)
    opened = open_folder("both", root=root)
    assert opened.left == ["chapters/01_x.ipynb", "assignments/a1_x/torch.ipynb"]
    assert {name: content for name, content in files(root).items() if not name.startswith("my_course")} == before


def test_the_course_as_it_is_has_been_worked_in_nowhere(tmp_path):
    for name in ("chapters", "assignments", "results"):
        shutil.copytree(reading.ROOT / name, tmp_path / name)
    assert list(reading._worked_in(tmp_path)) == []
    assert results.FILE.is_file()


def test_what_cannot_be_made_is_one_sentence_and_leaves_nothing(root):
    (root / "my_course").write_text("a file")
    with pytest.raises(CourseError, match=r"torch cannot be made: .*\. Have the course in a folder of your own\.$"):
        open_folder("torch", root=root)
    (root / "my_course").unlink()
    (root / "chapters/01_x.ipynb").write_text("{")
    with pytest.raises(CourseError, match=r"01_x\.ipynb is no valid notebook"):
        open_folder("torch", root=root)
    assert list((root / "my_course").iterdir()) == []


def test_the_command_says_where_to_work_and_hands_options_on(root, monkeypatch):
    started = []
    monkeypatch.setattr(reading.open_folder, "__defaults__", (False, root))
    monkeypatch.setattr(lab, "start", lambda folder, arguments: started.append((folder.name, list(arguments))))

    def run(*arguments):
        done = CliRunner().invoke(cli.app, ["lab", *arguments])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert run("--framework", "torch", "--no-browser", "--port=9") == (
        f"Your own copy of the course is in {root}/my_course/torch. Work there: nothing is ever written over in it.\n"
    )
    assert run("--framework", "torch") == ""
    nbformat.write(chapter("second"), root / "chapters/01_x.ipynb")
    assert run("--framework", "torch") == (
        f"The course has newer versions of chapters/01_x.ipynb than {root}/my_course/torch. "
        "To have them in a folder beside it: make lab FRAMEWORK=torch NEW=1\n"
    )
    assert "torch_2" in run("--framework", "torch", "--new")
    assert started == [("torch", ["--no-browser", "--port=9"]), ("torch", []), ("torch", []), ("torch_2", [])]


def test_the_panels_stay_where_the_reader_puts_them(tmp_path):
    command = lab.command(tmp_path / "my_course/torch")
    assert f"--ServerApp.root_dir={tmp_path}/my_course" in command
    [workspace] = (tmp_path / "my_course/.jupyterlab").iterdir()
    assert "toc" in workspace.read_text()
    workspace.write_text("moved")
    assert lab.command(tmp_path / "my_course/torch_2") != command
    assert workspace.read_text() == "moved"
