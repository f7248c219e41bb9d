"""The buttons that launch a chapter elsewhere, where the course's repository has an address. An extension of Sphinx.

The theme's own buttons open a page's source as it lies in the repository. Ours open what is made of it: the reader's
copy on Binder, and the notebook with the first cell for Colab.
"""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from course_utils.workshop import views


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx; `course_launch` of conf.py says which address launches a page."""
    app.add_config_value("course_launch", {}, "html")
    app.connect("html-page-context", _add_buttons, priority=900)  # the theme has made its own then
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _add_buttons(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    if not (app.config.course_launch and page.startswith("chapters/")):
        return
    buttons = [
        {
            "type": "link",
            "text": name,
            "tooltip": f"Launch on {name}",
            "icon": f"_static/images/logo_{name.lower()}.{ending}",
            "url": app.config.course_launch[name].format(reading=reading, page=page),
        }
        for name, ending, reading in launched(Path(app.srcdir).name)
    ]
    context["header_buttons"].append(
        {
            "type": "group",
            "tooltip": "Launch this chapter",
            "icon": "fas fa-rocket",
            "buttons": buttons,
            "label": "launch-buttons",
        }
    )


def launched(reading: views.View) -> list[tuple[str, str, views.View]]:
    """Where a reading can be launched, its logo's ending, and in which reading; Binder has PyTorch alone.

    >>> launched("both")
    [('Binder', 'svg', 'torch'), ('Colab', 'png', 'both')]
    >>> launched("tensorflow")
    [('Colab', 'png', 'tensorflow')]
    """
    binder = [("Binder", "svg", "torch")] if "torch" in views.sides(reading) else []
    return [*binder, ("Colab", "png", reading)]
