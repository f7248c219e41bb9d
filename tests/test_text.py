"""From a file to ids: normalising, splitting, the vocabulary, and a text with a part held out."""

from collections import Counter

import numpy as np
import pytest
from data_helpers import says
from hypothesis import given
from hypothesis import strategies as st

from course_utils.datasets import (
    DataError,
    LanguageModelData,
    RandomBatches,
    SequentialBatches,
    Vocab,
    WindowBatches,
    load_corpus,
    normalize,
    tokenize,
)

letters = st.text("abzAZ \n\t\u00a0'-.—09éßİ\x00字")  # of each kind some, such as one that becomes two in lower case
words = st.lists(st.text("abc", min_size=1, max_size=3), max_size=40)


@given(letters)
def test_normal_text_is_letters_and_single_spaces(text):
    normal = normalize(text)
    assert set(normal) <= set("abcdefghijklmnopqrstuvwxyz ")
    assert "  " not in normal
    assert normalize(normal) == normal


def test_what_normalising_does():
    assert normalize("The END\n\t-- isn't   it? 42") == "the end isn t it "


@given(letters)
def test_splitting_loses_nothing(text):
    assert "".join(tokenize(text, "char")) == text
    assert "".join(tokenize(text, "word")) == "".join(text.split())


def test_a_wrong_level_is_refused():
    with pytest.raises(ValueError) as error:
        tokenize("a", "words")
    says(error, "'words'", "('char', 'word')")


@given(tokens=words, min_freq=st.integers(1, 3), reserved=st.sampled_from([(), ("<pad>",), ("<bos>", "a")]))
def test_a_vocabulary_is_a_two_way_table_the_most_frequent_first(tokens, min_freq, reserved):
    vocab = Vocab(tokens, min_freq, reserved)
    counts = Counter(tokens)
    assert vocab.tokens[: 1 + len(reserved)] == ["<unk>", *reserved]
    rest = vocab.tokens[1 + len(reserved) :]
    assert set(rest) == {token for token, count in counts.items() if count >= min_freq} - {*reserved}
    assert rest == sorted(rest, key=lambda token: (-counts[token], token))
    assert len(vocab) == len(set(vocab.tokens))
    assert vocab[vocab.tokens] == list(range(len(vocab)))
    assert vocab.to_tokens(range(len(vocab))) == vocab.tokens
    known = [token if token in vocab.tokens else "<unk>" for token in tokens]
    assert vocab.to_tokens(vocab[tokens]) == known


@given(data=st.data(), tokens=words)
def test_the_order_of_a_text_does_not_matter_to_its_vocabulary(data, tokens):
    assert Vocab(data.draw(st.permutations(tokens))).tokens == Vocab(tokens).tokens


def test_unknown_tokens_are_zero():
    vocab = Vocab(["a", "b"])
    assert Vocab.unk == vocab["z"] == vocab["<unk>"] == 0
    assert vocab[["b", "z", "a"]] == [2, 0, 1]
    assert vocab[("b",)] == [2]
    assert vocab[[]] == vocab.to_tokens([]) == []
    assert vocab.to_tokens(np.array([[1, 2], [0, 1]])) == ["a", "b", "<unk>", "a"]


def test_mistakes_with_a_vocabulary_are_named():
    with pytest.raises(TypeError) as error:
        Vocab("banana")
    says(error, "one string", "tokenize")
    for reserved in (["<pad>", "<pad>"], ["<unk>"]):
        with pytest.raises(ValueError) as error:
            Vocab(["a"], reserved=reserved)
        says(error, str(reserved), "once")
    for ids in ([0, 3], [-1]):
        with pytest.raises(IndexError) as error:
            Vocab(["a", "b"]).to_tokens(ids)
        says(error, f"{min(ids)} to {max(ids)}", "0 to 2")


@pytest.fixture
def book(tmp_path):
    """A file of 1,000 tokens, whose last hundred hold letters that come nowhere else."""
    path = tmp_path / "book.txt"
    path.write_text("ab " * 300 + "xyz " * 25, encoding="utf-8")
    return path


def test_a_file_of_ones_own_is_a_corpus(book):
    assert load_corpus(book) == load_corpus(str(book)) == "ab " * 300 + "xyz " * 25


