"""Encoder and decoder in both frameworks: against NumPy, against each other, and what they promise."""

from types import SimpleNamespace

import numpy as np
import oracle_seq2seq as oracle
import pytest
import seq2seq_checks as checks
from frameworks import Batches, close
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_cells import Network, flat
from seq2seq_checks import (
    ATTENTION,
    BOTH_WAYS,
    DEEP_LSTM,
    LENGTHS,
    NETWORKS,
    S,
    T,
    U,
    V,
    built,
    course_of,
    drawn,
    e,
    f,
    h,
    n,
    tensors,
)
from seq2seq_checks import made as made_of

from course_utils import repro

each_network = pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
DEEP_ATTENTION = DEEP_LSTM._replace(attends=True)
with_and_without_attention = pytest.mark.parametrize("attends", [False, True], ids=["plain", "attention"])


@pytest.fixture(scope="module")
def course(framework):
    return course_of(framework)


def made(framework, network=BOTH_WAYS, **options):
    return made_of(framework, framework.course, network, **options)


@each_network
def test_outputs_states_logits_loss_and_gradients_are_the_oracles(framework, course, network):
    checks.check_oracle(framework, course, network)


@settings(max_examples=6)
@given(data=st.data())
def test_they_are_whatever_the_lengths(framework, course, data):
    network = data.draw(st.sampled_from([*NETWORKS.values()]))
    lengths = data.draw(st.lists(st.integers(1, S), min_size=n, max_size=n))
    checks.check_oracle(framework, course, network, lengths, data.draw(st.integers(0, 99)))


@each_network
def test_token_by_token_and_with_the_same_context_the_logits_are_those_of_all_at_once(framework, course, network):
    checks.check_steps(framework, course, network)


@each_network
def test_both_frameworks_compute_and_write_the_same(pytorch, tensorflow, network, tmp_path):
    data, (X, Y) = checks.small_data(tmp_path), drawn(np.random.default_rng(3))
    params, writers_params, found = None, None, []
    for framework in (pytorch, tensorflow):
        course, Xs, Ys = course_of(framework), tensors(framework, X), framework.tensor(Y)
        writer = built(course, network, sizes=(len(data.source_vocab), e, len(data.target_vocab), f))
        writers_params = course.weights.dump(writer) if writers_params is None else writers_params
        course.weights.load(writer, writers_params)
        model = built(course, network, sizes=(V, e, U, f))
        params = course.weights.dump(model) if params is None else params
        course.weights.load(model, params)
        logits = framework.array(model(Xs)[0])
        gradients = course.weights.gradients(
            model, lambda model=model, Xs=Xs, Ys=Ys, course=course: course.cross_entropy(model(Xs)[0], Ys)
        )
        found.append((logits, gradients, course.translate(writer, ["a dog", "red cat"], data)))
    (logits, gradients, translations), (others, other_gradients, other_translations) = found
    close(logits, others, 1e-5)
    assert gradients.keys() == other_gradients.keys()
    for name, gradient in gradients.items():
        close(gradient, other_gradients[name], 1e-4)
    for ours, theirs in zip(translations, other_translations, strict=True):
        assert ours.tokens == theirs.tokens
        assert ours.score == pytest.approx(theirs.score, rel=1e-4)


@each_network
def test_padding_changes_nothing(framework, course, network):
    model, _ = made(framework, network)
    rng = np.random.default_rng(0)
    (source, lengths, inputs), Y = drawn(rng)
    wider = np.concatenate([source, rng.integers(V, size=(n, 3))], axis=1)
    longer = np.concatenate([inputs, rng.integers(U, size=(n, 2))], axis=1)
    Y_longer = np.concatenate([Y, np.full((n, 2), -1)], axis=1)

    X, X_padded = tensors(framework, (source, lengths, inputs)), tensors(framework, (wider, lengths, longer))
    logits, padded = (framework.array(model(batch)[0]) for batch in (X, X_padded))
    close(padded[:, :T], logits, 1e-6)
    losses = [
        framework.array(course.cross_entropy(framework.tensor(found), framework.tensor(targets)))
        for found, targets in [(logits, Y), (padded, Y_longer)]
    ]
    assert losses[1] == pytest.approx(losses[0], rel=1e-6)
    outputs, _ = model.encoder(*X_padded[:2])
    for i, length in enumerate(lengths):
        assert not framework.array(outputs)[i, length:].any()


