"""Dance tunes as data: two real books, a split that keeps near-copies together, batches that hold whole tunes."""

import math
from collections import Counter

import numpy as np
import pytest
from data_helpers import says
from hypothesis import given
from hypothesis import strategies as st

from course_utils.datasets import (
    DataError,
    MusicData,
    Tune,
    bars_add_up,
    load_tunes,
    longest_common_run,
    music,
    read_tune,
    split_tune,
)
from course_utils.datasets.music import DANCES, METRES, TuneBatches
from course_utils.datasets.text import EOS, PAD, RESERVED

seeds = st.integers(0, 2**32 - 1)

# Batches

rows = st.lists(
    st.lists(st.integers(4, 30), min_size=3, max_size=70).map(lambda ids: [*ids, EOS]), min_size=1, max_size=30
)


@given(rows=rows, n=st.integers(1, 7), rng=st.none() | seeds.map(np.random.default_rng))
def test_an_epoch_has_every_tune_once_with_the_label_one_step_ahead(rows, n, rng):
    batches = TuneBatches(rows, n, rng)
    epoch, found = list(batches), []
    assert len(epoch) == len(batches) == math.ceil(len(rows) / n)
    assert sorted(len(X) for X, _ in epoch)[1:] == [n] * (len(epoch) - 1)
    for X, Y in epoch:
        assert X.dtype == Y.dtype == np.int64
        assert X.shape == Y.shape
        assert X.shape[1] % 32 == 0
        assert X.shape[1] - max((X != PAD).sum(axis=1)) < 32, "no more padding than the width needs"
        for x, y in zip(X, Y, strict=True):
            steps = (x != PAD).sum()
            assert (x[steps:] == PAD).all()
            assert (y[steps:] == -1).all()
            assert y[0] == -1, "the metre is given"
            assert y[1:steps].tolist() == [*x[2:steps], EOS]
            found.append([*x[:steps].tolist(), EOS])
    assert sorted(found) == sorted(rows)
    assert not batches.carries_state


def test_tunes_of_like_length_meet_and_anew_in_each_epoch():
    rng = np.random.default_rng(0)
    rows = [[5, 6, *[7 + i] * int(length), EOS] for i, length in enumerate(rng.integers(1, 300, size=400))]
    batches = TuneBatches(rows, 8, rng)
    epochs = [list(batches) for _ in range(2)]
    assert np.mean([np.mean(X == PAD) for X, _ in epochs[0]]) < 0.2, "at random it would be a half"
    one, other = ({tuple(X[:, 2]) for X, _ in epoch} for epoch in epochs)
    assert one != other, "other tunes meet"
    widths = [X.shape[1] for X, _ in epochs[0]]
    assert widths != sorted(widths)
    assert len({*widths}) <= 10, "a few to compile"
    still = TuneBatches(rows, 8)
    assert str([*still]) == str([*still])


# The split


