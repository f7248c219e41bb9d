"""The cell stepper: a drawn RNN, GRU or LSTM cell, a slider over the steps, and the numbers on its arrows.

It is for cells so small that one can follow them by hand. The steps are computed here in NumPy, in float64, by the
course's equations.
"""

from collections.abc import Callable, Mapping, Sequence
from zlib import crc32

import numpy as np
from matplotlib.figure import Figure

from course_utils import arrays, palette
from course_utils.figures.cells import PARTS, drawn
from course_utils.figures.living import LivingFigure, rounded, template
from course_utils.plotting import Picture

Params = Mapping[str, np.ndarray]
Step = Callable[[np.ndarray, np.ndarray, np.ndarray, Params], dict[str, np.ndarray]]

MOST_INPUTS, MOST_UNITS = 4, 2  # as many numbers as an arrow has room for

NAMES = {
    "X": "input X",
    "H_old": "old state H",
    "C_old": "old memory C",
    "XW": "X W_xh",
    "HW": "old H W_hh",
    "sum": "sum, with bias",
    "Z": "update gate Z",
    "R": "reset gate R",
    "RH": "R ⊙ old state",
    "F": "forget gate F",
    "I": "input gate I",
    "O": "output gate O",
    "H_tilde": "candidate",
    "C_tilde": "candidate",
    "kept": "kept of the old",
    "new": "added of the new",
    "C": "memory C",
    "tanh_C": "tanh(C)",
    "H": "state H",
}
"""What the numbers of a step are called, in the order of computing."""


def cell_stepper(
    params: Params, X, title: str, inputs: Sequence[str] | None = None, units: Sequence[str] | None = None
) -> LivingFigure:
    """Step through a cell by slider, buttons or arrow keys, from the zero state, with all numbers on the drawing.

    Args:
        params: canonical weights, name → array, such as W_xh (d, h), W_hh (h, h) and b_h (h,); a bias that is not there
            is zero. Their names say which cell it is: a GRU has W_xz, an LSTM W_xf. The GRU resets before the product.
        X: (T, d), the inputs, d ≤ 4.
        inputs: what the d inputs are called; else "input 0" and so on.
        units: what the h units are called, h ≤ 2; else "unit 0" and so on.

    Raises:
        ValueError: the weights are of no cell, of other shapes, or too many to be drawn.

    >>> print(cell_stepper({"W_xh": [[1.0]], "W_hh": [[0.5]]}, [[1], [0]], "An echo", ["knock"]))
    Figure: An echo. An RNN cell, step by step; 2 steps.
    step 1, knock 1: H 0.762
    step 2, knock 0: H 0.363
    """
    kind, step = _cell(params)
    X = arrays.numbers(X, "X")
    params = _checked(params, X, kind)
    inputs = _named("inputs", inputs, X.shape[1], "input")
    values = walk(step, X, params)
    units = _named("units", units, values["H"].shape[1], "unit")
    states = [name for name in ("C", "H") if name in values]
    several = len(units) > 1
    rows = [(name, "X", i) for i, name in enumerate(inputs)]
    rows += [(f"{name}, {unit}" if several else name, name, i) for name in states for i, unit in enumerate(units)]
    names = {name: label for name, label in NAMES.items() if name in values}
    cell = drawn(kind.lower(), PARTS[kind], id=f"arrow-{crc32(title.encode()):x}")
    data = {
        "inputs": inputs,
        "rows": rows,
        "names": names,
        "values": {name: rounded(value, 7) for name, value in values.items()},
    }
    still = _film(title, kind, rows, values, inputs)
    return LivingFigure("stepper", title, data, still, {"cell": cell, "cell_style": template("cell.css")})


def walk(step: Step, X: np.ndarray, params: Params) -> dict[str, np.ndarray]:
    """All that a cell computes over X (T, d), from the zero state: name → (T, d) or (T, h)."""
    h = len(next(value for name, value in params.items() if name.startswith("W_h")))
    H, C, seen = np.zeros(h), np.zeros(h), []
    for X_t in X:  # (d,)
        values = {"X": X_t, "H_old": H, **step(X_t, H, C, params)}
        H, C = values["H"], values.get("C", C)  # (h,), (h,)
        seen.append(values)
    return {name: np.array([values[name] for values in seen]) for name in seen[0]}


def _rnn(X: np.ndarray, H: np.ndarray, C: np.ndarray, p: Params) -> dict[str, np.ndarray]:
    XW, HW = X @ p["W_xh"], H @ p["W_hh"]  # (h,), (h,)
    total = XW + HW + p["b_h"]  # (h,)
    return {"XW": XW, "HW": HW, "sum": total, "H": np.tanh(total)}


def _gru(X: np.ndarray, H: np.ndarray, C: np.ndarray, p: Params) -> dict[str, np.ndarray]:
    Z, R = (_sigmoid(_net(X, H, p, gate)) for gate in "zr")  # (h,), (h,)
    H_tilde = np.tanh(_net(X, R * H, p, "h"))  # (h,)
    kept, new = Z * H, (1 - Z) * H_tilde  # (h,), (h,)
    return {"Z": Z, "R": R, "RH": R * H, "H_tilde": H_tilde, "kept": kept, "new": new, "H": kept + new}


