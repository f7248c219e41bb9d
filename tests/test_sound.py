"""A tune as sound: the right pitch at the right time, words beside it, and small enough to be stored."""

import base64
import io
import re
import wave

import numpy as np
import pytest
from data_helpers import says

from course_utils.sound import MOST_BYTES, play
from course_utils.workshop.outputs import compare


def samples_of(sound):
    with wave.open(io.BytesIO(sound.wav)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 1)
        return np.frombuffer(file.readframes(file.getnframes()), "uint8").astype(float) - 127.5, file.getframerate()


def loudest(samples, rate):
    return np.abs(np.fft.rfft(samples)).argmax() * rate / len(samples)


@pytest.mark.parametrize(("pitch", "hertz"), [(69, 440), (81, 880), (60, 261.6), (88, 1318.5)])
def test_a_note_has_its_frequency(pitch, hertz):
    samples, rate = samples_of(play([(pitch, 0, 2)], "a"))
    assert loudest(samples, rate) == pytest.approx(hertz, abs=2)


def test_notes_come_one_after_the_other_in_time():
    sound = play([(69, 0, 1), (76, 2, 1)], "two", tempo=60, rate=8_000)
    samples, rate = samples_of(sound)
    assert rate == 8_000
    for start, hertz in ((0, 440), (2, 659.3)):
        assert loudest(samples[start * rate : (start + 1) * rate], rate) == pytest.approx(hertz, abs=2)
    assert np.abs(samples[int(1.2 * rate) : 2 * rate]).max() < 1, "a rest is silent"


def test_what_is_stored_is_small_and_in_words_too():
    notes = [(60 + i % 20, i / 2, 0.5) for i in range(400)]
    sound = play(notes, "<a long one>")
    bundle = sound._repr_mimebundle_()
    assert len(bundle["text/html"].encode()) <= MOST_BYTES
    assert bundle["text/plain"] == repr(sound)
    assert repr(sound).startswith("Sound: <a long one>. 54 of 400 notes, 9.000 seconds")
    assert "&lt;a long one&gt;" in sound.html
    assert base64.b64decode(re.search('base64,([^"]*)', sound.html)[1]) == sound.wav
    assert not re.search("https?:", sound.html), "nothing is fetched"


def test_a_sine_that_the_samples_cannot_hold_is_left_out():
    samples, _ = samples_of(play([(108, 0, 1)], "above half the rate"))
    assert np.abs(samples).max() <= 0.5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([],), ["no note"]),
        (([(60, 0, 1)], "a", 0), ["seconds=0"]),
        (([(60, 0, 1)], "a", 9, -1), ["tempo=-1"]),
        (([(60, 0)],), ["shape (1, 2)"]),
        (([(60, 0, float("nan"))],), ["finite"]),
    ],
)
def test_what_cannot_be_played_is_said(arguments, said):
    with pytest.raises(ValueError) as error:
        play(*arguments, **({} if len(arguments) > 1 else {"title": "a"}))
    says(error, *said)


def test_of_a_sound_the_words_are_compared():
    sound = play([(69, 0, 1)], "a")

    def output(html, words):
        return [{"output_type": "display_data", "metadata": {}, "data": {"text/html": html, "text/plain": words}}]

    stored = output(sound.html, str(sound))
    assert compare(stored, output(sound.html.replace("base64,", "base64,A"), str(sound))) == [], "samples are rounded"
    assert compare(stored, output(sound.html, f"{sound}, more")) != []