def test_a_token_says_nothing_of_what_was_written_before_it(framework):
    model, _ = made(framework)
    (source, lengths, inputs), _ = drawn(np.random.default_rng(0))
    logits = framework.array(model(tensors(framework, (source, lengths, inputs)))[0])
    for t in range(1, T):
        others = inputs.copy()
        others[:, t:] = (others[:, t:] + 1) % U
        found = framework.array(model(tensors(framework, (source, lengths, others)))[0])
        close(found[:, :t], logits[:, :t], 1e-6)
        assert (np.abs(found[:, t] - logits[:, t]).max(axis=1) > 1e-3).all()


@with_and_without_attention
def test_the_decoder_may_start_elsewhere(framework, attends):
    model, params = made(framework, DEEP_LSTM._replace(attends=attends))
    X, _ = drawn(np.random.default_rng(0))
    rng = np.random.default_rng(1)
    state = tuple(tuple(rng.normal(size=(n, h)).astype(np.float32) for _ in "HC") for _ in range(2))
    read, encoded = oracle.encode(params, *X[:2])
    expected, _ = oracle.decode(params, X[2], oracle.context(encoded), state, (read, X[1]))
    given = tuple(tuple(framework.tensor(part) for part in layer) for layer in state)
    close(framework.array(model(tensors(framework, X), given)[0]), expected, 5e-6)


# Attention


def attended(framework, network=ATTENTION, **options):
    """A model, what its decoder's `context` is given, and the state and the inputs."""
    model, _ = made(framework, network, **options)
    source, lengths, inputs = tensors(framework, drawn(np.random.default_rng(0))[0])
    outputs, state = model.encoder(source, lengths)
    return model, model.encoder.context(state), outputs, lengths, state, inputs


@pytest.mark.parametrize("network", [ATTENTION, DEEP_ATTENTION], ids=["GRU", "deep LSTM"])
def test_without_what_was_found_it_is_the_plain_network(framework, network):
    model, params = made(framework, network)
    plain, _ = made(framework, network._replace(attends=False))
    weights = framework.course.weights
    weights.load(model, params | {"decoder.W_c": np.zeros_like(params["decoder.W_c"])})
    weights.load(plain, {name: value for name, value in params.items() if name[-3:] not in ("W_k", "W_c")})
    Xs = tensors(framework, drawn(np.random.default_rng(0))[0])
    close(framework.array(model(Xs)[0]), framework.array(plain(Xs)[0]), 1e-6)


@pytest.mark.parametrize("network", [ATTENTION, DEEP_ATTENTION], ids=["GRU", "deep LSTM"])
def test_it_is_the_frameworks_own_attention(framework, network):
    """An output layer that changes nothing shows the top layer's H, and what was added to it."""
    params = oracle.random_params(np.random.default_rng(0), network, V, e, h, f)
    params |= {"decoder.W_hq": np.eye(h), "decoder.b_q": np.zeros(h)}
    models = []
    for attends in (False, True):
        models.append(built(framework.course, network._replace(attends=attends), sizes=(V, e, h, f)))
        names = framework.course.weights.dump(models[-1])
        framework.course.weights.load(models[-1], {name: params[name] for name in names})
    source, lengths, inputs = tensors(framework, drawn(np.random.default_rng(0))[0])
    inputs = inputs % h
    H, seen = (model((source, lengths, inputs))[0] for model in models)
    (_, keys, values, mask), _ = models[1].begin(source, lengths)
    expected = framework.attention(H, keys, values, mask)
    close(framework.array(seen) - framework.array(H), framework.array(expected), 1e-5)


