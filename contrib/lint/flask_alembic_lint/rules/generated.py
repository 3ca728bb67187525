"""Rules about columns whose values the database computes."""

# What a rule finds and why is said by the arguments of its decorator.
# ruff: noqa: D103

from __future__ import annotations

from collections.abc import Iterator

from ..facts.model import AddColumn
from ..view import View
from .base import Hit, rule


@rule(
    "FA104",
    "counted column added",
    on={"postgresql": "error", "mysql": "error", "mariadb": "error"},
    reason="""
    A serial, identity or AUTO_INCREMENT column needs a number in every row. PostgreSQL
    rewrites the table under an ACCESS EXCLUSIVE lock; MySQL and MariaDB rebuild it and
    block writes meanwhile.
    """,
    rewrite="""
# Make a new table with the column, copy the rows in batches, then swap the two.
""",
    unsafe="""
op.add_column("users", sa.Column("number", sa.Integer(), sa.Identity()))
""",
)
def counted_column(view: View) -> Iterator[Hit]:
    for fact in view.existing(AddColumn):
        if fact.column.numbered:
            yield Hit(
                f"Every row of {fact.table} gets a number for {fact.column.name}, so "
                "the whole table is rewritten while writes are blocked.",
                fact,
            )


@rule(
    "FA105",
    "stored generated column added",
    on={
        "postgresql": "error",
        "mysql": "error",
        "mariadb": "error",
        "sqlite": "error",
    },
    reason="""
    The value is computed for every row and written: PostgreSQL rewrites the table under
    an ACCESS EXCLUSIVE lock, MySQL and MariaDB copy it and block writes, and SQLite's
    ALTER TABLE cannot add such a column at all.
    """,
    rewrite={
        "postgresql": """
# Add a plain column, compute it in the app or by a trigger, and fill the old rows in
# batches.
""",
        "*": """
# Compute it when it is read: sa.Computed with persisted=False.
""",
    },
    unsafe="""
op.add_column(
    "users", sa.Column("twice", sa.Integer(), sa.Computed("age * 2", persisted=True))
)
""",
)
def stored_generated(view: View) -> Iterator[Hit]:
    for fact in view.existing(AddColumn):
        if fact.column.generated != "stored" or fact.where.online:
            continue
        if view.server.is_sqlite and fact.where.batch is not None:
            continue
        yield Hit(
            f"{fact.table}.{fact.column.name} is computed and stored for every row, "
            "which rewrites the table while it is locked.",
            fact,
        )
