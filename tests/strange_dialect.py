"""A dialect of SQLAlchemy with a name that nobody knows; the files are of SQLite."""

from __future__ import annotations

from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite


class StrangeDialect(SQLiteDialect_pysqlite):
    name = "strange"
    supports_statement_cache = True


class NamelessDialect(SQLiteDialect_pysqlite):
    name = "nameless"  # which no implementation class of Alembic has
    supports_statement_cache = True
