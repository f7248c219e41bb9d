"""Weights under the field's own names, as NumPy arrays, into and out of every implementation.

The canonical form is a dict such as {"W_xh": (d, h), "W_hh": (h, h), "b_h": (h,)}; a language model adds the output
layer's "W_hq": (h, V) and "b_q": (V,). Keras keeps the same shapes under the names kernel, recurrent_kernel and bias.
"""

from collections.abc import Callable
from functools import singledispatch

import keras
import numpy as np
import tensorflow as tf

from course_utils.tensorflow.cells import RNN
from course_utils.tensorflow.models import RNNLM

Params = dict[str, np.ndarray]


@singledispatch
def _entries(layer) -> dict[str, keras.Variable]:
    """Canonical name → the variable that holds it."""
    raise TypeError(
        f"No canonical weights are known for {type(layer).__name__}: use a layer of the course or SimpleRNN."
    )


@_entries.register
def _(layer: RNN):
    return {name: getattr(layer, name) for name in ("W_xh", "W_hh", "b_h")}


@_entries.register
def _(layer: keras.layers.SimpleRNN):
    if not layer.use_bias or layer.activation is not keras.activations.tanh:
        raise TypeError("Only a SimpleRNN with tanh and a bias has canonical weights.")
    return {"W_xh": layer.cell.kernel, "W_hh": layer.cell.recurrent_kernel, "b_h": layer.cell.bias}


@_entries.register
def _(layer: RNNLM):
    return _entries(layer.rnn) | {"W_hq": layer.output_layer.kernel, "b_q": layer.output_layer.bias}


def _built_entries(layer: keras.layers.Layer) -> dict[str, keras.Variable]:
    """The entries of a layer whose variables exist; a layer that was never called is told to make them, if it can."""
    rnn = getattr(layer, "rnn", layer)
    if isinstance(layer, RNNLM) and not layer.output_layer.built:
        layer(tf.zeros((1, 1), tf.int32))
    elif isinstance(rnn, RNN) and not rnn.built:
        rnn(tf.zeros((1, 1, rnn.num_inputs)))
    elif not rnn.built:
        raise ValueError(f"{rnn.name} has no weights yet: call it once, or build((n, T, d)), to make them.")
    return _entries(layer)


def load(layer: keras.layers.Layer, params: Params) -> None:
    """Copy canonical weights into a layer or model, in place; ValueError when a name or a shape does not fit."""
    entries = _built_entries(layer)
    if params.keys() != entries.keys():
        raise ValueError(f"The weights are named {sorted(params)}, expected {sorted(entries)}.")
    for name, variable in entries.items():
        if np.shape(params[name]) != tuple(variable.shape):
            raise ValueError(f"{name} has shape {np.shape(params[name])}, expected {tuple(variable.shape)}.")
    for name, variable in entries.items():
        variable.assign(params[name])


def dump(layer: keras.layers.Layer) -> Params:
    """The canonical weights of a layer or model, as new NumPy arrays."""
    return {name: np.array(variable) for name, variable in _built_entries(layer).items()}


def gradients(layer: keras.layers.Layer, loss: Callable[[], tf.Tensor]) -> Params:
    """The gradients of `loss()`, a scalar, by the canonical weights of a layer or model, as NumPy arrays."""
    entries = _built_entries(layer)
    with tf.GradientTape() as tape:
        value = loss()
    grads = tape.gradient(value, [variable.value for variable in entries.values()])
    return {name: np.array(grad) for name, grad in zip(entries, grads, strict=True)}
