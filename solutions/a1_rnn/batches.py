"""From a text to batches of inputs and targets, cut rightly and wrongly."""

import numpy as np

from course_utils.assignments import Wrong


def look_up(text, id_to_token, unknown=0):
    table = {token: i for i, token in enumerate(id_to_token)}
    return np.array([table.get(token, unknown) for token in text])  # (tokens,)


def streams(ids, n, length):
    """The rows side by side: each is a stretch of the text."""
    return ids.reshape(n, length)


def batches_of(rows, T):
    n, length = rows.shape
    return rows.reshape(n, length // T, T).swapaxes(0, 1)  # (batches, n, T)


def cut(ids, n, T, offset, rows=streams, order=batches_of, shift=1):
    """The cutting in parts: how a row is made of the text, and how the rows become batches."""
    length = (len(ids) - offset - 1) // n // T * T

    def windows(begin):
        return order(rows(ids[begin : begin + n * length], n, length), T)

    return windows(offset), windows(offset + shift)


def sequential_batches(text, id_to_token, n, T, offset):
    return cut(look_up(text, id_to_token), n, T, offset)


def cutting(**parts):
    return lambda text, id_to_token, n, T, offset: cut(look_up(text, id_to_token), n, T, offset, **parts)


def looking_up(look):
    return lambda text, id_to_token, n, T, offset: cut(look(text, id_to_token), n, T, offset)


def window_after_window(rows, T):
    return rows.reshape(-1, len(rows), T)


def turned_in_the_window(text, id_to_token, n, T, offset):
    X, _ = sequential_batches(text, id_to_token, n, T, offset)
    return X, np.roll(X, -1, axis=2)


def turned_in_the_text(text, id_to_token, n, T, offset):
    """All the text is input, and the target of the last token is the first."""
    ids = look_up(text, id_to_token)[offset:]
    length = len(ids) // n // T * T
    return tuple(
        batches_of(streams(each[: n * length], n, length), T) for each in (ids, np.roll(ids, -1))
    )  # each (batches, n, T)


def with_new_ids(text, id_to_token):
    """Every unknown token gets an id of its own, behind the others."""
    new = [token for token in dict.fromkeys(text) if token not in id_to_token]
    return look_up(text, [*id_to_token, *new])


WRONG_BATCHES = [
    Wrong(
        "not_shifted",
        cutting(shift=0),
        "The targets are the inputs: whoever copies has learned everything. Which token must a step predict?",
    ),
    Wrong(
        "shifted_back",
        cutting(shift=-1),
        "The targets are the tokens before the inputs. A model should say what follows.",
        keeps=0.25,
    ),
    Wrong(
        "two_further",
        cutting(shift=2),
        "The targets are two tokens further on, not one.",
        keeps=0.25,
    ),
    Wrong(
        "turned_in_the_window",
        turned_in_the_window,
        "The last target of each window is the window's own first token. It should be the token that follows in the "
        "text.",
        keeps=0.5,
    ),
    Wrong(
        "turned_in_the_text",
        turned_in_the_text,
        "The last token of the text is an input, and its target is the text's beginning. What follows it is not known.",
        keeps=0.5,
    ),
    Wrong(
        "window_after_window",
        cutting(order=window_after_window),
        "The text goes on from row to row within a batch. In sequential partitioning row i goes on where row i of the "
        "batch before stopped.",
    ),
    Wrong(
        "every_nth_token",
        cutting(rows=lambda ids, n, length: ids.reshape(length, n).T),
        "A row has every n-th token of the text. It should be a stretch of it, so that it can be read.",
    ),
    Wrong(
        "offset_ignored",
        lambda text, id_to_token, n, T, offset: sequential_batches(text, id_to_token, n, T, 0),
        "The cutting begins with the first token: offset has no effect.",
        keeps=0.5,
    ),
    Wrong(
        "rows_before_batches",
        cutting(order=lambda rows, T: rows.reshape(len(rows), -1, T)),
        "The axes are rows, batches, steps. Whoever goes through the result should get a batch at a time.",
        keeps=0.5,
    ),
    Wrong(
        "steps_before_rows",
        cutting(order=lambda rows, T: batches_of(rows, T).swapaxes(1, 2)),
        "The axes are batches, steps, rows. In this course batches are batch first: a row in each row.",
        keeps=0.5,
    ),
    Wrong(
        "a_vocabulary_of_its_own",
        looking_up(lambda text, id_to_token: look_up(text, ["<unk>", *sorted(set(text))])),
        "The ids come from a new vocabulary, made from this text. A model knows the one that it was trained with: "
        "id_to_token.",
    ),
    Wrong(
        "counted_from_the_first_letter",
        looking_up(lambda text, id_to_token: look_up(text, id_to_token[1:])),
        "The ids are one too small: <unk> has one as well, even where it is not used.",
    ),
    Wrong(
        "unknown_left_out",
        looking_up(lambda text, id_to_token: look_up([token for token in text if token in id_to_token], id_to_token)),
        "Tokens that the vocabulary lacks are left out, so that others move together. They keep their place.",
    ),
    Wrong(
        "unknown_is_minus_one",
        looking_up(lambda text, id_to_token: look_up(text, id_to_token, -1)),
        "Unknown tokens have the id −1, and that means the last token where something is looked up.",
    ),
    Wrong(
        "unknown_gets_new_ids",
        looking_up(with_new_ids),
        "Unknown tokens get new ids behind the others. The model has no weights for them.",
    ),
    Wrong(
        "unknown_is_the_space",
        looking_up(lambda text, id_to_token: look_up(text, id_to_token, id_to_token.index(" "))),
        "Unknown tokens are taken for spaces. They have a token of their own in the vocabulary.",
        keeps=0.5,
    ),
]
