"""Perplexity over several batches, rightly and wrongly."""

import numpy as np

from course_utils.assignments import Wrong

from ..shared import log_softmax


def perplexity(batches):
    losses = []
    for logits, Y in batches:
        log_p = log_softmax(logits)  # (n, T, V)
        losses.append(-np.take_along_axis(log_p, Y[..., None], axis=2))  # (n, T, 1)
    tokens = np.concatenate([each.ravel() for each in losses])  # (tokens,)
    return np.exp(tokens.mean())


RESULT = "np.exp(tokens.mean())"
TAKEN_FOR_P = "log_softmax(np.log(np.clip(logits, 1e-7, 1 - 1e-7)))"  # keras.losses, without from_logits

# fmt: off
WRONG_SCORES = [
    Wrong("the_loss", {RESULT: "tokens.mean()"},
          "This is the mean loss, in nats. Perplexity is another reading of it.", keeps=0.5),
    Wrong("bits", {RESULT: "tokens.mean() / np.log(2)"},
          "These are bits per token. Perplexity is another reading of the loss.", keeps=0.5),
    Wrong("two_to_the_nats", {RESULT: "2 ** tokens.mean()"},
          "It is 2 to the loss. That would be right for bits; with the natural logarithm the loss is in nats.",
          keeps=0.5),
    Wrong("exp_of_the_sum", {RESULT: "np.exp(tokens.sum())"},
          "It is exp of the losses' sum, and grows with the text. Take their mean first.", keeps=0.5),
    Wrong("mean_of_perplexities", {RESULT: "np.mean([np.exp(each.mean()) for each in losses])"},
          "It is the mean of the batches' perplexities. Take the mean of what belongs to a token, and exp at the end.",
          keeps=0.25),
    Wrong("batches_count_alike", {RESULT: "np.exp(np.mean([each.mean() for each in losses]))"},
          "Each batch counts as much as any other, however many tokens it has. The mean is one over all tokens.",
          keeps=0.5),
    Wrong("weighted_by_sequences", {RESULT: "np.exp(np.average([each.mean() for each in losses], "
                                            "weights=[len(each) for each in losses]))"},
          "Each batch counts by its number of sequences. Some have longer ones: it is tokens that count alike.",
          keeps=0.5),
    Wrong("last_batch_only", {"for each in losses": "for each in losses[-1:]"},
          "Only the last batch counts: something is written over where it should be added up."),
    Wrong("first_batch_only", {"for each in losses": "for each in losses[:1]"},
          "Only the first batch counts: perhaps a return stands inside the loop."),
    Wrong("exp_before_the_mean", {RESULT: "np.exp(tokens).mean()"},
          "It is the mean of 1/p. The mean comes first, over the logarithms, and exp afterwards.", keeps=0.25),
    Wrong("mean_of_the_probabilities", {RESULT: "1 / np.exp(-tokens).mean()"},
          "It is 1 over the mean probability. The mean is one of the losses, the logarithms.", keeps=0.25),
    Wrong("sum_over_the_steps", {"each.ravel()": "each.sum(axis=1)"},
          "It is a perplexity per sequence: the losses are added up along each row. Perplexity is per token.",
          keeps=0.25),
    Wrong("always_e", {RESULT: "np.exp(tokens.mean() / tokens.mean())"},
          "It is e, whatever the model says: something is divided by itself."),
    Wrong("last_step_only", {"each.ravel()": "each[:, -1]"},
          "Only the last step of each sequence is scored. The model predicts at every step."),
    Wrong("no_softmax", {"log_softmax(logits)": "logits"},
          "The logits are taken for logarithms of probabilities. They have to go through the softmax first."),
    Wrong("logits_for_probabilities", {"log_softmax(logits)": TAKEN_FOR_P},
          "The loss takes the logits for probabilities, cut to between 0 and 1. Some ready-made losses do, unless they "
          "are told."),
    Wrong("softmax_over_the_steps", {"log_softmax(logits)": "log_softmax(logits, axis=1)"},
          "The softmax goes over the steps. The probabilities of all tokens at one step add up to 1."),
    Wrong("softmax_over_the_sequences", {"log_softmax(logits)": "log_softmax(logits, axis=0)"},
          "The softmax goes over the sequences. The probabilities of all tokens at one step add up to 1."),
    Wrong("softmax_twice", {"log_softmax(logits)": "log_softmax(np.exp(log_softmax(logits)))"},
          "The softmax is taken twice, so that all tokens seem nearly alike. Some ready-made losses take it "
          "themselves."),
    Wrong("likeliest_token", {"np.take_along_axis(log_p, Y[..., None], axis=2)": "log_p.max(axis=2)"},
          "The model is scored on the token that it finds likeliest, not on the one that came."),
]
