"""The sandbox as the grader sees it: a zygote that can be forked, and the processes forked from it."""

import contextlib
import errno
import itertools
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_utils.assignments.errors import BadValue
from course_utils.grading.channel import Channel, Closed, TooLate, TooLong
from course_utils.grading.errors import GradingError
from course_utils.grading.kinds import Kind, environment, python
from course_utils.grading.limits import Limits

# By the clock, as only what hangs takes, however busy the machine is:
_START_SECONDS = 60  # until a Python in the sandbox answers
_IMPORT_SECONDS = 600  # a framework's, on a slow disk that reads it for the first time
_READY_SECONDS = 600
_LONGEST = 7200
_MACHINE = (errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EDQUOT)  # what it has run out of is no sandbox's fault
_END_SECONDS = 20
_GRACE_SECONDS = 1  # between a process's last word and its keeper's report
_FIRST_USER = 1_000_000  # users that no machine gives to people; each process gets one of its own
_SIDE_BY_SIDE = 128  # processes of one grader that may have to be told apart


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Start processes that do not hear Ctrl-C; this process hears it when the block ends."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class SandboxError(GradingError):
    """The sandbox does not start or has failed; this is never a student's fault."""


class NoSandbox(SandboxError):
    """This machine has no working sandbox."""


class Lost(Exception):
    """The process has ended, or had to be ended.

    Attributes:
        cap: what it used too much of ("time", "cpu", "output", "value", "memory"), or "" if it ended by itself.
        reason: half a sentence for the student.
    """

    def __init__(self, cap: str, reason: str):
        super().__init__(reason)
        self.cap, self.reason = cap, reason


@dataclass(frozen=True)
class End:
    """How a process ended, as its keeper reports it.

    Attributes:
        end: "exit", "signal", "cpu", "time", "idle", "output", "let go" (the grader ended it) or "broken" (the sandbox
            failed).
        code: its exit status, or the number of the signal.
        text: what it printed last.
        used: processor seconds, from its start.
    """

    end: str
    code: int = 0
    text: str = ""
    used: float = 0.0


