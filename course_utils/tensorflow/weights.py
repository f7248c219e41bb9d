"""Weights under the field's own names, as NumPy arrays, into and out of every implementation.

The canonical form is a dict such as {"W_xh": (d, h), "W_hh": (h, h), "b_h": (h,)}. Several layers have their numbers in
front, several directions the direction ("0.forward.W_xh"); a language model adds its output layer's "W_hq": (h, V) and
"b_q": (V,), and its embedding's "W_xe": (V, e), if it has one; so has a model of your own that keeps its parts under
the names that `RNNLM` has for them. A `ShortConv` has "W_conv": (K, d), "b_conv": (d,), a `Block` "W_up": (h, 2h),
"b_up", "W_down": (2h, h), "b_down", "g_1", "g_2" beside its layer's. Of a `Seq2Seq` all are "encoder.…" or "decoder.…";
what joins the two directions of an encoder's layer is "W_hs": (2h, h) and "b_hs": (h,) for H, "W_cs" and "b_cs" for C.
An attention decoder has "W_k" and "W_c", (h, h), or (2h, h) where the encoder reads both ways.

Keras' layers keep the matrices of all gates side by side in one. Its GRU with `reset_after` has two biases whose sum is
the canonical one; only "b_hh", inside the reset, is a bias in its own right.
"""

from collections.abc import Callable
from functools import singledispatch
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from course_utils.shapes import check_params
from course_utils.tensorflow.attention import AttentionDecoder
from course_utils.tensorflow.cells import CELLS, Bidirectional, Block, Deep, ShortConv
from course_utils.tensorflow.models import RNNLM
from course_utils.tensorflow.seq2seq import Seq2Seq, Seq2SeqDecoder, Seq2SeqEncoder

Params = dict[str, np.ndarray]
# The gates as Keras' cells put them side by side, h columns each, by their canonical letters.
GATE_ORDER = {keras.layers.SimpleRNNCell: "h", keras.layers.GRUCell: "zrh", keras.layers.LSTMCell: "ifco"}


class Entry(NamedTuple):
    """Where a canonical weight is kept: a part of a variable, maybe with a second part to be added."""

    variable: keras.Variable
    part: Any = ()
    second: Any = None


@singledispatch
def _entries(layer) -> dict[str, Entry]:
    """Canonical name → where the weight is kept; variables not made yet are made now, if it is known how."""
    if hasattr(layer, "rnn") and hasattr(layer, "output_layer"):  # a model of one's own
        return _entries_of_model(layer)
    raise TypeError(
        f"No canonical weights are known for {type(layer).__name__}: use a layer of the course, Keras' SimpleRNN, GRU "
        "or LSTM, or a model whose parts are named as those of RNNLM."
    )


def _entries_of_model(model) -> dict[str, Entry]:
    of_rnn, embedding = _entries(model.rnn), getattr(model, "embedding", None)
    rows = {} if embedding is None else {"W_xe": Entry(embedding.embeddings)}
    return rows | of_rnn | _dense(model.output_layer, "W_hq", "b_q")


def _entries_of_cell(layer):
    if not layer.built:
        layer.build()
    return {variable.name: Entry(variable) for variable in layer.weights}  # frozen ones, too


for _cell in (*CELLS, ShortConv):
    _entries.register(_cell, _entries_of_cell)


@_entries.register
def _(layer: Block):
    if not layer.built:
        layer.build()
    return _entries(layer.layer) | {name: Entry(getattr(layer, name)) for name in layer.weight_names}


@_entries.register
def _(layer: Deep):
    return _stacked(layer.layers)


@_entries.register(Bidirectional)
@_entries.register(keras.layers.Bidirectional)
def _(layer):
    return _together({"forward": _entries(layer.forward_layer), "backward": _entries(layer.backward_layer)})


@_entries.register
def _(layer: keras.Sequential):
    return _stacked(layer.layers)


@_entries.register
def _(layer: keras.layers.RNN):
    return _entries(layer.cell)


@_entries.register
def _(cell: keras.layers.StackedRNNCells):
    return _stacked(cell.cells)


