"""What a class has handed in, as it comes: nbgrader's folders, a folder of notebooks, what a platform exports.

Nothing is unpacked to disk and no name is used as a path: notebooks are read into memory. What would be opened is
judged by its name and size first; if that looks like an attempt to get out of its folder, or to fill the machine,
nothing of that student's is opened. Whatever one student hands in, the others are collected.
"""

import dataclasses
import itertools
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from dateutil import tz

from course_utils.grading import forms
from course_utils.grading.archives import File, members, walk
from course_utils.grading.clock import FILES_TIME, TABLE, Clock, Moment
from course_utils.grading.errors import GradingError
from course_utils.grading.grade import Submission
from course_utils.grading.opening import Content, open_files, some
from course_utils.grading.people import People, Person, read_people

_NOTHING = "Nothing was handed in."
_A_COPY = timedelta(minutes=10)  # files that are so close in time were copied or downloaded together


@dataclass(frozen=True)
class Collected:
    """A class's submissions.

    Attributes:
        submissions: in the order of the students' names.
        form: how the files are named, for the report.
        odd: what somebody should look at before marks go out, in sentences.
    """

    submissions: list[Submission]
    form: str
    odd: list[str]


@dataclass(frozen=True)
class _Entry:
    """What one student has handed in, and when."""

    student: str
    keys: tuple[str, ...]
    content: Content
    moment: Moment
    person: Person | None = None
    group: str = ""


def collect(
    source: Path,
    assignment: str,
    deadline: datetime | None = None,
    *,
    names: str = "",
    times: Path | None = None,
    roster: Path | None = None,
) -> Collected:
    """All submissions in a folder or a zip.

    Args:
        source: nbgrader's folder `submitted`; a folder with a notebook, or a folder of them, for each student; or what
            a platform exports (`forms.FORMS`), as a zip or unpacked.
        assignment: whose submissions are wanted, where there are folders for several.
        deadline: with a time zone; None if nobody is late.
        names: a regular expression of the instructor's for the paths, with (?P<student>…) in it.
        times: a CSV with the times of submission, such as a platform's grade book.
        roster: a CSV with the students, their groups and extensions.

    Raises:
        GradingError: there is no such folder, zip or CSV, or there is no submission.
    """
    table = read_people(times, "--times", "time") if times else None
    enrolled = read_people(roster, "--roster") if roster else None
    with _files(source) as files:
        reading = forms.read([*files], assignment, names)
        odd = _odd_names(files, reading)
        clock = Clock(reading.form, deadline.tzinfo if deadline else tz.tzlocal(), table, files)
        entries = [entry for each in _groups(files, reading).items() for entry in _entries(*each, clock, assignment)]
    if not entries:
        raise GradingError(f"{source} has no submission of {assignment}: check that it is the right folder or zip.")
    if enrolled:
        entries = [_timed(entry, clock) for entry in _enrol(entries, enrolled, odd)]
    submissions = sorted((_submission(each, deadline) for each in _told_apart(entries, odd)), key=_by_name)
    odd += clock.odd
    odd += _odd_times(submissions, deadline)
    odd += _odd_submissions(submissions)
    return Collected(submissions, reading.form.name, odd)


@contextmanager
def _files(source: Path) -> Iterator[dict[str, File]]:
    """The paths of all files of a class, and the files as long as they are needed."""
    if source.is_dir():
        try:
            next(source.iterdir(), None)
        except OSError as error:
            raise GradingError(f"The folder {source} cannot be read: {error.strerror}.") from error
        yield _by_path(walk(source))
        return
    try:
        archive = zipfile.ZipFile(source)
        files = _by_path(members(archive))
    except Exception as error:  # whatever stands in the zip
        reason = "is neither a folder nor a zip"
        if source.suffix.lower() == ".zip" and source.is_file():
            reason = f"is a zip that cannot be read ({error}): it may be damaged, or not wholly downloaded"
        raise GradingError(f"{source} {reason}: give the folder or the zip with the submissions.") from error
    with archive:
        yield files


def _by_path(files: Iterable[File]) -> dict[str, File]:
    """The files by their paths, without tar's points before them; of several with one path the others are numbered."""
    found: dict[str, File] = {}
    for file in files:
        if not (own := re.sub(r"^(\./+)+", "", file.path)):
            continue
        path, number = PurePosixPath(own), 1
        while (name := own if number == 1 else f"{path.with_suffix('')} ({number}){path.suffix}") in found:
            number += 1
        found[name] = dataclasses.replace(file, path=name)
    return found


