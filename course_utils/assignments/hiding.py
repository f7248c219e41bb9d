"""Names that a question forbids: using one of them while it is checked raises `Forbidden`.

With a ready-made layer, the functions that compute it are hidden at all their addresses. It keeps honest people honest:
whoever digs in a process of their own can find each of them again.
"""

import functools
import importlib
import inspect
import re
import sys
import types
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from unittest import mock

from course_utils.assignments.errors import Forbidden

_ENTRANCES = ("__init__", "__call__", "forward", "call", "step")
_LAYER = re.compile(r"(GRU|LSTM|RNN|Attention|attention)(Cell)?$")
_KERNELS = "torch._C._VariableFunctions"  # where PyTorch keeps its functions; nothing there can be replaced singly
_TORCH = ("torch", "torch._VF")  # where else it shows them
_LAYERS = ("torch._C._nn", "torch.nn.functional")  # where it keeps others, and shows them
_OPERATORS = ("torch._ops.OpOverload", "torch._ops.OpOverloadPacket")  # classes of what is in torch.ops
_TENSORFLOW = (
    "tensorflow._api.v2.raw_ops",
    "tensorflow._api.v2.compat.v1.raw_ops",
    "tensorflow._api.v2.compat.v2.raw_ops",
    "tensorflow.python.ops.gen_rnn_ops",
)
_GENERATED = re.compile(r"tensorflow\.(?:_api\.v2\.(?:compat\.v[12]\.)?raw_ops|python\.ops\.gen_\w+_ops)$")
_TWINS = {"keras.": ("keras._tf_keras.keras.",), "tensorflow.": ("tensorflow.compat.v1.", "tensorflow.compat.v2.")}
_FRAMEWORKS = ("torch", "keras", "tensorflow")
_WORD = re.compile(r"\w+")
_WAYS_AROUND = frozenset(
    "_VF _VariableFunctions _VariableFunctionsClass _jit_get_operation _get_operation_overload _op aten decompose "
    "redispatch jit fx make_fx export _dynamo _decomp _prims _refs quantized quantizable reload gen_rnn_ops raw_ops "
    "execute pywrap_tfe TFE_Py_FastPathExecute TFE_Py_Execute GraphDef import_graph_def wrap_function "
    "get_concrete_function saved_model ctypes gc getattr __closure__ __globals__ __import__ __subclasses__ "
    "import_module cell_contents f_back f_globals pickle copyreg vars flex_attention "
    "_transformer_encoder_layer_fwd mkldnn_rnn_layer dynamic_rnn".split()
)
_DEFINED = (type, types.FunctionType, types.BuiltinFunctionType)
_seen = (0, "")  # how many modules there were, and which stood last
_indexed: dict[str, int] = {}
_by_name: dict[str, list[str]] = {}
_by_object: dict[int, list[str]] = {}
_known: dict[str, tuple[int, tuple[str, ...]]] = {}
_hidden_now: set[str] = set()
_guards: set[Callable] = set()


@contextmanager
def hidden(names: Iterable[str], namespace: dict[str, Any]) -> Iterator[None]:
    """Hide names of modules that are loaded. A class is closed from inside, so under every other name, too.

    Args:
        names: dotted names of classes or functions, such as "torch.nn.GRU"; a module with such names that is not loaded
            cannot be loaded meanwhile, unless it is the course's.
        namespace: the globals of the student's functions, into which a function may have been imported.

    >>> import math; from math import prod
    >>> with hidden(["math.prod"], globals()): prod([2, 3])
    Traceback (most recent call last):
    course_utils.assignments.errors.Forbidden: math.prod is hidden in this question: write it yourself.
    >>> prod([2, 3])
    6
    """
    names = list(names)
    with ExitStack() as stack:
        for module in courses(names, sys.modules):  # or a function could load them, with nothing hidden there
            with suppress(ImportError):
                importlib.import_module(module)
        stack.enter_context(mock.patch.object(sys, "meta_path", [_Refusing(names), *sys.meta_path]))
        found = list(dict.fromkeys(address for name in names for address in addresses(name)))
        new = {*found} - _hidden_now
        _hidden_now.update(new)
        stack.callback(_hidden_now.difference_update, new)
        for address in reversed(found):  # what has two addresses is called by the first of them
            _hide(stack, address, namespace)
        if found:  # a module that is loaded anew has none of this
            stack.enter_context(mock.patch.object(importlib, "reload", _refusing("importlib.reload")))
        if closed := {last for address in found if (last := _kernel(address))}:
            _close(stack, closed)
        yield


def guard(names: Iterable[str]) -> None:
    """Replace functions for good by ones that refuse while their name is hidden, however a student has kept them.

    For a process in which nothing but a student's notebook will run, before it runs.
    """
    for name in names:
        for address in addresses(name):
            thing, module, last = _find(address)
            if callable(thing) and not isinstance(thing, type) and thing not in _guards:
                setattr(module, last, _guarded(address, thing))


