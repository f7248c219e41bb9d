"""The likeliest sequence of tokens: greedy and beam search, in NumPy, so that both frameworks search alike.

A search knows nothing of the model but a function, `step(ids, state) -> (logits, state)`. It is told the last token of
each row, ids (m,) int64, and what the model remembers of each row so far, and gives the unnormalised log-probabilities
of each row's next token, logits (m, V), and the new memory. Only the model knows what the state is.
"""

from collections import deque
from collections.abc import Callable, Iterator
from numbers import Real
from typing import NamedTuple, TypeVar

import numpy as np

from course_utils.errors import is_whole

State = TypeVar("State")
DecoderStep = Callable[[np.ndarray, State], tuple[np.ndarray, State]]


class Found(NamedTuple):
    """A sequence and how likely the model finds it.

    Args:
        ids: its tokens, the one that begins and the one that ends a sequence left out.
        score: log P / L^length_penalty, with log P the sum of the log-probabilities (natural) of its L tokens; the one
            that ends it counts, if it was reached. The nearer to 0 the likelier.
    """

    ids: list[int]
    score: float


class Beam(NamedTuple):
    """What a beam search has after one of its steps: of each of n sequences the `width` beginnings kept, best first.

    Where there are fewer beginnings than `width`, rows whose log P is −∞ stand in their places.

    Args:
        ids: (n, width, t + 1), each beginning, from `bos` on; one that has ended goes on with `eos`.
        ended: (n, width), whether it has.
        parents: (n, width), which of the beginnings before it goes on.
        totals, scores: (n, width), its log P, and log P / L^length_penalty.
        all_totals, all_scores: (n, width V), the same for all that were compared: of each beginning before, gone on
            with each token of the vocabulary.
    """

    ids: np.ndarray
    ended: np.ndarray
    parents: np.ndarray
    totals: np.ndarray
    scores: np.ndarray
    all_totals: np.ndarray
    all_scores: np.ndarray


def greedy(
    step: DecoderStep,
    state: State,
    num_sequences: int,
    bos: int,
    eos: int,
    max_steps: int,
    length_penalty: float = 0.75,
) -> list[Found]:
    """For each of the sequences, side by side: from `bos` on the likeliest token, again and again, until it is `eos`.

    Args:
        step: `(ids (n,), state) -> (logits (n, V), state)`; what it says of a sequence that has ended is not used.
        state: what the model knows at the start of each of the n sequences.
        num_sequences: n.
        bos, eos: the ids that begin and end a sequence.
        max_steps: a sequence that has not ended after so many tokens is cut off there.
        length_penalty: only for the score, as in `beam_search`.

    Raises:
        ValueError: a number is out of its range, or the logits have a wrong shape, or hold NaN or infinity.

    >>> likes_1_then_2 = lambda ids, state: (np.eye(3)[ids + 1], state)
    >>> greedy(likes_1_then_2, None, num_sequences=1, bos=0, eos=2, max_steps=9)[0].ids
    [1]
    """
    _check(num_sequences, max_steps, 1, length_penalty)
    ids = np.full((num_sequences, 1), bos)  # (n, 1)
    totals, lengths = np.zeros(num_sequences), np.zeros(num_sequences)  # (n,)
    ended = np.zeros(num_sequences, dtype=bool)  # (n,)
    for _ in range(max_steps):
        log_probs, state = _ask(step, ids[:, -1], state, ended, eos)  # (n, V)
        lengths += ~ended
        totals += log_probs.max(axis=1)
        chosen = log_probs.argmax(axis=1)  # (n,)
        ids = np.column_stack([ids, chosen])  # (n, t + 1)
        ended |= chosen == eos
        if ended.all():
            break
    return _found(ids, totals / lengths**length_penalty, eos)


def beam_search(
    step: DecoderStep,
    state: State,
    select: Callable[[State, np.ndarray], State],
    num_sequences: int,
    bos: int,
    eos: int,
    max_steps: int,
    width: int = 1,
    length_penalty: float = 0.75,
) -> list[Found]:
    """For each of the sequences, side by side: go on with the `width` best beginnings; at the end, the best of them.

    With a width of 1 this is the greedy search. A longer sequence is always less likely, so log-probabilities are
    compared per token: divided by L^length_penalty, L the number of tokens (*Dive into Deep Learning*, section 10.8).

    Args:
        step: `(ids (m,), state) -> (logits (m, V), state)`, a row for each beginning of each sequence, m = n width;
            what it says of one that has ended is not used.
        state: what the model knows at the start of each of the n sequences.
        select: `(state, rows) -> state`: a state whose rows are these rows of the one given, rows (m,) int64; the same
            row may be wanted several times, or not at all.
        num_sequences: n.
        bos, eos: the ids that begin and end a sequence.
        max_steps: a sequence that has not ended after so many tokens is cut off there.
        width: how many beginnings of each sequence are kept; it may be more than V.
        length_penalty: 0 compares log-probabilities as they are, which favours short sequences; 1 their means.

    Raises:
        ValueError: a number is out of its range, or the logits have a wrong shape, or hold NaN or infinity.

    >>> table = np.log([[0.01, 0.5, 0.4, 0.09], [0.4, 0.2, 0.2, 0.2], [0.01, 0.01, 0.01, 0.97], [1, 1, 1, 1]])
    >>> step, select = lambda ids, state: (table[ids], state), lambda state, rows: state
    >>> [beam_search(step, None, select, 1, bos=0, eos=3, max_steps=2, width=width)[0].ids for width in (1, 2)]
    [[1, 0], [2]]
    """
    steps = beams(step, state, select, num_sequences, bos, eos, max_steps, width, length_penalty)
    last = deque(steps, maxlen=1).pop()
    return _found(last.ids[:, 0], last.scores[:, 0], eos)


