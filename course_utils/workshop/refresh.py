"""`course refresh`: execute a chapter and store its outputs, so that a second time changes nothing.

Outputs that count as equal (`outputs.compare`) stay as they are stored, pictures among them, as long as the
chapter's code is the one they were made with; a picture whose words stayed the same but whose look changed, after an
edit of `plotting.py` say, is taken anew by `--force`.
"""

import hashlib
import tempfile
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from course_utils import files, repro
from course_utils.interop.needs import missing
from course_utils.workshop import results, spread
from course_utils.workshop.chapters import (
    ROOT,
    ChapterError,
    code_cells,
    execute,
    read,
)
from course_utils.workshop.outputs import compare, tidy

# One device and one thread, so that every machine stores the same numbers.
_ENVIRONMENT = {"DEVICE": "cpu", **dict.fromkeys(repro.THREAD_VARIABLES, "1")}
_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
# All other metadata come from editors: times, folds, slides, what VS Code and Colab note.
_KEPT_OF_NOTEBOOK = ("course",)
_KEPT_OF_CELL = ("jupyter", "tags")


def refresh(chapter: Path, force: bool = False) -> list[str]:
    """Execute a chapter; write the notebook, results/chapters.json and README's scoreboard where they change.

    Args:
        chapter: the notebook, in a folder beside README.md and results/.
        force: store all outputs anew, those that count as equal too.

    Returns:
        The files that were written, none if nothing changed.

    Raises:
        ChapterError: a cell failed, wrote to stderr or lacks what it needs, or README.md lacks the scoreboard's marks.
            Nothing is written.
        CourseError: one of the files cannot be written; no cell has run.
    """
    root = chapter.parents[1]
    stored, results_file, readme = read(chapter), root / results.FILE.relative_to(ROOT), root / "README.md"
    require_what_is_needed(chapter.name, stored)
    files.require_writable(chapter, results_file, readme, mend="refresh a copy of the course that is your own.")
    fresh = deepcopy(stored)
    with tempfile.TemporaryDirectory() as folder:
        metrics = Path(folder) / "metrics.jsonl"
        seconds = execute(fresh, chapter, **_ENVIRONMENT, COURSE_METRICS=str(metrics))
        runs = results.read_records(metrics)
    _refuse_stderr(fresh, chapter)

    known = results.load(results_file)
    entry = {"sources": code_hash(stored), "seconds": round(seconds, 1), "versions": repro.versions(), "runs": runs}
    old_entry = known.get(chapter.stem, {})
    edited = force or old_entry.get("sources") != entry["sources"]
    measured = spread.measured(chapter.stem, root / spread.FILE.relative_to(ROOT))
    pairs = zip(stored.cells, fresh.cells, strict=True)
    kept = [not edited and _keep_if_equal(old, new, measured) for old, new in pairs]
    if edited or not all(kept) or _without_numbers(entry) != _without_numbers(old_entry):
        known[chapter.stem] = entry

    texts = {
        chapter: nbformat.writes(normalised(fresh)) + "\n",
        results_file: results.dump(known),
        readme: results.with_table(readme.read_text(encoding="utf-8"), "scoreboard", results.scoreboard(known)),
    }
    return [path.name for path, text in texts.items() if _write_if_changed(path, text)]


def require_what_is_needed(name: str, notebook: NotebookNode) -> None:
    """Raise ChapterError if a cell would be left out here: what the others show is not the whole chapter."""
    for cell in code_cells(notebook):
        if lacking := missing(cell.source):
            raise ChapterError(f"{name} cannot be executed whole here. {lacking}")


def normalised(notebook: NotebookNode) -> NotebookNode:
    """The notebook in the form that is stored: cells numbered 1..n, each with an id, and nothing that an editor noted.

    >>> cell = nbformat.v4.new_code_cell("x", execution_count=7, metadata={"scrolled": True}, id="a")
    >>> normalised(nbformat.v4.new_notebook(cells=[cell])).cells
    [{'id': 'a', 'cell_type': 'code', 'metadata': {}, 'execution_count': 1, 'source': 'x', 'outputs': []}]
    """
    notebook = nbformat.v4.upgrade(deepcopy(notebook), from_minor=notebook.nbformat_minor)  # gives ids where none are
    kept = {key: value for key, value in notebook.metadata.items() if key in _KEPT_OF_NOTEBOOK}
    notebook.metadata = nbformat.from_dict({**kept, "kernelspec": _KERNEL, "language_info": _LANGUAGE})
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({key: cell.metadata[key] for key in _KEPT_OF_CELL if key in cell.metadata})
    for number, cell in enumerate(code_cells(notebook), start=1):
        cell.execution_count = number
        cell.outputs = nbformat.from_dict(tidy(cell.outputs))
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number
    return notebook


def code_hash(notebook: NotebookNode) -> str:
    """What tells two states of a chapter's code apart; text cells and tags do not count.

    >>> code_hash(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1")]))
    '8ff436def1451285'
    """
    return hashlib.sha256("\n\0".join(cell.source for cell in code_cells(notebook)).encode()).hexdigest()[:16]


def _keep_if_equal(stored: NotebookNode, fresh: NotebookNode, measured: dict[str, list[float]]) -> bool:
    """Give the fresh cell the stored outputs where they count as equal; whether they do."""
    if stored.cell_type != "code":
        return True
    ignored = "nbval-ignore-output" in stored.metadata.get("tags", []) and stored.outputs
    equal = ignored or not compare(stored.outputs, fresh.outputs, spread.tolerance(stored, measured))
    if equal:
        fresh.outputs = stored.outputs
    return bool(equal)


def _refuse_stderr(notebook: NotebookNode, chapter: Path) -> None:
    for number, cell in enumerate(code_cells(notebook), start=1):
        for output in cell.outputs:
            if output.get("name") == "stderr":
                raise ChapterError(
                    f"{chapter.name}, cell [{number}] wrote to stderr, which no chapter stores: {output.text.strip()}"
                )


def _without_numbers(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry without what may differ while every cell's outputs count as equal."""
    runs = [(record["run"], record["framework"], list(record["metrics"])) for record in entry.get("runs", [])]
    return {**entry, "seconds": None, "runs": runs}


def _write_if_changed(path: Path, text: str) -> bool:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    files.write(path, text)
    return True
