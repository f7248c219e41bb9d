"""A real browser: JupyterLab opens a chapter, Run All Cells works, nothing fails and every picture is there.

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

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils.workshop import chapters
from course_utils.workshop.refresh import normalised

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# No question about news; and all cells are drawn, not only those in view, so that each picture can be looked at.
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
}
RUN_ALL_SECONDS = 600
SCREENSHOTS = chapters.ROOT / "build"

CELLS = """() => jupyterapp.shell.currentWidget.content.widgets
    .filter(cell => cell.model.type === "code" && cell.model.sharedModel.source.trim())
    .map(cell => ({count: cell.model.executionCount, outputs: cell.model.outputs.toJSON()}))"""
IDLE = """() => jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === "idle" """
UNDRAWN = """() => [...document.querySelectorAll(".jp-Notebook img")].some(image => !image.complete)"""
BROKEN = """() => [...document.querySelectorAll(".jp-Notebook img")]
    .filter(image => image.complete && image.naturalWidth === 0)
    .map(image => "picture not shown: " + (image.alt || image.src.slice(0, 80)))
    .concat([...document.querySelectorAll("mjx-merror, mjx-mtext[style*=red]")]
    .map(error => error.closest("mjx-container").querySelector("mjx-assistive-mml"))
    .map(formula => "formula not shown: " + formula.textContent))"""


@pytest.fixture(scope="module")
def browser() -> Iterator["playwright.Browser"]:
    """Chromium of the system or of Playwright."""
    with playwright.sync_playwright() as driver:
        own = driver.chromium.executable_path
        found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
        program = next((path for path in [*found, own] if path and Path(path).exists()), None)
        if program is None:
            pytest.skip("there is no Chromium: apt-get install chromium, or playwright install chromium")
        browser = driver.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def jupyterlab(folder: Path, private: Path) -> Iterator[str]:
    """JupyterLab on a free port of this machine, with no settings but its own; gives its address with a token."""
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
            yield wait_for_address(server, private)
        finally:
            server.terminate()
            server.wait(30)


def wait_for_address(server: subprocess.Popen, private: Path) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        for file in (private / "jupyter_runtime_dir").glob("jpserver-*.json"):
            state = json.loads(file.read_text())
            address = f"{state['url']}lab?token={state['token']}"
            try:
                urllib.request.urlopen(address, timeout=5).close()
            except OSError:
                continue
            return address
        time.sleep(0.2)
    raise AssertionError("JupyterLab did not start:\n" + (private / "jupyterlab.log").read_text())


def run_all(browser: "playwright.Browser", chapter: Path, private: Path) -> tuple[list[dict], list[str]]:
    """Open a notebook, choose Run All Cells in the menu; its code cells (count, outputs) and what is not shown."""
    with jupyterlab(chapter.parent, private) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        page.goto(address.replace("/lab?", f"/lab/tree/{chapter.name}?"))
        page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell").first.wait_for(timeout=60_000)
        page.wait_for_function(IDLE, timeout=60_000)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        cells = wait_until_done(page)
        page.wait_for_function(f"() => !({UNDRAWN})()")
        missing = page.evaluate(BROKEN)
        SCREENSHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{chapter.stem}.png")
        page.close()
        return cells, missing


def wait_until_done(page: "playwright.Page") -> list[dict]:
    """The code cells once all have run or one has failed, after which JupyterLab runs no other."""
    deadline = time.monotonic() + RUN_ALL_SECONDS
    while time.monotonic() < deadline:
        cells = page.evaluate(CELLS)
        if (page.evaluate(IDLE) and all(cell["count"] for cell in cells)) or failures(cells):
            return page.evaluate(CELLS)
        page.wait_for_timeout(500)
    raise AssertionError(f"The cells did not end within {RUN_ALL_SECONDS} s: {[cell['count'] for cell in cells]}")


def failures(cells: list[dict]) -> list[str]:
    """What went wrong in cells that are over: an error is shown a moment before its cell has a number."""
    outputs = [(cell["count"], output) for cell in cells if cell["count"] for output in cell["outputs"]]
    return [f"[{count}] {o['ename']}: {o['evalue']}" for count, o in outputs if o["output_type"] == "error"]


def copy_without_outputs(chapter: Path, folder: Path) -> Path:
    """The chapters' folder as it is, but for this chapter's outputs: a count shows that a cell has run here."""
    shutil.copytree(chapter.parent, folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    notebook = chapters.read(chapter)
    for cell in chapters.code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, folder / chapter.name)
    return folder / chapter.name


def test_run_all_in_a_chapter(browser, tmp_path):
    known = {path.stem.partition("_")[0]: path for path in chapters.find_chapters()}
    if "02" not in known:
        pytest.skip("there is no chapter 02 yet")
    chapter = copy_without_outputs(known["02"], tmp_path / "chapters")
    cells, missing = run_all(browser, chapter, tmp_path)
    assert failures(cells) == []
    assert [cell["count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert missing == []


def test_what_fails_is_seen(browser, tmp_path):
    cells = [
        *(new_markdown_cell("A line.\n\n" * 40) for _ in range(10)),
        new_markdown_cell(r"![gone](figures/gone.svg) and $\badmacro$, $x_1_2$, but $h_t$ is good"),
        *(new_code_cell(source) for source in ("x = 41", "print(x + 1)", "raise ValueError('stop')", "x")),
    ]
    (tmp_path / "chapters").mkdir()
    chapter = tmp_path / "chapters" / "00_faulty.ipynb"
    nbformat.write(normalised(new_notebook(cells=cells)), chapter)
    cells, missing = run_all(browser, chapter, tmp_path)
    assert failures(cells) == ["[3] ValueError: stop"]
    assert [cell["count"] for cell in cells] == [1, 2, 3, None]
    assert cells[1]["outputs"] == [{"output_type": "stream", "name": "stdout", "text": "42\n"}]
    assert missing == [
        "picture not shown: gone",
        r"formula not shown: \badmacro",
        r"formula not shown: x_1_2",
    ]