@pytest.fixture(scope="class")  # which is for each test too, but Hypothesis minds a fixture for each function
def fake():
    """60 tunes, three and three of them near-copies, and some that are to be left out."""
    rng = np.random.default_rng(0)
    good = []
    for i in range(20):
        melody = rng.choice([*"CDEFGABcdefgab"], size=24)
        for lengths in ("{}2{}2{}2{}2", "{}{}3{}3{}", "{}3{}{}{}3"):
            body = "|".join(lengths.format(*melody[at : at + 4]) for at in range(0, 24, 4))
            good.append(Tune(tuple(split_tune(body + "||")), "4/4", "reel" if i % 2 else "air", f"{i} {lengths}"))
    others = [
        Tune(tuple(split_tune("c8|d7|e8||")), "4/4", "reel", "does not add up"),
        Tune(tuple(split_tune("c8||")), "4/4", "polka", "rare dance"),
        Tune(tuple(split_tune("c8||")), "4/4", "", "unknown dance"),
        Tune(tuple(split_tune("c3||")), "3/8", "air", "rare metre"),
        Tune(tuple(split_tune("c4d4|" * 77 + "e8||")), "4/4", "reel", "too long"),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(music, "load_tunes", lambda: [*others, *good])
        yield good


@given(share=st.sampled_from([0.1, 0.35, 0.6]), n=st.integers(1, 30), seed=seeds)
def test_whole_groups_are_held_out_and_nothing_that_is_not_wanted_is_in(fake, share, n, seed):
    data = MusicData(n, share, seed)
    assert sorted(data.train_tunes + data.heldout_tunes) == sorted(fake)
    assert len(data.heldout_tunes) == 3 * int(20 * share + 1e-9)
    assert all(longest_common_run(tune, data.train_tunes) < 16 for tune in data.heldout_tunes)
    tokens = {sign for tune in data.train_tunes for sign in [*tune.signs, f"<{tune.dance}>", f"<{tune.metre}>"]}
    assert data.vocab.tokens[:4] == ["<unk>", *RESERVED]
    assert {*data.vocab.tokens[4:]} == tokens
    for batches, part in ((data.train, data.train_tunes), (data.heldout, data.heldout_tunes)):
        assert max(len(X) for X, _ in batches) <= n
        found = sorted([*x[x != PAD].tolist(), EOS] for X, _ in batches for x in X)
        assert found == sorted(data.encode(tune) for tune in part)


def test_fifteen_notes_in_a_row_are_no_copy_and_sixteen_are(monkeypatch):
    for length, together in ((15, False), (16, True)):
        run = "CDEFGABcdefgabc'"
        run = split_tune(run)[:length] if length < 16 else [*split_tune(run), "d'"]
        tunes = [Tune(("z", "8", "|", *head, *run, "|", "z", "8", "||"), "4/4", "air") for head in (["G"], ["A"])]
        monkeypatch.setattr(music, "bars_add_up", lambda tune: True)
        monkeypatch.setattr(music, "load_tunes", lambda tunes=tunes: tunes)
        if together:
            with pytest.raises(ValueError, match="nothing on one side"):
                MusicData(heldout=0.5)
        else:
            assert len(MusicData(heldout=0.5).heldout_tunes) == 1


def test_a_tune_comes_back_from_its_ids(fake):
    data = MusicData()
    for tune in data.train_tunes[:5]:
        ids = data.encode(tune)
        assert data.vocab.to_tokens(ids) == [f"<{tune.dance}>", f"<{tune.metre}>", *tune.signs, "<eos>"]
        assert data.decode(ids) == data.decode([*ids, 5, 6]) == data.decode(ids[:-1]) == tune._replace(title="")
        assert data.decode(np.array(ids)) == tune._replace(title="")
    for ids in ([], [EOS, 5, 6, 7], [5]):
        with pytest.raises(ValueError) as error:
            data.decode(ids)
        says(error, "a dance, a metre and the music")


def test_only_known_dances_and_metres_are_ordered():
    assert MusicData.prefix("reel", "2/2") == ["<reel>", "<2/2>"]
    for dance, metre, said in (("polka", "2/4", ["dance is 'polka'", str(DANCES)]), ("jig", "7/8", [str(METRES)])):
        with pytest.raises(ValueError) as error:
            MusicData.prefix(dance, metre)
        says(error, *said)


def test_a_seed_gives_the_same_split_and_batches(fake):
    def everything(seed):
        data = MusicData(7, seed=seed)
        return data.heldout_tunes, [[str(batch) for batch in data.train] for _ in range(2)]

    assert everything(3) == everything(3)
    (split, epochs), (other_split, _) = everything(3), everything(4)
    assert epochs[0] != epochs[1]
    assert split != other_split


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"heldout": 0.0}, ["heldout=0.0 of 60", "nothing on one side"]),
        ({"heldout": 1.0}, ["heldout=1.0"]),
        ({"batch_size": 0}, ["batch_size is 0", "1 or more"]),
    ],
)
def test_settings_that_make_no_sense_are_named(fake, settings, said):
    with pytest.raises(ValueError) as error:
        MusicData(**settings)
    says(error, *said)


