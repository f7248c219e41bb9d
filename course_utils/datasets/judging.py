"""What made tunes are worth, as far as it can be counted; and the judge of a contest for the longest of them.

Taste cannot be asserted. But a tune can be asked whether it is as long as those of a book, whether its bars add up,
whether anything in it comes back, and whether it was copied.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from course_utils.datasets.music import COPY, LONGEST, MusicData
from course_utils.datasets.ngram import NGram
from course_utils.datasets.tunes import (
    Tune,
    bars_add_up,
    count_bars,
    different_bars,
    longest_common_run,
    notes,
    share_of_full_bars,
)

BOOK_LENGTH = 12  # bars; 96 of 100 tunes of the books have as many
PHRASE = 8  # notes
QUOTED = 1 / 3  # of a tune's phrases, at most; of the held-out tunes 98 of 100 share fewer with any one of training


def can_be_read(tune: Tune) -> bool:
    """Whether the signs make sense, and there is a note among them.

    >>> can_be_read(Tune(("c", "2"), "6/8")), can_be_read(Tune(("2", "c"), "6/8"))
    (True, False)
    """
    try:
        return bool(notes(tune))
    except ValueError:
        return False


def is_sound(tune: Tune) -> bool:
    """Whether a tune is as long as those of a book, 12 bars or more, and every bar adds up.

    >>> is_sound(Tune(("c", "3", "|") * 11 + ("c", "3", "||"), "3/8")), is_sound(Tune(("c", "3", "||"), "3/8"))
    (True, False)
    """
    return bars_add_up(tune) and count_bars(tune) >= BOOK_LENGTH


def score_tunes(tunes: Sequence[Tune], known: Sequence[Tune]) -> dict[str, float]:
    """What made tunes are like.

    Args:
        tunes: one or more.
        known: what their model has learnt from.

    Returns: name → number. Shares of all tunes: "end" (within 384 signs), "can be read", "12 bars" (a book's length or
    more), "sound" (that long, and every bar adds up), "accidentals" (with a sharp, a flat or a natural). "full bars":
    the share of a tune's bars that are as long as the metre says, on average, 0 for one that cannot be read. Of those
    that can be read: "copies", the share with 16 notes in a row from a known tune, and "longest run", the median of the
    most notes shared in a row. Of those with 12 bars or more: "repeated", the share of a tune's full bars that stood in
    it before, on average, and "eights", the share of tunes whose length is a multiple of eight bars; NaN if there are
    none.

    >>> tune = Tune(("c", "3", "|") * 15 + ("d", "3", "||"), "3/8")
    >>> score_tunes([tune, Tune(("c", "||"), "3/8")], [])["sound"]
    0.5
    """
    if not tunes:
        raise ValueError("There is no tune to score, expected at least one.")
    readable = [tune for tune in tunes if can_be_read(tune)]
    long = [tune for tune in readable if count_bars(tune) >= BOOK_LENGTH]
    runs = np.array([longest_common_run(tune, known) for tune in readable])
    return {
        "end": _mean([len(tune.signs) < LONGEST for tune in tunes]),
        "can be read": len(readable) / len(tunes),
        "12 bars": len(long) / len(tunes),
        "sound": _mean([is_sound(tune) for tune in tunes]),
        "full bars": sum(map(share_of_full_bars, readable)) / len(tunes),
        "accidentals": _mean([any(sign[0] in "^_=" for sign in tune.signs) for tune in tunes]),
        "copies": _mean(runs >= COPY),
        "longest run": float(np.median(runs)) if readable else np.nan,
        "repeated": _mean([_share_repeated(tune) for tune in long]),
        "eights": _mean([count_bars(tune) % 8 == 0 for tune in long]),
    }


def _mean(values) -> float:
    return float(np.mean(values)) if len(values) else np.nan


def _share_repeated(tune: Tune) -> float:
    different, full = different_bars(tune)
    return 1 - different / full if full else 0.0


class Verdict(NamedTuple):
    """What a contest's judge says of a tune: how many bars count; why none does, in a sentence, empty if some do."""

    bars: int
    why: str


