"""A class from folder to tables: everything is written, and what is interrupted goes on without loss or doubling."""

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

import psutil
import pytest
from attacks import honest, hostile
from clocks import HANG_SECONDS, wait_until
from data_helpers import says
from grading_helpers import hand_in
from grading_toy import POINTS, as_bytes, notebook, write_assignment
from grading_toy import honest as honest_notebook
from typer.testing import CliRunner

from course_utils.cli import app
from course_utils.grading import batch, command, probes
from course_utils.grading.errors import GradingError
from course_utils.grading.grade import grade_submission
from course_utils.grading.kinds import UNSANDBOXED
from course_utils.grading.late import LatePolicy
from course_utils.grading.sandbox import NoSandbox, SandboxError

LONG = os.environ.get("COURSE_CORPUS") == "all"
FEW = 300
MANY = 1000 if LONG else FEW
in_the_long_run = pytest.mark.skipif(not LONG, reason="takes long: `make grading-corpus` runs it")
COURSE = [sys.executable, "-c", "from course_utils.cli import main; main()"]


@pytest.fixture(scope="module", autouse=True)
def closed():
    yield
    batch._bench.close()


@pytest.fixture
def course(tmp_path):
    return write_assignment(tmp_path / "course")


def read_csv(out):
    with (out / "grades.csv").open(encoding="utf-8") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def run(submitted, course, out, **options):
    said = []
    try:
        failures = command.run(command.Settings(submitted, course, out, **options), said.append)
    except NoSandbox as error:
        pytest.skip(str(error))
    assert failures == []
    return said


def test_a_class_is_graded(tmp_path, course, monkeypatch):
    monkeypatch.setenv("CI", "1")
    submitted = hand_in(
        tmp_path,
        {
            "ada": as_bytes(honest_notebook()),
            "bob": honest.CASES["a_misconception"].files["torch.ipynb"],
            "cy": as_bytes(notebook()),
            "dee": b"{",
            "=eve": hostile.CASES["markup_in_code_and_messages"].files["torch.ipynb"],
            "fay": hostile.CASES["output"].files["torch.ipynb"],
        },
    )
    out = tmp_path / "out"
    said = run(submitted, course, out)
    assert said[0] == "6 submissions of toy, 0 of them graded before."
    rows = read_csv(out)
    assert {name: row["status"] for name, row in rows.items()} == {
        "ada": "graded", "bob": "graded", "cy": "not attempted", "dee": "corrupt", "'=eve": "graded", "fay": "graded",
    }  # fmt: skip
    assert [float(rows["ada"][name]) for name in POINTS] == [*POINTS.values()]
    assert rows["ada"]["explain"] == ""  # people grade it
    assert (rows["ada"]["final"], rows["ada"]["of"]) == ("9.0", "10.0")
    assert rows["fay"]["caps hit"] == "output"
    page = next((out / "feedback").glob("eve-*.html")).read_text("utf-8")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "{{" in page  # what looks like a template is not one
    feedback = (out / "feedback" / "bob.html").read_text("utf-8")
    assert "These are shares of a column" in feedback
    assert "rng" not in feedback
    assert "columns" in (out / "class.html").read_text("utf-8")
    scope = json.loads((out / "gradescope" / "bob" / "results.json").read_text("utf-8"))
    assert scope["score"] == float(rows["bob"]["final"]) == sum(test["score"] for test in scope["tests"])
    assert (out / "secret").stat().st_mode & 0o777 == 0o600

    # again: nothing is run
    times = {path: path.stat().st_mtime_ns for path in (out / "results").iterdir()}
    assert run(submitted, course, out)[0] == "6 submissions of toy, 6 of them graded before."
    assert {path: path.stat().st_mtime_ns for path in (out / "results").iterdir()} == times

    # one handed in anew, one result damaged
    hand_in(tmp_path, {"dee": as_bytes(notebook())})
    (out / "results" / "cy.json").write_text("{")
    assert run(submitted, course, out)[0] == "6 submissions of toy, 4 of them graded before."
    assert read_csv(out)["dee"]["status"] == "not attempted"


