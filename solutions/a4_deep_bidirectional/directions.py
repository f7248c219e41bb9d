"""Turning sequences round, two directions side by side, and what stands around each step; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong, mutant

from .layers import cut_layer, rnn_layer


def turn(X, lengths=None):
    lengths = np.full(len(X), X.shape[1]) if lengths is None else lengths
    t, ends = np.arange(X.shape[1]), lengths[:, None]  # (T,), (n, 1)
    steps = np.where(t < ends, ends - 1 - t, t)  # (n, T): which step comes to stand here
    return np.take_along_axis(X, steps[..., None], axis=1)  # (n, T, d)


def bidirectional(X, params, lengths=None):
    lengths = np.full(len(X), X.shape[1]) if lengths is None else lengths
    zeros = np.zeros((len(X), len(params["forward"]["b_h"])))  # (n, h)
    ahead, _ = rnn_layer(X, zeros, params["forward"])  # (n, T, h)
    back, _ = rnn_layer(turn(X, lengths), zeros, params["backward"])
    back = turn(back, lengths)  # (n, T, h)
    valid = np.arange(X.shape[1]) < lengths[:, None]  # (n, T)
    outputs = np.concatenate([ahead, back], axis=-1)  # (n, T, 2h)
    last = ahead[np.arange(len(X)), lengths - 1], back[:, 0]  # (n, h), (n, h)
    return np.where(valid[..., None], outputs, 0), last


def around(outputs, width=1):
    ahead, back = np.split(outputs, 2, axis=-1)  # (n, T, h), (n, T, h)
    before = np.concatenate([np.zeros_like(ahead[:, :1]), ahead[:, :-1]], axis=1)  # (n, T, h)
    after = np.concatenate([back[:, width:], np.zeros_like(back[:, :width])], axis=1)  # (n, T, h)
    return np.concatenate([before, after], axis=-1)  # (n, T, 2h)


def both_ends_empty(outputs, width=1):
    t, T = np.arange(outputs.shape[1]), outputs.shape[1]
    return np.where(((t > 0) & (t < T - width))[:, None], around(outputs, width), 0)


STEPS, ENDS = "np.where(t < ends, ends - 1 - t, t)", "lengths[:, None]"
LAST_AHEAD, LAST_BACK = "ahead[np.arange(len(X)), lengths - 1]", "back[:, 0]"
BACK_AT_THE_END = "back[np.arange(len(X)), lengths - 1]"
CLEARED = "np.where(valid[..., None], outputs, 0)"
BACK_AFTER_THE_PADDING = {"back, _": "back, after", LAST_BACK: "after"}
BEFORE, AFTER = "[np.zeros_like(ahead[:, :1]), ahead[:, :-1]]", "[back[:, width:], np.zeros_like(back[:, :width])]"
AHEAD_FROM_AFTER = "[ahead[:, width:], np.zeros_like(ahead[:, :width])]"
BACK_FROM_BEFORE = "[np.zeros_like(back[:, :1]), back[:, :-1]]"

# fmt: off
WRONG_TURNS = [
    Wrong("turned_as_a_whole", lambda X, lengths=None: X[:, ::-1],
          "Each row is turned round as a whole, so that its padding comes first. It should be turned within its "
          "length.", keeps=0.2),
    Wrong("moved_to_the_end", {STEPS: "(t + ends) % X.shape[1]"},
          "The sequences are moved to the end, behind their padding, but not turned round."),
    Wrong("not_turned", lambda X, lengths=None: X, "Nothing is turned round."),
    Wrong("padding_turned_too", {"- t, t)": "- t, X.shape[1] - 1 - t + ends)"},
          "The sequences are right, but the padding is turned round as well. It should stay as it is.", keeps=0.75),
    Wrong("padding_cleared", {"return ": "return (t < ends)[..., None] * "},
          "The sequences are right, but the padding is zero now. It should stay as it is.", keeps=0.75),
    Wrong("a_step_too_far", {"ends - 1 - t, t)": "np.minimum(ends - t, X.shape[1] - 1), t)"},
          "Each step comes from one place too far to the right: the last step that counts is number lengths − 1."),
    Wrong("last_step_stays", {"t < ends": "t < ends - 1"},
          "The last step of each sequence stays where it was, and comes first as well. Steps are counted from 0.",
          keeps=0.5),
    Wrong("first_step_stays", {"ends - 1 - t": "np.where(t > 0, ends - t, 0)"},
          "The first step of each sequence stays where it was. Steps are counted from 0.", keeps=0.5),
    Wrong("longest_for_all", {ENDS: "np.full((len(X), 1), lengths.max())"},
          "All sequences are turned within the length of the longest.", keeps=0.25),
    Wrong("shortest_for_all", {ENDS: "np.full((len(X), 1), lengths.min())"},
          "All sequences are turned within the length of the shortest.", keeps=0.25),
    Wrong("first_length_for_all", {ENDS: "np.full((len(X), 1), lengths[0])"},
          "All sequences are turned within the length of the first one.", keeps=0.25),
    Wrong("features_turned", lambda X, lengths=None: X[..., ::-1],
          "The last axis is turned round, that of the features. Time is the second one."),
    Wrong("batch_turned", lambda X, lengths=None: X[::-1],
          "The first axis is turned round: the sequences have changed places. Time is the second one."),
]
WRONG_DIRECTIONS = [
    Wrong("not_turned_back", {"turn(back, lengths)": "back", LAST_BACK: BACK_AT_THE_END},
          "The backward states stand in the order in which they were read: step 1 has beside it what belongs to the "
          "last step.", keeps=0.25),
    Wrong("both_forwards", {"turn(X, lengths)": "X", "turn(back, lengths)": "back", LAST_BACK: BACK_AT_THE_END},
          "Both halves have read from the left: nothing is turned round."),
    Wrong("halves_exchanged", {"[ahead, back]": "[back, ahead]"},
          "The backward states stand first. In this course the forward half comes first.", keeps=0.5),
    Wrong("weights_exchanged", {'X, zeros, params["forward"]': 'X, zeros, params["backward"]',
                                'lengths), zeros, params["backward"]': 'lengths), zeros, params["forward"]'},
          "The forward direction has the backward one's weights, and the other way round.", keeps=0.5),
    Wrong("one_set_of_weights", {'params["backward"]': 'params["forward"]'},
          "Both directions have the forward one's weights.", keeps=0.25),
    Wrong("backwards_goes_on", {"turn(X, lengths), zeros": "turn(X, lengths), ahead[:, -1]"},
          "The backward direction starts from the forward one's last state. Between the two there is no arrow: each "
          "starts from zeros.", keeps=0.25),
    Wrong("last_column", {LAST_BACK: BACK_AT_THE_END},
          "Both last states are taken at the last step. There the backward one has read a single step.", keeps=0.5),
    Wrong("last_column_of_all", {f"{CLEARED}, last": f"{CLEARED}, tuple(np.split({CLEARED}[:, -1], 2, axis=-1))"},
          "Both last states are the last column of the outputs. There the backward one has read a single step, and for "
          "a shorter sequence there is padding.", keeps=0.25),
    Wrong("first_column", {LAST_AHEAD: "ahead[:, 0]"},
          "Both last states are taken at the first step. There the forward one has read a single step.", keeps=0.5),
    Wrong("last_states_exchanged", {f"{CLEARED}, last": f"{CLEARED}, last[::-1]"},
          "The two last states have changed places: the forward one comes first.", keeps=0.5),
    Wrong("no_gradient", mutant(bidirectional, rnn_layer=cut_layer),
          "The numbers are right, but no gradient comes back at all: somewhere the way leads through NumPy, or the "
          "result is cut off."),
    Wrong("padding_ignored", {" if lengths is None else lengths": ""},
          "The padding is read like everything else: lengths has no effect."),
    Wrong("outputs_not_cleared", {CLEARED: "outputs"},
          "The states are right where something counts, but in the padding the outputs should be zero.", keeps=0.6),
    Wrong("last_states_after_the_padding", BACK_AFTER_THE_PADDING | {LAST_AHEAD: "ahead[:, -1]"},
          "The outputs are right, but both last states have gone on through the padding.", keeps=0.5),
    Wrong("backwards_after_the_padding", BACK_AFTER_THE_PADDING,
          "The backward direction's last state has gone on through the padding. Where in the outputs does the one "
          "stand that has not?", keeps=0.6),
    Wrong("forwards_after_the_padding", {LAST_AHEAD: "ahead[:, -1]"},
          "The forward direction's last state has gone on through the padding.", keeps=0.6),
]
WRONG_DIRECTIONS += [
    Wrong(f"turn_with_{each.id}", mutant(bidirectional, turn=each.of(turn)),
          "The two directions are right, the turning round is not: see what the check of turn says. If that finds "
          "nothing, look at the lengths that you hand to turn.", keeps=0.75)
    for each in WRONG_TURNS
    if each.id not in ("not_turned", "padding_turned_too", "padding_cleared")  # not to be seen in the results
]
WRONG_AROUND = [
    Wrong("at_the_step", lambda outputs, width=1: outputs,
          "The outputs are as they were: both states have read the step itself."),
    Wrong("wrong_way", {BEFORE: AHEAD_FROM_AFTER, AFTER: BACK_FROM_BEFORE},
          "The two halves are moved the wrong way: now each has read even more than before.", keeps=0.25),
    Wrong("forward_half_only", {AFTER: "[back]"},
          "Only the forward half is moved. The backward one has still read the step itself.", keeps=0.5),
    Wrong("backward_half_only", {BEFORE: "[ahead]"},
          "Only the backward half is moved. The forward one has still read the step itself.", keeps=0.5),
    Wrong("both_later", {AFTER: BACK_FROM_BEFORE},
          "Both halves come from the step before. The backward one should come from behind the gap.", keeps=0.25),
    Wrong("both_earlier", {BEFORE: AHEAD_FROM_AFTER},
          "Both halves come from behind the gap. The forward one should come from the step before.", keeps=0.25),
    Wrong("rolled", {BEFORE: "[ahead[:, -1:], ahead[:, :-1]]", AFTER: "[back[:, width:], back[:, :width]]"},
          "At the edges stands what was pushed out at the other end, and that has read everything.", keeps=0.5),
    Wrong("edges_repeated", {BEFORE: "[ahead[:, :1], ahead[:, :-1]]",
                             AFTER: "[back[:, width:], back[:, -1:].repeat(min(width, back.shape[1]), axis=1)]"},
          "At the edges the outermost state is repeated, and that has read what is asked for. Where nothing stands "
          "before or after, there is nothing to say.", keeps=0.5),
    Wrong("both_ends_empty", both_ends_empty,
          "At the first steps and at the last ones all is zero. Most of them have a neighbour on one side.", keeps=0.5),
    Wrong("halves_exchanged", {"[before, after]": "[after, before]"},
          "The moving is right, but the halves have changed places: the forward half comes first.", keeps=0.5),
    Wrong("always_one_letter", {AFTER: "[back[:, 1:], np.zeros_like(back[:, :1])]"},
          "The gap is one letter wide, whatever width says: the backward state has read the letters behind the first.",
          keeps=0.5),
    Wrong("both_as_far_away", {BEFORE: "[np.zeros_like(ahead[:, :width]), ahead[:, : max(ahead.shape[1] - width, 0)]]"},
          "The forward state comes from a whole gap before it. It could have read on up to the gap: the step is the "
          "gap's first.", keeps=0.5),
    Wrong("gap_on_either_side", {AFTER: "[back[:, width + 1 :], np.zeros_like(back[:, : width + 1])]"},
          "The backward state comes from a step too far behind. The step itself is the first letter of the gap.",
          keeps=0.5),
]
