"""From what a student handed in to what is run: the released notebook with the student's answers in it.

Nothing but the source of the answers is taken from a submission. So it does not matter if a student has deleted,
changed, copied or moved any other cell, or if a program has lost the cells' metadata.
"""

import ast
import functools
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import nbformat

from course_utils.assignments.loading import FRAMEWORKS, Assignment, Question, role
from course_utils.grading.errors import Corrupt, GradingError

LARGEST = 20 * 2**20  # bytes of a notebook


class SubmittedCell(NamedTuple):
    """What is of interest in a cell that somebody handed in."""

    grade_id: str
    cell_id: str
    kind: str
    source: str


@dataclass(frozen=True)
class Step:
    """A cell to run.

    Attributes:
        name: its grade id.
        source: the released cell's or the student's.
        stub: for an answer, the source that was handed out.
        question: id of the question that it answers; "" for a cell that was handed out to be run as it is.
        forbids: names hidden while it runs.
    """

    name: str
    source: str
    stub: str = ""
    question: str = ""
    forbids: tuple[str, ...] = ()

    @property
    def untouched(self) -> bool:
        """Whether it is an answer that is still as it was handed out."""
        return bool(self.question) and _same(self.source, self.stub)


@dataclass(frozen=True)
class Plan:
    """What to run of a submission.

    Attributes:
        framework: what it computes with.
        steps: cells in the released notebook's order.
        before: question id → how many of the steps stand above its check.
        words: answers in words, to be read by people; below a task, what was written in new cells.
        notes: what was remarkable in the notebook, in sentences.
    """

    framework: str
    steps: tuple[Step, ...]
    before: dict[str, int]
    words: tuple[Step, ...]
    notes: tuple[str, ...] = field(default=())

    def answers(self, question: Question) -> list[Step]:
        """The student's cells of a question."""
        return [step for step in (*self.steps, *self.words) if step.question == question.id]


def released_folder(assignment: Assignment) -> Path:
    """Where the students' version of an assignment is: `assignments/NAME` beside `solutions/`."""
    return assignment.folder.resolve().parent.parent / "assignments" / assignment.name


def read(content: bytes) -> list[SubmittedCell]:
    """The cells of a notebook, whatever else is in it.

    Raises:
        Corrupt: it is no notebook.

    >>> read(b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": ["a = 1"]}]}')
    [SubmittedCell(grade_id='', cell_id='', kind='code', source='a = 1')]
    """
    if len(content) > LARGEST:
        raise Corrupt(f"The notebook has more than {LARGEST // 2**20} MB: clear its outputs and hand it in again.")
    try:
        whole = json.loads(content.decode("utf-8-sig"))
        if "worksheets" in whole:
            raise Corrupt("This notebook has a format of before 2015: open it in Jupyter, save it, hand that in.")
        return [_as_cell(cell) for cell in whole.get("cells", [])]
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError) as error:
        raise Corrupt("This is no notebook, or a damaged one: open it in Jupyter, save it, hand that in.") from error


def _as_cell(cell: dict) -> SubmittedCell:
    marks = cell.get("metadata", {}).get("nbgrader")
    source = cell.get("source", "")
    source = "".join(source) if isinstance(source, list) else source
    grade_id = marks.get("grade_id", "") if isinstance(marks, dict) else ""
    texts = (grade_id, cell.get("id", ""), cell["cell_type"], source)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a cell's parts are text")
    return SubmittedCell(*texts)


