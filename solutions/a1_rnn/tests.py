"""What is asked of the students' functions; the right and the wrong answers are in the files beside."""

import numpy as np

from course_utils.assignments import question

from ..shared import draw_normal, draw_state
from .batches import WRONG_BATCHES, sequential_batches
from .clipping import WRONG_CLIPPING, clip
from .scores import WRONG_SCORES, perplexity
from .steps import WRONG_STEPS, leaky_step
from .walks import WRONG_WALKS, unroll
from .writing import WRONG_WRITING, generate

BY_HAND = {"explain_clipping": 5, "too_good": 8}  # points of what people grade

READY_MADE = (
    "torch.nn.RNN",
    "torch.nn.RNNCell",
    "torch.rnn_tanh",
    "torch._VF.rnn_tanh",
    "torch.rnn_tanh_cell",
    "keras.layers.SimpleRNN",
    "keras.layers.SimpleRNNCell",
    "course_utils.torch.RNN",
    "course_utils.tensorflow.RNN",
)
READY_MADE_BATCHES = (
    "course_utils.datasets.SequentialBatches",
    "course_utils.datasets.RandomBatches",
    "course_utils.datasets.LanguageModelData",
)
READY_MADE_CLIPPING = (
    "torch.nn.utils.clip_grad_norm_",
    "torch.nn.utils.clip_grad_value_",
    "torch.nn.utils.clip_grads_with_norm_",
    "torch.nn.utils.get_total_norm",
    "tensorflow.clip_by_global_norm",
    "tensorflow.clip_by_norm",
    "tensorflow.clip_by_value",
    "tensorflow.linalg.global_norm",
)
READY_MADE_WRITING = (
    "course_utils.torch.generate",
    "course_utils.tensorflow.generate",
)


def draw_params(rng, d, h, q):
    shapes = {"W_xh": (d, h), "W_hh": (h, h), "b_h": (h,), "W_hq": (h, q), "b_q": (q,)}
    return draw_normal(rng, shapes, W_hh=1.5 * h**-0.5) | {"leak": rng.uniform(0.6, 0.9, size=h)}


def draw_text(rng, id_to_token, length):
    return "".join(rng.choice(id_to_token[1:], size=length))


@question(
    {"a text of known letters": 4, "unknown letters": 2, "a text that ends with a batch": 2},
    reference=sequential_batches,
    explained="chapter 01, “Windows”, and for unknown letters “A vocabulary from scratch”",
    forbids=READY_MADE_BATCHES,
    wrong=WRONG_BATCHES,
)
def check_sequential_batches(student, rng):
    vocab, (n, T, offset) = ["<unk>", *rng.permutation(list(" acelt")).tolist()], (3, 4, 2)
    known = draw_text(rng, vocab, offset + 2 * n * T + 7)
    yield "a text of known letters", student.call("sequential_batches", known, vocab, n, T, offset)
    unknown = known[:5] + "s" + known[6:11] + "nn" + known[13:20] + "s" + known[21:]
    yield "unknown letters", student.call("sequential_batches", unknown, vocab, n, T, offset)
    full = draw_text(rng, vocab, offset + 3 * n * T)
    yield "a text that ends with a batch", student.call("sequential_batches", full, vocab, n, T, offset)


@question(
    {"one batch": 3, "batches of different sizes": 3, "logits far from 0": 2},
    reference=perplexity,
    explained="chapter 01, “How good is a prediction?”, and for the softmax chapter 02, “Shapes and names”",
    wrong=WRONG_SCORES,
)
def check_perplexity(student, rng):
    def draw(n, T, size):
        return rng.normal(scale=size, size=(n, T, 5)), rng.integers(5, size=(n, T))

    yield "one batch", student.call("perplexity", [draw(3, 4, 1.0)])
    while True:
        batches = [draw(3, 4, 1.0), draw(2, 3, 0.3), draw(1, 6, 2.0)]
        alike = np.exp(np.mean([np.log(perplexity([batch])) for batch in batches]))
        if abs(alike / perplexity(batches) - 1) > 0.01:  # or it would not be seen who counts batches, not tokens
            break
    yield "batches of different sizes", student.call("perplexity", batches)
    far = [(logits + 120.0, Y) for logits, Y in (draw(3, 4, 1.0), draw(2, 6, 1.0))]
    yield "logits far from 0", student.call("perplexity", far)


@question(
    {"from a state of zeros": 2, "from any state": 4},
    reference=leaky_step,
    explained="chapter 02, “A hidden state”, and for the leak the text above the exercise",
    forbids=READY_MADE,
    wrong=WRONG_STEPS,
)
def check_leaky_step(student, rng):
    X_t, params = rng.normal(size=(4, 3)), draw_params(rng, 3, 5, 2)
    yield "from a state of zeros", student.call("leaky_step", X_t, np.zeros((4, 5)), params)
    yield "from any state", student.call("leaky_step", X_t, draw_state(rng, 4, 5), params)


