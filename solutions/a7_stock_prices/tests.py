"""What is asked of the students' functions; the right and the wrong answers are in the files beside."""

import numpy as np

from course_utils.assignments import question
from course_utils.assignments.nested import difference

from .measures import WRONG_BASELINES, WRONG_MEASURES, baselines, measures
from .own import BY_NEIGHBOURS, WRONG_MODELS, guesses, my_forecasts
from .recursion import WRONG_RECURSIONS, recursive_forecast
from .windows import WRONG_SCALES, WRONG_WINDOWS, split_and_scale, windows

BY_HAND = {"explain_shift": 5, "lab_report": 12}  # points of what people grade

STOCKS = "course_utils.datasets.stocks"
FORECASTING = "course_utils.forecasting"
READY_MADE_MODELS = (
    *(f"{FORECASTING}.{name}" for name in ("autoregression", "drift", "one_step_forecast", "recursive_forecast")),
    *(f"numpy.{name}" for name in ("linalg.lstsq", "linalg.pinv", "linalg.solve", "polyfit")),
    *(f"torch.linalg.{name}" for name in ("lstsq", "pinv", "solve")),
    *(f"tensorflow.linalg.{name}" for name in ("lstsq", "pinv", "solve")),
    *(f"sklearn.linear_model.{name}" for name in ("LinearRegression", "Ridge", "RidgeCV")),
    "sklearn.neighbors.KNeighborsRegressor",
)
NEAR = 0.15  # of the highest price; networks that have learned the rule are mostly within 0.05, and 0.1 at their worst


def draw_prices(rng, days):
    """Livelier than any share, so that no mistake is small."""
    return rng.uniform(1, 2) * np.exp(np.cumsum(rng.normal(0.05, 0.3, size=days)))


@question(
    {"one day ahead": 5, "several days ahead": 3},
    reference=windows,
    explained="chapter 11, “Windows that fit on the screen”, and the text above the exercise",
    forbids=(f"{STOCKS}.StockData",),
    wrong=WRONG_WINDOWS,
)
def check_windows(student, rng):
    close = draw_prices(rng, 15)
    yield "one day ahead", student.call("windows", close, 4, 1)
    yield "several days ahead", student.call("windows", close, 5, 3)


@question(
    {"the scaled parts": 5, "test days move nothing": 3},
    reference=split_and_scale,
    explained="chapter 11, “A split by time, and a scaler that knows the past only”",
    forbids=(f"{STOCKS}.StockData", f"{STOCKS}.Scaler"),
    wrong=WRONG_SCALES,
    for_nothing=0.16,  # numbers by chance move with every day, as those of a scaler fitted to all days do
)
def check_split_and_scale(student, rng):
    test_days = 5
    X = rng.normal([1.0, -2.0, 0.5], [1.0, 3.0, 0.5], size=(13, 4, 3))  # (n, T, d)
    Y = rng.normal(1.0, 2.0, size=(13, 1))
    X[-test_days:] *= 2  # livelier days
    Y[-test_days:] *= 2
    found = student.call("split_and_scale", X, Y, test_days)
    yield "the scaled parts", found
    later = np.arange(13) >= 13 - test_days
    found_then = []
    for days in (later, ~later):  # the training days do move it: a constant is no answer
        changed = [
            part + days.reshape(-1, *[1] * (part.ndim - 1)) * rng.uniform(1, 2, size=part.shape) for part in (X, Y)
        ]
        found_then.append(student.call("split_and_scale", *changed, test_days))
    in_thousandths = student.call("split_and_scale", 1000 * X, 1000 * Y, test_days)
    yield (
        "test days move nothing",
        {
            "by test days": moved(found, found_then[0]),
            "by training days": moved(found, found_then[1]),
            # neither numbers out of a list nor those that came are an answer
            "X_train": kind(found, X[:-test_days]),
            "X_train in another unit": kind(in_thousandths, 1000 * X[:-test_days]),
        },
    )


def kind(found, X_train):
    """What X_train is beside what it is made of, in words."""
    scaled = np.ravel(found["X_train"])
    if scaled.size != X_train.size or not scaled.std() > 0:
        return "is something else"
    if abs(scaled).max() > 100:
        return "is as large as what it is made of"
    return "goes up and down with it" if np.corrcoef(scaled, X_train.ravel())[0, 1] > 0.3 else "is something else"


