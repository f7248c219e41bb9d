"""Weights under the field's own names, as NumPy arrays, into and out of every implementation.

The canonical form is a dict such as {"W_xh": (d, h), "W_hh": (h, h), "b_h": (h,)}. Several layers have their numbers in
front, several directions the direction ("0.forward.W_xh"); a language model adds its output layer's "W_hq": (h, V) and
"b_q": (V,), and its embedding's "W_xe": (V, e), if it has one; so has a model of your own that keeps its parts under
the names that `RNNLM` has for them. A `ShortConv` has "W_conv": (K, d), "b_conv": (d,), a `Block` "W_up": (h, 2h),
"b_up", "W_down": (2h, h), "b_down", "g_1", "g_2" beside its layer's. Of a `Seq2Seq` all are "encoder.…" or "decoder.…";
what joins the two directions of an encoder's layer is "W_hs": (2h, h) and "b_hs": (h,) for H, "W_cs" and "b_cs" for C.
An attention decoder has "W_k" and "W_c", (h, h), or (2h, h) where the encoder reads both ways.

PyTorch's layers keep the matrices of all gates in one, transposed, and two biases whose sum is the canonical one; only
"b_hh", inside a GRU's reset, is one of its own.
"""

from collections.abc import Callable
from functools import singledispatch
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from course_utils.shapes import check_params
from course_utils.torch.attention import AttentionDecoder
from course_utils.torch.cells import CELLS, Bidirectional, Block, Deep, ShortConv
from course_utils.torch.seq2seq import Seq2Seq, Seq2SeqDecoder, Seq2SeqEncoder

Params = dict[str, np.ndarray]
# The gates as PyTorch's layers stack them, one block of h rows each, by their canonical letters.
GATE_ORDER = {nn.RNN: "h", nn.GRU: "rzh", nn.LSTM: "ifco"}


class Entry(NamedTuple):
    """Where a canonical weight is kept: rows of a parameter, maybe transposed, maybe with a second one to be added."""

    parameter: nn.Parameter
    rows: slice = slice(None)
    transposed: bool = False
    second: nn.Parameter | None = None

    def of(self, tensor: torch.Tensor) -> torch.Tensor:
        """The weight's own part, a view, of the parameter or of anything of its shape, such as its gradient."""
        return tensor[self.rows].T if self.transposed else tensor[self.rows]


@singledispatch
def _entries(layer) -> dict[str, Entry]:
    """Canonical name → where the weight is kept."""
    if hasattr(layer, "rnn") and hasattr(layer, "output"):  # a model of one's own
        embedding = getattr(layer, "embedding", None)
        rows = {} if embedding is None else {"W_xe": Entry(embedding.weight)}
        return rows | _entries(layer.rnn) | _linear(layer.output, "W_hq", "b_q")
    raise TypeError(
        f"No canonical weights are known for {type(layer).__name__}: use a layer of the course, nn.RNN, GRU or LSTM, "
        "or a model whose parts are named as those of RNNLM."
    )


def _entries_of_cell(layer):
    return {name: Entry(parameter) for name, parameter in layer.named_parameters()}


for _cell in (*CELLS, ShortConv):
    _entries.register(_cell, _entries_of_cell)


@_entries.register
def _(layer: Block):
    return _entries(layer.layer) | {name: Entry(getattr(layer, name)) for name in layer.weight_names}


@_entries.register
def _(layer: Deep):
    if len(layer.layers) == 1:
        return _entries(layer.layers[0])
    return _together({str(i): _entries(part) for i, part in enumerate(layer.layers)})


@_entries.register
def _(layer: Bidirectional):
    return _together({"forward": _entries(layer.forward_layer), "backward": _entries(layer.backward_layer)})


@_entries.register
def _(layer: nn.RNNBase):
    if not layer.bias or layer.proj_size or getattr(layer, "nonlinearity", "tanh") != "tanh":
        raise TypeError("Only layers with tanh and biases, and without a projection, have canonical weights.")
    suffixes = {"forward": "", "backward": "_reverse"} if layer.bidirectional else {"": ""}
    parts = {}
    for i in range(layer.num_layers):
        number = str(i) if layer.num_layers > 1 else ""
        for direction, suffix in suffixes.items():
            name = ".".join(part for part in (number, direction) if part)
            parts[name] = _entries_of_one(layer, f"l{i}{suffix}")
    return _together(parts)


