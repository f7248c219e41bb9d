"""Models as plain values, their classes and sizes, and models built of those: what a file needs to open without code.

Shared by both frameworks. A class is written by its name and looked up among those that a framework names, so that a
file from a stranger builds nothing else.
"""

import inspect
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

Kinds = dict[str, tuple[type, dict[str, str] | None]]
"""The name of each class → the class, and of which arguments it is made: argument → attribute; None for its own."""


def describe(layer, kinds: Kinds) -> dict:
    """A layer or model as a dict of plain values, the layers in it as dicts, too.

    >>> class Half:
    ...     def __init__(self, size):
    ...         self.size = size
    >>> describe(Half(3), {"Half": (Half, None)})
    {'kind': 'Half', 'size': 3}
    """
    kind = next((name for name, (cls, _) in kinds.items() if type(layer) is cls), None)
    if kind is None:
        raise TypeError(
            f"A {type(layer).__name__} cannot be saved with its sizes, expected one of {', '.join(kinds)}: "
            "save its weights by checkpoints.save(path, weights.dump(model))."
        )
    cls, attributes = kinds[kind]
    attributes = attributes or {name: name for name in inspect.signature(cls).parameters if hasattr(layer, name)}
    return {"kind": kind} | {name: _plain(getattr(layer, of), kinds) for name, of in attributes.items()}


def build(description: dict, kinds: Kinds) -> Any:
    """The layer or model that was described, with new weights.

    >>> build({"kind": "nn.GRU"}, {"RNN": (dict, None)})
    Traceback (most recent call last):
    ValueError: The file has a nn.GRU, expected one of RNN: open it in the framework that it was saved in.
    """
    if isinstance(description, list):
        return [build(part, kinds) for part in description]
    if not isinstance(description, dict):
        return description
    if description.get("kind") not in kinds:
        raise ValueError(
            f"The file has a {description.get('kind')}, expected one of {', '.join(kinds)}: "
            "open it in the framework that it was saved in."
        )
    cls, _ = kinds[description["kind"]]
    return cls(**{name: build(value, kinds) for name, value in description.items() if name != "kind"})


def _plain(value, kinds: Kinds):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    for share in ("p", "rate"):  # a layer of dropout
        if hasattr(value, share):
            return getattr(value, share)
    return [_plain(part, kinds) for part in value] if isinstance(value, Iterable) else describe(value, kinds)
