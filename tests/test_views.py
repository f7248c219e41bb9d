"""What a reader of one framework sees: cells and words of the other one go, and what is left stays as it was."""

import json
import re

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_utils.workshop import chapters, sizes, views

PATHS = chapters.find_chapters()
ASSIGNMENTS = chapters.ROOT / "assignments"
TEXT = """In <!-- torch -->PyTorch<!-- /torch -->\
<!-- both -->, in <!-- /both --><!-- tensorflow -->Keras<!-- /tensorflow -->

- one<!-- torch -->
- two<!-- /torch -->

| row |
| --- |
| a |<!-- tensorflow -->
| b |<!-- /tensorflow -->

<!-- both -->
A comparison,

of two paragraphs.
<!-- /both -->
The end.<!-- torch: Only with
`a -> b`. --> <!-- tensorflow: Only here. -->
"""
READ = {
    "torch": "In PyTorch\n\n- one\n- two\n\n| row |\n| --- |\n| a |\n\nThe end.Only with\n`a -> b`.\n",
    "tensorflow": "In Keras\n\n- one\n\n| row |\n| --- |\n| a |\n| b |\n\nThe end. Only here.\n",
    "both": "In PyTorch, in Keras\n\n- one\n- two\n\n| row |\n| --- |\n| a |\n| b |\n\n"
    "A comparison,\n\nof two paragraphs.\nThe end.\n",
}


@pytest.mark.parametrize("view", READ)
def test_words_between_marks(view):
    assert views.misplaced_marks(TEXT) == []
    assert views.of_text(TEXT, view) == READ[view]
    assert views.of_text(READ[view], view) == READ[view]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a <!-- torch -->b", "'<!-- torch -->' is misspelt, has no partner"),
        ("a <!-- /both --> b", "'<!-- /both -->' is misspelt"),
        ("a <!--torch-->b<!--/torch-->", "'<!--torch-->' is misspelt"),
        ("a <!-- torch -->b<!-- both -->c<!-- /both -->d<!-- /torch -->", "'<!-- both -->' is misspelt"),
        ("a <!-- torch -->b<!-- tensorflow: c --><!-- /torch -->", "'<!-- tensorflow: c -->' is misspelt"),
        ("a <!-- both: b -->", "'<!-- both: b -->' is misspelt"),
        ("<!-- torch -->`nn.RNN`<!-- /torch --> is", "'<!-- torch -->' begins a line"),
        ("a\n- <!-- torch -->b<!-- /torch -->", "'<!-- torch -->' begins a line"),
        ("a\n2. <!-- torch: b -->", None),
        ("a <!-- a comment -->", None),
    ],
)
def test_marks_that_do_nothing_or_break_the_page_are_found(text, said):
    found = views.misplaced_marks(text)
    assert bool(found) == bool(said)
    assert said is None or said in found[0]


def code(source, *tags, count=None):
    outputs = [new_output("execute_result", data={"text/plain": source}, execution_count=count)] * bool(count)
    return new_code_cell(source, metadata={"tags": [*tags]}, execution_count=count, outputs=outputs)


def test_cells_are_numbered_anew_only_where_they_have_run():
    cells = [code("a", "torch", count=3), code("b"), code("c", "tensorflow", count=5), code("d", count=9)]
    cells += [new_markdown_cell("<!-- torch -->\nx\n<!-- /torch -->\n"), new_markdown_cell("kept", metadata={"x": 1})]
    notebook = new_notebook(cells=cells)
    before = json.dumps(notebook)
    seen = views.of_notebook(notebook, "tensorflow")
    assert json.dumps(notebook) == before
    assert [(cell.source, cell.get("execution_count")) for cell in seen.cells] == [
        ("b", None),
        ("c", 1),
        ("d", 2),
        ("kept", None),
    ]
    assert seen.cells[2].outputs[0].execution_count == 2
    assert seen.cells[3].metadata == {"x": 1}
    assert len(views.of_notebook(notebook, "both").cells) == 6


