"""What grading will make of a notebook, for the student who is about to hand it in.

    python -m course_utils.assignments.submission NOTEBOOK [plain]

runs a notebook as grading does, in this process, and prints what came of it as JSON.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from course_utils.assignments import recording
from course_utils.assignments.cells import read
from course_utils.assignments.errors import AssignmentError, Corrupt, Foreign, StudentProblem, Undone
from course_utils.assignments.loading import FRAMEWORKS
from course_utils.assignments.matching import Plan, matched
from course_utils.assignments.released import HANDED_OUT, Released


def check_submission(notebook: str | Path = "torch.ipynb", say: Callable[[str], None] = print) -> None:
    """Run a notebook as grading will, and say what counts: each answer, and each cell that does not, with the reason.

    Args:
        notebook: the file as it is stored, so save it first; checks/ must lie beside it.
        say: called with each line.

    Grading does the same in a sandbox, where there is no network and none of your files, and with other numbers.

    Raises:
        AssignmentError: there is no such notebook, or it is none of this assignment.
    """
    path = Path(notebook).expanduser().resolve()
    if not path.is_file():
        raise AssignmentError(f"There is no notebook {path}: name the one that you will hand in.")
    found = _planned(path, path.parent / "checks")
    whole = _in_a_process(path)
    marks = whole["marks"]
    say(f"{path.name}, as it will be graded; points are those for the cases that you can check here.")
    if found.plain and any(mark["points"] < mark["of"] for mark in marks.values()):
        without = _in_a_process(path, "plain")["marks"]
        better = [each for each in without if without[each]["points"] > marks[each]["points"]]
        marks |= {each: without[each] for each in better}
        for each in better:
            say(f"  {each} earns more without the cells of your own, and that counts.")
    for question, mark in marks.items():
        status = "[OK]  " if mark["points"] == mark["of"] else "[FAIL]"
        say(
            f"  {status} {question}: {mark['points']:g} of {mark['of']:g}" + (f", {mark['why']}" if mark["why"] else "")
        )
    for step in found.words:
        written = "nothing is written yet" if step.untouched else "is there, for people to read"
        say(f"  {'[FAIL]' if step.untouched else '[OK]  '} {step.name}: {written}")
    for name, problem in whole["failed"].items():
        say(f"{name} ends with an error: {problem}")
    for note in found.notes:
        say(note)
    for step in found.steps:
        if reason := whole["passed over"].get(step.name):
            say(f"{step.label} will not be graded, because {reason}.")
    if whole["ended"]:
        say(f"Your notebook ended Python in {whole['ended']}: what stands below was not tried.")


def _planned(path: Path, checks: Path) -> Plan:
    """What is run of a notebook; raises an `AssignmentError`."""
    releases = _handed_out(checks)
    own, others = {each.features for each in releases}, {}
    for folder in path.parent.parent.glob("*/checks"):
        with contextlib.suppress(AssignmentError):  # it is none, or damaged
            theirs = {each.features for each in _handed_out(folder)}
            if own.isdisjoint(theirs):  # else it is a copy of this one
                others[folder.parent.name] = frozenset().union(*theirs)
    forbids = {each: recording.read(each, checks).forbids for each in recording.questions(checks)}
    try:
        return matched(read(path.read_bytes()), releases, forbids, path.parent.name, others)
    except (Corrupt, Foreign) as error:
        raise AssignmentError(f"{path.name}: {str(error).rstrip('.')}.") from error


def _handed_out(checks: Path) -> list[Released]:
    """The notebooks that were handed out, as they lie in checks/; raises an `AssignmentError`."""
    kept = {each: checks / HANDED_OUT.format(framework=each) for each in FRAMEWORKS}
    there = [each for each in FRAMEWORKS if kept[each].exists()]  # a copy of the course may be in one framework only
    mend = "take the folder checks/ from the course anew"
    return [Released(kept[each], each, mend) for each in there or FRAMEWORKS]


def _in_a_process(path: Path, *options: str) -> dict[str, Any]:
    """Run a notebook in a process and in an empty folder of its own, as grading does."""
    command = [sys.executable, "-m", __spec__.name, str(path), *options]
    with tempfile.TemporaryDirectory() as folder:
        paths = os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")]))
        done = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | {"MPLBACKEND": "agg", "PYTHONPATH": paths},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    reports = [json.loads(line) for line in done.stdout.splitlines()]  # one after each step; the last one has it all
    if not reports:
        raise AssignmentError(f"{path.name} could not be run: Python ended with status {done.returncode}.")
    return reports[-1] | ({"ended": ""} if done.returncode == 0 else {})


def _run(found: Plan, checks: Path) -> Iterator[dict[str, Any]]:
    """Run a plan; after each step, all that is known so far, and what comes next."""
    from course_utils.assignments.running import Notebook, silence_checks  # it needs IPython's, which takes a while

    shown = set(recording.questions(checks))
    records = {each: recording.read(each, checks) for each in found.places if each in shown}
    report: dict[str, Any] = {"marks": {each: _mark(0.0, record, "") for each, record in records.items()}}
    report |= {"failed": {}, "passed over": {}, "ended": "the beginning"}
    silence_checks()
    notebook, done = Notebook(found.framework), 0
    notebook.guard([name for record in records.values() for name in record.forbids])
    for place, question in sorted((place, each) for each, places in found.places.items() for place in places):
        for step in found.steps[done:place]:
            yield report | {"ended": step.name}
            notebook.question(step.forbids)
            try:
                getattr(notebook, step.kind)(step.name, step.source)
            except Undone as undone:
                report["passed over"][step.name] = str(undone).rstrip(".")
            except (StudentProblem, SystemExit) as problem:
                report["failed"][step.name] = str(problem) or "it ended Python."
        done = max(done, place)
        if question in records:
            yield report | {"ended": f"the check of {question}"}
            record = records[question]
            notebook.question(record.forbids)
            mark = record.check(notebook.student)
            failed = next((part.message for part in mark.parts if not part.passed), "")
            new = _mark(mark.points, record, failed if mark.attempted else "it is not done yet")
            report["marks"][question] = max(report["marks"][question], new, key=lambda each: each["points"])
            if not report["marks"][question]["points"]:
                report["marks"][question] = new
    yield report | {"ended": ""}


def _mark(points: float, record: recording.Record, why: str) -> dict[str, Any]:
    return {"points": float(points), "of": float(sum(record.points.values())), "why": why}


def main() -> None:
    """Run a notebook and print reports; what its cells print is dropped."""
    path = Path(sys.argv[1])
    found = _planned(path, path.parent / "checks")
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as reports, contextlib.ExitStack() as stack:
        nowhere = stack.enter_context(open(os.devnull, "w"))
        for number in (1, 2):
            os.dup2(nowhere.fileno(), number)
        for report in _run(found.plain if "plain" in sys.argv[2:] and found.plain else found, path.parent / "checks"):
            print(json.dumps(report), file=reports, flush=True)


if __name__ == "__main__":
    main()
