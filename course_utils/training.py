"""What training and evaluation ask of settings, models and data, said in one sentence when it is not so.

Shared by both frameworks. Batches are looked at as NumPy arrays before they go to a device, where an id out of range
may be a row of zeros, or the end of the process.
"""

import copy
import inspect
import math
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from course_utils.datasets.batches import refuse_masked
from course_utils.datasets.text import NO_TARGET
from course_utils.errors import is_whole
from course_utils.history import History

NO_BATCH = (
    "The data gave no batch, expected at least one: use more text, smaller batches, or a list of an iterator's batches."
)
AS_PARTS = "data with a training and a held-out part are an object with both, SimpleNamespace(train=…, heldout=…)"


class Batch(NamedTuple):
    """A batch as its data give it, and what is known of it before it goes to a device.

    Attributes:
        X, Y: as they came; X may be a tuple of arrays.
        count: by how much it counts, its targets under cross-entropy, its rows under another loss.
        largest: the largest target id under cross-entropy.
    """

    X: Any
    Y: Any
    count: int
    largest: int | None


def is_number(value) -> bool:
    """Whether it is a finite number; a bool is none.

    >>> is_number(2), is_number(0.5), is_number(float("nan")), is_number(True)
    (True, True, False, False)
    """
    return isinstance(value, Real) and not isinstance(value, (bool, np.bool_)) and math.isfinite(value)


def check_settings(settings: dict, optimizers: Collection[str]) -> None:
    """Raise ValueError unless these are settings of a `Trainer`.

    >>> check_settings({"max_epochs": 2.5}, ["sgd"])
    Traceback (most recent call last):
    ValueError: max_epochs is 2.5, expected a whole number of epochs, 0 or more.
    """
    expected = {
        "max_epochs": ("a whole number of epochs, 0 or more", lambda value: is_whole(value, 0)),
        "lr": ("a number, 0 or more", lambda value: is_number(value) and value >= 0),
        "optimizer": (f"one of {list(optimizers)}", lambda value: isinstance(value, str) and value in optimizers),
        "clip_norm": (
            "a number above 0, or None to leave gradients alone",
            lambda value: value is None or (is_number(value) and value > 0),
        ),
        "decay": ("True or False", lambda value: isinstance(value, (bool, np.bool_))),
        "keep_best": ("True or False", lambda value: isinstance(value, (bool, np.bool_))),
        "loss": (
            "a function (outputs, Y) -> (), or None for cross-entropy",
            lambda value: value is None or (callable(value) and not isinstance(value, type)),
        ),
    }
    for name, value in settings.items():
        if name in expected and not expected[name][1](value):
            raise ValueError(f"{name} is {value!r}, expected {expected[name][0]}.")


def check_model(model, kind: type, call: Callable | None) -> None:
    """Raise TypeError unless it is a model of the framework, called as model(X, state).

    Args:
        kind: the framework's class of models.
        call: what computes the model's outputs, its method `forward` or `call`.

    >>> check_model("RNN", dict, None)
    Traceback (most recent call last):
    TypeError: The model is of type str, expected a builtins.dict: build one, or take the other framework's Trainer.
    """
    if not isinstance(model, kind):
        found = f"the class {model.__name__}" if isinstance(model, type) else f"of type {type(model).__name__}"
        raise TypeError(
            f"The model is {found}, expected a {kind.__module__.partition('.')[0]}.{kind.__name__}: build one, "
            "or take the other framework's Trainer."
        )
    signature = inspect.signature(call)
    try:
        signature.bind(None, None, **({"training": None} if "training" in signature.parameters else {}))
    except TypeError as error:
        raise TypeError(
            f"The model {type(model).__name__} takes no state, expected model(X, state) -> (outputs, state): "
            "wrap it in one that does, and gives None for a state."
        ) from error


