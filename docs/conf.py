"""How Sphinx makes one reading of the course's site; `course_utils.workshop.site` calls it for each."""

import os
import re
from pathlib import Path

DOCS = Path(__file__).parent
REPOSITORY = os.environ.get("COURSE_REPOSITORY", "").removesuffix("/")
# Its owner and name, where it is one that Binder and Colab can open.
ON_GITHUB = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?", REPOSITORY)

project = "Recurrent neural networks"
author = ""
html_title = "Recurrent neural networks"
html_show_copyright = html_show_sphinx = False
language = "en"

extensions = [
    "myst_nb",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx.ext.autodoc",
    "sphinx.ext.extlinks",
    "sphinx.ext.napoleon",
    "course_utils.workshop.site.bodies",
    "course_utils.workshop.site.docstrings",
    "course_utils.workshop.site.glossary",
    "course_utils.workshop.site.launching",
    "course_utils.workshop.site.networks",
    "course_utils.workshop.site.notebooks",
    "course_utils.workshop.site.readings",
    "course_utils.workshop.site.weight",
]
exclude_patterns = ["made", "static"]
templates_path = ["_templates"]

# Pages and chapters
nb_execution_mode = "off"
nb_code_prompt_show = "Open the answer"
nb_merge_streams = True
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
html_math_renderer = "mathml"
copybutton_selector = "div.highlight pre:not(.output pre)"

# The package, from its docstrings
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
default_role = "code"
python_use_unqualified_type_names = True
napoleon_use_ivar = True
napoleon_use_rtype = False

# What it looks like; all that pages load comes from here and from `npm ci`
html_theme = "sphinx_book_theme"
html_static_path = [
    "_static",
    "node_modules/@fontsource/stix-two-math/files/stix-two-math-latin-400-normal.woff2",
]
html_context = {"default_mode": "auto"}
html_favicon = "_static/favicon.svg"
html_css_files = ["site.css", "try.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_theme_options = {
    "article_header_start": ["toggle-primary-sidebar.html", "reading.html"],
    "home_page_in_toc": True,
    "max_navbar_depth": 1,
    "navbar_persistent": [],
    "navigation_with_keys": False,
    "repository_url": REPOSITORY,
    "use_repository_button": bool(REPOSITORY),
    "use_fullscreen_button": False,
}

# Launched from the repository: Binder has the reader's copy that .binder/postBuild makes, Colab the branch that
# `course colab` fills.
COLAB = f"https://colab.research.google.com/github/{ON_GITHUB[1] if ON_GITHUB else ''}/blob/colab"
extlinks = {"colab": (f"{COLAB}/%s.ipynb", None)}
if ON_GITHUB:
    tags.add("launched")  # noqa: F821 -- Sphinx gives it
    course_launch = {
        "Binder": f"https://mybinder.org/v2/gh/{ON_GITHUB[1]}/HEAD?urlpath=lab/tree/my_course/{{reading}}/{{page}}.ipynb",
        "Colab": f"{COLAB}/{{reading}}/{{page}}.ipynb",
    }
