"""What a language model thinks of a line, letter by letter: for `course_utils.figures.surprise_ribbon`."""

import numpy as np
import tensorflow as tf

from course_utils.datasets import Vocab
from course_utils.figures.reading import Reading, check_model, encode_line
from course_utils.tensorflow.models import RNNLM


def read_line(model: RNNLM, line: str, vocab: Vocab, before: str = " ") -> Reading:
    """How probable the model finds each letter of a line, and which earlier letters that depends on.

    The influence of letter s on letter t is the length of the gradient of t's log-probability by the vector, one-hot or
    embedded, that the recurrent layer reads for s.

    Args:
        line: as you would type it; it is normalised and split as the vocabulary's text was.
        before: what the model reads in front of it, at least one character, so that the first letter is predicted too.

    >>> from course_utils.tensorflow import GRU
    >>> vocab = Vocab([*"a bc"])
    >>> model = RNNLM(GRU(len(vocab), 3), len(vocab))
    >>> log_probs, influence = read_line(model, "cab", vocab)
    >>> log_probs.shape, influence.shape
    ((3, 5), (3, 2))
    """
    check_model(model, RNNLM)
    ids, start, length = encode_line(line, vocab, before)
    X = tf.constant([ids[:-1]] * length)  # (T, B + T - 1): the same for each letter of the line
    model(X[:1])  # makes the weights, if it was never called
    inputs = model.embed(X)  # (T, B + T - 1, V or e)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        log_probs = tf.nn.log_softmax(model.read(inputs)[0])[:, start - 1 :]  # (T, T, V)
        letters = np.arange(length)
        own = tf.gather_nd(log_probs, np.stack([letters, letters, ids[start:]], axis=1))  # (T,)
    influence = tf.norm(tape.gradient(own, inputs)[:, start:], axis=-1)  # (T, T - 1)
    return Reading(*(np.asarray(tensor, dtype=np.float64) for tensor in (log_probs[0], influence)))
