"""Living figures: their numbers against the frameworks', in a real browser, by keyboard, in light, dark and narrow."""

import base64
import io
import json
import re
from types import SimpleNamespace

import matplotlib.image
import numpy as np
import pytest
from data_helpers import says
from IPython.core.formatters import DisplayFormatter

from course_utils import search
from course_utils.datasets import NGram, Vocab
from course_utils.decoding import Translation
from course_utils.figures import (
    Reading,
    alignment_map,
    beam_stepper,
    cell_stepper,
    cells,
    context_map,
    film,
    gate_microscope,
    living,
    microscope,
    read_counts,
    scan_tree,
    surprise_ribbon,
    watch_beam,
)
from course_utils.workshop import chapters, pages, views
from course_utils.workshop.outputs import compare

SCREENSHOTS = chapters.ROOT / "build"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A figure</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"></head>
<body data-jp-theme-light="{light}">{html}</body></html>"""
ECHO = {"W_xh": np.eye(2), "W_hh": [[0.0, 0.5], [0.5, 0.0]]}

# The least contrast of all words that are seen with what is behind them, as WCAG 2 reckons, and the words.
CONTRAST = """() => {
  const paint = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const pixel = (color) => {
    paint.clearRect(0, 0, 1, 1); paint.fillStyle = color; paint.fillRect(0, 0, 1, 1);
    return paint.getImageData(0, 0, 1, 1).data;
  };
  const luminance = (color) => [...pixel(color)].slice(0, 3).map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    const box = node.closest("g, svg")?.contains(node) && node.matches("text") && node.previousElementSibling;
    if (box && box.matches("rect.box")) return getComputedStyle(box).fill;
    for (let at = node; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (pixel(color)[3] === 255) return color;
    }
    return "white";
  };
  const own = (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
  return [...document.querySelectorAll(".live *")].filter((node) => own(node) && node.getClientRects().length)
    .map((node) => {
      const style = getComputedStyle(node), color = node.ownerSVGElement ? style.fill : style.color;
      const [low, high] = [luminance(color), luminance(behind(node))].sort((a, b) => a - b);
      return [(high + 0.05) / (low + 0.05), node.textContent];
    }).sort((a, b) => a[0] - b[0])[0];
}"""


def echo():
    return cell_stepper(ECHO, [[1, 0], [0, 0], [0, 0], [0, 0]], "The knock echoes")


LINE = "the cat sat on the mat"
VOCAB = Vocab([*LINE])


def counted(order, line=LINE):
    return read_counts(NGram(order, len(VOCAB)).fit(VOCAB[[*LINE]] * 3), line, VOCAB)


def ribbon():
    return surprise_ribbon(LINE, {"2-gram": counted(2), "4-gram": counted(4)}, VOCAB, "Two models read")


def gates_of(tokens, h=12, seed=0):
    rng = np.random.default_rng(seed)
    return {name: rng.uniform(size=(len(tokens), h)) for name in "IFO"} | {"C": rng.normal(size=(len(tokens), h))}


def gates():
    return gate_microscope(list(LINE), gates_of(LINE), "An LSTM reads")


# Three tokens and an end: the first step of the greedy search leads nowhere.
CHAIN = np.log([[0.01, 0.5, 0.4, 0.09], [0.4, 0.2, 0.2, 0.2], [0.01, 0.01, 0.01, 0.97], [0.25] * 4])
TOKENS = ["<bos>", "a", "b", "<eos>"]


def watched(max_steps=4, widths=(1, 2, 3, 5), table=CHAIN, tokens=TOKENS):
    return watch_beam(lambda prefixes: table[prefixes[:, -1]], tokens, 0, len(tokens) - 1, max_steps, widths)


def beam():
    return beam_stepper(watched(), "Greedy loses")


TONES = ["plain", "light", "dark"]
NAMES = [name if tone == "plain" else f"{name} {tone} skin tone" for name in ("man", "woman", "boy") for tone in TONES]
CHANGES = {"+ light": np.array([0.0, 1.0]), "− light": np.array([0.0, -1.0]), "+ dark": np.array([0.5, 2.0])}
POINTS = np.array(
    [[3 * i, 0.2 * i] + added for i in range(3) for added in (np.zeros(2), CHANGES["+ light"], CHANGES["+ dark"])]
)
FRENCH = {change: [f"{name}, {change or 'tel quel'}" for name in NAMES] for change in ("", *CHANGES)}


def contexts():
    return context_map(POINTS, NAMES, TONES * 3, CHANGES, FRENCH, "Nine contexts")


READ = [["red", "dog", "<eos>"], ["a", "big", "red", "cat", "<eos>"]]
WRITTEN = [["chien", "rouge"], ["un", "gros", "chat", "rouge"]]


def looked(seed=0, written=WRITTEN, read=READ):
    rng = np.random.default_rng(seed)
    maps = [rng.dirichlet(np.full(len(source), 0.3), len(words)) for words, source in zip(written, read, strict=True)]
    return [Translation(words, -0.1, weights) for words, weights in zip(written, maps, strict=True)]


def alignment():
    return alignment_map(READ, looked(), "Two names")


WAYS = ["up", "down", "left", "right"]


def moving(T=5, height=6, width=7, seed=0):
    """A clip and what two probes believe of it, the second from the second frame on."""
    rng = np.random.default_rng(seed)
    clip = np.zeros((T, height, width))
    for t in range(T):
        clip[t, 2:4, t : t + 3] = rng.integers(1, 17, (2, 3))
    return clip, {"now": rng.dirichlet(np.ones(4), T), "first": rng.dirichlet(np.ones(4), T - 1)}


def moves():
    return film(*moving(), WAYS, "It goes right")


FACTORS = np.full(60, 0.1)


def coefficients(T=7, seed=0):
    """Factors of both signs, one of them zero, and summands."""
    rng = np.random.default_rng(seed)
    return np.where(np.arange(T) == 2, 0, rng.uniform(-1, 1, T)), rng.normal(size=T)


def scan():
    return scan_tree(*coefficients(), FACTORS, "Seven steps")


FIGURES = {
    "stepper": echo,
    "ribbon": ribbon,
    "microscope": gates,
    "beam": beam,
    "contexts": contexts,
    "alignment": alignment,
    "film": moves,
    "scan": scan,
}


@pytest.fixture
def opened(browser):
    """A figure on a page of its own; a test fails when the page reports an error or asks for anything."""
    pages, errors = [], []

    def open_page(figure, light=True, width=800, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: request.url.startswith("data:") or errors.append(request.url))
        page.set_content(PAGE.format(light=str(light).lower(), html=figure.html))
        pages.append(context)
        return page

    yield open_page
    for context in pages:
        context.close()
    assert errors == []


@pytest.mark.parametrize("kind", FIGURES)
def test_a_figure_beside_one_whose_scripts_were_taken_away_is_alive(opened, kind):
    """As in JupyterLab, where a notebook that is not trusted may be open in another tab."""
    figure = FIGURES[kind]()
    inert = re.sub(r"<script.*?</script>", "", figure.html, flags=re.DOTALL)
    page = opened(SimpleNamespace(html=inert + figure.html))
    assert [live.is_visible() for live in page.locator(".live").all()] == [False, True]


def focus(page, selector):
    """Press Tab until the keyboard is there."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"The keyboard does not reach {selector}.")