def test_one_question_is_graded_again(tmp_path, course, monkeypatch):
    monkeypatch.setenv("CI", "1")
    wrong = honest.CASES["a_misconception"].files["torch.ipynb"]
    submitted, out = hand_in(tmp_path, {"bob": wrong, "cy": as_bytes(notebook())}), tmp_path / "out"
    run(submitted, course, out)
    before = json.loads((out / "results" / "bob.json").read_text())
    checks = (course / "tests.py").read_text()
    (course / "tests.py").write_text(checks.replace("keeps=0.5", "keeps=0.75").replace("return factor * X", "return X"))
    assert run(submitted, course, out, questions=("softmax",))[0] == "2 submissions of toy, 0 of them graded before."
    after = json.loads((out / "results" / "bob.json").read_text())
    assert [question["points"] for question in before["questions"]] == [2, 1, 4, 0]
    assert [question["points"] for question in after["questions"]] == [2, 1.5, 4, 0]  # scale would get 0 by now
    assert (before["points"], after["points"]) == (7, 7.5)
    with pytest.raises(GradingError) as error:
        run(submitted, course, out, questions=("explain",))
    says(error, "'explain'", "scale, softmax, weighted")


@in_the_long_run
def test_a_result_without_a_sandbox_does_not_stand(tmp_path, course, monkeypatch):
    monkeypatch.setenv("CI", "1")
    submitted, out = hand_in(tmp_path, {"ada": as_bytes(honest_notebook())}), tmp_path / "out"
    run(submitted, course, out, sandboxed=False)
    assert read_csv(out)["ada"]["sandbox"] == "RUN WITHOUT A SANDBOX"
    assert UNSANDBOXED.name == json.loads((out / "results" / "ada.json").read_text())["sandbox"]
    for page in ("class.html", "feedback/ada.html"):
        assert "without a sandbox" in (out / page).read_text("utf-8")
    run(submitted, course, out)
    assert read_csv(out)["ada"]["sandbox"] != "RUN WITHOUT A SANDBOX"


def test_without_a_sandbox_nothing_is_run(tmp_path, course, monkeypatch):
    monkeypatch.setenv("CI", "1")
    monkeypatch.setattr(probes, "KINDS", {})
    monkeypatch.setattr(batch, "_bench", batch._Bench())
    submitted = hand_in(tmp_path, {"ada": as_bytes(honest_notebook()), "bob": as_bytes(honest_notebook())})
    with pytest.raises(GradingError) as error:
        command.run(command.Settings(submitted, course, tmp_path / "out"), lambda _: None)
    says(error, "no working sandbox", "install bubblewrap", "Docker", "Podman", "--unsandboxed")
    assert not (tmp_path / "out" / "results").exists()


def test_a_sandbox_that_fails_costs_a_student_a_second_try_and_nobody_else(tmp_path, course, monkeypatch):
    monkeypatch.setenv("CI", "1")
    tries = []

    def fails_for_ada(submission, *rest):
        tries.append(submission.student)
        if submission.student == "ada":
            raise SandboxError("The sandbox has failed: no memory.")
        return grade_submission(submission, *rest)

    monkeypatch.setattr(batch, "grade_submission", fails_for_ada)
    submitted = hand_in(tmp_path, {"ada": as_bytes(notebook()), "bob": as_bytes(notebook())})
    failures = command.run(command.Settings(submitted, course, tmp_path / "out"), lambda _: None)
    assert failures == ["ada could not be graded: The sandbox has failed: no memory."]
    assert tries == ["ada", "ada", "bob"]
    assert [*read_csv(tmp_path / "out")] == ["bob"]


def test_what_it_costs_to_be_late():
    policy = LatePolicy(10, 2)
    assert [policy.penalty(40, hours) for hours in (0, 0.01, 24, 24.01, 48, 48.01)] == [0, 4, 4, 8, 8, 40]
    assert LatePolicy(60, 7).penalty(40, 47) == 40
    assert str(policy) == "10 % of the points earned for each day begun; nothing counts after 2 days"


