"""Schemas that models name and extensions that they need, on PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from apps import run_db
from rounds import Rounds, no_tables
from sqlalchemy.dialects import postgresql

pytestmark = pytest.mark.costly

PROVED = {"ALEMBIC": {"prove_revisions": True}}


def shop(metadata: sa.MetaData) -> None:
    """Define a table of the default schema, and one elsewhere that refers to it."""
    sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table(
        "bill",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("item_id", sa.ForeignKey("item.id")),
        sa.Column("state", sa.Enum("new", "paid", name="state", schema="sales")),
        schema="sales",
    )


def shop_with_total(metadata: sa.MetaData) -> None:
    """Define the same with one more column."""
    shop(metadata)
    metadata.tables["sales.bill"].append_column(sa.Column("total", sa.Integer))


def schemas(rounds: Rounds) -> set[str]:
    rows = rounds.rows("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'")
    return {name for (name,) in rows} - {"information_schema", "public"}


def test_a_missing_schema_is_created_and_dropped(
    tmp_path: Path, postgresql_url: str
) -> None:
    rounds = Rounds(tmp_path, postgresql_url, **PROVED)
    first, _ = rounds.go(shop, shop_with_total)
    assert "CREATE SCHEMA IF NOT EXISTS sales" in first
    assert schemas(rounds) == {"sales"}
    rounds.run(shop_with_total, "downgrade", "base", "--yes")
    assert schemas(rounds) == set()


def test_a_schema_of_somebody_else_is_left_alone(
    tmp_path: Path, postgresql_url: str
) -> None:
    rounds = Rounds(tmp_path, postgresql_url, **PROVED)
    rounds.sql(
        "CREATE SCHEMA sales", "CREATE SCHEMA other", "CREATE TABLE other.x (id int)"
    )
    rounds.sql("CREATE TABLE sales.theirs (id int)")
    texts = rounds.go(shop, shop_with_total)
    assert not any(
        word in text for text in texts for word in ("SCHEMA", "other", "theirs")
    )
    rounds.run(shop_with_total, "downgrade", "base", "--yes")
    assert schemas(rounds) == {"other", "sales"}


def test_a_schema_that_a_revision_creates_by_hand(
    tmp_path: Path, postgresql_url: str
) -> None:
    rounds = Rounds(tmp_path, postgresql_url, **PROVED)
    rounds.run(no_tables, "revision", "--empty", "make the schema", "--rev-id", "made")
    (file,) = (tmp_path / "migrations").glob("*made*.py")
    text = file.read_text("utf-8")
    before, after = text.split("def downgrade", 1)
    file.write_text(
        before.replace("    pass", "    op.execute('CREATE SCHEMA sales')")
        + "def downgrade"
        + after.replace("    pass", "    op.execute('DROP SCHEMA sales')"),
        "utf-8",
    )
    rounds.run(no_tables, "upgrade")
    assert "CREATE SCHEMA" not in rounds.write(shop)
    rounds.run(shop, "upgrade")
    rounds.run(shop, "check")


@pytest.mark.sample(1)
@pytest.mark.parametrize("name", ["Odd: schema", 'quo"ted', "50 %"])
def test_an_odd_name(tmp_path: Path, postgresql_url: str, name: str) -> None:
    def models(metadata: sa.MetaData) -> None:
        column = sa.Column("id", sa.Integer, primary_key=True)
        sa.Table("note", metadata, column, schema=name)

    rounds = Rounds(tmp_path, postgresql_url)
    rounds.go(no_tables, models)
    assert schemas(rounds) == {name}


@pytest.mark.parametrize("place", ["versions", "app"])
def test_the_schema_of_a_search_path_is_in_the_scratch_database(
    tmp_path: Path, postgresql_url: str, place: str
) -> None:
    engine_options = {
        "poolclass": sa.NullPool,
        "connect_args": {"options": "-csearch_path=app"},
    }
    rounds = Rounds(
        tmp_path,
        postgresql_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options,
        ALEMBIC_CONTEXT={"version_table_schema": place},
        **PROVED,
    )
    rounds.sql("CREATE SCHEMA app", "CREATE SCHEMA versions")
    rounds.write(no_tables)
    assert "Proved on PostgreSQL" in rounds.output
    rounds.run(no_tables, "upgrade")
    rounds.run(no_tables, "check")
    found = rounds.rows(
        "SELECT schemaname, tablename FROM pg_tables WHERE tablename "
        "IN ('anchor', 'alembic_version') ORDER BY 1, 2"
    )
    assert found == sorted([("app", "anchor"), (place, "alembic_version")])


class Vector(sa.types.UserDefinedType[str]):
    """The type that pgvector brings, as an app defines one of its own."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Return the type as SQL."""
        return "VECTOR(3)"


class Extension(NamedTuple):
    """An extension that the server has, with a type of it and a default in that type."""

    name: str
    type: sa.types.TypeEngine[str]
    default: str

    def tagged(self, metadata: sa.MetaData) -> None:
        """Define a table with columns of that type."""
        variant = sa.Text().with_variant(self.type, "postgresql")
        sa.Table(
            "tag",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("name", self.type, server_default=self.default, nullable=False),
            sa.Column("both", variant),
        )


EXTENSIONS = (
    Extension("citext", postgresql.CITEXT(), "x"),
    Extension("vector", Vector(), "[1,2,3]"),
)


def an_extension(rounds: Rounds) -> Extension:
    """Return one that the server has; the server that comes with pip has but one."""
    found = {
        name for (name,) in rounds.rows("SELECT name FROM pg_available_extensions")
    }
    return next(one for one in EXTENSIONS if one.name in found)


def test_an_extension_of_the_database_is_in_the_scratch_database(
    tmp_path: Path, postgresql_url: str
) -> None:
    rounds = Rounds(tmp_path, postgresql_url, **PROVED)
    extension = an_extension(rounds)
    rounds.sql(f"CREATE EXTENSION {extension.name}")
    rounds.go(no_tables, extension.tagged)
    assert "Proved on PostgreSQL" in rounds.output


def test_an_extension_that_a_revision_creates(
    tmp_path: Path, postgresql_url: str
) -> None:
    rounds = Rounds(tmp_path, postgresql_url, **PROVED)
    extension = an_extension(rounds)
    result = run_db(rounds.app(extension.tagged), "revision", "made")
    assert result.exit_code == 3
    assert "CREATE EXTENSION IF NOT EXISTS NAME" in result.output
    rounds.sql(f"CREATE EXTENSION {extension.name}")
    rounds.write(extension.tagged, "made")
    (file,) = (tmp_path / "migrations").glob("*made*.py")
    text = file.read_text("utf-8")
    before, after = text.split("def downgrade", 1)
    create = f"    op.execute('CREATE EXTENSION {extension.name}')\n    op.create_table('tag'"
    drop = (
        f"    op.drop_table('tag')\n    op.execute('DROP EXTENSION {extension.name}')"
    )
    file.write_text(
        before.replace("    op.create_table('tag'", create)
        + "def downgrade"
        + after.replace("    op.drop_table('tag')", drop),
        "utf-8",
    )
    rounds.sql(f"DROP EXTENSION {extension.name}")
    rounds.run(extension.tagged, "upgrade")
    rounds.run(extension.tagged, "prove", "--all")
    rounds.run(extension.tagged, "downgrade", "base", "--yes")
    left = f"SELECT 1 FROM pg_extension WHERE extname = '{extension.name}'"
    assert rounds.rows(left) == []
