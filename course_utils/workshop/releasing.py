"""A copy of the course for students: all of it but for what only instructors should have."""

import re
import shutil
import subprocess
import tempfile
from fnmatch import fnmatch
from pathlib import Path

from course_utils import files
from course_utils.assignments.errors import AssignmentError

LEFT_OUT = (
    "solutions/*",
    "course_utils/grading/*",
    "grading/*",
    "nbgrader_config.py",
    "docs/instructors.md",
    "docs/grading.md",
    "tests/*assignment*",
    "tests/*grading*",
    "tests/attacks/*",
    "benchmarks/*grading*",
    "results/*grading*",
)
"""Patterns of files that students do not get: the masters, their tests, marks, and what instructors are told."""

_FOR_INSTRUCTORS = {
    ".md": re.compile(r"<!-- instructors -->.*?<!-- /instructors -->\n?", re.DOTALL),
    ".toml": re.compile(r"^# instructors\n.*?^# /instructors\n+", re.DOTALL | re.MULTILINE),
    "Makefile": re.compile(r"^# instructors\n.*?^# /instructors\n+", re.DOTALL | re.MULTILINE),
}


def release(root: Path, target: Path) -> int:
    """Write the students' copy as a new folder, or as a zip if the name ends in .zip.

    What stands between `<!-- instructors -->` and `<!-- /instructors -->` in a Markdown file, and between lines
    `# instructors` and `# /instructors` in the Makefile and in pyproject.toml, is left out, too.

    Args:
        root: the instructors' copy, a git repository. Only what is under version control is copied: submissions, marks
            and lists of names that lie beside it are not.
        target: must not exist, or be an empty folder.

    Returns: how many files it has.

    Raises:
        AssignmentError: the target is there, or nothing is under version control. Nothing is written.
    """
    names = [name for name in _files(root) if not any(fnmatch(name, pattern) for pattern in LEFT_OUT)]
    target = target.expanduser()
    there = f"{target} is there already: name a new folder, or a new file that ends in .zip."
    if target.suffix == ".zip":
        if target.exists():
            raise AssignmentError(there)
        with tempfile.TemporaryDirectory() as part:
            for name in names:
                _copy(root / name, Path(part) / "whole" / name)
            files.write(target, Path(shutil.make_archive(f"{part}/whole", "zip", f"{part}/whole")).read_bytes())
        return len(names)
    try:
        with files.new_folder(target) as whole:
            for name in names:
                _copy(root / name, whole / name)
    except FileExistsError as error:
        raise AssignmentError(there) from error
    return len(names)


def _files(root: Path) -> list[str]:
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True).stdout
    except FileNotFoundError as error:
        raise AssignmentError("git is not installed, and it tells which files are the course's: install it.") from error
    except (OSError, subprocess.CalledProcessError) as error:
        raise AssignmentError(f"git does not know the files of {root}: release from a clone of the course.") from error
    if names := [name for name in listed.split("\0") if name and (root / name).is_file()]:
        return names
    raise AssignmentError(f"Nothing in {root} is under version control: add and commit the course's files.")


def _copy(source: Path, copy: Path) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, copy)
    if marked := _FOR_INSTRUCTORS.get(source.suffix or source.name):
        copy.write_text(marked.sub("", source.read_text(encoding="utf-8")), encoding="utf-8")
