"""Forbidden names are hidden at every address that is known, and however they were kept before."""

import functools
import importlib
import inspect
import sys
import types

import numpy as np
import pytest

from course_utils.assignments import Forbidden, hidden
from course_utils.assignments.hiding import addresses, guard, named_in


@pytest.fixture
def gru():
    """PyTorch's layer, and its names as an assignment forbids them."""
    torch = pytest.importorskip("torch")
    cell = torch.nn.GRUCell(2, 3)
    weights = (cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh)
    call = functools.partial(lambda f: f(torch.zeros(1, 2), torch.zeros(1, 3), *weights))
    return types.SimpleNamespace(torch=torch, names=("torch.nn.GRU", "torch.nn.GRUCell", "torch.gru_cell"), call=call)


WAYS = {
    "the function": lambda torch: torch.gru_cell,
    "where PyTorch's layers look": lambda torch: torch._VF.gru_cell,
    "where that looks": lambda torch: torch._VF.vf.gru_cell,
    "an operator": lambda torch: torch.ops.aten.gru_cell,
    "an overload": lambda torch: torch.ops.aten.gru_cell.default,
    "where they are kept": lambda torch: torch._C._VariableFunctions.gru_cell,
    "their class": lambda torch: torch._C._VariableFunctionsClass.gru_cell,
    "by the operator's name": lambda torch: torch._C._jit_get_operation("aten::gru_cell")[0],
    "and its overload's": lambda torch: torch._C._get_operation_overload("aten::gru_cell", "")[0],
    "a layer": lambda torch: lambda X, H, *weights: torch.nn.GRUCell(2, 3)(X, H),
    "a module loaded anew": lambda torch: lambda X, H, *weights: anew("torch.nn.modules.rnn").GRUCell(2, 3)(X, H),
    "a module loaded again": lambda torch: importlib.reload(importlib.import_module("torch.nn.modules.rnn")),
}


def anew(name):
    module = sys.modules.pop(name)
    try:
        return importlib.import_module(name)
    finally:
        sys.modules[name] = module


@pytest.mark.parametrize("way", WAYS)
def test_no_way_leads_to_a_hidden_function(gru, way):
    with hidden(gru.names, {}):
        with pytest.raises(Forbidden):
            gru.call(WAYS[way](gru.torch))
        gru.torch.nn.LSTM(2, 3)(gru.torch.zeros(1, 1, 2))  # others stay
    if "again" not in way:
        assert gru.call(WAYS[way](gru.torch)).shape == (1, 3)


ATTENTION = {
    "the function": lambda torch: torch.nn.functional.scaled_dot_product_attention,
    "where it is kept": lambda torch: torch._C._nn.scaled_dot_product_attention,
    "an operator": lambda torch: torch.ops.aten.scaled_dot_product_attention,
    "what it computes with": lambda torch: torch._scaled_dot_product_attention_math,
    "that as an operator": lambda torch: torch.ops.aten._scaled_dot_product_attention_math.default,
    "several heads": lambda torch: lambda *X: torch.nn.functional.multi_head_attention_forward(*X, *range(10)),
    "a layer": lambda torch: lambda Q, K, V: torch.nn.MultiheadAttention(4, 1)(Q[0], K[0], V[0]),
}


@pytest.mark.parametrize("way", ATTENTION)
def test_no_way_leads_to_hidden_attention(way):
    torch = pytest.importorskip("torch")
    call, X = ATTENTION[way](torch), torch.ones(1, 2, 3, 4)
    names = ("torch.nn.functional.scaled_dot_product_attention", "torch.nn.MultiheadAttention")
    with hidden(names, {}), pytest.raises(Forbidden):
        ATTENTION[way](torch)(X, X, X)
    assert "heads" in way or call(X, X, X)[0].shape[-1] == 4
    assert named_in("torch._scaled_dot_product_attention_math(Q, K, V)", names)


SIBLINGS = {
    "torch.nn.GRU": [
        "torch.ao.nn.quantized.dynamic.GRU",
        "torch.ao.nn.quantized.reference.modules.rnn.GRU",
    ],
    "torch.nn.LSTMCell": ["torch.ao.nn.quantizable.LSTMCell"],
    "torch.nn.functional.layer_norm": ["torch.native_layer_norm", "torch._refs.nn.functional.layer_norm"],
    "torch.nn.functional.cross_entropy": ["torch._C._nn.cross_entropy_loss"],
    "torch.nn.functional.nll_loss": ["torch._C._nn.nll_loss_nd", "torch._refs.nn.functional.nll_loss"],
    "torch.nn.functional.conv2d": ["torch.convolution", "torch._C._nn.thnn_conv2d", "torch.nn.functional.conv3d"],
    "torch.nn.utils.clip_grad_norm_": ["torch.nn.utils.clip_grad.clip_grad_norm_"],
    "keras.layers.GRUCell": ["tensorflow.python.keras.layers.recurrent.GRUCell"],
    "keras.ops.dot_product_attention": ["keras.src.backend.tensorflow.nn.dot_product_attention"],
    "keras.ops.conv": ["keras.src.backend.tensorflow.nn.conv"],
    "tensorflow.clip_by_global_norm": ["tensorflow.python.ops.clip_ops.clip_by_global_norm"],
    "tensorflow.reverse_sequence": ["tensorflow._api.v2.raw_ops.ReverseSequence"],
    "tensorflow.nn.sparse_softmax_cross_entropy_with_logits": [
        "tensorflow._api.v2.raw_ops.SparseSoftmaxCrossEntropyWithLogits",
        "tensorflow.python.ops.nn_ops.sparse_softmax_cross_entropy_with_logits_v2",
    ],
    "tensorflow._api.v2.nn.conv2d": ["tensorflow.python.ops.nn_ops.conv2d_v2", "tensorflow._api.v2.raw_ops.Conv2D"],
}


