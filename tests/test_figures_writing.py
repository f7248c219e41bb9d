"""Beams, the map of contexts and the alignment map: their numbers against the frameworks', in a real browser."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from data_helpers import says
from figure_helpers import (
    CHAIN,
    CHANGES,
    FRENCH,
    NAMES,
    POINTS,
    READ,
    TOKENS,
    TONES,
    WRITTEN,
    alignment,
    beam,
    contexts,
    focus,
    looked,
    shows,
    watched,
)

from course_utils import search
from course_utils.decoding import Translation
from course_utils.figures import (
    alignment_map,
    beam_stepper,
    context_map,
    watch_beam,
)


def followed(search):
    """Of each step the beginnings, token by token, with the log-probability, and the outcome."""
    before = [()]
    for step in search:
        now = [(*before[h.parent], *([h.token] if h.token else [])) for h in step]
        yield [(tokens, h.log_prob, h.outcome) for tokens, h in zip(now, step, strict=True)]
        before = now


@pytest.mark.parametrize("width", [1, 2, 3, 5])
@pytest.mark.parametrize("seed", range(6))
def test_a_record_is_what_the_search_does(width, seed):
    rng = np.random.default_rng(seed)
    table = np.log(rng.dirichlet(np.ones(4), size=4))
    settings = {"num_sequences": 1, "bos": 0, "eos": 3, "max_steps": 4, "width": width}
    [found] = search.beam_search(lambda ids, state: (table[ids], state), None, lambda state, rows: state, **settings)
    record = watched(widths=[width], table=table)[width]
    best = max((h for h in record[-1] if h.outcome != "dropped"), key=lambda h: h.score)
    assert best.score == pytest.approx(found.score)
    for step, hypotheses in zip(followed(record), record, strict=True):
        assert 1 <= sum(outcome != "dropped" for _, _, outcome in step) <= width
        kept = [h.score for h in hypotheses if h.outcome != "dropped"]
        assert all(h.score <= min(kept) for h in hypotheses if h.outcome == "dropped")
        for tokens, log_prob, outcome in step:
            ids = [0, *map(TOKENS.index, tokens)]
            assert log_prob == pytest.approx(table[ids[:-1], ids[1:]].sum())
            if outcome != "dropped":
                assert (outcome == "finished") == (ids[-1] == 3)
    assert [TOKENS[i] for i in found.ids] in [[t for t in tokens if t != "<eos>"] for tokens, _, _ in step]


def test_a_record_is_what_a_frameworks_model_translates(framework):
    """The student's function, as chapter 07 has it: the decoder reads each prefix whole."""
    course, V = framework.course, 7
    model = course.Seq2Seq(course.Seq2SeqEncoder(V, 4, 5), course.Seq2SeqDecoder(V, 4, 5))
    source = np.array([[4, 5, 3]]), np.array([3])
    model((*map(framework.tensor, source), framework.tensor(np.array([[2]]))))  # makes the weights
    framework.draw_anew(model, np.random.default_rng(2))

    def step(prefixes):
        rows = [framework.tensor(np.repeat(part, len(prefixes), axis=0)) for part in source]
        logits, _ = model((*rows, framework.tensor(prefixes)))  # (m, t, V)
        return logits[:, -1]

    record = watch_beam(step, [*"pqrstuv"], bos=2, eos=3, max_steps=5)
    for width, steps in record.items():
        for tokens, log_prob, _ in [*followed(steps)][-1]:
            ids = [2, *map("pqrstuv".index, tokens)]
            logits = framework.array(model((*map(framework.tensor, source), framework.tensor(np.array([ids[:-1]]))))[0])
            log_probs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))  # (1, t, V)
            own = log_probs[0, np.arange(len(ids) - 1), ids[1:]]
            assert log_prob == pytest.approx(own.sum(), abs=1e-5), width


