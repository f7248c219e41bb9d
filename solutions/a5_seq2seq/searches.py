"""The likeliest sentence of a small model, token by token or with several beginnings at once; right and wrong."""

import math

from course_utils.assignments import Wrong, mutant

# ---- always the likeliest token ----


def greedy(tables, bos, eos, max_steps):
    sentences = []
    for table in tables:  # (V, V): a row says what follows one token
        ids = [bos]
        for _ in range(max_steps):
            token = int(table[ids[-1]].argmax())
            if token == eos:
                break
            ids.append(token)
        sentences.append(ids[1:])
    return sentences


on_and_on = mutant(greedy, {"token == eos": "False"})


def stops_when_all_have_ended(tables, bos, eos, max_steps):
    longest = max(len(ids) for ids in greedy(tables, bos, eos, max_steps))
    return on_and_on(tables, bos, eos, min(longest + 1, max_steps))


def stops_with_the_first(tables, bos, eos, max_steps):
    sentences = greedy(tables, bos, eos, max_steps)
    shortest = min(len(ids) for ids in sentences)
    return [ids[: shortest + 1] for ids in sentences]


def until_the_last(ids, eos):
    return ids[: len(ids) - 1 - ids[::-1].index(eos)] if eos in ids else ids


# fmt: off
WRONG_GREEDY = [
    Wrong("no_stop_at_the_end", on_and_on, "The sentences go on behind <eos>: all have max_steps tokens."),
    Wrong("stops_when_all_have_ended", stops_when_all_have_ended,
          "The search stops when all sentences have ended; until then the short ones have gone on behind their <eos>.",
          keeps=0.25),
    Wrong("stops_with_the_first", stops_with_the_first,
          "All sentences stop where the first one ends. Each has an end of its own.", keeps=0.25),
    Wrong("end_kept", {"token == eos": "ids[-1] == eos"},
          "The token <eos> is a part of the sentences. It says that they have ended.", keeps=0.5),
    Wrong("only_the_end_left_out",
          {"token == eos": "False", "ids[1:]": "[token for token in ids[1:] if token != eos]"},
          "The tokens <eos> are left out, but not what comes behind them.", keeps=0.25),
    Wrong("cut_at_the_last_end", {"token == eos": "False", "ids[1:]": "until_the_last(ids[1:], eos)"},
          "The sentences are cut off at their last <eos>. Behind the first there should be nothing any more.",
          keeps=0.25),
    Wrong("beginning_kept", {"ids[1:]": "ids"},
          "The sentences begin with <bos>. That is read, and not said.", keeps=0.5),
    Wrong("last_token_lost", {"ids[1:]": "ids[1:-1]"}, "The last token of each sentence is missing.", keeps=0.25),
    Wrong("one_step_too_few", {"range(max_steps)": "range(max_steps - 1)"},
          "A sentence that does not end is one token too short. max_steps counts tokens that are said; <bos> is not.",
          keeps=0.5),
    Wrong("one_step_too_many", {"range(max_steps)": "range(max_steps + 1)"},
          "A sentence that does not end is one token too long.", keeps=0.5),
    Wrong("columns_for_rows", {"table[ids[-1]]": "table[:, ids[-1]]"},
          "Rows and columns are exchanged: a row says what follows one token."),
    Wrong("first_token_again_and_again", {"table[ids[-1]]": "table[bos]"},
          "What is said is not read: each step asks what follows <bos>."),
    Wrong("starts_from_token_0", {"ids = [bos]": "ids = [0]"},
          "The first token follows the token 0, whatever bos is.", keeps=0.25),
    Wrong("starts_from_the_end", {"ids = [bos]": "ids = [eos]"},
          "The first token follows <eos>. Which token begins a sentence?", keeps=0.25),
    Wrong("least_likely", {"argmax()": "argmin()"}, "The token chosen is the least likely one.", keeps=0.25),
    Wrong("second_likeliest", {"argmax()": "argsort()[-2]"},
          "The token chosen is the second likeliest.", keeps=0.25),
    Wrong("first_model_for_all", {"table[ids[-1]]": "tables[0][ids[-1]]"},
          "All sentences are written by the first one's model.", keeps=0.25),
]
# fmt: on

# ---- several beginnings ----


def continued(ids, total, table, bos, eos):
    """What a beginning may become in one step, each with the logarithm of its probability."""
    last = ids[-1] if ids else bos
    if last == eos:
        return [(ids, total)]
    return [([*ids, token], total + log_p) for token, log_p in enumerate(table[last])]


def beam_search(table, bos, eos, max_steps, width, penalty):
    def score(beginning):
        ids, total = beginning
        return total / len(ids) ** penalty

    kept = [([], 0.0)]
    for _ in range(max_steps):
        grown = [new for each in kept for new in continued(*each, table, bos, eos)]
        kept = sorted(grown, key=score, reverse=True)[:width]
        if all(ids[-1] == eos for ids, _ in kept):
            break
    best = max(kept, key=score)
    return [token for token in best[0] if token != eos], float(score(best))


def its_own_best(ids, total, table, bos, eos):
    """But for the first step, each beginning goes on with its own likeliest token."""
    found = continued(ids, total, table, bos, eos)
    return [max(found, key=lambda each: each[1])] if ids else found


