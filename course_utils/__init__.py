"""The package behind the notebooks of a course on recurrent neural networks.

Importing `course_utils` loads no framework; `course_utils.torch` and `course_utils.tensorflow` do, each on its own.

>>> import course_utils
>>> course_utils.__version__
'0.1.0'
"""

import os
import sys

from course_utils.importing import FrameworkFinder

__version__ = "0.1.0"
__all__ = ["__version__"]

# TensorFlow reads these once, when it is imported: without them it writes lines about this machine to stderr,
# and notebooks whose outputs are compared would differ from one machine to the next.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # 1.2 to 1.7 times as fast; the lines it costs are left out
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
sys.meta_path.insert(0, FrameworkFinder())
