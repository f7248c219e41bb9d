"""Clips of handwritten digits that move, each with a sentence that says how."""

from itertools import pairwise, product
from typing import ClassVar

import numpy as np

from course_utils.datasets.batches import generator
from course_utils.datasets.captions import NAMES, CaptionData, Sentence, choose, place
from course_utils.datasets.digits import SIDE, Pictures


class ClipData(CaptionData):
    """Clips of a digit that moves in one to three directions, each with its one true caption.

        a three moves left         a three moves left then up         a three moves left then up then left

    In each of the 8 frames, 20 × 20 pixels, the digit stands one pixel further than in the one before. A direction is
    kept for two steps or more, and then changes to another. The picture stays the same throughout a clip.

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
        seed: int = 0,
    ):
        names = [*self.directions]
        turns = [(a, b) for a, b in product(range(4), repeat=2) if a != b]
        rng = generator(seed, 2)
        kept_from = dict(zip(turns, [*rng.permutation(10), *rng.permutation(10)][: len(turns)], strict=True))

        def sentence(digit, moves):
            text = f"{NAMES[digit]} moves {' then '.join(names[move] for move in moves)}"
            return Sentence(text.split(), (digit, *moves), any(kept_from[turn] == digit for turn in pairwise(moves)))

        kinds = [
            [
                sentence(digit, moves)
                for digit in range(10)
                for moves in product(range(4), repeat=number)
                if all(a != b for a, b in pairwise(moves))
            ]
            for number in (1, 2, 3)
        ]
        super().__init__(kinds, batch_size, num_train, num_heldout, seed)

    def _show(self, rng: np.random.Generator, kind: int, signs: np.ndarray, pictures: Pictures) -> np.ndarray:
        m, (frames, height, width) = len(signs), self.shape
        digits, moves = signs[:, 0], signs[:, 1:]
        lengths = np.array([each for each in product(range(2, frames), repeat=kind + 1) if sum(each) == frames - 1])
        ends = rng.choice(lengths, size=m).cumsum(axis=1)  # (m, moves): the step after which a move is over
        current = (np.arange(frames - 1)[:, None] >= ends[:, None]).sum(axis=2)  # (m, frames - 1): which move it is
        steps = np.array([*self.directions.values()])[np.take_along_axis(moves, current, axis=1)]
        path = np.pad(steps.cumsum(axis=1), [(0, 0), (1, 0), (0, 0)])  # (m, frames, 2), from the start
        room = np.array([height, width]) - SIDE
        start = rng.integers(-path.min(axis=1), room - path.max(axis=1) + 1)  # (m, 2): never leaves the frame
        corners = (start[:, None] + path).reshape(-1, 2)
        clips = np.zeros((m * frames, height, width), dtype=np.float32)
        place(clips, choose(rng, digits, pictures).repeat(frames, axis=0), *corners.T)
        return clips.reshape(m, *self.shape)
