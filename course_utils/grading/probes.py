"""A sandbox is trusted only after it has been tried from inside: these are the tries.

Each is a function of Python source, as a student might write it, that returns "" if the sandbox held, and otherwise
what it let happen. `held` runs them all; `find` takes the first kind of sandbox on this machine in which all of them
hold.
"""

import contextlib
import os
import secrets
import socket
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from course_utils.grading.kinds import KINDS, visible
from course_utils.grading.limits import Limits
from course_utils.grading.sandbox import Lost, NoSandbox, SandboxError, Zygote

LIMITS = Limits(
    cell_seconds=30,
    call_seconds=60,
    cpu_seconds=20,
    output_bytes=10**6,
    disk_bytes=2**23,
    value_bytes=2**20,
    threads=48,
)
_held: set[str] = set()  # kinds that have been tried in this process
_SHORT = {"cpu": {"cpu_seconds": 1}, "time": {"idle_seconds": 0.3}}  # for what must not end by itself

SOURCE = '''
import ctypes, errno, os, signal, socket, struct, subprocess, threading


def network(bait):
    """Connections to the grader's machine and beyond, and sockets other than local ones."""
    for family, address in ((socket.AF_INET, ("127.0.0.1", bait["port"])), (socket.AF_INET, ("192.0.2.1", 80))):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as connection:
                connection.settimeout(1)
                connection.connect(address)
            return f"a connection to {address[0]}"
        except OSError:
            pass
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect("\\0" + bait["abstract"])
        return "a connection to a socket of the grader's"
    except OSError:
        return ""


def files_outside(bait):
    """The grader's files, read or found."""
    for path in (bait["file"], "/etc/shadow", "/etc/passwd", "/proc/1/root" + bait["file"]):
        if os.path.exists(path):
            return path
    for folder, shown in bait["outside"].items():
        if os.path.exists(folder) and not {*os.listdir(folder)} <= {*shown}:
            return folder
    return ""


def mounts(bait):
    """What is mounted, and so where the machine keeps it."""
    for path in ("/proc/self", "/proc/thread-self", f"/proc/self/task/{os.getpid()}"):
        for name in ("mountinfo", "mounts", "mountstats"):
            try:
                with open(f"{path}/{name}") as file:
                    if file.read():
                        return f"{path}/{name}"
            except OSError:
                pass
    request, ids = struct.pack("IIQQ", 24, 0, 2**64 - 1, 0), (ctypes.c_uint64 * 8)()
    if ctypes.CDLL(None).syscall(458, request, ids, 8, 0) > 0:
        return "listmount"
    return ""


def kernel(bait):
    """Memory of the kernel, which no limit counts: locks of parts of a file, sockets of rare kinds or large ones."""
    import fcntl

    with open("/tmp/locked", "w") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX, 1, 0)
            return "a lock of a part of a file"
        except OSError:
            pass
    with socket.socket(socket.AF_UNIX) as large:
        try:
            large.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**24)
            return "a socket that holds much"
        except OSError:
            pass
    for family in range(2, 46):
        try:
            one, other = socket.socketpair(family)
            return f"a pair of sockets of the family {family}"
        except OSError as error:
            if error.errno != errno.EPERM:
                return f"a pair of sockets of the family {family} is not forbidden"
    return ""


def writing(bait):
    """A file in any folder but the one for it."""
    folders = ["/", "/usr", "/usr/lib", "/etc", "/dev", "/proc", "/proc/sys/kernel", bait["package"], bait["python"]]
    for folder in folders:
        try:
            with open(os.path.join(folder, "written"), "w"):
                return folder
        except OSError:
            pass
    return ""


def libraries(bait):
    """What an import in the middle of an answer needs: it must be readable."""
    for path in (bait["python"], bait["package"], bait["packages"]):
        if not os.access(path, os.R_OK | os.X_OK):
            return f"{path} cannot be read"
    return ""


def processes(bait):
    """Other processes: seen, or signalled."""
    seen = [name for name in os.listdir("/proc") if name.isdecimal() and int(name) != os.getpid()]
    if seen:
        return f"process {seen[0]} is seen"
    for number in (bait["pid"], os.getppid() or bait["pid"], 2, 3):
        try:
            os.kill(number, 0)
            return f"process {number} can be signalled"
        except OSError:
            pass
    return ""


def environment(bait):
    """What the grader's environment holds."""
    if bait["secret"] in "".join(os.environ.values()):
        return "os.environ"
    for path in ("/proc/self/environ", "/proc/1/environ"):
        try:
            with open(path, "rb") as file:
                if bait["secret"].encode() in file.read():
                    return path
        except OSError:
            pass
    return ""


def open_files(bait):
    """Files that were open already, but for the three of every process and the connection."""
    others = []
    for number in range(4, 1024):
        try:
            os.fstat(number)
            others.append(number)
        except OSError:
            pass
    return f"file {others[0]}" if others else ""


def capabilities(bait):
    """Rights beyond those of any user, or a way to them."""
    if 0 in (os.getuid(), os.geteuid(), os.getgid()):
        return "it is root"
    for call in (lambda: os.setuid(0), lambda: os.chroot("/tmp"), lambda: os.sethostname(b"x"), lambda: os.nice(-5)):
        try:
            call()
            return "a call for root only"
        except (OSError, AttributeError):
            pass
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x10000000) == 0:
        return "a user namespace of its own"
    if libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None) == 0:
        return "a mount"
    if libc.prctl(39, 0, 0, 0, 0) != 1:
        return "programs may give it rights"
    return ""


def forks(bait):
    """Further processes, and programs."""
    try:
        if os.fork() == 0:
            os._exit(0)
        return "a fork"
    except OSError:
        pass
    try:
        subprocess.run(["/bin/true"])
        return "a program"
    except OSError:
        pass
    try:
        os.execv("/bin/true", ["true"])
    except OSError:
        return ""


def threads(bait):
    """Threads, so many that others would feel it; a few must work."""
    stop, started = threading.Event(), 0
    try:
        while started < 2 * bait["threads"]:
            threading.Thread(target=stop.wait, daemon=True).start()
            started += 1
        return f"{started} threads"
    except RuntimeError:
        return "" if started >= 8 else "not even 8 threads"
    finally:
        stop.set()


def memory(bait):
    """More memory than allowed, at once or in a place that is not counted."""
    try:
        bytearray(bait["memory"])
        return "it is allotted"
    except MemoryError:
        pass
    try:
        os.memfd_create("x")
        return "memory in a file without a name"
    except OSError:
        return ""


def disk(bait):
    """Files that are too large together, and too many of them."""
    written = 0
    try:
        for number in range(10):
            with open(f"/tmp/{number}", "wb") as file:
                for _ in range(bait["disk"] // 2**20):
                    written += file.write(bytes(2**20))
        return f"{written} bytes"
    except OSError:
        pass
    finally:
        for number in range(10):
            if os.path.exists(f"/tmp/{number}"):
                os.remove(f"/tmp/{number}")
    if not written:
        return "not one byte can be written"
    try:
        for number in range(10_000):
            open(f"/tmp/n{number}", "w").close()
        return "10,000 files"
    except OSError:
        return ""


def siblings(bait):
    """What another student's process has left."""
    if os.path.exists("/tmp/left-behind") or os.path.exists("/dev/shm/left-behind"):
        return "a file"
    for path in ("/tmp/left-behind", "/dev/shm/left-behind"):
        open(path, "w").close()
    server = socket.socket(socket.AF_UNIX)
    try:
        server.bind("\\0left-behind")
        server.listen()
        globals()["server"] = server
    except OSError:
        return "a socket"
    return ""


def prints():
    while True:
        print("x" * 10_000)


def sends_without_end():
    os.write(3, b"\\xff" * 8)
    while True:
        os.write(3, bytes(2**20))


def computes():
    while True:
        pass


def ignores_everything():
    for number in range(1, signal.NSIG):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    while True:
        try:
            signal.pause()
        except BaseException:
            pass
'''
TRIES = (
    "network", "files_outside", "mounts", "kernel", "writing", "libraries", "processes", "environment", "open_files",
    "capabilities", "forks", "memory", "siblings", "disk", "threads",
)  # fmt: skip
ENDLESS = {"prints": "output", "sends_without_end": "value", "computes": "cpu", "ignores_everything": "time"}


