"""The page of mistakes: those of the chapters' museums with their checks, and slips with the tests that show them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

from course_utils.workshop import views

_FIXTURES = {"pytorch": "torch", "tensorflow": "tensorflow"}
_EXHIBIT = re.compile(r"^\*\*\d\. (.+?)\*\*", re.MULTILINE)
_CHECK = re.compile(r"[Tt]he check: \*(.+?)\*", re.DOTALL)


def museum(notebooks: dict[str, NotebookNode]) -> str:
    r"""A Markdown list of what the chapters' bug museums show, each with its check.

    Args:
        notebooks: the chapters by name, in one view.

    >>> from nbformat.v4 import new_markdown_cell, new_notebook
    >>> texts = ["# The GRU", "## Bug museum\n\n**1. The wrong axis.** It runs. The check: *count the rows.*", "## End"]
    >>> print(museum({"03_gru": new_notebook(cells=[new_markdown_cell(text) for text in texts])}), end="")
    - **The wrong axis.** *Count the rows.* [Chapter 03](/chapters/03_gru.ipynb)
    """
    lines = {}
    for name, notebook in notebooks.items():
        for text in _sections(notebook, "Bug museum"):
            if title := _EXHIBIT.search(text):
                check = _CHECK.search(text)
                said = f" *{check[1][0].upper()}{check[1][1:].rstrip('.')}.*" if check else ""
                place = f"[Chapter {name.partition('_')[0]}](/chapters/{name}.ipynb)"
                lines.setdefault(title[1], f"- **{title[1]}**{said} {place}\n")
    return "".join(lines.values())


def slips(tests: Path, view: views.View) -> str:
    """What a file of tests says first in each test, in Markdown, with the test folded below it.

    Args:
        tests: a module whose tests begin with a docstring.
        view: tests that ask for the other framework are left out.
    """
    source = tests.read_text("utf-8")
    others = {*views.sides("both")}.difference(views.sides(view))
    entries = []
    for test in ast.parse(source).body:
        if isinstance(test, ast.FunctionDef) and not others & {_FIXTURES.get(each.arg) for each in test.args.args}:
            mistake, _, effect = ast.get_docstring(test).partition(". ")
            code = ast.get_source_segment(source, test)
            entries.append(f"**{mistake}.** {effect}\n\n::::{{dropdown}} The test\n```python\n{code}\n```\n::::\n")
    return "\n".join(entries)


def _sections(notebook: NotebookNode, heading: str) -> Iterator[str]:
    """The text cells below a heading of second order whose first words these are."""
    within = False
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            if cell.source.startswith("## "):
                within = cell.source.startswith(f"## {heading}")
            if within:
                yield cell.source
