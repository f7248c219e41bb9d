"""Weights under the field's own names, as NumPy arrays, into and out of every implementation.

The canonical form is a dict such as {"W_xh": (d, h), "W_hh": (h, h), "b_h": (h,)}; a language model adds the output
layer's "W_hq": (h, V) and "b_q": (V,). `nn.RNN` keeps the transposed matrices, and two biases whose sum is b_h.
"""

from collections.abc import Callable
from functools import singledispatch

import numpy as np
import torch
from torch import nn

from course_utils.shapes import check_params
from course_utils.torch.cells import RNN
from course_utils.torch.models import RNNLM

Params = dict[str, np.ndarray]


@singledispatch
def _entries(layer) -> dict[str, tuple[nn.Parameter, bool]]:
    """Canonical name → (the parameter that holds it, whether it is transposed there)."""
    raise TypeError(f"No canonical weights are known for {type(layer).__name__}: use a layer of the course or nn.RNN.")


@_entries.register
def _(layer: RNN):
    return {name: (parameter, False) for name, parameter in layer.named_parameters()}


@_entries.register
def _(layer: nn.RNN):
    if layer.num_layers != 1 or layer.bidirectional or not layer.bias or layer.nonlinearity != "tanh":
        raise TypeError("Only an nn.RNN of one layer and one direction, with tanh and biases, has canonical weights.")
    return {"W_xh": (layer.weight_ih_l0, True), "W_hh": (layer.weight_hh_l0, True), "b_h": (layer.bias_ih_l0, False)}


@_entries.register
def _(layer: RNNLM):
    output = {"W_hq": (layer.output.weight, True), "b_q": (layer.output.bias, False)}
    return _entries(layer.rnn) | output


def _second_biases(layer: nn.Module) -> dict[str, nn.Parameter]:
    """The biases that `nn.RNN` adds to the canonical ones."""
    rnn = getattr(layer, "rnn", layer)
    return {"b_h": rnn.bias_hh_l0} if isinstance(rnn, nn.RNN) else {}


@torch.no_grad()
def load(layer: nn.Module, params: Params) -> None:
    """Copy canonical weights into a layer or model, in place; ValueError when a name or a shape does not fit."""
    entries = _entries(layer)
    shapes = {
        name: tuple((parameter.T if transposed else parameter).shape)
        for name, (parameter, transposed) in entries.items()
    }
    for name, value in check_params(params, shapes).items():
        parameter, transposed = entries[name]
        parameter.copy_(torch.from_numpy(value.T if transposed else value))
    for bias in _second_biases(layer).values():
        bias.zero_()


@torch.no_grad()
def dump(layer: nn.Module) -> Params:
    """The canonical weights of a layer or model, as new NumPy arrays."""
    entries = _entries(layer)
    second = _second_biases(layer)
    return {
        name: _array(parameter + second[name] if name in second else parameter, transposed)
        for name, (parameter, transposed) in entries.items()
    }


def gradients(layer: nn.Module, loss: Callable[[], torch.Tensor]) -> Params:
    """The gradients of `loss()`, a scalar, by the canonical weights of a layer or model, as NumPy arrays."""
    entries = _entries(layer)
    grads = torch.autograd.grad(loss(), [parameter for parameter, _ in entries.values()], materialize_grads=True)
    return {name: _array(g, transposed) for (name, (_, transposed)), g in zip(entries.items(), grads, strict=True)}


def _array(tensor: torch.Tensor, transposed: bool) -> np.ndarray:
    return (tensor.T if transposed else tensor).cpu().numpy().copy()
