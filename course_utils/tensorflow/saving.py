"""A model in a file with all that is needed to open it: weights, sizes, vocabulary, and the run so far."""

from pathlib import Path

import keras

from course_utils import blueprints, checkpoints
from course_utils.checkpoints import Opened
from course_utils.datasets import Vocab
from course_utils.history import History
from course_utils.tensorflow import weights
from course_utils.tensorflow.attention import AttentionDecoder
from course_utils.tensorflow.cells import CELLS, Bidirectional, Block, Deep, ShortConv
from course_utils.tensorflow.models import RNNLM
from course_utils.tensorflow.seq2seq import Seq2Seq, Seq2SeqDecoder, Seq2SeqEncoder

OWN = (*CELLS, ShortConv, Block, Deep, Bidirectional, RNNLM, Seq2SeqEncoder, Seq2SeqDecoder, AttentionDecoder, Seq2Seq)
OF_KERAS = ("units", "return_sequences", "return_state", "zero_output_for_mask", "dropout", "recurrent_dropout")
LAYERS = {keras.layers.SimpleRNN: (), keras.layers.GRU: ("reset_after",), keras.layers.LSTM: ()}
KINDS: blueprints.Kinds = {cls.__name__: (cls, None) for cls in OWN}
KINDS |= {f"keras.{cls.__name__}": (cls, {name: name for name in (*OF_KERAS, *own)}) for cls, own in LAYERS.items()}
KINDS["keras.Bidirectional"] = (keras.layers.Bidirectional, {"layer": "forward_layer", "merge_mode": "merge_mode"})


def save_model(
    path: str | Path,
    model: keras.layers.Layer,
    vocab: Vocab | dict[str, Vocab] | None = None,
    history: History | None = None,
) -> None:
    """Write a model to a file from which `open_model` builds it again, without the code that built it.

    Args:
        path: by custom its name ends in ".safetensors"; a file of that name is replaced.
        model: a model or layer of the course, over its own layers or Keras' `SimpleRNN`, `GRU`, `LSTM` and
            `Bidirectional`. One that has the course's own layers only opens in the other framework, too.
        vocab: the vocabulary that it was trained with, or several by their names.
        history: of its training, so that `fit(..., resume=history)` can go on with it.

    Raises:
        TypeError: it is a model of your own; `checkpoints.save` writes the weights of one.
        ValueError: the vocabulary has not as many tokens as the model.

    >>> import tempfile
    >>> from course_utils.tensorflow import GRU
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(f"{folder}/lm.safetensors", RNNLM(GRU(3, 5), 3), Vocab(["a", "b"]))
    ...     model, vocab, history = open_model(f"{folder}/lm.safetensors")
    >>> model.rnn.num_hiddens, vocab.tokens, history
    (5, ['<unk>', 'a', 'b'], None)
    """
    checkpoints.save_all(path, weights.dump(model), blueprints.describe(model, KINDS), vocab, history)


def open_model(path: str | Path) -> Opened:
    """The model, the vocabulary and the history in a file of `save_model`; the last two None if it has none.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is cut off, is something else, has weights only, or a layer of the other framework.
    """
    params, opened = checkpoints.load_all(path)
    model = blueprints.build(opened.model, KINDS)
    weights.load(model, params)
    return opened._replace(model=model)
