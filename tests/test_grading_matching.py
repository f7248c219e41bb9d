"""What is run of a notebook that was handed in: every cell that a student wrote, found however it was saved."""

import contextlib
import copy
import json
import time

import pytest
from grading_programs import PROGRAMS
from grading_toy import HONEST, STUBS, as_bytes, cell, honest, notebook, write_assignment

from course_utils.assignments import load_assignment
from course_utils.assignments.cells import ODD, read
from course_utils.assignments.errors import Corrupt, Foreign
from course_utils.assignments.matching import plan
from course_utils.files import ROOT

FRAMEWORKS = ("torch", "tensorflow")


@pytest.fixture(scope="module")
def assignment(tmp_path_factory):
    return load_assignment(write_assignment(tmp_path_factory.mktemp("course")))


def planned(assignment, whole):
    return plan(read(as_bytes(whole)), assignment)


def kinds(plan):
    return [(step.kind, step.name) for step in plan.steps]


def at(whole, cell_id):
    return next(i for i, each in enumerate(whole["cells"]) if each["id"] == cell_id)


def stripped(whole):
    """Without marks and ids, as some programs save it."""
    whole = copy.deepcopy(whole)
    for i, each in enumerate(whole["cells"]):
        each |= {"metadata": {}, "id": f"x{i}"}
    return whole


def source_of(plan, name):
    return [step.source for step in plan.answering([f"{name}_answer"])]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_notebook_without_cells_of_its_own_has_one_plan(assignment, framework):
    plan = planned(assignment, honest(framework))
    assert (plan.framework, plan.plain, plan.notes, plan.changed) == (framework, None, (), 3)
    assert [step.source for step in plan.steps[1:]] == list(HONEST[framework].values())
    assert plan.places == {"scale": (2,), "softmax": (3,), "weighted": (4,)}


def test_own_cells_stand_where_the_student_has_put_them(assignment):
    whole = honest()
    whole["cells"].insert(at(whole, "softmax_answer"), cell("code", "def helper(X): return X", "own"))
    whole["cells"].insert(0, cell("code", "import math", "first"))
    plan = planned(assignment, whole)
    own = [("given", "setup"), ("own", "cell 1"), ("answer", "scale_answer"), ("own", "cell 8")]
    assert kinds(plan)[:4] == own  # what was handed out is run before all else
    assert [step.kind for step in plan.plain.steps] == ["given", *["answer"] * 3]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_changed_set_up_is_run_below_the_one_that_was_handed_out(assignment, framework):
    whole = honest(framework)
    whole["cells"][1]["source"] += "\nimport math"
    plan = planned(assignment, whole)
    assert plan.framework == framework
    assert kinds(plan)[:2] == [("given", "setup"), ("own", "cell 2")]


def test_an_answer_below_its_untouched_stub_is_found_by_name(assignment):
    whole = notebook(answers={name: HONEST["torch"][name] for name in ("scale", "weighted")})
    whole["cells"].append(cell("code", HONEST["torch"]["softmax"], "new"))
    plan = planned(assignment, whole)
    assert source_of(plan, "softmax") == [HONEST["torch"]["softmax"]]
    assert plan.places["softmax"] == (2, 4)  # its check stands above
    assert "found by its name, in cell 13" in " ".join(plan.notes)


IN_OTHER_WAYS = {
    "under a condition": "if True:\n    def softmax(X):\n        return X",
    "among others": "def other(X):\n    return X\n\nsoftmax, one = other, 1",
    "in a row": "one = softmax = torch.nn.Softmax(1)",
    "by an import": "from torch.special import softmax",
    "behind a semicolon": "one = 1; softmax = lambda X: X",
    "into the names": "globals()['softmax'] = lambda X: X",
    "in a loop": "for softmax in (torch.exp, torch.abs):\n    pass",
}


