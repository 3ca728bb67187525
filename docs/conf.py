"""Sphinx configuration."""

from __future__ import annotations

import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS / "_ext"), str(DOCS.parent)]

import flask_alembic  # noqa: E402

project = "Flask-Alembic"
author = "The Flask-Alembic developers"
copyright = author
release = flask_alembic.__version__
version = ".".join(release.split(".")[:2])

extensions = ["sphinx.ext.autodoc", "reference"]
exclude_patterns = ["_build", "outputs", "zero"]
nitpicky = False
default_role = "code"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "separated"
autodoc_default_options = {"exclude-members": "__init__, __new__"}
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80
toc_object_entries = False
highlight_language = "python"

html_theme = "furo"
html_title = f"{project} {version}"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b6e6e"},
    "dark_css_variables": {"color-brand-primary": "#5fc9c9"},
}
