"""Implementations side by side, measured in PyTorch."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import nn

from course_utils.proofs import Comparison, Measured
from course_utils.timing import milliseconds
from course_utils.torch import weights
from course_utils.torch.evaluation import as_array, cross_entropy, to_tensors
from course_utils.training import check_result

Function = Callable[[torch.Tensor, dict[str, torch.Tensor]], torch.Tensor]


def compare(
    implementations: Mapping[str, nn.Module | Function],
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

    Raises:
        AssertionError: two implementations do not compute the same.
    """
    found = {name: _measure(each, X, Y, params, loss or cross_entropy) for name, each in implementations.items()}
    return Comparison(found, tolerance, "PyTorch")


def _measure(implementation, X, Y, params, loss) -> Measured:
    if isinstance(implementation, nn.Module):
        weights.load(implementation, dict(params))
        trained = list(implementation.parameters())
        device = trained[0].device

        def outputs() -> torch.Tensor:
            return check_result(implementation(X))[0]
    else:
        dtype, device = torch.get_default_dtype(), torch.device("cpu")
        tensors = {name: torch.tensor(value, dtype=dtype, requires_grad=True) for name, value in params.items()}
        trained = list(tensors.values())

        def outputs() -> torch.Tensor:
            return implementation(X, tensors)

    X, Y = to_tensors(X, device), to_tensors(Y, device)

    def value() -> torch.Tensor:
        return loss(outputs(), Y)  # ()

    def step() -> tuple[torch.Tensor, ...]:
        return torch.autograd.grad(value(), trained, materialize_grads=True)

    if isinstance(implementation, nn.Module):
        gradients = weights.gradients(implementation, value)
    else:
        gradients = {name: as_array(gradient) for name, gradient in zip(tensors, step(), strict=True)}
    return Measured(as_array(outputs()), gradients, sum(weight.numel() for weight in trained), milliseconds(step))
