"""Slides of a chapter: from its cells, in one framework, in one file that asks no network."""

import re

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from typer.testing import CliRunner

from course_utils.cli import app
from course_utils.workshop import chapters, slides

with_reveal = pytest.mark.skipif(not slides.REVEAL.is_dir(), reason="npm has not brought reveal.js: call make site")


def sources(cells):
    return [[[cell.source for cell in slide] for slide in part] for part in slides.parts(cells)]


def code(source, *outputs, **metadata):
    return new_code_cell(source, outputs=[*outputs], metadata=metadata)


def test_a_text_begins_a_slide_and_code_stands_below_it():
    printed = new_output("stream", text="42\n")
    cells = [
        new_markdown_cell("# Gates\n\nAfter this chapter you can open one."),
        code("import numpy as np"),
        new_markdown_cell("## A gate\n\nIt opens."),
        code("f(1)", printed),
        new_markdown_cell("And it shuts."),
        code("f(0)", printed),
        new_markdown_cell("So it does."),
        code("f(2)", tags=["optional"]),
        new_markdown_cell("## Exercises\n\n**1.** Why?"),
        new_markdown_cell("### A hint"),
        new_markdown_cell("## Take-away\n\nGates open."),
    ]
    assert sources(cells) == [
        [["After this chapter you can open one."]],
        [["It opens.", "f(1)"], ["And it shuts.", "f(0)", "So it does."]],
        [["Gates open."]],
    ]
    part = [*slides.parts(cells)][1]
    assert {cell.metadata.slide_heading for slide in part for cell in slide} == {"A gate"}
    assert [cell.metadata.get("slide_later", False) for cell in part[1]] == [False, False, True]
    assert cells[2].source == "## A gate\n\nIt opens."  # the chapter itself stays as it is


def test_what_a_long_code_shows_has_a_slide_of_its_own():
    figure = new_output("display_data", {"text/html": '<figure class="living">', "text/plain": "A figure"})
    [[words, lines, shown]] = slides.parts([new_markdown_cell("## Long\n\nIt is."), code("x = 1\n" * 23, figure)])
    assert [cell.source for cell in words] == ["It is."]
    assert (lines[0].source, lines[0].outputs) == ("x = 1\n" * 23, [])
    assert (shown[0].source, shown[0].outputs) == ("", [figure])
    assert shown[0].metadata.transient["remove_source"] and shown[0].id != lines[0].id


def test_without_npm_one_sentence_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(slides, "REVEAL", tmp_path / "reveal")
    done = CliRunner().invoke(app, ["slides", "04", "--out", str(tmp_path)])
    assert done.exit_code == 1
    assert "[FAIL] Slides need reveal.js, which npm brings: install npm, then call `make slides CH=02`." in done.stderr
    assert [*tmp_path.iterdir()] == []


@with_reveal
def test_every_chapter_has_slides(tmp_path):
    for chapter in chapters.find_chapters():
        slides.write(chapter, tmp_path / "page.html", "torch")
        text = (tmp_path / "page.html").read_text("utf-8")
        assert not re.search(r"import tensorflow|<h2[^>]*>(Exercises|References)", text), chapter.name
        assert re.findall(r'(?:src|srcset)="(?!data:)[^"]*"|<link|@import', text) == [], chapter.name


@with_reveal
@pytest.mark.parametrize("side", ["torch", "tensorflow"])
def test_a_lecture(browser, tmp_path, side):
    """No request, no error, nothing below the edge; keys go on, to an answer first; a figure keeps its own keys."""
    slides.write(chapters.find_chapter("04"), tmp_path / "04.html", side)
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    said = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda asked: said.append(asked.url) if not asked.url.startswith(("file:", "data:")) else None)
    page.goto((tmp_path / "04.html").as_uri())
    page.wait_for_function("Reveal.isReady()")
    small = page.evaluate(
        """() => Reveal.getSlides().map(slide => {
            const { h, v } = Reveal.getIndices(slide);
            Reveal.slide(h, v);
            return [slide.querySelector("h2").textContent, slide.style.zoom, slide.getBoundingClientRect().height];
        }).filter(([_, zoom, height]) => zoom < 0.7 || height > 720)"""
    )
    assert small == []
    page.evaluate("Reveal.slide(1, 0, -1)")  # before its answer
    answer = page.locator("section.present section.present .fragment").first
    shown = "element => element.classList.contains('visible')"
    assert not answer.evaluate(shown)
    page.keyboard.press("Space")
    assert answer.evaluate(shown)
    page.evaluate(
        """() => {
            const { h, v } = Reveal.getIndices(document.querySelector(".living").closest("section"));
            Reveal.slide(h, v);
        }"""
    )
    before = page.evaluate("Reveal.getIndices()")
    page.locator("section.present section.present .living input[type=range]").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("Reveal.getIndices()") == before
    assert said == []
    page.close()
