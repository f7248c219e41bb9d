"""Daily stock prices: files that are checked, features that know the past only, windows in the order of time.

Everything here is NumPy, so that PyTorch and TensorFlow are given the very same batches.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from course_utils import arrays
from course_utils.datasets import sources
from course_utils.datasets.batches import ArrayBatches, generator
from course_utils.datasets.prices import Prices, read_prices
from course_utils.datasets.text import find_file
from course_utils.errors import is_whole
from course_utils.leaks import Known

TICKERS = ("AAPL", "GOOG", "IBM", "MSFT")

_VOLATILITY_DAYS = 20  # about a month of trading
_SPLIT_FACTOR = 1.8  # a split in two, on a day on which the price moved by a tenth, too


def load_prices(
    source: str | Path | pd.DataFrame | pd.Series = "AAPL", columns: Sequence[str] = (), longest_gap: int = 10
) -> Prices:
    """The daily prices of "AAPL", "GOOG", "IBM" or "MSFT", or those of a CSV file of your own, by its path, or a table.

    The four are adjusted closing prices from March 2000 (GOOG: August 2004) to 1 March 2013. They were adjusted
    backwards, with what was known years later: each split and each dividend that came afterwards, also after 2013,
    lowers all the prices before it. So returns are safe, and levels are not: nobody has seen those prices on the day.

    A file or a DataFrame needs a column `date`, such as 2013-03-01 (a time after it is left out), and `adj_close` or,
    without one, `close`; capitals, spaces, dots and the like in their names do not matter ("Adj. Close", "adjClose").
    The dates may be the table's index. A Series needs them there and has the prices. In plain closing prices a split
    looks like a crash: a warning names the day on which a price is 1.8 times that of the day before, or 1/1.8 of it.

    A file may have other separators than commas, a comma before decimals, signs between thousands ("1,166.71") and of
    a currency, dates in another order, UTF-16, yfinance's lines at the top: a warning says what was read how. What may
    be read in two ways, such as the dates 03/04/2013 or the prices "1,166", is refused.

    Args:
        source: as said.
        columns: what else to read, such as ["open", "volume"], for the features of `StockData`.
        longest_gap: as for `Prices`.

    Raises `DataError` when the course's file is missing or altered, `FileNotFoundError` for an unknown path, and
    `ValueError`, in one sentence, for a file that is not as said or prices that are not as `Prices` wants them.

    >>> table = pd.DataFrame({"Date": ["2013-02-28", "2013-03-01"], "Close": [63.06, 61.49], "Volume": [7, 8]})
    >>> load_prices(table, columns=["volume"]).columns["volume"].tolist()
    [7.0, 8.0]
    """
    name, table = "The table", source
    if isinstance(source, str) and source in TICKERS:
        name, table = source, pd.read_csv(sources.path("stocks"))
        table = table[table["Ticker"] == source].reset_index(drop=True)
    elif isinstance(source, pd.Series):
        table = source.rename("close").to_frame()
    elif isinstance(source, (str, Path)):
        name, table = str(source), find_file(source, "prices", f"one of {list(TICKERS)} or a CSV file's path")
    elif not isinstance(source, pd.DataFrame):
        raise TypeError(
            f"The prices are of the type {type(source).__name__}, expected a file's path, a DataFrame, a Series with "
            "dates as its index, or Prices: make them by Prices(dates, close)."
        )
    columns = [columns] if isinstance(columns, str) else list(columns)
    prices = read_prices(table, columns, name, longest_gap)
    if name not in TICKERS:
        factor, said = prices.largest_step()
        if factor >= _SPLIT_FACTOR:
            arrays.say(f"{said}: if there was a split, give adjusted prices.")
    return prices


class Feature(NamedTuple):
    """What a model may see of each day: `function` of prices (days,) gives (days − lookback,) values, the last ones.

    Its value for a day may depend on that day and the `lookback` days before it, and on no later one.
    """

    lookback: int
    function: Callable[[np.ndarray], np.ndarray]


def log_returns(close: np.ndarray) -> np.ndarray:
    """log(price / price of the day before): (days,) prices give (days − 1,) returns.

    Nearly the change as a share, but they add up: the returns of two days make that over both.

    >>> log_returns(np.array([100.0, 101.0, 100.0])).round(5).tolist()
    [0.00995, -0.00995]
    """
    return np.diff(np.log(*arrays.prices(close=close)))


def _volatility(close: np.ndarray) -> np.ndarray:
    returns = sliding_window_view(log_returns(close), _VOLATILITY_DAYS)  # (days − 20, 20)
    return np.sqrt((returns**2).mean(axis=1))


FEATURES = {
    "return": Feature(1, log_returns),
    "price": Feature(0, lambda close: close),
    "volatility": Feature(_VOLATILITY_DAYS, _volatility),  # root mean square of the last 20 returns
}


class Scaler(NamedTuple):
    """Shifts and stretches each column so that, where it was fitted, the mean is 0 and the standard deviation 1.

    >>> scaler = Scaler.fit(np.array([[1.0, 10.0], [3.0, 30.0]]))
    >>> scaler.scale(np.array([[5.0, 20.0]])).tolist()
    [[3.0, 0.0]]
    """

    mean: np.ndarray
    std: np.ndarray

    @classmethod
    def fit(cls, values: np.ndarray) -> "Scaler":
        """The scaler of values (rows, columns)."""
        values = arrays.numbers(values)  # pandas would have another standard deviation
        mean, std = values.mean(axis=0), values.std(axis=0)
        if not (std > 1e-12 * np.abs(mean)).all():
            raise ValueError("A feature or the target never changes in the training part, expected prices that move.")
        return cls(mean, std)

    def scale(self, values: np.ndarray) -> np.ndarray:
        """The values in units of the standard deviation, from the mean."""
        return (self._of_columns(values) - self.mean) / self.std

    def unscale(self, scaled: np.ndarray) -> np.ndarray:
        """Scaled values in their own unit again."""
        scaled = self._of_columns(scaled)
        return scaled * self.std + self.mean

    def _of_columns(self, values: np.ndarray) -> np.ndarray:
        """As an array; ValueError unless it has a column for each mean, or there is one mean for all."""
        values, columns = arrays.numbers(values), np.size(self.mean)
        if columns > 1 and values.shape[-1:] != (columns,):
            raise ValueError(
                f"The values have the shape {values.shape}, expected (rows, {columns}): a column for each."
            )
        return values


class Forecasts(NamedTuple):
    """What belongs to n forecasts, in the order of time: what a model reads, what it is to say, and on which day.

    Attributes:
        X: (n, window, features) float32, scaled. The last row of a window is the day on which the forecast is made.
        Y: (n, 1) float32, the scaled target.
        days: (n,) int64, the day that is forecast, as a number that indexes `data.prices`; `horizon` days later.
        last: (n,) float64, the price on the day on which the forecast is made: persistence's forecast.
        actual: (n,) float64, the price on the day that is forecast.
    """

    X: np.ndarray
    Y: np.ndarray
    days: np.ndarray
    last: np.ndarray
    actual: np.ndarray


class StockData:
    """Windows of daily features, each with what comes after it, split by time: training, validation, then test.

    A forecast belongs to the part in which the day that it is about lies. The test part has the last `test_days` days,
    the validation part the `validation_days` before, the training part what is left. The scalers know the training
    part only. Windows may reach back into the part before: on that day its prices are known.

    `train`, `heldout` (the validation part, under the name that `Trainer` knows) and `test` give batches `(X, Y)` as
    `Forecasts` describes them; `train` in an order drawn anew in each epoch, the others in the order of time.

    Args:
        prices: as for `load_prices`, or `Prices`, which have to have the columns that are features.
        window: how many days a model sees, the present one included.
        horizon: how many days ahead it is to forecast.
        test_days, validation_days: how many days each part has.
        target: "return", the logarithm of the price on the day that is forecast over the present one; or "price".
        features: what a model sees of each day, names of `FEATURES` or of columns, such as ["return", "volume"]; None
            for the target's own. Each is scaled on its own; "close" is the price, adjusted where that is.
        batch_size: n; the last batch may have fewer.
        seed: of the order of the batches.

    Attributes: `prices`, `parts` (`Forecasts` for "train", "validation" and "test"), `train`, `heldout`, `test`,
    `feature_scaler`, `target_scaler`, and the settings.

    >>> days = np.arange("2012-01-01", "2012-03-01", dtype="datetime64[D]")
    >>> prices = Prices(days, np.exp(np.sin(np.arange(60))))
    >>> data = StockData(prices, window=5, test_days=10, validation_days=10, batch_size=4)
    >>> [X, Y], part = next(iter(data.train)), data.parts["test"]
    >>> X.shape, Y.shape, len(part.Y), str(data.prices.dates[part.days[0]])
    ((4, 5, 1), (4, 1), 10, '2012-02-20')
    >>> np.allclose(data.to_prices(part.Y, part.last)[:, 0], part.actual)
    True
    """

    def __init__(
        self,
        prices: str | Path | pd.DataFrame | pd.Series | Prices = "AAPL",
        window: int = 20,
        horizon: int = 1,
        test_days: int = 100,
        validation_days: int = 250,
        target: Literal["return", "price"] = "return",
        features: Sequence[str] | None = None,
        batch_size: int = 32,
        seed: int = 0,
    ):
        features = [target] if features is None else [features] if isinstance(features, str) else features
        self.features = ["price" if name in ("close", "Close") else name for name in features]
        self._columns = [name for name in self.features if name not in FEATURES]
        self.prices = prices if isinstance(prices, Prices) else load_prices(prices, self._columns)
        self.window, self.horizon, self.target = window, horizon, target
        known = [*FEATURES, *self.prices.columns]
        _check_settings(self.features, known, target, window, horizon, test_days, validation_days)
        self._lookback = max(FEATURES[name].lookback if name in FEATURES else 0 for name in self.features)
        first = self._lookback + window - 1 + horizon  # the first day that can be forecast
        validation = len(self.prices) - test_days - validation_days  # the first day of that part
        if validation < first + 2:
            raise ValueError(
                f"{self.prices.name} has {len(self.prices)} days, expected {first + 2 + test_days + validation_days} "
                f"or more for window={window}, horizon={horizon}, test_days={test_days} and "
                f"validation_days={validation_days}: give a longer series or make them smaller."
            )
        close, days = self.prices.close, np.arange(first, len(self.prices))  # the days that are forecast
        last = close[days - horizon]  # (forecasts,)
        values = self._values(close)  # (days − lookback, features)
        targets = (np.log(close[days] / last) if target == "return" else close[days])[:, None]  # (forecasts, 1)
        self.feature_scaler = Scaler.fit(values[: validation - self._lookback])
        self.target_scaler = Scaler.fit(targets[: validation - first])

        windows = sliding_window_view(self.feature_scaler.scale(values), window, axis=0)[: len(days)]
        X = np.ascontiguousarray(windows.swapaxes(1, 2), dtype=np.float32)  # (forecasts, window, features)
        Y = self.target_scaler.scale(targets).astype(np.float32)  # (forecasts, 1)
        cuts = [validation - first, validation - first + validation_days]
        arrays = [np.split(array, cuts) for array in (X, Y, days, last, close[days])]
        self.parts = dict(zip(("train", "validation", "test"), map(Forecasts, *arrays), strict=True))
        self.train = ArrayBatches(*self.parts["train"][:2], batch_size, generator(seed))
        self.heldout, self.test = (ArrayBatches(*self.parts[name][:2], batch_size) for name in ("validation", "test"))

    def encode(self, close: np.ndarray) -> np.ndarray:
        """What a model reads at the end of any series of prices: X (1, window, features), float32, scaled.

        Not where a feature is a column, which prices alone do not tell: then there is X of the `parts`.
        """
        [close], needed = arrays.prices(close=close), self.window + self._lookback
        if self._columns:
            raise ValueError(
                f"The features {self._columns} cannot be made of prices, expected some of {list(FEATURES)} only: take "
                "X of `parts`, which has them."
            )
        if len(close) < needed:
            raise ValueError(f"There are {len(close)} prices, expected {needed} or more: a window and the days before.")
        return self.feature_scaler.scale(self._values(close[-needed:]))[None].astype(np.float32)

    def to_prices(self, scaled: np.ndarray, last: np.ndarray) -> np.ndarray:
        """What a model says, as prices.

        Args:
            scaled: (n, k), in the scale of Y; k is 1, or more where a model says several numbers, such as quantiles.
            last: (n,), the prices on the days on which the forecasts are made, such as `Forecasts.last`.

        Returns: (n, k), float64.
        """
        scaled, last = arrays.numbers(scaled, "scaled"), arrays.numbers(last, "last")
        if scaled.ndim != 2 or last.shape != scaled.shape[:1]:
            raise ValueError(
                f"scaled has shape {scaled.shape} and last {last.shape}, expected (n, k) and (n,): "
                "a row for each forecast, and the price on the day on which it is made."
            )
        values = self.target_scaler.unscale(scaled)
        return last[:, None] * np.exp(values) if self.target == "return" else values

    def step(self, predict: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], float]:
        """A model as a function from the prices so far to the next one, as `course_utils.forecasting` wants it.

        Args:
            predict: from X (1, window, features) to (1, 1), in the scale of Y.
        """
        if self.horizon != 1:
            raise ValueError(f"horizon is {self.horizon}, expected 1: such a model does not know the next day.")
        return lambda close: arrays.number(self.to_prices(predict(self.encode(close)), close[-1:]), "The next price")

    def known(self) -> dict[str, Known]:
        """What all this is made of and when it is known, for `course_utils.leaks.find_leaks`."""
        train = self.parts["train"].days[-1]
        scalers = np.concatenate([*self.feature_scaler, *self.target_scaler])[None]
        found = {
            "the features": Known(np.arange(self._lookback, len(self.prices)), self._values(self.prices.close)),
            "the scalers": Known(np.array([train]), scalers),
        }
        for name, part in self.parts.items():
            # What is scaled is known once the scalers are: at the end of training.
            found[f"X of {name}"] = Known(np.maximum(part.days - self.horizon, train), part.X)
            found[f"Y of {name}"] = Known(np.maximum(part.days, train), part.Y, is_target=name != "train")
        return found

    def _values(self, close: np.ndarray) -> np.ndarray:
        """The features of all days but the first few, (days − lookback, features), not scaled."""
        columns = [
            FEATURES[name].function(close)[self._lookback - FEATURES[name].lookback :]
            if name in FEATURES
            else self.prices.columns[name][self._lookback :]
            for name in self.features
        ]
        return np.stack(columns, axis=1)


def _check_settings(features: list[str], known: list[str], target: str, window: int, horizon: int, *days: int) -> None:
    if target not in ("return", "price"):
        raise ValueError(f"target is {target!r}, expected 'return' or 'price'.")
    if not features or not {*features} <= {*known} or len({*features}) < len(features):
        raise ValueError(f"features is {features}, expected one or more of {known}, each once, in a list.")
    if not all(is_whole(number, 1) for number in (window, horizon, *days)):
        raise ValueError(
            f"window={window!r}, horizon={horizon!r}, test_days={days[0]!r} and validation_days={days[1]!r}: "
            "all must be whole numbers, 1 or more."
        )