def shows(locator, words):
    """Wait until it has these words: a script may run a moment after a key is pressed."""
    from playwright.sync_api import expect

    expect(locator).to_have_text(words)


def keep(page, name):
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


@pytest.mark.parametrize("name", FIGURES)
def test_a_living_figure_is_one_page_and_its_words(name):
    figure = FIGURES[name]()
    data, metadata = DisplayFormatter().format(figure)
    assert data == {"text/html": figure.html, "text/plain": str(figure)}
    assert metadata == {}
    assert str(figure).startswith("Figure: ")
    assert len(figure.html.encode()) < 100_000
    assert FIGURES[name]().html == figure.html, "the same at each run"
    assert {*re.findall(r"https?://[^\"\s]*", figure.html)} <= {"http://www.w3.org/2000/svg"}
    assert "{{" not in figure.html.replace("${{", "")


@pytest.mark.parametrize("name", FIGURES)
def test_of_a_living_figure_the_words_are_compared(name):
    figure = FIGURES[name]()

    def output(html, words):
        return [{"output_type": "display_data", "metadata": {}, "data": {"text/html": html, "text/plain": words}}]

    stored = output(figure.html, str(figure))
    assert compare(stored, output(figure.html.replace("base64,", "base64,A"), str(figure))) == []
    assert compare(stored, output(figure.html, f"{figure}, more")) != []
    assert compare(output("<table>1</table>", "a"), output("<table>2</table>", "a")) != [], "tables are compared"


@pytest.mark.parametrize("name", FIGURES)
def test_where_no_script_runs_a_still_picture_is_shown(opened, name):
    figure = FIGURES[name]()
    page = opened(figure, java_script_enabled=False)
    still = page.locator("img.still")
    assert still.is_visible()
    assert not page.locator(".live").is_visible()
    assert still.get_attribute("alt") == str(figure)
    pixels = matplotlib.image.imread(io.BytesIO(base64.b64decode(still.get_attribute("src").partition(",")[2])))
    assert pixels[..., :3].std() > 0.01, "something is drawn"


