"""pyproject.toml, requirements.lock and environment.yml agree, and declare what is imported."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from itertools import product
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from course_utils.interop.d2l import INSTALL
from course_utils.workshop import doctor

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
EXTRAS = PROJECT["optional-dependencies"]
PLATFORMS = {
    "Linux": {"sys_platform": "linux", "os_name": "posix", "platform_machine": "x86_64"},
    "Linux on ARM": {"sys_platform": "linux", "os_name": "posix", "platform_machine": "aarch64"},
    "macOS": {"sys_platform": "darwin", "os_name": "posix", "platform_machine": "arm64"},
    "Windows": {"sys_platform": "win32", "os_name": "nt", "platform_machine": "AMD64"},
}
PYTHONS = ("3.11", "3.12", "3.13")


def pins(environment):
    """The lock's versions on one kind of machine, by name."""
    found = {}
    for need in map(Requirement, LOCK):
        if need.marker is None or need.marker.evaluate(environment):
            name = canonicalize_name(need.name)
            assert name not in found, f"{name} is pinned twice there"
            [pin] = need.specifier
            found[name] = pin.version
    return found


def test_the_lock_pins_exact_versions_and_names_no_place():
    for line in LOCK:
        need = Requirement(line)
        assert [pin.operator for pin in need.specifier] == ["=="], line
        assert not re.search(r"[:/@*+]|\.whl|--", line), line
        assert not need.name.startswith(("nvidia", "cuda", "triton")), f"{line}: torch asks for it where it uses it"


@pytest.mark.parametrize(("platform", "python"), [*product(PLATFORMS, PYTHONS)])
def test_every_pin_is_at_or_above_its_floor(platform, python):
    environment = {**PLATFORMS[platform], "python_version": python, "python_full_version": f"{python}.9"}
    pinned = pins(environment)
    for line in [*PROJECT["dependencies"], *(line for extra in EXTRAS.values() for line in extra)]:
        need = Requirement(line)
        if need.marker is None or need.marker.evaluate(environment):
            assert need.specifier.contains(pinned[canonicalize_name(need.name)]), line
    flavours = {"tensorflow", "tensorflow-cpu"} & set(pinned)
    assert flavours == ({"tensorflow-cpu"} if platform in {"Linux", "Windows"} else {"tensorflow"})
    assert {"pip", "torch", "keras", "flit-core"} <= set(pinned)


def test_conda_has_python_and_pip_and_leaves_the_rest_to_the_lock():
    assert set(CONDA) == {"name", "channels", "dependencies"}
    *conda, by_pip = CONDA["dependencies"]
    assert conda == [f"python{PROJECT['requires-python']}", "pip"]
    assert by_pip == {"pip": LOCK}


def test_floors_are_no_pins():
    for need in map(Requirement, [*PROJECT["dependencies"], *(line for extra in EXTRAS.values() for line in extra)]):
        assert [each.operator for each in need.specifier] == [">="], (
            f"{need}: a floor, so that other courses fit beside"
        )


def test_all_mean_the_same_pythons():
    declared = SpecifierSet(PROJECT["requires-python"])
    versions = [(3, minor) for minor in range(9, 20) if declared.contains(f"3.{minor}.1")]
    assert versions == [tuple(map(int, python.split("."))) for python in PYTHONS]
    assert (versions[0], versions[-1]) == doctor.PYTHONS
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == list(PYTHONS)


def test_all_mean_the_same_d2l():
    texts = [(ROOT / name).read_text("utf-8") for name in ("Makefile", "README.md", "environment.yml")]
    assert {re.search(r"--no-deps (d2l==\S+)", text)[1] for text in [*texts, INSTALL]} == {"d2l==1.0.3"}


@pytest.mark.network
@pytest.mark.skipif(os.environ.get("COURSE_RESOLVE") != "1", reason="asks the package index; COURSE_RESOLVE=1 wants it")
def test_pip_resolves_what_conda_hands_it(tmp_path):
    wanted = tmp_path / "wanted.txt"
    wanted.write_text("\n".join(CONDA["dependencies"][-1]["pip"]), "utf-8")
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--only-binary", ":all:"]
    pip = subprocess.run([*command, "-r", str(wanted)], capture_output=True, text=True)
    assert pip.returncode == 0, pip.stderr


def imports():
    """Each (module, package): a module of ours and a package that it imports, which is not of the standard library."""
    found = set()
    for path in (ROOT / "course_utils").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            found |= {(path.relative_to(ROOT / "course_utils"), name.partition(".")[0]) for name in names}
    return sorted(pair for pair in found if pair[1] not in {*sys.stdlib_module_names, "course_utils"})


def test_what_is_imported_is_declared():
    carriers = packages_distributions()
    for module, package in imports():
        place = module.stem if "backends" in module.parts else module.parts[0]
        extra = {"workshop": "dev", "experiments.py": "dev"}.get(place, place)  # of the same name, if there is one
        extra = "site" if "site" in module.parts else extra
        declared = {
            canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"] + EXTRAS.get(extra, [])
        }
        assert declared & {canonicalize_name(each) for each in carriers.get(package, [package])}, (
            f"{module} imports {package}: declare it in pyproject.toml, then make lock"
        )


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("repro.py", "import torch"),
        ("metrics.py", "def late():\n    import keras"),
        ("datasets/text.py", "from course_utils.torch import RNN"),
        ("torch/cells.py", "import tensorflow as tf"),
        ("tensorflow/stray.py", "from course_utils.torch.cells import RNN"),
        ("stray.py", "import tensorflow"),
        ("datasets/stray.py", "from course_utils.interop import d2l"),
        ("torch/stray.py", "from course_utils.assignments import nested"),
        ("assignments/stray.py", "from course_utils.workshop import chapters"),
        # a students' copy is without the grader, and without the rule about it
        *[("workshop/stray.py", "from course_utils.grading import limits")] * (ROOT / "course_utils/grading").is_dir(),
    ],
)
def test_the_import_rules_notice(tmp_path, module, line):
    shutil.copytree(ROOT / "course_utils", tmp_path / "course_utils", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with open(tmp_path / "course_utils" / module, "a", encoding="utf-8") as out:
        out.write(f"\n{line}\n")
    broken = import_rules(tmp_path)
    assert broken.returncode == 1
    assert "BROKEN" in broken.stdout


def test_the_import_rules_are_kept():
    assert import_rules(ROOT).returncode == 0


def import_rules(folder):
    check = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    return subprocess.run(check, cwd=folder, capture_output=True, text=True)


def test_the_workflows_and_the_hooks_are_valid():
    def tool(name):
        return str(Path(sys.executable).with_name(name))

    names = [str(path) for path in sorted((ROOT / ".github/workflows").glob("*.yml"))]
    workflows = [tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *names]
    for command in (workflows, [tool("pre-commit"), "validate-config"]):
        checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout + checked.stderr
