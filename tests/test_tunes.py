"""Tunes in ABC: what is read is what was written, in another key; notes, bars and copies, each against a slower way."""

from itertools import accumulate, combinations
from pathlib import Path

import pytest
from data_helpers import says
from hypothesis import given
from hypothesis import strategies as st

from course_utils.datasets import (
    Note,
    Tune,
    bars_add_up,
    count_bars,
    different_bars,
    longest_common_run,
    notes,
    places,
    read_tune,
    share_of_full_bars,
    split_tune,
)
from course_utils.datasets.groups import join
from course_utils.datasets.tunes import with_a_run_in_common


def tune(body, metre="4/4"):
    return Tune(tuple(split_tune(body)), metre)


def read(body, key="C", metre="4/4", unit="1/8"):
    return " ".join(read_tune(f"X:1\nT:A\nM:{metre}\nL:{unit}\nK:{key}\n{body}\n").signs)


# Reading

SCALES = {  # semitones from the tonic to its seventh
    "": (0, 2, 4, 5, 7, 9, 11),
    "m": (0, 2, 3, 5, 7, 8, 10),
    "dor": (0, 2, 3, 5, 7, 9, 10),
    "Mix": (0, 2, 4, 5, 7, 9, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    " phr": (0, 1, 3, 5, 7, 8, 10),
}
WHITE = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
ALTERED = {"__": -2, "_": -1, "": 0, "=": 0, "^": 1, "^^": 2}
written_notes = st.tuples(
    st.sampled_from(["", "", "", "=", "^", "_"]),
    st.sampled_from("ABCDEFG"),
    st.sampled_from([",", "", "lower", "'"]),
)


def sounds_in(key, mode, bars):
    """MIDI numbers of written notes, by what the scale of the key has on each letter."""
    start = "CDEFGAB".index(key[0])
    tonic = WHITE[key[0]] + {"#": 1, "b": -1}.get(key[1:], 0)
    scale = {}
    for degree, semitones in enumerate(SCALES[mode]):
        octave, place = divmod(start + degree, 7)
        letter = "CDEFGAB"[place]
        scale[letter] = tonic + semitones - 12 * octave - WHITE[letter]
    found = []
    for bar in bars:
        held = {}
        for sign, letter, octave in bar:
            if sign:
                held[letter, octave] = ALTERED[sign]
            change = held.get((letter, octave), scale[letter])
            found.append(60 + WHITE[letter] + change + 12 * [",", "", "lower", "'"].index(octave) - 12)
    return found


@given(
    key=st.sampled_from(["C", "G", "D", "A", "E", "F", "Bb", "Eb", "F#", "B"]),
    mode=st.sampled_from([*SCALES]),
    bars=st.lists(st.lists(written_notes, min_size=1, max_size=5), min_size=1, max_size=4),
)
def test_a_tune_sounds_the_same_in_the_key_that_it_is_moved_to(key, mode, bars):
    body = " | ".join(
        "".join(
            sign + (letter.lower() + octave.strip("lower") if octave in ("lower", "'") else letter + octave)
            for sign, letter, octave in bar
        )
        for bar in bars
    )
    try:
        moved = read_tune(f"M:4/4\nL:1/8\nK:{key}{mode}\n{body}")
    except ValueError as error:
        assert "three semitones" in str(error)
        return
    found = [note.pitch for note in notes(moved)]
    shifts = {new - old for new, old in zip(found, sounds_in(key, mode, bars), strict=True)}
    assert len(shifts) == 1, "every note by as much"
    assert -7 < shifts.pop() < 7


@pytest.mark.parametrize(
    ("key", "scale"),
    [
        ("D", "DEFGABc"),
        ("Em", "EFGABcd"),
        ("Ador", "ABcdefg"),
        ("AMix", "ABcdefg"),
        ("F lydian", "FGABcde"),
        ("Bphr", "Bcdefga"),
        ("Bb", "BcdefgA"),
        ("F#m", "FGABcde"),
    ],
)
def test_a_scale_becomes_white_keys(key, scale):
    signs = read(scale, key).split()[:-1]
    assert all(sign.strip("',").upper() in "CDEFGAB" for sign in signs)


@pytest.mark.parametrize(
    ("body", "signs"),
    [
        ("abc", "a b c ||"),
        ("A2 B3 c/ d/2 e// f3/2 g3/ a4/2", "A 2 B 3 c /2 d /2 e /4 f 3/2 g 3/2 a 2 ||"),
        ("a>b c<d e>>f a2>b2 c/>d/", "a 3/2 b /2 c /2 d 3/2 e 7/4 f /4 a 3 b c 3/4 d /4 ||"),
        ("z2 a z | z,a", "z 2 a z | z a ||"),
        ("(3abc ((3def)g)", "(3 a b c (3 d e f g ||"),
        ('"Am"~a .b Tc {gag}d !fermata!e uf vg (ab) a-|a', "a b c d e f g a b a | a ||"),
        ("[Ace]2 [c2e2] [A,C]", "e 2 e 2 C ||"),
        ("| a | b |", "a | b ||"),
        ("|: a :|", "|: a :|"),
        ("|: a :: b :|", "|: a :: b :|"),
        ("a :|: b :||: c :|\n|: d ||", "a :: b :: c :: d ||"),
        ("a |] b || c [| d |]", "a || b || c || d ||"),
        ("a || | b |||: c", "a || b |: c ||"),
        ("a |1 b :|2 c || d |[1 e :|[2 f |]", "a | [1 b :| [2 c || d | [1 e :| [2 f ||"),
        ("ab \\\n% a remark\nN:a note\nW:some words\ncd % more", "a b c d ||"),
        ("^a _b =c ^^d __e", "^a _b =c ^^d __e ||"),
        ("C,, C, C c c' c''", "C,, C, C c c' c'' ||"),
        ("a :: ", "a :|"),
        ("a |:", "a ||"),
        ("a::b", "a :: b ||"),
        ("c|\na::b", "c | a :: b ||"),
        ("z::b", "z :: b ||"),
        ("A:|\nB::c:|", "A :| B :: c :|"),
        ("a2b2\nL:1/16\na2b2 |\nL:1/4\nc", "a 2 b 2 a b | c 2 ||"),
        ("ab[L:1/16]ab [L:1/8]c", "a b a /2 b /2 c ||"),
        ("a2>\nL:1/16\nb2", "a 3 b /2 ||"),
        ("a[Q:120]b[P:B]c[N:play it] d[r:x]", "a b c d ||"),
        ("V:1\nab\nV:1\ncd", "a b c d ||"),
        ("[V:1]ab\n[V:1] cd", "a b c d ||"),
        ("(3:2:3abc (3:2abc (3::abc (3:abc", "(3 a b c (3 a b c (3 a b c (3 a b c ||"),
        ("!ff!a !>!b !D.C.!c !<(!d !5!e !mp!f", "a b c d e f ||"),
        ('"Am7"a "^fff"b', "a b ||"),
        ("a %% a bed of music\n%%MIDI program 1 c d\nb", "a b ||"),
        ("%%begintext\nA bad egg | c\n%%endtext\na", "a ||"),
        ("w:a bed | of\nabc\nw: a b", "a b c ||"),
        ("ab\\\ncd", "a b c d ||"),
        ("a\r\nb\r\nL:1/4\r\nc", "a b c 2 ||"),
        ("C' c, c'' C,, c,,", "c C c'' C,, C, ||"),
    ],
)
def test_what_becomes_of_what_is_written(body, signs):
    assert read(body) == signs


@pytest.mark.parametrize(
    ("metre", "unit", "signs"),
    [
        ("2/4", "1/8", "a 2 b 4 ||"),
        ("2/4", "1/16", "a b 2 ||"),
        ("C|", "1/16", "a /2 b ||"),
        ("C", "1/8", "a b 2 ||"),
        ("6/8", "1/4", "a 2 b 4 ||"),
    ],
)
def test_the_unit_is_that_of_the_metre(metre, unit, signs):
    assert read("a b2", metre=metre, unit=unit) == signs


@pytest.mark.parametrize(("metre", "signs"), [("2/4", "a ||"), ("3/4", "a ||"), ("3/8", "a /2 ||")])
def test_without_a_unit_the_standard_says_which(metre, signs):
    assert " ".join(read_tune(f"M:{metre}\nK:C\na").signs) == signs


def test_a_history_may_take_several_lines():
    assert read_tune("A tune:\n\nX:1\nM:4/4\nH:Once upon a time\nthere was | a tune.\nK:C\nabc").signs == (*"abc", "||")


def test_the_head_says_what_it_is():
    made = read_tune("X:7\nT: The Name\nT:Another\nM:C|\nL:1/8\nR: reel\nK:Gdor % one flat\nG2|\n")
    assert made == Tune(("D", "2", "||"), "2/2", "reel", "The Name", "Gdor")
    again = read_tune(made.abc)
    assert again == made._replace(key="C")


UNREADABLE_UNITS = ("1/0", "0/8", "0", "1/x", "1/-8", "auto", "1/8/2", "0.5", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("M:4/4\nK:C\nabc\nK:G\nabc", ["2 keys and 1 metres"]),
        ("K:C\nabc", ["1 keys and 0 metres"]),
        ("M:none\nK:C\nabc", ["'none'", "6/8"]),
        ("M:4/4\nK:H\nabc", ["'H'", "tonic"]),
        ("M:4/4\nK:Cfoo\nabc", ["'Cfoo'"]),
        ("M:4/4\nK:C\nab&c", ["'&c' cannot be read"]),
        ("M:4/4\nK:C\n(5abcde", ["tuplet of 5"]),
        ("M:4/4\nK:C\n>ab", ["'>'", "between two notes"]),
        ("M:4/4\nK:C\nab>|c", ["between two notes"]),
        ("M:4/4\nK:C\na0", ["'0'", "more than 0"]),
        ("M:4/4\nK:C\na/0", ["'/0'"]),
        ("M:4/4\nK:C\n| |", ["no notes"]),
        ("M:4/4\nK:Cm\n^^e", ["'^^e'", "three semitones"]),
        *((f"M:4/4\nL:{unit}\nK:C\nabc", [f"unit L: is {unit!r}", "1/8"]) for unit in UNREADABLE_UNITS),
        *((f"M:4/4\nK:C\nabc\nL:{unit}\nabc", [f"unit L: is {unit!r}", "1/8"]) for unit in UNREADABLE_UNITS),
        *((f"M:4/4\nK:C\nabc[L:{unit}]abc", [f"unit L: is {unit!r}"]) for unit in UNREADABLE_UNITS),
        *((f"M:{metre}\nK:C\nabc", [repr(metre), "6/8"]) for metre in ("4/0", "0/4", "2+3/8", "C||", "free", "4")),
        ("M:4/4\nK:C\nV:1\nabcd|\nV:2\nCDEF|", ["voices 1, 2", "expected one"]),
        ("M:4/4\nK:C\nabcd|\nV:2\nCDEF|", ["voices 1, 2"]),
        ("M:4/4\nK:C\nabcd[V:2]CDEF|", ["voices 1, 2"]),
        ("M:4/4\nV:T1 clef=treble\nV:B1\nK:C\nabcd", ["voices B1, T1"]),
        ("M:4/4\nK:C\n[V:1]abcd|\n[V:2]CDEF|", ["voices 1, 2"]),
        ("M:4/4\nV:1 octave=-1\nK:C\nabcd", ["'1 octave=-1'"]),
        ("M:4/4\nK:C\nab[K:G]cd", ["2 keys"]),
        ("M:4/4\nK:C\nab[M:3/4]cd", ["2 metres"]),
        ("M:4/4\nK:C\nab\nM:3/4\ncd", ["2 metres"]),
        ("M:4/4\nK:C\nab|\n\ncd|", ["empty line", "'cd|'"]),
        ("M:4/4\nK:C octave=-1\nab", ["'C octave=-1'"]),
        ("M:4/4\nK:HP\nab", ["'HP'"]),
        ("M:4/4\nK:\nab", ["''", "tonic"]),
        ("M:4/4\nK:C\n(3:2:2ab", ["tuplet of 3:2:2"]),
        ("M:4/4\nK:C\n(2ab", ["tuplet of 2"]),
        ("M:4/4\nK:C\na00", ["'00'", "more than 0"]),
        ("M:4/4\nK:C\n^z", ["'^z' cannot be read"]),
        ("M:4/4\nK:C\nc',", ["',' cannot be read"]),
        ("M:4/4\nK:C\n==c", ["'==c' cannot be read"]),
        ("M:4/4\nK:C\nabc! def ! gab", ["cannot be read"]),
        ('M:4/4\nK:C\na"bc\nde"f', ["cannot be read"]),
        ("M:4/4\nK:C\na{bc\nde}f", ["cannot be read"]),
        ("M:4/4\nK:C\nabc\nC: Trad.", ["': Trad.' cannot be read"]),
        ("M:4/4\nabc|\nK:C\ndef", ["'abc|' stands before the key", "a field"]),
        ("abc", ["0 keys and 0 metres"]),
        ("", ["0 keys and 0 metres"]),
    ],
)
def test_what_cannot_be_read_is_said(text, said):
    with pytest.raises(ValueError) as error:
        read_tune(text)
    says(error, *said)


