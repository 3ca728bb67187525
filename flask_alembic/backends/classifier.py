"""Which rules say what a statement does in a database."""

from __future__ import annotations

from .statement_class import StatementClass, statement_class


def classify(sql: str, dialect: str) -> StatementClass:
    """Return what a statement does: whether it reads, changes, commits.

    :param sql: Its text: one statement or several, with comments.
    :param dialect: The name of the SQLAlchemy dialect. Of one that is not known, the
        standard is asked.

    .. versionadded:: 4.0
    """
    if dialect == "postgresql":
        from .postgresql import statement_rules as postgresql

        return postgresql.classify(sql)
    if dialect in ("mysql", "mariadb"):
        from .mysql import statement_rules as mysql

        return mysql.classify(sql)
    if dialect == "sqlite":
        from .sqlite import statement_rules as sqlite

        return sqlite.classify(sql)
    return statement_class(sql)
