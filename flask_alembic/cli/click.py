"""The Click group and commands under their name in Flask-Alembic 1 and 2.

``from flask_alembic.cli.click import cli`` gives the group ``alembic_click``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .group import AlembicGroup

    cli: AlembicGroup


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(__name__.rpartition(".")[0]), name)
