"""A copy of the course for students: all of it but for what only instructors should have, in one framework or both."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path

from course_utils import files
from course_utils.assignments.errors import AssignmentError
from course_utils.workshop import results, views
from course_utils.workshop.chapters import ROOT, find_chapters, read
from course_utils.workshop.refresh import code_hash

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

OF_BOTH = (
    ".ci/*",
    ".github/*",
    ".pre-commit-config.yaml",
    "CONTRIBUTING.md",
    "benchmarks/*",
    "docs/*.json",
    "docs/*.md",
    "docs/*.py",
    "docs/.npmrc",
    "docs/_*",
    "environment.yml",
    "experiments/site_*",
    "references/*",
    "results/*/site_*",
    "results/cells.json",
    "results/memory.json",
    "results/networks/*",
    "results/references/*",
    "results/scoreboard.json",
    "results/spread.json",
    "results/trainer.json",
    "tests/*",
)
"""Patterns of files that need or compare both frameworks: a copy in one framework is without them."""

_MADE = re.compile(r"assignments/a\d+_\w+/(checks/)?[^/.]+\.\w+$")  # what `make assignments` makes
_OF = {side: (f"course_utils/*{side}*", f"assignments/*{side}.*") for side in views.sides("both")}
_OF["torch"] += (".binder/*",)
_FOR_INSTRUCTORS = {
    ".md": re.compile(r"<!-- instructors -->.*?<!-- /instructors -->\n?", re.DOTALL),
    ".toml": re.compile(r"^# instructors\n.*?^# /instructors\n+", re.DOTALL | re.MULTILINE),
    "Makefile": re.compile(r"^# instructors\n.*?^# /instructors\n+", re.DOTALL | re.MULTILINE),
}
_COMMANDS = re.compile(r"^# (?P<view>both|torch|tensorflow)\n(?P<kept>.*?)^# /(?P=view)\n+", re.DOTALL | re.MULTILINE)


def release(root: Path, target: Path, view: views.View = "both", variant: Path | None = None) -> int:
    """Write the students' copy as a new folder, or as a zip if the name ends in .zip.

    What stands between `<!-- instructors -->` and `<!-- /instructors -->` in a Markdown file, and between lines
    `# instructors` and `# /instructors` in the Makefile and in pyproject.toml, is left out, too.

    Args:
        root: the instructors' copy, a git repository. Only what is under version control is copied: submissions, marks
            and lists of names that lie beside it are not.
        target: must not exist, or be an empty folder.
        view: "torch" or "tensorflow" for a copy that does without the other framework: chapters, assignments and
            README without its cells and words, and no tests, which compare the two.
        variant: a folder made by `course variant`, whose assignments are released in the place of the root's.

    Returns: how many files it has.

    Raises:
        AssignmentError: the target is there, nothing is under version control, or the variant has no assignments.
            Nothing is written.
    """
    others = {*views.sides("both")}.difference(views.sides(view))
    left_out = [*LEFT_OUT, *(OF_BOTH if others else ()), *(pattern for side in others for pattern in _OF[side])]
    sources = {name: root / name for name in _files(root) if not (variant and _MADE.match(name))}
    sources |= _drawn(variant) if variant else {}
    sources = {name: path for name, path in sources.items() if not any(fnmatch(name, each) for each in left_out)}
    target = target.expanduser()
    there = f"{target} is there already: name a new folder, or a new file that ends in .zip."
    if target.suffix == ".zip":
        if target.exists():
            raise AssignmentError(there)
        with tempfile.TemporaryDirectory() as part:
            _fill(Path(part) / "whole", sources, root, view)
            files.write(target, Path(shutil.make_archive(f"{part}/whole", "zip", f"{part}/whole")).read_bytes())
        return len(sources)
    try:
        with files.new_folder(target) as whole:
            _fill(whole, sources, root, view)
    except FileExistsError as error:
        raise AssignmentError(there) from error
    return len(sources)


def _drawn(variant: Path) -> dict[str, Path]:
    """The students' version of a variant's assignments."""
    paths = {path.relative_to(variant).as_posix(): path for path in sorted((variant / "assignments").rglob("*.*"))}
    if made := {name: path for name, path in paths.items() if _MADE.match(name)}:
        return made
    raise AssignmentError(f"{variant} has no assignments: name a folder made by `course variant`.")


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


def _fill(folder: Path, sources: Mapping[str, Path], root: Path, view: views.View) -> None:
    for name, source in sources.items():
        _copy(source, folder / name)
    if view != "both":
        for path in [folder / name for name in sources]:
            _in_one_framework(path, view)
        _keep_results(root, folder, view)


def _in_one_framework(path: Path, view: views.View) -> None:
    """Take out of a copied file what is about the other framework."""
    if path.name == "Makefile":
        text = path.read_text("utf-8").replace("FRAMEWORK ?= both", f"FRAMEWORK ?= {view}")
        text = text.replace("FRAMEWORK=torch", f"FRAMEWORK={view}")  # what `make` says as an example
        files.write(path, _COMMANDS.sub(lambda found: found["kept"] if found["view"] == view else "", text))
    elif path.name in ("Dockerfile", "devcontainer.json"):
        files.write(path, path.read_text("utf-8").replace("torch", view))
    elif path.suffix in (".ipynb", ".md"):
        files.write(path, views.of_file(path, view))


def _keep_results(root: Path, folder: Path, view: views.View) -> None:
    """Write results/chapters.json and README's scoreboard of this framework's runs."""
    frameworks = ("", *views.sides(view))
    known = results.load(root / results.FILE.relative_to(ROOT))
    for chapter in find_chapters(folder=folder / "chapters"):
        entry = known[chapter.stem]
        entry["sources"] = code_hash(read(chapter))
        entry["runs"] = [run for run in entry["runs"] if run["framework"] in frameworks]
    files.write(folder / results.FILE.relative_to(ROOT), results.dump(known))
    readme = folder / "README.md"
    table = results.scoreboard(known, frameworks)
    files.write(readme, results.with_table(readme.read_text("utf-8"), "scoreboard", table))