@pytest.mark.parametrize("name", SIBLINGS)
def test_what_does_the_same_elsewhere_in_a_framework_is_hidden_too(name):
    pytest.importorskip("torch" if name.startswith("torch") else "tensorflow")
    for address in SIBLINGS[name]:
        place, _, last = address.rpartition(".")
        with hidden([name], {}), pytest.raises(Forbidden):
            getattr(importlib.import_module(place), last)(1, 2)


def test_tensorflows_operations_loaded_once_more(monkeypatch):
    tf = pytest.importorskip("tensorflow")
    monkeypatch.setattr(tf, "raw_ops", tf.raw_ops)
    monkeypatch.setitem(sys.modules, "tensorflow.raw_ops", None)
    del sys.modules["tensorflow.raw_ops"]
    with hidden(["tensorflow.reverse_sequence"], {}), pytest.raises(Forbidden):
        importlib.import_module("tensorflow.raw_ops").ReverseSequence(input=[[1]], seq_lengths=[1], seq_dim=1)


def test_what_is_loaded_only_then_is_hidden_too(monkeypatch):
    """The course's own is loaded before, others' is not found."""
    for name in [name for name in sys.modules if name.startswith(("course_utils.metrics", "colorsys"))]:
        monkeypatch.delitem(sys.modules, name)
    with hidden(["course_utils.metrics.bleu", "colorsys.rgb_to_hsv"], {}):
        with pytest.raises(Forbidden, match="bleu"):
            importlib.import_module("course_utils.metrics").bleu("a", ["a"])
        with pytest.raises(Forbidden, match="rgb_to_hsv"):
            importlib.import_module("colorsys")
    assert importlib.import_module("colorsys").rgb_to_hsv(0, 0, 0) == (0, 0, 0)


def test_what_guards_a_function_does_not_hand_it_out(monkeypatch):
    import math

    monkeypatch.setattr(math, "tanh", math.tanh)
    guard(["math.tanh"])
    assert not {"guards", "__wrapped__"} & {*dir(math.tanh)}
    assert str(inspect.signature(math.tanh)) == "(x, /)"


def test_what_was_kept_before(gru, monkeypatch):
    for address in addresses("torch.gru_cell"):  # so that what is guarded is as it was after the test
        place, _, last = address.rpartition(".")
        monkeypatch.setattr(importlib.import_module(place), last, getattr(importlib.import_module(place), last))
    guard(gru.names[2:])
    kept = [gru.torch.gru_cell, functools.partial(gru.torch._VF.gru_cell)]
    for function in kept:
        assert gru.call(function).shape == (1, 3)
        with pytest.raises(Forbidden, match="gru_cell is hidden"), hidden(gru.names, {}):
            gru.call(function)
        assert gru.call(function).shape == (1, 3)


def test_tensorflows_operations():
    tf = pytest.importorskip("tensorflow")
    X, H, W, C, b, c = (np.zeros(shape, "float32") for shape in ((1, 2), (1, 3), (5, 6), (5, 3), (6,), (3,)))
    for raw in (tf.raw_ops, tf.compat.v1.raw_ops):
        with pytest.raises(Forbidden, match="GRUBlockCell is hidden"), hidden(["keras.layers.GRU"], {}):
            raw.GRUBlockCell(x=X, h_prev=H, w_ru=W, w_c=C, b_ru=b, b_c=c)
        assert raw.GRUBlockCell(x=X, h_prev=H, w_ru=W, w_c=C, b_ru=b, b_c=c).h.shape == (1, 3)


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("keras.losses.sparse_categorical_crossentropy", "tf.keras.losses.sparse_categorical_crossentropy"),
        ("keras.ops.dot_product_attention", "tf.keras.ops.dot_product_attention"),
        ("tensorflow.clip_by_global_norm", "tf.compat.v1.clip_by_global_norm"),
        ("tensorflow.nn.softmax_cross_entropy_with_logits", "tf.compat.v2.nn.softmax_cross_entropy_with_logits"),
    ],
)
def test_tensorflows_other_addresses(name, twin):
    tf = pytest.importorskip("tensorflow")
    with hidden([name], {}), pytest.raises(Forbidden):
        functools.reduce(getattr, twin.split(".")[1:], tf)(1, 2, 3)


def test_a_layer_of_the_courses_hides_no_other(gru):
    with hidden(["course_utils.torch.GRU"], {}):
        assert gru.torch.nn.GRU(2, 3)(gru.torch.zeros(1, 1, 2))[0].shape == (1, 1, 3)


def test_names_in_an_answer():
    names = ["torch.nn.GRU", "torch.gru_cell"]
    assert named_in("return torch._VF.gru_cell(X)", names) == ["_VF", "gru_cell"]
    assert named_in("import importlib; importlib.reload(x)", names) == ["reload"]
    assert named_in("return torch.tanh(X @ W_xh)", names) == []
    assert named_in("importlib.reload(x)", []) == []