@pytest.mark.parametrize("light", [True, False], ids=["light", "dark"])
@pytest.mark.parametrize("width", [800, 360])
@pytest.mark.parametrize("name", FIGURES)
def test_a_living_figure_can_be_read_in_light_and_dark_and_on_a_phone(opened, name, width, light):
    page = opened(FIGURES[name](), light, width)
    assert not page.locator("img.still").is_visible()
    for details in page.locator("details").all():
        details.evaluate("(details) => { details.open = true; }")
    keep(page, f"figure-{name}-{width}-{'light' if light else 'dark'}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    contrast, words = page.evaluate(CONTRAST)
    assert contrast >= 4.5, words


def numbers_of(page, label):
    """What the open table of all numbers says of a quantity, (h,)."""
    row = page.locator(".numbers tr").filter(has=page.get_by_role("rowheader", name=label, exact=True))
    return [float(number.replace("−", "-")) for number in row.locator("td").inner_text().split(",")]


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


@pytest.fixture
def shown(monkeypatch):
    """What is displayed, one after the other, updates too."""
    found = []

    def display(what, display_id=False):
        found.append(what)
        return SimpleNamespace(update=found.append)

    monkeypatch.setattr(living, "display", display)
    return found


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
    for tokens, gates in wrong:
        with pytest.raises(ValueError) as error:
            gate_microscope(tokens, gates, "Reading")
        says(error, f"{len(tokens)} tokens", "(T, h)")


def followed(search):
    """Of each step the beginnings, token by token, with the log-probability, and the outcome."""
    before = [()]
    for step in search:
        now = [(*before[h.parent], *([h.token] if h.token else [])) for h in step]
        yield [(tokens, h.log_prob, h.outcome) for tokens, h in zip(now, step, strict=True)]
        before = now


@pytest.mark.parametrize("width", [1, 2, 3, 5])
@pytest.mark.parametrize("seed", range(6))
def test_a_record_is_what_the_search_does(width, seed):
    rng = np.random.default_rng(seed)
    table = np.log(rng.dirichlet(np.ones(4), size=4))
    settings = {"num_sequences": 1, "bos": 0, "eos": 3, "max_steps": 4, "width": width}
    [found] = search.beam_search(lambda ids, state: (table[ids], state), None, lambda state, rows: state, **settings)
    record = watched(widths=[width], table=table)[width]
    best = max((h for h in record[-1] if h.outcome != "dropped"), key=lambda h: h.score)
    assert best.score == pytest.approx(found.score)
    for step, hypotheses in zip(followed(record), record, strict=True):
        assert 1 <= sum(outcome != "dropped" for _, _, outcome in step) <= width
        kept = [h.score for h in hypotheses if h.outcome != "dropped"]
        assert all(h.score <= min(kept) for h in hypotheses if h.outcome == "dropped")
        for tokens, log_prob, outcome in step:
            ids = [0, *map(TOKENS.index, tokens)]
            assert log_prob == pytest.approx(table[ids[:-1], ids[1:]].sum())
            if outcome != "dropped":
                assert (outcome == "finished") == (ids[-1] == 3)
    assert [TOKENS[i] for i in found.ids] in [[t for t in tokens if t != "<eos>"] for tokens, _, _ in step]


def test_a_record_is_what_a_frameworks_model_translates(framework):
    """The student's function, as chapter 07 has it: the decoder reads each prefix whole."""
    course, V = framework.course, 7
    model = course.Seq2Seq(course.Seq2SeqEncoder(V, 4, 5), course.Seq2SeqDecoder(V, 4, 5))
    source = np.array([[4, 5, 3]]), np.array([3])
    model((*map(framework.tensor, source), framework.tensor(np.array([[2]]))))  # makes the weights
    framework.draw_anew(model, np.random.default_rng(2))

    def step(prefixes):
        rows = [framework.tensor(np.repeat(part, len(prefixes), axis=0)) for part in source]
        logits, _ = model((*rows, framework.tensor(prefixes)))  # (m, t, V)
        return logits[:, -1]

    record = watch_beam(step, [*"pqrstuv"], bos=2, eos=3, max_steps=5)
    for width, steps in record.items():
        for tokens, log_prob, _ in [*followed(steps)][-1]:
            ids = [2, *map("pqrstuv".index, tokens)]
            logits = framework.array(model((*map(framework.tensor, source), framework.tensor(np.array([ids[:-1]]))))[0])
            log_probs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))  # (1, t, V)
            own = log_probs[0, np.arange(len(ids) - 1), ids[1:]]
            assert log_prob == pytest.approx(own.sum(), abs=1e-5), width


def test_the_stepper_of_beams_shows_the_numbers_of_the_record(opened):
    searches = watched()
    page = opened(beam_stepper(searches, "Greedy loses"))
    page.locator("summary").click()
    width, step = page.locator("output").all()
    for place, (k, search_) in enumerate(searches.items()):
        page.get_by_label("Width of the beam").focus()
        if place:
            page.keyboard.press("ArrowRight")
        shows(width, f"Width {k}")
        page.get_by_label("Step", exact=True).focus()
        page.keyboard.press("Home")
        for t, hypotheses in enumerate(followed(search_)):
            shows(step, f"Step {t + 1} of {len(search_)}")
            shown = {}
            for row in page.locator(".numbers tbody tr").all():
                outcome, prob, log_prob, score = row.locator("td").all_inner_texts()
                shown[row.locator("th").inner_text()] = [
                    outcome.lstrip("×■ "),
                    *(float(number.replace("−", "-")) for number in (prob, log_prob, score)),
                ]
            for (tokens, log_prob, outcome), h in zip(hypotheses, search_[t], strict=True):
                found = shown.pop(" ".join(tokens))
                assert found == [
                    outcome,
                    pytest.approx(h.prob, abs=1e-5),
                    pytest.approx(log_prob, abs=1e-5),
                    pytest.approx(h.score, abs=1e-5),
                ]
            assert shown == {}
            assert page.locator(".tree g").count() == sum(map(len, search_[: t + 1]))
            page.keyboard.press("ArrowRight")
    page.get_by_label("Width of the beam").press("Home")
    shows(page.locator(".told"), "The search ends with: a <bos> a <bos>, probability 0.0400")


