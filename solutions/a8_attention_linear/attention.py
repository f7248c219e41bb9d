"""Attention of a decoder that begins before it has heard all; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong

from ..shared import softmax


def attend(S, H, lengths, W_k, ahead):
    scores = S @ np.swapaxes(H @ W_k, 1, 2) / np.sqrt(W_k.shape[1])  # (n, T, S)
    place, step = np.arange(H.shape[1]), np.arange(S.shape[1])[:, None]  # (S,), (T, 1)
    heard = (place < lengths[:, None, None]) & (place < ahead + step)  # (n, T, S)
    weights = softmax(np.where(heard, scores, -1e9))
    return weights @ H, weights  # (n, T, k), (n, T, S)


MASKED, ANSWER = "np.where(heard, scores, -1e9)", "weights @ H, weights"
REAL, HEARD = "(place < lengths[:, None, None])", "(place < ahead + step)"

# fmt: off
WRONG_ATTENTION = [
    Wrong("all_is_heard", {f" & {HEARD}": ""},
          "The decoder looks at the whole sentence from its first step on: ahead has no effect.", keeps=0.25),
    Wrong("padding_looked_at", {f"{REAL} & {HEARD}": f"{HEARD} & (lengths[:, None, None] > 0)"},
          "The padding of short sentences gets weight: lengths has no effect.", keeps=0.5),
    Wrong("nothing_hidden", {MASKED: "scores"},
          "Nothing is hidden: padding, and what has not been said yet, get weight too.", keeps=0.25),
    Wrong("never_hears_more", {"< ahead + step": "< ahead"},
          "The decoder stops listening: at every step it looks at the first ahead tokens. It hears one more at each.",
          keeps=0.25),
    Wrong("starts_at_once", {"< ahead + step": "<= step"},
          "The decoder does not wait: its first step sees one token, whatever ahead is.", keeps=0.25),
    Wrong("one_heard_too_many", {"< ahead + step": "<= ahead + step"},
          "Each step sees one token too many. Steps and tokens are counted from 0.", keeps=0.5),
    Wrong("one_heard_too_few", {"< ahead + step": "< np.maximum(ahead + step - 1, 1)"},
          "Each step sees one token too few. Steps and tokens are counted from 0.", keeps=0.5),
    Wrong("ahead_more_at_each_step", {"< ahead + step": "< ahead * (step + 1)"},
          "Each step hears ahead tokens more. It is ahead tokens at first, and then one more at each step.", keeps=0.5),
    Wrong("newest_ones_only", {HEARD: f"{HEARD} & (place >= np.minimum(ahead + step, lengths[:, None, None]) - 1)"},
          "Each step looks only at the token that it has just heard. All that was heard before may be looked at, too.",
          keeps=0.25),
    Wrong("from_the_end", {HEARD: "(place >= lengths[:, None, None] - ahead - step)"},
          "The tokens are counted from the end of each sentence: the first step looks at its last ahead tokens.",
          keeps=0.25),
    Wrong("last_token_hidden", {REAL: "(place < np.maximum(lengths[:, None, None] - 1, 1))"},
          "The last token of each sentence is hidden, as if it were padding. Tokens are counted from 0.", keeps=0.5),
    Wrong("forgets_the_first", {HEARD: f"{HEARD} & (place >= np.minimum(step, lengths[:, None, None] - 1))"},
          "At each step the oldest token drops out. What has been heard may be looked at to the end.", keeps=0.25),
    Wrong("one_step_for_all", {"(place < ahead + step)": "(place < ahead + S.shape[1] - 1)"},
          "All steps see what only the last one may see.", keeps=0.25),
    Wrong("mask_inverted", {"heard = (": "heard = ~((", "ahead + step)": "ahead + step))"},
          "The mask is the wrong way round: what may be looked at is hidden, and the rest is not."),
    Wrong("scores_set_to_zero", {"scores, -1e9": "scores, 0"},
          "What is hidden has the score 0. What does the softmax make of a score of 0?", keeps=0.5),
    Wrong("padding_emptied", {"H @ W_k": "(H := H * (place < lengths[:, None])[..., None]) @ W_k",
                              "scores = ": "place = np.arange(H.shape[1])\n    scores = ",
                              f"{REAL} & {HEARD}": f"{HEARD} & (lengths[:, None, None] > 0)"},
          "The states at the padding are set to 0, so their scores are 0. What does the softmax make of a score of 0?",
          keeps=0.5),
    Wrong("hidden_after_the_softmax", {f"softmax({MASKED})": "softmax(scores) * heard"},
          "The weights of what is hidden are set to 0 after the softmax, so the sum of the others is less than 1.",
          keeps=0.5),
    Wrong("softmax_over_the_steps", {"scores, -1e9))": "scores, -1e9), axis=1)"},
          "The softmax goes over the steps. At each step, the weights of all tokens add up to 1.", keeps=0.25),
    Wrong("softmax_over_the_sentences", {"scores, -1e9))": "scores, -1e9), axis=0)"},
          "The softmax goes over the sentences of the batch. At each step, the weights of all tokens add up to 1.",
          keeps=0.25),
    Wrong("not_scaled", {" / np.sqrt(W_k.shape[1])": ""},
          "The scores are the plain dot products; the formula divides them.", keeps=0.5),
    Wrong("divided_without_root", {"np.sqrt(W_k.shape[1])": "W_k.shape[1]"},
          "The scores are divided by too large a number: the root is missing.", keeps=0.5),
    Wrong("divided_after_the_softmax", {" / np.sqrt(W_k.shape[1])": "",
                                        f"softmax({MASKED})": f"softmax({MASKED}) / np.sqrt(W_k.shape[1])"},
          "The weights are divided by the root, so that their sum is less than 1. It is the scores that are divided.",
          keeps=0.25),
    Wrong("divided_by_the_wrong_size", {"W_k.shape[1])": "W_k.shape[0])"},
          "The scores are divided by the root of k, the width of H. Of how many numbers is a dot product the sum?",
          keeps=0.5),
    Wrong("mean_of_the_keys", {ANSWER: "weights @ (H @ W_k), weights"},
          "The mean is one of the keys. Keys are for finding; what is found are the encoder's states.", keeps=0.25),
    Wrong("hard_choice",
          {ANSWER: "np.take_along_axis(H, weights.real.argmax(axis=2)[..., None], axis=1), weights"},
          "Each step gets the one state with the largest weight. Attention chooses softly.", keeps=0.25),
    Wrong("plain_mean", {"scores, -1e9": "0 * scores, -1e9"},
          "All tokens that are heard get the same weight, whatever the decoder's state.", keeps=0.25),
    Wrong("scores_for_weights", {ANSWER: f"weights @ H, {MASKED}"},
          "The second result are the scores, before the softmax; asked are the weights.", keeps=0.5),
    Wrong("logarithms_for_weights", {f"softmax({MASKED})": f"np.log(softmax({MASKED}) + 1e-9)"},
          "The weights are logarithms of what they should be: none of them should be negative.", keeps=0.25),
    Wrong("sum_for_the_softmax", {f"softmax({MASKED})":
          "(raw := np.where(heard, scores, 0)) / raw.sum(axis=2, keepdims=True)"},
          "The scores are divided by their sum. That is no softmax: scores may be negative, weights may not.",
          keeps=0.25),
    Wrong("one_step_late", {"S @ np": "np.roll(S, 1, axis=1) @ np"},
          "Each step asks with the state of the step before it.", keeps=0.25),
    Wrong("no_gradient_through_the_weights", {ANSWER: "weights.real @ H, weights.real"},
          "The numbers are right, but no gradient comes back through the weights: on that way nothing can be learned."),
    Wrong("no_gradient", {ANSWER: "(weights @ H).real, weights.real"},
          "The numbers are right, but no gradient comes back at all: somewhere the way leads through NumPy, or the "
          "result is cut off."),
]
# fmt: on
