"""The rules of the house: what is imported when, and one interface for both frameworks."""

import ast
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from clocks import HANG_SECONDS

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "course_utils"
FRAMEWORKS = ("torch", "tensorflow", "keras")


def python(script, *arguments, **environment):
    """What a fresh Python prints that runs `script`."""
    command = [sys.executable, "-W", "error::UserWarning", "-c", script, *arguments]
    options = {"cwd": ROOT, "env": os.environ | environment, "timeout": HANG_SECONDS}
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def modules(*left_out):
    """The names of the package's modules, but for those of the folders left out."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if not {*parts} & {*left_out}:
            yield ".".join(parts).removesuffix(".__init__")


def test_only_two_folders_load_a_framework():
    names = list(modules("torch", "tensorflow"))
    assert {"course_utils", "course_utils.datasets.text", "course_utils.plotting", "course_utils.cli"} <= {*names}
    loaded = python(
        f"import importlib, sys\nfor name in {names}: importlib.import_module(name)\n"
        f"print([name for name in {FRAMEWORKS} if name in sys.modules])"
    )
    assert loaded == "[]\n"


def test_the_package_is_imported_at_once():
    script = "import time; t = time.process_time(); import course_utils; print(time.process_time() - t)"
    assert min(float(python(script)) for _ in range(3)) < 0.3


ABSENT = """
import importlib, sys
from importlib.machinery import PathFinder

find_spec = PathFinder.find_spec
PathFinder.find_spec = lambda name, *rest: None if name.partition(".")[0] == sys.argv[1] else find_spec(name, *rest)
from course_utils import datasets, plotting

try:
    importlib.import_module("course_utils." + sys.argv[2])
except ImportError as error:
    print(error)
course = importlib.import_module("course_utils." + sys.argv[3])
rnn = course.RNN(7, 5)
print(course.generate(course.RNNLM(rnn, 7), "a", 0, datasets.Vocab(["a"])), len(course.weights.dump(rnn)))
"""
SAID = {
    "torch": "PyTorch is not installed, and course_utils.torch needs it: "
    "run `pip install torch`, or use course_utils.tensorflow.",
    "tensorflow": "TensorFlow is not installed, and course_utils.tensorflow needs it: "
    "run `pip install tensorflow`, or use course_utils.torch.",
}


@pytest.mark.parametrize(("absent", "present"), [("torch", "tensorflow"), ("tensorflow", "torch")])
def test_one_framework_is_enough(absent, present):
    pytest.importorskip(present, reason=f"{present} is not installed")
    assert python(ABSENT, absent, absent, present) == f"{SAID[absent]}\na 3\n"


@pytest.fixture(scope="module")
def both(pytorch, tensorflow):
    return pytorch.course, tensorflow.course


def parameters(function):
    """Names, kinds and defaults; the types are each framework's own."""
    found = inspect.signature(function).parameters.values()
    return [(parameter.name, parameter.kind, parameter.default) for parameter in found]


def public_functions(thing):
    """The functions of a class or a module by name, those that begin with an underscore left out."""
    return {name: value for name, value in vars(thing).items() if name[0] != "_" and inspect.isfunction(value)}


def interface(thing):
    """The parameters of all that a user may call: a function, a class with its methods, a module with its functions."""
    if isinstance(thing, ModuleType):
        own = {name: value for name, value in public_functions(thing).items() if value.__module__ == thing.__name__}
    elif inspect.isclass(thing):
        own = {"()": thing.__init__} | public_functions(thing)
        own.pop("build", None)  # Keras' way to make weights late
    else:
        own = {"()": thing}
    found = {name: parameters(function) for name, function in own.items()}
    if "call" in found:  # Keras' name for forward, which is told at each call whether the model is being trained
        found["forward"] = [parameter for parameter in found.pop("call") if parameter[0] != "training"]
    return found


def test_both_frameworks_have_the_same_names_and_signatures(both):
    torch, tensorflow = both
    assert torch.__all__ == tensorflow.__all__
    for name in torch.__all__:
        assert interface(getattr(torch, name)) == interface(getattr(tensorflow, name)), name


def test_both_frameworks_have_the_same_modules():
    names = [sorted(path.name for path in (PACKAGE / side).glob("*.py")) for side in ("torch", "tensorflow")]
    assert names[0] == names[1]


def own_files(*endings):
    """The project's files: all that git knows or would take in."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("the files are not in a git repository")
    return [path for name in listed if name.endswith(endings) and (path := ROOT / name).is_file()]


def test_no_module_imports_a_private_name():  # ruff's SLF001 sees `module._name`, and no rule of ruff's sees this
    private = re.compile(r"\b_[a-z]")
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(alias.name for alias in node.names)]
                assert not [name for name in names if private.search(name)], f"{path}, line {node.lineno}: {names}"


def test_nothing_speaks_of_how_the_project_is_made():
    # each pattern is written so that it does not match itself
    unwanted = re.compile(r"[.][.]/shared|/wor[k]/|\b(design|facts|lessons|models)[.]md\b|\bseed (document|file)s?\b")
    for path in own_files(".py", ".md", ".ipynb", ".toml", ".yml", ".txt", ".lock", "Makefile"):
        assert not (found := unwanted.search(path.read_text("utf-8"))), f"{path}: {found}"
