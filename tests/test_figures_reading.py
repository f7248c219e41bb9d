"""Stepper, ribbon and microscope: their numbers against the frameworks', in a real browser, by keyboard."""

import json
import re

import numpy as np
import pytest
from data_helpers import says
from figure_helpers import ECHO, LINE, VOCAB, counted, echo, focus, gates, gates_of, numbers_of, ribbon, shows

from course_utils.datasets import NGram, Vocab
from course_utils.figures import (
    Reading,
    cell_stepper,
    cells,
    gate_microscope,
    microscope,
    read_counts,
    surprise_ribbon,
)


@pytest.mark.parametrize("cell", cells.PARTS)
def test_the_stepper_shows_the_numbers_of_the_framework(framework, opened, cell):
    d, h, T = 3, 2, 5
    rng = np.random.default_rng(1)
    X = rng.normal(size=(T, d)).round(2).astype(np.float32)
    layer = getattr(framework.course, cell)(d, h, **({"reset_after": False} if cell == "GRU" else {}))
    framework.draw_anew(layer, rng)
    outputs, state = layer(framework.tensor(X[None]))
    figure = cell_stepper(framework.course.weights.dump(layer), X, "A drawn cell")
    page = opened(figure)
    page.locator("summary").click()
    page.evaluate("document.activeElement.blur()")
    focus(page, 'input[type="range"]')
    found = []
    for t in range(T):
        shows(page.locator("output"), f"Step {t + 1} of {T}")
        np.testing.assert_allclose(numbers_of(page, "input X"), X[t], rtol=0, atol=1e-5)
        found.append(numbers_of(page, "state H"))
        slot = page.locator('[data-value="H"]').text_content().replace("−", "-").split()
        np.testing.assert_allclose([float(number) for number in slot], found[-1], rtol=0, atol=5.1e-4)
        page.keyboard.press("ArrowRight")
    np.testing.assert_allclose(found, framework.array(outputs)[0], rtol=0, atol=1e-5)
    if cell == "LSTM":
        np.testing.assert_allclose(numbers_of(page, "memory C"), framework.array(state[1])[0], rtol=0, atol=1e-5)
    page.keyboard.press("Home")
    shows(page.locator("output"), f"Step 1 of {T}")
    assert numbers_of(page, "state H") == found[0]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")  # there is no step before the first
    page.get_by_role("button", name="One step on").click()
    shows(page.locator("output"), f"Step 2 of {T}")


def test_the_stepper_goes_where_one_points(opened):
    page = opened(echo())
    page.locator(".strip .head", has_text="3").click()
    shows(page.locator("output"), "Step 3 of 4")
    page.get_by_role("button", name="One step on").click()
    shows(page.locator("output"), "Step 4 of 4")
    assert "H, unit 1 0.090" in page.locator('input[type="range"]').get_attribute("aria-valuetext")


def test_the_words_of_the_stepper():
    assert str(echo()).splitlines() == [
        "Figure: The knock echoes. An RNN cell, step by step; 4 steps.",
        "step 1, input 0 1, input 1 0: H 0.762 0.000",
        "step 2, input 0 0, input 1 0: H 0.000 0.363",
        "step 3, input 0 0, input 1 0: H 0.180 0.000",
        "step 4, input 0 0, input 1 0: H 0.000 0.090",
    ]


