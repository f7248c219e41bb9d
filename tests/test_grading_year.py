"""A year with a7: fifty mixed submissions graded, likeness to the year before, marks in a Canvas and a Moodle file."""

import csv
import io
import os
import zipfile
from dataclasses import dataclass

import grading_class
import pytest
from grading_class import MODULE, PEOPLE, PLATFORMS, ROOT, WORDS, Paper, Student, a_macs_zip, solutions
from grading_programs import KEEPS_MARKS, PROGRAMS
from test_grading_class import people_give
from typer.testing import CliRunner

from course_utils.assignments.loading import load_assignment
from course_utils.cli import app
from course_utils.grading import batch

pytest.importorskip("copydetect")
NAME = "a7_stock_prices"
LONG = os.environ.get("COURSE_CORPUS") == "all"
EACH = 25 if LONG else 7  # students on each platform
ASKED = load_assignment(ROOT / "solutions" / NAME).questions
POINTS = {question.id: question.points for question in ASKED}
MACHINE = {question.id: question for question in ASKED if not question.manual}
NEEDED = {need for question in MACHINE.values() for need in question.needs}
ALONE = [name for name, question in MACHINE.items() if not question.needs]
SPARE = next(name for name in ALONE if name not in NEEDED)  # if it is wrong, nothing else is
SOLUTIONS = {framework: solutions(NAME, framework) for framework in MODULE}
GIVEN = {name: POINTS[name] / 2 for name in POINTS if name not in MACHINE}  # by people, for what is written

OWN_WAY = """
    found = []
    for place in range(1000):
        value = place * {0} + 1
        while value % 3 == 0 and len(found) < 50:
            value = value // 3 - {1}
            found.append((value, place, str(value)))
        if sum(number for number, _, _ in found) > 10 ** 6:
            break
    largest = max(found, key=lambda each: (each[2], -each[0]))
    raise ValueError("no idea why this does not work", largest, found[:{0}])
"""


def blank(paper):
    return paper


def words(paper):
    """Answers both questions in words: in the cell that is there, or in new ones below."""
    for name in GIVEN:
        cell = paper.cell(name)
        if cell["metadata"]["nbgrader"].get("task"):
            paper.add(name, WORDS, kind="markdown")
        else:
            cell["source"] = WORDS
    return paper


def solve(paper, *names):
    for answer in (answer for name in names or MACHINE for answer in MACHINE[name].answers):
        paper.cell(answer)["source"] = SOLUTIONS[paper.framework][answer.removesuffix("_answer")]
    return paper


def own_way(*numbers, rename=()):
    """An answer that nobody else would write, and that is wrong."""

    def do(paper):
        source = paper.cell(f"{SPARE}_answer")["source"].partition("    # YOUR CODE HERE")[0]
        body = OWN_WAY.format(*numbers)
        for old, new in rename:
            body = body.replace(old, new)
        paper.cell(f"{SPARE}_answer")["source"] = source + body.strip("\n")
        return paper

    return do


def unparsed(paper):
    cell = solve(words(paper)).cell(f"{SPARE}_answer")
    cell["source"] = cell["source"].replace("return ", "return (", 1)
    return paper


def only(*names):
    return {name: 0 for name in MACHINE if name not in names}


def as_it_is(content, name):
    return {name: content}


@dataclass(frozen=True)
class Work:
    """What somebody did, the points other than the full ones, the status, and how the files are packed."""

    do: object
    earned: dict
    status: str = "graded"
    written: bool = False
    pack: object = as_it_is

    @property
    def final(self):
        if self.status != "graded":
            return 0.0
        return sum((POINTS | GIVEN | self.earned).values()) - sum(GIVEN.values()) * (not self.written)


WORKS = {
    "right": Work(lambda paper: solve(words(paper)), {}, written=True),
    "words": Work(words, only(), written=True),
    "nothing": Work(blank, {}, "empty", pack=lambda *_: {}),
    "copied": Work(own_way(7, 5, rename=[("found", "results"), ("value", "x"), ("place", "i")]), only()),
    "again": Work(own_way(9, 2), only()),
    "two": Work(lambda paper: solve(paper, *ALONE[:2]), only(*ALONE[:2])),
    "untouched": Work(blank, {}, "not attempted"),
    "half": Work(solve, {}, "corrupt", pack=lambda content, name: {name: content[:2000]}),
    "unparsed": Work(unparsed, {SPARE: 0}, written=True),
    "foreign": Work(blank, {}, "foreign", pack=lambda *_: {"x.ipynb": PROGRAMS["vscode"](Paper(name="a1_rnn").whole)}),
    "a PDF": Work(blank, {}, "empty", pack=lambda *_: {"a7.pdf": b"%PDF-1.7"}),
    "a zip": Work(lambda paper: solve(paper, *ALONE[:3]), only(*ALONE[:3]), pack=a_macs_zip),
    "another name": Work(lambda p: solve(p, ALONE[0]), only(ALONE[0]), pack=lambda c, _: {"Kopie von a7 (2).ipynb": c}),
}


class Pupil(Student):
    """A student of a7."""

    def files(self):
        work = WORKS[self.work]
        paper = work.do(Paper(self.framework, NAME))
        return work.pack(PROGRAMS[self.program](paper.whole, self.marks), f"{self.framework}.ipynb")