def moved(one, other):
    """Which entries of what the training part makes are different, in words."""
    names = ("X_train", "Y_train", "mean", "std")
    if not (isinstance(one, dict) and isinstance(other, dict) and {*names} <= one.keys() & other.keys()):
        return "there is nothing to compare"
    return "moved: " + (", ".join(name for name in names if difference(one[name], other[name], 1e-4)) or "nothing")


@question(
    {"a day ahead": 3, "from the last training day": 3},
    reference=baselines,
    explained="chapter 11, “Baselines first” and “Two forecasts, always told apart”, and the text above the exercise",
    forbids=tuple(f"{FORECASTING}.{name}" for name in ("drift", "autoregression", "persistence")),
    wrong=WRONG_BASELINES,
)
def check_baselines(student, rng):
    while True:
        close = draw_prices(rng, 14)
        growth = [np.log(close[-n - 1] / close[0]) / (13 - n) for n in (5, 6)]
        shares = [np.mean(close[1:-n] / close[: -n - 1]) - 1 for n in (5, 6)]
        # or it would not be seen whether and from when on it is used, and what of
        if np.abs(growth).min() > 0.06 and np.abs(shares).min() > 0.04:
            break
    yield "a day ahead", student.call("baselines", close, 5)
    yield "from the last training day", student.call("baselines", close, 6, recursive=True)


@question(
    {"the measures": 6, "days that do not count": 2, "no direction at all": 1},
    reference=measures,
    explained="chapter 11, “The measures”, and the text above the exercise",
    forbids=(
        *(f"{FORECASTING}.{name}" for name in ("mae", "rmse", "mase", "directional_accuracy", "scores")),
        "scipy.stats.binomtest",
        "scipy.stats._binomtest.BinomTestResult.proportion_ci",
        "statsmodels.stats.proportion.proportion_confint",
    ),
    wrong=WRONG_MEASURES,
)
def check_measures(student, rng):
    train, n = draw_prices(rng, 12), 11
    last = draw_prices(rng, n)
    up = rng.permutation([1] * 8 + [-1] * 3)  # which way the prices go, and which way they are said to go
    hit = rng.permutation([1] * 7 + [-1] * 4)
    actual = last * np.exp(up * rng.uniform(0.1, 0.4, size=n))
    forecast = last * np.exp(up * hit * rng.uniform(0.1, 0.4, size=n))
    yield "the measures", student.call("measures", actual, forecast, last, train)
    still = rng.permutation(n)
    actual, forecast = actual.copy(), forecast.copy()
    actual[still[:3]] = last[still[:3]]
    forecast[still[2:4]] = last[still[2:4]]  # on one day neither moves
    yield "days that do not count", student.call("measures", actual, forecast, last, train)
    yield "no direction at all", student.call("measures", actual, last, last, train)


@question(
    {"one day": 3, "many days": 5},
    reference=recursive_forecast,
    explained="chapter 11, “A hundred days from one start, with an interval”, and the text above the exercise",
    forbids=(f"{FORECASTING}.recursive_forecast",),
    wrong=WRONG_RECURSIONS,
    for_nothing=0.1,  # for a single day, the last price is what comes from a forecast that is a day late
)
def check_recursive_forecast(student, rng):
    close, h = draw_prices(rng, 11), 5
    shapes = {"W_xh": (1, h), "W_hh": (h, h), "b_h": (h,), "W_hq": (h, 1), "b_q": (1,)}
    params = {name: rng.normal(scale=0.6, size=shape) for name, shape in shapes.items()}
    params["b_q"] = np.array([rng.choice([-0.8, 0.8])])
    mean, std = 0.1, 0.4
    yield "one day", student.call("recursive_forecast", close, 1, 4, mean, std, params)
    yield "many days", student.call("recursive_forecast", close, 7, 4, mean, std, params)


