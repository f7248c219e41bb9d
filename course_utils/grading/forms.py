"""How platforms name what they export: one table, and the choice of the form that fits.

Only names are looked at here; nothing is opened.
"""

import itertools
import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import NamedTuple

from course_utils.grading.errors import GradingError

WORK = (".ipynb", ".zip")  # what is opened
_OTHER_WORK = (".7z", ".bz2", ".gz", ".rar", ".tar", ".tgz", ".xz", ".ipynb.txt", ".ipynb.json")
_SEVERAL = 3  # students, at least, of whom it is more likely that they are a class than that one has so many files
_LONGEST = 4096  # folders in a path
RELEASED = ("torch", "tensorflow")  # what the notebooks are called when they are handed out: nobody's name
_COPY = (  # and what browsers and clouds make of it
    rf"(?i:(?:(?:copy of|kopie von|copie de|copia de|copia di) )?(?:{'|'.join(RELEASED)})(?:[ _-]?\(?\d+\)?| copy)?)"
)
_BESIDE_NAME = re.compile(rf"^{_COPY}\s*[ _–-]\s*(?=\w)|(?<=\w)\s*[ _–-]\s*{_COPY}$")  # as in ada_torch.ipynb
_NOBODYS = re.compile(  # what platforms and systems put beside the students' work
    r"index\.html?|grades?\.(csv|xlsx?)|.*metadata.*\.(ya?ml|json|csv)|timestamp\.txt|desktop\.ini|thumbs\.db"
    r"|readme(\.(md|rst|txt))?|gradebook\.db|.*\.(csv|xlsx?)",
    re.IGNORECASE,
)
_HANDED_IN, _DRAFT = (re.compile(rf"(.*?)(?<![^/]){name} files/") for name in ("Submitted", "Working"))  # in Teams
_SYSTEMS = re.compile(  # folders and files that systems, editors and version control leave behind
    r"__MACOSX|\._.*|\.DS_Store|\.ipynb_checkpoints|\.git|\.github|\.gitignore|\.gitattributes|\.idea|\.vscode|\.venv"
    r"|\.cache|\.Trash.*|\.Spotlight.*|\.fseventsd|\.nbgrader.*|\.jupyter|\.virtual_documents|\.config|\.local",
)


@dataclass(frozen=True)
class Form:
    """How the files of a class are named by a platform.

    Attributes:
        name: of the platform, for the report.
        pattern: of a file's whole path, below what all files have in common; a folder for each section or group may be
            around it. `student` is in it, or `name` and `id`; `rest` or `inside` is the student's own path, `platforms`
            that of a file of the platform's beside it. `time`, `late` or `marked`, and `turn` are there if the platform
            writes them; `file` is a number that no two files share; `other` is there in what belongs to another
            assignment. {assignment} stands for the assignment's name.
        containers: folders in which the submissions are, beside others that have none.
        stamp: the file of the platform's with the time of the submission.
        files_have_time: whether the files' own times are those of the work, not those of a download.
        title_first: whether `student` begins with the assignment's title, the same for all.
        several: whether the form is believed only if it gives more than one student.
        team_first: whether a team's name and a hyphen may stand before `name`.
    """

    name: str
    pattern: str
    containers: tuple[str, ...] = field(default=(), kw_only=True)
    stamp: str = field(default="", kw_only=True)
    files_have_time: bool = field(default=False, kw_only=True)
    title_first: bool = field(default=False, kw_only=True)
    several: bool = field(default=False, kw_only=True)
    team_first: bool = field(default=False, kw_only=True)


