"""`course lab`: JupyterLab on a reader's folder, without what a reader has no use for.

`jupyterlab/` beside this file holds its settings: no question about news, nothing of nbgrader's for authors, and no
first line of an answer that is folded. They are for this command alone; `jupyter lab` has them all, as who writes
chapters or grades needs them.
"""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from course_utils import files
from course_utils.workshop import pages
from course_utils.workshop.reading import Opened

_SETTINGS = Path(__file__).parent / "jupyterlab"
_WORKSPACE = {
    "data": {
        "layout-restorer:data": {
            "left": {"collapsed": False, "current": "filebrowser", "widgets": ["filebrowser"]},
            "right": {"collapsed": False, "current": "@jupyterlab/toc:plugin", "widgets": ["@jupyterlab/toc:plugin"]},
        }
    },
    "metadata": {"id": "default"},
}


def sentences(opened: Opened, framework: str) -> Iterator[str]:
    """What the reader is told: where to work, where earlier work is, and whether there is something new."""
    if opened.made:
        yield f"Your own copy of the course is in {opened.folder}. Work there: nothing is ever written over in it."
    if opened.left:
        yield f"You have worked in {', '.join(opened.left)}: this stays as it is; take over what you like."
    if opened.newer:
        yield (
            f"The course has newer versions of {', '.join(opened.newer)} than {opened.folder}. "
            f"To have them in a folder beside it: make lab FRAMEWORK={framework} NEW=1"
        )


def start(folder: Path, arguments: Sequence[str]) -> None:
    """Become JupyterLab, with the chapters of a reader's folder in view and a table of contents beside them.

    Args:
        folder: the reader's.
        arguments: more options for JupyterLab.
    """
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *command(folder), *arguments])


def command(folder: Path) -> list[str]:
    """How Python starts JupyterLab; the places of its panels are kept beside the reader's folder."""
    workspaces = folder.parent / ".jupyterlab"
    if not workspaces.exists():  # under JupyterLab's own name for its default workspace
        files.write(workspaces / "default-37a8.jupyterlab-workspace", json.dumps(_WORKSPACE))
    return [
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={folder.parent}",
        f"--LabApp.default_url=/lab/tree/{folder.name}/chapters",
        f"--LabApp.app_settings_dir={_SETTINGS}",
        f"--LabApp.workspaces_dir={workspaces}",
        "--LabApp.custom_css=True",
        f"--ServerApp.tornado_settings={{'static_custom_path': [{str(_SETTINGS)!r}]}}",
        "--LabApp.extension_manager=readonly",  # the other one asks PyPI
        *(f"--HTMLExporter.{name}={_option(value)}" for name, value in pages.SETTINGS.items()),
    ]


def _option(value: object) -> str:
    """How the command line gives a list of one thing, a dict of one thing, or a thing."""
    [value] = value.items() if isinstance(value, dict) else value if isinstance(value, list) else [value]
    return "=".join(value) if isinstance(value, tuple) else str(value)
