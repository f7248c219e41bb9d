"""Blood sugar in the hour ahead: recurrent networks, a feed-forward one, linear forecasts and persistence.

"months": a GRU, trained anew for each of four months on all the days before it but the last fifteen, and its rivals;
three seeds in the last month, one in the others. "networks": other networks, in the last month. "shuffled": the changes
from reading to reading in an order drawn by chance. All see four hours, a reading each ten minutes; all errors are
absolute ones, in mg/dL, over the hour. "rising", "steady" and "falling" tell what the last half hour did, "low" and
"high" where the last reading is, "night" is from midnight to six.
"""

import importlib
from itertools import product

import numpy as np

from course_utils import experiments
from course_utils.datasets import GlucoseData, Readings, load_glucose
from course_utils.forecasting import diebold_mariano, linear_forecaster
from course_utils.leaks import shuffle_returns

UNITS, EPOCHS, LR, SEEDS = 32, 8, 0.005, range(3)
MONTHS, DAYS = (3, 2, 1, 0), 30  # how many months are left out at the end, and how many days each has
STEEP, LOW, HIGH = 15, 70, 180  # mg/dL in half an hour, and mg/dL
NETWORKS = ("RNN", "LSTM", "feed-forward")

STUDIES = [
    *({"study": "months", "model": "GRU", "seed": seed, "later": 0} for seed in SEEDS),
    *({"study": "months", "model": "GRU", "seed": 0, "later": later} for later in MONTHS[:-1]),
    *({"study": "networks", "model": model, "seed": 0, "later": 0} for model in NETWORKS),
    {"study": "shuffled", "model": "GRU", "seed": 0, "later": 0},
]
SETTINGS = [{"framework": framework, **study} for framework, study in product(("torch", "tensorflow"), STUDIES)]


def torch_forecaster(kind, horizon, window):
    import torch
    from torch import nn

    class Forecaster(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = None if kind == "feed-forward" else getattr(nn, kind)(2, UNITS, batch_first=True)
            self.hidden = nn.Sequential(nn.Flatten(), nn.Linear(2 * window, 64), nn.ReLU())
            self.output = nn.Linear(64 if self.rnn is None else UNITS, horizon)

        def forward(self, X, state=None):
            H = self.hidden(X) if self.rnn is None else self.rnn(X)[0][:, -1]  # (n, h)
            return self.output(H), None  # (n, horizon)

    model = Forecaster()
    if kind != "feed-forward":
        model.hidden = nn.Identity()
    return model, torch.no_grad()(lambda X: model(torch.as_tensor(X))[0].numpy()), nn.functional.l1_loss


def tensorflow_forecaster(kind, horizon, window):
    import keras
    import tensorflow as tf

    layer = {"RNN": keras.layers.SimpleRNN, "GRU": keras.layers.GRU, "LSTM": keras.layers.LSTM}

    class Forecaster(keras.Model):
        any_length = True

        def __init__(self):
            super().__init__()
            hidden = [keras.layers.Flatten(), keras.layers.Dense(64, activation="relu")]
            self.hidden = hidden if kind == "feed-forward" else [layer[kind](UNITS)]
            self.output_layer = keras.layers.Dense(horizon)

        def call(self, X, state=None, training=False):
            for each in self.hidden:
                X = each(X)
            return self.output_layer(X), None  # (n, horizon)

    def absolute_error(outputs, Y):
        return tf.reduce_mean(tf.abs(outputs - Y))

    model = Forecaster()
    model(np.zeros((1, window, 2), "float32"))  # makes the weights
    graph = tf.function(lambda X: model(X)[0], input_signature=[tf.TensorSpec((None, window, 2))])
    return model, lambda X: graph(X).numpy(), absolute_error


def shuffled(readings, seed):
    """The readings with their changes in another order, and gaps where they were."""
    seen = np.isfinite(readings.values)
    values = np.full(len(seen), np.nan)
    values[seen] = shuffle_returns(readings.values[seen], seed)
    return Readings(readings.times, values)


def run(framework, study, model, seed, later):
    readings = load_glucose()
    if study == "shuffled":
        readings = shuffled(readings, seed)
    data = GlucoseData(readings.until(len(readings.values) - later * DAYS * 288), test_days=DAYS, seed=seed)
    train, test = data.parts["train"], data.parts["test"]
    window, horizon = train.X.shape[1], train.Y.shape[1]
    build = {"torch": torch_forecaster, "tensorflow": tensorflow_forecaster}[framework]
    net, predict, loss = build(model, horizon, window)
    untrained = predict(test.X)
    course = importlib.import_module(f"course_utils.{framework}")
    course.Trainer(max_epochs=EPOCHS, lr=LR, decay=True, loss=loss).fit(net, data.train)
    levels, test_levels = (part.X.sum(axis=2, keepdims=True) for part in (train, test))  # (n, T, 1)
    said = {
        "persistence": np.zeros_like(test.Y),
        "squares": linear_forecaster(levels, train.Y)(test_levels),
        "linear": linear_forecaster(levels, train.Y, "absolute")(test_levels),
        "untrained": untrained,
        "network": predict(test.X),
    }
    errors = {name: np.abs(data.to_readings(one, test.last) - test.actual) for name, one in said.items()}
    by_reading = {name: each.mean(axis=1) for name, each in errors.items()}  # (n,)
    times = data.readings.times[test.now]  # (n,)
    days = times.astype("datetime64[D]")
    none = np.zeros(len(days))
    tested = diebold_mariano(none, by_reading["network"], by_reading["linear"], "absolute", groups=days)
    rise = data.scaler.std * (test.X[:, -1, 0] - test.X[:, -4, 0])  # (n,): mg/dL in half an hour
    moments = {
        "rising": rise > STEEP,
        "steady": np.abs(rise) <= STEEP,
        "falling": rise < -STEEP,
        "low": test.last < LOW,
        "high": test.last > HIGH,
        "night": times - days < np.timedelta64(6, "h"),
    }
    return {
        **{name: float(each.mean()) for name, each in by_reading.items()},
        **{
            f"{name}, {moment}": float(by_reading[name][when].mean())
            for name, (moment, when) in product(("persistence", "linear", "network"), moments.items())
        },
        "at_the_hour": float(errors["network"][:, -1].mean()),
        "linear_at_the_hour": float(errors["linear"][:, -1].mean()),
        "statistic": tested.statistic,
        "p": tested.p_value,
        "days": len(np.unique(days)),
    }


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
