"""Operations for enum types that are objects of the database.

A type is created before the first table that uses it and dropped after the last one is
gone. Values are added to a type where the old ones keep their order; any other change
makes a new type, to which the columns are converted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from alembic.autogenerate import renderers
from alembic.operations.ops import (
    AddColumnOp,
    AlterColumnOp,
    CreateTableOp,
    DropColumnOp,
    DropTableOp,
    ExecuteSQLOp,
    MigrateOperation,
    ModifyTableOps,
)
from sqlalchemy import Column

from ..runtime.alembic_private import variants
from .imports import type_text
from .rename_operations import between_renames
from .renames import NO_RENAMES

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.operations.ops import MigrationScript

    from ..backends.base import Backend
    from ..backends.enum_types import EnumName, EnumTypes, EnumUser
    from .renames import ConfirmedRenames

_PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w)")
# What SQLAlchemy would take for a parameter.
_CAST = re.compile(r"('(?:[^']|'')*')::[\w ]+(?:\(\d+\))?")


class EnumStatementOp(ExecuteSQLOp):
    """A statement about an enum type, for one kind of database only."""

    dialect_name = ""


class ConvertColumnOp(AlterColumnOp):
    """A change of a column's type with the expression that converts its values."""

    using = ""


@renderers.dispatch_for(EnumStatementOp)
def _render_statement(context: AutogenContext, operation: EnumStatementOp) -> list[str]:
    """Render the statement so that other databases leave it out."""
    prefix = context.opts["alembic_module_prefix"]
    return [
        f"if {prefix}get_context().dialect.name == {operation.dialect_name!r}:",
        f"{prefix}execute({operation.sqltext!r})",
        "",
    ]


@renderers.dispatch_for(ConvertColumnOp)
def _render_conversion(context: AutogenContext, operation: ConvertColumnOp) -> Any:
    """Render what Alembic renders, and the expression."""
    plain = AlterColumnOp(
        operation.table_name,
        operation.column_name,
        schema=operation.schema,
        existing_type=operation.existing_type,
        existing_server_default=operation.existing_server_default,
        existing_nullable=operation.existing_nullable,
        existing_comment=operation.existing_comment,
        modify_nullable=operation.modify_nullable,
        modify_comment=operation.modify_comment,
        modify_server_default=operation.modify_server_default,
        modify_type=operation.modify_type,
        **operation.kw,
    )
    text: Any = renderers.dispatch(plain)(context, plain)
    indent = " " * 11
    return f"{text[:-1]},\n{indent}postgresql_using={operation.using!r})"


def render_enum(enum: Any, module: str, context: AutogenContext) -> str:
    """Return the text of an enum whose type no table creates, and add its import.

    :param enum: The enum of the dialect.
    :param module: The name of the dialect.
    :param context: What the text is rendered for.
    """
    context.imports.add(f"from sqlalchemy.dialects import {module}")
    labels = "".join(f"{label!r}, " for label in enum.enums)
    schema = f", schema={str(enum.schema)!r}" if enum.schema else ""
    return f"{module}.ENUM({labels}name={str(enum.name)!r}{schema}, create_type=False)"


def render_enum_array(
    type_: Any, enum: Any, module: str, context: AutogenContext
) -> str:
    """Return the text of an array of enums and of its variants for other databases.

    :param type_: The array.
    :param enum: The enum of the dialect that its elements are.
    :param module: The name of the dialect.
    :param context: What the text is rendered for.
    """
    more = f", dimensions={type_.dimensions}" if type_.dimensions else ""
    text = f"{module}.ARRAY({render_enum(enum, module, context)}{more})"
    for dialect, variant in sorted(variants(type_).items()):
        text += f".with_variant({type_text(variant, context)}, {dialect!r})"
    return text


