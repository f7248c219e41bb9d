"""Sentence pairs: tokens, files, a split that is fair, groups that are what they say, and batches that hold it all."""

import json
import math
import unicodedata
import zipfile
from collections import Counter, defaultdict

import numpy as np
import pytest
from data_helpers import says
from hypothesis import given
from hypothesis import strategies as st

from course_utils.datasets import DataError, Pair, TranslationData, load_pairs, tokenize_sentence
from course_utils.datasets.text import BOS, EOS, PAD, RESERVED
from course_utils.datasets.translation import GROUPS, PairBatches

# Tokens

letters = st.text("abzAZéÉßİœ字\u0301019_ \n\t\u00a0\u202f\u2009'’‘-.,!?—«»\u00ad\u200b")


@given(letters)
def test_tokens_are_words_or_single_marks_in_lower_case(text):
    for token in tokenize_sentence(text):
        assert token == token.lower()
        assert not any(character.isspace() or character in "’‘\u00ad\u200b" for character in token)
        base = token.translate({0x301: None, 0x307: None})  # a mark belongs to what it stands on; İ becomes i and a dot
        assert len(base) <= 1 or (base[0] + base[-1]).replace("_", "a").isalnum()
    assert tokenize_sentence(" ".join(tokenize_sentence(text))) == tokenize_sentence(text)


words = st.lists(st.sampled_from(["go", "it's", "d’or", "t-rex", "été", "3"]), max_size=5)


@given(words, st.sampled_from(" \u202f\u00a0"))
def test_any_space_parts_words_and_marks_need_none(words, space):
    known = [word.replace("’", "'") for word in words]
    assert tokenize_sentence(space.join(words)) == known
    assert tokenize_sentence(f"«{space.join(words)}{space}!»") == ["«", *known, "!", "»"]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Don’t 'shout', Tom!", ["don't", "'", "shout", "'", ",", "tom", "!"]),
        ("Cours\u202f!", ["cours", "!"]),
        ("e\u0301te\u0301", ["été"]),  # letter and accent apart, as some keyboards write
        ("Est-ce que... ?", ["est-ce", "que", ".", ".", ".", "?"]),
        ("sur \u200b\u200bla mu\u00adsique", ["sur", "la", "musique"]),
        ("chanteur (tous genres)", ["chanteur", "(", "tous", "genres", ")"]),
        ("<pad>", ["<", "pad", ">"]),  # nobody types a reserved token
        ("मैं हिन्दी में बोलता हूँ।", ["मैं", "हिन्दी", "में", "बोलता", "हूँ", "।"]),
        ("வணக்கம், মা!", ["வணக்கம்", ",", "মা", "!"]),
        ("സന്തോഷം ന്\u200d", ["സന്തോഷം", "ന്\u200d"]),  # a joiner at the end of a word is one of its letters
        ("שָׁלוֹם, צה״ל", ["שָׁלוֹם", ",", "צה״ל"]),
        ("\u2067שלום\u2069 \u200fעולם", ["שלום", "עולם"]),  # marks of direction are not seen
        ("اَلْعَرَبِيَّةُ، نعم؟", ["اَلْعَرَبِيَّةُ", "،", "نعم", "؟"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("안녕하세요, 여러분", ["안녕하세요", ",", "여러분"]),
        (unicodedata.normalize("NFD", "안녕 Straße über été"), ["안녕", "straße", "über", "été"]),
        ("Привет, Пётр Ἀθῆναι", ["привет", ",", "пётр", "ἀθῆναι"]),
        ("п\u02bcять п’ять", ["п'ять", "п'ять"]),
        ("T\u2011Rex col·legi l’été", ["t-rex", "col·legi", "l'été"]),
        ("1,000 3.5 12:30", ["1", ",", "000", "3", ".", "5", "12", ":", "30"]),
        ("👨\u200d👩\u200d👧 ❤️🇫🇷🇩🇪👍🏽1️⃣!", ["👨\u200d👩\u200d👧", "❤️", "🇫🇷", "🇩🇪", "👍🏽", "1️⃣", "!"]),
        ("我爱你。", ["我", "爱", "你", "。"]),
        ("iPhoneを買う、3月", ["iphone", "を", "買", "う", "、", "3", "月"]),
        ("สวัสดี", ["ส", "วั", "ส", "ดี"]),
        ("ខ្មែរ", ["ខ្មែ", "រ"]),
        ("", []),
    ],
)
def test_what_becomes_of_a_sentence(text, tokens):
    assert tokenize_sentence(text) == tokens


