"""What runs inside the sandbox: it executes a notebook's cells and calls the functions they define, on request.

Nothing here is trusted by the grader, because the student's code can change all of it. Requests and answers are values
(`assignments.serializing`). Each has the request's number, and a list that begins with a word:

    ["guard", names that will be forbidden]   → ["done"]
    ["given", name, source]                   → ["done"]
    ["answer", name, source]                  → ["done"]
    ["own", name, source]                     → ["done"]
    ["question", forbidden names]             → ["done"]
    ["defined", names]                        → ["value", [bool, ...]]
    ["call", name, args, kwargs]              → ["value", result]
    ["gradient", name, args, kwargs, wrt, weights] → ["value", arrays]

Instead of any of these answers there may be ["problem", class of `assignments.errors`, its arguments].
"""

import sys

from course_utils import repro
from course_utils.assignments.errors import (
    BadValue,
    Forbidden,
    NotAttempted,
    StudentError,
    StudentProblem,
    TooLarge,
    Undone,
)
from course_utils.assignments.hiding import index
from course_utils.assignments.running import SEED, Notebook, silence_checks
from course_utils.assignments.students import arrays_of
from course_utils.grading.channel import Channel


def prepare(framework: str) -> None:
    """Import all that a session will need, so that the processes forked from this one need not."""
    arrays_of(framework)
    index()
    silence_checks()
    repro.seed_everything(SEED)


def serve(channel: Channel, framework: str) -> None:
    """Answer requests until the grader hangs up."""
    sys.path.append("")  # as in Jupyter a notebook imports what it has written with %%writefile
    notebook = Notebook(framework)
    while True:
        number, (word, *arguments) = channel.receive()
        try:
            try:
                answer = _answer(notebook, word, arguments)
            except StudentProblem:
                raise
            except BaseException as error:  # `sys.exit()` too is only a wrong answer
                raise StudentError(type(error).__name__, _text(error)) from None
            _send(channel, [number, answer])
        except StudentProblem as problem:
            channel.send([number, ["problem", *_fields(problem)]])


def _answer(notebook: Notebook, word: str, arguments: list) -> list:
    """Do what is asked for, and the answer to it."""
    match word, arguments:
        case "call", [name, args, kwargs]:
            return ["value", notebook.student.call(name, *args, **kwargs)]
        case "gradient", [name, args, kwargs, wrt, weights]:
            return ["value", notebook.student.gradient(name, *args, wrt=wrt, weights=weights, **kwargs)]
        case "defined", [names]:
            return ["value", notebook.defines(names)]
    getattr(notebook, word)(*arguments)
    return ["done"]


def _send(channel: Channel, answer: list) -> None:
    try:
        channel.send(answer)
    except MemoryError as error:
        raise StudentError("MemoryError", "the result is too large") from error


def _text(error: BaseException) -> str:
    """What an exception says, if it can say anything."""
    try:
        return str(error)[:200]
    except BaseException:
        return "it cannot be shown"


def _fields(problem: StudentProblem) -> tuple[str, list[str]]:
    """What the grader makes an equal problem of."""
    if isinstance(problem, StudentError):
        return "StudentError", [problem.kind, problem.text]
    if isinstance(problem, (NotAttempted, Forbidden)):
        return type(problem).__name__, [problem.name]
    if isinstance(problem, Undone):
        return "Undone", [problem.reason]
    kind = "TooLarge" if isinstance(problem, TooLarge) else "BadValue"
    return kind, [problem.reason if isinstance(problem, BadValue) else str(problem)]
