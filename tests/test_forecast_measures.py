"""Measures of forecasts: against loops, scikit-learn, SciPy, simulations, and with planted mistakes."""

import math

import numpy as np
import pytest
from data_helpers import says
from hypothesis import given
from hypothesis import strategies as st
from mutated import mutated
from price_helpers import near, walk
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from course_utils import forecasting
from course_utils.forecasting import (
    Garch,
    autoregression,
    clark_west,
    coverage,
    diebold_mariano,
    directional_accuracy,
    garch,
    lag_correlations,
    mae,
    mase,
    one_step_forecast,
    rmse,
    scores,
)

seeds, sizes = st.integers(0, 999), st.integers(3, 40)


@given(sizes, seeds)
def test_errors_are_those_of_scikit_learn(n, seed):
    actual, forecast = walk(n, seed), walk(n, seed + 1)
    near(mae(actual, forecast), mean_absolute_error(actual, forecast))
    near(rmse(actual, forecast), root_mean_squared_error(actual, forecast))
    near(mase(actual[1:], actual[:-1], actual), 1)
    near(mase(actual * 7, forecast * 7, actual * 7), mase(actual, forecast, actual))


def wilson(right, calls):
    """The 95 % interval by its formula (Wilson, 1927)."""
    share, z = right / calls, 1.959963984540054
    centre = share + z**2 / (2 * calls)
    half = z * math.sqrt(share * (1 - share) / calls + z**2 / (4 * calls**2))
    return (centre - half) / (1 + z**2 / calls), (centre + half) / (1 + z**2 / calls)


@given(sizes, seeds)
def test_directions_are_counted_where_one_is_called_and_taken(n, seed):
    rng = np.random.default_rng(seed)
    last = walk(n, seed)
    went, said = rng.integers(-1, 2, (2, n))
    found = directional_accuracy(last + went, last + 3 * said, last)
    calls = sum(bool(a and b) for a, b in zip(went, said, strict=True))
    right = sum(a == b != 0 for a, b in zip(went, said, strict=True))
    assert found.calls == calls
    if calls:
        near(found[:3], (right / calls, *wilson(right, calls)))
    else:
        assert math.isnan(found.share)
        assert found[1:3] == (0, 1)


def test_persistence_calls_no_direction():
    close = walk(30)
    assert directional_accuracy(close[1:], close[:-1], close[:-1]).calls == 0


def dm_by_hand(actual, forecast, baseline):
    """The statistic one day ahead: the mean of d over its standard error, by loops."""
    n = len(actual)
    d = [abs(a - f) ** 2 - abs(a - b) ** 2 for a, f, b in zip(actual, forecast, baseline, strict=True)]
    mean = sum(d) / n
    return mean / math.sqrt(sum((one - mean) ** 2 for one in d) / (n - 1) / n)


@given(st.integers(3, 30), seeds)
def test_diebold_mariano_is_as_the_papers_say(n, seed):
    actual, forecast, baseline = np.random.default_rng(seed).normal(size=(3, n))
    found = diebold_mariano(actual, forecast, baseline)
    near(found.statistic, dm_by_hand(actual, forecast, baseline))
    near(found.p_value, 2 * stats.t.sf(abs(found.statistic), n - 1))
    other = diebold_mariano(actual, baseline, forecast)
    near((other.statistic, other.p_value), (-found.statistic, found.p_value))


def dm_of(loss, actual, forecast, baseline, size=1):
    """The test on the means of so many neighbours each."""
    d = loss(actual - forecast) - loss(actual - baseline)
    means = [d[i : i + size].mean() for i in range(0, len(d), size)]
    found = stats.ttest_1samp(means, 0)
    return found.statistic, found.pvalue


@given(st.integers(3, 30), seeds)
def test_it_may_be_of_absolute_errors(n, seed):
    series = np.random.default_rng(seed).normal(size=(3, n))
    near(diebold_mariano(*series, loss="absolute"), dm_of(np.abs, *series))


@given(st.integers(2, 6), st.integers(1, 7), seeds)
def test_groups_are_one_observation_each(groups, size, seed):
    rng = np.random.default_rng(seed)
    series, labels = rng.normal(size=(3, groups * size)), np.repeat(rng.permutation(groups), size)
    near(diebold_mariano(*series, groups=labels), dm_of(np.square, *series, size))
    order = rng.permutation(len(labels))
    days = np.datetime64("2020-01-01") + labels
    near(diebold_mariano(*series[:, order], groups=days[order]), dm_of(np.square, *series, size))


