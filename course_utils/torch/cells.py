"""Recurrent layers from scratch: the equations of the chapters, one line of code for each.

Every layer is called as `layer(X, state=None, lengths=None) -> (outputs, state)`, batch first. `RNN`, `GRU` and `LSTM`
say their equations in `step`, `MinGRU` and `MinLSTM`, whose gates read X only, in `coefficients`; `Deep` stacks layers,
`Bidirectional` pairs two, `ShortConv` goes in front of one, and `Block` around it. Left out, because the framework's
layers have it and the equations do not need it: projections, peepholes.
"""

import math
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.functional import logsigmoid, silu

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
from course_utils.torch.scan import linear_loop, linear_scan

State = torch.Tensor | tuple  # H (n, h), LSTM's pair (H, C), or a tuple of layers' states


class _Recurrent(nn.Module):
    """What the layers of one direction share: how weights are drawn, the loop over time, and padding."""

    state_names = ("H",)

    def __init__(self, num_inputs: int, num_hiddens: int):
        super().__init__()
        check_count("num_inputs", num_inputs)
        check_count("num_hiddens", num_hiddens)
        self.num_inputs, self.num_hiddens = num_inputs, num_hiddens
        self._state_shape = (num_hiddens,)

    def _draw(self, *shape: int) -> nn.Parameter:
        return _draw(*shape, fan_in=self.num_hiddens)

    def _draw_gate(self) -> tuple[nn.Parameter, nn.Parameter, nn.Parameter]:
        """Weights for the input (d, h) and for the state (h, h), and a bias (h,)."""
        d, h = self.num_inputs, self.num_hiddens
        return self._draw(d, h), self._draw(h, h), self._draw(h)

    def begin_state(self, batch_size: int) -> State:
        """The state before the first step: zeros (n, h), on the parameters' device."""
        return next(self.parameters()).new_zeros(batch_size, *self._state_shape)  # (n, h)

    def forward(self, X: torch.Tensor, state: State | None = None, lengths=None) -> tuple[torch.Tensor, State]:
        """Walk over the steps of X.

        Args:
            X: (n, T, d), floats.
            state: the state to start from, as the layer returns it; None for zeros.
            lengths: how many steps of each sequence count, integers (n,); None for all. At the others the state stands
                still and the output is zero.

        Returns: all hidden states (n, T, h), and the last state.
        """
        _check_input(X, self)
        state = self.begin_state(len(X)) if state is None else state
        check_state(state, self.state_names, (len(X), *self._state_shape))
        for part in state if isinstance(state, tuple | list) else (state,):
            _check_tensor("The state", part, self, "torch.as_tensor makes one of an array.")
        valid = _valid_steps(X, lengths)  # (n, T, 1)
        outputs, state = self._read(X, state, valid)  # (n, T, h)
        return outputs if valid is None else outputs * valid, state

    def _read(self, X: torch.Tensor, state: State, valid: torch.Tensor | None) -> tuple[torch.Tensor, State]:
        """All hidden states, whatever they are where `valid` (n, T, 1) is 0, and the last state."""
        outputs = []
        for t, X_t in enumerate(X.unbind(dim=1)):  # (n, d)
            new = self.step(X_t, state)
            state = new if valid is None else _where(valid[:, t], new, state)
            outputs.append(state[0] if isinstance(state, tuple) else state)  # (n, h)
        return torch.stack(outputs, dim=1), state  # (n, T, h)


class RNN(_Recurrent):
    """A recurrent layer, H_t = tanh(X_t W_xh + H_{t-1} W_hh + b_h). Source: Elman (1990), Finding structure in time.

    Args:
        num_inputs: d, the width of one step's input.
        num_hiddens: h, the width of the hidden state.

    Parameters: `W_xh` (d, h), `W_hh` (h, h), `b_h` (h,), drawn uniformly from ±1/√h, as `nn.RNN` does.

    >>> outputs, H = RNN(num_inputs=3, num_hiddens=5)(torch.zeros(2, 4, 3))
    >>> outputs.shape, H.shape
    (torch.Size([2, 4, 5]), torch.Size([2, 5]))
    """

    def __init__(self, num_inputs: int, num_hiddens: int):
        super().__init__(num_inputs, num_hiddens)
        self.W_xh, self.W_hh, self.b_h = self._draw_gate()

    def step(self, X_t: torch.Tensor, H: torch.Tensor) -> torch.Tensor:
        """One step: X_t (n, d), H (n, h) → the new H (n, h)."""
        return torch.tanh(X_t @ self.W_xh + H @ self.W_hh + self.b_h)  # (n, h)