def test_what_is_wrong_with_a_corpus_is_said(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError) as error:
        load_corpus("alise")
    says(error, "'alise'", "['alice', 'time_machine']", "path")
    latin = tmp_path / "latin.txt"
    latin.write_bytes("café".encode("latin-1"))
    with pytest.raises(ValueError) as error:
        load_corpus(latin)
    says(error, str(latin), "byte 3", "UTF-8")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    for name in ("alice", "time_machine"):
        with pytest.raises(DataError):
            load_corpus(name)


@pytest.mark.parametrize("heldout", [0.1, 100])
def test_the_last_part_is_held_out_and_teaches_nothing(book, heldout):
    data = LanguageModelData(book, batch_size=4, num_steps=6, heldout=heldout)
    assert data.vocab.tokens == ["<unk>", " ", "a", "b"]
    assert (data.train_ids.dtype, data.heldout_ids.dtype) == (np.int64, np.int64)
    assert "".join(data.vocab.to_tokens(data.train_ids)) == "ab " * 300
    assert data.vocab.to_tokens(data.heldout_ids) == ["<unk>", "<unk>", "<unk>", " "] * 25
    trained = np.concatenate([part for X, Y in data.train for part in (X.ravel(), Y.ravel())])
    assert data.vocab.unk not in trained
    assert sum(Y.size for _, Y in data.heldout) == 96  # 99 targets, in 4 rows


@pytest.mark.parametrize(
    ("sampling", "train", "heldout"),
    [
        ("sequential", SequentialBatches, SequentialBatches),
        ("random", RandomBatches, SequentialBatches),
        ("windows", WindowBatches, WindowBatches),
    ],
)
def test_the_ways_to_cut_have_names(book, sampling, train, heldout):
    data = LanguageModelData(book, batch_size=4, num_steps=6, sampling=sampling)
    assert (type(data.train), type(data.heldout)) == (train, heldout)
    for X, Y in data.train:
        assert X.shape[1] == Y.shape[1] == 6
        assert len(X) == 4 or sampling == "windows"
    one, other = ([X.tolist() for X, _ in data.heldout] for _ in range(2))
    assert one == other, "the held-out text is read alike each time"


def test_a_seed_gives_the_same_batches(book):
    def epochs(seed):
        data = LanguageModelData(book, 4, 5, sampling="random", seed=seed)
        return [[X.tolist() for X, _ in data.train] for _ in range(2)]

    assert epochs(3) == epochs(3)
    assert epochs(3) != epochs(4)


def test_words_and_a_limit(book):
    data = LanguageModelData(book, 2, 5, level="word", max_tokens=200, heldout=0.25)
    assert (len(data.train_ids), len(data.heldout_ids)) == (150, 50)
    assert data.vocab.tokens == ["<unk>", "ab"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"sampling": "shuffled"}, ["'shuffled'", "('sequential', 'random', 'windows')"]),
        ({"heldout": 1000}, ["heldout=1000 of 1000 tokens", "smaller"]),
        ({"heldout": 0.0}, ["heldout=0.0", "nothing on one side"]),
        ({"heldout": -0.5}, ["heldout=-0.5"]),
        ({"level": "letter"}, ["'letter'"]),
        ({"batch_size": 900}, ["900 tokens", "batch_size=900"]),
        ({"batch_size": 50, "num_steps": 50}, ["900 tokens", "need 2550"]),
    ],
)
def test_settings_that_make_no_sense_are_named(book, settings, said):
    with pytest.raises(ValueError) as error:
        LanguageModelData(book, **settings)
    says(error, *said)


def test_alice():
    try:
        data = LanguageModelData("alice")
    except DataError as error:
        pytest.skip(str(error))
    assert data.vocab.tokens[:4] == ["<unk>", " ", "e", "t"]
    assert len(data.vocab) == 28
    assert len(data.heldout_ids) == pytest.approx(len(data.train_ids) / 9, abs=1)
    assert "".join(data.vocab.to_tokens(data.train_ids)).count("alice") > 300
    assert data.vocab.unk not in data.heldout_ids


def test_the_time_machine_gives_as_many_tokens_as_elsewhere():
    try:
        text = load_corpus("time_machine")
    except DataError as error:
        pytest.skip(str(error))
    assert text.startswith("the time machine by h g wells ")
    assert len(text) == 173_428  # Dive into Deep Learning, section 9.2
    assert len(Vocab(tokenize(text))) == 28
