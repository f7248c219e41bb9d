"""All steps of a recurrent network over ids, with the gradient cut now and then; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong

from .steps import WRONG_STEPS, rnn_step


def same(H):
    return H


def detached(H):
    return H.real


def zeros(H):
    return np.zeros_like(H)


def at_the_start_of_a_piece(t, cut_every):
    return t % cut_every == 0


def walk(
    ids, H, params, cut_every=None, make=rnn_step, carried=same, cut=detached, here=at_the_start_of_a_piece, after=False
):
    """The walk in parts: the step, what is handed to the next one, what is done at a cut, and where a cut is.

    With `after` the cut is made behind the step, before its logits are computed.
    """
    first, outputs, rows = H, [], np.eye(len(params["W_xh"]))
    for t in range(ids.shape[1]):
        if cut_every and not after and here(t, cut_every):
            H = cut(H)  # (n, h)
        H, logits = make(rows[ids[:, t]], H, params)  # (n, h), (n, V)
        if cut_every and after and here(t + 1, cut_every):
            H = cut(H)  # (n, h)
            logits = H @ params["W_hq"] + params["b_q"]  # (n, V)
        outputs.append(logits)
        H = H if carried is same else carried(first)
    return np.stack(outputs, axis=1), H  # (n, T, V), (n, h)


def unroll(ids, H, params, cut_every=None):
    return walk(ids, H, params, cut_every)


def walking(**parts):
    return lambda ids, H, params, cut_every=None: walk(ids, H, params, cut_every, **parts)


def state_of_the_last_step_only(ids, H, params, cut_every=None):
    """Every step starts from the given state; the last one's is returned."""
    results = [walk(ids[:, t : t + 1], H, params, cut_every) for t in range(ids.shape[1])]
    return np.concatenate([logits for logits, _ in results], axis=1), results[-1][1]


def backwards(ids, H, params, cut_every=None):
    logits, H = walk(ids[:, ::-1], H, params, cut_every)
    return logits[:, ::-1], H


def next_letter(ids, H, params, cut_every=None):
    return walk((ids + 1) % len(params["W_xh"]), H, params, cut_every)


def uncoupled(ids, H, params, cut_every=None):
    logits, last = walk(ids, H, params, cut_every)
    return logits.real, last.real


def in_so_many_pieces(ids, H, params, cut_every=None):
    return walk(ids, H, params, cut_every and ids.shape[1] // cut_every)


def at_every_step(ids, H, params, cut_every=None):
    return walk(ids, H, params, cut_every and 1)


WRONG_WALKS = [
    Wrong(
        "state_not_carried",
        state_of_the_last_step_only,
        "Each step starts from the first state again: what a step makes must be handed to the next one.",
    ),
    Wrong(
        "starts_from_zeros",
        lambda ids, H, params, cut_every=None: walk(ids, zeros(H), params, cut_every),
        "The walk starts from zeros and not from the state that it is given.",
        keeps=0.25,
    ),
    Wrong(
        "walks_backwards",
        backwards,
        "The steps are walked from the last to the first.",
    ),
    Wrong(
        "next_letter_read",
        next_letter,
        "Each letter is taken for the one with the next id: ids begin with 0, and a one-hot vector has its 1 at the "
        "id's place.",
        keeps=0.25,
    ),
    Wrong(
        "first_state_returned",
        lambda ids, H, params, cut_every=None: (walk(ids, H, params, cut_every)[0], H),
        "The second result is the state that the walk started from. It should be the one it ends with.",
        keeps=0.5,
    ),
    Wrong(
        "always_cut",
        lambda ids, H, params, cut_every=None: walk(ids, H, params, 1),
        "The numbers are right, but no gradient comes back over more than one step, even where nothing is to be cut.",
        keeps=0.25,
    ),
    Wrong(
        "no_gradient",
        uncoupled,
        "The numbers are right, but no gradient comes back at all: somewhere the way leads through NumPy, or the "
        "result itself is cut off.",
    ),
    Wrong(
        "never_cut",
        lambda ids, H, params, cut_every=None: walk(ids, H, params),
        "The gradient goes back through everything: cut_every has no effect.",
    ),
    Wrong(
        "cut_at_every_step",
        at_every_step,
        "The state is cut off at every step. cut_every says how many steps a piece has, and inside it the gradient "
        "must flow.",
        keeps=0.25,
    ),
    Wrong(
        "reset_instead_of_cut",
        walking(cut=zeros),
        "At a cut the state is set to zero. Only its history should stop; the numbers go on.",
    ),
    Wrong(
        "first_state_not_cut",
        walking(here=lambda t, cut_every: t > 0 and t % cut_every == 0),
        "All cuts are there but the first, in front of step 0: the gradient still reaches the state that is given.",
        keeps=0.5,
    ),
    Wrong(
        "cut_one_step_early",
        walking(here=lambda t, cut_every: (t + 1) % cut_every == 0),
        "The cuts are one step too early: the last step of each piece has lost its gradient. Steps are counted from 0.",
        keeps=0.5,
    ),
    Wrong(
        "cut_one_step_late",
        walking(here=lambda t, cut_every: t % cut_every == 1),
        "The cuts are one step too late. Steps are counted from 0.",
        keeps=0.5,
    ),
    Wrong(
        "logits_cut_too",
        walking(after=True),
        "The state is cut off before the step's logits are computed, so they have no gradient either. Cut what goes "
        "on to the next step.",
        keeps=0.5,
    ),
    Wrong(
        "so_many_pieces",
        in_so_many_pieces,
        "cut_every is taken for the number of pieces. It is how many steps a piece has.",
        keeps=0.5,
    ),
]
WRONG_WALKS += [
    Wrong(
        f"step_with_{each.id}",
        walking(make=each.answer),
        "The walk is right, the step inside it is not: see what the check of rnn_step says.",
        keeps=0.75,
    )
    for each in WRONG_STEPS
    if each.id != "results_exchanged"  # fails at the second step
]
