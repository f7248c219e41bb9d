"""The table of data sets and the ways their files take to the data folder, with all that can go wrong on the way.

pip is the real one here, asked for small packages made by the tests: only the test marked `network` needs a network.
"""

import errno
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from data_helpers import TUNES, WORDS, as_file, made_by, refuse, says, sha256

from course_utils import datasets
from course_utils.datasets import sources, transport
from course_utils.datasets.sources import DataError
from course_utils.datasets.transport import Package

STARTED_WITH = os.environ.get("COURSE_DATA")  # before a test sets its own


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """An empty data folder of this test's own, which does not exist yet."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def shelf(tmp_path, monkeypatch) -> Path:
    """A folder with an sdist and a wheel, the only place where pip looks; `SOURCES` has an entry for each."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    backend = (
        "import pathlib\n"
        "def prepare_metadata_for_build_wheel(folder, config_settings=None):\n"
        "    info = pathlib.Path(folder, 'toywords-1.0.dist-info')\n"
        "    info.mkdir()\n"
        "    (info / 'METADATA').write_text('Metadata-Version: 2.1\\nName: toywords\\nVersion: 1.0\\n')\n"
        "    return info.name\n"
        "def build_wheel(*args, **options):\n"
        "    raise SystemExit('nobody asked for a build')\n"
    )
    with tarfile.open(shelf / "toywords-1.0.tar.gz", "w:gz") as sdist:
        for name, content in {
            "PKG-INFO": b"Metadata-Version: 2.1\nName: toywords\nVersion: 1.0\n",
            "pyproject.toml": b'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
            "backend.py": backend.encode(),
            "data/words.txt": WORDS,
        }.items():
            entry = tarfile.TarInfo(f"toywords-1.0/{name}")
            entry.size = len(content)
            sdist.addfile(entry, io.BytesIO(content))
    with zipfile.ZipFile(shelf / "toytunes-2.5-py3-none-any.whl", "w") as wheel:
        for name, content in TUNES.items():
            wheel.writestr(f"toytunes/{name}", content)
        info = "toytunes-2.5.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: toytunes\nVersion: 2.5\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    hashes = [sha256((shelf / name).read_bytes()) for name in ("toywords-1.0.tar.gz", "toytunes-2.5-py3-none-any.whl")]
    words = as_file("words.txt", WORDS, "toywords-1.0/data/words.txt")
    tunes = [as_file(name, content, f"toytunes/{name}") for name, content in TUNES.items()]
    table = {
        "words": made_by(Package("toywords", "1.0", "sdist", hashes[0]), words),
        "tunes": made_by(Package("toytunes", "2.5", "wheel", hashes[1]), *tunes),
    }
    monkeypatch.setattr(sources, "SOURCES", table)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    return shelf


# The table


def test_every_entry_of_the_table_is_whole():
    names = [file.name for source in sources.SOURCES.values() for file in source.files]
    assert len(set(names)) == len(names)
    for source in sources.SOURCES.values():
        assert source.use
        assert source.licence
        assert re.search(r"\d{4}", source.citation)
        assert not source.loader or hasattr(datasets, source.loader)
        assert source.files
        for file in source.files:
            assert Path(file.name).name == file.name
            assert re.fullmatch("[0-9a-f]{64}", file.sha256)
            assert file.size > 0
            kept_whole = isinstance(source.origin, Package) and file.sha256 == source.origin.sha256
            assert bool(file.member) == (isinstance(source.origin, Package) and not kept_whole)
        if isinstance(source.origin, Package):
            assert re.fullmatch("[0-9a-f]{64}", source.origin.sha256)
            assert source.origin.kind in ("sdist", "wheel")
        else:
            assert source.origin.url.startswith("https://")
            assert len(source.files) == 1


