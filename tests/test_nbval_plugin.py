"""The nbval extension on real kernels: many small cells, each with its stored outputs and the verdict it must get."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple
from xml.etree import ElementTree

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from course_utils.workshop import nbval_plugin

SETUP = """
import sys, time, warnings
from IPython.display import clear_output, display, update_display
class Figure:
    def __init__(self, text, alt="a curve", pixels="AAAA"):
        self.bundle = {"image/png": pixels, "text/plain": text}, {"image/png": {"alt": alt}}
    def _repr_mimebundle_(self, include=None, exclude=None):
        return self.bundle
"""


def out(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def result(text):
    return new_output("execute_result", data={"text/plain": text}, execution_count=1)


def shown(text):
    return new_output("display_data", data={"text/plain": text})


def figure(text, alt="a curve", kind="display_data"):
    data, metadata = {"image/png": "BBBB", "text/plain": text}, {"image/png": {"alt": alt}}
    return new_output(kind, data=data, metadata=metadata)


BUDGET = 1.2  # processor seconds; a kernel takes half of one to start
CELL_SECONDS = 60  # no cell but the endless one comes near it, whatever else the machine does


@dataclass
class Case:
    """A cell, what is stored, its tags, and a part of the expected message ("" where it must pass)."""

    name: str
    source: str
    stored: list
    expected: str = ""
    tags: list = field(default_factory=list)


CASES = [
    Case("set-up", SETUP, []),
    Case("number within the tolerance", "print('loss', 0.51234)", [out("loss 0.51235\n")]),
    Case("number beyond it", "print('loss', 0.515)", [out("loss 0.513\n")], "0.513 is stored, now it is 0.515"),
    Case("integer off by one", "print('epoch', 11)", [out("epoch 10\n")], "10 is stored, now it is 11"),
    Case("NaN stays NaN", "print(float('nan'))", [out("nan\n")]),
    Case("NaN is no number", "print(float('nan'))", [out("0.5\n")], "0.5 is stored, now it is nan"),
    Case("other words", "print('the cat')", [out("the dog\n")], "'the dog' is stored, now it is 'the cat'"),
    Case("time and address", "print(f'{time.time()} s', object())", [out("1.5 s <object object at 0x7f0000000000>\n")]),
    Case("pixels do not count", "Figure('1 line, last 0.52')", [figure("1 line, last 0.52", kind="execute_result")]),
    Case(
        "figure's summary", "display(Figure('1 line'))", [figure("2 lines")], "'2 lines' is stored, now it is '1 line'"
    ),
    Case("figure's alt text", "display(Figure('1', 'b'))", [figure("1", "c")], "alt text of image/png of output 1"),
    Case("picture gone", "display('1 line')", [figure("'1 line'")], "now there is display (text/plain)"),
    Case("picture new", "display(Figure('1'))", [shown("1")], "now there is display (image/png, alt text"),
    Case("display for result", "display(1)", [result("1")], "The notebook stores result (text/plain)"),
    Case("new warning", "warnings.warn('too few')", [], "UserWarning: too few"),
    Case("extra output", "print('a'); display('b')", [out("a\n")], "now there is stdout, display (text/plain)"),
    Case("missing output", "print('a')", [out("a\n"), shown("'b'")], "now there is stdout"),
    Case("no output left", "pass", [out("a\n")], "now there is nothing"),
    Case("first output", "print('a')", [], "The notebook stores nothing"),
    Case("semicolon", "'not shown';", []),
    Case("no semicolon", "'shown'", [], "now there is result (text/plain)"),
    Case("clear_output", "print('a'); clear_output(); print('b')", [out("b\n")]),
    Case("waiting clear_output", "for i in range(3): clear_output(wait=True); print(i)", [out("2\n")]),
    Case("waiting for nothing", "print('a'); clear_output(wait=True)", [out("a\n")]),
    Case("update_display", "display('a', display_id='d'); update_display('b', display_id='d')", [shown("'b'")]),
    Case("wrong update", "h = display('a', display_id='e'); h.update('b')", [shown("'a'")], "now it is \"'b'\""),
    Case("line overwritten", "print('10 %', end='\\r'); print('100 %')", [out("100 %\n")]),
    Case("late update", "h.update('c')", [], "it changed what an earlier cell shows: display and update in one cell"),
    Case("order of outputs", "print('a'); display('b'); print('c')", [out("a\n"), shown("'b'"), out("c\n")]),
    Case("exception", "1 / 0", [], "ZeroDivisionError: division by zero"),
    Case(
        "expected exception", "assert False", [new_output("error", ename="AssertionError")], tags=["raises-exception"]
    ),
    Case("ignored", "print(time.time())", [out("now\n")], tags=["nbval-ignore-output"]),
    Case("ignored, but warns", "print('w', file=sys.stderr)", [], "New stderr: w", tags=["nbval-ignore-output"]),
    Case("trained, on the CPU", "print('she')", [out("he\n")], "'he' is stored", tags=["trained"]),
    Case("a library's own warning", "import os; _ = os.write(2, b'from C'); time.sleep(0.3)", [], "New stderr: from C"),
    Case("quiet progress", "import os; print(os.environ['CI'])", [out("1\n")]),
]

TRAINED = [
    Case("set-up", SETUP, []),
    Case("other sample", "print('then she 3.9')", [out("alice was 4.1\n")], tags=["trained"]),
    Case("other kind", "display('a')", [out("a\n")], "now there is display (text/plain)", tags=["trained"]),
    Case("warning", "warnings.warn('w')", [], "UserWarning: w", tags=["trained"]),
    Case("not trained", "print('a')", [out("b\n")], "'b' is stored, now it is 'a'"),
    Case("wide tolerance", "print(0.9)", [out("0.8\n")]),
    Case("no budget", "pass", []),
]
ENDLESS = [
    Case("endless", "import time; time.sleep(10**6)", [], f"did not end within {CELL_SECONDS} s"),
    Case("after", "print(2)", [out("2\n")], "skipped"),
]
SLOW_AND_DEAD = [
    Case("in time", "import os, time", []),
    Case("waits", f"time.sleep({2.5 * BUDGET + 1})", []),
    Case(
        "works too much",
        f"while time.process_time() < {2.5 * BUDGET + 0.1}: pass",
        [],
        f"processor seconds up to this cell, its budget is {BUDGET} s × 2.5",
    ),
    Case("said once", "pass", []),
    Case("dies", "os._exit(1)", [], "the kernel died"),
    Case("after", "print(2)", [out("2\n")], "skipped"),
]
NEEDS = [
    Case("set-up", "from course_utils.interop import needs; needs.leave_out_where_missing()", []),
    Case("left out", "# needs: alice\nprint(1)", [out("1\n")], "skipped Left out: this cell needs the data set alice"),
    Case("fails all the same", "print(1)", [out("2\n")], "2 is stored, now it is 1"),
    Case("forgets to say so", "needs.get_ipython().input_transformers_cleanup.clear()", []),
    Case("runs on", "# needs: alice\nprint(1)", [out("1\n")], "'Left out: this cell needs the data set alice"),
]
NOTEBOOKS = {"cases": CASES, "endless": ENDLESS, "slow_and_dead": SLOW_AND_DEAD}


class Verdict(NamedTuple):
    """What pytest says of a cell ("" where it passed), and how long it took."""

    message: str
    seconds: float


def write(folder: Path, name: str, cases: list[Case]) -> None:
    cells = [
        new_code_cell(case.source, execution_count=number, outputs=case.stored, metadata={"tags": case.tags})
        for number, case in enumerate(cases, start=1)
    ]
    budget = {"cases": 60, "needs": 60, "trained": 0.001}.get(name, BUDGET)
    metadata = {"course": {"budget_seconds": budget}}
    nbformat.write(new_notebook(cells=cells, metadata=metadata), folder / f"{name}.ipynb")


def judge(folder: Path, *options: str, **environment: str) -> dict[tuple[str, int], Verdict]:
    """What pytest says of each cell: (notebook, number of the cell) → verdict."""
    command = [sys.executable, "-W", "error", "-m", "pytest", "--nbval", "-q", "-c", os.devnull, "--rootdir", "."]
    command += ["-p", "nbval.plugin", "-p", "course_utils.workshop.nbval_plugin", "--junitxml=report.xml", *options]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **environment}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr == ""
    verdicts = {}
    for case in ElementTree.parse(folder / "report.xml").iter("testcase"):
        problems = [child.tag + " " + child.get("message", "") for child in case]
        notebook, number = case.get("classname").removesuffix(".ipynb"), int(case.get("name").removeprefix("Cell "))
        verdicts[notebook, number] = Verdict("\n".join(problems), float(case.get("time")))
    return verdicts


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    for name, cases in NOTEBOOKS.items():
        write(folder, name, cases)
    return judge(folder, f"--nbval-cell-timeout={CELL_SECONDS}", DEVICE="cpu")


@pytest.fixture(scope="module")
def verdicts_on_a_gpu(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    write(folder, "trained", TRAINED)
    return judge(folder, "--nb-rtol=0.2", "--nb-budget-factor=0", DEVICE="cuda")


@pytest.fixture(scope="module")
def verdicts_without_data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    write(folder, "needs", NEEDS)
    return judge(folder, DEVICE="cpu", COURSE_DATA=str(folder / "no data"))


def check(verdict: Verdict, expected: str) -> None:
    assert expected in verdict.message if expected else verdict.message == ""


@pytest.mark.parametrize(
    ("notebook", "number"),
    [
        pytest.param(name, number, id=f"{name}-{case.name}")
        for name, cases in NOTEBOOKS.items()
        for number, case in enumerate(cases)
    ],
)
def test_verdict(verdicts, notebook, number):
    check(verdicts[notebook, number], NOTEBOOKS[notebook][number].expected)


@pytest.mark.parametrize("number", range(len(TRAINED)), ids=[case.name for case in TRAINED])
def test_verdict_on_a_gpu(verdicts_on_a_gpu, number):
    check(verdicts_on_a_gpu["trained", number], TRAINED[number].expected)


@pytest.mark.parametrize("number", range(len(NEEDS)), ids=[case.name for case in NEEDS])
def test_verdict_where_something_is_missing(verdicts_without_data, number):
    check(verdicts_without_data["needs", number], NEEDS[number].expected)


def test_a_dead_kernel_ends_fast(verdicts):
    """Within seconds: where nobody looks at the kernel, a dead one takes the cell's whole time limit."""
    number = [case.name for case in SLOW_AND_DEAD].index("dies")
    assert verdicts["slow_and_dead", number].seconds < CELL_SECONDS - 1


