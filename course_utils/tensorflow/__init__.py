"""The course in TensorFlow (Keras 3): cells written from scratch, models, training, decoding, weights that travel.

Everything here has its twin of the same name and signature in `course_utils.torch`.
"""

try:
    import tensorflow
except ImportError as error:
    raise ImportError(
        "TensorFlow is not installed, and course_utils.tensorflow needs it: "
        "run `pip install tensorflow`, or use course_utils.torch."
    ) from error
import keras

from course_utils import repro
from course_utils.history import History
from course_utils.tensorflow import weights
from course_utils.tensorflow.attention import AttentionDecoder
from course_utils.tensorflow.cells import GRU, LSTM, RNN, Bidirectional, Block, Deep, MinGRU, MinLSTM, ShortConv
from course_utils.tensorflow.decoding import compose, generate, translate
from course_utils.tensorflow.devices import stay_on_cpu, try_gpu
from course_utils.tensorflow.evaluation import evaluate
from course_utils.tensorflow.models import RNNLM
from course_utils.tensorflow.proofs import compare
from course_utils.tensorflow.reading import read_line
from course_utils.tensorflow.saving import open_model, save_model
from course_utils.tensorflow.scan import linear_loop, linear_scan
from course_utils.tensorflow.seq2seq import Seq2Seq, Seq2SeqDecoder, Seq2SeqEncoder
from course_utils.tensorflow.training import Trainer

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "RNNLM",
    "AttentionDecoder",
    "Bidirectional",
    "Block",
    "Deep",
    "History",
    "MinGRU",
    "MinLSTM",
    "Seq2Seq",
    "Seq2SeqDecoder",
    "Seq2SeqEncoder",
    "ShortConv",
    "Trainer",
    "compare",
    "compose",
    "evaluate",
    "generate",
    "linear_loop",
    "linear_scan",
    "open_model",
    "read_line",
    "save_model",
    "translate",
    "try_gpu",
    "weights",
]


def _seed(seed: int) -> None:
    keras.utils.set_random_seed(seed)
    tensorflow.config.experimental.enable_op_determinism()


repro.on_seed(_seed)
stay_on_cpu()
