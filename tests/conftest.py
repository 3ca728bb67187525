"""The fixtures that every test may ask for."""

from __future__ import annotations

import older_click  # noqa: F401
import pools  # noqa: F401
import process_state  # noqa: F401
from databases import (
    database_url,
    kind,
    make_database,
    mariadb_server,
    mariadb_url,
    postgresql_server,
    postgresql_url,
    sqlite_url,
)
from suites import suite

pytest_plugins = ["sample", "skips"]

__all__ = [
    "database_url",
    "kind",
    "make_database",
    "mariadb_server",
    "mariadb_url",
    "postgresql_server",
    "postgresql_url",
    "sqlite_url",
    "suite",
]
