"""Answers that look alike: a hint to have a look, never a mark. Short exercises have few right answers."""

import io
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from course_utils.assignments.loading import Assignment
from course_utils.assignments.released import released
from course_utils.grading.grade import Result

THRESHOLD = 0.8  # share of the shorter one's tokens that are in the other one, too
_TOKENS, _WINDOW = 25, 4  # copydetect's noise and guarantee thresholds
_MOST_CODE = 20_000  # characters of an answer that are looked at
_FEWEST = 3  # code with fewer fingerprints is too short to say anything


class SimilarPair(NamedTuple):
    """Two students whose answers look alike."""

    one: str
    other: str
    share: float


def similar(results: Sequence[Result], assignment: Assignment) -> list[SimilarPair] | None:
    """Pairs of students whose code has more than `THRESHOLD` in common, names and comments aside, most similar first.

    Args:
        results: with the students' answers.
        assignment: code that was handed out is left out of the comparison.

    Returns: None if the library that compares is not installed.
    """
    try:
        from copydetect import CodeFingerprint
    except ImportError:
        return None

    def fingerprint(code: str, known: Sequence[int] = ()) -> CodeFingerprint:
        return CodeFingerprint("answer.py", _TOKENS, _WINDOW, boilerplate=list(known), fp=io.StringIO(code))

    stubs = "\n".join(cell.source for each in released(assignment) for cell in each.cells if cell.cell_type == "code")
    known = fingerprint(stubs).hashes
    manual = {question.id for question in assignment.questions if question.manual}
    prints = {result["student"]: fingerprint(_code(result, manual), known) for result in results}
    long = [(name, each.hashes) for name, each in prints.items() if len(each.hashes) >= _FEWEST]
    pairs = [SimilarPair(one, other, _share(a, b)) for (one, a), (other, b) in combinations(long, 2)]
    return sorted((pair for pair in pairs if pair.share > THRESHOLD), key=lambda pair: (-pair.share, pair))


def _code(result: Result, manual: set[str]) -> str:
    answers = [question["answers"] for question in result["questions"] if question["id"] not in manual]
    return "\n".join(source[:_MOST_CODE] for each in answers for source in each.values())


def _share(one: set[int], other: set[int]) -> float:
    """How much of the shorter one is in the other."""
    return round(len(one & other) / min(len(one), len(other)), 3)
