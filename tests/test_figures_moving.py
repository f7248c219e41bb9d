"""Film and scan: their numbers against the frameworks', in a real browser, by keyboard."""

import re

import numpy as np
import pytest
from data_helpers import says
from figure_helpers import FACTORS, WAYS, coefficients, focus, moves, moving, scan, shows

from course_utils.figures import (
    film,
    scan_tree,
)


def test_the_film_shows_the_numbers_that_it_was_given(opened):
    clip, beliefs = moving()
    page = opened(moves())
    focus(page, 'input[type="range"]')
    values = "(all) => all.map((one) => +one.style.getPropertyValue('--v'))"
    for t, frame in enumerate(clip):
        shows(page.locator("output"), f"Frame {t + 1} of 5")
        shades = page.locator(".picture span").evaluate_all(values)
        np.testing.assert_allclose(shades, frame.ravel() / clip.max(), rtol=0, atol=0.0051)
        bars = np.reshape(page.locator(".bar span").evaluate_all(values), (2, 4))
        numbers = [*map(str, page.locator("table td:last-child").all_inner_texts())]
        np.testing.assert_allclose(bars[0], beliefs["now"][t], rtol=0, atol=1e-5)
        np.testing.assert_allclose([*map(float, numbers[:4])], beliefs["now"][t], rtol=0, atol=5.1e-4)
        if t == 0:
            assert numbers[4:] == ["–"] * 4
        else:
            np.testing.assert_allclose(bars[1], beliefs["first"][t - 1], rtol=0, atol=1e-5)
        likeliest = [WAYS[beliefs["now"][t].argmax()], *([WAYS[beliefs["first"][t - 1].argmax()]] if t else [])]
        assert page.locator(".most th").all_inner_texts() == likeliest
        page.keyboard.press("ArrowRight")


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_a_film_moves_only_when_asked(opened, motion):
    page = opened(moves(), reduced_motion=motion)
    place, play = page.locator("output"), page.locator(".play")
    page.clock.install()
    page.clock.run_for(5000)
    shows(place, "Frame 1 of 5")
    focus(page, ".play")
    page.keyboard.press("Space")
    shows(play, "❚❚ Pause")
    page.clock.run_for(750)
    shows(place, "Frame 2 of 5")
    page.keyboard.press("Space")
    shows(play, "▶ Play")
    page.clock.run_for(5000)
    shows(place, "Frame 2 of 5")
    page.keyboard.press("Space")
    page.clock.run_for(5000)
    shows(place, "Frame 5 of 5")
    shows(play, "▶ Play")
    page.keyboard.press("Space")
    shows(place, "Frame 1 of 5")


def test_the_words_of_a_film():
    _, beliefs = moving()
    first, *told = str(moves()).splitlines()
    assert first == (
        "Figure: It goes right. A clip of 5 frames of 6 × 7 pixels, and the likeliest of up, down, left, right at its "
        "end."
    )
    assert told == [f"{name}: {WAYS[values[-1].argmax()]}" for name, values in beliefs.items()]


def test_the_clip_of_the_chapter_is_small_enough():
    rng = np.random.default_rng(0)
    clip = rng.uniform(size=(8, 20, 20))
    beliefs = {name: rng.dirichlet(np.ones(10), 8) for name in ("trained", "untrained")}
    assert len(film(clip, beliefs, [*"0123456789"], "A clip").html.encode()) < 100_000


def test_what_no_film_can_show_is_refused():
    clip, beliefs = moving()
    wrong = [
        ((clip[0], beliefs, WAYS), ["(6, 7)", "(T, height, width)"]),
        ((clip[:0], beliefs, WAYS), ["(0, 6, 7)"]),
        ((-clip, beliefs, WAYS), ["lowest number is -16"]),
        ((clip * np.nan, beliefs, WAYS), ["lowest number is nan"]),
        ((clip, {}, WAYS), ["no beliefs"]),
        ((clip, {"now": beliefs["now"][:2]}, WAYS), ["'now'", "(2, 4)", "(5, 4) or (4, 4)"]),
        ((clip, beliefs, WAYS[:3]), ["(5, 3) or (4, 3)"]),
        ((clip, {"now": 2 * beliefs["now"]}, WAYS), ["'now'", "sum 2.000", "softmax"]),
        ((clip, {"now": beliefs["now"] * [1, np.nan, 1, 1]}, WAYS), ["'now'", "sum nan"]),
        ((np.random.default_rng(0).uniform(size=(30, 40, 40)), {"now": np.full((30, 4), 0.25)}, WAYS), ["at most"]),
    ]
    for given, words in wrong:
        with pytest.raises(ValueError) as error:
            film(*given, "t")
        says(error, *words)


def number(words):
    """A number as a page writes it."""
    return float(words.replace("−", "-"))


