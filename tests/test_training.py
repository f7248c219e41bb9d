"""The training loop: against NumPy, against a loop written by hand, and what it records and promises."""

from types import SimpleNamespace

import numpy as np
import oracle
import pytest
from data_helpers import says
from frameworks import KINDS, Batches, close
from oracle_cells import Network

from course_utils import repro
from course_utils.datasets import RandomBatches, SequentialBatches
from course_utils.metrics import perplexity

n, T, V, h = 2, 3, 7, 5
TEXT = np.random.default_rng(0).integers(V, size=2 * 12 + 1)  # four sequential batches of (n, T)


ONE = Network("RNN", (h,))
CELLS = ("RNN", "GRU", "LSTM")


def made(framework, kind="scratch", dropout=0.0, network=ONE, e=None):
    """A model with the same weights at each call, and those weights."""
    params = oracle.random_lm(np.random.default_rng(1), network, V, e)
    rnn = framework.implementations[kind].build(network, e or V)
    model = framework.course.RNNLM(rnn, V, dropout, e)
    framework.course.weights.load(model, params)
    return model, params


def trainer(framework, max_epochs=1, lr=0.5, optimizer="sgd", **settings):
    return framework.course.Trainer(max_epochs, lr, optimizer, **settings)


def sequential(carries_state=True):
    return Batches(SequentialBatches(TEXT, n, T), carries_state)


# Small steps for Adam: Keras adds its epsilon of 1e-8 before it corrects the mean square, PyTorch and the oracle after.
SETTINGS = {
    "plain": {"optimizer": "sgd", "lr": 0.5, "clip_norm": None, "decay": False, "carries_state": False},
    "clipped": {"optimizer": "sgd", "lr": 0.5, "clip_norm": 1.1, "decay": True, "carries_state": True},
    "adam": {"optimizer": "adam", "lr": 0.05, "clip_norm": 1.1, "decay": False, "carries_state": True},
    "adamw": {"optimizer": "adamw", "lr": 0.05, "clip_norm": None, "decay": True, "carries_state": False},
}


@pytest.mark.parametrize("e", [None, 4])
@pytest.mark.parametrize("name", SETTINGS)
def test_it_trains_as_the_oracle_does(framework, name, e):
    settings = dict(SETTINGS[name])
    carries_state, epochs = settings.pop("carries_state"), 3
    model, params = made(framework, e=e)
    history = trainer(framework, epochs, **settings).fit(model, sequential(carries_state))
    losses, norms, trained = oracle.train(params, sequential(), carries_state, epochs, **settings)
    if settings["clip_norm"]:
        assert min(norms) < settings["clip_norm"] < max(norms), "a clip that is used, but not always"
    np.testing.assert_allclose(history.train_loss, losses, rtol=1e-4)
    np.testing.assert_allclose(history.grad_norm, norms, rtol=1e-3)
    for weight, value in framework.course.weights.dump(model).items():
        close(value, trained[weight], 1e-4)


def without_some_targets():
    """Batches of which each asks at some steps only, at one step at least, and not all at equally many."""
    rng, batches = np.random.default_rng(3), []
    for i, (X, Y) in enumerate(SequentialBatches(TEXT, n, T)):
        Y = np.where(rng.random(Y.shape) < (0.3, 0.8)[i % 2], -1, Y)
        Y[0, -1] = X[0, -1]
        batches.append((X, Y))
    return batches


