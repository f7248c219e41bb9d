"""A text is cut into batches in three ways, and rows are put together in two, whatever the sizes asked for."""

import math
from itertools import pairwise

import numpy as np
import pytest
from data_helpers import says
from hypothesis import given
from hypothesis import strategies as st

from course_utils.datasets import RandomBatches, SequentialBatches, WindowBatches
from course_utils.datasets.batches import ArrayBatches, LengthBatches, Padded

CUTS = {"sequential": SequentialBatches, "random": RandomBatches, "windows": WindowBatches}
sizes = st.tuples(st.integers(1, 5), st.integers(1, 6))  # n, T
seeds = st.integers(0, 2**32 - 1)
each_cut = pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)


@st.composite
def texts(draw, more=40):
    """Sizes, and the ids of a text that is just long enough for all the cuts or longer; every id occurs once."""
    n, T = draw(sizes)
    return n, T, np.arange((n + 1) * T + draw(st.integers(0, more)))


class ZeroOffset:
    """A generator that starts each epoch at the first token and keeps the order."""

    def integers(self, _):
        return 0

    def shuffle(self, _):
        pass


def epoch(cut, text, seed):
    n, T, ids = text
    return list(cut(ids, n, T, np.random.default_rng(seed)))


@each_cut
@given(text=texts(), seed=seeds)
def test_y_is_x_shifted_by_one_in_full_batches_of_int64(cut, text, seed):
    n, T, ids = text
    batches = epoch(cut, text, seed)
    assert batches, "even the shortest text gives a batch, wherever it starts"
    for X, Y in batches:
        assert X.dtype == Y.dtype == np.int64
        assert X.shape == Y.shape
        np.testing.assert_array_equal(Y, X + 1)  # the ids are their own places
        assert X.shape[1] == T
        assert len(X) == n or cut is WindowBatches
        assert ids[0] <= X.min() <= Y.max() <= ids[-1]


@each_cut
@given(text=texts(), seed=seeds)
def test_an_epoch_has_as_many_batches_as_it_says_or_one_less(cut, text, seed):
    n, T, ids = text
    said = len(cut(ids, n, T, np.random.default_rng(seed)))
    assert said == len(list(cut(ids, n, T, ZeroOffset())))
    assert said - len(epoch(cut, text, seed)) in ((0,) if cut is WindowBatches else (0, 1))


@given(text=texts())
def test_without_a_generator_the_number_of_batches_is_exact(text):
    n, T, ids = text
    for cut in (SequentialBatches, WindowBatches):
        batches = cut(ids, n, T)
        assert len(batches) == len(list(batches))


@given(text=texts(), seed=seeds)
def test_sequential_rows_go_on_where_they_stopped(text, seed):
    n, T, ids = text
    batches = epoch(SequentialBatches, text, seed)
    for (X, _), (following, _) in pairwise(batches):
        np.testing.assert_array_equal(following[:, 0], X[:, -1] + 1)
    read = np.concatenate([X for X, _ in batches], axis=1)
    offset, length = read[0, 0], read.shape[1]
    assert 0 <= offset < T
    assert offset + n * (length + T) >= len(ids), "as many full batches as there are"
    np.testing.assert_array_equal(read.ravel(), np.arange(offset, offset + n * length))  # each token once


@given(text=texts())
def test_held_out_text_is_read_whole_once_and_always_alike(text):
    n, T, ids = text
    batches = SequentialBatches(ids, n, T)
    first, second = ([X for X, _ in batches] for _ in range(2))
    assert all(X.shape == (n, T) for X in first[:-1])
    assert 1 <= first[-1].shape[1] <= T
    targets = np.concatenate([Y for _, Y in batches], axis=1)
    left_out = np.setdiff1d(ids[1:], targets)
    assert len(np.unique(targets)) == targets.size
    assert len(left_out) < n
    assert np.all(left_out > targets.max(initial=0)), "what is left out is at the end"
    for X, again in zip(first, second, strict=True):
        np.testing.assert_array_equal(X, again)


@given(text=texts(), seed=seeds)
def test_random_sequences_do_not_overlap_and_leave_little_out(text, seed):
    n, T, ids = text
    read = np.concatenate([X for X, _ in epoch(RandomBatches, text, seed)])
    assert len(np.unique(read)) == read.size
    assert len(set((read[:, 0] % T).tolist())) == 1, "one offset for all"
    assert read.size > len(ids) - 1 - 2 * T - n * T, "but for the two ends, and fewer sequences than make a batch"


@given(text=texts(), seed=seeds)
def test_windows_cover_every_place(text, seed):
    n, T, ids = text
    for batches in (epoch(WindowBatches, text, seed), list(WindowBatches(ids, n, T))):
        starts = np.concatenate([X[:, 0] for X, _ in batches])
        np.testing.assert_array_equal(np.sort(starts), ids[: len(ids) - T])
        assert all(len(X) == n for X, _ in batches[:-1])
    np.testing.assert_array_equal(starts, np.sort(starts))


