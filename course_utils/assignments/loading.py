"""An assignment as its author wrote it: two notebooks in nbgrader's format, and the checks in `tests.py`."""

import ast
import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import nbformat
import numpy as np
from nbformat import NotebookNode

from course_utils.assignments.errors import AssignmentError, told
from course_utils.assignments.marks import Mark
from course_utils.assignments.questions import Check, is_points
from course_utils.assignments.students import Student

FRAMEWORKS = ("torch", "tensorflow")


@dataclass(frozen=True)
class Question:
    """A question of an assignment.

    Attributes:
        id: nbgrader's grade id, of the cell that gets the points.
        points: how many it is worth.
        answers: grade ids of the cells in which the student answers it.
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
        """Grade ids of the questions whose functions the student may use in this one."""
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
    checks, by_hand = _declared(folder / "tests.py")
    torch, tensorflow = (_read_questions(folder / f"{framework}.ipynb", checks, by_hand) for framework in FRAMEWORKS)
    if torch != tensorflow:
        pairs = zip(torch, tensorflow, strict=False)
        place = next((f"{a.id} and {b.id}" for a, b in pairs if a != b), "their last questions")
        raise AssignmentError(f"{folder.name}: the two notebooks do not ask the same: compare {place}.")
    asked = {question.id for question in torch}
    if unused := checks.keys() - asked:
        raise AssignmentError(f"{folder.name}: no cell has the grade id of check_{min(unused)}.")
    if unused := by_hand.keys() - asked:
        raise AssignmentError(f"{folder.name}: no cell has the grade id {min(unused)}, which BY_HAND gives points.")
    return Assignment(folder, torch)


def role(cell: NotebookNode) -> str:
    """What a cell is to nbgrader: "text", "locked", "answer", "check", "manual" or "task"."""
    marks = cell.metadata.get("nbgrader", {})
    if marks.get("task"):
        return "task"
    if marks.get("solution"):
        return "manual" if marks.get("grade") else "answer"
    return "check" if marks.get("grade") else "locked" if marks.get("locked") else "text"


def _declared(path: Path) -> tuple[dict[str, Check], dict[str, float]]:
    """The checks of a tests.py by grade id, and the points of what people grade.

    It may import from files beside it, as in `from .steps import …`, and beside its folder, as in `from ..shared`.
    """
    parent = f"assignments_in_{abs(hash(path.parent.parent.resolve()))}"
    for known in [known for known in sys.modules if known == parent or known.startswith(f"{parent}.")]:
        del sys.modules[known]  # the files may have changed
    importlib.invalidate_caches()
    sys.modules[parent] = ModuleType(parent)
    sys.modules[parent].__path__ = [str(path.parent.parent)]
    if not path.is_file():
        raise AssignmentError(f"{path} cannot be read: an assignment has its checks there.")
    try:
        module = importlib.import_module(f"{parent}.{path.parent.name}.tests")
    except Exception as error:  # whatever its author may have mistyped
        raise AssignmentError(f"{path} cannot be used: {told(error, path.parents[1])}.") from error
    checks = {thing.id: thing for thing in vars(module).values() if isinstance(thing, Check)}
    by_hand = getattr(module, "BY_HAND", {})
    if not isinstance(by_hand, dict) or not all(map(is_points, by_hand.values())):
        raise AssignmentError(f"{path}: BY_HAND is {by_hand!r}, expected the points of each question: {{NAME: 4}}.")
    return checks, by_hand


def _read_questions(path: Path, checks: dict[str, Check], by_hand: dict[str, float]) -> tuple[Question, ...]:
    try:
        notebook = nbformat.read(path, as_version=4)
    except (OSError, nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        raise AssignmentError(f"{path} is missing or no notebook: an assignment has one for each framework.") from error
    return tuple(_questions(notebook, checks, by_hand, f"{path.parent.name}/{path.name}"))


def _questions(
    notebook: NotebookNode, checks: dict[str, Check], by_hand: dict[str, float], where: str
) -> Iterator[Question]:
    """A question ends with the cell that gets its points; answers above it belong to it."""
    answers: list[NotebookNode] = []
    for cell in notebook.cells:
        kind, name = role(cell), cell.metadata.get("nbgrader", {}).get("grade_id")
        if kind == "answer":
            answers.append(cell)
        elif kind in ("manual", "task"):
            if name not in by_hand:
                raise AssignmentError(f"{where}: tests.py does not say how many points {name} has: add it to BY_HAND.")
            yield Question(name, float(by_hand[name]), (name,) if kind == "manual" else (), (), None)
        elif kind == "check":
            yield _checked(name, answers, checks, where)
            answers = []
    if answers:
        raise AssignmentError(f"{where}: the answer {answers[0].metadata.nbgrader.grade_id} has no check below it.")


def _checked(name: str, answers: list[NotebookNode], checks: dict[str, Check], where: str) -> Question:
    if name not in checks:
        raise AssignmentError(f"{where}: tests.py has no check_{name}.")
    check = checks[name]
    provides = tuple(defined for cell in answers for defined in _defined(cell.source))
    if check.name not in provides:
        raise AssignmentError(f"{where}: no answer above the check {name} defines {check.name}.")
    points = float(sum(check.points.values()))
    return Question(name, points, tuple(a.metadata.nbgrader.grade_id for a in answers), provides, check)


def _defined(source: str) -> Iterator[str]:
    """The names that a cell defines at its top level."""
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
