"""Weights under the field's own names, as NumPy arrays, into and out of every implementation.

The canonical form is a dict such as {"W_xh": (d, h), "W_hh": (h, h), "b_h": (h,)}; a language model adds the output
layer's "W_hq": (h, V) and "b_q": (V,). Keras keeps the same shapes under the names kernel, recurrent_kernel and bias.
"""

from collections.abc import Callable
from functools import singledispatch

import keras
import numpy as np
import tensorflow as tf

from course_utils.shapes import check_params
from course_utils.tensorflow.cells import RNN
from course_utils.tensorflow.models import RNNLM

Params = dict[str, np.ndarray]


@singledispatch
def _entries(layer) -> dict[str, keras.Variable]:
    """Canonical name → the variable that holds it; variables not made yet are made now, if it is known how."""
    raise TypeError(
        f"No canonical weights are known for {type(layer).__name__}: use a layer of the course or SimpleRNN."
    )


@_entries.register
def _(layer: RNN):
    if not layer.built:
        layer(tf.zeros((1, 1, layer.num_inputs)))
    return {name: getattr(layer, name) for name in ("W_xh", "W_hh", "b_h")}


@_entries.register
def _(layer: keras.layers.SimpleRNN):
    if not layer.use_bias or layer.activation is not keras.activations.tanh:
        raise TypeError("Only a SimpleRNN with tanh and a bias has canonical weights.")
    if not layer.built:
        raise ValueError(f"{layer.name} has no weights yet: call it once, or build((n, T, d)), to make them.")
    return {"W_xh": layer.cell.kernel, "W_hh": layer.cell.recurrent_kernel, "b_h": layer.cell.bias}


@_entries.register
def _(layer: RNNLM):
    if not layer.output_layer.built:
        layer(tf.zeros((1, 1), tf.int32))
    return _entries(layer.rnn) | {"W_hq": layer.output_layer.kernel, "b_q": layer.output_layer.bias}


def load(layer: keras.layers.Layer, params: Params) -> None:
    """Copy canonical weights into a layer or model, in place; ValueError when a name or a shape does not fit."""
    entries = _entries(layer)
    shapes = {name: tuple(variable.shape) for name, variable in entries.items()}
    for name, value in check_params(params, shapes).items():
        entries[name].assign(value)


def dump(layer: keras.layers.Layer) -> Params:
    """The canonical weights of a layer or model, as new NumPy arrays."""
    return {name: variable.numpy().copy() for name, variable in _entries(layer).items()}


def gradients(layer: keras.layers.Layer, loss: Callable[[], tf.Tensor]) -> Params:
    """The gradients of `loss()`, a scalar, by the canonical weights of a layer or model, as NumPy arrays."""
    entries = _entries(layer)
    with tf.GradientTape() as tape:
        value = loss()
    sources = [variable.value for variable in entries.values()]
    grads = tape.gradient(value, sources, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return {name: grad.numpy().copy() for name, grad in zip(entries, grads, strict=True)}