@pytest.mark.parametrize("text", [b"K:C", ["K:C"], None, Path("a.abc"), iter("K:C")])
def test_only_a_string_is_a_tune(text):
    with pytest.raises(TypeError) as error:
        read_tune(text)
    says(error, "text is of the type", "one string")


@pytest.mark.parametrize(
    "key", ["G clef=treble", "G treble", "G clef=bass", "Gmaj", "G major", "Gion", "G Ionian", "G % sharp"]
)
def test_the_key_however_it_is_written(key):
    assert read("GABcdef", key) == "c d e f g a b ||"
    assert read("ABcdefg", "A aeolian") == read("ABcdefg", "Aaeo") == read("ABcdefg", "Am") == "A B c d e f g ||"


@given(
    pieces=st.lists(
        st.tuples(st.sampled_from([4, 8, 16, 32]), st.sampled_from(["\nL:1/{}\n", "[L:1/{}]"]), st.integers(1, 9)),
        min_size=1,
        max_size=6,
    )
)
def test_a_note_lasts_as_many_units_as_the_last_unit_given_says(pieces):
    body = "\n" + "".join(mark.format(unit) + f"c{times}" for unit, mark, times in pieces)
    found = notes(read_tune(f"M:4/4\nL:1/2\nK:C{body}".replace("\n\n", "\n")))
    assert [note.duration for note in found] == [4 * times / unit for unit, _, times in pieces]


