"""`course grade`: a class from the folder or zip of submissions to tables and pages; it can be resumed at any point."""

import errno
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tqdm.auto import tqdm

from course_utils.assignments.loading import Assignment, load_assignment
from course_utils.files import ROOT, write
from course_utils.grading import batch, gradebook, pages, tables
from course_utils.grading.errors import GradingError
from course_utils.grading.grade import Result, Submission, assignment_hash, handed_in
from course_utils.grading.intake import Collected, collect
from course_utils.grading.late import LatePolicy
from course_utils.grading.opening import some
from course_utils.grading.overview import listing
from course_utils.grading.sandbox import NoSandbox
from course_utils.grading.showing import shown
from course_utils.grading.similarity import OtherYear, other_year, similar
from course_utils.grading.store import Store, file_name, sole
from course_utils.grading.times import read_deadline as read_deadline

_MENDS = {  # what the machine refuses → what to do
    errno.ENOSPC: "make room on the disk, which has no more for a file",
    errno.EDQUOT: "make room: your share of the disk is used up",
    errno.EMFILE: "allow more open files (`ulimit -n 4096`), or take fewer --jobs",
    errno.ENFILE: "end some programs: this machine can open no more files",
    errno.EROFS: "name a folder that can be written by --out",
    errno.EACCES: "give yourself the right to it, or name another folder",
    errno.EPERM: "give yourself the right to it, or name another folder",
    errno.ENOTDIR: "move away what is in the place of a folder, or name another folder by --out",
    errno.EEXIST: "move away what is in the place of a folder, or name another folder by --out",
    errno.EISDIR: "move away the folder that is in the place of a file, or name another folder by --out",
}


