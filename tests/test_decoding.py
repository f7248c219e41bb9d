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

from course_utils.datasets import LanguageModelData, MusicData, Tune, Vocab, music, split_tune
from course_utils.datasets.text import EOS
from course_utils.decoding import choose, distribution

VOCAB = Vocab(list("the cat sat on the mat"))
V, h = len(VOCAB), 5
LOGITS = np.array([0.5, 2.0, -1.0, 1.5, 2.0, -3.0])

# Logits as float32 models give them, no two alike, so that the most likely ones are known.
distinct = arrays.arrays(np.float32, st.integers(2, 9), elements=st.floats(-20, 20, width=32), unique=True)


def shares(logits, temperature, top_k, draws=6000, top_p=None):
    rng = np.random.default_rng(0)
    drawn = [choose(logits, temperature, top_k, rng, top_p) for _ in range(draws)]
    return np.bincount(drawn, minlength=len(logits)) / draws


@pytest.mark.parametrize(("temperature", "top_k"), [(1.0, None), (0.5, None), (2.0, None), (1.0, 3), (0.7, 4)])
def test_a_draw_follows_the_distribution(temperature, top_k):
    probs = np.exp(LOGITS / temperature)
    if top_k is not None:
        probs[np.argsort(-LOGITS)[top_k:]] = 0
    probs /= probs.sum()
    np.testing.assert_allclose(distribution(LOGITS, temperature, top_k), probs)
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


@given(logits=distinct, p=st.floats(0.01, 0.99), temperature=st.sampled_from([0.5, 1.0, 3.0]), data=st.data())
def test_the_fewest_tokens_that_have_the_mass_p_are_left_as_they_were_to_each_other(logits, p, temperature, data):
    k = data.draw(st.none() | st.integers(1, len(logits)))
    whole = distribution(logits, temperature, k)
    left = distribution(logits, temperature, k, p)
    kept = left > 0
    mass = whole[kept].sum()
    assert mass >= p - 1e-12
    assert mass - whole[kept].min() < p + 1e-12, "without the least likely of them it would be too little"
    assert whole[kept].min() >= whole[~kept].max(initial=0), "the most likely ones"
    np.testing.assert_allclose(left[kept], whole[kept] / mass)
    assert {choose(logits, temperature, k, np.random.default_rng(i), p) for i in range(9)} <= set(np.flatnonzero(kept))


@given(logits=distinct, temperature=st.sampled_from([0, 0.5, 1.0, 3.0]))
def test_the_mass_of_all_changes_nothing_and_next_to_none_leaves_the_most_likely(logits, temperature):
    np.testing.assert_array_equal(distribution(logits, temperature, None, 1), distribution(logits, temperature))
    alone = np.eye(len(logits))[logits.argmax()]
    np.testing.assert_array_equal(distribution(logits, temperature, None, 1e-9), alone)


def test_where_top_p_cuts_by_hand():
    logits = np.log([0.5, 0.3, 0.1, 0.1])
    for p, expected in {0.49: [1, 0, 0, 0], 0.51: [5 / 8, 3 / 8, 0, 0], 0.81: [5 / 9, 3 / 9, 1 / 9, 0]}.items():
        np.testing.assert_allclose(distribution(logits, top_p=p), expected)
    np.testing.assert_allclose(distribution(logits, top_k=3, top_p=0.85), [5 / 8, 3 / 8, 0, 0], err_msg="k comes first")
    found = shares(logits, 1.0, None, 4000, top_p=0.6)
    assert not found[2:].any()
    assert abs(found[0] - 5 / 8) < 0.04


def test_the_logits_are_left_as_they_are():
    for settings in ((0, None, None), (2.0, 2, 0.5)):
        given_ones = LOGITS.copy()
        distribution(given_ones, *settings)
        np.testing.assert_array_equal(given_ones, LOGITS)


@pytest.mark.parametrize("top_p", [0, -0.1, 1.01, float("nan")])
def test_a_share_out_of_range_is_refused(framework, top_p):
    with pytest.raises(ValueError) as error:
        framework.course.generate(made(framework)[0], "a", 1, VOCAB, temperature=1.0, top_p=top_p)
    says(error, f"top_p={top_p}", "above 0", "up to 1")


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


@pytest.mark.parametrize(
    ("temperature", "top_k", "top_p"),
    [(np.inf, None, None), ("1", None, None), (None, None, None), (1, 2.0, None), (1, True, None), (1, -3, None)],
)
def test_settings_of_another_kind_are_refused(temperature, top_k, top_p):
    with pytest.raises(ValueError) as error:
        distribution(LOGITS, temperature, top_k, top_p)
    says(error, f"temperature={temperature!r}", f"top_k={top_k!r}", "1 to 6")


