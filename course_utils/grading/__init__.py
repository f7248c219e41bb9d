"""Grading a class: each submission runs in a sandbox, its answers are checked outside of it.

The student's notebook is rebuilt from the released one and runs in a process that can neither reach the network nor the
grader's files. The checks run outside, on inputs that nobody has seen before, and only arrays, numbers and strings
pass between the two. `course grade` is the command, `docs/grading.md` the manual, and `grade_submission` in
`grading.grade` the one function behind them.

Nothing is imported here, because the sandbox's own processes start from this package and should start fast.
"""
