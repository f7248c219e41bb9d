"""What may be wrong with an assignment, or come back from a student's code instead of a value. Each is a sentence."""

import traceback
from pathlib import Path

from course_utils.errors import CourseError


class AssignmentError(CourseError):
    """Something is wrong with the assignment itself; said to the instructor."""


def told(error: Exception, folder: Path) -> str:
    """What an exception in the instructor's own files says, and at which line, as half a sentence.

    >>> told(SyntaxError("invalid syntax", ("/course/tests.py", 3, 1, "x = = 2")), Path("/course"))
    'SyntaxError: invalid syntax (tests.py, line 3)'
    """
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        frames.append((error.filename, error.lineno))
    own = [(name, line) for name, line in frames if name and Path(name).is_relative_to(folder)]
    text = " ".join(str(error.msg if isinstance(error, SyntaxError) else error).split())[:300].rstrip(".")
    said = text if isinstance(error, AssignmentError) else f"{type(error).__name__}: {text}"
    return f"{said} ({Path(own[-1][0]).name}, line {own[-1][1]})" if own else said


class Corrupt(Exception):
    """A file that was handed in cannot be read as a notebook."""


class Foreign(Exception):
    """A notebook has nothing of the assignment; the text says, as half a sentence, what it has instead."""


class StudentProblem(Exception):
    """What came of calling a student's function, instead of a value."""


class NotAttempted(StudentProblem):
    """The function is still the one that was handed out.

    >>> raise NotAttempted("gru_step")
    Traceback (most recent call last):
    course_utils.assignments.errors.NotAttempted: gru_step is not done yet.
    """

    def __init__(self, name: str):
        super().__init__(f"{name} is not done yet.")
        self.name = name


class StudentError(StudentProblem):
    """An exception in the student's code: the name of its type, and what it said and where.

    >>> raise StudentError("ValueError", "shapes differ (line 3: H @ W)")
    Traceback (most recent call last):
    course_utils.assignments.errors.StudentError: your code raised ValueError: shapes differ (line 3: H @ W).
    """

    def __init__(self, kind: str, text: str):
        super().__init__(f"your code raised {kind}: {text}".rstrip(". :") + ".")
        self.kind, self.text = kind, text


class Forbidden(StudentProblem):
    """The student used a name that is hidden in this question.

    >>> raise Forbidden("torch.nn.GRU")
    Traceback (most recent call last):
    course_utils.assignments.errors.Forbidden: torch.nn.GRU is hidden in this question: write it yourself.
    """

    def __init__(self, name: str):
        super().__init__(f"{name} is hidden in this question: write it yourself.")
        self.name = name


class BadValue(StudentProblem):
    """The function returned something that is not a plain value, or does not have the form that was asked for.

    >>> raise BadValue("a generator came, expected arrays, numbers or text")
    Traceback (most recent call last):
    course_utils.assignments.errors.BadValue: a generator came, expected arrays, numbers or text.
    """

    def __init__(self, reason: str):
        super().__init__(reason.rstrip(".") + ".")
        self.reason = reason


class TooLarge(BadValue):
    """The function returned more bytes than may come."""


class Undone(StudentProblem):
    """A cell of the student's own failed, and what it did to names was undone.

    >>> raise Undone("it raised ValueError: no such file")
    Traceback (most recent call last):
    course_utils.assignments.errors.Undone: it raised ValueError: no such file.
    """

    def __init__(self, reason: str):
        super().__init__(reason.rstrip(".") + ".")
        self.reason = reason


class StudentLost(StudentProblem):
    """The process that ran the student's code ended, or was ended: time, memory, output, a crash.

    >>> raise StudentLost("more than 10 s passed")
    Traceback (most recent call last):
    course_utils.assignments.errors.StudentLost: your code was stopped: more than 10 s passed.
    """

    def __init__(self, reason: str):
        super().__init__(f"your code was stopped: {reason.rstrip('.')}.")
        self.reason = reason