def test_an_unknown_assignment_is_said():
    with pytest.raises(GradingError) as error:
        command.find_assignment("a99")
    says(error, "a99")


def invoked(*words):
    return CliRunner().invoke(app, ["grade", *map(str, words)])


def test_a_dry_run_says_how_everything_is_read_and_runs_nothing(tmp_path, course):
    folder = tmp_path / "submitted"
    stamps = {"ada": "2026-03-02 12:00:00.000000 UTC", "bob": "2026-03-01 12:00:00.000000 PST"}
    hand_in(tmp_path, {"ada": as_bytes(honest_notebook()), "bob": as_bytes(honest_notebook("tensorflow")), "cy": b"{"})
    for student, stamp in stamps.items():
        (folder / student / "toy" / "timestamp.txt").write_text(stamp)
    (folder / "ada" / "toy" / "a2.zip").write_bytes(b"PK")
    (folder / "dee" / "toy").mkdir(parents=True)
    (folder / "dee" / "toy" / "work.rar").write_bytes(b"Rar!")
    words = (folder, "--assignment", course, "--out", tmp_path / "out", "--deadline", "2026-03-01T12:00+00:00")
    done = invoked(*words, "--dry-run")
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0] == "4 students of toy, read as nbgrader's folder."
    assert lines[1].split() == "student files framework handed in late time from".split()
    ada, bob, cy = (line.split() for line in lines[2:5])
    assert ada == "ada torch.ipynb torch 2026-03-02 12:00 24 h timestamp.txt".split()
    assert bob == "bob torch.ipynb tensorflow 2026-03-01 20:00 8 h timestamp.txt".split()
    assert cy[:3] == ["cy", "torch.ipynb", "corrupt"]
    assert "[LOOK] dee: There is no notebook (.ipynb) among the files: there is work.rar." in lines
    assert any(line.startswith("[LOOK] ada: a2.zip") for line in lines)
    assert any(line.startswith("[LOOK] bob: timestamp.txt") and "PST" in line for line in lines)
    assert not (tmp_path / "out").exists()


def test_what_is_odd_stands_at_the_head_of_each_run_and_on_the_page(tmp_path, course, monkeypatch):
    monkeypatch.setenv("CI", "1")
    submitted = hand_in(tmp_path, {"ada": as_bytes(notebook()), "bob": as_bytes(notebook())})
    roster = tmp_path / "roster.csv"
    roster.write_text("name,group,extension\nada,G,\ncy,G,\ndee,,48\n")
    out = tmp_path / "out"
    said = run(submitted, course, out, roster=roster)
    head = said[: said.index("4 submissions of toy, 0 of them graded before.")]
    assert "[LOOK] Not in the roster: bob." in head
    rows = read_csv(out)
    assert {name: row["status"] for name, row in rows.items()} == {
        "ada": "not attempted", "bob": "not attempted", "cy": "not attempted", "dee": "empty",
    }  # fmt: skip
    assert rows["dee"]["message"] == "Nothing was handed in."
    assert "Not in the roster: bob." in (out / "class.html").read_text("utf-8")
    assert "cy gets what ada handed in" in (out / "class.html").read_text("utf-8")


def test_another_deadline_runs_nothing_anew(tmp_path, course, monkeypatch):
    monkeypatch.setenv("CI", "1")
    submitted, out = hand_in(tmp_path, {"ada": as_bytes(notebook())}), tmp_path / "out"
    (submitted / "ada" / "toy" / "timestamp.txt").write_text("2026-03-02 12:00:00.000000 UTC")
    run(submitted, course, out)
    assert read_csv(out)["ada"]["hours late"] == "0.0"
    deadline = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert run(submitted, course, out, deadline=deadline)[0] == "1 submissions of toy, 1 of them graded before."
    row = read_csv(out)["ada"]
    assert (row["hours late"], row["time from"], row["submitted"]) == (
        "24.0", "timestamp.txt", "2026-03-02T12:00:00+00:00",
    )  # fmt: skip


