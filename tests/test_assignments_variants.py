"""Variants of the assignments: what is drawn fits the masters, is proved like them, and no old answer fits it."""

import csv
import json
import os
import sys
from itertools import combinations as pairings
from itertools import product

import numpy as np
import pytest
from assignment_helpers import ROOT, cells, student, under_version_control
from data_helpers import says
from grading_class import solutions
from typer.testing import CliRunner

from course_utils.assignments.errors import AssignmentError
from course_utils.assignments.loading import FRAMEWORKS, load_assignment, role
from course_utils.assignments.released import released
from course_utils.cli import app
from course_utils.workshop import variants
from course_utils.workshop.releasing import release

DECLARED = {path.parent.name: variants.read_choices(path) for path in (ROOT / "solutions").glob("*/variants.py")}
NAME = "a2_gru"
WANTED = {name: {choice: [*able][1] for choice, able in choices.items()} for name, choices in DECLARED.items()}
# the questions that are other ones, under this year's names, and the most that last year's answers may be worth
CHANGED = {
    "a2_gru": {"run_over": 0.7, "way_back": 0.7},
    "a7_stock_prices": {"windows": 0.85, "cut_and_scale": 0.9, "baselines": 0.6, "measures": 0.7},
    "a8_attention_linear": {"listen": 0.7, "fuse": 0.3},
}
every_declared = pytest.mark.parametrize("name", sorted(DECLARED))


def renamed(name):
    """The names of last year's functions, and what they are called now."""
    *_, pairs = [DECLARED[name]["names"][drawn] for choice, drawn in WANTED[name].items() if choice == "names"]
    return {old: new for old, new in pairs.items() if old.isidentifier()}


def combinations(choices):
    return [dict(zip(choices, names, strict=True)) for names in product(*choices.values())]


def covering(choices):
    """Combinations in which any two alternatives of two choices occur together."""

    def pairs(drawn):
        return {*pairings(drawn.items(), 2)}

    left = set().union(*map(pairs, combinations(choices)))
    while left:
        most = max(combinations(choices), key=lambda drawn: len(left & pairs(drawn)))
        left -= pairs(most)
        yield most


def seed_of(wanted):
    """A seed that draws this, for each of the assignments."""
    return next(
        seed
        for seed in map(str, range(100_000))
        if all(variants.draw(DECLARED[name], f"{name} {seed}", {}) == drawn for name, drawn in wanted.items())
    )


def copied(tmp_path, name):
    """A master's folder."""
    folder = tmp_path / "solutions" / name
    folder.mkdir(parents=True)
    for path in (ROOT / "solutions" / name).iterdir():
        if path.is_file():
            folder.joinpath(path.name).write_bytes(path.read_bytes())
    return folder


@every_declared
def test_whatever_is_drawn_fits_the_master(tmp_path, name):
    for n, drawn in enumerate(covering(DECLARED[name])):
        folder = copied(tmp_path / str(n), name)
        variants.apply(DECLARED[name], drawn, folder)
        (folder.parent / "shared.py").write_bytes((ROOT / "solutions" / "shared.py").read_bytes())
        asked = load_assignment(folder)
        for question in asked.questions:
            if not question.manual:
                question.declared.cases(question.declared.reference, 1)
        assert all((folder / f"{framework}.ipynb").read_text("utf-8") for framework in FRAMEWORKS)


def test_nothing_but_the_seed_decides_and_last_years_choices_are_left():
    choices = DECLARED[NAME]
    drawn = [variants.draw(choices, f"{NAME} {seed}", {}) for seed in range(200)]
    assert drawn == [variants.draw(choices, f"{NAME} {seed}", {}) for seed in range(200)]
    assert {tuple(each.values()) for each in drawn} == {tuple(each.values()) for each in combinations(choices)[1:]}
    for last in drawn[:20]:
        new = variants.draw(choices, f"{NAME} 2027", last)
        assert all(new[choice] != last[choice] for choice in choices)


