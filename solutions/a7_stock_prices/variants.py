"""What is drawn for each term by `course variant`: pieces of this assignment, and what takes their places."""

# fmt: off
MEAN_OF_A_DAY = {
    # what is asked
    r"What is to be forecast is the log return from this day to the one `horizon` days later, $\log(p_{t+h} / p_t)$.":
        r"What is to be forecast is the mean log return of the `horizon` days after this one, "
        r"$\frac{1}{h} \log(p_{t+h} / p_t)$.",
    "from that price and the target one gets the price that is forecast":
        "from that price, the target and $h$ one gets the price that is forecast",
    # the right answers, in the notebooks and in NumPy
    "(log_price[days + horizon] - log_price[days])[:, None]":
        "((log_price[days + horizon] - log_price[days]) / horizon)[:, None]",
    "log_return(close[days], close[days + horizon])[:, None]":
        "log_return(close[days], close[days + horizon])[:, None] / horizon",
    # wrong ones
    '{f"log_return({TARGET})": "close[days + horizon]"}':
        '{f"log_return({TARGET})[:, None] / horizon": "close[days + horizon][:, None]"}',
    'f"log_return({TARGET})": "close[days + horizon]"},':
        'f"log_return({TARGET})[:, None] / horizon": "close[days + horizon][:, None]"},',
    'Wrong("mean_over_the_horizon", {"[:, None]": "[:, None] / horizon"}':
        'Wrong("sum_over_the_horizon", {"[:, None] / horizon": "[:, None]"}',
    "The target is the mean return of a day; what happens over the whole horizon is asked for.":
        "The target is the return over the whole horizon; the mean return of a day is asked for.",
    'Wrong("always_one_day_ahead", {"close[days + horizon]": "close[days + 1]"}':
        'Wrong("always_one_day_ahead", {"close[days + horizon])[:, None] / horizon": "close[days + 1])[:, None]"}',
    'Wrong("only_the_last_days_return", {TARGET: "close[days + horizon - 1], close[days + horizon]"}':
        'Wrong("only_the_last_days_return", {f"{TARGET})[:, None] / horizon": '
        '"close[days + horizon - 1], close[days + horizon])[:, None]"}',
    "not over all of it.": "not the mean over all of it.",
}
ONE_LESS = {
    "The variance is divided by the number of values.": "The variance is divided by the number of values less 1.",
    "known_Y.mean(), known_Y.std()": "known_Y.mean(), known_Y.std(ddof=1)",
    "known_X.std(axis=(0, 1))": "known_X.std(axis=(0, 1), ddof=1)",
    "known.std(axis=axis)": "known.std(axis=axis, ddof=1)",
    "values.std(axis=axis, keepdims=True)": "values.std(axis=axis, ddof=1, keepdims=True)",
    'Wrong("divided_by_one_less", mutant(split_and_scale, scale_of=mutant(scale_of, {"std(": "std(ddof=1, "}))':
        'Wrong("divided_by_the_number", mutant(split_and_scale, scale_of=mutant(scale_of, {", ddof=1": ""}))',
    "The variance is divided by the number of values less 1, as pandas does unless told otherwise. ":
        "The variance is divided by the number of values, as np.std does unless told otherwise. ",
    "Here it is divided by the number, as np.std does.": "Here it is divided by the number less 1, as pandas does.",
}
MEDIAN = {
    "by the mean log return $g$ of the training prices": "by the median $g$ of the training prices' log returns",
    "np.diff(np.log(train)).mean()": "np.median(np.diff(np.log(train)))",
    # not to be told from the right one: a median of shares is that of logarithms, too
    'Wrong("growth_of_shares", {"np.diff(np.log(train))": "(train[1:] / train[:-1] - 1)",\n'
    '                               "np.exp(k * growth)": "(1 + growth) ** k"}':
        'Wrong("growth_by_the_mean", {"median": "mean"}',
    "Drift grows by the mean of the simple returns. Up a half and down a third is nothing gained, but their mean ":
        "Drift grows by the mean of the log returns; their median is asked for, which no single wild ",
    "is above 0: take log returns.": "day moves.",
    "Drift's growth is a mean of logarithms": "Drift's growth is a median of logarithms",
    "growth = [np.log(close[-n - 1] / close[0]) / (13 - n) for n in (5, 6)]":
        "growth = [np.median(np.diff(np.log(close[:-n]))) for n in (5, 6)]",
}
NINETY = {
    "with a confidence of 95 %": "with a confidence of 90 %",
    "z = 1.96": "z = 1.645",
    "N, z = counts.sum(), 1.96": "N, z = counts.sum(), 1.645",
    "direction, 95 %": "direction, 90 %",
    "z=1.96": "z=1.645",
    "half = 1.96": "half = 1.645",
    "± 1.96 standard errors": "± 1.645 standard errors",
    'Wrong("interval_without_its_level", {"wilson(share, N)": "wilson(share, N, z=1.0)"}':
        'Wrong("interval_of_95", {"wilson(share, N)": "wilson(share, N, z=1.96)"}',
    "The interval has one standard error to each side, where 95 % ask for 1.96.":
        "The interval is that for 95 %, with z = 1.96; 90 % are asked for, with 1.645.",
    "an interval from 0.41 to 0.61": "an interval from 0.43 to 0.59",
}


def named(scale, recursion, model, training):
    return {
        "split_and_scale": scale,
        "recursive_forecast": recursion,
        # the course's own function keeps its name
        f'"one_step_forecast", "{recursion}"': '"one_step_forecast", "recursive_forecast"',
        f"{{FORECASTING}}.{recursion}": "{FORECASTING}.recursive_forecast",
        "my_forecasts": model,
        "fit_model": training,
    }


VARIANTS = {
    "the target": {"the whole return": {}, "a day's mean": MEAN_OF_A_DAY},
    "the scale": {"by the number": {}, "by one less": ONE_LESS},
    "drift and interval": {"mean and 95 %": {}, "median and 90 %": MEDIAN | NINETY, "mean and 90 %": NINETY},
    "names": {
        "as before": {},
        "what they do": named("cut_and_scale", "day_by_day", "say_prices", "learn"),
        "what they are": named("scaled_parts", "own_way_on", "price_model", "learned"),
    },
}
