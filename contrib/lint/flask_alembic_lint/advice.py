"""The safe way of what rules find, made of the operation or statement at hand."""

from __future__ import annotations

import copy
from typing import Any, Final

from .defaults import fitting_default
from .facts.base import Fact
from .facts.model import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    CreateIndex,
    DropColumn,
    DropIndex,
    Maintenance,
)
from .facts.reader import Reader
from .lock_safe.forms import (
    NotNullProof,
    concurrent,
    from_index,
    named,
    not_valid,
    unchecked,
    unique_index,
    validated,
    without_index,
)
from .rewrites import (
    NEXT,
    NoRewrite,
    autocommit,
    changed,
    comment,
    execute,
    in_batches,
    qualified,
    quoted,
    reader_of,
    rendered,
    same,
    single_action,
    with_word,
)
from .servers import Server
from .typechanges import needs_using

SUFFIXES: Final = {
    "foreign key": "fkey",
    "check": "check",
    "unique": "key",
    "primary key": "pkey",
}
"""How PostgreSQL ends the names that it gives to constraints."""


def constraint_name(fact: AddConstraint) -> str:
    """Return the name of a constraint, or the one that PostgreSQL would give it.

    :param fact: The constraint.
    """
    table = fact.table.rpartition(".")[2]
    columns = () if fact.kind == "primary key" else fact.columns
    return fact.name or "_".join((table, *columns, SUFFIXES.get(fact.kind, "key")))


def concurrently(fact: CreateIndex | DropIndex, server: Server) -> str:
    """Return how an index is built or dropped without blocking writes.

    :param fact: The index.
    :param server: The server.
    """
    try:
        return autocommit(_concurrent(fact, server))
    except NoRewrite:
        return comment(
            "Build or drop the index in a statement of its own, with CONCURRENTLY, in "
            "op.get_context().autocommit_block()."
        )


def _concurrent(fact: CreateIndex | DropIndex, server: Server) -> str:
    from alembic.operations.ops import CreateIndexOp, DropIndexOp

    if fact.where.raw:
        text = fact.where.text
        if fact.concurrently:
            return execute(text)
        reader = reader_of(text, server)
        several = len(Reader.parts(reader.words)) > 1
        if reader.take().upper not in ("CREATE", "DROP") or (
            isinstance(fact, DropIndex) and (several or fact.cascade)
        ):
            raise NoRewrite("it takes no CONCURRENTLY")
        return execute(with_word(text, server, ("INDEX",), "CONCURRENTLY"))
    operation = fact.where.operation
    if not isinstance(operation, (CreateIndexOp, DropIndexOp)):
        raise NoRewrite("the index comes along with a column")
    return rendered(concurrent(operation), server)


def drop_before(fact: CreateIndex, server: Server) -> str:
    """Return how an index is built anew where an invalid one may be left.

    :param fact: The index.
    :param server: The server.
    """
    schema = fact.table.rpartition(".")[0] or None
    try:
        built = _concurrent(fact, server)
    except NoRewrite:
        return concurrently(fact, server)
    return autocommit(without_index(server, fact.name or "", schema), built)


def checked_later(fact: AddConstraint, server: Server) -> str:
    """Return how PostgreSQL adds a constraint without checking the old rows first.

    :param fact: A foreign key or a check constraint.
    :param server: The server.
    """
    name = constraint_name(fact)
    try:
        if fact.where.raw:
            added = execute(_named(fact, name, server) + " NOT VALID")
        else:
            operation = _with_name(fact, name)
            added = rendered(not_valid(operation), server)
    except NoRewrite:
        return comment(
            "Add the constraint in a statement of its own, with a name and NOT VALID, "
            "and run VALIDATE CONSTRAINT in the next revision."
        )
    return added + NEXT + validated(server, qualified(fact, server), name)


def _with_name(fact: AddConstraint, name: str) -> Any:
    """Return a copy of the operation, with a name."""
    from alembic.operations.ops import AddConstraintOp

    if not isinstance(fact.where.operation, AddConstraintOp):
        raise NoRewrite("the constraint comes along with a column")
    return named(fact.where.operation, name)


def _named(fact: AddConstraint, name: str, server: Server) -> str:
    """Return an ``ALTER TABLE`` whose constraint has a name."""
    text = fact.where.text.strip().rstrip(";")
    reader = single_action(text, server)
    if not reader.accept("ADD") or fact.inline:
        raise NoRewrite("the constraint comes along with a column")
    if reader.sees("CONSTRAINT"):
        return text
    start = reader.peek().start
    return f"{text[:start]}CONSTRAINT {quoted(server, name)} {text[start:]}"


