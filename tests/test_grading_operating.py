"""Whatever the machine, another grader or a hand does to a folder of results: a sentence, and nothing is lost."""

import errno
import functools
import json
import logging
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from clocks import HANG_SECONDS, wait_until
from data_helpers import says
from grading_helpers import hand_in
from grading_toy import as_bytes, notebook, write_assignment
from grading_toy import honest as honest_notebook

from course_utils.assignments import AssignmentError
from course_utils.grading import batch, command, kinds, sandbox
from course_utils.grading.errors import GradingError
from course_utils.grading.kinds import Kind
from course_utils.grading.sandbox import SandboxError, Zygote
from course_utils.grading.store import Store, sole

COURSE = [sys.executable, "-c", "from course_utils.cli import main; main()"]


@pytest.fixture
def course(tmp_path):
    return write_assignment(tmp_path / "course")


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setenv("CI", "1")


@pytest.fixture
def submitted(tmp_path):
    """Three students, of whom nothing must be run."""
    return hand_in(tmp_path, dict.fromkeys(("ada", "bob", "cy"), as_bytes(notebook())))


def run(submitted, course, out, **options):
    said = []
    assert command.run(command.Settings(submitted, course, out, **options), said.append) == []
    return said


def grader(submitted, course, out, *options, **how):
    words = ["grade", submitted, "--assignment", course, "--out", out, *options]
    return subprocess.Popen(
        [*COURSE, *map(str, words)], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **how
    )


# ---- stopping ----


@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_is_a_sentence_and_the_same_command_goes_on(tmp_path, course, jobs):
    slow = as_bytes(honest_notebook(scale="while True: pass"))
    submitted = hand_in(tmp_path, dict.fromkeys(("ada", "bob"), as_bytes(notebook())) | {"zoe": slow})
    out = tmp_path / "out"
    heeds = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a job in the background ignores it
    process = grader(submitted, course, out, "--jobs", jobs, "--unsandboxed", start_new_session=True, preexec_fn=heeds)
    wait_until(lambda: len(list((out / "results").glob("*.json"))) == 2, "two results")
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: all processes get it
    errors = process.communicate(timeout=HANG_SECONDS)[1]
    assert errors == "[FAIL] interrupted: what is finished is kept; call it again to go on.\n"
    assert process.returncode == 1
    hand_in(tmp_path, {"zoe": as_bytes(notebook())})
    assert run(submitted, course, out)[0] == "3 submissions of toy, 2 of them graded before."


# ---- what the machine refuses ----


@pytest.mark.parametrize(
    ("number", "part"),
    [
        (errno.ENOSPC, "make room on the disk"),
        (errno.EDQUOT, "your share of the disk"),
        (errno.EROFS, "name a folder that can be written"),
        (errno.EMFILE, "ulimit -n"),
        (errno.EIO, "see to it"),
    ],
)
def test_what_a_disk_refuses_is_a_sentence_and_what_is_done_stays_done(
    tmp_path, course, submitted, monkeypatch, number, part
):
    whole, written = Store.write, []

    def write(store, result):
        if len(written) == 2:
            raise OSError(number, os.strerror(number), "results/cy.json")
        written.append(result["student"])
        whole(store, result)

    with monkeypatch.context() as patch, pytest.raises(GradingError) as error:
        patch.setattr(Store, "write", write)
        run(submitted, course, tmp_path / "out")
    says(error, part, "results/cy.json", "run the same command again")
    assert run(submitted, course, tmp_path / "out")[0] == "3 submissions of toy, 2 of them graded before."


@pytest.mark.parametrize(
    "block",
    [
        lambda out: (out / "results").touch(),
        lambda out: (out / "feedback").touch(),
        lambda out: (out / "grades.csv").mkdir(),
        lambda out: (out / ".lock").mkdir(),
        lambda out: (out / "secret").mkdir(),
    ],
)
def test_what_is_in_the_way_is_named(tmp_path, course, submitted, block):
    out = tmp_path / "out"
    out.mkdir()
    block(out)
    with pytest.raises(GradingError) as error:
        run(submitted, course, out)
    says(error, str(out), "move away", "run the same command again")


