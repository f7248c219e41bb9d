"""The judge of outputs: what counts as unchanged, and what must never slip."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.workshop.outputs import Tolerance, compare, text_difference, tidy

SAME = [
    ("loss 0.51234", "loss 0.51235"),
    ("loss 9.999 after", "loss 10.00 after"),
    ("[ 0.5  -1.25]", "[0.50001 -1.25]"),
    ("x\n0  0.99999\n1  2.00000", "x\n0 1.00001\n1 2.00000"),
    ("perplexity 4.150.", "perplexity 4.151."),
    ("[1. 2.]", "[0.9999 2.]"),
    ("nan, inf, -inf and 1.5", "nan, inf, -inf and 1.5001"),
    ("-0.0 1e-3", "0.0 1.0001e-03"),
    ("12,345.6 tokens", "12,345.7 tokens"),
    ("−0.5", "−0.50001"),
    ("took 1.2 s", "took 13 seconds"),
    ("Wall time: 5.25 µs", "Wall time: 7.15 μs"),  # the micro sign, and the Greek letter that IPython's %time prints
    ("seconds 12.30 | perplexity 4.150", "seconds 9.871 | perplexity 4.150"),
    ("42,000 tokens/s", "9.1k tokens/s"),
    ("tokens per second 42,000", "tokens per second 39,125"),
    ("1.9× faster", "2.4× faster"),
    ("speed-up 1.9", "speed-up 3.0"),
    ("<cell at 0x7f00deadbeef>", "<cell at 0x7f11deadbeef>"),
    ("tensor([1., 2.])", "tensor([1., 2.], device='cuda:0')"),
    ("trained on cpu", "trained on cuda:0"),
]

DIFFERENT = [
    ("loss 0.512", "loss 0.513"),
    ("epoch 10", "epoch 11"),
    ("epoch 10.", "epoch 11."),
    ("step 10000.", "step 10001."),
    ("[1 2]", "[1. 2.]"),
    ("step 4", "step 4.0001"),
    ("nan", "0.5"),
    ("inf", "-inf"),
    ("0.5", "-0.5"),
    ("shape (3, 4)", "shape (4, 3)"),
    ("3 × 4", "3 × 5"),
    ("1.9× larger", "2.4× larger"),
    ("4.15 min, 27.9 max", "4.25 min, 27.9 max"),
    ("step 3", "step 4"),
    ("torch 2.13.0", "torch 2.13.1"),
    ("version 100.10.1", "version 100.11.1"),
    ("W_1h", "W_2h"),
    ("alice was", "alice  was"),
    ("alice was", "alice\nwas"),
    ("alice was", "alice saw"),
    ("0.5 a", "0.5001 b"),
    ("1 2", "1 2 3"),
    ("12,345 tokens", "12,346 tokens"),
    ("one\n", "one\n\n"),
]


@pytest.mark.parametrize(("old", "new"), SAME)
def test_counts_as_unchanged(old, new):
    assert text_difference(old, new) is None
    assert text_difference(new, old) is None


@pytest.mark.parametrize(("old", "new"), DIFFERENT)
def test_never_slips(old, new):
    assert text_difference(old, new)
    assert text_difference(new, old)


@given(st.floats(1e-3, 1e3), st.floats(-3, 3))
def test_numbers_are_held_to_the_relative_tolerance(value, step):
    tolerance, other = Tolerance(rtol=0.01, atol=0.0), value * (1 + 0.01 * step)
    difference = text_difference(f"loss {value:.9f}", f"loss {other:.9f}", tolerance)
    if not math.isclose(abs(step), 1, abs_tol=0.05):  # the border itself is a matter of rounding
        assert (difference is None) == (abs(step) < 1)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_integers_are_exact(a, b):
    assert (text_difference(f"step {a} of", f"step {b} of", Tolerance(rtol=1.0)) is None) == (a == b)


def test_the_difference_says_what_changed():
    difference = text_difference("a 1.0\nb 2.50\n", "a 1.0\nb 2.75\n")
    assert difference == "2.50 is stored, now it is 2.75 (rtol 0.001, atol 1e-06), in the line: b 2.75"
    assert text_difference("the cat\n", "the dog\n") == "'the cat' is stored, now it is 'the dog'"


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def display(kind="display_data", alt="falling", **data):
    mimes = {"plain": "text/plain", "html": "text/html", "png": "image/png", "json": "application/json"}
    metadata = {"image/png": {"alt": alt}} if "png" in data else {}
    return {"output_type": kind, "metadata": metadata, "data": {mimes[key]: value for key, value in data.items()}}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([display(png="AAAA", plain="2 lines")], [display(png="BBBB", plain="2 lines")]),
        ([stream("a\nb\n")], [stream("a\n"), stream("b\n")]),
        ([stream("done\n")], [stream("10 %\r"), stream("done\n")]),
        ([stream("a\n"), stream("w", "stderr")], [stream("w", "stderr"), stream("a\n")]),
        ([display(html=["<td>", "0.5</td>"])], [display(html="<td>0.50001</td>")]),
        ([display(json={"b": 1, "a": 0.5})], [display(json={"a": 0.50001, "b": 1})]),
    ],
)
def test_equal_outputs(old, new):
    assert compare(old, new) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([display(png="AAAA", plain="2 lines")], [display(plain="2 lines")]),
        ([display(plain="2 lines")], [display(png="AAAA", plain="2 lines")]),
        ([display(png="AAAA", plain="2 lines")], [display(png="AAAA", plain="3 lines")]),
        ([display(png="AAAA", plain="x")], [display(png="AAAA", plain="x", alt="rising")]),
        ([display(plain="2")], [display("execute_result", plain="2")]),
        ([display(plain="2")], [stream("2")]),
        ([display(plain="a"), stream("b")], [stream("b"), display(plain="a")]),
        ([stream("a")], [stream("a"), stream("w", "stderr")]),
        ([stream("a")], []),
        ([], [stream("a")]),
        ([display(json={"a": 1})], [display(json={"a": 2})]),
    ],
)
def test_different_outputs(old, new):
    assert compare(old, new)


def test_without_texts_only_the_kinds_are_compared():
    assert compare([stream("she went")], [stream("and then")], texts=False) == []
    assert compare([stream("she went")], [stream("she went"), stream("w", "stderr")], texts=False)


def test_a_new_warning_is_quoted():
    assert "New stderr: UserWarning: too few" in compare([], [stream("UserWarning: too few\n", "stderr")])


def test_tidy_leaves_its_input_alone():
    outputs = [stream("a"), stream("b")]
    tidy(outputs)
    assert outputs == [stream("a"), stream("b")]
