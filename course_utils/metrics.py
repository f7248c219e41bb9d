"""Measures of how good a model is, in plain Python.

A loss here is a mean negative log-likelihood in nats (natural logarithm) per token, so it is 0 or more: a number, or an
array or a tensor of one. A translation, called a candidate, is a list of tokens, or a `Translation`, which has one. It
is compared with references, which are lists of tokens too: one that a person has written is enough, several are better.
Tokens are strings; a string in the place of a list of them is refused, for it would be read as letters. Scores go from
0 to 1; many papers print them times 100.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, Protocol

from course_utils.arrays import number
from course_utils.errors import is_whole


class HasTokens(Protocol):
    """What `translate` gives."""

    tokens: list[str]


Tokens = Sequence[str] | HasTokens


def perplexity(loss: float) -> float:
    """exp(loss): among how many equally likely tokens the model is as good as guessing; 1 is perfect, NaN stays NaN.

    The loss is in nats; of one in bits, as a logarithm to base 2 gives it, the perplexity is 2**loss. `ValueError` for
    one below 0, such as a log-likelihood whose minus was forgotten, and for what is no single number.

    >>> round(perplexity(math.log(28)), 6)  # a uniform guess among 28 tokens
    28.0
    """
    loss = _nats(loss)
    return math.inf if loss > 700 else math.exp(loss)  # a float holds no more


def bits_per_character(loss: float) -> float:
    """Loss / ln 2: how many bits a compressor with this model would need for each character.

    The tokens that the loss is the mean of must be characters; where they are words, these are bits per word. Raises
    what `perplexity` does.

    >>> bits_per_character(math.log(8))
    3.0
    """
    return _nats(loss) / math.log(2)


def _nats(loss: float) -> float:
    loss = number(loss, "loss")
    if loss < 0:
        raise ValueError(
            f"loss is {loss}, expected 0 or more: a mean negative log-likelihood; give a log-likelihood its minus."
        )
    return loss


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
        candidate: a translation; an empty one scores 0.
        references: one or more right translations.
        max_n: the longest n-grams that are compared.
        weights: "uniform", w_n = 1 / max_n, is the standard. "halving", w_n = 1 / 2^n, is that of *Dive into Deep
            Learning* (section 10.7): its sum is less than 1, so the same translation scores higher.
        smoothing: "none": without any match of some size the score is 0. "exp": the first size without a match counts
            as half a match, the next as a quarter, and so on, if there is a match of another size (sacrebleu's way;
            method 3 of Chen and Cherry, 2014).

    Raises:
        TypeError: strings, or anything else, in the place of lists of tokens.
        ValueError: no reference, an empty one, or a setting that there is not.

    >>> candidate, reference = "sois calme .".split(), "il est calme .".split()
    >>> [round(bleu(candidate, [reference], max_n=2, weights=weights), 3) for weights in ("uniform", "halving")]
    [0.414, 0.492]
    """
    _check_settings(max_n, weights, smoothing)
    [(candidate, references)] = _read([candidate], [references])
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
        TypeError: strings, or anything else, in the place of lists of tokens; lists of tokens and `Translation`s mixed.
        ValueError: no candidate, not as many lists of references, no reference or an empty one, or a max_n below 1.

    >>> candidates = [["va", "!"], ["je", "suis", "chez", "moi", "."]]
    >>> references = [[["va", "!"], ["bouge", "!"]], [["je", "suis", "chez", "nous", "."]]]
    >>> round(corpus_bleu(candidates, references, max_n=2), 4)
    0.7171
    """
    _check_settings(max_n, "uniform", "none")
    counts = [_compare(*pair, max_n) for pair in _read(candidates, references)]
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
    best = []
    for candidate, known in _read(candidates, references):
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
    right = [candidate in known for candidate, known in _read(candidates, references)]
    return sum(right) / len(right)


_EXPECTED = (
    "expected a list of tokens, which are strings, and for each candidate a list of such references: ['va', '!'] and "
    "[['va', '!'], ['bouge', '!']]"
)


def _read(candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> list[tuple[list, list[list]]]:
    """Each candidate's tokens with those of each of its references."""
    for name, several in (("candidates", candidates), ("references", references)):
        if not _is_list(several):
            raise TypeError(f"{name} is {several!r:.80}, expected a list with an entry for each sentence.")
    candidates, references = list(candidates), list(references)
    if len(candidates) != len(references) or not candidates:
        raise ValueError(
            f"There are {len(candidates)} candidates and references for {len(references)}, expected at least one "
            "candidate, and for each a list of references."
        )
    if len({hasattr(candidate, "tokens") for candidate in candidates}) > 1:
        raise TypeError("Some candidates are Translations and others are not, expected all of one kind: give .tokens.")
    pairs = []
    for place, (candidate, known) in enumerate(zip(candidates, references, strict=True), 1):
        known = list(known) if _is_list(known) else [known]
        right = [_read_tokens(reference, f"A reference of candidate {place}") for reference in known]
        if not right or not all(right):
            raise ValueError(
                f"Candidate {place} has no reference, or one without a token: {known!r:.80}, expected at least one."
            )
        pairs.append((_read_tokens(candidate, f"Candidate {place}"), right))
    return pairs


def _is_list(several: object) -> bool:
    return isinstance(several, Iterable) and not isinstance(several, str) and not hasattr(several, "tokens")


def _read_tokens(text: Tokens, name: str) -> list[str]:
    tokens = getattr(text, "tokens", text)
    tokens = list(tokens) if _is_list(tokens) else tokens
    if isinstance(tokens, str):
        raise TypeError(
            f"{name} is a string, {tokens!r:.80}, {_EXPECTED}; `tokenize_sentence` makes tokens of a sentence."
        )
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        raise TypeError(f"{name} is {tokens!r:.80}, {_EXPECTED}.")
    return tokens


def _check_settings(max_n: int, weights: str, smoothing: str) -> None:
    if not is_whole(max_n, 1) or weights not in ("uniform", "halving") or smoothing not in ("none", "exp"):
        raise ValueError(
            f"max_n={max_n!r}, weights={weights!r}, smoothing={smoothing!r}: expected 1 or more, 'uniform' or "
            "'halving', and 'none' or 'exp'."
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
