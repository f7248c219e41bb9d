"""Chapters on the site: formulas as MathML, pictures with their texts, answers folded. An extension of Sphinx.

Those to download are whole: the figures that a chapter has in files are in the notebook, too.
"""

import base64
import mimetypes
import re
from html import escape
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from myst_nb.core.render import MimeData, MimeRenderPlugin, NbElementRenderer
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from course_utils.workshop.chapters import read
from course_utils.workshop.pages import mathml

_FIGURE = re.compile(r"(?<=\]\()figures/[\w-]+\.\w+(?=\))")


class Picture(MimeRenderPlugin):
    """A cell's picture; myst-nb leaves out the alternative text that is stored with it."""

    @staticmethod
    def handle_mime(renderer: NbElementRenderer, data: MimeData, inline: bool) -> list[nodes.Element] | None:
        """The picture with its text; None for what is no picture or has none."""
        alt = data.output_metadata.get(data.mime_type, {}).get("alt")
        if not alt:
            return None
        [picture] = renderer.render_image(data)
        picture["alt"] = alt
        return [picture]


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.add_node(HideCodeCellNode, override=True, html=(_fold, _end_fold))
    app.connect("build-finished", _complete_downloads)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def with_figures(text: str, folder: Path) -> str:
    """A text cell whose figures need no file beside the notebook. JupyterLab shows no SVG that is attached to a cell.

    Args:
        text: Markdown.
        folder: what the figures' names are relative to.

    >>> with_figures("No figure is [here](figures/).", Path())
    'No figure is [here](figures/).'
    """

    def as_data(found: re.Match) -> str:
        kind, _ = mimetypes.guess_type(found[0])
        return f"data:{kind};base64,{base64.b64encode((folder / found[0]).read_bytes()).decode('ascii')}"

    return _FIGURE.sub(as_data, text)


def _complete_downloads(app: Sphinx, problem: Exception | None) -> None:
    for path in Path(app.outdir, "_sources/chapters").glob("*.ipynb") if not problem else ():
        notebook = read(path)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = with_figures(cell.source, Path(app.srcdir, "chapters"))
        path.write_text(nbformat.writes(notebook) + "\n", "utf-8")


def _inline(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def _block(translator: HTML5Translator, node: nodes.math_block) -> None:
    # What is wider than a phone is moved sideways, by keys too.
    formula = mathml(node.astext(), display="block")
    translator.body.append(f'<div class="formula" tabindex="0" role="group" aria-label="Formula">{formula}</div>\n')
    raise nodes.SkipNode


def _fold(translator: HTML5Translator, node: HideCodeCellNode) -> None:
    """As on the pages of `course run`; myst-nb's has a label that is not what one sees."""
    translator.body.append(f'<details class="folded"><summary>{escape(node["prompt_show"])}</summary>\n')


def _end_fold(translator: HTML5Translator, node: HideCodeCellNode) -> None:
    translator.body.append("</details>\n")
