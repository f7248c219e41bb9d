"""When a student has handed in, from where the platform has written it; files in exports have the download's time."""

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

import yaml

from course_utils.grading import forms
from course_utils.grading.archives import File
from course_utils.grading.errors import Unreadable
from course_utils.grading.forms import Form, Place
from course_utils.grading.opening import some
from course_utils.grading.people import People
from course_utils.grading.times import read_time

TABLE, FILES_TIME = "the table of times", "the file's time"
_METADATA = ("submission_metadata.yml", "submission_metadata.yaml")  # Gradescope's
_LARGEST_METADATA = 50 * 2**20
_BY_MARK = 0.01  # hours, where a platform says that it is late, but not by how much
_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Moment:
    """When something was handed in.

    Attributes:
        time: in UTC; None if it is not known.
        source: where the time is from; "" if it is not known.
        marked: whether the platform calls it late.
        remarks: what had to be assumed, in sentences.
    """

    time: datetime | None = None
    source: str = ""
    marked: bool = False
    remarks: tuple[str, ...] = ()

    def hours_late(self, deadline: datetime | None, extension: float = 0.0) -> tuple[float, str]:
        """By how many hours it missed the deadline, and what is odd about it as a sentence; "" if nothing is.

        Args:
            deadline: with a time zone; None if nobody is late.
            extension: hours that the student has more than others.

        >>> Moment(datetime(2026, 3, 2, tzinfo=UTC)).hours_late(datetime(2026, 3, 1, tzinfo=UTC), extension=20)
        (4.0, '')
        """
        if deadline is None:
            return 0.0, ""
        if self.time is None:
            if not self.marked:
                return 0.0, ""
            if extension:
                return 0.0, f"The platform calls it late, but not by how much; the extension is {extension:g} hours."
            return _BY_MARK, "The platform calls it late, but not by how much: this counts as one day."
        hours = (self.time - deadline).total_seconds() / 3600 - extension
        odd = "The platform calls it late, but its time is before the deadline." if self.marked and hours <= 0 else ""
        return round(max(0.0, hours), 2), "" if extension else odd


class Clock:
    """Tells when each student of a class has handed in.

    Args:
        form: how the files are named.
        zone: of times without one.
        table: with the times of submission; None if there is none. It is believed first.
        files: of the class, by their paths.

    Attributes:
        odd: what is wrong with the platform's own list of submissions, or with the table, in sentences.
    """

    def __init__(self, form: Form, zone: tzinfo, table: People | None, files: Mapping[str, File]):
        self._form, self._zone, self._table = form, zone, table
        self.odd: list[str] = []
        self._metadata = self._read_metadata(files)

    def last(self, files: Sequence[tuple[Place, File]]) -> tuple[list[tuple[Place, File]], int]:
        """The files of a student's last submission for each title, and how many submissions there are before."""
        turns = {(place.series, self._turn(place)) for place, _ in files}
        last = dict(sorted(turns))
        kept = [(place, file) for place, file in files if self._turn(place) == last[place.series]]
        return kept, len(turns) - len(last)

    def _turn(self, place: Place) -> tuple[datetime, int]:
        try:
            return self._read(place.time)[0] if place.time else _EARLIEST, place.turn
        except ValueError:
            return _EARLIEST, place.turn

    def submitters(self, student: str) -> list[tuple[str, tuple[str, ...]]]:
        """Who has handed in together under one name, each with the names and numbers; nobody if it is one student."""
        people = self._metadata.get(student, {}).get(":submitters") or []
        found = []
        for each in people if isinstance(people, list) else []:
            if isinstance(each, dict):
                name, number, mail = (str(each.get(f":{key}") or "") for key in ("name", "sid", "email"))
                keys = tuple(filter(None, (name, number, mail)))
                if keys:
                    found.append(("_".join(filter(None, (name, number or mail))), keys))
        return found

    def moment(self, student: str, keys: Sequence[str], files: Sequence[tuple[Place, File]]) -> Moment:
        """When it was handed in, from the surest source that there is.

        Args:
            student: what the files call the student.
            keys: what a table may call the student.
            files: of the last submission.
        """
        marked = any(place.late for place, _ in files)
        if moment := self.listed(keys, marked):
            return moment
        if said := next(self._said(student, files), None):
            return self._moment(*said, marked)
        if self._form.files_have_time and files and not marked:
            work = [file for place, file in files if file.path.lower().endswith(forms.WORK)]
            times = [file.modified for file in work or [file for _, file in files] if file.modified]
            if times:
                return Moment(max(times).astimezone(UTC), FILES_TIME, marked)
        return Moment(marked=marked)

    def listed(self, keys: Iterable[str], marked: bool) -> Moment | None:
        """What the table says about somebody who is called so; None if it says nothing."""
        rows = self._table.find(keys) if self._table else []
        if len(rows) > 1:
            times = some([f"{row.name} ({row.time or 'no time'})" for row in rows])
            odd = f"The table of times has several rows that may be meant, so none is used: {times}."
            self.odd += [] if odd in self.odd else [odd]
        return self._moment(TABLE, rows[0].time, marked) if len(rows) == 1 and rows[0].time else None

    def _moment(self, source: str, text: str, marked: bool) -> Moment:
        """The moment that is written somewhere, or a remark that it cannot be read."""
        try:
            time, assumed = self._read(text)
        except ValueError as error:
            remark = f"It is not known when it was handed in: {source} says {text[:60]!r}, but {error}."
            return Moment(None, "", marked, (remark,))
        return Moment(time, source, marked, (f"{source}: {assumed}.",) if assumed else ())

    def _said(self, student: str, files: Sequence[tuple[Place, File]]) -> Iterator[tuple[str, str]]:
        """Where the platform has written a time, and what is written there; the surest first."""
        for place, file in files:
            if place.beside and place.rest == self._form.stamp and not file.problem:
                try:
                    yield self._form.stamp, file.read(200).decode("utf-8", "replace")
                except Unreadable as error:
                    yield self._form.stamp, str(error)
        if text := next((place.time for place, _ in files if place.time), ""):
            yield "the name of the file", text
        if created := self._metadata.get(student, {}).get(":created_at"):
            yield _METADATA[0], _inner_time(created)

    @functools.lru_cache(maxsize=4096)  # noqa: B019
    def _read(self, text: str) -> tuple[datetime, str]:
        return read_time(text, self._zone)

    def _read_metadata(self, files: Mapping[str, File]) -> dict[str, dict]:
        """What Gradescope says about each submission."""
        path = next((path for path in files if path.rpartition("/")[2] in _METADATA), None)
        if "Gradescope" not in self._form.name:
            return {}
        if path is None:
            self.odd.append(f"{_METADATA[0]} is missing, which has the students' names: they are called submission_….")
            return {}
        try:
            whole = yaml.load(files[path].read(_LARGEST_METADATA), Loader=_Loader)
        except (yaml.YAMLError, Unreadable, ValueError, RecursionError) as error:
            self.odd.append(f"{path} cannot be read ({str(error).splitlines()[0]}): students are called submission_….")
            return {}
        return (
            {str(key): each for key, each in whole.items() if isinstance(each, dict)} if isinstance(whole, dict) else {}
        )


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Plain values only; what Ruby writes about its classes is left out, and times stay text."""


def _ruby(loader: _Loader, _: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("!", _ruby)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node))


def _inner_time(created: object) -> str:
    """The text of a time, which Ruby may write with its zone beside it."""
    return str(created.get("utc") or created.get("time") or "") if isinstance(created, dict) else str(created)
