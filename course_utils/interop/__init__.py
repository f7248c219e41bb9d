"""Bridges to other courses' packages; nothing else in `course_utils` needs them."""
