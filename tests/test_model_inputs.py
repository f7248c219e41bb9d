"""What models and layers refuse, in the same words in both frameworks, and what they read rightly."""

import numpy as np
import pytest
from data_helpers import says
from frameworks import Batches, close
from test_training_inputs import DATA, NAN, ONE, PAIRS, T, V, X, Y, both, fit, h, n, refused


def test_models_are_refused(framework, pytorch, tensorflow):
    other = {pytorch: tensorflow, tensorflow: pytorch}.get(framework) or (
        tensorflow if framework.course is pytorch.course else pytorch
    )
    for model, parts in [
        (other.lm("scratch", V, h), ["of type RNNLM", "the other framework's Trainer"]),
        (framework.course.RNNLM, ["the class RNNLM", "build one"]),
        ("RNN", ["of type str", "build one"]),
    ]:
        refused(framework, both(framework, model, [ONE]), *parts)


def test_a_model_without_a_state_is_refused(framework):
    for model, parts in framework.stateless(V):
        refused(framework, both(framework, model, [ONE]), *parts)


def test_a_model_of_ones_own_may_have_no_state_to_carry(framework):
    def loss(outputs, Y):
        return framework.total((outputs - Y) ** 2)

    model = framework.linear(np.ones((3, 1), "f"), np.zeros(1, "f"))
    batch = np.ones((2, 3), "f"), np.ones((2, 1), "f")
    assert len(fit(framework, model, Batches([batch] * 2, True), loss=loss).grad_norm) == 2
    assert framework.course.evaluate(model, Batches([batch], True), loss) >= 0


def test_a_model_that_is_frozen_is_refused_and_frozen_weights_stay(framework):
    model = framework.lm("scratch", V, h)
    model(framework.tensor(X))
    framework.freeze(model.rnn)
    before = framework.course.weights.dump(model)
    fit(framework, model, [ONE])
    after = framework.course.weights.dump(model)
    assert {name for name in after if np.array_equal(before[name], after[name])} == {"W_xh", "W_hh", "b_h"}
    framework.freeze(model)
    refused(framework, [lambda: fit(framework, model, [ONE])], "no weight to train", "freeze")


def test_a_model_in_evaluation_mode_trains_as_any_other(framework):
    models = [framework.lm("scratch", V, h, dropout=0.5) for _ in range(2)]
    framework.copy(*models)
    losses = []
    for model in (models[0], framework.evaluating(models[1])):
        fit(framework, model, [ONE], lr=0.0)
        losses.append(framework.course.evaluate(model, [ONE]))
    assert losses[0] == losses[1]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"dropout": -0.1}, "dropout is -0.1"),
        ({"dropout": NAN}, "dropout is nan"),
        ({"token_dropout": 1.5}, "token_dropout is 1.5"),
        ({"embed_size": 0}, "embed_size is 0"),
        ({"embed_size": 2.5}, "embed_size is 2.5"),
        ({"vocab_size": 0}, "vocab_size is 0"),
        ({"vocab_size": "ab"}, "vocab_size is 'ab'"),
        ({"vocab_size": {"a": 1}}, "vocab_size is of type dict"),
    ],
)
def test_sizes_and_shares_are_refused(framework, settings, said):
    course = framework.course
    refused(framework, [lambda: course.RNNLM(course.RNN(V, h), **{"vocab_size": V} | settings)], said, "expected")


def test_sizes_of_layers_are_refused(framework):
    course = framework.course
    refused(framework, [lambda: course.GRU(0, h), lambda: course.RNN(3.0, h)], "num_inputs is", "expected")
    refused(framework, [lambda: course.LSTM(3, -1)], "num_hiddens is -1", "expected")
    refused(framework, [lambda: course.Deep([course.RNN(3, h)], dropout=1.0)], "dropout is 1.0", "expected")
    for half in (course.Seq2SeqEncoder, course.Seq2SeqDecoder, course.AttentionDecoder):
        refused(framework, [lambda half=half: half(V, 4, 5, dropout=1.0)], "dropout is 1.0", "expected")
        refused(framework, [lambda half=half: half(V, 0, 5)], "embed_size is 0", "expected")


