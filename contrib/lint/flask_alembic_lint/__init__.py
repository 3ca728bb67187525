"""Finds dangerous operations in Alembic revisions before they run.

It is a plugin of Flask-Alembic: installing it is enough. ``flask db lint`` shows
what it finds, and so do ``flask db check`` and ``flask db revision``.

A rule of your own is a function with :func:`rule` before it; see the README. The
names here are imported when they are first used: every ``flask db`` command loads
the plugin, and most of them look at no revision.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .rules.base import RULES, Hit, Rule, names_of, rule
    from .view import View

__all__ = ["RULES", "Hit", "Rule", "View", "names_of", "rule"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = ".view" if name == "View" else ".rules.base"
    value = getattr(importlib.import_module(module, __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
