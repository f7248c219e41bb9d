"""Grading a class: each submission runs in a sandbox, its answers are checked outside of it.

The student's notebook is rebuilt from the released one and runs in a process that can neither reach the network nor the
grader's files; the checks run out here, on inputs nobody has seen before, and only plain arrays, numbers and strings
cross. `course grade` is the command, `docs/grading.md` the manual, and `grade_submission` in `grading.grade` the one
function behind them.

Nothing is imported here, because the sandbox's own processes start from this package and should start fast.
"""
