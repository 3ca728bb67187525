"""An operation rendered as SQL, without a database."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from ..capture.events import Event
from ..capture.isolation import quiet
from .base import Where
from .model import Unrendered

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect


class Refused(Exception):
    """Alembic or SQLAlchemy refuse an operation; the text says why."""


def render(event: Event, dialect: Dialect) -> str:
    """Return the SQL of an operation.

    :param event: What was captured.
    :param dialect: The dialect.
    :raises Refused: When there is none for this dialect.
    """
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from alembic.util import CommandError
    from sqlalchemy.exc import SQLAlchemyError

    if event.operation is None:
        return event.sql or ""
    buffer = io.StringIO()
    options = {"as_sql": True, "output_buffer": buffer}
    with quiet():
        context = MigrationContext.configure(dialect=dialect, opts=options)
        try:
            if event.table is not None:
                context.impl.create_table(event.table)
            else:
                Operations(context).invoke(event.operation)
        except (
            CommandError,
            SQLAlchemyError,
            NotImplementedError,
            ValueError,
        ) as error:
            raise Refused(str(error).strip().splitlines()[0]) from error
    return buffer.getvalue()


def refusal(event: Event, dialect: Dialect, where: Where) -> Unrendered | None:
    """Return why an operation cannot run on a dialect, or ``None`` if it can.

    SQLite's batch mode needs a live table and is left out, and so is what plugins
    add: only Alembic's own operations are known to render without a database.

    :param event: What was captured.
    :param dialect: The dialect.
    :param where: Where it is.
    """
    name = type(event.operation).__name__
    own = type(event.operation).__module__.startswith("alembic.")
    data = name in ("ExecuteSQLOp", "BulkInsertOp")
    if not own or data or (event.batch is not None and dialect.name == "sqlite"):
        return None
    try:
        render(event, dialect)
    except Refused as error:
        return Unrendered(where=where, operation=name, error=str(error))
    except Exception:
        return None  # what needs a connection is no fault of the revision
    return None
