"""Marks back: the grade file that a platform exports, filled with the final marks; all else in it stays as it is."""

import codecs
import csv
import io
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from course_utils.files import write
from course_utils.grading.errors import GradingError
from course_utils.grading.people import (
    HEADING_LINES,
    LARGEST,
    NOBODY,
    identified,
    is_heading,
    keys_of,
    names_in,
    parts_of,
    plain,
    separator_of,
)
from course_utils.grading.showing import shown

_BOMS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_BINARY = {b"PK\x03\x04": "an Excel workbook", b"\xd0\xcf\x11\xe0": "an old Excel workbook", b"%PDF": "a PDF"}
_CELL = r'[ ]*"(?:[^"]++|"")*+"[ ]*|(?![ ]*")[^{separator}\r\n]*'
_KEPT = ("ex", "excused", "na")  # of Canvas: whoever is excused, or has not this assignment
_NO = ("no", "nein", "non", "nee", "nao", "ne", "nej", "nie")
_COMPUTED = re.compile(  # headings of columns that a platform fills itself, or that have no points
    r"(Current|Final|Override) (Score|Grade|Points)\b|\((Percentage|Letter|Feedback|Prozentsatz|Pourcentage)\)"
    r"|Total Pts: up to|^(Course|Category) total|^Feedback\b",
    re.IGNORECASE,
)
_MOST_IN_HEADING = re.compile(r"(?:Total Pts: |MaxPoints:)(\d+(?:[.,]\d+)?)")  # Blackboard's and Brightspace's
_WORKSHEET = {  # Moodle's headings, in the languages of which the words are known
    "grade": "grade, Bewertung, note, calificación, valutazione, nota, cijfer",
    "most": "maximum grade, Bestwertung, note maximale, calificación máxima, punteggio massimo, nota máxima",
    "open": "grade can be changed, Bewertung kann geändert werden, la note peut être modifiée, "
    "la calificación puede cambiarse, nota pode ser alterada, cijfer kan gewijzigd worden",
}
_KNOWN = {what: {plain(word) for word in words.split(",")} for what, words in _WORKSHEET.items()}


class Mark(NamedTuple):
    """A line of `grades.csv`: final points, None if somebody has still to grade, and the most that there are."""

    final: float | None
    most: float


@dataclass(frozen=True)
class Filled:
    """What was entered.

    Attributes:
        count: of marks.
        look: what somebody should look at, in sentences.
    """

    count: int
    look: list[str]


class _Cell(NamedTuple):
    """A cell of a table: what is in it, and where it is in the text."""

    value: str
    start: int
    end: int

    def of(self, text: str, value: str) -> str:
        """The new value, in quotation marks if the old one was, or if it has a comma."""
        return f'"{value}"' if '"' in text[self.start : self.end] or "," in value else value


class _Row(NamedTuple):
    """Somebody in a grade file: the line's cells, and what the person is called there."""

    cells: list[_Cell]
    name: str
    ids: frozenset[str]
    names: frozenset[str]

    @property
    def label(self) -> str:
        return self.name or min(self.ids)


class _Book(NamedTuple):
    """A grade file: its headings, and the lines below them."""

    path: Path
    platform: str
    heading: list[str]
    lines: list[list[_Cell]]

    def column(self, what: str) -> int | None:
        """Where Moodle's worksheet has something."""
        return next((i for i, each in enumerate(self.heading) if plain(each) in _KNOWN[what]), None)


