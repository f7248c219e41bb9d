"""The package's docstrings on the site: their words are plain text, and only names in backticks are marked up."""

import re
from collections.abc import Iterator
from typing import Any

from sphinx.application import Sphinx

_MARKUP = re.compile(r"(?P<name>`[^`]*`)(?P<goes_on>(?=\w))?|(?P<mark>[*|_\\])")


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", _read_as_text, priority=400)  # before napoleon, which adds markup
    app.connect("autodoc-skip-member", _is_a_field)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def escaped(lines: list[str]) -> Iterator[str]:
    r"""A docstring in which formulas such as |e_t| mean nothing to Sphinx; examples and code stay as they are.

    >>> list(escaped(["The mean of |e_t|; `Pair`s of `b_h`.", ">>> a_ | b_"]))
    ['The mean of \\|e\\_t\\|; `Pair`\\ s of `b_h`.', '>>> a_ | b_']
    """

    def escape(found: re.Match) -> str:
        if found["mark"]:
            return f"\\{found['mark']}"
        return found["name"] + ("" if found["goes_on"] is None else "\\ ")

    example = False
    for line in lines:
        example = bool(line.strip()) and (example or line.lstrip().startswith(">>>"))
        yield line if example else _MARKUP.sub(escape, line)


def _read_as_text(app: Sphinx, kind: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    lines[:] = escaped(lines)


def _is_a_field(app: Sphinx, kind: str, name: str, thing: object, skip: bool, options: object) -> bool | None:
    """Fields of a NamedTuple are described where the class is, and their own docstrings are made by Python."""
    return True if (getattr(thing, "__doc__", None) or "").startswith("Alias for field number") else None
