"""Tables that Flask-Alembic makes for itself are never compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from flask import Flask


@hookimpl(trylast=True)
def include_name(app: Flask, name: str | None, type_: str) -> bool | None:
    """Leave out the journal of databases whose DDL commits as it goes."""
    if type_ != "table":
        return None
    from ..runtime.environment import environment_of

    return False if name in environment_of(app).own_tables else None
