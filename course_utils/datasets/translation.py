"""Sentence pairs for translation, English to French: tokens, two vocabularies, a fair split, and padded batches.

Everything here is NumPy, so that PyTorch and TensorFlow are given the very same batches.
"""

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course_utils.datasets import sources
from course_utils.datasets.batches import LengthBatches, Padded
from course_utils.datasets.text import BOS, EOS, NO_TARGET, PAD, RESERVED, Vocab
from course_utils.datasets.transport import open_member

CORPORA = ("emoji", "fra_eng")
GROUPS = ("new combinations", "new names", "all")

_APPEARANCE = str.maketrans({"’": "'", "‘": "'", "\u00ad": None, "\u200b": None})  # curly; soft hyphen, zero width
_TOKEN = re.compile(r"\w+(?:['-]\w+)*|[^\w\s]")
_SKIN_TONE = re.compile(r" (?:medium-light|medium-dark|light|medium|dark) skin tone")


class Pair(NamedTuple):
    """A sentence and a translation of it, as people wrote them; `symbol` is the emoji that both name, if they do.

    >>> Pair("red heart", "cœur rouge", "❤️").target
    'cœur rouge'
    """

    source: str
    target: str
    symbol: str = ""


def tokenize_sentence(text: str) -> list[str]:
    r"""The words of a sentence in lower case, and each punctuation mark on its own.

    An apostrophe or a hyphen inside a word is a part of it. A curly apostrophe becomes a straight one, and any space
    will do, including the narrow ones that stand before some marks in French.

    >>> tokenize_sentence("Six o’clock (it's a T-Rex)!")
    ['six', "o'clock", '(', "it's", 'a', 't-rex', ')', '!']
    >>> tokenize_sentence("J’ai\u00a0faim\u202f!")
    ["j'ai", 'faim', '!']
    """
    return _TOKEN.findall(unicodedata.normalize("NFC", text.translate(_APPEARANCE).lower()))


def load_pairs(corpus: str | Path = "emoji") -> list[Pair]:
    """The pairs of a corpus, in its order: "emoji", "fra_eng", or a file of your own by its path.

    "emoji" has the names that Unicode gives to emoji, in English and French. "fra_eng" has the sentences of Tatoeba
    that Dive into Deep Learning uses. A file is UTF-8, each line a sentence, a tab and its translation; what follows
    a second tab is left out.

    Raises `DataError` when a named corpus is missing or altered, `FileNotFoundError` for an unknown path, `ValueError`
    for a file that is not as said.
    """
    if corpus == "emoji":
        return _read_emoji()
    if corpus == "fra_eng":
        with open_member(sources.path("fra_eng"), "fra-eng/fra.txt") as stream:
            return _read_lines(stream.read().decode("utf-8"), corpus)
    path = Path(corpus)
    if not path.is_file():
        raise FileNotFoundError(f"No corpus {str(corpus)!r}: give one of {list(CORPORA)} or a text file's path.")
    try:
        return _read_lines(path.read_text(encoding="utf-8-sig"), path)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text (byte {error.start}): save it as UTF-8 and try again.") from error


def _read_emoji() -> list[Pair]:
    """One pair for each two names: an emoji may be written in several ways, and the first is the full one."""
    english, french = (
        json.loads(sources.path("emoji", file).read_text(encoding="utf-8")) for file in ("emoji.json", "emoji_fr.json")
    )
    symbols = {}
    for symbol, entry in english.items():
        names = (name.strip(":").replace("_", " ") for name in (entry["en"], french[symbol]))
        symbols.setdefault(tuple(names), symbol)
    return [Pair(*names, symbol) for names, symbol in symbols.items()]


def _read_lines(text: str, origin: object) -> list[Pair]:
    pairs = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            source, _, rest = line.partition("\t")
            pairs.append(Pair(source.strip(), rest.partition("\t")[0].strip()))
            if not all(pairs[-1][:2]):
                raise ValueError(
                    f"line {number} of {origin} is {line!r}, expected a sentence, a tab and its translation: mend it."
                )
    return pairs


