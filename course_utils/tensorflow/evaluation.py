"""How good a model is: its loss on batches it may never have seen."""

import keras
import tensorflow as tf

from course_utils.datasets.text import NO_TARGET


def cross_entropy(logits: tf.Tensor, Y: tf.Tensor) -> tf.Tensor:
    """Mean negative log-likelihood, nats per token: logits (…, V) against ids Y (…); ids of −1 do not count."""
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.maximum(Y, 0), logits=logits)
    return tf.reduce_mean(losses[Y != NO_TARGET])


def batch_loss(outputs: tf.Tensor, Y: tf.Tensor, loss=None) -> tf.Tensor:
    """The loss of a batch, (): cross-entropy where `loss` is None, else `loss(outputs, Y)`."""
    value = cross_entropy(outputs, Y) if loss is None else loss(outputs, Y)
    if value.ndim:
        raise ValueError(f"The loss has the shape {tuple(value.shape)}, expected a single number, (): take the mean.")
    return value


def count_targets(Y: tf.Tensor, loss=None) -> int:
    """By how much a batch counts: its targets under cross-entropy, its rows under another loss."""
    if loss is not None:
        return len(Y)
    if targets := int(tf.math.count_nonzero(Y != NO_TARGET)):
        return targets
    raise ValueError("A batch has no target, all of Y is −1: leave it out, or take larger batches.")


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


def compile_loss(model: keras.Model, loss=None):
    """`(X, Y, state) -> (loss, state)`, compiled."""

    def loss_of(X, Y, state):
        outputs, state = model(X, state)  # (n, T, V), or as the loss wants them
        return batch_loss(outputs, Y, loss), state

    return compiled(loss_of, model)


def mean_loss(loss_of, model: keras.Model, batches, loss=None) -> float:
    """As `evaluate`, with `loss_of` from `compile_loss`."""
    carries_state = getattr(batches, "carries_state", False)
    total, count, state = 0.0, 0, None
    for X, Y in batches:
        X, Y = to_tensors(X), tf.convert_to_tensor(Y)  # (n, T) or several, (n, T)
        if carries_state and state is None:  # zeros, not None, which would be compiled a second time
            state = model.begin_state(X.shape[0])
        value, new_state = loss_of(X, Y, state)
        state = new_state if carries_state else None
        targets = count_targets(Y, loss)
        total += float(value) * targets
        count += targets
    if count == 0:
        raise ValueError("The data gave no batch, expected at least one: use more text, or smaller batches.")
    return total / count


def evaluate(model: keras.Model, batches, loss=None) -> float:
    """The mean loss of a model over batches `(X, Y)`; carries the state where `batches` says so.

    Without a `loss` it is cross-entropy, in nats per token, and a batch counts by its targets. With one, as `Trainer`
    takes it, it is a mean over the rows of Y.
    """
    return mean_loss(compile_loss(model, loss), model, batches, loss)


def _of_any_length(array: tf.Tensor) -> tf.TensorSpec:
    return tf.TensorSpec([None] * array.ndim, array.dtype)