@pytest.mark.parametrize(
    ("device", "gigabytes", "said"),
    [("cpu", 1.9, ""), ("cpu", 2.12, "has held 2.12 GB up to this cell, allowed are 2 GB"), ("cuda", 9, "")],
)
def test_memory_has_a_limit_on_the_cpu(monkeypatch, device, gigabytes, said):
    monkeypatch.setenv("DEVICE", device)
    notebook = SimpleNamespace(
        client=SimpleNamespace(seconds=1, memory=gigabytes),
        config=SimpleNamespace(option=SimpleNamespace(nb_budget_factor=1)),
        nb=new_notebook(),
        has_used_too_much=False,
    )
    found = nbval_plugin.Notebook.used_too_much(notebook)
    assert said in found if said else found == ""
    assert nbval_plugin.Notebook.used_too_much(notebook) == ""


def test_a_notebook_is_not_spread_over_processes(tmp_path):
    write(tmp_path, "cases", [Case("set-up", "pass", [])])
    command = [sys.executable, "-m", "pytest", "--nbval", "-c", os.devnull, "--rootdir", ".", "-p", "nbval.plugin"]
    command += ["-p", "xdist.plugin", "-p", "course_utils.workshop.nbval_plugin", "-n", "2"]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "and they need one kernel: add --dist loadfile." in done.stderr
    command += ["--dist", "loadfile"]
    assert subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True).returncode == 0
