"""A tune as sound: plucked strings, synthesised here, in a file small enough to be stored in a notebook."""

import base64
import io
import wave
from collections.abc import Sequence
from html import escape

import numpy as np

from course_utils import arrays
from course_utils.errors import check_whole
from course_utils.printing import digits

MOST_BYTES = 50_000
"""Of what a notebook stores: nine seconds at 4,000 samples a second."""


class Sound:
    """A button that plays; the words are for where nothing plays.

    Attributes: `wav`, the bytes of a WAV file, 8 bits and one channel; `summary`.
    """

    def __init__(self, wav: bytes, title: str, summary: str):
        self.wav, self.title, self.summary = wav, title, summary

    def __repr__(self) -> str:
        return self.summary

    @property
    def html(self) -> str:
        """The button and the sound itself, nothing is fetched."""
        data, title = base64.b64encode(self.wav).decode("ascii"), escape(self.title)
        player = f'<audio controls aria-label="{title}" src="data:audio/wav;base64,{data}"></audio>'
        return f'<figure class="sound"><figcaption>{title}</figcaption>{player}</figure>'

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self.html, "text/plain": self.summary}


def play(
    notes: Sequence[tuple[int, float, float]], title: str, seconds: float = 9.0, tempo: float = 180, rate: int = 4_000
) -> Sound:
    """Notes as a plucked string plays them: sines of f, 2f and 3f hertz, which die away, the higher the faster.

    Args:
        notes: of each its MIDI number (69 is the A of 440 hertz, 12 more are twice the frequency), its onset and its
            duration in quarter notes, as `datasets.notes` gives them.
        title: what stands above the button.
        seconds: what comes later is not heard. Nine seconds at 4,000 samples a second are what a chapter may store.
        tempo: quarter notes a minute.
        rate: samples a second; sines of half as many hertz or more are left out.

    >>> play([(69, 0.0, 1.0), (71, 1.0, 1.0)], "Two notes")
    Sound: Two notes. 2 of 2 notes, 1.667 seconds at 180 quarter notes a minute.
    """
    if len(notes) == 0:
        raise ValueError("There is no note, expected at least one: give the notes to play.")
    check_whole(1_000, rate=rate)
    seconds, tempo = arrays.number(seconds, "seconds"), arrays.number(tempo, "tempo")
    if not (seconds > 0 and tempo > 0):
        raise ValueError(f"seconds={seconds:g}, tempo={tempo:g}: expected more than 0 of both.")
    notes, beat = arrays.numbers(notes, "notes"), 60 / tempo  # (n, 3), seconds
    if notes.ndim != 2 or notes.shape[1] != 3 or not np.isfinite(notes).all():
        raise ValueError(f"notes has the shape {notes.shape}, expected (notes, 3), all finite: pitch, onset, duration.")
    length = min(seconds, beat * (notes[:, 1] + notes[:, 2]).max() + 1)
    heard = notes[beat * notes[:, 1] < length]
    mixed = np.zeros(int(rate * length))
    for pitch, start, duration in heard:
        f = 440 * 2 ** ((pitch - 69) / 12)  # hertz
        at = int(rate * beat * start)
        t = np.arange(min(int(rate * (beat * duration + 0.1)), len(mixed) - at)) / rate  # seconds; it rings on a little
        harmonics = (k for k in (1, 2, 3) if k * f < rate / 2)
        mixed[at : at + len(t)] += sum(np.sin(2 * np.pi * k * f * t) * np.exp(-4 * k * t) / k for k in harmonics)
    mixed *= np.minimum(1, (len(mixed) - np.arange(len(mixed))) / (0.3 * rate))  # no click at the end
    samples = np.round(127.5 + 126 * mixed / max(np.abs(mixed).max(), 1e-9)).astype("uint8")
    words = f"Sound: {title}. {len(heard)} of {len(notes)} notes, {digits(length)} seconds at {digits(tempo)} quarter"
    return Sound(_wav(samples, rate), title, f"{words} notes a minute.")


def _wav(samples: np.ndarray, rate: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(1)
        out.setframerate(rate)
        out.writeframes(samples.tobytes())
    return file.getvalue()