@_entries.register(keras.layers.SimpleRNNCell)
@_entries.register(keras.layers.GRUCell)
@_entries.register(keras.layers.LSTMCell)
def _(cell):
    gate_activation = getattr(cell, "recurrent_activation", keras.activations.sigmoid)
    usual = cell.activation is keras.activations.tanh and gate_activation is keras.activations.sigmoid
    if not cell.use_bias or not usual:
        raise TypeError("Only Keras' layers with tanh, sigmoid for the gates, and biases have canonical weights.")
    if not cell.built:
        raise ValueError(f"{cell.name} has no weights yet: call it once, or build((n, T, d)), to make them.")
    two_biases = getattr(cell, "reset_after", False)
    entries, order = {}, next(order for kind, order in GATE_ORDER.items() if isinstance(cell, kind))
    for i, gate in enumerate(order):
        columns = slice(i * cell.units, (i + 1) * cell.units)
        entries[f"W_x{gate}"] = Entry(cell.kernel, np.s_[:, columns])
        entries[f"W_h{gate}"] = Entry(cell.recurrent_kernel, np.s_[:, columns])
        if not two_biases:
            entries[f"b_{gate}"] = Entry(cell.bias, columns)
        elif gate == "h":
            entries["b_h"], entries["b_hh"] = Entry(cell.bias, np.s_[0, columns]), Entry(cell.bias, np.s_[1, columns])
        else:
            entries[f"b_{gate}"] = Entry(cell.bias, np.s_[0, columns], second=np.s_[1, columns])
    return entries


@_entries.register
def _(layer: RNNLM):
    if not layer.output_layer.built:
        layer(tf.zeros((1, 1), tf.int32))
    return _entries_of_model(layer)


@_entries.register
def _(layer: Seq2SeqEncoder):
    if not layer.built:
        layer.build()
    joins = [{} for _ in layer.joins]
    for found, of_layer in zip(joins, layer.joins, strict=True):
        for state, join in zip("hc", of_layer, strict=False):  # H, and C if there is one
            found |= _dense(join, f"W_{state}s", f"b_{state}s")
    return {"W_xe": Entry(layer.embedding.embeddings)} | _stacked(layer.rnns) | _numbered(joins)


@_entries.register
def _(layer: Seq2SeqDecoder):
    if not layer.built:
        layer.build()
    embedding = {"W_xe": Entry(layer.embedding.embeddings)}
    return embedding | _stacked(layer.rnns) | _dense(layer.output_layer, "W_hq", "b_q")


@_entries.register
def _(layer: AttentionDecoder):
    plain = _entries.dispatch(Seq2SeqDecoder)(layer)  # which makes all weights if there are none
    return plain | {"W_k": Entry(layer.key.kernel), "W_c": Entry(layer.mix.kernel)}


@_entries.register
def _(layer: Seq2Seq):
    return _together({"encoder": _entries(layer.encoder), "decoder": _entries(layer.decoder)})


def _dense(layer: keras.layers.Dense, kernel: str, bias: str) -> dict[str, Entry]:
    return {kernel: Entry(layer.kernel), bias: Entry(layer.bias)}


def _stacked(layers) -> dict[str, Entry]:
    return _numbered([_entries(layer) for layer in layers])


def _numbered(parts: list[dict[str, Entry]]) -> dict[str, Entry]:
    """Several layers have their numbers in front, one has none."""
    return parts[0] if len(parts) == 1 else _together({str(i): part for i, part in enumerate(parts)})


def _together(parts: dict[str, dict[str, Entry]]) -> dict[str, Entry]:
    return {f"{part}.{name}": entry for part, found in parts.items() for name, entry in found.items()}


def load(layer: keras.layers.Layer, params: Params) -> None:
    """Copy canonical weights into a layer or model, in place; ValueError when a name or a shape does not fit."""
    entries = _entries(layer)
    shapes = {name: value.shape for name, value in dump(layer).items()}
    new = {id(entry.variable): entry.variable.numpy().copy() for entry in entries.values()}
    for name, value in check_params(params, shapes).items():
        entry = entries[name]
        new[id(entry.variable)][entry.part] = value
        if entry.second is not None:
            new[id(entry.variable)][entry.second] = 0
    for entry in entries.values():
        entry.variable.assign(new[id(entry.variable)])


def dump(layer: keras.layers.Layer) -> Params:
    """The canonical weights of a layer or model, as new NumPy arrays."""
    found = {}
    for name, (variable, part, second) in _entries(layer).items():
        value = _array(variable)
        found[name] = value[part].copy() if second is None else value[part] + value[second]
    return found


def gradients(layer: keras.layers.Layer, loss: Callable[[], tf.Tensor]) -> Params:
    """The gradients of `loss()`, a scalar, by the canonical weights of a layer or model, as NumPy arrays."""
    entries = _entries(layer)
    variables = list({id(entry.variable): entry.variable for entry in entries.values()}.values())
    with tf.GradientTape() as tape:
        value = loss()
    sources = [variable.value for variable in variables]
    grads = tape.gradient(value, sources, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    # an embedding's gradient comes as the rows that were used
    of = {id(variable): _array(tf.convert_to_tensor(grad)) for variable, grad in zip(variables, grads, strict=True)}
    return {name: of[id(entry.variable)][entry.part].copy() for name, entry in entries.items()}


def _array(tensor: tf.Tensor | keras.Variable) -> np.ndarray:
    """As NumPy and the files know it: smaller types as float32, in which their numbers are the same."""
    value = tensor.numpy()
    return value if value.dtype == np.float64 else value.astype(np.float32)
