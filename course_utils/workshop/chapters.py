"""Chapters run without a screen: find one, read it, execute it cell by cell."""

import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from tqdm import tqdm

from course_utils.errors import CourseError
from course_utils.files import ROOT
from course_utils.workshop import usage

CHAPTERS = ROOT / "chapters"


class ChapterError(CourseError):
    """What is wrong with a chapter, in one sentence."""


class CellError(Exception):
    """A cell that did not run to its end; `fatal` says that no later cell can run either."""

    def __init__(self, what: str, traceback: str = "", fatal: bool = False):
        super().__init__(what)
        self.traceback = traceback
        self.fatal = fatal


class Client(NotebookClient):
    """Runs a notebook's cells in a kernel that tells with each how much it has used since it was started.

    Attributes:
        seconds: processor seconds of the kernel and of the processes that it has waited for.
        memory: the most that the kernel ever held, in GB.
    """

    seconds = memory = 0.0

    def ask_with_each_cell(self) -> None:
        """Ask the kernel, once it runs, what it has used whenever a cell has ended."""
        self.kc.execute = partial(self.kc.execute, user_expressions={"used": usage.ASKED})
        self.on_cell_executed = self._note

    def _note(self, cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]) -> None:
        if execute_reply["content"]["status"] == "ok":  # else nothing was asked, and the next cell tells it
            used = execute_reply["content"]["user_expressions"]["used"]
            self.seconds, self.memory = json.loads(used["data"]["text/plain"])


class _OwnInterpreter(KernelSpecManager):
    """Whatever kernel a notebook names, it runs in the environment that runs this program."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())


def find_chapter(name: str, folder: Path = CHAPTERS) -> Path:
    """The notebook that a number or a name means.

    Args:
        name: "02", "2", "02_rnn", "02_rnn.ipynb" or the path of a chapter.
        folder: where the chapters are.

    Raises:
        ChapterError: no chapter of that name; the sentence lists those there are.
    """
    chapters = find_chapters(folder=folder)
    for path in chapters:
        number = path.stem.partition("_")[0]
        same_number = name.isdecimal() and number.isdecimal() and int(name) == int(number)
        if same_number or name in (path.name, path.stem) or Path(name).resolve() == path.resolve():
            return path
    known = ", ".join(path.stem for path in chapters) or "not there at all: run this in a clone of the course"
    raise ChapterError(f"There is no chapter {name!r}: the chapters are {known}.")


def find_chapters(names: list[str] | None = None, folder: Path = CHAPTERS) -> list[Path]:
    """The notebooks of these names, in their order; all of the folder's without names."""
    return [find_chapter(name, folder) for name in names] if names else sorted(folder.glob("*.ipynb"))


@contextmanager
def kernel(notebook: NotebookNode, folder: Path, timeout: float | None = None, **environment: str) -> Iterator[Client]:
    """A client whose kernel runs the notebook's cells in `folder`, with quiet progress (CI=1).

    Args:
        notebook: the cells; they are given their new outputs.
        folder: the kernel's working folder.
        timeout: seconds that a cell may take, or None.
        environment: variables for the kernel, above those of this process.
    """
    client = Client(
        notebook,
        km=AsyncKernelManager(kernel_spec_manager=_OwnInterpreter()),
        resources={"metadata": {"path": str(folder)}},
        timeout=timeout and math.ceil(timeout),
        extra_arguments=["--log-level=ERROR"],  # the kernel's own remarks are no concern of a reader
        record_timing=False,
        shutdown_kernel="immediate",
    )
    # Where a kernel believes that it is tested itself, it does not show what libraries write to the file descriptors.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    with client.setup_kernel(env={**inherited, "CI": "1", **environment}, cleanup_kc=True):
        client.ask_with_each_cell()
        yield client


def execute_cell(client: Client, index: int) -> None:
    """Run the cell with this index in the client's notebook.

    Raises:
        CellError: an exception of the cell, a dead kernel, no end in time, or another cell's output changed.
    """
    cell, earlier = client.nb.cells[index], client.nb.cells[:index]
    shown = [deepcopy(each.get("outputs")) for each in earlier]
    try:
        client.execute_cell(cell, index)
    except CellExecutionError as error:
        traceback = "\n".join(line for out in cell.outputs for line in out.get("traceback", []))
        raise CellError(f"{error.ename}: {error.evalue}", traceback) from None
    except CellTimeoutError:
        raise CellError(f"it did not end within {client.timeout} s", fatal=True) from None
    except DeadKernelError:
        raise CellError("the kernel died (memory used up, os._exit or a crash in a library)", fatal=True) from None
    if shown != [each.get("outputs") for each in earlier]:  # by a display's `update`; it was compared already
        raise CellError("it changed what an earlier cell shows: display and update in one cell")


def execute(notebook: NotebookNode, chapter: Path, **environment: str) -> float:
    """Run all code cells anew, with a progress bar on stderr, and return the processor seconds of the kernel.

    Raises:
        ChapterError: a cell failed; those after it have no outputs.
    """
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    with kernel(notebook, chapter.parent, **environment) as client:
        for number, index in enumerate(tqdm(_code_indices(notebook), desc=chapter.stem, unit="cell"), start=1):
            try:
                execute_cell(client, index)
            except CellError as error:
                first_line = notebook.cells[index].source.strip().partition("\n")[0]
                raise ChapterError(f"{chapter.name}, cell [{number}], {first_line!r}: {error}") from error
        return client.seconds


def read(path: Path) -> NotebookNode:
    """A notebook as it lies on the disk.

    Raises:
        ChapterError: the file is no notebook.
    """
    try:
        return nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        raise ChapterError(f"{path.name} is no valid notebook: {str(error).partition(chr(10))[0]}") from error


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells that hold code."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _code_indices(notebook: NotebookNode) -> list[int]:
    return [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()]
