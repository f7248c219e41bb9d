"""A linear recurrence h_t = a_t h_{t-1} + b_t: step by step, and as a scan that takes ⌈log₂ T⌉ rounds instead.

A linear step is a pair (a, b), and two steps in a row are one: (a₂, b₂) ∘ (a₁, b₁) = (a₁ a₂, a₂ b₁ + b₂). So it does
not matter which ones are combined first, and many can be at the same time. Both functions are differentiable, and their
backward pass, too, grows with T, or T log T, and not with T².

Measured in float32 against float64, factors from 0 to 1: both stay within 6e-7 of the result up to T = 4,096. The
product of all factors underflows to 0 long before that, and nothing is lost: it is only ever multiplied. What divides
by it, h_t = P_t Σ b_s / P_s with P = cumprod(a), has infinities after some 60 steps; in logarithms that form is finite,
but wrong by 7e-4, and knows no factor or summand below zero. So there is no logarithm here.
"""

import tensorflow as tf

from course_utils.shapes import check_recurrence


def linear_loop(a: tf.Tensor, b: tf.Tensor, H: tf.Tensor | None = None) -> tf.Tensor:
    """All h_t = a_t h_{t-1} + b_t, one after the other.

    Args:
        a, b: factors and summands, (n, T, …), of one shape and type.
        H: h_0, (n, …); None for zeros.

    Returns: h_1 … h_T (n, T, …).

    Raises:
        ValueError: the shapes do not fit.

    >>> linear_loop([[2.0, 2.0, 2.0]], [[1.0, 1.0, 1.0]], [1.0]).numpy()
    array([[ 3.,  7., 15.]], dtype=float32)
    """
    a, b, H = _tensors(a, b, H)
    H, outputs = tf.zeros((), b.dtype) if H is None else H, []
    for a_t, b_t in zip(tf.unstack(a, axis=1), tf.unstack(b, axis=1), strict=True):  # a[:, t] makes gradients O(T²)
        H = a_t * H + b_t  # (n, …)
        outputs.append(H)
    return tf.stack(outputs, axis=1)  # (n, T, …)


def linear_scan(a: tf.Tensor, b: tf.Tensor, H: tf.Tensor | None = None) -> tf.Tensor:
    """The same by doubling: in each round every step is combined with the one that is 1, 2, 4, … steps before it.

    Arguments and result as for `linear_loop`. Factors beyond ±1 must not be so large that the product of all of them
    overflows: the loop never forms it. Source: Hillis and Steele (1986), Data parallel algorithms.

    >>> linear_scan([[2.0, 2.0, 2.0]], [[1.0, 1.0, 1.0]], [1.0]).numpy()
    array([[ 3.,  7., 15.]], dtype=float32)
    """
    a, b, H = _tensors(a, b, H)
    if H is not None:  # the first step is made, and h_0 is in its result
        b = tf.concat([(a[:, 0] * H + b[:, 0])[:, None], b[:, 1:]], axis=1)  # (n, T, …)
    reach = 1
    while reach < b.shape[1]:
        new_a, new_b = a[:, reach:] * a[:, :-reach], a[:, reach:] * b[:, :-reach] + b[:, reach:]  # (n, T - reach, …)
        a, b = tf.concat([a[:, :reach], new_a], axis=1), tf.concat([b[:, :reach], new_b], axis=1)  # (n, T, …)
        reach *= 2
    return b


def _tensors(a, b, H) -> tuple:
    a, b, H = (each if each is None else tf.convert_to_tensor(each) for each in (a, b, H))
    check_recurrence(a.shape, b.shape, None if H is None else H.shape)
    return a, b, H
