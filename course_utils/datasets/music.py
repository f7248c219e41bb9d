"""Dance tunes of Ryan's and O'Neill's books as sequences of signs, each begun by its dance and its metre.

Everything here is NumPy, so that PyTorch and TensorFlow are given the very same batches.
"""

import re
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from course_utils.datasets import sources
from course_utils.datasets.batches import LengthBatches, Padded, as_ids, generator
from course_utils.datasets.groups import draw, join
from course_utils.datasets.text import EOS, NO_TARGET, PAD, RESERVED, Vocab, find_file, read_text
from course_utils.datasets.tunes import Tune, bars_add_up, notes, read_tune, with_a_run_in_common

DANCES = ("air", "hornpipe", "jig", "reel", "slip jig", "strathspey")
METRES = ("2/2", "2/4", "3/4", "4/4", "6/8", "9/8")
COPY = 16  # so many notes in a row make a near-copy
LONGEST = 384  # signs

_BOOKS = ("music21/corpus/ryansMammoth/", "music21/corpus/oneills1850/")
_OTHER_NAMES = {"double jig": "jig", "slipjig": "slip jig", "clog": "hornpipe"}
# O'Neill's book is in sections, these by number; nearly all tunes there that name their dance name the section's.
_SECTIONS = {"air": range(1, 626), "jig": range(701, 1116), "slip jig": range(1116, 1176), "reel": range(1176, 1556),
             "hornpipe": range(1556, 1781)}  # fmt: skip


def load_tunes(path: str | Path | None = None) -> list[Tune]:
    """The tunes of a book in ABC notation, as `read_tune` reads them, in the book's order.

    Args:
        path: a file of your own, in which each tune begins with a line `X:`; what stands before the first (`L:`, `M:`,
            `R:`) holds for tunes that do not say otherwise, and what stands between tunes, after an empty line, is
            no music. A warning lists the tunes that cannot be read, each with its reason. None for Ryan's and
            O'Neill's books.

    Of the 3,068 tunes of both books, 2,877 are read; those with several keys or metres, rare tuplets or rare signs are
    left out. A tune that does not name its dance has that of O'Neill's section, if it is in one of those with one
    dance only.

    Raises `DataError` when the books' file is missing or altered, ValueError for a file in which no tune can be read.
    """
    if path is not None:
        tunes, reasons = _read_book(path)
        _say_what_is_left_out(path, "cannot be read", reasons)
        return tunes
    with zipfile.ZipFile(sources.path("music")) as package:
        names = [name for name in package.namelist() if name.startswith(_BOOKS) and name.endswith(".abc")]
        texts = [(name, package.read(name).decode("utf-8")) for name in sorted(names)]
    tunes = []
    for name, text in texts:
        for part in re.split(r"(?m)^(?=X:)", text)[1:]:
            try:
                tune = read_tune(part)
            except ValueError:
                continue
            number = int(re.match(r"X:\s*(\d+)", part)[1]) if name.startswith(_BOOKS[1]) else 0
            tunes.append(tune._replace(dance=_name_dance(tune.dance, number)))
    return tunes


def _read_book(path: str | Path) -> tuple[list[Tune], list[str]]:
    """The tunes of a file, and of those that cannot be read, why."""
    header, *parts = re.split(r"(?m)^(?=X:)", read_text(find_file(path, "tune book")))
    if not parts:
        header, parts = "", [header]  # one tune without a number, if it is any
    tunes, reasons = [], []
    for place, part in enumerate(parts, 1):
        head = part.partition("\nK:")[0]
        defaults = [line for line in re.findall("(?m)^[LMR]:.*", header) if not re.search(f"(?m)^{line[:2]}", head)]
        try:
            tune = read_tune("\n".join([*defaults, _without_free_text(part)]))
            notes(tune)  # refuses what makes no sense, such as a bar line in a triplet
            tunes.append(tune)
        except ValueError as error:
            title = re.search(r"(?m)^T:[^\S\n]*(.*)", head)
            reasons.append(f"tune {place} of {len(parts)}, {title[1] if title else ''!r}: {error}")
    if not tunes:
        raise ValueError(f"{path} has no tune that can be read, expected ABC notation; {reasons[0]}")
    return [tune._replace(dance=_name_dance(tune.dance, 0)) for tune in tunes], reasons


def _without_free_text(part: str) -> str:
    """A tune without the words after it: they follow an empty line, and have neither bar lines nor fields."""
    tune, *others = re.split(r"\n[^\S\n]*\n", part.rstrip())
    return "\n\n".join([tune, *(text for text in others if re.search(r"\||(?m:^[A-Za-z]:)", text))])


def _say_what_is_left_out(path: str | Path, why: str, reasons: list[str]) -> None:
    if reasons:
        lines = "".join(f"\n  {reason}" for reason in reasons)
        warnings.warn(f"{path}: tunes that {why}, {len(reasons)} in number, are left out:{lines}", stacklevel=3)


def _name_dance(written: str, number: int) -> str:
    """One name for each dance; `number` is that of the tune in O'Neill's book, 0 elsewhere."""
    name = written.lower()
    section = next((dance for dance, numbers in _SECTIONS.items() if number in numbers), "")
    return _OTHER_NAMES.get(name, name) or section


