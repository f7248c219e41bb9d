"""Experiments: a sweep resumes, fails in a sentence, is written whole; and what is stored is of today's scripts."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest
from clocks import HANG_SECONDS, wait_until

from course_utils import experiments
from course_utils.experiments import ExperimentError

RUNS = [(3, 1.5), (5, 1.5), (3, 2.5)]
SCRIPT = '''"""A tiny sweep."""

import os
import time
from pathlib import Path

import numpy as np

from course_utils import experiments

SETTINGS = [{"framework": "", "seed": seed, "size": size} for seed, size in %(runs)s]
HERE = Path(__file__).parent


def run(framework, seed, size):
    with open(HERE / "log", "a") as log:
        log.write(f"{seed} {size} {os.getpid()} {os.environ['OMP_NUM_THREADS']} {os.environ['CI']}\\n")
    if (HERE / f"fail {seed}").exists():
        raise ValueError(f"no luck with {seed}")
    while (HERE / f"wait {seed}").exists():
        time.sleep(0.05)
    return {"draw": np.random.rand(), "half": np.float32(size) / 2, "parameters": 7}


if __name__ == "__main__":
    experiments.main(__file__, SETTINGS, run)
'''


@pytest.fixture
def sweep(tmp_path, monkeypatch):
    """A small experiment in a folder of its own, where `load` looks for it."""
    monkeypatch.setattr(experiments, "SCRIPTS", tmp_path / "experiments")
    return Sweep(tmp_path)


class Sweep:
    def __init__(self, root):
        self.script = root / "experiments" / "05_tiny.py"
        self.script.parent.mkdir()
        self.write()
        self.result = root / "results" / "experiments" / "05_tiny.json"
        self.part = self.result.with_name("05_tiny.part")

    def write(self, runs=RUNS, before="", after=""):
        text = SCRIPT % {"runs": runs}
        self.script.write_text(text.replace(before, after), "utf-8")

    def start(self, *arguments):
        command = [sys.executable, str(self.script), *arguments]
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)

    def run(self, *arguments):
        """Exit status, the last line on stderr, and the (seed, size) of the runs that were started."""
        log = self.flag("log")
        log.write_text("")
        process = self.start(*arguments)
        said = process.communicate(timeout=HANG_SECONDS)[1].splitlines()
        return process.returncode, said[-1], sorted((int(line[0]), float(line[1])) for line in self.log())

    def flag(self, name):
        return self.script.with_name(name)

    def log(self):
        log = self.flag("log")
        return [line.split() for line in log.read_text().splitlines()] if log.exists() else []

    def load(self, name="05"):
        return experiments.load(name)

    def files(self):
        return sorted(path.name for path in self.result.parent.iterdir())


def test_a_sweep_writes_what_load_reads(sweep):
    status, _, started = sweep.run()
    assert (status, started) == (0, sorted(RUNS))
    assert sweep.files() == ["05_tiny.json"]
    assert {tuple(line[3:]) for line in sweep.log()} == {("1", "1")}  # one thread, quiet
    stored = json.loads(sweep.result.read_text("utf-8"))
    assert list(stored) == ["script", "sha", "versions", "runs"]
    assert stored["script"] == "05_tiny.py"
    assert {"python", "numpy"} <= set(stored["versions"])

    table = sweep.load("05_tiny")
    assert list(table) == ["framework", "seed", "size", "draw", "half", "parameters", "seconds"]
    assert [*zip(table["seed"], table["size"], strict=True)] == RUNS
    assert table["half"].tolist() == [0.75, 0.75, 1.25]
    assert table["parameters"].dtype == int
    assert (table["seconds"] >= 0).all()
    draws = table["draw"].tolist()
    assert draws[0] == draws[2] != draws[1]  # the same seed, whatever was drawn in that process before
    assert sweep.load("05").equals(table)


def test_jobs_run_side_by_side_and_keep_the_order(sweep):
    # The first to come waits for another process to come, however long that takes to start.
    others = "any(line.split()[2] != str(os.getpid()) for line in open(HERE / 'log'))"
    sweep.write(before="    return", after=f"    while not {others}:\n        time.sleep(0.05)\n    return")
    assert sweep.run("--jobs", "2")[0] == 0
    assert len({line[2] for line in sweep.log()}) == 2
    assert [*zip(sweep.load()["seed"], sweep.load()["size"], strict=True)] == RUNS


def test_a_cluster_stores_the_same_and_survives_the_loss_of_a_worker(sweep, cluster):
    address, _ = cluster
    assert sweep.run()[0] == 0
    before = sweep.load().drop(columns="seconds")
    sweep.result.unlink()
    sweep.flag("log").write_text("")
    sweep.flag("wait 5").touch()
    process = sweep.start("--scheduler", address)
    waiting = wait_until(
        lambda: process.poll() is not None or [line for line in sweep.log() if line[0] == "5"], "the waiting run starts"
    )
    assert process.poll() is None, process.stderr.read()
    os.kill(int(waiting[0][2]), signal.SIGKILL)
    sweep.flag("wait 5").unlink()
    said = process.communicate(timeout=HANG_SECONDS)[1]
    assert process.returncode == 0, said
    assert sweep.files() == ["05_tiny.json"]
    assert sweep.load().drop(columns="seconds").equals(before)
    log = sweep.log()
    assert {tuple(line[3:]) for line in log} == {("1", "1")}
    assert len({line[2] for line in log if line[0] == "5"}) == 2  # begun again, elsewhere


def test_a_setting_that_fails_on_a_cluster_is_said_as_here(sweep, cluster):
    sweep.flag("fail 5").touch()
    status, said, _ = sweep.run("--scheduler", cluster[0])
    assert (status, said.rpartition(" the first is ")[2]) == (
        1,
        "{'framework': '', 'seed': 5, 'size': 1.5}: ValueError: no luck with 5",
    )
    assert sweep.files() == ["05_tiny.part"]


def test_a_cluster_is_sent_the_modules_beside_the_script(sweep, cluster):
    with_module(sweep, "def half(size):\n    return size / 4\n")
    assert sweep.run()[0] == 0
    before = sweep.load().drop(columns="seconds")
    assert before["half"].tolist() == [0.375, 0.375, 0.625]
    sweep.result.unlink()
    status, said, _ = sweep.run("--scheduler", cluster[0])
    assert status == 0, said
    assert sweep.load().drop(columns="seconds").equals(before)


def with_module(sweep, code):
    """The script asks a module beside it for its half, and that one imports another."""
    sweep.write(before="np.float32(size) / 2", after="half(size)")
    text = sweep.script.read_text("utf-8").replace("from course_utils", "from _half import half\n\nfrom course_utils")
    sweep.script.write_text(text, "utf-8")
    sweep.flag("_half.py").write_text("import _quarter\n\n\n" + code, "utf-8")
    sweep.flag("_quarter.py").touch()


def test_a_scheduler_that_is_not_there_is_said(sweep):
    pytest.importorskip("distributed", reason="distributed is not installed")
    for address, said in {
        "tcp://127.0.0.1:1": "No scheduler answers at tcp://127.0.0.1:1",
        "nonsense": "No scheduler answers at nonsense",
    }.items():
        status, words, started = sweep.run("--scheduler", address)
        assert (status, started) == (1, [])
        assert words.startswith(f"[FAIL] {said}: start one")


def test_an_interrupted_sweep_goes_on_where_it_was(sweep):
    sweep.flag("wait 5").touch()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell runs in the background begins without it
    process = sweep.start()
    wait_until(lambda: process.poll() is not None or len(sweep.log()) == 2, "the second run starts")
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    sweep.flag("wait 5").unlink()
    said = process.communicate(timeout=HANG_SECONDS)[1].splitlines()[-1]
    assert (process.returncode, said) == (1, "[FAIL] interrupted: what is finished is kept, run it again to go on.")
    assert not sweep.result.exists()

    status, _, started = sweep.run()
    assert status == 0
    assert (3, 1.5) not in started
    assert len(started) < len(RUNS)
    assert sweep.files() == ["05_tiny.json"]
    assert [*zip(sweep.load()["seed"], sweep.load()["size"], strict=True)] == RUNS


def test_what_has_ended_when_ctrl_c_comes_is_kept(sweep):
    patched = """
