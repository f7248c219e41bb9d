"""The chapters' diagrams that grow part by part, as files: `python -m course_utils.workshop.diagrams` writes them.

They are drawn from the templates in `course_utils/figures/templates`, of which the cell stepper shows the last part, in
the colours of `course_utils.palette` on white paper.
"""

import re
from typing import NamedTuple

from course_utils import files
from course_utils.figures.cells import drawn
from course_utils.figures.living import VARIABLES, template
from course_utils.workshop.chapters import CHAPTERS


class Diagram(NamedTuple):
    """A template, how far it has grown, and what a screen reader says of it."""

    template: str
    part: int
    title: str
    description: str
    top: int = 0  # what is above it is empty


_READ = "The letters a, l, i, c are read from left to right; each is a one-hot vector X over the letters a, l, i, c, e."
_CHAIN = " Each X goes through W_xh into a hidden state H, which also gets the one before it through W_hh; H_0 is 0."
_BETS = " From each H, through W_hq and a softmax, come the probabilities of the five letters to be the next one."
_LOSS = (
    " The right next letters are l, i, c, e, with probabilities 0.25, 0.55, 0.70 and 0.61; the loss is the mean of "
    "their negative logarithms, 0.71."
)
_SCORES = (
    "An encoder has read red, heart and eos into its states H 1, H 2 and H 3; a decoder has read bos, and its state is "
    "S 1. From each H and from S 1 comes a score: 0, 2 and −1."
)
_WEIGHTS = _SCORES + " A softmax makes weights of the scores: 0.11, 0.84 and 0.04."
_GATES = "Both gates are sigmoids of the input and the old state."

DIAGRAMS = {
    "02_letters_1": Diagram("letters", 1, "Letters become vectors", _READ, top=422),
    "02_letters_2": Diagram("letters", 2, "The state is handed on from letter to letter", _READ + _CHAIN, top=330),
    "02_letters_3": Diagram("letters", 3, "Each state bets on the next letter", _READ + _CHAIN + _BETS, top=186),
    "02_letters_4": Diagram("letters", 4, "The loss", _READ + _CHAIN + _BETS + _LOSS),
    "03_gru_1": Diagram(
        "gru",
        1,
        "A plain recurrent step",
        "The candidate, a tanh of the input X at t and of the old state H at t−1, is the new state H at t.",
    ),
    "03_gru_2": Diagram(
        "gru",
        2,
        "The update gate",
        "The old state H at t−1 runs along the top to the new state H at t: it is multiplied by the update gate Z, and "
        "the candidate, multiplied by one minus Z, is added. Z is a sigmoid of the input and the old state; the "
        "candidate is a tanh of both.",
    ),
    "03_gru_3": Diagram(
        "gru",
        3,
        "The reset gate: the whole step of a gated recurrent unit",
        "As before, the old state times Z and the candidate times one minus Z are added. Now the candidate is a tanh "
        f"of the input and of the old state multiplied by the reset gate R. {_GATES}",
    ),
    "04_lstm_1": Diagram(
        "lstm",
        1,
        "The memory and the forget gate",
        "The memory C at t−1 runs along the top, as on a belt, to C at t. On its way it is multiplied by the forget "
        "gate F, a sigmoid of the input X at t and of the old hidden state H at t−1.",
    ),
    "04_lstm_2": Diagram(
        "lstm",
        2,
        "The input gate and the candidate",
        "The memory is multiplied by the forget gate F; then the candidate, a tanh, multiplied by the input gate I, a "
        "sigmoid, is added. All read the input and the old hidden state.",
    ),
    "04_lstm_3": Diagram(
        "lstm",
        3,
        "The output gate: the whole step of an LSTM",
        "As before, the memory is multiplied by F, and the candidate times I is added. A branch of the new memory goes "
        "down through tanh, is multiplied by the output gate O, and becomes the hidden state H at t.",
    ),
    "12_attention_1": Diagram("attention", 1, "Scores: how well each state fits", _SCORES, top=196),
    "12_attention_2": Diagram("attention", 2, "Weights: a softmax of the scores", _WEIGHTS, top=90),
    "12_attention_3": Diagram(
        "attention",
        3,
        "The whole step of attention",
        f"{_WEIGHTS} The mean of the three H with these weights is C 1. Through W_c it is added to S 1, and the sum "
        "goes through W_hq to the word cœur.",
    ),
}
"""File name without its ending → the diagram."""


def svg(name: str) -> str:
    """The text of a diagram's file.

    >>> svg("03_gru_2").count("</title>"), "data-in" in svg("03_gru_2")
    (1, False)
    """
    template_name, part, title, description, top = DIAGRAMS[name]
    style = template("cell.css") + ".cell .over { transform: translateY(9px); }\n"  # no number stands below it
    for variable, color in VARIABLES.items():
        style = style.replace(f"var(--{variable})", color)
    drawing = drawn(template_name, part, f"{name}-arrow")
    width, height = map(int, re.search(r'viewBox="0 0 (\d+) (\d+)"', drawing).groups())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="cell" width="{width}" height="{height - top}" '
        f'viewBox="0 {top} {width} {height - top}" role="img" aria-labelledby="{name}-t {name}-d">\n'
        f'<title id="{name}-t">{title}</title>\n<desc id="{name}-d">{description}</desc>\n<style>\n{style}</style>\n'
        f'<rect y="{top}" width="{width}" height="{height - top}" rx="10" fill="#fff"/>{drawing.partition(">")[2]}'
    )


def main() -> None:
    """Write all diagrams into the chapters' folder."""
    for name in DIAGRAMS:
        files.write(CHAPTERS / "figures" / f"{name}.svg", svg(name))


if __name__ == "__main__":
    main()
