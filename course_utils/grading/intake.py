"""What a class has handed in, as it comes: nbgrader's folders, a folder of notebooks, a zip from a learning platform.

Nothing is unpacked to disk and no name is used as a path: notebooks are read into memory. A submission whose names or
sizes look like an attempt to get out of its folder, or to fill the machine, is refused as a whole.
"""

import io
import lzma
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from course_utils.assignments.matching import LARGEST
from course_utils.grading.errors import GradingError, Refused
from course_utils.grading.grade import Submission

_MOST_FILES, _MOST_BYTES = 500, 500 * 2**20  # of one student, unpacked
_MOST_RATIO, _NO_BOMB = 200, 2**20  # how much smaller a file may be packed, if it has more than so many bytes
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)([. ].*)?", re.IGNORECASE)
_DAMAGED = (  # what Python's unpackers raise, each its own
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, OSError, EOFError, ValueError,
)  # fmt: skip
_TIMESTAMP = "timestamp.txt"  # nbgrader's, with the time of the submission
_MOODLE = re.compile(r"(?P<who>[^/]+?_\d+)_assignsubmission_(?:file|onlinetext)_?/?(?P<rest>.*)")
_CANVAS = re.compile(r"(?P<who>[^_/]+)(?P<late>_LATE)?_(?P<number>\d+)_\d+_(?P<rest>.+)", re.IGNORECASE)


@dataclass(frozen=True)
class _File:
    """A file that somebody handed in; `open` reads at most so many bytes of it."""

    path: str
    size: int
    packed: int
    modified: datetime | None
    problem: str
    read: object


def collect(source: Path, assignment: str, deadline: datetime | None = None) -> list[Submission]:
    """All submissions in a folder or a zip, in the order of the students' names.

    Args:
        source: nbgrader's folder `submitted`, with STUDENT/ASSIGNMENT/ in it; or a folder with a notebook, or a folder
            of them, for each student; or the zip that Moodle or Canvas makes of such.
        assignment: whose submissions are wanted, where there are folders for several.
        deadline: with a time zone. Times come from nbgrader's timestamp.txt, else from the file.

    Raises:
        GradingError: there is no such folder or zip, or it has no submission.
    """
    nbgrader = source.is_dir() and any((child / assignment).is_dir() for child in source.iterdir())
    if source.is_dir():
        files = _grouped(_walk(source), assignment, nbgrader)
        groups = {who: [] for who in _folders(source, assignment, nbgrader)} | files
    elif zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            groups = {
                who: [_loaded(file) for file in files] for who, files in _grouped(_members(archive), assignment).items()
            }
    else:
        raise GradingError(f"{source} is neither a folder nor a zip: give the folder or the zip with the submissions.")
    submissions = [_submission(who, files, deadline, nbgrader) for who, files in sorted(groups.items())]
    if not submissions:
        raise GradingError(f"{source} has no submission of {assignment}: check that it is the right folder or zip.")
    return submissions


def _walk(folder: Path) -> Iterator[_File]:
    """The files below a folder; links are not followed."""
    for place, folders, files in os.walk(folder):
        linked = [name for name in folders if os.path.islink(os.path.join(place, name))]
        folders[:] = sorted(name for name in folders if name not in linked)
        for name in sorted([*files, *linked]):
            path = Path(place, name)
            status = path.lstat()
            problem = "" if stat.S_ISREG(status.st_mode) else f"{name} is a link, or not a regular file"
            modified = datetime.fromtimestamp(status.st_mtime).astimezone()
            relative = path.relative_to(folder).as_posix()
            yield _File(
                relative, status.st_size, status.st_size, modified, problem, lambda n, path=path: _head(path, n)
            )


def _folders(source: Path, assignment: str, nbgrader: bool) -> list[str]:
    """The students who have a folder, even an empty one."""
    folders = [path for path in source.iterdir() if path.is_dir() and not path.is_symlink()]
    wanted = [path for path in folders if (path / assignment if nbgrader else path).is_dir()]
    return [path.name for path in wanted if not path.name.startswith((".", "__MACOSX"))]


