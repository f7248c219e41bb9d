"""The page "Try it": read from a disk, in a browser, it computes with the weights that the experiment has made."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import numpy as np
import oracle
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook
from safetensors.numpy import load
from test_site import violations

from course_utils import experiments, files
from course_utils.datasets import MusicData, TranslationData, Tune, notes
from course_utils.datasets.tunes import split_tune
from course_utils.figures import watch_beam
from course_utils.figures.microscope import wipers_and_keepers
from course_utils.workshop import site, views
from course_utils.workshop.chapters import ChapterError
from course_utils.workshop.site import networks

pytest.importorskip("sphinx", reason="Sphinx is not installed")
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(
    not site.ASSETS.is_dir(), reason="npm has not brought what the site needs: call make site"
)

STATIC = files.ROOT / "docs/_static"
WEIGHTS = files.ROOT / "results/networks"


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """The page with what it needs, and stubs for the chapters that it points at; its address on the disk."""
    folder = tmp_path_factory.mktemp("site")
    source = folder / "sources/both"
    for number in ("03_gru", "04_lstm", "10_music", "12_attention"):
        (source / "chapters").mkdir(parents=True, exist_ok=True)
        nbformat.write(
            new_notebook(cells=[new_markdown_cell("# A title\n\nA chapter.")]), source / f"chapters/{number}.ipynb"
        )
    contents = [":::{toctree}", ":glob:", "try", "chapters/*", "glossary", ":::"]
    (source / "index.md").write_text("\n".join(["# Course", "", *contents, ""]))
    (source / "glossary.md").write_text("# Glossary\n\n:::{glossary}\nchapter\n  A part.\n:::\n")
    files.write(source / "try.md", views.of_file(files.ROOT / "docs/try.md", "both"))
    for name, text in networks.made(files.ROOT).items():
        files.write(source / name, text)
    site.sphinx(source, folder / "both", "")
    return folder / "both/try.html"


@pytest.fixture(scope="module")
def page(built, browser) -> Iterator["sync_api.Page"]:
    """The page, opened from the disk at the width of a phone; what it asks for, and what goes wrong in it, is noted."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.asked, page.said = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("console", lambda message: page.said.append(message.text) if message.type == "error" else None)
    page.goto(built.as_uri())
    yield page
    page.close()


def part(page, name: str) -> "sync_api.Locator":
    """A part of the page, in view, once its network is there."""
    found = page.locator(f'.try[data-part="{name}"]')
    found.evaluate("part => part.scrollIntoView()")
    sync_api.expect(found.locator(".said")).not_to_have_text("The network is on its way …")
    sync_api.expect(found.locator(".said")).not_to_be_empty()
    return found


def shown(found, kind: str) -> dict:
    """What a figure of the page shows."""
    return json.loads(found.locator(f"figure.{kind} > script[type='application/json']").first.text_content())


def tokens_of(network: str) -> dict[str, list[str]]:
    """The vocabularies in the file of a network."""
    content = (WEIGHTS / f"{network}.safetensors").read_bytes()
    about = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
    return {name: json.loads(text) for name, text in about.items()}


def weights_of(network: str) -> dict[str, np.ndarray]:
    arrays = load((WEIGHTS / f"{network}.safetensors").read_bytes())
    return {name: value.astype(float) for name, value in arrays.items()}


def test_each_network_is_opened_from_the_disk_alone(page):
    for name in networks.NETWORKS:
        part(page, name)
    assert page.said == []
    assert page.asked and all(url.startswith("file://") for url in page.asked)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_read_what_is_drawn(page, theme):
    page.emulate_media(color_scheme=theme)
    for name in networks.NETWORKS:
        part(page, name)
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    assert violations(page) == []


