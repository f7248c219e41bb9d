"""Recurrent layers from scratch: the equations of the chapters, one line of code for each.

Left out, because Keras' layers have it and the equations do not need it: masks, several layers, two directions.
"""

import math

import keras
import tensorflow as tf

from course_utils.shapes import check_shapes


class RNN(keras.layers.Layer):
    """A recurrent layer, H_t = tanh(X_t W_xh + H_{t-1} W_hh + b_h). Source: Elman (1990), Finding structure in time.

    Args:
        num_inputs: d, the width of one step's input.
        num_hiddens: h, the width of the hidden state.

    Parameters: `W_xh` (d, h), `W_hh` (h, h), `b_h` (h,), drawn uniformly from ±1/√h, as PyTorch's `nn.RNN` does.

    >>> outputs, H = RNN(num_inputs=3, num_hiddens=5)(tf.zeros((2, 4, 3)))
    >>> outputs.shape, H.shape
    (TensorShape([2, 4, 5]), TensorShape([2, 5]))
    """

    def __init__(self, num_inputs: int, num_hiddens: int):
        super().__init__()
        self.num_inputs, self.num_hiddens = num_inputs, num_hiddens

    def build(self, input_shape=None):
        """Make the weights; Keras calls this before the first call."""
        d, h = self.num_inputs, self.num_hiddens
        uniform = keras.initializers.RandomUniform(-1 / math.sqrt(h), 1 / math.sqrt(h))
        self.W_xh = self.add_weight(shape=(d, h), initializer=uniform, name="W_xh")
        self.W_hh = self.add_weight(shape=(h, h), initializer=uniform, name="W_hh")
        self.b_h = self.add_weight(shape=(h,), initializer=uniform, name="b_h")

    def begin_state(self, batch_size: int) -> tf.Tensor:
        """The state before the first step: zeros (n, h)."""
        return tf.zeros((batch_size, self.num_hiddens), dtype=self.compute_dtype)  # (n, h)

    def call(self, X: tf.Tensor, state: tf.Tensor | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        """Walk over the steps of X.

        Args:
            X: (n, T, d), floats.
            state: (n, h), the state to start from; None for zeros.

        Returns: all hidden states (n, T, h), and the last one (n, h).
        """
        check_shapes(X.shape, None if state is None else state.shape, self.num_inputs, self.num_hiddens)
        H = self.begin_state(X.shape[0]) if state is None else state  # (n, h)
        outputs = []
        for X_t in tf.unstack(X, axis=1):  # (n, d)
            H = tf.tanh(X_t @ self.W_xh + H @ self.W_hh + self.b_h)  # (n, h)
            outputs.append(H)
        return tf.stack(outputs, axis=1), H  # (n, T, h), (n, h)
