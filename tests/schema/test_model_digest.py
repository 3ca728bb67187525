"""A digest of models: equal for equal models, and another one for every change of DDL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from proving_cases import shop
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.ext.compiler import compiles

from flask_alembic.schema.model_digest import digest_of

DIALECTS = {
    "postgresql": postgresql.dialect(),
    "mysql": mysql.dialect(),
    "sqlite": sqlite.dialect(),
}


class Money(sa.TypeDecorator[Any]):
    impl = sa.Numeric(10, 2)
    cache_ok = True


def table(*items: Any, name: str = "t", **options: Any) -> sa.MetaData:
    convention = options.pop("naming_convention", None)
    metadata = sa.MetaData(naming_convention=convention)
    sa.Table(
        "other", metadata, sa.Column("id", sa.Integer, primary_key=True), schema=None
    )
    sa.Table(
        name, metadata, sa.Column("id", sa.Integer, primary_key=True), *items, **options
    )
    return metadata


STRING = sa.String(20)


def column(type_: Any = STRING, *items: Any, **options: Any) -> sa.MetaData:
    return table(sa.Column("c", type_, *items, **options))


STATES: list[Callable[[], sa.MetaData]] = [
    table,
    lambda: table(name="u"),
    lambda: table(schema="s"),
    lambda: table(comment="a"),
    lambda: table(prefixes=["UNLOGGED"]),
    lambda: table(mysql_engine="MyISAM"),
    lambda: table(sqlite_with_rowid=False),
    lambda: table(postgresql_partition_by="LIST (id)"),
    column,
    lambda: column(sa.String(21)),
    lambda: column(sa.Text()),
    lambda: column(sa.String(20, collation="C")),
    lambda: column(sa.Numeric(10, 2), nullable=False),
    lambda: column(Money()),
    lambda: column(sa.String(20).with_variant(sa.String(30), *DIALECTS)),
    lambda: column(sa.Enum("a", "b", name="e")),
    lambda: column(sa.Enum("a", "b", "c", name="e")),
    lambda: column(sa.Enum("aaa", "b", name="e", native_enum=False)),
    lambda: column(sa.Enum("a", "b", name="e", native_enum=False, create_constraint=True)),
    lambda: column(nullable=False),
    lambda: column(comment="a"),
    lambda: column(comment="b"),
    lambda: column(unique=True),
    lambda: column(index=True),
    lambda: column(server_default="a"),
    lambda: column(server_default=sa.text("'a'")),
    lambda: column(server_default=sa.text("'b'")),
    lambda: column(server_default=sa.func.lower("A")),
    lambda: column(server_default=sa.func.lower("B")),
    lambda: column(server_default=sa.func.now()),
    lambda: column(server_default=sa.true()),
    lambda: column(server_default=sa.false()),
    lambda: column(sa.String(20), sa.Computed("id + 1")),
    lambda: column(sa.String(20), sa.Computed("id + 1", persisted=True)),
    lambda: column(sa.String(20), sa.Computed("id + 2")),
    lambda: column(sa.Integer, sa.Identity()),
    lambda: column(sa.Integer, sa.Identity(always=True)),
    lambda: column(sa.Integer, sa.Identity(start=5)),
    lambda: column(sa.Integer, sa.Sequence("q")),
    lambda: column(sa.Integer, sa.Sequence("q", start=3)),
    lambda: column(sa.Integer, sa.ForeignKey("other.id")),
    lambda: column(sa.Integer, sa.ForeignKey("other.id", name="n")),
    lambda: column(sa.Integer, sa.ForeignKey("other.id", ondelete="CASCADE")),
    lambda: column(sa.Integer, sa.ForeignKey("other.id", onupdate="CASCADE")),
    lambda: column(sa.Integer, sa.ForeignKey("other.id", deferrable=True)),
    lambda: column(
        sa.Integer, sa.ForeignKey("other.id", deferrable=True, initially="DEFERRED")
    ),
    lambda: column(sa.Integer, sa.CheckConstraint("c > 0")),
    lambda: column(sa.Integer, sa.CheckConstraint("c > 1")),
    lambda: column(sa.Integer, sa.CheckConstraint("c > 1", name="k")),
    lambda: table(sa.Column("c", sa.Integer), sa.UniqueConstraint("c", name="x")),
    lambda: table(
        sa.Column("c", sa.Integer),
        sa.UniqueConstraint("c"),
        naming_convention={"uq": "uq_%(table_name)s"},
    ),
    lambda: table(sa.Column("c", sa.Integer), sa.Index("x", "c")),
    lambda: table(sa.Column("c", sa.Integer), sa.Index("x", "c", unique=True)),
    lambda: table(sa.Column("c", sa.Integer), sa.Index("x", sa.text("lower(c)"))),
    lambda: table(sa.Column("c", sa.Integer), sa.Index("x", sa.desc("c"))),
    lambda: table(sa.Column("c", sa.Integer), sa.Index("x", "c", "id")),
    lambda: table(
        sa.Column("c", sa.Integer),
        sa.Index("x", "c", postgresql_where=sa.text("c > 0"), mysql_length=3,
                 sqlite_where=sa.text("c > 0")),
    ),
    lambda: table(
        sa.Column("c", sa.Integer),
        sa.Index("x", "c", postgresql_where=sa.text("c > 1"), mysql_length=4,
                 sqlite_where=sa.text("c > 1")),
    ),
    lambda: table(sa.Column("c", postgresql.ARRAY(sa.Enum("a", name="e")))),
    lambda: table(sa.Column("c", postgresql.ARRAY(sa.Enum("b", name="e")))),
]  # fmt: skip


@pytest.mark.parametrize("name", DIALECTS)
def test_each_state_has_its_own(name: str) -> None:
    dialect = DIALECTS[name]
    digests = [digest_of([make()], dialect) for make in STATES]
    assert digests == [digest_of([make()], dialect) for make in STATES]
    assert len(set(digests)) == len(STATES)


def test_a_domain_has_more_than_a_name() -> None:
    dialect = DIALECTS["postgresql"]
    digests = {
        digest_of([column(postgresql.DOMAIN("d", type_, check=check))], dialect)
        for type_ in (sa.Integer(), sa.String(5))
        for check in ("VALUE > 0", "VALUE > 1")
    }
    assert len(digests) == 4


def test_a_name_may_ask_for_quotes() -> None:
    dialect = DIALECTS["postgresql"]
    names = [sa.sql.quoted_name("Odd", quote) for quote in (None, True, False)]
    assert len({digest_of([table(name=name)], dialect) for name in names}) == 3


def test_the_order_of_tables_does_not_count() -> None:
    forwards, backwards = sa.MetaData(), sa.MetaData()
    tables = list(shop(4).tables.values())
    for each in tables:
        each.to_metadata(forwards)
    for each in reversed(tables):
        each.to_metadata(backwards)
    dialect = DIALECTS["postgresql"]
    assert digest_of([forwards], dialect) == digest_of([backwards], dialect)


def test_ddl_that_the_app_writes_itself_is_written_out() -> None:
    words = ["first"]

    @compiles(sa.schema.CreateColumn, "sqlite")
    def created(element: Any, compiler: Any, **options: Any) -> str:
        return f"{element.element.name} INTEGER DEFAULT {words[0]}"

    dialect = DIALECTS["sqlite"]
    try:
        before = digest_of([table()], dialect)
        assert before == digest_of([table()], dialect)
        words[0] = "second"
        assert digest_of([table()], dialect) != before
    finally:
        from sqlalchemy.ext.compiler import deregister

        deregister(sa.schema.CreateColumn)
