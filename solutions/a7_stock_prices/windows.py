"""Windows of returns with what comes after them, and their split and scaling; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong

# ---- windows ----


def log_change(new, old):
    return np.log(new / old)


def total(close, days, horizon, change):
    return change(close[days + horizon], close[days])  # (n,)


def cut(close, T, horizon, change=log_change, target=total, first=0, stride=1, lost=0):
    """Windows that end on `days`, in parts that can be exchanged for wrong ones."""
    returns = change(close[1:], close[:-1])  # (days − 1,)
    days = np.arange(T + first, len(close) - horizon - lost, stride)
    X = np.stack([returns[day - T : day] for day in days])[..., None]  # (n, T, 1)
    return X, target(close, days, horizon, change)[:, None], close[days]  # …, (n, 1), (n,)


def windows(close, T, horizon):
    return cut(close, T, horizon)


def cutting(**parts):
    return lambda close, T, horizon: cut(close, T, horizon, **parts)


def then(change_result):
    """The right windows, and something done to them afterwards."""
    return lambda close, T, horizon: change_result(*windows(close, T, horizon), close, horizon)


WRONG_WINDOWS = [
    Wrong(
        "simple_returns",
        cutting(change=lambda new, old: new / old - 1),
        "These are shares, new over old less 1. Log returns are asked for: only they add up over days.",
        keeps=0.5,
    ),
    Wrong(
        "differences",
        cutting(change=lambda new, old: new - old),
        "These are differences in the price's unit. A return does not depend on whether a share costs 5 or 500.",
    ),
    Wrong(
        "logarithm_to_ten",
        cutting(change=lambda new, old: np.log10(new / old)),
        "The logarithm is the one to base 10. The natural one is meant, as everywhere in this course.",
        keeps=0.75,
    ),
    Wrong(
        "upside_down",
        cutting(change=lambda new, old: np.log(old / new)),
        "The returns have the wrong sign: where the price rises they are negative.",
        keeps=0.5,
    ),
    Wrong(
        "target_inside_the_window",
        cutting(target=lambda close, days, horizon, change: change(close[days], close[days - horizon])),
        "The target lies inside the window: it is over when the forecast is made. A model would only have to copy it, "
        "and its scores would be too good to be true.",
    ),
    Wrong(
        "target_a_day_too_late",
        cutting(target=lambda close, days, horizon, change: change(close[days + horizon + 1], close[days + 1]), lost=1),
        "The target begins a day too late: a day is left out between the window and what comes after it.",
        keeps=0.25,
    ),
    Wrong(
        "target_is_a_price",
        cutting(target=lambda close, days, horizon, change: close[days + horizon]),
        "The target is the price itself; asked for is the return that leads to it.",
        keeps=0.25,
    ),
    Wrong(
        "newest_day_first",
        then(lambda X, Y, last, close, horizon: (X[:, ::-1], Y, last)),
        "The windows run backwards: in each of them the newest day should be the last one.",
        keeps=0.5,
    ),
    Wrong(
        "windows_side_by_side",
        lambda close, T, horizon: cut(close, T, horizon, stride=T),
        "The windows do not overlap. A forecast is made every day, so each day ends a window.",
        keeps=0.5,
    ),
    Wrong(
        "newest_window_lost",
        cutting(lost=1),
        "One window too few: the newest one whose target is known is missing.",
        keeps=0.75,
    ),
    Wrong(
        "oldest_window_lost",
        cutting(first=1),
        "One window too few: the oldest one is missing. How many returns do the first T + 1 prices have?",
        keeps=0.75,
    ),
    Wrong(
        "price_to_be_forecast",
        then(lambda X, Y, last, close, horizon: (X, Y, close[-len(last) :])),
        "The third result is the price on the day that is forecast. When the forecast is made nobody knows it: the "
        "price of that day is asked for.",
        keeps=0.5,
    ),
    Wrong(
        "no_axis_for_the_target",
        then(lambda X, Y, last, close, horizon: (X, Y[:, 0], last)),
        "Y has lost its last axis. A model's output is (n, 1), and (n,) less (n, 1) is (n, n), without an error.",
        keeps=0.75,
    ),
    Wrong(
        "no_axis_for_the_features",
        then(lambda X, Y, last, close, horizon: (X[..., 0], Y, last)),
        "X has no axis for the features. There is only one, but a recurrent layer wants (n, T, d).",
        keeps=0.75,
    ),
    Wrong(
        "always_one_day_ahead",
        cutting(
            target=lambda close, days, horizon, change: change(close[days + 1], close[days]),
        ),
        "The target is the next day's return whatever the horizon is.",
    ),
    Wrong(
        "only_the_last_days_return",
        cutting(
            target=lambda close, days, horizon, change: change(close[days + horizon], close[days + horizon - 1]),
        ),
        "The target is what happens on the last day of the horizon alone, not over all of it.",
        keeps=0.5,
    ),
    Wrong(
        "mean_over_the_horizon",
        cutting(target=lambda close, days, horizon, change: total(close, days, horizon, change) / horizon),
        "The target is the mean return of a day; what happens over the whole horizon is asked for.",
        keeps=0.5,
    ),
]

# ---- split and scale ----


def scale_of(values, axes, centre, spread):
    return centre(values, axis=axes), spread(values, axis=axes)


def prepare(X, Y, test_days, known=lambda rows, m: rows[:-m], axes=(0, 1), centre=np.mean, spread=np.std, halves=None):
    """The split and the scaling, in parts: `known` are the rows that a scaler is fitted to."""
    halves = halves or (lambda rows: (rows[:-test_days], rows[-test_days:]))
    X_mean, X_std = scale_of(known(X, test_days), axes, centre, spread)  # (d,), (d,)
    mean, std = scale_of(known(Y, test_days)[:, 0], 0, centre, spread)  # (), ()
    X_train, X_test = halves((X - X_mean) / X_std)
    Y_train, Y_test = halves((Y - mean) / std)
    return {"X_train": X_train, "Y_train": Y_train, "X_test": X_test, "Y_test": Y_test, "mean": mean, "std": std}


def split_and_scale(X, Y, test_days):
    return prepare(X, Y, test_days)


def preparing(**parts):
    return lambda X, Y, test_days: prepare(X, Y, test_days, **parts)


def everything(rows, test_days):
    return rows


def unbiased(values, axis):
    return np.std(values, axis=axis, ddof=1)


def oldest_as_test(X, Y, test_days):
    return prepare(
        X,
        Y,
        test_days,
        known=lambda rows, m: rows[m:],
        halves=lambda rows: (rows[test_days:], rows[:test_days]),
    )


def each_by_its_own(X, Y, test_days):
    found, test = split_and_scale(X, Y, test_days), (X[-test_days:], Y[-test_days:])
    X_test, Y_test = (
        (rows - rows.mean(axis=axes)) / rows.std(axis=axes) for rows, axes in zip(test, [(0, 1), 0], strict=True)
    )
    return found | {"X_test": X_test, "Y_test": Y_test}


def each_window(X, Y, test_days):
    scaled = (X - X.mean(axis=1, keepdims=True)) / X.std(axis=1, keepdims=True)
    return split_and_scale(X, Y, test_days) | {"X_train": scaled[:-test_days], "X_test": scaled[-test_days:]}


def target_by_the_features(X, Y, test_days):
    known = X[:-test_days, :, 0]
    mean, std = known.mean(), known.std()
    scaled = (Y - mean) / std
    names = {"Y_train": scaled[:-test_days], "Y_test": scaled[-test_days:], "mean": mean, "std": std}
    return split_and_scale(X, Y, test_days) | names


def target_as_it_is(X, Y, test_days):
    return split_and_scale(X, Y, test_days) | {"Y_train": Y[:-test_days], "Y_test": Y[-test_days:]}


def test_as_it_is(X, Y, test_days):
    return split_and_scale(X, Y, test_days) | {"X_test": X[-test_days:], "Y_test": Y[-test_days:]}


def width(values, axis):
    return np.max(values, axis=axis) - np.min(values, axis=axis)


WRONG_SCALES = [
    Wrong(
        "scaled_on_everything",
        preparing(known=everything),
        "The scaler has seen the test days: it is fitted to all rows. On the last training day nobody knows how lively "
        "the days after it will be.",
        keeps=0.4,
    ),
    Wrong(
        "minimum_and_maximum_of_everything",
        preparing(known=everything, centre=np.min, spread=width),
        "The rows are scaled to lie between 0 and 1, and by the smallest and the largest value of all rows: the test "
        "days' too. Mean and standard deviation are asked for, and no test day.",
        keeps=0.2,
    ),
    Wrong(
        "minimum_and_maximum",
        preparing(centre=np.min, spread=width),
        "The rows are scaled to lie between 0 and 1; mean and standard deviation are asked for.",
        keeps=0.4,
    ),
    Wrong(
        "each_part_by_its_own",
        each_by_its_own,
        "The test part is scaled by its own mean and standard deviation. They are not known before its last day, and "
        "a model that has learned one scale is then asked in another.",
        keeps=0.4,
    ),
    Wrong(
        "oldest_days_as_test",
        oldest_as_test,
        "The test part has the oldest days: the model learns from the future and is asked about the past.",
    ),
    Wrong(
        "each_window_by_its_own",
        each_window,
        "Each window is scaled by its own mean and standard deviation, so that no model can tell calm days from wild "
        "ones any more. There is one scale, for all windows.",
        keeps=0.2,
    ),
    Wrong(
        "each_step_by_its_own",
        preparing(axes=0),
        "Each step of the window has a scale of its own. A day has one return, wherever in a window it stands: the "
        "mean goes over rows and steps.",
        keeps=0.4,
    ),
    Wrong(
        "all_features_by_one",
        preparing(axes=None),
        "All features have one scale. They may have different units: each has its own mean and standard deviation.",
        keeps=0.4,
    ),
    Wrong(
        "divided_by_one_less",
        preparing(spread=unbiased),
        "The variance is divided by the number of values less 1, as torch.std and pandas do unless told otherwise. "
        "Here it is divided by the number, as np.std and tf.math.reduce_std do.",
        keeps=0.75,
    ),
    Wrong(
        "variance",
        preparing(spread=np.var),
        "It is divided by the variance: the root is missing.",
        keeps=0.5,
    ),
    Wrong(
        "not_centred",
        preparing(centre=lambda values, axis: 0.0),
        "The mean is not taken off before dividing.",
        keeps=0.4,
    ),
    Wrong(
        "target_by_the_features_scale",
        target_by_the_features,
        "The target is scaled by a feature's mean and standard deviation. It has its own.",
        keeps=0.5,
    ),
    Wrong(
        "target_not_scaled",
        target_as_it_is,
        "The target is as it came: it is scaled, too, so that the network has to say numbers near 1.",
        keeps=0.5,
    ),
    Wrong(
        "test_not_scaled",
        test_as_it_is,
        "The test part is as it came. What a model has learned in one scale it must be asked in the same scale: that "
        "of the training part.",
        keeps=0.5,
    ),
]
