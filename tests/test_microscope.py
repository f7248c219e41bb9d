"""The microscope: the cells that say most, in pictures and in words, and widgets that follow the reader."""

import base64
import io

import matplotlib.image
import numpy as np
import pytest
from data_helpers import says
from IPython.core.formatters import DisplayFormatter

from course_utils import microscope as module
from course_utils.microscope import Microscope, film, microscope, most_active, snapshot

H = 11  # more cells than are drawn


def gates_of(tokens, seed=0):
    rng = np.random.default_rng(seed)
    T = len(tokens)
    gates = {name: rng.uniform(size=(T, H)) for name in "IFO"}
    return gates | {"C": rng.normal(scale=2, size=(T, H))}


def read(sentence):
    """Each letter is a token; other sentences have other gates."""
    tokens = list(sentence)
    return tokens, gates_of(tokens, seed=sum(map(ord, sentence)))


def pixels(png):
    return matplotlib.image.imread(io.BytesIO(png))


def test_the_most_active_cells_are_those_that_say_most():
    gates = gates_of("abcd")
    said = [sum(abs(gates["O"][t, k] * np.tanh(gates["C"][t, k])) for t in range(4)) for k in range(H)]
    assert most_active(gates).tolist() == sorted(range(H), key=lambda k: -said[k])[:8]
    few = {name: values[:, :3] for name, values in gates.items()}
    assert sorted(most_active(few).tolist()) == [0, 1, 2]


def test_a_cell_with_a_shut_output_gate_says_nothing():
    gates = gates_of("abcd")
    gates["O"][:, 5], gates["C"][:, 5] = 0, 100
    assert 5 not in most_active(gates)


@pytest.mark.parametrize("draw", [film, lambda tokens, gates, title: snapshot(tokens, gates, 2, title)])
def test_a_view_is_a_picture_and_its_words(draw):
    picture = draw("abcd", gates_of("abcd"), "Reading")
    data, metadata = DisplayFormatter().format(picture)
    assert data["text/plain"] == picture.summary == metadata["image/png"]["alt"]
    assert picture.summary.startswith("Figure: Reading. ")
    assert min(pixels(base64.b64decode(data["image/png"])).shape[:2]) > 100
    other = draw("abcd", gates_of("abcd", seed=1), "Reading")
    assert other.png != picture.png
    assert other.summary != picture.summary


def test_the_words_of_the_film_are_means_over_all_cells():
    gates = gates_of("abcd")
    expected = [gates["I"].mean(), gates["F"].mean(), gates["O"].mean(), np.abs(gates["C"]).mean()]
    last = film("abcd", gates, "Reading").summary.splitlines()[-1]
    found = [float(part.split()[-1]) for part in last.split(", ")]
    np.testing.assert_allclose(found, expected, rtol=0, atol=0.0501)


def test_the_words_of_a_snapshot_are_the_numbers_of_that_step():
    gates = gates_of("abcd")
    first, *cells = snapshot("abcd", gates, 3, "Reading").summary.splitlines()
    assert "token 3 of 4, ab[c]d" in first
    assert len(cells) == 8
    loudest = max(range(H), key=lambda k: abs(gates["O"][2, k] * np.tanh(gates["C"][2, k])))
    numbers = ", ".join(f"{name} {gates[name][2, loudest]:.2f}" for name in "IFOC")
    assert cells[0] == f"cell {loudest}: {numbers}"


def test_a_long_sentence_is_shown_around_the_token():
    tokens = ["x"] * 300
    place = snapshot(tokens, gates_of(tokens), 150, "Reading").summary.split(", ")[1]
    assert place == "x" * 40 + "[x]" + "x" * 40


@pytest.mark.parametrize("step", [0, 5, -1])
def test_a_step_that_is_not_there_is_named(step):
    with pytest.raises(ValueError) as error:
        snapshot("abcd", gates_of("abcd"), step, "Reading")
    says(error, f"step is {step}", "1 to 4")


def test_gates_that_do_not_fit_are_named():
    good = gates_of("abcd")
    wrong = [
        ("abc", good),
        ("", {name: values[:0] for name, values in good.items()}),
        ("abcd", {**good, "O": good["O"][:, :3]}),
        ("abcd", {name: values for name, values in good.items() if name != "F"}),
        ("abcd", {**good, "C": good["C"][:, 0]}),
    ]
    for tokens, gates in wrong:
        for draw in (lambda t, g: film(t, g, "Reading"), lambda t, g: snapshot(t, g, 1, "Reading")):
            with pytest.raises(ValueError) as error:
                draw(tokens, gates)
            says(error, f"{len(tokens)} tokens", "(T, h)")


def test_the_slider_and_the_sentence_renew_picture_and_words():
    view = Microscope(read, "abcd", "Reading")
    assert (view.step.min, view.step.max, view.step.value) == (1, 4, 1)
    expected = snapshot(*read("abcd"), 1, "Reading")
    assert (view.picture.value, view.words.value) == (expected.png, f"<pre>{expected.summary}</pre>")
    view.step.value = 3
    expected = snapshot(*read("abcd"), 3, "Reading")
    assert (view.picture.value, view.words.value) == (expected.png, f"<pre>{expected.summary}</pre>")
    view.text.value = "xy"  # the slider stood beyond its end
    expected = snapshot(*read("xy"), 2, "Reading")
    assert (view.step.max, view.step.value) == (2, 2)
    assert (view.picture.value, view.words.value) == (expected.png, f"<pre>{expected.summary}</pre>")


def test_an_empty_sentence_leaves_the_last_picture():
    view = Microscope(read, "abcd", "Reading")
    before = view.picture.value, view.words.value
    view.text.value = ""
    view.step.value = 2
    view.step.value = 1
    assert (view.picture.value, view.words.value) == before


def test_whatever_is_typed_is_shown_as_it_is():
    view = Microscope(read, "2$ <b> & $3 \\frac", "Reading")
    assert "2[$] &lt;b&gt; &amp; $3 \\frac" not in view.words.value, "the slider stands at the first token"
    view.step.value = 2
    assert "2[$] &lt;b&gt; &amp; $3 \\frac" in view.words.value
    assert "$" in film(*read("2$ and $3"), "Reading").summary


@pytest.mark.parametrize("live", [True, False])
def test_where_ci_is_set_only_the_film_is_shown(monkeypatch, live):
    shown = []
    monkeypatch.setattr(module, "display", shown.append)
    if live:
        monkeypatch.delenv("CI", raising=False)
    else:
        monkeypatch.setenv("CI", "1")
    picture = microscope(read, "abcd", "Reading")
    assert picture.png == film(*read("abcd"), "Reading").png
    assert [type(view) for view in shown] == [Microscope] * live
