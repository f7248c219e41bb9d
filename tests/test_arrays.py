"""What people have as numbers and days: the same arrays whatever holds them, and a sentence for what is none."""

import datetime

import numpy as np
import pandas as pd
import pytest
from data_helpers import says
from hypothesis import given
from hypothesis import strategies as st
from price_helpers import HOLDERS, heard, made_prices, walk

from course_utils import arrays, forecasting, leaks, metrics, plotting
from course_utils.datasets import Prices, StockData
from course_utils.datasets.stocks import Scaler, log_returns

N = 60
DATES = np.datetime64("2013-01-01") + np.arange(N)
BASE = walk(N + 1)
NEXT, LAST = BASE[1:], BASE[:-1]


def known(close):
    """A pipeline that insists on an array, and makes lists, Series and NaN."""
    assert isinstance(close, np.ndarray)
    averages = pd.Series(close).rolling(3).mean()  # NaN on the first two days
    return {
        "returns": leaks.Known(list(range(1, N)), pd.Series(np.diff(close))),
        "a mean": leaks.Known(range(N), averages),
    }


# What each function says of series that `hold` holds.
CALLS = {
    "mae": lambda hold: forecasting.mae(hold(NEXT), hold(LAST)),
    "rmse": lambda hold: forecasting.rmse(hold(NEXT), hold(LAST)),
    "mase": lambda hold: forecasting.mase(hold(NEXT), hold(LAST), hold(BASE)),
    "direction": lambda hold: forecasting.directional_accuracy(hold(NEXT), hold(LAST * 1.01), hold(LAST)),
    "diebold_mariano": lambda hold: forecasting.diebold_mariano(hold(NEXT), hold(LAST), hold(LAST * 1.1)),
    "clark_west": lambda hold: forecasting.clark_west(hold(NEXT), hold(LAST), hold(LAST * 1.1)),
    "lag_correlations": lambda hold: forecasting.lag_correlations(hold(NEXT), hold(LAST)).tolist(),
    "coverage": lambda hold: forecasting.coverage(hold(NEXT), hold(LAST * 0.99), hold(LAST * 1.01)),
    "scores": lambda hold: forecasting.scores(hold(NEXT), hold(LAST * 1.01), hold(LAST), hold(BASE)),
    "persistence": lambda hold: float(forecasting.persistence(hold(NEXT))),
    "drift": lambda hold: forecasting.drift(hold(NEXT))(hold(LAST)),
    "autoregression": lambda hold: forecasting.autoregression(hold(NEXT))(hold(LAST)),
    "a day ahead": lambda hold: forecasting.one_step_forecast(forecasting.persistence, hold(NEXT), 5).tolist(),
    "many days ahead": lambda hold: forecasting.recursive_forecast(forecasting.drift(NEXT), hold(NEXT), 5).tolist(),
    "find_leaks": lambda hold: leaks.find_leaks(known, hold(NEXT), [10, 20]),
    "shuffle_returns": lambda hold: leaks.shuffle_returns(hold(NEXT)).tolist(),
    "log_returns": lambda hold: log_returns(hold(NEXT)).tolist(),
    "Prices": lambda hold: Prices(DATES, hold(NEXT), columns={"volume": hold(LAST)}).columns["volume"].tolist(),
    "lines": lambda hold: str(plotting.lines({"a": hold(NEXT), "b": (hold(LAST), hold(NEXT))}, "t", "x", "y")),
    "forecast": lambda hold: str(
        plotting.forecast(DATES, hold(NEXT), {"a": hold(LAST)}, "t", (hold(LAST), hold(NEXT)))
    ),
}


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("name", CALLS)
def test_a_series_is_taken_by_its_order_whatever_holds_it(name, holder):
    assert CALLS[name](HOLDERS[holder]) == CALLS[name](np.asarray)


@pytest.mark.parametrize("name", CALLS)
def test_so_are_tensors(framework, name):
    assert CALLS[name](framework.tensor) == CALLS[name](np.asarray)


def test_a_gradient_stays_behind(pytorch):
    weights = pytorch.torch.tensor(NEXT, requires_grad=True)
    assert forecasting.mae(weights, LAST) == forecasting.mae(NEXT, LAST)
    assert arrays.numbers([weights.sum(), 2.0]).tolist() == [NEXT.sum(), 2.0]
    assert arrays.numbers(pytorch.torch.ones(2, dtype=pytorch.torch.bfloat16)).tolist() == [1.0, 1.0]
    assert metrics.perplexity(weights.mean() * 0) == 1.0


@given(st.lists(st.floats(1, 100), min_size=3, max_size=9))
def test_shifted_series_of_pandas_are_not_aligned(values):
    close = pd.Series(values)
    expected = np.abs(np.diff(values)).mean()
    assert forecasting.mae(close[1:], close[:-1]) == pytest.approx(expected)
    assert forecasting.rmse(close[1:], close[:-1]) == pytest.approx(np.sqrt((np.diff(values) ** 2).mean()))