class Zygote:
    """A process in a sandbox that has imported a framework. Close it, or use it in a `with` statement.

    Args:
        kind: the kind of sandbox.
        framework: "torch", "tensorflow" or "numpy".
        modules: names of the modules that it imports, so that no submission has to wait for them.

    Raises:
        SandboxError: it does not start.
    """

    def __init__(self, kind: Kind, framework: str, modules: tuple[str, ...]):
        self.kind, self.framework = kind, framework
        self._numbers, self._lock = itertools.count(), threading.Lock()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  (it lives as long as the zygote)
        self._process = self._control = None
        command = [*python("course_utils.grading.zygote"), "{address}", framework, *modules]
        try:
            self._connect_by_path(command) if kind.by_path else self._connect_by_number(command)
            self._await_ready()
        except (OSError, subprocess.SubprocessError) as error:
            if self._process is not None:
                self._process.kill()  # it may hang
            self.close()
            if isinstance(error, OSError) and error.errno in _MACHINE:
                raise
            raise SandboxError(f"The sandbox ({kind.name}) does not start: {error}.") from error

    def _connect_by_number(self, command: list[str]) -> None:
        """Start the zygote, which inherits its end of the connection."""
        self._control, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            self._run(command, str(other.fileno()), None, pass_fds=[other.fileno()], env=environment())

    def _connect_by_path(self, command: list[str]) -> None:
        """Start the zygote in a container, which passes on no open files, and let it connect to a socket by path."""
        with (
            tempfile.TemporaryDirectory(prefix="grading-") as folder,
            socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener,
        ):
            address = str(Path(folder) / "control")
            listener.bind(address)
            listener.listen(1)
            listener.settimeout(_START_SECONDS)
            self._run(command, address, Path(folder))
            self._control, _ = listener.accept()

    def _run(self, command: list[str], address: str, folder: Path | None, **options: Any) -> None:
        words = self.kind.command([word.replace("{address}", address) for word in command], folder)
        with uninterrupted():
            self._process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=self._errors, stderr=self._errors, **options
            )

    def _await_ready(self) -> None:
        for word, seconds in ((b"started", _START_SECONDS), (b"ready", _IMPORT_SECONDS)):
            self._control.settimeout(seconds)
            try:
                came = self._control.recv(16)
            except TimeoutError as error:
                raise OSError(f"it was not {word.decode()} within {seconds} s") from error
            if came != word:
                self._process.wait(_END_SECONDS)
                self._errors.seek(0)
                said = self._errors.read().decode("utf-8", "replace").strip().splitlines()
                raise OSError(said[-1] if said else "it ended without a message")

    def fork(self, limits: Limits) -> "Process":
        """Fork a new process that has imported the framework and run nothing yet.

        Raises:
            SandboxError: the sandbox has failed.
        """
        ours, theirs = socket.socketpair()
        leash, keepers = socket.socketpair()
        with theirs, keepers, self._lock:
            user = _FIRST_USER + os.getpid() * _SIDE_BY_SIDE + next(self._numbers) % _SIDE_BY_SIDE
            request = limits.as_dict() | {"user": user, "walls": self.kind.name != "none"}
            try:
                socket.send_fds(self._control, [json.dumps(request).encode()], [theirs.fileno(), keepers.fileno()])
            except OSError as error:
                raise SandboxError(f"The sandbox ({self.kind.name}) has ended: {error}.") from error
        process = Process(Channel(ours, limits.value_bytes), leash, limits.idle_seconds)
        process.await_ready()
        return process

    def close(self) -> None:
        """End the zygote and every process in its sandbox."""
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            try:
                self._process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._errors.close()

    def __enter__(self) -> "Zygote":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Process:
    """A student's process: it answers each request, or it is lost."""

    def __init__(self, channel: Channel, leash: socket.socket, idle_seconds: float):
        self._channel, self._leash, self._idle_seconds = channel, leash, idle_seconds
        self._asked = 0
        self._end: End | None = None

    def await_ready(self) -> None:
        """Wait until it has started; raises `SandboxError` if it does not."""
        try:
            ready = self._exchange(None, _READY_SECONDS, "it does not start")
        except Lost as lost:
            raise SandboxError(f"The sandbox has failed: {self.end().text or lost.reason}.") from lost
        if ready != "ready":
            raise SandboxError("The sandbox has failed: its process did not report that it is ready.")

    def ask(self, request: Any, seconds: float, too_late: str, by_the_clock: float = _LONGEST) -> Any:
        """Send a request and wait for the answer.

        Args:
            request: as `worker` says.
            seconds: of the processors, that the process may use for it.
            too_late: the reason to give if no answer comes in time, as half a sentence.
            by_the_clock: how long to wait, in seconds.

        Raises:
            Lost: no answer came, or none that can be read; the process has been ended.
        """
        self._asked += 1
        self._allow(seconds)
        came = self._exchange([self._asked, request], by_the_clock, too_late)
        self._allow(None)
        if type(came) is list and len(came) == 2 and type(came[0]) is int and came[0] == self._asked:
            return came[1]
        self.end()
        raise Lost("", "its answer is not a message of values")  # and all that follow would be one behind

    def _exchange(self, message: list | None, seconds: float, too_late: str) -> Any:
        """Send a message (None sends nothing) and wait for what comes."""
        until = time.monotonic() + seconds
        try:
            if message is not None:
                self._channel.send(message, seconds)
            return self._channel.receive(max(0.01, until - time.monotonic()))
        except TooLate as error:
            self.end()
            raise Lost("time", too_late) from error
        except TooLong as error:
            self.end()
            raise Lost("value", "its answer is too large") from error
        except Closed as error:
            raise self._explained(too_late) from error
        except BadValue as error:
            self.end()
            raise Lost("", "its answer is not a message of values") from error

    def _explained(self, too_late: str) -> Lost:
        """What to tell the student about how the process ended."""
        match self.end(_GRACE_SECONDS):
            case End("output"):
                return Lost("output", "it printed too much")
            case End("cpu"):
                return Lost("cpu", "it used too much processor time")
            case End("time"):
                return Lost("time", too_late)
            case End("idle"):
                idle = f"nothing happened for {self._idle_seconds:g} s"
                return Lost("time", f"{idle}: it sleeps, or waits in vain")
            case End("signal", code):
                return Lost("", f"it crashed (signal {code})")
            case End(_, code):
                return Lost("", f"it ended by itself (exit status {code})")

    def _allow(self, seconds: float | None) -> None:
        """Tell its keeper what the process may use from now on; None: it rests, and may do so for ever."""
        with contextlib.suppress(OSError):  # the keeper has ended, as has the process: the channel will tell
            self._leash.sendall(json.dumps(seconds).encode() + b"\n")

    def end(self, grace: float = 0) -> End:
        """Wait `grace` seconds for the process, kill it if it still runs, and say how it ended."""
        if self._end is None:
            self._end = self._await_report(grace)
            self._channel.close()
            self._leash.close()
        return self._end

    def _await_report(self, grace: float) -> End:
        report = b""
        for seconds in (grace, _END_SECONDS):
            try:
                self._leash.settimeout(seconds or 0.001)
                while part := self._leash.recv(2**16):
                    report += part
                return End(**json.loads(report))
            except TimeoutError:
                self._leash.shutdown(socket.SHUT_WR)
            except (OSError, ValueError, TypeError):
                break
        return End("broken", text="its keeper gave no report")
