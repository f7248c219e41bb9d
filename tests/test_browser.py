"""A real browser: JupyterLab opens a chapter, Run All Cells works, nothing fails and every picture is there.

It runs the shortest chapter: that every cell of all chapters gives what it must is for `--nbval` to say.

Skipped, with its reason, where there is no Chromium: `apt-get install chromium`, or `playwright install chromium`.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from clocks import HANG_SECONDS, wait_until
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_utils.workshop import chapters, pages, views
from course_utils.workshop import lab as readers
from course_utils.workshop.reading import open_folder
from course_utils.workshop.refresh import normalised

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

# No question about news; and all cells are drawn, not only those in view, so that each picture can be looked at.
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
}
SCREENSHOTS = chapters.ROOT / "build"

CELLS = """() => jupyterapp.shell.currentWidget.content.widgets
    .filter(cell => cell.model.type === "code" && cell.model.sharedModel.source.trim())
    .map(cell => ({count: cell.model.executionCount, outputs: cell.model.outputs.toJSON()}))"""
IDLE = """() => jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === "idle" """
IN_FRONT = """name => window.jupyterapp?.shell.currentWidget?.context?.path === name"""
BEGUN = """() => document.querySelector(".jp-OutputArea img") && document.querySelector("mjx-container")"""
UNDRAWN = """() => [...document.querySelectorAll(".jp-Notebook img")].some(image => !image.complete)"""
BROKEN = """() => [...document.querySelectorAll(".jp-Notebook img")]
    .filter(image => image.complete && image.naturalWidth === 0 && image.checkVisibility())  // of what is in front
    .map(image => "picture not shown: " + (image.alt || image.src.slice(0, 80)))
    .concat([...document.querySelectorAll("mjx-merror, mjx-mtext[style*=red]")]
    .filter(error => error.checkVisibility())
    .map(error => error.closest("mjx-container").querySelector("mjx-assistive-mml"))
    .map(formula => "formula not shown: " + formula.textContent))"""


class Lab(NamedTuple):
    """JupyterLab on a free port of this machine: its address, with a token, and the folder that it shows."""

    address: str
    folder: Path


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Lab]:
    """JupyterLab with no settings but its own."""
    folder, private = tmp_path_factory.mktemp("shown"), tmp_path_factory.mktemp("private")
    for name, setting in SETTINGS.items():
        file = private / "jupyterlab_settings_dir" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(setting))
    with serving(["-m", "jupyterlab", f"--ServerApp.root_dir={folder}"], private) as address:
        yield Lab(address, folder)


@pytest.fixture(scope="module")
def readers_lab(tmp_path_factory) -> Iterator[Lab]:
    """What `make lab FRAMEWORK=torch` opens, and nobody has used JupyterLab here before."""
    root, private = tmp_path_factory.mktemp("course"), tmp_path_factory.mktemp("private")
    (root / "chapters/figures").mkdir(parents=True)
    for path in (*chapters.CHAPTERS.glob("02*.ipynb"), *chapters.CHAPTERS.glob("figures/02*")):
        shutil.copy(path, root / path.relative_to(chapters.ROOT))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DATA_DIR", str(private / "jupyter_data_dir"))
        folder = open_folder("torch", root=root).folder
    with serving(readers.command(folder), private) as address:
        yield Lab(address, folder.parent)


@contextmanager
def serving(command: list[str], private: Path) -> Iterator[str]:
    """The address of a JupyterLab that Python starts with this command; what it notes goes to a folder of its own."""
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR", "IPYTHONDIR")
    environment = {**os.environ, **{name: str(private / name.lower()) for name in names}, "CI": "1"}
    options = ["--no-browser", "--allow-root", "--expose-app-in-browser", "--ip=127.0.0.1", "--port=0"]
    with open(private / "jupyterlab.log", "w") as log:
        server = subprocess.Popen([sys.executable, *command, *options], env=environment, stdout=log, stderr=log)
        try:
            yield wait_for_address(server, private)
        finally:
            server.terminate()
            server.wait(HANG_SECONDS)


def wait_for_address(server: subprocess.Popen, private: Path) -> str:
    def answers() -> str | None:
        if server.poll() is not None:
            raise AssertionError("JupyterLab did not start:\n" + (private / "jupyterlab.log").read_text())
        for file in (private / "jupyter_runtime_dir").glob("jpserver-*.json"):
            try:
                state = json.loads(file.read_text())
                address = f"{state['url']}lab?token={state['token']}"
                urllib.request.urlopen(address, timeout=5).close()
            except (OSError, json.JSONDecodeError):  # not there yet, or half written
                continue
            return address
        return None

    return wait_until(answers, "JupyterLab answers")


@contextmanager
def opened(
    browser: "playwright.Browser", lab: Lab, notebook: Path, on_request: Callable[[str], None] | None = None
) -> Iterator["playwright.Page"]:
    """The page of a notebook in the lab's folder, once its kernel is ready; `on_request` is told what it asks for."""
    page = browser.new_page(viewport={"width": 1280, "height": 1600})
    if on_request:
        page.on("request", lambda request: on_request(request.url))
    page.set_default_timeout(1000 * HANG_SECONDS)
    name = notebook.relative_to(lab.folder).as_posix()
    page.goto(lab.address.replace("/lab?", f"/lab/tree/{name}?"))
    page.wait_for_function(IN_FRONT, arg=name)  # one that was open before comes first
    page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell").first.wait_for()
    page.wait_for_function(IDLE)
    yield page
    page.close()


