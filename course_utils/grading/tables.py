"""Grades as tables: `grades.csv` for people and spreadsheets, and Gradescope's `results.json`."""

import csv
import io
import json
from collections.abc import Sequence

from course_utils.grading.grade import Result
from course_utils.grading.late import LatePolicy

_UNSANDBOXED = "RUN WITHOUT A SANDBOX"


def grades_csv(results: Sequence[Result], questions: Sequence[str], policy: LatePolicy) -> str:
    """One line for each student.

    Args:
        results: as `grade_submission` gives them.
        questions: their ids, in the assignment's order.
        policy: what it costs to be late.

    Returns: CSV with a heading. Questions that people grade are left empty: their points are not known yet.
    """
    text = io.StringIO()
    columns = ["student", "status", "points", "hours late", "late penalty", "final", "of", *questions]
    columns += ["caps hit", "sandbox", "framework", "notebook", "message"]
    columns += ["submitted", "time from", "remarks"]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for result in results:
        penalty = policy.penalty(result["points"], result["hours_late"])
        by_id = {question["id"]: question for question in result["questions"]}
        values = [result["student"], result["status"], result["points"], result["hours_late"], penalty]
        values += [round(result["points"] - penalty, 2), result["max_points"]]
        values += ["" if by_id[each]["status"] == "by hand" else by_id[each]["points"] for each in questions]
        values += [" ".join(result["caps"]), _UNSANDBOXED if result["sandbox"] == "none" else result["sandbox"]]
        values += [result["framework"], result["notebook"], result["message"]]
        values += [result["submitted"], result["time_from"], " ".join(result["remarks"])]
        writer.writerow(map(_cell, values))
    return text.getvalue()


def gradescope(result: Result, policy: LatePolicy) -> str:
    """A result in the format that Gradescope reads from its autograders (`results.json`)."""
    penalty = policy.penalty(result["points"], result["hours_late"])
    tests = [
        {
            "name": question["id"],
            "score": question["points"],
            "max_score": question["max_points"],
            "output": "\n".join(filter(None, [question["message"], *map(part_line, question["parts"])])),
            "visibility": "visible",
        }
        for question in result["questions"]
        if question["status"] != "by hand"
    ]
    lines = [result["message"], *result["notes"]]
    if result["sandbox"] == "none":
        lines.insert(0, _UNSANDBOXED)
    if penalty:
        lines.append(f"{penalty:g} points are taken off because it was late: {policy}.")
    whole = {"score": round(result["points"] - penalty, 2), "output": "\n".join(filter(None, lines)), "tests": tests}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def part_line(part: dict) -> str:
    """A part of a question on a line."""
    return f"{'[OK]  ' if part['passed'] else '[FAIL]'} {part['name']}: {part['message']}"


def _cell(value: object) -> object:
    """A value that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return "" if value is None else value
