"""Minimal cells and the short convolution in front of them: what `test_equality` does not ask."""

import numpy as np
import pytest
from data_helpers import says
from frameworks import Batches, close
from oracle_cells import READ_X_ONLY, Network, random_params

n, d, h = 2, 3, 5
each_cell = pytest.mark.parametrize("cell", READ_X_ONLY)


def of_both_modes(framework, cell, params):
    layers = [getattr(framework.course, cell)(d, h, mode) for mode in ("loop", "scan")]
    for layer in layers:
        framework.course.weights.load(layer, params)
    return layers


@each_cell
@pytest.mark.parametrize("lengths", [None, [300, 77]])
def test_both_modes_give_the_same_outputs_last_state_and_gradients(framework, cell, lengths):
    rng, T = np.random.default_rng(0), 300
    params, X, H = random_params(rng, Network(cell, (h,)), d), rng.normal(size=(n, T, d)), rng.normal(size=(n, h))
    d_outputs, d_last = rng.normal(size=(n, T, h)), rng.normal(size=(n, h))
    found = []
    with framework.double():
        for layer in of_both_modes(framework, cell, params):

            def loss(X, H, layer=layer):
                outputs, last = layer(X, H, lengths=lengths)
                found[-1] += [framework.array(outputs), framework.array(last)]
                of_last = framework.total(last * framework.tensor(d_last))
                return framework.total(outputs * framework.tensor(d_outputs)) + of_last

            found.append([])
            by_weight = framework.course.weights.gradients(
                layer, lambda loss=loss: loss(*map(framework.tensor, (X, H)))
            )
            found[-1] += [*by_weight.values(), *framework.gradients(loss, X, H)]
    for looped, scanned in zip(*found, strict=True):
        close(scanned, looped, 1e-11)


@each_cell
def test_the_state_is_handed_over_between_batches_in_both_modes(framework, cell):
    rng, V, T = np.random.default_rng(0), 7, 6
    ids = rng.integers(V, size=(2, 3 * T + 1))  # two rows of text, in three batches
    batches = [(ids[:, i : i + T], ids[:, i + 1 : i + T + 1]) for i in range(0, 3 * T, T)]
    losses = {}
    for mode in ("loop", "scan"):
        layer = getattr(framework.course, cell)(V, h, mode)
        framework.course.weights.load(layer, random_params(np.random.default_rng(1), Network(cell, (h,)), V))
        for carried in (True, False):
            model = framework.course.RNNLM(layer, V)
            params = random_params(np.random.default_rng(1), Network(cell, (h,)), V)
            params |= {"W_hq": np.eye(h, V), "b_q": np.zeros(V)}
            framework.course.weights.load(model, params)
            losses[mode, carried] = framework.course.evaluate(model, Batches(batches, carries_state=carried))
    assert losses["scan", True] == pytest.approx(losses["loop", True], abs=1e-5)
    assert losses["scan", False] == pytest.approx(losses["loop", False], abs=1e-5)
    assert abs(losses["loop", True] - losses["loop", False]) > 1e-3


def test_the_papers_gate_is_one_minus_ours(framework):
    rng = np.random.default_rng(0)
    paper = random_params(rng, Network("MinGRU", (h,)), d)
    X, H = rng.normal(size=(n, 6, d)), rng.normal(size=(n, h))
    ours = paper | {"W_xz": -paper["W_xz"], "b_z": -paper["b_z"]}
    with framework.double():
        layer = framework.course.MinGRU(d, h)
        framework.course.weights.load(layer, ours)
        found = framework.array(layer(framework.tensor(X), framework.tensor(H))[0])
    for t in range(6):
        Z = 1 / (1 + np.exp(-(X[:, t] @ paper["W_xz"] + paper["b_z"])))
        H = (1 - Z) * H + Z * (X[:, t] @ paper["W_xh"] + paper["b_h"])
        close(found[:, t], H, 1e-12)


@pytest.mark.parametrize("fed", [-200.0, 0.0, 200.0])
def test_gates_that_underflow_still_give_numbers(framework, fed):
    shift = np.linspace(-1, 1, h)
    zeros = {f"W_x{gate}": np.zeros((d, h)) for gate in "ifh"}
    params = zeros | {"b_i": np.full(h, fed), "b_f": fed + shift, "b_h": np.ones(h)}
    layer, X = framework.course.MinLSTM(d, h), np.ones((n, 4, d), np.float32)
    framework.course.weights.load(layer, params)
    F, I = np.exp(-np.logaddexp(0, -(fed + shift))), np.exp(-np.logaddexp(0, -fed))
    keep = F / (F + I)  # float64 has numbers for both
    expected = 1 - keep
    close(framework.array(layer(framework.tensor(X))[0])[:, 0], np.tile(expected, (n, 1)), 1e-6)
    gradients = framework.course.weights.gradients(layer, lambda: framework.total(layer(framework.tensor(X))[0]))
    assert all(np.isfinite(gradient).all() for gradient in gradients.values())


