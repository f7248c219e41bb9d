"""What a writer is fed and asked, and how its sentences are scored; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong

# ---- inputs and targets ----


def shift(words, lengths, bos, eos, pad, first=None, end=None, behind=-1, filled=None, read=None, targets=None):
    """Inputs and targets (n, T + 1) in parts that can be exchanged for wrong ones."""
    n, T = words.shape
    t, lengths = np.arange(T + 1), lengths[:, None]  # (T + 1,), (n, 1)
    longer = np.concatenate([words, np.full((n, 1), pad)], axis=1)  # (n, T + 1)
    earlier = np.concatenate([np.full((n, 1), bos if first is None else first), words], axis=1)  # (n, T + 1)
    inputs = np.where(t <= lengths, earlier, pad if filled is None else filled)
    asked = np.where(t < lengths, longer, np.where((t == lengths) if end is None else end(t, lengths), eos, behind))
    return inputs if read is None else read(inputs, asked, pad), asked if targets is None else targets(inputs, asked)


def caption_batch(words, lengths, bos, eos, pad):
    return shift(words, lengths, bos, eos, pad)


def shifting(**parts):
    return lambda words, lengths, bos, eos, pad: shift(words, lengths, bos, eos, pad, **parts)


def two_ahead(inputs, asked):
    return np.concatenate([asked[:, 1:], np.full((len(asked), 1), -1)], axis=1)


def as_read(words, lengths, bos, eos, pad):
    """What is asked is what is read."""
    inputs, _ = caption_batch(words, lengths, bos, eos, pad)
    return inputs, np.where(np.arange(inputs.shape[1]) <= lengths[:, None], inputs, -1)


def exchanged(words, lengths, bos, eos, pad):
    inputs, asked = caption_batch(words, lengths, bos, eos, pad)
    return asked, inputs


def end_is_read(words, lengths, bos, eos, pad):
    inputs, asked = caption_batch(words, lengths, bos, eos, pad)
    return np.where(np.arange(inputs.shape[1]) == lengths[:, None] + 1, eos, inputs), asked


def first_word_lost(words, lengths, bos, eos, pad):
    inputs, asked = caption_batch(words, lengths, bos, eos, pad)
    return inputs[:, 1:], asked[:, 1:]


WRONG_BATCHES = [
    Wrong(
        "fed_the_answer",
        shifting(read=lambda inputs, asked, pad: np.where(asked < 0, pad, asked)),
        "The word that is fed is the word that is asked for. Such a network learns to copy, with hardly any loss, and "
        "writes nothing of its own.",
    ),
    Wrong(
        "asked_for_what_is_read",
        as_read,
        "The targets are not shifted: what is asked for is the word that has just been read. Such a network learns to "
        "copy.",
    ),
    Wrong(
        "exchanged",
        exchanged,
        "Inputs and targets have changed places.",
        keeps=0.25,
    ),
    Wrong(
        "two_words_ahead",
        shifting(targets=two_ahead),
        "The targets are shifted once too often: the word after the next one is asked for.",
        keeps=0.25,
    ),
    Wrong(
        "never_told_to_stop",
        shifting(end=lambda t, lengths: t < 0),
        "No row asks for the end of the sentence. A writer that is never told to stop does not stop.",
        keeps=0.5,
    ),
    Wrong(
        "end_at_the_end_of_the_row",
        shifting(end=lambda t, lengths: (t == t[-1]) & (lengths > 0)),
        "The end is asked for at the last step of the row. In a short sentence it comes right after its last word.",
        keeps=0.5,
    ),
    Wrong(
        "end_in_all_the_padding",
        shifting(end=lambda t, lengths: t >= lengths),
        "The end is asked for at each step of the padding. It is asked for once; behind it nothing is.",
        keeps=0.5,
    ),
    Wrong(
        "begins_with_padding",
        lambda words, lengths, bos, eos, pad: shift(words, lengths, bos, eos, pad, first=pad),
        "The first input is padding. A sentence begins with the word that says so.",
        keeps=0.5,
    ),
    Wrong(
        "begins_with_the_end",
        lambda words, lengths, bos, eos, pad: shift(words, lengths, bos, eos, pad, first=eos),
        "The first input is the word for the end.",
        keeps=0.5,
    ),
    Wrong(
        "padding_asked",
        lambda words, lengths, bos, eos, pad: shift(words, lengths, bos, eos, pad, behind=pad),
        "The padding is asked for as if it were a word. What says that a step has no target?",
        keeps=0.5,
    ),
    Wrong(
        "zeros_asked",
        shifting(behind=0),
        "Steps without a target have 0, and that is a word. What says that a step has no target?",
        keeps=0.5,
    ),
    Wrong(
        "no_word_is_read",
        shifting(filled=-1),
        "The inputs have −1 in the padding. No embedding has a row for it: inputs are padded, only targets say that "
        "nothing is asked.",
        keeps=0.5,
    ),
    Wrong(
        "end_is_read",
        end_is_read,
        "The end of a sentence is among the inputs. After it nothing is asked, so nothing needs to be read.",
        keeps=0.75,
    ),
    Wrong(
        "first_word_not_asked",
        first_word_lost,
        "Nobody asks for the first word, and the word that begins a sentence is not read: who is to say it, when there "
        "is no teacher?",
        keeps=0.25,
    ),
]

# ---- scores ----


def sentences(ids, eos, keep=0):
    """Each row up to its eos, or with it."""
    ends = [int(np.argmax(row == eos)) if (row == eos).any() else len(row) for row in ids]
    return [row[: end + keep].tolist() for row, end in zip(ids, ends, strict=True)]


def hits(a, b):
    return sum(x == y for x, y in zip(a, b, strict=False))


def same(a, b):
    return a == b


def in_total(right, said, wanted, by=lambda a, b: len(b)):
    return sum(right) / sum(by(a, b) for a, b in zip(said, wanted, strict=True))


def scores(said, wanted, eos, exact=same, count=hits, share=in_total, keep=0):
    said, wanted = sentences(said, eos, keep), sentences(wanted, eos, keep)
    pairs = list(zip(said, wanted, strict=True))
    right = [count(a, b) for a, b in pairs]
    return np.mean([exact(a, b) for a, b in pairs]), share(right, said, wanted)  # (), ()


def caption_scores(said, wanted, eos):
    return scores(said, wanted, eos)


def scoring(**parts):
    return lambda said, wanted, eos: scores(said, wanted, eos, **parts)


def divided_by(number):
    return scoring(share=lambda right, said, wanted: in_total(right, said, wanted, by=number))


def whole_rows(said, wanted, eos):
    """As if there were no eos: all entries that both have."""
    width = min(said.shape[1], wanted.shape[1])
    right = said[:, :width] == wanted[:, :width]
    return right.all(axis=1).mean(), right.mean()


def anywhere(a, b):
    return sum(min(a.count(word), b.count(word)) for word in {*b})


WRONG_SCORES = [
    Wrong(
        "end_counts_as_a_word",
        scoring(keep=1),
        "The end is counted as a word, and a right one lifts the share. A sentence's words stand before it.",
        keeps=0.5,
    ),
    Wrong(
        "what_stands_behind_the_end",
        whole_rows,
        "Whole rows are compared, and what stands behind the end with them. It belongs to no sentence.",
        keeps=0.25,
    ),
    Wrong(
        "mean_of_the_shares",
        scoring(
            share=lambda right, said, wanted: np.mean([r / len(b) for r, b in zip(right, wanted, strict=True)]),
        ),
        "The shares of the sentences are averaged, so that a word of a short sentence counts more. All words count "
        "alike: divide once, at the end.",
        keeps=0.6,
    ),
    Wrong(
        "divided_by_what_was_said",
        divided_by(lambda a, b: len(a)),
        "The right words are divided by the number of words said. Whoever says little and that rightly has not said "
        "all that was wanted.",
        keeps=0.5,
    ),
    Wrong(
        "divided_by_what_both_have",
        divided_by(lambda a, b: min(len(a), len(b))),
        "Only words up to the shorter sentence's end are counted. A wanted word that was not said is a miss.",
        keeps=0.5,
    ),
    Wrong(
        "divided_by_the_longer",
        divided_by(lambda a, b: max(len(a), len(b))),
        "The right words are divided by the longer sentence of each pair. The share is of the wanted words.",
        keeps=0.5,
    ),
    Wrong(
        "a_beginning_is_enough",
        scoring(exact=lambda a, b: a == b[: len(a)] or b == a[: len(b)]),
        "A sentence counts as right if one of the two is the beginning of the other. It has to end where it should.",
        keeps=0.5,
    ),
    Wrong(
        "anywhere_in_the_sentence",
        scoring(count=anywhere),
        "A word counts wherever in the sentence it was said. It has to stand in its place.",
        keeps=0.5,
    ),
    Wrong(
        "the_same_words",
        scoring(exact=lambda a, b: sorted(a) == sorted(b)),
        "A sentence counts as right if it has the right words in any order. “A seven left of a two” is not “a two left "
        "of a seven”.",
        keeps=0.5,
    ),
    Wrong(
        "half_is_enough",
        scoring(exact=lambda a, b: 2 * hits(a, b) >= len(b)),
        "A sentence counts as right if half of its words are. Exact means to the last word.",
        keeps=0.5,
    ),
    Wrong(
        "in_per_cent",
        lambda said, wanted, eos: tuple(100 * score for score in caption_scores(said, wanted, eos)),
        "These are per cent; shares are asked for.",
        keeps=0.75,
    ),
    Wrong(
        "exchanged",
        lambda said, wanted, eos: caption_scores(said, wanted, eos)[::-1],
        "The two scores have changed places.",
        keeps=0.5,
    ),
]
