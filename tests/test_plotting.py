"""Figures: a picture, words that say what it shows, and curves that grow."""

import base64
import io
from functools import cache

import matplotlib.colors
import matplotlib.image
import matplotlib.pyplot
import numpy as np
import pandas as pd
import pytest
from data_helpers import says
from IPython.core.formatters import DisplayFormatter
from matplotlib.figure import Figure

from course_utils import palette, plotting
from course_utils.history import History
from course_utils.plotting import (
    LiveCurves,
    bars,
    dots,
    forecast,
    heatmap,
    lines,
    piano_roll,
    pictures,
    training_curves,
)

EXAMPLES = {
    "lines": lambda: lines(
        {"a": [3.0, 1.0, 2.0], "b": ([1, 5], [2.0, 4.0])}, "Loss", "epoch", "nats", levels={"u": 3.3}
    ),
    "log": lambda: lines({"a": np.geomspace(1, 1e-9, 40)}, "Gradient", "distance", "norm", log=True, log_x=True),
    "words": lambda: lines({"a": [0.0, 0.5, -0.5]}, "Score", "word read", "score", xticks=["a", "dull", "mess"]),
    "forecast": lambda: forecast(
        np.datetime64("2012-10-04") + np.arange(9),
        np.arange(9.0),
        {f"model {i}": np.arange(9.0) + i for i in range(5)},
        "Nine days",
        band=(np.zeros(9), np.full(9, 5.5)),
    ),
    "curves": lambda: training_curves({"RNN": History(heldout_loss=[2.0, 1.0])}, "Training", levels={"5-gram": 3.89}),
    "bars": lambda: bars({"a": 2.0, "b": 3.0}, "Speed", "seconds"),
    "dots": lambda: dots({"a": [2.0, 3.0], "b": (1.0, 4.0)}, "Seeds", "loss", levels={"chance": 3.3}),
    "heatmap": lambda: heatmap([[0.0, 1.0, 0.5], [1.0, 0.0, 0.2]], "Gate", "step", "unit", list("the"), ["1", "2"]),
    "pictures": lambda: pictures(np.eye(6)[:, :, None] * np.ones(5), [f"row {i}\nof six" for i in range(6)], "Rows"),
    "piano roll": lambda: piano_roll([(60, 0.0, 1.0), (67, 1.0, 0.5), (64, 1.5, 2.0)], "Three notes"),
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
    assert str(example("words")).endswith("From left to right: a dull mess")
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

    for several in (
        [curves(), curves((1.0, 2.5, 3.1)), curves(label="b"), curves(levels={"u": 2.0})],
        [bars({"a": 1.0}, "t", "y"), bars({"a": 1.1}, "t", "y")],
        [dots({"a": [1.0]}, "t", "x"), dots({"a": [1.0, 1.1]}, "t", "x"), dots({"a": [1.0]}, "t", "x", {"u": 2.0})],
        [map_of([1.0, 2.0]), map_of([1.0, 2.1]), map_of([1.0], [2.0])],
    ):
        assert len({str(picture) for picture in several}) == len({picture.png for picture in several}) == len(several)


def test_the_numbers_of_bars_have_the_decimals_that_are_asked_for():
    assert str(bars({"a": 0.96, "b": 3}, "t", "y", decimals=1)) == "Figure: t. 2 bars, y: a 1.0, b 3.0."
    assert str(bars({"a": 0.96}, "t", "y", decimals=0)) == "Figure: t. 1 bars, y: a 1."
    for wrong in (-1, 1.5):
        with pytest.raises((TypeError, ValueError)) as error:
            bars({"a": 0.96}, "t", "y", decimals=wrong)
        says(error, "decimals", str(wrong))


def test_lines_can_be_told_apart_without_colour():
    for part in (lambda style: style.dashes, lambda style: style.marker):
        assert len({part(style) for style in palette.SERIES}) == len(palette.SERIES)


def luminance(color):
    """The relative luminance of a colour, as WCAG 2 defines it."""
    channels = np.array(matplotlib.colors.to_rgb(color))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize(
    "color", sorted({*palette.SYMBOLS.values(), *(s.color for s in palette.SERIES), palette.QUIET})
)
def test_what_is_written_in_a_colour_can_be_read(color):
    assert 1.05 / (luminance(color) + 0.05) >= 4.5
    if color in palette.PALE:
        assert (luminance(palette.PALE[color]) + 0.05) / (luminance(color) + 0.05) >= 4.5


def test_a_quantity_has_its_colour_in_every_plot():
    assert {palette.series(i, "C").color for i in range(5)} == {palette.GREEN}
    assert palette.series(1, "F, at spaces").color == palette.VIOLET
    assert palette.series(1, "GRU") == palette.SERIES[1]
    assert palette.series(5, "GRU") == palette.SERIES[0]


def test_a_map_of_signed_values_is_centred_on_zero_and_its_signs_are_seen_in_grey():
    signed, mirrored = (heatmap([[factor * 0.9, factor * -0.3]], "t", "x", "y") for factor in (1, -1))
    grey = [matplotlib.image.imread(io.BytesIO(p.png))[..., :3].mean(axis=-1) for p in (signed, mirrored)]
    assert not np.array_equal(*grey)
    axes = Figure().add_subplot()
    image = plotting.shade(axes, np.array([[0.9, -0.3]]), (-0.3, 0.9))
    assert image.get_clim() == (-0.9, 0.9)
    assert plotting.shade(axes, np.array([[0.9, 0.3]]), (0.3, 0.9)).get_clim() == (0.3, 0.9)


def test_a_label_of_a_row_is_written_as_one_of_a_column():
    def rows(*labels):
        return heatmap([[0.0], [1.0]], "t", "x", "y", yticks=labels).png

    assert rows("a", " ") == rows("a", "␣") != rows("a", "")
    assert rows("$a$", "b") != rows("a", "b")


def test_twin_maps_share_colours_and_axes():
    low, high = [[0.0, 0.1]], [[0.5, 2.0]]
    twins = heatmap({"before": low, "after": high}, "t", "x", "y", list("a "))
    assert twins.png != heatmap({"before": high, "after": low}, "t", "x", "y", list("a ")).png
    assert str(twins).splitlines()[1:] == [
        "before: lowest 0.000, highest 0.1000, mean 0.05000",
        "after: lowest 0.5000, highest 2.000, mean 1.250",
    ]
    with pytest.raises(ValueError) as error:
        heatmap({"before": low, "after": [[1.0]]}, "t", "x", "y")
    says(error, "(1, 1), (1, 2)", "one shape")


def test_labels_stand_apart_where_lines_end():
    axes = Figure().add_subplot()
    axes.set_ylim(0, 1)
    plotting._label_ends(axes, [plotting.End(str(i), 1, 0.98 + i / 100, "black") for i in range(3)])
    places = [text.xyann[1] for text in axes.texts]
    assert min(np.diff(places)) >= 0.06
    assert [text.get_text() for text in axes.texts] == ["0", "1", "2"]
    assert max(places) <= 1.03


def test_a_run_that_diverged_can_be_drawn():
    picture = training_curves({"no clipping": History(heldout_loss=[3.0, 800.0, float("nan")])}, "It explodes")
    assert "first 20.09" in str(picture)
    named, nameless = (lines({label: [3.0, np.nan], "b": [1.0, 1.0]}, "t", "x", "y") for label in ("a", ""))
    assert named.png != nameless.png, "its label stands where it ended"
    assert "1: 2 points" in str(lines({1: [1.0, 2.0], 2: [0.0, 1.0]}, "t", "x", "y")), "labels may be numbers"


def test_only_cross_entropies_are_drawn_as_perplexities():
    of_prices = History(heldout_loss=[3.0, 0.5], is_cross_entropy=False)
    for histories in ({"GRU": of_prices}, {"GRU": of_prices, "RNN": History(heldout_loss=[2.0, 1.0])}):
        words = str(training_curves(histories, "Training"))
        assert "held-out loss" in words
        assert "first 3.000" in words
        assert "perplexity" not in words


def test_more_forecasts_than_can_be_told_apart_are_refused():
    dates, values = np.datetime64("2013-01-01") + np.arange(3), [1.0, 2.0, 3.0]
    with pytest.raises(ValueError) as error:
        forecast(dates, values, {str(i): values for i in range(6)}, "Too many")
    says(error, "6 forecasts", "5 at most")


def test_tables_are_dicts_of_their_columns():
    table = pd.DataFrame({"a": [3.0, 1.0, 2.0], "b": [1.0, 2.0, 4.0]}, index=[5, 6, 9])
    columns = {name: list(table[name]) for name in table}
    assert str(lines(table, "t", "x", "y")) == str(lines(columns, "t", "x", "y"))
    assert "2 lines" in str(lines(table, "t", "x", "y"))
    levels, dates = pd.Series({"u": 3}), pd.to_datetime(["2013-02-28", "2013-03-01", "2013-03-04"])
    assert str(lines(columns, "t", "x", "y", levels=levels)).endswith("level u: 3")
    assert str(bars(pd.Series({"a": 2.0, "b": 3}, dtype=object), "t", "y")) == str(bars({"a": 2.0, "b": 3}, "t", "y"))
    assert str(forecast(dates, table["a"], table, "t")) == str(forecast(dates.date, columns["a"], columns, "t"))
    assert str(heatmap(table, "t", "x", "y")) == str(heatmap(table.to_numpy(), "t", "x", "y"))
    notes = [(60, 0.0, 1.0), (67, 1.0, 0.5)]
    assert (
        str(piano_roll(pd.DataFrame(notes), "t"))
        == str(piano_roll(np.array(notes), "t"))
        == str(piano_roll(notes, "t"))
    )


def test_tensors_are_drawn(framework):
    ones = framework.tensor(np.ones((2, 3, 3)))
    assert str(pictures(ones, ["a", "b"], "t")) == str(pictures(np.ones((2, 3, 3)), ["a", "b"], "t"))
    assert str(heatmap(ones[0], "t", "x", "y")) == str(heatmap(np.ones((3, 3)), "t", "x", "y"))
    assert str(bars({"a": ones[0, 0, 0]}, "t", "y")) == str(bars({"a": 1.0}, "t", "y"))
    assert str(dots({"a": ones[0, 0]}, "t", "x")) == str(dots({"a": (1.0, 1.0, 1.0)}, "t", "x"))
    assert str(lines({"a": (1.0, 2.0)}, "t", "x", "y")) == str(lines({"a": [1.0, 2.0]}, "t", "x", "y")), "no pair"


def test_what_has_no_labels_is_refused():
    for call in (lambda: lines([1.0], "t", "x", "y"), lambda: bars([1.0], "t", "y"), lambda: dots([1.0], "t", "x")):
        with pytest.raises(ValueError) as error:
            call()
        says(error, "a list", "expected a dict")


def test_a_line_without_points_is_named():
    for empty in (
        lambda: lines({"a": [1.0], "b": []}, "t", "x", "y"),
        lambda: dots({"a": [1.0], "b": []}, "t", "x"),
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


def test_pictures_need_a_caption_each():
    assert str(pictures(np.eye(2)[None], ["a\nb"], "T")) == "Figure: T. 1 picture of 2 × 2 pixels: a / b."
    with pytest.raises(ValueError, match="2 pictures and 1 captions"):
        pictures(np.zeros((2, 3, 3)), ["one"], "Two")


def test_a_piano_roll_shows_pitch_onset_and_duration_of_each_note():
    first, *rest = notes = [(60, 0.0, 1.0), (67, 1.0, 0.5), (64, 1.5, 2.0)]
    same = piano_roll(notes, "T")
    assert same.png == piano_roll(list(reversed(notes)), "T").png, "the order is that of time"
    for other in ((61, 0.0, 1.0), (60, 0.25, 1.0), (60, 0.0, 0.5)):
        assert same.png != piano_roll([other, *rest], "T").png
    assert "3 notes, pitches 60 to 67, 3.500 quarter notes long. It begins 60 67 64." in str(same)
    assert "1 note, pitches 60 to 60" in str(piano_roll([first], "T"))
    with pytest.raises(ValueError) as error:
        piano_roll([], "T")
    says(error, "no note", "at least one")


def test_words_stand_inside_the_squares_of_a_map(monkeypatch):
    drawn = []
    monkeypatch.setattr(plotting, "Picture", lambda figure, words: drawn.append(figure))
    plotting.heatmap([[0.0, 1.0, 0.25]], "Pairs", "next", "letter", inside=[["aa", "", "ac"]])
    first, second, third = drawn[0].axes[0].texts
    assert [(*each.get_position(), each.get_text()) for each in (first, third)] == [(0, 0, "aa"), (2, 0, "ac")]
    assert second.get_color() == "white" != third.get_color()
