"""Recurrent networks in NumPy, forwards and backwards: what every implementation is held to.

float64, one sequence and one step after the other, and every product an einsum that names its axes, so that no
transposition can hide: d inputs, h and k hidden units. A padded sequence is a shorter one. What a network is made of is
read from the names of its canonical weights; its state is nested as the course's is.
"""

from typing import NamedTuple

import numpy as np

GATES = {"RNN": "h", "GRU": "zrh", "LSTM": "ifoc", "MinGRU": "zh", "MinLSTM": "ifh"}
READ_X_ONLY = ("MinGRU", "MinLSTM")


class Network(NamedTuple):
    """What a network is made of, whoever builds it: `widths` are the hidden units of each layer, in one direction."""

    cell: str
    widths: tuple[int, ...]
    directions: int = 1
    reset_after: bool = True
    attends: bool = False  # of an encoder and a decoder: whether the decoder has attention
    mode: str = "loop"

    @property
    def prefixes(self):
        """What stands in front of its weights' names, for each layer and direction."""
        directions = ("forward.", "backward.") if self.directions == 2 else ("",)
        return [
            [f"{i}.{direction}" if len(self.widths) > 1 else direction for direction in directions]
            for i in range(len(self.widths))
        ]

    def nest(self, arrays):
        """The state whose arrays these are, one after the other."""
        rest = iter(arrays)
        layers = []
        for _ in self.widths:
            parts = tuple((next(rest), next(rest)) if self.cell == "LSTM" else next(rest) for _ in self.prefixes[0])
            layers.append(parts if self.directions == 2 else parts[0])
        return tuple(layers) if len(layers) > 1 else layers[0]


def flat(state):
    """The arrays of a nested state, one after the other."""
    return [array for part in state for array in flat(part)] if isinstance(state, (tuple, list)) else [state]


def random_params(rng, network, d):
    """Canonical weights of a size at which tanh bends and gradients neither vanish nor explode."""
    params = {}
    for h, prefixes in zip(network.widths, network.prefixes, strict=True):
        shrink = 1 if not params else np.sqrt(d)  # the lowest layer may read one-hot vectors
        for prefix in prefixes:
            for gate in GATES[network.cell]:
                params[f"{prefix}W_x{gate}"] = rng.normal(size=(d, h)) / shrink
                if network.cell not in READ_X_ONLY:
                    params[f"{prefix}W_h{gate}"] = rng.normal(size=(h, h)) / np.sqrt(h)
                params[f"{prefix}b_{gate}"] = rng.normal(size=h)
            if network.cell == "GRU" and network.reset_after:
                params[f"{prefix}b_hh"] = rng.normal(size=h)
        d = h * network.directions
    return params


def begin(params, make):
    """A state of which `make(h)` gives each array: `lambda h: np.zeros((n, h))` for zeros."""
    if parts := _parts(params):
        return tuple(begin(part, make) for part in parts.values())
    return (make(len(params["b_c"])), make(len(params["b_c"]))) if "b_c" in params else make(len(params["b_h"]))


def forward(params, X, state, lengths=None):
    """All outputs (n, T, h) for X (n, T, d), zeros in the padding, and the last state."""
    lengths, ends = [X.shape[1]] * len(X) if lengths is None else lengths, []
    for i, length in enumerate(lengths):
        read, end = _read(params, X[i, :length], _each(lambda part, i=i: part[i], state))
        if i == 0:
            outputs = np.zeros((*X.shape[:2], read.shape[1]))
        outputs[i, :length] = read
        ends.append(end)
    return outputs, _each(lambda *rows: np.stack(rows), *ends)


def backward(params, X, state, d_outputs, d_last, lengths=None):
    """Back-propagation through time: the gradients by the weights, by X and by the first state.

    `d_outputs` (n, T, h) and `d_last` are the gradients by the outputs and by the last state.
    """
    lengths, starts = [X.shape[1]] * len(X) if lengths is None else lengths, []
    grads, d_X = {name: np.zeros_like(value) for name, value in params.items()}, np.zeros_like(X)
    for i, length in enumerate(lengths):
        start, d_end = (_each(lambda part, i=i: part[i], nested) for nested in (state, d_last))
        of_row, d_X[i, :length], d_start = _unread(params, X[i, :length], start, d_outputs[i, :length], d_end)
        for name, grad in of_row.items():
            grads[name] += grad
        starts.append(d_start)
    return grads, d_X, _each(lambda *rows: np.stack(rows), *starts)


