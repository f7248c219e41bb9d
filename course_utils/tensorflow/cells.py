"""Recurrent layers from scratch: the equations of the chapters, one line of code for each.

Every layer is called as `layer(X, state=None, lengths=None) -> (outputs, state)`, batch first. `RNN`, `GRU` and `LSTM`
say their equations in `step`, `MinGRU` and `MinLSTM`, whose gates read X only, in `coefficients`; `Deep` stacks layers,
`Bidirectional` pairs two, `ShortConv` goes in front of one, and `Block` around it. Left out, because the framework's
layers have it and the equations do not need it: projections, peepholes.
"""

import math
from collections.abc import Sequence

import keras
import tensorflow as tf

from course_utils.shapes import (
    check_block,
    check_count,
    check_dtype,
    check_lengths,
    check_mode,
    check_pair,
    check_parts,
    check_share,
    check_stack,
    check_state,
    check_X,
)
from course_utils.tensorflow.scan import linear_loop, linear_scan

State = tf.Tensor | tuple  # H (n, h), LSTM's pair (H, C), or a tuple of layers' states


class _Layer(keras.layers.Layer):
    """What all layers here refuse alike."""

    def __call__(self, X, state=None, lengths=None, **options):
        """As `call`; Keras takes a list of lengths by its name only."""
        return super().__call__(X, state, lengths=lengths, **options)

    def compute_output_spec(self, X, *args, **options):
        """What Keras asks for when it is called on a symbolic input."""
        check_X((None, *X.shape[1:]), X.shape[-1])


class _Recurrent(_Layer):
    """What the layers of one direction share: how weights are drawn, the loop over time, and padding."""

    state_names = ("H",)

    def __init__(self, num_inputs: int, num_hiddens: int):
        super().__init__()
        check_count("num_inputs", num_inputs)
        check_count("num_hiddens", num_hiddens)
        self.num_inputs, self.num_hiddens = num_inputs, num_hiddens
        self._state_shape = (num_hiddens,)

    def _draw(self, name: str, *shape: int, around: float = 0.0) -> keras.Variable:
        return _draw(self, name, *shape, around=around, fan_in=self.num_hiddens)

    def _draw_gate(self, gate: str, bias: float = 0.0) -> tuple[keras.Variable, keras.Variable, keras.Variable]:
        """Weights for the input (d, h) and for the state (h, h), and a bias (h,) that is drawn around `bias`."""
        d, h = self.num_inputs, self.num_hiddens
        return self._draw(f"W_x{gate}", d, h), self._draw(f"W_h{gate}", h, h), self._draw(f"b_{gate}", h, around=bias)

    def begin_state(self, batch_size: int) -> State:
        """The state before the first step: zeros (n, h)."""
        return tf.zeros((batch_size, *self._state_shape), dtype=self.compute_dtype)  # (n, h)

    def call(self, X: tf.Tensor, state: State | None = None, lengths=None) -> tuple[tf.Tensor, State]:
        """Walk over the steps of X.

        Args:
            X: (n, T, d), floats.
            state: the state to start from, as the layer returns it; None for zeros.
            lengths: how many steps of each sequence count, integers (n,); None for all. At the others the state stands
                still and the output is zero.

        Returns: all hidden states (n, T, h), and the last state.
        """
        check_X(X.shape, self.num_inputs)
        check_dtype(X.dtype.name, self.compute_dtype)
        state = self.begin_state(X.shape[0]) if state is None else state
        check_state(state, self.state_names, (X.shape[0], *self._state_shape))
        valid = _valid_steps(X, lengths)  # (n, T, 1)
        outputs, state = self._read(X, state, valid)  # (n, T, h)
        return outputs if valid is None else tf.where(valid, outputs, 0), state

    def _read(self, X: tf.Tensor, state: State, valid: tf.Tensor | None) -> tuple[tf.Tensor, State]:
        """All hidden states, whatever they are where `valid` (n, T, 1) is False, and the last state."""
        outputs = []
        for t, X_t in enumerate(tf.unstack(X, axis=1)):  # (n, d)
            new = self.step(X_t, state)
            state = new if valid is None else _where(valid[:, t], new, state)
            outputs.append(state[0] if isinstance(state, tuple) else state)  # (n, h)
        return tf.stack(outputs, axis=1), state  # (n, T, h)