@settings(max_examples=20)
@given(lengths=st.lists(st.integers(1, S), min_size=n, max_size=n), scale=st.sampled_from([0.0, 1.0, 1e4]))
def test_nothing_behind_the_end_is_seen(framework, lengths, scale):
    model, summary, outputs, _, state, inputs = attended(framework)
    lengths, read = np.array(lengths), framework.array(outputs)
    behind = np.arange(S) >= lengths[:, None]  # (n, S)
    other = np.where(behind[..., None], scale * np.random.default_rng(1).normal(size=read.shape), read)
    contexts = [
        model.decoder.context(summary, framework.tensor(part.astype(np.float32)), framework.tensor(lengths))
        for part in (read, other)
    ]
    logits, others = (framework.array(model.decoder(inputs, context, state)[0]) for context in contexts)
    close(others, logits, 1e-6)
    for context in contexts:
        weights = framework.array(model.decoder.alignment(inputs, context, state))
        assert not weights[np.broadcast_to(behind[:, None], weights.shape)].any()
        close(weights.sum(axis=-1), np.ones((n, T)), 1e-6)


@pytest.mark.parametrize("network", [ATTENTION, DEEP_ATTENTION], ids=["GRU", "deep LSTM"])
def test_where_it_looks_is_what_it_would_be_in_evaluation(framework, network):
    model, params = made(framework, network, dropout=0.5)
    X, _ = drawn(np.random.default_rng(0))
    framework.training(model)
    close(framework.array(model.alignment(tensors(framework, X))), oracle.alignment(params, X), 5e-6)


def test_the_plain_decoder_looks_nowhere(framework):
    model, _ = made(framework)
    source, lengths, inputs = tensors(framework, drawn(np.random.default_rng(0))[0])
    assert model.alignment((source, lengths, inputs)) is None
    context, state = model.begin(source, lengths)
    assert model.decoder.alignment(inputs, context, state) is None
    np.testing.assert_array_equal(framework.array(context), framework.array(model.encoder.context(state)))


# Teacher forcing


@with_and_without_attention
@pytest.mark.parametrize("ratio", [0.0, 0.7, 1.0])
def test_a_step_is_fed_its_input_or_the_likeliest_token_before(framework, course, ratio, attends):
    checks.check_forcing(framework, course, ratio, BOTH_WAYS._replace(attends=attends))


@pytest.mark.parametrize("network", [BOTH_WAYS, DEEP_LSTM, ATTENTION], ids=["GRU", "deep LSTM", "attention"])
def test_gradients_flow_also_through_steps_that_feed_themselves(framework, course, network):
    """What is fed is chosen, not computed with: as if the same tokens had been the inputs."""
    X, Y = drawn(np.random.default_rng(0))
    model, params = made(framework, network, teacher_forcing=0.0)
    likely = oracle.own(params, X, np.zeros((n, T), bool)).argmax(axis=-1)
    X_own = (*X[:2], np.concatenate([X[2][:, :1], likely[:, :-1]], axis=1))
    expected_loss, expected = oracle.loss(params, X_own, Y)
    in_training, Xs, Ys = framework.training(model), tensors(framework, X), framework.tensor(Y)
    close(framework.array(course.cross_entropy(in_training(Xs)[0], Ys)), expected_loss, 5e-6)
    found = course.weights.gradients(model, lambda: course.cross_entropy(in_training(Xs)[0], Ys))
    for name, gradient in found.items():
        close(gradient, expected[name], 5e-5)


def test_the_seed_decides_what_is_fed(framework):
    X, _ = drawn(np.random.default_rng(0))

    def logits(seed):
        repro.seed_everything(seed)
        in_training = framework.training(made(framework, teacher_forcing=0.5)[0])
        return framework.array(in_training(tensors(framework, X))[0]).tolist()

    assert logits(1) == logits(1) != logits(2)


def test_a_target_of_one_token_is_fed_nothing_else(framework):
    X, _ = drawn(np.random.default_rng(0), T=1)
    model, params = made(framework, teacher_forcing=0.0)
    close(framework.array(framework.training(model)(tensors(framework, X))[0]), oracle.logits(params, X)[0], 5e-6)


# How it begins