def test_an_option_that_was_left_out_is_said(tmp_path, course, monkeypatch):
    monkeypatch.setenv("CI", "1")
    submitted, out = hand_in(tmp_path, {"ada": as_bytes(notebook()), "bob": b"{"}), tmp_path / "out"
    (tmp_path / "people.csv").write_text("name\nada\nbob\nEve Fox\n")
    options = {"roster": tmp_path / "people.csv", "deadline": datetime(2026, 1, 1, tzinfo=UTC)}
    run(submitted, course, out, **options)
    assert "[LOOK] " not in " ".join(run(submitted, course, out, **options)[-2:])
    said = " ".join(run(submitted, course, out))
    assert "[LOOK] ada and bob handed in late by an earlier run's --deadline; without it nobody is late." in said
    assert "[LOOK] Eve Fox had results in an earlier run" in said


@pytest.mark.parametrize(
    ("option", "value", "part"),
    [
        ("--deadline", "1 March", "--deadline '1 March' is no time"),
        ("--names", "(", "--names '(' is no regular expression"),
        ("--times", "missing.csv", "--times missing.csv cannot be read"),
        ("--roster", ".", "--roster . cannot be read"),
    ],
)
def test_options_about_the_class_are_read_first(tmp_path, course, monkeypatch, option, value, part):
    monkeypatch.chdir(tmp_path)
    hand_in(tmp_path, {"ada": as_bytes(notebook())})
    done = invoked("submitted", "--assignment", course, "--out", "out", option, value)
    assert (done.exit_code, done.output.count("\n")) == (1, 1)
    assert part in done.output


# ---- interruptions ----


