"""Text as sequences of ids: tokens, a vocabulary, corpora, and batches for language models.

Everything here is NumPy, so that PyTorch and TensorFlow are given the very same batches.
"""

import codecs
import os
import re
import reprlib
import unicodedata
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from numbers import Integral, Real
from pathlib import Path

import numpy as np

from course_utils.datasets import sources
from course_utils.datasets.batches import (
    RandomBatches,
    SequentialBatches,
    WindowBatches,
    as_ids,
    check_whole,
    generator,
)

RESERVED = ("<pad>", "<bos>", "<eos>")
PAD, BOS, EOS = 1, 2, 3
"""The ids of `RESERVED` in a vocabulary that has them; 0 is <unk>."""
NO_TARGET = -1
"""In the place of a target id: nothing is to be predicted at this step, and it does not count in the loss."""

CORPORA = ("alice", "time_machine", "tinyshakespeare", "names")
LEVELS = ("char", "word")
# What opens and closes a book of Project Gutenberg, old and new; a title may take several lines.
_OPENS = re.compile(
    r"(?m)^[^\S\n]*(?i:\*\*\*[^\S\n]*START OF (?:the |this )?PROJECT GUTENBERG"
    r"(?:(?:[^*\n]|\n(?!\s*[\n*])){0,300}\*\*\*|.*)|\*END[* ].*SMALL PRINT.*)"
)
_CLOSES = re.compile(
    r"(?m)^[^\S\n]*(?:\*\*\*[^\S\n]*(?i:e)|E)(?i:nd(?: of(?: the| this)?|e dieses?)? Proje[ck]t Gutenberg)"
)
_MARKUP = re.compile(  # at the top of a file
    r"\s*(?:(?P<RTF>\{\\rtf)|(?:(?:<\?xml[^>]*\?>|<!--.*?-->)\s*)*(?P<HTML><!doctype html|<(?:html|head|body)\b))",
    re.IGNORECASE | re.DOTALL,
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x19\x1b-\x1f]")  # but tabs, line ends, and the end of a file of old (\x1a)
_MARKS = {  # the longer ones first
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_AT_ONCE = 2**18  # bytes
_MARGIN = 64  # tokens; more than the end of a piece can change

SAMPLINGS = {"sequential": SequentialBatches, "random": RandomBatches, "windows": WindowBatches}


def check_text(text: object, name: str) -> None:
    """TypeError for anything but a string; `name` is what the caller calls it."""
    if isinstance(text, str):
        return
    if isinstance(text, bytes | bytearray):
        mend = "decode it, as in data.decode('utf-8')"
    elif isinstance(text, os.PathLike) or hasattr(text, "read"):
        mend = "read the file first, as in Path('book.txt').read_text(encoding='utf-8')"
    else:
        mend = "put the pieces together, as in ' '.join(pieces)"
    raise TypeError(f"{name} is of the type {type(text).__name__}, expected one string: {mend}.")


def normalize(text: str) -> str:
    """Lower-case `text` and turn everything that is not a letter a–z into single spaces.

    >>> normalize("Down, down, DOWN!  (1865)")
    'down down down '
    """
    check_text(text, "text")
    return re.sub(r"[^a-z]+", " ", text.lower())


NORMAL_FORMS = {
    "letters": normalize,
    "lower": lambda text: unicodedata.normalize("NFC", text.lower()),
    "none": str,
}
Normalization = str | Callable[[str], str]


def normalized(text: str, form: Normalization, origin: object) -> str:
    """`text` in one of the `NORMAL_FORMS`, or as a function of yours makes it.

    With "letters", a warning says what share of the letters is none of a–z and dropped. `origin` is what the text is
    called there, and in the ValueError for a text of which nothing is left.

    >>> normalized("L'Été", "lower", "the line")
    "l'été"
    """
    normal = _apply(form, text)
    _complain_of_losses(text, normal, form, origin)
    return normal


def _apply(form: Normalization, text: str) -> str:
    _check_form(form)
    normal = form(text) if callable(form) else NORMAL_FORMS[form](text)
    if not isinstance(normal, str):
        raise TypeError(f"The function normalize gave {reprlib.repr(normal)}, expected a string.")
    return normal


def _check_form(form: Normalization) -> None:
    if not callable(form) and not (isinstance(form, str) and form in NORMAL_FORMS):
        raise ValueError(f"normalize is {form!r}, expected one of {tuple(NORMAL_FORMS)} or a function of a string.")


def _complain_of_losses(text: str, normal: str, form: Normalization, origin: object) -> None:
    if text.strip() and not normal.strip():
        raise ValueError(
            f"Nothing is left of {origin} after normalize={form!r}: choose another, such as normalize='lower', "
            "which keeps every character."
        )
    if form == "letters" and not text.isascii():
        counts = Counter(text.lower())
        letters = Counter({c: n for c, n in counts.items() if unicodedata.category(c)[0] in "LM"})  # and accents
        lost = Counter({c: n for c, n in letters.items() if not c.isascii()})
        if lost:
            some = ", ".join(repr(c) for c, _ in lost.most_common(3))
            warnings.warn(
                f"{origin}: {lost.total():,} of {letters.total():,} letters ({lost.total() / letters.total():.1%}) are "
                f"none of a to z and were dropped, such as {some}: normalize='lower' keeps every character.",
                stacklevel=4,
            )


def tokenize(text: str, level: str = "char") -> list[str]:
    """Split `text` into characters (`level="char"`) or into words at white space (`level="word"`).

    >>> tokenize("a cat", "char"), tokenize("a cat", "word")
    (['a', ' ', 'c', 'a', 't'], ['a', 'cat'])
    """
    check_text(text, "text")
    if level not in LEVELS:
        raise ValueError(f"level is {level!r}, expected one of {LEVELS}: choose how the text is split.")
    return list(text) if level == "char" else text.split()


class Vocab:
    """The two-way table between tokens and ids.

    Id 0 is `<unk>`, then come the `reserved` tokens in the order given, then the tokens of the text, the most
    frequent first and equally frequent ones in alphabetical order, so that ids never depend on chance.

    Args:
        tokens: the tokens of the training text.
        min_freq: tokens seen less often become `<unk>`.
        reserved: tokens that get an id even when the text has none of them, such as `<pad>`.
        level: how the text was split, "char" or "word"; None for "word" if no token is a space and one
            has several characters.
        normalize: how the text was normalised, as for `load_corpus`, so that what is typed later is treated alike.

    Attributes: `tokens`, a list in the order of ids; `counts`, how often the text has each; `level`, `normalize`.

    >>> vocab = Vocab(tokenize("banana"), reserved=["<pad>"])
    >>> vocab.tokens
    ['<unk>', '<pad>', 'a', 'n', 'b']
    >>> vocab[["b", "a", "z"]], vocab.to_tokens([4, 2])
    ([4, 2, 0], ['b', 'a'])
    """

    unk = 0

    def __init__(
        self,
        tokens: Iterable[str],
        min_freq: int = 1,
        reserved: Sequence[str] = (),
        level: str | None = None,
        normalize: Normalization = "none",
    ):
        check_whole(0, min_freq=min_freq)
        tokenize("", level or "char")  # refuses a level that there is not
        _check_form(normalize)
        if isinstance(tokens, str):
            raise TypeError("tokens is one string, expected a list of tokens: call tokenize(text) first.")
        if not isinstance(tokens, Iterable) or hasattr(tokens, "read"):
            raise TypeError(
                f"tokens is of the type {type(tokens).__name__}, expected a list: call tokenize(text) first."
            )
        tokens = [*tokens]
        strange = [token for token in tokens if not isinstance(token, str)]
        if strange:
            raise TypeError(
                f"tokens holds {reprlib.repr(strange[0])}, expected strings in one list: call tokenize(text) first."
            )
        if isinstance(reserved, str):
            raise TypeError(f"reserved is {reserved!r}, expected a list of tokens: [{reserved!r}].")
        first = ["<unk>", *reserved]
        if len(set(first)) != len(first):
            raise ValueError(f"reserved tokens {list(reserved)} repeat one another or '<unk>': name each once.")
        self.counts = Counter(tokens)
        by_frequency = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        self.tokens = first + [t for t, n in by_frequency if n >= min_freq and t not in first]
        self._ids = {token: i for i, token in enumerate(self.tokens)}
        is_words = " " not in self.counts and any(len(token) > 1 for token in self.counts if token not in first)
        self.level = level or ("word" if is_words else "char")
        self.normalize = normalize

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, tokens):
        """The id of a token, or the list of ids of a list of tokens; unknown tokens get `unk`."""
        if isinstance(tokens, str):
            return self._ids.get(tokens, self.unk)
        if isinstance(tokens, bytes) or not isinstance(tokens, Iterable):
            raise TypeError(f"The token is {tokens!r}, expected a string or a list of strings.")
        return [self[token] for token in tokens]

    def to_tokens(self, ids: Sequence[int]) -> list[str]:
        """The tokens of a sequence of ids; IndexError for an id outside the vocabulary."""
        ids = as_ids(ids, in_one_row=False).ravel().tolist()
        if ids and not 0 <= min(ids) <= max(ids) < len(self):
            raise IndexError(
                f"ids run from {min(ids)} to {max(ids)}, expected 0 to {len(self) - 1}: use this vocabulary's own ids."
            )
        return [self.tokens[i] for i in ids]

    def split(self, text: str, origin: object = "the text") -> list[str]:
        """The tokens of a text as typed, in the normal form and of the level of this vocabulary.

        A warning names those that it does not know. `origin` is what warnings and errors call the text.

        >>> Vocab(tokenize("a cat"), normalize="lower").split("A Cat")
        ['a', ' ', 'c', 'a', 't']
        """
        check_text(text, origin)
        tokens = tokenize(normalized(text, self.normalize, origin), self.level)
        if not tokens:
            raise ValueError(
                f"{origin} has no {'word' if self.level == 'word' else 'character'}, expected one or more."
            )
        unknown = [*dict.fromkeys(token for token in tokens if token not in self._ids)]
        if unknown:
            some = ", ".join(map(repr, unknown))
            warnings.warn(f"The vocabulary does not know {some} of {origin}: a model reads <unk> there.", stacklevel=4)
        return tokens

    def join(self, tokens: Sequence[str]) -> str:
        """Tokens as one text: words with a space between them, characters without.

        >>> Vocab(["the", "cat"]).join(["the", "cat"])
        'the cat'
        """
        return (" " if self.level == "word" else "").join(tokens)


