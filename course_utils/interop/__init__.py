"""Bridges to other courses, to their packages and settings; nothing else in `course_utils` needs them."""
