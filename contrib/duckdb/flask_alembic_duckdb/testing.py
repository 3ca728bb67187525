"""Test databases for the test kit of Flask-Alembic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_alembic.testing import DatabaseFiles

if TYPE_CHECKING:
    from sqlalchemy import Connection


class DuckDBFiles(DatabaseFiles):
    """Files of DuckDB; a copy is a copied file, with its write-ahead log."""

    suffix = ".duckdb"
    companions = (".wal",)

    def where(self, connection: Connection) -> str:
        """Return the file of the connection's database."""
        found = connection.exec_driver_sql(
            "SELECT path FROM duckdb_databases() "
            "WHERE database_name = current_database()"
        )
        return str(found.scalar())
