"""The Makefile's own part: which Python and which installer it takes, and that it sets up once. No network is used."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
RECORD = '#!/bin/sh\necho "$(basename "$0") $*" >> "$LOG"\n'


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder, with a space in its name, that has the Makefile and an environment whose Python only keeps a record."""
    folder = tmp_path / "my course"
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        folder.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder)
    program(folder / ".venv/bin/python", RECORD)
    monkeypatch.setenv("LOG", str(folder / "log"))
    for name in os.environ.keys() - {"HOME", "LOG", "TMPDIR"}:  # `make test ARGS=…` hands on what it was told
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", os.pathsep.join([str(folder / "bin"), "/usr/bin", "/bin"]))
    return folder


def program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    path.chmod(0o755)


def make(folder, *arguments):
    """Run make; its exit status, what it said, and what the programs recorded meanwhile."""
    log = folder / "log"
    log.write_text("")
    done = subprocess.run(["make", *arguments], cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr, log.read_text().splitlines()


def test_make_alone_lists_every_command(place):
    status, said, _ = make(place)
    lists = re.findall(r"^\.PHONY: ([a-z -]+)$", (ROOT / "Makefile").read_text("utf-8"), re.M)
    commands = {name for names in lists for name in names.split()} - {"help"}
    assert status == 0
    assert {line.split()[0] for line in said.splitlines()[1:]} == commands


def test_a_chapter_must_be_named(place):
    status, said, log = make(place, "run")
    assert status != 0
    assert "make run CH=02" in said
    assert log == []


def test_the_scoreboard_is_apart_from_the_benchmarks(place):
    program(place / ".venv/bin/course", RECORD)
    (place / "benchmarks").mkdir()
    for name in ("cells", "scoreboard"):
        (place / "benchmarks" / f"{name}.py").touch()
    commands = (["bench"], ["scoreboard", "ARGS=--jobs 2"])
    ran = [[line for line in make(place, *words)[2] if "benchmarks/" in line] for words in commands]
    assert ran == [["python benchmarks/cells.py"], ["python benchmarks/scoreboard.py --jobs 2"]]


def test_experiments_are_those_of_a_chapter_or_all(place):
    scripts = [f"experiments/{name}.py" for name in ("02_rnn", "05_deep_rnn", "05_wide_rnn")]
    program(place / ".venv/bin/course", RECORD)
    (place / "experiments").mkdir()
    for script in scripts:
        (place / script).touch()

    def run(*arguments):
        status, said, log = make(place, "experiments", *arguments)
        return status, said, [line.removeprefix("python ") for line in log if "experiments/" in line]

    assert run()[2] == scripts
    assert run("CH=05", "ARGS=--jobs 2")[2] == [f"{script} --jobs 2" for script in scripts[1:]]
    status, said, started = run("CH=07")
    assert (status, started) == (2, [])
    assert "There is no experiment experiments/07*.py" in said
    program(place / ".venv/bin/python", RECORD + 'case "$*" in *02_rnn*) exit 1;; esac\n')
    status, _, started = run()
    assert (status, started) == (2, scripts[:1])


def test_one_framework_is_installed_to_read_about_it_and_the_rest_when_it_is_needed(place):
    program(place / ".venv/bin/course", RECORD)
    status, said, log = make(place, "lab", "FRAMEWORK=torch", "ARGS=--no-browser")
    assert (status, said) == (0, "")
    assert log == [
        "python -m pip install -c requirements.lock flit_core",
        "python -m pip install -c requirements.lock --no-build-isolation -e .[torch]",
        "course data fetch",
        "course lab --framework torch --no-browser",
    ]
    assert make(place, "run", "CH=02", "FRAMEWORK=torch")[2] == [
        "course data fetch",
        "course run --framework torch 02",
    ]
    assert make(place, "lab", "FRAMEWORK=tensorflow")[2][1].endswith(".[tensorflow]")
    assert len(make(place, "setup")[2]) == 3
    for framework in ("both", "torch"):  # now all is there
        log = make(place, "lab", f"FRAMEWORK={framework}", "NEW=1")[2]
        assert log == ["course data fetch", f"course lab --framework {framework} --new"]


def test_an_unknown_framework_is_refused(place):
    status, said, log = make(place, "lab", "FRAMEWORK=jax")
    assert (status, log) == (2, [])
    assert "FRAMEWORK is jax, and the course has torch, tensorflow and both" in said


@pytest.fixture
def outer_make(monkeypatch):
    """What the tests inherit from `make -j test CH=09 ARGS=--durations=40`."""
    for name, value in {"ARGS": "--durations=40", "CH": "09"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MAKEFLAGS", " -j --jobserver-auth=3,4 -- CH=09 ARGS=--durations=40")


def test_what_another_make_was_told_is_not_inherited(outer_make, place):
    program(place / ".venv/bin/course", RECORD)
    (place / "experiments").mkdir()
    (place / "experiments/02_rnn.py").touch()
    status, said, log = make(place, "experiments")
    assert (status, said, log[-1]) == (0, "", "python experiments/02_rnn.py")


def test_set_up_happens_once_and_again_when_the_versions_change(place):
    status, _, log = make(place, "setup")
    assert status == 0
    assert len(log) == 3  # the lock, the course itself, d2l
    assert make(place, "setup")[2] == []
    stamp = (place / ".venv/.set-up").stat().st_mtime
    os.utime(place / "requirements.lock", (stamp + 1, stamp + 1))
    assert len(make(place, "setup")[2]) == 3


def test_an_environment_whose_python_has_gone_is_made_anew(place):
    make(place, "setup")
    (place / ".venv/bin/python").unlink()
    (place / ".venv/bin/python").symlink_to("/gone/python3")
    create = "mkdir -p .venv/bin; cp again .venv/bin/python"
    program(place / "again", RECORD)
    program(place / "bin/python3", f'#!/bin/sh\nif [ "$1" = -c ]; then echo "$0"; else {create}; fi\n')
    assert len(make(place, "setup")[2]) == 3
    assert make(place, "setup")[2] == []


def test_d2l_may_be_out_of_reach_and_nothing_else(place):
    program(place / ".venv/bin/python", RECORD + 'case "$*" in *d2l*) exit 1;; esac\n')
    status, said, _ = make(place, "setup")
    assert status == 0
    assert "the course goes on without it" in said
    program(place / ".venv/bin/python", RECORD + "exit 1\n")
    os.utime(place / "pyproject.toml", (2e9, 2e9))
    assert make(place, "setup")[0] != 0


def test_uv_is_given_pips_places(place, monkeypatch):
    program(place / "bin/uv", RECORD)
    assert make(place, "setup")[2][0] == "uv pip install --python .venv/bin/python -r requirements.lock"
    os.remove(place / ".venv/.set-up")
    monkeypatch.setenv("PIP_FIND_LINKS", "/wheels /more")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "file:///extra")
    monkeypatch.setenv("PIP_INDEX_URL", "file:///main")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    installed = make(place, "setup")[2][0]
    for option in ("--find-links /wheels --find-links /more", "--index file:///extra", "--default-index file:///main"):
        assert option in installed
    assert "--compile-bytecode" in installed


def test_pip_takes_over_where_uv_fails(place):
    program(place / "bin/uv", RECORD + "exit 2\n")
    status, _, log = make(place, "setup")
    assert status == 0
    assert log[1] == "python -m pip install -r requirements.lock"


def test_no_python_that_fits_is_said_in_a_sentence(place):
    shutil.rmtree(place / ".venv")
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        program(place / "bin" / name, "#!/bin/sh\nexit 127\n")
    status, said, _ = make(place, "setup")
    assert status != 0
    assert "needs Python 3.11, 3.12 or 3.13 and finds none" in said
    assert not (place / ".venv").exists()


@pytest.mark.parametrize("installer", ["venv", "uv"])
def test_half_an_environment_is_not_left_behind(place, installer):
    shutil.rmtree(place / ".venv")
    fail = "mkdir -p .venv/bin; touch .venv/bin/python; exit 1"
    program(place / "bin/python3", f'#!/bin/sh\nif [ "$1" = -c ]; then echo "$0"; else {fail}; fi\n')
    if installer == "uv":
        program(place / "bin/uv", f"#!/bin/sh\n{fail}\n")
    status, said, _ = make(place, "setup", "PYTHON=python3")
    assert status != 0
    assert "Creating .venv with" in said
    assert not (place / ".venv").exists()


@pytest.mark.parametrize("version, said_to_be", [(None, "no Python"), ("3.8.18", "Python 3.8.18")])
def test_a_python_that_was_asked_for_is_taken_or_refused(place, version, said_to_be):
    shutil.rmtree(place / ".venv")
    asked = place / "bin" / "mine"
    if version:
        program(asked, f'#!/bin/sh\n[ "$1" = --version ] && echo "Python {version}"\n')
    status, said, _ = make(place, "setup", f"PYTHON={asked}")
    assert status != 0
    assert f"PYTHON is {asked}, which is {said_to_be}: the course needs 3.11, 3.12 or 3.13." in said
    assert not (place / ".venv").exists()


@pytest.mark.parametrize("line", ["version = 3.8.18", "version_info = 3.8.18"])
def test_an_environment_of_another_python_is_refused_before_anything_is_installed(place, line):
    (place / ".venv/pyvenv.cfg").write_text(f"home = /usr/bin\n{line}\n", "utf-8")
    status, said, log = make(place, "setup")
    assert (status, log) == (2, [])
    assert ".venv has Python 3.8.18 and the course needs 3.11, 3.12 or 3.13: call make clean, then this again." in said
    (place / ".venv/pyvenv.cfg").write_text(f"{line.replace('8.18', '12.1')}\n", "utf-8")
    assert make(place, "setup")[0] == 0