def test_the_ribbon_shows_what_numpy_computes(page):
    found, params = part(page, "ribbon"), weights_of("gru")
    line = found.get_by_label("Your sentence")
    line.fill("The Queen's eyes: off")
    sync_api.expect(found.locator("figure .letters").first).to_have_text("the␣queen␣s␣eyes␣off")
    data, tokens = shown(found, "ribbon"), tokens_of("gru")["tokens"]
    ids = [tokens.index(letter) for letter in " the queen s eyes off"]
    [logits], _ = oracle.lm_logits(params, np.array([ids]), oracle.zeros(params, 1))
    log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))  # (T + 1, V)
    own = [-log_probs[t, id] / np.log(2) for t, id in enumerate(ids[1:])]
    np.testing.assert_allclose(data["rows"][0]["bits"], own, atol=1e-6)
    best = [[tokens[id] for id in np.argsort(-row)[:3]] for row in log_probs[:-1]]
    assert [[token for token, _ in row] for row in data["rows"][0]["likeliest"]] == best
    np.testing.assert_allclose(data["next"], np.exp(log_probs[-1]), atol=1e-6)
    expected = np.argsort(-log_probs[-1])[0]
    assert found.locator(".next li").first.text_content().startswith(tokens[expected].replace(" ", "␣"))


def test_the_ribbon_goes_on_by_seed_and_boldness(page):
    found = part(page, "ribbon")
    found.get_by_label("Your sentence").fill("she was ")
    written = found.locator(".written")
    seed, boldness, read = found.get_by_label("Seed"), found.get_by_label("Boldness"), found.get_by_text("Read it")
    texts = {}
    for value, temperature in (("1", "1"), ("2", "1"), ("1", "0"), ("2", "0")):
        seed.fill(value)
        boldness.select_option(temperature)
        read.click()
        texts[value, temperature] = written.text_content()
        assert len(texts[value, temperature]) == 120
    assert texts["1", "1"] != texts["2", "1"]
    assert texts["1", "0"] == texts["2", "0"]


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("ribbon", "Café 3", "The network does not know “é”, “3”: it has read the letters a to z and spaces only."),
        ("ribbon", " … ", "There is nothing to read yet: type a letter or more."),
        ("microscope", "naïve", "The network does not know “ï”"),
        ("translator", "red quokka", "The network has never read “quokka”, and it would only guess."),
        ("translator", "  ", "There is nothing to translate yet: type a word or more."),
        ("translator", "red " * 16, "These are 16 words, and the network reads 15 at most"),
    ],
)
def test_what_a_network_cannot_read_is_said_and_nothing_is_guessed(page, name, typed, sentence):
    found = part(page, name)
    figure = found.locator("figure.living").first
    before = figure.inner_html()
    line = found.locator("input[type=text]")
    at_first = line.input_value()
    line.fill(typed)
    page.keyboard.press("Enter")
    sync_api.expect(found.locator(".said")).to_contain_text(sentence)
    sync_api.expect(found.locator(".said")).to_have_class("said with-script refused")
    assert figure.inner_html() == before
    line.fill(at_first)
    page.keyboard.press("Enter")
    sync_api.expect(found.locator(".said")).to_have_class("said with-script")


def test_the_microscope_shows_the_gates(page):
    found, p = part(page, "microscope"), weights_of("lstm")
    text = "off with her head she said"
    found.get_by_label("Your sentence").fill(text)
    found.get_by_role("button", name="Read it").click()
    data, tokens = shown(found, "microscope"), tokens_of("lstm")["tokens"]
    assert "".join(data["tokens"]) == text
    H = C = np.zeros(len(p["b_f"]))  # (h,)
    F, memory = [], []
    for id in map(tokens.index, text):
        fed = {gate: p["W_xe"][id] @ p[f"W_x{gate}"] + H @ p[f"W_h{gate}"] + p[f"b_{gate}"] for gate in "ifoc"}
        I, F_t, O = (1 / (1 + np.exp(-fed[gate])) for gate in "ifo")
        C = F_t * C + I * np.tanh(fed["c"])
        H = O * np.tanh(C)
        F.append(F_t)
        memory.append(np.tanh(C))
    wipers, keepers = wipers_and_keepers(text, np.array(F))
    assert data["cells"] == [*wipers, *keepers]
    label, letter = (found.locator(f".maps {each}").first.bounding_box() for each in (".row", ".letter"))
    assert label["x"] + label["width"] <= letter["x"] + 1, "the labels hide letters"
    np.testing.assert_allclose(data["values"]["F"], np.array(F)[:, data["cells"]], atol=1e-6)
    np.testing.assert_allclose(data["means"]["C"], np.abs(memory).mean(axis=1), atol=1e-6)


