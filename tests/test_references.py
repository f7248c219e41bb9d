"""The scripts in references/: what they share, and the sequences of the adding problem."""

import importlib
from pathlib import Path

import numpy as np
import pytest

REFERENCES = Path(__file__).resolve().parent.parent / "references"


@pytest.fixture(autouse=True)
def beside(monkeypatch):
    """The scripts find each other as when one of them is run."""
    monkeypatch.syspath_prepend(str(REFERENCES))


@pytest.fixture
def adding():
    return importlib.import_module("adding")


def name_of(course):
    return course.__name__.rpartition(".")[2]


@pytest.mark.parametrize("unroll", [True, False])
def test_the_frameworks_own_lstm_is_trained_and_costs_what_it_has(framework, unroll):
    models, course = importlib.import_module("_models"), framework.course
    model = course.RNNLM(models.lstm(name_of(course), 4, 6, unroll=unroll), 7, embed_size=4)
    batches = [(np.ones((3, 5), int), np.ones((3, 5), int))]
    before = course.evaluate(model, batches)
    costs = models.fit(course, course.Trainer(max_epochs=3, lr=0.05), model, batches)
    assert course.evaluate(model, batches) < before
    assert costs["parameters"] == 7 * 4 + 4 * (4 + 6 + 1) * 6 + (6 + 1) * 7
    assert costs["training_seconds"] > 0


def test_sums_are_of_two_marked_numbers(adding):
    batches = [*adding.Sums(num_batches=3, batch_size=50, seed=5)]
    assert len(batches) == 3
    places = []
    for X, Y in batches:
        assert (X.shape, Y.shape) == ((50, 600, 2), (50,))
        numbers, marks = X[..., 0], X[..., 1]
        assert (marks.sum(axis=1) == 2).all()
        assert set(np.unique(marks)) == {0, 1}
        assert 0 <= numbers.min() < 0.01 < 0.99 < numbers.max() < 1
        np.testing.assert_allclose(Y, [numbers[row][marks[row] == 1].sum() for row in range(50)])
        places += np.nonzero(marks)[1].tolist()
    assert 250 < np.mean(places) < 350  # anywhere
    again = [*adding.Sums(num_batches=3, batch_size=50, seed=5)]
    assert all(np.array_equal(one, other) for one, other in zip(batches[2], again[2], strict=True))
    assert not np.array_equal(batches[0][0], batches[1][0])


def test_sums_grow_through_the_first_half(adding):
    lengths = [X.shape[1] for X, _ in adding.Sums(num_batches=8, batch_size=2, seed=0, begin=6)]
    assert lengths == [6, 19, 60, 190, 600, 600, 600, 600]


def test_an_adder_begins_with_its_gates_as_its_recipe_says(framework, adding, monkeypatch):
    seen = {}

    def fit(course, trainer, model, sums):
        seen.update(course.weights.dump(model), begin=sums.begin)
        return {}

    monkeypatch.setattr(adding, "fit", fit)
    for recipe, b_f, b_i in [("chosen", np.log(600), -np.log(600)), ("forget bias 1", 1, 0)]:
        adding.run(name_of(framework.course), "ours", "validation", recipe, 0)
        np.testing.assert_allclose(seen["b_f"], np.full(32, b_f), rtol=1e-6)
        np.testing.assert_allclose(seen["b_i"], np.full(32, b_i), rtol=1e-6)
        assert seen["begin"] == 20
