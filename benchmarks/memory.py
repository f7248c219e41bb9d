"""How much memory each chapter needs in the view of PyTorch alone, as on Binder: a kernel with its child processes.

Run by `make bench`, or alone for chapters that are named; writes results/memory.json, in GB. Beside the kernel a hosted
machine also holds JupyterLab itself, which is measured too.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from course_utils.repro import THREAD_VARIABLES
from course_utils.workshop import chapters, export

RESULT = Path(__file__).resolve().parents[1] / "results" / "memory.json"
EVERY = 0.02  # seconds between two looks


def held(process: psutil.Process) -> float:
    """What a process and its children hold now, in GB; pages that they share count for each."""
    total = 0
    for each in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            total += each.memory_info().rss
    return total / 1e9


@contextlib.contextmanager
def watched(process: psutil.Process) -> Iterator[list[float]]:
    """A list whose only number is the most that the process and its children have held since."""
    peak, over = [0.0], threading.Event()

    def look() -> None:
        while not over.wait(EVERY):
            with contextlib.suppress(psutil.NoSuchProcess):
                peak[0] = max(peak[0], held(process))

    watcher = threading.Thread(target=look)
    watcher.start()
    yield peak
    over.set()
    watcher.join()


def chapter_peak(path: Path) -> float:
    """The most that the kernel held and its children with it; its own peak is known exactly."""
    notebook = chapters.read(path)
    environment = {"DEVICE": "cpu", **dict.fromkeys(THREAD_VARIABLES, "1")}
    with chapters.kernel(notebook, path.parent, **environment) as client:
        [kernel] = [each for each in psutil.Process().children() if "ipykernel_launcher" in " ".join(each.cmdline())]
        with watched(kernel) as peak:
            for index, cell in enumerate(notebook.cells):
                if cell.cell_type == "code":
                    chapters.execute_cell(client, index)
        return max(peak[0], client.memory)


def server_peak(folder: Path) -> float:
    """What JupyterLab holds once it answers, without a kernel."""
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as server:
        for line in server.stderr:
            if "is running at" in line:
                break
        time.sleep(2)
        found = held(psutil.Process(server.pid))
        server.terminate()
        server.stderr.close()
    return found


if __name__ == "__main__":
    os.environ["CI"] = "1"
    known = json.loads(RESULT.read_text("utf-8")) if RESULT.exists() else {"chapters": {}}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "torch"
        export.export(chapters.find_chapters(sys.argv[1:]), "torch", folder)
        known["jupyterlab"] = round(server_peak(folder), 2)
        for path in sorted(folder.glob("*.ipynb")):
            known["chapters"][path.stem] = round(chapter_peak(path), 2)
            print(path.stem, known["chapters"][path.stem], flush=True)
            known["chapters"] = dict(sorted(known["chapters"].items()))
            RESULT.write_text(json.dumps(known, indent=1) + "\n", "utf-8")