def test_without_a_folder_for_temporary_files(tmp_path, course, monkeypatch):
    def none(*_):
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    submitted = hand_in(tmp_path, {"ada": as_bytes(honest_notebook())})
    monkeypatch.setattr(tempfile, "gettempdir", none)
    monkeypatch.setattr(tempfile, "_get_default_tempdir", none)
    monkeypatch.setattr(batch, "_bench", batch._Bench())
    with pytest.raises(GradingError, match="no folder for temporary files"):
        command.run(command.Settings(submitted, course, tmp_path / "out", sandboxed=False), lambda _: None)


def test_with_few_open_files(tmp_path, course):
    submitted = hand_in(tmp_path, {"ada": as_bytes(honest_notebook())})
    process = grader(
        submitted, course, tmp_path / "out", "--unsandboxed",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (7, 7)),
    )  # fmt: skip
    errors = process.communicate(timeout=HANG_SECONDS)[1]
    assert errors.startswith("[FAIL] ") and errors.count("\n") == 1
    assert "ulimit -n" in errors


def test_a_fault_of_the_grader_stops_nobody_else(tmp_path, course, submitted, monkeypatch):
    whole = batch.grade_submission

    def fails_for_bob(submission, *rest):
        return whole(submission, *rest) if submission.student != "bob" else [][1]

    monkeypatch.setattr(batch, "grade_submission", fails_for_bob)
    (failure,) = command.run(command.Settings(submitted, course, tmp_path / "out"), lambda _: None)
    assert re.search(r"^bob could not be graded: .*IndexError in test_grading_operating\.py, line \d+", failure)
    assert Store(tmp_path / "out").read("cy")


# ---- two graders, another assignment, another secret, a hand ----


def test_two_graders_do_not_write_in_one_folder(tmp_path, course, submitted):
    out = tmp_path / "out"
    with sole(out), pytest.raises(GradingError) as error:
        run(submitted, course, out)
    says(error, "Another `course grade` is at work", str(out), "--out")
    assert not (out / "secret").exists()
    assert run(submitted, course, out)[0] == "3 submissions of toy, 0 of them graded before."


def test_a_grader_that_was_killed_leaves_no_lock(tmp_path, course, submitted):
    out = tmp_path / "out"
    script = f"from course_utils.grading.store import sole; from pathlib import Path\nwith sole(Path({str(out)!r})):\n"
    script += " print('locked', flush=True)\n import time; time.sleep(10**4)"
    holder = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"locked\n"
    with pytest.raises(GradingError, match="Another"):
        run(submitted, course, out)
    holder.kill()
    holder.communicate()
    run(submitted, course, out)


@pytest.mark.parametrize("content", [b"", b"\n", b"secret", b"0" * 63, b"g" * 64, b"0" * 65, b"\xff" * 64])
def test_what_is_no_secret_is_not_taken(tmp_path, course, submitted, content):
    out = tmp_path / "out"
    out.mkdir()
    (out / "secret").write_bytes(content)
    with pytest.raises(GradingError) as error:
        run(submitted, course, out)
    says(error, "secret is no secret", "64 digits", "delete it together with results/")


def test_an_exchanged_secret_is_noticed(tmp_path, course, submitted):
    out = tmp_path / "out"
    run(submitted, course, out)
    own = (out / "secret").read_bytes()
    (out / "secret").write_bytes(b"0" * 64)
    with pytest.raises(GradingError) as error:
        run(submitted, course, out)
    says(error, "not the secret that the results there were drawn from", "put that one back")
    (out / "secret").write_bytes(own + b"\n")
    assert run(submitted, course, out)[0] == "3 submissions of toy, 3 of them graded before."
    shutil.rmtree(out / "results")
    (out / "secret").write_bytes(b"0" * 64)
    run(submitted, course, out)


def test_another_assignments_results_are_not_overwritten(tmp_path, course, submitted):
    out = tmp_path / "out"
    run(submitted, course, out)
    before = {path.name: path.read_bytes() for path in (out / "results").iterdir()}
    other = write_assignment(tmp_path / "other").rename(tmp_path / "other" / "solutions" / "game")
    (tmp_path / "other" / "assignments" / "toy").rename(tmp_path / "other" / "assignments" / "game")
    flat = tmp_path / "flat"
    flat.mkdir()
    (flat / "ada.ipynb").write_bytes(as_bytes(notebook()))
    with pytest.raises(GradingError) as error:
        run(flat, other, out)
    says(error, "has results of toy, not of game", "--out")
    assert {path.name: path.read_bytes() for path in (out / "results").iterdir()} == before


