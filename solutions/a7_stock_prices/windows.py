"""Windows of returns with what comes after them, and their split and scaling; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong, mutant


def log_return(old, new):
    return np.log(new / old)


def windows(close, T, horizon):
    returns = log_return(close[:-1], close[1:])  # (days − 1,): returns[t − 1] is that of day t
    days = np.arange(T, len(close) - horizon)  # (n,): those on which a forecast is made
    X = np.stack([returns[day - T : day] for day in days])[..., None]  # (n, T, 1)
    Y = log_return(close[days], close[days + horizon])[:, None]  # (n, 1)
    return X, Y, close[days]  # …, (n,)


def scale_of(known, axis):
    return known.mean(axis=axis), known.std(axis=axis)


def split_and_scale(X, Y, test_days):
    X_train, X_test, Y_train, Y_test = X[:-test_days], X[-test_days:], Y[:-test_days], Y[-test_days:]
    X_mean, X_std = scale_of(X_train, axis=(0, 1))  # (d,), (d,): over rows and steps
    mean, std = scale_of(Y_train, axis=None)  # (), ()
    return {
        "X_train": (X_train - X_mean) / X_std,  # (n − test_days, T, d)
        "Y_train": (Y_train - mean) / std,  # (n − test_days, 1)
        "X_test": (X_test - X_mean) / X_std,  # (test_days, T, d)
        "Y_test": (Y_test - mean) / std,  # (test_days, 1)
        "mean": mean,
        "std": std,
    }


def by_its_own(values, axis):
    return (values - values.mean(axis=axis, keepdims=True)) / values.std(axis=axis, keepdims=True)


def smallest_and_width(known, axis):
    return known.min(axis=axis), known.max(axis=axis) - known.min(axis=axis)


DAYS, TARGET = "len(close) - horizon", "close[days], close[days + horizon]"
WINDOW, LATER = "returns[day - T : day]", "returns[day + horizon - T : day + horizon]"
FORESEEN = (
    "The window ends on the target's own day, not on the day on which the forecast is made: it has the return in it "
    "that is to be forecast."
)
EVERYTHING = {"scale_of(X_train": "scale_of(X", "scale_of(Y_train": "scale_of(Y"}
X_TRAIN, X_TEST = "(X_train - X_mean) / X_std", "(X_test - X_mean) / X_std"
Y_TRAIN, Y_TEST = "(Y_train - mean) / std", "(Y_test - mean) / std"

# fmt: off
WRONG_WINDOWS = [
    Wrong("simple_returns", mutant(windows, log_return=lambda old, new: new / old - 1),
          "These are shares, new over old less 1. Log returns are asked for: only they add up over days.", keeps=0.5),
    Wrong("differences", mutant(windows, log_return=lambda old, new: new - old),
          "These are differences in the price's unit. A return does not depend on whether a share costs 5 or 500."),
    Wrong("logarithm_to_ten", mutant(windows, log_return=lambda old, new: np.log10(new / old)),
          "The logarithm is the one to base 10. The natural one is meant, as everywhere in this course.", keeps=0.75),
    Wrong("upside_down", mutant(windows, log_return=lambda old, new: np.log(old / new)),
          "The returns have the wrong sign: where the price rises they are negative.", keeps=0.5),
    Wrong("target_inside_the_window", {TARGET: "close[days - horizon], close[days]"},
          "The target lies inside the window: it is over when the forecast is made. A model would only have to copy "
          "it, and its scores would be too good to be true."),
    Wrong("window_ends_on_the_targets_day", {WINDOW: LATER, "np.arange(T,": "np.arange(T - horizon,"}, FORESEEN),
    Wrong("window_ends_on_the_targets_day_later", {WINDOW: LATER}, FORESEEN),
    Wrong("target_a_day_too_late", {DAYS: f"{DAYS} - 1", TARGET: "close[days + 1], close[days + horizon + 1]"},
          "The target begins a day too late: a day is left out between the window and what comes after it.",
          keeps=0.25),
    Wrong("target_is_a_price", {f"log_return({TARGET})": "close[days + horizon]"},
          "The target is the price itself; asked for is the return that leads to it.", keeps=0.25),
    Wrong("windows_of_prices", {WINDOW: "close[day - T + 1 : day + 1]"},
          "The windows hold prices. A network that has learned what follows 5 dollars knows nothing of 500: take the "
          "days' log returns.", keeps=0.5),
    Wrong("windows_of_log_prices", {WINDOW: "np.log(close[day - T + 1 : day + 1])"},
          "The windows hold the logarithms of prices, which have a level as prices do: their changes are asked for.",
          keeps=0.5),
    Wrong("prices_everywhere", {WINDOW: "close[day - T + 1 : day + 1]",
                                f"log_return({TARGET})": "close[days + horizon]"},
          "Windows and targets are prices; both should be log returns.", keeps=0.25),
    Wrong("window_ends_a_day_early", {WINDOW: "returns[day - T - 1 : day - 1]", "np.arange(T,": "np.arange(T + 1,"},
          "The window ends a day before the forecast is made. That day's return is known by then.", keeps=0.5),
    Wrong("target_is_a_share", {f"log_return({TARGET})": "(close[days + horizon] / close[days] - 1)"},
          "The target is a simple return, while the windows hold log returns.", keeps=0.5),
    Wrong("zero_in_front", {"log_return(close[:-1], close[1:])": "np.append(0, log_return(close[:-1], close[1:]))",
                            WINDOW: "returns[day - T + 1 : day + 1]", "np.arange(T,": "np.arange(T - 1,"},
          "The first window has a return of 0 in it, for the first day. That day has none: nobody knows what came "
          "before it.", keeps=0.5),
    Wrong("horizon_ignored", lambda close, T, horizon: windows(close, T, 1),
          "All is for one day ahead: horizon has no effect.", keeps=0.25),
    Wrong("newest_day_first", {"[..., None]": "[:, ::-1, None]"},
          "The windows run backwards: in each of them the newest day should be the last one.", keeps=0.5),
    Wrong("windows_side_by_side", {DAYS: f"{DAYS}, T"},
          "The windows do not overlap. A forecast is made every day, so each day ends a window.", keeps=0.5),
    Wrong("newest_window_lost", {DAYS: f"{DAYS} - 1"},
          "One window too few: the newest one whose target is known is missing.", keeps=0.75),
    Wrong("oldest_window_lost", {"np.arange(T": "np.arange(T + 1"},
          "One window too few: the oldest one is missing. How many returns do the first T + 1 prices have?",
          keeps=0.75),
    Wrong("price_to_be_forecast", {"Y, close[days]": "Y, close[days + horizon]"},
          "The third result is the price on the day that is forecast. When the forecast is made nobody knows it: the "
          "price of that day is asked for.", keeps=0.5),
    Wrong("no_axis_for_the_target", {"[:, None]": ""},
          "Y has lost its last axis. A model's output is (n, 1), and (n,) less (n, 1) is (n, n), without an error.",
          keeps=0.75),
    Wrong("no_axis_for_the_features", {"[..., None]": ""},
          "X has no axis for the features. There is only one, but a recurrent layer wants (n, T, d).", keeps=0.75),
    Wrong("always_one_day_ahead", {"close[days + horizon]": "close[days + 1]"},
          "The target is the next day's return whatever the horizon is."),
    Wrong("only_the_last_days_return", {TARGET: "close[days + horizon - 1], close[days + horizon]"},
          "The target is what happens on the last day of the horizon alone, not over all of it.", keeps=0.5),
    Wrong("mean_over_the_horizon", {"[:, None]": "[:, None] / horizon"},
          "The target is the mean return of a day; what happens over the whole horizon is asked for.", keeps=0.5),
]
WRONG_SCALES = [
    Wrong("scaled_on_everything", EVERYTHING,
          "The scaler has seen the test days: it is fitted to all rows. On the last training day nobody knows how "
          "lively the days after it will be.", keeps=0.4),
    Wrong("minimum_and_maximum_of_everything", mutant(split_and_scale, EVERYTHING, scale_of=smallest_and_width),
          "The rows are scaled to lie between 0 and 1, and by the smallest and the largest value of all rows: the "
          "test days' too. Mean and standard deviation are asked for, and no test day.", keeps=0.2),
    Wrong("minimum_and_maximum", mutant(split_and_scale, scale_of=smallest_and_width),
          "The rows are scaled to lie between 0 and 1; mean and standard deviation are asked for.", keeps=0.4),
    Wrong("each_part_by_its_own", {X_TEST: "by_its_own(X_test, axis=(0, 1))", Y_TEST: "by_its_own(Y_test, axis=0)"},
          "The test part is scaled by its own mean and standard deviation. They are not known before its last day, "
          "and a model that has learned one scale is then asked in another.", keeps=0.4),
    Wrong("test_inputs_by_their_own", {X_TEST: "by_its_own(X_test, axis=(0, 1))"},
          "The test part of X has a mean and a standard deviation of its own. On a test day nobody knows those.",
          keeps=0.4),
    Wrong("inputs_by_minimum_and_maximum", {"scale_of(X_train": "smallest_and_width(X_train"},
          "X is brought to between 0 and 1. Take off the mean, and divide by the standard deviation.", keeps=0.4),
    Wrong("std_squared", {'"std": std': '"std": std**2'},
          "What is called std is the variance: the root is missing.", keeps=0.75),
    Wrong("oldest_days_as_test", {"X[:-test_days], X[-test_days:]": "X[test_days:], X[:test_days]",
                                  "Y[:-test_days], Y[-test_days:]": "Y[test_days:], Y[:test_days]"},
          "The test part has the oldest days: the model learns from the future and is asked about the past."),
    Wrong("each_window_by_its_own", {X_TRAIN: "by_its_own(X_train, axis=1)", X_TEST: "by_its_own(X_test, axis=1)"},
          "Each window is scaled by its own mean and standard deviation, so that no model can tell calm days from wild "
          "ones any more. There is one scale, for all windows.", keeps=0.2),
    Wrong("each_step_by_its_own", {"axis=(0, 1)": "axis=0"},
          "Each step of the window has a scale of its own. A day has one return, wherever in a window it stands: the "
          "mean goes over rows and steps.", keeps=0.4),
    Wrong("all_features_by_one", {"axis=(0, 1)": "axis=None"},
          "All features have one scale. They may have different units: each has its own mean and standard deviation.",
          keeps=0.4),
    Wrong("divided_by_one_less", mutant(split_and_scale, scale_of=mutant(scale_of, {"std(": "std(ddof=1, "})),
          "The variance is divided by the number of values less 1, as pandas does unless told otherwise. "
          "Here it is divided by the number, as np.std does.", keeps=0.75),
    Wrong("variance", mutant(split_and_scale, scale_of=mutant(scale_of, {"std": "var"})),
          "It is divided by the variance: the root is missing.", keeps=0.5),
    Wrong("not_centred", mutant(split_and_scale, scale_of=mutant(scale_of, {"known.mean(axis=axis)": "0.0"})),
          "The mean is not taken off before dividing.", keeps=0.4),
    Wrong("target_by_the_features_scale", {"scale_of(Y_train": "scale_of(X_train[..., 0]"},
          "The target is scaled by a feature's mean and standard deviation. It has its own.", keeps=0.5),
    Wrong("target_not_scaled", {Y_TRAIN: "Y_train", Y_TEST: "Y_test"},
          "The target is as it came: it is scaled, too, so that the network has to say numbers near 1.", keeps=0.5),
    Wrong("test_not_scaled", {X_TEST: "X_test", Y_TEST: "Y_test"},
          "The test part is as it came. What a model has learned in one scale it must be asked in the same scale: that "
          "of the training part.", keeps=0.5),
]
