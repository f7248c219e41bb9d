"""A training loop that can be read in one sitting."""

import math
import os
import time

import torch
from torch import nn
from tqdm.auto import tqdm

from course_utils.history import History, linear_decay
from course_utils.torch.devices import find_device
from course_utils.torch.evaluation import as_array, batch_loss, evaluate
from course_utils.torch.snapshots import put_back, put_back_best, take_snapshot
from course_utils.training import (
    check_depends,
    check_model,
    check_settings,
    check_trained,
    parts_of,
    read_batches,
    resumed,
)

OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


def detach(state):
    """The same numbers without their history: gradients stop here. A tensor, a tuple of tensors, or None."""
    if isinstance(state, tuple):
        return tuple(detach(part) for part in state)
    return state if state is None else state.detach()


class Trainer:
    """Fits a model to data: gradient, clipping, optimiser step, and a record of it all.

    Args:
        max_epochs: how many times the training data is gone through, those of a run that is resumed included.
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
        self.max_epochs, self.lr, self.optimizer, self.loss = max_epochs, lr, optimizer, loss
        self.clip_norm, self.decay, self.device, self.keep_best = clip_norm, decay, device, keep_best
        check_settings(vars(self), OPTIMIZERS)

    def fit(self, model: nn.Module, data, on_epoch=None, resume: History | None = None) -> History:
        """Train `model` in place and return the `History`.

        Args:
            model: `(X, state) -> (logits, state)` with ids X (n, T) and logits (n, T, V), such as `RNNLM`; X may be a
                tuple of arrays, as for `Seq2Seq`. With a `loss`, X and the outputs may be of any kind that it takes.
            data: has `train` and `heldout`, as `LanguageModelData`; or is itself the training batches, any iterable
                of pairs `(X, Y)`, where Y is −1 at steps without a target. Where the batches have a true
                `carries_state`, the state goes from each batch to the next, detached; elsewhere each batch starts from
                zeros.
            on_epoch: called with the history after each epoch, for a live plot.
            resume: the history of an earlier run, to go on with until `max_epochs` as if it had not stopped. The
                model's weights become those after its last epoch; what the optimiser remembers, the place on the line
                of `decay`, the framework's random numbers and those of batches with a NumPy generator `rng` are put
                back as well. What shuffles otherwise is not.
        """
        check_model(model, nn.Module, getattr(model, "forward", None))
        history = History(is_cross_entropy=self.loss is None) if resume is None else resumed(resume, "torch", self)
        epochs = range(len(history.train_loss), self.max_epochs)
        batches, heldout = parts_of(data, len(epochs), self.keep_best)
        device = find_device(self.device)
        model.to(device).train()
        settings = {"weight_decay": 0.01} if self.optimizer == "adamw" else {}
        check_trained([weight for weight in model.parameters() if weight.requires_grad])
        optimizer = OPTIMIZERS[self.optimizer](model.parameters(), lr=float(self.lr), **settings)
        if resume is not None:
            put_back(history.snapshot, model, optimizer, batches, heldout)
        start = time.perf_counter() - (history.seconds[-1] if history.seconds else 0.0)
        progress = tqdm(epochs, desc="epochs", disable="CI" in os.environ)
        for _ in progress:
            self._run_epoch(model, optimizer, batches, device, history)
            if heldout is not None:
                history.add_heldout(evaluate(model, heldout, self.loss))
                progress.set_postfix(history.latest)
            history.seconds.append(time.perf_counter() - start)
            history.snapshot = take_snapshot(self, model, optimizer, history, batches, heldout)
            if on_epoch is not None:
                on_epoch(history)
        if self.keep_best and history.heldout_loss:
            put_back_best(history.snapshot, model)
        return history

    def _run_epoch(self, model, optimizer, batches, device, history: History) -> None:
        carries_state = getattr(batches, "carries_state", False)
        losses, norms, state, tokens = [], [], None, 0
        for batch in read_batches(batches, model, self.loss, as_array):
            if self.decay:
                updates = history.updates + len(losses)
                optimizer.param_groups[0]["lr"] = linear_decay(self.lr, updates, self.max_epochs, batches)
            loss, norm, state = self._update(model, optimizer, batch, detach(state) if carries_state else None, device)
            losses.append(loss)
            norms.append(norm)
            tokens += batch.count
        history.add_epoch(torch.stack(losses).tolist() if losses else [], [float(norm) for norm in norms], tokens)

    def _update(self, model, optimizer, batch, state, device):
        """One step of the optimiser; returns the loss, the gradient's norm before clipping, and the new state."""
        optimizer.zero_grad()
        loss, state = batch_loss(model, batch, state, device, self.loss)  # ()
        check_depends(loss.requires_grad)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), self.clip_norm or math.inf)
        optimizer.step()
        return loss.detach(), norm, state
