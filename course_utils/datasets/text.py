"""Text as sequences of ids: tokens, a vocabulary, corpora, and batches for language models.

Everything here is NumPy, so that PyTorch and TensorFlow are given the very same batches.
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from course_utils.datasets import sources
from course_utils.datasets.batches import RandomBatches, SequentialBatches, WindowBatches

RESERVED = ("<pad>", "<bos>", "<eos>")
PAD, BOS, EOS = 1, 2, 3
"""The ids of `RESERVED` in a vocabulary that has them; 0 is <unk>."""
NO_TARGET = -1
"""In the place of a target id: nothing is to be predicted at this step, and it does not count in the loss."""

CORPORA = ("alice", "time_machine")
LEVELS = ("char", "word")
SAMPLINGS = {"sequential": SequentialBatches, "random": RandomBatches, "windows": WindowBatches}


def normalize(text: str) -> str:
    """Lower-case `text` and turn everything that is not a letter a–z into single spaces.

    >>> normalize("Down, down, DOWN!  (1865)")
    'down down down '
    """
    return re.sub(r"[^a-z]+", " ", text.lower())


def tokenize(text: str, level: str = "char") -> list[str]:
    """Split `text` into characters (`level="char"`) or into words at white space (`level="word"`).

    >>> tokenize("a cat", "char"), tokenize("a cat", "word")
    (['a', ' ', 'c', 'a', 't'], ['a', 'cat'])
    """
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

    >>> vocab = Vocab(tokenize("banana"), reserved=["<pad>"])
    >>> vocab.tokens
    ['<unk>', '<pad>', 'a', 'n', 'b']
    >>> vocab[["b", "a", "z"]], vocab.to_tokens([4, 2])
    ([4, 2, 0], ['b', 'a'])
    """

    unk = 0

    def __init__(self, tokens: Sequence[str], min_freq: int = 1, reserved: Sequence[str] = ()):
        if isinstance(tokens, str):
            raise TypeError("tokens is one string, expected a list of tokens: call tokenize(text) first.")
        first = ["<unk>", *reserved]
        if len(set(first)) != len(first):
            raise ValueError(f"reserved tokens {list(reserved)} repeat one another or '<unk>': name each once.")
        self.counts = Counter(tokens)
        by_frequency = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        self.tokens = first + [t for t, n in by_frequency if n >= min_freq and t not in first]
        self._ids = {token: i for i, token in enumerate(self.tokens)}

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, tokens):
        """The id of a token, or the list of ids of a list of tokens; unknown tokens get `unk`."""
        if isinstance(tokens, str):
            return self._ids.get(tokens, self.unk)
        return [self[token] for token in tokens]

    def to_tokens(self, ids: Sequence[int]) -> list[str]:
        """The tokens of a sequence of ids; IndexError for an id outside the vocabulary."""
        ids = [int(i) for i in np.ravel(ids)]
        if ids and not 0 <= min(ids) <= max(ids) < len(self):
            raise IndexError(
                f"ids run from {min(ids)} to {max(ids)}, expected 0 to {len(self) - 1}: use this vocabulary's own ids."
            )
        return [self.tokens[i] for i in ids]


def load_corpus(corpus: str | Path = "alice") -> str:
    """The normalised text of a corpus: "alice", "time_machine", or any text file by its path (UTF-8).

    Raises `DataError` when a named corpus is missing or altered, `FileNotFoundError` for an unknown path.
    """
    if corpus in CORPORA:
        path = sources.path(corpus)
    else:
        path = Path(corpus)
        if not path.is_file():
            raise FileNotFoundError(f"No corpus {str(corpus)!r}: give one of {sorted(CORPORA)} or a text file's path.")
    try:
        return normalize(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text (byte {error.start}): save it as UTF-8 and try again.") from error


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
        max_tokens: read only so many tokens of the corpus.
        seed: of the random offsets and orders. Two epochs differ; two objects with one seed do not.

    Attributes: `vocab` (of the training part), `train_ids`, `heldout_ids` (int64, one-dimensional), `train`, `heldout`.
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
    ):
        if sampling not in SAMPLINGS:
            raise ValueError(
                f"sampling is {sampling!r}, expected one of {tuple(SAMPLINGS)}: choose how the text is cut."
            )
        tokens = tokenize(load_corpus(corpus), level)[:max_tokens]
        num_heldout = heldout if isinstance(heldout, int) else round(len(tokens) * heldout)
        if not 0 < num_heldout < len(tokens):
            raise ValueError(
                f"heldout={heldout} of {len(tokens)} tokens leaves nothing on one side: choose a smaller part."
            )
        split = len(tokens) - num_heldout
        self.vocab = Vocab(tokens[:split])
        self.train_ids = np.array(self.vocab[tokens[:split]], dtype=np.int64)
        self.heldout_ids = np.array(self.vocab[tokens[split:]], dtype=np.int64)
        cut, rng = SAMPLINGS[sampling], np.random.default_rng(seed)
        self.train = cut(self.train_ids, batch_size, num_steps, rng)
        self.heldout = (WindowBatches if cut is WindowBatches else SequentialBatches)(
            self.heldout_ids, batch_size, num_steps
        )
