"""Columns that a sequence of PostgreSQL fills: compared, and changed by a revision.

Alembic compares no ``SERIAL`` column, and writes changes of identity columns that the
server refuses: the operation does not say what the column was before. Here a column was
and becomes one of three: it has no sequence, is ``SERIAL``, or is an identity column. What
fills the column continues after the largest value that is there.

Sources: https://www.postgresql.org/docs/current/sql-altertable.html and
https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-SERIAL
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alembic.autogenerate import renderers
from alembic.operations.ops import AlterColumnOp, MigrateOperation
from sqlalchemy import Identity, inspect, text
from sqlalchemy.schema import CreateColumn

from ..backends.statements import INTERNAL
from .check_operations import escaped
from .model_sequences import sequence_of
from .percent_signs import single_percents

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alembic.autogenerate.api import AutogenContext
    from alembic.operations.ops import ModifyTableOps
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Column, Connection, Dialect, Table

    from ..backends.catalog import Catalog, Key
    from .table_changes import DescribedTable, TableChanges

_SERIAL = re.compile(r"\s(SMALL|BIG|)SERIAL\b")
_CALL = re.compile(r"nextval\('(.*)'::regclass\)\Z")
_OWNED = text(
    "SELECT format_type(q.seqtypid, NULL) FROM pg_sequence q "
    "WHERE q.seqrelid = to_regclass(pg_get_serial_sequence(:table, :column))"
)
_TYPES = {"SMALL": "smallint", "": "integer", "BIG": "bigint"}
_LARGEST = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}


@dataclass(frozen=True, slots=True)
class Serial:
    """A column is ``SERIAL``: its default is the next value of a sequence that it owns."""

    type: str
    """Of the sequence: ``smallint``, ``integer`` or ``bigint``."""

    sequence: str | None = None
    """The sequence as the server writes it; ``None`` where it does not exist yet."""

    def __str__(self) -> str:
        """Return what the column is."""
        return f"serial ({self.type})"


@dataclass(frozen=True, slots=True)
class GeneratedIdentity:
    """A column is an identity column."""

    always: bool
    start: int
    increment: int
    minvalue: int | None
    """``None`` for the one that goes with the type of the column; so is ``maxvalue``."""
    maxvalue: int | None
    cache: int
    cycle: bool

    def words(self) -> list[str]:
        """Return the options in the words of the server."""
        return [
            f"INCREMENT BY {self.increment}",
            _bound("MINVALUE", self.minvalue),
            _bound("MAXVALUE", self.maxvalue),
            f"START WITH {self.start}",
            f"CACHE {self.cache}",
            "CYCLE" if self.cycle else "NO CYCLE",
        ]

    @property
    def generated(self) -> str:
        """When the server takes the value of the sequence."""
        return f"GENERATED {'ALWAYS' if self.always else 'BY DEFAULT'}"

    def __str__(self) -> str:
        """Return what the column is."""
        return f"{self.generated} AS IDENTITY"


def _bound(word: str, value: int | None) -> str:
    return f"NO {word}" if value is None else f"{word} {value}"


@dataclass(frozen=True, slots=True)
class SharedSequence:
    """The default of a column is the next value of a sequence that it does not own."""

    call: str
    """The default as the server writes it."""

    def __str__(self) -> str:
        """Return what the column is."""
        return f"filled by {self.call}"


Filling = Serial | GeneratedIdentity | SharedSequence | None
"""What fills a column; ``None`` for no sequence of its own."""


class ChangeColumnSequenceOp(MigrateOperation):
    """A column gets another sequence, or another kind of it.

    :param key: The table.
    :param column: The name of the column.
    :param before: What fills it until now.
    :param after: What fills it from now on.
    :param nullable: Whether it may be NULL where it is no identity column.
    """

    def __init__(
        self,
        key: Key,
        column: str,
        before: Filling,
        after: Filling,
        nullable: bool = False,
    ) -> None:
        self.key, self.column, self.before, self.after = key, column, before, after
        self.nullable = nullable

    def reverse(self) -> ChangeColumnSequenceOp:
        """Return the operation that does the opposite."""
        return ChangeColumnSequenceOp(
            self.key, self.column, self.after, self.before, self.nullable
        )

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return the difference in a form like Alembic's of a column."""
        return (
            "modify_sequence",
            *self.key,
            self.column,
            *_contrasted(self.before, self.after),
        )


