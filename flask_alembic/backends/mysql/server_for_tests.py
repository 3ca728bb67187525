"""Test databases on a MySQL or MariaDB server, copied statement by statement.

The server has no command that copies a database. The statements that make the template
are read once; a copy runs them, and takes the rows with ``INSERT ... SELECT``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..server_for_tests import DatabaseServer, new_name
from .objects import schema_objects

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_TABLES = """
SELECT table_name, table_type FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_type <> 'VIEW' ORDER BY table_name
"""
_STORED = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = DATABASE() AND table_name = %s
AND coalesce(generation_expression, '') = '' ORDER BY ordinal_position
"""
_LIKE = """
SELECT default_character_set_name, default_collation_name
FROM information_schema.schemata WHERE schema_name = %s
"""
_CHARSET = "SELECT @@character_set_database, @@collation_database"


class MySQLServer(DatabaseServer):
    """Databases of their own on the server of an engine."""

    # Here one can be connected to a server without a database.
    maintenance = (None,)

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._statements: dict[str, list[str] | None] = {}

    def create(self) -> str:
        """Create an empty database with the character set of the app's own."""
        name = new_name()

        def work(connection: Connection) -> None:
            like = connection.exec_driver_sql(_LIKE, (self._url.database,)).first()
            options = f" CHARACTER SET {like[0]} COLLATE {like[1]}" if like else ""
            connection.exec_driver_sql(f"CREATE DATABASE {name}{options}")

        self.administer(work)
        return name

    def copy(self, template: str) -> str | None:
        """Run the statements that make the template, in a new database."""
        if template not in self._statements:
            self._statements[template] = self.administer(
                lambda connection: _dump(connection, template)
            )
        statements = self._statements[template]
        if statements is None:
            return None
        name = new_name()

        def work(connection: Connection) -> None:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
            for statement in statements:
                connection.exec_driver_sql(
                    statement.replace(_TARGET, name), execution_options=_VERBATIM
                )

        self.administer(work)
        return name

    def drop(self, name: str) -> None:
        """Drop a database and end the sessions that are left in it."""
        left = "SELECT id FROM information_schema.processlist WHERE db = %s"

        def work(connection: Connection) -> None:
            from sqlalchemy.exc import DBAPIError

            connection.exec_driver_sql("SET SESSION lock_wait_timeout = 20")
            for session in connection.exec_driver_sql(left, (name,)).scalars().all():
                try:
                    connection.exec_driver_sql(f"KILL {session:d}")
                except DBAPIError:
                    continue  # it has ended by itself meanwhile
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")

        self.administer(work)
        self._statements.pop(name, None)

    def where(self, connection: Connection) -> str:
        """Return the name of the connection's database."""
        return str(connection.exec_driver_sql("SELECT DATABASE()").scalar())


_TARGET = "flask_alembic_test_target"
# Without parameters a statement goes to the driver as it is: % stands for itself.
_VERBATIM = {"no_parameters": True}


def _dump(connection: Connection, template: str) -> list[str] | None:
    """Return the statements that make a copy, or None where there is more to it."""
    connection.exec_driver_sql(f"USE {template}")
    charset, collation = connection.exec_driver_sql(_CHARSET).one()
    mode = connection.exec_driver_sql("SELECT @@sql_mode").scalar()
    statements = [
        f"ALTER DATABASE {_TARGET} CHARACTER SET {charset} COLLATE {collation}",
        f"USE {_TARGET}",
        "SET SESSION foreign_key_checks = 0",
        # A row whose AUTO_INCREMENT column holds 0 keeps it.
        f"SET SESSION sql_mode = '{mode},NO_AUTO_VALUE_ON_ZERO'",
    ]
    tables = connection.exec_driver_sql(_TABLES).all()
    if any(kind != "BASE TABLE" for _, kind in tables):
        return None  # sequences and tables with system versioning
    for table, _ in tables:
        shown = connection.exec_driver_sql(f"SHOW CREATE TABLE {_quoted(table)}")
        statements.append(str(shown.one()[1]))
    for table, _ in tables:
        statements += _rows(connection, template, table)
    statements.append(f"SET SESSION sql_mode = '{mode}'")
    for each in schema_objects(connection):
        if each.create is None:
            return None
        statements.append(each.create)
    return statements


def _rows(connection: Connection, template: str, table: str) -> list[str]:
    """Return the statement that takes a table's rows over, if it has any."""
    quoted = _quoted(table)
    if connection.exec_driver_sql(f"SELECT 1 FROM {quoted} LIMIT 1").first() is None:
        return []
    stored = connection.exec_driver_sql(_STORED, (table,)).scalars()
    columns = ", ".join(_quoted(column) for column in stored)
    return [
        f"INSERT INTO {quoted} ({columns}) SELECT {columns} FROM {template}.{quoted}"
    ]


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
