"""The stabiliser of an xLSTM: two of its steps as one, and all of them in a few rounds; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong, mutant


def combine(first, second):
    (a1, b1), (a2, b2) = first, second
    return a1 + a2, np.maximum(a2 + b1, b2)


def stabiliser(log_f, i, m):
    begun = np.maximum(log_f[:, :1] + m[:, None], i[:, :1])  # (n, 1, h)
    a, b = log_f, np.concatenate([begun, i[:, 1:]], axis=1)  # (n, T, h)
    rounds, reach = [b], 1
    while reach < b.shape[1]:
        new = combine((a[:, :-reach], b[:, :-reach]), (a[:, reach:], b[:, reach:]))
        a, b = (np.concatenate([old[:, :reach], part], axis=1) for old, part in zip((a, b), new, strict=True))
        rounds.append(b)
        reach *= 2
    return np.stack(rounds)  # (R + 1, n, T, h)


def m_at_the_end(log_f, i, m):
    *rounds, last = stabiliser(log_f, i, np.full_like(m, -np.inf))
    return np.stack([*rounds, np.maximum(last, log_f.cumsum(axis=1) + m[:, None])])


def m_in_a_round_of_its_own(log_f, i, m):
    return np.concatenate([stabiliser(log_f, i, np.full_like(m, -np.inf)), m_at_the_end(log_f, i, m)[-1:]])


def step_by_step(log_f, i, m):
    b, rounds = stabiliser(log_f, i, m)[0], []
    for t in range(b.shape[1]):
        before = b[:, max(t - 1, 0)] if t else np.full_like(m, -np.inf)
        b = b.copy()
        b[:, t] = np.maximum(log_f[:, t] + before, b[:, t])
        rounds.append(b)
    return np.stack(rounds)


def round_the_corner(log_f, i, m):
    rounds = stabiliser(log_f, i, m)
    a, found, reach = log_f, [rounds[0]], 1
    for _ in rounds[1:]:
        a, b = combine((np.roll(a, reach, axis=1), np.roll(found[-1], reach, axis=1)), (a, found[-1]))
        found.append(b)
        reach *= 2
    return np.stack(found)


def m_as_a_step_in_front(log_f, i, m):
    a = np.concatenate([0 * m[:, None], log_f], axis=1)  # (n, T + 1, h)
    b = np.concatenate([m[:, None], i], axis=1)  # (n, T + 1, h)
    return stabiliser(a, b, np.full_like(m, -np.inf))[:, :, 1:]


def overwritten_while_read(log_f, i, m):
    first, *others = stabiliser(log_f, i, m)
    a, b, found, reach = log_f.copy(), first.copy(), [first], 1
    for _ in others:
        for t in range(reach, b.shape[1]):
            a[:, t], b[:, t] = combine((a[:, t - reach], b[:, t - reach]), (a[:, t], b[:, t]))
        found.append(b.copy())
        reach *= 2
    return np.stack(found)


def along_the_batch(log_f, i, m):
    b = stabiliser(log_f, i, m)[0]
    turned = stabiliser(log_f.swapaxes(0, 1), b.swapaxes(0, 1), np.full_like(b[0], -np.inf))
    return turned.swapaxes(1, 2)


def always_the_neighbour(log_f, i, m):
    rounds = stabiliser(log_f, i, m)
    a, b, found = log_f, rounds[0], [rounds[0]]
    for _ in rounds[1:]:
        new = combine((a[:, :-1], b[:, :-1]), (a[:, 1:], b[:, 1:]))
        a, b = (np.concatenate([old[:, :1], part], axis=1) for old, part in zip((a, b), new, strict=True))
        found.append(b)
    return np.stack(found)


def from_the_end(log_f, i, m):
    first = stabiliser(log_f, i, m)[0]
    turned = stabiliser(log_f[:, ::-1], first[:, ::-1], np.full_like(m, -np.inf))
    return turned[:, :, ::-1]


LARGER, SHIFTS = "np.maximum(a2 + b1, b2)", "a1 + a2"
BEGUN, FIRST_I = "np.maximum(log_f[:, :1] + m[:, None], i[:, :1])", "[begun, i[:, 1:]]"
EARLIER, LATER = "(a[:, :-reach], b[:, :-reach])", "(a[:, reach:], b[:, reach:])"
KEPT, WHILE = "[old[:, :reach], part]", "reach < b.shape[1]"

# fmt: off
WRONG_COMBINATIONS = [
    Wrong("order_exchanged", {LARGER: "np.maximum(a1 + b2, b1)"},
          "This does the second step first. The order of the steps must stay."),
    Wrong("multiplies_and_adds", {SHIFTS: "a1 * a2", LARGER: "a2 * b1 + b2"},
          "This combines the steps of chapter 13, which multiply and add. Those here do something else."),
    Wrong("multiplies_and_takes_the_larger", {SHIFTS: "a1 * a2", LARGER: "np.maximum(a2 * b1, b2)"},
          "This multiplies by a, as the steps of chapter 13 do. Those here add it.", keeps=0.25),
    Wrong("shifts_multiplied", {SHIFTS: "a1 * a2"},
          "The first of the pair is a product. What do two shifts in a row do to m?", keeps=0.5),
    Wrong("sum_for_the_larger", {LARGER: "a2 + b1 + b2"},
          "The second of the pair is a sum. A step takes the larger of two numbers.", keeps=0.25),
    Wrong("smaller_for_the_larger", {"np.maximum": "np.minimum"},
          "The second of the pair is the smaller of two numbers; a step takes the larger one.", keeps=0.5),
    Wrong("first_one_not_moved", {LARGER: "np.maximum(b1, b2)"},
          "What the first step has written goes through the second step, too, and is moved there.", keeps=0.5),
    Wrong("moved_by_the_first", {LARGER: "np.maximum(a1 + b1, b2)"},
          "What the first step has written is moved by its own a. Which step does it still go through?", keeps=0.5),
    Wrong("moved_by_both", {LARGER: "np.maximum(a1 + a2 + b1, b2)"},
          "What the first step has written is moved by both. It comes into being after the first shift.", keeps=0.5),
    Wrong("both_moved", {LARGER: "a2 + np.maximum(b1, b2)"},
          "What the second step writes is moved by its own a. It comes into being after that shift.", keeps=0.5),
    Wrong("each_moved_by_its_own", {LARGER: "np.maximum(a1 + b1, a2 + b2)"},
          "Each step's number is moved by its own a. It comes into being after that shift.", keeps=0.5),
    Wrong("moved_back", {LARGER: "np.maximum(b1 - a2, b2)"},
          "What the first step has written is moved the wrong way.", keeps=0.5),
    Wrong("moved_by_a_factor", {LARGER: "np.maximum(a2 * b1, b2)"},
          "What the first step has written is multiplied by the second's a.", keeps=0.5),
    Wrong("first_shift_lost", {SHIFTS: "a2"},
          "An m from before both steps is moved by the second step only.", keeps=0.5),
    Wrong("second_shift_lost", {SHIFTS: "a1"},
          "An m from before both steps is moved by the first step only.", keeps=0.5),
    Wrong("larger_shift", {SHIFTS: "np.maximum(a1, a2)"},
          "The first of the pair is the larger shift, but m goes through both.", keeps=0.5),
    Wrong("larger_of_each", {SHIFTS: "np.maximum(a1, a2)", LARGER: "np.maximum(b1, b2)"},
          "This takes the larger a and the larger b. An m goes through both steps, one after the other.", keeps=0.25),
    Wrong("first_step_forgotten", {LARGER: "b2"},
          "What the first step has written is lost, even where it is the larger one.", keeps=0.25),
    Wrong("only_the_second_step", {SHIFTS: "a2", LARGER: "b2"},
          "This is the second step alone."),
    Wrong("parts_exchanged", {f"{SHIFTS}, {LARGER}": f"{LARGER}, {SHIFTS}"},
          "The two numbers of the pair have changed places.", keeps=0.5),
]
WRONG_SCANS = [
    Wrong("m_forgotten", {BEGUN: "i[:, :1]"},
          "m is nowhere: this starts as if nothing had been read before.", keeps=0.5),
    Wrong("m_at_the_end", m_at_the_end,
          "The last round is right, but the others do not know m: it comes in at the end. The first step can take it "
          "in before all rounds.", keeps=0.5),
    Wrong("m_in_a_round_of_its_own", m_in_a_round_of_its_own,
          "The result is right, but it takes a round more than necessary, for m. The first step can take it in before "
          "all rounds.", keeps=0.5),
    Wrong("m_as_a_step_in_front", m_as_a_step_in_front,
          "m is a step of its own, in front of the others. That makes T + 1 steps, and sometimes a round too many. The "
          "first step can take it in before all rounds.", keeps=0.5),
    Wrong("m_added_to_the_input", {BEGUN: "i[:, :1] + m[:, None]"},
          "m is added to the first input. The two are compared, not added up.", keeps=0.5),
    Wrong("m_in_all_steps", {FIRST_I: "[np.maximum(log_f + m[:, None], i)]"},
          "Every step takes in m, as if it were the first one.", keeps=0.5),
    Wrong("m_not_moved", {"log_f[:, :1] + m[:, None]": "m[:, None]"},
          "m is compared as it is. It goes through the first step like any other.", keeps=0.5),
    Wrong("first_input_lost", {BEGUN: "log_f[:, :1] + m[:, None]"},
          "The first step's own i is lost, even where it is the larger one.", keeps=0.5),
    Wrong("shifts_are_factors", {"log_f[:, :1]": "np.exp(log_f[:, :1])", "a, b = log_f": "a, b = np.exp(log_f)"},
          "The shifts are the f. They are the logarithms, as they are given.", keeps=0.5),
    Wrong("one_round_too_few", {WHILE: f"2 * {WHILE}"},
          "A round is missing: the last steps have not got all that came before.", keeps=0.5),
    Wrong("one_round_too_many", {WHILE: WHILE.replace("<", "<=")},
          "There is a round too many where T is a power of two: it changes nothing.", keeps=0.75),
    Wrong("step_by_step", step_by_step,
          "The last numbers are right, but each round finishes one step only, as a loop does.", keeps=0.25),
    Wrong("only_the_result", {"np.stack(rounds)": "np.stack(rounds[-1:])"},
          "Only the last numbers came. Asked is what is known before the first round, and after each.", keeps=0.25),
    Wrong("inputs_for_the_beginning", {"rounds, reach = [b], 1": "rounds, reach = [i], 1"},
          "The rounds are right, but before the first one the first step does not know m yet.", keeps=0.75),
    Wrong("all_rounds_the_same", {"np.stack(rounds)": "np.stack([b for _ in rounds])"},
          "All rounds show what is known at the end. If one tensor is changed in place, a list has it several times.",
          keeps=0.5),
    Wrong("shifts_for_the_result", {"rounds, reach = [b], 1": "rounds, reach = [a], 1",
                                    "rounds.append(b)": "rounds.append(a)"},
          "These are the first numbers of the pairs; asked is what the second ones are.", keeps=0.5),
    Wrong("rounds_on_the_second_axis", {"np.stack(rounds)": "np.stack(rounds, axis=1)"},
          "The rounds are the second axis. They should be the first.", keeps=0.75),
    Wrong("beginning_missing", {"np.stack(rounds)": "np.stack(rounds[1:] or rounds)"},
          "The rounds are right, but what is known before the first one is missing.", keeps=0.75),
    Wrong("latest_round_first", {"np.stack(rounds)": "np.stack(rounds[::-1])"},
          "The rounds are right, but in the wrong order: the result should come last.", keeps=0.75),
    Wrong("always_the_neighbour", always_the_neighbour,
          "Every round combines with the step next to it, and so counts some steps twice.", keeps=0.25),
    Wrong("reach_grows_by_one", {"reach *= 2": "reach += 1"},
          "From round to round the distance grows by one, so that steps are counted twice. How many does a pair stand "
          "for after each round?", keeps=0.25),
    Wrong("later_ones_first", {f"combine({EARLIER}, {LATER})": f"combine({LATER}, {EARLIER})"},
          "Pairs are combined in the wrong order: the later one as the first. If the check of combine is content, look "
          "at how you call it.", keeps=0.75),
    Wrong("along_the_batch", along_the_batch,
          "Sequences of the batch are combined with each other. Here the steps are the second axis.", keeps=0.25),
    Wrong("overwritten_while_read", overwritten_while_read,
          "Within a round, steps are combined with what this very round has written. All read what was there before.",
          keeps=0.25),
    Wrong("from_the_end", from_the_end,
          "Each step is combined with those after it. It is to know those before it.", keeps=0.25),
    Wrong("round_the_corner", round_the_corner,
          "The first steps are combined with the last ones, which come round the corner. Before the first step there "
          "is nothing to combine.", keeps=0.25),
    Wrong("beginning_cleared", {KEPT: "[0 * old[:, :reach], part]"},
          "In each round the first columns become 0. What has nothing more before it is finished, and stays.",
          keeps=0.25),
    Wrong("shifts_as_they_were", {"a, b = (np.concatenate(": "a, b = (old if old is a else np.concatenate("},
          "The second numbers of the pairs are right at first, but the first ones stay those of single steps. If the "
          "check of combine is content, look at what you hand to the next round.", keeps=0.75),
]
# the same numbers as another one here
SEEN_ABOVE = ("order_exchanged", "first_shift_lost", "only_the_second_step", "larger_of_each")
WRONG_SCANS += [
    Wrong(f"with_{each.id}", mutant(stabiliser, combine=each.of(combine)),
          "The rounds are right, what combines two steps is not: see what the check of combine says. If it is content, "
          "a pair's first number has been replaced before the second was made of it.",
          keeps=0.25 if each.id == "first_step_forgotten" else 0.75)  # its rounds are those that are given
    for each in WRONG_COMBINATIONS
    if each.id not in SEEN_ABOVE
]
# fmt: on