class Contest:
    """Who writes the longest tune? It has to make sense, add up, copy nothing and sound like the books.

    The length of a tune is the number of its *different* full bars: a bar that comes back is welcome, and counts once.
    A tune counts nothing if

    - it cannot be read, has no note, or has more than 384 signs, as many as `compose` writes;
    - a bar does not add up;
    - it is copied, at whatever pitch: 16 notes in a row stand in a tune of the books, or more than a third of its
      phrases of eight notes stand in one tune, so that to change a note here and there does not help. Only steps from
      note to note are compared. Lengths, bar lines and rests do not count. Training and held-out tunes are searched;
    - it is no dance tune: a 5-gram model of the books is more surprised by it, per sign, than by the held-out tunes on
      average. So bars that are filled at random do not count.

    Args:
        data: the books.

    Attributes: `surprise`, nats per sign, the average that a tune may not exceed.
    """

    def __init__(self, data: MusicData):
        self._data = data
        self._model = NGram(5, len(data.vocab))
        for tune in data.train_tunes:
            self._model.fit(data.encode(tune))
        self._steps = [_steps(tune) for tune in data.train_tunes + data.heldout_tunes]
        self._phrases: dict[str, list[int]] = {}  # each with the numbers of the tunes that have it
        for number, steps in enumerate(self._steps):
            for phrase in {*_windows(steps, PHRASE)}:
                self._phrases.setdefault(phrase, []).append(number)
        self._long_runs = {run for steps in self._steps for run in _windows(steps, COPY)}
        self.surprise = float(np.mean([self._surprise(tune) for tune in data.heldout_tunes]))

    def judge(self, tune: Tune) -> Verdict:
        """The length of a tune of the contest; a tune that breaks a rule has 0 bars."""
        why = self._why_not(tune)
        return Verdict(0 if why else different_bars(tune)[0], why)

    def _why_not(self, tune: Tune) -> str:
        if not isinstance(tune, Tune):
            return f"It is of the type {type(tune).__name__}, expected a Tune."
        try:
            sounds = notes(tune)
        except ValueError as error:
            return f"It cannot be read: {error}"
        if not sounds:
            return "It has no note."
        if len(tune.signs) > LONGEST:
            return f"It has {len(tune.signs)} signs, expected {LONGEST} at most."
        if not bars_add_up(tune):
            return f"Its bars do not add up in {tune.metre}."
        return self._why_a_copy(tune) or self._why_no_dance_tune(tune)

    def _why_a_copy(self, tune: Tune) -> str:
        steps = _steps(tune)
        if any(run in self._long_runs for run in _windows(steps, COPY)):
            return (
                f"It is copied: {COPY} notes in a row, or more, stand in a tune of the books, perhaps at another pitch."
            )
        phrases = [*_windows(steps, PHRASE)]
        shared = Counter(number for phrase in phrases for number in self._phrases.get(phrase, ()))
        if max(shared.values(), default=0) > QUOTED * len(phrases):
            return f"It is copied: more than a third of its phrases of {PHRASE} notes stand in one tune of the books."
        return ""

    def _why_no_dance_tune(self, tune: Tune) -> str:
        try:
            found = self._surprise(tune)
        except ValueError as error:  # a dance or a metre that the books lack
            return str(error)
        if found > self.surprise:
            most = f"{self.surprise:.2f} at most"
            return f"It is not like the books: a 5-gram is surprised by {found:.2f} nats a sign, expected {most}."
        return ""

    def _surprise(self, tune: Tune) -> float:
        """Nats per sign of a 5-gram that is given dance and metre."""
        ids = tuple(self._data.encode(tune))
        reach = self._model.order - 1
        return float(
            np.mean([-np.log(self._model.prob(ids[t], ids[max(0, t - reach) : t])) for t in range(2, len(ids))])
        )


def _steps(tune: Tune) -> str:
    """From each note to the next, in semitones, a character for each: the same at whatever pitch it is played."""
    pitches = [note.pitch for note in notes(tune)]
    return "".join(chr(1_000 + after - before) for before, after in pairwise(pitches))


def _windows(steps: str, num_notes: int) -> Iterator[str]:
    """All that is so many notes long."""
    width = num_notes - 1
    return (steps[at : at + width] for at in range(len(steps) - width + 1))