TEAMS = "Teams' folder"
PLAIN = Form("folders or files named after the students", r"(?:(?P<student>[^/]+)/)?(?P<rest>.*)", files_have_time=True)
FORMS = (
    Form(
        "nbgrader's exchange",
        r"(?P<student>[^/]+)\+(?:{assignment}|(?P<other>[^/+]+))\+(?P<time>\d{4}-[^/+]+)(?:\+[^/]*)?"
        r"/(?:(?P<platforms>timestamp\.txt)|(?P<rest>.*))",
        containers=("inbound",),
    ),
    Form(
        "Moodle's export",
        r"(?:[^/]+/)??(?P<student>(?P<name>[^/]+?)_(?P<id>\d+))_assign"
        r"(?:submission_(?:file|onlinetext)_?/?(?P<rest>.*)|(?P<platforms>(?:submission_comments|feedback_).*))",
        team_first=True,
    ),
    Form(
        "Canvas' export",
        r"(?:[^/]+/)??(?:(?P<name>[^/]*?)_)??(?P<late>(?i:LATE)_)?(?P<id>anon_[^\W_]+|\d+)"
        r"(?P<marked>_(?i:LATE))?"
        r"_(?:(?P<file>\d{3,})_(?P<rest>(?P<title>torch|tensorflow)(?:-(?P<turn>\d{1,4}))?\.ipynb|[^/]+)"
        r"|(?P<text>(?:text|link)\.html))",
    ),
    Form(
        "Blackboard's export",
        r"(?:[^/]+/)??(?P<student>[^/]+)_attempt_(?P<time>\d{4}(?:-\d\d){5})"
        r"(?:_(?P<rest>[^/]+)|/(?P<inside>.+)|(?P<platforms>\.txt))",
        title_first=True,
    ),
    Form(
        "Brightspace's export",
        r"(?:(?P<id>\d+)(?:-\d+)? - )?(?P<name>[^/]+?)"  # a group has one number or none
        r" - (?P<time>(?:(?! - )[^/]){0,40}\b\d{4}\b(?:(?! - )[^/]){1,40})(?:/| - )(?P<rest>.*)",
    ),
    Form(
        "Sakai's export",
        r"(?P<student>(?P<name>[^/(]+)\((?P<id>[^/()]+)\))[/_]"
        r"(?:(?P<platforms>timestamp\.txt|comments\.txt|feedbackText\.html|Feedback Attachment\(s\)/.*)"
        r"|(?:Submission attachment\(s\)[/_])?(?P<rest>.*))",
        stamp="timestamp.txt",
    ),
    Form("Gradescope's export", r"(?P<student>submission_(?P<id>\d+))/(?P<rest>.*)"),
    Form(
        TEAMS,
        r"(?:[^/]+/)??(?P<student>[^/]+)/(?P<title>[^/]+)/"
        r"(?:Version|Versión|Versione|Versão|Versie|Wersja|Версия|Sürüm|Verze|バージョン|版本|버전)"
        r" ?(?P<turn>\d+)/(?P<rest>.*)",
        containers=("Submitted files",),
    ),
    Form(
        "ILIAS' export",
        r"(?:Team (?P<team>\d+)/)?(?P<student>(?P<name>[^/_]+_[^/_]+)_(?P<login>[^/]+)_(?P<id>\d+))"
        r"/(?P<late>(?:Late Submission|Versp(?:ae|ä)tete Abgabe) - )?(?P<rest>.*)",
    ),
    Form(  # below the platforms, whose students may all have packed a folder of this name
        "nbgrader's folder",
        r"(?P<student>[^/]+)/{assignment}(?:/(?:(?P<platforms>timestamp\.txt)|(?P<rest>.*)))?",
        containers=("submitted",),
        stamp="timestamp.txt",
        files_have_time=True,
    ),
    Form(  # a copy that each student was given is called after both, the name that was handed out first
        "Google Classroom's folder",
        rf"(?P<copy>{_COPY}(?:\.ipynb)? - )?(?P<student>[^/]+?)(?(copy)(?:\.\w+)?| - (?P<rest>[^/]+))",
        several=True,
    ),
)  # of two that fit alike the first is taken; where none fits, it is PLAIN


