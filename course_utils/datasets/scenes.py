"""Scenes of handwritten digits, each with its one true caption."""

from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np

from course_utils.datasets.batches import generator
from course_utils.datasets.captions import NAMES, CaptionData, Sentence, choose, place
from course_utils.datasets.digits import SIDE, Pictures


class SceneData(CaptionData):
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

    What training never sees: a fifth of the pictures, as in `DigitsData`, and one in ten of the combinations. A
    combination is two digits that follow one another in a caption, and the relation between them: "three left of a
    seven". For each relation, each digit has one that never follows it and one that it never follows, so that training
    has every digit equally often in every place. All held-out scenes are of unseen pictures; `groups` has them by name:

    - "new combinations": each caption has a combination that training never has, or two. This is also `heldout`.
    - "seen combinations": no caption has one; the scenes are of the same kinds. Those of one digit are in neither.

    Args:
        batch_size: n; the last batch may have fewer.
        num_train: how many scenes an epoch of training has.
        num_heldout: how many scenes each group has.
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
        seed: int = 0,
    ):
        rng = generator(seed, 2)
        forbidden = {relation: rng.permutation(10) for relation in ("left of", "above")}  # what never follows digit i

        def sentence(rows, digits):
            relations = [relation for row in rows for relation in ["left of"] * (row - 1) + ["above"]][:-1]
            words = NAMES[digits[0]].split()
            for relation, digit in zip(relations, digits[1:], strict=True):
                words += [*relation.split(), *NAMES[digit].split()]
            combinations = zip(relations, pairwise(digits), strict=True)
            return Sentence(words, digits, any(forbidden[relation][a] == b for relation, (a, b) in combinations))

        kinds = [[sentence(rows, digits) for digits in product(range(10), repeat=sum(rows))] for rows in self.kinds]
        super().__init__(kinds, batch_size, num_train, num_heldout, seed)

    def _show(self, rng: np.random.Generator, kind: int, signs: np.ndarray, pictures: Pictures) -> np.ndarray:
        m, (height, width) = len(signs), self.shape
        tilts = [3 if row > 1 else 0 for row in self.kinds[kind]]
        tops = _side_by_side(rng, m, [SIDE + tilt for tilt in tilts], height)  # (m, rows)
        scenes = np.zeros((m, height, width), dtype=np.float32)
        digits = iter(signs.T)
        for row, tilt, top in zip(self.kinds[kind], tilts, tops.T, strict=True):
            for left in _side_by_side(rng, m, [SIDE] * row, width).T:  # (m,)
                place(scenes, choose(rng, next(digits), pictures), top + rng.integers(tilt + 1, size=m), left)
        return scenes


def _side_by_side(rng: np.random.Generator, m: int, sizes: Sequence[int], length: int) -> np.ndarray:
    """Where things of these sizes begin on a line of this length, in order, apart, at random: (m, number of things)."""
    gaps = np.sort(rng.integers(length - sum(sizes) + 1, size=(m, len(sizes))), axis=1)
    return gaps + np.cumsum([0, *sizes[:-1]])
