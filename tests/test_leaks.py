"""Leaks: what is honest stays still when the future changes, and every planted leak is found."""

import numpy as np
import pandas as pd
import pytest
from data_helpers import says
from hypothesis import given
from hypothesis import strategies as st
from mutated import mutated
from price_helpers import made_prices

from course_utils.datasets import stocks
from course_utils.datasets.stocks import FEATURES, log_returns
from course_utils.forecasting import diebold_mariano
from course_utils.leaks import Known, find_leaks, shuffle_returns

DAYS, TEST, VALIDATION = 100, 12, 15
CUTS = [40, 60, 72, 73, 80, 87, 90, 98]  # in training, on its last day, in validation, in the test


def pipeline(module, **settings):
    """All that is known of such data, and the forecasts of a linear model that is fitted to the training part."""

    def run(close):
        prices = module.Prices(made_prices(DAYS).dates, close)
        data = module.StockData(prices, window=3, test_days=TEST, validation_days=VALIDATION, **settings)
        train, test = data.parts["train"], data.parts["test"]
        forecasts = data.to_prices(linear(train, test.X), test.last)
        return data.known() | {"the forecasts": Known(test.days - data.horizon, forecasts)}

    return run


def linear(train, X):
    """What least squares on the windows of the training part says to others, (n, 1)."""
    rows, others = (
        np.pad(x.reshape(len(x), -1).astype(float), [(0, 0), (0, 1)], constant_values=1) for x in (train.X, X)
    )
    return others @ np.linalg.lstsq(rows, train.Y, rcond=None)[0]


@pytest.mark.parametrize("target", ["return", "price"])
@pytest.mark.parametrize("horizon", [1, 3])
@pytest.mark.parametrize("features", [["return"], ["price", "volatility", "return"]])
def test_the_courses_own_data_do_not_know_the_future(target, horizon, features):
    run = pipeline(stocks, target=target, horizon=horizon, features=features)
    assert find_leaks(run, made_prices(DAYS).close, CUTS) == []


LEAKS = {
    "features scaled with the future": (
        ("Scaler.fit(values[: validation - self._lookback])", "Scaler.fit(values)"),
        ["the scalers", "X of validation", "X of test", "the forecasts"],
    ),
    "a target scaled with the future": (
        ("Scaler.fit(targets[: validation - first])", "Scaler.fit(targets)"),
        ["the scalers", "Y of validation", "Y of test"],
    ),
    "features scaled with a few days of the validation part": (
        ("values[: validation - self._lookback]", "values[:validation]"),
        ["the scalers"],
    ),
    "a window that has the day to be forecast": (
        ("axis=0)[: len(days)]", "axis=0)[1 : len(days) + 1]"),
        ["X of validation", "X of test", "the forecasts"],
    ),
    "a centred window": (
        ("return np.sqrt((returns**2).mean(axis=1))", "return np.roll(np.sqrt((returns**2).mean(axis=1)), -10)"),
        ["the features", "X of validation", "X of test", "the forecasts"],
    ),
    "the target of the day before": (
        ("np.log(close[days] / last)", "np.log(last / close[days - horizon - 1])"),
        ["The price of day 73 does not move Y of validation", "The price of day 88 does not move Y of test"],
    ),
    "the target of the day after": (
        ("np.log(close[days] / last)", "np.log(np.roll(close, -1)[days] / last)"),
        ["Y of validation of day 73", "Y of test of day 90"],
    ),
    "prices filled in from the future": (
        ("last = close[days - horizon]", "last = (close[days - horizon] + close[days]) / 2"),
        ["the forecasts"],
    ),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_planted_leak_is_found_where_it_is(name):
    mutant, expected = LEAKS[name]
    run = pipeline(mutated("datasets.stocks", *mutant), features=["return", "volatility"])
    found = find_leaks(run, made_prices(DAYS).close, CUTS)
    for what in expected:
        assert any(what in sentence for sentence in found), (what, found)


def test_a_feature_of_the_readers_own_is_tested_too(monkeypatch):
    monkeypatch.setitem(
        FEATURES, "smooth", stocks.Feature(1, lambda close: np.convolve(close, np.ones(3) / 3, "same")[1:])
    )
    found = find_leaks(pipeline(stocks, features=["smooth"]), made_prices(DAYS).close, CUTS)
    assert any("the features" in sentence for sentence in found)
    monkeypatch.setitem(
        FEATURES, "smooth", stocks.Feature(2, lambda close: np.convolve(close, np.ones(3) / 3, "valid"))
    )
    assert find_leaks(pipeline(stocks, features=["smooth"]), made_prices(DAYS).close, CUTS) == []


@given(st.integers(1, 4), st.integers(1, 5), st.integers(0, 99))
def test_a_look_ahead_is_found_on_any_day_and_no_day_earlier_than_it_reaches(ahead, behind, seed):
    def peek(close):
        days = np.arange(behind, 30 - ahead)
        return {"it": Known(days, close[days + ahead] + close[days - behind])}

    close = made_prices(30, seed).close
    for day in range(29):
        reached = max(behind, day + 1 - ahead) <= min(day, 29 - ahead)
        found = find_leaks(peek, close, [day])
        assert found == ([f"Later prices move it of day {min(day, 29 - ahead)}."] if reached else [])


def test_each_thing_is_named_once_and_the_prices_are_as_they_were():
    close = made_prices(20).close
    before = close.copy()
    found = find_leaks(
        lambda close: {"a": Known(np.arange(20), close[::-1]), "b": Known(np.arange(20), close)}, close, range(19)
    )
    assert [sentence[:26] for sentence in found] == ["Later prices move a of day"]
    np.testing.assert_array_equal(close, before)


def test_nan_that_stays_is_no_leak_and_one_that_moves_is():
    close = made_prices(20).close

    def averages(centred):
        return lambda close: {"it": Known(range(20), pd.Series(close).rolling(5, center=centred).mean())}

    assert find_leaks(averages(False), close, range(19)) == []
    assert find_leaks(averages(True), close, [10]) == ["Later prices move it of day 10."]
    assert find_leaks(lambda close: {"it": ([0, 1], np.where(close[:2] > close[2], 1, np.nan))}, close, range(2)) == []
    vanishing = {"it": Known([0], [1.0])}
    assert find_leaks(lambda now: vanishing if (now == close).all() else {"it": Known([0], [np.nan])}, close, [3]) == [
        "Later prices move it of day 0."
    ]


def test_whole_prices_and_a_pipeline_that_changes_what_it_is_given():
    close = pd.Series(range(10, 30))

    def spoils(close):
        close *= 2
        return {"it": Known(np.arange(20), close)}

    assert find_leaks(spoils, close, [4]) == []
    assert close.tolist() == [*range(10, 30)]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda close: Known(np.arange(3)[:, None], np.arange(3)), ["(3, 1)", "(3,)", "whole number of a day"]),
        (lambda close: Known([0, 1], [1.0, 2.0, 3.0]), ["(2,)", "(3,)"]),
        (lambda close: Known([0.5], [1.0]), ["whole number"]),
        (lambda close: Known([], []), ["rows ≥ 1"]),
        (lambda close: Known(np.array(["2013-03-01"], dtype="datetime64[D]"), [1.0]), ["days of it", "datetime64"]),
        (lambda close: Known([0], ["a"]), ["values of it", "'a'"]),
        (lambda close: Known(range(n := 2 + (close[9] > 60)), close[:n]), ["makes no it of the shape (2,)"]),
    ],
)
def test_a_pipeline_that_makes_no_known_values_is_refused(made, said):
    with pytest.raises(ValueError) as error:
        find_leaks(lambda close: {"it": made(close)}, np.append(np.full(9, 50.0), [60.0]), [8, 7, 6, 5, 4])
    says(error, *said)


