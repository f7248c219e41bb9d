"""Assignment 7's question about a model of one's own: what the course hands out is no answer, its recipe is one."""

import ast
import time
from types import SimpleNamespace

import numpy as np
import pytest
from assignment_helpers import MASTERS, cells, solved

from course_utils import forecasting
from course_utils.assignments import Forbidden, LocalStudent, hidden
from course_utils.datasets.batches import ArrayBatches
from course_utils.grading.limits import Limits
from course_utils.workshop.chapters import ROOT

LAB = "a7_stock_prices"
[QUESTION] = [question for question in MASTERS[LAB].questions if question.id == "my_forecasts"]


def of_the_course(make):
    """Forecasts by a step of the course's own, as if it were a model."""

    def my_forecasts(close, num_days, recursive=False):
        step = make(close[:-num_days])
        if recursive:
            return forecasting.recursive_forecast(step, close[:-num_days], num_days)
        return forecasting.one_step_forecast(step, close, num_days)

    return my_forecasts


def as_days_ago(days):
    """The price, or the return, of so many days ago."""
    return {
        f"the price of {days} days ago": lambda train: lambda close: close[-days],
        f"the return of {days} days ago": lambda train: lambda close: close[-1] * close[-days] / close[-days - 1],
    }


NO_MODEL = {
    "persistence": lambda train: forecasting.persistence,
    "drift": forecasting.drift,
    **{f"{lags} lags": lambda train, lags=lags: forecasting.autoregression(train, lags) for lags in (1, 2, 3, 5, 20)},
    **as_days_ago(2),
    **as_days_ago(3),
    **as_days_ago(5),
}


@pytest.mark.parametrize("name", NO_MODEL)
def test_what_needs_no_network_has_no_points(name):
    answer = LocalStudent({"my_forecasts": of_the_course(NO_MODEL[name])}, "numpy")
    for seed in (1, 2):
        mark = QUESTION.check(answer, np.random.default_rng(seed))
        assert mark.points == 0, mark.parts


@pytest.mark.parametrize("name", ["autoregression", "drift", "one_step_forecast", "recursive_forecast"])
def test_the_courses_own_forecasts_are_hidden(name):
    with pytest.raises(Forbidden, match=f"{name} is hidden"), hidden(QUESTION.declared.forbids, {}):
        getattr(forecasting, name)(np.arange(1.0, 9.0))


class Timed(LocalStudent):
    """A student whose calls are timed; `longest` is in processor seconds."""

    longest = 0.0

    def call(self, name, /, *args, **kwargs):
        began = time.process_time()
        found = super().call(name, *args, **kwargs)
        self.longest = max(self.longest, time.process_time() - began)
        return found


def recipe(framework):
    """`my_forecasts` by chapter 11's own class, training and prediction, as they stand there."""
    side = {"torch": "Torch", "tensorflow": "TensorFlow"}[framework]
    wanted = {f"Forecaster{side}", f"train_{framework}", f"predict_{framework}", "in_batches", "squared_error"}
    [chapter] = (ROOT / "chapters").glob("11_*.ipynb")
    names = solved(LAB, framework)[0].copy()
    exec(f"import course_utils.{framework} as ct, course_utils.{framework} as ctf", names)
    if framework == "torch":
        exec("from torch.nn import functional", names)
    names.update(ArrayBatches=ArrayBatches, SimpleNamespace=SimpleNamespace)
    for cell in cells(chapter):
        if cell.cell_type == "code" and any(name in cell.source for name in wanted):
            for node in ast.parse(cell.source).body:
                if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in wanted:
                    exec(ast.unparse(node), names)
    train = names[f"train_{framework}"]
    loss = names["functional"].mse_loss if framework == "torch" else names["squared_error"]

    def my_forecasts(close, num_days, recursive=False):
        close, days = np.asarray(close, "float64"), len(close) - num_days
        X, Y, _ = names["windows"](close[:days], 20, 1)  # (rows, T, 1), (rows, 1)
        mean, std = Y.mean(), Y.std()
        X, Y = (((part - mean) / std).astype("float32") for part in (X, Y))
        trained = train((X, Y), loss, epochs=40, lr=0.01)
        predict = names[f"predict_{framework}"](trained[0] if isinstance(trained, tuple) else trained)
        known, said = list(close[:days]), []
        for truth in close[days:]:
            window = ((np.diff(np.log(known[-21:])) - mean) / std).astype("float32")  # (T,)
            said.append(known[-1] * np.exp(predict(window[None, :, None])[0, 0] * std + mean))
            known.append(said[-1] if recursive else truth)
        return np.array(said)

    return my_forecasts


@pytest.mark.parametrize("framework", ["torch", "tensorflow"])
@pytest.mark.parametrize("whose", ["the master's", "the chapter's"])
def test_a_right_answer_has_every_point_and_a_third_of_the_time(whose, framework):
    pytest.importorskip(framework, reason=f"{framework} is not installed")
    namespace = solved(LAB, framework)[0] if whose == "the master's" else {"my_forecasts": recipe(framework)}
    timed = Timed(namespace, framework)
    mark = QUESTION.check(timed, np.random.default_rng(1))
    assert mark.points == mark.max_points, mark.parts
    assert timed.longest < Limits().call_seconds / 3


@pytest.mark.parametrize("framework", ["torch", "tensorflow"])
def test_whatever_is_drawn_a_network_that_has_learned_the_rule_is_near(framework):
    pytest.importorskip(framework, reason=f"{framework} is not installed")
    my_forecasts = solved(LAB, framework)[0]["my_forecasts"]
    draw_bent = QUESTION.declared.probe.__globals__["draw_bent"]
    for seed in (1, 168):  # of series that right networks once missed: such days were rare, or small errors grew
        close = draw_bent(np.random.default_rng(seed), 6)
        for days, recursive in ((6, False), (2, True)):
            forecasts = np.asarray(my_forecasts(close, days, recursive))  # (days,)
            np.testing.assert_allclose(forecasts, close[-days:], rtol=0.1)
