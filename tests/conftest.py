"""What the tests of the package's core share."""

import shutil
from pathlib import Path

import pytest
from clocks import HANG_SECONDS
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
