"""How good a model is: its loss on batches it may never have seen."""

import keras
import tensorflow as tf

from course_utils.shapes import NO_TARGET


def cross_entropy(logits: tf.Tensor, Y: tf.Tensor) -> tf.Tensor:
    """Mean negative log-likelihood, nats per token: logits (…, V) against ids Y (…), of which −1 does not count."""
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.maximum(Y, 0), logits=logits)
    return tf.reduce_mean(losses[Y != NO_TARGET])


def to_tensors(X):
    """An array as a tensor, or of a tuple of arrays each."""
    return tuple(tf.convert_to_tensor(part) for part in X) if isinstance(X, tuple) else tf.convert_to_tensor(X)


def compiled(function, model: keras.Model):
    """`function(X, Y, state)`, compiled: once for all lengths where the model has `any_length`, else for each anew."""
    graph, for_all = tf.function(function), getattr(model, "any_length", False)

    def call(X, Y, state):
        nonlocal for_all
        if for_all:
            graph.get_concrete_function(*tf.nest.map_structure(_of_any_length, (X, Y)), state)
            for_all = False
        return graph(X, Y, state)

    return call


def compile_loss(model: keras.Model):
    """`(X, Y, state) -> (loss, state)`, compiled."""

    def loss_of(X, Y, state):
        logits, state = model(X, state)  # (n, T, V)
        return cross_entropy(logits, Y), state

    return compiled(loss_of, model)


def mean_loss(loss_of, model: keras.Model, batches) -> float:
    """As `evaluate`, with a loss that is compiled already."""
    carries_state = getattr(batches, "carries_state", False)
    total, count, state = 0.0, 0, None
    for X, Y in batches:
        X, Y = to_tensors(X), tf.convert_to_tensor(Y)  # (n, T) or several, (n, T)
        if carries_state and state is None:  # zeros, not None, which would be compiled a second time
            state = model.begin_state(X.shape[0])
        loss, new_state = loss_of(X, Y, state)
        state = new_state if carries_state else None
        targets = int(tf.math.count_nonzero(Y != NO_TARGET))
        total += float(loss) * targets
        count += targets
    if count == 0:
        raise ValueError("The data gave no batch, expected at least one: use more text, or smaller batches.")
    return total / count


def evaluate(model: keras.Model, batches) -> float:
    """The mean loss of a model, nats per token, over batches `(X, Y)`; carries the state where `batches` says so."""
    return mean_loss(compile_loss(model), model, batches)


def _of_any_length(array: tf.Tensor) -> tf.TensorSpec:
    return tf.TensorSpec([None] * array.ndim, array.dtype)
