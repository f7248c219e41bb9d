"""Tables about a class: a roster, with groups and extensions, or a grade book with the times of submission."""

import csv
import io
import itertools
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from course_utils.grading.errors import GradingError

_HEADINGS = {  # what a column may be called, by what is in it; capitals, accents, spaces and signs do not matter
    "name": "student, name, names, student name, full name, display name, user, participant, learner, "
    "vollständiger Name, nom complet, nombre completo, nome completo, volledige naam, fullständigt namn, pełna nazwa, "
    "imię i nazwisko, celé jméno, полное имя, повне ім'я, tam adı, ad soyad, フルネーム, 姓名, 全名, 성명, 이름",
    "first": "first, first name, given name, Vorname, prénom, nombre, nome, voornaam",
    "last": "last, last name, surname, family name, Nachname, nom, nom de famille, apellidos, cognome, achternaam",
    "id": "id, ids, student id, identifier, id number, user id, username, user name, login, login id, email, "
    "email address, e-mail, sis user id, sis login id, display id, sid, org defined id, eid, ID-Nummer, "
    "Matrikelnummer, Anmeldename, E-Mail-Adresse, numéro d'identification, adresse de courriel, dirección de correo, "
    "identifiant, identificador, identificatore, identificatie, identyfikator, идентификатор, 参加者, 编号, 識別子, "
    "indirizzo email, endereço de email, e-mailadres, adres e-mail, адрес электронной почты, メールアドレス, "
    "电子邮件地址, 電子郵件信箱, 이메일 주소",
    "group": "group, groups, group name, group id, team, team name, Gruppe, groupe, grupo, gruppo",
    "extension": "extension, extensions, extension hours, extension in hours, extra hours, hours",
    "time": "time, times, submitted, submitted at, submitted on, submission time, submission date, date submitted, "
    "last submitted, last modified (submission), last modified, timestamp, handed in, turned in, date, "
    "zuletzt geändert (Abgabe), dernière modification (travail remis), última modificación (entrega), "
    "ultima modifica (consegna), última modificação (envio), última modificação (submissão), "
    "laatst gewijzigd (inzending), senast ändrad (inlämning), ostatnio modyfikowane (przesłane zadanie), "
    "последнее изменение (ответ), остання зміна (відповідь), son değiştirme (gönderim), "
    "最終更新日時 (提出), 最近修改 (提交), 最后修改 (提交), 마지막 수정일 (제출)",
}
_NO_TIME = ("", "-", "–", "n/a", "never")
NOBODY = ("pointspossible", "manualposting", "muted", "studenttest", "teststudent")  # rows of Canvas' grade book
HEADING_LINES = 10  # among so many the headings are: Sakai writes the assignment's title above them
LARGEST = 20 * 2**20  # bytes


def plain(text: str) -> str:
    """A name without what people and platforms write in different ways.

    >>> plain("King, Ádá"), plain("Participant 1234")
    ('kingada', 'participant1234')
    """
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in parts if char.isalnum())


_COLUMNS = {plain(text): kind for kind, texts in _HEADINGS.items() for text in texts.split(",")}


@dataclass(frozen=True)
class Person:
    """A row of a table.

    Attributes:
        name: no other row has it.
        keys: what the person may be called in the names of files, plainly.
        group: those who hand in together; "" if there is none.
        extension: hours.
        time: of the submission, as the table has it; "" if it has none.
    """

    name: str
    keys: frozenset[str]
    group: str = ""
    extension: float = 0.0
    time: str = ""


class People:
    """The rows of a table, to be found by what files are called.

    >>> people = People([Person("Ada King", keys_of("Ada King", ["ada7"]), "G 1")])
    >>> [each.name for each in people.find(["kingada"])], [each.name for each in people.of_group(["g1"])]
    (['Ada King'], ['Ada King'])
    """

    def __init__(self, persons: Iterable[Person]):
        self.persons = list(persons)
        self._by_key: dict[str, set[Person]] = defaultdict(set)
        self._by_group: dict[str, list[Person]] = defaultdict(list)
        for person in self.persons:
            for key in person.keys:
                self._by_key[key].add(person)
            if person.group:
                self._by_group[plain(person.group)].append(person)

    def find(self, keys: Iterable[str]) -> list[Person]:
        """Who is meant by these names and numbers, the surest ones first; several if it is not clear."""
        meant: set[Person] = set()
        for key in keys:
            hits = self._by_key.get(plain(key), set())
            meant = (meant & hits) or meant or hits
            if len(meant) == 1:
                break
        return sorted(meant, key=lambda person: person.name)

    def of_group(self, keys: Sequence[str]) -> list[Person]:
        """The members of a group that is called so."""
        return next((self._by_group[plain(key)] for key in keys if plain(key) in self._by_group), [])


def keys_of(name: str, ids: Iterable[str]) -> frozenset[str]:
    """What a person may be called: the name with any of its words first, the numbers, the e-mail address."""
    words = [plain(word) for word in re.split(r"[\s,;_]+", name) if plain(word)]
    turned = {"".join(words[n:] + words[:n]) for n in range(len(words))}
    numbers = {plain(each) for each in ids} | {plain(each.partition("@")[0]) for each in ids}
    numbers |= {found[1] for each in ids if (found := re.fullmatch(r"\D+\s(\d+)", each))}  # Moodle's “Participant 11”
    return frozenset((turned | numbers) - {""})