@pytest.mark.parametrize(
    ("params", "X", "options", "words"),
    [
        ({**ECHO, "W_hq": np.ones((2, 3))}, [[1, 0]], {}, ["W_xh, W_hh, W_hq", "one RNN, GRU or LSTM cell"]),
        ({**ECHO, "b_hh": np.ones(2), "W_xz": np.eye(2)}, [[1, 0]], {}, ["b_hh", "canonical"]),
        (ECHO, [1, 0], {}, ["(2,)", "(T, d)"]),
        (ECHO, np.ones((3, 5)), {}, ["(3, 5)", "1 to 4 inputs"]),
        ({"W_xh": np.ones((1, 3)), "W_hh": np.eye(3)}, [[1]], {}, ["3 units", "1 to 2 units"]),
        ({**ECHO, "W_xh": np.ones((1, 2))}, [[1, 0]], {}, ["W_xh has the shape (1, 2)", "(2, 2)"]),
        (ECHO, [[np.nan, 0]], {}, ["'t'", "NaN"]),
        (ECHO, [[1, 0]], {"inputs": ["knock"]}, ["inputs has 1 names", "expected 2"]),
        (ECHO, [[1, 0]], {"units": list("abc")}, ["units has 3 names", "expected 2"]),
    ],
)
def test_what_the_stepper_cannot_draw_is_refused(params, X, options, words):
    with pytest.raises(ValueError) as error:
        cell_stepper(params, X, "t", **options)
    says(error, *words)


def test_what_is_typed_into_a_title_stays_text(opened):
    figure = cell_stepper(ECHO, [[1, 0]], '<b>a</b> & "b" </script>', ["<i>", "</script>"])
    page = opened(figure)
    assert page.locator(".title").inner_text() == '<b>a</b> & "b" </script>'
    assert page.locator(".strip .row").nth(1).inner_text() == "<i>"
    assert json.loads(page.locator('script[type="application/json"]').text_content())["inputs"] == ["<i>", "</script>"]


@pytest.fixture(params=["one-hot", "embedded"])
def language_model(request, framework):
    """An untrained model of each kind, and its framework."""
    embed = 5 if request.param == "embedded" else None
    return framework, framework.course.RNNLM(framework.course.GRU(embed or len(VOCAB), 6), len(VOCAB), embed_size=embed)


def told_of(page, model):
    """What the ribbon's table says of a model at the chosen letter: its bits, and the words beside them."""
    row = page.locator(".numbers tbody tr").filter(has=page.get_by_role("rowheader", name=model, exact=True))
    bits, words = row.locator("td").all()
    return float(bits.inner_text()), [span.text_content() for span in words.locator("span").all()]


def test_a_reading_is_what_the_model_computes(language_model):
    framework, model = language_model
    line, before = "a cat", "the "
    reading = framework.course.read_line(model, line, VOCAB, before)
    ids = np.array([VOCAB[[*before, *line]]])  # (1, B + T)
    logits, _ = model(framework.tensor(ids[:, :-1]))
    expected = framework.array(logits)[0, len(before) - 1 :].astype(float)
    expected -= np.log(np.exp(expected).sum(axis=-1, keepdims=True))
    np.testing.assert_allclose(reading.log_probs, expected, rtol=0, atol=1e-5)
    assert reading.influence.shape == (5, 4)
    inputs = framework.array(model.embed(framework.tensor(ids[:, :-1])))
    for t in range(len(line)):
        place = len(before) + t

        def surprise(inputs, place=place):
            logits, _ = model.read(inputs)
            return framework.cross_entropy(logits[:, place - 1 : place], framework.tensor(ids[:, place : place + 1]))

        [gradient] = framework.gradients(surprise, inputs)
        norms = np.linalg.norm(gradient[0, len(before) :], axis=-1)  # (T - 1,)
        np.testing.assert_allclose(reading.influence[t], norms, rtol=0, atol=1e-5)
        assert (reading.influence[t, t:] == 0).all(), "no later letter matters"


def test_reading_leaves_a_model_as_it_was(pytorch):
    model = pytorch.course.RNNLM(pytorch.course.RNN(len(VOCAB), 4), len(VOCAB), dropout=0.5)
    first, second = (pytorch.course.read_line(model.train(), LINE, VOCAB) for _ in range(2))
    np.testing.assert_array_equal(first.log_probs, second.log_probs)
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())


