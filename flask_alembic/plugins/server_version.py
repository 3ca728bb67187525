"""The product and version of the server of a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection


@hookimpl(trylast=True)
def database_status(
    app: Flask, database: str, connection: Connection
) -> dict[str, Any]:
    """Show the product and version of the server."""
    from ..runtime.environment import environment_of
    from ..runtime.error_translation import translated

    backend = environment_of(app).databases()[database].backend
    with translated():
        return {"server": backend.server_version(connection)}
