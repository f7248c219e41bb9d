"""The chapters' diagrams that grow part by part: their files are up to date, whole, small and readable."""

import math
import re
from xml.etree import ElementTree

import pytest

from course_utils.workshop.chapters import CHAPTERS
from course_utils.workshop.diagrams import DIAGRAMS, main, svg

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", DIAGRAMS)
def test_a_diagram_is_as_its_template_says(name):
    stored = (CHAPTERS / "figures" / f"{name}.svg").read_text("utf-8")
    assert stored == svg(name), "write them again: python -m course_utils.workshop.diagrams"
    assert len(stored.encode()) < 15_000
    assert "{{" not in stored
    assert "var(" not in stored


@pytest.mark.parametrize("name", DIAGRAMS)
def test_a_diagram_has_a_name_and_words_and_its_arrows_have_heads(name):
    root = ElementTree.fromstring(svg(name))
    ids = {element.get("id"): element for element in root.iter() if element.get("id")}
    title, description = (ids[id] for id in root.get("aria-labelledby").split())
    assert (title.text, description.text) == (DIAGRAMS[name].title, DIAGRAMS[name].description)
    assert {*re.findall(r"url\(#([^)]+)\)", svg(name))} <= {*ids}
    width, height = map(int, root.get("viewBox").split()[2:])
    assert (root.get("width"), root.get("height")) == (str(width), str(height))


def test_each_part_has_all_words_of_the_one_before():
    def words(name):
        """Its names of gates, states and weights."""
        texts = ("".join(text.itertext()) for text in ElementTree.fromstring(svg(name)).iter(f"{SVG}text"))
        return {text for text in texts if text and "gate reads" not in text}

    for name, diagram in DIAGRAMS.items():
        if diagram.part > 1:
            before = words(f"{name[:-1]}{diagram.part - 1}")
            assert before < words(name)


def test_the_loss_in_the_diagram_is_the_mean_of_what_it_shows():
    losses = re.findall(r"−log (0\.\d+) = ([\d.]+)", svg("02_letters_4"))
    assert [f"{-math.log(float(p)):.2f}" for p, _ in losses] == [loss for _, loss in losses]
    mean = sum(-math.log(float(p)) for p, _ in losses) / len(losses)
    assert f"mean = {mean:.2f}" in svg("02_letters_4")
    assert f"{mean:.2f}." in DIAGRAMS["02_letters_4"].description


def test_the_files_are_written_anew(monkeypatch, tmp_path):
    monkeypatch.setattr("course_utils.workshop.diagrams.CHAPTERS", tmp_path)
    main()
    assert {path.stem for path in (tmp_path / "figures").iterdir()} == {*DIAGRAMS}