def test_outcomes_are_told_by_signs_and_the_kept_line_is_thick(opened):
    page = opened(beam())
    page.get_by_label("Width of the beam").press("ArrowRight")
    page.get_by_label("Step", exact=True).press("ArrowRight")
    shows(page.locator(".told"), "Best so far: b <eos>, probability 0.3880")
    assert page.locator(".tree .finished text").first.text_content() == "■ <eos>"
    dropped = page.locator(".tree .dropped")
    assert {words[:2] for words in dropped.locator("text:first-of-type").all_text_contents()} == {"× "}
    assert page.locator(".tree .dropped.held").count() == 0
    assert page.locator(".tree .held").count() == 4
    page.get_by_role("button", name="One step on").click()
    shows(page.locator(".tree .finished text").nth(3), "■ waits")
    for _ in range(3):
        page.get_by_role("button", name="A wider beam").click()
    shows(page.locator("output").first, "Width 5")
    page.get_by_label("Step", exact=True).press("End")
    spoken = page.get_by_label("Step", exact=True).get_attribute("aria-valuetext")
    assert "5 kept" in spoken or "finished" in spoken


def test_the_words_of_a_beam():
    assert str(beam()).splitlines() == [
        "Figure: Greedy loses. A beam search as a tree, step by step, at 4 widths.",
        "width 1: a <bos> a <bos>, cut off after 4 tokens, probability 0.0400",
        *(f"width {width}: b <eos>, finished after 2 tokens, probability 0.3880" for width in (2, 3, 5)),
    ]


def test_a_beam_among_many_words_is_small_enough():
    rng = np.random.default_rng(0)
    table = np.log(rng.dirichlet(np.full(1700, 0.02), size=1700) + 1e-9)
    searches = watched(10, table=table, tokens=[f"mot{i}" for i in range(1700)])
    assert all(len(step) <= width + 6 for width, steps in searches.items() for step in steps)
    assert len(beam_stepper(searches, "Words").html.encode()) < 100_000


def test_what_no_beam_can_be_is_refused():
    kept = watched()[1][0][0]
    wrong = [
        (lambda: watch_beam(lambda prefixes: CHAIN, TOKENS, 0, 3, 4), ["(4, 4)", "1 prefixes", "(1, 4)"]),
        (lambda: watch_beam(lambda prefixes: np.full((1, 4), np.nan), TOKENS, 0, 3, 4, [1]), ["NaN"]),
        (lambda: watched(widths=[0]), ["width=0"]),
        (lambda: beam_stepper({}, "t"), ["expected one search or more"]),
        (lambda: beam_stepper({1: []}, "t"), ["[0] steps"]),
        (lambda: beam_stepper({1: [[kept._replace(parent=1)]]}, "t"), ["Step 1 at width 1", "parent 1", "0 to 0"]),
        (lambda: beam_stepper({1: [[kept._replace(outcome="lost")]]}, "t"), ["'lost'", "kept, finished, dropped"]),
        (lambda: beam_stepper({1: [[kept._replace(outcome="dropped")]]}, "t"), ["Step 1 at width 1", "keeps none"]),
    ]
    for call, words in wrong:
        with pytest.raises(ValueError) as error:
            call()
        says(error, *words)


def test_the_map_tells_the_translation_of_each_name_and_change(opened):
    page = opened(contexts())
    read = page.locator("output")
    focus(page, 'input[type="range"]')
    for i, name in enumerate(NAMES):
        shows(read, f"{name} →{FRENCH[''][i]}")
        page.keyboard.press("ArrowRight")
    focus(page, ".mode:nth-of-type(4)")
    page.keyboard.press("Space")
    shows(read, f"{NAMES[-1]} + dark →{FRENCH['+ dark'][-1]}")
    page.locator("summary").click()
    found = {
        row.locator("th").inner_text(): row.locator("td").inner_text() for row in page.locator(".numbers tr").all()
    }
    assert found == {f"{NAMES[-1]} {change}".strip(): texts[-1] for change, texts in FRENCH.items()}


def drawn_at(page):
    """Where the marks are, (n, 2), y upwards; where the ring is; and where the way begins and ends."""
    marks = page.locator(".map .mark").evaluate_all("(all) => all.map((one) => one.getAttribute('transform'))")
    ring = page.locator(".map .ring").get_attribute("transform")
    way = re.findall(r"-?[\d.]+", page.locator(".map .way").get_attribute("d"))[:4]
    pairs = [[float(number) for number in re.findall(r"-?[\d.]+", words)] for words in (*marks, ring)]
    places = np.array([*pairs, way[:2] or pairs[-1], way[2:] or pairs[-1]], dtype=float) * [1, -1]
    return places[:-3], places[-3], places[-2:]


