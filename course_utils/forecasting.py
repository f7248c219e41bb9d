"""Forecasts of a series of prices: simple ones to compare with, two ways to forecast, and honest measures.

A step is a function from the prices so far, (days,), to the next one. It is never given more than that, so it cannot
know the future. `one_step_forecast` gives it the truth after each day, `recursive_forecast` its own forecasts: the same
step, and two questions that must be told apart.

Prices and forecasts may be arrays, lists, Series or tensors, see `course_utils.arrays`: they are taken by their order,
and steps are given arrays. Shapes that do not fit are refused.
"""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from scipy import optimize, signal, special, stats

from course_utils import arrays
from course_utils.errors import is_whole

OneStepModel = Callable[[np.ndarray], float]


# Simple forecasts


def persistence(close: np.ndarray) -> float:
    """Tomorrow's price is today's: a step that is hard to beat.

    >>> float(persistence(np.array([9.0, 10.0])))
    10.0
    """
    return arrays.series(close=close)[0][-1]


def drift(train: np.ndarray) -> OneStepModel:
    """A step that goes on with the average log return of the training prices (days,), day after day.

    >>> step = drift(np.array([1.0, 3.0, 4.0]))
    >>> round(step(np.array([10.0])), 6)
    20.0
    """
    return autoregression(train, lags=0)


def autoregression(train: np.ndarray, lags: int = 5) -> OneStepModel:
    """A step that is linear in the last log returns: r_t = c + a_1 r_{t−1} + … + a_p r_{t−p}, by least squares.

    Args:
        train: (days,), the prices that c and a are fitted to.
        lags: p, how many returns it looks at.

    >>> step = autoregression(np.exp([0, 1, 0.5, 0.75, 0.625, 0.6875]), lags=1)  # each return is −1/2 of the one before
    >>> round(math.log(step(np.exp([0, 2]))), 6)
    1.0
    """
    [train] = arrays.prices(train=train)
    if not is_whole(lags, 0):
        raise ValueError(f"lags is {lags!r} with {len(train)} prices, expected a whole number of lags, 0 or more.")
    if len(train) < 2 * lags + 2:
        raise ValueError(f"lags is {lags} with {len(train)} prices, expected 0 or more lags and {2 * lags + 2} prices.")
    returns = np.diff(np.log(train))
    past = np.stack([returns[lags - i : len(returns) - i] for i in range(1, lags + 1)] + [np.ones(len(returns) - lags)])
    *weights, intercept = np.linalg.lstsq(past.T, returns[lags:], rcond=None)[0]

    def step(close: np.ndarray) -> float:
        [close] = arrays.prices(close=close)
        if len(close) < lags + 1:
            raise ValueError(f"There are {len(close)} prices, expected {lags + 1} or more for {lags} lags.")
        latest = np.diff(np.log(close[-lags - 1 :]))[::-1]
        return float(close[-1] * np.exp(intercept + latest @ np.array(weights)))

    return step


def linear_forecaster(
    X: np.ndarray, Y: np.ndarray, loss: Literal["squared", "absolute"] = "squared"
) -> Callable[[np.ndarray], np.ndarray]:
    """A forecast that is linear in all that is in a window: the weights with the smallest loss on X and Y.

    The squared loss is least squares. For the absolute one these are repeated, each row weighted by one over its
    error, until the mean error falls by less than a hundred-thousandth.

    Args:
        X: (n, T, d), what is known.
        Y: (n, k), what follows.

    Returns: a function from windows (m, T, d) to forecasts (m, k).

    >>> X, Y = np.arange(6.0).reshape(6, 1, 1), np.array([[0.0], [2], [4], [6], [8], [100]])
    >>> linear_forecaster(X, Y, loss="absolute")(X[:2] + 10).round(1).tolist()
    [[20.0], [22.0]]
    """
    if loss not in ("squared", "absolute"):
        raise ValueError(f"loss is {loss!r}, expected 'squared' or 'absolute'.")
    X, Y = arrays.numbers(X, "X"), arrays.numbers(Y, "Y")
    if X.ndim != 3 or Y.ndim != 2 or len(X) != len(Y):
        raise ValueError(f"X has the shape {X.shape} and Y {Y.shape}, expected (n, T, d) and (n, k).")

    def rows(X: np.ndarray) -> np.ndarray:
        return np.column_stack([X.reshape(len(X), -1), np.ones(len(X))])  # (n, T · d + 1)

    known = rows(X)
    weights = np.linalg.lstsq(known, Y, rcond=None)[0]  # (T · d + 1, k)
    if loss == "absolute":
        weights = np.stack([_least_absolute(known, y, start) for y, start in zip(Y.T, weights.T, strict=True)], axis=1)
    return lambda X: rows(arrays.numbers(X, "X")) @ weights


