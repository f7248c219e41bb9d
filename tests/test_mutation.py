"""A function with a mistake: only what is replaced differs, and what cannot be replaced is said."""

import traceback

import pytest

from course_utils.assignments.mutation import mutant, replaced_once


def half(x):
    return x / 2


def around(x, by=3):
    return half(x) + by


def test_only_the_piece_is_another():
    assert (around(4), mutant(around, {"+": "-"})(4), mutant(around, {"by=3": "by=5"})(4)) == (5, -1, 7)
    assert around(4) == 5


def test_a_helper_can_have_the_mistake():
    assert mutant(around, half=mutant(half, {"2": "4"}))(4) == 4
    assert mutant(around, {"by=3": "by=0"}, half=abs)(-4) == 4


def test_a_mutant_can_be_changed_again_and_shows_its_source():
    twice = mutant(mutant(half, {"/ 2": "/ 4"}), {"/ 4": "/ 0"})
    with pytest.raises(ZeroDivisionError) as error:
        twice(1)
    assert traceback.extract_tb(error.tb)[-1].line == "return x / 0"


@pytest.mark.parametrize(("old", "times"), [("x", 2), ("y", 0)])
def test_a_piece_is_there_once(old, times):
    with pytest.raises(ValueError, match=rf"'{old}' is {times} times in half, expected once: "):
        mutant(half, {old: "z"})
    with pytest.raises(ValueError, match=r"in the text, expected once"):
        replaced_once("xx", old, "z", "the text")
