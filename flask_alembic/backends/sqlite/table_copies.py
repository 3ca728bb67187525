"""What SQLAlchemy does not reflect of a table that Alembic's batch mode copies.

The copy gets what the table has: ``AUTOINCREMENT``, ``WITHOUT ROWID``, ``STRICT``,
collations, unnamed ``CHECK`` constraints, generated columns that are not inserted into.
Views do not stand in the way of its renaming. Triggers, and indexes of expressions, are
created again at the end of the revision where the revision itself has not done so; one
that uses a column which is gone is refused by its name.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ...errors import Refused
from ..statements import INTERNAL
from .catalog import stored_check, written_checks

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Connection, Table

_HEAD = re.compile(
    r"""CREATE TABLE (?:"(?:[^"]|"")+"|'[^']+'|`[^`]+`|\[[^\]]+\]|\w+)"""
)
_AUTOINCREMENT = re.compile(r"\bAUTOINCREMENT\b", re.IGNORECASE)
_OPTIONS = {
    "with_rowid": (re.compile(r"\bWITHOUT\s+ROWID\b", re.IGNORECASE), False),
    "strict": (re.compile(r"\bSTRICT\b", re.IGNORECASE), True),
}
"""What stands behind the last bracket of ``CREATE TABLE``, as SQLAlchemy takes it."""
_TEXT = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w)")
# What SQLAlchemy would take for a parameter.
_CLONE = "flask_alembic_collations"

DROPPED_CHECKS = "dropped_checks"
"""What a batch has in ``table_kwargs["info"]`` to drop constraints without names."""

PRIMARY_KEY = "primary_key"
"""What a batch has in ``table_kwargs["info"]`` for a key without a name: its columns."""

_OTHER_KEY = "Table '_alembic_tmp_.*' specifies columns .* as primary_key=True"
"""What SQLAlchemy says of a copy that gets another primary key, as it is meant to."""

Key = tuple[str, str]
"""Schema and name of a table."""


@contextmanager
def complete_copies(context: MigrationContext) -> Iterator[None]:
    """Let copies of tables within the block keep everything.

    :param context: Connected to the database.
    """
    assert context.connection is not None
    impl: Any = context.impl
    copies = _Copies(context.connection, impl)
    impl.prep_table_for_batch = copies.prepare
    impl.rename_table = copies.rename
    try:
        with warnings.catch_warnings():
            # The copy gets them, in a later step.
            warnings.filterwarnings("ignore", "Unnamed CHECK constraint on reflected")
            warnings.filterwarnings("ignore", _OTHER_KEY)
            yield
        copies.restore()
    finally:
        del impl.prep_table_for_batch, impl.rename_table
        copies.end()