@pytest.mark.parametrize("way", IN_OTHER_WAYS)
def test_an_answer_that_is_given_in_another_way_is_looked_for(assignment, way):
    whole = notebook(answers={name: HONEST["torch"][name] for name in ("scale", "weighted")})
    whole["cells"].insert(at(whole, "softmax") + 1, cell("code", IN_OTHER_WAYS[way], "mine"))
    found = planned(assignment, whole)
    (stub, step), (first, last) = found.answering(["softmax_answer"]), found.places["softmax"]
    assert (stub.kind, stub.untouched, step.kind, step.untouched) == ("answer", True, "own", False)
    assert found.steps[first - 1] == stub
    assert found.steps[last - 1] == step


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_code_in_a_text_cell_is_said(assignment, kind):
    whole = notebook()
    source = f"My answer:\n\n```python\n{HONEST['torch']['softmax']}\n```"
    whole["cells"].insert(at(whole, "softmax") + 1, cell(kind, source, "mine"))
    said = "Cell 9 would answer softmax_answer, but code counts in code cells only."
    assert at(whole, "mine") == 8
    assert said in planned(assignment, whole).notes
    assert said not in planned(assignment, {"cells": [*honest()["cells"], whole["cells"][8]]}).notes


def test_one_cell_may_give_all_answers(assignment):
    whole = notebook()
    whole["cells"].insert(2, cell("code", "\n\n".join(HONEST["torch"].values()), "all"))
    plan = planned(assignment, whole)
    assert kinds(plan) == [("given", "setup"), ("answer", "cell 3")]
    assert plan.changed == 3
    whole = notebook(answers={"scale": "\n\n".join(HONEST["torch"].values())})
    assert kinds(planned(assignment, whole)) == [("given", "setup"), ("answer", "scale_answer")]


def test_all_changed_cells_with_an_answers_mark_are_run_in_order(assignment):
    whole = honest()
    helper = copy.deepcopy(whole["cells"][at(whole, "softmax_answer")]) | {"source": "def e(X): return X", "id": "half"}
    whole["cells"].insert(at(whole, "softmax_answer"), helper)
    plan = planned(assignment, whole)
    assert [name for _, name in kinds(plan)] == [
        "setup", "scale_answer", "softmax_answer", "softmax_answer (2)", "weighted_answer",
    ]  # fmt: skip
    assert source_of(plan, "softmax") == ["def e(X): return X", HONEST["torch"]["softmax"]]
    assert "one after the other" in " ".join(plan.notes)


def test_a_later_cell_that_overwrites_an_answer_leaves_a_place_above_it(assignment):
    whole = honest()
    whole["cells"].append(cell("code", "def softmax(X):\n    return X", "scratch"))
    assert planned(assignment, whole).places["softmax"] == (3, 5)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_marks_and_ids_may_be_lost(assignment, framework):
    whole = stripped(honest(framework))
    whole["cells"][1]["source"] += "\nimport math"
    plan = planned(assignment, whole)
    assert plan.framework == framework
    assert plan.changed == 3
    assert plan.places == {"scale": (3,), "softmax": (4,), "weighted": (5,)}


def test_a_copy_of_a_check_is_no_cell_of_ones_own(assignment):
    whole = honest()
    whole["cells"].append(cell("code", 'check("scale", scale)  ', "again"))
    assert all(kind != "own" for kind, _ in kinds(planned(assignment, whole)))


def test_cells_in_any_order(assignment):
    whole = honest()
    whole["cells"].reverse()
    plan = planned(assignment, whole)
    assert kinds(plan)[0] == ("given", "setup")
    assert [name for _, name in kinds(plan.plain)][1:] == ["scale_answer", "softmax_answer", "weighted_answer"]


# in words


def words_of(assignment, whole, name="explain"):
    return next(step for step in planned(assignment, whole).words if step.name == name)


TEXT = cell("markdown", "My reason.", "mine")


