"""Data sets and how they become batches, in NumPy: no framework is needed here."""

from course_utils.datasets.batches import RandomBatches, SequentialBatches, WindowBatches
from course_utils.datasets.ngram import NGram
from course_utils.datasets.sources import SOURCES, DataError
from course_utils.datasets.stocks import Prices, StockData, load_prices
from course_utils.datasets.tasks import BlankBatches, RecallBatches
from course_utils.datasets.text import LanguageModelData, Vocab, load_corpus, normalize, tokenize
from course_utils.datasets.translation import Pair, TranslationData, load_pairs, tokenize_sentence

__all__ = [
    "SOURCES",
    "BlankBatches",
    "DataError",
    "LanguageModelData",
    "NGram",
    "Pair",
    "Prices",
    "RandomBatches",
    "RecallBatches",
    "SequentialBatches",
    "StockData",
    "TranslationData",
    "Vocab",
    "WindowBatches",
    "load_corpus",
    "load_pairs",
    "load_prices",
    "normalize",
    "tokenize",
    "tokenize_sentence",
]
