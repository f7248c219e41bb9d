"""Where a question's inputs are drawn from: the instructor's secret, and what the student's code does.

A dictionary of the numbers that an earlier message told is other code, so it is asked on other inputs. What changes no
more than how the code looks (layout, comments, names of variables) draws the same inputs, so nobody is dealt a new hand
for a blank. Only where code could look at itself does every letter count: numbers might be hidden in how it looks.
"""

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

_MOST_CODE = 100_000  # characters of a cell that are parsed; code that is longer counts as it stands
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_NAMED = {ast.Name: "id", ast.arg: "arg", ast.ExceptHandler: "name"}  # functions' and classes' names can be printed
_LOOKS_AT_ITSELF = re.compile(  # words by which code gets at its text, its lines or its variables' names
    r"\b(?:except|ast|breakpoint|compile|ctypes|dir|dis|eval|exec|exc_info|gc|get_ipython|getattr|help|importlib"
    r"|inspect|linecache|locals|logging|marshal|open|os|pathlib|pdb|pickle|shutil|sys|tokenize|traceback|vars|warnings)\b"
    r"|\b(?:ag|co|cr|f|gi|tb)_\w+|_getframe|lineno"
    r"|__(?!init__|call__|len__|getitem__|iter__|next__|enter__|exit__|name__|future__)\w+__"
)


def seed(secret: bytes, assignment: str, question: str, code: str = "") -> int:
    """The seed of a question's inputs, which cannot be guessed without the secret.

    Args:
        secret: the instructor's.
        assignment, question: their names.
        code: `code_hash` of what is run; the same for everybody if empty.

    >>> seed(b"s", "a2_gru", "gru_step") == seed(b"s", "a2_gru", "unroll")
    False
    """
    whole = b"\0".join((secret, assignment.encode(), question.encode(), code.encode()))
    return int.from_bytes(hashlib.sha256(whole).digest(), "big")


def fingerprint(secret: bytes) -> str:
    """SHA-256 that tells one secret from another and reveals none: it has 256 bits that nobody can try."""
    return hashlib.sha256(b"fingerprint\0" + secret).hexdigest()


def code_hash(cells: Iterable[str], written: Iterable[str] | None = None) -> str:
    r"""SHA-256 of what the cells do, however it is written; docstrings count, because code can read them.

    Args:
        cells: the source of each, in the order in which they run.
        written: those of the student's own; all if None. If one of them could look at itself, the sources count.

    >>> code_hash(["def f(x):\n  return 2*x"]) == code_hash(["def f(a):  # twice\n\n    return (2 * a)"])
    True
    >>> code_hash(["x = 2"]) == code_hash(["x = 3"])
    False
    """
    whole, cells = hashlib.sha256(), list(cells)
    as_it_does = not any(map(_LOOKS_AT_ITSELF.search, cells if written is None else written))
    for source in cells:
        text = _text(source) if as_it_does else source
        whole.update(f"{len(text)}\n".encode() + text.encode("utf-8", "surrogatepass"))
    return whole.hexdigest()


def _text(source: str) -> str:
    """A cell's syntax tree as text; where it has none, or one that is too long or too deep, its lines."""
    if len(source) <= _MOST_CODE:
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            return _written(ast.parse(source), {})
    return "\n".join(line.rstrip() for line in source.splitlines() if line.strip())


def _written(node: object, names: Mapping[str, str]) -> str:
    """A tree as text, the same under each Python (`ast.dump` is not), with other names for some.

    What a function calls its parameters and variables is v0, v1, … in the order in which they come up.
    """
    if isinstance(node, list):
        return f"[{','.join(_written(part, names) for part in node)}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = {name: part for name, part in ast.iter_fields(node) if part is not None and part != []}
    named = _NAMED.get(type(node))
    if named in fields:
        fields[named] = names.get(fields[named], fields[named])
    if isinstance(node, ast.ClassDef):  # what it calls things are their names, to be read by everybody
        names = {}
    if isinstance(node, _SCOPES):
        own = dict.fromkeys(_own(node))
        names = {**names, **{name: f"v{len(names) + number}" for number, name in enumerate(own)}}
    return f"{type(node).__name__}({','.join(f'{name}={_written(part, names)}' for name, part in fields.items())})"


def _own(function: ast.AST) -> Iterator[str]:
    """What a function's parameters and variables are called; another function's or a class's inside it are not its."""
    left = list(ast.iter_child_nodes(function))
    while left:
        node = left.pop(0)
        if (named := _NAMED.get(type(node))) and not isinstance(getattr(node, "ctx", None), (ast.Load, ast.Del)):
            yield getattr(node, named)
        if not isinstance(node, (*_SCOPES, ast.ClassDef)):
            left += ast.iter_child_nodes(node)