def test_words_are_found_where_marks_are_lost(assignment):
    whole = stripped(honest())
    whole["cells"][-1]["source"] = "My reason."
    assert words_of(assignment, whole).source == "My reason."
    assert not words_of(assignment, whole).untouched


def test_words_in_a_new_cell_below_the_place_for_them(assignment):
    whole = honest()
    whole["cells"].append(TEXT)
    assert words_of(assignment, whole).source == "My reason."
    whole["cells"][-2]["source"] = "First."
    assert words_of(assignment, whole).source == "First.\n\nMy reason."
    assert words_of(assignment, honest()).untouched


@pytest.mark.parametrize("text", ["# Since Z\n\n# is near 1.", '"""\nSince Z\nis near 1.\n"""'])
def test_words_may_be_a_comment(assignment, text):
    whole = honest()
    whole["cells"] += [cell("code", text, "x"), cell("code", "1 + 1", "y")]
    assert words_of(assignment, whole).source == text


@pytest.fixture(scope="module")
def with_task(tmp_path_factory):
    """The assignment with a task at its end, and a text above the answer in words."""
    root = tmp_path_factory.mktemp("tasks")
    write_assignment(root)
    extra = [
        cell("markdown", "## Explain\n\nWhy?", "explain_text"),
        cell("markdown", "Write here.", "explain", grade_id="explain", grade=True, solution=True, points=1),
        cell("markdown", "## A plan\n\nPlan it.", "plan", grade_id="plan", task=True, points=2),
    ]
    for path in root.glob("*/toy/*.ipynb"):
        whole = json.loads(path.read_bytes())
        whole["cells"][-1:] = extra
        path.write_bytes(as_bytes(whole))
    tests = root / "solutions" / "toy" / "tests.py"
    tests.write_text(tests.read_text().replace('{"explain": 1}', '{"explain": 1, "plan": 2}'))
    return load_assignment(root / "solutions" / "toy"), extra


@pytest.mark.parametrize("strip", [False, True])
@pytest.mark.parametrize("where", ["below", "typed in", "in the text above"])
def test_words_wherever_they_are_typed(with_task, strip, where):
    assignment, extra = with_task
    whole = honest()
    whole["cells"][-1:] = copy.deepcopy(extra)
    text, answer, task = whole["cells"][-3:]
    if where == "below":
        answer["source"] = "Since."
        whole["cells"] += [TEXT, cell("code", "1 + 1", "sum")]
    elif where == "typed in":
        answer["source"], task["source"] = "Since.", task["source"] + "\n\nMy reason."
    else:
        text["source"] += "\n\nSince."
        task["source"] = "## A plan\n\nMy reason."
    whole = stripped(whole) if strip else whole
    assert words_of(assignment, whole).source == "Since."
    assert words_of(assignment, whole, "plan").source.startswith("My reason.")
    untouched = honest()
    untouched["cells"][-1:] = extra
    assert all(step.untouched for step in planned(assignment, untouched).words)


@pytest.mark.parametrize("strip", [False, True])
@pytest.mark.parametrize(
    "new",
    [
        cell("markdown", "Since.", "between"),
        cell("raw", "Since.", "raw"),
        cell("code", 'print("Since.")', "printed"),
        cell("code", "Since it is so.", "not changed to text"),
    ],
    ids=lambda each: each["id"],
)
@pytest.mark.parametrize("below", ["explain_text", "explain"])
def test_words_in_any_new_cell_below_the_question(with_task, strip, new, below):
    """Below its text, above the place for the answer, too; code counts as words where there is nothing else."""
    assignment, extra = with_task
    whole = honest()
    whole["cells"][-1:] = copy.deepcopy(extra)
    whole["cells"].insert(at(whole, below) + 1, new)
    whole = stripped(whole) if strip else whole
    step = words_of(assignment, whole)
    assert (step.source, step.untouched) == (new["source"], False)
    assert words_of(assignment, whole, "plan").untouched
    whole["cells"].insert(len(whole["cells"]) - 1, cell("markdown", "Because.", "and more"))
    assert words_of(assignment, whole).source == ("Since.\n\nBecause." if new["source"] == "Since." else "Because.")


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_a_program_adds_by_itself_is_no_answer(with_task, program):
    assignment, extra = with_task
    whole = notebook()
    whole["cells"][-1:] = copy.deepcopy(extra)
    for marks in (True, False):
        assert plan(read(PROGRAMS[program](whole, marks)), assignment).changed == 0
    whole["cells"].append(TEXT)
    assert words_of(assignment, whole, "plan").source == "My reason."


