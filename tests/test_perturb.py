"""`course perturb`: circumstances really change, what was executed is kept, what differs is measured and written."""

import shutil
import subprocess

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from typer.testing import CliRunner

from course_utils.cli import app
from course_utils.workshop import perturb, spread
from course_utils.workshop.chapters import ChapterError
from course_utils.workshop.perturb import Combination

SEEN = """
import os, socket
print(os.environ["OMP_NUM_THREADS"], os.environ["PYTHONHASHSEED"], os.environ.get("ATEN_CPU_CAPABILITY"))
print([name for _, name in socket.if_nameindex()] == ["lo"], "lies" in os.getcwd())
"""


def chapter(folder, source, said):
    folder.mkdir(exist_ok=True)
    cell = new_code_cell(source, id="first", outputs=[new_output("stream", name="stdout", text=said)])
    nbformat.write(new_notebook(cells=[cell]), folder / "01_tiny.ipynb")
    return folder / "01_tiny.ipynb"


def test_every_circumstance_occurs_in_every_value():
    seen = [(c.aten, c.onednn, c.threads, c.network, str(c.hash_seed)) for c in perturb.combinations()]
    aten, onednn, threads, network, seeds = map(set, zip(*seen, strict=True))
    assert (aten, onednn, threads, network) == ({"", "avx2", "default"}, {"", "AVX2", "SSE41"}, {1, 2}, {True, False})
    assert len(seeds) == len(seen) <= 5
    assert ("avx2", "AVX2", 1, False, "77") in seen


def test_circumstances_change_what_they_say_and_the_result_is_kept(tmp_path):
    combination = next(each for each in perturb.combinations() if not each.network)
    if combination.missing:
        pytest.skip(combination.missing)
    path = chapter(tmp_path / "where it lies", SEEN, "")
    for _ in range(2):
        [output] = perturb.run(path, combination, tmp_path / "kept").cells[0].outputs
        assert output.text == "1 77 avx2\nTrue True\n"
    [kept] = (tmp_path / "kept").rglob("*.ipynb")
    kept.write_text(kept.read_text("utf-8").replace("avx2", "kept"), "utf-8")
    assert "kept" in perturb.run(path, combination, tmp_path / "kept").cells[0].outputs[0].text
    chapter(path.parent, "print('other code')", "")
    assert "other code" in perturb.run(path, combination, tmp_path / "kept").cells[0].outputs[0].text


def test_a_failing_cell_is_one_sentence_and_nothing_is_kept(tmp_path):
    path = chapter(tmp_path / "a", "assert 1 == 2, 'no'", "")
    with pytest.raises(ChapterError, match=r"hash seed 3: 01_tiny.ipynb, cell \[1\], .*: AssertionError: no$"):
        perturb.run(path, Combination("", "", 1, 3), tmp_path / "kept")
    assert not list((tmp_path / "kept").rglob("*.ipynb"))


def test_a_difference_is_written_and_exits_with_1(tmp_path, monkeypatch):
    path = chapter(
        tmp_path / "a",
        "import os\nprint('loss', f'{1 + float(os.environ[\"PYTHONHASHSEED\"]) / 10:.3f}')",
        "loss 1.000\n",
    )
    (tmp_path / "README.md").write_text("<!-- spread -->\n<!-- /spread -->\n", "utf-8")
    monkeypatch.setattr("course_utils.workshop.chapters.find_chapters", lambda names: [path])
    monkeypatch.setattr(
        perturb, "combinations", lambda: [Combination("", "", 1, 1), Combination("", "", 9, 2, missing="no")]
    )
    monkeypatch.setattr(perturb.measure, "__defaults__", (tmp_path / "kept",))
    monkeypatch.setattr(perturb.store, "__defaults__", (tmp_path,))
    shown = CliRunner().invoke(app, ["perturb"])
    assert shown.exit_code == 1, shown.output
    assert "01_tiny: cell 'first' prints a number whose spread is 9.1%, over 0.1%" in shown.stdout
    entry = spread.load(tmp_path / "results" / "spread.json")["01_tiny"]
    assert entry["spread"] == {"first": [0.091]}
    assert entry["left out"] == {"ATen native, oneDNN native, 9 threads, hash seed 2": "no"}
    assert "| 01_tiny | 1 | 0 | 9.1 % | 9.1 % |" in (tmp_path / "README.md").read_text("utf-8")


def test_another_processor_is_left_out(monkeypatch):
    monkeypatch.setattr(perturb.platform, "machine", lambda: "arm64")
    reasons = {combination.missing for combination in perturb.combinations()}
    assert reasons == {"it is for x86 processors, this is arm64", ""}


def test_an_old_processor_is_left_out(monkeypatch):
    monkeypatch.setattr(perturb.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(perturb.Path, "read_text", lambda self, encoding: "flags : sse4_1")
    assert [c.missing for c in perturb.combinations()].count("this processor has no avx2") == 1


def test_no_means_to_leave_the_network(monkeypatch):
    def why():
        return next(each.missing for each in perturb.combinations() if not each.network)

    monkeypatch.setattr(perturb, "_without_cpu_flag", lambda flag: "")
    monkeypatch.setattr(perturb.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(shutil, "which", lambda program: None)
    assert why() == "the program unshare is not installed"
    monkeypatch.setattr(shutil, "which", lambda program: program)
    monkeypatch.setattr(perturb.subprocess, "run", lambda command, **options: subprocess.CompletedProcess([], 1))
    assert why() == "this user may not make a network namespace (root may)"
