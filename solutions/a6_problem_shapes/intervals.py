"""How sure a score is: the bootstrap, also of two models; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong


def interval(one, rows, other=None):
    values = one if other is None else one - other  # (n,)
    means = values[rows].mean(axis=1)  # (draws,)
    return np.percentile(means, [2.5, 97.5])  # (2,)


def ends_apart(one, rows, other=None):
    """The distance of two intervals' ends, as if both were the farthest off at the same time."""
    return interval(one, rows) - (0 if other is None else interval(other, rows)[::-1])


def ends_subtracted(one, rows, other=None):
    return interval(one, rows) - (0 if other is None else interval(other, rows))


MIDDLE = "np.percentile(means, [2.5, 97.5])"

# fmt: off
WRONG_INTERVALS = [
    Wrong("five_per_cent_on_each_side", {"[2.5, 97.5]": "[5, 95]"},
          "Five per cent are cut off on each side, so that 90 % are left.", keeps=0.5),
    Wrong("smallest_and_largest", {"[2.5, 97.5]": "[0, 100]"},
          "These are the smallest and the largest mean that came up. With more draws they go on moving apart.",
          keeps=0.25),
    Wrong("by_the_spread_of_the_draws", {MIDDLE: "means.mean() + np.array([-1.96, 1.96]) * means.std()"},
          "The interval is made of the draws' mean and standard deviation, as if they were bell-shaped. The middle of "
          "the draws themselves is asked for.",
          keeps=0.6),
    Wrong("by_formula", {MIDDLE: "values.mean() + np.array([-1.96, 1.96]) * values.std() / np.sqrt(len(values))"},
          "This is the formula's interval, without any draw.", keeps=0.4),
    Wrong("means_over_the_draws", {"axis=1": "axis=0"},
          "The means go over the wrong axis: over the draws and not over the snippets of a draw.", keeps=0.4),
    Wrong("no_means", {"values[rows].mean(axis=1)": "values"},
          "This is where the values themselves lie. How sure is their mean?"),
    Wrong("first_draw_only", {"values[rows].mean(axis=1)": "values[rows[0]]"},
          "Only the first draw is used, and its values are not averaged."),
    Wrong("sums_for_means", {"mean(axis=1)": "sum(axis=1)"},
          "The draws are summed up; their means are asked for.", keeps=0.5),
    Wrong("high_before_low", {"[2.5, 97.5]": "[97.5, 2.5]"}, "The upper end comes first.", keeps=0.75),
    Wrong("ends_apart", ends_apart,
          "For two models, the ends of two intervals are compared crosswise. Each model has been lucky or not with "
          "the same snippets: take the difference first, snippet by snippet.",
          keeps=0.25),
    Wrong("ends_subtracted", ends_subtracted,
          "For two models, one interval is taken from the other, end by end. Take the difference first, snippet by "
          "snippet.",
          keeps=0.25),
    Wrong("unpaired", {"values[rows]": "(one[rows] - (0 if other is None else other[rows[::-1]]))"},
          "For two models, each has draws of its own. Both were judged on the same snippets, and much of the chance "
          "is common to them: they share the draws, too.",
          keeps=0.5),
    Wrong("other_minus_one", {"one - other": "other - one"},
          "For two models, the difference has the wrong sign: above 0 means that the first one is better.", keeps=0.5),
    Wrong("absolute_differences", {"one - other": "np.abs(one - other)"},
          "For two models, the differences have lost their signs. So no interval can have 0 in it, whatever the "
          "models are.",
          keeps=0.25),
    Wrong("one_model_only", {"one if other is None else one - other": "one"},
          "The second model is not looked at."),
]
