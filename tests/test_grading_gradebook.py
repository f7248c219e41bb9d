"""Marks in nbgrader's gradebook, as its own library reads them, and the notebooks that formgrader opens."""

from datetime import UTC, datetime

import nbformat
import pytest
from data_helpers import says
from grading_toy import HONEST, as_bytes, cell, notebook, write_assignment

from course_utils.assignments import load_assignment
from course_utils.assignments.matching import plan, read
from course_utils.grading import grade, gradebook
from course_utils.grading.errors import GradingError
from course_utils.grading.late import LatePolicy

api = pytest.importorskip("nbgrader.api", reason="nbgrader is not installed")

DUE = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORDS = "Because **Z** is near 1."


@pytest.fixture(scope="module")
def assignment(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    folder = write_assignment(root)
    task = cell("markdown", "## Plan it", "plan", grade_id="plan", task=True, locked=True, points=5)
    checks = (folder / "tests.py").read_text("utf-8")
    (folder / "tests.py").write_text(checks.replace('"explain": 1', '"explain": 1, "plan": 5'), "utf-8")
    for place in ("solutions", "assignments"):
        for path in (root / place / "toy").glob("*.ipynb"):
            whole = nbformat.read(path, as_version=4)
            whole.cells.append(nbformat.from_dict(task))
            if place == "solutions":
                whole.cells[-1].source += "\n\n1 point for a word."
            nbformat.write(whole, path)
    return load_assignment(folder)


def result(assignment, student, points, words, hours_late=0.0):
    """A result without any process: the points are given, the words are read from a notebook."""
    whole = notebook("torch", HONEST["torch"], words)
    whole["cells"] += [
        cell("markdown", "## Plan it", "plan", grade_id="plan", task=True, locked=True, points=5),
        cell("markdown", words and "Five seeds.", "x"),
        cell("markdown", words and "Both cells.", "y"),
    ]
    found = plan(read(as_bytes(whole)), assignment)
    questions = []
    for question in assignment.questions:
        mark = None
        if not question.manual:
            mark = {"status": "graded", "points": points[question.id], "message": "", "parts": []}
        questions.append(grade._question(question, mark, found))
    return {
        "student": student,
        "framework": "torch",
        "points": sum(points.values()),
        "hours_late": hours_late,
        "questions": questions,
    }


POINTS = {"scale": 2.0, "softmax": 1.0, "weighted": 0.0}


@pytest.fixture(scope="module")
def course(assignment, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nbgrader")
    results = [
        result(assignment, "ada", POINTS, WORDS, hours_late=25),
        result(assignment, "bob", POINTS, ""),
        result(assignment, "cy", POINTS, "Write here."),
    ]
    gradebook.export(results, assignment, LatePolicy(10, 7), DUE, folder)
    return folder, results


def marks(course):
    with api.Gradebook(f"sqlite:///{course / gradebook.DATABASE}") as book:
        return {each["student"]: each for each in book.submission_dicts("toy")}


def test_marks_are_where_formgrader_looks(course):
    found = marks(course[0])
    assert {name: each["code_score"] for name, each in found.items()} == {"ada": 3, "bob": 3, "cy": 3}
    assert {name: each["needs_manual_grade"] for name, each in found.items()} == {"ada": True, "bob": False, "cy": True}
    ada = found["ada"]
    assert (ada["max_score"], ada["max_code_score"], ada["max_written_score"], ada["max_task_score"]) == (15, 9, 1, 5)
    with api.Gradebook(f"sqlite:///{course[0] / gradebook.DATABASE}") as book:
        ada = book.find_submission("toy", "ada")
        assert ada.total_seconds_late == 25 * 3600
        assert ada.late_submission_penalty == pytest.approx(0.6)


def test_the_notebook_beside_it_has_the_words_and_the_mark_scheme(course):
    whole = nbformat.read(course[0] / "autograded" / "ada" / "toy" / "toy.ipynb", as_version=4)
    nbformat.validate(whole)
    sources = [cell.source for cell in whole.cells]
    assert WORDS in sources
    assert sources[-2:] == ["## Plan it\n\n1 point for a word.", "Five seeds.\n\nBoth cells."]
    assert HONEST["torch"]["softmax"] in sources
    check = next(cell for cell in whole.cells if cell.source.startswith('check("softmax"'))
    assert "1 of 3 points" in check.outputs[0].text


def test_a_name_that_is_no_folder_is_said(assignment, tmp_path):
    for name in ("../eve", "a/b", ".hidden"):
        with pytest.raises(GradingError) as error:
            gradebook.export([result(assignment, name, POINTS, "")], assignment, LatePolicy(), None, tmp_path)
        says(error, repr(name))
    assert list(tmp_path.iterdir()) == []


def test_what_people_have_given_stays(course, assignment):
    folder, results = course
    with api.Gradebook(f"sqlite:///{folder / gradebook.DATABASE}") as book:
        for question, points in (("explain", 0.5), ("plan", 4)):
            given = book.find_grade(question, "toy", "toy", "ada")
            given.manual_score, given.needs_manual_grade = points, False
        book.db.commit()
    gradebook.export(results, assignment, LatePolicy(10, 7), DUE, folder)
    found = marks(folder)["ada"]
    assert (found["score"], found["written_score"], found["task_score"]) == (7.5, 0.5, 4)
    assert not found["needs_manual_grade"]
