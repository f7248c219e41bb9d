"""Figures that can be seen, read and compared: each is a `Picture`, whose plain text says what the picture shows.

Lines differ in style and marker as well as in colour, so that they can be told apart in grey.
"""

import base64
import io
import os
import time
from collections.abc import Sequence

import numpy as np
from IPython.display import display
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from course_utils.history import History
from course_utils.metrics import perplexity
from course_utils.repro import digits

STYLES = [("#1b4f72", "-", "o"), ("#d35400", "--", "s"), ("#1e8449", "-.", "^"), ("#7d3c98", ":", "D")]
HATCHES = ["", "///", "...", "xxx"]


class Picture:
    """A finished figure: the page shows the picture, a screen reader and the tests have the words.

    Args:
        figure: a Matplotlib figure; it is drawn at once and not kept.
        summary: what the picture shows, in words and numbers.
    """

    def __init__(self, figure: Figure, summary: str):
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=90, bbox_inches="tight", metadata={"Software": None})
        self.png, self.summary = buffer.getvalue(), summary

    def __repr__(self) -> str:
        return self.summary

    def _repr_mimebundle_(self, include=None, exclude=None):
        picture = base64.b64encode(self.png).decode("ascii")
        return {"image/png": picture, "text/plain": self.summary}, {"image/png": {"alt": self.summary}}


def _axes(title: str, xlabel: str, ylabel: str, size: tuple[float, float] = (6.4, 3.6)):
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.add_subplot()
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def lines(
    series: dict[str, Sequence[float] | tuple[Sequence[float], Sequence[float]]],
    title: str,
    xlabel: str,
    ylabel: str,
    log: bool = False,
    levels: dict[str, float] | None = None,
    log_x: bool = False,
) -> Picture:
    """Curves over one x axis.

    Args:
        series: label → y values (x counts from 1), or label → (x values, y values).
        log: a logarithmic y axis.
        levels: label → a value drawn as a grey horizontal line, such as a baseline.
        log_x: a logarithmic x axis.

    >>> print(lines({"a": [3.0, 1.0, 2.0]}, "Loss", "epoch", "loss"))
    Figure: Loss. loss against epoch; 1 line.
    a: 3 points, first 3.000, last 2.000, lowest 1.000, highest 3.000
    >>> print(lines({"b": ([1, 10, 100], [90, 9, 1])}, "Zipf", "place", "count", log=True, log_x=True))
    Figure: Zipf. count against place; 1 line; both axes logarithmic.
    b: 3 points, first 90.00, last 1.000, lowest 1.000, highest 90.00
    """
    figure, axes = _axes(title, xlabel, ylabel)
    number = f"{len(series)} line{'s' if len(series) != 1 else ''}"
    scale = "; both axes logarithmic" if log and log_x else ""
    words = [f"Figure: {title}. {ylabel} against {xlabel}; {number}{scale}."]
    for i, (label, values) in enumerate(series.items()):
        x, y = values if isinstance(values, tuple) else (np.arange(1, len(values) + 1), values)
        if len(y) == 0:
            raise ValueError(f"The line {label!r} has no point, expected at least one: give it values to draw.")
        color, style, marker = STYLES[i % len(STYLES)]
        few = len(y) <= 30
        axes.plot(x, y, style, color=color, marker=marker if few else None, markersize=4, linewidth=1.5, label=label)
        y = np.asarray(y, dtype=float)
        numbers = zip(("first", "last", "lowest", "highest"), (y[0], y[-1], y.min(), y.max()), strict=True)
        points = f"{len(y)} point{'s' if len(y) != 1 else ''}"
        words.append(f"{label}: {points}, " + ", ".join(f"{name} {digits(value)}" for name, value in numbers))
    for i, (label, value) in enumerate((levels or {}).items()):
        axes.axhline(value, color="0.4", linestyle=["--", ":", "-."][i % 3], linewidth=1)
        axes.annotate(f" {label}", (1, value), xycoords=("axes fraction", "data"), va="center", color="0.3")
        words.append(f"level {label}: {digits(value)}")
    if log:
        axes.set_yscale("log")
    if log_x:
        axes.set_xscale("log")
    else:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))  # x counts epochs, steps, orders
    if len(series) > 1:
        axes.legend(frameon=False)
    return Picture(figure, "\n".join(words))