class Place(NamedTuple):
    """Whose a file is, and what the platform says about it by its name.

    Attributes:
        student: what the student is called in the results.
        keys: what the student may be called in a roster or in a list of times.
        rest: the student's own path.
        time: of the submission, as the name has it; "" if it has none.
        late: whether the platform calls it late.
        turn: which of several submissions it is, as the name has it.
        series: the title of the assignment that it was handed in for, as the name has it.
        beside: whether the file is not the student's, but the platform's.
        nameless: whether the student is called like the file, and the file like those that were handed out.
    """

    student: str
    keys: tuple[str, ...]
    rest: str
    time: str = ""
    late: bool = False
    turn: int = 0
    series: str = ""
    beside: bool = False
    nameless: bool = False


@dataclass(frozen=True)
class Reading:
    """A class, read by the names of its files.

    Attributes:
        form: the form that fits.
        root: the folder that is left out of all names; "" if there is none.
        places: path → whose it is; paths that are nobody's are not in it.
        guessed: those of the paths that the form does not fit.
    """

    form: Form
    root: str
    places: dict[str, Place]
    guessed: frozenset[str]

    def below(self, path: str) -> str:
        """A path without as much of the folder that is left out as it is in."""
        parts = path.split("/")
        shared = itertools.takewhile(
            lambda pair: pair[0] == pair[1], zip(parts[:-1], self.root.split("/"), strict=False)
        )
        return "/".join(parts[len([*shared]) :])


def is_systems(part: str) -> bool:
    """Whether a folder or file of this name is left behind by a system, an editor or version control.

    >>> is_systems("__MACOSX"), is_systems("._torch.ipynb"), is_systems(".ada")
    (True, True, False)
    """
    return _SYSTEMS.fullmatch(part) is not None


def is_nobodys(path: str) -> bool:
    """Whether a platform or a system writes files of this name beside students' work.

    >>> is_nobodys("x/index.html"), is_nobodys("ada.ipynb"), is_nobodys("__MACOSX")
    (True, False, True)
    """
    name = path.rpartition("/")[2]
    return _NOBODYS.fullmatch(name) is not None or is_systems(name)


def is_hidden(path: str) -> bool:
    """Whether somebody's file is one that its program hides: its name, or a folder's, begins with a point.

    >>> is_hidden("a/.venv/b.ipynb"), is_hidden("../b.ipynb")
    (True, False)
    """
    return any((part.startswith(".") and part.strip(".")) or is_systems(part) for part in path.split("/"))


def read(paths: Sequence[str], assignment: str, names: str = "") -> Reading:
    """Find the form in which a class's files are named.

    Args:
        paths: of files, and of empty folders with a slash at their end.
        assignment: its name.
        names: a pattern of the instructor's, used in the place of the table.

    Raises:
        GradingError: the pattern is none, or does not say who the student is.

    >>> reading = read(["kingada_11_991_torch.ipynb", "bobby_LATE_12_992_torch.ipynb"], "a2_gru")
    >>> reading.form.name, [(place.student, place.late) for place in reading.places.values()]
    ("Canvas' export", [('kingada_11', False), ('bobby_12', True)])
    """
    theirs = [path for path in paths if not any(map(_SYSTEMS.fullmatch, path.split("/")[:1]))]
    handed_in = {found[1] for path in theirs if (found := _HANDED_IN.match(path))}
    theirs = [path for path in theirs if not ((found := _DRAFT.match(path)) and found[1] in handed_in)]
    if names:
        return _reading(Form("--names", names), "", theirs, _pattern_of(names))
    common = _common(theirs)
    scores = {}
    for root, fitting in _choices(theirs, common).items():
        inside = [*_below(root, theirs).values()]
        scores |= {(root, form): _score(_compiled(form, assignment), form, inside) for form in fitting}
    sure = {(root, form): score for (root, form), score in scores.items() if root in form.containers and score > 0}
    root, form = max(sure or scores, key=lambda choice: scores[choice])  # of equals the first
    plainly = {root: _plain_names(_below(root, theirs).values()) for root in common}
    innermost = f"{common[-1]}/".removeprefix(f"{root}/" if root else "")
    if form.containers and _compiled(form, assignment).match(innermost) and len(plainly[common[-1]]) >= _SEVERAL:
        form = PLAIN  # x/a2_gru/ada.ipynb, x/a2_gru/bob.ipynb: a class in a folder called like its assignment
    if form is PLAIN or scores[root, form] <= 0:
        root, form = max(common, key=lambda root: len(plainly[root])), PLAIN
    return _reading(form, root, theirs, _compiled(form, assignment))


