"""How a database is connected: by its backend, within ``ALEMBIC["connect_timeout"]``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection, Engine


@hookimpl(trylast=True)
def open_connection(app: Flask, database: str, engine: Engine) -> Connection:
    """Connect, or fail when the time is over."""
    from ..runtime.environment import environment_of

    environment = environment_of(app)
    seconds = environment.settings.of("connect_timeout", database)
    backend = environment.backends.backend_for(engine.dialect)
    return backend.connect(engine, seconds)


def why_needed(config: Mapping[str, Any]) -> str:
    """Return why the plugin cannot be disabled.

    :param config: ``app.config``.
    """
    return "no database is connected without it"
