"""Every mistake one could make in encoder, decoder, their loss and training is caught, and what is right passes."""

from functools import partial
from typing import NamedTuple

import pytest
from mutated import mutated, reloaded
from oracle_cells import Network
from seq2seq_checks import (
    ATTENTION,
    DEEP_LSTM,
    check_forcing,
    check_keeping,
    check_learning,
    check_oracle,
    course_of,
    h,
    small_data,
)

DEEP_BOTH_WAYS = Network("LSTM", (h, h), 2)
CHECKS = {
    "oracle": check_oracle,
    "deep LSTM": partial(check_oracle, network=DEEP_LSTM),
    "deep, both ways": partial(check_oracle, network=DEEP_BOTH_WAYS),
    "attention": partial(check_oracle, network=ATTENTION),
    "attention, step by step": partial(check_forcing, ratio=0.7, network=ATTENTION),
    "forcing": partial(check_forcing, ratio=0.7),
    "own tokens": partial(check_forcing, ratio=0.0),
    "keeping": partial(check_keeping, keep_best=True),
}


class Mutant(NamedTuple):
    """In a module's source `old` becomes `new`, and the check must show it."""

    module: str
    old: str
    new: str
    check: str


CONTEXT = 'return state[-1][0] if self.cell == "lstm" else state[-1]'
ALIKE = {
    "the context is C": Mutant("seq2seq", CONTEXT, CONTEXT.replace("[0]", "[1]"), "deep LSTM"),
    "the context is the lowest layer's": Mutant("seq2seq", CONTEXT, CONTEXT.replace("-1", "0"), "deep LSTM"),
    "forced as often as not": Mutant("seq2seq", ") < self.teacher_forcing", ") > self.teacher_forcing", "forcing"),
    "always forced": Mutant("seq2seq", "self.teacher_forcing < 1:", "self.teacher_forcing < 0:", "forcing"),
    "scale forgotten": Mutant("attention", " / self.num_hiddens**0.5", "", "attention"),
    "keys and values swapped": Mutant(
        "attention", "self.key(outputs), self.mix(outputs)", "self.mix(outputs), self.key(outputs)", "attention"
    ),
    "what was found is alone": Mutant("attention", "H + weights @", "weights @", "attention"),
    "weights, W_k and W_c swapped": Mutant("weights", '"W_k": Entry(layer.key', '"W_k": Entry(layer.mix', "attention"),
    "the last epoch kept": Mutant("snapshots", "is_best = history", "is_best = True or history", "keeping"),
}
MUTANTS = {
    "torch": ALIKE
    | {
        "context taken after the padding": Mutant(
            "seq2seq", "sequence(X, lengths, ", "sequence(X, torch.full_like(lengths, X.shape[1]), ", "oracle"
        ),
        "context only at the first step": Mutant(
            "seq2seq", ".expand(-1, inputs.shape[1], -1)", " * (torch.arange(inputs.shape[1]) == 0)[:, None]", "oracle"
        ),
        "the context is the decoder's own state": Mutant(
            "seq2seq", "self.decoder(fed, context, state)", "self.decoder(fed, state[-1], state)", "forcing"
        ),
        "directions swapped": Mutant("seq2seq", "torch.cat([*pair]", "torch.cat([*pair.flip(0)]", "oracle"),
        "layers mixed up": Mutant(
            "seq2seq", "part.split(2)", "part.unflatten(0, (2, -1)).unbind(1)", "deep, both ways"
        ),
        "fed a step late": Mutant("seq2seq", "inputs[:, t : t + 1], steps", "inputs[:, t - 1 : t], steps", "forcing"),
        "attention's mask dropped": Mutant("attention", '.masked_fill(~mask[:, None], float("-inf"))', "", "attention"),
        "<pad> seen": Mutant("attention", "places < lengths", "places <= lengths", "attention"),
        "softmax over the steps": Mutant("attention", "softmax(dim=-1)", "softmax(dim=1)", "attention"),
        "query one step late": Mutant(
            "attention", "H @ keys", "torch.cat([H[:, :1] * 0, H[:, :-1]], dim=1) @ keys", "attention"
        ),
        "one draw for all steps": Mutant(
            "seq2seq", "torch.rand(inputs.shape,", "torch.ones(inputs.shape) * torch.rand((len(inputs), 1),", "forcing"
        ),
        "own tokens also when evaluated": Mutant("seq2seq", "if self.training and", "if", "own tokens"),
        "mask dropped": Mutant("evaluation", "long(), ignore_index=NO_TARGET", "long().clamp(0)", "oracle"),
        "padding counted in the mean": Mutant(
            "evaluation",
            "ignore_index=NO_TARGET)",
            'ignore_index=NO_TARGET, reduction="sum") / Y.numel()',
            "oracle",
        ),
        "the best not put back": Mutant("snapshots", '_load(model, snapshot.parts("best"))', "pass", "keeping"),
        "the best not copied": Mutant("snapshots", "name: _copy(v)", "name: v", "keeping"),
        "weights, layers' joins swapped": Mutant(
            "weights", "str(i % layer.num_layers)", "str((i + 1) % layer.num_layers)", "deep, both ways"
        ),
    },
    "tensorflow": ALIKE
    | {
        "context taken after the padding": Mutant("seq2seq", "mask=mask)", "mask=None)", "oracle"),
        "context only at the first step": Mutant(
            "seq2seq",
            "tf.repeat(summary[:, None], tf.shape(inputs)[1], axis=1)",
            "summary[:, None] * tf.cast(tf.range(tf.shape(inputs)[1]) == 0, summary.dtype)[:, None]",
            "oracle",
        ),
        "the context is the decoder's own state": Mutant(
            "seq2seq", "self.decoder(fed[:, None], context,", "self.decoder(fed[:, None], state[-1],", "forcing"
        ),
        "directions swapped": Mutant("seq2seq", "last[i :: len(joins)]", "last[i :: len(joins)][::-1]", "oracle"),
        "H and C mixed up": Mutant("seq2seq", "last[i :: len(joins)]", "last[1 - i :: len(joins)]", "deep, both ways"),
        "fed a step late": Mutant(
            "seq2seq", "(tf.transpose(inputs),", "(tf.transpose(tf.roll(inputs, 1, axis=1)),", "forcing"
        ),
        "attention's mask dropped": Mutant(
            "attention", "tf.where(mask[:, None], scores, scores.dtype.min)", "scores", "attention"
        ),
        "<pad> seen": Mutant("attention", "sequence_mask(lengths,", "sequence_mask(lengths + 1,", "attention"),
        "softmax over the steps": Mutant("attention", "axis=-1", "axis=1", "attention"),
        "query one step late": Mutant(
            "attention", "matmul(H, keys", "matmul(tf.concat([H[:, :1] * 0, H[:, :-1]], axis=1), keys", "attention"
        ),
        "one draw for all steps": Mutant("seq2seq", "uniform((n, T),", "uniform((n, 1),", "forcing"),
        "own tokens also when evaluated": Mutant("seq2seq", "if training and", "if", "own tokens"),
        "mask dropped": Mutant("evaluation", "losses[Y != NO_TARGET]", "losses", "oracle"),
        "padding counted in the mean": Mutant(
            "evaluation",
            "tf.reduce_mean(losses[Y != NO_TARGET])",
            "tf.reduce_sum(losses[Y != NO_TARGET]) / tf.cast(tf.size(Y), losses.dtype)",
            "oracle",
        ),
        "the best not put back": Mutant("snapshots", "model.set_weights(", "len(", "keeping"),
        "the best not copied": Mutant("snapshots", "model.get_weights()", "model.weights", "keeping"),
        "weights, layers' joins swapped": Mutant(
            "weights", "_numbered(joins)", "_numbered(joins[::-1])", "deep, both ways"
        ),
    },
}
EVERY = [(framework, name) for framework, mutants in MUTANTS.items() for name in mutants]


def course_with(framework, *mistake):
    """The framework's side of the course, loaded anew, with a mistake or without."""
    names = ("evaluation", "seq2seq", "attention", "weights", "snapshots", "training", "decoding")
    return course_of(framework, reloaded(framework.course.__name__, names, *mistake))


@pytest.mark.parametrize("check", CHECKS)
def test_what_is_right_passes(framework, check):
    CHECKS[check](framework, course_with(framework))


@pytest.mark.parametrize(("framework", "name"), EVERY, indirect=["framework"])
def test_a_mistake_is_caught(framework, name):
    *mistake, check = MUTANTS["torch" if hasattr(framework, "torch") else "tensorflow"][name]
    course = course_with(framework, *mistake)
    with pytest.raises(AssertionError):
        CHECKS[check](framework, course)


def test_labels_that_are_not_shifted_are_caught(framework, tmp_path):
    """The model is then told what it is to say: it learns to copy, and has nothing to copy when it translates."""
    data = small_data(tmp_path, mutated("datasets.translation", "[BOS, *target[:-1]] for", "target for"))
    with pytest.raises(AssertionError):
        check_learning(framework, course_of(framework), data)
