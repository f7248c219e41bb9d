"""A chapter as an HTML page that needs nothing else: no network, no other file."""

import re
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from course_utils import files
from course_utils.workshop import views
from course_utils.workshop.chapters import execute, read

SETTINGS = {
    "template_name": "course",
    "extra_template_basedirs": [str(Path(__file__).parent / "templates")],
    "embed_images": True,
    "filters": {"markdown2html": "course_utils.workshop.pages.markdown2html"},
}
"""nbconvert's, for its HTMLExporter."""

# A function's name and what it is of, side by side, as in "log T"; the library leaves out the space between them.
_FUNCTION = re.compile(r"((?:<mrow>|</\w+>|<mspace[^>]*>)<mi>(?:cos|exp|log|max|min|sin|tanh)</mi>)(?=<m(?!o)\w)")

# Bars, which grow as tall as the formula unless they are told not to.
_BAR = re.compile(r"<mo>(?=&#x0(?:2016|007C);)")


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
    """The notebook as one HTML file, pictures inside, each with its alternative text, and formulas as MathML."""
    resources = {"metadata": {"name": chapter.stem, "path": str(chapter.parent)}}
    return HTMLExporter(**SETTINGS).from_notebook_node(notebook, resources=resources)[0]


@pass_context
def markdown2html(context: Any, source: str) -> str:
    """Nbconvert's filter for a text cell, with formulas as MathML, which browsers draw without a library."""
    path = context.get("resources", {}).get("metadata", {}).get("path", "")
    attachments = context.get("cell", {}).get("attachments", {})
    renderer = _WithMathML(escape=False, attachments=attachments, embed_images=True, path=path)
    return MarkdownWithMath(renderer=renderer).render(source)


class _WithMathML(IPythonRenderer):
    def inline_math(self, body: str) -> str:
        return mathml(body)

    def block_math(self, body: str) -> str:
        return mathml(body, display="block")

    def latex_environment(self, name: str, body: str) -> str:
        return mathml(rf"\begin{{{name}}}{body}\end{{{name}}}", display="block")


def mathml(formula: str, **options: str) -> str:
    r"""A formula in LaTeX as MathML; with `display="block"` as one that has a line of its own.

    >>> mathml(r"\log T").partition("<mrow>")[2]
    '<mi>log</mi><mspace width="0.167em"></mspace><mi>T</mi></mrow></math>'
    >>> mathml(r"\lVert g \rVert").partition("<mrow>")[2]
    '<mo stretchy="false">&#x02016;</mo><mi>g</mi><mo stretchy="false">&#x02016;</mo></mrow></math>'
    """
    found = convert(formula.replace("{aligned}", "{align*}"), **options)  # the one name of it that the library knows
    return _BAR.sub('<mo stretchy="false">', _FUNCTION.sub(r'\1<mspace width="0.167em"></mspace>', found))
