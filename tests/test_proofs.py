"""Implementations side by side: what is equal is shown as equal, and what is not is refused, in both frameworks."""

import operator

import numpy as np
import oracle
import pytest
from oracle_cells import Network

from course_utils.proofs import Comparison, Measured

n, T, V, h = 2, 3, 7, 5
RNG = np.random.default_rng(0)
X, Y = RNG.integers(V, size=(2, n, T))
PARAMS = oracle.random_lm(RNG, Network("RNN", (h,)), V)


def by_hand(framework, scale=1.0):
    """The recurrent language model as chapter 02 writes it; with another scale it is another function."""
    tanh = {"PyTorch": "torch", "TensorFlow": "tf"}[type(framework).__name__]
    ops = getattr(framework, tanh)
    rows = ops.gather if tanh == "tf" else operator.getitem  # TensorFlow's gradient of it holds the rows that were read

    def outputs(X, p):
        H, logits = 0 * p["b_h"][None], []  # (1, h)
        for t in range(T):
            letters = rows(p["W_xh"], X[:, t])  # (n, h)
            H = scale * ops.tanh(letters + ops.matmul(H, p["W_hh"]) + p["b_h"])  # (n, h)
            logits.append(ops.matmul(H, p["W_hq"]) + p["b_q"])  # (n, V)
        return ops.stack(logits, 1)  # (n, T, V)

    return outputs


def models(framework):
    return {kind: framework.lm(kind, V, h) for kind in ("scratch", "layer")}


def test_models_and_functions_are_compared_in_one_table(framework):
    comparison = framework.course.compare({"by hand": by_hand(framework), **models(framework)}, X, Y, PARAMS)
    table = comparison.table
    assert list(table.index) == ["by hand", "scratch", "layer"]
    assert list(table.columns) == ["outputs", "gradients", "parameters", "time"]
    size = sum(value.size for value in PARAMS.values())
    assert list(table["parameters"])[:2] == [str(size)] * 2
    assert list(table.loc["by hand"])[:2] == ["–", "–"]
    assert all(float(each) < 1e-6 for each in [*table["outputs"][1:], *table["gradients"][1:]])
    assert all(each.endswith(" ms") for each in table["time"])
    assert repr(table) == repr(comparison) and "<table" in comparison._repr_html_()


def test_what_is_measured_is_what_the_oracle_says(framework):
    found = framework.course.compare(models(framework), X, Y, PARAMS).measured["layer"]
    expected = framework.course.weights.gradients
    model = framework.lm("scratch", V, h)
    framework.course.weights.load(model, PARAMS)
    ids = framework.tensor(X)
    grads = expected(model, lambda: framework.cross_entropy(model(ids)[0], framework.tensor(Y)))
    assert found.outputs.shape == (n, T, V)
    assert found.gradients.keys() == grads.keys()
    for name, grad in grads.items():
        np.testing.assert_allclose(found.gradients[name], grad, atol=1e-6)


def test_another_function_is_refused(framework):
    with pytest.raises(AssertionError, match=r"outputs of twice and of layer: differs by .* at \("):
        framework.course.compare({"layer": framework.lm("layer", V, h), "twice": by_hand(framework, 2.0)}, X, Y, PARAMS)


def test_a_loss_of_ones_own(framework):
    implementations = {"by hand": by_hand(framework), **models(framework)}
    squares = framework.course.compare(
        implementations, X, np.zeros((n, T, V)), PARAMS, loss=lambda outputs, Y: framework.total(outputs**2)
    )
    assert max(np.abs(grad).max() for grad in squares.measured["layer"].gradients.values()) > 1


def test_two_of_one_name_both_stand_in_the_table_of_both_frameworks():
    by_hand, layer = {"by hand": measured(1.0)}, {"nn.RNN": measured(1.0)}
    both = Comparison({**by_hand, **layer}, framework="PyTorch") | Comparison(by_hand, framework="TensorFlow")
    assert [*both.measured] == ["by hand, PyTorch", "nn.RNN", "by hand, TensorFlow"]


def measured(value):
    return Measured(np.full((2, 3), value), {"b": np.ones(3)}, 1234, 5.62)


def test_two_tables_become_one():
    both = Comparison({"ct": measured(1.0)}) | Comparison({"ctf": measured(1.0 + 3e-7)}, 1e-6)
    assert both.tolerance == 1e-5
    assert list(both.table.loc["ctf"]) == ["3.0e-07", "0.0e+00", "1,234", "5.6 ms"]
    with pytest.raises(AssertionError, match="outputs of ctf and of ct"):
        Comparison({"ct": measured(1.0)}) | Comparison({"ctf": measured(1.1)})
    with pytest.raises(ValueError, match="There is no implementation"):
        Comparison({})
    other = Measured(np.ones((2, 3)), {"b": np.zeros(3)}, 3, 1.0)
    with pytest.raises(AssertionError, match="gradients of other and of ct, b: differs by 1 at"):
        Comparison({"ct": measured(1.0), "other": other})