class RNN(_Recurrent):
    """A recurrent layer, H_t = tanh(X_t W_xh + H_{t-1} W_hh + b_h). Source: Elman (1990), Finding structure in time.

    Args:
        num_inputs: d, the width of one step's input.
        num_hiddens: h, the width of the hidden state.

    Parameters: `W_xh` (d, h), `W_hh` (h, h), `b_h` (h,), drawn uniformly from ±1/√h, as PyTorch's `nn.RNN` does.

    >>> outputs, H = RNN(num_inputs=3, num_hiddens=5)(tf.zeros((2, 4, 3)))
    >>> outputs.shape, H.shape
    (TensorShape([2, 4, 5]), TensorShape([2, 5]))
    """

    def build(self, input_shape=None):
        """Make the weights; Keras calls this before the first call."""
        self.W_xh, self.W_hh, self.b_h = self._draw_gate("h")

    def step(self, X_t: tf.Tensor, H: tf.Tensor) -> tf.Tensor:
        """One step: X_t (n, d), H (n, h) → the new H (n, h)."""
        return tf.tanh(X_t @ self.W_xh + H @ self.W_hh + self.b_h)  # (n, h)


class GRU(_Recurrent):
    """A gated recurrent unit. Source: Cho et al. (2014), Learning phrase representations using RNN encoder-decoder.

    Z_t = σ(X_t W_xz + H_{t-1} W_hz + b_z), R_t = σ(X_t W_xr + H_{t-1} W_hr + b_r), H_t = Z_t ⊙ H_{t-1} +
    (1 − Z_t) ⊙ H̃_t, where H̃_t = tanh(X_t W_xh + b_h + R_t ⊙ (H_{t-1} W_hh + b_hh)) with `reset_after`, and without it
    tanh(X_t W_xh + (R_t ⊙ H_{t-1}) W_hh + b_h).

    Args:
        num_inputs: d, the width of one step's input.
        num_hiddens: h, the width of the hidden state.
        reset_after: reset after the product, as PyTorch's `nn.GRU` and Keras do, or before it, as the paper does.

    Parameters: `W_xz W_xr W_xh` (d, h), `W_hz W_hr W_hh` (h, h), `b_z b_r b_h` (h,), and with `reset_after` `b_hh`
    (h,), drawn uniformly from ±1/√h.

    >>> outputs, H = GRU(num_inputs=3, num_hiddens=5)(tf.zeros((2, 4, 3)))
    >>> outputs.shape, H.shape
    (TensorShape([2, 4, 5]), TensorShape([2, 5]))
    """

    def __init__(self, num_inputs: int, num_hiddens: int, reset_after: bool = True):
        super().__init__(num_inputs, num_hiddens)
        self.reset_after = reset_after

    def build(self, input_shape=None):
        """Make the weights; Keras calls this before the first call."""
        self.W_xz, self.W_hz, self.b_z = self._draw_gate("z")
        self.W_xr, self.W_hr, self.b_r = self._draw_gate("r")
        self.W_xh, self.W_hh, self.b_h = self._draw_gate("h")
        if self.reset_after:
            self.b_hh = self._draw("b_hh", self.num_hiddens)

    def step(self, X_t: tf.Tensor, H: tf.Tensor) -> tf.Tensor:
        """One step: X_t (n, d), H (n, h) → the new H (n, h)."""
        Z = tf.sigmoid(X_t @ self.W_xz + H @ self.W_hz + self.b_z)  # (n, h)
        R = tf.sigmoid(X_t @ self.W_xr + H @ self.W_hr + self.b_r)  # (n, h)
        if self.reset_after:
            H_tilde = tf.tanh(X_t @ self.W_xh + self.b_h + R * (H @ self.W_hh + self.b_hh))  # (n, h)
        else:
            H_tilde = tf.tanh(X_t @ self.W_xh + (R * H) @ self.W_hh + self.b_h)  # (n, h)
        return Z * H + (1 - Z) * H_tilde  # (n, h)


