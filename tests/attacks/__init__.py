"""Submissions of all kinds to the toy assignment, each with what it must get."""