@pytest.mark.parametrize("h", [2, 5])
def test_the_map_lies_as_the_contexts_do(opened, h):
    turn = np.linalg.qr(np.random.default_rng(h).normal(size=(h, h)))[0][:2]  # a plane in h dimensions
    given, changes = (POINTS, CHANGES) if h == 2 else (POINTS @ turn, {c: v @ turn for c, v in CHANGES.items()})
    page = opened(context_map(given, NAMES, TONES * 3, changes, FRENCH, "Nine contexts"))
    marks, ring, _ = drawn_at(page)
    np.testing.assert_allclose(ring, marks[0])

    def distances(points):
        return np.linalg.norm(points[:, None] - points[None], axis=-1)

    scale = distances(marks).max() / distances(POINTS).max()
    np.testing.assert_allclose(distances(marks), scale * distances(POINTS), atol=1e-3 * scale)
    page.get_by_role("button", name="+ dark").click()
    shows(page.locator("output"), re.compile("dark"))
    _, _, way = drawn_at(page)
    np.testing.assert_allclose(way, marks[[0, 2]], atol=1e-3 * scale)  # plain + dark is where dark is
    box = page.locator(".map .mark").nth(4).bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2 + 3, box["y"] + box["height"] / 2)
    shows(page.locator("output"), re.compile("^woman light skin tone "))


def test_the_map_tells_tones_apart_in_grey(opened):
    page = opened(contexts())
    shapes = page.locator(".map .mark").evaluate_all("(all) => all.map((one) => one.getAttribute('d'))")
    assert shapes == shapes[:3] * 3
    assert len({*shapes}) == 3
    assert page.locator(".legend span").all_inner_texts() == TONES
    legend = page.locator(".legend .mark").evaluate_all("(all) => all.map((one) => one.getAttribute('d'))")
    assert legend == shapes[:3]


def test_the_words_of_the_map():
    first, *others = str(contexts()).splitlines()
    assert first == (
        "Figure: Nine contexts. A map of 9 names by their contexts: plain 3 (circle), light 3 (square), "
        "dark 3 (triangle)."
    )
    assert others == ["man → man, tel quel", *(f"man {change} → man, {change}" for change in CHANGES)]


def test_what_no_map_can_show_is_refused():
    def changed(**options):
        given = {"contexts": POINTS, "names": NAMES, "tones": TONES * 3, "changes": CHANGES, "translations": FRENCH}
        return context_map(**given | options, title="t")

    wrong = [
        ({"contexts": POINTS[:8]}, ["(8, 2)", "9 names", "9 tones"]),
        ({"contexts": POINTS[:, :1]}, ["(9, 1)", "h of 2"]),
        ({"tones": TONES}, ["3 tones"]),
        ({"tones": [*"abcdefgha"]}, ["8 different tones", "6 at most"]),
        ({"changes": {**CHANGES, "+ dark": np.ones(3)}}, ["'+ dark'", "(3,)", "(2,)"]),
        ({"translations": {**FRENCH, "": FRENCH[""][:4]}}, ["'': 4", "'': 9"]),
        ({"translations": {change: texts for change, texts in FRENCH.items() if change}}, ["'': 9"]),
        ({"translations": {change: ["x" * 9000] * 9 for change in FRENCH}}, ["100,000 at most"]),
        ({"contexts": np.full((9, 5), np.nan)}, ["contexts has NaN"]),
    ]
    for options, words in wrong:
        with pytest.raises(ValueError) as error:
            changed(**options)
        says(error, *words)


def test_the_film_shows_the_numbers_that_it_was_given(opened):
    clip, beliefs = moving()
    page = opened(moves())
    focus(page, 'input[type="range"]')
    values = "(all) => all.map((one) => +one.style.getPropertyValue('--v'))"
    for t, frame in enumerate(clip):
        shows(page.locator("output"), f"Frame {t + 1} of 5")
        shades = page.locator(".picture span").evaluate_all(values)
        np.testing.assert_allclose(shades, frame.ravel() / clip.max(), rtol=0, atol=0.0051)
        bars = np.reshape(page.locator(".bar span").evaluate_all(values), (2, 4))
        numbers = [*map(str, page.locator("table td:last-child").all_inner_texts())]
        np.testing.assert_allclose(bars[0], beliefs["now"][t], rtol=0, atol=1e-5)
        np.testing.assert_allclose([*map(float, numbers[:4])], beliefs["now"][t], rtol=0, atol=5.1e-4)
        if t == 0:
            assert numbers[4:] == ["–"] * 4
        else:
            np.testing.assert_allclose(bars[1], beliefs["first"][t - 1], rtol=0, atol=1e-5)
        likeliest = [WAYS[beliefs["now"][t].argmax()], *([WAYS[beliefs["first"][t - 1].argmax()]] if t else [])]
        assert page.locator(".most th").all_inner_texts() == likeliest
        page.keyboard.press("ArrowRight")


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_a_film_moves_only_when_asked(opened, motion):
    page = opened(moves(), reduced_motion=motion)
    place, play = page.locator("output"), page.locator(".play")
    page.clock.install()
    page.clock.run_for(5000)
    shows(place, "Frame 1 of 5")
    focus(page, ".play")
    page.keyboard.press("Space")
    shows(play, "❚❚ Pause")
    page.clock.run_for(750)
    shows(place, "Frame 2 of 5")
    page.keyboard.press("Space")
    shows(play, "▶ Play")
    page.clock.run_for(5000)
    shows(place, "Frame 2 of 5")
    page.keyboard.press("Space")
    page.clock.run_for(5000)
    shows(place, "Frame 5 of 5")
    shows(play, "▶ Play")
    page.keyboard.press("Space")
    shows(place, "Frame 1 of 5")


