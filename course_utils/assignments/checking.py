"""What a student runs under each exercise: the cases on record, and a line for each part of the question."""

import textwrap
from collections.abc import Callable
from pathlib import Path

from course_utils.assignments import recording
from course_utils.assignments.hiding import hidden
from course_utils.assignments.marks import NOT_DONE, Mark
from course_utils.assignments.students import Framework, LocalStudent, globals_of


class Checker:
    """Checks the functions of the notebook that it is used in, on the cases in checks/ beside it.

    Args:
        framework: what the notebook computes with, "torch" or "tensorflow".

    Call it with a question and the function; it prints what is right and what is not, and returns the points that the
    cases shown here give. Grading draws other cases.
    """

    def __init__(self, framework: Framework):
        self._framework = framework
        self._marks: dict[str, Mark] = {}

    def __call__(self, question: str, function: Callable) -> float:
        """Check a function and return its points."""
        record = recording.read(question, _folder())
        with hidden(record.forbids, globals_of(function)):
            mark = record.check(LocalStudent({function.__name__: function}, self._framework))
        self._marks[question] = mark
        if not mark.attempted:
            print(f"{question}: {NOT_DONE}")
            return 0.0
        print(question)
        said, where = set(), f" See {record.explained}."
        for part in mark.parts:
            reason = part.misconception or part.message
            known = f"{part.message.partition('. ')[0]}; see above" if reason in said else part.message
            known = known.removesuffix(where) if said else known  # where it is explained is said once
            kept = f" ({part.points:g} of {part.max_points:g} points)" if part.points and not part.passed else ""
            _say("[OK]  " if part.passed else "[FAIL]", part.name + kept, "" if part.passed else known)
            if not part.passed:
                said.add(reason)
        for name in record.later:
            _say("[LATER]", name, "is checked when your work is graded")
        print(f"points for these cases, of {mark.max_points:g}:")
        return mark.points

    def done(self, question: str) -> bool:
        """Whether the last check of this question found everything right; prints what to do if not."""
        mark = self._marks.get(question)
        right = mark is not None and mark.points == mark.max_points
        if not right:
            print(f"This cell waits for {question}: finish it, run its check, and come back.")
        return right


def _say(status: str, name: str, message: str) -> None:
    line = f"  {status} {name}" + (f": {message}" if message else "")
    print(textwrap.fill(line, 96, subsequent_indent=" " * 9, break_long_words=False))


def _folder() -> Path:
    """The folder checks/ beside the notebook; for an instructor's master, the one beside the students' version."""
    beside, released = Path("checks"), Path("../../assignments", Path.cwd().name, "checks")
    return released if released.is_dir() and not beside.is_dir() else beside
