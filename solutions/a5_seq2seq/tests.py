"""What is asked of the students' functions; the right and the wrong answers are in the files beside."""

from functools import cache

import numpy as np

from course_utils.assignments import question

from ..shared import draw_normal, log_softmax, told_apart
from .networks import WRONG_LOSSES, WRONG_NETWORKS, masked_loss, seq2seq
from .pairs import WRONG_BATCHES, make_batch
from .scores import WRONG_SCORES, bleu
from .searches import WRONG_BEAMS, WRONG_GREEDY, beam_search, greedy, on_and_on

BY_HAND = {"explain_beam": 5, "open_question": 10}  # points of what people grade

READY_MADE_NETWORKS = (
    "torch.nn.GRU",
    "torch.nn.GRUCell",
    "torch.gru_cell",
    "torch._VF.gru",
    "keras.layers.GRU",
    "keras.layers.GRUCell",
    "course_utils.torch.GRU",
    "course_utils.torch.Seq2Seq",
    "course_utils.torch.Seq2SeqEncoder",
    "course_utils.torch.Seq2SeqDecoder",
    "course_utils.tensorflow.GRU",
    "course_utils.tensorflow.Seq2Seq",
    "course_utils.tensorflow.Seq2SeqEncoder",
    "course_utils.tensorflow.Seq2SeqDecoder",
)
READY_MADE_LOSSES = (
    "torch.nn.functional.cross_entropy",
    "torch.nn.functional.nll_loss",
    "torch.nn.CrossEntropyLoss",
    "torch.nn.NLLLoss",
    "tensorflow.nn.sparse_softmax_cross_entropy_with_logits",
    "tensorflow.nn.softmax_cross_entropy_with_logits",
    "keras.losses.SparseCategoricalCrossentropy",
    "keras.losses.sparse_categorical_crossentropy",
    "keras.ops.sparse_categorical_crossentropy",
)
READY_MADE_SEARCHES = ("course_utils.search.greedy", "course_utils.search.beam_search")
READY_MADE_SCORES = (
    "course_utils.metrics.bleu",
    "course_utils.metrics.corpus_bleu",
    "sacrebleu.sentence_bleu",
    "sacrebleu.corpus_bleu",
)


def draw_sentence(rng, length):
    return rng.integers(4, 20, size=length).tolist()


@question(
    {"one pair": 2, "several pairs": 4},
    reference=make_batch,
    explained="chapter 07, “From pairs to batches”",
    wrong=WRONG_BATCHES,
)
def check_make_batch(student, rng):
    bos, eos, pad = rng.permutation([1, 2, 3]).tolist()
    one = [draw_sentence(rng, 3)], [draw_sentence(rng, 4)]
    yield "one pair", student.call("make_batch", *one, bos, eos, pad)
    several = [[draw_sentence(rng, length) for length in lengths] for lengths in ((2, 5, 3), (6, 1, 3))]
    yield "several pairs", student.call("make_batch", *several, bos, eos, pad)


def draw_gru(rng, V, d, h, e):
    shapes = {"W_xe": (V, e), "b_hh": (h,)}
    for gate in "zrh":
        shapes |= {f"W_x{gate}": (d, h), f"W_h{gate}": (h, h), f"b_{gate}": (h,)}
    return draw_normal(rng, shapes)


def draw_networks(rng, V_source, V_target, e, h):
    encoder, decoder = draw_gru(rng, V_source, e, h, e), draw_gru(rng, V_target, e + h, h, e)
    return encoder, decoder | draw_normal(rng, {"W_hq": (h, V_target), "b_q": (V_target,)})


@question(
    {"equally long": 4, "the gradient": 2, "a padded batch": 4},
    reference=seq2seq,
    explained="chapter 07, “The equations”, “The last state is not the last column” and “From scratch: the weights”",
    forbids=READY_MADE_NETWORKS,
    wrong=WRONG_NETWORKS,
)
def check_seq2seq(student, rng):
    both = draw_networks(rng, 8, 7, 2, 3)

    def draw_ids(n, S, T):
        return rng.integers(8, size=(n, S)), rng.integers(7, size=(n, T))

    source, inputs = draw_ids(4, 6, 5)
    yield "equally long", student.call("seq2seq", source, np.full(4, 6), inputs, *both)
    weights = rng.normal(size=(2, 3, 7)), None
    few, few_inputs = draw_ids(2, 4, 3)
    yield "the gradient", student.gradient("seq2seq", few, np.full(2, 4), few_inputs, *both, wrt=3, weights=weights)
    source, inputs = draw_ids(4, 6, 5)
    yield "a padded batch", student.call("seq2seq", source, rng.permutation([1, 3, 4, 6]), inputs, *both)