def test_the_words_of_a_film():
    _, beliefs = moving()
    first, *told = str(moves()).splitlines()
    assert first == (
        "Figure: It goes right. A clip of 5 frames of 6 × 7 pixels, and the likeliest of up, down, left, right at its "
        "end."
    )
    assert told == [f"{name}: {WAYS[values[-1].argmax()]}" for name, values in beliefs.items()]


def test_the_clip_of_the_chapter_is_small_enough():
    rng = np.random.default_rng(0)
    clip = rng.uniform(size=(8, 20, 20))
    beliefs = {name: rng.dirichlet(np.ones(10), 8) for name in ("trained", "untrained")}
    assert len(film(clip, beliefs, [*"0123456789"], "A clip").html.encode()) < 100_000


def test_what_no_film_can_show_is_refused():
    clip, beliefs = moving()
    wrong = [
        ((clip[0], beliefs, WAYS), ["(6, 7)", "(T, height, width)"]),
        ((clip[:0], beliefs, WAYS), ["(0, 6, 7)"]),
        ((-clip, beliefs, WAYS), ["lowest number is -16"]),
        ((clip * np.nan, beliefs, WAYS), ["lowest number is nan"]),
        ((clip, {}, WAYS), ["no beliefs"]),
        ((clip, {"now": beliefs["now"][:2]}, WAYS), ["'now'", "(2, 4)", "(5, 4) or (4, 4)"]),
        ((clip, beliefs, WAYS[:3]), ["(5, 3) or (4, 3)"]),
        ((clip, {"now": 2 * beliefs["now"]}, WAYS), ["'now'", "sum 2.000", "softmax"]),
        ((clip, {"now": beliefs["now"] * [1, np.nan, 1, 1]}, WAYS), ["'now'", "sum nan"]),
        ((np.random.default_rng(0).uniform(size=(30, 40, 40)), {"now": np.full((30, 4), 0.25)}, WAYS), ["at most"]),
    ]
    for given, words in wrong:
        with pytest.raises(ValueError) as error:
            film(*given, "t")
        says(error, *words)


def test_the_alignment_map_shows_the_numbers_of_the_framework(framework, opened, tmp_path):
    from seq2seq_checks import PAIRS, Network, built, small_data

    data, course = small_data(tmp_path), framework.course
    model = built(
        course, Network("GRU", (24,), 2, attends=True), sizes=(len(data.source_vocab), 8, len(data.target_vocab), 8)
    )
    course.Trainer(20, 0.02).fit(model, SimpleNamespace(train=data.train))
    names = [source for source, _ in PAIRS if source != "bye"]
    translations = [found for found in course.translate(model, names, data) if found.tokens]
    assert len(translations) == len(names)
    page = opened(alignment_map([[*name.split(), "<eos>"] for name in names], translations, "Read and written"))
    page.locator("summary").click()
    page.evaluate("document.activeElement.blur()")
    for i, (name, found) in enumerate(zip(names, translations, strict=True)):
        focus(page, '.by-name input[type="range"]')
        page.keyboard.press("ArrowRight" if i else "Home")
        shows(page.locator(".place.name"), f"Name {i + 1} of {len(names)}: {name} → {found}")
        rows = page.locator(".numbers tbody tr").all()
        numbers = [[float(cell) for cell in row.locator("td").all_inner_texts()] for row in rows]
        source, lengths = data.encode([name])
        fed = np.array([[2, *data.target_vocab[found.tokens[:-1]]]])
        expected = framework.array(model.alignment(tuple(map(framework.tensor, (source, lengths, fed)))))[0]
        np.testing.assert_allclose(numbers, expected[:, : lengths[0]], rtol=0, atol=1e-5)
        focus(page, '.by-word input[type="range"]')
        for t, row in enumerate(expected):
            looked = np.argsort(-row)[0]
            word = f"Word {t + 1} of {len(expected)}: {found.tokens[t]} ← {[*name.split(), '<eos>'][looked]} "
            shows(page.locator(".place.word"), re.compile(re.escape(word)))
            page.keyboard.press("ArrowRight")
        page.evaluate("document.activeElement.blur()")


def test_the_alignment_map_colours_what_it_says_and_follows_the_pointer(opened):
    page = opened(alignment())
    _, found = looked()
    page.get_by_role("button", name="One name on").click()
    shown = page.locator(".map .weight").evaluate_all("(all) => all.map((one) => +one.style.getPropertyValue('--v'))")
    np.testing.assert_allclose(shown, found.alignment.ravel(), rtol=0, atol=1e-5)
    assert page.locator(".map .read").all_inner_texts() == READ[1]
    for gesture in ("hover", "click"):
        for t in (2, 3, 0):
            getattr(page.locator(".map .written").nth(t), gesture)()
            shows(page.locator(".place.word"), re.compile(f"^Word {t + 1} of 4: {WRITTEN[1][t]} ← "))
            assert page.locator(".map .weight.now").all_inner_texts() == [f"{w:.2f}" for w in found.alignment[t]]
    page.locator(".map .weight").nth(7).hover()
    shows(page.locator(".place.word"), re.compile("^Word 2 of 4: gros ← "))