def _contrasted(before: Filling, after: Filling) -> tuple[str, str]:
    """Return both in words, and what differs in options."""
    if str(before) != str(after) or not isinstance(before, GeneratedIdentity):
        return str(before or "no sequence"), str(after or "no sequence")
    assert isinstance(after, GeneratedIdentity)
    pairs = zip(before.words(), after.words(), strict=True)
    olds, news = zip(*(pair for pair in pairs if pair[0] != pair[1]), strict=True)
    return f"{before} ({' '.join(olds)})", f"{after} ({' '.join(news)})"


# What differs -------------------------------------------------------------------------


def add_sequence_changes(
    context: MigrationContext,
    catalog: Catalog | None,
    table: DescribedTable,
    key: Key,
    found: ModifyTableOps | None,
    changes: TableChanges,
) -> None:
    """Add what a revision does to what fills the columns of a table.

    What Alembic has found of identity columns is taken out.

    :param context: The context of the comparison, connected.
    :param catalog: Of the database; ``None`` where it is not read.
    :param table: The table.
    :param key: Its key.
    :param found: What Alembic has found in the table.
    :param changes: Get what has to be done.
    """
    compares_defaults = context.opts.get("compare_server_default")
    if context.dialect.name != "postgresql" or not compares_defaults:
        return
    columns = _doubtful(catalog, table, found)
    if not columns:
        return
    assert context.connection is not None
    inspector = inspect(context.connection)
    stored = {
        each["name"]: each
        for each in inspector.get_columns(table.table.name, schema=table.table.schema)
    }
    operations: list[MigrateOperation] = [] if found is None else found.ops
    _set_plain_defaults_only(operations)
    for name in columns:
        column = table.table.columns[name]
        if name not in stored or not _is_wanted(context, column):
            continue
        before = _stored(context.connection, table.table, stored[name])
        after = _wanted(context.dialect, column)
        if _names(column, before):
            _keep_default(operations, name)
            continue
        if isinstance(before, Serial) and isinstance(after, Serial):
            if _LARGEST[before.type] >= _LARGEST[after.type]:
                continue
            after = Serial(after.type, before.sequence)
        if before != after and not (
            after is None and isinstance(before, SharedSequence)
        ):
            is_identity = isinstance(before, GeneratedIdentity)
            nullable = column.nullable if is_identity else stored[name]["nullable"]
            change = ChangeColumnSequenceOp(key, name, before, after, bool(nullable))
            (changes.before if after is None else changes.after).append(change)


def _is_wanted(context: MigrationContext, column: Column[Any]) -> bool:
    """Ask the filters of the app about a column that both sides have."""
    table = column.table
    parents = {
        "schema_name": table.schema,
        "table_name": table.name,
        "schema_qualified_table_name": table.fullname,
    }
    include_name = context.opts.get("include_name")
    if include_name and not include_name(column.name, "column", parents):
        return False
    wants = context.opts.get("include_object")
    return wants is None or bool(wants(column, column.name, "column", False, column))


def _names(column: Column[Any], stored: Filling) -> bool:
    """Tell whether a column of the models names the sequence that fills it."""
    named = sequence_of(column)
    if named is None or not isinstance(stored, Serial) or stored.sequence is None:
        return False
    if column.server_default is None:
        return True  # it is never asked for: the app takes its values
    sequence = stored.sequence.rpartition(".")[2].strip('"')
    return sequence == str(named.name)