@with_and_without_attention
@pytest.mark.parametrize("network", [Network("GRU", (60, 60), 2), Network("LSTM", (60, 60), 2)], ids=["GRU", "LSTM"])
def test_its_weights_are_drawn_by_xaviers_rule(framework, network, attends):
    network = network._replace(attends=attends)
    params = framework.course.weights.dump(built(framework.course, network, sizes=(500, 40, 400, 30)))
    gates = 3 if network.cell == "GRU" else 4
    for name, value in params.items():
        last = name.rpartition(".")[2]
        if last == "W_xe":
            assert value.std() == pytest.approx(1, abs=0.05)
        elif last.startswith("b_"):
            assert (value == (1 if last == "b_f" else 0)).all()
        else:  # a layer's matrices of all gates are one matrix
            rows, columns = value.shape
            fan_out = columns if last in ("W_hq", "W_hs", "W_cs", "W_k", "W_c") else gates * columns
            bound = np.sqrt(6 / (rows + fan_out))
            assert np.abs(value).max() == pytest.approx(bound, rel=0.02)
            assert value.std() == pytest.approx(bound / np.sqrt(3), rel=0.05)


@each_network
def test_untrained_it_knows_about_as_little_as_a_uniform_guess(framework, course, network):
    model = built(course, network._replace(widths=(48,) * len(network.widths)), sizes=(30, 16, 28, 12))
    X, Y = drawn(np.random.default_rng(0), LENGTHS * 20)
    loss = course.cross_entropy(model(tensors(framework, X))[0], framework.tensor(Y))
    assert framework.array(loss) == pytest.approx(np.log(28), rel=0.1)


@each_network
def test_it_can_be_made_and_run_in_float64(framework, network):
    X, _ = drawn(np.random.default_rng(0))
    with framework.double():
        model, params = made(framework, network)
        logits, _ = model(tensors(framework, X))
    close(framework.array(logits), oracle.logits(params, X)[0], 1e-12)


@pytest.mark.parametrize("layers", [1, 2])
def test_dropout_is_for_training(framework, layers):
    model, params = made(framework, Network("GRU", (h,) * layers), dropout=0.5)
    X, _ = drawn(np.random.default_rng(0))
    Xs = tensors(framework, X)
    in_training = framework.training(model)
    noisy = [framework.array(in_training(Xs)[0]) for _ in range(2)]
    assert np.abs(noisy[0] - noisy[1]).max() > 0.01
    close(framework.array(framework.evaluating(model)(Xs)[0]), oracle.logits(params, X)[0], 5e-6)


def test_dropout_in_the_encoder_alone_is_for_training_too(framework):
    model, params = made(framework)
    noisy = framework.course.Seq2Seq(framework.course.Seq2SeqEncoder(V, e, h, 1, "gru", 0.5, True), model.decoder)
    framework.course.weights.load(noisy, params)
    Xs = tensors(framework, drawn(np.random.default_rng(0))[0])
    expected = framework.array(framework.evaluating(model)(Xs)[0])
    assert np.abs(framework.array(framework.training(noisy)(Xs)[0]) - expected).max() > 0.01
    close(framework.array(framework.evaluating(noisy)(Xs)[0]), expected, 1e-6)


@pytest.mark.parametrize(
    ("half", "attends"), [("encoder", False), ("decoder", False), ("decoder", True)], ids=lambda value: f"{value}"
)
def test_dropout_is_where_it_is_said_to_be(framework, half, attends):
    """With nearly all dropped the upper layer reads zeros, and so does the output; the embeddings are gone too."""
    network = Network("GRU", (h, h), attends=attends)
    model, params = made(framework, network, dropout=0.9999999)
    X, _ = drawn(np.random.default_rng(0), [S] * n)
    blind = {
        name: np.zeros_like(value) if name in (f"{half}.W_xe", f"{half}.W_hq") or f"{half}.1.W_x" in name else value
        for name, value in params.items()
    }
    source, lengths, inputs = tensors(framework, X)
    if half == "encoder":
        outputs, state = framework.training(model.encoder)(source, lengths)
        expected, expected_state = oracle.encode(blind, *X[:2])
    else:
        read, start = oracle.encode(params, *X[:2])
        told = oracle.context(start)
        given = tuple(framework.tensor(part.astype(np.float32)) for part in start)
        context = model.decoder.context(given[-1], framework.tensor(read.astype(np.float32)), lengths)
        outputs, state = framework.training(model.decoder)(inputs, context, given)
        expected, expected_state = oracle.decode(blind, X[2], told, start, (read, X[1]))
    for found, value in zip([outputs, *flat(state)], [expected, *flat(expected_state)], strict=True):
        close(framework.array(found), value, 5e-6)


