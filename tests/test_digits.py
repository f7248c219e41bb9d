"""Digits, scenes and clips: captions are true, nothing that is held out is trained on, and all that may come comes.

An oracle reads a scene back. For that each picture is one shade of grey all over, its number: what stands where can
then be told from the pixels, and what would be the caption is worked out anew.
"""

import subprocess
import sys
from collections import Counter
from itertools import groupby, pairwise

import numpy as np
import pytest
from data_helpers import says
from hypothesis import given
from hypothesis import strategies as st

from course_utils.datasets import ClipData, DigitsData, SceneData, digits
from course_utils.datasets.captions import GROUPS, DrawnBatches
from course_utils.datasets.text import BOS, EOS, PAD

WORDS = "zero one two three four five six seven eight nine".split()
COUNTS = [7, 6, 9, 5, 8, 7, 6, 5, 9, 8]  # pictures of each digit
LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(10), COUNTS))

seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="class")  # which is for each test too, but Hypothesis minds a fixture for each function
def grey():
    """Picture number i is i + 1 all over."""
    shades = np.broadcast_to(np.arange(1, len(LABELS) + 1, dtype=np.float32)[:, None, None], (len(LABELS), 8, 8))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digits, "load_pictures", lambda: (shades, LABELS))
        yield


def corners(picture):
    """Where the grey squares are, (top, left, number of the picture) of each; none may touch another's pixels."""
    rest, found = picture.copy(), []
    while rest.any():
        top = np.flatnonzero(rest.any(axis=1))[0]
        left = np.flatnonzero(rest[top])[0]
        square = rest[top : top + 8, left : left + 8]
        assert square.shape == (8, 8)
        assert (square == square[0, 0]).all(), "one covers another"
        found.append((int(top), int(left), int(square[0, 0]) - 1))
        square[:] = 0
    return found


def named(number):
    word = WORDS[LABELS[number]]
    return f"{'an' if word == 'eight' else 'a'} {word}"


def caption_of_scene(scene):
    """Rows of squares that overlap in height, from the top, each from the left."""
    rows = []
    for top, left, number in sorted(corners(scene)):
        if rows and any(abs(top - other) < 8 for other, _, _ in rows[-1]):
            rows[-1].append((top, left, number))
        else:
            rows.append([(top, left, number)])
    return " above ".join(
        " left of ".join(named(number) for _, number in sorted((left, number) for _, left, number in row))
        for row in rows
    )


def caption_of_clip(frames):
    [places] = zip(*[corners(frame) for frame in frames], strict=True)
    assert len({number for _, _, number in places}) == 1, "the picture stays the same"
    ways = {(0, -1): "left", (0, 1): "right", (-1, 0): "up", (1, 0): "down"}
    runs = [(way, len([*steps])) for way, steps in groupby(ways[b[0] - a[0], b[1] - a[1]] for a, b in pairwise(places))]
    assert all(length >= 2 for _, length in runs)
    return f"{named(places[0][2])} moves {' then '.join(way for way, _ in runs)}"


def combinations(text):
    """The pairs of neighbours that a caption has: (digit, relation, digit), or (digit, turn)."""
    words = text.split()
    if "moves" in words:
        return [(words[1], *turn) for turn in pairwise(words[3::2])]
    names = [i for i, word in enumerate(words) if word in WORDS]
    return [(words[i], words[i + 1], words[j]) for i, j in pairwise(names)]


KINDS = {SceneData: ((24, 24), 10, caption_of_scene), ClipData: ((8, 20, 20), 9, caption_of_clip)}
both = pytest.mark.parametrize("Data", KINDS)


def numbers(examples):
    return {int(value) - 1 for value in np.unique(examples) if value}


# Pictures alone


@given(seed=seeds, n=st.integers(1, 400))
def test_each_digit_is_split_alike_and_no_picture_is_on_both_sides(seed, n):
    pictures, labels = digits.load_pictures()
    data = DigitsData(n, seed)
    parts = []
    for batches in (data.train, data.heldout):
        epoch = list(batches)
        assert [len(Y) for _, Y in epoch[:-1]] == [n] * (len(batches) - 1)
        X, Y = (np.concatenate(arrays) for arrays in zip(*epoch, strict=True))
        assert X.dtype == np.float32
        assert Y.dtype == np.int64
        assert (X.min(), X.max()) == (0, 1)
        parts.append((Counter((x.tobytes(), int(y)) for x, y in zip(X, Y, strict=True)), np.bincount(Y)))
    known = Counter((x.tobytes(), int(y)) for x, y in zip(pictures, labels, strict=True))
    assert parts[0][0] + parts[1][0] == known
    assert parts[1][1].tolist() == [round(0.2 * count) for count in np.bincount(labels)]


def test_they_are_the_pictures_of_scikit_learn():
    from sklearn.datasets import load_digits

    pictures, labels = digits.load_pictures()
    np.testing.assert_array_equal(pictures * 16, load_digits().images)
    np.testing.assert_array_equal(labels, load_digits().target)
    assert len({picture.tobytes() for picture in pictures}) == 1797, "none is there twice, so none is on both sides"


