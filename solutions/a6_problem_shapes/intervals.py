"""How sure a score is: the bootstrap over films, also of two models; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong


def interval(one, films, draws, other=None):
    values = one if other is None else one - other  # (n,)
    sums, sizes = np.bincount(films, weights=values), np.bincount(films)  # (F,), (F,)
    means = sums[draws].sum(axis=1) / sizes[draws].sum(axis=1)  # (draws,)
    return np.percentile(means, [2.5, 97.5])  # (2,)


def ends_apart(one, films, draws, other=None):
    """The distance of two intervals' ends, as if both were the farthest off at the same time."""
    return interval(one, films, draws) - (0 if other is None else interval(other, films, draws)[::-1])


def ends_subtracted(one, films, draws, other=None):
    return interval(one, films, draws) - (0 if other is None else interval(other, films, draws))


def draws_of_its_own(one, films, draws, other=None):
    means = [
        (np.bincount(films, weights=values)[rows].sum(axis=1) / np.bincount(films)[rows].sum(axis=1))
        for values, rows in ((one, draws), (other, draws[::-1]))
        if values is not None
    ]
    return np.percentile(means[0] - (0 if other is None else means[1]), [2.5, 97.5])


MIDDLE, MEANS = "np.percentile(means, [2.5, 97.5])", "sums[draws].sum(axis=1) / sizes[draws].sum(axis=1)"

# fmt: off
WRONG_MEANS = [
    Wrong("five_per_cent_on_each_side", {"[2.5, 97.5]": "[5, 95]"},
          "Five per cent are cut off on each side, so that 90 % are left.", keeps=0.5),
    Wrong("smallest_and_largest", {"[2.5, 97.5]": "[0, 100]"},
          "These are the smallest and the largest mean that came up. With more draws they go on moving apart.",
          keeps=0.25),
    Wrong("fractions_for_per_cent", {"[2.5, 97.5]": "[0.025, 0.975]"},
          "The ends lie at 0.025 and 0.975 per cent: np.percentile takes numbers from 0 to 100.", keeps=0.5),
    Wrong("picked_from_the_sorted", {MIDDLE: "np.sort(means)[[int(0.025 * len(means)), int(0.975 * len(means))]]"},
          "The ends are two of the sorted means. np.percentile finds a place between two of them.", keeps=0.75),
    Wrong("by_the_spread_of_the_draws", {MIDDLE: "means.mean() + np.array([-1.96, 1.96]) * means.std()"},
          "The interval is made of the draws' mean and standard deviation, as if they were bell-shaped. The middle of "
          "the draws themselves is asked for.",
          keeps=0.6),
    Wrong("by_formula", {MIDDLE: "values.mean() + np.array([-1.96, 1.96]) * values.std() / np.sqrt(len(values))"},
          "This is the formula's interval, without any draw.", keeps=0.4),
    Wrong("films_count_alike", {MEANS: "(sums / sizes)[draws].mean(axis=1)"},
          "Each film counts as much as any other, however many snippets it has. The mean is one over all snippets of "
          "the films that were drawn.", keeps=0.4),
    Wrong("snippets_drawn", {MEANS: "values[draws].mean(axis=1)"},
          "The numbers that were drawn are taken for snippets. They are films, and a film comes with all its "
          "snippets.", keeps=0.25),
    Wrong("each_film_once", {MEANS: "np.array([values[np.isin(films, row)].mean() for row in draws])"},
          "A film that was drawn twice counts only once.", keeps=0.4),
    Wrong("divided_by_all_snippets", {"sizes[draws].sum(axis=1)": "len(values)"},
          "The sums are divided by the number of all snippets. A draw has as many as its films have.", keeps=0.4),
    Wrong("means_over_the_draws", {MEANS: MEANS.replace("axis=1", "axis=0")},
          "The means go over the wrong axis: over the draws and not over the films of a draw.", keeps=0.4),
    Wrong("no_means", {MEANS: "values"},
          "This is where the values themselves lie. How sure is their mean?"),
    Wrong("first_draw_only", {MEANS: "values[np.isin(films, draws[0])]"},
          "Only the first draw is used, and its values are not averaged."),
    Wrong("sums_for_means", {" / sizes[draws].sum(axis=1)": ""},
          "The draws are summed up; their means are asked for.", keeps=0.5),
    Wrong("high_before_low", {"[2.5, 97.5]": "[97.5, 2.5]"}, "The upper end comes first.", keeps=0.75),
]
WRONG_PAIRS = [
    Wrong("ends_apart", ends_apart,
          "For two models, the ends of two intervals are compared crosswise. Each model has been lucky or not with "
          "the same snippets: take the difference first, snippet by snippet.",
          keeps=0.25),
    Wrong("ends_subtracted", ends_subtracted,
          "For two models, one interval is taken from the other, end by end. Take the difference first, snippet by "
          "snippet.",
          keeps=0.25),
    Wrong("unpaired", draws_of_its_own,
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
WRONG_INTERVALS = WRONG_MEANS + WRONG_PAIRS