def test_counting_reads_as_its_loss_says():
    model = NGram(3, len(VOCAB)).fit(VOCAB[[*LINE]])
    ids = VOCAB[[*" mat"]]
    reading = read_counts(model, "mat", VOCAB)
    own = reading.log_probs[np.arange(3), ids[1:]]
    assert np.isclose(-(own.sum() + np.log(model.prob(ids[0], ()))) / 4, model.loss(ids))
    seen = model.prob(ids[3], tuple(ids[1:3])) / model.prob(ids[3], tuple(ids[2:3]))
    assert np.isclose(reading.influence[2, 0], abs(np.log(seen)))
    assert (read_counts(NGram(1, len(VOCAB)).fit(ids), "mat", VOCAB).influence == 0).all()


def test_the_ribbon_shows_the_numbers_of_the_framework(framework, opened):
    model = framework.course.RNNLM(framework.course.LSTM(len(VOCAB), 6), len(VOCAB))
    line = "the mat"
    reading = framework.course.read_line(model, line, VOCAB)
    page = opened(surprise_ribbon(line, {"LSTM": reading, "3-gram": counted(3, line)}, VOCAB, "Reading"))
    focus(page, 'input[type="range"]')
    for t, letter in enumerate(line):
        shows(page.locator("output"), f"Letter {t + 1} of 7: {'space' if letter == ' ' else letter}")
        bits, likeliest = told_of(page, "LSTM")
        assert np.isclose(bits, -reading.log_probs[t, VOCAB[letter]] / np.log(2), rtol=0, atol=1e-5)
        best = np.argsort(-reading.log_probs[t])[:3]
        assert [words.split()[0] for words in likeliest] == [VOCAB.tokens[i].replace(" ", "␣") for i in best]
        found = [float(words.split()[1]) for words in likeliest]
        np.testing.assert_allclose(found, np.exp(reading.log_probs[t, best]), rtol=0, atol=1e-5)
        page.keyboard.press("ArrowRight")
    focus(page, ".mode:nth-of-type(2)")
    page.keyboard.press("Space")
    shows(page.locator(".numbers thead th").last, "mattered most")
    bits, mattered = told_of(page, "LSTM")
    best = np.argsort(-reading.influence[6])[:3]
    assert [words.split(" back ")[0] for words in mattered] == [f"{line[s]} {6 - s}".replace("  ", "␣ ") for s in best]
    found = [float(words.split()[-1]) for words in mattered]
    np.testing.assert_allclose(found, reading.influence[6, best], rtol=0, atol=1e-5)
    assert all(words.split()[1] in "12" for words in told_of(page, "3-gram")[1]), "it sees two letters"


def test_the_ribbon_follows_the_pointer_and_colours_what_it_says(opened):
    page = opened(ribbon())

    def shares(row):
        letters = page.locator(".letters").nth(row).locator("span")
        return letters.evaluate_all("(all) => all.map((one) => +one.style.getPropertyValue('--v'))")

    own = VOCAB[[*LINE]]
    bits = -counted(4).log_probs[np.arange(len(LINE)), own] / np.log(2)
    np.testing.assert_allclose(shares(1), np.minimum(1, bits / 8), rtol=0, atol=1e-5)
    page.locator(".letters").first.locator("span").nth(9).hover()
    shows(page.locator("output"), "Letter 10 of 22: a")
    page.get_by_text("What mattered?").click()
    shows(page.locator(".numbers thead th").last, "mattered most")
    influence = counted(4).influence[9]
    np.testing.assert_allclose(shares(1)[:21], influence / influence.max(), rtol=0, atol=0.5 / 35 + 1e-6)
    assert np.count_nonzero(shares(0)) == 1, "a 2-gram sees one letter"


def test_the_words_of_the_ribbon():
    first, *models = str(ribbon()).splitlines()
    assert first == (
        f"Figure: Two models read. 2 models read 22 letters, each in the colour of its surprise: {LINE!r}."
    )
    bits = -counted(2).log_probs[np.arange(22), VOCAB[[*LINE]]] / np.log(2)
    begins = [0, 4, 8, 12, 15, 19]
    at, off = bits[begins].mean(), np.delete(bits, begins).mean()
    assert models[0] == f"2-gram: {bits.mean():.2f} bits a letter, {at:.1f} where a word begins, {off:.1f} elsewhere"