@question(
    {"every step": 2, "the gradient": 2, "the gradient, cut": 3, "several texts in a row": 3},
    reference=unroll,
    explained="chapter 02, “One-hot, or a look-up”, “From scratch: the loop” and, for the cut, “Training: the state "
    "flows on, the gradient stops”; for begins the text above the exercise",
    forbids=READY_MADE,
    needs=("leaky_step",),
    wrong=WRONG_WALKS,
)
def check_unroll(student, rng):
    n, T, h, V = 3, 7, 4, 5
    ids, H, params = rng.integers(V, size=(n, T)), draw_state(rng, n, h), draw_params(rng, V, h, V)
    weights = rng.normal(size=(n, T, V)), rng.normal(size=(n, h))
    yield "every step", student.call("unroll", ids, H, params)
    yield "the gradient", student.gradient("unroll", ids, H, params, wrt=1, weights=weights)
    yield "the gradient, cut", student.call("unroll", ids, H, params, 3)
    yield "the gradient, cut", student.gradient("unroll", ids, H, params, 3, wrt=1, weights=weights)
    yield "the gradient, cut", student.gradient("unroll", ids, H, params, 3, wrt=2, weights=weights)
    begins = np.zeros((n, T), dtype=bool)
    begins[[0, 0, 1, 1, 2], [0, 4, 3, 6, 2]] = True  # a row at a time, at the first step and at the last one, too
    yield "several texts in a row", student.call("unroll", ids, H, params, None, begins[rng.permutation(n)])


@question(
    {"longer than theta": 2, "shorter than theta": 1, "another p": 2, "a gradient of zeros": 1},
    reference=clip,
    explained="chapter 02, “Gradient clipping”, and for p the text above the exercise",
    forbids=READY_MADE_CLIPPING,
    wrong=WRONG_CLIPPING,
)
def check_clip(student, rng):
    while True:
        grads = [rng.normal(size=shape) for shape in ((3, 4), (4,), (4, 2))]
        largest = max(g.max() for g in grads)
        if -min(g.min() for g in grads) < 1.2 * largest or largest < 0.5:
            continue  # the largest number is negative, which is to be seen where p is None
        if all(sum((g**p).sum() for g in grads) > 1 for p in (1, 3)):  # whoever keeps the signs has roots all the same
            break
    norm = np.sqrt(sum((g**2).sum() for g in grads))
    yield "longer than theta", student.call("clip", [4.0 / norm * g for g in grads], 0.7, 2)
    yield "shorter than theta", student.call("clip", [1.5 / norm * g for g in grads], 2.5, 2)
    for p in (3, 1, None):
        yield "another p", student.call("clip", [4.0 / norm * g for g in grads], 0.3, p)
    yield "a gradient of zeros", student.call("clip", [0.0 * g for g in grads], 0.7, 2)
    some = [0.0 * grads[0], *(3.0 / norm * g for g in grads[1:])]  # so that zeros are no answer
    yield "a gradient of zeros", student.call("clip", some, 0.2, 2)


def beyond_doubt(prefix, num_preds, params):
    """Whether at each step the likeliest letter is clearly so: rounding must not decide. Nor may the network itself
    write what stands in the prefix, or its last letter on and on; somewhere <unk> would be likelier than all letters.
    """
    own, _ = generate(prefix[:1], 1, params)
    if np.array_equal(own[1:], prefix[1:2]):
        return False
    ids, _ = generate(prefix, num_preds, params)
    if (ids[len(prefix) : -1] == prefix[-1]).all():
        return False
    logits, _ = unroll(ids[None], np.zeros((1, len(params["b_h"]))), params)
    logits = logits[0, len(prefix) - 1 : -1]  # (num_preds, V)
    first, second = np.sort(logits[:, 1:], axis=1)[:, :-3:-1].T
    return (first - second > 0.02).all() and (logits[:, 0] - first > 0.02).any()


@question(
    {"after one letter": 3, "after a longer prefix": 6},
    reference=generate,
    explained="chapter 02, “Writing”, for probabilities “Shapes and names”, and for <unk> the text above the exercise",
    forbids=READY_MADE + READY_MADE_WRITING,
    needs=("leaky_step", "unroll"),
    wrong=WRONG_WRITING,
)
def check_generate(student, rng):
    for part, T, num_preds in (("after one letter", 1, 6), ("after a longer prefix", 4, 8)):
        while True:
            prefix, params = 1 + rng.permutation(6)[:T], draw_params(rng, 7, 5, 7)  # another one backwards
            if beyond_doubt(prefix, num_preds, params):
                break
        yield part, student.call("generate", prefix, num_preds, params)