def run_all(page: "playwright.Page") -> list[dict]:
    """Choose Run All Cells in the menu; the code cells (count, outputs)."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    return wait_until_done(page)


def not_shown(page: "playwright.Page", name: str) -> list[str]:
    """The pictures and formulas that are not drawn; the page is kept as a picture of this name."""
    page.wait_for_function(f"() => !({UNDRAWN})()")
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")
    return page.evaluate(BROKEN)


def wait_until_done(page: "playwright.Page") -> list[dict]:
    """The code cells once all have run or one has failed, after which JupyterLab runs no other."""
    deadline = time.monotonic() + HANG_SECONDS
    while time.monotonic() < deadline:
        cells = page.evaluate(CELLS)
        if (page.evaluate(IDLE) and all(cell["count"] for cell in cells)) or failures(cells):
            return page.evaluate(CELLS)
        page.wait_for_timeout(500)
    raise AssertionError(f"The cells did not end within {HANG_SECONDS} s: {[cell['count'] for cell in cells]}")


def failures(cells: list[dict]) -> list[str]:
    """What went wrong in cells that are over: an error is shown a moment before its cell has a number."""
    outputs = [(cell["count"], output) for cell in cells if cell["count"] for output in cell["outputs"]]
    return [f"[{count}] {o['ename']}: {o['evalue']}" for count, o in outputs if o["output_type"] == "error"]


@pytest.fixture(scope="module")
def shown_chapters(lab):
    """A copy of the chapters' folder in the lab; number → notebook."""
    folder = lab.folder / "chapters"
    shutil.copytree(chapters.CHAPTERS, folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    return {path.stem.partition("_")[0]: path for path in chapters.find_chapters(folder=folder)}


def test_run_all_in_a_chapter(browser, lab, shown_chapters):
    chapter = shown_chapters["01"]
    notebook = views.of_notebook(chapters.read(chapter), "torch")
    for cell in chapters.code_cells(notebook):  # a count shows that a cell has run here
        cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, chapter)
    with opened(browser, lab, chapter) as page:
        cells = run_all(page)
        assert failures(cells) == []
        assert [cell["count"] for cell in cells] == list(range(1, len(cells) + 1))
        assert not_shown(page, chapter.stem) == []


def test_a_chapter_as_it_is_stored_is_drawn_whole(browser, lab, shown_chapters):
    chapter = shown_chapters["02"]
    with opened(browser, lab, chapter) as page:
        page.wait_for_function(BEGUN)
        assert not_shown(page, chapter.stem) == []


def test_what_fails_is_seen(browser, lab):
    cells = [
        *(new_markdown_cell("A line.\n\n" * 40) for _ in range(10)),
        new_markdown_cell(r"![gone](figures/gone.svg) and $\badmacro$, $x_1_2$, but $h_t$ is good"),
        *(new_code_cell(source) for source in ("x = 41", "print(x + 1)", "raise ValueError('stop')", "x")),
    ]
    faulty = lab.folder / "00_faulty.ipynb"
    nbformat.write(normalised(new_notebook(cells=cells)), faulty)
    with opened(browser, lab, faulty) as page:
        cells = run_all(page)
        assert failures(cells) == ["[3] ValueError: stop"]
        assert [cell["count"] for cell in cells] == [1, 2, 3, None]
        assert cells[1]["outputs"] == [{"output_type": "stream", "name": "stdout", "text": "42\n"}]
        assert not_shown(page, faulty.stem) == [
            "picture not shown: gone",
            r"formula not shown: \badmacro",
            r"formula not shown: x_1_2",
        ]


def test_living_figures_live_in_jupyterlab(browser, lab):
    """Scripts run, arrow keys move the slider and not the notebook, and the microscope follows what is typed."""
    sources = [
        "import os\nos.environ.pop('CI')\nimport numpy as np\nfrom course_utils import figures",
        "figures.cell_stepper({'W_xh': [[1.0]], 'W_hh': [[0.5]]}, [[1], [0], [0]], 'An echo')",
        "def read(line):\n    ones = np.ones((len(line), 2))\n    return line, dict(zip('IFOC', 4 * [ones]))\n\n"
        "figures.gate_microscope(*read('a cat'), 'Reading', read)",
    ]
    notebook = lab.folder / "00_figures.ipynb"
    nbformat.write(normalised(new_notebook(cells=[new_code_cell(source) for source in sources])), notebook)
    with opened(browser, lab, notebook) as page:
        assert failures(run_all(page)) == []
        stepper = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) figure.stepper")
        step = stepper.locator("output")
        playwright.expect(step).to_have_text("Step 1 of 3")  # scripts run when an output is drawn, after its cell
        for key in ("ArrowRight", "ArrowDown", "End"):
            stepper.locator("input").press(key)
        playwright.expect(step).to_have_text("Step 3 of 3")
        line = page.locator(".widget-text input")
        line.fill("a longer line")
        line.press("Enter")
        page.locator('.jp-NotebookPanel:not(.lm-mod-hidden) figure.microscope input[max="12"]').wait_for()
        assert not_shown(page, notebook.stem) == []