def test_the_words_of_the_alignment_map():
    sharp = [Translation(["chien", "rouge"], -0.1, np.array([[0.1, 0.8, 0.1], [0.9, 0.0, 0.1]]))]
    assert str(alignment_map(READ[:1], sharp, "One name")).splitlines() == [
        "Figure: One name. A map of where the decoder looked while it wrote: 1 name.",
        "red dog → chien rouge",
        "most at, for each word written: chien dog, rouge red",
    ]
    assert "wrote: 2 names." in str(alignment())


def test_the_alignment_map_follows_a_name_typed_where_a_kernel_runs(monkeypatch, shown):
    def read(name):
        words = name.split()
        return [*words, "<eos>"], looked(len(name), [words[::-1] if name != "silence" else []], [[*words, "<eos>"]])[0]

    monkeypatch.setenv("CI", "1")
    assert alignment_map(READ, looked(), "Two names", read).html == alignment().html
    assert shown == []
    monkeypatch.delenv("CI")
    assert alignment_map(READ, looked(), "Two names", read) is None
    line, first = shown
    assert (line.value, first.html) == ("red dog", alignment().html)
    line.value = "a new name"
    tokens, translation = read("a new name")
    assert shown[2].html == alignment_map([tokens, *READ], [translation, *looked()], "Two names").html
    for nothing in ("", "silence"):
        line.value = nothing
    assert len(shown) == 3, "the last figure stays"


def test_twenty_long_names_are_small_enough():
    read, written = [[*["extraordinarily"] * 11, "<eos>"]] * 20, [["extraordinairement"] * 12] * 20
    assert len(alignment_map(read, looked(0, written, read), "Many").html) < 90_000


def test_what_no_alignment_map_can_show_is_refused():
    first, second = looked()
    wrong = [
        ([first], ["2 sources and 1 translations"]),
        ([first, second._replace(alignment=None)], ["'un gros chat rouge' has no alignment", "AttentionDecoder"]),
        ([first, second._replace(alignment=second.alignment.T)], ["(5, 4)", "(4, 5)", "'big'"]),
        ([first._replace(tokens=[], alignment=np.zeros((0, 3))), second], ["(0, 3)", "one or more"]),
        ([first, second._replace(alignment=2 * second.alignment)], ["2.000", "sum is 1"]),
        ([first, second._replace(alignment=np.full((4, 5), np.nan))], ["nan", "sum is 1"]),
        ([first, second._replace(alignment=np.tile([2, -1, 0, 0, 0], (4, 1)))], ["1.000", "0 or more"]),
    ]
    for translations, words in wrong:
        with pytest.raises(ValueError) as error:
            alignment_map(READ, translations, "t")
        says(error, *words)
    with pytest.raises(ValueError, match="0 sources"):
        alignment_map([], [], "t")


def number(words):
    """A number as a page writes it."""
    return float(words.replace("−", "-"))


@pytest.mark.parametrize("T", [7, 2, 16])
def test_the_scan_shows_the_numbers_of_the_framework(framework, opened, T):
    a, b = coefficients(T)
    page = opened(scan_tree(a, b, FACTORS, "A scan"))
    page.locator("summary").click()
    focus(page, ".by-round input")
    rounds = int(np.ceil(np.log2(T)))
    for r in range(rounds + 1):
        shows(page.locator(".by-round .place"), f"Round {r} of {rounds}" if r else "Start")
        rows = [row.locator("td").all_inner_texts() for row in page.locator(".numbers tbody tr").all()]
        assert page.locator(".tree .node").count() == (r + 1) * T
        assert page.locator(".tree .whole").count() == sum(min(T, 2**s) for s in range(r + 1))
        for t, (steps, factor, summand) in enumerate(rows):
            first = max(0, t + 1 - 2**r)
            assert steps == (f"{first + 1} to {t + 1}" if first < t else f"{t + 1}")
            assert number(factor) == pytest.approx(a[first : t + 1].prod(), abs=1e-5)
            alone = framework.course.linear_scan(*(framework.tensor(part[None, first : t + 1]) for part in (a, b)))
            assert number(summand) == pytest.approx(framework.array(alone)[0, -1], abs=1e-5)
        page.keyboard.press("ArrowRight")


def test_the_scan_follows_the_chosen_step(opened):
    a, b = coefficients()
    page = opened(scan())
    page.locator(".by-round input").press("End")
    h = re.search(r"h_7 = (\S+)[.]", str(scan()))[1].replace("-", "−")
    shows(page.locator(".told"), f"Step 7 has all from step 1 on in it: h = {h}")
    shows(page.locator(".by-step .place"), "Step 7 of 7")
    held = "(nodes) => nodes.map((node) => +node.dataset.t)"
    assert page.locator(".tree .held").evaluate_all(held) == [0, 1, 2, 3, 4, 5, 6, 0, 2, 4, 6, 2, 6, 6]
    focus(page, ".by-step input")
    page.keyboard.press("Home")
    shows(page.locator(".by-step .place"), "Step 1 of 7")
    assert page.locator(".tree .held").evaluate_all(held) == [0, 0, 0, 0]
    page.locator(".by-round input").press("Home")
    page.locator(".tree .node").nth(3).click()
    words = f"Step 4 has only itself in it: h = {a[3]:.4f} × (h after step 3) {b[3]:+.4f}".replace("-", "−")
    words = words.replace(") −", ") − ").replace(") +", ") + ")
    shows(page.locator(".told"), words)


