"""Grading one submission: a function of the submission, the assignment, the limits and the instructor's secret."""

import hashlib
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

import course_utils
from course_utils.assignments.errors import StudentLost, StudentProblem
from course_utils.assignments.loading import Assignment, Question
from course_utils.assignments.marks import NOT_DONE, Mark
from course_utils.grading.errors import Corrupt
from course_utils.grading.limits import Limits
from course_utils.grading.matching import Plan, plan, read, released_folder
from course_utils.grading.sandbox import Zygote
from course_utils.grading.seeds import code_hash, fingerprint, seed
from course_utils.grading.session import Session, readable

SCHEMA = 2
MOST_NOTEBOOKS = 4  # of one student that are looked at: somebody may hand in both frameworks', and each twice
_PACKAGES = {"torch": ("torch",), "tensorflow": ("tensorflow-cpu", "tensorflow")}

Zygotes = Callable[[str], Zygote]
Result = dict[str, Any]


@dataclass(frozen=True)
class Submission:
    """What one student has handed in.

    Attributes:
        student: how the student is called in the gradebook.
        notebooks: file name → content, of the notebooks among the files.
        refused: why nothing of it was opened, as a sentence; "" if it was.
        hours_late: by how much it missed the deadline; 0 if it did not, or if there is none.
        instead: what there was if there was no notebook, as a sentence.
        submitted: when it was handed in, in UTC; None if that is not known.
        time_from: where the time is from; "" if it is not known.
        remarks: what is odd about how it was handed in, in sentences for the instructor.
        group: those who hand in together; "" if it is one student.
    """

    student: str
    notebooks: dict[str, bytes] = field(default_factory=dict)
    refused: str = ""
    hours_late: float = 0.0
    instead: str = "There is no notebook among the files."
    submitted: datetime | None = None
    time_from: str = ""
    remarks: tuple[str, ...] = ()
    group: str = ""

    @property
    def hash(self) -> str:
        """SHA-256 of the names and contents."""
        whole = hashlib.sha256()
        for name, content in sorted(self.notebooks.items()):
            whole.update(f"{name!r} {len(content)}\n".encode() + content)
        return whole.hexdigest()


def grade_submission(
    submission: Submission,
    assignment: Assignment,
    limits: Limits,
    secret: bytes,
    zygotes: Zygotes,
    only: frozenset[str] = frozenset(),
) -> Result:
    """Run what a student has handed in, and say what it earned.

    Args:
        submission: the files.
        assignment: as `load_assignment` gives it.
        limits: what the submission may use.
        secret: the instructor's; the inputs of the checks are drawn from it and from what the student's code does.
        zygotes: framework → the zygote that its processes are forked from.
        only: ids of the questions to grade; all if empty.

    Returns: the result, as `result.schema.json` describes it. The same arguments give the same result, but for what is
        under "seconds".

    Raises:
        GradingError: the sandbox or the assignment fails; never for anything that a student has handed in.
    """
    frame = _frame(submission, assignment, secret)
    if submission.refused:
        return frame | _ungraded(assignment, "refused", submission.refused)
    if not submission.notebooks:
        return frame | _ungraded(assignment, "empty", submission.instead)
    plans, problems = _plans(submission, assignment)
    if not plans:
        return frame | _ungraded(assignment, *problems[0])
    graded = [_grade_notebook(name, each, assignment, limits, secret, zygotes, only) for name, each in plans]
    best = max(graded, key=lambda each: (each["points"], each["status"] != "not attempted"))
    others = [{key: each[key] for key in ("notebook", "framework", "points")} for each in graded if each is not best]
    notes = [*best.pop("notes"), *(sentence for _, sentence in problems)]
    hashes = frame["hashes"] | {"code": best.pop("code")}
    return frame | best | {
        "hashes": hashes, "notes": notes, "others": others,
        "seconds": {"total": sum(best["seconds"].values())} | best["seconds"],
    }  # fmt: skip


def outlook(submission: Submission, assignment: Assignment) -> str:
    """What will be graded, before anything is run: the notebooks' frameworks, or the status if there is none."""
    if submission.refused or not submission.notebooks:
        return "refused" if submission.refused else "empty"
    plans, problems = _plans(submission, assignment)
    return ", ".join(sorted({found.framework for _, found in plans})) or problems[0][0]


def _plans(submission: Submission, assignment: Assignment) -> tuple[list[tuple[str, Plan]], list[tuple[str, str]]]:
    """The notebooks that belong to the assignment, and a status and a sentence for each of the others."""
    plans, problems = [], []
    for name, content in sorted(submission.notebooks.items()):
        if not content.strip():
            problems.append(("empty", f"{readable(name)} has no content."))
            continue
        try:
            cells = read(content)
        except Corrupt as error:
            problems.append(("corrupt", f"{readable(name)}: {error}"))
            continue
        found = plan(cells, assignment)
        if found:
            plans.append((name, found))
        else:
            foreign = any(cell.source.strip() for cell in cells)
            reason = f"has no answer of {assignment.name}" if foreign else "has no cells with content"
            problems.append(("foreign" if foreign else "empty", f"{readable(name)} {reason}."))
    if len(plans) > MOST_NOTEBOOKS:
        problems.append(("refused", f"Only the first {MOST_NOTEBOOKS} of {len(plans)} notebooks were graded."))
    return plans[:MOST_NOTEBOOKS], problems


