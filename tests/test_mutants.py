"""Every mistake of `mutants` is caught by the comparison with the oracle, which what is right passes."""

import inspect
from types import SimpleNamespace

import numpy as np
import oracle_cells as oracle
import pytest
from equality import compare
from frameworks import close
from implementations import Scratch
from mutants import LEFT_OUT, MUTANTS
from mutated import reloaded
from networks import CELLS, network_of
from oracle_cells import Network

from course_utils.assignments.mutation import replaced_once

n, T, d = 3, 4, 2
EVERY = [(framework, name) for framework, mutants in MUTANTS.items() for name in mutants]
CASES = {str(pair): pair for pair in ((framework, MUTANTS[framework][name].case) for framework, name in EVERY)}


def course_with(framework, mutant=None):
    """The framework's layers and weights, loaded anew from their sources, one of them with a mistake."""
    mistake = () if mutant is None else (mutant.module, *replacement(framework, mutant))
    loaded = reloaded(framework.course.__name__, ("scan", "cells", "models", "weights"), *mistake)
    return SimpleNamespace(**vars(loaded["cells"]), weights=loaded["weights"])


def replacement(framework, mutant):
    """What is replaced, and by what; where the mutant is within a class, all of the class."""
    if not mutant.within:
        return mutant.old, mutant.new
    source = inspect.getsource(getattr(framework.course, mutant.within))
    return source, replaced_once(source, mutant.old, mutant.new, f"class {mutant.within}")


def check(framework, course, case):
    """AssertionError unless the case is what the oracle computes."""
    if case == "dropout":
        check_dropout(framework, course)
        return
    name, network, lengths = case
    implementation = framework.implementations[name]
    if name == "scratch":
        implementation = Scratch(course)
    for dumped in (False, True):
        compare(framework, implementation, network, n, T, d, course.weights, dumped, lengths=lengths)


def check_dropout(framework, course):
    """With nearly all dropped between two layers, in training the second one reads zeros, and nothing else differs."""
    network, rng = Network("RNN", (5, 6)), np.random.default_rng(0)
    deep = course.Deep([course.RNN(d, 5), course.RNN(5, 6)], dropout=0.9999999)
    params, X = oracle.random_params(rng, network, d), rng.normal(size=(n, T, d))
    course.weights.load(deep, params)
    upper = {name.removeprefix("1."): value for name, value in params.items() if name.startswith("1.")}
    calm, (below, last) = oracle.forward(params, X, (np.zeros((n, 5)), np.zeros((n, 6))))
    blind, blind_last = oracle.forward(upper, np.zeros((n, T, 5)), np.zeros((n, 6)))
    inputs = framework.tensor(X.astype(np.float32))
    expected = {framework.training: [blind, below, blind_last], framework.evaluating: [calm, below, last]}
    for mode, values in expected.items():
        for found, value in zip(framework.flat(mode(deep)(inputs)), values, strict=True):
            close(framework.array(found), value, 5e-6)


@pytest.mark.parametrize(("framework", "case"), CASES.values(), indirect=["framework"], ids=CASES)
def test_what_is_right_passes(framework, case):
    check(framework, course_with(framework), case)


@pytest.mark.parametrize(("framework", "name"), EVERY, indirect=["framework"])
def test_a_mistake_is_caught(framework, name):
    mutant = MUTANTS["torch" if hasattr(framework, "torch") else "tensorflow"][name]
    course = course_with(framework, mutant)
    with pytest.raises(AssertionError):
        check(framework, course, mutant.case)


def test_every_weight_of_every_cell_is_left_out_once():
    weights = {
        (network_of(cell, 5).cell, weight)
        for cell in CELLS
        for weight in oracle.random_params(np.random.default_rng(0), network_of(cell, 5), d)
    }
    assert weights == {(network_of(cell, 5).cell, weight) for cell, weight in LEFT_OUT}


def test_a_mutant_whose_text_is_gone_says_so(framework):
    mutant = next(iter(MUTANTS["torch"].values()))._replace(old="no such line")
    with pytest.raises(ValueError, match="'no such line' is 0 times in cells"):
        course_with(framework, mutant)
