"""One student's files: which of them are notebooks, those in the student's own zips among them."""

import dataclasses
import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import NamedTuple

from course_utils.assignments.cells import LARGEST
from course_utils.grading import forms
from course_utils.grading.archives import File, members, opened
from course_utils.grading.errors import Refused, Unreadable

_MOST_FILES, _MOST_BYTES = 500, 500 * 2**20  # of one student: notebooks and zips, or all files if there are none
_MOST_READ = 64 * 2**20  # bytes of all notebooks of one student
_MOST_NOTEBOOKS, _MOST_ZIPS = 40, 10  # of one student that are read
_DEEPEST = 2  # a zip in a student's zip is opened, one in that is not
_LARGEST_ZIP = 200 * 2**20
_MOST_RATIO, _NO_BOMB = 200, 2**20  # how much smaller a file may be packed, if it has more than so many bytes
_LONGEST = 255  # characters of a name
_NAMED = 5  # files that a sentence names
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)([. ].*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Content:
    """What was found in a student's files.

    Attributes:
        notebooks: path → content.
        refused: why nothing was opened, as a sentence; "" if it was.
        instead: what there was, as a sentence, if there was no notebook; "" if there was one.
        remarks: what the instructor should know, in sentences.
    """

    notebooks: dict[str, bytes] = field(default_factory=dict)
    refused: str = ""
    instead: str = ""
    remarks: tuple[str, ...] = ()


class _Found(NamedTuple):
    """A notebook that is not read yet."""

    path: str
    file: File


def open_files(files: Sequence[File], assignment: str) -> Content:
    """The notebooks among a student's files, whatever these are.

    Args:
        files: with the student's own paths.
        assignment: notebooks whose path has its name are read first.

    Raises:
        OSError: the machine fails, as when its disk is full; never for anything in the files.
    """
    try:
        return _opened(files, assignment)
    except Refused as refused:
        return Content(refused=f"Nothing was opened, because {refused}.")
    except OSError:
        raise
    except Exception as error:  # whatever Python's libraries do with such files
        return Content(refused=f"Nothing was opened, because it cannot be read ({type(error).__name__}).")


def some(names: Sequence[str], joined: str = "and") -> str:
    """A few names, and how many more there are.

    >>> some(["a", "b"]), some("abc", "or"), some("abcdefg")
    ('a and b', 'a, b or c', 'a, b, c, d, e and 2 more')
    """
    if len(names) > _NAMED:
        return f"{', '.join(names[:_NAMED])} {joined} {len(names) - _NAMED} more"
    return f" {joined} ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _opened(files: Sequence[File], assignment: str) -> Content:
    visible = [file for file in files if not forms.is_hidden(file.path)]
    work = [file for file in visible if file.path.lower().endswith(forms.WORK)]
    for file in visible:
        if file.problem:
            raise Refused(file.problem)
    _judge(work or visible)
    with ExitStack() as stack:
        found, others, damaged = _find(work, stack)
        found.sort(key=lambda each: _likeliness(each.path, assignment))
        notebooks, unread = _read(found, damaged)
    if not notebooks and damaged and not others:
        raise Refused(damaged[0])
    remarks = [f"{each}." for each in damaged]
    if unread:
        remarks.append(f"Too many or too large: {some(unread)} was not read.")
    others += [file.path for file in visible if file not in work and file.path.strip("/")]
    hidden = [file.path for file in files if forms.is_hidden(file.path)]
    instead = "" if notebooks else " ".join([_instead(others, hidden), *remarks])
    return Content(notebooks, "", instead, tuple(remarks) if notebooks else ())


def _find(work: Sequence[File], stack: ExitStack) -> tuple[list[_Found], list[str], list[str]]:
    """The notebooks, those in zips among them; what other zips have in them; and what is wrong with damaged ones."""
    found = [_Found(file.path, file) for file in work if file.path.lower().endswith(".ipynb")]
    zips = [(file, 1) for file in work if not file.path.lower().endswith(".ipynb")]
    others, damaged = [], []
    for number, (file, depth) in enumerate(zips):  # which grows
        reason = "one zip too many" if number >= _MOST_ZIPS else "in a zip in a zip" if depth > _DEEPEST else ""
        if reason or file.problem:
            damaged.append(f"{file.path} was not opened: {file.problem or f'it is {reason}'}")
            continue
        try:
            inside, names = _inside(file, stack)
        except Unreadable as error:
            damaged.append(f"{file.path} cannot be opened: {error}")
            continue
        notebooks = [each for each in inside if each.path.lower().endswith(".ipynb")]
        inner = [dataclasses.replace(each.file, path=each.path) for each in inside if each not in notebooks]
        found += notebooks
        zips += [(each, depth + 1) for each in inner]
        if not notebooks and len(inner) < max(1, len(names)):
            others.append(f"{file.path} with {some(names) if names else 'nothing in it'}")
    return found, others, damaged


def _instead(others: Sequence[str], hidden: Sequence[str]) -> str:
    if others:
        return f"There is no notebook (.ipynb) among the files: there is {some(others)}."
    if hidden:
        return f"All files are hidden, because their names begin with a point: there is {some(hidden)}."
    return "The folder is empty."


def _inside(file: File, stack: ExitStack) -> tuple[list[_Found], list[str]]:
    """The notebooks and zips in a student's zip, and the names of all files."""
    archive = stack.enter_context(opened(stack.enter_context(file.copy(_LARGEST_ZIP))))
    entries = [(_relative(each.path), each) for each in members(archive) if not each.path.endswith("/")]
    entries = [(path, each) for path, each in entries if not forms.is_hidden(path)]
    work = [(path, each) for path, each in entries if path.lower().endswith(forms.WORK)]
    for path, each in work:
        if path.lower().endswith(".ipynb") and (reason := each.problem or _bad_name(path)):
            raise Refused(reason)
        _judge_size(each)
    return [_Found(f"{file.path}/{path}", each) for path, each in work], [path for path, _ in entries]


def _relative(path: str) -> str:
    """A path without the points that some programs write before it: "./a" is "a"."""
    return path if path.startswith("/") else "/".join(part for part in path.split("/") if part not in ("", "."))


def _likeliness(path: str, assignment: str) -> tuple:
    """Notebooks that are probably meant come first."""
    *folders, name = path.lower().split("/")
    return assignment.lower() not in path.lower(), name.removesuffix(".ipynb") not in forms.RELEASED, len(folders), path


def _read(found: Sequence[_Found], damaged: list[str]) -> tuple[dict[str, bytes], list[str]]:
    """The contents, each once, within the limits, and the paths of those beyond; what is damaged is noted."""
    notebooks: dict[str, bytes] = {}
    left, unread = _MOST_READ, []
    for path, file in found:
        if len(notebooks) >= _MOST_NOTEBOOKS or left <= min(file.size, LARGEST):
            unread.append(path)
            continue
        try:
            content = file.read(min(left, LARGEST + 1))
        except Unreadable as error:
            damaged.append(str(error))
            continue
        if content not in notebooks.values():
            left -= len(content)
            notebooks[_unused(path, notebooks)] = content
    return notebooks, unread


def _unused(path: str, taken: dict[str, bytes]) -> str:
    """The path, numbered if there is one like it: a zip may have two files of one name."""
    return path if path not in taken else f"{path} ({sum(each.startswith(path) for each in taken) + 1})"


def _judge(files: Sequence[File]) -> None:
    """Raise Refused if the names or the sizes are not acceptable."""
    seen: dict[str, str] = {}
    for file in files:
        if reason := _bad_name(file.path):
            raise Refused(reason)
        _judge_size(file)
        key = file.path.casefold()
        if key in seen:
            raise Refused(f"{seen[key]} and {file.path} would be the same file on many machines")
        seen[key] = file.path
    if len(files) > _MOST_FILES:
        raise Refused(f"it has {len(files)} files, more than {_MOST_FILES}")
    if sum(file.size for file in files) > _MOST_BYTES:
        raise Refused(f"its files have more than {_MOST_BYTES // 2**20} MB together")


def _judge_size(file: File) -> None:
    if file.size > _NO_BOMB and file.size > _MOST_RATIO * max(1, file.packed):
        raise Refused(f"{file.path} unpacks to {file.size // 2**20} MB")


def _bad_name(path: str) -> str:
    """What is wrong with a path, or ""."""
    parts = path.rstrip("/").split("/")
    if path.startswith("/") or re.match(r"[A-Za-z]:", path):
        return f"the name {path!r} is not a relative path"
    if ".." in parts or "." in parts or "" in parts[:-1]:
        return f"the name {path!r} leaves its folder"
    if not path.isprintable() or any(len(part) > _LONGEST for part in parts):
        return "a name is too long, or has characters that cannot be printed"
    if any(map(_DEVICES.fullmatch, parts)) or parts[-1].endswith((".", " ")):
        return f"the name {path!r} is that of a device, or is not allowed, on some machines"
    return ""
