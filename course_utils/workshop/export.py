"""`course export`: chapters with one framework's side only, for readers who have, or want, no other."""

import re
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_utils import files
from course_utils.workshop import views
from course_utils.workshop.chapters import ChapterError, read
from course_utils.workshop.refresh import normalised

_FIGURE = re.compile(r"\bfigures/[\w-]+\.\w+")


def export(chapters: Sequence[Path], view: views.View, folder: Path) -> None:
    """Write chapters without the other framework's cells and words, and the figures that they show, into a new folder.

    Args:
        chapters: the notebooks.
        view: "torch" or "tensorflow", the one to keep; "both" for the site's reading of both.
        folder: a folder that does not exist yet, or an empty one.

    Raises:
        ChapterError: the folder holds something or cannot be written, or a chapter or one of its figures cannot be
            read. Nothing is written.
    """
    try:
        with files.new_folder(folder) as whole:
            for chapter in chapters:
                notebook = normalised(views.of_notebook(read(chapter), view))
                files.write(whole / chapter.name, nbformat.writes(notebook) + "\n")
                for name, content in _figures(notebook, chapter).items():
                    files.write(whole / name, content)
    except FileExistsError as error:
        raise ChapterError(f"{folder} is there and not an empty folder: name a new one by --out.") from error
    except OSError as error:
        raise ChapterError(f"{folder} cannot be written: {error.strerror}; name another folder by --out.") from error


def _figures(notebook: NotebookNode, chapter: Path) -> dict[str, bytes]:
    """Name → content of each figure that the text cells name."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    names = sorted(set(_FIGURE.findall(text)))
    for name in names:
        if not (chapter.parent / name).is_file():
            raise ChapterError(f"{chapter.name} shows {name}, which is not there: put it beside the chapter.")
    return {name: (chapter.parent / name).read_bytes() for name in names}
