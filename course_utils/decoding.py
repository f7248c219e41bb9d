"""From a model's logits to text or music, in NumPy, so that both frameworks choose alike.

`generate`, `compose` and `translate` of each framework give the step.
"""

import warnings
from collections.abc import Callable, Sequence
from numbers import Real
from typing import NamedTuple

import numpy as np

from course_utils.datasets import MusicData, TranslationData, Tune, Vocab
from course_utils.datasets.music import LONGEST
from course_utils.errors import check_whole, is_whole
from course_utils.search import beam_search


class Translation(NamedTuple):
    """A translation: its tokens, and how likely the model finds it, per token (see `search.Found`).

    Args:
        alignment: how much the decoder looked at each token of the source, its <eos> too, when it wrote each of
            `tokens`: (T, S), float64, of each row the sum is 1. None of a decoder without attention.

    >>> print(Translation(["cœur", "rouge"], -0.1))
    cœur rouge
    """

    tokens: list[str]
    score: float
    alignment: np.ndarray | None = None

    def __str__(self) -> str:
        return " ".join(self.tokens)


def distribution(
    logits: np.ndarray, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> np.ndarray:
    """The probabilities, (V,) float64, that the next token is drawn by.

    Args:
        logits: (V,), unnormalised log-probabilities.
        temperature: the logits are divided by it: 1 is the model's own distribution, less is more careful, more is
            bolder; 0 leaves the most likely token alone.
        top_k: all but the k most likely tokens get 0 (Fan et al., 2018); None keeps all.
        top_p: of those left by now, all get 0 but the fewest most likely ones that together have a share of p or more,
            0 < p ≤ 1 (Holtzman et al., 2020); None keeps all.

    Raises:
        ValueError: a setting is out of its range, or the logits are not those of one token, hold NaN or +∞, or are all
            −∞; some may be −∞, and are never drawn.

    >>> distribution(np.log([0.5, 0.1, 0.3, 0.1]), top_p=0.7).round(3).tolist()
    [0.625, 0.0, 0.375, 0.0]
    """
    logits = np.asarray(logits, dtype=np.float64)
    if logits.ndim != 1 or logits.size == 0:
        raise ValueError(f"The logits have the shape {logits.shape}, expected (V,), those of one token: take one row.")
    _check_ranges(len(logits), temperature, top_k, top_p)
    if not np.isfinite(logits.max()):  # NaN, too, is its own maximum
        raise ValueError(
            "The logits hold NaN or infinity: the model has diverged; train it again with a lower rate or clip_norm."
        )
    if temperature == 0:
        return np.eye(len(logits))[logits.argmax()]
    ranked = np.argsort(-logits, kind="stable")  # the most likely first
    if top_k is not None:
        logits = np.where(np.isin(np.arange(len(logits)), ranked[:top_k]), logits, -np.inf)
    weights = np.exp((logits - logits.max()) / temperature)
    if top_p is not None and top_p < 1:
        more_likely = np.cumsum(weights[ranked]) - weights[ranked]  # (V,): the mass before each
        weights[ranked[more_likely >= top_p * weights.sum()]] = 0
    return weights / weights.sum()


def _check_ranges(V: int, temperature: float, top_k: int | None, top_p: float | None) -> None:
    is_temperature = isinstance(temperature, Real) and 0 <= temperature < np.inf
    if not is_temperature or not (top_k is None or (is_whole(top_k, 1) and top_k <= V)):
        raise ValueError(
            f"temperature={temperature!r}, top_k={top_k!r}: expected a number, 0 or more, and None or a whole number, "
            f"1 to {V}, for top_k."
        )
    if not (top_p is None or (isinstance(top_p, Real) and 0 < top_p <= 1)):
        raise ValueError(f"top_p={top_p!r}: expected a share above 0 and up to 1, or None to leave out no token.")


def _check_order(V: int, temperature: float, top_k: int | None, top_p: float | None, seed: int) -> None:
    """What is asked of a writer, before its model is asked for anything."""
    _check_ranges(V, temperature, top_k, top_p)
    if temperature == 0 and not top_k is top_p is None:
        raise ValueError(
            f"top_k={top_k} and top_p={top_p} change nothing at temperature=0, where the most likely token is always "
            "taken: give a temperature above 0, such as 1.0, or leave them out."
        )
    check_whole(0, seed=seed)


def check_vocab(vocab: Vocab, size: int | None = None) -> None:
    """Raise an error unless it is a vocabulary, with as many tokens as the model has, if that is known.

    >>> check_vocab(Vocab(["a"]), 3)
    Traceback (most recent call last):
    ValueError: The vocabulary has 2 tokens and the model 3, expected as many: give the one that it was trained with.
    """
    if not isinstance(vocab, Vocab):
        raise TypeError(
            f"vocab is of the type {type(vocab).__name__}, expected a Vocab: that of the training data, data.vocab."
        )
    if size is not None and size != len(vocab):
        raise ValueError(
            f"The vocabulary has {len(vocab)} tokens and the model {size}, expected as many: give the one that it was "
            "trained with."
        )


def choose(
    logits: np.ndarray, temperature: float, top_k: int | None, rng: np.random.Generator, top_p: float | None = None
) -> int:
    """The id of the next token, drawn from `distribution(logits, temperature, top_k, top_p)`.

    >>> choose(np.array([0.0, 2.0, 1.0]), 0, None, np.random.default_rng(0))
    1
    """
    probs = distribution(logits, temperature, top_k, top_p)
    return int(probs.argmax() if temperature == 0 else rng.choice(len(probs), p=probs))


def continue_text(
    step: Callable[[list[int], object], tuple[np.ndarray, object]],
    prefix: str,
    num_preds: int,
    vocab: Vocab,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    seed: int,
) -> str:
    """`prefix` and `num_preds` tokens more: `step` reads the prefix, then each token it led to.

    Args:
        step: `(ids, state) -> (logits of the token after the last id, (V,); the new state)`; the first state is None.
        prefix, num_preds, vocab, temperature, top_k, top_p, seed: as for `generate`.
    """
    check_whole(0, num_preds=num_preds)
    check_vocab(vocab)
    if isinstance(prefix, str) and not prefix:
        raise ValueError(
            "The prefix is empty, expected at least one character: the model needs something to read first."
        )
    _check_order(len(vocab), temperature, top_k, top_p, seed)
    rng = np.random.default_rng(seed)
    state, chosen, ids = None, [], vocab[vocab.split(prefix, "the prefix")]
    for _ in range(num_preds):
        logits, state = step(ids, state)
        check_vocab(vocab, len(logits))
        ids = [choose(logits, temperature, top_k, rng, top_p)]
        chosen += ids
    between = " " if chosen and vocab.level == "word" and not prefix[-1].isspace() else ""
    return prefix + between + vocab.join(vocab.to_tokens(chosen))


def write_tunes(
    step: Callable[[np.ndarray, object], tuple[np.ndarray, object]],
    data: MusicData,
    dance: str,
    metre: str,
    num: int,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    seed: int,
) -> list[Tune]:
    """Tunes to order, side by side: `step` reads dance and metre, then of each tune the sign it led to.

    Each tune has draws of its own, so that it does not depend on how many are written beside it.

    Args:
        step: `(ids (num, T), state) -> (logits of the sign after the last, (num, V); the new state)`; the first state
            is None. What it says of a tune that has ended is not used.
        data, dance, metre, num, temperature, top_k, top_p, seed: as for `compose`.
    """
    if not is_whole(num, 1):
        raise ValueError(f"num is {num!r}, expected 1 tune or more.")
    _check_order(len(data.vocab), temperature, top_k, top_p, seed)
    rngs = [np.random.default_rng([seed, number]) for number in range(num)]
    ids, state = np.tile(data.vocab[data.prefix(dance, metre)], (num, 1)), None  # (num, 2)
    read, ended = ids, np.zeros(num, dtype=bool)
    for _ in range(LONGEST):
        logits, state = step(read, state)  # (num, V)
        check_vocab(data.vocab, logits.shape[1])
        read = np.full((num, 1), data.vocab["<eos>"])
        for row in np.flatnonzero(~ended):
            read[row] = choose(logits[row], temperature, top_k, rngs[row], top_p)
        ids = np.hstack([ids, read])  # (num, t)
        ended |= read[:, 0] == data.vocab["<eos>"]
        if ended.all():
            break
    return [data.decode(row) for row in ids]


def encode_sources(model, sentences: Sequence[str], data: TranslationData) -> tuple[np.ndarray, np.ndarray]:
    """As `data.encode`, for translations: no sentence without a word, and a warning where the end of one is cut off.

    Raises ValueError where the vocabularies of the data have not as many tokens as the `Seq2Seq` model.
    """
    for vocab, half in ((data.source_vocab, model.encoder), (data.target_vocab, model.decoder)):
        check_vocab(vocab, half.vocab_size)
    source, lengths = data.encode(sentences)
    for number, (text, length) in enumerate(zip(sentences, lengths, strict=True), 1):
        if length == 1:  # <eos> alone
            raise ValueError(
                f"Sentence {number} of {len(sentences)} is {text!r}, expected a word or more: leave it out."
            )
    if cut := [text for text in sentences if len(data.tokenize[0](text)) >= data.num_steps]:
        warnings.warn(
            f"{len(cut)} of {len(sentences)} sentences have more than {data.num_steps - 1} tokens, such as {cut[0]!r}: "
            "the model does not read their ends; shorten them, or train one with larger num_steps.",
            stacklevel=3,
        )
    return source, lengths


def search_translations(
    step: Callable,
    align: Callable[[np.ndarray], np.ndarray | None],
    state,
    select: Callable,
    lengths: np.ndarray,
    data: TranslationData,
    beam: int,
) -> list[Translation]:
    """The best translation of each sentence.

    Args:
        step, select: as for `search.beam_search`.
        align: ids (n, T) that were fed → where the decoder looked then, (n, T, S), or None.
        state: what the decoder starts from, a row for each sentence.
        lengths: how many tokens of each sentence were read, (n,).
        data, beam: as for `translate`.
    """
    check_whole(beam=beam)
    vocab, n = data.target_vocab, len(lengths)
    found = beam_search(step, state, select, n, vocab["<bos>"], vocab["<eos>"], data.num_steps, width=beam)
    fed = np.full((n, 1 + max(len(ids) for ids, _ in found)), vocab["<bos>"])  # (n, T)
    for row, (ids, _) in zip(fed, found, strict=True):
        row[1 : 1 + len(ids)] = ids
    maps = align(fed)
    return [
        Translation(vocab.to_tokens(ids), score, None if maps is None else maps[i, : len(ids), : lengths[i]])
        for i, (ids, score) in enumerate(found)
    ]
