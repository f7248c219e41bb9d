"""What a kernel has used is its own work and that of the processes it starts: not waiting, and not a busy machine."""

import os

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course_utils.workshop import chapters

WORKS = "while time.process_time() < begin + 0.5: pass"
CELLS = {
    "begins": "import subprocess, sys, time\nbegin = time.process_time()",
    "sleeps": "time.sleep(2)",
    "works": WORKS,
    "fails": WORKS.replace("0.5", "1.0") + "\n1 / 0",
    "after that": "pass",
    "lets a child work": f"subprocess.run([sys.executable, '-c', 'import time; begin = 0\\n{WORKS}'], check=True)",
    "holds much": "x = bytearray(200_000_000); x[::1000] = x[::1000]; del x",
    "holds little": "pass",
}


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """By which processor seconds and GB each cell has raised what its kernel has used."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in CELLS.values()])
    found, before = {}, (0.0, 0.0)
    with chapters.kernel(notebook, tmp_path_factory.mktemp("kernel"), **os.environ) as client:
        for index, name in enumerate(CELLS):
            if name == "fails":
                with pytest.raises(chapters.CellError, match="ZeroDivisionError"):
                    chapters.execute_cell(client, index)
            else:
                chapters.execute_cell(client, index)
            now = client.seconds, client.memory
            found[name] = now[0] - before[0], now[1] - before[1]
            before = now
    return found


def test_waiting_takes_no_processor_time(used):
    assert used["sleeps"][0] < 0.3


@pytest.mark.parametrize("name", ["works", "lets a child work"])
def test_work_takes_processor_time(used, name):
    assert 0.4 < used[name][0] < 2  # what is more than 0.5 is Python's start


def test_what_a_cell_that_failed_has_used_counts_with_the_next(used):
    assert used["fails"] == (0, 0)
    assert used["after that"][0] > 0.4


def test_the_most_that_was_held_counts_though_it_is_given_back(used):
    assert used["holds much"][1] > 0.15
    assert used["holds little"][1] < 0.05
