"""What every assignment must keep to, in both frameworks; whoever writes a new one writes no test for it."""

import ast
import os
import re
from functools import cache

import numpy as np
import pytest
from assignment_helpers import (
    BEGIN,
    END,
    MASTERS,
    RELEASED,
    ROOT,
    STUB,
    cells,
    questions,
    solutions,
    solved,
    student,
    untouched,
)

from course_utils.assignments import recording
from course_utils.assignments.errors import StudentError
from course_utils.assignments.loading import FRAMEWORKS
from course_utils.assignments.nested import difference, leaves, mapped
from course_utils.assignments.questions import Check
from course_utils.workshop import chapters
from course_utils.workshop.building import build

CHECKED = questions()
CHECKS = {question.declared.probe: question.declared for _, question in CHECKED}
SEEDS = range(1, 1 + int(os.environ.get("COURSE_SEEDS", "2")))  # each hand-in has one of its own
every_question = pytest.mark.parametrize(
    ("master", "question"), CHECKED, ids=[f"{master.name}-{question.id}" for master, question in CHECKED]
)
every_notebook = pytest.mark.parametrize(
    ("name", "framework"), [(name, framework) for name in MASTERS for framework in FRAMEWORKS]
)


@pytest.fixture(autouse=True)
def installed(request):
    if framework := request.node.callspec.params.get("framework") if hasattr(request.node, "callspec") else None:
        pytest.importorskip(framework, reason=f"{framework} is not installed")


@pytest.fixture(scope="module", autouse=True)
def computed_once():
    """What the reference and the wrong answers give for a seed does not change from test to test."""
    cases, known = Check.cases, {}

    def remembered(check, answer, seed):
        key = check.probe, answer, seed
        if key not in known:
            known[key] = cases(check, answer, seed)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Check, "cases", remembered)
        yield


@every_notebook
def test_the_solution_gets_every_point(name, framework):
    namespace, printed = solved(name, framework)
    assert "[FAIL]" not in printed
    assert "waits for" not in printed, "an experiment did not run"
    for question in MASTERS[name].questions:
        for seed in SEEDS if not question.manual else ():  # the same seeds, so the same arrays, in both frameworks
            mark = question.check(student(namespace, framework), np.random.default_rng(seed))
            assert mark.points == mark.max_points == question.points, mark.parts


@every_notebook
def test_what_is_handed_out_runs_and_gets_nothing(name, framework):
    namespace, printed = untouched(name, framework)
    assert "[FAIL]" not in printed and "[OK]" not in printed
    for question in MASTERS[name].questions:
        if not question.manual:
            assert f"{question.id}: not done yet\n" in printed
            mark = question.check(student(namespace, framework), np.random.default_rng(0))
            assert (mark.points, mark.attempted) == (0, False), mark.parts


@every_question
@pytest.mark.parametrize("seed", SEEDS)
def test_each_wrong_answer_gets_its_own_message_and_what_it_keeps(master, question, seed):
    check = question.declared
    expected, mistakes = check.cases(check.reference, seed), check.mistakes(seed)
    for wrong, mistake in zip(check.wrong, mistakes, strict=True):
        assert len(mistake.values) == len(expected), f"{wrong.id} fails on an input: it cannot be told by its results"
        mark = check.judge(mistake.values, expected, mistakes)
        failed = [part for part in mark.parts if not part.passed]
        assert failed, f"{wrong.id} passes"
        for part in failed:
            assert part.misconception == wrong.id
            assert wrong.message in part.message and check.explained in part.message
            assert part.points == wrong.keeps * part.max_points
        assert mark.points == sum(part.points for part in mark.parts) < mark.max_points