typed = st.text(st.characters(categories=("L", "M", "N", "P", "S", "Z")), max_size=12)


@given(typed)
def test_no_letter_and_no_mark_is_lost_in_any_script(text):
    tokens = tokenize_sentence(text)
    shown = unicodedata.normalize("NFC", text.lower())
    assert Counter(c for c in "".join(tokens) if c.isalnum()) == Counter(
        c for c in shown if c.isalnum() and c not in "ʼ"
    )
    for token in tokens:
        starts_with_a_mark = unicodedata.category(token[0]).startswith("M")
        assert not starts_with_a_mark or text[0] == token[0] or any(c.isspace() for c in text), (
            "only where it stands alone"
        )


@given(typed)
def test_two_ways_to_store_a_sentence_have_the_same_tokens(text):
    forms = [unicodedata.normalize(form, text.lower()) for form in ("NFC", "NFD")]
    assert tokenize_sentence(forms[0]) == tokenize_sentence(forms[1])


# Files


@pytest.fixture
def write(tmp_path):
    def write(content, encoding="utf-8"):
        (tmp_path / "pairs.tsv").write_bytes(content.encode(encoding))
        return tmp_path / "pairs.tsv"

    return write


def test_a_file_of_ones_own_is_a_corpus(write):
    path = write("\ufeffGo.\tVa !\tCC-BY 2.0\r\n\r\n Run!\tCours\u202f! \n\u2028x\ty")
    pairs = [Pair("Go.", "Va !"), Pair("Run!", "Cours\u202f!"), Pair("x", "y")]
    assert load_pairs(path) == load_pairs(str(path)) == pairs
    assert load_pairs(write("")) == []


@pytest.mark.parametrize("line", ["Run!", "Run!\t", "\tCours !", "Run!\t \tCC-BY"])
def test_a_line_without_a_pair_is_named(write, line):
    path = write(f"Go.\tVa !\n\n{line}\n")
    with pytest.raises(ValueError) as error:
        load_pairs(path)
    says(error, "line 3", str(path), repr(line), "tab")


PAIRS = [("Go.", "Va !"), ("Run!", "Cours\u202f!"), ("I am 3.", "J’ai trois ans."), ("Thanks", "धन्यवाद 谢谢")]


def lines(rows, end="\n"):
    return end.join("\t".join(row) for row in rows)


