"""Greedy and beam search, on a toy whose every sequence can be looked at, and what each mistake in them would do."""

from itertools import product

import numpy as np
import pytest
from data_helpers import says
from hypothesis import given
from hypothesis import strategies as st
from mutated import mutated

from course_utils import search
from course_utils.search import beam_search, greedy

EOS = 1
toys = st.fixed_dictionaries({"seed": st.integers(0, 10**6), "V": st.integers(2, 4), "max_steps": st.integers(1, 4)})


class Toy:
    """A model of three sequences whose next token hangs on all tokens so far; it remembers them, and so is its state.

    Args:
        seed: another seed, other probabilities.
        V: the size of its vocabulary; token 0 begins a sequence.
        max_steps: the longest sequence.
        ties: logits are 0 or 1, so that many tokens are equally likely.
    """

    n = 3

    def __init__(self, seed, V, max_steps, ties=False):
        self.seed, self.V, self.max_steps, self.ties = seed, V, max_steps, ties
        self.state = [(i,) for i in range(self.n)]
        self.settings = {"num_sequences": self.n, "bos": 0, "eos": EOS, "max_steps": max_steps}

    def logits(self, past):
        rng = np.random.default_rng([self.seed, *past])
        return rng.integers(0, 2, self.V) if self.ties else rng.normal(scale=2, size=self.V)

    def step(self, ids, state):
        state = [(*past, int(token)) for past, token in zip(state, ids, strict=True)]
        return np.array([self.logits(past) for past in state]), state

    def select(self, state, rows):
        return [state[row] for row in rows]

    def greedy(self, module=search, **options):
        return module.greedy(self.step, self.state, **self.settings, **options)

    def beam(self, width, module=search, **options):
        return module.beam_search(self.step, self.state, self.select, **self.settings, width=width, **options)

    def log_prob(self, i, tokens):
        """Of all these tokens of sequence i, by the definition."""
        past, total = (i, 0), 0.0
        for token in tokens:
            logits = self.logits(past)
            total += np.log(np.exp(logits[token]) / np.exp(logits).sum())
            past = (*past, token)
        return total

    def every(self):
        """Every sequence there can be: those that end in time, and those cut off."""
        others = [token for token in range(self.V) if token != EOS]
        for length in range(self.max_steps):
            yield from ((*tokens, EOS) for tokens in product(others, repeat=length))
        yield from product(others, repeat=self.max_steps)

    def score(self, i, tokens, length_penalty):
        return self.log_prob(i, tokens) / len(tokens) ** length_penalty

    def exhaustive(self, length_penalty):
        """The best sequence of each, and its score."""
        for i in range(self.n):
            score, tokens = max((self.score(i, tokens, length_penalty), tokens) for tokens in self.every())
            yield [token for token in tokens if token != EOS], score


def agree(found, expected):
    for one, (ids, score) in zip(found, expected, strict=True):
        assert one.ids == ids
        assert one.score == pytest.approx(score, rel=1e-9, abs=1e-12)


def check(module):
    """AssertionError unless the searches of this module do as the definitions say, on a few toys."""
    for seed in range(6):
        toy = Toy(seed, V=4, max_steps=4)
        for one in (toy, Toy(seed, V=4, max_steps=4, ties=True)):
            agree(one.beam(1, module), one.greedy(module))
        for length_penalty in (0.0, 1.0):  # a width that n does not divide, so that no mix-up of rows falls into place
            agree(toy.beam(4**4 + 1, module, length_penalty=length_penalty), toy.exhaustive(length_penalty))
    for ids, score in toy.greedy(module, length_penalty=0.0):
        assert EOS not in ids
        assert score < 0


@given(toys, st.booleans(), st.floats(0, 2))
def test_a_width_of_one_is_greedy(toy, ties, length_penalty):
    toy = Toy(**toy, ties=ties)
    agree(toy.beam(1, length_penalty=length_penalty), toy.greedy(length_penalty=length_penalty))


