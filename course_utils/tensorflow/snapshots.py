"""Where a run stands after an epoch, kept and put back, so that `fit(..., resume=history)` can go on with it."""

import keras

from course_utils.history import History, Snapshot
from course_utils.training import check_snapshot, shuffling_of


def take_snapshot(trainer, model: keras.Model, optimizer, history: History, *batches) -> Snapshot:
    """All that the next epoch depends on; with the trainer's `keep_best` the best weights so far, too."""
    weights = _numbered(model.variables)  # those of layers that draw random numbers are their generators' states
    arrays = {f"weights/{name}": variable.numpy() for name, variable in weights.items()}
    arrays |= {f"optimizer/{name}": variable.numpy() for name, variable in _numbered(optimizer.variables).items()}
    if trainer.keep_best:
        is_best = history.best_epoch == len(history.heldout_loss)
        best = _numbered(model.get_weights()) if is_best else history.snapshot.parts("best")
        arrays |= {f"best/{name}": value for name, value in best.items()}
    return Snapshot("tensorflow", trainer.optimizer, arrays, shuffling_of(*batches))


def put_back(snapshot: Snapshot, model: keras.Model, optimizer, lr: float) -> None:
    """Weights, with the layers' random generators, and the optimiser's memory; ValueError if the model is another one.

    Both must have been built. The learning rate is the new trainer's.
    """
    weights = _numbered(model.variables)
    check_snapshot({name: tuple(variable.shape) for name, variable in weights.items()}, snapshot)
    for name, value in snapshot.parts("weights").items():
        weights[name].assign(value)
    memory = _numbered(optimizer.variables)
    for name, value in snapshot.parts("optimizer").items():
        memory[name].assign(value)
    optimizer.learning_rate = lr


def put_back_best(snapshot: Snapshot, model: keras.Model) -> None:
    """The weights of the epoch with the lowest held-out loss."""
    best = snapshot.parts("best")
    model.set_weights([best[str(i)] for i in range(len(best))])  # a file may have them in another order


def _numbered(values) -> dict:
    """By their places: Keras' names are made anew for each model."""
    return {str(i): value for i, value in enumerate(values)}
