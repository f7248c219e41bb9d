"""The alignment map: for each word of a translation, how much the decoder looked at each word of the source.

The weights come in with the translations, as NumPy arrays, so it serves both frameworks.
"""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from course_utils import palette
from course_utils.decoding import Translation
from course_utils.figures.living import LivingFigure, beside_a_line, rounded
from course_utils.plotting import Picture

Read = Callable[[str], tuple[Sequence[str], Translation]]


def alignment_map(
    sources: Sequence[Sequence[str]], translations: Sequence[Translation], title: str, read: Read | None = None
) -> LivingFigure | None:
    """Pick a name, then a word of its translation, and see which words of the source the decoder looked at.

    Args:
        sources: the tokens of each name as the encoder read them, <eos> at the end.
        translations: of `translate`, by a model with attention.
        read: name → its tokens and its translation. With it a line to type a name in stands above the figure, which
            puts it in front of the others, and nothing is returned; where CI is set, it is the figure alone.

    Raises:
        ValueError: a translation has no alignment or no token, or the weights do not fit the tokens, or are no shares;
            or it is too much for 100 kB.

    >>> found = Translation(["chien", "rouge"], -0.1, np.array([[0.1, 0.8, 0.1], [0.7, 0.2, 0.1]]))
    >>> print(alignment_map([["red", "dog", "<eos>"]], [found], "Two words"))
    Figure: Two words. A map of where the decoder looked while it wrote: 1 name.
    red dog → chien rouge
    most at, for each word written: chien dog, rouge red
    """
    figure = _figure(sources, translations, title)
    if read is None:
        return figure

    def redraw(name: str) -> LivingFigure | None:
        tokens, translation = read(name)
        if not translation.tokens:  # the model ended at once: there is nothing to show
            return None
        return _figure([tokens, *sources], [translation, *translations], title)

    return beside_a_line(figure, _joined(sources[0]), "name", redraw)


def _figure(sources: Sequence[Sequence[str]], translations: Sequence[Translation], title: str) -> LivingFigure:
    _check(sources, translations)
    names = [
        {"name": _joined(tokens), "read": [*tokens], "written": [*found.tokens], "weights": rounded(found.alignment, 5)}
        for tokens, found in zip(sources, translations, strict=True)
    ]
    return LivingFigure("alignment", title, {"names": names}, _still(title, sources, translations))


def _joined(tokens: Sequence[str]) -> str:
    return " ".join(token for token in tokens if token != "<eos>")


def _check(sources: Sequence[Sequence[str]], translations: Sequence[Translation]) -> None:
    if len(sources) != len(translations) or not len(sources):
        raise ValueError(
            f"There are {len(sources)} sources and {len(translations)} translations, expected one of each name, and a "
            "name or more."
        )
    for tokens, found in zip(sources, translations, strict=True):
        if found.alignment is None:
            raise ValueError(
                f"The translation {str(found)!r} has no alignment, expected one: translate by a model whose decoder is "
                "an AttentionDecoder."
            )
        expected = len(found.tokens), len(tokens)
        if found.alignment.shape != expected or 0 in expected:
            raise ValueError(
                f"The alignment of {str(found)!r} has the shape {found.alignment.shape}, expected {expected}: a row "
                f"for each token written, one or more, and a column for each of {[*tokens]}."
            )
        sums = found.alignment.sum(axis=1)
        if not (found.alignment.min() >= 0 and np.allclose(sums, 1, atol=0.01)):
            raise ValueError(
                f"The alignment of {str(found)!r} has rows whose sums run from {sums.min():.3f} to {sums.max():.3f}, "
                "expected shares, 0 or more, whose sum is 1."
            )


def _still(title: str, sources: Sequence[Sequence[str]], translations: Sequence[Translation]) -> Picture:
    """The first name."""
    read, written, weights = sources[0], translations[0].tokens, translations[0].alignment
    figure = Figure(figsize=(1.6 + 0.75 * len(read), 1.0 + 0.38 * len(written)), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, parse_math=False)
    colours = LinearSegmentedColormap.from_list("looked", ["#ffffff", palette.INFLUENCE])
    axes.imshow(weights, colours, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    for t, s in np.ndindex(weights.shape):
        axes.text(s, t, f"{weights[t, s]:.2f}", ha="center", va="center", fontsize=8)
    axes.set_xticks(range(len(read)), read, parse_math=False)
    axes.set_yticks(range(len(written)), written, parse_math=False)
    axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    axes.set(ylabel="written")
    return Picture(figure, _words(title, sources, translations))


def _words(title: str, sources: Sequence[Sequence[str]], translations: Sequence[Translation]) -> str:
    """What the still shows, as coarsely as it is the same on every machine: weights of trained networks differ."""
    n, first = len(sources), translations[0]
    most = [sources[0][s] for s in first.alignment.argmax(axis=1)]
    pairs = ", ".join(f"{token} {at}" for token, at in zip(first.tokens, most, strict=True))
    return (
        f"Figure: {title}. A map of where the decoder looked while it wrote: {n} name{'s' * (n > 1)}.\n"
        f"{_joined(sources[0])} → {first}\n"
        f"most at, for each word written: {pairs}"
    )
