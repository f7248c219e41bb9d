"""Measures of how good a model is, in plain Python.

A loss here is a mean negative log-likelihood in nats (natural logarithm) per token: a number, or an array or a tensor
of one. A translation, called a candidate,
is a list of tokens, and is compared with references, which are lists of tokens too: one that a person has written is
enough, several are better. Its scores go from 0 to 1; many papers print them times 100.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from course_utils.arrays import number

Tokens = Sequence[str]


def perplexity(loss: float) -> float:
    """exp(loss): among how many equally likely tokens the model is as good as guessing; 1 is perfect.

    >>> round(perplexity(math.log(28)), 6)  # a uniform guess among 28 tokens
    28.0
    """
    loss = number(loss, "loss")
    return math.inf if loss > 700 else math.exp(loss)  # a float holds no more; NaN stays NaN


def bits_per_character(loss: float) -> float:
    """Loss / ln 2: how many bits a compressor with this model would need for each character.

    >>> bits_per_character(math.log(8))
    3.0
    """
    return number(loss, "loss") / math.log(2)


def bleu(
    candidate: Tokens,
    references: Sequence[Tokens],
    max_n: int = 4,
    weights: Literal["uniform", "halving"] = "uniform",
    smoothing: Literal["none", "exp"] = "none",
) -> float:
    """How much of one sentence's n-grams the references have too: BP Π p_n^w_n over n = 1 … max_n.

    p_n is the share of the candidate's n-grams that are in a reference, and none counts more often than there (it is
    clipped). BP = min(1, exp(1 − r / c)) makes up for leaving words out: c is the candidate's length, r that of the
    reference nearest in length. Sizes n that the candidate is too short for are left out, as sacrebleu does for single
    sentences. BLEU was made for whole corpora (Papineni et al., 2002): see `corpus_bleu`.

    Args:
        candidate: the tokens of a translation; an empty one scores 0.
        references: one or more right translations.
        max_n: the longest n-grams that are compared.
        weights: "uniform", w_n = 1 / max_n, is the standard. "halving", w_n = 1 / 2^n, is that of *Dive into Deep
            Learning* (section 10.7): its sum is less than 1, so the same translation scores higher.
        smoothing: "none": without any match of some size the score is 0. "exp": the first size without a match counts
            as half a match, the next as a quarter, and so on, if there is a match of another size (sacrebleu's way;
            method 3 of Chen and Cherry, 2014).

    Raises:
        TypeError: strings in the place of lists of tokens.
        ValueError: no reference, or a setting that there is not.

    >>> candidate, reference = "sois calme .".split(), "il est calme .".split()
    >>> [round(bleu(candidate, [reference], max_n=2, weights=weights), 3) for weights in ("uniform", "halving")]
    [0.414, 0.492]
    """
    _check_settings(max_n, weights, smoothing)
    _check_translations([candidate], [references])
    c, r, matches, possible = _compare(candidate, references, max_n)
    sizes = max(1, min(max_n, c))
    return _bleu(c, r, matches[:sizes], possible[:sizes], weights, smoothing)


def corpus_bleu(
    candidates: Sequence[Tokens],
    references: Sequence[Sequence[Tokens]],
    max_n: int = 4,
) -> float:
    """BLEU of a whole corpus: as `bleu`, but matches, n-grams and lengths are added up over all sentences first.

    So it is no mean of the sentences' scores: one sentence without a match costs little, and a long one counts more. It
    is 0 when no candidate is max_n tokens long. Weights are uniform, and nothing is smoothed.

    Args:
        candidates: a translation of each sentence.
        references: for each sentence, one or more right translations.
        max_n: as for `bleu`.

    Raises:
        TypeError: strings in the place of lists of tokens.
        ValueError: no candidate, not as many lists of references, no reference, or a max_n below 1.

    >>> candidates = [["va", "!"], ["je", "suis", "chez", "moi", "."]]
    >>> references = [[["va", "!"], ["bouge", "!"]], [["je", "suis", "chez", "nous", "."]]]
    >>> round(corpus_bleu(candidates, references, max_n=2), 4)
    0.7171
    """
    _check_settings(max_n, "uniform", "none")
    _check_translations(candidates, references)
    counts = [_compare(*pair, max_n) for pair in zip(candidates, references, strict=True)]
    c, r, matches, possible = zip(*counts, strict=True)
    return _bleu(sum(c), sum(r), _add(matches), _add(possible), "uniform", "none")


def chrf(candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> float:
    """Overlap of characters in place of words, chrF2 of a corpus: a nearly right word counts for something, too.

    It is (1 + 2²) P R / (2² P + R). P is the share of the candidates' character n-grams that the references have, R the
    share of the references' that the candidates have, each a mean over n = 1 … 6; recall counts more. Blanks are left
    out; of several references the one that fits best is taken (Popović, 2015; as sacrebleu computes it).

    Args:
        candidates, references: as for `corpus_bleu`.

    Raises:
        TypeError, ValueError: as for `corpus_bleu`.

    >>> round(chrf([["chats"]], [[["chat"]]]), 4), chrf([["chien"]], [[["loup"]]])
    (0.9137, 0.0)
    """
    _check_translations(candidates, references)
    best = []
    for candidate, known in zip(candidates, references, strict=True):
        counts = [_compare_characters("".join(candidate), "".join(reference)) for reference in known]
        best.append(max(counts, key=_f_score))
    return _f_score([_add(of_size) for of_size in zip(*best, strict=True)])


def exact_match(candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> float:
    """The share of the candidates that are, token by token, one of their references.

    Args:
        candidates, references: as for `corpus_bleu`.

    Raises:
        TypeError, ValueError: as for `corpus_bleu`.

    >>> exact_match([["va", "!"], ["merci"]], [[["bouge", "!"], ["va", "!"]], [["merci", "!"]]])
    0.5
    """
    _check_translations(candidates, references)
    right = [list(c) in map(list, known) for c, known in zip(candidates, references, strict=True)]
    return sum(right) / len(right)


def _check_translations(candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> None:
    if len(candidates) != len(references) or not candidates:
        raise ValueError(
            f"There are {len(candidates)} candidates and references for {len(references)}, expected at least one "
            "candidate, and for each a list of references."
        )
    for candidate, known in zip(candidates, references, strict=True):
        if any(isinstance(tokens, str) for tokens in (candidate, known, *known)):
            raise TypeError(
                "A candidate or a reference is a string, expected a list of tokens, and for each candidate a list of "
                "such references: ['va', '!'] and [['va', '!'], ['bouge', '!']]."
            )
        if not known:
            raise ValueError("A candidate has no reference, expected at least one.")


def _check_settings(max_n: int, weights: str, smoothing: str) -> None:
    if max_n < 1 or weights not in ("uniform", "halving") or smoothing not in ("none", "exp"):
        raise ValueError(
            f"max_n={max_n}, weights={weights!r}, smoothing={smoothing!r}: expected 1 or more, 'uniform' or 'halving', "
            "and 'none' or 'exp'."
        )


def _ngrams(tokens: Tokens, n: int) -> Counter:
    return Counter(zip(*(tokens[i:] for i in range(n)), strict=False))


def _compare(candidate: Tokens, references: Sequence[Tokens], max_n: int) -> tuple[int, int, list[int], list[int]]:
    """The lengths c and r, and for each n the candidate's n-grams that are in a reference, and all that it has."""
    c = len(candidate)
    r = min((abs(len(reference) - c), len(reference)) for reference in references)[1]
    matches, possible = [], []
    for n in range(1, max_n + 1):
        found, allowed = _ngrams(candidate, n), Counter()
        for reference in references:
            allowed |= _ngrams(reference, n)  # the highest count of any reference
        matches.append((found & allowed).total())  # clipped: no n-gram counts more often than it is allowed
        possible.append(found.total())
    return c, r, matches, possible


