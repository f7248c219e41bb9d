"""The beam stepper: a beam search as a tree, step by step, at several widths.

The search is the course's own: `watch_beam` looks on and keeps a record, plain data that `beam_stepper` draws.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from course_utils import arrays, palette
from course_utils.figures.living import LivingFigure
from course_utils.plotting import Picture
from course_utils.search import Beam, beams

MOST_DROPPED = 6  # drawn at each step, the best of them
LEAST = 0.001  # a dropped token that is less likely is not drawn
MARKS = {"kept": "", "finished": "■ ", "dropped": "× "}
"""Outcome → what tells it from the others without colour."""


class Hypothesis(NamedTuple):
    """A beginning that a search compared with others at one of its steps.

    Args:
        token: its last token; "" if it had ended before, and only waits.
        parent: the place, in the list of the step before, of the beginning that it goes on from; 0 at the first step.
        prob: the token's probability after that beginning.
        log_prob: log P of the whole beginning, natural.
        score: log P / L^length_penalty, L its number of tokens: by it the search compares.
        outcome: "kept", "finished" (kept, and it has ended) or "dropped".
    """

    token: str
    parent: int
    prob: float
    log_prob: float
    score: float
    outcome: str


Searches = Mapping[int, Sequence[Sequence[Hypothesis]]]
"""Width → the hypotheses of each step, those with the same parent next to each other."""


def watch_beam(
    step: Callable[[np.ndarray], np.ndarray],
    tokens: Sequence[str],
    bos: int,
    eos: int,
    max_steps: int,
    widths: Sequence[int] = (1, 2, 3, 5),
    length_penalty: float = 0.75,
) -> dict[int, list[list[Hypothesis]]]:
    """A record of the course's beam search for one sequence, at each of these widths.

    Of the dropped ones it holds the best six of each step, and none whose token has a probability below 0.001.

    Args:
        step: `prefixes (m, t) int64 -> (m, V)`, the log-probabilities (or logits) of the token after each prefix; each
            begins with `bos`. An array, a list or a tensor. What it says of a prefix that has ended is not used.
        tokens: the V tokens, as they are to be read.
        bos, eos, max_steps, length_penalty: as for `search.beam_search`.
        widths: of the beams.

    Raises:
        ValueError: `step` does not give a row for each prefix and a column for each token, or gives NaN; or a number is
            out of its range.

    >>> table = np.log([[0.01, 0.5, 0.4, 0.09], [0.4, 0.2, 0.2, 0.2], [0.01, 0.01, 0.01, 0.97], [1, 1, 1, 1]])
    >>> searches = watch_beam(lambda prefixes: table[prefixes[:, -1]], [*"_AB."], bos=0, eos=3, max_steps=4, widths=[2])
    >>> [(h.token, round(h.prob, 2), h.outcome) for h in searches[2][0]]
    [('A', 0.5, 'kept'), ('B', 0.4, 'kept'), ('.', 0.09, 'dropped'), ('_', 0.01, 'dropped')]
    """

    def read_on(ids: np.ndarray, prefixes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        prefixes = np.column_stack([prefixes, ids])  # (m, t)
        log_probs = arrays.numbers(step(prefixes), "What step gives")
        if log_probs.shape != (len(prefixes), len(tokens)):
            raise ValueError(
                f"step gives the shape {log_probs.shape} for {len(prefixes)} prefixes, expected "
                f"({len(prefixes)}, {len(tokens)}): a row for each, and a column for each of the tokens."
            )
        return log_probs, prefixes

    def select(prefixes: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return prefixes[rows]

    nothing = np.empty((1, 0), dtype=np.int64)
    return {
        width: _recorded(beams(read_on, nothing, select, 1, bos, eos, max_steps, width, length_penalty), tokens)
        for width in widths
    }


def beam_stepper(searches: Searches, title: str) -> LivingFigure:
    """Step through a beam search drawn as a tree; a second slider sets the width of the beam.

    Args:
        searches: width → what was compared at each step, as `watch_beam` records it.

    Raises:
        ValueError: a search has no step, or a hypothesis a parent or an outcome that there is not; or it is too much.

    >>> table = np.log([[0.01, 0.5, 0.4, 0.09], [0.4, 0.2, 0.2, 0.2], [0.01, 0.01, 0.01, 0.97], [1, 1, 1, 1]])
    >>> searches = watch_beam(lambda p: table[p[:, -1]], [*"_AB."], bos=0, eos=3, max_steps=3, widths=[1, 2])
    >>> print(beam_stepper(searches, "Greedy loses"))
    Figure: Greedy loses. A beam search as a tree, step by step, at 2 widths.
    width 1: A _ A, cut off after 3 tokens, probability 0.1000
    width 2: B ., finished after 2 tokens, probability 0.3880
    """
    _check(searches)
    data = {
        "marks": MARKS,
        "widths": [*searches],
        "searches": [[[_short(h) for h in step] for step in search] for search in searches.values()],
    }
    return LivingFigure("beam", title, data, _still(title, searches))


def _recorded(steps: Iterable[Beam], tokens: Sequence[str]) -> list[list[Hypothesis]]:
    V, record = len(tokens), []
    places = {0: 0}  # row of the beam → its place in the list of its step; all begin alike, so only one row counts
    totals, ended = np.zeros(1), np.zeros(1, dtype=bool)
    for beam in steps:
        # log P(token | beginning) of each row that counts, (rows, V)
        log_probs = beam.all_totals.reshape(-1, V)[: len(totals)] - totals[:, None]
        scores = beam.all_scores[0]  # (width V,)
        rows = np.flatnonzero(np.isfinite(beam.totals[0]))  # those that are beginnings, best first
        kept = beam.parents[0, rows] * V + beam.ids[0, rows, -1]
        others = np.setdiff1d(np.flatnonzero(log_probs.ravel() >= np.log(LEAST)), kept)
        dropped = others[np.argsort(-scores[others], kind="stable")[:MOST_DROPPED]]
        outcome = dict.fromkeys(dropped, "dropped")
        outcome |= {i: "finished" if beam.ended[0, row] else "kept" for row, i in zip(rows, kept, strict=True)}
        compared = sorted(outcome, key=lambda i: (places[i // V], -scores[i]))
        record.append(
            [
                Hypothesis(
                    token="" if ended[i // V] else tokens[i % V],
                    parent=places[i // V],
                    prob=float(np.exp(log_probs.flat[i])),
                    log_prob=float(beam.all_totals[0, i]),
                    score=float(scores[i]),
                    outcome=outcome[i],
                )
                for i in compared
            ]
        )
        places = {row: compared.index(i) for row, i in enumerate(kept)}
        totals, ended = beam.totals[0, rows], beam.ended[0, rows]
    return record


def _short(h: Hypothesis) -> list:
    return [h.token, h.parent, *(round(float(number), 6) + 0.0 for number in (h.prob, h.log_prob, h.score)), h.outcome]


def _check(searches: Searches) -> None:
    if not searches or not all(len(search) and all(map(len, search)) for search in searches.values()):
        raise ValueError(
            f"There are searches of {[len(search) for search in searches.values()]} steps, expected one search or "
            "more, of one step or more, with a hypothesis or more in each: take what watch_beam gives."
        )
    for width, search in searches.items():
        before = 1
        for number, step in enumerate(search, 1):
            for h in step:
                if h.outcome not in MARKS or not 0 <= h.parent < before:
                    raise ValueError(
                        f"Step {number} at width {width} has a hypothesis of parent {h.parent!r} and outcome "
                        f"{h.outcome!r}, expected a parent from 0 to {before - 1} and one of {', '.join(MARKS)}."
                    )
            if all(h.outcome == "dropped" for h in step):
                raise ValueError(f"Step {number} at width {width} keeps none, expected one that is kept or finished.")
            before = len(step)


def _best(search: Sequence[Sequence[Hypothesis]]) -> list[Hypothesis]:
    """What a search ends with, token by token."""
    last = max((h for h in search[-1] if h.outcome != "dropped"), key=lambda h: h.score)
    path = [last]
    for step in search[-2::-1]:
        path.insert(0, step[path[0].parent])
    return path


def _still(title: str, searches: Searches) -> Picture:
    """The whole tree of the second width, where there first is something to choose."""
    width, search = [*searches.items()][:2][-1]
    most = max(map(len, search))
    figure = Figure(figsize=(min(13.0, 1.0 + 1.3 * len(search)), 0.8 + 0.34 * most), layout="constrained")
    axes = figure.add_subplot(xlim=(0.3, len(search) + 0.5), ylim=(-most / 2, most / 2))
    axes.set_title(f"{title}; width {width}", parse_math=False)
    axes.set_axis_off()
    places = [(0.4, 0.0)]
    for t, step in enumerate(search, 1):
        now = [(float(t), (len(step) - 1) / 2 - i) for i in range(len(step))]
        for h, place in zip(step, now, strict=True):
            dropped = h.outcome == "dropped"
            style = {"color": palette.FAINT, "lw": 0.8} if dropped else {"color": palette.INK, "lw": 1.6}
            axes.plot(*zip(places[h.parent], place, strict=True), **style, zorder=1)
            box = {"boxstyle": "round", "facecolor": "white", "edgecolor": "none" if dropped else palette.INK}
            token = h.token.replace(" ", "␣") or "waits"
            token = token if len(token) <= 8 else f"{token[:7]}…"
            words = f"{MARKS[h.outcome]}{token} {h.prob:.2f}"
            axes.text(*place, words, ha="center", va="center", fontsize=8, parse_math=False, bbox=box)
        places = now
    return Picture(figure, _words(title, searches))


def _words(title: str, searches: Searches) -> str:
    number = f"{len(searches)} width{'s' if len(searches) != 1 else ''}"
    words = [f"Figure: {title}. A beam search as a tree, step by step, at {number}."]
    for width, search in searches.items():
        path = _best(search)
        found = [h.token for h in path if h.token]
        how = "finished" if path[-1].outcome == "finished" else "cut off"
        tokens = f"{len(found)} token{'s' if len(found) != 1 else ''}"
        words.append(
            f"width {width}: {' '.join(found)}, {how} after {tokens}, probability {np.exp(path[-1].log_prob):.4f}"
        )
    return "\n".join(words)
