"""What a student learns before handing in: the same that grading will find."""

import json
import shutil
import subprocess
import sys

import pytest
from grading_toy import HONEST, as_bytes, cell, honest, notebook, write_assignment

from course_utils.assignments import AssignmentError, check_submission, load_assignment, recording
from course_utils.assignments.released import HANDED_OUT

FRAMEWORKS = ("torch", "tensorflow")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The assignment as a student has it, with its checks."""
    root = tmp_path_factory.mktemp("course")
    masters = load_assignment(write_assignment(root))
    folder = root / "assignments" / "toy"
    for question in masters.questions:
        if question.declared:
            recording.write(recording.record(question.declared), folder / "checks")
    for framework in FRAMEWORKS:
        shutil.copy(folder / f"{framework}.ipynb", folder / "checks" / HANDED_OUT.format(framework=framework))
    return folder


def said(folder, whole, name="mine.ipynb"):
    (folder / name).write_bytes(as_bytes(whole))
    lines = []
    check_submission(folder / name, lines.append)
    return "\n".join(lines)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_right_notebook(folder, framework):
    pytest.importorskip(framework)
    text = said(folder, honest(framework))
    for line in ("[OK]   scale: 2 of 2", "[OK]   softmax: 3 of 3", "[FAIL] explain: nothing is written yet"):
        assert line in text
    assert "because" not in text


def test_what_will_not_be_graded_and_why(folder):
    pytest.importorskip("torch")
    (folder / "mine.csv").write_text("1")
    whole = notebook(answers={"scale": HONEST["torch"]["scale"], "softmax": "def softmax(X)\n    return X"})
    sources = ["from google.colab import drive", "print(open('mine.csv').read())", "input('who?')", "print('[OK]')"]
    whole["cells"][2:2] = [cell("code", source, f"own{i}") for i, source in enumerate(sources)]
    whole["cells"].append(cell("markdown", "Because.", "words"))
    text = said(folder, whole)
    assert "Cell 3 (“from google.colab import drive”) will not be graded, because it raised ModuleNotFoundError" in text
    assert "Cell 4 (“print(open('mine.csv').read())”) will not be graded, because it raised FileNotFoundError" in text
    assert "Cell 5 (“input('who?')”) will not be graded, because it asks for input, and nobody answers" in text
    assert "Cell 6" not in text
    for line in ("[OK]   scale: 2 of 2", "[FAIL] softmax: 0 of 3", "[FAIL] weighted: 0 of 4, it is not done yet"):
        assert line in text
    assert "softmax_answer ends with an error: your code raised SyntaxError" in text
    assert "[OK]   explain: is there, for people to read" in text


def test_the_check_in_a_cell_of_the_notebook_is_nothing_odd(folder):
    pytest.importorskip("torch")
    whole, call = honest(), "from course_utils.assignments import check_submission\n\ncheck_submission('mine.ipynb')"
    whole["cells"][2:2] = [cell("code", call, "own"), cell("code", "!course check-submission mine.ipynb", "x")]
    assert "because" not in said(folder, whole)


def test_what_is_better_without_own_cells(folder):
    pytest.importorskip("torch")
    whole = honest()
    whole["cells"].insert(2, cell("code", "torch.exp = None", "own"))
    text = said(folder, whole)
    assert "softmax earns more without the cells of your own, and that counts" in text
    assert "[OK]   softmax: 3 of 3" in text


def test_a_notebook_that_ends_python(folder):
    pytest.importorskip("torch")
    text = said(folder, honest(softmax="import os\nos._exit(3)"))
    assert "Your notebook ended Python in softmax_answer: what stands below was not tried." in text
    assert "[OK]   scale: 2 of 2" in text


def test_what_is_no_notebook_of_the_assignment(folder, tmp_path):
    with pytest.raises(AssignmentError, match=r"There is no notebook .*nothing\.ipynb"):
        check_submission(folder / "nothing.ipynb")
    with pytest.raises(AssignmentError, match="has no answer of toy"):
        said(folder, {"cells": [cell("code", "1 + 1", "x")]})
    with pytest.raises(AssignmentError, match=r"odd\.ipynb: This is no notebook"):
        (folder / "odd.ipynb").write_bytes(b"{")
        check_submission(folder / "odd.ipynb")
    (tmp_path / "torch.ipynb").write_bytes(as_bytes(honest()))
    with pytest.raises(AssignmentError, match="checks/"):
        check_submission(tmp_path / "torch.ipynb")


def test_another_assignments_notebook_is_foreign_as_in_the_grading(folder):
    """Its functions may be called like this one's. A copy of the folder is no other assignment."""
    other = honest()
    other["cells"] = [each for each in other["cells"] if not each["id"].startswith("softmax")]
    other["cells"].append(cell("markdown", "## Only there", "only_there"))
    for name, content in (("other", as_bytes(other)), ("copy", as_bytes(notebook())), ("damaged", b"{")):
        checks = folder.parent / name / "checks"
        checks.mkdir(parents=True)
        (checks / HANDED_OUT.format(framework="torch")).write_bytes(content)
    assert "[OK]   scale: 2 of 2" in said(folder, honest())
    with pytest.raises(AssignmentError, match="belongs to other, not to toy"):
        said(folder, other)


def test_the_command(folder):
    pytest.importorskip("torch")
    (folder / "mine.ipynb").write_bytes(as_bytes(honest()))
    command = [sys.executable, "-m", "course_utils", "check-submission"]
    done = subprocess.run([*command, "mine.ipynb"], cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "[OK]   weighted: 4 of 4" in done.stdout
    done = subprocess.run([*command, "none.ipynb"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("[FAIL] There is no notebook")


def test_a_question_that_is_misspelt_and_a_wrong_folder(folder, tmp_path):
    with pytest.raises(
        AssignmentError, match=r"There is no question 'sclae' in this assignment: it has scale, softmax"
    ):
        recording.read("sclae", folder / "checks")
    with pytest.raises(AssignmentError, match=r"There is no folder .*checks: checks/ must lie beside the notebook"):
        recording.read("scale", tmp_path / "checks")
    assert json.loads((folder / "checks" / "handed_out_torch.json").read_bytes())["cells"]
