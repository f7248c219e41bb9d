"""A class of 60, from six programs and four platforms, graded as the guide says: not one outcome is wrong."""

import csv
import os
import zipfile
from dataclasses import replace

import grading_class
import pytest
from grading_class import DUE, NAME, PLATFORMS, POINTS, WORKS
from typer.testing import CliRunner

from course_utils.cli import app
from course_utils.grading import batch, gradebook
from course_utils.grading.store import file_name

LONG = os.environ.get("COURSE_CORPUS") == "all"
EACH = 15 if LONG else 6  # students on each platform
SECTIONS = {name: grading_class.students(60)[15 * i : 15 * i + EACH] for i, name in enumerate(PLATFORMS)}


@pytest.fixture(scope="module", autouse=True)
def closed():
    yield
    batch._bench.close()


def with_a_group(section):
    """The last two hand in together, something that is right."""
    return [*section[:-2], *(replace(each, work="right", late=-3.0, group="Red Team") for each in section[-2:])]


def course(*words):
    done = CliRunner().invoke(app, ["grade", *map(str, words)], env={"CI": "1"})
    if done.exit_code and "no working sandbox" in str(done.exception):
        pytest.skip(str(done.exception))
    assert done.exit_code == 0, done.output or done.exception
    return done.output


def rows(out):
    with (out / "grades.csv").open(encoding="utf-8") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def downloaded(tmp_path, export):
    """What lies on the instructor's disk, as the words of the command."""
    if export.folder:
        source = tmp_path / "course"
        for name, content in export.files.items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes(content)
    else:
        source = tmp_path / "submissions.zip"
        source.write_bytes(grading_class.in_a_zip(export.files, zipfile.ZIP_STORED))
    words = [source, "--assignment", NAME, "--out", tmp_path / "out", "--deadline", f"{DUE:%Y-%m-%dT%H:%M+00:00}"]
    for option, text in (("roster", export.roster), ("times", export.times)):
        if text:
            (tmp_path / f"{option}.csv").write_text(text, encoding="utf-8")
            words += [f"--{option}", tmp_path / f"{option}.csv"]
    return words


def people_give(books, name=NAME, points=grading_class.BY_PEOPLE):
    """In formgrader: points for all that is open."""
    with pytest.importorskip("nbgrader.api").Gradebook(f"sqlite:///{books / gradebook.DATABASE}") as book:
        for submission in book.assignment_submissions(name):
            for grade in submission.notebooks[0].grades:
                if grade.needs_manual_grade:
                    grade.manual_score, grade.needs_manual_grade = points[grade.name], False
        book.db.commit()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_student_gets_what_the_work_is_worth(tmp_path, platform):
    section = with_a_group(SECTIONS[platform])
    export = PLATFORMS[platform](section)
    command, out = downloaded(tmp_path, export), tmp_path / "out"
    said = course(*command, "--dry-run")
    assert not out.exists()
    for each in section:
        assert export.label(each)[:20] in said, said
    course(*command, "--gradebook", tmp_path / "books", "--jobs", 1)
    people_give(tmp_path / "books")
    said = course(*command, "--gradebook", tmp_path / "books", "--finish")
    assert "still open" not in said
    found = rows(out)
    assert len(found) == len(section), sorted(found)
    wrong = {}
    for each in section:
        work, row = WORKS[each.work], found[export.label(each)]
        expected = {"status": work.status, **work.points, **work.by_people}
        expected["final"] = round(each.final(export.hours(each)), 2)
        got = {name: row[name] if name == "status" else float(row[name]) for name in expected}
        if got != expected:
            differ = {name: (got[name], expected[name]) for name in got if got[name] != expected[name]}
            wrong[each] = (differ, row["message"], row["remarks"])
        page = (out / "feedback" / f"{file_name(row['student'])}.html").read_text("utf-8")
        assert work.says in page
    assert not wrong
    assert {float(row["of"]) for row in found.values()} == {sum(POINTS.values()) + 12}
