"""The context map: names as points, each where its context lies; what a vector added to one changes in its translation.

The chapter computes contexts and translations; the map shows them, so that a page needs no network to translate.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from course_utils import arrays, palette
from course_utils.figures.living import LivingFigure, rounded
from course_utils.plotting import Picture

MARKERS = {  # tone by tone in the order of the legend: colour, marker of Matplotlib, the same as an SVG path
    "circle": ("#ffd84d", "o", "M-6 0A6 6 0 1 1 6 0A6 6 0 1 1 -6 0Z"),
    "square": ("#f7dece", "s", "M-5.5 -5.5H5.5V5.5H-5.5Z"),
    "triangle": ("#e3bd8f", "^", "M0 -7L6.5 5H-6.5Z"),
    "diamond": ("#bf8f68", "D", "M0 -7.5L7.5 0L0 7.5L-7.5 0Z"),
    "triangle, tip down": ("#8a5a3c", "v", "M0 7L6.5 -5H-6.5Z"),
    "cross": ("#4a2f22", "X", "M-6.5 -3L-3 -6.5L0 -3L3 -6.5L6.5 -3L3 0L6.5 3L3 6.5L0 3L-3 6.5L-6.5 3L-3 0Z"),
}
"""Yellow for what has no tone, then from light to dark."""


def context_map(
    contexts,
    names: Sequence[str],
    tones: Sequence[str],
    changes: Mapping[str, np.ndarray],
    translations: Mapping[str, Sequence[str]],
    title: str,
) -> LivingFigure:
    """Pick a name on the map, add or subtract a tone's vector, and read the translation of the changed context.

    Args:
        contexts: (n, h), the context of each name. With h = 2 they are drawn as they are, else projected on the two
            directions in which they differ most (principal components).
        names: the n names, as the encoder read them.
        tones: the tone of each; six different ones at most, which get their colours and markers as they first come.
        changes: what is added → the vector (h,), such as {"+ dark": …, "− dark": …}.
        translations: "" → the translations of the n names as they are; each change → those of the changed contexts.

    Raises:
        ValueError: numbers do not fit each other, or there are too many tones, or too much for 100 kB.

    >>> points = np.array([[0, 0], [4, 0], [0, 1], [4, 1]])
    >>> names = ["man", "woman", "man dark skin tone", "woman dark skin tone"]
    >>> french = {"": ["homme", "femme", "homme foncé", "femme foncée"], "+ dark": ["homme foncé", "femme foncée"] * 2}
    >>> print(context_map(points, names, ["plain"] * 2 + ["dark"] * 2, {"+ dark": [0, 1]}, french, "Four contexts"))
    Figure: Four contexts. A map of 4 names by their contexts: plain 2 (circle), dark 2 (square).
    man → homme
    man + dark → homme foncé
    """
    contexts = arrays.numbers(contexts, "contexts")
    vectors = {change: arrays.numbers(vector, change) for change, vector in changes.items()}
    _check(contexts, names, tones, vectors, translations)
    points, axes = _projected(contexts)  # (n, 2), (h, 2)
    order = [*dict.fromkeys(tones)]
    shapes = [[tone, color, path] for tone, (color, _, path) in zip(order, MARKERS.values(), strict=False)]
    data = {
        "names": [*names],
        "tones": [order.index(tone) for tone in tones],
        "points": rounded(points, 5),
        "shapes": shapes,
        "changes": [["", [0, 0]], *([change, rounded(vector @ axes, 5)] for change, vector in vectors.items())],
        "translations": [[*translations[change]] for change in ("", *vectors)],
    }
    words = _words(title, names, tones, order, translations)
    return LivingFigure("contexts", title, data, _still(title, points, tones, order, words))


def _projected(contexts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The contexts (n, h) as points (n, 2), and the two axes (h, 2) of the plane, on which vectors project, too."""
    h = contexts.shape[1]
    if h == 2:
        return contexts, np.eye(2)
    centred = contexts - contexts.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2].T  # (h, 2)
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), [0, 1]])  # which way is up is chosen, not left to chance
    return centred @ axes, axes


def _check(contexts, names, tones, vectors, translations) -> None:
    n = len(names)
    if contexts.ndim != 2 or len(contexts) != n or n < 2 or contexts.shape[1] < 2 or len(tones) != n:
        raise ValueError(
            f"contexts has the shape {contexts.shape} for {n} names and {len(tones)} tones, expected (n, h) with h of "
            "2 or more: a row and a tone for each of two names or more."
        )
    if not np.isfinite(contexts).all():
        raise ValueError("contexts has NaN or infinity in it, expected numbers: the model has diverged.")
    if len({*tones}) > len(MARKERS):
        raise ValueError(
            f"There are {len({*tones})} different tones, expected {len(MARKERS)} at most: more cannot be told apart."
        )
    for change, vector in vectors.items():
        if vector.shape != contexts.shape[1:]:
            raise ValueError(
                f"The change {change!r} has the shape {vector.shape}, expected {contexts.shape[1:]}, as a context."
            )
    found = {change: len(texts) for change, texts in translations.items()}
    wanted = dict.fromkeys(["", *vectors], n)
    if found != wanted:
        raise ValueError(f"The numbers of translations are {found}, expected {wanted}: of each name, for each change.")


def _still(title: str, points: np.ndarray, tones: Sequence[str], order: list[str], words: str) -> Picture:
    figure = Figure(figsize=(7.2, 4.8), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, parse_math=False)
    for tone, (color, marker, _) in zip(order, MARKERS.values(), strict=False):
        x, y = points[[one == tone for one in tones]].T
        axes.scatter(x, y, c=color, marker=marker, s=42, edgecolors=palette.INK, linewidths=0.8, label=tone)
    axes.set_aspect("equal", "datalim")
    axes.set(xticks=[], yticks=[])
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return Picture(figure, words)


def _words(title: str, names, tones, order: list[str], translations: Mapping[str, Sequence[str]]) -> str:
    counts = ", ".join(f"{tone} {[*tones].count(tone)} ({shape})" for tone, shape in zip(order, MARKERS, strict=False))
    words = [f"Figure: {title}. A map of {len(names)} names by their contexts: {counts}."]
    return "\n".join(
        words + [f"{f'{names[0]} {change}'.strip()} → {texts[0]}" for change, texts in translations.items()]
    )
