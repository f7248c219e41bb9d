"""`course data` as a person meets it: exit status, one sentence when something fails, nothing half written."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from clocks import HANG_SECONDS, wait_until
from typer.testing import CliRunner

import course_utils
from course_utils.cli import app
from course_utils.datasets import sources
from course_utils.datasets.sources import Source
from course_utils.datasets.transport import Address, File

ROOT = Path(course_utils.__file__).parents[1]
WORDS = b"so much depends upon a red wheel barrow\n" * 5_000
SHA256 = hashlib.sha256(WORDS).hexdigest()


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path / "data"


def course(*arguments: str):
    return CliRunner().invoke(app, ["data", *arguments])


def is_one_sentence(stderr: str, *parts: str) -> None:
    assert stderr.startswith("[FAIL] ")
    assert stderr.endswith(".\n")
    assert stderr.count("\n") == 1
    for part in parts:
        assert part in stderr


@pytest.mark.parametrize("command", [(), ("list",)])
def test_the_list_names_everything(command, folder):
    folder.mkdir()
    (folder / "timemachine.txt").write_bytes(b"short")
    result = course(*command)
    assert result.exit_code == 0
    assert result.stderr == ""
    for part in ("alice29.txt", "brotli", "sdist", "emoji", "[missing]", "[altered]", "CC BY 2.0 FR", str(folder)):
        assert part in result.stdout


def test_fetch_verify_and_what_is_wrong(folder, tmp_path, monkeypatch):
    file = File("words.txt", len(WORDS), SHA256)
    words = Source("a test", Address("https://localhost/words.txt"), (file,), "none", "nobody, 2000")
    monkeypatch.setattr(sources, "SOURCES", {"words": words})
    (tmp_path / "words.txt").write_bytes(WORDS)

    assert course("verify").exit_code == 0  # an alternative may be missing
    result = course("verify", "words")  # unless it is named
    assert (result.exit_code, result.stdout) == (1, "[missing] words\n")
    is_one_sentence(result.stderr, "words", "'course data fetch words'")

    result = course("fetch", "--from", str(tmp_path))
    assert (result.exit_code, result.stdout, result.stderr) == (0, "[OK] words\n", "")
    result = course("fetch", "words")  # no look at the address: it is there
    assert (result.exit_code, result.stdout, result.stderr) == (0, "[OK] words\n", "")
    result = course("verify")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "[OK] words\n", "")

    (folder / "words.txt").write_bytes(WORDS[::-1])
    result = course("verify")
    assert (result.exit_code, result.stdout) == (1, "[altered] words\n")
    is_one_sentence(result.stderr, "words", "'course data fetch words'")


@pytest.mark.parametrize("command", [(), ("fetch",), ("verify",)])
def test_a_relative_folder_is_refused(command, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "data")
    result = course(*command)
    assert result.exit_code == 1
    is_one_sentence(result.stderr, "relative")


def run(arguments: list[str], **environment: str) -> subprocess.Popen:
    """The real command line in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", "from course_utils.cli import main; main()", "data", *arguments],
        env={**os.environ, **environment},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_mind_the_keyboard,
    )


def _mind_the_keyboard() -> None:
    """A shell's background job ignores Ctrl-C, and so would all that it starts, these tests among them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_while_pip_is_at_work(folder, tmp_path):
    """A pip that writes half a file and waits is in the way of the real one, then the keyboard speaks."""
    (tmp_path / "fake" / "pip").mkdir(parents=True)
    (tmp_path / "fake" / "pip" / "__init__.py").touch()
    (tmp_path / "fake" / "pip" / "__main__.py").write_text(
        "import pathlib, sys, tempfile, time\n"
        "tempfile.mkdtemp()\n"
        "folder = pathlib.Path(sys.argv[sys.argv.index('-d') + 1])\n"
        "folder.mkdir()\n"
        "(folder / 'brotli-1.2.0.tar.gz').write_bytes(b'half a fi')\n"
        f"pathlib.Path({str(tmp_path / 'started')!r}).touch()\n"
        "time.sleep(10**4)\n"
    )
    (tmp_path / "tmp").mkdir()
    process = run(["fetch"], PYTHONPATH=f"{tmp_path / 'fake'}", TMPDIR=str(tmp_path / "tmp"))
    wait_until((tmp_path / "started").exists, "pip starts")
    os.killpg(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=HANG_SECONDS)
    assert process.returncode == 1
    assert stdout.startswith("fetching alice from brotli")
    is_one_sentence(stderr, "interrupted", "call it again")
    assert not folder.exists()
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize(("options", "meaning"), [("size=64k", "disk is full"), ("ro", "read-only")])
def test_a_disk_that_is_full_or_read_only(options, meaning, folder, tmp_path):
    """On a small disk of its own, mounted where only this test sees it."""
    mount = f"mount -t tmpfs -o {options} tmpfs {folder}"
    folder.mkdir()
    if (
        not shutil.which("unshare")
        or subprocess.run(["unshare", "-m", "sh", "-c", mount], capture_output=True).returncode
    ):
        pytest.skip("mounting a disk needs Linux and root")
    (tmp_path / "words.txt").write_bytes(WORDS)
    script = textwrap.dedent(f"""
        from course_utils.cli import main
        from course_utils.datasets import sources, transport
        file = transport.File("words.txt", {len(WORDS)}, "{SHA256}")
        source = sources.Source("a test", transport.Address("https://localhost"), (file,), "none", "nobody, 2000")
        sources.SOURCES = {{"words": source}}
        main()
    """)
    (tmp_path / "script.py").write_text(script)
    shell = f"{mount} && {sys.executable} {tmp_path}/script.py data fetch --from {tmp_path}; echo $?; ls -A {folder}"
    result = subprocess.run(
        ["unshare", "-m", "sh", "-c", shell],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert result.stdout == "1\n"
    is_one_sentence(result.stderr, meaning, str(folder), "COURSE_DATA")


@pytest.mark.parametrize("module", ["course_utils", "course_utils.cli"])
def test_python_m_is_the_command(module):
    done = subprocess.run([sys.executable, "-m", module, "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    assert "Usage: course " in done.stdout


def test_a_deadline_may_have_a_time_zone():
    options = ["--assignment", "none", "--out", "out", "--deadline", "2026-03-01T18:00:00+01:00"]
    shown = CliRunner().invoke(app, ["grade", "in", *options])
    assert "There is no assignment none" in shown.stderr or "only the instructors' copy" in shown.stderr