def test_the_stepper_of_beams_shows_the_numbers_of_the_record(opened):
    searches = watched()
    page = opened(beam_stepper(searches, "Greedy loses"))
    page.locator("summary").click()
    width, step = page.locator("output").all()
    for place, (k, search_) in enumerate(searches.items()):
        page.get_by_label("Width of the beam").focus()
        if place:
            page.keyboard.press("ArrowRight")
        shows(width, f"Width {k}")
        page.get_by_label("Step", exact=True).focus()
        page.keyboard.press("Home")
        for t, hypotheses in enumerate(followed(search_)):
            shows(step, f"Step {t + 1} of {len(search_)}")
            shown = {}
            for row in page.locator(".numbers tbody tr").all():
                outcome, prob, log_prob, score = row.locator("td").all_inner_texts()
                shown[row.locator("th").inner_text()] = [
                    outcome.lstrip("×■ "),
                    *(float(number.replace("−", "-")) for number in (prob, log_prob, score)),
                ]
            for (tokens, log_prob, outcome), h in zip(hypotheses, search_[t], strict=True):
                found = shown.pop(" ".join(tokens))
                assert found == [
                    outcome,
                    pytest.approx(h.prob, abs=1e-5),
                    pytest.approx(log_prob, abs=1e-5),
                    pytest.approx(h.score, abs=1e-5),
                ]
            assert shown == {}
            assert page.locator(".tree g").count() == sum(map(len, search_[: t + 1]))
            page.keyboard.press("ArrowRight")
    page.get_by_label("Width of the beam").press("Home")
    shows(page.locator(".told"), "The search ends with: a <bos> a <bos>, probability 0.0400")


def test_outcomes_are_told_by_signs_and_the_kept_line_is_thick(opened):
    page = opened(beam())
    page.get_by_label("Width of the beam").press("ArrowRight")
    page.get_by_label("Step", exact=True).press("ArrowRight")
    shows(page.locator(".told"), "Best so far: b <eos>, probability 0.3880")
    assert page.locator(".tree .finished text").first.text_content() == "■ <eos>"
    dropped = page.locator(".tree .dropped")
    assert {words[:2] for words in dropped.locator("text:first-of-type").all_text_contents()} == {"× "}
    assert page.locator(".tree .dropped.held").count() == 0
    assert page.locator(".tree .held").count() == 4
    page.get_by_role("button", name="One step on").click()
    shows(page.locator(".tree .finished text").nth(3), "■ waits")
    for _ in range(3):
        page.get_by_role("button", name="A wider beam").click()
    shows(page.locator("output").first, "Width 5")
    page.get_by_label("Step", exact=True).press("End")
    spoken = page.get_by_label("Step", exact=True).get_attribute("aria-valuetext")
    assert "5 kept" in spoken or "finished" in spoken


def test_the_words_of_a_beam():
    assert str(beam()).splitlines() == [
        "Figure: Greedy loses. A beam search as a tree, step by step, at 4 widths.",
        "width 1: a <bos> a <bos>, cut off after 4 tokens, probability 0.0400",
        *(f"width {width}: b <eos>, finished after 2 tokens, probability 0.3880" for width in (2, 3, 5)),
    ]


def test_a_beam_among_many_words_is_small_enough():
    rng = np.random.default_rng(0)
    table = np.log(rng.dirichlet(np.full(1700, 0.02), size=1700) + 1e-9)
    searches = watched(10, table=table, tokens=[f"mot{i}" for i in range(1700)])
    assert all(len(step) <= width + 6 for width, steps in searches.items() for step in steps)
    assert len(beam_stepper(searches, "Words").html.encode()) < 100_000


