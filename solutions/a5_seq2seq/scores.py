"""BLEU of a sentence; right and wrong."""

import math
from collections import Counter

from course_utils.assignments import Wrong


def ngrams(tokens, n):
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


def bleu(candidate, reference, weights):
    if not candidate:
        return 0.0
    shares = []
    for n in range(1, len(weights) + 1):
        said, known = ngrams(candidate, n), ngrams(reference, n)
        matches = sum(min(count, known[gram]) for gram, count in said.items())
        shares.append(matches / max(1, said.total()))
    brevity = math.exp(min(0, 1 - len(reference) / len(candidate)))
    return brevity * math.prod(share**weight for share, weight in zip(shares, weights, strict=True))


CLIPPED = "min(count, known[gram])"
BREVITY = "math.exp(min(0, 1 - len(reference) / len(candidate)))"
POWERS = "zip(shares, weights, strict=True)"
PRODUCT = f"math.prod(share**weight for share, weight in {POWERS})"

# fmt: off
WRONG_SCORES = [
    Wrong("no_clipping", {CLIPPED: "count if gram in known else 0"},
          "A word that is said too often counts each time. None counts more often than the reference has it.",
          keeps=0.25),
    Wrong("only_words_clipped", {CLIPPED: f"{CLIPPED} if n == 1 else count if gram in known else 0"},
          "Words are clipped, longer n-grams are not.", keeps=0.5),
    Wrong("each_kind_once", {CLIPPED: "gram in known", "said.total()": "len(said)"},
          "Each n-gram counts once, however often it is there: a set forgets how many there were.", keeps=0.25),
    Wrong("share_of_the_reference", {"said.total()": "known.total()"},
          "This is the share of the reference's n-grams that were found. What is asked is the share of the "
          "candidate's.", keeps=0.25),
    Wrong("divided_by_the_words", {"said.total()": "len(candidate)"},
          "You always divide by the number of words. There are fewer pairs than words.", keeps=0.5),
    Wrong("exchanged", lambda candidate, reference, weights: bleu(reference, candidate, weights),
          "Candidate and reference have changed places.", keeps=0.25),
    Wrong("no_brevity_penalty", {BREVITY: "1.0"}, "A translation that is too short costs nothing.", keeps=0.5),
    Wrong("long_ones_rewarded", {BREVITY: "math.exp(1 - len(reference) / len(candidate))"},
          "A translation that is longer than the reference gets more than its due: the factor for length is above 1.",
          keeps=0.5),
    Wrong("long_ones_punished", {BREVITY: "math.exp(min(0, 1 - len(candidate) / len(reference)))"},
          "The factor for length punishes what is too long, and lets pass what is too short.", keeps=0.5),
    Wrong("ratio_of_the_lengths", {BREVITY: "min(1, len(candidate) / len(reference))"},
          "The factor for length is c / r. Look up where exp comes in.", keeps=0.5),
    Wrong("weights_ignored", {"share**weight": "share ** (1 / len(weights))"},
          "All sizes have the same weight, whatever weights says.", keeps=0.25),
    Wrong("halving_always", {POWERS: "zip(shares, [1 / 2, 1 / 4, 1 / 8])"},
          "The weights are 1/2, 1/4 and so on, whatever weights says.", keeps=0.25),
    Wrong("weights_made_to_add_up", {"share**weight": "share ** (weight / sum(weights))"},
          "You have made the weights add up to 1. They should be taken as they come.", keeps=0.5),
    Wrong("no_weights_at_all", {"share**weight": "share"},
          "The shares are multiplied as they are, without their powers.", keeps=0.25),
    Wrong("weights_reversed", {POWERS: "zip(shares, weights[::-1])"},
          "The weights are taken from the last to the first.", keeps=0.5),
    Wrong("arithmetic_mean", {"math.prod(share**weight": "sum(share * weight"},
          "The shares are added up, each times its weight. BLEU multiplies.", keeps=0.25),
    Wrong("longest_only", {PRODUCT: "shares[-1]"}, "Only the longest n-grams count."),
    Wrong("words_only", {PRODUCT: "shares[0]"}, "Only single words count."),
    Wrong("as_many_sizes_as_words", {"range(1, len(weights) + 1)": "range(1, min(len(weights), len(candidate)) + 1)",
                                     POWERS: "zip(shares, weights, strict=False)"},
          "Sizes that are larger than the candidate are left out. It has no n-gram of them at all, which makes the "
          "score zero.", keeps=0.5),
    Wrong("zeros_left_out", {POWERS: f"{POWERS} if share"},
          "A size of which nothing is in common is left out. It makes the score zero.", keeps=0.5),
    Wrong("one_added", {"matches / max(1, said.total())": "(matches + 1) / (said.total() + 1)"},
          "1 is added to what is counted. Smoothing is another BLEU.", keeps=0.5),
    Wrong("letters", lambda candidate, reference, weights: bleu("".join(candidate), "".join(reference), weights),
          "The n-grams are made of letters. Here tokens are words.", keeps=0.25),
    Wrong("percent", {"return brevity": "return 100 * brevity"},
          "This is BLEU times 100, as papers print it. In this course it goes from 0 to 1.", keeps=0.75),
]
