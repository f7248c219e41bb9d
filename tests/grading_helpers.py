"""What the tests of the grader share."""

import contextlib
from dataclasses import replace

import pytest
from clocks import HANG_SECONDS

from course_utils.assignments.released import released
from course_utils.grading import kinds
from course_utils.grading.errors import GradingError
from course_utils.grading.grade import Submission, grade_submission
from course_utils.grading.limits import Limits
from course_utils.grading.probes import find

SECRET = b"the secret of the tests"
# One is for what never ends, which every test waits for; the other for all else.
SHORT = Limits(cell_seconds=2, call_seconds=2, cpu_seconds=60, submission_seconds=HANG_SECONDS, idle_seconds=6)
LIMITS = replace(SHORT, cell_seconds=60, call_seconds=60, idle_seconds=HANG_SECONDS)


def hand_in(tmp_path, files):
    """Write the files, student → the notebook's bytes, as a folder of submissions for the toy assignment."""
    for student, content in files.items():
        path = tmp_path / "submitted" / student / "toy" / "torch.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "submitted"


class Zygotes(contextlib.ExitStack):
    """A zygote for each framework, started when it is first asked for; skips the test where no sandbox holds."""

    def __init__(self, assignment):
        super().__init__()
        self._assignment, self._started = assignment, {}

    def __call__(self, framework):
        if framework not in self._started:
            modules = next(each.modules for each in released(self._assignment) if each.framework == framework)
            try:
                self._started[framework] = self.enter_context(find(framework, modules))
            except GradingError as error:
                pytest.skip(str(error))
        return self._started[framework]


def grade(assignment, zygotes, files, student="ada", limits=LIMITS, **options):
    return grade_submission(Submission(student, files), assignment, limits, SECRET, zygotes, **options)


def without_times(result):
    """The result but for what differs from run to run."""
    return {name: value for name, value in result.items() if name != "seconds"}


def messages(result):
    """All that a result says to the student."""
    parts = [part["message"] for question in result["questions"] for part in question["parts"]]
    return "\n".join([result["message"], *result["notes"], *(q["message"] for q in result["questions"]), *parts])


def kind_or_skip(name):
    """A kind of sandbox, where this machine has what it needs."""
    if reason := kinds.KINDS[name].missing():
        pytest.skip(reason)
    return kinds.KINDS[name]