def test_what_no_beam_can_be_is_refused():
    kept = watched()[1][0][0]
    wrong = [
        (lambda: watch_beam(lambda prefixes: CHAIN, TOKENS, 0, 3, 4), ["(4, 4)", "1 prefixes", "(1, 4)"]),
        (lambda: watch_beam(lambda prefixes: np.full((1, 4), np.nan), TOKENS, 0, 3, 4, [1]), ["NaN"]),
        (lambda: watched(widths=[0]), ["width=0"]),
        (lambda: beam_stepper({}, "t"), ["expected one search or more"]),
        (lambda: beam_stepper({1: []}, "t"), ["[0] steps"]),
        (lambda: beam_stepper({1: [[kept._replace(parent=1)]]}, "t"), ["Step 1 at width 1", "parent 1", "0 to 0"]),
        (lambda: beam_stepper({1: [[kept._replace(outcome="lost")]]}, "t"), ["'lost'", "kept, finished, dropped"]),
        (lambda: beam_stepper({1: [[kept._replace(outcome="dropped")]]}, "t"), ["Step 1 at width 1", "keeps none"]),
    ]
    for call, words in wrong:
        with pytest.raises(ValueError) as error:
            call()
        says(error, *words)


def test_the_map_tells_the_translation_of_each_name_and_change(opened):
    page = opened(contexts())
    read = page.locator("output")
    focus(page, 'input[type="range"]')
    for i, name in enumerate(NAMES):
        shows(read, f"{name} →{FRENCH[''][i]}")
        page.keyboard.press("ArrowRight")
    focus(page, ".mode:nth-of-type(4)")
    page.keyboard.press("Space")
    shows(read, f"{NAMES[-1]} + dark →{FRENCH['+ dark'][-1]}")
    page.locator("summary").click()
    found = {
        row.locator("th").inner_text(): row.locator("td").inner_text() for row in page.locator(".numbers tr").all()
    }
    assert found == {f"{NAMES[-1]} {change}".strip(): texts[-1] for change, texts in FRENCH.items()}


def drawn_at(page):
    """Where the marks are, (n, 2), y upwards; where the ring is; and where the way begins and ends."""
    marks = page.locator(".map .mark").evaluate_all("(all) => all.map((one) => one.getAttribute('transform'))")
    ring = page.locator(".map .ring").get_attribute("transform")
    way = re.findall(r"-?[\d.]+", page.locator(".map .way").get_attribute("d"))[:4]
    pairs = [[float(number) for number in re.findall(r"-?[\d.]+", words)] for words in (*marks, ring)]
    places = np.array([*pairs, way[:2] or pairs[-1], way[2:] or pairs[-1]], dtype=float) * [1, -1]
    return places[:-3], places[-3], places[-2:]


@pytest.mark.parametrize("h", [2, 5])
def test_the_map_lies_as_the_contexts_do(opened, h):
    turn = np.linalg.qr(np.random.default_rng(h).normal(size=(h, h)))[0][:2]  # a plane in h dimensions
    given, changes = (POINTS, CHANGES) if h == 2 else (POINTS @ turn, {c: v @ turn for c, v in CHANGES.items()})
    page = opened(context_map(given, NAMES, TONES * 3, changes, FRENCH, "Nine contexts"))
    marks, ring, _ = drawn_at(page)
    np.testing.assert_allclose(ring, marks[0])

    def distances(points):
        return np.linalg.norm(points[:, None] - points[None], axis=-1)

    scale = distances(marks).max() / distances(POINTS).max()
    np.testing.assert_allclose(distances(marks), scale * distances(POINTS), atol=1e-3 * scale)
    page.get_by_role("button", name="+ dark").click()
    shows(page.locator("output"), re.compile("dark"))
    _, _, way = drawn_at(page)
    np.testing.assert_allclose(way, marks[[0, 2]], atol=1e-3 * scale)  # plain + dark is where dark is
    box = page.locator(".map .mark").nth(4).bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2 + 3, box["y"] + box["height"] / 2)
    shows(page.locator("output"), re.compile("^woman light skin tone "))


