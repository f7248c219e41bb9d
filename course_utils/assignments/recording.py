"""Cases that students may see: what a check asks and expects, written down once as JSON and arrays, without its code.

Each case has its inputs, the expected result, and the results of the wrong answers. Arrays are rounded to six decimals,
so that every machine writes the same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from course_utils.assignments import serializing
from course_utils.assignments.errors import AssignmentError, BadValue, StudentProblem
from course_utils.assignments.marks import Case, Mark, Mistake, judge
from course_utils.assignments.nested import mapped
from course_utils.assignments.questions import Check
from course_utils.assignments.students import LocalStudent, Student

_SEED = 0


@dataclass(frozen=True)
class Request:
    """A call of a student's function, or of its gradient if `wrt` and `weights` are given."""

    name: str
    args: tuple
    kwargs: dict
    wrt: int | None = None
    weights: Any = None

    def put_to(self, student: Student) -> Any:
        """What comes back: a value, or the problem."""
        try:
            if self.wrt is None:
                return student.call(self.name, *self.args, **self.kwargs)
            return student.gradient(self.name, *self.args, wrt=self.wrt, weights=self.weights, **self.kwargs)
        except StudentProblem as problem:
            return problem


@dataclass(frozen=True)
class Record:
    """A question as it is shown to students."""

    id: str
    points: Mapping[str, float]
    later: Sequence[str]
    explained: str
    forbids: Sequence[str]
    tolerance: float
    requests: Sequence[Request]
    expected: Sequence[Case]
    mistakes: Sequence[Mistake]

    def check(self, student: Student) -> Mark:
        """Compare the student's results with those on record."""
        got = [request.put_to(student) for request in self.requests]
        return judge(got, self.expected, self.points, self.mistakes, self.explained, self.tolerance, tells=True)


class _Recorder:
    """A student who notes down what was asked last, and what came of it."""

    def __init__(self, student: Student):
        self.framework, self._student = student.framework, student
        self.request: Request | None = None
        self.result: Any = None

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        self.request = Request(name, args, kwargs)
        self.result = self._student.call(name, *args, **kwargs)
        return self.result

    def gradient(self, name: str, /, *args: Any, wrt: int, weights: Any, **kwargs: Any) -> Any:
        self.request = Request(name, args, kwargs, wrt, weights)
        self.result = self._student.gradient(name, *args, wrt=wrt, weights=weights, **kwargs)
        return self.result


def record(check: Check) -> Record:
    """Put a check's cases on record. A part whose values are computed from several results is left to the grading."""
    recorder = _Recorder(LocalStudent({check.name: check.reference}, "numpy"))
    requests = [
        recorder.request if recorder.result is value else None
        for _, value in check.probe(recorder, np.random.default_rng(_SEED))
    ]
    expected = check.cases(check.reference, _SEED)
    later = {case.part for case, request in zip(expected, requests, strict=True) if request is None}
    shown = [i for i, case in enumerate(expected) if case.part not in later]
    return Record(
        check.id,
        {name: worth for name, worth in check.points.items() if name not in later},
        sorted(later),
        check.explained,
        check.forbids,
        check.tolerance,
        [requests[i] for i in shown],
        [expected[i] for i in shown],
        [
            mistake._replace(values=[mistake.values[i] for i in shown if i < len(mistake.values)])
            for mistake in check.mistakes(_SEED)
        ],
    )


def write(shown: Record, folder: Path) -> None:
    """Write a record as two files, named after its question.

    Raises:
        AssignmentError: a case is no plain value, see `serializing.encode`.
    """
    try:
        serializing.write(mapped(asdict(shown), _rounded), folder / shown.id)
    except BadValue as error:
        raise AssignmentError(f"{shown.id}: its cases cannot be put on record: {error}") from error


def read(question: str, folder: Path) -> Record:
    """The record of a question.

    Raises:
        AssignmentError: the folder or the question is not there, or not what was written.
    """
    if not folder.is_dir():
        raise AssignmentError(
            f"There is no folder {folder.absolute()}: checks/ must lie beside the notebook, in the folder that Python "
            "works in. Open the notebook where the course has put it, and leave checks/ there."
        )
    known = questions(folder)
    if known and question not in known:
        raise AssignmentError(f"There is no question {question!r} in this assignment: it has {', '.join(known)}.")
    try:
        found = serializing.read(folder / question)
        found["requests"] = [Request(**request) for request in found["requests"]]
        found["expected"] = [Case(*case) for case in found["expected"]]
        found["mistakes"] = [Mistake(*mistake) for mistake in found["mistakes"]]
        return Record(**found)
    except (BadValue, KeyError, TypeError) as error:
        raise AssignmentError(
            f"The cases of {question} cannot be read from {folder}: take this folder from the course anew."
        ) from error


def questions(folder: Path) -> list[str]:
    """The questions whose cases are in a folder."""
    return sorted(path.stem for path in folder.glob("*.npz"))


def _rounded(leaf: Any) -> Any:
    """Real numbers of NumPy to six decimals, as float32; + 0.0 leaves no negative zero."""
    is_real = isinstance(leaf, (np.ndarray, np.generic)) and leaf.dtype.kind == "f"
    return (np.round(leaf, 6) + 0.0).astype("float32") if is_real else leaf
