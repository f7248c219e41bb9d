"""`course doctor` on healthy and on ailing machines; all but the last test have tiny programs play the frameworks."""

import importlib.metadata
import importlib.util
from collections import namedtuple

import pytest
from packaging.version import Version
from typer.testing import CliRunner

from course_utils.cli import app
from course_utils.datasets import sources
from course_utils.workshop import doctor

ABSENT = "raise ModuleNotFoundError(\"No module named '{}'\")"


def plays(version, device=""):
    answer = {"version": version, "device": device}
    return f"import json; print('some noise'); print(json.dumps({answer}))"


@pytest.fixture(autouse=True)
def healthy(monkeypatch):
    """A machine that lacks nothing, whatever this one is like."""
    monkeypatch.setattr(doctor, "PROBES", {"torch": plays("2.13.0"), "tensorflow": plays("2.21.0")})
    monkeypatch.setattr(doctor.sources, "status", lambda name: "OK")
    monkeypatch.setattr(doctor, "version", lambda name: "99.0")
    monkeypatch.delenv("DEVICE", raising=False)
    have(monkeypatch, memory=8e9, disk=80e9)


def have(monkeypatch, memory=8e9, disk=80e9):
    disk_type = namedtuple("disk_type", "free")
    monkeypatch.setattr(doctor, "_free_memory", lambda: memory and memory / 1e9)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda folder: disk_type(disk))


def findings():
    found = list(doctor.examine())
    assert all("\n" not in str(finding) for finding in found)
    return {finding.need: finding for finding in found}


def failed(found):
    return {need for need, finding in found.items() if finding.state == "FAIL"}


def test_a_machine_that_lacks_nothing():
    found = findings()
    assert {finding.state for finding in found.values()} == {"OK"}
    assert {
        "Python",
        "PyTorch",
        "TensorFlow",
        "device",
        "data alice",
        "JupyterLab",
        "pip",
        "d2l",
        "memory",
        "disk",
    } <= {*found}
    assert found["PyTorch"].detail == "2.13.0"
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 0
    assert len(result.output.splitlines()) == len(found)


def test_the_exit_status_tells_and_the_last_line_counts(monkeypatch):
    have(monkeypatch, memory=1e9, disk=5e8)
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 1
    assert result.output.count("[FAIL]") == 2
    assert result.output.endswith("2 of these needs are not met.\n")


@pytest.mark.parametrize(
    "version, fits", [((3, 10, 9), False), ((3, 11, 0), True), ((3, 13, 7), True), ((3, 14, 0), False)]
)
def test_python(monkeypatch, version, fits):
    monkeypatch.setattr(doctor.sys, "version_info", version)
    assert failed(findings()) == (set() if fits else {"Python"})


def test_one_framework_is_enough_and_how_to_read_without_the_other_is_said(monkeypatch):
    monkeypatch.setitem(doctor.PROBES, "tensorflow", ABSENT.format("tensorflow"))
    found = findings()
    assert failed(found) == set()
    assert found["TensorFlow"].state == "--"
    assert "; `make lab FRAMEWORK=torch` does without it; to have it: " in str(found["TensorFlow"])
    assert found["TensorFlow"].mend.endswith("-m pip install -e '.[tensorflow]'")
    assert found["device"].detail == "DEVICE is cpu; PyTorch sees only the CPU"


def test_no_framework_at_all(monkeypatch):
    for name in doctor.PROBES:
        monkeypatch.setitem(doctor.PROBES, name, ABSENT.format(name))
    assert failed(findings()) == {"PyTorch", "TensorFlow"}


@pytest.mark.parametrize(
    "program, said",
    [
        ("raise ImportError('libtorch.so: no such file')", "ImportError: libtorch.so: no such file"),
        (ABSENT.format("numpy"), "No module named 'numpy'"),
        ("import os; os._exit(7)", "its process ended with status 7"),
        ("import time; time.sleep(600)", "more than 0.5 s"),
        (plays("1.0"), "1.0 is not >=2"),
    ],
)
def test_a_broken_framework_is_a_line_and_no_traceback(monkeypatch, program, said):
    if "sleep" in program:
        monkeypatch.setattr(doctor, "TIMEOUT", 0.5)
        monkeypatch.setitem(doctor.PROBES, "tensorflow", plays("2.21.0"))
    monkeypatch.setitem(doctor.PROBES, "torch", program)
    found = findings()
    assert "PyTorch" in failed(found)
    assert said in found["PyTorch"].detail
    assert "-m pip install" in found["PyTorch"].mend


