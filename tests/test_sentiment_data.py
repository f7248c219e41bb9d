"""Rated snippets: classes, near-copies found as a slower way finds them, a split that keeps them together, batches."""

import json
import math
from collections import Counter
from itertools import combinations
from unittest import mock

import numpy as np
import pytest
from data_helpers import says
from hypothesis import given
from hypothesis import strategies as st

from course_utils.datasets import (
    DataError,
    SentimentData,
    Snippet,
    load_snippets,
    sentiment,
    sources,
    tokenize_sentence,
)
from course_utils.datasets.sentiment import CLASSES, TextBatches, near_copies
from course_utils.datasets.text import PAD
from course_utils.datasets.transport import open_member

seeds = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize(
    ("rating", "name"),
    [(-4, 0), (-0.5, 0), (-0.49, 1), (0, 1), (0.49, 1), (0.5, 2), (4, 2)],
)
def test_the_class_of_a_rating(rating, name):
    assert Snippet("", rating).label == name
    assert CLASSES[Snippet("", rating).label] == ("negative", "neutral", "positive")[name]


# Near-copies

words = st.sampled_from([*"abcdefg", "it's", "."])
texts = st.lists(st.lists(words, max_size=12), max_size=14)


def are_near(one, other):
    """By the definition, word by word."""
    one, other = ([word for word in text if word != "."] for text in (one, other))
    runs = [[row[i : i + 6] for i in range(len(row) - 5)] for row in (one, other)]
    every = {*one, *other}
    return any(run in runs[1] for run in runs[0]) or (
        bool(every) and len([word for word in every if word in one and word in other]) / len(every) >= 0.5
    )


def spread(texts):
    """Groups, by handing on the lowest number until nothing moves."""
    group = [*range(len(texts))]
    while True:
        before = [*group]
        for i, j in combinations(range(len(texts)), 2):
            if are_near(texts[i], texts[j]):
                group[i] = group[j] = min(group[i], group[j])
        if group == before:
            return group


@given(texts)
def test_near_copies_are_in_one_group_and_others_are_not(texts):
    found, expected = near_copies(texts), spread(texts)
    assert found.dtype == np.int64
    assert found.shape == (len(texts),)
    for i, j in combinations(range(len(texts)), 2):
        assert (found[i] == found[j]) == (expected[i] == expected[j])


@given(st.lists(st.lists(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), min_size=4, max_size=12), max_size=30))
def test_and_so_it_is_where_many_words_are_rare(texts):
    found, expected = near_copies(texts), spread(texts)
    assert len({*found.tolist()}) == len({*expected})
    assert len({*zip(found.tolist(), expected, strict=True)}) == len({*expected})


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("a pretentious mess", "... A pretentious mess !", True),
        ("a small film with a big heart", "a small film with a big impact", True),
        ("a gem", "a mess", False),
        ("a b c", "a b d", True),  # two of four
        ("a b c", "a d e", False),
        ("x y a b c d e f", "a b c d e f u v w p q r s t", True),  # six in a row
        ("x y z m n a b c d e", "a b c d e u v w p q r s t", False),  # five
        ("...", "!", False),
    ],
)
def test_what_is_a_near_copy(one, other, near):
    first, second = near_copies([tokenize_sentence(one), tokenize_sentence(other)])
    assert (first == second) == near


# Batches

rows = st.lists(st.lists(st.integers(2, 30), min_size=1, max_size=11), min_size=1, max_size=30)


@given(rows=rows, n=st.integers(1, 7), rng=st.none() | seeds.map(np.random.default_rng))
def test_an_epoch_has_every_text_once(rows, n, rng):
    labels = [sum(row) % 3 for row in rows]
    batches = TextBatches(rows, labels, n, rng)
    epoch, found = list(batches), []
    assert len(epoch) == len(batches) == math.ceil(len(rows) / n)
    assert sorted(len(Y) for _, Y in epoch)[1:] == [n] * (len(epoch) - 1)
    for (ids, lengths), Y in epoch:
        assert {ids.dtype, lengths.dtype, Y.dtype} == {np.dtype(np.int64)}
        assert len(ids) == len(lengths) == len(Y)
        assert ids.shape[1] % 4 == 0
        assert ids.shape[1] - max(lengths) < 4
        for i, length in enumerate(lengths):
            assert (ids[i, length:] == PAD).all()
            found.append((ids[i, :length].tolist(), int(Y[i])))
    assert Counter(map(str, found)) == Counter(map(str, zip(rows, labels, strict=True)))
    assert not batches.carries_state


