"""A notebook's cells, run one after the other in this process, and its functions, as a check asks for them.

The sandbox's worker runs a student's notebook with it, and so does the student's own check before handing in.
"""

import __future__

import ast
import asyncio
import inspect
import linecache
import re
import signal
import sys
import time
import traceback
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from course_utils import assignments, repro
from course_utils.assignments.checking import Checker
from course_utils.assignments.errors import StudentError, StudentProblem, Undone
from course_utils.assignments.hiding import guard, hidden
from course_utils.assignments.students import Framework, LocalStudent, explained

SEED = 0  # of each question: what a student's code draws is the same at every grading
OWN_SECONDS, ALL_OWN_SECONDS = 10, 60  # processor time for a cell of the student's own, and for all of them
IDLE_SECONDS = 30  # by the clock, in which a cell of the student's own does nothing
_LEAST = 1e-3  # of one processor: who computes less does nothing
_OTHER_LANGUAGES = frozenset(
    "! bash cmd html HTML javascript js latex markdown perl pypy ruby script sh svg SVG sx system".split()
)
_TO_FILE = frozenset({"file", "writefile"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_DEFINED = (types.FunctionType, types.BuiltinFunctionType, type, types.ModuleType)
_LEADING = re.compile(r"\s*(?:-\w+(?:\s+\d+)?\s+)*")  # options of %timeit and its like


def silence_checks() -> None:
    """Let `check(...)` and `check_submission(...)` in cells do nothing in this process.

    Cases and notebook are not where it runs to be graded, and no notebook is to check itself without end.
    """
    Checker.__call__ = lambda self, question, function: 0.0
    assignments.check_submission = lambda *args, **options: None


class _TooLong(BaseException):
    """The time of a cell is over; no `except Exception` of a student's catches it.

    Args:
        idle: whether it did nothing with it.
    """

    def __init__(self, idle: bool = False):
        self.idle = idle


class Notebook:
    """A notebook while it runs. Its cells see a module `__main__` of their own.

    Args:
        framework: what it computes with.
    """

    def __init__(self, framework: Framework):
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        self._names = module.__dict__
        shell = _Shell(self._execute)
        self._names.update(get_ipython=lambda: shell, display=lambda *args, **kwargs: None, input=_nobody_answers)
        self._given: dict[str, Any] = {}
        self._hiding = ExitStack()
        self._left = float(ALL_OWN_SECONDS)
        self.student = LocalStudent(self._names, framework)
        repro.seed_everything(SEED)

    def given(self, name: str, source: str) -> None:
        """Run a cell that was handed out; the names that it binds are given. Raises a `StudentProblem`."""
        before = dict(self._names)
        try:
            self._run(name, source)
        finally:
            nothing = object()
            self._given |= {
                each: value for each, value in self._names.items() if before.get(each, nothing) is not value
            }

    def answer(self, name: str, source: str) -> None:
        """Run a cell with an answer. If it fails, what it has defined stays, as in Jupyter."""
        self._put_back()
        try:
            self._run(name, source)
        finally:  # an answer may bind a given name anew, and the next one may build on it
            self._given |= {each: self._names[each] for each in self._given if each in self._names}

    def own(self, name: str, source: str) -> None:
        """Run a cell of the student's own, for a short time.

        Raises:
            Undone: it failed or took too long; names are as before, but for those of functions, classes and modules.
        """
        before, began = dict(self._names), time.process_time()
        seconds = min(OWN_SECONDS, self._left)
        try:
            if seconds <= 0:
                raise _TooLong
            with _limited(seconds):
                self._run(name, source)
        except BaseException as error:
            found = {each: value for each, value in self._names.items() if isinstance(value, _DEFINED)}
            self._names.clear()
            self._names.update(before | found)
            raise Undone(_reason(error, seconds)) from None
        finally:
            self._left -= time.process_time() - began

    def guard(self, names: Sequence[str]) -> None:
        """Make sure of names that questions will forbid, before any cell can keep what they stand for."""
        guard(names)

    def question(self, forbidden: Sequence[str]) -> None:
        """Put the given names back, and hide what the next question forbids instead of what the last one did."""
        self._put_back()
        self._hiding.close()
        self._hiding.enter_context(hidden(forbidden, self._names))
        repro.seed_everything(SEED)

    def defines(self, names: Sequence[str]) -> list[bool]:
        """Which of these names are functions, or anything else that can be called."""
        return [callable(self._names.get(name)) for name in names]

    def _put_back(self) -> None:
        self._names.update(self._given)

    def _run(self, name: str, source: str) -> None:
        try:
            self._execute(source, f"<{name}>")
        except Exception as error:
            located = types.FunctionType((lambda: None).__code__, self._names)  # stands for the cell: its globals are
            raise explained(name, located, error) from error

    def _execute(self, source: str, file: str = "<cell>", mode: str = "exec") -> Any:
        """Run a source as Jupyter does: with magics, commands and `await`."""
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        try:
            code = compile(source, file, mode, flags)
        except (SyntaxError, ValueError):
            source = TransformerManager().transform_cell(source)
            code = compile(source, file, mode, flags)
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        try:
            return self._evaluate(code)
        except Exception as error:
            if mode == "exec" and not isinstance(error, StudentProblem):  # what is forbidden is to be said
                self._go_on(source, file, error)
            raise

    def _evaluate(self, code: types.CodeType) -> Any:
        result = eval(code, self._names)
        return asyncio.run(result) if code.co_flags & inspect.CO_COROUTINE else result

    def _go_on(self, source: str, file: str, error: Exception) -> None:
        """Run what stands below a statement that failed: what it lacks, such as Colab's modules, its author had.

        Definitions are made without their annotations, should these be what is lacking.
        """
        frames = traceback.walk_tb(error.__traceback__)
        at = next((line for frame, line in frames if frame.f_code.co_filename == file), None)
        for each in ast.parse(source).body if at else ():
            if each.end_lineno > at and (each.lineno > at or isinstance(each, _DEFINITIONS)):
                flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | __future__.annotations.compiler_flag
                with suppress(Exception):
                    self._evaluate(compile(ast.Module([each], []), file, "exec", flags))


class _Shell:
    """What `%magics` and `!commands` of a notebook call here: the Python code in them runs, and nothing else."""

    def __init__(self, execute: Callable):
        self._execute = execute

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        """Run what stands below `%%time` and its like, and write what stands below `%%writefile`."""
        if name in _TO_FILE:
            Path(line.split()[-1]).write_text(cell, encoding="utf-8")
        elif name not in _OTHER_LANGUAGES:
            self._execute(cell)

    def run_line_magic(self, name: str, line: str, *args: Any, **kwargs: Any) -> Any:
        """Run what `%time` and its like are given; the value of an expression comes back."""
        if name == "run":
            return self._execute(Path(line.split()[0]).read_text("utf-8"))
        if name not in ("time", "timeit", "prun", "memit"):
            return None
        code = line if name == "time" else line[_LEADING.match(line).end() :]
        try:
            ast.parse(code, mode="eval")
        except SyntaxError:
            return self._execute(code)
        return self._execute(code, mode="eval")

    def getoutput(self, *args: Any, **kwargs: Any) -> list[str]:
        """`x = !command`: no command runs here, so it says nothing."""
        return []

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: None


def _nobody_answers(*args: Any) -> str:
    raise EOFError("it asks for input, and nobody answers")


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raise `_TooLong` inside after so much processor time, or if nothing happens for a time by the clock."""
    if not hasattr(signal, "setitimer"):  # Windows
        yield
        return
    seen = time.process_time()

    def over(*args: Any) -> None:
        raise _TooLong

    def look(*args: Any) -> None:
        nonlocal seen
        before, seen = seen, time.process_time()
        if seen - before < _LEAST * IDLE_SECONDS:
            raise _TooLong(idle=True)

    before = {number: signal.signal(number, act) for number, act in ((signal.SIGPROF, over), (signal.SIGALRM, look))}
    try:
        signal.setitimer(signal.ITIMER_PROF, seconds, 1)  # once more each second, should the cell go on
        signal.setitimer(signal.ITIMER_REAL, IDLE_SECONDS, IDLE_SECONDS)
        yield
    finally:
        for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL):
            signal.setitimer(timer, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _reason(error: BaseException, seconds: float) -> str:
    """Why a cell of the student's own is undone, as half a sentence."""
    if isinstance(error, _TooLong):
        if error.idle:
            return f"it took more than {IDLE_SECONDS} s, and did nothing"
        if seconds < OWN_SECONDS:
            return f"the cells of your own took more than {ALL_OWN_SECONDS} s together"
        return f"it took more than {OWN_SECONDS} s"
    if isinstance(error, StudentError):
        text = error.text if error.kind == "EOFError" else f"it raised {error.kind}: {error.text}"
        return text.rstrip(": ")
    if isinstance(error, StudentProblem):
        return str(error)
    return f"it raised {type(error).__name__}"