@pytest.mark.parametrize(
    "changed",
    [
        {"points": 9.0},
        {"points": -1},
        {"points": float("nan")},
        {"student": "bob"},
        {"status": "fine"},
        {"schema": 1},
        {"more": 1},
        {"questions": []},
    ],
)
def test_results_that_were_changed_are_said_kept_and_graded_again(tmp_path, course, submitted, changed):
    out = tmp_path / "out"
    run(submitted, course, out)
    path = out / "results" / "ada.json"
    before = json.loads(path.read_text())
    if changed == {"questions": []}:
        changed = {"questions": [before["questions"][0] | {"points": 40.0}, *before["questions"][1:]], "points": 40.0}
    path.write_text(json.dumps(before | changed))
    said = run(submitted, course, out)
    assert said[0] == "3 submissions of toy, 2 of them graded before."
    assert "ada.json is not as the grader writes it" in said[1]
    assert json.loads(path.with_suffix(".damaged").read_text())["student"]
    assert json.loads(path.read_text())["points"] == before["points"]
    assert len(run(submitted, course, out)) == 2


def test_one_students_file_is_no_other_students(tmp_path, course):
    """A name that looks like another's file name gets a file of its own, and a result under a wrong name is none."""
    store = Store(tmp_path)
    names = ["ada.king", "ADA KING", "ada-king", store.path("ada.king").stem, store.path("Ada King").stem]
    assert len({store.path(name) for name in names}) == len(names)
    submitted = hand_in(tmp_path, dict.fromkeys(("ada", "bob"), as_bytes(notebook())))
    run(submitted, course, tmp_path / "out")
    results = tmp_path / "out" / "results"
    shutil.copy(results / "ada.json", results / "bob.json")
    assert "another student's" in run(submitted, course, tmp_path / "out")[1]
    assert json.loads((results / "bob.json").read_text())["student"] == "bob"


@pytest.mark.parametrize("below", ["", "results", "ada/results"])
def test_results_do_not_lie_among_the_students(tmp_path, course, submitted, below):
    with pytest.raises(GradingError) as error:
        run(submitted, course, submitted / below)
    says(error, "would be one of the students", "--out")


def test_finish_needs_a_gradebook(tmp_path, course, submitted):
    with pytest.raises(GradingError, match="--gradebook"):
        run(submitted, course, tmp_path / "out", finish=True)


def test_the_whole_way_to_final_marks(tmp_path, course):
    api = pytest.importorskip("nbgrader.api", reason="nbgrader is not installed")
    words = as_bytes(notebook(words="Because."))
    submitted = hand_in(tmp_path, dict.fromkeys(("ada", "bob"), words))
    out, books = tmp_path / "out", tmp_path / "books"
    assert "add --finish" in " ".join(run(submitted, course, out, gradebook=books))
    with api.Gradebook(f"sqlite:///{books / 'gradebook.db'}") as book:
        grade = book.find_grade("explain", "toy", "toy", "ada")
        grade.manual_score, grade.needs_manual_grade = 0.75, False
        book.db.commit()
    said = run(submitted, course, out, gradebook=books, finish=True)
    assert "explain is still open for 1 student, who have no final points yet." in said
    head, ada, bob = (line.split(",") for line in (out / "grades.csv").read_text().splitlines())
    assert (ada[head.index("explain")], ada[head.index("final")], ada[head.index("open")]) == ("0.75", "0.75", "")
    assert (bob[head.index("explain")], bob[head.index("final")], bob[head.index("open")]) == ("", "", "explain")


