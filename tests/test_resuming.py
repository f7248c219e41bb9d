"""A run that is gone on with is the same as one that never stopped, bit for bit, also from a file in a new process."""

import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from data_helpers import says
from frameworks import FRAMEWORKS
from implementations import Scratch
from networks import CELLS, network_of

from course_utils import checkpoints, repro
from course_utils.datasets import RandomBatches, SequentialBatches, Vocab
from course_utils.history import History

n, T, V, h = 2, 3, 7, 5
TEXT = np.random.default_rng(0).integers(V - 1, size=40)  # the last token never comes
EPOCHS, STOP = 5, 2
# optimizer, decay, kind of layer, kind of batches
RUNS = {
    "sgd, the framework's layer": ("sgd", False, "layer", SequentialBatches),
    "adam, shuffled": ("adam", False, "scratch", RandomBatches),
    "adamw, decay, shuffled": ("adamw", True, "layer", RandomBatches),
}


class Stopped(Exception):
    """Ends a run in the middle, as a closed lid does."""


def data(batches=RandomBatches):
    return SimpleNamespace(
        train=batches(TEXT, n, T, np.random.default_rng(2)), heldout=SequentialBatches(TEXT[:9], 1, T)
    )


def started(framework, kind="scratch"):
    repro.seed_everything(1)
    return framework.lm(kind, V, h, dropout=0.5, token_dropout=0.1)


def trainer(framework, epochs=EPOCHS, optimizer="adam", decay=False, **settings):
    return framework.course.Trainer(epochs, 0.02, optimizer, decay=decay, **settings)


def stopped(framework, trainer, model, data):
    """The history of a run that is broken off after `STOP` epochs."""
    kept = []

    def stop(history):
        kept.append(history)
        if len(history.train_loss) == STOP:
            raise Stopped

    with pytest.raises(Stopped):
        trainer.fit(model, data, stop)
    return kept[-1]


def assert_the_same(framework, one, other):
    (model, history), (again, resumed) = one, other
    for name in ("train_loss", "heldout_loss", "grad_norm", "tokens", "updates"):
        assert getattr(history, name) == getattr(resumed, name), name
    assert len(resumed.seconds) == EPOCHS
    assert resumed.seconds == sorted(resumed.seconds)
    for ours, theirs in zip(*(framework.weights_of(each).values() for each in (model, again)), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_is_resumed_is_one_that_never_stopped(framework, name):
    optimizer, decay, kind, batches = RUNS[name]
    whole = started(framework, kind)
    run = trainer(framework, optimizer=optimizer, decay=decay)
    history = run.fit(whole, data(batches))

    model, texts = started(framework, kind), data(batches)
    half = stopped(framework, run, model, texts)
    before = [*half.train_loss]
    repro.seed_everything(9)  # what happens in between does not matter
    list(texts.train)
    resumed = run.fit(model, texts, resume=half)
    assert_the_same(framework, (whole, history), (model, resumed))
    assert half.train_loss == before, "the earlier history stays what it was"

    model = started(framework, kind)  # in a new process data and model are made anew
    assert_the_same(framework, (whole, history), (model, run.fit(model, data(batches), resume=half)))


def test_more_epochs_go_on_from_a_finished_run(framework):
    whole = started(framework)
    history = trainer(framework).fit(whole, data())
    model = started(framework)
    half = trainer(framework, STOP).fit(model, data())
    assert_the_same(framework, (whole, history), (model, trainer(framework).fit(model, data(), resume=half)))


def test_the_best_weights_of_before_are_kept(framework):
    def overfitted():
        return trainer(framework, optimizer="sgd", decay=True, keep_best=True)

    def worse_and_worse():
        texts = data()
        texts.heldout = [(np.array([[0, 1]]), np.array([[6, 6]]))]  # what the text never says
        return texts

    whole = started(framework)
    history = overfitted().fit(whole, worse_and_worse())
    assert history.best_epoch <= STOP
    model = started(framework)
    half = stopped(framework, overfitted(), model, worse_and_worse())
    assert_the_same(framework, (whole, history), (model, overfitted().fit(model, worse_and_worse(), resume=half)))


SCRIPT = """
import sys
sys.path.insert(0, "tests")
import test_resuming
test_resuming.run_part(*sys.argv[1:])
"""


def run_part(name, what, folder):
    """A "whole" run, the first "half" of one, or the "rest" of it, with all that is known of it in a file."""
    framework = FRAMEWORKS[name]()
    course, vocab = framework.course, Vocab(list("abcdef"))
    run = trainer(framework, decay=True, keep_best=True)
    model = started(framework, "layer")
    if what == "rest":
        opened, vocab, half = course.open_model(f"{folder}/half")
        by_hand = run.fit(model, data(), resume=half)
        history = run.fit(opened, data(), resume=half)
        np.testing.assert_allclose(by_hand.grad_norm, history.grad_norm, rtol=1e-6)
        course.save_model(f"{folder}/by hand", model, vocab, by_hand)
        model = opened
    else:
        history = run.fit(model, data()) if what == "whole" else stopped(framework, run, model, data())
    course.save_model(f"{folder}/{what}", model, vocab, history)


def test_it_goes_on_from_a_file_in_a_new_process(framework, tmp_path, request):
    name = request.node.callspec.params["framework"]
    for what in ("whole", "half"):
        run_part(name, what, tmp_path)
    command = [sys.executable, "-c", SCRIPT, name, "rest", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"CI": "1"}, check=False)
    assert done.returncode == 0, done.stderr
    whole, half, rest = (framework.course.open_model(tmp_path / what) for what in ("whole", "half", "rest"))
    again = framework.course.open_model(tmp_path / "by hand")
    assert len(half.history.train_loss) == STOP
    assert rest.vocab.tokens == whole.vocab.tokens
    assert_the_same(framework, (whole.model, whole.history), (again.model, again.history))
    # TensorFlow orders a graph by its names, which are others in a model that was opened: up to the last bit
    np.testing.assert_allclose(rest.history.grad_norm, whole.history.grad_norm, rtol=1e-6)
    for ours, theirs in zip(*(framework.weights_of(each.model).values() for each in (whole, rest)), strict=True):
        np.testing.assert_allclose(theirs, ours, rtol=1e-5, atol=1e-6)


