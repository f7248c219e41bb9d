"""results/chapters.json: what the chapters printed when last refreshed, and README's scoreboard made of it."""

import json
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.table import Column, Table

from course_utils.printing import digits
from course_utils.workshop.chapters import ROOT, ChapterError, code_cells, find_chapters, read

FILE = ROOT / "results" / "chapters.json"
FRAMEWORKS = {"": "NumPy", "torch": "PyTorch", "tensorflow": "TensorFlow"}


class Timing(NamedTuple):
    """A chapter's size and processor time; the seconds are None before its first refresh."""

    chapter: str
    cells: int
    budget: float
    seconds: float | None


def load(path: Path) -> dict[str, Any]:
    """Chapter → its entry; empty when the file is not there yet."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def dump(results: dict[str, Any]) -> str:
    r"""The file's text, chapters in their order.

    >>> dump({"02_rnn": {"seconds": 80.5}, "01_sequence_data": {"seconds": 9.0}})
    '{\n "01_sequence_data": {\n  "seconds": 9.0\n },\n "02_rnn": {\n  "seconds": 80.5\n }\n}\n'
    """
    return json.dumps(dict(sorted(results.items())), indent=1, ensure_ascii=False) + "\n"


def read_records(path: Path) -> list[dict[str, Any]]:
    """What `repro.show` wrote to $COURSE_METRICS: run, framework and metrics of each line, in order."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def scoreboard(results: dict[str, Any], frameworks: Collection[str] = tuple(FRAMEWORKS)) -> str:
    """A Markdown table: each run that showed a perplexity, a column for each framework; empty without such a run.

    >>> lstm = {"run": "LSTM", "framework": "torch", "metrics": {"perplexity": 3.7004}}
    >>> print(scoreboard({"04_lstm": {"runs": [lstm]}}), end="")
    | chapter | run | NumPy | PyTorch | TensorFlow |
    | --- | --- | --: | --: | --: |
    | [04_lstm](chapters/04_lstm.ipynb) | LSTM |  | 3.700 |  |
    """
    rows = [
        [f"[{chapter}](chapters/{chapter}.ipynb)", run, *(found.get(framework, "") for framework in frameworks)]
        for chapter, entry in sorted(results.items())
        for run, found in _perplexities(entry["runs"]).items()
    ]
    names = [FRAMEWORKS[framework] for framework in frameworks]
    head = [["chapter", "run", *names], ["---", "---", *["--:"] * len(names)]] if rows else []
    return "".join(f"| {' | '.join(row)} |\n" for row in head + rows)


def with_table(readme: str, name: str, table: str) -> str:
    r"""The README's text with a table between the two marks of this name.

    Raises:
        ChapterError: the marks are missing.

    >>> with_table("<!-- scoreboard -->\nold\n<!-- /scoreboard -->", "scoreboard", "| new |\n")
    '<!-- scoreboard -->\n| new |\n<!-- /scoreboard -->'
    """
    start, end = _place(readme, name)
    return readme[:start] + table + readme[end:]


def table_in(readme: str, name: str) -> str:
    r"""The table between the two marks of this name in README's text.

    Raises:
        ChapterError: the marks are missing.

    >>> table_in("<!-- spread -->\n| old |\n<!-- /spread -->", "spread")
    '| old |\n'
    """
    return readme[slice(*_place(readme, name))]


def _place(readme: str, name: str) -> tuple[int, int]:
    found = re.search(rf"(?<=<!-- {name} -->\n).*(?=<!-- /{name} -->)", readme, re.DOTALL)
    if not found:
        raise ChapterError(f"README.md has no lines '<!-- {name} -->' and '<!-- /{name} -->': put them back.")
    return found.span()


def timings(folder: Path, results: dict[str, Any]) -> list[Timing]:
    """The chapters of a folder with their code cells, their budgets and the seconds of their last refresh."""
    found = []
    for path in find_chapters(folder=folder):
        notebook, entry = read(path), results.get(path.stem, {})
        budget = notebook.metadata.get("course", {}).get("budget_seconds", 0)
        found.append(Timing(path.stem, len(code_cells(notebook)), budget, entry.get("seconds")))
    return found


def timings_table(timings: Sequence[Timing]) -> Table:
    """The timings with their total; red where a chapter used more than its budget."""
    columns = (Column(name, justify="right") for name in ("code cells", "processor seconds", "budget"))
    table = Table("chapter", *columns)
    for timing in timings:
        seconds = "not refreshed yet" if timing.seconds is None else f"{timing.seconds:.1f}"
        over = timing.seconds is not None and timing.seconds > timing.budget
        seconds = f"[red]{seconds}[/red]" if over else seconds
        table.add_row(timing.chapter, str(timing.cells), seconds, f"{timing.budget:g}")
    table.add_section()
    cells, seconds, budget = (sum(getattr(t, name) or 0 for t in timings) for name in ("cells", "seconds", "budget"))
    table.add_row("total", str(cells), f"{seconds:.1f}", f"{budget:g}")
    return table


def _perplexities(records: Sequence[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Run → framework → perplexity; the last one where a run showed several."""
    found: dict[str, dict[str, str]] = {}
    for record in records:
        if "perplexity" in record["metrics"]:
            found.setdefault(record["run"], {})[record["framework"]] = digits(record["metrics"]["perplexity"])
    return found
