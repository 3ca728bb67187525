"""Flask-Alembic: a complete Alembic environment for a Flask app.

Public names are imported when they are first used, so that an app which never
migrates pays nothing for them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    alembic_script: Any
    from .cli.group import alembic_click
    from .environment.progress import progress
    from .errors import AlembicError
    from .extension import Alembic
    from .hooks import Veto, hookimpl

__version__ = "4.0.0.dev0"

__all__ = [
    "Alembic",
    "AlembicError",
    "Veto",
    "alembic_click",
    "alembic_script",
    "hookimpl",
    "progress",
]

_LAZY = {
    "Alembic": "extension",
    "AlembicError": "errors",
    "Veto": "hooks.errors",
    "alembic_click": "cli.group",
    "alembic_script": "cli.script",
    "hookimpl": "hooks.markers",
    "progress": "environment.progress",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
