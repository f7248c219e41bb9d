"""What the theme's pages lack: pictures with sizes, fetched when they come near, tables that keys can move, numbers.

An extension of Sphinx. A page whose pictures have sizes stays where it is while they arrive.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.images import get_image_size

_PICTURE = re.compile(r'<img (?P<rest>[^>]*?src="(?P<source>(?!data:)[^"]*)"[^>]*?) ?/?>')
_LARGE = 700  # pixels: on a phone the words of such a picture would be too small, so it is moved sideways there
_TABLE = '<div class="pst-scrollable-table-container">'
_BY_KEYS = '<div class="pst-scrollable-table-container" tabindex="0" role="group" aria-label="Table">'
_CHAPTER = re.compile(r"(?:^|/)(\d\d)_\w+\.html$")


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("html-page-context", _complete)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def completed(body: str, size: Callable[[str], tuple[int, int] | None]) -> str:
    r"""A page's text with sizes for its pictures, all but the first fetched late, and with tables that take the focus.

    Args:
        body: HTML.
        size: a picture's address on the page → its width and height in pixels; None where they are not known.

    >>> print(completed('<img alt="A" src="a.png" />\n<img src="b.png" />', {"a.png": (760, 200), "b.png": None}.get))
    <span class="sideways"><img alt="A" src="a.png" width="760" height="200"></span>
    <img src="b.png" loading="lazy">
    """
    first = _PICTURE.search(body)

    def with_size(found: re.Match) -> str:
        known = size(found["source"])
        pixels = ' width="{}" height="{}"'.format(*known) if known else ""
        late = "" if found.start() == first.start() else ' loading="lazy"'
        picture = f"<img {found['rest']}{pixels}{late}>"
        return f'<span class="sideways">{picture}</span>' if known and known[0] > _LARGE else picture

    return _PICTURE.sub(with_size, body).replace(_TABLE, _BY_KEYS)


def _complete(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    files = {name: Path(app.srcdir, picture) for picture, name in app.builder.images.items()}

    def size(source: str) -> tuple[int, int] | None:
        path = files.get(source.rpartition("/")[2])
        return get_image_size(path) if path else None

    for neighbour in filter(None, map(context.get, ("prev", "next"))):
        if number := _CHAPTER.search(neighbour["link"]):
            neighbour["title"] = f"{number[1]} · {neighbour['title']}"
    if "body" in context:
        context["body"] = completed(context["body"], size)
