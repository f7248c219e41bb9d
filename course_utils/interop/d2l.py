"""The package of *Dive into Deep Learning* (d2l 1.0.3), imported on today's libraries.

d2l pins versions from 2022, so the course installs it without its dependencies, and what is missing of those for its
chapters on pictures (torchvision) or on Gaussian processes (SciPy) is replaced by a stand-in while it is imported.
The recurrent networks, the text data and the trainer need neither.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

__all__ = ["INSTALL", "load"]

INSTALL = "python -m pip install --no-deps d2l==1.0.3"
# What d2l.torch imports at its top and no text function uses.
_DISPENSABLE = ("torchvision", "scipy.spatial", "pandas")


class _StandIn(ModuleType):
    """Takes an absent module's place: any name can be taken from it, and using one says what is missing."""

    def __getattr__(self, name: str) -> "_StandIn":
        if name.startswith("__"):  # Python's own questions get the honest answer: there is no such thing
            raise AttributeError(name)
        return _StandIn(f"{self.__name__}.{name}")

    def __call__(self, *args: object, **kwargs: object) -> None:
        package = self.__name__.partition(".")[0]
        raise ModuleNotFoundError(
            f"this part of d2l calls {self.__name__}, and {package} is not installed or does not import here; "
            f"mend it with: python -m pip install {package}"
        )


def _imports(module: str) -> bool:
    try:
        import_module(module)
    except (ImportError, RuntimeError):  # RuntimeError: a torchvision that was built for another PyTorch
        return False
    return True


@contextmanager
def _stand_ins() -> Iterator[None]:
    """Fill `sys.modules` where a dispensable module does not import, and take the fillings out again at the end."""
    missing = [module for module in _DISPENSABLE if not _imports(module)]
    packages = [module.partition(".")[0] for module in missing]
    fillings = {name: _StandIn(name) for name in packages + missing if name not in sys.modules}
    sys.modules.update(fillings)
    try:
        yield
    finally:  # a stand-in that stayed would make other libraries believe that the real module is there
        for name in fillings:
            del sys.modules[name]


def load(framework: str = "torch") -> ModuleType:
    """Return the module `d2l.torch` or `d2l.tensorflow`, as it is: what of it fails is for the caller to mend.

    Args:
        framework: "torch" or "tensorflow".

    Raises:
        ModuleNotFoundError: d2l or the framework is not installed; the message says how to install it.

    >>> d2l = load("torch")  # doctest: +SKIP
    >>> d2l.RNN(num_inputs=3, num_hiddens=5)  # doctest: +SKIP
    RNN(
      (rnn): RNN(3, 5)
    )
    """
    if framework not in ("torch", "tensorflow"):
        raise ValueError(f"framework is {framework!r}: give 'torch' or 'tensorflow'.")
    for package, install in {"d2l": INSTALL, framework: f"python -m pip install {framework}"}.items():
        if find_spec(package) is None:
            raise ModuleNotFoundError(f"the bridge to d2l needs {package}, which is not installed; run: {install}")
    with _stand_ins():
        return import_module(f"d2l.{framework}")
