"""How good a model is: its loss on batches it may never have seen."""

import keras
import numpy as np
import tensorflow as tf

from course_utils.datasets.text import NO_TARGET
from course_utils.shapes import check_ids, check_X
from course_utils.training import (
    NO_BATCH,
    Batch,
    check_largest,
    check_loss,
    check_model,
    check_result,
    check_rows,
    check_targets,
    is_several,
    read_batches,
)


def cross_entropy(logits: tf.Tensor, Y: tf.Tensor) -> tf.Tensor:
    """Mean negative log-likelihood, nats per token: logits (…, V) against ids Y (…); ids of −1 do not count."""
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.maximum(Y, 0), logits=logits)
    return tf.reduce_mean(losses[Y != NO_TARGET])


def batch_loss(result, Y: tf.Tensor, loss=None) -> tuple[tf.Tensor, object]:
    """Of what the model gave for a batch the loss, (), and the new state.

    The loss is cross-entropy where `loss` is None, else `loss(outputs, Y)`; floats in Y get the outputs' own type, so
    that NumPy's float64 fits a float32 model.
    """
    outputs, state = check_result(result)  # (n, T, V), or as the loss wants them
    if loss is None:
        check_targets(outputs.shape, Y.shape)
    elif Y.dtype.is_floating and tf.is_tensor(outputs) and outputs.dtype.is_floating:
        Y = tf.cast(Y, outputs.dtype)
    value = cross_entropy(outputs, Y) if loss is None else loss(outputs, Y)
    check_loss(value)
    return value, state


def to_tensors(X):
    """An array as a tensor, or of several arrays each; ids of a type that TensorFlow cannot compare get int64."""
    if is_several(X):
        return tuple(to_tensors(part) for part in X)
    X = tf.convert_to_tensor(X)
    return tf.cast(X, tf.int64) if X.dtype.is_integer and X.dtype not in (tf.int32, tf.int64) else X


def as_ids(name: str, X, vocab_size: int) -> tf.Tensor:
    """Ids (n, T) as a tensor; TypeError or ValueError unless they are ids of the vocabulary, as far as is known.

    While a graph is made, only their shape and type are.
    """
    X = to_tensors(X)
    kind = np.dtype(X.dtype.as_numpy_dtype).kind
    check_ids(name, X.shape, kind, vocab_size, tf.get_static_value(X) if kind in "iu" else None)
    return X


class CourseModel(keras.Model):
    """A model of the course, which is saved by `save_model` and not in Keras' own format."""

    def compute_output_spec(self, X, *args, **options):
        """What Keras asks for when it is called on a symbolic input, which only its own layers know how to read."""
        if not getattr(self, "is_keras_layer", True):
            check_X((None, None, self.vocab_size), self.vocab_size)
        return super().compute_output_spec(X, *args, **options)

    def get_config(self) -> dict:
        """What Keras asks for when it saves a model."""
        raise TypeError(
            f"{type(self).__name__} cannot be saved in Keras' format, expected the course's: "
            "save_model(path, model) writes it, open_model(path) opens it."
        )


def as_array(tensor) -> np.ndarray:
    """What a batch is made of as a NumPy array, to be looked at."""
    array = np.asarray(tensor)
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array


def compiled(function, model: keras.Model, loss=None):
    """`function(X, Y, state)`, compiled and called as `(batch, state)`.

    It is compiled once for all lengths where the model has `any_length`, else for each anew. Before that, the model
    sees the first batch as it is: it makes its weights, shows what its outputs are, and what is wrong with them is not
    wrapped in a compiler's words.
    """
    graph, V = tf.function(function), None

    def call(batch: Batch, state):
        nonlocal V
        X, Y = to_tensors(batch.X), to_tensors(batch.Y)  # (n, T) or several, (n, T)
        if V is None:
            V = _look_at(model, X, Y, batch.largest, loss)
            if getattr(model, "any_length", False):
                graph.get_concrete_function(*tf.nest.map_structure(_of_any_length, (X, Y)), state)
        if loss is None:
            check_largest(batch.largest, V)
        return graph(X, Y, state)

    return call


def compile_loss(model: keras.Model, loss=None):
    """`(batch, state) -> (loss, state)`, compiled."""

    def loss_of(X, Y, state):
        return batch_loss(model(X, state), Y, loss)

    return compiled(loss_of, model, loss)


def mean_loss(loss_of, model: keras.Model, batches, loss=None) -> float:
    """As `evaluate`, with `loss_of` from `compile_loss`."""
    carries_state = getattr(batches, "carries_state", False)
    total, count, state = 0.0, 0, None
    for batch in read_batches(batches, model, loss, as_array):
        if carries_state and state is None:
            state = zero_state(model, batch)
        value, new_state = loss_of(batch, state)
        state = new_state if carries_state else None
        total += float(value) * batch.count
        count += batch.count
    if count == 0:
        raise ValueError(NO_BATCH)
    return total / count


def zero_state(model: keras.Model, batch: Batch):
    """Zeros, where the model knows its state, not None, which would be compiled a second time."""
    first = batch.X[0] if is_several(batch.X) else batch.X
    return model.begin_state(len(first)) if hasattr(model, "begin_state") else None


def evaluate(model: keras.Model, batches, loss=None) -> float:
    """The mean loss of a model over batches `(X, Y)`; carries the state where `batches` says so.

    Without a `loss` it is cross-entropy, in nats per token, and a batch counts by its targets. With one, as `Trainer`
    takes it, it is a mean over the rows of Y.
    """
    check_keras_model(model)
    return mean_loss(compile_loss(model, loss), model, batches, loss)


def check_keras_model(model) -> None:
    """TypeError unless it is a model called as model(X, state); ValueError if a layer keeps a state of its own."""
    check_model(model, keras.Model, getattr(model, "call", None))
    check_stateless(model)


def check_stateless(layer) -> None:
    """Raise ValueError if a layer, or one in it, keeps its state from one call to the next."""
    if getattr(layer, "stateful", False):
        raise ValueError(
            f"The layer {layer.name} is stateful=True, so that it goes on where any other batch has stopped: "
            "build it without, the state is carried where the batches say so."
        )
    directions = [getattr(layer, name, None) for name in ("forward_layer", "backward_layer")]
    for part in (*getattr(layer, "layers", ()), *directions):
        if part is not None:
            check_stateless(part)


def _look_at(model: keras.Model, X, Y: tf.Tensor, largest: int | None, loss) -> int:
    """V, how many logits the model gives for each target, 0 under a loss that is not cross-entropy."""
    result = check_result(model(X))
    V = result[0].shape[-1] if loss is None else 0
    if loss is None:
        check_largest(largest, V)
    value, _ = batch_loss(result, Y, loss)
    if loss is not None:
        check_rows(loss, result[0], Y, value)
    return V


def _of_any_length(array: tf.Tensor) -> tf.TensorSpec:
    return tf.TensorSpec([None] * array.ndim, array.dtype)