def _pattern_of(names: str) -> re.Pattern:
    try:
        pattern = re.compile(names)
    except re.error as error:
        raise GradingError(f"--names {names!r} is no regular expression: {error}.") from error
    if "student" not in pattern.groupindex:
        raise GradingError(f"--names {names!r} does not say which part is the student: write it as (?P<student>…).")
    return pattern


def _compiled(form: Form, assignment: str) -> re.Pattern:
    return re.compile(form.pattern.replace("{assignment}", re.escape(assignment)), re.DOTALL)


def _choices(paths: Sequence[str], common: Sequence[str]) -> dict[str, list[Form]]:
    """Folders that may be around a class, with the forms that may be in them, the more likely ones first."""
    containers = {}
    for parts in sorted({tuple(path.split("/")[:-1][: len(common) + 1]) for path in paths}):
        for depth, part in enumerate(parts):
            if fitting := [form for form in FORMS if part in form.containers]:
                containers["/".join(parts[: depth + 1])] = fitting
    choices: dict[str, list[Form]] = {}
    for root in common:  # from outside to inside; containers in a folder come before the folder itself
        choices |= {path: each for path, each in containers.items() if path.rpartition("/")[0] == root}
        choices[root] = list(FORMS)
    return choices | {path: each for path, each in containers.items() if path not in choices}


def _common(paths: Sequence[str]) -> list[str]:
    """No folder, and then, from outside to inside, those that all work is in."""
    common = [""]
    work = [path.split("/")[:-1] for path in paths if path.lower().endswith(WORK + _OTHER_WORK)]
    for level in zip(*work, strict=False):
        if len({*level}) > 1 or not level[0].strip("."):
            break
        common.append(f"{common[-1]}/{level[0]}".lstrip("/"))
    return common


def _below(root: str, paths: Sequence[str]) -> dict[str, str]:
    """Each path below a folder, with its rest."""
    start = f"{root}/" if root else ""
    return {path: path[len(start) :] for path in paths if path.startswith(start) and path != start}


def _score(pattern: re.Pattern, form: Form, paths: Sequence[str]) -> float:
    """How many of the uppermost folders and files have something that the form fits, less those it should fit."""
    firsts, students, files, sign = set(), set(), [], 0.0
    for found in filter(None, map(pattern.fullmatch, paths)):
        groups = found.groupdict()
        sign = 0.25 if groups.get("platforms") else sign  # of two that fit alike, the one whose own file is there
        if is_nobodys(found.string):
            continue
        firsts.add(found.string.partition("/")[0])
        students.add(groups.get("student") or (groups.get("name"), groups.get("id")))
        files += [groups["file"]] if groups.get("file") else []
    if not firsts or len(files) > len({*files}) or (form.several and len(students) < 2 <= len(firsts)):
        return 0
    return len(firsts) - len(_plain_names(paths, 2) - firsts) + 0.5 + sign  # where it is even, the form is believed


def _plain_names(paths: Iterable[str], deepest: int = _LONGEST) -> set[str]:
    """The uppermost folders and files that may be named after students, with work in them so deep at most."""
    names = set()
    for path in paths:
        first, *rest = path.split("/", deepest)
        work = path.endswith("/") or path.lower().endswith(WORK + _OTHER_WORK)
        if work and len(rest) < deepest and (rest or _stem(path) not in RELEASED):
            names.add(first)
    return names