def test_what_cannot_be_gone_on_with_is_refused(framework):
    half = trainer(framework, STOP).fit(started(framework), data())
    wider = framework.course.RNNLM(framework.rnn("scratch", V, h + 1), V)
    for model, run, given, parts in [
        (started(framework), trainer(framework), [1.0], ["type list", "History"]),
        (started(framework), trainer(framework), History(), ["no snapshot"]),
        (started(framework), trainer(framework, STOP), half, ["max_epochs is 2", "has had 2"]),
        (started(framework), trainer(framework, optimizer="sgd"), half, ["'adam'", "'sgd'", "go on with the same"]),
        (started(framework), trainer(framework, keep_best=True), half, ["keep_best", "kept none"]),
        (wider, trainer(framework), half, ["has the shape", "build the model as it was built then"]),
    ]:
        with pytest.raises((TypeError, ValueError)) as error:
            run.fit(model, data(), resume=given)
        says(error, *parts)


def test_a_run_of_the_other_framework_is_refused(pytorch, tensorflow):
    half = trainer(pytorch, STOP).fit(started(pytorch), data())
    with pytest.raises(ValueError) as error:
        trainer(tensorflow).fit(started(tensorflow), data(), resume=half)
    says(error, "the framework is 'torch', here 'tensorflow'")


# Files that open by themselves


def models(course, framework):
    """A model of each kind, with all that can be set, and whether the other framework can open it."""
    deep = course.Deep([course.GRU(4, 5, reset_after=False), course.LSTM(5, 6)], dropout=0.2)
    pair = course.Bidirectional(course.RNN(V, 3), course.GRU(V, 4))
    encoder = course.Seq2SeqEncoder(V, 4, 6, num_layers=2, cell="lstm", dropout=0.1, bidirectional=True)
    decoder = course.Seq2SeqDecoder(V + 1, 4, 6, num_layers=2, cell="lstm", dropout=0.3)
    yield course.RNNLM(deep, V, dropout=0.3, embed_size=4, token_dropout=0.1), True
    yield course.RNNLM(pair, V), True
    yield course.Seq2Seq(encoder, decoder, teacher_forcing=0.5), True
    encoder = course.Seq2SeqEncoder(V, 4, 6, bidirectional=True)
    yield course.Seq2Seq(encoder, course.AttentionDecoder(V + 1, 4, 6, dropout=0.3, bidirectional=True)), True
    for cell in CELLS:
        yield Scratch(course).build(network_of(cell, 5), 4), True
    for cell in ("RNN", "GRU", "LSTM"):
        yield course.RNNLM(framework.rnn("layer", V, h, cell), V, dropout=0.3), False


