"""A student's functions as a check sees them: NumPy goes in, NumPy comes out, and what fails is a `StudentProblem`."""

import importlib
import inspect
import linecache
import traceback
from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

from course_utils.assignments.errors import BadValue, Forbidden, NotAttempted, StudentError, StudentProblem
from course_utils.assignments.nested import equal

Framework = Literal["torch", "tensorflow", "numpy"]


class Student(Protocol):
    """What a check may ask of a student, wherever the student's code runs.

    Arguments and results are NumPy arrays, numbers, text, None, and dicts, lists and tuples of them. The student's
    function gets tensors in the framework's default kinds: float32; int64 in PyTorch and int32 in TensorFlow; bool.
    """

    framework: Framework

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """What the student's function returns; raises a `StudentProblem`."""

    def gradient(self, name: str, /, *args: Any, wrt: int, weights: Any, **kwargs: Any) -> Any:
        """The gradient of Σ outputs · weights with respect to argument number `wrt`, in that argument's structure.

        Args:
            name: of the student's function.
            args, kwargs: its arguments.
            wrt: the index in `args` of an array, or of a nested value of arrays.
            weights: for each output an array of its shape or a number; None for an output that does not count.

        Zeros where no gradient arrives. Raises a `StudentProblem`.
        """


class LocalStudent:
    """Functions in this process, as a notebook's check calls them, or a test.

    Args:
        namespace: name → function, such as a notebook's globals.
        framework: what the functions compute with.

    >>> student = LocalStudent({"double": lambda x: 2 * x}, "numpy")
    >>> student.call("double", 3), student.gradient("double", 3.0, wrt=0, weights=1.0).item()
    (6, 2.0)
    """

    def __init__(self, namespace: Mapping[str, Any], framework: Framework):
        self.namespace, self.framework = namespace, framework
        self._arrays = arrays_of(framework)

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """What the function returns, as NumPy; BadValue if it has changed its arguments, which are still needed."""
        function, given = self._find(name), self._arrays.to_tensors([args, kwargs])
        before = self._arrays.to_arrays(self._arrays.to_tensors([args, kwargs]))
        result = self._arrays.to_arrays(_run(name, function, function, *given[0], **given[1]))
        if not equal(self._arrays.to_arrays(given), before):
            raise BadValue(f"{name} changed what it was given: compute new values and leave the arguments as they are")
        return result

    def gradient(self, name: str, /, *args: Any, wrt: int, weights: Any, **kwargs: Any) -> Any:
        """The gradient of Σ outputs · weights by `args[wrt]`, as NumPy."""
        function = self._find(name)
        return _run(name, function, self._arrays.gradient, function, args, kwargs, wrt, weights)

    def _find(self, name: str) -> Callable:
        if not callable(function := self.namespace.get(name)):
            raise BadValue(f"there is no function {name}: define it under this name")
        return function


def arrays_of(framework: Framework) -> Any:
    """The module that converts for a framework: its `to_tensors`, `to_arrays` and `gradient`."""
    return importlib.import_module(f"course_utils.assignments.backends.{framework}")


def _run(name: str, function: Callable, call: Callable, *args: Any, **kwargs: Any) -> Any:
    try:
        return call(*args, **kwargs)
    except StudentProblem:
        raise
    except Exception as error:
        raise explained(name, function, error) from error


def globals_of(function: Callable) -> dict[str, Any]:
    """The globals of a function; of the function inside, if it is decorated."""
    return getattr(inspect.unwrap(function), "__globals__", {})


def explained(name: str, function: Callable, error: Exception) -> StudentProblem:
    """An exception in a student's function as a `StudentProblem`, with the line of the student's code it came from."""
    if (forbidden := _forbidden_inside(error)) is not None:
        return forbidden
    frames = [(frame, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    own = [(frame.f_code, line) for frame, line in frames if frame.f_globals is globals_of(function)]
    text = " ".join(str(error).split())[:200]
    if not own:
        return StudentError(type(error).__name__, text)
    code, line = own[-1]
    if type(error) is NotImplementedError and not error.args and code is frames[-1][0].f_code:  # a stub
        if code is getattr(inspect.unwrap(function), "__code__", None):
            return NotAttempted(name)
        text = f"{code.co_name} is not done yet"
    source = linecache.getline(code.co_filename, line).strip()
    return StudentError(type(error).__name__, f"{text} (line {line}{f': {source}' if source else ''})".strip())


def _forbidden_inside(error: BaseException | None) -> Forbidden | None:
    """The `Forbidden` that a library may have wrapped in an error of its own."""
    while error is not None and not isinstance(error, Forbidden):
        error = error.__cause__ or error.__context__
    return error
