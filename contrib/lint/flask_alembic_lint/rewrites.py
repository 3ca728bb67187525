"""Suggested code, made from what the revision says with one thing changed.

Alembic's own renderer writes it, and it is used only if it makes the same SQL as the
operation that it was made of, so that it loses nothing of what the revision said.
"""

from __future__ import annotations

import ast
import copy
import functools
import io
import re
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from .capture.database import recording_dialect
from .capture.driver import World
from .capture.isolation import quiet
from .facts.base import Fact
from .facts.reader import Reader
from .facts.tokens import NotReadable, statements
from .servers import Server

if TYPE_CHECKING:
    from alembic.operations.ops import MigrateOperation
    from sqlalchemy.engine import Dialect

WIDTH: Final = 84
"""Calls that are longer have one argument a line."""

AUTOCOMMIT: Final = "with op.get_context().autocommit_block():\n"

NEXT: Final = "\n\n# next revision\n"
"""What stands between the steps of a rewrite."""


class NoRewrite(Exception):
    """There is no code that says the same in another way."""


@functools.lru_cache(32)
def dialect_of(server: Server) -> Dialect:
    """Return the dialect of a server, which reaches no database.

    :param server: The server.
    """
    return recording_dialect(server.family, server, World())


def quoted(server: Server, *names: str | None) -> str:
    """Return a name with its schema as SQL, quoted where it has to be.

    :param server: The server.
    :param names: The schema, if there is one, and the name.
    """
    preparer = dialect_of(server).identifier_preparer
    return ".".join(preparer.quote(name) for name in names if name)


def qualified(fact: Fact, server: Server) -> str:
    """Return the table of a fact as SQL.

    :param fact: What is done to it.
    :param server: The server.
    """
    operation = fact.where.operation
    if fact.where.raw or operation is None:
        return quoted(server, *fact.table.split("."))
    schema = getattr(operation, "schema", None)
    kw = getattr(operation, "kw", None) or {}
    schema = schema or kw.get("source_schema")
    name = fact.table[len(schema) + 1 :] if schema else fact.table
    return quoted(server, schema, name)


def changed(operation: Any, /, **keywords: Any) -> Any:
    """Return a copy of an operation with other dialect arguments.

    :param operation: One with ``kw``.
    :param keywords: Those that change; ``None`` takes one away.
    """
    made = copy.copy(operation)
    kept = {key: value for key, value in operation.kw.items() if key not in keywords}
    new = {key: value for key, value in keywords.items() if value is not None}
    made.kw = {**kept, **new}
    return made


def rendered(
    operation: MigrateOperation, server: Server, *, batch: bool = False
) -> str:
    """Return an operation as code.

    :param operation: The operation.
    :param server: The server.
    :param batch: Whether inside ``batch_alter_table``.
    :raises NoRewrite: When Alembic cannot write it, or loses a part of it.
    """
    from alembic.autogenerate import render_python_code
    from alembic.migration import MigrationContext
    from alembic.operations import ops

    given: Any = operation
    if batch:
        schema = getattr(operation, "schema", None)
        kw = getattr(operation, "kw", None) or {}
        schema = schema or kw.get("source_schema")
        table: Any = getattr(operation, "table_name", None) or getattr(
            operation, "source_table", ""
        )
        given = ops.ModifyTableOps(table, [given], schema=schema)
    with quiet():
        context = MigrationContext.configure(dialect=dialect_of(server))
        try:
            text = render_python_code(
                ops.UpgradeOps(ops=[given]),
                migration_context=context,
                render_as_batch=batch,
            )
        except Exception as error:
            raise NoRewrite(str(error)) from error
    lines = [line for line in text.splitlines() if line.strip() and "# ###" not in line]
    code = _styled(textwrap.dedent("\n".join(lines)), operation, batch=batch)
    if not batch and sql_of(code, server) != sql_of(operation, server):
        raise NoRewrite("the code would lose a part of the operation")
    return code


def _styled(code: str, operation: Any, *, batch: bool) -> str:
    """Return rendered code with its imports, and no line too long."""
    try:
        if not batch:
            code = _formatted(code, operation)
        else:
            head, _, body = code.partition("\n")
            inside = textwrap.indent(
                _formatted(textwrap.dedent(body), operation), "    "
            )
            code = f"{head.replace(', schema=None', '')}\n{inside}"
        return _imports(code) + code
    except SyntaxError as error:  # a type that does not show itself as Python
        raise NoRewrite(str(error)) from error


