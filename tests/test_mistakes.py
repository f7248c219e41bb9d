"""Mistakes that are easily made, a test each. The site's page of mistakes is made from this file.

What a test says first is the mistake; then comes what it does. A test that asks for `pytorch` or `tensorflow` is about
that framework, and is shown to its readers only.
"""

import math

import numpy as np
import pytest

from course_utils import metrics
from course_utils.datasets import RandomBatches, SequentialBatches


def test_a_digit_for_a_letter(framework):
    """`W_x0` for `W_xo`. A dictionary takes any name. The course's loader says what is missing."""
    lstm = framework.course.LSTM(3, 5)
    params = framework.course.weights.dump(lstm)
    params["W_x0"] = params.pop("W_xo")
    with pytest.raises(ValueError, match="W_xo"):
        framework.course.weights.load(lstm, params)


def test_lost_indices():
    """`metric / metric` for `metric[0] / metric[1]`. Every loss is 1 then, and every perplexity e."""
    for total in (20.0, 300.0):
        metric = np.array([total, 100.0])  # the sum of the losses, the number of tokens
        np.testing.assert_array_equal(np.exp(metric / metric), [math.e, math.e])
        assert math.exp(metric[0] / metric[1]) != pytest.approx(math.e)


def test_variance_for_standard_deviation():
    """A variance of 0.01 is meant, and the code has `scale=0.01`. That is the standard deviation."""
    drawn = np.random.default_rng(0).normal(scale=0.01, size=100_000)
    assert drawn.std() == pytest.approx(0.01, rel=0.01)
    assert drawn.var() == pytest.approx(0.0001, rel=0.02)


def test_mean_of_means():
    """Losses of batches, averaged, though the last batch is smaller. Its tokens count more than all others."""
    sums, tokens = np.array([100.0, 100.0, 9.0]), np.array([100, 100, 3])
    assert (sums / tokens).mean() == pytest.approx(5 / 3)
    assert sums.sum() / tokens.sum() == pytest.approx(209 / 203)


def test_mean_of_perplexities():
    """Perplexities, averaged. The logarithms are averaged, then comes the exponential; this mean is always larger."""
    losses = np.array([0.5, 1.0, 3.0])
    assert np.exp(losses).mean() > 1.7 * np.exp(losses.mean())


def test_reshape_for_transposition():
    """`reshape(T, n)` for a transposition. The shape is right, and every sequence is made of pieces of the others."""
    X = np.array([["a", "b", "c"], ["d", "e", "f"]])  # (n, T)
    assert X.reshape(3, 2).shape == X.T.shape
    assert [*X.T[:, 0]] == ["a", "b", "c"]
    assert [*X.reshape(3, 2)[:, 0]] == ["a", "c", "e"]


def test_state_carried_over_random_batches():
    """A state carried from one random batch to the next. It belongs to another place of the text; batches say so."""
    ids = np.arange(100)
    assert SequentialBatches(ids, 2, 5).carries_state
    assert not RandomBatches(ids, 2, 5, np.random.default_rng(0)).carries_state


def test_which_bleu():
    """One BLEU for another. With the weights 1/2 and 1/4 of some textbooks it is 0.66 here, with equal ones 0.50."""
    candidate, reference = ["he", "s", "wet", "."], ["he", "s", "calm", "."]
    assert metrics.bleu(candidate, [reference], max_n=2, weights="halving") == pytest.approx(0.658, abs=1e-3)
    assert metrics.bleu(candidate, [reference], max_n=2) == pytest.approx(0.5)


def test_softmax_twice(framework):
    """Probabilities for a loss that expects logits. It takes the softmax again: even a certain, right answer costs."""
    logits, Y = np.array([[[20.0, 0.0, 0.0]]], "float32"), np.array([[0]])
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    Y = framework.tensor(Y)
    losses = [float(framework.cross_entropy(framework.tensor(given), Y)) for given in (logits, probabilities)]
    assert losses == pytest.approx([0.0, 0.5514], abs=1e-4)


def test_dropout_while_measuring(framework):
    """Dropout left on while the model is judged. Each time it gets another mark; `evaluate` turns it off by itself."""
    model = framework.lm("scratch", 7, 5, dropout=0.5)
    batches = [(np.array([[1, 2, 3]]), np.array([[2, 3, 4]]))]
    framework.training(model)
    marks = [framework.course.evaluate(model, batches) for _ in range(2)]
    assert marks[0] == marks[1]


def test_device_written_down(framework):
    """`.cuda()`, or `"GPU:0"`, in the middle of the code. It ends where there is none; `try_gpu` looks first."""
    assert framework.course.try_gpu() == framework.find_device("auto")


def test_name_of_a_module_taken(pytorch):
    """`F = torch.sigmoid(…)` for the forget gate, where `F` is `torch.nn.functional`. The next `F.one_hot` fails."""
    F = pytorch.torch.nn.functional
    assert hasattr(F, "one_hot")
    F = pytorch.torch.sigmoid(pytorch.torch.zeros(3))
    with pytest.raises(AttributeError, match="one_hot"):
        F.one_hot(F)


def test_clipping_after_the_step(pytorch):
    """`clip_grad_norm_` below `optimizer.step()`. It clips what has been used already: the weights have jumped."""
    torch = pytorch.torch
    moved = []
    for clip_first in (True, False):
        weight = torch.nn.Parameter(torch.zeros(1))
        optimizer = torch.optim.SGD([weight], lr=1.0)
        (1000 * weight).sum().backward()
        if clip_first:
            torch.nn.utils.clip_grad_norm_([weight], 1.0)
        optimizer.step()
        torch.nn.utils.clip_grad_norm_([weight], 1.0)
        moved.append(weight.item())
    assert moved == pytest.approx([-1.0, -1000.0])


def test_state_is_not_batch_first(pytorch):
    """`batch_first=True`, and a state (n, layers, h) is expected. Only inputs and outputs change their order."""
    outputs, state = pytorch.torch.nn.RNN(3, 5, num_layers=4, batch_first=True)(pytorch.torch.zeros(2, 7, 3))
    assert tuple(outputs.shape) == (2, 7, 5)
    assert tuple(state.shape) == (4, 2, 5)


def test_keyword_of_another_library(pytorch):
    """`n_layers=2`, or Keras' `units=5`. PyTorch calls it `num_layers`; at least it says so."""
    with pytest.raises(TypeError, match="n_layers"):
        pytorch.torch.nn.LSTM(3, 5, n_layers=2)


def test_last_output_for_all_outputs(tensorflow):
    """`return_sequences=True` forgotten. A layer above it then has a single step to read."""
    X = np.zeros((2, 7, 3), "float32")
    assert tensorflow.keras.layers.LSTM(5)(X).shape == (2, 5)
    assert tensorflow.keras.layers.LSTM(5, return_sequences=True)(X).shape == (2, 7, 5)


def test_time_major(tensorflow):
    """`time_major=True`, as in older code. Keras 3 has no such argument, and says so; transpose instead."""
    with pytest.raises((TypeError, ValueError), match="time_major"):
        tensorflow.keras.layers.LSTM(5, time_major=True)