# ---- a tests.py with a mistake ----


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("import numpy as np", "import numpy as = np", r"SyntaxError: .*tests\.py, line 2"),
        ("import numpy as np", "import no_such_thing", r"No module named 'no_such_thing' \(tests\.py, line 2"),
        ("@question(", "@qestion(", r"NameError: .*tests\.py, line"),
        ('BY_HAND = {"explain": 1}', 'BY_HAND = {"explain": "one"}', r"BY_HAND is \{'explain': 'one'\}, expected"),
        ('BY_HAND = {"explain": 1}', "BY_HAND = [1]", r"BY_HAND is \[1\], expected"),
        ('{"value": 1, "gradient": 1}', '{"value": "1"}', r"scale: the points are \{'value': '1'\}, expected"),
        ("rng.normal(size=(2, 3))\n", "rng.normal(size=(2, 3)) + unknown\n", r"scale: .*NameError.*tests\.py, line"),
        ('yield "value", student.call("scale", X, 2.5)', 'yield "vale", 1', r"scale: the check's parts are not those"),
        (
            "return factor * X  #",
            "return factor @ X  #",
            r"scale: the reference answer fails: .*line 10: return factor @ X",
        ),
    ],
)
def test_a_mistake_in_the_checks_is_a_sentence_with_its_line(tmp_path, course, old, new, part):
    checks = (course / "tests.py").read_text()
    assert old in checks
    (course / "tests.py").write_text(checks.replace(old, new, 1))
    submitted = hand_in(tmp_path, {"ada": as_bytes(honest_notebook())})
    with pytest.raises((GradingError, AssignmentError)) as error:
        command.run(command.Settings(submitted, course, tmp_path / "out", sandboxed=False), lambda _: None)
    assert re.search(part, str(error.value)), str(error.value)
    assert "\n" not in str(error.value)
    assert not list((tmp_path / "out").glob("results/*.json"))


# ---- the sandbox does not start; the cluster ends ----


def test_a_sandbox_that_hangs_is_not_waited_for_without_end(monkeypatch):
    monkeypatch.setattr(sandbox, "_START_SECONDS", 0.2)
    hangs = Kind("hangs", lambda: "", lambda command, folder: [sys.executable, "-c", "import time; time.sleep(10**6)"])
    with pytest.raises(SandboxError, match=r"\(hangs\) does not start: it was not started within 0\.2 s"):
        Zygote(hangs, "numpy", ())


@pytest.mark.skipif(not os.access("/home", os.W_OK), reason="nothing can be written below /home")
def test_a_course_that_is_found_by_pythonpath_has_a_sandbox_too(request):
    if reason := kinds.KINDS["bubblewrap"].missing():
        pytest.skip(reason)
    folder = tempfile.mkdtemp(prefix="course-", dir="/home")
    request.addfinalizer(lambda: shutil.rmtree(folder))
    shutil.copytree(Path(kinds.course_utils.__file__).parent, Path(folder, "course_utils"))
    find = "import course_utils; from course_utils.grading import probes; print(course_utils.__file__)"
    find += "; print(probes.find('numpy', ()).kind.name)"
    environment = os.environ | {"PYTHONPATH": folder}
    done = subprocess.run(
        [sys.executable, "-c", find], env=environment, capture_output=True, text=True, check=False, cwd="/"
    )
    assert done.stdout.startswith(folder), done.stderr
    assert done.stdout.split()[-1] in kinds.KINDS, done.stderr


class Cluster:
    """A stand-in for Dask's client, of a cluster that has lost its last worker; what it logs is an alarm."""

    workers, futures = {}, ()

    def __init__(self, address, timeout):
        logging.getLogger("distributed").error("Traceback of the cluster's own")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def submit(self, function, job, **_):
        return job.student

    def scheduler_info(self):
        return {"workers": self.workers}


def test_a_cluster_without_workers_is_not_waited_for_without_end(monkeypatch, caplog):
    waiting = SimpleNamespace(is_empty=lambda: False, next_batch=lambda block: [])
    stand_in = SimpleNamespace(Client=Cluster, as_completed=lambda keys: waiting)
    monkeypatch.setitem(sys.modules, "distributed", stand_in)
    monkeypatch.setattr(batch, "_LONELY_SECONDS", 0.2)
    with pytest.raises(GradingError) as error:
        list(batch.on_cluster([SimpleNamespace(student="ada")], "tcp://here:1"))
    says(error, "tcp://here:1", "no worker for 0.2 s", "dask worker", "run the same command again")
    assert caplog.records == []
    logging.getLogger("distributed").error("heard")
    assert [record.message for record in caplog.records] == ["heard"]
