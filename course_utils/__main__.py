"""`python -m course_utils` is `course`, also where no such command is on the path."""

from course_utils.cli import main

if __name__ == "__main__":
    main()