def check_result(result, whose: str = "model") -> tuple:
    """The pair (outputs, state) that a model, or a layer, gave, or a ValueError where it is none.

    >>> check_result(np.zeros((2, 3)))
    Traceback (most recent call last):
    ValueError: The model gave one ndarray, expected a pair (outputs, state): return outputs, None if it has no state.
    """
    if isinstance(result, (tuple, list)) and len(result) == 2:
        return result
    found = f"{len(result)} values" if isinstance(result, (tuple, list)) else f"one {type(result).__name__}"
    raise ValueError(
        f"The {whose} gave {found}, expected a pair (outputs, state): return outputs, None if it has no state."
    )


def check_targets(logits: Sequence, targets: Sequence) -> None:
    """Raise ValueError unless there is a target for each row of logits.

    Args:
        logits: the shape of the outputs, (…, V), where None stands for any number.
        targets: the shape of Y, (…).

    >>> check_targets((2, 3, 7), (3, 2))
    Traceback (most recent call last):
    ValueError: Y has shape (3, 2), but the outputs are (2, 3, 7), expected (2, 3): a target for each row of logits.
    """
    logits, targets = tuple(logits), tuple(targets)
    pairs = zip(logits[:-1], targets, strict=False)
    if len(logits) != len(targets) + 1 or any(None not in pair and pair[0] != pair[1] for pair in pairs):
        raise ValueError(
            f"Y has shape {targets}, but the outputs are {logits}, expected {logits[:-1]}: "
            "a target for each row of logits."
        )


def check_largest(largest: int, V: int) -> None:
    """Raise ValueError unless the largest target id is one of V logits.

    >>> check_largest(9, 7)
    Traceback (most recent call last):
    ValueError: Y has the id 9, expected 0 to 6, one for each logit, or −1 where there is no target.
    """
    if largest >= V:
        raise ValueError(
            f"Y has the id {largest}, expected 0 to {V - 1}, one for each logit, or −1 where there is no target."
        )


def check_loss(value) -> None:
    """Raise an error unless a loss is a tensor of a single number.

    >>> check_loss(np.zeros(3))
    Traceback (most recent call last):
    ValueError: The loss has the shape (3,), expected a single number, (): take the mean.
    """
    if not hasattr(value, "shape") or isinstance(value, np.generic):
        raise TypeError(
            f"The loss is of type {type(value).__name__}, expected a tensor of a single number, (): "
            "compute it from the outputs, in the framework's own functions."
        )
    if tuple(value.shape):
        raise ValueError(f"The loss has the shape {tuple(value.shape)}, expected a single number, (): take the mean.")


def check_depends(has_gradient: bool) -> None:
    """Raise ValueError unless a loss has a gradient by the model's weights.

    >>> check_depends(False)
    Traceback (most recent call last):
    ValueError: The loss depends on no weight of the model, expected one of its outputs: do not detach them.
    """
    if not has_gradient:
        raise ValueError("The loss depends on no weight of the model, expected one of its outputs: do not detach them.")


def check_rows(loss: Callable, outputs, Y, value) -> None:
    """Raise ValueError where the loss compares an output with several targets, or a target with several rows of them.

    (n, 1) and (n,) make n × n errors: a loss then differs from those of parts of its rows. (n, 1) and (n, k) make
    n × k of them: a loss is then that of the columns one by one. And each row needs a target of its own. Nothing is
    asked of other shapes, nor of a loss that brings both into one shape itself.

    >>> check_rows(lambda outputs, Y: np.mean((outputs - Y) ** 2), np.array([[0.0], [1.0]]), np.array([0.0, 1.0]), 0.5)
    Traceback (most recent call last):
    ValueError: Y has shape (2,), but the outputs are (2, 1), and the loss compares each row with all others: ...
    """
    shapes = [tuple(getattr(part, "shape", ())) for part in (outputs, Y)]
    try:
        both = np.broadcast_shapes(*shapes)
    except ValueError:  # the loss brings them into one shape
        return
    n = shapes[0][0] if shapes[0] else 0
    if n < 2 or shapes[0] == shapes[1]:
        return
    compares = ""
    if both == shapes[0]:
        if len(shapes[0]) == len(shapes[1]) and shapes[1][0] == 1:
            compares = "all rows with the same one"
    elif both == shapes[1]:
        if len(shapes[0]) == len(shapes[1]) and n == shapes[1][0] and shapes[0][-1] == 1:
            is_of_columns = _is_of_halves(value, shapes[1][-1], lambda columns: loss(outputs, Y[..., columns]))
            compares = "each output with several targets" if is_of_columns else ""
    elif n != shapes[1][0] or _is_of_halves(value, n, lambda rows: loss(outputs[rows], Y[rows])) is False:
        compares = "each row with all others"
    if compares:
        raise ValueError(
            f"Y has shape {shapes[1]}, but the outputs are {shapes[0]}, and the loss compares {compares}: "
            "give both one shape."
        )