def test_overlapping_forecasts_need_groups():
    rng, alarms = np.random.default_rng(1), np.zeros(2)
    for _ in range(300):  # errors that stay alike for a day of fifty readings
        errors = np.repeat(rng.normal(size=(2, 20)), 50, axis=1)
        zeros, labels = np.zeros(1000), np.arange(1000) // 50
        found = [diebold_mariano(zeros, *errors, groups=groups).p_value < 0.05 for groups in (None, labels)]
        alarms += found
    assert alarms[0] > 150  # without them it is wrong more often than not
    assert 3 < alarms[1] < 30


def clark_west_by_hand(actual, forecast, baseline):
    rows = zip(actual, forecast, baseline, strict=True)
    f = [(a - b) ** 2 - ((a - f) ** 2 - (b - f) ** 2) for a, f, b in rows]
    statistic = np.mean(f) / (np.std(f, ddof=1) / math.sqrt(len(f)))
    return statistic, stats.t.sf(statistic, len(f) - 1)


@given(st.integers(3, 30), seeds)
def test_clark_west_is_as_the_paper_says(n, seed):
    series = np.random.default_rng(seed).normal(size=(3, n))
    near(clark_west(*series), clark_west_by_hand(*series))


def test_clark_west_forgives_a_larger_model_what_it_has_to_estimate():
    rng, alarms, knows = np.random.default_rng(0), np.zeros(2), 0
    for _ in range(500):
        truth, guess = rng.normal(size=(2, 200))
        none, noisy = np.zeros(200), 0.3 * guess  # a model that says noise, and knows nothing
        alarms += clark_west(truth, noisy, none).p_value < 0.05, diebold_mariano(truth, noisy, none).statistic < 0
        knows += clark_west(truth + 0.5 * guess, noisy, none).p_value < 0.05
    assert 10 < alarms[0] < 40
    assert alarms[1] < 75  # far from half of them
    assert knows > 495


def test_clark_west_without_any_spread():
    actual = np.arange(5.0)
    assert clark_west(actual, actual, actual) == (0.0, 0.5)
    assert clark_west(actual, actual, actual + 1) == (math.inf, 0.0)
    assert clark_west(actual, actual + 1, actual) == (0.0, 0.5)


def test_it_cries_wolf_as_often_as_it_says():
    errors = np.random.default_rng(0).normal(size=(2000, 2, 100))
    alarms = sum(diebold_mariano(np.zeros(100), *pair).p_value < 0.05 for pair in errors)
    assert 0.03 < alarms / 2000 < 0.08


def test_equal_and_always_worse_forecasts():
    actual = np.arange(5.0)
    assert diebold_mariano(actual, actual + 1, actual + 1) == (0.0, 1.0)
    assert diebold_mariano(actual, actual + 2, actual + 1) == (math.inf, 0.0)
    assert diebold_mariano(actual, actual, actual - 1) == (-math.inf, 0.0)


def test_yesterdays_price_shows_at_lag_1_and_the_truth_at_lag_0():
    close = walk(500)
    actual, yesterday = close[3:], close[2:-1]
    for forecast, peak in ((actual, 0), (yesterday, 1), (yesterday * 1.001 + 3, 1), (close[1:-2], 2), (close[:-3], 3)):
        found = lag_correlations(actual, forecast)
        assert found.shape == (6,)
        assert found[peak] == pytest.approx(1)
        assert np.abs(np.delete(found, peak)).max() < 0.2


@given(st.integers(8, 40), seeds)
def test_correlations_are_those_of_the_changes(n, seed):
    actual, forecast = walk(n, seed), walk(n, seed + 1)
    for lag, found in enumerate(lag_correlations(actual, forecast, max_lag=3)):
        pairs = [(actual[t - lag] - actual[t - lag - 1], forecast[t] - forecast[t - 1]) for t in range(lag + 1, n)]
        near(found, stats.pearsonr(*zip(*pairs, strict=True)).statistic)


def test_a_line_goes_with_nothing():
    close = walk(30)
    for line in (np.full(30, 5.3), 5.3 + 0.1 * np.arange(30)):
        assert np.isnan(lag_correlations(close, line)).all()


def test_coverage_of_what_is_known():
    actual = np.random.default_rng(0).normal(size=4000)
    assert coverage(actual, np.full(4000, -1.645), np.full(4000, 1.645)) == pytest.approx(0.9, abs=0.015)
    assert coverage(actual, actual, actual) == 1
    assert coverage(actual, actual + 1, actual + 2) == 0
    with pytest.raises(ValueError) as error:
        coverage(actual[:3], np.array([0.0, 1, 2]), np.array([0.0, 0, 0]))
    says(error, "2 days", "swap")


