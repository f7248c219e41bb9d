"""The page "Try it": the networks that compute in it, and the figures that show what they do. An extension of Sphinx.

The weights are in results/networks, where `experiments/site_networks.py` has put them; here they become scripts, for a
page that is opened from a disk may load nothing else. What computes is docs/_static/network.js, and docs/_static/try.js
joins it with the page.
"""

import base64
import hashlib
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
from sphinx.application import Sphinx

from course_utils import experiments
from course_utils.figures.living import filled, style, template
from course_utils.workshop.chapters import ChapterError
from course_utils.workshop.site import readings

PAGE = "try"
EXPERIMENT = "site_networks"
TITLES = {
    "ribbon": "What surprises the GRU",
    "microscope": "What the LSTM forgets and keeps",
    "alignment": "Where the decoder looks",
    "beam": "How the translation is searched for",
}
"""Kind of figure → its title on the page."""
NETWORKS = {"ribbon": "gru", "microscope": "lstm", "translator": "translator", "tunes": "tunes"}
"""Part of the page → its network."""

_PARTS = Path(__file__).parent / "try"
_STATIC = "static"


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("config-inited", lambda app, config: config.html_static_path.append(str(Path(app.srcdir) / _STATIC)))
    app.connect("html-page-context", _add_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _add_scripts(app: Sphinx, page: str, layout: str, context: dict[str, Any], doctree: object) -> None:
    """Only the page that computes loads what it needs for that."""
    if page == PAGE:
        for name in ("network.js", "figures.js", "try.js"):
            app.add_js_file(name, loading_method="defer")


def made(root: Path) -> dict[str, str]:
    """What the page is made of, by the names of files.

    Args:
        root: the folder of the course.

    Returns: the parts, which the page includes, and the scripts, which lie beside it.

    Raises:
        ChapterError: the weights are not those that the experiment has made.
        ExperimentError: the experiment's result is older than its script.
    """
    runs = experiments.load(EXPERIMENT).set_index("network")
    script = (root / "docs/_static/network.js").read_text("utf-8")
    files = {f"{_STATIC}/figures.js": _figures(), "made/network.js": script, "made/try_weights.md": _table(runs)}
    for part, network in NETWORKS.items():
        run = runs.loc[network]
        path = root / "results/networks" / f"{network}.safetensors"
        content = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(content).hexdigest() != run["sha256"]:
            mend = "run `make experiments CH=site`"
            raise ChapterError(f"The file results/networks/{path.name} is not the one that {EXPERIMENT} made: {mend}.")
        weights = base64.b64encode(content).decode("ascii")
        files[f"{_STATIC}/networks/{network}.js"] = f'networks.{network} = "{weights}";\n'
        files[f"made/try_{part}.html"] = _part(part, run["sentence"])
    return files


def _table(runs: pd.DataFrame) -> str:
    """Where the weights come from, in Markdown."""
    rows = ["| network | trained with | seed | on what is held out | file |", "| --- | --- | --: | --- | --: |"]
    for network, run in runs.iterrows():
        perplexity, right = run["perplexity"], run["exactly right"]  # a network has one of the two
        score = f"perplexity {perplexity:.2f}" if pd.isna(right) else f"{right:.0%} of the names exactly right"
        rows.append(
            f"| {network} | {readings.NAMES[run['framework']]} | {run['seed']} | {score} | {run['kilobytes']} kB |"
        )
    return "\n".join(rows) + "\n"


def _part(part: str, sentence: str) -> str:
    """A part of the page, where its figures are still: a sentence says what the network does."""
    text = (_PARTS / f"{part}.html").read_text("utf-8")
    names = [kind for kind in TITLES if f"{{{{{kind}}}}}" in text]
    drawn = {kind: _figure(kind, sentence if kind == names[0] else "") for kind in names}
    return filled(text, sentence=escape(sentence), **drawn)


def _figure(kind: str, sentence: str) -> str:
    """A figure that shows a sentence, or nothing yet, and what takes its place once there are numbers to show."""
    title = escape(TITLES[kind])
    begins = f'<figure class="living {kind}" role="group" aria-label="{title}"'
    body = filled(template(f"{kind}.html"), title=title)
    return (
        f"<style>\n{style(kind)}</style>\n"
        f'{begins}{"" if sentence else " hidden"}>\n<p class="still">{escape(sentence)}</p>\n</figure>\n'
        f'<template data-kind="{kind}">{begins}>\n<p class="still"></p>\n'
        f'<div class="live" hidden>\n{body}</div>\n</figure></template>'
    )


def _figures() -> str:
    """Kind → a function that brings to life what there is of it; the figures' own scripts, as notebooks have them."""
    scripts = [f"{kind}() {{\n{template('living.js')}{template(f'{kind}.js')}}},\n" for kind in TITLES]
    return f"const figures = {{\n{''.join(scripts)}}};\n"
