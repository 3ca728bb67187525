"""What the form that does not block consists of, for advice and for new revisions.

Each function returns code for a revision, or the operation that it is rendered from.
"""

from __future__ import annotations

import copy
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..rewrites import changed, execute, quoted

if TYPE_CHECKING:
    from alembic.operations.ops import CreateIndexOp

    from ..servers import Server


def without_index(server: Server, name: str, schema: str | None) -> str:
    """Return how PostgreSQL drops what may be left of an index, blocking nobody.

    :param server: The server.
    :param name: The index.
    :param schema: Its schema.
    """
    sql = quoted(server, schema, name)
    return execute(f"DROP INDEX CONCURRENTLY IF EXISTS {sql}")


def without_constraint(server: Server, table: str, name: str) -> str:
    """Return how PostgreSQL drops a constraint that may be there.

    :param server: The server.
    :param table: The table, as SQL.
    :param name: The constraint.
    """
    sql = quoted(server, name)
    return execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {sql}")


def validated(server: Server, table: str, name: str) -> str:
    """Return how PostgreSQL checks the rows for a constraint, blocking nobody.

    :param server: The server.
    :param table: The table, as SQL.
    :param name: The constraint.
    """
    sql = quoted(server, name)
    return execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {sql}")


def not_valid(operation: Any) -> Any:
    """Return the addition of a constraint for new rows only.

    :param operation: The addition of a foreign key or a check.
    """
    return changed(operation, postgresql_not_valid=True)


def concurrent(operation: Any) -> Any:
    """Return the creation or the drop of an index that blocks nobody.

    :param operation: The creation or the drop.
    """
    return changed(operation, postgresql_concurrently=True)


def unique_index(operation: Any, name: str) -> tuple[CreateIndexOp, str]:
    """Return the index of a constraint, and when the constraint is checked.

    :param operation: The addition of a unique constraint or a primary key.
    :param name: The name of both.
    """
    from alembic.operations.ops import CreateIndexOp

    kw = dict(operation.kw)
    when = " DEFERRABLE" if kw.pop("deferrable", None) else ""
    if kw.pop("initially", None) == "DEFERRED":
        when += " INITIALLY DEFERRED"
    index = CreateIndexOp(
        name,
        operation.table_name,
        list(operation.columns),
        schema=operation.schema,
        unique=True,
        **{**kw, "postgresql_concurrently": True},
    )
    return index, when


def from_index(server: Server, table: str, name: str, word: str, when: str) -> str:
    """Return how PostgreSQL makes a constraint of an index of the same name.

    :param server: The server.
    :param table: The table, as SQL.
    :param name: The name.
    :param word: ``UNIQUE`` or ``PRIMARY KEY``.
    :param when: When it is checked.
    """
    sql = quoted(server, name)
    add = f"ALTER TABLE {table} ADD CONSTRAINT {sql} {word} USING INDEX {sql}"
    return execute(add + when)


@dataclass(frozen=True, slots=True)
class NotNullProof:
    """The check constraint that spares PostgreSQL reading a table for ``NOT NULL``."""

    name: str
    add: str
    validate: str
    drop: str

    @classmethod
    def of(
        cls, server: Server, table: str, schema: str | None, column: str
    ) -> NotNullProof:
        """Return the one for a column.

        :param server: The server.
        :param table: The table.
        :param schema: Its schema.
        :param column: The column.
        """
        # PostgreSQL 18 itself names one ..._not_null; names have 63 bytes at most.
        name = f"{table}_{column}"[:56] + "_is_set"
        alter = f"ALTER TABLE {quoted(server, schema, table)}"
        check = f"CHECK ({quoted(server, column)} IS NOT NULL) NOT VALID"
        sql = quoted(server, name)
        return cls(
            name,
            execute(f"{alter} ADD CONSTRAINT {sql} {check}"),
            validated(server, quoted(server, schema, table), name),
            execute(f"{alter} DROP CONSTRAINT {sql}"),
        )


def unchecked(added: str) -> str:
    """Return how MySQL and MariaDB add a foreign key in place: its rows unchecked.

    :param added: The addition, as code.
    """
    return "\n".join(
        (
            execute("SET SESSION foreign_key_checks = 0"),
            "try:",
            textwrap.indent(added, "    "),
            "finally:",
            f"    {execute('SET SESSION foreign_key_checks = 1')}",
        )
    )


def named(operation: Any, name: str) -> Any:
    """Return a copy of the addition of a constraint, with a name.

    :param operation: The addition.
    :param name: The name.
    """
    made = copy.copy(operation)
    made.constraint_name = name
    return made
