"""A living figure of each kind, made of little, and how a test looks at one in a browser."""

import numpy as np

from course_utils.datasets import NGram, Vocab
from course_utils.decoding import Translation
from course_utils.figures import (
    alignment_map,
    beam_stepper,
    cell_stepper,
    context_map,
    film,
    gate_microscope,
    read_counts,
    scan_tree,
    surprise_ribbon,
    watch_beam,
)
from course_utils.workshop import chapters

SCREENSHOTS = chapters.ROOT / "build"
ECHO = {"W_xh": np.eye(2), "W_hh": [[0.0, 0.5], [0.5, 0.0]]}


def echo():
    return cell_stepper(ECHO, [[1, 0], [0, 0], [0, 0], [0, 0]], "The knock echoes")


LINE = "the cat sat on the mat"
VOCAB = Vocab([*LINE])


def counted(order, line=LINE):
    return read_counts(NGram(order, len(VOCAB)).fit(VOCAB[[*LINE]] * 3), line, VOCAB)


def ribbon():
    return surprise_ribbon(LINE, {"2-gram": counted(2), "4-gram": counted(4)}, VOCAB, "Two models read")


def gates_of(tokens, h=12, seed=0):
    rng = np.random.default_rng(seed)
    return {name: rng.uniform(size=(len(tokens), h)) for name in "IFO"} | {"C": rng.normal(size=(len(tokens), h))}


def gates():
    return gate_microscope(list(LINE), gates_of(LINE), "An LSTM reads")


# Three tokens and an end: the first step of the greedy search leads nowhere.
CHAIN = np.log([[0.01, 0.5, 0.4, 0.09], [0.4, 0.2, 0.2, 0.2], [0.01, 0.01, 0.01, 0.97], [0.25] * 4])
TOKENS = ["<bos>", "a", "b", "<eos>"]


def watched(max_steps=4, widths=(1, 2, 3, 5), table=CHAIN, tokens=TOKENS):
    return watch_beam(lambda prefixes: table[prefixes[:, -1]], tokens, 0, len(tokens) - 1, max_steps, widths)


def beam():
    return beam_stepper(watched(), "Greedy loses")


TONES = ["plain", "light", "dark"]
NAMES = [name if tone == "plain" else f"{name} {tone} skin tone" for name in ("man", "woman", "boy") for tone in TONES]
CHANGES = {"+ light": np.array([0.0, 1.0]), "− light": np.array([0.0, -1.0]), "+ dark": np.array([0.5, 2.0])}
POINTS = np.array(
    [[3 * i, 0.2 * i] + added for i in range(3) for added in (np.zeros(2), CHANGES["+ light"], CHANGES["+ dark"])]
)
FRENCH = {change: [f"{name}, {change or 'tel quel'}" for name in NAMES] for change in ("", *CHANGES)}


def contexts():
    return context_map(POINTS, NAMES, TONES * 3, CHANGES, FRENCH, "Nine contexts")


READ = [["red", "dog", "<eos>"], ["a", "big", "red", "cat", "<eos>"]]
WRITTEN = [["chien", "rouge"], ["un", "gros", "chat", "rouge"]]


def looked(seed=0, written=WRITTEN, read=READ):
    rng = np.random.default_rng(seed)
    maps = [rng.dirichlet(np.full(len(source), 0.3), len(words)) for words, source in zip(written, read, strict=True)]
    return [Translation(words, -0.1, weights) for words, weights in zip(written, maps, strict=True)]


def alignment():
    return alignment_map(READ, looked(), "Two names")


WAYS = ["up", "down", "left", "right"]


def moving(T=5, height=6, width=7, seed=0):
    """A clip and what two probes believe of it, the second from the second frame on."""
    rng = np.random.default_rng(seed)
    clip = np.zeros((T, height, width))
    for t in range(T):
        clip[t, 2:4, t : t + 3] = rng.integers(1, 17, (2, 3))
    return clip, {"now": rng.dirichlet(np.ones(4), T), "first": rng.dirichlet(np.ones(4), T - 1)}


def moves():
    return film(*moving(), WAYS, "It goes right")


FACTORS = np.full(60, 0.1)


def coefficients(T=7, seed=0):
    """Factors of both signs, one of them zero, and summands."""
    rng = np.random.default_rng(seed)
    return np.where(np.arange(T) == 2, 0, rng.uniform(-1, 1, T)), rng.normal(size=T)


def scan():
    return scan_tree(*coefficients(), FACTORS, "Seven steps")


FIGURES = {
    "stepper": echo,
    "ribbon": ribbon,
    "microscope": gates,
    "beam": beam,
    "contexts": contexts,
    "alignment": alignment,
    "film": moves,
    "scan": scan,
}


def focus(page, selector):
    """Press Tab until the keyboard is there."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"The keyboard does not reach {selector}.")


def shows(locator, words):
    """Wait until it has these words: a script may run a moment after a key is pressed."""
    from playwright.sync_api import expect

    expect(locator).to_have_text(words)


def keep(page, name):
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def numbers_of(page, label):
    """What the open table of all numbers says of a quantity, (h,)."""
    row = page.locator(".numbers tr").filter(has=page.get_by_role("rowheader", name=label, exact=True))
    return [float(number.replace("−", "-")) for number in row.locator("td").inner_text().split(",")]
