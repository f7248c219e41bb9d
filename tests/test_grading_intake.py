"""Submissions as they arrive: three layouts, names that mean harm, archives that would fill the machine."""

import io
import os
import stat
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from data_helpers import says

from course_utils.grading import intake
from course_utils.grading.errors import GradingError

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def zipped(files, **options):
    """A zip with these files; a name may be a ZipInfo, to say more about it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, each in files.items():
            archive.writestr(name, each)
    return content.getvalue()


def collected(source, **options):
    return {each.student: each for each in intake.collect(source, "toy", **options).submissions}


def from_zip(tmp_path, files, **options):
    path = tmp_path / "all.zip"
    path.write_bytes(zipped(files))
    return collected(path, **options)


def write(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def test_nbgraders_folders(tmp_path):
    found = collected(
        write(
            tmp_path,
            {
                "ada/toy/torch.ipynb": b"1",
                "ada/toy/data.csv": b"x",
                "ada/toy/.ipynb_checkpoints/torch-checkpoint.ipynb": b"0",
                "ada/other/torch.ipynb": b"2",
                "bob/toy/sub/my.ipynb": b"3",
                "cy/other/torch.ipynb": b"4",
            },
        )
    )
    assert {name: each.notebooks for name, each in found.items()} == {
        "ada": {"torch.ipynb": b"1"},
        "bob": {"sub/my.ipynb": b"3"},
    }


@pytest.mark.parametrize("folders", [("ada/toy", "bob/toy/nothing", "cy/other"), ("ada", "bob", ".ipynb_checkpoints")])
def test_who_handed_in_an_empty_folder_is_not_forgotten(tmp_path, folders):
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
    assert {name: each.notebooks for name, each in collected(tmp_path).items()} == {"ada": {}, "bob": {}}


def test_a_folder_with_notebooks_and_folders(tmp_path):
    found = collected(
        write(tmp_path, {"ada.ipynb": b"1", "bob/a.ipynb": b"2", "bob/b.IPYNB": b"3", "cy/notes.txt": b""})
    )
    assert {name: each.notebooks for name, each in found.items()} == {
        "ada": {"ada.ipynb": b"1"},
        "bob": {"a.ipynb": b"2", "b.IPYNB": b"3"},
        "cy": {},
    }


def test_a_zip_from_moodle(tmp_path):
    found = from_zip(
        tmp_path,
        {
            "Ada King_11_assignsubmission_file_/torch.ipynb": b"1",
            "Ada King_11_assignsubmission_file_/tensorflow.ipynb": b"2",
            "Bob B._12_assignsubmission_file_torch.ipynb": b"3",
            "Cy_13_assignsubmission_onlinetext_/onlinetext.html": b"",
            "__MACOSX/._x.ipynb": b"0",
        },
    )
    assert {name: sorted(each.notebooks) for name, each in found.items()} == {
        "Ada King_11": ["tensorflow.ipynb", "torch.ipynb"],
        "Bob B._12": ["torch.ipynb"],
        "Cy_13": [],
    }


def test_a_zip_from_canvas(tmp_path):
    found = from_zip(
        tmp_path,
        {"kingada_11_991_torch.ipynb": b"1", "bobbob_LATE_12_992_torch-1.ipynb": b"2", "kingada_11_993_b.ipynb": b"3"},
        deadline=datetime.now(UTC) + timedelta(days=900),
    )
    assert {name: [*each.notebooks.values()] for name, each in found.items()} == {
        "kingada_11": [b"1", b"3"],
        "bobbob_12": [b"2"],
    }
    assert (found["kingada_11"].hours_late, found["bobbob_12"].hours_late) == (0, 0.01)


def test_a_students_own_zip_is_opened_and_so_is_one_in_it(tmp_path):
    deepest = zipped({"torch.ipynb": b"3"})
    inner = zipped({"mine/torch.ipynb": b"1", "deeper.zip": zipped({"torch.ipynb": b"2", "deepest.zip": deepest})})
    found = from_zip(tmp_path, {"Ada_11_assignsubmission_file_/all.zip": inner})
    assert found["Ada_11"].notebooks == {"all.zip/mine/torch.ipynb": b"1", "all.zip/deeper.zip/torch.ipynb": b"2"}
    assert "all.zip/deeper.zip/deepest.zip was not opened" in found["Ada_11"].remarks[0]


def moodle(name, student="Eve_66"):
    return f"{student}_assignsubmission_file_/{name}"


LINK = zipfile.ZipInfo(moodle("torch.ipynb"))
LINK.external_attr = (stat.S_IFLNK | 0o777) << 16


@pytest.mark.parametrize(
    ("files", "part"),
    [
        ({moodle("../../../etc/passwd.ipynb"): b""}, "leaves its folder"),
        ({moodle("a/../../b.ipynb"): b""}, "leaves its folder"),
        ({moodle("./b.ipynb"): b""}, "leaves its folder"),
        ({moodle("C:\\windows\\a.ipynb"): b""}, "not a relative path"),
        ({moodle("C:a.ipynb"): b""}, "not a relative path"),
        ({moodle("..\\..\\a.ipynb"): b""}, "leaves its folder"),
        ({moodle("/etc/a.ipynb"): b""}, "not a relative path"),
        ({moodle("NUL.ipynb"): b""}, "device"),
        ({moodle("com1"): b""}, "device"),
        ({moodle("a/aux/b.ipynb"): b""}, "device"),
        ({moodle("a.ipynb."): b""}, "device"),
        ({moodle("a\x1b[2J.ipynb"): b""}, "cannot be printed"),
        ({moodle("‮a.ipynb"): b""}, "cannot be printed"),
        ({moodle("x" * 300): b""}, "too long"),
        ({moodle("a.ipynb"): b"", moodle("A.ipynb"): b""}, "the same file on many machines"),
        ({LINK: b"/etc/shadow"}, "is a link"),
        ({moodle("torch.ipynb"): bytes(300_000_000)}, "unpacks to 286 MB"),
        ({moodle("all.zip"): zipped({"torch.ipynb": bytes(300_000_000)})}, "unpacks to 286 MB"),
        ({moodle("all.zip"): zipped({"../a.ipynb": b""})}, "leaves its folder"),
        ({moodle("all.zip"): b"PK no zip"}, "not a zip"),
        ({moodle(f"{n}.txt"): b"" for n in range(600)}, "600 files"),
        (
            {moodle(f"{n}.bin"): os.urandom(1000) * 1000 for n in range(3)} | {moodle("b.bin"): bytes(3 * 10**8)},
            "unpacks to",
        ),
    ],
)
def test_what_means_harm_is_refused_and_nobody_else_is(tmp_path, files, part):
    found = from_zip(tmp_path, files | {moodle("torch.ipynb", "Ada_11"): b"1"})
    assert found["Ada_11"].notebooks == {"torch.ipynb": b"1"}
    assert found["Eve_66"].notebooks == {}
    assert part in found["Eve_66"].refused
    assert "\x1b" not in found["Eve_66"].refused


def test_a_path_above_the_archive_is_refused(tmp_path):
    (evil,) = (
        each for name, each in from_zip(tmp_path, {"../../evil.ipynb": b"", "ada.ipynb": b""}).items() if name != "ada"
    )
    assert "leaves its folder" in evil.refused


def test_an_encrypted_file_is_refused(tmp_path):
    content = bytearray(zipped({moodle("torch.ipynb"): b"1"}))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        content[content.index(mark) + (6 if mark[2] == 3 else 8)] |= 1
    (tmp_path / "all.zip").write_bytes(content)
    assert "encrypted" in collected(tmp_path / "all.zip")["Eve_66"].refused


def test_a_damaged_file_is_refused(tmp_path):
    content = bytearray(zipped({moodle("torch.ipynb"): b"123456789" * 100}))
    content[60 + len(moodle("torch.ipynb")) - 20] ^= 0xFF
    (tmp_path / "all.zip").write_bytes(content)
    assert collected(tmp_path / "all.zip")["Eve_66"].refused


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_links_and_pipes_in_folders_are_refused(tmp_path):
    outside = write(tmp_path / "outside", {"torch.ipynb": b"secret"})
    root = write(tmp_path / "in", {"ada/toy/torch.ipynb": b"1", "eve/toy/b.ipynb": b"", "fay/toy/b.ipynb": b""})
    (root / "eve/toy/torch.ipynb").symlink_to(outside / "torch.ipynb")
    (root / "fay/toy/more").symlink_to(outside)
    (root / "gus/toy").mkdir(parents=True)
    os.mkfifo(root / "gus/toy/torch.ipynb")
    (root / "hal").mkdir()
    (root / "hal/toy").symlink_to(outside)
    found = collected(root)
    assert found["ada"].notebooks == {"torch.ipynb": b"1"}
    for name in ("eve", "fay", "gus", "hal"):
        assert ("link" in found[name].refused, found[name].notebooks) == (True, {})


@pytest.mark.parametrize(
    ("stamp", "hours"),
    [
        ("2026-03-01 11:59:59.000000 UTC", 0),
        ("2026-03-01 13:30:00.000000 UTC", 1.5),
        ("2026-03-01 13:30:00.000000 Europe/Paris", 0.5),
        ("2026-03-01 13:30:00.000000 +0100", 0.5),
        ("2026-03-05 12:00:00.000000 UTC", 96),
    ],
)
def test_how_late_it_is(tmp_path, stamp, hours):
    write(tmp_path, {"ada/toy/torch.ipynb": b"1", "ada/toy/timestamp.txt": stamp.encode()})
    assert collected(tmp_path, deadline=NOON)["ada"].hours_late == hours
    assert collected(tmp_path)["ada"].hours_late == 0


def test_a_students_own_time_stamp_does_not_count(tmp_path):
    write(tmp_path, {"ada/torch.ipynb": b"1", "ada/timestamp.txt": b"2020-01-01 00:00:00.000000 UTC"})
    os.utime(tmp_path / "ada/torch.ipynb", (NOON.timestamp() + 7200,) * 2)
    assert collected(tmp_path, deadline=NOON)["ada"].hours_late == 2


def test_what_is_no_source_is_said(tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    for source, part in [(tmp_path / "a.txt", "neither"), (tmp_path / "missing", "neither")]:
        with pytest.raises(GradingError) as error:
            intake.collect(source, "toy")
        says(error, part)
    (tmp_path / "empty").mkdir()
    with pytest.raises(GradingError) as error:
        intake.collect(tmp_path / "empty", "toy")
    says(error, "no submission of toy")