class GRU(_Recurrent):
    """A gated recurrent unit. Source: Cho et al. (2014), Learning phrase representations using RNN encoder-decoder.

    Z_t = σ(X_t W_xz + H_{t-1} W_hz + b_z), R_t = σ(X_t W_xr + H_{t-1} W_hr + b_r), H_t = Z_t ⊙ H_{t-1} +
    (1 − Z_t) ⊙ H̃_t, where H̃_t = tanh(X_t W_xh + b_h + R_t ⊙ (H_{t-1} W_hh + b_hh)) with `reset_after`, and without it
    tanh(X_t W_xh + (R_t ⊙ H_{t-1}) W_hh + b_h).

    Args:
        num_inputs: d, the width of one step's input.
        num_hiddens: h, the width of the hidden state.
        reset_after: reset after the product, as `nn.GRU` and Keras do, or before it, as the paper does.

    Parameters: `W_xz W_xr W_xh` (d, h), `W_hz W_hr W_hh` (h, h), `b_z b_r b_h` (h,), and with `reset_after` `b_hh`
    (h,), drawn uniformly from ±1/√h.

    >>> outputs, H = GRU(num_inputs=3, num_hiddens=5)(torch.zeros(2, 4, 3))
    >>> outputs.shape, H.shape
    (torch.Size([2, 4, 5]), torch.Size([2, 5]))
    """

    def __init__(self, num_inputs: int, num_hiddens: int, reset_after: bool = True):
        super().__init__(num_inputs, num_hiddens)
        self.reset_after = reset_after
        self.W_xz, self.W_hz, self.b_z = self._draw_gate()
        self.W_xr, self.W_hr, self.b_r = self._draw_gate()
        self.W_xh, self.W_hh, self.b_h = self._draw_gate()
        if reset_after:
            self.b_hh = self._draw(num_hiddens)

    def step(self, X_t: torch.Tensor, H: torch.Tensor) -> torch.Tensor:
        """One step: X_t (n, d), H (n, h) → the new H (n, h)."""
        Z = torch.sigmoid(X_t @ self.W_xz + H @ self.W_hz + self.b_z)  # (n, h)
        R = torch.sigmoid(X_t @ self.W_xr + H @ self.W_hr + self.b_r)  # (n, h)
        if self.reset_after:
            H_tilde = torch.tanh(X_t @ self.W_xh + self.b_h + R * (H @ self.W_hh + self.b_hh))  # (n, h)
        else:
            H_tilde = torch.tanh(X_t @ self.W_xh + (R * H) @ self.W_hh + self.b_h)  # (n, h)
        return Z * H + (1 - Z) * H_tilde  # (n, h)


