"""Where nbgrader finds the masters of the assignments, and where it puts what is made of them."""

from pathlib import Path

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "rnn"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.feedback_directory = "grading/feedback"
c.CourseDirectory.db_url = f"sqlite:///{Path('grading/gradebook.db').absolute()}"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "__pycache__", "*.py"]  # tests.py has the answers
c.IncludeHeaderFooter.enabled = False