# Signs

signs = st.lists(
    st.sampled_from(["c", "^f'", "_B,", "=e", "z", "2", "3/2", "/4", "(3", "[1", "||", ":|", "|:", "::", "|"]),
    max_size=9,
)


@given(signs)
def test_signs_are_split_as_they_were_put_together(signs):
    try:
        list(notes(Tune(tuple(signs), "4/4")))
    except ValueError:
        return
    assert split_tune("".join(signs)) == split_tune(" ".join(signs)) == signs


@pytest.mark.parametrize("body", ["x", "a|?", "^z", "c',", "a 0", "(4abcd"])
def test_what_is_no_sign_is_named(body):
    with pytest.raises(ValueError) as error:
        split_tune(body)
    says(error, "none of a tune's signs", "c3/2d/2 e | g3 ||")


# Notes


def test_notes_of_a_known_tune():
    """The beginning of Frère Jacques in quarter notes, then what is special, one by one."""
    assert [note.pitch for note in notes(tune("c2d2e2c2 | C2D2E2C2 ||"))] == [72, 74, 76, 72, 60, 62, 64, 60]
    assert notes(tune("c z2 d | e3/2 ||")) == [Note(72, 0, 0.5), Note(74, 1.5, 0.5), Note(76, 2, 0.75)]
    assert notes(tune("c2 d", "2/4")) == [Note(72, 0, 0.5), Note(74, 0.5, 0.25)]
    assert notes(tune("(3cz2d e")) == [
        Note(72, 0, pytest.approx(1 / 3)),
        Note(74, 1, pytest.approx(1 / 3)),
        Note(76, pytest.approx(4 / 3), 0.5),
    ]