def test_the_map_tells_tones_apart_in_grey(opened):
    page = opened(contexts())
    shapes = page.locator(".map .mark").evaluate_all("(all) => all.map((one) => one.getAttribute('d'))")
    assert shapes == shapes[:3] * 3
    assert len({*shapes}) == 3
    assert page.locator(".legend span").all_inner_texts() == TONES
    legend = page.locator(".legend .mark").evaluate_all("(all) => all.map((one) => one.getAttribute('d'))")
    assert legend == shapes[:3]


def test_the_words_of_the_map():
    first, *others = str(contexts()).splitlines()
    assert first == (
        "Figure: Nine contexts. A map of 9 names by their contexts: plain 3 (circle), light 3 (square), "
        "dark 3 (triangle)."
    )
    assert others == ["man → man, tel quel", *(f"man {change} → man, {change}" for change in CHANGES)]


def test_what_no_map_can_show_is_refused():
    def changed(**options):
        given = {"contexts": POINTS, "names": NAMES, "tones": TONES * 3, "changes": CHANGES, "translations": FRENCH}
        return context_map(**given | options, title="t")

    wrong = [
        ({"contexts": POINTS[:8]}, ["(8, 2)", "9 names", "9 tones"]),
        ({"contexts": POINTS[:, :1]}, ["(9, 1)", "h of 2"]),
        ({"tones": TONES}, ["3 tones"]),
        ({"tones": [*"abcdefgha"]}, ["8 different tones", "6 at most"]),
        ({"changes": {**CHANGES, "+ dark": np.ones(3)}}, ["'+ dark'", "(3,)", "(2,)"]),
        ({"translations": {**FRENCH, "": FRENCH[""][:4]}}, ["'': 4", "'': 9"]),
        ({"translations": {change: texts for change, texts in FRENCH.items() if change}}, ["'': 9"]),
        ({"translations": {change: ["x" * 9000] * 9 for change in FRENCH}}, ["100,000 at most"]),
        ({"contexts": np.full((9, 5), np.nan)}, ["contexts has NaN"]),
    ]
    for options, words in wrong:
        with pytest.raises(ValueError) as error:
            changed(**options)
        says(error, *words)


def test_the_alignment_map_shows_the_numbers_of_the_framework(framework, opened, tmp_path):
    from seq2seq_checks import PAIRS, Network, built, small_data

    data, course = small_data(tmp_path), framework.course
    model = built(
        course, Network("GRU", (24,), 2, attends=True), sizes=(len(data.source_vocab), 8, len(data.target_vocab), 8)
    )
    course.Trainer(20, 0.02).fit(model, SimpleNamespace(train=data.train))
    names = [source for source, _ in PAIRS if source != "bye"]
    translations = [found for found in course.translate(model, names, data) if found.tokens]
    assert len(translations) == len(names)
    page = opened(alignment_map([[*name.split(), "<eos>"] for name in names], translations, "Read and written"))
    page.locator("summary").click()
    page.evaluate("document.activeElement.blur()")
    for i, (name, found) in enumerate(zip(names, translations, strict=True)):
        focus(page, '.by-name input[type="range"]')
        page.keyboard.press("ArrowRight" if i else "Home")
        shows(page.locator(".place.name"), f"Name {i + 1} of {len(names)}: {name} → {found}")
        rows = page.locator(".numbers tbody tr").all()
        numbers = [[float(cell) for cell in row.locator("td").all_inner_texts()] for row in rows]
        source, lengths = data.encode([name])
        fed = np.array([[2, *data.target_vocab[found.tokens[:-1]]]])
        expected = framework.array(model.alignment(tuple(map(framework.tensor, (source, lengths, fed)))))[0]
        np.testing.assert_allclose(numbers, expected[:, : lengths[0]], rtol=0, atol=1e-5)
        focus(page, '.by-word input[type="range"]')
        for t, row in enumerate(expected):
            looked = np.argsort(-row)[0]
            word = f"Word {t + 1} of {len(expected)}: {found.tokens[t]} ← {[*name.split(), '<eos>'][looked]} "
            shows(page.locator(".place.word"), re.compile(re.escape(word)))
            page.keyboard.press("ArrowRight")
        page.evaluate("document.activeElement.blur()")