@pytest.mark.parametrize("ends", ["", "\tCC-BY 2.0 (France) Attribution: tatoeba.org #1 & #2", "\t\t", "\t"])
@pytest.mark.parametrize("is_export", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n \t \n"])
def test_pairs_are_read_however_they_are_stored(write, ends, is_export, encoding, end):
    rows = [("1276", source, "38", target + ends) if is_export else (source, target + ends) for source, target in PAIRS]
    assert load_pairs(write(lines(rows, end) + end, encoding)) == [Pair(*pair) for pair in PAIRS]


@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_line_unlike_the_others_of_an_export_is_named(write, number):
    rows = [("1", "Go.", "2", "Va !")] * 3
    rows.insert(number - 1, ("id", "text", "id", "text"))
    with pytest.raises(ValueError) as error:
        load_pairs(write(lines(rows)))
    says(error, f"line {number}", r"'id\ttext\tid\ttext'", "a number, a sentence, a number and its translation")


OTHER_COLUMNS = {
    "the ids of Tatoeba's links": [("1", "77"), ("1", "181"), ("2", "9")],
    "an id before each pair": [("1", "Go.", "Va !"), ("2", "Run!", "Cours !")],
    "with a header": [("id", "en", "fr"), ("1", "Go.", "Va !"), ("2", "Run!", "Cours !")],
    "an id after each sentence": [("Go.", "1", "Va !", "2"), ("Run!", "3", "Cours !", "4")],
    "Tatoeba's sentences": [("1", "cmn", "我们"), ("2", "cmn", "我")],
    "languages": [("eng", "Go.", "fra", "Va !")] * 4,
    "languages in between": [("Go.", "fr-FR", "Va !")] * 4,
}


@pytest.mark.parametrize("rows", OTHER_COLUMNS.values(), ids=OTHER_COLUMNS)
def test_columns_without_sentences_are_not_taken_for_sentences(write, rows):
    path = write(lines(rows))
    with pytest.raises(ValueError) as error:
        load_pairs(path)
    says(error, str(path), "where a sentence is expected", "keep only the two columns")


@pytest.mark.parametrize("names", [("English", "French"), ("src", "tgt"), ("source", "target"), ("en", "fr")])
def test_the_names_of_columns_are_no_pair(write, names):
    with pytest.raises(ValueError) as error:
        load_pairs(write(lines([names, ("Go.", "Va !"), ("Run!", "Cours !")])))
    says(error, "first line", str(names), "leave it out")
    assert load_pairs(write("source\tsource\n")) == [Pair("source", "source")]


def test_numbers_may_be_translated_and_a_word_may_come_again(write):
    for rows in ([("1", "un"), ("2", "deux"), ("3", "trois")], [("go", "va", "CC"), ("go", "allez", "CC")]):
        assert load_pairs(write(lines(rows))) == [Pair(*row[:2]) for row in rows]


OTHER_FORMATS = {
    "csv": "source,target\nGo.,Va !\n",
    "semicolons": "Go.;Va !\n",
    "json": json.dumps([{"source": "Go.", "target": "Va !"}], indent="\t"),
    "json on one line": json.dumps([["Go.", "Va !"]] * 99),
    "tmx": '<?xml version="1.0"?>\n<tmx version="1.4">\n\t<body>\t</body></tmx>',
}


@pytest.mark.parametrize("content", OTHER_FORMATS.values(), ids=OTHER_FORMATS)
def test_another_format_is_refused_in_a_sentence(write, content):
    with pytest.raises(ValueError) as error:
        load_pairs(write(content))
    says(error, "line 1", "a sentence, a tab and its translation", "XML (TMX), JSON or CSV")
    assert len(str(error.value)) < 400


def test_an_archive_is_refused_in_a_sentence(tmp_path):
    with zipfile.ZipFile(tmp_path / "fra-eng.zip", "w") as archive:
        archive.writestr("fra.txt", "Go.\tVa !\n")
    with pytest.raises(ValueError) as error:
        load_pairs(tmp_path / "fra-eng.zip")
    says(error, "fra-eng.zip", "zip archive", "unpack it")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16-le", "utf-16-be", "cp1256"])
def test_text_in_another_encoding_is_refused_in_a_sentence(write, encoding):
    with pytest.raises(ValueError) as error:
        load_pairs(write("سلام\tpeace" if encoding == "cp1256" else "été\tsummer", encoding))
    says(error, "UTF-8", "save it as UTF-8")


@pytest.mark.parametrize(
    "rows",
    [
        [('"Go."', '"Va !"'), ('"Run!"', '"Cours !"')],
        [("Go.", "Va !"), ('"He said ""go""."', '"Il a dit ""va""."')],
    ],
)
def test_quotes_of_a_csv_file_are_not_taken_for_those_of_a_sentence(write, rows):
    with pytest.raises(ValueError) as error:
        load_pairs(write(lines(rows)))
    says(error, "CSV", "plain text")


def test_quotes_of_a_sentence_are(write):
    rows = [('"Why?" "So."', '"Pourquoi ?""Ainsi."'), ("Go.", 'Il a dit "va".'), ('"Go!"', "«\u202fVa\u202f!\u202f»")]
    assert load_pairs(write(lines(rows))) == [Pair(*row) for row in rows]


@pytest.mark.parametrize("corpus", [None, 3, [("Go.", "Va !")]])
def test_what_is_no_path_is_refused(corpus):
    with pytest.raises(TypeError) as error:
        load_pairs(corpus)
    says(error, f"corpus is {corpus!r}", "path")


def test_what_is_wrong_with_a_corpus_is_said(write, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError) as error:
        load_pairs("emoij")
    says(error, "'emoij'", "['emoji', 'fra_eng']", "path")
    with pytest.raises(ValueError) as error:
        load_pairs(write("day\tété", "latin-1"))
    says(error, "byte 4", "UTF-8")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    for name in ("emoji", "fra_eng"):
        with pytest.raises(DataError):
            load_pairs(name)


# Batches

rows = st.lists(st.integers(4, 30), max_size=9).map(lambda ids: [*ids, EOS])
seeds = st.integers(0, 2**32 - 1)
rngs = st.none() | seeds.map(np.random.default_rng)


@given(pairs=st.lists(st.tuples(rows, rows), min_size=1, max_size=30), n=st.integers(1, 7), rng=rngs)
def test_an_epoch_has_every_pair_once_with_the_label_one_step_ahead(pairs, n, rng):
    source_ids, target_ids = zip(*pairs, strict=True)
    batches = PairBatches(source_ids, target_ids, n, rng)
    found = []
    epoch = list(batches)
    assert len(epoch) == len(batches) == math.ceil(len(pairs) / n)
    assert sorted(len(Y) for _, Y in epoch)[1:] == [n] * (len(epoch) - 1), "all but one are full"
    for (source, lengths, inputs), Y in epoch:
        assert {array.dtype for array in (source, lengths, inputs, Y)} == {np.dtype(np.int64)}
        assert len(source) == len(lengths) == len(inputs) == len(Y)
        assert inputs.shape == Y.shape
        assert source.shape[1] % 4 == Y.shape[1] % 4 == 0
        assert source.shape[1] - max(lengths) < 4, "no more padding than the width needs"
        assert Y.shape[1] - max((Y != -1).sum(axis=1)) < 4
        for i, length in enumerate(lengths):
            steps = (Y[i] != -1).sum()
            target = Y[i, :steps].tolist()
            assert (source[i, length:] == PAD).all()
            assert (Y[i, steps:] == -1).all()
            assert inputs[i].tolist() == [BOS, *target[:-1], *[PAD] * (len(Y[i]) - steps)]
            found.append((source[i, :length].tolist(), target))
    assert Counter(map(str, found)) == Counter(map(str, pairs))


def test_pairs_of_like_length_meet_and_anew_in_each_epoch():
    rng = np.random.default_rng(0)
    source_ids, target_ids = ([[4] * rng.integers(16) + [EOS] for _ in range(500)] for _ in range(2))
    batches = PairBatches(source_ids, target_ids, 10, rng)
    epochs = [list(batches) for _ in range(2)]
    shares = [np.mean(X[0] == PAD) for X, _ in epochs[0]]
    assert np.mean(shares) < 0.25, "at random it would be a half"
    one, other = ([X[0].tolist() for X, _ in epoch] for epoch in epochs)
    assert one != other
    assert {*map(str, one)} != {*map(str, other)}, "other pairs meet"
    shapes = {(*X[0].shape, *Y.shape) for epoch in epochs for X, Y in epoch}
    assert len(shapes) < 24, "a few to compile"
    assert [X[0].shape[1] for X, _ in epochs[0]] != sorted(X[0].shape[1] for X, _ in epochs[0])


# The split, on corpora of many kinds

tones = st.sampled_from(["", " dark skin tone", " medium-light skin tone", " medium skin tone light skin tone"])
names = st.tuples(st.lists(st.sampled_from("abcd"), min_size=1, max_size=4).map(" ".join), tones).map("".join)
corpora = st.lists(st.tuples(names, names), min_size=8, max_size=60).filter(lambda pairs: len({*dict(pairs)}) > 1)


@pytest.fixture(scope="module")
def corpus_file(tmp_path_factory):
    return tmp_path_factory.mktemp("corpus") / "pairs.tsv"


def make(corpus_file, pairs, **settings):
    corpus_file.write_text("".join(f"{source}\t{target}\n" for source, target in pairs), encoding="utf-8")
    return TranslationData(corpus_file, **settings)


def without_tone(sentence):
    """The sentence without what goes before `skin tone` and that itself, word by word."""
    words = sentence.split()
    while "tone" in words:
        end = words.index("tone")
        del words[end - 2 : end + 1]
    return words


@given(pairs=corpora, share=st.sampled_from([0.2, 0.5]), T=st.integers(2, 9), min_freq=st.integers(1, 2), seed=seeds)
def test_whole_sentences_are_held_out_and_teach_nothing(corpus_file, pairs, share, T, min_freq, seed):
    sources = {source for source, _ in pairs}
    number = max(1, round(share * len(sources)))
    data = make(corpus_file, pairs, heldout=number, num_steps=T, min_freq=min_freq, seed=seed, batch_size=3)
    one, other = data.train_pairs, data.heldout_pairs
    assert sorted(one + other) == sorted(Pair(*pair) for pair in {*pairs}), "each pair once"
    assert len({pair.source for pair in other}) == number
    assert not {pair.source for pair in one} & {pair.source for pair in other}
    for vocab, side in ((data.source_vocab, 0), (data.target_vocab, 1)):
        counts = Counter(word for pair in one for word in pair[side].split()[: T - 1])
        assert vocab.tokens[:4] == ["<unk>", *RESERVED]
        assert vocab[[*RESERVED]] == [PAD, BOS, EOS]
        assert {*vocab.tokens[4:]} == {word for word, count in counts.items() if count >= min_freq}


@given(pairs=corpora, T=st.integers(2, 9), seed=seeds)
def test_the_batches_hold_the_pairs_cut_but_ended(corpus_file, pairs, T, seed):
    data = make(corpus_file, pairs, heldout=1, num_steps=T, seed=seed, batch_size=3)
    for batches, part in ((data.train, data.train_pairs), (data.heldout, data.heldout_pairs)):
        found = []
        for (source, lengths, _), Y in batches:
            for ids, length, targets in zip(source, lengths, Y, strict=True):
                found.append((ids[:length].tolist(), targets[targets != -1].tolist()))
        expected = [
            tuple(
                [*vocab[text.split()[: T - 1]], EOS]
                for vocab, text in ((data.source_vocab, pair.source), (data.target_vocab, pair.target))
            )
            for pair in part
        ]
        assert sorted(found) == sorted(expected)
    for batches in (data.train, data.heldout):
        assert not batches.carries_state
    assert [str(batch) for batch in data.heldout] == [str(batch) for batch in data.heldout], "read alike each time"


@given(pairs=corpora, min_freq=st.integers(1, 2), seed=seeds)
def test_each_group_is_what_it_says(corpus_file, pairs, min_freq, seed):
    data = make(corpus_file, pairs, heldout=0.5, min_freq=min_freq, seed=seed)
    counts = [Counter(word for pair in data.train_pairs for word in pair[side].split()) for side in (0, 1)]
    bases = [without_tone(pair.source) for pair in data.train_pairs]
    expected = defaultdict(list)
    for pair in data.heldout_pairs:
        expected["all"].append(pair)
        if all(counts[side][word] >= min_freq for side in (0, 1) for word in pair[side].split()):
            expected["new combinations"].append(pair)
        if without_tone(pair.source) not in bases:
            expected["new names"].append(pair)
    assert dict(data.groups) == expected
    assert list(data.groups) == [name for name in GROUPS if name in expected]


def test_a_skin_tone_by_itself_is_a_name(corpus_file):
    pairs = [(f"{tone} skin tone", "peau") for tone in ("dark", "light", "medium", "medium-dark")]
    data = make(corpus_file, pairs, heldout=2)
    assert data.groups["new names"] == data.heldout_pairs


def test_a_group_that_is_empty_or_unknown_is_an_error_once_asked_for(corpus_file):
    data = make(corpus_file, [("a", "x"), ("b", "y")], heldout=1)
    assert {*data.groups} == {"new names", "all"}
    with pytest.raises(ValueError) as error:
        data.groups["new combinations"]
    says(error, "'new combinations'", "hold out more")
    with pytest.raises(ValueError) as error:
        data.groups["new words"]
    says(error, "'new words'", str(GROUPS))


def test_a_seed_gives_the_same_split_and_batches(corpus_file):
    pairs = [(f"{a} {b}", f"{b} {a}") for a in "abcdef" for b in "uvwxyz"]

    def everything(seed):
        data = make(corpus_file, pairs, batch_size=5, seed=seed)
        return data.heldout_pairs, [[str(batch) for batch in data.train] for _ in range(2)]

    assert everything(3) == everything(3)
    (split, epochs), (other_split, _) = everything(3), everything(4)
    assert epochs[0] != epochs[1]
    assert split != other_split


def test_several_translations_are_references_and_near_copies_are_not(corpus_file):
    pairs = [("Run!", "Cours\u202f!"), ("Go.", "Va."), ("run !", "Courez vite, vous deux !"), ("Run!", "COURS !")]
    data = make(corpus_file, pairs, heldout=1, num_steps=3)
    assert sorted(data.train_pairs + data.heldout_pairs) == sorted(Pair(*pair) for pair in pairs[:3])
    for typed in ("Run!", "RUN\u00a0!"):
        assert data.references(typed) == [["cours", "!"], ["courez", "vite", ",", "vous", "deux", "!"]]
    with pytest.raises(ValueError) as error:
        data.references("Walk!")
    says(error, "'Walk!'", "source")


def test_whatever_is_typed_is_encoded(corpus_file):
    pairs = [("a b c d", "x"), ("d c b a", "y"), ("b a d c", "z")]  # whichever is held out, all words are known
    data = make(corpus_file, pairs, heldout=1, num_steps=5)
    a, b, c, d = data.source_vocab[["a", "b", "c", "d"]]
    assert 0 not in (a, b, c, d)
    source, lengths = data.encode(["B, a", "", "a b c d e"])
    assert source.dtype == lengths.dtype == np.int64
    assert source.tolist() == [[b, 0, a, EOS, *[PAD] * 4], [EOS, *[PAD] * 7], [a, b, c, d, EOS, *[PAD] * 3]]
    assert lengths.tolist() == [4, 1, 5]
    with pytest.raises(TypeError) as error:
        data.encode("a b")
    says(error, "one string", "['a b']")
    with pytest.raises(ValueError) as error:
        data.encode([])
    says(error, "empty", "one sentence or more")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"heldout": 0}, ["heldout=0 of 3 sentences", "nothing on one side"]),
        ({"heldout": 0.1}, ["heldout=0.1 of 3"]),
        ({"heldout": 3}, ["heldout=3 of 3"]),
        ({"heldout": -1}, ["heldout=-1"]),
        ({"heldout": 1, "max_pairs": 2}, ["heldout=1 of 1 sentences"]),
        ({"heldout": 1, "num_steps": 1}, ["num_steps is 1", "2 or more"]),
        ({"heldout": 1, "batch_size": 0}, ["batch_size is 0", "1 or more"]),
    ],
)
def test_settings_that_make_no_sense_are_named(corpus_file, settings, said):
    with pytest.raises(ValueError) as error:
        make(corpus_file, [("a", "v"), ("a", "w"), ("b", "x"), ("c", "y")], **settings)
    says(error, *said)


