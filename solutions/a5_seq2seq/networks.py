"""Encoder and decoder, and the loss of what they say; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong, mutant

from ..shared import gru_step, log_softmax, softmax

# ---- two networks ----


def seq2seq(source, lengths, inputs, encoder, decoder):
    c = np.zeros((len(source), len(encoder["b_z"])))  # (n, h)
    for t in range(source.shape[1]):
        new = gru_step(encoder["W_xe"][source[:, t]], c, encoder)  # (n, h)
        c = np.where((t < lengths)[:, None], new, c)  # (n, h); in the padding the state stands still
    S, logits = c, []
    for t in range(inputs.shape[1]):
        words = decoder["W_xe"][inputs[:, t]]  # (n, e)
        S = gru_step(np.concatenate([words, c], axis=1), S, decoder)  # (n, h)
        logits.append(S @ decoder["W_hq"] + decoder["b_q"])  # (n, V)
    return np.stack(logits, axis=1), c  # (n, T, V), (n, h)


READ, ANSWER = "[words, c]", "np.stack(logits, axis=1), c"
MEAN_OF_THE_STATES = {
    "c = np.zeros(": "states, c = [], np.zeros(",
    "new, c)": "new, c); states.append(c)",
    "S, logits = c, []": "c = np.mean(states, axis=0)\n    S, logits = c, []",
}

# fmt: off
WRONG_NETWORKS = [
    Wrong("after_the_last_column", {"(t < lengths)[:, None]": "True"},
          "The context is the state after the last column, so it depends on how much padding there is.", keeps=0.25),
    Wrong("cleared_by_the_padding", {"new, c)": "new, 0 * c)"},
          "The context of a short sentence is zero: at padding the state becomes zero, or is taken from where it was "
          "cleared. It should stand still.", keeps=0.25),
    Wrong("one_step_too_many", {"t < lengths": "t < lengths + 1"},
          "Each sentence is read one step too far. Steps are counted from 0, so step number length is padding.",
          keeps=0.5),
    Wrong("one_step_too_few", {"t < lengths": "t < lengths - 1"},
          "The last token of each sentence is not read.", keeps=0.5),
    Wrong("mask_inverted", {"t < lengths": "t >= lengths"},
          "The mask is the wrong way round: the state moves in the padding and stands still where there is something "
          "to read."),
    Wrong("mean_of_the_states", MEAN_OF_THE_STATES,
          "The context is the mean of all the encoder's states.", keeps=0.25),
    Wrong("sources_backwards", {"source[:, t]": "source[:, -1 - t]"},
          "The sources are read from the last column to the first."),
    Wrong("decoder_starts_from_zeros", {"S, logits = c, []": "S, logits = 0 * c, []"},
          "The decoder's first state is zero. What is S_0 in the equations?", keeps=0.5),
    Wrong("context_as_first_state_only", {READ: "[words, 0 * c]"},
          "The decoder gets the context as its first state only; beside the words there are zeros.", keeps=0.25),
    Wrong("context_at_the_first_step_only", {READ: "[words, 0 * c if t else c]"},
          "The context stands beside the first word only, and then there are zeros.", keeps=0.25),
    Wrong("state_beside_the_words", {READ: "[words, S]"},
          "Beside the words stands the decoder's own state, which changes from step to step. The context does not.",
          keeps=0.5),
    Wrong("context_in_front", {READ: "[c, words]"},
          "The context stands in front of the words. Every shape fits, but the weights are those for another order.",
          keeps=0.5),
    Wrong("words_of_the_other_language", {'decoder["W_xe"]': 'encoder["W_xe"]'},
          "The decoder's tokens are looked up in the encoder's embedding. They are tokens of another language.",
          keeps=0.25),
    Wrong("own_tokens_read", {"inputs[:, t]": "logits[-1].real.argmax(axis=1) if logits else inputs[:, 0]"},
          "From the second step on the decoder reads what it has said itself. In training there is a teacher: it reads "
          "inputs, whatever it says.", keeps=0.25),
    Wrong("decoder_stops_with_the_source",
          {"S = gru_step(": "S = np.where((t < lengths)[:, None], gru_step(", "S, decoder)": "S, decoder), S)"},
          "The decoder's state stands still after so many steps as the source has tokens. lengths is about the source.",
          keeps=0.25),
    Wrong("speaks_before_the_step", {"S = gru_step(": "before, S = S, gru_step(", "append(S @": "append(before @"},
          "The logits come from the state before each step; they should come from the one after it.", keeps=0.25),
    Wrong("probabilities", {ANSWER: "softmax(np.stack(logits, axis=1)), c"},
          "These are probabilities. What is asked are the logits, before the softmax.", keeps=0.5),
    Wrong("no_output_bias", {' + decoder["b_q"]': ""}, "The output layer has no bias.", keeps=0.5),
    Wrong("decoders_last_state", {ANSWER: "np.stack(logits, axis=1), S"},
          "The second result is the decoder's last state. It should be the context.", keeps=0.5),
    Wrong("context_cut", {"S, logits = c, []": "c = c.real\n    S, logits = c, []"},
          "The numbers are right, but no gradient comes back to the encoder: it would never learn anything."),
]
# fmt: on

# ---- the loss ----


def masked_loss(logits, Y):
    asked = Y >= 0  # (n, T)
    tokens = np.where(asked, Y, 0)  # (n, T); some token where none is asked
    losses = -np.take_along_axis(log_softmax(logits), tokens[..., None], axis=-1)[..., 0]  # (n, T)
    return np.sum(losses * asked) / asked.sum()


MEAN = "np.sum(losses * asked) / asked.sum()"

# fmt: off
WRONG_LOSSES = [
    Wrong("padding_counts_as_token_0", {MEAN: "losses.mean()"},
          "Padding counts, as though the token 0 were asked there.", keeps=0.25),
    Wrong("padding_counts_as_the_last_token", {MEAN: "losses.mean()", "np.where(asked, Y, 0)": "Y"},
          "Padding counts, as though the last token of the vocabulary were asked there: that is −1 as an index.",
          keeps=0.25),
    Wrong("divided_by_all_places", {"asked.sum()": "asked.size"},
          "Padding is left out of the sum, but not of what you divide by: the more padding, the better the score.",
          keeps=0.5),
    Wrong("sum", {" / asked.sum()": ""}, "This is the sum. By what is it to be divided?", keeps=0.5),
    Wrong("divided_by_the_sentences", {"asked.sum()": "len(Y)"},
          "This is the loss per sentence: the sum is divided by how many sentences there are.", keeps=0.5),
    Wrong("divided_by_the_steps", {"asked.sum()": "Y.shape[1]"},
          "The sum is divided by the number of steps. How many tokens are asked?", keeps=0.5),
    Wrong("mean_of_the_sentences_means", {MEAN: "np.mean(np.sum(losses * asked, axis=1) / asked.sum(axis=1))"},
          "This is the mean of the sentences' means, in which a token of a short sentence counts more than one of a "
          "long one.", keeps=0.5),
    Wrong("mean_of_the_steps_means", {MEAN: "np.mean(np.sum(losses * asked, axis=0) / asked.sum(axis=0))"},
          "This is the mean of the steps' means. Late steps have few tokens, and all tokens should count alike.",
          keeps=0.5),
    Wrong("mask_inverted", {MEAN: "np.sum(losses * ~asked) / max(1, np.sum(~asked))"}, "Only the padding counts."),
    Wrong("first_token_left_out", {MEAN: "np.sum((losses * asked)[:, 1:]) / asked[:, 1:].sum()"},
          "The first token of each sentence does not count. Y has no <bos>: its first token is the sentence's first.",
          keeps=0.25),
    Wrong("token_0_left_out", {"Y >= 0": "Y > 0"},
          "Where the token 0 is asked, it does not count. Padding is −1.", keeps=0.5),
    Wrong("sign", {"losses = -np": "losses = np"},
          "This is the mean of the logarithms, which are negative; a loss is to become smaller.", keeps=0.5),
    Wrong("no_softmax", {"log_softmax(logits)": "logits"},
          "The logits are taken for logarithms of probabilities. They have to go through the softmax first.",
          keeps=0.25),
    Wrong("probabilities_without_logarithm", mutant(masked_loss, log_softmax=lambda logits: softmax(logits) - 1),
          "The logarithm is missing: this is how much probability is missing, on average.", keeps=0.25),
    Wrong("softmax_over_the_steps", {"log_softmax(logits)": "log_softmax(logits, axis=1)"},
          "The softmax goes over the steps. The probabilities of all tokens at one step add up to 1.", keeps=0.25),
    Wrong("perplexity", {MEAN: f"np.exp({MEAN})"}, "This is the perplexity, exp of the loss.", keeps=0.5),
    Wrong("bits", {MEAN: f"{MEAN} / np.log(2)"},
          "This is the loss in bits, with logarithms to the base 2. This course has natural ones.", keeps=0.5),
]
