"""What the tests of the package's core share."""

import pytest
from frameworks import FRAMEWORKS
from hypothesis import settings

from course_utils import repro

# The first run of a size compiles or allocates, so a deadline would be about the machine and not about the code.
settings.register_profile("course", deadline=None, max_examples=25, derandomize=True)
settings.load_profile("course")


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
