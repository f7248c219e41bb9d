"""Submissions by people who mean well: right, wrong, unfinished, or mangled by some program."""

import copy
import json

from grading_toy import HONEST, as_bytes, cell, honest, notebook

from attacks.case import Case, answers, file, in_softmax

WHOLE = honest()


def changed(change):
    """The honest notebook after a change of it in place."""
    whole = copy.deepcopy(WHOLE)
    change(whole)
    return whole


def without_marks(whole):
    for each in whole["cells"]:
        each["metadata"] = {}


def without_marks_and_names(whole):
    without_marks(whole)
    for number, each in enumerate(whole["cells"]):
        each["id"] = f"c{number}"


def only(*kept):
    return lambda whole: whole.update(cells=[each for each in whole["cells"] if each["id"] in kept])


def append(*cells):
    return lambda whole: whole["cells"].extend(cells)


def edit(cell_id, **parts):
    def change(whole):
        next(each for each in whole["cells"] if each["id"] == cell_id).update(parts)

    return change


def marks(cell_id, **parts):
    def change(whole):
        next(each for each in whole["cells"] if each["id"] == cell_id)["metadata"]["nbgrader"].update(parts)

    return change


def as_in_2014():
    cells = []
    for each in WHOLE["cells"]:
        old = {key: value for key, value in each.items() if key not in ("source", "id", "execution_count")}
        cells.append(old | {"input" if each["cell_type"] == "code" else "source": each["source"]})
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells, "metadata": {}}]}


