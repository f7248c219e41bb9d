"""The process that imports a framework once and is forked for each submission.

    python -m course_utils.grading.zygote ADDRESS FRAMEWORK MODULE...

ADDRESS is the number of an inherited socket, or the path of one to connect to. The zygote itself never runs a
student's code and knows no secret. Each message it gets is a `confine.Request` as JSON, with two sockets: the student's
end of the data connection and the keeper's end of the leash.
"""

import gc
import importlib
import json
import os
import signal
import socket
import sys
import warnings

from course_utils.grading import confine

_LONGEST = 2**16


def main() -> None:
    """Import what students will need, report it, and fork on request until the grader hangs up."""
    address, framework, *modules = sys.argv[1:]
    control = _connect(address)
    control.sendall(b"started")
    worker = importlib.import_module("course_utils.grading.worker")
    channel = importlib.import_module("course_utils.grading.channel")
    for module in modules:
        importlib.import_module(module)
    worker.prepare(framework)

    def serve(data: socket.socket, request: confine.Request) -> None:
        end = channel.Channel(data, int(request["value_bytes"]))
        end.send("ready")
        try:
            worker.serve(end, framework)
        except channel.Closed:
            return

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel then clears away keepers that have ended
    gc.collect()
    gc.freeze()  # what is shared with the children stays shared
    control.sendall(b"ready")
    while True:
        message, ends, *_ = socket.recv_fds(control, _LONGEST, 2)
        if not message:
            return
        sockets = [socket.socket(fileno=end) for end in ends]
        if _fork() == 0:
            control.close()
            confine.keep(*sockets, json.loads(message), serve)
            os._exit(0)
        for end in sockets:
            end.close()


def _connect(address: str) -> socket.socket:
    if address.isdecimal():
        return socket.socket(fileno=int(address))
    control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    control.connect(address)
    return control


def _fork() -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12: a framework's idle threads stay behind
        return os.fork()


if __name__ == "__main__":
    main()