@pytest.mark.parametrize(
    "wrong",
    [
        {"heldout": True},
        {"heldout": 1.0},
        {"heldout": math.nan},
        {"heldout": "0.1"},
        {"max_pairs": -1},
        {"max_pairs": 0},
        {"max_pairs": 2.5},
        {"num_steps": 2.5},
        {"num_steps": "9"},
        {"seed": -1},
        {"seed": None},
    ],
)
def test_what_is_no_number_of_its_kind_is_named(corpus_file, wrong):
    with pytest.raises((TypeError, ValueError)) as error:
        make(corpus_file, [("a", "v"), ("b", "x"), ("c", "y")], **{"heldout": 1, **wrong})
    [(name, value)] = wrong.items()
    says(error, name, repr(value), "expected" if name != "heldout" else "share below 1")


@pytest.mark.parametrize("pairs", [[], [("a", "x")], [("a", "x"), ("A", "y")]])
def test_one_sentence_cannot_be_parted(corpus_file, pairs):
    with pytest.raises(ValueError) as error:
        make(corpus_file, pairs)
    says(error, f"of {len(pairs[:1])} sentences", "two or more")


def test_a_pair_without_a_word_is_named(corpus_file):
    with pytest.raises(ValueError) as error:
        make(corpus_file, [("a", "x"), ("\u200e", "y"), ("c", "z")], heldout=1)
    says(error, "target='y'", "without a word")


