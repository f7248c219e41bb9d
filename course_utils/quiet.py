"""TensorFlow without the lines that oneDNN has it write: they come from C++, before any log level is read."""

import importlib
import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
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


class QuietTensorFlow(MetaPathFinder):
    """Have the first `import tensorflow`, whoever asks for it, leave out the known lines."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Python's own answer for "tensorflow", loaded with `known_lines_left_out`; None for all other names."""
        spec = PathFinder.find_spec(name, path, target) if name == "tensorflow" else None
        if spec and spec.loader:
            spec.loader.exec_module = partial(_load, spec.loader.exec_module)  # type: ignore[method-assign]
        return spec


def _load(exec_module: Callable[[ModuleType], None], tensorflow: ModuleType) -> None:
    # PyTorch's builds with CUDA bring Triton and import it late: after TensorFlow, that ends the process
    with suppress(ImportError):
        importlib.import_module("triton")
    with known_lines_left_out():
        exec_module(tensorflow)