def test_everything_can_be_done_by_keys(page):
    found = part(page, "microscope")
    found.get_by_label("Your sentence").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("a cat")
    page.keyboard.press("Enter")
    sync_api.expect(found.locator(".said")).to_have_text("5 letters read.")
    place, slider = found.locator("output.place"), found.get_by_role("slider", name="Letter")
    slider.focus()
    page.keyboard.press("ArrowRight")
    sync_api.expect(place).to_contain_text("Letter 2 of 5: space")
    tunes = part(page, "tunes")
    tunes.get_by_label("Dance and metre").focus()
    page.keyboard.press("r")  # chooses the reel
    sync_api.expect(tunes.locator(".said")).to_contain_text("reel")


def test_a_name_is_translated_as_python_translates_it(pytorch, page):
    """And so the vocabularies in the file are those of the data."""
    data, course = TranslationData(seed=0), pytorch.course
    V, U = len(data.source_vocab), len(data.target_vocab)
    encoder = course.Seq2SeqEncoder(V, 24, 48, bidirectional=True)
    model = course.Seq2Seq(encoder, course.AttentionDecoder(U, 24, 48, bidirectional=True))
    course.weights.load(model, weights_of("translator"))
    assert tokens_of("translator") == {"source": data.source_vocab.tokens, "target": data.target_vocab.tokens}
    found = part(page, "translator")
    for name in ("red heart", "Woman cook: dark skin tone", "GREEN apple"):
        found.get_by_label("Name of an emoji").fill(name)
        found.get_by_role("button", name="Translate it").click()
        name = name.replace(":", "")  # a mark that no name in the data has
        [expected] = course.translate(model, [name], data)
        assert found.locator(".said").text_content() == f"In French: {expected}"
        [shown_name] = shown(found, "alignment")["names"]
        assert shown_name["written"] == expected.tokens
        np.testing.assert_allclose(shown_name["weights"], expected.alignment, atol=1e-5)
        wide = str(course.translate(model, [name], data, beam=5)[0])
        search = shown(found, "beam")["searches"][-1]
        assert told(search) == wide
    found.get_by_role("button", name="green apple").click()
    assert found.get_by_label("Name of an emoji").input_value() == "green apple"


def told(search: list) -> str:
    """What the beam stepper says that a search ends with."""
    last = max((h for h in search[-1] if h[5] != "dropped"), key=lambda h: h[4])
    path = [last]
    for step in search[-2::-1]:
        path.insert(0, step[path[0][1]])
    return " ".join(h[0] for h in path if h[0] not in ("", "<eos>"))


def test_the_beam_stepper_shows_what_pythons_shows(page):
    """The same record for the same probabilities, of which no two are alike: of those the order is free."""
    table = np.log([[0.01, 0.5, 0.4, 0.09], [0.4, 0.22, 0.2, 0.18], [0.01, 0.02, 0.03, 0.94]])
    ours = page.evaluate(
        """([table, widths]) => widths.map((width) => tryIt.recorded(
            [...network.beams((id) => ({ logits: table[id] }), null, { bos: 0, eos: 3, most: 4, width })],
            ["_", "A", "B", "."], width))""",
        [table.tolist(), [1, 2, 3]],
    )
    theirs = watch_beam(lambda prefixes: table[prefixes[:, -1] % 3], [*"_AB."], 0, 3, max_steps=4, widths=[1, 2, 3])
    for search, expected in zip(ours, theirs.values(), strict=True):
        assert [[(h[0], h[1], h[5]) for h in step] for step in search] == [
            [(h.token, h.parent, h.outcome) for h in step] for step in expected
        ]
        numbers = [[h[2:5] for h in step] for step in search]
        for step, other in zip(numbers, expected, strict=True):
            np.testing.assert_allclose(step, [[h.prob, h.log_prob, h.score] for h in other])


def test_a_seed_gives_one_tune_which_is_abc(page):
    found = part(page, "tunes")
    seed, write, abc = (
        found.get_by_label("Seed"),
        found.get_by_role("button", name="Write a tune"),
        found.locator(".abc"),
    )
    tunes = {}
    for value in ("1", "2", "1"):
        seed.fill(value)
        write.click()
        text = abc.text_content()
        assert tunes.setdefault(value, text) == text
        head, _, body = text.partition("\nK:C\n")
        assert head.startswith("X:1\nT:A ")
        signs = tuple(split_tune(body))
        fields = dict(line.split(":", 1) for line in head.split("\n"))
        tune = Tune(signs, fields["M"], fields["R"], fields["T"])
        assert tune.abc == text
    assert tunes["1"] != tunes["2"]