# Languages without spaces, and tokens of one's own

CHINESE = [
    ("I love you.", "我爱你。"),
    ("He loves me.", "他爱我。"),
    ("I love me.", "我爱我。"),
    ("You love him.", "你爱他。"),
]


def test_characters_are_tokens_where_there_are_no_spaces_and_it_is_said(corpus_file):
    for pairs, name in ((CHINESE, "targets"), ([pair[::-1] for pair in CHINESE], "sources")):
        with pytest.warns(UserWarning, match="no spaces between words") as said:
            data = make(corpus_file, pairs, heldout=1)
        [warning] = said
        assert name in str(warning.message)
        assert "tokenize=" in str(warning.message)
        assert warning.filename == __file__, "where the data are asked for"
        vocab = data.target_vocab if name == "targets" else data.source_vocab
        assert {*vocab.tokens} >= {"我", "爱", "。"}
        assert len(data.groups["new combinations"]) == 1


def test_a_foreign_word_is_no_language_without_spaces(corpus_file):
    make(corpus_file, [("a", "字"), ("b", "x"), ("c", "y")], heldout=1)


def test_ones_own_tokens(corpus_file):
    def words(text):
        return (word for word in (text[:1], text[1:]))  # a generator, as some segmenters give

    data = make(corpus_file, CHINESE, heldout=1, tokenize=(tokenize_sentence, words))
    assert data.references("i love you .") == [["我", "爱你。"]]
    assert {*data.target_vocab.tokens} & {"爱你。", "爱我。", "爱他。"}
    data = make(corpus_file, [("e\u0301a", "x"), ("B c", "y"), ("cb", "z")], heldout=1, tokenize=list)
    assert data.references("éa") == [["x"]]
    assert data.references("B c") == [["y"]]
    [((source, lengths, _), _)] = data.batches([Pair("éa", "x")])
    assert lengths.tolist() == [3]
    np.testing.assert_array_equal(source, data.encode(["e\u0301a"])[0])