def beams(
    step: DecoderStep,
    state: State,
    select: Callable[[State, np.ndarray], State],
    num_sequences: int,
    bos: int,
    eos: int,
    max_steps: int,
    width: int = 1,
    length_penalty: float = 0.75,
) -> Iterator[Beam]:
    """The same search to look at: what it has after each of its steps.

    >>> step, select = lambda ids, state: (np.log([[0.1, 0.6, 0.3]]), state), lambda state, rows: state
    >>> [beam.ids.tolist() for beam in beams(step, None, select, 1, bos=0, eos=2, max_steps=2)]
    [[[[0, 1]]], [[[0, 1, 1]]]]
    """
    _check(num_sequences, max_steps, width, length_penalty)
    n, rows = num_sequences, np.arange(num_sequences * width).reshape(num_sequences, width)  # (n, width)
    state = select(state, np.repeat(np.arange(n), width))
    ids = np.full((n, width, 1), bos)  # (n, width, 1)
    totals = np.where(rows == rows[:, :1], 0.0, -np.inf)  # (n, width): all begin alike, so only one of them counts
    lengths, ended = np.zeros((n, width)), np.zeros((n, width), dtype=bool)  # (n, width)
    for _ in range(max_steps):
        log_probs, state = _ask(step, ids[:, :, -1].ravel(), state, ended.ravel(), eos)  # (n width, V)
        V = log_probs.shape[1]
        lengths += ~ended
        totals = (totals[..., None] + log_probs.reshape(n, width, V)).reshape(n, -1)  # (n, width V)
        scores = totals / np.repeat(lengths**length_penalty, V, axis=1)  # (n, width V)
        best = _highest(scores, width)  # (n, width)
        parents, tokens = np.divmod(best, V)
        ids = np.concatenate([np.take_along_axis(ids, parents[..., None], 1), tokens[..., None]], axis=2)
        compared = totals, scores
        totals, scores = np.take_along_axis(totals, best, 1), np.take_along_axis(scores, best, 1)
        lengths = np.take_along_axis(lengths, parents, 1)
        ended = np.take_along_axis(ended, parents, 1) | (tokens == eos)
        yield Beam(ids, ended, parents, totals, scores, *compared)
        if ended.all():
            break
        state = select(state, np.take_along_axis(rows, parents, 1).ravel())


def _check(num_sequences: int, max_steps: int, width: int, length_penalty: float) -> None:
    whole = all(is_whole(number, 1) for number in (num_sequences, max_steps, width))
    if not whole or not isinstance(length_penalty, Real) or not 0 <= length_penalty < np.inf:
        raise ValueError(
            f"num_sequences={num_sequences!r}, max_steps={max_steps!r}, width={width!r}, "
            f"length_penalty={length_penalty!r}: expected whole numbers, 1 or more, for the first three, and a number, "
            "0 or more, for the last."
        )


def _ask(step: DecoderStep, ids: np.ndarray, state: State, ended: np.ndarray, eos: int) -> tuple[np.ndarray, State]:
    """The log-probabilities (m, V) of the next tokens; what has ended goes on with `eos`, which is certain."""
    logits, state = step(ids, state)
    logits = np.asarray(logits, dtype=np.float64)  # (m, V)
    if logits.ndim != 2 or len(logits) != len(ids) or not 0 <= eos < logits.shape[1]:
        raise ValueError(
            f"The logits have shape {logits.shape}, expected ({len(ids)}, V): a row for each token asked about, and a "
            f"column for each token of the vocabulary, {eos} among them, which ends a sequence."
        )
    highest = logits.max(axis=1, keepdims=True)  # (m, 1)
    if not np.isfinite(highest).all():
        raise ValueError("The logits hold NaN or infinity: the model has diverged; train it again with a lower rate.")
    log_probs = logits - highest
    log_probs -= np.log(np.exp(log_probs).sum(axis=1, keepdims=True))
    log_probs[ended] = np.where(np.arange(log_probs.shape[1]) == eos, 0.0, -np.inf)
    return log_probs, state


def _highest(scores: np.ndarray, k: int) -> np.ndarray:
    """Where the k highest of each row are, (n, k), the highest first; of equal ones those further left.

    >>> _highest(np.array([[0.1, 0.3, 0.2, 0.3]]), 3).tolist()
    [[1, 3, 2]]
    """
    lowest = np.partition(scores, -k, axis=1)[:, -k, None]  # (n, 1)
    rows, columns = np.nonzero(scores >= lowest)  # k of each row, or more where some are equal
    order = np.lexsort((columns, -scores[rows, columns], rows))
    first = np.searchsorted(rows, np.arange(len(scores)))  # (n,)
    return columns[order][first[:, None] + np.arange(k)]


def _found(ids: np.ndarray, scores: np.ndarray, eos: int) -> list[Found]:
    """Each row of ids (n, t) from its second token up to `eos`, with its score."""
    rows = [row[1:].tolist() for row in ids]
    return [
        Found(row[: row.index(eos)] if eos in row else row, float(score))
        for row, score in zip(rows, scores, strict=True)
    ]
