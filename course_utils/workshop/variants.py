"""Variants of the assignments: what their questions ask is drawn for each term, so that last year's answers do not fit.

A master has its alternatives in `variants.py`, as pieces of its text and what takes their places:

    VARIANTS = {
        "where the padding stands": {
            "behind": {},  # as the master has it
            "in front": {"t < lengths": "X.shape[1] - t <= lengths", "is padding at the end": "is padding in front"},
        },
        "names": {"as before": {}, "others": {"unroll": "walk"}},
    }

One alternative is drawn for each choice. Its pieces are replaced wherever they stand: in the cells of both notebooks,
in their ids, and in the Python files. What comes out is a master like any other, built and proved in the same way.
"""

import json
import random
import runpy
import shutil
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

from course_utils import files
from course_utils.assignments.errors import AssignmentError
from course_utils.assignments.loading import FRAMEWORKS
from course_utils.workshop.building import build

_NOTEBOOKS = [f"{framework}.ipynb" for framework in FRAMEWORKS]
DECLARED, DRAWN = "variants.py", "variant.json"
Choices = Mapping[str, Mapping[str, Mapping[str, str]]]


def write_variants(
    root: Path, names: Sequence[str], seed: str, out: Path, unlike: Path | None = None
) -> dict[str, dict[str, str]]:
    """Write a folder with all masters, those named in another variant, and with what students get of them.

    Args:
        root: the folder with nbgrader_config.py and solutions/.
        names: of assignments; all that have alternatives if none is named.
        seed: of the draw, such as the term. The same seed draws the same.
        out: a new folder, or an empty one.
        unlike: such a folder of another term: each choice is then another one, where there are others.

    Returns: assignment → choice → what was drawn.

    Raises:
        AssignmentError: an assignment has no alternatives, a piece is not in it, the result is none that can be built,
            or the folder is there. Nothing is written.
    """
    declared = {path.parent.name: path for path in sorted((root / "solutions").glob(f"*/{DECLARED}"))}
    if unknown := [name for name in names if name not in declared]:
        raise AssignmentError(f"{unknown[0]} has no {DECLARED}: those that have are {', '.join(declared) or 'none'}.")
    before = _drawn_before(unlike) if unlike else {}
    drawn = {}
    try:
        with files.new_folder(out) as folder:
            shutil.copy2(root / "nbgrader_config.py", folder)
            ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", DECLARED)
            shutil.copytree(root / "solutions", folder / "solutions", ignore=ignored)
            for name in names or declared:
                choices = read_choices(declared[name])
                drawn[name] = draw(choices, f"{name} {seed}", before.get(name, {}))
                apply(choices, drawn[name], folder / "solutions" / name)
            build(folder, folder / "assignments")
            told = {"seed": seed, "drawn": drawn}
            (folder / DRAWN).write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except FileExistsError as error:
        raise AssignmentError(f"{out} is there already: name a new folder by --out.") from error
    return drawn


def read_choices(path: Path) -> Choices:
    """The alternatives of a master: choice → alternative → piece → what takes its place.

    Raises AssignmentError if the file cannot be used.
    """
    try:
        choices = runpy.run_path(str(path))["VARIANTS"]
        pieces = [piece for each in choices.values() for pairs in each.values() for piece in pairs.items()]
        ok = choices and all(choices.values()) and all(isinstance(text, str) for piece in pieces for text in piece)
    except Exception as error:  # whatever its author may have mistyped
        raise AssignmentError(f"{path} cannot be used: {type(error).__name__}: {error}.") from error
    if not ok:
        raise AssignmentError(f"{path}: VARIANTS should be {{CHOICE: {{ALTERNATIVE: {{PIECE: OTHER}}}}}}, of texts.")
    return choices


def draw(choices: Choices, seed: str, unlike: Mapping[str, str]) -> dict[str, str]:
    """An alternative for each choice, not all of them the master's, and none of those in `unlike`.

    >>> choices = {"padding": {"behind": {}, "in front": {"a": "b"}}, "names": {"old": {}, "new": {"c": "d"}}}
    >>> draw(choices, "a2 2027", {"padding": "behind", "names": "old"})
    {'padding': 'in front', 'names': 'new'}
    """
    each = [[name for name in able if name != unlike.get(choice)] or [*able] for choice, able in choices.items()]
    drawn = [dict(zip(choices, names, strict=True)) for names in product(*each)]
    others = [names for names in drawn if any(choices[choice][name] for choice, name in names.items())]
    return random.Random(seed).choice(others or drawn)


def apply(choices: Choices, drawn: Mapping[str, str], folder: Path) -> None:
    """Replace the pieces of what was drawn in a master's notebooks and Python files.

    Raises AssignmentError if a piece is nowhere, or in the text of one notebook only.
    """
    notebooks = {path: json.loads(path.read_text(encoding="utf-8")) for path in map(folder.joinpath, _NOTEBOOKS)}
    modules = {path: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")) if path.name != DECLARED}
    for choice, name in drawn.items():
        for piece, other in choices[choice][name].items():
            kinds = [_replace(notebook, piece, other) for notebook in notebooks.values()]
            if not any(kinds) and not any(piece in text for text in modules.values()):
                raise AssignmentError(f"{folder.name}: {choice} ({name}) replaces {piece!r}, which is nowhere in it.")
            if sum("markdown" in each for each in kinds) == 1:
                raise AssignmentError(
                    f"{folder.name}: {choice} ({name}) replaces {piece!r}, which one notebook only has."
                )
            modules = {path: text.replace(piece, other) for path, text in modules.items()}
    for path, notebook in notebooks.items():
        files.write(path, json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")
    for path, text in modules.items():
        files.write(path, text)


def _replace(notebook: dict, piece: str, other: str) -> set[str]:
    """Replace a piece in all cells, a name in their ids, too; the kinds of the cells that have it."""
    found = set()
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if piece in source:
            found.add(cell["cell_type"])
            cell["source"] = source.replace(piece, other).splitlines(keepends=True)
        if piece.isidentifier():
            marks = cell["metadata"].get("nbgrader", {})
            for holder, key in ((cell, "id"), (marks, "grade_id")):
                holder |= {key: holder[key].replace(piece, other)} if key in holder else {}
    return found


def _drawn_before(folder: Path) -> Mapping[str, Mapping[str, str]]:
    try:
        return json.loads((folder / DRAWN).read_text(encoding="utf-8"))["drawn"]
    except (OSError, ValueError, KeyError) as error:
        raise AssignmentError(
            f"{folder} has no {DRAWN} that can be read: name a folder made by `course variant`."
        ) from error