def test_a_share_that_is_no_number_is_refused():
    with pytest.raises(ValueError) as error:
        distribution(LOGITS, top_p="0.9")
    says(error, "top_p='0.9'", "above 0")


def test_numpys_numbers_are_numbers():
    expected = distribution(LOGITS, 0.5, 3, 0.75)
    np.testing.assert_array_equal(distribution(LOGITS, np.float64(0.5), np.int64(3), np.float32(0.75)), expected)


@pytest.mark.parametrize("temperature", [0, 1.0])
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_model_that_has_diverged_is_named(temperature, wrong):
    for logits in ([0.0, wrong, 1.0], [-np.inf] * 3):
        with pytest.raises(ValueError) as error:
            choose(np.array(logits), temperature, None, np.random.default_rng(0))
        says(error, "logits", "NaN or infinity", "diverged")


def test_a_token_that_is_impossible_is_never_drawn():
    logits = [-np.inf, 0.0, -np.inf, 0.0]
    for temperature in (1e-300, 1.0, 1e300):
        np.testing.assert_array_equal(distribution(logits, temperature, top_k=3), [0, 0.5, 0, 0.5])


@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
def test_the_logits_of_one_token_are_asked_for(shape):
    with pytest.raises(ValueError) as error:
        distribution(np.zeros(shape))
    says(error, str(shape), "(V,)")


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
        framework.course.generate(made(framework)[0], "the ", 40, VOCAB, temperature=0.8, top_k=5, top_p=0.9, seed=4)
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
    assert framework.course.generate(model, "a", 20, VOCAB, temperature=9.0, top_p=1e-9) == text(0, 0.0)


@pytest.mark.parametrize("way", [{"top_k": 5}, {"top_p": 0.9}, {"top_k": 1, "top_p": 1.0}])
def test_that_nothing_is_drawn_at_temperature_0_is_said(framework, tunes, way):
    calls = [
        lambda **way: framework.course.generate(made(framework)[0], "a", 5, VOCAB, **way),  # the default
        lambda **way: framework.course.compose(
            composer(framework, tunes)[0], tunes, "air", "4/4", temperature=0, **way
        ),
    ]
    for call in calls:
        with pytest.raises(ValueError) as error:
            call(**way)
        says(error, *(f"{name}={value}" for name, value in way.items()), "temperature=0", "such as 1.0")


@pytest.mark.parametrize("wrong", [{"top_k": V + 1}, {"temperature": -1}, {"seed": -1}, {"seed": None}, {"seed": 0.5}])
def test_settings_are_looked_at_even_where_nothing_is_to_be_written(framework, wrong):
    with pytest.raises((TypeError, ValueError)) as error:
        framework.course.generate(made(framework)[0], "a", 0, VOCAB, **{"temperature": 1.0, **wrong})
    says(error, *wrong, "expected")


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("cell", ["RNN", "GRU", "LSTM"])
def test_text_and_tunes_are_drawn_from_models_of_reduced_precision(framework, tunes, precision, cell):
    with framework.reduced(precision):
        model = framework.course.RNNLM(framework.rnn("scratch", V, h, cell), V)
        texts = [framework.course.generate(model, "the ", 9, VOCAB, 1.0, top_p=0.9, seed=seed) for seed in (0, 0, 1, 2)]
        model = framework.course.RNNLM(framework.rnn("scratch", len(tunes.vocab), h, cell), len(tunes.vocab))
        [tune] = framework.course.compose(model, tunes, "air", "4/4", top_k=3)
    assert texts[0] == texts[1]
    assert len({*texts}) > 1
    assert tune.dance == "air"


@pytest.mark.parametrize("precision", ["bfloat16", "float16", "float64"])
def test_text_is_drawn_from_a_model_that_was_turned_to_another_precision(pytorch, precision):
    model, _ = made(pytorch)
    expected = pytorch.course.generate(model, "the ", 9, VOCAB)
    model.to(getattr(pytorch.torch, precision))
    assert pytorch.course.generate(model, "the ", 9, VOCAB) == expected, "these random weights leave no close second"
    assert len(pytorch.course.generate(model, "the ", 9, VOCAB, 1.0)) == 13


def test_the_prefix_is_kept_as_it_is_even_with_characters_never_seen_which_are_named(framework):
    model, _ = made(framework)
    for number in (0, 3):
        with pytest.warns(UserWarning, match=r"not know 'Z', 'ë', '!' of the prefix: a model reads <unk>"):
            text = framework.course.generate(model, "Zoë!", number, VOCAB)
        assert text.startswith("Zoë!")
        assert len(text) == 4 + number


def data_of(tmp_path, text, **settings):
    path = tmp_path / "own.txt"
    path.write_text(text, encoding="utf-8")
    return LanguageModelData(path, 1, 1, "windows", **settings)


