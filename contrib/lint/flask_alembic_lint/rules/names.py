"""Rules about names and keys, which hold for new tables too."""

# What a rule finds and why is said by the arguments of its decorator.
# ruff: noqa: D103

from __future__ import annotations

from collections.abc import Iterator

from ..facts.base import Fact
from ..facts.model import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    CreateIndex,
    CreateTable,
    CreateType,
    DropTable,
    RenameTable,
)
from ..view import View, table_key
from .base import Hit, rule

LIMITS = {"postgresql": 63, "mysql": 64, "mariadb": 64}
"""The longest identifier: bytes on PostgreSQL, characters elsewhere."""


@rule(
    "FA909",
    "name longer than the database allows",
    on={"postgresql": "warning", "mysql": "error", "mariadb": "error"},
    reason="""
    MySQL and MariaDB refuse names of more than 64 characters. PostgreSQL cuts off what
    goes beyond 63 bytes: two names may become one, and a later revision does not find
    the name it looks for. SQLAlchemy refuses constraints and indexes that are too long.
    """,
    rewrite="""
# Give it a shorter name, here and in the models.
""",
    unsafe="""
op.create_table(
    "a_table_with_a_name_that_is_so_long_that_no_database_would_ever_take_it_as_it_is",
    sa.Column("id", sa.Integer(), primary_key=True),
)
""",
)
def too_long(view: View) -> Iterator[Hit]:
    limit = LIMITS[view.server.family]
    for fact in view.each(Fact):
        for name, refused in _names(fact):
            size = len(name.encode()) if view.server.is_postgresql else len(name)
            if size > limit and not _is_shortened(name):
                yield Hit(
                    f"{name} has {size} characters, {view.server} takes {limit}.",
                    fact,
                    severity="error" if refused and not fact.where.raw else None,
                )


def _names(fact: Fact) -> Iterator[tuple[str, bool]]:
    """Give the names that a fact brings, and whether SQLAlchemy checks them."""
    if isinstance(fact, CreateTable):
        yield fact.table.rpartition(".")[2], False
        yield from ((column.name, False) for column in fact.columns)
        yield from ((name, True) for name in fact.names)
    elif isinstance(fact, AddColumn):
        yield fact.column.name, False
    elif isinstance(fact, (CreateIndex, AddConstraint)) and fact.name:
        yield fact.name, True
    elif isinstance(fact, RenameTable):
        yield fact.to.rpartition(".")[2], False
    elif isinstance(fact, AlterColumn) and fact.new_name:
        yield fact.new_name, False
    elif isinstance(fact, CreateType):
        yield fact.name.rpartition(".")[2], False


def _is_shortened(name: str) -> bool:
    """Return whether ``op.f()`` marked the name, which SQLAlchemy then shortens."""
    from sqlalchemy.sql.elements import conv

    return isinstance(name, conv)


@rule(
    "FA910",
    "table without a primary key",
    on={"postgresql": "warning", "mysql": "warning", "mariadb": "warning"},
    reason="""
    Rows cannot be told apart: PostgreSQL's logical replication refuses updates and
    deletes, MySQL's group replication refuses the table, row-based replication reads
    the whole table for each row, and an ORM cannot map it.
    """,
    rewrite="""
# Decide which columns tell the rows apart, and give them primary_key=True.
""",
    unsafe="""
op.create_table(
    "user_roles",
    sa.Column("user_id", sa.Integer(), nullable=False),
    sa.Column("role_id", sa.Integer(), nullable=False),
)
""",
)
def without_primary_key(view: View) -> Iterator[Hit]:
    for fact in view.each(CreateTable):
        if fact.has_primary_key or fact.temporary or fact.if_not_exists:
            continue
        key = table_key(fact.table)
        gone = any(table_key(each.table) == key for each in view.after(fact, DropTable))
        keyed = any(
            table_key(each.table) == key and each.kind == "primary key"
            for each in view.after(fact, AddConstraint)
        )
        if not (gone or keyed):
            yield Hit(f"{fact.table} has no primary key.", fact)


@rule(
    "FA911",
    "revision id longer than the version column",
    on={"postgresql": "error", "mysql": "error", "mariadb": "error"},
    reason="""
    alembic_version.version_num is a VARCHAR(32) unless it was made wider. SQLite does
    not mind, so it shows in production only: value too long for type character
    varying(32).
    """,
    rewrite="""
# Give the revision a shorter id, or make the column wider and set id_length.
""",
    unsafe="""
revision = "2026_05_12_add_the_age_column_to_users"

def upgrade():
    pass
""",
)
def id_too_long(view: View) -> Iterator[Hit]:
    revision = view.namespace.get("revision") or view.source.revision
    if len(str(revision)) > view.id_length:
        line = next(
            (
                number
                for number, text in enumerate(view.source.lines, 1)
                if text.startswith("revision")
            ),
            None,
        )
        yield Hit(
            f"The id {revision} has {len(str(revision))} characters, the version "
            f"column takes {view.id_length}.",
            line=line,
        )
