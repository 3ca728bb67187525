"""Rules about indexes."""

# What a rule finds and why is said by the arguments of its decorator.
# ruff: noqa: D103

from __future__ import annotations

from collections.abc import Iterator

from ..advice import concurrently, drop_before
from ..facts.model import CreateIndex, DropIndex
from ..rewrites import waived
from ..view import View
from .base import Hit, rule


@rule(
    "FA401",
    "index built without CONCURRENTLY",
    on={"postgresql": "error"},
    reason="""
    CREATE INDEX blocks writes to the table (SHARE lock) until it is built, and as part
    of a transaction until that commits. CREATE INDEX CONCURRENTLY blocks nobody; it
    cannot run in a transaction, so it needs an autocommit block.
    """,
    rewrite="",
    unsafe="""
op.create_index("ix_users_email", "users", ["email"])
""",
)
def index_not_concurrent(view: View) -> Iterator[Hit]:
    for fact in view.existing(CreateIndex):
        if not fact.concurrently:
            yield Hit(
                f"Building {fact.name or 'an index'} blocks writes to {fact.table} "
                "until it is done.",
                fact,
                advice=concurrently(fact, view.server),
            )


@rule(
    "FA402",
    "CONCURRENTLY inside a transaction",
    on={"postgresql": "error"},
    reason="""
    PostgreSQL refuses it: CREATE INDEX CONCURRENTLY cannot run inside a transaction
    block. A revision runs in one unless autocommit_block() leaves it.
    """,
    rewrite="",
    unsafe="""
op.create_index("ix_users_email", "users", ["email"], postgresql_concurrently=True)
""",
)
def concurrently_in_transaction(view: View) -> Iterator[Hit]:
    for direction in view.facts:
        for fact in view.each(CreateIndex, direction):
            if fact.concurrently and view.in_transaction(fact):
                yield Hit(
                    f"PostgreSQL refuses to build {fact.name or 'an index'} "
                    "CONCURRENTLY inside a transaction.",
                    fact,
                    advice=concurrently(fact, view.server),
                )
        for drop in view.each(DropIndex, direction):
            if drop.concurrently and view.in_transaction(drop):
                yield Hit(
                    f"PostgreSQL refuses to drop {drop.name} CONCURRENTLY inside a "
                    "transaction.",
                    drop,
                    advice=concurrently(drop, view.server),
                )


@rule(
    "FA403",
    "index dropped without CONCURRENTLY",
    on={"postgresql": "warning"},
    reason="""
    DROP INDEX is quick, but it needs an ACCESS EXCLUSIVE lock on the table: it waits for
    every running query, and all later ones wait behind it.
    """,
    rewrite="",
    unsafe="""
op.drop_index("ix_users_email", "users")
""",
)
def index_dropped(view: View) -> Iterator[Hit]:
    made = {fact.name for fact in view.each(CreateIndex)}
    for fact in view.existing(DropIndex):
        if not fact.concurrently and fact.name not in made:
            on = f" of {fact.table}" if fact.table else ""
            yield Hit(
                f"Dropping {fact.name}{on} waits for every running query, and all "
                "others wait behind it.",
                fact,
                advice=concurrently(fact, view.server),
            )


@rule(
    "FA404",
    "IF NOT EXISTS hides an index that is not valid",
    on={"postgresql": "warning"},
    reason="""
    A concurrent build that fails leaves an index behind which is marked invalid: it is
    not used for queries and still has to be kept up to date. When the revision runs
    again, IF NOT EXISTS finds it and does nothing.
    """,
    rewrite="",
    unsafe="""
with op.get_context().autocommit_block():
    op.execute(
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_users_email ON users (email)"
    )
""",
)
def hides_invalid_index(view: View) -> Iterator[Hit]:
    for fact in view.existing(CreateIndex):
        if not (fact.concurrently and fact.if_not_exists):
            continue
        dropped = {each.name for each in view.before(fact, DropIndex)}
        if fact.name not in dropped:
            yield Hit(
                f"If building {fact.name} failed before, IF NOT EXISTS keeps the "
                "invalid index.",
                fact,
                advice=drop_before(fact, view.server),
            )


@rule(
    "FA405",
    "index over more than three columns",
    on={"postgresql": "info", "mysql": "info", "mariadb": "info"},
    reason="""
    Each write has to keep it up to date, and a query that does not restrict its first
    columns cannot use it; an index over the one or two most selective columns mostly
    does the same.
    """,
    rewrite="""
# Decide which one or two columns the queries restrict most, and index only those.
""",
    unsafe="""
op.create_index("ix_users_many", "users", ["country", "city", "street", "number"])
""",
)
def wide_index(view: View) -> Iterator[Hit]:
    for fact in view.existing(CreateIndex):
        if len(fact.columns) > 3 and not fact.unique and not fact.method:
            yield Hit(
                f"{fact.name or 'An index'} over {len(fact.columns)} columns of "
                f"{fact.table} costs every write more than it mostly brings.",
                fact,
            )


@rule(
    "FA406",
    "fulltext or spatial index added",
    on={"mysql": "error", "mariadb": "error"},
    reason="""
    Other indexes are built while reads and writes go on; a FULLTEXT or SPATIAL index
    blocks writes until it is built, and the first FULLTEXT index of a table may rebuild
    the table.
    """,
    rewrite="",
    unsafe="""
op.execute("ALTER TABLE posts ADD FULLTEXT INDEX ix_posts_text (text)")
""",
)
def fulltext_index(view: View) -> Iterator[Hit]:
    for fact in view.existing(CreateIndex):
        if fact.method in ("fulltext", "spatial"):
            yield Hit(
                f"Building the {fact.method} index of {fact.table} blocks writes until "
                "it is done.",
                fact,
                advice=waived(
                    fact,
                    view.server,
                    "FA406",
                    "Decide when writes can wait, and run it then:",
                    "runs when nobody writes",
                ),
            )
