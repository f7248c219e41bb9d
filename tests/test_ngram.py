"""The n-gram baseline, against a slow one that counts anew for each question."""

import numpy as np
import pytest
from data_helpers import says
from hypothesis import given
from hypothesis import strategies as st

from course_utils.datasets import DataError, LanguageModelData, NGram
from course_utils.metrics import perplexity

V = 4
texts = st.lists(st.integers(0, V - 1), min_size=1, max_size=30)
orders = st.integers(1, 5)


def probability(text, token, history):
    """P(token | history) by Witten and Bell's rule, from the longest history down to the uniform distribution."""
    places = [i for i in range(len(history), len(text)) if text[i - len(history) : i] == history]
    followers = [text[i] for i in places]
    shorter = probability(text, token, history[1:]) if history else 1 / V
    if not followers:
        return shorter
    kinds = len(set(followers))
    return (followers.count(token) + kinds * shorter) / (len(followers) + kinds)


@given(text=texts, order=orders, history=st.lists(st.integers(0, V - 1), max_size=6))
def test_probabilities_are_positive_and_sum_to_one(text, order, history):
    probs = NGram(order, V).fit(text).probs(history)
    assert probs.shape == (V,)
    assert np.all(probs > 0)
    assert probs.sum() == pytest.approx(1, abs=1e-12)


@given(text=texts, order=orders, history=st.lists(st.integers(0, V - 1), max_size=6))
def test_it_is_the_slow_model_made_fast(text, order, history):
    expected = [probability(text, token, history[max(0, len(history) - order + 1) :]) for token in range(V)]
    np.testing.assert_allclose(NGram(order, V).fit(text).probs(history), expected, rtol=1e-12)


@given(text=texts, order=orders, other=texts)
def test_the_loss_is_the_mean_over_all_tokens_each_after_those_before_it(text, order, other):
    model = NGram(order, V).fit(text)
    expected = -np.mean([np.log(model.probs(other[:t])[token]) for t, token in enumerate(other)])
    assert model.loss(other) == pytest.approx(expected, rel=1e-12)
    assert model.loss(np.array(other)) == model.loss(other)


@given(text=texts)
def test_the_first_order_is_a_formula(text):
    counts, kinds = np.bincount(text, minlength=V), len(set(text))
    expected = (counts + kinds / V) / (len(text) + kinds)
    np.testing.assert_allclose(NGram(1, V).fit(text).probs([]), expected, rtol=1e-12)


def test_before_it_has_seen_anything_it_guesses():
    np.testing.assert_array_equal(NGram(3, V).probs([1, 2]), np.full(V, 1 / V))


def test_it_learns_what_follows_what():
    text = [0, 1, 2, 3] * 20
    assert NGram(2, V).fit(text).probs([1]).argmax() == 2
    losses = [NGram(order, V).fit(text).loss(text) for order in (1, 2)]
    assert losses[1] < 0.2 < 1.3 < losses[0]


def test_an_order_below_one_is_refused():
    with pytest.raises(ValueError) as error:
        NGram(0, V)
    says(error, "order is 0", "1 or more")


@pytest.mark.parametrize("ids", [[0, V], [-1, 0]])
def test_ids_outside_the_vocabulary_are_refused(ids):
    for refused in (NGram(2, V).fit, NGram(2, V).loss):
        with pytest.raises(ValueError) as error:
            refused(ids)
        says(error, f"{min(ids)} to {max(ids)}", "0 to 3")


@pytest.mark.parametrize("ids", ["abc", [0.5], ["a"], b"ab", None, [[0, 1], [1, 0]]])
def test_only_ids_are_counted(ids):
    model = NGram(2, 200)
    for use in (model.fit, model.loss):
        with pytest.raises((TypeError, ValueError)) as error:
            use(ids)
        says(error, "ids")


def test_ids_may_come_one_by_one():
    assert NGram(2, 3).fit(iter([0, 1, 2])).counts == NGram(2, 3).fit([0, 1, 2]).counts


@pytest.mark.parametrize(("order", "vocab_size"), [(2.5, 3), ("2", 3), (2, 0), (2, 2.5), (2, "28"), (True, 3)])
def test_sizes_are_whole_numbers(order, vocab_size):
    with pytest.raises((TypeError, ValueError)) as error:
        NGram(order, vocab_size)
    says(error, "1 or more")


def test_a_loss_needs_a_token():
    with pytest.raises(ValueError) as error:
        NGram(2, V).fit([0, 1]).loss([])
    says(error, "no token", "at least one")


def test_on_alice_it_is_the_baseline_that_the_chapters_quote():
    try:
        data = LanguageModelData("alice")
    except DataError as error:
        pytest.skip(str(error))
    model = NGram(5, len(data.vocab)).fit(data.train_ids)
    assert perplexity(model.loss(data.heldout_ids)) == pytest.approx(3.83, abs=0.005)
