"""`course grade`: a class from the folder or zip of submissions to tables and pages; it can be resumed at any point."""

import os
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tqdm.auto import tqdm

from course_utils.assignments.loading import Assignment, load_assignment
from course_utils.files import ROOT, write
from course_utils.grading import batch, gradebook, pages, tables
from course_utils.grading.errors import GradingError
from course_utils.grading.grade import Result, Submission, assignment_hash
from course_utils.grading.intake import collect
from course_utils.grading.late import LatePolicy
from course_utils.grading.sandbox import NoSandbox
from course_utils.grading.similarity import similar
from course_utils.grading.store import Store, file_name


@dataclass(frozen=True)
class Session:
    """A grading session: what to grade, how, and where the results go.

    Attributes:
        submissions: a folder or a zip; see `intake.collect`.
        folder: of the assignment, in `solutions/`.
        out: a folder for everything that is written. What it has already is not graded again.
        jobs: number of processes in parallel.
        scheduler: address of a Dask scheduler that does it instead; "" for none.
        sandboxed: False runs students' code without a sandbox, with all the rights of the person who grades.
        questions: ids of questions to grade again, all others left as they are.
        deadline: with a time zone; None if nothing is late.
        policy: what it costs to be late.
        gradebook: the folder of an nbgrader course whose gradebook gets the marks, too; None for none.
    """

    submissions: Path
    folder: Path
    out: Path
    jobs: int = 1
    scheduler: str = ""
    sandboxed: bool = True
    questions: tuple[str, ...] = ()
    deadline: datetime | None = None
    policy: LatePolicy = field(default_factory=LatePolicy)
    gradebook: Path | None = None


def find_assignment(name: str) -> Path:
    """The folder of an assignment, from its path or its name.

    Raises:
        GradingError: there is none.
    """
    for folder in (Path(name), ROOT / "solutions" / name):
        if (folder / "tests.py").is_file():
            return folder
    raise GradingError(f"There is no assignment {name}: give a folder with tests.py, or the name of one in solutions/.")


def run(session: Session, say: Callable[[str], None]) -> list[str]:
    """Grade what is not graded yet, then write tables and pages.

    Args:
        session: what to grade, and how.
        say: called with a sentence at each step.

    Returns: a sentence for each student who could not be graded, through no fault of theirs.

    Raises:
        GradingError, AssignmentError: grading cannot begin or go on. Results already written are kept.
    """
    if session.out.exists() and not session.out.is_dir():
        raise GradingError(f"{session.out} is a file: give a folder for the results with --out.")
    assignment = load_assignment(session.folder)
    _check_questions(session, assignment)
    submissions = collect(session.submissions, assignment.name, session.deadline)
    store = Store(session.out)
    jobs, kept = _jobs(session, assignment, submissions, store)
    say(f"{len(submissions)} submissions of {assignment.name}, {kept} of them graded before.")
    failures = _grade(session, jobs, store)
    results = [result for each in submissions if (result := store.read(each.student))]
    write_reports(session, assignment, results)
    if session.gradebook:
        gradebook.export(results, assignment, session.policy, session.deadline, session.gradebook)
        say(f"{session.gradebook / gradebook.DATABASE} has the marks: grade the remaining questions in formgrader.")
    say(f"{session.out / 'grades.csv'}, class.html, feedback/ and gradescope/ are written.")
    return failures


def write_reports(session: Session, assignment: Assignment, results: Sequence[Result]) -> None:
    """Write the tables and pages about results."""
    questions = [question.id for question in assignment.questions]
    write(session.out / "grades.csv", tables.grades_csv(results, questions, session.policy))
    write(
        session.out / "class.html", pages.class_page(results, assignment, session.policy, similar(results, assignment))
    )
    for result in results:
        name = file_name(result["student"])
        write(session.out / "feedback" / f"{name}.html", pages.feedback(result, session.policy))
        write(session.out / "gradescope" / name / "results.json", tables.gradescope(result, session.policy))


def _check_questions(session: Session, assignment: Assignment) -> None:
    known = [question.id for question in assignment.questions if not question.manual]
    if unknown := sorted(set(session.questions) - set(known)):
        raise GradingError(f"{assignment.name} has no question {unknown[0]!r} with a check: it has {', '.join(known)}.")


def _jobs(
    session: Session, assignment: Assignment, submissions: Sequence[Submission], store: Store
) -> tuple[list[batch.Job], int]:
    """What is left to do, and how many are done."""
    secret, now = _secret(session.out), assignment_hash(assignment)
    jobs = []
    for submission in submissions:
        before = store.read(submission.student)
        only = frozenset()
        if before and before["hashes"]["submission"] == submission.hash and _comparable(before, session):
            if session.questions and before["status"] == "graded" and len(submission.notebooks) == 1:
                only = frozenset(session.questions)
            elif before["hashes"]["assignment"] == now and before["hours_late"] == submission.hours_late:
                continue
        jobs.append(batch.Job(submission, session.folder.resolve(), secret, session.sandboxed, only))
    return jobs, len(submissions) - len(jobs)


def _comparable(before: Result, session: Session) -> bool:
    """Whether an earlier result may be kept; one made without a sandbox may only if this session has none either."""
    return before["sandbox"] != "none" or not session.sandboxed


def _grade(session: Session, jobs: Sequence[batch.Job], store: Store) -> list[str]:
    failures, counts = [], Counter()
    if session.scheduler:
        graded = batch.on_cluster(jobs, session.scheduler)
    else:
        graded = batch.in_processes(jobs, min(session.jobs, max(1, len(jobs))))
    with tqdm(graded, total=len(jobs), unit="student", disable=bool(os.environ.get("CI"))) as progress:
        for job, result in progress:
            if isinstance(result, NoSandbox):
                raise result
            if isinstance(result, GradingError):
                failures.append(f"{job.submission.student} could not be graded: {result}")
                counts["failed"] += 1
            else:
                store.write(_merged(store.read(result["student"]), result) if job.only else result)
                counts[result["status"]] += 1
            progress.set_postfix({status.replace(" ", "-"): count for status, count in sorted(counts.items())})
    return failures


def _merged(before: Result, now: Result) -> Result:
    """An earlier result in which some questions are replaced by those of a new one."""
    again = {question["id"]: question for question in now["questions"]}
    questions = [again.get(question["id"], question) for question in before["questions"]]
    return before | {
        "questions": questions,
        "points": sum(question["points"] for question in questions),
        "caps": sorted({*before["caps"], *now["caps"]}),
        "sandbox": now["sandbox"] if now["sandbox"] != "not needed" else before["sandbox"],
        "hashes": now["hashes"],
        "versions": now["versions"],
        "hours_late": now["hours_late"],
        "seconds": before["seconds"] | now["seconds"],
    }


def _secret(out: Path) -> bytes:
    """The instructor's secret, made once for a folder of results: anyone who has it can predict the inputs."""
    path = out / "secret"
    if not path.exists():
        write(path, secrets.token_hex(32), mode=0o600)
    return path.read_bytes()