@pytest.mark.parametrize("day", [-1, 19, 20])
def test_a_day_without_a_later_one_is_refused(day):
    with pytest.raises(ValueError) as error:
        find_leaks(lambda close: {}, made_prices(20).close, [day])
    says(error, f"day {day}", "0 to 18")


# Shuffled returns


@given(st.integers(2, 50), st.integers(0, 99))
def test_the_returns_are_the_same_in_another_order(num_days, seed):
    close = made_prices(num_days).close
    other = shuffle_returns(close, seed)
    np.testing.assert_allclose(other[[0, -1]], close[[0, -1]])
    np.testing.assert_allclose(np.sort(log_returns(other)), np.sort(log_returns(close)), atol=1e-12)
    np.testing.assert_array_equal(other, shuffle_returns(close, seed))


def edges(module, reverting, shuffled, num_series=12):
    """In how many series a linear model beats persistence by more than chance."""
    found = 0
    for seed in range(num_series):
        close = reverting[seed]
        if shuffled:
            close = shuffle_returns(close, seed)
        prices = module.Prices(made_prices(len(close)).dates, close)
        data = module.StockData(prices, window=3, test_days=400, validation_days=50)
        test = data.parts["test"]
        forecast = data.to_prices(linear(data.parts["train"], test.X), test.last)[:, 0]
        outcome = diebold_mariano(test.actual, forecast, test.last)
        found += outcome.statistic < 0 and outcome.p_value < 0.05
    return found


@pytest.fixture(scope="module")
def reverting():
    """Prices whose returns are half undone on the day after: a real edge, for those who see it."""
    rng, series = np.random.default_rng(5), []
    for _ in range(12):
        noise = rng.normal(0, 0.02, 1000)
        returns = np.zeros(1000)
        for t in range(1, 1000):
            returns[t] = noise[t] - 0.5 * returns[t - 1]
        series.append(50 * np.exp(np.cumsum(returns)))
    return series


def test_an_edge_is_gone_once_the_returns_are_shuffled_unless_it_is_a_leak(reverting):
    assert edges(stocks, reverting, shuffled=False) == 12
    assert edges(stocks, reverting, shuffled=True) <= 2
    leaky = mutated("datasets.stocks", *LEAKS["a window that has the day to be forecast"][0])
    assert edges(leaky, reverting, shuffled=True) == 12
