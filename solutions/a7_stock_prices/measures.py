"""Simple forecasts to compare with, and measures of forecasts; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong

# ---- baselines ----


def log_growth(train):
    return np.diff(np.log(train)).mean()


def grow(last, k, growth):
    return last * np.exp(k * growth)


def forecasts(close, num_days, recursive, delay=1, known=None, growth=log_growth, grow=grow, days_on=None):
    """Both baselines, in parts: `known` are the training prices, `days_on` is how far drift goes on."""
    train = close[:-num_days] if known is None else known(close, num_days)
    if recursive:
        last, k = np.full(num_days, close[-num_days - 1]), np.arange(1, num_days + 1)
    else:
        last, k = close[len(close) - num_days - delay : len(close) - delay], np.ones(num_days)
    k = k if days_on is None else days_on(k)
    return {"persistence": last, "drift": grow(last, k, growth(train))}  # (n,), (n,)


def baselines(close, num_days, recursive=False):
    return forecasts(close, num_days, recursive)


def baseline(**parts):
    return lambda close, num_days, recursive=False: forecasts(close, num_days, recursive, **parts)


WRONG_BASELINES = [
    Wrong(
        "the_days_own_price",
        baseline(delay=0),
        "A day ahead, the forecast of a day is made of the price of that same day. It is made the day before.",
    ),
    Wrong(
        "two_days_late",
        baseline(delay=2),
        "A day ahead, the price before the last known one is used: the forecasts come a day late.",
        keeps=0.5,
    ),
    Wrong(
        "growth_of_all_days",
        baseline(known=lambda close, num_days: close),
        "Drift's growth is measured over all days, those that are to be forecast among them.",
        keeps=0.5,
    ),
    Wrong(
        "growth_with_a_test_day",
        baseline(known=lambda close, num_days: close[: len(close) - num_days + 1]),
        "Drift's growth is measured over a day too many: the first day that is to be forecast is among them.",
        keeps=0.5,
    ),
    Wrong(
        "growth_without_the_last_day",
        baseline(known=lambda close, num_days: close[: -num_days - 1]),
        "Drift's growth is measured over a day too few: the last training day may be used.",
        keeps=0.75,
    ),
    Wrong(
        "growth_of_shares",
        baseline(
            growth=lambda train: (train[1:] / train[:-1] - 1).mean(),
            grow=lambda last, k, growth: last * (1 + growth) ** k,
        ),
        "Drift grows by the mean of the simple returns. Up a half and down a third is nothing gained, but their mean "
        "is above 0: take log returns.",
        keeps=0.5,
    ),
    Wrong(
        "growth_in_the_prices_unit",
        baseline(
            growth=lambda train: np.diff(train).mean(),
            grow=lambda last, k, growth: last + k * growth,
        ),
        "Drift adds so and so much a day, in the price's unit. It should grow by the same share each day.",
        keeps=0.5,
    ),
    Wrong(
        "growth_not_taken_back",
        baseline(grow=lambda last, k, growth: last * (1 + k * growth)),
        "Drift's growth is a mean of logarithms, but it is used as if it were a share.",
        keeps=0.5,
    ),
    Wrong(
        "truth_fed_back",
        lambda close, num_days, recursive=False: baselines(close, num_days, False),
        "From the last training day, the forecasts use the prices of the days that are to be forecast: recursive has "
        "no effect.",
    ),
    Wrong(
        "always_from_the_last_training_day",
        lambda close, num_days, recursive=False: baselines(close, num_days, True),
        "A day ahead, all forecasts are made on the last training day: the prices that have become known since are "
        "not used.",
    ),
    Wrong(
        "grows_only_once",
        baseline(days_on=lambda k: np.ones(len(k))),
        "From the last training day, drift grows on the first day and then stands still.",
        keeps=0.5,
    ),
    Wrong(
        "begins_a_day_late",
        baseline(days_on=lambda k: k - (len({*k}) > 1)),
        "From the last training day, drift begins to grow a day late: its first forecast is the last known price.",
        keeps=0.5,
    ),
]

# ---- measures ----


def wilson(share, N, z=1.96):
    centre = (share + z**2 / (2 * N)) / (1 + z**2 / N)
    half = z / (1 + z**2 / N) * np.sqrt(share * (1 - share) / N + z**2 / (4 * N**2))
    return centre - half, centre + half


def wald(share, N):
    half = 1.96 * np.sqrt(share * (1 - share) / N)
    return share - half, share + half


def called(went, said):
    counts = (went != 0) & (said != 0)
    return (went == said)[counts], counts.sum()


def same_sign(actual, forecast, last):
    return np.sign(actual - last), np.sign(forecast - last)


def scores(
    actual,
    forecast,
    last,
    train,
    error=lambda a, f: np.abs(a - f).mean(),
    square=lambda a, f: np.sqrt(((a - f) ** 2).mean()),
    log=np.log,
    scale=lambda series: np.abs(np.diff(series)).mean(),
    ways=same_sign,
    counted=called,
    interval=wilson,
):
    """All measures, in parts that can be exchanged for wrong ones."""
    right, N = counted(*ways(actual, forecast, last))
    share = right.sum() / N if N else None
    low, high = interval(share, N) if N else (0.0, 1.0)
    scaled = error(log(actual), log(forecast)) / scale(log(train))
    return {
        "MAE": error(actual, forecast),
        "RMSE": square(actual, forecast),
        "MASE": scaled,
        "direction": share,
        "low": low,
        "high": high,
    }


def measures(actual, forecast, last, train):
    return scores(actual, forecast, last, train)


def measuring(**parts):
    return lambda actual, forecast, last, train: scores(actual, forecast, last, train, **parts)


def by_the_days_before(actual, forecast, last):
    return np.sign(np.diff(actual)), np.sign(np.diff(forecast))


def every_day_counts(went, said):
    return (went == said) & (went != 0), len(went)


def standing_still_is_right(went, said):
    return went == said, len(went)


def only_the_calls(went, said):
    return (went == said)[said != 0], (said != 0).sum()


def only_the_moves(went, said):
    return (went == said)[went != 0], (went != 0).sum()


def relative_error(actual, forecast, last, train):
    right = measures(actual, forecast, last, train)
    logs = np.log(actual), np.log(forecast), np.log(last)
    return right | {"MASE": np.abs(logs[0] - logs[1]).mean() / np.abs(logs[0] - logs[2]).mean()}


def interval_of_all_days(actual, forecast, last, train):
    right = measures(actual, forecast, last, train)
    if right["direction"] is None:
        return right
    low, high = wilson(right["direction"], len(actual))
    return right | {"low": low, "high": high}


WRONG_MEASURES = [
    Wrong(
        "root_forgotten",
        measuring(square=lambda a, f: ((a - f) ** 2).mean()),
        "RMSE is the mean of the squares: the root is missing.",
        keeps=0.6,
    ),
    Wrong(
        "root_of_each",
        measuring(square=lambda a, f: np.sqrt((a - f) ** 2).mean()),
        "RMSE is the mean of the roots, which is the MAE. The root comes last.",
        keeps=0.6,
    ),
    Wrong(
        "errors_with_their_sign",
        measuring(error=lambda a, f: (a - f).mean()),
        "The errors are averaged with their signs, so that too high and too low cancel.",
        keeps=0.4,
    ),
    Wrong(
        "prices_for_logarithms",
        measuring(log=lambda series: series),
        "MASE is that of the prices. Where a price has grown tenfold since the training days its errors have, too: "
        "take logarithms.",
        keeps=0.6,
    ),
    Wrong(
        "scaled_by_the_test_days",
        relative_error,
        "MASE is scaled by persistence's error on the days that are scored. It is scaled by that in the training part.",
        keeps=0.6,
    ),
    Wrong(
        "scaled_by_the_spread",
        measuring(scale=lambda series: np.diff(series).std()),
        "MASE is scaled by the standard deviation of the training returns; it is scaled by the mean of their absolute "
        "values.",
        keeps=0.6,
    ),
    Wrong(
        "scaled_by_the_level",
        measuring(scale=lambda series: np.abs(series - series.mean()).mean()),
        "MASE is scaled by how far the training prices lie from their mean; it is scaled by how they move in a day.",
        keeps=0.4,
    ),
    Wrong(
        "forecast_against_the_forecast_before",
        measuring(ways=by_the_days_before),
        "The direction is that from one forecast to the next one. A forecast calls a direction from the price that is "
        "known when it is made, and that is last.",
        keeps=0.5,
    ),
    Wrong(
        "every_day_counts",
        measuring(counted=every_day_counts),
        "Days without a call, or without a move, are counted as wrong. They do not count at all.",
    ),
    Wrong(
        "standing_still_is_right",
        measuring(counted=standing_still_is_right),
        "A day on which nothing was called and nothing moved is counted as a hit. Such days do not count.",
    ),
    Wrong(
        "days_that_stand_still_count",
        measuring(counted=only_the_calls),
        "Days on which the price did not move are counted as wrong: no direction was right on them, so they do not "
        "count.",
    ),
    Wrong(
        "days_without_a_call_count",
        measuring(counted=only_the_moves),
        "Days for which nothing was called are counted as wrong. Whoever says nothing has not been wrong.",
    ),
    Wrong(
        "simple_interval",
        measuring(interval=wald),
        "The interval is that of the simple formula, share ± 1.96 standard errors. It goes wrong where the share is "
        "near 0 or 1 or the days are few: take Wilson's.",
        keeps=0.6,
    ),
    Wrong(
        "interval_without_its_level",
        measuring(interval=lambda share, N: wilson(share, N, z=1.0)),
        "The interval has one standard error to each side, where 95 % ask for 1.96.",
        keeps=0.6,
    ),
    Wrong(
        "interval_of_all_days",
        interval_of_all_days,
        "The interval is made for all days. Only those that count say something about the share.",
        keeps=0.5,
    ),
]
