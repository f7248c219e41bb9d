"""A training loop that can be read in one sitting."""

import math
import os
import time

import torch
from torch import nn
from torch.nn import functional
from tqdm.auto import tqdm

from course_utils.history import History, linear_decay
from course_utils.metrics import perplexity
from course_utils.shapes import NO_TARGET
from course_utils.torch.devices import find_device

OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


def cross_entropy(logits: torch.Tensor, Y: torch.Tensor) -> torch.Tensor:
    """Mean negative log-likelihood, nats per token: logits (…, V) against ids Y (…), of which −1 does not count."""
    return functional.cross_entropy(logits.flatten(0, -2), Y.flatten(), ignore_index=NO_TARGET)


def detach(state):
    """The same numbers without their history: gradients stop here. A tensor, a tuple of tensors, or None."""
    if isinstance(state, tuple):
        return tuple(detach(part) for part in state)
    return state if state is None else state.detach()


@torch.no_grad()
def evaluate(model: nn.Module, batches) -> float:
    """The mean loss of a model, nats per token, over batches `(X, Y)`; carries the state where `batches` says so."""
    was_training = model.training
    model.eval()
    device = next(model.parameters()).device
    carries_state = getattr(batches, "carries_state", False)
    total, count, state = 0.0, 0, None
    try:
        for X, Y in batches:
            X, Y = torch.as_tensor(X, device=device), torch.as_tensor(Y, device=device)  # (n, T), (n, T)
            logits, state = model(X, state if carries_state else None)  # (n, T, V)
            targets = int((Y != NO_TARGET).sum())
            total += float(cross_entropy(logits, Y)) * targets
            count += targets
    finally:
        model.train(was_training)
    if count == 0:
        raise ValueError("The data gave no batch, expected at least one: use more text, or smaller batches.")
    return total / count


class Trainer:
    """Fits a model to data: gradient, clipping, optimiser step, and a record of it all.

    Args:
        max_epochs: how many times the training data is gone through.
        lr: the learning rate.
        optimizer: "sgd", "adam" or "adamw" (weight decay 0.01).
        clip_norm: gradients are scaled down to this norm where theirs is larger; None leaves them alone.
        decay: lower the learning rate with each update, along a line that reaches zero after the last one.
        device: where to compute, such as "cuda"; None for the one that $DEVICE names, the CPU by default.
    """

    def __init__(
        self,
        max_epochs: int,
        lr: float,
        optimizer: str = "adamw",
        clip_norm: float | None = 1.0,
        decay: bool = False,
        device: str | None = None,
    ):
        if optimizer not in OPTIMIZERS:
            raise ValueError(f"optimizer is {optimizer!r}, expected one of {list(OPTIMIZERS)}.")
        if clip_norm is not None and not clip_norm > 0:
            raise ValueError(f"clip_norm is {clip_norm}, expected a number above 0, or None to leave gradients alone.")
        self.max_epochs, self.lr, self.optimizer = max_epochs, lr, optimizer
        self.clip_norm, self.decay, self.device = clip_norm, decay, device

    def fit(self, model: nn.Module, data, on_epoch=None) -> History:
        """Train `model` in place and return the `History`.

        Args:
            model: `(X, state) -> (logits, state)` with ids X (n, T) and logits (n, T, V), such as `RNNLM`.
            data: has `train` and `heldout`, as `LanguageModelData`; or is itself the training batches, any iterable
                of pairs `(X, Y)`, where Y is −1 at steps without a target. Where the batches have a true
                `carries_state`, the state goes from each batch to the next, detached; elsewhere each batch starts from
                zeros.
            on_epoch: called with the history after each epoch, for a live plot.
        """
        batches, heldout = getattr(data, "train", data), getattr(data, "heldout", None)
        device = find_device(self.device)
        model.to(device).train()
        settings = {"weight_decay": 0.01} if self.optimizer == "adamw" else {}
        optimizer = OPTIMIZERS[self.optimizer](model.parameters(), lr=self.lr, **settings)
        history, start = History(), time.perf_counter()
        progress = tqdm(range(self.max_epochs), desc="epochs", disable="CI" in os.environ)
        for _ in progress:
            self._run_epoch(model, optimizer, batches, device, history)
            if heldout is not None:
                history.heldout_loss.append(evaluate(model, heldout))
                progress.set_postfix(perplexity=f"{perplexity(history.heldout_loss[-1]):.2f}")
            history.seconds.append(time.perf_counter() - start)
            if on_epoch is not None:
                on_epoch(history)
        return history

    def _run_epoch(self, model, optimizer, batches, device, history: History) -> None:
        carries_state = getattr(batches, "carries_state", False)
        losses, norms, state = [], [], None
        for X, Y in batches:
            history.tokens += int((torch.as_tensor(Y) != NO_TARGET).sum())  # before Y moves: no wait for a GPU
            X, Y = torch.as_tensor(X, device=device), torch.as_tensor(Y, device=device)  # (n, T), (n, T)
            if self.decay:
                updates = history.updates + len(losses)
                optimizer.param_groups[0]["lr"] = linear_decay(self.lr, updates, self.max_epochs, batches)
            loss, norm, state = self._update(model, optimizer, X, Y, detach(state) if carries_state else None)
            losses.append(loss)
            norms.append(norm)
        history.add_epoch(torch.stack(losses).tolist() if losses else [], [float(norm) for norm in norms])

    def _update(self, model, optimizer, X, Y, state):
        """One step of the optimiser; returns the loss, the gradient's norm before clipping, and the new state."""
        optimizer.zero_grad()
        logits, state = model(X, state)  # (n, T, V)
        loss = cross_entropy(logits, Y)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), self.clip_norm or math.inf)
        optimizer.step()
        return loss.detach(), norm, state