def add_enum_operations(
    script: MigrationScript,
    backend: Backend,
    types: EnumTypes,
    renames: ConfirmedRenames = NO_RENAMES,
) -> None:
    """Create, change and drop the types that a script needs.

    :param script: Its last pair of operations is changed.
    :param backend: Of the database.
    :param types: The types that the database has.
    :param renames: What was renamed.
    """
    renamed = renames.values()
    types = _with_new_values(_with_new_names(types, renames), renamed)
    upgrade, downgrade = script.upgrade_ops_list[-1], script.downgrade_ops_list[-1]
    writer = _Writer(backend, types)
    come, gone = writer.needed(upgrade.ops), writer.needed(downgrade.ops)
    created = {
        name: labels for name, labels in come.items() if name not in types.labels
    }
    dropped = {
        name: types.labels[name]
        for name in gone
        if name in types.labels
        and name not in come
        and types.users[name] <= writer.removed_users(upgrade.ops)
    }
    changed = {
        name: (types.labels[name], labels)
        for name, labels in writer.altered(upgrade.ops).items()
        if name in types.labels and types.labels[name] != labels
    }
    there = {name: new for name, (_, new) in changed.items()}
    back = {name: old for name, (old, _) in changed.items()}
    kept = frozenset(changed) | renamed.keys()
    first, ups, _ = between_renames(upgrade.ops)
    _, downs, last = between_renames(downgrade.ops)
    upgrade.ops[:] = [
        *first,
        *(writer.create(name, labels) for name, labels in created.items()),
        *writer.renames(renamed),
        *writer.changes(back, there),
        *writer.converted(ups, kept),
        *(writer.drop(name) for name in dropped),
    ]
    names_back = {
        name: {new: old for old, new in labels.items()}
        for name, labels in renamed.items()
    }
    downgrade.ops[:] = [
        *(writer.create(name, labels) for name, labels in dropped.items()),
        *writer.changes(there, back),
        *writer.renames(names_back),
        *writer.converted(downs, kept),
        *last,
        *(writer.drop(name) for name in created),
    ]


def _with_new_names(types: EnumTypes, renames: ConfirmedRenames) -> EnumTypes:
    """Return types with the new names of the tables and columns that use them."""
    tables, columns = renames.tables(), renames.columns()

    def named(user: EnumUser) -> EnumUser:
        schema, table, column = user
        if table is None or column is None:
            return user
        name = columns.get((schema, table), {}).get(column, column)
        return schema, tables.get((schema, table), table), name

    return replace(
        types,
        users={
            name: frozenset(map(named, users)) for name, users in types.users.items()
        },
        columns={named(user): column for user, column in types.columns.items()},
    )


def _with_new_values(
    types: EnumTypes, renamed: Mapping[EnumName, Mapping[str, str]]
) -> EnumTypes:
    """Return types as they are once their values are renamed."""
    labels, columns = dict(types.labels), dict(types.columns)
    for name, names in renamed.items():
        labels[name] = tuple(names.get(label, label) for label in labels[name])
        for user in types.users[name] & columns.keys():
            default = columns[user].default
            for old, new in names.items():
                if default is not None and default.startswith(f"{_literal(old)}::"):
                    default = _literal(new) + default.removeprefix(_literal(old))
                    columns[user] = replace(columns[user], default=default)
                    break
    return replace(types, labels=labels, columns=columns)