def test_a_model_opens_as_it_was(framework, tmp_path):
    from course_utils import blueprints

    course = framework.course
    kinds = sys.modules[f"{course.__name__}.saving"].KINDS
    for model, _ in models(course, framework):
        course.save_model(tmp_path / "model", model)
        opened, vocab, history = course.open_model(tmp_path / "model")
        assert type(opened) is type(model)
        assert blueprints.describe(opened, kinds) == blueprints.describe(model, kinds)
        assert (vocab, history) == (None, None)
        for (name, value), other in zip(
            course.weights.dump(opened).items(), course.weights.dump(model).values(), strict=True
        ):
            np.testing.assert_array_equal(value, other, err_msg=name)
        assert checkpoints.load(tmp_path / "model").keys() == course.weights.dump(model).keys()


def test_it_opens_in_the_other_framework(pytorch, tensorflow, tmp_path):
    for one, other in [(pytorch, tensorflow), (tensorflow, pytorch)]:
        for model, everywhere in models(one.course, one):
            one.course.save_model(tmp_path / "model", model)
            if everywhere:
                opened = other.course.open_model(tmp_path / "model").model
                found, expected = other.course.weights.dump(opened), one.course.weights.dump(model)
                assert found.keys() == expected.keys()
                for name, value in expected.items():
                    np.testing.assert_array_equal(found[name], value)
            else:
                with pytest.raises(ValueError) as error:
                    other.course.open_model(tmp_path / "model")
                says(error, "open it in the framework that it was saved in")


def test_vocabularies_come_back(framework, tmp_path):
    course, vocab = framework.course, Vocab(list("banana"), 1, ["<pad>"], "char", "lower")
    model = course.RNNLM(course.RNN(len(vocab), h), len(vocab))
    course.save_model(tmp_path / "model", model, vocab)
    opened = course.open_model(tmp_path / "model").vocab
    assert (opened.tokens, opened.counts, opened["a"]) == (vocab.tokens, vocab.counts, vocab["a"])
    assert (opened.level, opened.normalize) == ("char", "lower")
    with pytest.raises(TypeError) as error:
        course.save_model(tmp_path / "model", model, Vocab(list("banana"), 1, ["<pad>"], None, str.lower))
    says(error, "normalize is a function", "without the vocabulary")
    course.save_model(tmp_path / "model", model, {"source": vocab, "target": Vocab(["é"])})
    opened = course.open_model(tmp_path / "model").vocab
    assert opened["target"].tokens == ["<unk>", "é"]


def test_what_cannot_be_saved_or_opened_is_refused(framework, tmp_path):
    course, model = framework.course, started(framework)
    for vocab, parts in [(Vocab(["a"]), ["2 tokens", "the model 7"]), (["a"], ["type list", "Vocab"])]:
        with pytest.raises((TypeError, ValueError)) as error:
            course.save_model(tmp_path / "model", model, vocab)
        says(error, *parts)
    own = framework.linear(np.zeros((2, 3), "f"), np.zeros(3, "f"))
    with pytest.raises(TypeError) as error:
        course.save_model(tmp_path / "model", own)
    says(error, "weights")
    assert list(tmp_path.iterdir()) == []
    checkpoints.save(tmp_path / "weights", course.weights.dump(model))
    with pytest.raises(ValueError) as error:
        course.open_model(tmp_path / "weights")
    says(error, "weights only", "save_model", "weights.load(model, checkpoints.load(path))")
    with pytest.raises(FileNotFoundError):
        course.open_model(tmp_path / "nothing")


def test_keras_own_format_is_refused_with_the_way_to_save(tensorflow, tmp_path):
    model = started(tensorflow)
    model(tensorflow.tensor(np.zeros((1, 1), int)))
    with pytest.raises(TypeError) as error:
        model.save(tmp_path / "m.keras")
    tensorflow.says(error, "save_model(path, model)", "open_model(path)")
