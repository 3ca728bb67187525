"""Rules about locks, transactions and statements that stand in their way."""

# What a rule finds and why is said by the arguments of its decorator.
# ruff: noqa: D103

from __future__ import annotations

from collections.abc import Iterator

from ..facts.model import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    Fact,
    LockTable,
    Maintenance,
    Opaque,
    RenameTable,
    TableOption,
    Transaction,
    WriteData,
)
from ..view import View, table_key
from .base import Hit, names_of, rule


def locked_tables(fact: Fact) -> tuple[str, ...]:
    """Return the tables that a fact locks against writes on PostgreSQL.

    :param fact: What is done.
    """
    if isinstance(fact, AddConstraint) and fact.kind == "foreign key":
        return (fact.table, fact.referent)
    if isinstance(fact, (CreateIndex, DropIndex)) and fact.concurrently:
        return ()
    if isinstance(fact, WriteData):
        return (fact.table,) if fact.verb == "truncate" else ()
    if isinstance(fact, Opaque):
        return (fact.table,) if fact.locks and fact.table else ()
    kinds = (AddColumn, DropColumn, AlterColumn, AddConstraint, DropConstraint)
    more = (CreateIndex, DropIndex, DropTable, RenameTable, TableOption, LockTable)
    return (fact.table,) if isinstance(fact, (*kinds, *more)) and fact.table else ()


def changes_structure(fact: Fact) -> bool:
    """Return whether a fact is DDL that locks its table.

    :param fact: What is done.
    """
    return bool(locked_tables(fact)) and not isinstance(fact, WriteData)


@rule(
    "FA601",
    "locks on several tables held together",
    on={"postgresql": "warning"},
    reason="""
    All locks of a transaction are held until it commits. While the second table is
    waited for, the first one stays shut; code that uses them in the other order can
    deadlock with the revision. One table a revision, each with its own transaction,
    locks least.
    """,
    rewrite="""
# this revision: what concerns $first
op.add_column("$first", sa.Column("...", sa.Text()))

# next revision: what concerns $second
# and ALEMBIC_CONTEXT = {"transaction_per_migration": True}
op.add_column("$second", sa.Column("...", sa.Text()))
""",
    unsafe="""
op.add_column("users", sa.Column("bio", sa.Text()))
op.add_column("posts", sa.Column("summary", sa.Text()))
""",
)
def several_tables(view: View) -> Iterator[Hit]:
    held: dict[int, dict[str, str]] = {}
    told: set[int] = set()
    for fact in view.facts["upgrade"]:
        number = view.transaction(fact)
        if number is None or number in told or view.is_fresh(fact):
            continue
        if isinstance(fact, DropTable):
            continue  # nobody is to use it any more
        tables = held.setdefault(number, {})
        before = dict(tables)
        for table in locked_tables(fact):
            if table_key(table) not in view.created:
                tables.setdefault(table_key(table), table)
        one_statement = isinstance(fact, AddConstraint) and not before
        if len(tables) > 1 and len(tables) > len(before) and not one_statement:
            told.add(number)
            first, second = list(tables.values())[:2]
            yield Hit(
                f"The locks on {' and '.join(tables.values())} are held together until "
                "the revision commits.",
                fact,
                names=names_of(fact, first=first, second=second),
            )


@rule(
    "FA602",
    "several DDL statements where none can be taken back",
    on={"mysql": "info", "mariadb": "info"},
    reason="""
    MySQL and MariaDB commit before and after every DDL statement. If a later one fails,
    the earlier ones stay, the version table does not know, and running the revision
    again stops at what is there already. With one statement a revision there is no
    half-way.
    """,
    rewrite="""
op.add_column("$table", sa.Column("...", sa.Integer())$schema)

# next revision: the next statement
op.add_column("$table", sa.Column("...", sa.Integer())$schema)
""",
    unsafe="""
op.add_column("users", sa.Column("bio", sa.Text()))
op.drop_column("users", "nickname")
""",
)
def several_statements(view: View) -> Iterator[Hit]:
    seen: dict[int, Fact] = {}
    for fact in view.facts["upgrade"]:
        if changes_structure(fact) and not view.is_fresh(fact):
            seen.setdefault(fact.where.statement, fact)
    if len(seen) > 1:
        second = list(seen.values())[1]
        yield Hit(
            f"If one of these {len(seen)} DDL statements fails, the ones before it "
            "stay, and the revision cannot simply run again.",
            second,
            names=names_of(second),
        )


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
with op.get_context().autocommit_block():
    op.execute("...")
""",
    unsafe="""
op.execute("COMMIT")
""",
)
def transaction_control(view: View) -> Iterator[Hit]:
    for direction in view.facts:
        for fact in view.each(Transaction, direction):
            yield Hit(
                f"{fact.verb.upper()} as SQL ends or begins a transaction that Alembic "
                "knows nothing of.",
                fact,
            )


@rule(
    "FA604",
    "table locked by hand",
    on={"*": "warning"},
    reason="""
    The lock is held until the commit, or on MySQL until UNLOCK TABLES, whatever else the
    revision does; everybody else waits.
    """,
    rewrite="""
# a statement takes the lock it needs, when it needs it
op.execute("UPDATE $qualified SET ... WHERE id BETWEEN 1 AND 1000")
""",
    unsafe="""
op.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
""",
)
def locked_by_hand(view: View) -> Iterator[Hit]:
    for fact in view.existing(LockTable):
        yield Hit(
            f"{fact.table} is locked by hand and stays so until the end of the "
            "transaction.",
            fact,
            names=names_of(fact),
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
    rewrite="""
with op.get_context().autocommit_block():
    op.execute("$verb CONCURRENTLY ...")
""",
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
                names=names_of(fact, verb=fact.verb),
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
    rewrite="""
with op.get_context().autocommit_block():
    op.execute("$sql")
""",
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
                    names=names_of(fact, sql=fact.where.text.replace('"', '\\"')),
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
    rewrite="""
# lint: ignore[FA607] runs in the maintenance window of 12 May
op.execute("ALTER TABLE $qualified $text")
""",
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
                names=names_of(fact, text=fact.text),
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
with op.get_context().autocommit_block():
    op.execute("CREATE TABLE IF NOT EXISTS ... (id INTEGER PRIMARY KEY)")
    op.execute("DROP TABLE IF EXISTS ...")
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
    bare = [fact for fact in open_ if not _is_guarded(fact)]
    if guarded and bare:
        yield Hit(
            "This statement has no IF EXISTS or IF NOT EXISTS, others of the revision "
            "have: after a failure the revision still cannot run again.",
            bare[0],
        )


def _is_guarded(fact: Fact) -> bool:
    return bool(
        getattr(fact, "if_exists", False) or getattr(fact, "if_not_exists", False)
    )
