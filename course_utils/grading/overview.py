"""How a class was read, before anything is run: who handed in what, and when."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from dateutil import tz

from course_utils.assignments.loading import Assignment
from course_utils.grading.grade import Submission, outlook
from course_utils.grading.intake import Collected
from course_utils.grading.showing import shown

_WIDEST = 44  # characters of a column
_HEADING = ("student", "files", "framework", "handed in", "late", "time from")


def listing(collected: Collected, assignment: Assignment, deadline: datetime | None) -> Iterator[str]:
    """A line for each student, and a sentence for each thing that somebody should look at."""
    yield f"{len(collected.submissions)} students of {assignment.name}, read as {collected.form}."
    rows = [_HEADING, *(_row(each, assignment, deadline) for each in collected.submissions)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    for sentence in collected.odd:
        yield f"[LOOK] {shown(sentence)}"


def _row(submission: Submission, assignment: Assignment, deadline: datetime | None) -> tuple[str, ...]:
    zone = deadline.tzinfo if deadline else tz.tzlocal()
    time = f"{submission.submitted.astimezone(zone):%Y-%m-%d %H:%M}" if submission.submitted else "not known"
    cells = (
        submission.student,
        _files(sorted(submission.notebooks)),
        outlook(submission, assignment),
        time if submission.notebooks else "",
        _late(submission),
        submission.time_from,
    )
    return tuple(_short(shown(cell)) for cell in cells)


def _files(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{paths[0]}{more}" if paths else ""


def _late(submission: Submission) -> str:
    if not submission.hours_late:
        return ""
    return f"{submission.hours_late:g} h" if submission.submitted else "yes"


def _short(cell: str) -> str:
    """A cell that leaves room for the others: its end says more than its middle."""
    half = _WIDEST // 2
    return cell if len(cell) <= _WIDEST else f"{cell[: half - 1]}…{cell[-half:]}"