def pupils(count):
    programs = [*PROGRAMS]
    found = []
    for n in range(count):
        program = programs[(n + n // len(WORKS)) % len(programs)]
        framework = "tensorflow" if n % 5 == 4 else "torch"
        found.append(Pupil(n, PEOPLE[n], [*WORKS][n % len(WORKS)], framework, program, program in KEEPS_MARKS))
    return found


SECTIONS = {"canvas": pupils(50)[:EACH], "moodle": pupils(50)[25 : 25 + EACH]}


@pytest.fixture(scope="module", autouse=True)
def closed():
    yield
    batch._bench.close()


def course(*words):
    done = CliRunner().invoke(app, [*map(str, words)], env={"CI": "1"})
    if done.exit_code and "no working sandbox" in str(done.exception):
        pytest.skip(str(done.exception))
    assert done.exit_code == 0, done.output or done.exception
    return done.output


def last_year(path, section):
    """Moodle's export of another class: the copied work, those who are here again, and what is worth nothing."""

    def saved(do):
        return PROGRAMS["jupyterlab"](do(Paper("torch", NAME)).whole)

    files = {"Zoe Last_9001_assignsubmission_file_/a7.ipynb": saved(own_way(7, 5))}
    files["Max Last_9002_assignsubmission_file_/a7.ipynb"] = saved(blank)
    files["Eve Last_9003_assignsubmission_file_/a7.ipynb"] = b'{"cells": [{"source": 7}, 5'
    for each in section:
        if each.work == "again":
            files[f"{each.name}_{8000 + each.number}_assignsubmission_file_/a7.ipynb"] = saved(own_way(9, 2))
    path.write_bytes(grading_class.in_a_zip(files, zipfile.ZIP_STORED))
    return path


def canvas_book(section):
    """The grade book that Canvas exports, and where in a line the marks are."""
    most = sum(POINTS.values())
    lines = ["Student,ID,SIS User ID,SIS Login ID,Section,Stocks (7001),Stocks Current Score,Final Score"]
    lines += [",,,,,Manual Posting,,", f"    Points Possible,,,,,{most:.2f},(read only),(read only)"]
    for each in section:
        first, _, last = each.name.rpartition(" ")
        lines.append(f'"{last}, {first}",{each.id},u{each.id},{each.login},W1,,0.00,0.00')
    return "\n".join([*lines, '"Student, Test",1,,5c7a,W1,,,', ""]), "Stocks (7001)"


def moodle_sheet(section):
    """The grading worksheet that Moodle exports."""
    most = sum(POINTS.values())
    text = 'Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed"\r\n'
    for each in section:
        text += f'"Participant {each.id}","{each.name}",{each.login}@x.edu,"Submitted for grading - Needs grading",'
        text += f",{most:.2f},Yes\r\n"
    return text, "Grade"


FILES = {"canvas": canvas_book, "moodle": moodle_sheet}


@pytest.mark.parametrize("platform", FILES)
def test_a_class_is_graded_compared_and_its_marks_are_in_the_platforms_file(tmp_path, platform):
    section, out = SECTIONS[platform], tmp_path / "out"
    export = PLATFORMS[platform](section)
    (tmp_path / "class.zip").write_bytes(grading_class.in_a_zip(export.files, zipfile.ZIP_STORED))
    (tmp_path / "roster.csv").write_text(export.roster, "utf-8")
    old = last_year(tmp_path / "last year.zip", section)
    command = ["grade", tmp_path / "class.zip", "--assignment", NAME, "--out", out, "--compare-with", old]
    command += ["--roster", tmp_path / "roster.csv", "--gradebook", tmp_path / "books"]
    said = course(*command)
    assert f"compared with those of {1 + sum(each.work == 'again' for each in section)} students in {old}" in said
    people_give(tmp_path / "books", NAME, GIVEN)
    assert "still open" not in course(*command, "--finish")

    with (out / "grades.csv").open(encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    got = {
        each.name: (rows[export.label(each)]["status"], float(rows[export.label(each)]["final"])) for each in section
    }
    assert got == {each.name: (WORKS[each.work].status, WORKS[each.work].final) for each in section}

    with (out / "likeness.csv").open(encoding="utf-8") as file:
        alike = [row for row in csv.DictReader(file) if row["of"] == str(old)]
    found = {(row["student"], row["looks like"].rpartition("_")[0], bool(row["note"])) for row in alike}
    expected = {(export.label(each), "Zoe Last", False) for each in section if each.work == "copied"}
    expected |= {
        (export.label(each), other.name, each is other)
        for each in section
        for other in section
        if each.work == other.work == "again"
    }
    assert found == expected
    assert "Zoe Last_9001" in (out / "class.html").read_text("utf-8")

    text, column = FILES[platform](section)
    (tmp_path / "export.csv").write_bytes(text.encode())
    words = [tmp_path / "export.csv", "--for", platform, "--grades", out, "--out", tmp_path / "filled.csv"]
    said = course("marks", *words)
    assert "[LOOK]" not in said and f"{len(section)} marks are entered" in said
    filled = (tmp_path / "filled.csv").read_bytes().decode()
    lines = zip(text.splitlines(keepends=True), filled.splitlines(keepends=True), strict=True)
    assert sum(old_line != new_line for old_line, new_line in lines) == len(section)
    table = [*csv.DictReader(io.StringIO(filled, newline=""))]
    named = {row.get("ID") or row.get("Identifier", "").removeprefix("Participant "): row[column] for row in table}
    assert {each.id: f"{WORKS[each.work].final:.2f}" for each in section}.items() <= named.items()
