"""The drawn cells, which grow part by part: in the chapters' diagrams, and whole in the cell stepper.

A template such as `gru.svg` holds all parts: what stands in `<g data-in="23">` belongs to parts 2 and 3 only, and an
element with `data-value="Z"` is where the stepper writes the number Z.
"""

import re

from course_utils.figures.living import filled, template

PARTS = {"RNN": 1, "GRU": 3, "LSTM": 3}
"""Cell → in how many parts it grows; the last one is the whole cell."""

_GROUP = re.compile(r'<g data-in="(\d+)">(.*?)</g>', re.DOTALL)


def drawn(name: str, part: int, id: str) -> str:
    """The SVG element of a template as far as it has grown, for a page with the style `cell.css`; `id` is its arrow's.

    >>> [drawn("gru", part, "a").count("data-value") for part in (1, 2, 3)]
    [4, 7, 9]
    """
    svg = _GROUP.sub(lambda group: group[2] if str(part) in group[1] else "", template(f"{name}.svg"))
    return filled(svg, id=id)
