"""What differs between the two frameworks, so that each test is written once and runs in both."""

import contextlib
import importlib
import re
from types import SimpleNamespace

import implementations
import numpy as np
from data_helpers import says
from hypothesis import strategies as st

KINDS = ("scratch", "layer")
# Batch, steps, inputs, hidden units: pairwise different, so that no mixed-up axes can pass.
SIZES = st.lists(st.integers(1, 7), min_size=4, max_size=4, unique=True)


def close(actual, expected, tolerance):
    """Arrays of one shape that differ nowhere by more than `tolerance`, relative to the largest value (at least 1)."""
    expected = np.asarray(expected)
    assert np.shape(actual) == expected.shape
    scale = max(1.0, float(np.abs(expected).max(initial=0)))
    np.testing.assert_allclose(np.asarray(actual), expected, rtol=0, atol=tolerance * scale)


class Batches(list):
    """Batches that say whether their state is to be carried."""

    def __init__(self, pairs, carries_state):
        super().__init__(pairs)
        self.carries_state = carries_state


class PyTorch:
    """PyTorch and the course in it."""

    def __init__(self):
        self.torch = importlib.import_module("torch")
        self.course = importlib.import_module("course_utils.torch")
        self.find_device = importlib.import_module("course_utils.torch.devices").find_device
        self.implementations = {
            "scratch": implementations.Scratch(self.course),
            "fused": implementations.Scratch(self.course, fused=True),
            "layer": implementations.PyTorchLayer(self.torch),
        }
        self.recurrent = {"RNN": self.torch.nn.RNN, "GRU": self.torch.nn.GRU, "LSTM": self.torch.nn.LSTM}

    def layer(self, name, d, h):
        """The framework's own layer, which reads batch first and gives all outputs and its state."""
        return self.recurrent[name](d, h, batch_first=True)

    def rnn(self, kind, d, h):
        """The course's RNN ("scratch") or the framework's ("layer")."""
        return self.course.RNN(d, h) if kind == "scratch" else self.layer("RNN", d, h)

    def stacked(self, d, h):
        """Two of the framework's layers, one on the other."""
        return self.torch.nn.RNN(d, h, num_layers=2, batch_first=True)

    def lm(self, kind, V, h, dropout=0.0):
        return self.course.RNNLM(self.rnn(kind, V, h), V, dropout)

    def cross_entropy(self, logits, Y):
        return self.torch.nn.functional.cross_entropy(logits.transpose(1, 2), Y)

    def flat(self, state):
        """The tensors that a state is made of."""
        return list(state) if isinstance(state, tuple) else [state]

    def says(self, error, *parts):
        """One sentence with all these parts."""
        says(error, *parts)

    def tensor(self, array):
        return self.torch.as_tensor(np.asarray(array))

    def array(self, tensor):
        return tensor.detach().cpu().numpy()

    def call(self, rnn, X, H=None):
        """Outputs and the last state (n, h), whatever the shape that the layer keeps it in."""
        is_layer = isinstance(rnn, self.torch.nn.RNNBase)
        outputs, state = rnn(X, H[None] if is_layer and H is not None else H)
        return outputs, state[0] if is_layer else state

    def state_of(self, kind, H):
        """A state (n, h) as a model keeps it."""
        return self.tensor(H if kind == "scratch" else H[None])

    def total(self, tensor):
        """The sum of all its numbers."""
        return tensor.sum()

    def draw_anew(self, layer, rng):
        """Give each of a layer's own parameters random numbers."""
        for parameter in layer.parameters():
            parameter.data.copy_(self.tensor(rng.normal(size=parameter.shape) / 2))

    def gradients(self, function, *arrays):
        """The gradients of a scalar `function` by its arguments."""
        tensors = [self.tensor(array).requires_grad_() for array in arrays]
        return [self.array(grad) for grad in self.torch.autograd.grad(function(*tensors), tensors)]

    @contextlib.contextmanager
    def double(self):
        """float64 for all that is made inside."""
        self.torch.set_default_dtype(self.torch.float64)
        try:
            yield
        finally:
            self.torch.set_default_dtype(self.torch.float32)

    def training(self, model):
        """The model, as it computes while it is trained."""
        return model.train()

    def evaluating(self, model):
        return model.eval()

    def weights_of(self, layer):
        """Its trainable weights by the framework's names, as arrays."""
        return {name: self.array(parameter) for name, parameter in layer.named_parameters()}

    def copy(self, model, other):
        """Give the second model the weights of the first."""
        other.load_state_dict(model.state_dict())

    def pipeline(self, X, Y):
        """The framework's own loader, which gives one sequence after the other, each as a batch."""
        data = self.torch.utils.data
        return data.DataLoader(data.TensorDataset(self.tensor(X), self.tensor(Y)), batch_size=1)

    def train_by_hand(self, model, batches, lr, clip_norm):
        """Stochastic gradient descent with clipping and a carried state, as one would write it without the course."""
        optimizer = self.torch.optim.SGD(model.parameters(), lr=lr)
        losses, state = [], None
        for X, Y in batches:
            logits, state = model(self.tensor(X), state)
            loss = self.cross_entropy(logits, self.tensor(Y))
            optimizer.zero_grad()
            loss.backward()
            self.torch.nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
            optimizer.step()
            state = tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()
            losses.append(loss.detach().item())
        return losses


