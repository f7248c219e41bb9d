"""What the tests of the data sets share: small contents, their records, and disks that refuse."""

import hashlib
import os

import pytest

from course_utils.datasets.sources import Source
from course_utils.datasets.transport import Address, File, Package

WORDS = b"so much depends upon a red wheel barrow\n" * 5
TUNES = {"jig.abc": b"X:1\nM:6/8\n", "reel.abc": b"X:2\nM:4/4\nK:D\n"}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def as_file(name: str, content: bytes, member: str = "") -> File:
    return File(name, len(content), sha256(content), member)


def made_by(origin: Package | Address, *files: File) -> Source:
    return Source(use="a test", origin=origin, files=files, licence="none", citation="nobody, 2000")


def says(error: pytest.ExceptionInfo, *parts: str) -> None:
    """The error is one sentence on one line and has all the parts."""
    sentence = str(error.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    for part in parts:
        assert part in sentence


def refuse(number: int):
    """A function that always fails as the operating system does, with the error `number`."""

    def call(*args, **options):
        raise OSError(number, os.strerror(number))

    return call
