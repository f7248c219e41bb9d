"""Writing on: the warm-up, then always the likeliest letter that is none of the unknown; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong, mutant

from ..shared import softmax
from .steps import WRONG_STEPS
from .walks import WRONG_WALKS, unroll


def generate(prefix, num_preds, params):
    ids, chances = list(prefix), []
    H = np.zeros((1, len(params["b_h"])))  # (1, h)
    logits, H = unroll(np.array([ids]), H, params)  # (1, T, V), (1, h)
    for _ in range(num_preds):
        p = softmax(logits[0, -1, 1:])  # (V − 1,), without <unk>
        ids.append(1 + int(p.argmax()))
        chances.append(p[ids[-1] - 1])
        logits, H = unroll(np.array([ids[-1:]]), H, params)  # (1, 1, V), (1, h)
    return np.array(ids), np.array(chances)  # (T + num_preds,), (num_preds,)


def from_the_first_letter(prefix, num_preds, params):
    """Its own letters are read in the place of the prefix, from the second on."""
    ids, chances = generate(prefix[:1], len(prefix) - 1 + num_preds, params)
    return np.concatenate([prefix, ids[len(prefix) :]]), chances[len(prefix) - 1 :]


READ_LAST = "unroll(np.array([ids[-1:]]), H, params)"

# fmt: off
WRONG_WRITING = [
    Wrong("no_warm_up", {"[ids])": "[ids[-1:]])"},
          "Only the last letter of the prefix is read. All of it has to go through the network, for the state.",
          keeps=0.25),
    Wrong("last_letter_read_twice", {"    for _ in": f"    logits, H = {READ_LAST}\n    for _ in"},
          "The last letter of the prefix is read twice: once in the warm-up, and once more before the first choice.",
          keeps=0.5),
    Wrong("prefix_read_backwards", {"[ids])": "[ids[::-1]])"},
          "The prefix is read backwards.", keeps=0.25),
    Wrong("prefix_without_its_end", {"[ids])": "[ids[:-1] or ids])"},
          "The last letter of the prefix is not read before the first choice.", keeps=0.25),
    Wrong("own_letters_in_the_warm_up", from_the_first_letter,
          "During the warm-up the network reads what it predicts itself. It should read the prefix, whatever it "
          "predicts.", keeps=0.25),
    Wrong("state_forgotten", {READ_LAST: READ_LAST.replace("H", "np.zeros_like(H)")},
          "After the warm-up each letter is read from a state of zeros: the state has to be handed on.", keeps=0.25),
    Wrong("all_read_again", {READ_LAST: READ_LAST.replace("ids[-1:]", "ids")},
          "All of the text is read again for each letter, though the state knows it already.", keeps=0.5),
    Wrong("prefix_read_on_and_on", {READ_LAST: READ_LAST.replace("ids[-1:]", "prefix[-1:]")},
          "The last letter of the prefix is read again and again. The letter that is written becomes the next input.",
          keeps=0.25),
    Wrong("least_likely_letter", {"argmax": "argmin"},
          "The letter chosen is the least likely one.", keeps=0.25),
    Wrong("logits_of_the_first_step", {"logits[0, -1,": "logits[0, 0,"},
          "The first choice follows what the network predicts after the first letter of the prefix, not after the "
          "last.", keeps=0.25),
    Wrong("unknown_written", {"logits[0, -1, 1:]": "logits[0, -1]", "1 + int": "int", "ids[-1] - 1": "ids[-1]"},
          "Here and there <unk> is written. It stands for letters that the network does not know, and may not be "
          "written.", keeps=0.25),
    Wrong("unknown_has_its_share", {"softmax(logits[0, -1, 1:])": "softmax(logits[0, -1])[1:]"},
          "The letters are right. But their probabilities leave a share to <unk>, which cannot come: those of the "
          "letters that can make 1 together.", keeps=0.5),
    Wrong("ids_one_too_small", {"1 + int": "int", "ids[-1] - 1": "ids[-1]"},
          "Each id is one too small: what was left out in front moves all others.", keeps=0.25),
    Wrong("unknown_has_the_logit_zero", {"softmax(logits[0, -1, 1:])": "softmax(logits[0, -1] * [0, *[1] * "
                                                                      "(logits.shape[2] - 1)])[1:]"},
          "The letters are right. But <unk> was given the logit 0, and that is a probability like any other.",
          keeps=0.5),
    Wrong("prefix_left_out", {"np.array(ids)": "np.array(ids[len(prefix) :])"},
          "Only the new letters come back. The prefix belongs in front of them.", keeps=0.75),
    Wrong("logits_for_probabilities", {"softmax(logits[0, -1, 1:])": "logits[0, -1, 1:]"},
          "The letters are right. But what should be their probabilities are logits: the softmax is missing.",
          keeps=0.5),
    Wrong("losses_for_probabilities", {"np.array(chances)": "-np.log(chances)"},
          "The letters are right. But what should be their probabilities is −log p, the loss.", keeps=0.5),
    Wrong("logarithms_for_probabilities", {"np.array(chances)": "np.log(chances)"},
          "The letters are right. But what should be their probabilities are the logarithms of these.", keeps=0.5),
    Wrong("probability_of_the_whole", {"np.array(chances)": "np.cumprod(chances)"},
          "The letters are right. But each probability is that of all letters so far together; asked for is that of "
          "the single letter.", keeps=0.5),
]
WALKS = {each.id: each.of(unroll) for each in WRONG_WALKS}
RUN_AWAY = ("no_tanh", "state_added_up", "state_outside_tanh", "old_state_kept_whole")  # their states may
WRONG_WRITING += [
    Wrong(f"step_with_{each.id}", mutant(generate, unroll=WALKS[f"step_with_{each.id}"]),
          "The writing is right, the step inside it is not: see what the check of leaky_step says.", keeps=0.75)
    for each in WRONG_STEPS
    if each.id not in RUN_AWAY and f"step_with_{each.id}" in WALKS
]
WRONG_WRITING += [
    Wrong("walk_with_next_letter_read", mutant(generate, unroll=WALKS["next_letter_read"]),
          "The writing is right, the walk inside it is not: see what the check of unroll says.", keeps=0.75),
]
