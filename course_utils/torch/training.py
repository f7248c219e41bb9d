"""A training loop that can be read in one sitting."""

import copy
import math
import os
import time

import torch
from torch import nn
from tqdm.auto import tqdm

from course_utils.history import History, linear_decay
from course_utils.torch.devices import find_device
from course_utils.torch.evaluation import batch_loss, count_targets, evaluate, to_tensors

OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


def detach(state):
    """The same numbers without their history: gradients stop here. A tensor, a tuple of tensors, or None."""
    if isinstance(state, tuple):
        return tuple(detach(part) for part in state)
    return state if state is None else state.detach()


class Trainer:
    """Fits a model to data: gradient, clipping, optimiser step, and a record of it all.

    Args:
        max_epochs: how many times the training data is gone through.
        lr: the learning rate.
        optimizer: "sgd", "adam" or "adamw" (weight decay 0.01).
        clip_norm: gradients are scaled down to this norm where theirs is larger; None leaves them alone.
        decay: lower the learning rate with each update, along a line that reaches zero after the last one.
        keep_best: at the end, put back the weights of the epoch after which the held-out loss was lowest.
        loss: what is minimised, `(outputs, Y) -> ()`, a mean over the rows of Y, such as
            `torch.nn.functional.mse_loss`; None for cross-entropy, as `fit` describes it.
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
        keep_best: bool = False,
        loss=None,
    ):
        if optimizer not in OPTIMIZERS:
            raise ValueError(f"optimizer is {optimizer!r}, expected one of {list(OPTIMIZERS)}.")
        if clip_norm is not None and not clip_norm > 0:
            raise ValueError(f"clip_norm is {clip_norm}, expected a number above 0, or None to leave gradients alone.")
        if loss is not None and not callable(loss):
            raise ValueError(f"loss is {loss!r}, expected a function (outputs, Y) -> (), or None for cross-entropy.")
        self.max_epochs, self.lr, self.optimizer, self.loss = max_epochs, lr, optimizer, loss
        self.clip_norm, self.decay, self.device, self.keep_best = clip_norm, decay, device, keep_best

    def fit(self, model: nn.Module, data, on_epoch=None) -> History:
        """Train `model` in place and return the `History`.

        Args:
            model: `(X, state) -> (logits, state)` with ids X (n, T) and logits (n, T, V), such as `RNNLM`; X may be a
                tuple of arrays, as for `Seq2Seq`. With a `loss`, X and the outputs may be of any kind that it takes.
            data: has `train` and `heldout`, as `LanguageModelData`; or is itself the training batches, any iterable
                of pairs `(X, Y)`, where Y is −1 at steps without a target. Where the batches have a true
                `carries_state`, the state goes from each batch to the next, detached; elsewhere each batch starts from
                zeros.
            on_epoch: called with the history after each epoch, for a live plot.
        """
        batches, heldout = getattr(data, "train", data), getattr(data, "heldout", None)
        if self.keep_best and heldout is None:
            raise ValueError("keep_best asks for a held-out loss, but the data have no held-out part: give one.")
        device = find_device(self.device)
        model.to(device).train()
        settings = {"weight_decay": 0.01} if self.optimizer == "adamw" else {}
        optimizer = OPTIMIZERS[self.optimizer](model.parameters(), lr=self.lr, **settings)
        history, start = History(is_cross_entropy=self.loss is None), time.perf_counter()
        progress = tqdm(range(self.max_epochs), desc="epochs", disable="CI" in os.environ)
        for _ in progress:
            self._run_epoch(model, optimizer, batches, device, history)
            if heldout is not None:
                history.heldout_loss.append(evaluate(model, heldout, self.loss))
                progress.set_postfix(history.latest)
                if self.keep_best and history.best_epoch == len(history.heldout_loss):
                    best = copy.deepcopy(model.state_dict())
            history.seconds.append(time.perf_counter() - start)
            if on_epoch is not None:
                on_epoch(history)
        if self.keep_best and history.heldout_loss:
            model.load_state_dict(best)
        return history

    def _run_epoch(self, model, optimizer, batches, device, history: History) -> None:
        carries_state = getattr(batches, "carries_state", False)
        losses, norms, state = [], [], None
        for X, Y in batches:
            history.tokens += count_targets(torch.as_tensor(Y), self.loss)  # before Y moves: no wait for a GPU
            X, Y = to_tensors(X, device), torch.as_tensor(Y, device=device)  # (n, T) or several, (n, T)
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
        outputs, state = model(X, state)  # (n, T, V), or as the loss wants them
        loss = batch_loss(outputs, Y, self.loss)  # ()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), self.clip_norm or math.inf)
        optimizer.step()
        return loss.detach(), norm, state
