"""Assignments: how their questions are declared, what a student checks while working, and what is graded.

`tests.py` of an assignment uses `question` and `Wrong`; its notebooks use `Checker`; who grades uses `load_assignment`.
"""

from course_utils.assignments.checking import Checker
from course_utils.assignments.errors import (
    AssignmentError,
    BadValue,
    Forbidden,
    NotAttempted,
    StudentError,
    StudentLost,
    StudentProblem,
    TooLarge,
)
from course_utils.assignments.hiding import hidden
from course_utils.assignments.loading import Assignment, Question, load_assignment
from course_utils.assignments.marks import Mark, PartMark
from course_utils.assignments.mutation import mutant
from course_utils.assignments.questions import Check, Wrong, question
from course_utils.assignments.students import LocalStudent, Student
from course_utils.assignments.submission import check_submission

__all__ = [
    "Assignment",
    "AssignmentError",
    "BadValue",
    "Check",
    "Checker",
    "Forbidden",
    "LocalStudent",
    "Mark",
    "NotAttempted",
    "PartMark",
    "Question",
    "Student",
    "StudentError",
    "StudentLost",
    "StudentProblem",
    "TooLarge",
    "Wrong",
    "check_submission",
    "hidden",
    "load_assignment",
    "mutant",
    "question",
]