def _stem(name: str) -> str:
    """A file's name without what says its kind.

    >>> _stem("ada.king.ipynb"), _stem("ada.ipynb.txt"), _stem(".ada")
    ('ada.king', 'ada', '.ada')
    """
    for kind in (".ipynb.txt", ".ipynb.json", ".tar.gz", ".tar.bz2", ".tar.xz"):
        if name.lower().endswith(kind):
            return name[: -len(kind)]
    return PurePosixPath(name).stem


def _reading(form: Form, root: str, paths: Sequence[str], pattern: re.Pattern) -> Reading:
    places, guessed = {}, set()
    match = pattern.search if form.name == "--names" else pattern.fullmatch
    matches = {path: match(rest) for path, rest in _below(root, paths).items()}
    title = _title([found["student"] for found in matches.values() if found]) if form.title_first else ""
    in_versions = {found["title"] for found in matches.values() if found} if form.name == TEAMS else set()
    for path, found in matches.items():
        if found and found.groupdict().get("other"):
            continue
        rest = path.removeprefix(f"{root}/") if root else path
        if found is None or form is PLAIN:
            place = None if form.name == "--names" else _plain_place(rest, anything=form is PLAIN)
            place = _without_version(rest, in_versions) or place
            guessed |= {path} if place and form is not PLAIN else set()
        else:
            place = _place(form, found, title)
        if place:
            places[path] = place
    return Reading(form, root, places, frozenset(guessed))


def _without_version(path: str, titles: Container[str]) -> Place | None:
    """A hand-in for one of these assignments in Teams that has no folder of a version, as others there have."""
    who, title, inside = [*path.split("/", 2), "", ""][:3]
    return Place(who, (who,), inside, series=title) if inside and title in titles else None


def _title(students: Sequence[str]) -> str:
    """What stands before the last underscore of what all names begin with."""
    first, last = min(students), max(students)
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[: first[:same].rfind("_") + 1]


def _place(form: Form, found: re.Match, title: str) -> Place:
    groups = {name: text or "" for name, text in found.groupdict().items()}
    name, number = groups.get("name", ""), groups.get("id", "")
    student = groups.get("student", "").removeprefix(title) or "_".join(filter(None, (name, number)))
    rest = next(filter(None, map(groups.get, ("rest", "inside", "text", "platforms"))), "")
    if not rest and not found.string.endswith("/"):  # a link in the place of a folder
        rest = found.string.rpartition("/")[2]
    alone = [name[i + 1 :] for i, char in enumerate(name) if char == "-"] if form.team_first else []
    longer = [title[at.end() :] + student for at in re.finditer("_", title[:-1])]  # if names begin alike
    keys = tuple(dict.fromkeys(filter(None, (*longer, student, name, *alone, groups.get("login", ""), number))))
    late, turn = bool(groups.get("late") or groups.get("marked")), int(groups.get("turn") or 0)
    beside = bool(groups.get("platforms"))
    return Place(student, keys, rest, groups.get("time", ""), late, turn, groups.get("title", ""), beside)


def _plain_place(path: str, anything: bool) -> Place | None:
    """Whose a file is if only its folder or its own name can tell; None if it is nobody's.

    Args:
        path: below what all have in common.
        anything: whether every file is taken; else only what looks like a student's work.
    """
    parts = path.split("/")
    first = next((part for part in parts if part.strip(".")), "unnamed")
    if is_systems(first):
        return None
    if len(parts) > 1 and first == parts[0]:
        if not anything and (len(parts) > 2 or not path.lower().endswith(WORK + _OTHER_WORK)):
            return None
        return Place(first, (first,), "/".join(parts[1:]))
    if is_nobodys(first) or not (anything or path.lower().endswith(WORK + _OTHER_WORK)):
        return None
    nameless = bool(re.fullmatch(_COPY, _stem(first)))
    name = _stem(first) if nameless else _BESIDE_NAME.sub("", _stem(first))
    return Place(name, (name,), path, nameless=nameless)
