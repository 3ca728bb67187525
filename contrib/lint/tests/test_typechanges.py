"""What changes of type cost; tried out on PostgreSQL 15 and MariaDB 10.11."""

from __future__ import annotations

import pytest
from flask_alembic_lint.facts.types import sql_type
from flask_alembic_lint.servers import server_for
from flask_alembic_lint.typechanges import cost, loses, needs_using


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("varchar(50)", "varchar(60)", "none"),
        ("varchar(50)", "varchar", "none"),
        ("varchar(50)", "text", "none"),
        ("varchar(50)", "varchar(10)", "rewrite"),
        ("text", "varchar", "none"),
        ("text", "varchar(10)", "rewrite"),
        ("varchar(50)", "char(50)", "rewrite"),
        ("char(5)", "char(10)", "rewrite"),
        ("numeric(10,2)", "numeric(12,2)", "none"),
        ("numeric(10,2)", "numeric", "none"),
        ("numeric(10,2)", "numeric(12,3)", "rewrite"),
        ("timestamp", "timestamptz", "perhaps"),
        ("timestamp", "timestamp(6)", "none"),
        ("timestamp", "timestamp(3)", "rewrite"),
        ("integer", "bigint", "rewrite"),
        ("smallint", "integer", "rewrite"),
        ("varbit(5)", "varbit", "none"),
        ("json", "jsonb", "rewrite"),
        ("integer", "text", "rewrite"),
        ("int", "INTEGER", "none"),
        (None, "bigint", "rewrite"),
        (None, "text", "perhaps"),
    ],
)
def test_on_postgresql(old, new, expected):
    before = sql_type(old) if old else None
    assert cost(before, sql_type(new), server_for("postgresql", "15")) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("INTEGER", "BIGINT", "rewrite"),
        ("VARCHAR(50)", "VARCHAR(60)", "none"),
        ("VARCHAR(50)", "VARCHAR(100)", "rewrite"),
        ("VARCHAR(100)", "VARCHAR(300)", "none"),
        ("VARCHAR(50)", "VARCHAR(10)", "rewrite"),
        ("VARCHAR(50)", "TEXT", "rewrite"),
        ("VARCHAR(100) CHARACTER SET latin1", "VARCHAR(200)", "none"),
        ("INT(11)", "INTEGER", "none"),
        ("TINYINT(1)", "BOOL", "none"),
    ],
)
@pytest.mark.parametrize("dialect", ["mysql", "mariadb"])
def test_on_mysql_and_mariadb(old, new, expected, dialect):
    assert cost(sql_type(old), sql_type(new), server_for(dialect, None)) == expected


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ("bigint", "integer", True),
        ("integer", "bigint", False),
        ("text", "varchar(10)", True),
        ("varchar(10)", "varchar(20)", False),
        ("varchar(10)", "text", False),
        ("numeric(10,2)", "integer", True),
        ("numeric(10,2)", "numeric(8,2)", True),
        ("numeric(10,2)", "numeric", False),
        ("double precision", "real", True),
        ("timestamp", "date", True),
        ("date", "timestamp", False),
        ("text", "integer", True),
        ("integer", "text", False),
        ("integer", "boolean", True),
        ("LONGTEXT", "TEXT", True),
        ("INT", "INT UNSIGNED", True),
    ],
)
def test_what_is_lost(old, new, lost):
    assert bool(loses(sql_type(old), sql_type(new))) is lost


@pytest.mark.parametrize(
    ("old", "new", "needed"),
    [
        ("varchar(5)", "integer", True),
        ("text", "jsonb", True),
        ("text", "uuid", True),
        ("text", "date", True),
        ("text", "text[]", True),
        ("integer", "boolean", True),
        ("integer", "date", True),
        ("integer", "text", False),
        ("integer", "bigint", False),
        ("numeric", "integer", False),
        ("timestamp", "date", False),
        ("json", "jsonb", False),
        ("varchar(5)", "text", False),
    ],
)
def test_what_postgresql_does_not_cast_by_itself(old, new, needed):
    assert needs_using(sql_type(old), sql_type(new)) is needed