@pytest.mark.parametrize("carries_state", [True, False])
@pytest.mark.parametrize(
    ("network", "e"),
    [(ONE, None), (Network("LSTM", (h, 4)), 2), (Network("GRU", (h,), 2), None)],
    ids=["RNN", "deep LSTM, embedding", "GRU, both ways"],
)
def test_only_steps_with_a_target_count(framework, network, e, carries_state):
    model, params = made(framework, network=network, e=e)
    batches, epochs = without_some_targets(), 2
    counts = [int((Y != -1).sum()) for _, Y in batches]
    assert len({*counts}) > 1
    assert 0 < min(counts) <= max(counts) < n * T

    state, total = oracle.zeros(params, n), 0.0
    for (X, Y), count in zip(batches, counts, strict=True):
        loss, _, last = oracle.lm_loss(params, X, Y, state)
        state = last if carries_state else state
        total += loss * count
    found = framework.course.evaluate(model, Batches(batches, carries_state))
    assert found == pytest.approx(total / sum(counts), rel=1e-5)

    history = trainer(framework, epochs, clip_norm=None).fit(model, Batches(batches, carries_state))
    losses, norms, trained = oracle.train(params, batches, carries_state, epochs, 0.5, "sgd")
    assert history.tokens == epochs * sum(counts)
    np.testing.assert_allclose(history.train_loss, losses, rtol=1e-4)
    np.testing.assert_allclose(history.grad_norm, norms, rtol=1e-3)
    for weight, value in framework.course.weights.dump(model).items():
        close(value, trained[weight], 1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cell", CELLS)
def test_it_trains_as_a_loop_written_by_hand(framework, kind, cell):
    models = [framework.course.RNNLM(framework.rnn(kind, V, h, cell), V) for _ in range(2)]
    framework.copy(*models)
    by_hand = framework.train_by_hand(models[1], sequential(), lr=0.5, clip_norm=0.5)
    history = trainer(framework, clip_norm=0.5).fit(models[0], sequential())
    assert history.train_loss[0] == pytest.approx(np.mean(by_hand), rel=1e-6)
    for ours, theirs in zip(*(framework.weights_of(model).values() for model in models), strict=True):
        close(ours, theirs, 1e-6)


@pytest.mark.parametrize("batches", [SequentialBatches, RandomBatches])
@pytest.mark.parametrize("kind", ["scratch", "layer"])
def test_both_frameworks_train_alike(pytorch, tensorflow, batches, kind):
    if kind == "layer":
        pytorch_model, _ = made(pytorch, kind)
        pytorch_model.rnn.bias_hh_l0.requires_grad_(False)  # the second bias, which doubles the step of their sum
    else:
        pytorch_model, _ = made(pytorch)
    models = {pytorch: pytorch_model, tensorflow: made(tensorflow, kind)[0]}
    histories = [
        trainer(framework, 3).fit(model, batches(TEXT, n, T, np.random.default_rng(2)))
        for framework, model in models.items()
    ]
    np.testing.assert_allclose(histories[0].train_loss, histories[1].train_loss, rtol=1e-4)
    np.testing.assert_allclose(histories[0].grad_norm, histories[1].grad_norm, rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("carries_state", [True, False])
def test_the_state_is_carried_where_the_batches_say_so(framework, kind, carries_state):
    model, params = made(framework, kind)
    H, losses = np.zeros((n, h)), []
    for X, Y in sequential():
        loss, _, last = oracle.lm_loss(params, X, Y, H)
        H = last if carries_state else H
        losses.append(loss)
    data = SimpleNamespace(train=sequential(carries_state), heldout=sequential(carries_state))
    history = trainer(framework, lr=0.0).fit(model, data)  # a learning rate of 0: the losses differ by the state alone
    assert history.train_loss == pytest.approx([np.mean(losses)], rel=1e-5)
    assert history.heldout_loss == pytest.approx([np.mean(losses)], rel=1e-5)
    assert framework.course.evaluate(model, sequential(carries_state)) == pytest.approx(np.mean(losses), rel=1e-5)


def test_each_epoch_starts_from_a_zero_state(framework):
    model, _ = made(framework)
    history = trainer(framework, 2, lr=0.0).fit(model, sequential())
    assert history.train_loss[0] == history.train_loss[1]


def test_a_batch_counts_by_its_tokens_when_a_model_is_evaluated(framework):
    model, params = made(framework)
    batches = list(SequentialBatches(TEXT, n, 10))
    assert [X.shape for X, _ in batches] == [(2, 10), (2, 2)]
    X, Y = (np.concatenate(parts, axis=1) for parts in zip(*batches, strict=True))
    expected, _, _ = oracle.lm_loss(params, X, Y, np.zeros((n, h)))
    assert framework.course.evaluate(model, Batches(batches, True)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("clip_norm", [0.25, 1e6, None])
def test_the_step_is_clipped_and_the_norm_recorded_is_that_before(framework, clip_norm):
    model, params = made(framework)
    [(X, Y), *_] = sequential()
    _, grads, _ = oracle.lm_loss(params, X, Y, np.zeros((n, h)))
    norm = np.sqrt(sum((grad**2).sum() for grad in grads.values()))
    history = trainer(framework, lr=0.1, clip_norm=clip_norm).fit(model, [(X, Y)])
    step = {name: params[name] - value for name, value in framework.course.weights.dump(model).items()}
    length = np.sqrt(sum((part**2).sum() for part in step.values()))
    assert history.grad_norm == pytest.approx([norm], rel=1e-5)
    assert length == pytest.approx(0.1 * (0.25 if clip_norm == 0.25 else norm), rel=1e-4)
    for name, part in step.items():  # the direction stays
        close(part / length, grads[name] / norm, 1e-4)


def test_the_history_counts(framework):
    model, _ = made(framework)
    seen = []
    history = trainer(framework, 3).fit(
        model,
        SimpleNamespace(train=sequential(), heldout=sequential()),
        lambda so_far: seen.append(len(so_far.seconds)),
    )
    assert (history.updates, history.tokens) == (3 * 4, 3 * 24)
    assert len(history.grad_norm) == 12
    assert len(history.train_loss) == len(history.heldout_loss) == 3
    assert seen == [1, 2, 3]
    assert 0 < history.seconds[0] < history.seconds[1] < history.seconds[2]
    assert all(type(value) is float for value in history.train_loss + history.heldout_loss + history.grad_norm)
    assert history.heldout_loss[-1] == pytest.approx(framework.course.evaluate(model, sequential()), rel=1e-6)


def test_without_held_out_data_none_is_evaluated(framework):
    assert trainer(framework).fit(made(framework)[0], sequential()).heldout_loss == []


def test_data_may_come_from_the_frameworks_own_loader(framework):
    [(X, Y), *_] = sequential()
    rows = [(X[i : i + 1], Y[i : i + 1]) for i in range(n)]
    histories = [trainer(framework, 2).fit(made(framework)[0], data) for data in (rows, framework.pipeline(X, Y))]
    assert histories[0].train_loss == histories[1].train_loss
    assert histories[1].tokens == 2 * X.size
    losses = [framework.course.evaluate(made(framework)[0], data) for data in (rows, framework.pipeline(X, Y))]
    assert losses[0] == losses[1]


def test_it_learns_a_small_pattern(framework):
    ids = np.tile(np.arange(1, V), 40)
    model, batches = framework.lm("layer", V, 16), SequentialBatches(ids, 4, 6)
    history = trainer(framework, 3, lr=0.02, optimizer="adamw").fit(
        model, SimpleNamespace(train=batches, heldout=batches)
    )
    assert history.train_loss[0] > 0.5
    assert perplexity(history.heldout_loss[-1]) < 1.1


def test_the_same_seed_gives_the_same_run(framework):
    def losses(seed):
        repro.seed_everything(seed)
        model = framework.lm("scratch", V, h, dropout=0.5)
        return trainer(framework, 2).fit(model, sequential()).train_loss

    first = losses(1)
    assert first == losses(1)
    assert first[0] != first[1]


def test_dropout_is_on_while_training_and_off_while_evaluating(framework):
    model, params = made(framework, dropout=0.6)
    [(X, Y), *_] = sequential()
    calm, _, _ = oracle.lm_loss(params, X, Y, np.zeros((n, h)))
    data = SimpleNamespace(train=[(X, Y)] * 2, heldout=[(X, Y)])
    history = trainer(framework, lr=0.0).fit(model, data)
    assert abs(history.train_loss[0] - calm) > 0.01
    assert history.heldout_loss == pytest.approx([calm], rel=1e-5)


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("training", [True, False])
def test_evaluating_leaves_the_model_in_its_mode(pytorch, training, broken):
    model, _ = made(pytorch)
    model.train(training)
    try:
        pytorch.course.evaluate(model, [(np.full((1, 2), V), np.zeros((1, 2), int))] if broken else sequential())
    except ValueError:
        assert broken, "only an id outside the vocabulary is an error"
    assert model.training is training


def test_it_is_quiet_where_ci_is_set_and_shows_its_progress_elsewhere(framework, monkeypatch, capfd):
    data = SimpleNamespace(train=sequential(), heldout=sequential())
    monkeypatch.setenv("CI", "1")
    trainer(framework).fit(made(framework)[0], data)
    assert capfd.readouterr() == ("", "")
    monkeypatch.delenv("CI")
    history = trainer(framework).fit(made(framework)[0], data)
    out, err = capfd.readouterr()
    assert out == ""
    assert "epochs: 100%" in err
    assert f"perplexity={perplexity(history.heldout_loss[-1]):.2f}" in err


# A loss of one's own


def regression():
    """Batches of unlike sizes (n, 3) and (n, 2), the second target −1 somewhere, and the weights to start from."""
    rng = np.random.default_rng(5)
    batches = [(rng.normal(size=(n, 3)).astype("f"), rng.normal(size=(n, 2)).astype("f")) for n in (5, 4)]
    batches[0][1][:2] = -1.0  # a number like any other
    return batches, rng.normal(size=(3, 2)).astype("f"), rng.normal(size=2).astype("f")


def squared_error(framework):
    """The mean of squared errors, for tensors of the framework."""
    return lambda outputs, Y: framework.total((outputs - Y) ** 2) / (2 * len(Y))


def least_squares(batches, W, b, lr, clip_norm, epochs):
    """Gradient descent by formulas, in NumPy: the losses of each epoch's batches, the norms, the weights."""
    losses, norms, W, b = [], [], W.astype(float), b.astype(float)
    for _ in range(epochs):
        for X, Y in batches:
            error = X @ W + b - Y
            losses.append((error**2).mean())
            in_W, in_b = X.T @ error * 2 / error.size, error.sum(axis=0) * 2 / error.size
            norms.append(np.sqrt((in_W**2).sum() + (in_b**2).sum()))
            scale = lr * min(1.0, clip_norm / norms[-1])
            W, b = W - scale * in_W, b - scale * in_b
    return np.reshape(losses, (epochs, -1)).mean(axis=1), norms, W, b


def test_another_loss_is_minimised_as_by_hand(framework):
    batches, W, b = regression()
    model, loss = framework.linear(W, b), squared_error(framework)
    data = SimpleNamespace(train=batches, heldout=batches)
    history = trainer(framework, 3, lr=0.3, clip_norm=1.5, loss=loss).fit(model, data)
    losses, norms, W, b = least_squares(batches, W, b, 0.3, 1.5, 3)
    assert min(norms) < 1.5 < max(norms)
    np.testing.assert_allclose(history.train_loss, losses, rtol=1e-5)
    np.testing.assert_allclose(history.grad_norm, norms, rtol=1e-4)
    X, Y = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    close(framework.array(model(framework.tensor(X))[0]), X @ W + b, 1e-5)
    rows = ((X @ W + b - Y) ** 2).mean()  # each row counts alike, whatever its batch
    assert framework.course.evaluate(model, batches, loss) == pytest.approx(rows, rel=1e-5)
    assert history.heldout_loss[-1] == pytest.approx(rows, rel=1e-5)
    assert history.metrics == {"loss": history.heldout_loss[-1], "targets": 3 * 9}


def test_the_best_epoch_is_kept_by_that_loss(framework):
    batches, W, b = regression()
    model, loss = framework.linear(W, b), squared_error(framework)
    data = SimpleNamespace(train=batches, heldout=batches)
    history = trainer(framework, 4, lr=3.0, clip_norm=None, keep_best=True, loss=loss).fit(model, data)
    assert history.heldout_loss[0] < history.heldout_loss[-1], "a rate so high that it gets worse"
    assert framework.course.evaluate(model, batches, loss) == pytest.approx(min(history.heldout_loss), rel=1e-5)


def test_of_another_loss_no_perplexity_is_shown(framework, monkeypatch, capfd):
    batches, W, b = regression()
    monkeypatch.delenv("CI", raising=False)
    data = SimpleNamespace(train=batches, heldout=batches)
    history = trainer(framework, loss=squared_error(framework)).fit(framework.linear(W, b), data)
    err = capfd.readouterr().err
    assert f"loss={repro.digits(history.heldout_loss[-1])}" in err
    assert "perplexity" not in err


def test_a_loss_is_one_number(framework):
    batches, W, b = regression()
    model = framework.linear(W, b)

    def of_each(outputs, Y):
        return (outputs - Y) ** 2

    for refused in (
        lambda: trainer(framework, loss=of_each).fit(model, batches),
        lambda: framework.course.evaluate(model, batches, of_each),
    ):
        with pytest.raises(ValueError, match=r"the shape \(5, 2\), expected a single number, \(\): take the mean\."):
            refused()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"optimizer": "lion"}, ["'lion'", "['sgd', 'adam', 'adamw']"]),
        ({"clip_norm": 0.0}, ["clip_norm is 0.0", "None"]),
        ({"clip_norm": -1.0}, ["clip_norm is -1.0", "above 0"]),
        ({"loss": "mse"}, ["loss is 'mse'", "a function (outputs, Y)", "None for cross-entropy"]),
    ],
)
def test_settings_that_make_no_sense_are_refused(framework, settings, said):
    with pytest.raises(ValueError) as error:
        trainer(framework, **settings)
    says(error, *said)