@each_cut
@given(text=texts(), seed=seeds)
def test_a_seed_gives_the_same_epochs(cut, text, seed):
    n, T, ids = text
    one, other = (cut(ids, n, T, np.random.default_rng(seed)) for _ in range(2))
    for _ in range(2):
        for (X, Y), (same_X, same_Y) in zip(one, other, strict=True):
            np.testing.assert_array_equal(X, same_X)
            np.testing.assert_array_equal(Y, same_Y)


@each_cut
def test_two_epochs_and_two_seeds_differ(cut):
    ids = np.arange(500)
    batches = cut(ids, 3, 40, np.random.default_rng(0))
    epochs = [np.concatenate([X.ravel() for X, _ in batches]).tolist() for _ in range(2)]
    epochs.append(np.concatenate([X.ravel() for X, _ in cut(ids, 3, 40, np.random.default_rng(1))]).tolist())
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]


@pytest.mark.parametrize("cut", [RandomBatches, WindowBatches])
def test_sequences_come_in_random_order(cut):
    starts = np.concatenate([X[:, 0] for X, _ in cut(np.arange(500), 3, 10, np.random.default_rng(0))])
    steps = np.diff(starts)
    assert 0.3 < np.mean(steps > 0) < 0.7
    assert len(np.unique(steps)) > 10


@pytest.mark.parametrize("cut", [SequentialBatches, RandomBatches])
def test_every_offset_is_drawn(cut):
    T = 7
    batches = cut(np.arange(100), 2, T, np.random.default_rng(0))
    offsets = {min(int(X.min()) % T for X, _ in batches) for _ in range(100)}
    assert offsets == set(range(T))


@each_cut
def test_it_says_whether_the_state_is_carried(cut):
    assert cut.carries_state is (cut is SequentialBatches)


NEEDED = {"sequential": 4 * 5, "random": 4 * 5, "windows": 6}


@pytest.mark.parametrize("name", CUTS)
def test_a_text_that_is_too_short_is_named(name):
    n, T, rng = 3, 5, np.random.default_rng(0)
    needed = NEEDED[name]
    assert len(list(CUTS[name](np.arange(needed), n, T, rng))) >= 1
    with pytest.raises(ValueError) as error:
        CUTS[name](np.arange(needed - 1), n, T, rng)
    says(error, f"{needed - 1} tokens", "batch_size=3", "num_steps=5", f"need {needed}", "longer text")


def test_held_out_text_needs_a_token_for_each_row_and_one_more():
    [(X, Y)] = SequentialBatches(np.arange(4), 3, 5)
    assert (X.tolist(), Y.tolist()) == ([[0], [1], [2]], [[1], [2], [3]])
    with pytest.raises(ValueError, match="3 tokens"):
        SequentialBatches(np.arange(3), 3, 5)


NO_NUMBERS = [2.5, "32", None, True, np.float64(4), [4]]


@each_cut
@pytest.mark.parametrize("size", NO_NUMBERS)
def test_sizes_that_are_no_whole_numbers_are_refused(cut, size):
    for n, T, name in ((size, 5, "batch_size"), (5, size, "num_steps")):
        with pytest.raises(TypeError) as error:
            cut(np.arange(100), n, T, np.random.default_rng(0))
        says(error, f"{name} is {size!r}", "a whole number, 1 or more")


@pytest.mark.parametrize("size", NO_NUMBERS)
def test_rows_too_want_a_whole_number(size):
    with pytest.raises(TypeError) as error:
        ArrayBatches(np.arange(3), np.arange(3), size)
    says(error, f"batch_size is {size!r}", "a whole number")


IDS = [*range(40)]


@each_cut
@pytest.mark.parametrize(
    "kind", [list, tuple, iter, lambda ids: (i for i in ids), lambda _: range(40), np.uint8, np.int32]
)
def test_ids_may_come_in_any_sequence(cut, kind):
    found, expected = (list(cut(each, 3, 5, np.random.default_rng(0))) for each in (kind(IDS), np.array(IDS)))
    for batch, other in zip(found, expected, strict=True):
        for array, other_array in zip(batch, other, strict=True):
            assert array.dtype == np.int64
            np.testing.assert_array_equal(array, other_array)


@each_cut
@pytest.mark.parametrize(
    "ids", ["alice", ["a"] * 40, b"alice", np.linspace(0, 1, 40), [0.5] * 40, None, {*IDS}, [[1], [1, 2]], [True] * 40]
)
def test_what_holds_no_ids_is_refused(cut, ids):
    with pytest.raises(TypeError) as error:
        cut(ids, 3, 5, np.random.default_rng(0))
    says(error, "The ids are", "whole numbers", "vocab[tokenize(text)]")


