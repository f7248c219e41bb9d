"""Models: a recurrent layer with what goes in front of it and behind it."""

from inspect import signature

import keras
import tensorflow as tf

from course_utils.shapes import check_count, check_ids, check_layer, check_same, check_share, check_X, unfit_layer
from course_utils.tensorflow.cells import Bidirectional, Deep
from course_utils.tensorflow.evaluation import CourseModel, as_ids, check_stateless
from course_utils.training import check_result


class RNNLM(CourseModel):
    """A language model: token ids → one-hot vectors → recurrent layer → logits of the next token.

    Args:
        rnn: any recurrent layer `(X, state) -> (outputs, state)` on X (n, T, vocab_size or embed_size): one of
            `course_utils.tensorflow`, or Keras' `SimpleRNN`, `GRU`, `LSTM`, `RNN`, `Bidirectional` with
            `return_sequences=True` and `return_state=True`.
        vocab_size: V, the number of different tokens.
        dropout: the share of the recurrent layer's outputs that is set to zero while training.
        embed_size: e; tokens become rows of an embedding (V, e) instead of one-hot vectors, and the layer reads those.
        token_dropout: the share of the input tokens that the layer does not see while training.

    A layer that reads in both directions sees the token that is to be predicted: good for filling gaps, but not for
    the next token. Attribute: `reads_both_ways`, whether it is such a one.

    Without an embedding the layer's input weights are drawn anew from N(0, 1), as an embedding's are: a one-hot vector
    picks one row of them, and the rows of a layer's own initialisation, made for dense inputs, are so small that
    training starts slowly.

    >>> rnn = keras.layers.SimpleRNN(5, return_sequences=True, return_state=True)
    >>> logits, state = RNNLM(rnn, vocab_size=7)(tf.constant([[1, 2, 3], [4, 5, 6]]))
    >>> logits.shape
    TensorShape([2, 3, 7])
    """

    def __init__(
        self,
        rnn: keras.layers.Layer,
        vocab_size: int,
        dropout: float = 0.0,
        embed_size: int | None = None,
        token_dropout: float = 0.0,
    ):
        super().__init__()
        check_layer(rnn, keras.layers.Layer)
        self.is_keras_layer = isinstance(rnn, (keras.layers.RNN, keras.layers.Bidirectional))
        if self.is_keras_layer and not (rnn.return_sequences and rnn.return_state):
            raise ValueError(
                "The layer gives only its last output, but each step needs one, and its state: "
                "build it with return_sequences=True, return_state=True."
            )
        if isinstance(rnn, keras.Model) and [*signature(rnn.call).parameters][1:2] == ["training"]:
            # a Sequential or a functional model, which would take a state for this setting
            raise unfit_layer(rnn, embed_size or vocab_size)
        if any(getattr(layer, "go_backwards", False) for layer in [getattr(rnn, "forward_layer", rnn)]):
            raise ValueError(
                "The layer is go_backwards=True, so that its outputs are in reverse order: build it without."
            )
        if getattr(rnn, "merge_mode", "concat") is None:
            raise ValueError(
                "The layer is merge_mode=None, which gives two outputs: build it with 'concat' or another one."
            )
        check_stateless(rnn)
        check_count("vocab_size", vocab_size)
        if embed_size is not None:
            check_count("embed_size", embed_size)
        for reader in _readers(rnn):
            if hasattr(reader, "kernel") and reader.built:  # Keras' own
                check_X((1, 1, embed_size or vocab_size), reader.kernel.shape[0])
        check_share("dropout", dropout)
        check_share("token_dropout", token_dropout)
        self.rnn, self.vocab_size, self.embed_size = rnn, vocab_size, embed_size
        self.reads_both_ways = _reads_both_ways(rnn)
        self.dropout, self.token_dropout = keras.layers.Dropout(dropout), keras.layers.Dropout(token_dropout)
        # Both are drawn as in PyTorch: from N(0, 1), and uniformly from ±1/√h.
        normal = keras.initializers.RandomNormal(stddev=1.0)
        uniform = keras.initializers.VarianceScaling(1 / 3, mode="fan_in", distribution="uniform")
        self.embedding = keras.layers.Embedding(vocab_size, embed_size, normal) if embed_size else None
        self.output_layer = keras.layers.Dense(vocab_size, kernel_initializer=uniform)
        if not embed_size:
            _draw_input_weights([layer for layer in _readers(rnn) if layer.built])

    def build(self, input_shape=None):
        """Make the recurrent layer's weights and draw those of its inputs; Keras calls this before the first call."""
        if self.rnn.built:
            return
        with tf.init_scope():  # at once, also where the first call is being compiled
            if self.embedding is not None:
                self._try_out(self.embedding(tf.zeros((1, 1), tf.int32)))
                return
            # those of the others, which are there already, may have been loaded
            new = [layer for layer in _readers(self.rnn) if not layer.built]
            self._try_out(tf.zeros((1, 1, self.vocab_size)))
            _draw_input_weights(new)

    def _try_out(self, inputs) -> None:
        try:
            result = self.rnn(inputs)
        except TypeError as error:
            raise unfit_layer(self.rnn, inputs.shape[-1]) from error
        if not self.is_keras_layer:
            check_result(result, "layer")

    def begin_state(self, batch_size: int):
        """The zero state the recurrent layer starts from, in the shape it wants."""
        if not self.is_keras_layer:
            return self.rnn.begin_state(batch_size)
        directions = _directions(self.rnn) if isinstance(self.rnn, keras.layers.Bidirectional) else [self.rnn]
        return tuple(part for layer in directions for part in layer.get_initial_state(batch_size))

    def check_inputs(self, X) -> None:
        """Raise an error unless X, an array, are ids (n, T) of the vocabulary; `Trainer` and `evaluate` ask it."""
        check_ids("X", X.shape, X.dtype.kind, self.vocab_size, X)

    def call(self, X, state=None, training=False):
        """Logits (n, T, V) of the token after each of X (n, T), ids; and the layer's state after the last."""
        X = as_ids("X", X, self.vocab_size)  # (n, T)
        if self.is_keras_layer and state is not None and X.shape[0] is not None:
            check_same(*(tf.nest.flatten(parts) for parts in (state, self.begin_state(X.shape[0]))))
        inputs = self.embed(X)  # (n, T, V or e)
        seen = self.token_dropout(tf.ones_like(inputs[..., :1]), training=training) > 0  # (n, T, 1); nothing is scaled
        return self.read(tf.where(seen, inputs, 0), state)

    def embed(self, X) -> tf.Tensor:
        """The vectors that the recurrent layer reads for ids X (n, T): one-hot (n, T, V), or embedded (n, T, e)."""
        if self.embedding is not None:
            return self.embedding(X)  # (n, T, e)
        return tf.one_hot(X, self.vocab_size, dtype=self.compute_dtype)  # (n, T, V)

    def read(self, inputs, state=None):
        """As the model itself, from such vectors on: logits (n, T, V) and the layer's state after the last.

        Inside the model's call, Keras tells the layers whether it trains.
        """
        if self.is_keras_layer:
            outputs, *state = self.rnn(inputs, initial_state=state)  # (n, T, h)
            state = tuple(state)
        else:
            outputs, state = self.rnn(inputs, state)  # (n, T, h)
        return self.output_layer(self.dropout(outputs)), state  # (n, T, V)


def _draw_input_weights(readers: list[keras.layers.Layer]) -> None:
    for layer in readers:
        for variable in layer.trainable_variables:
            if variable.name == "kernel" or variable.name.startswith("W_x"):  # a one-hot vector picks one row
                variable.assign(keras.random.normal(variable.shape))


def _directions(rnn) -> list[keras.layers.Layer]:
    return [rnn.forward_layer, rnn.backward_layer]


def _readers(rnn: keras.layers.Layer) -> list[keras.layers.Layer]:
    """The layers, or Keras' cells, that read the model's inputs: the lowest one, in each direction."""
    if isinstance(rnn, (Bidirectional, keras.layers.Bidirectional)):
        return [reader for layer in _directions(rnn) for reader in _readers(layer)]
    if isinstance(rnn, Deep):
        return _readers(rnn.layers[0])
    cell = getattr(rnn, "cell", rnn)
    return [cell.cells[0] if isinstance(cell, keras.layers.StackedRNNCells) else cell]


def _reads_both_ways(rnn: keras.layers.Layer) -> bool:
    if isinstance(rnn, Deep):
        return any(map(_reads_both_ways, rnn.layers))
    return isinstance(rnn, (Bidirectional, keras.layers.Bidirectional))
