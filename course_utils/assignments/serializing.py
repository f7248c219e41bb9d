"""Plain values, nested or not, as bytes or files, and back.

A value becomes a JSON text for its structure, and arrays. Neither can carry code: whatever a student's process sends,
reading it runs nothing of theirs; at worst it is refused. A message to or from such a process has its arrays in the
safetensors format; cases that students may look at have them in a file that `np.load` reads.
"""

import io
import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load as arrays_from_bytes
from safetensors.numpy import save as arrays_to_bytes

from course_utils.assignments.errors import BadValue, TooLarge

KINDS = frozenset(
    map(np.dtype, "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64".split())
)
_HEADER = struct.Struct("<I")
_STRUCTURE_BYTES = 2**20  # of JSON: about 100,000 numbers outside of arrays
_MOST_ARRAYS = 20_000
_LISTING = struct.Struct("<Q")  # how many bytes of a safetensors message list its arrays
_LISTING_BYTES = 2**22
_DEPTH = 32
_LARGEST = 2**64


def encode(value: Any, most: int = 2**30) -> bytes:
    """A value as a message.

    Args:
        value: a NumPy array or number of bool, int, uint or float of 8 to 64 bits, a bool, int, float or str, None, or
            a list, tuple or dict (with str keys) of such.
        most: bytes of all its arrays.

    Raises:
        TooLarge: the arrays have more bytes.
        BadValue: `value` is, or contains, something else, or is too deep.

    >>> decode(encode({"H": np.ones((1, 2)), "steps": (1, None)}))
    {'H': array([[1., 1.]]), 'steps': (1, None)}
    """
    arrays = {}
    structure = json.dumps(_as_json(value, arrays)).encode()
    if len(structure) > _STRUCTURE_BYTES:
        raise BadValue("more than 100,000 numbers came outside of arrays, expected large results as arrays")
    if len(arrays) > _MOST_ARRAYS:
        raise BadValue(f"more than {_MOST_ARRAYS:,} arrays came, expected them stacked in larger ones")
    if (size := sum(array.nbytes for array in arrays.values())) > most:
        raise TooLarge(f"an answer of {size / 2**20:.0f} MB came, expected at most {most / 2**20:.0f} MB")
    # safetensors takes memory as it lies there, whatever the order of the axes
    in_order = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()}
    return _HEADER.pack(len(structure)) + structure + arrays_to_bytes(in_order)


def decode(content: bytes) -> Any:
    """The value that `encode` turned into these bytes.

    Raises:
        BadValue: `encode` cannot have made them.
    """
    try:
        (size,) = _HEADER.unpack_from(content)
        if size > _STRUCTURE_BYTES or _HEADER.size + size > len(content):
            raise ValueError("the structure's size")
        (listing,) = _LISTING.unpack_from(content, _HEADER.size + size)
        if listing > _LISTING_BYTES:
            raise ValueError("the number of arrays")
        structure = json.loads(content[_HEADER.size : _HEADER.size + size])
        return _joined(structure, arrays_from_bytes(content[_HEADER.size + size :]))
    except Exception as error:  # there is no list of all that foreign bytes may lead to
        raise BadValue("something came that is no message of values") from error


def write(value: Any, path: Path) -> None:
    """Write a value as `path`.json and `path`.npz, the same bytes on every machine.

    Args:
        value: see `encode`.
        path: without a suffix; the folder is made if it is not there.

    Raises:
        BadValue: see `encode`.
    """
    arrays = {}
    text = json.dumps(_as_json(value, arrays), indent=1, ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    path.with_suffix(".npz").write_bytes(_npz(arrays))


def read(path: Path) -> Any:
    """The value that `write` put into `path`.json and `path`.npz.

    Raises:
        BadValue: a file is missing, or `write` cannot have made it.
    """
    try:
        structure = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        with np.load(io.BytesIO(path.with_suffix(".npz").read_bytes()), allow_pickle=False) as arrays:
            return _joined(structure, dict(arrays))
    except Exception as error:
        raise BadValue(f"{path}.json and {path.name}.npz cannot be read") from error


def _npz(arrays: dict[str, np.ndarray]) -> bytes:
    """As `np.savez` writes it, but the same bytes under each Python: its zip headers depend on the version."""
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        for name, array in arrays.items():
            member, content = zipfile.ZipInfo(f"{name}.npy"), io.BytesIO()
            member.create_system = 3  # Unix, whatever this system is
            np.lib.format.write_array(content, array, allow_pickle=False)
            archive.writestr(member, content.getvalue())
    return stored.getvalue()


def _as_json(value: Any, arrays: dict[str, np.ndarray], depth: int = _DEPTH) -> Any:
    """JSON for the structure; each array goes into `arrays`, under the name that `np.savez` would give it."""
    if depth == 0:
        raise BadValue(f"lists within lists came, {_DEPTH} deep or more, expected fewer")
    if value is None or type(value) in (bool, float, str):
        return value
    if type(value) is int:
        if abs(value) >= _LARGEST:
            raise BadValue("a whole number of more than 64 bits came, expected a smaller one")
        return value
    if type(value) is list:
        return [_as_json(part, arrays, depth - 1) for part in value]
    if isinstance(value, tuple):  # named ones too, such as an LSTM's state
        return {"tuple": [_as_json(part, arrays, depth - 1) for part in value]}
    if isinstance(value, dict):
        if not all(type(name) is str for name in value):
            raise BadValue("a dict came whose keys are not all text, expected text")
        return {"dict": {name: _as_json(part, arrays, depth - 1) for name, part in value.items()}}
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.asarray(value)
        plain = array.dtype.newbyteorder("=")
        if plain not in KINDS:
            raise BadValue(f"an array of {array.dtype} came, expected whole or real numbers or bool")
        number = len(arrays)
        arrays[f"arr_{number}"] = array.astype(plain, copy=False)
        return {"array": number}
    raise BadValue(f"a value of type {type(value).__name__} came, expected arrays, numbers or text")


def _joined(structure: Any, arrays: dict[str, np.ndarray]) -> Any:
    """The value that `_as_json` took apart; any exception if it cannot have made these parts."""
    if any(array.dtype not in KINDS for array in arrays.values()):
        raise ValueError("an array's kind")
    return _from_json(structure, arrays, _DEPTH)


def _from_json(structure: Any, arrays: dict[str, np.ndarray], depth: int) -> Any:
    if depth == 0:
        raise ValueError("too deep")
    if isinstance(structure, list):
        return [_from_json(part, arrays, depth - 1) for part in structure]
    if not isinstance(structure, dict):
        if type(structure) is int and abs(structure) >= _LARGEST:
            raise ValueError("a whole number of more than 64 bits")
        return structure
    ((kind, content),) = structure.items()
    if kind == "array":
        return arrays.pop(f"arr_{content}")  # pop: two places never share an array
    if kind == "dict":
        return {name: _from_json(part, arrays, depth - 1) for name, part in content.items()}
    if kind != "tuple" or not isinstance(content, list):
        raise ValueError("an unknown kind")
    return tuple(_from_json(part, arrays, depth - 1) for part in content)
