"""NumPy arrays to TensorFlow tensors and back, at the border between a check and a student's functions.

All values may be nested in dicts, lists and tuples; see `course_utils.assignments.students.Student`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from course_utils.assignments.errors import BadValue
from course_utils.assignments.nested import kind_of, leaves, mapped, plain_leaf

_KINDS = {"f": tf.float32, "i": tf.int32, "u": tf.int32, "b": tf.bool}


def to_tensors(value: Any) -> Any:
    """Every array as a tensor: float32, int32 or bool.

    >>> to_tensors({"b": np.zeros(2)})["b"].dtype
    tf.float32
    """
    return mapped(value, lambda leaf: tf.constant(leaf, _KINDS[leaf.dtype.kind]) if _is_array(leaf) else leaf)


def to_arrays(value: Any) -> Any:
    """Every tensor as an array; BadValue if there is anything else but arrays, numbers, text and None.

    >>> to_arrays((tf.ones(2), "yes"))
    (array([1., 1.], dtype=float32), 'yes')
    """
    return mapped(value, _to_array)


def gradient(function: Callable, args: tuple, kwargs: dict, wrt: int, weights: Any) -> Any:
    """The gradient of Σ outputs · weights by `args[wrt]`, as arrays in its structure; zeros where none arrives.

    >>> gradient(lambda x, y: x * x * y, (np.array([1.0, 2.0]), 3.0), {}, 0, np.array([1.0, 10.0]))
    array([  6., 120.], dtype=float32)
    """
    args = list(to_tensors(args))
    args[wrt] = mapped(args[wrt], tf.Variable)  # students may ask for what variables have
    by = list(leaves(args[wrt]))
    with tf.GradientTape() as tape:
        total = _total(function(*args, **to_tensors(kwargs)), weights)
    grads = iter(tape.gradient(total, by, unconnected_gradients="zero"))
    return mapped(args[wrt], lambda leaf: tf.convert_to_tensor(next(grads)).numpy())


def _total(outputs: Any, weights: Any) -> tf.Tensor:
    """Σ outputs · weights, or BadValue if they do not fit each other."""
    total, outputs, weights = tf.zeros(()), list(leaves(outputs)), list(leaves(weights))
    if len(outputs) != len(weights):
        raise BadValue(f"{len(outputs)} values came, {len(weights)} were expected")
    for out, weight in zip(outputs, weights, strict=True):
        if weight is not None:
            if not tf.is_tensor(out) or (np.ndim(weight) and out.shape != np.shape(weight)):
                raise BadValue(f"{kind_of(out)} came, a tensor of shape {np.shape(weight)} was expected")
            total += tf.reduce_sum(out * tf.constant(weight, tf.float32))
    return total


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, np.ndarray)


def _to_array(leaf: Any) -> Any:
    if isinstance(leaf, tf.SparseTensor):
        leaf = tf.sparse.to_dense(leaf)
    if tf.is_tensor(leaf) and hasattr(leaf, "numpy"):
        leaf = tf.convert_to_tensor(leaf)  # a variable, perhaps Keras'
        if leaf.dtype.is_floating and leaf.dtype.size < 4:  # NumPy does not have them all
            leaf = tf.cast(leaf, tf.float32)
        leaf = leaf.numpy()
    return plain_leaf(leaf)
