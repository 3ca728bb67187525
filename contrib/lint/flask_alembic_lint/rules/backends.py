"""Rules about what one kind of database cannot do, or does at a price."""

# What a rule finds and why is said by the arguments of its decorator.
# ruff: noqa: D103

from __future__ import annotations

from collections.abc import Iterator

from ..advice import in_batch, without_default
from ..facts.base import UNCHANGED, Fact
from ..facts.model import AddColumn, AddConstraint, AlterColumn, CreateTable, Unrendered
from ..view import View
from .base import Hit, rule


@rule(
    "FA107",
    "default on a TEXT, BLOB or JSON column",
    on={"mysql": "error"},
    reason="""
    MySQL refuses a literal default there: BLOB, TEXT, GEOMETRY or JSON column can't have
    a default value. From 8.0.13 on an expression in parentheses is allowed. MariaDB
    takes both.
    """,
    rewrite="",
    unsafe="""
op.add_column("users", sa.Column("bio", sa.Text(), server_default=""))
""",
)
def default_on_text(view: View) -> Iterator[Hit]:
    for fact in view.each(Fact):
        if isinstance(fact, AddColumn):
            columns = [fact.column]
        elif isinstance(fact, CreateTable):
            columns = list(fact.columns)
        else:
            continue
        for column in columns:
            big = (
                column.type.name.endswith(("TEXT", "BLOB"))
                or column.type.name == "JSON"
            )
            default = (column.default or "NULL").strip()
            expression = default.startswith("(") and view.server.at_least(8, 0, 13)
            if big and default.upper() != "NULL" and not expression:
                yield Hit(
                    f"MySQL refuses a default for {fact.table}.{column.name}, which is "
                    f"{column.type.name}.",
                    fact,
                    advice=without_default(fact, view.server),
                )


@rule(
    "FA811",
    "batch mode missing",
    on={"sqlite": "error"},
    reason="""
    SQLite's ALTER TABLE can add, drop and rename columns and nothing else; for the rest
    the table has to be copied, which batch mode does. Without it the revision fails.
    """,
    rewrite="",
    unsafe="""
op.alter_column("users", "name", existing_type=sa.String(50), nullable=True)
""",
)
def batch_missing(view: View) -> Iterator[Hit]:
    for direction in view.facts:
        told: set[int] = set()
        for fact in view.each(Fact, direction):
            if fact.where.batch is not None or fact.where.statement in told:
                continue
            if _needs_batch(fact):
                told.add(fact.where.statement)
                yield Hit(
                    "SQLite has no ALTER TABLE for this, so the revision fails; batch "
                    "mode copies the table instead.",
                    fact,
                    advice=in_batch(fact, view.server),
                )


def _needs_batch(fact: Fact) -> bool:
    if isinstance(fact, AlterColumn):
        kept = (fact.type, fact.nullable) == (None, None) and fact.default is UNCHANGED
        return not kept
    if isinstance(fact, Unrendered):
        return "No support for ALTER" in fact.error
    return isinstance(fact, AddConstraint) and fact.where.raw and not fact.inline


@rule(
    "FA812",
    "table copied by batch mode on a server",
    on={"postgresql": "error", "mysql": "error", "mariadb": "error"},
    reason="""
    recreate="always" makes a new table, copies every row into it, drops the old table
    and renames the new one, also where ALTER TABLE could do it: the table is locked
    for the whole time, and triggers, grants and foreign keys of others are lost.
    """,
    rewrite="""
# Leave recreate="always" out, so that ALTER TABLE is used.
""",
    unsafe="""
with op.batch_alter_table("users", recreate="always") as batch_op:
    batch_op.add_column(sa.Column("age", sa.Integer()))
""",
)
def recreated(view: View) -> Iterator[Hit]:
    told: set[int] = set()
    for fact in view.existing(Fact):
        batch = fact.where.batch
        if batch and batch.recreate == "always" and batch.number not in told:
            told.add(batch.number)
            yield Hit(
                f'recreate="always" copies the table {fact.table} while it is locked, '
                "and loses its triggers and grants.",
                fact,
            )


@rule(
    "FA908",
    "operation that this database refuses",
    on={"*": "error"},
    reason="""
    Alembic or SQLAlchemy cannot say the operation in the language of this database, so
    the revision fails there: a VARCHAR without a length on MySQL, a change of a column
    without its existing type, a constraint without its kind.
    """,
    rewrite="""
# Write it in another way for this database: the message says what is missing.
""",
    unsafe="""
from sqlalchemy.dialects import mysql, postgresql

op.add_column("users", sa.Column("tags", postgresql.ARRAY(sa.Text())))
op.add_column("users", sa.Column("level", mysql.TINYINT()))
""",
)
def refused(view: View) -> Iterator[Hit]:
    for direction in view.facts:
        for fact in view.each(Unrendered, direction):
            other = ("No support for ALTER", "it has no name", "exceeds maximum")
            if not any(text in fact.error for text in other):
                yield Hit(
                    f"{view.server} cannot do this: {fact.error}.".replace("..", "."),
                    fact,
                )
