"""Writing on: the warm-up, then always the likeliest letter; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong

from .scores import log_softmax
from .steps import WRONG_STEPS
from .walks import WRONG_WALKS, unroll


def read(walk, ids, H, params):
    """The logits (V,) after reading `ids` from the state H, and the new state."""
    logits, H = walk(np.array([ids]), H, params)  # (1, T, V), (1, h)
    return logits[0, -1], H


def write(prefix, num_preds, params, walk=unroll, warm_up=list, choose=np.argmax, fed=None, forget=False, again=()):
    """Writing in parts: what the warm-up reads, which letter is chosen, what is read next and from which state.

    `fed` makes of the text so far what is read next; `again` is read between the warm-up and the first choice.
    """
    ids, H = list(prefix), np.zeros((1, len(params["b_h"])))
    zeros, chances = H, []
    logits, H = read(walk, warm_up(ids), H, params)
    for letter in again:
        logits, H = read(walk, [ids[letter]], H, params)
    for _ in range(num_preds):
        ids.append(int(choose(logits)))
        chances.append(np.exp(log_softmax(logits)[ids[-1]]))
        logits, H = read(walk, fed(ids, len(prefix)) if fed else ids[-1:], zeros if forget else H, params)
    return np.array(ids), np.array(chances)


def generate(prefix, num_preds, params):
    return write(prefix, num_preds, params)


def writing(**parts):
    return lambda prefix, num_preds, params: write(prefix, num_preds, params, **parts)


def from_the_first_letter(prefix, num_preds, params):
    """Its own letters are read in the place of the prefix, from the second on."""
    ids, chances = write(prefix[:1], len(prefix) - 1 + num_preds, params)
    return np.concatenate([prefix, ids[len(prefix) :]]), chances[len(prefix) - 1 :]


def logits_of_the_first_step(prefix, num_preds, params):
    def walk(ids, H, params):
        logits, H = unroll(ids, H, params)
        return logits[:, :1], H

    return write(prefix, num_preds, params, walk=walk)


def scored(score):
    """The right letters, with something else in the place of their probabilities."""
    return lambda prefix, num_preds, params: (lambda ids, p: (ids, score(ids, p)))(*write(prefix, num_preds, params))


def logits_for_probabilities(prefix, num_preds, params):
    ids, _ = write(prefix, num_preds, params)
    logits, _ = unroll(ids[None, :-1], np.zeros((1, len(params["b_h"]))), params)  # (1, T + num_preds - 1, V)
    return ids, logits[0].max(axis=1)[len(prefix) - 1 :]


WRONG_WRITING = [
    Wrong(
        "no_warm_up",
        writing(warm_up=lambda ids: ids[-1:]),
        "Only the last letter of the prefix is read. All of it has to go through the network, for the state.",
        keeps=0.25,
    ),
    Wrong(
        "last_letter_read_twice",
        writing(again=(-1,)),
        "The last letter of the prefix is read twice: once in the warm-up, and once more before the first choice.",
        keeps=0.5,
    ),
    Wrong(
        "prefix_read_backwards",
        writing(warm_up=lambda ids: ids[::-1]),
        "The prefix is read backwards.",
        keeps=0.25,
    ),
    Wrong(
        "prefix_without_its_end",
        writing(warm_up=lambda ids: ids[:-1] or ids),
        "The last letter of the prefix is not read before the first choice.",
        keeps=0.25,
    ),
    Wrong(
        "own_letters_in_the_warm_up",
        from_the_first_letter,
        "During the warm-up the network reads what it predicts itself. It should read the prefix, whatever it "
        "predicts.",
        keeps=0.25,
    ),
    Wrong(
        "state_forgotten",
        writing(forget=True),
        "After the warm-up each letter is read from a state of zeros: the state has to be handed on.",
        keeps=0.25,
    ),
    Wrong(
        "all_read_again",
        writing(fed=lambda ids, start: ids),
        "All of the text is read again for each letter, though the state knows it already.",
        keeps=0.5,
    ),
    Wrong(
        "prefix_read_on_and_on",
        writing(fed=lambda ids, start: ids[start - 1 : start]),
        "The last letter of the prefix is read again and again. The letter that is written becomes the next input.",
        keeps=0.25,
    ),
    Wrong(
        "least_likely_letter",
        writing(choose=np.argmin),
        "The letter chosen is the least likely one.",
        keeps=0.25,
    ),
    Wrong(
        "logits_of_the_first_step",
        logits_of_the_first_step,
        "The first choice follows what the network predicts after the first letter of the prefix, not after the last.",
        keeps=0.25,
    ),
    Wrong(
        "prefix_left_out",
        lambda prefix, num_preds, params: (lambda ids, p: (ids[len(prefix) :], p))(*write(prefix, num_preds, params)),
        "Only the new letters come back. The prefix belongs in front of them.",
        keeps=0.75,
    ),
    Wrong(
        "logits_for_probabilities",
        logits_for_probabilities,
        "The letters are right. But what should be their probabilities are logits: the softmax is missing.",
        keeps=0.5,
    ),
    Wrong(
        "losses_for_probabilities",
        scored(lambda ids, p: -np.log(p)),
        "The letters are right. But what should be their probabilities is −log p, the loss.",
        keeps=0.5,
    ),
    Wrong(
        "logarithms_for_probabilities",
        scored(lambda ids, p: np.log(p)),
        "The letters are right. But what should be their probabilities are the logarithms of these.",
        keeps=0.5,
    ),
    Wrong(
        "probability_of_the_whole",
        scored(lambda ids, p: np.cumprod(p)),
        "The letters are right. But each probability is that of all letters so far together; asked for is that of the "
        "single letter.",
        keeps=0.5,
    ),
]
WRONG_WRITING += [
    Wrong(
        f"step_with_{each.id}",
        writing(walk=make),
        "The writing is right, the step inside it is not: see what the check of rnn_step says.",
        keeps=0.75,
    )
    for each in WRONG_STEPS
    for make in [walk.answer for walk in WRONG_WALKS if walk.id == f"step_with_{each.id}"]
    if each.id not in ("no_tanh", "state_added_up", "state_outside_tanh")  # their states may run away
]
WRONG_WRITING += [
    Wrong(
        f"walk_with_{each.id}",
        writing(walk=each.answer),
        "The writing is right, the walk inside it is not: see what the check of unroll says.",
        keeps=0.75,
    )
    for each in WRONG_WALKS
    if each.id == "next_letter_read"
]
