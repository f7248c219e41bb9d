"""The root of all errors that say, in one sentence, what was wrong, what was expected and how to mend it."""


class CourseError(Exception):
    """Something that a user can mend; the command line prints its sentence, without a traceback."""
