"""What a recurrent layer asks of its input, its state and its weights, said in one sentence when it is not so.

Shared by both frameworks: of arrays only `shape` is used, whatever they are.
"""

from collections.abc import Sequence

import numpy as np


def check_X(shape: Sequence[int], num_inputs: int) -> None:
    """Raise ValueError unless X has the shape (n, T ≥ 1, d).

    >>> check_X((2, 4, 3), num_inputs=3)
    >>> check_X((4, 3), num_inputs=3)
    Traceback (most recent call last):
    ValueError: X has shape (4, 3), expected (n, T, 3): batch first, then time, then 3 inputs.
    """
    shape = tuple(shape)
    if len(shape) != 3 or shape[2] != num_inputs or shape[1] == 0:
        raise ValueError(
            f"X has shape {shape}, expected (n, T, {num_inputs}): batch first, then time, then {num_inputs} inputs."
        )


def check_state(state, names: tuple[str, ...], shape: tuple[int, int]) -> None:
    """Raise ValueError unless the state is one array (n, h), or, with several names, a tuple of such arrays.

    >>> check_state(np.zeros((2, 5)), ("H", "C"), (2, 5))
    Traceback (most recent call last):
    ValueError: The state is one array, expected the pair (H, C), each of shape (2, 5).
    """
    is_tuple = isinstance(state, (tuple, list))
    parts = state if is_tuple else (state,)
    if is_tuple != (len(names) > 1) or len(parts) != len(names):
        found = f"a tuple of {len(parts)}" if is_tuple else "one array"
        expected = f"the pair ({', '.join(names)}), each" if len(names) > 1 else "one array"
        raise ValueError(f"The state is {found}, expected {expected} of shape {shape}.")
    for part in parts:
        if tuple(getattr(part, "shape", ())) != shape:
            raise ValueError(
                f"The state has shape {tuple(getattr(part, 'shape', ()))}, expected {shape}: "
                f"a row of {shape[1]} hidden units for each of the {shape[0]} sequences in X."
            )


def check_parts(state, number: int, of_each: str) -> None:
    """Raise ValueError unless the state is a tuple with a part for each layer, or for each direction.

    >>> check_parts((np.zeros((2, 5)),), 2, "layer")
    Traceback (most recent call last):
    ValueError: The state has 1 part, expected a tuple of 2: one for each layer.
    """
    if not isinstance(state, (tuple, list)) or len(state) != number:
        found = len(state) if isinstance(state, (tuple, list)) else 1
        parts = f"{found} part{'s' if found != 1 else ''}"
        raise ValueError(f"The state has {parts}, expected a tuple of {number}: one for each {of_each}.")


def check_lengths(lengths: np.ndarray, n: int, T: int) -> np.ndarray:
    """The lengths of n sequences, or ValueError unless they are n integers from 0 to T.

    >>> check_lengths(np.array([3, 5]), n=2, T=4)
    Traceback (most recent call last):
    ValueError: lengths run from 3 to 5, expected integers from 0 to 4, the number of steps in X.
    """
    if lengths.shape != (n,):
        raise ValueError(f"lengths has shape {lengths.shape}, expected ({n},): one for each sequence in X.")
    if lengths.dtype.kind not in "iu" or (n and not 0 <= lengths.min() <= lengths.max() <= T):
        raise ValueError(
            f"lengths run from {lengths.min()} to {lengths.max()}, expected integers from 0 to {T}, "
            "the number of steps in X."
        )
    return lengths


def check_stack(layers: Sequence) -> None:
    """Raise ValueError unless there is a layer, none stands there twice, and each reads what the one below puts out.

    >>> from types import SimpleNamespace as Layer
    >>> check_stack([Layer(num_inputs=3, num_hiddens=5), Layer(num_inputs=3, num_hiddens=5)])
    Traceback (most recent call last):
    ValueError: Layer 1 reads 3 inputs, expected 5, as many as layer 0 has outputs.
    """
    if not layers:
        raise ValueError("There is no layer, expected at least one: Deep([RNN(d, h)]).")
    for i in range(1, len(layers)):
        if any(layers[i] is below for below in layers[:i]):
            raise ValueError(f"Layer {i} stands in the stack already, expected a new one with weights of its own.")
        if layers[i].num_inputs != layers[i - 1].num_hiddens:
            raise ValueError(
                f"Layer {i} reads {layers[i].num_inputs} inputs, expected {layers[i - 1].num_hiddens}, "
                f"as many as layer {i - 1} has outputs."
            )


