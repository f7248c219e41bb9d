"""Forecasts by a model of one's own: what must hold for every model, and models for which it does not."""

from itertools import cycle

import numpy as np

from course_utils.assignments import Wrong, mutant


def bent(past):
    """The returns of the last days and their products, (n, lags) → (n, k): what the check's rule is made of."""
    products = [past[:, i] * past[:, j] for i in range(past.shape[1]) for j in range(i + 1)]
    return np.column_stack([np.ones(len(past)), past, *products])


def straight(past):
    return np.column_stack([np.ones(len(past)), past])  # (n, 1 + lags)


def fit(train, lags=2, features=bent):
    """A regression of scaled returns, with a small penalty: the next price as a function of those before."""
    returns = np.diff(np.log(train))  # (days − 1,)
    mean, std = returns.mean(), returns.std()
    scaled = (returns - mean) / std
    X = features(np.stack([scaled[i : i - lags] for i in range(lags)], axis=1))  # (n, k)
    weights = np.linalg.solve(X.T @ X + 1e-3 * np.eye(X.shape[1]), X.T @ scaled[lags:])  # (k,)

    def next_price(close):
        window = (np.diff(np.log(close))[-lags:] - mean) / std  # (lags,)
        scaled = np.clip(features(window[None]) @ weights, -20, 20)[0]  # fed back, a bent rule may run away
        return close[-1] * np.exp(scaled * std + mean)

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


def guesses():
    """What has learned nothing of a rule that is bent, as forecasts like `my_forecasts`."""
    steps = [lambda train: fit(train, lags=1)]
    steps += [lambda train, lags=lags: fit(train, lags, straight) for lags in (1, 2, 3, 5, 20)]
    steps += [lambda train, days=days: lambda close: close[-days] for days in (1, 2, 3, 4, 5)]
    steps += [lambda train, days=days: lambda close: close[-1] * close[-days] / close[-days - 1] for days in (1, 2, 3)]
    return [mutant(my_forecasts, fit=step) for step in steps]


CALLS = cycle([0.0, 1e-3, 2e-3, 3e-3, 4e-3, 5e-3])  # a check makes six calls: so it gives the same numbers every time
NEXT, FED_BACK, FOUND = "next_price(known)", "price if recursive else truth", "np.array(prices)"

# fmt: off
WRONG_MODELS = [
    Wrong("persistence", {NEXT: "known[-1]"},
          "This is persistence, or no better: nothing of the series' rule was learned. Train longer, or with a larger "
          "learning rate, and look at the loss."),
    Wrong("as_three_days_ago", {NEXT: "known[-3]"},
          "The price of three days ago comes back. This series never repeats itself: a model has to be fitted."),
    Wrong("straight_line", {"fit(train)": "fit(train, lags=3, features=straight)"},
          "This is what a straight line through the last returns says, an autoregression. The rule of this series is "
          "bent: a network can learn it."),
    Wrong("reads_the_last_day_only", {"fit(train)": "fit(train, lags=1)"},
          "Only the last day of the window counts. In this series one day does not tell what comes next, two do: "
          "many-to-one means that all of them are read."),

    Wrong("not_fitted_to_all_days", {"fit(train)": "fit(train[-50:])"},
          "The older training days have no say. Train the model in each call, on all days but the last num_days: a "
          "model that was trained on other prices knows their rule, not that of these."),
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
    Wrong("returns_for_prices", {FOUND: "np.diff(np.log([train[-1], *prices]))"},
          "These are returns; prices are asked for.", keeps=0.5),
    Wrong("an_axis_too_many", {FOUND: f"{FOUND}[:, None]"},
          "The output layer's axis is still there: (n, 1) came. A price for each day is asked for.", keeps=0.75),
    Wrong("unseeded", {FOUND: f"{FOUND} * (1 + next(CALLS))"},
          "The same question does not get the same answer twice: something is drawn by chance without a seed. Seed "
          "before you make the model, for only then can one see what a change has done.", keeps=0.25),
]
