"""BLEU, chrF and exact match: against sacrebleu, against d2l's own, and what a careless translation would get."""

import importlib
import math

import pytest
import sacrebleu
from data_helpers import says
from hypothesis import given
from hypothesis import strategies as st
from mutated import mutated

from course_utils import metrics
from course_utils.decoding import Translation
from course_utils.interop import d2l as bridge
from course_utils.metrics import bleu, chrf, corpus_bleu, exact_match

# Few words, so that much matches and much repeats; of different lengths, for the characters' sake.
sentences = st.lists(st.sampled_from(["le", "chat", "est", "là", "l'", "été", "."]), max_size=9)
full = sentences.filter(len)
pairs = st.tuples(sentences, st.lists(full, min_size=1, max_size=3))
corpora = st.lists(pairs, min_size=1, max_size=6).map(lambda found: tuple(map(list, zip(*found, strict=True))))
sizes, smoothings = st.integers(1, 5), st.sampled_from(["none", "exp"])


def joined(references):
    """As sacrebleu wants them: the first reference of each sentence, the second of each, and so on."""
    texts = [[" ".join(reference) for reference in known] for known in references]
    return [[known[i] if i < len(known) else None for known in texts] for i in range(max(map(len, texts)))]


def scorer(max_n, smoothing, effective_order):
    return sacrebleu.BLEU(
        tokenize="none",
        max_ngram_order=max_n,
        smooth_method=smoothing,
        effective_order=effective_order,
        force=True,
    )


def near(score, hundredfold):
    assert score == pytest.approx(hundredfold / 100, rel=1e-9, abs=1e-12)


@given(pairs, sizes, smoothings)
def test_bleu_of_a_sentence_is_sacrebleus(pair, max_n, smoothing):
    candidate, references = pair
    texts = [" ".join(reference) for reference in references]
    expected = scorer(max_n, smoothing, True).sentence_score(" ".join(candidate), texts)
    near(bleu(candidate, references, max_n, smoothing=smoothing), expected.score)


@given(corpora, sizes)
def test_bleu_of_a_corpus_is_sacrebleus(corpus, max_n):
    candidates, references = corpus
    expected = scorer(max_n, "none", False).corpus_score([" ".join(c) for c in candidates], joined(references))
    near(corpus_bleu(candidates, references, max_n), expected.score)


@given(corpora)
def test_chrf_is_sacrebleus(corpus):
    candidates, references = corpus
    expected = sacrebleu.CHRF().corpus_score([" ".join(c) for c in candidates], joined(references))
    near(chrf(candidates, references), expected.score)


def by_hand(candidate, reference, max_n):
    """BLEU with the weights 1 / 2^n, counted in another way: each match uses up an n-gram of the reference."""
    score = math.exp(min(0, 1 - len(reference) / len(candidate)))
    for n in range(1, min(max_n, len(candidate)) + 1):
        left = [reference[i : i + n] for i in range(len(reference) - n + 1)]
        grams = [candidate[i : i + n] for i in range(len(candidate) - n + 1)]
        matches = 0
        for gram in grams:
            if gram in left:
                left.remove(gram)
                matches += 1
        score *= (matches / len(grams)) ** 0.5**n
    return score


@given(full, full, sizes)
def test_halving_weights_are_as_the_definition_says(candidate, reference, max_n):
    expected = by_hand(candidate, reference, max_n)
    assert bleu(candidate, [reference], max_n, weights="halving") == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("d2l", "torch")),
    reason=f"d2l or PyTorch is not installed ({bridge.INSTALL})",
)
def test_halving_weights_are_those_of_dive_into_deep_learning():
    d2l = bridge.load()

    @given(full, full, sizes)
    def compare(candidate, reference, max_n):
        expected = d2l.bleu(" ".join(candidate), " ".join(reference), k=max_n)
        assert bleu(candidate, [reference], max_n, weights="halving") == pytest.approx(expected, rel=1e-9, abs=1e-12)

    compare()


