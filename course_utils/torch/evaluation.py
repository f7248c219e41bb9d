"""How good a model is: its loss on batches it may never have seen."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from course_utils.datasets.text import NO_TARGET
from course_utils.shapes import check_ids
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


def cross_entropy(logits: torch.Tensor, Y: torch.Tensor) -> torch.Tensor:
    """Mean negative log-likelihood, nats per token: logits (…, V) against ids Y (…); ids of −1 do not count."""
    return functional.cross_entropy(logits.flatten(0, -2), Y.flatten().long(), ignore_index=NO_TARGET)


def batch_loss(model: nn.Module, batch: Batch, state, device: torch.device, loss=None) -> tuple[torch.Tensor, object]:
    """The loss of a batch, (), cross-entropy where `loss` is None, else `loss(outputs, Y)`; and the model's new state.

    Floats in X and Y get the model's own type, so that NumPy's float64 fits a float32 model.
    """
    X, Y = to_tensors(batch.X, device, model), to_tensors(batch.Y, device, model)  # (n, T) or several, (n, T)
    outputs, state = check_result(model(X, state))  # (n, T, V), or as the loss wants them
    if loss is None:
        check_targets(outputs.shape, Y.shape)
        check_largest(batch.largest, outputs.shape[-1])
    value = cross_entropy(outputs, Y) if loss is None else loss(outputs, Y)
    check_loss(value)
    if loss is not None:
        with torch.no_grad():
            check_rows(loss, outputs, Y, value.detach())
    return value, state


def to_tensors(X, device: torch.device, model: nn.Module | None = None):
    """An array as a tensor on the device, or of several arrays each: ids in int64, floats in the model's own type."""
    if is_several(X):
        return tuple(to_tensors(part, device, model) for part in X)
    if not isinstance(X, torch.Tensor):  # PyTorch reads tables by columns, and not every array
        X = np.asarray(X)
        X = np.require(X, X.dtype.newbyteorder("="), ["C", "W"])
    X = torch.as_tensor(X, device=device)
    if X.is_floating_point():
        weights = model.parameters() if model else ()
        return X.to(next((weight.dtype for weight in weights if weight.is_floating_point()), X.dtype))
    return X if X.dtype == torch.bool or X.is_complex() else X.long()


def as_ids(name: str, X: torch.Tensor, vocab_size: int) -> torch.Tensor:
    """Ids (n, T) as int64; TypeError or ValueError unless they are ids of the vocabulary, as far as the CPU can see."""
    if not isinstance(X, torch.Tensor):
        raise TypeError(
            f"{name} is of type {type(X).__name__}, expected a tensor: torch.as_tensor makes one of an array."
        )
    kind = "f" if X.is_floating_point() else "c" if X.is_complex() else "b" if X.dtype == torch.bool else "i"
    check_ids(name, X.shape, kind, vocab_size, X.numpy() if X.device.type == "cpu" and kind == "i" else None)
    return X.long()


def as_array(tensor) -> np.ndarray:
    """What a batch is made of as a NumPy array, to be looked at."""
    if isinstance(tensor, torch.Tensor):
        tensor = tensor.detach().cpu()
        return tensor.float().numpy() if tensor.dtype == torch.bfloat16 else tensor.numpy()
    return np.asarray(tensor)


@contextmanager
def evaluating(model: nn.Module) -> Iterator[torch.device]:
    """Inside, dropout is off and no gradient is kept; gives the model's device. Afterwards its mode is as before."""
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield next((weight.device for weight in model.parameters()), torch.device("cpu"))
    finally:
        model.train(was_training)


def evaluate(model: nn.Module, batches, loss=None) -> float:
    """The mean loss of a model over batches `(X, Y)`; carries the state where `batches` says so.

    Without a `loss` it is cross-entropy, in nats per token, and a batch counts by its targets. With one, as `Trainer`
    takes it, it is a mean over the rows of Y.
    """
    check_model(model, nn.Module, getattr(model, "forward", None))
    carries_state = getattr(batches, "carries_state", False)
    total, count, state = 0.0, 0, None
    with evaluating(model) as device:
        for batch in read_batches(batches, model, loss, as_array):
            value, state = batch_loss(model, batch, state if carries_state else None, device, loss)
            total += float(value) * batch.count
            count += batch.count
    if count == 0:
        raise ValueError(NO_BATCH)
    return total / count
