"""The small tasks ask what they say they ask, whatever their sizes."""

import numpy as np
import pytest
from data_helpers import says
from hypothesis import given
from hypothesis import strategies as st

from course_utils.datasets import BlankBatches, RecallBatches

seeds = st.integers(0, 2**32 - 1)


@given(distance=st.integers(1, 9), n=st.integers(1, 5), K=st.integers(1, 6), epoch=st.integers(0, 3), seed=seeds)
def test_the_symbol_is_shown_first_and_asked_for_last(distance, n, K, epoch, seed):
    batches = RecallBatches(distance, epoch, np.random.default_rng(seed), batch_size=n, num_symbols=K)
    found = list(batches)
    assert len(found) == len(batches) == epoch
    assert batches.vocab_size == 2 * K + 1
    for X, Y in found:
        assert X.dtype == Y.dtype == np.int64
        assert X.shape == Y.shape == (n, distance + 1)
        assert 0 <= X[:, 0].min() <= X[:, 0].max() < K
        assert np.all((X[:, 1:-1] >= K) & (X[:, 1:-1] < 2 * K)), "no distractor is a symbol"
        assert (X[:, -1] == 2 * K).all()
        assert (Y[:, :-1] == -1).all()
        np.testing.assert_array_equal(Y[:, -1], X[:, 0])


def test_all_symbols_and_distractors_come_up_alike_and_on_their_own():
    [(X, _)] = RecallBatches(3, 1, np.random.default_rng(0), batch_size=4000, num_symbols=4)
    for column, first in ((0, 0), (1, 4), (2, 4)):
        shares = np.bincount(X[:, column], minlength=9)[first : first + 4] / 4000
        np.testing.assert_allclose(shares, 0.25, atol=0.03)
    pairs = np.bincount(X[:, 0] * 4 + X[:, 1] - 4, minlength=16) / 4000
    np.testing.assert_allclose(pairs, 1 / 16, atol=0.02)


def test_a_recall_epoch_draws_new_ones_and_a_seed_decides_which():
    one, other = (RecallBatches(5, 2, np.random.default_rng(3), batch_size=8) for _ in range(2))
    first, second = ([X.tolist() for X, _ in one] for _ in range(2))
    assert first != second
    assert first[0] != first[1]
    assert [X.tolist() for X, _ in other] == first


@pytest.mark.parametrize("distance", [0, -1])
def test_a_question_before_the_symbol_is_refused(distance):
    with pytest.raises(ValueError) as error:
        RecallBatches(distance, 1, np.random.default_rng(0))
    says(error, f"distance is {distance}", "1 or more")


@st.composite
def texts(draw):
    """n, T, and a text that is just long enough or longer; every id occurs once, and none is the blank, 0."""
    n, T = draw(st.integers(1, 4)), draw(st.integers(1, 7))
    return n, T, np.arange(1, n * T + 1 + draw(st.integers(0, 30)))


@given(text=texts(), rng=st.none() | seeds.map(np.random.default_rng))
def test_one_token_in_the_middle_is_blank_and_asked_for(text, rng):
    n, T, ids = text
    before = ids.copy()
    batches = BlankBatches(ids, T, 0, n, rng)
    found = list(batches)
    assert len(found) == len(batches) >= 1
    for X, Y in found:
        assert X.dtype == Y.dtype == np.int64
        assert X.shape == Y.shape == (n, T)
        np.testing.assert_array_equal(np.argwhere(X == 0), [(i, T // 2) for i in range(n)])
        np.testing.assert_array_equal(np.argwhere(Y != -1), [(i, T // 2) for i in range(n)])
        filled = np.where(Y == -1, X, Y)
        np.testing.assert_array_equal(np.diff(filled), 1), "a piece of the text"
        assert ids[0] <= filled.min() <= filled.max() <= ids[-1]
    np.testing.assert_array_equal(ids, before)


@given(text=texts())
def test_without_a_generator_the_pieces_lie_side_by_side(text):
    n, T, ids = text
    batches = BlankBatches(ids, T, 0, n)
    first, second = ([(X.tolist(), Y.tolist()) for X, Y in batches] for _ in range(2))
    assert first == second
    filled = np.concatenate([np.where(Y == -1, X, Y).ravel() for X, Y in batches])
    np.testing.assert_array_equal(filled, ids[: len(filled)])
    assert len(ids) - len(filled) < n * T, "what is left over makes no batch"


def test_with_a_generator_pieces_begin_anywhere_and_anew_in_each_epoch():
    ids, T = np.arange(1, 402), 5
    batches = BlankBatches(ids, T, 0, 2, np.random.default_rng(0))
    epochs = [np.concatenate([X[:, 0] for X, _ in batches]) for _ in range(40)]
    assert not np.array_equal(epochs[0], epochs[1])
    starts = np.concatenate(epochs)
    assert {*(starts % T)} == {*range(T)}
    assert starts.max() > 390
    assert starts.min() < 10


def test_a_text_too_short_for_a_batch_of_pieces_is_refused():
    assert len(list(BlankBatches(np.arange(15), 5, 0, 3))) == 1
    with pytest.raises(ValueError) as error:
        BlankBatches(np.arange(14), 5, 0, 3)
    says(error, "14 tokens", "3 pieces of 5 need 15", "longer text")


@pytest.mark.parametrize(
    ("name", "number"), [("num_steps", 0), ("num_steps", 2.5), ("batch_size", "4"), ("batch_size", 0)]
)
def test_sizes_of_pieces_are_whole_numbers(name, number):
    with pytest.raises((TypeError, ValueError)) as error:
        BlankBatches(np.arange(50), **{"num_steps": 5, "blank": 0, "batch_size": 2, name: number})
    says(error, f"{name} is {number!r}", "1 or more")


@pytest.mark.parametrize("ids", ["alice", [0.5] * 50, None])
def test_pieces_are_cut_from_ids(ids):
    with pytest.raises(TypeError) as error:
        BlankBatches(ids, 5, 0, 2)
    says(error, "The ids are", "whole numbers")


@pytest.mark.parametrize(
    ("name", "number"), [("distance", 2.5), ("num_batches", "1"), ("batch_size", "4"), ("num_symbols", 0)]
)
def test_sizes_of_a_recall_task_are_whole_numbers(name, number):
    with pytest.raises((TypeError, ValueError)) as error:
        RecallBatches(**{"distance": 3, "num_batches": 1, "rng": np.random.default_rng(0), name: number})
    says(error, f"{name} is {number!r}", "a whole number" if isinstance(number, str | float) else "1 or more")


def test_no_state_is_carried():
    assert not RecallBatches.carries_state
    assert not BlankBatches.carries_state
