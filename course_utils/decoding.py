"""From a model's logits to text, in NumPy, so that both frameworks choose alike.

`generate` and `translate` of each framework give the step.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from course_utils.datasets import TranslationData, Vocab
from course_utils.search import beam_search


class Translation(NamedTuple):
    """A translation: its tokens, and how likely the model finds it, per token (see `search.Found`).

    >>> print(Translation(["cœur", "rouge"], -0.1))
    cœur rouge
    """

    tokens: list[str]
    score: float

    def __str__(self) -> str:
        return " ".join(self.tokens)


def choose(logits: np.ndarray, temperature: float, top_k: int | None, rng: np.random.Generator) -> int:
    """The id of the next token.

    Args:
        logits: (V,), unnormalised log-probabilities.
        temperature: 0 takes the most likely token; 1 draws from the model's own distribution; less is more careful,
            more is bolder.
        top_k: draw among the k most likely tokens only; None: among all.
        rng: where the draw comes from.

    >>> choose(np.array([0.0, 2.0, 1.0]), 0, None, np.random.default_rng(0))
    1
    """
    logits = np.asarray(logits, dtype=np.float64)
    if not temperature >= 0 or (top_k is not None and not 1 <= top_k <= len(logits)):
        raise ValueError(
            f"temperature={temperature}, top_k={top_k}: expected 0 or more, and None or 1 to {len(logits)} for top_k."
        )
    if np.isnan(logits).any():
        raise ValueError("The logits hold NaN: the model has diverged; train it again with a lower rate or clip_norm.")
    if temperature == 0:
        return int(logits.argmax())
    if top_k is not None:
        likely = np.argsort(-logits, kind="stable")[:top_k]
        logits = np.where(np.isin(np.arange(len(logits)), likely), logits, -np.inf)
    weights = np.exp((logits - logits.max()) / temperature)
    return int(rng.choice(len(weights), p=weights / weights.sum()))


def continue_text(
    step: Callable[[list[int], object], tuple[np.ndarray, object]],
    prefix: str,
    num_preds: int,
    vocab: Vocab,
    temperature: float,
    top_k: int | None,
    seed: int,
) -> str:
    """`prefix` and `num_preds` characters more: `step` reads the prefix, then each character it led to.

    Args:
        step: `(ids, state) -> (logits of the token after the last id, (V,); the new state)`; the first state is None.
        prefix, num_preds, vocab, temperature, top_k, seed: as for `generate`.
    """
    if not prefix:
        raise ValueError(
            "The prefix is empty, expected at least one character: the model needs something to read first."
        )
    rng = np.random.default_rng(seed)
    state, chosen, ids = None, [], vocab[list(prefix)]
    for _ in range(num_preds):
        logits, state = step(ids, state)
        ids = [choose(logits, temperature, top_k, rng)]
        chosen += ids
    return prefix + "".join(vocab.to_tokens(chosen))


def search_translations(
    step: Callable, state, select: Callable, num_sentences: int, data: TranslationData, beam: int, max_steps: int | None
) -> list[Translation]:
    """The best translation of each sentence.

    Args:
        step, select: as for `search.beam_search`.
        state: what the decoder starts from, a row for each sentence.
        num_sentences: how many.
        data, beam, max_steps: as for `translate`.
    """
    vocab, max_steps = data.target_vocab, data.num_steps if max_steps is None else max_steps
    found = beam_search(step, state, select, num_sentences, vocab["<bos>"], vocab["<eos>"], max_steps, width=beam)
    return [Translation(vocab.to_tokens(ids), score) for ids, score in found]
