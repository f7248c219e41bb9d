"""Scores of made tunes, and the judge of the contest, who meets cheaters."""

import math

import numpy as np
import pytest
from data_helpers import says

from course_utils.datasets import (
    Contest,
    DataError,
    MusicData,
    Tune,
    bars_add_up,
    can_be_read,
    count_bars,
    different_bars,
    is_sound,
    notes,
    score_tunes,
    split_tune,
)
from course_utils.datasets.judging import BOOK_LENGTH
from course_utils.datasets.music import LONGEST


def tune(body, metre="6/8", dance="jig"):
    return Tune(tuple(split_tune(body)), metre, dance)


# Scores


def bars(*some, last="||"):
    return tune(" | ".join(some) + last)


def test_a_short_tune_is_not_sound_however_well_it_adds_up():
    for number, sound in ((BOOK_LENGTH - 1, False), (BOOK_LENGTH, True)):
        assert is_sound(bars(*["c3d3"] * number)) == sound
    assert not is_sound(bars(*["c3d3"] * BOOK_LENGTH, "c3d2"))
    assert not is_sound(bars(*["c3d3"] * BOOK_LENGTH, "2 c3d3"))


def test_scores_by_hand():
    plan = bars(*["c3d3", "e3f3", "c3d3", "g6"] * 4)  # 16 bars, 3 of them different
    spoilt = bars(
        *(f"{'cdefgab'[i % 7]}3 {'cdefgab'[i // 7]}3" for i in range(14)), "^f2"
    )  # 15 bars, the last is short
    short, unreadable = bars("c3d3"), tune("2 c6 ||")
    found = score_tunes([plan, spoilt, short, unreadable], [plan])
    assert found["can be read"] == 3 / 4
    assert found["12 bars"] == 2 / 4
    assert found["sound"] == 1 / 4
    assert found["full bars"] == pytest.approx((1 + 14 / 15 + 1 + 0) / 4)
    assert found["accidentals"] == 1 / 4
    assert found["copies"] == 1 / 3
    assert found["longest run"] == 2
    assert found["repeated"] == pytest.approx((13 / 16 + 0) / 2)
    assert found["eights"] == 1 / 2
    assert found["end"] == 1


def test_nothing_is_said_where_there_is_nothing_to_measure():
    found = score_tunes([tune("2")], [])
    assert math.isnan(found["copies"])
    assert math.isnan(found["repeated"])
    with pytest.raises(ValueError) as error:
        score_tunes([], [])
    says(error, "no tune to score")


# The contest


@pytest.fixture(scope="module")
def data():
    try:
        return MusicData()
    except DataError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def contest(data):
    return Contest(data)


def rejected(contest, tune, *why):
    verdict = contest.judge(tune)
    assert verdict.bars == 0
    assert verdict.why.endswith(".")
    for part in why:
        assert part in verdict.why


def counted(contest, tune):
    verdict = contest.judge(tune)
    assert verdict.why == ""
    return verdict.bars


def honest(data, contest, num_bars, seed=0):
    """A tune that a program could write: bars of the books, no two in a row from one tune, the likely ones."""
    rng = np.random.default_rng(seed)
    jigs = [tune for tune in data.train_tunes if (tune.dance, tune.metre) == ("jig", "6/8")]
    pool = []
    for one in jigs:
        pieces = (
            " ".join(one.signs).replace("||", "|").replace(":|", "|").replace("::", "|").replace("|:", "|").split("|")
        )
        pool += [
            piece
            for piece in pieces
            if len(piece.split()) == 6 and "[" not in piece and different_bars(tune(piece))[1] == 1
        ]
    while True:
        made = tune(" | ".join(rng.choice(pool, num_bars)) + " ||")
        if not contest.judge(made).why:
            return made


def test_an_honest_tune_counts_its_different_bars(data, contest):
    made = honest(data, contest, 4)
    assert counted(contest, made) == different_bars(made)[0]


