"""The scan tree: a linear recurrence h_t = a_t h_{t-1} + b_t, round by round; beside it a product that underflows.

All is computed here in NumPy: the tree in float64, the long product in float32, whose limits it shows.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_utils import arrays, palette
from course_utils.figures.living import LivingFigure, rounded
from course_utils.plotting import Picture
from course_utils.scan import Step, scan_rounds

MOST_STEPS, MOST_FACTORS = 16, 400  # as many as can be told apart
LOWEST = -45  # float32 has numbers down to 1.4e-45


def scan_tree(a, b, factors, title: str) -> LivingFigure:
    """Step through the rounds of a scan, drawn as a tree; a second slider picks a step, a third multiplies factors.

    Args:
        a, b: (T,), factors and summands of the tree, from h = 0 on; T from 2 to 16.
        factors: (L,), of a longer recurrence whose summands are all 1, each more than 0; L from 2 to 400. What is shown
            is their product in float32, and what becomes of h where one divides by it, as in h_t = P_t Σ 1 / P_s.

    Raises:
        ValueError: the shapes do not fit, there is too much to show, or a factor is 0 or less.

    >>> print(scan_tree([0.5, 0.5, 0.5], [1, 1, 1], [0.1] * 50, "Halves"))
    Figure: Halves. A linear recurrence of 3 steps as a scan, a tree of 2 rounds: h_3 = 1.7500.
    A product of 50 factors is 0 in float32 from factor 46 on; dividing by it, h is no number from factor 39 on.
    Without dividing h_50 = 1.1111.
    """
    a, b, factors = (arrays.numbers(value, name) for value, name in ((a, "a"), (b, "b"), (factors, "factors")))
    _check(a, b, factors)
    rounds, product, divided = scan_rounds(a, b), *by_dividing(factors)
    h = scan_rounds(factors, np.ones_like(factors))[-1][1]  # (L,)
    data = {
        "rounds": [[rounded(values, 7) for values in each] for each in rounds],
        "logs": rounded(np.log10(factors).cumsum().clip(LOWEST - 1, None), 3),
        "product": [_read(value) for value in product],
        "divided": [_read(value) for value in divided],
        "h": rounded(h, 7),
        "lowest": LOWEST,
    }
    return LivingFigure("scan", title, data, _still(title, rounds, factors, product, divided, h[-1]))


def by_dividing(factors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The products P_t of the first factors and h_t = P_t Σ 1 / P_s, (L,) each, in float32, as far as that has numbers.

    >>> product, h = by_dividing(np.full(50, 0.1))
    >>> product[[0, 49]].tolist(), h[[0, 49]].round(3).tolist()
    ([0.10000000149011612, 0.0], [1.0, nan])
    """
    product = factors.astype(np.float32).cumprod()  # (L,)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        return product, product * (1 / product).cumsum()


def _read(value: np.float32) -> str:
    return f"{value:.4g}".replace("e-0", "e-").replace("-", "−") if np.isfinite(value) else "no number"


def _check(a: np.ndarray, b: np.ndarray, factors: np.ndarray) -> None:
    if a.shape != b.shape or a.ndim != 1 or not 2 <= len(a) <= MOST_STEPS:
        raise ValueError(
            f"a has shape {a.shape} and b {b.shape}, expected one shape (T,), T from 2 to {MOST_STEPS}: "
            "take one unit of one sequence."
        )
    if factors.ndim != 1 or not 2 <= len(factors) <= MOST_FACTORS:
        raise ValueError(f"factors has shape {factors.shape}, expected (L,), L from 2 to {MOST_FACTORS}.")
    if factors.min() <= 0:
        raise ValueError(f"The smallest of the factors is {factors.min()}, expected more than 0: one divides by them.")


def _still(title: str, rounds: list[Step], factors, product, divided, last: float) -> Picture:
    """The whole tree, and the long product."""
    T = len(rounds[0][0])
    figure = Figure(figsize=(3.5 + 0.62 * T, 1.0 + 0.75 * len(rounds)), layout="constrained")
    tree, long = figure.subplots(1, 2, width_ratios=[0.62 * T + 0.5, 2.6])
    tree.set_title(title, parse_math=False)
    _draw_tree(tree, rounds)
    long.plot(range(1, len(factors) + 1), np.log10(factors).cumsum(), color=palette.VIOLET)
    long.axhline(LOWEST, color=palette.INK, ls="--", lw=0.8)
    long.set(xlabel="factors multiplied", ylabel="log₁₀ of the product", title="float32 ends at −45")
    return Picture(figure, _words(title, rounds, product, divided, last))


def _draw_tree(axes: Axes, rounds: list[Step]) -> None:
    T = len(rounds[0][0])
    axes.set(xlim=(-0.6, T - 0.4), ylim=(len(rounds) - 0.5, -0.5), xticks=range(T), xticklabels=range(1, T + 1))
    axes.set_yticks(range(len(rounds)), ["start", *(f"round {r}" for r in range(1, len(rounds)))])
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for r, (_, b) in enumerate(rounds):
        for t in range(T):
            for parent in {t, t - 2 ** (r - 1)} if r else ():
                if parent >= 0:
                    axes.plot([parent, t], [r - 1, r], color=palette.QUIET, lw=0.9, zorder=1)
            box = {"boxstyle": "round", "facecolor": "white", "edgecolor": palette.QUIET}
            if t < 2**r:  # h_t itself
                box |= {"facecolor": palette.PALE[palette.ORANGE], "edgecolor": palette.ORANGE}
            axes.text(t, r, f"{b[t]:.2f}", ha="center", va="center", fontsize=8, bbox=box)


def _words(title: str, rounds: list[Step], product: np.ndarray, divided: np.ndarray, last: float) -> str:
    T, L, number = len(rounds[0][0]), len(product), len(rounds) - 1
    words = [
        f"Figure: {title}. A linear recurrence of {T} steps as a scan, a tree of {number} round{'s' * (number > 1)}: "
        f"h_{T} = {rounds[-1][1][-1]:.4f}."
    ]
    none, lost = np.flatnonzero(product == 0), np.flatnonzero(~np.isfinite(divided))
    underflow = f"is 0 in float32 from factor {none[0] + 1} on" if len(none) else f"is {_read(product[-1])} in float32"
    h = f"h is no number from factor {lost[0] + 1} on" if len(lost) else f"h_{L} = {divided[-1]:.4f}"
    words.append(f"A product of {L} factors {underflow}; dividing by it, {h}.")
    return "\n".join([*words, f"Without dividing h_{L} = {last:.4f}."])
