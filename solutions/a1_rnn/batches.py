"""From a text to batches of inputs and targets, cut rightly and wrongly."""

import numpy as np

from course_utils.assignments import Wrong


def sequential_batches(text, id_to_token, n, T, offset):
    token_to_id = {token: i for i, token in enumerate(id_to_token)}
    ids = np.array([token_to_id.get(token, 0) for token in text])  # (tokens,)
    length = (len(ids) - offset - 1) // n // T * T  # of a row
    X, Y = ids[offset:][: n * length], ids[offset + 1 :][: n * length]  # (n * length,) each
    return tuple(each.reshape(n, -1, T).swapaxes(0, 1) for each in (X, Y))  # (batches, n, T) each


def turned_in_the_window(text, id_to_token, n, T, offset):
    X, _ = sequential_batches(text, id_to_token, n, T, offset)
    return X, np.roll(X, -1, axis=2)


def rows_with_ends(ids, n, usable):
    return ids[: usable // n * n].reshape(n, -1)  # (n, a length that need not be a multiple of T)


def offset_ignored(text, id_to_token, n, T, offset):
    return sequential_batches(text, id_to_token, n, T, 0)


VOCABULARY, TARGETS = "enumerate(id_to_token)", "ids[offset + 1 :]"

# fmt: off
WRONG_BATCHES = [
    Wrong("not_shifted", {TARGETS: "ids[offset:]"},
          "The targets are the inputs: whoever copies has learned everything. Which token must a step predict?"),
    Wrong("results_exchanged", {"for each in (X, Y)": "for each in (Y, X)"},
          "Inputs and targets have changed places: a target is the token that comes next.", keeps=0.5),
    Wrong("shifted_back", {TARGETS: "ids[offset - 1 :]"},
          "The targets are the tokens before the inputs. A model should say what follows.", keeps=0.25),
    Wrong("two_further", {TARGETS: "ids[offset + 2 :]"},
          "The targets are two tokens further on, not one.", keeps=0.25),
    Wrong("turned_in_the_window", turned_in_the_window,
          "The last target of each window is the window's own first token. It should be the token that follows in "
          "the text.", keeps=0.5),
    Wrong("turned_in_the_text", {"- offset - 1)": "- offset)", TARGETS: "np.roll(ids[offset:], -1)"},
          "The last token of the text is an input, and its target is the text's beginning. What follows it is not "
          "known.", keeps=0.5),
    Wrong("window_after_window", {"reshape(n, -1, T).swapaxes(0, 1)": "reshape(-1, n, T)"},
          "The text goes on from row to row within a batch. In sequential partitioning row i goes on where row i of "
          "the batch before stopped."),
    Wrong("ends_of_the_rows_left_out", {"X, Y = ids[offset:][: n * length], ids[offset + 1 :][: n * length]":
                                        "X, Y = (rows_with_ends(ids[first:], n, len(ids) - offset - 1)[:, :length] "
                                        "for first in (offset, offset + 1))"},
          "The rows are cut too long first, and then the batches end early: the end of each row is in none of them. "
          "Here all that is left over is at the end of the text, so row i + 1 begins where row i stops.", keeps=0.5),
    Wrong("last_batch_left_out", {"n // T * T": "n // T * T - T"},
          "The batches end one too early: the last one whose targets are all known is missing.", keeps=0.5),
    Wrong("every_nth_token", {"each.reshape(": "each.reshape(length, n).T.reshape("},
          "A row has every n-th token of the text. It should be a stretch of it, so that it can be read."),
    Wrong("offset_ignored", offset_ignored,
          "The cutting begins with the first token: offset has no effect.", keeps=0.5),
    Wrong("rows_before_batches", {".swapaxes(0, 1)": ""},
          "The axes are rows, batches, steps. Whoever goes through the result should get a batch at a time.",
          keeps=0.5),
    Wrong("steps_before_rows", {"swapaxes(0, 1)": "transpose(1, 2, 0)"},
          "The axes are batches, steps, rows. In this course batches are batch first: a row in each row.", keeps=0.5),
    Wrong("a_vocabulary_of_its_own", {VOCABULARY: 'enumerate(["<unk>", *sorted(set(text))])'},
          "The ids come from a new vocabulary, made from this text. A model knows the one that it was trained with: "
          "id_to_token."),
    Wrong("counted_from_the_first_letter", {VOCABULARY: "enumerate(id_to_token[1:])"},
          "The ids are one too small: <unk> has one as well, even where it is not used."),
    Wrong("unknown_left_out", {"for token in text": "for token in text if token in id_to_token"},
          "Tokens that the vocabulary lacks are left out, so that others move together. They keep their place."),
    Wrong("unknown_is_minus_one", {"(token, 0)": "(token, -1)"},
          "Unknown tokens have the id −1, and that means the last token where something is looked up."),
    Wrong("unknown_gets_new_ids", {VOCABULARY: "enumerate(dict.fromkeys([*id_to_token, *text]))"},
          "Unknown tokens get new ids behind the others. The model has no weights for them."),
    Wrong("unknown_is_the_space", {"(token, 0)": '(token, token_to_id[" "])'},
          "Unknown tokens are taken for spaces. They have a token of their own in the vocabulary.", keeps=0.5),
]
