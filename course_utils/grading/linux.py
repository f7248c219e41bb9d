"""The calls to the Linux kernel that Python has no function for: namespaces, mounts, capabilities.

Each raises OSError with the kernel's reason, as Python's own calls do.
"""

import ctypes
import errno
import os
import time
from pathlib import Path

# Kinds of namespaces (sched.h)
NEW_MOUNTS, NEW_NAMES, NEW_IPC, NEW_USERS, NEW_PIDS, NEW_NETWORK = (
    0x00020000,
    0x04000000,
    0x08000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
APART = NEW_MOUNTS | NEW_NAMES | NEW_IPC | NEW_PIDS | NEW_NETWORK

# How a file system is mounted (mount.h)
READ_ONLY, NO_SETUID, NO_DEVICES, NO_PROGRAMS = 1, 2, 4, 8
BIND, RECURSIVE, PRIVATE = 0x1000, 0x4000, 0x40000

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 1, 4, 24, 38, 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522
_KILL = 9


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Move this process (for NEW_PIDS: its next child) into new namespaces."""
    _checked(_libc().unshare(flags), "unshare")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount a file system; with PRIVATE, keep the mounts below `target` apart from those of other namespaces."""
    texts = (text.encode() or None for text in (source, target, kind))
    _checked(_libc().mount(*texts, ctypes.c_ulong(flags), options.encode() or None), f"mount {target}")


def own_users(inside: int) -> None:
    """Enter a new user namespace, in which this process has every capability and the user number `inside`."""
    user, group = os.geteuid(), os.getegid()
    unshare(NEW_USERS)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{inside} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{inside} {group} 1")


def processor_seconds(process: int) -> float:
    """What all threads of a process have used of the processors so far."""
    clock = ctypes.c_int()
    if number := _libc().clock_getcpuclockid(process, ctypes.byref(clock)):
        raise OSError(number, f"processor time: {os.strerror(number)}")
    return time.clock_gettime(clock.value)


def mapped_bytes() -> int:
    """The address space of this process; 0 where the system does not say it."""
    pages = Path("/proc/self/statm")
    return int(pages.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE") if pages.exists() else 0


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    _prctl(_PR_SET_PDEATHSIG, _KILL)


def bound_capabilities() -> None:
    """Empty the bounding set, so that no program can bring a capability back. This itself needs a capability."""
    for capability in range(64):
        try:
            _prctl(_PR_CAPBSET_DROP, capability)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            return  # this kernel knows no more


def give_up_capabilities() -> None:
    """Give up every capability that this process has or could pass on."""
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _checked(_libc().capset(header, (ctypes.c_uint32 * 6)()), "capset")


def gain_nothing() -> None:
    """Make sure that no program run by this process has more rights than the process itself."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def may_look_at_itself() -> None:
    """Let this process read its own folder in /proc, which the kernel forbids after a change of user."""
    _prctl(_PR_SET_DUMPABLE, 1)


def _prctl(option: int, value: int) -> None:
    words = [ctypes.c_ulong(word) for word in (value, 0, 0, 0)]
    _checked(_libc().prctl(option, *words), f"prctl {option}")