def test_without_the_file_there_are_no_tunes(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    with pytest.raises(DataError) as error:
        load_tunes()
    says(error, "missing", "'course data fetch music'")


# A book of one's own


def reel(number, head="R:reel\nM:4/4\nL:1/8"):
    melody = np.random.default_rng(number).choice([*"CDEFGABcdefgab"], size=24)
    body = "|".join("".join(f"{note}2" for note in melody[at : at + 4]) for at in range(0, 24, 4))
    return f"X:{number}\nT:No. {number}\n{head}\nK:D\n{body}||\n\n"


@pytest.fixture
def book(tmp_path):
    def write(*parts, encoding="utf-8"):
        path = tmp_path / "book.abc"
        path.write_bytes("".join(parts).encode(encoding))
        return path

    return write


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_tune_book_of_ones_own(book, line_end, encoding):
    path = book("".join(map(reel, range(20))).replace("\n", line_end), encoding=encoding)
    found = load_tunes(path)
    assert found == load_tunes(str(path)) == [read_tune(reel(number).strip()) for number in range(20)]
    data = MusicData(4, path=path)
    assert (len(data.train_tunes), len(data.heldout_tunes)) == (18, 2)
    assert sorted(data.train_tunes + data.heldout_tunes) == sorted(found)


def test_what_stands_before_and_between_tunes(book):
    head = "%abc-2.1\nM:6/8\nL:1/16\nR:jig\nSome words | here.\n\n"
    words = "A bad egg, a cab.\n\n"
    found = load_tunes(book(head, "X:1\nK:C\nabc\n\n", words, "X:2\nM:9/8\nR:Slip Jig\nL:1/8\nK:C\nab\n\n", words))
    assert [(tune.metre, tune.dance, " ".join(tune.signs)) for tune in found] == [
        ("6/8", "jig", "a /2 b /2 c /2 ||"),
        ("9/8", "slip jig", "a b ||"),
    ]


def test_one_tune_needs_no_number(book):
    assert load_tunes(book("M:4/4\nK:C\nabc"))[0].signs == ("a", "b", "c", "||")


def test_what_cannot_be_read_is_listed_with_its_reason(book):
    bad = ["X:7\nT:Two\nM:4/4\nK:C\nV:1\nab\nV:2\ncd\n\n", "X:8\nM:4/4\nL:1/0\nK:C\nab\n\n"]
    bad += ["X:9\nT:Odd\nM:4/4\nK:C\n(3ab|c\n\n", "X:9\nT:Gap\nM:4/4\nK:C\nab|\n\ncd|\n\n"]
    path = book(*bad, *map(reel, range(10)))
    with pytest.warns(UserWarning) as warned:
        assert len(load_tunes(path)) == 10
    [warning] = warned
    assert warning.filename == __file__
    reasons = ["'Two': The tune has the voices 1, 2", "'': The unit", "'Odd': '|' stands", "'Gap': An empty line"]
    for said in (str(path), *(f"tune {place} of 14, {reason}" for place, reason in enumerate(reasons, 1))):
        assert said in str(warning.message)


def test_tunes_that_are_not_learnt_from_are_listed_with_their_reason(book):
    others = [
        reel(21, "R:polka\nM:4/4\nL:1/8"),
        reel(22, "M:4/4\nL:1/8"),
        reel(23, "R:reel\nM:5/4\nL:1/8"),
        reel(24, "R:reel\nM:4/4\nL:1/4"),
    ]
    path = book(*others, *map(reel, range(20)))
    with pytest.warns(UserWarning) as warned:
        data = MusicData(path=path)
    [warning] = warned
    for said in (
        "'No. 21': Its dance (R:) is 'polka'",
        "'No. 22': Its dance (R:) is ''",
        "'5/4'",
        "'No. 24': Its bars",
    ):
        assert said in str(warning.message)
    assert len(data.train_tunes + data.heldout_tunes) == 20


@pytest.mark.parametrize("text", ["", "Once upon a time.", "X:1\nM:4/4\nL:1/0\nK:C\nab"])
@pytest.mark.parametrize("read", [load_tunes, lambda path: MusicData(path=path)])
def test_a_file_without_a_tune_is_refused(book, text, read):
    path = book(text)
    with pytest.raises(ValueError) as error:
        read(path)
    says(error, str(path), "no tune that can be read", "ABC")


def test_a_book_with_nothing_to_learn_from_is_refused(book):
    path = book(reel(1, "R:polka\nM:2/4\nL:1/8"))
    with pytest.raises(ValueError) as error:
        MusicData(path=path)
    says(error, str(path), "no tune to learn from", "'polka'")


def test_a_book_in_another_encoding_is_refused(book):
    with pytest.raises(ValueError) as error:
        load_tunes(book("X:1\nT:Été\nM:4/4\nK:C\nab", encoding="latin-1"))
    says(error, "UTF-8")


@pytest.mark.parametrize("path", ["nowhere.abc", reel(1), "."])
def test_a_file_that_is_not_there_is_named(path):
    with pytest.raises(FileNotFoundError) as error:
        load_tunes(path)
    says(error, "No tune book", repr(path)[:20], "path")


@pytest.mark.parametrize("path", [b"X:1", ["X:1"], 3, iter("X:1")])
def test_only_a_path_is_a_tune_book(path):
    for read in (load_tunes, lambda path: MusicData(path=path)):
        with pytest.raises(TypeError) as error:
            read(path)
        says(error, "tune book is of the type", "path")


@pytest.mark.parametrize("heldout", ["10%", None, True])
def test_a_share_that_is_no_number_is_refused(fake, heldout):
    with pytest.raises(TypeError) as error:
        MusicData(heldout=heldout)
    says(error, f"heldout is {heldout!r}", "a share")


# The real ones


@pytest.fixture(scope="module")
def tunes():
    try:
        return load_tunes()
    except DataError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def real(tunes):
    return MusicData()


def test_the_tunes_and_what_is_said_of_them(tunes):
    assert len(tunes) == 2877
    reel = next(tune for tune in tunes if tune.title == "The Wind Up -- Reel")
    assert (reel.dance, reel.metre, reel.key) == ("reel", "2/4", "Dm")
    assert " ".join(reel.signs).startswith("e 4 e 3 =d | c B A c B ^G E 2 | e 4 e 3 =d | c B A ^G A B c d |"), "by hand"
    again = {tune: read_tune(tune.abc) for tune in tunes}
    assert all(tune.signs == copy.signs and tune.metre == copy.metre for tune, copy in again.items())


def test_a_unit_within_a_tune_counts(tunes):
    written = {" ".join(tune.signs)[:77] for tune in tunes if tune.title == "O'Carolan's Devotion"}
    assert "a 3/2 b /2 | c' 2 c' /4 b /4 g 3/2 g /4 a /4 b 3/2 | g 2 e 3/2 f /2 g 2 | e d" in written, "by hand"


def test_tunes_without_a_dance_get_that_of_their_section(tunes, monkeypatch):
    asked, name_dance = [], music._name_dance
    monkeypatch.setattr(music, "_name_dance", lambda written, number: asked.append((written, number)) or "")
    load_tunes()
    assert len(asked) == len(tunes)
    assert [name_dance(*pair) for pair in asked] == [tune.dance for tune in tunes]
    named = [(name_dance(written, 0), name_dance("", number)) for written, number in asked if written]
    agree = [dance == section for dance, section in named if section]
    assert len(agree) > 700
    assert np.mean(agree) > 0.97
    assert sum(not written and bool(name_dance("", number)) for written, number in asked) > 900
    counts = Counter((tune.dance, tune.metre) for tune in tunes)
    assert counts["slip jig", "9/8"] == 93
    assert counts["jig", "6/8"] > 550


def test_no_near_copy_of_a_held_out_tune_is_trained_on(real):
    assert (len(real.train_tunes), len(real.heldout_tunes)) == (2191, 243)
    assert max(longest_common_run(tune, real.train_tunes) for tune in real.heldout_tunes) < 16
    assert all(bars_add_up(tune) for tune in real.train_tunes + real.heldout_tunes)


def test_little_is_padding_and_next_to_nothing_is_unknown(real):
    assert np.mean([np.mean(X == PAD) for X, _ in real.train]) < 0.12
    assert np.mean(np.concatenate([X[X != PAD] == 0 for X, _ in real.heldout])) < 1e-3
    assert len({X.shape[1] for X, _ in real.train}) <= 10
