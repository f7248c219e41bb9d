"""The likeliest sentence of a small model, token by token; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong


def walk(tables, first, steps, choose=np.argmax, fed=lambda last, first: last):
    """For each table so many tokens, (n, steps), whatever they are."""
    rows = []
    for table in tables:
        ids = [first]
        for _ in range(steps):
            ids.append(int(choose(table[fed(ids[-1], first)])))
        rows.append(ids[1:])
    return rows


def until(row, eos):
    return row[: row.index(eos)] if eos in row else row


def until_the_last(row, eos):
    return row[: len(row) - 1 - row[::-1].index(eos)] if eos in row else row


def greedy(tables, bos, eos, max_steps):
    return [until(row, eos) for row in walk(tables, bos, max_steps)]


def walking(**parts):
    return lambda tables, bos, eos, max_steps: [until(row, eos) for row in walk(tables, bos, max_steps, **parts)]


def cutting(cut):
    """`cut` makes of all rows, (n, max_steps), and the two tokens what is returned."""
    return lambda tables, bos, eos, max_steps: cut(walk(tables, bos, max_steps), bos, eos)


def ends(rows, eos):
    """After how many tokens each row has ended, the last one counted."""
    return [row.index(eos) + 1 if eos in row else len(row) for row in rows]


WRONG_GREEDY = [
    Wrong(
        "no_stop_at_the_end",
        cutting(lambda rows, bos, eos: rows),
        "The sentences go on behind <eos>: all have max_steps tokens.",
    ),
    Wrong(
        "stops_when_all_have_ended",
        cutting(lambda rows, bos, eos: [row[: max(ends(rows, eos))] for row in rows]),
        "The search stops when all sentences have ended; until then the short ones have gone on behind their <eos>.",
        keeps=0.25,
    ),
    Wrong(
        "stops_with_the_first",
        cutting(lambda rows, bos, eos: [until(row[: min(ends(rows, eos))], eos) for row in rows]),
        "All sentences stop where the first one ends. Each has an end of its own.",
        keeps=0.25,
    ),
    Wrong(
        "end_kept",
        cutting(lambda rows, bos, eos: [row[:end] for row, end in zip(rows, ends(rows, eos), strict=True)]),
        "The token <eos> is a part of the sentences. It says that they have ended.",
        keeps=0.5,
    ),
    Wrong(
        "only_the_end_left_out",
        cutting(lambda rows, bos, eos: [[token for token in row if token != eos] for row in rows]),
        "The tokens <eos> are left out, but not what comes behind them.",
        keeps=0.25,
    ),
    Wrong(
        "cut_at_the_last_end",
        cutting(lambda rows, bos, eos: [until_the_last(row, eos) for row in rows]),
        "The sentences are cut off at their last <eos>. Behind the first there should be nothing any more.",
        keeps=0.25,
    ),
    Wrong(
        "beginning_kept",
        cutting(lambda rows, bos, eos: [[bos, *until(row, eos)] for row in rows]),
        "The sentences begin with <bos>. That is read, and not said.",
        keeps=0.5,
    ),
    Wrong(
        "last_token_lost",
        cutting(lambda rows, bos, eos: [until(row, eos)[:-1] for row in rows]),
        "The last token of each sentence is missing.",
        keeps=0.25,
    ),
    Wrong(
        "one_step_too_few",
        lambda tables, bos, eos, max_steps: greedy(tables, bos, eos, max_steps - 1),
        "A sentence that does not end is one token too short. max_steps counts tokens that are said; <bos> is not.",
        keeps=0.5,
    ),
    Wrong(
        "one_step_too_many",
        lambda tables, bos, eos, max_steps: greedy(tables, bos, eos, max_steps + 1),
        "A sentence that does not end is one token too long.",
        keeps=0.5,
    ),
    Wrong(
        "columns_for_rows",
        lambda tables, bos, eos, max_steps: greedy(tables.swapaxes(1, 2), bos, eos, max_steps),
        "Rows and columns are exchanged: a row says what follows one token.",
    ),
    Wrong(
        "first_token_again_and_again",
        walking(fed=lambda last, first: first),
        "What is said is not read: each step asks what follows <bos>.",
    ),
    Wrong(
        "starts_from_token_0",
        lambda tables, bos, eos, max_steps: greedy(tables, 0, eos, max_steps),
        "The first token follows the token 0, whatever bos is.",
        keeps=0.25,
    ),
    Wrong(
        "starts_from_the_end",
        lambda tables, bos, eos, max_steps: greedy(tables, eos, eos, max_steps),
        "The first token follows <eos>. Which token begins a sentence?",
        keeps=0.25,
    ),
    Wrong(
        "least_likely",
        walking(choose=np.argmin),
        "The token chosen is the least likely one.",
        keeps=0.25,
    ),
    Wrong(
        "second_likeliest",
        walking(choose=lambda row: np.argsort(row)[-2]),
        "The token chosen is the second likeliest.",
        keeps=0.25,
    ),
    Wrong(
        "first_model_for_all",
        lambda tables, bos, eos, max_steps: greedy(np.stack([tables[0]] * len(tables)), bos, eos, max_steps),
        "All sentences are written by the first one's model.",
        keeps=0.25,
    ),
]