@pytest.mark.parametrize(
    ("body", "pitches"),
    [
        ("^c c c' C | c", [73, 73, 84, 60, 72]),
        ("_B B =B B || B", [70, 70, 71, 71, 71]),
        ("^^c __d ^e _f", [74, 72, 77, 76]),
        ("C,, C, b'", [36, 48, 95]),
        ("|: ^c :| [2 c ||", [73, 72]),
    ],
)
def test_the_pitch_of_a_note(body, pitches):
    assert [note.pitch for note in notes(tune(body))] == pitches


UNITS = {"": 1.0, "2": 2.0, "3/2": 1.5, "/2": 0.5, "7/4": 1.75}


@given(st.lists(st.tuples(st.sampled_from("cdefgabz"), st.sampled_from([*UNITS])), max_size=12))
def test_notes_follow_one_another(written):
    made = tune("".join(pitch + length for pitch, length in written))
    lengths = [UNITS[length] / 2 for _, length in written]
    starts = [0, *accumulate(lengths)]
    expected = [(starts[i], lengths[i]) for i, (pitch, _) in enumerate(written) if pitch != "z"]
    assert [(note.start, note.duration) for note in notes(made)] == expected


NONSENSE = {
    ("2", "c"): "'2' after ''",
    ("c", "2", "3"): "'3' after 'c'",
    ("|", "2"): "'2' after '|'",
    ("(3", "c", "|", "d"): "'|' stands inside a triplet",
    ("(3", "c", "(3", "d"): "inside a triplet",
    ("(3", "c", "d"): "ends inside a triplet",
    ("c", "|", "||"): "'||' comes after '|'",
    ("c", "|", "[1", "|"): "'|' comes after '[1'",
    ("c", "[1", "d"): "'[1' after 'c'",
    ("c", "<unk>"): "'<unk>'",
    ("<reel>", "c"): "'<reel>'",
    ("z,",): "'z,'",
}


