"""From what a student handed in to what is run: the cells that were handed out, the answers, the student's own cells.

The grader and the check that a student runs before handing in use the same code, so both find the same.
"""

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from course_utils.assignments.cells import LONGEST, ODD, SubmittedCell, defined, features, plain, same
from course_utils.assignments.errors import Foreign
from course_utils.assignments.loading import Assignment
from course_utils.assignments.released import Place, Released, others, released

_MOST_OWN = 500  # cells of a student's own that are run
_NAMES = {"torch": re.compile(r"\btorch\b"), "tensorflow": re.compile(r"\b(?:tensorflow|tf|keras)\b")}


@dataclass(frozen=True)
class Step:
    """A cell to run, or an answer in words.

    Attributes:
        name: what reports call it: its grade id, or "cell 7" for the seventh of the student's notebook.
        source: the released cell's or the student's.
        kind: "given" (handed out to be run as it is), "answer", "own" (a student's that answers nothing) or "words".
        answers: grade ids of the answers that it gives.
        forbids: names hidden while it runs.
        untouched: whether it is an answer that is still as it was handed out.
    """

    name: str
    source: str
    kind: str
    answers: tuple[str, ...] = ()
    forbids: tuple[str, ...] = ()
    untouched: bool = False

    @property
    def label(self) -> str:
        """The cell, as a sentence begins with it: its number and its first line."""
        first = next((line.strip() for line in self.source.splitlines() if line.strip()), "")[:60]
        return f"{self.name.capitalize()} (“{''.join(each if each.isprintable() else ' ' for each in first)}”)"


@dataclass(frozen=True)
class Plan:
    """What to run of a notebook.

    Attributes:
        framework: what it computes with.
        steps: cells in the order in which they are run.
        places: question id → after how many of the steps it is checked. There are two places if the last answer does
            not stand directly above its check: the better one counts.
        words: answers in words, to be read by people.
        notes: what was remarkable in the notebook, in sentences.
        likeness: how many cells and names it has in common with the released notebook.
        plain: the released notebook with nothing but the answers put in, if that is another plan.
    """

    framework: str
    steps: tuple[Step, ...]
    places: Mapping[str, tuple[int, ...]]
    words: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    likeness: int = 0
    plain: "Plan | None" = None

    def answering(self, answers: Iterable[str]) -> list[Step]:
        """The student's cells that give one of these answers."""
        return [step for step in (*self.steps, *self.words) if not set(answers).isdisjoint(step.answers)]

    def written(self, answers: Iterable[str]) -> bool:
        """Whether one of these answers is not as it was handed out."""
        return not all(step.untouched for step in self.answering(answers))

    @property
    def changed(self) -> int:
        """How many answers are not as they were handed out."""
        return len({name for step in (*self.steps, *self.words) if not step.untouched for name in step.answers})


def plan(cells: Sequence[SubmittedCell], assignment: Assignment) -> Plan:
    """What to run of a notebook that was handed in for an assignment; raises `Foreign`."""
    forbids = {question.id: question.forbids for question in assignment.questions}
    return matched(cells, released(assignment), forbids, assignment.name, others(assignment))


def matched(
    cells: Sequence[SubmittedCell],
    releases: Sequence[Released],
    forbids: Mapping[str, Sequence[str]],
    name: str,
    others: Mapping[str, frozenset[str]],
) -> Plan:
    """What to run of a notebook.

    Args:
        cells: as `read` gives them.
        releases: the notebooks that were handed out, one for each framework.
        forbids: question id → names that it hides.
        name: of the assignment.
        others: name → features of each other assignment.

    Raises:
        Foreign: it has nothing of this assignment.
    """
    found = [features(cell) for cell in cells]
    both, rest = (frozenset().union(*each) for each in ([release.features for release in releases], others.values()))
    alone = [each for each in found if each & both - rest and not each & rest - both]
    if not alone:  # no cell belongs to this assignment and to no other
        whole = frozenset().union(*found) - both
        likest = max(others, key=lambda each: len(whole & others[each]), default="")
        if likest and whole & others[likest]:
            raise Foreign(f"belongs to {likest}, not to {name}")
    release = max(releases, key=lambda each: _closeness(cells, each, releases))
    made = _Matching(release, cells, forbids).plan()
    if made is None:
        raise Foreign(f"has no answer of {name}")
    return replace(made, likeness=len(release.features.intersection(itertools.chain(*found))))