LINK = re.compile(r"\]\(\s*<?(?!https?:|mailto:|#|attachment:)([^)\s>#]+)")


def numbers(cells):
    """Under each heading, the numbers of the mistakes or exercises, which begin a paragraph."""
    found = [[]]
    for cell in (cell for cell in cells if cell.cell_type == "markdown"):
        for paragraph in cell.source.split("\n\n"):
            if paragraph.startswith("## "):
                found.append([])
            elif match := re.match(r"\*\*(\d+)\. ", paragraph):
                found[-1].append(int(match[1]))
    return found


@pytest.mark.parametrize("view", READ)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_numbers_and_links_hold_in_every_view(path, view):
    seen = views.of_notebook(chapters.read(path), view)
    found = numbers(seen.cells)
    if view == "both":  # of what both sides have, each has its own
        found = [sorted({*each}) for each in found]
    assert [each for each in found if each != list(range(1, len(each) + 1))] == []
    text = "\n".join(cell.source for cell in seen.cells if cell.cell_type == "markdown")
    assert [target for target in LINK.findall(text) if not (path.parent / target).exists()] == []
    assert "<!--" not in text
    assert any(found), "no exercise is found: is it numbered otherwise?"


def test_a_gap_in_the_numbers_is_found():
    cells = [new_markdown_cell(text) for text in ("## Exercises\n\n**1. A.** x", "**3. B.** y", "## Next", "2. z")]
    assert numbers(cells) == [[], [1, 3], []]


@pytest.mark.parametrize("view", views.sides("both"))
@pytest.mark.parametrize(
    "path", [path for path in PATHS if path.stem[:2] in sizes.REWRITTEN], ids=lambda path: path.stem
)
def test_a_rewritten_chapter_speaks_of_one_framework(path, view):
    assert views.left_over(views.of_notebook(chapters.read(path), view), view) == []


@pytest.mark.parametrize("view", views.sides("both"))
@pytest.mark.parametrize("folder", sorted(ASSIGNMENTS.glob("a*/")), ids=lambda folder: folder.name)
def test_an_assignment_speaks_of_one_framework(folder, view):
    notebook = chapters.read(folder / f"{view}.ipynb")
    assert views.of_notebook(notebook, view) == notebook, "in no view may it differ from the one that is handed out"
    assert views.left_over(notebook, view) == []


@pytest.mark.parametrize("view", views.sides("both"))
def test_a_check_speaks_of_no_framework(view):
    """Both frameworks' students have the same checks: neither the parts nor what is said of mistakes may name one."""
    text = "".join(path.read_text("utf-8") for path in ASSIGNMENTS.glob("a*/checks/[!h]*.json"))
    strings = re.findall(r'"(?:[^"\\]|\\.)*"', text)
    said = [each for each in strings if " " in each]  # the others are names, such as those of what is hidden
    assert views.left_over(new_notebook(cells=[new_markdown_cell("\n".join(said))]), view) == []


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (new_markdown_cell("As `nn.GRU` does, ct.GRU and torch."), "ct. nn.G torch"),
        (new_markdown_cell("torchlight, nn.", metadata={}), ""),
        (new_markdown_cell("the two frameworks; each framework"), "each framework frameworks"),
        (new_markdown_cell("Keras, tf.zeros, the framework"), ""),
        (new_code_cell("x  # PyTorch's"), "PyTorch"),
        (new_code_cell("x", outputs=[new_output("stream", text="torch      3.9\n")]), "torch"),
        (new_code_cell("x", outputs=[new_output("display_data", data={"text/plain": "by nn.RNN"})]), "nn.R"),
    ],
)
def test_what_speaks_of_the_other_framework_is_found(cell, said):
    cell.id = "x"
    expected = re.findall(r"(?:each )?\S+", said)
    assert views.left_over(new_notebook(cells=[cell]), "tensorflow") == [
        f"cell 'x' speaks of {word}" for word in expected
    ]