@pytest.mark.parametrize(
    ("name", "sha1"),
    [
        ("time_machine", "090b5e7e70c295757f55df93cb0a180b9691891a"),
        ("fra_eng", "94646ad1522d915e7b0f9296181140edcf86a4f5"),
    ],
)
def test_the_alternatives_are_the_files_that_d2l_knows(name, sha1, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", STARTED_WITH or "")
    if sources.status(name) != "OK":
        pytest.skip(f"{name} is not in the user's data folder: 'course data fetch --from FOLDER' puts it there")
    assert hashlib.sha1(sources.path(name).read_bytes()).hexdigest() == sha1


# Where files lie and what path says


def test_data_folder(monkeypatch, tmp_path):
    assert sources.data_folder() == tmp_path / "data"
    monkeypatch.setenv("COURSE_DATA", "~/my data")
    assert sources.data_folder() == Path.home() / "my data"
    monkeypatch.setenv("COURSE_DATA", "")
    assert sources.data_folder().name == "rnn-course"
    monkeypatch.setenv("COURSE_DATA", "data")
    with pytest.raises(DataError) as error:
        sources.data_folder()
    says(error, "'data'", "relative", str(Path("data").absolute()))


def test_path_of_a_whole_a_missing_and_an_altered_file(shelf, folder):
    entry = sources.SOURCES["words"].files[0]
    with pytest.raises(DataError) as error:
        sources.path("words")
    says(error, str(folder / "words.txt"), "missing", entry.sha256, "'course data fetch words'")
    folder.mkdir()
    (folder / "words.txt").write_bytes(WORDS)
    assert sources.path("words") == folder / "words.txt"
    for altered in (WORDS[:-1], WORDS + b"!", WORDS.replace(b"red", b"RED", 1)):
        (folder / "words.txt").write_bytes(altered)
        assert sources.status("words") == "altered"
        with pytest.raises(DataError) as error:
            sources.path("words")
        says(error, str(folder / "words.txt"), "altered", entry.sha256, "'course data fetch words'")


def test_path_of_one_of_several_files(shelf, folder):
    folder.mkdir()
    (folder / "reel.abc").write_bytes(TUNES["reel.abc"])
    assert sources.path("tunes", "reel.abc") == folder / "reel.abc"
    assert sources.status("tunes") == "missing"
    for wrong in (None, "waltz.abc"):
        with pytest.raises(DataError) as error:
            sources.path("tunes", wrong)
        says(error, "jig.abc, reel.abc")


@pytest.mark.parametrize("name", ["time_machine", "fra_eng", "tinyshakespeare", "names"])
def test_an_alternative_that_is_missing_can_also_be_copied(name):
    with pytest.raises(DataError) as error:
        sources.path(name)
    says(error, f"'course data fetch {name}'", "--from FOLDER")


@pytest.mark.parametrize(
    "ask", [sources.path, sources.status, lambda n: sources.fetch([n]), lambda n: sources.verify([n])]
)
def test_an_unknown_name_gets_a_hint(ask):
    with pytest.raises(DataError) as error:
        ask("alicia")
    says(error, "'alicia'", "did you mean 'alice'?", "time_machine")


def test_an_unreadable_file(shelf, folder, monkeypatch):
    folder.mkdir()
    (folder / "words.txt").write_bytes(WORDS)
    monkeypatch.setattr(Path, "is_file", refuse(errno.EACCES))  # root, who may run this, can read anything
    with pytest.raises(DataError) as error:
        sources.path("words")
    says(error, "cannot read", str(folder / "words.txt"))


# Through pip


def test_fetch_through_pip_then_never_again(shelf, folder, monkeypatch, capfd):
    assert sources.fetch() == ["words", "tunes"]
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == {"words.txt": WORDS, **TUNES}
    assert sources.verify() == {"words": "OK", "tunes": "OK"}
    monkeypatch.setattr(subprocess, "run", refuse(errno.EPERM))
    assert sources.fetch() == []
    assert capfd.readouterr() == ("", "")  # pip's talk is not the reader's


def test_fetch_mends_an_altered_file(shelf, folder):
    folder.mkdir()
    (folder / "jig.abc").write_bytes(b"X:9\n")
    assert sources.fetch(["tunes"]) == ["tunes"]
    assert sorted(p.name for p in folder.iterdir()) == ["jig.abc", "reel.abc"]
    assert sources.status("tunes") == "OK"


@pytest.mark.parametrize("name", ["words", "tunes"])
def test_a_package_that_is_not_the_one_on_record(name, shelf, folder):
    with open(next(shelf.glob(f"toy{name}*")), "ab") as package:
        package.write(b"\0")
    with pytest.raises(DataError) as error:
        sources.fetch([name])
    says(error, f"toy{name}", "SHA-256 is not the one on record")
    assert not folder.exists()


def test_a_package_that_is_not_there_says_what_pip_says(shelf, folder):
    (shelf / "toywords-1.0.tar.gz").unlink()
    with pytest.raises(DataError) as error:
        sources.fetch(["words"])
    says(error, "toywords 1.0 (sdist)", "toywords==1.0")
    assert not folder.exists()


def test_no_network(shelf, folder, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # nobody listens there
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(DataError) as error:
        sources.fetch(["words"])
    says(error, "no package index answered", "check the network", "--from FOLDER")
    assert not folder.exists()


def test_no_pip(shelf, monkeypatch):
    monkeypatch.setattr(transport.PathFinder, "find_spec", lambda name: None)
    with pytest.raises(DataError) as error:
        sources.fetch(["words"])
    says(error, "no pip", "'uv pip install pip'")


def test_looking_for_pip_leaves_setuptools_usable(folder):
    """setuptools takes a process that asks it for pip to be pip itself; nbgrader imports setuptools."""
    pytest.importorskip("setuptools")
    script = (
        "import subprocess\n"
        "from course_utils.datasets import sources\n"
        "subprocess.run = lambda *words, **settings: 1 / 0\n"
        "try:\n    sources.fetch(['alice'])\nexcept ZeroDivisionError:\n    import setuptools\n"
    )
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, env=os.environ | {"COURSE_DATA": str(folder)}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_member_that_is_not_in_the_package(shelf, folder, monkeypatch):
    package = sources.SOURCES["words"].origin
    monkeypatch.setitem(
        sources.SOURCES, "words", made_by(package, as_file("words.txt", WORDS, "toywords-1.0/none.txt"))
    )
    with pytest.raises(DataError) as error:
        sources.fetch(["words"])
    says(error, "toywords-1.0.tar.gz", "none.txt")
    assert not folder.exists()


@pytest.mark.network
def test_fetch_the_defaults(folder):
    try:
        sources.fetch()
    except DataError as error:
        if "no package index answered" in str(error):
            pytest.skip(f"no network: {error}")
        raise
    text = sources.path("alice").read_text(encoding="ascii")
    assert text.strip().startswith("ALICE'S ADVENTURES IN WONDERLAND")
    assert text.rstrip("\n\x1a").endswith("THE END")
    names = json.loads(sources.path("emoji", "emoji_fr.json").read_text(encoding="utf-8"))
    assert names["🥇"] == ":médaille_d’or:"
    defaults = [source for source in sources.SOURCES.values() if isinstance(source.origin, Package)]
    assert {path.name for path in folder.iterdir()} == {file.name for source in defaults for file in source.files}


# From a folder


def test_copy_what_is_known(shelf, folder, tmp_path):
    (tmp_path / "stick").mkdir()
    for name, content in {"words.txt": WORDS, "jig.abc": TUNES["jig.abc"], "letter.txt": b"private"}.items():
        (tmp_path / "stick" / name).write_bytes(content)
    assert sources.copy_from(tmp_path / "stick") == ["words", "tunes"]
    assert sorted(p.name for p in folder.iterdir()) == ["jig.abc", "words.txt"]
    assert sources.verify() == {"words": "OK", "tunes": "missing"}
    with pytest.raises(DataError) as error:
        sources.copy_from(tmp_path / "stick", ["tunes"])
    says(error, str(tmp_path / "stick"), "reel.abc", "'course data fetch tunes'")


def test_copy_refuses_what_is_altered(shelf, folder, tmp_path):
    (tmp_path / "words.txt").write_bytes(WORDS[::-1])
    with pytest.raises(DataError) as error:
        sources.copy_from(tmp_path)
    says(error, str(tmp_path / "words.txt"), "not the file expected", sha256(WORDS))
    assert list(folder.iterdir()) == []


def test_copy_from_where_nothing_is(shelf, tmp_path):
    with pytest.raises(DataError) as error:
        sources.copy_from(tmp_path)
    says(error, str(tmp_path), "words.txt, jig.abc, reel.abc")
    with pytest.raises(DataError) as error:
        sources.copy_from(tmp_path / "nowhere")
    says(error, str(tmp_path / "nowhere"), "not a folder")


def test_copy_what_cannot_be_read(shelf, tmp_path, monkeypatch):
    (tmp_path / "words.txt").write_bytes(WORDS)
    monkeypatch.setattr(sources, "open", refuse(errno.EACCES), raising=False)
    with pytest.raises(DataError) as error:
        sources.copy_from(tmp_path)
    says(error, "cannot read", str(tmp_path / "words.txt"))