def _grade_notebook(
    name: str,
    found: Plan,
    assignment: Assignment,
    limits: Limits,
    secret: bytes,
    zygotes: Zygotes,
    only: frozenset[str],
) -> Result:
    chosen = [question for question in assignment.questions if not only or question.id in only]
    attempted = [q for q in chosen if not q.manual and not all(step.untouched for step in found.answers(q))]
    marks: dict[str, Result] = {}
    caps: list[str] = []
    kind, code = "", code_hash(step.source for step in found.steps)
    if attempted:
        zygote = zygotes(found.framework)
        kind = zygote.kind.name
        with Session(zygote, found, limits) as session:
            for question in attempted:
                began = time.perf_counter()
                marks[question.id] = _grade_question(
                    session, question, seed(secret, assignment.name, question.id, code)
                )
                marks[question.id]["seconds"] = time.perf_counter() - began
        caps = sorted(session.caps)
    seconds = {each: mark.pop("seconds") for each, mark in marks.items()}
    questions = [_question(question, marks.get(question.id), found) for question in chosen]
    # a question may be left as it was handed out though its cell differs, by a comment or from an earlier version
    done = any(mark["status"] != "not attempted" for mark in marks.values())
    done = done or not all(step.untouched for step in found.words)
    return {
        "status": "graded" if done else "not attempted",
        "message": "" if done else "No answer was changed.",
        "framework": found.framework,
        "notebook": name,
        "points": sum(each["points"] for each in questions),
        "questions": questions,
        "caps": caps,
        "sandbox": kind or "not needed",
        "notes": list(found.notes),
        "code": code,
        "versions": _versions(found.framework),
        "seconds": seconds,
    }


def _grade_question(session: Session, question: Question, drawn_from: int) -> Result:
    """Points, parts and messages of one question, whatever the student's code does."""
    try:
        student = session.student(question)
        mark = question.check(student, np.random.default_rng(drawn_from))
        return _from_mark(mark)
    except StudentLost as lost:
        return {"status": "lost", "points": 0.0, "message": readable(str(lost)), "parts": []}
    except StudentProblem as problem:
        return {"status": "graded", "points": 0.0, "message": readable(str(problem)), "parts": []}
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, AssertionError, MemoryError) as error:
        # the check itself stumbled over what the student's function returned
        text = f"Your function returned something that the check cannot use ({type(error).__name__})."
        return {"status": "graded", "points": 0.0, "message": text, "parts": []}


def _from_mark(mark: Mark) -> Result:
    parts = [
        {
            "name": part.name,
            "points": float(part.points),
            "max_points": float(part.max_points),
            "passed": bool(part.passed),
            "message": readable(part.message),
            "misconception": part.misconception,
        }
        for part in mark.parts
    ]
    status = "graded" if mark.attempted else "not attempted"
    return {"status": status, "points": float(mark.points), "message": "", "parts": parts}


def _question(question: Question, mark: Result | None, found: Plan | None) -> Result:
    answers = {step.name: step.source for step in found.answers(question)} if found else {}
    if mark is None:
        mark = {"status": "not attempted", "points": 0.0, "message": NOT_DONE, "parts": []}
        if question.manual:
            mark |= {"status": "by hand", "message": "This question is graded by people."}
    return {"id": question.id, "max_points": float(question.points)} | mark | {"answers": answers}


def handed_in(submission: Submission) -> Result:
    """The part of a result that depends on when and how something was handed in, not on what."""
    return {
        "hours_late": submission.hours_late,
        "submitted": submission.submitted and submission.submitted.isoformat(),
        "time_from": submission.time_from,
        "remarks": [readable(remark) for remark in submission.remarks],
    }


def _frame(submission: Submission, assignment: Assignment, secret: bytes) -> Result:
    """What every result has."""
    return handed_in(submission) | {
        "schema": SCHEMA,
        "student": submission.student,
        "assignment": assignment.name,
        "max_points": float(sum(question.points for question in assignment.questions)),
        "hashes": {
            "submission": submission.hash,
            "assignment": assignment_hash(assignment),
            "secret": fingerprint(secret),
            "code": None,
        },
    }


def _ungraded(assignment: Assignment, status: str, message: str) -> Result:
    return {
        "status": status,
        "message": readable(message),
        "framework": None,
        "notebook": None,
        "points": 0.0,
        "questions": [_question(question, None, None) for question in assignment.questions],
        "caps": [],
        "sandbox": "not needed",
        "notes": [],
        "others": [],
        "versions": _versions(None),
        "seconds": {"total": 0.0},
    }


def assignment_hash(assignment: Assignment) -> str:
    """SHA-256 of the assignment's checks and notebooks, as written and as handed out."""
    whole = hashlib.sha256()
    for folder in (assignment.folder, released_folder(assignment)):
        for path in sorted(folder.glob("*.ipynb")) + sorted(folder.glob("*.py")):
            whole.update(path.name.encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


def _versions(framework: str | None) -> dict[str, str]:
    versions = {"course": course_utils.__version__, "python": platform.python_version(), "numpy": np.__version__}
    for package in _PACKAGES.get(framework or "", ()):
        try:
            versions[str(framework)] = version(package)
        except PackageNotFoundError:
            continue
    return versions