def find_file(path: str | Path, name: str, expected: str = "a text file's path") -> Path:
    """The path of a file that is there; `~` is the home folder.

    Raises TypeError for what is no path and FileNotFoundError where no file is; `name` is what it is called there.
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(
            f"{name} is of the type {type(path).__name__}, expected {expected}: write the text to a file first."
        )
    found = Path(path).expanduser()
    try:
        what = "file" if found.is_file() else "folder" if found.is_dir() else ""
    except (OSError, ValueError):  # too long for a path, or with a character that none may have
        what = ""
    if what != "file":
        quoted = repr(str(path) if len(str(path)) <= 80 else f"{str(path)[:79]}…")
        raise FileNotFoundError(f"No {name} {quoted}{' (a folder)' if what else ''}: give {expected}.")
    return found


def read_text(path: str | Path, size: int | None = None) -> str:
    r"""A text file as one string, its line ends `\n`: UTF-8, or UTF-16 or UTF-32 with a byte order mark.

    Args:
        path: the file.
        size: how many bytes to read; None for all.

    Raises ValueError for other encodings, for RTF and HTML, and for what is no text.
    """
    with open(path, "rb") as file:
        raw = file.read() if size is None else file.read(size)
        is_whole = not file.read(1)
    encoding = next((name for mark, name in _MARKS.items() if raw.startswith(mark)), "utf-8-sig")
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(raw, final=is_whole)
    except UnicodeDecodeError as error:
        name = encoding.removesuffix("-sig").upper()
        raise ValueError(
            f"{path} is not {name} text (byte {error.start} is 0x{error.object[error.start]:02x}): "
            "save it as UTF-8 and try again."
        ) from error
    strange = _CONTROL.search(text)
    if strange:
        raise ValueError(
            f"{path} is no plain text, or not UTF-8 (character {strange.start()} is {strange[0]!r}): "
            "save it as UTF-8 and try again."
        )
    if markup := _MARKUP.match(text):
        raise ValueError(f"{path} is {markup.lastgroup}, expected a book's words alone: save it as plain text.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def without_licence(text: str) -> str:
    """The books in a text of Project Gutenberg, without what stands before, between and after them.

    >>> lines = ["Title", "*** START OF THE PROJECT GUTENBERG EBOOK ***", "Once", "End of Project Gutenberg's X", "Law"]
    >>> without_licence(chr(10).join(lines)).split()
    ['Once']
    """
    marks = sorted([*_OPENS.finditer(text), *_CLOSES.finditer(text)], key=lambda mark: mark.start())
    kept, begin = [], 0  # begin is None where no book is
    for mark in marks:
        opens = mark.re is _OPENS
        if begin is not None and not (opens and mark is marks[0]):
            kept.append(text[begin : mark.start()])
        begin = mark.end() if opens else None
    if begin is not None:
        kept.append(text[begin:])
    return "".join(kept)


def load_corpus(corpus: str | Path = "alice", normalize: Normalization = "letters") -> str:
    """The normalised text of a corpus, without Project Gutenberg's licence.

    Args:
        corpus: a name such as "alice" (a wrong one is answered with the list), or the path of any text file (see
            `read_text`).
        normalize: "letters" keeps a–z and turns all else into single spaces, "lower" only makes letters small (and one
            character of a letter and its accent), "none" changes nothing; or a function from string to string. Where
            "letters" drops other letters of a file, a warning says what share.

    Raises `DataError` when a named corpus is missing or altered, `FileNotFoundError` for an unknown path, TypeError for
    what is no name or path, ValueError when nothing is left of the text.
    """
    return _read_corpus(corpus, normalize, None)


def _read_corpus(corpus: str | Path, form: Normalization, is_enough: Callable[[str], bool] | None) -> str:
    """The normalised text of a corpus; with `is_enough`, not much more of its beginning than that asks for."""
    if isinstance(corpus, str) and corpus in CORPORA:
        path = sources.path(corpus)
    else:
        path = find_file(corpus, "corpus", f"one of {sorted(CORPORA)} or a text file's path")
    size = None if is_enough is None or callable(form) else _AT_ONCE  # a function may need the whole
    while True:
        text = without_licence(read_text(path, size))
        normal = _apply(form, text)
        if size is None or size >= path.stat().st_size or is_enough(normal):
            break
        size *= 4
    if not text.strip():
        raise ValueError(f"{path} is empty, expected a text.")
    _complain_of_losses(text, normal, form, path)
    return normal


def _first_tokens(text: str, level: str, number: int | None) -> list[str]:
    """As many tokens of the beginning as asked for; None for all."""
    if number is None or level not in LEVELS:
        return tokenize(text, level)
    return tokenize(text[:number]) if level == "char" else text.split(None, number)[:number]


class LanguageModelData:
    """A text for a language model: a training part, and a last part that is held out and never trained on.

    `data.train` and `data.heldout` give, each time one iterates over them, an epoch of batches `(X, Y)`: int64 arrays
    of shape (n, T), where Y is X shifted by one token. Both have `carries_state`: True when row i of a batch goes on
    where row i of the batch before stopped, so that a model is right to carry its state from batch to batch.

    Args:
        corpus: as for `load_corpus`.
        batch_size: n, the number of sequences in a batch.
        num_steps: T, the number of tokens in a sequence.
        sampling: how `train` cuts the text: "sequential", "random" or "windows" (see the classes in `batches`).
            `heldout` is read sequentially; with "windows", in windows too.
        level: "char" or "word".
        heldout: how much is held out, as a share (a float below 1) or a number of tokens (an int).
        max_tokens: read only so many tokens of the corpus, and not much more of its file.
        seed: of the random offsets and orders. Two epochs differ; two objects with one seed do not.
        normalize: as for `load_corpus`.

    Attributes: `vocab` (of the training part, with its `level` and `normalize`), `train_ids`, `heldout_ids` (int64,
    one-dimensional), `train`, `heldout`.
    """

    def __init__(
        self,
        corpus: str | Path = "alice",
        batch_size: int = 32,
        num_steps: int = 64,
        sampling: str = "sequential",
        level: str = "char",
        heldout: float | int = 0.1,
        max_tokens: int | None = None,
        seed: int = 0,
        normalize: Normalization = "letters",
    ):
        if sampling not in tuple(SAMPLINGS):
            raise ValueError(
                f"sampling is {sampling!r}, expected one of {tuple(SAMPLINGS)}: choose how the text is cut."
            )
        tokenize("", level)  # refuses a wrong level before the text is read
        is_enough = None
        if max_tokens is not None:
            check_whole(max_tokens=max_tokens)
            most = max_tokens + _MARGIN

            def is_enough(text):
                return len(_first_tokens(text, level, most)) == most

        tokens = _first_tokens(_read_corpus(corpus, normalize, is_enough), level, max_tokens)
        split = len(tokens) - _count_heldout(heldout, len(tokens))
        self.vocab = Vocab(tokens[:split], level=level, normalize=normalize)
        self.train_ids = np.array(self.vocab[tokens[:split]], dtype=np.int64)
        self.heldout_ids = np.array(self.vocab[tokens[split:]], dtype=np.int64)
        cut, rng, sizes = SAMPLINGS[sampling], generator(seed), (batch_size, num_steps)
        self.train = cut(self.train_ids, *sizes, rng, f"training part of {str(corpus)!r}")
        self.heldout = (WindowBatches if cut is WindowBatches else SequentialBatches)(
            self.heldout_ids, *sizes, None, f"held-out part of {str(corpus)!r}, heldout={heldout},"
        )


def _count_heldout(heldout: float | int, number: int) -> int:
    """How many of so many tokens are held out."""
    if isinstance(heldout, bool) or not isinstance(heldout, Real):
        raise TypeError(f"heldout is {heldout!r}, expected a share such as 0.1, or a number of tokens such as 1000.")
    is_share = not isinstance(heldout, Integral)
    count = round(number * heldout) if is_share and 0 < heldout < 1 else heldout
    if (is_share and not 0 < heldout < 1) or not 0 < count < number:
        raise ValueError(
            f"heldout={heldout} of {number} tokens leaves nothing on one side: choose a share between 0 and 1, such as "
            "0.1, or a smaller number of tokens, 1 or more."
        )
    return int(count)
