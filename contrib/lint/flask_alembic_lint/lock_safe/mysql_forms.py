"""What MySQL and MariaDB do while others read and write, and the clauses for it.

Without ``ALGORITHM`` and ``LOCK`` the server falls back to a copy that blocks writes;
with them it refuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..defaults import is_volatile
from ..facts.types import SqlType, sql_type
from ..rewrites import NoRewrite, dialect_of, execute, quoted, sql_of, with_text
from ..typechanges import cost
from . import forms
from .fill import filled
from .parts import Change, Part, Phase, Statement, requirement_reverted

if TYPE_CHECKING:
    from ..servers import Server
    from .fill import Models

INSTANT: Final = "ALGORITHM=INSTANT"
INPLACE: Final = "ALGORITHM=INPLACE, LOCK=NONE"


def parts(change: Change, server: Server, models: Models) -> list[Part]:
    """Return the parts of a change.

    :param change: The change, of a table that is there before.
    :param server: The server.
    :param models: What the models say of columns.
    :raises NoRewrite: When there is no other form of it.
    """
    from flask_alembic.new_revisions import CodeOp, FillColumnOp, RequireColumnOp

    up, down = change.up, change.down
    phase: Phase = "expand"
    if isinstance(up, FillColumnOp):
        return [filled(up, server, models)]
    if isinstance(up, RequireColumnOp):
        phase, down = "contract", requirement_reverted(up)
    downs = [] if down is None else [_online(down, server)]
    done = _online(up, server)
    if (
        isinstance(up, RequireColumnOp)
        and models.fills(up)
        and done.operation is not up
    ):
        done = Statement(CodeOp(_code(up, server)))  # no report has to warn of it
    return [Part(phase, False, [done], downs)]


def _online(operation: Any, server: Server) -> Statement:
    """Return an operation with what it may not do, or as it is if it has to."""
    from flask_alembic.new_revisions import CodeOp

    try:
        return Statement(CodeOp(_code(operation, server), operation))
    except NoRewrite:
        return Statement(operation)


def _code(operation: Any, server: Server) -> str:
    from alembic.operations import ops

    if isinstance(operation, ops.DropIndexOp):
        table = quoted(server, operation.schema, operation.table_name)
        name = quoted(server, str(operation.index_name))
        return execute(f"ALTER TABLE {table} DROP INDEX {name}, {INPLACE}")
    if isinstance(operation, ops.CreateForeignKeyOp):
        return _key(operation, server)
    statement = _statement(operation, server)
    if isinstance(operation, ops.CreateIndexOp):
        return execute(f"{statement} {INPLACE.replace(',', '')}")
    return execute(f"{statement}, {_algorithm(operation, server)}")


def _statement(operation: Any, server: Server) -> str:
    """Return an operation as one statement."""
    sql = sql_of(operation, server).strip().rstrip(";")
    if ";" in sql or "%" in sql or not sql:
        raise NoRewrite("it is not one statement that can be written as text")
    return sql


def _algorithm(operation: Any, server: Server) -> str:
    """Return what a statement is allowed to do.

    :raises NoRewrite: When it cannot be done while others write, or is not known.
    """
    from alembic.operations import ops

    if isinstance(operation, ops.AddColumnOp):
        return _addition(operation.column, server)
    if isinstance(operation, ops.DropConstraintOp):
        if operation.constraint_type in ("foreignkey", "unique"):
            return INPLACE
    elif isinstance(operation, (ops.DropColumnOp, ops.CreateUniqueConstraintOp)) or (
        isinstance(operation, ops.AlterColumnOp) and _is_in_place(operation, server)
    ):
        return INPLACE
    raise NoRewrite("it copies the table, or takes no time")


def _addition(column: Any, server: Server) -> str:
    if column.computed is not None or column.identity is not None:
        raise NoRewrite("it may have to be computed")
    if column.primary_key or column.autoincrement is True:
        raise NoRewrite("it is a key")
    default = getattr(column.server_default, "arg", None)
    text = str(getattr(default, "text", "" if default is None else repr(default)))
    if is_volatile(text, server):
        raise NoRewrite("it differs from row to row")
    since = (10, 3, 2) if server.family == "mariadb" else (8, 0, 12)
    return INSTANT if server.at_least(*since) else INPLACE


def _is_in_place(operation: Any, server: Server) -> bool:
    """Return whether a column is changed in place."""
    if operation.modify_name is not None:
        return False
    if operation.modify_type is not None:
        old = _type(operation.existing_type, server)
        if old is None:
            return False
        new = _type(operation.modify_type, server)
        return new is not None and cost(old, new, server) == "none"
    return operation.modify_nullable is not None


def _type(type_: Any, server: Server) -> SqlType | None:
    from sqlalchemy.exc import SQLAlchemyError

    if type_ is None:
        return None
    try:
        return sql_type(type_.compile(dialect=dialect_of(server)))
    except (SQLAlchemyError, NotImplementedError):
        return None


def _key(operation: Any, server: Server) -> str:
    """Return how a foreign key is added in place, and its rows are checked then."""
    added = execute(f"{_statement(operation, server)}, {INPLACE}")
    kw, name = operation.kw, operation.constraint_name
    if not name:
        raise NoRewrite("it has no name")
    table = quoted(server, kw.get("source_schema"), operation.source_table)
    other = quoted(server, kw.get("referent_schema"), operation.referent_table)
    columns = [quoted(server, each) for each in operation.local_cols]
    remote = [quoted(server, each) for each in operation.remote_cols]
    there = " AND ".join(f"l.{each} IS NOT NULL" for each in columns)
    same = " AND ".join(
        f"r.{far} = l.{near}" for near, far in zip(columns, remote, strict=True)
    )
    orphan = (
        f"SELECT 1 FROM {table} l WHERE {there} AND NOT EXISTS "
        f"(SELECT 1 FROM {other} r WHERE {same}) LIMIT 1"
    )
    dropped = execute(f"ALTER TABLE {table} DROP FOREIGN KEY {quoted(server, name)}")
    message = f"{table} has rows for which {other} has none; {name} was not added."
    return "\n".join(
        (
            forms.unchecked(added),
            with_text("orphan = sa.text", orphan),
            "if op.get_bind().execute(orphan).first() is not None:",
            f"    {dropped}",
            f"    raise RuntimeError({message!r})",
        )
    )
