"""Files in folders and zips, read into memory within bounds. Nothing is unpacked to disk, no name is used as a path."""

import errno
import os
import stat
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from course_utils.grading.errors import Refused, Unreadable

_LONGEST = 4096  # characters of a path that are looked at; systems take no longer ones
_LARGEST_DIRECTORY = 8 * 2**20  # bytes of a zip's list of files: some 80,000 of them
_BLOCK = 2**16  # bytes that are read at a time
_KINDS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # a few bytes of the others may become gigabytes at once
_IN_MEMORY = 2 * 2**20  # bytes; a zip that is larger is kept in a temporary file
_DAMAGED = (  # what Python's unpackers raise, each its own
    zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError, ValueError,
    MemoryError,
)  # fmt: skip
_MACHINES = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.EIO)  # no fault of a file's
_INVISIBLE = {ord(char): None for char in "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"}


@dataclass(frozen=True)
class File:
    """A file that somebody handed in.

    Attributes:
        path: with slashes; that of an empty folder ends in one.
        size: of the content, as the folder or the zip says.
        packed: of what is stored.
        modified: when it was written; None in zips, whose times are mostly those of the download.
        problem: why it cannot be opened, as the rest of a sentence; "" if it can.
        blocks: its content, piece by piece.
    """

    path: str
    size: int = 0
    packed: int = 0
    modified: datetime | None = None
    problem: str = ""
    blocks: Callable[[], Iterator[bytes]] = lambda: iter(())

    def read(self, most: int) -> bytes:
        """At most so many bytes of the content, and never more in memory.

        Raises:
            Unreadable: it cannot be read.
        """
        whole = bytearray()
        for block in self._blocks():
            whole += block[: most - len(whole)]
            if len(whole) >= most:
                break
        return bytes(whole)

    def copy(self, most: int) -> BinaryIO:
        """The content as an open file, on disk if it is large.

        Raises:
            Unreadable: it cannot be read, or has more than so many bytes.
        """
        with ExitStack() as stack:
            copy = stack.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY))
            for block in self._blocks():
                copy.write(block)
                if copy.tell() > most:
                    raise Unreadable(f"{self.path} has more than {most // 2**20} MB")
            copy.seek(0)
            stack.pop_all()  # it is in order: the caller closes it
        return copy

    def _blocks(self) -> Iterator[bytes]:
        try:
            yield from self.blocks()
        except _DAMAGED as error:
            if isinstance(error, OSError) and error.errno in _MACHINES:
                raise
            reason = f": {error.strerror}" if isinstance(error, PermissionError) else ""
            raise Unreadable(f"{self.path} cannot be unpacked or read{reason}") from error


def walk(folder: Path) -> Iterator[File]:
    """The files and empty folders below a folder; links are not followed."""
    unreadable: list[OSError] = []
    for place, folders, files in os.walk(folder, onerror=unreadable.append):
        relative = Path(place).relative_to(folder)
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        folders[:] = sorted(name for name in folders if name not in links)
        for name in sorted([*files, *links]):
            yield _on_disk(Path(place, name), (relative / name).as_posix())
        if not folders and not files and not links and relative.parts:
            yield File(clean(f"{relative.as_posix()}/"))
    for error in unreadable:
        path = Path(error.filename).relative_to(folder).as_posix()
        yield File(clean(f"{path}/"), problem=f"the folder {path} cannot be read: {error.strerror}")


def _on_disk(path: Path, name: str) -> File:
    try:
        status = path.lstat()
    except OSError as error:
        return File(clean(name), problem=f"{name} cannot be read: {error.strerror}")
    try:
        modified = datetime.fromtimestamp(status.st_mtime).astimezone()
    except (OSError, OverflowError, ValueError):  # a year that cannot be meant
        modified = None
    problem = "" if stat.S_ISREG(status.st_mode) else f"{name} is a link, or not a regular file"

    def blocks() -> Iterator[bytes]:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block

    return File(clean(name), status.st_size, status.st_size, modified, problem, blocks)


class _Bounded:
    """A file of which no more is read at a time than a reasonable zip's list of files has."""

    def __init__(self, file: BinaryIO):
        self._file = file

    def read(self, size: int = -1) -> bytes:
        whole = self._file.read(size if 0 <= size <= _LARGEST_DIRECTORY else _LARGEST_DIRECTORY + 1)
        if len(whole) > _LARGEST_DIRECTORY:
            raise Refused(f"a zip's list of files has more than {_LARGEST_DIRECTORY // 2**20} MB")
        return whole

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)


def opened(file: BinaryIO) -> zipfile.ZipFile:
    """A student's zip.

    Raises:
        Unreadable: it is none, or is damaged.
        Refused: it has too many files to list.
    """
    try:
        return zipfile.ZipFile(_Bounded(file))
    except _DAMAGED as error:
        reason = f" ({error})" if isinstance(error, NotImplementedError) else ""
        raise Unreadable(f"it is not a zip, or is damaged{reason}") from error


def members(archive: zipfile.ZipFile) -> Iterator[File]:
    """The files and folders of a zip."""
    for info in archive.infolist():
        name = clean(_name(info))
        if name.strip("/"):
            problem = ""
            if stat.S_ISLNK(info.external_attr >> 16):
                problem = f"{name} is a link"
            elif info.flag_bits & 1:
                problem = f"{name} is encrypted"
            elif info.compress_type not in _KINDS:
                problem = f"{name} is packed in an unusual way, which is not opened: pack it as an ordinary zip"
            yield File(name, info.file_size, info.compress_size, None, problem, _unpacking(archive, info))


def _unpacking(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], Iterator[bytes]]:
    def blocks() -> Iterator[bytes]:
        with archive.open(info) as file:
            while block := file.read(_BLOCK):
                yield block

    return blocks


def _name(info: zipfile.ZipInfo) -> str:
    """A file's name; many programs write UTF-8 and do not say so, or say it in a field of their own."""
    if info.flag_bits & 0x800:
        return info.orig_filename
    raw = info.orig_filename.encode("cp437")
    extra = info.extra
    while len(extra) >= 4:
        kind, size = int.from_bytes(extra[:2], "little"), int.from_bytes(extra[2:4], "little")
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == 0x7075 and len(field) > 5 and int.from_bytes(field[1:5], "little") == zlib.crc32(raw):
            raw = field[5:]
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return info.orig_filename


def clean(name: str) -> str:
    r"""A path with slashes, without signs that nobody sees, in the one spelling that all systems understand.

    >>> clean("sub\\to\u200crch.ipynb"), clean("./a.ipynb")
    ('sub/torch.ipynb', './a.ipynb')
    """
    return unicodedata.normalize("NFC", name.replace("\\", "/").translate(_INVISIBLE))[:_LONGEST]