def test_the_best_epoch_asks_for_held_out_data(framework):
    model, _ = made(framework)
    with pytest.raises(ValueError) as error:
        trainer(framework, keep_best=True).fit(model, sequential())
    says(error, "keep_best", "held-out", "give one")
    data = SimpleNamespace(train=sequential(), heldout=sequential())
    assert trainer(framework, 0, keep_best=True).fit(model, data).heldout_loss == []


def test_data_without_a_batch_are_refused(framework):
    model, _ = made(framework)
    for refused in (lambda: trainer(framework).fit(model, []), lambda: framework.course.evaluate(model, [])):
        with pytest.raises(ValueError) as error:
            refused()
        says(error, "no batch", "smaller batches")
    once = (batch for batch in sequential())  # a generator is used up after the first epoch
    with pytest.raises(ValueError, match="no batch"):
        trainer(framework, 2).fit(model, once)


def test_a_batch_without_a_target_is_refused_before_it_spoils_the_weights(framework):
    model, _ = made(framework)
    batches = [(X, np.full_like(Y, -1)) for X, Y in sequential()]
    before = framework.course.weights.dump(model)
    for refused in (lambda: trainer(framework).fit(model, batches), lambda: framework.course.evaluate(model, batches)):
        with pytest.raises(ValueError) as error:
            refused()
        says(error, "no target", "all of Y is −1", "leave it out")
    np.testing.assert_equal(framework.course.weights.dump(model), before)


def test_a_falling_learning_rate_needs_the_number_of_batches(framework):
    model, _ = made(framework)
    with pytest.raises(ValueError) as error:
        trainer(framework, decay=True).fit(model, (batch for batch in sequential()))
    says(error, "how many batches", "give a list")
