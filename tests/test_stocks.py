"""Stock prices: files and their faults, windows against loops that say what they should hold, a split in time."""

import math
from itertools import pairwise

import numpy as np
import pytest
from data_helpers import says
from hypothesis import given
from hypothesis import strategies as st
from mutated import mutated
from price_helpers import made_prices, settings

from course_utils.datasets import DataError, Prices, StockData, load_prices, sources, stocks
from course_utils.datasets.stocks import FEATURES, TICKERS, Scaler, log_returns

HEAD = "Date,Adj Close,Close\n"

# Files


@pytest.fixture
def write(tmp_path):
    def write(content, encoding="utf-8"):
        (tmp_path / "prices.csv").write_bytes(content.encode(encoding))
        return tmp_path / "prices.csv"

    return write


@pytest.mark.parametrize(
    "text",
    [
        "date,adj_close\n2013-02-28,63.5\n2013-03-01,61\n",
        "\ufeffVolume, Adj Close ,DATE,Close\r\n7,63.5,2013-02-28,440\r\n\r\n8,61,2013-03-01,430\r\n",
        'Date,Open,Close\n2013-02-28 00:00:00-05:00,1,"63.5"\n2013-03-01 00:00:00-05:00,2,61.0',
    ],
)
def test_a_file_of_ones_own(write, text):
    path = write(text)
    for source in (path, str(path)):
        prices = load_prices(source)
        assert prices.dates.astype(str).tolist() == ["2013-02-28", "2013-03-01"]
        assert prices.close.tolist() == [63.5, 61.0]
        assert (prices.dates.dtype, prices.close.dtype) == (np.dtype("datetime64[D]"), np.float64)
        assert prices.name == str(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("day,close\n2013-03-01,5\n", ["['day', 'close']", "date and adj_close or close", "first line"]),
        ("2013-03-01,5\n2013-03-04,5\n", ["['2013-03-01', '5']"]),
        ("Date,Open\n2013-03-01,5\n", ["['Date', 'Open']"]),
        (HEAD, ["0 prices", "at least one day"]),
        (HEAD + "2013-03-01,5,5\n01/03/2013,5,5\n", ["Row 2", "'01/03/2013'", "year, month and day"]),
        (HEAD + "2013-02-30,5,5\n", ["Row 1", "'2013-02-30'"]),
        (HEAD + ",5,5\n", ["Row 1", "date"]),
        (HEAD + "2013-03-04,5,5\n2013-03-01,5,5\n", ["2013-03-01", "earlier", "sort"]),
        (HEAD + "2013-03-01,5,5\n2013-03-01,5,5\n", ["2013-03-01", "twice", "one row for each day"]),
        (HEAD + "2013-03-01,5,5\n2013-03-12,5,5\n", ["2013-03-12", "gap of more than 10 days", "add"]),
        (HEAD + "2013-03-01,5,5\n2013-03-04,0,5\n", ["price 0.0 on 2013-03-04", "above 0"]),
        (HEAD + "2013-03-01,-5,5\n", ["price -5.0 on 2013-03-01"]),
        (HEAD + "2013-03-01,,5\n", ["price '' on 2013-03-01", "leave it out"]),
        (HEAD + "2013-03-01,five,5\n", ["price 'five' on 2013-03-01"]),
        (HEAD + "2013-03-01,inf,5\n", ["price 'inf' on 2013-03-01"]),
        ("", ["cannot be read", "CSV"]),
        ("Date,Close\n2013-03-01,5\n2013-03-04,5,6,7\n", ["cannot be read"]),
    ],
)
def test_what_is_wrong_with_a_file_is_said(write, text, said):
    path = write(text)
    with pytest.raises(ValueError) as error:
        load_prices(path)
    says(error, str(path), *said)


def test_other_ways_to_have_no_prices(write, tmp_path, monkeypatch):
    with pytest.raises(ValueError) as error:
        load_prices(write(HEAD + "2013-03-01,5,é", "latin-1"))
    says(error, "UTF-8")
    with pytest.raises(FileNotFoundError) as error:
        load_prices("APPL")
    says(error, "'APPL'", str(list(TICKERS)), "path")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    with pytest.raises(DataError) as error:
        load_prices("IBM")
    says(error, "stocks.csv.gz", "'course data fetch stocks'")


