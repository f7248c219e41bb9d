"""Whatever a student is called, or writes in an answer: pages, tables and the terminal show it, and no more."""

import csv
import io
import json

import pytest
from grading_toy import as_bytes, notebook, write_assignment
from hypothesis import given
from hypothesis import strategies as st

from course_utils.assignments import load_assignment
from course_utils.grading import command, pages, tables
from course_utils.grading.grade import Submission, grade_submission
from course_utils.grading.late import LatePolicy
from course_utils.grading.limits import Limits
from course_utils.grading.showing import shown
from course_utils.grading.store import Store

POLICY = LatePolicy()
ODD = {
    "Ada\x1b[2J\x1b]0;owned\x07": r"Ada\x1b[2J\x1b]0;owned\x07",
    "Ada\nbob,graded,38": r"Ada\nbob,graded,38",
    "Ada\r": r"Ada\r",
    "Ada\u202egnik": r"Ada\u202egnik",
    "Ada\u2066\u2069": r"Ada\u2066\u2069",
    "Ada\u2028King": r"Ada\u2028King",
    "Ada\x00": r"Ada\x00",
    "Ada\ufeff\u200b": r"Ada\ufeff\u200b",
    "Ada\udc80": r"Ada\udc80",
    "\u200cAda\u200d": r"\u200cAda\u200d",
    "Ada\U000e0041": r"Ada\U000e0041",
}
PLAIN = ["Ada King", "Zoë", "Łukasz", "李小龙", "علی\u200cرضا", "क्\u200dष", "O'Brien-Smith", "<b>Ada</b>"]


@pytest.fixture(scope="module")
def assignment(tmp_path_factory):
    return load_assignment(write_assignment(tmp_path_factory.mktemp("course")))


def result(assignment, student, **answers):
    submission = Submission(student, {f"{student}.ipynb": as_bytes(notebook("torch", answers))})
    return grade_submission(submission, assignment, Limits(), b"s", None)


@pytest.mark.parametrize(("name", "seen"), ODD.items())
def test_what_cannot_be_seen_in_a_name_is_spelled_out(assignment, name, seen):
    assert shown(name) == seen
    one = result(assignment, name)
    page = pages.feedback(one, POLICY) + pages.class_page([one], assignment, POLICY, None, [])
    table = tables.grades_csv([one], ["scale"], POLICY)
    assert seen in page
    assert seen in table
    for text in (page, table):
        assert all(character.isprintable() or character == "\n" for character in text)
    assert len(table.splitlines()) == 2
    assert json.loads(tables.gradescope(one, POLICY))


@pytest.mark.parametrize("name", PLAIN)
def test_names_of_all_languages_stay(assignment, name):
    assert shown(name) == name
    (row,) = csv.DictReader(io.StringIO(tables.grades_csv([result(assignment, name)], ["scale"], POLICY)))
    assert row["student"] == name


def test_the_terminal_gets_no_commands(assignment, tmp_path, monkeypatch):
    monkeypatch.setenv("CI", "1")
    name = "Ada\x1b[2J\nKing"
    path = tmp_path / "submitted" / name / "toy.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(as_bytes(notebook()))
    monkeypatch.setattr(command.batch, "grade_submission", lambda *_: [][1])
    settings = command.Settings(tmp_path / "submitted", assignment.folder, tmp_path / "out")
    (failure,) = command.run(settings, lambda _: None)
    assert failure.isprintable()
    assert failure.startswith(r"Ada\x1b[2J\nKing could not be graded")


def test_text_that_is_turned_round_in_an_answer_is_seen(assignment):
    one = result(assignment, "ada")
    one["questions"][1]["answers"] = {"softmax_answer": "# \u202e if \x1b[8m"}
    page = pages.feedback(one, POLICY)
    assert r"\u202e" in page and r"\x1b[8m" in page
    assert all(character.isprintable() or character in "\n\t" for character in page)


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\n=1", "a;=1+1", "a,=1", "a|=1", 'a;"=1"', "a; =1", "\uff1d1+1",
     "a;\uff0b1", "\ufe661", "\uff201", "\uff0d1", ";=1", "a\t=1", "a\r\n=1"],
)  # fmt: skip
def test_no_spreadsheet_takes_a_name_for_a_formula(assignment, text):
    table = tables.grades_csv([result(assignment, text)], ["scale"], POLICY)
    for separator in ",;|\t":
        for line in csv.reader(io.StringIO(table), delimiter=separator):
            for cell in line:
                assert not cell.strip(' "').startswith(tuple("=+@\uff1d\uff0b\uff20\uff0d\ufe66")), (separator, cell)
                assert not cell.strip(' "').startswith("-1"), (separator, cell)


@given(st.text(min_size=1, max_size=40))
def test_any_name_is_one_line_and_no_other_name(tmp_path_factory, name):
    assert shown(name).isprintable() or "\u200c" in name or "\u200d" in name
    assert "\n" not in shown(name)
    assert Store(tmp_path_factory.getbasetemp()).path(name).name.isascii()
