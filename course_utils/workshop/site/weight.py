"""Pages that paint soon: one stylesheet for all, and fonts that have what the pages show. An extension of Sphinx."""

import os
import re
import unicodedata
from collections.abc import Iterable
from html import unescape
from pathlib import Path
from typing import Any

from fontTools import subset
from sphinx.application import Sphinx

SHEET = "_static/course.css"
MATH_FONT = "_static/stix-two-math-latin-400-normal.woff2"
SYMBOL_FONT = "_static/vendor/fontawesome/webfonts/fa-solid-900.woff2"
_FIRST_SHEETS = ("_static/basic.css", "_static/styles/pydata-sphinx-theme.css")
_UNUSED = ("**/*.map", "scripts/fontawesome.js", "**/*.po", "**/*.mo")

_URL = re.compile(r"""url\((["']?)(?!data:|#)([^)"']+)\1\)""")
_SYMBOL = re.compile(r'(?P<names>\.fa-[\w-]+(?:,\.fa-[\w-]+)*)\{--fa:"(?P<code>[^"]*)"\}')
_FORMULA = re.compile(r"<math.*?</math>", re.DOTALL)
_LETTER = re.compile(r"(?:LATIN|GREEK) (CAPITAL|SMALL) LETTER (\w+)")
_ROOT = re.compile(r"<(?:msqrt|mroot)\b")
_TAG = re.compile(r"<[^>]*>")


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx; what the pages load then is in the template `layout.html`."""
    app.connect("html-page-context", _note_sheets)
    app.connect("build-finished", _lighten, priority=900)  # the theme writes its colours of code at the end, too
    return {"parallel_read_safe": True, "parallel_write_safe": False}


def joined(folder: Path, sheets: Iterable[str]) -> str:
    """Stylesheets as a single one, which is `SHEET`, in their order.

    Args:
        folder: the site's.
        sheets: their places in it.
    """
    target = (folder / SHEET).parent

    def moved(found: re.Match) -> str:
        return f"url({Path(os.path.relpath(path.parent / found[2], target)).as_posix()})"

    texts = []
    for path in (folder / sheet for sheet in sheets):
        texts.append(_URL.sub(moved, path.read_text("utf-8")).removeprefix('@charset "UTF-8";'))
    return '@charset "UTF-8";\n' + "\n".join(texts)


def used_symbols(sheet: str, names: set[str]) -> tuple[str, set[str]]:
    r"""A stylesheet without the symbols that no page shows, and the characters that stand for the others.

    >>> used_symbols('.fa-bars,.fa-navicon{--fa:"\\f0c9"}.fa-car{--fa:"\\f1b9"}', {"fa-navicon"})
    ('.fa-bars,.fa-navicon{--fa:"\\f0c9"}', {'\uf0c9'})
    """
    characters = set()

    def kept(found: re.Match) -> str:
        if names.isdisjoint(found["names"].replace(".", "").split(",")):
            return ""
        code = found["code"]
        characters.add(chr(int(code[1:], 16)) if len(code) > 1 else code)
        return found[0]

    return _SYMBOL.sub(kept, sheet), characters


def in_formulas(pages: Iterable[str]) -> set[str]:
    """The characters of the pages' formulas, and those that browsers draw for single letters and for roots.

    >>> sorted(in_formulas(["<p>So <math><mi>h</mi><mo>&lt;</mo><msqrt><mi>T</mi></msqrt></math></p>"]))
    ['<', 'T', 'h', 'ℎ', '√', '𝑇']
    """
    formulas = "".join(formula for page in pages for formula in _FORMULA.findall(page))
    letters = set(unescape(_TAG.sub("", formulas))) | ({"√"} if _ROOT.search(formulas) else set())
    return letters | {_italic(letter) for letter in letters}


def cut(font: Path, characters: Iterable[str]) -> None:
    """Leave only these characters in a font for browsers, and what they are built from when they grow."""
    options = subset.Options(flavor="woff2", layout_features=["*"])
    whole = subset.load_font(font, options)
    part = subset.Subsetter(options)
    part.populate(unicodes=map(ord, characters))
    part.subset(whole)
    subset.save_font(whole, font, options)


def _italic(letter: str) -> str:
    if letter == "h":
        return "ℎ"  # which Unicode had before the others
    name = _LETTER.fullmatch(unicodedata.name(letter, ""))
    return unicodedata.lookup(f"MATHEMATICAL ITALIC {name[1]} {name[2]}") if name else letter


def _note_sheets(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    app.env.course_sheets = [os.fspath(sheet.filename) for sheet in context["css_files"]]


def _lighten(app: Sphinx, problem: Exception | None) -> None:
    if problem:
        return
    folder = Path(app.outdir)
    pages = [path.read_text("utf-8") for path in folder.rglob("*.html")]
    names = {name for page in pages for name in re.findall(r"\bfa-[\w-]+", page)}
    sheet, symbols = used_symbols(joined(folder, [*_FIRST_SHEETS, *app.env.course_sheets]), names)
    (folder / SHEET).write_text(sheet, "utf-8")
    cut(folder / SYMBOL_FONT, symbols)
    cut(folder / MATH_FONT, in_formulas(pages))
    for pattern in _UNUSED:
        for path in (folder / "_static").glob(pattern):
            path.unlink()
