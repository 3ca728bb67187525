"""The plugin: what the entry point names."""

from __future__ import annotations

from collections.abc import Mapping

from flask_alembic.hooks import hookimpl


@hookimpl
def backends() -> Mapping[str, str]:
    """Give the backend of DuckDB, imported only by apps that use DuckDB."""
    return {"duckdb": "flask_alembic_duckdb.backend:DuckDB"}
