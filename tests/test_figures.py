"""Living figures: what all have in common, in a real browser, in light, dark and narrow."""

import base64
import io
import re
from types import SimpleNamespace

import matplotlib.image
import pytest
from figure_helpers import (
    FACTORS,
    FIGURES,
    POINTS,
    coefficients,
    keep,
    looked,
    moving,
    shows,
    watched,
)
from IPython.core.formatters import DisplayFormatter

from course_utils.figures import (
    alignment_map,
    beam_stepper,
    context_map,
    film,
    scan_tree,
)
from course_utils.workshop import chapters, pages, views
from course_utils.workshop.outputs import compare

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


@pytest.mark.parametrize("kind", FIGURES)
def test_a_figure_beside_one_whose_scripts_were_taken_away_is_alive(opened, kind):
    """As in JupyterLab, where a notebook that is not trusted may be open in another tab."""
    figure = FIGURES[kind]()
    inert = re.sub(r"<script.*?</script>", "", figure.html, flags=re.DOTALL)
    page = opened(SimpleNamespace(html=inert + figure.html))
    assert [live.is_visible() for live in page.locator(".live").all()] == [False, True]


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
