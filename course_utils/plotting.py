"""Figures that can be seen, read and compared: each is a `Picture`, whose plain text says what the picture shows.

Colours are those of `course_utils.palette`. Lines differ in style and marker, too, so that they can be told apart in
grey, and their labels stand where they end.

Values may be arrays, lists, Series or tensors, see `course_utils.arrays`, and a dict of them a DataFrame or a Series.
"""

import base64
import io
import os
import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from IPython.display import display
from matplotlib.dates import ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from course_utils import arrays, palette
from course_utils.errors import check_whole
from course_utils.history import History
from course_utils.metrics import perplexity
from course_utils.printing import digits


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


def _extent(y: np.ndarray, log: bool) -> str:
    def number(value: float) -> str:  # far out on a logarithmic axis, nobody reads more than two digits
        return f"{value:.1e}" if log and value and not 1e-4 <= abs(value) < 1e4 else digits(value)

    numbers = zip(("first", "last", "lowest", "highest"), (y[0], y[-1], y.min(), y.max()), strict=True)
    return ", ".join(f"{name} {number(value)}" for name, value in numbers)


def lines(
    series: dict[str, Sequence[float] | tuple[Sequence[float], Sequence[float]]],
    title: str,
    xlabel: str,
    ylabel: str,
    log: bool = False,
    levels: dict[str, float] | None = None,
    log_x: bool = False,
    xticks: Sequence[str] | None = None,
) -> Picture:
    """Curves over one x axis.

    Args:
        series: label → y values (x counts from 1), or label → a pair (x values, y values).
        log: a logarithmic y axis.
        levels: label → a value drawn as a grey horizontal line, such as a baseline.
        log_x: a logarithmic x axis.
        xticks: words at x = 1, 2, …, in the place of numbers.

    >>> print(lines({"a": [3.0, 1.0, 2.0]}, "Loss", "epoch", "loss"))
    Figure: Loss. loss against epoch; 1 line.
    a: 3 points, first 3.000, last 2.000, lowest 1.000, highest 3.000
    >>> print(lines({"b": ([1, 10, 100], [90, 9, 1])}, "Zipf", "place", "count", log=True, log_x=True))
    Figure: Zipf. count against place; 1 line; both axes logarithmic.
    b: 3 points, first 90.00, last 1.000, lowest 1.000, highest 90.00
    """
    figure, axes = _axes(title, xlabel, ylabel)
    series, ends = _labelled(series), []
    number = f"{len(series)} line{'s' if len(series) != 1 else ''}"
    scale = "; both axes logarithmic" if log and log_x else ""
    words = [f"Figure: {title}. {ylabel} against {xlabel}; {number}{scale}."]
    for i, (label, values) in enumerate(series.items()):
        x, y = _line(label, values)
        style = palette.series(i, str(label))
        marker = style.marker if len(y) <= 30 else None
        axes.plot(x, y, linestyle=style.dashes, color=style.color, marker=marker, markersize=4, linewidth=1.6)
        drawn = np.flatnonzero(np.isfinite(y) & ((y > 0) | (not log)))
        if len(drawn):  # a run that diverged ends before its last point
            ends.append(End(str(label), x[drawn[-1]], y[drawn[-1]], style.color))
        words.append(f"{label}: {len(y)} point{'s' if len(y) != 1 else ''}, {_extent(y, log)}")
    for i, (label, value) in enumerate(_labelled({} if levels is None else levels).items()):
        value = arrays.number(value, f"The level {label!r}")
        axes.axhline(value, color="0.4", linestyle=["--", ":", "-."][i % 3], linewidth=1)
        ends.append(End(str(label), None, value, palette.QUIET))
        words.append(f"level {label}: {digits(value)}")
    if log:
        axes.set_yscale("log")
    if log_x:
        axes.set_xscale("log")
    elif xticks is not None:
        axes.set_xticks(range(1, len(xticks) + 1), xticks, rotation=60, ha="right")
        words.append(f"From left to right: {' '.join(map(str, xticks))}")
    else:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))  # x counts epochs, steps, orders
    _label_ends(axes, ends if len(ends) > 1 or levels else [])
    return Picture(figure, "\n".join(words))


