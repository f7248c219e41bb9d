"""The cells of a notebook: what is of interest in a file that somebody handed in, and what makes two sources the same.

Nothing but sources is taken from a notebook, and none of them is parsed: that could take any time and any memory.
"""

import json
import re
from typing import NamedTuple

from course_utils.assignments.errors import Corrupt

LARGEST = 20 * 2**20  # bytes of a notebook
LONGEST = 100_000  # characters of a cell that may be one of those handed out
_MOST_PARTS = 2_000_000  # brackets and commas in a notebook: what becomes of each in memory is many times its size
_DEFINITION = re.compile(
    r"^(?:(?:async[ \t]++)?def|class)[ \t]++(\w++)|^(\w++)[ \t]*+(?::[^=\n]*+)?=(?!=)", re.MULTILINE
)
_LONGEST_BADGE = 10_000  # characters
_BADGE = re.compile(  # what programs put into a notebook by themselves, as a text cell of its own
    r"\s*+<a\b[^>]*\b(?:deepnote\.com|colab\.research\.google\.com|kaggle\.com|mybinder\.org)\b[^>]*>"
    r"(?:(?!</a>).)*+</a>\s*+",
    re.DOTALL,
)

ON_COLAB = """\
# @title Run this first: it brings the course to Colab. Elsewhere it does nothing.
import os
import sys

if "google.colab" in sys.modules:
    !test -d rnn-course || git clone --quiet --depth 1 {repository} rnn-course
    %pip install --quiet --no-deps --editable rnn-course
    !course data fetch
    !cp -r rnn-course/assignments/{assignment}/checks .
    sys.path.append(os.path.abspath("rnn-course"))
"""
"""The first cell of a notebook for Colab, no work of the student's; a chapter's is without the line with checks/."""
_ON_COLAB = re.compile(r"\S+".join(map(re.escape, re.split(r"\{\w+\}", ON_COLAB.rstrip()))))


class SubmittedCell(NamedTuple):
    """What is of interest in a cell that somebody handed in; a part that is missing or odd is ""."""

    grade_id: str
    cell_id: str
    kind: str
    source: str


ODD = SubmittedCell("", "", "odd", "")
"""A cell without a source that can be read."""


def read(content: bytes) -> list[SubmittedCell]:
    """The cells of a notebook, whatever else is in it. One that cannot be read is `ODD`.

    Raises:
        Corrupt: it is no notebook.

    >>> read(b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": ["a = 1"], "metadata": null}]}')
    [SubmittedCell(grade_id='', cell_id='', kind='code', source='a = 1')]
    """
    if len(content) > LARGEST or sum(map(content.count, (b",", b"[", b"{"))) > _MOST_PARTS:
        raise Corrupt(
            f"The notebook has more than {LARGEST // 2**20} MB, or too many parts: clear its outputs, hand it in again."
        )
    try:
        whole = json.loads(_text(content))
        sheets = whole.get("worksheets", [])  # before 2015
        cells = [_as_cell(cell) for part in (whole, *sheets) for cell in part.get("cells", [])]
    except (ValueError, RecursionError, AttributeError, TypeError) as error:
        raise Corrupt("This is no notebook, or a damaged one: open it in Jupyter, save it, hand that in.") from error
    if cells and all(cell is ODD for cell in cells):
        raise Corrupt("None of its cells can be read: open it in Jupyter, save it, hand that in.")
    return cells


def _text(content: bytes) -> str:
    """A notebook's text; damaged bytes in it cost no more than that, nor do zeros that a disk has left behind it."""
    return content.decode(json.detect_encoding(content), "replace").rstrip("\0")


def _as_cell(cell: object) -> SubmittedCell:
    source = cell.get("source", cell.get("input", "")) if isinstance(cell, dict) else None
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        whole = any(line.endswith("\n") for line in source[:-1])  # some programs leave out the ends of lines
        source = ("" if whole else "\n").join(source)
    if not isinstance(source, str):
        return ODD
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = marks.get("grade_id") if isinstance(marks, dict) else None
    kind = cell.get("cell_type", "code" if "outputs" in cell else "")
    if kind == "markdown" and len(source) <= _LONGEST_BADGE and _BADGE.fullmatch(source):
        source = ""
    if kind == "code" and len(source) <= LONGEST and _ON_COLAB.fullmatch(plain(source)):
        source = ""
    texts = (text if isinstance(text, str) else "" for text in (grade_id, cell.get("id"), kind))
    return SubmittedCell(*texts, source.encode("utf-8", "replace").decode())  # halves of characters are none


def features(cell: SubmittedCell) -> frozenset[str]:
    """A cell's source and the names that it defines: what one notebook may share with another."""
    found = set(defined(cell.source)) if cell.kind == "code" else set()
    if len(cell.source) <= LONGEST and cell.source.strip():
        found.add(plain(cell.source))
    return frozenset(found)


def defined(source: str) -> list[str]:
    """The names that a cell defines at its left margin."""
    return [one or other for one, other in _DEFINITION.findall(source)]


def plain(source: str) -> str:
    """A source without what editors change by themselves; one that is too long to have been handed out as it is."""
    if len(source) > LONGEST:
        return source
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


def same(one: str, other: str) -> bool:
    """Whether two sources differ in nothing but what editors change by themselves."""
    return plain(one) == plain(other)
