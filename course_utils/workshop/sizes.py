"""How long a chapter is for a reader of one framework, beside what it should be.

The aims are for every chapter; a chapter is held to their limits once it is in `REWRITTEN`.
"""

from statistics import median
from typing import NamedTuple

from nbformat import NotebookNode
from rich.table import Column, Table

from course_utils.workshop import views
from course_utils.workshop.chapters import find_chapters, read

REWRITTEN: tuple[str, ...] = ("01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14")
"""The chapters, by their numbers, that have been rewritten to these sizes."""

OPTIONAL = "optional"
"""The tag of each cell of a section that a reader may leave out; such sections are counted apart."""

LONG = ("07", "08", "11", "13")
"""The chapters, by their numbers, that have more to tell."""


class Size(NamedTuple):
    """What there is to read in a chapter.

    Attributes:
        cells, words, code_lines: of all cells but the optional ones; of code the lines that are not empty.
        words_a_text, lines_a_cell: the medians of its text cells and of its code cells.
        predictions: how often the reader is asked to predict.
        optional_words: of the optional sections.
    """

    cells: float
    words: float
    code_lines: float
    words_a_text: float
    lines_a_cell: float
    predictions: float
    optional_words: float


# As a whole a chapter may be a fifth larger than it aims to be, the other aims are limits.
_TOLERATED = Size(1.2, 1.2, 1.2, 1, 1, 1, 1)
_AIM, _LONG_AIM = Size(80, 2_800, 280, 45, 7, 6, 800), Size(100, 3_400, 340, 45, 7, 6, 800)


def size_of(notebook: NotebookNode) -> Size:
    r"""The size of a chapter, given in the view of one framework.

    >>> from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
    >>> cells = [new_markdown_cell("**Predict:** what is 2 + 3?"), new_code_cell("x = 2\n\nx + 3")]
    >>> size_of(new_notebook(cells=cells))
    Size(cells=2, words=6, code_lines=2, words_a_text=6, lines_a_cell=2, predictions=1, optional_words=0)
    """
    optional = [cell for cell in notebook.cells if OPTIONAL in cell.metadata.get("tags", [])]
    counted = [cell for cell in notebook.cells if cell not in optional]
    words = [len(cell.source.split()) for cell in counted if cell.cell_type == "markdown"]
    lines = [len(list(filter(str.strip, cell.source.splitlines()))) for cell in counted if cell.cell_type == "code"]
    return Size(
        cells=len(counted),
        words=sum(words),
        code_lines=sum(lines),
        words_a_text=median(words or [0]),
        lines_a_cell=median(lines or [0]),
        predictions=sum(cell.source.count("**Predict") for cell in counted),
        optional_words=sum(len(cell.source.split()) for cell in optional if cell.cell_type == "markdown"),
    )


def aim(chapter: str) -> Size:
    """What the chapter of this name, such as "02_rnn", aims at."""
    return _LONG_AIM if chapter[:2] in LONG else _AIM


def too_large(chapter: str, notebook: NotebookNode) -> list[str]:
    """What is above its limit in a chapter of this name, a sentence for each.

    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> too_large("02_rnn", new_notebook(cells=[new_code_cell("x") for _ in range(97)]))
    ['cells: 97, at most 96']
    """
    found = zip(Size._fields, size_of(notebook), aim(chapter), _TOLERATED, strict=True)
    return [
        f"{name.replace('_', ' ')}: {size:g}, at most {wanted * times:g}"
        for name, size, wanted, times in found
        if size > wanted * times
    ]


def table() -> Table:
    """All chapters in both views: in brackets what they aim at, in red what is above the limit."""
    found = Table("chapter", "view", *(Column(name.replace("_", " "), justify="right") for name in Size._fields))
    for path in find_chapters():
        for view in views.sides("both"):
            notebook = views.of_notebook(read(path), view)
            rows = zip(size_of(notebook), aim(path.stem), _TOLERATED, strict=True)
            shown = (
                f"[red]{size:g}[/red] ({wanted:g})" if size > wanted * times else f"{size:g} ({wanted:g})"
                for size, wanted, times in rows
            )
            found.add_row(path.stem, view, *shown)
    return found
