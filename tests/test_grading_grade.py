"""One submission: the result depends on what goes in only, has the right form, and says what became of it."""

import json
import re
from dataclasses import replace

import pytest
from data_helpers import says
from grading_helpers import LIMITS, Zygotes, grade, messages, without_times
from grading_toy import HONEST, as_bytes, cell, honest, notebook, write_assignment
from hypothesis import given
from hypothesis import strategies as st

from course_utils.assignments import load_assignment
from course_utils.assignments.cells import read
from course_utils.assignments.errors import Corrupt
from course_utils.assignments.released import released
from course_utils.grading.errors import GradingError
from course_utils.grading.grade import Submission, grade_submission
from course_utils.grading.limits import Limits
from course_utils.grading.seeds import code_hash, seed
from course_utils.grading.session import readable
from course_utils.grading.store import Store, file_name


@pytest.fixture(scope="module")
def assignment(tmp_path_factory):
    return load_assignment(write_assignment(tmp_path_factory.mktemp("course")))


@pytest.fixture(scope="module")
def zygotes(assignment):
    with Zygotes(assignment) as started:
        yield started


def files(framework="torch", **changed):
    return {f"{framework}.ipynb": as_bytes(honest(framework, **changed))}


def forbidden_zygotes(framework):
    raise AssertionError("nothing was to be run")


RANDOM = "def softmax(X):\n    return torch.rand(X.shape) + np.random.rand() + id(X) * 0"


def test_the_same_submission_gets_the_same_bytes(assignment, zygotes):
    for submitted in (files(), files(softmax=RANDOM), files(softmax="def softmax(X): return object()")):
        results = [json.dumps(without_times(grade(assignment, zygotes, submitted)), sort_keys=True) for _ in range(2)]
        assert results[0] == results[1]


def test_a_file_that_the_notebook_has_written_can_be_imported(assignment, zygotes):
    whole = honest(scale="from own_helpers import times\n\n\ndef scale(X, factor):\n    return times(X, factor)")
    own = cell("code", "%%writefile own_helpers.py\ndef times(X, factor):\n    return factor * X", "own")
    whole["cells"].insert(2, own)
    result = grade(assignment, zygotes, {"torch.ipynb": as_bytes(whole)})
    assert (result["questions"][0]["points"], result["notes"]) == (2, [])


def test_inputs_come_from_the_secret(assignment, zygotes):
    half = Submission("eve", files(scale="def scale(X, factor):\n    return 1 / 0 if X[0, 0] > 0 else factor * X"))
    secrets = [bytes([number]) for number in range(8)]
    results = [grade_submission(half, assignment, LIMITS, secret, zygotes) for secret in secrets]
    assert {0, 2} <= {result["questions"][0]["points"] for result in results}


def test_what_is_learned_from_one_hand_in_is_no_answer_in_the_next(assignment, zygotes):
    """What messages told, kept in a dictionary by what was asked: it is other code, so something else is asked for."""
    table = "TOLD = {}\ndef weighted(X, S):\n    return TOLD.get(round(float(X[0, 0]), 3), torch.zeros(4) + X[0, 0])"
    told, asked = {}, set()
    for _ in range(4):
        result = grade(assignment, zygotes, files(weighted=table.format(told)))
        (part,) = result["questions"][2]["parts"]
        came, expected = map(float, re.search(r"(\S+) came, (\S+) was expected", part["message"]).groups())
        asked.add(came)
        told[round(came, 3)] = expected
        assert result["questions"][2]["points"] == 0
    assert len(asked) == 4


def test_how_it_is_written_deals_no_new_inputs(assignment, zygotes):
    as_it_is = "def scale(X, factor):\n    Y = factor * X\n    return Y"
    others = [
        "def scale(X, factor):\n\n    Y = (factor*X)   # the same\n    return Y\n",
        "def scale(A, by):\n    product = by * A\n    return product",
    ]
    one, *rest = (grade(assignment, zygotes, files(scale=source))["hashes"]["code"] for source in (as_it_is, *others))
    assert rest == [one, one]
    other = files(scale=as_it_is.replace("factor *", "1 * factor *"))
    assert grade(assignment, zygotes, other)["hashes"]["code"] != one


@pytest.mark.parametrize(
    ("source", "other"),
    [
        ("x = [1, 2]", "x = [1, 3]"),
        ('"""a"""', '"""b"""'),
        ("def f(x):\n    'a'", "def f(x):\n    'b'"),
        ("f'{x}'", "f'{x!r}'"),
        ("x = y", "x = x"),
        ("%%time\nx = 1", "%%time\nx = 2"),
        ("x = (", "x = ["),
        ("-" * 5000 + "1", "-" * 5000 + "2"),
        (f"x = {list(range(50_000))}", f"x = {[1, *range(50_000)]}"),
        ("x = '\udc80'", "x = '\udc81'"),
    ],
)
def test_what_a_cell_does_is_told_apart(source, other):
    assert code_hash([source]) == code_hash([f"{source}\n\n"]) != code_hash([other])


