"""From sentence pairs to a batch; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong, mutant


def padded(rows, filler):
    width = max(len(row) for row in rows)
    return np.array([row + [filler] * (width - len(row)) for row in rows])  # (n, width)


def make_batch(sources, targets, bos, eos, pad):
    source = [[*tokens, eos] for tokens in sources]
    inputs = [[bos, *tokens] for tokens in targets]
    Y = [[*tokens, eos] for tokens in targets]
    lengths = np.array([len(row) for row in source])  # (n,)
    return padded(source, pad), lengths, padded(inputs, pad), padded(Y, -1)  # (n, S), (n,), (n, T), (n, T)


def longest_first(sources, targets, bos, eos, pad):
    pairs = sorted(zip(sources, targets, strict=True), key=lambda pair: -len(pair[0]))
    return make_batch([source for source, _ in pairs], [target for _, target in pairs], bos, eos, pad)


SOURCE, SAID = "[*tokens, eos] for tokens in sources", "[*tokens, eos] for tokens in targets"

# fmt: off
WRONG_BATCHES = [
    Wrong("source_without_its_end", {SOURCE: "[*tokens] for tokens in sources"},
          "The source has no token at its end. Both languages end their sentences in it.", keeps=0.5),
    Wrong("lengths_without_the_end", {"len(row)": "len(row) - 1"},
          "The lengths are one too small: the token that ends a sentence belongs to it.", keeps=0.5),
    Wrong("lengths_of_the_padded", {"len(row)": "max(map(len, source))"},
          "All lengths are the same: padding is counted too.", keeps=0.5),
    Wrong("source_begins_with_bos", {SOURCE: "[bos, *tokens, eos] for tokens in sources"},
          "The source begins with <bos>. Who needs a token to begin with is the one that writes.", keeps=0.5),
    Wrong("source_backwards", {SOURCE: "[*tokens[::-1], eos] for tokens in sources"},
          "The sources are read backwards.", keeps=0.25),
    Wrong("not_shifted", {SAID: "[bos, *tokens] for tokens in targets"},
          "The decoder is to say what it reads at the same step: an echo would be right always."),
    Wrong("exchanged", {"padded(inputs, pad), padded(Y, -1)": "padded(Y, pad), padded(inputs, -1)"},
          "What the decoder reads and what it is to say have changed places: it would say the token before.",
          keeps=0.25),
    Wrong("no_bos", {"[bos, *tokens]": "[*tokens, eos]"},
          "There is no <bos>: the decoder reads each token at the step at which it is to say it."),
    Wrong("inputs_one_too_long", {"[bos, *tokens]": "[bos, *tokens, eos]"},
          "The decoder reads the token that ends a sentence, too. When that has been said, there is nothing more to "
          "say.", keeps=0.5),
    Wrong("never_told_to_end", {"[bos, *tokens]": "[bos, *tokens[:-1]]", SAID: "[*tokens] for tokens in targets"},
          "The decoder is never to say <eos>. It would not learn to stop.", keeps=0.25),
    Wrong("padding_is_asked", {"padded(Y, -1)": "padded(Y, pad)"},
          "At padding the decoder is to say <pad>. Nothing is asked there, and Y has a number of its own for that.",
          keeps=0.5),
    Wrong("minus_one_is_read", {"padded(inputs, pad)": "padded(inputs, -1)"},
          "The decoder reads −1 at padding. That stands for what is not asked; no token has this id, and an embedding "
          "may take the last one for it.", keeps=0.5),
    Wrong("padded_with_noughts", lambda sources, targets, bos, eos, pad: make_batch(sources, targets, bos, eos, 0),
          "The gaps are filled with 0, whatever id pad is.", keeps=0.5),
    Wrong("padded_with_eos", lambda sources, targets, bos, eos, pad: make_batch(sources, targets, bos, eos, eos),
          "The gaps are filled with <eos>. Padding has a token of its own.", keeps=0.5),
    Wrong("padded_in_front",
          mutant(make_batch, padded=mutant(padded, {"row + [": "[", "len(row)) for": "len(row)) + row for"})),
          "The gaps are filled in front. In this course a sentence begins in the first column.", keeps=0.25),
    Wrong("end_behind_the_padding",
          {"padded(source, pad)": "np.column_stack([padded(sources, pad), [eos] * len(sources)])"},
          "The source's <eos> stands in the last column, behind the padding. It belongs to the sentence.", keeps=0.5),
    Wrong("longest_first", longest_first,
          "The pairs are sorted by length. They should stay in the order in which they come.", keeps=0.5),
    Wrong("one_width_for_both",
          {"padded(source, pad)": "padded(source + inputs, pad)[: len(source)]",
           "padded(inputs, pad)": "padded(inputs + source, pad)[: len(inputs)]",
           "padded(Y, -1)": "padded(Y + source, -1)[: len(Y)]"},
          "Both languages are padded to the same length. Each is only as wide as its own longest sentence.", keeps=0.5),
    Wrong("bos_and_eos_exchanged",
          lambda sources, targets, bos, eos, pad: make_batch(sources, targets, eos, bos, pad),
          "The tokens that begin and end a sentence have changed places.", keeps=0.25),
]