# another assignment's, odd and endless notebooks


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """The assignment beside another one, which has a set-up and a function in common with it."""
    root = tmp_path_factory.mktemp("two")
    folder = write_assignment(root)
    other = root / "assignments" / "other"
    other.mkdir()
    for framework in FRAMEWORKS:
        (other / f"{framework}.ipynb").write_bytes(as_bytes(another(framework)))
    return load_assignment(folder)


def another(framework="torch", **answers):
    whole = notebook(framework, answers)
    whole["cells"] = [each for each in whole["cells"] if not each["id"].startswith(("softmax", "weighted"))]
    whole["cells"][0]["source"] = "# Another"
    stretch = "def stretch(X):\n    raise NotImplementedError()"
    whole["cells"].insert(-1, cell("code", stretch, "stretch", grade_id="stretch_answer", solution=True))
    whole["cells"][-1]["source"] = "Write that here."
    return whole


def test_another_assignments_notebook_is_foreign(two):
    for whole in (another(), another(scale=HONEST["torch"]["scale"]), stripped(another())):
        with pytest.raises(Foreign, match="belongs to other, not to toy"):
            planned(two, whole)


def test_a_helper_that_is_called_like_an_answer_says_nothing(two):
    """In an answer of another assignment, which builds upon this one."""
    whole = another()
    whole["cells"][-2]["source"] = HONEST["torch"]["softmax"] + "\n\ndef stretch(X): return softmax(X)"
    for each in (whole, stripped(whole)):
        with pytest.raises(Foreign, match="belongs to other"):
            planned(two, each)


def test_two_assignments_in_one_notebook_are_not_foreign(two):
    whole = another()
    whole["cells"].append(cell("code", HONEST["torch"]["softmax"], "mine"))
    assert source_of(planned(two, whole), "softmax") == [HONEST["torch"]["softmax"]]
    only_the_set_up = honest()
    only_the_set_up["cells"] = only_the_set_up["cells"][1:2]
    with pytest.raises(Foreign, match="has no answer of toy"):
        planned(two, only_the_set_up)


ODD_CELLS = [
    None, 7, "code", [], {"source": None}, {"source": 3}, {"source": [None]}, {"source": {}},
    {"cell_type": "code", "source": [1]},
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD_CELLS)
def test_a_cell_that_cannot_be_read_is_left_out(assignment, odd):
    whole = honest()
    whole["cells"].insert(3, odd)
    plan = planned(assignment, whole)
    assert plan.changed == 3
    assert ("cannot be read" in " ".join(plan.notes)) == (read(as_bytes(whole))[3] is ODD)
    with pytest.raises(Corrupt):
        read(as_bytes(whole | {"cells": [None, 7]}))


@pytest.mark.parametrize(
    "odd",
    [
        {"metadata": None}, {"metadata": []}, {"id": 7}, {"id": None}, {"cell_type": None}, {"cell_type": 3},
        {"metadata": {"nbgrader": None}}, {"metadata": {"nbgrader": {"grade_id": 3}}}, {"outputs": None},
    ],
)  # fmt: skip
def test_what_is_odd_in_a_cell_counts_as_missing(assignment, odd):
    whole = honest()
    whole["cells"][at(whole, "softmax_answer")] |= odd
    assert source_of(planned(assignment, whole), "softmax") == [HONEST["torch"]["softmax"]]


