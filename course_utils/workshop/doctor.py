"""Looks at this machine and says, one line for each need, whether the course will run on it and how to mend what won't.

>>> print(Finding("Python", "OK", "3.11.7"))
[OK]   Python             3.11.7
>>> print(Finding("data alice", "FAIL", "missing", "course data fetch alice"))
[FAIL] data alice         missing; mend it with: course data fetch alice
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from course_utils.datasets import sources

__all__ = ["Finding", "examine"]

DISTRIBUTION = "rnn-course"
PYTHONS = ((3, 11), (3, 13))  # the oldest and the newest for which both frameworks have wheels
MEMORY_GB = 2.0  # what one chapter may take
DISK_GB = 1.0
TIMEOUT = 120  # seconds; a first import from a slow disk may take a minute; a hanging one never ends
FRAMEWORKS = {"torch": "PyTorch", "tensorflow": "TensorFlow"}

# Each runs in a Python of its own, so that a broken framework breaks nothing here, and both run at the same time.
PROBES = {
    "torch": """
import json, torch
cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
device = f"CUDA ({torch.cuda.get_device_name()})" if cuda else "MPS" if mps else ""
print(json.dumps({"version": torch.__version__, "device": device}))
""",
    "tensorflow": """
import json, tensorflow as tf
gpus = tf.config.list_physical_devices("GPU")
device = f"CUDA ({tf.config.experimental.get_device_details(gpus[0]).get('device_name', 'GPU')})" if gpus else ""
print(json.dumps({"version": tf.__version__, "device": device}))
""",
}


@dataclass(frozen=True)
class Finding:
    """What was found about one need: `state` is "OK", "FAIL" or, for what the course can do without, "--"."""

    need: str
    state: str
    detail: str
    mend: str = ""

    def __str__(self) -> str:
        lead = "to have it" if self.state == "--" else "mend it with"
        mend = f"; {lead}: {self.mend}" if self.mend else ""
        return f"{f'[{self.state}]':<6} {self.need:<18} {self.detail}{mend}"


def examine() -> Iterator[Finding]:
    """Yield the findings, each as soon as it is there; the course runs on this machine if none is "FAIL"."""
    probes = {name: _start(code) for name, code in PROBES.items()}  # they take seconds, so they start first
    yield _python()
    yield from _packages()
    frameworks = {name: _framework(name, *_answer(probe)) for name, probe in probes.items()}
    yield from _with_one_missing({name: finding for name, (finding, _) in frameworks.items()})
    yield _device({FRAMEWORKS[name]: device for name, (finding, device) in frameworks.items() if finding.state == "OK"})
    yield from _data()
    yield _d2l()
    yield _memory()
    yield _disk()


def _python() -> Finding:
    oldest, newest = (".".join(map(str, pair)) for pair in PYTHONS)
    found = ".".join(map(str, sys.version_info[:3]))
    if PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        return Finding("Python", "OK", found)
    return Finding(
        "Python", "FAIL", f"{found}, but the course needs {oldest} to {newest}", "install one, then make lab"
    )


def _here(program: str) -> str:
    """How to call this environment's `program` in this terminal: by its name where that finds it, else by its path."""
    own = Path(sys.executable).with_name(program)
    return program if shutil.which(program) == str(own) else shlex.quote(str(own))


def _pip_install(*what: object) -> str:
    return " ".join([_here("python"), "-m pip install", *(shlex.quote(str(each)) for each in what)])


def _requirements(extra: str = "") -> list[Requirement]:
    """What the metadata of this package ask for on this machine: without `extra`, or what `extra` adds."""
    found = [Requirement(line) for line in requires(DISTRIBUTION) or []]
    return [
        need
        for need in found
        if ("extra ==" in str(need.marker)) == bool(extra)
        and (need.marker is None or need.marker.evaluate({"extra": extra}))
    ]


def _unmet(need: Requirement) -> str:
    """What is wrong about one requirement, empty if nothing is."""
    try:
        found = version(need.name)
    except PackageNotFoundError:
        return f"{need.name} is not installed"
    return "" if need.specifier.contains(found, prereleases=True) else f"{need.name} {found} is not {need.specifier}"


def _packages() -> Iterator[Finding]:
    """One line for each package that students know by name, and one for all the others."""
    try:
        needs = _requirements()
    except PackageNotFoundError:
        yield Finding("packages", "FAIL", "the course itself is not installed", _pip_install("-e", "."))
        return
    named = {"pip": "pip", "jupyterlab": "JupyterLab"}
    for need in (need for need in needs if need.name in named):
        wrong = _unmet(need)
        mend = f"{_here('python')} -m ensurepip --upgrade" if need.name == "pip" else _pip_install(need)
        label = named[need.name]
        yield Finding(label, "FAIL", wrong, mend) if wrong else Finding(label, "OK", version(need.name))
    others = [need for need in needs if need.name not in named]
    wrong = {need: message for need in others if (message := _unmet(need))}
    if wrong:
        yield Finding("packages", "FAIL", ", ".join(wrong.values()), _pip_install(*wrong))
    else:
        yield Finding("packages", "OK", f"the other {len(others)} that the course needs")


