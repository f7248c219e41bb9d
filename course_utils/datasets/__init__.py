"""Data sets and how they become batches, in NumPy: no framework is needed here."""

from course_utils.datasets.batches import RandomBatches, SequentialBatches, WindowBatches
from course_utils.datasets.clips import ClipData
from course_utils.datasets.digits import DigitsData
from course_utils.datasets.glucose import GlucoseData, Readings, load_glucose
from course_utils.datasets.judging import Contest, Verdict, can_be_read, is_sound, score_tunes
from course_utils.datasets.music import MusicData, load_tunes
from course_utils.datasets.ngram import NGram
from course_utils.datasets.scenes import SceneData
from course_utils.datasets.sentiment import SentimentData, Snippet, load_snippets
from course_utils.datasets.sources import SOURCES, DataError
from course_utils.datasets.stocks import Prices, StockData, load_prices
from course_utils.datasets.tasks import BlankBatches, RecallBatches
from course_utils.datasets.text import LanguageModelData, Vocab, load_corpus, normalize, tokenize
from course_utils.datasets.translation import Pair, TranslationData, load_pairs, tokenize_sentence
from course_utils.datasets.tunes import (
    Note,
    Tune,
    bars_add_up,
    count_bars,
    different_bars,
    longest_common_run,
    notes,
    places,
    read_tune,
    share_of_full_bars,
    split_tune,
)

__all__ = [
    "SOURCES",
    "BlankBatches",
    "ClipData",
    "Contest",
    "DataError",
    "DigitsData",
    "GlucoseData",
    "LanguageModelData",
    "MusicData",
    "NGram",
    "Note",
    "Pair",
    "Prices",
    "RandomBatches",
    "Readings",
    "RecallBatches",
    "SceneData",
    "SentimentData",
    "SequentialBatches",
    "Snippet",
    "StockData",
    "TranslationData",
    "Tune",
    "Verdict",
    "Vocab",
    "WindowBatches",
    "bars_add_up",
    "can_be_read",
    "count_bars",
    "different_bars",
    "is_sound",
    "load_corpus",
    "load_glucose",
    "load_pairs",
    "load_prices",
    "load_snippets",
    "load_tunes",
    "longest_common_run",
    "normalize",
    "notes",
    "places",
    "read_tune",
    "score_tunes",
    "share_of_full_bars",
    "split_tune",
    "tokenize",
    "tokenize_sentence",
]
