"""A chapter as slides for a lecture, from its stored cells: one HTML file that needs no network and no other file."""

import math
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from nbconvert import HTMLExporter
from nbformat import NotebookNode

from course_utils import files
from course_utils.workshop import pages, views
from course_utils.workshop.chapters import ChapterError, read
from course_utils.workshop.site import ASSETS

REVEAL = ASSETS / "reveal.js/dist"
LEFT_OUT = {"optional", "exercise"}
"""Tags of the cells that are no part of a lecture."""

Slide = list[NotebookNode]

_HEADING = re.compile(r"#{1,3} .*(?:\n|$)")
_NO_LECTURE = re.compile(r"## (?:Exercises|References|Optional)\b")
# In lines of code: what a slide holds below its heading, and what fills it.
_FULL, _PICTURE, _LIVING, _WORDS_A_LINE, _TEXT_LINE = 24, 14, 22, 13, 1.4


def write(chapter: Path, page: Path, framework: views.Framework) -> None:
    """Write a chapter's slides; nothing is executed.

    Args:
        chapter: the notebook.
        page: the file to write.
        framework: whose cells are shown.

    Raises:
        ChapterError: npm has not brought what shows the slides.
    """
    if not REVEAL.is_dir():
        raise ChapterError("Slides need reveal.js, which npm brings: install npm, then call `make slides CH=02`.")
    notebook = views.of_notebook(read(chapter), framework)
    notebook.cells = [*chain.from_iterable(_marked(part) for part in parts(notebook.cells))]
    style = (REVEAL / "reveal.css").read_text("utf-8")
    style = style.replace(".reveal .controls", ".reveal > .controls")  # the figures have some of their own
    resources = {
        "metadata": {"name": chapter.stem, "path": str(chapter.parent)},
        "reveal": {"style": style, "script": (REVEAL / "reveal.js").read_text("utf-8")},
    }
    templates = pages.SETTINGS["extra_template_basedirs"]  # also those that another one builds on
    settings = {**pages.SETTINGS, "template_name": "slides", "extra_template_paths": templates}
    files.write(page, HTMLExporter(**settings).from_notebook_node(notebook, resources=resources)[0])


def parts(cells: list[NotebookNode]) -> Iterator[list[Slide]]:
    """A chapter's sections, each as a list of slides; what is no part of a lecture is left out, and empty sections are.

    A text begins a slide. The code below it and what it prints stand on the same slide if they find room, and so does
    the text that ends a section, which appears later.
    """
    part: list[Slide] = []
    heading, wanted, introduction = "", True, True
    for cell in cells:
        text = cell.cell_type == "markdown"
        new = _HEADING.match(cell.source) if text else None
        if new and not new[0].startswith("###"):
            yield from _ended(part)
            part, wanted, introduction = [], not _NO_LECTURE.match(new[0]), new[0].startswith("# ")
        heading = new[0].strip("# \n") if new else heading
        if not wanted or LEFT_OUT & {*cell.metadata.get("tags", [])} or (introduction and not text):
            continue
        if new:
            cell = NotebookNode({**cell, "source": cell.source[new.end() :].strip()})
        for piece in _pieces(_with(cell, slide_heading=heading)):
            follows = part and not new and (not text or part[-1][-1].cell_type == "markdown")
            if follows and sum(map(_lines, part[-1])) + _lines(piece) <= _FULL:
                part[-1].append(piece)
            else:
                part.append([piece])
    yield from _ended(part)


def _ended(part: list[Slide]) -> Iterator[list[Slide]]:
    """The section unless it is empty, with its last words on the slide of what they speak of."""
    if len(part) > 1:
        shown, words = part[-2:]
        same = shown[-1].cell_type == "code" and shown[-1].metadata.slide_heading == words[0].metadata.slide_heading
        if same and words[-1].cell_type == "markdown" and sum(map(_lines, shown + words)) <= _FULL:
            part = [*part[:-2], shown + [_with(cell, slide_later=True) for cell in words]]
    yield from [part] if part else []


def _pieces(cell: NotebookNode) -> list[NotebookNode]:
    """A cell in one piece, or, if that fills more than a slide, its code and what it shows."""
    if cell.cell_type == "markdown" or not cell.outputs or _lines(cell) <= _FULL:
        return [cell]
    shown = NotebookNode({**_with(cell, transient={"remove_source": True}), "id": f"{cell.id}-shown", "source": ""})
    return [NotebookNode({**cell, "outputs": []}), shown]


def _lines(cell: NotebookNode) -> float:
    """About how much room a cell takes."""
    lines = cell.source.splitlines()
    if cell.cell_type == "markdown":
        pictures = cell.source.count("![") + cell.source.count("<img")
        breaks = sum(not line.strip() for line in lines)
        return _TEXT_LINE * (math.ceil(len(cell.source.split()) / _WORDS_A_LINE) + breaks) + _PICTURE * pictures
    return len(lines) + sum(map(_printed, cell.outputs))


def _printed(output: NotebookNode) -> int:
    data = output.get("data", {})
    if "living" in data.get("text/html", ""):
        return _LIVING
    if "image/png" in data:
        return _PICTURE
    return 1 + len(output.get("text", data.get("text/plain", "")).splitlines())


def _marked(part: list[Slide]) -> Iterator[NotebookNode]:
    """The cells of a section's slides, with notes for the template where slides and the section begin and end."""
    for slide in part:
        for cell in slide:
            first, last = cell is slide[0], cell is slide[-1]
            begins = {"part_start": first and slide is part[0], "slide_start": first}
            yield _with(cell, **begins, slide_end=last, part_end=last and slide is part[-1])


def _with(cell: NotebookNode, **metadata: object) -> NotebookNode:
    return NotebookNode({**cell, "metadata": NotebookNode({**cell.metadata, **metadata})})
