"""Further inputs of the kinds that people bring: read rightly or refused in one sentence, never wrong in silence."""

import random
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from data_helpers import says
from price_helpers import walk

from course_utils import forecasting, leaks, plotting, repro
from course_utils.datasets import (
    ClipData,
    DigitsData,
    LanguageModelData,
    MusicData,
    Prices,
    SceneData,
    SentimentData,
    StockData,
    TranslationData,
    Vocab,
    load_corpus,
    load_pairs,
    load_prices,
    tokenize_sentence,
)
from course_utils.datasets.stocks import Scaler
from course_utils.history import History
from course_utils.shapes import check_params

DAYS = pd.bdate_range("2020-01-02", periods=60)
CLOSE = walk(60)


def refused(call, *parts):
    with pytest.raises((ValueError, TypeError)) as error:
        call()
    says(error, *parts)


@pytest.mark.parametrize("name", ["Dividend Adjusted Close", "Split-adjusted close", "Close (adj.)"])
def test_the_adjusted_close_is_taken_whatever_it_is_adjusted_for(name):
    table = pd.DataFrame({"Close": CLOSE * 2, name: CLOSE}, index=DAYS)
    np.testing.assert_allclose(load_prices(table).close, CLOSE)


@pytest.mark.parametrize(
    "name", ["Adj Close Return", "Adj Close % change", "retadj", "Adj. Dividend", "div_adj_factor"]
)
def test_what_is_made_of_the_adjusted_close_is_no_price(name):
    table = pd.DataFrame({name: CLOSE * 2, "Close": CLOSE}, index=DAYS)
    np.testing.assert_allclose(load_prices(table).close, CLOSE)


def test_cells_in_quotes_may_follow_a_space(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text('Date, "Close"\n2020-01-02, "1,100.5"\n2020-01-03, "1,101.5"\n')
    with pytest.warns(UserWarning, match=r"1,100\.5"):
        assert load_prices(path).close.tolist() == [1100.5, 1101.5]


def test_checked_prices_stay_what_they_are():
    close, volume = CLOSE.copy(), CLOSE.copy()
    prices = Prices(DAYS, close, columns={"volume": volume})
    close[:], volume[:] = -1, np.nan
    np.testing.assert_array_equal(prices.close, CLOSE)
    np.testing.assert_array_equal(prices.columns["volume"], CLOSE)


@pytest.mark.parametrize("stop", [-1, 0, 61, 2.0, True, None])
def test_the_first_days_are_counted(stop):
    refused(lambda: Prices(DAYS, CLOSE).until(stop), f"stop is {stop!r}", "1 to 60")


@pytest.mark.parametrize("number", [2.0, "2", None, True, -1])
def test_numbers_of_days_are_whole(number):
    for name, call in {
        "lags": lambda: forecasting.autoregression(CLOSE, number),
        "num_days": lambda: forecasting.one_step_forecast(forecasting.persistence, CLOSE, number),
        "max_lag": lambda: forecasting.lag_correlations(CLOSE, CLOSE, number),
        "min_days": lambda: forecasting.walk_forward(DAYS, number),
        "day": lambda: leaks.find_leaks(lambda close: {"it": leaks.Known(range(60), close)}, CLOSE, [number]),
    }.items():
        refused(call, f"{name} {'is ' if name != 'day' else ''}", "expected")
    refused(lambda: forecasting.recursive_forecast(forecasting.persistence, CLOSE, number), "num_days is", "whole")


def test_a_step_that_writes_changes_neither_the_truth_nor_its_own_past():
    def step(close):
        close /= close[0]
        return close[-1]

    close = CLOSE.copy()
    found = forecasting.one_step_forecast(step, close, 3)
    np.testing.assert_array_equal(close, CLOSE)
    np.testing.assert_allclose(found, CLOSE[-4:-1] / CLOSE[0])
    assert forecasting.recursive_forecast(step, [2.0, 4.0], 2).tolist() == [2.0, 1.0]


def test_no_day_finds_no_leak():
    refused(lambda: leaks.find_leaks(lambda close: {"it": leaks.Known(range(60), close)}, CLOSE, []), "days is empty")


def test_a_scaler_wants_its_columns():
    scaler = Scaler.fit(np.array([[1.0, 10.0], [3.0, 30.0]]))
    for call in (scaler.scale, scaler.unscale):
        refused(lambda call=call: call(np.zeros((4, 1))), "(4, 1)", "(rows, 2)")
    assert Scaler.fit(np.array([[1.0], [3.0]])).unscale(np.zeros((2, 3))).shape == (2, 3)


def test_a_model_that_says_several_numbers_is_no_step():
    data = StockData(Prices(DAYS, CLOSE), window=3, test_days=5, validation_days=5)
    refused(lambda: data.step(lambda X: np.zeros((1, 2)))(CLOSE), "The next price has the shape (1, 2)")


@pytest.mark.parametrize("code", ["1.{}", "a{}f-0", "#{}", "2020-01-{}"])
def test_ids_scores_and_dates_are_no_sentences(tmp_path, code):
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"{code.format(i)}\tI see {i}.\tje vois {i}.\n" for i in range(10, 14)))
    refused(lambda: load_pairs(path), "has a number in each line", code.format(11))