@contextlib.contextmanager
def _bait() -> Iterator[dict]:
    """What the sandbox must not reveal, and where it is."""
    secret = secrets.token_hex(8)
    with (
        tempfile.TemporaryDirectory(prefix="grading-bait-") as folder,
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as local,
    ):
        file = Path(folder) / "secret"
        file.write_text(secret)
        os.chmod(folder, 0o755)
        local.bind("\0" + secret)
        local.listen()
        os.environ["GRADING_BAIT"] = secret
        try:
            yield {
                "file": str(file),
                "outside": {path: _shown_in(path) for path in (folder, "/home", "/root", "/var", "/mnt")},
                "port": server.getsockname()[1],
                "abstract": secret,
                "secret": secret,
                "pid": os.getpid(),
                "package": str(Path(__file__).parent),
                "python": str(Path(os.__file__).parent),
                "packages": sysconfig.get_path("purelib"),
                "threads": LIMITS.threads,
                "memory": LIMITS.memory_bytes + 2**26,
                "disk": LIMITS.disk_bytes,
            }
        finally:
            del os.environ["GRADING_BAIT"]


def _shown_in(folder: str) -> list[str]:
    """The names in a folder that may be there, because they lead to what can be seen inside."""
    below = [Path(path).relative_to(folder) for path in visible()[0] if Path(path).is_relative_to(folder)]
    return [path.parts[0] for path in below if path.parts]