@pytest.fixture(scope="module")
def variant(tmp_path_factory):
    """The folder of a variant in which all is other than in the master."""
    out = tmp_path_factory.mktemp("variants") / "then"
    done = CliRunner().invoke(app, ["variant", *WANTED, "--seed", seed_of(WANTED), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert all(f"{choice}: {drawn}" in done.output for wanted in WANTED.values() for choice, drawn in wanted.items())
    assert json.loads((out / "variant.json").read_text("utf-8"))["drawn"] == WANTED
    return out


def test_a_variant_is_proved_by_the_tests_of_the_masters(variant, monkeypatch):
    """Right answers get full marks, wrong ones their messages, in both frameworks; no answer is handed out.

    In this process, which has the frameworks already.
    """
    asked = f"({' or '.join(WANTED)}) and not marked_samples"  # the guide speaks of the masters' own names
    trained = "every_point and a7_stock_prices and tensorflow"  # twenty seconds for what no variant changes
    monkeypatch.setenv("COURSE_MASTERS", str(variant))
    monkeypatch.setenv("COURSE_SEEDS", "1")
    monkeypatch.chdir(os.path.dirname(os.path.dirname(__file__)))
    for module in ("assignment_helpers", "test_assignments"):  # they are imported anew, with these masters
        monkeypatch.delitem(sys.modules, module, raising=False)
    words = ["-q", "-p", "no:cacheprovider", "tests/test_assignments.py", "-k", f"{asked} and not ({trained})"]
    assert pytest.main(words) == 0


@every_declared
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_last_years_answers_do_not_fit(variant, framework, name):
    """Even under this year's names, for the questions that were drawn."""
    pytest.importorskip(framework)
    asked = load_assignment(variant / "solutions" / name)
    then, this_year = (answers(root / "solutions" / name / f"{framework}.ipynb") for root in (ROOT, variant))
    same = then | {new: then[old] for old, new in renamed(name).items()}

    def worth(question, names):
        mark = question.check(student(names, framework), np.random.default_rng(1))
        return mark.points / mark.max_points

    for question in asked.questions:
        if question.id in renamed(name).values():
            assert worth(question, then) == 0
        if question.id in CHANGED[name]:
            assert worth(question, same) < CHANGED[name][question.id], question.id
            assert worth(question, this_year) == 1, question.id


def answers(path):
    """The names that a master's set-up and answers define."""
    names, code = {}, [cell for cell in cells(path) if cell.cell_type == "code"]
    first = next(i for i, cell in enumerate(code) if role(cell) == "answer")
    for cell in (*code[:first], *(cell for cell in code if role(cell) == "answer")):
        exec(cell.source, names)
    return names


def test_what_students_get_of_a_variant_is_the_variant(variant):
    for handed_out in released(load_assignment(variant / "solutions" / NAME)):
        text = "\n".join(cell.source for cell in handed_out.cells)
        assert "padding *in front*" in text and "sum of the absolute values" in text and "unroll" not in text
    assert (variant / "assignments" / NAME / "checks" / "run_over.json").is_file()
    for handed_out in released(load_assignment(variant / "solutions" / "a7_stock_prices")):
        text = "\n".join(cell.source for cell in handed_out.cells)
        assert "mean log return of the `horizon` days" in text and "less 1" in text and "90 %" in text
        assert "my_forecasts" not in text and "95 %" not in text and "1.96" not in text
    for handed_out in released(load_assignment(variant / "solutions" / "a8_attention_linear")):
        text = "\n".join(cell.source for cell in handed_out.cells)
        assert "she hears two more" in text and "def fuse(later, earlier)" in text and "stabiliser" not in text
    assert not [*variant.rglob("variants.py")]
    same = "a1_rnn/torch.ipynb"
    assert (variant / "assignments" / same).read_bytes() == (ROOT / "assignments" / same).read_bytes()


def test_a_variant_is_graded_and_last_years_work_is_seen(tmp_path, variant):
    """This year's right answers get full marks; who hands in last year's gets less, and is found beside it."""

    def hand_in(folder, student, solutions, masters):
        paper = json.loads((masters / "assignments" / NAME / "torch.ipynb").read_text("utf-8"))
        for cell in paper["cells"]:
            name = cell["id"].removesuffix("_answer")
            cell["source"] = solutions.get(name, cell["source"]) if name != cell["id"] else cell["source"]
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / f"{student}.ipynb").write_text(json.dumps(paper), "utf-8")

    old, new = solutions(NAME, "torch"), solutions(NAME, "torch", variant)
    names = renamed(NAME)
    translated = {names.get(name, name): source for name, source in old.items()}
    for before, now in names.items():
        translated = {name: source.replace(before, now) for name, source in translated.items()}
    hand_in("now", "ada", new, variant)
    hand_in("now", "bob", translated, variant)
    hand_in("then", "zoe", old, ROOT)
    command = ["grade", tmp_path / "now", "--assignment", variant / "solutions" / NAME, "--out", tmp_path / "out"]
    done = CliRunner().invoke(app, [*map(str, command), "--compare-with", str(tmp_path / "then")], env={"CI": "1"})
    if done.exit_code and "no working sandbox" in str(done.exception):
        pytest.skip(str(done.exception))
    assert done.exit_code == 0, done.output
    with (tmp_path / "out" / "grades.csv").open(encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    full = sum(
        question.points for question in load_assignment(variant / "solutions" / NAME).questions if not question.manual
    )
    assert float(rows["ada"]["points"]) == full
    assert float(rows["bob"]["points"]) < 0.8 * full
    assert "bob,zoe" in (tmp_path / "out" / "likeness.csv").read_text("utf-8")


@pytest.mark.parametrize(("view", "count"), [("both", 2), ("torch", 1)])
def test_a_variant_is_released_in_the_place_of_the_masters(tmp_path, variant, view, count):
    course, students = tmp_path / "course", tmp_path / "students"
    for name in ("README.md", "assignments/README.md", f"assignments/{NAME}/checks/unroll.json"):
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        (course / name).write_text("Read me.")
    (course / "results").mkdir()
    (course / "results" / "chapters.json").write_text("{}")
    (course / "README.md").write_bytes((ROOT / "README.md").read_bytes())
    under_version_control(course)
    release(course, students, view, variant)
    checks = students / "assignments" / NAME / "checks"
    assert (checks / "run_over.json").is_file() and not (checks / "unroll.json").exists()
    assert len([*(students / "assignments" / NAME).glob("*.ipynb")]) == count
    assert (students / "assignments" / "README.md").is_file() and not (students / "solutions").exists()
    with pytest.raises(AssignmentError) as error:
        release(course, tmp_path / "new", view, course / "results")
    says(error, "has no assignments")


def test_what_cannot_be_drawn_is_said_in_a_sentence(tmp_path, variant):
    def refused(*parts, names=(), out=tmp_path / "new", unlike=None, root=ROOT):
        with pytest.raises(AssignmentError) as error:
            variants.write_variants(root, names, "2027", out, unlike)
        says(error, *parts)
        assert not (tmp_path / "new").exists()

    refused("a9 has no variants.py", NAME, names=["a9"])
    refused("is there already", names=[NAME], out=variant)
    refused("variant.json", names=[NAME], unlike=tmp_path)
    folder = copied(tmp_path, NAME)
    (folder.parents[1] / "nbgrader_config.py").write_bytes((ROOT / "nbgrader_config.py").read_bytes())
    for written, parts in {
        "VARIANTS = {'a': {'b': {}, 'c': {'not there': 'x'}}}": ["a (c) replaces 'not there'", "nowhere"],
        "VARIANTS = {'a': {'b': {}, 'c': {'in PyTorch': 'x'}}}": ["'in PyTorch'", "one notebook only"],
        "VARIANTS = {'a': {'b': {}, 'c': {'x': 1}}}": ["VARIANTS should be"],
        "VARIANTS = {}": ["VARIANTS should be"],
        "VARIANTS = 1": ["cannot be used", "AttributeError"],
        "X = 1": ["cannot be used", "KeyError"],
        "VARIANTS = (": ["cannot be used", "SyntaxError"],
    }.items():
        (folder / "variants.py").write_text(written)
        refused(*parts, root=tmp_path)
