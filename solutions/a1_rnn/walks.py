"""All steps of a recurrent network over ids, with the gradient cut now and then; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong, mutant

from .steps import WRONG_STEPS, leaky_step


def unroll(ids, H, params, cut_every=None, begins=None):
    outputs, one_hot = [], np.eye(len(params["W_xh"]))
    for t in range(ids.shape[1]):
        if cut_every and t % cut_every == 0:
            H = H.real  # (n, h), without its history
        if begins is not None:
            H = np.where(begins[:, t, None], 0, H)  # (n, h)
        H, logits = leaky_step(one_hot[ids[:, t]], H, params)  # (n, h), (n, V)
        outputs.append(logits)
    return np.stack(outputs, axis=1), H  # (n, T, V), (n, h)


ZEROED = "np.where(begins[:, t, None], 0, H)"
CUT_HERE, STEP = "if cut_every and t % cut_every == 0:", "        H, logits = leaky_step("
BEGIN, RESULTS = "outputs, one_hot = [],", "np.stack(outputs, axis=1), H"
CUT_BEFORE_LOGITS = """if cut_every and (t + 1) % cut_every == 0:
            H = H.real
            logits = H @ params["W_hq"] + params["b_q"]
        outputs.append"""
ZEROED_AFTERWARDS = """outputs.append(logits)
        if begins is not None:
            H = np.where(begins[:, t, None], 0, H)"""
CUT_AFTERWARDS = """outputs.append(logits)
        if cut_every and t % cut_every == 0:
            H = H.real"""

# fmt: off
WRONG_WALKS = [
    Wrong("state_not_carried", {STEP: STEP.replace("H", "last"), RESULTS: "np.stack(outputs, axis=1), last"},
          "Each step starts from the first state again: what a step makes must be handed to the next one."),
    Wrong("starts_from_zeros", {BEGIN: f"H = np.zeros_like(H)\n    {BEGIN}"},
          "The walk starts from zeros and not from the state that it is given.", keeps=0.25),
    Wrong("walks_backwards", {"ids[:, t]": "ids[:, -1 - t]", "np.stack(outputs": "np.stack(outputs[::-1]"},
          "The steps are walked from the last to the first."),
    Wrong("next_letter_read", {"ids[:, t]": "(ids[:, t] + 1) % len(one_hot)"},
          "Each letter is taken for the one with the next id: ids begin with 0, and a one-hot vector has its 1 at "
          "the id's place.", keeps=0.25),
    Wrong("first_state_returned", {BEGIN: f"first = H\n    {BEGIN}", RESULTS: "np.stack(outputs, axis=1), first"},
          "The second result is the state that the walk started from. It should be the one it ends with.", keeps=0.5),
    Wrong("always_cut", {CUT_HERE: "if True:"},
          "The numbers are right, but no gradient comes back over more than one step, even where nothing is to be "
          "cut.", keeps=0.25),
    Wrong("no_gradient", {RESULTS: "np.stack(outputs, axis=1).real, H.real"},
          "The numbers are right, but no gradient comes back at all: somewhere the way leads through NumPy, or the "
          "result itself is cut off."),
    Wrong("never_cut", {CUT_HERE: "if False:"},
          "The gradient goes back through everything: cut_every has no effect."),
    Wrong("cut_at_every_step", {CUT_HERE: "if cut_every:"},
          "The state is cut off at every step. cut_every says how many steps a piece has, and inside it the gradient "
          "must flow.", keeps=0.25),
    Wrong("reset_instead_of_cut", {"H.real": "np.zeros_like(H)"},
          "At a cut the state is set to zero. Only its history should stop; the numbers go on."),
    Wrong("first_state_not_cut", {"if cut_every and": "if cut_every and t > 0 and"},
          "All cuts are there but the first, in front of step 0: the gradient still reaches the state that is given.",
          keeps=0.5),
    Wrong("cut_one_step_early", {"t % cut_every == 0": "(t + 1) % cut_every == 0"},
          "The cuts are one step too early: the last step of each piece has lost its gradient. Steps are counted "
          "from 0.", keeps=0.5),
    Wrong("cut_one_step_late", {"t % cut_every == 0": "t % cut_every == 1"},
          "The cuts are one step too late. Steps are counted from 0.", keeps=0.5),
    Wrong("logits_cut_too", {CUT_HERE: "if False:", "outputs.append": CUT_BEFORE_LOGITS},
          "The state is cut off before the step's logits are computed, so they have no gradient either. Cut what "
          "goes on to the next step.", keeps=0.5),
    Wrong("one_cut_only", {CUT_HERE: "if cut_every and t == 0:"},
          "There is one cut, in front of the first step, and none at cut_every and its multiples.", keeps=0.25),
    Wrong("cut_after_the_step", {CUT_HERE: "if False:", "outputs.append(logits)": CUT_AFTERWARDS},
          "The state is cut off behind the steps 0, cut_every and so on. Cut it in front of them.", keeps=0.5),
    Wrong("begins_ignored", {"begins is not None": "False"},
          "The texts run into each other: begins has no effect."),
    Wrong("all_rows_begin", {ZEROED: "np.where(begins[:, t].any(), 0, H)"},
          "Where one row begins a new text, all rows forget. Each row has its own texts.", keeps=0.25),
    Wrong("begins_inverted", {ZEROED: "np.where(begins[:, t, None], H, 0)"},
          "It is the wrong way round: the state is zero at all steps where no text begins."),
    Wrong("begins_one_step_late", {ZEROED: "np.where(begins[:, t - 1, None] & (t > 0), 0, H)"},
          "A text's first letter is still read from the state of the text before, and its second from zeros.",
          keeps=0.5),
    Wrong("zeros_behind_the_step", {"begins is not None": "False", "outputs.append(logits)": ZEROED_AFTERWARDS},
          "The state is set to zero behind the step with which a text begins. It is to be zero in front of it.",
          keeps=0.5),
    Wrong("never_at_step_0", {ZEROED: "np.where(begins[:, t, None] & (t > 0), 0, H)"},
          "A text that begins with the first step is read from the state that was handed over.", keeps=0.5),
    Wrong("first_text_only", {ZEROED: "np.where(begins[:, t, None] & ~begins[:, :t].any(axis=1, keepdims=True), 0, H)"},
          "Only the first text that begins in a row is seen. There may be more.", keeps=0.5),
    Wrong("so_many_pieces", {"t % cut_every == 0": "t % (ids.shape[1] // cut_every) == 0"},
          "cut_every is taken for the number of pieces. It is how many steps a piece has.", keeps=0.5),
]
WRONG_WALKS += [
    Wrong(f"step_with_{each.id}", mutant(unroll, leaky_step=each.of(leaky_step)),
          "The walk is right, the step inside it is not: see what the check of leaky_step says.", keeps=0.75)
    for each in WRONG_STEPS
    if each.id != "results_exchanged"  # fails at the second step
]
