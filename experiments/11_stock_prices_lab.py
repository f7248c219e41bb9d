"""Stock prices a day ahead: models, tickers and years, intervals, shuffled returns, and a recipe that flatters itself.

"models": each model and ticker, two seeds, scored on the last 100 days. "interval": the quantiles 0.05, 0.5 and 0.95,
scored on the last 350 days. "years": AAPL, trained anew for each year on all the days before it. "shuffled": AAPL with
its returns in an order drawn by chance, one for each seed. "recipe": prices between 0 and 1 in place of returns, scaled
by the training part or by everything. All read windows of 20 days into 16 units, five passes, or eight for the recipe.
"""

import importlib
from itertools import product

import numpy as np

from course_utils import experiments
from course_utils.datasets import StockData, load_prices
from course_utils.datasets.batches import ArrayBatches
from course_utils.datasets.stocks import TICKERS, Prices
from course_utils.forecasting import coverage, diebold_mariano, lag_correlations, mae, rmse, scores, walk_forward
from course_utils.leaks import shuffle_returns

BATCH_SIZE, UNITS, PASSES, VALIDATION_DAYS = 64, 16, 5, 250
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
    *({"study": "models", "ticker": t, "model": m, "seed": s} for t, m, s in product(TICKERS, MODELS, (0, 1))),
    *({"study": "interval", "ticker": t, "model": "quantiles", "seed": s} for t, s in product(TICKERS, (0, 1))),
    *(
        {"study": "years", "ticker": "AAPL", "model": model, "seed": 0, "year": fold.year}
        for model, fold in product([*MODELS, "quantiles"], YEARS)
    ),
    *({"study": "shuffled", "ticker": "AAPL", "model": "LSTM", "seed": seed} for seed in range(5)),
    *(
        {"study": "recipe", "ticker": t, "model": "RNN", "seed": seed, "scaler": scaler}
        for t, seed, scaler in product(TICKERS, (0, 1), ("training", "everything"))
    ),
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


def trained(framework, model, batches, passes=PASSES, lr=0.003):
    """A function from windows to what the trained model says of them, as arrays."""
    features, outputs = batches.X.shape[2], len(QUANTILES) if model == "quantiles" else 1
    build = {"torch": torch_forecaster, "tensorflow": tensorflow_forecaster}[framework]
    net, predict, loss = build(features, outputs, **MODELS.get(model, {"kind": "LSTM"}))
    course = importlib.import_module(f"course_utils.{framework}")
    course.Trainer(max_epochs=passes, lr=lr, decay=True, loss=loss).fit(net, batches)
    return predict


def pinball(Y, forecast):
    error = Y - forecast  # (n, k)
    return float(np.maximum(QUANTILES * error, (QUANTILES - 1) * error).mean())


def intervals(data, predict, parts):
    """Quantile loss and coverage of the model, of the training part's quantiles, and of those times the volatility."""

    def volatility(part):
        return data.feature_scaler.unscale(part.X[:, -1])[:, 1:]  # (n, 1)

    train = data.parts["train"]
    Y, X = (np.concatenate([getattr(data.parts[name], field) for name in parts]) for field in ("Y", "X"))
    lively = np.concatenate([volatility(data.parts[name]) for name in parts])  # (n, 1)
    said = {
        "model": predict(X),  # (n, 3)
        "constant": np.tile(np.quantile(train.Y, QUANTILES), (len(Y), 1)),
        "rule": lively * np.quantile(train.Y / volatility(train), QUANTILES),
    }
    found = {}
    for name, forecast in said.items():
        forecast = np.sort(forecast, axis=1)
        found[f"pinball_{name}"] = pinball(Y, forecast)
        found[f"coverage_{name}"] = coverage(Y[:, 0], forecast[:, 0], forecast[:, 2])
    return found


def futures(data, predict, past, num_days, number=200):
    """Prices (number, num_days) after `past`, each day what the model says and an error that it made in training."""
    rng, train = np.random.default_rng(0), data.parts["train"]
    errors = data.target_scaler.unscale(train.Y) - data.target_scaler.unscale(predict(train.X))  # (n, 1)
    paths = np.tile(past[-data.window - 1 :], (number, 1))
    for _ in range(num_days):
        returns = np.diff(np.log(paths[:, -data.window - 1 :]), axis=1)[:, :, None]  # (number, window, 1)
        said = predict(data.feature_scaler.scale(returns).astype(np.float32))  # (number, 1)
        change = data.target_scaler.unscale(said)[:, 0] + rng.choice(errors[:, 0], number)
        paths = np.append(paths, (paths[:, -1] * np.exp(change))[:, None], axis=1)
    return paths[:, -num_days:]


def of_year(framework, model, ticker, year):
    prices = load_prices(ticker)
    [fold] = [fold for fold in YEARS if fold.year == year]
    days = fold.stop - fold.start
    features = ["return", "volatility"] if model == "quantiles" else None
    data = StockData(
        prices.until(fold.stop),
        test_days=days,
        validation_days=VALIDATION_DAYS,
        features=features,
        batch_size=BATCH_SIZE,
    )
    predict, test = trained(framework, model, data.train), data.parts["test"]
    if model == "quantiles":
        return intervals(data, predict, ["test"])
    forecast = data.to_prices(predict(test.X), test.last)[:, 0]
    actual, said, last = np.log(test.actual), np.log(forecast), np.log(test.last)
    found = {
        "error": 100 * mae(actual, said),
        "error_persistence": 100 * mae(actual, last),
        "p": diebold_mariano(actual, said, last).p_value,
    }
    if model == "LSTM":
        paths = futures(data, predict, prices.close[: fold.start], 100)
        low, high = np.quantile(paths, [0.05, 0.95], axis=0)
        truth = prices.close[fold.start : fold.start + 100]
        found["path_coverage"] = coverage(truth, low, high)
        found["path_end"] = int(low[-1] <= truth[-1] <= high[-1])
    return found


def recipe(framework, ticker, seed, scaler):
    """RMSE over that of persistence, of prices that are scaled to lie between 0 and 1."""
    data = StockData(ticker, target="price", batch_size=BATCH_SIZE)
    known = data.prices.close[: data.parts["train"].days[-1] + 1] if scaler == "training" else data.prices.close
    lowest, width = known.min(), np.ptp(known)
    train, test = data.parts["train"], data.parts["test"]

    def scale(scaled, by):
        return ((by.unscale(scaled) - lowest) / width).astype(np.float32)

    X, Y = scale(train.X, data.feature_scaler), scale(train.Y, data.target_scaler)
    batches = ArrayBatches(X, Y, BATCH_SIZE, np.random.default_rng(seed))
    predict = trained(framework, "RNN", batches, passes=8, lr=0.005)
    forecast = predict(scale(test.X, data.feature_scaler))[:, 0] * width + lowest
    return {"rmse": rmse(test.actual, forecast), "rmse_persistence": rmse(test.actual, test.last)}


def run(framework, study, ticker, model, seed, year=None, scaler=None):
    if study == "years":
        return of_year(framework, model, ticker, year)
    if study == "recipe":
        return recipe(framework, ticker, seed, scaler)
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
        "lag_0": lag_correlations(test.actual, forecast, 1)[0],
        "lag_1": lag_correlations(test.actual, forecast, 1)[1],
    }


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