def test_what_is_no_recurrent_layer_is_refused(framework):
    course = framework.course
    refused(framework, [lambda: course.RNNLM([course.RNN(V, h)] * 2, V)], "rnn is a list", "Deep([…])")
    refused(framework, [lambda: course.RNNLM(course.RNN, V)], "rnn is the class RNN", "build it")
    ids = framework.tensor(X)
    refused(framework, [lambda: course.RNNLM(framework.dense(V, h), V)(ids)], "The layer gave one", "(outputs, state)")
    theirs = framework.rnn("layer", V, h)
    refused(framework, [lambda: course.Deep([theirs])], "Layer 0 is a", "a layer of the course", "RNN(d, h)")
    refused(framework, [lambda: course.Bidirectional(theirs, course.RNN(V, h))], "A direction is a", "RNN(d, h)")
    refused(framework, [lambda: course.Deep(course.RNN(V, h))], "layers is of type RNN", "a list")


def test_a_framework_layer_of_another_width_is_refused(framework):
    layer = framework.rnn("layer", 3, h)
    refused(framework, [lambda: framework.course.RNNLM(layer, V)(framework.tensor(X))], "(1, 1, 7)", "(n, T, 3)")


@pytest.mark.parametrize("kind", ["scratch", "layer"])
def test_ids_and_states_are_refused_in_a_call(framework, kind):
    model = framework.lm(kind, V, h)
    for name in ("ids out of range", "an id of -1", "ids of floats", "ids of bools", "one sequence"):
        [[(ids, _)], parts] = DATA[name]
        refused(framework, [lambda ids=ids: model(framework.tensor(ids))], *parts)
    refused(framework, [lambda: model(framework.tensor(X), model.begin_state(n + 1))], "state has", "3", "expected")


def test_ids_of_sentences_are_refused(framework):
    course, lengths = framework.course, np.array([3, 2])
    model = course.Seq2Seq(course.Seq2SeqEncoder(V, 4, h), course.Seq2SeqDecoder(V + 1, 4, h))
    for sentences, parts in [
        ((X + V, lengths, X), ["The source has ids from 7 to 12", "0 to 6"]),
        ((X, lengths, X + V), ["inputs has ids from 7 to 12", "0 to 7"]),
        ((X.astype("f"), lengths, X), ["The source has floats"]),
    ]:
        calls = both(framework, model, [(sentences, Y)])
        refused(framework, calls, *parts)
        refused(framework, [lambda sentences=sentences: model(tuple(map(framework.tensor, sentences)))], *parts)
    refused(framework, both(framework, model, [(X, Y)]), "X is one ndarray", "(source, lengths, inputs)")


def test_inputs_of_a_layer_are_refused(framework):
    layer = framework.course.GRU(3, h)
    ids = framework.tensor(np.zeros((n, T, 3), "int64"))
    refused(framework, [lambda: layer(ids)], "X has int64", "expected float32")
    for shape in [(n, T), (n, 0, 3), (n, T, 4)]:
        refused(framework, [lambda shape=shape: layer(framework.tensor(np.zeros(shape, "f")))], str(shape), "(n, T, 3)")
    mask = np.ones((n, T), bool)
    inputs = framework.tensor(np.zeros((n, T, 3), "f"))
    refused(framework, [lambda: layer(inputs, lengths=mask)], "lengths has shape (2, 3)", "expected (2,)")


# What only one framework has


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
def test_pytorchs_own(pytorch):
    torch, course = pytorch.torch, pytorch.course
    packed = torch.nn.utils.rnn.pack_sequence([torch.zeros(3, V), torch.zeros(2, V)])
    for layer in (
        course.RNN(V, h),
        course.Deep([course.RNN(V, h)]),
        course.Bidirectional(*(course.RNN(V, h) for _ in "ab")),
    ):
        with pytest.raises(TypeError) as error:
            layer(packed)
        says(error, "PackedSequence", "lengths")
    with pytest.raises(TypeError) as error:
        course.RNN(V, h)(np.zeros((n, T, V), "f"))
    says(error, "ndarray", "torch.as_tensor")
    with pytest.raises(TypeError) as error:
        course.RNN(V, h)(torch.zeros(n, T, V, dtype=torch.float64))
    says(error, "X has float64", "expected float32")
    projected = course.RNNLM(torch.nn.LSTM(V, h, proj_size=2, num_layers=2, batch_first=True), V)
    zeros = projected.begin_state(n)
    assert [tuple(part.shape) for part in zeros] == [(2, n, 2), (2, n, h)]
    close(pytorch.array(projected(pytorch.tensor(X), zeros)[0]), pytorch.array(projected(pytorch.tensor(X))[0]), 1e-6)
    fit(pytorch, projected, Batches(PAIRS, True))


