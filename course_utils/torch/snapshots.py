"""Where a run stands after an epoch, kept and put back, so that `fit(..., resume=history)` can go on with it."""

import torch
from torch import nn

from course_utils.history import History, Snapshot
from course_utils.training import check_snapshot, put_back_shuffling, shuffling_of


def take_snapshot(trainer, model: nn.Module, optimizer, history: History, *batches) -> Snapshot:
    """All that the next epoch depends on; with the trainer's `keep_best` the best weights so far, too."""
    arrays = {f"weights/{name}": _copy(value) for name, value in model.state_dict().items()}
    for i, memory in optimizer.state_dict()["state"].items():
        arrays |= {f"optimizer/{i}/{name}": _copy(value) for name, value in memory.items()}
    arrays["random/cpu"] = torch.get_rng_state()
    if (device := next(model.parameters()).device).type == "cuda":
        arrays["random/cuda"] = torch.cuda.get_rng_state(device)
    if trainer.keep_best:
        is_best = history.best_epoch == len(history.heldout_loss)
        best = {name: _copy(v) for name, v in model.state_dict().items()} if is_best else history.snapshot.parts("best")
        arrays |= {f"best/{name}": value for name, value in best.items()}
    return Snapshot("torch", trainer.optimizer, arrays, shuffling_of(*batches))


def put_back(snapshot: Snapshot, model: nn.Module, optimizer, *batches) -> None:
    """Weights, the optimiser's memory and random generators, as they were; ValueError if the model is another one."""
    check_snapshot({name: tuple(value.shape) for name, value in model.state_dict().items()}, snapshot)
    _load(model, snapshot.parts("weights"))
    memory = {}
    for name, value in snapshot.parts("optimizer").items():
        i, _, what = name.partition("/")
        memory.setdefault(int(i), {})[what] = torch.as_tensor(value).clone()
    optimizer.load_state_dict(optimizer.state_dict() | {"state": memory})
    random = snapshot.parts("random")
    torch.set_rng_state(torch.as_tensor(random["cpu"]))
    if "cuda" in random and (device := next(model.parameters()).device).type == "cuda":
        torch.cuda.set_rng_state(torch.as_tensor(random["cuda"]), device)
    put_back_shuffling(snapshot.shuffling, *batches)


def put_back_best(snapshot: Snapshot, model: nn.Module) -> None:
    """The weights of the epoch with the lowest held-out loss."""
    _load(model, snapshot.parts("best"))


def _load(model: nn.Module, weights: dict) -> None:
    model.load_state_dict({name: torch.as_tensor(value) for name, value in weights.items()})


def _copy(value: torch.Tensor) -> torch.Tensor:
    return value.detach().clone()