@pytest.mark.parametrize(
    "tokenize", [str.lower, len, lambda text: [1], lambda text: ["<eos>"], lambda text: text.split(" ")]
)
def test_what_makes_no_tokens_is_refused(corpus_file, tokenize):
    with pytest.raises(TypeError) as error:
        make(corpus_file, [("a  b", "x"), ("b", "y")], heldout=1, tokenize=tokenize)
    says(error, "tokenize made", "'a  b'", "list of strings")


@pytest.mark.parametrize("tokenize", [None, "char", (list,), (list, None)])
def test_what_is_no_function_is_refused(corpus_file, tokenize):
    with pytest.raises(TypeError) as error:
        make(corpus_file, [("a", "x"), ("b", "y")], heldout=1, tokenize=tokenize)
    says(error, "tokenize is", "a function, or two")


def test_that_the_default_cuts_sentences_is_said(corpus_file):
    pairs = [("a", "x"), ("b " * 15, "y " * 16), ("c", "z " * 15)]
    with pytest.warns(UserWarning, match=r"1 of 3 pairs have more than 15 tokens.*num_steps=") as said:
        assert make(corpus_file, pairs, heldout=1).num_steps == 16
    assert said[0].filename == __file__
    make(corpus_file, pairs, heldout=1, num_steps=16)  # who gives a number knows