def with_answers(count):
    """Which of so many have something that must be run; each grading process has to load a framework for them."""
    return [f"s{number:04}" for number in range(count // 6, count, count // 6)] if LONG else []


def many(tmp_path, count):
    """A class of which a few have something that must be run."""
    ones = {f"s{number:04}": as_bytes(notebook()) for number in range(count)}
    return hand_in(tmp_path, ones | {name: as_bytes(honest_notebook()) for name in with_answers(count)})


def started(submitted, course, out, *options):
    words = ["grade", submitted, "--assignment", course, "--out", out, *options]
    return subprocess.Popen([*COURSE, *map(str, words)], env=os.environ | {"CI": "1"}, stderr=subprocess.PIPE)


def await_results(out, count):
    wait_until(lambda: len(list((out / "results").glob("*.json"))) >= count, f"{count} results")


def all_there(out, count):
    rows = read_csv(out)
    assert [*rows] == [f"s{number:04}" for number in range(count)]
    assert len(list((out / "results").iterdir())) == count  # nothing half written either
    graded = [name for name, row in rows.items() if row["status"] == "graded"]
    assert graded == with_answers(count)
    assert all(float(rows[name]["points"]) == 9 for name in graded)
    return True


def test_a_grader_that_is_killed_goes_on_where_it_stopped(tmp_path, course):
    submitted, out = many(tmp_path, MANY), tmp_path / "out"
    grader = started(submitted, course, out, "--jobs", 2)
    await_results(out, MANY // 10)
    below = psutil.Process(grader.pid).children(recursive=True)
    grader.kill()
    grader.communicate()
    assert psutil.wait_procs(below, timeout=HANG_SECONDS)[1] == []  # its processes do not outlive it
    before = {path: path.stat().st_mtime_ns for path in (out / "results").glob("*.json")}
    assert len(before) >= MANY // 10
    grader = started(submitted, course, out, "--jobs", 2)
    assert (grader.communicate()[1], grader.returncode) == (b"", 0)
    assert all_there(out, MANY)
    assert before.items() <= {path: path.stat().st_mtime_ns for path in (out / "results").glob("*.json")}.items()


@in_the_long_run
def test_a_worker_that_is_killed_loses_nothing(tmp_path, course):
    submitted, out = many(tmp_path, FEW), tmp_path / "out"
    grader = started(submitted, course, out, "--jobs", 2)
    await_results(out, 1)
    workers = [each for each in psutil.Process(grader.pid).children() if "spawn_main" in " ".join(each.cmdline())]
    workers[0].send_signal(signal.SIGKILL)
    assert (grader.communicate()[1], grader.returncode) == (b"", 0)
    assert all_there(out, FEW)


def ends_its_process(job):
    if job.submission.student == "poison":
        os.kill(os.getpid(), signal.SIGKILL)
    return batch.grade_job(job)


@in_the_long_run
def test_a_submission_that_kills_the_graders_stops_nobody_else(tmp_path, course, monkeypatch):
    monkeypatch.setenv("CI", "1")
    monkeypatch.setattr(batch, "_graded", ends_its_process)
    submitted = hand_in(tmp_path, dict.fromkeys(("ada", "poison", "zoe"), as_bytes(notebook())))
    failures = command.run(command.Settings(submitted, course, tmp_path / "out", jobs=2), lambda _: None)
    (failure,) = failures
    assert failure.startswith("poison could not be graded")
    assert [*read_csv(tmp_path / "out")] == ["ada", "zoe"]


@in_the_long_run
def test_a_cluster_does_the_same_and_survives_the_loss_of_a_worker(tmp_path, course, cluster):
    address, workers = cluster
    submitted, out = many(tmp_path, FEW), tmp_path / "out"
    grader = started(submitted, course, out, "--scheduler", address)
    await_results(out, 1)
    below = psutil.Process(workers.pid).children(recursive=True)
    busy = [each for each in below if any(b.cmdline()[-1:] for b in each.children())]
    (busy or below)[0].send_signal(signal.SIGKILL)
    errors = grader.communicate()[1]
    assert grader.returncode == 0, errors.decode()
    assert all_there(out, FEW)


@in_the_long_run
def test_a_cluster_that_has_lost_its_last_worker_is_not_waited_for(tmp_path, course, cluster, monkeypatch, capfd):
    address, workers = cluster
    monkeypatch.setenv("CI", "1")
    monkeypatch.setattr(batch, "_LONELY_SECONDS", 5)
    submitted = hand_in(tmp_path, {"ada": as_bytes(notebook())})
    below = [workers, *psutil.Process(workers.pid).children(recursive=True)]
    for process in below:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    with pytest.raises(GradingError) as error:
        run(submitted, course, tmp_path / "out", scheduler=address)
    says(error, address, "no worker for 5 s", "run the same command again")
    assert "Traceback" not in capfd.readouterr().err


@in_the_long_run
def test_a_scheduler_that_is_not_there_is_said(tmp_path, course):
    pytest.importorskip("distributed", reason="distributed is not installed")
    submitted = hand_in(tmp_path, {"ada": as_bytes(notebook())})
    with pytest.raises(GradingError) as error:
        run(submitted, course, tmp_path / "out", scheduler="tcp://127.0.0.1:1")
    says(error, "127.0.0.1:1", "run the same command again")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"--assignment": "nope"}, "There is no assignment nope: give a folder with tests.py"),
        ({"--out": "a_file"}, "a_file is a file: give a folder for the results with --out."),
    ],
)
def test_what_is_asked_wrongly_is_one_sentence(tmp_path, course, monkeypatch, wrong, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a_file").touch()
    options = {"--assignment": str(course), "--out": "out"} | wrong
    done = CliRunner().invoke(app, ["grade", str(tmp_path), *(word for pair in options.items() for word in pair)])
    assert (done.exit_code, done.output.count("\n")) == (1, 1)
    assert f"[FAIL] {said}" in done.output
    assert not (tmp_path / "out").exists()


def test_without_the_grader_one_sentence_says_so(tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("course_utils.grading")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "course_utils.grading", None)
    done = CliRunner().invoke(app, ["grade", str(tmp_path), "--assignment", "a2_gru", "--out", str(tmp_path / "out")])
    assert (done.exit_code, done.output.count("\n")) == (1, 1)
    assert "only the instructors' copy has it" in done.output