def using_index(fact: AddConstraint, server: Server) -> str:
    """Return how PostgreSQL makes a constraint of an index that was built before.

    :param fact: A unique constraint or a primary key.
    :param server: The server.
    """
    name = constraint_name(fact)
    word = "PRIMARY KEY" if fact.kind == "primary key" else "UNIQUE"
    try:
        if fact.where.raw:
            index, when = _index_of_text(fact, name, server)
        else:
            index, when = _index_of_operation(fact, name, server)
    except NoRewrite:
        return comment(
            f"Build a unique index CONCURRENTLY in op.get_context().autocommit_block(), "
            f"and make it the constraint's in the next revision: ADD CONSTRAINT ... "
            f"{word} USING INDEX."
        )
    add = from_index(server, qualified(fact, server), name, word, when)
    return autocommit(index) + NEXT + add


def _index_of_operation(
    fact: AddConstraint, name: str, server: Server
) -> tuple[str, str]:
    """Return the index of a constraint, and when the constraint is checked."""
    index, when = unique_index(_with_name(fact, name), name)
    return rendered(index, server), when


def _index_of_text(fact: AddConstraint, name: str, server: Server) -> tuple[str, str]:
    reader = single_action(fact.where.text, server)
    reader.accept("ADD")
    if reader.accept("CONSTRAINT"):
        reader.name()
    if not (reader.accept("UNIQUE") or reader.accept("PRIMARY", "KEY")) or fact.inline:
        raise NoRewrite("the constraint comes along with a column")
    distinct = ""
    if reader.accept("NULLS", "NOT", "DISTINCT"):
        distinct = " NULLS NOT DISTINCT"
    reader.accept("NULLS", "DISTINCT")
    columns = reader.source(reader.parenthesised())
    include = ""
    if reader.accept("INCLUDE"):
        include = f" INCLUDE ({reader.source(reader.parenthesised())})"
    rest = reader.words[reader.at :]
    allowed = ("DEFERRABLE", "INITIALLY", "DEFERRED", "IMMEDIATE", "NOT", ";")
    if any(word.upper not in allowed for word in rest):
        raise NoRewrite("it says more than an index can")
    when = "".join(f" {word.upper}" for word in rest if word.upper != ";")
    sql = (
        f"CREATE UNIQUE INDEX CONCURRENTLY {quoted(server, name)} ON "
        f"{qualified(fact, server)} ({columns}){include}{distinct}"
    )
    return execute(sql), when


def unchecked_key(fact: AddConstraint, server: Server) -> str:
    """Return how MySQL and MariaDB add a foreign key in place.

    :param fact: The foreign key.
    :param server: The server.
    """
    try:
        added = same(fact, server)
    except NoRewrite:
        return comment(
            "Add the foreign key in a statement of its own, between SET SESSION "
            "foreign_key_checks = 0 and = 1: then the rows are not checked, and it is "
            "done in place."
        )
    return "\n".join(
        [
            comment(
                "Find rows without a partner before: without the check of the old rows "
                "it is done in place, and such rows stay."
            ),
            unchecked(added),
        ]
    )


def new_column(fact: AlterColumn, server: Server) -> str:
    """Return how a column gets another type without a rewrite: by a new column.

    :param fact: The change.
    :param server: The server.
    """
    from alembic.operations.ops import AddColumnOp, AlterColumnOp, DropColumnOp
    from sqlalchemy import Column

    operation, new = fact.where.operation, f"{fact.name}_new"
    table, column = qualified(fact, server), quoted(server, fact.name)
    fresh = quoted(server, new)
    try:
        if fact.where.raw:
            added = execute(f"ALTER TABLE {table} ADD COLUMN {fresh} {fact.type}")
            dropped = execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        else:
            assert isinstance(operation, AlterColumnOp)
            name, schema = operation.table_name, operation.schema
            typed: Column[Any] = Column(new, operation.modify_type)
            added = rendered(AddColumnOp(name, typed, schema=schema), server)
            gone = DropColumnOp(name, fact.name, schema=schema)
            dropped = rendered(gone, server)
    except NoRewrite:
        return comment(
            f"Add a column of the new type beside {fact.table}.{fact.name}, have the app "
            "write both, fill it in batches, and drop the old one in a later release."
        )
    value = fact.using or column
    assert fact.type is not None
    if (
        not fact.using
        and server.is_postgresql
        and needs_using(fact.old_type, fact.type)
    ):
        value = f"{column}::{str(fact.type).lower()}"
    fill = in_batches(
        server,
        table,
        f"{fresh} = {value}",
        f"{fresh} IS NULL AND ({value}) IS NOT NULL",
    )
    return (
        added
        + NEXT
        + comment("the app writes both columns since this release; fill the new one")
        + f"\n{fill}{NEXT}"
        + comment(
            "the app knows the new column only, which has got the indexes, constraints, "
            "default and NOT NULL of the old one"
        )
        + "\n# lint: ignore[FA502] no running code knows it\n"
        + dropped
    )


