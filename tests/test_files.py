"""A file or a folder is there whole or not at all."""

import subprocess
import sys

import pytest

from course_utils import files


@pytest.mark.parametrize("content", ["new", b"new"])
def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch, content):
    path = tmp_path / "a.txt"
    path.write_text("old")
    monkeypatch.setattr(type(path), "replace", lambda self, target: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        files.write(path, content)
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"a.txt": "old"}


def test_a_full_disk_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    script = "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    script += "resource.setrlimit(resource.RLIMIT_FSIZE, (99, 99)); from course_utils import files; "
    script += "files.write(sys.argv[1], 'new' * 99)"
    done = subprocess.run([sys.executable, "-B", "-c", script, str(path)], capture_output=True, text=True)
    assert (done.returncode, "File too large" in done.stderr) == (1, True)
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"a.txt": "old"}


def test_the_home_folder_can_be_named(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    files.write("~/notes/a.txt", "é\ud800")
    assert (tmp_path / "notes/a.txt").read_text("utf-8") == "é\\ud800"
    with files.new_folder("~/new") as folder:
        (folder / "a").touch()
    assert (tmp_path / "new/a").exists()


def test_only_who_may_read_it_can(tmp_path):
    files.write(tmp_path / "secret", "s", 0o600)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError), files.new_folder(tmp_path / "new") as folder:
        (folder / "a").touch()
        raise RuntimeError
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("there", ["file", "folder"])
def test_a_folder_replaces_nothing(tmp_path, there):
    if there == "file":
        (tmp_path / "new").touch()
    else:
        (tmp_path / "new/a").mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(FileExistsError, match="is there already"), files.new_folder(tmp_path / "new"):
        pytest.fail("the block ran")
    assert sorted(tmp_path.rglob("*")) == before


def test_two_may_write_one_file(tmp_path):
    with files.new_file(tmp_path / "a") as first, files.new_file(tmp_path / "a") as second:
        first.write(b"one")
        second.write(b"the other")
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"a": "one"}