class LSTM(_Recurrent):
    """Long short-term memory. Source: Hochreiter and Schmidhuber (1997); the forget gate: Gers et al. (2000).

    I_t, F_t, O_t = σ(X_t W_x· + H_{t-1} W_h· + b_·), C̃_t = tanh(X_t W_xc + H_{t-1} W_hc + b_c), then
    C_t = F_t ⊙ C_{t-1} + I_t ⊙ C̃_t and H_t = O_t ⊙ tanh(C_t). The state is the pair (H, C), (n, h) each.

    Args:
        num_inputs: d, the width of one step's input.
        num_hiddens: h, the width of the hidden state and of the memory cell.
        forget_bias: is added to b_f at the start, so that the memory is kept at first. Keras' layer adds 1 as well,
            PyTorch's `nn.LSTM` nothing. Source: Jozefowicz et al. (2015), An empirical exploration of recurrent network
            architectures.

    Parameters: `W_xi W_xf W_xo W_xc` (d, h), `W_hi W_hf W_ho W_hc` (h, h), `b_i b_f b_o b_c` (h,), drawn uniformly
    from ±1/√h.

    >>> outputs, (H, C) = LSTM(num_inputs=3, num_hiddens=5)(tf.zeros((2, 4, 3)))
    >>> outputs.shape, H.shape, C.shape
    (TensorShape([2, 4, 5]), TensorShape([2, 5]), TensorShape([2, 5]))
    """

    state_names = ("H", "C")

    def __init__(self, num_inputs: int, num_hiddens: int, forget_bias: float = 1.0):
        super().__init__(num_inputs, num_hiddens)
        self.forget_bias = forget_bias

    def build(self, input_shape=None):
        """Make the weights; Keras calls this before the first call."""
        self.W_xi, self.W_hi, self.b_i = self._draw_gate("i")
        self.W_xf, self.W_hf, self.b_f = self._draw_gate("f", self.forget_bias)
        self.W_xo, self.W_ho, self.b_o = self._draw_gate("o")
        self.W_xc, self.W_hc, self.b_c = self._draw_gate("c")

    def begin_state(self, batch_size: int) -> tuple[tf.Tensor, tf.Tensor]:
        """The state before the first step: H and C, zeros (n, h)."""
        H = super().begin_state(batch_size)  # (n, h)
        return H, tf.identity(H)

    def step(self, X_t: tf.Tensor, state: tuple) -> tuple[tf.Tensor, tf.Tensor]:
        """One step: X_t (n, d), the pair (H, C) → the new pair, (n, h) each."""
        H, C = state
        I = tf.sigmoid(X_t @ self.W_xi + H @ self.W_hi + self.b_i)  # (n, h)
        F = tf.sigmoid(X_t @ self.W_xf + H @ self.W_hf + self.b_f)  # (n, h)
        O = tf.sigmoid(X_t @ self.W_xo + H @ self.W_ho + self.b_o)  # (n, h)
        C_tilde = tf.tanh(X_t @ self.W_xc + H @ self.W_hc + self.b_c)  # (n, h)
        C = F * C + I * C_tilde  # (n, h)
        return O * tf.tanh(C), C  # (n, h), (n, h)


