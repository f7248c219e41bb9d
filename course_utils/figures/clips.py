"""The film: a clip that moves, and beside it what is believed of it at each moment."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from course_utils import arrays, palette
from course_utils.figures.living import LivingFigure, rounded
from course_utils.plotting import Picture


def film(clip, beliefs: Mapping[str, np.ndarray], classes: Sequence[str], title: str) -> LivingFigure:
    """Play a clip or step through it by slider, buttons or arrow keys; bars beside it say what is believed of it.

    It never starts by itself, so that nothing moves while one reads, or for those who want less motion.

    Args:
        clip: (T, height, width), grey pictures, 0 or more each; 0 is paper, and the darkest shade the highest number.
        beliefs: whose → the probabilities of the classes after each frame, (T, K); or (T − 1, K), where they begin with
            the second frame, as those about changes do. Such as {"trained": …, "untrained": …}.
        classes: what the K classes are called.

    Raises:
        ValueError: shapes do not fit each other, a number is negative, a row is no distribution; or it is too much for
            100 kB.

    >>> clip = np.eye(3)[:, None]  # a dot goes right, in pictures of 1 × 3
    >>> print(film(clip, {"a guess": [[0.5, 0.5], [0.1, 0.9]]}, ["left", "right"], "A dot"))
    Figure: A dot. A clip of 3 frames of 1 × 3 pixels, and the likeliest of left, right at its end.
    a guess: right
    """
    clip = arrays.numbers(clip, "clip")
    beliefs = {name: arrays.numbers(values, name) for name, values in beliefs.items()}
    _check(clip, beliefs, len(classes))
    shades = clip / (clip.max() or 1.0)
    data = {
        "width": clip.shape[2],
        "frames": rounded(shades.reshape(len(clip), -1), 2),
        "classes": [*classes],
        "beliefs": [[name, len(clip) - len(values), rounded(values, 5)] for name, values in beliefs.items()],
    }
    return LivingFigure("film", title, data, _still(title, shades, beliefs, classes))


def _check(clip: np.ndarray, beliefs: Mapping[str, np.ndarray], K: int) -> None:
    if clip.ndim != 3 or not clip.size or not np.isfinite(clip).all() or (clip < 0).any():
        raise ValueError(
            f"clip has the shape {clip.shape} and its lowest number is {clip.min(initial=np.inf):g}, expected (T, "
            "height, width), 1 or more of each, and numbers of 0 or more: scale it first."
        )
    if not beliefs:
        raise ValueError("There are no beliefs, expected those of a probe or more: name one, such as {'probe': ...}.")
    T = len(clip)
    for name, values in beliefs.items():
        if values.shape not in ((T, K), (T - 1, K)) or not len(values):
            raise ValueError(
                f"The beliefs {name!r} have the shape {values.shape}, expected {(T, K)} or {(T - 1, K)}: a row for "
                "each frame, or each but the first, and a column for each class."
            )
        if (values < 0).any() or not np.allclose(values.sum(axis=1), 1, atol=1e-3):
            raise ValueError(
                f"The beliefs {name!r} are no probabilities: a row has the sum {values.sum(axis=1).max():.3f} or a "
                "negative number; apply a softmax first."
            )


def _still(title: str, shades: np.ndarray, beliefs: Mapping[str, np.ndarray], classes: Sequence[str]) -> Picture:
    """All frames side by side, and below each what is believed after it."""
    T, K = len(shades), len(classes)
    size = (min(12.0, 1.6 + 1.1 * T), 1.5 + 1.1 + len(beliefs) * (0.4 + 0.22 * K))
    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(title, parse_math=False)
    rows = figure.subplots(1 + len(beliefs), T, squeeze=False, height_ratios=[1.3] + [0.3 + 0.22 * K] * len(beliefs))
    for t, axes in enumerate(rows[0]):
        axes.imshow(shades[t], palette.SEQUENTIAL, vmin=0, vmax=1, interpolation="nearest")
        axes.set(xticks=[], yticks=[], xlabel=f"frame {t + 1}")
    for row, (name, values) in zip(rows[1:], beliefs.items(), strict=True):
        for t, axes in enumerate(row, len(values) - T):  # a row without a first belief begins with −1
            if t < 0:
                axes.set_axis_off()
                continue
            axes.barh(range(K), values[t], color=palette.QUIET)
            axes.set(xlim=(0, 1), ylim=(K - 0.4, -0.6), xticks=[])
            axes.set_yticks(range(K), classes if t == 0 else [""] * K, parse_math=False)
            axes.spines[["top", "right", "bottom"]].set_visible(False)
        row[-1].set_title(name, loc="right", fontsize=9, parse_math=False)
    return Picture(figure, _words(title, shades.shape, beliefs, classes))


def _words(title: str, shape: tuple[int, ...], beliefs: Mapping[str, np.ndarray], classes: Sequence[str]) -> str:
    """What a film shows, without numbers, and only at the end: shares differ a little from one machine to the next."""
    T, height, width = shape
    first = (
        f"Figure: {title}. A clip of {T} frame{'s' if T != 1 else ''} of {height} × {width} pixels, and the likeliest "
        f"of {', '.join(classes)} at its end."
    )
    return "\n".join([first, *(f"{name}: {classes[values[-1].argmax()]}" for name, values in beliefs.items())])
