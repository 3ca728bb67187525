"""The table: one row for each message, which stays until it is purged.

Every statement that claims or marks a row is one UPDATE whose condition says in which state
the row has to be, so that of several processes one gets it, on every database.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from .errors import OutboxError, first_line
from .message import Message

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from .settings import Settings

_Time = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
"""With fractions of a second everywhere."""


@dataclass(frozen=True, slots=True)
class Row:
    """A message and how its delivery stands."""

    number: int
    """In the order of writing."""

    message: Message
    """The message."""

    attempts: int
    """How often its delivery was begun."""

    received_by: tuple[str, ...]
    """The receivers that have taken it."""

    error: str | None
    """Why the last delivery failed."""

    claimed_until: datetime | None
    """Until when it belongs to a process that delivers it."""

    delivered_utc: datetime | None
    """When all receivers had taken it."""


def now() -> datetime:
    """Return the time in UTC, without a zone."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


@cache
def outbox_table(name: str, schema: str | None) -> sa.Table:
    """Return the table.

    :param name: Its name.
    :param schema: Its schema; ``None`` for the connection's own.
    """
    return sa.Table(
        name,
        sa.MetaData(),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("message_id", sa.String(32), nullable=False, unique=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("run_id", sa.String(32), nullable=False),
        sa.Column("database_name", sa.String(128), nullable=False),
        sa.Column("created_utc", _Time, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("received_by", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("claimed_by", sa.String(32)),
        sa.Column("claimed_until", _Time),
        sa.Column("delivered_utc", _Time),
        schema=schema,
        # Elsewhere than in InnoDB a row would stay when the revision is rolled back.
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
        mysql_charset="utf8mb4",
        mariadb_charset="utf8mb4",
        sqlite_autoincrement=True,
    )


class OutboxTable:
    """The table in one database, read and written through a connection.

    :param settings: Its name and schema.
    :param connection: Whose transaction everything belongs to.
    :param database: The name of the database.
    """

    def __init__(
        self, settings: Settings, connection: Connection, database: str
    ) -> None:
        self.table = outbox_table(settings.table, settings.schema)
        self.lease = timedelta(seconds=settings.lease)
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
        :raises OutboxError: When the database refuses.
        """
        try:
            if self.exists():
                return False
            self.table.create(self.connection)
            return True
        except sa.exc.SQLAlchemyError as error:
            raise self._refused("created", error) from error

    def add(self, kind: str, run_id: str, body: dict[str, Any]) -> None:
        """Insert a message in the connection's transaction.

        :param kind: What it is about.
        :param run_id: The run.
        :param body: What it says.
        :raises OutboxError: When the database refuses.
        """
        values = {
            "message_id": uuid.uuid4().hex,
            "kind": kind,
            "run_id": run_id,
            "database_name": self.database,
            "created_utc": now(),
            "body": json.dumps(body),
            "attempts": 0,
            "received_by": "",
        }
        try:
            self.connection.execute(self.table.insert(), values)
        except sa.exc.SQLAlchemyError as error:
            raise self._refused("written", error) from error

    def undelivered(self) -> list[Row]:
        """Return what is not delivered, in the order of writing."""
        columns = self.table.c
        wanted = sa.select(self.table).where(columns.delivered_utc.is_(None))
        rows = self._run(wanted.order_by(columns.number)).mappings()
        return [_row(each) for each in rows]

    def delivered(self) -> int:
        """Return how many delivered messages are kept."""
        counted = sa.select(sa.func.count()).select_from(self.table)
        done = self.table.c.delivered_utc.is_not(None)
        return int(self._run(counted.where(done)).scalar_one())

    def claim(self, number: int, owner: str) -> Row | None:
        """Make a message one's own for the time of the lease.

        :param number: The message.
        :param owner: Who claims it.
        :return: The message as it is now; ``None`` where another process has it, or has
            delivered it.
        """
        columns, at = self.table.c, now()
        changed = self._run(
            self.table.update()
            .where(
                columns.number == number,
                columns.delivered_utc.is_(None),
                sa.or_(columns.claimed_until.is_(None), columns.claimed_until < at),
            )
            .values(
                claimed_by=owner,
                claimed_until=at + self.lease,
                attempts=columns.attempts + 1,
            )
        )
        if changed.rowcount != 1:
            return None
        rows = self._run(sa.select(self.table).where(columns.number == number))
        return _row(rows.mappings().one())

    def received(self, row: Row, owner: str, names: tuple[str, ...]) -> bool:
        """Record which receivers have a message.

        :param row: The message.
        :param owner: Who delivers it.
        :param names: The receivers that have taken it.
        :return: Whether it still belongs to the owner.
        """
        return self._mark(row, owner, received_by=",".join(names))

    def finish(self, row: Row, owner: str, error: str | None) -> bool:
        """Record how a delivery has ended.

        :param row: The message.
        :param owner: Who delivered it.
        :param error: Why not; ``None`` where every receiver has it.
        :return: Whether it still belonged to the owner.
        """
        delivered = now() if error is None else None
        return self._mark(
            row,
            owner,
            error=error,
            delivered_utc=delivered,
            claimed_by=None,
            claimed_until=None,
        )

    def purge(self, before: datetime, *, undelivered: bool = False) -> int:
        """Delete messages.

        :param before: Only those that were delivered, or else written, before then.
        :param undelivered: Whether to delete what was not delivered too.
        :return: How many.
        """
        columns = self.table.c
        old = columns.delivered_utc <= before
        if undelivered:
            free = sa.or_(
                columns.claimed_until.is_(None), columns.claimed_until < now()
            )
            missing = sa.and_(columns.delivered_utc.is_(None), free)
            old = sa.or_(old, sa.and_(missing, columns.created_utc <= before))
        return int(self._run(self.table.delete().where(old)).rowcount)

    def _mark(self, row: Row, owner: str, **values: Any) -> bool:
        columns = self.table.c
        mine = self.table.update().where(
            columns.number == row.number, columns.claimed_by == owner
        )
        return bool(self._run(mine.values(**values)).rowcount == 1)

    def _run(self, statement: Any) -> Any:
        try:
            return self.connection.execute(statement)
        except sa.exc.SQLAlchemyError as error:
            raise self._refused("read or written", error) from error

    def _refused(self, verb: str, error: Exception) -> OutboxError:
        return OutboxError(
            f"The outbox {self.table.fullname!r} of database {self.database!r}, which "
            f"ALEMBIC_OUTBOX asks for, could not be {verb}: {first_line(error)}.",
            "Fix the cause (the right to CREATE and INSERT?), or set ALEMBIC_OUTBOX to "
            "False.",
        )


def _row(values: Any) -> Row:
    message = Message(
        id=values["message_id"],
        kind=values["kind"],
        database=values["database_name"],
        run_id=values["run_id"],
        created_utc=values["created_utc"],
        body=json.loads(values["body"]),
    )
    return Row(
        number=values["number"],
        message=message,
        attempts=values["attempts"],
        received_by=tuple(filter(None, values["received_by"].split(","))),
        error=values["error"],
        claimed_until=values["claimed_until"],
        delivered_utc=values["delivered_utc"],
    )
