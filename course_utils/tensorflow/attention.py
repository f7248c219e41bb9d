"""A decoder with attention: at each step it looks back at all that the encoder put out, and not at one vector alone.

Sources: Bahdanau et al. (2015), Neural machine translation by jointly learning to align and translate; Luong et al.
(2015), Effective approaches to attention-based neural machine translation, of which these are the scores by products.
"""

import keras
import tensorflow as tf

from course_utils.shapes import check_attended, check_outputs
from course_utils.tensorflow.seq2seq import Seq2SeqDecoder, State

Context = tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]  # summary, keys, values, mask


class AttentionDecoder(Seq2SeqDecoder):
    """Writes sentences, looking at each step where the source has what is needed now.

    Its layers are those of `Seq2SeqDecoder`, fed the summary beside each embedding. The top layer's H_t is compared
    with the encoder's outputs H_enc (S, h or 2h), one for each token of the source, and what is found is added to it:

        scores    a_t = softmax(H_t (H_enc W_k)ᵀ / √h)    over the S tokens; those behind the sentence's end get 0
        context   C_t = a_t H_enc
        logits    (H_t + C_t W_c) W_hq + b_q

    With W_c = 0 it is `Seq2SeqDecoder`.

    Args:
        vocab_size, embed_size, num_hiddens, num_layers, cell: as for the encoder, whose state it goes on from.
        dropout: the share of the embeddings, of the outputs between two layers, and of what the logits are read off,
            that is set to zero while training.
        bidirectional: whether the encoder reads both ways; its outputs are then 2h wide.

    >>> from course_utils.tensorflow import Seq2Seq, Seq2SeqEncoder
    >>> encoder = Seq2SeqEncoder(vocab_size=10, embed_size=8, num_hiddens=16, bidirectional=True)
    >>> decoder = AttentionDecoder(vocab_size=12, embed_size=8, num_hiddens=16, bidirectional=True)
    >>> model = Seq2Seq(encoder, decoder)
    >>> source, inputs = tf.zeros((4, 9), tf.int64), tf.zeros((4, 7), tf.int64)
    >>> X = (source, tf.constant([9, 7, 2, 1]), inputs)
    >>> logits, state = model(X)
    >>> logits.shape, model.alignment(X).shape
    (TensorShape([4, 7, 12]), TensorShape([4, 7, 9]))
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
        super().__init__(vocab_size, embed_size, num_hiddens, num_layers, cell, dropout)
        self.bidirectional, self.width = bidirectional, num_hiddens * (2 if bidirectional else 1)
        self.key, self.mix = (keras.layers.Dense(num_hiddens, use_bias=False) for _ in range(2))  # W_k, W_c

    def build(self, input_shape=None):
        """Make the weights; Keras calls this before the first call."""
        super().build()
        for layer in (self.key, self.mix):
            layer.build((None, None, self.width))

    def context(self, summary: tf.Tensor, outputs: tf.Tensor, lengths: tf.Tensor) -> Context:
        """What it is told: the summary, and of each token of the source by what it is found and what it gives.

        Args:
            summary: (n, h), `encoder.context(state)`.
            outputs: (n, S, h or 2h), the encoder's.
            lengths: how many tokens each sentence has, (n,), integers from 1 to S.

        Returns: (summary, keys, values, mask): keys H_enc W_k and values H_enc W_c, (n, S, h) both, the same at all
            steps; so a mean of the values is C_t W_c. The mask (n, S) is True where there is a token.
        """
        lengths = tf.convert_to_tensor(lengths)
        check_outputs(outputs.shape, tf.get_static_value(lengths), self.width)  # unknown while a graph is made
        if not self.built:  # it is told of the sentences before it is called
            self.build()
        mask = tf.sequence_mask(lengths, tf.shape(outputs)[1])  # (n, S)
        return summary, self.key(outputs), self.mix(outputs), mask

    def call(
        self, inputs: tf.Tensor, context: Context, state: State, training: bool = False
    ) -> tuple[tf.Tensor, State]:
        """Logits (n, T, V) of the token after each of `inputs`, and the state after the last.

        Args:
            inputs: ids (n, T), integers.
            context: what `context` gives.
            state: for each layer H (n, h) or LSTM's pair (H, C), as the encoder or the decoder returns it.
        """
        H, weights, last = self._look(inputs, context, state, training)
        _, _, values, _ = context
        return self.output_layer(self.dropout(H + weights @ values, training=training)), last  # (n, T, V)

    def alignment(self, inputs: tf.Tensor, context: Context, state: State) -> tf.Tensor:
        """How much it looks at each token of the source at each step, (n, T, S): shares, 0 or more, whose sum is 1.

        Args:
            inputs, context, state: as for `call`.
        """
        _, weights, _ = self._look(inputs, context, state)
        return weights

    def _look(
        self, inputs: tf.Tensor, context: Context, state: State, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor, State]:
        """The top layer's H at each step (n, T, h), where it looks then (n, T, S), and the state after the last."""
        check_attended(context)
        summary, keys, _, mask = context
        H, last = self._outputs(inputs, summary, state, training)  # (n, T, h)
        scores = tf.matmul(H, keys, transpose_b=True) / self.num_hiddens**0.5  # (n, T, S)
        return H, tf.nn.softmax(tf.where(mask[:, None], scores, scores.dtype.min), axis=-1), last