@pytest.fixture(scope="module")
def music() -> MusicData:
    return MusicData(batch_size=8)


def test_the_vocabulary_of_the_tunes_is_that_of_the_data(music):
    assert tokens_of("tunes")["tokens"] == music.vocab.tokens


def test_the_notes_of_a_tune_are_those_of_python(page, music):
    """Of tunes from the books, and of signs that make no sense."""
    tunes = music.train_tunes[::30]
    for name, body in {"triplet": "c|(3ab|c||", "open": "c(3ab||", "bars": "c|||", "ending": "c[1d||"}.items():
        tunes.append(Tune(tuple(split_tune(body)), "4/4", name))
    tunes.append(Tune(("c", "2", "2", "|"), "4/4", "two lengths"))
    tunes.append(Tune(("2", "c", "|"), "2/4", "a length first"))
    found = page.evaluate(
        """(tunes) => tunes.map(([signs, metre]) => {
            try { return tryIt.notesOf(signs, metre).map(({ pitch, start, duration }) => [pitch, start, duration]); }
            catch (error) { return error.message; }
        })""",
        [[list(tune.signs), tune.metre] for tune in tunes],
    )
    refused = 0
    for tune, ours in zip(tunes, found, strict=True):
        try:
            np.testing.assert_allclose(ours, notes(tune), atol=1e-9, err_msg=tune.title)
        except ValueError:
            assert "where that makes no sense" in ours, (tune, ours)
            refused += 1
    assert refused == 6


def test_notes_are_heard_at_their_pitch_and_time(page):
    """Rendered without a loudspeaker: an A of 440 hertz, half a second of rest, and the C above it."""
    samples = page.evaluate(
        """async () => {
            const context = new OfflineAudioContext(1, 16000, 8000), notes = [[69, 0], [72, 3]];
            const seconds = tryIt.pluck(context, notes.map(([pitch, start]) => ({ pitch, start, duration: 1 })), 120);
            const heard = await context.startRendering();
            return [seconds, ...heard.getChannelData(0)];
        }"""
    )
    seconds, heard = samples[0], np.array(samples[1:])  # 2 seconds
    assert seconds == pytest.approx(2.15)
    for begin, hertz in ((0, 440), (12000, 440 * 2 ** (3 / 12))):
        spectrum = np.abs(np.fft.rfft(heard[begin : begin + 4000]))
        assert spectrum.argmax() * 2 == pytest.approx(hertz, abs=2)
    assert np.abs(heard).max() < 1
    assert np.abs(heard[6000:11900]).max() < 1e-3


def test_a_tune_is_played_and_stopped(page):
    found = part(page, "tunes")
    player = found.locator(".play")
    sync_api.expect(player).to_be_enabled()
    player.click()
    sync_api.expect(player).to_have_text("Stop")
    player.click()
    sync_api.expect(player).to_have_text("Play")


def test_without_scripts_sentences_say_what_the_networks_do(built, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(built.as_uri())
    for run in experiments.load(networks.EXPERIMENT).itertuples():
        sync_api.expect(page.get_by_text(run.sentence)).to_be_visible()
    assert page.locator("form:visible").count() == page.locator("form.bd-search:visible").count()
    context.close()


def test_other_weights_than_the_experiments_are_refused(tmp_path):
    shutil.copytree(WEIGHTS, tmp_path / "results/networks")
    shutil.copytree(STATIC, tmp_path / "docs/_static")
    assert networks.made(tmp_path) == networks.made(files.ROOT)
    with open(tmp_path / "results/networks/lstm.safetensors", "ab") as file:
        file.write(b"x")
    with pytest.raises(ChapterError, match=r"lstm.safetensors is not the one that site_networks made: run `make exp"):
        networks.made(tmp_path)


def test_the_weights_are_small():
    sizes = [path.stat().st_size for path in WEIGHTS.iterdir()]
    assert max(sizes) <= 500_000
    assert sum(sizes) <= 2_000_000
