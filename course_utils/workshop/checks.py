"""What is checked of every chapter without running it.

Each check takes a `Chapter` and returns sentences, none if all is well. A sentence names a cell by its place among all
cells, counted from 0, and by its first line.
"""

import ast
import html
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_utils.workshop import views
from course_utils.workshop.outputs import alt_text
from course_utils.workshop.sizes import OPTIONAL

MAX_BYTES = 1_000_000
MAX_CODE_LINES = 15
MAX_WIDTH = 100
MAX_IGNORED_SHARE = 0.02
MAX_FOLDED = 6
IGNORED = "nbval-ignore-output"
"""The tag of a cell whose outputs are not compared: it wants a `reason=…` tag, or a "reason" in the cell's metadata."""
TAGS = {"torch", "tensorflow", "trained", IGNORED, "hide-input", "hide-output", "hide-cell", "exercise", OPTIONAL}
_REASON = re.compile(r"reason=.*\S.*")
_NBVAL_COMMENT = re.compile(r"^\s*#+\s*(?:NBVAL_|PYTEST_VALIDATE_)\w+", re.MULTILINE)
_HEADING = re.compile(r"^#{2,6} .+", re.MULTILINE)
_MAGIC = re.compile(r"^\s*[%!].*$", re.MULTILINE)
# "/name/name" at the start of a word, "C:\Users", "file://": not a/b, not https://a/b, not </b>, not ../a/b.
_ABSOLUTE_PATH = re.compile(
    r"(?<![\w/:.<}~*-])/[A-Za-z][\w.-]*/[\w.-]+|\b[A-Za-z]:\\{1,2}(?:Users|Windows|Temp)|file://"
)
_EMBEDDED = re.compile(r"\bdata:[\w/+.-]+;base64,[\w+/=]+")
_MARKDOWN_IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\]\(\s*<?(?P<target>[^)\s>]+)[^)]*\)")
_HTML_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(["'])(.*?)\2""", re.DOTALL)
_BARE_REPR = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Chapter:
    """A notebook and where it lies."""

    path: Path
    notebook: NotebookNode

    def code(self) -> Iterator[tuple[int, NotebookNode]]:
        """The code cells, each with its place among all cells."""
        return ((place, cell) for place, cell in enumerate(self.notebook.cells) if cell.cell_type == "code")

    def text(self) -> Iterator[tuple[int, NotebookNode]]:
        """The Markdown cells, each with its place among all cells."""
        return ((place, cell) for place, cell in enumerate(self.notebook.cells) if cell.cell_type == "markdown")


def read(path: Path) -> Chapter:
    """A chapter exactly as it is stored: nothing is repaired, such as ids that appear twice."""
    return Chapter(path, nbformat.v4.reads(path.read_text(encoding="utf-8")))


def valid_format(chapter: Chapter) -> list[str]:
    """A notebook of format 4.5, the first with cell ids, that obeys its schema and names the kernel python3."""
    notebook = chapter.notebook
    if (notebook.nbformat, notebook.nbformat_minor) != (4, 5):
        return [f"the format is {notebook.nbformat}.{notebook.nbformat_minor}, expected 4.5"]
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        return ["the kernel's name is not python3: run course refresh"]
    errors = nbformat.validator.iter_validate(notebook, version=4, version_minor=5)
    return [f"not valid: {str(error).partition(chr(10))[0]}" for error in errors]


def unique_ids(chapter: Chapter) -> list[str]:
    """Ids tell cells apart in reviews and links, so none appears twice."""
    counts = Counter(cell.get("id", "") for cell in chapter.notebook.cells)
    return [f"the id {name!r} stands on {count} cells" for name, count in counts.items() if count > 1 or not name]


def budget(chapter: Chapter) -> list[str]:
    """The metadata say how long the chapter may take on one core."""
    seconds = chapter.notebook.metadata.get("course", {}).get("budget_seconds")
    good = isinstance(seconds, (int, float)) and seconds > 0
    return [] if good else ['the notebook\'s metadata lack "course": {"budget_seconds": …}, a positive number']


def executed(chapter: Chapter) -> list[str]:
    """Stored outputs are of one run from top to bottom: counts 1, 2, …, n, and no empty cell."""
    problems = []
    for expected, (place, cell) in enumerate(chapter.code(), start=1):
        if not cell.source.strip():
            problems.append(f"{_where(place, cell)} is an empty code cell")
        elif cell.execution_count != expected:
            problems.append(f"{_where(place, cell)} has the count {cell.execution_count}, expected {expected}")
    return problems


def no_error(chapter: Chapter) -> list[str]:
    """A mistake is shown by `try`, which says what is expected; a stored traceback holds paths."""
    return [f"{_where(*found)} stores the error {out.ename}" for *found, out in _outputs(chapter, "error")]


def no_stderr(chapter: Chapter) -> list[str]:
    """A reader should not have to wonder about warnings."""
    streams = _outputs(chapter, "stream")
    return [
        f"{_where(*found)} stores stderr: {out.text.strip()[:80]}" for *found, out in streams if out.name == "stderr"
    ]


def small(chapter: Chapter) -> list[str]:
    """A notebook stays readable in reviews and quick to open."""
    size = chapter.path.stat().st_size
    good = size < MAX_BYTES
    return [] if good else [f"it has {size:,} bytes, allowed are {MAX_BYTES:,}: show fewer or smaller pictures"]


def no_absolute_path(chapter: Chapter) -> list[str]:
    """A path of the author's machine is on no other, in sources as in outputs."""
    problems = []
    for place, cell in enumerate(chapter.notebook.cells):
        texts = [cell.source, *(text for output in cell.get("outputs", []) for text in _texts(output))]
        found = [match[0] for text in texts for match in _ABSOLUTE_PATH.finditer(text)]
        problems += [f"{_where(place, cell)} holds the absolute path {path}" for path in found]
    return problems


def known_tags(chapter: Chapter) -> list[str]:
    """A misspelt tag would do nothing, silently; nbval's comments hide from the count of exceptions."""
    problems = []
    for place, cell in enumerate(chapter.notebook.cells):
        unknown = [tag for tag in _tags(cell) if tag not in TAGS and not _REASON.fullmatch(tag)]
        problems += [f"{_where(place, cell)} has the unknown tag {tag!r}" for tag in unknown]
        if cell.cell_type == "code" and (comment := _NBVAL_COMMENT.search(cell.source)):
            problems.append(f"{_where(place, cell)} says {comment[0].strip()!r}: use a tag, tags are counted")
    return problems


def reasons(chapter: Chapter) -> list[str]:
    """A comparison is loosened for a reason that the next author can read."""
    problems = []
    for place, cell in chapter.code():
        reason = cell.metadata.get("reason") or any(tag.startswith("reason=") for tag in _tags(cell))
        if IGNORED in _tags(cell) and not reason:
            problems.append(f"{_where(place, cell)} has the tag {IGNORED!r} and no reason: add a tag 'reason=…'")
    return problems


def public_names(chapter: Chapter) -> list[str]:
    """Chapters show the public API: no `_name` of a module or of somebody else's object."""
    problems = []
    for place, cell in chapter.code():
        names = [name for node in ast.walk(_parse(cell)) for name in _private_names(node)]
        problems += [f"{_where(place, cell)} uses the private name {name}" for name in names]
    return problems


def parses(chapter: Chapter) -> list[str]:
    """Code that does not parse could not be checked at all."""
    problems = []
    for place, cell in chapter.code():
        try:
            ast.parse(_python(cell))
        except SyntaxError as error:
            problems.append(f"{_where(place, cell)} does not parse: {error.msg}")
    return problems


def seeds_first(chapter: Chapter) -> list[str]:
    """What follows the imports is `seed_everything()`: nothing random may come before it."""
    statements = [statement for _, cell in chapter.code() for statement in _parse(cell).body]
    first = next((node for node in statements if not isinstance(node, (ast.Import, ast.ImportFrom))), None)
    called = [node.func for node in ast.walk(first) if isinstance(node, ast.Call)] if first else []
    if any(getattr(f, "id", getattr(f, "attr", "")) == "seed_everything" for f in called):
        return []
    return ["the first statement after the imports is not a call of seed_everything()"]


def short_cells(chapter: Chapter) -> list[str]:
    """A code cell fits on the screen, or is one definition."""
    problems = []
    for place, cell in chapter.code():
        lines = len([line for line in cell.source.splitlines() if line.strip()])
        body = _parse(cell).body
        one_definition = len(body) == 1 and isinstance(body[0], (ast.FunctionDef, ast.ClassDef))
        if lines > MAX_CODE_LINES and not one_definition:
            problems.append(f"{_where(place, cell)} has {lines} lines, allowed are {MAX_CODE_LINES} or one definition")
    return problems


def narrow_code(chapter: Chapter) -> list[str]:
    """No code line runs out of its box on the page."""
    return [
        f"{_where(place, cell)} has a line of {len(line)} characters, allowed are {MAX_WIDTH}: {line.strip()[:40]}…"
        for place, cell in chapter.code()
        for line in cell.source.splitlines()
        if len(line) > MAX_WIDTH
    ]


def marks_in_text(chapter: Chapter) -> list[str]:
    """A mark that gives words to one framework is well-formed, else the words are in every view."""
    return [
        f"{_where(place, cell)}: {problem}"
        for place, cell in chapter.text()
        for problem in views.misplaced_marks(cell.source)
    ]


def headings_once(chapter: Chapter) -> list[str]:
    """No heading stands twice: two cells, one for each framework, have theirs in common in a cell before them."""
    lines = [line.strip() for _, cell in chapter.text() for line in _HEADING.findall(cell.source)]
    return [f"the heading {line!r} stands {number} times" for line, number in Counter(lines).items() if number > 1]


def few_folded(chapter: Chapter) -> list[str]:
    """What is folded is the answer to a question that surprises, and few do."""
    problems = []
    for view in views.sides("both"):
        seen = views.of_notebook(chapter.notebook, view)
        count = sum(views.FOLDED in _tags(cell) for cell in seen.cells)
        problems += [f"{count} outputs are folded for {view}, allowed are {MAX_FOLDED}"] * (count > MAX_FOLDED)
    return problems


def images_in_text(chapter: Chapter) -> list[str]:
    """A picture of a text cell lies beside the chapter, with words for those who cannot see it."""
    problems = []
    for place, cell in chapter.text():
        for alt, target in _images(cell.source):
            if not alt.strip():
                problems.append(f"{_where(place, cell)}: the picture {target} has no alternative text")
            if re.match(r"(?:https?:)?//|data:|attachment:", target):
                problems.append(f"{_where(place, cell)}: the picture {target[:60]} is no file beside the chapter")
            elif not (chapter.path.parent / target).is_file():
                problems.append(f"{_where(place, cell)}: there is no picture {target}")
    return problems


def images_in_outputs(chapter: Chapter) -> list[str]:
    """A stored picture has a summary, which tests compare, and an alternative text; `plotting` gives both."""
    problems = []
    for *found, output in _outputs(chapter, "display_data", "execute_result"):
        for mime in (mime for mime in output.data if mime.startswith("image/")):
            summary = output.data.get("text/plain", "").strip()
            if not summary or _BARE_REPR.fullmatch(summary):
                problems.append(f"{_where(*found)} shows a picture without a summary as its text/plain")
            if not alt_text(output, mime).strip():
                problems.append(f"{_where(*found)} shows a picture without an alternative text in its metadata")
    return problems


CHECKS: list[Callable[[Chapter], list[str]]] = [
    valid_format,
    unique_ids,
    budget,
    parses,
    executed,
    no_error,
    no_stderr,
    small,
    no_absolute_path,
    known_tags,
    reasons,
    public_names,
    seeds_first,
    short_cells,
    narrow_code,
    marks_in_text,
    headings_once,
    few_folded,
    images_in_text,
    images_in_outputs,
]


def ignored_share(chapters: Sequence[Chapter]) -> list[str]:
    """Over all chapters, next to no cell is left out of the comparison."""
    cells = [(chapter, *found) for chapter in chapters for found in chapter.code()]
    ignored = [(chapter, place) for chapter, place, cell in cells if "nbval-ignore-output" in _tags(cell)]
    if len(ignored) <= MAX_IGNORED_SHARE * len(cells):
        return []
    names = ", ".join(f"{chapter.path.name} cell {place}" for chapter, place in ignored)
    return [f"{len(ignored)} of {len(cells)} code cells are not compared, allowed are {MAX_IGNORED_SHARE:.0%}: {names}"]


def _where(place: int, cell: NotebookNode) -> str:
    return f"cell {place} ({cell.source.strip().partition(chr(10))[0][:60]!r})"


def _tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def _outputs(chapter: Chapter, *kinds: str) -> Iterator[tuple[int, NotebookNode, NotebookNode]]:
    for place, cell in chapter.code():
        for output in cell.get("outputs", []):
            if output.output_type in kinds:
                yield place, cell, output


def _texts(output: NotebookNode) -> list[str]:
    """What an output says; pictures, embedded ones too, and widgets' states are no words."""
    if output.output_type == "stream":
        return [output.text]
    if output.output_type == "error":
        return [output.evalue, *output.traceback]
    data = {mime: value for mime, value in output.data.items() if not mime.startswith("image/")}
    values = [value if isinstance(value, str) else json.dumps(value) for value in [*data.values(), output.metadata]]
    return [_EMBEDDED.sub("", value) for value in values]


def _images(source: str) -> Iterator[tuple[str, str]]:
    """(alternative text, target) of each picture in Markdown, written as Markdown or as HTML."""
    for match in _MARKDOWN_IMAGE.finditer(source):
        yield match["alt"], match["target"]
    for element in _HTML_IMAGE.findall(source):
        attributes = {name.lower(): html.unescape(value) for name, _, value in _ATTRIBUTE.findall(element)}
        yield attributes.get("alt", ""), attributes.get("src", "")


def _python(cell: NotebookNode) -> str:
    return _MAGIC.sub("pass", cell.source)


def _parse(cell: NotebookNode) -> ast.Module:
    try:
        return ast.parse(_python(cell))
    except SyntaxError:  # `parses` reports it
        return ast.Module(body=[], type_ignores=[])


def _private_names(node: ast.AST) -> list[str]:
    names: list[str] = []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        names = [f"{node.module}.{alias.name}" for alias in node.names]
    elif isinstance(node, ast.Attribute) and getattr(node.value, "id", "") not in ("self", "cls"):
        names = [node.attr]
    return [name for name in names if any(_is_private(part) for part in name.split("."))]


def _is_private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))