def names_in(label: str, ids: frozenset[str] = frozenset(), team: bool = True) -> frozenset[str]:
    """The names that somebody may have whom a platform, or a table, calls so.

    Numbers are no part of a name, and one of the `ids` may be none. With `team` a team and a hyphen may stand before
    the name; but “Anna-Maria Roe” may be no team.

    >>> names_in("King, Ada(aking)", frozenset({"aking"})) >= names_in("Red Team-Ada King_11") & names_in("kingada")
    True
    """
    words = [each for each in map(str.strip, parts_of(label)) if not plain(each).isdigit()]
    texts = {" ".join(words), " ".join(each for each in words if plain(each) not in ids)}
    texts |= {text[i + 1 :] for text in texts for i, char in enumerate(text) if team and char == "-"}
    return frozenset().union(*(keys_of(text, ()) for text in texts))


def parts_of(label: str) -> list[str]:
    """What platforms put together in one name.

    >>> parts_of("King, Ada(aking)"), parts_of("kingada_11")
    (['King', ' Ada', 'aking'], ['kingada', '11'])
    """
    return [each for each in re.split(r"[_(),;]+", label) if each.strip()]


def read_people(path: Path, option: str, needs: str = "") -> People:
    """A table of people: CSV with commas, semicolons or tabs, with headings.

    Args:
        path: the file.
        option: with which it was given, for the messages.
        needs: what there must be a column of, beside names or ids; "" if nothing.

    Raises:
        GradingError: it cannot be read, or lacks a column.
    """
    rows = _rows(path, option)
    heading = next((row for row in rows[:HEADING_LINES] if is_heading(row, needs)), None)
    if heading is None:
        wanted = "of names or ids" + (f", and one called “{_an_example(needs)}”" if needs else "")
        seen = ", ".join(cell for row in rows[:1] for cell in row if cell.strip()) or "nothing"
        raise GradingError(
            f"{option} {path} needs a line of headings with a column {wanted}: it begins with {seen[:200]}."
        )
    persons = []
    for row in rows[rows.index(heading) + 1 :]:
        cells = _by_kind(heading, row)
        name, ids = _name(cells), _ids(cells)
        if (name or ids) and plain(name or ids[0]) not in NOBODY:
            extension = _hours("".join(cells["extension"]), f"{option} {path}", name or ids[0])
            time = next((each for each in cells["time"] if each.casefold() not in _NO_TIME), "")
            group = next(filter(None, cells["group"]), "")
            persons.append((name, ids, group, extension, time))
    counts = Counter(name for name, *_ in persons)
    return People(Person(_label(name, ids, counts[name]), keys_of(name, ids), *rest) for name, ids, *rest in persons)


def identified(heading: Sequence[str], row: Sequence[str]) -> tuple[str, list[str]]:
    """Somebody's name, and their numbers and addresses, in a line of a table.

    >>> identified(["Student", "ID", "SIS Login ID", "Essay (7)"], ["King, Ada", "11", "aking", "5"])
    ('King, Ada', ['11', 'aking'])
    """
    cells = _by_kind(heading, row)
    return _name(cells), _ids(cells)


def _by_kind(heading: Sequence[str], row: Sequence[str]) -> dict[str, list[str]]:
    """The cells of a line by what is in them; "" for what is not known."""
    cells: dict[str, list[str]] = defaultdict(list)
    for column, cell in zip(heading, row, strict=False):
        cells[_COLUMNS.get(plain(column), "")].append(cell.strip())
    return cells


def _ids(cells: dict[str, list[str]]) -> list[str]:
    return [each for each in cells["id"] if each]


def _rows(path: Path, option: str) -> list[list[str]]:
    """The lines of a table that have something in them."""
    try:
        content = path.read_bytes()
        if len(content) > LARGEST:
            raise GradingError(f"{option} {path} has more than {LARGEST // 2**20} MB: that is no list of students.")
        text = _decoded(content)
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator_of(text))
        return [row for row in rows if any(map(str.strip, row))]
    except (OSError, csv.Error) as error:
        raise GradingError(f"{option} {path} cannot be read: give a table as CSV ({error}).") from error


def _decoded(content: bytes) -> str:
    """Text as Excel and the platforms write it."""
    for encoding in ("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def separator_of(text: str) -> str:
    r"""What stands between the headings of a table of people; elsewhere in it any other sign may be more frequent.

    >>> separator_of("Name;Note, Datum, Ort\nAda;1,0")
    ';'
    """
    for line in text.removeprefix("\ufeff").splitlines()[:HEADING_LINES]:
        for separator in ",;\t":
            cells = next(csv.reader([line], delimiter=separator), [])
            if len(cells) > 1 and is_heading(cells):
                return separator
    return ","


def is_heading(row: Sequence[str], needs: str = "") -> bool:
    """Whether a line has the headings of a table of people, one of what it needs among them."""
    kinds = {_COLUMNS.get(plain(cell)) for cell in row}
    return bool(kinds & {"name", "id", "last"}) and (not needs or needs in kinds)


def _an_example(kind: str) -> str:
    return "submitted" if kind == "time" else kind


def _name(cells: dict[str, list[str]]) -> str:
    whole = next(filter(None, cells["name"]), "")
    return whole or " ".join(filter(None, itertools.chain(cells["first"][:1], cells["last"][:1])))


def _label(name: str, ids: Sequence[str], count: int) -> str:
    """What somebody is called in the results, and nobody else."""
    if not name:
        return ids[0]
    return f"{name} ({', '.join(ids)})" if count > 1 and ids else name


def _hours(text: str, where: str, who: str) -> float:
    if not text:
        return 0.0
    found = re.fullmatch(r"(\d+(?:[.,]\d+)?)\s*(?:h|hours?|Stunden)?", text)
    hours = float(found[1].replace(",", ".")) if found else math.nan
    if not 0 <= hours <= 24 * 366:
        raise GradingError(f"{where}: the extension of {who} is {text!r}, not a number of hours: write 48, or nothing.")
    return hours
