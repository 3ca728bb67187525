"""Bringing what is left in the outbox to its receivers."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flask_alembic.hooks import each_database

from .errors import NotDelivered, first_line
from .settings import Receiver, Settings, receivers_of
from .table import OutboxTable, Row

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection

    from .message import Message


@dataclass
class Delivered:
    """What a delivery did."""

    delivered: list[Message] = field(default_factory=list)
    """What every receiver has taken."""

    failed: list[tuple[Message, str]] = field(default_factory=list)
    """What a receiver did not take, and why."""

    busy: list[Message] = field(default_factory=list)
    """What another process is delivering."""

    def require_all(self) -> None:
        """Raise where a receiver did not take a message.

        :raises NotDelivered: With the first reason.
        """
        if not self.failed:
            return
        number = len(self.failed)
        what = "1 message was" if number == 1 else f"{number} messages were"
        message, reason = self.failed[0]
        raise NotDelivered(
            f"{what} not delivered; the first, {message.kind} of "
            f"{', '.join(step['revision'] for step in message.body['steps'])}: {reason}.",
            "Fix the cause, then run flask db outbox deliver.",
        )


def deliver(app: Flask, settings: Settings, names: Iterable[str] = ()) -> Delivered:
    """Deliver what is left, in the order of writing; a failure stops no other message.

    Each statement commits by itself, and no transaction is open while a receiver works.

    :param app: The application; an app context must be active.
    :param settings: The settings.
    :param names: Only these databases; all for none.
    :raises NotDelivered: When there is a message and no receiver.
    """
    receivers = receivers_of(app, settings)
    result = Delivered()

    def work(name: str, connection: Connection) -> None:
        table = OutboxTable(settings, connection, name)
        rows = table.undelivered() if table.exists() else []
        if rows and not receivers:
            raise NotDelivered(
                "There are messages in the outbox, and nobody receives them.",
                "Add a function: ALEMBIC_OUTBOX = {'receivers': {'name': function}}.",
            )
        for row in rows:
            _deliver(app, table, row, receivers, result)

    each_database(app, work, names)
    return result


def _deliver(
    app: Flask,
    table: OutboxTable,
    row: Row,
    receivers: Mapping[str, Receiver],
    result: Delivered,
) -> None:
    """Deliver one message to those who do not have it."""
    owner = uuid.uuid4().hex
    claimed = table.claim(row.number, owner)
    if claimed is None:
        result.busy.append(row.message)
        return
    received = claimed.received_by
    errors = []
    for name, receive in receivers.items():
        if name in received:
            continue
        try:
            receive(app, claimed.message)
        except Exception as error:
            errors.append(f"{name}: {first_line(error)}".rstrip("."))
            continue
        received = (*received, name)
        if not table.received(claimed, owner, received):
            result.busy.append(claimed.message)  # the lease was over
            return
    reason = "; ".join(errors) or None
    if not table.finish(claimed, owner, reason):
        result.busy.append(claimed.message)
    elif reason is None:
        result.delivered.append(claimed.message)
    else:
        result.failed.append((claimed.message, reason))
