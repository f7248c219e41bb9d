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
    return Comparison(found, tolerance)


def _measure(implementation, X, Y, params, loss) -> Measured:
    if isinstance(implementation, nn.Module):
        weights.load(implementation, dict(params))
        trained = [parameter for parameter in implementation.parameters() if parameter.requires_grad]
        X, Y = (to_tensors(each, trained[0].device, implementation) for each in (X, Y))

        def outputs() -> torch.Tensor:
            return check_result(implementation(X))[0]

        gradients = weights.gradients(implementation, lambda: loss(outputs(), Y))
    else:
        dtype = torch.get_default_dtype()
        tensors = {name: torch.tensor(value, dtype=dtype, requires_grad=True) for name, value in params.items()}
        trained, cpu = list(tensors.values()), torch.device("cpu")
        X, Y = to_tensors(X, cpu), to_tensors(Y, cpu)

        def outputs() -> torch.Tensor:
            return implementation(X, tensors)

        found = torch.autograd.grad(loss(outputs(), Y), trained, materialize_grads=True)
        gradients = {name: as_array(gradient) for name, gradient in zip(tensors, found, strict=True)}
    time = milliseconds(lambda: torch.autograd.grad(loss(outputs(), Y), trained, allow_unused=True))
    return Measured(as_array(outputs()), gradients, sum(parameter.numel() for parameter in trained), time)