class TensorFlow:
    """TensorFlow, Keras and the course in them."""

    def __init__(self):
        self.course = importlib.import_module("course_utils.tensorflow")
        self.find_device = importlib.import_module("course_utils.tensorflow.devices").find_device
        self.tf, self.keras = importlib.import_module("tensorflow"), importlib.import_module("keras")
        layers, keras_and_mask = self.keras.layers, (self.keras, self.tf.sequence_mask)
        self.implementations = {
            "scratch": implementations.Scratch(self.course),
            "fused": implementations.Scratch(self.course, fused=True),
            "layer": implementations.KerasLayer(*keras_and_mask),
            "cells": implementations.KerasCells(*keras_and_mask),
            "sequential": implementations.KerasSequential(*keras_and_mask),
            "in turn": implementations.KerasInTurn(*keras_and_mask),
        }
        self.recurrent = {"RNN": layers.SimpleRNN, "GRU": layers.GRU, "LSTM": layers.LSTM}

    def layer(self, name, d, h):
        layer = self.recurrent[name](h, return_sequences=True, return_state=True)
        layer.build((None, None, d))
        return layer

    def rnn(self, kind, d, h):
        return self.course.RNN(d, h) if kind == "scratch" else self.layer("RNN", d, h)

    def stacked(self, d, h):
        cells = [self.keras.layers.SimpleRNNCell(h) for _ in range(2)]
        return self.keras.layers.RNN(cells, return_sequences=True, return_state=True)

    def lm(self, kind, V, h, dropout=0.0):
        return self.course.RNNLM(self.rnn(kind, V, h), V, dropout)

    def cross_entropy(self, logits, Y):
        each = self.keras.losses.sparse_categorical_crossentropy(Y, logits, from_logits=True)
        return self.tf.reduce_mean(each)

    def flat(self, state):
        return self.tf.nest.flatten(state)

    def says(self, error, *parts):
        """One sentence with all these parts; Keras wraps what a layer says while it is called in words of its own."""
        if wrapped := re.search("\x1b\\[1m(.*?)\x1b\\[0m", str(error.value), re.DOTALL):
            error = SimpleNamespace(value=wrapped[1])
        says(error, *parts)

    def tensor(self, array):
        return self.tf.convert_to_tensor(array)

    def array(self, tensor):
        return np.asarray(tensor)

    def call(self, rnn, X, H=None):
        if isinstance(rnn, self.keras.layers.RNN):
            return rnn(X, initial_state=H)
        return rnn(X, H)

    def state_of(self, kind, H):
        return self.tensor(H) if kind == "scratch" else (self.tensor(H),)

    def total(self, tensor):
        return self.tf.reduce_sum(tensor)

    def draw_anew(self, layer, rng):
        for variable in layer.trainable_variables:
            variable.assign(rng.normal(size=variable.shape) / 2)

    def gradients(self, function, *arrays):
        tensors = [self.tensor(array) for array in arrays]
        with self.tf.GradientTape() as tape:
            for tensor in tensors:
                tape.watch(tensor)
            value = function(*tensors)
        return [self.array(grad) for grad in tape.gradient(value, tensors)]

    @contextlib.contextmanager
    def double(self):
        self.keras.config.set_dtype_policy("float64")
        self.keras.config.set_floatx("float64")
        try:
            yield
        finally:
            self.keras.config.set_floatx("float32")
            self.keras.config.set_dtype_policy("float32")

    def training(self, model):
        return lambda X, state=None: model(X, state, training=True)

    def evaluating(self, model):
        return model

    def weights_of(self, layer):
        return {variable.path: self.array(variable) for variable in layer.trainable_variables}

    def copy(self, model, other):
        for part in (model, other):
            part(self.tf.zeros((1, 1), self.tf.int32))
        other.set_weights(model.get_weights())

    def pipeline(self, X, Y):
        return self.tf.data.Dataset.from_tensor_slices((X, Y)).batch(1)

    def train_by_hand(self, model, batches, lr, clip_norm):
        optimizer = self.keras.optimizers.SGD(lr)
        losses, state = [], None
        for X, Y in batches:
            with self.tf.GradientTape() as tape:
                logits, state = model(self.tensor(X), state, training=True)
                loss = self.cross_entropy(logits, self.tensor(Y))
            gradients = tape.gradient(loss, model.trainable_variables)
            gradients, _ = self.tf.clip_by_global_norm(gradients, clip_norm)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
            losses.append(float(loss))
        return losses


FRAMEWORKS = {"torch": PyTorch, "tensorflow": TensorFlow}
