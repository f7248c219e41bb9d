"""pytest extension: `pytest --nbval` judges notebooks by `outputs.compare`, and executes them as a front end does.

nbval collects the cells and reports; this puts nbclient in the place of its executor, because that knows
`clear_output`, display updates, a trailing `;` and dead kernels, and `compare` in the place of its comparison.
Loaded by `-p course_utils.workshop.nbval_plugin`. Tags of cells:

- `trained`: the outputs come from training: their tolerance is drawn from results/spread.json, and with DEVICE other
  than cpu only their kinds are compared;
- nbval's own, such as `nbval-ignore-output`: nothing is compared, but a warning fails here too.

A cell that begins with `# needs: …` and lacks it runs as for a reader who lacks it: it must print that sentence, and
its stored outputs are for machines that have what it needs.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from copy import deepcopy
from pathlib import Path

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

from course_utils.interop.needs import missing
from course_utils.workshop import spread
from course_utils.workshop.chapters import CellError, execute_cell, kernel
from course_utils.workshop.doctor import MEMORY_GB
from course_utils.workshop.outputs import DEFAULT, VARYING, Tolerance, compare


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the tolerances and the budget."""
    group = parser.getgroup("course", "Notebooks of the course")
    group.addoption("--nb-rtol", type=float, default=DEFAULT.rtol, help="relative tolerance (default: %(default)g)")
    group.addoption(
        "--nb-budget-factor",
        type=float,
        default=2.5,
        help="a notebook's kernel may use its metadata's course.budget_seconds, of processor time, times this, for "
        "processors that are slower; 0: no limit (default: %(default)g)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to cut a notebook into pieces: its cells need one kernel, so one process."""
    side_by_side = config.getoption("numprocesses", None)
    if config.option.nbval and side_by_side and config.option.dist not in ("loadfile", "no"):
        raise pytest.UsageError(
            f"-n {side_by_side} spreads a notebook's cells over processes (--dist {config.option.dist}), and they need "
            "one kernel: add --dist loadfile."
        )


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Iterator[None]:
    """Put a `Notebook` in the place of nbval's collector."""
    collectors = yield
    return [
        Notebook.from_parent(parent, path=file_path) if isinstance(collector, IPyNbFile) else collector
        for collector in collectors
    ]


class Notebook(IPyNbFile):
    """A notebook and its kernel."""

    def collect(self) -> Iterator["Cell"]:
        """The code cells."""
        for item in super().collect():
            yield Cell.from_parent(self, name=item.name, cell_num=item.cell_num, cell=item.cell, options=item.options)

    def setup(self) -> None:
        """Start the kernel; the cells run in a copy, so that what is stored stays to compare with."""
        self.setup_sanitize_files()
        live = deepcopy(self.nb)
        self.indices = [index for index, cell in enumerate(live.cells) if cell.cell_type == "code"]
        for index in self.indices:
            live.cells[index].outputs = []
        self.measured = spread.measured(self.path.stem)
        self.has_used_too_much, self.stopped = False, ""
        self.resources = ExitStack()
        timeout = self.config.option.nbval_cell_timeout
        self.client = self.resources.enter_context(kernel(live, self.path.parent, timeout=timeout))

    def teardown(self) -> None:
        """Stop the kernel."""
        self.resources.close()

    def used_too_much(self) -> str:
        """What is wrong, said once, when the kernel has used more processor time or memory than it may."""
        client, factor = self.client, self.config.option.nb_budget_factor
        budget = self.nb.metadata.get("course", {}).get("budget_seconds")
        found = ""
        if budget and factor and client.seconds > budget * factor:
            found = (
                f"The notebook has used {client.seconds:.1f} processor seconds up to this cell, its budget is "
                f"{budget:g} s × {factor:g}: make it faster, or raise course.budget_seconds in its metadata "
                "(--nb-budget-factor=0: no budgets)."
            )
        elif client.memory > MEMORY_GB and os.environ.get("DEVICE", "cpu") == "cpu":
            found = f"The notebook has held {client.memory:.2f} GB up to this cell, allowed are {MEMORY_GB:g} GB."
        if not found or self.has_used_too_much:
            return ""
        self.has_used_too_much = True
        return found


class Cell(IPyNbCell):
    """A code cell, run in its notebook's kernel and compared with its stored outputs."""

    def setup(self) -> None:
        """Skip what cannot run any more."""
        if self.parent.stopped:
            pytest.skip(self.parent.stopped)

    def runtest(self) -> None:
        """Run the cell; fail on an exception, on other outputs, and when the notebook has used too much."""
        if self.options["skip"]:
            pytest.skip("tagged so")
        self.execute()
        lacking = missing(self.cell.source)
        differences = self.differences(lacking)
        if differences:
            self.raise_cell_error("\n  ".join(["The outputs are not those stored in the notebook.", *differences]))
        too_much = self.parent.used_too_much()
        if too_much:
            self.raise_cell_error(too_much)
        if lacking:
            pytest.skip(lacking)

    def execute(self) -> None:
        """Run the cell, which leaves its `test_outputs`."""
        index = self.parent.indices[self.cell_num]
        live = self.parent.client.nb.cells[index]
        if self.options["check_exception"]:
            live.metadata.tags = ["raises-exception"]
        try:
            execute_cell(self.parent.client, index)
        except CellError as error:
            if error.fatal:
                self.parent.stopped = f"Cell {self.cell_num} stopped the notebook: {error}"
            self.raise_cell_error(f"The cell failed: {error}.", error.traceback)
        finally:
            self.test_outputs = live.outputs

    def differences(self, lacking: str) -> list[str]:
        """What `compare` says of this cell, under its tags; `lacking` is what it says where it lacks something."""
        if lacking:
            return compare([{"output_type": "stream", "name": "stdout", "text": f"{lacking}\n"}], self.test_outputs)
        if not self.options["check"]:
            warnings = [output.text for output in self.test_outputs if output.get("name") == "stderr"]
            return [f"New stderr: {text.strip()}" for text in warnings]
        option, tags = self.config.option, self.cell.metadata.get("tags", [])
        return compare(
            self.cell.outputs,
            self.test_outputs,
            spread.tolerance(self.cell, self.parent.measured, Tolerance(option.nb_rtol)),
            texts="trained" not in tags or os.environ.get("DEVICE", "cpu") == "cpu",
            varying={**VARYING, **self.parent.sanitize_patterns},
        )
