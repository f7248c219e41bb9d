"""Stock prices a day ahead: models, tickers and years, intervals, and returns in an order drawn by chance.

"models": each model and ticker, three seeds, scored on the last 100 days; depth and both directions for AAPL only.
"interval": the quantiles 0.05, 0.5 and 0.95, scored on the last 350 days. "years": AAPL, the same quantiles, trained
anew for each year on all the days before it but the last 250, on which the interval is calibrated. "shuffled": AAPL
with its returns in an order drawn by chance, one for each seed. All read windows of 20 days into 16 units, five epochs.
"""

import importlib
from itertools import product

import numpy as np

from course_utils import experiments
from course_utils.datasets import StockData, load_prices
from course_utils.datasets.stocks import TICKERS, Prices, log_returns
from course_utils.forecasting import (
    clark_west,
    coverage,
    diebold_mariano,
    garch,
    lag_correlations,
    mae,
    rmse,
    scores,
    walk_forward,
)
from course_utils.leaks import shuffle_returns

BATCH_SIZE, UNITS, EPOCHS, VALIDATION_DAYS, SEEDS = 64, 16, 5, 250, range(3)
MODELS = {
    "RNN": {"kind": "RNN"},
    "GRU": {"kind": "GRU"},
    "LSTM": {"kind": "LSTM"},
    "LSTM, two layers": {"kind": "LSTM", "layers": 2},
    "LSTM, both ways": {"kind": "LSTM", "both_ways": True},
}
QUANTILES = np.array([0.05, 0.5, 0.95], dtype=np.float32)
YEARS = [fold for fold in walk_forward(load_prices("AAPL").dates, min_days=900) if fold.stop - fold.start > 200]

STUDIES = [
    *(
        {"study": "models", "ticker": ticker, "model": model, "seed": seed}
        for ticker, model, seed in product(TICKERS, MODELS, SEEDS)
        if ticker == "AAPL" or "," not in model
    ),
    *({"study": "interval", "ticker": t, "model": "quantiles", "seed": s} for t, s in product(TICKERS, SEEDS)),
    *(
        {"study": "years", "ticker": "AAPL", "model": "quantiles", "seed": seed, "year": fold.year}
        for seed, fold in product(SEEDS, YEARS)
    ),
    *({"study": "shuffled", "ticker": "AAPL", "model": "LSTM", "seed": seed} for seed in range(5)),
]
SETTINGS = [{"framework": framework, **study} for framework, study in product(("torch", "tensorflow"), STUDIES)]