def with_cast(fact: AlterColumn, server: Server) -> str:
    """Return a change of type that says how PostgreSQL casts the values.

    :param fact: The change.
    :param server: The server.
    """
    cast = f"{quoted(server, fact.name)}::{str(fact.type).lower()}"
    try:
        if not fact.where.raw:
            operation = changed(fact.where.operation, postgresql_using=cast)
            return rendered(operation, server)
        single_action(fact.where.text, server)
        return execute(f"{fact.where.text.strip().rstrip(';')} USING {cast}")
    except NoRewrite:
        return comment(f"Say how the values are cast, such as USING {cast}.")


def proven_not_null(fact: AlterColumn, server: Server) -> str:
    """Return how PostgreSQL sets NOT NULL without reading the table under its lock.

    :param fact: The change.
    :param server: The server.
    """
    schema, _, table = fact.table.rpartition(".")
    try:
        proof = NotNullProof.of(server, table, schema or None, fact.name)
        filled = comment("the NULLs were filled in before")
        steps = [
            proof.add,
            f"{filled}\n{proof.validate}",
            f"{same(fact, server)}\n{proof.drop}",
        ]
    except NoRewrite:
        return comment(
            "Add CHECK (column IS NOT NULL) NOT VALID, validate it in the next revision, "
            "and set NOT NULL and drop the check in the one after that."
        )
    return NEXT.join(steps)


def maintenance(fact: Maintenance, server: Server) -> str:
    """Return how a table or index is tended without blocking it.

    :param fact: What is done.
    :param server: The server.
    """
    words = {
        "REINDEX": ("INDEX", "TABLE", "SCHEMA", "DATABASE"),
        "REFRESH MATERIALIZED VIEW": ("VIEW",),
    }.get(fact.verb)
    text = fact.where.text
    try:
        if words and not reader_of(text, server).has("WITH", "NO", "DATA"):
            code = autocommit(execute(with_word(text, server, words, "CONCURRENTLY")))
            if fact.verb == "REINDEX":
                return code
            note = comment("the view needs a unique index over all of its rows")
            return f"{note}\n{code}"
    except NoRewrite:
        pass
    return comment(
        f"There is no form of {fact.verb} that does not block. Decide when the table can "
        "be locked for as long as it is written anew, run it then and outside of a "
        "revision, or waive it with that time as the reason."
    )


def outside(fact: Fact, server: Server) -> str:
    """Return a statement outside of the revision's transaction.

    :param fact: What is done.
    :param server: The server.
    """
    try:
        return autocommit(same(fact, server))
    except NoRewrite:
        return comment("Run it in op.get_context().autocommit_block().")


def stated(fact: AlterColumn, server: Server) -> str:
    """Return a change that says whether the column may be NULL.

    :param fact: The change.
    :param server: The server.
    """
    note = comment("existing_nullable=True if the column may be NULL today")
    try:
        operation: Any = copy.copy(fact.where.operation)
        operation.existing_nullable = False
        return f"{note}\n{rendered(operation, server)}"
    except NoRewrite:
        return comment("Give existing_nullable, as the column is today.")


def domain_check(fact: Maintenance, server: Server) -> str:
    """Return how PostgreSQL adds a check to a domain without reading the tables.

    :param fact: The change.
    :param server: The server.
    """
    text = fact.where.text.strip().rstrip(";")
    try:
        reader = reader_of(text, server)
        reader.until("ADD")
        domain = text[: reader.peek().start].strip()
        if not reader.accept("ADD", "CONSTRAINT"):
            raise NoRewrite("the constraint has no name")
    except NoRewrite:
        return comment(
            "Give the constraint a name, add it NOT VALID, and run VALIDATE CONSTRAINT "
            "in the next revision."
        )
    name = quoted(server, reader.name())
    validate = execute(f"{domain} VALIDATE CONSTRAINT {name}")
    return execute(f"{text} NOT VALID") + NEXT + validate


def key_in_place(fact: AddConstraint, server: Server) -> str:
    """Return how MySQL and MariaDB add a primary key while writes go on.

    :param fact: The key.
    :param server: The server.
    """
    columns = ", ".join(quoted(server, name) for name in fact.columns)
    return execute(
        f"ALTER TABLE {qualified(fact, server)} ADD PRIMARY KEY ({columns}), "
        "ALGORITHM=INPLACE, LOCK=NONE"
    )