# Training


@with_and_without_attention
def test_it_learns_to_write_the_next_token(framework, course, tmp_path, attends):
    checks.check_learning(framework, course, checks.small_data(tmp_path), attends)


@pytest.mark.parametrize("network", [BOTH_WAYS, Network("GRU", (h, h)), ATTENTION], ids=["both", "deep", "attention"])
def test_it_trains_as_the_oracle_does(framework, network):
    model, params = made(framework, network)
    batches = [drawn(np.random.default_rng(seed), lengths) for seed, lengths in enumerate([LENGTHS, [2, 5], [6, 6, 1]])]
    history = framework.course.Trainer(2, 0.1, "sgd", clip_norm=None).fit(model, batches)
    losses = []
    for _ in range(2):
        for X, Y in batches:
            loss, grads = oracle.loss(params, X, Y)
            losses.append(loss)
            for name, grad in grads.items():  # both frameworks' GRUs have two biases for a gate, which both move
                params[name] = params[name] - 0.1 * grad * (2 if name.endswith(("b_z", "b_r")) else 1)
    assert history.tokens == 2 * sum(int((Y != -1).sum()) for _, Y in batches)
    np.testing.assert_allclose(history.train_loss, np.reshape(losses, (2, -1)).mean(axis=1), rtol=1e-5)
    for name, value in framework.course.weights.dump(model).items():
        close(value, params[name], 1e-4)


@pytest.mark.parametrize("keep_best", [True, False])
def test_the_best_epochs_weights_are_put_back_if_wanted(framework, course, keep_best):
    checks.check_keeping(framework, course, keep_best)


def test_the_loss_is_the_mean_over_real_tokens_of_all_batches(framework):
    model, params = made(framework)
    batches = [drawn(np.random.default_rng(0)), drawn(np.random.default_rng(1), [3, 5], S=5, T=3)]
    counts = [(Y != -1).sum() for _, Y in batches]
    losses = [oracle.loss(params, X, Y)[0] for X, Y in batches]
    expected = np.average(losses, weights=counts)
    assert abs(expected - np.mean(losses)) > 0.01, "else it would not show"
    assert framework.course.evaluate(model, batches) == pytest.approx(expected, rel=1e-5)


@with_and_without_attention
def test_its_first_call_may_be_a_compiled_one(framework, attends):
    model = built(framework.course, BOTH_WAYS._replace(attends=attends))
    batches = [drawn(np.random.default_rng(0))]
    first = framework.course.evaluate(model, batches)
    assert framework.course.evaluate(model, batches) == first


@with_and_without_attention
def test_its_halves_may_be_called_before_the_whole(framework, attends):
    network = BOTH_WAYS._replace(attends=attends)
    source, lengths, inputs = tensors(framework, drawn(np.random.default_rng(0))[0])
    model = built(framework.course, network)
    logits, _ = model.decoder(inputs, *model.begin(source, lengths))
    close(framework.array(logits), framework.array(model((source, lengths, inputs))[0]), 1e-6)


def test_batches_may_come_from_the_frameworks_own_loader(framework):
    X, Y = drawn(np.random.default_rng(0))
    rows = [(tuple(part[i : i + 1] for part in X), Y[i : i + 1]) for i in range(n)]
    losses = []
    for batches in (rows, framework.pipeline(X, Y)):
        model, _ = made(framework)
        history = framework.course.Trainer(2, 0.1).fit(model, SimpleNamespace(train=batches, heldout=batches))
        losses.append((history.train_loss, history.heldout_loss))
    assert losses[0] == losses[1]