class End(NamedTuple):
    """Where a line ends, and what it is called; x is None at the right edge of the axes."""

    label: str
    x: float | None
    y: float
    color: str


def _label_ends(axes, ends: list[End]) -> None:
    """Each line's label at the right edge, as high as the line ends, or as near to that as the others allow."""
    to_share = axes.yaxis.get_transform().transform
    low, high = to_share(axes.get_ylim())
    shown = [end for end in ends if np.isfinite(end.y) and (end.y > 0 or axes.get_yscale() != "log")]
    wanted = {end: (to_share([end.y])[0] - low) / (high - low) for end in sorted(shown, key=lambda end: end.y)}
    for end, place in zip(wanted, _apart([*wanted.values()], gap=0.065, top=1.02), strict=True):
        axes.annotate(
            end.label,
            xy=(1.0, wanted[end]) if end.x is None else (end.x, end.y),
            xycoords="axes fraction" if end.x is None else "data",
            xytext=(1.03, place),
            textcoords="axes fraction",
            va="center",
            color=end.color,
            parse_math=False,
            arrowprops={"arrowstyle": "-", "color": end.color, "linewidth": 0.6, "alpha": 0.6, "shrinkA": 2},
        )


def _apart(places: list[float], gap: float, top: float) -> list[float]:
    """Places in rising order, moved as little upwards, and from the top downwards, as leaves a gap between any two.

    >>> _apart([0.1, 0.15, 0.98], gap=0.1, top=1.0), _apart([0.95, 0.98], gap=0.1, top=1.0)
    ([0.1, 0.2, 0.98], [0.9, 1.0])
    """
    below = -np.inf
    for i, place in enumerate(places):
        below = places[i] = max(place, below + gap)
    for i in reversed(range(len(places))):
        top = places[i] = min(places[i], top)
        top -= gap
    return places


def _labelled(values) -> dict:
    """A dict, or the columns of a DataFrame, or the rows of a Series, as a dict."""
    if not hasattr(values, "keys"):
        raise ValueError(f"There is a {type(values).__name__} to draw, expected a dict: give each thing a label.")
    return dict(values)


def _line(label: str, values) -> tuple[np.ndarray, np.ndarray]:
    """The places and the heights of a line's points, (n,) each."""
    pair = isinstance(values, tuple) and len(values) == 2 and np.ndim(values[0]) > 0
    x, y = values if pair else (None, values)
    if arrays.numbers(y, f"The line {label!r}").shape == (0,):
        raise ValueError(f"The line {label!r} has no point, expected at least one: give it values to draw.")
    [y] = arrays.series(**{f"The line {label!r}": y})
    x = np.arange(1, len(y) + 1) if x is None else np.asarray(x.detach().cpu() if hasattr(x, "detach") else x)
    if x.shape != y.shape:
        raise ValueError(f"The line {label!r} has x of the shape {x.shape} and y of {y.shape}, expected (n,) for both.")
    return x, y