def torch_forecaster(features, outputs, kind, layers=1, both_ways=False):
    import torch
    from torch import nn

    class Forecaster(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = getattr(nn, kind)(features, UNITS, layers, batch_first=True, bidirectional=both_ways)
            self.output = nn.Linear(UNITS * (1 + both_ways), outputs)

        def forward(self, X, state=None):
            last = self.rnn(X)[1]
            H = last[0] if kind == "LSTM" else last  # (layers and directions, n, h)
            H = torch.cat([H[-2], H[-1]], dim=-1) if both_ways else H[-1]  # (n, h or 2h)
            return self.output(H), None  # (n, k)

    def squared_error(outputs, Y):
        return ((outputs - Y) ** 2).mean()

    def quantile_loss(outputs, Y):
        q, error = torch.as_tensor(QUANTILES), Y - outputs  # (k,), (n, k)
        return torch.maximum(q * error, (q - 1) * error).mean()

    model = Forecaster()
    predict = torch.no_grad()(lambda X: model(torch.as_tensor(X))[0].numpy())
    return model, predict, squared_error if outputs == 1 else quantile_loss


def tensorflow_forecaster(features, outputs, kind, layers=1, both_ways=False):
    import keras
    import tensorflow as tf

    layer = {"RNN": keras.layers.SimpleRNN, "GRU": keras.layers.GRU, "LSTM": keras.layers.LSTM}[kind]

    class Forecaster(keras.Model):
        any_length = True

        def __init__(self):
            super().__init__()
            rnns = [layer(UNITS, return_sequences=i < layers - 1) for i in range(layers)]
            self.rnns = [keras.layers.Bidirectional(rnn) for rnn in rnns] if both_ways else rnns
            self.output_layer = keras.layers.Dense(outputs)

        def build(self, input_shape=None):
            for i, rnn in enumerate(self.rnns):
                rnn.build((None, None, UNITS if i else features))
            self.output_layer.build((None, UNITS * (1 + both_ways)))

        def call(self, X, state=None, training=False):
            for rnn in self.rnns:
                X = rnn(X)  # (n, T, h), the last one (n, h or 2h)
            return self.output_layer(X), None  # (n, k)

    def squared_error(outputs, Y):
        return tf.reduce_mean((outputs - Y) ** 2)

    def quantile_loss(outputs, Y):
        error = Y - outputs  # (n, k)
        return tf.reduce_mean(tf.maximum(QUANTILES * error, (QUANTILES - 1) * error))

    model = Forecaster()
    graph = tf.function(lambda X: model(X)[0], input_signature=[tf.TensorSpec((None, None, features))])
    return model, lambda X: graph(X).numpy(), squared_error if outputs == 1 else quantile_loss


def trained(framework, model, batches):
    """A function from windows to what the trained model says of them, as arrays."""
    features, outputs = batches.X.shape[2], len(QUANTILES) if model == "quantiles" else 1
    build = {"torch": torch_forecaster, "tensorflow": tensorflow_forecaster}[framework]
    net, predict, loss = build(features, outputs, **MODELS.get(model, {"kind": "LSTM"}))
    course = importlib.import_module(f"course_utils.{framework}")
    course.Trainer(max_epochs=EPOCHS, lr=0.003, decay=True, loss=loss).fit(net, batches)
    return predict


def pinball(Y, forecast):
    error = Y - forecast  # (n, k)
    return float(np.maximum(QUANTILES * error, (QUANTILES - 1) * error).mean())


def quantiles(data, predict):
    """The quantiles of the model and of its rivals, by name, as functions of a part of the data: (n, 3), in order."""
    train, returns = data.parts["train"], log_returns(data.prices.close)
    sigma = garch(returns[: train.days[-1]]).volatility(returns)  # (days,): sigma[i] is that of day i + 1

    def of_days(part):
        return sigma[part.days - 1][:, None]  # (n, 1)

    def volatility(part):
        return data.feature_scaler.unscale(part.X[:, -1])[:, 1:]  # (n, 1)

    def times(size):
        ratio = np.quantile(train.Y / size(train), QUANTILES)  # (3,)
        return lambda part: size(part) * ratio

    return {
        "model": lambda part: np.sort(predict(part.X), axis=1),
        "constant": lambda part: np.tile(np.quantile(train.Y, QUANTILES), (len(part.Y), 1)),
        "rule": times(volatility),
        "garch": times(of_days),
    }


def intervals(data, predict, parts):
    """Quantile loss and coverage of the model and of its rivals on these parts, one after the other."""
    Y, found = np.concatenate([data.parts[name].Y for name in parts]), {}
    for name, said in quantiles(data, predict).items():
        forecast = np.concatenate([said(data.parts[part]) for part in parts])  # (n, 3)
        found[f"pinball_{name}"] = pinball(Y, forecast)
        found[f"coverage_{name}"] = coverage(Y[:, 0], forecast[:, 0], forecast[:, 2])
    return found


def calibrated(data, predict):
    """Coverage in the test part once each interval is widened, or narrowed, to hold 90 % of the validation part."""
    validation, test, found = data.parts["validation"], data.parts["test"], {}
    for name, said in quantiles(data, predict).items():
        low, _, high = said(validation).T  # (n,) each
        outside = np.maximum(low - validation.Y[:, 0], validation.Y[:, 0] - high)  # (n,): below 0 inside
        margin = np.quantile(outside, 0.9)
        low, _, high = said(test).T
        found[f"calibrated_{name}"] = coverage(test.Y[:, 0], *np.sort([low - margin, high + margin], axis=0))
    return found


def of_year(framework, ticker, year, seed):
    [fold] = [fold for fold in YEARS if fold.year == year]
    data = StockData(
        load_prices(ticker).until(fold.stop),
        test_days=fold.stop - fold.start,
        validation_days=VALIDATION_DAYS,
        features=["return", "volatility"],
        batch_size=BATCH_SIZE,
        seed=seed,
    )
    predict, test = trained(framework, "quantiles", data.train), data.parts["test"]
    median = data.to_prices(predict(test.X)[:, 1:2], test.last)[:, 0]  # (n,)
    actual, said, last = np.log(test.actual), np.log(median), np.log(test.last)
    return {
        "error": 100 * mae(actual, said),
        "error_persistence": 100 * mae(actual, last),
        "p": diebold_mariano(actual, said, last, "absolute").p_value,
        **intervals(data, predict, ["test"]),
        **calibrated(data, predict),
    }


def run(framework, study, ticker, model, seed, year=None):
    if study == "years":
        return of_year(framework, ticker, year, seed)
    prices = load_prices(ticker)
    if study == "shuffled":
        prices = Prices(prices.dates, shuffle_returns(prices.close, seed))
    features = ["return", "volatility"] if model == "quantiles" else None
    data = StockData(prices, features=features, batch_size=BATCH_SIZE, seed=seed)
    predict, test = trained(framework, model, data.train), data.parts["test"]
    if study == "interval":
        return intervals(data, predict, ["validation", "test"])
    forecast = data.to_prices(predict(test.X), test.last)[:, 0]
    known = data.prices.close[: data.parts["train"].days[-1] + 1]
    return {
        **scores(test.actual, forecast, test.last, known),
        "against_persistence": rmse(test.actual, forecast) / rmse(test.actual, test.last),
        "p_clark_west": clark_west(test.actual, forecast, test.last).p_value,
        "lag_0": lag_correlations(test.actual, forecast, 1)[0],
        "lag_1": lag_correlations(test.actual, forecast, 1)[1],
    }


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
