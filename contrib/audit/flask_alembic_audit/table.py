"""The table: one row for each revision that was applied, reverted, stamped or failed.

Names of columns are words that no database reserves, so that the table can be asked
with SQL typed by hand. Times are UTC without a zone: all databases hold them alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from .errors import AuditError, first_line

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from .settings import Settings

_Time = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
"""With fractions of a second everywhere."""

DONE = "done"
"""The outcome of what is durable."""

FAILED = "failed"
"""The outcome of what was rolled back."""

PARTIAL = "partial"
"""The outcome of what failed and is in effect in part: MySQL and MariaDB."""

ACCEPT = "accept"
"""The direction of a row that takes a changed file as it is now."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row.

    .. versionadded:: 4.0
    """

    run_id: str
    """The id of the run; one for all its revisions. Empty for an accepted file."""

    database_name: str
    """The name of the database in the app."""

    revision: str
    """The id of the revision."""

    direction: str
    """``upgrade``, ``downgrade``, ``stamp``, or ``accept``."""

    outcome: str
    """``done``, ``failed``, or ``partial``: failed, and some of it stays in effect."""

    started_utc: datetime
    """When it began."""

    seconds: float
    """How long it took."""

    message: str
    """What the revision is about."""

    error: str | None
    """The first line of the error, without parameters."""

    file_name: str | None
    """The name of its file."""

    checksum: str | None
    """SHA-256 of the file, in which CRLF counts as LF."""

    username: str
    """Who ran it."""

    hostname: str
    """Where."""

    app_version: str | None
    """The version of the app, if it is known."""

    git_commit: str | None
    """The commit that the app was run from, if it is known."""

    plugins: str
    """JSON: the versions of Flask-Alembic and of all active plugins by name."""


@cache
def audit_table(name: str, schema: str | None) -> sa.Table:
    """Return the table.

    :param name: Its name.
    :param schema: Its schema; ``None`` for the connection's own.
    """
    return sa.Table(
        name,
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("run_id", sa.String(32), nullable=False),
        sa.Column("database_name", sa.String(128), nullable=False),
        sa.Column("revision", sa.String(255), nullable=False),
        sa.Column("direction", sa.String(16), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("started_utc", _Time, nullable=False),
        sa.Column("seconds", sa.Float(53), nullable=False),
        sa.Column("message", sa.String(500), nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("file_name", sa.String(255)),
        sa.Column("checksum", sa.String(64)),
        sa.Column("username", sa.String(255), nullable=False),
        sa.Column("hostname", sa.String(255), nullable=False),
        sa.Column("app_version", sa.String(255)),
        sa.Column("git_commit", sa.String(64)),
        sa.Column("plugins", sa.Text, nullable=False),
        schema=schema,
        # Elsewhere than in InnoDB a row would stay when the revision is rolled back.
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
        mysql_charset="utf8mb4",
        mariadb_charset="utf8mb4",
    )


class AuditTable:
    """The table in one database, read and written through a connection.

    :param settings: Its name and schema.
    :param connection: Whose transaction everything belongs to.
    :param database: The name of the database, for messages.
    """

    def __init__(
        self, settings: Settings, connection: Connection, database: str
    ) -> None:
        self.table = audit_table(settings.table, settings.schema)
        self.connection = connection
        self.database = database

    def exists(self) -> bool:
        """Return whether the table is there."""
        return sa.inspect(self.connection).has_table(
            self.table.name, schema=self.table.schema
        )

    def create(self) -> bool:
        """Create the table in the connection's transaction, if it is missing.

        :return: Whether it was missing.
        :raises AuditError: When the database refuses.
        """
        try:
            if self.exists():
                return False
            self.table.create(self.connection)
            return True
        except sa.exc.SQLAlchemyError as error:
            raise self._refused("created", error) from error

    def add(self, entry: Entry) -> None:
        """Insert a row in the connection's transaction.

        :param entry: The row.
        :raises AuditError: When the database refuses.
        """
        values = {name: _fitting(self.table.c[name], entry) for name in COLUMNS}
        try:
            self.connection.execute(self.table.insert(), values)
        except sa.exc.SQLAlchemyError as error:
            raise self._refused("written", error) from error

    def latest(self, limit: int) -> list[Entry]:
        """Return the newest rows, the newest first.

        :param limit: How many at most.
        """
        wanted = sa.select(*self._columns()).order_by(self.table.c.id.desc())
        return self._read(wanted.limit(limit))

    def applied(self) -> dict[str, Entry]:
        """Return what is applied, by revision: the newest row that says so."""
        done = self.table.c.outcome == DONE
        rows = self._read(
            sa.select(*self._columns()).where(done).order_by(self.table.c.id)
        )
        found: dict[str, Entry] = {}
        for row in rows:
            if row.direction == "downgrade":
                found.pop(row.revision, None)
            else:
                found[row.revision] = row
        return found

    def _columns(self) -> list[sa.Column[Any]]:
        return [self.table.c[name] for name in COLUMNS]

    def _read(self, statement: sa.Select[Any]) -> list[Entry]:
        try:
            rows = self.connection.execute(statement).all()
        except sa.exc.SQLAlchemyError as error:
            raise self._refused("read", error) from error
        return [Entry(*row) for row in rows]

    def _refused(self, verb: str, error: Exception) -> AuditError:
        return AuditError(
            f"The audit table {self.table.fullname!r} of database {self.database!r}, "
            f"which ALEMBIC_AUDIT asks for, could not be {verb}: {first_line(error)}.",
            "Fix the cause (the right to CREATE and INSERT?), or set ALEMBIC_AUDIT to "
            "False.",
        )


COLUMNS = tuple(Entry.__dataclass_fields__)
"""The columns that an entry fills, in its order."""


def _fitting(column: sa.Column[Any], entry: Entry) -> Any:
    """Return a value, text cut to what the column takes."""
    value = getattr(entry, column.name)
    length = getattr(column.type, "length", None)
    if isinstance(value, str) and length is not None:
        return value[:length]
    return value
