"""What is asked of the students' functions; the right and the wrong answers are in the files beside."""

from functools import cache

import numpy as np

from course_utils.assignments import question

from ..shared import softmax, told_apart
from .captions import WRONG_BATCHES, WRONG_SCORES, caption_batch, caption_scores
from .drawing import WRONG_CUTS, WRONG_SHARES, min_p
from .eyes import WRONG_CONTEXTS, WRONG_CONVOLUTIONS, context, convolve
from .intervals import WRONG_INTERVALS, WRONG_MEANS, interval
from .steps import WRONG_STATES, last_states

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
    "torch.group_norm",  # which is the same if there is one group
    "torch.nn.functional.group_norm",
    "torch.nn.GroupNorm",
    "keras.layers.GroupNormalization",
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
    {"temperature 1": 3, "another temperature": 3},
    reference=min_p,
    explained="chapter 10 on how boldly a writer draws, and the text above the exercise",
    wrong=WRONG_CUTS,
)
def check_min_p(student, rng):
    for part, temperature, wrong in (
        ("temperature 1", 1.0, WRONG_SHARES),
        ("another temperature", float(rng.uniform(1.3, 1.6)), WRONG_CUTS),
    ):
        answers = [min_p, *(each.of(min_p) for each in wrong)]
        while True:
            logits, share = rng.normal(scale=2, size=(3, 9)), float(rng.uniform(0.08, 0.2))
            sure = min(softmax(logits / t).max(axis=1).min() for t in (1, temperature)) > 0.2
            some = (min_p(logits, temperature, share) == 0).any(axis=1) & (logits.max(axis=1) > 0.2)
            if sure and some.all() and told_apart([answer(logits, temperature, share) for answer in answers]):
                break  # no bound leaves a row with nothing, and it is seen which one it was
        yield part, student.call("min_p", logits, temperature, share)


@question(
    {"one direction": 3, "both directions": 3, "the gradient": 2},
    reference=last_states,
    explained="chapter 09, “What padding does to a state” and “The class”, and the text above the exercise",
    wrong=WRONG_STATES,
    for_nothing=0.1,  # the last step is the wrong answer that most begin with, and keeps a little
)
def check_last_states(student, rng):
    lengths = rng.permutation([2, 3, 5, 6])
    yield "one direction", student.call("last_states", rng.normal(size=(4, 7, 5)), lengths)
    yield "both directions", student.call("last_states", rng.normal(size=(4, 7, 6)), lengths, both=True)
    outputs = rng.normal(size=(4, 7, 6))
    yield (
        "the gradient",
        student.gradient("last_states", outputs, lengths, both=True, wrt=0, weights=float(rng.uniform(1, 3))),
    )


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
    lengths = rng.permutation([1, 3, 4, 5])  # none is as long as it can be
    words = np.where(np.arange(6) < lengths[:, None], words, pad)
    yield "short ones, padded", student.call("caption_batch", words, lengths, bos, eos, pad)


@question(
    {"wrong words": 4, "too short, too long": 4},
    reference=caption_scores,
    explained="chapter 08, “Writing without a teacher”, and the text above the exercise",
    wrong=WRONG_SCORES,
)
def check_caption_scores(student, rng):
    eos, first, second = draw_scored(int(rng.integers(2**32)))
    yield "wrong words", student.call("caption_scores", *first, eos)
    yield "too short, too long", student.call("caption_scores", *second, eos)


SCORES = [caption_scores, *(each.of(caption_scores) for each in WRONG_SCORES)]


@cache
def draw_scored(seed):
    """Sentences whose lengths and mistakes nobody can foresee, or the scores could be had from a list."""
    rng = np.random.default_rng(seed)
    eos = int(rng.integers(1, 4))
    while True:
        first, second = draw_said(rng, eos)
        if told_apart([(*score(*first, eos), *score(*second, eos)) for score in SCORES]):
            return eos, first, second


def draw_said(rng, eos):
    """What was said and what was wanted, twice: with wrong words, and then too short or too long, too."""
    n = int(rng.integers(11, 15))
    lengths = rng.permutation([5, 6, 6, 7, *rng.integers(3, 8, size=n - 4)])
    sentences = [rng.permutation(np.arange(4, 14))[:length].tolist() for length in lengths]
    said = [list(sentence) for sentence in sentences]
    exchanged = rng.integers(2, 5)
    for i in range(exchanged):
        said[i][:2] = said[i][1::-1]  # the right words, two of them exchanged
    said[exchanged][2], said[exchanged + 1][0] = 15, 16  # other words
    first = rows(rng, said, sentences, eos, rng.permutation(n))
    for i in range(exchanged + 2, exchanged + 2 + rng.integers(2, 4)):
        said[i] = said[i][: rng.integers(1, 3)]  # stops
    said[-1] += [17]  # goes on
    said[-2] = [18, 19, *said[-2][2:], 17]
    return first, rows(rng, said, sentences, eos, rng.permutation(n))


def rows(rng, said, wanted, eos, order):
    """Sentences as rows of two widths; behind the eos stands anything."""
    filled = []
    for sentences, width in ((said, 10), (wanted, 9)):
        ids = rng.integers(4, 20, size=(len(sentences), width))
        for row, i in zip(ids, order, strict=True):
            row[: len(sentences[i]) + 1] = [*sentences[i], eos]
        filled.append(ids)
    return filled


@question(
    {"one model": 4, "two models": 4},
    reference=interval,
    explained="chapter 09, “How sure is a number?”",
    wrong=WRONG_INTERVALS,
)
def check_interval(student, rng):
    pairs, means = ([interval, *(each.of(interval) for each in wrong)] for wrong in (WRONG_INTERVALS, WRONG_MEANS))
    while True:
        films = rng.permutation(np.repeat(np.arange(8), rng.permutation([1, 1, 2, 2, 3, 4, 5, 6])))  # (24,)
        one = 0.2 + rng.uniform(size=24) + 0.4 * rng.uniform(size=8)[films]  # better, so that a sign is seen
        other, draws = rng.uniform(size=24), rng.integers(8, size=(90, 8))
        if all(
            told_apart([answer(one, films, draws, second) for answer in answers])
            for second, answers in ((None, means), (other, pairs))
        ):
            break
    yield "one model", student.call("interval", one, films, draws)
    yield "two models", student.call("interval", one, films, draws, other=other)