SOFTMAX_COPY = "def softmax(X):\n    return X"
CASES = {
    # right
    "right_torch": answers("torch"),
    "right_tensorflow": answers("tensorflow"),
    "both_frameworks_the_better_counts": Case(
        {
            "a.ipynb": as_bytes(notebook("torch", {"scale": HONEST["torch"]["scale"]})),
            "b.ipynb": as_bytes(honest("tensorflow")),
        }
    ),
    "warnings_on_stderr": answers(
        scale="""
        import sys, warnings
        def scale(X, factor):
            warnings.warn("look out")
            print("look out", file=sys.stderr)
            return factor * X"""
    ),
    "prints_some": answers(scale="print('x' * 100_000)\ndef scale(X, factor):\n    print(X)\n    return factor * X"),
    "own_helpers": answers(
        scale="""
        from functools import reduce
        class Scaler:
            def __init__(self, factor): self.factor = factor
            def __call__(self, X): return self.factor * X
        def scale(X, factor): return Scaler(factor)(X)"""
    ),
    "magics_and_commands": answers(
        scale="%matplotlib inline\n!pip list\n%time x = 1\ndef scale(X, factor):\n    return factor * X"
    ),
    "a_timed_cell": answers(scale="%%time\ndef scale(X, factor):\n    return factor * X"),
    "an_error_below_the_function": answers(scale="def scale(X, factor):\n    return factor * X\n\nscale(undefined, 2)"),
    "float64": answers(scale="def scale(X, factor):\n    return factor * X.double()"),
    "a_numpy_answer": in_softmax(
        "E = np.exp(X.numpy() - X.numpy().max(1, keepdims=True))\nreturn E / E.sum(1, keepdims=True)", 3.0
    ),
    "leaves_a_thread": answers(
        scale="""
        import threading, time
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
        def scale(X, factor): return factor * X"""
    ),
    # wrong, or not done
    "untouched": file(notebook(), status="not attempted"),
    "one_answer": file(notebook(answers={"scale": HONEST["torch"]["scale"]}), earned={"softmax": 0.0, "weighted": 0.0}),
    "one_answer_in_words": file(
        notebook(words="Because."), earned=dict.fromkeys(["scale", "softmax", "weighted"], 0.0)
    ),
    "overflows": in_softmax("E = torch.exp(X)\nreturn E / E.sum(1, keepdim=True)", 2.0, says="nan came"),
    "a_misconception": in_softmax("return torch.exp(X) / torch.exp(X).sum(0)", 1.0, says="shares of a column"),
    "changes_its_input": answers(
        scale="def scale(X, factor):\n    Y = X * factor\n    X.data.zero_()\n    return Y",
        expect={"earned": {"scale": 0.0}, "says": "scale changed what it was given"},
    ),
    "a_list": in_softmax("return [0.1, 0.2]", says="a list of 2 came"),
    "nothing_returned": in_softmax("X.sum()", says="None came"),
    "not_a_number": in_softmax("return X * float('nan')"),
    "a_generator": in_softmax("yield X", says="a generator came"),
    "text": in_softmax("return 'the shares of each row'", says="the text"),
    "endless_recursion": in_softmax("return softmax(X)", says="RecursionError"),
    "an_exception": in_softmax("raise ValueError('no idea')", says="no idea"),
    "the_wrong_shape": in_softmax("return X[0]", says="the shape"),
    "a_syntax_error": answers(
        softmax="def softmax(X)\n    return X",
        expect={"earned": {"softmax": 0.0, "weighted": 0.0}, "says": "SyntaxError"},
    ),
    "a_merge_conflict": answers(
        softmax="<<<<<<< HEAD\n=======\n>>>>>>> other",
        expect={"earned": {"softmax": 0.0, "weighted": 0.0}, "says": "SyntaxError"},
    ),
    "a_renamed_function": answers(
        softmax="def soft_max(X):\n    return X",
        expect={"earned": {"softmax": 0.0, "weighted": 0.0}, "says": "no function softmax"},
    ),
    "forbidden": in_softmax("return torch.softmax(X, 1)", says="torch.softmax is hidden"),
    "forbidden_by_another_name": answers(
        softmax="from torch.nn.functional import softmax as ready\ndef softmax(X):\n    return ready(X, 1)",
        weighted="def weighted(X, S):\n    return (X * torch.softmax(S, 1)).sum(1)",
        expect={"earned": {"softmax": 0.0}, "says": "hidden"},
    ),
    "forbidden_made_early": answers(
        softmax="ready = torch.nn.Softmax(1)\ndef softmax(X):\n    return ready(X)",
        weighted="def weighted(X, S):\n    return (X * torch.softmax(S, 1)).sum(1)",
        expect={"earned": {"softmax": 0.0}, "says": "hidden"},
    ),
    # mangled notebooks
    "an_untouched_copy": file(changed(append(notebook()["cells"][6]))),
    "a_changed_copy_wins": file(
        changed(append(cell("code", SOFTMAX_COPY, "copy", grade_id="softmax_answer", solution=True))),
        earned={"softmax": 0.0, "weighted": 0.0},
        says="the last one counts",
    ),
    "checks_deleted": file(changed(only("title", "setup", "scale_answer", "softmax_answer", "weighted_answer"))),
    "an_answer_deleted": file(
        changed(only("setup", "scale_answer")), earned={"softmax": 0.0, "weighted": 0.0}, says="missing"
    ),
    "setup_deleted": file(changed(only("scale_answer", "softmax_answer", "weighted_answer"))),
    "marks_stripped": file(changed(without_marks)),
    "marks_and_ids_stripped": file(changed(without_marks_and_names), says="had lost its mark"),
    "reordered": file(changed(lambda whole: whole["cells"].reverse())),
    "setup_changed": file(changed(edit("setup", source="raise SystemExit"))),
    "points_changed": file(changed(marks("scale", points=1000))),
    "checks_changed": file(changed(edit("softmax", source="check = lambda *a: 100"))),
    "an_answer_as_text": file(changed(edit("scale_answer", cell_type="markdown"))),
    "another_kernel": file(changed(lambda whole: whole["metadata"].update(kernelspec={"name": "julia-1.6"}))),
    "extra_cells": file(changed(append(cell("code", "while True: pass", "x"), cell("markdown", "?", "y")))),
    "sources_as_lines": file(
        changed(lambda whole: [e.update(source=e["source"].splitlines(True)) for e in whole["cells"]])
    ),
    "renamed": file(WHOLE, name="Kopie von a1 (final) (2).ipynb"),
    "with_a_byte_order_mark": file(b"\xef\xbb\xbf" + as_bytes(WHOLE)),
    # no notebook, or one that no program of today writes
    "as_in_2014": file(as_in_2014(), status="corrupt"),
    "no_file": Case({}, status="empty"),
    "no_byte": file(b"", status="empty"),
    "no_cell": file({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}, status="empty"),
    "half_a_file": file(as_bytes(WHOLE)[:1000], status="corrupt"),
    "a_picture": file(b"\x89PNG\r\n\x1a\n" + bytes(range(256)), status="corrupt"),
    "a_web_page": file(b"<!doctype html><title>Log in</title>", status="corrupt"),
    "a_list_of_cells": file(json.dumps(WHOLE["cells"]).encode(), status="corrupt"),
    "cells_that_are_numbers": file({"cells": [1, 2]}, status="corrupt"),
    "sources_that_are_numbers": file({"cells": [{"cell_type": "code", "source": [1]}]}, status="corrupt"),
    "ten_thousand_brackets": file(b'{"cells": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", status="corrupt"),
    "thirty_megabytes": file(b" " * 30_000_000 + as_bytes(WHOLE), status="corrupt", says="MB"),
    "another_assignment": file({"cells": [cell("code", "import math\nmath.pi", "x")]}, status="foreign"),
}