def _each(function, *states):
    if isinstance(states[0], tuple):
        return tuple(_each(function, *parts) for parts in zip(*states, strict=True))
    return function(*states)


def _parts(params):
    """The weights of each layer of a stack, or of both directions; of a single layer nothing."""
    parts = {}
    for name, value in params.items():
        part, dot, rest = name.partition(".")
        if dot:
            parts.setdefault(part, {})[rest] = value
    return parts


def _read(params, X, state):
    """All outputs (T, h) for one sequence X (T, d), and the last state."""
    parts = _parts(params)
    if "forward" in parts:
        ahead, ahead_end = _read(parts["forward"], X, state[0])
        back, back_end = _read(parts["backward"], X[::-1], state[1])
        return np.concatenate([ahead, back[::-1]], axis=1), (ahead_end, back_end)
    if parts:
        ends = []
        for part, start in zip(parts.values(), state, strict=True):
            X, end = _read(part, X, start)
            ends.append(end)
        return X, tuple(ends)
    outputs = np.zeros((len(X), len(params["b_c" if "b_c" in params else "b_h"])))
    for t, x in enumerate(X):
        state = _step(params, x, state)
        outputs[t] = state[0] if isinstance(state, tuple) else state
    return outputs, state


def _unread(params, X, state, d_outputs, d_end):
    """The gradients by the weights, by X and by the first state, for one sequence."""
    parts = _parts(params)
    if "forward" in parts:
        width = _read(parts["forward"], X, state[0])[0].shape[1]
        ahead = _unread(parts["forward"], X, state[0], d_outputs[:, :width], d_end[0])
        back = _unread(parts["backward"], X[::-1], state[1], d_outputs[::-1, width:], d_end[1])
        return _named(parts, [ahead[0], back[0]]), ahead[1] + back[1][::-1], (ahead[2], back[2])
    if parts:
        inputs = [X]
        for part, start in zip(parts.values(), state, strict=True):
            inputs.append(_read(part, inputs[-1], start)[0])
        grads, d_starts = [], []
        for i, part in reversed([*enumerate(parts.values())]):
            grad, d_outputs, d_start = _unread(part, inputs[i], state[i], d_outputs, d_end[i])
            grads.insert(0, grad)
            d_starts.insert(0, d_start)
        return _named(parts, grads), d_outputs, tuple(d_starts)
    states, grads, d_X = [state], {name: np.zeros_like(value) for name, value in params.items()}, np.zeros_like(X)
    for x in X:
        states.append(_step(params, x, states[-1]))
    for t in reversed(range(len(X))):
        d_end = (d_end[0] + d_outputs[t], d_end[1]) if isinstance(d_end, tuple) else d_end + d_outputs[t]
        d_X[t], d_end = _step_back(params, X[t], states[t], d_end, grads)
    return grads, d_X, d_end


def _named(parts, grads):
    return {
        f"{part}.{name}": grad for part, of_part in zip(parts, grads, strict=True) for name, grad in of_part.items()
    }


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _fed(params, gate, x, H):
    """What a gate's sigmoid or tanh is fed with."""
    from_x = np.einsum("d,dh->h", x, params[f"W_x{gate}"])
    return from_x + np.einsum("k,kh->h", H, params[f"W_h{gate}"]) + params[f"b_{gate}"]


def _fed_back(params, gate, x, H, d_fed, grads):
    """The gradients by x and H; those by the gate's weights are added to `grads`."""
    grads[f"W_x{gate}"] += np.einsum("d,h->dh", x, d_fed)
    grads[f"W_h{gate}"] += np.einsum("k,h->kh", H, d_fed)
    grads[f"b_{gate}"] += d_fed
    return np.einsum("h,dh->d", d_fed, params[f"W_x{gate}"]), np.einsum("h,kh->k", d_fed, params[f"W_h{gate}"])


def _step(params, x, state):
    if "b_c" in params:
        return _lstm(params, x, state)[:2]
    if "W_hh" not in params:
        return _minimal(params, x, state)[0]
    return _gru(params, x, state)[0] if "b_z" in params else np.tanh(_fed(params, "h", x, state))


def _step_back(params, x, state, d_new, grads):
    if "b_c" in params:
        return _lstm_back(params, x, state, d_new, grads)
    if "W_hh" not in params:
        return _minimal_back(params, x, state, d_new, grads)
    if "b_z" in params:
        return _gru_back(params, x, state, d_new, grads)
    return _fed_back(params, "h", x, state, d_new * (1 - np.tanh(_fed(params, "h", x, state)) ** 2), grads)