def addresses(name: str) -> list[str]:
    """A name, and where else the same function, or those that a layer computes with, can be had.

    >>> addresses("math.prod")
    ['math.prod']
    """
    if name.startswith(("keras.", "tensorflow.")) and "tensorflow" in sys.modules:
        with suppress(ImportError):
            importlib.import_module(_TENSORFLOW[0])  # TensorFlow loads it only when somebody asks for it
    scan = index()
    at, known = _known.get(name, (-1, ()))
    if at != scan:  # what was known before stays: it may be guarded by now
        _known[name] = scan, tuple(dict.fromkeys((*known, *_addresses(name))))
    return list(_known[name][1])


def _addresses(name: str) -> list[str]:
    found, (place, _, last) = [name], name.rpartition(".")
    kernels, layer = dir(_find(_KERNELS)[0]), _LAYER.search(last)
    stem = re.sub(r"\d+d$", "", last.lower()).replace("_", "")
    part = layer[1].lower() if layer else ""
    if place in _TORCH and last in kernels:
        found += [f"{each}.{last}" for each in _TORCH]
    elif part and name.startswith("torch."):
        found += [f"{each}.{kernel}" for kernel in kernels if _computes(kernel, part) for each in _TORCH]
        found += [f"{each}.{f}" for each in _LAYERS for f in dir(_find(each)[0]) if _computes(f, part)]
    elif part and name.startswith(("keras.", "tensorflow.")):
        for module in filter(sys.modules.get, _TENSORFLOW):
            found += [f"{module}.{each}" for each in dir(sys.modules[module]) if _computes(each, part)]
    elif name.startswith("torch."):
        found += [f"torch.{kernel}" for kernel in kernels if stem in kernel.replace("_", "")]
        found += [f"{each}.{f}" for each in _LAYERS for f in dir(_find(each)[0]) if stem in f.replace("_", "")]
    elif name.startswith(("keras.", "tensorflow.")):
        for module in filter(_GENERATED.match, list(sys.modules)):
            raw = [each for each in dir(sys.modules[module]) if each[0].isupper() and not each.startswith("TV_")]
            found += [f"{module}.{each}" for each in raw if stem in each.lower()]
    found += [f"{twin}{name[len(start) :]}" for start in _TWINS if name.startswith(start) for twin in _TWINS[start]]
    if name.partition(".")[0] in _FRAMEWORKS:
        found += [*_by_name.get(last, ()), *_by_object.get(id(_find(name)[0]), ())]
    return found


def index() -> int:
    """Note where the frameworks' modules have functions and classes; the number of modules that were looked through.

    It takes a while the first time, and then only where modules were loaded since: these stand last.
    """
    global _seen
    if _seen == (seen := (len(sys.modules), next(reversed(sys.modules)))):
        return len(_indexed)
    _seen = seen
    for module, loaded in list(sys.modules.items()):
        if module.partition(".")[0] not in _FRAMEWORKS or _indexed.get(module) == id(loaded):
            continue
        _indexed[module] = id(loaded)
        for name, value in list(getattr(loaded, "__dict__", {}).items()):
            if issubclass(type(value), _DEFINED):  # `isinstance` would ask some of them, and they warn
                _by_name.setdefault(name.lstrip("_"), []).append(f"{module}.{name}")
                _by_object.setdefault(id(value), []).append(f"{module}.{name}")
    return len(_indexed)


def courses(names: Iterable[str], loaded: Container[str]) -> list[str]:
    """The course's own modules that have some of these names, in a process in which these frameworks are loaded.

    >>> courses(["course_utils.torch.GRU", "course_utils.tensorflow.GRU", "torch.nn.GRU"], ["torch"])
    ['course_utils.torch']
    """
    places = {name.rpartition(".")[0] for name in names if name.startswith("course_utils.")}
    return sorted(
        place for place in places if all(each in loaded for each in _FRAMEWORKS if each in place.split(".")[1:2])
    )


class _Refusing:
    """Refuses to find modules with hidden names: loaded only now, they would be open."""

    def __init__(self, names: Iterable[str]):
        places = {name.rpartition(".")[0]: name for name in names if _find(name)[0] is None}
        self._refused = {place: name for place, name in places.items() if place not in sys.modules}

    def find_spec(self, name: str, *_: Any) -> None:
        if name in self._refused:
            raise Forbidden(self._refused[name])