def _head(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        return file.read(most)


def _members(archive: zipfile.ZipFile) -> Iterator[_File]:
    """The files of a zip."""
    for info in archive.infolist():
        if info.is_dir():
            continue
        problem = ""
        if stat.S_ISLNK(info.external_attr >> 16):
            problem = f"{info.orig_filename} is a link"
        elif info.flag_bits & 1:
            problem = f"{info.orig_filename} is encrypted"
        try:
            modified = datetime(*info.date_time).astimezone()
        except ValueError:
            modified = None
        # the name as the archive has it: in `filename` zipfile has mended some already
        name = info.orig_filename
        yield _File(
            name, info.file_size, info.compress_size, modified, problem, lambda n, i=info: _unpack(archive, i, n)
        )


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    try:
        with archive.open(info) as file:
            return file.read(most)
    except _DAMAGED as error:
        raise Refused(f"{info.filename} cannot be unpacked") from error


def _loaded(file: _File) -> _File:
    """The file with its content in memory, because its archive will be closed. Other files are not read."""
    if file.problem or not _wanted(file.path) or _is_bomb(file) or file.size > LARGEST:
        return file
    try:
        content = file.read(LARGEST + 1)
    except Refused as refused:
        return _File(file.path, file.size, file.packed, file.modified, str(refused), None)
    return _File(file.path, file.size, file.packed, file.modified, "", lambda n: content[:n])


def _wanted(path: str) -> bool:
    return path.lower().endswith((".ipynb", ".zip", _TIMESTAMP))


def _grouped(files: Iterable[_File], assignment: str, nbgrader: bool = False) -> dict[str, list[_File]]:
    """The files by student, with the rest of their paths."""
    groups: dict[str, list[_File]] = {}
    for file in files:
        parts = file.path.replace("\\", "/").split("/")
        if "__MACOSX" in parts or any(part.startswith(".") and part.strip(".") for part in parts):
            continue  # left behind by systems and editors
        if nbgrader:
            if len(parts) < 2 or parts[1] != assignment:
                continue
            who, rest = parts[0], "/".join(parts[2:]) or assignment  # the folder itself may be a link
        else:
            who, rest = _student(file.path, parts)
        groups.setdefault(who, []).append(_File(rest, file.size, file.packed, file.modified, file.problem, file.read))
    return groups


def _student(path: str, parts: list[str]) -> tuple[str, str]:
    """Whose file it is, from how the platforms name files; and the rest of its path."""
    first = next((part for part in parts if part.strip(".")), "unnamed")
    if found := _MOODLE.fullmatch("/".join(parts)):
        return found["who"], found["rest"] or parts[-1]
    if len(parts) == 1 and (found := _CANVAS.fullmatch(first)):
        return f"{found['who']}_{found['number']}", ("LATE/" if found["late"] else "") + found["rest"]
    if len(parts) > 1 and first == parts[0]:
        return first, "/".join(parts[1:])
    return PurePosixPath(first).stem, path


def _submission(who: str, files: list[_File], deadline: datetime | None, stamped: bool) -> Submission:
    late = _hours_late(files, deadline, stamped)
    try:
        return Submission(who, _notebooks(files, nested=True), "", late)
    except Refused as refused:
        return Submission(who, {}, f"Nothing was opened, because {refused}.", late)


def _notebooks(files: list[_File], nested: bool) -> dict[str, bytes]:
    """The notebooks among a student's files, including those in a zip.

    Raises:
        Refused: a name or a size is not acceptable.
    """
    _check(files)
    found = {}
    for file in files:
        if file.path.lower().endswith(".ipynb"):
            found[file.path] = _read(file)
        elif nested and file.path.lower().endswith(".zip"):
            try:
                with zipfile.ZipFile(io.BytesIO(_read(file))) as archive:
                    inner = _notebooks(list(_members(archive)), nested=False)
            except (zipfile.BadZipFile, ValueError, OSError) as error:
                raise Refused(f"{file.path} is not a zip, or is damaged") from error
            found |= {f"{file.path}/{name}": content for name, content in inner.items()}
    return found


def _read(file: _File) -> bytes:
    try:
        return file.read(LARGEST + 1)
    except OSError as error:
        raise Refused(f"{file.path} cannot be read") from error


def _check(files: list[_File]) -> None:
    seen: dict[str, str] = {}
    for file in files:
        if reason := file.problem or _bad_name(file.path):
            raise Refused(reason)
        if _is_bomb(file):
            raise Refused(f"{file.path} unpacks to {file.size // 2**20} MB")
        key = file.path.casefold()
        if key in seen:
            raise Refused(f"{seen[key]} and {file.path} would be the same file on many machines")
        seen[key] = file.path
    if len(files) > _MOST_FILES:
        raise Refused(f"it has {len(files)} files, more than {_MOST_FILES}")
    if sum(file.size for file in files) > _MOST_BYTES:
        raise Refused(f"its files have more than {_MOST_BYTES // 2**20} MB together")


def _is_bomb(file: _File) -> bool:
    return file.size > _NO_BOMB and file.size > _MOST_RATIO * max(1, file.packed)


def _bad_name(path: str) -> str:
    """What is wrong with a path, or ""."""
    parts = path.removeprefix("LATE/").split("/")
    if "\\" in path or path.startswith("/") or re.match(r"[A-Za-z]:", path):
        return f"the name {path!r} is not a relative path"
    if ".." in parts or "." in parts or "" in parts:
        return f"the name {path!r} leaves its folder"
    if not path.isprintable() or any(len(part.encode("utf-8", "replace")) > 255 for part in parts):
        return "a name is too long, or has characters that cannot be printed"
    if any(_DEVICES.fullmatch(part) or part.endswith((".", " ")) for part in parts):
        return f"the name {path!r} is that of a device, or is not allowed, on some machines"
    return ""


def _hours_late(files: list[_File], deadline: datetime | None, stamped: bool) -> float:
    """How late it is; a student's own timestamp.txt does not count, only the one that nbgrader writes."""
    if deadline is None:
        return 0.0
    stamps = [file for file in files if file.path == _TIMESTAMP and not file.problem] if stamped else []
    submitted = _stamp(stamps[0]) if stamps else None
    if submitted is None:
        times = [file.modified for file in files if file.modified and file.path.lower().endswith(".ipynb")]
        submitted = max(times, default=deadline)
    late = (submitted - deadline).total_seconds() / 3600
    if late <= 0 and any(file.path.startswith("LATE/") for file in files):
        late = 0.01  # Canvas says that it is late, but not by how much
    return round(max(0.0, late), 2)


def _stamp(file: _File) -> datetime | None:
    """The time in nbgrader's timestamp.txt, such as "2026-03-01 17:59:23.948203 Europe/Paris"."""
    try:
        date, clock, zone = file.read(200).decode().split()
        if zone[0] in "+-":
            return datetime.strptime(f"{date} {clock} {zone}", "%Y-%m-%d %H:%M:%S.%f %z")
        return datetime.fromisoformat(f"{date} {clock}").replace(tzinfo=ZoneInfo(zone))
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None
