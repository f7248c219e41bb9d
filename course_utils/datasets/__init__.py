"""Data sets and how they become batches, in NumPy: no framework is needed here."""

from course_utils.datasets.batches import RandomBatches, SequentialBatches, WindowBatches
from course_utils.datasets.ngram import NGram
from course_utils.datasets.sources import SOURCES, DataError
from course_utils.datasets.tasks import BlankBatches, RecallBatches
from course_utils.datasets.text import LanguageModelData, Vocab, load_corpus, normalize, tokenize

__all__ = [
    "SOURCES",
    "BlankBatches",
    "DataError",
    "LanguageModelData",
    "NGram",
    "RandomBatches",
    "RecallBatches",
    "SequentialBatches",
    "Vocab",
    "WindowBatches",
    "load_corpus",
    "normalize",
    "tokenize",
]
