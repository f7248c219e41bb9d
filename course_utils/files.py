"""Files and folders written whole or not at all: whoever is interrupted leaves nothing half done."""

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from course_utils.errors import CourseError

ROOT = Path(__file__).resolve().parents[1]
"""The folder of the course: this package, the chapters and the assignments are in it."""


@contextmanager
def new_file(path: str | Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """A file to fill, which appears at `path`, in the place of an older one, when the block ends without an error.

    Several processes may fill one at the same time: the last to end is there then, whole.

    Args:
        path: the file, whose folder is made if need be; `~` is the home folder.
        mode: who may read it, within what the umask allows.

    Raises:
        OSError: the disk refuses; what was there before is still there.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with new_file(f"{folder}/one.txt") as file:
    ...         _ = file.write(b"two lines")
    ...         print(Path(folder, "one.txt").exists())
    ...     Path(folder, "one.txt").read_text()
    False
    'two lines'
    """
    path = Path(path).expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")  # same folder: moving it is one step
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            yield file
        part.replace(path)
    finally:
        with suppress(OSError):  # after the move there is none
            part.unlink()


def write(path: str | Path, content: str | bytes, mode: int = 0o666) -> None:
    """Write a file in one step: `new_file` for content that is at hand.

    Args:
        path, mode: as for `new_file`.
        content: text is stored as UTF-8; halves of characters, which UTF-8 cannot hold, as escapes.

    Raises:
        OSError: as `new_file` does.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(f"{folder}/notes/one.txt", "two lines")
    ...     Path(folder, "notes/one.txt").read_text()
    'two lines'
    """
    with new_file(path, mode) as file:
        file.write(content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content)


def require_writable(*paths: str | Path, mend: str) -> None:
    """Ask before long work, not after it, whether files can be written.

    Args:
        paths: files or folders, there or not; `~` is the home folder.
        mend: what the user can do, the end of the sentence.

    Raises:
        CourseError: somebody else's, or read-only.

    >>> require_writable("/proc/results/chapters.json", mend="take a copy of your own.")
    Traceback (most recent call last):
    course_utils.errors.CourseError: /proc/results/chapters.json cannot be written here: take a copy of your own.
    """
    for path in (Path(path).expanduser().absolute() for path in paths):
        folder = path if path.is_dir() else path.parent  # a file is replaced, so its folder counts
        while not folder.exists():
            folder = folder.parent
        try:
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            raise CourseError(f"{path} cannot be written here: {mend}") from None


@contextmanager
def new_folder(path: str | Path) -> Iterator[Path]:
    """A folder to fill, which appears at `path` when the block ends without an error.

    Args:
        path: must not exist, or be an empty folder; `~` is the home folder.

    Raises:
        FileExistsError: there is something already.

    >>> with tempfile.TemporaryDirectory() as home:
    ...     with new_folder(f"{home}/chapters") as folder:
    ...         (folder / "one.txt").touch()
    ...         print(Path(home, "chapters").exists())
    ...     Path(home, "chapters/one.txt").exists()
    False
    True
    """
    path = Path(path).expanduser()
    if path.is_file() or (path.is_dir() and any(path.iterdir())):
        raise FileExistsError(f"{path} is there already and not an empty folder.")
    with suppress(FileExistsError):  # a file in the place of the folder above is refused below
        path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as part:
        whole = Path(part) / "whole"
        whole.mkdir()
        yield whole
        whole.replace(path)