def check_pair(forward_layer, backward_layer) -> None:
    """Raise ValueError unless both directions read the same inputs and are two layers, not one used twice.

    >>> from types import SimpleNamespace as Layer
    >>> check_pair(Layer(num_inputs=3), Layer(num_inputs=4))
    Traceback (most recent call last):
    ValueError: One direction reads 3 inputs, the other 4, expected the same number.
    """
    if forward_layer is backward_layer:
        raise ValueError("Both directions are one and the same layer, expected two: make a second one.")
    if forward_layer.num_inputs != backward_layer.num_inputs:
        raise ValueError(
            f"One direction reads {forward_layer.num_inputs} inputs, the other {backward_layer.num_inputs}, "
            "expected the same number."
        )


def check_params(params: dict, shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """The weights as float64 arrays, or a ValueError unless they are numbers under the names and in the shapes given.

    >>> check_params({"b_h": np.zeros(3)}, {"b_h": (5,)})
    Traceback (most recent call last):
    ValueError: b_h has shape (3,), expected (5,).
    """
    if params.keys() != shapes.keys():
        raise ValueError(f"The weights are named {sorted(params)}, expected {sorted(shapes)}.")
    arrays = {}
    for name, expected in shapes.items():
        try:
            arrays[name] = np.asarray(params[name], dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name} is no array of numbers, expected one of shape {expected}.") from error
        if arrays[name].shape != tuple(expected):
            raise ValueError(f"{name} has shape {arrays[name].shape}, expected {tuple(expected)}.")
    return arrays


def check_pieces(num_layers: int, cell: str) -> None:
    """Raise ValueError unless an encoder or a decoder can be made of such cells, in so many layers.

    >>> check_pieces(1, "rnn")
    Traceback (most recent call last):
    ValueError: num_layers is 1 and cell 'rnn', expected 1 or more and "gru" or "lstm".
    """
    if num_layers < 1 or cell not in ("gru", "lstm"):
        raise ValueError(f'num_layers is {num_layers} and cell {cell!r}, expected 1 or more and "gru" or "lstm".')


def check_sentences(shape: Sequence[int], lengths: np.ndarray | None) -> None:
    """Raise ValueError unless the source has the shape (n, S ≥ 1) and the lengths, if known, are integers from 1 to S.

    >>> check_sentences((2, 4), np.array([4, 0]))
    Traceback (most recent call last):
    ValueError: A sentence has length 0, expected at least 1: its <eos> counts.
    """
    shape = tuple(shape)
    if len(shape) != 2 or shape[1] == 0:
        raise ValueError(f"The source has shape {shape}, expected (n, S): a row of ids for each sentence.")
    if lengths is not None and not check_lengths(lengths, *shape).all():
        raise ValueError("A sentence has length 0, expected at least 1: its <eos> counts.")


def check_decoder(shape: Sequence[int], context, state, num_hiddens: int, num_layers: int, cell: str) -> None:
    """Raise ValueError unless the inputs have the shape (n, T ≥ 1) and the context and the state are such a decoder's.

    >>> check_decoder((2, 4), np.zeros((3, 5)), (np.zeros((2, 5)),), 5, 1, "gru")
    Traceback (most recent call last):
    ValueError: The context has shape (3, 5), expected (2, 5): a row of 5 numbers for each row of the inputs.
    """
    shape = tuple(shape)
    if len(shape) != 2 or shape[1] == 0:
        raise ValueError(f"The inputs have shape {shape}, expected (n, T): a row of ids for each sentence.")
    expected = (shape[0], num_hiddens)
    if tuple(context.shape) != expected:
        raise ValueError(
            f"The context has shape {tuple(context.shape)}, expected {expected}: "
            f"a row of {num_hiddens} numbers for each row of the inputs."
        )
    check_parts(state, num_layers, "layer")
    for part in state:
        check_state(part, ("H", "C") if cell == "lstm" else ("H",), expected)


def check_seq2seq(encoder, decoder, teacher_forcing: float) -> None:
    """Raise ValueError unless the decoder can go on from the encoder's state, and the ratio is one.

    >>> from types import SimpleNamespace as Half
    >>> encoder = Half(num_hiddens=5, num_layers=1, cell="gru")
    >>> check_seq2seq(encoder, Half(num_hiddens=5, num_layers=2, cell="gru"), 1.0)
    Traceback (most recent call last):
    ValueError: num_layers is 1 in the encoder and 2 in the decoder, expected the same: the one goes on from the other.
    """
    for name in ("num_hiddens", "num_layers", "cell"):
        ours, theirs = getattr(encoder, name), getattr(decoder, name)
        if ours != theirs:
            raise ValueError(
                f"{name} is {ours!r} in the encoder and {theirs!r} in the decoder, expected the same: "
                "the one goes on from the other."
            )
    if not 0 <= teacher_forcing <= 1:
        raise ValueError(f"teacher_forcing is {teacher_forcing}, expected a probability, 0 to 1.")