def lm_of(framework, vocab):
    model = framework.lm("scratch", len(vocab), h)
    framework.course.weights.load(model, oracle.random_lm(np.random.default_rng(4), Network("RNN", (h,)), len(vocab)))
    return model


@pytest.mark.parametrize(
    ("form", "typed", "read"),
    [
        ("letters", "The CAT, the ", "the cat the "),
        ("lower", "L'ÉTÉ, ", "l'été, "),
        ("lower", "e\u0301te\u0301", "été"),
        ("none", "L'Été", "L'Été"),
        (str.upper, "the cat", "THE CAT"),
    ],
)
def test_the_prefix_is_read_as_the_data_were(framework, tmp_path, form, typed, read):
    more = "" if form == "letters" else "L'Été, l'été. "  # whose accents it would drop
    data = data_of(tmp_path, f"The cat, the mat. {more}" * 3, normalize=form)
    model = lm_of(framework, data.vocab)
    found = framework.course.generate(model, typed, 9, data.vocab)
    plain = Vocab([])
    plain.__dict__.update(data.vocab.__dict__, normalize="none")
    expected = framework.course.generate(model, read, 9, plain)
    assert found == typed + expected[len(read) :]


def test_words_are_read_and_written_as_words(framework, tmp_path):
    data = data_of(tmp_path, "The cat sat on the mat and the dog ran. " * 3, level="word")
    model = lm_of(framework, data.vocab)
    ids, chosen = data.vocab[["the", "cat"]], []
    params = oracle.random_lm(np.random.default_rng(4), Network("RNN", (h,)), len(data.vocab))
    for _ in range(5):
        logits, _ = oracle.lm_logits(params, np.array([ids + chosen]), np.zeros((1, h)))
        chosen.append(int(logits[0, -1].argmax()))
    words = " ".join(data.vocab.to_tokens(chosen))
    for prefix in ("The cat", "The cat ", "the  CAT\n"):
        text = framework.course.generate(model, prefix, 5, data.vocab)
        assert text == prefix + words if prefix[-1].isspace() else text == f"{prefix} {words}"
    assert framework.course.generate(model, "The cat", 0, data.vocab) == "The cat"
    by_hand = Vocab(["the", "cat", "sat"])
    with pytest.warns(UserWarning, match="'dog' of the prefix"):
        framework.course.generate(lm_of(framework, by_hand), "the dog", 1, by_hand)


@pytest.mark.parametrize("prefix", ["Привет", "42", "\n"])
def test_a_prefix_of_which_nothing_is_left_is_refused(framework, tmp_path, prefix):
    data = data_of(tmp_path, "the cat " * 9, level="word")
    with pytest.raises(ValueError) as error:
        framework.course.generate(lm_of(framework, data.vocab), prefix, 3, data.vocab)
    says(error, "the prefix")


@pytest.mark.parametrize("prefix", [b"the", ["t", "h"], None, 3])
def test_a_prefix_is_a_string(framework, prefix):
    with pytest.raises(TypeError) as error:
        framework.course.generate(made(framework)[0], prefix, 3, VOCAB)
    says(error, "the prefix is of the type", "one string")


@pytest.mark.parametrize("num_preds", [-1, 2.5, "3", None, True])
def test_the_number_of_tokens_is_a_whole_number(framework, num_preds):
    with pytest.raises((TypeError, ValueError)) as error:
        framework.course.generate(made(framework)[0], "the", num_preds, VOCAB)
    says(error, f"num_preds is {num_preds!r}", "0 or more")


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


# Tunes