class LSTM(_Recurrent):
    """Long short-term memory. Source: Hochreiter and Schmidhuber (1997); the forget gate: Gers et al. (2000).

    I_t, F_t, O_t = σ(X_t W_x· + H_{t-1} W_h· + b_·), C̃_t = tanh(X_t W_xc + H_{t-1} W_hc + b_c), then
    C_t = F_t ⊙ C_{t-1} + I_t ⊙ C̃_t and H_t = O_t ⊙ tanh(C_t). The state is the pair (H, C), (n, h) each.

    Args:
        num_inputs: d, the width of one step's input.
        num_hiddens: h, the width of the hidden state and of the memory cell.
        forget_bias: is added to b_f at the start, so that the memory is kept at first. Keras' layer adds 1 as well,
            `nn.LSTM` nothing. Source: Jozefowicz et al. (2015), An empirical exploration of recurrent network
            architectures.

    Parameters: `W_xi W_xf W_xo W_xc` (d, h), `W_hi W_hf W_ho W_hc` (h, h), `b_i b_f b_o b_c` (h,), drawn uniformly
    from ±1/√h.

    >>> outputs, (H, C) = LSTM(num_inputs=3, num_hiddens=5)(torch.zeros(2, 4, 3))
    >>> outputs.shape, H.shape, C.shape
    (torch.Size([2, 4, 5]), torch.Size([2, 5]), torch.Size([2, 5]))
    """

    state_names = ("H", "C")

    def __init__(self, num_inputs: int, num_hiddens: int, forget_bias: float = 1.0):
        super().__init__(num_inputs, num_hiddens)
        self.W_xi, self.W_hi, self.b_i = self._draw_gate()
        self.W_xf, self.W_hf, self.b_f = self._draw_gate()
        self.W_xo, self.W_ho, self.b_o = self._draw_gate()
        self.W_xc, self.W_hc, self.b_c = self._draw_gate()
        with torch.no_grad():
            self.b_f += forget_bias

    def begin_state(self, batch_size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The state before the first step: H and C, zeros (n, h), on the parameters' device."""
        H = super().begin_state(batch_size)  # (n, h)
        return H, H.clone()

    def step(self, X_t: torch.Tensor, state: tuple) -> tuple[torch.Tensor, torch.Tensor]:
        """One step: X_t (n, d), the pair (H, C) → the new pair, (n, h) each."""
        H, C = state
        I = torch.sigmoid(X_t @ self.W_xi + H @ self.W_hi + self.b_i)  # (n, h)
        F = torch.sigmoid(X_t @ self.W_xf + H @ self.W_hf + self.b_f)  # (n, h)
        O = torch.sigmoid(X_t @ self.W_xo + H @ self.W_ho + self.b_o)  # (n, h)
        C_tilde = torch.tanh(X_t @ self.W_xc + H @ self.W_hc + self.b_c)  # (n, h)
        C = F * C + I * C_tilde  # (n, h)
        return O * torch.tanh(C), C  # (n, h), (n, h)


class _Linear(_Recurrent):
    """What the layers share whose gates read X only: H_t = a_t ⊙ H_{t-1} + b_t, with all a_t and b_t known at once."""

    def __init__(self, num_inputs: int, num_hiddens: int, mode: str = "loop"):
        super().__init__(num_inputs, num_hiddens)
        check_mode(mode)
        self.mode = mode

    def _draw_input(self) -> tuple[nn.Parameter, nn.Parameter]:
        """Weights for the input (d, h), and a bias (h,)."""
        return self._draw(self.num_inputs, self.num_hiddens), self._draw(self.num_hiddens)

    def _read(self, X: torch.Tensor, state: torch.Tensor, valid: torch.Tensor | None) -> tuple:
        a, b = self.coefficients(X)  # (n, T, h)
        if valid is not None:  # 1 H + 0: the state stands still
            a, b = torch.where(valid > 0, a, 1), torch.where(valid > 0, b, 0)  # (n, T, h)
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

    >>> outputs, H = MinGRU(num_inputs=3, num_hiddens=5)(torch.zeros(2, 4, 3))
    >>> outputs.shape, H.shape
    (torch.Size([2, 4, 5]), torch.Size([2, 5]))
    """

    def __init__(self, num_inputs: int, num_hiddens: int, mode: str = "loop"):
        super().__init__(num_inputs, num_hiddens, mode)
        self.W_xz, self.b_z = self._draw_input()
        self.W_xh, self.b_h = self._draw_input()

    def coefficients(self, X: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The a and b of H_t = a_t ⊙ H_{t-1} + b_t for inputs X (…, d): (…, h) each."""
        Z = torch.sigmoid(X @ self.W_xz + self.b_z)  # (n, T, h)
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

    >>> outputs, H = MinLSTM(num_inputs=3, num_hiddens=5)(torch.zeros(2, 4, 3))
    >>> outputs.shape, H.shape
    (torch.Size([2, 4, 5]), torch.Size([2, 5]))
    """

    def __init__(self, num_inputs: int, num_hiddens: int, mode: str = "loop"):
        super().__init__(num_inputs, num_hiddens, mode)
        self.W_xi, self.b_i = self._draw_input()
        self.W_xf, self.b_f = self._draw_input()
        self.W_xh, self.b_h = self._draw_input()

    def coefficients(self, X: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The a and b of H_t = a_t ⊙ H_{t-1} + b_t for inputs X (…, d): (…, h) each."""
        log_I = logsigmoid(X @ self.W_xi + self.b_i)  # (n, T, h)
        log_F = logsigmoid(X @ self.W_xf + self.b_f)  # (n, T, h)
        F = torch.sigmoid(log_F - log_I)  # (n, T, h), F / (F + I)
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

    Parameters: `W_conv` (K, d), `b_conv` (d,), drawn uniformly from ±1/√K, as `nn.Conv1d` with `groups=d` does.

    >>> outputs, state = ShortConv(num_inputs=3)(torch.zeros(2, 6, 3))
    >>> outputs.shape, state.shape
    (torch.Size([2, 6, 3]), torch.Size([2, 3, 3]))
    """

    state_names = ("X",)

    def __init__(self, num_inputs: int, width: int = 4):
        super().__init__(num_inputs, num_inputs)
        check_count("width", width)
        self.width, self._state_shape = width, (width - 1, num_inputs)
        self.W_conv, self.b_conv = _draw(width, num_inputs, fan_in=width), _draw(num_inputs, fan_in=width)

    def _read(self, X: torch.Tensor, state: torch.Tensor, valid: torch.Tensor | None) -> tuple:
        T, seen = X.shape[1], torch.cat([state, X], dim=1)  # (n, K - 1 + T, d)
        outputs = sum(seen[:, k : k + T] * self.W_conv[k] for k in range(self.width)) + self.b_conv  # (n, T, d)
        if valid is None:
            return outputs, seen[:, T:]  # (n, T, d), (n, K - 1, d)
        last = (valid[..., 0] > 0).sum(dim=1, keepdim=True) + torch.arange(
            self.width - 1, device=X.device
        )  # (n, K - 1)
        return outputs, seen.gather(1, last[..., None].expand(-1, -1, X.shape[2]))


class Block(nn.Module):
    """What stands around a layer in a deep stack: its output is added to its input, then that of two products.

    U = X + layer(norm(X)) and Y = U + silu(norm(U) W_up + b_up) W_down + b_down, with silu(x) = x σ(x) and
    norm(X) = g ⊙ X / √(mean of X_t² + 10⁻⁶), g_1 the first time and g_2 the second. The state is the layer's. Sources:
    He et al. (2016), Deep residual learning; Zhang and Sennrich (2019), Root mean square layer normalization.

    Args:
        layer: a layer of the course with as many outputs as inputs.
        dropout: the share of either summand that is set to zero while training.

    Parameters: the layer's, `W_up` (h, 2h), `W_down` (2h, h), `b_up` (2h,), `b_down` (h,), drawn uniformly from ±1/√h
    and, those of the second product, ±1/√2h; `g_1 g_2` (h,), ones.

    >>> outputs, H = Block(MinGRU(num_inputs=5, num_hiddens=5))(torch.zeros(2, 4, 5))
    >>> outputs.shape, H.shape
    (torch.Size([2, 4, 5]), torch.Size([2, 5]))
    """

    weight_names = ("g_1", "g_2", "W_up", "b_up", "W_down", "b_down")

    def __init__(self, layer: nn.Module, dropout: float = 0.0):
        super().__init__()
        check_block(layer)
        check_share("dropout", dropout)
        self.layer, self.dropout = layer, nn.Dropout(dropout)
        self.num_inputs = self.num_hiddens = h = layer.num_hiddens
        self.g_1, self.g_2 = nn.Parameter(torch.ones(h)), nn.Parameter(torch.ones(h))
        self.W_up, self.b_up = _draw(h, 2 * h, fan_in=h), _draw(2 * h, fan_in=h)
        self.W_down, self.b_down = _draw(2 * h, h, fan_in=2 * h), _draw(h, fan_in=2 * h)

    def begin_state(self, batch_size: int) -> State:
        """The layer's state before the first step: zeros."""
        return self.layer.begin_state(batch_size)

    def forward(self, X: torch.Tensor, state: State | None = None, lengths=None) -> tuple[torch.Tensor, State]:
        """All outputs (n, T, h), and the layer's last state; arguments as for the layers."""
        _check_input(X, self)
        read, state = self.layer(_norm(X, self.g_1), state, lengths)  # (n, T, h)
        X = X + self.dropout(read)  # (n, T, h)
        bent = silu(_norm(X, self.g_2) @ self.W_up + self.b_up) @ self.W_down + self.b_down  # (n, T, h)
        X, valid = X + self.dropout(bent), _valid_steps(X, lengths)  # (n, T, h), (n, T, 1)
        return X if valid is None else X * valid, state


class Deep(nn.Module):
    """Layers on top of each other: each reads the outputs of the one below. The state is a tuple of theirs.

    Source: Graves (2013), Generating sequences with recurrent neural networks.

    Args:
        layers: layers of the course, the lowest first; each must read as many inputs as the one below has outputs.
        dropout: the share of each layer's outputs, but for the last one's, that is set to zero while training.

    >>> outputs, state = Deep([LSTM(3, 5), GRU(5, 7)])(torch.zeros(2, 4, 3))
    >>> outputs.shape, len(state)
    (torch.Size([2, 4, 7]), 2)
    """

    def __init__(self, layers: Sequence[nn.Module], dropout: float = 0.0):
        super().__init__()
        check_stack(layers)
        check_share("dropout", dropout)
        self.layers, self.dropout = nn.ModuleList(layers), nn.Dropout(dropout)
        self.num_inputs, self.num_hiddens = layers[0].num_inputs, layers[-1].num_hiddens

    def begin_state(self, batch_size: int) -> tuple:
        """The layers' states before the first step: zeros."""
        return tuple(layer.begin_state(batch_size) for layer in self.layers)

    def forward(self, X: torch.Tensor, state: tuple | None = None, lengths=None) -> tuple[torch.Tensor, tuple]:
        """All outputs of the last layer (n, T, h), and every layer's last state; arguments as for the layers."""
        state = (None,) * len(self.layers) if state is None else state
        check_parts(state, len(self.layers), "layer")
        last = []
        for i, (layer, start) in enumerate(zip(self.layers, state, strict=True)):
            X, end = layer(self.dropout(X) if i else X, start, lengths)  # (n, T, h)
            last.append(end)
        return X, tuple(last)


class Bidirectional(nn.Module):
    """Two layers, the second reading each sequence from its end; their outputs side by side.

    The state is a pair (forwards, backwards). Source: Schuster and Paliwal (1997), Bidirectional recurrent neural
    networks.

    Args:
        forward_layer, backward_layer: layers of the course that read the same inputs.

    >>> outputs, (ahead, back) = Bidirectional(GRU(3, 5), GRU(3, 5))(torch.zeros(2, 4, 3))
    >>> outputs.shape, back.shape
    (torch.Size([2, 4, 10]), torch.Size([2, 5]))
    """

    def __init__(self, forward_layer: nn.Module, backward_layer: nn.Module):
        super().__init__()
        check_pair(forward_layer, backward_layer)
        self.forward_layer, self.backward_layer = forward_layer, backward_layer
        self.num_inputs = forward_layer.num_inputs
        self.num_hiddens = forward_layer.num_hiddens + backward_layer.num_hiddens

    def begin_state(self, batch_size: int) -> tuple:
        """Both directions' states before their first step: zeros."""
        return self.forward_layer.begin_state(batch_size), self.backward_layer.begin_state(batch_size)

    def forward(self, X: torch.Tensor, state: tuple | None = None, lengths=None) -> tuple[torch.Tensor, tuple]:
        """All outputs (n, T, both widths), and both directions' last states; arguments as for the layers.

        With `lengths` the way back begins at each sequence's own last step, not in the padding.
        """
        state = (None, None) if state is None else state
        check_parts(state, 2, "direction")
        ahead, ahead_end = self.forward_layer(X, state[0], lengths)  # (n, T, h)
        back, back_end = self.backward_layer(_reverse(X, lengths), state[1], lengths)  # (n, T, h)
        return torch.cat([ahead, _reverse(back, lengths)], dim=-1), (ahead_end, back_end)  # (n, T, 2h)


def _draw(*shape: int, fan_in: int) -> nn.Parameter:
    bound = 1 / math.sqrt(fan_in)
    return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))


