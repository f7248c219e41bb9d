"""`course run` and `course refresh`: what they write, and that they write nothing where something is wrong."""

import json
import os
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from typer.testing import CliRunner

from course_utils import files, repro
from course_utils.cli import app
from course_utils.errors import CourseError
from course_utils.workshop import chapters, pages, refresh, results, spread
from course_utils.workshop.chapters import ChapterError

IMPORTS = """
import os, time
from course_utils.repro import seed_everything, show
seed_everything()
"""
FIGURE = """
class Figure:
    def _repr_mimebundle_(self, include=None, exclude=None):
        pixels = "AAAA" if time.time_ns() % 2 else "BBBB"
        return {"image/png": pixels, "text/plain": "a curve, last 0.5"}, {"image/png": {"alt": 'a "curve"'}}
Figure()
"""
TRAINING = """
show("RNN 16", "torch", perplexity=4.15, seconds=time.perf_counter())
show("3-gram", perplexity=5.72)
print(os.environ["DEVICE"], os.environ["OMP_NUM_THREADS"], os.environ["CI"], os.path.basename(os.getcwd()))
"""
README = "# A course\n\n<!-- scoreboard -->\n<!-- /scoreboard -->\n\nMore.\n"
DOT = '<svg xmlns="http://www.w3.org/2000/svg"><circle r="3"/></svg>'


@pytest.fixture
def root(tmp_path):
    """A small course: a README, a chapter and its picture."""
    (tmp_path / "chapters" / "figures").mkdir(parents=True)
    (tmp_path / "chapters" / "figures" / "dot.svg").write_text(DOT)
    (tmp_path / "README.md").write_text(README)
    write(tmp_path, IMPORTS, FIGURE, TRAINING)
    return tmp_path


def write(root, *sources):
    cells = [new_markdown_cell("![a dot](figures/dot.svg)"), *(new_code_cell(source.strip()) for source in sources)]
    nbformat.write(new_notebook(cells=cells, metadata={"course": {"budget_seconds": 9}}), chapter(root))


def chapter(root):
    return root / "chapters" / "02_tiny.ipynb"


def snapshot(root):
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def fake(monkeypatch):
    """Put outputs in the place of an execution: the tests below need many of them."""
    state = {"outputs": [[], [picture("AAAA")], [text("perplexity 4.150\n")]], "seconds": 3.0, "runs": [record(4.15)]}

    def execute(notebook, path, **environment):
        for cell, outputs in zip(chapters.code_cells(notebook), state["outputs"], strict=True):
            cell.outputs, cell.execution_count = nbformat.from_dict(outputs), 17
        with open(environment["COURSE_METRICS"], "w") as file:
            file.writelines(json.dumps(run) + "\n" for run in state["runs"])
        return state["seconds"]

    monkeypatch.setattr(refresh, "execute", execute)
    return state


def text(words, name="stdout"):
    return new_output("stream", name=name, text=words)


def picture(pixels, summary="a curve"):
    return new_output("execute_result", data={"image/png": pixels, "text/plain": summary}, execution_count=17)


def record(perplexity):
    return {"run": "RNN", "framework": "torch", "metrics": {"perplexity": perplexity}}


def test_a_chapter_is_refreshed_and_a_second_time_changes_nothing(root):
    written = refresh.refresh(chapter(root))
    assert written == ["02_tiny.ipynb", "chapters.json", "README.md"]
    before = snapshot(root)
    assert refresh.refresh(chapter(root)) == []
    assert snapshot(root) == before

    cells = chapters.code_cells(chapters.read(chapter(root)))
    assert [cell.execution_count for cell in cells] == [1, 2, 3]
    assert cells[1].outputs[0].execution_count == 2
    assert cells[2].outputs[0].text.endswith("cpu 1 1 chapters\n")
    entry = results.load(root / "results" / "chapters.json")["02_tiny"]
    assert [(run["run"], run["framework"]) for run in entry["runs"]] == [("RNN 16", "torch"), ("3-gram", "")]
    assert entry["runs"][1]["metrics"] == {"perplexity": 5.72}
    assert entry["seconds"] > 0
    assert entry["versions"]["python"].startswith("3.")
    readme = (root / "README.md").read_text()
    assert "| [02_tiny](chapters/02_tiny.ipynb) | RNN 16 |  | 4.150 |  |" in readme
    assert "| [02_tiny](chapters/02_tiny.ipynb) | 3-gram | 5.720 |  |  |" in readme
    assert readme.endswith("<!-- /scoreboard -->\n\nMore.\n")

    strip = "metadata.language_info.version cell.metadata.execution metadata.widgets"
    command = ["nbstripout", "--keep-output", "--keep-count", "--keep-id", "--extra-keys", strip, str(chapter(root))]
    subprocess.run([sys.executable, "-m", *command], check=True)
    assert snapshot(root) == before, "what pre-commit does to a refreshed chapter changes it"