BEST, BEST_ENDED = "max(kept, key=score)", "max([each for each in kept if each[0][-1] == eos] or kept, key=score)"
SET_ASIDE = {
    "kept = [([], 0.0)]": "kept, ended = [([], 0.0)], []",
    "for each in kept for": "for each in kept if each not in ended for",
    "if all(": "ended += [each for each in kept if each[0][-1] == eos]\n        if all(",
    "max(kept,": "max(ended + kept,",
}

# fmt: off
WRONG_BEAMS = [
    Wrong("always_greedy", {"[:width]": "[:1]"},
          "This is the greedy search: only one beginning is kept, whatever width says.", keeps=0.25),
    Wrong("its_own_best", mutant(beam_search, continued=its_own_best),
          "Each beginning goes on with its own likeliest token. The beginnings should compete: whatever may become of "
          "any of them is compared.", keeps=0.25),
    Wrong("no_length_penalty", {" / len(ids) ** penalty": ""},
          "The logarithms are compared as they are, whatever penalty says: short sentences win.", keeps=0.25),
    Wrong("divided_by_the_length", {" ** penalty": ""},
          "The logarithms are divided by the length, whatever penalty says.", keeps=0.25),
    Wrong("multiplied_by_the_length", {"total / len(ids)": "total * len(ids)"},
          "The logarithms are multiplied by the power of the length. They are negative: long sentences fare worse "
          "still.", keeps=0.25),
    Wrong("end_not_counted", {"len(ids)": "max(1, len(ids) - (ids[-1] == eos))"},
          "The token <eos> is not counted in the length; its logarithm is in the sum.", keeps=0.5),
    Wrong("beginning_counted", {"len(ids)": "(len(ids) + 1)"},
          "The lengths are too large by 1: <bos> is counted.", keeps=0.5),
    Wrong("penalty_only_at_the_end", {"grown, key=score": "grown, key=lambda each: each[1]"},
          "Only at the end are the lengths made up for. On the way, what is kept is chosen by the bare logarithms.",
          keeps=0.5),
    Wrong("penalty_only_on_the_way", {BEST: "max(kept, key=lambda each: each[1])", "score(best)": "best[1]"},
          "On the way the lengths are made up for, but at the end the bare logarithms decide.", keeps=0.5),
    Wrong("logarithm_for_the_score", {"score(best)": "best[1]"},
          "The sentence is right, but its score is the bare logarithm of its probability.", keeps=0.5),
    Wrong("probability_for_the_score", mutant(beam_search, {"score(best)": "exp(best[1])"}, exp=math.exp),
          "The sentence is right, but its score is its probability.", keeps=0.5),
    Wrong("no_stop_at_the_end", lambda table, bos, eos, *rest: beam_search(table, bos, -1, *rest),
          "The sentences go on behind <eos>."),
    Wrong("ended_ones_dropped",
          mutant(beam_search, {"[:width]": "[:width] or kept"}, continued=mutant(continued, {"[(ids, total)]": "[]"})),
          "A beginning that has ended is gone at the next step. It should stay among those that are compared.",
          keeps=0.25),
    Wrong("ended_ones_grow", mutant(beam_search, continued=mutant(continued, {"[(ids,": "[([*ids, eos],"})),
          "A sentence that has ended grows longer while the others go on, so that its score gets better and better.",
          keeps=0.5),
    Wrong("ended_ones_set_aside", SET_ASIDE,
          "A sentence that has ended leaves the beam, and another takes its place. Some programs do so; here it keeps "
          "its place.", keeps=0.75),
    Wrong("stops_with_the_first_end", {"if all(": "if any(", BEST: BEST_ENDED},
          "The search stops as soon as one sentence has ended. A better one may end later.", keeps=0.5),
    Wrong("stops_with_the_best", {"if all(ids[-1] == eos for ids, _ in kept)": "if kept[0][0][-1] == eos"},
          "The search stops as soon as the best of those that are kept has ended. Another may still overtake it.",
          keeps=0.5),
    Wrong("only_ended_ones_count", {BEST: BEST_ENDED},
          "At the end only sentences that have ended are chosen from. What is cut off at max_steps counts as well.",
          keeps=0.5),
    Wrong("end_kept", {" if token != eos": ""},
          "The token <eos> is a part of the sentence. It says that it has ended.", keeps=0.5),
    Wrong("beginning_kept", {"[token for": "[bos] + [token for"},
          "The sentence begins with <bos>. That is read, and not said.", keeps=0.5),
    Wrong("last_of_the_kept", {"max(kept": "min(kept"},
          "What is returned is the worst of the sentences that were kept.", keeps=0.5),
    Wrong("one_step_too_few", {"range(max_steps)": "range(max_steps - 1)"},
          "The search stops one step too early. max_steps counts tokens that are said; <bos> is not.", keeps=0.5),
    Wrong("one_step_too_many", {"range(max_steps)": "range(max_steps + 1)"},
          "The search goes one step too far.", keeps=0.5),
    Wrong("columns_for_rows", lambda table, *rest: beam_search(table.T, *rest),
          "Rows and columns are exchanged: a row says what follows one token."),
    Wrong("starts_from_token_0", lambda table, bos, *rest: beam_search(table, 0, *rest),
          "The first token follows the token 0, whatever bos is.", keeps=0.25),
]