def _is_of_halves(value, n: int, loss_of: Callable[[slice], Any]) -> bool | None:
    """Whether a loss of n parts is the mean, or the sum, of those of both halves of them; None if that is unknown."""
    half = n // 2
    try:
        parts = [float(loss_of(part)) for part in (slice(half), slice(half, n))]
    except Exception:  # a loss of a user's own may want all the parts at once
        return None
    proper = np.dot(parts, [half / n, 1 - half / n]), sum(parts)
    if not np.isfinite([float(value), *parts]).all():
        return None
    return any(abs(float(value) - one) <= 1e-3 * abs(one) for one in proper)


def check_trained(weights: list) -> list:
    """The weights that training changes, or a ValueError if there are none.

    >>> check_trained([])
    Traceback (most recent call last):
    ValueError: The model has no weight to train, expected one or more: do not freeze all of them.
    """
    if not weights:
        raise ValueError("The model has no weight to train, expected one or more: do not freeze all of them.")
    return weights


def parts_of(data, epochs: int, keep_best: bool) -> tuple:
    """The training batches and the held-out ones, or None; ValueError where they cannot be gone through so often.

    >>> parts_of((batch for batch in []), epochs=2, keep_best=False)
    Traceback (most recent call last):
    ValueError: The training data are a generator, which gives its batches once and no batch in epoch 2: give a list.
    """
    if isinstance(data, tuple) and all(isinstance(part, tuple) and len(part) == 2 for part in data):
        raise TypeError(
            f"The data are a tuple of pairs, which may be two parts or two batches: give a list; {AS_PARTS}."
        )
    batches, heldout = getattr(data, "train", data), getattr(data, "heldout", None)
    if keep_best and heldout is None:
        raise ValueError("keep_best asks for a held-out loss, but the data have no held-out part: give one.")
    for what, part in (("training", batches), ("held-out", heldout)):
        if part is not None or part is batches:
            _check_iterable(f"The {what} data", part)
            if isinstance(part, Iterator) and epochs > 1:
                raise ValueError(
                    f"The {what} data are a {type(part).__name__}, which gives its batches once and no batch in "
                    "epoch 2: give a list."
                )
    return batches, heldout


def read_batches(batches, model, loss=None, as_array: Callable = np.asarray) -> Iterator[Batch]:
    """The batches of an epoch, each looked at before it is used.

    Args:
        batches: an iterable of pairs (X, Y). If it has a true `carries_state`, all must have as many rows.
        model: may have `check_inputs(X)`, which says what it asks of X.
        loss: None for cross-entropy, which asks for ids from −1 in Y.
        as_array: the framework's way from one of its tensors to NumPy.

    >>> next(read_batches([(np.zeros((2, 3), int), np.full((2, 3), -100))], None))
    Traceback (most recent call last):
    ValueError: Y has the id -100, expected ids from 0, or −1 where there is no target.
    """
    _check_iterable("The data", batches)
    carries_state, rows, asks = getattr(batches, "carries_state", False), None, getattr(model, "check_inputs", None)
    for batch in batches:
        X, Y = _pair(batch)
        parts = [_array("X", part, as_array) for part in X] if is_several(X) else [_array("X", X, as_array)]
        targets = _array("Y", Y, as_array)
        if carries_state and rows is not None and len(parts[0]) != rows:
            raise ValueError(
                f"A batch has {len(parts[0])} rows and the one before it {rows}, expected as many: the state of each "
                "row is carried to the next batch, so leave out the smaller one."
            )
        if asks:
            asks(tuple(parts) if is_several(X) else parts[0])
        if rows is None and carries_state and getattr(model, "reads_both_ways", False):
            _warn_of_the_future(parts[0], targets)
        rows = len(parts[0]) if parts[0].ndim else None
        yield Batch(X, Y, *_count(targets, loss))