def test_a_cell_without_a_type(assignment):
    whole = honest()
    del whole["cells"][at(whole, "softmax_answer")]["cell_type"]
    assert planned(assignment, stripped(whole)).changed == 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings(assignment, encoding):
    content = json.dumps(honest(), ensure_ascii=False).encode(encoding)
    assert plan(read(content), assignment).changed == 3


@pytest.mark.parametrize(
    "damage", [lambda content: content + bytes(9), lambda content: content.replace(b'"#', b'"#\xe4')]
)
def test_what_a_disk_or_an_editor_has_damaged_costs_no_more_than_that(assignment, damage):
    whole = honest()
    whole["cells"].insert(0, cell("code", "# a comment", "x"))
    content = damage(as_bytes(whole))
    assert content != as_bytes(whole)
    assert plan(read(content), assignment).changed == 3


def test_halves_of_characters_are_none():
    assert read(b'{"cells": [{"cell_type": "code", "source": "\\ud800"}]}')[0].source == "?"


HUGE = {
    "one long expression": cell("code", "+".join(["a"] * 2_500_000), "x"),
    "one long name": cell("code", "a" * 5_000_000, "x"),
    "blanks": cell("code", "a" + " " * 5_000_000, "x"),
    "a long annotation": cell("code", "a:" + "b" * 5_000_000, "x"),
    "short lines": cell("code", "a\n" * 2_500_000, "x"),
    "definitions": cell("code", "def a(): pass\n" * 350_000, "x"),
    "brackets": cell("code", "[" * 1_900_000, "x"),
    "names of answers": cell("code", "scale\n" * 800_000, "x"),
    "a badge without an end": cell("markdown", "<a kaggle.com" * 380_000, "x"),
    "a short badge without an end": cell("markdown", "<a kaggle.com" * 760, "x"),
}


@pytest.mark.parametrize("name", HUGE)
def test_matching_takes_bounded_time(assignment, name):
    whole = honest()
    whole["cells"][at(whole, "softmax_answer")] = HUGE[name]
    content = as_bytes(whole)
    began = time.process_time()
    with contextlib.suppress(Corrupt):
        plan(read(content), assignment)
    assert time.process_time() - began < 5


def test_many_cells_take_bounded_time(assignment):
    whole = honest()
    whole["cells"] += [{"cell_type": "code", "source": str(i)} for i in range(100_000)]
    began = time.process_time()
    plan = planned(assignment, whole)
    assert time.process_time() - began < 5
    assert sum(step.kind == "own" for step in plan.steps) == 500
    assert "only the first 500" in " ".join(plan.notes)


def test_a_notebook_of_a_million_parts_is_corrupt():
    with pytest.raises(Corrupt):
        read(b'{"cells": [' + b"[]," * 3_000_000 + b"[]]}")


def test_untouched(assignment):
    plan = planned(assignment, notebook())
    assert (plan.changed, plan.plain) == (0, None)
    assert [step.source for step in plan.steps[1:]] == list(STUBS.values())


ASSIGNMENTS = sorted(path for path in (ROOT / "solutions").glob("a*_*") if path.is_dir())


@pytest.fixture(scope="module")
def all_assignments():
    return {path.name: load_assignment(path) for path in ASSIGNMENTS}


@pytest.mark.parametrize("name", [path.name for path in ASSIGNMENTS])
def test_an_assignments_notebooks_are_foreign_to_all_others(all_assignments, name):
    for framework in FRAMEWORKS:
        cells = read((ROOT / "assignments" / name / f"{framework}.ipynb").read_bytes())
        for other, assignment in all_assignments.items():
            if other == name:
                assert plan(cells, assignment).framework == framework
            else:
                with pytest.raises(Foreign, match=f"belongs to {name}"):
                    plan(cells, assignment)
