"""Blood sugar: the file's own rows, windows against loops, a split in time, and nothing that knows the future."""

import gzip
import math
from datetime import datetime, timedelta

import numpy as np
import pytest
from data_helpers import says
from hypothesis import given
from hypothesis import strategies as st

from course_utils.datasets import DataError, GlucoseData, Readings, load_glucose, sources
from course_utils.leaks import find_leaks

DAY = 288  # readings


def made_readings(num_days=6, seed=0, gaps=0.0):
    """A slow wave with noise, some of it missing."""
    rng, n = np.random.default_rng(seed), num_days * DAY
    values = 130 + 40 * np.sin(np.arange(n) / 25) + rng.normal(size=n)
    values[rng.random(n) < gaps] = np.nan
    times = np.datetime64("2020-02-27T00:03") + 5 * np.arange(n) * np.timedelta64(1, "m")
    return Readings(times, values)


SETTINGS = {"window": 5, "spacing": 2, "horizon": 4, "test_days": 2, "validation_days": 1, "stride": 3, "batch_size": 7}

# The file


@pytest.fixture
def rows():
    """The rows of the file, read without pandas."""
    if sources.status("glucose") != "OK":
        pytest.skip("the readings are not in the data folder: 'course data fetch glucose' brings them")
    with gzip.open(sources.path("glucose"), "rt") as lines:
        return [line.strip().split(",") for line in lines][1:]


def test_readings_lie_on_a_grid_and_the_first_of_two_stays(rows):
    readings = load_glucose()
    start = datetime.fromisoformat(rows[0][1])
    expected = {}
    for isig, when, value in rows:
        if isig != "nil":
            minutes = (datetime.fromisoformat(when) - start) // timedelta(minutes=1)
            expected.setdefault(round(minutes / 5), float(value))
    assert len(rows) == 52_281
    assert sum(isig == "nil" for isig, *_ in rows) == 1_061
    assert (len(readings.values), len(expected)) == (57_770, 51_022)
    assert {int(i): readings.values[i] for i in np.flatnonzero(np.isfinite(readings.values))} == expected
    assert (np.diff(readings.times) == np.timedelta64(5, "m")).all()
    assert (np.nanmin(readings.values), np.nanmax(readings.values)) == (40, 400)
    assert (readings.times.dtype, readings.values.dtype) == (np.dtype("datetime64[m]"), np.float64)


def test_without_the_file_there_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    for make in (load_glucose, GlucoseData):
        with pytest.raises(DataError) as error:
            make()
        says(error, str(tmp_path / "CGM.csv.gz"), "missing", "'course data fetch glucose'")


# Windows


