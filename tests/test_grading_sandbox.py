"""The sandbox: each kind that this machine has is tried from inside, and a kind that leaks is not used."""

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from clocks import HANG_SECONDS
from data_helpers import says
from grading_helpers import kind_or_skip

from course_utils.grading import kinds, probes, seccomp
from course_utils.grading.kinds import KINDS, Kind
from course_utils.grading.limits import Limits
from course_utils.grading.sandbox import Lost, SandboxError, Zygote

# shut in by the keeper only: no file system of its own around it
OPEN = Kind("open", lambda: "", lambda command, folder: command)


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_holds_whatever_the_umask(name, request):
    request.addfinalizer(functools.partial(os.umask, os.umask(0o077)))
    try:
        with Zygote(kind_or_skip(name), "numpy", ()) as zygote:
            assert probes.leaks(zygote) == {}
    except SandboxError as error:
        pytest.skip(f"this machine does not allow it: {error}")


FIND = "from course_utils.grading import probes; print(probes.find('numpy', ()).kind.name)"


@pytest.mark.skipif(not os.access("/home", os.W_OK), reason="nothing can be written below /home")
def test_a_course_or_its_data_may_be_below_home(request):
    """Then /home is seen inside, and nothing in it but what leads there."""
    kind_or_skip("bubblewrap")
    folder = tempfile.mkdtemp(prefix="course-", dir="/home")
    request.addfinalizer(functools.partial(shutil.rmtree, folder))
    data = Path(folder, "data")
    data.mkdir()
    environment = os.environ | {"COURSE_DATA": str(data)}
    done = subprocess.run([sys.executable, "-c", FIND], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() in KINDS, done.stderr


def test_the_tries_find_what_leaks():
    kind_or_skip("bubblewrap")
    with Zygote(OPEN, "numpy", ()) as zygote:
        # where the course is below a folder that only root may enter, its libraries are out of reach, too
        assert {"files_outside"} <= probes.leaks(zygote).keys() <= {"files_outside", "writing", "libraries"}


def test_a_kind_that_leaks_is_not_used(monkeypatch):
    kind_or_skip("bubblewrap")
    broken = Kind("broken", lambda: "", lambda command, folder: [sys.executable, "-c", "print('no such thing')"])
    absent = Kind("absent", lambda: "it is not installed", lambda command, folder: command)
    monkeypatch.setattr(probes, "KINDS", {kind.name: kind for kind in (absent, broken, OPEN)})
    with pytest.raises(SandboxError) as error:
        probes.find("numpy", ())
    says(error, "no working sandbox", "absent: it is not installed", "no such thing", "open: it does not hold")


@pytest.fixture(scope="module")
def zygote():
    try:
        with probes.find("numpy", ()) as started:
            yield started
    except SandboxError as error:
        pytest.skip(str(error))


def test_what_cannot_be_imported_is_said(zygote):
    with pytest.raises(SandboxError) as error:
        Zygote(zygote.kind, "numpy", ("no_such_module",))
    says(error, "no_such_module")


def defining(zygote, body, **limits):
    """A process in which `f` has this body."""
    process = zygote.fork(Limits(**limits))
    process.ask(["answer", "c", f"import time\ndef f():\n    {body}"], HANG_SECONDS, "")
    return process


F = ["call", "f", (), {}]


def test_processes_do_not_wait_for_each_other(zygote):
    slow, fast = defining(zygote, "time.sleep(10**4)", idle_seconds=0.1), defining(zygote, "return 3")
    with pytest.raises(Lost) as error:
        slow.ask(F, HANG_SECONDS, "it is slow")
    assert (error.value.cap, str(error.value)) == ("time", "nothing happened for 0.1 s: it sleeps, or waits in vain")
    assert fast.ask(F, HANG_SECONDS, "") == ["value", 3]
    assert fast.end().end == "let go"


def test_a_busy_machine_takes_no_time_from_a_call(zygote):
    """What waits longer by the clock than it may compute, as beside ten others on two processors, has its answer."""
    process = defining(zygote, "time.sleep(1.5)\n    return 3")
    assert process.ask(F, 0.5, "it is slow") == ["value", 3]
    process.end()


def test_what_a_call_computes_is_counted_for_this_call(zygote):
    process = defining(zygote, "end = time.process_time() + 0.4\n    while time.process_time() < end: pass")
    for _ in range(3):
        assert process.ask(F, 1, "it is slow") == ["value", None]
    assert 1.2 < process.end().used < 60


@pytest.mark.parametrize("threads", [0, 3])
def test_what_computes_without_end_is_stopped(zygote, threads):
    start = f"import threading\n    for _ in range({threads}): threading.Thread(target=g).start()"
    process = defining(zygote, f"{start}\n    g()\ndef g():\n    while True: pass")
    with pytest.raises(Lost) as error:
        process.ask(F, 0.3, "it is slow")
    assert (error.value.cap, str(error.value)) == ("time", "it is slow")
    assert 0.3 <= process.end().used < 60


def test_without_walls_what_a_call_starts_counts_too():
    body = "import subprocess, sys\n    subprocess.run([sys.executable, '-c', 'while True: pass'])"
    with Zygote(kinds.UNSANDBOXED, "numpy", ()) as zygote:
        process = defining(zygote, body)
        with pytest.raises(Lost, match="it is slow"):
            process.ask(F, 0.5, "it is slow")


LARGE = (  # as PyTorch's wheel for graphics cards does: it maps three GB of libraries
    "import mmap, sys; mapped = mmap.mmap(-1, 3 * 2**30);"
    "from course_utils.grading import zygote; sys.argv[1:] = sys.argv[-2:]; zygote.main()"
)


def test_memory_is_counted_from_what_the_framework_takes():
    kind_or_skip("bubblewrap")
    large = Kind("large", lambda: "", lambda command, folder: [sys.executable, "-c", LARGE, *command])
    with Zygote(large, "numpy", ()) as zygote:
        process = defining(zygote, "return len(bytearray(2**30))")
        assert process.ask(F, HANG_SECONDS, "") == ["value", 2**30]
        process.end()
        process = defining(zygote, "return len(bytearray(2**30))", memory_bytes=2**29)
        assert process.ask(F, HANG_SECONDS, "")[:2] == ["problem", "StudentError"]
        process.end()


def test_nothing_stays_when_the_grader_is_killed():
    kind_or_skip("bubblewrap")
    script = (
        "import sys, time\n"
        "from course_utils.grading import probes, limits\n"
        "process = probes.find('numpy', ()).fork(limits.Limits())\n"
        "process.ask(['cell', 'c', 'x = 1'], 600, '')\n"
        "print('running', flush=True)\n"
        "process.ask(['cell', 'c', 'while True: pass'], 600, '')\n"
    )
    grader = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert grader.stdout.readline() == b"running\n"
    below = psutil.Process(grader.pid).children(recursive=True)
    assert len(below) >= 3  # the zygote, the keeper, the student's process
    grader.kill()
    grader.communicate()
    assert psutil.wait_procs(below, timeout=HANG_SECONDS)[1] == []


def test_what_is_visible_has_neither_solutions_nor_tests():
    paths, links = kinds.visible()
    root = kinds.Path(kinds.course_utils.__file__).parent.parent
    assert str(root) not in paths
    assert not any((root / "solutions").is_relative_to(path) or (root / "tests").is_relative_to(path) for path in paths)
    assert not {*paths} & {*links}


# ---- the filter of system calls, run by a small machine that does what the kernel does ----

ALLOWED, EPERM, ENOSYS, KILLED = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
X86, ARM = 0xC000003E, 0xC00000B7


def verdict(machine, number, argument=0, second=0, third=0, architecture=None):
    """What the filter answers to a system call."""
    architecture = architecture or {"x86_64": X86, "aarch64": ARM}[machine]
    shown = {0: number, 4: architecture, 16: argument, 24: second, 32: third}
    lines, place, value = seccomp.program(machine), 0, 0
    while True:
        operation, yes, no, operand = lines[place]
        place += 1
        if operation == 0x20:
            value = shown[operand]
        elif operation == 0x06:
            return operand
        else:
            true = {0x15: value == operand, 0x35: value >= operand, 0x45: value & operand}[operation]
            place += yes if true else no


THREAD = 0x3D0F00  # the flags that the C library starts a thread with


@pytest.mark.parametrize(
    ("machine", "call", "argument", "expected"),
    [
        ("x86_64", 53, 1, ALLOWED),  # socketpair, local
        ("x86_64", 53, 30, EPERM),  # socketpair, tipc
        ("aarch64", 199, 1, ALLOWED),
        ("aarch64", 199, 16, EPERM),
        ("x86_64", 0, 0, ALLOWED),  # read
        ("x86_64", 57, 0, EPERM),  # fork
        ("x86_64", 59, 0, EPERM),  # execve
        ("x86_64", 56, 17, EPERM),  # clone, as fork
        ("x86_64", 56, THREAD, ALLOWED),  # clone, as a thread
        ("x86_64", 435, 0, ENOSYS),  # clone3
        ("x86_64", 41, 1, ALLOWED),  # socket, local
        ("x86_64", 41, 2, EPERM),  # socket, internet
        ("x86_64", 41, 16, EPERM),  # socket, netlink
        ("x86_64", 0x40000000 + 59, 0, EPERM),  # execve by the other convention
        ("x86_64", 272, 0, EPERM),  # unshare
        ("aarch64", 63, 0, ALLOWED),  # read
        ("aarch64", 221, 0, EPERM),  # execve
        ("aarch64", 220, 17, EPERM),  # clone, as fork
        ("aarch64", 220, THREAD, ALLOWED),
        ("aarch64", 198, 10, EPERM),  # socket, internet version 6
        ("x86_64", 457, 0, EPERM),  # statmount
        ("aarch64", 458, 0, EPERM),  # listmount
        ("aarch64", 57, 0, ALLOWED),  # close, which is fork's number elsewhere
    ],
)
def test_the_filter_lets_through_what_it_should(machine, call, argument, expected):
    assert verdict(machine, call, argument) == expected


@pytest.mark.parametrize(("machine", "call"), [("x86_64", 72), ("aarch64", 25)])
def test_parts_of_a_file_are_not_locked(machine, call):
    denied = {command for command in range(64) if verdict(machine, call, 3, command) == EPERM}
    assert denied == {6, 7, 37, 38}
    assert {verdict(machine, call, 3, command) for command in {*range(64)} - denied} == {ALLOWED}


@pytest.mark.parametrize(("machine", "call"), [("x86_64", 54), ("aarch64", 208)])
def test_sockets_hold_no_more_than_is_usual(machine, call):
    denied = {option for option in range(80) if verdict(machine, call, 3, 1, option) == EPERM}
    assert denied == {7, 8, 32, 33}


def test_calls_of_another_processor_are_fatal():
    assert verdict("x86_64", 0, architecture=ARM) == KILLED


def test_an_unknown_processor_is_said():
    with pytest.raises(OSError, match="riscv64"):
        seccomp.program("riscv64")


def test_a_fork_takes_little_time(zygote):
    """Of the processors, so that it is told from a start anew wherever the machine has other work too."""

    def used():
        seconds = 0
        me = psutil.Process()
        for each in [*reversed(me.children(recursive=True)), me]:  # what ends meanwhile counts with its parent
            with suppress(psutil.NoSuchProcess):
                seconds += sum(each.cpu_times()[:4])
        return seconds

    began = used()
    for _ in range(5):
        zygote.fork(Limits()).end()
    assert used() - began < 1
