"""Marks for nbgrader's gradebook, and the notebooks beside it, so that people can grade their questions in formgrader.

The gradebook gets one notebook for each assignment, with the assignment's name, whichever framework a student has
chosen. So the points of an assignment count once.
"""

import os
import re
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import nbformat

from course_utils.assignments.loading import Assignment, role
from course_utils.assignments.released import released
from course_utils.files import write
from course_utils.grading.errors import GradingError
from course_utils.grading.grade import Result
from course_utils.grading.late import LatePolicy
from course_utils.grading.showing import shown
from course_utils.grading.store import TOLD_APART, file_name
from course_utils.grading.tables import part_line

DATABASE = "gradebook.db"
_FOLDER = re.compile(r"""[^\s./\\:*?"<>|-]([^/\\:*?"<>|]{0,60}[^\s./\\:*?"<>|])?""")


def export(
    results: Sequence[Result], assignment: Assignment, policy: LatePolicy, deadline: datetime | None, course: Path
) -> None:
    """Write marks into a gradebook, which is made if needed. Points and comments that people have given stay.

    Args:
        results: as `grade_submission` gives them.
        assignment: its questions become the gradebook's cells.
        policy: late penalties are written, too.
        deadline: when the assignment was due.
        course: the folder of `gradebook.db` and `autograded/`.

    Raises:
        GradingError: nbgrader is not installed, or the gradebook cannot be read.
    """
    course.mkdir(parents=True, exist_ok=True)
    with _opened(course) as book:
        _declare(book, assignment, deadline)
        for result in results:
            _enter(book, result, assignment, policy, deadline)
            if result["framework"]:
                name = assignment.name
                path = course / "autograded" / known_as(result["student"]) / name / f"{name}.ipynb"
                write(path, nbformat.writes(rebuilt(result, assignment)) + "\n")


class Given(NamedTuple):
    """What a question has in the gradebook.

    Attributes:
        points: the person's where there are some, else the machine's; None if a person has still to give them.
        comment: what a person wrote beside the answer, or "".
    """

    points: float | None
    comment: str


def given(assignment: Assignment, course: Path, students: Sequence[str]) -> dict[str, dict[str, Given]]:
    """Student → question → what it has in the gradebook; for those students who are in it.

    Raises:
        GradingError: nbgrader is not installed, or the gradebook cannot be read.
    """
    name, found = assignment.name, {}
    with _opened(course) as book:
        from nbgrader.api import MissingEntry

        for student in students:
            try:
                notebook = book.find_submission_notebook(name, name, known_as(student))
            except MissingEntry:
                continue
            comments = {comment.name: (comment.comment or "").strip() for comment in notebook.comments}
            found[student] = {
                grade.name: Given(
                    None if grade.needs_manual_grade else float(grade.score), comments.get(grade.name, "")
                )
                for grade in notebook.grades
            }
    return found


def finished(result: Result, given: Mapping[str, Given]) -> Result:
    """A result with what people have given: such a question is "given" by now, or still "open"."""
    questions = []
    for question in result["questions"]:
        points, comment = given[question["id"]]
        if points is None:
            question = question | {"status": "open"}
        elif question["status"] == "by hand" or points != question["points"]:
            question = question | {"status": "given", "points": points, "message": comment}
        questions.append(question)
    return result | {"questions": questions, "points": sum(question["points"] for question in questions)}


def known_as(student: str) -> str:
    """The student's name in the gradebook: their own, or, where it cannot be that of a folder, that of their files.

    >>> known_as("Ada King"), known_as("../eve")
    ('Ada King', 'eve-e851cb98934eeb42')
    """
    if student.isprintable() and _FOLDER.fullmatch(student) and not TOLD_APART.fullmatch(student):
        return student
    return file_name(student)


@contextmanager
def _opened(course: Path) -> Iterator[Any]:
    """The gradebook of a course; a Gradebook, of a library that may be absent."""
    try:
        from nbgrader.api import Gradebook
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError as error:
        raise GradingError(
            "nbgrader is not installed, and a gradebook needs it: run `pip install nbgrader`."
        ) from error
    path = (course / DATABASE).absolute()
    try:
        with _as_nbgrader_likes_it(), Gradebook(f"sqlite:///{path}") as book:
            yield book
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        raise GradingError(
            f"{path} cannot be used as a gradebook ({reason}): close what has it open, or name another folder by "
            "--gradebook."
        ) from error


