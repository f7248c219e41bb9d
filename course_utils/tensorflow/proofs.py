"""Implementations side by side, measured in TensorFlow."""

from collections.abc import Callable, Mapping

import keras
import numpy as np
import tensorflow as tf

from course_utils.proofs import Comparison, Measured
from course_utils.tensorflow import weights
from course_utils.tensorflow.evaluation import as_array, cross_entropy, to_tensors
from course_utils.timing import milliseconds
from course_utils.training import check_result

Function = Callable[[tf.Tensor, dict[str, tf.Variable]], tf.Tensor]


def compare(
    implementations: Mapping[str, keras.Model | Function],
    X: np.ndarray,
    Y: np.ndarray,
    params: Mapping[str, np.ndarray],
    loss: Callable | None = None,
    tolerance: float = 1e-5,
) -> Comparison:
    """Whether implementations compute the same from the same weights, how large they are and how long a step takes.

    Args:
        implementations: name → a model, which is given the weights, or a function of inputs and weights, both tensors,
            that returns outputs; the first is what the others are compared with.
        X: inputs of one batch, such as ids (n, T).
        Y: its targets; ids (n, T) where `loss` is None.
        params: the weights under their canonical names.
        loss: `loss(outputs, Y)`, a scalar; cross-entropy where None.
        tolerance: the largest difference allowed, relative to 1 or to the largest value expected.

    Steps are compiled before their time is taken, as `Trainer` compiles them.

    Raises:
        AssertionError: two implementations do not compute the same.
    """
    found = {name: _measure(each, X, Y, params, loss or cross_entropy) for name, each in implementations.items()}
    return Comparison(found, tolerance, "TensorFlow")


def _measure(implementation, X, Y, params, loss) -> Measured:
    X, Y = to_tensors(X), to_tensors(Y)
    if isinstance(implementation, keras.Model):
        implementation(X)  # Keras makes weights at the first call
        weights.load(implementation, dict(params))
        trained = [variable.value for variable in implementation.trainable_variables]

        def outputs() -> tf.Tensor:
            return check_result(implementation(X))[0]
    else:
        tensors = {name: tf.Variable(value, dtype=keras.config.floatx()) for name, value in params.items()}
        trained = list(tensors.values())

        def outputs() -> tf.Tensor:
            return implementation(X, tensors)

    def value() -> tf.Tensor:
        return loss(outputs(), Y)  # ()

    def step() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            found = value()
        gradients = tape.gradient(found, trained, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return [tf.convert_to_tensor(gradient) for gradient in gradients]  # that of `tf.gather` is no tensor

    if isinstance(implementation, keras.Model):
        gradients = weights.gradients(implementation, value)
    else:
        gradients = {name: as_array(gradient) for name, gradient in zip(tensors, step(), strict=True)}
    size = sum(int(tf.size(weight)) for weight in trained)
    return Measured(as_array(outputs()), gradients, size, milliseconds(tf.function(step)))