def test_prices_are_as_many_as_days():
    with pytest.raises(ValueError) as error:
        Prices(np.array(["2013-03-01"], dtype="datetime64[D]"), np.array([5.0, 6.0]))
    says(error, "2 prices for 1 days")


def test_until_knows_nothing_later():
    prices = made_prices(9).until(4)
    assert (len(prices), prices.close.tolist()) == (4, made_prices(9).close[:4].tolist())


@pytest.mark.parametrize(("ticker", "num_days"), [("AAPL", 3270), ("GOOG", 2148), ("IBM", 3270), ("MSFT", 3270)])
def test_the_four_stocks(ticker, num_days):
    if sources.status("stocks") != "OK":
        pytest.skip("the prices are not in the data folder: 'course data fetch stocks' puts them there")
    data = StockData(ticker)
    assert len(data.prices) == num_days
    assert str(data.prices.dates[0]) == ("2004-08-19" if ticker == "GOOG" else "2000-03-01")
    days = data.prices.dates[data.parts["test"].days]
    assert (str(days[0]), str(days[-1]), len(days)) == ("2012-10-04", "2013-03-01", 100)
    largest = np.abs(log_returns(data.prices.close)).max()
    assert largest < 0.74, "a split that is not adjusted would show: AAPL lost half in a day, but did not split"
    assert (np.diff(data.prices.dates) <= np.timedelta64(7, "D")).all()


# Windows, targets and the split


def by_hand(close, name, day):
    """A feature of a day."""
    if name == "price":
        return close[day]
    if name == "return":
        return math.log(close[day]) - math.log(close[day - 1])
    return math.sqrt(sum(math.log(close[i] / close[i - 1]) ** 2 for i in range(day - 19, day + 1)) / 20)


def check_data(module, chosen, num_days=60, seed=0):
    """AssertionError unless the parts hold what loops over days and features find."""
    prices = made_prices(num_days, seed, module)
    data, close = module.StockData(prices, batch_size=3, seed=seed, **chosen), prices.close
    names = chosen["features"] or [chosen["target"]]
    lookback = max({"price": 0, "return": 1, "volatility": 20}[name] for name in names)
    horizon, window = chosen["horizon"], chosen["window"]
    ends = [num_days - chosen["test_days"] - chosen["validation_days"], num_days - chosen["test_days"], num_days]
    days = [range(lookback + window - 1 + horizon, ends[0]), range(*ends[:2]), range(*ends[1:])]
    assert list(data.parts) == ["train", "validation", "test"]

    seen = np.array([[by_hand(close, name, day) for name in names] for day in range(lookback, ends[0])])
    goal = {
        "price": lambda day: close[day],
        "return": lambda day: math.log(close[day]) - math.log(close[day - horizon]),
    }[chosen["target"]]
    learnt = np.array([goal(day) for day in days[0]])
    for part, of_part in zip(data.parts.values(), days, strict=True):
        assert part.days.tolist() == list(of_part)
        assert part.X.shape == (len(of_part), window, len(names))
        assert part.Y.shape == (len(of_part), 1)
        assert (part.X.dtype, part.Y.dtype, part.days.dtype) == (np.float32, np.float32, np.int64)
        for X, Y, day, last, actual in zip(*part, strict=True):
            rows = range(day - horizon - window + 1, day - horizon + 1)
            expected = np.array([[by_hand(close, name, row) for name in names] for row in rows])
            np.testing.assert_allclose(X, (expected - seen.mean(axis=0)) / seen.std(axis=0), rtol=1e-4, atol=1e-4)
            np.testing.assert_allclose(Y, [(goal(day) - learnt.mean()) / learnt.std()], rtol=1e-4, atol=1e-4)
            assert (last, actual) == (close[day - horizon], close[day])
        np.testing.assert_allclose(data.to_prices(part.Y, part.last)[:, 0], part.actual, rtol=1e-5)
    for part in list(data.parts.values())[1:]:
        for X, day in zip(part.X, part.days, strict=True):
            np.testing.assert_allclose(data.encode(close[: day - horizon + 1])[0], X, rtol=1e-5, atol=1e-5)
    assert data.encode(close).dtype == np.float32


