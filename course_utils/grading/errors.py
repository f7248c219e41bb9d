"""What can be wrong with grading as such; each is a sentence for the instructor or, in a report, for the student."""

from course_utils.errors import CourseError


class GradingError(CourseError):
    """Grading cannot begin or go on: something is missing that the instructor has to mend."""


class Corrupt(Exception):
    """A file that was handed in cannot be read as a notebook."""


class Refused(Exception):
    """A submission that is not even unpacked: a path leaves its folder, an archive is a bomb."""
