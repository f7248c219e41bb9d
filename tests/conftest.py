"""What the tests of the package's core share."""

import contextlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from clocks import HANG_SECONDS, wait_until
from frameworks import FRAMEWORKS
from hypothesis import settings
from tqdm.auto import tqdm  # noqa: F401  chooses its form once: before a test imports Jupyter's kernel, it is the console's

from course_utils import repro

# The first run of a size compiles or allocates, so a deadline would be about the machine and not about the code.
settings.register_profile("course", deadline=None, max_examples=25, derandomize=True)
settings.load_profile("course")

CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A figure</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"></head>
<body data-jp-theme-light="{light}">{html}</body></html>"""


def _framework(name):
    pytest.importorskip(name, reason=f"{name} is not installed")
    return FRAMEWORKS[name]()


@pytest.fixture(scope="session", params=FRAMEWORKS)
def framework(request):
    """Each framework in turn."""
    return _framework(request.param)


@pytest.fixture(scope="session")
def pytorch():
    return _framework("torch")


@pytest.fixture(scope="session")
def tensorflow():
    return _framework("tensorflow")


@pytest.fixture(autouse=True)
def seeded(request):
    """Every test starts from the same seed, and those of the frameworks are about the CPU also where $DEVICE is set."""
    repro.seed_everything(0)
    with pytest.MonkeyPatch.context() as patch:
        if {"framework", "pytorch", "tensorflow"} & {*request.fixturenames}:
            patch.delenv("DEVICE", raising=False)
        yield


@pytest.fixture(scope="module")
def browser():
    """Chromium of the system or of Playwright; what needs it is skipped, with its reason, where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    playwright.expect.set_options(timeout=1000 * HANG_SECONDS)
    with playwright.sync_playwright() as driver:
        own = driver.chromium.executable_path
        found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
        program = next((path for path in [*found, own] if path and Path(path).exists()), None)
        if program is None:
            pytest.skip("there is no Chromium: apt-get install chromium, or playwright install chromium")
        browser = driver.chromium.launch(executable_path=program, args=CHROMIUM)
        yield browser
        browser.close()


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


@pytest.fixture
def shown(monkeypatch):
    """What is displayed, one after the other, updates too."""
    found = []

    def display(what, display_id=False):
        found.append(what)
        return SimpleNamespace(update=found.append)

    monkeypatch.setattr("course_utils.figures.living.display", display)
    return found


@pytest.fixture
def cluster(tmp_path):
    """A Dask cluster of two workers on this machine: its address, and the process that keeps the workers."""
    pytest.importorskip("distributed", reason="distributed is not installed")
    file = tmp_path / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    words = ["--scheduler-file", str(file)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
    scheduler = subprocess.Popen(
        [*dask, "scheduler", *words, "--host", "127.0.0.1", "--port", "0", "--no-dashboard"], **quiet
    )
    workers = subprocess.Popen(
        [*dask, "worker", *words, "--host", "127.0.0.1", "--nworkers", "2", "--nthreads", "1", "--no-dashboard"],
        **quiet,
    )
    wait_until(lambda: file.exists() and file.read_text(), "the scheduler starts")
    address = json.loads(file.read_text())["address"]
    await_workers = f"from distributed import Client; Client({address!r}).wait_for_workers(2)"
    subprocess.run([sys.executable, "-c", await_workers], check=True, timeout=HANG_SECONDS, **quiet)
    yield address, workers
    for process in (workers, scheduler):
        process.terminate()
    for process in (workers, scheduler):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()