@given(toys, st.floats(0, 2))
def test_wide_enough_it_looks_at_every_sequence(toy, length_penalty):
    toy = Toy(**toy)
    agree(toy.beam(toy.V**toy.max_steps, length_penalty=length_penalty), toy.exhaustive(length_penalty))


@given(toys)
def test_greedy_takes_the_likeliest_token_until_the_end(toy):
    toy = Toy(**toy)
    for i, (ids, score) in enumerate(toy.greedy(length_penalty=1.0)):
        past = (i, 0)
        for token in ids:
            assert token == toy.logits(past).argmax() != EOS
            past = (*past, token)
        ended = len(ids) < toy.max_steps
        assert not ended or toy.logits(past).argmax() == EOS
        assert score == pytest.approx(toy.score(i, [*ids, EOS] if ended else ids, 1.0))


@given(toys, st.integers(1, 9), st.floats(0, 2))
def test_what_is_found_is_as_likely_as_it_says(toy, width, length_penalty):
    toy = Toy(**toy)
    for i, (ids, score) in enumerate(toy.beam(width, length_penalty=length_penalty)):
        assert EOS not in ids
        tokens = [*ids, EOS] if len(ids) < toy.max_steps else ids
        assert score == pytest.approx(toy.score(i, tokens, length_penalty))


@given(toys, st.integers(1, 4))
def test_each_sequence_is_searched_for_as_if_it_were_alone(toy, width):
    toy = Toy(**toy)
    found = toy.beam(width)
    for i in range(toy.n):
        toy.state, toy.settings["num_sequences"] = [(i,)], 1
        agree(toy.beam(width), [found[i]])


def test_a_wider_beam_finds_what_greedy_overlooks():
    scores = {
        width: [found.score for seed in range(40) for found in Toy(seed, V=4, max_steps=4).beam(width)]
        for width in (1, 2, 4)
    }
    means = [float(np.mean(values)) for values in scores.values()]
    assert means[0] < means[1] < means[2] < 0
    assert np.mean(np.array(scores[2]) > scores[1]) > 0.05


def test_the_penalty_decides_between_short_and_long():
    # token 2 three times over and then the end, each surer than the end at once
    table = np.log([[0.01, 0.4, 0.59], [1 / 3] * 3, [0.01, 0.19, 0.8]])

    def found(length_penalty):
        return beam_search(
            lambda ids, state: (table[ids], state), None, lambda state, rows: state, 1, 0, EOS, 4, 50, length_penalty
        )[0]

    assert found(0.0) == ([], pytest.approx(np.log(0.4)))
    assert found(1.0) == ([2, 2, 2, 2], pytest.approx(np.log(0.59 * 0.8**3) / 4))


def test_log_probabilities_may_be_given_for_logits_and_all_tokens_but_one_may_be_impossible():
    table = np.array([[-np.inf, -np.inf, 0.0], [0.0, 0.0, 0.0], [-np.inf, 0.0, -np.inf]])
    for width in (1, 5):
        [found] = beam_search(
            lambda ids, state: (table[ids], state), None, lambda state, rows: state, 1, 0, EOS, 6, width
        )
        assert found == ([2], 0.0)


def test_it_stops_when_all_have_ended():
    asked = []

    def step(ids, state):
        asked.append(ids.tolist())
        return np.where(np.arange(4) == state[:, None], 9.0, 0.0), np.full_like(state, EOS)

    state = np.array([EOS, 3])
    assert [found.ids for found in greedy(step, state, 2, 0, EOS, 50)] == [[], [3]]
    assert asked == [[0, 0], [EOS, 3]]
    del asked[:]
    beam_search(step, state, lambda state, rows: state[rows], 2, 0, EOS, 50, 2)
    assert len(asked) < 9