def _groups(files: Mapping[str, File], reading: forms.Reading) -> dict[str, list[tuple[forms.Place, File]]]:
    """The files by student."""
    groups = defaultdict(list)
    for path, place in reading.places.items():
        groups[place.student].append((place, files[path]))
    return groups


def _entries(
    student: str, files: Sequence[tuple[forms.Place, File]], clock: Clock, assignment: str
) -> Iterator[_Entry]:
    """What a student has handed in; if several have handed in together, there is an entry for each."""
    kept, before = clock.last(files)
    content = open_files(
        [dataclasses.replace(file, path=place.rest) for place, file in kept if not place.beside], assignment
    )
    if before:
        remark = f"{before + 1} submissions: only the last one was opened."
        content = dataclasses.replace(content, remarks=(*content.remarks, remark))
    keys = tuple(dict.fromkeys(key for place, _ in files for key in place.keys))
    together = clock.submitters(student)
    for name, own_keys in together or [(student, keys)]:
        moment = clock.moment(student, own_keys, kept)
        yield _Entry(name, own_keys, content, moment, group=student if len(together) > 1 else "")


def _odd_names(files: Mapping[str, File], reading: forms.Reading) -> list[str]:
    """What may be read in another way than it was, and what was left out."""
    form, root, places = reading.form, reading.root, reading.places
    odd = [
        f"{path} is not named as in {form.name}: it is taken for the work of {places[path].student}."
        for path in sorted(reading.guessed)
    ]
    work = [path for path in places if path.lower().endswith(forms.WORK)]
    students = {place.student for place in places.values()}
    if form is forms.PLAIN:
        odd += [f"{path} does not say whose it is." for path, place in places.items() if place.nameless]
        odd += _odd_students(places)
        if len(work) == 1 and work[0].lower().endswith(".zip"):
            odd.append(
                f"{work[0]} is taken for the work of one student: if it has the whole class's, give it by itself."
            )
    if form is forms.PLAIN and root:
        odd.append(f"The folder {root} is taken for the class's: if it is a student's, give the folder above it.")
    elif len(students) == 1 and len(work) > (2 if form is forms.PLAIN else 1):
        odd.append(f"All {len(work)} files are taken for the work of one student, {students.pop()}.")
    if form.several:  # nothing but names tells students apart
        odd += _odd_copies(places)
    if left := _left_out(files, reading):
        odd.append(f"Left out, because of {'its name' if len(left) == 1 else 'their names'}: {some(left)}.")
    return odd


def _odd_copies(places: Mapping[str, forms.Place]) -> Iterator[str]:
    """Students with several copies of one notebook."""
    names = defaultdict(list)
    for place in places.values():
        for released in forms.RELEASED:
            if released in place.rest.lower():
                names[place.student, released].append(place.rest)
    for (student, _), copies in names.items():
        if len(copies) > 1:
            yield f"{student} has {some(sorted(copies))}: if these are two students of one name, give one another name."


def _odd_students(places: Mapping[str, forms.Place]) -> Iterator[str]:
    """Students who may be several, and several who may be one, where only folders and files tell who they are."""
    folders = defaultdict(set)
    for path, place in places.items():
        if path.lower().endswith(forms.WORK):
            folders[place.student].add(place.rest.rpartition("/")[0].partition("/")[0])
    for student, inside in folders.items():
        if len(inside - {""}) > 1:
            yield f"{student} has work in several folders, {some(sorted(inside))}: are these several students?"
        base, number, _ = student.partition(" (")
        if number and base in folders:
            yield f"{student} and {base} are taken for two students: perhaps one has handed in twice."


def _left_out(files: Mapping[str, File], reading: forms.Reading) -> list[str]:
    """Folders and files of which nothing is anybody's, but for those of other assignments, and platforms' own."""
    tops = defaultdict(list)
    for path in files:
        below = reading.below(path)
        top = path.removesuffix(below) + below.partition("/")[0]
        tops[top].append((path, below.split("/")[1:-1]))
    seconds = Counter(name for each in tops.values() for name in {inner[0] for _, inner in each if inner})
    by_assignment = "{assignment}" in reading.form.pattern
    return sorted(
        top
        for top, each in tops.items()
        if not any(path in reading.places for path, _ in each)
        and not forms.is_nobodys(top)
        and not (by_assignment and all(inner and seconds[inner[0]] > 1 for _, inner in each))
    )


