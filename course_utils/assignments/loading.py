"""An assignment as its author wrote it: two notebooks in nbgrader's format, and the checks in `tests.py`."""

import ast
import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np
from nbformat import NotebookNode

from course_utils.assignments.errors import AssignmentError
from course_utils.assignments.marks import Mark
from course_utils.assignments.questions import Check
from course_utils.assignments.students import Student

FRAMEWORKS = ("torch", "tensorflow")


@dataclass(frozen=True)
class Question:
    """A question of an assignment.

    Attributes:
        id: nbgrader's grade id, of the cell that has the points.
        points: how many it is worth.
        answers: grade ids of the cells that the student writes for it.
        provides: the names that these cells define.
        declared: its check; None if people grade it.
    """

    id: str
    points: float
    answers: tuple[str, ...]
    provides: tuple[str, ...]
    declared: Check | None

    @property
    def manual(self) -> bool:
        """Whether people grade it."""
        return self.declared is None

    @property
    def needs(self) -> tuple[str, ...]:
        """Grade ids of the questions whose cells must run before."""
        return self.declared.needs if self.declared else ()

    @property
    def forbids(self) -> tuple[str, ...]:
        """Dotted names that are hidden from the student while it is checked."""
        return self.declared.forbids if self.declared else ()

    def check(self, student: Student, rng: np.random.Generator) -> Mark:
        """Check a student's functions on inputs drawn from `rng`; TypeError if people grade the question."""
        if self.declared is None:
            raise TypeError(f"{self.id} is graded by hand: it has no check.")
        return self.declared(student, rng)


@dataclass(frozen=True)
class Assignment:
    """An assignment: its folder, and its questions in the notebook's order."""

    folder: Path
    questions: tuple[Question, ...]

    @property
    def name(self) -> str:
        """The name of its folder, such as "a2_gru"."""
        return self.folder.name

    def notebook(self, framework: str) -> Path:
        """The master for a framework."""
        return self.folder / f"{framework}.ipynb"


def load_assignment(folder: Path) -> Assignment:
    """Read an assignment from its folder in `solutions/`.

    Raises:
        AssignmentError: a file is missing or cannot be read, the two notebooks do not ask the same, or notebooks and
            checks do not fit each other.
    """
    folder = Path(folder)
    checks = _checks(folder / "tests.py")
    torch, tensorflow = (_read_questions(folder / f"{framework}.ipynb", checks) for framework in FRAMEWORKS)
    if torch != tensorflow:
        pairs = zip(torch, tensorflow, strict=False)
        place = next((f"{a.id} and {b.id}" for a, b in pairs if a != b), "their last questions")
        raise AssignmentError(f"{folder.name}: the two notebooks do not ask the same: compare {place}.")
    if unused := checks.keys() - {question.id for question in torch}:
        raise AssignmentError(f"{folder.name}: no cell has the grade id of check_{min(unused)}.")
    return Assignment(folder, torch)


def role(cell: NotebookNode) -> str:
    """What a cell is to nbgrader: "text", "locked", "answer", "check", "manual" or "task"."""
    marks = cell.metadata.get("nbgrader", {})
    if marks.get("task"):
        return "task"
    if marks.get("solution"):
        return "manual" if marks.get("grade") else "answer"
    return "check" if marks.get("grade") else "locked" if marks.get("locked") else "text"


def _checks(path: Path) -> dict[str, Check]:
    """The checks of a tests.py, by grade id; it may import from files beside it, as in `from .steps import …`."""
    name = f"tests_of_{path.parent.name}_{abs(hash(path.resolve()))}"
    for known in [known for known in sys.modules if known == name or known.startswith(f"{name}.")]:
        del sys.modules[known]  # the files may have changed
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=[str(path.parent)])
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except OSError as error:
        raise AssignmentError(f"{path} cannot be read: an assignment has its checks there.") from error
    return {thing.id: thing for thing in vars(module).values() if isinstance(thing, Check)}


def _read_questions(path: Path, checks: dict[str, Check]) -> tuple[Question, ...]:
    try:
        notebook = nbformat.read(path, as_version=4)
    except (OSError, nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        raise AssignmentError(f"{path} is missing or no notebook: an assignment has one for each framework.") from error
    return tuple(_questions(notebook, checks, f"{path.parent.name}/{path.name}"))


def _questions(notebook: NotebookNode, checks: dict[str, Check], where: str) -> Iterator[Question]:
    """A question ends with the cell that has its points; answers above it belong to it."""
    answers: list[NotebookNode] = []
    for cell in notebook.cells:
        kind, marks = role(cell), cell.metadata.get("nbgrader", {})
        if kind == "answer":
            answers.append(cell)
        elif kind in ("manual", "task"):
            own = (marks.grade_id,) if kind == "manual" else ()
            yield Question(marks.grade_id, float(marks.points), own, (), None)
        elif kind == "check":
            yield _checked(marks, answers, checks, where)
            answers = []
    if answers:
        raise AssignmentError(f"{where}: the answer {answers[0].metadata.nbgrader.grade_id} has no check below it.")


def _checked(marks: NotebookNode, answers: list[NotebookNode], checks: dict[str, Check], where: str) -> Question:
    if marks.grade_id not in checks:
        raise AssignmentError(f"{where}: tests.py has no check_{marks.grade_id}.")
    check = checks[marks.grade_id]
    provides = tuple(name for cell in answers for name in _defined(cell.source))
    if marks.points != sum(check.points.values()):
        raise AssignmentError(
            f"{where}: {marks.grade_id} has {marks.points:g} points in the notebook and "
            f"{sum(check.points.values()):g} in tests.py: change one of them."
        )
    if check.name not in provides:
        raise AssignmentError(f"{where}: no answer above the check {marks.grade_id} defines {check.name}.")
    return Question(
        marks.grade_id, float(marks.points), tuple(a.metadata.nbgrader.grade_id for a in answers), provides, check
    )


def _defined(source: str) -> Iterator[str]:
    """The names that a cell defines at its top level."""
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
