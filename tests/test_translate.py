"""Translations by a trained model, in both frameworks, against NumPy."""

from copy import copy
from itertools import product

import numpy as np
import oracle_seq2seq as oracle
import pytest
from data_helpers import says
from frameworks import close
from oracle_cells import Network
from seq2seq_checks import ATTENTION, DEEP_LSTM, built, h, small_data

from course_utils.datasets.text import BOS, EOS
from course_utils.metrics import chrf, corpus_bleu, exact_match

SENTENCES = ["a dog", "red", "a big red cat", "never seen bye dog", "bye", "a big red dog"]
NETWORKS = {"GRU, both ways": Network("GRU", (h,), 2), "deep LSTM": Network("LSTM", (h, h))}
ATTENDING = {"attention": ATTENTION, "attention, deep LSTM": DEEP_LSTM._replace(attends=True, directions=1)}
NETWORKS |= ATTENDING
each_network = pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return small_data(tmp_path_factory.mktemp("pairs"))


@pytest.fixture(scope="module")
def trained(data):
    """(framework, network) → a model that ends sentences, each at its own step; trained once, in one framework."""
    weights = {}

    def model_of(framework, network):
        model, _ = made(framework, data, network)
        if network in weights:
            framework.course.weights.load(model, weights[network])
        else:
            framework.course.Trainer(30, 0.05).fit(model, data)
            weights[network] = framework.course.weights.dump(model)
        return model

    return model_of


def made(framework, data, network, **options):
    """A model of random weights, and these."""
    sizes = len(data.source_vocab), 3, len(data.target_vocab), 2
    params = oracle.random_params(np.random.default_rng(0), network, *sizes)
    model = built(framework.course, network, sizes=sizes, **options)
    framework.course.weights.load(model, params)
    return model, params


def of_steps(data, num_steps):
    """The same data, but for the longest sentence that a model reads or writes."""
    other = copy(data)
    other.num_steps = num_steps
    return other


def log_probs(params, data, sentence, ids):
    """Of each token that may follow `ids`, by reading all anew."""
    source, lengths = data.encode([sentence])
    logits = oracle.logits(params, (source, lengths, np.array([[BOS, *ids]])))[0][0, -1]
    return logits - logits.max() - np.log(np.exp(logits - logits.max()).sum())


def greedily(params, data, sentence, max_steps):
    """The tokens' ids up to <eos>, the sum of log-probabilities, and of how many tokens."""
    ids, total = [], 0.0
    for step in range(1, max_steps + 1):
        now = log_probs(params, data, sentence, ids)
        total += now.max()
        if now.argmax() == EOS:
            return ids, total, step
        ids.append(int(now.argmax()))
    return ids, total, max_steps


@each_network
def test_greedy_translations_are_the_likeliest_tokens_up_to_eos(framework, data, trained, network):
    model = trained(framework, network)
    params = {name: value.astype(np.float64) for name, value in framework.course.weights.dump(model).items()}
    lengths = set()
    for sentence, translation in zip(SENTENCES, framework.course.translate(model, SENTENCES, data), strict=True):
        ids, total, number = greedily(params, data, sentence, data.num_steps)
        assert translation.tokens == data.target_vocab.to_tokens(ids)
        assert str(translation) == " ".join(translation.tokens)
        close(translation.score, total / number**0.75, 1e-4)
        lengths.add(len(ids))
    assert len(lengths) > 1, "else it would not show that each ends on its own"


@each_network
def test_a_wide_beam_finds_the_best_of_all(framework, data, network):
    data = of_steps(data, 2)
    model, params = made(framework, data, network)
    V, sentence = len(data.target_vocab), "dog"
    scores = {}
    for ids in product(range(V), repeat=2):
        first, second = log_probs(params, data, sentence, []), log_probs(params, data, sentence, ids[:1])
        if ids[0] == EOS:
            scores[()] = first[EOS]
        else:
            scores[ids[:1] if ids[1] == EOS else ids] = (first[ids[0]] + second[ids[1]]) / 2**0.75
    best = max(scores, key=scores.__getitem__)
    [translation] = framework.course.translate(model, [sentence], data, beam=V)
    assert translation.tokens == data.target_vocab.to_tokens(list(best))
    close(translation.score, scores[best], 1e-5)


@each_network
@pytest.mark.parametrize("beam", [1, 3])
def test_a_sentence_is_translated_alike_alone_and_among_others(framework, data, trained, network, beam):
    model = trained(framework, network)
    together = framework.course.translate(model, SENTENCES, data, beam)
    alone = [framework.course.translate(model, [sentence], data, beam)[0] for sentence in SENTENCES]
    assert [translation.tokens for translation in together] == [translation.tokens for translation in alone]
    close([translation.score for translation in together], [translation.score for translation in alone], 1e-5)


@pytest.mark.parametrize("network", ATTENDING.values(), ids=ATTENDING)
@pytest.mark.parametrize("beam", [1, 3])
def test_each_says_where_the_decoder_looked(framework, data, trained, network, beam):
    """Fed with what it wrote, as the oracle is, also where the beginnings in a beam changed places."""
    model = trained(framework, network)
    params = {name: value.astype(np.float64) for name, value in framework.course.weights.dump(model).items()}
    found = framework.course.translate(model, SENTENCES, data, beam)
    assert len({len(translation.tokens) for translation in found}) > 1, "else it would not show which rows are whose"
    for sentence, translation in zip(SENTENCES, found, strict=True):
        source, lengths = data.encode([sentence])
        fed = np.array([[BOS, *data.target_vocab[translation.tokens]]])
        expected = oracle.alignment(params, (source, lengths, fed))[0, : len(translation.tokens), : lengths[0]]
        assert expected.shape == (len(translation.tokens), len(sentence.split()) + 1), "<eos> is looked at, too"
        close(translation.alignment, expected, 1e-5)


