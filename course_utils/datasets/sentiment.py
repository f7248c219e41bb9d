"""Snippets of film reviews and how people rated them: tokens, a split without near-copies across it, and batches.

Everything here is NumPy, so that PyTorch and TensorFlow are given the very same batches.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from course_utils.datasets import sources
from course_utils.datasets.batches import LengthBatches, as_ids, generator
from course_utils.datasets.groups import draw, join
from course_utils.datasets.text import Vocab, check_text
from course_utils.datasets.translation import pad_sentences, tokenize_sentence
from course_utils.datasets.transport import open_member

CLASSES = ("negative", "neutral", "positive")
MIN_FREQ = 2  # with 1 training would never show <unk>, and a model could not know what to do with it
RUN = 6  # so many words in a row make a near-copy

_MEMBER = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"


class Snippet(NamedTuple):
    """A piece of a review, and the mean of what 15 people or more gave it, from −4 (negative) to 4 (positive).

    >>> Snippet("A gem.", 2.9).label, Snippet("It is long.", -0.4).label
    (2, 1)
    """

    text: str
    rating: float

    @property
    def label(self) -> int:
        """The place in `CLASSES`: 1, neutral, for a rating nearer to 0 than to ±1; else 0 or 2, by its sign."""
        return 1 if abs(self.rating) < 0.5 else 2 * (self.rating > 0)


def load_snippets() -> list[Snippet]:
    """The 10,605 snippets of film reviews that Hutto and Gilbert had rated, in their order.

    Raises `DataError` when the file is missing or altered.
    """
    with open_member(sources.path("sentiment"), _MEMBER) as stream:
        rows = [line.split("\t") for line in stream.read().decode("utf-8").splitlines() if line]
    return [Snippet(text.replace("''", '"'), float(rating)) for _, rating, text in rows]


class TextBatches(LengthBatches):
    """Batches of texts of like length, so that little of a batch is padding.

    Each time one iterates, an epoch of `((ids, lengths), Y)`, all int64: ids (n, T), each row a text and then `<pad>`;
    lengths (n,), its tokens; Y (n,), its class. T is the length of the longest, rounded up to a multiple of 4.

    Args:
        rows: a list of ids for each text, one or more.
        labels: the class of each, a whole number.
        batch_size, rng: as for `LengthBatches`.

    Attributes: `ids`, `lengths` and `labels` of all texts, (texts, T), (texts,) and (texts,), in the order given.

    >>> [((ids, lengths), Y)] = TextBatches([[7, 8, 9, 4, 5], [6]], labels=[2, 0], batch_size=2)
    >>> ids.tolist(), lengths.tolist(), Y.tolist()
    ([[6, 1, 1, 1, 1, 1, 1, 1], [7, 8, 9, 4, 5, 1, 1, 1]], [1, 5], [0, 2])
    """

    def __init__(
        self,
        rows: Sequence[Sequence[int]],
        labels: Sequence[int],
        batch_size: int,
        rng: np.random.Generator | None = None,
    ):
        padded = pad_sentences(rows)
        self.ids, self.lengths, self.labels = padded.ids, padded.lengths, as_ids(labels, "labels")
        super().__init__((padded, self.lengths), self.labels, [padded.widths], batch_size, rng)


class SentimentData:
    """Snippets of film reviews in three classes: a training part, and a part that is held out and never trained on.

    Why three classes, and not the ratings themselves? The ratings have two hills, near −1.8 and 1.8, and a valley at 0:
    people say clearly whether a snippet blames or praises. How much it does, they say less clearly. The ratings of
    one snippet, 15 or more, have a standard deviation of 0.9 on average, so their mean is uncertain by about 0.2.
    Neutral is what is nearer to 0 than to ±1: 5 snippets in 100, too few to be learnt well, but without them the task
    would look easier than it is. Of the others, about as many blame (48) as praise (47). The snippets keep their
    ratings, for anyone who wants to see whether a model is surer where people are.

    Held-out and training part share no near-copies: two snippets that have half of their words in common, or that have
    six words in a row in common, are on one side. The data do not say which snippets come from one review, so a film,
    and maybe a review, may be on both.

    Args:
        batch_size: n; the last batch may have fewer.
        heldout: how much is held out, as a share.
        seed: of the split and of the order of the batches. Two epochs differ; two objects with one seed do not.

    Attributes: `vocab` (of the words that the training part has twice or more, with `<unk>` and `<pad>` as ids 0 and
    1), `train`, `heldout` (see `TextBatches`), `train_snippets`, `heldout_snippets` (lists of `Snippet`).
    """

    def __init__(self, batch_size: int = 64, heldout: float = 0.2, seed: int = 0):
        rng = generator(seed)
        snippets = load_snippets()
        tokens = [tokenize_sentence(snippet.text) for snippet in snippets]
        unseen = draw(near_copies(tokens), heldout, rng)  # (snippets,) bool
        train, others = np.flatnonzero(~unseen), np.flatnonzero(unseen)
        self.vocab = Vocab([token for i in train for token in tokens[i]], MIN_FREQ, reserved=["<pad>"])
        self.train_snippets, self.heldout_snippets = ([snippets[i] for i in part] for part in (train, others))
        self.train, self.heldout = (
            TextBatches([self._ids(tokens[i]) for i in part], [snippets[i].label for i in part], batch_size, generator)
            for part, generator in ((train, rng), (others, None))
        )

    def encode(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Any texts as a model reads them: ids (n, T) and lengths (n,), as in the batches, in this order.

        Words that are not in the vocabulary become `<unk>`, and so does a text without any token.
        """
        if isinstance(texts, str):
            raise TypeError(f"texts is one string, expected a list of them: [{texts!r}].")
        texts = [*texts]
        for number, text in enumerate(texts):
            check_text(text, f"texts[{number}]")
        if not texts:
            raise ValueError("texts is empty, expected one text or more.")
        padded = pad_sentences([self._ids(tokenize_sentence(text)) for text in texts])
        return padded.ids, padded.lengths

    def _ids(self, tokens: list[str]) -> list[int]:
        return self.vocab[tokens] or [Vocab.unk]  # a network needs one step at least


