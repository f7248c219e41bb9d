"""What carries the course on: chapters are run, checked, refreshed and exported, assignments made and released.

Nothing that a chapter or an assignment imports needs this; the command line `course` does.
"""
