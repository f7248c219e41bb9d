"""Each check of notebooks can fail: a good chapter, and what is wrong with a spoilt one."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_utils.workshop import checks
from course_utils.workshop.checks import CHECKS

SEEDS = "import numpy as np\nfrom course_utils.repro import seed_everything\n\nseed_everything()"
LONG_DEFINITION = "@np.vectorize\ndef f(x):\n" + "\n".join(f"    x = {i} * x" for i in range(20)) + "\n    return x"
LONG_CELL = "\n".join(f"x{i} = {i} / 2" for i in range(16))
FIGURE = {"image/png": "AAAA", "text/plain": "1 line, last 0.5"}


def figure(data=FIGURE, alt="a falling line"):
    return new_output("display_data", data=data, metadata={"image/png": {"alt": alt}} if alt else {})


def printed(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def good():
    cells = [
        new_markdown_cell('![a dot](figures/dot.svg)\n<img src="figures/dot.svg" alt="a dot">\nsee https://a.org/b/c'),
        new_code_cell(SEEDS, execution_count=1, metadata={"tags": ["torch"]}),
        new_code_cell(LONG_DEFINITION, execution_count=2),
        new_code_cell(
            "%matplotlib inline\nnp.__version__; a = 1\nself = a/b/c",
            execution_count=3,
            outputs=[
                printed("3/4, </td>, <a href='../x/y'>, https://a.org/b/c, ~/x/y\n"),
                figure(),
                figure({"text/html": "<img src='data:image/png;base64,//a+/b9/c/d=='>", "text/plain": "a picture"}),
            ],
            metadata={"tags": ["trained"]},
        ),
    ]
    metadata = {
        "course": {"budget_seconds": 9},
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    }
    return new_notebook(cells=cells, metadata=metadata)


@pytest.fixture
def problems(tmp_path):
    """A function: a notebook → the names of the checks that complain, with what they say."""
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "dot.svg").write_text("<svg/>")

    def check(notebook):
        path = tmp_path / "02_tiny.ipynb"
        path.write_text(json.dumps(notebook))
        chapter = checks.read(path)
        return {check.__name__: found for check in CHECKS if (found := check(chapter))}

    return check


def test_a_good_chapter_has_no_problem(problems):
    assert problems(good()) == {}


def test_each_check_is_shown_to_fail():
    assert {check.__name__ for check in CHECKS} == {name for name, _, _ in SPOILT}


def text(source):
    return lambda nb: nb.cells[0].update(source=source)


def code(source):
    return lambda nb: nb.cells[3].update(source=source)


def outputs(*outputs):
    return lambda nb: nb.cells[3].update(outputs=list(outputs))


def tags(*tags):
    return lambda nb: nb.cells[3].metadata.update(tags=list(tags))


def metadata(**metadata):
    return lambda nb: nb.metadata.update(metadata)


def many_folded(nb):
    nb.cells += [new_code_cell(f"{i}", execution_count=i, metadata={"tags": ["hide-output"]}) for i in range(4, 11)]


SPOILT = [
    ("few_folded", many_folded, "7 outputs are folded for torch, allowed are 6"),
    ("valid_format", lambda nb: nb.update(nbformat_minor=4), "expected 4.5"),
    ("valid_format", lambda nb: nb.cells[2].update(colour="red"), "not valid"),
    ("valid_format", metadata(kernelspec={"name": "mine", "display_name": "m"}), "not python3"),
    ("unique_ids", lambda nb: nb.cells[2].update(id=nb.cells[1].id), "stands on 2 cells"),
    ("budget", metadata(course={}), "budget_seconds"),
    ("budget", metadata(course={"budget_seconds": "9"}), "budget_seconds"),
    ("parses", code("x ="), "does not parse"),
    ("executed", lambda nb: nb.cells[2].update(execution_count=5), "has the count 5, expected 2"),
    ("executed", lambda nb: nb.cells[3].update(execution_count=None), "has the count None, expected 3"),
    ("executed", code("  "), "an empty code cell"),
    ("no_error", outputs(new_output("error", ename="KeyError", evalue="", traceback=[])), "the error KeyError"),
    ("no_stderr", outputs(printed("UserWarning\n", "stderr")), "stores stderr: UserWarning"),
    ("small", outputs(printed("a" * 1_000_000)), "allowed are 1,000,000"),
    ("no_absolute_path", outputs(printed("in /srv/data/x.py\n")), "the absolute path /srv/data"),
    ("no_absolute_path", outputs(figure({**FIGURE, "text/html": "file://x"})), "the absolute path file://"),
    ("no_absolute_path", code("open('/srv/data.txt')"), "the absolute path /srv/data.txt"),
    ("no_absolute_path", text(r"see C:\Users\me"), r"the absolute path C:\Users"),
    ("known_tags", tags("trianed"), "the unknown tag 'trianed'"),
    ("known_tags", tags("nbval-rtol=0.02", "reason=x"), "the unknown tag 'nbval-rtol=0.02'"),
    ("known_tags", code("# NBVAL_IGNORE_OUTPUT\n1"), "use a tag"),
    ("reasons", tags("nbval-ignore-output"), "no reason"),
    ("public_names", code("from course_utils.torch._cells import RNN"), "course_utils.torch._cells.RNN"),
    ("public_names", code("from course_utils.torch import _RNN"), "course_utils.torch._RNN"),
    ("public_names", code("import course_utils._x"), "course_utils._x"),
    ("public_names", code("trainer._step()"), "_step"),
    ("seeds_first", lambda nb: nb.cells[1].update(source="import numpy as np\nx = np.ones(3)\nseed_everything()"), ""),
    ("short_cells", code(LONG_CELL), "has 16 lines"),
    ("short_cells", code(LONG_DEFINITION + "\nf(2)"), "allowed are 15 or one definition"),
    ("narrow_code", code(f"x = '{'a' * 100}'"), "a line of 106 characters"),
    ("marks_in_text", text("PyTorch<!-- tf --> or <!-- torch -->nothing"), "the mark '<!-- torch -->' is misspelt"),
    ("headings_once", text("## One\n\nText.\n\n## One"), "the heading '## One' stands 2 times"),
    ("images_in_text", text("![](figures/dot.svg)"), "no alternative text"),
    ("images_in_text", text('<img src="figures/dot.svg">'), "no alternative text"),
    ("images_in_text", text("![a dot](figures/none.svg)"), "there is no picture figures/none.svg"),
    ("images_in_text", text("![a dot](https://a.org/dot.svg)"), "no file beside the chapter"),
    ("images_in_text", text('<img alt="a dot" src="http://a.org/dot.svg">'), "no file beside the chapter"),
    ("images_in_outputs", outputs(figure({"image/png": "AAAA"})), "without a summary"),
    ("images_in_outputs", outputs(figure({**FIGURE, "text/plain": "<Figure size 640x480>"})), "without a summary"),
    ("images_in_outputs", outputs(figure(alt="")), "without an alternative text"),
]


@pytest.mark.parametrize(("check", "spoil", "expected"), SPOILT)
def test_a_spoilt_chapter_is_told_what_is_wrong(problems, check, spoil, expected):
    notebook = good()
    spoil(notebook)
    found = problems(notebook)
    assert list(found) == [check]
    assert expected in found[check][0]


def test_at_most_two_percent_of_the_cells_are_ignored(tmp_path):
    def chapters(ignored, cells):
        notebook = new_notebook(cells=[new_code_cell("x") for _ in range(cells)])
        for cell in notebook.cells[:ignored]:
            cell.metadata.tags = ["nbval-ignore-output"]
        nbformat.write(notebook, tmp_path / "01_a.ipynb")
        return [checks.read(tmp_path / "01_a.ipynb")]

    assert checks.ignored_share(chapters(1, 50)) == []
    [problem] = checks.ignored_share(chapters(2, 99))
    assert problem == "2 of 99 code cells are not compared, allowed are 2%: 01_a.ipynb cell 0, 01_a.ipynb cell 1"
    assert checks.ignored_share([]) == []
