"""A chapter's page needs no network and no other file; formulas are MathML, answers are folded."""

import re
from base64 import b64encode
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_utils.workshop import chapters, pages, views

FORMULA = re.compile(r"<math.*?</math>", re.DOTALL)
PATHS = chapters.find_chapters() + sorted((chapters.ROOT / "assignments").glob("*/*.ipynb"))


def rendered(source):
    return pages.markdown2html({"resources": {"metadata": {"path": str(chapters.CHAPTERS)}}}, source)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_formula_is_understood(path):
    texts = [cell.source for cell in chapters.read(path).cells if cell.cell_type == "markdown" and "$" in cell.source]
    formulas = FORMULA.findall("\n".join(map(rendered, texts)))
    assert formulas
    assert [formula for formula in formulas if re.search(r"\\|&amp;|<m[io]>&<", formula)] == []


def test_a_formula_that_is_not_understood_is_found():
    assert re.search(r"\\", rendered(r"$\badmacro$"))
    assert "<mi>&</mi>" in rendered(r"$a & b$")


def test_formulas_that_stand_alone_are_aligned():
    html = rendered("The gates:\n\n$$\\begin{aligned}a &= b,\\\\ c &= d\\end{aligned}$$\n\nand $x < 3$.")
    assert html.count("<mtr>") == 2
    assert 'display="block"' in html and 'display="inline"' in html
    assert "&#x0003C;" in html or "&lt;" in html


def test_a_page_asks_for_nothing_and_folds_answers(tmp_path):
    dot = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    (tmp_path / "dot.svg").write_bytes(dot)
    shown = [new_output("stream", text="forty-two\n")]
    cells = [
        new_markdown_cell('![a dot](dot.svg) <img src="dot.svg" alt="too"> $h_t$'),
        new_code_cell("print(1)", outputs=shown),
        new_code_cell("print(2)", outputs=shown, metadata={"tags": ["hide-output"]}),
        new_code_cell("x = 3", metadata={"tags": ["hide-output"]}),
    ]
    notebook = views.of_notebook(new_notebook(cells=cells), "both")
    html = pages.to_html(notebook, tmp_path / "01_x.ipynb")
    assert re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', html) == []
    assert not re.search(r"<script|<link|@import|mathjax", html, re.IGNORECASE)
    assert html.count(b64encode(dot).decode()) == 2
    [folded] = re.findall(r"<details.*?</details>", html, re.DOTALL)
    assert "forty-two" in folded and "<summary>Open the answer</summary>" in folded
    assert html.count("forty-two") == 2


def test_the_templates_are_where_nbconvert_looks():
    [folder] = pages.SETTINGS["extra_template_basedirs"]
    assert (Path(folder) / pages.SETTINGS["template_name"] / "index.html.j2").is_file()