def interrupted(*arguments, write=experiments.write):
    experiments.write = write
    raise KeyboardInterrupt


if (HERE / "interrupt").exists():
    experiments.write = interrupted

"""
    sweep.write(before='if __name__ == "__main__":', after=patched + 'if __name__ == "__main__":')
    sweep.flag("interrupt").touch()
    status, said, started = sweep.run()
    assert (status, "interrupted" in said) == (1, True)
    sweep.flag("interrupt").unlink()
    assert not {*started[:1]} & {*sweep.run()[2]}
    assert sweep.files() == ["05_tiny.json"]


def test_a_setting_that_fails_is_said_in_a_sentence_and_the_others_are_kept(sweep):
    sweep.flag("fail 5").touch()
    status, said, started = sweep.run()
    assert (status, started) == (1, sorted(RUNS))
    assert said == (
        "[FAIL] 05_tiny: 1 of 3 settings failed and no result is written; the first is "
        "{'framework': '', 'seed': 5, 'size': 1.5}: ValueError: no luck with 5"
    )
    assert sweep.files() == ["05_tiny.part"]
    sweep.flag("fail 5").unlink()
    assert sweep.run()[::2] == (0, [(5, 1.5)])
    assert sweep.files() == ["05_tiny.json"]


def test_an_old_result_stays_until_the_new_one_is_whole(sweep):
    sweep.run()
    before = sweep.result.read_bytes()
    sweep.flag("fail 5").touch()
    assert sweep.run()[0] == 1
    assert sweep.result.read_bytes() == before


@pytest.mark.parametrize("change", ["script", "settings", "versions"])
def test_what_another_script_left_is_not_taken_over(sweep, change):
    sweep.flag("fail 5").touch()
    sweep.run()
    stored = json.loads(sweep.part.read_text("utf-8"))
    if change == "script":
        sweep.write(before='"parameters": 7', after='"parameters": 8')
    elif change == "settings":
        stored["settings"][0]["size"] = 4.0  # as settings that come from another module may
    else:
        stored["versions"]["numpy"] = "2.0.0"
    sweep.part.write_text(json.dumps(stored), "utf-8")
    sweep.flag("fail 5").unlink()
    assert sweep.run()[::2] == (0, sorted(RUNS))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ('"half"', '"seconds"', "the metric 'seconds' has the name of a setting or of the seconds"),
        ('"half"', '"size"', "the metric 'size' has the name of a setting"),
        ('"draw": np.random.rand()', '"draw": [1]', "float() argument must be a string or a real number, not 'list'"),
        ('"framework": ""', '"framework": "jax"', "No module named 'course_utils.jax'"),
        ("    return", "    os._exit(3)\n    return", "terminated abruptly"),
    ],
)
def test_what_run_must_not_do(sweep, before, after, expected):
    sweep.write(before=before, after=after)
    status, said, _ = sweep.run()
    assert (status, sweep.result.exists()) == (1, False)
    assert expected in said


def test_bad_settings_are_told_before_anything_runs(sweep):
    sweep.write(before='"seed": seed, ', after="")
    status, said, started = sweep.run()
    assert (status, started) == (1, [])
    assert said == "[FAIL] 05_tiny: the setting {'framework': '', 'size': 1.5} lacks seed."
    status, said, _ = sweep.run("--jobs", "0")
    assert (status, said) == (2, "05_tiny.py: error: --jobs is 0, expected 1 or more")


def test_load_says_what_is_missing(sweep):
    with pytest.raises(ExperimentError, match="no result yet: run `make experiments CH=05`"):
        sweep.load()
    with pytest.raises(ExperimentError, match=r"no result yet: run 05_tiny\.py again"):
        experiments.load("05", sweep.script.parent)
    sweep.result.parent.mkdir(parents=True)
    stored = {"sha": experiments.sha_of(sweep.script), "runs": [{"seed": 1}]}
    sweep.result.write_text(json.dumps(stored), "utf-8")
    assert len(sweep.load()) == 1
    sweep.script.write_bytes(sweep.script.read_bytes().replace(b"\n", b"\r\n"))
    assert len(sweep.load()) == 1
    sweep.write(before="7}", after="8}")
    with pytest.raises(ExperimentError, match=r"older than its script 05_tiny.py: run `make experiments CH=05`"):
        sweep.load("05_tiny")
    for unknown in ("0", "05_", "tiny", "6"):
        with pytest.raises(ExperimentError, match=re.escape(f"{unknown!r}: give the name of one of these: 05_tiny")):
            sweep.load(unknown)
    sweep.script.with_name("05_small.py").touch()
    with pytest.raises(ExperimentError, match="one of these: 05_small, 05_tiny"):
        sweep.load("05")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A tiny sweep.", "Another\n\ntitle."),
        ('"""A tiny sweep."""', ""),
        ("    with open", "    # a comment\n\n    with open"),
        ("def run(framework, seed, size):\n", "def run(\n    framework, seed, size\n):\n    'A docstring.'\n"),
        ('"half"', "'half'"),
    ],
)
def test_what_is_no_code_makes_no_result_old(sweep, before, after):
    sha = experiments.sha_of(sweep.script)
    text = sweep.script.read_text("utf-8")
    sweep.write(before=before, after=after)
    assert sweep.script.read_text("utf-8") != text
    assert experiments.sha_of(sweep.script) == sha


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("size) / 2", "size) / 3"),
        ("size) / 2", "size) / 2.0"),
        ("size) / 2", "size) * 2"),
        ('"parameters": 7', '"parameters": True'),
        ("no luck with", "no luck at all with"),
        ("    return {", "    None\n    return {"),
        ("framework, seed, size):", "framework, seed, size=None):"),
        ("    with open", "    'No docstring.' == seed\n    with open"),
        ("SETTINGS, run)", "SETTINGS[:1], run)"),
    ],
)
def test_any_change_of_the_code_makes_a_result_old(sweep, before, after):
    sha = experiments.sha_of(sweep.script)
    text = sweep.script.read_text("utf-8")
    sweep.write(before=before, after=after)
    assert sweep.script.read_text("utf-8") != text
    assert experiments.sha_of(sweep.script) != sha


def test_a_change_of_a_module_beside_the_script_makes_a_result_old(sweep):
    with_module(sweep, "def half(size):\n    return size / 2\n")
    sweep.flag("_other.py").touch()
    shas = [experiments.sha_of(sweep.script)]
    for module, code, is_new in [
        ("_half.py", "import _quarter\n\n\ndef half(size):  # of it\n    return size / 2\n", False),
        ("_other.py", "unused = 1\n", False),
        ("_half.py", "import _quarter\n\n\ndef half(size):\n    return size / 3\n", True),
        ("_quarter.py", "used = 1\n", True),
    ]:
        sweep.flag(module).write_text(code, "utf-8")
        shas.append(experiments.sha_of(sweep.script))
        assert (shas[-1] != shas[-2]) is is_new, (module, code)
    with pytest.raises(ExperimentError, match="one of these: 05_tiny"):
        sweep.load("_half")


def test_the_hash_is_the_same_in_every_python(tmp_path):
    """Seen with 3.11.7, 3.12.1 and 3.13.0, whose `ast.dump` differs for every script, and `unparse` for f-strings."""
    script = tmp_path / "script.py"
    script.write_text(
        "class A: pass\n\n\ndef f(x, *, y=None):\n    return f\"{x:{y}} {'a'}\" + f\"{x['k']!r}\"\n", "utf-8"
    )
    assert experiments.sha_of(script).startswith("15c149b633e667d0")


def test_every_stored_result_is_of_todays_script_and_has_both_frameworks():
    scripts = sorted(experiments.SCRIPTS.glob("*.py"))
    results = {path.stem for path in experiments.result_of(experiments.SCRIPTS / "x.py").parent.glob("*.json")}
    assert results == {script.stem for script in scripts}
    for script in scripts:
        assert {"torch", "tensorflow"} <= set(experiments.load(script.stem)["framework"]), script.name
