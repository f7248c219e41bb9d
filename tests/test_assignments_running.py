"""A notebook's cells as they run to be graded: the student's own are undone where they fail, and names are put back."""

import sys
import time

import pytest

from course_utils.assignments import running
from course_utils.assignments.errors import StudentError, Undone
from course_utils.assignments.running import Notebook


@pytest.fixture
def notebook(monkeypatch):
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # put back afterwards
    started = Notebook("numpy")
    started.given("setup", "import numpy as np\nfrom math import prod\n\ndef given(): return 'given'")
    return started


def value(notebook, expression):
    notebook.answer("probe", f"def probe(): return {expression}")
    return notebook.student.call("probe")


def undone(notebook, source):
    with pytest.raises(Undone) as error:
        notebook.own("cell 7", source)
    return error.value.reason


FAILING = {
    "1 / 0": "it raised ZeroDivisionError: division by zero (line 2: 1 / 0)",
    "import nothing_like_it": "it raised ModuleNotFoundError: No module named 'nothing_like_it' (line 2",
    "def f(:": "it raised SyntaxError",
    "exit()": "it raised",
    "import sys\nsys.exit()": "it raised SystemExit",
    "raise KeyboardInterrupt": "it raised KeyboardInterrupt",
    "input('who?')": "it asks for input, and nobody answers",
    "class E(Exception):\n    def __str__(self): raise self\nraise E": "it raised",
}


@pytest.mark.parametrize("source", FAILING)
def test_a_cell_of_ones_own_that_fails_is_undone(notebook, source):
    notebook.own("cell 6", "kept = [1]")
    assert undone(notebook, f"kept = lost = None\n{source}").startswith(FAILING[source])
    assert value(notebook, "kept") == [1]
    assert value(notebook, "'lost' in globals()") is False


@pytest.mark.parametrize(
    "source",
    [
        "while True: pass",
        "import time\ntime.sleep(100)",
        "for _ in iter(int, 1):\n  try: time\n  except Exception: pass",
    ],
)
def test_a_cell_of_ones_own_has_a_short_time(notebook, monkeypatch, source):
    monkeypatch.setattr(running, "OWN_SECONDS", 0.2)
    monkeypatch.setattr(running, "IDLE_SECONDS", 0.5)
    began = time.process_time()
    assert "took more than" in undone(notebook, source)
    assert time.process_time() - began < 3
    assert value(notebook, "1") == 1  # and no timer is left that could stop an answer


def test_a_busy_machine_takes_no_time_from_a_cell_of_ones_own(notebook, monkeypatch):
    monkeypatch.setattr(running, "OWN_SECONDS", 0.2)
    notebook.own("cell 3", "import time\ntime.sleep(1)\nx = 3")
    assert value(notebook, "x") == 3


def test_all_cells_of_ones_own_have_a_short_time_together(notebook, monkeypatch):
    monkeypatch.setattr(notebook, "_left", 0.1)
    assert undone(notebook, "while True: pass") == "the cells of your own took more than 60 s together"
    monkeypatch.setattr(notebook, "_left", 0.0)
    assert undone(notebook, "a = 1") == "the cells of your own took more than 60 s together"


def test_given_names_are_put_back(notebook):
    notebook.own("cell 2", "np = prod = given = None\ndel given\nmine = 3")
    assert value(notebook, "given() + str(prod([2, mine]))") == "given6"
    notebook.own("cell 3", "given = None")
    notebook.question([])
    assert value(notebook, "given()") == "given"


def test_what_an_answer_does_to_a_given_name_stays(notebook):
    notebook.answer("one", "def given(): return 'mine'")
    notebook.own("cell 3", "given = None")
    assert value(notebook, "given()") == "mine"


def test_an_answer_that_fails_keeps_what_it_has_defined(notebook):
    with pytest.raises(StudentError, match="ZeroDivisionError"):
        notebook.answer("one", "def mine(): return 3\n1 / 0")
    assert value(notebook, "mine()") == 3


AS_IN_JUPYTER = {
    "await": "import asyncio\nx = await asyncio.sleep(0, 3)",
    "await in a loop": "async def numbers():\n    yield 3\nasync for x in numbers(): pass",
    "%%time": "%%time\nx = 3",
    "%%time with an await": "%%time\nimport asyncio\nx = await asyncio.sleep(0, 3)",
    "magics in a magic": "%%capture out\n%matplotlib inline\n%%time\nx = 3",
    "%%timeit": "%%timeit -n 1 -r 1\nx = 3",
    "an unknown one": "%%memit\nx = 3",
    "%time": "%time x = 3",
    "%timeit": "x = 3\n%timeit -n 1 -r 1 x + 1",
    "the value of %time": "x = %time 1 + 2",
    "a command's": "lines = !ls\nx = 3 + len(lines)",
    "another language": "%%bash\nexit 1",
    "help": "x = 3\nx?",
    "%%writefile": "%%writefile {tmp}/own_module_x.py\nx = 3",
}


@pytest.mark.parametrize("name", AS_IN_JUPYTER)
def test_cells_run_as_in_jupyter(notebook, name, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    notebook.answer("one", AS_IN_JUPYTER[name].format(tmp=tmp_path))
    if name == "%%writefile":
        notebook.answer("two", "from own_module_x import x")
    assert value(notebook, "globals().get('x', 3)") == 3
    assert name == "another language" or value(notebook, "x") == 3


def test_a_function_kept_before_is_hidden_all_the_same(notebook, monkeypatch):
    import math

    monkeypatch.setattr(math, "tanh", math.tanh)
    notebook.guard(["math.tanh"])
    notebook.own("cell 2", "import math\nkept = [math.tanh]")
    notebook.answer("one", "def f(): return kept[0](0.0)")
    notebook.question(["math.tanh"])
    with pytest.raises(Exception, match=r"math\.tanh is hidden"):
        notebook.student.call("f")
    notebook.question([])
    assert notebook.student.call("f") == 0