@given(settings, st.integers(0, 99))
def test_each_part_holds_what_it_says(chosen, seed):
    check_data(stocks, chosen, seed=seed)


@given(settings)
def test_the_parts_follow_each_other_in_time_and_leave_no_day_out(chosen):
    data = StockData(made_prices(70), **chosen)
    days = [part.days for part in data.parts.values()]
    np.testing.assert_array_equal(np.concatenate(days), np.arange(days[0][0], 70))
    assert all(one[-1] < other[0] for one, other in pairwise(days))
    assert [len(part) for part in days[1:]] == [chosen["validation_days"], chosen["test_days"]]


def test_what_is_in_training_has_mean_0_and_deviation_1_and_the_rest_need_not():
    data = StockData(made_prices(), window=1, test_days=10, validation_days=10, features=["price"])
    part = data.parts["train"]
    values = np.append(part.X, (data.prices.close[79] - data.feature_scaler.mean) / data.feature_scaler.std)
    assert (values.mean(), values.std()) == pytest.approx((0, 1), abs=1e-6)
    assert (part.Y.mean(), part.Y.std()) == pytest.approx((0, 1), abs=1e-6)
    assert abs(data.parts["test"].X.mean()) > 0.5


def test_batches_come_anew_in_training_and_in_the_order_of_time_elsewhere():
    data = StockData(made_prices(), batch_size=7, window=3, test_days=15, validation_days=11)
    for batches, name in ((data.heldout, "validation"), (data.test, "test")):
        for _ in range(2):
            X, Y = (np.concatenate(arrays) for arrays in zip(*batches, strict=True))
            np.testing.assert_array_equal(X, data.parts[name].X)
            np.testing.assert_array_equal(Y, data.parts[name].Y)
    epochs = [np.concatenate([Y for _, Y in data.train])[:, 0] for _ in range(2)]
    assert epochs[0].tolist() != epochs[1].tolist()
    for epoch in epochs:
        assert sorted(epoch) == sorted(data.parts["train"].Y[:, 0])
    again = StockData(made_prices(), batch_size=7, window=3, test_days=15, validation_days=11)
    assert np.concatenate([Y for _, Y in again.train])[:, 0].tolist() == epochs[0].tolist()
    assert not any(batches.carries_state for batches in (data.train, data.heldout, data.test))


def test_several_numbers_for_each_day_become_prices_too():
    data = StockData(made_prices(), test_days=4, validation_days=4)
    part = data.parts["test"]
    prices = data.to_prices(np.concatenate([part.Y - 1, part.Y, part.Y + 1], axis=1), part.last)
    assert prices.shape == (4, 3)
    np.testing.assert_allclose(prices[:, 2] / prices[:, 1], np.exp(data.target_scaler.std[0]), rtol=1e-6)
    for scaled, last in ((part.Y[:, 0], part.last), (part.Y, part.last[:3]), (part.Y, part.last[:, None])):
        with pytest.raises(ValueError) as error:
            data.to_prices(scaled, last)
        says(error, f"{scaled.shape}", f"{last.shape}", "(n, k) and (n,)")


def test_a_model_becomes_a_step():
    data = StockData(made_prices(), window=3, test_days=4, validation_days=4, features=["price", "return"])
    read = []

    def predict(X):
        read.append(X)
        return np.array([[1.5]])

    close = data.prices.close[:50]
    value = data.step(predict)(close)
    assert [X.shape for X in read] == [(1, 3, 2)]
    assert value == pytest.approx(close[-1] * math.exp(1.5 * data.target_scaler.std[0] + data.target_scaler.mean[0]))
    with pytest.raises(ValueError) as error:
        data.step(predict)(close[:3])
    says(error, "3 prices", "4 or more")
    with pytest.raises(ValueError) as error:
        StockData(made_prices(), horizon=2, test_days=4, validation_days=4).step(predict)
    says(error, "horizon is 2", "next day")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"target": "level"}, ["'level'", "'return' or 'price'"]),
        ({"features": []}, ["[]", "['return', 'price', 'volatility']"]),
        ({"features": ["volume"]}, ["['volume']"]),
        ({"features": ["return", "return"]}, ["each once"]),
        ({"window": 0}, ["window=0", "1 or more"]),
        ({"horizon": 0}, ["horizon=0"]),
        ({"test_days": 0}, ["test_days=0"]),
        ({"validation_days": -1}, ["validation_days=-1"]),
        ({"test_days": 40}, ["made.csv has 60 days", "expected 67 or more", "longer series"]),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong, said):
    with pytest.raises(ValueError) as error:
        StockData(made_prices(60), **{"window": 4, "test_days": 10, "validation_days": 20} | wrong)
    says(error, *said)


