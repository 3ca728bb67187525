"""Percent signs in the SQL texts of a revision file.

A driver that takes ``%s`` for a parameter has every other percent sign doubled.
SQLAlchemy does so whenever it compiles, so a text that Alembic compiles for a file and
SQLAlchemy compiles again when the file runs would reach the database with two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy.engine import Dialect

_DOUBLING = ("format", "pyformat")
"""The styles of parameters (PEP 249) that begin with a percent sign."""


def write_single_percents(context: MigrationContext) -> None:
    """Let defaults, constraints and expressions be rendered as the models have them.

    :param context: The context that a file, or a text like it, is rendered in.
    """
    impl: Any = context.impl
    if context.dialect.paramstyle not in _DOUBLING:
        return
    render = type(impl).render_ddl_sql_expr

    def render_ddl_sql_expr(*arguments: Any, **options: Any) -> str:
        return single_percents(render(impl, *arguments, **options), context.dialect)

    impl.render_ddl_sql_expr = render_ddl_sql_expr


def single_percents(sql: str, dialect: Dialect) -> str:
    """Return compiled SQL as it reaches the database.

    :param sql: SQL that was compiled for a dialect, all values in it.
    :param dialect: The dialect.
    """
    if dialect.paramstyle not in _DOUBLING or _keeps_percents(dialect):
        return sql
    return sql.replace("%%", "%")


def _keeps_percents(dialect: Dialect) -> bool:
    """Tell whether a dialect with such parameters leaves percent signs alone."""
    from sqlalchemy import text

    return str(text("%").compile(dialect=dialect)) == "%"
