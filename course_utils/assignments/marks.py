"""What came is compared with what was expected, and gets points and messages. No student's code runs here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from course_utils.assignments.errors import NotAttempted, StudentProblem
from course_utils.assignments.nested import difference

NOT_DONE = "not done yet"
NOT_REACHED = "was not reached, because of the error above"


class PartMark(NamedTuple):
    """What one part of a question earned; `misconception` is the id of the wrong answer that came, if it is known."""

    name: str
    points: float
    max_points: float
    passed: bool
    message: str
    misconception: str | None = None


@dataclass(frozen=True)
class Mark:
    """What a question earned."""

    points: float
    max_points: float
    parts: tuple[PartMark, ...]

    @property
    def attempted(self) -> bool:
        """Whether anything but the stub that was handed out came back."""
        return any(part.message not in (NOT_DONE, NOT_REACHED) for part in self.parts)


class Case(NamedTuple):
    """A value that a check looks at, and the part of the question that it belongs to."""

    part: str
    value: Any


class Mistake(NamedTuple):
    """A wrong answer's values, one for each case, and what is said to a student who has the same."""

    id: str
    message: str
    keeps: float
    values: Sequence[Any]


def judge(
    got: Sequence[Any],
    expected: Sequence[Case],
    points: Mapping[str, float],
    mistakes: Sequence[Mistake],
    explained: str,
    tolerance: float,
    tells: bool,
) -> Mark:
    """Compare a student's values, case by case, with those expected and, where they differ, with known mistakes.

    Args:
        got: for each case a value, or the `StudentProblem` that came in its place; cases beyond were not reached.
        expected: the cases.
        points: of each part. A part earns them if all its cases are right, and a share of them if they are those of a
            mistake that keeps some.
        mistakes: wrong answers to this question.
        explained: where the course explains it, for the messages.
        tolerance, tells: see `nested.difference`.

    >>> mistake = Mistake("halved", "It is half of what it should be.", 0.5, [1.0])
    >>> judge([1.0], [Case("value", 2.0)], {"value": 4}, [mistake], "chapter 00", 1e-4, True).parts[0].points
    2.0
    """
    same = [[_equal(value, other, tolerance) for value, other in zip(got, m.values, strict=False)] for m in mistakes]
    likeliest = sorted(range(len(mistakes)), key=lambda i: -sum(same[i]))
    parts = []
    for name, worth in points.items():
        cases = [i for i, case in enumerate(expected) if case.part == name]
        wrong = next((text for i in cases if (text := _wrong(got, expected, i, tolerance, tells))), None)
        if wrong is None:
            parts.append(PartMark(name, float(worth), float(worth), True, "right"))
        elif wrong in (NOT_DONE, NOT_REACHED):
            parts.append(PartMark(name, 0.0, float(worth), False, wrong))
        else:
            of_part = (i for i in likeliest if all(len(same[i]) > case and same[i][case] for case in cases))
            parts.append(_failed(name, worth, wrong, next((mistakes[i] for i in of_part), None), explained))
    return Mark(sum(part.points for part in parts), float(sum(points.values())), tuple(parts))


def _failed(name: str, worth: float, wrong: str, mistake: Mistake | None, explained: str) -> PartMark:
    wrong = wrong.rstrip(".") + "."
    if mistake is None:
        return PartMark(name, 0.0, float(worth), False, f"{wrong} See {explained}.")
    message = f"{wrong} {mistake.message} See {explained}."
    return PartMark(name, mistake.keeps * worth, float(worth), False, message, mistake.id)


def _wrong(got: Sequence[Any], expected: Sequence[Case], i: int, tolerance: float, tells: bool) -> str | None:
    """What is wrong with case i, or None."""
    if i >= len(got):
        return NOT_REACHED
    if isinstance(got[i], StudentProblem):
        return NOT_DONE if isinstance(got[i], NotAttempted) else str(got[i])
    return difference(got[i], expected[i].value, tolerance, tells=tells)


def _equal(value: Any, other: Any, tolerance: float) -> bool:
    return not isinstance(value, StudentProblem) and difference(value, other, tolerance) is None
