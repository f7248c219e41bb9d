"""How good a model is: its loss on batches it may never have seen."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn import functional

from course_utils.datasets.text import NO_TARGET


def cross_entropy(logits: torch.Tensor, Y: torch.Tensor) -> torch.Tensor:
    """Mean negative log-likelihood, nats per token: logits (…, V) against ids Y (…); ids of −1 do not count."""
    return functional.cross_entropy(logits.flatten(0, -2), Y.flatten(), ignore_index=NO_TARGET)


def batch_loss(outputs: torch.Tensor, Y: torch.Tensor, loss=None) -> torch.Tensor:
    """The loss of a batch, (): cross-entropy where `loss` is None, else `loss(outputs, Y)`."""
    value = cross_entropy(outputs, Y) if loss is None else loss(outputs, Y)
    if value.ndim:
        raise ValueError(f"The loss has the shape {tuple(value.shape)}, expected a single number, (): take the mean.")
    return value


def count_targets(Y: torch.Tensor, loss=None) -> int:
    """By how much a batch counts: its targets under cross-entropy, its rows under another loss."""
    if loss is not None:
        return len(Y)
    if targets := int((Y != NO_TARGET).sum()):
        return targets
    raise ValueError("A batch has no target, all of Y is −1: leave it out, or take larger batches.")


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


def evaluate(model: nn.Module, batches, loss=None) -> float:
    """The mean loss of a model over batches `(X, Y)`; carries the state where `batches` says so.

    Without a `loss` it is cross-entropy, in nats per token, and a batch counts by its targets. With one, as `Trainer`
    takes it, it is a mean over the rows of Y.
    """
    carries_state = getattr(batches, "carries_state", False)
    total, count, state = 0.0, 0, None
    with evaluating(model) as device:
        for X, Y in batches:
            X, Y = to_tensors(X, device), torch.as_tensor(Y, device=device)  # (n, T) or several, (n, T)
            outputs, state = model(X, state if carries_state else None)  # (n, T, V), or as the loss wants them
            targets = count_targets(Y, loss)
            total += float(batch_loss(outputs, Y, loss)) * targets
            count += targets
    if count == 0:
        raise ValueError("The data gave no batch, expected at least one: use more text, or smaller batches.")
    return total / count