@pytest.mark.parametrize("labels", [[0, 1], [0, 1, 2, 0], [], np.zeros((3, 1), dtype=int)])
def test_each_text_has_one_label(labels):
    with pytest.raises(ValueError) as error:
        TextBatches([[4], [5], [6]], labels, 2)
    says(error, "expected")


@pytest.mark.parametrize(
    "labels", [[0.2, 0.9, 1.0], ["negative", "neutral", "positive"], [None, 0, 1], [True, False, True]]
)
def test_labels_are_whole_numbers(labels):
    with pytest.raises(TypeError) as error:
        TextBatches([[4], [5], [6]], labels, 2)
    says(error, "The labels are", "whole numbers")


def test_texts_of_like_length_meet_and_anew_in_each_epoch():
    rng = np.random.default_rng(0)
    rows = [[5] * int(length) for length in rng.integers(1, 20, size=500)]
    batches = TextBatches(rows, range(500), 10, rng)
    epochs = [list(batches) for _ in range(2)]
    assert np.mean([np.mean(ids == PAD) for (ids, _), _ in epochs[0]]) < 0.2, "at random it would be a half"
    one, other = ([Y.tolist() for _, Y in epoch] for epoch in epochs)
    assert {*map(tuple, one)} != {*map(tuple, other)}, "other texts meet"
    widths = [ids.shape[1] for (ids, _), _ in epochs[0]]
    assert widths != sorted(widths)
    still = TextBatches(rows, range(500), 10)
    assert str([*still]) == str([*still])


# The split

SUBJECTS = ["film", "plot", "cast", "score", "ending", "star", "script", "camera", "pace", "idea"]
VERDICTS = {"delights": 2.5, "bores": -2.5, "happens": 0.0}
ODDS = ["quietly", "loudly", "twice", "again", "slowly", "often", "rarely", "gladly"]


@pytest.fixture(scope="class")  # which is for each test too, but Hypothesis minds a fixture for each function
def fake():
    """240 snippets, the ones that differ by a word near-copies of one another, in 30 groups."""
    made = [
        Snippet(f"{subject} {subject}1 {subject}2 {verdict} {verdict}1 {verdict}2 {odd}.", rating)
        for subject in SUBJECTS
        for verdict, rating in VERDICTS.items()
        for odd in ODDS
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sentiment, "load_snippets", lambda: made)
        yield made


@given(share=st.sampled_from([0.1, 0.3, 0.6]), min_freq=st.integers(1, 40), n=st.integers(1, 50), seed=seeds)
def test_whole_groups_are_held_out_and_the_rest_teaches_the_words(fake, share, min_freq, n, seed):
    with mock.patch.object(sentiment, "MIN_FREQ", min_freq):  # no word of the fake ones is there once only
        data = SentimentData(n, share, seed)
    assert sorted(data.train_snippets + data.heldout_snippets) == sorted(fake)
    assert len(data.heldout_snippets) == 8 * int(30 * share)
    heads = [
        {tuple(snippet.text.split()[:6]) for snippet in part} for part in (data.train_snippets, data.heldout_snippets)
    ]
    assert not heads[0] & heads[1]
    counts = Counter(word for snippet in data.train_snippets for word in tokenize_sentence(snippet.text))
    assert data.vocab.tokens[:2] == ["<unk>", "<pad>"]
    assert {*data.vocab.tokens[2:]} == {word for word, count in counts.items() if count >= min_freq}
    for batches, part in ((data.train, data.train_snippets), (data.heldout, data.heldout_snippets)):
        assert max(len(Y) for _, Y in batches) <= n
        found = [(ids[i, : lengths[i]].tolist(), int(Y[i])) for (ids, lengths), Y in batches for i in range(len(Y))]
        expected = [(data.vocab[tokenize_sentence(snippet.text)], snippet.label) for snippet in part]
        assert sorted(found) == sorted(expected)


def test_a_seed_gives_the_same_split_and_batches(fake):
    def everything(seed):
        data = SentimentData(7, seed=seed)
        return data.heldout_snippets, [[str(batch) for batch in data.train] for _ in range(2)]

    assert everything(3) == everything(3)
    (split, epochs), (other_split, _) = everything(3), everything(4)
    assert epochs[0] != epochs[1]
    assert split != other_split


