"""The notebooks that were handed out: what each of their cells is for, and where a student's cell belongs."""

import ast
import functools
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import nbformat

from course_utils.assignments.cells import LONGEST, SubmittedCell, defined, plain
from course_utils.assignments.errors import AssignmentError
from course_utils.assignments.loading import FRAMEWORKS, Assignment, role

HANDED_OUT = "handed_out_{framework}.json"
"""The notebook that was handed out, as it lies in checks/ for the student's own check: a copy that nobody edits."""


class Place(NamedTuple):
    """A cell of the notebook that was handed out.

    Attributes:
        name: its grade id, or its id in the notebook.
        kind: "code" or "markdown".
        source: what was handed out.
        role: what it is to nbgrader, see `loading.role`.
        defines: names of the functions that an answer defines.
    """

    name: str
    kind: str
    source: str
    role: str
    defines: tuple[str, ...]


class Released:
    """The notebook that was handed out, for one framework.

    Attributes:
        cells: as nbformat reads them.
        places: the same, with what is of interest.
        questions: question id → grade ids of its answers.
        modules: what the given cells import.

    Raises:
        AssignmentError: it is not there.
    """

    def __init__(self, path: Path, framework: str, mend: str = "run `make assignments`"):
        self.framework = framework
        try:
            self.cells = nbformat.read(path, as_version=4).cells
        except (OSError, nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
            raise AssignmentError(f"{path} is missing or no notebook: {mend}.") from error
        self.places = tuple(map(_as_place, self.cells))
        locked = [each for each in self.places if each.role == "locked" and each.kind == "code"]
        self.modules = tuple(sorted({name for each in locked for name in _imported(each.source)}))
        self.questions = dict(_questions(self.places))
        sources = {plain(each.source) for each in self.places if each.source.strip()}
        self.features = frozenset(sources.union(*(each.defines for each in self.places)))
        self.lines = {line for each in self.places if each.kind == "code" for line in plain(each.source).splitlines()}
        self._named = {each.name: i for i, each in enumerate(self.places)}
        self._sources = {(each.kind, plain(each.source)): i for i, each in enumerate(self.places)}
        headings = {_heading(each.source): i for i, each in enumerate(self.places) if each.kind == "markdown"}
        self._headings = {text: i for text, i in headings.items() if text}

    def home(self, cell: SubmittedCell) -> int | None:
        """Which of the places a student's cell belongs to: by its mark, its id, its source or its heading."""
        if cell.grade_id in self._named:
            return self._named[cell.grade_id]
        if not cell.grade_id and cell.cell_id in self._named:
            return self._named[cell.cell_id]
        if (found := self._sources.get((cell.kind, plain(cell.source)))) is not None:
            return found
        return self._headings.get(_heading(cell.source)) if cell.kind == "markdown" else None


def _as_place(cell: nbformat.NotebookNode) -> Place:
    name = cell.metadata.get("nbgrader", {}).get("grade_id", cell.get("id", ""))
    kind = role(cell)
    defines = defined(cell.source) if kind == "answer" else ()
    return Place(name, cell.cell_type, cell.source, kind, tuple(defines))


def _questions(places: Iterable[Place]) -> Iterable[tuple[str, tuple[str, ...]]]:
    """A question ends with the cell that gets its points; the answers above it are its answers."""
    answers: list[str] = []
    for place in places:
        if place.role == "answer":
            answers.append(place.name)
        elif place.role in ("manual", "task"):
            yield place.name, (place.name,)
        elif place.role == "check":
            yield place.name, tuple(answers)
            answers = []


def released_folder(assignment: Assignment) -> Path:
    """Where the students' version of an assignment is: `assignments/NAME` beside `solutions/`."""
    return assignment.folder.resolve().parent.parent / "assignments" / assignment.name


def released(assignment: Assignment) -> tuple[Released, ...]:
    """The notebooks that were handed out, one for each framework."""
    return _released(*_on_disk([released_folder(assignment) / f"{framework}.ipynb" for framework in FRAMEWORKS]))


def _on_disk(paths: Sequence[Path]) -> tuple[tuple[Path, ...], tuple[int, ...]]:
    return tuple(paths), tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)


@functools.lru_cache(maxsize=8)
def _released(paths: tuple[Path, ...], times: tuple[int, ...]) -> tuple[Released, ...]:
    return tuple(Released(path, framework) for path, framework in zip(paths, FRAMEWORKS, strict=True))


def others(assignment: Assignment) -> dict[str, frozenset[str]]:
    """Name → sources and names in the notebooks of each other assignment that was handed out."""
    own = released_folder(assignment)
    paths = sorted(path for path in own.parent.glob("*/*.ipynb") if path.parent != own and path.stem in FRAMEWORKS)
    return _others(*_on_disk(paths))


@functools.lru_cache(maxsize=8)
def _others(paths: tuple[Path, ...], times: tuple[int, ...]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for path in paths:
        with suppress(AssignmentError):  # it is not what is graded
            name = path.parent.name
            found[name] = found.get(name, frozenset()) | Released(path, path.stem).features
    return found


def _imported(source: str) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
    return names


def _heading(source: str) -> str:
    """The first line of a text, if it is a heading."""
    first = source[:LONGEST].strip().partition("\n")[0].strip()
    return first if first.startswith("#") else ""
