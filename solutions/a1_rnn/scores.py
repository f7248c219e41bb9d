"""Perplexity over several batches, rightly and wrongly."""

import numpy as np

from course_utils.assignments import Wrong


def log_softmax(logits, axis=-1):
    shifted = logits - logits.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def losses_of(batches, log_p=log_softmax):
    """For each batch -log p of the tokens that came, (n, T)."""
    return [-np.take_along_axis(log_p(logits), Y[..., None], axis=2)[..., 0] for logits, Y in batches]


def joined(losses):
    return np.concatenate([each.ravel() for each in losses])  # (tokens,)


def perplexity(batches):
    return np.exp(joined(losses_of(batches)).mean())


def scoring(score, log_p=log_softmax):
    """What `score` makes of the losses of all batches."""
    return lambda batches: score(losses_of(batches, log_p))


def mean_of_all(losses):
    return np.exp(joined(losses).mean())


def likeliest(batches):
    return mean_of_all([-log_softmax(logits).max(axis=2) for logits, _ in batches])


WRONG_SCORES = [
    Wrong(
        "the_loss",
        scoring(lambda losses: joined(losses).mean()),
        "This is the mean loss, in nats. Perplexity is another reading of it.",
        keeps=0.5,
    ),
    Wrong(
        "bits",
        scoring(lambda losses: joined(losses).mean() / np.log(2)),
        "These are bits per token. Perplexity is another reading of the loss.",
        keeps=0.5,
    ),
    Wrong(
        "two_to_the_nats",
        scoring(lambda losses: 2 ** joined(losses).mean()),
        "It is 2 to the loss. That would be right for bits; with the natural logarithm the loss is in nats.",
        keeps=0.5,
    ),
    Wrong(
        "mean_of_perplexities",
        scoring(lambda losses: np.mean([np.exp(each.mean()) for each in losses])),
        "It is the mean of the batches' perplexities. Take the mean of what belongs to a token, and exp at the end.",
        keeps=0.25,
    ),
    Wrong(
        "batches_count_alike",
        scoring(lambda losses: np.exp(np.mean([each.mean() for each in losses]))),
        "Each batch counts as much as any other, however many tokens it has. The mean is one over all tokens.",
        keeps=0.5,
    ),
    Wrong(
        "last_batch_only",
        scoring(lambda losses: mean_of_all(losses[-1:])),
        "Only the last batch counts: something is written over where it should be added up.",
    ),
    Wrong(
        "first_batch_only",
        scoring(lambda losses: mean_of_all(losses[:1])),
        "Only the first batch counts: perhaps a return stands inside the loop.",
    ),
    Wrong(
        "exp_before_the_mean",
        scoring(lambda losses: np.exp(joined(losses)).mean()),
        "It is the mean of 1/p. The mean comes first, over the logarithms, and exp afterwards.",
        keeps=0.25,
    ),
    Wrong(
        "mean_of_the_probabilities",
        scoring(lambda losses: 1 / np.exp(-joined(losses)).mean()),
        "It is 1 over the mean probability. The mean is one of the losses, the logarithms.",
        keeps=0.25,
    ),
    Wrong(
        "sum_over_the_steps",
        scoring(lambda losses: np.exp(np.concatenate([each.sum(axis=1) for each in losses]).mean())),
        "It is a perplexity per sequence: the losses are added up along each row. Perplexity is per token.",
        keeps=0.25,
    ),
    Wrong(
        "always_e",
        scoring(lambda losses: np.exp(joined(losses).mean() / joined(losses).mean())),
        "It is e, whatever the model says: something is divided by itself.",
    ),
    Wrong(
        "last_step_only",
        scoring(lambda losses: mean_of_all([each[:, -1] for each in losses])),
        "Only the last step of each sequence is scored. The model predicts at every step.",
    ),
    Wrong(
        "no_softmax",
        scoring(mean_of_all, lambda logits: logits),
        "The logits are taken for logarithms of probabilities. They have to go through the softmax first.",
    ),
    Wrong(
        "softmax_over_the_steps",
        scoring(mean_of_all, lambda logits: log_softmax(logits, axis=1)),
        "The softmax goes over the steps. The probabilities of all tokens at one step add up to 1.",
    ),
    Wrong(
        "softmax_over_the_sequences",
        scoring(mean_of_all, lambda logits: log_softmax(logits, axis=0)),
        "The softmax goes over the sequences. The probabilities of all tokens at one step add up to 1.",
    ),
    Wrong(
        "softmax_twice",
        scoring(mean_of_all, lambda logits: log_softmax(np.exp(log_softmax(logits)))),
        "The softmax is taken twice, so that all tokens seem nearly alike. Some ready-made losses take it themselves.",
    ),
    Wrong(
        "likeliest_token",
        likeliest,
        "The model is scored on the token that it finds likeliest, not on the one that came.",
    ),
]