def test_what_editors_leave_is_removed(root, fake):
    refresh.refresh(chapter(root))
    before = snapshot(root)
    notebook = chapters.read(chapter(root))
    notebook.metadata.language_info.version = "3.11.7"
    notebook.metadata.kernelspec = {"display_name": "mine", "language": "python", "name": "mine"}
    notebook.metadata.widgets = {"application/vnd.jupyter.widget-state+json": {}}
    notebook.cells[1].metadata.execution = {"iopub.status.busy": "2026-01-01T00:00:00Z"}
    notebook.metadata.update(vscode={"interpreter": {"hash": "31f2"}}, colab={"provenance": []}, accelerator="GPU")
    notebook.cells[1].metadata.vscode = {"languageId": "python"}
    notebook.cells[2].metadata.update(
        slideshow={"slide_type": "slide"}, colab={"base_uri": "x"}, id="Yx", scrolled=True
    )
    notebook.cells[0].metadata.slideshow = {"slide_type": "skip"}
    notebook.cells[2].execution_count = 40
    nbformat.write(notebook, chapter(root))
    assert refresh.refresh(chapter(root)) == ["02_tiny.ipynb"]
    assert snapshot(root) == before


def test_lost_cell_ids_are_given_anew(root, fake):
    refresh.refresh(chapter(root))
    stored = json.loads(chapter(root).read_text("utf-8"))
    for cell in stored["cells"]:
        del cell["id"]
    chapter(root).write_text(json.dumps({**stored, "nbformat_minor": 4}), "utf-8")
    assert refresh.refresh(chapter(root)) == ["02_tiny.ipynb"]
    assert len({cell.id for cell in chapters.read(chapter(root)).cells}) == 4
    assert refresh.refresh(chapter(root)) == []


def test_tags_folds_and_the_budget_stay(root, fake):
    notebook = chapters.read(chapter(root))
    notebook.cells[1].metadata.update(tags=["torch"], jupyter={"outputs_hidden": True})
    nbformat.write(notebook, chapter(root))
    refresh.refresh(chapter(root))
    notebook = chapters.read(chapter(root))
    assert notebook.cells[1].metadata == {"tags": ["torch"], "jupyter": {"outputs_hidden": True}}
    assert notebook.metadata.course == {"budget_seconds": 9}


def test_within_the_tolerance_all_stays_as_it_is(root, fake):
    refresh.refresh(chapter(root))
    before = snapshot(root)
    fake["outputs"][1:] = [[picture("BBBB")], [text("perplexity 4.151\n")]]
    fake.update(seconds=30.0, runs=[record(4.151)])
    assert refresh.refresh(chapter(root)) == []
    assert snapshot(root) == before


def test_a_changed_number_is_stored_and_other_cells_stay(root, fake):
    refresh.refresh(chapter(root))
    fake["outputs"][1:] = [[picture("BBBB")], [text("perplexity 4.250\n")]]
    fake.update(runs=[record(4.25)])
    assert refresh.refresh(chapter(root)) == ["02_tiny.ipynb", "chapters.json", "README.md"]
    cells = chapters.code_cells(chapters.read(chapter(root)))
    assert cells[1].outputs[0].data["image/png"].strip() == "AAAA"
    assert cells[2].outputs[0].text == "perplexity 4.250\n"
    assert "4.250" in (root / "README.md").read_text()


def test_after_an_edit_pictures_are_taken_anew(root, fake):
    refresh.refresh(chapter(root))
    write_source(root, 3, TRAINING + "# edited")
    fake["outputs"][1] = [picture("BBBB")]
    assert refresh.refresh(chapter(root)) == ["02_tiny.ipynb", "chapters.json"]
    assert "BBBB" in chapter(root).read_text()


def test_force_takes_pictures_anew(root, fake):
    refresh.refresh(chapter(root))
    fake["outputs"][1] = [picture("BBBB")]
    assert refresh.refresh(chapter(root)) == []
    assert refresh.refresh(chapter(root), force=True) == ["02_tiny.ipynb"]


def test_new_versions_are_recorded(root, fake, monkeypatch):
    refresh.refresh(chapter(root))
    monkeypatch.setattr(repro, "versions", lambda: {"python": "3.99"})
    assert refresh.refresh(chapter(root)) == ["chapters.json"]


def test_an_ignored_cell_keeps_its_outputs_and_the_measured_tolerance_counts(root, fake):
    refresh.refresh(chapter(root))
    notebook = chapters.read(chapter(root))
    notebook.cells[2].metadata.tags = ["nbval-ignore-output"]
    notebook.cells[3].metadata.tags = ["trained"]
    entry = {"spread": {notebook.cells[3].id: [0.03]}}
    (root / "results" / "spread.json").write_text(spread.dump({chapter(root).stem: entry}), "utf-8")
    nbformat.write(notebook, chapter(root))
    fake["outputs"][1:] = [[picture("BBBB", "other words")], [text("perplexity 4.250\n")]]
    assert refresh.refresh(chapter(root)) == []


