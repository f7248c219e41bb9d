"""A student's own files, as programs save and pack them: what is in them is found, and nothing stops the class."""

import contextlib
import errno
import io
import json
import os
import pathlib
import random
import stat
import struct
import tracemalloc
import zipfile
from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.grading import archives, intake, opening
from course_utils.grading.archives import File
from course_utils.grading.times import read_time

EXAMPLES = 50_000 if "COURSE_SEEDS" in os.environ else 60  # ten minutes in `make grading-corpus`, or a few seconds
WORK = json.dumps({"nbformat": 4, "cells": [], "metadata": {}}).encode()
MB = 2**20


def zipped(files, how=zipfile.ZIP_DEFLATED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", how) as archive:
        for name, each in files.items():
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo("x")
            if isinstance(name, str):
                info.filename = name
            info.compress_type = how
            archive.writestr(info, each)
    return content.getvalue()


def file(path, content=b""):
    return File(path, len(content), len(content), None, "", lambda: iter([content]))


def contents(files):
    return opening.open_files([file(name, content) for name, content in files.items()], "toy")


def collected(tmp_path, files):
    for name, content in files.items():
        path = tmp_path / "class" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return {each.student: each for each in intake.collect(tmp_path / "class", "toy").submissions}


LINK = zipfile.ZipInfo("venv/bin/python")
LINK.external_attr = (stat.S_IFLNK | 0o777) << 16
OTHERS = {
    "a PowerShell": {"mine\\torch.ipynb": WORK, "mine\\checks\\a.npz": b""},
    "a Mac": {"torch.ipynb": WORK, "__MACOSX/._torch.ipynb": b"\0", "._torch.ipynb": b"\0", ".DS_Store": b""},
    "Jupyter": {"torch.ipynb": WORK, ".ipynb_checkpoints/torch-checkpoint.ipynb": b"{"},
    "tar's habit": {"./": b"", "./torch.ipynb": WORK, "./data/./x.csv": b""},
    "a whole project": {f".venv/lib/{n}.py": b"" for n in range(700)} | {f"checks/{n}.npz": b"" for n in range(700)},
    "devices' names": {"aux.md": b"", "con notes.txt": b"", "nul": b"", "aux/helper.py": b"", "torch.ipynb": WORK},
    "names that nobody may have": {"../secret.txt": b"", "/etc/passwd": b"", "a.": b"", "x\x1b.txt": b""},
    "a link": {LINK: b"/usr/bin/python"},
    "two of one name": {"README.md": b"", "readme.md": b""},
    "no name": {"": b""},
}


@pytest.mark.parametrize("kind", OTHERS)
def test_the_notebook_in_a_students_zip_is_found(kind):
    content = contents(
        {"all.zip": zipped(OTHERS[kind] if "mine" in str(OTHERS[kind]) else {"torch.ipynb": WORK} | OTHERS[kind])}
    )
    assert [*content.notebooks.values()] == [WORK], content
    assert not content.refused


INNER = zipped({"a3/torch.ipynb": WORK, "a3/checks/a.npz": b""})


@pytest.mark.parametrize(
    "files",
    [
        {"inner.zip": INNER},
        {"my work/inner.ZIP": INNER, "__MACOSX/my work/._inner.ZIP": b"\0", "notes.txt": b""},
        {"inner.zip": INNER, "data.zip": zipped({"x.csv": b"1"}), "damaged.zip": b"PK"},
    ],
)
def test_a_zip_in_a_students_zip_is_opened(files):
    content = contents({"all.zip": zipped(files)})
    assert [*content.notebooks.values()] == [WORK]
    assert [remark.partition(" ")[0] for remark in content.remarks] == ["all.zip/damaged.zip"] * (
        "damaged.zip" in files
    )


def test_a_zip_in_a_zip_in_a_students_zip_is_named():
    content = contents({"all.zip": zipped({"inner.zip": zipped({"deep.zip": INNER})})})
    assert "all.zip/inner.zip/deep.zip was not opened: it is in a zip in a zip" in content.refused
    content = contents({"all.zip": zipped({"inner.zip": b"PK"})})
    assert "all.zip/inner.zip cannot be opened" in content.refused
    content = contents({"a.pdf": b"", "one.zip": zipped({"b.pdf": b"", "inner.zip": b"PK"}), "two.zip": b"PK"})
    assert "there is one.zip with b.pdf and inner.zip and a.pdf. two.zip cannot be opened" in content.instead
    assert "one.zip/inner.zip cannot be opened" in content.instead


def test_zips_in_zips_have_the_limits_of_all_zips(monkeypatch):
    monkeypatch.setattr(opening, "_MOST_ZIPS", 4)
    many = zipped({f"{n}.zip": zipped({f"{n}.ipynb": WORK + b" " * n}) for n in range(6)})
    content = contents({"all.zip": many})
    assert len(content.notebooks) == 3
    assert ["one zip too many" in remark for remark in content.remarks] == [True] * 3
    bomb = zipped({"inner.zip": bytes(3 * MB)})
    assert "unpacks to 3 MB" in contents({"all.zip": bomb}).refused
    odd = zipped({"inner.zip": INNER}, zipfile.ZIP_LZMA)
    assert "ordinary zip" in contents({"all.zip": odd}).refused


@pytest.mark.parametrize("sign", ["\u200c", "\u200e", "\u200f", "\u00ad", "\ufeff", "\u200b", "e\u0301", "Ü", "名"])
def test_signs_that_nobody_sees_are_allowed_in_names(tmp_path, sign):
    files = {f"ada/to{sign}rch.ipynb": WORK, "bob/all.zip": zipped({f"x{sign}/to{sign}rch.ipynb": WORK})}
    assert [[*each.notebooks.values()] for each in collected(tmp_path, files).values()] == [[WORK], [WORK]]


def test_files_beside_a_notebook_are_not_judged(tmp_path):
    files = {f"ada/data/{n}.csv": b"" for n in range(600)} | {
        "ada/torch.ipynb": WORK,
        "ada/aux.md": b"",
        "ada/con": b"",
    }
    assert [*collected(tmp_path, files)["ada"].notebooks] == ["torch.ipynb"]


def test_a_damaged_zip_beside_a_notebook_costs_nothing_and_is_said(tmp_path):
    submission = collected(tmp_path, {"ada/torch.ipynb": WORK, "ada/old.zip": b"PK"})["ada"]
    assert [*submission.notebooks] == ["torch.ipynb"]
    assert "old.zip" in submission.remarks[0]


@pytest.mark.parametrize(
    ("files", "part"),
    [
        ({"a.ipynb.txt": WORK}, "there is a.ipynb.txt"),
        ({"work.tar.gz": b"", "b.rar": b""}, "there is b.rar and work.tar.gz"),
        ({"all.zip": zipped({"a.pdf": b"", "deep.zip": b""})}, "there is all.zip with a.pdf and deep.zip"),
        ({"all.zip": zipped({})}, "there is all.zip with nothing in it"),
        ({f"{n}.txt": b"" for n in range(9)}, "0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 4 more"),
        ({".torch.ipynb": WORK}, "All files are hidden"),
        ({}, "empty"),
    ],
)
def test_the_status_names_what_there_was(tmp_path, files, part):
    (tmp_path / "class" / "ada").mkdir(parents=True)
    files = {f"ada/{name}": content for name, content in files.items()}
    submission = collected(tmp_path, files | {"bob/torch.ipynb": WORK, "cy/torch.ipynb": WORK})["ada"]
    assert (submission.notebooks, submission.refused) == ({}, "")
    assert part in submission.instead


def test_names_that_begin_with_a_point_are_not_left_out(tmp_path):
    found = collected(
        tmp_path, {".ada/torch.ipynb": WORK, ".bob.ipynb": WORK, "cy/.x/torch.ipynb": WORK, ".git/a": b""}
    )
    assert {name: len(each.notebooks) for name, each in found.items()} == {".ada": 1, ".bob": 0, "cy": 0}
    assert "hidden" in found[".bob"].instead


def test_a_folder_that_cannot_be_read_is_not_empty(tmp_path, monkeypatch):
    scandir = os.scandir

    def refuses(path):
        if str(path).endswith("bob"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuses)
    (tmp_path / "class" / "bob").mkdir(parents=True)
    found = collected(tmp_path, {"ada/torch.ipynb": WORK})
    assert [*found["ada"].notebooks] == ["torch.ipynb"]
    assert "Permission denied" in found["bob"].refused


# ---- one student's file ends the whole class ----


@pytest.mark.parametrize("seconds", [-(10**10), 3 * 10**11, 2**40])
def test_a_file_of_another_millennium_is_read(tmp_path, seconds):
    files = {"ada/torch.ipynb": WORK, "bob/torch.ipynb": WORK}
    collected(tmp_path, files)
    try:
        os.utime(tmp_path / "class/ada/torch.ipynb", (seconds, seconds))
    except OSError:
        pytest.skip("this file system has no such times")
    found = {each.student: each for each in intake.collect(tmp_path / "class", "toy").submissions}
    assert [len(each.notebooks) for each in found.values()] == [1, 1]


def test_names_that_are_no_text_are_read(tmp_path):
    (tmp_path / "class").mkdir()
    try:
        folder = os.path.join(os.fsencode(tmp_path / "class"), b"z\xff")
        os.mkdir(folder)
    except OSError:
        pytest.skip("this file system has no such names")
    with open(os.path.join(folder, b"t\xfe.ipynb"), "wb") as whole:
        whole.write(WORK)
    assert len(collected(tmp_path, {"ada/torch.ipynb": WORK})) == 2


def changed(content, mark, at, value):
    content = bytearray(content)
    start = content.index(mark) + at
    content[start : start + len(value)] = value
    return bytes(content)


GOOD = zipped({"torch.ipynb": WORK * 100})
HARMFUL = {
    "a newer format": changed(GOOD, b"PK\x01\x02", 6, b"\x63\x00"),
    "an unknown compression": changed(changed(GOOD, b"PK\x01\x02", 10, b"\x62\x00"), b"PK\x03\x04", 8, b"\x62\x00"),
    "a size that is a lie": changed(GOOD, b"PK\x01\x02", 24, struct.pack("<I", 2**31)),
    "a list that is too long": changed(GOOD, b"PK\x05\x06", 12, struct.pack("<I", 2**31)),
    "a name that is no text": changed(
        changed(zipped({"ü.ipynb": WORK}), b"PK\x01\x02", 46, b"\xff"), b"PK\x03\x04", 30, b"\xff"
    ),
    "a time that is none": changed(GOOD, b"PK\x01\x02", 12, b"\xff\xff\xff\xff"),
    "encrypted": changed(changed(GOOD, b"PK\x01\x02", 8, b"\x01\x00"), b"PK\x03\x04", 6, b"\x01\x00"),
    "empty": b"",
    "half": GOOD[: len(GOOD) // 2],
    "LZMA": changed(zipped({"torch.ipynb": WORK * 100}, zipfile.ZIP_LZMA), b"torch.ipynb", 15, b"\xff\xff\xff\xff\xff"),
    "bzip2": changed(zipped({"torch.ipynb": WORK * 100}, zipfile.ZIP_BZIP2), b"torch.ipynb", 15, b"\xff\xff"),
}


@pytest.mark.parametrize("kind", HARMFUL)
def test_a_students_zip_cannot_stop_the_class(tmp_path, kind):
    found = collected(tmp_path, {"ada/torch.ipynb": WORK, "eve/all.zip": HARMFUL[kind], "eve.zip": HARMFUL[kind]})
    assert [*found["ada"].notebooks] == ["torch.ipynb"]
    assert found["eve"].refused or found["eve"].instead or kind in ("a size that is a lie", "a time that is none")


@pytest.mark.parametrize("error", [MemoryError, RecursionError, IndexError, struct.error, KeyError, OverflowError])
def test_whatever_an_unpacker_does_the_class_goes_on(tmp_path, monkeypatch, error):
    def fails(file):
        raise error("no")

    monkeypatch.setattr(opening, "opened", fails)
    found = collected(tmp_path, {"ada/torch.ipynb": WORK, "eve/all.zip": GOOD})
    assert [*found["ada"].notebooks] == ["torch.ipynb"]
    assert error.__name__ in found["eve"].refused


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOSPC])
def test_what_the_machine_refuses_is_no_students_fault(tmp_path, monkeypatch, number):
    def fails(*_):
        raise OSError(number, os.strerror(number))

    collected(tmp_path, {"ada/torch.ipynb": WORK})
    monkeypatch.setattr(pathlib.Path, "open", fails)
    with pytest.raises(OSError, match=os.strerror(number)):
        intake.collect(tmp_path / "class", "toy")