def rebuilt(result: Result, assignment: Assignment) -> nbformat.NotebookNode:
    """The notebook that was handed out, with a student's answers in it, and what was found about each question.

    Tasks have their mark schemes, for the person who grades. Nothing has been run: what was found is the only output.
    """
    master = nbformat.read(assignment.notebook(result["framework"]), as_version=4)
    tasks = {cell.metadata.nbgrader.grade_id: cell.source for cell in master.cells if role(cell) == "task"}
    handed_out = next(each for each in released(assignment) if each.framework == result["framework"])
    by_id = {question["id"]: question for question in result["questions"]}
    answers = {name: source for question in result["questions"] for name, source in question["answers"].items()}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    for cell in handed_out.cells:
        copied = nbformat.from_dict(cell)
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        kind = role(cell)
        if kind in ("answer", "manual"):
            copied.source = answers.get(grade_id, cell.source)
        if kind == "check":
            copied.outputs = [nbformat.v4.new_output("stream", name="stdout", text=_found(by_id[grade_id]))]
        if kind == "task":
            copied.source = tasks[grade_id]
        notebook.cells.append(copied)
        if kind == "task" and answers.get(grade_id):
            notebook.cells.append(nbformat.v4.new_markdown_cell(answers[grade_id], id=f"{grade_id}_written"))
    return notebook


@contextmanager
def _as_nbgrader_likes_it() -> Iterator[None]:
    """Let it find `alembic`, which it calls by name though the environment may not be active; ignore its warnings."""
    with mock.patch.dict(os.environ), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        yield


def _found(question: Result) -> str:
    lines = [f"{question['points']:g} of {question['max_points']:g} points", question["message"]]
    lines += map(part_line, question["parts"])
    return "\n".join(filter(None, lines)) + "\n"


def _declare(book: Any, assignment: Assignment, deadline: datetime | None) -> None:
    """The assignment's cells, as nbgrader keeps them."""
    name = assignment.name
    due = {} if deadline is None else {"duedate": deadline.astimezone().replace(tzinfo=None) - _offset(deadline)}
    book.update_or_create_assignment(name, **due)
    book.update_or_create_notebook(name, name)
    where = {"notebook": name, "assignment": name}
    sources = {cell.metadata.nbgrader.grade_id: cell for cell in _marked(assignment)}
    for question in assignment.questions:
        cell = sources[question.id]
        if role(cell) == "task":
            book.update_or_create_task_cell(question.id, **where, max_score=question.points, cell_type=cell.cell_type)
        else:
            book.update_or_create_grade_cell(question.id, **where, max_score=question.points, cell_type=cell.cell_type)
        for answer in question.answers:
            book.update_or_create_solution_cell(answer, **where)
        book.update_or_create_source_cell(question.id, **where, cell_type=cell.cell_type, source=cell.source)


def _marked(assignment: Assignment) -> list[nbformat.NotebookNode]:
    """The cells that nbgrader knows; they are the same for both frameworks but for their code."""
    return [cell for cell in released(assignment)[0].cells if "nbgrader" in cell.metadata]


def _offset(moment: datetime) -> timedelta:
    return moment.astimezone().utcoffset() or timedelta()


def _enter(book: Any, result: Result, assignment: Assignment, policy: LatePolicy, deadline: datetime | None) -> None:
    """A student's marks. What people have given already is kept, and what they have still to give is left open."""
    name, student = assignment.name, known_as(result["student"])
    book.update_or_create_student(student, last_name=None if student == result["student"] else shown(result["student"]))
    stamp = {}
    if deadline is not None:
        moment = deadline + timedelta(hours=result["hours_late"])
        stamp = {"timestamp": moment.astimezone().replace(tzinfo=None) - _offset(moment)}
    book.update_or_create_submission(name, student, **stamp)
    stubs = {cell.metadata.nbgrader.grade_id: cell.source.strip() for cell in _marked(assignment)}
    for question in result["questions"]:
        grade = book.find_grade(question["id"], name, name, student)
        if question["status"] == "by hand":
            answered = any(source.strip() not in ("", stubs.get(name)) for name, source in question["answers"].items())
            grade.auto_score = None if answered else 0
            grade.needs_manual_grade = answered and grade.manual_score is None
        else:
            grade.auto_score = question["points"]
            grade.needs_manual_grade = False
    notebook = book.find_submission_notebook(name, name, student)
    book.db.flush()
    book.db.refresh(notebook)  # its score is the sum of what has just been written, and of what people have given
    notebook.late_submission_penalty = policy.penalty(notebook.score, result["hours_late"])
    book.db.commit()
