"""The course in PyTorch: cells written from scratch, models, training, decoding, and weights that travel.

Everything here has its twin of the same name and signature in `course_utils.tensorflow`.
"""

try:
    import torch
except ImportError as error:
    raise ImportError(
        "PyTorch is not installed, and course_utils.torch needs it: "
        "run `pip install torch`, or use course_utils.tensorflow."
    ) from error

from course_utils import repro
from course_utils.history import History
from course_utils.torch import weights
from course_utils.torch.attention import AttentionDecoder
from course_utils.torch.cells import GRU, LSTM, RNN, Bidirectional, Block, Deep, MinGRU, MinLSTM, ShortConv
from course_utils.torch.decoding import compose, generate, translate
from course_utils.torch.devices import try_gpu
from course_utils.torch.evaluation import evaluate
from course_utils.torch.models import RNNLM
from course_utils.torch.proofs import compare
from course_utils.torch.reading import read_line
from course_utils.torch.saving import open_model, save_model
from course_utils.torch.scan import linear_loop, linear_scan
from course_utils.torch.seq2seq import Seq2Seq, Seq2SeqDecoder, Seq2SeqEncoder
from course_utils.torch.training import Trainer

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
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True, warn_only=True)


repro.on_seed(_seed)