def test_the_largest_ribbon_is_small_enough():
    line = "a quick fox " * 6 + "jumps on"
    vocab = Vocab([*line, *"bdeglrvwyz"])
    rng = np.random.default_rng(0)
    T = len(line)
    readings = {
        f"model {i}": Reading(
            np.log(rng.dirichlet(np.ones(len(vocab)), size=T)), np.tril(rng.uniform(size=(T, T - 1)), -1)
        )
        for i in range(5)
    }
    assert T == 80
    assert len(surprise_ribbon(line, readings, vocab, "A long line").html.encode()) < 100_000


def test_what_no_ribbon_can_show_is_refused(framework):
    reading = counted(2)
    model = framework.course.RNNLM(framework.course.RNN(len(VOCAB), 4), len(VOCAB))
    wrong = [
        (lambda: surprise_ribbon("the", {"2-gram": reading}, VOCAB, "t"), ["'2-gram'", "(22, ", "read this line"]),
        (lambda: surprise_ribbon(LINE, {}, VOCAB, "t"), ["0 readings", "1 to 5"]),
        (lambda: surprise_ribbon(LINE * 4, {"2-gram": reading}, VOCAB, "t"), ["88 letters", "1 to 80"]),
        (lambda: framework.course.read_line(model, "the", VOCAB, before=""), ["before is empty"]),
    ]
    for call, words in wrong:
        with pytest.raises(ValueError) as error:
            call()
        says(error, *words)
    with pytest.raises(TypeError) as error:
        framework.course.read_line(model.rnn, "the", VOCAB)
    says(error, "RNN", "expected an RNNLM")


def forgetful(framework, line, h=12):
    """The gates of one of the framework's layers over a line, (T, h) each, by its own step, and tanh(C)."""
    layer = framework.course.LSTM(len(VOCAB), h)
    framework.draw_anew(layer, np.random.default_rng(3))
    p, X = framework.course.weights.dump(layer), np.eye(len(VOCAB), dtype=np.float32)[VOCAB[[*line]]]
    states = [layer(framework.tensor(X[None, : t + 1]))[1] for t in range(len(line))]
    H, C = (np.array([framework.array(state[i])[0] for state in states]) for i in (0, 1))  # (T, h) each
    before = np.vstack([np.zeros((1, h)), H[:-1]])
    seen = {g: 1 / (1 + np.exp(-(X @ p[f"W_x{g}"] + before @ p[f"W_h{g}"] + p[f"b_{g}"]))) for g in "ifo"}
    return {name.upper(): values for name, values in seen.items()} | {"C": C}


def test_the_microscope_shows_the_numbers_of_the_framework(framework, opened):
    line = "the cat sat"
    gates = forgetful(framework, line)
    page = opened(gate_microscope(list(line), gates, "Reading"))
    page.locator("summary").click()
    page.evaluate("document.activeElement.blur()")
    focus(page, 'input[type="range"]')
    cells = np.concatenate(microscope.wipers_and_keepers(line, gates["F"]))
    drawn = [gates["F"], gates["I"], gates["O"], np.tanh(gates["C"])]
    for t in range(len(line)):
        shows(page.locator("output"), re.compile(f"Letter {t + 1} of 11: "))
        rows = page.locator(".numbers tbody tr").all()
        found = [[float(cell.replace("−", "-")) for cell in row.locator("td").all_inner_texts()] for row in rows]
        expected = [[abs(values[t]).mean() for values in drawn], *([v[t, cell] for v in drawn] for cell in cells)]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
        page.keyboard.press("ArrowRight")
    assert [row.locator("th").inner_text() for row in rows[1:]] == [
        f"{'wipes' if i < 5 else 'keeps'} {cell}" for i, cell in enumerate(cells)
    ]


