"""A recurrent network in NumPy, forwards, backwards and trained: what both frameworks are held to.

float64, one step after the other, and every product an einsum that names its axes, so that no transposition can hide:
n sequences, t steps, d inputs, h and k hidden units, v tokens.
"""

import numpy as np


def random_params(rng, d, h, V=None):
    """Canonical weights of a size at which tanh bends and gradients neither vanish nor explode; V: those of a model."""
    params = {"W_xh": rng.normal(size=(d, h)), "W_hh": rng.normal(size=(h, h)) / np.sqrt(h), "b_h": rng.normal(size=h)}
    if V is not None:
        params |= {"W_hq": rng.normal(size=(h, V)), "b_q": rng.normal(size=V)}
    return params


def forward(params, X, H):
    """Every hidden state (n, T, h) of X (n, T, d), starting from H (n, h)."""
    outputs = []
    for t in range(X.shape[1]):
        fed = np.einsum("nd,dh->nh", X[:, t], params["W_xh"]) + np.einsum("nk,kh->nh", H, params["W_hh"])
        H = np.tanh(fed + params["b_h"])
        outputs.append(H)
    return np.stack(outputs, axis=1)


def backward(params, X, H, d_outputs):
    """Back-propagation through time: the gradients by the weights, by X and by the first state H.

    `d_outputs` (n, T, h) is the gradient by each output; that by the last state is to be added to its last step.
    """
    states = np.concatenate([H[:, None], forward(params, X, H)], axis=1)  # (n, T + 1, h)
    grads = {name: np.zeros_like(params[name]) for name in ("W_xh", "W_hh", "b_h")}
    d_X, d_H = np.zeros_like(X), np.zeros_like(H)
    for t in reversed(range(X.shape[1])):
        d_fed = (d_outputs[:, t] + d_H) * (1 - states[:, t + 1] ** 2)  # (n, h)
        grads["W_xh"] += np.einsum("nd,nh->dh", X[:, t], d_fed)
        grads["W_hh"] += np.einsum("nk,nh->kh", states[:, t], d_fed)
        grads["b_h"] += d_fed.sum(axis=0)
        d_X[:, t] = np.einsum("nh,dh->nd", d_fed, params["W_xh"])
        d_H = np.einsum("nh,kh->nk", d_fed, params["W_hh"])
    return grads, d_X, d_H


def lm_logits(params, ids, H):
    """Logits (n, T, V) and the last state (n, h) of a language model that reads ids (n, T): row lookup, no one-hot."""
    lookup = {"W_xh": np.eye(params["W_xh"].shape[1]), "W_hh": params["W_hh"], "b_h": params["b_h"]}
    outputs = forward(lookup, params["W_xh"][ids], H)
    return np.einsum("nth,hv->ntv", outputs, params["W_hq"]) + params["b_q"], outputs[:, -1]


def lm_loss(params, X, Y, H):
    """The mean loss (nats per token), its gradients by the weights, and the last state."""
    logits, last = lm_logits(params, X, H)
    probs = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probs /= probs.sum(axis=-1, keepdims=True)
    right = np.eye(probs.shape[-1])[Y]
    loss = -np.log((probs * right).sum(axis=-1)).mean()
    d_logits = (probs - right) / Y.size
    one_hot = np.eye(len(params["W_xh"]))[X]
    outputs = forward(params, one_hot, H)
    grads, _, _ = backward(params, one_hot, H, np.einsum("ntv,hv->nth", d_logits, params["W_hq"]))
    grads |= {"W_hq": np.einsum("nth,ntv->hv", outputs, d_logits), "b_q": d_logits.sum(axis=(0, 1))}
    return loss, grads, last


def train(params, batches, carries_state, epochs, lr, optimizer, clip_norm=None, decay=False):
    """A training run: the mean loss of each epoch, the norm of each gradient, and the trained weights."""
    params = {name: value.astype(np.float64) for name, value in params.items()}
    first, second = ({name: np.zeros_like(value) for name, value in params.items()} for _ in range(2))
    losses, norms, updates = [], [], 0
    for _ in range(epochs):
        H, of_epoch = None, []
        for X, Y in batches:
            rate = lr * (1 - updates / (epochs * len(batches))) if decay else lr
            start = np.zeros((len(X), len(params["b_h"]))) if H is None or not carries_state else H
            loss, grads, H = lm_loss(params, X, Y, start)
            norm = np.sqrt(sum((grad**2).sum() for grad in grads.values()))
            scale = 1 if clip_norm is None else min(1, clip_norm / norm)
            of_epoch.append(loss)
            norms.append(norm)
            updates += 1
            for name, grad in grads.items():
                grad = grad * scale
                if optimizer == "sgd":
                    params[name] -= rate * grad
                    continue
                if optimizer == "adamw":
                    params[name] *= 1 - rate * 0.01
                first[name] = 0.9 * first[name] + 0.1 * grad
                second[name] = 0.999 * second[name] + 0.001 * grad**2
                mean, square = first[name] / (1 - 0.9**updates), second[name] / (1 - 0.999**updates)
                params[name] -= rate * mean / (np.sqrt(square) + 1e-8)
        losses.append(np.mean(of_epoch))
    return losses, norms, params