def test_the_fewest_days_that_will_do():
    chosen = {"window": 4, "test_days": 40, "validation_days": 20}
    assert len(StockData(made_prices(67), **chosen).parts["train"].Y) == 2
    with pytest.raises(ValueError):
        StockData(made_prices(66), **chosen)


def test_prices_that_never_move_cannot_be_scaled():
    days = made_prices(60).dates
    for close in (np.full(60, 5.1), np.append(np.full(50, 5.1), np.arange(1.0, 11.0))):
        with pytest.raises(ValueError) as error:
            StockData(Prices(days, close), window=4, test_days=5, validation_days=5)
        says(error, "never changes", "training part")


@given(st.integers(2, 9), st.integers(1, 4), st.integers(0, 99))
def test_a_scaler_goes_there_and_back(rows, columns, seed):
    values = np.random.default_rng(seed).normal(3, 2, (rows, columns))
    scaler = Scaler.fit(values)
    scaled = scaler.scale(values)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(scaled.std(axis=0), 1)
    np.testing.assert_allclose(scaler.unscale(scaled), values)


# What a mistake would do

CHOSEN = [
    {"window": 3, "horizon": 1, "test_days": 5, "validation_days": 7, "target": "return", "features": None},
    {"window": 4, "horizon": 2, "test_days": 6, "validation_days": 5, "target": "price", "features": None},
    {"window": 2, "horizon": 3, "test_days": 4, "validation_days": 6, "target": "return", "features": [*FEATURES]},
]
MUTANTS = {
    "features a day off where one looks back further": (
        "self._lookback - FEATURES[name].lookback :]",
        "self._lookback :][: len(close) - self._lookback]",
    ),
    "a window that is longer": ("self._lookback + window - 1 + horizon  #", "self._lookback + window + horizon  #"),
    "test and validation the other way round": ('("train", "validation", "test")', '("train", "test", "validation")'),
    "validation and test of the same size": ("validation - first + validation_days]", "len(days) - validation_days]"),
    "time and features exchanged": ("windows.swapaxes(1, 2)", "windows.reshape(len(days), window, -1)"),
    "windows read backwards": ("windows.swapaxes(1, 2)", "windows.swapaxes(1, 2)[:, ::-1]"),
    "the change of one day for any horizon": ("np.log(close[days] / last)", "np.log(close[days] / close[days - 1])"),
    "returns as shares": ("np.log(close[days] / last)", "(close[days] / last - 1)"),
    "the mean is not put back": ("return scaled * self.std + self.mean", "return scaled * self.std"),
    "prices from the wrong day": ("last, close[days])]", "close[days], close[days])]"),
    "the volatility of the mean": ("(returns**2).mean(axis=1)", "returns.var(axis=1)"),
    "a short month": ("_VOLATILITY_DAYS = 20", "_VOLATILITY_DAYS = 19"),
    "the first window for any": ("close[-needed:]", "close[:needed]"),
    "a split by chance": (
        "arrays = [np.split(array, cuts)",
        "order = np.random.default_rng(0).permutation(len(days))\n        arrays = [np.split(array[order], cuts)",
    ),
}


def test_what_is_right_passes():
    for chosen in CHOSEN:
        check_data(stocks, chosen)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mistake_is_caught(name):
    module = mutated("datasets.stocks", *MUTANTS[name])
    with pytest.raises(AssertionError):
        for chosen in CHOSEN:
            check_data(module, chosen)
