"""Seeds, numbers as they are printed, and comparisons."""

import json
import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import repro


def test_what_is_imported_later_is_seeded_too(monkeypatch):
    monkeypatch.setattr(repro, "_seeders", [])
    monkeypatch.setattr(repro, "_seed", None)
    seen = []
    repro.on_seed(lambda seed: seen.append(("early", seed)))
    assert seen == []
    repro.seed_everything(5)
    repro.on_seed(lambda seed: seen.append(("late", seed)))
    repro.seed_everything(6)
    assert seen == [("early", 5), ("late", 5), ("early", 6), ("late", 6)]


@given(st.floats(1e-4, 99994, exclude_max=True))
def test_a_number_of_everyday_size_has_no_exponent(value):
    text = repro.digits(value)
    assert "e" not in text
    assert float(text) == pytest.approx(value, rel=5.001e-4)  # four digits
    assert repro.digits(-value) == "-" + text


@given(st.floats(-1e300, 1e300), st.integers(2, 8))
def test_so_many_digits_are_right(value, significant):
    assert float(repro.digits(value, significant)) == pytest.approx(
        value, rel=0.5001 * 10.0 ** (1 - significant), abs=1e-320
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.000"),
        (1.0, "1.000"),
        (0.0001, "0.0001000"),
        (0.00001, "1.000e-05"),
        (1234.56, "1234.6"),
        (9999.64, "9999.6"),
        (12345.67, "12345.7"),
        (1e5, "1.000e+05"),
        (2.5e6, "2.500e+06"),
        (12345, "12,345"),
        (np.int64(12345), "12,345"),
        (np.float32(0.5), "0.5000"),
        (math.nan, "nan"),
        (math.inf, "inf"),
    ],
)
def test_numbers_as_they_are_printed(value, text):
    assert repro.digits(value) == text


def test_metrics_are_printed_rounded_and_noted_whole(capsys, monkeypatch, tmp_path):
    path = tmp_path / "metrics.jsonl"
    monkeypatch.delenv("COURSE_METRICS", raising=False)
    repro.show("5-gram", perplexity=np.float64(3.8912345))
    assert not path.exists()
    monkeypatch.setenv("COURSE_METRICS", str(path))
    repro.show("from scratch", "torch", bits_per_character=2.0712345, tokens=np.int64(2_500_000))
    repro.show("5-gram – é", perplexity=np.float32(0.5))
    assert capsys.readouterr().out.splitlines() == [
        "5-gram | perplexity 3.891",
        "torch: from scratch | bits per character 2.071 | tokens 2,500,000",
        "5-gram – é | perplexity 0.5000",
    ]
    noted = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert noted == [
        {
            "run": "from scratch",
            "framework": "torch",
            "metrics": {"bits_per_character": 2.0712345, "tokens": 2_500_000},
        },
        {"run": "5-gram – é", "framework": "", "metrics": {"perplexity": 0.5}},
    ]


def test_equal_arrays_are_said_to_be_equal(capsys):
    repro.check_equal("outputs", [1.0, 2.0], np.array([1.0, 2.0 + 1e-6]))
    repro.check_equal("weights", {"b": [1000.0]}, {"b": [1000.005]}, tolerance=1e-5)
    repro.check_equal("nothing", [], [])
    said = capsys.readouterr().out.splitlines()
    assert said == [f"{what}: equal within 1e-05" for what in ("outputs", "weights", "nothing")]


@pytest.mark.parametrize(
    ("actual", "expected", "said"),
    [
        ([1.0, 2.5], [1.0, 2.0], r"^it: differs by 0\.5 at \(1,\), where 2\.5 came and 2\.0 was expected\.$"),
        ([[1.0, 2.0]], [1.0, 2.0], r"^it: the shape is \(1, 2\), expected \(2,\)\.$"),
        ([1.0, math.nan], [1.0, 2.0], r"^it: differs by nan at \(1,\)"),
        ([math.nan], [math.nan], r"^it: differs by nan"),
        ([math.inf], [1.0], r"^it: differs by inf"),
        ([5.0], [math.inf], r"^it: differs by inf at \(0,\), where 5\.0 came and inf was expected\.$"),
        ([2e-5], [0.0], r"^it: differs by 2e-05"),
        ({"a": [1.0]}, {"b": [1.0]}, r"^it: the names are \['a'\], expected \['b'\]\.$"),
        ({"a": [1.0], "b": [3.0]}, {"a": [1.0], "b": [1.0]}, r"^it, b: differs by 2 at"),
    ],
)
def test_a_difference_is_named_with_its_place(actual, expected, said, capsys):
    with pytest.raises(AssertionError, match=said):
        repro.check_equal("it", actual, expected)
    assert capsys.readouterr().out == ""


@given(seed=st.integers(0, 99), shape=st.sampled_from([(), (3,), (2, 5), (0, 4)]))
def test_the_largest_difference_is_the_largest(seed, shape):
    one, other = np.random.default_rng(seed).normal(size=(2, *shape))
    expected = max((abs(a - b) for a, b in zip(one.ravel(), other.ravel(), strict=True)), default=0.0)
    assert repro.largest_difference(one, other) == repro.largest_difference(other, one) == expected
    several = {"of one": one, "of none": other}
    assert repro.largest_difference(several, {"of one": other, "of none": other}) == expected


def test_a_difference_that_is_no_number_is_none_of_the_small_ones():
    assert math.isnan(repro.largest_difference(np.array([0.0, np.nan]), np.zeros(2)))
    found = {"W": np.ones(2), "b": np.array([np.nan])}
    for names in ("Wb", "bW"):
        expected = {name: np.zeros(len(found[name])) for name in names}
        assert math.isnan(repro.largest_difference(found, expected)), names


def test_nothing_does_not_differ_from_nothing():
    assert repro.largest_difference({}, {}) == 0.0


@pytest.mark.parametrize(
    ("actual", "expected", "said"),
    [
        (np.zeros(3), np.zeros((3, 1)), "The shape is (3,), expected (3, 1)."),
        ({"b": np.zeros(1)}, {"b": np.zeros(2)}, "The shape is (1,), expected (2,)."),
        ({"b": np.zeros(2), "W": 0}, {"b": np.zeros(2)}, "The names are ['W', 'b'], expected ['b']."),
        ({}, {"b": np.zeros(2)}, "The names are [], expected ['b']."),
    ],
)
def test_results_that_cannot_be_compared_are_refused(actual, expected, said):
    with pytest.raises(ValueError) as error:
        repro.largest_difference(actual, expected)
    assert str(error.value) == said


def test_the_time_of_a_call_is_an_average_without_the_first(monkeypatch):
    clock, calls = [0.0], []

    def run():
        clock[0] += 1.0 if not calls else 0.02  # seconds
        calls.append(1)

    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    assert repro.milliseconds(run, repeats=4) == pytest.approx(20)
    assert len(calls) == 5
