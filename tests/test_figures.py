"""Living figures: their numbers against the frameworks', in a real browser, by keyboard, in light, dark and narrow."""

import base64
import io
import json
import re

import matplotlib.image
import numpy as np
import pytest
from data_helpers import says
from IPython.core.formatters import DisplayFormatter

from course_utils.figures import cell_stepper, cells
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


FIGURES = {"stepper": echo}


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