@_entries.register
def _(layer: Seq2SeqEncoder):
    joins = {}
    for i, join in enumerate(layer.joins):  # H of each layer, then C of each
        state, number = "hc"[i // layer.num_layers], str(i % layer.num_layers) if layer.num_layers > 1 else ""
        joins |= _together({number: _linear(join, f"W_{state}s", f"b_{state}s")})
    return {"W_xe": Entry(layer.embedding.weight)} | _entries(layer.rnn) | joins


@_entries.register
def _(layer: Seq2SeqDecoder):
    embedding = {"W_xe": Entry(layer.embedding.weight)}
    return embedding | _entries(layer.rnn) | _linear(layer.output, "W_hq", "b_q")


@_entries.register
def _(layer: AttentionDecoder):
    plain = _entries.dispatch(Seq2SeqDecoder)(layer)
    return plain | {"W_k": Entry(layer.key.weight, transposed=True), "W_c": Entry(layer.mix.weight, transposed=True)}


@_entries.register
def _(layer: Seq2Seq):
    return _together({"encoder": _entries(layer.encoder), "decoder": _entries(layer.decoder)})


def _linear(layer: nn.Linear, weight: str, bias: str) -> dict[str, Entry]:
    return {weight: Entry(layer.weight, transposed=True), bias: Entry(layer.bias)}


def _together(parts: dict[str, dict[str, Entry]]) -> dict[str, Entry]:
    return {f"{part}.{name}".lstrip("."): entry for part, found in parts.items() for name, entry in found.items()}


def _entries_of_one(layer: nn.RNNBase, suffix: str) -> dict[str, Entry]:
    """The weights of one layer and one direction."""
    W_x, W_h, b_x, b_h = (
        getattr(layer, f"{kind}_{suffix}") for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    entries, order = {}, next(order for kind, order in GATE_ORDER.items() if isinstance(layer, kind))
    for i, gate in enumerate(order):
        rows = slice(i * layer.hidden_size, (i + 1) * layer.hidden_size)
        entries[f"W_x{gate}"], entries[f"W_h{gate}"] = Entry(W_x, rows, True), Entry(W_h, rows, True)
        if isinstance(layer, nn.GRU) and gate == "h":
            entries["b_h"], entries["b_hh"] = Entry(b_x, rows), Entry(b_h, rows)
        else:
            entries[f"b_{gate}"] = Entry(b_x, rows, second=b_h)
    return entries


@torch.no_grad()
def load(layer: nn.Module, params: Params) -> None:
    """Copy canonical weights into a layer or model, in place; ValueError when a name or a shape does not fit."""
    entries = _entries(layer)
    shapes = {name: tuple(entry.of(entry.parameter).shape) for name, entry in entries.items()}
    for name, value in check_params(params, shapes).items():
        entry = entries[name]
        entry.of(entry.parameter).copy_(torch.from_numpy(value))
        if entry.second is not None:
            entry.of(entry.second).zero_()


@torch.no_grad()
def dump(layer: nn.Module) -> Params:
    """The canonical weights of a layer or model, as new NumPy arrays."""
    return {
        name: _array(entry.of(entry.parameter if entry.second is None else entry.parameter + entry.second))
        for name, entry in _entries(layer).items()
    }


def gradients(layer: nn.Module, loss: Callable[[], torch.Tensor]) -> Params:
    """The gradients of `loss()`, a scalar, by the canonical weights of a layer or model, as NumPy arrays."""
    entries = _entries(layer)
    parameters = list({id(entry.parameter): entry.parameter for entry in entries.values()}.values())
    grads = torch.autograd.grad(loss(), parameters, materialize_grads=True)
    of = {id(parameter): grad for parameter, grad in zip(parameters, grads, strict=True)}
    return {name: _array(entry.of(of[id(entry.parameter)])) for name, entry in entries.items()}


def _array(tensor: torch.Tensor) -> np.ndarray:
    """As NumPy and the files know it: smaller types as float32, in which their numbers are the same."""
    tensor = tensor.detach().cpu()
    return (tensor if tensor.dtype == torch.float64 else tensor.float()).numpy().copy()