@question(
    {
        "a day ahead": 4,
        "from the last training day": 3,
        "the future moves nothing": 3,
        "all that is known counts": 2,
        "the same model each time": 2,
    },
    reference=my_forecasts,
    explained="chapter 11, “Training” and “Does it know the future? Change it, and look”",
    forbids=READY_MADE_MODELS,
    needs=("windows", "split_and_scale", "recursive_forecast"),
    tolerance=NEAR,
    wrong=WRONG_MODELS,
    for_nothing=0.22,  # two prices to within NEAR: a guess meets them once in a while
)
def check_my_forecasts(student, rng):
    n, changes = 6, 3  # days to forecast, and the first of them that is another later on
    close = draw_bent(rng, n)
    ahead = student.call("my_forecasts", close, n)
    yield "a day ahead", ahead
    yield "from the last training day", student.call("my_forecasts", close, 2, recursive=True)
    model = {"a day ahead": near(ahead, close[-n:])}  # what is no better than a guess has no points in any part
    recursive = student.call("my_forecasts", close, n, recursive=True)
    other = close.copy()
    other[changes - n :] *= np.exp(rng.choice([-1, 1]) * rng.uniform(0.3, 0.6))  # one return is another
    other_ahead = student.call("my_forecasts", other, n)
    other_recursive = student.call("my_forecasts", other, n, recursive=True)
    days = moves(ahead, other_ahead, n)
    yield (
        "the future moves nothing",
        {
            "forecasts before the change": days[:changes],
            "the forecast of its day": days[changes],
            "those from the last training day": moves(recursive, other_recursive, n),
        }
        | model,
    )
    returns = moves(rise(ahead, close, n), rise(other_ahead, other, n), n)
    yield (
        "all that is known counts",
        {
            "the day after": days[changes + 1],
            "its return": returns[changes + 1],
            "two days after": days[changes + 2],
            "the return of that day": returns[changes + 2],
        }
        | model,
    )
    trained_on = close.copy()
    trained_on[:OLDER_DAYS] = close[OLDER_DAYS] ** 2 / close[:OLDER_DAYS]  # what rose falls: the rule is mirrored
    yield (
        "the same model each time",
        {
            "the same days, asked again": moves(ahead, recursive, n)[0],
            "other training days": moves(ahead, student.call("my_forecasts", trained_on, n), n)[0],
        }
        | model,
    )


DAYS, OLDER_DAYS, GUESSES = 500, 400, guesses()


def draw_bent(rng, n):
    """Prices whose next return follows from the last two, by a rule that is no straight line and never repeats itself.

    Drawn until nobody who has not learned it is near on the last n days, nor from two days before the end; and until
    whoever has learned it roughly is, also after a price that is 5 % off: where such days are rare, or small errors
    grow, good networks miss it too.
    """
    while True:
        x = rng.uniform(0.1, 0.2, size=2).tolist()
        while len(x) < DAYS + 50:
            x.append(1 - 0.75 * (x[-1] + x[-2]) ** 2 + 0.5 * x[-1])
        returns = rng.choice([-1, 1]) * rng.uniform(0.6, 0.7) * (np.array(x[-DAYS:]) - 0.316)
        close = np.exp(returns.cumsum())
        close *= 10 ** rng.uniform(0.4, 2) / close[-n:].min()  # no price is a guess at all others
        low, high = np.quantile(returns, [0.08, 0.94])
        if returns[-n - 2 :].min() < low or returns[-n - 2 :].max() > high:
            continue
        nudged = [np.append(close[:-2], [close[-2] * factor, close[-1]]) for factor in (0.95, 1.05)]
        if any(
            difference(learned(close, n), close[-n:], 0.04)
            or difference(learned(close, 2, True), close[-2:], 0.04)
            or any(difference(learned(other, 1), close[-1:], 0.05) for other in nudged)
            for learned in BY_NEIGHBOURS
        ):
            continue
        if all(
            difference(guess(close, n), close[-n:], 0.25) and difference(guess(close, 2, True), close[-2:], 0.2)
            for guess in GUESSES
        ):
            return close


def near(forecasts, prices):
    """In words, whether forecasts are as near as the first part asks for."""
    found = numbers(forecasts, len(prices))
    return "far off" if found is None or difference(found, prices, NEAR) else "near"


def rise(forecasts, close, n):
    """Forecasts as shares of the price that is known when they are made."""
    found = numbers(forecasts, n)
    return None if found is None else found / close[-n - 1 : -1]


def moves(one, other, n):
    """For each day "stays" or "moves"; for all "is no price" where (n,) prices did not come."""
    both = [numbers(value, n) for value in (one, other)]
    if any(each is None for each in both):
        return ["is no price"] * n
    gaps = np.abs(both[0] - both[1]) / np.abs(both[0])
    return ["moves" if gap > 1e-4 else "stays" for gap in gaps]


def numbers(value, n):
    try:
        found = np.asarray(value, dtype="float64").ravel()
    except (TypeError, ValueError):
        return None
    return found if found.shape == (n,) and np.isfinite(found).all() and found.all() else None
