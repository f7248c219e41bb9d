"""results/spread.json: how far each number that a chapter prints differs between processors, threads and hash seeds.

`course perturb` writes it. From it comes the tolerance of a cell that trains, and README's table.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from nbformat import NotebookNode

from course_utils.workshop.chapters import ROOT
from course_utils.workshop.outputs import DEFAULT, Tolerance, compare, spreads

FILE = ROOT / "results" / "spread.json"
WIDEST = 0.03
"""A number that differs by more is printed coarser, as a range or a comparison, or not at all."""

_EVERY_NUMBER = Tolerance(rtol=float("inf"))


def load(path: Path = FILE) -> dict[str, Any]:
    """Chapter → its entry; empty when the file is not there yet."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def dump(entries: Mapping[str, Any]) -> str:
    r"""The file's text, chapters in their order, a cell's numbers on one line.

    >>> dump({"02_rnn": {"spread": {"a": [0.0, 0.01]}}})
    '{\n "02_rnn": {\n  "spread": {\n   "a": [0.0, 0.01]\n  }\n }\n}\n'
    """
    text = json.dumps(dict(sorted(entries.items())), indent=1, ensure_ascii=False)
    return re.sub(r"(?<=\[)\s+(?=\d)|\s+(?=\])", "", re.sub(r"(?<=,)\s+(?=\d)", " ", text)) + "\n"


def measure(stored: NotebookNode, runs: Mapping[str, NotebookNode]) -> dict[str, Any]:
    """What differs between what a chapter stores and what it shows in other circumstances.

    Args:
        stored: the chapter.
        runs: circumstance → the chapter as it was executed there.

    Returns:
        "spread": cell's id → the spread of each of its numbers (`outputs.spreads`), two significant digits;
        "other words": cell's id → a sentence, where words, integers or kinds of outputs differ.
    """
    spread, words = {}, {}
    for place, cell in enumerate(stored.cells):
        if cell.cell_type != "code" or "nbval-ignore-output" in cell.metadata.get("tags", []):
            continue
        shown = {name: run.cells[place].outputs for name, run in runs.items()}
        compared = {name: compare(cell.outputs, outputs, _EVERY_NUMBER) for name, outputs in shown.items()}
        differences = [f"{name}: {sentence}" for name, sentences in compared.items() for sentence in sentences]
        if differences:
            words[cell.id] = differences[0]
        elif numbers := spreads([cell.outputs, *shown.values()], tolerance(cell, {})):
            spread[cell.id] = [float(f"{number:.2g}") for number in numbers]
    return {"spread": spread, "other words": words}


def measured(chapter: str, path: Path = FILE) -> dict[str, list[float]]:
    """Cell's id → the spread of each of its numbers; nothing for a chapter that was not measured yet."""
    return load(path).get(chapter, {}).get("spread", {})


def tolerance(
    cell: Mapping[str, Any], measured: Mapping[str, Sequence[float]], default: Tolerance = DEFAULT
) -> Tolerance:
    """How far a cell's numbers may be from those that are stored.

    Args:
        cell: a code cell. One without the tag `trained` has the default: its numbers are the same everywhere.
        measured: the spreads of its chapter.
        default: what holds without training.

    Returns:
        For a trained cell three times its largest spread, at least the default, at most 0.1; a unit in the last place
        in any case.

    >>> tolerance({"id": "a", "metadata": {"tags": ["trained"]}}, {"a": [0.0, 0.02]})
    Tolerance(rtol=0.06, atol=1e-06, last_place=True)
    >>> tolerance({"id": "b", "metadata": {}}, {"a": [0.0, 0.02]})
    Tolerance(rtol=0.001, atol=1e-06, last_place=False)
    """
    if "trained" not in cell["metadata"].get("tags", []):
        return default
    widest = min(round(3 * max(measured.get(cell["id"], [0.0])), 6), 0.1)
    return Tolerance(max(default.rtol, widest), default.atol, last_place=True)


def too_wide(notebook: NotebookNode, entry: Mapping[str, Any]) -> list[str]:
    """Sentences on the cells of a chapter whose outputs are not the same everywhere."""
    found = [f"cell {name!r} does not say the same everywhere: {said}" for name, said in entry["other words"].items()]
    for cell in notebook.cells:
        trained = "trained" in cell.metadata.get("tags", [])
        widest, limit = max(entry["spread"].get(cell.id, [0.0])), WIDEST if trained else DEFAULT.rtol
        if widest > limit:
            mend = "print it coarser, as a comparison, or not at all" if trained else "if it is trained, tag it so"
            found.append(f"cell {cell.id!r} prints a number whose spread is {widest:.1%}, over {limit:.1%}: {mend}")
    return found


def table(entries: Mapping[str, Any]) -> str:
    """A Markdown table for README: how many numbers a chapter prints, and how far they differ.

    >>> print(table({"02_rnn": {"combinations": ["a", "b"], "spread": {"x": [0.0, 0.01], "y": [0.004]}}}), end="")
    | chapter | numbers | equal to 0.1 % | median of the others | largest |
    | --- | --: | --: | --: | --: |
    | 02_rnn | 3 | 1 | 0.7 % | 1.0 % |
    """
    head = "| chapter | numbers | equal to 0.1 % | median of the others | largest |"
    rows = [head, "| --- | --: | --: | --: | --: |"]
    for chapter, entry in sorted(entries.items()):
        numbers = [number for cell in entry["spread"].values() for number in cell]
        others = [number for number in numbers if number > DEFAULT.rtol]
        middle, most = (f"{100 * of(others):.1f} %" if others else "–" for of in (median, max))
        rows.append(f"| {chapter} | {len(numbers)} | {len(numbers) - len(others)} | {middle} | {most} |")
    return "".join(f"{row}\n" for row in rows)