def test_keras_own(tensorflow):
    keras, course = tensorflow.keras, tensorflow.course
    gives = {"return_sequences": True, "return_state": True}
    layers = keras.layers
    for layer, parts in [
        (layers.GRU(h, stateful=True, **gives), ["stateful=True", "build it without"]),
        (layers.Bidirectional(layers.GRU(h, stateful=True, **gives)), ["stateful=True", "build it without"]),
        (layers.Bidirectional(layers.GRU(h, **gives), merge_mode=None), ["merge_mode=None", "'concat'"]),
        (layers.GRU(h, go_backwards=True, **gives), ["go_backwards=True", "build it without"]),
    ]:
        refused(tensorflow, [lambda layer=layer: course.RNNLM(layer, V)], *parts)

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.embedding, self.rnn = layers.Embedding(V, 4), layers.GRU(h, stateful=True, **gives)
            self.dense = layers.Dense(V)

        def call(self, X, state=None):
            return self.dense(self.rnn(self.embedding(X))[0]), None

    refused(tensorflow, both(tensorflow, Own(), PAIRS), "stateful=True", "carried where the batches say so")
    for layer in (
        course.RNN(3, h),
        course.Deep([course.GRU(3, h)]),
        course.Bidirectional(course.RNN(3, h), course.RNN(3, h)),
    ):
        refused(tensorflow, [lambda layer=layer: layer(keras.Input((4, 3)))], "keras.Input", "(None, 4, 3)")
    model = course.RNNLM(course.RNN(V, h), V)
    refused(tensorflow, [lambda: model(keras.Input((4,), dtype="int32"))], "keras.Input")


def test_states_are_tensors_of_the_weights_type(pytorch):
    torch, course = pytorch.torch, pytorch.course
    inputs = torch.zeros(2, T, V)
    for state, parts in [
        (np.zeros((2, h), "f"), ["The state is of type ndarray", "tensor"]),
        (torch.zeros(2, h, dtype=torch.float64), ["The state has float64", "float32"]),
    ]:
        calls = [
            lambda state=state: course.GRU(V, h)(inputs, state),
            lambda state=state: course.LSTM(V, h)(inputs, (torch.zeros(2, h), state)),
        ]
        refused(pytorch, calls, *parts)


def test_cells_and_layers_that_cannot_be_called_are_refused(pytorch, tensorflow):
    nn = pytorch.torch.nn
    for layer in (
        nn.GRUCell(V, h),
        nn.Sequential(nn.GRU(V, h, batch_first=True)),
        nn.GRU(V, h, batch_first=True).double(),
        pytorch.course.GRU(V, h).double(),
    ):
        call = [lambda layer=layer: pytorch.course.RNNLM(layer, V)]
        refused(pytorch, call, f"rnn is a {type(layer).__name__}", "(outputs, state)")
    keras = tensorflow.keras
    gru, inputs = keras.layers.GRU(h, return_sequences=True, return_state=True), keras.Input((None, V))
    for layer in (keras.layers.GRUCell(h), keras.Sequential([gru]), keras.Model(inputs, gru(inputs))):
        call = [lambda layer=layer: tensorflow.course.RNNLM(layer, V)(tensorflow.tensor(X))]
        refused(tensorflow, call, f"rnn is a {type(layer).__name__}", "(outputs, state)")


def test_lengths_may_be_a_list_in_their_place(framework):
    layer, inputs = framework.rnn("scratch", V, h), np.ones((2, T, V), "f")
    found = layer(framework.tensor(inputs), None, [T, 1])[0]
    close(framework.array(found), framework.array(layer(framework.tensor(inputs), lengths=np.array([T, 1]))[0]), 0)


def test_weights_of_less_precision_are_dumped_and_stored_as_float32(framework, tmp_path):
    model = framework.bfloat16_lm(V, h)
    params = framework.course.weights.dump(model)
    assert {value.dtype for value in params.values()} == {np.dtype("float32")}
    framework.course.save_model(tmp_path / "model", model)
    opened = framework.course.open_model(tmp_path / "model").model
    for name, value in framework.course.weights.dump(opened).items():
        np.testing.assert_array_equal(value, params[name])
    loss = lambda: framework.total(model(framework.tensor(X))[0])  # noqa: E731
    assert {grad.dtype for grad in framework.course.weights.gradients(model, loss).values()} == {np.dtype("float32")}
