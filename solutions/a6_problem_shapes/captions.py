"""What a writer is fed and asked, and how its sentences are scored; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong, mutant


def caption_batch(words, lengths, bos, eos, pad):
    T, lengths = words.shape[1], lengths[:, None]  # (), (n, 1)
    t = np.arange(T + 1)  # (T + 1,)
    inputs = np.where(t <= lengths, np.insert(words, 0, bos, axis=1), pad)  # (n, T + 1)
    targets = np.where(t < lengths, np.insert(words, T, pad, axis=1), -1)  # (n, T + 1)
    targets = np.where(t == lengths, eos, targets)  # (n, T + 1)
    return inputs, targets


def as_wide_as_the_longest(words, lengths, bos, eos, pad):
    return tuple(each[:, : lengths.max() + 1] for each in caption_batch(words, lengths, bos, eos, pad))


def hits(a, b):
    return sum(x == y for x, y in zip(a, b, strict=False))


def caption_scores(said, wanted, eos):
    rows = zip(said.tolist(), wanted.tolist(), strict=True)
    pairs = [(a[: a.index(eos)], b[: b.index(eos)]) for a, b in rows]
    exact = np.mean([a == b for a, b in pairs])  # ()
    words = sum(hits(a, b) for a, b in pairs) / sum(len(b) for a, b in pairs)  # ()
    return exact, words


def hits_anywhere(a, b):
    return sum(min(a.count(word), b.count(word)) for word in {*b})


BOTH = "inputs, targets"
SHARE = "sum(hits(a, b) for a, b in pairs) / sum(len(b) for a, b in pairs)"

# fmt: off
WRONG_BATCHES = [
    Wrong("fed_the_answer", {"return inputs": "return np.where(targets < 0, pad, targets)"},
          "The word that is fed is the word that is asked for. Such a network learns to copy, with hardly any loss, "
          "and writes nothing of its own."),
    Wrong("asked_for_what_is_read", {BOTH: "inputs, np.where(t <= lengths, inputs, -1)"},
          "The targets are not shifted: what is asked for is the word that has just been read. Such a network learns "
          "to copy."),
    Wrong("exchanged", {BOTH: "targets, inputs"}, "Inputs and targets have changed places.", keeps=0.25),
    Wrong("two_words_ahead", {BOTH: "inputs, np.insert(targets[:, 1:], T, -1, axis=1)"},
          "The targets are shifted once too often: the word after the next one is asked for.", keeps=0.25),
    Wrong("never_told_to_stop", {"np.where(t == lengths, eos, targets)": "targets"},
          "No row asks for the end of the sentence. A writer that is never told to stop does not stop.", keeps=0.5),
    Wrong("end_at_the_end_of_the_row", {"t == lengths": "t == T"},
          "The end is asked for at the last step of the row. In a short sentence it comes right after its last word.",
          keeps=0.5),
    Wrong("end_in_all_the_padding", {"t == lengths": "t >= lengths"},
          "The end is asked for at each step of the padding. It is asked for once; behind it nothing is.", keeps=0.5),
    Wrong("begins_with_padding", {"0, bos": "0, pad"},
          "The first input is padding. A sentence begins with the word that says so.", keeps=0.5),
    Wrong("begins_with_the_end", {"0, bos": "0, eos"}, "The first input is the word for the end.", keeps=0.5),
    Wrong("padding_asked", {", -1)": ", pad)"},
          "The padding is asked for as if it were a word. What says that a step has no target?", keeps=0.5),
    Wrong("zeros_asked", {", -1)": ", 0)"},
          "Steps without a target have 0, and that is a word. What says that a step has no target?", keeps=0.5),
    Wrong("no_word_is_read", {", pad)  #": ", -1)  #"},
          "The inputs have −1 in the padding. No embedding has a row for it: inputs are padded, only targets say that "
          "nothing is asked.",
          keeps=0.5),
    Wrong("end_is_read", {"return inputs": "return np.where(t == lengths + 1, eos, inputs)"},
          "The end of a sentence is among the inputs. After it nothing is asked, so nothing needs to be read.",
          keeps=0.75),
    Wrong("last_word_not_read", {"t <= lengths": "t < lengths"},
          "The last word of each sentence is not read: there the input is padding, though the end is asked for.",
          keeps=0.5),
    Wrong("as_wide_as_the_longest", as_wide_as_the_longest,
          "The batch is as wide as its own longest sentence. It should be one step wider than words, whatever the "
          "lengths are.", keeps=0.75),
    Wrong("first_word_not_asked", {BOTH: "inputs[:, 1:], targets[:, 1:]"},
          "Nobody asks for the first word, and the word that begins a sentence is not read: who is to say it, when "
          "there is no teacher?",
          keeps=0.25),
]
WRONG_SCORES = [
    Wrong("end_counts_as_a_word", {"a.index(eos)": "a.index(eos) + 1", "b.index(eos)": "b.index(eos) + 1"},
          "The end is counted as a word, and a right one lifts the share. A sentence's words stand before it.",
          keeps=0.5),
    Wrong("what_stands_behind_the_end", {"a.index(eos)": "len(b)", "b.index(eos)": "len(a)"},
          "Whole rows are compared, and what stands behind the end with them. It belongs to no sentence.", keeps=0.25),
    Wrong("mean_of_the_shares", {SHARE: "np.mean([hits(a, b) / len(b) for a, b in pairs])"},
          "The shares of the sentences are averaged, so that a word of a short sentence counts more. All words count "
          "alike: divide once, at the end.",
          keeps=0.6),
    Wrong("divided_by_what_was_said", {"len(b)": "len(a)"},
          "The right words are divided by the number of words said. Whoever says little and that rightly has not said "
          "all that was wanted.",
          keeps=0.5),
    Wrong("divided_by_what_both_have", {"len(b)": "min(len(a), len(b))"},
          "Only words up to the shorter sentence's end are counted. A wanted word that was not said is a miss.",
          keeps=0.5),
    Wrong("divided_by_the_longer", {"len(b)": "max(len(a), len(b))"},
          "The right words are divided by the longer sentence of each pair. The share is of the wanted words.",
          keeps=0.5),
    Wrong("a_beginning_is_enough", {"a == b": "a == b[: len(a)] or b == a[: len(b)]"},
          "A sentence counts as right if one of the two is the beginning of the other. It has to end where it should.",
          keeps=0.5),
    Wrong("may_go_on", {"a == b": "a[: len(b)] == b"},
          "A sentence counts as right that begins with all wanted words and goes on. It has to end there.", keeps=0.5),
    Wrong("may_stop_early", {"a == b": "a == b[: len(a)]"},
          "A sentence counts as right that stops before it has said all. It has to be right to the last word.",
          keeps=0.5),
    Wrong("counts", {"np.mean([a": "np.sum([a", SHARE: "sum(hits(a, b) for a, b in pairs)"},
          "These are numbers of sentences and of words. Shares are asked for.", keeps=0.5),
    Wrong("anywhere_in_the_sentence", mutant(caption_scores, hits=hits_anywhere),
          "A word counts wherever in the sentence it was said. It has to stand in its place.", keeps=0.5),
    Wrong("the_same_words", {"a == b": "sorted(a) == sorted(b)"},
          "A sentence counts as right if it has the right words in any order. “A seven left of a two” is not “a two "
          "left of a seven”.",
          keeps=0.5),
    Wrong("half_is_enough", {"a == b": "2 * hits(a, b) >= len(b)"},
          "A sentence counts as right if half of its words are. Exact means to the last word.", keeps=0.5),
    Wrong("in_per_cent", {"return exact, words": "return 100 * exact, 100 * words"},
          "These are per cent; shares are asked for.", keeps=0.75),
    Wrong("exchanged", {"return exact, words": "return words, exact"},
          "The two scores have changed places.", keeps=0.5),
]