class _Copies:
    """The tables that are copied in one revision."""

    def __init__(self, connection: Connection, impl: Any) -> None:
        self.connection = connection
        self.impl = impl
        self.quote = connection.dialect.identifier_preparer.quote
        self.lost: dict[Key, dict[tuple[str, str], str]] = {}
        self.copied: dict[str, Key] = {}
        self.sequences: dict[Key, int] = {}
        self.keys_off = False

    # The steps of Alembic

    def prepare(self, batch: Any, table: Table) -> None:
        """Complete the copy before it is created, and remember what will be lost."""
        key = (table.schema or "main", table.name)
        type(self.impl).prep_table_for_batch(self.impl, batch, table)
        self._protect_rows(key)
        lost = self.lost.setdefault(key, {})
        lost.update(self._unreflected(key))
        for (kind, name), sql in lost.items():
            for column in _moved(batch):
                if re.search(rf"\b{re.escape(column)}\b", sql, re.IGNORECASE):
                    raise _refused(kind, name, table.name, column)
        lost.update(self._ordered(key, batch))
        self.copied[batch.temp_table_name] = key
        (definition,) = self._rows(
            f"SELECT sql FROM {self._master(key)} WHERE type = 'table' AND name = ?",
            table.name,
        )[0]
        self._complete(batch, key, str(definition))

    def rename(self, old: str, new: str, schema: str | None = None) -> None:
        """Rename a table; that of a copy is its last step but for indexes."""
        key = self.copied.pop(str(old), None)
        if key is None:
            self._restore((schema or "main", str(old)))
            type(self.impl).rename_table(self.impl, old, new, schema=schema)
            return
        # Views name the table that is gone for a moment.
        legacy = self._value("PRAGMA legacy_alter_table")
        self._send("PRAGMA legacy_alter_table = ON")
        try:
            type(self.impl).rename_table(self.impl, old, new, schema=schema)
        finally:
            self._send(f"PRAGMA legacy_alter_table = {legacy}")
        if key in self.sequences:
            self._send(
                f"UPDATE {self.quote(key[0])}.sqlite_sequence "
                f"SET seq = max(seq, {self.sequences[key]:d}) WHERE name = ?",
                key[1],
            )
        self.end()

    def restore(self) -> None:
        """Create again what the revision has not created by itself."""
        for key in list(self.lost):
            self._restore(key)

    def end(self) -> None:
        """Switch foreign keys on again."""
        if self.keys_off and not self.connection.closed:
            self._send("PRAGMA foreign_keys = ON")
        self.keys_off = False

    def _restore(self, key: Key) -> None:
        lost = self.lost.pop(key, {})
        if not self._rows(
            f"SELECT 1 FROM {self._master(key)} WHERE type = 'table' AND name = ?",
            key[1],
        ):
            return  # dropped, and all that was its own with it
        for (_, name), sql in lost.items():
            exists = f"SELECT 1 FROM {self._master(key)} WHERE name = ?"
            if not self._rows(exists, name):
                self._send(_within(key[0], sql, self.quote))

    # What the copy gets

    def _complete(self, batch: Any, key: Key, definition: str) -> None:
        from sqlalchemy import PrimaryKeyConstraint

        plain = _TEXT.sub("", definition)
        copy: Table = batch.new_table
        if PRIMARY_KEY in batch.table_kwargs.get("info", {}):
            columns = batch.table_kwargs["info"][PRIMARY_KEY]
            copy.append_constraint(PrimaryKeyConstraint(*columns))
        if _AUTOINCREMENT.search(plain) and len(copy.primary_key.columns) == 1:
            copy.dialect_options["sqlite"]["autoincrement"] = True
            self._remember_sequence(key)
        options = plain.rpartition(")")[2]
        for option, (pattern, value) in _OPTIONS.items():
            if pattern.search(options):
                copy.dialect_options["sqlite"][option] = value
        for name in [each.name for each in copy.columns if each.computed is not None]:
            computed: Any = copy.columns[name].computed
            if not str(computed.sqltext).strip():
                raise Refused(
                    f"The table {key[1]!r} cannot be copied: the expression of its "
                    f"generated column {name!r} cannot be read.",
                    "Give the table to batch_alter_table(copy_from=...).",
                )
            batch.column_transfers.get(name, {}).pop("expr", None)
        if "COLLATE" in plain.upper():
            self._collate(batch, definition)
        self._keep_checks(batch, definition)

    def _keep_checks(self, batch: Any, definition: str) -> None:
        """Give the copy the unnamed ``CHECK`` constraints of columns that stay.

        Alembic leaves them out, as they may be those of a type. Of a type are those
        that the copy has again, for a column whose type asks for one.
        """
        from sqlalchemy import CheckConstraint

        if not batch.reflected:
            return
        again = {
            column.name
            for column in batch.new_table.columns
            if getattr(column.type, "create_constraint", False)
        }
        moved = {
            name: batch.column_transfers.get(name, {}).get("name")
            for name in _moved(batch)
        }
        dropped = {
            stored_check(None, text)
            for text in batch.table_kwargs.get("info", {}).get(DROPPED_CHECKS, ())
        }
        for name, text in written_checks(definition):
            if name is not None or stored_check(None, text) in dropped:
                continue
            if any(_of_type(text, column) for column in again):
                continue
            if any(_uses(text, old) for old, new in moved.items() if new is None):
                continue
            for old, new in moved.items():
                if new is not None:
                    text = _renamed(text, old, self.quote(str(new)))
            sql = _PARAMETER.sub(r"\\:", text)
            batch.new_table.append_constraint(CheckConstraint(sql))

    def _remember_sequence(self, key: Key) -> None:
        rows = self._rows(
            f"SELECT seq FROM {self.quote(key[0])}.sqlite_sequence WHERE name = ?",
            key[1],
        )
        if rows:
            self.sequences[key] = int(rows[0][0])

    def _collate(self, batch: Any, definition: str) -> None:
        """Give columns that keep their type its collation, as SQLite reads it."""
        from sqlalchemy import String

        compiler: Any = self.connection.dialect.type_compiler_instance
        head = f"CREATE TEMPORARY TABLE {_CLONE}"
        self._send(_HEAD.sub(lambda match: head, definition, count=1))
        try:
            for column in batch.table.columns:
                copied = batch.columns.get(column.name)
                type_ = getattr(copied, "type", None)
                if not isinstance(type_, String) or type_.collation:
                    continue
                if compiler.process(type_) != compiler.process(column.type):
                    continue
                collation = self._collation(column.name)
                if collation != "BINARY":
                    type_ = type_.copy() if hasattr(type_, "copy") else type_
                    type_.collation = collation
                    batch.new_table.columns[copied.name].type = type_
        finally:
            self._send(f"DROP TABLE temp.{_CLONE}")

    def _collation(self, column: str) -> str:
        index = f"temp.{_CLONE}_index"
        quoted = self.quote(column)
        self._send(f"CREATE INDEX {index} ON {_CLONE} ({quoted})")
        try:
            rows = self._rows(f"SELECT coll FROM pragma_index_xinfo('{_CLONE}_index')")
            return str(rows[0][0])
        finally:
            self._send(f"DROP INDEX {index}")

    # What is lost

    def _unreflected(self, key: Key) -> dict[tuple[str, str], str]:
        """Return the SQL of triggers and of indexes that are not reflected."""
        rows = self._rows(
            f"SELECT type, name, sql FROM {self._master(key)} WHERE sql IS NOT NULL "
            "AND tbl_name = ? AND type IN ('trigger', 'index') ORDER BY rowid",
            key[1],
        )
        return {
            (kind, name): sql
            for kind, name, sql in rows
            if kind == "trigger" or self._has_expression(key[0], name)
        }

    def _ordered(self, key: Key, batch: Any) -> dict[tuple[str, str], str]:
        """Return the SQL of indexes whose order or collation is not reflected.

        The copy would get them without; those that the batch drops are not there.
        """
        moved = {
            name: batch.column_transfers.get(name, {}).get("name")
            for name in _moved(batch)
        }
        found = {}
        rows = self._rows(
            f"SELECT name, sql FROM {self._master(key)} WHERE sql IS NOT NULL "
            "AND tbl_name = ? AND type = 'index' ORDER BY rowid",
            key[1],
        )
        for name, sql in rows:
            columns = self._rows(
                'SELECT name, "desc", coll FROM pragma_index_xinfo(?, ?) WHERE key = 1',
                name,
                key[0],
            )
            plain = all(not desc and coll == "BINARY" for _, desc, coll in columns)
            if plain or name not in batch.indexes:
                continue
            if self._has_expression(key[0], name):
                continue
            del batch.indexes[name]
            head, parenthesis, rest = sql.partition("(")
            for column in {column for column, *_ in columns} & set(moved):
                rest = _renamed(rest, column, self.quote(str(moved[column])))
            if all(moved.get(column, column) is not None for column, *_ in columns):
                found["index", name] = f"{head}{parenthesis}{rest}"
        return found

    def _has_expression(self, schema: str, index: str) -> bool:
        rows = self._rows(
            "SELECT 1 FROM pragma_index_info(?, ?) WHERE cid = -2", index, schema
        )
        return bool(rows)

    def _protect_rows(self, key: Key) -> None:
        """Switch foreign keys off where no transaction keeps them on."""
        if not self._value("PRAGMA foreign_keys"):
            return
        inside = self.connection.in_nested_transaction()
        if inside and self._is_referenced(key):
            raise Refused(
                f"The table {key[1]!r} cannot be copied in a savepoint: other tables "
                "refer to it, and would lose their rows.",
                "Alter it outside of begin_nested().",
            )
        options = self.connection.get_execution_options()
        if options.get("isolation_level") == "AUTOCOMMIT":
            self._send("PRAGMA foreign_keys = OFF")
            self.keys_off = True

    def _is_referenced(self, key: Key) -> bool:
        rows = self._rows(
            f"SELECT 1 FROM {self._master(key)} m "
            'JOIN pragma_foreign_key_list(m.name, ?) f WHERE lower(f."table") = lower(?)',
            key[0],
            key[1],
        )
        return bool(rows)

    # Statements

    def _master(self, key: Key) -> str:
        return f"{self.quote(key[0])}.sqlite_master"

    def _send(self, sql: str, *values: Any) -> Any:
        return self.connection.exec_driver_sql(
            sql, tuple(values), execution_options=INTERNAL
        )

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        return list(self._send(sql, *values))

    def _value(self, sql: str) -> Any:
        return self._send(sql).scalar()


