"""The databases that Flask-Alembic knows by itself: an implementation of ``backends``."""

from __future__ import annotations

from collections.abc import Mapping

from ..hooks.markers import hookimpl


@hookimpl(trylast=True)
def backends() -> Mapping[str, str]:
    """Give PostgreSQL, MySQL, MariaDB and SQLite; each is imported when it is needed."""
    return {
        "mariadb": "flask_alembic.backends.mysql.backend:MySQL",
        "mysql": "flask_alembic.backends.mysql.backend:MySQL",
        "postgresql": "flask_alembic.backends.postgresql.backend:PostgreSQL",
        "sqlite": "flask_alembic.backends.sqlite.backend:SQLite",
    }