def test_no_folder_for_temporary_files_is_no_students_fault(tmp_path, monkeypatch):
    def fails(*_):
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(archives.tempfile, "SpooledTemporaryFile", fails)
    with pytest.raises(OSError, match="temporary directory"):
        collected(tmp_path, {"ada/all.zip": GOOD})


def test_more_zips_than_anybody_has_are_not_opened(tmp_path):
    files = {f"ada/{n:02}.zip": zipped({f"{n}.ipynb": WORK + b" " * n}) for n in range(12)}
    submission = collected(tmp_path, files | {"bob/torch.ipynb": WORK, "cy/torch.ipynb": WORK})["ada"]
    assert len(submission.notebooks) == 10
    assert ["11.zip" in remark for remark in submission.remarks] == [False, True]


def test_names_longer_than_the_system_takes(tmp_path):
    path = tmp_path / "all.zip"
    path.write_bytes(
        zipped({"ada/torch.ipynb": WORK, "eve/" + "x" * 60_000 + ".ipynb": WORK, "y" * 9000 + "/a.ipynb": WORK})
    )
    found = {each.student: each for each in intake.collect(path, "toy").submissions}
    assert [*found["ada"].notebooks] == ["torch.ipynb"]
    assert found["eve"].notebooks == {}
    assert max(map(len, found)) <= 4096


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 12))
def test_damaged_zips_never_raise(random, damages):
    content = bytearray(zipped({"a/torch.ipynb": WORK * 20, "b.ipynb": WORK, "ü.txt": b"x"}))
    for _ in range(damages):
        place = random.randrange(len(content))
        if random.random() < 0.2:
            del content[place : place + random.randrange(1, 9)]
        else:
            content[place] = random.randrange(256)
    content = contents({"all.zip": bytes(content)})
    assert content.notebooks or content.refused or content.instead


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=30), st.binary(max_size=40), min_size=1, max_size=6))
def test_any_names_and_contents_never_raise(files):
    content = contents(files | {"all.zip": zipped({name.replace("\0", ""): each for name, each in files.items()})})
    assert content.notebooks or content.refused or content.instead


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(st.text(alphabet="ab1_-+/. ()LATEVersion", min_size=1, max_size=40), min_size=1, max_size=8))
def test_any_names_in_an_export_are_read(tmp_path_factory, names):
    path = tmp_path_factory.getbasetemp() / "any.zip"
    path.write_bytes(zipped(dict.fromkeys(names, b"1") | {"ada.ipynb": WORK}))
    assert intake.collect(path, "a").submissions


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.one_of(st.text(max_size=60), st.from_regex(r"\A[ 0-9:./,+-]{0,20}( ?[A-Za-z/]{0,12}){0,3}\Z")))
def test_any_text_is_a_time_or_none(text):
    with contextlib.suppress(ValueError):
        assert read_time(text, UTC)[0].tzinfo is UTC


