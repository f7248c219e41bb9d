"""How the questions of an assignment are declared, in its `tests.py`, and how an answer is checked.

A check calls a student's function, on inputs that are drawn anew each time, and says which part of the question each
result belongs to. The same check runs on the reference answer, which gives what is expected, and on each wrong answer
on the list: a student who gets the results of a wrong answer is told what they have mixed up.

>>> @question({"value": 2, "slope": 1}, reference=np.tanh, explained="chapter 02", wrong=[
...     Wrong("sine", np.sin, "This is the sine.", keeps=0.5)])
... def check_squash(student, rng):
...     x = rng.normal(size=3)
...     yield "value", student.call("tanh", x)
...     yield "slope", student.gradient("tanh", x, wrt=0, weights=1)
>>> check_squash(LocalStudent({"tanh": np.sin}, "numpy"), np.random.default_rng(0)).points
1.5
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from course_utils.assignments.errors import AssignmentError, BadValue, StudentLost, StudentProblem, told
from course_utils.assignments.marks import Case, Mark, Mistake, judge
from course_utils.assignments.mutation import mutant
from course_utils.assignments.students import LocalStudent, Student

Probe = Callable[[Student, np.random.Generator], Iterator[tuple[str, Any]]]


class Wrong(NamedTuple):
    """A wrong answer that a student may well give.

    Args:
        id: its name, for statistics; unique in the question.
        answer: a NumPy function with the reference's arguments; or pieces of the reference's source and what takes
            their places, see `mutation.mutant`.
        message: what is said to a student who gets this answer's results: what is mixed up, never the right answer.
        keeps: the share of the points that a part keeps all the same.
    """

    id: str
    answer: Callable | Mapping[str, str]
    message: str
    keeps: float = 0.0

    def of(self, reference: Callable) -> Callable:
        """The wrong answer as a function, given the right one."""
        return mutant(reference, self.answer) if isinstance(self.answer, Mapping) else self.answer


@dataclass(frozen=True)
class Check:
    """A declared question; called with a student and a random generator it gives a `Mark`."""

    id: str
    probe: Probe
    points: Mapping[str, float]
    reference: Callable
    explained: str
    wrong: Sequence[Wrong]
    forbids: tuple[str, ...]
    needs: tuple[str, ...]
    tolerance: float
    for_nothing: float

    def __call__(self, student: Student, rng: np.random.Generator) -> Mark:
        """Check a student's functions, on inputs drawn from `rng`.

        Results that came before an error in the student's code count. Raises `StudentLost` if the process is lost.
        """
        seed = int(rng.integers(2**62))
        expected = self.cases(self.reference, seed)
        got = []
        try:
            for case in self.probe(student, np.random.default_rng(seed)):
                got.append(case[1])
        except StudentLost:
            raise
        except StudentProblem as problem:
            got.append(problem)
        except Exception as error:  # the check itself stumbled over what came; the reference's results suit it
            got.append(BadValue(f"your function returned something that the check cannot use ({type(error).__name__})"))
        mark = self.judge(got, expected, [])
        return mark if mark.points == mark.max_points else self.judge(got, expected, self.mistakes(seed))

    def judge(self, got: Sequence[Any], expected: Sequence[Case], mistakes: Sequence[Mistake]) -> Mark:
        """Compare the values that came with those expected, which no message may give away."""
        return judge(got, expected, self.points, mistakes, self.explained, self.tolerance, tells=False)

    def cases(self, answer: Callable, seed: int) -> list[Case]:
        """The values that the check gets from a NumPy function, up to the first error.

        Raises AssignmentError if that function is the reference.
        """
        student, found = LocalStudent({self.name: answer}, "numpy"), []
        try:
            for part, value in self.probe(student, np.random.default_rng(seed)):
                found.append(Case(part, value))
        except Exception as error:
            if answer is self.reference:
                raise AssignmentError(f"{self.id}: the reference answer fails: {self._told(error)}.") from error
        if answer is self.reference and {case.part for case in found} != set(self.points):
            raise AssignmentError(f"{self.id}: the check's parts are not those that have points, {list(self.points)}.")
        return found

    def mistakes(self, seed: int) -> list[Mistake]:
        """The wrong answers' values."""
        return [
            Mistake(each.id, each.message, each.keeps, [case.value for case in self.cases(each.answer, seed)])
            for each in self.wrong
        ]

    def _told(self, error: Exception) -> str:
        if isinstance(error, StudentProblem):
            return str(error).rstrip(".")
        return told(error, Path(self.probe.__code__.co_filename).parents[1])

    @property
    def name(self) -> str:
        """The name of the function that students write: the reference's."""
        return self.reference.__name__


def is_points(number: object) -> bool:
    """Whether it is a number that a question may be worth.

    >>> is_points(2.5), is_points(-1), is_points("4")
    (True, False, False)
    """
    return isinstance(number, Real) and not isinstance(number, bool) and 0 <= number < float("inf")


def question(
    points: Mapping[str, float],
    *,
    reference: Callable,
    explained: str,
    wrong: Sequence[Wrong] = (),
    forbids: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
    tolerance: float = 1e-4,
    for_nothing: float = 0.0,
) -> Callable[[Probe], Check]:
    """Declare the question whose grade id is the decorated function's name without `check_`.

    Args:
        points: of each part, by the names that the check yields, the easy ones first.
        reference: the right answer, a NumPy function with the name and the arguments that students are asked for.
        explained: where the course explains it, as in "chapter 03, “Two gates”".
        wrong: wrong answers that students may well give.
        forbids: dotted names that are hidden from the student while this question is checked.
        needs: grade ids of questions whose functions the student may use in this one.
        tolerance: relative to 1 or the largest expected number of a case; float32 needs 1e-4.
        for_nothing: the share of the points that constants, the input or numbers by chance may earn; a test tries them.
    """

    def declare(probe: Probe) -> Check:
        name = probe.__name__.removeprefix("check_")
        if not points or not all(map(is_points, points.values())):
            raise AssignmentError(f"{name}: the points are {points!r}, expected a number for each part: {{PART: 4}}")
        try:
            answers = tuple(each._replace(answer=each.of(reference)) for each in wrong)
        except ValueError as error:
            raise AssignmentError(f"{name}: a wrong answer cannot be made of {reference.__name__}: {error}") from error
        return Check(name, probe, dict(points), reference, explained, answers, forbids, needs, tolerance, for_nothing)

    return declare
