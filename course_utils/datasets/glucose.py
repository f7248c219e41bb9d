"""Blood sugar from a continuous monitor: readings on a grid of five minutes, and windows with the hour that follows.

Everything here is NumPy, so that PyTorch and TensorFlow are given the very same batches.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from course_utils import arrays
from course_utils.datasets import sources
from course_utils.datasets.batches import ArrayBatches, generator
from course_utils.datasets.stocks import Scaler
from course_utils.errors import check_whole
from course_utils.leaks import Known

MINUTES = 5  # from one reading to the next
A_DAY = 24 * 60 // MINUTES  # readings

_FEATURES = 2


class Readings(NamedTuple):
    """What a monitor said each five minutes.

    Attributes:
        times: (n,) datetime64[m], five minutes apart.
        values: (n,) float64, in mg/dL; NaN where there is no reading.
    """

    times: np.ndarray
    values: np.ndarray

    def until(self, stop: int) -> "Readings":
        """The first `stop` of them."""
        return Readings(self.times[:stop], self.values[:stop])


def load_glucose() -> Readings:
    """The readings of one person's monitor from 24 March to 10 October 2010: 57,770 places, 51,022 of them filled.

    The file has 52,281 rows. In 1,061 of them, in August, the sensor's current is "nil": they came from another
    device, and are left out. Each other reading goes to the nearest place of a grid of five minutes; where two go to
    the same, as in a night for which there are two records, the first stays. The sensor says nothing below 40 and
    nothing above 400 mg/dL.

    Raises `DataError` when the file is missing or altered.

    >>> readings = load_glucose()
    >>> readings.times[:2].astype(str).tolist(), readings.values[:2].tolist()
    (['2010-03-24T09:51', '2010-03-24T09:56'], [258.0, 260.0])
    """
    table = pd.read_csv(sources.path("glucose"), parse_dates=["datetime"])
    table = table[table["isig"] != "nil"]
    times = table["datetime"].to_numpy().astype("datetime64[m]")
    passed = (times - times[0]) // np.timedelta64(1, "m")  # (rows,): minutes
    places, first = np.unique((passed + MINUTES // 2) // MINUTES, return_index=True)
    values = np.full(places[-1] + 1, np.nan)
    values[places] = table["glucose"].to_numpy()[first]
    return Readings(times[0] + np.arange(len(values)) * np.timedelta64(MINUTES, "m"), values)


class Ahead(NamedTuple):
    """What belongs to n forecasts, in the order of time.

    Attributes:
        X: (n, window, 2) float32: of each reading its difference from the last one, in standard deviations, and beside
            it, the same at each step, how far the last one is from the mean.
        Y: (n, horizon) float32: how far the following readings are from the last one, in standard deviations.
        now: (n,) int64, the place of the last reading, as a number that indexes the readings.
        last: (n,) float64, that reading: persistence's forecast.
        actual: (n, horizon) float64, the readings that follow.
    """

    X: np.ndarray
    Y: np.ndarray
    now: np.ndarray
    last: np.ndarray
    actual: np.ndarray


class GlucoseData:
    """Windows of readings, each with the readings that follow, split by time: training, validation, then test.

    A window is left out if one of its readings, or of those that follow, is missing: nothing is made up. A forecast
    belongs to the part in which all that it is about lies; those that would need two parts are left out. Mean and
    standard deviation are those of the readings before the validation part.

    `train`, `heldout` (the validation part, under the name that `Trainer` knows) and `test` give batches `(X, Y)` as
    `Ahead` describes them; `train` in an order drawn anew in each epoch, the others in the order of time.

    Args:
        readings: None for those of `load_glucose`.
        window: how many readings a model sees, the last one included.
        spacing: how many places they are apart: 2 is ten minutes.
        horizon: how many places ahead it is to forecast: 12 is an hour.
        test_days, validation_days: how many days each part has.
        stride: training has each so many-th window; neighbours hardly differ.
        batch_size: n; the last batch may have fewer.
        seed: of the order of the batches.

    Attributes: `readings`, `parts` (`Ahead` for "train", "validation" and "test"), `train`, `heldout`, `test`,
    `scaler`.

    >>> times = np.datetime64("2020-01-01T00:00") + 5 * np.arange(2000) * np.timedelta64(1, "m")
    >>> readings = Readings(times, 120 + 40 * np.sin(np.arange(2000) / 30))
    >>> data = GlucoseData(readings, window=4, test_days=1, validation_days=1, batch_size=8)
    >>> X, Y = next(iter(data.train))
    >>> X.shape, Y.shape, len(data.parts["test"].Y)
    ((8, 4, 2), (8, 12), 277)
    """

    def __init__(
        self,
        readings: Readings | None = None,
        window: int = 24,
        spacing: int = 2,
        horizon: int = 12,
        test_days: int = 30,
        validation_days: int = 15,
        stride: int = 3,
        batch_size: int = 128,
        seed: int = 0,
    ):
        check_whole(
            window=window,
            spacing=spacing,
            horizon=horizon,
            test_days=test_days,
            validation_days=validation_days,
            stride=stride,
        )
        self.readings = load_glucose() if readings is None else readings
        values = self.readings.values
        validation, test = len(values) - A_DAY * (test_days + validation_days), len(values) - A_DAY * test_days
        reach = (window - 1) * spacing  # places from the first reading of a window to the last one
        if validation < (needed := reach + horizon + 2):
            raise ValueError(
                f"There are {len(values)} places for readings, expected {needed + len(values) - validation} or more "
                f"for test_days={test_days} and validation_days={validation_days}: make them smaller."
            )
        known = values[:validation]
        self._last_known = validation - 1
        self.scaler = Scaler.fit(known[np.isfinite(known)])
        spans = sliding_window_view(values, reach + 1 + horizon)  # (places, reach + 1 + horizon)
        seen, follows = spans[:, : reach + 1 : spacing], spans[:, reach + 1 :]  # (places, window), (places, horizon)
        now = reach + np.arange(len(spans))  # (places,)
        whole = np.isfinite(seen).all(axis=1) & np.isfinite(follows).all(axis=1)
        parts = {
            "train": np.flatnonzero(whole & (now + horizon < validation))[::stride],
            "validation": np.flatnonzero(whole & (now + 1 >= validation) & (now + horizon < test)),
            "test": np.flatnonzero(whole & (now + 1 >= test)),
        }
        for name, rows in parts.items():
            if not len(rows):
                raise ValueError(f"The {name} part has no window without a gap, expected one or more: take more days.")
        self.parts = {name: self._ahead(seen[rows], follows[rows], now[rows]) for name, rows in parts.items()}
        self.train = ArrayBatches(*self.parts["train"][:2], batch_size, generator(seed))
        self.heldout, self.test = (ArrayBatches(*self.parts[name][:2], batch_size) for name in ("validation", "test"))

    def _ahead(self, seen: np.ndarray, follows: np.ndarray, now: np.ndarray) -> Ahead:
        last = seen[:, -1]  # (n,)
        X = np.empty((*seen.shape, _FEATURES), dtype=np.float32)  # (n, window, 2)
        X[..., 0] = (seen - last[:, None]) / self.scaler.std
        X[..., 1] = self.scaler.scale(last)[:, None]
        Y = ((follows - last[:, None]) / self.scaler.std).astype(np.float32)  # (n, horizon)
        return Ahead(X, Y, now, last, follows.copy())

    def to_readings(self, scaled: np.ndarray, last: np.ndarray) -> np.ndarray:
        """What a model says, in mg/dL: scaled (n, horizon) and the last readings (n,) give (n, horizon), float64."""
        scaled, last = arrays.numbers(scaled, "scaled"), arrays.numbers(last, "last")
        if scaled.ndim != 2 or last.shape != scaled.shape[:1]:
            raise ValueError(
                f"scaled has shape {scaled.shape} and last {last.shape}, expected (n, horizon) and (n,): "
                "a row for each forecast, and the reading at which it is made."
            )
        return last[:, None] + scaled * self.scaler.std

    def known(self) -> dict[str, Known]:
        """What all this is made of and when it is known, for `course_utils.leaks.find_leaks`; places stand for days."""
        found = {"the scaler": Known(np.array([self._last_known]), np.array([[*self.scaler]]))}
        for name, part in self.parts.items():
            # What is scaled is known once the scaler is: at the end of training.
            found[f"X of {name}"] = Known(np.maximum(part.now, self._last_known), part.X)
            known = np.maximum(part.now + part.Y.shape[1], self._last_known)
            found[f"Y of {name}"] = Known(known, part.Y, is_target=name != "train")
        return found
