"""Results on disk: a file for each student, written whole or not at all, so that grading goes on where it stopped."""

import errno
import fcntl
import functools
import hashlib
import json
import math
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import jsonschema

from course_utils.files import write
from course_utils.grading.errors import GradingError
from course_utils.grading.grade import Result
from course_utils.grading.seeds import fingerprint

_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")
_DEVICES = re.compile(r"con|prn|aux|nul|com\d|lpt\d")
TOLD_APART = re.compile(r".*-[0-9a-f]{16}")
_SECRET = re.compile(rb"[0-9a-f]{64}")
_ROUNDING = 1e-6


def file_name(student: str) -> str:
    """A name for a student's files that is safe on every machine, and no other student's.

    >>> file_name("ada"), file_name("../Ada")
    ('ada', 'Ada-4e4af21652b78501')
    """
    if _PLAIN.fullmatch(student) and not _DEVICES.fullmatch(student) and not TOLD_APART.fullmatch(student):
        return student
    readable = re.sub(r"[^A-Za-z0-9]+", "-", student).strip("-")[:40] or "student"
    return f"{readable}-{hashlib.sha256(student.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


@contextmanager
def sole(folder: Path) -> Iterator[None]:
    """Work in a folder of results alone; the system takes the lock away from a process that ends, however it ends.

    Raises:
        GradingError: somebody else works there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise GradingError(
                f"Another `course grade` is at work in {folder}: wait until it ends, or name another folder by --out."
            ) from error
        except OSError as error:
            if error.errno not in (errno.ENOLCK, errno.ENOTSUP):  # some network folders have no locks
                raise
        yield


class Store:
    """The results of a grading session.

    Args:
        folder: they are in `results/` below it, and beside that the secret.
    """

    def __init__(self, folder: Path):
        self.folder, self._secret = folder / "results", folder / "secret"

    def path(self, student: str) -> Path:
        """The file of a student's result."""
        return self.folder / f"{file_name(student)}.json"

    def write(self, result: Result) -> None:
        """Keep a result, in the place of an earlier one of that student.

        Raises:
            GradingError: it is not as `result.schema.json` says, which is a fault of the grader.
        """
        if fault := _fault(result):
            raise GradingError(f"The result of {result.get('student')} is malformed {fault}.")
        write(self.path(result["student"]), json.dumps(result, indent=1, sort_keys=True, ensure_ascii=False) + "\n")

    def read(self, student: str) -> Result | None:
        """A student's result; None if there is none, or none that can be read."""
        return self._read(self.path(student))[0]

    def read_all(self, assignment: str, secret: bytes) -> tuple[dict[str, Result], list[str]]:
        """The results that are there, by student, and a sentence about each file that is none.

        Such a file, which a disk or a hand has changed, is renamed, so that nothing of it is lost.

        Raises:
            GradingError: they are another assignment's, or drawn from another secret.
        """
        results, damaged = {}, []
        for path in sorted(self.folder.glob("*.json")):
            result, fault = self._read(path)
            if result is None:
                kept = path.rename(path.with_suffix(".damaged"))
                damaged.append(f"{path} is not as the grader writes it ({fault}): it is {kept.name} now.")
                continue
            if result["assignment"] != assignment:
                raise GradingError(
                    f"{self.folder.parent} has results of {result['assignment']}, not of {assignment}: "
                    "name another folder by --out."
                )
            if result["hashes"]["secret"] != fingerprint(secret):
                raise GradingError(
                    f"{self._secret} is not the secret that the results there were drawn from: put that one back, "
                    "or name another folder by --out."
                )
            results[result["student"]] = result
        return results, damaged

    def secret(self) -> bytes:
        """The instructor's secret, made once for a folder of results: anyone who has it can predict the inputs.

        Raises:
            GradingError: what is there is none.
        """
        if not self._secret.exists():
            write(self._secret, secrets.token_hex(32), mode=0o600)
        found = self._secret.read_bytes().strip()
        if not _SECRET.fullmatch(found):
            raise GradingError(
                f"{self._secret} is no secret, which has 64 digits of 0-9 and a-f: put yours back from a copy, "
                "or delete it together with results/, and everybody is graded on new inputs."
            )
        return found

    def _read(self, path: Path) -> tuple[Result | None, str]:
        """A result; or None, and why."""
        try:
            result = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None, "it is not there"
        except (ValueError, RecursionError):
            return None, "no JSON"
        if fault := _fault(result):
            return None, f"malformed {fault}"
        if self.path(result["student"]) != path:
            return None, "another student's"
        return result, ""


def _fault(result: Result) -> str:
    """Where a result is not as the schema says, or does not add up; "" if it is as it should be."""
    if error := jsonschema.exceptions.best_match(_validator().iter_errors(result)):
        return f"at {error.json_path}: {error.message[:200]}"
    for question in result["questions"]:
        if question["points"] > question["max_points"] + _ROUNDING:
            return f"at {question['id']}: {question['points']:g} of {question['max_points']:g} points"
    if not math.isclose(
        result["points"], sum(question["points"] for question in result["questions"]), abs_tol=_ROUNDING
    ):
        return f"at $.points: {result['points']:g} is not the sum of the questions' points"
    return ""


@functools.cache
def _validator() -> jsonschema.Draft202012Validator:
    schema = json.loads((files("course_utils.grading") / "result.schema.json").read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(schema)
