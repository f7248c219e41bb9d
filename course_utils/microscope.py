"""A microscope for an LSTM: what each gate lets through, and what each memory cell holds, while a sentence is read.

The gates come in as NumPy arrays, so it serves both frameworks: {"I": (T, h), "F": …, "O": …, "C": …}, a row for each
token. A cell is as active as its share of the hidden state, |O tanh(C)|, is large; the most active ones are drawn.
"""

import os
from collections.abc import Callable, Sequence
from html import escape

import ipywidgets
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure

from course_utils.plotting import Picture

Gates = dict[str, np.ndarray]
Read = Callable[[str], tuple[Sequence[str], Gates]]

NAMES = {"I": "input gate I", "F": "forget gate F", "O": "output gate O", "C": "memory, tanh(C)"}
LIMITS = {"I": (0, 1), "F": (0, 1), "O": (0, 1), "C": (-1, 1)}  # from where to where the axes go, at all steps
NUMBER = 8  # cells drawn
AROUND = 40  # tokens shown to the left and to the right of the one looked at


def most_active(gates: Gates) -> np.ndarray:
    """The indices of the eight cells, all if there are fewer, that say most on average, the loudest first.

    >>> C = np.array([[0.1, -2.0, 0.5]])
    >>> most_active({"O": np.ones((1, 3)), "C": C}).tolist()
    [1, 2, 0]
    """
    activity = np.abs(gates["O"] * np.tanh(gates["C"])).mean(axis=0)  # (h,)
    return np.argsort(-activity, kind="stable")[:NUMBER]


def film(tokens: Sequence[str], gates: Gates, title: str) -> Picture:
    """All steps of the most active cells: a heat map for each gate and for the memory as it is read; dark is large.

    Raises:
        ValueError: the arrays do not fit the tokens or each other.

    >>> print(film("hi", {name: np.full((2, 3), 0.5) for name in "IFOC"}, "Reading"))
    Figure: Reading. Four heat maps of the 3 most active of 3 cells over 2 tokens, 'hi'.
    Means over all cells and tokens: I 0.5, F 0.5, O 0.5, |C| 0.5
    """
    _check(tokens, gates)
    cells = most_active(gates)
    figure = Figure(figsize=(min(10.0, 3.0 + 0.12 * len(tokens)), 6.4), layout="constrained")
    figure.suptitle(title, parse_math=False)
    panels = figure.subplots(4, 1, sharex=True)
    for axes, (name, label) in zip(panels, NAMES.items(), strict=True):
        low, high = LIMITS[name]
        image = axes.imshow(_drawn(gates, name)[:, cells].T, cmap="Greys", aspect="auto", vmin=low, vmax=high)
        axes.set_ylabel(label)
        axes.set_yticks(range(len(cells)), cells, fontsize=6)
        figure.colorbar(image, ax=axes)
    panels[-1].set_xticks(range(len(tokens)), [_visible(token) for token in tokens], fontsize=8, parse_math=False)
    panels[-1].set_xlabel("what is read; the numbers at the left name the cells")
    shown = f"{len(cells)} most active of {gates['C'].shape[1]} cells over {len(tokens)} tokens"
    means = ", ".join(f"{name} {gates[name].mean():.1f}" for name in "IFO")
    return Picture(
        figure,
        f"Figure: {title}. Four heat maps of the {shown}, {''.join(tokens)!r}.\n"
        f"Means over all cells and tokens: {means}, |C| {np.abs(gates['C']).mean():.1f}",
    )