def test_a_sentence_is_a_string():
    for text in (None, 5, ["a"], b"a"):
        refused(lambda text=text: tokenize_sentence(text), "text is of the type", "one string")


@pytest.mark.parametrize(
    ("opens", "closes"),
    [
        ("*** start of the project gutenberg ebook x ***", "*** end of the project gutenberg ebook x ***"),
        ("*END THE SMALL PRINT! FOR PUBLIC DOMAIN EBOOKS*Ver.02/11/02*END*", "End of Project Gutenberg's X"),
        ("*** START OF THE PROJECT GUTENBERG EBOOK FAUST ***", "Ende dieses Projekt Gutenberg Etextes Faust"),
    ],
)
def test_gutenbergs_marks_of_other_times_and_languages_are_cut_at(tmp_path, opens, closes):
    path = tmp_path / "book.txt"
    path.write_text(f"legal\n{opens}\nOnce\n{closes}\nmore law\n")
    assert load_corpus(path).strip() == "once"


def test_a_vocabularys_settings_are_checked():
    refused(lambda: Vocab(["a"], level="words"), "level is 'words'", "'word'")
    refused(lambda: Vocab(["a"], normalize="Lower"), "normalize is 'Lower'", "'lower'")


@pytest.mark.parametrize("pitch", [np.nan, np.inf, 60.5])
def test_a_pitch_is_a_whole_number(pitch):
    refused(lambda: plotting.piano_roll([(pitch, 0, 1)], "A roll"), "not whole")


@pytest.mark.parametrize(
    "header", ["English\tGerman", "eng\tfra", "en\tde", "English sentence\tFrench sentence", "eng_Latn\tfra_Latn"]
)
def test_names_of_languages_are_no_pair(tmp_path, header):
    path = tmp_path / "pairs.tsv"
    path.write_text(f"{header}\nI see.\tje vois.\nI go.\tje vais.\n")
    refused(lambda: load_pairs(path), "names of columns", "leave it out")


def test_a_pair_about_a_language_is_one(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("French\tFrançais\nin English\ten anglais\n")
    assert len(load_pairs(path)) == 2


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (r"{\rtf1\ansi Once upon a time}", "RTF"),
        ("<!DOCTYPE html>\n<html><body>Once</body></html>", "HTML"),
        ('\n<?xml version="1.0"?>\n<html xmlns="x">Once</html>', "HTML"),
        ("<!-- saved -->\n<HTML>Once</HTML>", "HTML"),
    ],
)
def test_a_book_is_plain_text(tmp_path, content, kind):
    path = tmp_path / "book.txt"
    path.write_text(content)
    for read in (load_corpus, load_pairs):
        refused(lambda read=read: read(path), f"is {kind}", "save it as plain text")


def test_an_interval_has_its_lower_end_first():
    def drawn(low, high):
        return plotting.forecast(DAYS[:3], [1.0, 2.0, 3.0], {}, "An interval", band=(low, high))

    refused(lambda: drawn([2, 3, 4], [0, 1, 2]), "lower end", "3 of 3 days", "(low, high)")
    assert "2 of 3 days" in drawn([0, 1, 2.5], [2, 3, 2.4]).summary  # two quantiles of a model may cross