def in_batch(fact: Fact, server: Server) -> str:
    """Return an operation in batch mode, which copies the table on SQLite.

    :param fact: What is done.
    :param server: The server.
    """
    try:
        if fact.where.raw or fact.where.operation is None:
            raise NoRewrite("it is SQL text")
        return rendered(fact.where.operation, server, batch=True)
    except NoRewrite:
        return comment(
            "Write it with the methods of batch_op in op.batch_alter_table, which copy "
            "the table."
        )


def _added(fact: AddColumn, server: Server, **changes: Any) -> str:
    """Return the addition of a column with something changed about it."""
    from alembic.operations.ops import AddColumnOp
    from sqlalchemy import Column

    operation = fact.where.operation
    if fact.where.raw or not isinstance(operation, AddColumnOp):
        raise NoRewrite("it is SQL text")
    column = operation.column
    plain = not (column.foreign_keys or column.constraints or column.computed)
    if not plain or column.unique or column.index or column.identity:
        raise NoRewrite("the column brings a constraint or an index along")
    given: dict[str, Any] = {
        "type_": column.type,
        "nullable": column.nullable,
        "server_default": column.server_default,
        "comment": column.comment,
        **column.dialect_kwargs,
        **changes,
    }
    added: Column[Any] = Column(column.name, **given)
    code = AddColumnOp(operation.table_name, added, schema=operation.schema)
    return rendered(code, server)


def with_default(fact: AddColumn, server: Server) -> str:
    """Return how a column that is NOT NULL is added to a table with rows.

    :param fact: The addition.
    :param server: The server.
    """
    value = fitting_default(fact.column.type)
    try:
        if value is None:
            raise NoRewrite("no value is known to fit")
        return _added(fact, server, server_default=value)
    except NoRewrite:
        return comment(
            "Decide what the rows that are there get. Add the column without NOT NULL, "
            "fill it, and set NOT NULL in a later revision (FA203)."
        )


def default_later(fact: AddColumn, server: Server) -> str:
    """Return how a column is added first, and gets its default then.

    :param fact: The addition.
    :param server: The server.
    """
    from alembic.operations.ops import AddColumnOp, AlterColumnOp

    note = "then fill the old rows in batches, in a revision of its own"
    try:
        added = _added(fact, server, server_default=None, nullable=True)
        operation = fact.where.operation
        assert isinstance(operation, AddColumnOp)
        column = operation.column
        given = AlterColumnOp(
            operation.table_name,
            column.name,
            schema=operation.schema,
            modify_server_default=column.server_default,
            existing_type=column.type if server.is_mysql else None,
            existing_nullable=True if server.is_mysql else None,
        )
        return f"{added}\n{rendered(given, server)}\n{comment(note)}"
    except NoRewrite:
        return comment(
            "Add the column without a default and NOT NULL, set the default in the next "
            f"statement, {note}."
        )


def as_jsonb(fact: AddColumn, server: Server) -> str:
    """Return the addition of a column as ``jsonb``.

    :param fact: The addition.
    :param server: The server.
    """
    from sqlalchemy.dialects.postgresql import JSONB

    try:
        return _added(fact, server, type_=JSONB())
    except NoRewrite:
        return comment("Use jsonb.")


def without_default(fact: Fact, server: Server) -> str:
    """Return the addition of a column without its default.

    :param fact: The addition, or a table that is created.
    :param server: The server.
    """
    try:
        if not isinstance(fact, AddColumn):
            raise NoRewrite("it is a table")
        return _added(fact, server, server_default=None, nullable=True)
    except NoRewrite:
        return comment("Leave the default out, and have the app give the value.")


def type_dropped(fact: Fact, name: str, server: Server) -> str:
    """Return how the downgrade drops the type that a table brought along.

    :param fact: The table.
    :param name: The type.
    :param server: The server.
    """
    schema = fact.table.rpartition(".")[0] or None
    drop = execute(f"DROP TYPE {quoted(server, schema, name)}")
    return f"{comment('at the end of downgrade()')}\n{drop}"


def copied(fact: DropColumn, added: AddColumn, server: Server) -> str:
    """Return how the values of a dropped column are kept in the added one.

    :param fact: The drop.
    :param added: The addition.
    :param server: The server.
    """
    new, old = quoted(server, added.column.name), quoted(server, fact.name)
    table = qualified(fact, server)
    update = execute(f"UPDATE {table} SET {new} = {old} WHERE {new} IS NULL")
    note = "after adding the one and before dropping the other"
    return f"{comment(note)}\n{update}"