@pytest.mark.parametrize(
    "source",
    [
        "import inspect\ndef f(x): return inspect.getsource(f)  # 12",
        "import linecache\ndef f(x): return linecache.getline('<f>', 2)  # 12",
        "def f(x):\n    n12 = x\n    return str(locals())",
        "def f(x, n12=0): return f.__code__.co_varnames",
        "def f(x):\n    try:\n        del n12; n12 = n12\n    except Exception as error:\n        return str(error)",
        "def f(x):\n    class A:\n        n12 = 0\n    n12 = 1\n    return str(help(A))",
        "def f(x):\n    def n12(): pass\n    return str(n12)",
        "from dataclasses import dataclass\ndef f(x):\n    n12 = 1\n    @dataclass\n    class A:\n        n12: int\n"
        "    return str(A(1))",
    ],
)
def test_numbers_hidden_in_how_code_looks_are_other_code(source):
    """They could be learned from messages, one at each hand-in, if the inputs stayed the same."""
    assert code_hash([source]) != code_hash([source.replace("12", "34")])
    looking = "import inspect"
    assert code_hash(["x = 1  # 12", looking]) != code_hash(["x = 1  # 34", looking]), "another cell may read it"
    assert code_hash(["import sys", "x = 1  # 12"], ["x = 1"]) == code_hash(["import sys", "x = 1"], ["x = 1"])


def test_cells_are_told_apart_from_their_sum():
    assert code_hash(["x = 1", "y = 2"]) != code_hash(["x = 1\ny = 2"])


def test_seeds_differ():
    assert len({seed(s, a, q) for s in (b"s", b"t") for a in ("a", "b") for q in ("q", "r")}) == 8


def test_what_is_not_attempted_is_not_run(assignment):
    result = grade(assignment, forbidden_zygotes, {"torch.ipynb": as_bytes(notebook())})
    assert (result["status"], result["sandbox"]) == ("not attempted", "not needed")
    result = grade(assignment, forbidden_zygotes, {"torch.ipynb": b"{"})
    assert (result["status"], result["points"]) == ("corrupt", 0)
    refused = Submission("eve", {}, "Nothing was opened, because of a link.")
    assert grade_submission(refused, assignment, LIMITS, b"", forbidden_zygotes)["message"] == refused.refused


def test_only_some_questions(assignment, zygotes):
    result = grade(assignment, zygotes, files(), only=frozenset({"weighted"}))
    assert [(question["id"], question["points"]) for question in result["questions"]] == [("weighted", 4.0)]


def test_a_question_that_is_lost_costs_no_other(assignment, zygotes):
    result = grade(assignment, zygotes, files(scale="import os\ndef scale(X, factor): os._exit(1)"))
    assert [question["status"] for question in result["questions"]] == ["lost", "graded", "graded", "by hand"]
    assert result["points"] == 7


def test_a_right_answer_has_its_points_however_busy_the_machine_is(assignment, zygotes):
    """It waits three times as long as it may compute, in its cell and in each call."""
    answer = "import time\ntime.sleep(3)\ndef scale(X, factor):\n    time.sleep(3)\n    return factor * X"
    result = grade(assignment, zygotes, files(scale=answer), limits=replace(LIMITS, cell_seconds=1, call_seconds=1))
    assert (result["points"], result["caps"]) == (9, []), messages(result)


def test_what_hangs_is_said(assignment, zygotes):
    answer = "import time\ndef scale(X, factor): time.sleep(10**6)"
    result = grade(assignment, zygotes, files(scale=answer), limits=replace(LIMITS, idle_seconds=3))
    assert (result["points"], result["caps"]) == (7, ["time"])
    assert "nothing happened for 3 s" in messages(result)


def test_a_submission_has_an_end_by_the_clock(assignment, zygotes):
    answer = "import time\ndef scale(X, factor): time.sleep(10**6)"
    result = grade(assignment, zygotes, files(scale=answer), limits=replace(LIMITS, clock_seconds=9))
    assert result["questions"][0]["status"] == "lost"
    assert "the whole notebook took too long" in result["questions"][0]["message"]


def test_the_whole_submission_has_an_end(assignment, zygotes):
    endless = dict.fromkeys(("scale", "softmax", "weighted"), "while True: pass")
    result = grade(assignment, zygotes, files(**endless), limits=Limits(cell_seconds=1, submission_seconds=1.5))
    assert [question["status"] for question in result["questions"]][:3] == ["lost"] * 3
    assert "the whole notebook took too long" in messages(result)


def one_answer(name):
    return as_bytes(notebook(answers={name: HONEST["torch"][name]}))


def test_the_notebook_with_most_answers_is_run_first(assignment, zygotes):
    """Whatever its name, and however many others there are."""
    many = {f"{i:02}.ipynb": one_answer("scale") for i in range(15)} | {"best.ipynb": as_bytes(honest())}
    result = grade(assignment, zygotes, many, limits=LIMITS)
    assert (result["notebook"], result["points"], len(result["others"])) == ("best.ipynb", 9, 11)
    assert "Of 16 notebooks only the 12 with the most answers were graded." in result["notes"]


