"""Trained weights in a file, in the safetensors format, the same file for both frameworks.

What is saved are the canonical weights, a dict of NumPy arrays, as `weights.dump(model)` of either framework gives it
and `weights.load(model, params)` takes it. Such a file holds names and numbers but no code, unlike a pickle, so a file
from a stranger does no harm; and it can be read in any language.

A file of `save_model` has more beside them: the model's sizes, its vocabulary and the history of its run, with all that
is needed to go on with it. `load` gives the weights of either kind of file.
"""

import json
from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as from_bytes
from safetensors.numpy import save as to_bytes

from course_utils import files
from course_utils.datasets.text import Vocab
from course_utils.history import History, Snapshot

Params = dict[str, np.ndarray]
RUN = "run/"
"""How the names of a run's arrays begin in a file that has more than weights."""


class Opened(NamedTuple):
    """What a file of `save_model` holds; `vocab` and `history` are None if they were not given."""

    model: Any
    vocab: Vocab | dict[str, Vocab] | None
    history: History | None


def save(path: str | Path, params: Params) -> None:
    """Write weights to a file, whole or not at all; its folder is made if need be, and a file of that name replaced.

    Args:
        path: by custom its name ends in ".safetensors".
        params: canonical weights, such as {"W_xh": (d, h), "b_h": (h,)}, float32 or float64.

    Raises:
        TypeError: `params` is no dict of such arrays.
        OSError: the disk refuses; what was there before is still there.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(f"{folder}/rnn.safetensors", {"b_h": np.array([1.0, 2.0])})
    ...     load(f"{folder}/rnn.safetensors")
    {'b_h': array([1., 2.])}
    """
    if not isinstance(params, dict):
        raise TypeError(
            f"params is of type {type(params).__name__}, expected a dict of NumPy arrays: weights.dump(model) gives it."
        )
    for name, value in params.items():
        if not (isinstance(name, str) and isinstance(value, np.ndarray) and value.dtype in (np.float32, np.float64)):
            raise TypeError(
                f"The entry {name!r} is no name with a NumPy array of float32 or float64, expected such ones only: "
                "weights.dump(model) gives them."
            )
    files.write(path, _content(params))


def load(path: str | Path) -> Params:
    """The weights in a file that `save` has written, with the names, shapes and types that they had.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is cut off, or is something else.

    >>> load("nowhere.safetensors")
    Traceback (most recent call last):
    FileNotFoundError: There is no file nowhere.safetensors: train the model first, then checkpoints.save writes it.
    """
    params, about = _read(path)
    return params if about is None else {name: v for name, v in params.items() if not name.startswith(RUN)}


def save_all(
    path: str | Path,
    params: Params,
    model: dict,
    vocab: Vocab | dict[str, Vocab] | None = None,
    history: History | None = None,
) -> None:
    """As `save`, with a model's description, its vocabulary and the history of its run; `save_model` calls it.

    Args:
        model: its classes and sizes, as `blueprints.describe` gives them.
        vocab: of its tokens; several by their names.
        history: of its training. The arrays of its snapshot must be NumPy's.

    Raises:
        ValueError: the vocabulary has not as many tokens as the model.
    """
    for each in [] if vocab is None else vocab.values() if isinstance(vocab, dict) else [vocab]:
        if not isinstance(each, Vocab):
            raise TypeError(
                f"vocab is of type {type(each).__name__}, expected a Vocab, or a dict of some by their names."
            )
    if isinstance(vocab, Vocab) and model.get("vocab_size", len(vocab)) != len(vocab):
        raise ValueError(
            f"The vocabulary has {len(vocab)} tokens and the model {model['vocab_size']}, expected as many: "
            "give the vocabulary that it was trained with."
        )
    snapshot = history and history.snapshot
    arrays = {RUN + name: value for name, value in snapshot.arrays.items()} if snapshot else {}
    about = {"model": model, "vocab": vocab, "history": history}
    files.write(path, _content(params | arrays, {"course": json.dumps(about, default=_as_json)}))


def load_all(path: str | Path) -> tuple[Params, Opened]:
    """The weights in a file of `save_model`, and the rest, with the model's description in the place of the model.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is cut off, is something else, or has weights only.
    """
    arrays, about = _read(path)
    if about is None:
        raise ValueError(
            f"{path} has weights only, expected a file of save_model: build the model, and put them in by "
            "weights.load(model, checkpoints.load(path))."
        )
    try:
        opened = Opened(**json.loads(about, object_hook=_from_json))
    except (TypeError, ValueError, KeyError) as error:
        raise ValueError(
            f"{path} was not written by this version of the course ({error}): save the model anew."
        ) from error
    if opened.history and opened.history.snapshot:
        run = {name.removeprefix(RUN): value for name, value in arrays.items() if name.startswith(RUN)}
        opened.history.snapshot.arrays.update(run)
    return {name: value for name, value in arrays.items() if not name.startswith(RUN)}, opened


def _as_json(value) -> dict:
    """A vocabulary, a history, its snapshot or an array as a dict; the arrays of a snapshot stand elsewhere."""
    if isinstance(value, Vocab):
        if callable(value.normalize):
            raise TypeError(
                "The vocabulary's normalize is a function, which no file can hold, expected one of the course's names: "
                "save the model without the vocabulary, and make that anew from the text."
            )
        return {"<Vocab>": value.tokens, "counts": value.counts, "level": value.level, "normalize": value.normalize}
    if isinstance(value, (History, Snapshot)):
        of_file = {field.name: getattr(value, field.name) for field in fields(value)}
        return {f"<{type(value).__name__}>": of_file | ({"arrays": {}} if isinstance(value, Snapshot) else {})}
    if isinstance(value, np.ndarray):  # in the state of some of NumPy's generators
        return {"<array>": value.tolist(), "dtype": str(value.dtype)}
    raise TypeError(f"A {type(value).__name__} cannot be saved.")


def _from_json(found: dict):
    if "<Vocab>" in found:
        vocab = Vocab([], 1, found["<Vocab>"][1:], found["level"], found["normalize"])
        vocab.counts = Counter(found["counts"])
        return vocab
    if "<array>" in found:
        return np.array(found["<array>"], dtype=found["dtype"])
    for kind in (History, Snapshot):
        if f"<{kind.__name__}>" in found:
            return kind(**found[f"<{kind.__name__}>"])
    return found


def _content(arrays: Params, about: dict[str, str] | None = None) -> bytes:
    # safetensors 0.8 takes memory as it lies there: a transposed view would be saved in the wrong order
    return to_bytes({name: np.asarray(value, order="C") for name, value in arrays.items()}, about)


def _read(path: str | Path) -> tuple[Params, str | None]:
    """All arrays of a file, and what it says about its model, if it does."""
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}: train the model first, then checkpoints.save writes it.")
    content = path.read_bytes()
    try:
        arrays = from_bytes(content)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        return arrays, header.get("__metadata__", {}).get("course")
    except (SafetensorError, KeyError) as error:  # KeyError: numbers of a type that NumPy lacks
        raise ValueError(
            f"{path} is no whole safetensors file with numbers for NumPy ({error}): copy it again, "
            "or train the model and write it anew with checkpoints.save."
        ) from error