class _Writer:
    """Finds enums in operations, and writes statements about their types."""

    def __init__(self, backend: Backend, types: EnumTypes) -> None:
        self.backend = backend
        self.types = types
        self.quote = backend.dialect.identifier_preparer.quote

    # What operations use

    def needed(
        self, operations: Iterable[MigrateOperation]
    ) -> dict[EnumName, tuple[str, ...]]:
        """Return the types that operations bring into tables."""
        found: dict[EnumName, tuple[str, ...]] = {}
        for type_ in self._types(operations):
            enum = self.backend.enum_of(type_)
            # Without create_type somebody else creates and drops the type.
            if enum is not None and enum.create_type:
                found[self.name(enum)] = tuple(enum.enums)
        return found

    def _types(self, operations: Iterable[MigrateOperation]) -> Iterator[Any]:
        for each in _leaves(operations):
            if isinstance(each, CreateTableOp):
                yield from (
                    item.type for item in each.columns if isinstance(item, Column)
                )
            elif isinstance(each, AddColumnOp):
                yield each.column.type
            elif isinstance(each, AlterColumnOp) and each.modify_type is not None:
                yield each.modify_type

    def altered(
        self, operations: Iterable[MigrateOperation]
    ) -> dict[EnumName, tuple[str, ...]]:
        """Return the types whose values have changed."""
        return {
            self.name(self.backend.enum_of(each.modify_type)): tuple(
                self.backend.enum_of(each.modify_type).enums
            )
            for each in _leaves(operations)
            if isinstance(each, AlterColumnOp) and self._same_enum(each) is not None
        }

    def _same_enum(self, operation: AlterColumnOp) -> EnumName | None:
        """Return the type of a column that keeps it."""
        if operation.modify_type is None or operation.existing_type is None:
            return None
        old = self.backend.enum_of(operation.existing_type)
        new = self.backend.enum_of(operation.modify_type)
        if old is None or new is None or self.name(old) != self.name(new):
            return None
        return self.name(new)

    def removed_users(
        self, operations: Iterable[MigrateOperation]
    ) -> frozenset[EnumUser]:
        """Return what uses types now and does so no more afterwards."""
        tables: set[tuple[str | None, str]] = set()
        columns: set[EnumUser] = set()
        for each in _leaves(operations):
            if isinstance(each, DropTableOp):
                tables.add((each.schema, each.table_name))
            elif isinstance(each, (DropColumnOp, AlterColumnOp)):
                columns.add((each.schema, each.table_name, each.column_name))
        return frozenset(
            user
            for users in self.types.users.values()
            for user in users
            if user[:2] in tables or user in columns
        )

    def name(self, enum: Any) -> EnumName:
        """Return schema and name of the type of an enum."""
        schema = enum.schema
        if schema == self.backend.dialect.default_schema_name:
            schema = None
        return schema, str(enum.name)

    # Statements

    def create(self, name: EnumName, labels: Sequence[str]) -> MigrateOperation:
        """Return the statement that creates a type."""
        return self._statement(
            f"CREATE TYPE {self._quoted(name)} AS ENUM "
            f"({', '.join(map(_literal, labels))})"
        )

    def drop(self, name: EnumName) -> MigrateOperation:
        """Return the statement that drops a type."""
        return self._statement(f"DROP TYPE {self._quoted(name)}")

    def renames(
        self, renamed: Mapping[EnumName, Mapping[str, str]]
    ) -> Iterator[MigrateOperation]:
        """Yield what renames values of types; rows keep them."""
        for name, labels in renamed.items():
            for old, new in labels.items():
                yield self._statement(
                    f"ALTER TYPE {self._quoted(name)} RENAME VALUE {_literal(old)} "
                    f"TO {_literal(new)}"
                )

    def changes(
        self,
        old: dict[EnumName, tuple[str, ...]],
        new: dict[EnumName, tuple[str, ...]],
    ) -> Iterator[MigrateOperation]:
        """Yield what gives types other values."""
        for name, labels in new.items():
            if [each for each in labels if each in old[name]] == list(old[name]):
                yield from self._add_values(name, old[name], labels)
            else:
                yield from self._replace(name, labels)

    def _add_values(
        self, name: EnumName, old: Sequence[str], new: Sequence[str]
    ) -> Iterator[MigrateOperation]:
        for place, label in enumerate(new):
            if label not in old:
                where = (
                    f"AFTER {_literal(new[place - 1])}"
                    if place
                    else f"BEFORE {_literal(old[0])}"
                )
                yield self._statement(
                    f"ALTER TYPE {self._quoted(name)} ADD VALUE {_literal(label)} {where}"
                )

    def _replace(
        self, name: EnumName, labels: Sequence[str]
    ) -> Iterator[MigrateOperation]:
        """Yield what puts a new type in the place of one; rows have to fit."""
        schema, plain = name
        quoted, aside = self._quoted(name), f"{plain}__old"
        yield self._statement(f"ALTER TYPE {quoted} RENAME TO {self.quote(aside)}")
        yield self.create(name, labels)
        for user in sorted(self.types.users[name], key=str):
            if user in self.types.columns:
                yield from self._convert(user, quoted)
        yield self._statement(f"DROP TYPE {self._quoted((schema, aside))}")

    def _convert(self, user: EnumUser, type_: str) -> Iterator[MigrateOperation]:
        """Yield what converts a column; its default is set again, as it has a type too."""
        schema, table, name = user
        column = self.types.columns[user]
        type_ = f"{type_}[]" if column.is_array else type_
        quoted = self.quote(str(name))
        alter = (
            f"ALTER TABLE {self._quoted((schema, str(table)))} ALTER COLUMN {quoted}"
        )
        if column.default is not None:
            yield self._statement(f"{alter} DROP DEFAULT")
        array = "[]" if column.is_array else ""
        yield self._statement(
            f"{alter} TYPE {type_} USING {quoted}::text{array}::{type_}"
        )
        if column.default is not None:
            yield self._statement(f"{alter} SET DEFAULT {column.default}")

    def converted(
        self, operations: Iterable[MigrateOperation], changed: frozenset[EnumName]
    ) -> Iterator[MigrateOperation]:
        """Yield operations, columns converted to enums, those of changed types left out."""
        for each in operations:
            if not isinstance(each, ModifyTableOps):
                yield each
                continue
            left: list[MigrateOperation] = []
            for operation in each.ops:
                left += self._converted(operation, changed)
            if left:
                yield ModifyTableOps(each.table_name, left, schema=each.schema)

    def _converted(
        self, operation: Any, changed: frozenset[EnumName]
    ) -> list[MigrateOperation]:
        if not isinstance(operation, AlterColumnOp) or operation.modify_type is None:
            return [operation]
        if self._same_enum(operation) in changed:
            operation.modify_type = None
            has_more = operation.has_changes()
            return [operation] if has_more else []
        conversion: AlterColumnOp = operation
        enum = self.backend.enum_of(operation.modify_type)
        if enum is not None:
            type_ = self._quoted(self.name(enum))
            conversion = ConvertColumnOp.__new__(ConvertColumnOp)
            conversion.__dict__.update(operation.__dict__)
            conversion.using = f"{self.quote(operation.column_name)}::text::{type_}"
        elif self.backend.enum_of(operation.existing_type) is None:
            return [operation]
        if operation.existing_server_default in (None, False):
            return [conversion]
        # A default that has the old type stands in the way.
        default = operation.modify_server_default
        if default is False:
            default = _without_cast(operation.existing_server_default)
        conversion.existing_server_default = False
        conversion.modify_server_default = False
        return [
            self._with_default(operation, None),
            conversion,
            *([self._with_default(operation, default)] if default is not None else []),
        ]

    def _with_default(self, operation: AlterColumnOp, default: Any) -> AlterColumnOp:
        return AlterColumnOp(
            operation.table_name,
            operation.column_name,
            schema=operation.schema,
            modify_server_default=default,
        )

    def _quoted(self, name: EnumName) -> str:
        return ".".join(self.quote(part) for part in name if part is not None)

    def _statement(self, sql: str) -> MigrateOperation:
        operation = EnumStatementOp(_PARAMETER.sub(r"\\:", sql))
        operation.dialect_name = self.backend.dialect.name
        return operation


def _without_cast(default: Any) -> Any:
    """Return a reflected default as a literal that takes the type of its column."""
    from sqlalchemy import text

    match = _CAST.fullmatch(str(getattr(default, "arg", default)))
    return default if match is None else text(_PARAMETER.sub(r"\\:", match[1]))


def _literal(text: str) -> str:
    quoted = text.replace("'", "''")
    return f"'{quoted}'"


def _leaves(operations: Iterable[MigrateOperation]) -> Iterator[Any]:
    for each in operations:
        if isinstance(each, ModifyTableOps):
            yield from each.ops
        else:
            yield each
