"""Marks in nbgrader's gradebook, as its own library reads them, and the notebooks that formgrader opens."""

import csv
import io
import json
from datetime import UTC, datetime

import nbformat
import pytest
from grading_toy import HONEST, as_bytes, cell, notebook, write_assignment

from course_utils.assignments import load_assignment
from course_utils.assignments.cells import read
from course_utils.assignments.matching import plan
from course_utils.grading import grade, gradebook, pages, tables
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
        "submitted": None,
        "time_from": "",
        "remarks": [],
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


def test_a_name_that_is_no_folder_stops_nobody(assignment, tmp_path):
    odd = ["../eve", "a/b", ".hidden", "con:1", "-rf", "Ada\nKing", "x" * 300, gradebook.known_as("../eve")]
    results = [result(assignment, name, POINTS, WORDS) for name in (*odd, "Ada King")]
    gradebook.export(results, assignment, LatePolicy(), None, tmp_path)
    found = marks(tmp_path)
    assert len(found) == len(results)
    assert {"Ada King", "a-b-c14cddc033f64b9d"} <= found.keys()
    assert {path.name for path in (tmp_path / "autograded").iterdir()} == found.keys()
    with api.Gradebook(f"sqlite:///{tmp_path / gradebook.DATABASE}") as book:
        assert book.find_student("a-b-c14cddc033f64b9d").last_name == "a/b"
    assert gradebook.given(assignment, tmp_path, odd).keys() == {*odd}


def give_ada_points(book):
    """What a person does in formgrader: half a point for what is explained, four for what is planned."""
    for question, points in (("explain", 0.5), ("plan", 4)):
        grade = book.find_grade(question, "toy", "toy", "ada")
        grade.manual_score, grade.needs_manual_grade = points, False


def test_what_people_have_given_stays(course, assignment):
    folder, results = course
    with api.Gradebook(f"sqlite:///{folder / gradebook.DATABASE}") as book:
        give_ada_points(book)
        book.db.commit()
    gradebook.export(results, assignment, LatePolicy(10, 7), DUE, folder)
    found = marks(folder)["ada"]
    assert (found["score"], found["written_score"], found["task_score"]) == (7.5, 0.5, 4)
    assert not found["needs_manual_grade"]
    with api.Gradebook(f"sqlite:///{folder / gradebook.DATABASE}") as book:  # two days late, of all points
        assert book.find_submission("toy", "ada").late_submission_penalty == pytest.approx(1.5)


def test_what_people_have_given_comes_back(course, assignment):
    folder, results = course
    with api.Gradebook(f"sqlite:///{folder / gradebook.DATABASE}") as book:
        give_ada_points(book)
        book.find_comment("explain", "toy", "toy", "ada").manual_comment = "Half of <it>."
        appealed = book.find_grade("softmax", "toy", "toy", "bob")
        appealed.manual_score, appealed.extra_credit = 2, 0.5
        book.db.commit()
    given = gradebook.given(assignment, folder, ["ada", "bob", "cy", "zoe"])
    assert given.keys() == {"ada", "bob", "cy"}
    ada, bob, cy = (gradebook.finished(each, given[each["student"]]) for each in results)
    assert {q["id"]: (q["status"], q["points"]) for q in ada["questions"]} == {
        "scale": ("graded", 2), "softmax": ("graded", 1), "weighted": ("graded", 0),
        "explain": ("given", 0.5), "plan": ("given", 4),
    }  # fmt: skip
    assert [(q["status"], q["points"]) for q in bob["questions"]][1:] == [
        ("given", 2.5), ("graded", 0), ("given", 0), ("given", 0),
    ]  # fmt: skip
    assert [q["status"] for q in cy["questions"]][3:] == ["given", "open"]  # words as handed out get nothing
    policy, ids = LatePolicy(10, 7), [question.id for question in assignment.questions]
    complete = [each | {"status": "graded", "max_points": 15, "message": "", "caps": [], "notes": [], "others": [],
                "sandbox": "bubblewrap", "notebook": "a.ipynb"} for each in (ada, bob, cy)]  # fmt: skip
    rows = {row["student"]: row for row in csv.DictReader(io.StringIO(tables.grades_csv(complete, ids, policy)))}
    assert (rows["ada"]["points"], rows["ada"]["late penalty"], rows["ada"]["final"]) == ("7.5", "1.5", "6.0")
    assert (rows["ada"]["explain"], rows["ada"]["plan"], rows["ada"]["open"]) == ("0.5", "4.0", "")
    assert (rows["bob"]["final"], rows["bob"]["softmax"]) == ("4.5", "2.5")
    assert (rows["cy"]["final"], rows["cy"]["plan"], rows["cy"]["open"]) == ("", "", "plan")
    page = pages.feedback(complete[0], policy)
    assert "Half of &lt;it&gt;." in page
    assert "<strong>6</strong> of 15 points" in page
    assert "5 more are given by people" in pages.feedback(complete[2], policy)
    tests = json.loads(tables.gradescope(complete[0], policy))["tests"]
    assert [test["score"] for test in tests] == [2, 1, 0, 0.5, 4]