class Released:
    """The notebook that was handed out, for one framework.

    Raises:
        GradingError: it is not there.
    """

    def __init__(self, path: Path, framework: str):
        self.framework = framework
        try:
            self.cells = nbformat.read(path, as_version=4).cells
        except (OSError, nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
            raise GradingError(f"{path} is missing or no notebook: run `make assignments`.") from error
        self.sources = {_plain(cell.source) for cell in self.cells if cell.cell_type == "code"}
        locked = [cell for cell in self.cells if role(cell) == "locked"]
        self.modules = tuple(sorted({name for cell in locked for name in _imported(cell)}))

    def likeness(self, cells: Sequence[SubmittedCell]) -> int:
        """How many cells are as in this notebook."""
        return sum(_plain(cell.source) in self.sources for cell in cells)

    def plan(self, cells: Sequence[SubmittedCell], questions: Sequence[Question]) -> Plan | None:
        """Put the student's answers in their places; None if there is not a single one."""
        owner = {answer: question for question in questions for answer in question.answers}
        steps, before, words, notes, found = [], {}, [], [], 0
        for cell in self.cells:
            kind, grade_id = role(cell), cell.metadata.get("nbgrader", {}).get("grade_id", cell.get("id", ""))
            if kind in ("answer", "manual"):
                source, note = _answer(cell, grade_id, cells)
                found += source is not None
                notes += [note] if note else []
                source = cell.source if source is None else source
                question = owner[grade_id]
                step = Step(grade_id, source, cell.source, question.id, question.forbids)
                (words if kind == "manual" else steps).append(step)
            elif kind == "task":
                words.append(Step(grade_id, _below(cell, grade_id, cells), "", grade_id))
            elif kind == "check":
                before[grade_id] = len(steps)
            elif cell.cell_type == "code":
                steps.append(Step(grade_id, cell.source))
        return Plan(self.framework, tuple(steps), before, tuple(words), tuple(notes)) if found else None


def released(assignment: Assignment) -> tuple[Released, ...]:
    """The notebooks that were handed out, one for each framework."""
    paths = [released_folder(assignment) / f"{framework}.ipynb" for framework in FRAMEWORKS]
    times = tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)
    return _released(tuple(paths), times)


@functools.lru_cache(maxsize=8)
def _released(paths: tuple[Path, ...], times: tuple[int, ...]) -> tuple[Released, ...]:
    return tuple(Released(path, framework) for path, framework in zip(paths, FRAMEWORKS, strict=True))


def plan(cells: Sequence[SubmittedCell], assignment: Assignment) -> Plan | None:
    """What to run of a notebook; None if it has nothing of this assignment."""
    likest = max(released(assignment), key=lambda each: each.likeness(cells))
    if not likest.likeness(cells):  # every cell is changed: what it imports tells
        code = "\n".join(cell.source for cell in cells)
        likest = max(released(assignment), key=lambda each: code.count(each.framework))
    return likest.plan(cells, assignment.questions)


def _answer(cell: nbformat.NotebookNode, grade_id: str, cells: Sequence[SubmittedCell]) -> tuple[str | None, str]:
    """The student's source for an answer, and a note if it was not where it belongs."""
    found, note = _marked(cell, grade_id, cells), ""
    if not found and cell.cell_type == "code":
        names = set(_defined(cell.source))
        found = [each for each in cells if each.kind == "code" and names & set(_defined(each.source))]
        if found:
            note = f"The answer {grade_id} was found by the name that it defines: its cell had lost its mark."
    if not found:
        return None, f"The answer {grade_id} is missing."
    changed = [each for each in found if not _same(each.source, cell.source)]
    if len(changed) > 1:
        note = f"There are {len(changed)} cells with the answer {grade_id}: the last one counts, as it does in Jupyter."
    return (changed or found)[-1].source, note


def _marked(cell: nbformat.NotebookNode, grade_id: str, cells: Sequence[SubmittedCell]) -> list[SubmittedCell]:
    """The student's cells that bear a released cell's mark; if there is none, those with its name."""
    found = [each for each in cells if each.grade_id == grade_id]
    return found or [each for each in cells if not each.grade_id and cell.get("id") and each.cell_id == cell.id]


def _below(cell: nbformat.NotebookNode, grade_id: str, cells: Sequence[SubmittedCell]) -> str:
    """What a student has written in new cells below a task."""
    tasks = _marked(cell, grade_id, cells) or [each for each in cells if _same(each.source, cell.source)]
    if not tasks:
        return ""
    rest = cells[cells.index(tasks[-1]) + 1 :]
    new = itertools.takewhile(lambda each: not each.grade_id, rest)
    return "\n\n".join(each.source for each in new if each.source.strip())


def _defined(source: str) -> list[str]:
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [node.name for node in body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]


def _imported(cell: nbformat.NotebookNode) -> list[str]:
    if cell.cell_type != "code":
        return []
    nodes = ast.walk(ast.parse(cell.source))
    names = []
    for node in nodes:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
    return names


def _plain(source: str) -> str:
    """A source without what editors change by themselves."""
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


def _same(one: str, other: str) -> bool:
    return _plain(one) == _plain(other)
