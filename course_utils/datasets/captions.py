"""Drawn pictures with captions that are true by construction: what scenes and clips share.

Everything here is NumPy, so that PyTorch and TensorFlow are given the very same batches.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from course_utils.datasets.batches import ArrayBatches, generator
from course_utils.datasets.digits import SIDE, Pictures, split_pictures
from course_utils.datasets.text import BOS, EOS, NO_TARGET, PAD, RESERVED, Vocab
from course_utils.errors import check_whole

GROUPS = ("new combinations", "seen combinations")
NAMES = "a zero,a one,a two,a three,a four,a five,a six,a seven,an eight,a nine".split(",")

CaptionBatch = tuple[tuple[np.ndarray, np.ndarray], np.ndarray]


class DrawnBatches:
    """Batches drawn anew whenever they are asked for: each epoch has so many examples, and no two epochs are the same.

    Args:
        draw: n -> a batch of n examples.
        num_examples: in an epoch.
        batch_size: n; the last batch may have fewer.

    >>> list(DrawnBatches(lambda n: "x" * n, num_examples=5, batch_size=3))
    ['xxx', 'xx']
    """

    carries_state = False

    def __init__(self, draw: Callable[[int], Any], num_examples: int, batch_size: int):
        check_whole(num_examples=num_examples, batch_size=batch_size)
        self.draw, self.num_examples, self.batch_size = draw, num_examples, batch_size

    def __len__(self) -> int:
        return math.ceil(self.num_examples / self.batch_size)

    def __iter__(self) -> Iterator:
        for start in range(0, self.num_examples, self.batch_size):
            yield self.draw(min(self.batch_size, self.num_examples - start))


class Sentence(NamedTuple):
    """A caption, and what is drawn for it."""

    words: list[str]
    signs: tuple[int, ...]  # what is to be drawn; as many for all sentences of a kind
    new: bool  # never to be seen in training


class CaptionData(ABC):
    """What scenes and clips share: sentences of several kinds, which may be new, and batches of what they say."""

    shape: tuple[int, ...]  # of one example

    def __init__(
        self,
        kinds: Sequence[Sequence[Sentence]],
        batch_size: int,
        num_train: int,
        num_heldout: int,
        seed: int,
    ):
        check_whole(num_heldout=num_heldout)
        self.vocab = Vocab([word for kind in kinds for each in kind for word in {*each.words}], reserved=RESERVED)
        self.num_steps = 1 + max(len(each.words) for kind in kinds for each in kind)
        self._signs = [np.array([each.signs for each in kind]) for kind in kinds]  # (sentences, signs) of each kind
        self._targets = [np.array([self._target(each.words) for each in kind]) for kind in kinds]  # (sentences, T)
        new = [np.array([each.new for each in kind]) for kind in kinds]
        chosen = {
            "train": [~each for each in new],
            "new combinations": new,
            "seen combinations": [~each & each.any() for each in new],
        }
        self.combinations = {
            name: [" ".join(kinds[k][i].words) for k, mask in enumerate(masks) for i in np.flatnonzero(mask)]
            for name, masks in chosen.items()
        }
        train, unseen = split_pictures(seed)
        rng = generator(seed, 1)
        self.groups = {
            name: ArrayBatches(*self._draw(rng, num_heldout, chosen[name], unseen), batch_size) for name in GROUPS
        }
        self.heldout = self.groups["new combinations"]
        self.train = DrawnBatches(lambda n: self._draw(rng, n, chosen["train"], train), num_train, batch_size)

    def captions(self, ids: np.ndarray) -> list[str]:
        """The sentences of ids (n, T), each up to its `<eos>` or the first −1, as text.

        Raises IndexError for an id outside the vocabulary.
        """
        ended = (ids == EOS) | (ids == NO_TARGET)
        lengths = np.where(ended.any(axis=1), ended.argmax(axis=1), ids.shape[1])
        return [" ".join(self.vocab.to_tokens(row[:length])) for row, length in zip(ids, lengths, strict=True)]

    def _target(self, words: list[str]) -> list[int]:
        return [*self.vocab[words], EOS] + [NO_TARGET] * (self.num_steps - 1 - len(words))

    def _draw(self, rng: np.random.Generator, n: int, chosen: list[np.ndarray], pictures: Pictures) -> CaptionBatch:
        """Examples of the chosen sentences: all kinds that have one equally often, and so the sentences of a kind."""
        kinds = rng.choice([k for k, mask in enumerate(chosen) if mask.any()], size=n)
        X = np.zeros((n, *self.shape), dtype=np.float32)
        Y = np.zeros((n, self.num_steps), dtype=np.int64)
        for k in np.unique(kinds):
            here = np.flatnonzero(kinds == k)
            which = rng.choice(np.flatnonzero(chosen[k]), size=len(here))
            X[here] = self._show(rng, k, self._signs[k][which], pictures)
            Y[here] = self._targets[k][which]
        inputs = np.pad(Y[:, :-1], [(0, 0), (1, 0)], constant_values=BOS)
        return (X, np.where(Y == NO_TARGET, PAD, inputs)), Y

    @abstractmethod
    def _show(self, rng: np.random.Generator, kind: int, signs: np.ndarray, pictures: Pictures) -> np.ndarray:
        """Draw m examples (m, *shape) of what signs (m, …), all of one kind, say."""


def choose(rng: np.random.Generator, digits: np.ndarray, pictures: Pictures) -> np.ndarray:
    """A picture (m, 8, 8) of each of the digits (m,), out of those given, which are sorted by digit."""
    X, Y = pictures
    return X[rng.integers(np.searchsorted(Y, digits), np.searchsorted(Y, digits, side="right"))]


def place(scenes: np.ndarray, pictures: np.ndarray, tops: np.ndarray, lefts: np.ndarray) -> None:
    """Put a picture (8, 8) into each of the scenes (m, H, W), with its upper left corner there."""
    side = np.arange(SIDE)
    rows, columns = (tops[:, None] + side)[:, :, None], (lefts[:, None] + side)[:, None, :]
    scenes[np.arange(len(scenes))[:, None, None], rows, columns] = pictures
