"""`course perturb`: chapters must show the same with other kernels, threads, hash seeds, folders and without network.

Each perturbation is one run of `pytest --nbval`, in one process and without time budgets: weak kernels are several
times slower, and two threads beside a second process slower still.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Column, Table

from course_utils.workshop.chapters import THREAD_VARIABLES

CELL_TIMEOUT = 1800
_PLUGIN = "course_utils.workshop.nbval_plugin"
_USUAL = {"CI": "1", "DEVICE": "cpu", **dict.fromkeys(THREAD_VARIABLES, "1")}


@dataclass(frozen=True)
class Perturbation:
    """One changed circumstance.

    `missing` says why this machine cannot offer it, or ""; `prefix` is the command that starts the run, if any.
    """

    name: str
    environment: dict[str, str] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()
    elsewhere: bool = False
    missing: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a perturbation: "passed", "failed" or "left out", with pytest's report or with the reason."""

    name: str
    result: str
    seconds: float = 0.0
    report: str = ""
    reason: str = ""


def perturbations() -> list[Perturbation]:
    """All of them; those that this machine cannot offer say why."""
    no_avx2 = _without_cpu_flag("avx2")
    other_processor = "" if _is_x86() else f"it is for x86 processors, this is {platform.machine()}"
    no_network, not_isolated = _network_namespace()
    return [
        Perturbation("1 thread"),
        Perturbation("2 threads", dict.fromkeys(THREAD_VARIABLES, "2")),
        Perturbation("ATEN_CPU_CAPABILITY=avx2", {"ATEN_CPU_CAPABILITY": "avx2"}, missing=no_avx2),
        Perturbation("ATEN_CPU_CAPABILITY=default", {"ATEN_CPU_CAPABILITY": "default"}),
        Perturbation("ONEDNN_MAX_CPU_ISA=AVX2", {"ONEDNN_MAX_CPU_ISA": "AVX2"}, missing=no_avx2),
        Perturbation("ONEDNN_MAX_CPU_ISA=SSE41", {"ONEDNN_MAX_CPU_ISA": "SSE41"}, missing=other_processor),
        Perturbation("PYTHONHASHSEED=1", {"PYTHONHASHSEED": "1"}),
        Perturbation("PYTHONHASHSEED=4242", {"PYTHONHASHSEED": "4242"}),
        Perturbation("another working folder", elsewhere=True),
        Perturbation("no network", prefix=no_network, missing=not_isolated),
    ]


def run(notebooks: Sequence[Path], perturbation: Perturbation) -> Outcome:
    """Run the notebooks under one perturbation, all else being as in `make test`."""
    if perturbation.missing:
        return Outcome(perturbation.name, "left out", reason=perturbation.missing)
    command = [*perturbation.prefix, sys.executable, "-m", "pytest", "--nbval", "-q", "-p", _PLUGIN]
    command += ["-p", "no:cacheprovider", "--nb-budget-factor=0", f"--nbval-cell-timeout={CELL_TIMEOUT}"]
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as elsewhere:
        done = subprocess.run(
            [*command, *(str(path.resolve()) for path in notebooks)],
            cwd=elsewhere if perturbation.elsewhere else None,
            env={**os.environ, **_USUAL, **perturbation.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    result = "passed" if done.returncode == 0 else "failed"
    return Outcome(perturbation.name, result, time.perf_counter() - start, done.stdout)


def table(outcomes: Sequence[Outcome]) -> Table:
    """The outcomes, a line each; what was left out with its reason."""
    table = Table("perturbation", "result", Column("seconds", justify="right"), "reason")
    for outcome in outcomes:
        table.add_row(outcome.name, outcome.result, f"{outcome.seconds:.0f}", outcome.reason)
    return table


def _is_x86() -> bool:
    return platform.machine().lower() in ("x86_64", "amd64")


def _without_cpu_flag(flag: str) -> str:
    """Why this processor cannot be asked for these instructions, or ""."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    except OSError:
        return f"this system does not tell whether its processor has {flag}"
    return "" if flag in flags else f"this processor has no {flag}"


def _network_namespace() -> tuple[tuple[str, ...], str]:
    """The command that starts a program without a network, and why there is none, or ""."""
    for program in ("unshare", "ip"):
        if not shutil.which(program):
            return (), f"the program {program} is not installed"
    # The loopback is up inside: without it no kernel could be talked to. "-r" is root in a namespace of one's own.
    inside = ("sh", "-c", 'ip link set lo up && exec "$@"', "sh")
    for options in (("-n",), ("-r", "-n")):
        command = ("unshare", *options, *inside)
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            return command, ""
    return (), "this user may not make a network namespace (root may)"
