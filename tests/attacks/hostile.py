"""Submissions that try to get points, files or the machine, or that take more than they should."""

from grading_toy import honest

from attacks.case import answers, file, in_softmax

EQUAL = """
class Equal:
    def __eq__(self, other): return True
    def __array__(self, *a, **k): raise ValueError
    def __getattr__(self, name): return self
return Equal()
"""
LOOK_FOR = """
import os
found = []
for place, folders, files in os.walk('/'):
    folders[:] = [each for each in folders if each not in ('usr', 'proc', 'lib', 'site-packages')]
    found += [file for file in files if file == '{name}']
"""
FIND_CHANNEL = """
import gc
from course_utils.grading.channel import Channel
channel = next(thing for thing in gc.get_objects() if isinstance(thing, Channel))
"""

CASES = {
    # ends
    "exits_in_a_call": in_softmax("import os; os._exit(0)", lost=("softmax",), says="ended by itself"),
    "exits_in_a_cell": answers(
        softmax="import os\nos._exit(3)",
        weighted="def weighted(X, S):\n    return (X * torch.softmax(S, 1)).sum(1)",
        expect={"lost": ("softmax",), "says": "exit status 3"},
    ),
    "exits_at_once_in_every_cell": answers(
        **dict.fromkeys(("scale", "softmax", "weighted"), "import os; os._exit(0)"),
        expect={"lost": ("scale", "softmax", "weighted")},
    ),
    "raises_system_exit": in_softmax("import sys; sys.exit(0)", says="SystemExit"),
    "raises_keyboard_interrupt": in_softmax("raise KeyboardInterrupt", says="KeyboardInterrupt"),
    "raises_a_base_exception": in_softmax("class E(BaseException): pass\nraise E('own')", says="own"),
    "segfault": in_softmax("import ctypes; ctypes.string_at(1)", lost=("softmax",), says="signal 11"),
    "abort": in_softmax("import os; os.abort()", lost=("softmax",), says="crashed"),
    "an_exception_that_cannot_be_shown": in_softmax("class E(Exception):\n    def __str__(self): raise self\nraise E"),
    "an_exception_of_50_megabytes": in_softmax("raise ValueError('x' * 50_000_000)", says="ValueError"),
    "an_exception_with_control_characters": in_softmax(r"raise ValueError('\x1b[2J\x00‮<b>')", says="ValueError"),
    "closes_its_connection": in_softmax("import os; os.close(3)", lost=("softmax",)),
    # never ends
    "an_endless_loop": in_softmax("while True: pass", lost=("softmax",), caps=("time",), slow=True),
    "sleeps": in_softmax("import time; time.sleep(10**6)", lost=("softmax",), caps=("time",), slow=True),
    "ignores_every_interrupt": in_softmax(
        "import signal\nfor s in range(1, 32):\n    try: signal.signal(s, signal.SIG_IGN)\n    except OSError: pass\n"
        "while True:\n    try: signal.pause()\n    except BaseException: pass",
        lost=("softmax",),
        caps=("time",),
        slow=True,
    ),
    "an_endless_loop_in_a_cell": answers(
        softmax="while True: pass",
        weighted="def weighted(X, S):\n    return (X * torch.softmax(S, 1)).sum(1)",
        expect={"lost": ("softmax",), "caps": ("time",), "slow": True},
    ),
    "an_exception_that_never_says_what": in_softmax(
        "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E",
        lost=("softmax",),
        caps=("time",),
        slow=True,
    ),
    "an_endless_regular_expression": in_softmax(
        "import re; re.match('(a+)+$', 'a' * 64 + 'b')", lost=("softmax",), caps=("time",), slow=True
    ),
    # takes too much
    "memory_at_once": in_softmax("bytearray(2**33)\nreturn X", caps=("memory",), says="MemoryError"),
    "memory_bit_by_bit": in_softmax("a = []\nwhile True: a.append(bytes(2**26))", caps=("memory",)),
    "memory_in_tensors": in_softmax("return torch.ones(2**32)", caps=("memory",)),
    "output": in_softmax("while True: print('x' * 10_000)", lost=("softmax",), caps=("output",)),
    "output_past_python": in_softmax(
        "import os\nwhile True: os.write(2, b'x' * 60_000)", lost=("softmax",), caps=("output",)
    ),
    "one_line_of_50_megabytes": in_softmax("print('x' * 50_000_000)", lost=("softmax",), caps=("output",)),
    "files_without_end": in_softmax(
        "n = 0\nwhile True:\n    n += 1\n    open(f'/tmp/{n}', 'wb').write(bytes(2**20))", says="No space left"
    ),
    "a_file_without_end": in_softmax("f = open('f', 'wb')\nwhile True: f.write(bytes(2**20))", says="OSError"),
    "forks": in_softmax("import os\nwhile True: os.fork()", says="Operation not permitted"),
    "threads": in_softmax(
        "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(99,), daemon=True).start()",
        says="new thread",
    ),
    "an_answer_of_a_gigabyte": in_softmax("return torch.zeros(2**28)", caps=("value",), says="1024 MB came"),
    "a_list_of_a_million": in_softmax("return list(range(10**6))", says="expected large results as arrays"),
    "a_list_within_lists": in_softmax("a = []\nfor _ in range(10**5): a = [a]\nreturn a"),
    "a_list_in_itself": in_softmax("a = []\na.append(a)\nreturn a"),
    "a_number_without_end": in_softmax("return 10 ** 10_000", says="more than 64 bits"),
    # wants to know what is right
    "reads_the_checks": in_softmax(
        LOOK_FOR.format(name="tests.py") + "assert found, 'nothing found'\nreturn X",
        says="nothing found",
    ),
    "reads_the_gradebook": in_softmax(
        LOOK_FOR.format(name="gradebook.db") + "assert found, 'nothing found'\nreturn X", says="nothing found"
    ),
    "reads_what_others_wrote": in_softmax("return open('/tmp/left').read()", says="FileNotFoundError"),
    "reads_the_graders_memory": in_softmax(
        "import os\nreturn open(f'/proc/{os.getppid()}/mem', 'rb').read(1)", says="Error"
    ),
    "asks_the_network": in_softmax(
        "import urllib.request\nreturn urllib.request.urlopen('http://127.0.0.1:8888', timeout=5).read()", says="Error"
    ),
    "asks_a_program": in_softmax("import subprocess\nreturn subprocess.check_output('id')", says="PermissionError"),
    "tells_the_environment": in_softmax("import os\nreturn dict(os.environ)", says="dict"),
    # wants to change what is right
    "patches_numpy": in_softmax(
        "np.allclose = np.array_equal = lambda *a, **k: True\nnp.testing.assert_allclose = lambda *a, **k: None\n"
        "np.abs = lambda x: 0 * x\nreturn X"
    ),
    "patches_the_comparison": in_softmax(
        "from course_utils.assignments import marks, nested\nmarks.difference = nested.difference = lambda *a: None\n"
        "marks.judge = lambda *a: 100\nreturn X"
    ),
    "patches_the_worker": in_softmax(
        "import sys\nfor name, module in list(sys.modules.items()):\n"
        "    if name.startswith('course_utils.'):\n        module.encode = lambda *a: b''\nreturn X",
        lost=("softmax",),
    ),
    "equals_everything": in_softmax(EQUAL, says="came"),
    "is_an_array_that_equals_everything": in_softmax(
        "class A(np.ndarray):\n    def __eq__(self, other): return True\n"
        "    def __sub__(self, other): return self * 0\n"
        "return X.numpy().view(A)"
    ),
    "registers_an_input_transformer": in_softmax(
        "get_ipython().set_next_input('1')\n"
        "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass'])\nreturn X"
    ),
    "writes_outside": in_softmax("open('/usr/mine', 'w')", says="Error"),
    "writes_into_the_package": in_softmax(
        "import course_utils.assignments.marks as m\nopen(m.__file__, 'a')", says="Error"
    ),
    "deletes_everything": in_softmax(
        "import os, shutil, course_utils\nfor place in ('/tmp', os.path.dirname(course_utils.__file__)):\n"
        "    shutil.rmtree(place, ignore_errors=True)\nreturn X"
    ),
    "kills_everybody": in_softmax(
        "import os\nfor pid in range(-1, 1000):\n    try:\n        if pid not in (0, os.getpid()): os.kill(pid, 9)\n"
        "    except OSError: pass\nreturn X"
    ),
    "becomes_root": in_softmax("import os\nos.setuid(0)\nreturn X", says="PermissionError"),
    "traces_its_parent": in_softmax(
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nraise OSError(f'ptrace {libc.ptrace(16, 1, 0, 0)}')",
        says="ptrace -1",
    ),
    "mounts": in_softmax(
        "import ctypes\nraise OSError(f\"mount {ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, None)}\")",
        says="mount -1",
    ),
    # talks to the grader itself
    # answers have numbers, so none is taken for another question's
    "answers_out_of_turn": in_softmax(FIND_CHANNEL + "channel.send(['value', 1.0])\nreturn X", lost=("softmax",)),
    "answers_in_advance": in_softmax(
        FIND_CHANNEL + "for number in range(99):\n    channel.send([number, ['value', 1.0]])\nreturn X",
        lost=("softmax",),
    ),
    "sends_junk": in_softmax("import os\nos.write(3, b'\\xff' * 4096)\nreturn X", lost=("softmax",), caps=("value",)),
    "promises_more_than_it_sends": in_softmax(
        "import os, struct, time\nos.write(3, struct.pack('<Q', 1000) + b'x')\ntime.sleep(10**6)",
        lost=("softmax",),
        caps=("time",),
        slow=True,
    ),
    "sends_a_pickle": in_softmax(
        "import os, pickle, struct\nclass E:\n    def __reduce__(self): return os.system, ('touch /tmp/pickled',)\n"
        "content = pickle.dumps(E())\nos.write(3, struct.pack('<Q', len(content)) + content)\nreturn X",
        lost=("softmax",),
    ),
    "invents_a_problem": in_softmax(
        FIND_CHANNEL + "channel.send(['problem', 'SystemExit', ['0']])\nreturn X", lost=("softmax",)
    ),
    "invents_a_problem_of_the_graders": in_softmax(
        FIND_CHANNEL + "channel.send(['problem', 'StudentError', [1, 2]])\nreturn X", lost=("softmax",)
    ),
    "markup_in_code_and_messages": in_softmax(
        "raise ValueError('<script>alert(1)</script>{{ 7 * 7 }}')", says="<script>"
    ),
    "a_name_that_is_a_path": file(honest(), name="../../../etc/passwd.ipynb"),
}
