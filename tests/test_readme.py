"""README says what is so: its program runs, in both frameworks, and what it shows and links to is there."""

import re
from pathlib import Path

import pytest

from course_utils.datasets import sources

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
[PROGRAM] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_package_is_as_long_as_is_said():
    said = int(re.search(r"about ([\d,]+) lines that one can read", README)[1].replace(",", ""))
    package = ROOT / "course_utils"
    read = [path for path in package.rglob("*.py") if path.relative_to(package).parts[0] not in ("workshop", "grading")]
    lines = sum(len(path.read_text("utf-8").splitlines()) for path in read)
    assert abs(lines - said) < 500, f"it has {lines}"


@pytest.mark.parametrize("framework", ["torch", "tensorflow"])
def test_the_program_runs_in_both_frameworks(framework, capsys):
    pytest.importorskip(framework, reason=f"{framework} is not installed")
    if sources.status("alice") != "OK":
        pytest.skip("the data are not here: course data fetch")
    program = PROGRAM.replace("course_utils.torch", f"course_utils.{framework}").replace("max_epochs=5", "max_epochs=1")
    assert f"from course_utils.{framework} import" in program
    assert "max_epochs=1" in program
    names = {}
    exec(compile(program, "README.md", "exec"), names)
    captured = capsys.readouterr()
    written = captured.out.splitlines()[-1]
    assert written.startswith("alice was ")
    assert len(written) == len("alice was ") + 80
    assert captured.err == ""


def test_what_it_links_to_is_there():
    links = re.findall(r"\]\(([^)]+)\)", README + (ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    links += re.findall(r"`((?:chapters|course_utils|results)/[^`]*)`", README)
    missing = [link for link in links if not link.startswith("http") and not (ROOT / link).exists()]
    assert missing == []
