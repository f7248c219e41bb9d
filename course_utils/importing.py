"""How frameworks are imported: without a search for garbage, and TensorFlow without the lines that oneDNN has it write.

Those lines come from C++, before any log level is read. A framework's import makes a million objects that stay: Python
would look through them again and again for garbage, a quarter of the time, and later at each of its full searches.
"""

import gc
import importlib
import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_KNOWN = re.compile(rb"All log messages before absl::InitializeLog\(\)|oneDNN custom operations are on")
_lock = threading.RLock()


@contextmanager
def known_lines_left_out() -> Iterator[None]:
    """File descriptor 2 turned aside; at the end, what was written is passed on but for TensorFlow's known lines."""
    with _lock, tempfile.TemporaryFile() as aside:
        stderr = os.dup(2)
        os.dup2(aside.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            aside.seek(0)
            for line in aside:
                if not _KNOWN.search(line):
                    os.write(stderr, line)
            os.close(stderr)


@contextmanager
def garbage_left_alone() -> Iterator[None]:
    """No search for garbage; what is there at the end is never searched again."""
    searches = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searches:
            gc.freeze()
            gc.enable()


class FrameworkFinder(MetaPathFinder):
    """Have the first import of a framework, whoever asks for it, search no garbage and leave out the known lines."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Python's own answer for the name of a framework, loaded by `_load`; None for all other names."""
        spec = PathFinder.find_spec(name, path, target) if name in ("torch", "tensorflow", "keras") else None
        if spec and spec.loader:
            spec.loader.exec_module = partial(_load, spec.loader.exec_module)  # type: ignore[method-assign]
        return spec


def _load(exec_module: Callable[[ModuleType], None], framework: ModuleType) -> None:
    with garbage_left_alone(), ExitStack() as stack:
        if framework.__name__ == "tensorflow":
            # PyTorch's builds with CUDA bring Triton and import it late: after TensorFlow, that ends the process
            with suppress(ImportError):
                importlib.import_module("triton")
            stack.enter_context(known_lines_left_out())
        exec_module(framework)