def test_the_same_translation_by_both_weights():
    candidate, references = "sois calme .".split(), ["il est calme .".split()]
    penalty = math.exp(1 - 4 / 3)
    uniform, halving = (bleu(candidate, references, 2, weights) for weights in ("uniform", "halving"))
    assert uniform == pytest.approx(penalty * (2 / 3 * 1 / 2) ** 0.5)
    assert halving == pytest.approx(penalty * (2 / 3) ** 0.5 * (1 / 2) ** 0.25)
    assert (f"{uniform:.3f}", f"{halving:.3f}") == ("0.414", "0.492")


@given(full, st.lists(full, max_size=2), sizes)
def test_a_right_translation_is_perfect_by_every_measure(reference, others, max_n):
    references = [*others, reference]
    assert bleu(reference, references, max_n) == pytest.approx(1)
    assert bleu(reference, references, max_n, weights="halving") == pytest.approx(1)
    assert chrf([reference], [references]) == pytest.approx(1)
    assert exact_match([reference], [references]) == 1


@given(corpora, sizes)
def test_scores_lie_between_0_and_1(corpus, max_n):
    candidates, references = corpus
    assert 0 <= corpus_bleu(candidates, references, max_n) <= 1 + 1e-12
    assert 0 <= chrf(candidates, references) <= 1 + 1e-12
    exact = [c in known for c, known in zip(candidates, references, strict=True)]
    assert exact_match(candidates, references) == sum(exact) / len(exact)


@pytest.mark.parametrize("smoothing", ["none", "exp"])
def test_what_says_nothing_scores_nothing(smoothing):
    reference = "le chat est là .".split()
    for candidate in ([], ["chien"], ["chien"] * 9):
        for weights in ("uniform", "halving"):
            assert bleu(candidate, [reference], 4, weights, smoothing) == 0
        assert corpus_bleu([candidate], [[reference]]) == 0
        assert exact_match([candidate], [[reference]]) == 0
    assert chrf([[]], [[reference]]) == 0


def test_one_word_pays_for_what_it_leaves_out():
    reference = "le chat est là .".split()
    assert bleu(["le"], [reference]) == pytest.approx(math.exp(1 - 5))
    assert bleu(["merci"], [["merci"]]) == 1
    assert corpus_bleu([["merci"]], [[["merci"]]]) == 0, "no candidate has four tokens"
    assert corpus_bleu([["merci"]], [[["merci"]]], max_n=1) == 1


def test_saying_a_word_again_and_again_does_not_pay():
    reference = "le chat est sur le lit".split()
    assert bleu(["le"] * 6, [reference], max_n=1) == pytest.approx(2 / 6)
    assert bleu(["le"] * 6, [reference], max_n=2) == 0
    assert bleu(["le"] * 6, [reference, ["le"] * 3], max_n=1) == pytest.approx(3 / 6), "the most of any reference"


def test_the_nearest_reference_gives_the_length_and_of_two_the_shorter():
    candidate = "a b c d".split()
    assert bleu(candidate, ["a b c d e".split(), "a b c d e f g h".split()]) == pytest.approx(math.exp(1 - 5 / 4))
    assert bleu(candidate, ["a b c d e".split(), "a b c".split()]) == pytest.approx(1)


def test_a_corpus_is_no_mean_of_its_sentences():
    candidates, references = ["a b c d".split(), ["x"]], [["a b c d".split()], [["y"]]]
    each = [bleu(c, known, max_n=1) for c, known in zip(candidates, references, strict=True)]
    assert each == [1, 0]
    assert corpus_bleu(candidates, references, max_n=1) == pytest.approx(4 / 5)


