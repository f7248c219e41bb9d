"""One student's process, confined by a keeper, which stays outside and reports how it ended.

The keeper is forked from the zygote and forks the student's process. It holds one end of a leash, a socket whose other
end the grader holds: when the grader lets go, or ends, the student's process is killed, whatever it is doing. On the
leash the grader says, too, how much processor time the process gets for what it is asked next; None while it rests.
"""

import contextlib
import json
import os
import resource
import select
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from course_utils.grading import linux, seccomp

NOBODY = 65534
_MOUNTS = ("mountinfo", "mounts", "mountstats")
_BROKEN = 97  # the exit status of a process that could not be confined
_TICK = 0.05  # seconds between two looks at whether it still runs
_LOOK = 0.5  # seconds between two looks at all that it has started, which takes a few milliseconds
_IDLE = 1e-3  # of one processor: who computes less does nothing
_TAIL = 2000  # bytes of what was printed last, to explain a failure of the sandbox itself

Request = dict[str, float]
Serve = Callable[[socket.socket, Request], None]


def keep(data: socket.socket, leash: socket.socket, request: Request, serve: Serve) -> None:
    """Confine a new process that calls `serve(data, request)`, and report on the leash how it ended.

    Args:
        data: the student's end of the connection to the grader.
        leash: the keeper's end.
        request: the fields of `Limits`, "user" (the number the process gets as its user) and "walls" (False leaves
            out everything but the limits).
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        mapped = linux.mapped_bytes()  # asked now, as is the next, since there may be no /proc later
        others = request["walls"] and _may_change_user()
        if request["walls"]:
            _separate(request, others)
        request = request | {"memory_bytes": request["memory_bytes"] + mapped}
        printed, prints = os.pipe()
        child = os.fork()
    except OSError as error:
        _report(leash, end="broken", text=str(error))
        return
    if child == 0:
        _become_the_student(data, prints, request, int(request["user"]) if others else 0, serve)
    os.close(prints)
    data.close()
    _report(leash, **_watch(child, printed, leash, request))


def _separate(request: Request, others: bool) -> None:
    """Create namespaces for the next child, and empty folders that it can write to."""
    if not others:
        linux.own_users(NOBODY)
    linux.unshare(linux.APART)
    linux.mount("", "/", flags=linux.PRIVATE | linux.RECURSIVE)
    plain = linux.NO_SETUID | linux.NO_DEVICES
    size = int(request["disk_bytes"])
    linux.mount("tmpfs", "/tmp", "tmpfs", plain, f"mode=1777,size={size},nr_inodes=4096")
    linux.mount("tmpfs", "/dev/shm", "tmpfs", plain | linux.NO_PROGRAMS, f"mode=1777,size={size // 4},nr_inodes=256")


def _may_change_user() -> bool:
    """Whether this machine lets a process become another user."""
    return sum(int(line.split()[2]) for line in Path("/proc/self/uid_map").read_text().splitlines()) > NOBODY


def _become_the_student(data: socket.socket, prints: int, request: Request, user: int, serve: Serve) -> None:
    """What the child does; never returns."""
    status = _BROKEN
    try:
        kept = os.dup2(data.fileno(), 3)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, source in enumerate((nothing, prints, prints)):
            os.dup2(source, number)
        os.closerange(4, 1024)  # the zygote has only a few open
        os.setsid()
        if request["walls"]:
            _own_proc()
            os.chdir("/tmp")
        _limit(request)
        if request["walls"]:
            _give_up_rights(user)
        serve(socket.socket(fileno=kept), request)
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    except BaseException as error:  # whatever it is, this process must not go on as a second keeper
        with contextlib.suppress(OSError):
            os.write(2, f"{type(error).__name__}: {error}".encode())
    finally:
        os._exit(status)


def _own_proc() -> None:
    """Mount a /proc that shows this PID namespace only, or an empty one where the outer sandbox forbids that.

    What it says about mounts is covered: there the machine's own paths stand.
    """
    hardened = linux.NO_SETUID | linux.NO_DEVICES | linux.NO_PROGRAMS
    empty = hardened | linux.READ_ONLY
    try:
        linux.mount("proc", "/proc", "proc", hardened)
        for name in _MOUNTS:
            linux.mount("/dev/null", f"/proc/self/{name}", flags=linux.BIND)
        linux.mount("tmpfs", "/proc/self/task", "tmpfs", empty, "mode=0555,size=4k")  # each thread says it, too
    except PermissionError:
        linux.mount("tmpfs", "/proc", "tmpfs", empty, "mode=0555,size=4k")


def _limit(request: Request) -> None:
    limits = {
        "RLIMIT_AS": request["memory_bytes"],
        "RLIMIT_CPU": request["cpu_seconds"],
        "RLIMIT_FSIZE": request["disk_bytes"],
        "RLIMIT_NOFILE": request["files"],
        "RLIMIT_CORE": 0,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_MEMLOCK": 2**16,
        "RLIMIT_SIGPENDING": 256,  # signals and timers that wait are kept in the kernel's memory
    }
    if request["walls"]:  # without them the user is the instructor, whose other processes would count
        limits["RLIMIT_NPROC"] = request["threads"]
    for name, most in limits.items():
        kind = getattr(resource, name, None)  # macOS lacks some
        if kind is not None:
            with contextlib.suppress(ValueError):  # lower already, or not known there
                resource.setrlimit(kind, (int(most), int(most)))
    os.nice(5)  # what checks the answers goes first


def _give_up_rights(user: int) -> None:
    """Become a user without rights (`user` 0 keeps the present one), and give up every way to get rights back."""
    linux.bound_capabilities()
    if user:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    linux.give_up_capabilities()
    linux.may_look_at_itself()
    linux.die_with_parent()
    seccomp.install()  # which also sets that no program can give rights back


def _watch(child: int, printed: int, leash: socket.socket, request: Request) -> dict:
    """Wait until the child ends, and kill it when the grader lets go of the leash or too much is used or printed."""
    size, tail, end = 0, b"", ""
    meter = _Meter(child, request)
    poll = select.poll()
    poll.register(leash, select.POLLIN)
    poll.register(printed, select.POLLIN)
    while True:
        gone, status, used = os.wait4(child, os.WNOHANG)
        if gone:
            break
        for number, _ in poll.poll(_TICK * 1000):
            if number == printed:
                text = os.read(printed, 2**16)
                size, tail = size + len(text), (tail + text)[-_TAIL:]
                if not text:
                    poll.unregister(printed)
                    time.sleep(_TICK / 10)  # most often its end is near
                elif size > request["output_bytes"]:
                    end = "output"
            elif said := leash.recv(2**12):
                meter.start(json.loads(said.split()[-1]))
            else:
                end = end or "let go"
        end = end or meter.reached()
        if end:
            _kill(child, request)
            _, status, used = os.wait4(child, 0)
            break
    return _as_report(end, status, used, tail, request)


class _Meter:
    """Tells when a process has computed for too long, or does nothing though it was asked.

    Args:
        child: the process.
        request: what `keep` got.
    """

    def __init__(self, child: int, request: Request):
        self._child, self._idle, self._walls = child, request["idle_seconds"], request["walls"]
        self._most: float | None = None
        self._looked = self._since = self._seen = 0.0

    def start(self, seconds: float | None) -> None:
        """Let it compute for so many seconds from now on; None: for as many as it likes."""
        self._most = None
        if seconds is not None:
            self._looked = self._since = time.monotonic()
            self._seen = self._used()
            self._most = self._seen + seconds

    def reached(self) -> str:
        """Which limit it has reached: "time", "idle" or, if none, ""."""
        now = time.monotonic()
        if self._most is None or now - self._looked < (_TICK if self._walls else _LOOK):
            return ""
        self._looked, used = now, self._used()
        if used > self._most:
            return "time"
        if now - self._since > self._idle:
            if used - self._seen < _IDLE * self._idle:
                return "idle"
            self._since, self._seen = now, used
        return ""

    def _used(self) -> float:
        """Processor seconds; without walls those of the processes that it has started, too."""
        if self._walls:
            return linux.processor_seconds(self._child)
        return _of_all(self._child)


def _of_all(child: int) -> float:
    """Processor seconds of a process and all that it has started, on any system."""
    seconds = 0.0
    with contextlib.suppress(psutil.NoSuchProcess):
        started = psutil.Process(child)
        for each in (*started.children(recursive=True), started):  # what ends meanwhile counts with its parent
            with contextlib.suppress(psutil.NoSuchProcess):
                seconds += sum(each.cpu_times()[:4])
    return seconds


def _kill(child: int, request: Request) -> None:
    """End the process, and without walls, where it can start others, these too."""
    if not request["walls"]:
        with contextlib.suppress(OSError):  # it may not have a group of its own yet
            os.killpg(child, signal.SIGKILL)
    os.kill(child, signal.SIGKILL)


def _as_report(end: str, status: int, used: resource.struct_rusage, tail: bytes, request: Request) -> dict:
    code = os.waitstatus_to_exitcode(status)
    cpu = used.ru_utime + used.ru_stime
    if not end and code == -signal.SIGKILL and cpu >= request["cpu_seconds"] - 1:
        end = "cpu"
    if not end:
        end = "signal" if code < 0 else "broken" if code == _BROKEN else "exit"
    return {"end": end, "code": abs(code), "text": tail.decode("utf-8", "replace"), "used": cpu}


def _report(leash: socket.socket, **report) -> None:
    with contextlib.suppress(OSError):  # nobody waits for it any more
        leash.sendall(json.dumps(report).encode())