def test_a_row_of_the_table():
    close = walk(160, 3)
    train, last, actual = close[:100], close[100:-1], close[101:]
    forecast = one_step_forecast(autoregression(train), close, 59)
    row, direction = scores(actual, forecast, last, train), directional_accuracy(actual, forecast, last)
    assert row == {
        "MAE": mae(actual, forecast),
        "p (MAE)": diebold_mariano(actual, forecast, last, "absolute").p_value,
        "RMSE": rmse(actual, forecast),
        "p (RMSE)": diebold_mariano(actual, forecast, last).p_value,
        "MASE": mase(np.log(actual), np.log(forecast), np.log(train)),
        "direction": direction.share,
        "low": direction.low,
        "high": direction.high,
    }
    assert scores(actual * 1000, forecast * 1000, last * 1000, train * 10)["MASE"] == pytest.approx(row["MASE"])


@pytest.mark.parametrize("measure", [mae, rmse, lambda a, b: coverage(a, b, b), lambda a, b: diebold_mariano(a, b, b)])
@pytest.mark.parametrize(
    ("actual", "forecast", "said"),
    [
        (np.ones(3), np.ones((3, 1)), "[(3,), (3, 1)"),  # would broadcast to (3, 3) without a word
        (np.ones(3), np.ones(4), "[(3,), (4,)"),
        (np.ones((2, 2)), np.ones((2, 2)), "(n,)"),
        (np.ones(0), np.ones(0), "n ≥ 1"),
        (np.ones(2), np.array([1, math.nan]), "not finite"),
    ],
)
def test_series_that_cannot_be_compared_are_refused(measure, actual, forecast, said):
    with pytest.raises(ValueError) as error:
        measure(actual, forecast)
    says(error, said)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: mase(np.ones(2), np.ones(2), np.ones(9)), "never changes"),
        (lambda: mase(np.ones(2), np.ones(2), np.ones(1)), "never changes"),
        (lambda: diebold_mariano(np.ones(1), np.ones(1), np.ones(1)), "1 forecast, expected 2"),
        (lambda: diebold_mariano(*np.ones((3, 4)), groups=[1] * 4), "1 group, expected 2"),
        (lambda: diebold_mariano(*np.ones((3, 4)), groups=[1] * 3), "(3,), expected (4,)"),
        (lambda: diebold_mariano(*np.ones((3, 4)), loss="cubed"), "loss is 'cubed'"),
        (lambda: clark_west(np.ones(1), np.ones(1), np.ones(1)), "1 forecast, expected 2"),
        (lambda: lag_correlations(np.ones(4), np.ones(4), max_lag=2), "0 to 1"),
        (lambda: lag_correlations(np.ones(4), np.ones(4), max_lag=-1), "max_lag is -1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(call, said):
    with pytest.raises(ValueError) as error:
        call()
    says(error, said)


# How large the next move will be


def returns_of(close):
    return np.diff(np.log(close))


def garch_by_hand(omega, alpha, beta, returns):
    variance = [omega / (1 - alpha - beta)]
    for r in returns:
        variance.append(omega + alpha * r**2 + beta * variance[-1])
    return np.sqrt(variance)


@given(st.integers(1, 30), seeds, st.floats(0.01, 0.4), st.floats(0, 0.5))
def test_volatility_goes_on_from_day_to_day(n, seed, alpha, beta):
    returns = np.random.default_rng(seed).normal(size=n)
    near(Garch(0.2, alpha, beta).volatility(returns), garch_by_hand(0.2, alpha, beta, returns))


def test_garch_finds_what_made_the_returns():
    rng, made, returns = np.random.default_rng(0), (0.05, 0.1, 0.85), []
    variance = 1.0
    for z in rng.normal(size=20_000):
        returns.append(math.sqrt(variance) * z)
        variance = made[0] + made[1] * returns[-1] ** 2 + made[2] * variance
    assert garch(returns) == pytest.approx(made, abs=0.02)
    scaled = garch(0.01 * np.array(returns))  # in another unit
    assert scaled[1:] == pytest.approx(garch(returns)[1:], abs=1e-3)
    assert scaled.omega == pytest.approx(1e-4 * garch(returns).omega, rel=0.02)


def test_volatility_knows_the_days_before_only():
    returns = np.random.default_rng(0).normal(size=200)
    other = np.append(returns[:150], 5 * returns[150:])
    model = garch(returns[:150])
    a, b = model.volatility(returns), model.volatility(other)
    np.testing.assert_array_equal(a[:151], b[:151])
    assert (a[151:] < b[151:]).all()


@pytest.mark.parametrize("returns", [np.ones(99), np.zeros(200), [np.nan] * 200])
def test_returns_that_tell_nothing(returns):
    with pytest.raises(ValueError) as error:
        garch(returns)
    says(error, "expected" if np.isfinite(returns).all() else "not finite")


# What a mistake would do


def check(module):
    """AssertionError unless the measures are right on series chosen to show each rule."""
    close, other = walk(40, 1), walk(40, 2)
    actual, last, forecast = close[1:], close[:-1], other[1:]
    found = module.diebold_mariano(actual, forecast, last)
    near(found.statistic, dm_by_hand(actual, forecast, last))
    near(found.p_value, 2 * stats.t.sf(abs(found.statistic), len(actual) - 1))
    near(module.diebold_mariano(actual, forecast, last, "absolute"), dm_of(np.abs, actual, forecast, last))
    groups = np.arange(len(actual)) // 5  # the last one has four
    near(module.diebold_mariano(actual, forecast, last, groups=groups), dm_of(np.square, actual, forecast, last, 5))
    near(module.clark_west(actual, forecast, last), clark_west_by_hand(actual, forecast, last))
    near(module.Garch(0.1, 0.2, 0.3).volatility(returns_of(close)), garch_by_hand(0.1, 0.2, 0.3, returns_of(close)))
    went = np.array([1, 1, -1, 0, 1, 1])
    found = module.directional_accuracy(7 + went, 7.0 + np.array([2, -1, -2, 1, 0, 1]), np.full(6, 7.0))
    near(found, (3 / 4, *wilson(3, 4), 4))
    near(module.lag_correlations(actual, last, max_lag=2)[1], 1)
    near(module.mase(actual, last, close), 1)
    near(module.coverage(actual, actual, actual), 1)
    near(module.rmse(actual, forecast), root_mean_squared_error(actual, forecast))
    returns = np.diff(np.log(close))
    fitted = LinearRegression().fit(np.stack([returns[1:-1], returns[:-2]], axis=1), returns[2:])
    expected = math.log(other[-1]) + fitted.predict([np.diff(np.log(other))[[-1, -2]]])[0]
    assert math.log(module.autoregression(close, 2)(other)) == pytest.approx(expected)
    assert module.one_step_forecast(lambda so_far: so_far[-1], close, 3).tolist() == close[-4:-1].tolist()
    near(module.recursive_forecast(lambda so_far: 2 * so_far[-1], close, 2)[1], 4 * close[-1])


MUTANTS = {
    "DM, the baseline's errors first": (
        "np.abs(actual - forecast) ** power - np.abs(actual - baseline) ** power",
        "np.abs(actual - baseline) ** power - np.abs(actual - forecast) ** power",
    ),
    "DM, always absolute errors": ('{"squared": 2, "absolute": 1}', '{"squared": 1, "absolute": 1}'),
    "DM, always squared errors": ('{"squared": 2, "absolute": 1}', '{"squared": 2, "absolute": 2}'),
    "DM, sums of groups": ("np.bincount(group, d) / np.bincount(group)", "np.bincount(group, d)"),
    "Clark and West, nothing given back": (" - (baseline - forecast) ** 2)", ")"),
    "Clark and West, two-sided": ('_t_test(f, "forecast", "greater")', '_t_test(f, "forecast", "two-sided")'),
    "GARCH, today's return is known": ("np.concatenate([[first], variance])", "np.append(variance, variance[-1])"),
    "DM, one-sided": ('"group", "two-sided")', '"group", "less")'),
    "days without a call count": ("(went != 0) & (said != 0)", "(went != 0) | (said != 0)"),
    "days on which nothing moved count": ("(went != 0) & (said != 0)", "said != 0"),
    "another interval": ('method="wilson"', 'method="exact"'),
    "lags the other way round": ("(went[: len(went) - lag], said[lag:])", "(went[lag:], said[: len(said) - lag])"),
    "correlation of levels": ("went, said = np.diff(actual), np.diff(forecast)", "went, said = actual, forecast[::-1]"),
    "MASE by the standard deviation": ("np.abs(np.diff(train)).mean()", "np.diff(train).std()"),
    "MASE with squares": ("return mae(actual, forecast) /", "return rmse(actual, forecast) /"),
    "open intervals": ("(low <= actual) & (actual <= high)", "(low < actual) & (actual < high)"),
    "RMSE without the root": ("np.sqrt(((actual - forecast) ** 2).mean())", "((actual - forecast) ** 2).mean()"),
    "the oldest return first": ("-lags - 1 :]))[::-1]", "-lags - 1 :]))"),
    "lags a day off": ("returns[lags - i : len(returns) - i]", "returns[lags - i + 1 : len(returns) - i + 1]"),
    "no intercept": ("[np.ones(len(returns) - lags)]", "[np.zeros(len(returns) - lags)]"),
    "today is known": ("step(close[:day]) for", "step(close[: day + 1]) for"),
    "each day from the same past": ("close[day] = step(close[:day])", "close[day] = step(past)"),
}


def test_what_is_right_passes():
    check(forecasting)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mistake_is_caught(name):
    module = mutated("forecasting", *MUTANTS[name])
    with pytest.raises(AssertionError):
        check(module)