@pytest.mark.parametrize("T", [7, 2, 16])
def test_the_scan_shows_the_numbers_of_the_framework(framework, opened, T):
    a, b = coefficients(T)
    page = opened(scan_tree(a, b, FACTORS, "A scan"))
    page.locator("summary").click()
    focus(page, ".by-round input")
    rounds = int(np.ceil(np.log2(T)))
    for r in range(rounds + 1):
        shows(page.locator(".by-round .place"), f"Round {r} of {rounds}" if r else "Start")
        rows = [row.locator("td").all_inner_texts() for row in page.locator(".numbers tbody tr").all()]
        assert page.locator(".tree .node").count() == (r + 1) * T
        assert page.locator(".tree .whole").count() == sum(min(T, 2**s) for s in range(r + 1))
        for t, (steps, factor, summand) in enumerate(rows):
            first = max(0, t + 1 - 2**r)
            assert steps == (f"{first + 1} to {t + 1}" if first < t else f"{t + 1}")
            assert number(factor) == pytest.approx(a[first : t + 1].prod(), abs=1e-5)
            alone = framework.course.linear_scan(*(framework.tensor(part[None, first : t + 1]) for part in (a, b)))
            assert number(summand) == pytest.approx(framework.array(alone)[0, -1], abs=1e-5)
        page.keyboard.press("ArrowRight")


def test_the_scan_follows_the_chosen_step(opened):
    a, b = coefficients()
    page = opened(scan())
    page.locator(".by-round input").press("End")
    h = re.search(r"h_7 = (\S+)[.]", str(scan()))[1].replace("-", "−")
    shows(page.locator(".told"), f"Step 7 has all from step 1 on in it: h = {h}")
    shows(page.locator(".by-step .place"), "Step 7 of 7")
    held = "(nodes) => nodes.map((node) => +node.dataset.t)"
    assert page.locator(".tree .held").evaluate_all(held) == [0, 1, 2, 3, 4, 5, 6, 0, 2, 4, 6, 2, 6, 6]
    focus(page, ".by-step input")
    page.keyboard.press("Home")
    shows(page.locator(".by-step .place"), "Step 1 of 7")
    assert page.locator(".tree .held").evaluate_all(held) == [0, 0, 0, 0]
    page.locator(".by-round input").press("Home")
    page.locator(".tree .node").nth(3).click()
    words = f"Step 4 has only itself in it: h = {a[3]:.4f} × (h after step 3) {b[3]:+.4f}".replace("-", "−")
    words = words.replace(") −", ") − ").replace(") +", ") + ")
    shows(page.locator(".told"), words)


def test_the_long_product_is_float32s(opened):
    page = opened(scan())
    focus(page, ".by-factor input")
    product = FACTORS.astype(np.float32).cumprod()
    with np.errstate(all="ignore"):
        divided = product * (1 / product).cumsum()
    h = np.cumsum(0.1 ** np.arange(60))  # 1 + 0.1 + 0.01 + …
    for t in range(60):
        shows(page.locator(".by-factor .place"), f"Factor {t + 1} of 60")
        of_product, by_dividing, by_scan = page.locator(".long td").all_inner_texts()
        assert number(of_product) == pytest.approx(float(product[t]), rel=1e-3)
        assert number(by_scan) == pytest.approx(h[t], abs=1e-5)
        if np.isfinite(divided[t]):
            assert number(by_dividing) == pytest.approx(float(divided[t]), rel=1e-3)
        else:
            assert by_dividing == "no number"
        page.keyboard.press("ArrowRight")
    assert of_product == "0"
    assert by_dividing == "no number"


def test_the_words_of_a_scan():
    assert str(scan_tree([0.5] * 4, [1] * 4, [0.9] * 20, "Halves")).splitlines() == [
        "Figure: Halves. A linear recurrence of 4 steps as a scan, a tree of 2 rounds: h_4 = 1.8750.",
        "A product of 20 factors is 0.1216 in float32; dividing by it, h_20 = 8.7842.",
        "Without dividing h_20 = 8.7842.",
    ]


def test_the_largest_scan_is_small_enough():
    rng = np.random.default_rng(0)
    figure = scan_tree(*coefficients(16), rng.uniform(0.1, 1, 400), "Sixteen steps")
    assert len(figure.html.encode()) < 100_000


def test_what_no_scan_can_show_is_refused():
    a, b = coefficients()
    wrong = [
        ((a[:3], b, FACTORS), ["(3,) and b (7,)", "T from 2 to 16"]),
        ((a[:1], b[:1], FACTORS), ["(1,)", "T from 2 to 16"]),
        ((np.ones(17), np.ones(17), FACTORS), ["(17,)", "T from 2 to 16"]),
        ((a[None], b[None], FACTORS), ["(1, 7)", "one unit of one sequence"]),
        ((a * np.nan, b, FACTORS), ["has NaN"]),
        ((a, b, FACTORS[:1]), ["factors has shape (1,)", "L from 2 to 400"]),
        ((a, b, np.ones(401)), ["(401,)"]),
        ((a, b, -FACTORS), ["-0.1", "more than 0"]),
    ]
    for given, words in wrong:
        with pytest.raises(ValueError) as error:
            scan_tree(*given, "t")
        says(error, *words)