def wrong_device(name, framework: str, example: str) -> ValueError:
    """The error that says that this is no device's name.

    >>> str(wrong_device("fast", "PyTorch", "cuda:1"))
    "The device is 'fast', expected cpu, cuda or auto, or a name of PyTorch's own such as cuda:1."
    """
    return ValueError(
        f"The device is {name!r}, expected cpu, cuda or auto, or a name of {framework}'s own such as {example}."
    )


def unseen_device(name, framework: str, seen: int, mend: str) -> RuntimeError:
    """The error that says that the framework does not see so many of such devices.

    >>> str(unseen_device("cuda:1", "PyTorch", 1, "install a CUDA build"))
    'The device is cuda:1, but PyTorch sees 1 of its kind: use one of those, or cpu.'
    """
    found = f"{seen} of its kind: use one of those, or cpu" if seen else f"no GPU: use cpu, or {mend}"
    return RuntimeError(f"The device is {name}, but {framework} sees {found}.")


def is_several(X) -> bool:
    """Whether X is a tuple of arrays, or a list of them, as PyTorch's loader makes of a tuple.

    >>> is_several((np.zeros(2), np.zeros(3))), is_several([[1, 2], [3, 4]])
    (True, False)
    """
    return isinstance(X, tuple) or (isinstance(X, list) and len(X) > 0 and all(hasattr(part, "shape") for part in X))


def resumed(earlier, framework: str, trainer) -> History:
    """A new history that begins as an earlier one, or an error if that run cannot be gone on with.

    >>> resumed(History(), "torch", None)
    Traceback (most recent call last):
    ValueError: The history to resume has no snapshot of its run: take one that fit returned, or open_model read.
    """
    if not isinstance(earlier, History):
        raise TypeError(f"resume is of type {type(earlier).__name__}, expected the History that fit returned.")
    snapshot = earlier.snapshot
    if snapshot is None:
        raise ValueError(
            "The history to resume has no snapshot of its run: take one that fit returned, or open_model read."
        )
    for what, theirs, ours in (
        ("the framework", snapshot.framework, framework),
        ("optimizer", snapshot.optimizer, trainer.optimizer),
        ("cross-entropy", earlier.is_cross_entropy, trainer.loss is None),
    ):
        if theirs != ours:
            raise ValueError(f"In the run to resume {what} is {theirs!r}, here {ours!r}: go on with the same.")
    epochs = len(earlier.train_loss)
    if epochs >= trainer.max_epochs:
        raise ValueError(
            f"max_epochs is {trainer.max_epochs}, but the run to resume has had {epochs}: give the number of all."
        )
    if trainer.keep_best and earlier.heldout_loss and not snapshot.parts("best"):
        raise ValueError("keep_best asks for the best weights so far, but the run to resume kept none: resume without.")
    lists = {name: [*getattr(earlier, name)] for name in ("train_loss", "heldout_loss", "grad_norm", "seconds")}
    return replace(earlier, **lists)


