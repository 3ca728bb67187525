"""Rules about statements that no transaction or no table likes."""

# What a rule finds and why is said by the arguments of its decorator.
# ruff: noqa: D103

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..advice import maintenance as tended
from ..advice import outside
from ..facts.base import Fact
from ..facts.model import (
    AddColumn,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    Maintenance,
    TableOption,
    Transaction,
)
from ..rewrites import waived
from ..view import View
from .base import Hit, rule


@rule(
    "FA603",
    "BEGIN, COMMIT or ROLLBACK as SQL",
    on={"*": "warning"},
    reason="""
    Alembic and SQLAlchemy do not learn that their transaction is over: what follows runs
    in another one or in none, a failure cannot be rolled back, and the version may be
    noted though the work is not done. autocommit_block() does it so that they know.
    """,
    rewrite="""
# Leave the statement out; what must not run in a transaction goes into
# op.get_context().autocommit_block(), which Alembic knows of.
""",
    unsafe="""
op.execute("COMMIT")
""",
)
def transaction_control(view: View) -> Iterator[Hit]:
    for direction in view.facts:
        for fact in view.each(Transaction, direction):
            yield Hit(
                f"{fact.verb} as SQL ends or begins a transaction that Alembic "
                "knows nothing of.",
                fact,
            )


@rule(
    "FA605",
    "maintenance that blocks the table",
    on={"postgresql": "error", "mysql": "warning", "mariadb": "warning"},
    reason="""
    VACUUM FULL, CLUSTER, REINDEX and REFRESH MATERIALIZED VIEW without CONCURRENTLY
    write everything anew under a lock that blocks reads or writes; OPTIMIZE TABLE
    rebuilds the table.
    """,
    rewrite="",
    unsafe="""
op.execute("REFRESH MATERIALIZED VIEW totals")
op.execute("OPTIMIZE TABLE users")
""",
)
def maintenance(view: View) -> Iterator[Hit]:
    for fact in view.existing(Maintenance):
        if fact.rewrites and not fact.verb.startswith("ALTER DOMAIN"):
            yield Hit(
                f"{fact.verb} {fact.table} writes everything anew and blocks others "
                "meanwhile.".replace("  ", " "),
                fact,
                advice=tended(fact, view.server),
            )


@rule(
    "FA606",
    "statement that cannot run in a transaction",
    on={"postgresql": "error"},
    reason="""
    PostgreSQL refuses VACUUM, ALTER SYSTEM, REINDEX CONCURRENTLY, REINDEX DATABASE and
    DETACH PARTITION CONCURRENTLY inside a transaction block, and a revision runs in
    one.
    """,
    rewrite="",
    unsafe="""
op.execute("VACUUM ANALYZE users")
""",
)
def needs_autocommit(view: View) -> Iterator[Hit]:
    for direction in view.facts:
        for fact in view.each(Maintenance, direction):
            if fact.needs_autocommit and view.in_transaction(fact):
                yield Hit(
                    f"PostgreSQL refuses {fact.verb} inside a transaction.",
                    fact,
                    advice=outside(fact, view.server),
                )


@rule(
    "FA607",
    "how a table is stored is changed",
    on={"postgresql": "error", "mysql": "warning", "mariadb": "warning"},
    reason="""
    SET TABLESPACE, SET LOGGED and SET UNLOGGED write the PostgreSQL table anew under an
    ACCESS EXCLUSIVE lock. ENGINE, ROW_FORMAT, KEY_BLOCK_SIZE and FORCE rebuild a MySQL
    or MariaDB table; a change of engine copies it and blocks writes.
    """,
    rewrite="",
    unsafe="""
op.execute("ALTER TABLE users SET UNLOGGED")
op.execute("ALTER TABLE users ROW_FORMAT=COMPRESSED")
""",
)
def storage(view: View) -> Iterator[Hit]:
    for fact in view.existing(TableOption):
        if fact.option != "charset" and not fact.where.online:
            yield Hit(
                f"{fact.text} writes the whole table {fact.table} anew.",
                fact,
                advice=waived(
                    fact,
                    view.server,
                    "FA607",
                    "Decide when the table can be locked, and run it then:",
                    "runs when nobody uses the table",
                ),
            )


@rule(
    "FA608",
    "IF EXISTS on some statements only",
    on={"mysql": "warning", "mariadb": "warning", "postgresql": "warning"},
    reason="""
    IF EXISTS and IF NOT EXISTS are there so that a revision which failed half-way can
    run again. Where nothing is rolled back, that works only if every statement has
    them: the first one without stops the second run.
    """,
    rewrite="""
# Give every statement of the revision IF EXISTS or IF NOT EXISTS, or none.
""",
    unsafe="""
with op.get_context().autocommit_block():
    op.execute("CREATE TABLE IF NOT EXISTS logs (id INTEGER PRIMARY KEY)")
    op.execute("ALTER TABLE users ADD COLUMN log_id INTEGER")
""",
)
def mixed_guards(view: View) -> Iterator[Hit]:
    kinds = (CreateTable, DropTable, AddColumn, DropColumn, CreateIndex, DropIndex)
    open_ = [
        fact
        for fact in view.facts["upgrade"]
        if isinstance(fact, (*kinds, DropConstraint))
        and not (view.server.transactional_ddl and view.in_transaction(fact))
    ]
    guarded = [fact for fact in open_ if _is_guarded(fact)]
    bare = [
        fact for fact in open_ if not _is_guarded(fact) and not _is_cleared(fact, open_)
    ]
    if guarded and bare:
        yield Hit(
            "This statement has no IF EXISTS or IF NOT EXISTS, others of the revision "
            "have: after a failure the revision still cannot run again.",
            bare[0],
        )


def _is_cleared(fact: Fact, facts: Iterable[Fact]) -> bool:
    """Return whether what a fact is about was dropped before, if it was there."""
    name = getattr(fact, "name", None)
    for each in facts:
        if each is fact:
            return False
        if isinstance(each, (DropIndex, DropConstraint)) and each.name == name:
            return each.if_exists
    return False


def _is_guarded(fact: Fact) -> bool:
    return bool(
        getattr(fact, "if_exists", False) or getattr(fact, "if_not_exists", False)
    )