MUTANTS = {
    "the end ignored, greedy": ("ended |= chosen == eos", "ended |= False"),
    "the end ignored, beam": ("np.take_along_axis(ended, parents, 1) | (tokens == eos)", "ended & False"),
    "the end stays in the text": ("row[: row.index(eos)]", "row[: row.index(eos) + 1]"),
    "what has ended goes on": ("log_probs[ended] = np.where", "np.where"),
    "who has ended is mixed up": ("np.take_along_axis(ended, parents, 1) |", "ended |"),
    "states stay with the wrong beginnings": (
        "state = select(state, np.take_along_axis(rows",
        "select(state, np.take_along_axis(rows",
    ),
    "states taken from the first sequence": ("np.take_along_axis(rows, parents, 1).ravel()", "parents.ravel()"),
    "states not repeated but tiled": ("np.repeat(np.arange(n), width)", "np.tile(np.arange(n), width)"),
    "tokens of the wrong beginnings": ("np.take_along_axis(ids, parents[..., None], 1)", "ids"),
    "sums of the wrong beginnings": ("np.take_along_axis(totals, best, 1)", "totals[:, :width]"),
    "lengths of the wrong beginnings": ("lengths = np.take_along_axis(lengths, parents, 1)", "pass"),
    "all begin alike": ("np.where(rows == rows[:, :1], 0.0, -np.inf)", "np.zeros((n, width))"),
    "compared without their lengths": ("totals / np.repeat(lengths**length_penalty, V, axis=1)", "totals"),
    "multiplied by the length": ("totals / np.repeat", "totals * np.repeat"),
    "the end is no token": ("lengths += ~ended\n        totals = (", "lengths += 1.0\n        totals = ("),
    "the least likely": ("columns, -scores[rows", "columns, scores[rows"),
    "of equal ones the last": ("np.lexsort((columns, ", "np.lexsort((-columns, "),
    "the last of the best": ("scores[:, 0], eos", "scores[:, -1], eos"),
    "logits taken for log-probabilities": ("log_probs -= np.log", "np.log"),
}


def test_what_is_right_passes():
    check(search)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mistake_is_caught(name):
    module = mutated("search", *MUTANTS[name])
    with pytest.raises(AssertionError):
        check(module)


@pytest.mark.parametrize(
    "wrong",
    [
        {"num_sequences": 0},
        {"max_steps": 0},
        {"max_steps": 2.5},
        {"width": 0},
        {"width": "3"},
        {"width": True},
        {"length_penalty": -1.0},
        {"length_penalty": np.nan},
        {"length_penalty": None},
    ],
)
def test_numbers_out_of_range_are_refused(wrong):
    options = {"num_sequences": 3, "max_steps": 5, "width": 2, "length_penalty": 0.5} | wrong
    with pytest.raises(ValueError) as error:
        beam_search(None, None, None, bos=0, eos=EOS, **options)
    says(error, *(f"{name}={value!r}" for name, value in wrong.items()), "1 or more")


@pytest.mark.parametrize("shape", [(3, 4, 5), (4, 5), (3, 1), (3,)])
def test_logits_of_the_wrong_shape_are_refused(shape):
    with pytest.raises(ValueError) as error:
        greedy(lambda ids, state: (np.zeros(shape), state), None, 3, 0, EOS, 5)
    says(error, str(shape), "(3, V)", f"{EOS} among them")


@pytest.mark.parametrize("eos", [-1, 4])
def test_an_end_that_is_no_token_is_refused(eos):
    with pytest.raises(ValueError) as error:
        greedy(lambda ids, state: (np.zeros((3, 4)), state), None, 3, 0, eos, 5)
    says(error, f"{eos} among them")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_model_that_has_diverged_is_named(value):
    with pytest.raises(ValueError) as error:
        greedy(lambda ids, state: (np.array([[0.0, value]]), state), None, 1, 0, EOS, 5)
    says(error, "NaN", "diverged")