def _start(code: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-P", "-c", code],  # -P: a folder called torch where we are is not PyTorch
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )


def _answer(probe: subprocess.Popen) -> tuple[dict[str, str] | None, str]:
    """What a probe printed, or None and what went wrong."""
    try:
        out, err = probe.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        probe.kill()
        probe.communicate()
        return None, f"importing it took more than {TIMEOUT} s"
    lines = out.splitlines()
    if probe.returncode == 0 and lines:
        return json.loads(lines[-1]), ""
    return None, (err.strip().splitlines() or [f"its process ended with status {probe.returncode}"])[-1]


def _framework(name: str, answer: dict[str, str] | None, error: str) -> tuple[Finding, str]:
    """The finding about one framework, and the accelerator that it sees."""
    label, mend = FRAMEWORKS[name], _pip_install("-e", f".[{name}]")
    if answer is None and error == f"ModuleNotFoundError: No module named '{name}'":
        return Finding(label, "--", "not installed", mend), ""
    if answer is None:
        return Finding(label, "FAIL", f"does not import: {error}", f"{mend} --force-reinstall"), ""
    wrong = _too_old(name, answer["version"])
    if wrong:
        return Finding(label, "FAIL", wrong, f"{mend} --upgrade"), ""
    return Finding(label, "OK", answer["version"]), answer["device"]


def _too_old(name: str, found: str) -> str:
    """What is wrong about version `found` of a framework, empty if nothing is."""
    try:
        needs = _requirements(extra=name)
    except PackageNotFoundError:  # said already, in the line about the packages
        return ""
    [need] = [need for need in needs if need.name.startswith(name)]
    return "" if need.specifier.contains(found, prereleases=True) else f"{found} is not {need.specifier}"


def _with_one_missing(findings: dict[str, Finding]) -> Iterator[Finding]:
    """The findings about the frameworks; one of the two may be missing, and then it is said how to read without it."""
    usable = [name for name, finding in findings.items() if finding.state == "OK"]
    for found in findings.values():
        if found.state == "OK":
            yield found
        elif usable:
            detail = f"{found.detail}; `make lab FRAMEWORK={usable[0]}` does without it"
            yield Finding(found.need, found.state, detail, found.mend)
        else:
            yield Finding(found.need, "FAIL", f"{found.detail}, and the course needs one of the two", found.mend)


def _device(seen: dict[str, str]) -> Finding:
    """The accelerators that the working frameworks see; a problem only where `DEVICE` asks for what is not there."""
    chosen = os.environ.get("DEVICE") or "cpu"
    sights = "; ".join(f"{label} sees {device or 'only the CPU'}" for label, device in seen.items())
    detail = f"DEVICE is {chosen}; {sights or 'no framework to ask'}"
    blind = [label for label, device in seen.items() if not device.startswith("CUDA")]
    if chosen == "cuda" and (blind or not seen):
        return Finding("device", "FAIL", detail, "DEVICE=cpu, or what README.md says about GPUs")
    return Finding("device", "OK", detail)


def _data() -> Iterator[Finding]:
    """One line for each data set; only what set-up fetches must be there, but nothing may be altered."""
    for name, source in sources.SOURCES.items():
        need, mend = f"data {name}", f"{_here('course')} data fetch {name}"
        try:
            state = sources.status(name)
        except sources.DataError as error:
            yield Finding(need, "FAIL", str(error))
            continue
        if state == "OK":
            yield Finding(need, "OK", ", ".join(f"{file.name} sha256 {file.sha256[:8]}…" for file in source.files))
        elif state == "missing" and not source.default:
            yield Finding(need, "--", f"not here; optional: {source.use}", mend)
        else:
            yield Finding(need, "FAIL", f"{state} in {sources.data_folder()}", mend)


def _d2l() -> Finding:
    from course_utils.interop.d2l import INSTALL

    try:
        return Finding("d2l", "OK", version("d2l"))
    except PackageNotFoundError:
        install = f"{_here('python')}{INSTALL.removeprefix('python')}"
        return Finding("d2l", "--", "not installed; optional: comparisons with Dive into Deep Learning", install)


def _memory() -> Finding:
    free = _free_memory()
    if free is None:
        return Finding("memory", "--", f"this system does not tell what is free; a chapter needs {MEMORY_GB} GB")
    if free < MEMORY_GB:
        return Finding("memory", "FAIL", f"{free:.1f} GB free of {MEMORY_GB} GB needed", "closing other programs")
    return Finding("memory", "OK", f"{free:.1f} GB free")


def _free_memory() -> float | None:
    """In GB; None where the system does not tell, as macOS."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1e6 for line in lines if line.startswith("MemAvailable:")), None)  # from kB


def _disk() -> Finding:
    folder = Path.cwd()
    free = shutil.disk_usage(folder).free / 1e9
    if free < DISK_GB:
        return Finding("disk", "FAIL", f"{free:.1f} GB free of {DISK_GB} GB needed in {folder}", "removing files")
    return Finding("disk", "OK", f"{free:.1f} GB free")