def test_a_seed_gives_the_same_digits_and_each_epoch_another_order():
    def everything(seed):
        data = DigitsData(seed=seed)
        return [[Y.tolist() for _, Y in data.train] for _ in range(2)], next(iter(data.heldout))[0].tolist()

    assert everything(3) == everything(3)
    (epochs, split), (_, other_split) = everything(3), everything(4)
    assert epochs[0] != epochs[1]
    assert split != other_split


def test_scikit_learn_waits_until_it_is_needed():
    script = "import sys, course_utils.datasets; print('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "False\n"


# Scenes and clips


@both
@given(n=st.integers(1, 40), seed=seeds)
def test_a_caption_is_what_is_to_be_seen(Data, n, seed, grey):
    shape, T, read = KINDS[Data]
    data = Data(batch_size=n, num_train=2 * n + 1, num_heldout=5, seed=seed)
    assert data.num_steps == T
    for batches, sizes in ((data.train, [n, n, 1]), (data.heldout, [n] * (5 // n) + [5 % n] * (5 % n > 0))):
        epoch = list(batches)
        assert len(batches) == len(epoch)
        assert [len(Y) for _, Y in epoch] == sizes
        for (X, inputs), Y in epoch:
            assert (X.dtype, inputs.dtype, Y.dtype) == (np.float32, np.int64, np.int64)
            assert X.shape[1:] == shape
            assert inputs.shape == Y.shape == (len(X), T)
            for x, reads, target, text in zip(X, inputs, Y, data.captions(Y), strict=True):
                assert text == read(x)
                ids = data.vocab[text.split()]
                assert data.vocab.unk not in ids
                padding = T - len(ids) - 1
                assert target.tolist() == [*ids, EOS] + [-1] * padding
                assert reads.tolist() == [BOS, *ids] + [PAD] * padding


@both
@given(seed=seeds)
def test_what_is_held_out_is_never_trained_on(Data, seed, grey):
    alone = DigitsData(100, seed=seed)
    data = Data(batch_size=500, num_train=500, num_heldout=300, seed=seed)
    [((X, _), Y)] = data.train
    train = {each for text in data.captions(Y) for each in combinations(text)}
    assert numbers(X) <= numbers(alone.train.X)
    for name in GROUPS:
        [((X, _), Y)] = data.groups[name]
        assert len(Y) == 300
        assert numbers(X) <= numbers(alone.heldout.X)
        texts = data.captions(Y)
        assert {*texts} <= {*data.combinations[name]}
        assert all(combinations(text) for text in texts), "more than a single digit or move"
        assert not {*texts} & {*data.combinations["train"]} or name != "new combinations"
    assert data.heldout is data.groups["new combinations"]
    trainable = {each for text in data.combinations["train"] for each in combinations(text)}
    assert train <= trainable
    assert all({*combinations(text)} - trainable for text in data.combinations["new combinations"])
    assert {*data.combinations["seen combinations"]} <= {*data.combinations["train"]}


@given(seed=seeds)
def test_each_digit_lacks_one_partner_on_each_side(seed, grey):
    data = SceneData(num_train=1, num_heldout=1, seed=seed)
    assert [len(data.combinations[name]) for name in ("train", *GROUPS)] == [1810, 400, 1800]
    trainable = {each for text in data.combinations["train"] for each in combinations(text)}
    for relation in ("left", "above"):
        missing = {(a, b) for a in WORDS for b in WORDS} - {(a, b) for a, word, b in trainable if word == relation}
        assert sorted(a for a, _ in missing) == sorted(b for _, b in missing) == sorted(WORDS)


@given(seed=seeds)
def test_each_turn_lacks_one_digit_and_each_digit_a_turn(seed, grey):
    data = ClipData(num_train=1, num_heldout=1, seed=seed)
    assert len(data.combinations["train"]) + len(data.combinations["new combinations"]) == 10 * (4 + 12 + 36)
    trainable = {each for text in data.combinations["train"] for each in combinations(text)}
    ways = ("left", "right", "up", "down")
    missing = {(d, a, b) for d in WORDS for a in ways for b in ways if a != b} - trainable
    assert sorted((a, b) for _, a, b in missing) == sorted((a, b) for a in ways for b in ways if a != b)
    assert {d for d, _, _ in missing} == {*WORDS}
    singles = [text for text in data.combinations["train"] if not combinations(text)]
    assert len(singles) == 40


def test_the_combinations_depend_on_the_seed(grey):
    assert len({str(SceneData(num_train=1, num_heldout=1, seed=seed).combinations) for seed in range(3)}) == 3
    assert len({str(ClipData(num_train=1, num_heldout=1, seed=seed).combinations) for seed in range(3)}) == 3


@both
def test_every_kind_comes_equally_often(Data, grey):
    data = Data(batch_size=6000, num_train=6000, num_heldout=6000)
    for batches, kinds in ((data.train, 5 if Data is SceneData else 3), (data.heldout, 4 if Data is SceneData else 2)):
        [(_, Y)] = batches
        shapes = Counter(
            tuple(word for word in text.split() if word in ("left", "above", "then"))
            if Data is SceneData
            else text.count("then")
            for text in data.captions(Y)
        )
        assert len(shapes) == kinds
        np.testing.assert_allclose([count / 6000 for count in shapes.values()], 1 / kinds, atol=0.025)
    [(_, Y)] = data.train
    counts = Counter(word for text in data.captions(Y) for word in text.split() if word in WORDS)
    np.testing.assert_allclose([counts[word] / counts.total() for word in WORDS], 0.1, atol=0.015)


def test_digits_stand_everywhere_that_they_may(grey):
    [((X, _), _)] = SceneData(batch_size=4000, num_train=4000, num_heldout=1).train
    found = [corners(x) for x in X]
    singles = {square[:2] for [square] in (each for each in found if len(each) == 1)}
    assert {*range(17)} == {top for top, _ in singles} == {left for _, left in singles}
    pairs = [sorted(each) for each in found if len(each) == 2]
    assert {b[0] - a[0] for a, b in pairs} == {0, 1, 2, 3, *range(8, 17)}, "in a row, or one above the other"
    assert {abs(b[1] - a[1]) for a, b in pairs if b[0] - a[0] < 4} == {*range(8, 17)}
    used = Counter(number for each in found for _, _, number in each)
    held = numbers(DigitsData().heldout.X)
    assert {*used} == {*range(len(LABELS))} - held, "every picture to be trained on is used"


def test_moves_last_and_begin_as_they_may(grey):
    [((X, _), _)] = ClipData(batch_size=4000, num_train=4000, num_heldout=1).train
    lengths, tops, lefts = Counter(), set(), set()
    for clip in X:
        [places] = zip(*[corners(frame) for frame in clip], strict=True)
        steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(places)]
        lengths[tuple(len([*run]) for _, run in groupby(steps))] += 1
        tops |= {top for top, _, _ in places}
        lefts |= {left for _, left, _ in places}
    assert {*lengths} == {(7,), (2, 5), (3, 4), (4, 3), (5, 2), (2, 2, 3), (2, 3, 2), (3, 2, 2)}
    assert tops == lefts == {*range(13)}


@both
def test_a_seed_gives_the_same_examples_and_each_epoch_new_ones(Data):
    def everything(seed):
        data = Data(batch_size=9, num_train=20, num_heldout=9, seed=seed)
        parts = data.train, data.train, data.heldout, data.heldout
        return [[(X.tobytes(), inputs.tobytes(), Y.tobytes()) for (X, inputs), Y in part] for part in parts]

    one = everything(5)
    assert one == everything(5)
    assert one[0] != one[1]
    assert one[0][0] != one[0][1]
    assert one[2] == one[3], "held out once and for all"
    assert everything(6)[2] != one[2]


def test_a_real_scene_is_made_of_pictures():
    data = SceneData(batch_size=30, num_train=30, num_heldout=1)
    alone = {(x.tobytes(), int(y)) for x, y in zip(DigitsData().train.X, DigitsData().train.Y, strict=True)}
    [((X, _), Y)] = data.train
    for scene, text in zip(X, data.captions(Y), strict=True):
        if len(text.split()) == 2:
            windows = np.lib.stride_tricks.sliding_window_view(scene, (8, 8)).reshape(-1, 8, 8)
            digit = WORDS.index(text.split()[1])
            assert any((window.tobytes(), digit) in alone and window.sum() == scene.sum() for window in windows)


def test_captions_end_where_they_end():
    data = SceneData(num_train=1, num_heldout=1)
    a, three, six = data.vocab[["a", "three", "six"]]
    ids = np.array([[a, three, EOS, six, six], [a, six, -1, -1, -1], [a, three, a, six, three], [EOS, a, a, a, -1]])
    assert data.captions(ids) == ["a three", "a six", "a three a six three", ""]
    with pytest.raises(IndexError):
        data.captions(np.array([[99]]))


@pytest.mark.parametrize("Data", [DigitsData, *KINDS])
def test_a_batch_of_nothing_is_refused(Data):
    with pytest.raises(ValueError) as error:
        Data(batch_size=0)
    says(error, "batch_size is 0", "1 or more")


@pytest.mark.parametrize("settings", [{"num_train": 0}, {"num_heldout": -1}])
@both
def test_numbers_of_examples_are_positive(Data, settings):
    with pytest.raises(ValueError) as error:
        Data(**settings)
    says(error, "expected 1 or more", *map(str, settings.values()))


def test_no_state_is_carried():
    assert not DrawnBatches.carries_state


@pytest.mark.parametrize("size", ["4", 2.5])
@pytest.mark.parametrize("Data", [DigitsData, *KINDS])
def test_a_size_that_is_no_whole_number_is_named(Data, size):
    with pytest.raises(TypeError) as error:
        Data(batch_size=size)
    says(error, f"batch_size is {size!r}", "expected")
