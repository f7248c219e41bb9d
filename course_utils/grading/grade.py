"""Grading one submission: a function of the submission, the assignment, the limits and the instructor's secret."""

import functools
import hashlib
import platform
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

import course_utils
from course_utils.assignments.cells import defined, read
from course_utils.assignments.errors import AssignmentError, Corrupt, Foreign, StudentLost, StudentProblem
from course_utils.assignments.hiding import named_in
from course_utils.assignments.loading import Assignment, Question
from course_utils.assignments.marks import NOT_DONE, Mark
from course_utils.assignments.matching import Plan, plan
from course_utils.assignments.released import released_folder
from course_utils.grading.errors import GradingError
from course_utils.grading.limits import Limits
from course_utils.grading.opening import some
from course_utils.grading.sandbox import Zygote
from course_utils.grading.seeds import code_hash, fingerprint, seed
from course_utils.grading.session import Budget, Session, readable

SCHEMA = 2
MOST_NOTEBOOKS = 12  # of one student that are run: those with the most answers; other assignments' do not count
_MOST_CODE = 100_000  # characters of an answer in which forbidden names are looked for
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
    chosen = [question for question in assignment.questions if not only or question.id in only]
    budget, graded = Budget(limits.submission_seconds, limits.clock_seconds), []
    for i, (name, found) in enumerate(plans):
        part = budget.part(len(plans) - i)  # one that does not end leaves the others their time
        run = functools.partial(_run, assignment=assignment, limits=limits, secret=secret, zygotes=zygotes)
        graded.append(_grade_notebook(name, found, chosen, part, run))
    best = max(graded, key=lambda each: (each["points"], each["status"] != "not attempted"))
    others = [{key: each[key] for key in ("notebook", "framework", "points")} for each in graded if each is not best]
    notes = [*best.pop("notes"), *_also(best, graded, plans, chosen), *(sentence for _, sentence in problems)]
    hashes = frame["hashes"] | {"code": best.pop("code")}
    return frame | best | {
        "hashes": hashes, "notes": notes, "others": others,
        "seconds": {"total": sum(best["seconds"].values())} | best["seconds"],
    }  # fmt: skip


def _also(
    best: Result, graded: Sequence[Result], plans: Sequence[tuple[str, Plan]], chosen: Sequence[Question]
) -> list[str]:
    """What other notebooks have and the best one has not: answers in words, which it gets, and points, in sentences."""
    notes = []
    own = next(found for (_, found), each in zip(plans, graded, strict=True) if each is best)
    for (name, found), each in zip(plans, graded, strict=True):
        more = []
        for i, question in enumerate(chosen):
            if question.manual and found.written(question.answers) and not own.written(question.answers):
                best["questions"][i] = each["questions"][i]
                notes.append(f"The answer {question.id} was found in {readable(name)}.")
            elif each["questions"][i]["points"] > best["questions"][i]["points"]:
                more.append(question.id)
        if more:
            notes.append(f"{readable(name)} earns more for {some(more)}; one notebook counts, that with most points.")
    return notes


def outlook(submission: Submission, assignment: Assignment) -> str:
    """What will be graded, before anything is run: the notebooks' frameworks, or the status if there is none."""
    if submission.refused or not submission.notebooks:
        return "refused" if submission.refused else "empty"
    plans, problems = _plans(submission, assignment)
    return ", ".join(sorted({found.framework for _, found in plans})) or problems[0][0]


def _plans(submission: Submission, assignment: Assignment) -> tuple[list[tuple[str, Plan]], list[tuple[str, str]]]:
    """The notebooks that belong to the assignment, that with most answers first, and what is wrong with the others."""
    plans, problems = [], []
    for name, content in sorted(submission.notebooks.items()):
        if not content.strip():
            problems.append(("empty", f"{readable(name)} has no content."))
            continue
        try:
            cells = read(content)
            plans.append((name, plan(cells, assignment)))
        except Corrupt as error:
            problems.append(("corrupt", f"{readable(name)}: {error}"))
        except Foreign as error:
            empty = not any(cell.source.strip() for cell in cells)
            problems.append(("empty" if empty else "foreign", f"{readable(name)} {error}."))
        except AssignmentError as error:
            raise GradingError(str(error)) from error
    plans.sort(key=lambda each: (-each[1].changed, -each[1].likeness))
    if len(plans) > MOST_NOTEBOOKS:
        text = f"Of {len(plans)} notebooks only the {MOST_NOTEBOOKS} with the most answers were graded."
        problems.append(("refused", text))
    return plans[:MOST_NOTEBOOKS], problems


