"""The folder that a reader works in: chapters and assignments in one view, made once and never written over."""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import nbformat
from ipykernel.ipkernel import IPythonKernel
from nbformat import NotebookNode
from nbformat.sign import NotebookNotary

from course_utils import files
from course_utils.errors import CourseError
from course_utils.files import ROOT
from course_utils.workshop import results, views
from course_utils.workshop.chapters import find_chapters, read
from course_utils.workshop.refresh import code_hash

OWN = "my_course"
"""The folder of the course that holds the readers' folders, such as `torch` and `torch_2`; git leaves it alone."""

_PARTS = ("chapters", "assignments")
_RECORD = ".as_made.json"


class Opened(NamedTuple):
    """A reader's folder, and what to tell the reader about it.

    Attributes:
        folder: where it is.
        made: whether it has been made now.
        newer: notebooks of which the course has another version by now, by their paths in the folder.
        left: notebooks of the course itself in which somebody has worked; only told when a folder is made.
    """

    folder: Path
    made: bool
    newer: list[str]
    left: list[str]


def open_folder(view: views.View, new: bool = False, root: Path = ROOT) -> Opened:
    """The newest of a reader's folders in a view, made if there is none; nothing in it is ever written over.

    Args:
        view: which frameworks it speaks of.
        new: make another one beside it if the course has newer notebooks by now.
        root: the course.

    Raises:
        CourseError: the folder cannot be made, and nothing is left of it; or a notebook of the course is none.
    """
    known = _known(root / OWN, view)
    if known:
        folder = known[max(known)]
        newer = _newer(folder, view, root)
        if not (new and newer):
            return Opened(folder, False, newer, [])
    folder = root / OWN / (f"{view}_{max(known) + 1}" if known else view)
    try:
        with files.new_folder(folder) as whole:
            _fill(whole, view, root)
    except OSError as error:
        raise CourseError(
            f"{folder} cannot be made: {error.strerror or error}. Have the course in a folder of your own."
        ) from error
    return Opened(folder, True, [], list(_worked_in(root)))


def _known(own: Path, view: views.View) -> dict[int, Path]:
    """Number → folder of this view: `torch` is the first, `torch_2` the second."""
    named = {path: re.fullmatch(rf"{view}(?:_(\d+))?", path.name) for path in own.glob("*/")}
    return {int(match[1] or 1): path for path, match in named.items() if match}


def _fill(folder: Path, view: views.View, root: Path) -> None:
    """Write the course's chapters and assignments, and what tells their versions apart."""
    for source in sorted(path for part in _PARTS for path in (root / part).rglob("*") if path.is_file()):
        name = source.relative_to(root)
        wanted = source.suffix != ".toml" and not any(part.startswith((".", "__")) for part in name.parts)
        content = views.of_file(source, view) if wanted else None
        if content is not None:
            files.write(folder / name, content)
    notary = NotebookNotary()
    with closing(notary.store):  # its database, which the garbage collector would warn of
        for path in folder.rglob("*.ipynb"):
            notebook = read(path)
            # JupyterLab adds this when a notebook is opened, and would count that as a change.
            notebook.metadata.language_info = nbformat.from_dict(IPythonKernel.language_info)
            files.write(path, nbformat.writes(notebook) + "\n")
            notary.sign(notebook)  # its outputs are trusted: a figure that can be stepped through has a script
    files.write(folder / _RECORD, json.dumps(_versions(view, root), indent=1) + "\n")


def _newer(folder: Path, view: views.View, root: Path) -> list[str]:
    """Notebooks that are not as they were when the folder was made, or that were not there at all."""
    try:
        made = json.loads((folder / _RECORD).read_text("utf-8"))
    except (OSError, ValueError):  # the reader has taken it away
        return []
    return [name for name, version in _versions(view, root).items() if made.get(name) != version]


def _versions(view: views.View, root: Path) -> dict[str, str]:
    """Path in the course → what tells versions of a notebook apart: what its author wrote, not what its cells show."""
    paths = find_chapters(folder=root / "chapters")
    paths += [path for path in _assignments(root) if path.stem in views.sides(view)]
    return {path.relative_to(root).as_posix(): _digest(views.of_notebook(read(path), view)) for path in paths}


def _digest(notebook: NotebookNode) -> str:
    written = json.dumps([(cell.cell_type, cell.source) for cell in notebook.cells])
    return hashlib.sha256(written.encode()).hexdigest()[:16]


def _worked_in(root: Path) -> Iterator[str]:
    """Chapters whose code is not the course's any more, and assignments of which a question is answered."""
    known = results.load(root / results.FILE.relative_to(ROOT))
    for path in find_chapters(folder=root / "chapters"):
        if path.stem in known and code_hash(read(path)) != known[path.stem]["sources"]:
            yield path.relative_to(root).as_posix()
    for path in _assignments(root):
        if any(_answered(cell) for cell in read(path).cells):
            yield path.relative_to(root).as_posix()


def _assignments(root: Path) -> list[Path]:
    return sorted((root / "assignments").glob("*/*.ipynb"))


def _answered(cell: NotebookNode) -> bool:
    asked = cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution", False)
    return asked and "raise NotImplementedError" not in cell.source