def _doubtful(
    catalog: Catalog | None, table: DescribedTable, found: ModifyTableOps | None
) -> list[str]:
    """Return the columns whose sequences may differ."""
    if catalog is not None and table.is_described:
        models = catalog.column_sequences(table.models)
        stored = catalog.column_sequences(table.database)
        return [name for name in models if models[name] != stored.get(name)]
    operations = found.ops if found is not None else ()
    names = [
        str(each.column_name)
        for each in operations
        if isinstance(each, AlterColumnOp) and each.modify_server_default is not False
    ]
    return [name for name in names if name in table.table.columns]


def _set_plain_defaults_only(operations: list[MigrateOperation]) -> None:
    """Let operations set and drop no defaults but those that are expressions."""
    for each in list(operations):
        if not isinstance(each, AlterColumnOp) or each.modify_server_default is False:
            continue
        if isinstance(each.modify_server_default, Identity):
            each.modify_server_default = None
        if isinstance(each.existing_server_default, Identity):
            each.existing_server_default = None
        if each.modify_server_default is None and not each.existing_server_default:
            each.modify_server_default = False
            if not each.has_changes():
                operations.remove(each)


def _keep_default(operations: list[MigrateOperation], column: str) -> None:
    """Let operations leave the default of a column as it is."""
    for each in list(operations):
        if isinstance(each, AlterColumnOp) and each.column_name == column:
            each.modify_server_default = False
            if not each.has_changes():
                operations.remove(each)


def _stored(connection: Connection, table: Table, column: Mapping[str, Any]) -> Filling:
    options = column.get("identity")
    if options:
        name = _name_of(connection.dialect, column["type"])
        return _complete(Identity(**options), name)
    call = _CALL.match(str(column.get("default") or ""))
    if call is None:
        return None
    preparer = connection.dialect.identifier_preparer
    owned = {"table": preparer.format_table(table), "column": column["name"]}
    type_ = connection.execute(_OWNED, owned, execution_options=INTERNAL).scalar()
    if type_ is None:
        return SharedSequence(call[0])
    return Serial(type_, call[1].replace("''", "'"))


def _wanted(dialect: Dialect, column: Column[Any]) -> Filling:
    identity = column.identity
    if identity is not None:
        return _complete(identity, _name_of(dialect, column.type))
    name = dialect.identifier_preparer.format_column(column)
    words = str(CreateColumn(column).compile(dialect=dialect))
    serial = _SERIAL.match(words.removeprefix(name))
    return Serial(_TYPES[serial[1]]) if serial else None


def _name_of(dialect: Dialect, type_: Any) -> str:
    return str(type_.compile(dialect)).lower()


def _complete(identity: Identity, type_: str) -> GeneratedIdentity:
    """Return what an identity is with the server's defaults for what it leaves open."""
    increment = identity.increment or 1
    largest = _LARGEST.get(type_, _LARGEST["bigint"])
    lowest, highest = (1, largest) if increment > 0 else (-largest - 1, -1)
    minvalue = None if identity.minvalue == lowest else identity.minvalue
    maxvalue = None if identity.maxvalue == highest else identity.maxvalue
    first, usual = (minvalue, lowest) if increment > 0 else (maxvalue, highest)
    start = next(each for each in (identity.start, first, usual) if each is not None)
    return GeneratedIdentity(
        always=bool(identity.always),
        start=start,
        increment=increment,
        minvalue=minvalue,
        maxvalue=maxvalue,
        cache=identity.cache or 1,
        cycle=bool(identity.cycle),
    )


# What a revision does -----------------------------------------------------------------


@renderers.dispatch_for(ChangeColumnSequenceOp)
def _render(context: AutogenContext, operation: ChangeColumnSequenceOp) -> list[str]:
    """Render the statements, one call for each."""
    assert context.migration_context is not None
    dialect = context.migration_context.dialect
    prefix = context.opts["alembic_module_prefix"]
    return [
        f"{prefix}execute({escaped(single_percents(statement, dialect))!r})"
        for statement in _Statements(dialect, operation).all()
    ]