def _grade_notebook(
    name: str, found: Plan, chosen: Sequence[Question], budget: Budget, run: Callable[..., "_Run"]
) -> Result:
    """What a notebook earns: with the student's own cells, and without, whichever is better for each question."""
    attempted = [question for question in chosen if not question.manual and found.written(question.answers)]
    notes, marks, kind, caps = list(found.notes), {}, "", set()
    written = (step.source for step in found.steps if step.kind != "given" and not step.untouched)
    code = code_hash((step.source for step in found.steps), written)
    if attempted:
        whole = run(found, attempted, budget.part(2) if found.plain else budget, code)
        marks, kind, caps = whole.marks, whole.kind, whole.caps
        again = [question for question in attempted if marks[question.id]["points"] < question.points]
        if found.plain and again:
            plain = run(found.plain, again, budget, code)
            for question in again:
                better = plain.marks[question.id]
                if better["points"] > marks[question.id]["points"]:
                    more = f"{better['points']:g} instead of {marks[question.id]['points']:g} points"
                    notes.append(f"{question.id} earns {more} without the cells of your own, and that counts.")
                    better["seconds"] += marks[question.id]["seconds"]
                    marks[question.id] = better
            caps |= plain.caps
        notes += [
            f"{step.label} was not graded, because {readable(whole.passed_over[step.name])}."
            for step in found.steps
            if step.name in whole.passed_over
        ]
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
        "caps": sorted(caps),
        "sandbox": kind or "not needed",
        "notes": notes,
        "code": code,
        "versions": _versions(found.framework),
        "seconds": seconds,
    }


@dataclass
class _Run:
    """What came of running a notebook: marks by question, the kind of sandbox, limits, and cells that were not run."""

    marks: dict[str, Result]
    kind: str
    caps: set[str]
    passed_over: dict[str, str]


def _run(
    found: Plan,
    attempted: Sequence[Question],
    budget: Budget,
    code: str,
    *,
    assignment: Assignment,
    limits: Limits,
    secret: bytes,
    zygotes: Zygotes,
) -> _Run:
    """Run a plan, and check each question at its places, until one has full marks."""
    marks: dict[str, Result] = {}
    zygote = zygotes(found.framework)
    places = sorted((place, i) for i, question in enumerate(attempted) for place in found.places[question.id])
    with Session(zygote, found, limits, budget) as session:
        for place, i in places:
            question, before = attempted[i], marks.get(attempted[i].id)
            if before and before["points"] == question.points:
                continue
            began = time.perf_counter()
            mark = _grade_question(session, question, place, seed(secret, assignment.name, question.id, code))
            mark["seconds"] = time.perf_counter() - began + (before["seconds"] if before else 0.0)
            if not before or mark["points"] > before["points"] or not before["points"]:
                marks[question.id] = mark
    return _Run(marks, zygote.kind.name, set(session.caps), session.passed_over)


def _grade_question(session: Session, question: Question, place: int, drawn_from: int) -> Result:
    """Points, parts and messages of one question, whatever the student's code does."""
    try:
        student = session.student(question, place)
        mark = question.check(student, np.random.default_rng(drawn_from))
        why = session.failure(question) if mark.points < mark.max_points else ""
        return _from_mark(mark) | {"message": readable(f"Its cell fails: {why}") if why else ""}
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
    names = (question.answers or (question.id,)) if found else ()
    answers = {name: "\n\n".join(step.source for step in found.answering([name])) for name in names}
    if mark is None:
        mark = {"status": "not attempted", "points": 0.0, "message": NOT_DONE, "parts": []}
        if question.manual:
            mark |= {"status": "by hand", "message": "This question is graded by people."}
    code = _reached(answers.values(), found)[:_MOST_CODE]
    named = {"names": named_in(code, question.forbids, question.provides)} if question.forbids else {}
    return {"id": question.id, "max_points": float(question.points)} | mark | {"answers": answers} | named


def _reached(answers: Iterable[str], found: Plan | None) -> str:
    """An answer's code, with that of the student's own cells that it uses, by the names that they define."""
    code, left = "\n".join(answers), [step for step in found.steps if step.kind == "own"] if found else []
    while used := [
        step for step in left if not {*defined(step.source)}.isdisjoint(re.findall(r"\w+", code[:_MOST_CODE]))
    ]:
        code = "\n".join([code, *(step.source for step in used)])
        left = [step for step in left if step not in used]
    return code


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
