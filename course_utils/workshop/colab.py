"""`course colab`: chapters and assignments as Colab opens them, with a first cell that brings the course there.

Colab opens one file of a repository on GitHub and nothing beside it. So the files are the content of a branch of their
own, `colab`, and the figures of a chapter are shown by their addresses in the repository.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from course_utils import files
from course_utils.assignments.cells import ON_COLAB
from course_utils.workshop import views
from course_utils.workshop.chapters import ChapterError, find_chapters, read
from course_utils.workshop.refresh import normalised

_ADDRESS = re.compile(r"https://[\w.-]+(?:/[\w.-]+)+")
_FIGURE = re.compile(r"(?<=\]\()figures/")
_CHECKS = re.compile(r"^.*\{assignment\}.*\n", re.MULTILINE)


def write(root: Path, repository: str, out: Path) -> int:
    """Write all notebooks, each reading in a folder of its own: `torch/chapters/02_rnn.ipynb` and its like.

    Args:
        root: the course.
        repository: its address, such as https://github.com/NAME/COURSE.
        out: a folder that does not exist yet, or an empty one.

    Returns: how many notebooks there are.

    Raises:
        ChapterError: the address is none, the folder holds something or cannot be written, or a notebook cannot be
            read. Nothing is written.
    """
    repository = repository.removesuffix("/").removesuffix(".git")
    if not _ADDRESS.fullmatch(repository):
        raise ChapterError(
            f"The repository is {repository!r}, and Colab clones it: give its address, https://…, with owner and name."
        )
    try:
        with files.new_folder(out) as whole:
            notebooks = list(_notebooks(root, repository))
            for name, notebook in notebooks:
                files.write(whole / name, nbformat.writes(notebook) + "\n")
    except FileExistsError as error:
        raise ChapterError(f"{out} is there and not an empty folder: name a new one by --out.") from error
    except OSError as error:
        raise ChapterError(f"{out} cannot be written: {error.strerror}; name another folder by --out.") from error
    return len(notebooks)


def _notebooks(root: Path, repository: str) -> Iterator[tuple[str, NotebookNode]]:
    """Each notebook and its name in the branch."""
    for view in get_args(views.View):
        for path in find_chapters(folder=root / "chapters"):
            chapter = normalised(views.of_notebook(read(path), view))
            for cell in chapter.cells:
                if cell.cell_type == "markdown":
                    cell.source = _FIGURE.sub(f"{repository}/raw/HEAD/chapters/figures/", cell.source)
            chapter.cells.insert(0, _first(_CHECKS.sub("", ON_COLAB).format(repository=repository)))
            yield f"{view}/chapters/{path.name}", chapter
    for path in sorted((root / "assignments").glob("a*/*.ipynb")):
        assignment = read(path)  # as it was handed out: in no text is anything changed
        assignment.cells.insert(0, _first(ON_COLAB.format(repository=repository, assignment=path.parent.name)))
        yield f"{path.stem}/assignments/{path.parent.name}.ipynb", assignment


def _first(source: str) -> NotebookNode:
    return new_code_cell(source.rstrip(), id="colab")
