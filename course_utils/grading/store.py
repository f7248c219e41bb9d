"""Results on disk: a file for each student, written whole or not at all, so that grading goes on where it stopped."""

import functools
import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path

import jsonschema

from course_utils.files import write
from course_utils.grading.errors import GradingError
from course_utils.grading.grade import Result

_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")
_DEVICES = re.compile(r"con|prn|aux|nul|com\d|lpt\d")


def file_name(student: str) -> str:
    """A name for a student's files that is safe on every machine, and no other student's.

    >>> file_name("ada"), file_name("../Ada")
    ('ada', 'Ada-4e4af216')
    """
    if _PLAIN.fullmatch(student) and not _DEVICES.fullmatch(student):
        return student
    readable = re.sub(r"[^A-Za-z0-9]+", "-", student).strip("-")[:40] or "student"
    return f"{readable}-{hashlib.sha256(student.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


class Store:
    """The results of a grading session.

    Args:
        folder: they are in `results/` below it.
    """

    def __init__(self, folder: Path):
        self.folder = folder / "results"

    def path(self, student: str) -> Path:
        """The file of a student's result."""
        return self.folder / f"{file_name(student)}.json"

    def write(self, result: Result) -> None:
        """Keep a result, in the place of an earlier one of that student.

        Raises:
            GradingError: it is not as `result.schema.json` says, which is a fault of the grader.
        """
        error = jsonschema.exceptions.best_match(_validator().iter_errors(result))
        if error:
            raise GradingError(
                f"The result of {result.get('student')} is malformed at {error.json_path}: {error.message}."
            )
        write(self.path(result["student"]), json.dumps(result, indent=1, sort_keys=True, ensure_ascii=False) + "\n")

    def read(self, student: str) -> Result | None:
        """A student's result; None if there is none, or none that can be read."""
        try:
            return json.loads(self.path(student).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None


@functools.cache
def _validator() -> jsonschema.Draft202012Validator:
    schema = json.loads((files("course_utils.grading") / "result.schema.json").read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(schema)
