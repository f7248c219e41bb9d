"""Sequence to sequence: an encoder reads one sentence, a decoder writes another, and one vector is all that passes.

Sources: Cho et al. (2014), Learning phrase representations using RNN encoder-decoder; Sutskever et al. (2014), Sequence
to sequence learning with neural networks. The layers are the framework's own, which are compiled once for all lengths.

All weight matrices are drawn by Xavier's uniform rule (Glorot and Bengio, 2010) and biases begin at zero, an LSTM's
forget gate at one; embeddings are drawn from N(0, 1).
"""

import keras
import tensorflow as tf

from course_utils.shapes import check_decoder, check_pieces, check_sentences, check_seq2seq, check_sources
from course_utils.tensorflow.evaluation import CourseModel, as_ids

State = tuple  # of the layers: H (n, h) each, or LSTM's pair (H, C)


class Seq2SeqEncoder(keras.layers.Layer):
    """Reads sentences; the state after each one's last token is what the decoder starts from.

    Args:
        vocab_size: V, the number of different tokens.
        embed_size: e, the width of a token's embedding.
        num_hiddens: h, the hidden units of each layer, and of each direction.
        num_layers: how many layers are stacked.
        cell: "gru" or "lstm".
        dropout: the share of the embeddings, and of the outputs between two layers, that is set to zero while training.
        bidirectional: read each sentence from its end as well. A linear layer then makes one state of the two
            directions' last ones: a layer's H, and C in the same way.

    >>> encoder = Seq2SeqEncoder(vocab_size=10, embed_size=8, num_hiddens=16, num_layers=2)
    >>> outputs, state = encoder(tf.zeros((4, 9), tf.int64), tf.constant([9, 7, 2, 1]))
    >>> outputs.shape, len(state), state[-1].shape
    (TensorShape([4, 9, 16]), 2, TensorShape([4, 16]))
    """

    def __init__(
        self,
        vocab_size: int,
        embed_size: int,
        num_hiddens: int,
        num_layers: int = 1,
        cell: str = "gru",
        dropout: float = 0.0,
        bidirectional: bool = False,
    ):
        super().__init__()
        check_pieces(vocab_size, embed_size, num_hiddens, num_layers, cell, dropout)
        self.vocab_size, self.embed_size, self.bidirectional = vocab_size, embed_size, bidirectional
        self.num_hiddens, self.num_layers, self.cell = num_hiddens, num_layers, cell
        self.embedding, self.dropout = _embedding(vocab_size, embed_size), keras.layers.Dropout(dropout)
        self.rnns = [_recurrent(num_hiddens, cell) for _ in range(num_layers)]
        if bidirectional:
            self.rnns = [keras.layers.Bidirectional(rnn) for rnn in self.rnns]
        parts = (2 if cell == "lstm" else 1) if bidirectional else 0
        self.joins = [[keras.layers.Dense(num_hiddens) for _ in range(parts)] for _ in range(num_layers)]

    def build(self, input_shape=None):
        """Make the weights; Keras calls this before the first call."""
        h, width = self.num_hiddens, self.embedding.output_dim
        self.embedding.build()
        for rnn, joins in zip(self.rnns, self.joins, strict=True):
            rnn.build((None, None, width))
            width = 2 * h if joins else h
            for join in joins:
                join.build((None, width))

    def call(self, source: tf.Tensor, lengths: tf.Tensor, training: bool = False) -> tuple[tf.Tensor, State]:
        """Read sentences.

        Args:
            source: ids (n, S), integers; what is behind a sentence's end does not matter.
            lengths: how many tokens each sentence has, (n,), integers from 1 to S.

        Returns: the top layer's outputs, (n, S, h) or with two directions (n, S, 2h), zeros behind the end; and the
            state after each sentence's last token, for each layer H (n, h) or LSTM's pair (H, C).
        """
        lengths = tf.convert_to_tensor(lengths)
        check_sentences(source.shape, tf.get_static_value(lengths))  # unknown while a graph is made
        mask = tf.sequence_mask(lengths, tf.shape(source)[1])  # (n, S)
        X, state = self.embedding(as_ids("The source", source, self.vocab_size)), []  # (n, S, e)
        for rnn, joins in zip(self.rnns, self.joins, strict=True):
            X, *last = rnn(self.dropout(X, training=training), mask=mask)  # (n, S, h or 2h)
            if joins:  # H forwards, maybe C forwards, and both backwards
                both = [tf.concat(last[i :: len(joins)], axis=-1) for i in range(len(joins))]  # (n, 2h)
                last = [join(pair) for join, pair in zip(joins, both, strict=True)]  # (n, h)
            state.append(_as_state(last))
        return X, tuple(state)

    def context(self, state: State) -> tf.Tensor:
        """What the decoder is told at each step: the top layer's H, (n, h)."""
        return state[-1][0] if self.cell == "lstm" else state[-1]