def test_a_bar_that_is_repeated_counts_once(data, contest):
    made = honest(data, contest, 4)
    again = made._replace(signs=(*made.signs[:-1], "|") * 3 + made.signs)
    verdict = contest.judge(again)
    assert count_bars(again) == 16
    assert verdict.bars in (0, counted(contest, made)), "never more than it is worth once"
    hundreds = tune("c3 c3 |" * 300 + "c6 ||")
    rejected(contest, hundreds, "signs, expected 384 at most")
    assert contest.judge(tune("cccccc |" * 40 + "c6 ||")).bars <= 2


def test_copies_count_nothing(data, contest):
    for known in (data.train_tunes[7], data.heldout_tunes[3]):
        rejected(contest, known, "copied")


def test_a_copy_at_another_pitch_counts_nothing(data, contest):
    known = next(tune for tune in data.train_tunes if not {*"^_="} & {sign[0] for sign in tune.signs})

    def octave_up(sign):
        letter = sign[:1]
        return f"{sign}'" if letter.islower() and letter != "z" else sign.lower() if letter.isalpha() else sign

    moved = known._replace(signs=tuple(map(octave_up, known.signs)))
    steps = [np.diff([note.pitch for note in notes(one)]).tolist() for one in (known, moved)]
    assert steps[0] == steps[1]
    rejected(contest, moved, "copied", "another pitch")


def test_a_note_changed_here_and_there_does_not_hide_a_copy(data, contest):
    known = max(data.train_tunes, key=lambda tune: len(notes(tune)))
    places = [at for at, sign in enumerate(known.signs) if sign[0].isalpha()]
    signs = list(known.signs)
    for at in places[12::13]:
        signs[at] = "d" if signs[at] != "d" else "e"
    rejected(contest, known._replace(signs=tuple(signs)), "a third of its phrases")


def test_other_lengths_bars_and_rests_do_not_hide_a_copy(data, contest):
    known = next(tune for tune in data.train_tunes if not {"^", "_", "="} & {sign[0] for sign in tune.signs})
    pitches = [sign for sign in known.signs if sign[0].isalpha()]
    body = " | ".join(" ".join(pitches[at : at + 2]) + " z 3" for at in range(0, len(pitches) // 2 * 2, 2))
    made = tune(body + " ||", "5/8")
    assert bars_add_up(made)
    rejected(contest, made, "copied")


def test_what_does_not_add_up_counts_nothing(data, contest):
    made = honest(data, contest, 4)
    rejected(contest, made._replace(signs=(*made.signs[:-1], "|", "c", "2", "|", "d", "6", "||")), "do not add up")
    rejected(contest, made._replace(metre="2/2", dance="reel"), "do not add up in 2/2")


def test_no_tune_at_all_counts_nothing(contest):
    rejected(contest, Tune((), "6/8", "jig"), "no note")
    rejected(contest, tune("z6 | z6 ||"), "no note")
    rejected(contest, tune("2 c6 ||"), "cannot be read")
    rejected(contest, "c6 ||", "type str")
    rejected(contest, tune("c3c3||", dance="polka"), "dance is 'polka'")


def test_bars_filled_at_random_count_nothing(contest):
    rng = np.random.default_rng(0)
    for scale in ("CDEFGABcdefgab", "cdefg"):
        for _ in range(10):
            made = tune(" | ".join("".join(rng.choice([*scale], 6)) for _ in range(40)) + " ||")
            assert len(made.signs) <= LONGEST
            assert bars_add_up(made)
            rejected(contest, made, "not like the books")


def test_every_made_tune_gets_a_verdict(data, contest):
    rng = np.random.default_rng(0)
    for _ in range(200):
        made = Tune(tuple(rng.choice(data.vocab.tokens[4:], rng.integers(0, 30))), "6/8", "jig")
        verdict = contest.judge(made)
        assert (verdict.bars == 0) == bool(verdict.why)
        assert can_be_read(made) or verdict.bars == 0