def test_two_spellings_of_a_sentence_are_not_parted_by_the_split(corpus_file):
    pairs = [("été", "a"), ("e\u0301te\u0301", "b"), ("\u200eÉTÉ", "c"), ("nuit", "d")]
    data = make(corpus_file, pairs, heldout=1)
    assert len({tokenize_sentence(pair.source)[0] for pair in data.heldout_pairs}) == 1
    assert len(data.references("été")) == 3


def test_only_strings_are_encoded(corpus_file):
    data = make(corpus_file, [("a", "x"), ("b", "y")], heldout=1)
    for wrong in (data.train_pairs, [["a"]], ["a", None]):
        with pytest.raises(TypeError) as error:
            data.encode(wrong)
        says(error, "A sentence is", "string")


# The real corpora


def load_or_skip(*arguments, **settings):
    try:
        return TranslationData(*arguments, **settings)
    except DataError as error:
        pytest.skip(str(error))


def test_emoji():
    data = load_or_skip()
    pairs = {pair[:2]: pair.symbol for pair in data.train_pairs + data.heldout_pairs}
    assert len(pairs) == 4062
    assert len([symbol for symbol in pairs.values() if not {*symbol} & {*"🏻🏼🏽🏾🏿"}]) == 1927
    assert pairs["red heart", "cœur rouge"] == "❤️", "with the variation selector: the full form"
    assert pairs["man surfing dark skin tone", "surfeur peau foncée"] == "🏄🏿\u200d♂️"
    references = [data.references(source) for source in {source for source, _ in pairs}]
    assert Counter(map(len, references)) == {1: 3882, 2: 90}
    uncut = max(max(len(tokenize_sentence(text)) for text in pair) for pair in pairs)
    assert uncut < data.num_steps


