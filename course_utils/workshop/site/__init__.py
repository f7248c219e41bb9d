"""`course site`: the course as web pages, built from what is stored; nothing is executed, and no network is asked.

Three readings, of both frameworks and of each alone, lie in three folders; `readings` joins their pages. `sources` says
what they are built from, `docs/conf.py` how.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import get_args

from course_utils import files
from course_utils.workshop import views
from course_utils.workshop.chapters import ChapterError
from course_utils.workshop.site import sources

DOCS = files.ROOT / "docs"
ASSETS = DOCS / "node_modules"
ENTRANCE = Path(__file__).parent / "entrance.html"


def build(
    out: Path, instructors: bool = False, repository: str = "", say: Callable[[str], object] = lambda line: None
) -> None:
    """Build the three readings.

    Args:
        out: the folder for the site; an older site in it is exchanged when the new one is whole.
        instructors: with the instructors' guides.
        repository: the address of the course's repository, for the buttons that launch a chapter; none without.
        say: is told what is being built.

    Raises:
        ChapterError: something that the site needs is missing, or Sphinx warns of something.
    """
    if not (DOCS / "conf.py").exists():
        raise ChapterError("This copy is for one framework, and the site has both: build it in a copy with both.")
    if importlib.util.find_spec("sphinx") is None:
        raise ChapterError("The site needs Sphinx, which is not installed: run `make setup`.")
    if not ASSETS.is_dir():
        raise ChapterError(
            "The site needs the font of its formulas, which npm brings: install npm, then call `make site`."
        )
    if instructors and not (DOCS / "instructors.md").exists():
        raise ChapterError("The guides are in the instructors' copy of the course only: build the site without them.")
    files.require_writable(out, mend="name another folder by --out.")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as name:
        folder = Path(name)
        for view in get_args(views.View):
            sources.write(files.ROOT, folder / "sources" / view, view, instructors)
        for view in get_args(views.View):
            say(f"the reading {view} ...")
            sphinx(folder / "sources" / view, folder / "site" / view, repository)
        shutil.rmtree(folder / "site/jupyter_execute", ignore_errors=True)  # of the pictures each reading has its own
        files.write(folder / "site/index.html", ENTRANCE.read_bytes())
        if out.exists():
            out.replace(folder / "old")
        (folder / "site").replace(out)


def sphinx(source: Path, target: Path, repository: str) -> None:
    """Build one reading.

    Args:
        source: what it is built from; the folder's name is the reading's.
        target: where its pages go.
        repository: as for `build`.

    Raises:
        ChapterError: Sphinx warns of something; its own words follow.
    """
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going"]
    folders = ["--conf-dir", DOCS, "--doctree-dir", source.with_name(f"{source.name}.doctrees"), source, target]
    environment = {**os.environ, "COURSE_REPOSITORY": repository}
    done = subprocess.run(
        [*command, *folders], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise ChapterError(f"Sphinx does not build the site's reading {source.name}:\n{done.stdout.strip()}")
