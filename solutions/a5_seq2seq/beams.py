"""The likeliest sentence of a small model, with a beam: several beginnings at once; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong

from .sentences import until


def per_length(total, length, penalty):
    return total / length**penalty


def as_it_is(total, length, penalty):
    return total


def all_tokens(ids, total, table, bos, eos):
    row = table[ids[-1] if ids else bos]
    return [((*ids, token), total + more) for token, more in enumerate(row)]


def going_on(ids, total, table, bos, eos):
    """All that a beginning may become in one step; one that has ended stays as it is."""
    return [(ids, total)] if ids and ids[-1] == eos else all_tokens(ids, total, table, bos, eos)


def growing(ended):
    """`ended` says what becomes of a beginning that has ended."""
    return lambda ids, total, table, bos, eos: (
        ended(ids, total, eos) if ids and ids[-1] == eos else all_tokens(ids, total, table, bos, eos)
    )


def its_own_best(ids, total, table, bos, eos):
    """But for the first step, each beginning goes on with its own likeliest token."""
    found = going_on(ids, total, table, bos, eos)
    return [max(found, key=lambda each: each[1])] if ids else found


def without_the_end(row, bos, eos):
    return until(row, eos)


def beam(
    table,
    bos,
    eos,
    max_steps,
    width,
    penalty,
    compare=per_length,
    compare_last=None,
    length=lambda ids, eos: len(ids),
    grow=going_on,
    stop=all,
    among=lambda kept, eos: kept,
    place=0,
    cut=without_the_end,
    report=None,
):
    """The search in parts: how beginnings grow and are compared, when it stops, what is chosen and what returned."""

    def ranking(how):
        return lambda each: how(each[1], length(each[0], eos), penalty)

    table, kept = table.tolist(), [((), 0.0)]
    rank, last = ranking(compare), ranking(compare_last or compare)
    for _ in range(max_steps):
        grown = [new for each in kept for new in grow(*each, table, bos, eos)]
        if not grown:
            break
        kept = sorted(grown, key=rank, reverse=True)[:width]
        if stop([ids[-1] == eos for ids, _ in kept]):
            break
    chosen = sorted(among(kept, eos), key=last, reverse=True)[place]
    return cut(list(chosen[0]), bos, eos), float(report(chosen[1]) if report else last(chosen))


def beam_search(table, bos, eos, max_steps, width, penalty):
    return beam(table, bos, eos, max_steps, width, penalty)


def searching(**parts):
    return lambda table, bos, eos, max_steps, width, penalty: beam(table, bos, eos, max_steps, width, penalty, **parts)


def instead(**changes):
    """Other arguments than those given; each change makes of all of them a new one."""

    def answer(*given):
        names = ("table", "bos", "eos", "max_steps", "width", "penalty")
        old = dict(zip(names, given, strict=True))
        return beam_search(**old | {name: change(old) for name, change in changes.items()})

    return answer


def ended_if_any(kept, eos):
    return [each for each in kept if each[0][-1] == eos] or kept


def set_aside(table, bos, eos, max_steps, width, penalty):
    """What has ended leaves the beam, so that more others go on, and is compared with them at the end."""

    def rank(each):
        return per_length(each[1], len(each[0]), penalty)

    table, going, ended = table.tolist(), [((), 0.0)], []
    for _ in range(max_steps):
        grown = [new for each in going for new in all_tokens(*each, table, bos, eos)]
        kept = sorted(grown, key=rank, reverse=True)[:width]
        ended += [each for each in kept if each[0][-1] == eos]
        going = [each for each in kept if each[0][-1] != eos]
        if not going:
            break
    chosen = max([*ended, *going], key=rank)
    return until(list(chosen[0]), eos), float(rank(chosen))


WRONG_BEAMS = [
    Wrong(
        "always_greedy",
        instead(width=lambda old: 1),
        "This is the greedy search: only one beginning is kept, whatever width says.",
        keeps=0.25,
    ),
    Wrong(
        "its_own_best",
        searching(grow=its_own_best),
        "Each beginning goes on with its own likeliest token. The beginnings should compete: whatever may become of "
        "any of them is compared.",
        keeps=0.25,
    ),
    Wrong(
        "no_length_penalty",
        instead(penalty=lambda old: 0.0),
        "The logarithms are compared as they are, whatever penalty says: short sentences win.",
        keeps=0.25,
    ),
    Wrong(
        "divided_by_the_length",
        instead(penalty=lambda old: 1.0),
        "The logarithms are divided by the length, whatever penalty says.",
        keeps=0.25,
    ),
    Wrong(
        "multiplied_by_the_length",
        searching(compare=lambda total, length, penalty: total * length**penalty),
        "The logarithms are multiplied by the power of the length. They are negative: long sentences fare worse still.",
        keeps=0.25,
    ),
    Wrong(
        "end_not_counted",
        searching(length=lambda ids, eos: max(1, len(ids) - (ids[-1] == eos))),
        "The token <eos> is not counted in the length; its logarithm is in the sum.",
        keeps=0.5,
    ),
    Wrong(
        "beginning_counted",
        searching(length=lambda ids, eos: len(ids) + 1),
        "The lengths are too large by 1: <bos> is counted.",
        keeps=0.5,
    ),
    Wrong(
        "penalty_only_at_the_end",
        searching(compare=as_it_is, compare_last=per_length),
        "Only at the end are the lengths made up for. On the way, what is kept is chosen by the bare logarithms.",
        keeps=0.5,
    ),
    Wrong(
        "penalty_only_on_the_way",
        searching(compare_last=as_it_is),
        "On the way the lengths are made up for, but at the end the bare logarithms decide.",
        keeps=0.5,
    ),
    Wrong(
        "logarithm_for_the_score",
        searching(report=lambda total: total),
        "The sentence is right, but its score is the bare logarithm of its probability.",
        keeps=0.5,
    ),
    Wrong(
        "probability_for_the_score",
        searching(report=np.exp),
        "The sentence is right, but its score is its probability.",
        keeps=0.5,
    ),
    Wrong(
        "no_stop_at_the_end",
        searching(grow=all_tokens, stop=lambda ended: False, cut=lambda row, bos, eos: row),
        "The sentences go on behind <eos>.",
    ),
    Wrong(
        "ended_ones_dropped",
        searching(grow=growing(lambda ids, total, eos: [])),
        "A beginning that has ended is gone at the next step. It should stay among those that are compared.",
        keeps=0.25,
    ),
    Wrong(
        "ended_ones_grow",
        searching(grow=growing(lambda ids, total, eos: [((*ids, eos), total)])),
        "A sentence that has ended grows longer while the others go on, so that its score gets better and better.",
        keeps=0.5,
    ),
    Wrong(
        "ended_ones_set_aside",
        set_aside,
        "A sentence that has ended leaves the beam, and another takes its place. Some programs do so; here it keeps "
        "its place.",
        keeps=0.75,
    ),
    Wrong(
        "stops_with_the_first_end",
        searching(stop=any, among=ended_if_any),
        "The search stops as soon as one sentence has ended. A better one may end later.",
        keeps=0.5,
    ),
    Wrong(
        "only_ended_ones_count",
        searching(among=ended_if_any),
        "At the end only sentences that have ended are chosen from. What is cut off at max_steps counts as well.",
        keeps=0.5,
    ),
    Wrong(
        "end_kept",
        searching(cut=lambda row, bos, eos: [*until(row, eos), *[eos] * (eos in row)]),
        "The token <eos> is a part of the sentence. It says that it has ended.",
        keeps=0.5,
    ),
    Wrong(
        "beginning_kept",
        searching(cut=lambda row, bos, eos: [bos, *until(row, eos)]),
        "The sentence begins with <bos>. That is read, and not said.",
        keeps=0.5,
    ),
    Wrong(
        "last_of_the_kept",
        searching(place=-1),
        "What is returned is the worst of the sentences that were kept.",
        keeps=0.5,
    ),
    Wrong(
        "one_step_too_few",
        instead(max_steps=lambda old: old["max_steps"] - 1),
        "The search stops one step too early. max_steps counts tokens that are said; <bos> is not.",
        keeps=0.5,
    ),
    Wrong(
        "one_step_too_many",
        instead(max_steps=lambda old: old["max_steps"] + 1),
        "The search goes one step too far.",
        keeps=0.5,
    ),
    Wrong(
        "columns_for_rows",
        instead(table=lambda old: old["table"].T),
        "Rows and columns are exchanged: a row says what follows one token.",
    ),
    Wrong(
        "starts_from_token_0",
        instead(bos=lambda old: 0),
        "The first token follows the token 0, whatever bos is.",
        keeps=0.25,
    ),
]
