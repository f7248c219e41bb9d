"""`course perturb`: circumstances really change, a difference fails, what is missing is left out with its reason."""

import shutil
import subprocess

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from typer.testing import CliRunner

from course_utils.cli import app
from course_utils.workshop import perturb
from course_utils.workshop.perturb import Outcome, Perturbation

USED = "import os; print(os.environ['OMP_NUM_THREADS'], os.environ['PYTHONHASHSEED'])"
SEEN = "import socket; print([name for _, name in socket.if_nameindex()])"


def chosen(name):
    [found] = [perturbation for perturbation in perturb.perturbations() if perturbation.name == name]
    return found


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """A function: what a notebook stores of its threads and hash seed, and of the network → its path."""

    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # starts pytest in half the time
    monkeypatch.setenv("PYTEST_PLUGINS", "nbval.plugin")

    def write(used, seen):
        cells = [new_code_cell(USED, outputs=[output(used)]), new_code_cell(SEEN, outputs=[output(seen)])]
        nbformat.write(new_notebook(cells=cells, metadata={"course": {"budget_seconds": 1e-9}}), tmp_path / "01.ipynb")
        return tmp_path / "01.ipynb"

    def output(text):
        return new_output("stream", name="stdout", text=text + "\n")

    return write


def test_without_network(notebook, monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "5")
    isolated = chosen("no network")
    if isolated.missing:
        pytest.skip(isolated.missing)
    outcome = perturb.run([notebook("1 5", "['lo']")], isolated)
    assert outcome.result == "passed", outcome.report


def test_a_difference_fails_and_is_shown(notebook, tmp_path, monkeypatch):
    monkeypatch.setattr("course_utils.workshop.chapters.find_chapters", lambda names: [notebook("1 77", "['lo']")])
    changed = Perturbation("hash seed", {"PYTHONHASHSEED": "78"})
    monkeypatch.setattr(perturb, "perturbations", lambda: [Perturbation("moon", missing="there is none"), changed])
    shown = CliRunner().invoke(app, ["perturb"], env={"COLUMNS": "100"})
    assert shown.exit_code == 1
    assert "77 is stored, now it is 78" in shown.stdout
    table = [line.split() for line in shown.stdout.splitlines()]
    assert ["│", "moon", "│", "left", "out", "│", "0", "│", "there", "is", "none", "│"] in table
    assert any(line[1:6] == ["hash", "seed", "│", "failed", "│"] for line in table)


@pytest.fixture
def commands(monkeypatch):
    """Record commands in the place of running them."""
    seen = []

    def run(command, **options):
        seen.append((list(command), options))
        return subprocess.CompletedProcess(command, 0, stdout="")

    monkeypatch.setattr(perturb.subprocess, "run", run)
    return seen


def test_each_perturbation_changes_what_it_says(commands, tmp_path):
    environments = {}
    for perturbation in perturb.perturbations():
        perturb.run([tmp_path / "01.ipynb"], Perturbation(**{**vars(perturbation), "missing": ""}))
        command, options = commands[-1]
        environments[perturbation.name] = options["env"]
        assert "--nb-budget-factor=0" in command
        assert str(tmp_path / "01.ipynb") in command
        assert (options["cwd"] is not None) == (perturbation.name == "another working folder")
        assert ("unshare" in command) == (perturbation.name == "no network")
    assert environments["1 thread"]["OMP_NUM_THREADS"] == environments["PYTHONHASHSEED=1"]["OMP_NUM_THREADS"] == "1"
    assert environments["2 threads"]["TF_NUM_INTRAOP_THREADS"] == "2"
    for name, environment in environments.items():
        variable, _, value = name.partition("=")
        if value:
            assert environment[variable] == value


def test_all_passed_is_exit_0(monkeypatch):
    monkeypatch.setattr(perturb, "run", lambda paths, perturbation: Outcome(perturbation.name, "passed", 1.0))
    assert CliRunner().invoke(app, ["perturb"]).exit_code == 0


def test_another_processor_is_left_out(monkeypatch):
    monkeypatch.setattr(perturb.platform, "machine", lambda: "arm64")
    monkeypatch.setattr(perturb.Path, "read_text", lambda self, encoding: "flags : sse4_1")
    left_out = {p.name: p.missing for p in perturb.perturbations() if p.missing and p.name != "no network"}
    assert left_out == {
        "ATEN_CPU_CAPABILITY=avx2": "this processor has no avx2",
        "ONEDNN_MAX_CPU_ISA=AVX2": "this processor has no avx2",
        "ONEDNN_MAX_CPU_ISA=SSE41": "it is for x86 processors, this is arm64",
    }


def test_no_means_to_leave_the_network(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda program: None)
    assert chosen("no network").missing == "the program unshare is not installed"
    monkeypatch.setattr(shutil, "which", lambda program: program)
    refused = subprocess.CompletedProcess([], 1)
    monkeypatch.setattr(perturb.subprocess, "run", lambda command, **options: refused)
    assert chosen("no network").missing == "this user may not make a network namespace (root may)"
