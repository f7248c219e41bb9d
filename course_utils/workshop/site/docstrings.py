"""The package's docstrings on the site: plain text, but names in backticks, stressed words and what is set apart."""

import re
from collections.abc import Iterator
from typing import Any

from sphinx.application import Sphinx

_MARKUP = re.compile(r"(?P<name>`[^`]*`)(?P<goes_on>(?=\w))?|(?<![\w*])\*\w[^*`|_\\]*\w\*(?![\w*])|(?P<mark>[*|_\\])")
_SECTION = re.compile(r"[A-Z]\w+:")
_RETURNS = "Returns:"


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", _read_as_text, priority=400)  # before napoleon, which adds markup
    app.connect("autodoc-skip-member", _is_a_field)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def escaped(lines: list[str]) -> Iterator[str]:
    r"""A docstring in which formulas such as |e_t| mean nothing to Sphinx; examples and code stay as they are.

    What is set apart, such as the lines of a formula, keeps its lines; what a function returns is a paragraph.

    >>> list(escaped(["The *mean* of |e_t|; `Pair`s of `b_h`.", ">>> a_ | b_"]))
    ['The *mean* of \\|e\\_t\\|; `Pair`\\ s of `b_h`.', '>>> a_ | b_']
    >>> list(escaped(["It is", "", "    a_t + b_t", "    c_t", "", "and", "Args:", "    x: a.", "", "    y: b."]))
    ['It is', '', '::', '', '    a_t + b_t', '    c_t', '', 'and', 'Args:', '    x: a.', '', '    y: b.']
    >>> list(escaped(["Returns: a pair: X (n,)", "    and Y (n,)."]))
    ['**Returns:** a pair: X (n,)', 'and Y (n,).']
    """

    def escape(found: re.Match) -> str:
        if found["mark"]:
            return f"\\{found['mark']}"
        return found[0] + ("" if found["goes_on"] is None else "\\ ")

    example, apart, section, returns, before = False, False, False, False, "text"
    for line in lines:
        example = bool(line.strip()) and (example or line.lstrip().startswith(">>>"))
        if line[:1].strip():  # a line that begins at the margin
            apart, section, returns = False, _SECTION.fullmatch(line) is not None, line.startswith(_RETURNS)
        elif line.startswith("    ") and not (before.strip() or example or apart or section):
            apart = True
            yield from ("::", "")
        before = line
        text = line if example or apart else _MARKUP.sub(escape, line)
        yield f"**{_RETURNS}**{text.removeprefix(_RETURNS)}" if text.startswith(_RETURNS) else text[4 * returns :]


def _read_as_text(app: Sphinx, kind: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    lines[:] = escaped(lines)


def _is_a_field(app: Sphinx, kind: str, name: str, thing: object, skip: bool, options: object) -> bool | None:
    """Fields of a NamedTuple are described where the class is, and their own docstrings are made by Python."""
    return True if (getattr(thing, "__doc__", None) or "").startswith("Alias for field number") else None
