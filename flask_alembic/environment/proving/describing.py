"""What a table of the models is in the words of a database's catalog."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from ...dialects.catalog import (
    FIELD,
    LINE,
    PART,
    Catalog,
    NotProvable,
    Recorded,
    is_plain_name,
    plain_text,
)
from .keys import are_same, are_same_keys

if TYPE_CHECKING:
    from alembic.ddl.impl import DefaultImpl
    from sqlalchemy import (
        Column,
        DefaultClause,
        ForeignKeyConstraint,
        Index,
        Table,
        UniqueConstraint,
    )
    from sqlalchemy.types import TypeEngine


class Describer:
    """Says what tables of the models are, for one comparison.

    :param catalog: Whose words they are.
    :param impl: Alembic's, which says whether it takes two types for the same.
    """

    def __init__(self, catalog: Catalog, impl: DefaultImpl) -> None:
        self.catalog = catalog
        self.impl = impl
        self.default_schema = catalog.dialect.default_schema_name
        self.longest = catalog.dialect.max_identifier_length
        self.prefix = f"{catalog.dialect.name}_"
        compiler: Any = catalog.dialect.type_compiler_instance
        self._compile = compiler.process
        self._comments = catalog.dialect.supports_comments
        self._types: dict[tuple[type, str], str | None] = {}
        self._defaults: dict[tuple[type, str, str, str], bool] = {}

    def matches(self, table: Table, recorded: Recorded) -> bool:
        """Tell whether Alembic would find no difference between both.

        :param table: A table of the models.
        :param recorded: The table of that name in the database.
        """
        try:
            return recorded.plain and self._matches(table, recorded)
        except Exception:
            # NotProvable, or whatever a type of the app's own or a foreign key to no
            # table raises: then Alembic raises it too, or knows better.
            return False

    def _matches(self, table: Table, recorded: Recorded) -> bool:
        key = sorted(column.name for column in table.primary_key.columns)
        return (
            self._comment(table.comment) == recorded.comment
            and self._columns(table) == recorded.columns
            and PART.join(key) == recorded.primary_key
            and self._keys(table, recorded)
        )

    def _comment(self, comment: str | None) -> str:
        if comment is None or not self._comments:
            return ""
        return plain_text(comment)

    def _columns(self, table: Table) -> str:
        columns = {column.name: column for column in table.columns}
        names = sorted(columns)
        if not is_plain_name("".join(names)) or len(names) != len(table.columns):
            raise NotProvable(table.name)
        return LINE.join([self._column(columns[name]) for name in names])

    def _column(self, column: Column[Any]) -> str:
        if column.system:
            raise NotProvable(column.name)
        words = self._type(column.type)
        null = "f" if column.nullable else "t"
        comment = self._comment(column.comment)
        generated, default = self.catalog.default(column, words)
        if default and not self.catalog.asks_server:
            self._require_same(column, words, default)
        return FIELD.join((column.name, words, null, generated, default, comment))

    def _require_same(self, column: Column[Any], words: str, default: str) -> None:
        """Let Alembic say whether it takes the default for what the model has."""
        from sqlalchemy import Column

        rendered = self.catalog.rendered(
            cast("DefaultClause", column.server_default).arg
        )
        key = (type(column.type), words, rendered, default)
        if key not in self._defaults:
            impl: Any = self.impl
            type_ = self.catalog.reflected(words)
            info = {"name": column.name, "type": type_, "default": default}
            impl.autogen_column_reflect(None, None, info)
            self._defaults[key] = not impl.compare_server_default(
                Column("x", type_), column, rendered, info["default"]
            )
        if not self._defaults[key]:
            raise NotProvable(column.name)

    def _type(self, type_: TypeEngine[Any]) -> str:
        compiled = self._compile(type_)
        key = (type(type_), compiled)
        if key not in self._types:
            self._types[key] = self._judged(type_, compiled)
        words = self._types[key]
        if words is None:
            raise NotProvable(compiled)
        return words

    def _judged(self, type_: TypeEngine[Any], compiled: str) -> str | None:
        """Return the words for a type, None where Alembic might see a difference."""
        from sqlalchemy import Column
        from sqlalchemy.types import TypeDecorator

        ours = type(type_).__module__.startswith("sqlalchemy.")
        if not ours and not isinstance(type_, TypeDecorator):
            return None
        try:
            words = self.catalog.type_words(compiled, type_)
        except NotProvable:
            return None
        reflected: Column[Any] = Column("x", self.catalog.reflected(words))
        model: Column[Any] = Column("x", type_)
        return None if self.impl.compare_type(reflected, model) else words

    def _index(self, index: Index, table: Table) -> str:
        name = self._final_name(index, table)
        if any(key.startswith(self.prefix) for key in index.dialect_kwargs):
            raise NotProvable(name)
        columns = []
        expressions: Any = index.expressions
        for each in expressions:
            if getattr(each, "table", None) is not table:
                raise NotProvable(name)
            columns.append(each.name)
        unique = "t" if index.unique else "f"
        return FIELD.join((name, unique, PART.join(columns)))

    def _final_name(self, item: Any, table: Table) -> str:
        """Return the name that DDL gives to an index or constraint."""
        from sqlalchemy.schema import conv

        name = item.name
        if not isinstance(name, str) or len(name) > self.longest:
            raise NotProvable(name)
        if not is_plain_name(name):
            raise NotProvable(name)
        if not isinstance(name, conv) and _is_pending(table):
            raise NotProvable(name)
        return str(name)

    def _keys(self, table: Table, recorded: Recorded) -> bool:
        from sqlalchemy import ForeignKeyConstraint, UniqueConstraint

        indexes = [self._index(index, table) for index in table.indexes]
        uniques: dict[str, str | None] = {}
        references: set[str] = set()
        for each in table.constraints:
            if isinstance(each, UniqueConstraint):
                columns, name = self._unique(each, table)
                if columns in uniques:
                    return False
                uniques[columns] = name
            elif isinstance(each, ForeignKeyConstraint):
                references.add(self._foreign_key(each))
        known = recorded.lines("foreign_keys")
        if references != set(known):
            return False
        lines = recorded.lines("indexes")
        if not self.catalog.merges_uniques:
            return are_same(indexes, uniques, lines, recorded.lines("uniques"))
        columns_of = (line.partition(FIELD)[0] for line in known)
        named = dict(zip(recorded.lines("foreign_key_names"), columns_of, strict=True))
        return are_same_keys(indexes, uniques, lines, named)

    def _unique(
        self, constraint: UniqueConstraint, table: Table
    ) -> tuple[str, str | None]:
        options = (constraint.deferrable, constraint.initially)
        if options != (None, None) or any(
            key.startswith(self.prefix) for key in constraint.dialect_kwargs
        ):
            raise NotProvable(constraint.name)
        columns = PART.join(sorted(column.name for column in constraint.columns))
        if constraint.name is None:
            return columns, None
        return columns, self._final_name(constraint, table)

    def _foreign_key(self, constraint: ForeignKeyConstraint) -> str:
        target = constraint.elements[0].column.table
        if target.schema is not None and target.schema == self.default_schema:
            # Alembic takes it for another one than the table without a schema.
            raise NotProvable(constraint.name)
        if constraint.match is not None or any(
            key.startswith(self.prefix) for key in constraint.dialect_kwargs
        ):
            raise NotProvable(constraint.name)
        update, delete = (
            self.catalog.actions[each and each.lower()]
            for each in (constraint.onupdate, constraint.ondelete)
        )
        initially = (constraint.initially or "").lower()
        if initially == "deferred":
            time = "deferred"
        else:
            time = "deferrable" if constraint.deferrable else ""
        own = PART.join([element.parent.name for element in constraint.elements])
        other = PART.join([element.column.name for element in constraint.elements])
        if not is_plain_name(
            f"{target.schema or ''}{target.name}{other.replace(PART, '')}"
        ):
            raise NotProvable(constraint.name)
        return FIELD.join(
            (own, target.schema or "", target.name, other, update, delete, time)
        )


def _is_pending(table: Table) -> bool:
    """Tell whether the naming convention may still change a name that was given."""
    convention: Mapping[Any, Any] = table.metadata.naming_convention or {}
    return any("constraint_name" in str(each) for each in convention.values())
