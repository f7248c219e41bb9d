"""What a training run leaves behind, and how its learning rate falls, the same for both frameworks."""

from collections.abc import Sized
from dataclasses import dataclass, field

from course_utils.metrics import bits_per_character, perplexity
from course_utils.printing import digits


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

    def add_epoch(self, losses: list[float], norms: list[float]) -> None:
        """Record an epoch: the loss of each update, and the norm of its gradient before clipping."""
        if not losses:
            raise ValueError("The data gave no batch, expected at least one: use more text, or smaller batches.")
        self.updates += len(losses)
        self.train_loss.append(sum(losses) / len(losses))
        self.grad_norm += norms

    @property
    def best_epoch(self) -> int:
        """The epoch, counted from 1, with the lowest held-out loss."""
        self._check_heldout()
        return min(range(len(self.heldout_loss)), key=self.heldout_loss.__getitem__) + 1

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