def _lstm(params, x, state):
    H, C = state
    I, F, O = (_sigmoid(_fed(params, gate, x, H)) for gate in "ifo")
    C_tilde = np.tanh(_fed(params, "c", x, H))
    C_new = F * C + I * C_tilde
    return O * np.tanh(C_new), C_new, I, F, O, C_tilde


def _lstm_back(params, x, state, d_new, grads):
    (H, C), (d_H_new, d_C_new) = state, d_new
    _, C_new, I, F, O, C_tilde = _lstm(params, x, state)
    d_C_new = d_C_new + d_H_new * O * (1 - np.tanh(C_new) ** 2)
    d_fed = {
        "i": d_C_new * C_tilde * I * (1 - I),
        "f": d_C_new * C * F * (1 - F),
        "o": d_H_new * np.tanh(C_new) * O * (1 - O),
        "c": d_C_new * I * (1 - C_tilde**2),
    }
    by_gate = [_fed_back(params, gate, x, H, value, grads) for gate, value in d_fed.items()]
    d_x, d_H = (sum(found) for found in zip(*by_gate, strict=True))
    return d_x, (d_H, d_C_new * F)


def _gru(params, x, H):
    Z, R = (_sigmoid(_fed(params, gate, x, H)) for gate in "zr")
    from_x = np.einsum("d,dh->h", x, params["W_xh"]) + params["b_h"]
    if "b_hh" in params:  # the reset comes after the product
        product = np.einsum("k,kh->h", H, params["W_hh"]) + params["b_hh"]
        H_tilde = np.tanh(from_x + R * product)
    else:
        product = None
        H_tilde = np.tanh(from_x + np.einsum("k,kh->h", R * H, params["W_hh"]))
    return Z * H + (1 - Z) * H_tilde, Z, R, H_tilde, product


def _gru_back(params, x, H, d_new, grads):
    _, Z, R, H_tilde, product = _gru(params, x, H)
    d_tilde = d_new * (1 - Z) * (1 - H_tilde**2)
    grads["W_xh"] += np.einsum("d,h->dh", x, d_tilde)
    grads["b_h"] += d_tilde
    d_x = np.einsum("h,dh->d", d_tilde, params["W_xh"])
    if product is not None:
        d_R, d_product = d_tilde * product, d_tilde * R
        grads["b_hh"] += d_product
        grads["W_hh"] += np.einsum("k,h->kh", H, d_product)
        d_H = np.einsum("h,kh->k", d_product, params["W_hh"])
    else:
        d_reset = np.einsum("h,kh->k", d_tilde, params["W_hh"])
        grads["W_hh"] += np.einsum("k,h->kh", R * H, d_tilde)
        d_R, d_H = d_reset * H, d_reset * R
    z_x, z_H = _fed_back(params, "z", x, H, d_new * (H - H_tilde) * Z * (1 - Z), grads)
    r_x, r_H = _fed_back(params, "r", x, H, d_R * R * (1 - R), grads)
    return d_x + z_x + r_x, d_new * Z + d_H + z_H + r_H


def _read_x(params, gate, x):
    """What a gate is fed with that reads x only."""
    return np.einsum("d,dh->h", x, params[f"W_x{gate}"]) + params[f"b_{gate}"]


def _minimal(params, x, H):
    gates = [_sigmoid(_read_x(params, gate, x)) for gate in ("z" if "b_z" in params else "fi")]
    keep = gates[0] if len(gates) == 1 else gates[0] / sum(gates)
    H_tilde = _read_x(params, "h", x)
    return keep * H + (1 - keep) * H_tilde, gates, keep, H_tilde


def _minimal_back(params, x, H, d_new, grads):
    _, gates, keep, H_tilde = _minimal(params, x, H)
    d_keep, d_x = d_new * (H - H_tilde), 0
    d_fed = {"h": d_new * (1 - keep)}
    if len(gates) == 1:
        d_fed["z"] = d_keep * keep * (1 - keep)
    else:
        F, I = gates
        d_fed["f"] = d_keep * I / (F + I) ** 2 * F * (1 - F)
        d_fed["i"] = -d_keep * F / (F + I) ** 2 * I * (1 - I)
    for gate, value in d_fed.items():
        grads[f"W_x{gate}"] += np.einsum("d,h->dh", x, value)
        grads[f"b_{gate}"] += value
        d_x = d_x + np.einsum("h,dh->d", value, params[f"W_x{gate}"])
    return d_x, d_new * keep
