"""The grader's errors; each message is for the instructor or, in a report, for the student."""

from course_utils.errors import CourseError


class GradingError(CourseError):
    """Grading cannot begin or go on until the instructor has mended something."""


class Refused(Exception):
    """A submission that is not opened: a path leads out of its folder, or an archive is a zip bomb."""


class Unreadable(Refused):
    """A file that is damaged, or of a kind that cannot be opened; others of the same student may be in order."""