class PairBatches(LengthBatches):
    """Batches of pairs of like length, so that little of a batch is padding.

    Each time one iterates, an epoch of `(X, Y)` with X = (source, lengths, inputs), all int64:

    - source (n, S): ids that end in `<eos>`, then `<pad>`; lengths (n,): the steps before the padding, eos counted;
    - inputs (n, T): what the decoder reads, `<bos>` and the target without its `<eos>`, then `<pad>`;
    - Y (n, T): what it is to say at each step, the target with its `<eos>`, then −1, which does not count.

    S and T are the longest of the batch, rounded up to a multiple of 4: few shapes, which is what compilers like.

    Args:
        source_ids, target_ids: a list of ids for each sentence, each ending in `<eos>`.
        batch_size, rng: as for `LengthBatches`.

    >>> [((source, lengths, inputs), Y)] = PairBatches([[7, 8, 3], [6, 3]], [[5, 3], [9, 5, 4, 3]], batch_size=2)
    >>> source.tolist(), lengths.tolist()
    ([[7, 8, 3, 1], [6, 3, 1, 1]], [3, 2])
    >>> inputs.tolist(), Y.tolist()
    ([[2, 5, 1, 1], [2, 9, 5, 4]], [[5, 3, -1, -1], [9, 5, 4, 3]])
    """

    def __init__(
        self,
        source_ids: Sequence[Sequence[int]],
        target_ids: Sequence[Sequence[int]],
        batch_size: int,
        rng: np.random.Generator | None = None,
    ):
        source = pad_sentences(source_ids)
        inputs = pad_sentences([[BOS, *target[:-1]] for target in target_ids])
        Y = pad_sentences(target_ids, NO_TARGET)
        super().__init__((source, source.lengths, inputs), Y, [source.widths, Y.widths], batch_size, rng)


def pad_sentences(ids: Sequence[Sequence[int]], fill: int = PAD) -> Padded:
    """Sentences as the rows of one array; their steps are a multiple of 4, whether they are in batches or encoded."""
    return Padded(ids, fill, multiple=4)


class _Groups(dict):
    """Groups of pairs by name; a group without a pair is absent, and asking for it gets a sentence."""

    def __missing__(self, name):
        why = "no held-out pair is of this kind; hold out more" if name in GROUPS else f"expected one of {GROUPS}"
        raise ValueError(f"There is no group {name!r}: {why}.")


