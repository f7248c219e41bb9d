"""Text and music from a trained model: a prefix continued, tunes to order, sentences translated."""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from course_utils.datasets import MusicData, TranslationData, Tune, Vocab
from course_utils.decoding import Translation, continue_text, encode_sources, search_translations, write_tunes
from course_utils.tensorflow.evaluation import to_tensors
from course_utils.tensorflow.seq2seq import Seq2Seq
from course_utils.training import check_model


def generate(
    model: keras.Model,
    prefix: str,
    num_preds: int,
    vocab: Vocab,
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
) -> str:
    """`prefix`, continued by `num_preds` tokens, characters or words, that the model predicts one by one.

    The model first reads the whole prefix (the warm-up), then each prediction becomes its next input.

    Args:
        model: `(X, state) -> (logits, state)` with ids X (1, T) and logits (1, T, V), such as `RNNLM`.
        prefix: at least one character. The model reads it as the vocabulary's text was normalised and split (see
            `Vocab`); a warning names the tokens that the vocabulary does not know. It is given back as typed.
        num_preds: how many tokens, 0 or more.
        vocab: of the data that the model was trained on.
        temperature: 0 (greedy) takes the most likely token; 1 draws from the model's distribution.
        top_k: draw among the k most likely tokens only; refused at temperature 0, where nothing is drawn.
        top_p: draw among the fewest most likely tokens that together have the probability p or more; as `top_k`.
        seed: of the draws.
    """
    check_model(model, keras.Model, getattr(model, "call", None))

    def step(ids, state):
        logits, state = model(tf.constant([ids]), state)  # (1, T, V)
        return np.asarray(logits[0, -1]), state

    return continue_text(step, prefix, num_preds, vocab, temperature, top_k, top_p, seed)


def compose(
    model: keras.Model,
    data: MusicData,
    dance: str,
    metre: str,
    num: int = 1,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
) -> list[Tune]:
    """Tunes that the model makes to order, sign by sign, each until its own <eos>.

    A sign may stand where it makes no sense: `datasets.notes` raises ValueError then. A tune that has not ended after
    384 signs is cut off there.

    Args:
        model: `(X, state) -> (logits, state)` with ids X (n, T) and logits (n, T, V), such as `RNNLM`.
        data: what the model was trained on, for its vocabulary.
        dance, metre: what is ordered, such as "jig" and "6/8"; one of `datasets.music.DANCES` and `METRES`.
        num: how many; the first ones are the same however many there are.
        temperature: 1 draws from the model's distribution; 0 takes the most likely sign, so that all tunes are one.
        top_k: draw among the k most likely signs only; refused at temperature 0, where nothing is drawn.
        top_p: draw among the fewest most likely signs that together have the probability p or more; as `top_k`.
        seed: of the draws.
    """
    check_model(model, keras.Model, getattr(model, "call", None))
    read = tf.function(model)  # compiled: it is asked hundreds of times

    def step(ids, state):
        logits, state = read(tf.constant(ids), state)  # (num, T, V)
        return np.asarray(logits[:, -1]), state

    return write_tunes(step, data, dance, metre, num, temperature, top_k, top_p, seed)


def translate(model: Seq2Seq, sentences: Sequence[str], data: TranslationData, beam: int = 1) -> list[Translation]:
    """Translations of sentences, all searched for side by side, each until its own <eos>.

    One that has not ended after `data.num_steps` tokens is cut off there.

    Args:
        sentences: plain text, as you would type it. A word that training lacks is read as <unk>: it is not copied, and
            the model guesses. A sentence without a word is refused; of one longer than `data.num_steps` allows the end
            is not read, with a warning.
        data: what the model was trained on, for its vocabularies.
        beam: how many beginnings of each translation are kept; 1 takes the likeliest token at each step (greedy).

    Returns: for each sentence its translation's tokens and score, and with attention the alignment; `str()` of one is
        the sentence.
    """

    def step(ids, state):
        context, state = state
        logits, state = model.decoder(tf.constant(ids)[:, None], context, state)  # (m, 1, V)
        return np.asarray(logits[:, 0]), (context, state)

    def select(state, rows):
        return tf.nest.map_structure(lambda part: tf.gather(part, rows), state)

    def align(ids):
        maps = model.decoder.alignment(tf.constant(ids), *start)  # (n, T, S)
        return None if maps is None else np.asarray(maps, dtype=np.float64)

    source, lengths = encode_sources(model, sentences, data)
    start = model.begin(*to_tensors((source, lengths)))
    return search_translations(step, align, start, select, lengths, data, beam)