def _moved(batch: Any) -> list[str]:
    """Return the columns of a table that the copy does not have by the same name."""
    return [
        column.name
        for column in batch.table.columns
        if batch.column_transfers.get(column.name, {}).get("name", column.name)
        != column.name
        or column.name not in batch.column_transfers
    ]


def _name_pattern(column: str) -> re.Pattern[str]:
    """Return what finds a column in an expression."""
    quoted = re.escape(column.replace('"', '""'))
    return re.compile(rf"\"{quoted}\"|(?<![\w'\"]){re.escape(column)}(?![\w'\"])", re.I)


def _uses(text: str, column: str) -> bool:
    return _name_pattern(column).search(text) is not None


def _renamed(text: str, column: str, quoted: str) -> str:
    return _name_pattern(column).sub(lambda match: quoted, text)


def _of_type(text: str, column: str) -> bool:
    """Tell whether a constraint is like those that types make for their column."""
    match = _name_pattern(column).match(text)
    return match is not None and text[match.end() :].lstrip().upper().startswith("IN (")


def _refused(kind: str, name: str, table: str, column: str) -> Refused:
    return Refused(
        f"The {kind} {name!r} of table {table!r} uses the column {column!r}, which is "
        "dropped or renamed.",
        f"Drop it before the table is altered, with op.execute('DROP {kind.upper()} "
        f"{name}'), and create it again afterwards.",
    )


def _within(schema: str, sql: str, quote: Any) -> str:
    """Return a statement that creates an object in a schema."""
    if schema == "main":
        return sql
    pattern = r"(CREATE (?:UNIQUE )?(?:INDEX|TRIGGER) )"
    return re.sub(pattern, rf"\g<1>{quote(schema)}.", sql, count=1)
