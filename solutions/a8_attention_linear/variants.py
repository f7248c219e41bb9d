"""What is drawn for each term by `course variant`: pieces of this assignment, and what takes their places."""

# fmt: off
TWO_MORE = {
    # what is asked
    "for each word that she says, she hears one more": "for each word that she says, she hears two more",
    "each further step at one token more": "each further step at two tokens more",
    # the right answers, in both frameworks and in NumPy
    "ahead + step": "ahead + 2 * step",
    # wrong ones
    "ahead - step": "ahead - 2 * step",
    "ahead + S.shape[1] - 1": "ahead + 2 * S.shape[1] - 2",
    "It hears one more at each.": "It hears two more at each.",
    'Wrong("ahead_more_at_each_step", {"< ahead + 2 * step": "< ahead * (step + 1)"}':
        'Wrong("one_more_at_each_step", {"< ahead + 2 * step": "< ahead + step"}',
    "Each step hears ahead tokens more. It is ahead tokens at first, and then one more at each step.":
        "Each step hears one token more. It is ahead tokens at first, and then two more at each step.",
    # what is drawn: longer sentences, so that their end is not heard at once
    "one token more at each step": "two tokens more at each step",
    "draw(2, 4, 7, 3, 5)": "draw(2, 4, 10, 3, 5)",
    "np.full(2, 7)": "np.full(2, 10)",
}
LATER_ONE_FIRST = {
    # what is asked
    "that does what `first` does and then `second`.":
        "that does what `earlier` does and then `later`. They come in the order in which one writes functions: "
        "$g(f(m))$ does first what stands last.",
    "first, second: pairs": "later, earlier: pairs",
    # the right answers, in both frameworks and in NumPy
    "def combine(first, second)": "def combine(later, earlier)",
    "(a1, b1), (a2, b2) = first, second": "(a2, b2), (a1, b1) = later, earlier",
    "combine((a[:, :-reach], b[:, :-reach]), (a[:, reach:], b[:, reach:]))":
        "combine((a[:, reach:], b[:, reach:]), (a[:, :-reach], b[:, :-reach]))",
    # wrong ones
    "combine((np.roll(a, reach, axis=1), np.roll(found[-1], reach, axis=1)), (a, found[-1]))":
        "combine((a, found[-1]), (np.roll(a, reach, axis=1), np.roll(found[-1], reach, axis=1)))",
    "combine((a[:, t - reach], b[:, t - reach]), (a[:, t], b[:, t]))":
        "combine((a[:, t], b[:, t]), (a[:, t - reach], b[:, t - reach]))",
    "combine((a[:, :-1], b[:, :-1]), (a[:, 1:], b[:, 1:]))": "combine((a[:, 1:], b[:, 1:]), (a[:, :-1], b[:, :-1]))",
    '{f"combine({EARLIER}, {LATER})": f"combine({LATER}, {EARLIER})"}':
        '{f"combine({LATER}, {EARLIER})": f"combine({EARLIER}, {LATER})"}',
    "Pairs are combined in the wrong order: the later one as the first.":
        "Pairs are combined in the wrong order: the earlier one as the later.",
    # what is drawn
    '"combine", (a1, b1), (a2 + moved, b2)': '"combine", (a1 + moved, b1), (a2, b2)',
    "# the first step's number is the larger one, the second's":
        "# the earlier step's number is the larger one, the later's",
}


def named(attention, combination, maximum):
    return {
        "kept finite by a stabiliser, the largest": "kept finite by the largest",
        "which is no stabiliser": "as if there were none",
        "attend": attention,
        "combine": combination,
        "stabiliser": maximum,
    }


VARIANTS = {
    "the hearing": {"one token a step": {}, "two tokens a step": TWO_MORE},
    "the order": {"first and second": {}, "later and earlier": LATER_ONE_FIRST},
    "names": {
        "as before": {},
        "what they do": named("listen", "fuse", "record"),
        "what they find": named("heard", "unite", "highest"),
    },
}
