"""What a recurrent layer asks of its input, its state and its weights, said in one sentence when it is not so.

Shared by both frameworks: of arrays only `shape` is used, whatever they are.
"""

from collections.abc import Sequence
from numbers import Real

import numpy as np

from course_utils.datasets.batches import refuse_masked
from course_utils.errors import is_whole


def check_count(name: str, value) -> None:
    """Raise ValueError unless a size is a whole number, 1 or more.

    >>> check_count("vocab_size", 2.0)
    Traceback (most recent call last):
    ValueError: vocab_size is 2.0, expected a whole number, 1 or more.
    """
    if not is_whole(value, 1):
        found = repr(value) if isinstance(value, (Real, str, type(None))) else f"of type {type(value).__name__}"
        raise ValueError(f"{name} is {found}, expected a whole number, 1 or more.")


def check_share(name: str, value) -> None:
    """Raise ValueError unless it is a share of numbers that dropout may set to zero, from 0 to less than 1.

    >>> check_share("dropout", 1.0)
    Traceback (most recent call last):
    ValueError: dropout is 1.0, expected a share, 0 or more and less than 1: at 1 nothing would be left.
    """
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 <= value < 1:
        raise ValueError(
            f"{name} is {value!r}, expected a share, 0 or more and less than 1: at 1 nothing would be left."
        )


def unfit_layer(layer, width: int) -> TypeError:
    """The error that says that a layer, as it is called, is none that a language model can have.

    >>> print(unfit_layer("RNN", 7))
    rnn is a str that cannot be called on X (n, T, 7), float32, and a state, expected a recurrent layer (X, state) ...
    """
    return TypeError(
        f"rnn is a {type(layer).__name__} that cannot be called on X (n, T, {width}), float32, and a state, expected a "
        "recurrent layer (X, state) -> (outputs, state): take a layer, not a cell or a Sequential, in float32."
    )


def check_layer(layer, kind: type) -> None:
    """Raise TypeError unless it is one layer of the framework.

    >>> check_layer([1, 2], int)
    Traceback (most recent call last):
    TypeError: rnn is a list, expected one recurrent layer: build it, and stack several by Deep([…]).
    """
    if not isinstance(layer, kind):
        found = f"the class {layer.__name__}" if isinstance(layer, type) else f"a {type(layer).__name__}"
        raise TypeError(f"rnn is {found}, expected one recurrent layer: build it, and stack several by Deep([…]).")


def check_ids(name: str, shape: Sequence, kind: str, vocab_size: int, values: np.ndarray | None = None) -> None:
    """Raise an error unless ids have the shape (n, T ≥ 1) and are whole numbers from 0 to V − 1.

    Args:
        shape: a None in it stands for any number.
        kind: the kind of their type, as NumPy names it: "i" and "u" are whole numbers.
        values: the ids, unless they are not known yet.

    >>> check_ids("X", (1, 2), "i", 7, np.array([[3, -1]]))
    Traceback (most recent call last):
    ValueError: X has ids from -1 to 3, expected 0 to 6: take the ids of the vocabulary that the model was made for.
    """
    shape = tuple(shape)
    if len(shape) != 2 or shape[1] == 0:
        raise ValueError(f"{name} has shape {shape}, expected (n, T), T 1 or more: a row of ids for each sequence.")
    if kind not in "iu":
        found = {"f": "floats", "b": "True and False", "c": "complex numbers"}.get(kind, f"values of kind {kind!r}")
        raise TypeError(f"{name} has {found}, expected ids, whole numbers: turn tokens into ids by vocab[tokens].")
    if values is not None and values.size and not 0 <= values.min() <= values.max() < vocab_size:
        raise ValueError(
            f"{name} has ids from {values.min()} to {values.max()}, expected 0 to {vocab_size - 1}: "
            "take the ids of the vocabulary that the model was made for."
        )