@with_and_without_attention
@pytest.mark.parametrize("ratio", [1.0, 0.5])
def test_batches_of_all_shapes_are_compiled_once(tensorflow, ratio, attends):
    class Counting(tensorflow.course.Seq2Seq):
        calls = 0

        def call(self, X, state=None, training=False):
            self.calls += 1
            return super().call(X, state, training)

    model, _ = made(tensorflow, BOTH_WAYS._replace(attends=attends), teacher_forcing=ratio)
    model = Counting(model.encoder, model.decoder, ratio)
    shapes = [([2] * 4, 5, 3), ([3] * 2, 6, 3), ([1] * 3, 2, 7), ([2] * 4, 5, 4), ([1], 1, 2), ([1] * 2, 1, 1)]
    batches = [drawn(np.random.default_rng(0), *shape) for shape in shapes]
    data = Batches(batches, carries_state=False)
    data.train = data.heldout = batches
    tensorflow.course.Trainer(3, 0.1).fit(model, data)
    assert model.calls == 5, "once to make its weights; to train and to evaluate, once looked at and once compiled"


# Its weights


@each_network
def test_weights_that_were_loaded_are_dumped_and_what_does_not_fit_is_named(framework, network):
    weights, (model, params) = framework.course.weights, made(framework, network)
    for part, of_part in [
        (model, params),
        *((getattr(model, half), oracle.half(params, half)) for half in oracle.HALVES),
    ]:
        dumped = weights.dump(part)
        assert dumped.keys() == of_part.keys()
        for name, value in dumped.items():
            np.testing.assert_array_equal(value, of_part[name].astype(np.float32))
    for wrong, said in [({"decoder.b_q": params["decoder.b_q"][1:]}, "shape (8,), expected (9,)"), ({"b": 1}, "named")]:
        with pytest.raises(ValueError) as error:
            weights.load(model, {name: value + 1 for name, value in params.items()} | wrong)
        framework.says(error, said)
        np.testing.assert_array_equal(weights.dump(model)["encoder.W_xe"], params["encoder.W_xe"].astype(np.float32))


# What is refused


def wrong_calls(framework, model):
    """Calls that make no sense, each with what is to be said."""
    X, _ = drawn(np.random.default_rng(0))
    source, lengths, inputs = tensors(framework, X)
    _, state = model.encoder(source, lengths)
    told = model.encoder.context(state)
    zero, long = framework.tensor(np.array([6, 0, 3, 4])), framework.tensor(np.array([6, 7, 3, 4]))
    yield lambda: model.encoder(source, zero), ["length 0", "<eos>"]
    yield lambda: model.encoder(source, long), ["from 3 to 7", "0 to 6"]
    yield lambda: model.encoder(source, lengths[:3]), ["shape (3,)", "(4,)"]
    yield lambda: model.encoder(source[0], lengths), ["source has shape (6,)", "(n, S)"]
    yield lambda: model.decoder(inputs[0], told, state), ["inputs have shape (5,)", "(n, T)"]
    yield lambda: model.decoder(inputs, told[:3], state), ["context has shape (3, 7)", "(4, 7)"]
    yield lambda: model.decoder(inputs, told, state[:1]), ["state has 1 part", "2", "each layer"]
    yield lambda: model.decoder(inputs, told, (told, told)), ["state is one array", "pair (H, C)", "(4, 7)"]
    yield lambda: model.decoder(inputs, told, ((told, told[:1]), state[1])), ["state has shape (1, 7)", "(4, 7)"]


def test_wrong_calls_are_refused(framework):
    model, _ = made(framework, DEEP_LSTM)
    for call, said in wrong_calls(framework, model):
        with pytest.raises(ValueError) as error:
            call()
        framework.says(error, *said)


