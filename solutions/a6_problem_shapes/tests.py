"""What is asked of the students' functions; the right and the wrong answers are in the files beside."""

import numpy as np

from course_utils.assignments import question

from .captions import WRONG_BATCHES, WRONG_SCORES, caption_batch, caption_scores
from .eyes import WRONG_CONTEXTS, WRONG_CONVOLUTIONS, context, convolve
from .intervals import WRONG_INTERVALS, interval
from .steps import WRONG_STATES, WRONG_TARGETS, asked, last_states

BY_HAND = {"report": 16}  # points of what people grade

CONVOLUTIONS = (
    "torch.conv2d",
    "torch.nn.functional.conv2d",
    "torch.nn.Conv2d",
    "tensorflow._api.v2.nn.conv2d",
    "tensorflow._api.v2.nn.convolution",
    "keras.ops.conv",
    "keras.layers.Conv2D",
)
NORMS = (
    "torch.nn.functional.layer_norm",
    "torch.layer_norm",
    "torch.nn.LayerNorm",
    "keras.ops.layer_normalization",
    "keras.layers.LayerNormalization",
)


@question(
    {"the sums": 5, "the gradient": 3},
    reference=convolve,
    explained="chapter 08, “One-to-one: a picture, a digit”",
    forbids=CONVOLUTIONS,
    wrong=WRONG_CONVOLUTIONS,
)
def check_convolve(student, rng):
    yield "the sums", student.call("convolve", rng.normal(size=(5, 7, 6)), rng.normal(size=(3, 2, 4)))
    X, K = rng.normal(size=(2, 6, 5)), rng.normal(size=(2, 3, 4))
    yield "the gradient", student.gradient("convolve", X, K, wrt=1, weights=1.0)


@question(
    {"many-to-one": 3, "an answer at each step": 3},
    reference=asked,
    explained="chapter 08, “Many-to-one: rows, a digit”, and the text above the exercise",
    wrong=WRONG_TARGETS,
)
def check_asked(student, rng):
    lengths, labels = rng.permutation([1, 3, 4, 7]), rng.permutation([0, 2, 5, 6])
    yield "many-to-one", student.call("asked", labels, lengths, 7)
    yield "an answer at each step", student.call("asked", labels, lengths, 7, everywhere=True)


@question(
    {"one direction": 3, "both directions": 3, "the gradient": 2},
    reference=last_states,
    explained="chapter 09, “What padding does to a state” and “The class”, and the text above the exercise",
    wrong=WRONG_STATES,
)
def check_last_states(student, rng):
    lengths = rng.permutation([2, 3, 5, 6])
    yield "one direction", student.call("last_states", rng.normal(size=(4, 7, 5)), lengths)
    yield "both directions", student.call("last_states", rng.normal(size=(4, 7, 6)), lengths, both=True)
    outputs = rng.normal(size=(4, 7, 6))
    yield "the gradient", student.gradient("last_states", outputs, lengths, both=True, wrt=0, weights=2.0)


@question(
    {"the context": 6, "the gradient": 2},
    reference=context,
    explained="chapter 08, “One-to-many: a scene, a sentence” and “What, and where”",
    forbids=NORMS,
    wrong=WRONG_CONTEXTS,
)
def check_context(student, rng):
    n, H, W, c, m, h = 5, 2, 3, 7, 4, 6
    shapes = {"W_n": (c, m), "b_n": (m,), "W_p": (H * W * m, h), "b_p": (h,)}
    params = {name: rng.normal(scale=0.7, size=shape) for name, shape in shapes.items()}
    F = rng.normal(size=(n, H, W, c))
    yield "the context", student.call("context", F, params)
    weights = rng.normal(size=(n, h))
    yield "the gradient", student.gradient("context", F, params, wrt=0, weights=weights)


@question(
    {"sentences of one length": 4, "short ones, padded": 4},
    reference=caption_batch,
    explained="chapter 08, “Bug museum”, and the text above the exercise",
    wrong=WRONG_BATCHES,
)
def check_caption_batch(student, rng):
    bos, eos, pad = (int(i) for i in rng.permutation([1, 2, 3]))
    words = rng.integers(4, 20, size=(4, 6))  # (n, T)
    yield "sentences of one length", student.call("caption_batch", words, np.full(4, 6), bos, eos, pad)
    lengths = rng.permutation([1, 3, 4, 6])
    words = np.where(np.arange(6) < lengths[:, None], words, pad)
    yield "short ones, padded", student.call("caption_batch", words, lengths, bos, eos, pad)


@question(
    {"wrong words": 4, "too short, too long": 4},
    reference=caption_scores,
    explained="chapter 08, “Writing without a teacher”, and the text above the exercise",
    wrong=WRONG_SCORES,
)
def check_caption_scores(student, rng):
    eos, order = int(rng.integers(1, 4)), rng.permutation(7)
    sentences = [rng.permutation(np.arange(4, 14))[:length].tolist() for length in (3, 4, 4, 5, 5, 6, 7)]
    said = [list(sentence) for sentence in sentences]
    said[1][:2] = said[1][1::-1]  # the right words, two of them exchanged
    said[4][2], said[6][0], said[6][5] = 15, 16, 15  # other words
    yield "wrong words", student.call("caption_scores", *rows(rng, said, sentences, eos, order), eos)
    said[0] += [17]  # goes on
    said[3] = said[3][:2]  # stops
    said[5] = [18, 19, *said[5][2:], 17]
    yield "too short, too long", student.call("caption_scores", *rows(rng, said, sentences, eos, order), eos)


def rows(rng, said, wanted, eos, order):
    """Sentences as rows of two widths; behind the eos stands anything."""
    filled = []
    for sentences, width in ((said, 10), (wanted, 9)):
        ids = rng.integers(4, 20, size=(len(sentences), width))
        for row, i in zip(ids, order, strict=True):
            row[: len(sentences[i]) + 1] = [*sentences[i], eos]
        filled.append(ids)
    return filled


def first_draw_differs(values, draws):
    """Whether the first draw's values lie elsewhere than all of them."""
    first, whole = (np.percentile(each, [2.5, 97.5]) for each in (values[draws[0]], values))
    return np.abs(first - whole).max() > 0.01


@question(
    {"one model": 4, "two models": 4},
    reference=interval,
    explained="chapter 09, “How sure is a number?”",
    wrong=WRONG_INTERVALS,
)
def check_interval(student, rng):
    while True:
        one, other = 0.3 + rng.uniform(size=23), rng.uniform(size=23)  # one is better, so that a sign is seen
        draws = rng.integers(23, size=(90, 23))
        if first_draw_differs(one, draws) and first_draw_differs(one - other, draws):
            break
    yield "one model", student.call("interval", one, draws)
    yield "two models", student.call("interval", one, draws, other=other)