def test_whatever_is_typed_is_encoded(fake):
    data = SentimentData()
    film, delights = data.vocab[["film", "delights"]]
    assert 0 not in (film, delights)
    ids, lengths = data.encode(["Film DELIGHTS gloriously", "", "film film film film film"])
    assert ids.dtype == lengths.dtype == np.int64
    assert ids.tolist() == [[film, delights, 0, *[PAD] * 5], [0, *[PAD] * 7], [*[film] * 5, *[PAD] * 3]]
    assert lengths.tolist() == [3, 1, 5]
    with pytest.raises(TypeError) as error:
        data.encode("film")
    says(error, "one string", "['film']")
    with pytest.raises(ValueError) as error:
        data.encode([])
    says(error, "empty", "one text or more")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"heldout": 0.0}, ["heldout=0.0 of 240 leaves", "nothing on one side"]),
        ({"heldout": 0.01}, ["heldout=0.01", "between 0 and 1"]),
        ({"heldout": 1.0}, ["heldout=1.0"]),
        ({"batch_size": 0}, ["batch_size is 0", "1 or more"]),
    ],
)
def test_settings_that_make_no_sense_are_named(fake, settings, said):
    with pytest.raises(ValueError) as error:
        SentimentData(**settings)
    says(error, *said)


def test_without_the_file_there_are_no_snippets(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    with pytest.raises(DataError) as error:
        load_snippets()
    says(error, "missing", "'course data fetch sentiment'")


# The real ones


@pytest.fixture(scope="module")
def real():
    try:
        return SentimentData()
    except DataError as error:
        pytest.skip(str(error))


def test_the_snippets_and_what_is_said_of_them(real):
    snippets = load_snippets()
    assert len(snippets) == 10_605
    assert snippets[2] == Snippet("Effective but too tepid biopic", -0.6)
    assert any("flambé" in snippet.text or "cliché" in snippet.text for snippet in snippets), "read as UTF-8"
    ratings = np.array([snippet.rating for snippet in snippets])
    assert -4 <= ratings.min() < ratings.max() <= 4
    shares = 100 * np.bincount([snippet.label for snippet in snippets]) / len(snippets)
    assert shares.round().tolist() == [48, 5, 47]
    hills, _ = np.histogram(ratings, np.arange(-4, 4.5, 0.5))
    assert (hills[:8].argmax(), hills[8:].argmax()) == (4, 3), "from −2 to −1.5, and from 1.5 to 2"
    assert min(hills[4], hills[11]) > 3 * max(hills[7:9])


def test_what_is_said_of_the_people_who_rated(real):
    with open_member(sources.path("sentiment"), "hutto_ICWSM_2014/movieReviewSnippets_anonDataRatings.txt") as stream:
        given_ratings = [json.loads(line.split(b"\t")[3]) for line in stream.read().splitlines()]
    assert len(given_ratings) == 10_605
    assert min(map(len, given_ratings)) == 15
    assert round(np.mean([np.std(ratings) for ratings in given_ratings]), 1) == 0.9
    assert round(np.mean([np.std(ratings) / len(ratings) ** 0.5 for ratings in given_ratings]), 1) == 0.2
    np.testing.assert_allclose(
        [np.mean(ratings) for ratings in given_ratings], [s.rating for s in load_snippets()], atol=1e-6
    )


def test_no_near_copy_of_a_held_out_snippet_is_trained_on(real):
    train, heldout = (
        [[token for token in tokenize_sentence(snippet.text) if token[0].isalnum()] for snippet in part]
        for part in (real.train_snippets, real.heldout_snippets)
    )
    assert len(heldout) == pytest.approx(0.2 * 10_605, abs=15)
    sizes = np.array([len({*row}) for row in train])
    having = {}
    for i, row in enumerate(train):
        for word in {*row}:
            having.setdefault(word, []).append(i)
    for row in heldout:
        posts = [having[word] for word in {*row} if word in having]
        shared = np.bincount(np.concatenate(posts), minlength=len(train)) if posts else np.zeros(len(train))
        assert (shared / (sizes + len({*row}) - shared)).max() < 0.5
    runs = [{tuple(row[i : i + 6]) for row in part for i in range(len(row) - 5)} for part in (train, heldout)]
    assert not runs[0] & runs[1]


def test_little_is_padding_and_little_is_unknown(real):
    ids = [ids for (ids, _), _ in real.train]
    assert np.mean([np.mean(each == PAD) for each in ids]) < 0.1
    assert 0.02 < np.mean([np.mean(each == 0) for each in ids]) < 0.06
    unknown = np.mean(np.concatenate([each[each != PAD] == 0 for (each, _), _ in real.heldout]))
    assert unknown < 0.09
