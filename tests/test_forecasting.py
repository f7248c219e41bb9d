"""Forecasts: simple ones against scikit-learn, steps that are given the past and no more, years walked through."""

import math

import numpy as np
import pandas as pd
import pytest
from data_helpers import says
from hypothesis import given
from hypothesis import strategies as st
from price_helpers import made_prices, near, walk
from sklearn.linear_model import LinearRegression, QuantileRegressor

from course_utils.datasets import StockData
from course_utils.forecasting import (
    autoregression,
    drift,
    linear_forecaster,
    one_step_forecast,
    persistence,
    recursive_forecast,
    walk_forward,
)

seeds, sizes = st.integers(0, 999), st.integers(3, 40)


# Simple forecasts


@given(st.integers(1, 4), seeds)
def test_an_autoregression_is_least_squares_on_past_returns(lags, seed):
    close, others = walk(40, seed), walk(30, seed + 1)
    returns = np.diff(np.log(close))
    rows = [[returns[t - i] for i in range(1, lags + 1)] for t in range(lags, len(returns))]
    fitted = LinearRegression().fit(rows, returns[lags:])
    latest = [math.log(others[-i] / others[-i - 1]) for i in range(1, lags + 1)]
    expected = others[-1] * math.exp(fitted.predict([latest])[0])
    assert autoregression(close, lags)(others) == pytest.approx(expected, rel=1e-7)


def test_it_finds_what_made_the_returns():
    rng, returns = np.random.default_rng(0), [0.0, 0.0]
    for _ in range(20_000):
        returns.append(0.001 + 0.4 * returns[-1] - 0.2 * returns[-2] + rng.normal(0, 0.01))
    step = autoregression(np.exp(np.cumsum(returns)), lags=2)
    for latest in ([0.0, 0.0], [0.0, 0.05], [0.05, 0.0]):  # the older one first
        close = np.exp(np.cumsum([0.0, *latest]))
        expected = 0.001 + 0.4 * latest[1] - 0.2 * latest[0]
        assert math.log(step(close) / close[-1]) == pytest.approx(expected, abs=1e-3)


@given(sizes, seeds)
def test_drift_goes_from_the_first_to_the_last_training_price_and_on(n, seed):
    close = walk(n, seed)
    path = recursive_forecast(drift(close), close, 5)
    expected = close[-1] * (close[-1] / close[0]) ** (np.arange(1, 6) / (n - 1))
    np.testing.assert_allclose(path, expected, rtol=1e-9)


@pytest.mark.parametrize(("lags", "n"), [(-1, 9), (3, 7), (0, 1)])
def test_too_little_to_fit(lags, n):
    with pytest.raises(ValueError) as error:
        autoregression(walk(n), lags)
    says(error, f"lags is {lags}", f"{n} prices")


def test_too_little_to_forecast_from():
    with pytest.raises(ValueError) as error:
        autoregression(walk(30), 4)(walk(4))
    says(error, "4 prices", "5 or more")


@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 3), seeds)
def test_a_linear_forecast_is_least_squares_on_all_of_the_window(T, d, k, seed):
    rng = np.random.default_rng(seed)
    X, Y, others = rng.normal(size=(40, T, d)), rng.normal(size=(40, k)), rng.normal(size=(7, T, d))
    fitted = LinearRegression().fit(X.reshape(40, -1), Y)
    np.testing.assert_allclose(linear_forecaster(X, Y)(others), fitted.predict(others.reshape(7, -1)), rtol=1e-7)


@given(seeds)
def test_or_has_the_smallest_absolute_error(seed):
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(60, 2, 2)), rng.standard_t(2, size=(60, 3))
    said = linear_forecaster(X, Y, loss="absolute")(X)
    for column in range(3):
        fitted = QuantileRegressor(quantile=0.5, alpha=0).fit(X.reshape(60, -1), Y[:, column])
        least = np.abs(Y[:, column] - fitted.predict(X.reshape(60, -1))).mean()
        assert least * (1 - 1e-9) <= np.abs(Y[:, column] - said[:, column]).mean() < 1.01 * least


def test_an_absolute_error_of_nothing():
    X = np.random.default_rng(0).normal(size=(20, 3, 1))
    said = linear_forecaster(X, X.sum(axis=1), loss="absolute")(X)
    np.testing.assert_allclose(said, X.sum(axis=1))


@pytest.mark.parametrize(
    ("X", "Y", "loss", "said"),
    [
        (np.ones((4, 2)), np.ones((4, 1)), "squared", "(4, 2)"),
        (np.ones((4, 2, 1)), np.ones(4), "squared", "(4,)"),
        (np.ones((4, 2, 1)), np.ones((3, 1)), "absolute", "(3, 1)"),
        (np.ones((4, 2, 1)), np.ones((4, 1)), "huber", "'huber'"),
    ],
)
def test_what_a_linear_forecast_cannot_take(X, Y, loss, said):
    with pytest.raises(ValueError) as error:
        linear_forecaster(X, Y, loss)
    says(error, said, "expected")


