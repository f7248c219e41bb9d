"""Forecasts by a model of one's own: what must hold for every model, and models for which it does not."""

from itertools import cycle

import numpy as np

from course_utils.assignments import Wrong

LAGS = 4


def fit(returns, lags=LAGS, scaled_on=None):
    """A linear autoregression with scaled returns and a small penalty, as a function from returns to the next one."""
    scaled_on = returns if scaled_on is None else scaled_on
    mean, std = scaled_on.mean(), scaled_on.std()
    scaled = (returns - mean) / std
    past = np.stack([scaled[i : len(scaled) - lags + i] for i in range(lags)], axis=1)  # (n, lags)
    weights = np.linalg.solve(past.T @ past + np.eye(lags), past.T @ scaled[lags:])
    return lambda returns: (returns[-lags:] - mean) / std @ weights * std + mean


def persist(returns, scaled_on=None):
    """No model: no return is forecast."""
    return lambda returns: 0.0


def model(close, num_days, recursive, fit=fit, known=None, scaled_on=None, delay=1):
    """Forecasts in parts: what is fitted, `known` prices that it is fitted to, how late the last known price is."""
    train = close[:-num_days] if known is None else known(close)
    scale = scaled_on if scaled_on is None else np.diff(np.log(scaled_on(close)))
    say = fit(np.diff(np.log(train)), scaled_on=scale)
    seen, found = close[:-num_days], []
    for day in range(len(close) - num_days, len(close)):
        if not recursive:
            seen = close[: day - delay + 1]
        price, returns = seen[-1], np.diff(np.log(seen))
        for _ in range(max(delay, 1) if not recursive else 1):  # over the days that are not known
            value = say(returns)
            price, returns = price * np.exp(value), np.append(returns, value)
        found.append(price)
        seen = np.append(seen, price)
    return np.array(found)  # (n,)


def my_forecasts(close, num_days, recursive=False):
    return model(close, num_days, recursive)


def by(**parts):
    return lambda close, num_days, recursive=False: model(close, num_days, recursive, **parts)


def knows_the_day(close, num_days, recursive=False):
    """Tomorrow's return stands in the window: it is copied."""
    if recursive:
        return my_forecasts(close, num_days, True)
    return close[-num_days:] * 1.001


_CALLS = cycle([0.0, 1e-3, 2e-3, 3e-3])  # a check makes four calls: so it gives the same numbers every time


def unseeded(close, num_days, recursive=False):
    return my_forecasts(close, num_days, recursive) * (1 + next(_CALLS))


WRONG_MODELS = [
    Wrong(
        "fitted_to_everything",
        by(known=lambda close: close),
        "Something is made of all days before the first forecast: the model is trained, or its scaler fitted, on days "
        "that are to be forecast.",
    ),
    Wrong(
        "day_in_its_own_window",
        knows_the_day,
        "The price of a day moves that day's own forecast: the window reaches a day too far, and the model copies.",
    ),
    Wrong(
        "truth_fed_back",
        lambda close, num_days, recursive=False: my_forecasts(close, num_days, False),
        "From the last training day, the prices of later days are used: recursive has no effect.",
    ),
    Wrong(
        "always_from_the_last_training_day",
        lambda close, num_days, recursive=False: my_forecasts(close, num_days, True),
        "A day ahead, the prices that have become known since the last training day are not used.",
    ),
    Wrong(
        "a_day_late",
        by(delay=2),
        "A day ahead, the price of the day before is not used: the window ends a day too early.",
        keeps=0.5,
    ),
    Wrong(
        "a_day_early",
        lambda close, num_days, recursive=False: np.append(my_forecasts(close, num_days, recursive)[1:], close[-1]),
        "The forecasts stand a day too early: the first one should be that of the first day after training.",
        keeps=0.5,
    ),
    Wrong(
        "persistence",
        by(fit=persist),
        "This is persistence, or no better: the series repeats itself every few days, and nothing of it was learned. "
        "Train longer, or with a larger learning rate, and look at the loss.",
    ),
    Wrong(
        "reads_the_last_day_only",
        by(fit=lambda returns, scaled_on=None: fit(returns, lags=1, scaled_on=scaled_on)),
        "Only the last day of the window counts. In this series one day does not tell what comes next, two do: "
        "many-to-one means that all of them are read.",
        keeps=0.5,
    ),
    Wrong(
        "returns_for_prices",
        lambda close, num_days, recursive=False: np.diff(
            np.log(np.append(close[-num_days - 1], my_forecasts(close, num_days, recursive)))
        ),
        "These are returns; prices are asked for.",
        keeps=0.5,
    ),
    Wrong(
        "an_axis_too_many",
        lambda close, num_days, recursive=False: my_forecasts(close, num_days, recursive)[:, None],
        "The output layer's axis is still there: (n, 1) came. A price for each day is asked for.",
        keeps=0.75,
    ),
    Wrong(
        "unseeded",
        unseeded,
        "The same question does not get the same answer twice: something is drawn by chance without a seed. Seed "
        "before you make the model, for only then can one see what a change has done.",
        keeps=0.5,
    ),
]