class _Statements:
    """The SQL of one change."""

    def __init__(self, dialect: Dialect, operation: ChangeColumnSequenceOp) -> None:
        quote = dialect.identifier_preparer.quote
        self.operation = operation
        self.table = ".".join(quote(str(each)) for each in operation.key if each)
        self.column = quote(operation.column)
        self.quote = quote

    def all(self) -> list[str]:
        """Return the statements in their order."""
        before, after = self.operation.before, self.operation.after
        if isinstance(before, GeneratedIdentity) and isinstance(
            after, GeneratedIdentity
        ):
            options = " ".join(f"SET {each}" for each in after.words())
            return [self._alter(f"SET {after.generated} {options}")]
        if isinstance(before, Serial) and isinstance(after, Serial):
            return [f"ALTER SEQUENCE {self._sequence(after)} AS {after.type}"]
        return [*self._taken(before), *self._given(after)]

    def _taken(self, before: Filling) -> list[str]:
        if isinstance(before, GeneratedIdentity):
            # The server keeps NOT NULL, which only an identity column needs.
            after = [self._alter("DROP NOT NULL")] if self.operation.nullable else []
            return [self._alter("DROP IDENTITY"), *after]
        if isinstance(before, Serial):
            drop = f"DROP SEQUENCE {self._sequence(before)}"
            return [self._alter("DROP DEFAULT"), drop]
        if isinstance(before, SharedSequence):
            return [self._alter("DROP DEFAULT")]
        return []

    def _given(self, after: Filling) -> list[str]:
        if isinstance(after, GeneratedIdentity):
            options = " ".join(after.words())
            first = [self._alter("SET NOT NULL")] if self.operation.nullable else []
            made = self._alter(f"ADD {after} ({options})")
            return [*first, made, self._advanced(after.increment, after.start)]
        if isinstance(after, Serial):
            name = self._sequence(after)
            owner = f"{self.table}.{self.column}"
            call = f"nextval({_literal(name)})"
            return [
                f"CREATE SEQUENCE {name} AS {after.type} OWNED BY {owner}",
                self._alter(f"SET DEFAULT {call}"),
                self._advanced(1, 1),
            ]
        if isinstance(after, SharedSequence):
            return [self._alter(f"SET DEFAULT {after.call}")]
        return []

    def _alter(self, what: str) -> str:
        return f"ALTER TABLE {self.table} ALTER COLUMN {self.column} {what}"

    def _advanced(self, increment: int, start: int) -> str:
        """Return what makes the sequence continue after the values that are there."""
        last, over = ("max", ">=") if increment > 0 else ("min", "<=")
        value = f"{last}({self.column})"
        sequence = (
            f"pg_get_serial_sequence({_literal(self.table)}, "
            f"{_literal(self.operation.column)})"
        )
        return (
            f"SELECT setval({sequence}, {value}) FROM {self.table} "
            f"HAVING {value} {over} {start}"
        )

    def _sequence(self, serial: Serial) -> str:
        """Return the name of a sequence, the one that the server would choose if new."""
        if serial.sequence is not None:
            return serial.sequence
        schema, table = self.operation.key
        name = self.quote(_made_up_name(str(table), self.operation.column))
        return f"{self.quote(schema)}.{name}" if schema else name


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _made_up_name(table: str, column: str) -> str:
    """Return the name that the server gives the sequence of a ``SERIAL`` column."""
    parts = [table.encode(), column.encode()]
    while sum(map(len, parts)) > 63 - len("__seq"):
        longer = 0 if len(parts[0]) > len(parts[1]) else 1
        parts[longer] = parts[longer][:-1]
    table, column = (part.decode(errors="ignore") for part in parts)
    return f"{table}_{column}_seq"