def fill(export: Path, platform: str, grades: Path, out: Path, *, column: str = "", scale: bool = False) -> Filled:
    """Write a platform's grade file anew, with the final marks of a class in it.

    Args:
        export: the file that the platform has exported.
        platform: "canvas" for Canvas' grade book; "moodle" for the grading worksheet of an assignment in Moodle;
            "gradebook" for any other table with a column for each assignment, of Moodle, Blackboard, Brightspace …
        grades: `grades.csv` of `course grade … --finish`, or the folder that it is in.
        out: a new file: as the platform wrote it, but for the marks.
        column: its heading, or how that begins; "" where only one can be meant.
        scale: whether points are converted if the platform counts to another maximum.

    Raises:
        GradingError: a file cannot be read, is another platform's, or has no such column; marks are not final; `out` is
            there already. Nothing is written.
    """
    if out.exists():
        raise GradingError(f"{out} is there already: name a new file by --out.")
    marks = read_marks(grades / "grades.csv" if grades.is_dir() else grades)
    text, encoding = _decoded(_read(export), export)
    book = _book(_lines(text, export), platform, export)
    place, look = _place(book, column), []
    rows = _rows(book, place)
    factor = _factor(book, place, marks, scale)
    new = _new_cells(book, place, _matched(marks, rows, look), marks, factor, look)
    for cell, value in sorted(new, key=lambda each: -each[0].start):
        text = text[: cell.start] + cell.of(text, value) + text[cell.end :]
    write(out, text.encode(encoding))
    return Filled(len(new), look)


def read_marks(path: Path) -> dict[str, Mark]:
    """The final marks in a `grades.csv`, by student.

    Raises:
        GradingError: it is none, or its marks are not final.
    """
    try:
        rows = [*csv.DictReader(io.StringIO(_read(path).decode("utf-8-sig"), newline=""))]
    except (UnicodeDecodeError, csv.Error) as error:
        raise GradingError(f"{path} cannot be read as the table that `course grade` writes ({error}).") from error
    columns = list(rows[0]) if rows else []
    if not {"student", "final", "of", "open"} <= {*columns}:
        raise GradingError(f"{path} is not the table that `course grade` writes: give its folder, or its grades.csv.")
    questions = columns[columns.index("of") + 1 : columns.index("open")]
    marks: dict[str, Mark] = {}
    for row in rows:
        student = (row["student"] or "").removeprefix("'")
        waiting = [each for each in questions if not row[each] and each not in (row["open"] or "").split()]
        if waiting:
            raise GradingError(
                f"{path} has no final marks: {waiting[0]} of {shown(student)} has no points yet. Run `course grade` "
                "with --gradebook and --finish first."
            )
        if student in marks:
            raise GradingError(f"{path} has two lines of {shown(student)}: run `course grade` again, which writes one.")
        marks[student] = Mark(_points(row, "final", path) if row["final"] else None, _points(row, "of", path))
    return marks


def _points(row: Mapping[str, str], name: str, path: Path) -> float:
    number = _number(row[name] or "")
    if number is None or number < 0:
        raise GradingError(
            f"{path}: {name} of {shown(row['student'])} is {shown(str(row[name]))!r}, no number of points."
        )
    return number


