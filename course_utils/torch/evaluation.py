"""How good a model is: its loss on batches it may never have seen."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn import functional

from course_utils.shapes import NO_TARGET


def cross_entropy(logits: torch.Tensor, Y: torch.Tensor) -> torch.Tensor:
    """Mean negative log-likelihood, nats per token: logits (…, V) against ids Y (…), of which −1 does not count."""
    return functional.cross_entropy(logits.flatten(0, -2), Y.flatten(), ignore_index=NO_TARGET)


def to_tensors(X, device: torch.device):
    """An array as a tensor on the device, or of a tuple of arrays each."""
    if isinstance(X, (tuple, list)):
        return tuple(torch.as_tensor(part, device=device) for part in X)
    return torch.as_tensor(X, device=device)


@contextmanager
def evaluating(model: nn.Module) -> Iterator[torch.device]:
    """Inside, dropout is off and no gradient is kept; gives the model's device. Afterwards its mode is as before."""
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield next(model.parameters()).device
    finally:
        model.train(was_training)


def evaluate(model: nn.Module, batches) -> float:
    """The mean loss of a model, nats per token, over batches `(X, Y)`; carries the state where `batches` says so."""
    carries_state = getattr(batches, "carries_state", False)
    total, count, state = 0.0, 0, None
    with evaluating(model) as device:
        for X, Y in batches:
            X, Y = to_tensors(X, device), torch.as_tensor(Y, device=device)  # (n, T) or several, (n, T)
            logits, state = model(X, state if carries_state else None)  # (n, T, V)
            targets = int((Y != NO_TARGET).sum())
            total += float(cross_entropy(logits, Y)) * targets
            count += targets
    if count == 0:
        raise ValueError("The data gave no batch, expected at least one: use more text, or smaller batches.")
    return total / count
