"""What tells one state of the models from another, without writing out their DDL.

Most tables are made of a few classes whose attributes are all that their DDL comes from.
Of a table that holds anything else, the DDL itself is taken.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..runtime.alembic_private import has_own_ddl, has_prefixes

if TYPE_CHECKING:
    from sqlalchemy import MetaData, Table
    from sqlalchemy.engine import Dialect


class _Unusual(Exception):
    """Something whose DDL has to be written out."""


def digest_of(metadata: Sequence[MetaData], dialect: Dialect) -> str:
    """Return a digest of everything in models that their DDL depends on.

    :param metadata: The models.
    :param dialect: Writes the types, and the DDL where that is needed.
    """
    from sqlalchemy import __version__

    describer = _Describer(dialect)
    lines = [__version__, *map(str, metadata)]
    for each in metadata:
        lines.append(repr(sorted(map(repr, each.naming_convention.items()))))
        lines += sorted(describer.described(table) for table in each.tables.values())
    text = "".join(f"{len(line)}:{line}" for line in lines)
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


class _Describer:
    """Describes tables for one dialect.

    :param dialect: The dialect.
    """

    def __init__(self, dialect: Dialect) -> None:
        import sqlalchemy as sa
        from sqlalchemy.sql import elements, functions

        self.dialect = dialect
        compiler: Any = dialect.type_compiler_instance
        self.type_text = compiler.process
        self.written_out = has_own_ddl()
        self.constraints: dict[type, Any] = {
            sa.PrimaryKeyConstraint: self._columns_of,
            sa.UniqueConstraint: self._columns_of,
            sa.ForeignKeyConstraint: self._foreign_key,
            sa.CheckConstraint: self._check,
        }
        self.stateless = (elements.True_, elements.False_, elements.Null)
        self.now = (functions.now, functions.current_timestamp)
        self.sa = sa
        self._own_ddl: dict[type, bool] = {}
        self._of_plain: dict[tuple[type, str], tuple[Any, ...] | None] = {}

    def described(self, table: Table) -> str:
        """Return a text that differs where the DDL of a table differs."""
        from sqlalchemy.exc import SQLAlchemyError

        if not self.written_out and type(table) is self.sa.Table:
            try:
                return repr(self._table(table))
            except (_Unusual, SQLAlchemyError):
                pass
        return repr((table.fullname, self._ddl(table)))

    def _ddl(self, table: Table) -> list[str]:
        from sqlalchemy.exc import SQLAlchemyError
        from sqlalchemy.schema import CreateIndex, CreateTable

        statements: list[Any] = [CreateTable(table)]
        statements += [CreateIndex(index) for index in table.indexes]
        texts = []
        for statement in statements:
            try:
                texts.append(str(statement.compile(dialect=self.dialect)))
            except SQLAlchemyError as error:
                texts.append(f"{type(error).__name__}: {error}")
        texts += [repr(self._enum(column.type)) for column in table.columns]
        texts += [
            repr((column.name, column.comment, self._sequence(column.default)))
            for column in table.columns
        ]
        texts += [str(table.comment), repr(sorted(map(repr, table.kwargs.items())))]
        return sorted(texts)

    def _sequence(self, default: Any) -> str:
        return repr(default) if default is not None and default.is_sequence else ""

    def _table(self, table: Table) -> tuple[Any, ...]:
        if has_prefixes(table):
            raise _Unusual
        return (
            self._name(table.schema),
            self._name(table.name),
            table.comment,
            self._options(table.kwargs),
            [self._column(column) for column in table.columns],
            sorted(repr(self._constraint(each)) for each in table.constraints),
            sorted(repr(self._index(each)) for each in table.indexes),
        )

    def _column(self, column: Any) -> tuple[Any, ...]:
        if not isinstance(column, self.sa.Column) or self._writes_ddl(type(column)):
            raise _Unusual
        default = column.default
        if default is not None and default.is_sequence:
            raise _Unusual
        text = self.type_text(column.type)
        return (
            self._name(column.name),
            text,
            self._enum_of_text(column.type, text),
            column.nullable,
            column.primary_key,
            column.autoincrement,
            column.comment,
            column.system,
            self._options(column.kwargs),
            self._default(column.server_default),
            sorted(repr(self._constraint(each)) for each in column.constraints),
        )

    def _name(self, name: Any) -> tuple[Any, ...]:
        """Return a name, and whether quotes were asked for."""
        return name, getattr(name, "quote", None)

    def _writes_ddl(self, class_: type) -> bool:
        if class_ not in self._own_ddl:
            self._own_ddl[class_] = has_own_ddl(class_)
        return self._own_ddl[class_]

    def _enum_of_text(self, type_: Any, text: str) -> tuple[Any, ...] | None:
        """Return the same as ``_enum``, which is asked once for each plain type.

        What a plain type becomes in this dialect, a variant included, is in its text.
        """
        sa, class_ = self.sa, type(type_)
        if (
            not class_.__module__.startswith("sqlalchemy.")
            or isinstance(type_, (sa.Enum, sa.ARRAY, sa.TypeDecorator))
            or hasattr(type_, "data_type")
        ):
            return self._enum(type_)
        key = class_, text
        if key not in self._of_plain:
            self._of_plain[key] = self._enum(type_)
        return self._of_plain[key]

    def _enum(self, type_: Any) -> tuple[Any, ...] | None:
        """Return what an enum or domain has beside its name; a type is made for it."""
        while hasattr(type_, "item_type"):
            type_ = type_.item_type
        type_ = type_.dialect_impl(self.dialect)
        if hasattr(type_, "data_type"):
            rules = ("collation", "default", "constraint_name", "not_null", "check")
            inner = self.type_text(type_.data_type)
            return inner, *(str(getattr(type_, rule, None)) for rule in rules)
        labels = getattr(type_, "enums", None)
        if labels is None:
            return None
        return tuple(labels), getattr(type_, "schema", None)

    def _default(self, default: Any) -> Any:
        sa = self.sa
        if default is None:
            return None
        if type(default) is sa.DefaultClause:
            return self._expression(default.arg)
        if type(default) is sa.Computed:
            return "computed", self._expression(default.sqltext), default.persisted
        if type(default) is sa.Identity:
            return "identity", repr(default), default.always, default.on_null
        raise _Unusual

    def _expression(self, value: Any) -> Any:
        """Return what an expression without parameters of its own is written as."""
        if value is None or isinstance(value, (str, int, float)):
            return value
        if isinstance(value, (list, tuple)):
            return [self._expression(each) for each in value]
        if isinstance(value, dict):
            return sorted(
                repr((key, self._expression(each))) for key, each in value.items()
            )
        if type(value) is self.sa.TextClause and ":" not in value.text:
            return "text", value.text
        if type(value) in self.stateless:
            return type(value).__name__
        if type(value) in self.now and not len(value.clauses):
            return type(value).__name__
        raise _Unusual

    def _options(self, options: Any) -> list[str]:
        return sorted(
            repr((name, self._expression(value))) for name, value in options.items()
        )

    def _constraint(self, constraint: Any) -> tuple[Any, ...]:
        describe = self.constraints.get(type(constraint))
        if describe is None:
            raise _Unusual
        name = constraint.name
        return (
            type(constraint).__name__,
            None if name is None else (type(name).__name__, str(name)),
            getattr(constraint, "comment", None),
            constraint.deferrable,
            constraint.initially,
            self._options(constraint.dialect_kwargs),
            *describe(constraint),
        )

    def _columns_of(self, constraint: Any) -> Iterable[Any]:
        return [column.name for column in constraint.columns]

    def _foreign_key(self, key: Any) -> Iterable[Any]:
        targets = [each.target_fullname for each in key.elements]
        rules = (key.ondelete, key.onupdate, key.match, key.use_alter)
        return [*key.column_keys, *targets, *rules]

    def _check(self, check: Any) -> Iterable[Any]:
        return [self._expression(check.sqltext)]

    def _index(self, index: Any) -> tuple[Any, ...]:
        if type(index) is not self.sa.Index:
            raise _Unusual
        return (
            str(index.name),
            index.unique,
            self._options(index.dialect_kwargs),
            [
                ("column", each.name)
                if isinstance(each, self.sa.Column)
                else self._expression(each)
                for each in index.expressions
            ],
        )