def _norm(X: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
    return gain * X * torch.rsqrt((X * X).mean(dim=-1, keepdim=True) + 1e-6)  # (n, T, h)


def _check_input(X: torch.Tensor, layer: nn.Module) -> None:
    mend = "torch.as_tensor makes one of an array, and instead of packing sequences give their lengths."
    if isinstance(X, torch.Tensor):
        check_X(X.shape, layer.num_inputs)
    _check_tensor("X", X, layer, mend, " (n, T, d)")


def _check_tensor(name: str, value, layer: nn.Module, mend: str, shape: str = "") -> None:
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{name} is of type {type(value).__name__}, expected a tensor{shape}: {mend}")
    weight = next(layer.parameters())
    if value.dtype != weight.dtype and not torch.is_autocast_enabled(value.device.type):
        check_dtype(*(str(each.dtype).removeprefix("torch.") for each in (value, weight)), name)


def _valid_steps(X: torch.Tensor, lengths) -> torch.Tensor | None:
    """(n, T, 1): 1 where a step counts, 0 in the padding."""
    if lengths is None:
        return None
    lengths = check_lengths(torch.as_tensor(lengths).cpu().numpy(), *X.shape[:2])
    steps = torch.arange(X.shape[1])  # (T,)
    return (steps < torch.as_tensor(lengths)[:, None])[..., None].to(X)


def _where(valid: torch.Tensor, new: State, old: State) -> State:
    """The new state where the step counts, valid (n, 1), the old one elsewhere."""
    if isinstance(new, tuple):
        return tuple(_where(valid, *parts) for parts in zip(new, old, strict=True))
    return torch.where(valid > 0, new, old)


def _reverse(X: torch.Tensor, lengths) -> torch.Tensor:
    """X (n, T, d), each sequence turned round within its length; the padding stays behind it."""
    if lengths is None:
        return X.flip(1)
    steps, lengths = torch.arange(X.shape[1]), torch.as_tensor(lengths).cpu()[:, None]  # (T,), (n, 1)
    source = torch.where(steps < lengths, lengths - 1 - steps, steps).to(X.device)  # (n, T)
    return X.gather(1, source[..., None].expand_as(X))
