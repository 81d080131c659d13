"""Sphinx: guides in Markdown, the API from docstrings, the commands from Typer."""

import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs" / "_ext")]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from rkd_keras import __version__  # noqa: E402

project = "rkd_keras"
author = "The rkd_keras authors"
copyright = "2026, the rkd_keras authors. Apache-2.0"  # noqa: A001
release = version = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "command_line",
    "public_names",
]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "_ext", "results/**"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
suppress_warnings = [
    # Which guides there are is found out by a pattern.
    "toc.empty_glob",
    # Guides link to files of the repository, which are not part of the pages.
    "myst.xref_missing",
]

smartquotes = False
# In docstrings, `x` is code.
default_role = "code"
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
napoleon_custom_sections = [
    ("Call arguments", "params_style"),
    "Input shape",
    "Output shape",
    "Inputs",
    "Outputs",
    "Shapes",
    ("Reference", "References"),
]

html_theme = "furo"
html_title = f"rkd_keras {release}"
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#005a8d",
        "color-brand-content": "#005a8d",
    },
    "dark_css_variables": {
        "color-brand-primary": "#6fc3f7",
        "color-brand-content": "#6fc3f7",
    },
}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def _keep_bars(app, what, name, obj, options, lines):
    """Keep the bars of |x|, which reStructuredText takes for a substitution."""
    for i, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            parts = re.split(r"(`[^`]*`)", line)
            parts[::2] = [part.replace("|", r"\|") for part in parts[::2]]
            lines[i] = "".join(parts)


def setup(app):
    # Before napoleon, which runs at 500.
    app.connect("autodoc-process-docstring", _keep_bars, priority=400)
