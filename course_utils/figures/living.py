"""What all living figures share: the page around them, its colours in light and dark, and the output's MIME bundle."""

import base64
import io
import json
import os
from collections.abc import Callable
from html import escape
from importlib import resources

import ipywidgets
from IPython.display import display
from PIL import Image

from course_utils import palette
from course_utils.plotting import Picture

MOST_BYTES = 100_000  # of a figure in a notebook

_FILES = resources.files("course_utils.figures") / "templates"

VARIABLES = {
    "x": palette.BLUE,
    "h": palette.ORANGE,
    "c": palette.GREEN,
    "gate": palette.VIOLET,
    "x-ground": palette.PALE[palette.BLUE],
    "h-ground": palette.PALE[palette.ORANGE],
    "c-ground": palette.PALE[palette.GREEN],
    "gate-ground": palette.PALE[palette.VIOLET],
    "ink": palette.INK,
    "quiet": palette.QUIET,
    "faint": palette.FAINT,
    "paper": "#ffffff",
    "negative": palette.NEGATIVE,
    "positive": palette.POSITIVE,
    "surprise": palette.SURPRISE,
    "influence": palette.INFLUENCE,
}
"""CSS variable → its colour on a light page."""


class LivingFigure:
    """A finished figure: the page shows it alive, or its still picture; a screen reader and the tests have the words.

    Args:
        kind: the templates' name: `kind`.html, `kind`.css and `kind`.js.
        title: what it is called, for screen readers too.
        data: what the script steps through, of what JSON knows.
        still: what stands there where no script runs; its summary is the figure's plain text.
        parts: name → HTML that takes the place of `{{name}}` in `kind`.html, where `{{title}}` is known, too.

    Raises `ValueError` for NaN or infinity in the data, and for a figure of more than 100 kB.

    Attributes: `html`, `summary`. The HTML of the same figure is the same at each run.
    """

    def __init__(self, kind: str, title: str, data: dict, still: Picture, parts: dict[str, str] | None = None):
        try:
            text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        except ValueError as error:
            raise ValueError(f"The figure {title!r} has NaN or infinity in it, expected numbers to show.") from error
        self.summary = still.summary
        self.html = filled(
            template("living.html"),
            kind=kind,
            title=escape(title),
            style=style(kind),
            still=base64.b64encode(_small(still.png)).decode("ascii"),
            alt=escape(still.summary),
            body=filled(template(f"{kind}.html"), title=escape(title), **(parts or {})),
            data=text.replace("<", "\\u003c"),
            script=template("living.js") + template(f"{kind}.js"),
        )

        if (size := len(self.html.encode())) > MOST_BYTES:
            raise ValueError(
                f"The figure {title!r} has {size:,} bytes, expected {MOST_BYTES:,} at most: show less of it."
            )

    def __repr__(self) -> str:
        return self.summary

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self.html, "text/plain": self.summary}


def beside_a_line(
    figure: LivingFigure, text: str, what: str, redraw: Callable[[str], LivingFigure | None]
) -> LivingFigure | None:
    """A line to type in above the figure, which follows it, where a kernel runs; the figure alone where CI is set.

    Args:
        text, what: what stands in the line at first, and what is to be typed.
        redraw: what was typed → the new figure, or None, as for an empty line: the last one stays.
    """
    if "CI" in os.environ:
        return figure
    line = ipywidgets.Text(text, description=what, continuous_update=False)
    line.layout.width = "95%"
    display(line)
    shown = display(figure, display_id=True)

    def follow(change) -> None:
        if change.new and (new := redraw(change.new)) is not None:
            shown.update(new)

    line.observe(follow, "value")
    return None


def template(name: str) -> str:
    """The text of a template's file."""
    return (_FILES / name).read_text("utf-8")


def style(kind: str) -> str:
    """The rules of CSS for figures of a kind, with the colours in light and dark."""
    pairs = (f"--{name}: light-dark({color}, {palette.DARK[color]});" for name, color in VARIABLES.items())
    return f".living {{ {' '.join(pairs)} }}\n" + template("living.css") + template(f"{kind}.css")


def filled(text: str, **values: str) -> str:
    """A template with each `{{name}}` replaced by the value of that name.

    >>> filled("<b>{{title}}</b>", title="Reading")
    '<b>Reading</b>'
    """
    pieces = text.split("{{")
    return pieces[0] + "".join(values[name] + rest for name, _, rest in (piece.partition("}}") for piece in pieces[1:]))


def rounded(array, places: int) -> list:
    """Numbers for `data`: a nested list, without the digits that nobody reads and without −0."""
    return (array.round(places) + 0.0).tolist()


def _small(png: bytes) -> bytes:
    """The same picture in 64 colours, about a third as large."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(64).save(buffer, "png", optimize=True)
    return buffer.getvalue()
