"""The course's site: built whole, it is read in a real browser, with no address but its own.

One page of each kind is examined for its accessibility; with COURSE_SITE=all, as in `make site-check`, every page is,
on a desk and on a phone, and how soon pages paint is measured, which a busy machine could not promise.
Skipped, with its reason, without what npm brings, or where there is no Chromium.
"""

import gzip
import json
import os
import re
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from threading import Thread
from typing import NamedTuple, get_args
from urllib.parse import unquote, urldefrag, urlsplit

import nbformat
import pytest
from clocks import HANG_SECONDS
from fontTools.ttLib import TTFont
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from typer.testing import CliRunner

from course_utils.cli import app
from course_utils.workshop import chapters, site, views
from course_utils.workshop.refresh import normalised
from course_utils.workshop.results import table_in

pytest.importorskip("sphinx", reason="Sphinx is not installed")
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
with_assets = pytest.mark.skipif(
    not site.ASSETS.is_dir(), reason="npm has not brought what the site needs: call make site"
)

READINGS = get_args(views.View)
KINDS = (
    "index",
    "chapters/02_rnn",
    "chapters/07_seq2seq",
    "api/{side}",
    "glossary",
    "mistakes",
    "scoreboard",
    "search",
    "try",
)
EVERYTHING = os.environ.get("COURSE_SITE") == "all"
MOST_KB, LATEST_PAINT = 450, 2.5
FAST_3G = {"offline": False, "latency": 562.5, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
PAINTED = """() => new Promise(tell => new PerformanceObserver(list => tell(list.getEntries().at(-1).startTime / 1000))
    .observe({type: "largest-contentful-paint", buffered: true}))"""
ALL_PICTURES = """() => Promise.all([...document.images].filter(image => image.loading === "lazy").map(image => {
    image.loading = "eager";
    return image.decode().catch(() => null);
}))"""
DISTORTED = """() => [...document.querySelectorAll("article img")].filter(image => image.checkVisibility())
    .filter(image => Math.abs(image.width / image.height * image.naturalHeight / image.naturalWidth - 1) > 0.03)
    .map(image => image.src)"""
EMPTY_LINES = """() => [...document.querySelectorAll("article a.headerlink")].filter(sign => {
    const words = sign.previousSibling, range = document.createRange();
    if (!words?.textContent.trim() || !sign.matches(":is(h1, h2, h3, h4) > *")) return false;
    range.selectNodeContents(words);
    return sign.getBoundingClientRect().top > [...range.getClientRects()].at(-1).bottom;
}).map(sign => sign.parentElement.textContent)"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
SCREENSHOTS = chapters.ROOT / "build"
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


class Page(HTMLParser):
    """What a page names, and what it points at.

    Attributes:
        names: the ids.
        links: what one may follow. loads: what the browser fetches by itself.
        pictures: source → alternative text, of those in the article.
    """

    def __init__(self, path: Path):
        super().__init__()
        self.names, self.links, self.loads, self.pictures = set(), [], [], {}
        self.in_article = False
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        has = dict(attributes)
        self.names |= {has["id"]} if "id" in has else set()
        self.in_article |= tag == "article"
        if tag == "img" and self.in_article:
            self.pictures[has["src"]] = has.get("alt") or ""
        if tag == "a" and "href" in has:
            self.links.append(has["href"])
        elif tag == "link" and has.get("rel") in ("stylesheet", "icon", "preload", "modulepreload"):
            self.loads.append(has["href"])
        elif "src" in has:
            self.loads.append(has["src"])

    def handle_endtag(self, tag):
        self.in_article &= tag != "article"


class Site(NamedTuple):
    """A built site, and where it is served."""

    folder: Path
    address: str

    @property
    def pages(self) -> list[str]:
        """All pages of the readings, as addresses below the site's."""
        found = (path.relative_to(self.folder) for path in sorted(self.folder.glob("*/**/*.html")))
        return [path.as_posix() for path in found if not {"_static", "_sources"} & {*path.parts}]


class Quiet(SimpleHTTPRequestHandler):
    """A server that packs texts, as hosts of pages do, and keeps no record on the screen."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return super().do_GET()  # an index, a redirection or an error
        packed = path.suffix in (".html", ".css", ".js", ".svg", ".txt")
        content = gzip.compress(path.read_bytes(), 6) if packed else path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(content)))
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Iterator[Site]:
    """The site as `make site INSTRUCTORS=1` builds it, served to this machine."""
    folder = tmp_path_factory.mktemp("site") / "site"
    site.build(folder, instructors=(site.DOCS / "instructors.md").exists())
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        yield Site(folder, f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()


@pytest.fixture
def page(browser) -> Iterator["sync_api.Page"]:
    """A reader's first visit: nothing is remembered."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(1000 * HANG_SECONDS)
    yield context.new_page()
    context.close()


@with_assets
def test_every_link_leads_somewhere(built):
    pages = {built.folder / name: Page(built.folder / name) for name in ["index.html", *built.pages]}
    for path, page in pages.items():
        for link in page.links + [load for load in page.loads if not load.startswith("data:")]:
            address, name = urldefrag(link)
            if urlsplit(address).scheme:  # a reader may follow it
                assert link in page.links, f"{path} loads {link}"
                continue
            target = path if not address else (path.parent / unquote(urlsplit(address).path)).resolve()
            assert target.is_file(), f"{path} points at {link}, which is not there"
            if name and target in pages:
                assert unquote(name) in pages[target].names, f"{path} points at {link}, and no such place is there"


@with_assets
def test_every_picture_keeps_its_words(built):
    for chapter in chapters.find_chapters():
        for view in READINGS:
            notebook = views.of_notebook(chapters.read(chapter), view)
            outputs = [output for cell in chapters.code_cells(notebook) for output in cell.outputs]
            words = [o.metadata["image/png"]["alt"] for o in outputs if "image/png" in o.get("data", {})]
            shown = Page(built.folder / view / f"chapters/{chapter.stem}.html").pictures
            assert not [source for source, alt in shown.items() if not alt.strip() or alt in source]
            assert {" ".join(alt.split()) for alt in words} <= {" ".join(alt.split()) for alt in shown.values()}


@with_assets
def test_nothing_jumps_when_pictures_arrive(built):
    """Each has a size, and all but a page's first are fetched when they come near."""
    for name in built.pages:
        pictures = re.findall(r"<img [^>]*>", (built.folder / name).read_text("utf-8").partition("<article")[2])
        pictures = [picture for picture in pictures if "_images/" in picture]
        assert all(re.search(r' width="\d+" height="\d+"', picture) for picture in pictures), name
        assert all(' loading="lazy"' in picture for picture in pictures[1:]), name


@with_assets
def test_a_notebook_that_is_downloaded_has_its_figures(built):
    for chapter in chapters.find_chapters():
        told = len(re.findall(r"\]\(figures/", "".join(cell.source for cell in chapters.read(chapter).cells)))
        loaded = chapters.read(built.folder / "both/_sources/chapters" / chapter.name)
        text = "".join(cell.source for cell in loaded.cells if cell.cell_type == "markdown")
        assert text.count("](data:image/svg+xml;base64,") == told
        assert "](figures/" not in text


@with_assets
def test_the_scoreboard_shows_the_references(built, page):
    """In the reading of both; a phone moves the table, by keys too."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(built.address + "both/scoreboard.html")
    readme = (chapters.ROOT / "README.md").read_text("utf-8")
    rows = [line.split(" | ") for line in table_in(readme, "references").splitlines()]
    box = page.locator(".references .pst-scrollable-table-container")
    assert box.locator("tbody tr").count() == len(rows) - 2
    assert box.locator("tbody td").nth(3).text_content() == rows[2][3]
    lines = box.locator(".range").evaluate_all("ranges => ranges.map(range => range.getClientRects().length)")
    assert {*lines} == {1}, "a range is broken"
    box.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("box => box.scrollLeft > 0", arg=box.element_handle())
    assert "references" not in (built.folder / "torch/scoreboard.html").read_text("utf-8").partition("<article")[2]


@with_assets
def test_a_large_picture_is_moved_on_a_phone(built, page):
    """Its words keep their size; a desk has room, and no stop for the keys there."""
    picture = page.locator(".sideways").first
    page.goto(built.address + "torch/chapters/03_gru.html")
    assert picture.get_attribute("tabindex") is None
    page.set_viewport_size({"width": 390, "height": 844})
    page.reload()
    assert picture.locator("img").bounding_box()["width"] > 500
    picture.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("box => box.scrollLeft > 0", arg=picture.element_handle())


@with_assets
def test_the_package_is_described(built):
    """Every public name that a chapter imports stands on a page of the reading."""
    imported = re.compile(r"^from (course_utils[\w.]*) import (?:\(([^)]*)\)|(.*))", re.MULTILINE)
    for view in READINGS:
        pages = [Page(path).names for path in (built.folder / view / "api").glob("*.html")]
        described = {name.rpartition(".")[2] for names in pages for name in names if name.startswith("course_utils")}
        described |= {name.rpartition(".")[2] for names in pages for name in names if name.startswith("module-")}
        missing = set()
        for chapter in chapters.find_chapters():
            notebook = views.of_notebook(chapters.read(chapter), view)
            for module, several, single in imported.findall(
                "\n".join(cell.source for cell in chapters.code_cells(notebook))
            ):
                names = re.findall(r"\w+", re.sub(r"#.*| as \w+", "", several or single))
                missing |= {f"{module}.{name}" for name in names if name not in described}
        assert missing == set()


@with_assets
def test_a_term_is_linked_where_it_is_first_used(built):
    """Both ways; that each place is there is for the test of the links."""
    for view in READINGS:
        glossary = Page(built.folder / view / "glossary.html")
        terms = {name for name in glossary.names if name.startswith("term-")}
        assert len(terms) > 40
        assert {link.partition("#use-")[2] for link in glossary.links if "#use-" in link} == terms
        first = Page(built.folder / view / "chapters/01_sequence_data.html")
        assert "../glossary.html#term-perplexity" in first.links


@with_assets
def test_every_page_is_drawn_without_a_network(built, page):
    """No error on the console, no request to another host, no picture or formula that is not drawn."""
    said, asked = [], []
    page.on("console", lambda message: said.append(f"{page.url}: {message.text}") if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
    page.on("request", lambda request: asked.append(request.url))
    page.set_viewport_size({"width": 390, "height": 844})
    for name in built.pages:
        page.goto(built.address + name)
        page.evaluate(ALL_PICTURES)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, f"{name} is wider than a phone"
        undrawn = page.evaluate(
            """() => [...document.images].filter(image => image.complete && !image.naturalWidth).map(image => image.src)
            .concat([...document.querySelectorAll("math")].filter(math => math.checkVisibility())
            .filter(math => !math.getBoundingClientRect().width).map(math => math.textContent))"""
        )
        assert undrawn == [], name
        assert page.evaluate(DISTORTED) == [], name
    assert said == []
    assert [url for url in asked if not url.startswith((built.address, "data:", "blob:"))] == []


def violations(page: "sync_api.Page") -> list[str]:
    """What axe finds, all answers open, and all colours there that come by and by.

    Shadows are taken away, for axe does not judge words that stand on one.
    """
    page.add_style_tag(content="* { background-image: none !important; }")
    page.evaluate("() => document.querySelectorAll('article details').forEach(details => details.open = true)")
    page.evaluate("() => Promise.all(document.getAnimations().map(each => each.finished.catch(() => null)))")
    page.evaluate((site.ASSETS / "axe-core/axe.min.js").read_text("utf-8"))
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [f"{each['help']}: {node['html'][:200]}" for each in found for node in each["nodes"][:3]]


def visited(browser: "sync_api.Browser", address: str) -> tuple[float, float]:
    """A first visit: how many kB a page is with all that it loads, and after how many seconds its main part is painted.

    The network is that of a telephone, "fast 3G", if all is to be examined.
    """
    sizes = []
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"] / 1000))
    network.send("Network.enable")
    if EVERYTHING:
        network.send("Network.emulateNetworkConditions", FAST_3G)
    page.goto(address, wait_until="networkidle", timeout=1000 * HANG_SECONDS)
    painted = page.evaluate(PAINTED)
    context.close()
    return sum(sizes), painted


@with_assets
def test_what_pages_weigh_and_how_soon_they_paint(built, browser, capsys):
    assert {path.name for path in built.folder.iterdir()} == {*READINGS, "index.html"}
    for kind in KINDS:
        name = f"torch/{kind.format(side='torch')}.html"
        visits = [visited(browser, built.address + name) for _ in range(3 if EVERYTHING else 1)]
        weight, painted = min(visits, key=lambda visit: visit[1])
        networks = sum(path.stat().st_size for path in (chapters.ROOT / "results/networks").iterdir()) / 1000
        assert weight < MOST_KB + (networks if kind == "try" else 0), name
        if EVERYTHING:
            with capsys.disabled():
                print(f"\n{name}: {weight:.0f} kB, main part painted after {painted:.1f} s", end="")
            assert painted < LATEST_PAINT, name


@with_assets
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_read_it(built, page, theme):
    page.emulate_media(color_scheme=theme)
    kinds = [f"torch/{kind.format(side='torch')}.html" for kind in KINDS]
    names, widths = (built.pages, (1280, 390)) if EVERYTHING else (kinds, (1280,))
    found = {}
    for name, width in product(names, widths):
        page.set_viewport_size({"width": width, "height": 1000})
        page.goto(built.address + name)
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        found[name, width] = violations(page)
    assert {place: each for place, each in found.items() if each} == {}


@with_assets
def test_the_font_has_what_formulas_draw(small):
    """Roots, too, whose sign no page spells out."""
    from course_utils.workshop.site.weight import MATH_FONT  # which needs Sphinx

    chapter = new_notebook(cells=[new_markdown_cell("# Roots\n\nThe state is $\\sqrt{h_t}$.")])
    nbformat.write(normalised(chapter), small / "both/chapters/01_dots.ipynb")
    site.sphinx(small / "both", small / "site", "")
    assert {*map(ord, "√ℎ𝑡")} <= TTFont(small / "site" / MATH_FONT).getBestCmap().keys()


@with_assets
def test_a_dark_page_puts_no_frame_around_figures(built, page):
    page.emulate_media(color_scheme="dark")
    for name, kind in (("10_music", "sound"), ("12_attention", "living")):
        page.goto(f"{built.address}torch/chapters/{name}.html")
        frames = page.locator(f".text_html:has(> figure.{kind})")
        assert frames.count() > 0
        grounds = frames.evaluate_all("frames => frames.map(frame => getComputedStyle(frame).backgroundColor)")
        assert {*grounds} == {"rgba(0, 0, 0, 0)"}, name


@with_assets
def test_the_titles_of_the_contents_are_plain_text(built):
    text = (built.folder / "torch/index.html").read_text("utf-8")
    assert "From Dive into Deep Learning to this course</a>" in re.sub(r"\s+", " ", text)


@with_assets
def test_a_heading_has_no_empty_line(built, page):
    """Which the sign for a link to it would have, where the words fill a line."""
    for chapter in chapters.find_chapters():
        page.goto(f"{built.address}torch/chapters/{chapter.stem}.html")
        assert page.evaluate(EMPTY_LINES) == [], chapter.stem


@with_assets
def test_the_switch_keeps_page_and_place(built, page):
    page.goto(built.address + "both/chapters/04_lstm.html#take-away")
    heading = page.locator("#take-away > h2")
    before = heading.bounding_box()["y"]
    switch = page.get_by_role("navigation", name="Framework")
    sync_api.expect(switch.locator("[aria-current]")).to_have_text("Both")
    switch.get_by_role("link", name="TensorFlow").evaluate("link => link.click()")  # a mouse's click would scroll here
    page.wait_for_url("**/tensorflow/chapters/04_lstm.html")
    page.wait_for_load_state("load")
    assert abs(heading.bounding_box()["y"] - before) < 30
    page.goto(built.address)  # the choice is remembered
    page.wait_for_url("**/tensorflow/index.html")
    page.goto(built.address + "tensorflow/api/tensorflow.html")
    switch.get_by_role("link", name="PyTorch").click()
    page.wait_for_url("**/torch/api/torch.html")


@with_assets
@pytest.mark.parametrize("width", [1280, 390])
def test_one_sees_where_the_keys_are(built, page, width):
    """From the link past the contents to the first cell; that link does lead past them."""
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(built.address + "torch/chapters/03_gru.html")
    seen = "getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement).boxShadow"
    for _ in range(60):
        page.keyboard.press("Tab")
        assert page.evaluate(seen) != "nonenone", page.evaluate("document.activeElement.outerHTML")
        if page.evaluate("document.activeElement.matches('article .copybtn')"):
            break
    else:
        pytest.fail("the keys do not come to the first cell")
    page.goto(built.address + "torch/chapters/03_gru.html")
    for key in ("Tab", "Enter", "Tab"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.closest('main') !== null")


@with_assets
@pytest.mark.parametrize("side", ["primary", "secondary"])
def test_escape_leads_back_from_a_sidebar(built, page, side):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(built.address + "torch/chapters/03_gru.html")
    toggle = page.locator(f".{side}-toggle")
    toggle.press("Enter")
    sync_api.expect(page.locator(f"#pst-{side}-sidebar-modal")).to_be_visible()
    page.keyboard.press("Escape")
    sync_api.expect(toggle).to_be_focused()


@with_assets
def test_the_search_finds_words(built, page):
    page.goto(built.address + "torch/index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("perplexity")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=perplexity*")
    form = page.locator("article form.bd-search, .bd-search-container form.bd-search").first
    lens, line = (form.locator(each).bounding_box() for each in (".fa-magnifying-glass", "input"))
    padding = form.locator("input").evaluate("input => parseFloat(getComputedStyle(input).paddingLeft)")
    assert lens["x"] + lens["width"] < line["x"] + padding, "the lens covers what one types"
    result = page.locator("#search-results li a", has_text="Sequence data").first
    result.click()
    page.wait_for_url("**/chapters/01_sequence_data.html*")


@with_assets
def test_answers_are_opened_by_keys_and_on_paper(built, page):
    page.goto(built.address + "torch/chapters/07_seq2seq.html")
    answer = page.locator("details.folded").first
    sync_api.expect(answer.locator(".cell_output")).to_be_hidden()
    answer.locator("summary").focus()
    page.keyboard.press("Enter")
    sync_api.expect(answer.locator(".cell_output")).to_be_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("article details:not([open])").count() == 0


@with_assets
def test_living_figures_live(built, page):
    for view in READINGS:
        page.goto(f"{built.address}{view}/index.html")
        ribbon = page.locator("figure.ribbon")
        place = ribbon.locator(".place, output").first
        at_first = place.text_content()
        ribbon.locator("input[type=range]").focus()
        page.keyboard.press("ArrowRight")
        sync_api.expect(place).not_to_have_text(at_first)
    page.goto(built.address + "torch/chapters/04_lstm.html")
    for figure in page.locator("figure.living").all():
        sync_api.expect(figure.locator(".live")).to_be_visible()


@with_assets
def test_it_looks_as_it_should(built, page):
    """Pictures for people, in build/: nothing is compared."""
    SCREENSHOTS.mkdir(exist_ok=True)
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 1000})
        for name in ("index", "chapters/02_rnn"):
            page.goto(f"{built.address}torch/{name}.html")
            page.screenshot(path=SCREENSHOTS / f"site_{name.replace('/', '_')}_{width}.png")


@pytest.fixture
def small(tmp_path) -> Path:
    """What a site of one chapter would be built from."""
    picture = new_output(
        "display_data", {"image/png": DOT, "text/plain": "A dot"}, metadata={"image/png": {"alt": "A dot"}}
    )
    cells = [new_markdown_cell("# Dots\n\nThe state is $h_t$."), new_code_cell("dot()", outputs=[picture])]
    cells[1].metadata["tags"] = ["hide-output"]
    for name in ("chapters", "static"):
        (tmp_path / "both" / name).mkdir(parents=True)
    nbformat.write(normalised(new_notebook(cells=cells)), tmp_path / "both/chapters/01_dots.ipynb")
    (tmp_path / "both/index.md").write_text("# Course\n\n:::{toctree}\nchapters/01_dots\nglossary\n:::\n")
    (tmp_path / "both/glossary.md").write_text("# Glossary\n\n:::{glossary}\nstate\n  What is kept.\n:::\n")
    return tmp_path


@with_assets
@pytest.mark.parametrize(
    "address", ["", "https://gitlab.com/a/b", "https://github.com/a/b", "https://github.com/a/b.git/"]
)
def test_launch_buttons_need_an_address(small, address):
    site.sphinx(small / "both", small / "site", address)
    page = Page(small / "site/chapters/01_dots.html")
    launched = [link for link in page.links if "chapters/01_dots.ipynb" in link and "://" in link]
    assert launched == (
        [
            "https://mybinder.org/v2/gh/a/b/HEAD?urlpath=lab/tree/my_course/torch/chapters/01_dots.ipynb",
            "https://colab.research.google.com/github/a/b/blob/colab/both/chapters/01_dots.ipynb",
        ]
        if "github" in address
        else []
    )
    assert any(link.startswith("https://git") for link in page.links) == bool(address)
    assert "../_sources/chapters/01_dots.ipynb" in page.links  # to download
    assert not [link for link in Page(small / "site/index.html").links if "colab" in link]


@with_assets
def test_where_nothing_is_launched_no_link_says_so(small):
    (small / "both/glossary.md").write_text("# Glossary\n\n:::{only} launched\n{colab}`open <torch/a>`\n:::\n")
    for address, link in (("", []), ("https://github.com/a/b", ["github/a/b/blob/colab/torch/a.ipynb"])):
        site.sphinx(small / "both", small / "site", address)
        links = Page(small / "site/glossary.html").links
        assert [each.partition(".com/")[2] for each in links if "/blob/" in each] == link


@with_assets
def test_the_buttons_have_room_on_a_phone(small, page):
    site.sphinx(small / "both", small / "site", "https://github.com/a/b")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto((small / "site/chapters/01_dots.html").as_uri())
    sync_api.expect(page.get_by_role("button", name="Launch this chapter")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@with_assets
def test_a_small_chapter(small):
    site.sphinx(small / "both", small / "site", "")
    text = (small / "site/chapters/01_dots.html").read_text("utf-8")
    assert '<p class="prev-next-title">01 · Dots</p>' in (small / "site/index.html").read_text("utf-8")
    assert 'alt="A dot"' in text
    assert '<details class="folded"><summary>Open the answer</summary>' in text
    assert re.search(r"<math[^>]*>.*<msub>", text)
    assert re.search(
        r'<a class="[^"]*term[^"]*" href="../glossary.html#term-state" id="use-term-state">state</a>', text
    )


@with_assets
def test_what_is_wrong_is_said(small):
    (small / "both/glossary.md").write_text("# Glossary\n\n:::{glossary}\nforget gate\n  It forgets.\n:::\n")
    with pytest.raises(chapters.ChapterError, match=r"No chapter of this reading uses .* forget gate\."):
        site.sphinx(small / "both", small / "site", "")
    (small / "both/index.md").write_text("# Course\n\n[gone](gone.md)\n")
    with pytest.raises(chapters.ChapterError, match=r"gone\.md"):
        site.sphinx(small / "both", small / "site", "")


def test_without_npm_one_sentence_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(site, "ASSETS", tmp_path / "node_modules")
    done = CliRunner().invoke(app, ["site", "--out", str(tmp_path / "site")])
    assert done.exit_code == 1
    assert done.stderr == (
        "[FAIL] The site needs the font of its formulas, which npm brings: install npm, then call `make site`.\n"
    )
    assert not (tmp_path / "site").exists()


def test_a_copy_in_one_framework_has_no_site(monkeypatch, tmp_path):
    monkeypatch.setattr(site, "DOCS", tmp_path)
    with pytest.raises(chapters.ChapterError, match="copy is for one framework, and the site has both"):
        site.build(tmp_path / "site")


def test_guides_are_for_instructors(tmp_path):
    if not (site.DOCS / "instructors.md").exists():
        pytest.skip("this copy is for students")
    for instructors in (True, False):
        folder = tmp_path / str(instructors)
        site.sources.write(chapters.ROOT, folder, "torch", instructors)
        assert (folder / "grading.md").exists() == instructors
        assert ("For instructors" in (folder / "made/guides.md").read_text("utf-8")) == instructors


def test_the_lock_file_has_hashes_and_no_address():
    lock = json.loads((site.DOCS / "package-lock.json").read_text("utf-8"))
    wanted = json.loads((site.DOCS / "package.json").read_text("utf-8"))["dependencies"]
    packages = {name.removeprefix("node_modules/"): entry for name, entry in lock["packages"].items() if name}
    assert {name: entry["version"] for name, entry in packages.items()} == wanted
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert "://" not in json.dumps(lock)
