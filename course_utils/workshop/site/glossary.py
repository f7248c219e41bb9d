"""The glossary's terms in the chapters: linked where a chapter first uses one, and back. An extension of Sphinx."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

PAGE = "glossary"
CHAPTERS = "chapters/"
_NO_WORDS = (nodes.FixedTextElement, nodes.literal, nodes.math, nodes.raw, nodes.reference, nodes.title)


class Use(NamedTuple):
    """A term, its anchor on the page of terms, and the chapter that uses it first."""

    term: str
    anchor: str
    chapter: str


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("env-updated", _find_uses)
    app.connect("doctree-resolved", _link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def pattern(terms: list[str]) -> re.Pattern[str]:
    """What finds the terms in a text, in the singular and the plural; of two that begin alike, the longer one.

    >>> pattern(["state", "hidden state"]).findall("Hidden states, and a state of the network")
    ['Hidden state', 'state']
    """
    words = sorted((re.escape(term).replace(r"\ ", r"\s+") for term in terms), key=len, reverse=True)
    return re.compile(rf"\b({'|'.join(words)})(?:s|es)?\b", re.IGNORECASE)


def _find_uses(app: Sphinx, env: BuildEnvironment) -> None:
    """Note for each term in which chapter, in their order, it is used first."""
    found = env.domains.standard_domain.objects
    anchors = {term: anchor for (kind, term), (_, anchor) in found.items() if kind == "term"}
    uses: dict[str, Use] = {}
    for page in sorted(name for name in env.found_docs if name.startswith(CHAPTERS)):
        for _, word in _words(env.get_doctree(page), [*anchors]):
            term = _key(word[1])
            uses.setdefault(term, Use(term, anchors[_known(anchors)[term]], page))
    if unused := _known(anchors).keys() - uses.keys():
        words = ", ".join(sorted(unused))
        logging.getLogger(__name__).warning("No chapter of this reading uses what the glossary explains: %s.", words)
    env.course_uses = uses


def _link(app: Sphinx, doctree: nodes.document, page: str) -> None:
    uses: dict[str, Use] = app.env.course_uses
    if page == PAGE:
        _add_places(app, doctree, uses)
    elif page.startswith(CHAPTERS):
        address = app.builder.get_relative_uri(page, PAGE)
        first = {}
        for text, word in _words(doctree, [*uses]):
            first.setdefault(_key(word[1]), (text, word))
        in_texts: dict[nodes.Text, list[re.Match]] = {}
        for text, word in first.values():
            in_texts.setdefault(text, []).append(word)
        for text, words in in_texts.items():
            text.parent.replace(text, [*_linked(text.astext(), words, uses, address)])


def _linked(text: str, words: list[re.Match], uses: dict[str, Use], address: str) -> Iterator[nodes.Node]:
    """The text with its words as links; each link can be pointed at."""
    end = 0
    for word in sorted(words, key=re.Match.start):
        yield nodes.Text(text[end : word.start()])
        anchor = uses[_key(word[1])].anchor
        link = nodes.reference("", word[0], internal=True, refuri=f"{address}#{anchor}", classes=["term"])
        link["ids"] = [f"use-{anchor}"]
        yield link
        end = word.end()
    yield nodes.Text(text[end:])


def _add_places(app: Sphinx, doctree: nodes.document, uses: dict[str, Use]) -> None:
    """Say after each definition where the term is used first."""
    for item in doctree.findall(nodes.definition_list_item):
        term = next(item.findall(nodes.term))
        use = uses.get(_key(next(term.findall(nodes.Text)).astext()))
        if use is None:
            continue
        address = f"{app.builder.get_relative_uri(PAGE, use.chapter)}#use-{use.anchor}"
        title = app.env.titles[use.chapter].astext()
        number = use.chapter.removeprefix(CHAPTERS)[:2]
        link = nodes.reference("", f"chapter {number}, {title}", internal=True, refuri=address)
        next(item.findall(nodes.definition)).append(nodes.paragraph("", "First used in ", link, nodes.Text(".")))


def _words(doctree: nodes.document, terms: list[str]) -> Iterator[tuple[nodes.Text, re.Match]]:
    """The terms in a page's running text, with the texts in which they stand."""
    looked_for = pattern(terms)
    for text in list(doctree.findall(nodes.Text)) if terms else []:
        if not any(isinstance(parent, _NO_WORDS) for parent in _parents(text)):
            yield from ((text, word) for word in looked_for.finditer(text.astext()))


def _parents(node: nodes.Node) -> Iterator[nodes.Node]:
    while node := node.parent:
        yield node


def _key(word: str) -> str:
    return " ".join(word.lower().split())


def _known(terms: dict[str, str]) -> dict[str, str]:
    return {_key(term): term for term in terms}