@every_question
@pytest.mark.parametrize("seed", SEEDS[:2])
def test_answers_are_far_enough_apart(master, question, seed):
    """A rounding error makes no wrong answer right, and of no wrong answer another."""
    check = question.declared
    answers = {wrong.id: [case.value for case in check.cases(wrong.answer, seed)] for wrong in check.wrong}
    answers["right"] = [case.value for case in check.cases(check.reference, seed)]
    ids = list(answers)
    for i, one in enumerate(ids):
        for other in ids[i + 1 :]:
            assert difference(answers[one], answers[other], 5 * check.tolerance), f"{one} is the same as {other}"


@every_question
def test_what_students_see_tells_mistakes_apart_too(master, question):
    check, shown = question.declared, recording.read(question.id, RELEASED / master.name / "checks")
    assert shown.check(student({check.name: check.reference}, "numpy")).points == sum(shown.points.values())
    for wrong in check.wrong:
        failed = [part for part in shown.check(student({check.name: wrong.answer}, "numpy")).parts if not part.passed]
        assert failed or shown.later
        assert {part.misconception for part in failed} <= {wrong.id}


@every_question
def test_wrong_answers_are_thought_of(master, question):
    ids = [wrong.id for wrong in question.declared.wrong]
    assert len({*ids}) == len(ids) >= 4
    assert all(re.fullmatch(r"[a-z0-9_]+", each) for each in ids)


@pytest.mark.parametrize("name", MASTERS)
def test_an_assignment_is_of_a_size_that_can_be_done(name):
    asked = MASTERS[name].questions
    assert 5 <= len(asked) <= 8
    assert 20 <= sum(question.points for question in asked) <= 100
    assert sum(len(question.declared.wrong) for question in asked if not question.manual) >= 15
    for framework in FRAMEWORKS:
        path = MASTERS[name].notebook(framework)
        text = "\n".join(cell.source for cell in cells(path))
        assert re.search(r"\*\*Time:\*\* about (60|75|90|100|105|110|120|180) minutes", text)
        assert f"**Points:** {sum(question.points for question in asked):g}." in text
        assert all(len(line) <= 100 for each in cells(path, "answer", "locked") for line in each.source.splitlines())
        assert "MARK SCHEME" in "\n".join(cell.source for cell in cells(path, "task"))


def test_the_guide_has_each_assignments_points_and_time():
    guide = (chapters.ROOT / "docs" / "instructors.md").read_text("utf-8")
    told = re.findall(r"^\| (a\d\w+) \|[^|]+\| (\d+), (\d+) \| (\d+) minutes \|$", guide, re.MULTILINE)
    assert [name for name, *_ in told] == [*MASTERS]
    for name, points, by_hand, minutes in told:
        asked = MASTERS[name].questions
        assert int(points) == sum(question.points for question in asked)
        assert int(by_hand) == sum(question.points for question in asked if question.manual)
        for framework in FRAMEWORKS:
            text = "\n".join(cell.source for cell in cells(MASTERS[name].notebook(framework)))
            assert f"**Time:** about {minutes} minutes" in text
            numbers = [int(number) for number in re.findall(r"^## (\d+)\. ", text, re.MULTILINE)]
            assert numbers == list(range(1, len(asked) + 1)), "questions are numbered in the order of the notebook"


@pytest.mark.parametrize("name", MASTERS)
def test_each_question_has_a_goal_its_minutes_and_marked_samples(name):
    """What instructors are told about the questions, in solutions/QUESTIONS.md."""
    guide = (ROOT / "solutions" / "QUESTIONS.md").read_text("utf-8")
    [section] = re.findall(rf"^## {name}$(.*?)(?=^## |\Z)", guide, re.MULTILINE | re.DOTALL)
    rows = re.findall(r"^\| (\w+) \| ([^|]{15,}) \| (\d+) \| (yes|no) \|$", section, re.MULTILINE)
    assert [row[0] for row in rows] == [question.id for question in MASTERS[name].questions]
    minutes = {question: int(number) for question, _, number, _ in rows}
    for framework in FRAMEWORKS:
        first = cells(MASTERS[name].notebook(framework))[0].source
        assert f"about {sum(minutes.values())} minutes" in first
    short = {question for question, *_, kept in rows if kept == "yes"}
    assert 50 <= sum(minutes[question] for question in short) <= 60
    assert re.search(r"^Marking: \d+ minutes", section, re.MULTILINE)
    for question in MASTERS[name].questions:
        if question.manual:
            [samples] = re.findall(rf"^### {question.id}$(.*?)(?=^### |\Z)", section, re.MULTILINE | re.DOTALL)
            marks = re.findall(r"^\*\*([\d½]+) of (\d+)\.\*\*", samples, re.MULTILINE)
            assert len(marks) == len(re.findall(r"^> .*\n(?!> )", samples, re.MULTILINE)) == 2
            assert {int(most) for _, most in marks} == {question.points}
        elif question.id in short:
            assert {*question.declared.needs} <= short, f"{question.id} needs what 60 minutes have no room for"