def forecast(
    dates: np.ndarray,
    actual: Sequence[float],
    forecasts: dict[str, Sequence[float]],
    title: str,
    band: tuple[Sequence[float], Sequence[float]] | None = None,
    ylabel: str = "price in dollars",
) -> Picture:
    """The truth as a thick line and forecasts of the same days, with an interval behind them if there is one.

    Args:
        dates: (days,), the days that the forecasts are about; what `course_utils.arrays.days` takes.
        actual: (days,), the truth.
        forecasts: label → (days,); five at most, each with dashes of its own.
        band: the lower and the upper end of the interval, (days,) each.

    >>> dates = np.array(["2013-02-28", "2013-03-01"], dtype="datetime64[D]")
    >>> print(forecast(dates, [10.0, 12.0], {"flat": [9.0, 9.0]}, "Two days", band=([8.0, 8.0], [10.5, 11.0])))
    Figure: Two days. price in dollars on 2 days, 2013-02-28 to 2013-03-01.
    truth: first 10.00, last 12.00, lowest 10.00, highest 12.00
    flat: first 9.000, last 9.000, on average 2.000 from the truth
    interval: last day 8.000 to 11.00; the truth is inside on 1 of 2 days
    """
    forecasts, dates = _labelled(forecasts), arrays.days(dates, "The figure")
    most = len(palette.SERIES)
    if len(forecasts) > most:
        raise ValueError(f"There are {len(forecasts)} forecasts, expected {most} at most: draw two figures.")

    def of_days(values, label: str) -> np.ndarray:
        [values] = arrays.series(**{label: values})
        if len(values) != len(dates):
            raise ValueError(f"{label} has {len(values)} values for {len(dates)} days, expected one for each.")
        return values

    actual = of_days(actual, "The truth")
    figure, axes = _axes(title, "", ylabel, size=(5.6, 3.1))
    words = [f"Figure: {title}. {ylabel} on {len(dates)} days, {dates[0]} to {dates[-1]}."]
    words.append(f"truth: {_extent(actual, log=False)}")
    axes.plot(dates, actual, color="black", linewidth=2.2)
    ends = [End("truth", dates[-1], actual[-1], "black")]
    for i, (label, values) in enumerate(forecasts.items()):
        values = of_days(values, f"The forecast {label!r}")
        style = palette.series(i + 1, str(label))  # the truth is the black line
        axes.plot(dates, values, linestyle=style.dashes, color=style.color, linewidth=1.8)
        ends.append(End(str(label), dates[-1], values[-1], style.color))
        off = f"on average {digits(np.abs(values - actual).mean())} from the truth"
        words.append(f"{label}: first {digits(values[0])}, last {digits(values[-1])}, {off}")
    if band is not None:
        low, high = (of_days(end, "An end of the interval") for end in band)
        crossed = int((low > high).sum())
        if crossed > len(dates) / 2:  # two quantiles of a model may cross now and then
            raise ValueError(
                f"The interval's lower end is above its upper one on {crossed} of {len(dates)} days, expected the "
                "lower one first: give band=(low, high)."
            )
        axes.fill_between(dates, low, high, color="0.85", linewidth=0, zorder=0)
        ends.append(End("interval", dates[-1], (low[-1] + high[-1]) / 2, palette.QUIET))
        inside = int(((low <= actual) & (actual <= high)).sum())
        words.append(
            f"interval: last day {digits(low[-1])} to {digits(high[-1])}; "
            f"the truth is inside on {inside} of {len(actual)} days"
        )
    axes.xaxis.set_major_formatter(ConciseDateFormatter(axes.xaxis.get_major_locator()))
    _label_ends(axes, ends)
    return Picture(figure, "\n".join(words))


def training_curves(histories: dict[str, History], title: str, levels: dict[str, float] | None = None) -> Picture:
    """Held-out perplexity after each epoch, a line for each history, or the loss, where that is no cross-entropy.

    `levels` are as in `lines`.
    """
    histories = _labelled(histories)
    losses = {label: history.heldout_loss for label, history in histories.items()}
    if not all(history.is_cross_entropy for history in histories.values()):
        return lines(losses, title, "epoch", "held-out loss", levels=levels)
    series = {label: [perplexity(loss) for loss in values] for label, values in losses.items()}
    return lines(series, title, "epoch", "held-out perplexity", levels=levels)


def bars(values: dict[str, float], title: str, ylabel: str, decimals: int | None = None) -> Picture:
    """A bar for each label.

    Args:
        decimals: how many decimals its numbers have; by default as many as four digits need, three in the picture.

    >>> print(bars({"a": 2.0, "b": 3.0}, "Speed", "seconds"))
    Figure: Speed. 2 bars, seconds: a 2.000, b 3.000.
    >>> print(bars({"a": 0.847, "b": 0.02}, "New names", "share right", decimals=1))
    Figure: New names. 2 bars, share right: a 0.8, b 0.0.
    """
    if decimals is not None:
        check_whole(0, decimals=decimals)

    def written(value: float, significant: int = 4) -> str:
        return digits(value, significant) if decimals is None else f"{value:.{decimals}f}"

    values = {label: arrays.number(value, f"The bar {label!r}") for label, value in _labelled(values).items()}
    figure, axes = _axes(title, "", ylabel)
    drawn = axes.bar(list(values), list(values.values()), color="#b8c4ce", edgecolor=palette.INK, linewidth=0.8)
    axes.bar_label(drawn, labels=[written(value, 3) for value in values.values()])
    numbers = ", ".join(f"{label} {written(value)}" for label, value in values.items())
    return Picture(figure, f"Figure: {title}. {len(values)} bars, {ylabel}: {numbers}.")


