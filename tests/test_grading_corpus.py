"""Every submission of the corpus, run for real in the sandbox, gets what it must get."""

import os

import pytest
from attacks import honest, hostile
from grading_helpers import LIMITS, SHORT, Zygotes, grade, messages, without_times
from grading_toy import HONEST, POINTS, as_bytes, notebook, write_assignment
from grading_toy import honest as honest_notebook

from course_utils.assignments import load_assignment
from course_utils.grading.store import Store

CASES = honest.CASES | hostile.CASES
ALL = os.environ.get("COURSE_CORPUS") == "all"


@pytest.fixture(scope="module")
def assignment(tmp_path_factory):
    return load_assignment(write_assignment(tmp_path_factory.mktemp("course")))


@pytest.fixture(scope="module")
def zygotes(assignment):
    with Zygotes(assignment) as started:
        yield started


def test_no_case_hides_another_of_its_name():
    assert honest.CASES.keys().isdisjoint(hostile.CASES)


@pytest.mark.parametrize("name", CASES)
def test_a_submission_gets_what_it_must_get(assignment, zygotes, name, tmp_path):
    case = CASES[name]
    if case.slow and not ALL and name != "an_endless_loop":
        pytest.skip("waits for a limit on time: `make grading-corpus` runs it")
    result = grade(assignment, zygotes, case.files, limits=SHORT if "time" in case.caps else LIMITS)
    by_id = {question["id"]: question for question in result["questions"]}
    assert result["status"] == case.status
    if case.status == "graded":
        expected = POINTS | case.earned | dict.fromkeys(case.lost, 0.0)
        assert {name: by_id[name]["points"] for name in POINTS} == expected, messages(result)
        assert {name for name in POINTS if by_id[name]["status"] == "lost"} == {*case.lost}
    assert result["points"] == case.points
    assert result["caps"] == [*case.caps]
    assert case.says in messages(result)
    Store(tmp_path).write(result)  # checks it against the schema


def test_the_same_submission_gets_the_same_result_in_both_frameworks(assignment, zygotes):
    for framework in ("torch", "tensorflow"):
        one, other = (without_times(grade(assignment, zygotes, honest.CASES[f"right_{framework}"].files)) for _ in "12")
        assert one == other
        assert framework in one["versions"]


def test_the_better_notebook_counts_and_the_other_is_named(assignment, zygotes):
    both = {
        "a.ipynb": as_bytes(notebook("torch", {"scale": HONEST["torch"]["scale"]})),
        "b.ipynb": as_bytes(honest_notebook("tensorflow")),
        "c.ipynb": b"{",
    }
    result = grade(assignment, zygotes, both)
    assert (result["framework"], result["notebook"], result["points"]) == ("tensorflow", "b.ipynb", 9)
    assert result["others"] == [{"notebook": "a.ipynb", "framework": "torch", "points": 2.0}]
    assert "c.ipynb" in messages(result)
