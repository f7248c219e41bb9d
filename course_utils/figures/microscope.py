"""The gate microscope: what an LSTM forgets and keeps while it reads a line, letter by letter.

The gates come in as NumPy arrays, so it serves both frameworks: {"I": (T, h), "F": …, "O": …, "C": …}, a row for each
token. Of the h cells ten are drawn: five that wipe at spaces beside five that keep.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from course_utils import palette
from course_utils.figures.living import LivingFigure, beside_a_line, rounded
from course_utils.plotting import Picture, part_words, shade, visible

Gates = Mapping[str, np.ndarray]
Read = Callable[[str], tuple[Sequence[str], Gates]]

EACH = 5  # cells that wipe, and cells that keep
MOST_TOKENS = 80  # so that the figure has no more than 100 kB


def gate_microscope(tokens: Sequence[str], gates: Gates, title: str, read: Read | None = None) -> LivingFigure | None:
    """F and C of ten cells over a line, the mean over all cells on top; I and O, and all numbers, at a press.

    Args:
        tokens: the T letters, 80 at most.
        gates: I, F, O and C, (T, h) each, of 2 cells or more.
        read: sentence → its tokens, as the network sees them, and the gates. With it a line to type in stands above the
            figure, which follows it, and nothing is returned; where CI is set, it is the figure alone.

    Raises:
        ValueError: the arrays do not fit the tokens or each other.

    >>> shut = {name: np.full((4, 2), 0.5) for name in "IOC"} | {"F": np.array([[1, 1], [0, 1], [1, 1], [1, 1]])}
    >>> print(gate_microscope("a bc", shut, "Reading"))
    Figure: Reading. An LSTM of 2 cells reads 4 letters, 'a bc'.
    forget gate F, mean over all cells: 0.5 at spaces, 1.0 at letters
    share of the cells that keep less at spaces than at letters: 0.5; that keep over half at spaces: 0.5
    """
    figure = _figure(tokens, gates, title)
    if read is None:
        return figure

    def redraw(sentence: str) -> LivingFigure:
        tokens, gates = read(sentence)
        gates = {name: values[:MOST_TOKENS] for name, values in gates.items()}
        return _figure(tokens[:MOST_TOKENS], gates, title)

    return beside_a_line(figure, "".join(tokens), "sentence", redraw)


def wipers_and_keepers(tokens: Sequence[str], F: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The cells whose F (T, h) falls most from letters to spaces, and of the others those that keep most at spaces.

    Five each, or half of them if there are fewer than ten. In a line without a space, or with nothing else, those whose
    F is smallest, and largest, on average.

    >>> F = np.array([[0.9, 0.5, 1.0], [0.1, 0.6, 0.9]])
    >>> wipers, keepers = wipers_and_keepers("a ", F)
    >>> wipers.tolist(), keepers.tolist()
    ([0], [2])
    """
    spaces, each = _spaces(tokens), min(EACH, F.shape[1] // 2)
    mixed = spaces.any() and not spaces.all()
    at_spaces = F[spaces].mean(axis=0) if mixed else F.mean(axis=0)  # (h,)
    fall = F[~spaces].mean(axis=0) - at_spaces if mixed else -at_spaces  # (h,)
    wipers = np.argsort(-fall, kind="stable")[:each]
    order = np.argsort(-at_spaces, kind="stable")
    return wipers, order[~np.isin(order, wipers)][:each]


def _figure(tokens: Sequence[str], gates: Gates, title: str) -> LivingFigure:
    _check(tokens, gates)
    drawn = {**{name: gates[name] for name in "FIO"}, "C": np.tanh(gates["C"])}  # (T, h) each
    wipers, keepers = wipers_and_keepers(tokens, gates["F"])
    cells, each = np.concatenate([wipers, keepers]), len(wipers)
    data = {
        "tokens": [*tokens],
        "cells": cells.tolist(),
        "groups": [["wipes at spaces", 0, each], ["keeps", each, 2 * each]],
        "means": {name: rounded(np.abs(values).mean(axis=1), 5) for name, values in drawn.items()},
        "values": {name: rounded(values[:, cells], 5) for name, values in drawn.items()},
    }
    return LivingFigure("microscope", title, data, _still(tokens, drawn, cells, title))


def _still(tokens: Sequence[str], drawn: Gates, cells: np.ndarray, title: str) -> Picture:
    """The mean of F over all cells, and below it F and tanh(C) of the ten."""
    figure = Figure(figsize=(min(10.0, 3.2 + 0.115 * len(tokens)), 4.4), layout="constrained")
    figure.suptitle(title, parse_math=False)
    mean, forget, memory = figure.subplots(3, 1, sharex=True, height_ratios=[1, 2, 2])
    mean.bar(range(len(tokens)), drawn["F"].mean(axis=1), width=1.0, color=palette.VIOLET)
    mean.set(ylim=(0, 1), ylabel="mean of F")
    mean.spines[["top", "right"]].set_visible(False)
    each = len(cells) // 2
    shut_to_open = LinearSegmentedColormap.from_list("gate", ["#ffffff", palette.VIOLET])
    for axes, name in ((forget, "F"), (memory, "C")):
        values = drawn[name][:, cells].T  # (cells, T)
        if name == "C":
            image = shade(axes, values, (-1, 1))
        else:
            image = axes.imshow(values, shut_to_open, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
        part_words(axes, tokens)
        axes.axhline(each - 0.5, color=palette.INK, linewidth=1.2)
        axes.set_yticks([(each - 1) / 2, each + (each - 1) / 2], ["wipe", "keep"])
        axes.set_ylabel("tanh(C)" if name == "C" else name)
        figure.colorbar(image, ax=axes)
    memory.set_xticks(range(len(tokens)), [visible(token) for token in tokens], fontsize=8, parse_math=False)
    return Picture(figure, _words(tokens, drawn["F"], title))


def _words(tokens: Sequence[str], F: np.ndarray, title: str) -> str:
    """What the figure shows, as coarsely as it is the same on every machine: gates of trained networks differ a bit."""
    spaces = _spaces(tokens)
    words = [f"Figure: {title}. An LSTM of {F.shape[1]} cells reads {len(tokens)} letters, {''.join(tokens)!r}."]
    if not spaces.any() or spaces.all():
        return "\n".join([*words, f"forget gate F, mean over all cells: {F.mean():.1f}"])
    at_spaces, at_letters = F[spaces].mean(axis=0), F[~spaces].mean(axis=0)  # (h,), (h,)
    words.append(
        f"forget gate F, mean over all cells: {at_spaces.mean():.1f} at spaces, {at_letters.mean():.1f} at letters"
    )
    less, keep = (at_spaces < at_letters).mean(), (at_spaces > 0.5).mean()
    words.append(
        f"share of the cells that keep less at spaces than at letters: {less:.1f}; "
        f"that keep over half at spaces: {keep:.1f}"
    )
    return "\n".join(words)


def _spaces(tokens: Sequence[str]) -> np.ndarray:
    return np.array([token == " " for token in tokens])  # (T,)


def _check(tokens: Sequence[str], gates: Gates) -> None:
    shapes = {name: np.shape(gates.get(name)) for name in "IFOC"}
    T, (first, *others) = len(tokens), shapes.values()
    if not 1 <= T <= MOST_TOKENS or len(first) != 2 or first[0] != T or first[1] < 2 or {*others} != {first}:
        raise ValueError(
            f"For {T} tokens the gates' shapes are {shapes}, expected I, F, O and C of one shape (T, h) with T = {T}, "
            f"1 to {MOST_TOKENS}, and h of 2 or more."
        )
