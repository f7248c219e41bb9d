"""The switch between the readings: on each page links to the same page of the others. An extension of Sphinx."""

from pathlib import Path
from typing import Any, get_args

from sphinx.application import Sphinx

from course_utils.workshop import views

NAMES = {"both": "Both", "torch": "PyTorch", "tensorflow": "TensorFlow"}


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("html-page-context", _add_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _add_links(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Tell the template `reading.html` of each reading its folder, what it is called, and where it has this page."""
    folder = Path(app.srcdir)
    written = page in app.env.found_docs
    up = "../" * (page.count("/") + 1)
    context["readings"] = [
        (view, name, f"{up}{view}/{counterpart(folder.parent / view, page) if written else page}.html")
        for view, name in NAMES.items()
    ]
    context["reading"] = folder.name


def counterpart(sources: Path, page: str) -> str:
    """The page of a reading that says what this page of another one says.

    Args:
        sources: what the reading is built from.
        page: a page's name, without ending; the other framework's may be asked for, too.
    """
    for side in ("", *get_args(views.Framework)):
        name = str(Path(page).with_name(side)) if side and Path(page).name in get_args(views.Framework) else page
        if any((sources / f"{name}{ending}").exists() for ending in (".md", ".ipynb")):
            return name
    return "index"
