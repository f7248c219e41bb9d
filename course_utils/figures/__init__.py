"""Living figures: one steps through them by mouse or keyboard, instead of reading lists of numbers.

Each function returns a `LivingFigure`: self-contained HTML with a little JavaScript, and inside it a still picture for
where no script runs. Its words are its plain text, which the tests compare.
"""

from course_utils.figures.living import LivingFigure
from course_utils.figures.microscope import gate_microscope
from course_utils.figures.reading import Reading, read_counts
from course_utils.figures.ribbon import surprise_ribbon
from course_utils.figures.stepper import cell_stepper

__all__ = ["LivingFigure", "Reading", "cell_stepper", "gate_microscope", "read_counts", "surprise_ribbon"]
