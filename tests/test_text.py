"""From a file to ids: normalising, splitting, the vocabulary, and a text with a part held out."""

import unicodedata
import warnings
from collections import Counter
from pathlib import Path

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
from course_utils.datasets.text import CORPORA

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
    says(error, "'alise'", str(sorted(CORPORA)), "path")
    latin = tmp_path / "latin.txt"
    latin.write_bytes("café".encode("latin-1"))
    with pytest.raises(ValueError) as error:
        load_corpus(latin)
    says(error, str(latin), "byte 3", "UTF-8")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    for name in CORPORA:
        with pytest.raises(DataError):
            load_corpus(name)


def file_of(tmp_path, content):
    path = tmp_path / "own.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


# Other letters than a to z

PROSE = "L'été à Nîmes: ÇA VA, Zoë?\r\nOui… «deux» 22.\n"
unusual = st.text("aZéÇ ïßñПриветمك字한ก\u0301 .,-9\n", min_size=1).filter(str.strip)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("lower", "l'été à nîmes: ça va, zoë?\noui… «deux» 22.\n"),
        ("none", PROSE.replace("\r\n", "\n")),
        (str.upper, PROSE.replace("\r\n", "\n").upper()),
    ],
)
def test_a_text_keeps_its_letters_if_asked_to(tmp_path, form, expected):
    path = file_of(tmp_path, PROSE)
    assert load_corpus(path, normalize=form) == expected
    data = LanguageModelData(path, 2, 3, heldout=0.5, normalize=form)
    ids = [*data.train_ids, *data.heldout_ids]
    assert data.vocab.normalize == form
    assert "".join(data.vocab.to_tokens(ids[:5])) == expected[:5]


def test_an_accent_that_stands_alone_becomes_one_character_with_its_letter(tmp_path):
    path = file_of(tmp_path, "E\u0301te\u0301")
    assert load_corpus(path, "lower") == "été"
    assert load_corpus(path, "none") == "E\u0301te\u0301"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("L'été à Nîmes", ["4 of 10 letters (40.0%)", "'é'", "normalize='lower'"]),
        ("abc Привет", ["6 of 9 letters (66.7%)", "'п'"]),
        ("abab 字", ["1 of 5 letters (20.0%)", "'字'"]),
        ("aaae\u0301", ["1 of 5 letters"]),
        ("a" * 999 + "é", ["1 of 1,000 letters (0.1%)"]),
    ],
)
def test_letters_that_are_dropped_are_said(tmp_path, text, said):
    path = file_of(tmp_path, text)
    for read in (load_corpus, lambda path: LanguageModelData(path, 1, 1, "windows", heldout=0.5)):
        with pytest.warns(UserWarning) as warned:
            read(path)
        [warning] = warned
        assert warning.filename == __file__, "it points at the user's line"
        for part in [str(path), *said]:
            assert part in str(warning.message)


@given(unusual)
def test_lower_and_none_drop_nothing(tmp_path_factory, text):
    path = file_of(tmp_path_factory.mktemp("text"), text)
    assert load_corpus(path, "none") == text
    assert load_corpus(path, "lower") == unicodedata.normalize("NFC", text.lower())


def test_punctuation_and_digits_are_no_letters_that_were_lost(tmp_path):
    assert load_corpus(file_of(tmp_path, "“It’s — 5 €”, he said… 😀")) == " it s he said "


@pytest.mark.parametrize("text", ["Привет, мир", "你好,世界", "1865 — 42", "été"[0]])
@pytest.mark.parametrize("read", [load_corpus, LanguageModelData])
def test_a_text_of_which_nothing_is_left_is_refused_with_what_to_do(tmp_path, text, read):
    path = file_of(tmp_path, text)
    with pytest.raises(ValueError) as error:
        read(path)
    says(error, str(path), "Nothing is left", "normalize='letters'", "normalize='lower'")
    assert load_corpus(path, "lower") == text.lower()


