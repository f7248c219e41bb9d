"""From logits to a token, and from a model to text, in both frameworks."""

import numpy as np
import oracle
import pytest
from data_helpers import says
from frameworks import KINDS
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from oracle_cells import Network

from course_utils.datasets import Vocab
from course_utils.decoding import choose

VOCAB = Vocab(list("the cat sat on the mat"))
V, h = len(VOCAB), 5
LOGITS = np.array([0.5, 2.0, -1.0, 1.5, 2.0, -3.0])

# Logits as float32 models give them, no two alike, so that the most likely ones are known.
distinct = arrays.arrays(np.float32, st.integers(2, 9), elements=st.floats(-20, 20, width=32), unique=True)


def shares(logits, temperature, top_k, draws=6000):
    rng = np.random.default_rng(0)
    drawn = [choose(logits, temperature, top_k, rng) for _ in range(draws)]
    return np.bincount(drawn, minlength=len(logits)) / draws


@pytest.mark.parametrize(("temperature", "top_k"), [(1.0, None), (0.5, None), (2.0, None), (1.0, 3), (0.7, 4)])
def test_a_draw_follows_the_distribution(temperature, top_k):
    probs = np.exp(LOGITS / temperature)
    if top_k is not None:
        probs[np.argsort(-LOGITS)[top_k:]] = 0
    probs /= probs.sum()
    found = shares(LOGITS, temperature, top_k)
    assert not found[probs == 0].any()
    assert np.all(np.abs(found - probs) <= 4 * np.sqrt(probs * (1 - probs) / 6000))


@given(logits=distinct, seed=st.integers(0, 99))
def test_no_temperature_or_one_candidate_is_the_most_likely_token(logits, seed):
    best = int(logits.argmax())
    rng = np.random.default_rng(seed)
    assert choose(logits, 0, None, rng) == choose(logits, 0, len(logits), rng) == choose(logits, 1.0, 1, rng) == best


@given(logits=distinct, seed=st.integers(0, 99), data=st.data())
def test_only_the_k_most_likely_are_drawn_from(logits, seed, data):
    k = data.draw(st.integers(1, len(logits)))
    drawn = {choose(logits, 50.0, k, np.random.default_rng(seed + i)) for i in range(20)}
    assert drawn <= set(np.argsort(logits)[-k:].tolist())


@given(logits=distinct, shift=st.floats(-1000, 1000), seed=st.integers(0, 99))
def test_a_shift_of_all_logits_changes_nothing(logits, shift, seed):
    logits = logits.round(3).astype(float)
    assert choose(logits, 1.0, None, np.random.default_rng(seed)) == choose(
        logits + shift, 1.0, None, np.random.default_rng(seed)
    )


def test_the_hotter_the_more_even():
    assert shares(LOGITS, 100.0, None, 2000).max() < 0.25
    assert shares(LOGITS, 0.05, None, 200)[[1, 4]].sum() == 1


def test_equally_likely_tokens_are_cut_to_k_too():
    assert set(np.flatnonzero(shares(np.zeros(5), 1.0, 2, 100))) == {0, 1}


@pytest.mark.parametrize(("temperature", "top_k"), [(-1, None), (1.0, 0), (1.0, 7), (float("nan"), None)])
def test_settings_out_of_range_are_refused(temperature, top_k):
    with pytest.raises(ValueError) as error:
        choose(LOGITS, temperature, top_k, np.random.default_rng(0))
    says(error, f"temperature={temperature}", f"top_k={top_k}", "1 to 6")


@pytest.mark.parametrize("temperature", [0, 1.0])
def test_a_model_that_has_diverged_is_named(temperature):
    with pytest.raises(ValueError) as error:
        choose(np.array([0.0, np.nan, 1.0]), temperature, None, np.random.default_rng(0))
    says(error, "logits", "NaN", "diverged")


def made(framework, kind="scratch"):
    model, params = framework.lm(kind, V, h), oracle.random_lm(np.random.default_rng(4), Network("RNN", (h,)), V)
    framework.course.weights.load(model, params)
    return model, params


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("prefix", ["t", "on the"])
def test_greedy_text_is_the_argmax_of_reading_it_all_anew(framework, kind, prefix):
    model, params = made(framework, kind)
    after_each, _ = oracle.lm_logits(params, np.array([VOCAB[list(prefix)]]), np.zeros((1, h)))
    best = after_each[0].argmax(axis=-1)
    assert len(prefix) == 1 or best[0] != best[-1] != best[-2], "else it would not show which step was taken"
    text = prefix
    for _ in range(12):
        logits, _ = oracle.lm_logits(params, np.array([VOCAB[list(text)]]), np.zeros((1, h)))
        text += VOCAB.tokens[logits[0, -1].argmax()]
    assert framework.course.generate(model, prefix, 12, VOCAB) == text
    assert len(set(text[len(prefix) :])) > 1, "a text that repeats one character shows little"


def test_both_frameworks_write_the_same(pytorch, tensorflow):
    texts = [
        framework.course.generate(made(framework)[0], "the ", 40, VOCAB, temperature=0.8, top_k=5, seed=4)
        for framework in (pytorch, tensorflow)
    ]
    assert texts[0] == texts[1]


def test_the_seed_decides_and_only_where_there_is_a_draw(framework):
    model, _ = made(framework)

    def text(seed, temperature):
        return framework.course.generate(model, "a", 20, VOCAB, temperature=temperature, seed=seed)

    assert text(0, 1.0) == text(0, 1.0) != text(1, 1.0)
    assert text(0, 0.0) == text(1, 0.0)
    assert framework.course.generate(model, "a", 20, VOCAB, temperature=9.0, top_k=1) == text(0, 0.0)


def test_the_prefix_is_kept_as_it_is_even_with_characters_never_seen(framework):
    model, _ = made(framework)
    assert framework.course.generate(model, "Zoë!", 0, VOCAB) == "Zoë!"
    assert framework.course.generate(model, "Zoë!", 3, VOCAB).startswith("Zoë!")


def test_an_empty_prefix_is_refused(framework):
    with pytest.raises(ValueError) as error:
        framework.course.generate(made(framework)[0], "", 3, VOCAB)
    says(error, "prefix is empty", "at least one character")


def test_writing_changes_no_weight_and_uses_no_dropout(framework):
    model = framework.lm("scratch", V, h, dropout=0.9)
    texts = [framework.course.generate(model, "a", 15, VOCAB) for _ in range(3)]
    assert len(set(texts)) == 1
    before = framework.weights_of(model)
    framework.course.generate(model, "a", 15, VOCAB, temperature=1.0)
    for name, value in framework.weights_of(model).items():
        np.testing.assert_array_equal(value, before[name])


@pytest.mark.parametrize("top_k", [None, 99])
@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_in_its_mode(pytorch, training, top_k):
    model, _ = made(pytorch)
    model.train(training)
    try:
        pytorch.course.generate(model, "a", 2, VOCAB, temperature=1.0, top_k=top_k)
    except ValueError:
        assert top_k == 99
    assert model.training is training
