"""An interpolated n-gram model: the baseline that a recurrent network has to beat."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from course_utils.datasets.batches import as_ids
from course_utils.errors import check_whole


class NGram:
    """A model that predicts a token from the `order - 1` tokens before it, by counting.

    Witten–Bell interpolation: with c(h, w) the count of token w after history h, N(h) the count of h, and D(h) the
    number of different tokens seen after h,

        P(w | h) = (c(h, w) + D(h) · P(w | h')) / (N(h) + D(h)),

    where h' is h without its oldest token, and below the empty history stands the uniform distribution 1 / V.
    Source: Witten and Bell (1991), The zero-frequency problem, IEEE Transactions on Information Theory 37(4).

    Args:
        order: the n of n-gram; 1 ignores all history.
        vocab_size: V; ids run from 0 to V - 1.

    >>> model = NGram(order=2, vocab_size=3).fit([1, 2, 1, 2, 1])
    >>> model.probs([1]).round(3).tolist()
    [0.032, 0.175, 0.794]
    """

    def __init__(self, order: int, vocab_size: int):
        check_whole(order=order, vocab_size=vocab_size)
        self.order, self.vocab_size = order, vocab_size
        self.counts: dict[tuple[int, ...], Counter] = defaultdict(Counter)

    def fit(self, ids: Sequence[int]) -> "NGram":
        """Count every n-gram of `ids` up to the model's order; returns the model."""
        ids = self._checked(ids)
        for t, token in enumerate(ids):
            for length in range(min(self.order, t + 1)):
                self.counts[ids[t - length : t]][token] += 1
        return self

    def prob(self, token: int, history: tuple[int, ...]) -> float:
        """P(token | history), a float; a history longer than order - 1 is cut to its last tokens."""
        p = 1 / self.vocab_size
        history = history[max(0, len(history) - self.order + 1) :]
        for start in range(len(history), -1, -1):  # from the empty history to the longest one
            seen = self.counts.get(history[start:])
            if seen is None:  # a history never seen: neither is any longer one
                break
            p = (seen[token] + len(seen) * p) / (seen.total() + len(seen))
        return p

    def probs(self, history: Sequence[int]) -> np.ndarray:
        """The distribution of the next token, float64 of shape (V,), which sums to 1."""
        history = tuple(int(i) for i in history)
        return np.array([self.prob(token, history) for token in range(self.vocab_size)])

    def loss(self, ids: Sequence[int]) -> float:
        """Mean negative log-likelihood (nats per token) of `ids`, each predicted from the ones before it."""
        ids = self._checked(ids)
        if not ids:
            raise ValueError("The text has no token, expected at least one: a mean of nothing is no loss.")
        reach = self.order - 1
        logs = [np.log(self.prob(token, ids[max(0, t - reach) : t])) for t, token in enumerate(ids)]
        return -float(np.mean(logs))

    def _checked(self, ids: Sequence[int]) -> tuple[int, ...]:
        ids = tuple(as_ids(ids).tolist())
        if ids and not 0 <= min(ids) <= max(ids) < self.vocab_size:
            raise ValueError(
                f"ids run from {min(ids)} to {max(ids)}, expected 0 to {self.vocab_size - 1}: check vocab_size."
            )
        return ids