@pytest.mark.parametrize("text", ["", " \n\t ", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("form", ["letters", "lower", "none"])
def test_an_empty_file_is_named(tmp_path, text, form):
    path = file_of(tmp_path, text)
    with pytest.raises(ValueError) as error:
        LanguageModelData(path, normalize=form)
    says(error, str(path), "is empty")


@pytest.mark.parametrize("form", ["Letters", "nfc", None, 3, ["lower"], True])
def test_an_unknown_normal_form_is_refused(book, form):
    with pytest.raises(ValueError) as error:
        LanguageModelData(book, normalize=form)
    says(error, f"normalize is {form!r}", "('letters', 'lower', 'none')", "function")


def test_a_function_that_gives_no_string_is_refused(book):
    with pytest.raises(TypeError) as error:
        load_corpus(book, str.split)
    says(error, "normalize gave ['ab', ", "a string")


# Encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_an_encoding_that_says_which_it_is_is_read(tmp_path, encoding):
    path = file_of(tmp_path, "Été 字\r\nb\rc".encode(encoding))
    assert load_corpus(path, "none") == "Été 字\nb\nc"


@pytest.mark.parametrize(
    "content",
    [
        "Hello".encode("utf-16-le"),
        "Hello".encode("utf-16-be"),
        "Привет, мир".encode("utf-16-le"),
        "Été".encode("latin-1"),
        "“so”".encode("cp1252"),
        b"ab\0cd",
        b"PK\x03\x04 and so on",
        b"\x1f\x8b\x08\x00",
        b"\x89PNG\r\n\x1a\n\x00",
        b"\xff\xfea",
    ],
)
def test_what_is_no_such_text_is_refused(tmp_path, content):
    path = file_of(tmp_path, content)
    with pytest.raises(ValueError) as error:
        load_corpus(path, "none")
    says(error, str(path), "UTF-", "save it as UTF-8")


# Project Gutenberg

LICENCE = "Project Gutenberg and its licence\n\n"
OPENINGS = [
    "*** START OF THE PROJECT GUTENBERG EBOOK A BOOK ***",
    "***START OF THE PROJECT GUTENBERG EBOOK A BOOK***",
    "*** START OF THIS PROJECT GUTENBERG EBOOK A BOOK ***",
    "*** START OF THE PROJECT GUTENBERG EBOOK A BOOK WHOSE\nTITLE IS LONG ***",
    "*** START OF THE PROJECT GUTENBERG EBOOK, A BOOK",
    "*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*",
    "*** Start of the Project Gutenberg eBook A Book ***",
]
CLOSINGS = [
    "*** END OF THE PROJECT GUTENBERG EBOOK A BOOK ***",
    "***END OF THE PROJECT GUTENBERG EBOOK A BOOK***",
    "*** END OF THIS PROJECT GUTENBERG EBOOK A BOOK ***",
    "End of the Project Gutenberg EBook of A Book, by Nobody",
    "End of Project Gutenberg's A Book, by Nobody",
    "End of The Project Gutenberg Etext of A Book",
    "End of the Project Gutenberg EBook of A Book\n\n*** END OF THIS PROJECT GUTENBERG EBOOK A BOOK ***",
]


@pytest.mark.parametrize("opening", OPENINGS)
@pytest.mark.parametrize("closing", CLOSINGS)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_only_the_book_itself_is_read(tmp_path, opening, closing, line_end):
    story = "Once, at the end of the Project Gutenberg day,\n***\nit ended.\n"
    text = f"{LICENCE}{opening}\n{story}{closing}\n{LICENCE}"
    path = file_of(tmp_path, text.replace("\n", line_end))
    assert load_corpus(path, "none").strip("\n") == story.strip()
    twice = file_of(tmp_path, (text + text).replace("\n", line_end))
    assert load_corpus(twice, "none").split() == story.split() * 2, "two books in one file"


def test_a_book_with_one_mark_only(tmp_path):
    for text in (f"{LICENCE}{OPENINGS[0]}\nOnce.", f"Once.\n{CLOSINGS[0]}\n{LICENCE}", "Once."):
        assert load_corpus(file_of(tmp_path, text), "none").strip() == "Once."
    with pytest.raises(ValueError, match="is empty"):
        load_corpus(file_of(tmp_path, f"{LICENCE}{OPENINGS[0]}\n{CLOSINGS[0]}\n{LICENCE}"))


def test_the_licence_is_not_what_is_held_out(tmp_path):
    path = file_of(tmp_path, f"{LICENCE}{OPENINGS[0]}\n{'ab ' * 300}\n{CLOSINGS[0]}\n{LICENCE * 5}")
    data = LanguageModelData(path, 2, 5)
    assert {*data.vocab.to_tokens(data.heldout_ids)} == {"a", "b", " "}


# What is given as a text


@pytest.mark.parametrize("thing", [b"alice", ["a", "b"], ("a",), iter("ab"), (c for c in "ab"), 3, None, {"a"}])
@pytest.mark.parametrize("read", [load_corpus, LanguageModelData])
def test_what_is_no_name_or_path_is_refused(thing, read):
    with pytest.raises(TypeError) as error:
        read(thing)
    says(error, type(thing).__name__, str(sorted(CORPORA)), "path")


def test_an_open_file_is_refused(book):
    with open(book, encoding="utf-8") as file:
        for read, said in ((load_corpus, "path"), (normalize, "one string"), (tokenize, "one string"), (Vocab, "list")):
            with pytest.raises(TypeError) as error:
                read(file)
            says(error, "TextIOWrapper", said)


@pytest.mark.parametrize("text", ["Once upon a time there was " * 400, "two\nlines", "a\0b", "", "."])
def test_a_text_in_the_place_of_a_path_is_no_corpus(text):
    with pytest.raises(FileNotFoundError) as error:
        load_corpus(text)
    says(error, "No corpus", "text file's path")
    assert len(str(error.value)) < 200


def test_the_home_folder_is_known(book, monkeypatch):
    monkeypatch.setenv("HOME", str(book.parent))
    assert load_corpus("~/book.txt") == load_corpus(book)


@pytest.mark.parametrize("thing", [b"ab", bytearray(b"ab"), ["a", "b"], iter("ab"), Path("a.txt"), None, 3])
@pytest.mark.parametrize("read", [normalize, tokenize])
def test_only_a_string_is_a_text(thing, read):
    with pytest.raises(TypeError) as error:
        read(thing)
    says(error, "text is of the type " + type(thing).__name__, "one string")


@pytest.mark.parametrize("thing", [b"ab", [["a"], ["b"]], [1, 2], [("a", "b")], Path("a.txt"), None, 3, ["a", None]])
def test_only_strings_are_tokens(thing):
    with pytest.raises(TypeError) as error:
        Vocab(thing)
    says(error, "tokens", "tokenize(text)")


@pytest.mark.parametrize("thing", [5, None, b"ab", [1, 2], ["a", None]])
def test_only_strings_are_looked_up(thing):
    with pytest.raises(TypeError) as error:
        Vocab(["a"])[thing]
    says(error, "The token is", "a string")


def test_reserved_tokens_come_in_a_list():
    with pytest.raises(TypeError) as error:
        Vocab(["a"], reserved="<pad>")
    says(error, "reserved is '<pad>'", "['<pad>']")


def test_tokens_may_come_one_by_one():
    vocab = Vocab(list("banana"))
    assert Vocab(iter("banana")).tokens == vocab.tokens
    assert vocab.to_tokens(iter([1, 2])) == vocab.to_tokens([1, 2]) == ["a", "n"]


@pytest.mark.parametrize("ids", [[0.5], ["a"], [True], [None], "ab", [[1, 0], [1]]])
def test_only_whole_numbers_are_ids(ids):
    with pytest.raises(TypeError) as error:
        Vocab(["a"]).to_tokens(ids)
    says(error, "whole numbers")


# Typed text


@pytest.mark.parametrize(("level", "split"), [("char", list("was it")), ("word", ["was", "it"])])
def test_typed_text_is_treated_as_the_data_were(tmp_path, level, split):
    path = file_of(tmp_path, "It was, it was! " * 50)
    vocab = LanguageModelData(path, 2, 5, level=level).vocab
    assert (vocab.level, vocab.normalize) == (level, "letters")
    assert vocab.split("Was; IT") == split
    assert vocab.join(split) == "was it"


@pytest.mark.parametrize(
    ("tokens", "level"),
    [
        (list("the cat"), "char"),
        (["the", "cat"], "word"),
        ([], "char"),
        ([*"a cat", "<eos>"], "char"),
        (["<pad>", "a"], "char"),
    ],
)
def test_the_level_is_told_from_the_tokens(tokens, level):
    assert Vocab(tokens, reserved=["<pad>"]).level == level
    assert Vocab(tokens, level="word").level == "word"


def test_typed_tokens_that_are_unknown_are_named():
    with pytest.warns(UserWarning, match=r"'Z', 'ë' of the text: a model reads <unk>"):
        assert Vocab(list("abc")).split("aZëZ") == ["a", "Z", "ë", "Z"]
    with pytest.raises(ValueError, match="Nothing is left of the line"):
        Vocab(list("abc"), normalize="letters").split("Привет", "the line")


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


@pytest.mark.parametrize("level", ["char", "word"])
@pytest.mark.parametrize("form", ["letters", "lower", "none", str.lower])
@given(text=st.text("aB. \n\u0301éΣσİ", min_size=1, max_size=400), number=st.integers(2, 40), size=st.integers(1, 50))
def test_a_limit_gives_the_beginning_of_the_whole(tmp_path_factory, level, form, text, number, size):
    path = file_of(tmp_path_factory.mktemp("limit"), "a b a b " + text)
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setattr("course_utils.datasets.text._AT_ONCE", size)
        tokens = tokenize(load_corpus(path, form), level)[:number]
        data = LanguageModelData(path, 1, 1, "windows", level, 2, number, normalize=form) if len(tokens) > 3 else None
    if data is not None:
        ids = [*data.train_ids, *data.heldout_ids]
        assert ids == data.vocab[tokens]


def test_little_more_than_the_limit_is_read(tmp_path):
    path = file_of(tmp_path, "ab " * 2**18 + "\0 which no text has")
    with pytest.raises(ValueError):
        LanguageModelData(path, 2, 5)
    for level in ("char", "word"):
        assert len(LanguageModelData(path, 2, 5, level=level, max_tokens=500).train_ids) == 450


@pytest.mark.parametrize("number", [-5, 0, 2.5, "100", True, float("nan"), np.float64(10)])
def test_a_limit_that_is_no_number_of_tokens_is_refused(book, number):
    with pytest.raises((TypeError, ValueError)) as error:
        LanguageModelData(book, max_tokens=number)
    says(error, f"max_tokens is {number!r}" if not isinstance(number, int) else "max_tokens is", "1 or more")


@pytest.mark.parametrize(
    "heldout", [0, 1.0, 1.5, -0.1, -3, 1000, 10**9, float("nan"), float("inf"), "10%", None, True, [1]]
)
def test_a_part_that_cannot_be_held_out_is_refused(book, heldout):
    with pytest.raises((TypeError, ValueError)) as error:
        LanguageModelData(book, heldout=heldout)
    says(error, "heldout", repr(heldout), "0.1")


@pytest.mark.parametrize("heldout", [100, np.int64(100), 0.1, np.float32(0.1)])
def test_numbers_of_numpy_count(book, heldout):
    assert len(LanguageModelData(book, 4, 6, heldout=heldout).heldout_ids) == 100


def test_errors_speak_of_the_part_that_is_too_short(book):
    for settings, part in (({"heldout": 3}, "held-out part"), ({"heldout": 970}, "training part")):
        with pytest.raises(ValueError) as error:
            LanguageModelData(book, 32, 4, **settings)
        says(error, part, str(book), f"{min(settings['heldout'], 1000 - settings['heldout'])} tokens")


def test_words_and_a_limit(book):
    data = LanguageModelData(book, 2, 5, level="word", max_tokens=200, heldout=0.25)
    assert (len(data.train_ids), len(data.heldout_ids)) == (150, 50)
    assert data.vocab.tokens == ["<unk>", "ab"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"sampling": ["random"]}, ["['random']"]),
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


@pytest.mark.parametrize(
    ("name", "beginning", "characters", "kinds"),
    [
        ("tinyshakespeare", "First Citizen:\nBefore we proceed any further", 1_115_394, 65),  # nanoGPT, prepare.py
        ("names", "emma\nolivia\nava\n", 228_145, 27),  # makemore: 26 letters, and the end of a line
    ],
)
def test_the_files_of_char_rnn_and_makemore_are_as_elsewhere(name, beginning, characters, kinds):
    try:
        text = load_corpus(name, "none")
    except DataError as error:
        pytest.skip(str(error))
    assert text.startswith(beginning)
    assert (len(text), len(set(text))) == (characters, kinds)
