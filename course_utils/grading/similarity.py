"""Answers that look alike: a hint to have a look, never a mark. Short exercises have few right answers."""

import io
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from course_utils.assignments.cells import read
from course_utils.assignments.errors import Corrupt
from course_utils.assignments.loading import Assignment
from course_utils.assignments.released import released
from course_utils.grading.errors import GradingError
from course_utils.grading.grade import Result, Submission
from course_utils.grading.intake import collect
from course_utils.grading.people import names_in

THRESHOLD = 0.8  # share of the shorter one's tokens that are in the other one, too
_TOKENS, _WINDOW = 25, 4  # copydetect's noise and guarantee thresholds
_MOST_CODE = 20_000  # characters of an answer that are looked at
_MOST_OF_ALL = 10 * _MOST_CODE  # and of all that somebody of another year has handed in
# Code with fewer fingerprints is too short to say anything. Measured on a1 to a7, question by question, on 123 pairs of
# right answers that two authors wrote: of the 36 pairs with 12 fingerprints or fewer none shares more than 0.57, so to
# ask for more would not help. One question is alike with 27: a formula that has one way to be written.
_FEWEST = 3


class SimilarPair(NamedTuple):
    """Two students whose answers look alike.

    Attributes:
        one: of this class.
        other: of this class, too, or of another year's.
        share: how much of the shorter one's code is in the other one.
        where: the other year's folder; "" for this class.
        same: whether the two have one name, as somebody has who repeats the course.
    """

    one: str
    other: str
    share: float
    where: str = ""
    same: bool = False


class OtherYear(NamedTuple):
    """Another class, to compare with: the fingerprints of what each student has handed in."""

    where: str
    prints: dict[str, set[int]]


def similar(
    results: Sequence[Result], assignment: Assignment, others: Sequence[OtherYear] = ()
) -> list[SimilarPair] | None:
    """Pairs of students whose code has more than `THRESHOLD` in common, names and comments aside, most similar first.

    Args:
        results: with the students' answers.
        assignment: code that was handed out is left out of the comparison.
        others: classes of other years; those who are called alike stand last, since they may be one person.

    Returns: None if the library that compares is not installed.
    """
    known = _handed_out(assignment)
    if known is None:
        return None
    manual = {question.id for question in assignment.questions if question.manual}
    prints = _long({result["student"]: _hashes(_code(result, manual), known) for result in results})
    pairs = [SimilarPair(one, other, _share(prints[one], prints[other])) for one, other in combinations(prints, 2)]
    for year in others:
        pairs += [
            SimilarPair(one, other, _share(own, theirs), year.where, _one_name(one, other))
            for one, own in prints.items()
            for other, theirs in year.prints.items()
        ]
    alike = (pair for pair in pairs if pair.share > THRESHOLD)
    return sorted(alike, key=lambda pair: (pair.same, -pair.share, pair))


def other_year(source: Path, assignment: Assignment) -> OtherYear:
    """What another year's class has handed in: all its code but what is handed out this year.

    Args:
        source: a folder or a zip, as `intake.collect` reads it.
        assignment: this year's.

    Raises:
        GradingError: there is nothing to compare, or nothing to compare with.
    """
    known = _handed_out(assignment)
    if known is None:
        raise GradingError("--compare-with needs the library copydetect: run `make setup`.")
    submissions = collect(source, assignment.name).submissions
    prints = {each.student: _hashes(_all_code(each), known) for each in submissions}
    return OtherYear(str(source), _long(prints))


def _handed_out(assignment: Assignment) -> set[int] | None:
    """The fingerprints of what students get; None if the library is not installed."""
    if find_spec("copydetect") is None:
        return None
    cells = (cell.source for each in released(assignment) for cell in each.cells if cell.cell_type == "code")
    return _hashes("\n".join(cells))


def _hashes(code: str, known: Iterable[int] = ()) -> set[int]:
    from copydetect import CodeFingerprint

    return CodeFingerprint("answer.py", _TOKENS, _WINDOW, boilerplate=list(known), fp=io.StringIO(code)).hashes


def _long(prints: Mapping[str, set[int]]) -> dict[str, set[int]]:
    """Those that are long enough to say anything."""
    return {name: hashes for name, hashes in prints.items() if len(hashes) >= _FEWEST}


def _all_code(submission: Submission) -> str:
    """The code in somebody's notebooks; one that cannot be read has none."""
    sources = []
    for content in submission.notebooks.values():
        with suppress(Corrupt):
            sources += [cell.source[:_MOST_CODE] for cell in read(content) if cell.kind == "code"]
    return "\n".join(sources)[:_MOST_OF_ALL]


def _code(result: Result, manual: set[str]) -> str:
    answers = [question["answers"] for question in result["questions"] if question["id"] not in manual]
    return "\n".join(source[:_MOST_CODE] for each in answers for source in each.values())


def _one_name(one: str, other: str) -> bool:
    return one == other or bool(names_in(one) & names_in(other))


def _share(one: set[int], other: set[int]) -> float:
    """How much of the shorter one is in the other."""
    return round(len(one & other) / min(len(one), len(other)), 3)
