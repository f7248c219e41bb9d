"""What a reader of one framework sees of the course: cells and words of the other one are taken out.

A whole cell belongs to the frameworks in its tags, `torch` or `tensorflow`; with both tags it compares them. Within a
text, a chapter's or a README's, comments that no page shows say the same of a few words:

    <!-- torch -->words<!-- /torch -->    for readers of PyTorch, and of both; likewise `tensorflow`
    <!-- both -->words<!-- /both -->      for readers of both only
    <!-- torch: words -->                 for readers of PyTorch alone, instead of such words; likewise `tensorflow`

What a cell shows is never edited: a cell that shows both frameworks is made two, each with its tag.

The tag `hide-output` marks the answer to a *Predict*: it is folded until the reader opens it, or runs the cell.
"""

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Literal, get_args

import nbformat
from nbformat import NotebookNode

from course_utils.workshop.chapters import read

Framework = Literal["torch", "tensorflow"]
View = Literal["torch", "tensorflow", "both"]

FOLDED = "hide-output"

_NAMES = "|".join(get_args(View))
_WORDS = {
    "torch": r"PyTorch|\btorch\b|\bnn\.[A-Z]|\bct\.",
    "tensorflow": r"TensorFlow|\btensorflow\b|\bKeras\b|\bkeras\b|\btf\.|\bctf\.",
}
_WORDS_OF_BOTH = r"\bframeworks\b|\b(?:each|either|other) framework\b"
_LIKE_A_MARK = re.compile(rf"<!--\s*/?\s*(?:{_NAMES})\b.*?-->", re.DOTALL)
# A mark that has a line of its own takes the line with it.
_SPAN = re.compile(
    rf"(?P<line>^)?<!-- (?P<view>{_NAMES}) -->(?(line)\n?)(?P<words>.*?)(?P<end>^)?<!-- /(?P=view) -->(?(end)\n?)",
    re.DOTALL | re.MULTILINE,
)
_INSTEAD = re.compile(rf" ?<!-- (?P<view>{'|'.join(get_args(Framework))}): (?P<words>(?:(?!-->).)*?) -->", re.DOTALL)
_BEGINS_A_LINE = re.compile(rf"^(?:[ >]|[-*+] |\d+[.)] )*(<!-- /?(?:{_NAMES})\b.*?-->).*\S", re.MULTILINE)


def of_file(path: Path, view: View) -> bytes | None:
    """What a file of the course holds in this view; None if it is the other framework's notebook.

    Raises:
        ChapterError: it should be a notebook and is none.
    """
    if path.suffix == ".ipynb":
        if path.stem in {*get_args(Framework)}.difference(sides(view)):
            return None
        return (nbformat.writes(of_notebook(read(path), view)) + "\n").encode()
    return of_text(path.read_text("utf-8"), view).encode() if path.suffix == ".md" else path.read_bytes()


def of_notebook(notebook: NotebookNode, view: View) -> NotebookNode:
    """The notebook as this view has it: answers are folded, code cells that have run numbered anew.

    The notebook given stays as it is.

    >>> from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
    >>> code = [new_code_cell(tag, metadata={"tags": [tag]}) for tag in ("torch", "tensorflow")]
    >>> text = new_markdown_cell("In <!-- torch -->PyTorch<!-- /torch --><!-- both --> and<!-- /both -->:")
    >>> [cell.source for cell in of_notebook(new_notebook(cells=[text, *code]), "torch").cells]
    ['In PyTorch:', 'torch']
    """
    others = {*get_args(Framework)}.difference(sides(view))
    notebook = deepcopy(notebook)
    cells = [cell for cell in notebook.cells if not others.intersection(cell.metadata.get("tags", []))]
    for cell in cells:
        if cell.cell_type == "markdown":
            cell.source = of_text(cell.source, view)
        if FOLDED in cell.metadata.get("tags", []):
            cell.metadata.setdefault("jupyter", {})["outputs_hidden"] = True
    notebook.cells = [cell for cell in cells if cell.cell_type == "code" or cell.source.strip()]
    _number(cell for cell in notebook.cells if cell.get("execution_count"))
    return notebook


def sides(view: View) -> tuple[Framework, ...]:
    """The frameworks that a view speaks of."""
    return get_args(Framework) if view == "both" else (view,)


def of_text(text: str, view: View) -> str:
    """The words of a text that stand in this view, without any marks.

    >>> ready = "Ready: <!-- torch -->`nn.RNN`<!-- /torch --><!-- both --> and <!-- /both --><!-- tensorflow -->"
    >>> ready += "`SimpleRNN`<!-- /tensorflow -->. <!-- torch: It is fast. -->"
    >>> [of_text(ready, view) for view in ("torch", "tensorflow", "both")]
    ['Ready: `nn.RNN`. It is fast.', 'Ready: `SimpleRNN`.', 'Ready: `nn.RNN` and `SimpleRNN`.']
    """

    def words_of_span(span: re.Match) -> str:
        return span["words"] if view in ("both", span["view"]) else ""

    def words_instead(mark: re.Match) -> str:
        space = " " * mark[0].startswith(" ")
        return space + mark["words"] if view == mark["view"] else ""

    return _INSTEAD.sub(words_instead, _SPAN.sub(words_of_span, text))


def misplaced_marks(text: str) -> list[str]:
    """What is wrong with the marks of a text, in sentences: misspelt, without a partner, or one inside another.

    >>> misplaced_marks("<!-- torch -->PyTorch<!-- /tensorflow -->")[0]
    "the mark '<!-- torch -->' is misspelt, has no partner, or stands inside another"
    """
    spans = [match["words"] for match in _SPAN.finditer(text)]
    left = [*spans, _INSTEAD.sub("", _SPAN.sub("", text))]
    problems = [
        f"the mark {mark!r} is misspelt, has no partner, or stands inside another"
        for part in left
        for mark in _LIKE_A_MARK.findall(part)
    ]
    return problems + [
        f"the mark {mark!r} begins a line, where Markdown takes the whole line for HTML: put words before it, or give "
        "it a line of its own"
        for mark in _BEGINS_A_LINE.findall(text)
    ]


def left_over(notebook: NotebookNode, view: Framework) -> list[str]:
    """Where a notebook in the view of one framework still speaks of the other one: in a text, in code or in an output.

    >>> cell = nbformat.v4.new_markdown_cell("In PyTorch, and in Keras likewise.", id="both-said")
    >>> left_over(nbformat.v4.new_notebook(cells=[cell]), "torch")
    ["cell 'both-said' speaks of Keras"]
    """
    [other] = {*get_args(Framework)} - {view}
    words = re.compile(f"{_WORDS[other]}|{_WORDS_OF_BOTH}")
    return [
        f"cell {cell.get('id')!r} speaks of {word}"
        for cell in notebook.cells
        for word in sorted({word for text in _texts(cell) for word in words.findall(text)})
    ]


def _texts(cell: NotebookNode) -> Iterator[str]:
    yield cell.source
    for output in cell.get("outputs", []):
        yield output.get("text", "")
        yield output.get("data", {}).get("text/plain", "")


def _number(cells: Iterator[NotebookNode]) -> None:
    for number, cell in enumerate(cells, start=1):
        cell.execution_count = number
        for output in cell.get("outputs", []):
            if output.output_type == "execute_result":
                output.execution_count = number
