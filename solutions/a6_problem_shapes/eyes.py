"""What eyes see, and what a decoder is told of it: convolution and projection; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong, mutant

from ..shared import relu


def convolve(X, K):
    a, b, _ = K.shape
    H, W = X.shape[1] - a + 1, X.shape[2] - b + 1  # places
    return sum(X[:, i : i + H, j : j + W, None] * K[i, j] for i in range(a) for j in range(b))  # (n, H, W, q)


def convolve_same_size(X, K):
    a, b, _ = K.shape
    return convolve(np.pad(X, [(0, 0), ((a - 1) // 2, a // 2), ((b - 1) // 2, b // 2)]), K)


def layer_norm(v):
    centred = v - v.mean(axis=1, keepdims=True)  # (n, h)
    return centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)  # (n, h)


def context(F, params):
    p = params
    M = relu(F @ p["W_n"] + p["b_n"])  # (n, H, W, m)
    v = M.reshape(len(M), -1) @ p["W_p"] + p["b_p"]  # (n, h)
    return layer_norm(v)  # (n, h)


NO_GRADIENT = (
    "The numbers are right, but no gradient comes back: somewhere the way leads through NumPy, or the result is cut "
    "off. Nothing before it could be trained."
)
LAID, NORMED = "M.reshape(len(M), -1)", "layer_norm(v)"

# fmt: off
WRONG_CONVOLUTIONS = [
    Wrong("turned_kernel", {"K[i, j]": "K[-1 - i, -1 - j]"},
          "The kernel is turned upside down and left to right. In mathematics a convolution does that; the equation "
          "above, and the framework, do not.",
          keeps=0.5),
    Wrong("upside_down", {"K[i, j]": "K[-1 - i, j]"},
          "The kernel's rows run from the last to the first.", keeps=0.25),
    Wrong("transposed_kernel", lambda X, K: convolve(X, K.swapaxes(0, 1)),
          "The kernel's rows and columns have changed places.", keeps=0.25),
    Wrong("mean_for_sum", lambda X, K: convolve(X, K) / (K.shape[0] * K.shape[1]),
          "These are means over what lies under the kernel; sums are asked for.", keeps=0.5),
    Wrong("as_large_as_the_picture", convolve_same_size,
          "The picture has been given a margin of zeros, so that the result is as large as it was. Only places where "
          "the kernel fits are asked for.",
          keeps=0.5),
    Wrong("side_by_side", {"range(b))": "range(b))[:, ::a, ::b]"},
          "The kernel jumps by its own size; it moves by one pixel.", keeps=0.25),
    Wrong("a_place_too_few", {"- a + 1": "- a", "- b + 1": "- b"},
          "The last place in each direction is missing: where the kernel's edge lies on the picture's it fits, too.",
          keeps=0.5),
    Wrong("kernels_in_front", lambda X, K: convolve(X, K).transpose(0, 3, 1, 2),
          "The kernels' axis is in front of the places. Here it is the last one.",
          keeps=0.75),
    Wrong("kernels_added_up", lambda X, K: convolve(X, K.sum(axis=2, keepdims=True)),
          "All kernels' answers are added up; each kernel has its own."),
    Wrong("negative_ones_cut_off", lambda X, K: relu(convolve(X, K)),
          "What is negative has become 0. That comes after a convolution and is not part of it.", keeps=0.5),
    Wrong("no_gradient", lambda X, K: convolve(X.real, K.real), NO_GRADIENT),
]
WRONG_CONTEXTS = [
    Wrong("not_normed", {NORMED: "v"},
          "The projection is right and was left as it is: the norm is missing.", keeps=0.5),
    Wrong("normed_over_the_batch", {NORMED: "layer_norm(v.T).T"},
          "The mean and the spread are taken over the batch. Then what is said about one picture depends on its "
          "neighbours: each vector has its own.",
          keeps=0.4),
    Wrong("normed_over_everything", {NORMED: "layer_norm(v.reshape(1, -1)).reshape(v.shape)"},
          "One mean and one spread are taken over all vectors. Each vector has its own.", keeps=0.4),
    Wrong("by_the_variance", mutant(context, layer_norm=mutant(layer_norm, {"np.sqrt": ""})),
          "The vectors are divided by their variance: the root is missing.", keeps=0.5),
    Wrong("divided_by_one_less",
          mutant(context, layer_norm=mutant(layer_norm, {"centred**2": "centred**2 * v.shape[1] / (v.shape[1] - 1)"})),
          "The variance is divided by the number of entries less 1. Here, and in the framework's layer, "
          "it is divided by the number.",
          keeps=0.75),
    Wrong("not_centred", mutant(context, layer_norm=mutant(layer_norm, {"return centred": "return v"})),
          "The spread is 1, but the mean is not 0: it is not taken off.", keeps=0.5),
    Wrong("to_length_one", {NORMED: "v / np.sqrt((v**2).sum(axis=1, keepdims=True))"},
          "The vectors have length 1. The norm meant here makes the mean 0 and the spread 1.", keeps=0.4),
    Wrong("normed_before_the_projection", {NORMED: "v", LAID: f"layer_norm({LAID})"},
          "The norm comes before the projection; it is the context that is to weigh as much as the words, so it comes "
          "last.",
          keeps=0.4),
    Wrong("negative_ones_kept", {"relu": ""},
          "The narrowed features have kept what is negative. Two products in a row with nothing between are only one.",
          keeps=0.5),
    Wrong("cut_off_at_the_end_too", {NORMED: "layer_norm(relu(v))"},
          "The projection has lost what is negative, too; that is done to the narrowed features only.", keeps=0.5),
    Wrong("cut_off_after_the_norm", {NORMED: "relu(layer_norm(v))"},
          "What is negative in the context is cut off. max stands where the features are narrowed, and only there.",
          keeps=0.5),
    Wrong("features_laid_first", {"M.reshape": "M.transpose(0, 3, 1, 2).reshape"},
          "The numbers are laid side by side feature by feature. The projection expects them place by place: all "
          "numbers of one place, then those of the next.",
          keeps=0.5),
    Wrong("column_by_column", {"M.reshape": "M.swapaxes(1, 2).reshape"},
          "The places are laid side by side column by column; the projection expects them row by row.", keeps=0.5),
    Wrong("first_bias_missing", {' + p["b_n"]': ""}, "The bias b_n is nowhere.", keeps=0.75),
    Wrong("second_bias_missing", {' + p["b_p"]': ""}, "The bias b_p is nowhere.", keeps=0.75),
    Wrong("no_gradient", lambda F, params: context(F.real, params), NO_GRADIENT),
]
