"""What the site is built from: for each reading a folder of pages and chapters in one framework, or in both."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from nbformat import NotebookNode

from course_utils import files
from course_utils.workshop import export, results, views
from course_utils.workshop.chapters import ChapterError, code_cells, find_chapters, read
from course_utils.workshop.site import mistakes, networks, readings

_TITLE = re.compile(r"^# (.+)", re.MULTILINE)
_TIME = re.compile(r"\*\*Time:\*\* (.+?)\.(?: |$)", re.MULTILINE)
_NEEDS = re.compile(r"\*\*What it needs:\*\* (.+?)\.(?: |$)", re.MULTILINE)
_EXAMPLE = re.compile(r"^```py(?:thon)?\n(.*?)^```", re.DOTALL | re.MULTILINE)
_CHAPTER = re.compile(r"\[(\d\d)_\w+\]\(chapters/")
_RANGE = re.compile(r"\([\d.]+–[\d.]+\)")
_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")


_GUIDES = {
    "instructors.md": "docs/instructors.md",
    "grading.md": "docs/grading.md",
    "questions.md": "solutions/QUESTIONS.md",
}


class Unit(NamedTuple):
    """A chapter, or an assignment, as its first cell introduces it.

    Attributes:
        name: its file's or its folder's, such as "02_rnn".
        title: the heading.
        time: for how long, such as "90 minutes for you, two for the computer".
        needs: what it needs, in words.
    """

    name: str
    title: str
    time: str
    needs: str

    @property
    def number(self) -> str:
        """As in its name: "02", or "a2"."""
        return self.name.partition("_")[0]

    @property
    def minutes(self) -> int:
        """The first number of its time."""
        return int(re.search(r"\d+", self.time)[0])


def write(root: Path, folder: Path, view: views.View, instructors: bool = False) -> None:
    """Fill a folder with what Sphinx reads for one reading.

    Args:
        root: the folder of the course.
        folder: a new one.
        view: the reading.
        instructors: with the instructors' guides.

    Raises:
        ChapterError: a chapter or an assignment does not begin as it should, or something is not there.
    """
    chapters = find_chapters(folder=root / "chapters")
    export.export(chapters, view, folder / "chapters")
    guides = {name: root / place for name, place in _GUIDES.items()}
    for name, path in (_pages(root / "docs", view) | (guides if instructors else {})).items():
        files.write(folder / name, views.of_file(path, view))
    notebooks = {path.stem: views.of_notebook(read(path), view) for path in chapters}
    units = [introduced(name, notebook) for name, notebook in notebooks.items()]
    for name, text in _made(root, view, units, notebooks, instructors).items():
        files.write(folder / "made" / name, text)
    for name, text in networks.made(root).items():
        files.write(folder / name, text)


def introduced(name: str, notebook: NotebookNode) -> Unit:
    r"""What a notebook's first cell says of it.

    Raises:
        ChapterError: the title, the time or what it needs is missing.

    >>> from nbformat.v4 import new_markdown_cell, new_notebook
    >>> first = "# Gates\n\n**Time:** 75 minutes for you. **What it needs:** chapters 01 and 02."
    >>> unit = introduced("03_gru", new_notebook(cells=[new_markdown_cell(first)]))
    >>> unit
    Unit(name='03_gru', title='Gates', time='75 minutes for you', needs='chapters 01 and 02')
    >>> unit.number, unit.minutes
    ('03', 75)
    """
    text = notebook.cells[0].source
    found = [pattern.search(text) for pattern in (_TITLE, _TIME, _NEEDS)]
    if not all(found):
        raise ChapterError(
            f"{name} must begin with a text that has a heading, '**Time:** 90 minutes …' and '**What it needs:** …'."
        )
    return Unit(name, *(_LINK.sub(r"\1", match[1]) for match in found))


def _pages(docs: Path, view: views.View) -> dict[str, Path]:
    """The site's pages in this view by their names, but for the instructors' guides."""
    others = {*views.sides("both")}.difference(views.sides(view))
    paths = [path for folder in (docs, docs / "api") for path in sorted(folder.glob("*.md")) if path.stem not in others]
    return {path.relative_to(docs).as_posix(): path for path in paths if path.name not in _GUIDES}


def _made(
    root: Path, view: views.View, units: list[Unit], notebooks: dict[str, NotebookNode], instructors: bool
) -> dict[str, str]:
    """The pieces of pages that are made, not written, by their names."""
    known = results.load(root / results.FILE.relative_to(files.ROOT))
    readme = (root / "README.md").read_text("utf-8")
    # The titles of a table of contents are plain text.
    chapters = [f"{unit.number} · {unit.title.replace('*', '')} </chapters/{unit.name}>" for unit in units]
    made = {
        "contents.md": _contents("Chapters", chapters),
        "guides.md": _contents("For instructors", [Path(name).stem for name in _GUIDES if instructors]),
        "cards.md": _cards(units),
        "weeks.md": _weeks(units, _assignments(root, view)),
        "hours.md": _hours(units),
        "scoreboard.md": _CHAPTER.sub(r"[\1](/chapters/", results.scoreboard(known, ("", *views.sides(view)))),
        "museum.md": mistakes.museum(notebooks),
        "slips.md": mistakes.slips(root / "tests/test_mistakes.py", view),
        "colab.md": _on_colab(_assignments(root, view), view),
        "memory.md": _memory(root / "results/memory.json", units),
        "ribbon.html": _ribbon(notebooks.values(), views.sides(view)[0]),
    }
    if view == "both":
        made["references.md"] = _RANGE.sub(r'<span class="range">\g<0></span>', results.table_in(readme, "references"))
    return made | {f"{side}.py": _EXAMPLE.search(views.of_text(readme, side))[1] for side in views.sides(view)}


def _contents(caption: str, pages: list[str]) -> str:
    return "\n".join([":::{toctree}", ":hidden:", f":caption: {caption}", "", *pages, ":::", ""]) if pages else ""


def _cards(units: list[Unit]) -> str:
    cards = [
        f":::{{grid-item-card}} {unit.number} · {unit.title}\n:link: /chapters/{unit.name}\n:link-type: doc\n\n"
        f"{unit.time[0].upper()}{unit.time[1:]}.\n\n*Needs* {unit.needs}.\n:::\n"
        for unit in units
    ]
    return "\n".join(["::::{grid} 1 1 2 2", ":gutter: 3", "", *cards, "::::", ""])


def _hours(units: list[Unit]) -> str:
    hours = round(sum(unit.minutes for unit in units) / 60)
    return f"The {len(units)} chapters take about {hours} hours: [one a week](/weeks.md), or those that you need.\n"


def _weeks(chapters: list[Unit], assignments: list[Unit]) -> str:
    """A chapter a week; an assignment in the week after the last chapter that it needs."""
    rows = ["| week | read | minutes | hand in | minutes |", "| --: | --- | --: | --- | --: |"]
    due = {unit: max(re.findall(r"\b\d\d\b", unit.needs)) for unit in assignments}
    before = ""
    for week, chapter in enumerate([*chapters, None], start=1):
        handed_in = [unit for unit in assignments if before and due[unit] == before]
        read = f"[{chapter.number} · {chapter.title}](/chapters/{chapter.name}.ipynb)" if chapter else ""
        if chapter or handed_in:
            minutes = chapter.minutes if chapter else ""
            titles = "; ".join(unit.title for unit in handed_in)
            rows.append(f"| {week} | {read} | {minutes} | {titles} | {sum(u.minutes for u in handed_in) or ''} |")
        before = chapter.number if chapter else ""
    return "\n".join(rows) + "\n"


def _assignments(root: Path, view: views.View) -> list[Unit]:
    paths = sorted((root / "assignments").glob(f"a*/{views.sides(view)[0]}.ipynb"))
    units = [introduced(path.parent.name, read(path)) for path in paths]
    return [unit._replace(title=re.sub(r", in (PyTorch|TensorFlow)$", "", unit.title)) for unit in units]


def _on_colab(assignments: list[Unit], view: views.View) -> str:
    """A list of the assignments, each with its links; conf.py has the address behind `colab`."""
    sides = views.sides(view)
    names = {side: readings.NAMES[side] if len(sides) > 1 else "open" for side in sides}
    links = {
        unit: " · ".join(f"{{colab}}`{names[side]} <{side}/assignments/{unit.name}>`" for side in sides)
        for unit in assignments
    }
    return "".join(f"- {unit.title}: {of_unit}\n" for unit, of_unit in links.items())


def _memory(file: Path, units: list[Unit]) -> str:
    """A table of what the chapters need."""
    measured = json.loads(file.read_text("utf-8"))["chapters"]
    rows = [f"| {unit.number} · {unit.title} | {measured[unit.name]:.2f} |" for unit in units if unit.name in measured]
    return "\n".join(["| chapter | GB |", "| --- | --: |", *rows, ""])


def _ribbon(notebooks: Iterable[NotebookNode], side: views.Framework) -> str:
    """The first ribbon that a network of this side has made."""
    for notebook in notebooks:
        for cell in code_cells(notebook):
            for output in cell.outputs if side in cell.metadata.get("tags", []) else []:
                figure = output.get("data", {}).get("text/html", "")
                if 'class="living ribbon"' in figure:
                    return figure
    raise ChapterError(f"No chapter shows a ribbon of {side}, and the site's first page needs one.")