def leaks(zygote: Zygote) -> dict[str, str]:
    """What a sandbox let happen, by the name of the try; nothing if it held.

    Raises:
        SandboxError: no process could be started in it.
    """
    found = {}
    with _bait() as bait:
        first, second = zygote.fork(LIMITS), zygote.fork(LIMITS)
        try:
            first.ask(["answer", "probes", SOURCE], LIMITS.cell_seconds, "no answer")
            second.ask(["answer", "probes", SOURCE], LIMITS.cell_seconds, "no answer")
            for name in TRIES:
                found[name] = _answer(first, name, bait)
            found["siblings"] = found["siblings"] or _answer(second, "siblings", bait)
        except Lost as lost:
            found["all"] = f"the tries came to an end: {lost}"
        finally:
            first.end()
            second.end()
    for name, cap in ENDLESS.items():
        found[name] = _endless(zygote, name, cap)
    return {name: what for name, what in found.items() if what}


def _answer(process, name: str, bait: dict) -> str:
    word, *rest = process.ask(["call", name, (bait,), {}], LIMITS.call_seconds, f"{name} did not end")
    return rest[0] if word == "value" else f"it could not be tried: {rest}"


def _endless(zygote: Zygote, name: str, cap: str) -> str:
    process = zygote.fork(replace(LIMITS, **_SHORT.get(cap, {})))
    try:
        process.ask(["answer", "probes", SOURCE], LIMITS.cell_seconds, "no answer")
        process.ask(["call", name, (), {}], LIMITS.call_seconds, "no answer")
        return "it went through"
    except Lost as lost:
        return "" if lost.cap == cap else f"it ended otherwise: {lost}"
    finally:
        process.end()


def find(framework: str, modules: tuple[str, ...]) -> Zygote:
    """A zygote in the first kind of sandbox that this machine has and that holds.

    Raises:
        NoSandbox: there is none; the sentence says why for each kind.
    """
    reasons = []
    for kind in KINDS.values():
        reason = kind.missing()
        if not reason:
            try:
                zygote = Zygote(kind, framework, modules)
                try:
                    found = {} if kind.name in _held else leaks(zygote)
                    if not found:
                        _held.add(kind.name)
                        return zygote
                except BaseException:
                    zygote.close()
                    raise
                zygote.close()
                name, what = next(iter(found.items()))
                reason = f"it does not hold ({name.replace('_', ' ')}: {what})"
            except SandboxError as error:
                reason = str(error).rstrip(".")
        reasons.append(f"{kind.name}: {reason}")
    raise NoSandbox(
        "There is no working sandbox on this machine, so nothing is run: install bubblewrap "
        "(`apt-get install bubblewrap`), Docker or Podman, or add --unsandboxed if you trust every submission "
        f"({'; '.join(reasons)})."
    )
