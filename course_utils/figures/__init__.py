"""Living figures: one steps through them by mouse or keyboard, instead of reading lists of numbers.

Each function returns a `LivingFigure`: self-contained HTML with a little JavaScript, and inside it a still picture for
where no script runs. Its words are its plain text, which the tests compare.
"""

from course_utils.figures.alignments import alignment_map
from course_utils.figures.beam import Hypothesis, beam_stepper, watch_beam
from course_utils.figures.clips import film
from course_utils.figures.contexts import context_map
from course_utils.figures.living import LivingFigure
from course_utils.figures.microscope import gate_microscope
from course_utils.figures.reading import Reading, read_counts
from course_utils.figures.ribbon import surprise_ribbon
from course_utils.figures.scan import scan_tree
from course_utils.figures.stepper import cell_stepper

__all__ = [
    "Hypothesis",
    "LivingFigure",
    "Reading",
    "alignment_map",
    "beam_stepper",
    "cell_stepper",
    "context_map",
    "film",
    "gate_microscope",
    "read_counts",
    "scan_tree",
    "surprise_ribbon",
    "watch_beam",
]