def check_dtype(found: str, expected: str, name: str = "X") -> None:
    """Raise TypeError unless X, or a state, is of the same type of numbers as the weights.

    >>> check_dtype("int64", "float32")
    Traceback (most recent call last):
    TypeError: X has int64, expected float32, as the weights are: convert it; ids need an embedding.
    """
    if found != expected:
        raise TypeError(
            f"{name} has {found}, expected {expected}, as the weights are: convert it; ids need an embedding."
        )


def check_same(state: Sequence, zeros: Sequence) -> None:
    """Raise ValueError unless the arrays of a state have the shapes of those that a layer starts from.

    >>> check_same([np.zeros((1, 3, 5))], [np.zeros((1, 2, 5))])
    Traceback (most recent call last):
    ValueError: The state has the shapes [(1, 3, 5)], expected [(1, 2, 5)]: as many rows as X has sequences.
    """
    found, expected = ([tuple(part.shape) for part in parts] for parts in (state, zeros))
    if found != expected:
        raise ValueError(f"The state has the shapes {found}, expected {expected}: as many rows as X has sequences.")


def check_X(shape: Sequence[int], num_inputs: int) -> None:
    """Raise ValueError unless X has the shape (n, T ≥ 1, d).

    >>> check_X((2, 4, 3), num_inputs=3)
    >>> check_X((4, 3), num_inputs=3)
    Traceback (most recent call last):
    ValueError: X has shape (4, 3), expected (n, T, 3): batch first, then time, then 3 inputs.
    """
    shape = tuple(shape)
    if len(shape) == 3 and None in shape[:2]:
        raise ValueError(
            f"X has shape {shape}, expected numbers in the place of None: the course's layers walk over arrays, "
            "not over keras.Input."
        )
    if len(shape) != 3 or shape[2] != num_inputs or shape[1] == 0:
        raise ValueError(
            f"X has shape {shape}, expected (n, T, {num_inputs}): batch first, then time, then {num_inputs} inputs."
        )