def test_what_another_notebook_has_is_not_lost_without_a_word(assignment, zygotes):
    words = as_bytes(notebook("tensorflow", words="Because."))
    first = as_bytes(notebook("torch", {"scale": HONEST["torch"]["scale"]}))
    rest = as_bytes(notebook("torch", {each: HONEST["torch"][each] for each in ("softmax", "weighted")}))
    result = grade(assignment, zygotes, {"first.ipynb": first, "rest.ipynb": rest, "words.ipynb": words})
    assert (result["notebook"], result["points"]) == ("rest.ipynb", 7)
    assert result["questions"][-1]["answers"] == {"explain": "Because."}
    assert "The answer explain was found in words.ipynb." in result["notes"]
    assert "first.ipynb earns more for scale; one notebook counts, that with most points." in result["notes"]


def test_the_time_is_the_submissions_and_one_notebook_leaves_the_others_some(assignment, zygotes):
    endless = dict.fromkeys(("scale", "softmax", "weighted"), "while True: pass")
    both = {"a.ipynb": as_bytes(honest(**endless)), "b.ipynb": one_answer("scale")}
    result = grade(assignment, zygotes, both, limits=replace(LIMITS, submission_seconds=20))
    assert (result["notebook"], result["points"]) == ("b.ipynb", 2)


def test_other_assignments_notebooks_take_no_place(assignment):
    strange = as_bytes({"cells": [{"cell_type": "code", "source": "1 + 1"}]})
    many = {f"a{i}.ipynb": strange for i in range(20)} | {"toy.ipynb": as_bytes(notebook())}
    result = grade(assignment, forbidden_zygotes, many)
    assert (result["status"], result["notebook"]) == ("not attempted", "toy.ipynb")


def test_a_forbidden_name_in_an_answer_is_told_to_people(assignment, zygotes):
    result = grade(assignment, zygotes, files(softmax="def softmax(X):  # not torch.softmax\n    return X.softmax(1)"))
    by_id = {question["id"]: question for question in result["questions"]}
    assert (by_id["softmax"]["points"], by_id["softmax"]["names"]) == (3, [])
    result = grade(assignment, zygotes, files(softmax="from torch.nn import Softmax\ndef softmax(X): return X"))
    assert {question["id"]: question.get("names") for question in result["questions"]}["softmax"] == ["Softmax"]
    whole = honest(softmax="def softmax(X):\n    return mine[0](X)")
    kept = ["ready = torch.jit.trace(torch.nn.Softmax(1), torch.ones(2, 2))", "mine = [ready]", "fx = 1"]
    whole["cells"][2:2] = [cell("code", source, f"own{i}") for i, source in enumerate(kept)]
    result = grade(assignment, zygotes, {"a.ipynb": as_bytes(whole)})
    by_id = {question["id"]: question for question in result["questions"]}
    assert by_id["softmax"]["names"] == ["Softmax", "jit"], "what the student's own cells have kept counts, too"


def test_an_assignment_that_was_not_released_is_said(assignment, tmp_path):
    lonely = load_assignment(write_assignment(tmp_path))
    for path in (tmp_path / "assignments" / "toy").iterdir():
        path.unlink()
    with pytest.raises(GradingError) as error:
        grade(lonely, forbidden_zygotes, files())
    says(error, "make assignments")
    assert released(assignment)


def test_the_schema_knows_a_wrong_result(assignment, tmp_path):
    result = grade(assignment, forbidden_zygotes, {"torch.ipynb": as_bytes(notebook())})
    Store(tmp_path).write(result)
    assert Store(tmp_path).read("ada") == result
    for broken in ({"status": "fine"}, {"points": -1}, {"extra": 1}, {"questions": [{}]}):
        with pytest.raises(GradingError) as error:
            Store(tmp_path).write(result | broken)
        says(error, "ada", "malformed")
    assert Store(tmp_path).read("ada") == result


@given(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=80))
def test_file_names_are_safe_and_differ(one, other):
    names = [file_name(student) for student in (one, other)]
    for name in names:
        assert name.isascii()
        assert all(character.isalnum() or character in "-_" for character in name)
        assert len(name) <= 62
    assert (names[0] == names[1]) == (one == other)


@given(st.text(max_size=3000))
def test_messages_are_one_line(text):
    line = readable(text)
    assert len(line) <= 500
    assert line.isprintable()


NAMES = st.sampled_from(["cells", "cell_type", "source", "metadata", "nbgrader", "id"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(NAMES, parts, max_size=5),
    max_leaves=20,
)


@given(JSON)
def test_no_json_breaks_the_reader(whole):
    try:
        cells = read(json.dumps(whole).encode())
    except Corrupt as error:
        assert str(error).endswith(".")
    else:
        assert all(isinstance(text, str) for cell in cells for text in cell)