def near_copies(texts: Sequence[Sequence[str]]) -> np.ndarray:
    """For each text, given as its tokens, the number of its group, int64 (texts,): near-copies are in one group.

    Two texts are near-copies when both have half or more of all the words that either has (Jaccard, 1901), or when
    they have six words in a row in common. Punctuation does not count. A near-copy of a near-copy is in the group too.

    >>> near_copies([["a", "mess", "."], ["a", "gem"], ["...", "a", "mess"], ["a", "pretentious", "mess"]]).tolist()
    [0, 1, 0, 0]
    """
    words = [[token for token in tokens if token[0].isalnum()] for tokens in texts]
    return join(len(words), chain(_with_a_run_in_common(words), _with_half_of_the_words_in_common(words)))


def _with_a_run_in_common(words: list[list[str]]) -> Iterator[tuple[int, int]]:
    seen = {}
    for i, row in enumerate(words):
        for start in range(len(row) - RUN + 1):
            yield seen.setdefault(tuple(row[start : start + RUN]), i), i


def _with_half_of_the_words_in_common(words: list[list[str]]) -> Iterator[tuple[int, int]]:
    """If two sets share half of their words, they share one of the rarest half of either's, and one more: look there.

    The prefix filter of Chaudhuri, Ganti and Kaushik (2006), A primitive operator for similarity joins. The smaller of
    two such sets has half as many words as the larger, or more.
    """
    counts = Counter(word for row in words for word in {*row})
    having = defaultdict(list)  # the texts that have this word among their rarest, the shorter ones first
    for i, row in sorted(((i, {*row}) for i, row in enumerate(words)), key=lambda pair: len(pair[1])):
        rarest = sorted(row, key=lambda word: (counts[word], word))[: len(row) // 2 + 1]
        for word in rarest:
            for j, other in reversed(having[word]):
                if 2 * len(other) < len(row):
                    break
                if 3 * len(row & other) >= len(row) + len(other):
                    yield j, i
            having[word].append((i, row))