def check_state(state, names: tuple[str, ...], shape: tuple[int, ...]) -> None:
    """Raise ValueError unless the state is one array (n, h), or, with several names, a tuple of such arrays.

    A convolution's has the shape (n, K − 1, d).

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
            row = f"a row of {shape[1]} hidden units" if len(shape) == 2 else f"the last {shape[1]} inputs"
            raise ValueError(
                f"The state has shape {tuple(getattr(part, 'shape', ()))}, expected {shape}: "
                f"{row} for each of the {shape[0]} sequences in X."
            )


def check_mode(mode) -> None:
    """Raise ValueError unless it is a way to compute a linear recurrence.

    >>> check_mode("parallel")
    Traceback (most recent call last):
    ValueError: mode is 'parallel', expected "loop" or "scan": one step after the other, or combined by doubling.
    """
    if mode not in ("loop", "scan"):
        raise ValueError(
            f'mode is {mode!r}, expected "loop" or "scan": one step after the other, or combined by doubling.'
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
    if not hasattr(type(layers), "__len__"):
        raise TypeError(f"layers is of type {type(layers).__name__}, expected a list of layers: Deep([RNN(d, h)]).")
    if len(layers) == 0:
        raise ValueError("There is no layer, expected at least one: Deep([RNN(d, h)]).")
    for i, layer in enumerate(layers):
        _check_own(f"Layer {i}", layer)
    for i in range(1, len(layers)):
        if _share(layers[i], *layers[:i]):
            raise ValueError(f"Layer {i} stands in the stack already, expected a new one with weights of its own.")
        if layers[i].num_inputs != layers[i - 1].num_hiddens:
            raise ValueError(
                f"Layer {i} reads {layers[i].num_inputs} inputs, expected {layers[i - 1].num_hiddens}, "
                f"as many as layer {i - 1} has outputs."
            )


def _share(layer, *others) -> bool:
    """Whether a layer, or one in it, is also one of the others or in one."""
    return any(part is each for part in _parts(layer) for other in others for each in _parts(other))


def _parts(layer) -> list:
    """A layer and all that are in it."""
    names = ("layer", "forward_layer", "backward_layer")
    inner = [*getattr(layer, "layers", ()), *(getattr(layer, name, None) for name in names)]
    return [layer, *(part for each in inner if each is not None for part in _parts(each))]


def _check_own(what: str, layer) -> None:
    if not hasattr(layer, "num_inputs"):
        kind = layer if isinstance(layer, type) else type(layer)
        raise TypeError(
            f"{what} is a {kind.__module__.partition('.')[0]} {kind.__name__}, expected a layer of the course, such as "
            "RNN(d, h): the framework's own layers stack and pair by options of their own."
        )


def check_block(layer) -> None:
    """Raise ValueError unless what a layer puts out can be added to what it reads.

    >>> from types import SimpleNamespace as Layer
    >>> check_block(Layer(num_inputs=3, num_hiddens=5))
    Traceback (most recent call last):
    ValueError: The layer reads 3 inputs and has 5 outputs, expected as many: a block adds them, as in Block(RNN(h, h)).
    """
    _check_own("layer", layer)
    if layer.num_inputs != layer.num_hiddens:
        raise ValueError(
            f"The layer reads {layer.num_inputs} inputs and has {layer.num_hiddens} outputs, expected as many: "
            "a block adds them, as in Block(RNN(h, h))."
        )


def check_pair(forward_layer, backward_layer) -> None:
    """Raise ValueError unless both directions read the same inputs and are two layers, not one used twice.

    >>> from types import SimpleNamespace as Layer
    >>> check_pair(Layer(num_inputs=3), Layer(num_inputs=4))
    Traceback (most recent call last):
    ValueError: One direction reads 3 inputs, the other 4, expected the same number.
    """
    for direction in (forward_layer, backward_layer):
        _check_own("A direction", direction)
    if _share(forward_layer, backward_layer):
        raise ValueError("Both directions are one and the same layer, expected two: make a second one.")
    if forward_layer.num_inputs != backward_layer.num_inputs:
        raise ValueError(
            f"One direction reads {forward_layer.num_inputs} inputs, the other {backward_layer.num_inputs}, "
            "expected the same number."
        )


def check_recurrence(a: Sequence[int], b: Sequence[int], H: Sequence[int] | None = None) -> None:
    """Raise ValueError unless a linear recurrence has factors a and summands b of one shape (n, T ≥ 1, …), and H fits.

    >>> check_recurrence((2, 4, 5), (2, 3, 5))
    Traceback (most recent call last):
    ValueError: a has shape (2, 4, 5) and b (2, 3, 5), expected one shape (n, T, …), T 1 or more: both for each step.
    """
    a, b = tuple(a), tuple(b)
    if a != b or len(a) < 2 or not a[1]:  # None: unknown while a graph is made
        raise ValueError(f"a has shape {a} and b {b}, expected one shape (n, T, …), T 1 or more: both for each step.")
    if H is not None and tuple(H) != (a[0], *a[2:]):
        raise ValueError(f"H has shape {tuple(H)}, expected {(a[0], *a[2:])}: what was before the first step.")


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
            is_complex = np.iscomplexobj(params[name])
            arrays[name] = np.asarray(params[name], dtype=None if is_complex else np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name} is no array of numbers, expected one of shape {expected}.") from error
        refuse_masked(name, params[name])
        if is_complex:
            raise ValueError(f"{name} has complex numbers, expected real ones: take the part that you mean.")
        if arrays[name].shape != tuple(expected):
            raise ValueError(f"{name} has shape {arrays[name].shape}, expected {tuple(expected)}.")
    return arrays


def check_pieces(
    vocab_size: int, embed_size: int, num_hiddens: int, num_layers: int, cell: str, dropout: float
) -> None:
    """Raise ValueError unless an encoder or a decoder can be made of such cells, in such sizes and so many layers.

    >>> check_pieces(10, 8, 16, 1, "rnn", 0.0)
    Traceback (most recent call last):
    ValueError: num_layers is 1 and cell 'rnn', expected 1 or more and "gru" or "lstm".
    """
    sizes = {"vocab_size": vocab_size, "embed_size": embed_size, "num_hiddens": num_hiddens}
    for name, value in sizes.items():
        check_count(name, value)
    check_share("dropout", dropout)
    if not is_whole(num_layers, 1) or cell not in ("gru", "lstm"):
        raise ValueError(f'num_layers is {num_layers} and cell {cell!r}, expected 1 or more and "gru" or "lstm".')


def check_sources(X, encoder, decoder) -> None:
    """Raise an error unless X are a source, its lengths, and the decoder's inputs, arrays with a row for each sentence.

    >>> check_sources(np.zeros((2, 3)), None, None)
    Traceback (most recent call last):
    TypeError: X is one ndarray, expected three arrays: (source, lengths, inputs), a row of each for each sentence.
    """
    if not isinstance(X, tuple) or len(X) != 3:
        found = f"a tuple of {len(X)}" if isinstance(X, tuple) else f"one {type(X).__name__}"
        raise TypeError(
            f"X is {found}, expected three arrays: (source, lengths, inputs), a row of each for each sentence."
        )
    source, lengths, inputs = X
    check_sentences(source.shape, lengths)
    for name, ids, half in (("The source", source, encoder), ("inputs", inputs, decoder)):
        check_ids(name, ids.shape, ids.dtype.kind, half.vocab_size, ids)


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
    if (found := tuple(getattr(context, "shape", ()))) != expected:
        raise ValueError(
            f"The context has shape {found}, expected {expected}: "
            f"a row of {num_hiddens} numbers for each row of the inputs."
        )
    check_parts(state, num_layers, "layer")
    for part in state:
        check_state(part, ("H", "C") if cell == "lstm" else ("H",), expected)


def check_outputs(shape: Sequence[int], lengths: np.ndarray | None, width: int) -> None:
    """Raise ValueError unless an encoder's outputs have the shape (n, S, width), and the lengths, if known, fit.

    >>> check_outputs((2, 4, 5), None, 10)
    Traceback (most recent call last):
    ValueError: The outputs have shape (2, 4, 5), expected (n, S, 10): give the decoder the encoder's bidirectional.
    """
    shape = tuple(shape)
    if len(shape) != 3 or shape[2] != width:
        raise ValueError(
            f"The outputs have shape {shape}, expected (n, S, {width}): give the decoder the encoder's bidirectional."
        )
    check_sentences(shape[:2], lengths)


def check_attended(context) -> None:
    """Raise ValueError unless the context has the four parts that an attention decoder is told.

    >>> check_attended(np.zeros((2, 5)))
    Traceback (most recent call last):
    ValueError: The context is one array, expected (summary, keys, values, mask): take the decoder's own context(...).
    """
    is_tuple = isinstance(context, (tuple, list))
    if not is_tuple or len(context) != 4:
        found = f"a tuple of {len(context)}" if is_tuple else "one array"
        raise ValueError(
            f"The context is {found}, expected (summary, keys, values, mask): take the decoder's own context(...)."
        )


def check_seq2seq(encoder, decoder, teacher_forcing: float) -> None:
    """Raise ValueError unless the decoder can go on from the encoder's state, and the ratio is one.

    >>> from types import SimpleNamespace as Half
    >>> encoder = Half(num_hiddens=5, num_layers=1, cell="gru")
    >>> check_seq2seq(encoder, Half(num_hiddens=5, num_layers=2, cell="gru"), 1.0)
    Traceback (most recent call last):
    ValueError: num_layers is 1 in the encoder and 2 in the decoder, expected the same: the one goes on from the other.
    """
    names = ("num_hiddens", "num_layers", "cell", "bidirectional")
    for name in [name for name in names if hasattr(decoder, name)]:  # only with attention does it matter how one reads
        ours, theirs = getattr(encoder, name), getattr(decoder, name)
        if ours != theirs:
            raise ValueError(
                f"{name} is {ours!r} in the encoder and {theirs!r} in the decoder, expected the same: "
                "the one goes on from the other."
            )
    if not isinstance(teacher_forcing, Real) or not 0 <= teacher_forcing <= 1:
        raise ValueError(f"teacher_forcing is {teacher_forcing!r}, expected a probability, 0 to 1.")
