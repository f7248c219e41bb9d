"""Trained weights in a file, in the safetensors format, the same file for both frameworks.

What is saved are the canonical weights, a dict of NumPy arrays, as `weights.dump(model)` of either framework gives it
and `weights.load(model, params)` takes it. Such a file holds names and numbers but no code, unlike a pickle, so a file
from a stranger does no harm; and it can be read in any language.
"""

from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as from_bytes
from safetensors.numpy import save as to_bytes

from course_utils import files

Params = dict[str, np.ndarray]


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
    # safetensors 0.8 takes memory as it lies there: a transposed view would be saved in the wrong order
    content = to_bytes({name: np.asarray(value, order="C") for name, value in params.items()})
    files.write(path, content)


def load(path: str | Path) -> Params:
    """The weights in a file that `save` has written, with the names, shapes and types that they had.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is cut off, or is something else.

    >>> load("nowhere.safetensors")
    Traceback (most recent call last):
    FileNotFoundError: There is no file nowhere.safetensors: train the model first, then checkpoints.save writes it.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}: train the model first, then checkpoints.save writes it.")
    try:
        return from_bytes(path.read_bytes())
    except (SafetensorError, KeyError) as error:  # KeyError: numbers of a type that NumPy lacks
        raise ValueError(
            f"{path} is no whole safetensors file with numbers for NumPy ({error}): copy it again, "
            "or train the model and write it anew with checkpoints.save."
        ) from error