@given(pairs=corpora)
def test_batches_of_any_pairs_hold_what_the_held_out_ones_do(corpus_file, pairs):
    data = make(corpus_file, pairs, heldout=0.5, batch_size=3)
    stored, made = list(data.heldout), list(data.batches(data.heldout_pairs))
    assert len(stored) == len(made) > 0
    for ((source, lengths, inputs), Y), ((other, *rest), labels) in zip(stored, made, strict=True):
        for one, two in zip((source, lengths, inputs, Y), (other, *rest, labels), strict=True):
            np.testing.assert_array_equal(one, two)
    [((source, lengths, _), _)] = data.batches(data.heldout_pairs[:1])
    np.testing.assert_array_equal(source, data.encode([data.heldout_pairs[0].source])[0])


def test_what_is_said_of_the_groups_of_emoji():
    splits = [load_or_skip(seed=seed) for seed in range(10)]
    kinds = [[{*data.groups[name]} for name in GROUPS] for data in splits]
    assert np.mean([len(combinations - names) / len(combinations) for combinations, names, _ in kinds]) > 0.86
    assert np.mean([len(names - combinations) / len(names) for combinations, names, _ in kinds]) > 0.77
    assert all(len(names & combinations) > 20 for combinations, names, _ in kinds)
    assert all(names | combinations == every for combinations, names, every in kinds)
    for data in splits:
        trained, heldout = (
            {tuple(tokenize_sentence(pair.target)) for pair in part} for part in (data.train_pairs, data.heldout_pairs)
        )
        assert not trained & heldout, "no held-out translation is learnt from another name"


def test_tatoeba():
    data = load_or_skip("fra_eng", max_pairs=640, heldout=64, num_steps=9, min_freq=2)
    assert len(data.heldout_pairs) >= 64
    assert ["va", "!"] in data.references("Go .")
    assert len(data.references("Run!")) == 2
    assert load_pairs("fra_eng")[0] == Pair("Go.", "Va !")
    assert len(load_pairs("fra_eng")) == 167_130
    assert data.groups["new names"] == data.groups["all"] == data.heldout_pairs