@pytest.mark.parametrize(
    "chosen, torch_sees, fits",
    [("cuda", "", False), ("cuda", "MPS", False), ("cuda", "CUDA (H100)", True), ("auto", "", True), ("cpu", "", True)],
)
def test_the_device_that_was_asked_for(monkeypatch, chosen, torch_sees, fits):
    monkeypatch.setenv("DEVICE", chosen)
    monkeypatch.setitem(doctor.PROBES, "torch", plays("2.13.0", torch_sees))
    monkeypatch.setitem(doctor.PROBES, "tensorflow", ABSENT.format("tensorflow"))
    found = findings()
    assert failed(found) == (set() if fits else {"device"})
    assert f"PyTorch sees {torch_sees or 'only the CPU'}" in found["device"].detail


def test_packages_that_are_missing_or_too_old(monkeypatch):
    def version(name):
        if name in {"pip", "matplotlib", "d2l"}:
            raise importlib.metadata.PackageNotFoundError(name)
        return "0.1" if name in {"jupyterlab", "numpy"} else "99.0"

    monkeypatch.setattr(doctor, "version", version)
    found = findings()
    assert failed(found) == {"pip", "JupyterLab", "packages"}
    assert found["pip"].mend.endswith("-m ensurepip --upgrade")
    assert "jupyterlab 0.1 is not >=" in found["JupyterLab"].detail
    assert "matplotlib is not installed, numpy 0.1 is not >=" in found["packages"].detail
    assert "'matplotlib>=" in found["packages"].mend
    assert found["d2l"].state == "--"
    assert found["d2l"].mend.endswith("--no-deps d2l==1.0.3")


def test_the_course_itself_is_not_installed(monkeypatch):
    def requires(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "requires", requires)
    assert failed(findings()) == {"packages"}


@pytest.mark.parametrize("state, verdicts", [("missing", {"FAIL", "--"}), ("altered", {"FAIL"})])
def test_data_that_are_missing_or_altered(monkeypatch, state, verdicts):
    monkeypatch.setattr(doctor.sources, "status", lambda name: state)
    found = {need: finding for need, finding in findings().items() if need.startswith("data ")}
    assert len(found) == len(sources.SOURCES)
    assert {finding.state for finding in found.values()} == verdicts
    assert found["data alice"].state == "FAIL"
    assert found["data alice"].mend.endswith("course data fetch alice")


def test_data_that_cannot_be_read(monkeypatch):
    def status(name):
        raise sources.DataError(f"cannot read {name}: mend that.")

    monkeypatch.setattr(doctor.sources, "status", status)
    assert "cannot read alice" in findings()["data alice"].detail


def test_a_command_is_named_so_that_it_works_in_this_terminal(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor.sys, "executable", str(tmp_path / "my venv" / "python"))
    assert doctor._here("course") == f"'{tmp_path}/my venv/course'"
    monkeypatch.setattr(doctor.shutil, "which", lambda name: str(tmp_path / "my venv" / name))
    assert doctor._here("course") == "course"


@pytest.mark.parametrize("name", ["torch", "tensorflow"])
def test_the_real_programs_tell_the_real_versions(monkeypatch, name):
    monkeypatch.undo()
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    names = {name, f"{name}-cpu", f"{name}_cpu"}
    installed = {Version(each.version).public for each in importlib.metadata.distributions() if each.name in names}
    answer, error = doctor._answer(doctor._start(doctor.PROBES[name]))
    assert error == ""
    # The ordinary wheel calls itself 2.13.0 in its metadata and 2.13.0+cu130 when it is imported.
    assert Version(answer["version"]).public in installed


def test_a_system_that_does_not_tell_its_memory_is_no_fault(monkeypatch):
    have(monkeypatch, memory=None)
    assert str(doctor._memory()).startswith("[--]   memory")
    monkeypatch.undo()
    free = doctor._free_memory()
    assert free is None or 0 < free < 1e5
