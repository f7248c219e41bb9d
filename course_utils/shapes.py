"""What a recurrent layer asks of its input and of its weights, said in one sentence when it is not so.

Shared by both frameworks.
"""

import numpy as np


def check_shapes(X: tuple, state: tuple | None, num_inputs: int, num_hiddens: int) -> None:
    """Raise ValueError unless X has the shape (n, T ≥ 1, d) and the state, if there is one, (n, h).

    >>> check_shapes((2, 4, 3), (2, 5), num_inputs=3, num_hiddens=5)
    >>> check_shapes((4, 3), None, num_inputs=3, num_hiddens=5)
    Traceback (most recent call last):
    ValueError: X has shape (4, 3), expected (n, T, 3): batch first, then time, then 3 inputs.
    """
    X = tuple(X)
    if len(X) != 3 or X[2] != num_inputs or X[1] == 0:
        raise ValueError(
            f"X has shape {X}, expected (n, T, {num_inputs}): batch first, then time, then {num_inputs} inputs."
        )
    if state is not None and tuple(state) != (X[0], num_hiddens):
        raise ValueError(
            f"The state has shape {tuple(state)}, expected {(X[0], num_hiddens)}: "
            f"a row of {num_hiddens} hidden units for each of the {X[0]} sequences in X."
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