def test_without_attention_none_says_where_it_looked(framework, data):
    model, _ = made(framework, data, NETWORKS["deep LSTM"])
    assert [one.alignment for one in framework.course.translate(model, SENTENCES, data)] == [None] * len(SENTENCES)


@each_network
def test_it_is_cut_off_where_the_data_are(framework, data, network):
    model, params = made(framework, data, network)
    params["decoder.b_q"][EOS] = -1000
    framework.course.weights.load(model, params)
    for cut in (data, of_steps(data, 3), of_steps(data, 20)):
        [translation] = framework.course.translate(model, ["a dog"], cut)
        assert len(translation.tokens) == cut.num_steps


@each_network
def test_a_model_that_was_never_called_translates(framework, data, network):
    sizes = len(data.source_vocab), 3, len(data.target_vocab), 2
    found = framework.course.translate(built(framework.course, network, sizes=sizes), SENTENCES, data)
    assert len(found) == len(SENTENCES)


def test_it_changes_nothing_and_uses_no_dropout(framework, data):
    model, _ = made(framework, data, NETWORKS["deep LSTM"], dropout=0.9, teacher_forcing=0.0)
    before = framework.course.weights.dump(model)
    framework.training(model)
    found = [framework.course.translate(model, SENTENCES, data) for _ in range(3)]
    assert found[0] == found[1] == found[2]
    for name, value in framework.course.weights.dump(model).items():
        np.testing.assert_array_equal(value, before[name])


@each_network
@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_models_of_reduced_precision_translate(framework, data, network, precision):
    if lacking := framework.lacks(network.cell, precision):
        pytest.skip(lacking)
    with framework.reduced(precision):
        sizes = len(data.source_vocab), 3, len(data.target_vocab), 2
        model = built(framework.course, network, sizes=sizes)
        found = [framework.course.translate(model, SENTENCES, data, beam) for beam in (1, 3)]
    for translation in found[0] + found[1]:
        assert {*translation.tokens} <= {*data.target_vocab.tokens}
        assert translation.score < 0


def test_measures_take_translations(framework, data, trained):
    model = trained(framework, NETWORKS["deep LSTM"])
    sentences = [pair.source for pair in data.train_pairs]
    found = framework.course.translate(model, sentences, data)
    tokens, references = [one.tokens for one in found], [data.references(sentence) for sentence in sentences]
    assert exact_match(found, references) == exact_match(tokens, references) > 0
    assert exact_match(found, [[t] for t in tokens]) == 1
    for measure in (corpus_bleu, chrf):
        assert measure(found, references) == measure(tokens, references)


def test_a_beam_may_be_wider_than_the_vocabulary(framework, data):
    model, _ = made(framework, data, NETWORKS["deep LSTM"])
    data = of_steps(data, 2)
    [narrow], [wide] = (framework.course.translate(model, ["dog"], data, beam) for beam in (100, 999))
    assert narrow == wide


@pytest.mark.parametrize("beam", [0, -2, 1.5, True])
def test_searches_that_there_are_not_are_refused(framework, data, beam):
    model, _ = made(framework, data, NETWORKS["deep LSTM"])
    with pytest.raises((TypeError, ValueError)) as error:
        framework.course.translate(model, ["a dog"], data, beam)
    says(error, "beam", repr(beam), "1 or more")


def test_another_vocabulary_than_the_models_is_refused(framework, data):
    sizes = len(data.source_vocab), 3, len(data.target_vocab), 2
    for side in (0, 2):
        other = [size + (i == side) for i, size in enumerate(sizes)]
        model = built(framework.course, NETWORKS["deep LSTM"], sizes=other)
        with pytest.raises(ValueError) as error:
            framework.course.translate(model, ["red"], data)
        says(error, f"{sizes[side]} tokens and the model {sizes[side] + 1}", "trained with")


@pytest.mark.parametrize("nothing", ["", " \t", "\u200b"])
def test_a_sentence_without_a_word_is_refused(framework, data, nothing):
    model, _ = made(framework, data, NETWORKS["deep LSTM"])
    with pytest.raises(ValueError) as error:
        framework.course.translate(model, ["a dog", nothing], data)
    says(error, "Sentence 2 of 2", repr(nothing), "leave it out")


def test_that_the_end_of_a_long_sentence_is_not_read_is_said(framework, data):
    model, _ = made(framework, data, NETWORKS["deep LSTM"])
    longest = "dog " * (data.num_steps - 1)
    expected = framework.course.translate(model, [longest], data)
    with pytest.warns(UserWarning, match="1 of 2 sentences have more than 15 tokens.*num_steps") as said:
        assert framework.course.translate(model, ["bye", longest + "cat"], data)[1].tokens == expected[0].tokens
    assert said[0].filename == __file__


@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_in_its_mode(pytorch, data, training):
    model, _ = made(pytorch, data, NETWORKS["deep LSTM"])
    model.train(training)
    pytorch.course.translate(model, ["a dog"], data)
    assert model.training is training
    with pytest.raises(ValueError, match="expected 1 or more"):
        pytorch.course.translate(model, ["a dog"], data, beam=0)
    assert model.training is training


def test_one_string_and_none_are_refused(framework, data):
    model, _ = made(framework, data, NETWORKS["deep LSTM"])
    with pytest.raises(TypeError, match="one string"):
        framework.course.translate(model, "a dog", data)
    with pytest.raises(ValueError, match="empty"):
        framework.course.translate(model, [], data)