def check_snapshot(expected: dict[str, tuple], snapshot) -> None:
    """Raise ValueError unless the weights of a snapshot have these names and shapes."""
    found = {name: tuple(value.shape) for name, value in snapshot.parts("weights").items()}
    if found == expected:
        return
    name = next(name for name in (*expected, *found) if expected.get(name) != found.get(name))
    raise ValueError(
        f"The weight {name} has the shape {found.get(name)} in the run to resume and {expected.get(name)} in the "
        "model, expected the same: build the model as it was built then."
    )


def shuffling_of(*parts) -> list[dict | None]:
    """The states of the random generators that order batches, their attribute `rng`; None where there is none.

    >>> from types import SimpleNamespace
    >>> [state and state["bit_generator"] for state in shuffling_of(SimpleNamespace(rng=np.random.default_rng(0)), [])]
    ['PCG64', None]
    """
    rngs = [getattr(part, "rng", None) for part in parts]
    return [copy.deepcopy(rng.bit_generator.state) if isinstance(rng, np.random.Generator) else None for rng in rngs]


def put_back_shuffling(states: list[dict | None], *parts) -> None:
    """Have the batches' random generators go on from those states."""
    for state, part in zip(states, parts, strict=True):
        if state is not None and isinstance(getattr(part, "rng", None), np.random.Generator):
            part.rng.bit_generator.state = copy.deepcopy(state)


def _check_iterable(what: str, part) -> None:
    if not (hasattr(type(part), "__iter__") or hasattr(type(part), "__getitem__")) or isinstance(part, (str, dict)):
        raise TypeError(
            f"{what} are of type {type(part).__name__}, expected an iterable of batches (X, Y), such as a list; "
            f"{AS_PARTS}."
        )


def _pair(batch) -> tuple:
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        found = f"{len(batch)} values" if isinstance(batch, (tuple, list)) else f"of type {type(batch).__name__}"
        raise TypeError(f"A batch is {found}, expected a pair (X, Y), where X may be a tuple of arrays; {AS_PARTS}.")
    X, Y = batch
    if is_several(Y):
        raise TypeError(f"Y is a {type(Y).__name__} of {len(Y)}, expected one array of targets; {AS_PARTS}.")
    return X, Y


def _array(name: str, value, as_array: Callable) -> np.ndarray:
    """The part of a batch as an array that is not empty, of numbers that are finite in X."""
    refuse_masked(name, value)
    try:
        array = as_array(value)
    except ValueError as error:
        raise ValueError(f"{name} is no array, its rows differ in length, expected equal ones: pad them.") from error
    if array.dtype.kind in "OUSMm":
        raise TypeError(f"{name} is an array of {array.dtype}, expected numbers: turn tokens into ids.")
    if array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}, an empty batch, expected one row or more: leave it out.")
    if name == "X" and array.dtype.kind == "f" and not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"X is {array[where]} at {where}, expected finite numbers: fill it in, or leave the row out.")
    return array


def _count(Y: np.ndarray, loss) -> tuple[int, int | None]:
    """By how much a batch counts, and its largest id under cross-entropy."""
    if loss is not None:
        return len(Y) if Y.ndim else 1, None
    if Y.dtype.kind not in "iu":
        raise TypeError(f"Y is an array of {Y.dtype}, expected ids, whole numbers: give a loss for other targets.")
    if Y.min() < NO_TARGET:
        raise ValueError(f"Y has the id {Y.min()}, expected ids from 0, or −1 where there is no target.")
    if count := int(np.count_nonzero(Y != NO_TARGET)):
        return count, int(Y.max())
    raise ValueError("A batch has no target, all of Y is −1: leave it out, or take larger batches.")


def _warn_of_the_future(X: np.ndarray, Y: np.ndarray) -> None:
    if X.ndim == 2 and X.shape == Y.shape and X.shape[1] > 1 and np.array_equal(X[:, 1:], Y[:, :-1]):
        warnings.warn(
            "The model reads its inputs in both directions, so it sees the next token that it is to predict: "
            "its loss says nothing, take a layer that reads in one direction.",
            stacklevel=4,
        )
