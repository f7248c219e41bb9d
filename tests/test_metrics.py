"""Perplexity, bits per character, and the record of a training run."""

import math

import numpy as np
import pytest
from data_helpers import says
from hypothesis import given
from hypothesis import strategies as st

from course_utils.history import History
from course_utils.metrics import bits_per_character, perplexity


@given(st.integers(1, 10**6))
def test_a_uniform_guess_is_as_perplexed_as_there_are_choices(V):
    assert perplexity(math.log(V)) == pytest.approx(V)
    assert bits_per_character(math.log(V)) == pytest.approx(math.log2(V))


def test_a_loss_may_be_a_tensor(framework):
    loss = framework.tensor(np.array(1.5))
    assert perplexity(loss) == perplexity(np.float64(1.5)) == perplexity([1.5]) == math.exp(1.5)
    assert bits_per_character(loss) == 1.5 / math.log(2)
    assert type(bits_per_character(loss)) is float
    for measure in (perplexity, bits_per_character):
        with pytest.raises(ValueError) as error:
            measure(framework.tensor(np.ones(3)))
        says(error, "loss has the shape (3,)", "a single number")


def test_a_model_that_has_diverged_does_not_stop_the_report():
    assert perplexity(1e6) == perplexity(math.inf) == math.inf
    assert math.isnan(perplexity(math.nan))
    assert math.isnan(bits_per_character(math.nan))


@pytest.mark.parametrize("measure", [perplexity, bits_per_character])
def test_a_loss_below_0_is_no_mean_negative_log_likelihood(measure):
    assert measure(-0.0) == measure(0)
    for loss in (-1.5, -math.inf):
        with pytest.raises(ValueError) as error:
            measure(loss)
        says(error, f"loss is {loss}", "0 or more", "log-likelihood")


@pytest.mark.parametrize("measure", [perplexity, bits_per_character])
@pytest.mark.parametrize("loss", [None, "1.5", [1.5, 1.4], np.array([1.5, 1.4]), 1j])
def test_what_is_no_single_loss_is_refused(measure, loss):
    with pytest.raises(ValueError) as error:
        measure(loss)
    says(error, "loss", "expected")


def test_an_epoch_is_its_mean_loss():
    history = History()
    history.add_epoch([3.0, 2.0, 1.0], [0.5, 0.6, 0.7])
    history.add_epoch([1.0], [0.1])
    assert history == History(train_loss=[2.0, 1.0], grad_norm=[0.5, 0.6, 0.7, 0.1], updates=4)
    with pytest.raises(ValueError) as error:
        history.add_epoch([], [])
    says(error, "no batch")


def test_two_histories_share_nothing():
    History().train_loss.append(1.0)
    assert History().train_loss == []


def test_the_best_epoch_and_the_last_ones_metrics():
    history = History(heldout_loss=[2.0, math.log(4), 1.5], tokens=70)
    assert history.best_epoch == 2
    assert history.metrics == {
        "perplexity": pytest.approx(math.exp(1.5)),
        "bits_per_character": pytest.approx(1.5 / math.log(2)),
        "tokens": 70,
    }


@pytest.mark.parametrize("what", ["best_epoch", "metrics"])
def test_without_held_out_text_there_is_no_such_thing(what):
    with pytest.raises(ValueError) as error:
        getattr(History(train_loss=[2.0]), what)
    says(error, "held-out")