@dataclass(frozen=True)
class Settings:
    """What to grade, how, and where the results go.

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
        finish: True takes the points that people have given from that gradebook into the tables and pages.
        names: a regular expression that says which part of a path is the student; "" finds out by itself.
        times: a CSV with the times of submission; None for none.
        roster: a CSV with the students, their groups and extensions; None for none.
        compare_with: classes of other years, folders or zips, whose answers this year's may look like.
        dry_run: True says how everything was read, and grades nothing.
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
    finish: bool = False
    names: str = ""
    times: Path | None = None
    roster: Path | None = None
    compare_with: tuple[Path, ...] = ()
    dry_run: bool = False


def find_assignment(name: str) -> Path:
    """The folder of an assignment, from its path or its name.

    Raises:
        GradingError: there is none.
    """
    for folder in (Path(name), ROOT / "solutions" / name):
        if (folder / "tests.py").is_file():
            return folder
    raise GradingError(f"There is no assignment {name}: give a folder with tests.py, or the name of one in solutions/.")


def run(settings: Settings, say: Callable[[str], None]) -> list[str]:
    """Grade what is not graded yet, then write tables and pages.

    Args:
        settings: what to grade, and how.
        say: called with a sentence at each step.

    Returns: a sentence for each student who could not be graded, through no fault of theirs.

    Raises:
        GradingError, AssignmentError: grading cannot begin or go on. Results already written are kept.
    """
    try:
        return _run(settings, say)
    except OSError as error:
        raise GradingError(_refused_by_the_machine(error)) from error


def _run(settings: Settings, say: Callable[[str], None]) -> list[str]:
    _check(settings)
    assignment = load_assignment(settings.folder)
    _check_questions(settings, assignment)
    collected = collect(
        settings.submissions,
        assignment.name,
        settings.deadline,
        names=settings.names,
        times=settings.times,
        roster=settings.roster,
    )
    submissions = collected.submissions
    if settings.dry_run or collected.odd:
        for line in listing(collected, assignment, settings.deadline):
            say(line)
    others = [other_year(source, assignment) for source in settings.compare_with]
    for year in others:
        say(f"Answers are compared with those of {len(year.prints)} students in {shown(year.where)}.")
    if settings.dry_run:
        return []
    with sole(settings.out):
        store = Store(settings.out)
        secret = store.secret()
        results, damaged = store.read_all(assignment.name, secret)
        jobs = _jobs(settings, assignment, submissions, results, secret)
        kept = len(submissions) - len(jobs)
        say(f"{len(submissions)} submissions of {assignment.name}, {kept} of them graded before.")
        for sentence in (*damaged, *_forgotten(settings, submissions, results)):
            say(sentence)
        _on_time(submissions, store, results)
        failures = _grade(settings, jobs, store, results)
        graded = [results[each.student] for each in submissions if each.student in results]
        if settings.gradebook:
            gradebook.export(graded, assignment, settings.policy, settings.deadline, settings.gradebook)
            if settings.finish:
                graded = _finished(graded, assignment, settings.gradebook, say)
            else:
                where = settings.gradebook / gradebook.DATABASE
                say(f"{where} has the marks: grade the remaining questions in formgrader, then add --finish.")
        write_reports(settings, assignment, graded, collected, others)
    say(f"{settings.out / 'grades.csv'}, likeness.csv, class.html, feedback/ and gradescope/ are written.")
    return failures


def _check(settings: Settings) -> None:
    """Raise GradingError where what is asked for cannot be."""
    out, submissions = settings.out.resolve(), settings.submissions.resolve()
    if settings.out.exists() and not settings.out.is_dir():
        raise GradingError(f"{settings.out} is a file: give a folder for the results with --out.")
    if out.is_relative_to(submissions):
        raise GradingError(
            f"{settings.out} lies in {settings.submissions}, where it would be one of the students: "
            "name a folder beside it by --out."
        )
    if settings.finish and not settings.gradebook:
        raise GradingError("--finish takes people's points from a gradebook: name its folder by --gradebook.")


def _refused_by_the_machine(error: OSError) -> str:
    """What the machine has refused, and how to go on, in a sentence."""
    if "temporary directory" in str(error):
        return "There is no folder for temporary files that can be written: make one, and name it in TMPDIR."
    where = f"{shown(str(error.filename))}: " if error.filename else ""
    mend = _MENDS.get(error.errno or 0, "see to it")
    return f"{where}{error.strerror or error}; {mend}, and run the same command again: what is graded is kept."


def _finished(
    results: Sequence[Result], assignment: Assignment, course: Path, say: Callable[[str], None]
) -> list[Result]:
    """The results with what people have given; it says for whom something is still open."""
    given = gradebook.given(assignment, course, [result["student"] for result in results])
    finished = [gradebook.finished(result, given[result["student"]]) for result in results]
    waiting = Counter(q["id"] for result in finished for q in result["questions"] if q["status"] == "open")
    for question, count in waiting.items():
        students = "1 student" if count == 1 else f"{count} students"
        say(f"{question} is still open for {students}, who have no final points yet.")
    return finished


def write_reports(
    settings: Settings,
    assignment: Assignment,
    results: Sequence[Result],
    collected: Collected,
    others: Sequence[OtherYear] = (),
) -> None:
    """Write the tables and pages about results, and about how they were handed in."""
    together = {(each.group or each.student, each.hash): each.student for each in collected.submissions}
    compared = [result for result in results if result["student"] in together.values()]  # one of each group
    questions = [question.id for question in assignment.questions]
    write(settings.out / "grades.csv", tables.grades_csv(results, questions, settings.policy))
    alike = similar(compared, assignment, others)
    write(settings.out / "likeness.csv", tables.likeness_csv(alike or []))
    page = pages.class_page(results, assignment, settings.policy, alike, collected.odd)
    write(settings.out / "class.html", page)
    for result in results:
        name = file_name(result["student"])
        write(settings.out / "feedback" / f"{name}.html", pages.feedback(result, settings.policy))
        write(settings.out / "gradescope" / name / "results.json", tables.gradescope(result, settings.policy))


def _check_questions(settings: Settings, assignment: Assignment) -> None:
    known = [question.id for question in assignment.questions if not question.manual]
    if unknown := sorted(set(settings.questions) - set(known)):
        raise GradingError(f"{assignment.name} has no question {unknown[0]!r} with a check: it has {', '.join(known)}.")


def _jobs(
    settings: Settings,
    assignment: Assignment,
    submissions: Sequence[Submission],
    results: Mapping[str, Result],
    secret: bytes,
) -> list[batch.Job]:
    """What is left to do."""
    now, jobs = assignment_hash(assignment), []
    for submission in submissions:
        before = results.get(submission.student)
        only = frozenset()
        if before and before["hashes"]["submission"] == submission.hash and _comparable(before, settings):
            if settings.questions and before["status"] == "graded" and len(submission.notebooks) == 1:
                only = frozenset(settings.questions)
            elif before["hashes"]["assignment"] == now:
                continue
        jobs.append(batch.Job(submission, settings.folder.resolve(), secret, settings.sandboxed, only))
    return jobs


def _forgotten(settings: Settings, submissions: Sequence[Submission], results: Mapping[str, Result]) -> Iterator[str]:
    """What an earlier run had and this one has not, which may be an option that was left out; in sentences."""
    late = [student for student, result in results.items() if result["hours_late"]]
    if late and settings.deadline is None:
        yield f"[LOOK] {some(late)} handed in late by an earlier run's --deadline; without it nobody is late."
    if gone := sorted(results.keys() - {each.student for each in submissions}):
        yield (
            f"[LOOK] {some(gone)} had results in an earlier run and are not among these submissions, so they are in "
            "no table: give the same --roster, --names and folder, if that is not what you mean."
        )


def _on_time(submissions: Sequence[Submission], store: Store, results: dict[str, Result]) -> None:
    """Bring earlier results up to date with another deadline or a table of times, for which nothing need be run."""
    for submission in submissions:
        before = results.get(submission.student)
        if before and before["hashes"]["submission"] == submission.hash:
            results[submission.student] = before | handed_in(submission)
            if results[submission.student] != before:
                store.write(results[submission.student])


def _comparable(before: Result, settings: Settings) -> bool:
    """Whether an earlier result may be kept; one made without a sandbox may only where none is asked for."""
    return before["sandbox"] != "none" or not settings.sandboxed


def _grade(settings: Settings, jobs: Sequence[batch.Job], store: Store, results: dict[str, Result]) -> list[str]:
    """Do the jobs, and add what comes of them to the results, on disk and here; the failures, in sentences."""
    failures, counts = [], Counter()
    if settings.scheduler:
        graded = batch.on_cluster(jobs, settings.scheduler)
    else:
        graded = batch.in_processes(jobs, min(settings.jobs, max(1, len(jobs))))
    with tqdm(graded, total=len(jobs), unit="student", disable=bool(os.environ.get("CI"))) as progress:
        for job, result in progress:
            if isinstance(result, NoSandbox):
                raise result
            if isinstance(result, GradingError):
                failures.append(f"{shown(job.submission.student)} could not be graded: {result}")
                counts["failed"] += 1
            else:
                student = result["student"]
                results[student] = _merged(results[student], result) if job.only else result
                store.write(results[student])
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
        **{name: now[name] for name in ("hours_late", "submitted", "time_from", "remarks")},
        "seconds": before["seconds"] | now["seconds"],
    }
