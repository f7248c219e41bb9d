"""An enclosure made of the kernel's namespaces, for machines that have no bubblewrap.

    python -m course_utils.grading.enclosure '{"read_only": ["/usr"], "links": {"/bin": "usr/bin"}}' COMMAND...

runs COMMAND where nothing can be seen but those paths, read-only, with no network and no other process. It needs root,
or a kernel that lets everybody make user namespaces.
"""

import json
import os
import sys
from pathlib import Path

from course_utils.grading import linux

DEVICES = ("null", "zero", "full", "random", "urandom")
_BASE, _OLD = "/tmp", "/old"  # any folder would do for the first; the second is a new one in the new root


def enclose(read_only: list[str], links: dict[str, str]) -> None:
    """Shut this process, which must be the first in its process namespace, into a file system with little in it.

    Args:
        read_only: absolute paths of folders and files that stay, where they are.
        links: symbolic links to make, path to target.

    Raises:
        OSError: the kernel refuses a step.
    """
    os.umask(0o022)  # others must get through the folders made here, whatever the grader's habits
    linux.mount("", "/", flags=linux.PRIVATE | linux.RECURSIVE)
    linux.mount("tmpfs", _BASE, "tmpfs", linux.NO_SETUID | linux.NO_DEVICES, "mode=0755,size=1m")
    os.mkdir(_BASE + _OLD)
    linux.pivot_root(_BASE, _BASE + _OLD)
    os.chdir("/")
    for path in read_only:
        _show(path, path)
        linux.make_read_only(path)
    for path, target in links.items():
        Path(path).symlink_to(target)
    for folder in ("/proc", "/dev", "/dev/shm", "/tmp"):
        Path(folder).mkdir(parents=True, exist_ok=True)
    for device in DEVICES:
        _show(f"/dev/{device}", f"/dev/{device}")
    Path("/dev/fd").symlink_to("/proc/self/fd")
    linux.mount("tmpfs", "/tmp", "tmpfs", linux.NO_SETUID | linux.NO_DEVICES, "mode=1777,size=64m")
    linux.mount("proc", "/proc", "proc", linux.NO_SETUID | linux.NO_DEVICES | linux.NO_PROGRAMS)
    linux.unmount(_OLD)
    os.rmdir(_OLD)
    linux.mount("", "/", flags=linux.REMOUNT | linux.BIND | linux.READ_ONLY | linux.NO_SETUID | linux.NO_DEVICES)


def _show(source: str, path: str) -> None:
    """Let `source` of the old root be seen at `path` of the new one."""
    place = Path(path)
    if os.path.isdir(_OLD + source):
        place.mkdir(parents=True, exist_ok=True)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    linux.mount(_OLD + source, path, flags=linux.BIND | linux.RECURSIVE)


def main() -> None:
    """Make the namespaces, go in and run the command; ends as the command ends."""
    spec, command = json.loads(sys.argv[1]), sys.argv[2:]
    if os.geteuid() != 0:
        linux.own_users(0)
    linux.unshare(linux.APART)
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
    linux.die_with_parent()
    enclose(spec["read_only"], spec["links"])
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