# Two ways to forecast


@given(sizes, seeds)
def test_a_step_is_given_the_past_and_no_more(n, seed):
    close, given_to = walk(n, seed), []

    def step(so_far):
        given_to.append(so_far.copy())
        return so_far[-1] + len(so_far)

    num_days = n // 2
    found = one_step_forecast(step, close, num_days)
    assert [part.tolist() for part in given_to] == [close[:day].tolist() for day in range(n - num_days, n)]
    np.testing.assert_array_equal(found, close[-num_days - 1 : -1] + np.arange(n - num_days, n))

    given_to.clear()
    path = recursive_forecast(step, close, 3)
    everything = [*close, *path]
    assert [part.tolist() for part in given_to] == [everything[: n + i] for i in range(3)]
    np.testing.assert_allclose(path, close[-1] + np.cumsum([n, n + 1, n + 2]))


@given(sizes, seeds)
def test_both_agree_on_the_first_day_and_go_on_from_each_other(n, seed):
    close = walk(n + 10, seed)
    step = autoregression(close[:8], lags=2)
    past = close[:-6]
    path = recursive_forecast(step, past, 6)
    near(path[0], one_step_forecast(step, close, 6)[0])
    near(path[4:].tolist(), recursive_forecast(step, np.append(past, path[:4]), 2).tolist())


def test_persistence_is_yesterday_or_a_flat_line():
    close = walk(20)
    assert one_step_forecast(persistence, close, 7).tolist() == close[-8:-1].tolist()
    assert recursive_forecast(persistence, close, 4).tolist() == [close[-1]] * 4


def test_a_model_of_the_data_is_a_step_and_says_what_it_says_in_batches():
    data = StockData(made_prices(90), window=4, test_days=9, validation_days=8, features=["return", "volatility"])
    weights = np.random.default_rng(1).normal(size=(8, 1))

    def predict(X):
        return X.reshape(len(X), -1) @ weights

    part = data.parts["test"]
    at_once = data.to_prices(np.concatenate([predict(X) for X, _ in data.test]), part.last)[:, 0]
    day_by_day = one_step_forecast(data.step(predict), data.prices.close, 9)
    np.testing.assert_allclose(day_by_day, at_once, rtol=1e-6)
    assert recursive_forecast(data.step(predict), data.prices.close[:-9], 9)[0] == pytest.approx(at_once[0], rel=1e-6)


@pytest.mark.parametrize("num_days", [0, 5, 6])
def test_days_that_cannot_be_forecast(num_days):
    with pytest.raises(ValueError) as error:
        one_step_forecast(persistence, walk(5), num_days)
    says(error, f"num_days is {num_days}", "1 to 4")


@pytest.mark.parametrize("num_days", [0, -1])
def test_no_day_is_no_path(num_days):
    with pytest.raises(ValueError) as error:
        recursive_forecast(persistence, walk(5), num_days)
    says(error, f"num_days is {num_days}", "1 or more")


@given(st.integers(300, 1500), st.integers(0, 400), st.integers(100, 700))
def test_each_year_is_tested_on_once_after_all_before(n, offset, min_days):
    dates = np.datetime64("2001-01-01") + offset + np.arange(n)
    years = dates.astype(str).astype("U4").astype(int)
    expected = [
        (year, (years < year).sum(), (years <= year).sum())
        for year in sorted({*years.tolist()})
        if (years < year).sum() >= min_days
    ]
    if expected:
        assert walk_forward(dates, min_days) == expected
    else:
        with pytest.raises(ValueError) as error:
            walk_forward(dates, min_days)
        says(error, f"{min_days} days before", "longer series")


def test_days_that_do_not_go_up_make_no_folds():
    dates = np.datetime64("2001-01-01") + np.arange(900)
    assert walk_forward(list(dates.astype(str))) == walk_forward(pd.Series(dates)) == walk_forward(dates)
    for wrong in (dates[::-1], np.append(dates, dates[-1:]), dates[:0]):
        with pytest.raises(ValueError) as error:
            walk_forward(wrong)
        says(error, "go up", "oldest first")


def test_a_fold_is_the_test_part_of_data():
    prices = made_prices(700)
    for year, start, stop in walk_forward(prices.dates, min_days=300):
        data = StockData(prices.until(stop), test_days=stop - start, validation_days=50)
        assert {*prices.dates[data.parts["test"].days].astype("datetime64[Y]").astype(str)} == {str(year)}
