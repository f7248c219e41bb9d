"""Every way to build a network, made and called alike, whatever the framework's own shapes and words for it.

Each has `build(network, d)`, a layer for inputs of width d, and `call(layer, network, X, state, lengths)`, which takes
and gives the state as a flat list of arrays (n, h): layer by layer, direction by direction, H before C. `state` and
`flat` translate between that list and the layer's own state. Outputs in the padding are zeros.
"""

from oracle_cells import READ_X_ONLY, flat


class Implementation:
    """What it can do, most of them all of it."""

    depths = directions = (1, 2)  # the fewest layers, and the most
    one_width = False  # whether all layers must have as many hidden units
    shortest = 0  # the smallest length of a padded sequence
    keeps_state = True  # whether it takes and gives a state


class Scratch(Implementation):
    """The course's layers, which have the same names in both frameworks."""

    def __init__(self, course):
        self.course = course

    def build(self, network, d):
        layers = []
        for h in network.widths:
            pair = [self._cell(network, d, h) for _ in range(network.directions)]
            layers.append(self.course.Bidirectional(*pair) if network.directions == 2 else pair[0])
            d = layers[-1].num_hiddens
        return self.course.Deep(layers) if len(layers) > 1 else layers[0]

    def _cell(self, network, d, h):
        options = {"reset_after": network.reset_after} if network.cell == "GRU" else {}
        options |= {"mode": network.mode} if network.cell in READ_X_ONLY else {}
        return getattr(self.course, network.cell)(d, h, **options)

    def call(self, layer, network, X, state=None, lengths=None):
        outputs, last = layer(X, None if state is None else self.state(network, state), lengths=lengths)
        return outputs, self.flat(last)

    def state(self, network, arrays):
        return network.nest(arrays)

    def flat(self, state):
        return flat(state)


class PyTorchLayer(Implementation):
    """`nn.RNN`, `nn.GRU`, `nn.LSTM`; padded sequences are packed, so that each needs a step at least."""

    one_width, shortest = True, 1

    def __init__(self, torch):
        self.torch = torch

    def build(self, network, d):
        options = {"num_layers": len(network.widths), "bidirectional": network.directions == 2, "batch_first": True}
        return getattr(self.torch.nn, network.cell)(d, network.widths[0], **options)

    def call(self, layer, network, X, state=None, lengths=None):
        utils, T = self.torch.nn.utils.rnn, X.shape[1]
        if lengths is not None:
            X = utils.pack_padded_sequence(X, self.torch.as_tensor(lengths), batch_first=True, enforce_sorted=False)
        outputs, last = layer(X, None if state is None else self.state(network, state))
        if lengths is not None:
            outputs, _ = utils.pad_packed_sequence(outputs, batch_first=True, total_length=T)
        return outputs, self.flat(last)

    def state(self, network, arrays):
        if network.cell == "LSTM":
            return self.torch.stack(arrays[0::2]), self.torch.stack(arrays[1::2])  # (layers and directions, n, h)
        return self.torch.stack(arrays)

    def flat(self, state):
        parts = state if isinstance(state, tuple) else (state,)
        return [part[i] for i in range(len(parts[0])) for part in parts]


class KerasLayer(Implementation):
    """One of Keras' `SimpleRNN`, `GRU`, `LSTM`, or two in `Bidirectional`; padding is told by a mask."""

    depths = (1, 1)

    def __init__(self, keras, sequence_mask):
        self.layers, self.sequence_mask, self.keras = keras.layers, sequence_mask, keras

    def build(self, network, d):
        [h] = network.widths
        return self._layer(network, d, h, return_state=True)

    def call(self, layer, network, X, state=None, lengths=None):
        start = None if state is None else self.state(network, state)
        outputs, *last = layer(X, initial_state=start, mask=self._mask(X, lengths))
        return outputs, self.flat(last)

    def state(self, network, arrays):
        return tuple(arrays)

    def flat(self, state):
        return flat(state)

    def _layer(self, network, d, h, return_state):
        kind = {"RNN": self.layers.SimpleRNN, "GRU": self.layers.GRU, "LSTM": self.layers.LSTM}[network.cell]
        options = {"reset_after": network.reset_after} if network.cell == "GRU" else {}
        layer = kind(h, return_sequences=True, return_state=return_state, zero_output_for_mask=True, **options)
        layer = self.layers.Bidirectional(layer) if network.directions == 2 else layer
        layer.build((None, None, d))
        return layer

    def _mask(self, X, lengths):
        return None if lengths is None else self.sequence_mask(lengths, X.shape[1])


class KerasCells(KerasLayer):
    """One Keras `RNN` over `StackedRNNCells`; with a single cell in the stack Keras has no masks."""

    depths, directions = (2, 2), (1, 1)

    def build(self, network, d):
        kind = {"RNN": "SimpleRNNCell", "GRU": "GRUCell", "LSTM": "LSTMCell"}[network.cell]
        options = {"reset_after": network.reset_after} if network.cell == "GRU" else {}
        cells = [getattr(self.layers, kind)(h, **options) for h in network.widths]
        layer = self.layers.RNN(cells, return_sequences=True, return_state=True, zero_output_for_mask=True)
        layer.build((None, None, d))
        return layer

    def state(self, network, arrays):
        parts = 2 if network.cell == "LSTM" else 1
        return tuple(list(arrays[i : i + parts]) for i in range(0, len(arrays), parts))


class KerasSequential(KerasLayer):
    """Keras layers in a `Sequential` model, which starts from zeros and keeps its state to itself."""

    depths, keeps_state = (1, 2), False

    def build(self, network, d):
        model, width = self.keras.Sequential(), d
        for h in network.widths:
            model.add(self._layer(network, width, h, return_state=False))
            width = h * network.directions
        model.build((None, None, d))
        model.supports_masking = True  # else Keras warns that it drops the mask, and hands it on all the same
        return model

    def call(self, layer, network, X, state=None, lengths=None):
        assert state is None
        return layer(X, mask=self._mask(X, lengths)), []


class KerasInTurn(KerasLayer):
    """Keras layers called one after the other, each with its own state."""

    depths = (1, 2)

    def build(self, network, d):
        model, width = self.keras.Sequential(), d
        for h in network.widths:
            model.add(self._layer(network, width, h, return_state=True))
            width = h * network.directions
        return model

    def call(self, layer, network, X, state=None, lengths=None):
        rest, found, mask = state, [], self._mask(X, lengths)
        parts = network.directions * (2 if network.cell == "LSTM" else 1)
        for part in layer.layers:
            start, rest = (None, None) if rest is None else (rest[:parts], rest[parts:])
            X, *last = part(X, initial_state=start, mask=mask)
            found += last
        return X, found
