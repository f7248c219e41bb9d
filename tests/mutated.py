"""Modules of the course with a mistake in them."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from course_utils.assignments.mutation import replaced_once


def mutated(name: str, old: str, new: str) -> ModuleType:
    """The module `course_utils.<name>` anew from its source, in which `old`, found once, is `new`."""
    return reloaded("course_utils", [name], name, old, new)[name]


def reloaded(package: str, names, wrong: str = "", old: str = "", new: str = "") -> dict[str, ModuleType]:
    """Modules of a package by name, anew from their sources; in that of one of them `old`, found once, is `new`.

    Where one of them imports another, it gets the new one, if that is named before it.
    """
    modules = {}
    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            original = importlib.import_module(f"{package}.{name}")
            source = Path(original.__file__).read_text("utf-8")
            if name == wrong:
                source = replaced_once(source, old, new, f"{name}.py")
            modules[name] = ModuleType(original.__name__)
            patch.setitem(sys.modules, original.__name__, modules[name])
            exec(compile(source, original.__file__, "exec"), vars(modules[name]))
    return modules
