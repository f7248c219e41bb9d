"""BLEU of a sentence; right and wrong."""

import math
from collections import Counter

from course_utils.assignments import Wrong


def ngrams(tokens, n):
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


def clipped(found, known):
    return sum(min(count, known[each]) for each, count in found.items())


def unclipped(found, known):
    return sum(count for each, count in found.items() if each in known)


def how_many(found, candidate, reference):
    return sum(found.values())


def brevity(c, r):
    return math.exp(min(0, 1 - r / c))


def product(shares, weights):
    return math.prod(share**weight for share, weight in zip(shares, weights, strict=True))


def score(candidate, reference, weights, match=clipped, of=how_many, short=brevity, combine=product, count=ngrams):
    """BLEU in parts: what matches, of how many, what shortness costs, and how the shares are put together."""
    if not candidate:
        return 0.0
    shares = []
    for n in range(1, len(weights) + 1):
        found, known = count(candidate, n), count(reference, n)
        shares.append(match(found, known) / max(1, of(found, candidate, reference)))
    return short(len(candidate), len(reference)) * combine(shares, weights)


def bleu(candidate, reference, weights):
    return score(candidate, reference, weights)


def scoring(**parts):
    return lambda candidate, reference, weights: score(candidate, reference, weights, **parts)


def weighing(change):
    return lambda candidate, reference, weights: score(candidate, reference, change(weights))


def mean(shares, weights):
    return sum(share * weight for share, weight in zip(shares, weights, strict=True))


def normed(weights):
    return [weight / sum(weights) for weight in weights]


def skipping_zeros(shares, weights):
    return math.prod(share**weight for share, weight in zip(shares, weights, strict=True) if share)


WRONG_SCORES = [
    Wrong(
        "no_clipping",
        scoring(match=unclipped),
        "A word that is said too often counts each time. None counts more often than the reference has it.",
        keeps=0.25,
    ),
    Wrong(
        "only_words_clipped",
        scoring(match=lambda found, known: (clipped if len(next(iter(found), "x")) == 1 else unclipped)(found, known)),
        "Words are clipped, longer n-grams are not.",
        keeps=0.5,
    ),
    Wrong(
        "each_kind_once",
        scoring(match=lambda found, known: len(found.keys() & known.keys()), of=lambda found, *_: len(found)),
        "Each n-gram counts once, however often it is there: a set forgets how many there were.",
        keeps=0.25,
    ),
    Wrong(
        "share_of_the_reference",
        lambda candidate, reference, weights: score(
            candidate,
            reference,
            weights,
            of=lambda found, candidate, reference: len(reference) - len(next(iter(found), "x")) + 1,
        ),
        "This is the share of the reference's n-grams that were found. What is asked is the share of the candidate's.",
        keeps=0.25,
    ),
    Wrong(
        "divided_by_the_words",
        scoring(of=lambda found, candidate, reference: len(candidate)),
        "You always divide by the number of words. There are fewer pairs than words.",
        keeps=0.5,
    ),
    Wrong(
        "exchanged",
        lambda candidate, reference, weights: score(reference, candidate, weights),
        "Candidate and reference have changed places.",
        keeps=0.25,
    ),
    Wrong(
        "no_brevity_penalty",
        scoring(short=lambda c, r: 1.0),
        "A translation that is too short costs nothing.",
        keeps=0.5,
    ),
    Wrong(
        "long_ones_rewarded",
        scoring(short=lambda c, r: math.exp(1 - r / c)),
        "A translation that is longer than the reference gets more than its due: the factor for length is above 1.",
        keeps=0.5,
    ),
    Wrong(
        "long_ones_punished",
        scoring(short=lambda c, r: math.exp(min(0, 1 - c / r))),
        "The factor for length punishes what is too long, and lets pass what is too short.",
        keeps=0.5,
    ),
    Wrong(
        "ratio_of_the_lengths",
        scoring(short=lambda c, r: min(1, c / r)),
        "The factor for length is c / r. Look up where exp comes in.",
        keeps=0.5,
    ),
    Wrong(
        "weights_ignored",
        weighing(lambda weights: [1 / len(weights)] * len(weights)),
        "All sizes have the same weight, whatever weights says.",
        keeps=0.25,
    ),
    Wrong(
        "halving_always",
        weighing(lambda weights: [0.5**n for n in range(1, len(weights) + 1)]),
        "The weights are 1/2, 1/4 and so on, whatever weights says.",
        keeps=0.25,
    ),
    Wrong(
        "weights_made_to_add_up",
        weighing(normed),
        "You have made the weights add up to 1. They should be taken as they come.",
        keeps=0.5,
    ),
    Wrong(
        "no_weights_at_all",
        weighing(lambda weights: [1] * len(weights)),
        "The shares are multiplied as they are, without their powers.",
        keeps=0.25,
    ),
    Wrong(
        "weights_reversed",
        weighing(lambda weights: weights[::-1]),
        "The weights are taken from the last to the first.",
        keeps=0.5,
    ),
    Wrong(
        "arithmetic_mean",
        scoring(combine=mean),
        "The shares are added up, each times its weight. BLEU multiplies.",
        keeps=0.25,
    ),
    Wrong(
        "longest_only",
        scoring(combine=lambda shares, weights: shares[-1]),
        "Only the longest n-grams count.",
    ),
    Wrong(
        "words_only",
        scoring(combine=lambda shares, weights: shares[0]),
        "Only single words count.",
    ),
    Wrong(
        "zeros_left_out",
        scoring(combine=skipping_zeros),
        "A size of which nothing is in common is left out. It makes the score zero.",
        keeps=0.5,
    ),
    Wrong(
        "one_added",
        scoring(match=lambda found, known: clipped(found, known) + 1, of=lambda found, *_: sum(found.values()) + 1),
        "1 is added to what is counted. Smoothing is another BLEU.",
        keeps=0.5,
    ),
    Wrong(
        "letters",
        lambda candidate, reference, weights: score("".join(candidate), "".join(reference), weights),
        "The n-grams are made of letters. Here tokens are words.",
        keeps=0.25,
    ),
    Wrong(
        "percent",
        lambda candidate, reference, weights: 100 * bleu(candidate, reference, weights),
        "This is BLEU times 100, as papers print it. In this course it goes from 0 to 1.",
        keeps=0.75,
    ),
]