@each_cell
@pytest.mark.parametrize("mode", ["parallel", "", None, 1])
def test_another_mode_is_refused(framework, cell, mode):
    with pytest.raises(ValueError) as error:
        getattr(framework.course, cell)(d, h, mode)
    says(error, f"mode is {mode!r}", 'expected "loop" or "scan"')


@pytest.mark.parametrize("width", [1, 2, 4, 7])
@pytest.mark.parametrize("lengths", [None, [5, 2]])
def test_a_short_convolution_is_the_sum_of_its_definition(framework, width, lengths):
    rng, T = np.random.default_rng(0), 5
    W, b = rng.normal(size=(width, d)), rng.normal(size=d)
    X, before = rng.normal(size=(n, T, d)), rng.normal(size=(n, width - 1, d))
    d_outputs, d_last = rng.normal(size=(n, T, d)), rng.normal(size=before.shape)
    seen, counts = np.concatenate([before, X], axis=1), lengths or [T] * n
    expected, last = np.zeros((n, T, d)), np.zeros(before.shape)
    d_W, d_b, d_seen = np.zeros_like(W), np.zeros_like(b), np.zeros_like(seen)
    for i, length in enumerate(counts):
        last[i] = seen[i, length : length + width - 1]
        d_seen[i, length : length + width - 1] += d_last[i]
        for t in range(length):
            expected[i, t] = (W * seen[i, t : t + width]).sum(axis=0) + b
            d_W += d_outputs[i, t] * seen[i, t : t + width]
            d_b += d_outputs[i, t]
            d_seen[i, t : t + width] += d_outputs[i, t] * W

    with framework.double():
        layer = framework.course.ShortConv(d, width)
        framework.course.weights.load(layer, {"W_conv": W, "b_conv": b})

        def loss(X, before):
            outputs, state = layer(X, before, lengths=lengths)
            close(framework.array(outputs), expected, 1e-12)
            close(framework.array(state), last, 1e-12)
            of_state = framework.total(state * framework.tensor(d_last))
            return framework.total(outputs * framework.tensor(d_outputs)) + of_state

        found = framework.course.weights.gradients(layer, lambda: loss(*map(framework.tensor, (X, before))))
        by_inputs = framework.gradients(loss, X, before)
    close(found["W_conv"], d_W, 1e-12)
    close(found["b_conv"], d_b, 1e-12)
    close(by_inputs[0], d_seen[:, width - 1 :], 1e-12)
    close(by_inputs[1], d_seen[:, : width - 1], 1e-12)


def test_a_short_convolution_is_each_frameworks_own(framework):
    rng, width = np.random.default_rng(0), 4
    W, b, X = (rng.normal(size=size).astype(np.float32) for size in ((width, d), d, (n, 6, d)))
    layer = framework.course.ShortConv(d, width)
    framework.course.weights.load(layer, {"W_conv": W, "b_conv": b})
    if hasattr(framework, "torch"):
        theirs = framework.torch.nn.Conv1d(d, d, width, padding=width - 1, groups=d)
        theirs.load_state_dict({"weight": framework.tensor(W.T[:, None]), "bias": framework.tensor(b)})
        expected = framework.array(theirs(framework.tensor(X).transpose(1, 2)).transpose(1, 2))[:, :6]
    else:
        theirs = framework.keras.layers.DepthwiseConv1D(width, padding="valid")
        theirs.build((None, None, d))
        theirs.set_weights([W[..., None], b])
        expected = framework.array(theirs(np.pad(X, [(0, 0), (width - 1, 0), (0, 0)])))
    close(framework.array(layer(framework.tensor(X))[0]), expected, 1e-5)


@pytest.mark.parametrize("width", [0, 2.5, None])
def test_another_width_is_refused(framework, width):
    with pytest.raises(ValueError) as error:
        framework.course.ShortConv(d, width)
    says(error, "width is", "a whole number, 1 or more")


def in_numpy(params, X):
    """A block's layer, as a function of its input, and what the block makes of it."""

    def norm(X, g):
        return g * X / np.sqrt((X**2).mean(axis=-1, keepdims=True) + 1e-6)

    def block(layer):
        U = X + layer(norm(X, params["g_1"]))
        fed = norm(U, params["g_2"]) @ params["W_up"] + params["b_up"]
        return U + fed / (1 + np.exp(-fed)) @ params["W_down"] + params["b_down"]

    return block