def training_curves(histories: dict[str, History], title: str, levels: dict[str, float] | None = None) -> Picture:
    """Held-out perplexity after each epoch, a line for each history; `levels` as in `lines`."""
    series = {label: [perplexity(loss) for loss in history.heldout_loss] for label, history in histories.items()}
    return lines(series, title, "epoch", "held-out perplexity", levels=levels)


def bars(values: dict[str, float], title: str, ylabel: str) -> Picture:
    """A bar for each label.

    >>> print(bars({"a": 2.0, "b": 3.0}, "Speed", "seconds"))
    Figure: Speed. 2 bars, seconds: a 2.000, b 3.000.
    """
    figure, axes = _axes(title, "", ylabel)
    drawn = axes.bar(list(values), list(values.values()), color="#aebfcb", edgecolor="#1b4f72")
    for i, bar in enumerate(drawn):
        bar.set_hatch(HATCHES[i % len(HATCHES)])
    axes.bar_label(drawn, labels=[digits(value, 3) for value in values.values()])
    numbers = ", ".join(f"{label} {digits(value)}" for label, value in values.items())
    return Picture(figure, f"Figure: {title}. {len(values)} bars, {ylabel}: {numbers}.")


def heatmap(
    matrix,
    title: str,
    xlabel: str,
    ylabel: str,
    xticks: Sequence[str] | None = None,
    yticks: Sequence[str] | None = None,
) -> Picture:
    """A matrix as shades of grey, dark is large: rows downwards, columns to the right, labels at the ticks if given.

    >>> print(heatmap([[0.0, 1.0, 0.5], [1.0, 0.0, 0.25]], "Gate", "step", "unit"))
    Figure: Gate. A heat map of 2 rows (unit) and 3 columns (step), lowest 0.000, highest 1.000, mean 0.4583.
    """
    matrix = np.asarray(matrix, dtype=float)
    rows, columns = matrix.shape
    figure, axes = _axes(title, xlabel, ylabel, size=(min(9.0, 2.5 + 0.22 * columns), min(6.0, 1.5 + 0.22 * rows)))
    image = axes.imshow(matrix, cmap="Greys", aspect="auto", interpolation="nearest")
    figure.colorbar(image, ax=axes)
    if xticks is not None:
        axes.set_xticks(range(columns), xticks)
    if yticks is not None:
        axes.set_yticks(range(rows), yticks)
    numbers = zip(("lowest", "highest", "mean"), (matrix.min(), matrix.max(), matrix.mean()), strict=True)
    summary = ", ".join(f"{name} {digits(value)}" for name, value in numbers)
    shape = f"{rows} rows ({ylabel}) and {columns} columns ({xlabel})"
    return Picture(figure, f"Figure: {title}. A heat map of {shape}, {summary}.")


class LiveCurves:
    """A training curve that grows while `Trainer.fit` runs: pass it as `on_epoch`, then call `close()`.

    The picture is renewed in place, at most four times a second; where CI is set, only the last one is shown.
    """

    interval = 0.25  # seconds between two pictures

    def __init__(self, label: str, title: str, levels: dict[str, float] | None = None):
        self.label, self.title, self.levels = label, title, levels
        self.handle, self.drawn_at, self.history = None, -np.inf, None
        self.live = "CI" not in os.environ

    def __call__(self, history: History) -> None:
        """Note the history so far, and show its curve if the last picture is old enough."""
        self.history = history
        if self.live and time.monotonic() - self.drawn_at >= self.interval:
            self._draw()

    def close(self) -> None:
        """Leave the finished curve."""
        if self.history is not None:
            self._draw()

    def _draw(self) -> None:
        self.drawn_at = time.monotonic()
        picture = training_curves({self.label: self.history}, self.title, self.levels)
        if self.handle is None:
            self.handle = display(picture, display_id=True)
        else:
            self.handle.update(picture)