class TranslationData:
    """Sentence pairs for a translation model: a training part, and a part that is held out and never trained on.

    What is held out are source sentences, drawn by chance, each with all its translations: none is half known. (A
    sentence may have several: in Tatoeba "Run!" has two, and so have 90 names of emoji.) `train` and `heldout` give
    batches as `PairBatches` describes them; `train` in new ones each epoch.

    A held-out score depends on what is asked, so `groups` has the held-out pairs by name. They overlap:

    - "new combinations": the training part has every word of source and target (`min_freq` times or more). It measures
      whether known words are put together rightly. Of emoji, nearly nine in ten of these names differ from one in
      training by their skin tone alone; the others, which are "new names" too, are the harder test.
    - "new names": no sentence in training is the same but for skin tones. It measures what a model makes of things
      never met. Of emoji, about four in five have a word that training could not teach, many of them a country, so
      a low score is no fault of the model. Where no sentence names a skin tone, as in Tatoeba, these are all.
    - "all": what comes up when names are drawn by chance, easy and impossible ones in the corpus's own proportion.

    A sentence with several translations is in a group once for each; `references` has them all, to score it once. In
    Tatoeba "Back off!" and "Back off." are two sentences that share a translation, and one may be held out without
    the other: scores there are a little too kind. No two names of emoji have the same translation.

    Args:
        corpus: as for `load_pairs`. A pair that differs from one before it in capitals or spaces only is left out.
        batch_size: n, the number of pairs in a batch.
        num_steps: the longest sentence in the batches, in tokens; longer ones lose their end but keep `<eos>`, which
            counts. The default cuts no emoji's name.
        min_freq: words that training has less often become `<unk>`. With 1 training never shows `<unk>`, so a model
            cannot know what to do with it.
        heldout: how many sentences are held out, as a share (a float below 1) or a number (an int).
        max_pairs: read only so many pairs of the corpus.
        seed: of the split and of the order of the batches. Two epochs differ; two objects with one seed do not.

    Attributes: `source_vocab`, `target_vocab` (of the training part, with `<unk>`, `<pad>`, `<bos>`, `<eos>` as ids 0
    to 3), `train_pairs`, `heldout_pairs`, `groups` (lists of `Pair`), `train`, `heldout`, `num_steps`.
    """

    def __init__(
        self,
        corpus: str | Path = "emoji",
        batch_size: int = 64,
        num_steps: int = 16,
        min_freq: int = 1,
        heldout: float | int = 0.1,
        max_pairs: int | None = None,
        seed: int = 0,
    ):
        if num_steps < 2:
            raise ValueError(f"num_steps is {num_steps}, expected 2 or more: room for a word and <eos>.")
        self.num_steps = num_steps
        tokens = {}  # of each pair, by its tokens: (source, target) -> pair
        for pair in load_pairs(corpus)[:max_pairs]:
            both = tuple(tokenize_sentence(pair.source)), tuple(tokenize_sentence(pair.target))
            tokens.setdefault(both, pair)
        self._references = defaultdict(list)
        for source, target in tokens:
            self._references[source].append(target)

        rng = np.random.default_rng(seed)
        unseen = _draw(list(self._references), heldout, rng)
        train = [both for both in tokens if both[0] not in unseen]
        others = [both for both in tokens if both[0] in unseen]
        self.train_pairs, self.heldout_pairs = ([tokens[both] for both in part] for part in (train, others))
        self.source_vocab, self.target_vocab = (
            Vocab([token for both in train for token in both[side][: num_steps - 1]], min_freq, RESERVED)
            for side in (0, 1)
        )
        self.groups = self._group(others, {_without_skin_tone(source) for source, _ in train}, tokens)
        self.train = self._batches(train, batch_size, rng)
        self.heldout = self._batches(others, batch_size)

    def encode(self, sentences: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Any English sentences as a model reads them: ids (n, S) and lengths (n,), as in the batches, in this order.

        Words that are not in the vocabulary become `<unk>`.
        """
        if isinstance(sentences, str):
            raise TypeError(f"sentences is one string, expected a list of them: [{sentences!r}].")
        if len(sentences) == 0:
            raise ValueError("sentences is empty, expected one sentence or more.")
        padded = pad_sentences([self._ids(self.source_vocab, tokenize_sentence(text)) for text in sentences])
        return padded.ids, padded.lengths

    def batches(self, pairs: Sequence[Pair], batch_size: int = 64) -> PairBatches:
        """Any pairs, such as those of a group, as batches: short ones first, the same in each epoch."""
        tokens = [(tokenize_sentence(pair.source), tokenize_sentence(pair.target)) for pair in pairs]
        return self._batches(tokens, batch_size)

    def references(self, source: str) -> list[list[str]]:
        """The tokens of each translation that the corpus has for a source sentence, uncut, in the corpus's order."""
        tokens = tuple(tokenize_sentence(source))
        if tokens not in self._references:
            raise ValueError(f"The corpus has no sentence {source!r}: give the source of one of its pairs.")
        return [list(target) for target in self._references[tokens]]

    def _ids(self, vocab: Vocab, tokens: Sequence[str]) -> list[int]:
        return [*vocab[tokens[: self.num_steps - 1]], EOS]

    def _batches(self, part: list, batch_size: int, rng: np.random.Generator | None = None) -> PairBatches:
        source_ids = [self._ids(self.source_vocab, source) for source, _ in part]
        target_ids = [self._ids(self.target_vocab, target) for _, target in part]
        return PairBatches(source_ids, target_ids, batch_size, rng)

    def _group(self, others: list, known_names: set, tokens: dict) -> dict[str, list[Pair]]:
        groups = {name: [] for name in GROUPS}
        for source, target in others:
            words_known = Vocab.unk not in [*self.source_vocab[source], *self.target_vocab[target]]
            belongs = words_known, _without_skin_tone(source) not in known_names, True
            for name, holds in zip(GROUPS, belongs, strict=True):
                groups[name] += [tokens[source, target]] if holds else []
        return _Groups((name, pairs) for name, pairs in groups.items() if pairs)


def _draw(sentences: list, heldout: float | int, rng: np.random.Generator) -> set:
    """Those of the sentences that are held out."""
    number = heldout if isinstance(heldout, int) else round(len(sentences) * heldout)
    if not 0 < number < len(sentences):
        raise ValueError(
            f"heldout={heldout} of {len(sentences)} sentences leaves nothing on one side: choose another part."
        )
    return {sentences[i] for i in rng.permutation(len(sentences))[:number]}


def _without_skin_tone(source: tuple[str, ...]) -> str:
    return _SKIN_TONE.sub("", " ".join(source))
