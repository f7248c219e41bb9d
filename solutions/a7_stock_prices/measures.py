"""Simple forecasts to compare with, and measures of forecasts; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong, mutant


def baselines(close, num_days, recursive=False):
    train = close[:-num_days]
    growth = np.diff(np.log(train)).mean()
    if recursive:
        last, k = np.full(num_days, train[-1]), np.arange(1, num_days + 1)  # (n,), (n,)
    else:
        last, k = close[-num_days - 1 : -1], 1  # (n,), ()
    return {"persistence": last, "drift": last * np.exp(k * growth)}  # (n,), (n,)


def wilson(share, N, z=1.96):
    centre = share + z**2 / (2 * N)
    half = z * np.sqrt(share * (1 - share) / N + z**2 / (4 * N**2))
    return (centre - half) / (1 + z**2 / N), (centre + half) / (1 + z**2 / N)


def measures(actual, forecast, last, train):
    errors, log_errors = actual - forecast, np.log(actual) - np.log(forecast)  # (n,), (n,)
    log_returns = np.diff(np.log(train))  # (days − 1,): persistence's errors in training
    went, said = np.sign(actual - last), np.sign(forecast - last)  # (n,), (n,): up, down or neither
    counts = (went != 0) & (said != 0)  # (n,)
    N = counts.sum()
    share = (went == said)[counts].mean() if N else None
    low, high = wilson(share, N) if N else (0.0, 1.0)
    return {
        "MAE": np.abs(errors).mean(),
        "RMSE": np.sqrt((errors**2).mean()),
        "MASE": np.abs(log_errors).mean() / np.abs(log_returns).mean(),
        "direction": share,
        "low": low,
        "high": high,
    }


def wald(share, N):
    half = 1.96 * np.sqrt(share * (1 - share) / N)
    return share - half, share + half


KNOWN, TRAIN = "close[-num_days - 1 : -1]", "np.log(train)"
RMSE, COUNTS = "np.sqrt((errors**2).mean())", "(went != 0) & (said != 0)"

# fmt: off
WRONG_BASELINES = [
    Wrong("the_days_own_price", {KNOWN: "close[-num_days:]"},
          "A day ahead, the forecast of a day is made of the price of that same day. It is made the day before."),
    Wrong("two_days_late", {KNOWN: "close[-num_days - 2 : -2]"},
          "A day ahead, the price before the last known one is used: the forecasts come a day late.", keeps=0.5),
    Wrong("growth_of_all_days", {TRAIN: "np.log(close)"},
          "Drift's growth is measured over all days, those that are to be forecast among them.", keeps=0.5),
    Wrong("growth_with_a_test_day", {TRAIN: "np.log(close[: len(train) + 1])"},
          "Drift's growth is measured over a day too many: the first day that is to be forecast is among them.",
          keeps=0.5),
    Wrong("growth_without_the_last_day", {TRAIN: "np.log(train[:-1])"},
          "Drift's growth is measured over a day too few: the last training day may be used.", keeps=0.75),
    Wrong("growth_of_shares", {"np.diff(np.log(train))": "(train[1:] / train[:-1] - 1)",
                               "np.exp(k * growth)": "(1 + growth) ** k"},
          "Drift grows by the mean of the simple returns. Up a half and down a third is nothing gained, but their mean "
          "is above 0: take log returns.", keeps=0.5),
    Wrong("shares_for_logarithms", {"np.diff(np.log(train))": "(train[1:] / train[:-1] - 1)"},
          "The growth is the mean of simple returns, but it is used as a log return.", keeps=0.5),
    Wrong("growth_over_the_prices", {"np.diff(np.log(train)).mean()": "np.diff(np.log(train)).sum() / len(train)"},
          "The growth is divided by how many prices there are. There is one return fewer.", keeps=0.5),
    Wrong("growth_in_the_prices_unit", {TRAIN: "train", "last * np.exp(k * growth)": "last + k * growth"},
          "Drift adds so and so much a day, in the price's unit. It should grow by the same share each day.",
          keeps=0.5),
    Wrong("growth_not_taken_back", {"np.exp(k * growth)": "(1 + k * growth)"},
          "Drift's growth is a mean of logarithms, but it is used as if it were a share.", keeps=0.5),
    Wrong("truth_fed_back", {"if recursive": "if False"},
          "From the last training day, the forecasts use the prices of the days that are to be forecast: recursive has "
          "no effect."),
    Wrong("always_from_the_last_training_day", {"if recursive": "if True"},
          "A day ahead, all forecasts are made on the last training day: the prices that have become known since are "
          "not used."),
    Wrong("grows_only_once", {"np.arange(1, num_days + 1)": "1"},
          "From the last training day, drift grows on the first day and then stands still.", keeps=0.5),
    Wrong("begins_a_day_late", {"np.arange(1, num_days + 1)": "np.arange(num_days)"},
          "From the last training day, drift begins to grow a day late: its first forecast is the last known price.",
          keeps=0.5),
]
WRONG_MEASURES = [
    Wrong("root_forgotten", {RMSE: "(errors**2).mean()"},
          "RMSE is the mean of the squares: the root is missing.", keeps=0.6),
    Wrong("root_of_each", {RMSE: "np.sqrt(errors**2).mean()"},
          "RMSE is the mean of the roots, which is the MAE. The root comes last.", keeps=0.6),
    Wrong("errors_with_their_sign", {"np.abs(errors)": "errors", "np.abs(log_errors)": "log_errors"},
          "The errors are averaged with their signs, so that too high and too low cancel.", keeps=0.4),
    Wrong("sign_kept_in_the_mae", {"np.abs(errors)": "errors"},
          "MAE is the mean of the errors with their signs, so that they cancel.", keeps=0.6),
    Wrong("prices_for_logarithms", {"np.log(actual) - np.log(forecast)": "actual - forecast", TRAIN: "train"},
          "MASE is that of the prices. Where a price has grown tenfold since the training days its errors have, too: "
          "take logarithms.", keeps=0.6),
    Wrong("scaled_by_the_test_days", {"np.abs(log_returns)": "np.abs(np.log(actual) - np.log(last))"},
          "MASE is scaled by persistence's error on the days that are scored. It is scaled by that in the training "
          "part.", keeps=0.6),
    Wrong("scaled_by_the_spread", {"np.abs(log_returns).mean()": "log_returns.std()"},
          "MASE is scaled by the standard deviation of the training returns; it is scaled by the mean of their "
          "absolute values.", keeps=0.6),
    Wrong("scaled_by_the_level", {f"np.diff({TRAIN})": f"{TRAIN} - {TRAIN}.mean()"},
          "MASE is scaled by how far the training prices lie from their mean; it is scaled by how they move in a day.",
          keeps=0.4),
    Wrong("forecast_against_the_forecast_before", {"actual - last": "np.diff(actual)",
                                                   "forecast - last": "np.diff(forecast)"},
          "The direction is that from one forecast to the next one. A forecast calls a direction from the price that "
          "is known when it is made, and that is last.", keeps=0.5),
    Wrong("called_from_the_forecast_before", {"np.sign(actual - last)": "np.sign(actual - last)[1:]",
                                               "forecast - last": "np.diff(forecast)"},
          "What was called is the way from one forecast to the next one, and what happened is that from last. Both "
          "begin at the price that was known when the forecast was made.", keeps=0.5),
    Wrong("every_day_counts", {"counts.sum()": "len(counts)", "(went == said)[counts]": "((went == said) & counts)"},
          "Days without a call, or without a move, are counted as wrong. They do not count at all."),
    Wrong("standing_still_is_right", {COUNTS: "np.full(len(went), True)"},
          "A day on which nothing was called and nothing moved is counted as a hit. Such days do not count."),
    Wrong("days_that_stand_still_count", {COUNTS: "said != 0"},
          "Days on which the price did not move are counted as wrong: no direction was right on them, so they do not "
          "count."),
    Wrong("days_without_a_call_count", {COUNTS: "went != 0"},
          "Days for which nothing was called are counted as wrong. Whoever says nothing has not been wrong."),
    Wrong("simple_interval", mutant(measures, wilson=wald),
          "The interval is that of the simple formula, share ± 1.96 standard errors. It goes wrong where the share is "
          "near 0 or 1 or the days are few: take Wilson's.", keeps=0.6),
    Wrong("interval_without_its_level", {"wilson(share, N)": "wilson(share, N, z=1.0)"},
          "The interval has one standard error to each side, where 95 % ask for 1.96.", keeps=0.6),
    Wrong("interval_of_all_days", {"wilson(share, N)": "wilson(share, len(actual))"},
          "The interval is made for all days. Only those that count say something about the share.", keeps=0.5),
]