def _imports(code: str) -> str:
    """Return what code has to import of SQLAlchemy's dialects."""
    names = {
        node.value.id
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    lines = [
        f"from sqlalchemy.dialects import {name}\n"
        for name in ("mysql", "postgresql", "sqlite")
        if name in names
    ]
    return "".join(lines) + ("\n" if lines else "")


def _formatted(code: str, operation: Any) -> str:
    """Return a call with what the renderer leaves out, and no line too long."""
    statement = ast.parse(code).body[0]
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        raise NoRewrite("it is no call")
    call = statement.value
    parts = [ast.get_source_segment(code, each) or "" for each in call.args]
    names = {each.arg for each in call.keywords}
    for each in call.keywords:
        parts.append(f"{each.arg}={ast.get_source_segment(code, each.value)}")
    more = getattr(operation, "kw", None) or {}
    for key, value in more.items():
        if key not in names and isinstance(value, (str, bool, int)):
            parts.append(f"{key}={value!r}")
    function = ast.get_source_segment(code, call.func)
    line = f"{function}({', '.join(parts)})"
    if len(line) <= WIDTH and "\n" not in line:
        return line
    return f"{function}(\n    " + ",\n    ".join(parts) + ",\n)"


def sql_of(source: Any, server: Server) -> str:
    """Return the SQL that code makes, or an operation.

    :param source: The code or the operation.
    :param server: The server.
    :raises NoRewrite: When it cannot be made without a database.
    """
    import sqlalchemy as sa
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    buffer = io.StringIO()
    options = {"as_sql": True, "output_buffer": buffer}
    with quiet():
        context = MigrationContext.configure(dialect=dialect_of(server), opts=options)
        operations = Operations(context)
        try:
            if isinstance(source, str):
                exec(source, {"op": operations, "sa": sa})
            else:
                operations.invoke(source)
        except Exception as error:
            raise NoRewrite(str(error)) from error
    return buffer.getvalue()


def execute(sql: str) -> str:
    """Return a statement as code.

    :param sql: The statement.
    """
    return with_text("op.execute", sql.strip().rstrip(";"))


def with_text(function: str, sql: str) -> str:
    """Return a call with SQL text, in which no colon is taken for a parameter."""
    return _parametrized(function, re.sub(r"(?<![:\w\\]):(?=\w)", r"\\:", sql))


def _parametrized(function: str, text: str) -> str:
    """Return a call with SQL text whose colons are right, in lines of usual length."""
    line = f"{function}({_literal(text)})"
    if len(line) <= WIDTH:
        return line
    pieces = textwrap.wrap(text, WIDTH - 8, drop_whitespace=False)
    if "".join(pieces) != text:
        return line
    lines = "".join(f"    {_literal(each)}\n" for each in pieces)
    return f"{function}(\n{lines})"


def _literal(text: str) -> str:
    """Return a string as code, in double quotes where that needs no backslash."""
    if '"' in text or "\\" in text or not text.isprintable():
        return repr(text)
    return f'"{text}"'


def autocommit(*parts: str) -> str:
    """Return code in an autocommit block.

    :param parts: The statements.
    """
    return AUTOCOMMIT + textwrap.indent("\n".join(parts), "    ")


def comment(text: str) -> str:
    """Return text as comments.

    :param text: Sentences.
    """
    lines = textwrap.wrap(" ".join(text.split()), WIDTH, break_on_hyphens=False)
    return "\n".join(f"# {line}" for line in lines)


def same(fact: Fact, server: Server) -> str:
    """Return what the revision says, unchanged.

    :param fact: What is done.
    :param server: The server.
    :raises NoRewrite: When it cannot be written.
    """
    if fact.where.raw:
        if not fact.where.text:
            raise NoRewrite("there is no text")
        return execute(fact.where.text)
    if fact.where.operation is None:
        raise NoRewrite("there is no operation")
    batch = fact.where.batch is not None
    return rendered(fact.where.operation, server, batch=batch)


def waived(fact: Fact, server: Server, code: str, decide: str, reason: str) -> str:
    """Return what the revision says, under a waiver and what to decide before.

    :param fact: What is done.
    :param server: The server.
    :param code: The rule.
    :param decide: What to do or to decide before, in sentences.
    :param reason: The reason in the waiver.
    """
    try:
        text = same(fact, server)
    except NoRewrite:
        return comment(f"{decide} Then waive it: lint: ignore[{code}] {reason}")
    return f"{comment(decide)}\n# lint: ignore[{code}] {reason}\n{text}"


def with_word(sql: str, server: Server, after: Iterable[str], word: str) -> str:
    """Return a statement with a word put behind the first of others.

    :param sql: The statement.
    :param server: The server.
    :param after: Words, in upper case.
    :param word: The word.
    :raises NoRewrite: When none of them is there.
    """
    for each in reader_of(sql, server).words:
        if each.upper in after:
            return f"{sql[: each.end]} {word}{sql[each.end :]}"
    raise NoRewrite(f"{sql} has no place for {word}")


def reader_of(sql: str, server: Server) -> Reader:
    """Return a reader of one statement.

    :param sql: The statement.
    :param server: The server.
    :raises NoRewrite: When it is none, or several.
    """
    try:
        parts = statements(sql, server.family)
    except NotReadable as error:
        raise NoRewrite(str(error)) from error
    if len(parts) != 1:
        raise NoRewrite("there is more than one statement")
    return Reader(sql, parts[0][1])


def single_action(sql: str, server: Server) -> Reader:
    """Return a reader behind the table of an ``ALTER TABLE`` that does one thing.

    :param sql: The statement.
    :param server: The server.
    :raises NoRewrite: When it does several, or is another statement.
    """
    reader = reader_of(sql, server)
    if not reader.accept("ALTER", "TABLE"):
        raise NoRewrite("it is no ALTER TABLE")
    reader.if_exists()
    reader.accept("ONLY")
    reader.name()
    if len(Reader.parts(reader.words[reader.at :])) != 1:
        raise NoRewrite("it does several things")
    return reader


def in_batches(
    server: Server, table: str, change: str, where: str, key: str | None = None
) -> str:
    """Return an update in many small transactions.

    :param server: The server.
    :param table: The table, as SQL.
    :param change: What follows ``SET``.
    :param where: What holds for the rows that are not done yet.
    :param key: The one column of the primary key, as SQL. Without it each batch looks
        for its rows from the start of the table.
    """
    if not (server.is_postgresql or server.is_mysql):
        return execute(f"UPDATE {table} SET {change} WHERE {where}")
    return autocommit(*batches(server, table, change, where, key))


def batches(
    server: Server, table: str, change: str, where: str, key: str | None = None
) -> tuple[str, ...]:
    """Return the statements of :func:`in_batches`, for an autocommit block."""
    sql = f"UPDATE {table} SET {change} WHERE {where}"
    if key is not None:
        return _by_key(table, f"{sql} AND {key} BETWEEN :first AND :last", key)
    if server.is_postgresql:
        rows = f"SELECT ctid FROM {table} WHERE {where} LIMIT 1000"
        sql = f"UPDATE {table} SET {change} WHERE ctid IN ({rows})"
    else:
        sql += " LIMIT 1000"
    return (
        with_text("batch = sa.text", sql),
        "while op.get_bind().execute(batch).rowcount:\n    pass",
    )


def _by_key(table: str, batch: str, key: str) -> tuple[str, ...]:
    """Return an update that goes through a table in the order of its key."""
    numbered = f"SELECT {key}, row_number() OVER (ORDER BY {key}) AS n FROM {table}"
    each = f"SELECT {key} FROM ({numbered}) AS k WHERE mod(n, 1000) = 1 ORDER BY {key}"
    return (
        "connection = op.get_bind()",
        _parametrized("each_thousandth = sa.text", each),
        _parametrized("highest = sa.text", f"SELECT max({key}) FROM {table}"),
        _parametrized("batch = sa.text", batch),
        "keys = [*connection.scalars(each_thousandth), connection.scalar(highest)]",
        "for first, last in zip(keys, keys[1:], strict=False):\n"
        '    connection.execute(batch, {"first": first, "last": last})',
    )
