"""A schema taken apart into named pieces of text that can be compared exactly.

Autogenerate compares models with a database and has to be lenient. Two databases on
the same kind of server can be compared as the server itself describes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ...dialects.schema_objects import SchemaObject

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy import Column, Table
    from sqlalchemy.engine import Dialect

Key = tuple[str, str]
"""Kind and name of a part."""

_LEFT_OUT = ("auto_increment", "comment", "ignore_search_path")
# Of a table's options: the first counts rows, the second is compared by itself, the
# third is how SQLAlchemy has read the table.


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a schema."""

    kind: str
    """``table``, ``column``, ``index``, ``foreign key``, ``view``, ..."""

    name: str
    """Its name, the table's in front."""

    text: str
    """What tells it from another of that name."""

    table: str | None = None
    """The table it belongs to, unless it is one."""

    @property
    def key(self) -> Key:
        """What it is looked up by."""
        return self.kind, self.name


def named(kind: str, name: str, patterns: Iterable[str]) -> bool:
    """Return whether a pattern names a part, or what it belongs to.

    :param kind: What it is.
    :param name: Its name, the table's in front.
    :param patterns: As for a shell: ``celery_*``, ``author.name``, ``view:*``.
    """
    owners = (name[:at] for at, sign in enumerate(name) if sign == ".")
    names = (name, f"{kind}:{name}", *owners)
    return any(fnmatchcase(each, pattern) for pattern in patterns for each in names)


def parts_of(
    tables: Iterable[Table],
    objects: Iterable[SchemaObject],
    dialect: Dialect,
    filters: AutogenContext,
    defaults: Mapping[tuple[str | None, str, str], str],
) -> dict[Key, Part]:
    """Take a schema apart.

    :param tables: The reflected tables that count.
    :param objects: What there is beside tables.
    :param dialect: Writes the types.
    :param filters: Alembic's filters for columns, indexes and constraints.
    :param defaults: The defaults as the server tells them.
    """
    parts: dict[Key, Part] = {}
    for table in tables:
        for part in _table_parts(table, dialect, filters, defaults):
            parts[part.key] = part
    for each in objects:
        part = Part(each.kind, each.name, " ".join(each.definition.split()))
        parts[part.key] = part
    return parts


def _table_parts(
    table: Table,
    dialect: Dialect,
    filters: AutogenContext,
    defaults: Mapping[tuple[str | None, str, str], str],
) -> Iterator[Part]:
    name = table.fullname
    yield Part("table", name, _options(table))
    for column in table.columns:
        if _counts(filters, column, column.name, "column", table):
            default = defaults.get((table.schema, table.name, column.name))
            text = _column(column, dialect, default)
            yield Part("column", f"{name}.{column.name}", text, name)
    for kind, key, item, text in _constraints(table):
        type_: Any = {
            "index": "index",
            "unique constraint": "unique_constraint",
            "foreign key": "foreign_key_constraint",
        }.get(kind)
        if type_ is None or _counts(filters, item, item.name, type_, table):
            yield Part(kind, f"{name}.{key}", text, name)


def _counts(
    filters: AutogenContext, item: Any, name: Any, type_: Any, table: Table
) -> bool:
    parents: Any = {"schema_name": table.schema, "table_name": table.name}
    return filters.run_name_filters(
        name, type_, parents
    ) and filters.run_object_filters(item, name, type_, True, None)


def _options(table: Table) -> str:
    options = [
        f"{name.partition('_')[2]}={value}"
        for name, value in sorted(table.kwargs.items())
        if not name.endswith(_LEFT_OUT)
    ]
    if table.comment:
        options.append(f"COMMENT {table.comment!r}")
    return " ".join(options)


def _column(column: Column[Any], dialect: Dialect, default: str | None) -> str:
    words = [type_text(column.type, dialect)]
    if not column.nullable:
        words.append("NOT NULL")
    if column.autoincrement is True and column.identity is None:
        words.append("AUTO_INCREMENT")
    if column.computed is not None:
        stored = " STORED" if column.computed.persisted else ""
        words.append(f"GENERATED AS ({column.computed.sqltext}){stored}")
    elif column.identity is not None:
        always = "ALWAYS" if column.identity.always else "BY DEFAULT"
        words.append(f"GENERATED {always} AS IDENTITY")
    elif default is not None:
        words.append(f"DEFAULT {default}")
    if column.comment:
        words.append(f"COMMENT {column.comment!r}")
    return " ".join(words)


def type_text(type_: Any, dialect: Dialect) -> str:
    """Return a type as the database writes it.

    :param type_: A reflected type.
    :param dialect: The dialect of the database.
    """
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return str(type_.compile(dialect=dialect))
    except (SQLAlchemyError, AttributeError):
        return repr(type_)  # one that SQLAlchemy does not know


def _constraints(table: Table) -> Iterator[tuple[str, str, Any, str]]:
    """Yield kind, name, item and text of what a table has beside its columns."""
    import sqlalchemy as sa

    for constraint in table.constraints:
        name = str(constraint.name) if constraint.name else ""
        if isinstance(constraint, sa.PrimaryKeyConstraint):
            columns = ", ".join(column.name for column in constraint.columns)
            if columns:
                yield "primary key", name or "primary key", constraint, columns
        elif isinstance(constraint, sa.ForeignKeyConstraint):
            text = _foreign_key(constraint)
            yield "foreign key", name or text, constraint, text
        elif isinstance(constraint, sa.UniqueConstraint):
            columns = ", ".join(column.name for column in constraint.columns)
            text = columns + _more(constraint)
            yield "unique constraint", name or columns, constraint, text
        elif isinstance(constraint, sa.CheckConstraint):
            text = str(constraint.sqltext)
            yield "check constraint", name or text, constraint, text
    for index in table.indexes:
        columns = ", ".join(str(expression) for expression in index.expressions)
        text = ("UNIQUE " if index.unique else "") + columns + _more(index)
        yield "index", str(index.name), index, text


def _foreign_key(constraint: Any) -> str:
    columns = ", ".join(constraint.column_keys)
    targets = ", ".join(element.target_fullname for element in constraint.elements)
    options = [
        ("ON DELETE", constraint.ondelete),
        ("ON UPDATE", constraint.onupdate),
        ("MATCH", constraint.match),
        ("INITIALLY", constraint.initially),
    ]
    words = [f"{word} {value}" for word, value in options if value]
    if constraint.deferrable:
        words.append("DEFERRABLE")
    return " ".join([f"{columns} -> {targets}", *words])


def _more(item: Any) -> str:
    """Return what only this kind of database has: a method, a condition, ..."""
    options = [
        f"{name.partition('_')[2]}={_shown(value)}"
        for name, value in sorted(item.dialect_kwargs.items())
        if value not in (None, False, [], {}, ())
    ]
    return f" ({', '.join(options)})" if options else ""


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {part}" for name, part in sorted(value.items()))
    if isinstance(value, (list, tuple)):
        return ", ".join(str(part) for part in value)
    return str(value)
