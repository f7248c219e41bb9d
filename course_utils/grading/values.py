"""What may cross the border between a student's code and the grader: plain values as bytes, and nothing else.

A message is a JSON text for the structure, and the arrays' raw numbers in the safetensors format. Neither can carry
code, so whatever a student's process sends, reading it runs nothing of theirs; at worst it is refused.
"""

import json
import struct
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as arrays_from_bytes
from safetensors.numpy import save as arrays_to_bytes

from course_utils.assignments.errors import BadValue

KINDS = frozenset(
    map(np.dtype, "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64".split())
)
_HEADER = struct.Struct("<I")
_STRUCTURE_BYTES = 2**20  # of JSON: about 100,000 numbers outside of arrays
_DEPTH = 32
_LARGEST = 2**64


class TooLarge(BadValue):
    """A value has more bytes than may cross."""


def encode(value: Any, most: int = 2**30) -> bytes:
    """A value as bytes.

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
    structure = json.dumps(_as_json(value, arrays, _DEPTH)).encode()
    if len(structure) > _STRUCTURE_BYTES:
        raise BadValue("more than 100,000 numbers came outside of arrays, expected large results as arrays")
    if (size := sum(array.nbytes for array in arrays.values())) > most:
        raise TooLarge(f"an answer of {size / 2**20:.0f} MB came, expected at most {most / 2**20:.0f} MB")
    return _HEADER.pack(len(structure)) + structure + arrays_to_bytes(arrays)


def decode(content: bytes) -> Any:
    """The value that `encode` turned into these bytes.

    Raises:
        BadValue: `encode` cannot have made them.
    """
    try:
        (size,) = _HEADER.unpack_from(content)
        if size > _STRUCTURE_BYTES or _HEADER.size + size > len(content):
            raise ValueError("the structure's size")
        structure = json.loads(content[_HEADER.size : _HEADER.size + size])
        arrays = arrays_from_bytes(content[_HEADER.size + size :])
        if any(array.dtype not in KINDS for array in arrays.values()):
            raise ValueError("an array's kind")
        return _from_json(structure, arrays, _DEPTH)
    except (struct.error, ValueError, TypeError, KeyError, RecursionError, MemoryError, SafetensorError) as error:
        raise BadValue("something came that is no message of values") from error


def _as_json(value: Any, arrays: dict[str, np.ndarray], depth: int) -> Any:
    """JSON for the structure; each array goes into `arrays` and leaves its number."""
    if depth == 0:
        raise BadValue(f"lists within lists came, {_DEPTH} deep or more, expected fewer")
    if value is None or type(value) in (bool, float, str):
        return value
    if type(value) is int:
        if abs(value) >= _LARGEST:
            raise BadValue("a whole number of more than 64 bits came, expected a smaller one")
        return value
    if type(value) is list:
        return {"list": [_as_json(part, arrays, depth - 1) for part in value]}
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
        number = str(len(arrays))
        # safetensors takes memory as it lies there, whatever the order of the axes
        arrays[number] = np.ascontiguousarray(array, dtype=plain).reshape(array.shape)
        return {"array": number}
    raise BadValue(f"a value of type {type(value).__name__} came, expected arrays, numbers or text")


def _from_json(structure: Any, arrays: dict[str, np.ndarray], depth: int) -> Any:
    if depth == 0:
        raise ValueError("too deep")
    if not isinstance(structure, dict):
        if isinstance(structure, list):
            raise ValueError("a list without a name")
        return structure
    ((kind, content),) = structure.items()
    if kind == "array":
        return arrays.pop(content)  # pop: two places never share an array
    if kind == "dict":
        return {name: _from_json(part, arrays, depth - 1) for name, part in content.items()}
    if kind not in ("list", "tuple") or not isinstance(content, list):
        raise ValueError("an unknown kind")
    parts = [_from_json(part, arrays, depth - 1) for part in content]
    return tuple(parts) if kind == "tuple" else parts