class Seq2SeqDecoder(keras.layers.Layer):
    """Writes sentences: logits of the next token from the token before, the context, and the state.

    The context stands beside the token's embedding at each step, and stays what it is. `AttentionDecoder` looks at what
    the encoder put out as well.

    Args:
        vocab_size, embed_size, num_hiddens, num_layers, cell: as for the encoder, whose state it goes on from.
        dropout: the share of the embeddings, and of each layer's outputs, that is set to zero while training.

    >>> decoder = Seq2SeqDecoder(vocab_size=10, embed_size=8, num_hiddens=16, num_layers=2)
    >>> context = tf.zeros((4, 16))
    >>> logits, state = decoder(tf.zeros((4, 9), tf.int64), context, (context, context))
    >>> logits.shape, len(state), state[-1].shape
    (TensorShape([4, 9, 10]), 2, TensorShape([4, 16]))
    """

    def __init__(
        self,
        vocab_size: int,
        embed_size: int,
        num_hiddens: int,
        num_layers: int = 1,
        cell: str = "gru",
        dropout: float = 0.0,
    ):
        super().__init__()
        check_pieces(vocab_size, embed_size, num_hiddens, num_layers, cell, dropout)
        self.vocab_size, self.embed_size = vocab_size, embed_size
        self.num_hiddens, self.num_layers, self.cell = num_hiddens, num_layers, cell
        self.embedding, self.dropout = _embedding(vocab_size, embed_size), keras.layers.Dropout(dropout)
        self.rnns = [_recurrent(num_hiddens, cell) for _ in range(num_layers)]
        self.output_layer = keras.layers.Dense(vocab_size)

    def build(self, input_shape=None):
        """Make the weights; Keras calls this before the first call."""
        h, width = self.num_hiddens, self.embedding.output_dim + self.num_hiddens
        self.embedding.build()
        for rnn in self.rnns:
            rnn.build((None, None, width))
            width = h
        self.output_layer.build((None, None, h))

    def context(self, summary: tf.Tensor, outputs: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        """What it is told at each step, (n, h): the summary.

        Args:
            summary: (n, h), `encoder.context(state)`.
            outputs, lengths: the encoder's outputs, and how many tokens it read of each sentence; not looked at here.
        """
        return summary

    def call(
        self, inputs: tf.Tensor, context: tf.Tensor, state: State, training: bool = False
    ) -> tuple[tf.Tensor, State]:
        """Logits (n, T, V) of the token after each of `inputs`, and the state after the last.

        Args:
            inputs: ids (n, T), integers.
            context: (n, h), the encoder's; the same at all steps.
            state: for each layer H (n, h) or LSTM's pair (H, C), as the encoder or the decoder returns it.
        """
        outputs, last = self._outputs(inputs, context, state, training)
        return self.output_layer(self.dropout(outputs, training=training)), last  # (n, T, V)

    def alignment(self, inputs: tf.Tensor, context: tf.Tensor, state: State) -> tf.Tensor | None:
        """Where it looks at each step, (n, T, S); None, for it looks at nothing but the summary."""
        return None

    def _outputs(
        self, inputs: tf.Tensor, summary: tf.Tensor, state: State, training: bool = False
    ) -> tuple[tf.Tensor, State]:
        """The top layer's H at each step, (n, T, h), and the state after the last."""
        check_decoder(inputs.shape, summary, state, self.num_hiddens, self.num_layers, self.cell)
        ids = as_ids("inputs", inputs, self.vocab_size)  # (n, T)
        embedded = self.dropout(self.embedding(ids), training=training)  # (n, T, e)
        at_each_step = tf.repeat(summary[:, None], tf.shape(inputs)[1], axis=1)  # (n, T, h)
        X, after = tf.concat([embedded, at_each_step], axis=-1), []  # (n, T, e + h)
        for rnn, start in zip(self.rnns, state, strict=True):
            X = self.dropout(X, training=training) if after else X
            X, *last = rnn(X, initial_state=start)  # (n, T, h)
            after.append(_as_state(last))
        return X, tuple(after)


class Seq2Seq(CourseModel):
    """An encoder and a decoder, trained as one by the course's `Trainer`.

    Args:
        encoder, decoder: with the same `num_hiddens`, `num_layers` and `cell`.
        teacher_forcing: while training, with this probability a step is fed the token that stands in the target, and
            else what the model itself takes to be likeliest after the step before; drawn for each sentence and each
            step. Source: Bengio et al. (2015), Scheduled sampling for sequence prediction. In evaluation mode the
            target's tokens are fed always.

    >>> model = Seq2Seq(Seq2SeqEncoder(10, 8, 16), Seq2SeqDecoder(12, 8, 16))
    >>> source, inputs = tf.zeros((4, 9), tf.int64), tf.zeros((4, 7), tf.int64)
    >>> logits, state = model((source, tf.constant([9, 7, 2, 1]), inputs))
    >>> logits.shape
    TensorShape([4, 7, 12])
    """

    any_length = True  # one graph serves batches of all lengths

    def __init__(self, encoder: Seq2SeqEncoder, decoder: Seq2SeqDecoder, teacher_forcing: float = 1.0):
        super().__init__()
        check_seq2seq(encoder, decoder, teacher_forcing)
        self.encoder, self.decoder, self.teacher_forcing = encoder, decoder, teacher_forcing
        self.draws = keras.random.SeedGenerator()

    def build(self, input_shape=None):
        """Make the weights; Keras calls this before the first call."""
        for part in (self.encoder, self.decoder):
            if not part.built:
                part.build()

    def check_inputs(self, X) -> None:
        """Raise an error unless X, arrays, are what the model reads; `Trainer` and `evaluate` ask it."""
        check_sources(X, self.encoder, self.decoder)

    def call(self, X: tuple, state: State | None = None, training: bool = False) -> tuple[tf.Tensor, State]:
        """Logits (n, T, V) of the token after each of the inputs, and the decoder's state after the last.

        Args:
            X: (source, lengths, inputs): ids (n, S), integers (n,), and ids (n, T), <bos> and the target without its
                last token.
            state: what the decoder starts from; None for the encoder's last state.
        """
        source, lengths, inputs = X
        context, encoded = self.begin(source, lengths)
        state = encoded if state is None else state
        if training and self.teacher_forcing < 1:
            return self._step_by_step(inputs, context, state)
        return self.decoder(inputs, context, state, training=training)

    def begin(self, source: tf.Tensor, lengths: tf.Tensor) -> tuple[tf.Tensor | tuple, State]:
        """What the decoder is told of the sentences, its `context`, and the state that it starts from."""
        outputs, state = self.encoder(source, lengths)  # within `call` Keras tells it whether one trains
        return self.decoder.context(self.encoder.context(state), outputs, lengths), state

    def alignment(self, X: tuple) -> tf.Tensor | None:
        """How much each step looks at each token of the source, (n, T, S), as in evaluation; None without attention.

        Args:
            X: as for `call`.
        """
        source, lengths, inputs = X
        return self.decoder.alignment(inputs, *self.begin(source, lengths))

    def _step_by_step(self, inputs: tf.Tensor, context: tf.Tensor | tuple, state: State) -> tuple[tf.Tensor, State]:
        n, T = tf.unstack(tf.shape(inputs))
        forced = keras.random.uniform((n, T), seed=self.draws) < self.teacher_forcing  # (n, T)
        forced |= tf.range(T) == 0  # <bos>

        def step(last, now):
            (logits, state), (given, forced) = last, now  # (n, V), …, (n,), (n,)
            fed = tf.where(forced, given, tf.argmax(logits, axis=-1, output_type=given.dtype))  # (n,)
            logits, state = self.decoder(fed[:, None], context, state, training=True)  # (n, 1, V)
            return logits[:, 0], state

        nothing = tf.zeros((n, self.decoder.output_layer.units), self.compute_dtype)  # (n, V)
        logits, states = tf.scan(step, (tf.transpose(inputs), tf.transpose(forced)), (nothing, state))  # (T, n, V), …
        return tf.transpose(logits, [1, 0, 2]), tf.nest.map_structure(lambda part: part[-1], states)  # (n, T, V), …


def _embedding(vocab_size: int, embed_size: int) -> keras.layers.Embedding:
    return keras.layers.Embedding(vocab_size, embed_size, keras.initializers.RandomNormal(stddev=1.0))


def _recurrent(num_hiddens: int, cell: str) -> keras.layers.RNN:
    kind = {"gru": keras.layers.GRU, "lstm": keras.layers.LSTM}[cell]
    gives = {"return_sequences": True, "return_state": True, "zero_output_for_mask": True}
    return kind(num_hiddens, recurrent_initializer="glorot_uniform", **gives)


def _as_state(parts: list[tf.Tensor]):
    return tuple(parts) if len(parts) > 1 else parts[0]