@pytest.mark.parametrize("signs", NONSENSE)
def test_signs_without_sense_are_named(signs):
    made = Tune(signs, "4/4")
    with pytest.raises(ValueError) as error:
        notes(made)
    says(error, NONSENSE[signs])
    assert not bars_add_up(made)
    with pytest.raises(ValueError):
        longest_common_run(made, [])


# Bars


@pytest.mark.parametrize(
    ("body", "metre", "adds_up"),
    [
        ("c2d2e2f2 | g8 ||", "4/4", True),
        ("c2d2e2f2 | g8", "4/4", True),
        ("c2d2e2f2 | g4 ||", "4/4", False),
        ("c2d2e2 | g8 | c8 ||", "4/4", True),  # a pick-up that nothing makes up for
        ("g2 | c2d2e2f2 | g6 ||", "4/4", True),
        ("g2 | c2d2e2f2 | g5 ||", "4/4", False),
        ("g2 | c2d2e2f2 | g6 :| g2 | c8 | g6 ||", "4/4", True),
        ("g2 |: c2d2e2f2 | g6 :|", "4/4", True),
        ("g2 | c8 | g6 :| f | c8 | g7 ||", "4/4", True),
        ("g2 | c8 | g6 :| f | c8 | g5 ||", "4/4", False),
        ("g2 | c2d2e2 | f8 | g6 ||", "4/4", False),  # too short in the middle
        ("c2d2e2f2g2 | g8 ||", "4/4", False),  # too long
        ("g2 | c8 | [1 g6 :| [2 e6 ||", "4/4", True),
        ("c ||", "4/4", False),
        ("c :: d :: e ||", "4/4", False),
        ("c4 :: d4 ||", "4/4", True),  # half a bar each, and each makes up for the other
        ("c3d3 | (3efg a2 b2 ||", "6/8", True),
        ("c3d3 | (3efg a2 b ||", "6/8", False),
        ("c4d4 | c3 d ef g2 ||", "2/4", True),
        ("c4d4 ||", "2/2", True),
        ("", "4/4", False),
        ("|: ||", "4/4", False),
        ("z8 ||", "4/4", True),
    ],
)
def test_bars_add_up(body, metre, adds_up):
    assert bars_add_up(tune(body, metre)) == adds_up


BITS = {"c": 2, "d2": 4, "e/2": 1, "z": 2, "f3/2": 3, "(3gab": 4}  # in sixteenths
whole_bars = st.lists(st.lists(st.sampled_from([*BITS]), min_size=1, max_size=5), min_size=2, max_size=5)


@given(whole_bars, st.integers(0, 4), st.sampled_from(["c", "d2", "e/2"]))
def test_one_note_too_many_in_a_whole_bar_is_noticed(bars, which, extra):
    filled = ["".join([*bar, "e/2" * (24 - sum(BITS[bit] for bit in bar))]) for bar in bars]
    assert bars_add_up(tune("|".join(filled) + "||", "12/8"))
    filled[which % len(filled)] += extra
    assert not bars_add_up(tune("|".join(filled) + "||", "12/8"))