@question(
    {"no padding": 2, "with padding": 3, "the gradient": 1},
    reference=masked_loss,
    explained="chapter 07, “A loss without the padding”",
    forbids=READY_MADE_LOSSES,
    wrong=WRONG_LOSSES,
)
def check_masked_loss(student, rng):
    def draw(lengths, T, V):
        Y = rng.integers(V, size=(len(lengths), T))
        return rng.normal(scale=2.0, size=(*Y.shape, V)), np.where(np.arange(T) < np.array(lengths)[:, None], Y, -1)

    yield "no padding", student.call("masked_loss", *draw([4, 4, 4], 4, 5))
    logits, Y = draw([2, 5, 1, 4], 5, 6)
    Y[1, 1] = 0
    yield "with padding", student.call("masked_loss", logits, Y)
    few, asked = draw([3, 1], 3, 4)
    asked[0, :2] = 0, 2
    yield "the gradient", student.gradient("masked_loss", few, asked, wrt=0, weights=1.0)


def draw_table(rng, V, bos, eos, end=0.0):
    """What follows each token, logits (V, V); <bos> hardly ever does."""
    table = rng.normal(scale=1.5, size=(V, V))
    table[:, bos] -= 6
    table[:, eos] += end
    return table


def draw_marks(rng, V):
    """Which tokens are <bos> and <eos>; neither is 0."""
    return rng.choice(np.arange(1, V), size=2, replace=False).tolist()


def without_doubt(table):
    first, second = np.sort(table, axis=-1)[..., :-3:-1].T
    return (first - second > 0.02).all()


def draw_sentences(rng, V, bos, eos, steps, wanted):
    """Tables whose sentences end after so many steps, 0 for never; those that end after two would end once more."""
    tables = []
    for end in wanted:
        while True:
            table = draw_table(rng, V, bos, eos)
            [row] = on_and_on([table], bos, eos, steps + 2)
            found = row.index(eos) + 1 if eos in row else 0
            again = end != 2 or eos in row[end : steps - 1]
            if found == end and again and bos not in row and without_doubt(table):
                break
        tables.append(table)
    return np.stack(tables)


@question(
    {"one sentence": 2, "several, each with its own end": 3, "cut off": 1},
    reference=greedy,
    explained="chapter 07, “Decoding: always the likeliest” and, in the bug museum, “No stop at the end”",
    forbids=READY_MADE_SEARCHES,
    wrong=WRONG_GREEDY,
)
def check_greedy(student, rng):
    for part, V, steps, wanted in (
        ("one sentence", 12, 5, [4]),  # so many words that nobody guesses it
        ("several, each with its own end", 7, 7, [4, 2, 5]),
        ("cut off", 7, 4, [3, 0]),
    ):
        bos, eos = draw_marks(rng, V)
        tables = draw_sentences(rng, V, bos, eos, steps, wanted)
        yield part, student.call("greedy", tables, bos, eos, steps)


BEAMS = {  # part: width, penalty, steps, and the wrong answers that the draw must tell from the right one
    "a beam of one": [(1, 0.75, 5, ("end_not_counted",)), (1, 0.75, 3, ())],
    "wider beams": [
        (2, 0.75, 5, ("always_greedy", "its_own_best")),
        (3, 0.75, 6, ("ended_ones_dropped",)),
        (2, 1.75, 6, ("penalty_only_at_the_end", "stops_with_the_best")),
        (2, 0.75, 4, ("only_ended_ones_count",)),
        (3, 1.75, 6, ("stops_with_the_best", "stops_with_the_first_end")),
    ],
    "other penalties": [
        (3, 0.0, 5, ()),
        (2, 1.5, 6, ("penalty_only_on_the_way", "logarithm_for_the_score")),
        (2, 1.75, 6, ("ended_ones_set_aside",)),
        (3, 1.75, 6, ("its_own_best", "penalty_only_at_the_end", "stops_with_the_best")),
        (3, 2.5, 6, ("stops_with_the_best", "stops_with_the_first_end")),
    ],
}


