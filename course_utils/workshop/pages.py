"""A chapter as an HTML page that needs nothing else: no network, no other file."""

from html import escape
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_utils import files
from course_utils.workshop import views
from course_utils.workshop.chapters import code_cells, execute, read
from course_utils.workshop.outputs import alt_text


def run(chapter: Path, page: Path, view: views.View = "both") -> None:
    """Execute a chapter and write it as an HTML page; the notebook itself is left as it is.

    Args:
        chapter: the notebook.
        page: the file to write.
        view: the frameworks whose cells are executed and shown.

    Raises:
        ChapterError: a cell failed; the page holds what was reached.
        CourseError: the page cannot be written; no cell has run.
    """
    files.require_writable(page, mend="name a folder of your own by --out.")
    notebook = views.of_notebook(read(chapter), view)
    try:
        execute(notebook, chapter)
    finally:
        files.write(page, to_html(notebook, chapter))


def to_html(notebook: NotebookNode, chapter: Path) -> str:
    """The notebook as one HTML file, pictures inside, each with its alternative text."""
    from nbconvert import HTMLExporter

    notebook = nbformat.from_dict(notebook)
    for cell in code_cells(notebook):
        cell.outputs = [_with_alt_text(output) for output in cell.outputs]
    exporter = HTMLExporter(template_name="lab", embed_images=True)
    resources = {"metadata": {"name": chapter.stem, "path": str(chapter.parent)}}
    return exporter.from_notebook_node(notebook, resources=resources)[0]


def _with_alt_text(output: NotebookNode) -> NotebookNode:
    """The lab template gives a stored picture no alternative text, so write its image element here."""
    data = output.get("data", {})
    if "image/png" not in data or "text/html" in data:
        return output
    alt = escape(alt_text(output, "image/png") or data.get("text/plain", ""))
    html = f'<img src="data:image/png;base64,{data["image/png"].strip()}" alt="{alt}">'
    return nbformat.from_dict({**output, "data": {"text/html": html}})
