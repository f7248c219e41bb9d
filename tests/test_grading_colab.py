"""What Colab saves is graded: the first cell that brings the course there is no work of the student's."""

import json

import pytest
from grading_programs import PROGRAMS
from grading_toy import as_bytes, honest, write_assignment
from IPython.core.inputtransformer2 import TransformerManager
from nbformat.v4 import new_code_cell

from course_utils.assignments import load_assignment
from course_utils.assignments.cells import ON_COLAB, read
from course_utils.assignments.matching import plan


def with_first_cell(whole):
    cell = new_code_cell(ON_COLAB.format(repository="https://github.com/a/b", assignment="toy").rstrip(), id="colab")
    return {**whole, "cells": [json.loads(json.dumps(cell)), *whole["cells"]]}


@pytest.mark.parametrize("marks", [True, False])
@pytest.mark.parametrize("framework", ["torch", "tensorflow"])
def test_what_colab_saves_is_graded_as_without_the_first_cell(tmp_path, framework, marks):
    assignment = load_assignment(write_assignment(tmp_path))
    whole = honest(framework)
    with_it, without = (
        plan(read(PROGRAMS["colab"](each, marks)), assignment) for each in (with_first_cell(whole), whole)
    )
    assert [(step.kind, step.source) for step in with_it.steps] == [(step.kind, step.source) for step in without.steps]
    assert (with_it.places, with_it.notes, with_it.likeness) == (without.places, without.notes, without.likeness)
    assert with_it.plain is None or not marks


def test_what_a_student_writes_into_the_first_cell_counts(tmp_path):
    assignment = load_assignment(write_assignment(tmp_path))
    whole = with_first_cell(honest())
    whole["cells"][0]["source"] += "\n\ndef helper(X):\n    return X"
    [own] = [step for step in plan(read(as_bytes(whole)), assignment).steps if step.kind == "own"]
    assert "def helper" in own.source
    compile(TransformerManager().transform_cell(own.source), "cell", "exec")