def _bleu(c: int, r: int, matches: list[int], possible: list[int], weights: str, smoothing: str) -> float:
    if not any(matches):
        return 0.0
    log_score, credit = min(0.0, 1 - r / c), 1.0
    for n, (matched, of) in enumerate(zip(matches, possible, strict=True), start=1):
        if not matched and smoothing == "none":
            return 0.0
        if not matched:
            credit /= 2
        weight = 1 / len(matches) if weights == "uniform" else 1 / 2**n
        log_score += weight * math.log((matched or credit) / of)
    return math.exp(log_score)


def _compare_characters(candidate: str, reference: str) -> list[tuple[int, int, int]]:
    """For n = 1 … 6: the matches, the candidate's n-grams (0 where the reference is too short), the reference's."""
    counts = []
    for n in range(1, 7):
        found, wanted = _ngrams(candidate, n), _ngrams(reference, n)
        counts.append(((found & wanted).total(), found.total() if wanted else 0, wanted.total()))
    return counts


def _f_score(counts: Sequence[Sequence[int]]) -> float:
    """F2 of the mean precision and the mean recall over the sizes that both sides have."""
    both = [(matches / found, matches / wanted) for matches, found, wanted in counts if found and wanted]
    if not any(precision for precision, _ in both):
        return 0.0
    precision, recall = (sum(shares) / len(both) for shares in zip(*both, strict=True))
    return 5 * precision * recall / (4 * precision + recall)


def _add(counts: Sequence[Sequence[int]]) -> list[int]:
    return [sum(of_size) for of_size in zip(*counts, strict=True)]