def panels(page: "playwright.Page") -> list[str]:
    """The titles of the buttons and panels that a reader can see."""
    return page.evaluate(
        """() => [...document.querySelectorAll("jp-button, button, .lm-TabBar-tab, .jp-Toolbar-item")]
        .filter(element => element.checkVisibility())
        .map(element => element.title || element.getAttribute("aria-label") || element.textContent)"""
    )


def test_a_readers_lab_opens_clean(browser, readers_lab):
    asked = []
    with opened(browser, readers_lab, readers_lab.folder / "torch/chapters/02_rnn.ipynb", asked.append) as page:
        page.locator(".jp-TableOfContents-tree >> text=The question").wait_for()
        playwright.expect(page.locator(".jp-DirListing-item", has_text="02_rnn.ipynb")).to_be_visible()
        page.wait_for_timeout(2000)  # what comes late: a pop-up, or the mark of a change
        assert not page.evaluate("() => jupyterapp.shell.currentWidget.context.model.dirty")
        assert page.locator(".jp-toast, .Toastify__toast, .jp-Dialog").count() == 0
        shown = " ".join(panels(page))
        assert "Restart the kernel" in shown, "no button is found: are they called otherwise?"
        assert not re.search("Validate|Create Assignment|Assignment List|Nbgrader", shown, re.IGNORECASE)
        trusted = page.evaluate(
            """() => jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model)
            .filter(model => model.type === "code").every(model => model.trusted)"""
        )
        assert trusted, "scripts in outputs would not run"
    here = readers_lab.address.partition("/lab")[0]
    assert [url for url in asked if not url.startswith((here, here.replace("http", "ws"), "data:", "blob:"))] == []
    assert [url for url in asked if re.search(r"/lab/api/(news|update)", url)] == []


def test_authors_keep_what_readers_do_not_see(browser, lab, shown_chapters):
    with opened(browser, lab, shown_chapters["02"]) as page:
        page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) >> text=Validate").first.wait_for()


def test_a_page_is_whole_without_a_network(browser, tmp_path):
    notebook = views.of_notebook(chapters.read(chapters.find_chapter("04")), "torch")
    answered = next(cell for cell in chapters.code_cells(notebook) if cell.outputs)
    answered.metadata.update(tags=["hide-output"])
    (tmp_path / "04.html").write_text(pages.to_html(views.of_notebook(notebook, "torch"), chapters.find_chapter("04")))
    page, asked = browser.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "04.html").as_uri())
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert page.evaluate("() => [...document.images].filter(image => !image.naturalWidth).length") == 0
    drawn = page.evaluate(
        "() => [...document.querySelectorAll('math')].map(math => math.getBoundingClientRect().width)"
    )
    assert len(drawn) > 50
    assert min(drawn) > 0
    answer = page.locator("details.folded .jp-OutputArea-output").first
    playwright.expect(answer).to_be_hidden()
    page.locator("summary", has_text="Open the answer").first.click()
    playwright.expect(answer).to_be_visible()
    page.close()


def test_an_answer_is_folded_until_its_cell_is_run(browser, readers_lab):
    cells = [new_markdown_cell("**Predict:** what is 2 + 3?"), new_code_cell("print(2 + 3)")]
    cells[1].update(outputs=[new_output("stream", text="5\n")], metadata={"tags": ["hide-output"]})
    path = readers_lab.folder / "torch/chapters/00_folded.ipynb"
    nbformat.write(views.of_notebook(normalised(new_notebook(cells=cells)), "torch"), path)
    with opened(browser, readers_lab, path) as page:
        panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        answer = panel.locator(".jp-OutputArea-output", has_text="5")
        panel.locator(".jp-Placeholder-content").wait_for()
        playwright.expect(answer).to_be_hidden()
        playwright.expect(panel.locator(".jp-PlaceholderText")).to_be_hidden()  # an answer's first line
        run_all(page)
        answer.wait_for()


def test_what_jupyterlab_saves_as_a_page_needs_no_network_either(readers_lab):
    address = readers_lab.address.replace("/lab?", "/nbconvert/html/torch/chapters/02_rnn.ipynb?")
    with urllib.request.urlopen(address, timeout=HANG_SECONDS) as answer:
        html = answer.read().decode()
    assert html.count("<math") > 50
    assert "data:image/svg+xml;base64" in html
    assert not re.search(r"<script[^>]+src=|mathjax|figures/02", html, re.IGNORECASE)
