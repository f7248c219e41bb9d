"""What eyes see, and what a decoder is told of it: convolution and projection; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong

# ---- convolution ----


def slide(X, K, stride=(1, 1), short=0, combine=np.add.reduce):
    """Sums of products (n, places, places, q) of pictures X (n, H, W) with kernels K (a, b, q), and their variants."""
    a, b, _ = K.shape
    H, W = X.shape[1] - a + 1 - short, X.shape[2] - b + 1 - short
    under = [X[:, i : i + H, j : j + W][..., None] * K[i, j] for i in range(a) for j in range(b)]  # (n, H, W, q) each
    return combine(under)[:, :: stride[0], :: stride[1]]


def convolve(X, K):
    return slide(X, K)


def same_size(X, K):
    a, b, _ = K.shape
    around = [(0, 0), ((a - 1) // 2, a // 2), ((b - 1) // 2, b // 2)]
    return slide(np.pad(X, around), K)


def positive(x):
    return np.where(x.real > 0, x, 0)


NO_GRADIENT = (
    "The numbers are right, but no gradient comes back: somewhere the way leads through NumPy, or the result is cut "
    "off. Nothing before it could be trained."
)
WRONG_CONVOLUTIONS = [
    Wrong(
        "turned_kernel",
        lambda X, K: slide(X, K[::-1, ::-1]),
        "The kernel is turned upside down and left to right. In mathematics a convolution does that; the equation "
        "above, and both frameworks, do not.",
        keeps=0.5,
    ),
    Wrong(
        "upside_down",
        lambda X, K: slide(X, K[::-1]),
        "The kernel's rows run from the last to the first.",
        keeps=0.25,
    ),
    Wrong(
        "transposed_kernel",
        lambda X, K: slide(X, K.swapaxes(0, 1)),
        "The kernel's rows and columns have changed places.",
        keeps=0.25,
    ),
    Wrong(
        "mean_for_sum",
        lambda X, K: slide(X, K) / (K.shape[0] * K.shape[1]),
        "These are means over what lies under the kernel; sums are asked for.",
        keeps=0.5,
    ),
    Wrong(
        "as_large_as_the_picture",
        same_size,
        "The picture has been given a margin of zeros, so that the result is as large as it was. Only places where the "
        "kernel fits are asked for.",
        keeps=0.5,
    ),
    Wrong(
        "side_by_side",
        lambda X, K: slide(X, K, stride=K.shape[:2]),
        "The kernel jumps by its own size; it moves by one pixel.",
        keeps=0.25,
    ),
    Wrong(
        "a_place_too_few",
        lambda X, K: slide(X, K, short=1),
        "The last place in each direction is missing: where the kernel's edge lies on the picture's it fits, too.",
        keeps=0.5,
    ),
    Wrong(
        "kernels_in_front",
        lambda X, K: slide(X, K).transpose(0, 3, 1, 2),
        "The kernels' axis is in front of the places, as PyTorch's layers have it. Here it is the last one.",
        keeps=0.75,
    ),
    Wrong(
        "kernels_added_up",
        lambda X, K: slide(X, K.sum(axis=2, keepdims=True)),
        "All kernels' answers are added up; each kernel has its own.",
    ),
    Wrong(
        "negative_ones_cut_off",
        lambda X, K: positive(slide(X, K)),
        "What is negative has become 0. That comes after a convolution and is not part of it.",
        keeps=0.5,
    ),
    Wrong("no_gradient", lambda X, K: slide(X.real, K.real), NO_GRADIENT),
]

# ---- projection ----


def flat(features):
    return features.reshape(len(features), -1)


def each_vector(v):
    v = v - v.mean(axis=1, keepdims=True)
    return v / np.sqrt((v**2).mean(axis=1, keepdims=True) + 1e-5)


def project(F, params, narrow_bias=True, squash=positive, lay=flat, bias=True, after=lambda v: v, norm=each_vector):
    """The context in parts: the narrowed features, how they are laid side by side, what becomes of the projection."""
    p = params
    narrow = squash(F @ p["W_n"] + narrow_bias * p["b_n"])  # (n, H, W, m)
    return norm(after(lay(narrow) @ p["W_p"] + bias * p["b_p"]))  # (n, h)


def context(F, params):
    return project(F, params)


def projecting(**parts):
    return lambda F, params: project(F, params, **parts)


def over_the_batch(v):
    v = v - v.mean(axis=0)
    return v / np.sqrt((v**2).mean(axis=0) + 1e-5)


def over_everything(v):
    v = v - v.mean()
    return v / np.sqrt((v**2).mean() + 1e-5)


def by_the_variance(v):
    v = v - v.mean(axis=1, keepdims=True)
    return v / ((v**2).mean(axis=1, keepdims=True) + 1e-5)


def by_one_less(v):
    v = v - v.mean(axis=1, keepdims=True)
    return v / np.sqrt((v**2).sum(axis=1, keepdims=True) / (v.shape[1] - 1) + 1e-5)


def not_centred(v):
    return v / np.sqrt(((v - v.mean(axis=1, keepdims=True)) ** 2).mean(axis=1, keepdims=True) + 1e-5)


def to_length_one(v):
    return v / np.sqrt((v**2).sum(axis=1, keepdims=True))


def places_normed(F, params):
    shape = F.shape[:3] + params["b_n"].shape
    return project(F, params, lay=lambda narrow: each_vector(flat(narrow)), norm=lambda v: v.reshape(shape[0], -1))


WRONG_CONTEXTS = [
    Wrong(
        "not_normed",
        projecting(norm=lambda v: v),
        "The projection is right and was left as it is: the norm is missing.",
        keeps=0.5,
    ),
    Wrong(
        "normed_over_the_batch",
        projecting(norm=over_the_batch),
        "The mean and the spread are taken over the batch. Then what is said about one picture depends on its "
        "neighbours: each vector has its own.",
        keeps=0.4,
    ),
    Wrong(
        "normed_over_everything",
        projecting(norm=over_everything),
        "One mean and one spread are taken over all vectors. Each vector has its own.",
        keeps=0.4,
    ),
    Wrong(
        "by_the_variance",
        projecting(norm=by_the_variance),
        "The vectors are divided by their variance: the root is missing.",
        keeps=0.5,
    ),
    Wrong(
        "divided_by_one_less",
        projecting(norm=by_one_less),
        "The variance is divided by the number of entries less 1, as torch.var does unless told otherwise. Here, and "
        "in both frameworks' layers, it is divided by the number.",
        keeps=0.75,
    ),
    Wrong(
        "not_centred",
        projecting(norm=not_centred),
        "The spread is 1, but the mean is not 0: it is not taken off.",
        keeps=0.5,
    ),
    Wrong(
        "to_length_one",
        projecting(norm=to_length_one),
        "The vectors have length 1. The norm meant here makes the mean 0 and the spread 1.",
        keeps=0.4,
    ),
    Wrong(
        "normed_before_the_projection",
        places_normed,
        "The norm comes before the projection; it is the context that is to weigh as much as the words, so it comes "
        "last.",
        keeps=0.4,
    ),
    Wrong(
        "negative_ones_kept",
        projecting(squash=lambda x: x),
        "The narrowed features have kept what is negative. Two products in a row with nothing between are only one.",
        keeps=0.5,
    ),
    Wrong(
        "cut_off_at_the_end_too",
        projecting(after=positive),
        "The projection has lost what is negative, too; that is done to the narrowed features only.",
        keeps=0.5,
    ),
    Wrong(
        "features_laid_first",
        projecting(lay=lambda narrow: flat(narrow.transpose(0, 3, 1, 2))),
        "The numbers are laid side by side feature by feature. The projection expects them place by place: all "
        "numbers of one place, then those of the next.",
        keeps=0.5,
    ),
    Wrong(
        "column_by_column",
        projecting(lay=lambda narrow: flat(narrow.swapaxes(1, 2))),
        "The places are laid side by side column by column; the projection expects them row by row.",
        keeps=0.5,
    ),
    Wrong(
        "first_bias_missing",
        projecting(narrow_bias=False),
        "The bias b_n is nowhere.",
        keeps=0.75,
    ),
    Wrong(
        "second_bias_missing",
        projecting(bias=False),
        "The bias b_p is nowhere.",
        keeps=0.75,
    ),
    Wrong(
        "no_gradient",
        lambda F, params: project(F.real, {name: value.real for name, value in params.items()}),
        NO_GRADIENT,
    ),
]
