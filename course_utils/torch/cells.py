"""Recurrent layers from scratch: the equations of the chapters, one line of code for each.

Left out, because the framework's layers have it and the equations do not need it: packed sequences, several layers,
two directions.
"""

import math

import torch
from torch import nn

from course_utils.shapes import check_shapes


class RNN(nn.Module):
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
        super().__init__()
        self.num_inputs, self.num_hiddens = num_inputs, num_hiddens
        self.W_xh = nn.Parameter(torch.empty(num_inputs, num_hiddens))  # (d, h)
        self.W_hh = nn.Parameter(torch.empty(num_hiddens, num_hiddens))  # (h, h)
        self.b_h = nn.Parameter(torch.empty(num_hiddens))  # (h,)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -1 / math.sqrt(num_hiddens), 1 / math.sqrt(num_hiddens))

    def begin_state(self, batch_size: int) -> torch.Tensor:
        """The state before the first step: zeros (n, h), on the parameters' device."""
        return self.b_h.new_zeros(batch_size, self.num_hiddens)  # (n, h)

    def forward(self, X: torch.Tensor, state: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Walk over the steps of X.

        Args:
            X: (n, T, d), floats.
            state: (n, h), the state to start from; None for zeros.

        Returns: all hidden states (n, T, h), and the last one (n, h).
        """
        check_shapes(X.shape, None if state is None else state.shape, self.num_inputs, self.num_hiddens)
        H = self.begin_state(len(X)) if state is None else state  # (n, h)
        outputs = []
        for X_t in X.unbind(dim=1):  # (n, d)
            H = torch.tanh(X_t @ self.W_xh + H @ self.W_hh + self.b_h)  # (n, h)
            outputs.append(H)
        return torch.stack(outputs, dim=1), H  # (n, T, h), (n, h)