def wrong_calls_of_attention(framework, model):
    """As above, of what only a decoder with attention is told."""
    _, summary, outputs, lengths, state, inputs = attended(framework)
    context = model.decoder.context(summary, outputs, lengths)
    long = framework.tensor(np.array([6, 7, 3, 4]))
    yield (
        lambda: model.decoder.context(summary, outputs[..., :h], lengths),
        ["(4, 6, 7)", "(n, S, 14)", "bidirectional"],
    )
    yield lambda: model.decoder.context(summary, outputs[0], lengths), ["outputs have shape (6, 14)", "(n, S, 14)"]
    yield lambda: model.decoder.context(summary, outputs, long), ["from 3 to 7", "0 to 6"]
    yield lambda: model.decoder.context(summary, outputs, lengths[:3]), ["shape (3,)", "(4,)"]
    for call in (model.decoder, model.decoder.alignment):
        yield lambda call=call: call(inputs, summary, state), ["context is one array", "(summary, keys, values, mask)"]
        yield lambda call=call: call(inputs, context[:2], state), ["context is a tuple of 2", "decoder's own context"]
        yield lambda call=call: call(inputs[:3], context, state), ["context has shape (4, 7)", "(3, 7)"]
    plain, _ = made(framework)
    yield lambda: plain.decoder(inputs, context, state), ["context has shape ()", "(4, 7)"]


def test_wrong_calls_of_attention_are_refused(framework):
    model, _ = made(framework, ATTENTION)
    for call, said in wrong_calls_of_attention(framework, model):
        with pytest.raises(ValueError) as error:
            call()
        framework.says(error, *said)


def test_halves_that_do_not_fit_are_refused(framework):
    course = framework.course
    encoder = course.Seq2SeqEncoder(V, e, h, 2)
    for settings_, said in [((h, 1), "num_layers is 2"), ((h + 1, 2), "num_hiddens is 7"), ((h, 2, "lstm"), "cell is")]:
        with pytest.raises(ValueError) as error:
            course.Seq2Seq(encoder, course.Seq2SeqDecoder(U, f, *settings_))
        framework.says(error, said, "expected the same")
    with pytest.raises(ValueError) as error:
        course.Seq2Seq(encoder, course.AttentionDecoder(U, f, h, 2, bidirectional=True))
    framework.says(error, "bidirectional is False in the encoder and True in the decoder", "expected the same")
    for ratio in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError) as error:
            course.Seq2Seq(encoder, course.Seq2SeqDecoder(U, f, h, 2), ratio)
        framework.says(error, f"teacher_forcing is {ratio}", "0 to 1")


@pytest.mark.parametrize("half", ["Seq2SeqEncoder", "Seq2SeqDecoder", "AttentionDecoder"])
def test_pieces_there_are_not_are_refused(framework, half):
    for settings_ in [(0, "gru"), (1, "rnn"), (1, "GRU")]:
        with pytest.raises(ValueError) as error:
            getattr(framework.course, half)(V, e, h, *settings_)
        framework.says(error, f"num_layers is {settings_[0]}", repr(settings_[1]), '"gru" or "lstm"')


@pytest.mark.parametrize("ratio", [1.0, 0.5])
def test_pytorch_leaves_nothing_of_it_on_the_cpu(pytorch, ratio):
    model = built(pytorch.course, DEEP_LSTM, ratio, dropout=0.1).to("meta").train()
    ids = pytorch.torch.zeros((n, T), dtype=pytorch.torch.long, device="meta")
    H = pytorch.torch.zeros((n, h), device="meta")
    logits, state = model._step_by_step(ids, H, ((H, H), (H, H)))
    assert {part.device.type for part in (logits, *flat(state))} == {"meta"}


def test_pytorch_leaves_nothing_of_attention_on_the_cpu(pytorch):
    model = built(pytorch.course, DEEP_ATTENTION).to("meta")
    ids = pytorch.torch.zeros((n, T), dtype=pytorch.torch.long, device="meta")
    H, read = (pytorch.torch.zeros(shape, device="meta") for shape in ((n, h), (n, S, 2 * h)))
    context = model.decoder.context(H, read, pytorch.torch.tensor(LENGTHS))
    logits, state = model._step_by_step(ids, context, ((H, H), (H, H)))
    assert {part.device.type for part in (logits, *context, *flat(state))} == {"meta"}
