"""What the journal writes down: its table, its rows, and what they mean."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .payloads import LockKey

if TYPE_CHECKING:
    from sqlalchemy import Table

STARTED, DONE, FAILED = "started", "done", "failed"


@dataclass(frozen=True, slots=True)
class Record:
    """One statement of a revision that did not end.

    :param ordinal: Its place among the statements of the revision, from 1.
    :param sql: The beginning of its text; literals are replaced by ``?``.
    :param digest: A hash of text and parameters.
    :param state: ``started``, ``done`` or ``failed``.

    .. versionadded:: 4.0
    """

    ordinal: int
    sql: str
    digest: str
    state: str


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A revision that began and is neither finished nor undone.

    :param run_id: The run it belonged to.
    :param revision: The revision.
    :param direction: ``upgrade`` or ``downgrade``.
    :param checksum: Of the revision's file when it was run.
    :param session_id: The server's number of the connection that ran it.
    :param statements: What is known of its statements, in order.

    .. versionadded:: 4.0
    """

    run_id: str
    revision: str
    direction: str
    checksum: str
    session_id: str | None
    statements: tuple[Record, ...]

    @property
    def in_effect(self) -> tuple[Record, ...]:
        """The statements that are in effect."""
        return tuple(record for record in self.statements if record.state == DONE)

    @property
    def uncertain(self) -> Record | None:
        """The one statement that may or may not have happened."""
        started = [record for record in self.statements if record.state == STARTED]
        return started[-1] if started else None


def journal_table_name(key: LockKey) -> str:
    """Return the name of the journal's table, not above 64 characters."""
    name = f"{key.version_table}_journal"
    if len(name) <= 64:
        return name
    digest = hashlib.blake2b(key.version_table.encode(), digest_size=4).hexdigest()
    return f"{key.version_table[:47]}_{digest}_journal"


def statement_digest(sql: str, parameters_hash: str = "") -> str:
    """Return the hash that tells a statement and its parameters from others."""
    return hashlib.sha256(f"{sql}\0{parameters_hash}".encode()).hexdigest()


def journal_table(key: LockKey) -> Table:
    """Return the journal's table."""
    import sqlalchemy as sa

    return sa.Table(
        journal_table_name(key),
        sa.MetaData(),
        sa.Column("ordinal", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("revision", sa.String(255), nullable=False),
        sa.Column("direction", sa.String(16), nullable=False),
        sa.Column("checksum", sa.String(128), nullable=False),
        sa.Column("session_id", sa.String(32)),
        sa.Column("statement_hash", sa.String(64), nullable=False),
        sa.Column("statement", sa.Text, nullable=False),
        sa.Column("at_once", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("started_at", sa.DateTime, server_default=sa.func.now()),
        sa.Column("ended_at", sa.DateTime),
        schema=key.schema,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
    )


class Statements:
    """What is sent to the journal's table for each statement, made once.

    SQLAlchemy recognizes a statement that it has compiled by walking through it, which
    it does once for each object.

    :param table: The journal's table.

    .. versionadded:: 4.0
    """

    def __init__(self, table: Table) -> None:
        from sqlalchemy import bindparam, func
        from sqlalchemy.dialects.mysql import insert

        self.add = table.insert()
        """Add a row."""

        row = insert(table)
        news = {column.name: row.inserted[column.name] for column in table.columns}
        news = {name: news[name] for name in news if not name.endswith("_at")}
        self.write = row.on_duplicate_key_update(news)
        """Add a row, or write over the one of that number."""

        self.mark = (
            table.update()
            .where(table.c.ordinal == bindparam("marked"))
            .values(state=bindparam("state_now"), ended_at=func.now(6))
        )
        """Set the state of the row with the number ``marked`` to ``state_now``."""

        self.clear = table.delete()
        """Remove all rows."""
