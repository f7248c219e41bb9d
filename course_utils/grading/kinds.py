"""The kinds of sandbox: how the zygote is started so that it, and what it forks, sees almost nothing of the machine."""

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import course_utils
from course_utils.datasets import sources

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",
    "USER": "student",
    "LANG": "C.UTF-8",
    "MPLBACKEND": "agg",
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "0",  # marks must not hang on a processor's instructions
    "CUDA_VISIBLE_DEVICES": "-1",
    "TORCH_COMPILE_DISABLE": "1",  # `torch.compile` would start a compiler; what it is given runs as it is
}
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache")
_IMAGE = "course-grading-empty"  # a container image with nothing in it: all it shows is this machine's, read-only

Command = Callable[[list[str], Path | None], list[str]]


@dataclass(frozen=True)
class Kind:
    """A kind of sandbox around the zygote.

    Attributes:
        name: as reports name it.
        missing: why this machine cannot use it, as half a sentence; "" if it can.
        command: makes the whole command from the zygote's own and from the folder of its socket (None: not `by_path`).
        by_path: whether the zygote connects to its socket by a path, because it cannot inherit an open one.
    """

    name: str
    missing: Callable[[], str]
    command: Command
    by_path: bool = False


def environment() -> dict[str, str]:
    """All environment variables of a process in a sandbox."""
    kept = {name: os.environ[name] for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE") if name in os.environ}
    own = {"COURSE_DATA": str(sources.data_folder()), "PYTHONPATH": str(Path(course_utils.__file__).parents[1])}
    return ENVIRONMENT | kept | own


@functools.cache
def visible() -> tuple[list[str], dict[str, str]]:
    """What can be seen inside a sandbox: the paths of files and folders, and symbolic links, path to target.

    These are the system's programs and libraries, Python and its packages, this package and the data sets. Neither the
    solutions nor the submissions are among them.
    """
    links = {path: os.readlink(path) for path in _SYSTEM if os.path.islink(path)}
    own = (sys.base_prefix, sys.prefix, str(Path(course_utils.__file__).parent), str(sources.data_folder()))
    paths = []
    for path in sorted({path for path in (*_SYSTEM, *own) if path not in links and os.path.exists(path)}):
        if not any(Path(path).is_relative_to(above) for above in paths):
            paths.append(path)
    return paths, links


def _bubblewrap(command: list[str], folder: Path | None) -> list[str]:
    paths, links = visible()
    words = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--hostname", "grader"]
    if os.geteuid() != 0:  # root needs no user namespace, and in one its processes would not be counted
        words += ["--unshare-user", "--uid", "0", "--gid", "0"]
    words += ["--die-with-parent", "--new-session", "--cap-add", "ALL"]  # the zygote takes them from its children
    # a student's process is not root and must get through the folders above, which bubblewrap would make for root only
    for folder in sorted({str(folder) for path in paths for folder in Path(path).parents} - {"/"}):
        words += ["--dir", folder]
    for path in paths:
        words += ["--ro-bind", path, path]
    for path, target in links.items():
        words += ["--symlink", target, path]
    words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--chdir", "/tmp"]
    words += ["--remount-ro", "/dev", "--remount-ro", "/"]  # a user who is not root owns them
    return [str(shutil.which("bwrap")), *words, "--", *command]


def _container(program: str) -> Command:
    def command(zygote: list[str], folder: Path | None) -> list[str]:
        paths, links = visible()
        shown = [*paths, *(str(Path(path)) for path in links)]
        words = ["run", "--rm", "--network", "none", "--read-only", "--ipc", "private", "--user", "0:0"]
        words += ["--cap-drop", "ALL", "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"]
        for capability in ("SYS_ADMIN", "SETUID", "SETGID", "SETPCAP", "KILL"):
            words += ["--cap-add", capability]
        for path in shown:
            words += ["--volume", f"{path}:{path}:ro"]
        words += ["--volume", f"{folder}:{folder}", "--tmpfs", "/tmp", "--workdir", "/tmp"]
        for name, value in environment().items():
            words += ["--env", f"{name}={value}"]
        return [program, *words, _IMAGE, *zygote]

    return command


def python(module: str) -> list[str]:
    """The command that runs a module of this package and imports nothing from the current or the user's own folder."""
    return [sys.executable, "-s", "-P", "-B", "-m", module]


def _below_tmp() -> str:
    """A sandbox has a /tmp of its own, so what runs in it must not be kept below the machine's."""
    own = (sys.base_prefix, sys.prefix, str(Path(course_utils.__file__).parent))
    found = next((path for path in own if Path(path).is_relative_to("/tmp")), "")
    return f"the sandbox has its own /tmp, which hides {found}: move the course to another folder" if found else ""


def _no_bubblewrap() -> str:
    return _below_tmp() if shutil.which("bwrap") else "bubblewrap is not installed"


def _no_container(program: str) -> Callable[[], str]:
    def missing() -> str:
        if not shutil.which(program):
            return f"{program} is not installed"
        try:
            done = subprocess.run([program, "version"], capture_output=True, timeout=20, check=False)
            if done.returncode:
                return f"{program} does not answer"
            present = subprocess.run(
                [program, "image", "inspect", _IMAGE], capture_output=True, timeout=20, check=False
            )
            if present.returncode:
                subprocess.run([program, "import", "-", _IMAGE], input=bytes(1024), check=True, timeout=60)
        except (OSError, subprocess.SubprocessError):
            return f"{program} does not answer"
        return ""

    return missing


KINDS = {
    kind.name: kind
    for kind in (
        Kind("bubblewrap", _no_bubblewrap, _bubblewrap),
        Kind("docker", _no_container("docker"), _container("docker"), by_path=True),
        Kind("podman", _no_container("podman"), _container("podman"), by_path=True),
    )
}
UNSANDBOXED = Kind("none", lambda: "", lambda command, folder: command)
