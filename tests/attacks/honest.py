"""Submissions by people who mean well: right, wrong, unfinished, or mangled by some program."""

import copy
import json
from textwrap import indent

from grading_toy import HONEST, SETUP, STUBS, as_bytes, cell, honest, notebook

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


def insert(above, *cells):
    def change(whole):
        index = next(i for i, each in enumerate(whole["cells"]) if each["id"] == above)
        whole["cells"][index + 1 : index + 1] = copy.deepcopy(cells)
        return whole

    return change


def both(*changes):
    def change(whole):
        for each in changes:
            each(whole)

    return change


SHARES = "def softmax_of(X, n=1):\n    E = torch.exp(X - X.max(1, keepdim=True).values)\n    return E / E.sum(1, True)"


def in_new_cells(*sources, softmax="return softmax_of(X)", **expect):
    """Cells of one's own below the set-up, and a function that needs the last of them."""
    cells = [cell("code", source, f"own{i}") for i, source in enumerate([*sources, SHARES])]
    answer = edit("softmax_answer", source=f"def softmax(X):\n    {softmax}")
    return file(changed(both(insert("setup", *cells), answer)), **expect)


ALL_KINDS = (  # what people have in their notebooks, beside answers
    "torch.manual_seed(1); np.random.seed(2)",
    "torch.set_default_dtype(torch.float64); torch.set_grad_enabled(False)",
    "device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')\ntorch.set_default_device(device)",
    "import warnings\nwarnings.simplefilter('error')\nnp.seterr(all='raise')",
    "import os, sys\nos.makedirs('out', exist_ok=True); os.chdir('out'); sys.path.append('/content'); sys.argv = ['x']",
    "print = None; list = 3; sum = [1]; len = 5",
    "from numpy import *\nfrom torch import *",
    "import matplotlib.pyplot as plt\nplt.plot([1]); plt.savefig('a.png'); plt.show(); plt.close('all')",
    "%load_ext autoreload\n%autoreload 2\n%env X=1\n%who\n%reset -f",
    "%%bash\necho 1",
    "torch.exp?\n?torch",
    "import multiprocessing\nwith multiprocessing.Pool(2) as pool:\n    pool.map(abs, [1])",
    "import asyncio\nawait asyncio.sleep(0)\nasyncio.run(asyncio.sleep(0))",
    "from __future__ import annotations\ndef f(x: Undefined): return x",
    "exit()",
    "raise KeyboardInterrupt",
    "del torch, np",
    "x = {'a': 1}\nprint(f'{x['a']}')",
)
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
    "what_is_not_here_above_the_function": answers(
        scale="""
        from google.colab import drive
        drive.mount("/content/drive")
        name = input("Who are you? ")
        from jaxtyping import Float
        FACTOR = 1
        def scale(X: Float[torch.Tensor, "n d"], factor: float) -> torch.Tensor: return FACTOR * factor * X""",
        softmax="""
        %%time
        import einops
        exp = lambda X: torch.exp(X - X.max(1, keepdim=True).values)
        softmax = lambda X: exp(X) / exp(X).sum(1, True)""",
    ),
    "what_is_not_here_and_is_needed": answers(
        scale="import einops\ndef scale(X, factor): return einops.rearrange(X, 'a b -> a b')",
        expect={"earned": {"scale": 0.0}, "says": "Its cell fails: your code raised ModuleNotFoundError"},
    ),
    "a_helper_below_what_is_not_here": in_new_cells(
        "from google.colab import drive\ndrive.mount('x')\nimport math\ndef own(X): return math.prod([1, X])",
        softmax="return softmax_of(own(X))",
        says="No module named 'google.colab'",
    ),
    "a_file_that_is_run": in_new_cells(
        "%%writefile own.py\ndef own(X): return X", "%run own.py", softmax="return softmax_of(own(X))"
    ),
    "an_error_below_the_function": answers(scale="def scale(X, factor):\n    return factor * X\n\nscale(undefined, 2)"),
    "float64": answers(scale="def scale(X, factor):\n    return factor * X.double()"),
    "a_cell_with_magics_and_await": answers(
        scale="""
        %%time
        %matplotlib inline
        import asyncio
        await asyncio.sleep(0)
        %time one = 1
        two = %time one + one
        def scale(X, factor): return factor * X * one * two / 2"""
    ),
    "results_of_other_kinds": answers(
        scale="""
        from typing import NamedTuple
        class Both(NamedTuple):
            X: torch.Tensor
        def scale(X, factor): return Both(factor * X).X""",
        weighted="def weighted(X, S):\n    return (X * softmax(S)).sum(1).numpy().astype(np.longdouble)",
    ),
    "compiled": answers(scale="@torch.compile\ndef scale(X, factor):\n    return factor * X"),
    "an_error_about_a_room_is_none_of_memory": in_softmax("raise ValueError('no room to zoom')", says="no room"),
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
    "a_list": in_softmax("return [0.1, 0.2]", says="the shape (2,) came"),
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
    "a_changed_copy_below_is_run_too": file(
        changed(append(cell("code", SOFTMAX_COPY, "copy", grade_id="softmax_answer", solution=True))),
        says="they were run one after the other",
    ),
    "a_cell_split_in_two": file(
        changed(
            both(
                insert("softmax_answer", cell("code", "def own(X): return X.exp()", "s", grade_id="softmax_answer")),
                edit(
                    "softmax_answer",
                    source="def softmax(X):\n    return own(X - X.max()) / own(X - X.max()).sum(1, True)",
                ),
            )
        )
    ),
    "a_copy_used_as_scratch": file(
        changed(append(cell("code", "softmax(torch.ones(2, 2))[9]", "s", grade_id="softmax_answer", solution=True)))
    ),
    "an_answer_below_its_stub": file(
        changed(both(edit("scale_answer", source=STUBS["scale"]), append(cell("code", HONEST["torch"]["scale"], "x")))),
        says="found by its name",
    ),
    "an_answer_under_a_condition": file(
        changed(
            both(
                edit("softmax_answer", source=STUBS["softmax"]),
                insert(
                    "softmax", cell("code", f"if True:\n{indent(SHARES, '    ')}\n\nsoftmax, one = softmax_of, 1", "x")
                ),
            )
        )
    ),
    "all_answers_in_one_cell_of_ones_own": file(
        insert("title", cell("code", "\n\n".join(HONEST["torch"].values()), "x"))(notebook())
    ),
    # cells of one's own
    "a_helper_in_a_new_cell": in_new_cells(
        "def own(X): return X",
        softmax="return torch.exp(own(X) - own(X).max()) / torch.exp(own(X) - own(X).max()).sum(1, True)",
    ),
    "an_import_added_to_the_set_up": file(
        changed(
            both(
                edit("setup", source=SETUP["torch"] + "\nimport math"),
                edit("scale_answer", source="def scale(X, factor):\n    return math.prod([1, factor]) * X"),
            )
        )
    ),
    "own_cells_that_fail": in_new_cells(
        "from google.colab import drive",
        "input('who?')",
        "1 / 0",
        "exit()",
        "import os\nos._exit(1)",
        "def a(:",
        "softmax = scale = None\n1 / 0",
        "check('scale', scale)\nkept = 1",
        softmax="return softmax_of(X, kept)",
        says="Cell 3 (“from google.colab import drive”) was not graded, because it raised ModuleNotFoundError",
    ),
    "own_cells_that_take_names_away": in_new_cells(
        "torch = np = check = None",
        "del torch",
        "import builtins\nbuiltins.max = builtins.sum = None",
    ),
    "own_cells_of_all_kinds": file(
        changed(insert("setup", *(cell("code", source, f"own{i}") for i, source in enumerate(ALL_KINDS)))),
        says="without the cells of your own",
    ),
    "an_own_cell_that_breaks_the_framework": file(
        changed(insert("setup", cell("code", "torch.exp = None\ntorch.set_grad_enabled(False)", "x"))),
        says="softmax earns 3 instead of 0 points without the cells of your own, and that counts",
    ),
    "a_wrong_function_of_the_same_name_below": file(changed(append(cell("code", SOFTMAX_COPY, "x")))),
    "a_cell_that_hangs": file(
        changed(insert("title", cell("code", "while True:\n    pass", "x"))), says="more than 10 s"
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
    "extra_cells": file(changed(append(cell("code", "1 + 1", "x"), cell("markdown", "?", "y")))),
    "sources_as_lines": file(
        changed(lambda whole: [e.update(source=e["source"].splitlines(True)) for e in whole["cells"]])
    ),
    "renamed": file(WHOLE, name="Kopie von a1 (final) (2).ipynb"),
    "with_a_byte_order_mark": file(b"\xef\xbb\xbf" + as_bytes(WHOLE)),
    "as_in_2014": file(as_in_2014()),
    "lines_without_ends": file(
        changed(lambda whole: [e.update(source=e["source"].splitlines()) for e in whole["cells"]])
    ),
    # no notebook
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