# ---- memory ----


def peak(files):
    tracemalloc.start()
    try:
        content = contents(files)
        return content, tracemalloc.get_traced_memory()[1] / MB
    finally:
        tracemalloc.stop()


@pytest.fixture
def two_megabytes(monkeypatch):
    """A small limit on all notebooks of a student together, and eight files that are large beside it."""
    monkeypatch.setattr(opening, "_MOST_READ", 2 * MB)
    block = random.Random(0).randbytes(MB // 100)
    return [block + bytes([n]) + bytes(700_000) for n in range(8)]


def test_many_large_notebooks_are_read_within_bounds(two_megabytes):
    one = zipped({f"{n}.ipynb": each for n, each in enumerate(two_megabytes)})
    content, megabytes = peak({"one.zip": one, "two.zip": one})
    assert megabytes < 6
    assert sum(map(len, content.notebooks.values())) <= 2 * MB
    assert any("was not read" in remark for remark in content.remarks)


def test_what_is_probably_meant_is_read_first(two_megabytes):
    files = {f"a1/{n}.ipynb": each for n, each in enumerate(two_megabytes)}
    content = contents({"all.zip": zipped(files | {"z/toy/x.ipynb": WORK, "z/torch.ipynb": WORK + b" "})})
    assert {"all.zip/z/toy/x.ipynb", "all.zip/z/torch.ipynb"} <= {*content.notebooks}


def test_a_small_zip_with_a_long_list_is_not_listed():
    entry = b"PK\x01\x02" + bytes(42)
    whole = entry * (12 * MB // len(entry))
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 65535, 65535, len(whole), 0, 0)
    content, megabytes = peak({"all.zip": whole + end})
    assert "list of files" in content.refused
    assert megabytes < 60


def test_kinds_of_packing_that_cannot_be_bounded_are_not_opened():
    for how in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        lie = zipped({"torch.ipynb": bytes(8 * MB)}, how)
        lie = changed(lie, b"PK\x01\x02", 24, struct.pack("<I", MB))
        content, megabytes = peak({"all.zip": lie})
        assert "ordinary zip" in content.refused
        assert megabytes < 4


def test_a_notebook_that_is_handed_in_twice_is_read_once():
    content = contents({"torch.ipynb": WORK, "copy.ipynb": WORK, "all.zip": zipped({"torch.ipynb": WORK})})
    assert [*content.notebooks] == ["torch.ipynb"]


def test_two_files_of_one_name_in_a_zip_are_both_read():
    with pytest.warns(UserWarning, match="Duplicate"):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("torch.ipynb", b"1")
            archive.writestr("torch.ipynb", b"2")
    assert sorted(contents({"all.zip": content.getvalue()}).notebooks.values()) == [b"1", b"2"]


def test_a_file_is_copied_within_bounds():
    with pytest.raises(archives.Unreadable, match="more than 1 MB"):
        File("a.zip", blocks=lambda: iter([bytes(MB)] * 3)).copy(MB)