COLUMN = BASE[:, None]


@pytest.mark.parametrize(
    "call",
    [
        lambda: forecasting.mae(COLUMN, BASE),
        lambda: forecasting.mae(COLUMN, COLUMN),
        lambda: forecasting.mae(pd.DataFrame({"a": BASE}), BASE),
        lambda: forecasting.mase(NEXT, LAST, COLUMN),
        lambda: forecasting.directional_accuracy(BASE, COLUMN, BASE),
        lambda: forecasting.lag_correlations(COLUMN, BASE),
        lambda: forecasting.coverage(BASE, COLUMN, COLUMN),
        lambda: forecasting.scores(BASE, COLUMN, BASE, BASE),
        lambda: forecasting.persistence(COLUMN),
        lambda: forecasting.drift(COLUMN),
        lambda: forecasting.drift(BASE)(COLUMN),
        lambda: forecasting.one_step_forecast(forecasting.persistence, COLUMN, 5),
        lambda: forecasting.one_step_forecast(lambda close: close[-2:], BASE, 5),
        lambda: forecasting.recursive_forecast(forecasting.persistence, COLUMN, 5),
        lambda: forecasting.walk_forward(DATES[:, None]),
        lambda: leaks.find_leaks(known, COLUMN, [3]),
        lambda: leaks.find_leaks(lambda close: {"it": leaks.Known(np.arange(3)[:, None], np.arange(3))}, BASE, [1]),
        lambda: leaks.find_leaks(lambda close: {"it": leaks.Known(np.arange(2), np.arange(3))}, BASE, [1]),
        lambda: leaks.shuffle_returns(COLUMN),
        lambda: log_returns(COLUMN),
        lambda: Prices(DATES, NEXT[:, None]),
        lambda: Prices(DATES[:, None], NEXT),
        lambda: plotting.lines({"a": COLUMN}, "t", "x", "y"),
        lambda: plotting.lines({"a": ([1, 2, 3], [1, 2])}, "t", "x", "y"),
        lambda: plotting.forecast(DATES, NEXT, {"a": NEXT[:, None]}, "t"),
        lambda: plotting.forecast(DATES[1:], NEXT, {"a": NEXT}, "t"),
        lambda: plotting.bars({"a": [1, 2]}, "t", "y"),
        lambda: plotting.heatmap(BASE, "t", "x", "y"),
        lambda: plotting.pictures(np.ones((2, 3, 3, 1)), ["a", "b"], "t"),
        lambda: plotting.piano_roll([60, 62], "t"),
        lambda: metrics.perplexity([1.0, 2.0]),
        lambda: metrics.bits_per_character(pd.Series([1.0, 2.0])),
    ],
)
def test_shapes_that_do_not_fit_are_refused(call):
    with pytest.raises(ValueError) as error:
        call()
    says(error, "expected")
    assert "shape" in str(error.value) or "for 59 days" in str(error.value)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["1,166.71", "7"], ["text '1,166.71'", "expected numbers"]),
        (pd.Series(["five"]), ["text 'five'"]),
        (["1", "2"], ["text '1'"]),
        (DATES, ["datetime64[D]", "expected numbers"]),
        ([1j], ["complex128"]),
        ([[1], [1, 2]], ["different lengths"]),
        ({"a": 1.0}, ["type dict", "expected numbers"]),
        ((x for x in [1.0]), ["type generator"]),
        (None, ["type NoneType"]),
        (made_prices(3), ["type Prices"]),
    ],
)
def test_what_holds_no_numbers_is_refused(values, said):
    for call in (arrays.numbers, arrays.number, lambda values, name: forecasting.mae(values, values)):
        with pytest.raises(ValueError) as error:
            call(values, "close")
        says(error, *said)


@pytest.mark.parametrize(
    "values",
    [
        [1.0, None],
        [1.0, float("nan")],
        pd.Series([1, pd.NA], dtype="Int64"),
        pd.Series([1.0, None]),
        np.ma.array([1.0, 2.0], mask=[False, True]),
    ],
)
def test_what_is_missing_is_nan_and_no_measure_takes_it(values):
    np.testing.assert_array_equal(arrays.numbers(values), [1.0, np.nan])
    with pytest.raises(ValueError) as error:
        forecasting.mae([1.0, 2.0], values)
    says(error, "forecast has a number that is not finite")