def named_in(source: str, names: Iterable[str], own: Iterable[str] = ()) -> list[str]:
    """Which forbidden names a source has, or a way to them that leads around the hiding; for a person to look at.

    Args:
        source: a student's answer.
        names: dotted, what the question forbids.
        own: what the answer itself defines; a forbidden function may have the same name.

    >>> named_in("from torch import gru_cell as f  # no nn.GRU", ["torch.nn.GRU", "torch.gru_cell"])
    ['GRU', 'gru_cell']
    """
    lasts = {address.rpartition(".")[2] for name in names for address in addresses(name)}
    wanted = (lasts | _WAYS_AROUND if lasts else lasts) - set(own)
    return sorted(wanted.intersection(_WORD.findall(source)))


def _computes(function: str, part: str) -> bool:
    """Whether a function of a framework computes a layer of this kind, "gru", "lstm", "rnn" or "attention"."""
    if function.startswith("__"):
        return False
    name = function.lower()
    return part in name or (part != "attention" and re.search("cudnn_?rnn|rnn_layer", name) is not None)


def _find(name: str) -> tuple[Any, Any, str]:
    """What a dotted name stands for, None if there is no such thing, and where it is and what it is called there."""
    path, _, last = name.rpartition(".")
    module, rest = path, []
    while module and module not in sys.modules:
        module, _, part = module.rpartition(".")
        rest.insert(0, part)
    try:
        place = functools.reduce(getattr, rest, sys.modules[module])
        return getattr(place, last), place, last
    except (KeyError, AttributeError, RuntimeError):
        return None, None, last


def _kernel(address: str) -> str:
    """The name of a PyTorch's function, or "" if it is none."""
    place, _, last = address.rpartition(".")
    return last if place == _LAYERS[0] or (place in _TORCH and hasattr(_find(_KERNELS)[0], last)) else ""


def _close(stack: ExitStack, closed: set[str]) -> None:
    """Close functions of PyTorch's where they are kept, and in `torch.ops`."""
    kernels = _Kernels(_find(_KERNELS)[0], closed)
    for name in ("_VariableFunctions", "_VariableFunctionsClass"):
        stack.enter_context(mock.patch.object(sys.modules["torch._C"], name, kernels))
    for name in ("_jit_get_operation", "_get_operation_overload"):
        stack.enter_context(mock.patch.object(sys.modules["torch._C"], name, _asking(name, closed)))
    stack.enter_context(mock.patch.object(sys.modules["torch._VF"], "vf", kernels))

    def checking(call: Callable) -> Callable:
        def checked(self: Any, /, *args: Any, **kwargs: Any) -> Any:  # self is called "aten.gru_cell.input"
            if (last := str(self).split(".")[1]) in closed:
                raise Forbidden(f"torch.{last}")
            return call(self, *args, **kwargs)

        return checked

    for each in _OPERATORS:
        kind = _find(each)[0]
        stack.enter_context(mock.patch.object(kind, "__call__", checking(kind.__call__)))


def _asking(name: str, closed: set[str]) -> Callable:
    """The function of PyTorch's that finds an operator by its name, but for those that are closed."""
    ask = getattr(sys.modules["torch._C"], name)

    def asked(operator: str, *args: Any) -> Any:
        if (last := operator.rpartition("::")[2]) in closed:
            raise Forbidden(f"torch.{last}")
        return ask(operator, *args)

    return asked


class _Kernels:
    """PyTorch's functions but for those that are closed."""

    def __init__(self, kernels: Any, closed: set[str]):
        self._kernels, self._closed = kernels, closed

    def __getattr__(self, last: str) -> Any:
        return _refusing(f"torch.{last}") if last in self._closed else getattr(self._kernels, last)


def _refusing(name: str) -> Callable:
    def refuse(self: Any = None, *args: Any, **kwargs: Any) -> Any:  # Keras looks for the first argument's name
        raise Forbidden(name)

    return refuse


def _guarded(address: str, thing: Callable) -> Callable:
    def call(*args: Any, **kwargs: Any) -> Any:
        if address in _hidden_now:
            raise Forbidden(address)
        return thing(*args, **kwargs)

    with suppress(ValueError, TypeError):  # of what is not written in Python
        call.__signature__ = inspect.signature(thing)
    functools.update_wrapper(call, thing)
    del call.__wrapped__  # which would be the function itself
    _guards.add(call)
    return call


def _hide(stack: ExitStack, address: str, namespace: dict[str, Any]) -> None:
    thing, module, last = _find(address)
    if thing is None or (isinstance(thing, types.FunctionType) and thing in _guards):
        return
    refuse = _refusing(address)
    if isinstance(thing, type):
        for entrance in _ENTRANCES:
            if hasattr(thing, entrance):
                stack.enter_context(mock.patch.object(thing, entrance, refuse))
        return
    stack.enter_context(mock.patch.object(module, last, refuse))
    for alias in [alias for alias, value in namespace.items() if value is thing]:
        namespace[alias] = refuse
        stack.callback(namespace.__setitem__, alias, thing)