def snapshot(tokens: Sequence[str], gates: Gates, step: int, title: str) -> Picture:
    """One step, counted from 1: bars for the gates and the memory of the cells most active at that step.

    Raises:
        ValueError: there is no such step, or the arrays do not fit the tokens or each other.

    >>> print(snapshot("hi", {name: np.full((2, 1), 0.5) for name in "IFOC"}, 2, "Reading"))
    Figure: Reading. At token 2 of 2, h[i], the cells that say most are
    cell 0: I 0.50, F 0.50, O 0.50, C 0.50
    """
    _check(tokens, gates)
    if not 1 <= step <= len(tokens):
        raise ValueError(f"step is {step}, expected 1 to {len(tokens)}, the number of tokens.")
    cells = most_active({name: values[step - 1 : step] for name, values in gates.items()})
    before, after = tokens[max(0, step - 1 - AROUND) : step - 1], tokens[step : step + AROUND]
    place = "".join([*before, "[", tokens[step - 1], "]", *after])
    figure = Figure(figsize=(8.0, 2.8), layout="constrained")
    figure.suptitle(f"{title}: {place}", parse_math=False, fontsize=10)
    panels, names = figure.subplots(1, 4, sharey=True), [f"cell {cell}" for cell in cells]
    for axes, (name, label) in zip(panels, NAMES.items(), strict=True):
        axes.barh(names, _drawn(gates, name)[step - 1, cells], color="#aebfcb", edgecolor="#1b4f72")
        axes.axvline(0, color="0.4", linewidth=1)
        axes.set(xlabel=label, xlim=LIMITS[name])
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].invert_yaxis()  # the loudest on top
    words = [f"Figure: {title}. At token {step} of {len(tokens)}, {place}, the cells that say most are"]
    for cell in cells:
        values = ", ".join(f"{name} {gates[name][step - 1, cell]:.2f}" for name in NAMES)
        words.append(f"cell {cell}: {values}")
    return Picture(figure, "\n".join(words))


class Microscope(ipywidgets.VBox):
    """A sentence to type, a slider over its tokens, and the snapshot of the token where the slider stands.

    Args:
        read: sentence → its tokens, as the network sees them, and the gates.
        sentence: what stands there at first.
        title: for the snapshots.

    Attributes: `text`, `step`, `picture` and `words`, the widgets; words say what the picture shows.
    """

    def __init__(self, read: Read, sentence: str, title: str):
        self.read, self.title = read, title
        wide = ipywidgets.Layout(width="95%")
        self.text = ipywidgets.Text(sentence, description="sentence", continuous_update=False, layout=wide)
        self.step = ipywidgets.IntSlider(1, 1, 1, description="token", continuous_update=False, layout=wide)
        self.picture, self.words = ipywidgets.Image(format="png"), ipywidgets.HTML()
        super().__init__([self.text, self.step, self.picture, self.words])
        self._read()
        self.text.observe(self._read, "value")
        self.step.observe(self._show, "value")

    def _read(self, change=None) -> None:
        if self.text.value:  # an empty line changes nothing: the last picture stays
            self.tokens, self.gates = self.read(self.text.value)
            self.step.max = len(self.tokens)
            self._show()

    def _show(self, change=None) -> None:
        picture = snapshot(self.tokens, self.gates, self.step.value, self.title)
        self.picture.value, self.words.value = picture.png, f"<pre>{escape(picture.summary)}</pre>"


def microscope(read: Read, sentence: str, title: str) -> Picture:
    """Show the `Microscope` to play with, and return the film of the sentence; where CI is set, only the film."""
    if "CI" not in os.environ:
        display(Microscope(read, sentence, title))
    return film(*read(sentence), title)


def _drawn(gates: Gates, name: str) -> np.ndarray:
    return np.tanh(gates[name]) if name == "C" else gates[name]


def _visible(token: str) -> str:
    return "_" if token == " " else token


def _check(tokens: Sequence[str], gates: Gates) -> None:
    shapes = {name: gates[name].shape if name in gates else None for name in NAMES}
    first = shapes["C"]
    if not tokens or first is None or len(first) != 2 or set(shapes.values()) != {(len(tokens), first[1])}:
        raise ValueError(
            f"For {len(tokens)} tokens the gates' shapes are {shapes}, "
            f"expected I, F, O and C of one shape (T, h) with T = {len(tokens)}, at least 1."
        )
