"""Figures: a picture, words that say what it shows, and curves that grow."""

import base64
import io
from functools import cache

import matplotlib.image
import matplotlib.pyplot
import numpy as np
import pytest
from data_helpers import says
from IPython.core.formatters import DisplayFormatter

from course_utils import plotting
from course_utils.history import History
from course_utils.plotting import LiveCurves, bars, heatmap, lines, training_curves

EXAMPLES = {
    "lines": lambda: lines(
        {"a": [3.0, 1.0, 2.0], "b": ([1, 5], [2.0, 4.0])}, "Loss", "epoch", "nats", levels={"u": 3.3}
    ),
    "log": lambda: lines({"a": np.geomspace(1, 1e-9, 40)}, "Gradient", "distance", "norm", log=True, log_x=True),
    "curves": lambda: training_curves({"RNN": History(heldout_loss=[2.0, 1.0])}, "Training", levels={"5-gram": 3.89}),
    "bars": lambda: bars({"a": 2.0, "b": 3.0}, "Speed", "seconds"),
    "heatmap": lambda: heatmap([[0.0, 1.0, 0.5], [1.0, 0.0, 0.2]], "Gate", "step", "unit", list("the"), ["1", "2"]),
}


@cache
def example(name):
    return EXAMPLES[name]()


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_figure_is_a_picture_and_its_words(name):
    picture = example(name)
    data, metadata = DisplayFormatter().format(picture)
    assert data.keys() == {"image/png", "text/plain"}
    assert data["text/plain"] == str(picture) == repr(picture)
    assert data["text/plain"].startswith("Figure: ")
    assert metadata == {"image/png": {"alt": str(picture)}}
    pixels = matplotlib.image.imread(io.BytesIO(base64.b64decode(data["image/png"])))
    assert min(pixels.shape[:2]) > 100
    assert pixels[..., :3].std() > 0.01, "something is drawn"


def test_a_figure_is_the_same_at_each_run_and_none_stays_open():
    assert example("lines").png == EXAMPLES["lines"]().png
    assert matplotlib.pyplot.get_fignums() == []


def test_the_words_of_curves():
    assert str(example("lines")).splitlines() == [
        "Figure: Loss. nats against epoch; 2 lines.",
        "a: 3 points, first 3.000, last 2.000, lowest 1.000, highest 3.000",
        "b: 2 points, first 2.000, last 4.000, lowest 2.000, highest 4.000",
        "level u: 3.300",
    ]
    assert str(example("curves")).splitlines() == [
        "Figure: Training. held-out perplexity against epoch; 1 line.",
        "RNN: 2 points, first 7.389, last 2.718, lowest 2.718, highest 7.389",
        "level 5-gram: 3.890",
    ]


def test_other_data_are_other_words_and_another_picture():
    def curves(values=(1.0, 2.0, 3.0), label="a", levels=None):
        return lines({label: list(values), "z": [0.0]}, "t", "x", "y", levels=levels)

    def map_of(*rows):
        return heatmap(rows, "t", "x", "y")

    for pictures in (
        [curves(), curves((1.0, 2.5, 3.1)), curves(label="b"), curves(levels={"u": 2.0})],
        [bars({"a": 1.0}, "t", "y"), bars({"a": 1.1}, "t", "y")],
        [map_of([1.0, 2.0]), map_of([1.0, 2.1]), map_of([1.0], [2.0])],
    ):
        assert (
            len({str(picture) for picture in pictures}) == len({picture.png for picture in pictures}) == len(pictures)
        )


def test_lines_can_be_told_apart_without_colour():
    assert len({style[1:] for style in plotting.STYLES}) == len(plotting.STYLES)
    assert len(set(plotting.HATCHES)) == len(plotting.HATCHES)


def test_a_run_that_diverged_can_be_drawn():
    picture = training_curves({"no clipping": History(heldout_loss=[3.0, 800.0, float("nan")])}, "It explodes")
    assert "first 20.09" in str(picture)


def test_a_line_without_points_is_named():
    for empty in (
        lambda: lines({"a": [1.0], "b": []}, "t", "x", "y"),
        lambda: training_curves({"b": History(train_loss=[1.0])}, "t"),
    ):
        with pytest.raises(ValueError) as error:
            empty()
        says(error, "'b'", "no point", "at least one")


class Screen:
    """Stands for the notebook: what is displayed, and how often it is renewed."""

    def __init__(self):
        self.displayed, self.updated = [], []

    def display(self, picture, display_id):
        assert display_id, "without it, the picture could not be renewed"
        self.displayed.append(str(picture))
        return self

    def update(self, picture):
        self.updated.append(str(picture))


def in_words(histories, title, levels):
    """A curve that is not drawn."""
    return f"{title}: " + ", ".join(f"{name} {len(history.heldout_loss)}" for name, history in histories.items())


def grow(monkeypatch, live, seconds_between_epochs, epochs=9):
    """The screen after a run, and how often it was renewed before the curves were closed."""
    screen, now = Screen(), [100.0]
    monkeypatch.setattr(plotting, "display", screen.display)
    monkeypatch.setattr(plotting.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(plotting, "training_curves", in_words)
    if live:
        monkeypatch.delenv("CI", raising=False)
    else:
        monkeypatch.setenv("CI", "1")
    curves, history = LiveCurves("RNN", "Training"), History()
    for epoch in range(epochs):
        history.heldout_loss.append(2 - epoch / 10)
        curves(history)
        now[0] += seconds_between_epochs
    before = len(screen.displayed) + len(screen.updated)
    curves.close()
    return screen, before


def test_where_ci_is_set_only_the_last_curve_is_shown(monkeypatch):
    screen, before = grow(monkeypatch, live=False, seconds_between_epochs=1)
    assert before == 0
    assert (len(screen.displayed), len(screen.updated)) == (1, 0)
    assert screen.displayed == ["Training: RNN 9"]


@pytest.mark.parametrize(("seconds", "renewed"), [(1, 9), (0.125, 5), (0.0, 1)])
def test_elsewhere_it_is_renewed_in_place_at_most_four_times_a_second(monkeypatch, seconds, renewed):
    screen, before = grow(monkeypatch, live=True, seconds_between_epochs=seconds)
    assert before == renewed
    assert len(screen.displayed) == 1
    assert screen.updated[-1] == "Training: RNN 9"


def test_a_run_without_an_epoch_shows_nothing(monkeypatch):
    screen, _ = grow(monkeypatch, live=True, seconds_between_epochs=1, epochs=0)
    assert screen.displayed == []
