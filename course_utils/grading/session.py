"""A submission while it runs: questions one after the other, and a new process whenever one is lost."""

import math
import re
import time
from dataclasses import replace
from typing import Any

from course_utils.assignments.errors import (
    BadValue,
    Forbidden,
    NotAttempted,
    StudentError,
    StudentLost,
    StudentProblem,
    TooLarge,
    Undone,
)
from course_utils.assignments.loading import Question
from course_utils.assignments.matching import Plan, Step
from course_utils.assignments.running import ALL_OWN_SECONDS, OWN_SECONDS
from course_utils.grading.limits import Limits
from course_utils.grading.sandbox import Lost, Process, Zygote

_PROBLEMS = {each.__name__: each for each in (NotAttempted, StudentError, Forbidden, BadValue, TooLarge, Undone)}
_LONGEST = 500  # characters of a message
_TOO_LONG = "the whole notebook took too long"
_OUT_OF_MEMORY = re.compile(  # Python's, the system's, PyTorch's, TensorFlow's and its compiler's words for it
    r"\bMemoryError\b|\bOOM\b"
    r"|(?i:not enough memory|can(?:no|')t allocate memory|failed to allocate (?:request|memory|\d))"
)
_OWN_GRACE = 10  # seconds that a cell of the student's own gets to stop, before its process is ended


class Budget:
    """The time that is left to a submission.

    Args:
        seconds: of the processors.
        clock_seconds: by the clock.

    Attributes:
        left: seconds of the processors.

    >>> whole = Budget(60, 600)
    >>> part = whole.part(2)
    >>> part.spend(20)
    >>> part.left, whole.left
    (10.0, 40.0)
    """

    def __init__(self, seconds: float, clock_seconds: float):
        self.left = float(seconds)
        self._until, self._whole = time.monotonic() + clock_seconds, None

    def by_the_clock(self) -> float:
        """Seconds that are left by the clock."""
        return max(0.0, self._until - time.monotonic())

    def part(self, parts: int) -> "Budget":
        """One of so many equal parts of what is left; what is spent of it is spent of the whole."""
        part = Budget(self.left / parts, self.by_the_clock() / parts)
        part._whole = self
        return part

    def spend(self, seconds: float) -> None:
        """Take seconds of the processors away."""
        self.left -= seconds
        if self._whole is not None:
            self._whole.spend(seconds)


class RemoteStudent:
    """A student's functions, in a process of the sandbox: an `assignments.Student`.

    Args:
        process: in which the notebook's cells have run.
        framework: what it computes with.
        limits: what it may use.
        budget: what the submission may still use.
    """

    def __init__(self, process: Process, framework: str, limits: Limits, budget: Budget):
        self.framework = framework
        self._process, self._limits, self._budget = process, limits, budget
        self.lost: Lost | None = None
        self.caps: set[str] = set()
        self._ended = False

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """What the student's function returns; raises a `StudentProblem`."""
        return self._value(["call", name, args, kwargs], name)

    def gradient(self, name: str, /, *args: Any, wrt: int, weights: Any, **kwargs: Any) -> Any:
        """The gradient of Σ outputs · weights by `args[wrt]`; raises a `StudentProblem`."""
        return self._value(["gradient", name, args, kwargs, wrt, weights], name)

    def run(self, step: Step) -> None:
        """Run a cell; raises a `StudentProblem` if it fails."""
        self._ask([step.kind, step.name, step.source], self._limits.cell_seconds, f"the cell {step.name}")

    def run_own(self, step: Step) -> None:
        """Run a cell of the student's own; what it uses too much of is no cap of an answer."""
        caps = set(self.caps)
        try:
            self._ask(["own", step.name, step.source], OWN_SECONDS + _OWN_GRACE, step.name)
        finally:
            self.caps = caps

    def guard(self, names: tuple[str, ...]) -> None:
        """Prepare for hiding these names."""
        self._ask(["guard", list(names)], self._limits.call_seconds, "hiding names")

    def hide(self, names: tuple[str, ...]) -> None:
        """Hide these names, and no others, from now on."""
        self._ask(["question", list(names)], self._limits.call_seconds, "hiding names")

    def defines(self, name: str) -> bool:
        """Whether there is a function of this name."""
        match self._value(["defined", [name]], name):  # whatever came: `==` with an array in it would raise
            case [True]:
                return True
        return False

    def end(self) -> None:
        """End the process, and take what it has used from the budget."""
        if not self._ended:
            self._ended = True
            self._budget.spend(self._process.end().used)

    def _value(self, request: list, name: str) -> Any:
        answer = self._ask(request, self._limits.call_seconds, name)
        if len(answer) != 2 or answer[0] != "value":
            raise self._lose(Lost("", "its answer is no value"))
        return answer[1]

    def _ask(self, request: list, seconds: float, what: str) -> list:
        if self.lost:
            raise StudentLost(str(self.lost))
        too_late = f"{what} did not end within {seconds:g} s of the processor"
        try:
            answer = self._process.ask(request, seconds, too_late, max(0.1, self._budget.by_the_clock()))
        except Lost as lost:
            if lost.cap == "time" and not self._budget.by_the_clock():
                raise self._lose(Lost("time", _TOO_LONG)) from lost
            raise self._lose(lost) from lost
        if not isinstance(answer, list) or not answer or not isinstance(answer[0], str):
            raise self._lose(Lost("", "its answer is no value"))
        if answer[0] == "problem":
            raise self._problem(answer)
        return answer

    def _problem(self, answer: list) -> StudentProblem:
        """The problem that the process reports, as far as it is one."""
        match answer:
            case [_, str(kind), [*texts]] if kind in _PROBLEMS and all(isinstance(text, str) for text in texts):
                if len(texts) == (2 if kind == "StudentError" else 1):
                    if _OUT_OF_MEMORY.search(" ".join(texts)):
                        self.caps.add("memory")
                    if kind == "TooLarge":
                        self.caps.add("value")
                    return _PROBLEMS[kind](*map(readable, texts))
        return self._lose(Lost("", "its answer is no value"))

    def _lose(self, lost: Lost) -> StudentLost:
        self.end()
        self.lost = lost
        if lost.cap:
            self.caps.add(lost.cap)
        return StudentLost(str(lost))


