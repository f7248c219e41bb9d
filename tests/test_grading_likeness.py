"""Answers that look like another year's: the same measure, whatever the old submissions are like."""

import csv
import io

import pytest
from data_helpers import says
from grading_helpers import hand_in
from grading_toy import SETUP, STUBS, as_bytes, notebook, write_assignment
from test_grading_exports import zipped

from course_utils.assignments.loading import load_assignment
from course_utils.grading import command, tables
from course_utils.grading.errors import GradingError
from course_utils.grading.similarity import SimilarPair, other_year, similar

pytest.importorskip("copydetect")

LOOP = """
def softmax(X):
    rows = []
    for row in X:
        largest = max(row.tolist())
        powers = [2.718281828459045 ** (value - largest) for value in row.tolist()]
        total = 0.0
        for power in powers:
            total = total + power
        rows.append([power / total for power in powers])
    return torch.tensor(rows)
"""
RENAMED = LOOP.replace("rows", "lines").replace("largest", "m").replace("power", "e").replace("total", "s") + "# mine\n"
SHORT = "def softmax(X):\n    return X"
OWN = """
def softmax(X):
    E = torch.exp(X - X.max(dim=1, keepdim=True).values)
    while not torch.isfinite(E).all():
        E = torch.where(torch.isfinite(E), E, torch.zeros_like(E))
        if E.sum() == 0 or E.numel() < 1:
            raise ValueError("nothing is left of it", E.shape, X.dtype)
    assert E.ndim == 2 and len(E) == len(X), (E.shape, X.shape)
    return torch.div(E, torch.sum(E, dim=1, keepdim=True))
"""


@pytest.fixture
def toy(tmp_path):
    return load_assignment(write_assignment(tmp_path / "course"))


def result(student, code, name="softmax"):
    return {"student": student, "questions": [{"id": name, "answers": {f"{name}_answer": code}}]}


def answered(code, **more):
    return as_bytes(notebook(answers={"softmax": code}, **more))


def pairs(toy, results, *sources):
    return similar(results, toy, [other_year(source, toy) for source in sources])


def test_a_copy_of_last_year_is_found_though_its_names_are_others(tmp_path, toy):
    old = hand_in(tmp_path, {"zoe": answered(LOOP), "max": answered(OWN), "ida": answered(SHORT)})
    found = pairs(toy, [result("ada", RENAMED), result("bob", SHORT)], old)
    assert [(pair.one, pair.other, pair.where, pair.same) for pair in found] == [("ada", "zoe", str(old), False)]
    assert found[0].share > 0.9


def test_an_answer_is_found_wherever_it_stood(tmp_path, toy):
    """Last year's exercise had another name, and the student a cell of their own."""
    whole = notebook()
    code = LOOP.replace("def softmax", "def shares")
    whole["cells"].insert(2, {"cell_type": "code", "metadata": {}, "source": code, "outputs": []})
    old = hand_in(tmp_path, {"zoe": as_bytes(whole)})
    assert [pair.other for pair in pairs(toy, [result("ada", LOOP)], old)] == ["zoe"]


def test_code_that_was_handed_out_is_no_likeness(tmp_path, toy):
    old = hand_in(tmp_path, {"zoe": as_bytes(notebook())})
    given = "\n\n".join([*SETUP.values(), *STUBS.values()])
    assert pairs(toy, [result("ada", given)], old) == []


@pytest.mark.parametrize(
    ("files", "now", "before"),
    [
        ({"Zoe Roe_77_assignsubmission_file_/torch.ipynb": LOOP}, "roezoe_5", "Zoe Roe_77"),
        ({"roezoe_5_991_torch.ipynb": LOOP, "poedee_6_992_torch.ipynb": SHORT}, "Zoe Roe_11", "roezoe_5"),
        ({"11.ipynb": LOOP, "12.ipynb": SHORT}, "11", "11"),
        ({"inbound/zoe+toy+2025-03-01 17:59:23 UTC/torch.ipynb": LOOP}, "zoe", "zoe"),
    ],
)
def test_who_repeats_the_course_is_told_apart(tmp_path, toy, files, now, before):
    old = zipped(tmp_path / "old.zip", {name: answered(code) for name, code in files.items()})
    found = pairs(toy, [result("Ada King", LOOP), result(now, LOOP)], old)
    told = [(pair.one, pair.other, pair.same) for pair in found]
    assert {*told[:2]} == {("Ada King", now, False), ("Ada King", before, False)}
    assert told[2:] == [(now, before, True)]  # last, though as alike as any


HOSTILE = {
    "no notebook": b"\x00\xff",
    "half": answered(LOOP)[:300],
    "too deep": b"[" * 100_000,
    "odd cells": b'{"cells": [1, null, {"cell_type": "code", "source": {"a": 1}}, {"source": "x", "outputs": []}]}',
    "halves of characters": answered("s = '\ud800'\n" + SHORT),
    "controls": answered("\x00\x1b[2J" * 500),
    "quotation marks": answered('"' * 9999 + "'''" * 3333),
    "brackets": answered("(" * 20_000),
    "backslashes": answered("\\" * 20_000),
    "one long line": answered("a=" * 300_000),
    "no Python": answered("%%bash\nrm -rf / # \u202e\n<html>{{ x }}"),
    "empty": b"",
}


def test_whatever_was_handed_in_then_nothing_raises(tmp_path, toy):
    old = hand_in(tmp_path, HOSTILE | {"zoe": answered(LOOP)})
    assert [pair.other for pair in pairs(toy, [result("ada", LOOP)], old)] == ["zoe"]


def test_another_year_that_is_none_is_refused_before_anything_runs(tmp_path, toy):
    submitted = hand_in(tmp_path, {"ada": answered(LOOP)})
    (tmp_path / "bare").mkdir()
    for source in (tmp_path / "missing", tmp_path / "bare"):
        settings = command.Settings(submitted, toy.folder, tmp_path / "out", compare_with=(source,))
        with pytest.raises(GradingError) as error:
            command.run(settings, print)
        says(error, str(source))
    assert not (tmp_path / "out").exists()


def test_the_table_has_every_pair_and_no_formula():
    some = [SimilarPair("=ada", "zoe", 0.9), SimilarPair("ada", "Ada", 1.0, "old.zip", same=True)]
    assert [*csv.reader(io.StringIO(tables.likeness_csv(some)))] == [
        ["student", "looks like", "of", "in common", "note"],
        ["'=ada", "zoe", "this class", "0.9", ""],
        ["ada", "Ada", "old.zip", "1.0", "one name: the same student?"],
    ]


def test_table_and_page_say_who_looks_like_whom(tmp_path, toy):
    (tmp_path / "then").mkdir()
    old = hand_in(tmp_path / "then", {"zoe": answered(LOOP), "ada": answered(LOOP)})
    submitted, out, said = hand_in(tmp_path, {"ada": b"{"}), tmp_path / "out", []
    settings = command.Settings(submitted, toy.folder, out, compare_with=(old,))
    assert command.run(settings, said.append) == []
    assert f"Answers are compared with those of 2 students in {old}." in said
    assert (out / "likeness.csv").read_text("utf-8").count("\n") == 1
    year = other_year(old, toy)
    crowd = [SimilarPair(f"s{n}", "t", 1.0) for n in range(40)]
    page = command.pages.class_page([], toy, settings.policy, crowd + similar([result("ada", LOOP)], toy, [year]))
    assert "<td>zoe</td>" in page and "<td>ada, perhaps the same person</td>" in page and str(old) in page
    assert "And 10 more: likeness.csv has all." in page
