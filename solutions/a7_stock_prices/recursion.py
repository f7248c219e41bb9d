"""Many days from one: a small many-to-one RNN that is fed its own forecasts; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong


def rnn(X, params):
    """The notebook's many-to-one RNN: X (n, T, 1) → (n, 1)."""
    H = np.zeros((len(X), len(params["b_h"])))
    for t in range(X.shape[1]):
        H = np.tanh(X[:, t] @ params["W_xh"] + H @ params["W_hh"] + params["b_h"])  # (n, h)
    return H @ params["W_hq"] + params["b_q"]  # (n, 1)


def roll(window, scaled, back):
    return np.append(window[1:], scaled)


def grow(price, first, value):
    return price * np.exp(value)


def fed_back(
    close,
    num_days,
    T,
    mean,
    std,
    params,
    begin=lambda scaled, T: scaled[-T:],
    scale=lambda value, mean, std: (value - mean) / std,
    unscale=lambda value, mean, std: value * std + mean,
    roll=roll,
    grow=grow,
):
    """The recursive forecast in parts: the first window, what is said about a day, the next window, the price."""
    window = begin(scale(np.diff(np.log(close)), mean, std), T)  # (T,)
    price, prices = close[-1], []
    for _ in range(num_days):
        said = rnn(window[None, :, None], params)[0, 0]
        value = unscale(said, mean, std)
        price = grow(price, close[-1], value)
        prices.append(price)
        window = roll(window, said, value)
    return np.array(prices)  # (num_days,)


def recursive_forecast(close, num_days, T, mean, std, params):
    return fed_back(close, num_days, T, mean, std, params)


def feeding(**parts):
    return lambda close, num_days, T, mean, std, params: fed_back(close, num_days, T, mean, std, params, **parts)


WRONG_RECURSIONS = [
    Wrong(
        "window_stands_still",
        feeding(roll=lambda window, said, value: window),
        "Each day is forecast from the same window, so the same return comes every day. What was forecast becomes a "
        "day of the next window.",
    ),
    Wrong(
        "window_grows",
        feeding(roll=lambda window, said, value: np.append(window, said)),
        "The window grows by a day each time. The network has learned windows of T days: the oldest day leaves.",
        keeps=0.5,
    ),
    Wrong(
        "newest_day_in_front",
        feeding(roll=lambda window, said, value: np.append(said, window[:-1])),
        "The forecast enters at the front of the window, where its oldest day is, and the newest day leaves.",
        keeps=0.25,
    ),
    Wrong(
        "newest_day_overwritten",
        feeding(roll=lambda window, said, value: np.append(window[:-1], said)),
        "The forecast takes the place of the newest day of the window; it is the oldest one that leaves.",
        keeps=0.25,
    ),
    Wrong(
        "zero_fed_back",
        feeding(roll=lambda window, said, value: np.append(window[1:], 0.0)),
        "Zeros enter the window in the place of what was forecast.",
        keeps=0.25,
    ),
    Wrong(
        "fed_back_unscaled",
        feeding(roll=lambda window, said, value: np.append(window[1:], value)),
        "The forecast is fed back as a return. The window holds scaled returns, so that the network is given numbers "
        "of the kind that it has learned from.",
        keeps=0.5,
    ),
    Wrong(
        "fed_back_scaled_twice",
        lambda close, num_days, T, mean, std, params: fed_back(
            close,
            num_days,
            T,
            mean,
            std,
            params,
            roll=lambda window, said, value: np.append(window[1:], (said - mean) / std),
        ),
        "The forecast is scaled once more before it is fed back. What the network says is scaled already.",
        keeps=0.5,
    ),
    Wrong(
        "always_from_the_last_price",
        feeding(grow=lambda price, first, value: first * np.exp(value)),
        "Each price is made from the last known one with one day's return. The returns add up: each price is made "
        "from that of the day before, which is a forecast itself.",
        keeps=0.5,
    ),
    Wrong(
        "first_window",
        feeding(begin=lambda scaled, T: scaled[:T]),
        "The forecast starts from the oldest window of the series; it starts from the newest one.",
        keeps=0.5,
    ),
    Wrong(
        "newest_return_left_out",
        feeding(begin=lambda scaled, T: scaled[-T - 1 : -1]),
        "The first window ends a day too early: the last known day's return is missing.",
        keeps=0.5,
    ),
    Wrong(
        "not_scaled_back",
        feeding(unscale=lambda value, mean, std: value),
        "What the network says is taken for a return. It is a scaled one.",
        keeps=0.25,
    ),
    Wrong(
        "mean_not_added_back",
        feeding(unscale=lambda value, mean, std: value * std),
        "Only the standard deviation is taken back. The mean was taken off before, so it is added now.",
        keeps=0.5,
    ),
    Wrong(
        "window_not_scaled",
        feeding(scale=lambda value, mean, std: value),
        "The first window holds returns as they are. The network has learned from scaled ones.",
        keeps=0.5,
    ),
    Wrong(
        "returns_as_shares",
        feeding(grow=lambda price, first, value: price * (1 + value)),
        "A price is made with one plus the return. It is a log return: its exponential is the factor.",
        keeps=0.5,
    ),
    Wrong(
        "returns_added",
        feeding(grow=lambda price, first, value: price + value),
        "The return is added to the price as if it were money.",
        keeps=0.25,
    ),
]
