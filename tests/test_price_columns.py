"""Columns beside the close as features: their windows, their scaling, their sources and their faults."""

import numpy as np
import pandas as pd
import pytest
from data_helpers import says
from hypothesis import given
from hypothesis import strategies as st
from price_helpers import heard, made_prices, settings

from course_utils.datasets import Prices, StockData, load_prices, sources


def write(folder, content, name="prices.csv"):
    (folder / name).write_text(content, encoding="utf-8")
    return folder / name


def with_columns(num_days=80, seed=0):
    """Made prices with an opening price and a volume."""
    prices, rng = made_prices(num_days, seed), np.random.default_rng(seed)
    columns = {"open": prices.close * rng.uniform(0.9, 1.1, num_days), "volume": rng.integers(10**6, 10**9, num_days)}
    return Prices(prices.dates, prices.close, columns=columns)


@given(settings, st.permutations(["open", "volume"]))
def test_columns_are_features_each_with_a_scaling_of_its_own(chosen, columns):
    names, prices = chosen["features"] or [chosen["target"]], with_columns()
    alone = StockData(prices, **chosen)
    data = StockData(prices, **chosen | {"features": [columns[0], *names, columns[1]]})
    lookback = max({"price": 0, "return": 1, "volatility": 20}[name] for name in names)
    known = slice(
        lookback, len(prices) - chosen["test_days"] - chosen["validation_days"]
    )  # up to the last day trained on
    for part, other in zip(data.parts.values(), alone.parts.values(), strict=True):
        assert part.X.shape == (len(part.Y), chosen["window"], len(names) + 2)
        np.testing.assert_array_equal(part.Y, other.Y)
        np.testing.assert_allclose(part.X[:, :, 1:-1], other.X, atol=1e-6)
        ends = part.days - chosen["horizon"]
        for place, name in ((0, columns[0]), (-1, columns[1])):
            values = prices.columns[name]
            rows = values[ends[:, None] + np.arange(1 - chosen["window"], 1)]  # (n, window)
            expected = (rows - values[known].mean()) / values[known].std()
            np.testing.assert_allclose(part.X[:, :, place], expected, rtol=1e-4, atol=1e-4)


def test_later_volumes_move_no_scaler_and_no_earlier_window():
    prices, chosen = with_columns(), {"window": 4, "test_days": 10, "validation_days": 10, "features": ["volume"]}
    columns = prices.columns | {"volume": np.append(prices.columns["volume"][:60], np.full(20, 1e12))}
    data, other = StockData(prices, **chosen), StockData(Prices(prices.dates, prices.close, columns=columns), **chosen)
    assert (data.feature_scaler.mean, data.feature_scaler.std) == (other.feature_scaler.mean, other.feature_scaler.std)
    np.testing.assert_array_equal(data.parts["train"].X, other.parts["train"].X)
    assert (data.parts["validation"].X[5:] != other.parts["validation"].X[5:]).any()


def test_columns_of_a_table_and_of_the_course_become_features(tmp_path):
    prices = with_columns()
    table = pd.DataFrame({"Date": prices.dates.astype(str), "Close": prices.close, "Open": prices.columns["open"]})
    table["Vol."] = [f"{volume:,.0f}" for volume in prices.columns["volume"]]
    chosen = {"window": 4, "test_days": 10, "validation_days": 10}
    files = write(tmp_path, table.to_csv(index=False)), write(tmp_path, table.to_csv(sep=";"), "other.csv")
    for source in (table, table.set_index("Date"), *files):
        data, _ = heard(lambda source=source: StockData(source, features=["close", "open", "vol"], **chosen))
        expected = StockData(prices, features=["price", "open", "volume"], **chosen)
        np.testing.assert_allclose(data.parts["test"].X, expected.parts["test"].X, rtol=1e-5)
        assert data.features == ["price", "open", "vol"]
    data, [said] = heard(lambda: StockData(table, features="vol", **chosen))
    assert data.parts["test"].X.shape == (10, 4, 1)
    assert said.startswith("The table: numbers such as")
    if sources.status("stocks") == "OK":
        data, said = heard(lambda: StockData("AAPL", features=["return", "Open", "volume"]))
        assert data.parts["test"].X.shape == (100, 20, 3)
        assert said == ["AAPL: the close is adjusted for splits, Open may not be."]


def test_prices_alone_do_not_tell_a_column():
    data = StockData(with_columns(), window=4, test_days=10, validation_days=10, features=["return", "volume"])
    with pytest.raises(ValueError) as error:
        data.step(lambda X: np.zeros((1, 1)))(data.prices.close)
    says(error, "['volume']", "X of `parts`")
    assert (
        len(StockData(data.prices.until(70), window=4, test_days=9, validation_days=9, features=["volume"]).prices)
        == 70
    )


def test_a_column_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError) as error:
        StockData(with_columns(), features=["Volum"])
    says(error, "['Volum']", "['return', 'price', 'volatility', 'open', 'volume']")
    with pytest.raises(ValueError) as error:
        StockData(write(tmp_path, "Date,Adj Close,Close\n2013-03-01,5,5\n"), features=["return", "volume"])
    says(error, "['Date', 'Adj Close', 'Close']", "['volume']")
    with pytest.raises(ValueError) as error:
        load_prices(write(tmp_path, "Date,Close,Volume\n2013-03-01,5,-\n"), columns=["volume"])
    says(error, "volume '-' on 2013-03-01", "expected a number:")
