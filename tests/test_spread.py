"""results/spread.json: numbers that differ are measured, and the tolerances drawn from it still notice a change."""

from copy import deepcopy
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook, new_output

from course_utils.workshop import chapters, results, spread
from course_utils.workshop.outputs import Tolerance, spreads, text_difference
from course_utils.workshop.refresh import code_hash

ENTRIES = spread.load()
PATHS = chapters.find_chapters()


def printed(text, *tags):
    cell = new_code_cell("train()", id="a", outputs=[new_output("stream", name="stdout", text=text)])
    cell.metadata["tags"] = [*tags]
    return new_notebook(cells=[cell])


def test_numbers_words_and_kinds_that_differ_are_told_apart():
    stored = printed("he said: loss 2.000, share 0.31, 12 epochs, 3.5 s", "trained")
    runs = {"a": printed("he said: loss 1.900, share 0.32, 12 epochs, 9.9 s"), "b": deepcopy(stored)}
    assert spread.measure(stored, runs) == {"spread": {"a": [0.05, 0.0]}, "other words": {}}
    other = {"a": printed("she said: loss 2.000, share 0.31, 12 epochs, 3.5 s"), "b": stored}
    [sentence] = spread.measure(stored, other)["other words"].values()
    assert sentence.startswith("a: stdout of output 1: 'he said")
    counted = spread.measure(stored, {"b": printed("he said: loss 2.000, share 0.31, 13 epochs, 3.5 s")})
    assert "12 is stored, now it is 13" in counted["other words"]["a"]
    ignored = printed("any letters 0.5", "nbval-ignore-output")
    assert spread.measure(ignored, {"a": printed("other letters")}) == {"spread": {}, "other words": {}}


@pytest.mark.parametrize(
    ("widest", "tags", "expected"),
    [
        (0.0, ["trained"], Tolerance(0.001, last_place=True)),
        (0.0001, ["trained"], Tolerance(0.001, last_place=True)),
        (0.02, ["torch", "trained"], Tolerance(0.06, last_place=True)),
        (0.5, ["trained"], Tolerance(0.1, last_place=True)),
        (0.02, ["torch"], Tolerance(0.001)),
    ],
)
def test_a_tolerance_is_three_times_the_spread_within_its_bounds(widest, tags, expected):
    [cell] = printed("", *tags).cells
    assert spread.tolerance(cell, {"a": [0.0, widest]}) == expected


def test_what_is_too_wide_is_said():
    entry = {"spread": {"a": [0.02, 0.04]}, "other words": {"b": "c: 1 is stored"}}
    said = spread.too_wide(printed("", "trained"), entry)
    assert said == [
        "cell 'b' does not say the same everywhere: c: 1 is stored",
        "cell 'a' prints a number whose spread is 4.0%, over 3.0%: print it coarser, as a comparison, or not at all",
    ]
    assert "tag it so" in spread.too_wide(printed(""), {"spread": {"a": [0.002]}, "other words": {}})[0]
    assert spread.too_wide(printed("", "trained"), {"spread": {"a": [0.03]}, "other words": {}}) == []


@given(st.integers(-9999, 9999), st.integers(0, 3), st.integers(0, 3))
def test_one_unit_in_the_last_place_is_rounding_two_are_not(number, places, units):
    tolerance = Tolerance(0.0, 0.0, last_place=True)
    one, other = (f"{Decimal(n).scaleb(-places - 1):f}" for n in (number, number + units))
    assert (text_difference(f"p {one}", f"p {other}", tolerance) is None) == (units <= 1)
    outputs = [[new_output("stream", name="stdout", text=text)] for text in (one, other)]
    assert (spreads(outputs, tolerance) == [0.0]) == (units <= 1)
    assert (spreads(outputs, Tolerance(0.0, 0.0)) == [0.0]) == (units == 0)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
class TestChapters:
    """What is stored of each chapter."""

    def test_it_was_measured_since_its_code_changed(self, path):
        sources = ENTRIES.get(path.stem, {}).get("sources")
        assert sources == code_hash(chapters.read(path)), f"make perturb CH={path.stem[:2]}"

    def test_it_says_the_same_everywhere(self, path):
        assert spread.too_wide(chapters.read(path), ENTRIES[path.stem]) == []

    def test_a_number_that_moves_by_one_and_a_half_tolerances_is_noticed(self, path):
        measured = spread.measured(path.stem)
        for cell in chapters.code_cells(chapters.read(path)):
            tolerance = spread.tolerance(cell, measured)
            for output in cell.outputs if "nbval-ignore-output" not in cell.metadata.get("tags", []) else []:
                text = output.get("text") or output.get("data", {}).get("text/plain", "")
                for old, new in moved(text, tolerance):
                    assert text_difference(old, new, tolerance), f"{old!r} and {new!r} count as equal"


def moved(text, tolerance):
    """Each number with a fraction alone, with the same number 1.5 tolerances away, as finely printed as it needs."""
    for word in text.split():
        try:
            value = Decimal(word)
        except ArithmeticError:
            continue
        if "." in word and value.is_finite():
            last = Decimal(1).scaleb(value.as_tuple().exponent) if tolerance.last_place else Decimal(0)
            step = max(abs(value) * Decimal(str(tolerance.rtol)), last, Decimal("1e-6")) * Decimal("1.5")
            yield f"x {value:f}", f"x {value + step.copy_sign(value):f}"


def test_the_table_is_made_from_the_results():
    readme = (chapters.ROOT / "README.md").read_text(encoding="utf-8")
    assert readme == results.with_table(readme, "spread", spread.table(ENTRIES)), "run make perturb"
