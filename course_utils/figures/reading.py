"""A line as a language model reads it: how probable each letter was, and which earlier ones mattered for that."""

from typing import NamedTuple

import numpy as np

from course_utils.datasets import NGram, Vocab


class Reading(NamedTuple):
    """What one model says of a line of T letters.

    `log_probs` (T, V): the log-probability, in nats, of every token of the vocabulary at each place, given all before.
    `influence` (T, T - 1): at [t, s], s < t, how much the log-probability of letter t depends on letter s.
    """

    log_probs: np.ndarray
    influence: np.ndarray


def read_counts(model: NGram, line: str, vocab: Vocab, before: str = " ") -> Reading:
    """How probable an n-gram model finds each letter of a line, and which earlier letters that depends on.

    It has no gradient. The influence of the k-th letter back is how far the log-probability moves when the model sees k
    letters instead of k - 1.

    Args:
        line: as you would type it; it is normalised and split as the vocabulary's text was.
        before: what the model sees in front of it, at least one character.

    >>> vocab = Vocab([*"abcab"])
    >>> counts = NGram(2, len(vocab)).fit(vocab[[*"abcabcab"]])
    >>> reading = read_counts(counts, "abc", vocab, before="c")
    >>> np.exp(reading.log_probs).argmax(axis=1).tolist() == vocab[[*"abc"]]
    True
    >>> (reading.influence > 0).tolist()
    [[False, False], [True, False], [False, True]]
    """
    ids, start, length = encode_line(line, vocab, before)
    log_probs = np.log([model.probs(ids[: start + t]) for t in range(length)])  # (T, V)
    influence = np.zeros((length, length - 1))
    for t in range(length):
        for back in range(1, min(model.order - 1, t) + 1):
            end = start + t
            seen, hidden = (model.prob(ids[end], tuple(ids[end - k : end])) for k in (back, back - 1))
            influence[t, t - back] = abs(np.log(seen / hidden))
    return Reading(log_probs, influence)


def encode_line(line: str, vocab: Vocab, before: str) -> tuple[list[int], int, int]:
    """The ids of `before` and the line, where the line begins, and its length T."""
    if not before:
        raise ValueError("before is empty, expected at least one character: the line's first letter follows on it.")
    first = vocab[[*before] if before.isspace() else vocab.split(before, "before")]
    letters = vocab[vocab.split(line, "the line")]
    return first + letters, len(first), len(letters)


def check_model(model, kind: type) -> None:
    """Raise a TypeError unless the model is an `RNNLM`, of which the input vectors can be had."""
    if not isinstance(model, kind):
        raise TypeError(
            f"The model is of the type {type(model).__name__}, expected an RNNLM, by whose input vectors there is a "
            "gradient: put the layer into one."
        )
