"""Handwritten digits, alone, placed in scenes and moving through clips, with captions that are true by construction.

The pictures are the 1,797 that come with scikit-learn: 8 × 8 pixels each, by 13 writers. Everything here is NumPy, so
that PyTorch and TensorFlow are given the very same batches.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import pairwise, product
from typing import Any, ClassVar, NamedTuple

import numpy as np

from course_utils.datasets.batches import ArrayBatches
from course_utils.datasets.text import Vocab
from course_utils.datasets.translation import BOS, EOS, PAD, RESERVED
from course_utils.shapes import NO_TARGET

GROUPS = ("new combinations", "seen combinations")

Pictures = tuple[np.ndarray, np.ndarray]  # (n, 8, 8) and their digits (n,)
CaptionBatch = tuple[tuple[np.ndarray, np.ndarray], np.ndarray]

_NAMES = "a zero,a one,a two,a three,a four,a five,a six,a seven,an eight,a nine".split(",")
_SIDE = 8  # pixels, of a digit


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
        _check_positive(num_examples=num_examples, batch_size=batch_size)
        self.draw, self.num_examples, self.batch_size = draw, num_examples, batch_size

    def __len__(self) -> int:
        return math.ceil(self.num_examples / self.batch_size)

    def __iter__(self) -> Iterator:
        for start in range(0, self.num_examples, self.batch_size):
            yield self.draw(min(self.batch_size, self.num_examples - start))


class DigitsData:
    """Pictures of digits: a training part, and a part that is held out and never trained on.

    `train` and `heldout` give batches `(X, Y)`: X (n, 8, 8) float32, from 0 (paper) to 1 (ink), the upper row first,
    and Y (n,) int64, the digits. The order of `train` is drawn anew in each epoch.

    Each digit has the same share of its pictures held out. The collection does not say who wrote what, so the writers
    of held-out pictures are in training too. `SceneData` and `ClipData` hold out the same pictures, given the same
    `heldout` and `seed`: what was trained here may be used there.

    Args:
        batch_size: n; the last batch may have fewer.
        heldout: how much is held out, as a share.
        seed: of the split and of the order of the batches.

    Attributes: `train`, `heldout`.

    >>> X, Y = next(iter(DigitsData(batch_size=5).heldout))
    >>> X.shape, Y.tolist()
    ((5, 8, 8), [0, 0, 0, 0, 0])
    """

    def __init__(self, batch_size: int = 32, heldout: float = 0.2, seed: int = 0):
        train, unseen = _split_pictures(heldout, seed)
        self.train = ArrayBatches(*train, batch_size, np.random.default_rng([seed, 1]))
        self.heldout = ArrayBatches(*unseen, batch_size)


class _Sentence(NamedTuple):
    words: list[str]
    signs: tuple[int, ...]  # what is to be drawn; as many for all sentences of a kind
    new: bool  # never to be seen in training


class _CaptionData(ABC):
    """What scenes and clips share: sentences of several kinds, which may be new, and batches of what they say."""

    shape: tuple[int, ...]  # of one example

    def __init__(
        self,
        kinds: Sequence[Sequence[_Sentence]],
        batch_size: int,
        num_train: int,
        num_heldout: int,
        heldout: float,
        seed: int,
    ):
        _check_positive(num_heldout=num_heldout)
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
        train, unseen = _split_pictures(heldout, seed)
        rng = np.random.default_rng([seed, 1])
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


class SceneData(_CaptionData):
    """Scenes of one to three digits on 24 × 24 pixels, each with its one true caption.

    Digits whose heights in the scene overlap stand in a row. A caption reads like a page: rows from top to bottom, and
    each row from left to right. So each scene has exactly one:

        a three                               a three left of a seven                a three above a seven
        a three left of a seven above a two   a two above a three left of a seven

    In the last two, three and seven share a row. No digit covers another; in a row they differ by 3 pixels in height
    at most.

    A batch is `((scenes, inputs), Y)`: scenes (n, 24, 24) float32, from 0 to 1; inputs (n, 10) int64, what the decoder
    reads, `<bos>` and the caption, then `<pad>`; Y (n, 10) int64, what it is to say, the caption and `<eos>`, then −1.
    `train` draws new scenes in each epoch, the five kinds equally often; held-out scenes are drawn once.

    What training never sees: a share of the pictures, and one in ten of the combinations. A combination is two digits
    that follow one another in a caption, and the relation between them: "three left of a seven". For each relation,
    each digit has one that never follows it and one that it never follows, so that training has every digit equally
    often in every place. All held-out scenes are of unseen pictures; `groups` has them by name:

    - "new combinations": each caption has a combination that training never has, or two. This is also `heldout`.
    - "seen combinations": no caption has; else the scenes are of the same kinds. Those of one digit are in neither.

    Args:
        batch_size: n; the last batch may have fewer.
        num_train: how many scenes an epoch of training has.
        num_heldout: how many scenes each group has.
        heldout: the share of pictures that are held out, as in `DigitsData`.
        seed: of all that is drawn. Two epochs differ; two objects with one seed do not.

    Attributes: `vocab` (with `<unk>`, `<pad>`, `<bos>`, `<eos>` as ids 0 to 3), `num_steps` (10), `train`, `heldout`,
    `groups`, `combinations` (all captions that "train" and each of the groups may have).

    >>> data = SceneData(batch_size=4, num_train=8, num_heldout=4)
    >>> (scenes, inputs), Y = next(iter(data.train))
    >>> scenes.shape, inputs.shape, Y.shape
    ((4, 24, 24), (4, 10), (4, 10))
    >>> data.captions(Y)[0], data.captions(inputs)[0]
    ('a nine above an eight left of a six', '<bos> a nine above an eight left of a six')
    """

    shape = (24, 24)
    kinds = ((1,), (2,), (1, 1), (2, 1), (1, 2))  # how many digits there are in each row, from top to bottom

    def __init__(
        self,
        batch_size: int = 64,
        num_train: int = 20_000,
        num_heldout: int = 1_000,
        heldout: float = 0.2,
        seed: int = 0,
    ):
        rng = np.random.default_rng([seed, 2])
        forbidden = {relation: rng.permutation(10) for relation in ("left of", "above")}  # what never follows digit i

        def sentence(rows, digits):
            relations = [relation for row in rows for relation in ["left of"] * (row - 1) + ["above"]][:-1]
            words = _NAMES[digits[0]].split()
            for relation, digit in zip(relations, digits[1:], strict=True):
                words += [*relation.split(), *_NAMES[digit].split()]
            combinations = zip(relations, pairwise(digits), strict=True)
            return _Sentence(words, digits, any(forbidden[relation][a] == b for relation, (a, b) in combinations))

        kinds = [[sentence(rows, digits) for digits in product(range(10), repeat=sum(rows))] for rows in self.kinds]
        super().__init__(kinds, batch_size, num_train, num_heldout, heldout, seed)

    def _show(self, rng: np.random.Generator, kind: int, signs: np.ndarray, pictures: Pictures) -> np.ndarray:
        m, (height, width) = len(signs), self.shape
        tilts = [3 if row > 1 else 0 for row in self.kinds[kind]]
        tops = _side_by_side(rng, m, [_SIDE + tilt for tilt in tilts], height)  # (m, rows)
        scenes = np.zeros((m, height, width), dtype=np.float32)
        digits = iter(signs.T)
        for row, tilt, top in zip(self.kinds[kind], tilts, tops.T, strict=True):
            for left in _side_by_side(rng, m, [_SIDE] * row, width).T:  # (m,)
                _place(scenes, _choose(rng, next(digits), pictures), top + rng.integers(tilt + 1, size=m), left)
        return scenes


class ClipData(_CaptionData):
    """Clips of a digit that moves in one to three directions, each with its one true caption.

        a three moves left         a three moves left then up         a three moves left then up then left

    In each of the 8 frames, 20 × 20 pixels, the digit stands one pixel further than in the one before. A direction is
    kept for two steps or more, and the next is another one. The picture stays the same throughout a clip.

    A batch is `((clips, inputs), Y)`: clips (n, 8, 20, 20) float32, frames in the order of time; inputs and Y (n, 9) as
    in `SceneData`. `train` draws new clips in each epoch, those of one, two and three moves equally often.

    What training never sees: a share of the pictures, and for each turn, such as "left then up", one digit that takes
    it; each of the ten is kept from at least one turn. Held-out clips are of unseen pictures; `groups` has them by
    name: in "new combinations", which is also `heldout`, a digit takes a turn that training never has it take; in "seen
    combinations" none does. Both are of two or three moves.

    Arguments and attributes: as of `SceneData`.

    >>> data = ClipData(batch_size=4, num_train=8, num_heldout=4)
    >>> (clips, inputs), Y = next(iter(data.train))
    >>> clips.shape, inputs.shape, Y.shape
    ((4, 8, 20, 20), (4, 9), (4, 9))
    >>> data.captions(Y)[0]
    'a six moves right'
    """

    shape = (8, 20, 20)
    directions: ClassVar = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}  # pixels down, right

    def __init__(
        self,
        batch_size: int = 64,
        num_train: int = 10_000,
        num_heldout: int = 1_000,
        heldout: float = 0.2,
        seed: int = 0,
    ):
        names = [*self.directions]
        turns = [(a, b) for a, b in product(range(4), repeat=2) if a != b]
        rng = np.random.default_rng([seed, 2])
        kept_from = dict(zip(turns, [*rng.permutation(10), *rng.permutation(10)][: len(turns)], strict=True))

        def sentence(digit, moves):
            text = f"{_NAMES[digit]} moves {' then '.join(names[move] for move in moves)}"
            return _Sentence(text.split(), (digit, *moves), any(kept_from[turn] == digit for turn in pairwise(moves)))

        kinds = [
            [
                sentence(digit, moves)
                for digit in range(10)
                for moves in product(range(4), repeat=number)
                if all(a != b for a, b in pairwise(moves))
            ]
            for number in (1, 2, 3)
        ]
        super().__init__(kinds, batch_size, num_train, num_heldout, heldout, seed)

    def _show(self, rng: np.random.Generator, kind: int, signs: np.ndarray, pictures: Pictures) -> np.ndarray:
        m, (frames, height, width) = len(signs), self.shape
        digits, moves = signs[:, 0], signs[:, 1:]
        lengths = np.array([each for each in product(range(2, frames), repeat=kind + 1) if sum(each) == frames - 1])
        ends = rng.choice(lengths, size=m).cumsum(axis=1)  # (m, moves): the step after which a move is over
        current = (np.arange(frames - 1)[:, None] >= ends[:, None]).sum(axis=2)  # (m, frames - 1): which move it is
        steps = np.array([*self.directions.values()])[np.take_along_axis(moves, current, axis=1)]
        path = np.pad(steps.cumsum(axis=1), [(0, 0), (1, 0), (0, 0)])  # (m, frames, 2), from the start
        room = np.array([height, width]) - _SIDE
        start = rng.integers(-path.min(axis=1), room - path.max(axis=1) + 1)  # (m, 2): never leaves the frame
        corners = (start[:, None] + path).reshape(-1, 2)
        clips = np.zeros((m * frames, height, width), dtype=np.float32)
        _place(clips, _choose(rng, digits, pictures).repeat(frames, axis=0), *corners.T)
        return clips.reshape(m, *self.shape)


def _check_positive(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"{name} is {number}, expected 1 or more.")


@cache
def _load_pictures() -> Pictures:
    from sklearn.datasets import load_digits  # here, because it takes a second, which only these data need

    bunch = load_digits()
    return (bunch.images / 16).astype(np.float32), bunch.target.astype(np.int64)


def _split_pictures(heldout: float, seed: int) -> tuple[Pictures, Pictures]:
    """The pictures to train on and those held out, each part sorted by digit."""
    X, Y = _load_pictures()
    rng = np.random.default_rng([seed, 0])
    train, unseen = [], []
    for digit in range(10):
        rows = rng.permutation(np.flatnonzero(digit == Y))
        number = round(len(rows) * heldout)
        if not 0 < number < len(rows):
            raise ValueError(
                f"heldout={heldout} of {len(rows)} pictures of a {digit} leaves nothing on one side: "
                "choose a share between 0 and 1, such as 0.2."
            )
        unseen += [*rows[:number]]
        train += [*rows[number:]]
    return (X[train], Y[train]), (X[unseen], Y[unseen])


def _choose(rng: np.random.Generator, digits: np.ndarray, pictures: Pictures) -> np.ndarray:
    """A picture (m, 8, 8) of each of the digits (m,), out of those given, which are sorted by digit."""
    X, Y = pictures
    return X[rng.integers(np.searchsorted(Y, digits), np.searchsorted(Y, digits, side="right"))]


def _side_by_side(rng: np.random.Generator, m: int, sizes: Sequence[int], length: int) -> np.ndarray:
    """Where things of these sizes begin on a line of this length, in order, apart, at random: (m, number of things)."""
    gaps = np.sort(rng.integers(length - sum(sizes) + 1, size=(m, len(sizes))), axis=1)
    return gaps + np.cumsum([0, *sizes[:-1]])


def _place(scenes: np.ndarray, pictures: np.ndarray, tops: np.ndarray, lefts: np.ndarray) -> None:
    """Put a picture (8, 8) into each of the scenes (m, H, W), with its upper left corner there."""
    side = np.arange(_SIDE)
    rows, columns = (tops[:, None] + side)[:, :, None], (lefts[:, None] + side)[:, None, :]
    scenes[np.arange(len(scenes))[:, None, None], rows, columns] = pictures