@pytest.fixture(scope="module")
def tunes():
    bodies = ["c4d4|e8||", "d4c4|e8||", "e4d4|c8||", "g4d4|g8||"]
    known = [Tune(tuple(split_tune(body)), "4/4", "reel" if i % 2 else "air") for i, body in enumerate(bodies)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(music, "load_tunes", lambda: known)
        return MusicData(heldout=0.25)


def composer(framework, data, eos=0.0, **options):
    """A model for tunes of random weights, and these; `eos` is added to the logit of <eos>."""
    model = framework.lm("scratch", len(data.vocab), h, **options)
    params = oracle.random_lm(np.random.default_rng(7), Network("RNN", (h,)), len(data.vocab))
    params["b_q"][EOS] += eos
    framework.course.weights.load(model, params)
    return model, params


def test_a_tune_to_order_is_what_reading_it_all_anew_and_the_same_draws_give(framework, tunes):
    model, params = composer(framework, tunes)
    found = framework.course.compose(model, tunes, "reel", "4/4", 3, temperature=0.9, top_k=8, top_p=0.95, seed=5)
    for number, tune in enumerate(found):
        rng, ids = np.random.default_rng([5, number]), tunes.vocab[["<reel>", "<4/4>"]]
        while len(ids) < 386:
            logits, _ = oracle.lm_logits(params, np.array([ids]), np.zeros((1, h)))
            ids.append(choose(logits[0, -1], 0.9, 8, rng, 0.95))
            if ids[-1] == EOS:
                break
        assert (
            tune == tunes.decode(ids) == Tune(tuple(tunes.vocab.to_tokens(ids[2:]))[: len(tune.signs)], "4/4", "reel")
        )
    assert len({len(tune.signs) for tune in found}) > 1, "each ends on its own"


def test_a_tune_does_not_depend_on_those_beside_it_and_the_seed_decides(framework, tunes):
    model, _ = composer(framework, tunes)

    def some(num, **options):
        return framework.course.compose(model, tunes, "air", "4/4", num, **options)

    assert some(4)[:2] == some(2) == some(2, seed=0) != some(2, seed=1)
    assert some(2, top_p=1.0) == some(2)
    one, other = some(2, temperature=0)
    assert one == other == some(1, top_k=1)[0]


def test_both_frameworks_compose_the_same(pytorch, tensorflow, tunes):
    made_by = [
        framework.course.compose(composer(framework, tunes)[0], tunes, "reel", "4/4", 3, top_p=0.9, seed=2)
        for framework in (pytorch, tensorflow)
    ]
    assert made_by[0] == made_by[1]


@pytest.mark.parametrize(("eos", "length"), [(99, 0), (-99, music.LONGEST)])
def test_a_tune_ends_where_the_model_says_and_at_384_signs(framework, tunes, eos, length):
    model, _ = composer(framework, tunes, eos)
    assert [len(tune.signs) for tune in framework.course.compose(model, tunes, "air", "4/4", 2)] == [length] * 2


def test_composing_changes_no_weight_and_uses_no_dropout(framework, tunes):
    model, _ = composer(framework, tunes, dropout=0.9)
    before = framework.weights_of(model)
    framework.training(model)
    found = [framework.course.compose(model, tunes, "reel", "4/4", 2, temperature=0) for _ in range(3)]
    assert found[0] == found[1] == found[2]
    for name, value in framework.weights_of(model).items():
        np.testing.assert_array_equal(value, before[name])


def test_what_cannot_be_ordered_is_refused(framework, tunes):
    model, _ = composer(framework, tunes)
    for order, said in (
        (("polka", "4/4"), ["dance is 'polka'"]),
        (("reel", "7/8"), ["metre is '7/8'"]),
        (("reel", "4/4", 0), ["num is 0", "1 tune or more"]),
        (("reel", "4/4", 1.5), ["num is 1.5", "1 tune or more"]),
        (("reel", "4/4", 1, -1.0), ["temperature=-1.0"]),
        (("reel", "4/4", 1, 1.0, None, None, -1), ["seed is -1"]),
    ):
        with pytest.raises(ValueError) as error:
            framework.course.compose(model, tunes, *order)
        says(error, *said)


def test_a_vocabulary_that_is_not_the_models_is_refused(framework, tunes):
    model, small = framework.lm("scratch", 9, 5), Vocab(list("abcde"))
    for V in (4, 5, 8):
        with pytest.raises(ValueError) as error:
            framework.course.generate(model, "a", 3, Vocab(list("abcdefgh")[: V - 1]))
        says(error, f"The vocabulary has {V} tokens and the model 9", "trained with")
    with pytest.raises(ValueError) as error:
        framework.course.compose(framework.lm("scratch", len(tunes.vocab) + 1, 5), tunes, "jig", "6/8")
    says(error, f"The vocabulary has {len(tunes.vocab)} tokens and the model {len(tunes.vocab) + 1}")
    for wrong in (None, small.tokens, tunes):
        with pytest.raises(TypeError) as error:
            framework.course.generate(model, "a", 3, wrong)
        says(error, f"vocab is of the type {type(wrong).__name__}, expected a Vocab", "data.vocab")


def test_a_model_is_asked_for(framework, tunes):
    for wrong in (None, framework.course.RNNLM, "model"):
        for call in (
            lambda wrong=wrong: framework.course.generate(wrong, "a", 3, Vocab(["a"])),
            lambda wrong=wrong: framework.course.compose(wrong, tunes, "jig", "6/8"),
        ):
            with pytest.raises(TypeError) as error:
                call()
            says(error, "The model is", "expected a")


def test_a_blank_is_a_prefix_of_characters_but_no_word(framework):
    letters = Vocab(list("ab "))
    model = framework.lm("scratch", len(letters), 5)
    assert framework.course.generate(model, " ", 3, letters).startswith(" ")
    with pytest.raises(ValueError) as error:
        framework.course.generate(framework.lm("scratch", 3, 5), " ", 3, Vocab(["two", "words"]))
    says(error, "the prefix has no word")