class _Linear(_Recurrent):
    """What the layers share whose gates read X only: H_t = a_t ⊙ H_{t-1} + b_t, with all a_t and b_t known at once."""

    def __init__(self, num_inputs: int, num_hiddens: int, mode: str = "loop"):
        super().__init__(num_inputs, num_hiddens)
        check_mode(mode)
        self.mode = mode

    def _draw_input(self, gate: str) -> tuple[keras.Variable, keras.Variable]:
        """Weights for the input (d, h), and a bias (h,)."""
        return self._draw(f"W_x{gate}", self.num_inputs, self.num_hiddens), self._draw(f"b_{gate}", self.num_hiddens)

    def _read(self, X: tf.Tensor, state: tf.Tensor, valid: tf.Tensor | None) -> tuple:
        a, b = self.coefficients(X)  # (n, T, h)
        if valid is not None:  # 1 H + 0: the state stands still
            a, b = tf.where(valid, a, 1), tf.where(valid, b, 0)  # (n, T, h)
        outputs = (linear_scan if self.mode == "scan" else linear_loop)(a, b, state)  # (n, T, h)
        return outputs, outputs[:, -1]


class MinGRU(_Linear):
    """A minimal GRU: gate and candidate read X only. Source: Feng et al. (2024), Were RNNs all we needed?

    Z_t = σ(X_t W_xz + b_z), H̃_t = X_t W_xh + b_h, H_t = Z_t ⊙ H_{t-1} + (1 − Z_t) ⊙ H̃_t. Z keeps, as in `GRU`; the
    paper's Z is 1 − Z here, so that its weights are −W_xz and −b_z. Nothing bends but the gate, so that layers straight
    on top of each other gain little: `Block` puts what is missing between them.

    Args:
        num_inputs: d, the width of one step's input.
        num_hiddens: h, the width of the hidden state.
        mode: how the recurrence is computed, "loop" or "scan" (`linear_loop`, `linear_scan`): the numbers are the same,
            the seconds are not. On a CPU the loop wins, but for a single long sequence in PyTorch.

    Parameters: `W_xz W_xh` (d, h), `b_z b_h` (h,), drawn uniformly from ±1/√h.

    >>> outputs, H = MinGRU(num_inputs=3, num_hiddens=5)(tf.zeros((2, 4, 3)))
    >>> outputs.shape, H.shape
    (TensorShape([2, 4, 5]), TensorShape([2, 5]))
    """

    def build(self, input_shape=None):
        """Make the weights; Keras calls this before the first call."""
        self.W_xz, self.b_z = self._draw_input("z")
        self.W_xh, self.b_h = self._draw_input("h")

    def coefficients(self, X: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The a and b of H_t = a_t ⊙ H_{t-1} + b_t for inputs X (…, d): (…, h) each."""
        Z = tf.sigmoid(X @ self.W_xz + self.b_z)  # (n, T, h)
        H_tilde = X @ self.W_xh + self.b_h  # (n, T, h)
        return Z, (1 - Z) * H_tilde  # (n, T, h)


class MinLSTM(_Linear):
    """A minimal LSTM: gates and candidate read X only. Source: Feng et al. (2024), Were RNNs all we needed?

    F_t, I_t = σ(X_t W_x· + b_·), H̃_t = X_t W_xh + b_h, H_t = F′_t ⊙ H_{t-1} + I′_t ⊙ H̃_t, where F′ = F / (F + I)
    and I′ = I / (F + I), which is 1 − F′. There is no output gate, and so no memory cell beside H. F′ is computed as
    σ(log F − log I): the same, and a number also where F and I underflow to 0.

    Args:
        num_inputs: d, the width of one step's input.
        num_hiddens: h, the width of the hidden state.
        mode: as for `MinGRU`.

    Parameters: `W_xi W_xf W_xh` (d, h), `b_i b_f b_h` (h,), drawn uniformly from ±1/√h.

    >>> outputs, H = MinLSTM(num_inputs=3, num_hiddens=5)(tf.zeros((2, 4, 3)))
    >>> outputs.shape, H.shape
    (TensorShape([2, 4, 5]), TensorShape([2, 5]))
    """

    def build(self, input_shape=None):
        """Make the weights; Keras calls this before the first call."""
        self.W_xi, self.b_i = self._draw_input("i")
        self.W_xf, self.b_f = self._draw_input("f")
        self.W_xh, self.b_h = self._draw_input("h")

    def coefficients(self, X: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The a and b of H_t = a_t ⊙ H_{t-1} + b_t for inputs X (…, d): (…, h) each."""
        log_I = tf.math.log_sigmoid(X @ self.W_xi + self.b_i)  # (n, T, h)
        log_F = tf.math.log_sigmoid(X @ self.W_xf + self.b_f)  # (n, T, h)
        F = tf.sigmoid(log_F - log_I)  # (n, T, h), F / (F + I)
        H_tilde = X @ self.W_xh + self.b_h  # (n, T, h)
        return F, (1 - F) * H_tilde  # (n, T, h)


CELLS = (RNN, GRU, LSTM, MinGRU, MinLSTM)
"""The layers of one direction: those that weights, files of models and the tests know."""


class ShortConv(_Recurrent):
    """A short convolution in front of a layer: each input's own weighted sum of its last steps, none from the future.

    Y_t = Σ_k W_conv[k] ⊙ X_{t−K+1+k} + b_conv, k from 0 to K − 1: a memory of K − 1 steps. They are its state, so that
    the next batch goes on where this one ends. Source: Gu and Dao (2023), Mamba, whose layers begin with one.

    Args:
        num_inputs: d, the width of one step's input, and of one step's output.
        width: K, how many steps it sees, this one included.

    Parameters: `W_conv` (K, d), `b_conv` (d,), drawn uniformly from ±1/√K, as PyTorch's `nn.Conv1d` does.

    >>> outputs, state = ShortConv(num_inputs=3)(tf.zeros((2, 6, 3)))
    >>> outputs.shape, state.shape
    (TensorShape([2, 6, 3]), TensorShape([2, 3, 3]))
    """

    state_names = ("X",)

    def __init__(self, num_inputs: int, width: int = 4):
        super().__init__(num_inputs, num_inputs)
        check_count("width", width)
        self.width, self._state_shape = width, (width - 1, num_inputs)

    def build(self, input_shape=None):
        """Make the weights; Keras calls this before the first call."""
        self.W_conv = _draw(self, "W_conv", self.width, self.num_inputs, fan_in=self.width)
        self.b_conv = _draw(self, "b_conv", self.num_inputs, fan_in=self.width)

    def _read(self, X: tf.Tensor, state: tf.Tensor, valid: tf.Tensor | None) -> tuple:
        T, seen = X.shape[1], tf.concat([state, X], axis=1)  # (n, K - 1 + T, d)
        outputs = sum(seen[:, k : k + T] * self.W_conv[k] for k in range(self.width)) + self.b_conv  # (n, T, d)
        if valid is None:
            return outputs, seen[:, T:]  # (n, T, d), (n, K - 1, d)
        last = tf.reduce_sum(tf.cast(valid[..., 0], tf.int32), axis=1, keepdims=True) + tf.range(self.width - 1)
        return outputs, tf.gather(seen, last, batch_dims=1)  # (n, T, d), (n, K - 1, d)


class Block(_Layer):
    """What stands around a layer in a deep stack: its output is added to its input, then that of two products.

    U = X + layer(norm(X)) and Y = U + silu(norm(U) W_up + b_up) W_down + b_down, with silu(x) = x σ(x) and
    norm(X) = g ⊙ X / √(mean of X_t² + 10⁻⁶), g_1 the first time and g_2 the second. The state is the layer's. Sources:
    He et al. (2016), Deep residual learning; Zhang and Sennrich (2019), Root mean square layer normalization.

    Args:
        layer: a layer of the course with as many outputs as inputs.
        dropout: the share of either summand that is set to zero while training.

    Parameters: the layer's, `W_up` (h, 2h), `W_down` (2h, h), `b_up` (2h,), `b_down` (h,), drawn uniformly from ±1/√h
    and, those of the second product, ±1/√2h; `g_1 g_2` (h,), ones.

    >>> outputs, H = Block(MinGRU(num_inputs=5, num_hiddens=5))(tf.zeros((2, 4, 5)))
    >>> outputs.shape, H.shape
    (TensorShape([2, 4, 5]), TensorShape([2, 5]))
    """

    weight_names = ("g_1", "g_2", "W_up", "b_up", "W_down", "b_down")

    def __init__(self, layer: keras.layers.Layer, dropout: float = 0.0):
        super().__init__()
        check_block(layer)
        check_share("dropout", dropout)
        self.layer, self.dropout = layer, keras.layers.Dropout(dropout)
        self.num_inputs = self.num_hiddens = layer.num_hiddens

    def build(self, input_shape=None):
        """Make the weights; Keras calls this before the first call."""
        h = self.num_hiddens
        _build(self.layer)
        self.g_1, self.g_2 = (self.add_weight(shape=(h,), initializer="ones", name=name) for name in ("g_1", "g_2"))
        self.W_up, self.b_up = _draw(self, "W_up", h, 2 * h, fan_in=h), _draw(self, "b_up", 2 * h, fan_in=h)
        self.W_down, self.b_down = _draw(self, "W_down", 2 * h, h, fan_in=2 * h), _draw(self, "b_down", h, fan_in=2 * h)

    def begin_state(self, batch_size: int) -> State:
        """The layer's state before the first step: zeros."""
        return self.layer.begin_state(batch_size)

    def call(
        self, X: tf.Tensor, state: State | None = None, lengths=None, training: bool = False
    ) -> tuple[tf.Tensor, State]:
        """All outputs (n, T, h), and the layer's last state; arguments as for the layers."""
        check_X(X.shape, self.num_inputs)
        read, state = self.layer(_norm(X, self.g_1), state, lengths=lengths)  # (n, T, h)
        X = X + self.dropout(read, training=training)  # (n, T, h)
        bent = tf.nn.silu(_norm(X, self.g_2) @ self.W_up + self.b_up) @ self.W_down + self.b_down  # (n, T, h)
        X, valid = X + self.dropout(bent, training=training), _valid_steps(X, lengths)  # (n, T, h), (n, T, 1)
        return X if valid is None else tf.where(valid, X, 0), state


class Deep(_Layer):
    """Layers on top of each other: each reads the outputs of the one below. The state is a tuple of theirs.

    Source: Graves (2013), Generating sequences with recurrent neural networks.

    Args:
        layers: layers of the course, the lowest first; each must read as many inputs as the one below has outputs.
        dropout: the share of each layer's outputs, but for the last one's, that is set to zero while training.

    >>> outputs, state = Deep([LSTM(3, 5), GRU(5, 7)])(tf.zeros((2, 4, 3)))
    >>> outputs.shape, len(state)
    (TensorShape([2, 4, 7]), 2)
    """

    def __init__(self, layers: Sequence[keras.layers.Layer], dropout: float = 0.0):
        super().__init__()
        check_stack(layers)
        check_share("dropout", dropout)
        self.layers, self.dropout = list(layers), keras.layers.Dropout(dropout)
        self.num_inputs, self.num_hiddens = layers[0].num_inputs, layers[-1].num_hiddens

    def build(self, input_shape=None):
        """Make the layers' weights; Keras calls this before the first call."""
        for layer in self.layers:
            _build(layer)

    def begin_state(self, batch_size: int) -> tuple:
        """The layers' states before the first step: zeros."""
        return tuple(layer.begin_state(batch_size) for layer in self.layers)

    def call(
        self, X: tf.Tensor, state: tuple | None = None, lengths=None, training: bool = False
    ) -> tuple[tf.Tensor, tuple]:
        """All outputs of the last layer (n, T, h), and every layer's last state; arguments as for the layers."""
        state = (None,) * len(self.layers) if state is None else state
        check_parts(state, len(self.layers), "layer")
        last = []
        for i, (layer, start) in enumerate(zip(self.layers, state, strict=True)):
            X, end = layer(self.dropout(X, training=training) if i else X, start, lengths=lengths)  # (n, T, h)
            last.append(end)
        return X, tuple(last)


class Bidirectional(_Layer):
    """Two layers, the second reading each sequence from its end; their outputs side by side.

    The state is a pair (forwards, backwards). Source: Schuster and Paliwal (1997), Bidirectional recurrent neural
    networks.

    Args:
        forward_layer, backward_layer: layers of the course that read the same inputs.

    >>> outputs, (ahead, back) = Bidirectional(GRU(3, 5), GRU(3, 5))(tf.zeros((2, 4, 3)))
    >>> outputs.shape, back.shape
    (TensorShape([2, 4, 10]), TensorShape([2, 5]))
    """

    def __init__(self, forward_layer: keras.layers.Layer, backward_layer: keras.layers.Layer):
        super().__init__()
        check_pair(forward_layer, backward_layer)
        self.forward_layer, self.backward_layer = forward_layer, backward_layer
        self.num_inputs = forward_layer.num_inputs
        self.num_hiddens = forward_layer.num_hiddens + backward_layer.num_hiddens

    def build(self, input_shape=None):
        """Make both directions' weights; Keras calls this before the first call."""
        for layer in (self.forward_layer, self.backward_layer):
            _build(layer)

    def begin_state(self, batch_size: int) -> tuple:
        """Both directions' states before their first step: zeros."""
        return self.forward_layer.begin_state(batch_size), self.backward_layer.begin_state(batch_size)

    def call(self, X: tf.Tensor, state: tuple | None = None, lengths=None) -> tuple[tf.Tensor, tuple]:
        """All outputs (n, T, both widths), and both directions' last states; arguments as for the layers.

        With `lengths` the way back begins at each sequence's own last step, not in the padding.
        """
        state = (None, None) if state is None else state
        check_parts(state, 2, "direction")
        ahead, ahead_end = self.forward_layer(X, state[0], lengths=lengths)  # (n, T, h)
        back, back_end = self.backward_layer(_reverse(X, lengths), state[1], lengths=lengths)  # (n, T, h)
        return tf.concat([ahead, _reverse(back, lengths)], axis=-1), (ahead_end, back_end)  # (n, T, 2h)


def _draw(layer: keras.layers.Layer, name: str, *shape: int, fan_in: int, around: float = 0.0) -> keras.Variable:
    bound = 1 / math.sqrt(fan_in)
    uniform = keras.initializers.RandomUniform(around - bound, around + bound)
    return layer.add_weight(shape=shape, initializer=uniform, name=name)


def _norm(X: tf.Tensor, gain: tf.Tensor) -> tf.Tensor:
    return gain * X * tf.math.rsqrt(tf.reduce_mean(X * X, axis=-1, keepdims=True) + 1e-6)  # (n, T, h)


def _build(layer: keras.layers.Layer) -> None:
    if not layer.built:
        layer.build()


def _valid_steps(X: tf.Tensor, lengths) -> tf.Tensor | None:
    """(n, T, 1), booleans: True where a step counts, False in the padding."""
    if lengths is None:
        return None
    lengths = tf.convert_to_tensor(lengths)
    if (numbers := tf.get_static_value(lengths)) is not None:  # unknown while a graph is made
        check_lengths(numbers, X.shape[0], X.shape[1])
    return tf.sequence_mask(lengths, X.shape[1])[..., None]


def _where(valid: tf.Tensor, new: State, old: State) -> State:
    """The new state where the step counts, valid (n, 1), the old one elsewhere."""
    if isinstance(new, tuple):
        return tuple(_where(valid, *parts) for parts in zip(new, old, strict=True))
    return tf.where(valid, new, old)


def _reverse(X: tf.Tensor, lengths) -> tf.Tensor:
    """X (n, T, d), each sequence turned round within its length; the padding stays behind it."""
    return tf.reverse(X, axis=[1]) if lengths is None else tf.reverse_sequence(X, lengths, seq_axis=1)