@each_cut
def test_ids_come_in_one_row(cut):
    with pytest.raises(ValueError) as error:
        cut(np.zeros((10, 4), dtype=int), 3, 5, np.random.default_rng(0))
    says(error, "(10, 4)", "one row")


@each_cut
@pytest.mark.parametrize(("n", "T"), [(0, 5), (3, 0), (-1, 5)])
def test_sizes_below_one_are_refused(cut, n, T):
    with pytest.raises(ValueError) as error:
        cut(np.arange(100), n, T, np.random.default_rng(0))
    says(error, f"batch_size={n}", f"num_steps={T}", "1 or more")


@each_cut
def test_changing_a_batch_changes_neither_the_text_nor_its_targets(cut):
    ids = np.arange(60)
    for X, Y in cut(ids, 3, 5, np.random.default_rng(0)):
        before = Y.copy()
        X[:] = -1  # as one does who hides tokens from a model
        np.testing.assert_array_equal(Y, before)
    np.testing.assert_array_equal(ids, np.arange(60))


@pytest.mark.parametrize("rng", [None, np.random.default_rng(3)])
def test_rows_of_arrays_come_once_an_epoch_and_stay_together(rng):
    rows = np.arange(11)
    batches = ArrayBatches((rows, rows * 10), rows * 100, batch_size=4, rng=rng)
    epochs = [list(batches), list(batches)]
    assert len(batches) == len(epochs[0]) == 3
    for epoch in epochs:
        found = np.concatenate([np.stack([*X, Y]) for X, Y in epoch], axis=1)  # (3, 11)
        assert sorted(found[0]) == rows.tolist()
        np.testing.assert_array_equal(found, np.outer([1, 10, 100], found[0]))
    orders = [np.concatenate([X[0] for X, _ in epoch]).tolist() for epoch in epochs]
    assert (orders[0] == orders[1] == rows.tolist()) == (rng is None)
    assert (orders[0] == orders[1]) == (rng is None), "each epoch has an order of its own"
    with pytest.raises(ValueError, match="batch_size is 0, expected 1 or more"):
        ArrayBatches(rows, rows, batch_size=0)


@pytest.mark.parametrize(
    ("X", "rows"), [(np.zeros((3, 2)), 3), ((np.zeros(4), np.zeros(5)), 5), ([1, 2, 3], 3), ([], 0)]
)
@pytest.mark.parametrize("cut", [ArrayBatches, lambda X, Y, n: LengthBatches(X, Y, [np.zeros(4)], n)])
def test_as_many_labels_as_examples(cut, X, rows):
    with pytest.raises(ValueError) as error:
        cut(X, np.zeros(4), 2)
    says(error, f"X has {rows} rows and Y has 4", "as many of each")


def test_rows_may_be_lists():
    [(X, Y), (last, _)] = ArrayBatches([[1, 2], [3, 4], [5, 6]], [7, 8, 9], 2)
    assert (X.tolist(), Y.tolist(), last.tolist()) == ([[1, 2], [3, 4]], [7, 8], [[5, 6]])


class Labelled(np.lib.mixins.NDArrayOperatorsMixin):
    """As a Series of pandas: an index of its own, so that `series[0]` is not the first row."""

    def __array__(self, *_, **__):
        return np.array([5, 6, 7])

    def __getitem__(self, _):
        raise KeyError("no such label")


def test_rows_are_told_by_their_place_and_not_by_a_label():
    assert [X.tolist() for X, _ in ArrayBatches(Labelled(), Labelled(), 2)] == [[5, 6], [7]]


@pytest.mark.parametrize("X", [[[1, 2], [3]], [np.zeros((2, 3)), np.zeros((3, 2))]])
def test_rows_that_differ_are_refused(X):
    with pytest.raises(ValueError) as error:
        ArrayBatches(X, [0, 1], 2)
    says(error, "differ in shape", "pad them")


@pytest.mark.parametrize("X", [None, 3, iter([1, 2]), (i for i in range(2))])
def test_what_has_no_rows_is_refused(X):
    with pytest.raises(TypeError) as error:
        ArrayBatches(X, [0, 1], 2)
    says(error, "a row for each example")


def test_sequences_may_come_one_by_one():
    padded = Padded(iter([iter([1, 2]), [3]]), FILL, 1)
    assert (padded.ids.tolist(), padded.lengths.tolist()) == ([[1, 2], [3, FILL]], [2, 1])


@pytest.mark.parametrize("sequences", [None, 3, [1, 2], [[1], 2]])
def test_a_row_is_a_list_of_ids(sequences):
    with pytest.raises(TypeError) as error:
        Padded(sequences, FILL, 4)
    says(error, "The rows are", "a list of ids for each")