def test_half_right_words_count_for_chrf_only():
    candidate, reference = ["drapeaux", ":", "maroc"], ["drapeau", ":", "maroc"]
    other = ["chien", ":", "maroc"]
    assert chrf([candidate], [[reference]]) > chrf([other], [[reference]])
    assert bleu(candidate, [reference], 2) == bleu(other, [reference], 2)


def check(module):
    """AssertionError unless a module's scores are sacrebleu's on sentences chosen to show each rule."""
    cases = [
        (["le"] * 6, ["le chat est sur le lit".split()]),
        ("le chat dort le".split(), ["le chat est là .".split(), "le chat dort ici et là aussi".split()]),
        ("le le chat".split(), ["le chat là".split(), "le le".split()]),
        ("x est là y est là".split(), ["il est là et elle est là".split()]),
        ("a b c d".split(), ["a b c d e f".split(), "a c".split(), "a b c d e f g h".split()]),
        ("été".split(), ["l' été".split()]),
    ]
    candidates, references = map(list, zip(*cases, strict=True))
    texts = [" ".join(c) for c in candidates]
    for smoothing in ("none", "exp"):
        for max_n in (1, 2, 4):
            for text, (candidate, known) in zip(texts, cases, strict=True):
                expected = scorer(max_n, smoothing, True).sentence_score(text, [" ".join(r) for r in known]).score
                near(module.bleu(candidate, known, max_n, smoothing=smoothing), expected)
    for max_n in (1, 2, 4):
        expected = scorer(max_n, "none", False).corpus_score(texts, joined(references)).score
        near(module.corpus_bleu(candidates, references, max_n), expected)
    near(module.chrf(candidates, references), sacrebleu.CHRF().corpus_score(texts, joined(references)).score)
    halving = module.bleu("sois calme .".split(), ["il est calme .".split()], 2, "halving")
    assert halving == pytest.approx(math.exp(1 - 4 / 3) * (2 / 3) ** 0.5 * (1 / 2) ** 0.25)


MUTANTS = {
    "unclipped": ("(found & allowed).total()", "sum(k for gram, k in found.items() if gram in allowed)"),
    "references added up": ("allowed |= _ngrams", "allowed += _ngrams"),
    "only the last reference": ("allowed |= _ngrams", "allowed = _ngrams"),
    "the shortest reference": ("(abs(len(reference) - c), len(reference))", "(len(reference), len(reference))"),
    "of two as near the longer": (
        "(abs(len(reference) - c), len(reference))",
        "(abs(len(reference) - c), -len(reference), len(reference))",
    ),
    "no brevity penalty": ("min(0.0, 1 - r / c)", "0.0"),
    "a reward for length": ("min(0.0, 1 - r / c)", "1 - r / c"),
    "lengths the other way round": ("1 - r / c)", "1 - c / r)"),
    "the weights of four sizes for any number": ("1 / len(matches) if", "1 / 4 if"),
    "a match more": ("(matched or credit) / of", "(matched + 1) / of"),
    "one credit for all": ("credit /= 2", "credit = 0.5"),
    "n-grams that are too long": ("for n in range(1, max_n + 1)", "for n in range(2, max_n + 2)"),
    "sizes that a sentence has none of": ("sizes = max(1, min(max_n, c))", "sizes = max_n"),
    "halving taken for uniform": ('if weights == "uniform"', 'if weights != "halved"'),
    "chrF, one weight for both": (
        "5 * precision * recall / (4 * precision + recall)",
        "2 * precision * recall / (precision + recall)",
    ),
    "chrF, precision weighs more": ("(4 * precision + recall)", "(precision + 4 * recall)"),
    "chrF, blanks counted": (
        '_compare_characters("".join(candidate), "".join(reference))',
        '_compare_characters(" ".join(candidate), " ".join(reference))',
    ),
    "chrF, the worst reference": ("max(counts, key", "min(counts, key"),
    "chrF, sizes no reference has": ("found.total() if wanted else 0", "found.total()"),
    "chrF, six sizes": ("range(1, 7)", "range(1, 6)"),
}


