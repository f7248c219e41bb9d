"""What runs inside the sandbox: it executes a notebook's cells and calls the functions they define, on request.

Nothing here is trusted by the grader, because the student's code can change all of it. Requests and answers are values
(`assignments.serializing`). Each has the request's number, and a list that begins with a word:

    ["cell", name, source]                    → ["done"]
    ["question", forbidden names]             → ["done"]
    ["defined", names]                        → ["value", [bool, ...]]
    ["call", name, args, kwargs]              → ["value", result]
    ["gradient", name, args, kwargs, wrt, weights] → ["value", arrays]

Instead of any of these answers there may be ["problem", class of `assignments.errors`, its arguments].
"""

import linecache
import sys
import types
from contextlib import ExitStack
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from course_utils import repro
from course_utils.assignments.errors import (
    BadValue,
    Forbidden,
    NotAttempted,
    StudentError,
    StudentProblem,
    TooLarge,
)
from course_utils.assignments.hiding import hidden
from course_utils.assignments.students import LocalStudent, arrays_of, explained
from course_utils.grading.channel import Channel

SEED = 0  # of each question: what a student's code draws is the same at every grading


def prepare(framework: str) -> None:
    """Import all that a session will need, so that the processes forked from this one need not."""
    arrays_of(framework)
    repro.seed_everything(SEED)


def serve(channel: Channel, framework: str) -> None:
    """Answer requests until the grader hangs up."""
    handler = _Handler(framework)
    while True:
        number, (word, *arguments) = channel.receive()
        try:
            try:
                answer = getattr(handler, word)(*arguments)
            except StudentProblem:
                raise
            except BaseException as error:  # `sys.exit()` too is only a wrong answer
                raise StudentError(type(error).__name__, _text(error)) from None
            _send(channel, [number, answer])
        except StudentProblem as problem:
            channel.send([number, ["problem", *_fields(problem)]])


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
    kind = "TooLarge" if isinstance(problem, TooLarge) else "BadValue"
    return kind, [problem.reason if isinstance(problem, BadValue) else str(problem)]


class _Shell:
    """What `%magics` and `!commands` of a notebook call here: nothing happens, but the code in a cell's magic runs."""

    def __init__(self, namespace: dict[str, Any]):
        self._namespace = namespace

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        """Run what `%%time` and its like would run."""
        if name in ("time", "timeit", "capture", "prun"):
            exec(compile(cell, "<cell>", "exec"), self._namespace)

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: None


class _Handler:
    """The requests, a method for each."""

    def __init__(self, framework: str):
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        self._namespace = module.__dict__
        shell = _Shell(self._namespace)
        self._namespace.update(get_ipython=lambda: shell, display=lambda *args, **kwargs: None)
        self._student = LocalStudent(self._namespace, framework)
        self._hiding = ExitStack()
        repro.seed_everything(SEED)

    def cell(self, name: str, source: str) -> list:
        """Execute a cell."""
        source = _as_python(source)
        file = f"<{name}>"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        try:
            exec(compile(source, file, "exec"), self._namespace)
        except Exception as error:
            raise explained(name, _located(self._namespace), error) from error
        return ["done"]

    def question(self, forbidden: list[str]) -> list:
        """Hide the names that the next question forbids, instead of those of the last one."""
        self._hiding.close()
        self._hiding.enter_context(hidden(forbidden, self._namespace))
        repro.seed_everything(SEED)
        return ["done"]

    def defined(self, names: list[str]) -> list:
        """Which of these names are functions, or anything else that can be called."""
        return ["value", [callable(self._namespace.get(name)) for name in names]]

    def call(self, name: str, args: tuple, kwargs: dict) -> list:
        """Call a student's function."""
        return ["value", self._student.call(name, *args, **kwargs)]

    def gradient(self, name: str, args: tuple, kwargs: dict, wrt: int, weights: Any) -> list:
        """Differentiate a student's function."""
        return ["value", self._student.gradient(name, *args, wrt=wrt, weights=weights, **kwargs)]


def _as_python(source: str) -> str:
    """A cell's source with `%magics` and `!commands`, if any, turned into calls of `get_ipython()`."""
    try:
        compile(source, "<cell>", "exec")
        return source
    except (SyntaxError, ValueError):
        return TransformerManager().transform_cell(source)


def _located(namespace: dict[str, Any]) -> types.FunctionType:
    """A stand-in for a function whose globals are the cell's, so that the line of an error is found."""
    return types.FunctionType((lambda: None).__code__, namespace)
