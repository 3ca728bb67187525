"""Rules about adding columns to tables that hold rows."""

# What a rule finds and why is said by the arguments of its decorator.
# ruff: noqa: D103

from __future__ import annotations

from collections.abc import Iterator

from ..advice import as_jsonb, default_later, in_batch, with_default
from ..defaults import expression_on_sqlite, is_volatile
from ..facts.model import AddColumn
from ..rewrites import waived
from ..view import View
from .base import Hit, rule


@rule(
    "FA101",
    "NOT NULL column added without a default",
    on={
        "postgresql": "error",
        "sqlite": "error",
        "mysql": "warning",
        "mariadb": "warning",
        "*": "warning",
    },
    reason="""
    Rows that are there have no value for the new column. PostgreSQL and SQLite refuse
    the statement unless the table is empty; MySQL and MariaDB fill in 0, '' or a zero
    date, or refuse in strict mode. Code of the last release, which does not know the
    column, cannot insert rows any more.
    """,
    rewrite="",
    unsafe="""
op.add_column("users", sa.Column("age", sa.Integer(), nullable=False))
""",
)
def not_null_without_default(view: View) -> Iterator[Hit]:
    for fact in view.existing(AddColumn):
        column = fact.column
        given = column.default is not None and column.default.upper() != "NULL"
        if column.nullable or given or column.numbered or column.generated:
            continue
        if view.is_emptied(fact):
            continue
        yield Hit(
            f"Adding {fact.table}.{column.name} as NOT NULL without a server default "
            "fails, or invents values, where the table has rows, and breaks inserts "
            "by code that does not know the column.",
            fact,
            advice=with_default(fact, view.server),
        )


@rule(
    "FA102",
    "column added with a default that differs from row to row",
    on={"postgresql": "error", "mysql": "error", "mariadb": "error"},
    reason="""
    A constant default is only noted in the catalogue (PostgreSQL 11, MySQL 8.0.12,
    MariaDB 10.3). A default that has to be computed for each row, such as
    gen_random_uuid(), random(), clock_timestamp() or uuid(), makes the server write the
    whole table anew: PostgreSQL under an ACCESS EXCLUSIVE lock that blocks reads and
    writes, MySQL and MariaDB by a copy that blocks writes. now() and CURRENT_TIMESTAMP
    are one value for the whole statement and are fine.
    """,
    rewrite="",
    unsafe="""
op.add_column(
    "users",
    sa.Column("token", sa.String(36), server_default=sa.text("uuid_generate_v4()")),
)
""",
)
def volatile_default(view: View) -> Iterator[Hit]:
    for fact in view.existing(AddColumn):
        column = fact.column
        if not column.default or column.generated or column.numbered:
            continue
        volatile = is_volatile(column.default, view.server)
        if not volatile or fact.where.online:
            continue
        yield Hit(
            f"The default {column.default} of {fact.table}.{column.name} is computed "
            "for each row, so the whole table is rewritten while it is locked.",
            fact,
            severity=None if volatile == "yes" else "warning",
            advice=default_later(fact, view.server),
        )


@rule(
    "FA103",
    "added column rewrites the table on this server version",
    on={"postgresql": "error", "mysql": "warning", "mariadb": "warning"},
    reason="""
    PostgreSQL before 11 rewrites the table under an ACCESS EXCLUSIVE lock for any
    default. MySQL before 8.0.12 and MariaDB before 10.3 rebuild the table for any new
    column; MySQL before 8.0.29 and MariaDB before 10.4 also if it is not the last one.
    The rebuild allows reads and writes, but takes as long as the table is big.
    """,
    rewrite="",
    unsafe="""
op.execute("ALTER TABLE users ADD COLUMN score INTEGER DEFAULT 0 NOT NULL")
""",
)
def rewrites_on_old_server(view: View) -> Iterator[Hit]:
    server = view.server
    instant = server.at_least(*{"mysql": (8, 0, 12)}.get(server.family, (10, 3, 2)))
    anywhere = server.at_least(*{"mysql": (8, 0, 29)}.get(server.family, (10, 4)))
    for fact in view.existing(AddColumn):
        column = fact.column
        if server.is_postgresql:
            told = column.default and not is_volatile(column.default, server)
            slow = bool(told) and not server.at_least(11)
        else:
            slow = not instant or (column.placed and not anywhere)
        if slow and not fact.where.online and not column.generated:
            yield Hit(
                f"{server} rewrites the table {fact.table} to add {column.name}.",
                fact,
                advice=default_later(fact, server)
                if server.is_postgresql
                else waived(
                    fact,
                    server,
                    "FA103",
                    "Decide when the table may be rebuilt, and run it then:",
                    "runs when the rebuild disturbs nobody",
                ),
            )


@rule(
    "FA106",
    "column of type json added",
    on={"postgresql": "warning"},
    reason="""
    The type json has no equality, so SELECT DISTINCT, UNION and GROUP BY over rows of
    the table fail from now on, and it cannot be indexed. jsonb has none of this.
    """,
    rewrite="",
    unsafe="""
op.add_column("users", sa.Column("settings", sa.JSON()))
""",
)
def json_column(view: View) -> Iterator[Hit]:
    for fact in view.existing(AddColumn):
        if fact.column.type.name == "JSON" and not fact.column.type.array:
            yield Hit(
                f"{fact.table}.{fact.column.name} is json, which has no equality: "
                "SELECT DISTINCT and UNION over it fail; jsonb can do both.",
                fact,
                advice=as_jsonb(fact, view.server),
            )


@rule(
    "FA108",
    "column that SQLite's ALTER TABLE cannot add",
    on={"sqlite": "error"},
    reason="""
    SQLite adds a column only with a constant default and not as a primary key. With
    CURRENT_TIMESTAMP or an expression as its default the statement fails on a table
    that has rows. Batch mode copies the table instead.
    """,
    rewrite="",
    unsafe="""
op.add_column(
    "users",
    sa.Column("seen", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")),
)
""",
)
def impossible_on_sqlite(view: View) -> Iterator[Hit]:
    for fact in view.existing(AddColumn):
        column = fact.column
        expression = expression_on_sqlite(column.default or "")
        if fact.where.batch is None and (expression or column.primary_key):
            why = (
                "is a primary key" if column.primary_key else "has no constant default"
            )
            yield Hit(
                f"SQLite cannot add {fact.table}.{column.name} with ALTER TABLE, "
                f"because it {why}.",
                fact,
                advice=in_batch(fact, view.server),
            )
