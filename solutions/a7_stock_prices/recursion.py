"""Many days from one: a small many-to-one RNN that is fed its own forecasts; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong


def rnn(X, params):
    """The notebook's many-to-one RNN: X (n, T, 1) → (n, 1)."""
    H = np.zeros((len(X), len(params["b_h"])))
    for t in range(X.shape[1]):
        H = np.tanh(X[:, t] @ params["W_xh"] + H @ params["W_hh"] + params["b_h"])  # (n, h)
    return H @ params["W_hq"] + params["b_q"]  # (n, 1)


def recursive_forecast(close, num_days, T, mean, std, params):
    returns = np.diff(np.log(close))  # (days − 1,)
    window, price, prices = ((returns - mean) / std)[-T:], close[-1], []  # (T,), ()
    for _ in range(num_days):
        said = rnn(window[None, :, None], params)[0, 0]  # (), scaled
        value = said * std + mean  # (), a return
        price = price * np.exp(value)  # ()
        prices.append(price)
        window = np.append(window[1:], said)  # (T,)
    return np.array(prices)  # (num_days,)


# fmt: off
WRONG_RECURSIONS = [
    Wrong("window_stands_still", {"np.append(window[1:], said)": "window"},
          "Each day is forecast from the same window, so the same return comes every day. What was forecast becomes a "
          "day of the next window."),
    Wrong("a_day_late", {"np.array(prices)": "np.append(close[-1], prices[:-1])"},
          "The first price is the last known one, so that all others come a day late.", keeps=0.25),
    Wrong("window_grows", {"window[1:]": "window"},
          "The window grows by a day each time. The network has learned windows of T days: the oldest day leaves.",
          keeps=0.5),
    Wrong("newest_day_in_front", {"window[1:], said": "said, window[:-1]"},
          "The forecast enters at the front of the window, where its oldest day is, and the newest day leaves.",
          keeps=0.25),
    Wrong("newest_day_overwritten", {"window[1:]": "window[:-1]"},
          "The forecast takes the place of the newest day of the window; it is the oldest one that leaves.",
          keeps=0.25),
    Wrong("zero_fed_back", {"window[1:], said": "window[1:], 0.0"},
          "Zeros enter the window in the place of what was forecast.", keeps=0.25),
    Wrong("fed_back_unscaled", {"window[1:], said": "window[1:], value"},
          "The forecast is fed back as a return. The window holds scaled returns, so that the network is given numbers "
          "of the kind that it has learned from.", keeps=0.5),
    Wrong("fed_back_scaled_twice", {"window[1:], said": "window[1:], (said - mean) / std"},
          "The forecast is scaled once more before it is fed back. What the network says is scaled already.",
          keeps=0.5),
    Wrong("always_from_the_last_price", {"price * np.exp": "close[-1] * np.exp"},
          "Each price is made from the last known one with one day's return. The returns add up: each price is made "
          "from that of the day before, which is a forecast itself.", keeps=0.5),
    Wrong("first_window", {"[-T:]": "[:T]"},
          "The forecast starts from the oldest window of the series; it starts from the newest one.", keeps=0.5),
    Wrong("newest_return_left_out", {"[-T:]": "[-T - 1 : -1]"},
          "The first window ends a day too early: the last known day's return is missing.", keeps=0.5),
    Wrong("not_scaled_back", {"said * std + mean": "said"},
          "What the network says is taken for a return. It is a scaled one.", keeps=0.25),
    Wrong("mean_not_added_back", {"said * std + mean": "said * std"},
          "Only the standard deviation is taken back. The mean was taken off before, so it is added now.", keeps=0.5),
    Wrong("window_not_scaled", {"(returns - mean) / std": "returns"},
          "The first window holds returns as they are. The network has learned from scaled ones.", keeps=0.5),
    Wrong("returns_as_shares", {"np.exp(value)": "(1 + value)"},
          "A price is made with one plus the return. It is a log return: its exponential is the factor.", keeps=0.5),
    Wrong("returns_added", {"price * np.exp(value)": "price + value"},
          "The return is added to the price as if it were money.", keeps=0.25),
]