def test_the_long_product_is_float32s(opened):
    page = opened(scan())
    focus(page, ".by-factor input")
    product = FACTORS.astype(np.float32).cumprod()
    with np.errstate(all="ignore"):
        divided = product * (1 / product).cumsum()
    h = np.cumsum(0.1 ** np.arange(60))  # 1 + 0.1 + 0.01 + …
    for t in range(60):
        shows(page.locator(".by-factor .place"), f"Factor {t + 1} of 60")
        of_product, by_dividing, by_scan = page.locator(".long td").all_inner_texts()
        assert number(of_product) == pytest.approx(float(product[t]), rel=1e-3)
        assert number(by_scan) == pytest.approx(h[t], abs=1e-5)
        if np.isfinite(divided[t]):
            assert number(by_dividing) == pytest.approx(float(divided[t]), rel=1e-3)
        else:
            assert by_dividing == "no number"
        page.keyboard.press("ArrowRight")
    assert of_product == "0"
    assert by_dividing == "no number"


def test_the_words_of_a_scan():
    assert str(scan_tree([0.5] * 4, [1] * 4, [0.9] * 20, "Halves")).splitlines() == [
        "Figure: Halves. A linear recurrence of 4 steps as a scan, a tree of 2 rounds: h_4 = 1.8750.",
        "A product of 20 factors is 0.1216 in float32; dividing by it, h_20 = 8.7842.",
        "Without dividing h_20 = 8.7842.",
    ]


def test_the_largest_scan_is_small_enough():
    rng = np.random.default_rng(0)
    figure = scan_tree(*coefficients(16), rng.uniform(0.1, 1, 400), "Sixteen steps")
    assert len(figure.html.encode()) < 100_000


def test_what_no_scan_can_show_is_refused():
    a, b = coefficients()
    wrong = [
        ((a[:3], b, FACTORS), ["(3,) and b (7,)", "T from 2 to 16"]),
        ((a[:1], b[:1], FACTORS), ["(1,)", "T from 2 to 16"]),
        ((np.ones(17), np.ones(17), FACTORS), ["(17,)", "T from 2 to 16"]),
        ((a[None], b[None], FACTORS), ["(1, 7)", "one unit of one sequence"]),
        ((a * np.nan, b, FACTORS), ["has NaN"]),
        ((a, b, FACTORS[:1]), ["factors has shape (1,)", "L from 2 to 400"]),
        ((a, b, np.ones(401)), ["(401,)"]),
        ((a, b, -FACTORS), ["-0.1", "more than 0"]),
    ]
    for given, words in wrong:
        with pytest.raises(ValueError) as error:
            scan_tree(*given, "t")
        says(error, *words)


ODD = '<b>a</b> & "b" </script> {{style}}'


@pytest.mark.parametrize(
    "figure",
    [
        lambda: beam_stepper(watched(tokens=["<bos>", "<i>", "</script>", "{{title}}"]), ODD),
        lambda: context_map(POINTS, [ODD] * 9, ["<i>"] * 9, {"<u>": [1, 1]}, {"": [ODD] * 9, "<u>": [ODD] * 9}, ODD),
        lambda: alignment_map([["<i>", "</script>"]], looked(0, [["{{x}}"]], [["<i>", "&"]]), ODD),
        lambda: film(moving()[0], {"<i>": moving()[1]["now"]}, ["<b>", "&", '"', "{{x}}"], ODD),
        lambda: scan_tree(*coefficients(), FACTORS, ODD),
    ],
    ids=["beam", "contexts", "alignment", "film", "scan"],
)
def test_odd_letters_stay_text_in_every_figure(opened, figure):
    page = opened(figure())
    shows(page.locator(".title"), ODD)
    assert page.locator(".live b:not(output b), .live i, .live u").count() == 0
    assert page.locator("script").count() == 2


@pytest.mark.parametrize("number", ["02", "04"])
def test_living_figures_live_in_the_page_of_a_run(browser, number):
    """What `make run` writes, opened from a file of its own: each figure is alive and follows the keyboard."""
    chapter = chapters.find_chapter(number)
    html = pages.to_html(views.of_notebook(chapters.read(chapter), "torch"), chapter)
    errors, page = [], browser.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_content(html)
    figures = page.locator("figure.living")
    assert figures.count() == 2
    for figure in figures.all():
        if not figure.is_visible():  # in a folded answer
            page.locator("details.folded", has=figure).locator("summary").first.click()
        shows(figure.locator("output"), re.compile(r"\w+ 1 of \d+"))
        assert not figure.locator("img.still").is_visible()
        figure.locator('input[type="range"]').press("End")
        last = int(figure.locator('input[type="range"]').get_attribute("max")) + 1
        shows(figure.locator("output"), re.compile(rf"\w+ {last} of {last}\b"))
    page.close()
    assert errors == []
