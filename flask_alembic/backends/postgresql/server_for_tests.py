"""Test databases on a PostgreSQL server: ``CREATE DATABASE ... TEMPLATE``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..server_for_tests import DatabaseServer, new_name

if TYPE_CHECKING:
    from sqlalchemy import Connection


class PostgreSQLServer(DatabaseServer):
    """Databases of their own on the server of an engine."""

    # The app's own may not exist, and must not be connected to where it does.
    maintenance = ("postgres",)

    def create(self) -> str:
        """Create a database like the server's pristine one."""
        return self._created("template0")

    def copy(self, template: str) -> str | None:
        """Let the server copy the files."""
        return self._created(template)

    def _created(self, template: str) -> str:
        name = new_name()
        statement = f"CREATE DATABASE {name} TEMPLATE {template}"
        self.administer(lambda connection: connection.exec_driver_sql(statement))
        return name

    def drop(self, name: str) -> None:
        """Drop a database and end the sessions in it."""

        def work(connection: Connection) -> None:
            version = connection.dialect.server_version_info or (0,)
            force = " WITH (FORCE)" if version >= (13,) else ""
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}{force}")

        self.administer(work)

    def where(self, connection: Connection) -> str:
        """Return the name of the connection's database."""
        return str(connection.exec_driver_sql("SELECT current_database()").scalar())
