"""From which tokens a writer may draw: those not too unlikely beside the likeliest; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong

from ..shared import softmax


def min_p(logits, temperature, share):
    p = softmax(logits / temperature)  # (n, V)
    kept = p * (p >= share * p.max(axis=1, keepdims=True))  # (n, V)
    return kept / kept.sum(axis=1, keepdims=True)


def top_p(logits, temperature, share):
    p = softmax(logits / temperature)  # (n, V)
    ranks = np.argsort(np.argsort(-p, axis=1), axis=1)  # (n, V)
    before = np.cumsum(np.sort(p, axis=1)[:, ::-1], axis=1) - np.sort(p, axis=1)[:, ::-1]  # (n, V), of those likelier
    kept = p * (np.take_along_axis(before, ranks, axis=1) < 1 - share)
    return kept / kept.sum(axis=1, keepdims=True)


def cut_before_tempering(logits, temperature, share):
    p = min_p(logits, 1.0, share) ** (1 / temperature)  # (n, V)
    return p / p.sum(axis=1, keepdims=True)


def cut_to_a_logit_of_0(logits, temperature, share):
    kept = min_p(logits, temperature, share) > 0  # (n, V)
    return softmax(np.where(kept, logits / temperature, 0))


def cut_by_logits(logits, temperature, share):
    p = softmax(logits / temperature)  # (n, V)
    kept = p * (logits >= share * logits.max(axis=1, keepdims=True))
    return kept / kept.sum(axis=1, keepdims=True)


TEMPERED, LIKELIEST = "logits / temperature", "p.max(axis=1, keepdims=True)"
RESULT = "kept / kept.sum(axis=1, keepdims=True)"

# fmt: off
WRONG_SHARES = [
    Wrong("not_made_to_add_up", {RESULT: "kept"},
          "What is left does not add up to 1: what was cut off belongs to the others.", keeps=0.5),
    Wrong("a_bound_for_all", {f"share * {LIKELIEST}": "share"},
          "The bound is share itself. It is share of the likeliest token's probability, so it depends on how sure the "
          "network is.", keeps=0.25),
    Wrong("likeliest_of_the_batch", {LIKELIEST: "p.max()"},
          "The bound is one for the whole batch. Each row has its own likeliest token.", keeps=0.25),
    Wrong("share_of_the_mean", {LIKELIEST: "p.mean(axis=1, keepdims=True)"},
          "The bound is a share of the mean. It is one of the largest.", keeps=0.25),
    Wrong("nothing_cut_off", {f" * (p >= share * {LIKELIEST})": ""},
          "Nothing is cut off: share has no effect."),
    Wrong("likely_ones_cut_off", {">=": "<"},
          "It is the wrong way round: what is left are the unlikely ones."),
    Wrong("only_the_likeliest", {f"share * {LIKELIEST}": LIKELIEST},
          "Only the likeliest token is left."),
    Wrong("a_logit_of_0", cut_to_a_logit_of_0,
          "What is cut off has a logit of 0, and so a probability: e to the 0 is 1.", keeps=0.25),
    Wrong("top_p", top_p,
          "This is top-p: a tail is cut off whose sum is at most share. Here each token is compared with the "
          "likeliest one.", keeps=0.25),
    Wrong("logits_compared", cut_by_logits,
          "Logits are compared with a share of the largest logit. They have no zero to take shares of: compare "
          "probabilities.", keeps=0.25),
    Wrong("logarithms", {RESULT: f"np.log({RESULT} + 1e-9)"},
          "These are logarithms of the probabilities.", keeps=0.5),
    Wrong("softmax_over_the_rows", {f"softmax({TEMPERED})": f"softmax({TEMPERED}, axis=0)"},
          "The softmax goes over the rows. The probabilities of all tokens in one row add up to 1.", keeps=0.25),
]
WRONG_TEMPERATURES = [
    Wrong("temperature_ignored", {TEMPERED: "logits"},
          "The temperature has no effect. If it divides probabilities, it goes when they are made to add up.",
          keeps=0.5),
    Wrong("temperature_multiplied", {TEMPERED: "logits * temperature"},
          "The logits are multiplied by the temperature, so that a cool writer is wild.", keeps=0.5),
    Wrong("cut_before_tempering", cut_before_tempering,
          "The cut comes before the temperature. Here it is the tempered probabilities that are compared.", keeps=0.5),
]
WRONG_CUTS = WRONG_SHARES + WRONG_TEMPERATURES
