"""Grades as tables: `grades.csv` for people and spreadsheets, and Gradescope's `results.json`."""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Sequence

from course_utils.grading.grade import Result
from course_utils.grading.late import LatePolicy
from course_utils.grading.showing import shown
from course_utils.grading.similarity import SimilarPair

WAITING = ("by hand", "open")  # statuses of a question that people have still to grade
_UNSANDBOXED = "RUN WITHOUT A SANDBOX"
_CELL_BEGINS = re.compile(r'(?:^|(?<=[,;|]))[\s"]*(?=(.))')  # with whichever separator a program reads the table


def grades_csv(results: Sequence[Result], questions: Sequence[str], policy: LatePolicy) -> str:
    """One line for each student.

    Args:
        results: as `grade_submission` gives them, or `finishing.finished`.
        questions: their ids, in the assignment's order.
        policy: what it costs to be late.

    Returns: CSV with a heading. A question is left empty while people have still to grade it, and with it, once the
        marks are to be final, the final points.
    """
    text = io.StringIO()
    columns = ["student", "status", "points", "hours late", "late penalty", "final", "of", *questions]
    columns += ["open", "caps hit", "sandbox", "framework", "notebook", "message"]
    columns += ["submitted", "time from", "remarks"]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for result in results:
        penalty, final = totals(result, policy)
        by_id = {question["id"]: question for question in result["questions"]}
        values = [result["student"], result["status"], result["points"], result["hours_late"], penalty]
        values += [final, result["max_points"]]
        values += ["" if by_id[each]["status"] in WAITING else by_id[each]["points"] for each in questions]
        values += [" ".join(each for each in questions if by_id[each]["status"] == "open")]
        values += [" ".join(result["caps"]), _UNSANDBOXED if result["sandbox"] == "none" else result["sandbox"]]
        values += [result["framework"], result["notebook"], result["message"]]
        values += [result["submitted"], result["time_from"], " ".join(result["remarks"])]
        writer.writerow(map(_cell, values))
    return text.getvalue()


def likeness_csv(pairs: Sequence[SimilarPair]) -> str:
    """Pairs whose answers look alike, a line for each; who is compared with another year's may be the same person."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["student", "looks like", "of", "in common", "note"])
    for each in pairs:
        note = "one name: the same student?" if each.same else ""
        writer.writerow(map(_cell, [each.one, each.other, each.where or "this class", each.share, note]))
    return text.getvalue()


def totals(result: Result, policy: LatePolicy) -> tuple[float, float | None]:
    """What lateness takes off the points that there are, and the rest; None if it is not known yet."""
    penalty = policy.penalty(result["points"], result["hours_late"])
    waits = any(question["status"] == "open" for question in result["questions"])
    return penalty, None if waits else round(result["points"] - penalty, 2)


def gradescope(result: Result, policy: LatePolicy) -> str:
    """A result in the format that Gradescope reads from its autograders (`results.json`)."""
    penalty, _ = totals(result, policy)
    tests = [
        {
            "name": question["id"],
            "score": question["points"],
            "max_score": question["max_points"],
            "output": "\n".join(filter(None, [question["message"], *map(part_line, question["parts"])])),
            "visibility": "visible",
        }
        for question in result["questions"]
        if question["status"] not in WAITING
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
    """A value that no spreadsheet takes for a formula, and no terminal for a command.

    >>> _cell("=1+1"), _cell("ada; \uff1d1+1"), _cell(-1.5), _cell("a-b")
    ("'=1+1", "ada; '\uff1d1+1", -1.5, 'a-b')
    """
    if isinstance(value, str):
        return _CELL_BEGINS.sub(_quoted, shown(value))
    return "" if value is None else value


def _quoted(begin: re.Match) -> str:
    """The blanks before a cell's first character, and a quotation mark if that begins a formula, in any width."""
    return begin[0] + ("'" if unicodedata.normalize("NFKC", begin[1])[:1] in tuple("=+-@") else "")
