"""Mistakes one could make in the layers and in their weights: the text to be replaced, and a case that must show it.

Both frameworks' sources say most lines alike, but for the prefix `torch.`; where they do not, each has its own text.
"""

from typing import NamedTuple

from networks import network_of
from oracle_cells import Network


class Case(NamedTuple):
    """What is compared with the oracle: an implementation of a network, with padding or without."""

    implementation: str
    network: Network
    lengths: list[int] | None = None


class Mutant(NamedTuple):
    """In a module's source, or in that of one class in it, `old` becomes `new`."""

    module: str
    old: str
    new: str
    case: Case | str  # "dropout" for the case that is about it
    within: str = ""


def one(implementation, cell, reset_after=True):
    return Case(implementation, Network(cell, (5,), 1, reset_after))


PADDED = [4, 1, 2]
BOTH_WAYS = Case("scratch", Network("GRU", (5,), 2))
BOTH_PADDED = BOTH_WAYS._replace(lengths=PADDED)
PADDED_LSTM = Case("scratch", Network("LSTM", (5,)), PADDED)
PADDED_MIN = Case("scratch", Network("MinGRU", (5,)), PADDED)
SCANNED = Case("scratch", Network("MinLSTM", (5,), mode="scan"))
DEEP_PADDED = Case("scratch", Network("GRU", (5, 6)), PADDED)
LAYER_BOTH_WAYS = Case("layer", Network("LSTM", (5,), 2))

# (cell, weight): a piece of the cell's class, and the same without the weight
LEFT_OUT = {
    ("RNN", "W_xh"): ("X_t @ self.W_xh + H @", "H @"),
    ("RNN", "W_hh"): ("self.W_xh + H @ self.W_hh + self.b_h", "self.W_xh + self.b_h"),
    ("RNN", "b_h"): ("self.W_xh + H @ self.W_hh + self.b_h", "self.W_xh + H @ self.W_hh"),
    ("GRU", "W_xh"): ("X_t @ self.W_xh + self.b_h + R", "self.b_h + R"),
    ("GRU", "W_hh"): ("(H @ self.W_hh + self.b_hh)", "self.b_hh"),
    ("GRU", "b_h"): ("self.W_xh + self.b_h + R * (", "self.W_xh + R * ("),
    ("GRU", "b_hh"): ("H @ self.W_hh + self.b_hh)", "H @ self.W_hh)"),
    ("GRU, reset before", "W_xh"): ("X_t @ self.W_xh + (R * H)", "(R * H)"),
    ("GRU, reset before", "W_hh"): ("self.W_xh + (R * H) @ self.W_hh", "self.W_xh"),
    ("GRU, reset before", "b_h"): ("(R * H) @ self.W_hh + self.b_h)", "(R * H) @ self.W_hh)"),
} | {
    (cell, weight): replacement
    for cell, gates in {"GRU": "zr", "LSTM": "ifoc"}.items()
    for gate in gates
    for weight, replacement in {
        f"W_x{gate}": (f"X_t @ self.W_x{gate} + ", ""),
        f"W_h{gate}": (f" + H @ self.W_h{gate}", ""),
        f"b_{gate}": (f"self.W_h{gate} + self.b_{gate})", f"self.W_h{gate})"),
    }.items()
}
LEFT_OUT |= {
    (cell, weight): replacement
    for cell, gates in {"MinGRU": "zh", "MinLSTM": "ifh"}.items()
    for gate in gates
    for weight, replacement in {
        f"W_x{gate}": (f"X @ self.W_x{gate}", f"0 * X @ self.W_x{gate}"),
        f"b_{gate}": (f"self.W_x{gate} + self.b_{gate}", f"self.W_x{gate}"),
    }.items()
}