def test_one_number_is_one_however_it_is_held(framework):
    for one in (0.5, [0.5], np.float32(0.5), pd.Series([0.5], index=[7]), framework.tensor(np.array([[0.5]]))):
        assert arrays.number(one) == 0.5
    assert isinstance(arrays.number(np.int64(3)), int)
    step = forecasting.one_step_forecast(lambda close: framework.tensor(close[-1:, None]), BASE, 3)
    assert step.tolist() == LAST[-3:].tolist()


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan"), float("inf")])
def test_what_needs_logarithms_takes_prices_above_0_only(wrong):
    close = np.append(BASE, wrong)
    for call in (
        forecasting.drift,
        forecasting.autoregression(BASE),
        leaks.shuffle_returns,
        log_returns,
        lambda close: forecasting.scores(close[1:], close[:-1], close[:-1], BASE),
        StockData(made_prices(), window=3, test_days=5, validation_days=5).encode,
    ):
        with pytest.raises(ValueError) as error:
            call(close)
        says(error, f"price {wrong}", "above 0")


def test_a_scaler_of_a_table_is_that_of_its_numbers():
    values = np.random.default_rng(0).normal(3, 2, (9, 2))
    scaler, of_table = Scaler.fit(values), Scaler.fit(pd.DataFrame(values))
    np.testing.assert_allclose(of_table.std, scaler.std)
    np.testing.assert_allclose(of_table.scale(pd.DataFrame(values)), scaler.scale(values))


# Days

DAYS = ["2013-02-28", "2013-03-01"]


@pytest.mark.parametrize(
    "values",
    [
        DAYS,
        np.array(DAYS, dtype="datetime64[s]"),
        np.array(DAYS),
        pd.Series(DAYS, index=[7, 3]),
        pd.to_datetime(DAYS),
        pd.Series(pd.to_datetime(DAYS)).dt.tz_localize("Asia/Tokyo"),
        pd.to_datetime(DAYS).tz_localize("America/New_York") + pd.Timedelta(hours=16),
        pd.PeriodIndex(DAYS, freq="D"),
        [datetime.date(2013, 2, 28), datetime.datetime(2013, 3, 1, 16)],
        [pd.Timestamp("2013-02-28 00:00-05:00"), pd.Timestamp("2013-03-01 00:00-04:00")],
        ["2013-02-28 00:00:00-05:00", "2013-03-01T16:30:00Z"],
        ["2013/2/28", "2013/3/1"],
        ["20130228", "20130301"],
        [20130228, 20130301],
        ["Feb 28, 2013", "Mar 1, 2013"],
        ["28 February 2013", "1 March 2013"],
        ["28-Feb-2013", "01-Mar-2013"],
    ],
)
def test_days_that_can_be_read_in_one_way_only(values):
    found = arrays.days(values)
    assert (found.dtype, found.astype(str).tolist()) == (np.dtype("datetime64[D]"), DAYS)


@pytest.mark.parametrize(
    ("values", "first"),
    [
        (["28/02/2013", "01/03/2013"], "the day first, '28/02/2013'"),
        (["28.02.2013", "1.3.2013"], "the day first"),
        (["02/28/2013", "03/01/2013"], "the month first, '02/28/2013'"),
        (["2/28/2013 16:00:00", "3/1/2013 16:00:00"], "the month first"),
    ],
)
def test_whether_the_day_or_the_month_comes_first_is_found_out_and_said(values, first):
    found, [said] = heard(lambda: arrays.days(values, "prices.csv"))
    assert found.astype(str).tolist() == DAYS
    assert said.startswith("prices.csv: dates are read with " + first)


@given(st.lists(st.dates(datetime.date(1970, 1, 1), datetime.date(2030, 1, 1)), min_size=1, max_size=5))
def test_a_day_is_read_as_it_was_written_or_not_at_all(dates):
    expected = np.array(dates, dtype="datetime64[D]")
    for form in ("%d/%m/%Y", "%m/%d/%Y"):
        written = [date.strftime(form) for date in dates]
        if all(date.day <= 12 for date in dates) and any(date.day != date.month for date in dates):
            with pytest.raises(ValueError) as error:
                arrays.days(written)
            says(error, "which may be", "year, month and day")
        else:
            np.testing.assert_array_equal(heard(lambda written=written: arrays.days(written))[0], expected)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["04/03/2013", "05/03/2013"], ["'04/03/2013'", "2013-03-04 or 2013-04-03"]),
        (["2013-03-01", "03/04/2013"], ["Row 2", "'03/04/2013'"]),
        (["28.02.2013", "31.13.2013"], ["Row 2", "'31.13.2013'"]),
        (["01-Mar-13"], ["Row 1", "'01-Mar-13'"]),
        (["1/3/13"], ["'1/3/13'"]),
        ([1362096000], ["'1362096000'"]),
        ([41334], ["'41334'"]),
        (["2013311"], ["'2013311'"]),
        ([None], ["'None'"]),
        ([pd.NaT], ["'NaT'"]),
        (np.array(["2013-03-01", "NaT"], dtype="datetime64[D]"), ["Row 2", "'NaT'"]),
        (["2013-03"], ["'2013-03'"]),
    ],
)
def test_days_that_cannot_be_read_are_quoted(values, said):
    with pytest.raises(ValueError) as error:
        arrays.days(values, "prices.csv")
    says(error, "prices.csv has", "year, month and day", *said)