def _closeness(cells: Sequence[SubmittedCell], release: Released, releases: Sequence[Released]) -> tuple[int, int]:
    """How many lines are those of this framework's notebook only; and how often it is called by its name."""
    rest = set().union(*(each.lines for each in releases if each is not release))
    mine, code = release.lines - rest, [cell.source for cell in cells if len(cell.source) <= LONGEST]
    lines = {line for source in code for line in mine.intersection(plain(source).splitlines())}
    return len(lines), sum(len(_NAMES[release.framework].findall(source)) for source in code)


class _Matching:
    """A student's cells beside the released ones.

    Args:
        release: what was handed out.
        cells: what was handed in.
        forbids: question id → names that it hides.
    """

    def __init__(self, release: Released, cells: Sequence[SubmittedCell], forbids: Mapping[str, Sequence[str]]):
        self._places, self._cells = release.places, cells
        self._framework, self._questions = release.framework, release.questions
        self._forbids = {
            answer: tuple(forbids.get(question, ()))
            for question, answers in release.questions.items()
            for answer in answers
        }
        self._homes = [release.home(cell) for cell in cells]
        owner = {name: place.name for place in self._places for name in place.defines}
        stubs = {place.name: plain(place.source) for place in self._places if place.role == "answer"}
        self._marked: dict[str, list[int]] = {}  # answer → the student's cells that have its mark
        self._giving: dict[int, tuple[str, ...]] = {}  # the student's cell → answers that it gives
        for i, (cell, home) in enumerate(zip(cells, self._homes, strict=True)):
            place = None if home is None else self._places[home]
            given = {}
            if place and place.role == "answer":
                self._marked.setdefault(place.name, []).append(i)
                given = {place.name: None}
            elif cell.kind != "code" or (place and same(cell.source, place.source)):
                continue
            given |= {owner[name]: None for name in defined(cell.source) if name in owner}
            source = plain(cell.source)
            if answers := tuple(answer for answer in given if source != stubs[answer]):
                self._giving[i] = answers
        self._given = {answer for answers in self._giving.values() for answer in answers}
        self._waiting = {name: answer for name, answer in owner.items() if answer not in self._given}

    def plan(self) -> Plan | None:
        """The plan; None if there is not a single answer."""
        words = self._words()
        if not self._marked and not self._given and all(step.untouched for step in words):
            return None
        steps, places = self._in_order()
        plain_steps, plain_places = self._plain_order()
        whole = Plan(self._framework, tuple(steps), places, tuple(words), tuple(self._notes()))
        if (steps, places) != (plain_steps, plain_places):
            whole = replace(whole, plain=Plan(self._framework, tuple(plain_steps), plain_places))
        return whole

    def _in_order(self) -> tuple[list[Step], dict[str, tuple[int, ...]]]:
        """The student's cells in the student's order; what was handed out is run before what stands below it."""
        fixed = [(i, step) for i, place in enumerate(self._places) if (step := self._fixed(place))]
        first_answer = next((i for i, place in enumerate(self._places) if place.role == "answer"), 0)
        steps: list[Step] = []
        checked: dict[str, int] = {}
        used: dict[str, int] = {}

        def run_fixed(last: int) -> None:
            while fixed and fixed[0][0] <= last:
                steps.append(fixed.pop(0)[1])

        run_fixed(first_answer - 1)
        own = 0
        for i, (cell, home) in enumerate(zip(self._cells, self._homes, strict=True)):
            place = None if home is None else self._places[home]
            if place:
                run_fixed(home)
            if i in self._giving:
                steps.append(self._answer(i, used))
            elif cell.kind == "code" and cell.source.strip() and not (place and self._is_released(cell, place)):
                own += 1
                if own <= _MOST_OWN:
                    steps.append(Step(f"cell {i + 1}", cell.source, "own", self._perhaps(cell.source)))
            if place and place.role == "check":
                checked[place.name] = len(steps)
        run_fixed(len(self._places))
        checks = [place.name for place in self._places if place.role == "check"]
        return steps, {each: self._checked(each, checked.get(each, len(steps)), steps) for each in checks}

    def _perhaps(self, source: str) -> tuple[str, ...]:
        """Answers that a cell may give in a way that is not seen in its lines: it has their names in it.

        Where the answer's own cell is as it was handed out, that is run, too: nobody loses anything if it gives none.
        """
        if not self._waiting:
            return ()
        names = rf"\b(?:{'|'.join(map(re.escape, self._waiting))})\b"
        return tuple(dict.fromkeys(self._waiting[hit[0]] for hit in re.finditer(names, source)))

    def _checked(self, question: str, at: int, steps: Sequence[Step]) -> tuple[int, ...]:
        """Where a question is checked: at its check, and below the last cell that answers it."""
        answers = set(self._questions[question])
        giving = (i for i, step in enumerate(steps, 1) if not step.untouched and not answers.isdisjoint(step.answers))
        return tuple(sorted({at, max(giving, default=at)}))

    def _plain_order(self) -> tuple[list[Step], dict[str, tuple[int, ...]]]:
        """The released notebook with the answers in their places: marked cells, or else what defines their names."""
        steps: list[Step] = []
        places: dict[str, tuple[int, ...]] = {}
        used: dict[str, int] = {}
        run: set[int] = set()  # a cell may give several answers
        for place in self._places:
            if place.role == "check":
                places[place.name] = (len(steps),)
            elif place.role == "answer" and place.name in self._given:
                giving = [i for i, answers in self._giving.items() if place.name in answers]
                marked = [i for i in giving if i in self._marked.get(place.name, ())]
                steps += [self._answer(i, used) for i in marked or giving if i not in run]
                run.update(marked or giving)
            elif step := self._fixed(place):
                steps.append(step)
        return steps, places

    def _fixed(self, place: Place) -> Step | None:
        """What runs as it was handed out: a given cell, or an answer that nobody gives."""
        if place.kind != "code" or place.role in ("check", "manual", "task"):
            return None
        if place.role != "answer":
            return Step(place.name, place.source, "given")
        if place.name in self._given:
            return None
        return Step(place.name, place.source, "answer", (place.name,), self._forbids[place.name], untouched=True)

    def _answer(self, i: int, used: dict[str, int]) -> Step:
        """The step for a student's cell that gives answers."""
        answers = self._giving[i]
        marked = [answer for answer in answers if i in self._marked.get(answer, ())]
        name = marked[0] if marked else f"cell {i + 1}"
        used[name] = used.get(name, 0) + 1
        forbids = tuple(dict.fromkeys(name for answer in answers for name in self._forbids[answer]))
        return Step(
            name if used[name] == 1 else f"{name} ({used[name]})", self._cells[i].source, "answer", answers, forbids
        )

    @staticmethod
    def _is_released(cell: SubmittedCell, place: Place) -> bool:
        return place.role == "answer" or same(cell.source, place.source)

    def _notes(self) -> Iterable[str]:
        if odd := self._cells.count(ODD):
            yield f"The notebook has {odd} {'cell' if odd == 1 else 'cells'} that cannot be read: left out."
        own = sum(i not in self._giving and h is None and c.kind == "code" for i, c, h in self._numbered())
        if own > _MOST_OWN:
            yield f"Of {own} cells of your own only the first {_MOST_OWN} were run."
        for place in self._places:
            if place.role != "answer":
                continue
            giving = [i for i, answers in self._giving.items() if place.name in answers]
            marked = self._marked.get(place.name, [])
            if not giving and not marked:
                yield f"The answer {place.name} is missing."
            elif giving and not marked:
                yield f"The answer {place.name} was found by the name that it defines: its cell had lost its mark."
            elif giving and not set(giving) & set(marked):
                yield f"The answer {place.name} was found by its name, in {_listed(giving)}: its own cell is unchanged."
            elif len(giving) > 1:
                yield f"There are {len(giving)} cells with the answer {place.name}: they were run one after the other."
            texts = [i for i, cell, home in self._numbered() if home is None and _is_code_in_a_text(cell, place)]
            if texts and not giving:
                yield f"{_listed(texts).capitalize()} would answer {place.name}, but code counts in code cells only."

    def _numbered(self) -> Iterable[tuple[int, SubmittedCell, int | None]]:
        return zip(range(len(self._cells)), self._cells, self._homes, strict=True)

    def _words(self) -> list[Step]:
        """The answers in words: in their cells, in new ones below, or in cells that have lost their marks."""
        steps = []
        for i, place in enumerate(self._places):
            if place.role in ("manual", "task"):
                source, whole = ("\n\n".join(filter(None, self._written(i, place, each))) for each in (False, True))
                source = source if source.strip() else whole  # code, if there is nothing else
                untouched = not source.strip() or same(source, place.source)
                if untouched and place.role == "manual":
                    source = place.source
                steps.append(Step(place.name, source, "words", (place.name,), untouched=untouched))
        return steps

    def _written(self, i: int, place: Place, anything: bool) -> Iterable[str]:
        """What a student has written for a question in words, cell by cell.

        Args:
            i: which place it is.
            place: the same.
            anything: whether a new cell counts, too, that looks like code.
        """
        at = [k for k, home in enumerate(self._homes) if home == i]
        has_text = place.role == "manual" and i and self._places[i - 1].role == "text"
        texts = [k for k, home in enumerate(self._homes) if has_text and home == i - 1]
        below = [at[-1] if at else self._last_above(i), *texts]
        for k in sorted({*texts, *at}.union(*map(self._following, below))):
            cell, home = self._cells[k], self._homes[k]
            if home is None:
                wordy = cell.kind in ("markdown", "raw") or place.role == "task" or _is_prose(cell)
                yield cell.source.strip() if k not in self._giving and (wordy or anything) else ""
            elif home != i or place.role == "task":
                yield _added(cell.source, self._places[home].source)
            elif not same(cell.source, place.source):
                yield cell.source

    def _last_above(self, i: int) -> int | None:
        """The student's last cell that belongs directly above a place which has lost its own."""
        found = [(home, k) for k, home in enumerate(self._homes) if home is not None and home < i]
        return max(found)[1] if found else None

    def _following(self, k: int | None) -> Iterable[int]:
        """The new cells below a student's cell."""
        rest = range(len(self._cells) if k is None else k + 1, len(self._cells))
        return itertools.takewhile(lambda each: self._homes[each] is None, rest)


def _is_prose(cell: SubmittedCell) -> bool:
    """Whether a code cell has nothing but comments, or a text, in it."""
    lines = [line.strip() for line in cell.source.splitlines() if line.strip()]
    return cell.kind == "code" and (all(line[0] == "#" for line in lines) or lines[0].startswith(('"""', "'''")))


def _is_code_in_a_text(cell: SubmittedCell, place: Place) -> bool:
    """Whether a text, which is never run, defines what an answer is to define."""
    return cell.kind in ("markdown", "raw") and not set(place.defines).isdisjoint(defined(cell.source))


def _added(source: str, released: str) -> str:
    """The lines that a student has written into a text that was handed out."""
    known = {line.strip() for line in released.splitlines()}
    return "\n".join(line for line in source.splitlines() if line.strip() not in known).strip()


def _listed(numbers: Iterable[int]) -> str:
    return " and ".join(f"cell {i + 1}" for i in numbers)