ALIKE = {
    "Z flipped": ("return Z * H + (1 - Z) * H_tilde", "return (1 - Z) * H + Z * H_tilde", one("scratch", "GRU")),
    "reset before the product, not after": (
        "R * (H @ self.W_hh + self.b_hh)",
        "(R * H) @ self.W_hh + self.b_hh",
        one("scratch", "GRU"),
    ),
    "reset after the product, not before": (
        "(R * H) @ self.W_hh + self.b_h)",
        "R * (H @ self.W_hh) + self.b_h)",
        one("scratch", "GRU", False),
    ),
    "the reset left out": ("self.b_h + R * (H", "self.b_h + (H", one("scratch", "GRU")),
    "reset_after taken for its opposite": (
        "if self.reset_after:\n            H_tilde",
        "if not self.reset_after:\n            H_tilde",
        one("scratch", "GRU"),
    ),
    "gates I and F swapped": ("C = F * C + I * C_tilde", "C = I * C + F * C_tilde", one("scratch", "LSTM")),
    "H and C swapped when read": ("H, C = state\n        I = ", "C, H = state\n        I = ", one("scratch", "LSTM")),
    "H and C swapped when given": (
        "I * C_tilde  # (n, h)\n        return O * torch.tanh(C), C",
        "I * C_tilde  # (n, h)\n        return C, O * torch.tanh(C)",
        one("scratch", "LSTM"),
    ),
    "C is the output": (
        "state[0] if isinstance(state, tuple) else state)",
        "state[1] if isinstance(state, tuple) else state)",
        one("scratch", "LSTM"),
    ),
    "gates of X taken for each other in a GRU": ("X_t @ self.W_xz", "X_t @ self.W_xr", one("scratch", "GRU")),
    "gates of X taken for each other in an LSTM": ("X_t @ self.W_xo", "X_t @ self.W_xc", one("scratch", "LSTM")),
    "gates of H taken for each other": ("H @ self.W_hi", "H @ self.W_hf", one("scratch", "LSTM")),
    "Z flipped in a minimal GRU": ("return Z, (1 - Z)", "return 1 - Z, Z", one("scratch", "MinGRU")),
    "new input at full strength": ("(1 - F) * H_tilde", "H_tilde", one("scratch", "MinLSTM")),
    "gates swapped in a minimal LSTM": ("log_F - log_I", "log_I - log_F", one("scratch", "MinLSTM")),
    "gates not made a share": ("(log_F - log_I)", "(log_F)", one("scratch", "MinLSTM")),
    "a minimal cell forgets its first state": ("(a, b, state)", "(a, b)", one("scratch", "MinGRU")),
    "backward outputs not turned back": ("[ahead, _reverse(back, lengths)]", "[ahead, back]", BOTH_WAYS),
    "backward inputs not turned round": ("_reverse(X, lengths), state[1]", "X, state[1]", BOTH_WAYS),
    "directions' last states swapped": (", (ahead_end, back_end)", ", (back_end, ahead_end)", BOTH_WAYS),
    "directions' first states swapped": ("self.forward_layer(X, state[0]", "self.forward_layer(X, state[1]", BOTH_WAYS),
    "inputs turned round with their padding": (
        "_reverse(X, lengths), state[1]",
        "_reverse(X, None), state[1]",
        BOTH_PADDED,
    ),
    "outputs turned back with their padding": ("_reverse(back, lengths)]", "_reverse(back, None)]", BOTH_PADDED),
    "the state runs on in the padding": (
        "state = new if valid is None else _where(valid[:, t], new, state)",
        "state = new",
        PADDED_LSTM,
    ),
    "only H stands still in the padding": (
        "return tuple(_where(valid, *parts) for parts in zip(new, old, strict=True))",
        "return _where(valid, new[0], old[0]), new[1]",
        PADDED_LSTM,
    ),
    "layers' states in the wrong order": (
        "last.append(end)",
        "last.insert(0, end)",
        Case("scratch", Network("RNN", (5, 5))),
    ),
}
# In `scan`, whose texts are the same in both but for the names of the framework's functions.
SCAN = {
    "the loop adds h without its factor": ("H = a_t * H + b_t", "H = H + b_t", PADDED_MIN),
    "the scan forgets the first h": ("(a[:, 0] * H + b[:, 0])", "(b[:, 0])", SCANNED),
    "the scan begins with h, not with its first step": ("(a[:, 0] * H + b[:, 0])", "(H + b[:, 0])", SCANNED),
    "the earlier step's factor for the later one's": (
        "a[:, reach:] * b[:, :-reach]",
        "a[:, :-reach] * b[:, :-reach]",
        SCANNED,
    ),
    "the factors are not combined": ("a[:, reach:] * a[:, :-reach]", "a[:, reach:]", SCANNED),
    "a round too few": ("while reach < b.shape[1]", "while 2 * reach < b.shape[1]", SCANNED),
    "the reach grows by one": ("reach *= 2", "reach += 1", SCANNED),
}
MUTANTS = {
    framework: {
        name: Mutant("cells", old.replace("torch.", prefix), new.replace("torch.", prefix), case)
        for name, (old, new, case) in ALIKE.items()
    }
    | {
        f"{cell} without {weight}": Mutant(
            "cells", old, new, Case("scratch", network_of(cell, 5)), within=network_of(cell, 5).cell
        )
        for (cell, weight), (old, new) in LEFT_OUT.items()
    }
    | {name: Mutant("scan", old, new, case) for name, (old, new, case) in SCAN.items()}
    for framework, prefix in {"torch": "torch.", "tensorflow": "tf."}.items()
}
# What the two say in words of their own.
MUTANTS["torch"] |= {
    "outputs in the padding": Mutant("cells", "else outputs * valid, state", "else outputs, state", PADDED_LSTM),
    "padding a step late": Mutant("cells", "(steps < torch.as_tensor", "(steps <= torch.as_tensor", PADDED_LSTM),
    "a minimal cell fades in the padding": Mutant("cells", "torch.where(valid > 0, a, 1)", "a", PADDED_MIN),
    "a minimal cell reads the padding": Mutant("cells", "torch.where(valid > 0, b, 0)", "b", PADDED_MIN),
    "Deep forgets the lengths": Mutant("cells", "else X, start, lengths)", "else X, start)", DEEP_PADDED),
    "dropout after the last layer": Mutant("cells", "return X, tuple", "return self.dropout(X), tuple", "dropout"),
    "dropout before the first layer": Mutant("cells", "self.dropout(X) if i else X", "self.dropout(X)", "dropout"),
    "no dropout": Mutant("cells", "self.dropout(X) if i else X", "X", "dropout"),
    "dropout always": Mutant(
        "cells", "self.dropout(X) if i", "nn.functional.dropout(X, self.dropout.p) if i", "dropout"
    ),
    "weights, z and r swapped": Mutant("weights", 'nn.GRU: "rzh"', 'nn.GRU: "zrh"', one("layer", "GRU")),
    "weights, i and f swapped": Mutant("weights", 'nn.LSTM: "ifco"', 'nn.LSTM: "fico"', one("layer", "LSTM")),
    "weights, c and o swapped": Mutant("weights", 'nn.LSTM: "ifco"', 'nn.LSTM: "ifoc"', one("layer", "LSTM")),
    "weights, W_h not transposed": Mutant(
        "weights", "Entry(W_h, rows, True)", "Entry(W_h, rows)", one("layer", "LSTM")
    ),
    "weights, b_h and b_hh swapped": Mutant(
        "weights", "Entry(b_x, rows), Entry(b_h, rows)", "Entry(b_h, rows), Entry(b_x, rows)", one("layer", "GRU")
    ),
    "weights, directions swapped": Mutant(
        "weights", '"forward": "", "backward": "_reverse"', '"forward": "_reverse", "backward": ""', LAYER_BOTH_WAYS
    ),
    "weights, second bias not zeroed": Mutant(
        "weights", "entry.of(entry.second).zero_()", "pass", one("layer", "LSTM")
    ),
    "weights, second bias not added": Mutant(
        "weights", "entry.parameter + entry.second", "entry.parameter", one("layer", "GRU")
    ),
}
MUTANTS["tensorflow"] |= {
    "outputs in the padding": Mutant("cells", "tf.where(valid, outputs, 0), state", "outputs, state", PADDED_LSTM),
    "padding a step late": Mutant("cells", "sequence_mask(lengths, X", "sequence_mask(lengths + 1, X", PADDED_LSTM),
    "a minimal cell fades in the padding": Mutant("cells", "tf.where(valid, a, 1)", "a", PADDED_MIN),
    "a minimal cell reads the padding": Mutant("cells", "tf.where(valid, b, 0)", "b", PADDED_MIN),
    "Deep forgets the lengths": Mutant("cells", "else X, start, lengths=lengths)", "else X, start)", DEEP_PADDED),
    "dropout after the last layer": Mutant(
        "cells", "return X, tuple", "return self.dropout(X, training=training), tuple", "dropout"
    ),
    "dropout before the first layer": Mutant(
        "cells", "training=training) if i else X", "training=training)", "dropout"
    ),
    "no dropout": Mutant("cells", "self.dropout(X, training=training) if i else X", "X", "dropout"),
    "dropout always": Mutant("cells", "training=training) if i", "training=True) if i", "dropout"),
    "weights, z and r swapped": Mutant("weights", 'GRUCell: "zrh"', 'GRUCell: "rzh"', one("layer", "GRU")),
    "weights, i and f swapped": Mutant("weights", 'LSTMCell: "ifco"', 'LSTMCell: "fico"', one("layer", "LSTM")),
    "weights, c and o swapped": Mutant("weights", 'LSTMCell: "ifco"', 'LSTMCell: "ifoc"', one("layer", "LSTM")),
    "weights, b_h and b_hh swapped": Mutant(
        "weights", 'entries["b_h"], entries["b_hh"] =', 'entries["b_hh"], entries["b_h"] =', one("layer", "GRU")
    ),
    "weights, directions swapped": Mutant(
        "weights",
        '{"forward": _entries(layer.forward_layer), "backward": _entries(layer.backward_layer)}',
        '{"forward": _entries(layer.backward_layer), "backward": _entries(layer.forward_layer)}',
        LAYER_BOTH_WAYS,
    ),
    "weights, second bias not zeroed": Mutant(
        "weights", "new[id(entry.variable)][entry.second] = 0", "pass", one("layer", "GRU")
    ),
    "weights, second bias not added": Mutant(
        "weights", "value[part] + value[second]", "value[part]", one("layer", "GRU")
    ),
}
