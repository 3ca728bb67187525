"""Flask-Alembic: a complete Alembic environment for a Flask app.

Public names are imported when they are first used, so that an app which never
migrates pays nothing for them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    alembic_script: Any
    from .cli import alembic_click
    from .errors import AlembicError
    from .extension import Alembic
    from .hooks import Veto, hookimpl
    from .plugins.json_format import schema as json_schema
    from .runtime.progress import progress
    from .runtime.step import step

__version__ = "4.0.0.dev0"

__all__ = [
    "Alembic",
    "AlembicError",
    "Veto",
    "alembic_click",
    "alembic_script",
    "hookimpl",
    "json_schema",
    "progress",
    "step",
]

_LAZY = {
    "Alembic": "extension",
    "AlembicError": "hooks.errors",
    "Veto": "hooks.errors",
    "alembic_click": "cli",
    "alembic_script": "cli.flask_script",
    "hookimpl": "hooks.markers",
    "json_schema": "plugins.json_format:schema",
    "progress": "runtime.progress",
    "step": "runtime.step",
}
"""The module of each, and after a colon what it is called there."""


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _LAZY[name].partition(":")
    value = getattr(importlib.import_module(f"{__name__}.{module}"), attribute or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
