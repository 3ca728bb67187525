"""The operations of a revision that is being generated, where its text does not run."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..facts.base import Batch, Direction
from .events import Capture, Event

if TYPE_CHECKING:
    from alembic.operations.ops import MigrationScript


def from_directive(
    captured: Capture, directive: MigrationScript, *, batches: bool
) -> Capture:
    """Return a capture with the operations that autogenerate made.

    :param captured: What running the text gave; its failures are kept.
    :param directive: The operations.
    :param batches: Whether the text has them in batch blocks.
    """
    events: list[Event] = []
    lists: tuple[tuple[Direction, Any], ...] = (
        ("upgrade", directive.upgrade_ops_list),
        ("downgrade", directive.downgrade_ops_list),
    )
    for direction, containers in lists:
        for container in containers:
            events += _events(
                container, direction, Batch(0, "auto") if batches else None
            )
    return dataclasses.replace(captured, events=tuple(events))


def _events(
    container: Any, direction: Direction, batch: Batch | None
) -> Iterator[Event]:
    from alembic.operations.ops import CreateTableOp, ModifyTableOps, OpContainer

    for operation in container.ops:
        if isinstance(operation, OpContainer):
            inside = batch if isinstance(operation, ModifyTableOps) else None
            yield from _events(operation, direction, inside)
            continue
        table = operation.to_table() if isinstance(operation, CreateTableOp) else None
        yield Event(direction, None, operation, batch=batch, table=table)