@every_notebook
def test_the_stub_is_a_part_of_the_solution(name, framework):
    masters = cells(MASTERS[name].notebook(framework), "answer")
    for master, stub in zip(masters, cells(RELEASED / name / f"{framework}.ipynb", "answer"), strict=True):
        kept = [line for line in master.source.splitlines() if line not in solutions(master.source)]
        kept = [line for line in kept if line.strip() not in (BEGIN, END)]
        handed_out = [line for line in stub.source.splitlines() if line.strip() not in STUB]
        assert handed_out == kept
        assert stub.source.count(STUB[1]) == 1
        for function in (node for node in ast.parse(stub.source).body if isinstance(node, ast.FunctionDef)):
            assert re.search(r"\([nTdhqeV\d]\b[^)]*\)", ast.get_docstring(function)), f"{function.name}: which shapes?"


def test_the_assignments_are_those_that_the_masters_make(tmp_path):
    """`make assignments` changes nothing."""
    assert build(ROOT, tmp_path) == [*MASTERS]
    made = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kept = {str(p.relative_to(RELEASED)): p.read_bytes() for name in MASTERS for p in (RELEASED / name).rglob("*.*")}
    kept = {name: content for name, content in kept.items() if ".ipynb_checkpoints" not in name}
    assert made.keys() == kept.keys()
    assert [name for name in made if made[name] != kept[name]] == [], "run make assignments"


@every_notebook
def test_nothing_of_the_answers_is_handed_out(name, framework):
    released = RELEASED / name
    text = "\n".join(path.read_text("utf-8") for path in released.rglob("*.json"))
    text += "\n".join(cell.source for cell in cells(released / f"{framework}.ipynb"))
    for cell in cells(released / f"{framework}.ipynb"):
        assert not cell.get("outputs") and cell.get("execution_count") is None
        assert {*cell.metadata} <= {"nbgrader", "deletable", "editable", "tags"}
    for secret in secrets(name, framework):
        assert secret not in text, f"{secret!r} is handed out"
    for word in (BEGIN, END, "MARK SCHEME", "HIDDEN TESTS", "lambda "):
        assert word not in text
    assert {path.suffix for path in released.rglob("*.*")} == {".ipynb", ".json", ".npz"}


