"""A real browser: JupyterLab opens a chapter, Run All Cells works, nothing fails and every picture is there.

It runs the shortest chapter: that every cell of all chapters gives what it must is for `--nbval` to say.

Skipped, with its reason, where there is no Chromium: `apt-get install chromium`, or `playwright install chromium`.
"""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from clocks import HANG_SECONDS, wait_until
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils.workshop import chapters
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
BEGUN = """() => document.querySelector(".jp-OutputArea img") && document.querySelector("mjx-container")"""
UNDRAWN = """() => [...document.querySelectorAll(".jp-Notebook img")].some(image => !image.complete)"""
BROKEN = """() => [...document.querySelectorAll(".jp-Notebook img")]
    .filter(image => image.complete && image.naturalWidth === 0)
    .map(image => "picture not shown: " + (image.alt || image.src.slice(0, 80)))
    .concat([...document.querySelectorAll("mjx-merror, mjx-mtext[style*=red]")]
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
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR", "IPYTHONDIR")
    environment = {**os.environ, **{name: str(private / name.lower()) for name in names}, "CI": "1"}
    options = ["--no-browser", "--allow-root", "--expose-app-in-browser", "--ip=127.0.0.1", "--port=0"]
    options += [f"--ServerApp.root_dir={folder}"]
    for name, setting in SETTINGS.items():
        file = private / "jupyterlab_settings_dir" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(setting))
    with open(private / "jupyterlab.log", "w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options], cwd=folder, env=environment, stdout=log, stderr=log
        )
        try:
            yield Lab(wait_for_address(server, private), folder)
        finally:
            server.terminate()
            server.wait(HANG_SECONDS)


def wait_for_address(server: subprocess.Popen, private: Path) -> str:
    def answers() -> str | None:
        if server.poll() is not None:
            raise AssertionError("JupyterLab did not start:\n" + (private / "jupyterlab.log").read_text())
        for file in (private / "jupyter_runtime_dir").glob("jpserver-*.json"):
            state = json.loads(file.read_text())
            address = f"{state['url']}lab?token={state['token']}"
            try:
                urllib.request.urlopen(address, timeout=5).close()
            except OSError:
                continue
            return address
        return None

    return wait_until(answers, "JupyterLab answers")


@contextmanager
def opened(browser: "playwright.Browser", lab: Lab, notebook: Path) -> Iterator["playwright.Page"]:
    """The page of a notebook in the lab's folder, once its kernel is ready."""
    page = browser.new_page(viewport={"width": 1280, "height": 1600})
    page.set_default_timeout(1000 * HANG_SECONDS)
    page.goto(lab.address.replace("/lab?", f"/lab/tree/{notebook.relative_to(lab.folder)}?"))
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
    notebook = chapters.read(chapter)
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
        stepper = page.locator("figure.stepper")
        stepper.locator("input").focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("End")
        assert stepper.locator("output").inner_text() == "Step 3 of 3"
        line = page.locator(".widget-text input")
        line.fill("a longer line")
        line.press("Enter")
        page.locator('figure.microscope input[max="12"]').wait_for()
        assert not_shown(page, notebook.stem) == []
