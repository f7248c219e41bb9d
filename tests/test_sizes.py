"""Chapters that have been rewritten are as short as they should be; of the others the sizes are only told."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from typer.testing import CliRunner

from course_utils import cli
from course_utils.workshop import chapters, sizes, views

HELD = [path for path in chapters.find_chapters() if path.stem[:2] in sizes.REWRITTEN]


@pytest.mark.parametrize("view", views.sides("both"))
@pytest.mark.parametrize("path", HELD, ids=lambda path: path.stem)
def test_a_rewritten_chapter_keeps_to_its_size(path, view):
    assert sizes.too_large(path.stem, views.of_notebook(chapters.read(path), view)) == []


def test_chapters_that_are_held_to_their_size_are_there():
    assert [path.stem[:2] for path in HELD] == sorted(sizes.REWRITTEN)


def text(words, *tags):
    return new_markdown_cell("word " * words, metadata={"tags": [*tags]})


def code(lines, *tags):
    return new_code_cell("x\n\n" * lines, metadata={"tags": [*tags]})


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([text(45) for _ in range(62)] + [code(7) for _ in range(34)], []),
        ([code(1) for _ in range(97)], ["cells: 97, at most 96"]),
        (
            [text(0) for _ in range(48)] + [text(70) for _ in range(48)] + [text(1)],
            ["cells: 97, at most 96", "words: 3361, at most 3360"],
        ),
        ([code(7) for _ in range(49)], ["code lines: 343, at most 336"]),
        ([text(46)], ["words a text: 46, at most 45"]),
        ([code(8)], ["lines a cell: 8, at most 7"]),
        ([new_markdown_cell("**Predict:** a? **Predict:** b?") for _ in range(4)], ["predictions: 8, at most 6"]),
        ([text(400, "optional") for _ in range(2)], []),
        ([text(401, "optional"), code(99, "optional"), text(400, "optional")], ["optional words: 801, at most 800"]),
    ],
)
def test_what_is_too_large_is_said(cells, said):
    assert sizes.too_large("02_rnn", new_notebook(cells=cells)) == said


def test_long_chapters_have_more_room():
    cells = [code(1) for _ in range(120)]
    assert sizes.too_large("08_problem_shapes", new_notebook(cells=cells)) == []
    assert sizes.too_large("09_sentiment", new_notebook(cells=cells)) == ["cells: 120, at most 96"]


def test_the_command_shows_sizes_and_aims():
    shown = CliRunner().invoke(cli.app, ["sizes"], env={"COLUMNS": "160"}).stdout
    assert shown.count("02_rnn") == 2
    assert "(2800)" in shown and "(3400)" in shown
