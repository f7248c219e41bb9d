"""How fast a class is graded: `course grade` beside `nbgrader autograde`, on the same submissions, one after the other.

Run by `make bench`; writes results/grading.json. The submissions are PyTorch notebooks of a2_gru: right ones, ones with
a misconception, half-done ones; nbgrader runs its visible checks, the course its hidden ones. After that one more
submission joins the class, one that hangs, to see by how much it delays the others.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat
import psutil

from course_utils import repro
from course_utils.assignments.loading import role

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "results" / "grading.json"
NAME = "a2_gru"
RIGHT, FLIPPED = "Z * H + (1 - Z)", "(1 - Z) * H + Z"
HANGS = "while True:\n    pass"
JOBS = 2
ENVIRONMENT = os.environ | {"CI": "1", "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def hand_in(submitted: Path, student: str, kind: str) -> None:
    """Write a student's submission; nbgrader needs the visible cases beside the notebook."""
    folder = submitted / student / NAME
    shutil.copytree(ROOT / "assignments" / NAME, folder)
    (folder / "tensorflow.ipynb").unlink()
    notebook = nbformat.read(folder / "torch.ipynb", as_version=4)
    master = nbformat.read(ROOT / "solutions" / NAME / "torch.ipynb", as_version=4)
    answers = {cell.metadata.nbgrader.grade_id: cell.source for cell in master.cells if role(cell) == "answer"}
    for number, cell in enumerate(each for each in notebook.cells if role(each) == "answer"):
        if kind == "half" and number >= len(answers) // 2:
            break
        source = answers[cell.metadata.nbgrader.grade_id]
        cell.source = source.replace(RIGHT, FLIPPED) if kind == "flipped" else source
        if kind == "hangs" and number == 0:
            cell.source = HANGS
    nbformat.write(notebook, folder / "torch.ipynb")


class Watched:
    """Run a command in a folder; it took so many `seconds`, and held `megabytes` at most, all below it included."""

    def __init__(self, folder: Path, *words: str):
        self.megabytes = 0.0
        began = time.perf_counter()
        self._process = subprocess.Popen(
            words, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        watcher = threading.Thread(target=self._watch)
        watcher.start()
        self.output = self._process.communicate()[0].decode()
        self.seconds = time.perf_counter() - began
        watcher.join()
        if self._process.returncode:
            sys.exit(f"{' '.join(words)} failed: {self.output}")

    def _watch(self) -> None:
        while self._process.poll() is None:
            total = 0
            try:
                whole = psutil.Process(self._process.pid)
                for process in [whole, *whole.children(recursive=True)]:
                    total += process.memory_full_info().pss
            except psutil.Error:
                continue
            self.megabytes = max(self.megabytes, total / 2**20)
            time.sleep(0.5)


def ours(folder: Path, out: str) -> Watched:
    """Grade with the course's grader."""
    course = str(Path(sys.executable).with_name("course"))
    words = [course, "grade", "grading/submitted", "--assignment", NAME, "--out", out, "--jobs", str(JOBS)]
    watched = Watched(folder, *words)
    print(watched.output)
    return watched


def theirs(folder: Path) -> Watched:
    """Grade with nbgrader, which needs its database first."""
    subprocess.run(["nbgrader", "generate_assignment", NAME, "--force"], cwd=folder, env=ENVIRONMENT, check=True)
    return Watched(folder, "nbgrader", "autograde", NAME, "--create")


def main(count: int) -> None:
    kinds = ["right", "right", "flipped", "half"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for each in ("solutions", "assignments"):
            shutil.copytree(ROOT / each, folder / each)
        shutil.copy(ROOT / "nbgrader_config.py", folder)
        for number in range(count):
            hand_in(folder / "grading" / "submitted", f"s{number:03}", kinds[number % len(kinds)])
        mine = ours(folder, "out")
        other = theirs(folder)
        graded = len(list((folder / "grading" / "autograded").iterdir()))
        hand_in(folder / "grading" / "submitted", "hangs", "hangs")
        began = time.time()
        ours(folder, "out_hanging")
        landed = {path.stem: path.stat().st_mtime - began for path in (folder / "out_hanging" / "results").iterdir()}
        record = {
            "submissions": count,
            "jobs": JOBS,
            "course": {"seconds": round(mine.seconds, 1), "megabytes": round(mine.megabytes)},
            "nbgrader": {
                "seconds": round(other.seconds, 1),
                "megabytes": round(other.megabytes),
                "graded": graded,
            },
            "times_faster": round(other.seconds / mine.seconds, 1),
            "with_one_that_hangs": {
                "others_done_after_seconds": round(max(each for name, each in landed.items() if name != "hangs"), 1),
                "all_done_after_seconds": round(max(landed.values()), 1),
            },
            "versions": repro.versions(),
        }
        RESULT.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        print(json.dumps(record, indent=1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100, help="submissions")
    main(parser.parse_args().count)