def _number(text: str) -> float | None:
    """A number with a point or a comma; None if it is none.

    >>> _number("50,00"), _number("Needs Grading"), _number("inf")
    (50.0, None, None)
    """
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _read(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise GradingError(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > LARGEST:
        raise GradingError(f"{path} has more than {LARGEST // 2**20} MB: that is no list of students.")
    for begin, what in _BINARY.items():
        if content.startswith(begin):
            raise GradingError(f"{path} is {what}: export it as CSV, or save it as CSV.")
    return content


def _decoded(content: bytes, path: Path) -> tuple[str, str]:
    """The text, a byte order mark with it, and the encoding that gives the same bytes again."""
    encodings = [name for bom, name in _BOMS if content.startswith(bom)] or ["utf-8", "cp1252", "latin-1"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text and text.encode(encoding) == content:
            return text, encoding
    raise GradingError(f"{path} is no table in text: export it as CSV, in UTF-8 if the platform asks.")


def _lines(text: str, path: Path) -> list[list[_Cell]]:
    """The lines of a table that have something in them."""
    separator = separator_of(text)
    cell = re.compile(f"({_CELL.format(separator=separator)})({separator}|\r\n|\n|\r|\\Z)")
    lines: list[list[_Cell]] = [[]]
    position = int(text.startswith("\ufeff"))
    while position < len(text):
        found = cell.match(text, position)
        if found is None:
            line = text.count("\n", 0, position) + 1
            raise GradingError(f"{path}, line {line}: a quotation mark is not closed, or stands within a cell.")
        raw = found[1].strip(" ")
        value = raw[1:-1].replace('""', '"') if raw.startswith('"') else found[1]
        lines[-1].append(_Cell(value.strip(), found.start(1), found.end(1)))
        position = found.end()
        if found[2] != separator:
            lines.append([])
    return [line for line in lines if any(each.value for each in line)]


def _book(lines: list[list[_Cell]], platform: str, path: Path) -> _Book:
    """The file, if it is one of this platform."""
    tops = [[cell.value for cell in line] for line in lines[:HEADING_LINES]]
    at = next((i for i, top in enumerate(tops) if is_heading(top)), None)
    begin = f"it begins with {_listed(tops[at or 0])[:200] if tops else 'nothing'}"
    if at is None:
        raise GradingError(f"{path} needs a line of headings with a column of names or ids: {begin}.")
    book = _Book(path, platform, tops[at], lines[at + 1 :])
    if platform == "canvas" and not {"id", "section"} <= {*map(plain, book.heading)}:
        raise GradingError(f"{path} is not Canvas' grade book: {begin}. For any other table say --for gradebook.")
    numbered = any(re.fullmatch(r"\D+\d+", line[0].value) for line in book.lines[:1])
    if platform == "moodle" and book.column("open") is None and not numbered:
        raise GradingError(
            f"{path} is not Moodle's grading worksheet: {begin}. For any other table say --for gradebook."
        )
    return book


def _place(book: _Book, wanted: str) -> int:
    """Which column gets the marks."""
    read_only = {i for line in book.lines[:2] for i, cell in enumerate(line) if cell.value == "(read only)"}
    able = [i for i, each in enumerate(book.heading) if not _COMPUTED.search(each) and i not in read_only]
    if wanted:
        chosen = [i for i in able if book.heading[i] == wanted]
        chosen = chosen or [i for i in able if plain(book.heading[i]).startswith(plain(wanted))]
    elif book.platform == "canvas":
        able = chosen = [i for i in able if re.search(r" \(\d+\)$", book.heading[i])]
    else:
        chosen = [i for i in able if book.platform == "moodle" and i == book.column("grade")]
    if len(chosen) == 1:
        return chosen[0]
    asked = f"that can be filled and begins with {wanted!r}" if wanted else "that alone can be meant"
    choice = shown(_listed(book.heading[i] for i in chosen or able))[:500]
    raise GradingError(f"{book.path} has {len(chosen) or 'no'} columns {asked}: name one by --column, of {choice}.")


def _rows(book: _Book, column: int) -> list[_Row]:
    """The people in a grade file; in Moodle's worksheet the first cell ends with a number, “Participant 11”."""
    rows = []
    for line in book.lines:
        name, ids = identified(book.heading, [each.value for each in line])
        if not (name or ids) or plain(name or ids[0]) in NOBODY:
            continue
        if not column < len(line) <= len(book.heading):
            raise GradingError(
                f"{book.path}: the line of {shown(name or ids[0])} has {len(line)} cells, and there are "
                f"{len(book.heading)} headings: export the file again, and do not save it with another program."
            )
        ids += [re.sub(r"^\D+", "", line[0].value)] if book.platform == "moodle" else []
        rows.append(_Row(line, name, keys_of("", ids), keys_of(name, ())))
    if not rows:
        raise GradingError(f"{book.path} has no student in it: export it again, with the students that you see.")
    return rows


def _factor(book: _Book, column: int, marks: Mapping[str, Mark], scale: bool) -> float:
    """By what points are multiplied for the platform."""
    most, of = _most(book, column), max(each.most for each in marks.values())
    if most is None or most == of:
        return 1.0
    if not scale:
        raise GradingError(
            f"{book.path} counts to {most:g} points in {shown(book.heading[column])!r}, the assignment to {of:g}: set "
            "the platform's maximum to that and export again, or have the points converted by --scale."
        )
    return most / of


def _most(book: _Book, column: int) -> float | None:
    """How many points the platform counts at most; None if the file does not say."""
    if found := _MOST_IN_HEADING.search(book.heading[column]):
        return _number(found[1])
    if book.platform == "canvas":
        rows = [line for line in book.lines if plain(line[0].value) == "pointspossible" and len(line) > column]
        return _number(rows[0][column].value) if rows else None
    place = book.column("most")
    return _number(book.lines[0][place].value) if place is not None and place < len(book.lines[0]) else None


def _matched(marks: Mapping[str, Mark], rows: Sequence[_Row], look: list[str]) -> list[tuple[str, _Row]]:
    """Who is who. Where more than one may be meant, nobody is."""
    claims: dict[int, list[str]] = defaultdict(list)
    nowhere = []
    for student in marks:
        meant = _meant(student, rows)
        if len(meant) == 1:
            claims[meant[0]].append(student)
        elif meant:
            look.append(f"{shown(student)} may be {_listed((rows[i].label for i in meant), ' or ')}: left as it was.")
        else:
            nowhere.append(student)
    found = []
    for i, students in claims.items():
        if len(students) > 1:
            look.append(f"{_listed(students, ' and ')} may all be {shown(rows[i].label)}: left as it was.")
        else:
            found.append((students[0], rows[i]))
    if nowhere:
        look.append(f"Not found in the file, so not entered: {_listed(nowhere)}.")
    if missing := [row.label for i, row in enumerate(rows) if i not in claims]:
        look.append(f"Without a mark in grades.csv, left as they were: {_listed(missing)}.")
    return found


def _meant(student: str, rows: Sequence[_Row]) -> list[int]:
    """The rows that may be a student's, by the first of these rules that any row fits.

    1. One of the row's numbers or addresses is in the student's label, and so is the row's name.
    2. The whole label is one of the row's numbers or addresses.
    3. The label is the row's name, numbers aside, and no other row has one of these numbers.
    """
    keys = {plain(each) for each in (student, *parts_of(student))}
    holds = [bool(row.ids & keys) for row in rows]
    names = [bool(row.names & names_in(student, row.ids)) for row in rows]
    alone = [bool(row.names & names_in(student, row.ids, team=False)) for row in rows]
    numbered = [i for i, row in enumerate(rows) if row.ids & {key for key in keys if key.isdigit()}]
    rules = (
        [i for i in range(len(rows)) if holds[i] and names[i]],
        [i for i, row in enumerate(rows) if plain(student) in row.ids],
        [i for i in range(len(rows)) if alone[i] and not numbered],
    )
    return next(filter(None, rules), [])


def _new_cells(
    book: _Book,
    column: int,
    found: Sequence[tuple[str, _Row]],
    marks: Mapping[str, Mark],
    factor: float,
    look: list[str],
) -> list[tuple[_Cell, str]]:
    """The cells that change, with what they get; numbers have a comma if others in the file have one."""
    point = "," if any(re.fullmatch(r"\d+,\d\d", cell.value) for line in book.lines for cell in line) else "."
    locked = book.column("open")
    new, said = [], defaultdict(list)
    for student, row in found:
        cell, final = row.cells[column], marks[student].final
        if final is None:
            said["Not graded to the end, left as they were"].append(row.label)
        elif plain(cell.value) in _KEPT:
            said["Excused, or without this assignment, left as they were"].append(row.label)
        elif locked is not None and locked < len(row.cells) and plain(row.cells[locked].value) in _NO:
            said["Locked in the platform, left as they were"].append(row.label)
        else:
            value = round(final * factor, 2)
            if _number(cell.value) not in (None, value):
                said["Had another mark before, which is replaced"].append(f"{row.label} ({cell.value})")
            new.append((cell, f"{value:.2f}".replace(".", point)))
    look += [f"{what}: {_listed(names)}." for what, names in said.items()]
    return new


def _listed(names: Iterable[str], link: str = ", ") -> str:
    return link.join(shown(each) for each in names if each)
