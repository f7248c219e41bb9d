"""Marks back: files as the platforms write them, of which nothing but the marks changes."""

import contextlib
import csv
import io

import pytest
from data_helpers import says as is_said
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from course_utils.cli import app
from course_utils.grading import marks
from course_utils.grading.errors import GradingError


@contextlib.contextmanager
def says(error, *parts):
    """What is inside raises the error, in one sentence with these parts."""
    with pytest.raises(error) as raised:
        yield
    is_said(raised, *parts)


HEADING = "student,status,points,hours late,late penalty,final,of,step,words,open,caps hit,message"


def grades_csv(*rows, of=50):
    """`grades.csv` after --finish: (student, final), or (student, "") where a question is still open."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADING.split(","))
    for student, final in rows:
        last = ["", "words"] if final == "" else [8, ""]
        writer.writerow([student, "graded", final or 30, 0, 0, final, of, 30, *last, "", "a, b"])
    return text.getvalue().encode()


def filled(tmp_path, content, grades, platform="canvas", **options):
    """The filled file, and what is to be looked at."""
    export, table, out = tmp_path / "export.csv", tmp_path / "grades.csv", tmp_path / "filled.csv"
    export.write_bytes(content if isinstance(content, bytes) else content.encode())
    table.write_bytes(grades)
    out.unlink(missing_ok=True)
    found = marks.fill(export, platform, table, out, **options)
    assert export.read_bytes() == (content if isinstance(content, bytes) else content.encode())
    return out.read_bytes(), found.look


def replaced(content, *pairs):
    """A file in which pieces are others, each of them there once."""
    for old, new in pairs:
        assert content.count(old) == 1, old
        content = content.replace(old, new)
    return content


# As Canvas' GradebookExporter writes it, with manual posting and totals that it computes itself.
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Notes,GRU (44123),Essay (44124),Assignments Current Score,"
    "Final Score,Final Grade\n"
    ",,,,,,Manual Posting,,,,\n"
    "    Points Possible,,,,,,50.00,10.00,(read only),(read only),(read only)\n"
    '"King, Ada",11,u11,aking,W1 and W2,"likes ""RNNs"", a lot",,9.00,90.00,81.20,B-\n'
    '"Brontë-Hall, Zoë",12,u12,zoe,W1,,,,,,\n'
    '"Roe, Bob",13,u13,broe,W1,,12.50,,,,\n'
    '"Doe, Cy",14,u14,cdoe,W1,=1+1,EX,,,,\n'
    '"Poe, Dee",15,u15,dpoe,W1,,N/A,,,,\n'
    '"Student, Test",99,,5c7a7c40,W1,,,,,,\n'
)
CANVAS_MARKS = (
    ("kingada_11", 41.5),
    ("brontëhallzoë_12", 0.0),
    ("roebob_13", 33.25),
    ("doecy_14", 20.0),
    ("poedee_15", 21.0),
)
A_GRU = {"column": "GRU"}


def test_canvas_grade_book_is_filled_and_nothing_else_changes(tmp_path):
    content, look = filled(tmp_path, CANVAS, grades_csv(*CANVAS_MARKS), **A_GRU)
    assert content.decode() == replaced(
        CANVAS,
        ('lot",,9.00', 'lot",41.50,9.00'),
        ("zoe,W1,,,", "zoe,W1,,0.00,"),
        ("12.50", "33.25"),
    )
    assert look == [
        "Had another mark before, which is replaced: Roe, Bob (12.50).",
        "Excused, or without this assignment, left as they were: Doe, Cy, Poe, Dee.",
    ]


def test_canvas_first_and_last_names_in_columns_of_their_own(tmp_path):
    export = (
        "LastName,FirstName,ID,SIS Login ID,Section,GRU (1)\n    Points Possible,,,,,50.00\nKing,Ada,11,aking,W1,\n"
    )
    content, look = filled(tmp_path, export, grades_csv(("kingada_11", 5)))
    assert content.decode() == export.replace("aking,W1,", "aking,W1,5.00") and not look


def test_canvas_with_semicolons_commas_and_a_byte_order_mark(tmp_path):
    export = (
        "\ufeffStudent;ID;SIS Login ID;Section;GRU (1)\r\n    Points Possible;;;;50,00\r\nKing, Ada;11;aking;W1;\r\n"
    )
    content, _ = filled(tmp_path, export, grades_csv(("kingada_11", 41.5)))
    assert content.decode() == export.replace("aking;W1;", 'aking;W1;"41,50"')


MOODLE = (  # as fputcsv writes it: what has a blank is quoted
    'Identifier,"Full name","ID number","Email address",Status,Grade,"Maximum Grade","Grade can be changed",'
    '"Last modified (submission)","Last modified (grade)","Feedback comments"\n'
    '"Participant 2011","Ada King",2026001,ada@x.edu,"Submitted for grading - Needs grading",,50.00,Yes,'
    '"Sunday, 1 March 2026, 5:59 PM",-,\n'
    '"Participant 2012","Bob Roe",2026002,bob@x.edu,"Submitted for grading - Graded",12.50,50.00,No,'
    '"Sunday, 1 March 2026, 5:58 PM","Monday, 2 March 2026, 9:00 AM","<p>Two\nlines, ""well"" done</p>"\n'
    '"Participant 2013","Cyril Doe",,cy@x.edu,"No submission",,50.00,Yes,-,-,\n'
    '"Participant 2014","Dee Poe",,dee@x.edu,"Submitted for grading - Needs grading",,50.00,Yes,-,-,\n'
)


def test_moodles_worksheet_is_filled_and_nothing_else_changes(tmp_path):
    grades = grades_csv(("Ada King_2011", 41.5), ("Bob Roe_2012", 30), ("Cyril Doe", 0), ("Red Team-Dee Poe_2014", ""))
    content, look = filled(tmp_path, MOODLE, grades, "moodle")
    assert content.decode() == replaced(
        MOODLE,
        ('Needs grading",,50.00,Yes,"Sunday', 'Needs grading",41.50,50.00,Yes,"Sunday'),
        ('"No submission",,', '"No submission",0.00,'),
    )  # fmt: skip
    assert sorted(look) == [
        "Locked in the platform, left as they were: Bob Roe.",
        "Not graded to the end, left as they were: Dee Poe.",
    ]


def test_moodles_worksheet_in_german_and_with_crlf(tmp_path):
    export = (
        '\ufeffID,"Vollständiger Name",E-Mail-Adresse,Status,Bewertung,Bestwertung,"Bewertung kann geändert werden"\r\n'
        'Teilnehmer/in2011,"Ada King",ada@x.edu,"Zur Bewertung abgegeben",,"50,00",Ja\r\n'
    )
    content, look = filled(tmp_path, export, grades_csv(("Ada King_2011", 41.5)), "moodle")
    assert content.decode() == replaced(export, ('abgegeben",,', 'abgegeben","41,50",')) and not look


def test_moodles_worksheet_without_names(tmp_path):
    export = 'Identifier,Status,Grade,"Maximum Grade","Grade can be changed"\n"Participant 7",x,,50.00,Yes\n'
    content, look = filled(tmp_path, export, grades_csv(("Participant_7", 3)), "moodle")
    assert content.decode() == export.replace("x,,", "x,3.00,") and not look


MOODLE_BOOK = (
    '"First name","Last name","ID number",Institution,"Email address","Assignment: GRU (Real)",'
    '"Assignment: GRU (Percentage)","Assignment: GRU (Feedback)","Course total (Real)",'
    '"Last downloaded from this course"\n'
    'Ada,King,2026001,"Moodle HQ",ada@x.edu,-,-,,-,1772400000\n'
    "Bob,Roe,2026002,,bob@x.edu,50.00,100.00 %,,50.00,1772400000\n"
)
BLACKBOARD = (
    '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Availability"\t"GRU [Total Pts: 50 Score] |12345"\t'
    '"Total [Total Pts: up to 100 Score] |12346"\r\n'
    '"King"\t"Ada"\t"aking"\t"2026001"\t"Yes"\t"Needs Grading"\t""\r\n'
    '"Roe"\t"Bob"\t"broe"\t"2026002"\t"Yes"\t"Needs Grading"\t""\r\n'
)
BRIGHTSPACE = (
    "OrgDefinedId,Username,Last Name,First Name,Email,GRU Points Grade <Numeric MaxPoints:50 Category:Homework>,"
    "End-of-Line Indicator\r\n#2026001,#aking,King,Ada,ada@x.edu,,#\r\n"
)


def test_moodles_grade_book_is_filled(tmp_path):
    grades = grades_csv(("Ada King_9", 41.5), ("Bob Roe_8", 50))
    content, look = filled(tmp_path, MOODLE_BOOK, grades, "gradebook", column="Assignment: GRU")
    assert content.decode() == replaced(MOODLE_BOOK, ("ada@x.edu,-,", "ada@x.edu,41.50,")) and not look


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_blackboards_grade_center_keeps_what_needs_grading(tmp_path, encoding):
    export = f"\ufeff{BLACKBOARD}".encode(encoding)
    content, look = filled(tmp_path, export, grades_csv(("aking", 41.5), ("broe", "")), "gradebook", column="GRU")
    assert content.decode(encoding) == "\ufeff" + BLACKBOARD.replace("Needs Grading", "41.50", 1)
    assert look == ["Not graded to the end, left as they were: Bob Roe."]


def test_brightspaces_grades_are_filled(tmp_path):
    content, _ = filled(tmp_path, BRIGHTSPACE, grades_csv(("Ada King_101", 41.5)), "gradebook", column="GRU")
    assert content.decode() == BRIGHTSPACE.replace("ada@x.edu,,", "ada@x.edu,41.50,")


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "latin-1"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_bytes_stay_in_every_encoding_and_with_every_end_of_line(tmp_path, encoding, ending):
    export = CANVAS.replace("\n", ending).encode(encoding)
    content, _ = filled(tmp_path, export, grades_csv(*CANVAS_MARKS), **A_GRU)
    expected, _ = filled(tmp_path, CANVAS, grades_csv(*CANVAS_MARKS), **A_GRU)
    assert content == expected.decode().replace("\n", ending).encode(encoding)


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\ufeff"), max_size=12)


@given(
    notes=st.lists(CELLS, min_size=3, max_size=3),
    separator=st.sampled_from(",;\t"),
    ending=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le"]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_whatever_stands_in_other_cells_stays(tmp_path, notes, separator, ending, quoting, encoding):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator=ending, quoting=quoting)
    rows = [["Student", "ID", "Section", "Notes", "GRU (1)"], ["    Points Possible", "", "", "", 50]]
    rows += [[*who, "W", note, ""] for who, note in zip((("Ada", 11), ("Bob", 12), ("Cy", 13)), notes, strict=True)]
    writer.writerows(rows)
    export = ("\ufeff" * (encoding == "utf-16-le") + text.getvalue()).encode(encoding)
    content, look = filled(tmp_path, export, grades_csv(("Ada_11", 1.5), ("Cy_13", 2)))
    assert look == ["Without a mark in grades.csv, left as they were: Bob."]
    read = [*csv.reader(io.StringIO(content.decode(encoding).removeprefix("\ufeff"), newline=""), delimiter=separator)]
    column = ["GRU (1)", "50", "1.50", "", "2.00"]
    assert read == [[*map(str, row[:4]), mark] for row, mark in zip(rows, column, strict=True)]
    assert len(content) - len(export) == 8 * (2 if encoding == "utf-16-le" else 1)


def test_a_file_without_an_end_of_its_last_line_gets_none(tmp_path):
    content, _ = filled(tmp_path, CANVAS.rstrip(), grades_csv(*CANVAS_MARKS), **A_GRU)
    assert not content.endswith(b"\n")


# ---- who is who ----

PEOPLE = (
    "Student,ID,SIS Login ID,Section,GRU (1)\n    Points Possible,,,,50\n"
    "Ada King,11,aking,W,\nAda King,12,aking2,W,\nBob Roe,13,b.roe@x.edu,W,\nCy Doe,14,cd9,W,\nDoe Cy,15,x5,W,\n"
    "Ida B. Wells,16,wells,W,\nMaria Poe,17,mpoe,W,\n"
)


@pytest.mark.parametrize(
    ("label", "who"),
    [
        ("kingada_11", "11"),  # a number and the name
        ("Ada King_12", "12"),
        ("Ada King (12, aking2)", "12"),
        ("King_Ada_aking_11", "11"),
        ("King, Ada(aking2)", "12"),
        ("Red Team-Ada King_11", "11"),
        ("aking", "11"),  # the login alone
        ("AKING2", "12"),
        ("b.roe@x.edu", "13"),
        ("b.roe", "13"),
        ("13", "13"),
        ("Bob Roe", "13"),  # the name alone
        ("Bob Roe_2077", "13"),  # with a number of another list
        ("Wells, Ida B.", "16"),
        ("'Bob Roe", "13"),  # as grades.csv guards a cell
        ("Ada King", None),  # two are called so
        ("Ada King_2077", None),
        ("Bob Roe_14", None),  # the name says one, the number another
        ("Somebody_14", None),
        ("Cy Doe", None),  # or Doe Cy
        ("Anna-Maria Poe_2077", None),  # she is not in the file
        ("Red Team-Maria Poe_17", "17"),
        ("Roe", None),
        ("Bobby Roe", None),
        ("anon_aB3dE", None),
        ("king", None),
        ("1", None),
        ("_", None),
        ("", None),
    ],
)
def test_who_is_meant_is_never_guessed(tmp_path, label, who):
    content, look = filled(tmp_path, PEOPLE, grades_csv((label, 7.0)))
    got = [row["ID"] for row in csv.DictReader(io.StringIO(content.decode())) if row["GRU (1)"] == "7.00"]
    assert got == ([who] if who else [])
    assert who or any("left as it was" in line or "Not found" in line for line in look)


def test_two_who_may_be_one_get_nothing(tmp_path):
    content, look = filled(tmp_path, PEOPLE, grades_csv(("Bob Roe", 7.0), ("b.roe", 8.0)))
    assert content.decode() == PEOPLE
    assert "Bob Roe and b.roe may all be Bob Roe: left as it was." in look


def test_all_who_are_not_found_and_all_without_a_mark_are_named(tmp_path):
    _, look = filled(tmp_path, PEOPLE, grades_csv(("Bob Roe", 7.0), *((f"Stranger \u202e{n}", 1) for n in range(9))))
    assert [line.count("Stranger \\u202e") for line in look] == [9, 0]
    assert look[1].startswith("Without a mark in grades.csv, left as they were: Ada King, Ada King, Cy Doe, Doe Cy,")


# ---- maximum, column ----


def test_another_maximum_is_refused_or_converted(tmp_path):
    grades = grades_csv(("Bob Roe", 20.5), of=41)
    with says(GradingError, "counts to 50 points in 'GRU (1)', the assignment to 41", "--scale"):
        filled(tmp_path, PEOPLE, grades)
    content, _ = filled(tmp_path, PEOPLE, grades, scale=True)
    assert "b.roe@x.edu,W,25.00\n" in content.decode()
    with says(GradingError, "counts to 50 points"):
        filled(tmp_path, MOODLE, grades, "moodle")
    with says(GradingError, "counts to 50 points"):
        filled(tmp_path, BRIGHTSPACE, grades, "gradebook", column="GRU")


@pytest.mark.parametrize(
    ("content", "platform", "options", "words"),
    [
        (CANVAS, "canvas", {}, ["2 columns", "--column", "GRU (44123), Essay (44124)"]),
        (CANVAS, "canvas", {"column": "Final Score"}, ["no columns", "Final Score"]),
        (CANVAS, "canvas", {"column": "Assignments"}, ["no columns"]),
        (MOODLE, "canvas", {}, ["is not Canvas' grade book", "Identifier, Full name", "--for gradebook"]),
        (CANVAS, "moodle", {}, ["is not Moodle's grading worksheet"]),
        (MOODLE_BOOK, "moodle", {}, ["is not Moodle's grading worksheet"]),
        (MOODLE_BOOK, "gradebook", {}, ["--column"]),
        (MOODLE_BOOK, "gradebook", {"column": "Course total"}, ["no columns"]),
        (MOODLE_BOOK, "gradebook", {"column": "Nothing"}, ["no columns", "'Nothing'"]),
        (BLACKBOARD, "gradebook", {"column": "Total"}, ["no columns"]),
        ("", "canvas", {}, ["needs a line of headings"]),
        ("a,b\n1,2\n", "gradebook", {}, ["needs a line of headings", "a, b"]),
        ("Student,ID,Section,GRU (1)\n", "canvas", {}, ["no student"]),
        ('Student,ID,Section,GRU (1)\n"Ada,11,W,\n', "canvas", {}, ["line 2", "quotation mark"]),
        ('Student,ID,Section,GRU (1)\n"Ada"x,11,W,\n', "canvas", {}, ["line 2", "quotation mark"]),
        ("Student,ID,Section,GRU (1)\nKing, Ada,11,W,\n", "canvas", {}, ["King", "5 cells", "4 headings"]),
        ("Student,ID,Section,GRU (1)\nAda,11\n", "canvas", {}, ["Ada", "2 cells"]),
        (b"PK\x03\x04rest", "canvas", {}, ["Excel workbook", "CSV"]),
        (b"\xd0\xcf\x11\xe0\xa1", "canvas", {}, ["Excel workbook"]),
        (b"\xff\xfeS\x00t\x00", "canvas", {}, ["needs a line of headings", "St"]),
        (b"\xff\xfeS", "canvas", {}, ["no table in text"]),
        (b"Student,ID\n\0", "canvas", {}, ["no table in text"]),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path, content, platform, options, words):
    with says(GradingError, *words):
        filled(tmp_path, content, grades_csv(("Ada", 7)), platform, **options)
    assert not (tmp_path / "filled.csv").exists()


@pytest.mark.parametrize(
    ("grades", "words"),
    [
        (b"name,points\nAda,7\n", ["not the table"]),
        (b"", ["not the table"]),
        (b"\xff\xfe\x00", ["cannot be read as the table"]),
        (grades_csv(("Ada", 7)).replace(b",8,", b",,"), ["no final marks", "words of Ada", "--finish"]),
        (grades_csv(("Ada", "=1+1")), ["final of Ada", "'=1+1'"]),
        (grades_csv(("Ada", "nan")), ["final of Ada"]),
        (grades_csv(("Ada", -1)), ["final of Ada"]),
        (grades_csv(("Ada", 7), ("Ada", 8)), ["two lines of Ada"]),
    ],
)
def test_marks_that_are_not_final_are_refused(tmp_path, grades, words):
    with says(GradingError, *words):
        filled(tmp_path, PEOPLE, grades)


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    with says(GradingError, "more than 20 MB"):
        filled(tmp_path, b"a" * (21 * 2**20), grades_csv(("Ada", 7)))


def test_no_file_is_written_over(tmp_path):
    (tmp_path / "export.csv").write_text(PEOPLE)
    (tmp_path / "grades.csv").write_bytes(grades_csv(("Bob Roe", 7)))
    for out in ("export.csv", "grades.csv"):
        with says(GradingError, "is there already"):
            marks.fill(tmp_path / "export.csv", "canvas", tmp_path, tmp_path / out)
    with says(GradingError, "cannot be read"):
        marks.fill(tmp_path / "missing.csv", "canvas", tmp_path, tmp_path / "new.csv")
    assert {path.name for path in tmp_path.iterdir()} == {"export.csv", "grades.csv"}


def test_the_command_says_what_to_look_at(tmp_path):
    (tmp_path / "export.csv").write_text(PEOPLE)
    (tmp_path / "grades.csv").write_bytes(grades_csv(("Bob Roe", 7), ("Eve", 9)))
    words = ["marks", tmp_path / "export.csv", "--for", "canvas", "--grades", tmp_path, "--out", tmp_path / "new.csv"]
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == 0, done.output
    assert "[LOOK] Not found in the file, so not entered: Eve." in done.output
    assert done.output.endswith("new.csv: 1 mark is entered.\n")
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == 1 and "is there already" in done.output