def test_stderr_is_refused(root, fake):
    before = snapshot(root)
    fake["outputs"][1] = [text("UserWarning: few\n", "stderr")]
    with pytest.raises(ChapterError, match=r"cell \[2\] wrote to stderr, which no chapter stores: UserWarning: few"):
        refresh.refresh(chapter(root))
    assert snapshot(root) == before


def test_a_readme_without_its_marks_is_refused_before_anything_is_written(root, fake):
    (root / "README.md").write_text("# A course\n")
    before = snapshot(root)
    with pytest.raises(ChapterError, match="scoreboard"):
        refresh.refresh(chapter(root))
    assert snapshot(root) == before


def test_a_failing_cell_leaves_everything_and_a_page(root, monkeypatch):
    write(root, IMPORTS, FIGURE, "print(1 < 2)\nraise KeyError('weights')", "print('after')")
    before, page = snapshot(root), root / "build" / "02_tiny.html"
    monkeypatch.setattr(chapters, "find_chapter", lambda name: chapter(root))
    shown = CliRunner().invoke(app, ["run", "02", "--out", str(page.parent)])
    assert shown.exit_code == 1
    assert "[FAIL] 02_tiny.ipynb, cell [3], 'print(1 < 2)': KeyError: 'weights'" in shown.stderr
    assert "100%" not in shown.stderr
    html = page.read_text()
    assert "True" in html
    assert "KeyError" in html
    assert "alt='a \"curve\"'" in html
    assert 'alt="a dot"' in html
    assert "figures/dot.svg" not in html, "the page does not stand alone: a picture is a link"
    page.unlink()
    assert snapshot(root) == before


def test_a_dead_kernel_is_one_sentence(root):
    write(root, "import os\nos._exit(3)")
    before = snapshot(root)
    with pytest.raises(ChapterError, match=r"cell \[1\], 'import os': the kernel died"):
        refresh.refresh(chapter(root))
    assert snapshot(root) == before


@pytest.mark.parametrize("name", ["02", "2", "02_tiny", "02_tiny.ipynb", "chapters/02_tiny.ipynb"])
def test_a_chapter_is_found_by_number_name_and_path(root, name, monkeypatch):
    monkeypatch.chdir(root)
    assert chapters.find_chapter(name, root / "chapters") == chapter(root)


def test_an_unknown_chapter_is_one_sentence(root):
    for name in ("7", "²", "elsewhere/02_tiny.ipynb"):
        with pytest.raises(ChapterError, match=rf"There is no chapter '{name}': the chapters are 02_tiny\."):
            chapters.find_chapter(name, root / "chapters")
    shown = CliRunner().invoke(app, ["refresh", "99"])
    assert shown.exit_code == 1
    assert shown.stderr.startswith("[FAIL] There is no chapter '99'")


def test_a_broken_file_is_one_sentence(tmp_path):
    (tmp_path / "03_broken.ipynb").write_text("{")
    with pytest.raises(ChapterError, match=r"03_broken\.ipynb is no valid notebook"):
        chapters.read(tmp_path / "03_broken.ipynb")


def test_what_cannot_be_written_is_said_before_any_cell_runs(root, monkeypatch):
    def execute(*arguments, **environment):
        raise AssertionError("a cell runs")

    def refused(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(chapters, "find_chapter", lambda name: chapter(root))
    for module in (chapters, pages, refresh):
        monkeypatch.setattr(module, "execute", execute)
    monkeypatch.setattr(files.tempfile, "TemporaryFile", refused)  # root may write everywhere, so no chmod here
    with pytest.raises(CourseError, match=r"02_tiny\.ipynb cannot be written here: refresh a copy of the course"):
        refresh.refresh(chapter(root))
    shown = CliRunner().invoke(app, ["run", "02", "--out", str(root / "my" / "pages")])
    assert shown.exit_code == 1
    assert "02_tiny.html cannot be written here: name a folder of your own by --out." in shown.stderr
    assert not (root / "my").exists()


def test_timings(root, monkeypatch):
    write(root, IMPORTS, FIGURE)
    entry = {"02_tiny": {"seconds": 12.34, "runs": []}}
    assert results.timings(root / "chapters", entry) == [("02_tiny", 2, 9, 12.34)]
    assert results.timings(root / "chapters", {}) == [("02_tiny", 2, 9, None)]
    shown = CliRunner().invoke(app, ["timings"], env={"COLUMNS": "100"})
    assert shown.exit_code == 0
    assert "total" in shown.stdout


def write_source(root, index, source):
    notebook = chapters.read(chapter(root))
    notebook.cells[index].source = source
    nbformat.write(notebook, chapter(root))


def test_the_kernel_is_this_environment(root):
    write(root, "import sys; print(sys.executable)")
    notebook = chapters.read(chapter(root))
    notebook.metadata.kernelspec = {"display_name": "other", "language": "python", "name": "other"}
    chapters.execute(notebook, chapter(root), **os.environ)
    assert notebook.cells[1].outputs[0].text.strip() == sys.executable