def test_ids_of_a_tune_are_whole():
    data = SimpleNamespace(vocab=Vocab(["<jig>", "<6/8>", "c"], reserved=["<pad>", "<bos>", "<eos>"]))
    refused(lambda: MusicData.decode(data, [4.0, 5.7]), "[4.0, 5.7]", "whole numbers")


@pytest.mark.parametrize(
    ("value", "said"),
    [(np.ones((2, 2), complex), "complex"), (np.ma.masked_equal(np.eye(2), 0.0), "hides 2 of its 4 numbers")],
)
def test_weights_are_real_numbers_that_are_all_there(value, said):
    refused(lambda: check_params({"W_xh": value}, {"W_xh": (2, 2)}), "W_xh", said)


@pytest.mark.parametrize("seed", [-1, 1.5, "1", None, True])
def test_a_seed_is_a_whole_number(seed, tmp_path):
    corpus = tmp_path / "text.txt"
    corpus.write_text("the cat sat on the mat " * 40)
    for make in (
        lambda: DigitsData(seed=seed),
        lambda: SceneData(seed=seed),
        lambda: ClipData(seed=seed),
        lambda: MusicData(seed=seed),
        lambda: SentimentData(seed=seed),
        lambda: StockData(Prices(DAYS, CLOSE), window=3, test_days=5, validation_days=5, seed=seed),
        lambda: LanguageModelData(corpus, 2, 3, seed=seed),
        lambda: leaks.shuffle_returns(CLOSE, seed=seed),
        lambda: repro.seed_everything(seed),
    ):
        refused(make, f"seed is {seed!r}", "expected", "0 or more")


def test_a_seed_that_numpy_cannot_take_changes_nothing():
    repro.seed_everything(3)
    expected = random.random()
    repro.seed_everything(3)
    refused(lambda: repro.seed_everything(2**32), f"seed is {2**32}", f"0 to {2**32 - 1}")
    assert random.random() == expected


@pytest.mark.parametrize("name", ["window", "horizon", "test_days", "validation_days"])
@pytest.mark.parametrize("value", [2.0, "2", None, True])
def test_sizes_of_windows_and_parts_are_whole(name, value):
    sizes = {"window": 3, "test_days": 5, "validation_days": 5} | {name: value}
    refused(lambda: StockData(Prices(DAYS, CLOSE), **sizes), f"{name}={value!r}", "whole numbers, 1 or more")


@pytest.mark.parametrize("path", ["x" * 5000, "a\0b"])
def test_what_is_too_long_for_a_path_is_none(path):
    for load in (load_prices, load_pairs):
        with pytest.raises(FileNotFoundError, match="give one of") as error:
            load(path)
        says(error)
        assert len(str(error.value)) < 400


def test_a_table_is_no_corpus_of_pairs():
    refused(lambda: TranslationData(pd.DataFrame({"en": ["I"], "fr": ["je"]})), "corpus is", "path")


def test_pairs_may_be_tuples_and_nothing_else(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"I see {i}\tje vois {i}\n" for i in range(20)))
    data = TranslationData(path)
    pair = data.train_pairs[0]
    [(X, Y)], [(X_of_tuple, Y_of_tuple)] = data.batches([pair]), data.batches([(pair.source, pair.target)])
    np.testing.assert_array_equal(Y, Y_of_tuple)
    np.testing.assert_array_equal(X[0], X_of_tuple[0])
    for wrong in ("ab", ("a",), ("a", 5), 3, None):
        refused(lambda wrong=wrong: data.batches([wrong]), f"A pair is {wrong!r}", "(source, target)")


def test_ticks_may_be_numbers_and_each_picture_has_its_caption():
    assert "1990 2000" in plotting.lines({"a": [1, 2]}, "A", "x", "y", xticks=[1990, 2000]).summary
    for captions in ([], ["one"]):
        refused(
            lambda captions=captions: plotting.pictures(np.ones((2, 3, 3)), captions, "P"), "2 pictures", "captions"
        )


def test_a_history_alone_has_no_label():
    refused(lambda: plotting.training_curves(History(), "A run"), "History", "a label")
