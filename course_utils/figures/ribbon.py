"""The surprise ribbon: a line of text, a row for each model, each letter coloured by how little it was expected."""

from collections.abc import Mapping

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from course_utils import palette
from course_utils.datasets import Vocab
from course_utils.figures.living import LivingFigure, rounded
from course_utils.figures.reading import Reading
from course_utils.plotting import Picture, part_words, visible

MOST_BITS = 8  # as surprising as one of 256 equally likely letters, and more: the darkest colour
MOST_LETTERS, MOST_MODELS = 80, 5  # so that the figure has no more than 100 kB
TOLD = 3  # of the likeliest letters, and of those that mattered


def surprise_ribbon(line: str, readings: Mapping[str, Reading], vocab: Vocab, title: str) -> LivingFigure:
    """Each letter of a line in the colour of its surprise, −log₂ p in bits; choose one to see what a model expected.

    A second mode colours, for the chosen letter, the earlier ones by how much they mattered.

    Args:
        line: of 80 letters at most, as it was read.
        readings: label → what a model said of it: `read_line(model, line, vocab)` of the framework's package, or
            `read_counts(ngram, line, vocab)`; five at most.
        vocab: of the models.

    Raises:
        ValueError: the readings are not of this line, or there is too much to show.

    >>> vocab = Vocab([*"ab "])
    >>> guess = Reading(np.full((4, 4), np.log(0.25)), np.zeros((4, 3)))
    >>> print(surprise_ribbon("a ba", {"a guess": guess}, vocab, "Four letters"))
    Figure: Four letters. 1 model reads 4 letters, each in the colour of its surprise: 'a ba'.
    a guess: 2.00 bits a letter, 2.0 where a word begins, 2.0 elsewhere
    """
    letters = vocab.split(line, "the line")
    _check(letters, readings, len(vocab))
    ids = vocab[letters]
    bits = {name: -r.log_probs[np.arange(len(ids)), ids] / np.log(2) for name, r in readings.items()}  # (T,) each
    rows = [
        {
            "name": name,
            "mean": f"{bits[name].mean():.2f}",
            "bits": rounded(bits[name], 5),
            "likeliest": [_likeliest(row, vocab) for row in reading.log_probs],
            "mattered": [_mattered(reading.influence[t, :t]) for t in range(len(ids))],
            "share": [_shares(reading.influence[t, :t]) for t in range(len(ids))],
        }
        for name, reading in readings.items()
    ]
    data = {"letters": letters, "most": MOST_BITS, "rows": rows}
    return LivingFigure("ribbon", title, data, _still(title, letters, bits))


def _likeliest(log_probs: np.ndarray, vocab: Vocab) -> list:
    best = np.argsort(-log_probs, kind="stable")[:TOLD]
    return [[vocab.tokens[i], round(float(np.exp(log_probs[i])), 5)] for i in best]


def _mattered(influence: np.ndarray) -> list:
    """The places (s, influence) of the earlier letters that mattered most, those that did not at all left out."""
    best = np.argsort(-influence, kind="stable")[:TOLD]
    return [[int(s), round(float(influence[s]), 5)] for s in best if influence[s] > 0]


def _shares(influence: np.ndarray) -> str:
    """Each earlier letter's influence as a share of the largest, a digit of base 36 each; "" if none mattered."""
    most = influence.max(initial=0)
    return "".join(np.base_repr(round(35 * value / most), 36) for value in influence) if most > 0 else ""


def _check(letters: list[str], readings: Mapping[str, Reading], V: int) -> None:
    T = len(letters)
    if not 1 <= T <= MOST_LETTERS or not 1 <= len(readings) <= MOST_MODELS:
        raise ValueError(
            f"There are {T} letters and {len(readings)} readings, expected 1 to {MOST_LETTERS} and 1 to {MOST_MODELS}: "
            "choose a shorter line or fewer models."
        )
    for name, reading in readings.items():
        found, wanted = (reading.log_probs.shape, reading.influence.shape), ((T, V), (T, T - 1))
        if found != wanted:
            raise ValueError(
                f"The reading {name!r} has the shapes {found}, expected {wanted}: read this line with this vocabulary."
            )


def _still(title: str, letters: list[str], bits: dict[str, np.ndarray]) -> Picture:
    """All rows in the colours of their surprise."""
    table = np.array([*bits.values()])  # (models, T)
    figure = Figure(figsize=(1.2 + 0.125 * len(letters), 0.9 + 0.3 * len(bits)), layout="constrained")
    axes = figure.add_subplot(title=title)
    colours = LinearSegmentedColormap.from_list("surprise", ["#ffffff", palette.SURPRISE])
    axes.imshow(table, colours, vmin=0, vmax=MOST_BITS, aspect="auto", interpolation="nearest")
    part_words(axes, letters)
    for row, t in np.ndindex(table.shape):
        axes.text(t, row, visible(letters[t]), ha="center", va="center", fontsize=8, parse_math=False)
    axes.set_yticks(range(len(bits)), [*bits])
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.set_xlabel(f"white: expected; red: {MOST_BITS} bits of surprise or more")
    return Picture(figure, _words(title, letters, bits))


def _words(title: str, letters: list[str], bits: dict[str, np.ndarray]) -> str:
    number = f"{len(bits)} model{'s read' if len(bits) > 1 else ' reads'}"
    words = [
        f"Figure: {title}. {number} {len(letters)} letters, each in the colour of its surprise: {''.join(letters)!r}."
    ]
    before = [" ", *letters[:-1]]
    begins = np.array([a == " " != b for a, b in zip(before, letters, strict=True)])  # (T,)
    for name, surprise in bits.items():
        line = f"{name}: {surprise.mean():.2f} bits a letter"
        if 0 < begins.sum() < len(letters):
            line += f", {surprise[begins].mean():.1f} where a word begins, {surprise[~begins].mean():.1f} elsewhere"
        words.append(line)
    return "\n".join(words)