def _lstm(X: np.ndarray, H: np.ndarray, C: np.ndarray, p: Params) -> dict[str, np.ndarray]:
    I, F, O = (_sigmoid(_net(X, H, p, gate)) for gate in "ifo")  # (h,) each
    C_tilde = np.tanh(_net(X, H, p, "c"))  # (h,)
    kept, new = F * C, I * C_tilde  # (h,), (h,)
    tanh_C = np.tanh(kept + new)  # (h,)
    found = {"C_old": C, "F": F, "I": I, "O": O, "C_tilde": C_tilde, "kept": kept, "new": new, "C": kept + new}
    return found | {"tanh_C": tanh_C, "H": O * tanh_C}


CELLS: dict[str, tuple[str, Step]] = {"LSTM": ("ifoc", _lstm), "GRU": ("zrh", _gru), "RNN": ("h", _rnn)}
"""Cell → the last letters of its weights' names, and its step (X_t (d,), H (h,), C (h,), params) → name → number."""


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * x))  # no overflow


def _net(X: np.ndarray, H: np.ndarray, p: Params, gate: str) -> np.ndarray:
    return X @ p[f"W_x{gate}"] + H @ p[f"W_h{gate}"] + p[f"b_{gate}"]  # (h,)


def _cell(params: Params) -> tuple[str, Step]:
    for kind, (gates, step) in CELLS.items():
        wanted = {f"W_{source}{gate}" for source in "xh" for gate in gates}
        if wanted <= {*params} <= wanted | {f"b_{gate}" for gate in gates}:
            return kind, step
    raise ValueError(
        f"The weights are {', '.join(params)}, expected those of one RNN, GRU or LSTM cell under their canonical "
        "names, such as W_xh, W_hh and b_h: take the cell's own ones only."
    )


def _checked(params: Params, X: np.ndarray, kind: str) -> Params:
    gates, _ = CELLS[kind]
    params = {name: arrays.numbers(value, name) for name, value in params.items()}
    h = params[f"W_h{gates[0]}"].shape[-1] if params[f"W_h{gates[0]}"].ndim else 0
    if X.ndim != 2 or not len(X) or not 1 <= X.shape[1] <= MOST_INPUTS or not 1 <= h <= MOST_UNITS:
        raise ValueError(
            f"X has the shape {X.shape} and the cell {h} units, expected (T, d) with 1 to {MOST_INPUTS} inputs and 1 "
            f"to {MOST_UNITS} units: more numbers have no room on the arrows."
        )
    for gate in gates:
        params.setdefault(f"b_{gate}", np.zeros(h))
        shapes = {f"W_x{gate}": (X.shape[1], h), f"W_h{gate}": (h, h), f"b_{gate}": (h,)}
        for name, shape in shapes.items():
            if (found := params[name].shape) != shape:
                raise ValueError(f"{name} has the shape {found}, expected {shape}, as X and W_h{gates[0]} say.")
    return params


def _named(what: str, names: Sequence[str] | None, number: int, each: str) -> list[str]:
    names = [f"{each} {i}" for i in range(number)] if names is None else [*names]
    if len(names) != number:
        raise ValueError(f"{what} has {len(names)} names, expected {number}, one for each {each}.")
    return names


def _film(title: str, kind: str, rows: list, values: dict[str, np.ndarray], inputs: list[str]) -> Picture:
    """All steps side by side, inputs and states: the numbers in squares of their colour."""
    table = np.array([values[name][:, unit] for _, name, unit in rows])  # (rows, T)
    T = table.shape[1]
    figure = Figure(figsize=(min(10.0, 2.2 + 0.7 * T), 1.0 + 0.34 * len(rows)), layout="constrained")
    axes = figure.add_subplot(title=title, xlabel="step")
    most = max(1.0, np.abs(table).max())
    axes.imshow(table * 0.5, palette.SIGNED, vmin=-most, vmax=most, aspect="auto")  # pale: the numbers can be read
    axes.set_xticks(range(T), range(1, T + 1))
    axes.set_yticks(range(len(rows)), [label for label, _, _ in rows])
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    for (row, t), value in np.ndenumerate(table):
        text = f"{value:g}" if rows[row][1] == "X" else f"{value:.2f}"
        axes.text(t, row, text.replace("-", "−"), ha="center", va="center", fontsize=9)
    article = {"RNN": "An RNN", "GRU": "A GRU", "LSTM": "An LSTM"}[kind]
    words = [f"Figure: {title}. {article} cell, step by step; {T} step{'s' if T != 1 else ''}."]
    for t in range(T):
        read = ", ".join(f"{name} {value:g}" for name, value in zip(inputs, values["X"][t], strict=True))
        shown = [name for name in ("I", "F", "O", "Z", "C", "H") if name in values]
        numbers = ", ".join(f"{name} {' '.join(f'{v:.3f}' for v in values[name][t] + 0.0)}" for name in shown)
        words.append(f"step {t + 1}, {read}: {numbers}")
    return Picture(figure, "\n".join(words))
