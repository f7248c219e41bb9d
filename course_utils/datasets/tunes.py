"""Tunes in ABC notation: read, brought into one key and one way of writing, checked, and turned into notes.

The notation is that of the ABC standard 2.1 (abcnotation.com/wiki/abc:standard:v2.1), as far as dance tunes need it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from course_utils.datasets.text import check_text

_LETTERS = "CDEFGAB"
_SEMITONES = (0, 2, 4, 5, 7, 9, 11)  # of the letters, above C
_SHARPS = (0, 2, 4, -1, 1, 3, 5)  # in the signatures of their major keys
_MODES = {"maj": (0, "C"), "min": (-3, "A"), "dor": (-2, "D"), "mix": (-1, "G"), "lyd": (1, "F"), "phr": (-4, "E")}
_MODES |= {"ion": _MODES["maj"], "aeo": _MODES["min"], "loc": (-5, "B")}
_MODE_NAMES = {"maj": "major", "ion": "major", "min": "minor", "aeo": "minor", "dor": "dorian", "mix": "mixolydian"}
_MODE_NAMES |= {"lyd": "lydian", "phr": "phrygian", "loc": "locrian"}
_ACCIDENTALS = {"__": -2, "_": -1, "=": 0, "^": 1, "^^": 2}
_METRES = {"C": "4/4", "C|": "2/2"}
_PARTS = ("|:", ":|", "::", "||")  # bar lines where a part begins or ends

_PITCH = re.compile(r"(__|_|=|\^\^|\^)?([A-Ga-g])('+|,*)")
_LENGTH = re.compile(r"([1-9]\d*)?(?:/([1-9]\d*))?")
_TOKEN = re.compile(rf"{_PITCH.pattern}|z|\(3|\[[12]|\|:|:\||::|\|\||\||[1-9]\d*/[1-9]\d*|/?[1-9]\d*")
_SOUND, _LASTS = r"(?:(?:__|_|=|\^\^|\^)?[A-Ga-g](?:'+|,+)?|z[,']*)", r"\d*/*\d*"  # as people write a note; z is a rest
_WRITTEN = re.compile(rf"({_SOUND})({_LASTS})")
_SIGN = re.compile(
    rf"(?P<note>{_SOUND}{_LASTS})|\[(?P<chord>(?:{_SOUND}{_LASTS})+)\](?P<times>{_LASTS})|\((?P<tuplet>\d(?::\d*)*)|(?P<broken>>+|<+)"
    r"|(?P<bar>[:|]*\|[:|\]]*|::|\[\|)(?:\s*\[?(?P<ending>[12]))?|\[(?P<volta>[12])|[\s).~THSuvMPk\\`-]+|\("
)
# Words above the notes, grace notes, signs with a name; a name that could be notes is one only if it is loud ("!ff!").
_ABOVE = re.compile(r'"[^"]*"|\{[^}]*\}|!(?:f+|[0-5+]|[<>][()]?|D\.[CS]\.|[^!\s|]*[H-WYh-wy][^!\s|]*)!')
# Below the head, a line such as "a::b" or "D:|" is music.
_HEAD_FIELD, _BODY_FIELD = re.compile(r"([A-Za-z+]):(.*)"), re.compile(r"([H-Zh-y+]):(?!\|)(.*)")
_INLINE = re.compile(r"\[([IKLMNPQRUVmr]):([^\]]*)\]")  # a field between notes
_TEXT_BLOCK = re.compile(r"(?ms)^%%begin(\w+).*?^%%end\1")
_CLEF = re.compile(r"\s+(?:clef=)?(?:treble|bass|alto|tenor)$")  # how notes are drawn; they sound the same


class Note(NamedTuple):
    """A sound: its MIDI number (60 is middle C, 61 a semitone above), and its onset and duration in quarter notes."""

    pitch: int
    start: float
    duration: float


class Tune(NamedTuple):
    """A tune as signs, in C major or another key without sharps and flats, and what is known of it.

    The signs are pitches ("c" is the C above middle C, "c'" an octave above that, "C" below; "^c" sharp, "_c" flat,
    "=c" natural), "z" for a rest, lengths that follow them ("2", "3/2", "/2"; without one a note lasts one unit), "(3"
    before three notes in the time of two, and bar lines ("|", "||"; "|:", ":|", "::" repeat; "[1" and "[2" begin
    endings). The unit is an eighth, in 2/4 a sixteenth.

    Args:
        signs: the tokens.
        metre: such as "6/8".
        dance: such as "jig", empty if unknown. title: its name. key: the one in which it was written, such as "Dmix".

    >>> print(Tune(("c", "2", "e", "|", "g", "3", "||"), "3/8", "jig", "Sketch").abc)
    X:1
    T:Sketch
    R:jig
    M:3/8
    L:1/8
    K:C
    c2e | g3 ||
    """

    signs: tuple[str, ...]
    metre: str
    dance: str = ""
    title: str = ""
    key: str = "C"

    @property
    def mode(self) -> str:
        """The mode of the key, however the book spells it: "major", "minor", "dorian", "mixolydian" and so on.

        >>> [Tune(("c",), "4/4", key=key).mode for key in ("D", "F#m", "Amin", "Ador", "D Mixolydian", "Gmix")]
        ['major', 'minor', 'minor', 'dorian', 'mixolydian', 'mixolydian']
        """
        return _MODE_NAMES[_read_mode(self.key)[2]]

    @property
    def abc(self) -> str:
        """The tune as a text that any program for ABC can read."""
        head = {"X": 1, "T": self.title, "R": self.dance, "M": self.metre, "L": _unit(self.metre), "K": "C"}
        body = "".join(f" {sign} " if set(sign) & set("|:") else sign for sign in self.signs)
        return "\n".join([*(f"{name}:{value}" for name, value in head.items()), re.sub(" +", " ", body).strip()])


def read_tune(text: str) -> Tune:
    r"""A tune in ABC notation, as a book has it, in our few signs.

    It is moved into the key without sharps and flats that has its mode (major: C, minor: A, dorian: D, mixolydian: G),
    up or down, whichever is nearer. Dotted pairs (">") get their lengths. Of a chord the highest note stays, as long as
    it is. The unit may change within the tune ("L:" on a line of its own, or "[L:1/16]"). Slurs, ties, ornaments,
    fingerings, words and comments go; so do the signs for playing a tune again from some place.

    Raises ValueError, saying why, for what this does not cover: several keys, metres or voices, tuplets but "(3",
    anything after an empty line, which ends a tune. TypeError for what is no string.

    >>> tune = read_tune("X:1\nM:6/8\nL:1/8\nR:jig\nK:D % two sharps\n|: (d>e).f {g}=c3 | [Ad]6 :|")
    >>> " ".join(tune.signs)
    '|: c 3/2 d /2 e _B 3 | c 6 :|'
    """
    check_text(text, "text")
    fields, music = defaultdict(list), []
    for name, value in _read_lines(text):
        if name == "V" and not fields["V"] and any(piece.strip() for _, piece in music):
            fields["V"].append("1")  # that of the notes before
        if name:
            fields[name].append(value)
        elif music and music[-1][0] == fields["L"][-1:]:
            music[-1][1] += f" {value}"
        else:
            music.append([fields["L"][-1:], value])
    key, metre = _only_one_of_each(fields)
    usual = "1/16" if Fraction(metre) < Fraction(3, 4) else "1/8"  # the standard's unit, if none is given
    written = []
    for unit, piece in music:
        scale = _read_unit(*(unit or [usual])) / _unit(metre)
        written += [(kind, sign, length * scale) for kind, sign, length in _read_signs(piece)]
    signs = []
    for kind, value, length in _lengthened(written):
        if kind == "note":
            signs.append(value if value == "z" else _move(value, key))
            signs += [] if length == 1 else [_write(length)]
        elif kind == "bar" and signs and signs[-1] in ("|", *_PARTS):
            signs[-1] = _one_bar_line(signs[-1], value)
        elif signs or value not in ("|", "||"):
            signs.append(value)
    if not signs:
        raise ValueError("The tune has no notes.")
    last = _one_bar_line(signs.pop() if signs[-1] in ("|", *_PARTS) else "", "||")
    signs.append({"|:": "||", "::": ":|"}.get(last, last))
    title, dance = (fields[name][0] if fields[name] else "" for name in "TR")
    return Tune(tuple(signs), metre, dance, title, key)


def split_tune(body: str) -> list[str]:
    """The signs of a tune, or of a piece of one, that is typed in them; spaces do not count.

    >>> split_tune("c3/2d/2 e | (3gab c'2 ||")
    ['c', '3/2', 'd', '/2', 'e', '|', '(3', 'g', 'a', 'b', "c'", '2', '||']
    """
    check_text(body, "body")
    text, at, signs = "".join(body.split()), 0, []
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise ValueError(f"{text[at : at + 10]!r} is none of a tune's signs: type them as in 'c3/2d/2 e | g3 ||'.")
        signs.append(found[0])
        at = found.end()
    return signs


def notes(tune: Tune) -> list[Note]:
    """The sounds of a tune, as they are written: what is to be repeated is there once, and rests are gaps.

    An accidental holds until the bar ends, for the same letter in the same octave.

    Raises ValueError where the signs make no sense, as those that a model writes may.

    >>> notes(Tune(("^c", "2", "c", "|", "c", "||"), "3/8"))
    [Note(pitch=73, start=0.0, duration=1.0), Note(pitch=73, start=1.0, duration=0.5),
     Note(pitch=72, start=1.5, duration=0.5)]
    """
    found, start, quarters = [], Fraction(0), float(4 * _unit(tune.metre))
    for kind, pitch, duration in _events(tune):
        if kind == "note" and pitch is not None:
            found.append(Note(pitch, float(start) * quarters, float(duration) * quarters))
        start += duration
    return found


def bars_add_up(tune: Tune) -> bool:
    """Whether the signs make sense and each bar is as long as the metre says.

    The first bar of a part may be shorter, a pick-up. So may the last, by as much as one of the tune's pick-ups. Parts
    begin and end at double bars and repeats.

    >>> bars_add_up(Tune(tuple(split_tune("e | c2d | e2 ||")), "3/8")), bars_add_up(Tune(("c", "||"), "3/8"))
    (True, False)
    """
    try:
        return share_of_full_bars(tune) == 1
    except ValueError:
        return False


def share_of_full_bars(tune: Tune) -> float:
    """Of a tune's bars the share that is as long as the metre says, pick-ups allowed as `bars_add_up` allows them.

    A tune without notes has 0. Raises ValueError where the signs make no sense.

    >>> share_of_full_bars(Tune(tuple(split_tune("c2d | e2 | c2d | e3 ||")), "3/8"))
    0.75
    """
    bars, whole = _bars(tune), _whole(tune)
    pickups = [bar.length for bar in bars if bar.before in _PARTS and bar.length < whole]

    def fits(bar: _Bar) -> bool:
        if bar.length == whole:
            return True
        # a pick-up may stand alone before "|:"
        if bar.after in _PARTS and not (bar.before in _PARTS and bar.after == "|:"):
            return whole - bar.length in pickups
        return bar.before in _PARTS and bar.length < whole

    return sum(map(fits, bars)) / max(len(bars), 1)


def count_bars(tune: Tune) -> float:
    """How long a tune is as it is written: the length of all its notes and rests, in bars of its metre.

    Raises ValueError where the signs make no sense.

    >>> count_bars(Tune(tuple(split_tune("e | c2d | e2 ||")), "3/8"))
    2.0
    """
    return float(sum((bar.length for bar in _bars(tune)), Fraction(0)) / _whole(tune))


def different_bars(tune: Tune) -> tuple[int, int]:
    """How many different full bars a tune has, and how many in all; two are one if pitches and lengths are the same.

    Raises ValueError where the signs make no sense.

    >>> different_bars(Tune(tuple(split_tune("e | c2d | e3 | c2d | e2 ||")), "3/8"))
    (2, 3)
    """
    full = [bar.sounds for bar in _bars(tune) if bar.length == _whole(tune)]
    return len(set(full)), len(full)


def places(tune: Tune) -> list[float]:
    """How much of its bar has passed at each sign, in units: after a note, the note too; 0 at a bar line.

    A length corrects what its note said. Raises ValueError where the signs make no sense.

    >>> places(Tune(tuple(split_tune("c | d2e | (3fga b2 ||")), "3/8"))
    [1.0, 0.0, 1.0, 2.0, 3.0, 0.0, 0.0, 0.67, 1.33, 2.0, 3.0, 4.0, 0.0]
    """
    notes(tune)  # refuses what makes no sense
    at, before, triplet, found = Fraction(0), Fraction(0), 0, []
    for sign in tune.signs:
        length = _length(sign)
        if sign in ("|", *_PARTS):
            at = Fraction(0)
        elif length is not None:
            at += before * (length - 1)
        elif sign == "(3":
            triplet = 3
        elif sign[0] != "[":
            before = Fraction(2, 3) if triplet else Fraction(1)
            at, triplet = at + before, max(triplet - 1, 0)
        found.append(round(float(at), 2))
    return found


def longest_common_run(tune: Tune, others: Iterable[Tune]) -> int:
    """The most notes in a row that a tune shares with one of the others: the same pitches, whatever their lengths.

    Raises ValueError where the signs of one make no sense.

    >>> one, other = (Tune(tuple(split_tune(text)), "3/8") for text in ("c2 d | efg ||", "g2 c/2d/2 | e2 f | aaa ||"))
    >>> longest_common_run(one, [other])
    4
    """
    melody, known = _melody(tune), "\0".join(map(_melody, others))
    longest = 0
    for start in range(len(melody)):
        while start + longest < len(melody) and melody[start : start + longest + 1] in known:
            longest += 1
    return longest


def with_a_run_in_common(tunes: Sequence[Tune], run: int) -> Iterator[tuple[int, int]]:
    """Places in `tunes` of two that share `run` notes in a row: enough pairs to join all that do, by a chain.

    >>> tunes = [Tune(tuple(text), "3/8") for text in ("cde", "gfe", "ecd")]
    >>> [*with_a_run_in_common(tunes, 2)]
    [(0, 0), (0, 0), (1, 1), (1, 1), (2, 2), (0, 2)]
    """
    seen = {}
    for i, melody in enumerate(map(_melody, tunes)):
        for start in range(len(melody) - run + 1):
            yield seen.setdefault(melody[start : start + run], i), i


class _Bar(NamedTuple):
    """What stands between two bar lines: these, (MIDI number or None, length in units) of its sounds, its length."""

    before: str
    sounds: tuple[tuple[int | None, Fraction], ...]
    length: Fraction
    after: str


def _bars(tune: Tune) -> list[_Bar]:
    bars, line, sounds = [], "||", []

    def close(after: str) -> None:
        bars.append(_Bar(line, tuple(sounds), sum((length for _, length in sounds), Fraction(0)), after))

    for kind, value, length in _events(tune):
        if kind == "note":
            sounds.append((value, length))
            continue
        if sounds or bars:
            close(value)
        line, sounds = value, []
    if sounds:
        close("||")
    return bars


def _whole(tune: Tune) -> Fraction:
    """The length of a bar, in units."""
    return Fraction(tune.metre) / _unit(tune.metre)


@cache
def _melody(tune: Tune) -> str:
    """The pitches of a tune, a character for each."""
    return "".join(chr(note.pitch) for note in notes(tune))


def _events(tune: Tune) -> Iterator[tuple[str, int | str | None, Fraction]]:
    """("note", MIDI number or None for a rest, length in units) and ("bar", line, 0), as the signs have them."""
    signs = [*tune.signs, ""]
    altered, at, triplet, before = {}, 0, 0, ""
    while at < len(signs) - 1:
        sign, next_sign = signs[at : at + 2]
        at += 1
        pitch = _PITCH.fullmatch(sign)
        if triplet and not pitch and sign != "z":
            raise ValueError(f"{sign!r} stands inside a triplet, expected three notes after (3.")
        if pitch or sign == "z":
            duration = _length(next_sign)
            at += next_sign != "" and duration is not None
            duration = duration or Fraction(1)
            if triplet:
                triplet, duration = triplet - 1, duration * Fraction(2, 3)
            yield "note", _midi(pitch, altered) if pitch else None, duration
        elif sign == "(3":
            triplet = 3
        elif sign in ("|", *_PARTS):
            if before in ("|", *_PARTS, "[1", "[2"):
                raise ValueError(f"{sign!r} comes after {before!r}, expected notes between them.")
            altered.clear()
            yield "bar", sign, Fraction(0)
        elif sign not in ("[1", "[2") or before not in ("|", *_PARTS):
            raise ValueError(f"{sign!r} after {before!r} makes no sense in a tune.")
        before = sign
    if triplet:
        raise ValueError("The tune ends inside a triplet.")


@cache
def _length(sign: str) -> Fraction | None:
    """How many units a sign says, if it is a length; 1 for none."""
    found = _LENGTH.fullmatch(sign)
    return Fraction(int(found[1] or 1), int(found[2] or 1)) if found else None


def _midi(pitch: re.Match, altered: dict[str, int]) -> int:
    """The MIDI number of a pitch; what its accidental does is noted in `altered` for the rest of the bar."""
    accidental, letter, octave = pitch.groups()
    if accidental:
        altered[letter + octave] = _ACCIDENTALS[accidental]
    octaves, number = divmod(_step(letter + octave), 7)
    return 60 + 12 * octaves + _SEMITONES[number] + altered.get(letter + octave, 0)


def _unit(metre: str) -> Fraction:
    return Fraction(1, 16 if metre == "2/4" else 8)


def _read_lines(text: str) -> Iterator[tuple[str, str]]:
    """(name, value) of each field, and ("", notes) for each line of music or piece of one, in their order."""
    in_head, has_ended, last = True, False, ""
    for line in _TEXT_BLOCK.sub("%", text).splitlines():
        has_ended = has_ended or not (in_head or line.strip())
        line = re.sub(r"(?<!\\)%.*", "", line)
        field = (_HEAD_FIELD if in_head else _BODY_FIELD).match(line)
        if has_ended and line.strip():
            raise ValueError(f"An empty line ends a tune, but {line.strip()!r} comes after it: remove one of the two.")
        if field:
            last, in_head = field[1], in_head and field[1] != "K"
            yield field[1], field[2].strip()
        elif in_head and line.strip() and last not in ("", "H"):  # a history may take several lines
            raise ValueError(f"{line.strip()!r} stands before the key, expected a field there, such as T: or M:.")
        elif not (in_head or has_ended):
            notes, *others = _INLINE.split(_ABOVE.sub("", line))
            yield "", notes
            for name, value, notes in zip(others[::3], others[1::3], others[2::3], strict=True):
                yield name, value.strip()
                yield "", notes


def _only_one_of_each(fields: dict[str, list[str]]) -> tuple[str, str]:
    """The key and the metre of a tune that has one voice."""
    if len(fields["K"]) != 1 or len(fields["M"]) != 1:
        raise ValueError(f"The tune has {len(fields['K'])} keys and {len(fields['M'])} metres, expected one of each.")
    voices = sorted({voice.split(maxsplit=1)[0] for voice in fields["V"] if voice})
    if len(voices) > 1:
        raise ValueError(f"The tune has the voices {', '.join(voices)}, expected one: keep the lines of one voice.")
    for voice in fields["V"]:
        if re.search(r"octave=|transpose=|[-+^_]8", voice):
            raise ValueError(f"The voice {voice!r} is moved up or down, expected notes as they sound.")
    metre = _METRES.get(fields["M"][0], fields["M"][0])
    if not re.fullmatch(r"[1-9]\d*/[1-9]\d*", metre):
        raise ValueError(f"The metre is {metre!r}, expected one such as 6/8.")
    return _CLEF.sub("", fields["K"][0]), metre


def _read_unit(text: str) -> Fraction:
    if not re.fullmatch(r"[1-9]\d*(/[1-9]\d*)?", text):
        raise ValueError(f"The unit L: is {text!r}, expected one such as 1/8.")
    return Fraction(text)


@cache
def _read_key(text: str) -> tuple[dict[str, int], int]:
    """What a key does to each letter, 1 for a sharp and −1 for a flat, and by how many letters to move a tune."""
    tonic, sign, mode = _read_mode(text)
    more, target = _MODES[mode]
    number = _SHARPS[_LETTERS.index(tonic)] + {"#": 7, "b": -7, "": 0}[sign] + more
    order = "FCGDAEB" if number > 0 else "BEADGCF"
    sharps = dict.fromkeys(_LETTERS, 0)
    for i in range(abs(number)):
        sharps[order[i % 7]] += 1 if number > 0 else -1
    return sharps, (_LETTERS.index(target) - _LETTERS.index(tonic) + 3) % 7 - 3


def _read_mode(text: str) -> tuple[str, str, str]:
    """The letter of a key, its sharp or flat, and its mode as `_MODES` has it."""
    found = re.fullmatch(r"([A-G])([#b]?)\s*([A-Za-z]*)", text)
    mode = found and {"": "maj", "m": "min"}.get(found[3], found[3][:3].lower())
    if mode not in _MODES:
        raise ValueError(f"The key is {text!r}, expected a tonic and a mode, such as G, F#m or Ador.")
    return found[1], found[2], mode


def _read_signs(body: str) -> Iterator[tuple[str, str, Fraction]]:
    """(kind, sign, length) of all that is written and counts; kind is "note", "broken", "tuplet", "bar" or "ending"."""
    at = 0
    while at < len(body):
        found = _SIGN.match(body, at)
        if not found:
            raise ValueError(f"{body[at : at + 10]!r} cannot be read.")
        at = found.end()
        if found["note"] or found["chord"]:
            notes = _WRITTEN.findall(found["note"] or found["chord"])
            note, length = max(notes, key=lambda written: -99 if written[0][0] == "z" else _step(written[0]))
            length = _read_length(length) * _read_length(found["times"] or "")
            yield "note", "z" if note[0] == "z" else note, length
        elif found["bar"]:
            begins, ends = found["bar"].endswith(":"), found["bar"].startswith(":")
            bar = "::" if begins and ends else "|:" if begins else ":|" if ends else "|"
            yield "bar", bar if bar != "|" or found["bar"] == "|" else "||", Fraction(0)
        for kind in ("tuplet", "broken"):
            if found[kind]:
                yield kind, found[kind], Fraction(0)
        if found["ending"] or found["volta"]:
            yield "ending", f"[{found['ending'] or found['volta']}", Fraction(0)


@cache
def _read_length(text: str) -> Fraction:
    times, slashes, parts = re.fullmatch(r"(\d*)(/*)(\d*)", text).groups()
    if 0 in (int(times or 1), int(parts or 1)):
        raise ValueError(f"A note has the length {text!r}, expected more than 0, such as 2 or 3/2.")
    return Fraction(int(times or 1), int(parts) if parts else 2 ** len(slashes))


def _lengthened(signs: list) -> Iterator[tuple[str, str, Fraction]]:
    """The signs without `>` and `<`, whose notes get the lengths that they mean, and tuplets checked."""
    lengths = [length for _, _, length in signs]
    for i, (kind, sign, _) in enumerate(signs):
        if kind == "broken":
            if not 0 < i < len(signs) - 1 or not signs[i - 1][0] == signs[i + 1][0] == "note":
                raise ValueError(f"{sign!r} is not between two notes.")
            short = Fraction(1, 2 ** len(sign))
            lengths[i - 1] *= 2 - short if sign[0] == ">" else short
            lengths[i + 1] *= short if sign[0] == ">" else 2 - short
        if kind == "tuplet" and not re.fullmatch(r"3(:2?(:3?)?)?", sign):
            raise ValueError(f"It has a tuplet of {sign} notes, expected 3 only.")
    for (kind, sign, _), length in zip(signs, lengths, strict=True):
        if kind != "broken":
            yield kind, "(3" if kind == "tuplet" else sign, length


@cache
def _step(pitch: str) -> int:
    """How many letters a pitch is above middle C, whatever its accidental."""
    _, letter, octave = _PITCH.fullmatch(pitch).groups()
    return _LETTERS.index(letter.upper()) + 7 * (letter.islower() + octave.count("'") - octave.count(","))


@cache
def _move(pitch: str, key: str) -> str:
    """The pitch in the key without sharps and flats; an accidental changes by what the old key did to the letter."""
    sharps, shift = _read_key(key)
    octave, letter = divmod(_step(pitch) + shift, 7)
    accidental = _PITCH.fullmatch(pitch)[1] or ""
    if accidental:
        change = _ACCIDENTALS[accidental] - sharps[_LETTERS[_step(pitch) % 7]]
        accidental = next((sign for sign, meaning in _ACCIDENTALS.items() if meaning == change), None)
        if accidental is None:
            raise ValueError(f"{pitch!r} is three semitones away from what the key has.")
    if octave > 0:
        return accidental + _LETTERS[letter].lower() + "'" * (octave - 1)
    return accidental + _LETTERS[letter] + "," * -octave


def _write(length: Fraction) -> str:
    times = "" if length.numerator == 1 and length.denominator > 1 else str(length.numerator)
    return times + (f"/{length.denominator}" if length.denominator > 1 else "")


def _one_bar_line(one: str, other: str) -> str:
    """What two bar lines without a note between them mean."""
    begins, ends = ({one, other} & {sign, "::"} for sign in ("|:", ":|"))
    return "::" if begins and ends else "|:" if begins else ":|" if ends else "||" if "||" in (one, other) else "|"
