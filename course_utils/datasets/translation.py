"""Sentence pairs for translation, such as English to French: tokens, two vocabularies, a fair split, padded batches.

Everything here is NumPy, so that PyTorch and TensorFlow are given the very same batches.
"""

import json
import re
import unicodedata
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from numbers import Real
from os import PathLike
from pathlib import Path
from typing import NamedTuple
from zipfile import is_zipfile

import numpy as np

from course_utils.datasets import sources
from course_utils.datasets.batches import LengthBatches, Padded, generator
from course_utils.datasets.text import BOS, EOS, NO_TARGET, PAD, RESERVED, Vocab, check_text, find_file, read_text
from course_utils.datasets.transport import open_member
from course_utils.errors import check_whole, is_whole

CORPORA = ("emoji", "fra_eng")
GROUPS = ("new combinations", "new names", "all")

# Apostrophes and hyphens of one look each; what is not seen is left out: soft hyphen, marks of direction, joiners.
_APPEARANCE = str.maketrans(
    {
        **dict.fromkeys("’‘ʼ＇", "'"),
        **dict.fromkeys("\u2010\u2011", "-"),
        **dict.fromkeys("\u00ad\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"),
        "\u200b": " ",  # zero width, but a space: it parts the words of Thai and Khmer
    }
)


def _marks(first: int, last: int) -> str:
    return "".join(mark for mark in map(chr, range(first, last + 1)) if unicodedata.category(mark).startswith("M"))


_UNSPACED = (  # scripts that put no space between words: Thai, Lao, Burmese, Khmer; kana; Chinese characters
    "\u0e01-\u0e4e\u0e81-\u0ece\u1000-\u103f\u1050-\u109f\u1780-\u17d3\u3041-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
    "\u2e80-\u2fd5\u3005-\u3007\u3021-\u3029\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
# Accents, vowel signs, points, and what joins letters; in two classes, for `re` is slow with one that goes beyond ffff.
_MARK = rf"(?:[{_marks(0x300, 0xFFFF)}\u200c\u200d]|(?=[\U00010000-\U0001efff])[{_marks(0x10000, 0x1EFFF)}])"
_WORD = rf"[^\W{_UNSPACED}]+(?:{_MARK}+[^\W{_UNSPACED}]*)*"
_SYMBOL = rf"[^\w\s\u200c\u200d](?:{_MARK}|[\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f])*"  # with skin tone and tags
_TOKEN = re.compile(
    rf"{_WORD}(?:['·״׳-]{_WORD})*"
    rf"|[{_UNSPACED}]{_MARK}*(?:(?<=[\u17d2\u1039])[{_UNSPACED}]{_MARK}*)*"  # Khmer and Burmese stack letters
    rf"|[\U0001f1e6-\U0001f1ff]{{2}}"  # a flag
    rf"|{_SYMBOL}(?:(?<=\u200d){_SYMBOL})*"  # people and things that are joined
)
_HEADERS = {  # the words that names of columns are made of
    *("source target src tgt trg sentence sentences translation text language latn").split(),
    *("english french german spanish italian portuguese dutch russian chinese japanese turkish polish").split(),
    *("en fr de es it pt nl ru zh ja tr pl eng fra fre deu ger spa ita por nld rus cmn jpn tur pol").split(),
}
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_NUMBER = re.compile(r"\S*\d\S*")  # an id, a score, a date
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_]\w+)?")
_SKIN_TONE = re.compile(r" (?:medium-light|medium-dark|light|medium|dark) skin tone")


