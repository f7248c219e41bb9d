"""What differs between the two frameworks, so that each test is written once and runs in both."""

import contextlib
import importlib
import re
from types import SimpleNamespace

import implementations
import numpy as np
from data_helpers import says
from oracle_cells import Network, flat

KINDS = ("scratch", "layer")


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


class Framework:
    """What is made alike in both."""

    def rnn(self, kind, d, h, cell="RNN"):
        """One layer: the course's ("scratch") or the framework's ("layer")."""
        return self.implementations[kind].build(Network(cell, (h,)), d)

    def lm(self, kind, V, h, dropout=0.0, **options):
        return self.course.RNNLM(self.rnn(kind, V, h), V, dropout, **options)

    def flat(self, state):
        """The tensors that a state is made of."""
        return flat(state)


class PyTorch(Framework):
    """PyTorch and the course in it."""

    def __init__(self):
        self.torch = importlib.import_module("torch")
        self.course = importlib.import_module("course_utils.torch")
        self.find_device = importlib.import_module("course_utils.torch.devices").find_device
        self.implementations = {
            "scratch": implementations.Scratch(self.course),
            "layer": implementations.PyTorchLayer(self.torch),
        }

    def cross_entropy(self, logits, Y):
        return self.torch.nn.functional.cross_entropy(logits.transpose(1, 2), Y)

    def says(self, error, *parts):
        """One sentence with all these parts."""
        says(error, *parts)

    def linear(self, W, b):
        """A model (X, state) → (X W + b, state)."""
        layer = self.torch.nn.Linear(*W.shape)
        layer.load_state_dict({"weight": self.tensor(W.T), "bias": self.tensor(b)})

        class Linear(self.torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = layer

            def forward(self, X, state=None):
                return self.layer(X), state

        return Linear()

    def dense(self, d, h):
        """A layer that gives outputs alone."""
        return self.torch.nn.Linear(d, h)

    def stateless(self, V):
        """Models that take no state, or give none, and what is said of them."""
        nn = self.torch.nn

        class GivesNone(nn.Module):
            def __init__(self):
                super().__init__()
                self.logits = nn.Embedding(V, V)

            def forward(self, X, state=None):
                return self.logits(X)

        yield nn.Sequential(nn.Embedding(V, V)), ["Sequential takes no state", "model(X, state)"]
        yield GivesNone(), ["The model gave one Tensor", "return outputs, None"]

    def attention(self, queries, keys, values, mask):
        """The framework's own, scaled, over the keys whose mask (n, S) is True."""
        return self.torch.nn.functional.scaled_dot_product_attention(queries, keys, values, mask[:, None])

    def freeze(self, module):
        """Keep a layer or model from being trained."""
        module.requires_grad_(False)

    def tensor(self, array):
        return self.torch.as_tensor(np.asarray(array))

    def array(self, tensor):
        return tensor.detach().cpu().numpy()

    def total(self, tensor):
        """The sum of all its numbers."""
        return tensor.sum()

    def compiled(self, function):
        """The function as it is when its arguments have no values yet; PyTorch compiles nothing here."""
        return function

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

    def bfloat16_lm(self, V, h):
        """A language model whose weights are of this type."""
        return self.lm("scratch", V, h).bfloat16()

    def reduced(self, precision):
        """Inside, what is computed is mostly in this type, as where one trains in mixed precision."""
        return self.torch.autocast("cpu", dtype=getattr(self.torch, precision))

    def lacks(self, cell, precision):
        """Why PyTorch's own layer cannot compute in this type: its library has no such LSTM for some processors."""
        try:
            with self.torch.no_grad(), self.reduced(precision):
                getattr(self.torch.nn, cell)(2, 3)(self.torch.zeros(4, 1, 2))
        except RuntimeError as error:
            return f"PyTorch has no {cell} in {precision} for this processor: {error}"
        return ""

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
        rows = zip(*X, strict=True) if isinstance(X, tuple) else X
        return self.torch.utils.data.DataLoader(list(zip(rows, Y, strict=True)), batch_size=1)

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


class TensorFlow(Framework):
    """TensorFlow, Keras and the course in them."""

    def __init__(self):
        self.course = importlib.import_module("course_utils.tensorflow")
        self.find_device = importlib.import_module("course_utils.tensorflow.devices").find_device
        self.tf, self.keras = importlib.import_module("tensorflow"), importlib.import_module("keras")
        # Tests compile hundreds of graphs for a few steps each; chapters are executed with the optimiser of graphs.
        self.tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
        keras_and_mask = self.keras, self.tf.sequence_mask
        self.implementations = {
            "scratch": implementations.Scratch(self.course),
            "layer": implementations.KerasLayer(*keras_and_mask),
            "cells": implementations.KerasCells(*keras_and_mask),
            "sequential": implementations.KerasSequential(*keras_and_mask),
            "in turn": implementations.KerasInTurn(*keras_and_mask),
        }

    def cross_entropy(self, logits, Y):
        each = self.keras.losses.sparse_categorical_crossentropy(Y, logits, from_logits=True)
        return self.tf.reduce_mean(each)

    def says(self, error, *parts):
        """One sentence with all these parts; Keras wraps what a layer says while it is called in words of its own."""
        if wrapped := re.search("\x1b\\[1m(.*?)\x1b\\[0m", str(error.value), re.DOTALL):
            error = SimpleNamespace(value=wrapped[1])
        says(error, *parts)

    def linear(self, W, b):
        """A model (X, state) → (X W + b, state)."""
        layer = self.keras.layers.Dense(W.shape[1])
        layer.build((None, len(W)))
        layer.set_weights([W, b])

        class Linear(self.keras.Model):
            def __init__(self):
                super().__init__()
                self.layer = layer

            def call(self, X, state=None, training=False):
                return self.layer(X), state

        return Linear()

    def dense(self, d, h):
        return self.keras.layers.Dense(h)

    def stateless(self, V):
        keras = self.keras

        class GivesNone(keras.Model):
            def __init__(self):
                super().__init__()
                self.logits = keras.layers.Embedding(V, V)

            def call(self, X, state=None):
                return self.logits(X)

        yield keras.Sequential([keras.layers.Embedding(V, V)]), ["Sequential takes no state", "model(X, state)"]
        yield GivesNone(), ["The model gave one EagerTensor", "return outputs, None"]

    def attention(self, queries, keys, values, mask):
        layer = self.keras.layers.Attention(use_scale=True)
        layer.build([queries.shape, values.shape, keys.shape])
        layer.scale.assign(keys.shape[-1] ** -0.5)
        return layer([queries, values, keys], mask=[None, mask])

    def freeze(self, module):
        module.trainable = False

    def tensor(self, array):
        return self.tf.convert_to_tensor(array)

    def array(self, tensor):
        return np.asarray(tensor)

    def total(self, tensor):
        return self.tf.reduce_sum(tensor)

    def compiled(self, function):
        return self.tf.function(function)

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

    def lacks(self, cell, precision):
        """Nothing that is known."""
        return ""

    def bfloat16_lm(self, V, h):
        """A language model whose weights are of this type."""
        self.keras.config.set_dtype_policy("bfloat16")
        try:
            return self.lm("scratch", V, h)
        finally:
            self.keras.config.set_dtype_policy("float32")

    @contextlib.contextmanager
    def reduced(self, precision):
        """Models that are made inside compute mostly in this type, as where one trains in mixed precision."""
        self.keras.config.set_dtype_policy(f"mixed_{precision}")
        try:
            yield
        finally:
            self.keras.config.set_dtype_policy("float32")

    def training(self, model):
        return lambda *inputs: model(*inputs, training=True)

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
