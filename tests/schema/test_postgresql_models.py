"""What models of PostgreSQL have beside columns: indexes of all kinds, partitions, views."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from rounds import Rounds, Tables, no_tables
from sqlalchemy.dialects import postgresql
from versions import needs_newer


def documents(expression: str = "lower(title)", where: str = "IS NOT NULL") -> Tables:
    """Define a table with an index of each kind."""

    def define(metadata: sa.MetaData) -> None:
        title: sa.Column[Any] = sa.Column("title", sa.String(100))
        sa.Table(
            "doc",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            title,
            sa.Column("body", postgresql.JSONB),
            sa.Column("tags", postgresql.ARRAY(sa.String(20))),
            sa.Column("lang", sa.String(2)),
            sa.Column("span", postgresql.INT4RANGE),
            sa.Index("ix_text", sa.text(expression)),
            sa.Index("ix_function", sa.func.lower(title)),
            sa.Index(
                "ix_part",
                "lang",
                unique=True,
                postgresql_where=sa.text(f"title {where}"),
            ),
            sa.Index("ix_tags", "tags", postgresql_using="gin"),
            sa.Index(
                "ix_body",
                "body",
                postgresql_using="gin",
                postgresql_ops={"body": "jsonb_path_ops"},
            ),
            sa.Index("ix_desc", sa.desc("title"), "lang"),
            sa.Index("ix_nulls", title.desc().nullslast()),
            sa.Index("ix_include", "lang", postgresql_include=["title"]),
            sa.Index("ix_path", sa.text("(body->>'a')")),
            sa.UniqueConstraint("title", "lang", name="uq_doc"),
            postgresql.ExcludeConstraint(("span", "&&"), name="ex_span", using="gist"),
        )

    return define


@needs_newer
@pytest.mark.sample(1)
@pytest.mark.parametrize(
    "after",
    [documents("upper(title)"), no_tables],
    ids=["expression", "dropped"],
)
def test_indexes(tmp_path: Path, postgresql_url: str, after: Tables) -> None:
    Rounds(tmp_path, postgresql_url).go(documents(), after)


def log(*columns: str) -> Tables:
    """Define a table that is parted by days."""

    def define(metadata: sa.MetaData) -> None:
        sa.Table(
            "log",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("day", sa.Date, primary_key=True),
            sa.Column("what", sa.String(5), index=True),
            *(sa.Column(name, sa.Integer) for name in columns),
            postgresql_partition_by="RANGE (day)",
        )

    return define


def test_partitions_are_left_alone(tmp_path: Path, postgresql_url: str) -> None:
    rounds = Rounds(tmp_path, postgresql_url)
    rounds.write(log())
    rounds.run(log(), "upgrade")
    rounds.sql(
        "CREATE TABLE log_2026 PARTITION OF log "
        "FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"
    )
    rounds.run(log(), "check")
    assert "log_2026" not in rounds.write(log("more"))
    rounds.run(log("more"), "upgrade")
    rounds.run(log("more"), "check")


def note_and_view(metadata: sa.MetaData) -> None:
    """Define a table, and a view as models have it."""
    sa.Table("note", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table(
        "latest",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        info={"is_view": True},
    )


def no_views(item: Any, name: str, type_: str, *rest: Any) -> bool:
    """Leave out views, as the filter ``include_object`` of an app."""
    return not (type_ == "table" and item.info.get("is_view"))


def test_a_view_that_a_model_maps(tmp_path: Path, database_url: str) -> None:
    rounds = Rounds(
        tmp_path, database_url, ALEMBIC_CONTEXT={"include_object": no_views}
    )
    assert "latest" not in rounds.write(note_and_view)
    rounds.run(note_and_view, "upgrade")
    rounds.sql("CREATE VIEW latest AS SELECT max(id) AS id FROM note")
    rounds.run(note_and_view, "check")


@pytest.mark.parametrize("context", [{}, {"include_schemas": True}], ids=["", "all"])
def test_a_key_and_an_enum_in_a_schema(
    tmp_path: Path, postgresql_url: str, context: dict[str, Any]
) -> None:
    def bills(*columns: str) -> Tables:
        def define(metadata: sa.MetaData) -> None:
            sa.Table(
                "bill",
                metadata,
                sa.Column("id", sa.Integer, primary_key=True),
                sa.Column("kind", sa.Enum("a", "b", name="kind", schema="sales")),
                *(
                    sa.Column(name, sa.String(5), server_default="a")
                    for name in columns
                ),
                schema="sales",
            )

        return define

    rounds = Rounds(tmp_path, postgresql_url, ALEMBIC_CONTEXT=context)
    rounds.sql("CREATE SCHEMA other", "CREATE TABLE other.x (id int)")
    texts = rounds.go(no_tables, bills(), bills("more"))
    assert "other" not in "".join(texts)
