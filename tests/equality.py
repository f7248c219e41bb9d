"""One comparison for every implementation: what it computes, and its gradients, against the NumPy oracle."""

import numpy as np
import oracle_cells as oracle
from frameworks import close
from oracle_cells import flat

# of values and of gradients: each within half of what two implementations may differ by
TOLERANCES = {np.float32: (5e-6, 5e-5), np.float64: (1e-10, 1e-10)}


def compare(framework, implementation, network, n, T, d, weights=None, dumped=False, **given):
    """Build the network and compare it with random weights: some that are loaded into it, or its own ones, dumped."""
    weights, rng = weights or framework.course.weights, np.random.default_rng(given.pop("seed", 0))
    layer = implementation.build(network, d)
    weights.dump(layer)  # makes those that are not there yet
    framework.draw_anew(layer, rng)  # no bias is left at zero, nor a second one
    if dumped:
        params = {name: value.astype(np.float64) for name, value in weights.dump(layer).items()}
    else:
        params = oracle.random_params(rng, network, d)
        weights.load(layer, params)
    compare_layer(framework, implementation, network, layer, params, rng, weights, n, T, d, **given)


def compare_layer(
    framework, implementation, network, layer, params, rng, weights, n, T, d, lengths=None, begun=True, dtype=np.float32
):
    """Outputs, last state, and the gradients of a sum of both with random weights, by every weight, input and state.

    It starts from a random state, or without one unless `begun`.
    """
    of_values, of_gradients = TOLERANCES[dtype]
    X, zeros = rng.normal(size=(n, T, d)) / np.sqrt(d), oracle.begin(params, lambda h: np.zeros((n, h)))
    state = oracle.begin(params, lambda h: rng.normal(size=(n, h))) if begun else zeros
    inputs = [array.astype(dtype) for array in (X, *(flat(state) if begun else []))]

    expected, expected_last = oracle.forward(params, X, state, lengths)
    of_last = (lambda h: rng.normal(size=(n, h))) if implementation.keeps_state else (lambda h: np.zeros((n, h)))
    d_outputs, d_last = rng.normal(size=expected.shape), oracle.begin(params, of_last)
    values = [expected, *(flat(expected_last) if implementation.keeps_state else [])]
    factors = [framework.tensor(array.astype(dtype)) for array in (d_outputs, *flat(d_last))]

    def loss(X, *state):
        """What is differentiated; the values on the way to it are compared too, so that it is run no third time."""
        outputs, last = implementation.call(layer, network, X, list(state) if begun else None, lengths)
        for found, value in zip([outputs, *last], values, strict=True):
            assert framework.array(found).dtype == dtype
            close(framework.array(found), value, of_values)
        return sum(framework.total(part * factor) for part, factor in zip([outputs, *last], factors, strict=False))

    grads, d_X, d_state = oracle.backward(params, X, state, d_outputs, d_last, lengths)
    found = weights.gradients(layer, lambda: loss(*(framework.tensor(array) for array in inputs)))
    assert found.keys() == grads.keys()
    for name, gradient in found.items():
        close(gradient, grads[name], of_gradients)
    for gradient, value in zip(framework.gradients(loss, *inputs), [d_X, *flat(d_state)], strict=begun):
        close(gradient, value, of_gradients)