def _enrol(entries: Sequence[_Entry], people: People, odd: list[str]) -> list[_Entry]:
    """The entries of those in a roster: members get what their group has handed in, and nobody is left out."""
    found: list[_Entry] = []
    strangers = []
    for entry in entries:
        meant, members = people.find(entry.keys), people.of_group(entry.keys)
        if len(meant) == 1:
            found.append(dataclasses.replace(entry, person=meant[0], group=meant[0].group or entry.group))
        elif members and not meant:
            found += [
                dataclasses.replace(entry, student=each.name, keys=(each.name,), person=each, group=each.group)
                for each in members
            ]
        else:
            found.append(entry)
            if meant:
                odd.append(f"{entry.student} may be {some([each.name for each in meant], 'or')} in the roster.")
            else:
                strangers.append(entry.student)
    if strangers:
        odd.append(f"Not in the roster: {some(strangers)}.")
    return found + list(_absent(found, people, odd))


def _absent(entries: Sequence[_Entry], people: People, odd: list[str]) -> Iterator[_Entry]:
    """Those in the roster who have no entry: they get their group's if it has handed in one thing, else nothing."""
    for person, count in Counter(each.person for each in entries if each.person).items():
        if count > 1:
            names = [each.student for each in entries if each.person == person]
            odd.append(f"{some(names)} are all {person.name} in the roster.")
    there = {each.person for each in entries}
    for person in people.persons:
        if person in there:
            continue
        others = [each for each in entries if each.person and person.group and each.person.group == person.group]
        different = {frozenset(each.content.notebooks.values()): each for each in others if each.content.notebooks}
        if len(different) == 1:
            (one,) = different.values()
            odd.append(f"{person.name} gets what {one.student} handed in for the group {person.group}.")
            yield dataclasses.replace(one, student=person.name, keys=(person.name,), person=person)
            continue
        if different:
            odd.append(
                f"{person.name} handed in nothing, and the others of the group {person.group} different things: "
                f"{some([each.student for each in others])}."
            )
        yield _Entry(person.name, (person.name,), Content(instead=_NOTHING), Moment())


def _timed(entry: _Entry, clock: Clock) -> _Entry:
    """The entry with the time that the table of times has under a name that only the roster knows."""
    if entry.person is None or entry.moment.source == TABLE:
        return entry
    moment = clock.listed(sorted(entry.person.keys, key=len, reverse=True), entry.moment.marked)
    return dataclasses.replace(entry, moment=moment) if moment else entry


def _told_apart(entries: Sequence[_Entry], odd: list[str]) -> Iterator[_Entry]:
    """The entries, of which no two are called alike."""
    taken = {entry.student for entry in entries}
    for student, count in Counter(entry.student for entry in entries).items():
        same = (entry for entry in entries if entry.student == student)
        yield next(same)
        free = (name for number in itertools.count(2) if (name := f"{student} ({number})") not in taken)
        for entry, name in zip(same, free, strict=False):
            odd.append(f"There are {count} students called {student}: one is {name} here.")
            yield dataclasses.replace(entry, student=name)


def _by_name(submission: Submission) -> str:
    return submission.student


def _submission(entry: _Entry, deadline: datetime | None) -> Submission:
    extension = entry.person.extension if entry.person else 0.0
    hours, odd = entry.moment.hours_late(deadline, extension)
    content, moment = entry.content, entry.moment
    return Submission(
        entry.student,
        content.notebooks,
        content.refused,
        hours,
        instead=content.instead,
        submitted=moment.time,
        group=entry.group,
        time_from=moment.source or ("the platform's mark" if moment.marked else ""),
        remarks=tuple(filter(None, (*content.remarks, *moment.remarks, odd))),
    )


def _odd_submissions(submissions: Sequence[Submission]) -> list[str]:
    """What is odd about single submissions; what is said of several is said once."""
    said = defaultdict(list)
    for each in submissions:
        for remark in (*_unopened(each), *each.remarks):
            said[remark].append(each.student)
    return [f"{some(students)}: {remark}" for remark, students in said.items()]


def _unopened(submission: Submission) -> list[str]:
    """What somebody handed in that is no notebook, or was not opened."""
    nothing = submission.notebooks or submission.instead == _NOTHING
    return [submission.refused] if submission.refused else [] if nothing else [submission.instead]


def _odd_times(submissions: Sequence[Submission], deadline: datetime | None) -> list[str]:
    """What is odd about the times of a whole class."""
    if deadline is None:
        return []
    odd, there = [], [each for each in submissions if each.notebooks]
    if unknown := [each.student for each in there if not each.time_from]:
        odd.append(
            f"It is not known when {some(unknown)} handed in, so nothing is late there: "
            "give a table of times with --times."
        )
    copied = [each.submitted for each in there if each.submitted and each.time_from == FILES_TIME]
    if len(copied) > 2 and max(copied) - min(copied) < _A_COPY:
        odd.append(f"The files of all {len(copied)} have nearly the same time, perhaps that of a copy or a download.")
    return odd
