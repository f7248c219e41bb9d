"""One language of colour, in diagrams, plots and living figures: what a colour means is the same in every chapter.

The input X is blue, the hidden state H orange, the memory C green, and gates are violet. Signed values go from brown
(negative) over white (zero) to teal (positive). Series that are none of these, such as models, have colours of their
own. In grey, series differ in dashes and markers, and negative squares carry a dash.
"""

from typing import NamedTuple

INK, QUIET, FAINT = "#222222", "#595959", "#d9d9d9"
BLUE, ORANGE, GREEN, VIOLET = "#1f5fa8", "#a04f00", "#17693a", "#6a3d9a"  # each 4.5 : 1 or more on white
PALE = {BLUE: "#dbe9f6", ORANGE: "#fbe0c0", GREEN: "#d5eedd", VIOLET: "#e6dcf3"}  # the same as a box's ground

DARK = {  # what stands in a colour's place on a dark page
    BLUE: "#8fbcf2",
    ORANGE: "#f3b36b",
    GREEN: "#7fd1a0",
    VIOLET: "#c3a8f0",
    "#dbe9f6": "#1c2f47",
    "#fbe0c0": "#45300f",
    "#d5eedd": "#16351f",
    "#e6dcf3": "#32254a",
    INK: "#e8e8e8",
    QUIET: "#a8a8a8",
    FAINT: "#454545",
    "#7a4a08": "#bf8836",
    "#015f56": "#3aa99b",
    "#e0644f": "#a33d30",
    "#5b97dd": "#2f5f9e",
    "#ffffff": "#181a1d",
}

SYMBOLS = {"X": BLUE, "H": ORANGE, "C": GREEN, **dict.fromkeys("ZRIFO", VIOLET)}
"""The colour of a quantity by its name."""

NEGATIVE, POSITIVE = "#7a4a08", "#015f56"  # the ends of the signed colours
SURPRISE, INFLUENCE = "#e0644f", "#5b97dd"  # what goes from white to these carries dark letters
SEQUENTIAL, SIGNED = "Greys", "BrBG"  # colour maps of Matplotlib: dark is large; brown below zero, teal above


class Series(NamedTuple):
    """How one line of several is drawn."""

    color: str
    dashes: str | tuple
    marker: str


SERIES = [
    Series("#1f2933", "-", "o"),
    Series("#c0392b", "--", "s"),
    Series("#0f7c80", "-.", "^"),
    Series("#8a6d00", ":", "D"),
    Series("#8e4585", (0, (8, 2, 1, 2, 1, 2)), "v"),
]


def series(place: int, label: str) -> Series:
    """The line at a place, counted from 0; a quantity such as H or `F, at spaces` has its own colour.

    >>> series(0, "GRU").color, series(0, "H, trained").color == ORANGE
    ('#1f2933', True)
    """
    style = SERIES[place % len(SERIES)]
    return style._replace(color=SYMBOLS.get(label.partition(",")[0], style.color))
