"""What stands behind ``op`` while a revision is captured."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from ..facts.base import Batch, Direction
from .driver import Endless
from .events import Event

if TYPE_CHECKING:
    from alembic.operations import BatchOperations, Operations
    from alembic.operations.ops import MigrateOperation
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Table


EVENTS: Final = 10_000
"""How many operations a revision may do before it is taken to be endless."""


class Recorder:
    """Writes down operations and statements, with the line that caused them.

    :param filename: The name under which the revision's code was compiled.
    """

    def __init__(self, filename: str) -> None:
        self.filename = filename
        self.events: list[Event] = []
        self.direction: Direction = "upgrade"
        self._autocommit = 0
        self._batch: Batch | None = None
        self._batches = 0

    def attach(self, operations: Operations, context: MigrationContext) -> None:
        """Take the place of what would reach a database.

        ``Operations.context()`` makes a plain ``Operations``, and the module proxy
        works for that very class only; so the instance's public methods are
        replaced, not its class.

        :param operations: What ``alembic.op`` stands for.
        :param context: Its migration context.
        """
        original = operations.batch_alter_table

        @contextmanager
        def batch_alter_table(
            table_name: str, schema: str | None = None, *args: Any, **given: Any
        ) -> Iterator[BatchOperations]:
            recreate = args[0] if args else given.get("recreate", "auto")
            convention = given.get("naming_convention")
            # With nothing in it and recreate="never", leaving the block does nothing.
            with original(
                table_name, schema, "never", naming_convention=convention
            ) as batch:
                batch.invoke = self._invoke(context, batch.invoke)  # type: ignore[method-assign]
                with self._in_batch(recreate):
                    yield batch

        operations.invoke = self._invoke(context, operations.invoke)  # type: ignore[method-assign]
        operations.batch_alter_table = batch_alter_table  # type: ignore[method-assign]
        context.autocommit_block = self._autocommitted  # type: ignore[method-assign]

    def _invoke(self, context: MigrationContext, original: Callable[..., Any]) -> Any:
        def invoke(operation: MigrateOperation) -> Any:
            from alembic.operations.ops import CreateTableOp

            table = None
            if not type(operation).__module__.startswith("alembic."):
                return self._custom(operation, original)
            if isinstance(operation, CreateTableOp):
                table = operation.to_table(context)
            self._add(operation=operation, table=table)
            return table

        return invoke

    def _custom(self, operation: MigrateOperation, original: Callable[..., Any]) -> Any:
        """Write down what an operation of a plugin or of the app is made of.

        Its implementation runs against the recorder. Where that sends nothing, the
        operation itself is kept, which no rule can look into.
        """
        before, result = len(self.events), None
        try:
            result = original(operation)
        except Endless:
            raise
        except Exception:
            del self.events[before:]
        if len(self.events) == before:
            self._add(operation=operation)
        return result

    def statement(self, sql: str, autocommit: bool) -> None:
        """Write down a statement that went through the connection.

        :param sql: Its text.
        :param autocommit: Whether the connection was told to commit each.
        """
        self._add(sql=sql, autocommit=autocommit)

    def _add(
        self,
        operation: MigrateOperation | None = None,
        sql: str | None = None,
        autocommit: bool = False,
        table: Table | None = None,
    ) -> None:
        if len(self.events) > EVENTS:
            raise Endless("it operates without end where it finds no rows")
        self.events.append(
            Event(
                direction=self.direction,
                line=self.line(),
                operation=operation,
                sql=sql,
                autocommit=autocommit or self._autocommit > 0,
                batch=self._batch,
                table=table,
            )
        )

    def line(self) -> int | None:
        """Return the line of the revision's file that is running."""
        frame = inspect.currentframe()
        while frame is not None:
            if frame.f_code.co_filename == self.filename:
                return frame.f_lineno
            frame = frame.f_back
        return None

    @contextmanager
    def _autocommitted(self) -> Iterator[None]:
        self._autocommit += 1
        try:
            yield
        finally:
            self._autocommit -= 1

    @contextmanager
    def _in_batch(self, recreate: str) -> Iterator[None]:
        outer = self._batch
        self._batches += 1
        self._batch = Batch(self._batches, recreate)
        try:
            yield
        finally:
            self._batch = outer
