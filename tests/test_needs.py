"""Cells that need what not every reader has: they say what is missing, and no other cell relies on them."""

import ast
import re
import shutil

import pytest

from course_utils.datasets import DataError, sources
from course_utils.interop import d2l as bridge
from course_utils.interop import needs
from course_utils.workshop import chapters, perturb, refresh, views
from course_utils.workshop.chapters import ChapterError

PATHS = chapters.find_chapters()


@pytest.fixture
def nothing(monkeypatch, tmp_path):
    """A machine without d2l and without data."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "no data"))
    monkeypatch.setattr(needs, "find_spec", lambda name: None)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("print(1)", ""),
        ("print(1)\n# needs: d2l", ""),
        ("# needs: d2l\nprint(1)", f"needs d2l, which is not installed here; it comes with: {bridge.INSTALL}"),
        ("\n# needs: time_machine, d2l\nprint(1)", "needs the data set time_machine, which is missing here"),
    ],
)
@pytest.mark.usefixtures("nothing")
def test_what_is_missing_is_one_sentence_in_the_place_of_the_cell(source, said, capsys):
    assert said in needs.missing(source)
    left = needs._left_out(source.splitlines(keepends=True))
    exec("".join(left))
    assert capsys.readouterr().out == (f"{needs.missing(source)}\n" if said else "1\n")


def test_what_is_there_is_run(monkeypatch):
    monkeypatch.setattr(sources, "status", lambda name: "OK")
    monkeypatch.setattr(needs, "find_spec", lambda name: object())
    cell = ["# needs: d2l, fra_eng\n", "print(1)\n"]
    assert needs._left_out(cell) is cell


def test_a_misspelt_data_set_is_an_error():
    with pytest.raises(DataError, match=r"'time_machin' \(did you mean 'time_machine'\?\)"):
        needs.missing("# needs: time_machin")


def test_the_shell_is_told_once(monkeypatch):
    shell = type("Shell", (), {"input_transformers_cleanup": []})
    monkeypatch.setattr(needs, "get_ipython", lambda: shell)
    needs.leave_out_where_missing()
    needs.leave_out_where_missing()
    assert shell.input_transformers_cleanup == [needs._left_out]


@pytest.mark.parametrize("execute", [refresh.refresh, perturb.measure])
@pytest.mark.usefixtures("nothing")
def test_a_chapter_that_lacks_something_is_not_executed(tmp_path, execute):
    (tmp_path / "chapters").mkdir()
    copy = tmp_path / "chapters" / "14_from_d2l.ipynb"
    shutil.copy(chapters.ROOT / "chapters" / "14_from_d2l.ipynb", copy)
    before = copy.read_bytes()
    with pytest.raises(
        ChapterError, match=r"^14_from_d2l\.ipynb cannot be executed whole here\. Left out: .* needs d2l"
    ):
        execute(copy)
    assert copy.read_bytes() == before


def names(cell, context):
    found = {node.id for node in ast.walk(tree(cell)) if isinstance(node, ast.Name) and isinstance(node.ctx, context)}
    if context is ast.Store:
        kinds = (ast.FunctionDef, ast.ClassDef)
        found |= {node.name for node in ast.walk(tree(cell)) if isinstance(node, kinds)}
    return found


def tree(cell):
    return ast.parse(re.sub(r"^[%!].*$", "pass", cell.source, flags=re.MULTILINE))


@pytest.mark.parametrize("view", ["torch", "tensorflow"])
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_cell_needs_what_the_cells_need_whose_names_it_uses(path, view):
    asked, wrong = {}, []
    for cell in chapters.code_cells(views.of_notebook(chapters.read(path), view)):
        here, made = set(needs.needs(cell.source)), names(cell, ast.Store)
        for name in names(cell, ast.Load) - made:
            if lacking := asked.get(name, set()) - here:
                wrong.append(f"{cell.id}: uses {name} and does not say that it needs {', '.join(sorted(lacking))}")
        asked |= dict.fromkeys(made, here)
    assert wrong == []