class TuneBatches(LengthBatches):
    """Batches of whole tunes of like length, so that little of a batch is padding.

    Each time one iterates, an epoch of `(X, Y)`, int64 (n, T): X the ids of tunes without the last, then `<pad>`; Y the
    next id at each step, and −1 where there is none. The second step does not count either: that is the metre, which is
    given. T is rounded up to a multiple of 32.

    Args:
        rows: a list of ids for each tune, the first two its dance and its metre, the last `<eos>`.
        batch_size, rng: as for `LengthBatches`.

    >>> [(X, Y)] = TuneBatches([[9, 8, 5, 6, 7, 3]], batch_size=1)
    >>> X[0, :6].tolist(), Y[0, :6].tolist(), X.shape
    ([9, 8, 5, 6, 7, 1], [-1, 5, 6, 7, 3, -1], (1, 32))
    """

    def __init__(self, rows: Sequence[Sequence[int]], batch_size: int, rng: np.random.Generator | None = None):
        X = Padded([row[:-1] for row in rows], PAD, multiple=32)
        Y = Padded([[NO_TARGET, *row[2:]] for row in rows], NO_TARGET, multiple=32)
        super().__init__(X, Y, [X.widths], batch_size, rng)


def _why_left_out(tune: Tune) -> str:
    """Why a tune is not learnt from, in a sentence; empty for those that are."""
    if tune.dance not in DANCES:
        return f"Its dance (R:) is {tune.dance!r}, expected one of {DANCES}."
    if tune.metre not in METRES:
        return f"Its metre (M:) is {tune.metre!r}, expected one of {METRES}."
    if len(tune.signs) > LONGEST:
        return f"It has {len(tune.signs)} signs, expected {LONGEST} at most."
    return "" if bars_add_up(tune) else "Its bars do not add up."


class MusicData:
    """Dance tunes for a language model: a training part, and a part that is held out and never trained on.

    A tune is a sequence of signs (see `Tune`), all in one key, and the two that come first say what is to follow:
    "<reel>", then "<2/2>", then the music, then `<eos>`. So a model that is given the first two makes a tune to order.

    Held-out and training part share no near-copies: two tunes with 16 notes in a row in common, the same pitches
    whatever their lengths, are on one side. Both books have some tunes twice or in several settings. So the longest
    run that a held-out tune shares with training has 15 notes or fewer: a made tune with more is a copy.

    Some tunes of `load_tunes` are left out: those of rare or unknown dances and metres, those whose bars do not add up,
    and those of more than 384 signs.

    Args:
        batch_size: n; the last batch may have fewer.
        heldout: how much is held out, as a share.
        seed: of the split and of the order of the batches. Two epochs differ; two objects with one seed do not.
        path: a tune book of your own, as for `load_tunes`; a warning lists the tunes left out, each with its reason.

    Attributes: `vocab` (of the training part, with `<unk>`, `<pad>`, `<bos>`, `<eos>` as ids 0 to 3, though no tune has
    `<bos>`), `train`, `heldout` (see `TuneBatches`), `train_tunes`, `heldout_tunes` (lists of `Tune`).
    """

    def __init__(self, batch_size: int = 32, heldout: float = 0.1, seed: int = 0, path: str | Path | None = None):
        rng = generator(seed)
        known = load_tunes() if path is None else load_tunes(path)
        reasons = [_why_left_out(tune) for tune in known]
        tunes = [tune for tune, reason in zip(known, reasons, strict=True) if not reason]
        if path is not None:
            left_out = [f"{tune.title!r}: {why}" for tune, why in zip(known, reasons, strict=True) if why]
            if not tunes:
                raise ValueError(f"{path} has no tune to learn from, expected some whose bars add up; {left_out[0]}")
            _say_what_is_left_out(path, "are not learnt from", left_out)
        unseen = draw(join(len(tunes), with_a_run_in_common(tunes, COPY)), heldout, rng)  # (tunes,) bool
        self.train_tunes, self.heldout_tunes = (
            [tune for tune, is_unseen in zip(tunes, unseen, strict=True) if is_unseen == side] for side in (False, True)
        )
        order = [token for tune in self.train_tunes for token in [*self.prefix(tune.dance, tune.metre), *tune.signs]]
        self.vocab = Vocab(order, reserved=RESERVED)
        self.train, self.heldout = (
            TuneBatches([self.encode(tune) for tune in part], batch_size, generator)
            for part, generator in ((self.train_tunes, rng), (self.heldout_tunes, None))
        )

    @staticmethod
    def prefix(dance: str, metre: str) -> list[str]:
        """The two tokens that order a tune.

        >>> MusicData.prefix("slip jig", "9/8")
        ['<slip jig>', '<9/8>']
        """
        for name, value, known in (("dance", dance, DANCES), ("metre", metre, METRES)):
            if value not in known:
                raise ValueError(f"{name} is {value!r}, expected one of {known}.")
        return [f"<{dance}>", f"<{metre}>"]

    def encode(self, tune: Tune) -> list[int]:
        """The ids of a tune: dance, metre, signs, `<eos>`."""
        return [*self.vocab[[*self.prefix(tune.dance, tune.metre), *tune.signs]], EOS]

    def decode(self, ids: Sequence[int]) -> Tune:
        """The tune of ids as `encode` gives them; it ends at `<eos>`, or with the ids."""
        ids = as_ids(ids).tolist()
        tokens = self.vocab.to_tokens(ids[: ids.index(EOS)] if EOS in ids else ids)
        if len(tokens) < 2:
            raise ValueError(f"ids stand for {tokens}, expected a dance, a metre and the music.")
        dance, metre, *signs = tokens
        return Tune(tuple(signs), metre.strip("<>"), dance.strip("<>"))
