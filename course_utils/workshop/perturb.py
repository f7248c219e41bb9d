"""`course perturb`: what chapters show on other kernels, with other threads and hash seeds, and without a network.

Circumstances are changed together, in a few combinations. Each executes the chapter once, in a process of its own, and
what it showed is kept in build/perturb/ under the hash of the chapter's code: who is interrupted goes on from there.
"""

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from course_utils import files, repro
from course_utils.workshop import results, spread
from course_utils.workshop.chapters import ROOT, ChapterError, execute, read
from course_utils.workshop.refresh import code_hash, require_what_is_needed

KEPT = ROOT / "build" / "perturb"


@dataclass(frozen=True)
class Combination:
    """Circumstances that are changed together.

    `aten` and `onednn` are the instructions that PyTorch and oneDNN may use, "" for all; `missing` says why this
    machine cannot offer them, or "".
    """

    aten: str
    onednn: str
    threads: int
    hash_seed: int
    network: bool = True
    missing: str = ""

    @property
    def name(self) -> str:
        """All of it in words, which are the name of a file, too."""
        network = "" if self.network else ", no network"
        kernels = f"ATen {self.aten or 'native'}, oneDNN {self.onednn or 'native'}"
        return f"{kernels}, {self.threads} threads, hash seed {self.hash_seed}{network}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that bring it about."""
        kernels = {"ATEN_CPU_CAPABILITY": self.aten, "ONEDNN_MAX_CPU_ISA": self.onednn}
        return {
            "CI": "1",
            "DEVICE": "cpu",
            "PYTHONHASHSEED": str(self.hash_seed),
            **dict.fromkeys(repro.THREAD_VARIABLES, str(self.threads)),
            "OMP_WAIT_POLICY": "PASSIVE",  # two threads that wait actively take ten times as long on a busy machine
            **{name: value for name, value in kernels.items() if value},
        }


def combinations() -> list[Combination]:
    """The declared list, in which each value of every circumstance occurs; what this machine cannot offer says why."""
    x86 = "" if _is_x86() else f"it is for x86 processors, this is {platform.machine()}"
    avx2 = x86 or _without_cpu_flag("avx2")
    return [
        Combination("avx2", "AVX2", threads=1, hash_seed=77, network=False, missing=avx2 or _network_namespace()[1]),
        Combination("default", "SSE41", threads=1, hash_seed=1, missing=x86),
        Combination("", "", threads=2, hash_seed=4242),
    ]


def measure(chapter: Path, kept: Path = KEPT) -> dict[str, Any]:
    """The chapter's entry in results/spread.json: `spread.measure` over all combinations that this machine offers.

    Raises:
        ChapterError: a cell failed in one of them, or lacks what it needs.
    """
    stored, offered = read(chapter), combinations()
    require_what_is_needed(chapter.name, stored)
    runs = {each.name: run(chapter, each, kept) for each in offered if not each.missing}
    return {
        "sources": code_hash(stored),
        "combinations": list(runs),
        "left out": {each.name: each.missing for each in offered if each.missing},
        **spread.measure(stored, runs),
    }


def store(chapter: str, entry: dict[str, Any], root: Path = ROOT) -> None:
    """Write a chapter's entry to results/spread.json, and README's table anew."""
    path, readme = root / spread.FILE.relative_to(ROOT), root / "README.md"
    entries = spread.load(path) | {chapter: entry}
    text = results.with_table(readme.read_text(encoding="utf-8"), "spread", spread.table(entries))
    files.write(path, spread.dump(entries))
    files.write(readme, text)


def run(chapter: Path, combination: Combination, kept: Path = KEPT) -> NotebookNode:
    """The chapter as it is executed in a combination; taken from what is kept, where it is there.

    Raises:
        ChapterError: a cell failed. Nothing is kept then.
    """
    path = kept / f"{chapter.stem}-{code_hash(read(chapter))}" / f"{combination.name}.ipynb"
    if not path.exists():
        prefix = () if combination.network else _network_namespace()[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [*prefix, sys.executable, "-m", "course_utils.workshop.perturb", chapter.resolve(), path.resolve()],
            cwd=path.parent,  # no chapter may depend on the folder from which it is run
            env={**os.environ, **combination.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            said = done.stderr.strip().rpartition("\n")[2].partition("ChapterError: ")
            raise ChapterError(f"{combination.name}: {said[2] or said[0]}")
    return read(path)


def _execute(chapter: Path, out: Path) -> None:
    notebook = read(chapter)
    execute(notebook, chapter)
    files.write(out, nbformat.writes(notebook) + "\n")


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


if __name__ == "__main__":
    _execute(*map(Path, sys.argv[1:]))
