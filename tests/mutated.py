"""A module of the course with a mistake in it."""

import importlib
from pathlib import Path
from types import ModuleType


def mutated(name: str, old: str, new: str) -> ModuleType:
    """The module `course_utils.<name>` anew from its source, in which `old`, found once, is `new`."""
    path = Path(importlib.import_module(f"course_utils.{name}").__file__)
    source = path.read_text("utf-8")
    assert source.count(old) == 1, f"{old!r} is {source.count(old)} times in {name}.py, expected once: mend the mutant."
    module = ModuleType(f"course_utils.{name}")
    exec(compile(source.replace(old, new), str(path), "exec"), vars(module))
    return module