@pytest.mark.parametrize(
    ("body", "metre", "length", "different", "full"),
    [
        ("G | c2d efg | g6 | c2d efg | g5 ||", "6/8", 4.0, (2, 3), 0.8 + 0.2),
        ("G | c2d ef | g6 | c2d efg | g5 ||", "6/8", 4 - 1 / 6, (2, 2), 0.8),
        ("c2 | d2 | e2 | f4 ||", "4/4", 1.25, (0, 0), 0.25),  # the first may be a pick-up, the others are too short
        ("^c d | c =d | c d ||", "2/8", 3.0, (2, 3), 1.0),  # a sharp holds until the bar ends
        ("z2 | z2 | c2 ||", "2/8", 3.0, (2, 3), 1.0),
        ("", "4/4", 0.0, (0, 0), 0.0),
    ],
)
def test_bars_are_counted(body, metre, length, different, full):
    found = tune(body, metre)
    assert count_bars(found) == pytest.approx(length)
    assert different_bars(found) == different
    assert share_of_full_bars(found) == pytest.approx(full)
    assert bars_add_up(found) == (full == 1)


def test_the_place_in_the_bar_at_each_sign():
    assert places(tune("G/2A3/2 |: c2 z d | [1 (3e2fg ^a :|")) == [
        1, 0.5, 1.5, 3 - 1, 0, 1, 2, 3, 4, 0, 0, 0, 0.67, 1.33, 2, 2.67, 3.67, 0,
    ]  # fmt: skip
    with pytest.raises(ValueError) as error:
        places(tune("2 c"))
    says(error, "'2'")


def test_bars_without_sense_are_not_counted():
    for measure in (count_bars, different_bars, share_of_full_bars):
        with pytest.raises(ValueError) as error:
            measure(tune("c || | d"))
        says(error, "'|' comes after '||'")


@pytest.mark.parametrize(
    ("key", "mode"),
    [("D", "major"), ("Bb", "major"), ("F#m", "minor"), ("E Minor", "minor"), ("AMin", "minor"), ("Aaeo", "minor"),
     ("Ador", "dorian"), ("D Dor", "dorian"), ("Edorian", "dorian"), ("Gmix", "mixolydian"), ("A Mix", "mixolydian"),
     ("FLydian", "lydian"), ("Ephr", "phrygian"), ("Bloc", "locrian")],
)  # fmt: skip
def test_the_mode_however_it_is_spelled(key, mode):
    assert tune("c")._replace(key=key).mode == mode


def test_a_key_without_sense_has_no_mode():
    with pytest.raises(ValueError) as error:
        _ = tune("c")._replace(key="Hx").mode
    says(error, "The key is 'Hx'")


# Copies

melodies = st.lists(st.sampled_from("cdez|"), max_size=14).map(lambda signs: "".join(signs).strip("|"))


def runs(body):
    played = [sign for sign in body if sign in "cde"]
    return {tuple(played[i:j]) for i, j in combinations(range(len(played) + 1), 2)}


def as_tune(body):
    return tune(body.replace("||", "|").replace("||", "|").replace("||", "|"))


@given(melodies, st.lists(melodies, max_size=4))
def test_the_longest_common_run(one, others):
    expected = max((len(run) for other in others for run in runs(one) & runs(other)), default=0)
    assert longest_common_run(as_tune(one), [as_tune(other) for other in others]) == expected


def test_lengths_and_bars_do_not_hide_a_copy_and_accidentals_do():
    assert longest_common_run(tune("c2 d | e z f ||"), [tune("c/2d3e | f ||")]) == 4
    assert longest_common_run(tune("c d ^e f"), [tune("c d e f")]) == 2
    assert longest_common_run(tune("cdef"), [tune("cd"), tune("ef")]) == 2, "not across two tunes"


@given(st.lists(melodies, max_size=7), st.integers(1, 4))
def test_tunes_with_a_run_in_common_are_joined(bodies, run):
    tunes = [as_tune(body) for body in bodies]
    found = join(len(tunes), with_a_run_in_common(tunes, run))
    near = [(i, j) for i, j in combinations(range(len(tunes)), 2) if longest_common_run(tunes[i], [tunes[j]]) >= run]
    assert found.tolist() == join(len(tunes), near).tolist()