@given(st.integers(0, 50), st.sampled_from([0.0, 0.02, 0.1]), st.integers(1, 6), st.integers(1, 3), st.integers(1, 5))
def test_windows_are_those_of_a_loop(seed, gaps, window, spacing, horizon):
    readings = made_readings(5, seed, gaps)
    data = GlucoseData(readings, window, spacing, horizon, test_days=1, validation_days=2, stride=1)
    values, n = readings.values, len(readings.values)
    borders = {"train": (0, n - 3 * DAY), "validation": (n - 3 * DAY, n - DAY), "test": (n - DAY, n)}
    known = [value for value in values[: n - 3 * DAY] if math.isfinite(value)]
    mean = sum(known) / len(known)
    std = math.sqrt(sum((value - mean) ** 2 for value in known) / len(known))
    for name, (start, stop) in borders.items():
        found = []
        for now in range((window - 1) * spacing, n - horizon):
            seen = [values[now - i * spacing] for i in reversed(range(window))]
            follows = [values[now + i] for i in range(1, horizon + 1)]
            if start <= now + 1 and now + horizon < stop and np.isfinite(seen + follows).all():
                found.append((now, seen, follows))
        part = data.parts[name]
        assert part.now.tolist() == [now for now, *_ in found]
        seen, follows = (np.array([each[i] for each in found]) for i in (1, 2))
        np.testing.assert_array_equal(part.last, seen[:, -1])
        np.testing.assert_array_equal(part.actual, follows)
        np.testing.assert_allclose(part.X[..., 0], (seen - seen[:, -1:]) / std, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(part.X[..., 1], np.tile((seen[:, -1:] - mean) / std, window), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(part.Y, (follows - seen[:, -1:]) / std, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(data.to_readings(part.Y, part.last), part.actual, rtol=1e-5)
        assert (part.X.dtype, part.Y.dtype) == (np.float32, np.float32)


def test_batches_and_strides():
    every, third = (GlucoseData(made_readings(), **{**SETTINGS, "stride": stride}) for stride in (1, 3))
    assert third.parts["train"].now.tolist() == every.parts["train"].now[::3].tolist()
    for name in ("validation", "test"):
        assert third.parts[name].now.tolist() == every.parts[name].now.tolist()
    orders = [np.concatenate([X for X, _ in third.train]) for _ in range(2)]
    assert not np.array_equal(*orders)
    np.testing.assert_array_equal(*(np.sort(order.reshape(len(order), -1), axis=0) for order in orders))
    for batches, name in ((third.heldout, "validation"), (third.test, "test")):
        X, Y = (np.concatenate(arrays) for arrays in zip(*batches, strict=True))
        np.testing.assert_array_equal(X, third.parts[name].X)
        np.testing.assert_array_equal(Y, third.parts[name].Y)
    assert next(iter(third.train))[0].shape == (7, 5, 2)


def test_until():
    readings = made_readings()
    cut = readings.until(DAY)
    assert len(cut.times) == len(cut.values) == DAY
    np.testing.assert_array_equal(cut.values, readings.values[:DAY])


# Nothing knows the future


def pipeline(readings, settings=SETTINGS):
    seen = np.isfinite(readings.values)
    return lambda values: GlucoseData(Readings(readings.times, np.where(seen, values, np.nan)), **settings).known()


def cuts(readings):
    data = GlucoseData(readings, **SETTINGS)
    starts = [data.parts[name].now[[0, 40]] + 3 for name in ("validation", "test")]
    return [len(readings.values) - 3 * DAY - 1, *np.concatenate(starts)]


@pytest.mark.parametrize("gaps", [0.0, 0.03])
def test_later_readings_move_nothing_earlier(gaps):
    readings = made_readings(gaps=gaps)
    filled = np.where(np.isfinite(readings.values), readings.values, 100)
    assert find_leaks(pipeline(readings), filled, cuts(readings)) == []


def test_a_scaler_of_everything_is_found(monkeypatch):
    readings = made_readings()
    run = pipeline(readings)

    def leaky(values):
        found = run(values)
        everything = np.array([[np.nanmean(values), np.nanstd(values)]])
        return found | {"the scaler": found["the scaler"]._replace(values=everything)}

    assert any("the scaler" in sentence for sentence in find_leaks(leaky, readings.values, cuts(readings)))


# What is refused


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"window": 0}, ValueError, ["window is 0", "1 or more"]),
        ({"spacing": 1.5}, TypeError, ["spacing is 1.5", "whole"]),
        ({"horizon": -1}, ValueError, ["horizon is -1"]),
        ({"stride": "3"}, TypeError, ["stride is '3'"]),
        ({"test_days": 5}, ValueError, ["1728 places", "1742 or more", "test_days=5"]),
    ],
)
def test_settings_that_do_not_fit(settings, error, said):
    with pytest.raises(error) as raised:
        GlucoseData(made_readings(), **{**SETTINGS, **settings})
    says(raised, *said)


def test_a_part_that_is_one_gap():
    readings = made_readings()
    readings.values[-2 * DAY :] = np.nan
    with pytest.raises(ValueError) as error:
        GlucoseData(readings, **SETTINGS)
    says(error, "test part", "gap", "more days")


def test_forecasts_that_do_not_fit():
    data = GlucoseData(made_readings(), **SETTINGS)
    part = data.parts["test"]
    for scaled, last in ((part.Y[:, 0], part.last), (part.Y, part.last[:-1]), (part.Y, part.last[:, None])):
        with pytest.raises(ValueError) as error:
            data.to_readings(scaled, last)
        says(error, "(n, horizon) and (n,)")
