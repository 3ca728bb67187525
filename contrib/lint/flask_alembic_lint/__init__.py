"""Finds dangerous operations in Alembic revisions before they run.

It is a plugin of Flask-Alembic: installing it is enough. ``flask db lint`` shows
what it finds, and so do ``flask db check`` and ``flask db revision``.

A rule of your own is a function with :func:`rule` before it; see the README.
"""

from __future__ import annotations

from .rules.base import RULES, Hit, Rule, names_of, rule
from .view import View

__all__ = ["RULES", "Hit", "Rule", "View", "names_of", "rule"]