@pytest.mark.parametrize("sequences", [["abc"], [[0.5]], [["a"]]])
def test_only_whole_numbers_are_padded(sequences):
    with pytest.raises(TypeError) as error:
        Padded(sequences, FILL, 4)
    says(error, "whole numbers")


# Rows of like length

FILL = 99
sequences = st.lists(st.integers(0, 9), max_size=9)
pairs = st.lists(st.tuples(sequences, sequences), min_size=1, max_size=30)


def by_length(pairs, n, multiple, rng):
    """Batches `((number of the row, one, its lengths), other)`; for each row two sequences, alike in a batch."""
    one, other = (Padded(rows, FILL, multiple) for rows in zip(*pairs, strict=True))
    return LengthBatches((np.arange(len(pairs)), one, one.lengths), other, [one.widths, other.widths], n, rng)


@given(pairs=pairs, n=st.integers(1, 7), multiple=st.integers(1, 5), rng=st.none() | seeds.map(np.random.default_rng))
def test_an_epoch_has_each_row_once_padded_no_further_than_it_says(pairs, n, multiple, rng):
    batches = by_length(pairs, n, multiple, rng)
    for epoch in (list(batches), list(batches)):
        found = []
        assert len(epoch) == len(batches) == math.ceil(len(pairs) / n)
        assert sorted(len(Y) for _, Y in epoch)[1:] == [n] * (len(epoch) - 1), "all but one are full"
        for (numbers, X, lengths), Y in epoch:
            found += numbers.tolist()
            assert len(numbers) == len(X) == len(lengths) == len(Y)
            expected = [pairs[i] for i in numbers]
            assert lengths.tolist() == [len(one) for one, _ in expected]
            for array, rows in zip((X, Y), zip(*expected, strict=True), strict=True):
                assert array.dtype == np.int64
                T = math.ceil(max(map(len, rows)) / multiple) * multiple
                assert array.tolist() == [[*row, *[FILL] * (T - len(row))] for row in rows]
        assert sorted(found) == [*range(len(pairs))]
    assert not batches.carries_state


@given(pairs=pairs, n=st.integers(1, 7), multiple=st.integers(1, 5), rng=st.none() | seeds.map(np.random.default_rng))
def test_rows_meet_those_that_follow_them_in_the_order_of_their_widths(pairs, n, multiple, rng):
    def widths(number):
        return [math.ceil(len(row) / multiple) for row in pairs[number]]  # the first counts most

    epoch = [numbers.tolist() for (numbers, _, _), _ in by_length(pairs, n, multiple, rng)]
    by_width = sorted(epoch, key=lambda numbers: [*map(widths, numbers)])
    assert [widths(i) for numbers in by_width for i in numbers] == sorted(map(widths, range(len(pairs))))
    if rng is None:
        assert [i for numbers in epoch for i in numbers] == sorted(range(len(pairs)), key=widths), (
            "the short ones first, else as they come"
        )


@given(pairs=pairs, n=st.integers(1, 7), seed=seeds)
def test_a_seed_gives_the_same_batches_of_like_length(pairs, n, seed):
    one, other = (by_length(pairs, n, 4, np.random.default_rng(seed)) for _ in range(2))
    for _ in range(2):
        assert str([*one]) == str([*other])


def test_each_epoch_other_rows_of_like_length_meet_and_the_batches_come_in_another_order():
    pairs = [([0] * (i % 8), []) for i in range(400)]
    batches = by_length(pairs, 10, 4, np.random.default_rng(0))
    epochs = [[{*numbers.tolist()} for (numbers, _, _), _ in batches] for _ in range(2)]
    assert not {*map(frozenset, epochs[0])} & {*map(frozenset, epochs[1])}
    orders = [[X.shape[1] for (_, X, _), _ in batches] for _ in range(2)]
    assert orders[0] != orders[1] != sorted(orders[1])


def test_no_sequence_makes_no_batch():
    with pytest.raises(ValueError) as error:
        Padded([], FILL, 4)
    says(error, "no sequence", "one or more")


def test_changing_a_padded_batch_changes_nothing_else():
    batches = by_length([([1, 2], [3]), ([4], [5])], 2, 4, None)
    for (numbers, X, lengths), Y in batches:
        for array in (numbers, X, lengths, Y):
            array[:] = -1
    assert batches.Y.ids.tolist() == [[3, FILL, FILL, FILL], [5, FILL, FILL, FILL]]
    assert [[*map(int, part)] for part in (batches.X[0], batches.X[2])] == [[0, 1], [2, 1]]
    assert batches.X[1].ids.tolist() == [[1, 2, FILL, FILL], [4, FILL, FILL, FILL]]
