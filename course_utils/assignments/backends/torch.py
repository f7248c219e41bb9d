"""NumPy arrays to PyTorch tensors and back, at the border between a check and a student's functions.

All values may be nested in dicts, lists and tuples; see `course_utils.assignments.students.Student`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from course_utils.assignments.errors import BadValue
from course_utils.assignments.nested import kind_of, leaves, mapped, plain_leaf

_KINDS = {"f": torch.float32, "i": torch.int64, "u": torch.int64, "b": torch.bool}


def to_tensors(value: Any) -> Any:
    """Every array as a tensor of its own: float32, int64 or bool.

    >>> to_tensors({"b": np.zeros(2)})
    {'b': tensor([0., 0.])}
    """
    return mapped(
        value, lambda leaf: torch.tensor(leaf, dtype=_KINDS[leaf.dtype.kind]) if isinstance(leaf, np.ndarray) else leaf
    )


def to_arrays(value: Any) -> Any:
    """Every tensor as an array; BadValue if there is anything else but arrays, numbers, text and None.

    >>> to_arrays((torch.ones(2), "yes"))
    (array([1., 1.], dtype=float32), 'yes')
    """
    return mapped(value, _to_array)


def gradient(function: Callable, args: tuple, kwargs: dict, wrt: int, weights: Any) -> Any:
    """The gradient of Σ outputs · weights by `args[wrt]`, as arrays in its structure; zeros where none arrives.

    >>> gradient(lambda x, y: x * x * y, (np.array([1.0, 2.0]), 3.0), {}, 0, np.array([1.0, 10.0]))
    array([  6., 120.], dtype=float32)
    """
    args = list(to_tensors(args))
    args[wrt] = mapped(args[wrt], lambda leaf: torch.as_tensor(leaf).requires_grad_())
    outputs = function(*args, **to_tensors(kwargs))
    total, by = _total(outputs, weights), list(leaves(args[wrt]))
    if total.requires_grad:
        grads = iter(torch.autograd.grad(total, by, materialize_grads=True))
    else:
        grads = iter([torch.zeros_like(leaf) for leaf in by])
    return mapped(args[wrt], lambda leaf: next(grads).numpy())


def _total(outputs: Any, weights: Any) -> torch.Tensor:
    """Σ outputs · weights, or BadValue if they do not fit each other."""
    total, outputs, weights = torch.zeros(()), list(leaves(outputs)), list(leaves(weights))
    if len(outputs) != len(weights):
        raise BadValue(f"{len(outputs)} values came, {len(weights)} were expected")
    for out, weight in zip(outputs, weights, strict=True):
        if weight is not None:
            if not isinstance(out, torch.Tensor) or (np.ndim(weight) and out.shape != np.shape(weight)):
                raise BadValue(f"{kind_of(out)} came, a tensor of shape {np.shape(weight)} was expected")
            total = total + (out * torch.as_tensor(weight, dtype=torch.float32)).sum()
    return total


def _to_array(leaf: Any) -> Any:
    if isinstance(leaf, torch.Tensor):
        leaf = leaf.detach()
        leaf = leaf.to_dense() if leaf.layout != torch.strided else leaf
        if leaf.is_floating_point() and leaf.element_size() < 4:  # NumPy does not have them all
            leaf = leaf.float()
        leaf = leaf.numpy(force=True)
    return plain_leaf(leaf)
