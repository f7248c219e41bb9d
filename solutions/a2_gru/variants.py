"""What is drawn for each term by `course variant`: pieces of this assignment, and what takes their places."""

# fmt: off
PADDING_IN_FRONT = {
    # what is asked
    "the short ones are filled up with padding, and `lengths` says how many steps of each count":
        "the short ones are filled up with padding *in front*, and `lengths` says how many steps, at the end, count",
    "The last state of a sequence is then the one at its last valid step.":
        "So the walk through a sequence begins, with the state that is given, at its first valid step.",
    "compare the number of the step, `t`, with `lengths`,":
        "compare the number of steps that are left, this one with them, with `lengths`,",
    # the right answers, in both frameworks and in NumPy
    "t < lengths": "X.shape[1] - t <= lengths",
    # wrong ones
    'Wrong("padding_in_front", {"X.shape[1] - t <= lengths": "X.shape[1] - t <= lengths"}':
        'Wrong("padding_behind", {"X.shape[1] - t <= lengths": "t < lengths"}',
    "The first steps are taken for padding; it is the last ones: a sequence's steps begin at 0.":
        "The last steps are taken for padding; it is the first ones: a sequence's steps are those at the end.",
    "Each sequence is read one step too far. Steps are counted from 0, so step number length is padding.":
        "Each sequence is read from one step too early: a step of padding counts.",
    "The last step of each sequence is not read.": "The first step of each sequence is not read.",
    "The states are right, but the last state has gone on through the padding.":
        "The states in the padding are zero, but the state did not stand still there: it begins with what it read.",
    'Wrong("last_step_for_last_valid_step", {RESULTS: "np.stack(states, axis=1), states[-1]"}':
        'Wrong("first_step_for_last", {RESULTS: "np.stack(states, axis=1), states[0]"}',
    "For a short sequence the last state is zero: it was taken from the last step, which is padding, or ":
        "The second result is the state of the first step, which for a short sequence is padding, or ",
    "cleared there. It should be the state at the last valid step.":
        "cleared there. It should be the state after the last step.",
}
ABSOLUTE_VALUES = {
    "the norm of the gradient of $s$ by the state": "the size of the gradient of $s$ by the state",
    "and divide by the norm for $k = 1$": "and divide by the size for $k = 1$",
    "The norm goes over all sequences and units: the root of the sum of the squares. "
    "Chapter 03 measured the same for a loss.":
        "The size goes over all sequences and units: it is the sum of the absolute values. "
        "Chapter 03 measured the root of the sum of the squares, for a loss.",
    "grad.norm() for": "grad.abs().sum() for",
    "norms = tf.stack([tf.norm(grad) for grad in reversed(tape.gradient(total, states))])  # (T,)":
        "grads = reversed(tape.gradient(total, states))\n"
        "    norms = tf.stack([tf.reduce_sum(tf.abs(grad)) for grad in grads])  # (T,)",
    'np.linalg.norm(each) for': 'np.abs(each).sum() for',
    'NORM, SHARES = "np.linalg.norm(each)"': 'NORM, SHARES = "np.abs(each).sum()"',
    "np.sqrt(H.size)": "H.size",
    "These are shares of squares: the root is missing in the norm.":
        "These are shares of squares: you added up the squares, not the absolute values.",
    "A norm does not cancel.": "Absolute values do not cancel.",
    'Wrong("absolute_values", {NORM: "np.abs(each).sum()"}':
        'Wrong("root_of_squares", {NORM: "np.linalg.norm(each)"}',
    "You took the sum or the mean of the absolute values; the norm asked for is the root of the sum of squares.":
        "You took the root of the sum of the squares; what is asked is the sum of the absolute values.",
    "You took the largest entry; the norm asked for is the root of the sum of the squares.":
        "You took the largest entry; what is asked is the sum of the absolute values.",
    "You took a norm for each sequence and added them up: there is one norm, over all sequences.":
        "You took the root of the squares in each sequence and added them up.",
}
SMALLER_BIASES = {
    "at 0, at 2 and at 4": "at 0, at 1.5 and at 3",
    r"$\sigma(2) = 0.88$, $\sigma(4) = 0.98$": r"$\sigma(1.5) = 0.82$, $\sigma(3) = 0.95$",
    "(0.0, 2.0, 4.0)": "(0.0, 1.5, 3.0)",
    "a bias of 4?": "a bias of 3?",
    "0.08 at 0.88, 0.69 at 0.98. Measured were 0.00003, 0.07 and 0.67":
        "0.02 at 0.82, 0.38 at 0.95. Measured were 0.00003, 0.02 and 0.35",
    "at 0.98 a unit takes in two hundredths": "at 0.95 a unit takes in five hundredths",
}
VARIANTS = {
    "the padding": {"behind": {}, "in front": PADDING_IN_FRONT},
    "the reach": {
        "its norm, biases to 4": {},
        "its absolute values, biases to 4": ABSOLUTE_VALUES,
        "its norm, biases to 3": SMALLER_BIASES,
    },
    "names": {
        "as in the chapters": {},
        "a walk": {"unroll": "run_over", "gradient_reach": "way_back", "canonical": "unstack",
                   "other_convention": "for_her"},
        "a memory": {"unroll": "all_states", "gradient_reach": "memory_left", "canonical": "untangle",
                     "other_convention": "exchanged"},
    },
}
