"""Forecasts by a model of one's own: what must hold for every model, and models for which it does not."""

from itertools import cycle

import numpy as np

from course_utils.assignments import Wrong


def fit(train, lags=4):
    """A linear autoregression of scaled returns, with a small penalty: the next price as a function of those before."""
    returns = np.diff(np.log(train))  # (days − 1,)
    mean, std = returns.mean(), returns.std()
    scaled = (returns - mean) / std
    past = np.stack([scaled[i : i - lags] for i in range(lags)], axis=1)  # (n, lags)
    weights = np.linalg.solve(past.T @ past + np.eye(lags), past.T @ scaled[lags:])  # (lags,)

    def next_price(close):
        window = (np.diff(np.log(close))[-lags:] - mean) / std  # (lags,)
        return close[-1] * np.exp(window @ weights * std + mean)

    return next_price


def my_forecasts(close, num_days, recursive=False):
    train = close[:-num_days]
    next_price = fit(train)
    known, prices = train, []
    for truth in close[-num_days:]:
        price = next_price(known)
        prices.append(price)
        known = np.append(known, price if recursive else truth)
    return np.array(prices)  # (n,)


CALLS = cycle([0.0, 1e-3, 2e-3, 3e-3])  # a check makes four calls: so it gives the same numbers every time
NEXT, FED_BACK, FOUND = "next_price(known)", "price if recursive else truth", "np.array(prices)"

# fmt: off
WRONG_MODELS = [
    Wrong("fitted_to_everything", {"fit(train)": "fit(close)"},
          "Something is made of all days before the first forecast: the model is trained, or its scaler fitted, on "
          "days that are to be forecast."),
    Wrong("day_in_its_own_window", {NEXT: f"{NEXT} if recursive else truth * 1.001"},
          "The price of a day moves that day's own forecast: the window reaches a day too far, and the model copies."),
    Wrong("truth_fed_back", {FED_BACK: "truth"},
          "From the last training day, the prices of later days are used: recursive has no effect."),
    Wrong("always_from_the_last_training_day", {FED_BACK: "price"},
          "A day ahead, the prices that have become known since the last training day are not used."),
    Wrong("a_day_late", {NEXT: "next_price(known if recursive else np.append(known[:-1], next_price(known[:-1])))"},
          "A day ahead, the price of the day before is not used: the window ends a day too early.", keeps=0.5),
    Wrong("a_day_early", {FOUND: "np.array([*prices[1:], truth])"},
          "The forecasts stand a day too early: the first one should be that of the first day after training.",
          keeps=0.5),
    Wrong("persistence", {NEXT: "known[-1]"},
          "This is persistence, or no better: the series repeats itself every few days, and nothing of it was learned. "
          "Train longer, or with a larger learning rate, and look at the loss."),
    Wrong("reads_the_last_day_only", {"fit(train)": "fit(train, lags=1)"},
          "Only the last day of the window counts. In this series one day does not tell what comes next, two do: "
          "many-to-one means that all of them are read.", keeps=0.5),
    Wrong("returns_for_prices", {FOUND: "np.diff(np.log([train[-1], *prices]))"},
          "These are returns; prices are asked for.", keeps=0.5),
    Wrong("an_axis_too_many", {FOUND: f"{FOUND}[:, None]"},
          "The output layer's axis is still there: (n, 1) came. A price for each day is asked for.", keeps=0.75),
    Wrong("unseeded", {FOUND: f"{FOUND} * (1 + next(CALLS))"},
          "The same question does not get the same answer twice: something is drawn by chance without a seed. Seed "
          "before you make the model, for only then can one see what a change has done.", keeps=0.25),
]