def draw_search(rng, width, penalty, steps, told):
    """Arguments on which these wrong answers and the right one are all different, and rounding decides nothing."""
    answers = [beam_search, *(wrong.of(beam_search) for wrong in WRONG_BEAMS if wrong.id in told)]
    while True:
        bos, eos = draw_marks(rng, 6)
        table = log_softmax(draw_table(rng, 6, bos, eos))
        shaken = table + rng.normal(scale=1e-3, size=table.shape)
        rest = (bos, eos, steps, width, penalty)
        found = [answer(table, *rest) for answer in answers]
        different = {(*ids, round(score, 2)) for ids, score in found}
        if len(different) == len(answers) and beam_search(shaken, *rest)[0] == found[0][0]:
            return table, *rest


@question(
    {"a beam of one": 2, "wider beams": 4, "other penalties": 3},
    reference=beam_search,
    explained="chapter 07, “Decoding: several beginnings”",
    forbids=READY_MADE_SEARCHES,
    wrong=WRONG_BEAMS,
)
def check_beam_search(student, rng):
    for part, cases in BEAMS.items():
        for width, penalty, steps, told in cases:
            yield part, student.call("beam_search", *draw_search(rng, width, penalty, steps, told))


WORDS = "un chat noir dort sous la table et rêve de poissons rouges".split()


@question(
    {"all sizes alike": 3, "other weights": 2, "a word too often": 2, "nothing in common": 1},
    reference=bleu,
    explained="chapter 07, “What does BLEU count?”",
    forbids=READY_MADE_SCORES,
    wrong=WRONG_SCORES,
)
def check_bleu(student, rng):
    for part, of_part in draw_cases(int(rng.integers(2**32))).items():
        for candidate, reference, weights in of_part:
            yield part, student.call("bleu", candidate, reference, weights)


SCORES = [bleu, *(each.of(bleu) for each in WRONG_SCORES)]


@cache
def draw_cases(seed):
    """Sentences of lengths that nobody can foresee, or the scores could be had from a list; they tell all apart."""
    rng = np.random.default_rng(seed)
    while True:
        cases = {
            "all sizes alike": [(*alike(rng, 2), [0.5, 0.5]), (*alike(rng, -1), [0.5, 0.5])],
            "other weights": [(*alike(rng, 1), draw_weights(rng, 3)), (*alike(rng, -1), draw_weights(rng, 2))],
            "a word too often": [
                (rng.choice([*"aabx"], size=rng.integers(4, 8)), rng.choice([*"abc"], size=4), [1.0]),
                (rng.choice([*"abc"], size=rng.integers(4, 8)), rng.choice([*"abc"], size=5), [0.5, 0.5]),
            ],
            "nothing in common": [
                ("ba", "ab", [0.5, 0.5]),
                ("", "ab", [0.5, 0.5]),
                ("ab", "abc", [0.5, 0.3, 0.2]),
                (*alike(rng, -1), draw_weights(rng, 2)),
            ],
        }
        words = dict(zip("abcdefghix", rng.permutation(WORDS).tolist(), strict=False))
        cases = {
            part: [([words[each] for each in said], [words[each] for each in wanted], w) for said, wanted, w in of_part]
            for part, of_part in cases.items()
        }
        every = [case for of_part in cases.values() for case in of_part]
        found = [[score(*case) for case in every] for score in SCORES]
        if sum(score > 0.02 for score in found[0]) == len(every) - 3 and told_apart(found):
            return cases


def alike(rng, more):
    """A sentence, one of its words another than in the reference, which has about so many words more."""
    said = int(rng.integers(4, 7)) if more > 0 else int(rng.integers(6, 9))
    wanted = said + more + int(rng.choice([0, 1 if more > 0 else -1]))
    other = int(rng.integers(1, min(said, wanted) - 1))
    return "abcdefghi"[:other] + "x" + "abcdefghi"[other + 1 : said], "abcdefghi"[:wanted]


def draw_weights(rng, sizes):
    return rng.uniform(0.1, 0.7, size=sizes).round(2).tolist()