def secrets(name, framework):
    """Lines that only the instructors may have: solutions, model answers, mark schemes, statements of their Python."""
    path = MASTERS[name].notebook(framework)
    lines = [line.strip() for cell in cells(path, "answer") for line in solutions(cell.source)]
    lines += [line.strip() for cell in cells(path, "manual") for line in cell.source.splitlines()]
    for cell in cells(path, "task"):
        _, _, scheme = cell.source.partition("BEGIN MARK SCHEME")
        lines += [line.strip() for line in scheme.splitlines()]
    for module in [*path.parent.glob("*.py"), path.parent.parent / "shared.py"]:
        functions = [
            node for node in ast.walk(ast.parse(module.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)
        ]
        statements = [statement for function in functions for statement in function.body]
        lines += [ast.unparse(statement) for statement in statements if not isinstance(statement, ast.Expr)]
    return [line for line in lines if len(line) >= 25]


# ---- points for nothing ----


def alike(value, fill):
    """A value of the same structure, without any work."""
    return mapped(value, lambda leaf: leaf if leaf is None or isinstance(leaf, str) else fill(np.asarray(leaf)))


CHANCE = np.random.default_rng(0)
WITHOUT_WORK = {
    "zeros": lambda right, args: alike(right, np.zeros_like),
    "ones": lambda right, args: alike(right, np.ones_like),
    "by chance": lambda right, args: alike(right, lambda leaf: CHANCE.normal(size=leaf.shape)),
    "no numbers": lambda right, args: alike(right, lambda leaf: np.full(leaf.shape, np.nan)),
    "the first argument": lambda right, args: args[0],
    "the second argument": lambda right, args: args[min(1, len(args) - 1)],
    "the steps turned round": lambda right, args: np.flip(args[0], 1),
    "the last step": lambda right, args: np.asarray(args[0])[:, -1],
    "the first argument's numbers": lambda right, args: alike(right, lambda leaf: of_form(args[0], leaf)),
    "the second argument's numbers": lambda right, args: alike(right, lambda leaf: of_form(args[1], leaf)),
    "the last number": lambda right, args: alike(right, lambda leaf: np.full(leaf.shape, numbers_in(args[0])[-1])),
    "nothing": lambda right, args: None,
}


def numbers_in(value):
    found = [np.ravel(leaf) for leaf in leaves(value) if leaf is not None and not isinstance(leaf, str)]
    return np.concatenate([*found, [0.0]])[:-1] if found else np.zeros(1)


def of_form(value, leaf):
    return np.resize(numbers_in(value), leaf.shape)


class Idler:
    """A student who knows the form of each result, and nothing else."""

    framework = "numpy"

    def __init__(self, check, answer):
        self._knows, self._answer = student({check.name: check.reference}, "numpy"), answer

    def call(self, name, /, *args, **kwargs):
        return self._instead(self._knows.call(name, *args, **kwargs), args)

    def gradient(self, name, /, *args, wrt, weights, **kwargs):
        right = self._knows.gradient(name, *args, wrt=wrt, weights=weights, **kwargs)
        return self._instead(right, [args[wrt]])

    def _instead(self, right, args):
        try:
            return self._answer(right, args)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise StudentError(type(error).__name__, str(error)) from error


def by_heart(check):
    """A student who says, call by call, what was right for another draw, as the released cases have it."""
    heard = []
    check(Idler(check, lambda right, args: heard.append(right) or right), np.random.default_rng(4))
    said = iter(heard)
    return Idler(check, lambda right, args: next(said))


@cache
def marks_of_idlers(probe):
    """What each answer without work → its mark."""
    check = CHECKS[probe]
    idlers = {what: Idler(check, answer) for what, answer in WITHOUT_WORK.items()} | {"by heart": by_heart(check)}
    return {what: check(idler, np.random.default_rng(3)) for what, idler in idlers.items()}


@every_question
def test_nothing_is_to_be_had_for_nothing(master, question):
    for what, mark in marks_of_idlers(question.declared.probe).items():
        assert mark.points <= question.declared.for_nothing * mark.max_points, (what, mark.parts)


@every_question
def test_no_message_gives_an_answer_away(master, question):
    """A number that is one of a few could be learned by handing in again and again."""
    check = question.declared
    expected = [leaf for case in check.cases(check.reference, 3) for leaf in leaves(case.value)]
    few = [np.ravel(leaf) for leaf in expected if leaf is not None and not isinstance(leaf, str) and np.size(leaf) < 4]
    told = {text for each in few for number in each.tolist() if len(text := f"{number:.4g}") > 2}
    told |= {repr(leaf) for leaf in expected if isinstance(leaf, str)}
    for mark in marks_of_idlers(question.declared.probe).values():
        for part in mark.parts:
            found = re.findall(r"came, (?:the number |the text )?(.+?) was expected", part.message)
            assert not {*found} & told, part.message
