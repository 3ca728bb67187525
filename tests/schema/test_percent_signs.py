"""Percent signs in defaults, constraints and expressions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import MakeDatabase
from rounds import Rounds, no_tables

pytestmark = [pytest.mark.costly, pytest.mark.one_database]


def formats(kind: str) -> Any:
    """Define a table with percent signs wherever a text can be."""

    def define(metadata: sa.MetaData) -> None:
        table = sa.Table(
            "formats",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("code", sa.String(20), server_default=sa.text("'%d'")),
            sa.Column("plain", sa.String(20), server_default="19 %"),
            sa.Column("twice", sa.String(20), server_default=sa.text("'%%'")),
            sa.Column("note", sa.String(20), comment="in %"),
            sa.Column("number", sa.Integer),
            sa.Column("odd", sa.Integer, sa.Computed("number % 2", persisted=True)),
            sa.CheckConstraint("code LIKE '%d%'", name="ck_code"),
            comment="100 %",
        )
        if kind == "postgresql":
            sa.Index("ix_expression", sa.text("replace(code, '%', '')"), _table=table)
            sa.Index(
                "ix_part", table.c.note, postgresql_where=sa.text("note LIKE '%a'")
            )
        if kind == "sqlite":
            sa.Index("ix_part", table.c.note, sqlite_where=sa.text("note LIKE '%a'"))

    return define


@pytest.mark.parametrize(
    ("kind", "driver"),
    [
        ("sqlite", None),
        ("postgresql", "psycopg"),
        ("mariadb", "pymysql"),
    ],
)
def test_percent_signs_are_as_in_the_models(
    tmp_path: Path, make_database: MakeDatabase, kind: str, driver: str | None
) -> None:
    url = make_database(kind)
    if driver is not None:
        name = sa.make_url(url).get_backend_name()
        url = (
            sa.make_url(url)
            .set(drivername=f"{name}+{driver}")
            .render_as_string(hide_password=False)
        )
    rounds = Rounds(tmp_path, url)
    define = formats(kind)
    _, text, _ = rounds.go(no_tables, define, no_tables)
    assert """sa.text("'%d'")""" in text
    assert len(re.findall("%%", text)) == 1  # the text that has two of them
    rounds.run(no_tables, "downgrade", "--yes")
    rounds.sql("INSERT INTO formats (id, number) VALUES (1, 3)")
    row = rounds.rows("SELECT code, plain, twice, odd FROM formats")
    assert row == [("%d", "19 %", "%%", 1)]