def test_what_is_right_passes():
    check(metrics)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mistake_is_caught(name):
    module = mutated("metrics", *MUTANTS[name])
    with pytest.raises(AssertionError):
        check(module)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"max_n": 0}, "max_n=0"),
        ({"max_n": 2.5}, "max_n=2.5"),
        ({"max_n": "4"}, "max_n='4'"),
        ({"weights": "halved"}, "weights='halved'"),
        ({"smoothing": "add-k"}, "smoothing='add-k'"),
    ],
)
def test_settings_that_there_are_not_are_refused(wrong, said):
    with pytest.raises(ValueError) as error:
        bleu(["a"], [["a"]], **wrong)
    says(error, said, "'uniform' or 'halving'", "'none' or 'exp'")


def test_n_grams_of_no_words_are_refused():
    with pytest.raises(ValueError) as error:
        corpus_bleu([["a"]], [[["a"]]], max_n=0)
    says(error, "max_n=0")


@pytest.mark.parametrize("measure", [corpus_bleu, chrf, exact_match])
@pytest.mark.parametrize(
    ("candidates", "references", "kind", "said"),
    [
        (["va !"], [[["va", "!"]]], TypeError, "is a string"),
        ([["va", "!"]], [["va", "!"]], TypeError, "is a string"),
        ([["va", "!"]], ["va !"], TypeError, "is a string"),
        ([["va", "!"]], [[]], ValueError, "no reference"),
        ([["va", "!"]], [], ValueError, "1 candidates and references for 0"),
        ([], [], ValueError, "at least one"),
        ([["va", "!"]], [[[]]], ValueError, "without a token"),
        ([["va", "!"]], [[["va"], []]], ValueError, "without a token"),
        ("va !", [[["va", "!"]]], TypeError, "candidates is 'va !'"),
        (["va !"], [["va !"]], TypeError, "reference of candidate 1 is a string"),
        (["va !"], ["va !"], TypeError, "reference of candidate 1 is a string"),
        ([["va", "!"]], "va !", TypeError, "references is 'va !'"),
        ([["va", "!"]], None, TypeError, "references is None"),
        (Translation(["va", "!"], -0.1), [[["va", "!"]]] * 2, TypeError, "candidates is Translation"),
        ([Translation(["va"], -0.1), ["va"]], [[["va"]]] * 2, TypeError, "all of one kind"),
        ([[5, 6]], [[["va", "!"]]], TypeError, "Candidate 1 is [5, 6]"),
        ([["va"], None], [[["va"]]] * 2, TypeError, "Candidate 2 is None"),
        ([[["va", "!"]]], [[["va", "!"]]], TypeError, "Candidate 1 is [['va', '!']]"),
        ([["va", "!"]], [None], TypeError, "reference of candidate 1 is None"),
    ],
)
def test_what_cannot_be_compared_is_refused(measure, candidates, references, kind, said):
    with pytest.raises(kind) as error:
        measure(candidates, references)
    says(error, said)


@given(corpora)
def test_translations_are_measured_by_their_tokens(corpus):
    candidates, references = corpus
    translations = [Translation(candidate, -0.5) for candidate in candidates]
    for measure in (corpus_bleu, chrf, exact_match):
        expected = measure(candidates, references)
        assert measure(translations, references) == measure(tuple(translations), tuple(references)) == expected
        assert measure(map(tuple, candidates), iter(references)) == expected
        assert measure(translations, [[Translation(one, 0.0) for one in known] for known in references]) == expected
    assert bleu(translations[0], references[0]) == bleu(candidates[0], references[0])


def test_a_single_sentence_is_checked_too():
    with pytest.raises(TypeError) as error:
        bleu("va !", [["va", "!"]])
    says(error, "is a string", "list of tokens")
    with pytest.raises(ValueError) as error:
        bleu(["va"], [])
    says(error, "no reference")
