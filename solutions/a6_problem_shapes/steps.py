"""Which of a network's states answers; right and wrong."""

import numpy as np

from course_utils.assignments import Wrong

from .eyes import NO_GRADIENT


def last_states(outputs, lengths, both=False):
    last = outputs[np.arange(len(outputs)), lengths - 1]  # (n, h), of both directions (n, 2h)
    if not both:
        return last
    h = outputs.shape[2] // 2
    return np.concatenate([last[:, :h], outputs[:, 0, h:]], axis=1)  # (n, 2h)


LAST = "outputs[np.arange(len(outputs)), lengths - 1]"

# fmt: off
WRONG_STATES = [
    Wrong("last_step", {LAST: "outputs[:, -1]"},
          "This is the state at the last step of the batch. In a short row that is padding, and padding is read like "
          "a word.",
          keeps=0.25),
    Wrong("end_of_the_longest_row", {LAST: "outputs[:, lengths.max() - 1]"},
          "All rows are asked where the longest one ends. Each row has its own last valid step.", keeps=0.25),
    Wrong("end_of_the_shortest_row", {LAST: "outputs[:, lengths.min() - 1]"},
          "All rows are asked where the shortest one ends; of the others the rest is not read.", keeps=0.25),
    Wrong("last_row_of_the_batch", lambda outputs, lengths, both=False: outputs[-1],
          "This is the last row of the batch, with all its steps: the first axis is not the time."),
    Wrong("a_step_too_late", {"lengths - 1": "lengths"},
          "The states are a step too late, in the padding: steps are counted from 0.", keeps=0.5),
    Wrong("a_step_too_early", {"lengths - 1": "lengths - 2"},
          "The states are a step too early: the last word has not been read.", keeps=0.5),
    Wrong("mean_of_the_valid_states",
          {LAST: "np.array([row[:length].mean(axis=0) for row, length in zip(outputs, lengths)])"},
          "This is the mean of all valid states, a reader of another kind; the last one is asked for.", keeps=0.25),
    Wrong("mean_of_all_states", {LAST: "outputs.mean(axis=1)"},
          "This is the mean of all states, padding included; the last valid one is asked for."),
    Wrong("both_at_the_end", {"outputs[:, 0, h:]": "last[:, h:]"},
          "The backward half is taken at the last valid step. There it has only begun: it reads from the end to the "
          "beginning.",
          keeps=0.4),
    Wrong("backward_half_in_the_padding", {"outputs[:, 0, h:]": "outputs[:, -1, h:]"},
          "The backward half is taken at the last step, where there may be padding, and where it has read nothing "
          "yet.",
          keeps=0.4),
    Wrong("halves_exchanged", {"last[:, :h]": "last[:, h:]", "outputs[:, 0, h:]": "outputs[:, 0, :h]"},
          "The halves have changed places: the first h numbers are the forward direction's.", keeps=0.4),
    Wrong("backward_half_in_front", {"[last[:, :h], outputs[:, 0, h:]]": "[outputs[:, 0, h:], last[:, :h]]"},
          "The backward half stands in front. The forward one comes first, as in the outputs.", keeps=0.4),
    Wrong("every_second_number", {"last[:, :h]": "last[:, ::2]", "outputs[:, 0, h:]": "outputs[:, 0, 1::2]"},
          "You took every second number for a direction. The directions lie side by side: h numbers, then h numbers.",
          keeps=0.4),
    Wrong("no_gradient", lambda outputs, lengths, both=False: last_states(outputs.real, lengths, both),
          NO_GRADIENT),
]