def random_block(framework, layer):
    rng, block = np.random.default_rng(0), framework.course.Block(layer)
    shapes = {name: value.shape for name, value in framework.course.weights.dump(block).items()}
    params = {name: rng.normal(size=shape) / np.sqrt(shape[0]) for name, shape in shapes.items()}
    framework.course.weights.load(block, params)
    return block, params


@pytest.mark.parametrize("lengths", [None, [5, 2]])
def test_a_block_is_its_equation(framework, lengths):
    rng, T = np.random.default_rng(1), 5
    X, before = rng.normal(size=(n, T, d)), rng.normal(size=(n, d))
    with framework.double():
        block, params = random_block(framework, framework.course.MinGRU(d, d))

        def layer(X):
            return framework.array(block.layer(framework.tensor(X), framework.tensor(before), lengths)[0])

        expected = in_numpy(params, X)(layer)
        outputs, last = block(framework.tensor(X), framework.tensor(before), lengths)
    for i, length in enumerate(lengths or [T] * n):
        expected[i, length:] = 0
    close(framework.array(outputs), expected, 1e-12)
    assert framework.array(last).shape == (n, d)


def test_a_block_has_gradients_for_each_of_its_weights(framework):
    X = np.random.default_rng(1).normal(size=(n, 4, d))
    with framework.double():
        block, params = random_block(framework, framework.course.MinGRU(d, d))

        def loss():
            return framework.total(block(framework.tensor(X))[0])

        found = framework.course.weights.gradients(block, loss)
        for name, value in params.items():
            step = np.zeros_like(value)
            step.flat[-1] = 1e-6
            ends = []
            for sign in (1, -1):
                framework.course.weights.load(block, params | {name: value + sign * step})
                ends.append(float(framework.array(loss())))
            assert found[name].flat[-1] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6, abs=1e-7), name


def test_a_block_begins_with_gains_of_one_and_drops_while_training_only(framework):
    block = framework.course.Block(framework.course.MinGRU(d, d), dropout=0.999)
    params = framework.course.weights.dump(block)
    assert (params["g_1"] == 1).all() and (params["g_2"] == 1).all()
    for name, fan_in in {"W_up": d, "b_up": d, "W_down": 2 * d, "b_down": 2 * d}.items():
        assert 0.5 / np.sqrt(fan_in) < np.abs(params[name]).max() <= 1 / np.sqrt(fan_in)
    X = np.random.default_rng(1).normal(size=(n, 4, d)).astype(np.float32)
    if hasattr(framework, "torch"):
        trained, used = block.train()(framework.tensor(X))[0], block.eval()(framework.tensor(X))[0]
    else:
        trained, used = block(framework.tensor(X), training=True)[0], block(framework.tensor(X))[0]
    assert (framework.array(trained) == X).mean() > 0.9
    assert (framework.array(used) == X).mean() < 0.1


def test_what_no_block_can_add_is_refused(framework):
    with pytest.raises(ValueError) as error:
        framework.course.Block(framework.course.MinGRU(d, h))
    says(error, "reads 3 inputs and has 5 outputs", "Block(RNN(h, h))")
    with pytest.raises(ValueError) as error:
        framework.course.Block(framework.course.MinGRU(d, d), dropout=1.5)
    says(error, "dropout is 1.5")
    shared = framework.course.MinGRU(d, d)
    with pytest.raises(ValueError) as error:
        framework.course.Deep([framework.course.Block(shared), framework.course.Block(shared)])
    says(error, "Layer 1 stands in the stack already")


def test_a_deep_model_travels_between_the_frameworks(pytorch, tensorflow, tmp_path):
    ids, found = np.array([[1, 2, 3, 4, 0, 5]]), []
    for there, abroad in ((pytorch, tensorflow), (tensorflow, pytorch)):
        course, path = there.course, tmp_path / "deep.safetensors"
        layers = [
            course.ShortConv(4),
            course.MinGRU(4, h, "scan"),
            course.Block(course.Deep([course.ShortConv(h, 2), course.MinLSTM(h, h)])),
        ]
        model = course.RNNLM(course.Deep(layers), 7, embed_size=4)
        expected = there.array(model(there.tensor(ids))[0])
        course.save_model(path, model)
        opened = abroad.course.open_model(path).model
        assert [type(layer).__name__ for layer in opened.rnn.layers] == ["ShortConv", "MinGRU", "Block"]
        assert opened.rnn.layers[1].mode == "scan"
        close(abroad.array(opened(abroad.tensor(ids))[0]), expected, 1e-5)
        found.append(sorted(course.weights.dump(model)))
    assert found[0] == found[1]
    assert {"0.W_conv", "1.W_xz", "2.0.b_conv", "2.1.W_xf", "2.g_1", "2.W_down", "W_xe", "W_hq"} < {*found[0]}
