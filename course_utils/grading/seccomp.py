"""A filter on system calls for the process that runs a student's code.

Namespaces and limits already hold without it. It takes away what they do not: further processes and programs (so that
the limit on one process's memory is the limit on all), memory that no limit counts, and the kernel's less tested
corners. What is forbidden fails with EPERM, like any call without the right to it.
"""

import ctypes
import errno
import platform

from course_utils.grading import linux

# Numbers on x86_64 and on aarch64 (None: it has no such call); those above 423 are the same everywhere.
_DENIED = {
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "statmount": (457, 457), "listmount": (458, 458),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "shmat": (30, 196),
    "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "fanotify_init": (300, 262),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "process_madvise": (440, 440),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264), "personality": (135, 92),
    "kexec_load": (246, 104), "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89), "syslog": (103, 116),
    "quotactl": (179, 60), "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
}  # fmt: skip
_CLONE, _SOCKET, _SOCKETPAIR, _CLONE3 = (56, 220), (41, 198), (53, 199), 435
_FCNTL, _SETSOCKOPT = (72, 25), (54, 208)
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_THREAD, _LOCAL = 0x00010000, 1  # CLONE_THREAD, AF_UNIX
# Locks of parts of a file, of which one file may have any number: F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW
_LOCKS = (6, 7, 37, 38)
# Memory for what a socket holds, which no limit counts: SO_SNDBUF, SO_RCVBUF, SO_SNDBUFFORCE, SO_RCVBUFFORCE
_BUFFERS = (7, 8, 32, 33)
_FOREIGN_NUMBERS = 0x40000000  # where the other calling convention of x86_64 begins

# Instructions of the kernel's filter machine, and what a filter may answer
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
# Offsets in what the filter is shown; its numbers are little-endian
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _SECOND_ARGUMENT, _THIRD_ARGUMENT = 0, 4, 16, 24, 32
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2

Instruction = tuple[int, int, int, int]


def program(machine: str) -> list[Instruction]:
    """The filter for a processor, as (operation, steps if true, steps if false, value).

    Raises:
        OSError: the numbers of system calls on that processor are not known here.

    >>> program("x86_64")[0]
    (32, 0, 0, 4)
    """
    if machine not in _ARCHITECTURES:
        raise OSError(errno.ENOSYS, f"there is no filter of system calls for the processor {machine}")
    column, architecture = _ARCHITECTURES[machine]
    denied = (_RETURN, 0, 0, _ERROR | errno.EPERM)
    lines = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_JUMP_AT_LEAST, 0, 1, _FOREIGN_NUMBERS),
        denied,
        (_JUMP_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _ERROR | errno.ENOSYS),  # its flags cannot be seen from here; the C library then takes clone
    ]
    for numbers in _DENIED.values():
        if numbers[column] is not None:
            lines += [(_JUMP_EQUAL, 0, 1, numbers[column]), denied]
    only_if = (
        (_CLONE[column], _JUMP_ANY_BIT, _THREAD),
        (_SOCKET[column], _JUMP_EQUAL, _LOCAL),
        (_SOCKETPAIR[column], _JUMP_EQUAL, _LOCAL),
    )
    for number, test, value in only_if:
        lines += [(_JUMP_EQUAL, 0, 3, number), (_LOAD, 0, 0, _FIRST_ARGUMENT), (test, 1, 0, value), denied]
        lines += [(_LOAD, 0, 0, _NUMBER)]
    unless = ((_FCNTL[column], _SECOND_ARGUMENT, _LOCKS), (_SETSOCKOPT[column], _THIRD_ARGUMENT, _BUFFERS))
    for number, argument, values in unless:
        lines += [(_JUMP_EQUAL, 0, 2 + 2 * len(values), number), (_LOAD, 0, 0, argument)]
        for value in values:
            lines += [(_JUMP_EQUAL, 0, 1, value), denied]
        lines += [(_LOAD, 0, 0, _NUMBER)]
    return [*lines, (_RETURN, 0, 0, _ALLOW)]


def install() -> None:
    """Install the filter for this process and its future threads; it cannot be removed."""

    class Filter(ctypes.Structure):
        _fields_ = [
            ("operation", ctypes.c_uint16),
            ("yes", ctypes.c_uint8),
            ("no", ctypes.c_uint8),
            ("value", ctypes.c_uint32),
        ]

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_uint16), ("filters", ctypes.POINTER(Filter))]

    lines = program(platform.machine())
    filters = (Filter * len(lines))(*lines)
    linux.gain_nothing()  # without it the kernel accepts a filter from nobody but root
    whole = Program(len(lines), ctypes.cast(filters, ctypes.POINTER(Filter)))
    result = ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(whole), 0, 0)
    if result:
        number = ctypes.get_errno()
        raise OSError(number, "the kernel accepts no filter of system calls")