def test_the_microscope_colours_what_it_says(opened):
    page = opened(gates())
    of_F = page.locator(".maps .gate").evaluate_all("(all) => all.map((one) => +one.style.getPropertyValue('--v'))")
    cells = np.concatenate(microscope.wipers_and_keepers(LINE, gates_of(LINE)["F"]))
    np.testing.assert_allclose(of_F, gates_of(LINE)["F"][:, cells].T.ravel(), rtol=0, atol=1e-5)
    minus = page.locator(".maps .signed", has_text="−")
    assert minus.count() == np.count_nonzero(np.tanh(gates_of(LINE)["C"][:, cells]) < -0.1), "signs are seen in grey"
    page.get_by_text("I and O").click()
    shows(page.locator(".wide-row"), ["input gate I", "output gate O"])
    page.locator(".maps .bar").nth(3).hover()
    shows(page.locator("output"), re.compile("^Letter 4 of 22: space; mean of F "))


def test_wipers_fall_at_spaces_and_keepers_stay():
    F = gates_of(LINE)["F"]
    F[3::4, 7], F[:3, 7], F[:, 2] = 0.0, 1.0, 0.99
    wipers, keepers = microscope.wipers_and_keepers(LINE, F)
    assert len(wipers) == len(keepers) == 5
    assert not {*wipers} & {*keepers}
    spaces = np.array([letter == " " for letter in LINE])
    fall = F[~spaces].mean(axis=0) - F[spaces].mean(axis=0)
    assert {*wipers.tolist()} == {*np.argsort(-fall)[:5].tolist()}
    assert keepers[0] == 2
    for line in ("the", "   "):
        wipers, keepers = microscope.wipers_and_keepers(line, F[:3])
        assert F[:3, wipers].mean() < F[:3, keepers].mean()


def test_the_words_of_the_microscope():
    F = np.full((22, 4), 0.9)
    F[[letter == " " for letter in LINE]] = [0.2, 0.2, 0.2, 0.95]
    words = str(gate_microscope(LINE, gates_of(LINE, 4) | {"F": F}, "Reading")).splitlines()
    assert words == [
        f"Figure: Reading. An LSTM of 4 cells reads 22 letters, {LINE!r}.",
        "forget gate F, mean over all cells: 0.4 at spaces, 0.9 at letters",
        "share of the cells that keep less at spaces than at letters: 0.8; that keep over half at spaces: 0.2",
    ]
    assert str(gate_microscope("cat", gates_of("cat"), "t")).splitlines()[1].startswith("forget gate F, mean")


def test_the_microscope_follows_what_is_typed_where_a_kernel_runs(monkeypatch, shown):
    def read(sentence):
        return list(sentence), gates_of(sentence, seed=len(sentence))

    monkeypatch.setenv("CI", "1")
    alone = gate_microscope(LINE, gates_of(LINE), "Reading")
    assert gate_microscope(LINE, gates_of(LINE), "Reading", read).html == alone.html
    assert shown == []
    monkeypatch.delenv("CI")
    assert gate_microscope(LINE, gates_of(LINE), "Reading", read) is None
    line, first = shown
    assert (line.value, first.html) == (LINE, alone.html)
    line.value = "a new line"
    assert shown[2].html == gate_microscope(*read("a new line"), "Reading").html
    line.value = ""
    assert len(shown) == 3, "the last figure stays"
    line.value = "on and on " * 20
    assert "80 letters" in str(shown[3])


def test_what_no_microscope_can_show_is_refused():
    good = gates_of(LINE)
    wrong = [
        (LINE[1:], good),
        ("", {name: values[:0] for name, values in good.items()}),
        (LINE * 4, {name: np.tile(values, (4, 1)) for name, values in good.items()}),
        (LINE, {**good, "O": good["O"][:, :3]}),
        (LINE, {name: values for name, values in good.items() if name != "F"}),
        (LINE, {name: values[:, :1] for name, values in good.items()}),
    ]
    for tokens, given in wrong:
        with pytest.raises(ValueError) as error:
            gate_microscope(tokens, given, "Reading")
        says(error, f"{len(tokens)} tokens", "(T, h)")