Tokenize = Callable[[str], Iterable[str]]


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

    An apostrophe or a hyphen inside a word is a part of it, as are accents, vowel signs and points. A curly apostrophe
    becomes a straight one, and any space will do, including the narrow ones that stand before some marks in French. A
    letter and its accent are the same token whether they are stored as one character or as two (Unicode's form NFC).
    A number in several parts is several tokens: `3.5` is `3`, `.`, `5`. An emoji is one, with its skin tone and all.

    Chinese, Japanese, Thai, Lao, Khmer and Burmese put no space between words: each of their characters is a token.

    >>> tokenize_sentence("Six o’clock (it's a T-Rex)!")
    ['six', "o'clock", '(', "it's", 'a', 't-rex', ')', '!']
    >>> tokenize_sentence("J’ai\u00a0faim\u202f!")
    ["j'ai", 'faim', '!']
    >>> tokenize_sentence("मैं हिन्दी बोलता हूँ।"), tokenize_sentence("我爱你。")
    (['मैं', 'हिन्दी', 'बोलता', 'हूँ', '।'], ['我', '爱', '你', '。'])
    """
    check_text(text, "text")
    return _TOKEN.findall(unicodedata.normalize("NFC", text.translate(_APPEARANCE).lower()))


def load_pairs(corpus: str | Path = "emoji") -> list[Pair]:
    """The pairs of a corpus, in its order: "emoji", "fra_eng", or a file of your own by its path.

    "emoji" has the names that Unicode gives to emoji, in English and French. "fra_eng" has the sentences of Tatoeba
    that Dive into Deep Learning uses. A file is text as `read_text` takes it, each line a sentence, a tab and its
    translation, of any two languages; what follows a second tab is left out. Where each line is a number, a sentence,
    a number and a sentence, which is how Tatoeba exports pairs, the numbers are left out.

    Raises `DataError` when a named corpus is missing or altered, `FileNotFoundError` for an unknown path, `TypeError`
    for what is no path, `ValueError` for a file that is not as said: a line without a pair, a column of numbers or of
    one word where sentences are expected, cells in quotes as in a CSV file, XML, JSON, an archive, another encoding.
    """
    if isinstance(corpus, str) and corpus == "emoji":
        return _read_emoji()
    if isinstance(corpus, str) and corpus == "fra_eng":
        with open_member(sources.path("fra_eng"), "fra-eng/fra.txt") as stream:
            return _read_lines(stream.read().decode("utf-8"), corpus)
    if not isinstance(corpus, (str, PathLike)):
        found = " ".join(f"{corpus!r:.80}".split())  # a table's has several lines
        raise TypeError(f"corpus is {found}, expected one of {list(CORPORA)} or a text file's path.")
    path = find_file(corpus, "corpus", f"one of {list(CORPORA)} or a text file's path")
    if is_zipfile(path):
        raise ValueError(f"{path} is a zip archive or an Excel file: unpack it, or save it as tab-separated text.")
    return _read_lines(read_text(path), path)


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
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    rows = [[cell.strip() for cell in line.split("\t")] for _, line in lines]
    is_export = any(map(_is_exported, rows))
    sides = [row[1:4:2] if is_export else row[:2] for row in rows]
    for (number, line), row, both in zip(lines, rows, sides, strict=True):
        if is_export != _is_exported(row) or len(both) < 2 or not all(both):
            expected = "a number, a sentence, a number" if is_export else "a sentence, a tab"
            raise ValueError(
                f"line {number} of {origin} is {line!r:.80}, expected {expected} and its translation: mend it; XML "
                "(TMX), JSON or CSV must become tab-separated text first."
            )
    pairs = [Pair(*both) for both in sides]
    _check_columns(pairs, not is_export and any(any(row[2:]) for row in rows), origin)
    return pairs


def _is_exported(row: list[str]) -> bool:
    """Whether the cells of a line are those of Tatoeba's export: a number, a sentence, a number, its translation."""
    return len(row) > 3 and row[0].isdecimal() and row[2].isdecimal()


def _check_columns(pairs: list[Pair], has_more: bool, origin: object) -> None:
    """What is taken for sentences may be other columns of a file that has more, or cells as a CSV file has them."""
    body = pairs[1:] if len(pairs) > 2 else pairs  # the first line may be a header
    columns = list(zip(*body, strict=True))[:2]
    numbers = [all(map(_NUMBER.fullmatch, column)) for column in columns]
    codes = [len({*column}) == 1 and len(column) > 2 and _LANGUAGE.fullmatch(column[0]) for column in columns]
    for column, is_number, is_code in zip(columns, numbers, codes, strict=True):
        if all(numbers) or (has_more and (is_number or is_code)):
            what = "a number" if is_number else "a language"
            raise ValueError(
                f"{origin} has {what} in each line where a sentence is expected, such as {column[0]!r:.80}: keep only "
                "the two columns of sentences, the source first."
            )
    if pairs and pairs[0].source != pairs[0].target and all(map(_is_header, pairs[0][:2])):
        raise ValueError(f"The first line of {origin} has the names of columns, {pairs[0][:2]}: leave it out.")
    quoted = [text for pair in pairs for text in pair[:2] if '"' in text]
    is_csv = len(quoted) == 2 * len(pairs) or any('""' in text[1:-1] for text in quoted)
    if quoted and is_csv and all(map(_QUOTED.fullmatch, quoted)):
        raise ValueError(
            f"{origin} has its quotes as a CSV file has them, such as {quoted[0]!r:.80}, expected plain text, without "
            "quotes around sentences and doubled ones inside: write each pair with '\\t'.join."
        )


def _is_header(cell: str) -> bool:
    """Whether it is the name of a column, such as "English" or "eng_Latn"."""
    return {*re.split(r"[\s_-]+", cell.lower())} <= _HEADERS


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


def _two_of(tokenize: Tokenize | tuple[Tokenize, Tokenize]) -> tuple[Tokenize, Tokenize]:
    """One for the source and one for the target; those of a user's own are checked when they are called."""
    both = tokenize if isinstance(tokenize, tuple) else (tokenize, tokenize)
    if len(both) != 2 or not all(map(callable, both)):
        raise TypeError(f"tokenize is {tokenize!r}, expected a function, or two of them, for source and target.")
    return tuple(one if one is tokenize_sentence else partial(_tokenize_by, one) for one in both)


def _tokenize_by(tokenize: Tokenize, text: str) -> list[str]:
    tokens = tokenize(unicodedata.normalize("NFC", text))
    tokens = tokens if isinstance(tokens, str) or not isinstance(tokens, Iterable) else list(tokens)
    reserved = ("", "<unk>", *RESERVED)
    if not isinstance(tokens, list) or any(not isinstance(t, str) or t in reserved for t in tokens):
        raise TypeError(
            f"tokenize made {tokens!r:.80} of {text!r:.80}, expected a list of strings, none of {reserved}."
        )
    return tokens


class _Groups(dict):
    """Groups of pairs by name; a group without a pair is absent, and asking for it gets a sentence."""

    def __missing__(self, name):
        why = f"expected one of {GROUPS}"
        if name in GROUPS:
            why = "no held-out pair is of this kind; hold out more"
        if name == "new combinations":
            why += ", or bring more pairs: each of them has a word that training lacks"
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
            counts. The default is 16, which cuts no emoji's name; where it cuts sentences, a warning says so.
        min_freq: words that training has less often become `<unk>`. With 1 training never shows `<unk>`, so a model
            cannot know what to do with it.
        heldout: how many sentences are held out, as a share (a float below 1) or a number (an int).
        max_pairs: read only so many pairs of the corpus.
        seed: of the split and of the order of the batches. Two epochs differ; two objects with one seed do not.
        tokenize: what makes tokens of a sentence (in Unicode's form NFC), `str -> list of str`; or two such functions,
            for the source and for the target. By default it is `tokenize_sentence`, which makes each character a token
            where there are no spaces between words; a warning says so.

    Attributes: `source_vocab`, `target_vocab` (of the training part, with `<unk>`, `<pad>`, `<bos>`, `<eos>` as ids 0
    to 3), `train_pairs`, `heldout_pairs`, `groups` (lists of `Pair`), `train`, `heldout`, `batch_size`, `num_steps`,
    `tokenize` (the two functions).
    """

    def __init__(
        self,
        corpus: str | Path = "emoji",
        batch_size: int = 64,
        num_steps: int | None = None,
        min_freq: int = 1,
        heldout: float | int = 0.1,
        max_pairs: int | None = None,
        seed: int = 0,
        tokenize: Tokenize | tuple[Tokenize, Tokenize] = tokenize_sentence,
    ):
        self.num_steps = 16 if num_steps is None else num_steps
        rng = generator(seed)
        check_whole(2, num_steps=self.num_steps)  # room for a word and <eos>
        if max_pairs is not None:
            check_whole(max_pairs=max_pairs)
        self.tokenize = _two_of(tokenize)
        tokens = {}  # of each pair, by its tokens: (source, target) -> pair
        for pair in load_pairs(corpus)[:max_pairs]:
            both = self._tokens(pair)
            if not all(both):
                raise ValueError(f"{pair} has a side without a word: leave it out, or write it with letters or marks.")
            tokens.setdefault(both, pair)
        self._warn(tokens, whether_cut=num_steps is None)
        self._references = defaultdict(list)
        for source, target in tokens:
            self._references[source].append(target)

        unseen = _draw(list(self._references), heldout, rng)
        train = [both for both in tokens if both[0] not in unseen]
        others = [both for both in tokens if both[0] in unseen]
        self.train_pairs, self.heldout_pairs = ([tokens[both] for both in part] for part in (train, others))
        self.source_vocab, self.target_vocab = (
            Vocab([token for both in train for token in both[side][: self.num_steps - 1]], min_freq, RESERVED)
            for side in (0, 1)
        )
        self.groups = self._group(others, {_without_skin_tone(source) for source, _ in train}, tokens)
        self.batch_size = batch_size
        self.train, self.heldout = self._batches(train, rng), self._batches(others)

    def encode(self, sentences: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Any source sentences as a model reads them: ids (n, S) and lengths (n,), as in the batches, in this order.

        Words that are not in the vocabulary become `<unk>`; what is longer than `num_steps` loses its end; a sentence
        without a word is `<eos>` alone.
        """
        if isinstance(sentences, str):
            raise TypeError(f"sentences is one string, expected a list of them: [{sentences!r}].")
        if len(sentences) == 0:
            raise ValueError("sentences is empty, expected one sentence or more.")
        for text in sentences:
            if not isinstance(text, str):
                raise TypeError(f"A sentence is {text!r:.80}, expected a string: of a pair give its source.")
        padded = pad_sentences([self._ids(self.source_vocab, self.tokenize[0](text)) for text in sentences])
        return padded.ids, padded.lengths

    def batches(self, pairs: Sequence[Pair]) -> PairBatches:
        """Any pairs, of a group or (source, target), as batches: short ones first, the same in each epoch."""
        for pair in pairs:
            if not isinstance(pair, tuple) or len(pair) < 2 or not all(isinstance(side, str) for side in pair[:2]):
                raise TypeError(f"A pair is {pair!r:.80}, expected strings in a tuple, (source, target).")
        return self._batches([self._tokens(Pair(*pair[:2])) for pair in pairs])

    def references(self, source: str) -> list[list[str]]:
        """The tokens of each translation that the corpus has for a source sentence, uncut, in the corpus's order."""
        tokens = tuple(self.tokenize[0](source))
        if tokens not in self._references:
            raise ValueError(f"The corpus has no sentence {source!r}: give the source of one of its pairs.")
        return [list(target) for target in self._references[tokens]]

    def _tokens(self, pair: Pair) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return tuple(self.tokenize[0](pair.source)), tuple(self.tokenize[1](pair.target))

    def _warn(self, tokens: dict, whether_cut: bool) -> None:
        """Of what the defaults make of a corpus, where it may not be what one wants."""
        for side, name in enumerate(("sources", "targets")):
            unspaced = [pair[side] for pair in tokens.values() if re.search(f"[{_UNSPACED}]", pair[side])]
            if self.tokenize[side] is tokenize_sentence and len(unspaced) > len(tokens) / 2:
                warnings.warn(
                    f"The {name} have no spaces between words, such as {unspaced[0]!r:.80}, so each character is a "
                    "token: for words, give tokenize= a function that finds them, or two, for source and target.",
                    stacklevel=3,
                )
        cut = [pair for both, pair in tokens.items() if max(map(len, both)) >= self.num_steps]
        if whether_cut and cut:
            warnings.warn(
                f"{len(cut)} of {len(tokens)} pairs have more than {self.num_steps - 1} tokens, such as "
                f"{cut[0].source!r:.80}, and lose their end: give num_steps= the longest that a model is to read.",
                stacklevel=3,
            )

    def _ids(self, vocab: Vocab, tokens: Sequence[str]) -> list[int]:
        return [*vocab[tokens[: self.num_steps - 1]], EOS]

    def _batches(self, part: list, rng: np.random.Generator | None = None) -> PairBatches:
        source_ids = [self._ids(self.source_vocab, source) for source, _ in part]
        target_ids = [self._ids(self.target_vocab, target) for _, target in part]
        return PairBatches(source_ids, target_ids, self.batch_size, rng)

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
    is_share = isinstance(heldout, Real) and 0 < heldout < 1
    number = round(len(sentences) * heldout) if is_share else heldout
    if not is_whole(number, 1) or number >= len(sentences):
        mend = "give a share below 1, or a smaller whole number"
        if len(sentences) < 2:
            mend = "bring pairs with two or more different source sentences"
        raise ValueError(f"heldout={heldout!r} of {len(sentences)} sentences leaves nothing on one side: {mend}.")
    return {sentences[i] for i in rng.permutation(len(sentences))[:number]}


def _without_skin_tone(source: tuple[str, ...]) -> str:
    return _SKIN_TONE.sub("", " ".join(source))
