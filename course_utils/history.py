"""What a training run leaves behind, and how its learning rate falls, the same for both frameworks."""

import math
from collections.abc import Sized
from dataclasses import dataclass, field
from typing import Any

from course_utils.metrics import bits_per_character, perplexity
from course_utils.printing import digits


@dataclass
class Snapshot:
    """Where a run stands after an epoch: all that `fit(..., resume=history)` needs to go on as if it had not stopped.

    Attributes:
        framework: "torch" or "tensorflow".
        optimizer: the trainer's name of it.
        arrays: arrays by name: the model's own weights, "weights/…", what the optimizer remembers, "optimizer/…", the
            best weights so far, "best/…" if they are kept, and the state of random generators, "random/…".
        shuffling: the states of the NumPy generators that order the training and the held-out batches, their
            attribute `rng`; None without one.
    """

    framework: str
    optimizer: str
    arrays: dict[str, Any]
    shuffling: list[dict | None]

    def parts(self, what: str) -> dict[str, Any]:
        """The arrays of "weights", "optimizer", "best" or "random", by the rest of their names.

        >>> Snapshot("torch", "sgd", {"weights/W": 1, "best/W": 2}, [None, None]).parts("best")
        {'W': 2}
        """
        return {name.removeprefix(f"{what}/"): v for name, v in self.arrays.items() if name.startswith(f"{what}/")}


@dataclass
class History:
    """The record of a training run.

    Attributes:
        train_loss: mean loss of each epoch's batches, measured while training (dropout on).
        heldout_loss: loss on the held-out data after each epoch; empty without them.
        grad_norm: the norm of the gradient at each update, before clipping.
        seconds: wall-clock seconds since the start, at the end of each epoch.
        tokens, updates: how many targets were trained on, tokens or else rows of Y, and in how many steps of the
            optimiser.
        is_cross_entropy: whether the losses are in nats per token, as those of language models are; only of such ones
            is there a perplexity.
        snapshot: where the run stands, for `fit(..., resume=history)`; None in a history made by hand.

    >>> History(train_loss=[2.0, 1.5], heldout_loss=[1.9, 1.6]).best_epoch
    2
    >>> History(heldout_loss=[0.5], tokens=30, is_cross_entropy=False).metrics
    {'loss': 0.5, 'targets': 30}
    """

    train_loss: list[float] = field(default_factory=list)
    heldout_loss: list[float] = field(default_factory=list)
    grad_norm: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    tokens: int = 0
    updates: int = 0
    is_cross_entropy: bool = True
    snapshot: Snapshot | None = field(default=None, repr=False, compare=False)

    def add_epoch(self, losses: list[float], norms: list[float], tokens: int = 0) -> None:
        """Record an epoch: the loss of each update, the norm of its gradient before clipping, and all its targets.

        >>> History().add_epoch([2.0, float("nan")], [1.0, 1.0])
        Traceback (most recent call last):
        ValueError: The loss is nan at update 2 of epoch 1, expected a number: take a smaller lr or clip_norm, ...
        """
        epoch = len(self.train_loss) + 1
        if not losses and epoch > 1:
            raise ValueError(f"The data gave no batch in epoch {epoch}, but some before: give a list of all batches.")
        if not losses:
            raise ValueError("The data gave no batch, expected at least one: use more text, or smaller batches.")
        for i, pair in enumerate(zip(losses, norms, strict=True)):
            for what, value in zip(("loss", "gradient's norm"), pair, strict=True):
                if not math.isfinite(value):
                    raise ValueError(
                        f"The {what} is {value} at update {i + 1} of epoch {epoch}, expected a number: "
                        "take a smaller lr or clip_norm, and look for nan or inf in Y."
                    )
        self.updates += len(losses)
        self.tokens += tokens
        self.train_loss.append(sum(losses) / len(losses))
        self.grad_norm += norms

    def add_heldout(self, loss: float) -> None:
        """Record the held-out loss after an epoch.

        >>> History(train_loss=[1.0]).add_heldout(float("nan"))
        Traceback (most recent call last):
        ValueError: The held-out loss is nan after epoch 1, expected a number: take a smaller lr or clip_norm.
        """
        if math.isnan(loss):
            raise ValueError(
                f"The held-out loss is nan after epoch {len(self.train_loss)}, expected a number: "
                "take a smaller lr or clip_norm."
            )
        self.heldout_loss.append(loss)

    @property
    def best_epoch(self) -> int:
        """The epoch, counted from 1, with the lowest held-out loss; nan is none.

        >>> History(heldout_loss=[float("nan"), 2.0, 1.5]).best_epoch
        3
        """
        self._check_heldout()
        losses = {epoch: loss for epoch, loss in enumerate(self.heldout_loss, 1) if not math.isnan(loss)}
        if not losses:
            raise ValueError("All held-out losses are nan, so no epoch is the best: train anew with a smaller lr.")
        return min(losses, key=losses.__getitem__)

    @property
    def metrics(self) -> dict[str, float]:
        """Held-out perplexity and bits per character after the last epoch, and the tokens trained on.

        Of another loss than cross-entropy, the held-out loss and the rows of Y.
        """
        self._check_heldout()
        loss = self.heldout_loss[-1]
        if not self.is_cross_entropy:
            return {"loss": loss, "targets": self.tokens}
        return {"perplexity": perplexity(loss), "bits_per_character": bits_per_character(loss), "tokens": self.tokens}

    @property
    def latest(self) -> dict[str, str]:
        """What a progress bar says after an epoch: the held-out perplexity, or the loss, where that has none.

        >>> History(heldout_loss=[0.0]).latest, History(heldout_loss=[0.5], is_cross_entropy=False).latest
        ({'perplexity': '1.00'}, {'loss': '0.5000'})
        """
        self._check_heldout()
        loss = self.heldout_loss[-1]
        return {"perplexity": f"{perplexity(loss):.2f}"} if self.is_cross_entropy else {"loss": digits(loss)}

    def _check_heldout(self) -> None:
        if not self.heldout_loss:
            raise ValueError("No held-out loss was recorded: train for an epoch or more on data with a held-out part.")


def linear_decay(lr: float, updates: int, max_epochs: int, batches: Sized) -> float:
    """The learning rate after so many updates, on a line from `lr` at the first one to zero after the last.

    >>> linear_decay(0.1, 3, max_epochs=2, batches=["one", "two"])
    0.025
    """
    try:
        total = max_epochs * len(batches)
    except TypeError as error:
        raise ValueError("decay asks how many batches there are, but the data have no len(): give a list.") from error
    return lr * (1 - updates / total)
