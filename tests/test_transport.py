"""How files travel: what is read from an archive, what is written to disk, what an address answers, and what fails."""

import errno
import http.server
import io
import os
import subprocess
import sys
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest
from data_helpers import WORDS, as_file, made_by, refuse, says, sha256
from hypothesis import given
from hypothesis import strategies as st

from course_utils import datasets, files
from course_utils.datasets import sources, transport
from course_utils.datasets.sources import DataError
from course_utils.datasets.transport import Address


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """The data folder of this test, which does not exist yet."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


# Archives


def test_only_the_named_member_is_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as zipped, tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tarred:
        for name in ("../escaped.txt", "/escaped.txt", "in/words.txt"):
            zipped.writestr(name, WORDS)
            entry = tarfile.TarInfo(name)
            entry.size = len(WORDS)
            tarred.addfile(entry, io.BytesIO(WORDS))
        link = tarfile.TarInfo("in/link.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "words.txt"
        tarred.addfile(link)
    before = sorted(tmp_path.rglob("*"))
    for archive in ("a.zip", "a.tar.gz"):
        with transport.open_member(tmp_path / archive, "in/words.txt") as stream:
            assert stream.read() == WORDS
        for missing in ("words.txt", "in/link.txt", "in"):
            with pytest.raises(DataError) as error, transport.open_member(tmp_path / archive, missing):
                pass
            says(error, archive, repr(missing))
    assert sorted(tmp_path.rglob("*")) == before
    assert not (tmp_path.parent / "escaped.txt").exists()


@pytest.mark.parametrize("keep", [0, 5, 60])
def test_a_broken_archive(tmp_path, keep):
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as tarred:
        entry = tarfile.TarInfo("in/words.txt")
        entry.size = len(WORDS)
        tarred.addfile(entry, io.BytesIO(WORDS))
    (tmp_path / "a.tar.gz").write_bytes(whole.getvalue()[:keep])
    with pytest.raises(DataError) as error, transport.open_member(tmp_path / "a.tar.gz", "in/words.txt") as stream:
        stream.read()
    says(error, "a.tar.gz")


# Writing


@given(expected=st.binary(min_size=1, max_size=40), offered=st.binary(max_size=50), chunk=st.integers(1, 60))
def test_what_is_stored_is_what_is_on_record(tmp_path_factory, expected, offered, chunk):
    folder = tmp_path_factory.mktemp("store")
    (folder / "words.txt").write_bytes(b"old")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport, "CHUNK", chunk)
        transport.store(io.BytesIO(expected), as_file("words.txt", expected), folder, "here")
        assert (folder / "words.txt").read_bytes() == expected
        if offered != expected:
            with pytest.raises(DataError):
                transport.store(io.BytesIO(offered), as_file("words.txt", expected), folder, "here")
    assert [p.name for p in folder.iterdir()] == ["words.txt"]
    assert (folder / "words.txt").read_bytes() == expected


def test_a_stream_without_end_is_not_read_to_its_end(folder):
    class Endless:
        given = 0

        def read(self, size):
            self.given += size
            return b"\0" * size

    endless = Endless()
    with pytest.raises(DataError):
        transport.store(endless, as_file("words.txt", WORDS), folder, "here")
    assert endless.given == len(WORDS) + 1


@pytest.mark.parametrize(
    ("number", "meaning"),
    [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only"), (errno.EACCES, "read-only"), (errno.EIO, "error")],
)
@pytest.mark.parametrize("step", ["mkdir", "open", "replace"])
def test_what_the_disk_refuses_leaves_the_folder_as_it_was(number, meaning, step, folder, monkeypatch):
    folder.mkdir()
    (folder / "words.txt").write_bytes(b"old")
    where, name = {"mkdir": (Path, "mkdir"), "open": (files, "open"), "replace": (Path, "replace")}[step]
    monkeypatch.setattr(where, name, refuse(number), raising=False)
    with pytest.raises(DataError) as error:
        transport.store(io.BytesIO(WORDS), as_file("words.txt", WORDS), folder, "here")
    says(error, str(folder), meaning, "COURSE_DATA", "'course data fetch'")
    assert [p.name for p in folder.iterdir()] == ["words.txt"]
    assert (folder / "words.txt").read_bytes() == b"old"


@pytest.mark.parametrize("stop", [KeyboardInterrupt, MemoryError])
def test_an_interruption_leaves_the_folder_as_it_was(stop, folder):
    class Interrupted(io.BytesIO):
        def read(self, size):
            if self.tell():
                raise stop
            return super().read(9)

    with pytest.raises(stop):
        transport.store(Interrupted(WORDS), as_file("words.txt", WORDS), folder, "here")
    assert list(folder.iterdir()) == []


def test_no_room_for_temporary_files(monkeypatch):
    monkeypatch.setattr("tempfile.mkdtemp", refuse(errno.ENOSPC))
    with pytest.raises(DataError) as error:
        sources.fetch(["alice"])
    says(error, "temporary files", "disk is full", "TMPDIR")


# By address


@pytest.fixture
def server(monkeypatch):
    """A web server on this machine that has /words.txt and /other.txt; `SOURCES` gets a data set at its address."""
    pages = {"/words.txt": WORDS, "/other.txt": b"not what was meant"}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path in pages else 404)
            self.send_header("Content-Length", str(len(pages.get(self.path, b""))))
            self.end_headers()
            self.wfile.write(pages.get(self.path, b""))

        def log_message(self, *args):
            pass

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_fetch_by_address(server, folder, monkeypatch, capfd):
    source = made_by(Address(f"{server}/words.txt"), as_file("words.txt", WORDS))
    monkeypatch.setattr(sources, "SOURCES", {"words": source})
    assert sources.fetch() == []  # what is at an address is not fetched unless it is named
    assert sources.fetch(["words"]) == ["words"]
    assert [p.read_bytes() for p in folder.iterdir()] == [WORDS]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("page", "meaning"),
    [("/other.txt", "not the file expected"), ("/none.txt", "answered 404"), (None, "did not answer")],
)
def test_an_address_that_fails(page, meaning, server, folder, monkeypatch, capfd):
    address = Address(f"{server}{page}" if page else "http://127.0.0.1:9/words.txt")
    monkeypatch.setattr(sources, "SOURCES", {"words": made_by(address, as_file("words.txt", WORDS))})
    with pytest.raises(DataError) as error:
        sources.fetch(["words"])
    says(error, address.url, meaning, "words.txt", "--from FOLDER")
    assert not folder.exists()
    assert capfd.readouterr() == ("", "")


def test_a_folder_that_is_a_file(folder):
    folder.write_bytes(b"")
    with pytest.raises(DataError) as error:
        transport.store(io.BytesIO(WORDS), as_file("words.txt", WORDS), folder, "here")
    says(error, str(folder), "not a folder", "COURSE_DATA")


def test_several_at_once(folder, tmp_path):
    """Three processes copy the same file in place while this one looks: it sees no file, or the whole one."""
    content = os.urandom(3_000_001)
    (tmp_path / "big.bin").write_bytes(content)
    script = (
        "import sys; from pathlib import Path; from course_utils.datasets.transport import *\n"
        f"file = File('big.bin', {len(content)}, '{sha256(content)}')\n"
        "for _ in range(20):\n"
        "    with open(sys.argv[1], 'rb') as stream: store(stream, file, Path(sys.argv[2]), 'here')\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "big.bin"), str(folder)]
    root = Path(datasets.__file__).parents[2]
    writers = [subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE) for _ in range(3)]
    seen = 0
    while any(writer.poll() is None for writer in writers):
        if (folder / "big.bin").exists():
            assert (folder / "big.bin").stat().st_size == len(content)
            seen += 1
    assert [writer.communicate()[1] for writer in writers] == [b""] * 3
    assert seen
    assert [p.name for p in folder.iterdir()] == ["big.bin"]
    assert (folder / "big.bin").read_bytes() == content