def readable(text: str) -> str:
    r"""A text for a report: on one line, not too long, without addresses, which differ from run to run.

    >>> readable("<f at 0x7f00>\n fails")
    '<f at 0x…> fails'
    """
    text = re.sub(r"0x[0-9a-fA-F]{4,}", "0x…", text[: 4 * _LONGEST])
    text = "".join(character if character.isprintable() else " " for character in text)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


class Session:
    """A notebook while it runs. Use it in a `with` statement.

    Args:
        zygote: of the plan's framework.
        plan: the cells.
        limits: what it may use.
        budget: what the submission may still use.

    Attributes:
        caps: what it used too much of.
        passed_over: name of a cell of the student's own → why it was not run, or undone.
    """

    def __init__(self, zygote: Zygote, plan: Plan, limits: Limits, budget: Budget):
        self._zygote, self._plan, self._limits, self._budget = zygote, plan, limits, budget
        self._student: RemoteStudent | None = None
        self._done = 0
        self._deadly: dict[str, Lost] = {}
        self._failed: dict[str, StudentProblem] = {}
        self._in_vain = 0.0  # seconds, by the clock, for cells of the student's own that are undone
        self._forbids = tuple(sorted({name for step in plan.steps for name in step.forbids}))
        self.caps: set[str] = set()
        self.passed_over: dict[str, str] = {}

    def student(self, question: Question, place: int) -> RemoteStudent:
        """The student, with all cells above a place run, in this process or in a new one.

        A cell that costs a process is not run again.

        Args:
            question: what is to be checked.
            place: one of the plan's places for it. They must be asked for from the first to the last.

        Raises:
            StudentLost: a cell of this very question cost the process, or there is no time left.
            StudentProblem: a cell of this question fails, and does so before it has defined what is asked for.
        """
        student = self._run_up_to(place)
        steps = [step for step in self._plan.steps[:place] if not set(question.answers).isdisjoint(step.answers)]
        for step in steps:
            if step.name in self._deadly:
                raise StudentLost(str(self._deadly[step.name]))
        for step in steps:
            if step.name in self._failed and not all(map(student.defines, question.provides)):
                raise self._failed[step.name]
        student.hide(question.forbids)
        return student

    def failure(self, question: Question) -> str:
        """What the question's cells failed with, if they did, as a sentence."""
        steps = (step for step in self._plan.steps if not set(question.answers).isdisjoint(step.answers))
        return next((str(self._failed[step.name]) for step in steps if step.name in self._failed), "")

    def _run_up_to(self, place: int) -> RemoteStudent:
        """Run all cells above a place; if one of them ends the process, the rest get a new one."""
        while True:
            student = self._alive()
            hidden: tuple[str, ...] | None = None
            for step in self._plan.steps[self._done : place]:
                if step.name in self._deadly or step.name in self.passed_over:
                    self._done += 1
                    continue
                try:
                    if step.forbids != hidden:
                        student.hide(step.forbids)
                        hidden = step.forbids
                    self._run(student, step)
                except StudentLost:
                    self._note_loss(step, student.lost)
                    break
                except StudentProblem as problem:
                    self._failed[step.name] = problem
                self._done += 1
            else:
                return student

    def _run(self, student: RemoteStudent, step: Step) -> None:
        if step.kind != "own":
            student.run(step)
            return
        if self._in_vain > ALL_OWN_SECONDS:
            self.passed_over[step.name] = f"the cells of your own took more than {ALL_OWN_SECONDS} s together"
            return
        began = time.monotonic()
        try:
            student.run_own(step)
        except StudentProblem as problem:
            self._in_vain += min(time.monotonic() - began, OWN_SECONDS)  # of those that end, their process counts it
            if isinstance(problem, StudentLost):
                raise
            self.passed_over[step.name] = str(problem).rstrip(".")

    def _note_loss(self, step: Step, lost: Lost) -> None:
        if step.kind == "own":
            self.passed_over[step.name] = str(lost)
        else:
            self._deadly[step.name] = lost

    def _alive(self) -> RemoteStudent:
        """A student whose process runs."""
        if self._student is None or self._student.lost:
            self.end()
            if min(self._budget.left, self._budget.by_the_clock()) <= 0:
                raise StudentLost(_TOO_LONG)
            most = min(self._limits.cpu_seconds, math.ceil(self._budget.left))
            process = self._zygote.fork(replace(self._limits, cpu_seconds=most))
            self._student = RemoteStudent(process, self._plan.framework, self._limits, self._budget)
            self._student.guard(self._forbids)
            self._done = 0
        return self._student

    def end(self) -> None:
        """End the process, if there is one."""
        if self._student is not None:
            self.caps |= self._student.caps
            self._student.end()
            self._student = None

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
