"""SQLAlchemy's columns, types and defaults turned into the words of facts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from .base import ColumnFact
from .types import UNKNOWN, SqlType, sql_type

if TYPE_CHECKING:
    from sqlalchemy import Column
    from sqlalchemy.engine import Dialect


def qualified(schema: str | None, table: str) -> str:
    """Return a table's name with its schema.

    :param schema: The schema; ``None`` for the default one.
    :param table: The name.
    """
    return f"{schema}.{table}" if schema else str(table)


def type_fact(type_: Any, dialect: Dialect) -> SqlType | None:
    """Return a type as the dialect writes it.

    :param type_: An SQLAlchemy type, its class, or ``None``.
    :param dialect: The dialect.
    """
    from sqlalchemy.exc import CompileError
    from sqlalchemy.types import to_instance

    if type_ is None:
        return None
    instance = to_instance(type_)
    if hasattr(instance, "stands_for"):
        return SqlType(UNKNOWN, text=instance.stands_for, code=repr(instance))
    try:
        text = instance.compile(dialect=dialect)
    except (CompileError, NotImplementedError, AttributeError, TypeError):
        text = type(instance).__name__
    return sql_type(text, type_code(instance))


def type_code(type_: Any) -> str:
    """Return a type as a revision would write it.

    :param type_: An SQLAlchemy type.
    """
    module = type(type_).__module__
    if module.startswith("sqlalchemy.dialects."):
        prefix = module.split(".")[2] + "."
    elif module.startswith("sqlalchemy."):
        prefix = "sa."
    else:
        prefix = module + "."
    return prefix + repr(type_)


def default_text(value: Any, dialect: Dialect, *, literal: bool = True) -> str | None:
    """Return a server default, a condition or a statement as SQL.

    :param value: Text, a construct, a ``DefaultClause`` or ``None``.
    :param dialect: The dialect.
    :param literal: Whether plain text is a value, as in ``server_default="0"``.
    """
    from sqlalchemy import literal as literal_value
    from sqlalchemy import types
    from sqlalchemy.exc import SQLAlchemyError

    value = getattr(value, "arg", value)
    if value is None or type(value).__name__ == "FetchedDefault":
        return None
    if isinstance(value, str):
        if not literal:
            return value
        value = literal_value(value, types.String())
    for options in ({"literal_binds": True}, {}):
        try:
            return str(value.compile(dialect=dialect, compile_kwargs=options))
        except (SQLAlchemyError, NotImplementedError, AttributeError, TypeError):
            continue
    return None


def unbound(construct: Any, dialect: Dialect) -> tuple[str, ...]:
    """Return the names in SQL text that have no value.

    :param construct: What ``op.execute`` was given.
    :param dialect: The dialect.
    """
    from sqlalchemy import TextClause
    from sqlalchemy.exc import SQLAlchemyError

    if not isinstance(construct, TextClause):
        return ()
    try:
        compiled: Any = construct.compile(dialect=dialect)
    except SQLAlchemyError:
        return ()
    return tuple(name for name, bind in compiled.binds.items() if bind.required)


def expression_names(columns: Iterable[Any]) -> tuple[str, ...]:
    """Return the names of what an index or a constraint is made of.

    :param columns: Names, columns, or expressions.
    """
    return tuple(str(getattr(column, "name", column)) for column in columns)


def column_fact(column: Column[Any], dialect: Dialect) -> ColumnFact:
    """Return a column as a fact.

    :param column: The column, in a table or not.
    :param dialect: The dialect.
    """
    computed = column.computed
    counted = column.identity is not None or column.autoincrement is True
    type_ = type_fact(column.type, dialect)
    assert type_ is not None
    if column.primary_key and column.autoincrement == "auto":
        counted = counted or (type_.is_integer and not column.foreign_keys)
    plain = column.server_default is not None and computed is None
    return ColumnFact(
        name=column.name,
        type=type_,
        nullable=bool(column.nullable),
        default=_one_line(default_text(column.server_default, dialect))
        if plain and column.identity is None
        else None,
        generated=_kept(computed.persisted, dialect) if computed is not None else None,
        numbered=counted,
        primary_key=bool(column.primary_key),
        unique=bool(column.unique),
        enum_type=_enum_type(column.type, dialect),
    )


def _one_line(text: str | None) -> str | None:
    return None if text is None else " ".join(text.split())


def _kept(persisted: bool | None, dialect: Dialect) -> Literal["stored", "virtual"]:
    if persisted is None:
        version = getattr(dialect, "server_version_info", None) or (0,)
        stored = dialect.name == "postgresql" and version < (18,)
        return "stored" if stored else "virtual"
    return "stored" if persisted else "virtual"


def _enum_type(type_: Any, dialect: Dialect) -> str:
    """Return the name of the type that ``CREATE TABLE`` creates along, on PostgreSQL."""
    from sqlalchemy import Enum

    if dialect.name != "postgresql" or not isinstance(type_, Enum):
        return ""
    given = getattr(type_, "create_type", True) and type_.native_enum
    impl = type_.dialect_impl(dialect)
    if not given or not getattr(impl, "create_type", False):
        return ""
    return str(type_.name or "")
