"""From sentence pairs to a batch, rightly and wrongly."""

import numpy as np

from course_utils.assignments import Wrong


def filled(rows, filler, width=0, front=False):
    """Rows of one length, (n, width), or as wide as the longest."""
    width = max([width, *map(len, rows)])
    fillings = [[filler] * (width - len(row)) for row in rows]
    return np.array([[*f, *row] if front else [*row, *f] for row, f in zip(rows, fillings, strict=True)])


def closed(tokens, bos, eos):
    return [*tokens, eos]


def begun(tokens, bos, eos):
    return [bos, *tokens]


def open_at_both_ends(tokens, bos, eos):
    return [*tokens]


def enclosed(tokens, bos, eos):
    return [bos, *tokens, eos]


def shortened(tokens, bos, eos):
    return [bos, *tokens[:-1]]


def batch(
    sources,
    targets,
    bos,
    eos,
    pad,
    source=closed,
    inputs=begun,
    says=closed,
    count=len,
    unasked=-1,
    filler=None,
    inputs_filler=None,
    front=False,
    one_width=False,
):
    """The batch in parts: what becomes of a sentence in each of the three places, and what fills the gaps."""
    filler = pad if filler is None else filler
    rows = [[make(tokens, bos, eos) for tokens in side] for make, side in ((source, sources), (inputs, targets))]
    said = [says(tokens, bos, eos) for tokens in targets]
    width = max(len(row) for row in [*rows[0], *rows[1]]) if one_width else 0
    lengths = np.array([count(row) for row in rows[0]])  # (n,)
    inputs_filler = filler if inputs_filler is None else inputs_filler
    return (
        filled(rows[0], filler, width, front),  # (n, S)
        lengths,
        filled(rows[1], inputs_filler, width, front),  # (n, T)
        filled(said, unasked, width, front),  # (n, T)
    )


def make_batch(sources, targets, bos, eos, pad):
    return batch(sources, targets, bos, eos, pad)


def making(**parts):
    return lambda sources, targets, bos, eos, pad: batch(sources, targets, bos, eos, pad, **parts)


def lengths_of_the_padded(sources, targets, bos, eos, pad):
    source, lengths, inputs, Y = make_batch(sources, targets, bos, eos, pad)
    return source, np.full_like(lengths, source.shape[1]), inputs, Y


def eos_behind_the_padding(sources, targets, bos, eos, pad):
    _, lengths, inputs, Y = make_batch(sources, targets, bos, eos, pad)
    padded = filled(sources, pad)  # (n, S - 1)
    return np.column_stack([padded, np.full(len(padded), eos)]), lengths, inputs, Y


def longest_first(sources, targets, bos, eos, pad):
    order = sorted(range(len(sources)), key=lambda i: -len(sources[i]))
    return make_batch([sources[i] for i in order], [targets[i] for i in order], bos, eos, pad)


WRONG_BATCHES = [
    Wrong(
        "source_without_its_end",
        making(source=open_at_both_ends),
        "The source has no token at its end. Both languages end their sentences in it.",
        keeps=0.5,
    ),
    Wrong(
        "lengths_without_the_end",
        making(count=lambda row: len(row) - 1),
        "The lengths are one too small: the token that ends a sentence belongs to it.",
        keeps=0.5,
    ),
    Wrong(
        "lengths_of_the_padded",
        lengths_of_the_padded,
        "All lengths are the same: padding is counted too.",
        keeps=0.5,
    ),
    Wrong(
        "source_begins_with_bos",
        making(source=enclosed),
        "The source begins with <bos>. Who needs a token to begin with is the one that writes.",
        keeps=0.5,
    ),
    Wrong(
        "source_backwards",
        making(source=lambda tokens, bos, eos: [*tokens[::-1], eos]),
        "The sources are read backwards.",
        keeps=0.25,
    ),
    Wrong(
        "not_shifted",
        making(says=begun),
        "The decoder is to say what it reads at the same step: an echo would be right always.",
    ),
    Wrong(
        "exchanged",
        making(inputs=closed, says=begun),
        "What the decoder reads and what it is to say have changed places: it would say the token before.",
        keeps=0.25,
    ),
    Wrong(
        "no_bos",
        making(inputs=closed),
        "There is no <bos>: the decoder reads each token at the step at which it is to say it.",
    ),
    Wrong(
        "inputs_one_too_long",
        making(inputs=enclosed),
        "The decoder reads the token that ends a sentence, too. When that has been said, there is nothing more to say.",
        keeps=0.5,
    ),
    Wrong(
        "never_told_to_end",
        making(inputs=shortened, says=open_at_both_ends),
        "The decoder is never to say <eos>. It would not learn to stop.",
        keeps=0.25,
    ),
    Wrong(
        "padding_is_asked",
        lambda sources, targets, bos, eos, pad: batch(sources, targets, bos, eos, pad, unasked=pad),
        "At padding the decoder is to say <pad>. Nothing is asked there, and Y has a number of its own for that.",
        keeps=0.5,
    ),
    Wrong(
        "minus_one_is_read",
        making(inputs_filler=-1),
        "The decoder reads −1 at padding. That stands for what is not asked; no token has this id, and an embedding "
        "may take the last one for it.",
        keeps=0.5,
    ),
    Wrong(
        "padded_with_noughts",
        making(filler=0),
        "The gaps are filled with 0, whatever id pad is.",
        keeps=0.5,
    ),
    Wrong(
        "padded_with_eos",
        lambda sources, targets, bos, eos, pad: batch(sources, targets, bos, eos, pad, filler=eos),
        "The gaps are filled with <eos>. Padding has a token of its own.",
        keeps=0.5,
    ),
    Wrong(
        "padded_in_front",
        making(front=True),
        "The gaps are filled in front. In this course a sentence begins in the first column.",
        keeps=0.25,
    ),
    Wrong(
        "end_behind_the_padding",
        eos_behind_the_padding,
        "The source's <eos> stands in the last column, behind the padding. It belongs to the sentence.",
        keeps=0.5,
    ),
    Wrong(
        "longest_first",
        longest_first,
        "The pairs are sorted by length. They should stay in the order in which they come.",
        keeps=0.5,
    ),
    Wrong(
        "one_width_for_both",
        making(one_width=True),
        "Both languages are padded to the same length. Each is only as wide as its own longest sentence.",
        keeps=0.5,
    ),
    Wrong(
        "bos_and_eos_exchanged",
        lambda sources, targets, bos, eos, pad: batch(sources, targets, eos, bos, pad),
        "The tokens that begin and end a sentence have changed places.",
        keeps=0.25,
    ),
]