def _least_absolute(known: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weights (d,) with the smallest mean |y − known @ weights|, by least squares that are weighted anew each time."""
    error = np.abs(y - known @ weights)  # (n,)
    while error.any():
        root = 1 / np.sqrt(np.maximum(error, 1e-3 * error.mean()))  # (n,): large errors count less than squared
        better = np.linalg.lstsq(known * root[:, None], y * root, rcond=None)[0]
        found = np.abs(y - known @ better)  # (n,)
        if found.mean() > (1 - 1e-5) * error.mean():
            break
        weights, error = better, found
    return weights


# Two ways to forecast


def one_step_forecast(step: OneStepModel, close: np.ndarray, num_days: int) -> np.ndarray:
    """Forecasts (num_days,) of the last days of `close` (days,), each made on the day before, when its truth is known.

    >>> one_step_forecast(persistence, np.array([1.0, 2.0, 3.0, 4.0]), num_days=2).tolist()
    [2.0, 3.0]
    """
    [close], step = arrays.series(close=close), _of_one_number(step)
    if not is_whole(num_days, 1) or num_days >= len(close):
        raise ValueError(f"num_days is {num_days!r}, expected 1 to {len(close) - 1}: the first day has none before.")
    return np.array([step(close[:day]) for day in range(len(close) - num_days, len(close))], dtype=np.float64)


def recursive_forecast(step: OneStepModel, past: np.ndarray, num_days: int) -> np.ndarray:
    """Forecasts (num_days,) of the days after `past` (days,), all made on its last day, each from those before it.

    >>> recursive_forecast(lambda close: close[-1] + close[-2], np.array([1.0, 2.0]), num_days=3).tolist()
    [3.0, 5.0, 8.0]
    """
    if not is_whole(num_days, 1):
        raise ValueError(f"num_days is {num_days!r}, expected a whole number, 1 or more.")
    [past], step = arrays.series(past=past), _of_one_number(step)
    close = np.concatenate([past, np.zeros(num_days)])
    for day in range(len(past), len(close)):
        close[day] = step(close[:day])
    return close[len(past) :]


def _of_one_number(step: OneStepModel) -> OneStepModel:
    return lambda close: arrays.number(step(close.copy()), "What the step gives")  # which may write into its prices


class Fold(NamedTuple):
    """A year to test on: its days are `start` to `stop` − 1; all those before may be trained on.

    With `prices.until(stop)` and `test_days=stop - start`, a `StockData` has the year as its test part.
    """

    year: int
    start: int
    stop: int


def walk_forward(dates: np.ndarray, min_days: int = 500) -> list[Fold]:
    """A fold for each calendar year that has at least `min_days` days before it.

    Args:
        dates: (days,), going up; what `course_utils.arrays.days` takes.
        min_days: how many days are the least to train and validate on.

    >>> walk_forward(np.arange("2010-06-01", "2012-02-01", dtype="datetime64[D]"), min_days=300)
    [Fold(year=2012, start=579, stop=610)]
    """
    if not is_whole(min_days, 0):
        raise ValueError(f"min_days is {min_days!r}, expected a whole number, 0 or more.")
    dates = arrays.days(dates, "dates")
    if not len(dates) or (np.diff(dates) <= np.timedelta64(0, "D")).any():
        raise ValueError(
            "dates do not go up day by day, expected one or more, the oldest first, none twice: sort them."
        )
    years, starts = np.unique(dates.astype("datetime64[Y]").astype(int) + 1970, return_index=True)
    stops = [*starts[1:], len(dates)]
    folds = [Fold(int(year), int(a), int(b)) for year, a, b in zip(years, starts, stops, strict=True) if a >= min_days]
    if not folds:
        raise ValueError(f"No year has {min_days} days before it: give a longer series or a smaller min_days.")
    return folds


# How large the next move will be


class Garch(NamedTuple):
    """A GARCH(1,1) model of daily returns r_t: σ²_t = omega + alpha r²_{t−1} + beta σ²_{t−1} (Bollerslev, 1986).

    `omega` is in the unit of r², `alpha` says how much a large move raises the next day's volatility, `beta` how slowly
    that is forgotten.
    """

    omega: float
    alpha: float
    beta: float

    def volatility(self, returns: np.ndarray) -> np.ndarray:
        """σ of each day (n,), and of the day after the last, from returns (n,): (n + 1,), each known the day before.

        The first is the long-run one.

        >>> Garch(omega=0.5, alpha=0.25, beta=0.25).volatility(np.array([1.0, 3.0])).round(3).tolist()
        [1.0, 1.0, 1.732]
        """
        [returns] = _compared(returns=returns)
        first = self.omega / (1 - self.alpha - self.beta)  # σ² in the long run
        variance, _ = signal.lfilter([1], [1, -self.beta], self.omega + self.alpha * returns**2, zi=[self.beta * first])
        return np.sqrt(np.concatenate([[first], variance]))


def garch(returns: np.ndarray) -> Garch:
    """The GARCH(1,1) model that makes returns (days,) most likely, their mean taken as 0, the errors as normal.

    The long-run variance is that of the returns, so two numbers are left to find: alpha and beta.

    >>> returns = np.random.default_rng(0).normal(size=500) * np.repeat([1, 3, 1, 3, 1], 100)
    >>> found = garch(returns)
    >>> found.alpha + found.beta > 0.9
    True
    """
    [returns] = _compared(returns=returns)
    if len(returns) < 100 or not np.any(returns):
        raise ValueError(f"There are {len(returns)} returns, expected 100 or more that are not all 0.")
    variance = float(np.mean(returns**2))

    def model(free: np.ndarray) -> Garch:
        kept, share = special.expit(free)  # alpha + beta, and alpha's share of it
        return Garch(variance * (1 - kept), kept * share, kept * (1 - share))

    def surprise(free: np.ndarray) -> float:
        sigma = model(free).volatility(returns)[:-1]  # (days,)
        return float(np.mean(np.log(sigma) + 0.5 * (returns / sigma) ** 2))

    start = special.logit([0.95, 0.1])
    found = optimize.minimize(surprise, start, method="L-BFGS-B", bounds=[(-7, 7)] * 2)
    return Garch(*map(float, model(found.x)))


# Measures


def mae(actual: np.ndarray, forecast: np.ndarray) -> float:
    """Mean absolute error, in the unit of the series.

    >>> mae(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    1.0
    """
    actual, forecast = _compared(actual=actual, forecast=forecast)
    return float(np.abs(actual - forecast).mean())


def rmse(actual: np.ndarray, forecast: np.ndarray) -> float:
    """Root mean squared error, in the unit of the series; large errors weigh more.

    >>> rmse(np.array([1.0, 2.0]), np.array([2.0, 9.0]))
    5.0
    """
    actual, forecast = _compared(actual=actual, forecast=forecast)
    return float(np.sqrt(((actual - forecast) ** 2).mean()))


def mase(actual: np.ndarray, forecast: np.ndarray, train: np.ndarray) -> float:
    """Mean absolute scaled error: the MAE over that of persistence, a day ahead, in the training part.

    So it can be compared between series (Hyndman and Koehler, 2006). Of a price that has grown tenfold since, the
    errors in dollars have, too: give logarithms of prices, whose errors are shares. Persistence itself scores 1 only
    where the days of the test are as lively as those of training.

    Args:
        actual, forecast: (n,).
        train: (days,), the series before, in the order of time.

    >>> mase(np.array([5.0, 7.0]), np.array([4.0, 6.0]), train=np.array([1.0, 3.0, 5.0]))
    0.5
    """
    [train] = _compared(train=train)
    scale = np.abs(np.diff(train)).mean() if len(train) > 1 else 0.0
    if not scale > 0:
        raise ValueError("The training part never changes, so there is nothing to scale by: expected one that moves.")
    return mae(actual, forecast) / float(scale)


class Direction(NamedTuple):
    """How often the direction was right: `share` of `calls`, with a 95 % interval (low, high) for the long run.

    Without a call the share is NaN and the interval everything from 0 to 1.
    """

    share: float
    low: float
    high: float
    calls: int


def directional_accuracy(actual: np.ndarray, forecast: np.ndarray, last: np.ndarray) -> Direction:
    """How often the price went the way that was forecast, with Wilson's binomial interval of 95 %.

    A day counts if a direction was called, so persistence never calls one, and if the price did move. The interval
    takes the days for independent, as they nearly are a day ahead and are not in a recursive forecast. A share that is
    not far above a half may come from the price's upward drift alone: compare `drift`.

    Args:
        actual, forecast: (n,), the price on the day that is forecast, and what was said.
        last: (n,), the price on the day on which the forecast was made.

    >>> last = np.full(4, 10.0)
    >>> found = directional_accuracy(last + [1, 2, -1, 0], last + [1, 1, 1, 1], last)
    >>> found.calls, round(found.share, 3), round(found.low, 3), round(found.high, 3)
    (3, 0.667, 0.208, 0.939)
    """
    actual, forecast, last = _compared(actual=actual, forecast=forecast, last=last)
    went, said = np.sign(actual - last), np.sign(forecast - last)
    called = (went != 0) & (said != 0)
    right, calls = int((went == said)[called].sum()), int(called.sum())
    if not calls:
        return Direction(math.nan, 0.0, 1.0, 0)
    interval = stats.binomtest(right, calls).proportion_ci(method="wilson")
    return Direction(right / calls, float(interval.low), float(interval.high), calls)


class DieboldMariano(NamedTuple):
    """The outcome of `diebold_mariano`: below 0 the model is better, and chance alone does as much with `p_value`."""

    statistic: float
    p_value: float


def diebold_mariano(
    actual: np.ndarray,
    forecast: np.ndarray,
    baseline: np.ndarray,
    loss: Literal["squared", "absolute"] = "squared",
    groups: np.ndarray | None = None,
) -> DieboldMariano:
    """Are a model's errors smaller than the baseline's by more than chance? The test of Diebold and Mariano (1995).

    It is the two-sided t test of whether the mean of d_t = e_t² − (e_t of the baseline)² is 0, or of |e_t| in the place
    of e_t². It takes the d_t for independent, as they nearly are a day ahead. Where they are not, give `groups`: then
    each group's mean is one observation. Where the baseline is a special case of the model, as persistence is of an
    autoregression, it finds less than there is: see `clark_west`.

    Args:
        actual, forecast, baseline: (n,), in the order of time; each forecast is made on the day before.
        loss: "squared" goes with the RMSE, "absolute" with the MAE.
        groups: (n,), a label for each forecast, such as the day that a reading belongs to.

    >>> diebold_mariano(np.zeros(4), np.array([1.0, 2.0, 1.0, 2.0]), np.array([2.0, 1.0, 2.0, 1.0]))
    DieboldMariano(statistic=0.0, p_value=1.0)
    """
    if loss not in ("squared", "absolute"):
        raise ValueError(f"loss is {loss!r}, expected 'squared' or 'absolute'.")
    actual, forecast, baseline = _compared(actual=actual, forecast=forecast, baseline=baseline)
    power = {"squared": 2, "absolute": 1}[loss]
    d = np.abs(actual - forecast) ** power - np.abs(actual - baseline) ** power  # (n,)
    if groups is not None:
        if np.shape(groups) != d.shape:
            raise ValueError(f"groups has the shape {np.shape(groups)}, expected {d.shape}: a label for each forecast.")
        _, group = np.unique(groups, return_inverse=True)
        d = np.bincount(group, d) / np.bincount(group)  # (groups,)
    return DieboldMariano(*_t_test(d, "forecast" if groups is None else "group", "two-sided"))


class ClarkWest(NamedTuple):
    """The outcome of `clark_west`: above 0 the model knows something, and chance alone does as much with `p_value`."""

    statistic: float
    p_value: float


def clark_west(actual: np.ndarray, forecast: np.ndarray, baseline: np.ndarray) -> ClarkWest:
    """Does a model know something that the baseline, a special case of it, does not? Clark and West (2007).

    A larger model pays for weights that it has to estimate, even if all of them should be 0: its squared errors are
    larger by about the mean of (baseline − forecast)². The test gives that back. It is the one-sided t test of whether
    the mean of (e_t of the baseline)² − (e_t² − (baseline_t − forecast_t)²) is above 0.

    Args:
        actual, forecast, baseline: (n,), in the order of time; each forecast is made on the day before.

    >>> found = clark_west(np.array([1.0, -1.0, 2.0, -1.0]), np.array([0.5, -0.5, 0.5, 0.5]), np.zeros(4))
    >>> round(found.statistic, 3), round(found.p_value, 3)
    (1.192, 0.159)
    """
    actual, forecast, baseline = _compared(actual=actual, forecast=forecast, baseline=baseline)
    f = (actual - baseline) ** 2 - ((actual - forecast) ** 2 - (baseline - forecast) ** 2)  # (n,)
    return ClarkWest(*_t_test(f, "forecast", "greater"))


def _t_test(values: np.ndarray, of: str, alternative: Literal["two-sided", "greater"]) -> tuple[float, float]:
    """Whether the mean of values (n,) is 0: Student's t, and its p value."""
    if len(values) < 2:
        raise ValueError(f"There is 1 {of}, expected 2 or more: a single one has no spread to compare with.")
    if not np.ptp(values):  # without any spread the t test divides by 0
        t = math.copysign(math.inf, values[0]) if values[0] else 0.0
        return t, float(stats.norm.sf(t) if alternative == "greater" else 2 * stats.norm.sf(abs(t)))
    found = stats.ttest_1samp(values, 0, alternative=alternative)
    return float(found.statistic), float(found.pvalue)


def lag_correlations(actual: np.ndarray, forecast: np.ndarray, max_lag: int = 5) -> np.ndarray:
    """How the day-to-day changes of a forecast go with those of the truth 0, 1, … days before: (max_lag + 1,).

    A model that knows something goes with the truth of the same day, at lag 0. One that repeats yesterday's price has
    1 at lag 1: its plot looks perfect, shifted by a day. NaN where the forecast always changes by the same.

    >>> truth = np.array([1.0, 3.0, 2.0, 2.5, 5.0, 4.0, 4.5])
    >>> lag_correlations(truth[1:], truth[:-1], max_lag=1).round(2).tolist()
    [-0.55, 1.0]
    """
    actual, forecast = _compared(actual=actual, forecast=forecast)
    if not is_whole(max_lag, 0) or max_lag > len(actual) - 3:
        raise ValueError(f"max_lag is {max_lag!r}, expected 0 to {len(actual) - 3} for {len(actual)} forecasts.")
    went, said = np.diff(actual), np.diff(forecast)
    pairs = [(went[: len(went) - lag], said[lag:]) for lag in range(max_lag + 1)]
    return np.array([np.corrcoef(*pair)[0, 1] if all(map(_changes, pair)) else math.nan for pair in pairs])


def _changes(series: np.ndarray) -> bool:
    return np.ptp(series) > 1e-9 * np.abs(series).max()  # more than rounding does


def coverage(actual: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    """The share of the days on which the truth lay in the interval; a 90 % interval should have 0.9 in the long run.

    The days of one recursive forecast miss together, so their share says little; that over many starts says more.

    >>> coverage(np.array([1.0, 2.0]), low=np.array([0.5, 2.5]), high=np.array([1.5, 3.5]))
    0.5
    """
    actual, low, high = _compared(actual=actual, low=low, high=high)
    if (low > high).any():
        raise ValueError(f"low is above high on {int((low > high).sum())} days, expected low ≤ high: swap them there.")
    return float(((low <= actual) & (actual <= high)).mean())


def scores(actual: np.ndarray, forecast: np.ndarray, last: np.ndarray, train: np.ndarray) -> dict[str, float]:
    """A row of the table in which forecasts of prices a day ahead are compared.

    MAE and RMSE are in the prices' unit, each followed by the p value of its own Diebold–Mariano test against
    persistence: of absolute errors, and of squared ones. MASE is that of the prices' logarithms. `direction` is the
    directional accuracy, its 95 % interval goes from `low` to `high`.

    Args:
        actual, forecast, last: (n,), as for `directional_accuracy`; `last` is persistence's forecast.
        train: (days,), the training prices.

    >>> last, actual = np.array([10.0, 11.0, 10.5]), np.array([11.0, 10.5, 12.0])
    >>> scores(actual, last, last, train=np.array([8.0, 9.0]))["MAE"]
    1.0
    """
    actual, forecast, last = arrays.prices(actual=actual, forecast=forecast, last=last)
    [train] = arrays.prices(train=train)
    direction = directional_accuracy(actual, forecast, last)
    return {
        "MAE": mae(actual, forecast),
        "p (MAE)": diebold_mariano(actual, forecast, last, "absolute").p_value,
        "RMSE": rmse(actual, forecast),
        "p (RMSE)": diebold_mariano(actual, forecast, last).p_value,
        "MASE": mase(np.log(actual), np.log(forecast), np.log(train)),
        "direction": direction.share,
        "low": direction.low,
        "high": direction.high,
    }


def _compared(**series: np.ndarray) -> list[np.ndarray]:
    """Series by name as arrays of one shape (n,), all their numbers finite."""
    found = arrays.series(**series)
    for name, one in zip(series, found, strict=True):
        if not np.isfinite(one).all():
            raise ValueError(
                f"{name} has a number that is not finite: forecast every day, or leave it out of all series."
            )
    return found
