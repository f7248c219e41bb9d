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

from course_utils.datasets import NGram, Vocab
from course_utils.figures import Reading, cell_stepper, cells, gate_microscope, microscope, read_counts, surprise_ribbon
from course_utils.workshop import chapters
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


FIGURES = {"stepper": echo, "ribbon": ribbon, "microscope": gates}


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
@pytest.mark.parametrize("width", [800, 390])
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
        assert f"Step {t + 1} of {T}" in page.locator("output").inner_text()
        np.testing.assert_allclose(numbers_of(page, "input X"), X[t], rtol=0, atol=1e-5)
        found.append(numbers_of(page, "state H"))
        slot = page.locator('[data-value="H"]').text_content().replace("−", "-").split()
        np.testing.assert_allclose([float(number) for number in slot], found[-1], rtol=0, atol=5.1e-4)
        page.keyboard.press("ArrowRight")
    np.testing.assert_allclose(found, framework.array(outputs)[0], rtol=0, atol=1e-5)
    if cell == "LSTM":
        np.testing.assert_allclose(numbers_of(page, "memory C"), framework.array(state[1])[0], rtol=0, atol=1e-5)
    page.keyboard.press("Home")
    assert numbers_of(page, "state H") == found[0]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert "Step 1 of" in page.locator("output").inner_text(), "there is no step before the first"


def test_the_stepper_goes_where_one_points(opened):
    page = opened(echo())
    page.locator(".strip .head", has_text="3").click()
    assert page.locator("output").inner_text() == "Step 3 of 4"
    page.get_by_role("button", name="One step on").click()
    assert page.locator("output").inner_text() == "Step 4 of 4"
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
        assert page.locator("output").inner_text() == f"Letter {t + 1} of 7: {'space' if letter == ' ' else letter}"
        bits, likeliest = told_of(page, "LSTM")
        assert np.isclose(bits, -reading.log_probs[t, VOCAB[letter]] / np.log(2), rtol=0, atol=1e-5)
        best = np.argsort(-reading.log_probs[t])[:3]
        assert [words.split()[0] for words in likeliest] == [VOCAB.tokens[i].replace(" ", "␣") for i in best]
        found = [float(words.split()[1]) for words in likeliest]
        np.testing.assert_allclose(found, np.exp(reading.log_probs[t, best]), rtol=0, atol=1e-5)
        page.keyboard.press("ArrowRight")
    focus(page, ".mode:nth-of-type(2)")
    page.keyboard.press("Space")
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
    assert page.locator("output").inner_text() == "Letter 10 of 22: a"
    page.get_by_text("What mattered?").click()
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
    assert page.locator(".wide-row").all_inner_texts() == ["input gate I", "output gate O"]
    page.locator(".maps .bar").nth(3).hover()
    assert page.locator("output").inner_text().startswith("Letter 4 of 22: space; mean of F ")


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


def test_the_microscope_follows_what_is_typed_where_a_kernel_runs(monkeypatch):
    shown = []

    class Screen:
        def update(self, figure):
            shown.append(figure)

    def display(what, display_id=False):
        shown.append(what)
        return Screen()

    def read(sentence):
        return list(sentence), gates_of(sentence, seed=len(sentence))

    monkeypatch.setattr(microscope, "display", display)
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
