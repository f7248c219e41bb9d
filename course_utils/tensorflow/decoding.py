"""Text from a trained language model."""

import keras
import numpy as np
import tensorflow as tf

from course_utils.datasets import Vocab
from course_utils.decoding import continue_text


def generate(
    model: keras.Model,
    prefix: str,
    num_preds: int,
    vocab: Vocab,
    temperature: float = 0.0,
    top_k: int | None = None,
    seed: int = 0,
) -> str:
    """`prefix`, continued by `num_preds` characters that the model predicts one by one.

    The model first reads the whole prefix (the warm-up), then each prediction becomes its next input.

    Args:
        model: `(X, state) -> (logits, state)` with ids X (1, T) and logits (1, T, V), such as `RNNLM`.
        prefix: at least one character.
        temperature: 0 (greedy) takes the most likely character; 1 draws from the model's distribution.
        top_k: draw among the k most likely characters only.
        seed: of the draws.
    """

    def step(ids, state):
        logits, state = model(tf.constant([ids]), state)  # (1, T, V)
        return np.asarray(logits[0, -1]), state

    return continue_text(step, prefix, num_preds, vocab, temperature, top_k, seed)