def dots(
    values: dict[str, Sequence[float]], title: str, xlabel: str, levels: dict[str, float] | None = None
) -> Picture:
    """A row for each label, and in it a dot for each value, such as runs of one network with other seeds.

    Args:
        values: label → its values, one at least; the first row is at the top.
        levels: label → a value drawn as a grey vertical line, such as a baseline.

    >>> print(dots({"GRU": [3.7, 3.8], "RNN": [3.9]}, "Seeds", "perplexity", levels={"5-gram": 3.83}))
    Figure: Seeds. perplexity; 2 rows of dots.
    GRU: 2 dots, lowest 3.700, highest 3.800
    RNN: 1 dot, at 3.900
    level 5-gram: 3.830
    """
    rows = {str(label): _line(label, row)[1] for label, row in _labelled(values).items()}
    figure, axes = _axes(title, xlabel, "", size=(6.4, 1.6 + 0.32 * len(rows)))
    words = [f"Figure: {title}. {xlabel}; {len(rows)} row{'s' if len(rows) != 1 else ''} of dots."]
    for place, (label, row) in enumerate(rows.items()):
        axes.scatter(row, np.full(len(row), place), s=36, color=palette.SERIES[0].color, alpha=0.6, linewidths=0)
        span = f"at {digits(row[0])}" if len(row) == 1 else f"lowest {digits(row.min())}, highest {digits(row.max())}"
        words.append(f"{label}: {len(row)} dot{'s' if len(row) != 1 else ''}, {span}")
    for i, (label, value) in enumerate(_labelled({} if levels is None else levels).items()):
        value = arrays.number(value, f"The level {label!r}")
        axes.axvline(value, color="0.4", linestyle=["--", ":", "-."][i % 3], linewidth=1)
        # Names of neighbours stand one below the other, or they would run into each other.
        place = {"xy": (value, 1 - 0.09 * i), "xycoords": ("data", "axes fraction"), "xytext": (4, 0)}
        axes.annotate(label, **place, textcoords="offset points", va="top", color=palette.QUIET, parse_math=False)
        words.append(f"level {label}: {digits(value)}")
    axes.set_yticks(range(len(rows)), list(rows), parse_math=False)
    axes.set_ylim(len(rows) - 0.5, -1.2 if levels else -0.5)
    axes.grid(axis="y", color=palette.FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    return Picture(figure, "\n".join(words))


def heatmap(
    matrix,
    title: str,
    xlabel: str,
    ylabel: str,
    xticks: Sequence[str] | None = None,
    yticks: Sequence[str] | None = None,
    inside: Sequence[Sequence[str]] | None = None,
) -> Picture:
    """A matrix as a map: rows downwards, columns to the right, labels at the ticks if given.

    Shades of grey, dark is large. Where some values are below zero and some above, colours are centred on zero: brown
    squares with a dash are negative, teal ones positive. Where `xticks` are letters, lines stand before and after each
    space, so that words are set apart.

    Args:
        matrix: (rows, columns); or label → such a matrix, all of one shape, drawn one below the other with the same
            axes and colours, so that they can be compared.
        inside: a short word for each square of a matrix without negative values, (rows, columns); "" for none.

    >>> print(heatmap([[0.0, 1.0, 0.5], [1.0, 0.0, 0.25]], "Gate", "step", "unit"))
    Figure: Gate. A heat map of 2 rows (unit) and 3 columns (step), lowest 0.000, highest 1.000, mean 0.4583.
    >>> print(heatmap({"untrained": [[0.0, 1.0]], "trained": [[-1.0, 1.0]]}, "H", "step", "unit"))
    Figure: H. 2 heat maps of 1 rows (unit) and 2 columns (step).
    untrained: lowest 0.000, highest 1.000, mean 0.5000
    trained: lowest -1.000, highest 1.000, mean 0.000
    """
    twins = hasattr(matrix, "keys") and not hasattr(matrix, "iloc")  # a DataFrame is one matrix
    maps = {label: _matrix(values) for label, values in (matrix if twins else {"": matrix}).items()}
    shapes = {values.shape for values in maps.values()}
    if len(shapes) != 1:
        raise ValueError(f"The matrices have the shapes {sorted(shapes)}, expected one shape: they share their axes.")
    [(rows, columns)] = shapes
    limits = min(map(np.min, maps.values())), max(map(np.max, maps.values()))
    height = len(maps) * min(4.5, 0.3 + 0.22 * rows) + 1.2
    figure = Figure(figsize=(min(9.0, 2.5 + 0.22 * columns), height), layout="constrained")
    figure.suptitle(title, fontsize="large")
    panels = figure.subplots(len(maps), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for axes, (label, values) in zip(panels, maps.items(), strict=True):
        image = shade(axes, values, limits)
        axes.set(title=label, ylabel=ylabel)
        axes.title.set_size("medium")
        if xticks is not None:
            part_words(axes, xticks)
        if yticks is not None:
            axes.set_yticks(range(rows), [visible(str(tick)) for tick in yticks], parse_math=False)
        for row, column in np.ndindex(rows, columns) if inside is not None else ():
            color = "white" if values[row, column] > np.mean(limits) else palette.INK
            axes.text(column, row, inside[row][column], size=6, ha="center", va="center", color=color)
    figure.colorbar(image, ax=panels)
    axes.set_xlabel(xlabel)
    if xticks is not None:
        axes.set_xticks(range(columns), [visible(str(tick)) for tick in xticks], parse_math=False)
    words = {label: _of_a_map(values) for label, values in maps.items()}
    shape = f"{rows} rows ({ylabel}) and {columns} columns ({xlabel})"
    if not twins:
        return Picture(figure, f"Figure: {title}. A heat map of {shape}, {words['']}.")
    each = "\n".join(f"{label}: {numbers}" for label, numbers in words.items())
    return Picture(figure, f"Figure: {title}. {len(maps)} heat maps of {shape}.\n{each}")


def _matrix(values) -> np.ndarray:
    matrix = arrays.numbers(values, "The matrix")
    if matrix.ndim != 2 or not matrix.size:
        raise ValueError(f"The matrix has the shape {matrix.shape}, expected (rows, columns), 1 or more of each.")
    return matrix


def _of_a_map(matrix: np.ndarray) -> str:
    numbers = zip(("lowest", "highest", "mean"), (matrix.min(), matrix.max(), matrix.mean()), strict=True)
    return ", ".join(f"{name} {digits(value)}" for name, value in numbers)


def shade(axes, matrix: np.ndarray, limits: tuple[float, float]):
    """Draw a matrix into axes as `heatmap` does, and return the image for a colour bar; `limits` span the colours."""
    low, high = limits
    if not low < 0 < high:
        return axes.imshow(matrix, palette.SEQUENTIAL, vmin=low, vmax=high, aspect="auto", interpolation="nearest")
    most = max(-low, high)
    image = axes.imshow(matrix, palette.SIGNED, vmin=-most, vmax=most, aspect="auto", interpolation="nearest")
    for lower, upper, color in ((-0.5, -0.1, palette.INK), (-1.0, -0.5, "white")):
        rows, columns = np.nonzero((lower * most <= matrix) & (matrix < upper * most))
        axes.scatter(columns, rows, marker="_", s=10, linewidths=0.7, color=color)
    return image


def part_words(axes, tokens: Sequence[str]) -> None:
    """Thin lines before and after each space, if the tokens are letters."""
    for i, token in enumerate(tokens):
        if str(token) in (" ", "_"):
            for edge in (i - 0.5, i + 0.5):
                axes.axvline(edge, color="white", linewidth=2.4)
                axes.axvline(edge, color=palette.INK, linewidth=0.7)


def visible(token: str) -> str:
    """A token as it can be read at an axis: a space as ␣."""
    return "␣" if token in (" ", "_") else token


def pictures(images, captions: Sequence[str], title: str, columns: int = 5) -> Picture:
    """Small pictures in rows, each with its caption below; 0 is paper, and the darkest shade is the highest number.

    Args:
        images: (number, height, width).
        captions: one for each; a line break in it is kept.

    >>> print(pictures(np.eye(3)[None], ["a slope"], "Lines"))
    Figure: Lines. 1 picture of 3 × 3 pixels: a slope.
    """
    images = arrays.numbers(images, "images")
    if images.ndim != 3 or not images.size:
        raise ValueError(f"images has the shape {images.shape}, expected (number, height, width), 1 or more of each.")
    if len(captions) != len(images):
        raise ValueError(f"There are {len(images)} pictures and {len(captions)} captions, expected one for each.")
    rows = -(-len(images) // columns)
    lines_below = 1 + max(caption.count("\n") for caption in captions)
    figure = Figure(figsize=(9.0, rows * (9.0 / columns + 0.17 * lines_below) + 0.4), layout="constrained")
    figure.suptitle(title)
    for i, (image, caption) in enumerate(zip(images, captions, strict=True)):
        axes = figure.add_subplot(rows, columns, i + 1)
        axes.imshow(image, cmap="Greys", vmin=0, vmax=images.max(), interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        axes.set_xlabel(caption, fontsize=9)
    _, height, width = images.shape
    number = f"{len(images)} picture{'s' if len(images) != 1 else ''}"
    words = "; ".join(" / ".join(caption.split("\n")) for caption in captions)
    return Picture(figure, f"Figure: {title}. {number} of {height} × {width} pixels: {words}.")


def piano_roll(notes: Sequence[tuple[int, float, float]], title: str) -> Picture:
    """Notes as bars: time to the right, pitch upwards, as on the rolls of a player piano.

    Args:
        notes: of each its MIDI number (60 is middle C), its onset and its duration in quarter notes, as
            `datasets.notes` gives them.

    >>> print(piano_roll([(67, 0.0, 0.5), (72, 0.5, 1.0), (74, 2.0, 0.5)], "A sketch"))
    Figure: A sketch. A piano roll of 3 notes, pitches 67 to 74, 2.500 quarter notes long. It begins 67 72 74.
    """
    if len(notes) == 0:
        raise ValueError("There is no note, expected at least one: give the notes to draw.")
    notes = arrays.numbers(notes, "notes")
    if notes.ndim != 2 or notes.shape[1] != 3:
        raise ValueError(f"notes has the shape {notes.shape}, expected (notes, 3): of each pitch, onset and duration.")
    if not np.isfinite(notes).all() or (notes[:, 0] != np.floor(notes[:, 0])).any():
        raise ValueError("notes has a number that is not finite, or a pitch that is not whole: give MIDI numbers.")
    pitches, starts, durations = notes.T
    pitches = pitches.astype(int)
    figure, axes = _axes(title, "quarter notes", "pitch (MIDI number)", size=(9.0, 3.0))
    axes.barh(pitches, durations, left=starts, height=0.8, color=palette.INK, edgecolor="white", linewidth=0.5)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", color="0.85", linewidth=0.5)
    axes.set_axisbelow(True)
    number = f"{len(notes)} note{'s' if len(notes) != 1 else ''}"
    extent = f"pitches {pitches.min()} to {pitches.max()}, {digits((starts + durations).max())} quarter notes long"
    begins = " ".join(str(pitch) for pitch in pitches[:8])
    return Picture(figure, f"Figure: {title}. A piano roll of {number}, {extent}. It begins {begins}.")


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