def test_the_alignment_map_colours_what_it_says_and_follows_the_pointer(opened):
    page = opened(alignment())
    _, found = looked()
    page.get_by_role("button", name="One name on").click()
    shown = page.locator(".map .weight").evaluate_all("(all) => all.map((one) => +one.style.getPropertyValue('--v'))")
    np.testing.assert_allclose(shown, found.alignment.ravel(), rtol=0, atol=1e-5)
    assert page.locator(".map .read").all_inner_texts() == READ[1]
    for gesture in ("hover", "click"):
        for t in (2, 3, 0):
            getattr(page.locator(".map .written").nth(t), gesture)()
            shows(page.locator(".place.word"), re.compile(f"^Word {t + 1} of 4: {WRITTEN[1][t]} ← "))
            assert page.locator(".map .weight.now").all_inner_texts() == [f"{w:.2f}" for w in found.alignment[t]]
    page.locator(".map .weight").nth(7).hover()
    shows(page.locator(".place.word"), re.compile("^Word 2 of 4: gros ← "))


def test_the_words_of_the_alignment_map():
    sharp = [Translation(["chien", "rouge"], -0.1, np.array([[0.1, 0.8, 0.1], [0.9, 0.0, 0.1]]))]
    assert str(alignment_map(READ[:1], sharp, "One name")).splitlines() == [
        "Figure: One name. A map of where the decoder looked while it wrote: 1 name.",
        "red dog → chien rouge",
        "most at, for each word written: chien dog, rouge red",
    ]
    assert "wrote: 2 names." in str(alignment())


def test_the_alignment_map_follows_a_name_typed_where_a_kernel_runs(monkeypatch, shown):
    def read(name):
        words = name.split()
        return [*words, "<eos>"], looked(len(name), [words[::-1] if name != "silence" else []], [[*words, "<eos>"]])[0]

    monkeypatch.setenv("CI", "1")
    assert alignment_map(READ, looked(), "Two names", read).html == alignment().html
    assert shown == []
    monkeypatch.delenv("CI")
    assert alignment_map(READ, looked(), "Two names", read) is None
    line, first = shown
    assert (line.value, first.html) == ("red dog", alignment().html)
    line.value = "a new name"
    tokens, translation = read("a new name")
    assert shown[2].html == alignment_map([tokens, *READ], [translation, *looked()], "Two names").html
    for nothing in ("", "silence"):
        line.value = nothing
    assert len(shown) == 3, "the last figure stays"


def test_twenty_long_names_are_small_enough():
    read, written = [[*["extraordinarily"] * 11, "<eos>"]] * 20, [["extraordinairement"] * 12] * 20
    assert len(alignment_map(read, looked(0, written, read), "Many").html) < 90_000


def test_what_no_alignment_map_can_show_is_refused():
    first, second = looked()
    wrong = [
        ([first], ["2 sources and 1 translations"]),
        ([first, second._replace(alignment=None)], ["'un gros chat rouge' has no alignment", "AttentionDecoder"]),
        ([first, second._replace(alignment=second.alignment.T)], ["(5, 4)", "(4, 5)", "'big'"]),
        ([first._replace(tokens=[], alignment=np.zeros((0, 3))), second], ["(0, 3)", "one or more"]),
        ([first, second._replace(alignment=2 * second.alignment)], ["2.000", "sum is 1"]),
        ([first, second._replace(alignment=np.full((4, 5), np.nan))], ["nan", "sum is 1"]),
        ([first, second._replace(alignment=np.tile([2, -1, 0, 0, 0], (4, 1)))], ["1.000", "0 or more"]),
    ]
    for translations, words in wrong:
        with pytest.raises(ValueError) as error:
            alignment_map(READ, translations, "t")
        says(error, *words)
    with pytest.raises(ValueError, match="0 sources"):
        alignment_map([], [], "t")
