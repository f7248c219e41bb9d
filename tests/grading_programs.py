"""Notebooks as six programs save them: what each keeps of a notebook, what it drops, and what it adds."""

import copy
import json

_STAMP = "2026-03-01T16:20:00.000Z"
_BADGE = (
    "<a style='text-decoration:none;line-height:16px;display:flex;color:#5B5B62;padding:10px;justify-content:end;' "
    "href='https://deepnote.com?utm_source=created-in-deepnote-cell&projectId=3c882279-82a6-4796-9acf-70d58cb2aa76' "
    "target=\"_blank\">\n<img alt='Created in deepnote.com' style='display:inline;' src='data:image/svg+xml;base64,"
    "PD94bWw=' > </img>\nCreated in <span style='font-weight:600;margin-left:4px;'>Deepnote</span></a>"
)


def _lines(source):
    return source.splitlines(keepends=True)


def _prepared(whole, marks, ids):
    """A copy, with outputs as after a run; without nbgrader's marks or the cells' ids if the program drops them."""
    whole = copy.deepcopy(whole)
    for number, cell in enumerate(whole["cells"]):
        if not marks:
            cell["metadata"] = {}
        if not ids:
            cell.pop("id", None)
        if cell["cell_type"] == "code":
            cell["execution_count"] = number + 1
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["[OK]   the new state\n"]}]
    return whole


def jupyterlab(whole, marks=True):
    """It keeps everything, and notes when each cell ran."""
    whole = _prepared(whole, marks, ids=True)
    for cell in whole["cells"]:
        cell["source"] = _lines(cell["source"])
        if cell["cell_type"] == "code":
            cell["metadata"] |= {"execution": {"iopub.status.busy": _STAMP, "shell.execute_reply": _STAMP}}
            cell["metadata"] |= {"scrolled": True, "trusted": True, "jupyter": {"source_hidden": False}}
    return json.dumps(whole, indent=1, ensure_ascii=False).encode() + b"\n"


def vscode(whole, marks=True):
    """It keeps marks and ids; on Windows lines end in CRLF, in the file and in sources that were pasted."""
    whole = _prepared(whole, marks, ids=True)
    for cell in whole["cells"]:
        cell["source"] = _lines(cell["source"].replace("\n", "\r\n"))
        cell["metadata"] |= {"vscode": {"languageId": "python"}} if cell["cell_type"] == "code" else {}
    whole["metadata"] = {
        "kernelspec": {"display_name": ".venv (3.11.7)", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "version": "3.11.7"},
    }
    return json.dumps(whole, indent=2).replace("\n", "\r\n").encode()


def colab(whole, marks=True):
    """It has ids of its own in the metadata, writes an older format, and puts a badge above everything."""
    whole = _prepared(whole, marks, ids=False)
    for number, cell in enumerate(whole["cells"]):
        cell["source"] = _lines(cell["source"])
        cell["metadata"]["id"] = f"Zk3xQ{number:07}"
        if cell["cell_type"] == "code":
            cell["metadata"] |= {"colab": {"base_uri": "https://localhost:8080/"}, "outputId": f"83e1{number:04}"}
            cell["metadata"] |= {"executionInfo": {"status": "ok", "user": {"displayName": "A"}, "user_tz": -60}}
    badge = '<a href="https://colab.research.google.com/github/x/y/blob/main/torch.ipynb" target="_parent">Open</a>'
    whole["cells"].insert(
        0, {"cell_type": "markdown", "metadata": {"id": "view-in-github", "colab_type": "text"}, "source": [badge]}
    )
    whole["metadata"] = {
        "colab": {"provenance": [], "toc_visible": True},
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "language_info": {"name": "python"},
        "accelerator": "GPU",
    }
    return json.dumps(whole | {"nbformat_minor": 0}, indent=2, ensure_ascii=False).encode()


def kaggle(whole, marks=False):
    """It drops marks and ids, writes each source as one text and all on one line; the last cell is empty."""
    whole = _prepared(whole, marks, ids=False)
    for number, cell in enumerate(whole["cells"]):
        cell["metadata"] |= {"_uuid": f"8f2839f2{number:032}", "_cell_guid": f"b1076dfc-{number:012}", "trusted": True}
        if cell["cell_type"] == "code":
            cell["metadata"]["execution"] = {"iopub.status.busy": _STAMP, "shell.execute_reply": _STAMP}
    whole["cells"].append(
        {"cell_type": "code", "source": "", "metadata": {"trusted": True}, "outputs": [], "execution_count": None}
    )
    whole["metadata"] = {
        "kernelspec": {"language": "python", "display_name": "Python 3", "name": "python3"},
        "kaggle": {"accelerator": "none", "dataSources": [], "isInternetEnabled": True, "language": "python"},
    }
    return json.dumps(whole | {"nbformat_minor": 4}).encode()


def deepnote(whole, marks=False):
    """It drops marks, has ids of its own, and puts its badge below everything."""
    whole = _prepared(whole, marks, ids=False)
    for number, cell in enumerate(whole["cells"]):
        kind = "code" if cell["cell_type"] == "code" else "text-cell-p" if number % 2 else "markdown"
        cell["metadata"] |= {"cell_id": f"dd42447e{number:024}", "deepnote_cell_type": kind}
        if kind == "code":
            cell["metadata"] |= {"source_hash": "f62d2690", "execution_start": 1649696014084, "execution_millis": 33}
    whole["cells"].append(
        {
            "cell_type": "markdown",
            "source": _BADGE,
            "metadata": {"created_in_deepnote_cell": True, "deepnote_cell_type": "markdown"},
        }
    )
    whole["metadata"] = {"deepnote": {}, "deepnote_notebook_id": "1f0e", "deepnote_execution_queue": []}
    return json.dumps(whole | {"nbformat_minor": 0}, indent=2, ensure_ascii=False).encode()


def pycharm(whole, marks=True):
    """It keeps marks, drops ids in older versions, and notes what it calls cells; no line end at the end."""
    whole = _prepared(whole, marks, ids=marks)
    for cell in whole["cells"]:
        cell["source"] = _lines(cell["source"])
        name = "#%%\n" if cell["cell_type"] == "code" else "#%% md\n"
        cell["metadata"] |= {"collapsed": False, "pycharm": {"name": name, "is_executing": False}}
        if cell["cell_type"] == "code":
            cell["metadata"]["ExecuteTime"] = {"end_time": _STAMP, "start_time": _STAMP}
    whole["metadata"] = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "version": "2.7.6", "codemirror_mode": {"name": "ipython", "version": 2}},
    }
    return json.dumps(whole | {"nbformat_minor": 5 if marks else 0}, indent=1, ensure_ascii=False).encode()


PROGRAMS = {each.__name__: each for each in (jupyterlab, vscode, colab, kaggle, deepnote, pycharm)}
KEEPS_MARKS = ("jupyterlab", "vscode", "colab", "pycharm")  # in some of their versions
